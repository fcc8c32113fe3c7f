"""`./run bench queue-board`: how soon a call is painted on the lobby's board, with many other screens connected.

Queue and board are a process each; whoever calls, and all other screens, share a third. Calls one by one, from before
the request is sent until the frame that shows the ticket large is on the (off-screen) window of 1920x1080. Ends with 1
where a limit is broken.
"""

import argparse
import asyncio
import os
import select
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bench_queue_server import SEEN_MS
from benchmarks.queue_clients import (
    BEGIN_S,
    ROOT,
    TICKET,
    Connection,
    Screens,
    Served,
    call_one_by_one,
    open_windows,
    served,
)

SIZE = "1920x1080"


def main(arguments: list[str]) -> int:
    """Run it, print a table, return 1 where a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks queue-board", description=__doc__)
    parser.add_argument("--screens", type=int, nargs="*", default=[30, 500], help="besides the board (30 500)")
    parser.add_argument("--calls", type=int, default=200, help="(200)")
    options = parser.parse_args(arguments)
    table = Table("screens", "limit ms", "p50 ms", "p90 ms", "p99 ms", "longest ms", "load", box=None)
    in_time = True
    for screens in options.screens:
        took = _in_branch(screens, options.calls)
        hundredths = statistics.quantiles(took, n=100)
        p50, p99 = SEEN_MS[max(count for count in SEEN_MS if count <= screens)]
        in_time = in_time and hundredths[49] < p50 and hundredths[98] < p99
        figures = (f"{figure:.1f}" for figure in (hundredths[49], hundredths[89], hundredths[98], max(took)))
        table.add_row(str(screens), f"{p50:g} / {p99:g}", *figures, f"{os.getloadavg()[0]:.1f}")
    Console(highlight=False).print(table)
    return 0 if in_time else 1


def _in_branch(screens: int, calls: int) -> list[float]:
    with tempfile.TemporaryDirectory(dir=".") as folder, served(Path(folder)) as queue, _board(queue, folder) as board:
        return asyncio.run(_measure(queue, board, screens, calls))


@contextmanager
def _board(queue: Served, folder: str) -> "Iterator[subprocess.Popen[str]]":
    file = Path(folder).resolve() / "lobby.token"
    file.write_text(queue.tokens["display"], encoding="utf-8")
    url = f"http://127.0.0.1:{queue.port}"
    command = [sys.executable, "-m", "benchmarks.painted_board", url, str(file), SIZE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:  # noqa: S603  (ourselves)
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], BEGIN_S)[0], "the board does not begin"
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


async def _measure(queue: Served, board: "subprocess.Popen[str]", screens: int, calls: int) -> list[float]:
    """Return how long each call took, in milliseconds."""
    (window,) = await open_windows([queue], 1)
    kiosk = await Connection.open(queue, "customer")
    first = (await kiosk.did("/v1/tickets", TICKET))["ticket"]
    others = Screens(queue, first["entry"])
    await others.begin(screens)
    sent = await call_one_by_one(kiosk, window, first["ticket"], calls)
    await others.end()
    board.kill()
    assert board.stdout is not None
    painted = dict(line.split() for line in board.stdout.read().splitlines())
    missing = sent.keys() - painted.keys()
    assert not missing, f"never painted: {sorted(missing)}"
    return [1000 * (float(painted[ticket]) - at) for ticket, at in sent.items()]
