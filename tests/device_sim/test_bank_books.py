"""The simulated bank's books without a line: in memory, forked, repeated, and what they must prove."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device_sim.bank_books import BankBooks
from tests.bank import RULES
from tests.clocks import SetClock
from tests.device_sim.test_bank_host import OPEN, ORDER, REVERSE, code, proof, refund

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def books() -> BankBooks:
    return BankBooks(None, RULES, SetClock(NOW))


# -- in memory -------------------------------------------------------------------------------------------


def test_books_in_memory_decide_as_those_in_a_file(books: BankBooks) -> None:
    assert code(books, proof(books)) == "00"
    assert [entry.loaded for entry in books.entries()] == [True]


def test_books_in_memory_go_back_to_a_snapshot_as_often_as_one_likes(books: BankBooks) -> None:
    right = proof(books)
    paid = books.snapshot()
    assert code(books, right) == "00"
    loaded = books.snapshot()
    for _ in range(2):
        books.restore(paid)
        assert [(entry.paid, entry.loaded) for entry in books.entries()] == [(True, False)]
        assert refund(books) == 5000
        books.restore(loaded)
        assert code(books, REVERSE) == "22"


def test_a_snapshot_is_that_of_other_books_too(books: BankBooks) -> None:
    code(books, OPEN)
    others = BankBooks(None, RULES, SetClock(NOW))
    others.restore(books.snapshot())
    assert others.pay(ORDER)
    assert not books.entries()[0].paid
    assert code(others, replace(OPEN, stan=99)) == "94"


def test_books_in_a_file_are_not_overwritten(tmp_path: Path, books: BankBooks) -> None:
    with (
        contextlib.closing(BankBooks(tmp_path, RULES, SetClock(NOW))) as durable,
        pytest.raises(ValueError, match="memory"),
    ):
        durable.restore(books.snapshot())
