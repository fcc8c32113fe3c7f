"""The simulated bank where a bank card pays, a deposit is made, or a load is in suspense."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from device_sim.bank_books import BankBooks
from device_sim.bank_ledger import Account
from tests.bank import RULES, Purse
from tests.clocks import SetClock
from tests.device_sim.test_bank_host import INIT, LOAD, MONEY, OPEN, ORDER, REVERSE, permission, refund, status
from wire.host_messages import (
    ChargeRequest,
    ConfirmRequest,
    DepositRequest,
    OrderStatus,
    PayingCard,
    SuspenseRequest,
)

CHIP = bytes.fromhex("9F26080102030405060708 9F270180")
PAYER = PayingCard(number="9999990000000000014", expires="3112", chip=CHIP)
CHARGE = ChargeRequest(**MONEY, stan=42, card=OPEN.card, purse=OPEN.purse, payer=PAYER)
DEPOSIT = DepositRequest(**MONEY, stan=42, card=PAYER.number)
SUSPEND = SuspenseRequest(**MONEY, stan=43, counter=23, authorised_date="20261122", authorised_time="090000")
CUSTOMERS, SUSPENSE, PURSE_FLOAT = Account.CUSTOMERS, Account.SUSPENSE, Account.PURSE_FLOAT


@pytest.fixture
def books() -> Iterator[BankBooks]:
    with closing(BankBooks(None, RULES, SetClock(datetime(2026, 11, 22, 9, 0, tzinfo=UTC)))) as opened:
        yield opened


def code(books: BankBooks, request: Any) -> str:
    return str(getattr(books.answer(request), "response_code", None))


def test_a_charge_is_an_order_that_is_paid_at_once(books: BankBooks) -> None:
    assert code(books, CHARGE) == "00"
    assert status(books) is OrderStatus.PAID
    assert not books.pay(ORDER)
    assert (books.balances()[CUSTOMERS], books.balances()[SUSPENSE]) == (-5000, 5000)
    tac = Purse().tac(INIT, permission(books))
    assert code(books, ConfirmRequest(**MONEY, stan=44, tac=tac)) == "00"
    assert (books.balances()[SUSPENSE], books.balances()[PURSE_FLOAT]) == (0, 5000)
    assert books.flaws() == []


def test_a_charge_is_given_back_by_its_reversal(books: BankBooks) -> None:
    assert code(books, CHARGE) == "00"
    assert refund(books, REVERSE) == 5000
    assert set(books.balances().values()) == {0}
    assert books.flaws() == []


def test_a_charge_that_comes_after_its_reversal_debits_nothing(books: BankBooks) -> None:
    assert refund(books, REVERSE) == 0
    assert code(books, CHARGE) == "P1"
    assert set(books.balances().values()) == {0}
    assert books.postings() == []


@pytest.mark.parametrize(
    ("charge", "expected"),
    [
        (replace(CHARGE, amount_fen=0), "13"),
        (replace(CHARGE, amount_fen=100_001), "61"),
        (replace(CHARGE, card="310487000123"), "P3"),
        (replace(CHARGE, purse=replace(CHARGE.purse, mac1=bytes(4))), "A0"),
    ],
)
def test_a_charge_for_a_load_that_cannot_be_debits_nothing(
    books: BankBooks, charge: ChargeRequest, expected: str
) -> None:
    assert code(books, charge) == expected
    assert books.postings() == []


def test_a_payment_to_a_deposit_is_on_the_account_in_one_booking(books: BankBooks) -> None:
    assert code(books, DEPOSIT) == "00"
    assert status(books) is OrderStatus.PENDING
    assert books.pay(ORDER)
    assert status(books) is OrderStatus.PAID
    assert [(each.account, each.amount_fen) for each in books.postings()] == [(CUSTOMERS, -5000), (CUSTOMERS, 5000)]
    assert books.flaws() == []
    assert code(books, LOAD) == "25"


def test_a_deposit_that_nobody_paid_is_reversed(books: BankBooks) -> None:
    assert code(books, DEPOSIT) == "00"
    assert refund(books, REVERSE) == 0
    assert not books.pay(ORDER)
    assert status(books) is OrderStatus.EXPIRED


def test_a_suspense_is_kept_and_may_be_told_again(books: BankBooks) -> None:
    assert code(books, SUSPEND) == "25"
    assert code(books, OPEN) == "00"
    assert books.pay(ORDER)
    assert code(books, replace(SUSPEND, stan=46)) == "P0"
    granted = permission(books)
    report = replace(SUSPEND, stan=47)
    assert [code(books, each) for each in (report, replace(report, repeat=True))] == ["00", "00"]
    assert code(books, replace(report, stan=48, amount_fen=4999)) == "13"
    assert code(books, ConfirmRequest(**MONEY, stan=44, tac=Purse().tac(INIT, granted))) == "00"
    assert code(books, replace(report, stan=49)) == "22"
