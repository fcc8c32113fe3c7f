"""A card whose issuer makes it valid longer, at the whole simulated terminal: the purse of a social-security card."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from device_sim.transit_card import TransitCard
from kiosk_core.ledger import LedgerState as L
from openteller.demo import write_configuration
from tests.openteller.branch import AMOUNT_FEN, IMPATIENT_S, Branch, Customer
from tests.openteller.test_nothing_sensitive import traces_of
from tests.openteller.test_terminal import title
from tests.sensitive import Scanner, Secret

pytestmark = pytest.mark.slow

CARD = "social_security"
EXPIRES = "2025-12-31"


def with_expired_purse(out: Path, run: Path, size: tuple[int, int]) -> None:
    """Give the customer a social-security card whose transit purse has expired."""
    write_configuration(out, run, size)
    kind = 'kind = "social_security_3"'
    text = (out / "sim.toml").read_text(encoding="utf-8")
    assert text.count(kind) == 1
    (out / "sim.toml").write_text(text.replace(kind, f"{kind}\nexpires = {EXPIRES}"), encoding="utf-8")


@pytest.fixture
def branch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Branch]:
    monkeypatch.setattr("tests.openteller.branch.write_configuration", with_expired_purse)
    branch = Branch(host_s=IMPATIENT_S)
    branch.start_core()
    yield branch
    branch.close()


@pytest.fixture
def customer(branch: Branch) -> Iterator[Customer]:
    with branch.customer() as customer:
        customer.choose_service()
        yield customer


def purse(branch: Branch) -> TransitCard:
    found = branch.sim._cards.card(CARD).purse
    assert found is not None
    return found


def a_year_from(moment: datetime) -> str:
    # device_sim/bank_issuer.py: 365 days, whichever side of midnight the bank was asked on
    return f"{moment + timedelta(days=365):%Y-%m-%d}"


def test_an_expired_purse_is_made_valid_and_loaded_and_the_receipt_says_so(
    branch: Branch, customer: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    began = datetime.now(UTC).astimezone()
    branch.sim.place_card(CARD)
    page = customer.see("keypad")
    ended = datetime.now(UTC).astimezone()
    days = {a_year_from(began), a_year_from(ended)}
    assert page.notice.key == "top_up.amount.extended"
    assert page.notice.values["date"] in days
    customer.choose_amount()
    customer.see("payment")
    branch.sim.pay()
    result = customer.see("result")
    assert title(result) == "top_up.loaded.title"
    (day,) = [fact.text for fact in result.facts if fact.label.key == "fact.valid_until"]
    assert day in days
    text = branch.sim.take_receipt()["text"]
    assert "有效期延至" in text
    assert day in text
    assert purse(branch).memory.balance_fen == 5_000 + AMOUNT_FEN
    assert purse(branch).memory.end == day.replace("-", "")
    branch.sim.take_card()
    customer.see("menu")
    (loaded,) = branch.transactions()
    assert loaded.state is L.DONE
    assert [row.facts["issuer"] for row in loaded.rows if "issuer" in row.facts] == ["commands_sent", "commands_done"]
    assert loaded.facts["valid_until"] == day
    # of the purse nothing but its masked number is left: device_sim/card_store/social_security_3.toml
    left = traces_of(branch) | {"log": caplog.text.encode(), "pages": repr(customer.seen).encode()}
    assert Scanner([Secret("number", "3104870000099990003")]).findings_in(left) == []


@pytest.mark.parametrize("fault", ["request_lost", "answer_lost", "declined", "wrong_mac2"])
def test_what_befalls_the_question_costs_nothing_and_another_visit_succeeds(
    branch: Branch, customer: Customer, fault: str
) -> None:
    branch.sim.strike_bank(fault, request="issuer")
    branch.sim.place_card(CARD)
    result = customer.see("result")
    assert result.body.key == "top_up.card_refused.body.not_extended"
    assert [each.state for each in branch.transactions()] == [L.ABANDONED]
    assert branch.sim.state()["orders"] == []
    branch.sim.take_card()
    customer.done()
    customer.choose_service()
    branch.sim.place_card(CARD)
    assert customer.see("keypad").notice.key == "top_up.amount.extended"


@pytest.mark.parametrize("tear", ["before_commit", "after_commit"])
def test_a_card_torn_out_of_its_command_is_asked_for_again_and_loaded(
    branch: Branch, customer: Customer, tear: str
) -> None:
    branch.sim.tear_card(tear, CARD)
    branch.sim.place_card(CARD)
    customer.see("capture", lambda page: page.problem is not None)
    branch.sim.place_card(CARD)
    assert customer.see("keypad").notice.key == "top_up.amount.extended"
    customer.choose_amount()
    customer.see("payment")
    branch.sim.pay()
    assert title(customer.see("result")) == "top_up.loaded.title"
    assert purse(branch).memory.balance_fen == 5_000 + AMOUNT_FEN
    assert len(branch.sim.state()["orders"]) == 1
