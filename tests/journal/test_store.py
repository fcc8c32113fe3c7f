import sqlite3
from collections import namedtuple
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import apsw
import pytest

from durable.sqlite import Schema
from journal import database
from journal.entries import next_entry
from journal.hashes import HashFunction
from journal.reading import read_notes
from journal.store import SqliteJournal
from journal.verify import verify
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerState

TERMINAL = "KT000001"
SHA256 = HashFunction.SHA256


def test_a_transaction_gets_a_number_of_its_own(journal):
    first = journal.begin({"service": "transit_top_up"})
    second = journal.begin({"service": "transit_top_up"})
    assert (first.id, second.id) == ("KT000001-25112200001", "KT000001-25112200002")
    assert len(first.id) == 20
    assert first.state is LedgerState.NEW
    assert first.facts == {"service": "transit_top_up", "sequence": 1}
    assert second.facts["sequence"] == 2


def test_numbers_go_on_after_a_restart_and_when_the_clock_is_set_back(folder, clock):
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        journal.begin({})
    clock.sleep(-timedelta(days=400).total_seconds())
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        journal.confirm_clock("Li Na", "the battery was changed")
        second = journal.begin({})
    assert second.id == "KT000001-24101800002"
    assert [row.number for row in second.rows] == [3]


# -- a clock that steps back, and a disk that is nearly full ----------------------------------------------------


def test_a_clock_that_stepped_back_begins_no_transaction_until_it_is_right_again(journal, clock):
    journal.begin({})
    clock.sleep(-60)
    journal.begin({})
    clock.sleep(-61)
    for refused in (journal.maintain, lambda: journal.begin({})):
        with pytest.raises(
            JournalUnavailable, match=r"the clock stands at 2025-11-22 10:13:29, 0:02:01 before the latest row of the"
        ):
            refused()
    clock.sleep(61)
    journal.maintain()
    assert journal.begin({}).rows[0].number == 3


def test_a_clock_that_was_ahead_is_confirmed_by_somebody_and_the_row_says_so(journal, folder, clock):
    journal.begin({})
    clock.sleep(-timedelta(days=3650).total_seconds())
    journal.confirm_clock("Li Na", "the year was 2025, the battery is new")
    assert journal.begin({}).rows[0].number == 3
    assert verify(folder).good
    with closing(sqlite3.connect(folder / "journal.db")) as database:
        found = database.execute("SELECT transaction_id, state, facts FROM entry WHERE number = 2").fetchone()
    assert found == ("", "CLOCK", '{"by":"Li Na","reason":"the year was 2025, the battery is new"}')


def test_a_transaction_that_ended_under_a_wrong_clock_does_not_hide_that_it_was_set_back(folder, clock):
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        transaction = journal.begin({}).id
        clock.sleep(-3600)
        journal.record(transaction, LedgerState.ABANDONED, {})
        with pytest.raises(JournalUnavailable, match="1:00:00 before the latest row"):
            journal.begin({})
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        with pytest.raises(JournalUnavailable, match="1:00:00 before the latest row"):
            journal.maintain()
        journal.confirm_clock("Li Na", "seen")
        journal.maintain()
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        assert journal.begin({}).rows[0].number == 4


def test_an_open_transaction_is_recorded_to_its_end_whatever_the_clock_says(journal, clock):
    transaction = journal.begin({}).id
    clock.sleep(-86_400)
    assert journal.record(transaction, LedgerState.CREDIT_SENT, {}).number == 2
    assert journal.record(transaction, LedgerState.DONE, {}).number == 3


def test_no_transaction_begins_on_a_disk_that_may_not_hold_its_end(journal, monkeypatch):
    transaction = journal.begin({}).id
    nearly_full = namedtuple("Statvfs", "f_bavail f_frsize")(4095, 4096)  # 16 MiB and none to spare is 4096 blocks
    monkeypatch.setattr("journal.store.os.statvfs", lambda folder: nearly_full)
    for refused in (journal.maintain, lambda: journal.begin({})):
        with pytest.raises(JournalUnavailable, match=r"the disk of .* has less than 16 MiB left"):
            refused()
    journal.record(transaction, LedgerState.DONE, {})


