"""No fen is lost or doubled, wherever the power goes: the crash matrix, a sample of it and all of it."""

import random
from dataclasses import replace

import pytest

from device_sim.cards.lasting import Tear
from kiosk_core.funding import FundingKind
from kiosk_core.ledger import LedgerState as L
from kiosk_core.ports import Trace
from tests.money import matrix
from tests.money.invariant import AccountGain, judge, violations
from tests.money.line import LineFault, Mishap
from tests.money.matrix import CARD, Case, Matrix, Verdict, Visit, Who
from tests.money.world import AMOUNT_FEN, BANK_CARD, FIRST_ACCOUNT_FEN, FIRST_BALANCE_FEN, START, Customer, World


def nothing_wrong(verdict: Verdict) -> None:
    assert not verdict.wrong, "\n".join(f"{scenario}\n    {problem}" for scenario, problem in verdict.wrong[:5])


def test_a_load_without_any_misfortune_is_paid_loaded_and_confirmed() -> None:
    with World() as world:
        terminal = world.power_on()
        customer = Customer(CARD)
        terminal.serve(customer)
        (transaction,) = terminal.journal.since(START)
        assert transaction.state is L.DONE
        assert world.cards[CARD].card.memory.balance_fen == FIRST_BALANCE_FEN + AMOUNT_FEN
        assert [(each.paid, each.loaded, each.refunded_fen) for each in world.books.entries()] == [(True, True, 0)]
        assert violations(world) == []


def test_a_card_torn_out_behind_its_credit_is_an_open_suspense_until_it_comes_back() -> None:
    with World() as world:
        world.cards[CARD].card.tear_next(Tear.AFTER_COMMIT)
        terminal = world.power_on()
        customer = Customer(CARD, patient=False)
        terminal.serve(customer)
        assert [each.state for each in terminal.journal.unsettled()] == [L.SUSPENSE]
        assert violations(world) == []  # debit = open suspense
        again = Customer(CARD)
        terminal.serve(again)
        assert terminal.journal.unsettled() == ()
        assert violations(world) == []  # debit = proven load
        assert world.cards[CARD].card.memory.balance_fen == FIRST_BALANCE_FEN + AMOUNT_FEN


def test_a_journal_that_is_behind_its_world_is_seen() -> None:
    """The judge can fail: the bank is told the proof of a load that the journal calls suspense."""
    with World() as world:
        world.cards[CARD].card.tear_next(Tear.BEFORE_COMMIT)
        terminal = world.power_on()
        customer = Customer(CARD, patient=False)
        terminal.serve(customer)
        (open_case,) = terminal.journal.unsettled()
        terminal.journal.record(open_case.id, L.REVERSED, {})
        assert violations(world) == [
            f"{open_case.id}: REVERSED, yet 5000 fen of the customer are with the bank",
            "310487*********0000: debits - reversals are 5000 fen, proven loads 0 and open suspense 0 fen",
        ]


def test_every_point_of_a_load_is_visited() -> None:
    with Matrix() as proof:
        points = [each.at for each in proof.load(Case(None, None, Visit.QR, Who.SAME))]
    for state in ("NEW", "CARD_READ", "INIT", "FUND_REQ", "FUND_OK", "MAC2_REQ", "MAC2_OK", "CREDIT_SENT", "CARD_OK"):
        assert f"{state} is written" in points
        assert f"{state} is on disk" in points
    assert points.index("a note is on disk") == points.index("a note is written") + 1  # its receipt
    for message in ("OrderRequest", "StatusRequest", "LoadRequest", "ConfirmRequest"):
        assert f"{message} leaves" in points
        assert f"{message} has arrived" in points
    assert points.count("80 50 leaves") == points.count("80 50 has been carried out") == 2
    assert points.count("80 52 leaves") == points.count("80 52 has been carried out") == 1
    assert points.index("CREDIT_SENT is on disk") == points.index("80 52 leaves") - 1


def test_every_point_of_a_payment_by_bank_card_is_visited() -> None:
    with Matrix() as proof:
        points = [each.at for each in proof.load(Case(None, None, Visit.CARD, Who.SAME))]
    first, last = points.index("FUND_REQ is on disk"), points.index("FUND_OK is written")
    assert points[first + 1 : last] == [
        "80 ae leaves",
        "80 ae has been carried out",
        "ChargeRequest leaves",
        "ChargeRequest has arrived",
        "80 ae leaves",
        "80 ae has been carried out",
    ]
    assert "DONE is on disk" in points


def test_whoever_cancels_before_he_types_his_pin_is_never_charged() -> None:
    with World() as world:
        world.power_on().serve(Customer(CARD, pays=False, funding=FundingKind.BANK_CARD))
        assert [(each.paid, each.reversed) for each in world.books.entries()] == [(False, True)]
        assert violations(world) == []


def test_a_chip_that_says_no_after_the_banks_yes_has_the_money_given_back() -> None:
    with World() as world:
        world.bank_card.refuses = True
        world.power_on().serve(Customer(CARD, funding=FundingKind.BANK_CARD))
        assert [(each.paid, each.refunded_fen) for each in world.books.entries()] == [(True, AMOUNT_FEN)]
        assert violations(world) == []


