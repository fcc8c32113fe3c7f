"""Who is told outside the branch: he follows the log at his own pace, and no ticket and no call ever waits for him."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from queue_display.server.access import Role


class OutboxState(Enum):
    """How it goes on."""

    GOING = "going"
    FAILING = "failing"  # it is tried again
    STOPPED = "stopped"  # until somebody does something about it


@dataclass(frozen=True)
class OutboxNow:
    """Somebody who is told the log: `waiting` entries of it he does not have yet.

    `since` and `reason`: since when he cannot be told, and why.
    """

    name: str
    state: OutboxState
    waiting: int
    since: float | None
    reason: str


@dataclass(frozen=True)
class Deed:
    """Something that is asked of others than the branch: of what tells outside, or of the log on disk. No act is one.

    `do` gets the path's parameters and the body, or what the query says if it has a `query`; it raises
    `problems.Problem`.
    """

    method: str
    path: str
    summary: str
    roles: frozenset[Role]
    body: type
    do: Callable[[Mapping[str, str], Any], Awaitable[object]]
    answer: type
    makes: bool = False
    query: type | None = None


class Outgoing(Protocol):
    """What tells others outside, beside the branch."""

    @property
    def outboxes(self) -> Sequence[OutboxNow]:
        """Whom it tells, and how far they are."""
        ...

    async def run(self) -> None:
        """Go on until it is cancelled."""
        ...
