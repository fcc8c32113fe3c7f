"""Old rows in archives: nothing is lost at any point of moving them, and archives and database are one chain."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

import apsw
import pytest

from durable.sqlite import closing_connection
from journal.archive import Retention, archive_path, read_archive
from journal.database import open_for_reading, select_entries
from journal.entries import Entry, next_entry
from journal.hashes import HashFunction
from journal.reading import Search, read_latest, read_open, read_transaction, search
from journal.store import SqliteJournal
from journal.verify import verify
from kiosk_core.ledger import LedgerState as L
from tests.clocks import SetClock

DAY = 86_400.0
KEEP = Retention(keep=timedelta(days=60))


def one_day(journal: SqliteJournal, clock: SetClock, end: L = L.DONE) -> str:
    """Write a transaction of three rows, and let a day pass."""
    transaction = journal.begin({"service": "transit_top_up"}).id
    journal.record(transaction, L.CARD_READ, {"card": "310488*********8901"})
    journal.record(transaction, end, {})
    clock.sleep(DAY)
    return transaction


def numbers_in_database(folder: Path) -> list[int]:
    with closing_connection(open_for_reading(folder)) as database:
        return [entry.number for entry in select_entries(database, "")]


def archived_numbers(folder: Path, number: int) -> list[int]:
    return [entry.number for entry in read_archive(folder, number)]


START = datetime(2025, 11, 22, 10, 15, 30, tzinfo=timezone(timedelta(hours=8)))
AFTER_100_DAYS = START + timedelta(days=100)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A hundred days; the transaction of the second is in suspense since."""
    folder, clock = tmp_path_factory.mktemp("written"), SetClock(START)
    with SqliteJournal(folder, "KT000001", clock) as journal:
        return folder, [one_day(journal, clock, L.SUSPENSE if day == 2 else L.DONE) for day in range(1, 101)]


@pytest.fixture
def ids(written, folder) -> list[str]:
    """A copy of the hundred days in `folder`, nothing archived yet."""
    shutil.copytree(written[0], folder)
    return written[1]


@pytest.fixture
def clock() -> SetClock:
    return SetClock(AFTER_100_DAYS)


@pytest.fixture
def journal(ids, folder, clock) -> Iterator[SqliteJournal]:
    with SqliteJournal(folder, "KT000001", clock, retention=KEEP) as opened:
        yield opened


@pytest.fixture
def archived(ids, folder, journal) -> list[str]:
    """The hundred days, of which 40 lie in archive 1, but for the second one."""
    journal.maintain()
    return ids


def test_rows_older_than_is_kept_lie_in_an_archive_and_the_chain_goes_on(archived, journal, folder):
    # Day 41 begins exactly 60 days before the clock and is not older; of the 40 before, day 2 is open.
    assert archived_numbers(folder, 1) == list(range(1, 121))
    assert numbers_in_database(folder) == [4, 5, 6, *range(121, 302)]
    verdict = verify(folder)
    assert (verdict.problem, verdict.rows, verdict.archives) == ("", 301, 1)
    assert verdict.head == journal.head()[1]
    with closing_connection(open_for_reading(folder)) as database:
        (note,) = select_entries(database, "WHERE state = 'ARCHIVED'")
    assert (note.number, json.loads(note.facts)["archive"], json.loads(note.facts)["last"]) == (301, 1, 120)


def test_what_is_archived_is_found_as_if_it_were_not(archived, journal, folder, clock):
    assert [each.id for each in read_latest(folder, 1_000)] == archived
    found = read_transaction(folder, archived[0])
    assert found is not None
    assert [row.state for row in found.rows] == [L.NEW, L.CARD_READ, L.DONE]
    assert [each.id for each in read_open(folder)] == [archived[1]]
    start = clock.wall() - timedelta(days=100)
    some = Search(begun_from=start + timedelta(days=39), begun_before=start + timedelta(days=41))
    assert [each.id for each in search(folder, some)] == archived[39:41]
    assert [each.id for each in search(folder, Search(card="8901", limit=61))] == archived[-61:]


def test_an_open_transaction_stays_until_it_is_closed_and_the_next_archive_takes_it(archived, journal, folder, clock):
    assert [len(each.rows) for each in journal.unsettled()] == [3]
    journal.record(archived[1], L.SETTLED, {"resolution": "loaded", "by": "Li Na", "reason": "seen"})
    for _ in range(70):
        one_day(journal, clock)
    journal.maintain()
    assert archived_numbers(folder, 2)[0] == 121
    assert 302 in archived_numbers(folder, 2)
    assert numbers_in_database(folder)[0] > 302
    assert verify(folder).good
    found = read_transaction(folder, archived[1])
    assert found is not None
    assert [row.number for row in found.rows] == [4, 5, 6, 302]


def test_there_is_an_archive_a_week_and_not_one_a_day(archived, journal, folder, clock):
    for _ in range(14):
        one_day(journal, clock)
        journal.maintain()
    # Day 41 was 60 days old when archive 1 was written; after one week more it is too old, and after another week.
    assert [archived_numbers(folder, number)[-1] for number in (1, 2, 3)] == [3 * 40, 3 * 47, 3 * 54]
    assert len(list((folder / "archive").iterdir())) == 3
    assert verify(folder).good


