"""What staff have a running core do to its journal: close a case, confirm clock or disk, retire archives.

The journal has one writer, the conductor's thread: everything here is done there, between two of its messages.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import TypeVar

from journal.retirement import Retired, Retirement, RetirementRefused
from journal.store import SqliteJournal
from kiosk_core.clock import Clock
from kiosk_core.errors import JournalUnavailable
from kiosk_core.screen_messages import Refused
from kiosk_core.settlement import Settlement, SettlementRefused, checked_text
from kiosk_core.staff_questions import (
    ArchivesRetired,
    AskConfirmClock,
    AskConfirmDisk,
    AskRetire,
    AskSettle,
    ClockConfirmed,
    DiskConfirmed,
    Settled,
    StaffAnswer,
    StaffQuestion,
)
from openteller.conductor import Conductor
from openteller.inbox import ASK_S, awaited

_NOT_DONE = "the terminal is busy and has not done it; try again"

_Done = TypeVar("_Done")


class StaffActs:
    """Answers what staff ask; any thread may call `answer`."""

    def __init__(self, conductor: Conductor, journal: SqliteJournal, clock: Clock, patience_s: float = ASK_S) -> None:
        """`patience_s`: how long an act may wait for its turn."""
        self._conductor = conductor
        self._journal = journal
        self._clock = clock
        self._patience_s = patience_s

    def answer(self, question: StaffQuestion) -> StaffAnswer | Refused:
        """Do it and say what came of it, or why it was not done."""
        try:
            match question:
                case AskSettle():
                    return self._settle(question)
                case AskConfirmClock():
                    return self._confirm_clock(question)
                case AskConfirmDisk():
                    return self._confirm_disk(question)
                case AskRetire():
                    return self._retire(question)
        except (SettlementRefused, RetirementRefused, JournalUnavailable, ValueError) as error:
            return Refused(reason=str(error))

    def _settle(self, question: AskSettle) -> Settled | Refused:
        settlement = Settlement(question.transaction, question.resolution, question.by, question.reason)
        row = awaited(self._conductor.settle(settlement), self._patience_s)
        return Settled(row=row.number) if row is not None else Refused(reason=_NOT_DONE)

    def _confirm_clock(self, question: AskConfirmClock) -> ClockConfirmed | Refused:
        by, reason = checked_text("by", question.by), checked_text("reason", question.reason)
        row = self._do(lambda: self._journal.confirm_clock(by, reason))
        if row is None:
            return Refused(reason=_NOT_DONE)
        return ClockConfirmed(row=row, at=self._clock.wall().isoformat(timespec="seconds"))

    def _confirm_disk(self, question: AskConfirmDisk) -> DiskConfirmed | Refused:
        by, reason = checked_text("by", question.by), checked_text("reason", question.reason)

        def confirm() -> int | None:
            return self._journal.confirm_disk(by, reason) if self._conductor.head_problem else None

        row = self._do(confirm)
        if row is None:
            return Refused(
                reason="the bank host has not refused this journal, or the terminal is busy: nothing is done"
            )
        return DiskConfirmed(row=row)

    def _retire(self, question: AskRetire) -> ArchivesRetired | Refused:
        by, reason = checked_text("by", question.by), checked_text("reason", question.reason)
        before = datetime.combine(date.fromisoformat(question.before), time(), self._clock.wall().tzinfo)
        wanted = Retirement(before, question.keep_mb * 2**20, by, reason)

        def retire() -> Retired:
            if not self._conductor.idle:
                raise RetirementRefused(
                    "a customer or a recovery is being served; try again when the home page is back"
                )
            return self._journal.retire(wanted, self._conductor.head_acknowledged)

        done = self._do(retire)
        if done is None:
            return Refused(reason=_NOT_DONE)
        return ArchivesRetired(archive=done.archive, last=done.last, until=done.until.isoformat(timespec="seconds"))

    def _do(self, act: Callable[[], _Done]) -> _Done | None:
        return awaited(self._conductor.carry_out(act), self._patience_s)
