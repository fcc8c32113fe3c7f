"""What is on my card, at the whole simulated terminal: a transit card, and a social-security card in the slot."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from openteller.demo import write_configuration
from tests.openteller.branch import CARD, Branch, Customer
from tests.openteller.paying_by_card import can_take_bank_cards, device, insert
from tests.openteller.test_nothing_sensitive import traces_of
from tests.patience import until
from tests.sensitive import Scanner, Secret, files_below

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
        choose(branch, customer)
        yield customer


def choose(branch: Branch, customer: Customer) -> None:
    until(lambda: can_take_bank_cards(branch))
    customer.choose_service("card_info")


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


def with_free_data(out: Path, run: Path, size: tuple[int, int]) -> None:
    """Give the customer a social-security card of the second generation, whose holder is free to read."""
    write_configuration(out, run, size)
    text = (out / "sim.toml").read_text(encoding="utf-8")
    assert text.count("social_security_3") == 1
    (out / "sim.toml").write_text(text.replace("social_security_3", "social_security_2"), encoding="utf-8")


def test_nothing_of_a_holder_is_left(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("tests.openteller.branch.write_configuration", with_free_data)
    caplog.set_level(logging.DEBUG)
    branch = Branch(bank_card=True)
    try:
        branch.start_core()
        with branch.customer() as customer:
            choose(branch, customer)
            insert(branch, "social_security")
            page = customer.see("listing")
            assert [fact.text for fact in page.facts][1:3] == ["**拟", "**************0004"]
            pull(branch, "social_security")
            customer.done()
            customer.see("menu")
            left = traces_of(branch) | {"pages": repr(customer.seen).encode(), "log": caplog.text.encode()}
        branch.stop_core()
        left |= {name: data for name, data in files_below(branch.folder).items() if "/cards/" not in name}
        del left["out/sim.toml"]  # the simulator's: the bank there has a customer of the same name
    finally:
        branch.close()
    assert {"trace of card_reader", "out/journal/journal.db"} <= left.keys()
    # device_sim/card_store/social_security_2.toml
    texts = {"ID number": "310101199001010004", "name": "甄模拟", "card number": "A00000002"}
    on_screen = (Secret(kind, text) for kind, text in texts.items())
    on_line = (Secret(f"{kind} as the card has it", text.encode("gbk")) for kind, text in texts.items())
    assert Scanner([*on_screen, *on_line]).findings_in(left) == []
