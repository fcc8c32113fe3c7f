"""`./run bench replug`: every driver on every lane is unplugged and plugged in again, 1,000 times in a row.

A lane is a process of its own; all lanes run side by side, and so do the drivers of a lane, so 1,000 rounds take
twenty minutes. The exit code is 1 where a limit is broken: NOTICED_S and BACK_S in any round, and open files,
threads and memory of a process after it all.
"""

import argparse
import contextlib
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import replug
from benchmarks.replug import Holdings
from device_sim.usb import umockdev
from openteller.system_clock import SystemClock

NOTICED_S = 0.1
BACK_S = 2.0
GROWTH_KIB = 3072
"""How much more memory may be in use at the end. umockdev itself keeps 0.5 KiB a plugging in, of four drivers."""
GROWTH_BLOCKS = 1000
"""How many more Python objects may be kept: one that a driver keeps in each round is a leak that is seen."""

WARM_UP = 200
"""Rounds until the histories that simulated devices keep are full."""
_NAP_S = 0.01


@dataclass(frozen=True)
class Outcome:
    """What a driver's rounds took, in seconds; `failure` is what ended them early, "" for nothing."""

    lane: str
    driver: str
    noticed_s: Sequence[float]
    back_s: Sequence[float]
    failure: str = ""

    @property
    def is_good(self) -> bool:
        """Whether every round kept the limits."""
        return not self.failure and max(self.noticed_s) < NOTICED_S and max(self.back_s) < BACK_S


def run_lane(lane: str, kinds: tuple[str, ...], rounds: int) -> tuple[list[Outcome], Holdings, Holdings]:
    """Return the outcomes of a lane's drivers, and what the process held before and after them."""
    clock = SystemClock()
    with contextlib.ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory()))
        ports = undo.enter_context(replug.ports(lane, kinds, clock, folder))
        trials = {
            kind: undo.enter_context(replug.Trial(kind, ports[kind], clock, seed)) for seed, kind in enumerate(kinds)
        }
        pool = undo.enter_context(ThreadPoolExecutor(len(kinds)))

        def run(kind: str, count: int) -> Outcome:
            noticed_s, back_s = array("d"), array("d")  # of 16 bytes a round: they are no leak
            failure = ""
            try:
                for _ in range(count):
                    done = trials[kind].round()
                    noticed_s.append(done.noticed_s)
                    back_s.append(done.back_s)
            except replug.ReplugError as error:
                failure = str(error)
            return Outcome(lane, kind, noticed_s, back_s, failure)

        list(pool.map(lambda kind: run(kind, WARM_UP), kinds))
        before = _held_in_service(list(trials.values()))
        outcomes = list(pool.map(lambda kind: run(kind, rounds), kinds))
        return outcomes, before, before.settled()


def _held_in_service(trials: Sequence[replug.Trial]) -> Holdings:
    """Return what this process holds while every device is in service: one that is lost for a moment holds less."""
    deadline = time.monotonic() + replug.PATIENCE_S
    while True:
        ready = all(each.is_in_service for each in trials)
        held = Holdings.now()
        if (ready and all(each.is_in_service for each in trials)) or time.monotonic() >= deadline:
            return held
        time.sleep(_NAP_S)


def _in_process_of_its_own(lane: str, drivers: list[str], rounds: int) -> tuple[list[Outcome], str]:
    """Return the outcomes of a lane, and what is wrong with what its process holds."""
    command = [sys.executable, "-m", "benchmarks.bench_replug", "--child", "--lane", lane, "--rounds", str(rounds)]
    for driver in drivers:
        command += ["--driver", driver]
    environment = umockdev.environment() if lane == "umockdev" else None
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  (ourselves)
    said = json.loads(ran.stdout)
    before, after = Holdings(**said["before"]), Holdings(**said["after"])
    text = (
        f"{lane}: {before.files} to {after.files} open files, {before.threads} to {after.threads} threads, "
        f"{after.heap_kib - before.heap_kib:+,} KiB and {after.blocks - before.blocks:+,} Python blocks in use "
        f"(resident {after.resident_kib - before.resident_kib:+,} KiB)"
    )
    return [Outcome(**each) for each in said["outcomes"]], text + (" LEAK" if leaks(before, after) else "")


