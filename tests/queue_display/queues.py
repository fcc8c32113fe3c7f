"""Markov queues run on the simulator, and the formulas that say what must come out (written from their sources)."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from queue_display.policy import Policy
from queue_display.simulation import Arrival, Desk, Floor
from queue_display.tickets import Head, Line


def erlang_c(windows: int, offered: float) -> float:
    """The chance of waiting in M/M/c (Erlang 1917), by the recursion of Erlang B."""
    blocked = 1.0
    for count in range(1, windows + 1):
        blocked = offered * blocked / (count + offered * blocked)
    load = offered / windows
    return blocked / (1 - load + load * blocked)


def mean_wait(windows: int, arrivals: float, service: float) -> float:
    return erlang_c(windows, arrivals * service) / (windows / service - arrivals)


def strict_waits(windows: int, arrivals: Sequence[float], service: float) -> list[float]:
    """Cobham 1954 for M/M/c with equal service (Kella & Yechiali 1985); the first class goes first."""
    offered = sum(arrivals) * service
    work = erlang_c(windows, offered) * service / windows
    waits, above = [], 0.0
    for rate in arrivals:
        upto = above + rate * service / windows
        waits.append(work / ((1 - above) * (1 - upto)))
        above = upto
    return waits


def accumulating_waits(windows: int, arrivals: Sequence[float], service: float, slopes: Sequence[float]) -> list[float]:
    """Kleinrock 1964, time-dependent priorities q = slope * age, for M/M/c with equal service; slopes rise.

    In M/M/1 with rate c*mu the mean residual work W0 is rho/(c*mu); times C/rho it is that of M/M/c.
    """
    loads = [rate * service / windows for rate in arrivals]
    load = sum(loads)
    residual = erlang_c(windows, sum(arrivals) * service) * service / windows
    waits: list[float] = []
    for place, slope in enumerate(slopes):
        below = sum(loads[i] * waits[i] * (1 - slopes[i] / slope) for i in range(place))
        above = sum(loads[i] * (1 - slope / slopes[i]) for i in range(place + 1, len(slopes)))
        waits.append((residual / (1 - load) - below) / (1 - above))
    return waits


def erlang_a(windows: int, arrivals: float, service: float, patience: float) -> tuple[float, float, float]:
    """Palm's M/M/c+M: the share who give up, the share who wait, and the mean wait of all."""
    weights = [1.0]
    while len(weights) < windows + 5 or weights[-1] > 1e-14 * sum(weights):
        count = len(weights)
        leaving = min(count, windows) / service + max(0, count - windows) / patience
        weights.append(weights[-1] * arrivals / leaving)
    total = math.fsum(weights)
    queue = math.fsum((n - windows) * w for n, w in enumerate(weights) if n > windows) / total
    waits = math.fsum(weights[windows:]) / total
    return queue / patience / arrivals, waits, queue / arrivals


@dataclass
class Waits:
    """What one run measured: the waits by class, of those called and of those who gave up; the load that it drew."""

    called: dict[str, list[float]] = field(default_factory=dict)
    gave_up: dict[str, list[float]] = field(default_factory=dict)
    load: float = 0.0


def run_markov(
    policy: Policy,
    windows: int,
    arrivals: Mapping[str, float],
    service: float,
    *,
    customers: int,
    seed: int,
    patience: float = math.inf,
    warm_up: int = 2000,
) -> Waits:
    """Run M/M/c(+M) with classes; `arrivals` are rates by class. The first `warm_up` customers are not counted."""
    rng = random.Random(seed)
    found = Waits({name: [] for name in arrivals}, {name: [] for name in arrivals})

    def called(head: Head, _: Desk, at: float) -> None:
        if head.order >= warm_up:
            found.called[head.line.customer_class].append(at - head.since)

    def left(head: Head, at: float) -> None:
        if head.order >= warm_up:
            found.gave_up[head.line.customer_class].append(at - head.since)

    times: list[float] = []

    def occupation(*_: object) -> float:
        times.append(rng.expovariate(1 / service))
        return times[-1]

    floor = Floor(policy, 0.0, occupation, called, left)
    for window in range(windows):
        floor.open(Desk(str(window)))
    coming = list(_poisson(arrivals, customers, patience, rng))
    floor.run(iter(coming))
    found.load = math.fsum(times) / (windows * coming[-1].at)
    return found


def _poisson(arrivals: Mapping[str, float], customers: int, patience: float, rng: random.Random) -> Iterator[Arrival]:
    total = sum(arrivals.values())
    lines = [Line("simple", name) for name in arrivals]
    weights = list(arrivals.values())
    at = 0.0
    for order in range(customers):
        at += rng.expovariate(total)
        head = Head(at, order, f"A{order:03}", rng.choices(lines, weights)[0])
        yield Arrival(at, head, math.inf if patience == math.inf else rng.expovariate(1 / patience))
