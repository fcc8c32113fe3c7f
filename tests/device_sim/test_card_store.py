"""The card store: every kind can be made, keeps its state, can be torn; chips against the facts and EMV's books."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_sim.card import Card
from device_sim.cards.debit import application_cryptogram
from device_sim.cards.kinds import Issuer, StoredCard, built_in_kinds, make_card
from device_sim.cards.lasting import Lasting, Tear, Tearing, TornError
from device_sim.cards.mifare import MifareClassic, MifareUltralight
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.crt591_cards import I2cMemory, SimulatedI2cCard, SimulatedSle4442
from device_sim.plastic_card import Length, TrackDamage
from tests.clocks import SetClock
from wire.crt591_storage import I2cType, Sle4442Area, Sle4442Read, Sle4442Verify, Sle4442WriteTo

ISSUER = Issuer(bytes(range(16)), bytes(range(16, 32)))

# The application's name: facts/social-security-card.md, chapter 2.
SELECT_SOCIAL = "00 A4 04 00 0F 73 78 31 2E 73 68 2E C9 E7 BB E1 B1 A3 D5 CF"
# facts/social-security-card.md: the debit application in the same chip.
SELECT_DEBIT = "00 A4 04 00 08 A0 00 00 03 33 01 01 01"
# EMV 4.3 Book 3, 6.5.8: without PDOL the data is 83 00.
GPO = "80 A8 00 00 02 83 00 00"
FIRST_AC = "80 AE 80 00 1D" + "00" * 29 + "00"
SECOND_AC = "80 AE 40 00 1F" + "00" * 31 + "00"


def card_of(kind: str, folder: Path) -> StoredCard:
    return make_card(built_in_kinds()[kind], kind, folder, ISSUER)


def chip_of(kind: str, folder: Path) -> Card:
    chip = card_of(kind, folder).plastic.chip
    assert chip is not None
    chip.power_on()
    return chip


def ask(card: Card, command: str) -> str | None:
    answer = card.transmit(bytes.fromhex(command))
    return None if answer is None else answer.hex(" ").upper()


@pytest.mark.parametrize("kind", sorted(built_in_kinds()))
def test_every_kind_can_be_made_and_made_again(kind: str, tmp_path: Path) -> None:
    for _ in range(2):
        assert card_of(kind, tmp_path).about


@pytest.mark.parametrize("kind", sorted(built_in_kinds()))
def test_no_number_of_the_store_is_anybodys(kind: str, tmp_path: Path) -> None:
    found = built_in_kinds()[kind].chip
    if found is not None and found.debit is not None:
        number = found.debit.number
        assert number.startswith("999999")
        doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
        assert sum(each // 10 + each % 10 for each in doubled) % 10 == 0  # ISO/IEC 7812-1, annex B
    if found is not None and found.social_security is not None:
        number = found.social_security.number
        assert number[14:17] == "000"
        weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        rest = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True)) % 11
        assert number[17] == "10X98765432"[rest]  # GB 11643


def test_nothing_secret_of_a_kind_shows() -> None:
    for kind in ("bank", "social_security_3", "city_purse"):
        shown = repr(built_in_kinds()[kind])
        for secret in ("9999990000000000", "00112233445566", "310101199001010004", "甄模拟", "20002100000999900025"):
            assert secret not in shown


# -- social security -----------------------------------------------------------------------------------------


def test_a_second_generation_card_reads_as_the_facts_say(tmp_path: Path) -> None:
    chip = chip_of("social_security_2", tmp_path)
    assert ask(chip, "00 B2 01 2C 12") == "6A 82"
    assert str(ask(chip, SELECT_SOCIAL)).endswith("90 00")
    # the exact reads of the facts, each with its tag first
    reads = {
        "00 B2 01 2C 12": "01 10",
        "00 B2 03 2C 06": "03 04 32 2E 30 30",
        "00 B2 04 2C 0E": "04 0C",
        "00 B2 05 2C 06": "05 04 20 22 01 01",
        "00 B2 06 2C 06": "06 04 20 32 01 01",
        "00 B2 07 2C 0B": "07 09 41 30 30 30 30 30 30 30 32",
        "00 B2 01 34 14": "08 12 33 31 30 31 30 31",
        "00 B2 02 34 20": "09 1E D5 E7 C4 A3 C4 E2",
        "00 B2 04 34 03": "0A 01 32",
    }
    for command, beginning in reads.items():
        answer = str(ask(chip, command))
        assert answer.startswith(beginning)
        assert answer.endswith("90 00")
    assert ask(chip, "00 B2 01 2C 10") == "6C 12"
    assert ask(chip, "00 B2 03 34 00") == "6A 83"
    assert ask(chip, "00 A4 02 00 02 EF 06") == "90 00"
    assert str(ask(chip, "00 B2 01 04 14")).startswith("08 12")
    assert ask(chip, "00 A4 02 00 02 EF 07") == "6A 82"


def test_what_needs_a_psam_stays_closed_on_a_third_generation_card(tmp_path: Path) -> None:
    chip = chip_of("social_security_3", tmp_path)
    ask(chip, SELECT_SOCIAL)
    assert str(ask(chip, "00 B2 07 2C 0B")).endswith("90 00")
    assert ask(chip, "00 B2 01 34 14") == "69 82"
    assert len(str(ask(chip, "00 84 00 00 08")).split()) == 10
    assert ask(chip, "00 82 00 0A 10" + "00" * 16) == "63 00"
    assert ask(chip, "00 B2 01 34 14") == "69 82"


def test_its_three_accounts_are_three_applications_of_one_chip(tmp_path: Path) -> None:
    plastic = card_of("social_security_3", tmp_path).plastic
    assert plastic.chip is not None
    assert plastic.radio is not None
    assert plastic.chip.power_on() != plastic.radio.power_on()
    for select in (SELECT_SOCIAL, SELECT_DEBIT, "00 A4 04 00 08 A0 00 00 06 32 01 01 05"):
        assert str(ask(plastic.radio, select)).endswith("90 00")
    assert ask(plastic.radio, "80 5C 00 02 04") == "00 00 13 88 90 00"
    assert ask(plastic.radio, "00 A4 04 00 05 01 02 03 04 05") == "6A 82"
    ask(plastic.radio, SELECT_DEBIT)
    assert ask(plastic.radio, "80 5C 00 02 04") == "6D 00"


# -- the bank's card -----------------------------------------------------------------------------------------


def test_a_terminal_finds_the_debit_application_and_reads_it(tmp_path: Path) -> None:
    chip = chip_of("bank", tmp_path)
    # EMV 4.3 Book 1, 12.2.2: the directory at the contacts; PPSE: EMV Contactless Book B
    assert ask(chip, "00 A4 04 00 0E 31 50 41 59 2E 53 59 53 2E 44 44 46 30 31 00") == (
        "6F 15 84 0E 31 50 41 59 2E 53 59 53 2E 44 44 46 30 31 A5 03 88 01 01 90 00"
    )
    directory = str(ask(chip, "00 B2 01 0C 00"))
    assert directory.startswith("70 1B 61 19 4F 08 A0 00 00 03 33 01 01 01 50 0A 50 42 4F 43")
    assert ask(chip, "00 B2 02 0C 00") == "6A 83"
    assert "BF 0C" in str(ask(chip, "00 A4 04 00 0E 32 50 41 59 2E 53 59 53 2E 44 44 46 30 31 00"))
    assert ask(chip, GPO) == "69 85"
    assert str(ask(chip, SELECT_DEBIT)).startswith("6F 20 84 08 A0 00 00 03 33 01 01 01 A5 14 50 0A")
    assert ask(chip, "00 B2 01 0C 00") == "6A 82"
    assert ask(chip, GPO) == "80 0A 1C 00 08 01 01 00 10 01 01 00 90 00"
    assert ask(chip, GPO) == "69 85"
    # Book 3, annex A: 57 is PAN, D, YYMM, service code, discretionary data
    assert str(ask(chip, "00 B2 01 0C 00")).startswith(
        "70 22 57 10 99 99 99 00 00 00 00 00 01 4D 31 12 22 00 00 00 5F 20"
    )
    assert "5A 0A 99 99 99 00 00 00 00 00 01 4F" in str(ask(chip, "00 B2 01 14 00"))


def test_a_transaction_goes_to_the_bank_and_ends_with_its_answer(tmp_path: Path) -> None:
    chip = chip_of("bank", tmp_path)
    ask(chip, SELECT_DEBIT)
    assert ask(chip, FIRST_AC) == "69 85"
    ask(chip, GPO)
    assert ask(chip, "80 AE 80 00 1C" + "00" * 28 + "00") == "67 00"
    assert ask(chip, "80 AE C0 00 1D" + "00" * 29 + "00") == "6A 86"
    assert ask(chip, "00 82 00 00 0A" + "00" * 10) == "69 85"
    first = str(ask(chip, FIRST_AC))
    assert first.startswith("80 12 80 00 01")  # Book 3, 6.5.5.4: CID, ATC, cryptogram, IAD
    right = f"00 82 00 00 0A {issuer_cryptogram_by_hand(bytes.fromhex(first)[5:13], '00').hex()} 30 30"
    assert ask(chip, "00 82 00 00 07" + "00" * 7) == "67 00"
    assert ask(chip, right) == "90 00"
    assert ask(chip, right) == "69 85"  # it may be tried once
    assert str(ask(chip, SECOND_AC)).startswith("80 12 40 00 01")
    assert ask(chip, SECOND_AC) == "69 85"
    assert ask(chip, "80 CA 9F 36 00") == "9F 36 02 00 01 90 00"


def test_a_yes_that_is_not_of_its_own_bank_is_none_to_the_card(tmp_path: Path) -> None:
    def asked() -> tuple[Card, bytes]:
        chip = chip_of("bank", tmp_path)
        ask(chip, SELECT_DEBIT)
        ask(chip, GPO)
        return chip, bytes.fromhex(str(ask(chip, FIRST_AC)))[5:13]

    chip, _ = asked()
    assert str(ask(chip, SECOND_AC)).startswith("80 12 00 00 01")  # nothing came for it
    chip, mine = asked()
    forged = bytes((mine[0] ^ 1, *mine[1:]))
    assert ask(chip, f"00 82 00 00 0A {forged.hex()} 30 30") == "63 00"
    assert str(ask(chip, SECOND_AC)).startswith("80 12 00 00 02")


def issuer_cryptogram_by_hand(cryptogram: bytes, response_code: str) -> bytes:
    """Return what EMV 4.3 Book 2, 8.2.1 and A1.3.1 have for the bank's card in its first transaction."""
    key = bytes.fromhex("00112233445566778899AABBCCDDEEFF")

    def ecb(key: bytes, block: bytes) -> bytes:
        return Cipher(TripleDES(key), modes.ECB()).encryptor().update(block)

    left = ecb(key + key[:8], b"\x00\x01\xf0\0\0\0\0\0")
    right = ecb(key + key[:8], b"\x00\x01\x0f\0\0\0\0\0")
    code = response_code.encode() + bytes(6)
    return ecb(left + right + left, bytes(one ^ other for one, other in zip(cryptogram, code, strict=True)))


