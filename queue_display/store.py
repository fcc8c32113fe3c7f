"""The branch queue's log on SQLite: numbered entries, only ever appended, on disk before anybody hears of them.

A folder holds it: `queue.db` (0600), and a lock on the folder for the one program that writes. Beside the log lie, each
written in the transaction of what it belongs to: answers to requests that bear a key, until the day after has ended,
and notes on tickets, which may be personal, until the day has ended. What is deleted is overwritten. apsw brings its
own SQLite: docs/decisions/0003-apsw-for-sqlite.md.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from kiosk_core.errors import OpenTellerError
from queue_display.branch import BrokenLog
from queue_display.events import DayOpened, Entry, Issued
from queue_display.rows import read_event, write_event

DATABASE_NAME = "queue.db"

_OLDEST_SQLITE = (3, 51, 3)
_BUSY_MS = 2000

_VERSION_1 = """
CREATE TABLE entry (
    number INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    fields TEXT NOT NULL
) STRICT;
CREATE INDEX entry_opens_day ON entry (number) WHERE kind = 'DayOpened';
CREATE TRIGGER entry_follows BEFORE INSERT ON entry
WHEN new.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM entry)
BEGIN SELECT raise(ABORT, 'entries are numbered without gaps'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN SELECT raise(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER entry_unchanged BEFORE UPDATE ON entry
BEGIN SELECT raise(ABORT, 'entries are never changed'); END;
CREATE TABLE answer (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    body TEXT NOT NULL,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE note (
    number INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
"""

# The n-th step makes schema version n of version n - 1; `PRAGMA user_version` says where a file stands.
STEPS: tuple[str, ...] = (_VERSION_1,)

_ENTRIES = """
SELECT number, at, kind, fields, text FROM entry LEFT JOIN note USING (number) WHERE number > ? ORDER BY number LIMIT ?
"""
_DAYS = "SELECT number FROM entry WHERE kind = 'DayOpened' ORDER BY number DESC"


class StoreUnavailable(OpenTellerError):
    """The log cannot be read or written durably: nothing is acknowledged."""


class StoreHeld(StoreUnavailable):
    """Another program writes this log."""


@dataclass(frozen=True)
class KeptAnswer:
    """What was answered to the request of this `key`; `request` tells whether it is asked again with other content."""

    key: str
    request: str
    body: str


class QueueStore:
    """The log in `folder`, which is made (0700) where it is missing.

    `append` may be called from a thread of its own; all else from one.

    Raises:
        StoreHeld: another program writes it.
        StoreUnavailable: its file is damaged or from a newer program, or the disk says no.
    """

    def __init__(self, folder: Path) -> None:
        with ExitStack() as undo, _keeping_promises(f"open the queue in {folder}"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            undo.callback(os.close, _lock(folder))
            self._writer = undo.enter_context(_connection(_opened_for_writing(folder / DATABASE_NAME)))
            self._reader = undo.enter_context(
                _connection(apsw.Connection(str(folder / DATABASE_NAME), flags=apsw.SQLITE_OPEN_READONLY))
            )
            self._reader.set_busy_timeout(_BUSY_MS)
            self._closing = undo.pop_all()

    def append(self, entries: Iterable[Entry], answers: Iterable[KeptAnswer] = ()) -> None:
        """Put the next entries and what was answered on disk, all or nothing.

        Raises:
            StoreUnavailable: they may or may not be there; `entries` tells.
        """
        notes: list[tuple[int, str]] = []
        rows: list[tuple[int, float, str, str]] = []
        for entry in entries:
            event = entry.event
            if isinstance(event, Issued) and event.notes:
                notes.append((entry.number, event.notes))
                event = replace(event, notes="")
            rows.append((entry.number, entry.at, *write_event(event)))
        kept = [(answer.key, answer.request, answer.body, rows[-1][0]) for answer in answers]
        opens_day = any(kind == DayOpened.__name__ for _, _, kind, _ in rows)
        with _keeping_promises("write the queue's log"), self._writer:
            if opens_day:
                self._writer.execute("DELETE FROM note")
                self._writer.execute(f"DELETE FROM answer WHERE number < ({_DAYS} LIMIT 1)")  # noqa: S608  (our names)
            self._writer.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
            if notes:
                self._writer.executemany("INSERT INTO note VALUES (?, ?)", notes)
            if kept:
                self._writer.executemany("INSERT INTO answer VALUES (?, ?, ?, ?)", kept)

    def entries(self, after: int = 0, most: int = -1) -> Iterator[Entry]:
        """Yield what follows entry `after`, at most so many (-1: all).

        Raises:
            StoreUnavailable: the disk says no, or a row cannot be read.
        """
        with _keeping_promises("read the queue's log"):
            for number, at, kind, fields, notes in self._reader.execute(_ENTRIES, (after, most)):
                event = read_event(kind, fields)
                yield Entry(number, at, replace(event, notes=notes) if notes and isinstance(event, Issued) else event)

    def last_number(self) -> int:
        """Return the number of the last entry, 0 for an empty log.

        Raises:
            StoreUnavailable: the disk says no.
        """
        with _keeping_promises("read the queue's log"):
            return int(self._reader.execute("SELECT coalesce(max(number), 0) FROM entry").get)

    def first_of_days(self, days: int) -> int:
        """Return the number of the entry that opened the oldest of the last so many days; 1 for an empty log.

        Raises:
            StoreUnavailable: the disk says no.
        """
        with _keeping_promises("read the queue's log"):
            opened = [number for (number,) in self._reader.execute(f"{_DAYS} LIMIT ?", (days,))]
        return opened[-1] if opened else 1

    def answer(self, key: str) -> KeptAnswer | None:
        """Return what was answered to the request of this key, None if it is new.

        Raises:
            StoreUnavailable: the disk says no.
        """
        with _keeping_promises("read the queue's answers"):
            row = self._reader.execute("SELECT key, request, body FROM answer WHERE key = ?", (key,)).get
        return KeptAnswer(*row) if row else None

    def close(self) -> None:
        """Let go of file and lock; may be called twice."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _lock(folder: Path) -> int:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreHeld(f"another program runs the queue in {folder}: stop it first, or name another folder") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _opened_for_writing(path: Path) -> apsw.Connection:
    library = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if library < _OLDEST_SQLITE:
        raise StoreUnavailable(f"SQLite {apsw.sqlite_lib_version()} may lose rows; 3.51.3 or later is needed")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(_BUSY_MS)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("secure_delete", True)
        _migrate(connection, path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(apsw.Error):  # why it is closed says more than what closing raises
            connection.close(force=True)
        raise
    return connection


def _migrate(connection: apsw.Connection, path: Path) -> None:
    version = connection.pragma("user_version")
    if not isinstance(version, int) or version > len(STEPS):
        raise StoreUnavailable(f"{path} was written by a newer program: install that program or a later one")
    if version < len(STEPS):
        with connection:
            for step in STEPS[version:]:
                connection.execute(step)
            connection.pragma("user_version", len(STEPS))


def sync_folder(folder: Path) -> None:
    """Make the names of the files in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _connection(connection: apsw.Connection) -> Iterator[apsw.Connection]:
    try:
        yield connection
    finally:
        with suppress(apsw.Error):  # what closing a damaged file raises is of no use to anybody
            connection.close(force=True)


@contextmanager
def _keeping_promises(doing: str) -> Iterator[None]:
    try:
        yield
    except (apsw.Error, OSError, UnicodeDecodeError, BrokenLog) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StoreUnavailable(f"cannot {doing}: {reason}") from error