# -- the running number -------------------------------------------------------------------------------------------


def numbered(folder, clock, sequence):
    """Open a journal whose last transaction had this number."""
    with closing(sqlite3.connect(folder / "journal.db")) as forger:
        forger.executescript("DROP TRIGGER entry_unchanged")
        entry = next_entry(None, clock.wall(), "KT000001-25112100001", "NEW", {"sequence": sequence}, function=SHA256)
        forger.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", entry.columns)
        forger.commit()
    return SqliteJournal(folder, TERMINAL, clock)


@pytest.mark.parametrize(
    ("last", "following"),
    [
        (1, 2),
        (49_998, 49_999),
        (49_999, 1),
        (50_000, 1),
        (123_456, 1),
    ],  # programs before 2026-12 counted without an end
)
def test_the_running_number_has_five_digits_and_begins_anew_behind_49999(folder, clock, last, following):
    SqliteJournal(folder, TERMINAL, clock).close()
    with numbered(folder, clock, last) as journal:
        transaction = journal.begin({})
    assert transaction.id == f"KT000001-251122{following:05}"
    assert transaction.facts["sequence"] == following


def test_behind_a_confirmed_disk_the_numbers_of_that_day_are_of_their_own(journal, folder, clock):
    assert journal.confirmed() == "0" * 64
    journal.begin({})
    assert journal.confirm_disk("Li Na", "the disk failed") == 2
    assert journal.confirmed() == journal.head()[1]
    # 10:15:30 is second 36,930 of the day: 50,000 + 18,465, and one more
    assert journal.begin({}).id == "KT000001-25112268466"
    assert journal.begin({}).id == "KT000001-25112268467"
    assert [(note.state, note.facts) for note in read_notes(folder)] == [
        ("DISK", '{"by":"Li Na","reason":"the disk failed","sequence":68465}')
    ]
    clock.sleep(86_400)
    assert journal.begin({}).id == "KT000001-25112300001"
    assert journal.begin({}).id == "KT000001-25112300002"
    assert verify(folder).good


def test_two_disks_that_are_changed_on_one_day_have_no_number_in_common(tmp_path, clock):
    """A transaction every two seconds, the most that a terminal could begin, and the disk changed twice."""
    given_out = []
    for disk in range(3):
        with SqliteJournal(tmp_path / str(disk), TERMINAL, clock) as journal:
            if disk:
                journal.confirm_disk("Li Na", "the disk failed")
            for _ in range(100):
                given_out.append(journal.begin({}).id)
                clock.sleep(2)
    assert len(set(given_out)) == 300


def test_a_disk_that_is_confirmed_twice_does_not_use_a_number_again(journal, clock):
    journal.confirm_disk("Li Na", "the disk failed")
    first = [journal.begin({}).id for _ in range(3)]
    journal.confirm_disk("Li Na", "a copy was put back")
    assert journal.begin({}).id not in first


def test_numbers_of_a_confirmed_day_are_enough_for_its_last_second(folder, clock):
    clock.sleep((timedelta(hours=13, minutes=44, seconds=29)).total_seconds())
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        journal.confirm_disk("Li Na", "the disk failed")
        assert journal.begin({}).id == "KT000001-25112293200"


def test_the_confirmation_is_still_known_after_a_restart_and_when_all_before_it_is_archived(folder, clock):
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        journal.confirm_disk("Li Na", "the disk failed")
        confirmed = journal.confirmed()
        journal.begin({})
    clock.sleep(timedelta(days=500).total_seconds())
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        journal.begin({})
        journal.maintain()
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        assert journal.confirmed() == confirmed
    with closing(sqlite3.connect(folder / "journal.db")) as database:
        assert database.execute("SELECT count(*) FROM entry WHERE state = 'ARCHIVED'").fetchone() == (1,)
    assert verify(folder).good


