"""Answers to reset and PPS of real cards (ISO/IEC 7816-3 chapters 8 and 9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import atr
from wire.errors import WireError

# popovec/OsEID @7e24220 doc/T1_CRC.txt: T=0 and T=1, "IFSC (TA3) present: 254", "BWI/CWI (TB3) present: 0x65", CRC
OSEID = "3B D5 96 02 80 71 FE 65 01 4F 73 45 49 44 5E"
# LudovicRousseau/CCID issue 27: TA1 18, TC1 2, T=1, TC2 0A, IFSC 254, BWI 5 CWI 8, historical C8 08, TCK 74 "correct"
CARDOS = "3B F2 18 00 02 C1 0A 31 FE 58 C8 08 74"
# LudovicRousseau/pcsc-tools smartcard_list.txt: T=0 alone, so no check byte
T0_ONLY = "3B 68 00 00 00 73 C8 40 12 00 90 00"
# the contactless card of tests/drivers: T=0, then T=1
CONTACTLESS = "3B 80 80 01 01"


def test_a_card_with_both_protocols_and_crc() -> None:
    card = atr.decode_atr(bytes.fromhex(OSEID))
    assert card.protocols == (0, 1)
    assert (card.fi_di, card.guard_time, card.ifsc, card.waiting_integers, card.crc) == (0x96, 2, 254, 0x65, True)
    assert (card.specific_mode, card.waiting_integer, card.inverse) == (None, 10, False)
    assert card.historical == b"OsEID"


def test_a_card_of_t1_alone() -> None:
    card = atr.decode_atr(bytes.fromhex(CARDOS))
    assert card.protocols == (1,)
    assert (card.fi_di, card.guard_time, card.ifsc, card.waiting_integers, card.crc) == (0x18, 2, 254, 0x58, False)
    assert card.historical == bytes.fromhex("C808")


def test_a_card_of_t0_alone_has_no_check_byte() -> None:
    card = atr.decode_atr(bytes.fromhex(T0_ONLY))
    assert card.protocols == (0,)
    assert (card.fi_di, card.ifsc, card.waiting_integers, card.crc) == (0x11, 32, 0x4D, False)
    assert card.historical == bytes.fromhex("0073C84012009000")


def test_contactless_cards_offer_both() -> None:
    assert atr.decode_atr(bytes.fromhex(CONTACTLESS)).protocols == (0, 1)


def test_specific_mode_and_inverse_convention_are_seen() -> None:
    # [computed] from 8.3: TD1 91 announces TA2 (81: T=1) and TD2 31, TA3 20, TB3 4D; TCK over all after TS
    card = atr.decode_atr(bytes.fromhex("3F 80 91 81 31 20 4D CC"))
    assert (card.inverse, card.specific_mode, card.protocols, card.ifsc) == (True, 0x81, (1,), 32)


@pytest.mark.parametrize("octets", [OSEID, CARDOS, T0_ONLY, CONTACTLESS])
def test_an_atr_cut_short_anywhere_is_refused(octets: str) -> None:
    whole = bytes.fromhex(octets)
    for end in range(len(whole)):
        with pytest.raises(WireError):
            atr.decode_atr(whole[:end])


@pytest.mark.parametrize(
    "octets", ["", "00 80 80 01 01", "3B 80 80 01 00", "3B 8F 80 01" + " 00" * 40, "3B FF FF FF FF FF"]
)
def test_what_is_no_atr_is_refused(octets: str) -> None:
    with pytest.raises(WireError):
        atr.decode_atr(bytes.fromhex(octets))


def test_factors_are_those_of_the_tables() -> None:
    # CCID issue 27: "TA(1) = 18 --> Fi=372, Di=12"; OsEID: 300000 baud at 4.8 MHz is 512/32
    assert [atr.factors(value) for value in (0x11, 0x18, 0x96, 0x95)] == [(372, 1), (372, 12), (512, 32), (512, 16)]
    for reserved in (0x10, 0x71, 0xE1, 0x1A):
        with pytest.raises(WireError, match="reserved"):
            atr.factors(reserved)


PPS = {
    "PCSC issue 71 (GemPC Twin): T=1 at 18": ("FF 11 18 F6", 1, 0x18),
    "OsEID T1_CRC.txt: T=1 at 96": ("FF 11 96 78", 1, 0x96),
    "ISO/IEC 7816-3 9.2: T=1 without PPS1 [computed]": ("FF 01 FE", 1, None),
    "ISO/IEC 7816-3 9.2: T=0 without PPS1 [computed]": ("FF 00 FF", 0, None),
}


@pytest.mark.parametrize(("octets", "protocol", "fi_di"), PPS.values(), ids=PPS.keys())
def test_pps_is_written_and_read(octets: str, protocol: int, fi_di: int | None) -> None:
    assert atr.encode_pps(protocol, fi_di) == bytes.fromhex(octets)
    assert atr.decode_pps(bytes.fromhex(octets)) == (protocol, fi_di)


@pytest.mark.parametrize("octets", ["", "FF 11 18", "FF 11 18 F7", "FE 11 18 F7", "FF 21 18 C6", "FF 11 18 00 F6"])
def test_what_is_no_pps_is_refused(octets: str) -> None:
    with pytest.raises(WireError):
        atr.decode_pps(bytes.fromhex(octets))


@given(st.binary(max_size=40))
def test_any_bytes_are_an_atr_or_a_wire_error(data: bytes) -> None:
    try:
        card = atr.decode_atr(data)
    except WireError:
        return
    assert 1 <= card.ifsc <= 254
    assert card.protocols
