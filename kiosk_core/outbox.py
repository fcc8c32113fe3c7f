"""What the host has not acknowledged yet, and when it is sent again: soon, then ever more seldom, never given up."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kiosk_core.ledger import LedgerState, Transaction

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0


def pause_s(tries: int) -> float:
    """Return how long to wait behind try number `tries` (from 1): 2 s, then twice as long each time, up to 5 min.

    Exponential, as money-safety 5.1 has it of reversal advices; but without an end: a message about money is given up
    by people only.
    """
    return min(FIRST_PAUSE_S * 2.0 ** (tries - 1), LONGEST_PAUSE_S) if tries < 64 else LONGEST_PAUSE_S


@dataclass(frozen=True)
class Unacknowledged:
    """A transaction that waits for the host's word: how often it was tried by this outbox, and when it is again.

    `since` is when it came into `state`; `next_at` is a moment of `Clock.now`.
    """

    transaction: str
    state: LedgerState
    amount_fen: int
    since: datetime
    tries: int
    next_at: float


class Outbox:
    """Keeps the pauses; one thread's, but `waiting` may be read by any."""

    def __init__(self) -> None:
        self._tries: dict[str, int] = {}
        self._next_at: dict[str, float] = {}
        self._waiting: tuple[Unacknowledged, ...] = ()

    @property
    def waiting(self) -> tuple[Unacknowledged, ...]:
        """What was open at the last `look`, oldest first."""
        return self._waiting

    @property
    def next_at(self) -> float:
        """When the next try is due, infinity where nothing waits."""
        return min((each.next_at for each in self._waiting), default=math.inf)

    def look(self, unsettled: Sequence[Transaction], now: float) -> list[Transaction]:
        """Take stock of all that is open and return what is to be tried now, oldest first."""
        known = {transaction.id for transaction in unsettled}
        self._tries = {each: tries for each, tries in self._tries.items() if each in known}
        self._next_at = {each: self._next_at.get(each, now) for each in known}
        self._waiting = tuple(self._unacknowledged(transaction) for transaction in unsettled)
        return [transaction for transaction in unsettled if self._next_at[transaction.id] <= now]

    def tried(self, transaction: Transaction, now: float) -> None:
        """Remember that `transaction` is being tried."""
        tries = self._tries.get(transaction.id, 0) + 1
        self._tries[transaction.id] = tries
        self._next_at[transaction.id] = now + pause_s(tries)
        self._waiting = tuple(
            self._unacknowledged(transaction) if each.transaction == transaction.id else each for each in self._waiting
        )

    def _unacknowledged(self, transaction: Transaction) -> Unacknowledged:
        since = next(row.at for row in transaction.rows if row.state is transaction.state)
        return Unacknowledged(
            transaction=transaction.id,
            state=transaction.state,
            amount_fen=int(transaction.facts.get("amount_fen") or 0),
            since=since,
            tries=self._tries.get(transaction.id, 0),
            next_at=self._next_at[transaction.id],
        )
