"""What staff decide about the journal: how a case ended, that clock and disk are right, which archives go for good.

A running core is asked to write it, for it alone has the journal open; without one the journal is opened here.
"""

from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from journal.database import DATABASE_NAME
from journal.store import JournalHeld, SqliteJournal
from journal.story import standing
from journal.verify import verify
from kiosk_core.ledger import Resolution
from kiosk_core.screen_messages import Refused
from kiosk_core.settlement import Settlement, checked_text, settle, why_not
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
from openteller.console import TERMINAL_FILE, plain_errors, stop
from openteller.core_client import CoreClient, CoreSilent
from openteller.journal_folder import JournalOption, journal_folder, the_transaction
from openteller.system_clock import SystemClock

SETTLE_EXAMPLE = """
Example:

openteller journal settle KT000001-25112200042 --as refunded --by "Li Na" --reason "host: reversed by hand, slip 0317"
"""

CONFIRM_CLOCK_EXAMPLE = """
Example:

openteller journal confirm-clock -j /etc/openteller/kiosk.toml --by "Li Na" --reason "the battery was changed"
"""

CONFIRM_DISK_EXAMPLE = """
Example:

openteller journal confirm-disk -j /etc/openteller/kiosk.toml --by "Li Na" --reason "the disk failed; slip 0317"
"""

RETIRE_EXAMPLE = """
Example:

openteller journal retire --before 2011-01-01 --by "Li Na" --reason "fifteen years are over; copies on tape 0317"
"""


class _How(Enum):
    """How a case ended, as it is typed."""

    LOADED = "loaded"
    REFUNDED = "refunded"
    PAID_OUT = "paid-out"
    WRITTEN_OFF = "written-off"