def test_its_counter_lives_on_and_is_torn_whole(tmp_path: Path) -> None:
    for tear, counter in ((None, "01"), (Tear.BEFORE_COMMIT, "01"), (Tear.AFTER_COMMIT, "02")):
        card = card_of("bank", tmp_path)
        assert card.plastic.chip is not None
        card.plastic.chip.power_on()
        ask(card.plastic.chip, SELECT_DEBIT)
        card.plastic.tearing.next = tear
        assert (ask(card.plastic.chip, GPO) is None) is (tear is not None)
        assert card.plastic.tearing.next is None
        again = chip_of("bank", tmp_path)
        ask(again, SELECT_DEBIT)
        assert ask(again, "80 CA 9F 36 00") == f"9F 36 02 00 {counter} 90 00"


def test_the_cryptogram_is_a_retail_mac_under_a_session_key() -> None:
    # EMV 4.3 Book 2, A1.3.1 and A1.2.1, worked out here step by step
    key, counter, data = bytes(range(16)), b"\x00\x07", b"12345678"

    def ecb(key: bytes, block: bytes) -> bytes:
        return Cipher(TripleDES(key), modes.ECB()).encryptor().update(block)

    left = ecb(key + key[:8], b"\x00\x07\xf0\0\0\0\0\0")
    right = ecb(key + key[:8], b"\x00\x07\x0f\0\0\0\0\0")
    first = ecb(left * 3, data)
    mixed = bytes(one ^ other for one, other in zip(first, b"\x80\0\0\0\0\0\0\0", strict=True))
    assert application_cryptogram(key, counter, data) == ecb(left + right + left, mixed)


