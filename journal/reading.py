"""Transactions out of the journal, read beside a running core: one, the latest, or those that a search describes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from journal.database import (
    BEGUN_SINCE,
    OF_OPEN_TRANSACTIONS,
    OF_TRANSACTIONS,
    closing_connection,
    keeping_promises,
    open_for_reading,
    select_entries,
)
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerRow, LedgerState, Transaction

EVERYTHING = 1_000_000_000


@dataclass(frozen=True)
class Search:
    """Which transactions are wanted; a field that is None or False asks for nothing.

    Args:
        begun_from, begun_before: the first moment wanted, and the first that is not.
        states: where the transaction stands now.
        only_open: it is not closed.
        card: the card's last four digits, or its masked number.
        service: the id of the service.
        limit: how many, counted from the one that began last.
    """

    begun_from: datetime | None = None
    begun_before: datetime | None = None
    states: frozenset[LedgerState] | None = None
    only_open: bool = False
    card: str | None = None
    service: str | None = None
    limit: int = EVERYTHING

    def fits(self, transaction: Transaction) -> bool:
        """Whether `transaction` is wanted."""
        began, facts = transaction.rows[0].at, transaction.facts
        return (
            (self.begun_from is None or began >= self.begun_from)
            and (self.begun_before is None or began < self.begun_before)
            and (self.states is None or transaction.state in self.states)
            and not (self.only_open and transaction.state.closed)
            and (self.card is None or self._is_card(str(facts.get("card") or "")))
            and (self.service is None or facts.get("service") == self.service)
        )

    def _is_card(self, masked: str) -> bool:
        return masked.endswith(self.card or "") if len(self.card or "") == 4 else masked == self.card


def search(folder: Path, wanted: Search) -> tuple[Transaction, ...]:
    """Return the transactions that are `wanted` of the journal in `folder`, in the order in which they began.

    Raises:
        JournalUnavailable: there is no journal, or it cannot be read.
    """
    which, values = _narrowed(wanted)
    found = [each for each in _read(folder, which, values) if wanted.fits(each)]
    return tuple(found[-wanted.limit :])


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
    return search(folder, Search(limit=count))


def read_open(folder: Path) -> tuple[Transaction, ...]:
    """Return every transaction that is not closed, oldest first.

    Raises:
        JournalUnavailable: there is no journal, or it cannot be read.
    """
    return search(folder, Search(only_open=True))


def _narrowed(wanted: Search) -> tuple[str, tuple[str | float, ...]]:
    """Return a WHERE clause that holds all that is wanted, and no more than must be looked at."""
    if wanted.only_open:
        return OF_OPEN_TRANSACTIONS, ()
    if wanted.begun_from is not None:
        return BEGUN_SINCE, (wanted.begun_from.timestamp(),)
    if wanted == Search(limit=wanted.limit):
        latest = "SELECT transaction_id FROM entry WHERE state = 'NEW' ORDER BY number DESC LIMIT ?"
        return f"WHERE transaction_id IN ({latest})", (wanted.limit,)
    return OF_TRANSACTIONS, ()


def _read(folder: Path, which: str, values: tuple[str | float, ...]) -> Iterator[Transaction]:
    rows: dict[str, list[LedgerRow]] = {}
    with keeping_promises(f"read the journal in {folder}"), closing_connection(open_for_reading(folder)) as database:
        for entry in select_entries(database, which, values):
            try:
                rows.setdefault(entry.transaction, []).append(entry.row())
            except ValueError as error:
                raise JournalUnavailable(f"row {entry.number} of the journal cannot be read: {error}") from None
    for transaction, its_rows in rows.items():
        yield Transaction(transaction, tuple(its_rows))
