"""`./run bench queue-server`: how many tickets and calls a second, and how soon a call is on every screen.

The queue is a process of its own with full durability; all clients and screens share one other process. Tickets: each
client takes one after the other, each with a key of its own. Calls: all windows call at once, in rounds; what lies
between the rounds is not counted. Screens: calls one by one, from before the request is sent until each screen has it.
Then the same with the log in a PostgreSQL of its own, where one is installed: one server, then two that share
clients and screens; and FQM, another queue, where --peer names a checkout of it. Ends with 1 where a limit is broken;
limits are for a branch on its own, on SQLite.
"""

import argparse
import asyncio
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import peer_fqm
from benchmarks.postgres import Cluster, NotInstalled, cluster
from benchmarks.queue_clients import (
    TICKET,
    Connection,
    Rate,
    Screens,
    Served,
    call_one_by_one,
    open_windows,
    rate,
    served,
)

ISSUES_A_SECOND = 500
CALLS_A_SECOND = 400
SEEN_MS: dict[int, tuple[float, float]] = {0: (20, 100), 500: (math.inf, 250)}
"""From so many screens on: p50 and p99."""


def main(arguments: list[str]) -> int:
    """Run it, print a table, return 1 where a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks queue-server", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of tickets, and of calls (10)")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--screens", type=int, default=30)
    parser.add_argument("--calls", type=int, default=200, help="that the screens are shown (200)")
    parser.add_argument("--peer", metavar="fqm=DIR", type=peer_fqm.checkout, help=peer_fqm.HOW)
    options = parser.parse_args(arguments)
    table = Table("log", "what", "limit", "measured", "p50 ms", "p99 ms", box=None)
    with tempfile.TemporaryDirectory(dir=".") as folder, served(Path(folder)) as queue:
        alone = asyncio.run(_measure([queue], options))
    p50, p99 = SEEN_MS[max(count for count in SEEN_MS if count <= options.screens)]
    _add(table, "SQLite", options.screens, alone, (f"{ISSUES_A_SECOND}", f"{CALLS_A_SECOND}", f"{p50:g} / {p99:g} ms"))
    try:
        with cluster() as database:
            for servers in (1, 2):
                name = f"PostgreSQL, {servers} server{'s' * (servers > 1)}"
                _add(table, name, options.screens, _in_database(database, servers, options))
    except NotInstalled as error:
        print(error, file=sys.stderr)
    console = Console(highlight=False)
    if options.peer is None:
        console.print(table)
        console.print(peer_fqm.NOT_RUN)
    else:
        with peer_fqm.served(options.peer) as peer:
            beside = asyncio.run(peer_fqm.measured(peer, options.clients, options.seconds, options.screens))
        _add(table, "FQM's, SQLite", options.screens, beside.rates)
        console.print(table)
        console.print(beside.beside(alone))
    tickets, calls, seen = alone
    in_time = seen.p50_ms < p50 and seen.p99_ms < p99
    return 0 if tickets.per_second >= ISSUES_A_SECOND and calls.per_second >= CALLS_A_SECOND and in_time else 1


def _in_database(database: Cluster, servers: int, options: argparse.Namespace) -> tuple[Rate, Rate, Rate]:
    named = ("--database", database.url(database.new_database()), "--branch", "bench")
    with tempfile.TemporaryDirectory(dir=".") as folder, ExitStack() as running:
        queues = [running.enter_context(served(Path(folder), *named)) for _ in range(servers)]
        return asyncio.run(_measure(queues, options))


def _add(
    table: Table, log: str, screens: int, measured: tuple[Rate, Rate, Rate], limits: Sequence[str] = ("", "", "")
) -> None:
    tickets, calls, seen = measured
    table.add_row(log, "tickets/s", limits[0], *_told(tickets))
    table.add_row("", "calls/s", limits[1], *_told(calls))
    table.add_row("", f"call on {screens} screens", limits[2], "", *_told(seen)[1:])


def _told(found: Rate) -> tuple[str, str, str]:
    return f"{found.per_second:,.0f}", f"{found.p50_ms:.1f}", f"{found.p99_ms:.1f}"


async def _measure(queues: Sequence[Served], options: argparse.Namespace) -> tuple[Rate, Rate, Rate]:
    windows = await open_windows(queues, options.clients)
    kiosk = await Connection.open(queues[0], "customer")
    seen = await _screens(queues, kiosk, windows[0], options.screens, options.calls)
    # Who connects and asks nothing for 20 s is let go: the kiosks come when they are wanted.
    kiosks = [await Connection.open(queues[place % len(queues)], "customer") for place in range(len(windows))]
    calls = await _calls(windows, kiosks, options.seconds)
    tickets = await _tickets(kiosks, options.seconds)  # last: thousands wait then
    return tickets, calls, seen


async def _tickets(kiosks: Sequence[Connection], seconds: float) -> Rate:
    took: list[float] = []
    began = time.perf_counter()

    async def take(place: int, kiosk: Connection) -> None:
        for count in range(1 << 30):
            sent = time.perf_counter()
            if sent >= began + seconds:
                return
            status, answer = await kiosk.post("/v1/tickets", TICKET, f"{place} {count}")
            assert status == 201, answer
            took.append(time.perf_counter() - sent)

    await asyncio.gather(*(take(place, kiosk) for place, kiosk in enumerate(kiosks)))
    return rate(took, time.perf_counter() - began)


async def _calls(windows: Sequence[Connection], kiosks: Sequence[Connection], seconds: float) -> Rate:
    took: list[float] = []

    async def call(number: int, window: Connection) -> None:
        sent = time.perf_counter()
        status, answer = await window.post(f"/v1/windows/{number}/call-next")
        assert status == 200, answer
        took.append(time.perf_counter() - sent)

    counted = 0.0
    while counted < seconds:
        await asyncio.gather(*(kiosk.did("/v1/tickets", TICKET) for kiosk in kiosks))
        began = time.perf_counter()
        await asyncio.gather(*(call(number, window) for number, window in enumerate(windows, 1)))
        counted += time.perf_counter() - began
        await asyncio.gather(*(window.did(f"/v1/windows/{n}/start") for n, window in enumerate(windows, 1)))
    return rate(took, counted)


async def _screens(queues: Sequence[Served], kiosk: Connection, window: Connection, screens: int, calls: int) -> Rate:
    seen: list[tuple[str, float]] = []
    first = (await kiosk.did("/v1/tickets", TICKET))["ticket"]
    watching = [
        Screens(queue, first["entry"], lambda ticket: seen.append((ticket, time.perf_counter()))) for queue in queues
    ]
    for place, each in enumerate(watching):
        await each.begin(len(range(place, screens, len(queues))))
    sent = await call_one_by_one(kiosk, window, first["ticket"], calls)
    while len(seen) < calls * screens:
        await asyncio.sleep(0.05)
    for each in watching:
        await each.end()
    return rate([at - sent[ticket] for ticket, at in seen], 1.0)
