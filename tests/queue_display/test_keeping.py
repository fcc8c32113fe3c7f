"""What every store of a branch's log promises, on SQLite and in PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from queue_display import acts
from queue_display.events import DayOpened, Entry, Issued
from queue_display.keeping import KeptAnswer, StoreUnavailable
from queue_display.tickets import Channel
from tests.queue_display.logs import MIDNIGHT
from tests.queue_display.logs import Log as Day
from tests.queue_display.policies import branch_policy
from tests.queue_display.stores import Log, PostgresLog, SqliteLog, kept_answer
from tests.queue_display.test_views import a_day


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    if request.param == "sqlite":
        yield SqliteLog(tmp_path / "queue")
    else:
        yield PostgresLog(request.getfixturevalue("postgres"))


def opened(number: int, day: str) -> Entry:
    return Entry(number, MIDNIGHT + number, DayOpened(day, MIDNIGHT))


def test_what_was_appended_is_there_when_it_is_opened_again(log: Log) -> None:
    entries = a_day().entries
    with log.open() as store:
        store.append(entries[:3])
        store.append(entries[3:])
    with log.open() as store:
        assert list(store.entries()) == entries
        assert list(store.entries(after=4, most=2)) == entries[4:6]
        assert store.last_number() == len(entries)


def test_whose_act_it_was_is_kept_with_it(log: Log) -> None:
    authors = ("queue", "customer", "teller/王芳 \U0001f600 ' \\", "unknown")
    entries = [replace(entry, author=author) for entry, author in zip(a_day().entries, authors, strict=False)]
    with log.open() as store:
        store.append(entries)
        assert tuple(store.entries()) == store.take_turn(0, []).entries == tuple(entries)


def test_many_entries_are_read_piece_by_piece(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queue_display.keeping._PIECE", 3)
    entries = a_day().entries
    with log.open() as store:
        store.append(entries)
        assert list(store.entries()) == entries
        assert list(store.entries(after=2, most=7)) == entries[2:9]
        assert list(store.entries(after=1, most=3)) == entries[1:4]
        assert list(store.entries(after=len(entries))) == []


def test_a_turn_tells_what_there_is_since_and_which_answers_are_kept(log: Log) -> None:
    entries = a_day().entries
    answers = [KeptAnswer("one", "r", "{}"), KeptAnswer("two", "r", '{"a":1}')]
    with log.open() as store:
        store.append(entries[:3], answers)
        turn = store.take_turn(1, ["two", "three"])
        assert turn.entries == tuple(entries[1:3])
        assert turn.answers == {"two": answers[1]}
        store.let_go()
        assert store.take_turn(0, []).entries == tuple(entries[:3])
        assert store.take_turn(3, []).entries == ()  # the turn before was not ended
        store.append(entries[3:4])
        assert store.last_number() == 4


def test_a_gap_is_refused_and_nothing_of_its_transaction_stays(log: Log) -> None:
    entries = a_day().entries
    with log.open() as store:
        for wrong in ([*entries[:2], entries[3]], entries[1:2], [entries[0], entries[0]]):
            with pytest.raises(StoreUnavailable, match="cannot write the queue's log"):
                store.append(wrong, [KeptAnswer("k", "r", "{}")])
            assert store.last_number() == 0
            assert kept_answer(store, "k") is None
        store.append(entries[:2])
        with pytest.raises(StoreUnavailable, match="numbered without gaps"):
            store.append(entries[3:4])


@pytest.mark.parametrize("spoiling", ["DELETE FROM entry WHERE number = 2", "UPDATE entry SET at = 0"])
def test_entries_are_never_changed(log: Log, spoiling: str) -> None:
    with log.open() as store:
        store.append(a_day().entries)
    with pytest.raises(Exception, match="entries are never"):
        log.run(spoiling)


def test_a_log_of_a_newer_program_is_refused(log: Log) -> None:
    log.open().close()
    with log.of_a_newer_program(), pytest.raises(StoreUnavailable, match=r"written by a newer program \(schema 99"):
        log.open()


def test_a_row_that_cannot_be_read_is_told(log: Log) -> None:
    log.open().close()
    log.run("INSERT INTO entry (number, at, kind, fields) VALUES (1, 0, 'Danced', '{}')")
    with log.open() as store:
        with pytest.raises(StoreUnavailable, match="there is no event Danced"):
            list(store.entries())
        with pytest.raises(StoreUnavailable, match="there is no event Danced"):
            store.take_turn(0, [])


def test_an_answer_is_kept_until_the_day_after_has_ended(log: Log) -> None:
    answer = KeptAnswer("key", "request", '{"a":1}')
    with log.open() as store:
        store.append([opened(1, "2026-11-23")], [answer])
        store.append([opened(2, "2026-11-24")])
        assert kept_answer(store, "key") == answer
        store.append([opened(3, "2026-11-25")])
        assert kept_answer(store, "key") is None


def test_it_says_where_the_last_days_begin(log: Log) -> None:
    day = Day(branch_policy())
    day.did(acts.SignIn("1", "1001"))
    day.did(acts.OpenDay("2026-11-24", MIDNIGHT + 86400))
    with log.open() as store:
        assert store.first_of_days(2) == 1
        store.append(day.entries)
        assert store.first_of_days(1) == 3
        assert store.first_of_days(5) == 1
        assert store.days() == {"2026-11-23": 1, "2026-11-24": 3}


@pytest.mark.parametrize("notes", ["张三 13800138000", "\0 a machine's rubbish \x1f %s \\ ' \U0001f600"])
def test_notes_outlive_a_restart_but_not_the_day(log: Log, notes: str) -> None:
    day = Day(branch_policy())
    day.did(acts.IssueTicket(("simple",), "ordinary", "zh", Channel.KIOSK, notes=notes))
    with log.open() as store:
        store.append(day.entries)
    with log.open() as store:
        assert list(store.entries()) == day.entries
        store.append([opened(3, "2026-11-24")])
        assert store.last_number() == 3
        issued = list(store.entries())[1].event
        assert isinstance(issued, Issued)
        assert issued.notes == ""