def test_rows_carry_number_time_and_facts(journal, clock):
    transaction = journal.begin({})
    clock.sleep(1.25)
    row = journal.record(transaction.id, LedgerState.CARD_READ, {"old_balance_fen": 1230})
    assert (row.number, row.transaction, row.state) == (2, transaction.id, LedgerState.CARD_READ)
    assert row.at == clock.wall()
    assert row.at.utcoffset() == timedelta(hours=8)
    assert row.facts == {"old_balance_fen": 1230}


def test_unsettled_are_those_not_closed_oldest_first(journal):
    kept, closed, later = (journal.begin({}).id for _ in range(3))
    journal.record(closed, LedgerState.ABANDONED, {})
    journal.record(later, LedgerState.CREDIT_SENT, {})
    journal.record(kept, LedgerState.SUSPENSE, {"counter": 7})
    assert [(each.id, each.state) for each in journal.unsettled()] == [
        (kept, LedgerState.SUSPENSE),
        (later, LedgerState.CREDIT_SENT),
    ]


def test_unsettled_are_the_same_after_a_restart(folder, clock):
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        kept, closed = (journal.begin({"n": n}).id for n in range(2))
        journal.record(kept, LedgerState.REV_REQ, {"stan": 4})
        journal.record(closed, LedgerState.DONE, {})
        before = journal.unsettled()
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        assert journal.unsettled() == before


@pytest.mark.parametrize("state", [LedgerState.DONE, LedgerState.REVERSED, LedgerState.DECLINED, LedgerState.ABANDONED])
def test_a_closed_transaction_stays_closed(journal, state):
    transaction = journal.begin({}).id
    journal.record(transaction, state, {})
    with pytest.raises(ValueError, match=f"no transaction {transaction} is open"):
        journal.record(transaction, LedgerState.REV_REQ, {})


def test_an_unknown_transaction_is_refused(journal):
    with pytest.raises(ValueError, match="no transaction KT000001-25112200009 is open"):
        journal.record("KT000001-25112200009", LedgerState.DONE, {})


# -- notes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [each for each in LedgerState if each is not LedgerState.NEW])
def test_a_note_repeats_the_last_state_and_so_opens_and_closes_nothing(folder, clock, state):
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        transaction = journal.begin({}).id
        journal.record(transaction, state, {"paid": True})
        row = journal.note(transaction, {"receipt": "printed"})
        assert (row.number, row.transaction, row.state, row.facts) == (3, transaction, state, {"receipt": "printed"})
        before = journal.unsettled()
        assert [len(each.rows) for each in before] == ([] if state.closed else [3])
        (told,) = journal.since(clock.wall())
        assert (told.state, told.facts["receipt"]) == (state, "printed")
    assert verify(folder).good
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        assert journal.unsettled() == before


def test_what_has_only_begun_or_is_unknown_takes_no_note(journal):
    begun = journal.begin({}).id
    for transaction in (begun, "KT000001-25112200009", ""):
        with pytest.raises(ValueError, match=f"no transaction {transaction} has gone beyond NEW"):
            journal.note(transaction, {})


def test_a_refused_fact_leaves_no_row(journal, folder):
    transaction = journal.begin({}).id
    with pytest.raises(ValueError, match="full card number"):
        journal.record(transaction, LedgerState.CARD_READ, {"card": "6222021234567890"})
    assert journal.record(transaction, LedgerState.CARD_READ, {}).number == 2
    assert verify(folder).rows == 2


# -- the token -----------------------------------------------------------------------------------------


def test_a_card_keeps_its_token_over_restarts(folder, clock):
    card, other = CardNumber("3104880012345678901"), CardNumber("3104880012345678902")
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        token = journal.token(card)
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        assert journal.token(card) == token
        assert journal.token(other) != token
    assert len(token) == 32
    assert set(token) <= set("0123456789abcdef")


