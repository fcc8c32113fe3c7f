"""The simulated bank's books without a line: in memory, forked, repeated, and what they must prove."""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import permutations
from pathlib import Path

import apsw
import pytest

from device_sim.bank_books import BankBooks
from device_sim.bank_ledger import Account, Posting
from tests.bank import RULES, TERMINAL, Purse
from tests.clocks import SetClock
from tests.device_sim.test_bank_host import INIT, LOAD, OPEN, ORDER, REVERSE, code, permission, proof, purse_of, refund
from wire.host_messages import (
    ConfirmRequest,
    JournalHeadRequest,
    JournalHeadResponse,
    OrderRequest,
    ReversalRequest,
)
from wire.settlement import BookingKind, SettledState, SettlementEntry, decode, encode

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
CONFIRM = ConfirmRequest(
    terminal=TERMINAL,
    branch="B",
    stan=44,
    date="1122",
    time="090000",
    order=ORDER,
    amount_fen=5000,
    tac=bytes(4),
)
CUSTOMERS, SUSPENSE, FLOAT, CLEARING = Account


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def books(clock: SetClock) -> BankBooks:
    return BankBooks(None, RULES, clock)


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


def test_a_snapshot_is_that_of_other_books_too(books: BankBooks, clock: SetClock) -> None:
    code(books, OPEN)
    others = BankBooks(None, RULES, clock)
    others.restore(books.snapshot())
    assert others.pay(ORDER)
    assert not books.entries()[0].paid
    assert code(others, replace(OPEN, stan=99)) == "94"


def test_books_in_a_file_can_be_copied_into_memory_but_not_overwritten(
    tmp_path: Path, books: BankBooks, clock: SetClock
) -> None:
    with contextlib.closing(BankBooks(tmp_path, RULES, clock)) as durable:
        code(durable, OPEN)
        with pytest.raises(ValueError, match="only books in memory"):
            durable.restore(books.snapshot())
        books.restore(durable.snapshot())
        assert books.pay(ORDER)
        assert not durable.entries()[0].paid


def test_books_of_another_version_are_refused_in_a_sentence(tmp_path: Path, clock: SetClock) -> None:
    with contextlib.closing(apsw.Connection(str(tmp_path / "bank.sqlite"))) as old:
        old.execute("create table orders (number)")
    with pytest.raises(OSError, match="are of another version; delete the folder, or name another"):
        BankBooks(tmp_path, RULES, clock)


# -- the ledger ------------------------------------------------------------------------------------------


def balances(books: BankBooks) -> tuple[int, ...]:
    """What is on the accounts: customers, suspense, purse float, terminal clearing."""
    return tuple(books.balances()[account] for account in Account)


def test_money_goes_from_the_customer_over_suspense_to_the_purse(books: BankBooks) -> None:
    code(books, OPEN)
    assert balances(books) == (0, 0, 0, 0)
    books.pay(ORDER)
    assert balances(books) == (-5000, 5000, 0, 0)
    right = replace(CONFIRM, tac=Purse().tac(INIT, permission(books)))
    assert balances(books) == (-5000, 5000, 0, 0)
    code(books, right)
    assert balances(books) == (-5000, 0, 5000, 0)
    assert books.flaws() == []


def test_a_refund_goes_back_to_the_customer(books: BankBooks) -> None:
    code(books, OPEN)
    books.pay(ORDER)
    refund(books)
    assert balances(books) == (0, 0, 0, 0)
    # the order's answer was the first with an RRN, the reversal's the second
    assert books.postings() == [
        Posting(1, "20261122", ORDER, CUSTOMERS, -5000, "000000000001"),
        Posting(1, "20261122", ORDER, SUSPENSE, 5000, "000000000001"),
        Posting(3, "20261122", ORDER, SUSPENSE, -5000, "000000000002"),
        Posting(3, "20261122", ORDER, CUSTOMERS, 5000, "000000000002"),
    ]
    assert books.flaws() == []


def test_a_load_after_its_refund_is_the_operators_loss(books: BankBooks) -> None:
    right = proof(books)
    refund(books)
    code(books, right)
    assert balances(books) == (0, 0, 5000, -5000)
    assert books.flaws() == []


def test_a_card_with_an_open_load_begins_no_other_at_another_terminal(books: BankBooks) -> None:
    right = proof(books)
    elsewhere = replace(OPEN, terminal="OT000002", order="OT000002-26112200001", stan=1)
    assert code(books, elsewhere) == "P2"
    assert code(books, right) == "00"
    assert code(books, replace(elsewhere, stan=2)) == "00"