def test_a_database_that_is_too_large_keeps_a_month(ids, folder, clock):
    with SqliteJournal(folder, "KT000001", clock, retention=Retention(size_bytes=50_000)) as journal:
        journal.maintain()
        assert archived_numbers(folder, 1) == list(range(1, 3 * 69 + 1))
        assert [each.id for each in journal.since(clock.wall() - timedelta(days=31))] == ids[-31:]


def test_the_newest_transaction_always_stays_so_that_numbers_go_on(journal, clock, folder):
    clock.sleep(400 * DAY)
    journal.maintain()
    assert numbers_in_database(folder) == [4, 5, 6, 298, 299, 300, 301]
    assert journal.begin({}).id.endswith("00101")


def test_many_rows_are_moved_in_several_goes(ids, journal, folder, monkeypatch):
    monkeypatch.setattr("journal.store.ROWS_AT_ONCE", 50)
    for _ in range(4):
        journal.maintain()
    # What is left then is not a week older than need be.
    assert [archived_numbers(folder, number)[-1] for number in (1, 2)] == [50, 100]
    assert len(list((folder / "archive").iterdir())) == 2
    assert verify(folder).good
    assert [each.id for each in read_latest(folder, 1_000)] == ids


def test_nobody_deletes_a_row_that_is_in_no_archive(archived, folder):
    with closing(sqlite3.connect(folder / "journal.db")) as other, pytest.raises(sqlite3.Error, match="archived"):
        other.execute("DELETE FROM entry WHERE number = 121")


