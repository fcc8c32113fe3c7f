"""`openteller journal`: what happened to customers' money, and proof that nobody changed the record of it."""

import json
import sys
from contextlib import nullcontext
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from journal.database import DATABASE_NAME
from journal.entries import Entry
from journal.export import ExportFormat, export
from journal.reading import EVERYTHING, Search, read_notes, read_retired, read_transaction, search
from journal.store import JournalHeld, SqliteJournal
from journal.story import say_fact, standing, tell
from journal.verify import Verdict, verify
from kiosk_core.ledger import LedgerState, Resolution, Transaction
from kiosk_core.money import format_amount
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
from openteller.system_clock import SystemClock

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Read the electronic journal and prove it.")

_LATEST = 20
_MASKED_LENGTHS = range(12, 21)

_Where = Annotated[
    Path,
    typer.Option(
        "--journal",
        "-j",
        metavar="WHERE",
        help="The journal's folder, or the terminal's configuration file that names it.",
    ),
]
_Transaction = Annotated[str, typer.Option("--transaction", "-t", metavar="ID", help="Only this one.")]
_Open = Annotated[bool, typer.Option("--open", help="Only what is not settled yet.")]
_Date = Annotated[str | None, typer.Option("--date", metavar="DAY", help="Begun on this day, 2026-11-22.")]
_From = Annotated[
    str | None, typer.Option("--from", metavar="WHEN", help="Begun then or later: a day, or 2026-11-22T10:15.")
]
_To = Annotated[
    str | None, typer.Option("--to", metavar="WHEN", help="Begun by then: that day, or that minute, included.")
]
_States = Annotated[
    list[LedgerState] | None, typer.Option("--state", metavar="STATE", case_sensitive=False, help="Stands there now.")
]
_Card = Annotated[str, typer.Option("--card", metavar="CARD", help="Last four digits, or the masked number.")]
_Service = Annotated[str, typer.Option("--service", metavar="ID", help="Of this service.")]


class _How(Enum):
    """How a case ended, as it is typed."""

    LOADED = "loaded"
    REFUNDED = "refunded"
    PAID_OUT = "paid-out"
    WRITTEN_OFF = "written-off"


@app.command(
    epilog="""
Examples:

openteller journal show -j out/journal --open

openteller journal show -j out/journal --date 2026-11-22 --card 8901

openteller journal show -j out/journal -t KT000001-25112200042
"""
)
def show(
    *,
    where: _Where = TERMINAL_FILE,
    transaction: Annotated[str, typer.Option("--transaction", "-t", metavar="ID", help="Tell this one's story.")] = "",
    only_open: _Open = False,
    date: _Date = None,
    begun_from: _From = None,
    begun_to: _To = None,
    states: _States = None,
    card: _Card = "",
    service: _Service = "",
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Only the N that began last.")] = _LATEST,
) -> None:
    """Show the latest transactions, those still open, those of a search, or the story of one.

    The core may be running. Exits with 1 if there is no such transaction or no journal.
    """
    console = Console(highlight=False)
    with plain_errors():
        folder = _folder(where)
        if transaction:
            render_story(console, _one(folder, transaction))
            return
        # One more than is shown tells whether there are more.
        wanted = _search(
            only_open=only_open,
            date=date,
            begun_from=begun_from,
            begun_to=begun_to,
            states=states,
            card=card,
            service=service,
            limit=limit + 1,
        )
        found = search(folder, wanted)
        if found:
            render_list(console, found[-limit:])
        elif wanted == Search(limit=limit + 1):
            console.print("There is no transaction yet.")
        elif wanted == Search(only_open=True, limit=limit + 1):
            console.print("Every transaction is settled.")
        else:
            console.print(f"No transaction is like that{_what_is_gone(folder)}.", soft_wrap=True, markup=False)
        if len(found) > limit:
            console.print(f"These are the last {limit}; there are more (--limit).")


