"""The branch queue's log on SQLite: numbered entries, only ever appended, on disk before anybody hears of them.

A folder holds it: `queue.db` (0600), and a lock on the folder for the one program that writes. Beside the log lie, each
written in the transaction of what it belongs to: answers to requests that bear a key, until the day after has ended,
and notes on tickets, which may be personal, until the day has ended. What is deleted is overwritten. apsw brings its
own SQLite: docs/decisions/0003-apsw-for-sqlite.md.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from durable.folders import FolderHeld, lock_folder
from durable.sqlite import (
    NotForThisProgram,
    Schema,
    closing_connection,
    open_for_reading,
    open_for_writing,
    plain_reason,
)
from kiosk_core.errors import OpenTellerError
from queue_display.branch import BrokenLog
from queue_display.events import DayOpened, Entry, Issued
from queue_display.rows import read_event, write_event

DATABASE_NAME = "queue.db"

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

SCHEMA = Schema("the queue's log", (_VERSION_1,))

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
            path = folder / DATABASE_NAME
            self._writer = undo.enter_context(closing_connection(open_for_writing(path, SCHEMA, secure_delete=True)))
            self._reader = undo.enter_context(closing_connection(open_for_reading(path)))
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
    try:
        return lock_folder(folder)
    except FolderHeld:
        raise StoreHeld(f"another program runs the queue in {folder}: stop it first, or name another folder") from None


@contextmanager
def _keeping_promises(doing: str) -> Iterator[None]:
    try:
        yield
    except NotForThisProgram as error:
        raise StoreUnavailable(str(error)) from None
    except (apsw.Error, OSError, UnicodeDecodeError, BrokenLog) as error:
        raise StoreUnavailable(f"cannot {doing}: {plain_reason(error)}") from error
