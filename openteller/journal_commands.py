"""`openteller journal`: what happened to customers' money, and proof that nobody changed the record of it."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from journal.story import read_latest, read_open, read_transaction, standing, tell
from journal.verify import Verdict, verify
from kiosk_core.errors import ConfigError, JournalUnavailable
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.money import format_amount
from openteller.console import report

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Read the electronic journal and prove it.")

_LATEST = 20

_Where = Annotated[
    Path,
    typer.Option(
        "--journal",
        "-j",
        metavar="WHERE",
        help="The journal's folder, or the terminal's configuration file that names it.",
    ),
]

_DEFAULT = Path("/etc/openteller/kiosk.toml")


@app.command(
    epilog="""
Examples:

openteller journal show -j out/journal

openteller journal show -j out/journal --open

openteller journal show -j out/journal -t KT000001-25112200042
"""
)
def show(
    where: _Where = _DEFAULT,
    transaction: Annotated[str, typer.Option("--transaction", "-t", metavar="ID", help="Tell this one's story.")] = "",
    only_open: Annotated[bool, typer.Option("--open", help="Only what is not settled yet.")] = False,
) -> None:
    """Show the latest transactions, those still open, or the story of one.

    The core may be running. Exits with 1 if there is no such transaction or no journal.
    """
    folder = _folder(where)
    console = Console(highlight=False)
    try:
        if transaction:
            found = read_transaction(folder, transaction)
            if found is None:
                _stop(f"{folder}: there is no transaction {transaction}")
            render_story(console, found)
        else:
            render_list(console, read_open(folder) if only_open else read_latest(folder, _LATEST), only_open=only_open)
    except JournalUnavailable as error:
        _stop(str(error))


@app.command(
    name="verify",
    epilog="""
Examples:

openteller journal verify -j out/journal

openteller journal verify -j /etc/openteller/kiosk.toml
""",
)
def verify_command(where: _Where = _DEFAULT) -> None:
    """Prove that no row was changed, dropped, moved or added; name the first that was.

    The core may be running. Exits with 0 if all rows are good, with 1 if not.
    """
    try:
        verdict = verify(_folder(where))
    except JournalUnavailable as error:
        _stop(str(error))
    render_verdict(Console(highlight=False, soft_wrap=True), verdict)
    if not verdict.good:
        raise typer.Exit(1)


def render_verdict(console: Console, verdict: Verdict) -> None:
    """Print what `verify` found."""
    if verdict.good:
        console.print(f"[green]The journal is good:[/] {_rows(verdict.rows)}, the last with hash {verdict.head}.")
        return
    first = f" The first bad row is {verdict.first_bad}." if verdict.first_bad is not None else ""
    console.print(f"[red]The journal is bad:[/] {escape(verdict.problem)}.{first}")
    console.print(f"Before it {_rows(verdict.rows)} {'is' if verdict.rows == 1 else 'are'} good.")


def render_list(console: Console, transactions: tuple[Transaction, ...], *, only_open: bool) -> None:
    """Print a line for each of `transactions`, and where each that is open stands."""
    if not transactions:
        console.print("Every transaction is settled." if only_open else "There is no transaction yet.")
        return
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
            console.print(f"{each.id}: {standing(each)}", soft_wrap=True)


def render_story(console: Console, transaction: Transaction) -> None:
    """Print the rows of `transaction` one by one, and where it stands."""
    console.print(f"[bold]{escape(transaction.id)}[/]")
    table = Table("row", "time", "state", "what happened", box=None, pad_edge=False)
    for line in tell(transaction):
        details = "\n".join((*line.facts, *filter(None, [line.remark])))
        meaning = escape(line.meaning) + (f"\n[dim]{escape(details)}[/]" if details else "")
        state = f"[{_colour(line.state)}]{line.state.value}[/]"
        table.add_row(str(line.number), f"{line.at:%Y-%m-%d %H:%M:%S.%f}"[:-3], state, meaning)
    console.print(table)
    console.print(standing(transaction))


def _folder(where: Path) -> Path:
    if where.is_dir():
        return where
    from openteller.config import load_terminal  # noqa: PLC0415  (with it come all drivers)

    try:
        return load_terminal(where).journal.folder
    except ConfigError as error:
        report(error)
        raise typer.Exit(1) from None


def _stop(problem: str) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]{escape(problem)}[/]")
    raise typer.Exit(1)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _colour(state: LedgerState) -> str:
    if state.needs_card or state is LedgerState.MANUAL:
        return "red"
    return "green" if state.closed else "yellow"
