"""How many come to each line, learned by hour of the day and from the last hour; tickets a second."""

import math
import random
from collections.abc import Mapping
from typing import NamedTuple

from queue_display.tickets import Line

_RECENT_S = 2700.0
_IMAGINED_S = 1800.0
_OLD_DAYS = 0.8


class Rate(NamedTuple):
    """What is known of the rate of arrivals at a line: `tickets` that came in `seconds`."""

    tickets: float
    seconds: float

    def draw(self, rng: random.Random) -> float:
        """Return a rate that it may be, tickets a second: the fewer tickets were seen, the less it is known."""
        return rng.gammavariate(self.tickets, 1 / self.seconds) if self.tickets > 0 else 0.0


class ArrivalRates:
    """Learned from arrivals, day by day.

    The rate of a line is that of the hour on earlier days and that of the last while (three quarters of an hour, the
    recent counting more), as if the former had been watched for half an hour. On the first day only the latter counts.
    """

    def __init__(self) -> None:
        self._hours: dict[int, dict[Line, float]] = {}
        self._today: dict[int, dict[Line, int]] = {}
        self._recent: dict[Line, float] = {}
        self._opened_at = 0.0
        self._at = 0.0

    def open_day(self, at: float) -> None:
        """Begin a day: what came yesterday is what the same hours of the days before were like."""
        for hour, counts in self._today.items():
            known = self._hours.setdefault(hour, {line: float(count) for line, count in counts.items()})
            for line in known.keys() | counts.keys():
                known[line] = _OLD_DAYS * known.get(line, 0.0) + (1 - _OLD_DAYS) * counts.get(line, 0)
        self._today = {}
        self._recent = {}
        self._opened_at = self._at = at

    def learn(self, line: Line, hour: int, at: float) -> None:
        """Somebody came to a line."""
        fading = math.exp((self._at - at) / _RECENT_S)
        self._recent = {each: count * fading for each, count in self._recent.items()}
        self._recent[line] = self._recent.get(line, 0.0) + 1
        self._at = at
        today = self._today.setdefault(hour, {})
        today[line] = today.get(line, 0) + 1

    def rates(self, hour: int, at: float) -> Mapping[Line, Rate]:
        """Return what is known of the rate of every line to which anybody comes in this hour."""
        fading = math.exp((self._at - at) / _RECENT_S)
        since_opening = math.exp((self._opened_at - at) / _RECENT_S)
        # Weights w that fade are worth as much as sum(w)^2 / sum(w^2) whole tickets: up to twice their sum.
        worth = 2 / (1 + since_opening)
        watched = worth * _RECENT_S * (1 - since_opening)
        earlier = self._hours.get(hour, {})
        imagined = _IMAGINED_S if earlier else 0.0
        if watched + imagined <= 0:
            return {}
        return {
            line: Rate(
                worth * self._recent.get(line, 0.0) * fading + earlier.get(line, 0.0) / 3600 * imagined,
                watched + imagined,
            )
            for line in self._recent.keys() | earlier.keys()
        }
