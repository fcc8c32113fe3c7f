"""The crash matrix: every point of a visit at which the power may go, twice, times all that host, card and people do.

    python -m tests.money.matrix            # all of it, on every processor; prints what was run and what was wrong
    python -m tests.money.matrix --part 3   # one part of it
    python -m tests.money.matrix --hunt     # samples of it, until something is wrong

A visit, which is a load or a deposit, is run once for each case, and the world remembered at each of its points. From
each of these worlds the terminal starts again and recovers, and the world is remembered at each point of the recovery.
From each of those it starts a last time, comes to rest, and is judged. Nothing is skipped. Where the power leaves the
same world at two points, byte for byte (before a message leaves there is nothing that was not there behind the row that
announces it), what follows is the same too, and is lived through once: scenarios are the paths, worlds are what was
lived through.
"""

import argparse
import logging
import random
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from device_sim.cards.lasting import Tear
from kiosk_core.funding import FundingKind
from kiosk_core.ledger import LedgerState
from tests.money.invariant import violations
from tests.money.line import LineFault, Mishap
from tests.money.world import Customer, NeverAtRest, Snapshot, World

T = TypeVar("T")

CARD, OTHER_CARD = 0, 1
PAYS_LATE_S = 2.5
OUTAGE_S = 20.0


class Who(Enum):
    """Which card lies on the reader when the terminal starts again, the first and the second time."""

    SAME = (CARD, CARD)
    NOBODY = (None, None)
    OTHER = (OTHER_CARD, OTHER_CARD)
    NOBODY_THEN_SAME = (None, CARD)

    @property
    def patient(self) -> bool:
        """Whether the customer, before the power goes, lays a card down again that he is asked for again."""
        return self is Who.SAME


class Visit(Enum):
    """What the customer wants, a load unless it says a deposit, and how he pays."""

    QR = "QR, paid at once"
    QR_LATE = "QR, paid later"  # and during the power cut where that comes first
    CARD = "bank card"
    CARD_CANCELLED = "bank card, cancelled before the PIN is typed"
    CARD_REGRETTED = "bank card, cancelled while the bank is asked"
    CARD_REFUSED = "bank card, refused by its chip after the bank's yes"
    DEPOSIT = "deposit, paid at once"
    DEPOSIT_LATE = "deposit, paid later"
    DEPOSIT_UNPAID = "deposit, never paid"
    DEPOSIT_REGRETTED = "deposit, cancelled, and paid later where it still can be"

    @property
    def deposits(self) -> bool:
        """Whether the money is for an account: no card is loaded that could be torn out."""
        return self in _DEPOSITS

    @property
    def pays_late(self) -> bool:
        """Whether his phone pays a while after the code was shown."""
        return self in {Visit.QR_LATE, Visit.DEPOSIT_LATE, Visit.DEPOSIT_REGRETTED}

    @property
    def tears(self) -> tuple[Tear | None, ...]:
        """When the card may be torn out: where one is loaded."""
        return (None,) if self.deposits or self is Visit.CARD_REGRETTED else (None, *Tear)

    def customer(self, *, patient: bool) -> Customer:
        """Return who comes."""
        by_phone = self in {Visit.QR, Visit.QR_LATE} or self.deposits
        return Customer(
            CARD,
            pays=not self.pays_late and self not in {Visit.CARD_CANCELLED, Visit.DEPOSIT_UNPAID},
            deposits=self.deposits,
            funding=FundingKind.QR if by_phone else FundingKind.BANK_CARD,
            regrets=self in {Visit.CARD_REGRETTED, Visit.DEPOSIT_REGRETTED},
            patient=patient,
        )


_DEPOSITS = frozenset({Visit.DEPOSIT, Visit.DEPOSIT_LATE, Visit.DEPOSIT_UNPAID, Visit.DEPOSIT_REGRETTED})


@dataclass(frozen=True)
class Case:
    """All but the two points at which the power goes."""

    fault: LineFault | None
    tear: Tear | None
    visit: Visit
    who: Who

    def __str__(self) -> str:
        tear = f"tear {self.tear.value}" if self.tear else "no tear"
        return f"{self.fault or 'host sound'}, {tear}, {self.who.name}, {self.visit.value}"


def _mishaps(*requests: str) -> Iterator[LineFault]:
    return (LineFault(mishap, request) for request in requests for mishap in Mishap)


