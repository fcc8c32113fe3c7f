"""Where the commands find the journal, and a transaction in it."""

from pathlib import Path
from typing import Annotated

import typer

from journal.reading import read_retired, read_transaction
from kiosk_core.ledger import Transaction
from openteller.console import stop

JournalOption = Annotated[
    Path,
    typer.Option(
        "--journal",
        "-j",
        metavar="WHERE",
        help="The journal's folder, or the terminal's configuration file that names it.",
    ),
]


def journal_folder(where: Path) -> Path:
    """Return the journal's folder; may raise ConfigError."""
    if where.is_dir():
        return where
    from openteller.config import load_terminal  # noqa: PLC0415  (with it come all drivers)

    return load_terminal(where).journal.folder


def the_transaction(folder: Path, transaction: str) -> Transaction:
    """Return the transaction of this id; there being none ends the program."""
    # An id is ASCII, and SQLite cannot be asked for what is no text at all.
    found = read_transaction(folder, transaction) if transaction.isascii() else None
    if found is None:
        stop(f"{folder}: there is no transaction {transaction}{what_is_gone(folder)}")
    return found


def what_is_gone(folder: Path) -> str:
    """Return what a sentence adds about that which was retired, "" where nothing was."""
    retired = read_retired(folder)
    if retired is None:
        return ""
    return f"; what is older, to {retired.until:%Y-%m-%d}, was retired on {retired.at:%Y-%m-%d} by {retired.by}"
