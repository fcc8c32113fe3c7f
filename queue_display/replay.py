"""How long somebody will wait: the dispatch rule run forward, many times, from where the branch stands now.

No formula: whatever the policy, the estimate follows from the rule that makes the calls. With n = 5k - 1 runs the
4k-th smallest wait is exceeded by a further, equally likely one with probability 1/5 exactly, however few runs there
are: that is "up to". "About" is the mean. What is not known for certain is drawn anew in each run: how many will come,
how long a service takes on average, how many windows will pause, how many customers give up or are sent on.
"""

import math
import random
from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice

from queue_display.arrival_rates import UNKNOWN, Rate
from queue_display.events import BreakReason
from queue_display.pauses import NO_PAUSES, Pausing
from queue_display.policy import Policy
from queue_display.service_times import Law, ServiceTimes
from queue_display.simulation import Arrival, Desk, Floor
from queue_display.tickets import Head, Line
from queue_display.visits import Onward

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
    """A desk as it stands: `since` is when it was occupied, or began to pause; None: it is free.

    `served` is who is there, for `service`; he may wait again after.
    """

    desk: Desk
    service: str = ""
    since: float | None = None
    served: Head | None = None
    pause: BreakReason | None = None


@dataclass(frozen=True)
class Standing:
    """Where a branch stands at `now` in this `hour`: its desks, who waits, and what is known of what comes.

    `rates` are those of arrivals. `further` are the services that a ticket is for after the present one.
    """

    now: float
    hour: int
    desks: Sequence[OpenDesk]
    waiting: Iterable[Head]
    rates: Mapping[Line, Rate]
    pausing: Pausing = NO_PAUSES
    giving_up: Rate = UNKNOWN
    onward: Onward = field(default_factory=Onward)
    further: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
        laws = _Laws(self._times, standing.hour)
        for _ in range(count):
            waits = self._run(_Chances(standing, laws, rng), lines, found)
            for number, samples in found.items():
                samples.append(waits.get(number, math.inf))
        return {number: _wait(samples) for number, samples in found.items()}

    def _runs(self, waiting: int) -> int:
        affordable = self._budget.calls // max(1, waiting)
        return next((count for count in RUNS if count <= affordable), RUNS[-1])

    def _run(
        self, chances: "_Chances", lines: Mapping[Line, list[Head]], numbers: Collection[str]
    ) -> Mapping[str, float]:
        standing = chances.standing
        most = self._budget.calls_besides + self._budget.calls_per_waiting * len(numbers)
        asked = _Asked(standing.now, numbers, most)
        floor = Floor(self._policy, standing.now, chances.occupation, asked.called)
        asked.floor = chances.floor = floor
        for line, waiting in lines.items():
            floor.put(line, waiting)
        for each in standing.desks:
            floor.open(each.desk, standing.now + chances.left(each))
        floor.run(islice(_arrivals(standing, chances.rng), most))  # no window may call some of them
        return asked.waits


class _Laws:
    """The laws of one hour, each made once."""

    def __init__(self, times: ServiceTimes, hour: int) -> None:
        self.times = times
        self._hour = hour
        self._laws: dict[tuple[str, str], Law] = {}

    def of(self, service: str, teller: str) -> Law:
        key = (service, teller)
        if key not in self._laws:
            self._laws[key] = self.times.law(service, self._hour, teller)
        return self._laws[key]


class _Chances:
    """What happens by chance in one run; what is not known is drawn once."""

    def __init__(self, standing: Standing, laws: _Laws, rng: random.Random) -> None:
        self.standing = standing
        self.rng = rng
        self.floor: Floor | None = None
        self._laws = laws
        self._gap = laws.times.gap
        self._doubts: dict[str, float] = {}
        self._further = dict(standing.further)
        self._gives_up = standing.giving_up.draw(rng)
        pausing = standing.pausing
        self._reasons = list(pausing.rates)
        self._until = list(accumulate(pausing.rates[reason].draw(rng) for reason in self._reasons))
        working = sum(each.pause is None for each in standing.desks)
        self._pauses = self._until[-1] / working if self._until and working else 0.0

    def occupation(self, head: Head, desk: Desk, at: float) -> float:
        """Return for how long a window that calls `head` calls nobody else."""
        if head.order == _NEWCOMER or self._gave_up(head, at):
            return 0.0
        service = head.line.service
        seconds = self._laws.of(service, desk.teller).draw(self.rng) * self._doubt(service)
        self._goes_on(head, at + seconds)
        return seconds + self._gap(self.rng) + self._pause(seconds)

    def left(self, each: OpenDesk) -> float:
        """Return how long from now on a desk calls nobody."""
        now, gap = self.standing.now, self._gap(self.rng)
        if each.since is None:
            return gap
        if each.pause is not None:
            return gap + self.standing.pausing.lasts[each.pause].residual(now - each.since, self.rng)
        doubt = self._doubt(each.service)
        law = self._laws.of(each.service, each.desk.teller)
        seconds = law.residual((now - each.since) / doubt, self.rng) * doubt
        if each.served is not None:
            self._goes_on(each.served, now + seconds)
        return seconds + gap + self._pause(now - each.since + seconds)

    def _doubt(self, service: str) -> float:
        if service not in self._doubts:
            self._doubts[service] = self._laws.times.doubt(service, self.rng)
        return self._doubts[service]

    def _gave_up(self, head: Head, at: float) -> bool:
        """Whether somebody is not there any more; his place in the line stays, and costs no time."""
        waited = at - max(head.since, self.standing.now)
        return self._gives_up > 0 and self.rng.random() < -math.expm1(-self._gives_up * waited)

    def _goes_on(self, head: Head, at: float) -> None:
        """Let him wait again from `at` on, with his seniority, if there is something more to do for him."""
        further = self._further.get(head.number, ())
        if further:
            service, self._further[head.number] = further[0], further[1:]
        else:
            service = self.standing.onward.draw(head.line.service, self.rng)
        if service and self.floor is not None:
            self.floor.expect(Arrival(at, head._replace(line=head.line._replace(service=service, window=""))))

    def _pause(self, worked: float) -> float:
        """Return for how long a window pauses that has worked for so long."""
        if self._pauses <= 0 or self.rng.random() >= self._pauses * worked:
            return 0.0
        reason = self._reasons[bisect(self._until, self.rng.random() * self._until[-1])]
        return self.standing.pausing.lasts[reason].draw(self.rng)


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
