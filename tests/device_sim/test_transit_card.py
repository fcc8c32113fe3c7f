"""The transit card against the facts: every answer typed by hand, every MAC worked out here."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim import card_crypto
from device_sim.card import OtherCard
from device_sim.cards.lasting import Tear
from device_sim.transit_card import CardIdentity, Memory, PurseProfile, TransitCard
from kiosk_core.card_number import CardNumber
from wire.purse import Trip

NUMBER = CardNumber("3104760000000123456")
LOAD_KEY = bytes.fromhex("11223344556677888877665544332211")
TAC_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
TERMINAL = bytes.fromhex("001122334455")
RANDOM = bytes.fromhex("11223344")

# facts/purse-load.md 1.1
SELECT = "00 A4 04 00 08 A0 00 00 06 32 01 01 05 00"
READ_INFO = "00 B0 95 00 1E"
BALANCE = "80 5C 00 02 04"
INIT_50_YUAN = "80 50 00 02 0B 01 00 00 13 88 00 11 22 33 44 55 10"


def a_card(file: Path | None = None, balance_fen: int = 1230, counter: int = 7) -> TransitCard:
    card = TransitCard(
        CardIdentity(NUMBER, LOAD_KEY, TAC_KEY),
        balance_fen=balance_fen,
        counter=counter,
        file=file,
        draw=lambda size: RANDOM[:size],
    )
    card.power_on()
    return card


def ask(card: TransitCard, command: str) -> str | None:
    answer = card.transmit(bytes.fromhex(command))
    return None if answer is None else answer.hex().upper()


def credit(card: TransitCard, mac2: bytes | None = None, counter: int = 7) -> str | None:
    """Send 80 52 for 50.00, dated 2026-07-26 12:00:00, with the right MAC2 unless another is given."""
    key = card_crypto.session_key(LOAD_KEY, RANDOM, counter)
    right = card_crypto.mac2(key, 5000, 2, TERMINAL, "20260726", "120000")
    return ask(card, "80 52 00 00 0B 20 26 07 26 12 00 00" + (mac2 or right).hex() + "04")


def tac(balance_fen: int, counter: int) -> str:
    answer = card_crypto.tac(TAC_KEY, balance_fen, counter, 5000, 2, TERMINAL, "20260726", "120000")
    return answer.hex().upper()


def selected(file: Path | None = None) -> TransitCard:
    card = a_card(file)
    assert str(ask(card, SELECT)).endswith("9000")
    return card


def test_select_answers_the_fci_with_a_copy_of_file_15() -> None:
    # facts/purse-load.md 1.1 and 1.3: FCI 6F/84/A5/9F0C; file 15: issuer 8, type, version, number 10, dates 4+4, 2
    info = "0000000000000001 02 01 03104760000000123456 20240101 20341231 0000"
    expected = f"6F2D 8408A000000632010105 A521 9F0C1E {info} 9000".replace(" ", "")
    assert ask(a_card(), SELECT) == expected


def test_part_of_the_aid_selects_too() -> None:
    assert str(ask(a_card(), "00 A4 04 00 05 A0 00 00 06 32 00")).endswith("9000")


@pytest.mark.parametrize("aid", ["A00000000386980701", "A000000632010106", "A0000006320101050009", "A0"])
def test_other_applications_are_not_found(aid: str) -> None:
    assert ask(a_card(), f"00A40400{len(aid) // 2:02X}{aid}") == "6A82"


def test_a_locked_card_says_so() -> None:
    card = a_card()
    card.locked = True
    assert ask(card, SELECT) == "6A81"


def test_file_15_and_balance_are_read() -> None:
    card = selected()
    assert str(ask(card, READ_INFO)).startswith("00000000000000010201" + "03104760000000123456")
    assert ask(card, BALANCE) == "000004CE9000"


def test_a_wrong_expected_length_is_answered_with_the_right_one() -> None:
    card = selected()
    assert ask(card, "80 5C 00 02 08") == "6C04"
    assert ask(card, "00 B0 95 00 20") == "6C1E"
    assert ask(card, "80 5C 00 02 00") == "000004CE9000"
    assert ask(card, "80 5C 00 02") == "000004CE9000"


@pytest.mark.parametrize(
    ("command", "status_word"),
    [
        ("80 5D 00 02 04", "6D00"),
        ("00 CA 00 00 04", "6D00"),
        ("90 5C 00 02 04", "6E00"),
        ("80 5C 00 05 04", "6A86"),
        ("80 5C 04 02 04", "6A86"),
        ("00 84 00 00 05", "6C04"),
        ("00 B2 01 D4 17", "6A86"),
        ("00 B2 01 F4 30", "6A83"),
        ("00 A4 00 00 02 10 01 00", "6A86"),
        ("00 20 00 00 03 12 34 56", "6D00"),
        ("80 50 01 02 0B 01 00 00 13 88 00 11 22 33 44 55 10", "6A86"),
        ("80 50 00 02 0A 01 00 00 13 88 00 11 22 33 44 10", "6700"),
        ("80 50 00", "6700"),
        ("80 50 00 02 0B 02 00 00 13 88 00 11 22 33 44 55 10", "9403"),
        ("80 52 00 00 0B 20 26 07 26 12 00 00 01 02 03 04 04", "6901"),
        ("80 5A 00 02 02 00 07 08", "9406"),
        ("00 B2 01 C4 17", "6A83"),
        ("00 B2 00 C4 17", "6A83"),
    ],
)
def test_what_is_wrong_has_its_status_word(command: str, status_word: str) -> None:
    # facts/purse-load.md 1.5
    assert ask(selected(), command) == status_word


@pytest.mark.parametrize(("command", "status_word"), [(READ_INFO, "6A82"), (BALANCE, "6901"), (INIT_50_YUAN, "6901")])
def test_nothing_is_answered_before_select(command: str, status_word: str) -> None:
    assert ask(a_card(), command) == status_word


def test_initialize_for_load_answers_what_the_host_needs() -> None:
    # old balance 4, counter 2, key version, algorithm, random 4, MAC1 4: facts/purse-load.md 1.1
    key = card_crypto.session_key(LOAD_KEY, RANDOM, 7)
    mac1 = card_crypto.mac1(key, 1230, 5000, 2, TERMINAL).hex().upper()
    assert ask(selected(), INIT_50_YUAN) == "000004CE" + "0007" + "01" + "00" + "11223344" + mac1 + "9000"


def test_initialize_for_load_changes_nothing_durable() -> None:
    card = selected()
    before = card.memory
    ask(card, INIT_50_YUAN)
    assert card.memory == before


def test_credit_adds_the_amount_and_counts() -> None:
    card = selected()
    ask(card, INIT_50_YUAN)
    assert credit(card) == tac(6230, 7) + "9000"
    assert (card.memory.balance_fen, card.memory.counter) == (6230, 8)
    assert ask(card, BALANCE) == "00001856" + "9000"


def test_credit_works_once() -> None:
    card = selected()
    ask(card, INIT_50_YUAN)
    credit(card)
    assert credit(card) == "6901"
    assert card.memory.balance_fen == 6230


def test_wrong_mac2_is_9302_and_ends_the_load() -> None:
    card = selected()
    ask(card, INIT_50_YUAN)
    assert credit(card, bytes.fromhex("DEADBEEF")) == "9302"
    assert credit(card) == "6901"
    assert card.memory.balance_fen == 1230


def test_wrong_expected_length_of_credit_is_told_before_anything_happens() -> None:
    card = selected()
    ask(card, INIT_50_YUAN)
    assert ask(card, "80 52 00 00 0B 20 26 07 26 12 00 00 01 02 03 04 08") == "6C04"
    assert credit(card) == tac(6230, 7) + "9000"


@pytest.mark.parametrize("way", ["power", "select", "new load"])
def test_a_load_that_was_begun_is_lost(way: str) -> None:
    card = selected()
    ask(card, INIT_50_YUAN)
    match way:
        case "power":
            card.power_on()
            ask(card, SELECT)
        case "select":
            ask(card, SELECT)
        case _:
            ask(card, "80 50 00 02 0B 09 00 00 13 88 00 11 22 33 44 55 10")
    assert credit(card) == "6901"


def test_the_proof_of_a_load_bears_the_counter_after_it() -> None:
    # facts/purse-load.md 1.4: the number sent is the counter of 80 50 plus one
    card = selected()
    ask(card, INIT_50_YUAN)
    credit(card)
    key = card_crypto.session_key(LOAD_KEY, RANDOM, 7)
    mac2 = card_crypto.mac2(key, 5000, 2, TERMINAL, "20260726", "120000").hex().upper()
    assert ask(card, "80 5A 00 02 02 00 08 08") == mac2 + tac(6230, 7) + "9000"
    assert ask(card, "80 5A 00 02 02 00 07 08") == "9406"
    assert ask(card, "80 5A 00 02 02 00 09 08") == "9406"
    assert ask(card, "80 5A 00 06 02 00 08 08") == "9406"


def test_a_load_is_logged_newest_first() -> None:
    # facts/purse-load.md 1.3: seq 2, overdraft 3, amount 4, type 02, terminal 6, date 4, time 3
    card = selected()
    for counter in (7, 8):
        ask(card, INIT_50_YUAN)
        credit(card, counter=counter)
    assert ask(card, "00 B2 01 C4 17") == "0008000000000013880200112233445520260726120000" + "9000"
    assert ask(card, "00 B2 02 C4 17") == "0007000000000013880200112233445520260726120000" + "9000"


FARE = Trip(
    kind=4,
    terminal_no=bytes.fromhex("0000300089000340"),
    detail=1,
    station=bytes(7),
    amount_fen=500,
    balance_fen=-100,
    date="20241229",
    time="141740",
    city=bytes.fromhex("2600"),
    institution=bytes(8),
)


def overdrawn() -> TransitCard:
    card = TransitCard(
        CardIdentity(NUMBER, LOAD_KEY, TAC_KEY),
        balance_fen=400,
        counter=7,
        profile=PurseProfile(overdraft_limit_fen=800),
        draw=lambda size: RANDOM[:size],
    )
    card.power_on()
    ask(card, SELECT)
    card.ride(FARE)
    return card


def test_an_overdrawn_card_says_what_is_usable_used_and_allowed() -> None:
    # facts/purse-load.md 1.3: 03 usable, 02 overdraft used, 01 its limit; 7FFFFF9C is -1.00
    card = overdrawn()
    assert ask(card, "80 5C 03 02 04") == "00000000" + "9000"
    assert ask(card, "80 5C 02 02 04") == "00000064" + "9000"
    assert ask(card, "80 5C 01 02 04") == "00000320" + "9000"
    assert ask(card, BALANCE) == "7FFFFF9C" + "9000"


def test_a_trip_is_kept_and_its_fare_logged() -> None:
    # facts/purse-load.md 1.3: the log record is that of the real sample [T2] but for sequence and overdraft (1.00)
    card = overdrawn()
    assert ask(card, "00 B2 01 F4 30") == (
        "0400003000890003400100000000000000000001F47FFFFF9C202412291417402600" + "00" * 14 + "9000"
    )
    assert ask(card, "00 B2 01 C4 17") == "0000000064000001F4093000890003402024122914174" + "0" + "9000"
    card.ride(replace(FARE, amount_fen=0))
    assert ask(card, "00 B2 02 C4 17") == "6A83"  # an entry costs nothing and is in the trips alone
    assert str(ask(card, "00 B2 02 F4 30")).endswith("9000")


def test_a_load_pays_an_overdraft_back() -> None:
    card = overdrawn()
    answer = str(ask(card, INIT_50_YUAN))
    key = card_crypto.session_key(LOAD_KEY, RANDOM, 7)
    mac1 = card_crypto.mac1(key, 0x7FFFFF9C, 5000, 2, TERMINAL).hex().upper()
    assert answer == "7FFFFF9C" + "0007" + "01" + "00" + "11223344" + mac1 + "9000"
    assert credit(card) == tac(4900, 7) + "9000"
    assert card.memory.balance_fen == 4900


def test_a_challenge_is_as_long_as_it_is_asked_for() -> None:
    assert ask(selected(), "00 84 00 00 04") == "11223344" + "9000"


def test_the_counter_ends() -> None:
    card = a_card(counter=0xFFFF)
    ask(card, SELECT)
    assert ask(card, INIT_50_YUAN) == "9402"


def test_a_purse_does_not_overflow() -> None:
    card = a_card(balance_fen=1_000_000)
    ask(card, SELECT)
    assert ask(card, INIT_50_YUAN) == "6985"


@pytest.mark.parametrize(
    ("tear", "balance_fen", "proof"), [(Tear.BEFORE_COMMIT, 1230, "9406"), (Tear.AFTER_COMMIT, 6230, "9000")]
)
def test_torn_credit_is_whole_or_not_at_all(tear: Tear, balance_fen: int, proof: str, tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    card = selected(file)
    card.tear_next(tear)
    ask(card, INIT_50_YUAN)
    assert credit(card) is None
    again = selected(file)
    assert card.memory == again.memory
    assert again.memory.balance_fen == balance_fen
    assert str(ask(again, "80 5A 00 02 02 00 08 08")).endswith(proof)


def test_a_card_lives_on_in_its_file(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    card = selected(file)
    ask(card, INIT_50_YUAN)
    credit(card)
    assert a_card(file, balance_fen=0, counter=0).memory == card.memory
    assert [path.name for path in tmp_path.iterdir()] == ["card.json"]


def test_a_file_that_is_no_card_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    for text in ("", "[]", '{"balance": 1}', '{"balance_fen": "1"}'):
        file.write_text(text)
        with pytest.raises(ValueError, match="no memory of such a card"):
            a_card(file)


def test_keys_and_number_do_not_show() -> None:
    shown = repr(CardIdentity(NUMBER, LOAD_KEY, TAC_KEY))
    assert NUMBER.reveal() not in shown
    assert repr(LOAD_KEY) not in shown


def test_an_issuer_derives_keys_by_the_number() -> None:
    identity = CardIdentity.of_issuer(NUMBER, LOAD_KEY, TAC_KEY)
    factor = bytes.fromhex("4760000000123456")
    assert identity.load_key == card_crypto.diversify(LOAD_KEY, factor)
    assert identity.tac_key == card_crypto.diversify(TAC_KEY, factor)


def test_another_card_knows_no_application() -> None:
    card = OtherCard()
    assert card.power_on() == bytes.fromhex("3B80800101")
    assert card.transmit(bytes.fromhex(SELECT)) == bytes.fromhex("6A82")
    assert card.transmit(bytes.fromhex(BALANCE)) == bytes.fromhex("6D00")
    assert card.transmit(b"") == bytes.fromhex("6700")


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_no_bytes_break_a_card_or_charge_it(commands: list[bytes]) -> None:
    card = selected()
    for command in commands:
        answer = card.transmit(command)
        assert answer is not None
        assert len(answer) >= 2
    assert card.memory == Memory(1230, 7)