def test_whoever_cancels_while_the_bank_answers_has_the_money_given_back() -> None:
    with World() as world:
        world.power_on().serve(Customer(CARD, funding=FundingKind.BANK_CARD, regrets=True))
        assert [(each.paid, each.refunded_fen) for each in world.books.entries()] == [(True, AMOUNT_FEN)]
        assert violations(world) == []


@pytest.mark.parametrize(
    ("customer", "state", "kept_fen"),
    [
        (Customer(deposits=True), L.DONE, AMOUNT_FEN),
        (Customer(deposits=True, pays=False), L.REVERSED, 0),
        (Customer(deposits=True, regrets=True), L.REVERSED, 0),
    ],
)
def test_a_deposit_arrives_or_was_never_paid(customer: Customer, state: L, kept_fen: int) -> None:
    with World() as world:
        terminal = world.power_on()
        terminal.serve(customer)
        (transaction,) = terminal.journal.since(START)
        assert transaction.state is state
        assert world.books.balance_fen(BANK_CARD.number) == FIRST_ACCOUNT_FEN + kept_fen
        assert world.promised == ({transaction.id} if kept_fen else set())
        assert violations(world) == []
        assert world.cards[CARD].card.memory.balance_fen == FIRST_BALANCE_FEN


def test_every_point_of_a_deposit_is_visited() -> None:
    with Matrix() as proof:
        points = [each.at for each in proof.load(Case(None, None, Visit.DEPOSIT, Who.SAME))]
    assert points == [
        *("NEW is written", "NEW is on disk", "CARD_READ is written", "CARD_READ is on disk"),
        *("FUND_REQ is written", "FUND_REQ is on disk", "DepositRequest leaves", "DepositRequest has arrived"),
        *("StatusRequest leaves", "StatusRequest has arrived", "DONE is written", "DONE is on disk"),
        *("a note is written", "a note is on disk", "the load has ended"),
    ]


def test_a_deposit_that_is_not_in_its_account_is_seen() -> None:
    """The judge can fail: an account that has a fen less, a deposit given back that the journal says is done."""
    with World() as world:
        terminal = world.power_on()
        terminal.serve(Customer(deposits=True))
        (ours,), (entry,) = terminal.journal.since(START), world.books.entries()
    account = BANK_CARD.number.masked
    assert judge([ours], [entry], [], [AccountGain(account, AMOUNT_FEN)]) == []
    assert judge([ours], [entry], [], [AccountGain(account, AMOUNT_FEN - 1)]) == [
        f"{account}: the account gained 4999 fen, 5000 were paid in and 0 out"
    ]
    given_back = replace(entry, reversed=True, refunded_fen=AMOUNT_FEN)
    assert judge([ours], [given_back], [], [AccountGain(account, 0)]) == [
        f"{ours.id}: DONE in the journal, not arrived in the bank's books",
        f"{account}: debits - reversals are 0 fen, deposits credited 5000 and open suspense 0 fen",
    ]


def test_a_promise_that_the_books_do_not_keep_is_seen() -> None:
    with World() as world:
        world.power_on().serve(Customer(CARD, pays=False))
        world.promised |= {"OT0000012611220001"}
        assert violations(world) == ["OT0000012611220001: the customer was told that his money has arrived"]


def test_a_message_that_no_row_announces_is_seen() -> None:
    """The judge can fail: a charge for an order that the journal has closed."""
    with World() as world:
        terminal = world.power_on()
        terminal.serve(Customer(CARD))
        (done,) = terminal.journal.since(START)
        terminal.link.query_order(Trace(done.id, done.rows[0].at, 1, 2, 3, 4))
        assert violations(world) == [f"{done.id}: a StatusRequest leaves, and the journal says: closed, or not there"]


@pytest.mark.parametrize("visit", Visit)
def test_from_equal_worlds_all_goes_the_same_way(visit: Visit) -> None:
    """So the matrix may live through a world once that many points leave."""
    case = Case(None, visit.tears[-1], visit, Who.NOBODY)
    with Matrix() as proof:
        points = proof.load(case)
        for first in points[:: len(points) // 2]:
            assert proof.recover(case, first.world) == proof.recover(case, first.world)


def test_a_payment_that_comes_late_is_loaded_too() -> None:
    with Matrix() as proof:
        points = [each.at for each in proof.load(Case(None, None, Visit.QR_LATE, Who.SAME))]
    assert points.count("StatusRequest leaves") == 3  # a second apart, paid after 2.5
    assert "DONE is on disk" in points


def test_a_case_whose_power_goes_twice_comes_to_rest_everywhere() -> None:
    case = Case(LineFault(Mishap.REQUEST_LATE, "LoadRequest"), None, Visit.QR, Who.NOBODY_THEN_SAME)
    nothing_wrong(matrix.run([case]))


@pytest.mark.parametrize("number", [0, 3])
def test_a_sample_of_the_matrix(number: int) -> None:
    cases = matrix.CASES[number::19]
    verdict = matrix.run(cases, random.Random(number))
    assert verdict.scenarios >= 4 * len(cases)
    nothing_wrong(verdict)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(matrix.PARTS))
def test_all_of_the_matrix(number: int) -> None:
    verdict = matrix.run(matrix.part(number))
    nothing_wrong(verdict)
    assert verdict.scenarios * matrix.PARTS >= matrix.AT_LEAST
