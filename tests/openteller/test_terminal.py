"""A customer at the whole simulated terminal: every byte real, and everything that can go wrong on the way."""

from collections.abc import Iterator

import pytest

from kiosk_core.ledger import LedgerState as L
from openteller import surroundings
from openteller.reconciliation import Evidence, Kind
from tests.openteller.branch import AMOUNT_FEN, CARD, HOST_S, IMPATIENT_S, Branch, Customer
from tests.patience import PATIENCE_S


@pytest.fixture
def host_s() -> float:
    return HOST_S


@pytest.fixture
def branch(host_s: float) -> Iterator[Branch]:
    branch = Branch(host_s=host_s)
    branch.start_core()
    yield branch
    branch.close()


@pytest.fixture
def customer(branch: Branch) -> Iterator[Customer]:
    with branch.customer() as customer:
        yield customer


def title(page: object) -> str:
    return page.title.key  # type: ignore[attr-defined, no-any-return]


def go_to_payment(branch: Branch, customer: Customer) -> None:
    customer.choose_service()
    branch.sim.place_card(CARD)
    customer.choose_amount()
    customer.see("payment")


def test_a_customer_tops_up_a_card(branch: Branch, customer: Customer) -> None:
    go_to_payment(branch, customer)
    branch.sim.pay()
    result = customer.see("result")
    assert title(result) == "top_up.loaded.title"
    assert branch.card.memory.balance_fen == 2_350 + AMOUNT_FEN
    text = branch.sim.take_receipt()["text"]
    assert "充值成功" in text
    assert "310487*********5678" in text
    branch.sim.take_card()
    customer.see("menu")
    assert branch.disagreements() == []


def test_an_english_customer_gets_an_english_receipt(branch: Branch, customer: Customer) -> None:
    from kiosk_core.intents import ChangeLanguage

    customer.see("menu", lambda page: page.items[0].unavailable is None)
    customer.touch(ChangeLanguage(language="en"))
    go_to_payment(branch, customer)
    branch.sim.pay()
    customer.see("result")
    assert "Topped up" in branch.sim.take_receipt()["text"]


def test_the_printer_may_hang_on_usb() -> None:
    branch = Branch(printer_on_usb=True)
    try:
        branch.start_core()
        with branch.customer() as customer:
            go_to_payment(branch, customer)
            branch.sim.pay()
            customer.see("result")
            assert "充值成功" in branch.sim.take_receipt()["text"]
    finally:
        branch.close()


def test_two_customers_one_after_the_other(branch: Branch, customer: Customer) -> None:
    for _ in range(2):
        go_to_payment(branch, customer)
        branch.sim.pay()
        customer.see("result")
        branch.sim.take_card()
        customer.done()
        customer.see("menu")
    assert [each.state for each in branch.transactions()] == [L.DONE, L.DONE]
    assert branch.disagreements() == []
    found = branch.reconciled()
    assert (found.findings, found.evidence) == ((), Evidence(by_phone=2, answered=2, printed=2))


def test_cancelling_at_the_qr_takes_nothing(branch: Branch, customer: Customer) -> None:
    go_to_payment(branch, customer)
    customer.cancel()
    assert title(customer.see("result")) == "top_up.cancelled.title"
    assert branch.transactions()[0].state is L.REVERSED
    assert branch.disagreements() == []


def test_paper_out_is_told_at_home_and_at_the_end(branch: Branch, customer: Customer) -> None:
    branch.sim.strike("receipt_printer", "paper_out")
    home = customer.see("menu", lambda page: page.notice is not None and page.items[0].unavailable is None)
    assert home.notice.key == "home.no_receipt"
    go_to_payment(branch, customer)
    branch.sim.pay()
    result = customer.see("result")
    assert result.body.key == "top_up.loaded_no_receipt.body"
    assert branch.disagreements() == []
    assert branch.transactions()[0].facts["receipt_fault"] == "paper_out"
    found = branch.reconciled()
    assert [each.kind for each in found.findings] == [Kind.NO_RECEIPT]
    assert found.evidence == Evidence(by_phone=1, answered=1, not_printed=1)


