"""The link where a bank card pays, gets a deposit, or a load is in suspense: the bytes, and what the answers mean."""

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from host_link.link import HostLink
from kiosk_core.bank_card import BankCard, CardPayment, Charged, ChipRequest
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import HostSilent
from kiosk_core.pin_pad import PinBlock, PinFormat
from kiosk_core.ports import Declined, DeclineReason, QrOrder, SuspenseReport
from tests.bank import TERMINAL, TRACE, Purse
from tests.clocks import SetClock
from tests.host_link.lines import Arrival, FakeNetwork, framed
from tests.wire.test_host_messages import (
    BANK_CARD,
    CHIP,
    ISSUER_DATA,
    LONG_BLOCK,
    PIN_BLOCK,
    TRACK2,
    VECTORS,
    O,
    R,
    T,
)

INIT = replace(Purse().init(), mac1=bytes.fromhex("2988AE5A"))  # as in the vectors
PIN = PinBlock(PinFormat.ISO0, 6, PIN_BLOCK)
CARD = BankCard(CardNumber(BANK_CARD), date(2031, 12, 31), 1, "PBOC DEBIT", TRACK2)
PAYMENT = CardPayment(CARD, ChipRequest(CHIP), PIN)
REPORT = SuspenseReport(5000, 23, "20111221214822")


