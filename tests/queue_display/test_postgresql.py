"""The log in PostgreSQL: several who write it, connections that are cut, servers that die or promise too little."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from benchmarks.postgres import Cluster
from queue_display import acts
from queue_display.events import Entry, TellerSignedIn
from queue_display.keeping import KeptAnswer, StoreUnavailable
from queue_display.postgresql.database import DatabaseNamed, database_url
from queue_display.postgresql.store import PostgresStore
from queue_display.tickets import Channel
from tests.cut_line import Cut
from tests.queue_display.logs import Log
from tests.queue_display.policies import branch_policy
from tests.queue_display.stores import PostgresLog, kept_answer
from tests.queue_display.test_views import a_day

pytestmark = pytest.mark.slow

ENTRIES = a_day().entries


@pytest.fixture
def log(postgres: Cluster) -> PostgresLog:
    return PostgresLog(postgres)


@pytest.fixture
def own_database(postgres: Cluster) -> PostgresLog:
    return PostgresLog(postgres, postgres.new_database())


@pytest.fixture
def store(log: PostgresLog) -> Iterator[PostgresStore]:
    with log.open() as store:
        store.append(ENTRIES[:2])
        yield store


def terminate_others(log: PostgresLog) -> None:
    log.run("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'openteller queue'")


def test_branches_of_one_database_keep_apart(store: PostgresStore, log: PostgresLog) -> None:
    with PostgresStore(database_url(log.url), f"支行 {log.branch}") as other:
        other.append(ENTRIES[:5], [KeptAnswer("key", "r", "{}")])
        assert store.last_number() == 2
        assert kept_answer(store, "key") is None
        other.take_turn(5, [])
        store.append(ENTRIES[2:3])  # nobody waits for another branch's turn
        assert list(other.entries()) == ENTRIES[:5]
        assert list(store.entries()) == ENTRIES[:3]


def test_who_takes_the_turn_waits_for_the_other_and_sees_what_he_wrote(store: PostgresStore, log: PostgresLog) -> None:
    with log.open() as other:
        store.take_turn(2, [])
        seen: list[tuple[Entry, ...]] = []
        waiting = threading.Thread(target=lambda: seen.append(other.take_turn(2, []).entries))
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        store.append(ENTRIES[2:4])
        waiting.join(20)
        assert seen == [tuple(ENTRIES[2:4])]


def test_two_who_take_no_turn_still_leave_no_gap_and_no_number_twice(store: PostgresStore, log: PostgresLog) -> None:
    log.run("INSERT INTO entry (number, at, kind, fields) VALUES (3, 1795395600, 'Recalled', '{\"ticket\":\"A001\"}')")
    with pytest.raises(StoreUnavailable, match="cannot write the queue's log: duplicate key"):
        store.append(ENTRIES[2:3])
    for gap in (5, 0):
        with pytest.raises(Exception, match="numbered without gaps"):
            log.run(f"INSERT INTO entry (number, at, kind, fields) VALUES ({gap}, 0, 'Recalled', '')")


def test_a_connection_that_is_cut_in_a_turn_writes_nothing(store: PostgresStore, log: PostgresLog) -> None:
    store.take_turn(2, [])
    terminate_others(log)
    with pytest.raises(StoreUnavailable, match="terminating connection due to administrator command"):
        store.append(ENTRIES[2:4])
    assert store.take_turn(2, []).entries == ()
    store.append(ENTRIES[2:4])
    assert list(store.entries()) == ENTRIES[:4]


def test_a_connection_that_is_cut_between_turns_is_not_noticed(store: PostgresStore, log: PostgresLog) -> None:
    for number in (2, 3):
        terminate_others(log)
        assert store.last_number() == number
        terminate_others(log)
        store.take_turn(number, [])
        store.append(ENTRIES[number : number + 1])
        store.take_turn(number + 1, [])
        terminate_others(log)
        store.let_go()
    assert list(store.entries()) == ENTRIES[:4]


@pytest.mark.parametrize(("when", "written"), [(Cut.BEFORE, 2), (Cut.AFTER, 4), (Cut.LATE, 4)])
def test_after_a_commit_in_doubt_the_next_turn_tells_what_was_written(
    store: PostgresStore, log: PostgresLog, when: Cut, written: int
) -> None:
    with log.line() as (cutting, cut_off):
        cut_off.take_turn(2, [])
        cutting.cut(when)
        with pytest.raises(StoreUnavailable, match="cannot write the queue's log"):
            cut_off.append(ENTRIES[2:4], [KeptAnswer("key", "r", "{}")])
        # Late: the server is about to commit, and whoever takes the turn has to wait for that.
        threading.Timer(0.2, cutting.goes_on.set).start()
        turn = cut_off.take_turn(2, ["key"])
        assert turn.entries == tuple(ENTRIES[2:written])
        assert list(turn.answers) == (["key"] if written == 4 else [])


def test_a_database_that_dies_and_comes_back_has_all_that_was_acknowledged(
    store: PostgresStore, log: PostgresLog
) -> None:
    store.take_turn(2, [])
    store.append(ENTRIES[2:4], [KeptAnswer("key", "r", "{}")])
    log.cluster.kill()
    for ask in (store.last_number, lambda: store.take_turn(4, []), lambda: list(store.entries())):
        with pytest.raises(StoreUnavailable, match=r"cannot read the queue's log: .*(No such file|refused)"):
            ask()
    store.let_go()
    log.cluster.start()
    assert store.take_turn(2, ["key"]).entries == tuple(ENTRIES[2:4])
    store.append(ENTRIES[4:5])
    assert list(store.entries()) == ENTRIES[:5]


def test_a_database_that_was_restored_from_an_older_copy_is_told(store: PostgresStore) -> None:
    with pytest.raises(StoreUnavailable, match="the database has lost entry 3 of this branch"):
        store.take_turn(3, [])
    assert store.take_turn(2, []).entries == ()


def test_others_are_heard_also_after_the_database_was_away(
    store: PostgresStore, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_display.postgresql.wake._AGAIN_S", 0.01)

    async def go() -> None:
        async with aclosing(store.heard()) as heard:
            assert await anext(heard) == 2
            with log.open() as other:
                other.append(ENTRIES[2:4])
                assert await anext(heard) == 4
            await asyncio.to_thread(terminate_others, log)
            assert await anext(heard) == 4
            store.append(ENTRIES[4:5])
            assert await anext(heard) == 5

    asyncio.run(go())


def test_who_hangs_in_his_turn_loses_it(log: PostgresLog, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as in_a_hurry:
        in_a_hurry.setattr("queue_display.postgresql.database._TURN_S", 0.3)
        hanging = log.open()
    with hanging as hangs, log.open() as other:  # whose own turn may take its time
        hangs.take_turn(0, [])
        other.take_turn(0, [])
        other.append(ENTRIES[:2])
        with pytest.raises(StoreUnavailable, match="cannot write the queue's log"):
            hangs.append(ENTRIES[:1])
        assert hangs.take_turn(0, []).entries == tuple(ENTRIES[:2])


def test_who_waits_too_long_for_the_turn_gives_up(
    log: PostgresLog, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_display.postgresql.database._LOCK_S", 0.1)
    store.take_turn(2, [])
    with log.open() as other, pytest.raises(StoreUnavailable, match="canceling statement due to lock timeout"):
        other.take_turn(2, [])


def test_many_who_are_first_make_the_tables_once(own_database: PostgresLog) -> None:
    with ThreadPoolExecutor(6) as threads:
        for store in threads.map(lambda _: own_database.open(), range(6)):
            store.close()
    with own_database.open() as store:
        store.append(ENTRIES)
        assert store.last_number() == len(ENTRIES)


def test_a_claim_is_one_servers_until_it_gives_it_up_or_is_gone(store: PostgresStore, log: PostgresLog) -> None:
    with log.open() as other:
        assert store.claim("webhooks")
        assert not other.claim("webhooks")
        assert other.claim("headquarters")
        assert store.claim("webhooks")
        with PostgresStore(database_url(log.url), f"not {log.branch}") as stranger:
            assert stranger.claim("webhooks")
        log.run(f"UPDATE claim SET until = now() WHERE branch = '{log.branch}' AND work = 'webhooks'")
        assert other.claim("webhooks")
        assert not store.claim("webhooks")
    assert store.claim("webhooks")


def test_who_finds_a_claim_locked_does_not_wait_for_it(store: PostgresStore, log: PostgresLog) -> None:
    assert store.claim("webhooks")
    with psycopg.connect(log.url) as renewing:
        renewing.execute("UPDATE openteller_queue.claim SET until = now() - interval '1 hour'")
        with log.open() as other:
            assert not other.claim("webhooks")
        renewing.rollback()


def test_many_who_claim_at_once_are_one(log: PostgresLog) -> None:
    for work in ("one", "two", "three"):
        with ExitStack() as opened, ThreadPoolExecutor(6) as threads:
            stores = [opened.enter_context(log.open()) for _ in range(6)]
            assert sorted(threads.map(lambda store, work=work: store.claim(work), stores)) == [False] * 5 + [True]


@pytest.mark.parametrize(("default", "used"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")])
def test_a_commit_waits_for_the_disk_whatever_the_default_is(
    own_database: PostgresLog, default: str, used: str
) -> None:
    log = own_database
    log.cluster.run(f"ALTER DATABASE {log.database} SET synchronous_commit = '{default}'")
    with log.open() as store:
        shown: list[object] = []

        @event.listens_for(store._engine, "commit")
        def _(connection: Any) -> None:
            shown.append(connection.execute(text("SHOW synchronous_commit")).scalar())

        store.append(ENTRIES[:1])
        assert shown == [used]


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_does_not_wait_for_its_disk_is_refused(log: PostgresLog, setting: str) -> None:
    log.open().close()
    log.cluster.set(setting, "off")
    try:
        with pytest.raises(StoreUnavailable, match="set fsync and full_page_writes to on"):
            log.open()
    finally:
        log.cluster.set(setting, "on")
    log.open().close()


def test_a_database_that_cannot_hold_every_character_is_refused(postgres: Cluster) -> None:
    name = postgres.new_database("ENCODING 'SQL_ASCII' TEMPLATE template0")
    with pytest.raises(StoreUnavailable, match="make it anew with the encoding UTF8"):
        PostgresLog(postgres, name).open()


def test_where_the_tables_are_the_right_to_append_is_enough(own_database: PostgresLog) -> None:
    log = own_database
    log.open().close()
    log.run(
        "CREATE ROLE counter LOGIN; GRANT USAGE ON SCHEMA openteller_queue TO counter;"
        " GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA openteller_queue TO counter;"
        " GRANT UPDATE ON branch, claim TO counter; GRANT DELETE ON note, answer, claim TO counter"
    )
    with PostgresStore(database_url(log.cluster.url(log.database, "counter")), "a new branch") as store:
        store.append(ENTRIES, [KeptAnswer("key", "r", "{}")])
        assert store.take_turn(len(ENTRIES) - 1, ["key"]).entries == tuple(ENTRIES[-1:])
        store.let_go()
        assert store.claim("webhooks")
        assert store.claim("webhooks")


@pytest.mark.parametrize(
    ("user", "database", "said"),
    [
        ("clerk", "", "no password supplied .the password is taken from a passfile, ~/.pgpass, or from PGPASSWORD"),
        ("nobody", "", 'role "nobody" does not exist'),
        ("owner", "elsewhere", 'database "elsewhere" does not exist'),
    ],
)
def test_what_keeps_a_database_closed_is_said(log: PostgresLog, user: str, database: str, said: str) -> None:
    url = database_url(log.cluster.url(database or log.database, user))
    with pytest.raises(StoreUnavailable, match=f"cannot use the queue's database, .* at .*{said}"):
        PostgresStore(url, "main street")


def test_a_wrong_password_is_said_and_the_right_one_is_taken_from_the_environment(
    own_database: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = own_database
    log.cluster.run("CREATE ROLE clerk LOGIN SUPERUSER PASSWORD 'sesame'")
    url = database_url(log.cluster.url(log.database, "clerk"))
    monkeypatch.setenv("PGPASSWORD", "semase")
    with pytest.raises(StoreUnavailable, match='password authentication failed for user "clerk"') as refused:
        PostgresStore(url, "main street")
    assert "semase" not in str(refused.value)
    monkeypatch.setenv("PGPASSWORD", "sesame")
    PostgresStore(url, "main street").close()


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("postgresql://clerk:sesame@host/db", "leave the password out"),
        ("postgresql://clerk@host/db?password=sesame", "leave the password out"),
        ("mysql://clerk@host/db", "mysql is no database of this queue"),
        ("queue.db", "must be named like postgresql://USER@HOST/DATABASE"),
        ("postgresql://clerk@host:port/db", "must be named like postgresql://USER@HOST/DATABASE"),
    ],
)
def test_a_database_that_is_named_wrongly_is_told_without_the_password(named: str, said: str) -> None:
    with pytest.raises(DatabaseNamed, match=said) as refused:
        database_url(named)
    assert "sesame" not in str(refused.value)


def test_notes_are_in_no_error_and_no_log(own_database: PostgresLog, caplog: pytest.LogCaptureFixture) -> None:
    log = own_database
    caplog.set_level(logging.DEBUG)
    day = Log(branch_policy())
    day.did(acts.IssueTicket(("simple",), "ordinary", "zh", Channel.KIOSK, notes="张三 13800138000"))
    with log.open() as store:
        store.append(day.entries)
        log.run("ALTER TABLE note ADD CONSTRAINT nothing_more CHECK (false) NOT VALID")
        ticket = Entry(3, day.now, day.entries[1].event.__class__(**(vars(day.entries[1].event) | {"ticket": "A002"})))
        with pytest.raises(StoreUnavailable, match='new row for relation "note" violates check') as refused:
            store.append([ticket])
        store.append([Entry(3, day.now, TellerSignedIn("1", "1001"))])
    assert "1380" not in str(refused.value)
    assert "1380" not in caplog.text
