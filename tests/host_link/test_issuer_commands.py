"""The commands of a card's issuer over the link: what is asked, and what of an answer is believed."""

from dataclasses import replace
from datetime import date

import pytest

from kiosk_core.card_number import CardNumber
from kiosk_core.errors import HostSilent
from kiosk_core.ports import Declined, DeclineReason, IssuerQuestion
from tests.bank import TRACE
from tests.host_link.test_bank_cards import Bank, link_to
from tests.wire.test_host_messages import CARD, CHALLENGE, EXTENSION, VECTORS, O, T
from wire.host_decoder import decode
from wire.host_messages import IssuerRequest

QUESTION = IssuerQuestion(CardNumber(CARD), date(2011, 12, 31), CHALLENGE)
APPROVED = f"0110 2020000002810000 980000 000001 3030 {T}"


def test_the_question_goes_out_as_documented_and_brings_the_commands() -> None:
    bank = Bank(f"{APPROVED} 0046 {O} DF11 08 A1B2C3D4E5F60718 DF18 0E 0D04D695180820121221A1B2C3D4")
    assert link_to(bank).issuer_commands(TRACE, QUESTION) == (EXTENSION,)
    (sent,) = bank.sent
    expected = VECTORS["IssuerRequest"][0]
    assert isinstance(expected, IssuerRequest)
    assert decode(bytes.fromhex(sent)) == replace(expected, stan=1)


def test_an_issuer_may_want_nothing() -> None:
    bank = Bank(f"{APPROVED} 0032 {O} DF11 08 A1B2C3D4E5F60718 DF18 00")
    assert link_to(bank).issuer_commands(TRACE, QUESTION) == ()


@pytest.mark.parametrize(
    ("code", "reason"), [("14", DeclineReason.CARD_NOT_ACCEPTED), ("96", DeclineReason.HOST_ERROR)]
)
def test_an_issuer_may_refuse(code: str, reason: DeclineReason) -> None:
    bank = Bank(f"0110 2020000002810000 980000 000001 {code.encode().hex()} {T} 0029 {O} DF11 08 A1B2C3D4E5F60718")
    assert link_to(bank).issuer_commands(TRACE, QUESTION) == Declined(reason, code)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        # made for another challenge
        f"{APPROVED} 0046 {O} DF11 08 A1B2C3D4E5F60719 DF18 0E 0D04D695180820121221A1B2C3D4",
        # an APDU of three bytes
        f"{APPROVED} 0036 {O} DF11 08 A1B2C3D4E5F60718 DF18 04 0304D695",
    ],
)
def test_what_is_no_answer_to_it_is_none(answer: str) -> None:
    with pytest.raises(HostSilent):
        link_to(Bank(answer)).issuer_commands(TRACE, QUESTION)


def test_neither_number_nor_commands_are_in_a_repr() -> None:
    assert CARD not in repr(QUESTION)
    assert CARD not in repr(VECTORS["IssuerRequest"][0])
    assert repr(EXTENSION) not in repr(VECTORS["IssuerResponse"][0])
