"""Logs of every released schema open and go on; the files are SQL that the program of then wrote."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.postgres import Cluster
from queue_display.branch import Branch
from queue_display.events import UNKNOWN, DayOpened, Entry, Issued
from queue_display.keeping import LogStore
from queue_display.postgresql.schema import STEPS
from queue_display.store import DATABASE_NAME, SCHEMA, QueueStore, read_day
from tests.queue_display.stores import PostgresLog, kept_answer

SCHEMAS = Path(__file__).parent / "schemas"

NEXT = Entry(8, 1795449600.0, DayOpened("2026-11-24", 1795449600.0), "queue")


def sql(store: str, schema: int) -> str:
    return (SCHEMAS / f"{store}-{schema}.sql").read_text(encoding="utf-8")


def goes_on(store: LogStore) -> None:
    """What was written before is there as it was, by nobody known, and the next entry says by whom it is."""
    entries = tuple(store.entries())
    assert {entry.author for entry in entries} == {UNKNOWN}
    branch = Branch(entries)
    assert [(ticket.number, ticket.state.value) for ticket in branch.tickets.values()] == [
        ("A001", "cancelled"),
        ("B001", "waiting"),
    ]
    assert isinstance(entries[2].event, Issued)
    assert entries[2].event.notes == "张三"
    kept = kept_answer(store, "key")
    assert kept is not None
    assert kept.body == '{"a":1}'
    store.append([NEXT])
    assert list(store.entries(after=7)) == [NEXT]


def old(folder: Path) -> Path:
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as file:
        file.executescript(sql("sqlite", 1))
    return folder


def test_an_old_file_is_migrated_and_goes_on(tmp_path: Path) -> None:
    with QueueStore(old(tmp_path)) as store:
        goes_on(store)
    with QueueStore(tmp_path) as store:
        assert store.last_number() == NEXT.number


def test_an_old_file_is_read_without_being_touched(tmp_path: Path) -> None:
    file = old(tmp_path) / DATABASE_NAME
    before = file.read_bytes()
    entries = read_day(tmp_path, "2026-11-23")
    assert [(entry.number, entry.author) for entry in entries] == [(number, UNKNOWN) for number in range(1, 8)]
    assert file.read_bytes() == before


@pytest.mark.slow
def test_an_old_database_is_migrated_and_goes_on(postgres: Cluster) -> None:
    log = PostgresLog(postgres, postgres.new_database(), "main street")
    postgres.run(sql("postgresql", 1), log.database)
    with log.open() as store:
        goes_on(store)
    with log.open() as store:
        assert store.last_number() == NEXT.number


@pytest.mark.slow
def test_a_server_of_the_schema_before_may_go_on_beside_one_of_this(postgres: Cluster) -> None:
    log = PostgresLog(postgres, postgres.new_database(), "main street")
    postgres.run(sql("postgresql", 1), log.database)
    with log.open() as store:
        log.run(
            "INSERT INTO entry (number, at, kind, fields) VALUES (8, 1795400000, 'Recalled', '{\"ticket\":\"B001\"}')"
        )
        (entry,) = store.take_turn(7, []).entries
        assert entry.author == UNKNOWN


def test_every_schema_has_its_file() -> None:
    released = {f"sqlite-{schema}.sql" for schema in range(1, len(SCHEMA.steps))}
    released |= {f"postgresql-{schema}.sql" for schema in range(1, len(STEPS))}
    assert {path.name for path in SCHEMAS.glob("*.sql")} == released
