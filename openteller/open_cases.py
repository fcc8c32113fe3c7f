"""What the journal holds open, and what is due of it while no customer is there.

Transactions to be resumed, now or when their pause is over; for the host, the loads in doubt and the journal's newest
row; the trial rows of a disk that failed.
"""

import logging
import math
from collections.abc import Callable
from concurrent.futures import Future

from kiosk_core.clock import Clock
from kiosk_core.errors import JournalUnavailable
from kiosk_core.journeys.trace_numbers import trace_of
from kiosk_core.ledger import Journal, LedgerState, Transaction
from kiosk_core.outbox import FIRST_PAUSE_S, Outbox, Unacknowledged
from kiosk_core.ports import BankHost
from kiosk_core.settlement import STAFF_MAY_CLOSE
from kiosk_core.suspense import REPORTED, suspense_of
from openteller.questions import Worker

_log = logging.getLogger(__name__)

LOOK_SECONDS = 30.0


class OpenCases:
    """Belongs to the conductor's thread; `waiting` may be read by any.

    Nobody is served before the host has taken the journal for the terminal's own: one that is new, or an older copy,
    gives out numbers that the bank has seen.

    Args:
        on_thread: has a function called by the conductor's thread.
        changed: is called there when customers can be served, or can be no longer.
    """

    def __init__(
        self,
        journal: Journal,
        host: Worker[BankHost],
        clock: Clock,
        on_thread: Callable[[Callable[[], None]], None],
        changed: Callable[[], None],
    ) -> None:
        self._journal = journal
        self._host = host
        self._clock = clock
        self._on_thread = on_thread
        self._changed = changed
        self._outbox = Outbox()
        self._next_look = clock.now()
        self._to_resume: list[Transaction] = []
        self._advices = Outbox()
        self._advising = False
        self._advised: set[str] = set()
        self._introduced = False
        self._telling_head = False
        self._head_told: tuple[int, str] | None = None
        self.head_taken: bool | None = None
        """Whether the host takes the journal for the terminal's own; None: it has not said yet."""
        self.head_acknowledged = 0
        """The newest row that the host has taken for the journal's own; 0: none, or it keeps another journal."""
        self.journal_works = True
        """Whether the journal took the last row."""

    @property
    def waiting(self) -> tuple[Unacknowledged, ...]:
        """What waits for the host: what is resumed, then what it is told of loads in doubt; each oldest first."""
        waiting = self._outbox.waiting + self._advices.waiting
        return tuple(
            each for each in waiting if each.state is not LedgerState.TICKET_REQ
        )  # the branch's queue is asked

    @property
    def are_due(self) -> bool:
        """Whether a transaction is to be resumed now."""
        return bool(self._to_resume)

    @property
    def look_due(self) -> float:
        """When to look next; without a journal nothing can be tried before that."""
        if not self.journal_works:
            return self._next_look
        next_advice = math.inf if self._advising else self._advices.next_at
        return min(self._next_look, self._outbox.next_at, next_advice)

    def look_soon(self) -> None:
        """Look when the shortest pause is over: a journey has ended and may have left something open."""
        self._next_look = min(self._next_look, self._clock.now() + FIRST_PAUSE_S)

    def lose_journal(self, error: JournalUnavailable) -> None:
        """Take no more money before the journal has proved that it works again."""
        _log.critical("the journal is lost, the terminal goes out of service: %s", error)
        self.journal_works = False
        self._changed()

    def introduce(self) -> None:
        """Tell the host the journal's newest row for the first time."""
        if self._introduced:
            return
        try:
            self._report_head()
        except JournalUnavailable as error:
            self.lose_journal(error)

    def look(self, *, host_online: bool) -> None:
        """Take stock of what is open and see after the journal."""
        try:
            self._look(host_online)
        except JournalUnavailable as error:
            self.lose_journal(error)

    def _look(self, host_online: bool) -> None:
        self._next_look = self._clock.now() + LOOK_SECONDS
        unsettled = self._journal.unsettled()
        if self.head_taken is False:  # what is open in an older copy may have ended since
            unsettled = ()
        resumable = [each for each in unsettled if each.state not in STAFF_MAY_CLOSE]
        self._to_resume = self._outbox.look(resumable, self._clock.now())
        in_doubt = [each for each in unsettled if not self._is_advised(each) and suspense_of(each) is not None]
        to_advise = self._advices.look(in_doubt, self._clock.now())
        if not self.journal_works:
            self._prove_that_journal_works()
            return
        if host_online:
            self._report_head()
            if to_advise and self.head_taken and not self._advising:
                self._advise(to_advise[0])
        self._journal.maintain()

    def next_due(self) -> Transaction:
        """Return the oldest transaction that is to be resumed now, once."""
        transaction = self._to_resume.pop(0)
        self._outbox.tried(transaction, self._clock.now())
        return transaction

    def _is_advised(self, transaction: Transaction) -> bool:
        return transaction.id in self._advised or REPORTED in transaction.facts

    def _advise(self, transaction: Transaction) -> None:
        """Tell the host of a load in doubt; one at a time, for a customer who comes waits behind it."""
        report = suspense_of(transaction)
        if report is None:
            return
        self._advising = True
        self._advices.tried(transaction, self._clock.now())
        future = self._host.call(lambda host: host.report_suspense(trace_of(transaction), report))
        future.add_done_callback(lambda done: self._on_thread(lambda: self._advice_answered(transaction.id, done)))

    def _advice_answered(self, transaction: str, answer: "Future[bool]") -> None:
        self._advising = False
        if answer.cancelled() or answer.exception() is not None:
            return
        self._advised.add(transaction)
        self.look_soon()
        try:
            self._journal.note(transaction, {REPORTED: answer.result()})
        except JournalUnavailable as error:
            self.lose_journal(error)
        if not answer.result():
            _log.error(
                "the bank host does not keep transaction %s open: it knows no such load, or how it ended;"
                " compare `openteller reconcile`",
                transaction,
            )

    def _prove_that_journal_works(self) -> None:
        """Write two rows: nothing less proves that the disk takes rows again."""
        transaction = self._journal.begin({"service": "journal_check"})
        self._journal.record(transaction.id, LedgerState.ABANDONED, {})
        self.journal_works = True

    def _report_head(self) -> None:
        """Tell the host the newest row where it is another than before; a failure is made good at a later look."""
        number, digest = self._journal.head()
        confirmed = self._journal.confirmed()
        if self._telling_head or (number, confirmed) == self._head_told:
            return
        self._introduced = self._telling_head = True
        future = self._host.call(lambda host: host.report_journal_head(number, digest, confirmed))
        future.add_done_callback(lambda done: self._on_thread(lambda: self._head_answered(number, confirmed, done)))

    def _head_answered(self, number: int, confirmed: str, answer: "Future[bool]") -> None:
        self._telling_head = False
        if answer.cancelled() or answer.exception() is not None:
            if self.head_taken is None:
                self.look_soon()
            return
        before, self.head_taken = self.head_taken, answer.result()
        self._head_told = number, confirmed
        self.head_acknowledged = number if self.head_taken else 0
        if not self.head_taken:
            _log.critical("%s", self.head_problem)
        if before is not self.head_taken:
            self.look_soon()
            self._changed()

    @property
    def head_problem(self) -> str:
        """Why the host does not take the journal for the terminal's own and what to do, for a technician; "" if so."""
        if self.head_taken is not False or self._head_told is None:
            return ""
        return (
            f"this terminal's journal has {self._head_told[0]} rows, and the bank host knows more of it, or another"
            " one of this terminal: if the disk was changed or an older copy put back, say so with `openteller"
            " journal confirm-disk`; if not, compare `openteller journal verify` with what the bank has"
        )
