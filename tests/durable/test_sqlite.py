"""A file of SQLite: one schema by steps, synced, readable beside its writer, and errors that people understand."""

from pathlib import Path

import apsw
import pytest

from durable import sqlite
from durable.sqlite import (
    NotForThisProgram,
    Schema,
    closing_connection,
    open_for_reading,
    open_for_writing,
    plain_reason,
)

FIRST = Schema("the book", ("CREATE TABLE page (text TEXT) STRICT",))
SECOND = Schema("the book", (*FIRST.steps, "ALTER TABLE page ADD COLUMN number INTEGER"))


def test_a_new_file_has_the_newest_schema_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    with closing_connection(open_for_writing(tmp_path / "book.db", SECOND)) as book:
        assert SECOND.version_of(book) == 2
        assert book.pragma("journal_mode") == "wal"
        assert book.pragma("synchronous") == 2
        assert book.pragma("secure_delete") == 0
        book.execute("INSERT INTO page VALUES ('one', 1)")
    assert (tmp_path / "book.db").stat().st_mode & 0o777 == 0o600


def test_deleted_rows_are_overwritten_where_that_is_asked_for(tmp_path: Path) -> None:
    with closing_connection(open_for_writing(tmp_path / "book.db", FIRST, secure_delete=True)) as book:
        book.execute("INSERT INTO page VALUES ('a secret that goes')")
        book.execute("DELETE FROM page")
        book.pragma("wal_checkpoint", "truncate")
    assert b"a secret that goes" not in (tmp_path / "book.db").read_bytes()


def test_an_older_file_is_brought_to_the_newest_schema_with_its_rows(tmp_path: Path) -> None:
    with closing_connection(open_for_writing(tmp_path / "book.db", FIRST)) as book:
        book.execute("INSERT INTO page VALUES ('one')")
    with closing_connection(open_for_writing(tmp_path / "book.db", SECOND)) as book:
        assert list(book.execute("SELECT text, number FROM page")) == [("one", None)]


def test_a_step_that_fails_leaves_the_older_file(tmp_path: Path) -> None:
    open_for_writing(tmp_path / "book.db", FIRST).close()
    broken = Schema("the book", (*SECOND.steps, "ALTER TABLE nothing ADD COLUMN number INTEGER"))
    with pytest.raises(apsw.SQLError):
        open_for_writing(tmp_path / "book.db", broken)
    with closing_connection(open_for_reading(tmp_path / "book.db")) as book:
        assert FIRST.version_of(book) == 1


def test_a_file_of_a_newer_program_is_refused_by_name(tmp_path: Path) -> None:
    open_for_writing(tmp_path / "book.db", SECOND).close()
    with pytest.raises(NotForThisProgram, match=r"the book was written by a newer program \(schema 2; .* up to 1\)"):
        open_for_writing(tmp_path / "book.db", FIRST)


def test_an_sqlite_that_may_lose_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_OLDEST", (99, 0, 0))
    with pytest.raises(NotForThisProgram, match="may lose rows"):
        open_for_writing(tmp_path / "book.db", FIRST)
    assert not (tmp_path / "book.db").exists()


def test_a_reader_sees_what_was_committed_and_may_not_write(tmp_path: Path) -> None:
    with (
        closing_connection(open_for_writing(tmp_path / "book.db", FIRST)) as writer,
        closing_connection(open_for_reading(tmp_path / "book.db")) as reader,
    ):
        writer.execute("INSERT INTO page VALUES ('one')")
        assert reader.execute("SELECT count(*) FROM page").get == 1
        with pytest.raises(apsw.ReadOnlyError):
            reader.execute("DELETE FROM page")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (apsw.FullError("full"), "the disk is full (full)"),
        (apsw.CorruptError("bad"), "its file is damaged (bad)"),
        (apsw.BusyError("busy"), "another program holds its file (busy)"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (PermissionError(13, "Permission denied"), "it may not be written here ([Errno 13] Permission denied)"),
        (apsw.SQLError("no such table"), "no such table"),
    ],
)
def test_errors_are_told_in_plain_words(error: Exception, reason: str) -> None:
    assert plain_reason(error) == reason
