"""The electronic journal on SQLite: append-only, hash-chained, on disk before `begin` and `record` return.

A folder holds it: `journal.db` and the key of the card tokens, `journal.key` (both 0600). One program writes: it
holds a lock on the folder until it closes or dies. Others may read at any time. Entries are in the order of their
numbers; `at` is what the terminal's clock said, even where that was set back in between.
"""

import contextlib
import hashlib
import hmac
import json
import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from durable.folders import FolderHeld, lock_folder, replacing
from durable.sqlite import closing_connection
from journal.archive import (
    ROWS_AT_ONCE,
    SHORTEST_KEEP,
    SLACK,
    Archived,
    Retention,
    newest_archived_row,
    write_archive,
)
from journal.database import (
    BEGUN_SINCE,
    DATABASE_NAME,
    DELETE_ARCHIVED,
    ENTRY_COLUMNS,
    OF_NOTES,
    OF_OPEN_TRANSACTIONS,
    keeping_promises,
    open_for_writing,
    read_hash_history,
    select_entries,
)
from journal.entries import GENESIS, OF_JOURNAL, Entry, Note, next_entry
from journal.hashes import HashFunction
from journal.retirement import Retired, Retirement, RetirementRefused, last_to_go, remove_retired
from kiosk_core.card_number import CardNumber
from kiosk_core.clock import Clock
from kiosk_core.errors import JournalUnavailable
from kiosk_core.id_card_reader import IdNumber
from kiosk_core.ledger import Facts, LedgerRow, LedgerState, Transaction

_log = logging.getLogger(__name__)

KEY_NAME = "journal.key"

CLOCK_TOLERANCE = timedelta(seconds=60)
"""How far a clock that is set may step back before somebody must say that it is right."""
RESERVE_BYTES = 16 * 2**20
"""What must be free before a transaction begins: its rows, and room for a checkpoint of the write-ahead log."""

_KEY_BYTES = 32
_TOKEN_DIGITS = 32
_SEQUENCE_DIGITS = 5
_SEQUENCES = range(1, 50_000)
# On a day on which another journal may have given out any of those: from 50,000 and half the second of the day on. It
# is far enough for a third journal of that day too: no terminal begins a transaction oftener than every two seconds.
_SEQUENCES_BEHIND_ANOTHER = range(50_000, 100_000)
_SECONDS_A_TRANSACTION = 2
_ARCHIVE_EVERY_S = 3600.0
_ROWS_BACK = 1000  # more than the transactions that can be open when the clock is set back


class JournalHeld(JournalUnavailable):
    """Another program writes this journal."""


