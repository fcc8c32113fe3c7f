"""Timing a thing and its peer in turns, so that a busy machine slows both alike."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 9


@dataclass(frozen=True)
class Figure:
    """Microseconds a call: the median over all rounds, and the slowest twentieth's border."""

    name: str
    p50_us: float
    p95_us: float


def side_by_side(calls: dict[str, Callable[[], object]], repeat: int) -> list[Figure]:
    """Time every call `repeat` times in each of ROUNDS rounds, taking turns, after a round to warm up."""
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for round_ in range(ROUNDS + 1):
        for name, call in calls.items():
            for _ in range(repeat):
                began = time.perf_counter_ns()
                call()
                if round_:
                    samples[name].append((time.perf_counter_ns() - began) / 1000)
    return [_figure(name, times) for name, times in samples.items()]


def _figure(name: str, times: list[float]) -> Figure:
    return Figure(name, statistics.median(times), statistics.quantiles(times, n=20)[18])