def test_a_load_that_was_given_back_holds_no_card_up(books: BankBooks) -> None:
    proof(books)
    refund(books)
    assert code(books, replace(OPEN, terminal="OT000002", order="OT000002-26112200001", stan=1)) == "00"


def test_the_terminal_of_an_open_load_knows_of_it_itself(books: BankBooks) -> None:
    proof(books)
    assert code(books, replace(OPEN, order="OT000001-26112200099", stan=97)) == "00"


def test_a_repeat_under_another_stan_moves_nothing(books: BankBooks) -> None:
    right = proof(books)
    assert [code(books, replace(right, stan=stan)) for stan in (44, 50, 51)] == ["00", "00", "00"]
    assert balances(books) == (-5000, 0, 5000, 0)


@pytest.mark.parametrize(
    ("tampering", "flaws"),
    [
        (
            "delete from postings where account = 'suspense'",
            ["booking 1 is out of balance by -5000 fen", f"{ORDER} leaves 0 fen on suspense and not 5000"],
        ),
        ("update postings set amount_fen = amount_fen * 100", [
            f"{ORDER} leaves -500000 fen on customers and not -5000",
            f"{ORDER} leaves 500000 fen on suspense and not 5000",
        ]),
        ("delete from orders", [f"{ORDER} has postings and no order"]),
        ("update orders set loaded = 1", [
            f"{ORDER} leaves 5000 fen on suspense and not 0",
            f"{ORDER} leaves 0 fen on purse_float and not 5000",
        ]),
        ("delete from postings; delete from bookings", [
            f"{ORDER} leaves 0 fen on customers and not -5000",
            f"{ORDER} leaves 0 fen on suspense and not 5000",
        ]),
    ],
)  # fmt: skip
def test_the_books_tell_what_was_changed_behind_their_back(
    books: BankBooks, tmp_path: Path, clock: SetClock, tampering: str, flaws: Sequence[str]
) -> None:
    with contextlib.closing(BankBooks(tmp_path, RULES, clock)) as durable:
        code(durable, OPEN)
        durable.pay(ORDER)
        assert durable.flaws() == []
    with contextlib.closing(apsw.Connection(str(tmp_path / "bank.sqlite"))) as thief:
        list(thief.execute(tampering))
    with contextlib.closing(BankBooks(tmp_path, RULES, clock)) as durable:
        assert durable.flaws() == flaws


# -- reversals that come first, again, at once -----------------------------------------------------------


def test_whatever_comes_after_its_reversal_is_refused_and_debits_nothing(books: BankBooks) -> None:
    assert refund(books) == 0
    assert code(books, OPEN) == "P1"
    assert not books.pay(ORDER)
    assert code(books, LOAD) == "P1"
    assert code(books, CONFIRM) == "P1"
    assert balances(books) == (0, 0, 0, 0)
    assert books.flaws() == []


def test_an_order_and_its_reversals_in_any_order_end_with_the_money_at_the_customer(books: BankBooks) -> None:
    nothing = books.snapshot()
    messages: list[Callable[[], object]] = [
        lambda: code(books, OPEN),
        lambda: code(books, OPEN),  # a repeat
        lambda: books.pay(ORDER),
        lambda: refund(books),
        lambda: refund(books, replace(REVERSE, stan=99, reason="96")),
    ]
    for sequence in permutations(messages):
        books.restore(nothing)
        for message in sequence:
            message()
        (entry,) = books.entries()
        assert (entry.reversed, entry.refunded_fen) == (True, 5000 if entry.paid else 0)
        assert balances(books) == (0, 0, 0, 0)
        assert books.flaws() == []


def test_a_reversal_and_its_repeats_get_one_refund_through_any_number_of_connections(books: BankBooks) -> None:
    code(books, OPEN)
    books.pay(ORDER)
    requests = [REVERSE, replace(REVERSE, reason="96"), replace(REVERSE, stan=99), REVERSE] * 5
    with ThreadPoolExecutor(8) as connections:
        answers = list(connections.map(lambda request: refund(books, request), requests))
    assert answers == [5000] * 20
    assert balances(books) == (0, 0, 0, 0)