@app.command(
    name="export",
    epilog="""
Examples:

openteller journal export -j out/journal --format csv --out day.csv --date 2026-11-22

openteller journal export -j out/journal --format paper-roll | less
""",
)
def export_command(
    *,
    form: Annotated[ExportFormat, typer.Option("--format", help="CSV, JSON Lines, or a journal printer's paper roll.")],
    where: _Where = TERMINAL_FILE,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a new file, not to the screen.")] = None,
    transaction: _Transaction = "",
    only_open: _Open = False,
    date: _Date = None,
    begun_from: _From = None,
    begun_to: _To = None,
    states: _States = None,
    card: _Card = "",
    service: _Service = "",
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Only the N that began last.")] = EVERYTHING,
) -> None:
    """Write the journal, or what a search finds in it, as CSV, JSON Lines or paper roll.

    The core may be running. A file that exists is left alone. Exits with 1 if nothing could be written.
    """
    with plain_errors():
        folder = _folder(where)
        if transaction:
            found: tuple[Transaction, ...] = (_one(folder, transaction),)
        else:
            wanted = _search(
                only_open=only_open,
                date=date,
                begun_from=begun_from,
                begun_to=begun_to,
                states=states,
                card=card,
                service=service,
                limit=limit,
            )
            found = search(folder, wanted)
        sink = nullcontext(sys.stdout) if out is None else _new_file(out).open("x", encoding="utf-8", newline="")
        with sink as file:
            file.writelines(export(found, form))
    if out is not None:
        typer.echo(f"{out}: {_count(len(found), 'transaction')}")


