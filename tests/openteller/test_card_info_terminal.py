"""What is on my card, at the whole simulated terminal: a transit card, and a social-security card in the slot."""

from collections.abc import Iterator

import pytest

from kiosk_core.pages import ChooseService
from tests.openteller.branch import CARD, Branch, Customer
from tests.openteller.paying_by_card import can_take_bank_cards, device, insert, until

pytestmark = pytest.mark.slow


@pytest.fixture
def branch() -> Iterator[Branch]:
    branch = Branch(bank_card=True)
    yield branch
    branch.close()


@pytest.fixture
def customer(branch: Branch) -> Iterator[Customer]:
    branch.start_core()
    with branch.customer() as customer:
        until(lambda: can_take_bank_cards(branch))
        customer.see("menu", lambda page: page.items[1].unavailable is None)
        customer.touch(ChooseService(service_id="card_info"))
        customer.see("capture")
        yield customer


def pull(branch: Branch, card: str) -> None:
    until(lambda: device(branch, "card_reader")["position"] == "gate")
    assert branch.sim.pull_card() == {"card": card}


def test_a_transit_card_is_shown(branch: Branch, customer: Customer) -> None:
    branch.sim.place_card(CARD)
    page = customer.see("listing")
    assert [fact.money_fen for fact in page.facts if fact.money_fen is not None] == [branch.card.memory.balance_fen]
    branch.sim.take_card()
    customer.done()
    customer.see("menu")
    assert branch.transactions() == []


def test_a_social_security_card_is_shown_and_comes_out(branch: Branch, customer: Customer) -> None:
    insert(branch, "bank")
    problem = customer.see("capture", lambda page: page.problem is not None).problem
    assert problem.key == "card_info.social_security.problem.not_social_security"
    pull(branch, "bank")
    insert(branch, "social_security")
    page = customer.see("listing")
    assert page.facts[0].text == "*****0003"  # device_sim/card_store/social_security_3.toml
    assert page.notice.key == "card_info.withheld.needs_module"
    pull(branch, "social_security")
    customer.done()
    customer.see("menu")
    assert branch.transactions() == []
