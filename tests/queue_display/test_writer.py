"""Many wishes, one writer: order, one transaction for many, and what happens when the disk says no."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queue_display import acts
from queue_display.acts import Act
from queue_display.events import QUEUE, By, DayOpened, Entry, Issued
from queue_display.feed import Feed
from queue_display.keeping import KeptAnswer, StoreUnavailable
from queue_display.live import LiveBranch, PolicyMisfit
from queue_display.policy import Policy
from queue_display.refusals import Refusal, Why
from queue_display.store import QueueStore
from queue_display.tickets import Channel
from queue_display.writer import Key, KeyUsedOtherwise, Writer
from tests.clocks import SetClock
from tests.queue_display.policies import branch_policy, customers, service

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
TICKET = acts.IssueTicket(("simple",), "ordinary", "zh", Channel.KIOSK)


class Disk(QueueStore):
    """Counts transactions; one may fail, before the rows are written or after."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.transactions: list[int] = []
        self.fails = ""

    def append(self, entries: Iterable[Entry], answers: Iterable[KeptAnswer] = ()) -> None:
        entries = tuple(entries)
        if self.fails == "before":
            raise StoreUnavailable("the disk is full")
        super().append(entries, answers)
        self.transactions.append(len(entries))
        if self.fails == "after":
            raise StoreUnavailable("the disk reports an error")


class Desk:
    """A writer, and wishes put to it."""

    def __init__(self, disk: Disk, clock: SetClock, policy: Policy) -> None:
        self.disk = disk
        self.clock = clock
        self.feed = Feed(disk)
        self.writer = Writer(disk, self.feed, lambda: LiveBranch(policy, clock, disk))

    async def do(self, act: Act, key: Key | None = None) -> str | Refusal:
        say = lambda _, entries: json.dumps([entry.number for entry in entries])  # noqa: E731
        return await self.writer.do(lambda _: act, say, "teller/1001", key)

    async def tickets(self) -> list[str]:
        async with self.writer.looking() as live:
            return list(live.branch.tickets)


@asynccontextmanager
async def desk(folder: Path, policy: Policy | None = None, clock: SetClock | None = None) -> AsyncIterator[Desk]:
    with Disk(folder) as disk:
        made = Desk(disk, clock or SetClock(NINE), policy or branch_policy())
        await made.writer.let_time_pass()
        task = asyncio.create_task(made.writer.run())
        yield made
        made.writer.stop()
        await task


def test_what_is_wished_while_the_disk_is_busy_is_one_transaction(tmp_path: Path) -> None:
    async def go() -> None:
        async with desk(tmp_path) as at:
            said = await asyncio.gather(*(at.do(TICKET) for _ in range(40)))
            assert said == [f"[{number}]" for number in range(2, 42)]
            assert at.disk.transactions == [1, 40]
            assert await at.tickets() == [f"A{number:03}" for number in range(1, 41)]

    asyncio.run(go())


def test_nothing_is_said_and_nobody_hears_of_it_before_it_is_on_disk(tmp_path: Path) -> None:
    async def go() -> None:
        async with desk(tmp_path) as at:
            heard: list[int] = []
            at.disk.append = lambda entries, _=(): heard.append(at.feed.last)  # type: ignore[method-assign]
            await at.do(TICKET)
            assert heard == [1]
            assert at.feed.last == 2

    asyncio.run(go())


def test_the_same_key_is_the_same_ticket_at_once_and_after_a_restart(tmp_path: Path) -> None:
    key = Key("tap", "a ticket")

    async def go() -> None:
        async with desk(tmp_path) as at:
            assert await asyncio.gather(*(at.do(TICKET, key) for _ in range(3))) == ["[2]"] * 3
            assert await at.do(TICKET, key) == "[2]"
        async with desk(tmp_path) as at:
            assert await at.do(TICKET, key) == "[2]"
            assert await at.tickets() == ["A001"]
            with pytest.raises(KeyUsedOtherwise):
                await at.do(TICKET, Key("tap", "another ticket"))

    asyncio.run(go())


def test_a_refusal_is_not_kept_under_its_key(tmp_path: Path) -> None:
    key = Key("next", "call next")

    async def go() -> None:
        async with desk(tmp_path) as at:
            await at.do(acts.SignIn("1", "1001"))
            refused = await at.do(acts.CallNext("1"), key)
            assert isinstance(refused, Refusal)
            assert refused.why is Why.NOBODY_WAITS
            await at.do(TICKET)
            assert await at.do(acts.CallNext("1"), key) == "[4]"

    asyncio.run(go())


