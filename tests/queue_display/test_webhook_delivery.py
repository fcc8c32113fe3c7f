"""Webhooks of a branch that lives and dies: everybody gets everything that he asked for, in order."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_display.events import Entry
from queue_display.feed import Feed
from queue_display.server.outgoing import OutboxState
from queue_display.store import QueueStore
from queue_display.webhooks.delivering import DISABLED_AFTER_S, Means, pause_s
from queue_display.webhooks.messages import event_name
from queue_display.webhooks.registry import Endpoint, Registry
from queue_display.webhooks.sending import Sender
from queue_display.webhooks.service import Webhooks
from tests.clocks import SetClock
from tests.patience import PATIENCE_S
from tests.queue_display.receivers import Fate, Receiver, answer
from tests.queue_display.test_views import a_day

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = a_day().entries
HOST = "https://crm.bank.example:443"
URL = f"{HOST}/hook"


@dataclass
class Told:
    """A branch's webhooks as they run; `registry` is the list as the technician's commands open it.

    `pauses` are those that were taken, in seconds of the branch's clock.
    """

    feed: Feed
    registry: Registry
    webhooks: Webhooks
    clock: SetClock
    store: QueueStore
    pauses: list[float] = field(default_factory=list)

    def happen(self, entries: Sequence[Entry]) -> None:
        if entries:
            self.store.append(entries)
            self.feed.publish(entries)

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not so():
                await asyncio.sleep(0)

    @property
    def endpoint(self) -> Endpoint:
        return self.registry.endpoints()[0]


@asynccontextmanager
async def telling(folder: Path, receiver: Receiver, *, pauses_end: bool = True) -> AsyncIterator[Told]:
    clock = SetClock(NINE)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock.sleep(seconds)
        await asyncio.sleep(0 if pauses_end else 3600)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Sender]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(receiver)) as client:
            yield Sender(client, clock)

    with (
        QueueStore(folder) as store,
        closing(Registry(folder)) as registry,
        closing(Registry(folder)) as technicians,
        ThreadPoolExecutor(1) as disk,
    ):
        feed = Feed(store)
        webhooks = Webhooks(Means(feed, registry, disk, clock, random.Random(0), pause), opened, look_s=0.001)
        running = asyncio.create_task(webhooks.run())
        try:
            yield Told(feed, technicians, webhooks, clock, store, pauses)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def register(folder: Path, *events: str, delivered: int | None = 0) -> None:
    with closing(Registry(folder)) as registry:
        registry.allow(HOST)
        registry.add(URL, events, 0.0, delivered)


def without_repeats(numbers: Sequence[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


@given(
    fates=st.lists(st.sampled_from(Fate), max_size=10),
    grown=st.lists(st.integers(4, 15), min_size=1, max_size=3),
    events=st.sampled_from([(), ("called", "finished", "no_show"), ("issued", "break_ended")]),
)
@settings(max_examples=8)
def test_whatever_fails_and_dies_everything_comes_at_least_once_and_in_order(
    fates: list[Fate], grown: list[int], events: tuple[str, ...]
) -> None:
    receiver = Receiver(list(fates))

    async def live(folder: Path, life: int) -> bool:
        """Run until all has been taken, or something kills the queue; return whether all has."""
        async with telling(folder, receiver) as told:
            at = told.feed.last
            before = told.endpoint.delivered
            told.happen(DAY[at : at + grown[life % len(grown)]])
            wanted = [e.number for e in DAY[: told.feed.last] if not events or event_name(e) in events]
            if wanted:
                await receiver.has(wanted[-1])
            if receiver.killed.is_set():
                receiver.killed.clear()
                if receiver.fate is Fate.POWER_CUT:
                    told.registry.delivered(told.endpoint, before or 0)
            return told.feed.last == len(DAY) and set(wanted) <= set(receiver.numbers)

    async def lives(folder: Path) -> None:
        life = 0
        while not await live(folder, life):
            life += 1

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "queue"
        QueueStore(folder).close()
        register(folder, *events)
        asyncio.run(lives(folder))
    wanted = [e.number for e in DAY if not events or event_name(e) in events]
    assert without_repeats(receiver.numbers) == wanted
    assert len(set(receiver.ids)) == len(wanted)  # a repeat bears the id of the first


def test_an_endpoint_that_is_silent_does_not_delay_another(tmp_path: Path) -> None:
    class Two(Receiver):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/silent":
                await asyncio.Event().wait()
            return await super().__call__(request)

    receiver = Two([])

    async def go() -> None:
        async with telling(tmp_path, receiver) as told:
            told.registry.allow(HOST)
            told.registry.add(f"{HOST}/silent", (), 0.0, 0)
            told.registry.add(URL, (), 1.0, 0)
            told.happen(DAY)
            await receiver.has(len(DAY))
            silent, other = told.webhooks.outboxes
            assert (silent.waiting, silent.state) == (len(DAY), OutboxState.GOING)
            assert other.name.endswith(HOST)
            assert "/hook" not in other.name

    asyncio.run(go())
    assert receiver.numbers == [entry.number for entry in DAY]


def test_pauses_grow_to_half_an_hour_and_none_is_like_another() -> None:
    chance = random.Random(1)
    for tries, longest in [(1, 5), (2, 10), (9, 1280), (10, 1800), (10_000, 1800)]:
        found = {pause_s(tries, chance) for _ in range(50)}
        assert longest / 2 <= min(found) < max(found) <= longest


def test_after_three_days_it_is_disabled_and_says_why_and_goes_on_by_hand(tmp_path: Path) -> None:
    receiver = Receiver([Fate.REFUSED] * 10_000)

    async def go() -> None:
        QueueStore(tmp_path).close()
        register(tmp_path)
        async with telling(tmp_path, receiver) as told:
            told.happen(DAY[:3])
            await told.until(lambda: not told.endpoint.enabled)
            passed = sum(told.pauses)
            assert DISABLED_AFTER_S <= passed <= DISABLED_AFTER_S + 1800
            await told.until(lambda: told.webhooks.outboxes[0].state is OutboxState.STOPPED)
            now = told.webhooks.outboxes[0]
            assert (now.waiting, now.reason, now.since) == (3, "answered 500", NINE.timestamp())
            receiver._fates.clear()
            told.happen(DAY[3:5])
            assert told.registry.enable(told.endpoint.id)
            await receiver.has(5)
            await told.until(lambda: told.webhooks.outboxes[0].waiting == 0)
            assert told.webhooks.outboxes[0].state is OutboxState.GOING
            assert told.webhooks.outboxes[0].reason == ""

    asyncio.run(go())
    assert receiver.numbers == [1, 2, 3, 4, 5]


def test_a_queue_that_was_off_for_days_tries_again_before_it_gives_up(tmp_path: Path) -> None:
    receiver = Receiver([Fate.UNREACHED] * 3)

    async def go() -> None:
        QueueStore(tmp_path).close()
        register(tmp_path)
        with closing(Registry(tmp_path)) as registry:
            registry.fails(registry.endpoints()[0], NINE.timestamp() - 30 * 86_400, "answered 500")
        async with telling(tmp_path, receiver) as told:
            told.happen(DAY[:1])
            await receiver.has(1)
            await told.until(lambda: told.endpoint.failing_since is None)
            assert told.endpoint.delivered == 1

    asyncio.run(go())


def test_enabled_by_hand_it_is_told_at_once_and_not_when_its_pause_ends(tmp_path: Path) -> None:
    receiver = Receiver([Fate.REFUSED, Fate.UNREACHED])

    async def go() -> None:
        QueueStore(tmp_path).close()
        register(tmp_path)
        async with telling(tmp_path, receiver, pauses_end=False) as told:
            told.happen(DAY[:2])
            for pauses in (1, 2):
                await told.until(lambda pauses=pauses: len(told.pauses) == pauses)  # type: ignore[misc]
                assert told.registry.enable(told.endpoint.id)
            await receiver.has(2)

    asyncio.run(go())
    assert receiver.numbers == [1, 2]


def test_what_it_missed_may_be_dropped_by_hand(tmp_path: Path) -> None:
    receiver = Receiver([Fate.REFUSED])

    async def go() -> None:
        QueueStore(tmp_path).close()
        register(tmp_path)
        async with telling(tmp_path, receiver, pauses_end=False) as told:
            told.happen(DAY[:3])
            await told.until(lambda: len(told.pauses) == 1)
            assert told.registry.enable(told.endpoint.id, skip=True)
            await told.until(lambda: told.endpoint.delivered == 3)
            told.happen(DAY[3:4])
            await receiver.has(4)

    asyncio.run(go())
    assert receiver.numbers == [4]


def test_whoever_is_gone_is_told_no_more(tmp_path: Path) -> None:
    class Gone(Receiver):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            return answer(410)

    async def go() -> None:
        QueueStore(tmp_path).close()
        register(tmp_path)
        async with telling(tmp_path, Gone([])) as told:
            told.happen(DAY[:1])
            await told.until(lambda: not told.endpoint.enabled)
            assert told.endpoint.reason == "answered 410"
            assert told.pauses == []

    asyncio.run(go())


def test_whoever_asks_to_be_left_alone_is_for_so_long(tmp_path: Path) -> None:
    class Busy(Receiver):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            answered = await super().__call__(request)
            return answer(429, {"retry-after": "600"}) if answered.status_code == 500 else answered

    receiver = Busy([Fate.REFUSED])

    async def go() -> None:
        QueueStore(tmp_path).close()
        register(tmp_path)
        async with telling(tmp_path, receiver) as told:
            told.happen(DAY[:1])
            await receiver.has(1)
            assert told.pauses == [600]

    asyncio.run(go())


def test_from_now_on_means_from_when_the_queue_first_saw_it(tmp_path: Path) -> None:
    receiver = Receiver([])

    async def go() -> None:
        QueueStore(tmp_path).close()
        register(tmp_path, delivered=None)
        async with telling(tmp_path, receiver) as told:
            await told.until(lambda: told.endpoint.delivered is not None)
            told.happen(DAY[:2])
            await receiver.has(2)
        async with telling(tmp_path, receiver) as told:
            told.happen(DAY[2:4])
            await receiver.has(4)

    asyncio.run(go())
    assert without_repeats(receiver.numbers) == [1, 2, 3, 4]


def test_nothing_goes_to_a_host_that_is_not_allowed_any_more(tmp_path: Path) -> None:
    receiver = Receiver([])

    async def go() -> None:
        QueueStore(tmp_path).close()
        register(tmp_path)
        async with telling(tmp_path, receiver) as told:
            told.happen(DAY[:1])
            await receiver.has(1)
            assert told.registry.forbid(HOST)
            assert not told.registry.forbid(HOST)
            await told.until(lambda: told.webhooks.outboxes[0].state is OutboxState.STOPPED)
            told.happen(DAY[1:2])
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert receiver.numbers == [1]
            assert told.webhooks.outboxes[0].reason == f"{HOST} is not allowed: a technician must allow it"
            told.registry.allow(HOST)
            await receiver.has(2)

    asyncio.run(go())


def test_a_mistake_of_the_program_stops_one_endpoint_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Mistaken(Receiver):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            raise AssertionError("nobody thought of this")

    async def go() -> None:
        QueueStore(tmp_path).close()
        register(tmp_path)
        async with telling(tmp_path, Mistaken([])) as told:
            told.happen(DAY[:1])
            await told.until(lambda: bool(told.webhooks.outboxes and told.webhooks.outboxes[0].reason))
            assert told.webhooks.outboxes[0].reason == "a mistake of the program; the log has the details"

    asyncio.run(go())
    assert "nobody thought of this" in caplog.text