def leaks(before: Holdings, after: Holdings) -> bool:
    """Return whether a process holds more than it may."""
    return (
        after.files > before.files
        or after.threads > before.threads
        or after.heap_kib - before.heap_kib > GROWTH_KIB
        or after.blocks - before.blocks > GROWTH_BLOCKS
    )


def _plain(value: object) -> object:
    return list(value) if isinstance(value, array) else vars(value)


@contextlib.contextmanager
def _oversleeping() -> Iterator[Sequence[float]]:
    """Yield by how many seconds an idle thread woke up late, each time: what the machine itself adds to all times."""
    late = array("d")
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            began = time.monotonic()
            time.sleep(_NAP_S)
            late.append(time.monotonic() - began - _NAP_S)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield late
    finally:
        done.set()
        watcher.join()


def _table(outcomes: list[Outcome]) -> Table:
    table = Table(
        "lane",
        "driver",
        "rounds",
        "ms p50",
        "p99",
        "max",
        "s p50",
        "p99",
        "max",
        "",
        title="noticed in ms, back in service in s",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for number, column in enumerate(table.columns):
        column.no_wrap = True
        column.justify = "right" if 2 <= number <= 8 else "left"
    for each in outcomes:
        times = [*_spread(each.noticed_s, 1000, ".1f"), *_spread(each.back_s, 1, ".2f")]
        verdict = each.failure or ("" if each.is_good else "LIMIT")
        table.add_row(each.lane, each.driver, f"{len(each.back_s):,}", *times, verdict)
    return table


def _spread(seconds: Sequence[float], scale: float, form: str) -> list[str]:
    if len(seconds) < 2:
        return ["", "", ""]
    values = [scale * each for each in seconds]
    return [
        format(each, form)
        for each in (
            statistics.median(values),
            statistics.quantiles(values, n=100, method="inclusive")[98],
            max(values),
        )
    ]


def main(arguments: list[str]) -> int:
    """Run what the arguments choose and print a table; return the exit code."""
    parser = argparse.ArgumentParser(prog="./run bench replug")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--lane", action="append", choices=list(replug.LANES))
    parser.add_argument("--driver", action="append", choices=list(replug.KINDS), default=[])
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    lanes = {
        lane: tuple(each for each in kinds if not chosen.driver or each in chosen.driver)
        for lane, kinds in replug.LANES.items()
        if not chosen.lane or lane in chosen.lane
    }
    lanes = {lane: kinds for lane, kinds in lanes.items() if kinds}
    if chosen.child:
        logging.disable(logging.WARNING)
        ((lane, kinds),) = lanes.items()
        outcomes, before, after = run_lane(lane, kinds, chosen.rounds)
        print(json.dumps({"outcomes": outcomes, "before": before, "after": after}, default=_plain))
        return 0
    console = Console(highlight=False)
    if "umockdev" in lanes and (lacks := umockdev.missing()) is not None:
        console.print(f"without the lane umockdev: {lacks}")
        del lanes["umockdev"]
    with _oversleeping() as late, ThreadPoolExecutor(len(lanes)) as pool:
        done = list(pool.map(lambda lane: _in_process_of_its_own(lane, chosen.driver, chosen.rounds), lanes))
    outcomes = [each for found, _ in done for each in found]
    console.print(_table(outcomes))
    for _, text in done:
        console.print(text)
    p50, p99, longest = _spread(late, 1000, ".1f")
    console.print(f"meanwhile an idle process of this machine woke up late by {p50} ms p50, {p99} p99, {longest} max")
    return 0 if all(each.is_good for each in outcomes) and not any(text.endswith("LEAK") for _, text in done) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