# -- purses --------------------------------------------------------------------------------------------------


def test_a_city_purse_wants_its_pin_before_a_load(tmp_path: Path) -> None:
    chip = chip_of("city_purse", tmp_path)
    load = "80 50 00 02 0B 01 00 00 13 88 00 11 22 33 44 55 10"
    # facts/purse-load.md 1.1: by AID or by file, PIN 123456 in three bytes
    for select in ("00 A4 04 00 09 A0 00 00 00 03 86 98 07 01", "00 A4 00 00 02 3F 01", "00 A4 00 00 02 10 01"):
        assert str(ask(chip, select)).startswith("6F")
    assert ask(chip, load) == "69 82"
    assert ask(chip, "00 20 00 00 03 11 11 11") == "63 C2"
    assert ask(chip, "00 20 00 00 03 12 34 56") == "90 00"
    assert str(ask(chip, load)).endswith("90 00")
    for last in ("63 C2", "63 C1", "63 C0", "69 83"):
        assert ask(chip, "00 20 00 00 03 11 11 11") == last
    again = chip_of("city_purse", tmp_path)
    ask(again, "00 A4 00 00 02 3F 01")
    assert ask(again, "00 20 00 00 03 12 34 56") == "69 83"
    assert ask(again, "00 B2 01 D4 17") == "6A 83"  # SFI 1A: nothing loaded yet


