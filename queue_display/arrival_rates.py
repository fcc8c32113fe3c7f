"""How often something comes, learned by hour of the day and from the last hour: tickets to a line, pauses of a kind."""

import math
import random
from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key")

_RECENT_S = 2700.0
_RECENT = 100.0
_IMAGINED_S = 1800.0
_OLD_DAYS = 0.8


class Rate(NamedTuple):
    """What is known of a rate: `tickets`, or whatever else is counted, that came in `seconds`."""

    tickets: float
    seconds: float

    def draw(self, rng: random.Random) -> float:
        """Return a rate that it may be, a second: the fewer were seen, the less it is known."""
        return rng.gammavariate(self.tickets, 1 / self.seconds) if self.tickets > 0 else 0.0


UNKNOWN = Rate(0.0, 1.0)
"""Nothing of the kind was ever seen."""


class ArrivalRates(Generic[Key]):
    """Learned from arrivals, day by day; a key is a line, or whatever else things come by.

    The rate of a key is that of the hour on earlier days and that of the last while, as if the former had been watched
    for half an hour; on the first day only the latter counts. The last while are three quarters of an hour, the recent
    counting more; where many come it is shorter, the time of some hundred, who tell sooner that more come or fewer.
    """

    def __init__(self) -> None:
        self._hours: dict[int, dict[Key, float]] = {}
        self._today: dict[int, dict[Key, int]] = {}
        self._recent: dict[Key, float] = {}
        self._watched = 0.0  # seconds, by how much they count
        self._squares = 0.0  # seconds, by the square of that
        self._at = 0.0

    def open_day(self, at: float) -> None:
        """Begin a day: what came yesterday is what the same hours of the days before were like."""
        for hour, counts in self._today.items():
            known = self._hours.setdefault(hour, {key: float(count) for key, count in counts.items()})
            for key in known.keys() | counts.keys():
                known[key] = _OLD_DAYS * known.get(key, 0.0) + (1 - _OLD_DAYS) * counts.get(key, 0)
        self._today = {}
        self._recent = {}
        self._squares = self._watched = 0.0
        self._at = at

    def begin(self, at: float) -> None:
        """Watch from here on if nothing came today: before a branch is open, that nobody comes teaches nothing."""
        if not self._today:
            self._at = max(at, self._at)

    def learn(self, key: Key, hour: int, at: float) -> None:
        """One came."""
        fading = math.exp((self._at - at) / _RECENT_S)
        count = math.fsum(self._recent.values()) * fading + 1
        kept = fading * min(1.0, _RECENT / count)
        self._recent = {each: count * kept for each, count in self._recent.items()}
        self._watched = self._watched * kept + _RECENT_S * (1 - fading)
        self._squares = self._squares * kept**2 + _RECENT_S / 2 * (1 - fading**2)
        self._recent[key] = self._recent.get(key, 0.0) + 1
        self._at = at
        today = self._today.setdefault(hour, {})
        today[key] = today.get(key, 0) + 1

    def rates(self, hour: int, at: float) -> Mapping[Key, Rate]:
        """Return what is known of the rate of every key of which any come in this hour."""
        fading = math.exp((self._at - at) / _RECENT_S)
        watched = self._watched * fading + _RECENT_S * (1 - fading)
        squares = self._squares * fading**2 + _RECENT_S / 2 * (1 - fading**2)
        # Weights w that fade are worth as much as sum(w)^2 / sum(w^2) whole tickets: in the end twice their sum.
        worth = watched / squares if squares > 0 else 1.0
        watched *= worth
        earlier = self._hours.get(hour, {})
        imagined = _IMAGINED_S if earlier else 0.0
        if watched + imagined <= 0:
            return {}
        return {
            key: Rate(
                worth * self._recent.get(key, 0.0) * fading + earlier.get(key, 0.0) / 3600 * imagined,
                watched + imagined,
            )
            for key in self._recent.keys() | earlier.keys()
        }
