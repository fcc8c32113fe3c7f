"""The journal for other eyes: CSV and JSON Lines for programs, and the paper roll of a journal printer.

All three hold a row of the journal each, or on paper a line or more, in the order of transactions; money is fen in
CSV and JSON Lines, yuan on paper. None holds more of a card than the journal does: its masked number.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from enum import Enum
from unicodedata import east_asian_width

from journal.story import say_fact, standing
from kiosk_core.ledger import LedgerRow, Transaction

PAPER_COLUMNS = 40
"""What a journal printer of an ATM prints in a line."""


class ExportFormat(Enum):
    """What `export` writes."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PAPER_ROLL = "paper-roll"


def export(transactions: Iterable[Transaction], form: ExportFormat) -> Iterator[str]:
    """Yield the text of `transactions`, line by line, each with its line end."""
    match form:
        case ExportFormat.CSV:
            return _csv(transactions)
        case ExportFormat.JSON_LINES:
            return _json_lines(transactions)
        case ExportFormat.PAPER_ROLL:
            return _paper_roll(transactions)


def _csv(transactions: Iterable[Transaction]) -> Iterator[str]:
    """Yield RFC 4180 with a header; facts are one column of JSON, so no spreadsheet takes one for a formula."""
    yield _csv_line("number", "at", "transaction", "state", "service", "card", "amount_fen", "facts")
    for transaction in transactions:
        of_all = transaction.facts
        for row in transaction.rows:
            yield _csv_line(
                row.number,
                _moment(row),
                row.transaction,
                row.state.value,
                *(of_all.get(key, "") for key in ("service", "card", "amount_fen")),
                _json(row.facts),
            )


def _csv_line(*values: object) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()


def _json_lines(transactions: Iterable[Transaction]) -> Iterator[str]:
    for transaction in transactions:
        for row in transaction.rows:
            told = {
                "number": row.number,
                "at": _moment(row),
                "transaction": row.transaction,
                "state": row.state.value,
                "facts": row.facts,
            }
            yield f"{_json(told)}\n"


def _paper_roll(transactions: Iterable[Transaction]) -> Iterator[str]:
    """Yield a block a transaction between lines of dashes: id and day, then each row's time, state and facts."""
    for transaction in transactions:
        yield "-" * PAPER_COLUMNS + "\n"
        day = transaction.rows[0].at
        yield f"{transaction.id:<{PAPER_COLUMNS - 11}} {day:%Y-%m-%d}\n"
        for row in transaction.rows:
            date = "" if row.at.date() == day.date() else f" {row.at:%Y-%m-%d}"
            day = row.at
            yield f"{row.at:%H:%M:%S} {row.state.value}{date}\n"
            for key, value in row.facts.items():
                yield from _wrapped(say_fact(key, value), indent=2)
        yield from _wrapped(standing(transaction))
    yield "-" * PAPER_COLUMNS + "\n"


def _wrapped(text: str, indent: int = 0) -> Iterator[str]:
    """Yield lines that fit the paper, a Chinese character counting two columns; all but the first go in by two more."""
    line, used = " " * indent, indent
    for word in _pieces(text, PAPER_COLUMNS - indent - 2):
        wide = _columns(word)
        if used + wide > PAPER_COLUMNS:
            yield line.rstrip() + "\n"
            line, used, word = " " * (indent + 2), indent + 2, word.lstrip()  # noqa: PLW2901
            wide = _columns(word)
        line, used = line + word, used + wide
    yield line.rstrip() + "\n"


def _pieces(text: str, longest: int) -> Iterator[str]:
    """Yield words with the space before them; what no line would hold, and each Chinese character, by itself."""
    piece = ""
    for character in text:
        if character == " " or east_asian_width(character) in "WF" or _columns(piece) >= longest:
            yield piece
            piece = ""
        piece += character
    yield piece


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _moment(row: LedgerRow) -> str:
    return row.at.isoformat(timespec="milliseconds")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
