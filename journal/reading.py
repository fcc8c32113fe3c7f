"""Transactions out of the journal, read beside a running core: one, the latest, or those that a search describes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import apsw

from durable.sqlite import closing_connection
from journal.archive import Archived, first_archive_from, newest_archived_row, read_archive
from journal.database import (
    BEGUN_SINCE,
    OF_OPEN_TRANSACTIONS,
    OF_TRANSACTIONS,
    keeping_promises,
    open_for_reading,
    select_entries,
)
from journal.entries import Entry
from journal.retirement import Retired, first_archive, newest_retired_row
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
        began = transaction.rows[0].at
        return (
            (self.begun_from is None or began >= self.begun_from)
            and (self.begun_before is None or began < self.begun_before)
            and (self.states is None or transaction.state in self.states)
            and not (self.only_open and transaction.state.closed)
            and (self.card is None or self._is_card(str(transaction.facts.get("card") or "")))
            and (self.service is None or transaction.facts.get("service") == self.service)
        )

    def _is_card(self, masked: str) -> bool:
        return masked.endswith(self.card or "") if len(self.card or "") == 4 else masked == self.card


def search(folder: Path, wanted: Search) -> tuple[Transaction, ...]:
    """Return the transactions that are `wanted` of the journal in `folder`, in the order in which they began.

    Raises:
        JournalUnavailable: there is no journal, or it cannot be read.
    """
    which, values = _narrowed(wanted)
    with _reading(folder) as database:
        found = [each for each in _transactions(select_entries(database, which, values)) if wanted.fits(each)]
        archived = _archived(database)
        if archived is None or not _reaches_archives(wanted, found, archived):
            return tuple(found[-wanted.limit :])
        first = first_archive_from(folder, first_archive(database), archived, wanted.begun_from)
        entries = _archived_entries(folder, database, archived, first)
        # What began in an archive before the first one is not whole here, and began too early to be wanted.
        whole = (each for each in _transactions(entries) if each.rows[0].state is LedgerState.NEW)
        found += [each for each in whole if wanted.fits(each)]
    found.sort(key=lambda each: each.rows[0].number)
    return tuple(found[-wanted.limit :])


def read_transaction(folder: Path, transaction: str) -> Transaction | None:
    """Return one transaction of the journal in `folder`, None if there is none of that id.

    Raises:
        JournalUnavailable: there is no journal, or it cannot be read.
    """
    with _reading(folder) as database:
        found = next(_transactions(select_entries(database, "WHERE transaction_id = ?", (transaction,))), None)
        archived = _archived(database)
        if found is not None or archived is None:
            return found
        entries = _archived_entries(folder, database, archived, first_archive(database))
        return next(_transactions(entry for entry in entries if entry.transaction == transaction), None)


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


def read_notes(folder: Path) -> tuple[Entry, ...]:
    """Return the rows about the journal itself, the oldest first; those of retired archives are gone with them.

    Raises:
        JournalUnavailable: there is no journal, or it cannot be read.
    """
    with _reading(folder) as database:
        notes = {entry.number: entry for entry in select_entries(database, "WHERE transaction_id = ''")}
        archived = _archived(database)
        if archived is not None:
            for number in range(first_archive(database), archived.archive + 1):
                notes |= {entry.number: entry for entry in read_archive(folder, number) if entry.is_note}
    return tuple(notes[number] for number in sorted(notes))


def read_retired(folder: Path) -> Retired | None:
    """Return what is not in the journal any more because its archives were retired, None if nothing is.

    Raises:
        JournalUnavailable: there is no journal, or it cannot be read.
    """
    with _reading(folder) as database:
        row = newest_retired_row(database)
    return None if row is None else Retired.of(row)


def _narrowed(wanted: Search) -> tuple[str, tuple[str | int, ...]]:
    """Return a WHERE clause that holds all that is wanted, and no more than must be looked at."""
    if wanted.only_open:
        return OF_OPEN_TRANSACTIONS, ()
    if wanted.begun_from is not None:
        return BEGUN_SINCE, (wanted.begun_from.isoformat(),)
    if wanted == Search(limit=wanted.limit):
        latest = "SELECT transaction_id FROM entry WHERE state = 'NEW' ORDER BY number DESC LIMIT ?"
        return f"WHERE transaction_id IN ({latest})", (wanted.limit,)
    return OF_TRANSACTIONS, ()


def _reaches_archives(wanted: Search, found: list[Transaction], archived: Archived) -> bool:
    """Whether an archive may hold what is wanted beyond what was `found` in the database."""
    if wanted.only_open or (wanted.begun_from is not None and wanted.begun_from > archived.until):
        return False
    return sum(each.rows[0].number > archived.last for each in found) < wanted.limit


@contextmanager
def _reading(folder: Path) -> Iterator[apsw.Connection]:
    """Open the journal as it stands at one moment."""
    with keeping_promises(f"read the journal in {folder}"), closing_connection(open_for_reading(folder)) as database:
        database.execute("BEGIN")
        yield database


def _archived(database: apsw.Connection) -> Archived | None:
    row = newest_archived_row(database)
    return None if row is None else Archived.of(row)


def _archived_entries(folder: Path, database: apsw.Connection, archived: Archived, first: int) -> Iterator[Entry]:
    """Yield the rows of all transactions that are no longer in the database, from archive `first` on."""
    which = "SELECT DISTINCT transaction_id FROM entry WHERE number <= ?"
    stayed = {str(transaction) for (transaction,) in database.execute(which, (archived.last,))}
    for number in range(first, archived.archive + 1):
        for entry in read_archive(folder, number):
            if not entry.is_note and entry.transaction not in stayed:
                yield entry


def _transactions(entries: Iterable[Entry]) -> Iterator[Transaction]:
    rows: dict[str, list[LedgerRow]] = {}
    for entry in entries:
        try:
            rows.setdefault(entry.transaction, []).append(entry.row())
        except ValueError as error:
            raise JournalUnavailable(f"row {entry.number} of the journal cannot be read: {error}") from None
    for transaction, its_rows in rows.items():
        yield Transaction(transaction, tuple(its_rows))
