"""What the journal holds open, and what is due of it while no customer is there.

Transactions to be resumed, now or when their pause is over; the journal's newest row for the host; the trial rows of
a disk that failed.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future

from kiosk_core.clock import Clock
from kiosk_core.ledger import Journal, LedgerState, Transaction
from kiosk_core.outbox import FIRST_PAUSE_S, Outbox, Unacknowledged
from kiosk_core.ports import BankHost
from kiosk_core.settlement import STAFF_MAY_CLOSE
from openteller.questions import Worker

_log = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
HEAD_ROWS = 100
"""After so many rows the host is told the head of the journal anew."""


class OpenCases:
    """Belongs to the conductor's thread; `waiting` may be read by any.

    Args:
        on_thread: has a function called by the conductor's thread.
    """

    def __init__(
        self,
        journal: Journal,
        host: Worker[BankHost],
        clock: Clock,
        on_thread: Callable[[Callable[[], None]], None],
    ) -> None:
        self._journal = journal
        self._host = host
        self._clock = clock
        self._on_thread = on_thread
        self._outbox = Outbox()
        self._next_look = clock.now()
        self._to_resume: list[Transaction] = []
        self._head_reported = 0
        self.head_acknowledged = 0
        """The newest row that the host has taken for the journal's own; 0: none, or it keeps another journal."""
        self.journal_works = True
        """Whether the journal took the last row; set to False by whoever finds that it did not."""

    @property
    def waiting(self) -> tuple[Unacknowledged, ...]:
        """What waits for the host, oldest first."""
        return self._outbox.waiting

    @property
    def are_due(self) -> bool:
        """Whether a transaction is to be resumed now."""
        return bool(self._to_resume)

    @property
    def look_due(self) -> float:
        """When to look next; without a journal nothing can be tried before that."""
        return min(self._next_look, self._outbox.next_at) if self.journal_works else self._next_look

    def look_soon(self) -> None:
        """Look when the shortest pause is over: a journey has ended and may have left something open."""
        self._next_look = min(self._next_look, self._clock.now() + FIRST_PAUSE_S)

    def look(self, *, host_online: bool) -> None:
        """Take stock of what is open and see after the journal.

        Raises:
            JournalUnavailable: the disk does not keep its promise.
        """
        self._next_look = self._clock.now() + LOOK_SECONDS
        unsettled = [each for each in self._journal.unsettled() if each.state not in STAFF_MAY_CLOSE]
        self._to_resume = self._outbox.look(unsettled, self._clock.now())
        if not self.journal_works:
            self._prove_that_journal_works()
            return
        if host_online:
            self._report_head()
        self._journal.maintain()

    def next_due(self) -> Transaction:
        """Return the oldest transaction that is to be resumed now, once."""
        transaction = self._to_resume.pop(0)
        self._outbox.tried(transaction, self._clock.now())
        return transaction

    def _prove_that_journal_works(self) -> None:
        """Write two rows: nothing less proves that the disk takes rows again."""
        transaction = self._journal.begin({"service": "journal_check"})
        self._journal.record(transaction.id, LedgerState.ABANDONED, {})
        self.journal_works = True

    def _report_head(self) -> None:
        """Tell the host the newest row once there are enough new ones; a failure is made good at the next look."""
        number, digest = self._journal.head()
        if number < self._head_reported + HEAD_ROWS:
            return
        future = self._host.call(lambda host: host.report_journal_head(number, digest))
        future.add_done_callback(lambda done: self._on_thread(lambda: self._head_answered(number, done)))

    def _head_answered(self, number: int, answer: "Future[bool]") -> None:
        if answer.cancelled() or answer.exception() is not None:
            return
        self._head_reported = max(self._head_reported, number)
        self.head_acknowledged = self._head_reported if answer.result() else 0
        if not answer.result():
            _log.error(
                "the bank host does not take row %d for the journal's newest: it keeps another;"
                " compare `openteller journal verify` with what the bank has",
                number,
            )