def test_an_overdrawn_card_knows_what_it_owes_and_where_from(tmp_path: Path) -> None:
    radio = card_of("t_union_overdrawn", tmp_path).plastic.radio
    assert radio is not None
    radio.power_on()
    ask(radio, "00 A4 04 00 08 A0 00 00 06 32 01 01 05")
    # facts/purse-load.md 1.3: usable 03, used 02, limit 01; 7FFFFF9C is -1.00
    assert ask(radio, "80 5C 03 02 04") == "00 00 00 00 90 00"
    assert ask(radio, "80 5C 02 02 04") == "00 00 00 64 90 00"
    assert ask(radio, "80 5C 01 02 04") == "00 00 03 20 90 00"
    assert ask(radio, "80 5C 00 02 04") == "7F FF FF 9C 90 00"
    # the newest first: the fare of 5.00 in the trips (48 bytes) and, with the overdraft of 1.00, in the log (23)
    trip = "00 " * 17 + "00 00 01 F4 7F FF FF 9C 20 26 07 24 18 47 02" + " 00" * 16 + " 90 00"
    assert ask(radio, "00 B2 01 F4 30") == trip
    fare = "00 00 00 00 64 00 00 01 F4 09 00 00 00 00 00 00 20 26 07 24 18 47 02 90 00"
    assert ask(radio, "00 B2 01 C4 17") == fare
    assert str(ask(radio, "00 B2 04 F4 30")).endswith("90 00")
    assert ask(radio, "00 B2 05 F4 30") == "6A 83"
    assert ask(radio, "00 B2 03 C4 17") == "6A 83"


def test_a_purse_is_not_overdrawn_beyond_its_limit() -> None:
    purse = built_in_kinds()["t_union_overdrawn"].purse
    assert purse is not None
    with pytest.raises(ValueError, match="overdrawn by overdraft_limit_fen at most"):
        replace(purse, balance_fen=-801)


