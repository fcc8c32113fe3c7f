"""Branches and headquarters over a line that loses, repeats, delays and forgets, and ends that crash."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_display.branch_names import BranchNamed, checked_name
from queue_display.events import DayOpened, Entry, Issued, TellerSignedIn
from queue_display.headquarters.branch_end import MOST_ENTRIES, OTHER_LOG, BranchEnd
from queue_display.headquarters.collecting import Collector
from queue_display.headquarters.keeping import News, Standing
from queue_display.headquarters.messages import (
    MOST_BYTES,
    BareEntry,
    Batch,
    Garbled,
    Have,
    bare,
    branch_of,
    entries_topic,
    read_batch,
    read_have,
    write_batch,
    write_have,
)
from queue_display.keeping import StoreUnavailable
from tests.clocks import SetClock
from tests.queue_display.logs import MIDNIGHT
from tests.queue_display.test_views import a_day

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = a_day().entries
LONG = [
    *DAY,
    *(Entry(number, DAY[-1].at, DayOpened(f"2027-{number:04}", MIDNIGHT)) for number in range(len(DAY) + 1, 3001)),
]
BARE = [bare(entry) for entry in LONG]


class Memory:
    """A store whose disk is a dictionary; it may say no."""

    def __init__(self) -> None:
        self.branches: dict[str, Standing] = {}
        self.logs: dict[str, list[BareEntry]] = {}
        self.fails = False

    def standings(self) -> Mapping[str, Standing]:
        return dict(self.branches)

    def keep(self, news: Sequence[News]) -> None:
        if self.fails:
            raise StoreUnavailable("the disk is full")
        for each in news:
            log = self.logs.setdefault(each.branch, [])
            for entry in each.entries:
                assert entry.number == len(log) + 1, "a gap, or an entry twice"
                log.append(entry)
            self.branches[each.branch] = each.standing

    def entries(self, branch: str, after: int = 0) -> Iterator[BareEntry]:
        return iter(self.logs[branch][after:])

    def first_of_day(self, branch: str) -> int:
        return 1


@dataclass
class World:
    """A branch whose log grows, headquarters, and a broker with a queue each way."""

    clock: SetClock = field(default_factory=lambda: SetClock(NINE))
    store: Memory = field(default_factory=Memory)
    last: int = 0
    to_headquarters: list[bytes] = field(default_factory=list)
    to_branch: list[bytes] = field(default_factory=list)
    retained: bytes | None = None

    def __post_init__(self) -> None:
        self.restart_headquarters()
        self.restart_branch()

    def restart_headquarters(self) -> None:
        self.collector = Collector(self.store, self.clock)

    def restart_branch(self) -> None:
        self.end = BranchEnd()
        self.connect()

    def connect(self) -> None:
        self.end.connected(self.clock.now())
        if self.retained is not None:
            self.to_branch.append(self.retained)

    def send(self) -> None:
        while (sending := self.end.due(self.last, self.clock.now())) is not None:
            entries = tuple(BARE[sending.after : sending.after + sending.count])
            assert sending.after + sending.count <= self.last
            self.to_headquarters.append(write_batch(Batch(self.end.sent, self.last, entries)))

    def collect(self, count: int) -> None:
        messages, self.to_headquarters = self.to_headquarters[:count], self.to_headquarters[count:]
        try:
            answers = self.collector.take([(entries_topic("12"), each) for each in messages])
        except StoreUnavailable:
            return
        for have in answers.values():
            self.retained = write_have(have)
            self.to_branch.append(self.retained)

    def hear(self, count: int) -> None:
        payloads, self.to_branch = self.to_branch[:count], self.to_branch[count:]
        for payload in payloads:
            have = read_have(payload)
            own = BARE[have.number - 1].digest if 0 < have.number <= self.last else ""
            self.end.heard(have, own, self.clock.now())

    @property
    def copy(self) -> list[BareEntry]:
        return self.store.logs.get("12", [])

    def go_on(self) -> None:
        """Let everything work for a while."""
        self.send()
        self.collect(len(self.to_headquarters))
        self.hear(len(self.to_branch))
        self.clock.sleep(1)

    def grow(self, count: int) -> None:
        self.last += count

    def fail_to_write(self) -> None:
        self.store.fails = True
        self.collect(len(self.to_headquarters))
        self.store.fails = False

    def forget(self) -> None:
        """Let the broker lose all that it holds."""
        self.retained = None
        self.to_headquarters.clear()
        self.to_branch.clear()
        self.connect()


ACTS: Mapping[str, Callable[[World], None]] = {
    "grow": lambda world: world.grow(3),
    "grow much": lambda world: world.grow(2 * MOST_ENTRIES + 7),
    "send": World.send,
    "collect": lambda world: world.collect(len(world.to_headquarters)),
    "collect one": lambda world: world.collect(1),
    "hear": lambda world: world.hear(len(world.to_branch)),
    "lose a message": lambda world: world.to_headquarters.__setitem__(slice(1), []),
    "lose an answer": lambda world: world.to_branch.__setitem__(slice(1), []),
    "repeat": lambda world: world.to_headquarters.extend(world.to_headquarters[:2]),
    "turn round": lambda world: world.to_headquarters.reverse(),
    "headquarters crashes": World.restart_headquarters,
    "the disk fails": World.fail_to_write,
    "branch crashes": World.restart_branch,
    "broker forgets": World.forget,
    "time passes": lambda world: world.clock.sleep(2),
    "much time passes": lambda world: world.clock.sleep(300),
}


@given(st.lists(st.sampled_from(sorted(ACTS)), max_size=60))
@settings(max_examples=150)
def test_whatever_happens_the_copy_is_a_beginning_of_the_log_and_in_the_end_all_of_it(names: list[str]) -> None:
    world = World()
    for name in names:
        if world.last > len(BARE) - 1000:
            break
        ACTS[name](world)
        assert world.copy == BARE[: len(world.copy)]
        assert world.end.problem == ""
        assert world.end.have is None or world.end.have <= len(world.copy)
    for _ in range(150):
        if len(world.copy) == world.last and world.end.have == world.last:
            break
        world.go_on()
    assert world.copy == BARE[: world.last]
    assert world.end.have == world.last
    if world.last:
        assert world.store.branches["12"].behind_since is None


def test_weeks_without_headquarters_fill_no_broker() -> None:
    world = World()
    world.go_on()
    for _ in range(14 * 24):
        world.last = min(world.last + 10, len(BARE))
        world.clock.sleep(3600)
        world.send()
    entries = [batch for each in world.to_headquarters if (batch := read_batch(each)).entries]
    assert sum(len(batch.entries) for batch in entries) == 5 * MOST_ENTRIES
    world.to_headquarters.clear()
    for _ in range(100):
        world.go_on()
    assert len(world.copy) == world.last


def test_entries_gather_into_few_messages() -> None:
    world = World()
    world.go_on()
    world.go_on()
    for _ in range(10):
        world.last += 1
        world.send()
        world.clock.sleep(0.1)
    world.clock.sleep(1)
    world.send()
    batches = [read_batch(each) for each in world.to_headquarters]
    assert [len(batch.entries) for batch in batches if batch.entries] == [1, 9]


def test_a_branch_that_is_silent_asks_now_and_then_and_so_shows_that_it_lives() -> None:
    world = World()
    for _ in range(3600):
        world.go_on()
    assert world.clock.now() / 60 >= 60
    assert NINE.timestamp() + 3500 < world.store.branches["12"].heard_at


def test_headquarters_says_what_is_missing_and_since_when() -> None:
    store = Memory()
    clock = SetClock(NINE)
    collector = Collector(store, clock)
    first = write_batch(Batch(2, 10, tuple(BARE[:2])))
    assert collector.take([(entries_topic("12"), first)]) == {"12": Have(2, BARE[1].digest)}
    clock.sleep(100)
    behind = write_batch(Batch(6, 10, tuple(BARE[4:6])))
    assert collector.take([(entries_topic("12"), behind)]) == {"12": Have(2, BARE[1].digest, again=True)}
    standing = store.branches["12"]
    assert (standing.number, standing.last, standing.at) == (2, 10, BARE[1].at)
    assert (standing.behind_since, standing.heard_at) == (NINE.timestamp(), NINE.timestamp() + 100)


def test_two_logs_of_one_name_are_never_mixed() -> None:
    other = [bare(Entry(entry.number, entry.at + 1, entry.event)) for entry in DAY]
    world = World(last=5)
    for _ in range(5):
        world.go_on()
    assert len(world.copy) == 5
    sent = write_batch(Batch(8, 8, tuple(other[:8])))
    assert world.collector.take([(entries_topic("12"), sent)])["12"] == Have(5, BARE[4].digest, again=True)
    assert world.copy == BARE[:5]
    end = BranchEnd()
    end.connected(0.0)
    end.heard(Have(5, BARE[4].digest), other[4].digest, 0.0)
    assert end.problem == OTHER_LOG
    assert end.due(8, 0.0) is not None  # it asks, for somebody may mend it
    assert end.due(8, 0.0) is None
    end.heard(Have(0, ""), "", 1.0)
    assert end.problem == ""
    sending = end.due(8, 1.0)
    assert sending is not None
    assert (sending.after, sending.count) == (0, 8)


def test_a_branch_that_was_restored_from_an_old_copy_does_not_go_on_as_if_nothing_were() -> None:
    end = BranchEnd()
    end.heard(Have(500, "0" * 32), "", 0.0)
    assert end.problem == OTHER_LOG


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"sent":1}',
        b'{"sent":1,"last":1,"entries":[{"number":1,"at":0,"kind":"Danced","fields":"{}"}]}',
        b'{"sent":1,"last":1,"entries":[{"number":1,"at":0,"kind":"Recalled","fields":"{"}]}',
        b'{"sent":0,"last":1,"entries":[{"number":0,"at":0,"kind":"Recalled","fields":"{\\"ticket\\":\\"A001\\"}"}]}',
        write_batch(Batch(3, 3, (BARE[0], BARE[2]))),
        write_batch(Batch(3, 3, (BARE[1], BARE[0]))),
        write_batch(Batch(1, 3, (BARE[0], BARE[1]))),
        write_batch(Batch(2, 2, (replace(BARE[0], at=9.0), replace(BARE[1], at=8.0)))),
        b" " * (MOST_BYTES + 1),
    ],
)
def test_what_is_no_batch_is_left_alone(payload: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Garbled):
        read_batch(payload)
    store = Memory()
    assert Collector(store, SetClock(NINE)).take([(entries_topic("12"), payload)]) == {}
    assert store.branches == {}
    assert caplog.text


@pytest.mark.parametrize(
    "topic", ["openteller/queue//entries", "openteller/queue/a/b/entries", "x", "openteller/queue/-/entries"]
)
def test_whose_entries_nobody_knows_are_left_alone(topic: str) -> None:
    with pytest.raises(Garbled):
        branch_of(topic)


@pytest.mark.parametrize("payload", [b"", b"7", b'{"number":"x","digest":""}'])
def test_what_is_no_answer_is_told(payload: bytes) -> None:
    with pytest.raises(Garbled):
        read_have(payload)


@pytest.mark.parametrize("name", ["", "a/b", "a+b", "#", "a" * 51, " a", "a\n"])
def test_a_branch_has_a_name_that_a_topic_can_hold(name: str) -> None:
    with pytest.raises(BranchNamed, match="1 to 50 letters"):
        checked_name(name)
    assert checked_name("0012 天河 支行-2") == "0012 天河 支行-2"


def test_nobody_is_named_at_headquarters() -> None:
    for entry in DAY:
        event = bare(entry).entry.event
        match event:
            case Issued(notes=notes):
                assert notes == ""
            case TellerSignedIn(teller=teller):
                assert teller == ""
            case _:
                assert event == entry.event


def test_nothing_is_sent_again_that_headquarters_has() -> None:
    collector = Collector(Memory(), SetClock(NINE))
    collector.take([(entries_topic("12"), write_batch(Batch(3, 9, tuple(BARE[:3]))))])
    overlapping = write_batch(Batch(5, 9, tuple(BARE[1:5])))
    assert collector.take([(entries_topic("12"), overlapping)]) == {"12": Have(5, BARE[4].digest)}
    end = BranchEnd()
    end.heard(Have(2, BARE[1].digest), BARE[1].digest, 0.0)
    sending = end.due(9, 0.0)
    assert sending is not None
    assert (sending.after, sending.count) == (2, 7)
    end.heard(Have(2, BARE[1].digest, again=True), BARE[1].digest, 10.0)
    end.heard(Have(9, BARE[8].digest), BARE[8].digest, 10.0)  # it was only late
    sending = end.due(10, 20.0)
    assert sending is not None
    assert (sending.after, sending.count) == (9, 1)


def test_a_line_that_is_up_again_is_asked_by_at_once() -> None:
    end = BranchEnd()
    for now in (0.0, 5.0, 15.0, 35.0):
        sending = end.due(0, now)
        assert sending is not None
        assert sending.count == 0
        assert end.due(0, now) is None
    end.connected(36.0)
    assert end.due(0, 36.0) is not None
