"""Many clients at once over real sockets: kiosks with impatient customers, windows, and screens that come and go."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.postgres import Cluster
from benchmarks.queue_clients import TICKET, Connection, Served, served

CLIENTS = 32


async def take_tickets(queues: Sequence[Served], place: int, goes_on: Callable[[int], bool]) -> list[str]:
    """Take tickets, every other by a double tap, where there are more servers at two of them; return their numbers."""
    taps = [await Connection.open(queues[(place + tap) % len(queues)], "customer") for tap in range(2)]
    numbers: list[str] = []
    while goes_on(len(numbers)):
        key = f"{place} {len(numbers)}"
        tapped = taps[: 1 + len(numbers) % 2]
        answers = await asyncio.gather(*(tap.did("/v1/tickets", TICKET, key) for tap in tapped))
        assert all(answer == answers[0] for answer in answers)
        numbers.append(answers[0]["ticket"]["ticket"])
    for tap in taps:
        tap.close()
    return numbers


async def call(queue: Served, place: int, goes_on: Callable[[int], bool]) -> list[str]:
    """Open a window, call and serve; return who was called."""
    window = await Connection.open(queue, "teller")
    await window.did(f"/v1/windows/{place}/sign-in", b'{"teller":"%d"}' % place)
    numbers: list[str] = []
    turns = 0
    while goes_on(turns):
        turns += 1
        status, answer = await window.post(f"/v1/windows/{place}/call-next")
        assert status in {200, 409}, answer
        if status == 200 and (ticket := json.loads(answer)["ticket"]) is not None:
            numbers.append(ticket["ticket"])
            await window.did(f"/v1/windows/{place}/start")
    window.close()
    return numbers


async def watch(queues: Sequence[Served], rng: random.Random, until: "asyncio.Future[int]") -> list[int]:
    """Follow the log over many connections, to any server, each cut off at random; return the numbers of the events."""
    got: list[int] = []
    while not until.done() or (got[-1] if got else 0) < until.result():
        screen = await Connection.open(rng.choice(queues), "display")
        with suppress(TimeoutError):
            async with asyncio.timeout(rng.uniform(0.01, 1)):
                async for event in screen.follow(got[-1] if got else 0):
                    got.append(json.loads(event)["number"])
                    if until.done() and got[-1] == until.result():
                        break
        screen.close()
    return got


async def rush(
    queues: Sequence[Served], screens: int, goes_on: Callable[[int], bool]
) -> tuple[list[str], list[str], list[list[int]]]:
    """Let all of them loose; return the tickets and calls that were acknowledged, and what each screen got."""
    last: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    watching = [asyncio.create_task(watch(queues, random.Random(seed), last)) for seed in range(screens)]
    kiosks = asyncio.gather(*(take_tickets(queues, place, goes_on) for place in range(CLIENTS)))
    tellers = asyncio.gather(*(call(queues[place % len(queues)], place, goes_on) for place in range(1, CLIENTS + 1)))
    tickets = [number for numbers in await kiosks for number in numbers]
    calls = [number for numbers in await tellers for number in numbers]
    end = await Connection.open(queues[0], "customer")
    last.set_result((await end.did("/v1/tickets", TICKET))["ticket"]["entry"])
    end.close()
    return tickets, calls, await asyncio.gather(*watching)


def let_them_rush(queues: Sequence[Served], screens: int, turns: int, seconds: float) -> None:
    """Let all of them loose for so many seconds and turns: no number comes twice, nobody is called twice, no gap."""
    end = time.monotonic() + seconds
    tickets, calls, seen = asyncio.run(rush(queues, screens, lambda turn: turn < turns or time.monotonic() < end))
    assert len(tickets) >= CLIENTS * turns
    assert len(set(tickets)) == len(tickets)
    assert len(set(calls)) == len(calls)
    assert set(calls) <= set(tickets)
    for numbers in seen:
        assert numbers == list(range(1, numbers[-1] + 1))
    assert len({numbers[-1] for numbers in seen}) == 1


@pytest.mark.parametrize(
    ("screens", "turns", "seconds"),
    [(5, 4, 0), pytest.param(50, 0, 60, marks=[pytest.mark.slow, pytest.mark.timeout(600)])],
    ids=["short", "minute"],
)
def test_no_number_twice_nobody_called_twice_and_no_screen_misses_anything(
    tmp_path: Path, screens: int, turns: int, seconds: float
) -> None:
    with served(tmp_path) as queue:
        let_them_rush([queue], screens, turns, seconds)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("screens", "turns", "seconds"), [(5, 4, 0), (50, 0, 60)], ids=["short", "minute"])
def test_two_servers_of_one_branch_give_no_number_twice_and_call_nobody_twice(
    tmp_path: Path, postgres: Cluster, screens: int, turns: int, seconds: float
) -> None:
    options = ("--database", postgres.url(postgres.new_database()), "--branch", "main street")
    with served(tmp_path, *options) as one, served(tmp_path, *options) as other:
        let_them_rush([one, other], screens, turns, seconds)
