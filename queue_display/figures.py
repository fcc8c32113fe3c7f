"""The figures of each day, a fold of the log: waits against their targets by line, and what happened in which hour."""

import math
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from queue_display.events import Called, Cancelled, DayOpened, Entry, Finished, Issued, NoShow
from queue_display.policy import Policy
from queue_display.tickets import Line


@dataclass
class LineFigures:
    """A line of a day: `taken` tickets, `gave_up` before their first call, and the waits of those called, ascending.

    A wait is from taking the ticket (an appointment: from its slot) to the first call; seconds.
    """

    target_s: float
    taken: int = 0
    gave_up: int = 0
    waits: list[float] = field(default_factory=list)

    @property
    def called(self) -> int:
        """How many were called."""
        return len(self.waits)

    @property
    def share_within_target(self) -> float:
        """The share of those called that was called within the target."""
        return bisect_right(self.waits, self.target_s) / self.called if self.waits else 0.0

    @property
    def mean_s(self) -> float:
        """The mean wait."""
        return math.fsum(self.waits) / self.called if self.waits else 0.0

    @property
    def p90_s(self) -> float:
        """The wait that one in ten exceeds."""
        return self.waits[math.ceil(0.9 * self.called) - 1] if self.waits else 0.0

    @property
    def longest_s(self) -> float:
        """The longest wait."""
        return self.waits[-1] if self.waits else 0.0


@dataclass
class HourFigures:
    """What happened in an hour of a day. `called` are first calls, with their waits; `finished` are services."""

    taken: int = 0
    called: int = 0
    within_target: int = 0
    waited_s: float = 0.0
    finished: int = 0
    missed: int = 0
    gave_up: int = 0


@dataclass
class DayFigures:
    """A day (YYYY-MM-DD) by line and by hour (0 to 23; a clock that was changed may lengthen the last)."""

    day: str
    midnight: float
    lines: dict[Line, LineFigures] = field(default_factory=dict)
    hours: dict[int, HourFigures] = field(default_factory=dict)

    def hour(self, at: float) -> HourFigures:
        """Return the figures of the hour of this moment."""
        hour = min(23, max(0, int((at - self.midnight) // 3600)))
        return self.hours.setdefault(hour, HourFigures())


class Figures:
    """The figures of the last days, `most` of them at most. Targets are those of the present policy."""

    def __init__(self, policy: Policy, most: int = 20) -> None:
        self._policy = policy
        self._days: deque[DayFigures] = deque([DayFigures("", 0.0)], maxlen=most)
        self._waiting: dict[str, tuple[Line, float]] = {}

    @property
    def today(self) -> DayFigures:
        """The present day."""
        return self._days[-1]

    def last(self, days: int) -> Sequence[DayFigures]:
        """Return the last so many days that there were, the present one last."""
        return tuple(each for each in self._days if each.day)[-days:]

    def observe(self, entry: Entry) -> None:
        """Take in the entry that follows in the log."""
        match entry.event:
            case DayOpened(day, midnight):
                self._waiting = {}
                self._days.append(DayFigures(day, midnight))
            case Issued(ticket=number, since=since) as issued:
                line = Line(issued.services[0], issued.customer_class, issued.slot is not None)
                self._waiting[number] = (line, since)
                self._of(line).taken += 1
                self.today.hour(entry.at).taken += 1
            case Called(ticket=number) if number in self._waiting:
                line, since = self._waiting.pop(number)
                self._called(self._of(line), max(0.0, entry.at - since), self.today.hour(entry.at))
            case Cancelled(ticket=number) if number in self._waiting:
                line, _ = self._waiting.pop(number)
                self._of(line).gave_up += 1
                self.today.hour(entry.at).gave_up += 1
            case Finished():
                self.today.hour(entry.at).finished += 1
            case NoShow():
                self.today.hour(entry.at).missed += 1
            case _:
                pass

    def _of(self, line: Line) -> LineFigures:
        return self.today.lines.setdefault(line, LineFigures(self._policy.terms[line].target_s))

    @staticmethod
    def _called(line: LineFigures, waited: float, hour: HourFigures) -> None:
        insort(line.waits, waited)
        hour.called += 1
        hour.within_target += waited <= line.target_s
        hour.waited_s += waited