@app.command(
    name="settle",
    epilog="""
Example:

openteller journal settle KT000001-25112200042 --as refunded --by "Li Na" --reason "host: reversed by hand, slip 0317"
""",
)
def settle_command(
    transaction: Annotated[str, typer.Argument(metavar="TRANSACTION", help="Its id, as `show --open` lists it.")],
    how: Annotated[_How, typer.Option("--as", help="How it ended.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who settles it.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="On what evidence.")],
    where: _Where = TERMINAL_FILE,
) -> None:
    """Close a case in SUSPENSE or MANUAL: staff found out how it ended, and say so.

    A running core is asked to do it (name its configuration file with -j); without one the journal is opened here.
    Exits with 1 if the case may not be closed so.
    """
    with plain_errors():
        settlement = Settlement(transaction, Resolution[how.name], by, reason)
        if problem := why_not(_one(_folder(where), transaction)):
            stop(problem)
        question = AskSettle(
            transaction=transaction, resolution=settlement.resolution, by=settlement.by, reason=settlement.reason
        )
        settled_by_core = _ask_core(where, question) is not None
        if not settled_by_core:
            with _alone(where) as journal:
                settle(journal, settlement)
        Console(highlight=False).print(standing(_one(_folder(where), transaction)), soft_wrap=True, markup=False)
    if settled_by_core:
        typer.echo("The core is running; it closed the case.")


@app.command(
    name="confirm-clock",
    epilog="""
Example:

openteller journal confirm-clock -j /etc/openteller/kiosk.toml --by "Li Na" --reason "the battery was changed"
""",
)
def confirm_clock(
    by: Annotated[str, typer.Option(metavar="NAME", help="Who looked at the clock.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it was ahead before.")],
    where: _Where = TERMINAL_FILE,
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


@app.command(
    name="confirm-disk",
    epilog="""
Example:

openteller journal confirm-disk -j /etc/openteller/kiosk.toml --by "Li Na" --reason "the disk failed; slip 0317"
""",
)
def confirm_disk(
    by: Annotated[str, typer.Option(metavar="NAME", help="Who knows of it.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What became of the journal that the bank knows.")],
    where: _Where = TERMINAL_FILE,
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


@app.command(
    name="retire",
    epilog="""
Example:

openteller journal retire --before 2011-01-01 --by "Li Na" --reason "fifteen years are over; copies on tape 0317"
""",
)
def retire_command(
    before: Annotated[str, typer.Option(metavar="DAY", help="What is of this day or later stays: 2011-01-01.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who wants it.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why the bank need not keep them any longer.")],
    keep_mb: Annotated[
        int, typer.Option(min=0, metavar="MB", help="Remove only while all archives have more than this.")
    ] = 0,
    where: _Where = TERMINAL_FILE,
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
        verdict = verify(_folder(where))
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


@app.command(
    name="verify",
    epilog="""
Examples:

openteller journal verify -j out/journal

openteller journal verify -j /etc/openteller/kiosk.toml
""",
)
def verify_command(where: _Where = TERMINAL_FILE) -> None:
    """Prove that no row was changed, dropped, moved or added; name the first that was.

    The core may be running. Exits with 0 if all rows are good, with 1 if not.
    """
    with plain_errors():
        verdict = verify(_folder(where))
        render_verdict(Console(highlight=False, soft_wrap=True), verdict)
    if not verdict.good:
        raise typer.Exit(1)


@app.command(name="notes", epilog="Example:  openteller journal notes -j out/journal")
def notes_command(where: _Where = TERMINAL_FILE) -> None:
    """List the rows about the journal itself: who confirmed the clock or removed archives, what was archived, hashes.

    The core may be running. Exits with 1 if there is no journal.
    """
    with plain_errors():
        found = read_notes(_folder(where))
        console = Console(highlight=False)
        if found:
            render_notes(console, found)
        else:
            console.print("There is no row about the journal itself.")


def render_notes(console: Console, notes: tuple[Entry, ...]) -> None:
    """Print a line for each of `notes`, and its facts below."""
    table = Table("row", "time", "note", "what it says", box=None, pad_edge=False)
    for each in notes:
        facts = "\n".join(say_fact(key, value) for key, value in json.loads(each.facts).items())
        table.add_row(str(each.number), f"{each.moment:%Y-%m-%d %H:%M:%S}", each.state, escape(facts))
    console.print(table)


def render_verdict(console: Console, verdict: Verdict) -> None:
    """Print what `verify` found."""
    retired = verdict.retired
    rows = _count(verdict.rows - (retired.last if retired is not None else 0), "row")
    if not verdict.good:
        first = f" The first bad row is {verdict.first_bad}." if verdict.first_bad is not None else ""
        console.print(f"[red]The journal is bad:[/] {escape(verdict.problem)}.{first}")
        console.print(f"Before it {rows} {'is' if rows == '1 row' else 'are'} good.")
    else:
        where = f" in the database and {_count(verdict.archives, 'archive')}" if verdict.archives else ""
        console.print(f"[green]The journal is good:[/] {rows}{where}, the last with hash {verdict.head}.")
    if retired is not None:
        console.print(
            f"It begins behind row {retired.last}: what is older, to {retired.until:%Y-%m-%d}, was retired on"
            f" {retired.at:%Y-%m-%d} by {escape(retired.by)} ({escape(retired.reason)})."
        )


def render_list(console: Console, transactions: tuple[Transaction, ...]) -> None:
    """Print a line for each of `transactions`, and where each that is open stands."""
    table = Table("transaction", "began", "amount", "state", "card", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    for each in transactions:
        facts = each.facts
        amount = facts.get("amount_fen")
        table.add_row(
            each.id,
            f"{each.rows[0].at:%m-%d %H:%M}",
            format_amount(amount) if isinstance(amount, int) else "",
            f"[{_colour(each.state)}]{each.state.value}[/]",
            escape(str(facts.get("card") or "")),
        )
    console.print(table)
    for each in transactions:
        if not each.state.closed:
            console.print(f"{each.id}: {escape(standing(each))}")


def render_story(console: Console, transaction: Transaction) -> None:
    """Print what `transaction` is, its rows one by one, and where it stands. A date stands where the day changes."""
    facts, day = transaction.facts, transaction.rows[0].at.date()
    amount = facts.get("amount_fen")
    known = (facts.get("service"), format_amount(amount) if isinstance(amount, int) else None, facts.get("card"))
    console.print(f"[bold]{escape(transaction.id)}[/]", *(escape(str(each)) for each in known if each), sep="  ")
    console.print(f"began {transaction.rows[0].at:%Y-%m-%d %H:%M:%S %Z}".rstrip())
    table = Table("row", "time", "state", "what happened", box=None, pad_edge=False)
    for line in tell(transaction):
        details = "\n".join((*line.facts, *filter(None, [line.remark])))
        meaning = escape(line.meaning) + (f"\n[dim]{escape(details)}[/]" if details else "")
        state = f"[{_colour(line.state)}]{line.state.value}[/]"
        date = "" if line.at.date() == day else f"{line.at:%Y-%m-%d}\n"
        day = line.at.date()
        table.add_row(str(line.number), date + f"{line.at:%H:%M:%S.%f}"[:-3], state, meaning)
    console.print(table)
    console.print(escape(standing(transaction)))


def _folder(where: Path) -> Path:
    """Return the journal's folder; may raise ConfigError."""
    if where.is_dir():
        return where
    from openteller.config import load_terminal  # noqa: PLC0415  (with it come all drivers)

    return load_terminal(where).journal.folder


def _one(folder: Path, transaction: str) -> Transaction:
    # An id is ASCII, and SQLite cannot be asked for what is no text at all.
    found = read_transaction(folder, transaction) if transaction.isascii() else None
    if found is None:
        stop(f"{folder}: there is no transaction {transaction}{_what_is_gone(folder)}")
    return found


def _what_is_gone(folder: Path) -> str:
    """Return what a sentence adds about that which was retired, "" where nothing was."""
    retired = read_retired(folder)
    if retired is None:
        return ""
    return f"; what is older, to {retired.until:%Y-%m-%d}, was retired on {retired.at:%Y-%m-%d} by {retired.by}"


def _search(
    *,
    only_open: bool,
    date: str | None,
    begun_from: str | None,
    begun_to: str | None,
    states: list[LedgerState] | None,
    card: str,
    service: str,
    limit: int,
) -> Search:
    """Return what the options ask for; a mistake in one ends the program."""
    if date is not None and (begun_from is not None or begun_to is not None):
        stop("--date is a whole day: it goes with neither --from nor --to")
    starts, ends = (date, date) if date is not None else (begun_from, begun_to)
    first = _moment(starts, "--date" if date is not None else "--from")[0] if starts is not None else None
    behind = _moment(ends, "--date" if date is not None else "--to")[1] if ends is not None else None
    if first is not None and behind is not None and first >= behind:
        stop(f"--from {begun_from} lies behind --to {begun_to}")
    last_four = len(card) == 4 and card.isascii() and card.isdigit()
    if card and not last_four and not ("*" in card and len(card) in _MASKED_LENGTHS):
        stop("--card: give the card's last four digits, or its number masked as the journal shows it")
    return Search(
        begun_from=first,
        begun_before=behind,
        states=frozenset(states) if states else None,
        only_open=only_open,
        card=card or None,
        service=service or None,
        limit=limit,
    )


def _moment(text: str, option: str) -> tuple[datetime, datetime]:
    """Return the first moment of a day or minute, and the first behind it, in this machine's time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        stop(f'{option}: "{text}" is neither a day such as 2026-11-22 nor a time such as 2026-11-22T10:15')
    whole_day = moment.time() == time() and "T" not in text and ":" not in text
    behind = timedelta(days=1) if whole_day else timedelta(minutes=1)
    try:
        return moment.astimezone(), (moment + behind).astimezone()
    except (ValueError, OverflowError):  # about the first and the last day of the calendar
        stop(f'{option}: "{text}" is no time of a journal')


def _new_file(path: Path) -> Path:
    if path.exists():
        stop(f"{path}: there is such a file already; name another one, or remove it first")
    return path


def _alone(where: Path) -> SqliteJournal:
    """Open the journal for writing; no transaction begins here, so the terminal's number is not needed."""
    folder = _folder(where)
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


def _count(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def _colour(state: LedgerState) -> str:
    if state.needs_card or state is LedgerState.MANUAL:
        return "red"
    return "green" if state.closed else "yellow"
