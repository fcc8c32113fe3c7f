"""What keeps a branch's log, wherever it lies: beside the branch on SQLite, or in a bank's PostgreSQL.

Entries are numbered without gaps, only ever appended, and on disk before anybody hears of them. Beside them lie, each
written in the transaction of what it belongs to: answers to requests that bear a key, until the day after has ended,
and notes on tickets, which may be personal, until the day has ended.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kiosk_core.errors import OpenTellerError
from queue_display.events import Entry

CLAIM_S = 15.0
"""How long a claim holds that is not renewed."""

_PIECE = 1000


class StoreUnavailable(OpenTellerError):
    """The log cannot be read or written durably: nothing is acknowledged."""


class StoreHeld(StoreUnavailable):
    """Another program writes this log."""


class NoSuchDay(OpenTellerError):
    """The day is not in the log."""


@dataclass(frozen=True)
class KeptAnswer:
    """What was answered to the request of this `key`; `request` tells whether it is asked again with other content."""

    key: str
    request: str
    body: str


@dataclass(frozen=True)
class Turn:
    """The branch's turn was taken: `entries` are there after the one that was named, `answers` to the named keys."""

    entries: tuple[Entry, ...]
    answers: Mapping[str, KeptAnswer]


class LogStore(Protocol):
    """The log of one branch.

    Whoever decides what follows takes the turn, learns what others wrote, and ends his turn by `append` or `let_go`.
    These three are called from one thread at a time; all others from any.
    """

    def take_turn(self, after: int, keys: Sequence[str]) -> Turn:
        """Let nobody else write until the turn ends; return what follows entry `after`, and answers that are kept.

        A turn that was not ended ends now.

        Raises:
            StoreUnavailable: the turn is not taken; or the log no longer holds entry `after`.
        """

    def append(self, entries: Iterable[Entry], answers: Iterable[KeptAnswer] = ()) -> None:
        """Put the next entries and what was answered on disk, all or nothing, and end the turn.

        Raises:
            StoreUnavailable: they may or may not be there; `entries` tells.
        """

    def let_go(self) -> None:
        """End the turn, if it is taken, with nothing written."""

    def entries(self, after: int = 0, most: int = -1) -> Iterator[Entry]:
        """Yield what follows entry `after`, at most so many (-1: all).

        Raises:
            StoreUnavailable: the disk says no, or a row cannot be read.
        """

    def last_number(self) -> int:
        """Return the number of the last entry, 0 for an empty log.

        Raises:
            StoreUnavailable: the disk says no.
        """

    def first_of_days(self, days: int) -> int:
        """Return the number of the entry that opened the oldest of the last so many days; 1 for an empty log.

        Raises:
            StoreUnavailable: the disk says no.
        """

    def days(self) -> Mapping[str, int]:
        """Return the days of the log (YYYY-MM-DD), each with the number of the entry that opened it.

        Raises:
            StoreUnavailable: the disk says no, or a row cannot be read.
        """

    def claim(self, work: str) -> bool:
        """Take or renew the claim on work that one server of the branch is to do; False: another one has it.

        Raises:
            StoreUnavailable: nobody knows.
        """

    def heard(self) -> AsyncGenerator[int, None]:
        """Yield numbers of entries that others wrote, soon after; not of each one, and perhaps of one's own."""

    def close(self) -> None:
        """Let go of all that is held; may be called twice."""


def span_of(day: str, opened: Mapping[str, int]) -> tuple[int, int]:
    """Return after which entry a day (YYYY-MM-DD) comes, and how many are of it (-1: all that follow).

    `opened` are the days of the log as `LogStore.days` gives them.

    Raises:
        NoSuchDay: the text says which days there are.
    """
    if day not in opened:
        days = f"its days are {min(opened)} to {max(opened)}" if opened else "there is no day in it yet"
        raise NoSuchDay(f"{day} is not in the log: {days}")
    first = opened[day]
    next_day = min((number for number in opened.values() if number > first), default=None)
    return first - 1, -1 if next_day is None else next_day - first


def in_pieces(piece: Callable[[int, int], Sequence[Entry]], after: int, most: int) -> Iterator[Entry]:
    """Yield the entries after `after`, at most so many (-1: all).

    `piece(after, most)` reads some of them. They are never changed, so it does not matter when the next piece is read.
    """
    while most:
        asked = _PIECE if most < 0 else min(_PIECE, most)
        entries = piece(after, asked)
        yield from entries
        if len(entries) < asked:
            return
        after = entries[-1].number
        most = max(most - asked, 0) if most > 0 else most
