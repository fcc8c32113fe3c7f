"""How long somebody will wait: the dispatch rule run forward, many times, from where the branch stands now.

No formula: whatever the policy, the estimate follows from the rule that makes the calls. With n = 5k - 1 runs the
4k-th smallest wait is exceeded by a further, equally likely one with probability 1/5 exactly, however few runs there
are: that is "up to". "About" is the mean. What is not known for certain, how many will come, is drawn anew in each run.
"""

import math
import random
from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

from queue_display.arrival_rates import Rate
from queue_display.policy import Policy
from queue_display.service_times import Law, ServiceTimes
from queue_display.simulation import Arrival, Desk, Floor
from queue_display.tickets import Head, Line

RUNS = (39, 29, 19, 9, 4)
"""How many runs there may be: 5k - 1. The more wait, the fewer: their waits vary less beside their length."""


@dataclass(frozen=True)
class Wait:
    """What may be said of a wait, from now on: its mean, and what is kept in four cases of five; seconds.

    None: later than anything that was looked at.
    """

    about_s: float | None
    up_to_s: float | None


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """A desk as it stands: `since` is when it was occupied, for `service`; None: it is free."""

    desk: Desk
    service: str = ""
    since: float | None = None


@dataclass(frozen=True)
class Standing:
    """Where a branch stands at `now` in this `hour`: its desks, who waits, and how many come."""

    now: float
    hour: int
    desks: Sequence[OpenDesk]
    waiting: Iterable[Head]
    rates: Mapping[Line, Rate]


@dataclass(frozen=True)
class Budget:
    """What an estimate may cost: calls in all its runs; in one run, a number for each who waits and one besides."""

    calls: int = 2000
    calls_per_waiting: int = 4
    calls_besides: int = 200


class _Asked:
    """Listens for the calls of one run until everybody who is asked about has been called."""

    def __init__(self, now: float, numbers: Iterable[str], most_calls: int) -> None:
        self._now = now
        self._missing = set(numbers)
        self._calls_left = most_calls
        self.waits: dict[str, float] = {}
        self.floor: Floor | None = None

    def called(self, head: Head, _: Desk, at: float) -> None:
        """Note a call; the run ends with the last that matters."""
        self._calls_left -= 1
        if head.number in self._missing:
            self._missing.remove(head.number)
            self.waits[head.number] = at - self._now
        if self.floor is not None and (not self._missing or self._calls_left <= 0):
            self.floor.stop()


def newcomer(line: Line, now: float) -> Head:
    """Return somebody who takes a ticket for `line` now, to ask about; he is behind whoever waits already."""
    return Head(now, _NEWCOMER, "?" + "/".join(map(str, line)), line)


_NEWCOMER = 1 << 62
_LATER = _NEWCOMER + 1


class Replay:
    """Estimates of waits. It keeps no state but what was learned, and asks for the same seed's chances again."""

    def __init__(self, policy: Policy, times: ServiceTimes, budget: Budget | None = None) -> None:
        self._policy = policy
        self._times = times
        self._budget = budget or Budget()

    def waits(self, standing: Standing, newcomers: Iterable[Line] = (), seed: int = 0) -> Mapping[str, Wait]:
        """Return the waits of everybody who waits and of newcomers to these lines, by number (see `newcomer`).

        One set of runs is for all: newcomers occupy no desk in them, so they do not delay each other.
        """
        heads = [*standing.waiting, *(newcomer(line, standing.now) for line in newcomers)]
        if not heads or not standing.desks:
            return {head.number: Wait(None, None) for head in heads}
        found: dict[str, list[float]] = {head.number: [] for head in heads}
        rng = random.Random(seed)  # noqa: S311  (chances of a simulation)
        count = self._runs(len(heads))
        lines: dict[Line, list[Head]] = {}
        for head in sorted(heads):
            lines.setdefault(head.line, []).append(head)
        for _ in range(count):
            waits = self._run(standing, lines, found, rng)
            for number, samples in found.items():
                samples.append(waits.get(number, math.inf))
        return {number: _wait(samples) for number, samples in found.items()}

    def _runs(self, waiting: int) -> int:
        affordable = self._budget.calls // max(1, waiting)
        return next((count for count in RUNS if count <= affordable), RUNS[-1])

    def _run(
        self, standing: Standing, lines: Mapping[Line, list[Head]], numbers: Collection[str], rng: random.Random
    ) -> Mapping[str, float]:
        most = self._budget.calls_besides + self._budget.calls_per_waiting * len(numbers)
        asked = _Asked(standing.now, numbers, most)
        laws = _Laws(self._times, standing.hour)

        def occupation(head: Head, desk: Desk, _: float) -> float:
            if head.order == _NEWCOMER:
                return 0.0
            return laws.of(head.line.service, desk.teller).draw(rng) + self._times.gap(rng)

        floor = Floor(self._policy, standing.now, occupation, asked.called)
        asked.floor = floor
        for line, waiting in lines.items():
            floor.put(line, waiting)
        for each in standing.desks:
            left = self._times.gap(rng)
            if each.since is not None:
                left += laws.of(each.service, each.desk.teller).residual(standing.now - each.since, rng)
            floor.open(each.desk, standing.now + left)
        floor.run(islice(_arrivals(standing, rng), most))  # no window may call some of them
        return asked.waits


class _Laws:
    """The laws of one hour, each made once."""

    def __init__(self, times: ServiceTimes, hour: int) -> None:
        self._times = times
        self._hour = hour
        self._laws: dict[tuple[str, str], Law] = {}

    def of(self, service: str, teller: str) -> Law:
        key = (service, teller)
        if key not in self._laws:
            self._laws[key] = self._times.law(service, self._hour, teller)
        return self._laws[key]


def _arrivals(standing: Standing, rng: random.Random) -> Iterator[Arrival]:
    lines = sorted(standing.rates)
    until = list(accumulate(standing.rates[line].draw(rng) for line in lines))
    total = until[-1] if until else 0.0
    if total <= 0:
        return
    at = standing.now
    order = _LATER
    while True:
        at += rng.expovariate(total)
        order += 1
        yield Arrival(at, Head(at, order, "", lines[bisect(until, rng.random() * total)]))


def _wait(samples: list[float]) -> Wait:
    samples.sort()
    up_to = samples[4 * (len(samples) + 1) // 5 - 1]
    seen = [each for each in samples if each < math.inf]
    about = math.fsum(seen) / len(seen) if len(seen) == len(samples) else samples[len(samples) // 2]
    return Wait(None if about == math.inf else about, None if up_to == math.inf else up_to)
