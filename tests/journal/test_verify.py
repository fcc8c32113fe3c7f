import random
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from durable.sqlite import closing_connection
from journal.database import open_for_reading, select_entries
from journal.entries import Entry, next_entry
from journal.hashes import HashFunction
from journal.store import SqliteJournal
from journal.verify import Verdict, verify
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerState

ROWS = 24


@pytest.fixture
def finished(folder, clock) -> Path:
    """The folder of a journal with 24 rows of four transactions, closed."""
    with SqliteJournal(folder, "KT000001", clock) as journal:
        for _ in range(4):
            transaction = journal.begin({"service": "transit_top_up"}).id
            for state in (LedgerState.CARD_READ, LedgerState.INIT, LedgerState.FUND_REQ, LedgerState.FUND_OK):
                journal.record(transaction, state, {"why": "垫" * 40, "amount_fen": 5000})
            journal.record(transaction, LedgerState.DONE, {})
    return folder


def alter(folder: Path, *statements: str) -> None:
    """Change the file as somebody with SQLite would who first takes the triggers away."""
    with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as forger:
        triggers = forger.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            forger.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            forger.execute(statement)
        for _, sql in triggers:
            forger.execute(sql)


def test_a_whole_journal_is_good(finished):
    verdict = verify(finished)
    assert verdict.good
    assert (verdict.rows, verdict.first_bad, verdict.problem) == (ROWS, None, "")


def test_an_empty_journal_is_good(folder, journal):
    assert verify(folder) == Verdict(0, "0" * 64)


def test_the_head_moves_with_every_row(folder, journal):
    transaction = journal.begin({}).id
    first = verify(folder).head
    journal.record(transaction, LedgerState.DONE, {})
    assert verify(folder).head != first


def test_it_needs_no_pause_of_the_writer(folder, journal):
    transaction = journal.begin({}).id
    for number in range(2, 30):
        journal.record(transaction, LedgerState.CARD_READ, {"n": number})
        assert verify(folder).rows == number