def test_the_token_is_hmac_sha256(folder, clock):
    folder.mkdir()
    (folder / "journal.key").write_bytes(b"\x0b" * 32)
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        token = journal.token(CardNumber("3104880012345678901"))
    # printf 3104880012345678901 | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b...0b
    assert token == "6d767bbfaaf08fb14dbf2b7889849173"


def test_no_other_terminal_makes_the_same_token(tmp_path, clock):
    card = CardNumber("3104880012345678901")
    with SqliteJournal(tmp_path / "a", TERMINAL, clock) as one, SqliteJournal(tmp_path / "b", TERMINAL, clock) as two:
        assert one.token(card) != two.token(card)


def test_files_are_for_their_owner_only(journal, folder):
    journal.begin({})
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_lost_key_is_not_replaced_under_open_cases(folder, clock):
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        journal.begin({})
    (folder / "journal.key").unlink()
    with pytest.raises(JournalUnavailable, match=r"journal\.key is missing"):
        SqliteJournal(folder, TERMINAL, clock)
    assert not (folder / "journal.key").exists()


def test_open_cases_of_another_number_are_settled_under_it_first(folder, clock):
    """The bank answers 25 to a reversal or a proof that comes under another number than its order."""
    with SqliteJournal(folder, "OT000001", clock) as journal:
        begun, paid = (journal.begin({}).id for _ in range(2))
        journal.record(paid, LedgerState.REV_REQ, {})
    with pytest.raises(JournalUnavailable, match=r"has open cases of terminal OT000001, .* becomes OT000002$"):
        SqliteJournal(folder, "OT000002", clock)
    with SqliteJournal(folder, "OT000001", clock) as journal:
        journal.record(paid, LedgerState.REVERSED, {})
    with SqliteJournal(folder, "OT000002", clock) as journal:
        assert [each.id for each in journal.unsettled()] == [begun]  # nobody was asked for money


def test_a_damaged_key_is_named(folder, clock):
    folder.mkdir()
    (folder / "journal.key").write_bytes(b"short")
    with pytest.raises(JournalUnavailable, match=r"journal\.key is damaged: it has 5 bytes, not 32"):
        SqliteJournal(folder, TERMINAL, clock)


def test_a_key_half_written_before_a_power_cut_is_made_anew(folder, clock):
    folder.mkdir()
    (folder / "journal.key.new").write_bytes(b"half")
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        journal.begin({})
    assert len((folder / "journal.key").read_bytes()) == 32
    assert not (folder / "journal.key.new").exists()


# -- one writer, append-only ---------------------------------------------------------------------------


def test_a_second_writer_is_refused_until_the_first_is_gone(journal, folder, clock):
    with pytest.raises(JournalUnavailable, match="another program is writing the journal"):
        SqliteJournal(folder, TERMINAL, clock)
    journal.close()
    SqliteJournal(folder, TERMINAL, clock).close()


def test_after_closing_nothing_is_promised(journal):
    transaction = journal.begin({}).id
    journal.close()
    journal.close()
    with pytest.raises(JournalUnavailable, match="cannot write to the journal"):
        journal.record(transaction, LedgerState.DONE, {})
    with pytest.raises(JournalUnavailable, match="cannot begin a transaction"):
        journal.begin({})


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE entry SET facts = '{}' WHERE number = 1", "never changed"),
        ("DELETE FROM entry WHERE number = 2", "deleted only after they were archived"),
        ("DELETE FROM entry", "deleted only after they were archived"),
        (
            "INSERT OR REPLACE INTO entry SELECT 1, at, transaction_id, state, '{}', previous, hash FROM entry LIMIT 1",
            "without gaps",
        ),
        (
            "INSERT INTO entry SELECT 9, at, transaction_id, 'DONE', facts, previous, hash FROM entry LIMIT 1",
            "without gaps",
        ),
        (
            "INSERT INTO entry SELECT 3, at, transaction_id, 'NEW', facts, previous, hash FROM entry LIMIT 1",
            "UNIQUE",
        ),
    ],
)
def test_the_file_itself_refuses_to_forget(journal, folder, statement, refusal):
    journal.record(journal.begin({}).id, LedgerState.CARD_READ, {})
    with closing(sqlite3.connect(folder / "journal.db")) as other, pytest.raises(sqlite3.Error, match=refusal):
        other.execute(statement)
    assert verify(folder).good


