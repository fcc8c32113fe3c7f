"""A deposit at the whole simulated terminal: the account's card in the slot, the phone pays, the bank has it."""

import logging
import re
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from kiosk_core.ledger import LedgerState as L
from openteller.cli import app
from tests.clocks import let_midnight_pass
from tests.openteller.branch import Branch, Customer
from tests.openteller.paying_by_card import BANK_CARD, can_take_bank_cards, insert, title
from tests.openteller.test_card_info_terminal import pull
from tests.openteller.test_nothing_sensitive import traces_of
from tests.patience import until
from tests.sensitive import Scanner, Secret, files_below

pytestmark = pytest.mark.slow

AMOUNT = 20_000


@pytest.fixture
def branch() -> Iterator[Branch]:
    branch = Branch(bank_card=True)
    yield branch
    branch.close()


def show_card(branch: Branch, customer: Customer, card: str) -> None:
    """Choose the service and have a card read."""
    until(lambda: can_take_bank_cards(branch))
    customer.choose_service("account_deposit")
    insert(branch, card)


def test_money_goes_into_the_account_of_a_card(branch: Branch) -> None:
    let_midnight_pass()
    branch.start_core()
    with branch.customer() as customer:
        show_card(branch, customer, BANK_CARD)
        customer.see("keypad")
        pull(branch, BANK_CARD)
        customer.choose_amount(AMOUNT)
        customer.see("payment")
        branch.sim.pay()
        assert title(customer.see("result")) == "account_deposit.deposited.title"
        customer.done()
        customer.see("menu")
    (deposit,) = branch.transactions()
    assert deposit.state is L.DONE
    (order,) = branch.sim.state()["orders"]
    assert (order["paid"], order["loaded"], order["refunded_fen"]) == (True, False, 0)
    assert "存款成功" in branch.sim.take_paper().text
    assert branch.disagreements() == []
    day, settlement = deposit.rows[0].at.date(), branch.folder / "settlement"
    branch.sim.settlement(f"{day:%Y%m%d}", str(settlement))
    words = ["--date", day.isoformat(), "-s", str(settlement), "-j", str(branch.config_file)]
    compared = CliRunner().invoke(app, ["reconcile", *words])
    assert (compared.exit_code, "deposited, on both sides" in compared.output) == (0, True), compared.output


def test_for_an_account_of_another_bank_nothing_is_paid(branch: Branch) -> None:
    branch.start_core()
    with branch.customer() as customer:
        show_card(branch, customer, "social_security")  # its chip names an account that this bank does not keep
        customer.see("keypad")
        pull(branch, "social_security")
        customer.choose_amount(AMOUNT)
        assert customer.see("result").body.key == "account_deposit.declined.body.card"
    assert [each.state for each in branch.transactions()] == [L.DECLINED]
    assert branch.sim.state()["orders"] == []


def test_a_card_without_an_account_comes_out_again(branch: Branch) -> None:
    branch.start_core()
    with branch.customer() as customer:
        show_card(branch, customer, "mute")
        page = customer.see("capture", lambda page: page.problem is not None)
        assert page.problem.key == "account_deposit.problem.unreadable"
        pull(branch, "mute")
        customer.cancel()
        assert title(customer.see("result")) == "account_deposit.cancelled.title"
    assert [each.state for each in branch.transactions()] == [L.ABANDONED]


def test_of_the_card_nothing_is_left_but_its_masked_number(branch: Branch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    branch.start_core()
    with branch.customer() as customer:
        show_card(branch, customer, BANK_CARD)
        customer.see("keypad")
        pull(branch, BANK_CARD)
        customer.choose_amount(AMOUNT)
        customer.see("payment")
        branch.sim.pay()
        customer.see("result")
        customer.done()
        customer.see("menu")
        left = traces_of(branch) | {"pages": repr(customer.seen).encode(), "log": caplog.text.encode()}
    left["receipt"] = branch.sim.take_paper().text.encode()
    branch.stop_core()
    left |= {
        name: data for name, data in files_below(branch.folder).items() if not re.search(r"sim\.toml|/cards/", name)
    }
    assert b"999999*********0014" in left["receipt"]
    assert {"trace of card_reader", "out/journal/journal.db", "out/bank/bank.sqlite"} <= left.keys()
    # device_sim/card_store/bank.toml: the number, and the track 2 that the chip tells with it
    secrets = {"number": "9999990000000000014", "track 2": "9999990000000000014D311222000000"}
    assert Scanner(Secret(kind, value) for kind, value in secrets.items()).findings_in(left) == []
