"""Logs that tests open again and again: on SQLite in a folder, in PostgreSQL as a database of their own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import apsw

from benchmarks.postgres import Cluster
from queue_display.keeping import KeptAnswer, LogStore
from queue_display.postgresql.database import database_url
from queue_display.postgresql.store import PostgresStore
from queue_display.store import DATABASE_NAME, QueueStore
from tests.cut_line import Line, line


class Log(Protocol):
    """Where entries are; `newer` is a statement that makes it one of a newer program."""

    newer: str

    def open(self) -> QueueStore | PostgresStore: ...

    def run(self, statement: str) -> None:
        """Do what no program of ours does to it."""


@dataclass
class SqliteLog:
    folder: Path
    newer: str = "PRAGMA user_version = 99"

    def open(self) -> QueueStore:
        return QueueStore(self.folder)

    def run(self, statement: str) -> None:
        database = apsw.Connection(str(self.folder / DATABASE_NAME))
        try:
            database.execute(statement)
        finally:
            database.close()


@dataclass
class PostgresLog:
    cluster: Cluster
    database: str
    branch: str = "main street"
    newer: str = "UPDATE schema_version SET version = 99"

    def open(self) -> PostgresStore:
        return PostgresStore(database_url(self.url), self.branch)

    @property
    def url(self) -> str:
        return self.cluster.url(self.database)

    @contextmanager
    def line(self) -> Iterator[tuple[Line, PostgresStore]]:
        """Give a store whose line to the database may be cut."""
        server = next(self.cluster.folder.glob(".s.PGSQL.*[0-9]"))
        with tempfile.TemporaryDirectory(dir=self.cluster.folder) as folder, line(Path(folder), server) as cutting:
            url = self.url.replace(str(self.cluster.folder), folder)
            with PostgresStore(database_url(url), self.branch) as store:
                yield cutting, store

    def run(self, statement: str) -> None:
        ours = statement.replace("(number", "(branch, number").replace("VALUES (", f"VALUES ('{self.branch}', ")
        self.cluster.run(f"SET search_path = openteller_queue; {ours}", self.database)


def kept_answer(store: LogStore, key: str) -> KeptAnswer | None:
    turn = store.take_turn(store.last_number(), [key])
    store.let_go()
    return turn.answers.get(key)