def test_an_order_that_races_its_reversal_is_debited_or_refused_but_never_kept(books: BankBooks) -> None:
    nothing = books.snapshot()
    with ThreadPoolExecutor(2) as connections:
        for _ in range(20):
            books.restore(nothing)
            late = connections.submit(lambda: (code(books, OPEN), books.pay(ORDER)))
            connections.submit(refund, books).result()
            assert late.result() in {("00", True), ("00", False), ("P1", False)}
            refund(books, replace(REVERSE, stan=99))
            assert balances(books) == (0, 0, 0, 0)


def test_the_bank_may_stop_and_start_between_any_two_messages(tmp_path: Path, clock: SetClock) -> None:
    def after_a_start(request: OrderRequest | ReversalRequest) -> str:
        with contextlib.closing(BankBooks(tmp_path, RULES, clock)) as books:
            answer = code(books, request)
            assert books.flaws() == []
        return answer

    assert after_a_start(REVERSE) == "00"
    assert after_a_start(OPEN) == "P1"
    assert after_a_start(OPEN) == "P1"
    assert after_a_start(replace(REVERSE, stan=99)) == "00"


def test_an_0401_is_a_repeat_of_the_0400_and_an_0221_of_the_0220(books: BankBooks) -> None:
    right = proof(books)
    assert books.answer(replace(right, repeat=True)) == books.answer(right)
    back = replace(REVERSE, order="T0000001-000043")
    assert books.answer(back) == books.answer(replace(back, repeat=True, reason="96"))


def test_a_purse_that_the_amount_would_overflow_is_refused(books: BankBooks) -> None:
    full = Purse(balance_fen=0xFFFFFFFF - 4999).init()
    assert code(books, replace(OPEN, purse=purse_of(full))) == "61"
    assert books.entries() == []


# -- the terminal's journal ------------------------------------------------------------------------------


def head(books: BankBooks, row: int, digest: int, terminal: str = TERMINAL, *, confirmed: int = 0) -> str:
    """Report a head and return the response code; hashes are given as one of their bytes, 0 is no confirmation."""
    request = JournalHeadRequest(
        terminal=terminal,
        stan=3,
        row_number=row,
        row_hash=bytes((digest,)) * 32,
        confirmed=bytes((confirmed,)) * 32,
    )
    answer = books.answer(request)
    assert isinstance(answer, JournalHeadResponse)
    assert answer.row_number == row
    return answer.response_code


def test_the_heads_of_a_journal_are_kept_and_repeats_are_welcome(books: BankBooks) -> None:
    assert [head(books, *each) for each in ((0, 0), (0, 0), (1, 1), (100, 2), (100, 2), (2**64 - 1, 3))] == ["00"] * 6


def test_a_journal_that_was_shortened_or_written_anew_is_noticed(books: BankBooks) -> None:
    assert head(books, 100, 2) == "00"
    assert head(books, 100, 9) == "94"
    assert head(books, 99, 2) == "94"
    assert head(books, 99, 2, "T0000002") == "00"
    assert head(books, 100, 2) == "00"


def test_an_older_copy_is_refused_though_its_head_was_once_the_newest(books: BankBooks) -> None:
    assert [head(books, 0, 0), head(books, 100, 2), head(books, 108, 3)] == ["00"] * 3
    assert [head(books, 0, 0), head(books, 100, 2)] == ["94"] * 2


def test_a_journal_that_staff_confirm_begins_anew_and_the_one_before_is_closed(
    books: BankBooks, caplog: pytest.LogCaptureFixture
) -> None:
    assert head(books, 100, 2) == "00"
    assert head(books, 1, 7, confirmed=7) == "00"
    assert "terminal T0000001 begins another journal, as its staff confirm: row 1 follows row 100" in caplog.text
    assert [head(books, 9, 8, confirmed=7), head(books, 9, 8, confirmed=7)] == ["00"] * 2
    assert head(books, 5, 6, confirmed=7) == "94"
    assert head(books, 200, 9) == "94"  # whoever goes on with the one before
    assert head(books, 3, 5, confirmed=5) == "00"
    assert [head(books, 50, 8, confirmed=7), head(books, 300, 2)] == ["94"] * 2
    assert head(books, 3, 5, confirmed=5) == "00"


def test_a_terminal_may_be_new_to_the_bank_with_a_journal_that_was_confirmed(books: BankBooks) -> None:
    assert head(books, 12, 2, confirmed=7) == "00"
    assert head(books, 13, 2) == "94"


