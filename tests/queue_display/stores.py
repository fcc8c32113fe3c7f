"""Logs that tests open again and again: on SQLite in a folder, in PostgreSQL as a database of their own."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Protocol

import apsw

from benchmarks.postgres import Cluster
from queue_display.keeping import KeptAnswer, LogStore
from queue_display.postgresql.database import database_url
from queue_display.postgresql.schema import STEPS
from queue_display.postgresql.store import PostgresStore
from queue_display.store import DATABASE_NAME, QueueStore
from tests.cut_line import Line, line


class Log(Protocol):
    """Where entries are."""

    def open(self) -> QueueStore | PostgresStore: ...

    def run(self, statement: str) -> None:
        """Do what no program of ours does to it."""

    def of_a_newer_program(self) -> AbstractContextManager[None]:
        """Let it be of schema 99."""


@dataclass
class SqliteLog:
    folder: Path

    def open(self) -> QueueStore:
        return QueueStore(self.folder)

    @contextmanager
    def of_a_newer_program(self) -> Iterator[None]:
        self.run("PRAGMA user_version = 99")
        yield

    def run(self, statement: str) -> None:
        database = apsw.Connection(str(self.folder / DATABASE_NAME))
        try:
            database.execute(statement)
        finally:
            database.close()


_BRANCHES = count(1)


@dataclass
class PostgresLog:
    """A branch of its own, in the database that most tests share: to make one takes longer than many a test."""

    cluster: Cluster
    database: str = "shared"
    branch: str = field(default_factory=lambda: f"branch {next(_BRANCHES)}")

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

    @contextmanager
    def of_a_newer_program(self) -> Iterator[None]:
        self.run("UPDATE schema_version SET version = 99")
        try:
            yield
        finally:
            self.run(f"UPDATE schema_version SET version = {len(STEPS)}")

    def run(self, statement: str) -> None:
        ours = statement.replace("(number", "(branch, number").replace("VALUES (", f"VALUES ('{self.branch}', ")
        self.cluster.run(f"SET search_path = openteller_queue; {ours}", self.database)


def kept_answer(store: LogStore, key: str) -> KeptAnswer | None:
    turn = store.take_turn(store.last_number(), [key])
    store.let_go()
    return turn.answers.get(key)
