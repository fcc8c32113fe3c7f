"""What a customer does who pays by bank card at a `Branch(bank_card=True)`: choose, insert, type, take the card."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from device_sim.bank_desk import Reply
from kiosk_core.funding import FundingKind
from kiosk_core.technician_questions import AskDevices, Devices
from openteller.core_client import CoreClient
from tests.openteller.branch import CARD, Branch, Customer
from tests.patience import PATIENCE_S, until

BANK_CARD = "bank"
PIN = "123456"
TYPING_S = 1.5
"""The driver believes no PIN that comes within half a second of when it began to wait, which may be behind the pad."""


def title(page: object) -> str:
    return page.title.key  # type: ignore[attr-defined, no-any-return]


def see_stage(customer: Customer, stage: str) -> Any:
    kind = "progress" if stage == "ask_bank" else "capture"
    return customer.see(kind, lambda page: title(page) == f"top_up.bank_card.{stage}.title")


def can_take_bank_cards(branch: Branch) -> bool:
    with CoreClient(branch.core_socket) as client:
        devices = client.ask(AskDevices())
    assert isinstance(devices, Devices)
    found = {each.name: each for each in devices.devices}
    return all(found[name].state == "online" and not found[name].faults for name in ("card_reader", "pin_pad"))


def choose_bank_card(branch: Branch, customer: Customer) -> None:
    until(lambda: can_take_bank_cards(branch))
    customer.choose_service()
    branch.sim.place_card(CARD)
    customer.choose_amount()
    customer.choose_funding(FundingKind.BANK_CARD)
    see_stage(customer, "insert_card")


def insert(branch: Branch, card: str = BANK_CARD) -> None:
    """Push a card in as soon as the gate lets it."""
    until(lambda: device(branch, "card_reader")["lets_in"])
    branch.sim.insert_card(card)


def device(branch: Branch, name: str) -> Any:
    """Return what can be seen of a simulated device."""
    return branch.sim.state()["devices"][name]


def go_to_pin(branch: Branch, customer: Customer) -> None:
    choose_bank_card(branch, customer)
    insert(branch)
    see_stage(customer, "enter_pin")
    until(lambda: pin_is_wanted(branch))


def pin_is_wanted(branch: Branch) -> bool:
    return bool(device(branch, "pin_pad")["waits_for"] == "pin")


def type_pin(branch: Branch, pin: str = PIN) -> None:
    time.sleep(TYPING_S)
    branch.sim.press([*pin, "enter"])


@contextmanager
def bank_asked(branch: Branch, customer: Customer) -> Iterator[None]:
    """Go on until the bank has debited the account; it answers when the block ends."""
    go_to_pin(branch, customer)
    desk = branch.sim._bank._desk
    reply, may_answer = desk.reply, threading.Event()

    def is_paid() -> bool:
        return any(each["paid"] for each in branch.sim.state()["orders"])

    def late(payload: bytes) -> Reply:
        answer = reply(payload)
        assert not is_paid() or may_answer.wait(PATIENCE_S)
        return answer

    try:
        with mock.patch.object(desk, "reply", late):
            type_pin(branch)
            until(is_paid)
        yield
    finally:
        may_answer.set()


def take_bank_card(branch: Branch) -> None:
    until(lambda: device(branch, "card_reader")["position"] == "gate")
    assert branch.sim.pull_card() == {"card": BANK_CARD}
