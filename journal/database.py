"""The journal's SQLite file: its schema, how it is opened, and what is asked of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from durable import sqlite
from durable.sqlite import NotForThisProgram, Schema, closed_if_it_fails, closing_connection, plain_reason
from journal.entries import OF_JOURNAL, Entry, Note
from journal.hashes import HashHistory
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerState

DATABASE_NAME = "journal.db"

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

# A step never touches a row: its hash would no longer hold.
SCHEMA = Schema("the journal", (_VERSION_1, _VERSION_2, _VERSION_3))

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


@contextmanager
def keeping_promises(doing: str) -> Iterator[None]:
    """Turn whatever disk and SQLite raise into JournalUnavailable: "cannot `doing`: why"."""
    try:
        yield
    except NotForThisProgram as error:
        raise JournalUnavailable(str(error)) from None
    except (apsw.Error, OSError, UnicodeDecodeError) as error:
        raise JournalUnavailable(f"cannot {doing}: {plain_reason(error)}") from error


def open_for_writing(path: Path) -> apsw.Connection:
    """Open or create the journal file at `path` (mode 0600) and bring it to the newest schema.

    Raises:
        NotForThisProgram: SQLite is too old, or the file is from a newer program.
        apsw.Error, OSError: the disk says no.
    """
    return sqlite.open_for_writing(path, SCHEMA)


def open_for_reading(folder: Path) -> apsw.Connection:
    """Open the journal in `folder` beside a running core, or without one.

    Raises:
        JournalUnavailable: there is no journal, or it is from a newer program.
        apsw.Error: the disk says no.
    """
    path = folder / DATABASE_NAME
    if not path.is_file():
        raise JournalUnavailable(f"there is no journal in {folder}")
    connection = sqlite.open_for_reading(path)
    with closed_if_it_fails(connection):
        schema_version(connection)
    return connection


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
    try:
        return SCHEMA.version_of(connection)
    except NotForThisProgram as error:
        raise JournalUnavailable(str(error)) from None


def schema_texts(connection: apsw.Connection) -> dict[str, str]:
    """Return the SQL of every table, index and trigger by name."""
    return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))


def expected_schema(version: int) -> dict[str, str]:
    """Return what `schema_texts` says of an undamaged file of `version`."""
    memory = apsw.Connection(":memory:")
    with closing_connection(memory):
        for step in SCHEMA.steps[:version]:
            memory.execute(step)
        return schema_texts(memory)
