"""What keeps the branches' logs at headquarters, wherever they lie."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from queue_display.headquarters.messages import BareEntry


@dataclass(frozen=True)
class Standing:
    """How far headquarters has a branch's log. Times are Unix seconds.

    `number`, `digest` and `at` are those of the last entry that is here (0, "", 0.0: none), `last` is the number of the
    last that the branch is known to have. `heard_at` is when the branch spoke last, `behind_since` since when something
    is missing here.
    """

    number: int = 0
    digest: str = ""
    at: float = 0.0
    last: int = 0
    heard_at: float = 0.0
    behind_since: float | None = None


@dataclass(frozen=True)
class News:
    """What a branch told: how it stands now, and the entries that make it so."""

    branch: str
    standing: Standing
    entries: tuple[BareEntry, ...]


class HeadquartersStore(Protocol):
    """The logs of all branches; one thread at a time.

    Raises (all of them):
        StoreUnavailable: it cannot be read or written durably.
    """

    def standings(self) -> Mapping[str, Standing]:
        """Return how far each branch is, by name."""
        ...

    def keep(self, news: Sequence[News]) -> None:
        """Put it on disk, all or nothing; an entry that is there already is refused."""
        ...

    def entries(self, branch: str, after: int = 0) -> Iterator[BareEntry]:
        """Yield what follows entry `after` of a branch's log."""
        ...

    def first_of_day(self, branch: str) -> int:
        """Return the number of the entry that opened the branch's last day, 1 if none did."""
        ...
