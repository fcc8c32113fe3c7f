"""The PIN key comes over the line to the whole simulated terminal, or does not."""

import logging
from collections.abc import Iterator

import pytest

from kiosk_core.ledger import LedgerState as L
from kiosk_core.technician_questions import AskDevices, AskHost, Devices, HostReport
from openteller.core_client import CoreClient
from tests.openteller.branch import CARD, IMPATIENT_S, Branch, Customer
from tests.openteller.paying_by_card import (
    can_take_bank_cards,
    choose_bank_card,
    go_to_pin,
    take_bank_card,
    title,
    type_pin,
)
from tests.patience import until


@pytest.fixture
def branch() -> Iterator[Branch]:
    branch = Branch(bank_card=True, host_s=IMPATIENT_S)
    yield branch
    branch.close()


def of_pin_pad(branch: Branch) -> tuple[str, tuple[str, ...], str]:
    with CoreClient(branch.core_socket) as client:
        devices = client.ask(AskDevices())
    assert isinstance(devices, Devices)
    (pad,) = (each for each in devices.devices if each.name == "pin_pad")
    return pad.state, pad.faults, pad.detail


def of_host(branch: Branch) -> HostReport:
    with CoreClient(branch.core_socket) as client:
        report = client.ask(AskHost())
    assert isinstance(report, HostReport)
    return report


def pay_by_phone(branch: Branch, customer: Customer) -> None:
    """Top up, and be offered no other way to pay."""
    customer.choose_service()
    branch.sim.place_card(CARD)
    customer.choose_amount()
    customer.see("payment")
    assert "funding" not in [page.kind for page in customer.seen]
    branch.sim.pay()
    assert title(customer.see("result")) == "top_up.loaded.title"
    branch.sim.take_card()
    customer.done()
    customer.see("menu")


@pytest.mark.slow
def test_without_a_pin_key_customers_pay_by_phone_and_staff_read_why(
    branch: Branch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    branch.sim.strike_bank("declined", request="pin_key", code="57", times=None)
    branch.start_core()
    why = "no new PIN key: the bank host gives none (57)"
    with branch.customer() as customer:
        until(lambda: of_pin_pad(branch) == ("online", ("key_missing",), why))
        pay_by_phone(branch, customer)
        report = of_host(branch)
        assert (report.pin_key, report.pin_key_problem, report.failure) == ("", why, "")
        assert f"bank cards cannot pay, {why}" in caplog.text
        branch.sim.mend("bank")
        branch.sim.strike("pin_pad", "unplug", times=None)
        branch.sim.mend("pin_pad")
        choose_bank_card(branch, customer)  # it waits until bank cards can pay
    assert len(of_host(branch).pin_key or "") == 6


@pytest.mark.slow
def test_a_power_cut_after_the_pad_took_its_key_is_mended_by_the_next_start(branch: Branch) -> None:
    branch.sim.strike_bank("request_lost", request="pin_key_in_use", times=None)
    branch.start_core()
    until(lambda: "did not answer" in of_host(branch).pin_key_problem)
    branch.stop_core()
    branch.sim.mend("bank")
    branch.start_core()
    with branch.customer() as customer:
        go_to_pin(branch, customer)
        type_pin(branch)
        assert title(customer.see("result")) == "top_up.loaded.title"
        take_bank_card(branch)


@pytest.mark.slow
def test_a_pin_that_the_bank_cannot_read_costs_nothing_and_brings_a_new_key(branch: Branch) -> None:
    branch.start_core()
    with branch.customer() as customer:
        go_to_pin(branch, customer)
        before = of_host(branch).pin_key
        branch.sim.strike_bank("declined", request="charge", code="99")
        branch.sim.strike_bank("declined", request="pin_key", code="96", times=None)  # or it comes before anybody looks
        type_pin(branch)
        customer.see("result")
        until(lambda: not can_take_bank_cards(branch))
        take_bank_card(branch)
        branch.sim.take_card()
        customer.done()
        until(lambda: branch.transactions()[0].state is L.DECLINED)
        branch.sim.mend("bank")
        branch.sim.strike("pin_pad", "unplug", times=None)  # else the key is fetched within a minute
        branch.sim.mend("pin_pad")
        until(lambda: of_host(branch).pin_key != before)
        until(lambda: can_take_bank_cards(branch))
