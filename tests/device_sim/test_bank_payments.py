"""The simulated bank where a bank card pays, a deposit is made, or a load is in suspense."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from device_sim.bank_books import BankBooks
from device_sim.bank_desk import BankDesk
from device_sim.bank_faults import BankFault, BankFaults, BankMisfortune
from device_sim.bank_ledger import Account
from device_sim.cards.debit import issuer_cryptogram
from device_sim.secure_module import HeldKey, SecureModule
from kiosk_core.pin_pad import PinFormat
from tests.bank import ACCOUNT, BANK_RULES, TERMINAL, Purse, chip_data, paying_card
from tests.clocks import SetClock
from tests.device_sim.test_bank_host import ASK, INIT, LOAD, MONEY, OPEN, ORDER, REVERSE, permission, refund, status
from wire.host_decoder import decode
from wire.host_encoder import encode
from wire.host_messages import ChargeRequest, ChargeResponse, ConfirmRequest, DepositRequest, SuspenseRequest
from wire.host_values import Approval, OrderStatus, PayingCard, PinScheme, SealedPin
from wire.settlement import BookingKind, SettledState, Settlement, SettlementEntry
from wire.settlement import decode as decode_settlement
from wire.settlement import encode as encode_settlement

CARD = paying_card()
CHARGE = ChargeRequest(**MONEY, stan=42, card=OPEN.card, purse=OPEN.purse, payer=CARD)
DEPOSIT = DepositRequest(**MONEY, stan=42, card=CARD.number)
SUSPEND = SuspenseRequest(**MONEY, stan=43, counter=23, authorised_date="20261122", authorised_time="090000")
CUSTOMERS, SUSPENSE, PURSE_FLOAT = Account.CUSTOMERS, Account.SUSPENSE, Account.PURSE_FLOAT
LONG_PIN_KEY = bytes.fromhex("AF8CB133A78F8DC2D1359F18527593FB")
TODAY, TOMORROW = date(2026, 11, 22), date(2026, 11, 23)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 22, 9, 0, tzinfo=UTC))


@pytest.fixture
def books(clock: SetClock) -> Iterator[BankBooks]:
    with closing(BankBooks(None, replace(BANK_RULES, long_pin_key=LONG_PIN_KEY), clock)) as opened:
        yield opened


def code(books: BankBooks, request: Any) -> str:
    return str(getattr(books.answer(request), "response_code", None))


def on_account(books: BankBooks) -> int:
    return books.balance_fen(ACCOUNT.number)


def numbered(request: Any, number: int) -> Any:
    """The same for another order; a chip counts."""
    request = replace(request, order=f"T0000001-{number:06}", stan=number)
    if isinstance(request, ChargeRequest):
        return replace(request, payer=replace(request.payer, chip=chip_data(5000, counter=number)))
    return request


# -- a charge --------------------------------------------------------------------------------------------


def test_a_charge_is_an_order_that_is_paid_at_once(books: BankBooks) -> None:
    assert code(books, CHARGE) == "00"
    assert status(books) is OrderStatus.PAID
    assert not books.pay(ORDER)
    assert on_account(books) == 995_000
    assert (books.balances()[CUSTOMERS], books.balances()[SUSPENSE]) == (-5000, 5000)
    tac = Purse().tac(INIT, permission(books))
    assert code(books, ConfirmRequest(**MONEY, stan=44, tac=tac)) == "00"
    assert (books.balances()[SUSPENSE], books.balances()[PURSE_FLOAT]) == (0, 5000)
    assert books.flaws() == []


def test_an_approval_lets_the_chip_know_its_bank(books: BankBooks) -> None:
    answer = books.answer(replace(CHARGE, payer=replace(CARD, chip=chip_data(5000, counter=7))))
    assert isinstance(answer, ChargeResponse)
    chip = chip_data(5000, counter=7)
    expected = issuer_cryptogram(ACCOUNT.chip_key, bytes.fromhex("0007"), chip[-8:], b"00")
    assert answer.approval == Approval("000001", bytes.fromhex("910A") + expected + b"00")


def test_the_issuer_s_cryptogram_is_that_of_emv() -> None:
    # EMV 4.3 Book 2, A1.3.1 and 8.2.1, worked out with OpenSSL 3.0: des-ede3-ecb of 0001F00000000000 and
    # 00010F0000000000 gives the session key, that of 0102030405060708 XOR 3030000000000000 under it the result.
    assert issuer_cryptogram(
        ACCOUNT.chip_key, bytes.fromhex("0001"), bytes.fromhex("0102030405060708"), b"00"
    ) == bytes.fromhex("EE273CB0D83ACFE5")


def test_a_charge_is_given_back_to_the_account_that_paid_it(books: BankBooks) -> None:
    assert code(books, CHARGE) == "00"
    assert [refund(books, REVERSE), refund(books, replace(REVERSE, repeat=True))] == [5000, 5000]
    assert on_account(books) == 1_000_000
    assert set(books.balances().values()) == {0}
    assert books.flaws() == []


def test_a_charge_that_comes_after_its_reversal_debits_nothing(books: BankBooks) -> None:
    assert refund(books, REVERSE) == 0
    assert code(books, CHARGE) == "P1"
    assert on_account(books) == 1_000_000
    assert books.postings() == []


def test_a_charge_that_is_told_again_debits_once(books: BankBooks) -> None:
    first = books.answer(CHARGE)
    assert books.answer(CHARGE) == first
    assert on_account(books) == 995_000


@pytest.mark.parametrize(
    "payer",
    [
        replace(CARD, number="9999990000000000022"),
        replace(CARD, chip=chip_data(5000, counter=2)),
        replace(CARD, pin=paying_card(pin="123457").pin),
        replace(CARD, pin=None),
    ],
)
def test_another_card_under_the_same_number_is_no_repeat(books: BankBooks, payer: PayingCard) -> None:
    code(books, CHARGE)
    assert code(books, replace(CHARGE, payer=payer)) == "94"
    assert on_account(books) == 995_000


def changed_chip(old: str, new: str) -> bytes:
    assert CARD.chip.count(bytes.fromhex(old)) == 1
    return CARD.chip.replace(bytes.fromhex(old), bytes.fromhex(new))


@pytest.mark.parametrize(
    ("charge", "expected"),
    [
        (replace(CHARGE, amount_fen=0), "13"),
        (replace(CHARGE, amount_fen=100_001), "61"),
        (replace(CHARGE, card="310487000123"), "P3"),
        (replace(CHARGE, purse=replace(CHARGE.purse, mac1=bytes(4))), "A0"),
        (replace(CHARGE, payer=replace(CARD, number="9999990000000000022")), "14"),
        (replace(CHARGE, payer=replace(CARD, number="1")), "14"),
        (replace(CHARGE, payer=replace(CARD, expires="3111")), "54"),
        (replace(CHARGE, payer=replace(CARD, track2="9999990000000000022=31122200000000000")), "05"),
        (replace(CHARGE, payer=replace(CARD, track2="9999990000000000014=31112200000000000")), "05"),
        (replace(CHARGE, payer=replace(CARD, pin=None)), "05"),
        (replace(CHARGE, payer=replace(CARD, chip=b"\x00")), "05"),
        (replace(CHARGE, payer=replace(CARD, chip=b"\x9f")), "05"),
        (replace(CHARGE, payer=replace(CARD, chip=CARD.chip[:-1] + bytes((CARD.chip[-1] ^ 1,)))), "05"),
        (replace(CHARGE, payer=replace(CARD, chip=chip_data(4999, counter=1))), "05"),
        (
            replace(
                CHARGE, payer=replace(CARD, chip=CARD.chip.replace(b"\x5f\x2a\x02\x01\x56", b"\x5f\x2a\x02\x08\x40"))
            ),
            "05",
        ),
        (replace(CHARGE, payer=replace(CARD, chip=CARD.chip.replace(b"\x9f\x27\x01\x80", b"\x9f\x27\x01\x40"))), "05"),
    ],
)
def test_what_does_not_fit_debits_nothing(books: BankBooks, charge: ChargeRequest, expected: str) -> None:
    assert code(books, charge) == expected
    assert books.postings() == []
    assert books.entries() == []


def test_a_card_pays_until_the_end_of_its_last_month(books: BankBooks, clock: SetClock) -> None:
    clock.sleep((datetime(2031, 12, 31, 23, 0, tzinfo=UTC) - clock.wall()).total_seconds())
    assert code(books, numbered(CHARGE, 1)) == "00"
    clock.sleep(3600)
    assert code(books, numbered(CHARGE, 2)) == "54"


def test_an_account_is_not_overdrawn(clock: SetClock) -> None:
    rules = replace(BANK_RULES, accounts=(replace(ACCOUNT, balance_fen=9_999),))
    with closing(BankBooks(None, rules, clock)) as books:
        assert [code(books, numbered(CHARGE, number)) for number in (1, 2)] == ["00", "51"]
        assert on_account(books) == 4_999
        refund(books, numbered(replace(REVERSE, original_stan=1), 1))
        assert [code(books, numbered(CHARGE, number)) for number in (2, 3)] == ["51", "00"]


# -- its PIN ---------------------------------------------------------------------------------------------


def with_pin(number: int, pin: str) -> Any:
    return numbered(replace(CHARGE, payer=paying_card(pin=pin)), number)


def test_the_third_wrong_pin_in_a_row_closes_the_card(books: BankBooks) -> None:
    assert [code(books, with_pin(number, "654321")) for number in (1, 2, 3)] == ["55", "55", "75"]
    assert code(books, with_pin(4, "123456")) == "75"
    assert on_account(books) == 1_000_000


def test_a_right_pin_ends_the_count(books: BankBooks) -> None:
    typed = ["654321", "12345", "123456", "654321", "654321", "123456"]
    answers = [code(books, with_pin(number, pin)) for number, pin in enumerate(typed, 1)]
    assert answers == ["55", "55", "00", "55", "55", "00"]


def test_a_wrong_pin_that_is_told_again_is_counted_once(books: BankBooks) -> None:
    assert [code(books, with_pin(1, "654321")) for _ in range(5)] == ["55"] * 5
    assert code(books, with_pin(2, "123456")) == "00"


def test_who_cannot_load_does_not_find_out_whether_a_pin_is_right(books: BankBooks) -> None:
    for number in range(1, 6):
        bad = with_pin(number, "654321")
        assert code(books, replace(bad, purse=replace(bad.purse, mac1=bytes(4)))) == "A0"
    assert code(books, with_pin(6, "123456")) == "00"


def test_a_block_under_another_key_is_the_line_s_fault_and_not_counted(books: BankBooks) -> None:
    for number in range(1, 5):
        stranger = replace(CARD, pin=SealedPin(PinScheme.ISO0_TDES, bytes.fromhex("A71EE7C613F920ED")))
        assert code(books, numbered(replace(CHARGE, payer=stranger), number)) == "99"
    assert code(books, with_pin(5, "123456")) == "00"


def test_a_bank_that_gave_no_key_reads_no_pin(clock: SetClock) -> None:
    with closing(BankBooks(None, replace(BANK_RULES, pin_key=None), clock)) as books:
        assert code(books, CHARGE) == "99"


@pytest.mark.parametrize("pin_format", PinFormat)
def test_a_pin_is_read_in_every_format_that_a_pad_makes(books: BankBooks, pin_format: PinFormat) -> None:
    module = SecureModule(lambda size: bytes(range(size)))
    assert BANK_RULES.pin_key is not None
    module.put("T", HeldKey("P0", "T", "E", BANK_RULES.pin_key))
    module.put("A", HeldKey("P0", "A", "E", LONG_PIN_KEY))
    scheme = {
        PinFormat.ISO0: PinScheme.ISO0_TDES,
        PinFormat.ISO3: PinScheme.ISO3_TDES,
        PinFormat.ISO4: PinScheme.ISO4_AES,
    }[pin_format]
    place = "A" if pin_format is PinFormat.ISO4 else "T"
    for number, pin, expected in ((1, "123457", "55"), (2, "123456", "00")):
        block = module.pin_block(place, pin_format, pin, CARD.number)
        payer = replace(CARD, pin=SealedPin(scheme, block))
        assert code(books, numbered(replace(CHARGE, payer=payer), number)) == expected


def test_balance_and_wrong_pins_outlive_the_bank(clock: SetClock, tmp_path: Path) -> None:
    with closing(BankBooks(tmp_path, BANK_RULES, clock)) as books:
        assert [code(books, with_pin(number, pin)) for number, pin in ((1, "123456"), (2, "654321"))] == ["00", "55"]
    with closing(BankBooks(tmp_path, BANK_RULES, clock)) as books:
        assert on_account(books) == 995_000
        assert [code(books, with_pin(number, "654321")) for number in (2, 3, 4)] == ["55", "55", "75"]


# -- its chip --------------------------------------------------------------------------------------------


def with_counter(number: int, counter: int, **more: Any) -> Any:
    """A charge for an order of its own, signed by the chip under this transaction counter."""
    charge = numbered(CHARGE, number)
    return replace(charge, payer=replace(charge.payer, chip=chip_data(5000, counter), **more))


def test_what_a_chip_signed_pays_once(books: BankBooks) -> None:
    assert [code(books, with_counter(1, 7)), code(books, with_counter(2, 7))] == ["00", "59"]
    assert on_account(books) == 995_000


def test_a_chip_does_not_count_backwards_and_may_jump(books: BankBooks) -> None:
    counters = enumerate([7, 6, 9, 8, 65_535, 1], 1)
    assert [code(books, with_counter(*each)) for each in counters] == ["00", "59", "00", "59", "00", "59"]


def test_the_same_message_again_is_no_replay(books: BankBooks) -> None:
    first = books.answer(with_counter(1, 7))
    assert [books.answer(with_counter(1, 7)) for _ in range(3)] == [first] * 3
    assert on_account(books) == 995_000


@pytest.mark.parametrize(("more", "expected"), [({"pin": paying_card(pin="654321").pin}, "55"), ({"pin": None}, "05")])
def test_what_a_chip_signed_for_a_payment_that_was_refused_pays_nothing_either(
    books: BankBooks, more: Any, expected: str
) -> None:
    assert [code(books, with_counter(1, 7, **more)), code(books, with_counter(2, 7))] == [expected, "59"]
    assert code(books, with_counter(3, 8)) == "00"


def test_a_forged_chip_does_not_use_up_the_counters_of_the_real_one(books: BankBooks) -> None:
    forged = chip_data(5000, counter=9)[:-1] + b"\x00"
    charge = numbered(CHARGE, 1)
    assert code(books, replace(charge, payer=replace(charge.payer, chip=forged))) == "05"
    assert code(books, with_counter(2, 1)) == "00"


def test_a_chip_that_was_played_back_does_not_find_out_a_pin(books: BankBooks) -> None:
    assert code(books, with_counter(1, 7)) == "00"
    for number, pin in enumerate(["654321", "654322", "654323", "123456"], 2):
        assert code(books, with_counter(number, 7, pin=paying_card(pin=pin).pin)) == "59"
    assert code(books, with_counter(6, 8)) == "00"


# -- its faults ------------------------------------------------------------------------------------------


def test_a_charge_that_overtakes_nothing_but_its_own_reversal_debits_nothing(books: BankBooks) -> None:
    faults = BankFaults()
    desk = BankDesk(books, faults)
    faults.strike(BankMisfortune(BankFault.REQUEST_LATE, request="charge"))
    assert desk.reply(encode(CHARGE)).data == b""
    desk.reply(encode(REVERSE))  # and the charge behind it
    assert on_account(books) == 1_000_000
    assert books.postings() == []


def test_a_charge_whose_answer_was_lost_is_known_by_its_repeat(books: BankBooks) -> None:
    faults = BankFaults()
    desk = BankDesk(books, faults)
    faults.strike(BankMisfortune(BankFault.ANSWER_LOST, request="charge"))
    assert desk.reply(encode(CHARGE)).data == b""
    answer = decode(desk.reply(encode(CHARGE)).data[2:])
    assert isinstance(answer, ChargeResponse)
    assert answer.response_code == "00"
    assert on_account(books) == 995_000


def test_the_bank_refuses_a_charge_when_it_is_told_to(books: BankBooks) -> None:
    faults = BankFaults()
    faults.declines_next = "41"
    answer = decode(BankDesk(books, faults).reply(encode(CHARGE)).data[2:])
    assert isinstance(answer, ChargeResponse)
    assert answer.response_code == "41"
    assert on_account(books) == 1_000_000


# -- a deposit -------------------------------------------------------------------------------------------


def test_a_payment_to_a_deposit_is_on_the_account_in_one_booking(books: BankBooks) -> None:
    assert code(books, DEPOSIT) == "00"
    assert status(books) is OrderStatus.PENDING
    assert on_account(books) == 1_000_000
    assert books.pay(ORDER)
    assert status(books) is OrderStatus.PAID
    assert on_account(books) == 1_005_000
    assert [(each.account, each.amount_fen) for each in books.postings()] == [(CUSTOMERS, -5000), (CUSTOMERS, 5000)]
    assert books.flaws() == []


def test_nothing_is_loaded_for_a_deposit(books: BankBooks) -> None:
    assert code(books, DEPOSIT) == "00"
    books.pay(ORDER)
    assert code(books, LOAD) == "25"
    assert code(books, SUSPEND) == "P0"


def test_a_deposit_that_nobody_paid_is_reversed(books: BankBooks) -> None:
    assert code(books, DEPOSIT) == "00"
    assert refund(books, REVERSE) == 0
    assert not books.pay(ORDER)
    assert status(books) is OrderStatus.EXPIRED


def test_a_deposit_that_is_reversed_after_all_goes_back_to_who_paid_it(books: BankBooks) -> None:
    assert code(books, DEPOSIT) == "00"
    books.pay(ORDER)
    assert refund(books, REVERSE) == 5000
    assert on_account(books) == 1_000_000
    assert books.flaws() == []


@pytest.mark.parametrize(
    ("deposit", "expected"),
    [
        (replace(DEPOSIT, card="9999990000000000022"), "14"),
        (replace(DEPOSIT, card="1"), "14"),
        (replace(DEPOSIT, amount_fen=0), "13"),
        (replace(DEPOSIT, amount_fen=5_000_001), "61"),
    ],
)
def test_a_deposit_that_cannot_be_opens_no_order(books: BankBooks, deposit: DepositRequest, expected: str) -> None:
    assert code(books, deposit) == expected
    assert books.entries() == []


# -- a suspense ------------------------------------------------------------------------------------------


def test_a_suspense_is_kept_and_may_be_told_again(books: BankBooks) -> None:
    assert code(books, SUSPEND) == "25"
    assert code(books, OPEN) == "00"
    assert books.pay(ORDER)
    assert code(books, replace(SUSPEND, stan=46)) == "P0"
    granted = permission(books)
    report = replace(SUSPEND, stan=47)
    assert [code(books, each) for each in (report, replace(report, repeat=True))] == ["00", "00"]
    assert code(books, replace(report, stan=48, amount_fen=4999)) == "13"
    for other in (
        replace(report, stan=50, terminal="T0000002"),
        replace(report, stan=51, counter=22),
        replace(report, stan=52, authorised_date="20261121"),
        replace(report, stan=53, authorised_time="090001"),
    ):
        assert code(books, other) == "25"
    assert code(books, ConfirmRequest(**MONEY, stan=44, tac=Purse().tac(INIT, granted))) == "00"
    assert code(books, replace(report, stan=49)) == "22"


def test_a_suspense_moves_no_money_and_is_closed_by_a_reversal(books: BankBooks) -> None:
    assert code(books, CHARGE) == "00"
    permission(books)
    before = books.postings()
    assert code(books, SUSPEND) == "00"
    assert books.postings() == before
    assert refund(books, REVERSE) == 5000
    assert code(books, replace(SUSPEND, stan=47)) == "P1"


# -- the settlement --------------------------------------------------------------------------------------

BANK_CARD, TRANSIT_CARD = "999999*********0014", "310487*********7890"


def entry(kind: BookingKind, stan: int, rrn: int, at: time, **more: Any) -> SettlementEntry:
    shape: dict[str, Any] = {"order": ORDER, "terminal": TERMINAL, "date": TODAY, "amount_fen": 5000}
    shape |= {"kind": kind, "stan": stan, "rrn": f"{rrn:012}", "time": at, "tac_proven": False}
    return SettlementEntry(**shape, **more)


def settled(books: BankBooks, day: date = TODAY) -> tuple[SettlementEntry, ...]:
    settlement: Settlement = books.settlement(day)
    assert decode_settlement(encode_settlement(settlement)) == settlement
    return settlement.entries


def test_a_suspense_is_a_line_of_the_day_on_which_it_was_told(books: BankBooks, clock: SetClock) -> None:
    assert code(books, CHARGE) == "00"
    granted = permission(books)
    clock.sleep(60)
    for number in (43, 43, 47):
        assert code(books, replace(SUSPEND, stan=number)) == "00"
    waits = SettledState.SUSPENSE
    assert settled(books) == (
        entry(BookingKind.PAYMENT, 42, 1, time(9), state=waits, card=BANK_CARD),
        entry(BookingKind.LOAD, 43, 2, time(9), state=waits, card=TRANSIT_CARD),
        entry(BookingKind.SUSPENSE, 43, 3, time(9, 1), state=waits, card=TRANSIT_CARD),
    )
    clock.sleep(86_400)
    assert code(books, ConfirmRequest(**MONEY, stan=44, tac=Purse().tac(INIT, granted))) == "00"
    assert {each.state for each in settled(books)} == {waits}
    (proof,) = settled(books, TOMORROW)
    assert (proof.kind, proof.state) == (BookingKind.LOAD, SettledState.LOADED)


def test_a_charge_that_was_given_back_names_the_bank_card_that_paid(books: BankBooks) -> None:
    code(books, CHARGE)
    refund(books, REVERSE)
    back = SettledState.REVERSED
    assert settled(books) == (
        entry(BookingKind.PAYMENT, 42, 1, time(9), state=back, card=BANK_CARD),
        entry(BookingKind.REVERSAL, 45, 2, time(9), state=back, card=TRANSIT_CARD),
        entry(BookingKind.REFUND, 45, 2, time(9), state=back, card=BANK_CARD),
    )


def test_a_deposit_is_settled_as_such(books: BankBooks) -> None:
    code(books, DEPOSIT)
    assert settled(books) == ()
    books.pay(ORDER)
    assert settled(books) == (entry(BookingKind.PAYMENT, 42, 1, time(9), state=SettledState.DEPOSITED, card=BANK_CARD),)


# -- secrets ---------------------------------------------------------------------------------------------


def test_the_books_hold_no_bank_card_no_pin_and_no_track(books: BankBooks) -> None:
    code(books, CHARGE)
    code(books, numbered(DEPOSIT, 2))
    kept = books.snapshot()
    assert CARD.pin is not None
    for secret in (b"9999990000000000014", bytes.fromhex("99999900000000000140"), CARD.pin.block, b"31122200"):
        assert secret not in kept


def test_no_repr_shows_what_only_the_bank_knows() -> None:
    assert "123456" not in repr(BANK_RULES)
    assert "0000000000014" not in repr(BANK_RULES)
    assert "0123456789" not in repr(BANK_RULES)


def test_a_status_is_that_of_the_terminal_s_own_order(books: BankBooks) -> None:
    code(books, CHARGE)
    assert code(books, replace(ASK, terminal="T0000002")) == "25"
