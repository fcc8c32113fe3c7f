"""A running branch and headquarters over a line in the test's process."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queue_display import acts
from queue_display.branch import BrokenLog
from queue_display.feed import Feed
from queue_display.headquarters.collecting import Collector
from queue_display.headquarters.courier import Courier
from queue_display.headquarters.headquarters import Headquarters
from queue_display.headquarters.keeping import News, Standing
from queue_display.headquarters.messages import BareEntry, Batch, Have, bare, entries_topic, write_batch, write_have
from queue_display.headquarters.store import SqliteHeadquarters
from queue_display.headquarters.views import today
from queue_display.policy import Policy
from queue_display.server.outgoing import OutboxState
from queue_display.store import QueueStore
from queue_display.tickets import Channel, Line
from tests.clocks import RealClock, SetClock
from tests.patience import PATIENCE_S
from tests.queue_display.logs import Log
from tests.queue_display.policies import branch_policy, customers, service
from tests.queue_display.test_views import a_day

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = a_day().entries


@dataclass
class Wire:
    """A line to a collector; what it answers is heard at once. It holds only while it is `up`."""

    collector: Collector
    up: bool = True
    answers: bool = True
    heard: Callable[[str, bytes], None] = lambda _, __: None
    changed: Callable[[str], None] = lambda _: None
    published: list[tuple[str, bool]] = field(default_factory=list)

    @contextmanager
    def opening(self, heard: Callable[[str, bytes], None], changed: Callable[[str], None]) -> Iterator["Wire"]:
        self.heard, self.changed = heard, changed
        self.connect()
        yield self

    def connect(self) -> None:
        self.changed("" if self.up else "the broker cannot be reached: nobody listens")

    def publish(self, topic: str, payload: bytes, *, once: bool = False, retain: bool = False) -> None:
        assert self.up
        self.published.append((topic, once))
        if not self.answers:
            return
        for have in self.collector.take([(topic, payload)]).values():
            self.heard("have", write_have(have))


@dataclass
class Told:
    courier: Courier
    feed: Feed
    queue: QueueStore
    clock: SetClock
    copy: SqliteHeadquarters

    def happen(self, count: int) -> None:
        entries = DAY[self.feed.last : self.feed.last + count]
        self.queue.append(entries)
        self.feed.publish(entries)

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not so():
                await asyncio.sleep(0.001)


@asynccontextmanager
async def telling(folder: Path, *, up: bool = True) -> AsyncIterator[tuple[Told, Wire]]:
    copy = SqliteHeadquarters(folder / "copy.db")
    wire = Wire(Collector(copy, RealClock()), up)
    with QueueStore(folder / "queue") as queue:
        feed = Feed(queue)
        clock = SetClock(NINE)
        courier = Courier("12", feed, clock, wire.opening, look_s=0.001)
        running = asyncio.create_task(courier.run())
        try:
            yield Told(courier, feed, queue, clock, copy), wire
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
    copy.close()


def test_what_happens_comes_to_headquarters_without_persons(tmp_path: Path) -> None:
    async def go() -> None:
        async with telling(tmp_path) as (told, wire):
            told.happen(8)
            await told.until(lambda: told.courier.outboxes[0].waiting == 0)
            assert list(told.copy.entries("12")) == [bare(entry) for entry in DAY[:8]]
            (outbox,) = told.courier.outboxes
            assert (outbox.name, outbox.state, outbox.reason) == ("headquarters", OutboxState.GOING, "")
            assert wire.published[0] == (entries_topic("12"), True)  # it asks; the broker need not keep that
            assert (entries_topic("12"), False) in wire.published

    asyncio.run(go())
    assert "开户".encode() not in (tmp_path / "copy.db").read_bytes()


def test_without_a_line_the_branch_waits_and_says_why(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with telling(tmp_path, up=False) as (told, wire):
            told.happen(5)
            await told.until(lambda: "cannot be reached" in told.courier.outboxes[0].reason)
            (outbox,) = told.courier.outboxes
            assert (outbox.state, outbox.waiting, outbox.since) == (OutboxState.FAILING, 5, NINE.timestamp())
            assert wire.published == []
            wire.up = True
            wire.connect()
            await told.until(lambda: told.courier.outboxes[0].waiting == 0)
            assert told.courier.outboxes[0].since is None

    asyncio.run(go())
    assert caplog.text.count("cannot be reached") == 1


def test_a_broker_behind_which_nobody_answers_is_told_as_that(tmp_path: Path) -> None:
    async def go() -> None:
        async with telling(tmp_path) as (told, wire):
            told.happen(3)
            await told.until(lambda: told.courier.outboxes[0].waiting == 0)
            wire.answers = False
            told.happen(2)
            told.clock.sleep(100)
            assert told.courier.outboxes[0].state is OutboxState.GOING
            told.clock.sleep(51)
            (outbox,) = told.courier.outboxes
            assert (outbox.state, outbox.waiting, outbox.since) == (OutboxState.FAILING, 2, NINE.timestamp())
            assert outbox.reason == "headquarters does not answer; the broker does"
            wire.answers = True
            told.clock.sleep(60)
            await told.until(lambda: told.courier.outboxes[0].waiting == 0)
            assert told.courier.outboxes[0].state is OutboxState.GOING

    asyncio.run(go())


def test_another_log_of_that_name_stops_it_and_nonsense_does_not(tmp_path: Path) -> None:
    async def go() -> None:
        async with telling(tmp_path) as (told, wire):
            told.happen(3)
            await told.until(lambda: told.courier.outboxes[0].waiting == 0)
            wire.heard("have", b"nonsense")
            wire.heard("have", write_have(Have(3, "0" * 32)))
            await told.until(lambda: told.courier.outboxes[0].state is OutboxState.STOPPED)
            assert told.courier.outboxes[0].reason.endswith("give the branch a new name")

    asyncio.run(go())


def test_headquarters_answers_what_it_has_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    copy = SqliteHeadquarters(tmp_path / "copy.db")
    here = Headquarters(Collector(copy, SetClock(NINE)))
    answered = threading.Event()
    said: list[tuple[str, bytes, bool]] = []

    class Answers:
        def publish(self, topic: str, payload: bytes, *, once: bool = False, retain: bool = False) -> None:
            said.append((topic, payload, retain))
            answered.set()

    thread = threading.Thread(target=here.run, args=(Answers(),))
    thread.start()
    here.line_changed("the line to the broker was lost: for a test")
    here.line_changed("")
    here.heard("nobody's", b"")
    here.heard(entries_topic("12"), write_batch(Batch(2, 9, (bare(DAY[0]), bare(DAY[1])))))
    assert answered.wait(PATIENCE_S)
    copy.close()
    here.heard(entries_topic("12"), write_batch(Batch(3, 9, (bare(DAY[2]),))))
    here.heard(entries_topic("13"), write_batch(Batch(0, 9)))
    while "closed" not in caplog.text.lower():
        thread.join(0.01)
    here.end()
    thread.join(10)
    here.heard(entries_topic("12"), b"after the end")
    assert said == [("openteller/queue/12/have", write_have(Have(2, bare(DAY[1]).digest)), True)]


def test_headquarters_folds_the_branchs_day_as_the_branch_does(tmp_path: Path) -> None:
    log = Log(branch_policy())
    log.did(acts.SignIn("1", "1001"))
    log.did(acts.OpenDay("2026-11-24", log.now))
    log.did(acts.SignIn("1", "1001"))
    log.did(acts.SignIn("2", "1002"))
    for _ in range(3):
        log.did(acts.IssueTicket(("simple",), "ordinary", "zh", Channel.KIOSK, notes="13800138000"))
    log.did(acts.IssueTicket(("complex",), "ordinary", "zh", Channel.KIOSK))
    log.now += 150
    log.did(acts.CallNext("1"))
    copy = SqliteHeadquarters(tmp_path / "copy.db")
    copy.keep([News("12", Standing(), tuple(map(bare, log.entries)))])
    seen = today(copy, "12", branch_policy())
    assert (seen.day, seen.waiting, seen.windows, seen.called) == ("2026-11-24", 3, 2, 1)
    assert (seen.share_within_target, seen.longest_s) == (0.0, 150)  # the target of simple: two minutes
    assert seen.figures.lines[Line("simple", "ordinary")].taken == 3
    smaller = Policy(service={"complex": service("B")}, customer_class={"ordinary": customers(cap_min=45)})
    seen = today(copy, "12", smaller)
    assert (seen.waiting, seen.called) == (3, 0)
    copy.keep([News("13", Standing(), (BareEntry(1, 0.0, "Recalled", '{"ticket":"A001"}'),))])
    with pytest.raises(BrokenLog):
        today(copy, "13", smaller)
    assert today(copy, "14", smaller).waiting == 0
    copy.close()