# -- cut off at any point --------------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", range(4))
def test_an_archive_that_could_not_be_synced_changes_nothing(journal, ids, clock, calls, request):
    folder, monkeypatch, caplog = (request.getfixturevalue(name) for name in ("folder", "monkeypatch", "caplog"))
    sync, left = os.fsync, calls

    def fail(descriptor: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(5, "Input/output error")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    journal.maintain()
    monkeypatch.undo()
    assert ("cannot archive old rows of the journal: Input/output error" in caplog.text) == (calls < 3)
    assert verify(folder).good
    assert [each.id for each in read_latest(folder, 1_000)] == ids
    clock.sleep(3600)
    journal.maintain()
    assert verify(folder).archives == 1


def test_a_cut_between_archive_and_database_leaves_the_rows_in_both(journal, clock, folder, ids, monkeypatch):
    def cut(*_: object) -> None:
        raise apsw.IOError("power cut")

    monkeypatch.setattr(SqliteJournal, "_append_note", cut)
    journal.maintain()
    monkeypatch.undo()
    assert archive_path(folder, 1).exists()
    assert numbers_in_database(folder) == list(range(1, 301))
    assert (verify(folder).problem, verify(folder).archives) == ("", 0)
    journal.close()
    clock.sleep(DAY)
    with SqliteJournal(folder, "KT000001", clock, retention=KEEP) as again:
        again.maintain()
    assert archived_numbers(folder, 1) == list(range(1, 124))
    assert verify(folder).good
    assert [each.id for each in read_latest(folder, 1_000)] == ids


# -- verify ----------------------------------------------------------------------------------------------------


def lines_of(folder: Path) -> list[str]:
    return archive_path(folder, 1).read_text(encoding="utf-8").splitlines(keepends=True)


def put(folder: Path, lines: list[str]) -> None:
    archive_path(folder, 1).write_text("".join(lines), encoding="utf-8")


def test_a_row_changed_in_an_archive_is_named(archived, folder):
    lines = lines_of(folder)
    lines[50] = lines[50].replace("8901", "8902")  # line 51 is row 50: a header comes first
    put(folder, lines)
    verdict = verify(folder)
    assert (verdict.rows, verdict.first_bad) == (49, 50)
    assert verdict.problem == "row 50 has been changed: its hash does not fit (archive 1)"


def test_a_row_dropped_from_an_archive_is_named(archived, folder):
    lines = lines_of(folder)
    del lines[50]
    put(folder, lines)
    assert verify(folder).problem == "row 50 is missing; row 51 follows row 49 (archive 1)"


def test_rows_swapped_in_an_archive_are_named_by_the_first(archived, folder):
    lines = lines_of(folder)
    lines[50], lines[70] = lines[70], lines[50]
    put(folder, lines)
    assert verify(folder).first_bad == 50


@pytest.mark.parametrize(
    ("keep", "first_bad", "problem"),
    [
        (121, 121, "archive 1 is cut off: its closing hash is missing"),
        (60, 60, "archive 1 is cut off: its closing hash is missing"),
        (0, 1, "archive 1 is cut off: its closing hash is missing"),
    ],
)
def test_an_archive_that_was_cut_off_is_named(archived, folder, keep, first_bad, problem):
    put(folder, lines_of(folder)[:keep])
    verdict = verify(folder)
    assert (verdict.first_bad, verdict.problem) == (first_bad, problem)


def test_an_archive_cut_off_and_closed_again_is_named(archived, folder):
    lines = lines_of(folder)
    last = json.loads(lines[100])
    put(folder, [*lines[:101], json.dumps({"last": last["number"], "head": last["hash"]}) + "\n"])
    verdict = verify(folder)
    assert (verdict.rows, verdict.first_bad) == (100, 101)
    assert verdict.problem.startswith("archive 1 is not the one that was written: it ends with row 100 of hash")


def test_a_missing_archive_is_named(archived, folder):
    archive_path(folder, 1).unlink()
    verdict = verify(folder)
    assert (verdict.rows, verdict.first_bad) == (0, 1)
    assert verdict.problem == f"archive 1 is missing ({archive_path(folder, 1)})"


def test_an_archive_whose_whole_chain_was_written_anew_is_named(archived, folder, tmp_path):
    """The forger lowers an amount in row 50 and makes every hash behind it fit; the database remembers the last one."""
    chain: list[Entry] = []
    for entry in read_archive(folder, 1):
        facts = json.loads(entry.facts) | ({"card": "310488*********0000"} if entry.number == 50 else {})
        row = entry.row()
        before = chain[-1] if chain else None
        forged = next_entry(before, row.at, row.transaction, row.state.value, facts, function=HashFunction.SHA256)
        chain.append(forged)
    header = lines_of(folder)[0]
    rows = [json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in chain]
    put(folder, [header, *rows, json.dumps({"last": chain[-1].number, "head": chain[-1].hash}) + "\n"])
    verdict = verify(folder)
    assert (verdict.rows, verdict.first_bad) == (120, 121)
    assert verdict.problem.startswith("archive 1 is not the one that was written: it ends with row 120 of hash")


def test_a_row_that_is_not_the_same_in_database_and_archive_is_named(archived, folder):
    with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as forger:
        (sql,) = forger.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_unchanged'").fetchone()
        forger.execute("DROP TRIGGER entry_unchanged")
        forger.execute("UPDATE entry SET facts = '{}' WHERE number = 5")
        forger.execute(sql)
    assert verify(folder).problem == "row 5 is not the same in the database and in archive 1"


def test_a_changed_note_of_an_archive_is_named(archived, folder):
    with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as forger:
        (sql,) = forger.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_unchanged'").fetchone()
        forger.execute("DROP TRIGGER entry_unchanged")
        forger.execute("UPDATE entry SET facts = replace(facts, '120', '119') WHERE number = 301")
        forger.execute(sql)
    verdict = verify(folder)
    assert (verdict.rows, verdict.first_bad) == (0, 301)
    assert verdict.problem == "row 301 has been changed: its hash does not fit"


HALF_A_PAIR = (
    r'{"number":50,"at":"\ud800","transaction":"","state":"","facts":"","previous":"","hash":""}'  # no UTF-8 has it
)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"number":"1"}',
        "\xff",
        '{"last":7,"head":""}',
        "null",
        pytest.param("[" * 100_000, id="deep"),
        HALF_A_PAIR,
    ],
)
def test_a_line_that_is_no_row_is_named_and_no_traceback(archived, folder, line):
    lines = lines_of(folder)
    lines[50] = line + "\n"
    archive_path(folder, 1).write_bytes("".join(lines).encode("latin-1", "replace"))
    verdict = verify(folder)
    assert (verdict.rows, verdict.first_bad) == (49, 50)
    assert "archive 1, line 51" in verdict.problem


OF_ANOTHER = '{"format":1,"archive":2,"first":1,"until":"2025-11-22T10:00:00+08:00"}'


@pytest.mark.parametrize("header", ["{}", OF_ANOTHER, "x"])
def test_a_header_that_is_not_that_of_the_archive_is_named(archived, folder, header):
    put(folder, [header + "\n", *lines_of(folder)[1:]])
    assert verify(folder).problem.startswith("archive 1, line 1 ")


def test_archives_are_for_the_owner_only(archived, folder):
    assert archive_path(folder, 1).stat().st_mode & 0o777 == 0o600
    assert (folder / "archive").stat().st_mode & 0o777 == 0o700


# -- another hash function ---------------------------------------------------------------------------------------


def test_archives_are_proven_across_a_change_of_the_hash_function(ids, folder, clock):
    for function in (HashFunction.SM3, HashFunction.SHA256):
        with SqliteJournal(folder, "KT000001", clock, retention=KEEP, function=function) as journal:
            last = one_day(journal, clock)
            clock.sleep(70 * DAY)
            journal.maintain()
    verdict = verify(folder)
    assert (verdict.problem, verdict.archives) == ("", 2)
    # Archive 1 ends with the first HASH row; behind it are a transaction, the ARCHIVED row, and the next HASH row.
    assert [entry.state for entry in read_archive(folder, 2) if entry.is_note] == ["ARCHIVED", "HASH"]
    assert [each.id for each in read_latest(folder, 100)][-1] == last
