"""Nothing of a card, a person or a key survives in a trace, however the bytes are cut, garbled or lost.

Frames are typed by hand from the manuals (docs/devices), their checksums by the rule of the manual.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.registry import models
from drivers.trace.families import MASKERS, masker_of
from drivers.trace.hiding.ccid import ccid_masker
from drivers.trace.hiding.crt310 import crt310_masker
from drivers.trace.hiding.crt591 import crt591_masker
from drivers.trace.hiding.escpos import EscPosMasker
from drivers.trace.hiding.sdt import sdt_masker
from drivers.trace.maskers import HideAll, HideSent, Masker
from kiosk_core.trace import FILLER, Octets, Record, What, record_line

PAN = "6222021234567890123"
SPIES = 8
"""Digits in a row that must not survive."""


def crt591(text: bytes) -> bytes:
    body = b"\xf2\x00" + len(text).to_bytes(2, "big") + text + b"\x03"
    return body + bytes((reduce(xor, body),))


def crt310(package: bytes) -> bytes:
    body = b"\x02" + len(package).to_bytes(2, "big") + package + b"\x03"
    return body + bytes((reduce(xor, body),))


def sdt(body: bytes) -> bytes:
    counted = (len(body) + 1).to_bytes(2, "big") + body
    return bytes.fromhex("AAAAAA9669") + counted + bytes((reduce(xor, counted),))


def ccid(kind: int, data: bytes, parameters: bytes = b"\0\0\0") -> bytes:
    return bytes((kind,)) + len(data).to_bytes(4, "little") + b"\x00\x07" + parameters + data


def shown(octets: Octets) -> bytes:
    """What is not hidden; hidden bytes are dots."""
    data = bytearray(octets.data)
    for begin, end in octets.hidden:
        data[begin:end] = b"." * (end - begin)
    return bytes(data)


def hide(masker: Masker, what: What, data: bytes) -> bytes:
    return shown(masker.mask(what, data))


# -- each family shows what helps and hides the rest ----------------------------------------------------------


def test_ccid_shows_headers_and_status_words() -> None:
    masker = ccid_masker()
    select = bytes.fromhex("00A4040008A000000632010105")
    assert hide(masker, What.OUT, ccid(0x6F, select)) == ccid(0x6F, select)
    read = bytes.fromhex("00B095001E")
    assert hide(masker, What.OUT, ccid(0x6F, read)) == ccid(0x6F, read)
    answer = ccid(0x80, bytes.fromhex(PAN + "F") + b"\x90\x00")
    assert hide(masker, What.IN, answer) == answer[:10] + b"." * 10 + b"\x90\x00"
    power_on = ccid(0x62, b"")
    assert hide(masker, What.OUT, power_on) == power_on
    assert hide(masker, What.IN, ccid(0x80, b"\x3b\x65\x00\x00" + b"12345"))[10:] == b"." * 9
    verify = bytes.fromhex("0020000003123456")
    assert hide(masker, What.OUT, ccid(0x6F, verify)) == ccid(0x6F, verify)[:15] + b"..."
    assert hide(masker, What.INTERRUPT, b"\x50\x03") == b"\x50\x03"


def test_ccid_hides_an_apdu_that_goes_on_and_an_answer_that_does_not_end() -> None:
    masker = ccid_masker()
    assert hide(masker, What.OUT, ccid(0x6F, b"12345678", b"\0\x03\0"))[10:] == b"." * 8
    assert hide(masker, What.IN, ccid(0x80, b"12345678", b"\0\0\x01"))[10:] == b"." * 8
    assert hide(masker, What.OUT, ccid(0x69, b"\x00\x30\x82"))[10:] == b"..."  # Secure: a PIN


def test_crt591_shows_states_and_hides_uids_keys_and_answers_of_cards() -> None:
    masker = crt591_masker()
    assert hide(masker, What.OUT, crt591(b"C10")) == crt591(b"C10")
    assert hide(masker, What.IN, b"\x06" + crt591(b"P10021")) == b"\x06" + crt591(b"P10021")
    assert hide(masker, What.OUT, crt591(b"C32\x30")) == crt591(b"C32\x30")
    assert hide(masker, What.IN, crt591(b"N3214"))[4:9] == b"N3214"
    hide(masker, What.OUT, crt591(b"C\x60\x30AB"))
    uid = crt591(b"P\x60\x30121" + b"M" + bytes.fromhex("0400 04 01020304 08"))
    assert hide(masker, What.IN, uid) == uid[:10] + b"." * 9 + b"\x03."
    key = crt591(b"C\x60\x33" + bytes.fromhex("00 20 00 01 06 FFFFFFFFFFFF"))
    assert hide(masker, What.OUT, key) == key[:12] + b"......\x03."
    hide(masker, What.OUT, crt591(b"C\x51\x33" + bytes.fromhex("00B095001E")))
    answer = crt591(b"P\x51\x33020" + bytes.fromhex(PAN + "F9000"))
    assert hide(masker, What.IN, answer) == answer[:10] + b"." * 10 + b"\x90\x00\x03."


def test_crt310_shows_states_and_hides_tracks_and_keys() -> None:
    masker = crt310_masker()
    assert hide(masker, What.OUT, b"\x05") == b"\x05"
    assert hide(masker, What.OUT, crt310(b"10")) == crt310(b"10")
    assert hide(masker, What.IN, crt310(b"10JIJ")) == crt310(b"10JIJ")
    assert hide(masker, What.IN, crt310(b"N\x31\x02")) == crt310(b"N\x31\x02")
    hide(masker, What.OUT, crt310(b"E0\x30\x32"))
    tracks = crt310(b"E0\x30\x32\x1fY" + PAN.encode() + b"=2512")
    assert hide(masker, What.IN, tracks) == tracks[:7] + b"." * (len(tracks) - 9) + b"\x03."
    key = crt310(b"52\x01" + b"\xff" * 6)
    assert hide(masker, What.OUT, key) == key[:6] + b"......\x03."


def test_an_answer_to_another_command_is_hidden_behind_its_name() -> None:
    masker = crt591_masker()
    hide(masker, What.OUT, crt591(b"C10"))
    late = crt591(b"P\xa2\x30020" + b"12345678")
    assert hide(masker, What.IN, late) == late[:7] + b"." * 11 + b"\x03."


def test_sdt_shows_status_bytes_and_the_number_of_the_reader_and_hides_all_other_data() -> None:
    masker = sdt_masker()
    command = sdt(b"\x30\x01")
    assert hide(masker, What.OUT, command) == command
    answer = sdt(bytes((0, 0, 0x90)) + b"\x01\x00\x04\x00" + "张三440106199001011234".encode("utf-16-le"))
    assert hide(masker, What.IN, answer) == answer[:10] + b"." * (len(answer) - 10)
    assert hide(masker, What.IN, sdt(b"\x00\x00\x80")) == sdt(b"\x00\x00\x80")
    number = sdt(b"\x00\x00\x90" + bytes(range(16)))
    assert hide(masker, What.IN, number) == number[:10] + b"." * 17
    assert hide(masker, What.OUT, sdt(b"\x12\xff")) == sdt(b"\x12\xff")
    assert hide(masker, What.IN, answer) == answer[:10] + b"." * (len(answer) - 10)
    assert hide(masker, What.IN, number) == number


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        (b"2026-11-22 09:41:05\n", b"2026-11-22 09:41:05\n"),
        (b"Balance   123456789.50\n", b"Balance   123456789.50\n"),
        (b"No 622202123456.\n", b"No 622202123456.\n"),
        (b"No 6222021234567, paid\n", b"No ............., paid\n"),
        (b"6222 0212 3456 7890 123\n", b"." * 23 + b"\n"),
        (b"44010619900101123X\n", b"." * 17 + b"X\n"),
        ("卡号６２２２０２１２３４５６７８".encode("gb18030"), "卡号".encode("gb18030") + b"." * 28),
        (b"\x1dkI\x0a{C\x3e\x16\x02\x0c\x22\x38\x5a\x0c\n", b"\x1dkI\x0a..........\n"),
        (b"\x1d(k\x0c\x001P0/t#A013.Z\x1d(k\x03\x001Q0", b"\x1d(k\x0c\x001P0.........\x1d(k\x03\x001Q0"),
        (b"\x1d(k\x03\x001C\x06\x1d(k\x03\x001E0 A013\n", b"\x1d(k\x03\x001C\x06\x1d(k\x03\x001E0 A013\n"),
    ],
)
def test_receipts_show_all_but_long_numbers_and_bar_codes(printed: bytes, kept: bytes) -> None:
    assert hide(EscPosMasker(), What.OUT, printed) == kept


@pytest.mark.parametrize("length", [0, 1, 3, 9, 300])
def test_what_is_in_a_code_is_hidden_wherever_its_bytes_are_cut(length: int) -> None:
    size = (length + 3).to_bytes(2, "little")
    printed = b"A013\n\x1d(k" + size + b"1P0" + b"q" * length + b"\x1dkI\x03abc" + b"end"
    kept = b"A013\n\x1d(k" + size + b"1P0" + b"." * length + b"\x1dkI\x03..." + b"end"
    for cut in range(1, len(printed)):
        masker = EscPosMasker()
        assert hide(masker, What.OUT, printed[:cut]) + hide(masker, What.OUT, printed[cut:]) == kept
    masker = EscPosMasker()
    assert b"".join(hide(masker, What.OUT, bytes((byte,))) for byte in printed) == kept


def test_at_most_six_digits_of_a_number_that_comes_in_pieces_are_shown() -> None:
    masker = EscPosMasker()
    pieces = [hide(masker, What.OUT, bytes((digit,))) for digit in PAN.encode()]
    assert b"".join(pieces) == b"622202" + b"." * 13
    assert hide(masker, What.OUT, b"\n12:30\n") == b"\n12:30\n"


def test_every_model_speaks_a_family_that_has_a_masker_or_is_hidden_whole() -> None:
    families = {name: model.family for name, model in models().items()}
    assert set(families.values()) <= {*MASKERS, ""}
    assert (families["crt-571"], families["escpos-80mm"], families["pp791"]) == ("crt591", "escpos", "")


def test_a_printer_may_be_shown_by_what_it_says_alone() -> None:
    assert hide(HideSent(), What.OUT, b"\x05\x04Card 6222") == b"." * 11
    assert hide(HideSent(), What.IN, b"\x15\x04") == b"\x15\x04"


def test_of_an_unknown_protocol_only_the_length_is_kept() -> None:
    assert isinstance(masker_of(""), HideAll)
    assert masker_of("").mask(What.IN, b"\x02hello") == Octets(bytes((FILLER,)) * 6, ((0, 6),))


# -- a masked frame is still a frame --------------------------------------------------------------------------


@given(st.binary(min_size=1, max_size=300), st.lists(st.integers(1, 40), max_size=12))
def test_a_masked_frame_keeps_a_right_checksum_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    frame = crt591(b"P\x51\x33020" + data)
    masker = crt591_masker()
    masked = b"".join(masker.mask(What.IN, piece).data for piece in pieces(frame, cuts))
    assert len(masked) == len(frame)
    assert reduce(xor, masked) == 0


# -- attacks: planted numbers, cut, garbled, with bytes lost ---------------------------------------------------


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    found = []
    for cut in cuts:
        found.append(data[:cut])
        data = data[cut:]
    return [each for each in (*found, data) if each]


def spellings(number: str) -> list[bytes]:
    """The number as ASCII, BCD (both ways to begin) and hex in ASCII, UTF-16 and full-width."""
    return [
        number.encode(),
        bytes.fromhex(number + "F" * (len(number) % 2)),
        bytes.fromhex("0" * (len(number) % 2) + number),
        number.encode().hex().encode(),
        number.encode("utf-16-le"),
        "".join(chr(0xFF10 + int(digit)) for digit in number).encode("gb18030"),
        f";{number}=25121011234567890?".encode(),
        b"\x57\x13" + bytes.fromhex((number + "D2512101").ljust(38, "F")),
        b"\x5a\x0a" + bytes.fromhex(number + "F" * (len(number) % 2)),
    ]


def assert_nothing_survives(number: str, records: Sequence[Record]) -> None:
    kept = b"".join(shown(record.octets) for record in records)
    lines = "".join(record_line(record) for record in records)
    narrow = kept.replace(b"\xa3", b"").translate(bytes(b - 0x80 if 0xB0 <= b <= 0xB9 else b for b in range(256)))
    for at in range(len(number) - SPIES + 1):
        window = number[at : at + SPIES]
        assert window.encode() not in re.sub(rb"[\x00 -]", b"", kept)
        assert window.encode() not in narrow
        assert window not in kept.hex()
        assert window.encode().hex() not in lines
        assert json.dumps(window)[1:-1].encode().hex() not in lines


def record(masker: Masker, script: Sequence[tuple[What, bytes]]) -> list[Record]:
    found = []
    for number, (what, data) in enumerate(script, start=1):
        octets = masker.mask(what, data)
        assert len(octets.data) == len(data)
        found.append(Record(number, 0.0, "d", what, octets))
    return found


_PANS = st.text("123456789", min_size=13, max_size=19)
_CUTS = st.lists(st.integers(1, 30), max_size=30)

_CARRIERS: dict[str, list[tuple[What, Callable[[bytes], bytes]]]] = {
    "ccid": [
        (What.IN, lambda secret: ccid(0x80, secret + b"\x90\x00")),
        (What.OUT, lambda secret: ccid(0x6F, b"\x00\xd6\x95\x00" + bytes((len(secret),)) + secret)),
    ],
    "crt591": [
        (What.IN, lambda secret: crt591(b"P\x51\x39020" + secret + b"\x90\x00")),
        (What.IN, lambda secret: crt591(b"P\x60\x33020" + secret + b"\x90\x00")),
        (What.IN, lambda secret: crt591(b"P\x60\x30020" + secret)),
        (What.IN, lambda secret: crt591(b"N\x51\x3069" + secret)),
        (What.OUT, lambda secret: crt591(b"C\x52\x39" + b"\x00\x20\x00\x00" + bytes((len(secret),)) + secret)),
    ],
    "crt310": [
        (What.IN, lambda secret: crt310(b"E0\x30\x37\x1fY" + secret)),
        (What.IN, lambda secret: crt310(b"\x37\x31Y" + len(secret).to_bytes(2, "big") + secret)),
        (What.OUT, lambda secret: crt310(b"\x38\x31" + secret)),
    ],
    "sdt": [(What.IN, lambda secret: sdt(b"\x00\x00\x90" + secret))],
    "escpos": [
        (What.OUT, lambda secret: b"\x1b@Card " + secret + b"\n\x1dV\x00"),
    ],
    "": [(What.IN, lambda secret: secret), (What.OUT, lambda secret: secret)],
}


_QUESTIONS = {
    "crt591": [
        crt591(b"C" + code)
        for code in (
            b"10",
            b"\xa2\x30",
            b"\x51\x39\x00\xb0\x95\x00\x1e",
            b"\x60\x30AB",
            b"\x60\x33\x00\xb0\x01\x01\x01",
        )
    ],
    "crt310": [
        crt310(code)
        for code in (b"00", b"0:", b"10", b"E0\x30\x37", b"\x37\x31\x00\x05\x00\xb0\x95\x00\x1e", b"\x38\x31")
    ],
}
"""Commands before the answer: its own, and others, since a bad line may make one answer look like another."""


@pytest.mark.parametrize("family", [*MASKERS, ""])
@given(data=st.data())
def test_no_planted_number_survives_however_it_is_cut(family: str, data: st.DataObject) -> None:
    pan = data.draw(_PANS)
    what, carry = data.draw(st.sampled_from(_CARRIERS[family]))
    secrets = spellings(pan)
    if family == "escpos":  # text: what is printed; BCD would be no text
        secrets = [secrets[0], secrets[5], secrets[6], f"{pan[:4]} {pan[4:8]}-{pan[8:]}".encode()]
    frame = carry(data.draw(st.sampled_from(secrets)))
    script: list[tuple[What, bytes]] = (
        [(what, piece) for piece in pieces(frame, data.draw(_CUTS))] if what is What.IN else [(what, frame)]
    )
    if what is What.IN and family in _QUESTIONS:
        script.insert(0, (What.OUT, data.draw(st.sampled_from(_QUESTIONS[family]))))
    assert_nothing_survives(pan, record(masker_of(family), script))


@pytest.mark.parametrize("family", ["crt591", "crt310", "sdt", "ccid", ""])
@given(data=st.data())
def test_no_planted_number_survives_on_a_bad_line(family: str, data: st.DataObject) -> None:
    """Bytes are lost, changed and doubled, questions come in between, the driver gives up waiting."""
    pan = data.draw(_PANS)
    carriers = [carry for what, carry in _CARRIERS[family] if what is What.IN]
    masker = masker_of(family)
    records: list[Record] = []
    for _ in range(data.draw(st.integers(1, 3))):
        frame = bytearray(data.draw(st.sampled_from(carriers))(data.draw(st.sampled_from(spellings(pan)))))
        for _ in range(data.draw(st.integers(0, 3))):
            at = data.draw(st.integers(0, len(frame) - 1))
            match data.draw(st.sampled_from(["lose", "change", "double"])):
                case "lose" if len(frame) > 1:
                    del frame[at]
                case "change":
                    frame[at] ^= data.draw(st.integers(1, 255))
                case _:
                    frame[at:at] = frame[at : at + 1]
        for piece in pieces(bytes(frame), data.draw(_CUTS)):
            records += record(masker, [(What.IN, piece)])
        match data.draw(st.sampled_from(["ask", "gap", "go on"])):
            case "ask":
                records += record(
                    masker, [(What.OUT, data.draw(st.sampled_from([b"\x06", *_QUESTIONS.get(family, [])])))]
                )
            case "gap":
                masker.gap()
            case _:
                pass
    assert_nothing_survives(pan, records)


@pytest.mark.parametrize("family", [*MASKERS, ""])
@given(chunks=st.lists(st.tuples(st.sampled_from(list(What)[:4]), st.binary(min_size=1, max_size=80)), max_size=20))
def test_no_bytes_whatever_trouble_a_masker(family: str, chunks: list[tuple[What, bytes]]) -> None:
    masker = masker_of(family)
    for what, data in chunks:
        octets = masker.mask(what, data)
        assert len(octets.data) == len(data)
        assert octets.difference(data) is None
