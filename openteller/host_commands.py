"""`openteller host`: how the link to the bank host is, and what waits for the host's answer."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kiosk_core.errors import ConfigError, JournalUnavailable
from kiosk_core.ledger import Transaction
from kiosk_core.money import format_amount
from kiosk_core.screen_messages import Refused
from kiosk_core.settlement import STAFF_MAY_CLOSE
from kiosk_core.suspense import REPORTED, suspense_of
from kiosk_core.technician_questions import AskHost, HostReport, WaitingReport
from openteller.console import TERMINAL_FILE, report, stop
from openteller.core_client import CoreClient, CoreSilent

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="See the link to the bank host and its queue.")

_ConfigFile = Annotated[Path, typer.Argument(metavar="[KIOSK.TOML]", help="The terminal's configuration file.")]
_Json = Annotated[bool, typer.Option("--json", help="JSON for scripts, instead of text for people.")]

_WORDS = {
    "REV_REQ": "reversal",
    "CONFIRM_SAF": "proof of load",
    "CARD_OK": "proof of load",
    "SUSPENSE": "load in doubt",
    "MANUAL": "load in doubt",
}


@app.callback()
def _host() -> None:
    """See the link to the bank host and its queue: they are those of the running core."""


@app.command(epilog="Example:  openteller host status out/kiosk.toml")
def status(config_file: _ConfigFile = TERMINAL_FILE, as_json: _Json = False) -> None:
    """Show the servers, since when it is connected, the last answer, how long it took, and the keys' check values.

    Exits with 1 if the core does not run, the host did not answer the last question or keeps another journal of this
    terminal, or no PIN can be taken for want of a key from the host.
    """
    socket, _ = _places(config_file)
    try:
        found = _asked(socket)
    except CoreSilent as error:
        stop(f"no core answers on {socket}: {error}; start it with: openteller core {config_file}")
    if as_json:
        _print_json(asdict(found))
    else:
        Console(highlight=False).print(_status(found))
    if found.failure or found.last_answer is None or found.pin_key_problem or found.journal_problem:
        raise typer.Exit(1)


@app.command(epilog="Example:  openteller host queue out/kiosk.toml")
def queue(config_file: _ConfigFile = TERMINAL_FILE, as_json: _Json = False) -> None:
    """List what the host has not acknowledged: since when it waits, how often it was tried, when it is tried next.

    Without a running core the journal tells what waits; nothing is being sent then. Exits with 1 if anything waits.
    """
    socket, folder = _places(config_file)
    try:
        waiting = _asked(socket).waiting
        note = ""
    except CoreSilent:
        waiting = _of_journal(folder)
        note = f"The core does not run: nothing is being sent. Start it with: openteller core {config_file}"
    if as_json:
        _print_json([asdict(each) for each in waiting])
    else:
        console = Console(highlight=False)
        console.print(_queue(waiting, running=not note) if waiting else "Nothing waits for the bank host.")
        if note:
            console.print(f"[yellow]{escape(note)}[/]")
    if waiting:
        raise typer.Exit(1)


def _asked(socket: Path) -> HostReport:
    with CoreClient(socket) as core:
        answer = core.ask(AskHost())
    match answer:
        case HostReport():
            return answer
        case Refused(reason=reason):
            raise CoreSilent(reason)
        case _:
            raise CoreSilent("it gave another answer than was asked for")


def _of_journal(folder: Path) -> tuple[WaitingReport, ...]:
    from journal.reading import read_open  # noqa: PLC0415  (with it comes the database)

    try:
        return tuple(_at_rest(each) for each in read_open(folder) if _waits_for_host(each))
    except JournalUnavailable as error:
        stop(str(error))


def _waits_for_host(transaction: Transaction) -> bool:
    """Whether the host has still to answer: of what staff may close, it is told where a load is in doubt."""
    if transaction.state not in STAFF_MAY_CLOSE:
        return True
    return REPORTED not in transaction.facts and suspense_of(transaction) is not None


def _at_rest(transaction: Transaction) -> WaitingReport:
    since = next(row.at for row in transaction.rows if row.state is transaction.state)
    return WaitingReport(
        transaction=transaction.id,
        state=transaction.state.value,
        amount_fen=int(transaction.facts.get("amount_fen") or 0),
        since=since.isoformat(timespec="seconds"),
        tries=0,
        next_try_s=0.0,
    )


def _status(found: HostReport) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for server in found.servers:
        words = ["[green]in use[/]"] if server.in_use else []
        words += [f"[yellow]not reached {server.failures} times in a row[/]"] if server.failures else []
        table.add_row("server", " ".join([escape(server.name), *words]))
    table.add_row("connected", f"since {_moment(found.connected_since)}" if found.connected_since else "no")
    took = f", after {found.round_trip_ms} ms" if found.round_trip_ms is not None else ""
    table.add_row("last answer", f"{_moment(found.last_answer)}{took}" if found.last_answer else "none yet")
    if found.failure:
        table.add_row("problem", f"[red]{escape(found.failure)}[/]")
    if found.journal_problem:
        table.add_row("journal", f"[red]out of service: {escape(found.journal_problem)}[/]")
    table.add_row("MAC key", found.mac_key or "none")
    if found.pin_key is not None:
        problem = f" [red]bank cards cannot pay: {escape(found.pin_key_problem)}[/]" if found.pin_key_problem else ""
        table.add_row("PIN key", f"{found.pin_key or 'none'}{problem}")
    table.add_row("waiting", str(len(found.waiting)) if found.waiting else "nothing")
    return table


def _queue(waiting: tuple[WaitingReport, ...], *, running: bool) -> Table:
    table = Table("transaction", "what", "amount", "since", "tries", "next try", box=None, pad_edge=False)
    for each in waiting:
        next_try = (f"in {each.next_try_s:.0f} s" if each.next_try_s else "now") if running else "-"
        table.add_row(
            each.transaction,
            _WORDS.get(each.state, each.state),
            format_amount(each.amount_fen),
            _moment(each.since),
            str(each.tries) if running else "-",
            next_try,
        )
    return table


def _moment(text: str | None) -> str:
    return (text or "")[:19].replace("T", " ")


def _places(config_file: Path) -> tuple[Path, Path]:
    """Return the core's socket and the journal's folder."""
    from openteller.config import load_terminal  # noqa: PLC0415  (with it come all drivers)

    try:
        config = load_terminal(config_file)
    except ConfigError as error:
        report(error)
        raise typer.Exit(1) from None
    return config.core.socket, config.journal.folder


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