# -- versions ------------------------------------------------------------------------------------------


# Schema version 1 as first released, typed here: a later program must open and bring forward such a file.
def test_a_migration_that_fails_changes_nothing(folder: Path, clock, monkeypatch):
    SqliteJournal(folder, TERMINAL, clock).close()
    monkeypatch.setattr(
        database,
        "SCHEMA",
        Schema("the journal", (*database.SCHEMA.steps, "CREATE TABLE extra (a); CREATE TABLE entry (b);")),
    )
    with pytest.raises(JournalUnavailable, match="entry already exists"):
        SqliteJournal(folder, TERMINAL, clock)
    monkeypatch.undo()
    SqliteJournal(folder, TERMINAL, clock).close()
    assert verify(folder).good


def test_an_old_sqlite_is_refused(folder, clock, monkeypatch):
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.40.1")
    with pytest.raises(JournalUnavailable, match=r"SQLite 3\.40\.1 may lose rows"):
        SqliteJournal(folder, TERMINAL, clock)


# -- what is on disk is checked before money follows from it -------------------------------------------


def test_a_changed_row_of_an_open_transaction_stops_the_start(folder, clock):
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        transaction = journal.begin({}).id
        journal.record(transaction, LedgerState.SUSPENSE, {"amount_fen": 5000})
    data = (folder / "journal.db").read_bytes()
    assert data.count(b'"amount_fen":5000') == 1
    (folder / "journal.db").write_bytes(data.replace(b'"amount_fen":5000', b'"amount_fen":9000'))
    with pytest.raises(JournalUnavailable, match="row 2 of the journal has been changed"):
        SqliteJournal(folder, TERMINAL, clock)


def test_what_is_no_journal_is_refused(folder, clock):
    folder.mkdir()
    (folder / "journal.db").write_bytes(b"This is a letter to the branch manager." * 100)
    with pytest.raises(JournalUnavailable, match="its file is damaged"):
        SqliteJournal(folder, TERMINAL, clock)


def test_a_folder_that_cannot_be_made_is_named(tmp_path, clock):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalUnavailable, match=r"cannot open the journal in .*file/journal: Not a directory"):
        SqliteJournal(tmp_path / "file" / "journal", TERMINAL, clock)


def test_since_returns_whole_transactions_that_began_then_or_later(journal, clock):
    before = journal.begin({"n": 1}).id
    clock.sleep(0.001)
    moment = clock.wall()
    done, lost = journal.begin({"n": 2}).id, journal.begin({"n": 3}).id
    journal.record(before, LedgerState.DONE, {})
    journal.record(done, LedgerState.DONE, {})
    found = journal.since(moment.astimezone(UTC))
    assert [(each.id, each.state) for each in found] == [(done, LedgerState.DONE), (lost, LedgerState.NEW)]
    assert [row.number for row in found[0].rows] == [2, 5]
    assert journal.since(moment + timedelta(milliseconds=1)) == ()


def test_the_head_is_number_and_hash_of_the_last_row(journal, folder):
    assert journal.head() == (0, "0" * 64)
    journal.record(journal.begin({}).id, LedgerState.ABANDONED, {})
    assert journal.head() == (2, verify(folder).head)
    assert len(journal.head()[1]) == 64


def test_a_settled_case_is_closed(journal):
    transaction = journal.begin({}).id
    journal.record(transaction, LedgerState.SUSPENSE, {})
    journal.record(transaction, LedgerState.SETTLED, {"resolution": "refunded", "by": "Li Na", "reason": "slip 12"})
    assert journal.unsettled() == ()
