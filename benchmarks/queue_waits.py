"""A branch day after day, with somebody asking for the wait of every class: what was said, and what came.

Five windows; 15 % green (6 min at the window), 5 % VIP (8), 50 % simple (2), 30 % complex (10); gamma laws of shape 2,
tellers from 20 % faster to 20 % slower than the mean. The estimator knows none of this: it begins with wrong times and
learns. Who asks occupies no window, so asking changes nothing; asked is only while no window is idle.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from kiosk_core.texts import LocalText
from queue_display.arrival_rates import ArrivalRates
from queue_display.policy import CustomerClass, Policy, Rule, ServiceQueue
from queue_display.replay import OpenDesk, Replay, Standing, newcomer
from queue_display.service_times import ServiceTimes
from queue_display.simulation import Arrival, Desk, Floor
from queue_display.tickets import Head, Line

WINDOWS = 5
SHARES = {"green": 0.15, "vip": 0.05, "simple": 0.5, "complex": 0.3}
MINUTES = {"green": 6.0, "vip": 8.0, "simple": 2.0, "complex": 10.0}
TARGETS = {"green": 5.0, "vip": 5.0, "simple": 2.0, "complex": 15.0}
SPEEDS = (0.8, 0.9, 1.0, 1.1, 1.2)
RUSH = (0.8, 1.25, 1.4, 0.9, 0.6, 0.9, 1.2, 0.9)
"""How many come in each hour of a day, beside the mean."""

LINES = {name: Line(name, name) for name in SHARES}
ASKING = 1 << 50

_WRONG = 1.3  # what the estimator expects of the times at a window before it has seen one
_TITLE = LocalText("名", "name")


def policies() -> Mapping[str, Policy]:
    """Return the policies that are compared; each is of one kind through and through."""
    flat = dict.fromkeys(SHARES, 1)
    steps = {name: layer for layer, name in enumerate(SHARES, 1)}
    green = {**flat, "green": 0}
    return {
        "fifo": _policy(Rule.FIFO, flat),
        "strict": _policy(Rule.FIFO, steps),
        "due": _policy(Rule.DUE, flat),
        "accumulating": _policy(Rule.ACCUMULATING, flat),
        "gcmu": _policy(Rule.GCMU, flat),
        "green + accumulating": _policy(Rule.ACCUMULATING, green, cap_min=45),
    }


def _policy(rule: Rule, layers: Mapping[str, int], cap_min: float = 1440) -> Policy:
    return Policy(
        service={
            name: ServiceQueue(
                _TITLE, series, TARGETS[name], 1.3 * MINUTES[name] if name == "simple" else MINUTES[name]
            )
            for name, series in zip(SHARES, "ABCD", strict=True)
        },
        customer_class={name: CustomerClass(_TITLE, layer, cap_min=cap_min) for name, layer in layers.items()},
        rule=rule,
    )


@dataclass
class Answers:
    """What was said to one class and what came, in seconds: the mean, "up to", two other estimates, and the wait."""

    about: list[float] = field(default_factory=list)
    up_to: list[float] = field(default_factory=list)
    last_to_enter: list[float] = field(default_factory=list)
    queue_length: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    @property
    def kept(self) -> float:
        """The share of promises that were kept."""
        return sum(w <= u + 1e-6 for w, u in zip(self.waited, self.up_to, strict=True)) / len(self.waited)

    @property
    def others(self) -> tuple[list[float], list[float]]:
        """What the two other estimates said."""
        return self.last_to_enter, self.queue_length

    def error(self, said: list[float]) -> float:
        """Return the root of the mean squared error."""
        return math.sqrt(math.fsum((s - w) ** 2 for s, w in zip(said, self.waited, strict=True)) / len(said))


@dataclass(frozen=True)
class _Said:
    about: float
    up_to: float
    last_to_enter: float
    queue_length: float


class Day:
    """A branch at work at a load, and what it learns."""

    def __init__(self, policy: Policy, load: float, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311  (chances of a simulation)
        self.policy = policy
        mean = math.fsum(SHARES[name] * MINUTES[name] * 60 for name in SHARES)
        self.arrivals = load * WINDOWS / mean
        self.hour = 0
        self.times = ServiceTimes(policy)
        self.rates = ArrivalRates()
        self.occupied: dict[Desk, tuple[str, float, float]] = {}
        self.last_wait = dict.fromkeys(SHARES, 0.0)
        self.pending: dict[str, _Said] = {}
        self.answers = {name: Answers() for name in SHARES}
        self.floor = Floor(policy, 0.0, self._occupation, self._called)
        for number, speed in enumerate(SPEEDS):
            self.floor.open(Desk(str(number), teller=str(speed)))

    def _occupation(self, head: Head, desk: Desk, at: float) -> float:
        if head.order >= ASKING:
            return 0.0
        name = head.line.service
        seconds = self.rng.gammavariate(2, MINUTES[name] * 30) * float(desk.teller)
        self.occupied[desk] = (name, at, at + seconds)
        self.times.learn(name, self.hour, desk.teller, seconds)
        return seconds

    def _called(self, head: Head, _: Desk, at: float) -> None:
        name = head.line.service
        if head.order < ASKING:
            self.last_wait[name] = at - head.since
            return
        said, answers = self.pending.pop(head.number), self.answers[name]
        answers.about.append(said.about)
        answers.up_to.append(said.up_to)
        answers.last_to_enter.append(said.last_to_enter)
        answers.queue_length.append(said.queue_length)
        answers.waited.append(at - head.since)

    def run(self, events: int, warm_up: int, every: int, replay: Replay) -> None:
        """Let so much happen: customers come, and after `warm_up` somebody asks once in `every` customers."""
        at = 0.0
        for order in range(events):
            at += self.rng.expovariate(self.arrivals * (1 + 1 / every))
            self._happen(at, order, every, replay if order > warm_up else None)
        self.floor.run(iter(()))

    def run_days(self, days: int, warm_up: int, every: int, replay: Replay) -> None:
        """Let so many days with RUSH hours pass; after `warm_up` of them somebody asks once in `every` customers."""
        order, most = 0, max(RUSH)
        for day in range(days):
            at = opens = day * 86_400.0
            self.floor.run(iter(()), until=at)
            self.rates.open_day(at)
            while (at := at + self.rng.expovariate(self.arrivals * most * (1 + 1 / every))) < opens + len(RUSH) * 3600:
                order += 1
                self.hour = int((at - opens) // 3600)
                if self.rng.random() < RUSH[self.hour] / most:
                    self._happen(at, order, every, replay if day >= warm_up else None)
        self.floor.run(iter(()))

    def _happen(self, at: float, order: int, every: int, replay: Replay | None) -> None:
        """Let somebody ask (if there is a `replay` to answer), or a customer come.

        Both are Poisson streams: who asks sees what a customer sees, and not the customer who comes with him.
        """
        self.floor.run(iter(()), until=at)
        if self.rng.random() < 1 / (every + 1):
            if replay is not None:
                self._ask(at, order, replay)
            return
        line = LINES[self.rng.choices(list(SHARES), list(SHARES.values()))[0]]
        self.rates.learn(line, self.hour, at)
        self._join(Arrival(at, Head(at, order, f"{order}", line)))

    def _ask(self, at: float, order: int, replay: Replay) -> None:
        busy = {desk: (name, since) for desk, (name, since, until) in self.occupied.items() if until > at}
        if len(busy) < WINDOWS:
            return
        waiting = [head for _, heads in self.floor.lines() for head in heads if head.order < ASKING]
        desks = [OpenDesk(desk, name, since) for desk, (name, since) in busy.items()]
        standing = Standing(at, self.hour, desks, waiting, self.rates.rates(self.hour, at))
        waits = replay.waits(standing, LINES.values(), seed=order)
        mean = math.fsum(SHARES[name] * self.times.mean(name, self.hour, "1.0") for name in SHARES)
        for place, (name, line) in enumerate(LINES.items()):
            wait = waits[newcomer(line, at).number]
            number = f"?{order}-{name}"
            self.pending[number] = _Said(
                math.inf if wait.about_s is None else wait.about_s,
                math.inf if wait.up_to_s is None else wait.up_to_s,
                self.last_wait[name],
                (len(waiting) + 1) * mean / WINDOWS,
            )
            self._join(Arrival(at, Head(at, ASKING + 4 * order + place, number, line)))

    def _join(self, arrival: Arrival) -> None:
        self.floor.run(iter((arrival,)), until=arrival.at)


LOADS = (0.7, 0.85, 0.95)


def main(arguments: list[str]) -> int:
    """Print a line for each policy (all, or those named) and load: how promises went, and the errors in minutes."""
    console = Console(highlight=False)
    table = Table("policy", "load", "asked", box=None, header_style="bold")
    for heading in ("kept, least", "most", *(f"{name}: error / LES / n*m/c" for name in SHARES)):
        table.add_column(heading, justify="right")
    for name, policy in policies().items():
        if not arguments or name in arguments:
            for load in LOADS:
                table.add_row(name, f"{load}", *_row(measured(policy, load)))
            table.add_row(name, "rush, 0.85", *_row(measured_in_rush(policy)))
    console.print(table)
    return 0


def _row(answers: Mapping[str, Answers]) -> list[str]:
    kept = [each.kept for each in answers.values()]
    errors = (
        " / ".join(f"{each.error(said) / 60:.2f}" for said in (each.about, *each.others)) for each in answers.values()
    )
    return [str(len(answers["green"].waited)), f"{min(kept):.3f}", f"{max(kept):.3f}", *errors]


def measured(policy: Policy, load: float) -> Mapping[str, Answers]:
    """Return what was said and what came, by class: some 30,000 customers, of whom every twelfth or so is asked."""
    day = Day(policy, load, seed=11)
    day.run(30_000, 2_000, 12, Replay(policy, day.times))
    return day.answers


def measured_in_rush(policy: Policy) -> Mapping[str, Answers]:
    """Return the same of sixty days of load 0.85 with rush hours, at which it is 1.19."""
    days = Day(policy, 0.85, seed=5)
    days.run_days(60, 5, 8, Replay(policy, days.times))
    return days.answers
