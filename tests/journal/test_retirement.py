"""Old archives are removed, and the rest of the journal proves itself as before: what may go, and what may not."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import apsw
import pytest

from durable.sqlite import closing_connection
from journal.archive import Retention, archive_path
from journal.database import open_for_reading, select_entries
from journal.hashes import HashFunction
from journal.reading import Search, read_latest, read_notes, read_transaction, search
from journal.retirement import Retirement, RetirementRefused
from journal.store import SqliteJournal
from journal.verify import verify
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerState as L
from tests.clocks import SetClock

DAY = 86_400.0
START = datetime(2025, 1, 1, 10, tzinfo=timezone(timedelta(hours=8)))
TODAY = START + timedelta(days=120)
ALL = 10_000  # more rows than there are: the bank has acknowledged everything


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 days of a transaction each, of two rows; days 1 to 80 in archives of 20 days. Day 50 is open."""
    folder, clock = tmp_path_factory.mktemp("written"), SetClock(START)
    with SqliteJournal(folder, "KT000001", clock, retention=Retention(timedelta(days=40))) as journal:
        for day in range(1, 121):
            journal.record(journal.begin({}).id, L.SUSPENSE if day == 50 else L.DONE, {})
            clock.sleep(DAY)
            if day in {60, 80, 100, 120}:
                journal.maintain()
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "journal"))


@pytest.fixture
def clock() -> SetClock:
    return SetClock(TODAY)


@pytest.fixture
def journal(folder: Path, clock: SetClock) -> Iterator[SqliteJournal]:
    with SqliteJournal(folder, "KT000001", clock, retention=Retention(timedelta(days=40))) as opened:
        yield opened


def before(day: int, keep_bytes: int = 0) -> Retirement:
    """Wish that what is older than the `day` of the journal goes."""
    return Retirement(START + timedelta(days=day - 1), keep_bytes, "Li Na", "older than the law asks")


def archives(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "archive").iterdir())


def numbers_in_database(folder: Path) -> list[int]:
    with closing_connection(open_for_reading(folder)) as database:
        return [entry.number for entry in select_entries(database, "")]


def begun(folder: Path) -> list[int]:
    """Return the running numbers, which are the days, of all transactions that a search finds."""
    return [int(each.id[-5:]) for each in search(folder, Search())]


def forge(folder: Path, statement: str) -> None:
    """Change the database as somebody does who may write its file, and put the triggers back."""
    with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as forger:
        triggers = forger.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            forger.execute(f"DROP TRIGGER {name}")
        forger.execute(statement)
        for _, sql in triggers:
            forger.execute(sql)


def test_what_is_noted_of_the_journal_is_read_from_archives_too(folder: Path) -> None:
    """The row of day 60 lies behind the 120 rows of 60 days, and itself in the archive of days 61 to 80."""
    notes = read_notes(folder)
    assert [each.state for each in notes] == ["ARCHIVED"] * 4
    assert notes[0].number == 121
    assert 121 not in numbers_in_database(folder)


def test_old_archives_go_and_the_rest_is_proven_and_found(journal: SqliteJournal, folder: Path) -> None:
    retired = journal.retire(before(45), ALL)
    assert (retired.archive, retired.last, retired.until) == (2, 80, START + timedelta(days=39))
    assert archives(folder) == ["000003.jsonl", "000004.jsonl"]
    verdict = verify(folder)
    assert (verdict.problem, verdict.rows, verdict.archives) == ("", 245, 2)
    assert verdict.retired == retired
    assert (retired.by, retired.reason, retired.at) == ("Li Na", "older than the law asks", TODAY)
    assert begun(folder) == list(range(41, 121))
    assert read_transaction(folder, "KT000001-25011000010") is None
    assert journal.begin({}).id == "KT000001-25050100121"


def test_the_row_that_says_it_tells_who_why_and_where_the_chain_goes_on(journal: SqliteJournal, folder: Path) -> None:
    head = journal.retire(before(45), 244).head
    with closing_connection(open_for_reading(folder)) as database:
        (row,) = select_entries(database, "WHERE state = 'RETIRED'")
    assert (row.number, row.transaction) == (245, "")
    assert row.facts == (
        f'{{"acknowledged":244,"archive":2,"by":"Li Na","hash":"sha256","head":"{head}","last":80,'
        '"reason":"older than the law asks","until":"2025-02-09T10:00:00.000+08:00"}'
    )


