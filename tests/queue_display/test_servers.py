"""Several servers of one branch, with its log in PostgreSQL: who asks never notices which of them he asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.postgres import Cluster
from queue_display.events import DayOpened, Issued, ReEntered
from tests.clocks import SetClock
from tests.cut_line import Cut
from tests.queue_display.running import TICKET, Follower, Running, running
from tests.queue_display.stores import PostgresLog

pytestmark = pytest.mark.slow

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def log(postgres: Cluster) -> PostgresLog:
    return PostgresLog(postgres)


@asynccontextmanager
async def two_servers(
    folder: Path, log: PostgresLog, clock: SetClock | None = None
) -> AsyncIterator[tuple[Running, Running]]:
    async with (
        running(folder, clock=clock, opened=log.open) as one,
        running(folder, clock=clock, opened=log.open) as other,
    ):
        yield one, other


async def whole_log(branch: Running) -> list[object]:
    await branch.server.writer.catch_up()
    return [entry.event for entry in branch.store.entries()]


def test_numbers_go_on_whichever_server_is_asked(tmp_path: Path, log: PostgresLog) -> None:
    async def go() -> None:
        async with two_servers(tmp_path, log) as servers:
            taken = [await servers[turn % 2].did("customer", "/v1/tickets", TICKET) for turn in range(4)]
            assert [each["ticket"]["ticket"] for each in taken] == ["A001", "A002", "A003", "A004"]
            at_once = [servers[turn % 2].did("customer", "/v1/tickets", TICKET) for turn in range(60)]
            numbers = {each["ticket"]["ticket"] for each in await asyncio.gather(*at_once)}
            assert numbers == {f"A{number:03}" for number in range(5, 65)}
            assert await whole_log(servers[0]) == await whole_log(servers[1])

    asyncio.run(go())


def test_windows_of_two_servers_call_nobody_twice(tmp_path: Path, log: PostgresLog) -> None:
    async def go() -> None:
        async with two_servers(tmp_path, log) as servers:
            await asyncio.gather(*(servers[turn % 2].did("customer", "/v1/tickets", TICKET) for turn in range(20)))
            for window in range(20):
                await servers[window % 2].did("teller", f"/v1/windows/{window}/sign-in", {"teller": f"{window}"})
            calls = [servers[w % 2 - 1].did("teller", f"/v1/windows/{w}/call-next") for w in range(20)]
            called = [each["ticket"]["ticket"] for each in await asyncio.gather(*calls)]
            assert len(set(called)) == 20

    asyncio.run(go())


def test_a_double_tap_at_two_servers_is_one_ticket(tmp_path: Path, log: PostgresLog) -> None:
    async def go() -> None:
        async with two_servers(tmp_path, log) as servers:
            taps = [servers[turn % 2].did("customer", "/v1/tickets", TICKET, key="tap") for turn in range(4)]
            first, *others = await asyncio.gather(*taps)
            assert others == [first] * 3
            kinds = [type(event) for event in await whole_log(servers[0])]
            assert kinds == [DayOpened, Issued]
            answer = await servers[1].ask("customer", "POST", "/v1/tickets", {**TICKET, "language": "en"}, key="tap")
            assert answer.json()["code"] == "key_used_otherwise"

    asyncio.run(go())


def test_a_new_tickets_holder_may_ask_the_other_server_at_once(tmp_path: Path, log: PostgresLog) -> None:
    async def go() -> None:
        async with two_servers(tmp_path, log) as (one, other):
            for turn in range(10):
                taken = await one.did("customer", "/v1/tickets", TICKET)
                own = await other.sees(taken["token"], "/v1/my-ticket")
                assert own["ticket"] == f"A{turn + 1:03}"

    asyncio.run(go())


def test_a_screen_hears_of_the_other_servers_calls_and_may_reconnect_there(tmp_path: Path, log: PostgresLog) -> None:
    async def go() -> None:
        async with two_servers(tmp_path, log) as (one, other):
            async with Follower(other.server.app, other.tokens["display"], after=0) as screen:
                for number in range(2, 6):
                    await one.did("customer", "/v1/tickets", TICKET)
                    assert len(await screen.until(number)) == number
            await one.did("customer", "/v1/tickets", TICKET)
            async with Follower(other.server.app, other.tokens["display"], after=6) as screen:
                await one.did("customer", "/v1/tickets", TICKET)
                assert [each["number"] for each in await screen.until(7)] == [7]

    asyncio.run(go())


def test_what_is_due_happens_once(tmp_path: Path, log: PostgresLog) -> None:
    async def go() -> None:
        clock = SetClock(NINE)
        async with two_servers(tmp_path, log, clock) as servers:
            taken = await servers[0].did("customer", "/v1/tickets", TICKET)
            await servers[1].did(taken["token"], "/v1/my-ticket/park", {"minutes": 5})
            clock.sleep(6 * 60)
            await asyncio.gather(*(each.server.writer.let_time_pass() for each in servers))
            clock.sleep(86400)
            await asyncio.gather(*(each.server.writer.let_time_pass() for each in servers))
            events = await whole_log(servers[0])
            assert len([event for event in events if isinstance(event, ReEntered)]) == 1
            assert len([event for event in events if isinstance(event, DayOpened)]) == 2
            assert await whole_log(servers[1]) == events

    asyncio.run(go())


def test_while_the_database_is_away_nothing_is_acknowledged_and_then_it_goes_on(
    tmp_path: Path, log: PostgresLog
) -> None:
    async def go() -> None:
        async with two_servers(tmp_path, log) as servers:
            await servers[0].did("customer", "/v1/tickets", TICKET, key="before")
            log.cluster.kill()
            for branch in servers:
                answer = await branch.ask("customer", "POST", "/v1/tickets", TICKET, key="while")
                assert answer.status_code == 503
                assert answer.json()["code"] == "unavailable"
                assert (await branch.ask("customer", "GET", "/v1/board")).status_code == 200
            log.cluster.start()
            for branch in servers:
                again = await branch.did("customer", "/v1/tickets", TICKET, key="while")
                assert again["ticket"]["ticket"] == "A002"

    asyncio.run(go())


@pytest.mark.parametrize("when", Cut)
def test_a_ticket_whose_commit_was_in_doubt_is_given_once(tmp_path: Path, log: PostgresLog, when: Cut) -> None:
    async def go() -> None:
        with log.line() as (cutting, store):
            async with (
                running(tmp_path, opened=lambda: store) as one,
                running(tmp_path, opened=log.open) as other,
            ):
                cutting.cut(when)
                asyncio.get_running_loop().call_later(0.2, cutting.goes_on.set)
                answer = await one.ask("customer", "POST", "/v1/tickets", TICKET, key="tap")
                assert answer.status_code == 503
                tickets = [await each.did("customer", "/v1/tickets", TICKET, key="tap") for each in (one, other)]
                assert [each["ticket"]["ticket"] for each in tickets] == ["A001", "A001"]
                async with Follower(one.server.app, one.tokens["display"], after=0) as screen:
                    assert [event["kind"] for event in await screen.until(2)] == ["DayOpened", "Issued"]

    asyncio.run(go())