@pytest.mark.slow
@pytest.mark.parametrize("host_s", [IMPATIENT_S])
def test_a_silent_host_at_the_order_takes_nothing_and_is_reversed_later(branch: Branch, customer: Customer) -> None:
    customer.choose_service()
    branch.sim.place_card(CARD)
    customer.see("keypad")
    branch.sim.set_bank(silent=True)
    customer.choose_amount()
    assert title(customer.see("result")) == "top_up.host_silent.title"
    assert branch.transactions()[0].state is L.REV_REQ
    branch.sim.take_card()
    customer.see("menu", lambda page: page.items[0].unavailable is not None)  # and nobody else is let in
    branch.stop_core()
    branch.sim.set_bank(silent=False)
    branch.start_core()
    with branch.customer() as next_customer:
        next_customer.see("menu", lambda page: page.items[0].unavailable is None)
    assert branch.transactions()[0].state is L.REVERSED
    assert branch.disagreements() == []


def test_a_host_that_is_silent_after_the_payment_gives_the_money_back(branch: Branch, customer: Customer) -> None:
    go_to_payment(branch, customer)
    branch.sim.set_bank(declines_next="96")
    branch.sim.pay()
    assert title(customer.see("result")) == "top_up.refunded.title"
    assert branch.card.memory.balance_fen == 2_350
    assert branch.disagreements() == []


def test_a_wrong_mac2_is_refused_by_the_card_and_refunded(branch: Branch, customer: Customer) -> None:
    go_to_payment(branch, customer)
    branch.sim.set_bank(wrong_mac2=True)
    branch.sim.pay()
    assert title(customer.see("result")) == "top_up.refunded.title"
    assert branch.disagreements() == []


@pytest.mark.slow
def test_a_card_lifted_while_paying_is_asked_back(branch: Branch, customer: Customer) -> None:
    go_to_payment(branch, customer)
    branch.sim.take_card()
    customer.see("payment", lambda page: not page.card_present)
    branch.sim.pay()
    assert title(customer.see("capture", lambda page: page.deadline_s is not None)) == "top_up.return_card.title"
    branch.sim.place_card("nearly_full")
    problem = customer.see("capture", lambda page: page.problem is not None).problem
    assert problem.key == "top_up.problem.other_card"
    branch.sim.take_card()
    branch.sim.place_card(CARD)
    assert title(customer.see("result")) == "top_up.loaded.title"
    assert branch.disagreements() == []


@pytest.mark.parametrize(("tear", "ends"), [("before_commit", "refunded"), ("after_commit", "loaded")])
def test_a_card_torn_during_the_credit_is_asked_what_happened(
    branch: Branch, customer: Customer, tear: str, ends: str
) -> None:
    go_to_payment(branch, customer)
    branch.sim.tear_card(tear)
    branch.sim.pay()
    assert title(customer.see("capture", lambda page: page.deadline_s is not None)) == "top_up.prove_card.title"
    branch.sim.place_card(CARD)
    assert title(customer.see("result")) == f"top_up.{ends}.title"
    assert branch.disagreements() == []


@pytest.mark.parametrize(("card", "said"), [("nearly_full", "balance_full"), ("expired", "expired")])
def test_a_card_that_cannot_be_loaded_is_refused_before_money_moves(
    branch: Branch, customer: Customer, card: str, said: str
) -> None:
    customer.choose_service()
    branch.sim.place_card(card)
    result = customer.see("result")
    assert result.body.key == f"top_up.card_refused.body.{said}"


STEPS = ["home", "place_card", "amount", "payment", "paid", "result"]


@pytest.mark.parametrize(
    "step", [pytest.param(each, marks=() if each == "paid" else pytest.mark.slow) for each in STEPS]
)
@pytest.mark.parametrize("device", ["top_up_module", "receipt_printer"])
def test_unplug_and_replug_at_every_step(
    branch: Branch, customer: Customer, device: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is unplugged when: the books agree in the end, and the next customer is served without a restart."""
    # it is back at once, and seen when there is time
    monkeypatch.setattr(surroundings, "READER_LOST_SECONDS", PATIENCE_S)

    def at(here: str) -> None:
        if here == step:
            branch.sim.strike(device, "unplug")
            branch.sim.mend(device)

    customer.see("menu", lambda page: page.items[0].unavailable is None)
    at("home")
    customer.choose_service()
    at("place_card")
    branch.sim.place_card(CARD)
    customer.see("keypad")
    at("amount")
    customer.pay_after_choosing()
    at("payment")
    branch.sim.pay()
    at("paid")
    result = customer.see("result")
    at("result")
    assert title(result) in {"top_up.loaded.title", "top_up.refunded.title"}
    customer.done()
    branch.sim.take_card()
    customer.see("menu", lambda page: page.items[0].unavailable is None)
    assert branch.disagreements() == []