class Bank:
    """A host that keeps what it is sent and answers what it was told to, nothing where that is ""."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []

    def __call__(self, data: bytes) -> list[Arrival]:
        self.sent.append(data[2:].hex().upper())
        answer = self.answers.pop(0)
        return [(0.0, framed(bytes.fromhex(answer)))] if answer else []


def link_to(bank: Bank) -> HostLink:
    clock = SetClock(datetime(2011, 12, 21, 21, 48, 22, tzinfo=timezone(timedelta(hours=8))))
    return HostLink(FakeNetwork(clock, bank).connect, TERMINAL, clock, branch="BRANCH-0001")


def as_sent(name: str) -> str:
    return VECTORS[name][1].replace(" ", "")


def refusal(kind: str, code: str, stan: int = 42) -> str:
    return f"{kind[:4]} 202000000A810000 {kind[4:]} {stan:06} {R} {code.encode().hex()} {T} 0018 {O}"


def test_a_charge_goes_out_as_documented_and_brings_what_the_chip_needs() -> None:
    bank = Bank(VECTORS["ChargeResponse"][1])
    assert link_to(bank).charge(TRACE, INIT, PAYMENT) == Charged(ISSUER_DATA, "123456")
    assert bank.sent == [as_sent("ChargeRequest")]


def test_an_approval_may_have_nothing_for_the_chip() -> None:
    bank = Bank(f"0210 202000000E810000 960000 000042 {R} 313233343536 3030 {T} 0018 {O}")
    assert link_to(bank).charge(TRACE, INIT, PAYMENT) == Charged(b"", "123456")


@pytest.mark.parametrize(
    ("pin", "there"),
    [
        (None, ["0520", "00"]),
        (PinBlock(PinFormat.ISO3, 6, PIN_BLOCK), ["0510", "0012", "A71EE7C613F920ED3600000000000000"]),
        (PinBlock(PinFormat.ISO4, 6, bytes.fromhex(LONG_BLOCK)), ["0510", f"DF1610{LONG_BLOCK}", "4800000000000000"]),
    ],
)
def test_the_pin_goes_out_as_the_pad_made_it(pin: PinBlock | None, there: list[str]) -> None:
    bank = Bank(VECTORS["ChargeResponse"][1])
    bare = replace(CARD, sequence=None, track2="")
    payment = CardPayment(bare, ChipRequest(CHIP), pin)
    assert link_to(bank).charge(TRACE, INIT, payment) == Charged(ISSUER_DATA, "123456")
    (sent,) = bank.sent
    assert all(each in sent for each in there)
    assert "014D" not in sent


DECLINES = {
    "05": DeclineReason.BANK_CARD_NOT_ACCEPTED,
    "14": DeclineReason.BANK_CARD_NOT_ACCEPTED,
    "33": DeclineReason.BANK_CARD_NOT_ACCEPTED,
    "38": DeclineReason.PIN_TRIES_EXCEEDED,
    "41": DeclineReason.BANK_CARD_NOT_ACCEPTED,
    "43": DeclineReason.BANK_CARD_NOT_ACCEPTED,
    "51": DeclineReason.NOT_ENOUGH_FUNDS,
    "54": DeclineReason.BANK_CARD_NOT_ACCEPTED,
    "55": DeclineReason.PIN_WRONG,
    "57": DeclineReason.BANK_CARD_NOT_ACCEPTED,
    "59": DeclineReason.BANK_CARD_NOT_ACCEPTED,
    "62": DeclineReason.BANK_CARD_NOT_ACCEPTED,
    "75": DeclineReason.PIN_TRIES_EXCEEDED,
    "99": DeclineReason.HOST_ERROR,
    "P3": DeclineReason.CARD_NOT_ACCEPTED,
}
AS_EVER = {
    "13": DeclineReason.HOST_ERROR,
    "61": DeclineReason.LIMIT,
    "96": DeclineReason.HOST_ERROR,
    "A0": DeclineReason.MAC1_WRONG,
    "P1": DeclineReason.NOT_PAID,
    "P2": DeclineReason.EARLIER_LOAD,
    "ZZ": DeclineReason.HOST_ERROR,
}


def test_the_response_codes_of_the_page_are_those_tested_here() -> None:
    page = (Path(__file__).parents[2] / "docs" / "host-messages.md").read_text(encoding="utf-8")
    table = page.split("## Response codes to a bank card", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (\w\w) \|.*\| (\w+) \|$", table, re.MULTILINE)
    assert rows == [(code, reason.name) for code, reason in DECLINES.items()]


@pytest.mark.parametrize(("code", "reason"), [*DECLINES.items(), *AS_EVER.items()])
def test_a_decline_has_a_reason_for_the_customer(code: str, reason: DeclineReason) -> None:
    link = link_to(Bank(refusal("0210960000", code), refusal("0210970000", code)))
    assert link.charge(TRACE, INIT, PAYMENT) == Declined(reason, code)
    assert link.order_deposit(TRACE, CARD.number, 5000) == Declined(reason, code)


def test_a_deposit_goes_out_as_documented_and_brings_a_qr() -> None:
    bank = Bank(VECTORS["DepositResponse"][1])
    assert link_to(bank).order_deposit(TRACE, CARD.number, 5000) == QrOrder(
        "https://pay.example.com/o/T0000001-000042", 120
    )
    assert bank.sent == [as_sent("DepositRequest")]


def test_a_suspense_is_reported_until_it_is_answered_then_as_a_repeat() -> None:
    bank = Bank("", refusal("0230950000", "96", 43), VECTORS["SuspenseResponse"][1], VECTORS["SuspenseResponse"][1])
    link = link_to(bank)
    with pytest.raises(HostSilent):
        link.report_suspense(TRACE, REPORT)
    with pytest.raises(HostSilent, match="takes it later"):
        link.report_suspense(TRACE, REPORT)
    assert link.report_suspense(TRACE, REPORT)
    first = as_sent("SuspenseRequest")
    again = f"0221{first[4:]}"  # DE 12 and 13 stay those of the transaction, whenever it is sent
    assert bank.sent == [first, again, again]
    assert link.report_suspense(TRACE, REPORT)
    assert bank.sent[3][:4] == "0220"


@pytest.mark.parametrize("code", ["22", "25", "P0", "P1"])
def test_a_suspense_that_the_host_does_not_know_is_for_staff(code: str) -> None:
    assert not link_to(Bank(refusal("0230950000", code, 43))).report_suspense(TRACE, REPORT)


@pytest.mark.parametrize(
    "ask",
    [
        lambda link: link.charge(TRACE, INIT, PAYMENT),
        lambda link: link.order_deposit(TRACE, CARD.number, 5000),
        lambda link: link.charge(TRACE, INIT, replace(PAYMENT, card=replace(CARD, track2=f"{BANK_CARD}="))),
    ],
)
def test_card_and_pin_are_in_no_log_and_no_error(
    ask: Callable[[HostLink], object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(HostSilent) as raised:
        ask(link_to(Bank("")))
    told = [repr(raised.value), *(record.getMessage() for record in caplog.records)]
    assert not any(secret in each.upper() for each in told for secret in (BANK_CARD[6:-4], "A71EE7", "31122200"))