# -- the day's settlement --------------------------------------------------------------------------------


def entry(kind: BookingKind, stan: int, rrn: str, at: time, **more: object) -> SettlementEntry:
    values = {
        "order": ORDER,
        "terminal": TERMINAL,
        "stan": stan,
        "rrn": rrn,
        "date": TODAY,
        "time": at,
        "kind": kind,
        "amount_fen": 5000,
        "state": SettledState.OPEN,
        "tac_proven": False,
        "card": "310487*********7890",
    }
    return SettlementEntry(**(values | more))  # type: ignore[arg-type]


def test_a_load_is_a_payment_and_a_load_in_the_settlement(books: BankBooks, clock: SetClock) -> None:
    right = proof(books)
    clock.sleep(75)
    code(books, right)
    loaded = {"state": SettledState.LOADED}
    settlement = books.settlement(TODAY)
    assert settlement.entries == (
        entry(BookingKind.PAYMENT, 42, "000000000001", time(9, 0, 0), **loaded),
        entry(BookingKind.LOAD, 44, "000000000003", time(9, 1, 15), tac_proven=True, **loaded),
    )
    assert decode(encode(settlement)) == settlement


def test_the_settlement_is_in_the_order_of_booking(books: BankBooks, clock: SetClock) -> None:
    right = proof(books)
    clock.sleep(60)
    code(books, replace(OPEN, order="T0000001-000043", stan=53))
    books.pay("T0000001-000043")
    clock.sleep(60)
    code(books, right)
    assert [(each.order[-2:], each.time.minute) for each in books.settlement(TODAY).entries] == [
        ("42", 0),
        ("43", 1),
        ("42", 2),
    ]


def test_what_is_not_proven_by_the_end_of_the_day_is_open_and_proven_on_the_next(
    books: BankBooks, clock: SetClock
) -> None:
    right = proof(books)
    clock.sleep(86_400)
    code(books, right)
    assert books.settlement(TODAY).entries == (
        entry(BookingKind.PAYMENT, 42, "000000000001", time(9, 0, 0)),
        entry(BookingKind.LOAD, 43, "000000000002", time(9, 0, 0)),
    )
    (next_day,) = books.settlement(date(2026, 11, 23)).entries
    assert (next_day.kind, next_day.state, next_day.tac_proven) == (BookingKind.LOAD, SettledState.LOADED, True)


def test_a_refund_is_a_reversal_too(books: BankBooks) -> None:
    code(books, OPEN)
    books.pay(ORDER)
    refund(books)
    back = {"state": SettledState.REVERSED}
    assert books.settlement(TODAY).entries == (
        entry(BookingKind.PAYMENT, 42, "000000000001", time(9, 0, 0), **back),
        entry(BookingKind.REVERSAL, 45, "000000000002", time(9, 0, 0), **back),
        entry(BookingKind.REFUND, 45, "000000000002", time(9, 0, 0), **back),
    )


def test_a_reversal_of_what_never_came_is_in_the_settlement_without_a_card(books: BankBooks) -> None:
    refund(books)
    (only,) = books.settlement(TODAY).entries
    assert (only.kind, only.state, only.card) == (BookingKind.REVERSAL, SettledState.REVERSED, "")


def test_a_load_after_its_refund_is_disputed(books: BankBooks) -> None:
    right = proof(books)
    refund(books)
    code(books, right)
    assert {each.state for each in books.settlement(TODAY).entries} == {SettledState.DISPUTED}


def test_what_nobody_paid_is_in_no_settlement(books: BankBooks, clock: SetClock) -> None:
    code(books, OPEN)
    clock.sleep(121)
    assert books.settlement(TODAY).entries == ()


def test_a_bank_whose_clock_is_wrong_dates_everything_wrong_but_times_nothing_wrong(
    books: BankBooks, clock: SetClock
) -> None:
    books.skew_s = 86_400
    right = proof(books)
    answer = permission(books)
    assert (answer.date, answer.time) == ("20261123", "090000")
    code(books, right)
    assert books.settlement(TODAY).entries == ()
    assert [each.kind for each in books.settlement(date(2026, 11, 23)).entries] == [
        BookingKind.PAYMENT,
        BookingKind.LOAD,
    ]
    later = replace(OPEN, order="T0000001-000043", stan=53)
    code(books, later)
    books.skew_s = -86_400
    assert books.pay(later.order)  # no lifetime has passed
