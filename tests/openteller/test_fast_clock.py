"""A clock that runs faster than the machine's and waits for what is due."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from openteller.fast_clock import FastClock
from tests.clocks import SetClock

BEGINS = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_it_goes_on_as_fast_as_it_is_told_but_not_beyond_what_is_due() -> None:
    machine = SetClock(BEGINS)
    fast = FastClock(machine, BEGINS, 60)
    assert fast.wall() == BEGINS
    machine.sleep(2)
    assert fast.now() == 120
    assert fast.wall() == BEGINS  # nothing is known to be done yet
    asyncio.run(fast.until(BEGINS.timestamp() + 90))
    assert fast.wall() == BEGINS + timedelta(seconds=90)
    assert (fast.behind_s, fast.speed) == (30, 45)
    asyncio.run(fast.until(BEGINS.timestamp() + 30))  # the past cannot come again
    assert fast.wall() == BEGINS + timedelta(seconds=90)


def test_it_waits_for_a_moment_that_has_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = SetClock(BEGINS)

    async def pass_time(seconds: float) -> None:
        machine.sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", pass_time)
    fast = FastClock(machine, BEGINS, 600)
    asyncio.run(fast.until(BEGINS.timestamp() + 12))
    assert machine.now() == 0.02
    assert fast.wall() == BEGINS + timedelta(seconds=12)


def test_who_sleeps_sleeps_in_its_time() -> None:
    machine = SetClock(BEGINS)
    fast = FastClock(machine, BEGINS, 60)
    fast.sleep(120)
    assert machine.now() == 2
