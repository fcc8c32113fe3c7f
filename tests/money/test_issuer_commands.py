"""A card whose issuer has commands for it, in the crash matrix: whatever the power, the host, the card and people do.

The real driver, cards, wire, journal and books, as in every case of the matrix; a card that is torn out is torn out of
its issuer's command here, for that is the first one that writes.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from device_sim.cards.lasting import Tear
from drivers.card_profiles import CARDS
from kiosk_core.ledger import LedgerState
from tests.money.line import LineFault, Mishap
from tests.money.matrix import CARD, Case, Matrix, Visit, Who
from tests.money.world import AMOUNT_FEN, FIRST_BALANCE_FEN, Customer, World

PROFILES = (replace(CARDS["t-union"], issuer_commands=True),)
EXPIRED, VALID = "20251231", "20261231"  # the day is 22 November 2026 (tests/money/world.py)
EXTENDED = "20271122"  # 365 days later (device_sim/bank_issuer.py)


def a_world(end: str) -> World:
    return World(end=end, profiles=PROFILES)


def cases() -> Iterator[Case]:
    faults = (None, *(LineFault(mishap, "IssuerRequest") for mishap in Mishap))
    for fault in faults:
        for tear in (None, *Tear):
            for who in Who:
                yield Case(fault, tear, Visit.QR, who)


def problems(end: str, sample: random.Random | None = None) -> tuple[int, list[str]]:
    """Run all cases with such a card, or samples of a sample; return how many scenarios, and what was wrong."""
    scenarios, wrong = 0, []
    chosen = list(cases())
    with Matrix(a_world(end)) as matrix:
        for case in chosen if sample is None else sample.sample(chosen, 15):
            for scenario, problem in matrix.run(case, sample):
                scenarios += 1
                wrong += [f"{scenario}: {problem}"] if problem else []
    return scenarios, wrong


@pytest.mark.parametrize("end", [EXPIRED, VALID])
def test_a_card_is_made_valid_longer_and_loaded(end: str) -> None:
    with a_world(end) as world:
        terminal = world.power_on()
        terminal.run()
        points: list[str] = []
        world.notice = points.append
        terminal.serve(Customer())
        memory = world.cards[CARD].card.memory
        assert (memory.end, memory.balance_fen) == (EXTENDED, FIRST_BALANCE_FEN + AMOUNT_FEN)
        before_the_order = points[: points.index("FUND_REQ is written")]
        assert {"00 84 leaves", "IssuerRequest leaves", "04 d6 leaves", "04 d6 has been carried out"} <= set(
            before_the_order
        )
        assert not {"IssuerRequest leaves", "04 d6 leaves"} & set(points[len(before_the_order) :])
        (loaded,) = terminal.journal.since(world.clock.wall().replace(hour=0))
        assert loaded.state is LedgerState.DONE
        assert loaded.facts["valid_until"] == "2027-11-22"


@pytest.mark.parametrize("end", [EXPIRED, VALID])
def test_no_mishap_in_it_costs_a_fen(end: str) -> None:
    scenarios, wrong = problems(end, random.Random(7))
    assert wrong == []
    assert scenarios > 60


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("end", [EXPIRED, VALID])
def test_no_power_cut_and_no_mishap_in_it_costs_a_fen(end: str) -> None:
    scenarios, wrong = problems(end)
    assert wrong == []
    assert scenarios > 5_000
