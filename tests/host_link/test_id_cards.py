"""A customer's new ID card over the link: what is sent, and what an answer means."""

from dataclasses import replace
from datetime import date

import pytest

from kiosk_core.errors import HostSilent
from kiosk_core.id_card_reader import IdNumber, PersonalText
from kiosk_core.id_update import IdRecord, IdRefused, IdUpdated, UpdateRefusal
from tests.bank import TRACE
from tests.host_link.test_bank_cards import Bank, link_to
from tests.wire.test_host_messages import FILE, OTHER_ID_CARDS, VECTORS, O, R, T
from wire.host_decoder import decode
from wire.host_messages import IdInquiryRequest, IdUpdateRequest

RECORD = IdRecord(
    name=PersonalText("甄模拟"),
    sex="女",
    ethnicity="汉",
    birth=date(1990, 3, 7),
    number=IdNumber("110101199003070003"),
    valid_from=date(2026, 1, 1),
    valid_until=date(2046, 1, 1),
    address=PersonalText("北京市东城区"),
    authority=PersonalText("北京市公安局"),
)


def answer_to_update(code: str) -> str:
    return f"0310 802000000A810000 0000002008000000 000042 {R} {code.encode().hex()} {T} 0018 {O} 32 {FILE}"


def answer_to_inquiry(body: str) -> str:
    return f"0310 8020000002810000 0000002008000000 000045 3030 {T} 0022 {O} DF24 01 {body} 35 {FILE}"


def test_the_card_goes_out_as_documented() -> None:
    bank = Bank(answer_to_update("00"))
    assert link_to(bank).update_id(TRACE, RECORD) == IdUpdated("000000000123")
    (sent,) = bank.sent
    assert decode(bytes.fromhex(sent)) == VECTORS["IdUpdateRequest"][0]


def test_what_the_counter_fills_in_is_left_out_and_a_card_may_have_no_end() -> None:
    bank = Bank(answer_to_update("00"))
    link_to(bank).update_id(TRACE, replace(RECORD, address=None, authority=None, valid_until=None))
    (sent,) = bank.sent
    (expected, _) = OTHER_ID_CARDS["ID card whose address and authority the counter fills in"]
    assert isinstance(expected, IdUpdateRequest)
    assert decode(bytes.fromhex(sent)) == replace(expected, valid_until="99991231")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("K0", UpdateRefusal.UNKNOWN_CUSTOMER),
        ("K1", UpdateRefusal.OLDER_CARD),
        ("K2", UpdateRefusal.OTHER_PERSON),
        ("K3", UpdateRefusal.EXPIRED),
        ("63", UpdateRefusal.HOST_ERROR),
        ("94", UpdateRefusal.HOST_ERROR),
        ("96", UpdateRefusal.HOST_ERROR),
        ("P1", UpdateRefusal.HOST_ERROR),
    ],
)
def test_the_bank_may_refuse(code: str, reason: UpdateRefusal) -> None:
    assert link_to(Bank(answer_to_update(code))).update_id(TRACE, RECORD) == IdRefused(reason, code)


@pytest.mark.parametrize(("byte", "taken"), [("01", True), ("00", False)])
def test_the_bank_is_asked_what_became_of_it(byte: str, taken: bool) -> None:
    bank = Bank(answer_to_inquiry(byte))
    assert link_to(bank).id_was_updated(TRACE) is taken
    (sent,) = bank.sent
    expected = VECTORS["IdInquiryRequest"][0]
    assert isinstance(expected, IdInquiryRequest)
    assert decode(bytes.fromhex(sent)) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "",
        answer_to_inquiry("02"),
        f"0310 8020000002810000 0000002008000000 000045 3936 {T} 0018 {O} 35 {FILE}",  # it refuses to tell
        answer_to_update("00"),
    ],
)
def test_what_tells_nothing_is_no_answer(answer: str) -> None:
    with pytest.raises(HostSilent):
        link_to(Bank(answer)).id_was_updated(TRACE)


def test_no_repr_shows_a_person() -> None:
    assert repr(RECORD) == "IdRecord(***)"