_REVERSAL_LOST = (
    LineFault(Mishap.REQUEST_LOST, "ReversalRequest"),
    LineFault(Mishap.ANSWER_LOST, "ReversalRequest"),
)
FAULTS: Mapping[Visit, tuple[LineFault | None, ...]] = {
    Visit.QR: (
        None,
        *_mishaps("OrderRequest", "LoadRequest", "ConfirmRequest"),
        *_REVERSAL_LOST,
        LineFault(Mishap.REQUEST_LOST, "SuspenseRequest"),
    ),
    Visit.QR_LATE: (None, *_mishaps("OrderRequest", "LoadRequest", "ConfirmRequest"), *_REVERSAL_LOST),
    Visit.CARD: (None, *_mishaps("ChargeRequest", "LoadRequest", "ConfirmRequest"), *_REVERSAL_LOST),
    Visit.CARD_CANCELLED: (None, *_mishaps("ReversalRequest")),
    Visit.CARD_REGRETTED: (None, *_mishaps("ChargeRequest", "ReversalRequest")),
    Visit.CARD_REFUSED: (None, *_mishaps("ChargeRequest", "ReversalRequest")),
    Visit.DEPOSIT_UNPAID: (None, *_REVERSAL_LOST),
    **dict.fromkeys(
        (Visit.DEPOSIT, Visit.DEPOSIT_LATE, Visit.DEPOSIT_REGRETTED),
        (None, *_mishaps("DepositRequest", "StatusRequest", "ReversalRequest")),
    ),
}
"""What may befall the messages of a visit."""

CASES = tuple(
    Case(fault, tear, visit, who) for visit in Visit for fault in FAULTS[visit] for tear in visit.tears for who in Who
)


@dataclass(frozen=True)
class Scenario:
    """One path through the matrix, in words."""

    case: Case
    first: str
    second: str | None

    def __str__(self) -> str:
        return f"{self.case} | power cut at: {self.first} | and again at: {self.second or 'never'}"


@dataclass(frozen=True)
class Point:
    """A point at which the power may go, and the world that it leaves."""

    at: str
    world: Snapshot


@dataclass(frozen=True)
class Verdict:
    """How many scenarios there were, how many worlds they came through, and what was wrong in which scenario."""

    scenarios: int
    worlds: int
    wrong: tuple[tuple[Scenario, str], ...]


class Matrix:
    """Runs cases in one world, which it closes; use it as a context manager."""

    def __init__(self, world: World | None = None) -> None:
        self._world = world or World()
        self._world.power_on()
        self._rest()
        self._morning = self._world.snapshot()
        self._common: tuple[object, ...] | None = None
        self._loads: dict[bool, list[Point]] = {}
        self._recovered: dict[tuple[Snapshot, int | None], tuple[list[Point], str]] = {}
        self._ended: dict[tuple[Snapshot, int | None], str] = {}
        self.worlds = 0

    def __enter__(self) -> "Matrix":
        logging.disable()  # a matrix of faults is a flood of warnings
        return self

    def __exit__(self, *_: object) -> None:
        logging.disable(logging.NOTSET)
        self._world.close()

    def run(self, case: Case, sample: random.Random | None = None) -> Iterator[tuple[Scenario, str]]:
        """Run the scenarios of a case, or a `sample` of them; yield each with what is wrong, "" for nothing."""
        self._remember_worlds_of(case)
        try:
            points = self._load(case)
        except NeverAtRest as error:
            yield Scenario(case, "never", None), str(error)
            return
        for first in _some(points, sample, 3):
            again, problem = self._recover(case, first.world)
            yield Scenario(case, first.at, None), problem
            for second in _some(again, sample, 1):
                yield Scenario(case, first.at, second.at), self._end(case, second.world)

    def load(self, case: Case) -> list[Point]:
        """Run a visit, a load or a deposit, and return its points, the last one at rest."""
        world = self._world
        world.restore(self._morning)
        world.pays_after(PAYS_LATE_S if case.visit.pays_late else None)
        world.line.fault = case.fault
        world.cards[CARD].card.tear_next(case.tear)
        world.bank_card.refuses = case.visit is Visit.CARD_REFUSED
        customer = case.visit.customer(patient=case.who.patient)
        terminal = world.power_on()
        points = self._points()
        terminal.serve(customer)
        return [*points, Point("the load has ended", world.snapshot())]

    def _remember_worlds_of(self, case: Case) -> None:
        """Forget the worlds of other cases, but for those that differ in who is there alone."""
        common = case.fault, case.tear, case.visit
        if self._common != common:
            self._common = common
            self._loads.clear()
            self._recovered.clear()
            self._ended.clear()

    def _load(self, case: Case) -> list[Point]:
        """Run a visit, unless it has been run for somebody like him."""
        if case.who.patient not in self._loads:
            self._loads[case.who.patient] = self.load(case)
        return self._loads[case.who.patient]

    def recover(self, case: Case, first: Snapshot) -> tuple[list[Point], str]:
        """Start again from `first`; return the points of the recovery, and what is wrong at its end."""
        self._start_again(first, case.who.value[0])
        points = self._points()
        return points, self._judge()

    def _recover(self, case: Case, first: Snapshot) -> tuple[list[Point], str]:
        """Recover, unless that world is known."""
        place = first, case.who.value[0]
        if place not in self._recovered:
            self._recovered[place] = self.recover(case, first)
        return self._recovered[place]

    def _end(self, case: Case, second: Snapshot) -> str:
        """Start again from `second`, unless that world is known; return what is wrong when all has come to rest."""
        place = second, case.who.value[1]
        if place not in self._ended:
            self._start_again(*place)
            self._ended[place] = self._judge()
        return self._ended[place]

    def _judge(self) -> str:
        """Let the world come to rest; return what is wrong then, "" for nothing."""
        try:
            self._rest()
            return "; ".join(self._wrong())
        except NeverAtRest as error:
            return str(error)

    def _start_again(self, moment: Snapshot, card: int | None) -> None:
        world = self._world
        world.notice = lambda _: None
        world.restore(moment)
        world.clock.sleep(OUTAGE_S)
        world.power_on(card)
        self.worlds += 1

    def _wrong(self) -> Iterator[str]:
        """Judge the world at rest; then bring the card where a case is open, and judge it again."""
        self._world.notice = lambda _: None
        self._everything_has_arrived()
        yield from violations(self._world)
        terminal = self._world.terminal
        assert terminal is not None
        if any(each.state is LedgerState.SUSPENSE for each in terminal.journal.unsettled()):
            customer = Customer(CARD)
            terminal.take()
            terminal.run()
            terminal.serve(customer)
            self._everything_has_arrived()
            yield from (f"when the card came: {problem}" for problem in violations(self._world))
        for each in terminal.journal.unsettled():
            yield f"{each.id}: {each.state.value}, and the card does not close it"

    def _rest(self) -> None:
        terminal = self._world.terminal
        assert terminal is not None
        terminal.run()

    def _everything_has_arrived(self) -> None:
        """Let late requests reach the bank, and the customer pay whatever he still can."""
        self._world.line.deliver_late()
        for entry in self._world.books.entries():
            if entry.payable:
                self._world.books.pay(entry.order)

    def _points(self) -> list[Point]:
        """Return the points from now on, as they come."""
        points: list[Point] = []
        self._world.notice = lambda at: points.append(Point(at, self._world.snapshot()))
        return points


