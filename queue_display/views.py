"""What screens and tellers look at, each a fold of the log: the last calls, and the windows that there are."""

from collections import deque
from dataclasses import dataclass

from queue_display.events import (
    Called,
    Cancelled,
    DayOpened,
    Entry,
    Parked,
    Recalled,
    ReEntered,
    TellerSignedIn,
    Transferred,
)


@dataclass(frozen=True)
class Call:
    """A call as a screen shows and speaks it; `number` is that of the entry, by which a screen knows what it has."""

    number: int
    at: float
    ticket: str
    window: str
    again: bool


class LastCalls:
    """The last calls and recalls of the day that lead to a window, the newest first.

    A ticket that waits again or was cancelled leads to none.
    """

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
            case (
                Transferred(ticket=ticket) | Parked(ticket=ticket) | ReEntered(ticket=ticket) | Cancelled(ticket=ticket)
            ):
                self._calls = deque((call for call in self._calls if call.ticket != ticket), self._calls.maxlen)
            case _:
                pass


class KnownWindows:
    """The windows at which anybody has signed in: a branch has no list of them."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def observe(self, entry: Entry) -> None:
        """Take in the entry that follows in the log."""
        if isinstance(entry.event, TellerSignedIn):
            self.names.add(entry.event.window)