def test_archives_go_in_several_goes_and_their_rows_are_kept_for_ever(
    journal: SqliteJournal, folder: Path, clock: SetClock
) -> None:
    assert journal.retire(before(25), ALL).archive == 1
    assert journal.retire(before(45), ALL).archive == 2
    journal.record("KT000001-25021900050", L.SETTLED, {})
    for _ in range(60):
        journal.record(journal.begin({}).id, L.DONE, {})
        clock.sleep(DAY)
    journal.maintain()
    assert verify(folder).archives == 3
    assert journal.retire(before(142), ALL).archive == 5
    assert archives(folder) == []
    verdict = verify(folder)
    assert (verdict.problem, verdict.archives) == ("", 0)
    with closing_connection(open_for_reading(folder)) as database:
        assert [row.number for row in select_entries(database, "WHERE state = 'RETIRED'")][:2] == [245, 246]
    with closing(sqlite3.connect(folder / "journal.db")) as other, pytest.raises(sqlite3.Error, match="archived"):
        other.execute("DELETE FROM entry WHERE state = 'RETIRED'")


def test_the_largest_that_is_wanted_stays(journal: SqliteJournal, folder: Path) -> None:
    # Four archives of 11,139 + 11,158 + 11,584 + 11,600 bytes; the three that stay have 34,342.
    journal.retire(before(85, keep_bytes=40_000), ALL)
    assert archives(folder) == ["000002.jsonl", "000003.jsonl", "000004.jsonl"]
    with pytest.raises(RetirementRefused, match=r"archive 2 stays: from it on they have 0\.0 MiB, no more than shall"):
        journal.retire(before(85, keep_bytes=40_000), ALL)


# -- what stays --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "acknowledged", "why"),
    [
        (
            before(20),
            ALL,
            "archive 1 has rows of 2025-01-20, and what is of 2025-01-20 or later shall stay",
        ),
        (
            before(45),
            39,
            "archive 1 ends with row 40, and the bank has acknowledged the journal up to row 39 only",
        ),
    ],
)
def test_what_may_not_go_is_refused_with_the_reason(
    journal: SqliteJournal, folder: Path, wanted: Retirement, acknowledged: int, why: str
) -> None:
    head = journal.head()
    with pytest.raises(RetirementRefused) as refused:
        journal.retire(wanted, acknowledged)
    assert str(refused.value) == f"no archive may go: {why}"
    assert (journal.head(), len(archives(folder)), verify(folder).good) == (head, 4, True)


def test_the_last_month_always_stays(journal: SqliteJournal) -> None:
    with pytest.raises(RetirementRefused, match=r"^the last 31 days always stay$"):
        journal.retire(before(91), ALL)


def test_only_what_the_bank_has_acknowledged_goes(journal: SqliteJournal) -> None:
    assert journal.retire(before(45), 79).last == 40
    assert journal.retire(before(45), 80).last == 80


def test_an_archive_with_an_open_transaction_stays_and_all_behind_it(journal: SqliteJournal, folder: Path) -> None:
    assert journal.retire(before(85), ALL).archive == 2
    why = "archive 3 has row 99 of KT000001-25021900050, which is open or not whole in archives"
    with pytest.raises(RetirementRefused, match=why):
        journal.retire(before(85), ALL)
    assert archives(folder) == ["000003.jsonl", "000004.jsonl"]


def test_a_journal_without_archives_has_nothing_to_retire(tmp_path: Path, clock: SetClock) -> None:
    with (
        SqliteJournal(tmp_path / "new", "KT000001", clock) as journal,
        pytest.raises(RetirementRefused, match="there is no archive that could go"),
    ):
        journal.retire(before(45), ALL)


def test_a_card_number_in_the_reason_is_refused(journal: SqliteJournal, folder: Path) -> None:
    with pytest.raises(ValueError, match="full card number"):
        journal.retire(Retirement(START + timedelta(days=45), 0, "Li Na", "6222021234567890"), ALL)
    assert len(archives(folder)) == 4


def cut_off(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-50])


