"""The journal's SQLite file: its schema, how it is opened, and how its errors read in plain words.

apsw brings its own SQLite: those before 3.51.3 may lose committed rows when a second connection resets the
write-ahead log (docs/decisions/0003-apsw-for-sqlite.md).
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from journal.entries import OF_JOURNAL, Entry, Note
from journal.hashes import HashHistory
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerState

DATABASE_NAME = "journal.db"

_OLDEST_SQLITE = (3, 51, 3)

_VERSION_1 = """
CREATE TABLE entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    state TEXT NOT NULL,
    facts TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX entry_begins_once ON entry (transaction_id) WHERE state = 'NEW';
CREATE INDEX entry_by_transaction ON entry (transaction_id, number, state);
CREATE TRIGGER entry_follows BEFORE INSERT ON entry
WHEN new.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM entry)
BEGIN SELECT raise(ABORT, 'journal entries are numbered without gaps'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN SELECT raise(ABORT, 'journal entries are never deleted'); END;
CREATE TRIGGER entry_unchanged BEFORE UPDATE ON entry
BEGIN SELECT raise(ABORT, 'journal entries are never changed'); END;
"""

# julianday reads the offset, in whole milliseconds, and does so the same in every SQLite that an auditor may have.
# Rows may be deleted once they lie in an archive; which ones do the newest row ARCHIVED says. HASH rows stay.
_VERSION_2 = """
CREATE INDEX entry_began ON entry (julianday(at)) WHERE state = 'NEW';
CREATE INDEX entry_is_note ON entry (state, number) WHERE transaction_id = '';
DROP TRIGGER IF EXISTS entry_stays;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
WHEN (old.transaction_id = '' AND old.state = 'HASH') OR old.number > coalesce(
    (SELECT json_extract(facts, '$.last') FROM entry
     WHERE transaction_id = '' AND state = 'ARCHIVED' ORDER BY number DESC LIMIT 1), 0)
BEGIN SELECT raise(ABORT, 'journal entries are deleted only after they were archived'); END;
"""

# A RETIRED row stays as well: it is what the rest of the chain begins behind.
_VERSION_3 = """
DROP TRIGGER IF EXISTS entry_stays;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
WHEN (old.transaction_id = '' AND old.state IN ('HASH', 'RETIRED')) OR old.number > coalesce(
    (SELECT json_extract(facts, '$.last') FROM entry
     WHERE transaction_id = '' AND state = 'ARCHIVED' ORDER BY number DESC LIMIT 1), 0)
BEGIN SELECT raise(ABORT, 'journal entries are deleted only after they were archived'); END;
"""

# The n-th step makes schema version n of version n - 1; `PRAGMA user_version` says where a file stands. A step never
# touches a row: its hash would no longer hold.
STEPS: tuple[str, ...] = (_VERSION_1, _VERSION_2, _VERSION_3)

ENTRY_COLUMNS = "number, at, transaction_id, state, facts, previous, hash"

_CLOSED = ", ".join(f"'{state.value}'" for state in LedgerState if state.closed)

# A WHERE clause: the rows of every transaction whose last state is not closed.
OF_OPEN_TRANSACTIONS = (
    "WHERE transaction_id IN (SELECT transaction_id FROM"  # noqa: S608  (our own names)
    f" (SELECT transaction_id, state, max(number) FROM entry WHERE transaction_id <> '' GROUP BY transaction_id)"
    f" WHERE state NOT IN ({_CLOSED}))"
)

# A WHERE clause: the rows of all transactions, not those about the journal itself.
OF_TRANSACTIONS = "WHERE transaction_id <> ''"

# A WHERE clause: the rows of every transaction that began at or after a moment, in ISO 8601 with offset.
BEGUN_SINCE = (
    "WHERE transaction_id IN (SELECT transaction_id FROM entry WHERE state = 'NEW' AND julianday(at) >= julianday(?))"
)

# Deletes the rows to number :last of transactions that are not among the :open (a JSON list) and have no later row.
DELETE_ARCHIVED = f"""
DELETE FROM entry WHERE number <= :last AND CASE
    WHEN transaction_id = '{OF_JOURNAL}' THEN state NOT IN ('DISK', 'HASH', 'RETIRED')
    ELSE transaction_id NOT IN (SELECT value FROM json_each(:open)) AND NOT EXISTS (
        SELECT 1 FROM entry AS later WHERE later.transaction_id = entry.transaction_id AND later.number > :last)
END
"""  # noqa: S608  (our own names)

# A WHERE clause: the rows about the journal itself that are of one kind.
OF_NOTES = f"WHERE transaction_id = '{OF_JOURNAL}' AND state = ?"

_REASONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (apsw.FullError, "the disk is full"),
    ((apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError, PermissionError), "it may not be written here"),
    ((apsw.CorruptError, apsw.NotADBError, UnicodeDecodeError), "its file is damaged"),
    (apsw.IOError, "the disk reports an error"),
    ((apsw.BusyError, apsw.LockedError), "another program holds its file"),
    (apsw.CantOpenError, "its file cannot be opened"),
)


def plain_reason(error: Exception) -> str:
    """Return what went wrong with the journal's file, for people."""
    if isinstance(error, OSError) and error.strerror and not isinstance(error, PermissionError):
        return error.strerror
    for kinds, reason in _REASONS:
        if isinstance(error, kinds):
            # SQLite's own name: what it calls a disk I/O error is anything from a full disk to a lock.
            code = apsw.mapping_extended_result_codes.get(getattr(error, "extendedresult", 0))
            return f"{reason} ({error}, {code})" if code else f"{reason} ({error})"
    return str(error)


@contextmanager
def keeping_promises(doing: str) -> Iterator[None]:
    """Turn whatever disk and SQLite raise into JournalUnavailable: "cannot `doing`: why"."""
    try:
        yield
    except (apsw.Error, OSError, UnicodeDecodeError) as error:
        raise JournalUnavailable(f"cannot {doing}: {plain_reason(error)}") from error


def open_for_writing(path: Path) -> apsw.Connection:
    """Open or create the journal file at `path` (mode 0600) and bring it to the newest schema.

    Raises:
        JournalUnavailable: SQLite is too old, or the file is from a newer program.
        apsw.Error, OSError: the disk says no.
    """
    library = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if library < _OLDEST_SQLITE:
        raise JournalUnavailable(f"SQLite {apsw.sqlite_lib_version()} may lose rows; 3.51.3 or later is needed")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    sync_folder(path.parent)
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(2000)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        _migrate(connection)
    except BaseException:
        with suppress(apsw.Error):  # why it is closed says more than what closing raises
            connection.close(force=True)
        raise
    return connection


def open_for_reading(folder: Path) -> apsw.Connection:
    """Open the journal in `folder` beside a running core, or without one.

    Raises:
        JournalUnavailable: there is no journal, or it is from a newer program.
        apsw.Error: the disk says no.
    """
    path = folder / DATABASE_NAME
    if not path.is_file():
        raise JournalUnavailable(f"there is no journal in {folder}")
    connection = _on_disk_for_reading(path)
    try:
        connection.set_busy_timeout(2000)
        schema_version(connection)
    except BaseException:
        with suppress(apsw.Error):  # why it is closed says more than what closing raises
            connection.close(force=True)
        raise
    return connection


def _on_disk_for_reading(path: Path) -> apsw.Connection:
    """Open the file; a copy that lies where nothing can be written, on an auditor's disc say, is read as it is.

    SQLite shares its write-ahead log by a file that it makes beside it. Where it cannot, and no log is left, nobody
    writes the journal either.
    """
    log = path.with_name(f"{path.name}-wal")
    if os.access(path.parent, os.W_OK) or (log.exists() and log.stat().st_size > 0):
        return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    as_it_is = f"{path.absolute().as_uri()}?immutable=1"
    return apsw.Connection(as_it_is, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)


def select_entries(connection: apsw.Connection, which: str, values: tuple[str | int, ...] = ()) -> Iterator[Entry]:
    """Yield the entries of a WHERE, ORDER BY or LIMIT clause, in the order of their numbers where it names none."""
    order = "" if "ORDER BY" in which else " ORDER BY number"
    for columns in connection.execute(f"SELECT {ENTRY_COLUMNS} FROM entry {which}{order}", values):  # noqa: S608
        yield Entry(*columns)


def read_hash_history(connection: apsw.Connection) -> HashHistory:
    """Return which function hashes which row.

    Raises:
        JournalUnavailable: a HASH row cannot be read.
    """
    try:
        return HashHistory.of(
            (entry.number, json.loads(entry.facts)["hash"])
            for entry in select_entries(connection, OF_NOTES, (Note.HASH.value,))
        )
    except (ValueError, KeyError, TypeError) as error:
        raise JournalUnavailable(f"the journal names a hash function that cannot be read: {error}") from None


def schema_version(connection: apsw.Connection) -> int:
    """Return the schema version of an open file.

    Raises:
        JournalUnavailable: it is newer than this program.
    """
    version = connection.pragma("user_version")
    if not isinstance(version, int) or version > len(STEPS):
        raise JournalUnavailable(
            f"the journal was written by a newer program (schema {version}; this one knows schemas up to {len(STEPS)}):"
            " install that program or a later one"
        )
    return version


def schema_texts(connection: apsw.Connection) -> dict[str, str]:
    """Return the SQL of every table, index and trigger by name."""
    return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))


def expected_schema(version: int) -> dict[str, str]:
    """Return what `schema_texts` says of an undamaged file of `version`."""
    memory = apsw.Connection(":memory:")
    with closing_connection(memory):
        for step in STEPS[:version]:
            memory.execute(step)
        return schema_texts(memory)


@contextmanager
def closing_connection(connection: apsw.Connection) -> Iterator[apsw.Connection]:
    """Close `connection` at the end; what closing a damaged file raises is of no use to anybody."""
    try:
        yield connection
    finally:
        with suppress(apsw.Error):
            connection.close(force=True)


def sync_folder(folder: Path) -> None:
    """Make the names of the files in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _migrate(connection: apsw.Connection) -> None:
    """Bring the file to the newest schema, in one transaction: it has the old one or the new one, never half of it."""
    version = schema_version(connection)
    if version == len(STEPS):
        return
    with connection:
        for step in STEPS[version:]:
            connection.execute(step)
        connection.pragma("user_version", len(STEPS))