def settle_command(
    transaction: Annotated[str, typer.Argument(metavar="TRANSACTION", help="Its id, as `show --open` lists it.")],
    how: Annotated[_How, typer.Option("--as", help="How it ended.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who settles it.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="On what evidence.")],
    where: JournalOption = TERMINAL_FILE,
) -> None:
    """Close a case in SUSPENSE or MANUAL: staff found out how it ended, and say so.

    A running core is asked to do it (name its configuration file with -j); without one the journal is opened here.
    Exits with 1 if the case may not be closed so.
    """
    with plain_errors():
        settlement = Settlement(transaction, Resolution[how.name], by, reason)
        if problem := why_not(the_transaction(journal_folder(where), transaction)):
            stop(problem)
        question = AskSettle(
            transaction=transaction, resolution=settlement.resolution, by=settlement.by, reason=settlement.reason
        )
        settled_by_core = _ask_core(where, question) is not None
        if not settled_by_core:
            with _alone(where) as journal:
                settle(journal, settlement)
        Console(highlight=False).print(
            standing(the_transaction(journal_folder(where), transaction)), soft_wrap=True, markup=False
        )
    if settled_by_core:
        typer.echo("The core is running; it closed the case.")


def confirm_clock(
    by: Annotated[str, typer.Option(metavar="NAME", help="Who looked at the clock.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it was ahead before.")],
    where: JournalOption = TERMINAL_FILE,
) -> None:
    """Say that the clock is right though the journal's last rows bear a later time, and note who said so.

    A running core is asked to do it (name its configuration file with -j); without one the journal is opened here.
    Exits with 1 if it could not be written.
    """
    with plain_errors():
        by, reason = checked_text("by", by), checked_text("reason", reason)
        answer = _ask_core(where, AskConfirmClock(by=by, reason=reason))
        if isinstance(answer, ClockConfirmed):
            stands = datetime.fromisoformat(answer.at)
        else:
            with _alone(where) as journal:
                try:
                    journal.confirm_clock(by, reason)
                except ValueError as error:
                    stop(str(error))
            stands = SystemClock().wall()
    typer.echo(f"The clock is taken to be right from now on: {stands:%Y-%m-%d %H:%M:%S}.")


def confirm_disk(
    by: Annotated[str, typer.Option(metavar="NAME", help="Who knows of it.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What became of the journal that the bank knows.")],
    where: JournalOption = TERMINAL_FILE,
) -> None:
    """Say that this journal is the terminal's own from now on, though the bank knows a longer one, or another.

    For a terminal whose disk was changed, or to which an older copy of the journal came back. Look at the cases of the
    other journal first, with `reconcile` and the bank: this one does not know them. Transactions of today are numbered
    anew from here on. A running core is asked to do it (name its configuration file with -j); without one the journal
    is opened here. Exits with 1 if it could not be written, or if the running core's bank has not refused the journal.
    """
    with plain_errors():
        by, reason = checked_text("by", by), checked_text("reason", reason)
        answer = _ask_core(where, AskConfirmDisk(by=by, reason=reason))
        if isinstance(answer, DiskConfirmed):
            row = answer.row
        else:
            with _alone(where) as journal:
                try:
                    row = journal.confirm_disk(by, reason)
                except ValueError as error:
                    stop(str(error))
    typer.echo(f"This journal is the terminal's own from row {row} on; the bank's host is told so.")


def retire_command(
    before: Annotated[str, typer.Option(metavar="DAY", help="What is of this day or later stays: 2011-01-01.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who wants it.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why the bank need not keep them any longer.")],
    keep_mb: Annotated[
        int, typer.Option(min=0, metavar="MB", help="Remove only while all archives have more than this.")
    ] = 0,
    where: JournalOption = TERMINAL_FILE,
) -> None:
    """Remove old archives for good. What stays proves itself as before, and says who removed what.

    Archives go whole, the oldest first. One stays if it has rows of the last 31 days, rows that the bank's host has not
    acknowledged, or rows of an open transaction. The core must be running: it knows what the host has acknowledged.
    Exits with 1 if none may go.
    """
    with plain_errors():
        try:
            date.fromisoformat(before)
        except ValueError:
            stop(f'--before: "{before}" is no day such as 2011-01-01')
        verdict = verify(journal_folder(where))
        if not verdict.good:
            stop(f"{verdict.problem}; look into it first: openteller journal verify")
        by, reason = checked_text("by", by), checked_text("reason", reason)
        answer = _ask_core(where, AskRetire(before=before, keep_mb=keep_mb, by=by, reason=reason))
    if not isinstance(answer, ArchivesRetired):
        stop(
            "no core answers: start it and name its configuration file with -j; it knows what the bank has acknowledged"
        )
    until = datetime.fromisoformat(answer.until)
    typer.echo(f"Archives 1 to {answer.archive} are gone: all rows to {answer.last}, none later than {until:%Y-%m-%d}.")


def _alone(where: Path) -> SqliteJournal:
    """Open the journal for writing; no transaction begins here, so the terminal's number is not needed."""
    folder = journal_folder(where)
    if not (folder / DATABASE_NAME).is_file():
        stop(f"there is no journal in {folder}")  # and none is begun where a folder was mistyped
    try:
        return SqliteJournal(folder, "", SystemClock())
    except JournalHeld as error:
        if where.is_dir():
            stop(f"{error}: if it is the core, name its configuration file with -j, so that it can be asked")
        stop(f"{error}; if it is the core, it does not answer: stop it first")


def _ask_core(where: Path, question: AskSettle | StaffQuestion) -> Settled | StaffAnswer | None:
    """Have the running core of the configuration `where` do it; None: there is none. A refusal ends the program."""
    if where.is_dir():
        return None
    from openteller.config import load_terminal  # noqa: PLC0415  (with it come all drivers)

    try:
        with CoreClient(load_terminal(where).core.socket) as core:
            answer = core.ask(question)
    except CoreSilent:
        return None  # and if one runs all the same, it holds the journal's lock
    if isinstance(answer, Refused):
        stop(f"the core is running and refuses: {answer.reason}")
    assert isinstance(answer, Settled | StaffAnswer)  # noqa: S101  (the core answers what it was asked)
    return answer
