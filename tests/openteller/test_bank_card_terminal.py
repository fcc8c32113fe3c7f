"""A customer pays by bank card at the whole simulated terminal: every byte real, every message to the bank sealed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk_core.funding import FundingKind
from kiosk_core.ledger import LedgerState as L
from kiosk_core.ledger import Transaction
from kiosk_core.pages import ResultPage
from openteller import bank_card_funding
from openteller.reconciliation import Evidence
from tests.openteller import branch as branches
from tests.openteller.branch import ACCOUNT_FEN, AMOUNT_FEN, CARD, HOST_S, IMPATIENT_S, Branch, Customer
from tests.openteller.paying_by_card import (
    BANK_CARD,
    PIN,
    TYPING_S,
    bank_asked,
    choose_bank_card,
    go_to_pin,
    insert,
    pin_is_wanted,
    see_stage,
    take_bank_card,
    title,
    type_pin,
)
from tests.patience import until

BEFORE = 2_350
SEALED = 'mac = "retail"\nkey_exchange_key = "88E1AB2A2E3DD38C1FA039A536500CC8"\n'


@pytest.fixture
def account_fen() -> int:
    return ACCOUNT_FEN


@pytest.fixture
def host_s() -> float:
    return HOST_S


@pytest.fixture
def branch(monkeypatch: pytest.MonkeyPatch, account_fen: int, host_s: float) -> Iterator[Branch]:
    write = branches.write_configuration

    def write_with_macs(out: Path, run: Path, size: tuple[int, int]) -> None:
        write(out, run, size)
        for name, section in (("kiosk.toml", "[host]\n"), ("sim.toml", "[bank_host]\n")):
            text = (out / name).read_text()
            assert text.count(section) == 1
            (out / name).write_text(text.replace(section, section + SEALED))

    monkeypatch.setattr(branches, "write_configuration", write_with_macs)
    branch = Branch(bank_card=True, account_fen=account_fen, host_s=host_s)
    yield branch
    branch.close()


@pytest.fixture
def customer(branch: Branch) -> Iterator[Customer]:
    branch.start_core()
    with branch.customer() as customer:
        yield customer


def leave(branch: Branch, customer: Customer) -> Transaction:
    """Take the transit card, see the home page come back, and return the only transaction once it is closed."""
    branch.sim.take_card()
    customer.done()
    customer.see("menu")
    until(lambda: branch.transactions()[0].state.closed)
    (transaction,) = branch.transactions()
    return transaction


def nothing_was_taken(branch: Branch) -> bool:
    state = branch.sim.state()
    return state["accounts"] == {BANK_CARD: ACCOUNT_FEN} and not any(each["paid"] for each in state["orders"])


# -- it goes well ----------------------------------------------------------------------------------------------------


def test_a_customer_pays_by_card_and_pin_and_is_loaded(branch: Branch, customer: Customer) -> None:
    go_to_pin(branch, customer)
    type_pin(branch)
    assert title(customer.see("result")) == "top_up.loaded.title"
    assert branch.card.memory.balance_fen == BEFORE + AMOUNT_FEN
    assert branch.sim.state()["accounts"] == {BANK_CARD: ACCOUNT_FEN - AMOUNT_FEN}
    take_bank_card(branch)
    transaction = leave(branch, customer)
    assert transaction.state is L.DONE
    assert transaction.facts["funding"] == "bank_card"
    assert transaction.facts["approval"] == "000001"  # the bank's first decision
    assert "授权码" in branch.sim.take_paper().text
    assert len(str(transaction.facts["payer"])) == 32
    assert branch.disagreements() == []


@pytest.mark.slow
def test_the_next_customer_may_pay_by_phone_and_the_next_by_card(branch: Branch, customer: Customer) -> None:
    for funding in (FundingKind.BANK_CARD, FundingKind.QR, FundingKind.BANK_CARD):
        if funding is FundingKind.BANK_CARD:
            go_to_pin(branch, customer)
            type_pin(branch)
        else:
            customer.choose_service()
            branch.sim.place_card(CARD)
            customer.choose_amount()
            customer.choose_funding(FundingKind.QR)
            customer.see("payment")
            branch.sim.pay()
        assert title(customer.see("result")) == "top_up.loaded.title"
        if funding is FundingKind.BANK_CARD:
            take_bank_card(branch)
        branch.sim.take_card()
        customer.done()
        customer.see("menu")
    assert branch.card.memory.balance_fen == BEFORE + 3 * AMOUNT_FEN
    assert branch.disagreements() == []
    found = branch.reconciled()
    assert (found.findings, found.evidence) == ((), Evidence(by_phone=1, by_bank_card=2, answered=3, printed=3))


@pytest.mark.slow
def test_a_card_that_cannot_pay_comes_out_and_another_one_pays(branch: Branch, customer: Customer) -> None:
    choose_bank_card(branch, customer)
    insert(branch, "mute")
    page = see_stage(customer, "take_card")
    assert page.problem.key == "top_up.bank_card.problem.unreadable"
    assert branch.sim.pull_card() == {"card": "mute"}
    insert(branch)
    see_stage(customer, "enter_pin")
    until(lambda: pin_is_wanted(branch))
    type_pin(branch)
    assert title(customer.see("result")) == "top_up.loaded.title"


# -- the bank says no ------------------------------------------------------------------------------------------------


def is_refused(branch: Branch, customer: Customer, reason: str, code: str) -> None:
    """See why the bank refuses, take both cards, and see that nothing was taken."""
    result = customer.see("result")
    assert (title(result), result.body.key) == ("top_up.declined.title", f"top_up.declined.body.{reason}")
    take_bank_card(branch)
    branch.sim.take_card()
    customer.done()
    customer.see("menu")
    transaction = branch.transactions()[-1]
    assert (transaction.state, transaction.facts["response_code"]) == (L.DECLINED, code)


@pytest.mark.slow
def test_a_wrong_pin_takes_nothing_and_the_third_is_the_last(branch: Branch, customer: Customer) -> None:
    for reason, code in (("pin_wrong", "55"), ("pin_wrong", "55"), ("pin_tries_exceeded", "75")):
        go_to_pin(branch, customer)
        type_pin(branch, "654321")
        is_refused(branch, customer, reason, code)
    go_to_pin(branch, customer)
    type_pin(branch)
    is_refused(branch, customer, "pin_tries_exceeded", "75")
    assert nothing_was_taken(branch)
    assert branch.disagreements() == []


@pytest.mark.slow
@pytest.mark.parametrize("account_fen", [AMOUNT_FEN - 1])
def test_an_account_with_too_little_on_it_is_left_as_it_is(branch: Branch, customer: Customer) -> None:
    go_to_pin(branch, customer)
    type_pin(branch)
    is_refused(branch, customer, "not_enough_funds", "51")
    assert branch.sim.state()["accounts"] == {BANK_CARD: AMOUNT_FEN - 1}
    assert branch.disagreements() == []


# -- the customer does otherwise -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_cancel_on_the_pin_pad_takes_nothing_and_gives_the_card_back(branch: Branch, customer: Customer) -> None:
    go_to_pin(branch, customer)
    time.sleep(TYPING_S)
    branch.sim.press(["1", "2", "cancel"])
    assert title(customer.see("result")) == "top_up.cancelled.title"
    take_bank_card(branch)
    leave(branch, customer)
    assert branch.sim.state()["orders"] == []
    assert branch.disagreements() == []


@pytest.mark.slow
def test_cancel_on_the_screen_ends_the_pin_entry_too(branch: Branch, customer: Customer) -> None:
    go_to_pin(branch, customer)
    customer.cancel()
    assert title(customer.see("result")) == "top_up.cancelled.title"
    take_bank_card(branch)
    until(lambda: not pin_is_wanted(branch))
    branch.sim.press([*PIN, "enter"])  # too late
    assert leave(branch, customer).state is L.REVERSED
    assert nothing_was_taken(branch)
    assert branch.disagreements() == []


@pytest.mark.slow
def test_a_card_pulled_out_by_force_during_the_pin_takes_nothing(branch: Branch, customer: Customer) -> None:
    go_to_pin(branch, customer)
    branch.sim.strike("card_reader", "card_pulled")
    assert title(customer.see("result")) == "top_up.cancelled.title"
    leave(branch, customer)
    assert nothing_was_taken(branch)
    assert branch.disagreements() == []


@pytest.mark.slow
def test_a_card_pulled_out_while_the_bank_is_asked_has_its_money_back(branch: Branch, customer: Customer) -> None:
    with bank_asked(branch, customer):
        branch.sim.strike("card_reader", "card_pulled")
    gets_its_money_back(branch, customer)


# -- what is between fails -------------------------------------------------------------------------------------------


def gets_its_money_back(branch: Branch, customer: Customer) -> None:
    result: ResultPage = customer.see("result")
    assert title(result) == "top_up.refunded.title"
    assert leave(branch, customer).state is L.REVERSED
    assert branch.card.memory.balance_fen == BEFORE
    (order,) = branch.sim.state()["orders"]
    assert (order["paid"], order["loaded"], order["refunded_fen"]) == (True, False, AMOUNT_FEN)
    assert branch.sim.state()["accounts"] == {BANK_CARD: ACCOUNT_FEN}
    assert branch.disagreements() == []


@pytest.mark.slow
@pytest.mark.parametrize("host_s", [IMPATIENT_S])
@pytest.mark.parametrize("fault", ["answer_lost", "wrong_mac", "answer_half"])
def test_an_answer_of_the_bank_that_is_lost_or_forged_is_reversed(
    branch: Branch, customer: Customer, fault: str
) -> None:
    go_to_pin(branch, customer)
    branch.sim.strike_bank(fault, request="charge")
    type_pin(branch)
    gets_its_money_back(branch, customer)
    assert branch.sim.state()["cards"][BANK_CARD]["place"] == "card_reader"
    take_bank_card(branch)


@pytest.mark.slow
def test_a_reader_unplugged_while_the_bank_is_asked_has_the_money_go_back_and_the_card_come_out(
    branch: Branch, customer: Customer
) -> None:
    with bank_asked(branch, customer):
        branch.sim.strike("card_reader", "unplug")
    gets_its_money_back(branch, customer)
    branch.sim.mend("card_reader")
    take_bank_card(branch)


@pytest.mark.slow
@pytest.mark.parametrize("device", ["card_reader", "pin_pad"])
def test_a_device_unplugged_during_the_pin_takes_nothing_and_the_next_pays_by_phone(
    branch: Branch, customer: Customer, device: str
) -> None:
    go_to_pin(branch, customer)
    branch.sim.strike(device, "unplug")
    assert customer.see("result").body.key == "top_up.declined.body.device_failed"
    leave(branch, customer)
    assert nothing_was_taken(branch)
    assert branch.disagreements() == []
    customer.choose_service()
    branch.sim.place_card(CARD)
    customer.choose_amount()
    customer.see("payment")  # there is nothing to choose from


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_core_that_is_stopped_waits_for_no_pin_and_gives_the_card_back(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bank_card_funding, "PIN_SECONDS", 270)  # no pad waits longer, and no test has time for it
    branch.start_core()
    with branch.customer() as customer:
        go_to_pin(branch, customer)
        branch.stop_core()
    take_bank_card(branch)
    assert not pin_is_wanted(branch)
    assert nothing_was_taken(branch)


@pytest.mark.slow
def test_after_a_power_cut_while_the_bank_is_asked_the_money_goes_back_and_the_card_comes_out(branch: Branch) -> None:
    branch.spawn_core()
    with branch.customer() as customer, bank_asked(branch, customer):
        branch.kill_core()
    branch.spawn_core()
    with branch.customer() as customer:
        take_bank_card(branch)
        branch.sim.take_card()
        customer.see("menu", lambda page: page.items[0].unavailable is None)
        until(lambda: branch.transactions()[0].state is L.REVERSED)
    (order,) = branch.sim.state()["orders"]
    assert (order["loaded"], order["refunded_fen"]) == (False, AMOUNT_FEN)
    assert branch.sim.state()["accounts"] == {BANK_CARD: ACCOUNT_FEN}
    assert branch.disagreements() == []