@pytest.mark.parametrize(
    ("kind", "select"),
    # facts/purse-load.md 1.3, city table
    [
        ("shenzhen", "00 A4 04 00 07 50 41 59 2E 53 5A 54"),
        ("tianjin", "00 A4 04 00 0D D1 56 00 00 15 B9 AB B9 B2 D3 A6 D3 C3"),
    ],
)
def test_a_city_s_card_has_its_own_name_and_knows_no_overdraft(kind: str, select: str, tmp_path: Path) -> None:
    radio = card_of(kind, tmp_path).plastic.radio
    assert radio is not None
    radio.power_on()
    assert ask(radio, "00 A4 04 00 08 A0 00 00 06 32 01 01 05") == "6A 82"
    assert str(ask(radio, select)).endswith("90 00")
    assert ask(radio, "80 5C 00 02 04") == "00 00 05 DC 90 00"
    assert ask(radio, "80 5C 03 02 04") == "6A 86"
    assert ask(radio, "00 B2 01 F4 30") == "6A 86"


# -- cards that only store, and damaged ones --------------------------------------------------------------------


def test_mifare_cards_live_on_with_their_keys(tmp_path: Path) -> None:
    file = tmp_path / "mifare.json"
    card = MifareClassic(bytes(4), sectors=40, file=file)
    card.change_key_a(39, b"SECRET")
    card.write(39, 14, bytes(range(16)))
    again = MifareClassic(bytes(4), sectors=40, file=file)
    assert again.opens("A", 39, b"SECRET")
    assert not again.opens("A", 38, b"SECRET")
    assert again.read(39, 14) == bytes(range(16))
    assert again.read(39, 15) == bytes(6) + bytes.fromhex("FF078069FFFFFFFFFFFF")
    ultralight = MifareUltralight(bytes(7), file=tmp_path / "ultralight.json")
    ultralight.write(4, b"abcdefgh")
    assert MifareUltralight(bytes(7), file=tmp_path / "ultralight.json").read(5) == b"efgh"


def test_memory_cards_live_on_with_their_wrong_codes(tmp_path: Path) -> None:
    file = tmp_path / "sle.json"
    card = SimulatedSle4442(b"ABC", file=file)
    card.carry_out(Sle4442Verify(b"ABC"))
    card.carry_out(Sle4442WriteTo(Sle4442Area.MAIN, 0x40, b"\x12"))
    card.carry_out(Sle4442WriteTo(Sle4442Area.PROTECTION, 0x05, b"\xff"))
    card.carry_out(Sle4442Verify(b"XYZ"))
    again = SimulatedSle4442(b"new", file=file)
    assert again.carry_out(Sle4442Read(Sle4442Area.MAIN, 0x40, 1)) == card.carry_out(
        Sle4442Read(Sle4442Area.MAIN, 0x40, 1)
    )
    assert again.carry_out(Sle4442Read(Sle4442Area.PROTECTION, 0, 4)) == card.carry_out(
        Sle4442Read(Sle4442Area.PROTECTION, 0, 4)
    )
    read = again.carry_out(Sle4442Read(Sle4442Area.SECURITY, 0, 1))
    assert read is not None
    assert read.data == b"\x01"


@pytest.mark.parametrize(("tear", "kept"), [(Tear.BEFORE_COMMIT, b"\xff\xff"), (Tear.AFTER_COMMIT, b"\x01\x02")])
def test_a_torn_write_is_whole_or_not_at_all(tear: Tear, kept: bytes, tmp_path: Path) -> None:
    tearing = Tearing(tear)
    card = SimulatedI2cCard(I2cType.C01, file=tmp_path / "card.json", tearing=tearing)
    with pytest.raises(TornError):
        card.write(3, b"\x01\x02")
    assert card.read(3, 2) == kept
    assert SimulatedI2cCard(I2cType.C01, file=tmp_path / "card.json").read(3, 2) == kept
    card.write(3, b"\x03\x04")
    assert card.read(3, 2) == b"\x03\x04"


