"""Transactions out of the journal, read beside a running core, and what each row means in plain words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from journal.database import (
    OF_OPEN_TRANSACTIONS,
    closing_connection,
    keeping_promises,
    open_for_reading,
    select_entries,
)
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerRow, LedgerState, Transaction
from kiosk_core.money import format_amount

_MEANINGS = {
    LedgerState.NEW: "the customer chose a service",
    LedgerState.CARD_READ: "the card was read",
    LedgerState.INIT: "the card is ready for the load (80 50 answered)",
    LedgerState.FUND_REQ: "the payment is asked for",
    LedgerState.FUND_OK: "the customer has paid",
    LedgerState.MAC2_REQ: "the host is asked to allow the load",
    LedgerState.MAC2_OK: "the host allows the load",
    LedgerState.CREDIT_SENT: "the load is about to go to the card (80 52)",
    LedgerState.CARD_UNKNOWN: "the card did not say whether it was loaded",
    LedgerState.REFUSED: "the card proved that it was not loaded",
    LedgerState.CARD_OK: "the card proved that it was loaded",
    LedgerState.CONFIRM_SAF: "the proof is on its way to the host",
    LedgerState.REV_REQ: "a reversal is on its way to the host",
    LedgerState.SUSPENSE: "the card is gone; the case waits for it",
    LedgerState.MANUAL: "the evidence contradicts itself; the case waits for staff",
    LedgerState.DONE: "the card is loaded and the host knows it",
    LedgerState.REVERSED: "the payment was given back",
    LedgerState.DECLINED: "nothing was paid",
    LedgerState.ABANDONED: "ended before any money moved",
    LedgerState.SETTLED: "staff settled the case",
}

_NEXT_STEPS = {
    LedgerState.CREDIT_SENT: "Open: only the card can tell. It is asked when it is next on the reader.",
    LedgerState.CARD_UNKNOWN: "Open: only the card can tell. It is asked when it is next on the reader.",
    LedgerState.SUSPENSE: "Open: only the card can tell. It is asked when it is next on the reader.",
    LedgerState.MANUAL: "Open: staff must settle this with the host's record and the card.",
    LedgerState.CONFIRM_SAF: "Open: the card is loaded; the proof is sent again until the host answers.",
    LedgerState.CARD_OK: "Open: the card is loaded; the proof is sent again until the host answers.",
    LedgerState.REV_REQ: "Open: the card is not loaded; the reversal is sent again until the host answers.",
}


@dataclass(frozen=True)
class Line:
    """A row as people read it: `facts` as "name value" with money in yuan, `remark` what is odd about it, or ""."""

    number: int
    at: datetime
    state: LedgerState
    meaning: str
    facts: tuple[str, ...]
    remark: str


def tell(transaction: Transaction) -> tuple[Line, ...]:
    """Return the story of `transaction`, a line a row; a fact is told once, until it changes."""
    known: dict[str, str | int | bool | None] = {}
    lines = []
    for before, row in pairwise((None, *transaction.rows)):
        assert row is not None  # noqa: S101  (only the first `before` is None)
        news = tuple(_fact(key, value) for key, value in row.facts.items() if known.get(key, ...) != value)
        known.update(row.facts)
        lines.append(Line(row.number, row.at, row.state, _MEANINGS[row.state], news, _remark(before, row)))
    return tuple(lines)


def standing(transaction: Transaction) -> str:
    """Return where `transaction` stands now and what happens next, in a sentence."""
    if transaction.state.closed:
        return f"Closed: {_MEANINGS[transaction.state]}."
    return _NEXT_STEPS.get(transaction.state, "Open: under way, or settled when the core next starts.")


def read_transaction(folder: Path, transaction: str) -> Transaction | None:
    """Return one transaction of the journal in `folder`, None if there is none of that id.

    Raises:
        JournalUnavailable: there is no journal, or it cannot be read.
    """
    return next(_read(folder, "WHERE transaction_id = ?", (transaction,)), None)


def read_latest(folder: Path, count: int) -> tuple[Transaction, ...]:
    """Return the `count` transactions that began last, oldest first.

    Raises:
        JournalUnavailable: there is no journal, or it cannot be read.
    """
    latest = "SELECT transaction_id FROM entry WHERE state = 'NEW' ORDER BY number DESC LIMIT ?"
    return tuple(_read(folder, f"WHERE transaction_id IN ({latest})", (count,)))


def read_open(folder: Path) -> tuple[Transaction, ...]:
    """Return every transaction that is not closed, oldest first.

    Raises:
        JournalUnavailable: there is no journal, or it cannot be read.
    """
    return tuple(_read(folder, OF_OPEN_TRANSACTIONS, ()))


def _read(folder: Path, which: str, values: tuple[str | int, ...]) -> Iterator[Transaction]:
    rows: dict[str, list[LedgerRow]] = {}
    with keeping_promises(f"read the journal in {folder}"), closing_connection(open_for_reading(folder)) as database:
        for entry in select_entries(database, which, values):
            try:
                rows.setdefault(entry.transaction, []).append(entry.row())
            except ValueError as error:
                raise JournalUnavailable(f"row {entry.number} of the journal cannot be read: {error}") from None
    for transaction, its_rows in rows.items():
        yield Transaction(transaction, tuple(its_rows))


def _fact(key: str, value: str | int | bool | None) -> str:
    match key.removesuffix("_fen"), value:
        case name, bool():
            return f"{name} {'yes' if value else 'no'}"
        case name, int() if name != key:
            return f"{name} {format_amount(value)}"
        case name, _:
            return f"{name} {'-' if value is None else value}"


def _remark(before: LedgerRow | None, row: LedgerRow) -> str:
    if before is None or row.at >= before.at:
        return ""
    return f"the clock had been set back by {timedelta(seconds=round((before.at - row.at).total_seconds()))}"