class SqliteJournal:
    """Implements `kiosk_core.ledger.Journal` in `folder`, which is made (0700) where it is missing.

    A transaction's id is the terminal's number, the date and the running number in five digits:
    "KT000001-25112200042", 20 characters for a terminal number of 8. Numbers run from 1 to 49999 and then from 1 anew;
    on the day of `confirm_disk` from a number above, which no other journal of that day has given out. `token` may be
    called from any thread, all else from one.

    Old rows go to archives as `retention` says. Rows are chained by `function`; None leaves that as the journal has
    it (SHA-256 in a new one). A clock that was set back by more than `clock_tolerance` begins no transaction: limits
    of a day, expiry dates and the bank's day depend on it.

    Raises:
        JournalUnavailable: another program writes this journal, its key is missing, its file is damaged or from
            a newer program, cases of another `terminal` are open in it ("" takes any), or the disk says no.
    """

    def __init__(
        self,
        folder: Path,
        terminal: str,
        clock: Clock,
        *,
        retention: Retention = Retention(),  # noqa: B008  (it is frozen)
        function: HashFunction | None = None,
        clock_tolerance: timedelta = CLOCK_TOLERANCE,
    ) -> None:
        self._folder = folder
        self._terminal = terminal
        self._retention = retention
        self._clock_tolerance = clock_tolerance
        self._archive_at = clock.now()
        self._clock = clock
        with contextlib.ExitStack() as undo, keeping_promises(f"open the journal in {folder}"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _lock_folder(folder)
            undo.callback(os.close, self._lock)
            self._database = open_for_writing(folder / DATABASE_NAME)
            undo.enter_context(closing_connection(self._database))
            self._hashes = read_hash_history(self._database)
            self._key = _card_key(folder, may_create=self._last_entry() is None)
            self._open = self._read(OF_OPEN_TRANSACTIONS)
            self._check_whose_cases_are_open()
            self._latest = self._read_latest_time()
            self._confirmed = next(self._select(f"{OF_NOTES} ORDER BY number DESC LIMIT 1", Note.DISK.value), None)
            self._hash_with(function)
            self._remove_retired()
            self._closing = undo.pop_all()

    def begin(self, facts: Facts) -> Transaction:
        """Open a transaction; see the port. The fact `sequence` is added.

        Raises:
            JournalUnavailable: the row is not safe on disk, the disk has no room for the rows that follow, or the
                clock was set back.
            ValueError: a fact may be a full card number.
        """
        with keeping_promises("begin a transaction in the journal"), self._database:
            self._check_that_one_may_begin()
            sequence = self._next_sequence()
            number = f"{sequence:0{_SEQUENCE_DIGITS}d}"
            transaction = f"{self._terminal}-{self._clock.wall():%y%m%d}{number}"
            row = self._append(transaction, LedgerState.NEW, {**facts, "sequence": sequence})
        self._open[transaction] = (row,)
        return Transaction(transaction, (row,))

    def record(self, transaction: str, state: LedgerState, facts: Facts) -> LedgerRow:
        """Append a row to an open transaction; see the port.

        Raises:
            JournalUnavailable: the row is not safe on disk.
            ValueError: a fact may be a full card number, or no such transaction is open.
        """
        if transaction not in self._open:
            raise ValueError(f"no transaction {transaction} is open")
        with keeping_promises("write to the journal"), self._database:
            row = self._append(transaction, state, facts)
        if state.closed:
            del self._open[transaction]
        else:
            self._open[transaction] += (row,)
        return row

    def note(self, transaction: str, facts: Facts) -> LedgerRow:
        """Append a row that repeats the last state of a transaction, be it closed; see the port.

        Raises:
            JournalUnavailable: the row is not safe on disk.
            ValueError: a fact may be a full card number, or no such transaction has gone beyond NEW in the database.
        """
        with keeping_promises("write to the journal"), self._database:
            newest = "WHERE transaction_id = ? AND state <> 'NEW' ORDER BY number DESC LIMIT 1"
            last = next(self._select(newest, transaction), None)
            if last is None:
                raise ValueError(f"no transaction {transaction} has gone beyond NEW")
            row = self._append(transaction, LedgerState(last.state), facts)
        if transaction in self._open:
            self._open[transaction] += (row,)
        return row

    def unsettled(self) -> Sequence[Transaction]:
        """Return the open transactions, oldest first."""
        return tuple(Transaction(transaction, rows) for transaction, rows in self._open.items())

    def since(self, moment: datetime) -> Sequence[Transaction]:
        """Return the transactions that began at or after `moment`; see the port.

        Raises:
            JournalUnavailable: a row has been changed, or the disk says no.
        """
        with keeping_promises("read the journal"):
            rows = self._read(BEGUN_SINCE, moment.isoformat())
        return tuple(Transaction(transaction, its_rows) for transaction, its_rows in rows.items())

    def head(self) -> tuple[int, str]:
        """Return number and hash of the last row; see the port.

        Raises:
            JournalUnavailable: the row has been changed, or the disk says no.
        """
        with keeping_promises("read the journal"):
            last = self._last_entry()
        return (last.number, last.hash) if last else (0, GENESIS)

    def maintain(self) -> None:
        """Archive what is old enough, now and then; see the port.

        Raises:
            JournalUnavailable: no transaction may begin now.
        """
        with keeping_promises("look at the journal's disk"):
            self._check_that_one_may_begin()
        if self._clock.now() >= self._archive_at:
            self._archive_at = self._clock.now() + _ARCHIVE_EVERY_S
            try:
                with keeping_promises("archive old rows of the journal"):
                    self._archive_old_rows()
            except JournalUnavailable as error:  # no row is lost, and the journal can be written: customers come first
                _log.error("%s", error)

    def token(self, number: CardNumber | IdNumber) -> str:
        """Return 32 hex digits: HMAC-SHA256 of the number under this terminal's key, cut short."""
        return hmac.new(self._key, number.reveal().encode(), hashlib.sha256).hexdigest()[:_TOKEN_DIGITS]

    def confirm_clock(self, by: str, reason: str) -> int:
        """Write a row which says that the clock is right though earlier rows bear a later time; return its number.

        Raises:
            JournalUnavailable: the row is not safe on disk.
            ValueError: a text may hold a full card number.
        """
        with keeping_promises("write to the journal"), self._database:
            number = self._append_note(Note.CLOCK, {"by": by, "reason": reason})
        self._latest = next(self._select("WHERE number = ?", number)).moment
        return number

    def confirm_disk(self, by: str, reason: str) -> int:
        """Write a row which says that this journal is the terminal's own, whatever another knew; return its number.

        Transactions of today are numbered from then on as no other journal of today can have numbered any.

        Raises:
            JournalUnavailable: the row is not safe on disk.
            ValueError: a text may hold a full card number.
        """
        with keeping_promises("write to the journal"), self._database:
            wall = self._clock.wall()
            seconds = (wall - wall.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
            by_now = _SEQUENCES_BEHIND_ANOTHER.start + int(seconds) // _SECONDS_A_TRANSACTION
            sequence = max(by_now, self._next_sequence())
            number = self._append_note(Note.DISK, {"by": by, "reason": reason, "sequence": sequence})
        self._confirmed = self._last_entry()
        return number

    def confirmed(self) -> str:
        """Return the hash of the newest row of `confirm_disk`; see the port."""
        return self._confirmed.hash if self._confirmed is not None else GENESIS

    def retire(self, wanted: Retirement, acknowledged: int) -> Retired:
        """Remove old archives for good; the rest of the journal proves itself as before (journal.retirement).

        `acknowledged` is the newest row that the bank's host has taken for the journal's own.

        Raises:
            RetirementRefused: no archive may go, or an archive cannot be read; nothing has changed.
            JournalUnavailable: the row that says it is not safe on disk; nothing was removed.
            ValueError: a text may hold a full card number.
        """
        if wanted.before > self._clock.wall() - SHORTEST_KEEP:
            raise RetirementRefused(f"the last {SHORTEST_KEEP.days} days always stay")
        with keeping_promises("read the journal"):
            try:
                gone = last_to_go(self._folder, self._database, wanted, acknowledged)
            except OSError as error:
                raise RetirementRefused(f"an archive cannot be read: {error.strerror}") from None
        with keeping_promises("write to the journal"), self._database:
            retired = Retired(
                archive=gone.number,
                last=gone.last,
                head=gone.head,
                function=self._hashes.at(gone.last + 1),
                until=gone.until,
                acknowledged=acknowledged,
                by=wanted.by,
                reason=wanted.reason,
                at=self._clock.wall(),
            )
            self._append_note(Note.RETIRED, retired.facts)
        self._remove_retired()
        return retired

    def close(self) -> None:
        """Let go of file and lock; may be called twice."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_whose_cases_are_open(self) -> None:
        """Refuse open cases of another number: the bank would know neither their reversals nor their proofs."""
        of_money = (transaction for transaction, rows in self._open.items() if not rows[-1].state.before_payment)
        others = sorted({transaction.rpartition("-")[0] for transaction in of_money} - {self._terminal})
        if self._terminal and others:
            raise JournalUnavailable(
                f"the journal in {self._folder} has open cases of terminal {', '.join(others)}, and the bank knows them"
                f" by that number: let them be settled under it before the terminal becomes {self._terminal}"
            )

    def _check_that_one_may_begin(self) -> None:
        """See `maintain`. Rows of open transactions are written whatever the clock says: what happened, happened."""
        room = os.statvfs(self._folder)
        if room.f_bavail * room.f_frsize < RESERVE_BYTES:
            raise JournalUnavailable(
                f"the disk of {self._folder} has less than {RESERVE_BYTES // 2**20} MiB left: too little to be sure"
                " that a transaction can be recorded to its end"
            )
        now = self._clock.wall()
        if self._latest is not None and (back := self._latest - now) > self._clock_tolerance:
            step = timedelta(seconds=round(back.total_seconds()))
            raise JournalUnavailable(
                f"the clock stands at {now:%Y-%m-%d %H:%M:%S}, {step} before the latest row of the journal: set it"
                " right, or confirm it with `openteller journal confirm-clock`"
            )

    def _read_latest_time(self) -> datetime | None:
        """Return the latest time that a row bears since somebody last confirmed the clock; None: there is no row.

        A transaction that was open when the clock was set back may have ended under the wrong time, so the last row
        is not enough.
        """
        latest: datetime | None = None
        for entry in self._select("ORDER BY number DESC LIMIT ?", _ROWS_BACK):
            latest = entry.moment if latest is None else max(latest, entry.moment)
            if entry.is_note and entry.state == Note.CLOCK.value:
                break
        return latest

    def _hash_with(self, function: HashFunction | None) -> None:
        """Go on with another hash function from the next row on; None leaves it as it is."""
        last, _ = self.head()
        if function is None or function is self._hashes.at(last + 1):
            return
        with self._database:
            number = self._append_note(Note.HASH, {"hash": function.value})
        self._hashes = self._hashes.then(number, function)

    def _archive_old_rows(self) -> None:
        row = newest_archived_row(self._database)
        before = Archived.of(row) if row is not None else None
        first = before.last + 1 if before else 1
        cut = self._cut(first)
        if cut is None:
            return
        number = before.archive + 1 if before else 1
        rows = tuple(self._select("WHERE number BETWEEN ? AND ?", first, cut))
        archived = write_archive(self._folder, number, rows)
        with self._database:
            self._append_note(Note.ARCHIVED, archived.facts)
            self._database.execute(DELETE_ARCHIVED, {"last": cut, "open": json.dumps(list(self._open))})
        _log.info("rows %d to %d of the journal are in archive %d", first, cut, number)
        if len(rows) == ROWS_AT_ONCE:
            self._archive_at = self._clock.now()  # there is more

    def _cut(self, first: int) -> int | None:
        """Return the last row that shall be archived, from row `first` on; None: nothing is old enough.

        The newest transaction always stays: running numbers go on from it.
        """
        now = self._clock.wall()
        keep = self._retention.keep_at(self._size_bytes())
        oldest = next(self._select("WHERE state = 'NEW' AND number >= ? ORDER BY number LIMIT 1", first), None)
        newest = next(self._select("WHERE state = 'NEW' ORDER BY number DESC LIMIT 1"), None)
        if oldest is None or newest is None or oldest.moment > now - keep - SLACK:
            return None
        young = "WHERE state = 'NEW' AND number >= ? AND julianday(at) >= julianday(?) ORDER BY number LIMIT 1"
        stays = next(self._select(young, first, (now - keep).isoformat()), newest)
        cut = min(stays.number - 1, first + ROWS_AT_ONCE - 1)
        return cut if cut >= first else None

    def _remove_retired(self) -> None:
        """Remove the files of retired archives; one that does not go now is in nobody's way, and goes another time."""
        row = next(self._select(f"{OF_NOTES} ORDER BY number DESC LIMIT 1", Note.RETIRED.value), None)
        if row is None:
            return
        try:
            remove_retired(self._folder, Retired.of(row).archive)
        except OSError as error:
            _log.error("a retired archive of the journal could not be removed: %s", error)

    def _size_bytes(self) -> int:
        pages, free, size = (self._database.pragma(name) for name in ("page_count", "freelist_count", "page_size"))
        return (int(pages) - int(free)) * int(size)

    def _append_note(self, note: Note, facts: Facts) -> int:
        entry = self._next_entry(OF_JOURNAL, note.value, facts)
        self._insert(entry)
        return entry.number

    def _next_entry(self, transaction: str, state: str, facts: Facts) -> Entry:
        last = self._last_entry()
        function = self._hashes.at(last.number + 1 if last else 1)
        return next_entry(last, self._clock.wall(), transaction, state, facts, function=function)

    def _append(self, transaction: str, state: LedgerState, facts: Facts) -> LedgerRow:
        entry = self._next_entry(transaction, state.value, facts)
        self._insert(entry)
        return entry.row()

    def _insert(self, entry: Entry) -> None:
        self._database.execute(
            f"INSERT INTO entry ({ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  (our own columns)
            entry.columns,
        )
        self._latest = entry.moment if self._latest is None else max(self._latest, entry.moment)

    def _last_entry(self) -> Entry | None:
        return next(self._select("ORDER BY number DESC LIMIT 1"), None)

    def _next_sequence(self) -> int:
        last = next(self._select("WHERE state IN ('NEW', 'DISK') ORDER BY number DESC LIMIT 1"), None)
        wanted = int(json.loads(last.facts)["sequence"]) + 1 if last else 1
        confirmed = self._confirmed
        today = confirmed is not None and confirmed.moment.date() == self._clock.wall().date()
        sequences = _SEQUENCES_BEHIND_ANOTHER if today else _SEQUENCES
        return wanted if wanted in sequences else sequences.start

    def _read(self, which: str, *values: str | int) -> dict[str, tuple[LedgerRow, ...]]:
        rows: dict[str, tuple[LedgerRow, ...]] = {}
        for entry in self._select(which, *values):
            try:
                row = entry.row()
            except ValueError as error:
                raise JournalUnavailable(f"row {entry.number} of the journal cannot be read: {error}") from None
            rows[entry.transaction] = (*rows.get(entry.transaction, ()), row)
        return rows

    def _select(self, which: str, *values: str | int) -> Iterator[Entry]:
        """Yield entries, each one checked: what is recovered or chained to must be what was written."""
        for entry in select_entries(self._database, which, values):
            if entry.hash != entry.true_hash(self._hashes.at(entry.number)):
                raise JournalUnavailable(f"row {entry.number} of the journal has been changed")
            yield entry


def _lock_folder(folder: Path) -> int:
    try:
        return lock_folder(folder)
    except FolderHeld:
        raise JournalHeld(f"another program is writing the journal in {folder}") from None


def _card_key(folder: Path, *, may_create: bool) -> bytes:
    """Return the key of the card tokens; a journal with entries must have its own, or open cases lose their cards."""
    path = folder / KEY_NAME
    if not path.exists() and may_create:
        with replacing(path) as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        raise JournalUnavailable(f"{path} is missing: the cards of open transactions could not be known") from None
    if len(key) != _KEY_BYTES:
        raise JournalUnavailable(f"{path} is damaged: it has {len(key)} bytes, not {_KEY_BYTES}")
    return key
