"""A whole simulated terminal whose messages to the bank carry MACs; its pieces are tested in tests/host_link."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.openteller import branch as branches
from tests.openteller.branch import AMOUNT_FEN, CARD, Branch

KEY = "88E1AB2A2E3DD38C1FA039A536500CC8"


@pytest.fixture(params=["retail", pytest.param("cmac", marks=pytest.mark.slow)])
def branch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Branch]:
    write = branches.write_configuration
    agreed = f'mac = "{request.param}"\nkey_exchange_key = "{KEY}"\n'

    def write_with_macs(out: Path, run: Path, size: tuple[int, int]) -> None:
        write(out, run, size)
        for name, section in (("kiosk.toml", "[host]\n"), ("sim.toml", "[bank_host]\n")):
            text = (out / name).read_text()
            assert text.count(section) == 1
            (out / name).write_text(text.replace(section, section + agreed))

    monkeypatch.setattr(branches, "write_configuration", write_with_macs)
    branch = Branch()
    branch.start_core()
    yield branch
    branch.close()


@pytest.mark.slow
def test_a_customer_tops_up_a_card_and_no_key_is_in_the_log(branch: Branch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with branch.customer() as customer:
        customer.choose_service()
        branch.sim.place_card(CARD)
        customer.choose_amount()
        customer.see("payment")
        branch.sim.pay()
        assert customer.see("result").title.key == "top_up.loaded.title"
        branch.sim.take_card()
        customer.see("menu")
    assert branch.card.memory.balance_fen == 2_350 + AMOUNT_FEN
    assert branch.disagreements() == []
    assert caplog.records
    assert KEY not in caplog.text