def close_anew(archive: Path) -> None:
    *rows, _ = archive.read_text().splitlines(keepends=True)
    archive.write_text("".join(rows) + f'{{"last":80,"head":"{"0" * 64}"}}\n')


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (Path.unlink, "archive 2 is missing"),
        (cut_off, "archive 2 is cut off: its closing hash is missing"),
        (lambda archive: archive.write_bytes(b""), "archive 2, line 1 cannot be read"),
        (close_anew, "row 81 does not follow archive 2"),
    ],
)
def test_damaged_archives_are_looked_into_and_not_removed(
    journal: SqliteJournal, folder: Path, spoil: Callable[[Path], object], problem: str
) -> None:
    spoil(archive_path(folder, 2))
    left = archives(folder)
    with pytest.raises(RetirementRefused, match=rf"{problem}.*; look into it first: openteller journal verify"):
        journal.retire(before(45), ALL)
    assert archives(folder) == left


# -- cut off at any point ----------------------------------------------------------------------------------------


def test_nothing_is_removed_before_the_row_is_on_disk(
    journal: SqliteJournal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise apsw.FullError("disk full")

    monkeypatch.setattr(SqliteJournal, "_append_note", fail)
    with pytest.raises(JournalUnavailable, match="the disk is full"):
        journal.retire(before(45), ALL)
    assert len(archives(folder)) == 4


@pytest.mark.parametrize("removed", [0, 1])
def test_files_that_were_not_removed_go_when_the_journal_is_next_opened(
    folder: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, removed: int
) -> None:
    unlink, left = Path.unlink, removed

    def fail(path: Path) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise PermissionError(13, "Permission denied")
        unlink(path)

    with SqliteJournal(folder, "KT000001", clock) as journal:
        monkeypatch.setattr(Path, "unlink", fail)
        journal.retire(before(45), ALL)
        monkeypatch.undo()
    assert "a retired archive of the journal could not be removed" in caplog.text
    assert len(archives(folder)) == 4 - removed
    assert (verify(folder).problem, begun(folder)[0]) == ("", 41)
    with SqliteJournal(folder, "KT000001", clock):
        assert archives(folder) == ["000003.jsonl", "000004.jsonl"]


# -- verify ------------------------------------------------------------------------------------------------------


ROW_3 = "INSERT INTO entry SELECT 3, at, {}, previous, hash FROM entry WHERE number = 100"
FORGERIES = {
    "UPDATE entry SET facts = replace(facts, 'Li Na', 'Wu Yi') WHERE number = 245": "row 245 has been changed",
    "DELETE FROM entry WHERE number = 245": "archive 1 is missing",
    ROW_3.format("'KT000001-25010200002', 'DONE', facts"): "row 3 was retired, and is there again",
    ROW_3.format("'', 'HASH', '{\"hash\":\"sha256\"}'"): "row 3 has been changed: its hash does not fit",
}


@pytest.mark.parametrize(("forgery", "problem"), FORGERIES.items())
def test_a_forged_end_of_what_was_retired_is_named(
    journal: SqliteJournal, folder: Path, forgery: str, problem: str
) -> None:
    journal.retire(before(45), ALL)
    journal.close()
    forge(folder, forgery)
    assert verify(folder).problem.startswith(problem)


def test_an_archive_that_was_removed_without_a_word_is_missed(journal: SqliteJournal, folder: Path) -> None:
    journal.retire(before(45), ALL)
    archive_path(folder, 3).unlink()
    verdict = verify(folder)
    assert (verdict.rows, verdict.first_bad) == (80, 81)
    assert verdict.problem.startswith("archive 3 is missing")


def test_the_hash_function_of_the_rest_is_that_of_before(written: Path, tmp_path: Path, clock: SetClock) -> None:
    """SM3 from row 245 on, and everything before row 300 retired: the HASH row stays, alone of its time."""
    folder, keep = Path(shutil.copytree(written, tmp_path / "sm3")), Retention(timedelta(days=40))
    with SqliteJournal(folder, "KT000001", clock, retention=keep, function=HashFunction.SM3) as journal:
        journal.record("KT000001-25021900050", L.SETTLED, {})
        for _ in range(100):
            journal.record(journal.begin({}).id, L.DONE, {})
            clock.sleep(DAY)
        journal.maintain()
        retired = journal.retire(before(182), ALL)
    assert (retired.archive, retired.function) == (5, HashFunction.SM3)
    assert (verify(folder).problem, verify(folder).archives) == ("", 0)
    with SqliteJournal(folder, "KT000001", clock) as journal:
        journal.begin({})
    assert len(read_latest(folder, 9)) == 9
    forge(folder, "DELETE FROM entry WHERE state = 'HASH'")
    assert not verify(folder).good