@pytest.mark.parametrize("row", [1, 2, 13, ROWS])
@pytest.mark.parametrize(
    "change",
    [
        "at = '2025-11-22T10:15:31.000+08:00'",
        "transaction_id = 'KT000001-25112200099'",
        "state = 'REVERSED'",
        "facts = '{\"amount_fen\":1}'",
        "hash = replace(hash, substr(hash, 1, 1), 'x')",
        "facts = x'ff'",
        "facts = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_changed_row_is_named(finished, row, change):
    with suppress(sqlite3.IntegrityError):  # the table is STRICT: a blob is refused at once
        alter(finished, f"UPDATE entry SET {change} WHERE number = {row}")
        verdict = verify(finished)
        assert (verdict.rows, verdict.first_bad) == (row - 1, row)
        assert str(row) in verdict.problem


def test_a_row_changed_together_with_its_hash_is_named_by_the_next(finished):
    with closing_connection(open_for_reading(finished)) as database:
        entries = list(select_entries(database, ""))
    at, transaction = entries[7].row().at, entries[7].transaction
    forged = next_entry(entries[6], at, transaction, "DONE", {"amount_fen": 1}, function=HashFunction.SHA256)
    alter(
        finished, f"UPDATE entry SET state = 'DONE', facts = '{forged.facts}', hash = '{forged.hash}' WHERE number = 8"
    )
    verdict = verify(finished)
    assert (verdict.first_bad, verdict.problem) == (9, "row 9 does not follow row 8: one of them has been changed")


@pytest.mark.parametrize("row", [1, 2, 13])
def test_a_dropped_row_is_named(finished, row):
    alter(finished, f"DELETE FROM entry WHERE number = {row}")
    verdict = verify(finished)
    assert (verdict.rows, verdict.first_bad) == (row - 1, row)
    assert verdict.problem == f"row {row} is missing; row {row + 1} follows row {row - 1}"


def test_a_dropped_row_is_named_when_the_numbers_are_closed_up(finished):
    alter(
        finished,
        "DELETE FROM entry WHERE number = 10",
        *(f"UPDATE entry SET number = {number - 1} WHERE number = {number}" for number in range(11, ROWS + 1)),
        f"UPDATE sqlite_sequence SET seq = {ROWS - 1}",
    )
    assert verify(finished).first_bad == 10


def test_swapped_rows_are_named_by_the_first(finished):
    alter(
        finished,
        "UPDATE entry SET number = 99 WHERE number = 5",
        "UPDATE entry SET number = 5 WHERE number = 17",
        "UPDATE entry SET number = 17 WHERE number = 99",
        f"UPDATE sqlite_sequence SET seq = {ROWS}",
    )
    assert verify(finished).first_bad == 5


def test_a_tail_that_was_cut_off_is_named(finished):
    alter(finished, "DELETE FROM entry WHERE number > 20")
    verdict = verify(finished)
    assert (verdict.rows, verdict.first_bad, verdict.problem) == (20, 21, "rows 21 to 24 are cut off")


def test_a_journal_emptied_is_bad(finished):
    alter(finished, "DELETE FROM entry")
    assert verify(finished).first_bad == 1


def test_an_added_row_is_named(finished):
    alter(
        finished,
        f"INSERT INTO entry SELECT {ROWS + 1}, at, transaction_id, 'DONE', facts, previous, hash FROM entry LIMIT 1",
    )
    assert verify(finished).first_bad == ROWS + 1


def test_missing_triggers_are_bad(finished):
    with closing(sqlite3.connect(finished / "journal.db")) as forger:
        forger.execute("DROP TRIGGER entry_stays")
    verdict = verify(finished)
    assert (verdict.rows, verdict.first_bad) == (ROWS, None)
    assert "triggers" in verdict.problem


def test_a_file_cut_short_is_bad(finished):
    path = finished / "journal.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert not verify(finished).good


def test_a_journal_of_another_kind_is_bad(finished):
    (finished / "journal.db").write_bytes(b"This is a letter." * 1000)
    verdict = verify(finished)
    assert (verdict.rows, verdict.first_bad) == (0, None)
    assert "file is damaged" in verdict.problem


def test_no_journal_is_said_plainly(tmp_path):
    with pytest.raises(JournalUnavailable, match="there is no journal in"):
        verify(tmp_path)


def entries_of(folder: Path) -> list[Entry]:
    with closing_connection(open_for_reading(folder)) as database:
        return list(select_entries(database, "NOT INDEXED"))


def flips(data: bytes, count: int, chance: random.Random) -> list[tuple[int, int]]:
    return [(chance.randrange(len(data)), chance.randrange(1, 256)) for _ in range(count)]


def test_a_flipped_byte_is_found_unless_it_changes_nothing(finished, tmp_path):
    """Free space in SQLite's pages carries nothing; every other byte counts, and the row that is named is the one."""
    written = entries_of(finished)
    data = (finished / "journal.db").read_bytes()
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    found = 0
    for position, mask in flips(data, 600, random.Random(20251122)):
        broken = bytearray(data)
        broken[position] ^= mask
        shutil.rmtree(damaged)
        damaged.mkdir()
        (damaged / "journal.db").write_bytes(broken)
        verdict = verify(damaged)
        if verdict.good:
            assert entries_of(damaged) == written, f"byte {position} ^ {mask:#04x} went unseen"
        else:
            found += 1
        if verdict.first_bad is not None:
            assert written[: verdict.rows] == read_first(damaged, verdict.rows)
    assert found > 100


def read_first(folder: Path, count: int) -> list[Entry]:
    with closing_connection(open_for_reading(folder)) as database:
        return list(select_entries(database, f"NOT INDEXED WHERE number <= {count}")) if count else []


@pytest.mark.parametrize("part", ["at", "transaction", "state", "facts", "previous", "hash"])
@pytest.mark.parametrize("bit", [0, 3, 7])
def test_a_flipped_bit_of_a_row_names_that_row(finished, part, bit):
    path = finished / "journal.db"
    row = entries_of(finished)[12]
    # A record lies in one piece, in the order of its columns; a copy that SQLite left behind in free space is no row.
    parts = {name: getattr(row, name).encode() for name in ("at", "transaction", "state", "facts", "previous", "hash")}
    record = b"".join(parts.values())
    offset = record.index(parts[part])
    broken = record[:offset] + bytes([record[offset] ^ 1 << bit]) + record[offset + 1 :]
    data = path.read_bytes()
    assert record in data
    path.write_bytes(data.replace(record, broken))
    verdict = verify(finished)
    assert (verdict.rows, verdict.first_bad) == (12, 13)
