"""The log as server-sent events: no gap, nothing twice, whatever a screen does."""

import asyncio
import random
import re
from functools import partial
from pathlib import Path

import pytest

from queue_display.feed import Feed
from queue_display.keeping import StoreUnavailable
from queue_display.server.events import EventStream, Frames
from queue_display.telling import Audience
from tests.clocks import RealClock
from tests.queue_display.running import TICKET, Follower, Running, running


def test_a_screen_gets_what_it_missed_and_then_what_happens(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            for _ in range(3):
                await branch.did("customer", "/v1/tickets", TICKET)
            async with Follower(branch.server.app, branch.tokens["display"], after=2) as screen:
                assert [event["number"] for event in await screen.until(4)] == [3, 4]
                await branch.did("customer", "/v1/tickets", TICKET)
                assert [event["number"] for event in await screen.until(5)] == [3, 4, 5]

    asyncio.run(go())


def test_without_a_number_it_gets_what_comes_from_now_on(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            await branch.did("customer", "/v1/tickets", TICKET)
            async with Follower(branch.server.app, branch.tokens["display"]) as screen:
                await asyncio.sleep(0)
                await branch.did("customer", "/v1/tickets", TICKET)
                assert [event["number"] for event in await screen.until(3)] == [3]

    asyncio.run(go())


@pytest.mark.parametrize("after", ["-1", "x", "99", "²"])
def test_a_number_that_is_none_of_the_log_is_refused(tmp_path: Path, after: str) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            answer = await branch.ask("display", "GET", f"/v1/events?after={after}")
            assert answer.status_code == 422
            assert "from 0 to 1" in answer.json()["detail"]

    asyncio.run(go())


def test_a_silent_queue_shows_that_it_is_alive(tmp_path: Path) -> None:
    async def go() -> None:
        async with (
            running(tmp_path, beat_s=0.001) as branch,
            Follower(branch.server.app, branch.tokens["display"]) as screen,
        ):
            while len(re.findall(rb'event: alive\ndata: {"entry":1,"at":\d{10}\.\d{3}}\n\n', screen.data)) < 3:
                await asyncio.sleep(0.001)

    asyncio.run(go())


def test_all_are_let_go_when_the_queue_ends(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch, Follower(branch.server.app, branch.tokens["display"]) as screen:
            await asyncio.sleep(0)
            branch.server.feed.close()
            assert screen._task is not None
            await screen._task
            assert screen.data.startswith(b"retry: 1000")

    asyncio.run(go())


def test_a_screen_that_is_too_slow_is_let_go_and_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_display.server.events._SLOWEST_S", 0.01)

    async def go() -> None:
        async with running(tmp_path) as branch:

            async def never_sent(message: object) -> None:
                if "body" in message:  # type: ignore[operator]
                    await asyncio.Event().wait()

            async def nothing_comes() -> dict[str, object]:
                await asyncio.Event().wait()
                return {}

            stream = EventStream(branch.server.feed, RealClock(), partial(Frames().of, audience=Audience.PUBLIC), 0)
            await stream({"method": "GET"}, nothing_comes, never_sent)  # type: ignore[arg-type]
            await branch.did("customer", "/v1/tickets", TICKET)

    asyncio.run(go())


async def watch(branch: Running, rng: random.Random, last: "asyncio.Future[int]") -> list[int]:
    """Follow the log to its last entry over many connections, each cut off at random."""
    got: list[int] = []
    while not last.done() or not got or got[-1] < last.result():
        async with Follower(branch.server.app, branch.tokens["display"], after=got[-1] if got else 0) as screen:
            for _ in range(rng.randrange(1, 30)):
                await asyncio.sleep(0)
            got += [event["number"] for event in screen.events]
    return got


def test_fifty_screens_that_reconnect_at_random_miss_nothing_and_see_nothing_twice(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            await branch.did("teller", "/v1/windows/1/sign-in", {"teller": "1001"})
            last: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            screens = [asyncio.create_task(watch(branch, random.Random(seed), last)) for seed in range(50)]
            for _ in range(20):
                await branch.did("customer", "/v1/tickets", TICKET)
                await branch.did("teller", "/v1/windows/1/call-next")
                await branch.did("teller", "/v1/windows/1/finish")
            last.set_result(branch.server.feed.last)
            for got in await asyncio.gather(*screens):
                assert got == list(range(1, last.result() + 1))

    asyncio.run(go())


def test_what_is_no_longer_at_hand_is_read_from_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queue_display.feed._AT_HAND", 5)
    monkeypatch.setattr("queue_display.feed._AT_ONCE", 3)

    async def go() -> None:
        async with running(tmp_path) as branch:
            for _ in range(12):
                await branch.did("customer", "/v1/tickets", TICKET)
            feed: Feed = branch.server.feed
            for after in range(14):
                expected = list(range(after + 1, min(13, after + 3) + 1))
                assert [entry.number for entry in await feed.after(after)] == expected

    asyncio.run(go())


def test_there_is_an_end_to_how_many_may_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queue_display.server.app.MOST_FOLLOWERS", 1)

    async def go() -> None:
        async with running(tmp_path) as branch:
            async with Follower(branch.server.app, branch.tokens["display"], after=0) as first:
                await first.until(1)
                assert (await branch.ask("display", "GET", "/v1/events")).json()["code"] == "too_many"
            async with Follower(branch.server.app, branch.tokens["display"], after=0) as first:
                await first.until(1)

    asyncio.run(go())


def test_a_stream_ends_where_the_log_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queue_display.feed._AT_HAND", 1)

    def unreadable(*_: object) -> None:
        raise StoreUnavailable("the disk reports an error")

    async def go() -> None:
        async with running(tmp_path) as branch:
            for _ in range(3):
                await branch.did("customer", "/v1/tickets", TICKET)
            monkeypatch.setattr(branch.store, "entries", unreadable)
            async with Follower(branch.server.app, branch.tokens["display"], after=0) as screen:
                assert screen._task is not None
                await screen._task
                assert screen.events == []

    asyncio.run(go())
