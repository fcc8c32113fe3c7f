"""Rules at the whole simulated terminal: real files, real journal, and the ID-card reader's own bytes."""

import shutil
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from journal.reading import read_latest
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import Picture
from kiosk_core.technician_questions import AskDevice, DeviceDetail
from kiosk_core.texts import LocalText
from openteller.core_client import CoreClient, CoreSilent
from openteller.demo import CARD
from tests.clocks import let_midnight_pass
from tests.openteller.branch import AMOUNT_FEN, MASKED, Branch
from tests.openteller.paying_by_card import (
    BANK_CARD,
    can_take_bank_cards,
    choose_bank_card,
    go_to_pin,
    insert,
    take_bank_card,
    type_pin,
)
from tests.openteller.test_card_info_terminal import pull
from tests.patience import PATIENCE_S, until

SERVICES = Path(__file__).parents[2] / "services"
RULES = """
[card_day.daily]
most_yuan = 80
words.zh = "每天最多{most}"
words.en = "At most {most} a day"

[blacklist.lost]
file = "blacklist.txt"
words.zh = "挂失卡"
words.en = "A lost card"

[verification.large]
above_yuan = 40
by = "id_card"
words.zh = "超过{above}需要身份证"
words.en = "Above {above} we need your ID card"
"""
PAYER_RULES = """
[payer.often]
most_loads = 1
minutes = 60
words.zh = "这张银行卡刚付过款"
words.en = "This bank card has just paid"
"""
DEPOSIT_RULES = """
[card_day.deposits]
services = ["account_deposit"]
most_yuan = 250
words.zh = "每天最多存{most}"
words.en = "At most {most} a day"
"""
DAILY = LocalText("每天最多¥80", "At most ¥80 a day")


def wait_for_id_card_reader(branch: Branch) -> None:
    """Wait until it is in service; without it no large amount is offered."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with suppress(CoreSilent), CoreClient(branch.core_socket) as core:
            answer = core.ask(AskDevice(name="id_card_reader"))
            if isinstance(answer, DeviceDetail) and answer.report.state == "online":
                return
        time.sleep(0.02)
    raise TimeoutError("the ID-card reader does not come into service")


def write_rules(branch: Branch, rules: str) -> None:
    let_midnight_pass()
    services = branch.folder / "services"
    shutil.copytree(SERVICES, services)
    (services / "risk.toml").write_text(rules, encoding="utf-8")
    text = branch.config_file.read_text()
    assert str(SERVICES) in text
    branch.config_file.write_text(text.replace(str(SERVICES), str(services)))


@pytest.fixture
def branch() -> Iterator[Branch]:
    branch = Branch()
    write_rules(branch, RULES)
    branch.start_core()
    wait_for_id_card_reader(branch)
    yield branch
    branch.close()


@pytest.mark.slow
def test_a_large_load_needs_an_id_card_and_the_next_one_meets_the_limit_of_the_day(branch: Branch) -> None:
    with branch.customer() as customer:
        customer.choose_service()
        branch.sim.place_card(CARD)
        customer.choose_amount()
        assert customer.see("capture", lambda page: page.picture is Picture.PLACE_ID_CARD).cancellable
        branch.sim.place_id_card("citizen")
        customer.see("payment")
        branch.sim.pay()
        assert customer.see("result").title.key == "top_up.loaded.title"
        branch.sim.take_card()
        branch.sim.take_id_card()
        customer.choose_service()
        branch.sim.place_card(CARD)
        page = customer.see("keypad")
        assert (page.max_fen, page.notice) == (8_000 - AMOUNT_FEN, DAILY)
        customer.cancel()
    loaded = next(each for each in branch.transactions() if each.state is L.DONE)
    assert len(str(loaded.facts["person"])) == 32
    written = "".join(each.read_bytes().decode("latin-1") for each in (branch.out / "journal").iterdir())
    assert "110101199001010007" not in written  # the number of the card that was shown
    assert branch.disagreements() == []


def test_a_card_that_is_listed_while_the_terminal_runs_is_refused(branch: Branch) -> None:
    (branch.folder / "services" / "blacklist.txt").write_text(f"{MASKED}  # reported lost\n")
    with branch.customer() as customer:
        customer.choose_service()
        branch.sim.place_card(CARD)
        page = customer.see("result")
    assert (page.title.key, page.reason) == ("top_up.barred.title", LocalText("挂失卡", "A lost card"))
    (barred,) = read_latest(branch.out / "journal", 10)
    assert barred.state is L.ABANDONED
    assert barred.facts["rule"] == "blacklist.lost"


@pytest.mark.slow
def test_a_bank_card_that_pays_too_often_comes_back_before_its_pin_is_asked_for() -> None:
    branch = Branch(bank_card=True)
    write_rules(branch, PAYER_RULES)
    branch.start_core()
    with closing(branch), branch.customer() as customer:
        go_to_pin(branch, customer)
        type_pin(branch)
        assert customer.see("result").title.key == "top_up.loaded.title"
        take_bank_card(branch)
        branch.sim.take_card()
        customer.done()
        customer.see("menu")
        choose_bank_card(branch, customer)
        insert(branch)
        page = customer.see("result")
        assert (page.title.key, page.body.key) == ("top_up.barred.title", "top_up.barred.two_cards")
        assert page.reason == LocalText("这张银行卡刚付过款", "This bank card has just paid")
        take_bank_card(branch)
        loaded, refused = branch.transactions()
        assert (loaded.state, refused.state) == (L.DONE, L.DECLINED)
        assert refused.facts["rule"] == "payer.often"
        assert branch.disagreements() == []


@pytest.mark.slow
def test_a_card_whose_account_got_enough_today_gets_no_more() -> None:
    branch = Branch(bank_card=True)
    write_rules(branch, DEPOSIT_RULES)
    branch.start_core()
    with closing(branch), branch.customer() as customer:
        for limit, wanted_fen in ((25_000, 20_000), (5_000, 5_000)):
            until(lambda: can_take_bank_cards(branch))
            customer.choose_service("account_deposit")
            insert(branch)
            page = customer.see("keypad")
            assert (page.max_fen, page.notice) == (limit, LocalText("每天最多存¥250", "At most ¥250 a day"))
            pull(branch, BANK_CARD)
            customer.choose_amount(wanted_fen)
            customer.see("payment")
            branch.sim.pay()
            customer.see("result")
            customer.done()
            customer.see("menu")
        customer.choose_service("account_deposit")
        insert(branch)
        barred = customer.see("result")
        assert barred.title.key == "account_deposit.barred.title"
        states = [each.state for each in branch.transactions()]
        assert sorted(states, key=list(L).index) == [L.DONE, L.DONE, L.ABANDONED]
