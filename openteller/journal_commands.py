"""`openteller journal`: what happened to customers' money, and proof that nobody changed the record of it."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from journal.export import ExportFormat, export
from journal.reading import EVERYTHING, Search, read_notes, search
from journal.verify import verify
from kiosk_core.ledger import Transaction
from openteller.console import TERMINAL_FILE, plain_errors, stop
from openteller.journal_acts import (
    CONFIRM_CLOCK_EXAMPLE,
    CONFIRM_DISK_EXAMPLE,
    RETIRE_EXAMPLE,
    SETTLE_EXAMPLE,
    confirm_clock,
    confirm_disk,
    retire_command,
    settle_command,
)
from openteller.journal_folder import JournalOption, journal_folder, the_transaction, what_is_gone
from openteller.journal_search import (
    CardOption,
    DateOption,
    FromOption,
    OpenOption,
    ServiceOption,
    StatesOption,
    ToOption,
    search_of,
)
from openteller.journal_views import counted, render_list, render_notes, render_story, render_verdict

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Read the electronic journal and prove it.")

_LATEST = 20

_Transaction = Annotated[str, typer.Option("--transaction", "-t", metavar="ID", help="Only this one.")]


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
    where: JournalOption = TERMINAL_FILE,
    transaction: Annotated[str, typer.Option("--transaction", "-t", metavar="ID", help="Tell this one's story.")] = "",
    only_open: OpenOption = False,
    date: DateOption = None,
    begun_from: FromOption = None,
    begun_to: ToOption = None,
    states: StatesOption = None,
    card: CardOption = "",
    service: ServiceOption = "",
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Only the N that began last.")] = _LATEST,
) -> None:
    """Show the latest transactions, those still open, those of a search, or the story of one.

    The core may be running. Exits with 1 if there is no such transaction or no journal.
    """
    console = Console(highlight=False)
    with plain_errors():
        folder = journal_folder(where)
        if transaction:
            render_story(console, the_transaction(folder, transaction))
            return
        # One more than is shown tells whether there are more.
        wanted = search_of(
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
            console.print(f"No transaction is like that{what_is_gone(folder)}.", soft_wrap=True, markup=False)
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
    where: JournalOption = TERMINAL_FILE,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a new file, not to the screen.")] = None,
    transaction: _Transaction = "",
    only_open: OpenOption = False,
    date: DateOption = None,
    begun_from: FromOption = None,
    begun_to: ToOption = None,
    states: StatesOption = None,
    card: CardOption = "",
    service: ServiceOption = "",
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Only the N that began last.")] = EVERYTHING,
) -> None:
    """Write the journal, or what a search finds in it, as CSV, JSON Lines or paper roll.

    The core may be running. A file that exists is left alone. Exits with 1 if nothing could be written.
    """
    with plain_errors():
        folder = journal_folder(where)
        if transaction:
            found: tuple[Transaction, ...] = (the_transaction(folder, transaction),)
        else:
            wanted = search_of(
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
        typer.echo(f"{out}: {counted(len(found), 'transaction')}")


app.command(name="settle", epilog=SETTLE_EXAMPLE)(settle_command)
app.command(name="confirm-clock", epilog=CONFIRM_CLOCK_EXAMPLE)(confirm_clock)
app.command(name="confirm-disk", epilog=CONFIRM_DISK_EXAMPLE)(confirm_disk)
app.command(name="retire", epilog=RETIRE_EXAMPLE)(retire_command)


@app.command(
    name="verify",
    epilog="""
Examples:

openteller journal verify -j out/journal

openteller journal verify -j /etc/openteller/kiosk.toml
""",
)
def verify_command(where: JournalOption = TERMINAL_FILE) -> None:
    """Prove that no row was changed, dropped, moved or added; name the first that was.

    The core may be running. Exits with 0 if all rows are good, with 1 if not.
    """
    with plain_errors():
        verdict = verify(journal_folder(where))
        render_verdict(Console(highlight=False, soft_wrap=True), verdict)
    if not verdict.good:
        raise typer.Exit(1)


@app.command(name="notes", epilog="Example:  openteller journal notes -j out/journal")
def notes_command(where: JournalOption = TERMINAL_FILE) -> None:
    """List the rows about the journal itself: who confirmed the clock or removed archives, what was archived, hashes.

    The core may be running. Exits with 1 if there is no journal.
    """
    with plain_errors():
        found = read_notes(journal_folder(where))
        console = Console(highlight=False)
        if found:
            render_notes(console, found)
        else:
            console.print("There is no row about the journal itself.")


def _new_file(path: Path) -> Path:
    if path.exists():
        stop(f"{path}: there is such a file already; name another one, or remove it first")
    return path
