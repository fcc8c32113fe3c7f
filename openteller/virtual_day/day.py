"""The day itself: customers come, things go wrong, a technician mends them, and in the evening all must be right."""

import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from device_sim.misfortune import Harm
from device_sim.unit import Unit
from device_sim.virtual_time import VirtualClock
from openteller.virtual_day.customers import Books, Customers, WrongError
from openteller.virtual_day.station import Station
from openteller.virtual_day.stations import DayTerminal, build

_EVENING_S = 300.0  # after the last customer everything is mended and must come back by itself
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class DayPlan:
    """How long the day is, how many come, how often something goes wrong, and the seed of all chance."""

    seed: int = 1
    hours: float = 24.0
    customers: int = 2000
    mishaps_per_hour: float = 30.0


@dataclass(frozen=True)
class DayReport:
    """What the day was. `wrong` is empty where no fen, card or receipt was lost or doubled and all devices are back."""

    polls: int
    chunks: int
    mishaps: Mapping[str, int]
    losses: int
    books: Books
    traces: Mapping[str, str]
    wrong: tuple[str, ...] = field(default=())

    @property
    def trace(self) -> str:
        """One hash over the traces of all devices."""
        return hashlib.sha256("".join(self.traces[name] for name in sorted(self.traces)).encode()).hexdigest()


def run_day(plan: DayPlan) -> DayReport:
    """Run a day. The same plan gives the same report, to the last byte of every trace."""
    clock = VirtualClock(_START)
    terminal = build(clock, plan.seed)
    customers = Customers(terminal, clock, plan.seed + 1)
    fate = _Fate(terminal, clock, plan)
    stations = terminal.stations.values()
    for place, station in enumerate(stations):
        clock.spawn(partial(station.run, place / len(stations)))  # threads, too, do not begin at the same instant
    clock.spawn(lambda: _arrivals(clock, customers, plan))
    clock.spawn(fate.run)
    try:
        clock.run(plan.hours * 3600)
        fate.mend_all()
        clock.run(_EVENING_S)
        wrong = _wrong_in_the_evening(terminal, customers.books)
    except WrongError as error:
        wrong = (f"at {clock.wall():%H:%M:%S}: {error}",)
    return DayReport(
        sum(each.polls for each in terminal.stations.values()),
        sum(each.chunks for each in terminal.stations.values()),
        dict(sorted(fate.happened.items())),
        sum(each.losses for each in terminal.stations.values()),
        customers.books,
        {name: each.trace for name, each in terminal.stations.items()},
        wrong,
    )


def _arrivals(clock: VirtualClock, customers: Customers, plan: DayPlan) -> None:
    chance = random.Random(plan.seed + 2)  # noqa: S311  (people, no secret)
    last = plan.hours * 3600 - _EVENING_S
    for arrives in sorted(chance.uniform(0, last) for _ in range(plan.customers)):
        clock.sleep(arrives - clock.now())
        clock.spawn(customers.visit)


class _Fate:
    """What goes wrong, and the technician who mends it a while later."""

    def __init__(self, terminal: DayTerminal, clock: VirtualClock, plan: DayPlan) -> None:
        self.happened: Counter[str] = Counter()
        self._stations = list(terminal.stations.values())
        self._clock = clock
        self._per_hour = plan.mishaps_per_hour
        self._random = random.Random(plan.seed + 3)  # noqa: S311  (bad luck, no secret)
        self._over = False

    def run(self) -> None:
        """Let things go wrong until the day is over."""
        while not self._over:
            self._clock.sleep(self._random.expovariate(self._per_hour / 3600))
            if not self._over:
                self._strike(self._random.choice(self._stations))

    def mend_all(self) -> None:
        """End the day: nothing goes wrong any more, and what is broken is mended."""
        self._over = True
        for station in self._stations:
            station.unit.mend()

    def _strike(self, station: Station) -> None:
        unit, fault = station.unit, self._random.choice(station.faults)
        self.happened[fault] += 1
        unit.strike(
            fault,
            times=self._random.randrange(1, 4),
            chance=self._random.choice((1.0, 0.3)),
            seconds=self._random.choice((0.05, 0.4, 3.0)) if fault == Harm.LATE.value else 0.002,
            towards=self._random.choice(station.towards),
        )
        mended_after = self._random.uniform(1, 60)
        self._clock.spawn(lambda: self._mend(unit, fault, mended_after))

    def _mend(self, unit: Unit, fault: str, seconds: float) -> None:
        self._clock.sleep(seconds)
        unit.mend(fault)


def _wrong_in_the_evening(terminal: DayTerminal, books: Books) -> tuple[str, ...]:
    wrong = [
        f"{name} is not in service: {station.status.state.value} {station.status.detail}"
        for name, station in terminal.stations.items()
        if not station.in_service
    ]
    for card in terminal.cards:
        number = card.identity.number
        loaded = card.memory.balance_fen - 1000
        known = books.loaded_fen.get(number.reveal(), 0)
        if loaded not in {known, known + books.open_fen.get(number.reveal(), 0)}:
            wrong.append(f"card {number.masked}: {loaded} fen were loaded, {known} are booked")
    return tuple(wrong)
