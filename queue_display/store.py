"""The branch queue's log on SQLite: numbered entries, only ever appended, on disk before anybody hears of them.

A folder holds it: `queue.db` (0600), and a lock on the folder for the one program that writes. What is deleted is
overwritten. What is kept: `keeping`. apsw brings its own SQLite: docs/decisions/0003-apsw-for-sqlite.md.
"""

import os
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
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
from queue_display.branch import BrokenLog
from queue_display.events import UNKNOWN, DayOpened, Entry
from queue_display.keeping import KeptAnswer, StoreHeld, StoreUnavailable, Turn, in_pieces, span_of
from queue_display.rows import Row, read_entry, write_entry

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

_VERSION_2 = f"ALTER TABLE entry ADD COLUMN author TEXT NOT NULL DEFAULT '{UNKNOWN}'"

SCHEMA = Schema("the queue's log", (_VERSION_1, _VERSION_2))

_ENTRIES = """
SELECT number, at, kind, fields, author, coalesce(text, '') FROM entry LEFT JOIN note USING (number)
WHERE number > ? ORDER BY number LIMIT ?
"""
_ENTRIES_OF_VERSION_1 = _ENTRIES.replace("author", f"'{UNKNOWN}'")
_ANSWER = "SELECT key, request, body FROM answer WHERE key = ?"
_OPENED = "SELECT fields ->> 'day', number FROM entry WHERE kind = 'DayOpened' ORDER BY number"
_DAYS = "SELECT number FROM entry WHERE kind = 'DayOpened' ORDER BY number DESC"


class QueueStore:
    """The log in `folder`, which is made (0700) where it is missing: a `keeping.LogStore` of one program.

    Raises:
        StoreHeld: another program writes it.
        StoreUnavailable: its file is damaged or from a newer program, or the disk says no.
    """

    def __init__(self, folder: Path) -> None:
        with ExitStack() as undo, keeping_promises(f"open the queue in {folder}"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            undo.callback(os.close, _lock(folder))
            path = folder / DATABASE_NAME
            self._writer = undo.enter_context(closing_connection(open_for_writing(path, SCHEMA, secure_delete=True)))
            self._reader = undo.enter_context(closing_connection(open_for_reading(path)))
            self._reading = Lock()
            self._closing = undo.pop_all()

    def take_turn(self, after: int, keys: Sequence[str]) -> Turn:
        """Return what follows entry `after`, and answers that are kept: nobody else writes."""
        with keeping_promises("read the queue's log"):
            entries = tuple(read_entry(Row(*row)) for row in self._writer.execute(_ENTRIES, (after, -1)))
            asked = (self._writer.execute(_ANSWER, (key,)).get for key in keys)
            return Turn(entries, {row[0]: KeptAnswer(*row) for row in asked if row})

    def append(self, entries: Iterable[Entry], answers: Iterable[KeptAnswer] = ()) -> None:
        """Put the next entries and what was answered on disk, all or nothing."""
        rows = [write_entry(entry) for entry in entries]
        kept = [(answer.key, answer.request, answer.body, rows[-1].number) for answer in answers]
        notes = [(row.number, row.notes) for row in rows if row.notes]
        with keeping_promises("write the queue's log"), self._writer:
            if any(row.kind == DayOpened.__name__ for row in rows):
                self._writer.execute("DELETE FROM note")
                self._writer.execute(f"DELETE FROM answer WHERE number < ({_DAYS} LIMIT 1)")  # noqa: S608  (our names)
            self._writer.executemany(
                "INSERT INTO entry VALUES (?, ?, ?, ?, ?)",
                [(row.number, row.at, row.kind, row.fields, row.author) for row in rows],
            )
            if notes:
                self._writer.executemany("INSERT INTO note VALUES (?, ?)", notes)
            if kept:
                self._writer.executemany("INSERT INTO answer VALUES (?, ?, ?, ?)", kept)

    def let_go(self) -> None:
        """Nothing is held for a turn."""

    def entries(self, after: int = 0, most: int = -1) -> Iterator[Entry]:
        """Yield what follows entry `after`, at most so many (-1: all)."""
        return in_pieces(self._piece, after, most)

    def _piece(self, after: int, most: int) -> Sequence[Entry]:
        with keeping_promises("read the queue's log"), self._reading:
            return [read_entry(Row(*row)) for row in self._reader.execute(_ENTRIES, (after, most))]

    def last_number(self) -> int:
        """Return the number of the last entry, 0 for an empty log."""
        with keeping_promises("read the queue's log"), self._reading:
            return int(self._reader.execute("SELECT coalesce(max(number), 0) FROM entry").get)

    def first_of_days(self, days: int) -> int:
        """Return the number of the entry that opened the oldest of the last so many days; 1 for an empty log."""
        with keeping_promises("read the queue's log"), self._reading:
            opened = [number for (number,) in self._reader.execute(f"{_DAYS} LIMIT ?", (days,))]
        return opened[-1] if opened else 1

    def days(self) -> Mapping[str, int]:
        """Return the days of the log (YYYY-MM-DD), each with the number of the entry that opened it."""
        with keeping_promises("read the queue's log"), self._reading:
            return dict(iter(self._reader.execute(_OPENED)))

    def claim(self, work: str) -> bool:  # noqa: ARG002
        """Return True: there is no other server."""
        return True

    async def heard(self) -> AsyncGenerator[int, None]:
        """Yield nothing: nobody else writes."""
        nobody: tuple[int, ...] = ()
        for number in nobody:
            yield number

    def close(self) -> None:
        """Let go of file and lock; may be called twice."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_day(folder: Path, day: str) -> tuple[Entry, ...]:
    """Return the entries of a day (YYYY-MM-DD) of the log in `folder`, also while a queue writes it.

    Raises:
        NoSuchDay: the text says which days there are.
        StoreUnavailable: there is no log, or it cannot be read.
    """
    with (
        keeping_promises(f"read the queue in {folder}"),
        closing_connection(open_for_reading(folder / DATABASE_NAME)) as reader,
    ):
        entries = _ENTRIES if SCHEMA.version_of(reader) > 1 else _ENTRIES_OF_VERSION_1
        span = span_of(day, dict(iter(reader.execute(_OPENED))))
        return tuple(read_entry(Row(*row)) for row in reader.execute(entries, span))


def _lock(folder: Path) -> int:
    try:
        return lock_folder(folder)
    except FolderHeld:
        raise StoreHeld(f"another program runs the queue in {folder}: stop it first, or name another folder") from None


@contextmanager
def keeping_promises(doing: str) -> Iterator[None]:
    """Turn what goes wrong with a file, while `doing` something, into StoreUnavailable."""
    try:
        yield
    except NotForThisProgram as error:
        raise StoreUnavailable(str(error)) from None
    except (apsw.Error, OSError, UnicodeDecodeError, BrokenLog) as error:
        raise StoreUnavailable(f"cannot {doing}: {plain_reason(error)}") from error