def test_a_disk_that_fails_leaves_the_old_state(tmp_path: Path) -> None:
    file = tmp_path / "there" / "card.json"
    file.parent.mkdir()
    lasting = Lasting(I2cMemory(b"old"), file)
    file.parent.rmdir()
    with pytest.raises(OSError, match="No such file"):
        lasting.commit(I2cMemory(b"new"))
    assert lasting.value == I2cMemory(b"old")


@pytest.mark.parametrize("text", ["", "[]", '{"data": 5}', '{"data": "xy"}', '{"data": "00", "more": 1}'])
def test_a_file_that_is_no_memory_is_refused_by_name(text: str, tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"card\.json: no memory of such a card"):
        Lasting(I2cMemory(b""), file)


def test_the_files_of_a_card_are_json_with_nothing_left_behind(tmp_path: Path) -> None:
    chip = chip_of("bank", tmp_path)
    ask(chip, SELECT_DEBIT)
    ask(chip, GPO)
    assert [path.name for path in tmp_path.iterdir()] == ["bank.debit.json"]
    assert json.loads((tmp_path / "bank.debit.json").read_text()) == {"counter": 1, "pin_errors": 0}


def test_damaged_cards_are_damaged_as_their_names_say(tmp_path: Path) -> None:
    mute = card_of("mute_chip", tmp_path).plastic
    wrong = card_of("wrong_atr", tmp_path).plastic
    for chip, answer_to_reset in ((mute.chip, b""), (wrong.chip, bytes.fromhex("3B80800102"))):
        assert chip is not None
        assert chip.power_on() == answer_to_reset
        assert chip.transmit(b"\x00\xa4\x04\x00") is None
    tracks = card_of("bad_tracks", tmp_path).plastic.tracks
    assert tracks == {1: TrackDamage.PARITY, 2: TrackDamage.CHECKSUM, 3: TrackDamage.NO_START}
    assert card_of("too_long", tmp_path).plastic.length is Length.LONG
    assert card_of("too_short", tmp_path).plastic.length is Length.SHORT


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(["bank", "social_security_3", "city_purse"]), st.lists(st.binary(max_size=40), max_size=6))
def test_no_bytes_break_a_chip(tmp_path: Path, kind: str, commands: list[bytes]) -> None:
    chip = chip_of(kind, tmp_path)
    for command in commands:
        answer = chip.transmit(command)
        assert answer is not None
        assert len(answer) >= 2


# -- one card for all readers ----------------------------------------------------------------------------------


def test_one_card_answers_in_every_reader(tmp_path: Path) -> None:
    plastic = card_of("bank", tmp_path).plastic
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))

    dispenser = SimulatedCrt591(clock)
    dispenser.receive(bytes.fromhex("F2 00 00 03 43 30 30 03 B1"))  # facts/device-protocols.md 3a-1
    dispenser.put_inside(plastic)
    dispenser.receive(bytes.fromhex("F2 00 00 03 43 32 31 03 B2"))  # to the contacts
    assert bytes.fromhex("3B600000") in dispenser.receive(bytes.fromhex("F2 00 00 03 43 51 30 03 D0"))
    assert dispenser.tear_out() is plastic

    motor = SimulatedCrt310()
    motor.receive(bytes.fromhex("02 00 02 2E 33 03 1E 05"))  # 3a-2: stop at the contacts
    assert motor.insert(plastic)
    motor.receive(bytes.fromhex("02 00 02 37 30 03 04"))
    assert bytes.fromhex("3B600000") in motor.receive(b"\x05")
    motor.receive(bytes.fromhex("02 00 04 45 30 30 37 03 77"))  # all tracks in ASCII
    assert b"9999990000000000014=3112" in motor.receive(b"\x05")
    assert motor.tear_out() is plastic

    contactless = SimulatedCcidReader(0x1209, 0x0001, clock)
    assert plastic.radio is not None
    contactless.insert(plastic.radio)
    contactless.bulk_out(0x02, bytes.fromhex("62 00 00 00 00 00 00 01 00 00"))  # 3d: IccPowerOn
    answer = contactless.bulk_in(0x82, 271)
    assert answer is not None
    assert answer[10:] == bytes.fromhex("3B80800101")
