"""Rules at the whole simulated terminal: real files, real journal, and the ID-card reader's own bytes."""

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from journal.reading import read_latest
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import AskDevice, DeviceDetail, Picture
from kiosk_core.texts import LocalText
from openteller.core_client import CoreClient, CoreSilent
from openteller.demo import CARD
from tests.openteller.branch import AMOUNT_FEN, MASKED, PATIENCE_S, Branch

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


@pytest.fixture
def branch() -> Iterator[Branch]:
    branch = Branch()
    services = branch.folder / "services"
    shutil.copytree(SERVICES, services)
    (services / "risk.toml").write_text(RULES, encoding="utf-8")
    text = branch.config_file.read_text()
    assert str(SERVICES) in text
    branch.config_file.write_text(text.replace(str(SERVICES), str(services)))
    branch.start_core()
    wait_for_id_card_reader(branch)
    yield branch
    branch.close()


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
