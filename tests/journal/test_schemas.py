"""Journals of every released schema open, are proven, and go on; the files are SQL that the program of then wrote."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from durable.sqlite import Schema, closing_connection
from journal import database
from journal.database import SCHEMA, open_for_reading, schema_version
from journal.reading import read_latest, read_open
from journal.store import SqliteJournal
from journal.verify import verify
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerState as L
from tests.faulty_disk import FaultyDisk

SCHEMAS = Path(__file__).parent / "schemas"
ALL = range(1, len(SCHEMA.steps) + 1)


@pytest.fixture
def old(folder: Path):
    def make(schema: int) -> Path:
        folder.mkdir()
        (folder / "journal.key").write_bytes(bytes(32))
        with closing(sqlite3.connect(folder / "journal.db")) as file:
            file.executescript((SCHEMAS / f"{schema}.sql").read_text(encoding="utf-8"))
        return folder

    return make


def schema_of(folder: Path) -> int:
    with closing_connection(open_for_reading(folder)) as file:
        return schema_version(file)


@pytest.mark.parametrize("schema", ALL)
def test_a_journal_of_a_released_schema_is_read_and_proven_without_being_touched(old, schema):
    folder = old(schema)
    before = (folder / "journal.db").read_bytes()
    assert [each.state for each in read_latest(folder, 9)] == [L.DONE, L.SUSPENSE, L.ABANDONED]
    verdict = verify(folder)
    assert (verdict.problem, verdict.rows) == ("", 23)
    assert (folder / "journal.db").read_bytes() == before
    assert schema_of(folder) == schema


@pytest.mark.parametrize("schema", ALL)
def test_a_journal_of_a_released_schema_is_migrated_and_its_rows_stay_as_they_are(old, schema, clock):
    folder = old(schema)
    written = re.findall(r"'([0-9a-f]{64})'\);", (SCHEMAS / f"{schema}.sql").read_text(encoding="utf-8"))
    with SqliteJournal(folder, "KT000001", clock) as journal:
        assert journal.head() == (23, written[-1])
        (suspense,) = journal.unsettled()
        assert (suspense.id, suspense.facts["why"]) == ("KT000001-25112200002", "没有回答")
        clock.sleep(3600)
        assert journal.begin({}).id == "KT000001-25112200004"
    with closing_connection(open_for_reading(folder)) as file:
        assert [entry.hash for entry in database.select_entries(file, "WHERE number <= 23")] == written
    assert schema_of(folder) == len(SCHEMA.steps)
    assert verify(folder).good
    assert [each.id for each in read_open(folder)] == ["KT000001-25112200002", "KT000001-25112200004"]


def test_every_schema_has_its_file():
    assert sorted(path.name for path in SCHEMAS.glob("*.sql")) == [f"{schema}.sql" for schema in ALL]


def test_a_journal_of_a_newer_program_is_left_alone(old, clock):
    folder = old(1)
    with closing(sqlite3.connect(folder / "journal.db")) as newer:
        newer.execute("PRAGMA user_version = 99")
    for use in (lambda: SqliteJournal(folder, "KT000001", clock), lambda: read_open(folder), lambda: verify(folder)):
        with pytest.raises(JournalUnavailable) as refused:
            use()
        assert str(refused.value) == (
            f"the journal was written by a newer program (schema 99; this one knows schemas up to {len(SCHEMA.steps)}):"
            " install that program or a later one"
        )


def test_a_journal_of_a_newer_program_is_told_so_where_closing_it_fails_too(old, tmp_path):
    folder = old(1)
    with closing(sqlite3.connect(folder / "journal.db")) as newer:
        newer.execute("PRAGMA user_version = 99")
    with FaultyDisk(tmp_path / "another"), pytest.raises(JournalUnavailable, match="by a newer program"):
        read_open(folder)  # SQLite hides that a reader may not lock; a disk of Python's makes it an error


def test_a_migration_that_fails_half_way_leaves_the_old_schema(old, clock, monkeypatch):
    folder = old(1)
    monkeypatch.setattr(
        database,
        "SCHEMA",
        Schema("the journal", (*database.SCHEMA.steps, "CREATE TABLE extra (a);", "CREATE TABLE entry (b);")),
    )
    with pytest.raises(JournalUnavailable, match="entry already exists"):
        SqliteJournal(folder, "KT000001", clock)
    monkeypatch.undo()
    assert schema_of(folder) == 1
    assert verify(folder).good
