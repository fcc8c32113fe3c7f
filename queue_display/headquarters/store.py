"""The branches' logs at headquarters in one file of SQLite (0600): embedded, nothing to install."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path
from typing import Any

from durable.sqlite import Schema, closing_connection, open_for_writing
from queue_display.events import DayOpened
from queue_display.headquarters.keeping import News, Standing
from queue_display.headquarters.messages import BareEntry
from queue_display.store import keeping_promises

_VERSION_1 = """
CREATE TABLE branch (
    name TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,
    at REAL NOT NULL,
    last INTEGER NOT NULL,
    heard_at REAL NOT NULL,
    behind_since REAL
) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
    branch TEXT NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (branch, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_opens_day ON entry (branch, number) WHERE kind = 'DayOpened';
"""

_SCHEMA = Schema("headquarters' copy of the queues", (_VERSION_1,))

_DOING = "write headquarters' copy of the queues"


class SqliteHeadquarters:
    """A keeping.HeadquartersStore in the file at `path`, whose folder must be there.

    Raises:
        StoreUnavailable: it cannot be used; the text says why.
    """

    def __init__(self, path: Path) -> None:
        with ExitStack() as undo, keeping_promises(f"open {path}"):
            self._database = undo.enter_context(closing_connection(open_for_writing(path, _SCHEMA)))
            self._closing = undo.pop_all()

    def standings(self) -> Mapping[str, Standing]:
        """Return how far each branch is, by name."""
        with keeping_promises("read headquarters' copy of the queues"):
            rows: Sequence[Sequence[Any]] = self._database.execute("SELECT * FROM branch ORDER BY name").fetchall()
        return {row[0]: Standing(*row[1:]) for row in rows}

    def keep(self, news: Sequence[News]) -> None:
        """Put it on disk in one transaction."""
        rows = [
            (each.branch, entry.number, entry.at, entry.kind, entry.fields) for each in news for entry in each.entries
        ]
        branches = [(each.branch, *astuple(each.standing)) for each in news]
        with keeping_promises(_DOING), self._database:
            self._database.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", rows)
            self._database.executemany("INSERT OR REPLACE INTO branch VALUES (?, ?, ?, ?, ?, ?, ?)", branches)

    def entries(self, branch: str, after: int = 0) -> Iterator[BareEntry]:
        """Yield what follows entry `after` of a branch's log."""
        sought = "SELECT number, at, kind, fields FROM entry WHERE branch = ? AND number > ? ORDER BY number"
        with keeping_promises("read headquarters' copy of the queues"):
            for row in self._database.execute(sought, (branch, after)):
                yield BareEntry(*row)

    def first_of_day(self, branch: str) -> int:
        """Return the number of the entry that opened the branch's last day, 1 if none did."""
        sought = f"SELECT coalesce(max(number), 1) FROM entry WHERE branch = ? AND kind = '{DayOpened.__name__}'"  # noqa: S608
        with keeping_promises("read headquarters' copy of the queues"):
            return int(self._database.execute(sought, (branch,)).get)

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._closing.close()
