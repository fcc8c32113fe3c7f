"""A day with simulated customers and tellers: as planned, through the running queue, on virtual time."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks.queue_first_day import StagedClock
from queue_display import acts
from queue_display.branch import Branch
from queue_display.events import (
    UNKNOWN,
    Arrived,
    BreakBegan,
    BreakEnded,
    BreakReason,
    By,
    Called,
    Cancelled,
    Entry,
    Finished,
    Issued,
    NoShow,
    Parked,
    Recalled,
    ReEntered,
    Started,
    TellerSignedIn,
    TellerSignedOut,
    Transferred,
)
from queue_display.feed import Feed
from queue_display.forecast import Forecast, Stream
from queue_display.live import LiveBranch
from queue_display.staged.day import StagedDay
from queue_display.staged.plan import DayPlan, Habits, Pause, Shift, Visit, plan_day, windows_for
from queue_display.store import QueueStore
from queue_display.tickets import Channel, TicketState
from queue_display.writer import Writer
from tests.queue_display.policies import branch_policy

POLICY = branch_policy()
CHINA = timezone(timedelta(hours=8))
NINE = 9 * 3600.0
MORNING = Forecast(
    9,
    (
        Stream("simple", "ordinary", (30, 40)),
        Stream("simple", "green", (6, 6)),
        Stream("complex", "vip", (3, 3)),
        Stream("corporate", "ordinary", (5, 8)),
    ),
)
MANY_HABITS = Habits(booked=0.2, two_services=0.2, sent_on=0.2, more_time=0.2, away=0.2, patience_min=20)


def entries_of(plan: DayPlan, *interfering: acts.Act) -> Sequence[Entry]:
    """Run the plan; what somebody else does on a page of the queue comes before the first customer."""

    async def run(folder: Path) -> Sequence[Entry]:
        clock = StagedClock(datetime(2026, 11, 23, 8, 50, tzinfo=CHINA))
        with QueueStore(folder) as store:
            writer = Writer(store, Feed(store), lambda: LiveBranch(POLICY, clock, store))
            writing = asyncio.create_task(writer.run())
            await writer.let_time_pass()
            for act in interfering:
                await writer.do(lambda _, act=act: act, lambda *_: "", UNKNOWN)  # type: ignore[misc]
            await StagedDay(plan, writer, clock).run()
            writer.stop()
            await writing
            return tuple(store.entries())

    with TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder)))


@cache
def a_morning(seed: int) -> Sequence[Entry]:
    return entries_of(plan_day(MORNING, POLICY, windows_for(MORNING, POLICY), MANY_HABITS, seed))


def one(visit: Visit, *pauses: Pause, windows: int = 1) -> DayPlan:
    shifts = (Shift(str(n), f"t{n}", NINE - 60, NINE + 7200, 1.0, pauses) for n in range(1, windows + 1))
    return DayPlan((visit,), tuple(shifts), NINE - 60, NINE + 3600)


def kinds(entries: Sequence[Entry]) -> list[type]:
    return [type(entry.event) for entry in entries][1:]


SIMPLE = Visit(NINE, ("simple",), (120.0, 300.0), "ordinary", walk_s=10)


def test_a_customer_is_called_served_and_finished_and_the_teller_goes_home() -> None:
    entries = entries_of(one(SIMPLE))
    assert kinds(entries) == [TellerSignedIn, Issued, Called, Arrived, Started, Finished, TellerSignedOut]
    _, issued, called, arrived, started, finished, left = (entry.at - entries[1].at for entry in entries[1:])
    assert issued == 60
    assert 1 <= called - issued <= 6  # the teller sees him
    assert [arrived - called, started - arrived, finished - started] == pytest.approx([10, 5, 120], abs=1e-3)
    assert 7260 <= left < 7320


def test_who_is_sent_on_or_has_a_second_service_is_served_twice() -> None:
    sent_on = kinds(entries_of(one(replace(SIMPLE, sent_on="complex"))))
    assert sent_on[4:-1] == [Started, Transferred, Called, Arrived, Started, Finished]
    two = replace(SIMPLE, services=("simple", "corporate"))
    assert kinds(entries_of(one(two)))[4:-1] == [Started, Finished, Called, Arrived, Started, Finished]
    same = kinds(entries_of(one(replace(two, goes_on=True))))
    assert same[4:-1] == [Started, Finished, Called, Started, Finished]


def test_who_is_away_when_called_is_called_again_missed_and_may_come_back() -> None:
    away = kinds(entries_of(one(replace(SIMPLE, away=(1.0, 600.0)))))
    assert away[2:-1] == [Called, Recalled, NoShow, ReEntered, Called, Arrived, Started, Finished]
    for_ever = entries_of(one(replace(SIMPLE, away=(1.0, float("inf")))))
    assert kinds(for_ever)[2:] == [Called, Recalled, NoShow, TellerSignedOut]


def test_who_needs_more_time_or_gives_up_does_so_only_while_he_waits() -> None:
    nobody_there = Pause(NINE - 60, 1800, BreakReason.CASH)
    needs = kinds(entries_of(one(replace(SIMPLE, more_time=(60.0, 120.0)), nobody_there)))
    assert needs[1:7] == [BreakBegan, Issued, Parked, ReEntered, BreakEnded, Called]
    gives_up = entries_of(one(replace(SIMPLE, patience_s=900), nobody_there))
    assert kinds(gives_up)[2:-2] == [Issued, Cancelled]
    assert gives_up[4].event == Cancelled("A001", By.CUSTOMER)
    assert [entry.author for entry in gives_up] == ["queue", *["teller/t1"] * 2, *["customer"] * 2, *["teller/t1"] * 2]
    assert kinds(entries_of(one(replace(SIMPLE, more_time=(60.0, 120.0), patience_s=100)))) == [
        *[TellerSignedIn, Issued, Called, Arrived, Started, Finished, TellerSignedOut]
    ]


def test_an_appointment_waits_from_its_slot() -> None:
    entries = entries_of(one(replace(SIMPLE, slot=NINE + 600, channel=Channel.BOOKING)))
    issued = entries[2].event
    assert isinstance(issued, Issued)
    assert issued.since - entries[2].at == 600


def test_everybody_goes_on_when_somebody_else_acts_at_a_page() -> None:
    others = (
        acts.SignIn("1", "a person"),
        acts.IssueTicket(("simple",), "ordinary", "zh", Channel.PHONE),
    )
    entries = entries_of(one(SIMPLE, windows=2), *others)
    branch = Branch(entries)
    assert list(branch.windows) == ["1"]  # window 1 is the person's; the teller of the plan went home again
    assert [ticket.state for ticket in branch.tickets.values()] == [TicketState.FINISHED] * 2
    assert {entry.event.window for entry in entries if isinstance(entry.event, Called)} == {"2"}


def test_the_same_seed_is_the_same_log_to_the_last_figure_and_another_is_another() -> None:
    again = entries_of(plan_day(MORNING, POLICY, windows_for(MORNING, POLICY), MANY_HABITS, 3))
    assert again == a_morning(3)
    assert a_morning(4) != again


@pytest.mark.parametrize("seed", [3, 4])
def test_on_a_morning_of_all_habits_everything_happens_and_the_hall_is_empty_in_the_end(seed: int) -> None:
    entries = a_morning(seed)
    found = Counter(kinds(entries))
    everything = {Called, Recalled, Arrived, Started, Transferred, Parked, NoShow, ReEntered, Finished, Cancelled}
    assert everything <= found.keys()
    branch = Branch(entries)
    assert not branch.windows
    assert not branch.lines
    assert found[TellerSignedIn] == found[TellerSignedOut] == windows_for(MORNING, POLICY)
    slots = [entry.event.slot for entry in entries if isinstance(entry.event, Issued)]
    assert 0 < sum(slot is not None for slot in slots) < len(slots) / 2


def test_a_forecast_is_scaled_to_so_many_tickets() -> None:
    scaled = MORNING.scaled(1000)
    assert scaled.tickets == pytest.approx(1000)
    assert len(scaled.day(1)) == pytest.approx(1000, abs=100)
    assert Forecast(9, (Stream("simple", "ordinary", (0,)),)).scaled(10).tickets == 0


def test_windows_are_enough_for_the_work_of_the_busiest_hour() -> None:
    assert windows_for(Forecast(9, (Stream("simple", "ordinary", (20, 40)),)), POLICY) == 3  # two hours of work in one
    assert windows_for(Forecast(9, (Stream("simple", "ordinary", (0,)),)), POLICY) == 1
