"""What screens and managers look at, each a fold of the log: the last calls, and waits against their targets."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from queue_display.events import Called, DayOpened, Entry, Issued, Recalled
from queue_display.policy import Policy
from queue_display.tickets import Line


@dataclass(frozen=True)
class Call:
    """A call as a screen shows and speaks it; `number` is that of the entry, by which a screen knows what it has."""

    number: int
    at: float
    ticket: str
    window: str
    again: bool


class LastCalls:
    """The last calls and recalls of the day, the newest first."""

    def __init__(self, most: int = 12) -> None:
        self._calls: deque[Call] = deque(maxlen=most)
        self._windows: dict[str, str] = {}

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls, the newest first."""
        return tuple(self._calls)

    def observe(self, entry: Entry) -> None:
        """Take in the entry that follows in the log."""
        match entry.event:
            case DayOpened():
                self._calls.clear()
                self._windows = {}
            case Called(ticket=ticket, window=window):
                self._windows[ticket] = window
                self._calls.appendleft(Call(entry.number, entry.at, ticket, window, again=False))
            case Recalled(ticket=ticket):
                self._calls.appendleft(Call(entry.number, entry.at, ticket, self._windows[ticket], again=True))
            case _:
                pass


@dataclass(frozen=True)
class Waits:
    """The waits of one line from taking the ticket (an appointment: from its slot) to the first call; seconds."""

    called: int = 0
    within_target: int = 0
    total_s: float = 0.0
    longest_s: float = 0.0

    @property
    def share_within_target(self) -> float:
        """The share that was called within the target."""
        return self.within_target / self.called if self.called else 0.0

    @property
    def mean_s(self) -> float:
        """The mean wait."""
        return self.total_s / self.called if self.called else 0.0


class WaitsAgainstTargets:
    """The waits of the day by the line that the ticket was taken for."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._waiting: dict[str, tuple[Line, float]] = {}
        self._waits: dict[Line, Waits] = {}

    @property
    def waits(self) -> Mapping[Line, Waits]:
        """The waits by line."""
        return self._waits

    def observe(self, entry: Entry) -> None:
        """Take in the entry that follows in the log."""
        match entry.event:
            case DayOpened():
                self._waiting = {}
                self._waits = {}
            case Issued(ticket=number, since=since) as issued:
                line = Line(issued.services[0], issued.customer_class, issued.slot is not None)
                self._waiting[number] = (line, since)
            case Called(ticket=number) if number in self._waiting:
                line, since = self._waiting.pop(number)
                waited = max(0.0, entry.at - since)
                known = self._waits.get(line, Waits())
                within = waited <= self._policy.terms[line].target_s
                self._waits[line] = Waits(
                    known.called + 1, known.within_target + within, known.total_s + waited, max(known.longest_s, waited)
                )
            case _:
                pass
