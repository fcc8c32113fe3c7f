"""`./run bench queue-kiosk`: a kiosk beside a queue: how soon a ticket is there, how soon a call is on the home page.

The queue is a process of its own with full durability. Two kiosks see the same calls: one follows the events, as the
core does, the other asks for the board every two seconds. A call counts from before it is asked for until the kiosk
knows of it; `looks` is how often each asked for the board.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.queue_clients import TICKET, Connection, Served, open_windows, served
from kiosk_core.branch_queue import QueueNow, QueueSilent, TicketWish
from openteller.queue_answers import queue_now
from openteller.queue_client import QueueClient
from openteller.queue_follower import QueueFollower
from openteller.system_clock import SystemClock
from queue_display.listening.place import QueuePlace

_POLL_S = 2.0
_TICKETS = 300
_WISH = TicketWish("simple", "ordinary", "zh")


class Seen:
    """When a kiosk first knew of each call, and how often it looked."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.looks = 0

    def take(self, now: QueueNow | None) -> None:
        """Take how the queue stands."""
        self.looks += 1
        for call in now.calls if now is not None else ():
            self.at.setdefault(call.ticket, time.perf_counter())


def main(arguments: list[str]) -> int:
    """Run it and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks queue-kiosk", description=__doc__)
    parser.add_argument("--calls", type=int, default=40)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=".") as folder, served(Path(folder)) as queue:
        place = QueuePlace(f"http://127.0.0.1:{queue.port}", queue.tokens["customer"])
        taken = _take(place)
        followed, polled, called, seconds = _see(queue, place, options.calls)
    table = Table("what", "p50 ms", "p99 ms", "looks a minute", box=None)
    table.add_row(f"ticket, {_TICKETS} presses", *_quantiles(taken), "")
    for name, seen in (("call, events followed", followed), (f"call, asked every {_POLL_S:g} s", polled)):
        waits = [seen.at[ticket] - at for ticket, at in called.items() if ticket in seen.at]
        assert len(waits) == len(called), f"{name}: {len(called) - len(waits)} calls were never seen"
        table.add_row(name, *_quantiles(waits), f"{seen.looks * 60 / seconds:.0f}")
    Console(highlight=False).print(table)
    return 0


def _take(place: QueuePlace) -> list[float]:
    took = []
    with closing(QueueClient(place, SystemClock())) as client:
        for press in range(_TICKETS):
            began = time.perf_counter()
            client.take(_WISH, f"press {press}")
            took.append(time.perf_counter() - began)
    return took


def _see(queue: Served, place: QueuePlace, calls: int) -> tuple[Seen, Seen, dict[str, float], float]:
    followed, polled, over = Seen(), Seen(), threading.Event()
    follower = QueueFollower(QueueClient(place, SystemClock()), SystemClock(), followed.take)
    poller = threading.Thread(target=_poll, args=(place, polled, over))
    began = time.perf_counter()
    follower.start()
    poller.start()
    try:
        called = asyncio.run(_call(queue, calls))
        time.sleep(1.5 * _POLL_S)
    finally:
        over.set()
        follower.stop()
        poller.join()
    return followed, polled, called, time.perf_counter() - began


def _poll(place: QueuePlace, seen: Seen, over: threading.Event) -> None:
    with closing(QueueClient(place, SystemClock())) as client:
        while not over.wait(_POLL_S):
            try:
                seen.take(queue_now(client.board()))
            except QueueSilent:
                seen.take(None)


async def _call(queue: Served, calls: int) -> dict[str, float]:
    """Call one after the other, as a branch of some windows does; return when each was asked for, by its ticket."""
    chance = random.Random(6)  # noqa: S311  (no secret)
    (window,) = await open_windows([queue], 1)
    kiosk = await Connection.open(queue, "customer")
    called = {}
    for _ in range(calls):
        await asyncio.sleep(chance.uniform(0.2, 3.0))
        await kiosk.did("/v1/tickets", TICKET)  # a customer comes for each who goes
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        asked = time.perf_counter()
        called[(await window.did("/v1/windows/1/call-next"))["ticket"]["ticket"]] = asked
        await window.did("/v1/windows/1/no-show")
    return called


def _quantiles(seconds: list[float]) -> tuple[str, str]:
    cuts = statistics.quantiles(seconds, n=100)
    return f"{1000 * cuts[49]:.1f}", f"{1000 * cuts[98]:.1f}"