@pytest.mark.parametrize(("fails", "tickets"), [("before", []), ("after", ["A001"])])
def test_when_the_disk_says_no_the_branch_is_as_its_log_says(tmp_path: Path, fails: str, tickets: list[str]) -> None:
    key = Key("tap", "a ticket")

    async def go() -> None:
        async with desk(tmp_path) as at:
            at.disk.fails = fails
            with pytest.raises(StoreUnavailable):
                await at.do(TICKET, key)
            at.disk.fails = ""
            assert await at.tickets() == tickets
            assert at.feed.last == 1 + len(tickets)
            assert await at.do(TICKET, key) == "[2]"
            assert await at.tickets() == ["A001"]
            assert [entry.number for entry in await at.feed.after(0)] == [1, 2]

    asyncio.run(go())


def test_a_mistake_of_the_program_in_one_wish_stops_no_other(tmp_path: Path) -> None:
    async def go() -> None:
        async with desk(tmp_path) as at:
            with pytest.raises(StoreUnavailable, match="a mistake of the program"):
                await at.writer.do(lambda _: 1 // 0, lambda *_: "", QUEUE)  # type: ignore[arg-type, return-value]
            assert await at.do(TICKET) == "[2]"

    asyncio.run(go())


def test_a_day_begins_at_midnight_and_whoever_was_parked_comes_back(tmp_path: Path) -> None:
    async def go() -> None:
        clock = SetClock(NINE)
        async with desk(tmp_path, clock=clock) as at:
            await at.do(TICKET)
            await at.do(acts.Park("A001", by=By.CUSTOMER, back_at=NINE.timestamp() + 60))
            clock.sleep(59)
            await at.writer.let_time_pass()
            assert at.feed.last == 3
            clock.sleep(2)
            await at.writer.let_time_pass()
            assert at.feed.last == 4
            clock.sleep(86400)
            await at.writer.let_time_pass()
            entries = await at.feed.after(0)
            assert [entry.author for entry in entries] == [QUEUE, "teller/1001", "teller/1001", QUEUE, QUEUE]
            (first, *_, last) = entries
            midnight = NINE.timestamp() - 9 * 3600
            assert first == Entry(1, midnight, DayOpened("2026-11-23", midnight), QUEUE)
            assert last.event == DayOpened("2026-11-24", NINE.timestamp() + 15 * 3600)
            assert await at.do(TICKET) == "[6]"
            assert await at.tickets() == ["A001"]

    asyncio.run(go())


def test_a_clock_that_was_set_back_makes_no_earlier_entries(tmp_path: Path) -> None:
    async def go() -> None:
        async with desk(tmp_path) as at:
            await at.do(TICKET)
        async with desk(tmp_path, clock=SetClock(NINE.replace(hour=8))) as at:
            await at.do(TICKET)
            assert [entry.at for entry in await at.feed.after(1)] == [NINE.timestamp()] * 2

    asyncio.run(go())


def test_what_was_learned_outlives_a_restart_and_a_change_of_the_policy(tmp_path: Path) -> None:
    smaller = Policy(service={"simple": service("A")}, customer_class={"ordinary": customers(cap_min=45)})
    gold = acts.IssueTicket(("corporate",), "vip", "zh", Channel.KIOSK)

    async def go() -> None:
        clock = SetClock(NINE)
        async with desk(tmp_path, clock=clock) as at:
            await at.do(acts.SignIn("1", "1001"))
            for act in (gold, acts.CallNext("1"), acts.Start("1"), acts.Finish("1"), gold):
                clock.sleep(60)
                await at.do(act)
            before = at.feed.last
        with pytest.raises(PolicyMisfit, match="ticket C002 of today is for corporate"):
            async with desk(tmp_path, smaller, clock):
                pass
        clock.sleep(86400)
        async with desk(tmp_path, smaller, clock) as at:
            assert await at.do(TICKET) == f"[{before + 2}]"
            issued = (await at.feed.after(before + 1))[0].event
            assert isinstance(issued, Issued)
            assert issued.ticket == "A001"

    asyncio.run(go())
