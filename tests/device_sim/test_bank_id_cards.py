"""A customer's new ID card at the simulated bank: docs/host-messages.md, "A customer's new ID card"."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from device_sim.bank_books import BankBooks
from device_sim.bank_customers import BankCustomer
from tests.bank import RULES
from tests.clocks import SetClock
from tests.wire.test_host_messages import VECTORS
from wire.host_messages import IdInquiryRequest, IdInquiryResponse, IdUpdateRequest, IdUpdateResponse

UPDATE, INQUIRY = VECTORS["IdUpdateRequest"][0], VECTORS["IdInquiryRequest"][0]
assert isinstance(UPDATE, IdUpdateRequest)
assert isinstance(INQUIRY, IdInquiryRequest)
CUSTOMER = BankCustomer(id_number="110101199003070003", name="甄模拟", valid_from="20160101", valid_until="20260101")


@pytest.fixture
def books() -> Iterator[BankBooks]:
    clock = SetClock(datetime(2026, 11, 22, 9, tzinfo=UTC))
    books = BankBooks(None, replace(RULES, customers=(CUSTOMER,)), clock)
    yield books
    books.close()


def code(books: BankBooks, request: IdUpdateRequest = UPDATE) -> str:
    answer = books.answer(request)
    assert isinstance(answer, IdUpdateResponse)
    return answer.response_code


def taken(books: BankBooks, request: IdInquiryRequest = INQUIRY) -> bool | None:
    answer = books.answer(request)
    assert isinstance(answer, IdInquiryResponse)
    return answer.taken


def later(request: IdUpdateRequest, number: int) -> IdUpdateRequest:
    return replace(request, order=f"T0000001-{number:06}", stan=number)


def test_a_new_card_is_taken_and_a_repeat_is_answered_alike(books: BankBooks) -> None:
    first = books.answer(UPDATE)
    assert isinstance(first, IdUpdateResponse)
    assert first.response_code == "00"
    assert books.answer(UPDATE) == first
    assert taken(books) is True


def test_another_card_under_the_same_number_is_refused(books: BankBooks) -> None:
    assert code(books) == "00"
    assert code(books, replace(UPDATE, address="上海市黄浦区")) == "94"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id_number": "110101199003070011"}, "K0"),
        ({"name": "甄拟模"}, "K2"),
        ({"valid_from": "20151231"}, "K1"),
        ({"valid_until": "20261121"}, "K3"),
        ({"valid_until": "20261122"}, "00"),  # its last day is today
        ({"valid_from": "20160101"}, "00"),  # the card that it has: his address has changed, say
        ({"valid_until": "99991231"}, "00"),
        ({"address": "", "authority": ""}, "00"),
    ],
)
def test_the_bank_checks_whose_card_it_is_and_how_old(books: BankBooks, change: dict[str, str], said: str) -> None:
    assert code(books, replace(UPDATE, **change)) == said
    assert taken(books) is (said == "00")


def test_what_it_has_taken_makes_the_card_before_too_old(books: BankBooks) -> None:
    assert code(books) == "00"
    assert code(books, later(replace(UPDATE, valid_from="20251231"), 43)) == "K1"


def test_a_card_that_comes_behind_the_inquiry_about_it_is_not_taken(books: BankBooks) -> None:
    assert taken(books) is False
    assert code(books) == "P1"
    assert taken(books) is False
    assert code(books, later(UPDATE, 43)) == "00"


def test_an_inquiry_is_about_the_terminal_s_own_number(books: BankBooks) -> None:
    assert code(books) == "00"
    assert taken(books, replace(INQUIRY, terminal="T0000002")) is False


def test_the_books_hold_nothing_that_stands_on_a_card(books: BankBooks) -> None:
    assert code(books) == "00"
    kept = books.snapshot()
    for secret in ("110101199003070003", "甄模拟", "北京市东城区", "北京市公安局"):
        assert secret.encode() not in kept


def test_no_repr_shows_a_person() -> None:
    for shown in (repr(UPDATE), repr(CUSTOMER)):
        assert not any(secret in shown for secret in ("11010119", "甄", "东城", "公安局", "19900307"))