def _some(points: list[T], sample: random.Random | None, count: int) -> list[T]:
    return points if sample is None else sample.sample(points, min(count, len(points)))


def run(cases: Iterable[Case], sample: random.Random | None = None) -> Verdict:
    """Run the scenarios of `cases`, or a `sample` of them."""
    scenarios, wrong = 0, []
    with Matrix() as matrix:
        for case in cases:
            for scenario, problem in matrix.run(case, sample):
                scenarios += 1
                if problem:
                    wrong.append((scenario, problem))
        return Verdict(scenarios, matrix.worlds, tuple(wrong))


AT_LEAST = 100_000
PARTS = 25
"""Into how many the matrix is cut; no divisor of what the cases repeat by, so that parts are about equal."""


def part(number: int) -> tuple[Case, ...]:
    """Return the cases of part `number` (0 to PARTS - 1); those that differ in who is there alone stay together."""
    return tuple(case for place, case in enumerate(CASES) if place // len(Who) % PARTS == number)


def _run_part(number: int) -> Verdict:
    return run(part(number))


def hunt(seed: int = 0) -> str:
    """Sample cases in random order until something is wrong, and return it; "" if nothing is."""
    chance = random.Random(seed)
    with Matrix() as matrix:
        for case in chance.sample(CASES, len(CASES)):
            for scenario, problem in matrix.run(case, chance):
                if problem:
                    return f"{problem} | {scenario}"
    return ""


def main(arguments: list[str]) -> int:
    """Run the matrix; return 1 if anything is wrong, or if all of it is less than AT_LEAST."""
    parser = argparse.ArgumentParser(prog="python -m tests.money.matrix", description=__doc__)
    parser.add_argument("--part", type=int, choices=range(PARTS), help="only this part of it")
    parser.add_argument("--hunt", action="store_true", help="samples of it, until something is wrong")
    asked = parser.parse_args(arguments)
    if asked.hunt:
        found = hunt()
        print(found or "nothing is wrong")
        return 1 if found else 0
    numbers = range(PARTS) if asked.part is None else [asked.part]
    began = time.monotonic()
    scenarios, worlds, wrong = 0, 0, 0
    with ProcessPoolExecutor() as pool:
        for done, verdict in enumerate(pool.map(_run_part, numbers), 1):
            for scenario, problem in verdict.wrong[:5]:
                print(f"{scenario}\n    {problem}")
            scenarios += verdict.scenarios
            worlds += verdict.worlds
            wrong += len(verdict.wrong)
            seconds = time.monotonic() - began
            told = f"{done} of {len(numbers)} parts: {scenarios:,} scenarios, {worlds:,} worlds in {seconds:.0f} s"
            print(f"{told}, {wrong} wrong", flush=True)
    return 1 if wrong or (len(numbers) == PARTS and scenarios < AT_LEAST) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
