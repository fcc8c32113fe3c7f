"""Cards that lie, cards that were elsewhere meanwhile, and answers that belong to somebody else."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from device_sim.cards.lasting import Tear
from kiosk_core.ledger import LedgerState as L
from tests.money.invariant import violations
from tests.money.line import LineFault, Mishap
from tests.money.world import START, Customer, RunningTerminal, World

CARD, OTHER_CARD = 0, 1


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        world.power_on()
        yield world


def terminal_of(world: World) -> RunningTerminal:
    assert world.terminal is not None
    return world.terminal


def lie(world: World, instruction: int, lies: Callable[[bytes], bytes]) -> None:
    """Have the card answer `lies(truth)` to commands with this INS that succeed."""
    card = world.cards[CARD].card
    tells_the_truth = card.transmit

    def transmit(command: bytes) -> bytes | None:
        truth = tells_the_truth(command)
        return lies(truth) if truth is not None and command[1] == instruction and truth[-2:] == b"\x90\x00" else truth

    card.transmit = transmit  # type: ignore[method-assign]


def test_a_card_with_a_wrong_mac1_is_declined_before_anybody_pays(world: World) -> None:
    lie(world, 0x50, lambda truth: truth[:-3] + bytes((truth[-3] ^ 1,)) + truth[-2:])
    terminal_of(world).serve(Customer(CARD))
    (transaction,) = terminal_of(world).journal.since(START)
    assert transaction.state is L.DECLINED
    assert world.books.entries() == []


def test_a_tac_that_no_card_made_proves_no_load(world: World) -> None:
    lie(world, 0x52, lambda truth: bytes(byte ^ 1 for byte in truth[:-2]) + truth[-2:])
    terminal_of(world).serve(Customer(CARD))
    (transaction,) = terminal_of(world).journal.since(START)
    assert transaction.state is L.MANUAL  # staff look; the debit stands open
    assert [entry.loaded for entry in world.books.entries()] == [False]
    assert violations(world) == []


def test_a_card_that_was_loaded_elsewhere_meanwhile_is_neither_reversed_nor_loaded_again(world: World) -> None:
    """80 5A answers 9406, and a fresh 80 50 shows that the card has moved on: nobody may guess."""
    world.cards[CARD].card.tear_next(Tear.AFTER_COMMIT)
    terminal_of(world).serve(Customer(CARD, patient=False))
    world.load_elsewhere(CARD, 1_000)
    terminal_of(world).serve(Customer(CARD))
    (entry,) = world.books.entries()
    assert (entry.paid, entry.refunded_fen) == (True, 0)
    assert violations(world) == []


def test_a_card_that_was_loaded_elsewhere_keeps_its_old_load_out_of_the_next(world: World) -> None:
    world.load_elsewhere(CARD, 1_000)
    terminal_of(world).serve(Customer(CARD))
    assert [entry.loaded for entry in world.books.entries()] == [True]
    assert violations(world) == []


def test_a_status_that_was_told_to_the_customer_before_pays_for_nobody(world: World) -> None:
    """The host tells "paid" twice; the second time comes when the next customer's order is asked about."""
    world.line.fault = LineFault(Mishap.ANSWER_TWICE, "StatusRequest")
    terminal_of(world).serve(Customer(CARD))
    terminal_of(world).serve(Customer(OTHER_CARD, pays=False))
    first, second = terminal_of(world).journal.since(START)
    assert (first.state, second.state) == (L.DONE, L.REVERSED)
    assert L.FUND_OK not in [row.state for row in second.rows]
    assert violations(world) == []


def test_what_the_customer_chose_is_what_is_taken_and_loaded(world: World) -> None:
    """50 yuan are 5,000 fen on the page, in the bank's books and on the card."""
    before = world.cards[CARD].card.memory
    terminal_of(world).serve(Customer(CARD, amount_fen=5_000))
    (entry,) = world.books.entries()
    assert entry.amount_fen == 5_000
    assert world.cards[CARD].card.memory == replace(
        world.cards[CARD].card.memory, balance_fen=before.balance_fen + 5_000, counter=before.counter + 1
    )
