"""`openteller reconcile`: a day of the journal beside the bank's settlement file; reads both, writes neither."""

import codecs
import gc
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console, RenderableType
from rich.markup import escape

from journal.reading import Search, read_open, search
from journal.verify import verify
from kiosk_core.errors import ConfigError, JournalUnavailable
from kiosk_core.ledger import Transaction
from openteller.console import TERMINAL_FILE, report
from openteller.reconcile_views import as_csv, as_json, render
from openteller.reconciliation import Reconciliation, reconcile
from openteller.system_clock import SystemClock
from wire.errors import WireError
from wire.settlement import Settlement, decode

_LOOK_BACK = timedelta(days=7)
"""How long before the day a transaction may have begun of which the day still sees a booking: for so long WeChat takes
a reversal (facts: money-safety 5.1). What is open or in a file is found however old it is."""
_PAPER_COLUMNS = 80

EXAMPLES = """
Examples:

openteller reconcile --date 2026-11-22 -s bank-20261122.txt -j out/journal

openteller reconcile --date 2026-11-22 -s bank-20261122.txt -s bank-20261123.txt --format csv --out day.csv
"""

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


class Form(Enum):
    """How the comparison is told."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class WrongInputError(Exception):
    """There is nothing to compare; the text says what is wrong and what to do."""


@app.command(name="reconcile", epilog=EXAMPLES)
def reconcile_command(
    day: Annotated[str, typer.Option("--date", metavar="DAY", help="The day, as 2026-11-22.")],
    settlement: Annotated[
        list[Path],
        typer.Option(
            "--settlement", "-s", metavar="FILE", help="The bank's file of that day; more for days beside it."
        ),
    ],
    where: Annotated[
        Path,
        typer.Option(
            "--journal", "-j", metavar="WHERE", help="The journal's folder, or the configuration file that names it."
        ),
    ] = TERMINAL_FILE,
    form: Annotated[Form, typer.Option("--format", help="For people, or for programs.")] = Form.TABLE,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a new file, not to the screen.")] = None,
) -> None:
    """Compare a day of the journal with the bank's settlement file, and say what is to be done.

    The core may be running. Exits with 0 if both agree and nothing is open, with 1 if something is, with 2 if there is
    nothing to compare: no such day, a file that is cut short or of another day or terminal, a damaged journal.
    """
    now = SystemClock().wall()
    try:
        with _without_garbage_collection():
            found = compared(_day(day, now), where, settlement, now)
        _tell(found, form, out)
    except ConfigError as error:
        report(error)
        raise typer.Exit(2) from None
    except (WrongInputError, JournalUnavailable, OSError) as error:
        _refuse(str(error))
    if found.is_open:
        raise typer.Exit(1)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Keep what is read: all of it lives to the end, and looking through it for garbage takes a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def compared(day: date, where: Path, settlement: Sequence[Path], now: datetime) -> Reconciliation:
    """Read what there is of `day` on both sides, and compare it.

    Raises:
        WrongInputError: there is nothing to compare.
        ConfigError, JournalUnavailable: the configuration or the journal cannot be read.
    """
    files = _files(day, settlement)
    folder, number = _journal(where)
    verdict = verify(folder)
    if not verdict.good:
        raise WrongInputError(f"{folder}: {verdict.problem}; look into it first: openteller journal verify")
    midnight = datetime.combine(day, time(), now.tzinfo)
    around = Search(begun_from=midnight - _LOOK_BACK, begun_before=midnight + timedelta(days=2))
    # Read one after the other while the core may write: what is read later knows more.
    known = {each.id: each for transactions in (read_open(folder), search(folder, around)) for each in transactions}
    terminal = _terminal(number, known.values(), files)
    named = {entry.order for file in files for entry in file.entries if entry.terminal == terminal}
    if older := named - known.keys():
        known |= {each.id: each for each in search(folder, Search()) if each.id in older}
    about_money = [each for each in known.values() if each.is_about_money]
    return reconcile(day, terminal, about_money, files, now)


def _day(text: str, now: datetime) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise WrongInputError(f"--date {text}: there is no such day; write it as {now:%Y-%m-%d}") from None
    if day > now.date():
        raise WrongInputError(f"--date {text}: that day has not come yet")
    return day


def _files(day: date, paths: Sequence[Path]) -> tuple[Settlement, ...]:
    files: dict[date, Settlement] = {}
    for path in paths:
        try:
            data = path.read_bytes()
            file = decode(data)
        except OSError as error:
            raise WrongInputError(f"{path}: {error.strerror}") from None
        except WireError as error:
            raise WrongInputError(
                f"{path}: is no whole settlement file: {_what_happened(data) or f'{error}; fetch it again'}"
            ) from None
        if file.date in files:
            raise WrongInputError(f"{path}: is the second file of {file.date}; name each day's once")
        files[file.date] = file
    if day not in files:
        raise WrongInputError(f"{paths[0]}: is the bank's file of {min(files)}, not of {day}")
    return tuple(files.values())


def _what_happened(data: bytes) -> str:
    """Return what another program did to a settlement file, where that can be seen; "" elsewhere."""
    if data.startswith((b"\x1f\x8b", b"PK\x03\x04")):
        return "it is packed; unpack it"
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "an editor saved it in another encoding; fetch it again and leave it as it is"
    if data.startswith(b"H|") and b"\r\n" in data:
        return "its line ends were changed to CR LF on the way; fetch it again as a binary file"
    return ""


def _journal(where: Path) -> tuple[Path, str | None]:
    """Return the journal's folder, and the terminal's number where a configuration names it. Raises ConfigError."""
    if where.is_dir():
        return where, None
    from openteller.config import load_terminal  # noqa: PLC0415  (with it come all drivers)

    config = load_terminal(where)
    return config.journal.folder, config.terminal.number


def _terminal(number: str | None, transactions: Iterable[Transaction], files: Sequence[Settlement]) -> str:
    """Return whose journal it is: as configured, as its transactions are numbered, or the only one of an empty one."""
    transactions = tuple(transactions)
    here = {number} if number is not None else {each.id.rpartition("-")[0] for each in transactions}
    at_bank = {entry.terminal for file in files for entry in file.entries}
    if len(here) > 1:
        raise WrongInputError(f"the journal is of several terminals: {', '.join(sorted(here))}; name its configuration")
    if here and at_bank and not here & at_bank and any(not each.state.before_payment for each in transactions):
        raise WrongInputError(
            f"the bank's file is of terminal {', '.join(sorted(at_bank))}; the journal is of {here.pop()}"
        )
    if not here and len(at_bank) > 1:
        raise WrongInputError("the journal is empty: name the terminal's configuration with --journal")
    return (here or at_bank or {"?"}).pop()


def _tell(found: Reconciliation, form: Form, out: Path | None) -> None:
    if form is Form.TABLE and out is None:
        Console(highlight=False).print(render(found))
        return
    match form:
        case Form.TABLE:
            text = _plain(render(found))
        case Form.JSON:
            text = as_json(found)
        case Form.CSV:
            text = as_csv(found)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise WrongInputError(f"{out}: is there already; name a new file") from None
    except OSError as error:
        raise WrongInputError(f"{out}: {error.strerror}") from None


def _plain(table: RenderableType) -> str:
    paper = Console(file=io.StringIO(), width=_PAPER_COLUMNS, highlight=False)
    with paper.capture() as text:
        paper.print(table)
    return text.get()


def _refuse(problem: str) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]{escape(problem)}[/]")
    raise typer.Exit(2)
