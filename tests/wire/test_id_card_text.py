"""The four text layouts of ID cards, field by field as the public structures have them."""

import contextlib
from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.id_card_text import (
    NATIONS,
    CitizenText,
    Foreigner2017Text,
    Foreigner2023Text,
    IdCardText,
    ResidencePermitText,
    Sex,
    decode_text,
    encode_text,
)


def block(*rows: tuple[str, int]) -> bytes:
    """Lay out (characters, bytes of the field) one behind the other, filled with U+0020."""
    return b"".join((text + " " * (size // 2 - len(text))).encode("utf-16-le") for text, size in rows)


# facts/device-protocols.md 3b; Johann356/readinfo PCSCGetData.h
VECTORS: dict[str, tuple[bytes, IdCardText]] = {
    "PCSCGetData.h citizen": (
        block(
            ("甄模拟", 30),
            ("2", 2),
            ("01", 4),
            ("19900101", 16),
            ("某省某市虚构路1号", 70),
            ("110101199001010007", 36),
            ("某市公安局", 30),
            ("20200229", 16),
            ("20400228", 16),
            ("", 18),
            ("", 4),
            ("", 6),
            (" ", 2),
            ("", 6),
        ),
        CitizenText(
            "甄模拟",
            Sex.FEMALE,
            "01",
            date(1990, 1, 1),
            "某省某市虚构路1号",
            "110101199001010007",
            "某市公安局",
            date(2020, 2, 29),
            date(2040, 2, 28),
        ),
    ),
    "PCSCGetData.h citizen, 长期": (
        block(
            ("贾老人", 30),
            ("1", 2),
            ("05", 4),
            ("19400506", 16),
            ("某市虚构巷3号", 70),
            ("650101194005060004", 36),
            ("某市公安局", 30),
            ("20100101", 16),
            ("长期", 16),
            ("", 36),
        ),
        CitizenText(
            "贾老人",
            Sex.MALE,
            "05",
            date(1940, 5, 6),
            "某市虚构巷3号",
            "650101194005060004",
            "某市公安局",
            date(2010, 1, 1),
            None,
        ),
    ),
    "PCSCGetData.h Hong Kong, Macau, Taiwan": (
        block(
            ("陳虛構", 30),
            ("1", 2),
            ("", 4),
            ("19851231", 16),
            ("某市虚构路4号", 70),
            ("810000198512310000", 36),
            ("某市公安局", 30),
            ("20190601", 16),
            ("20240531", 16),
            ("H00000000", 18),
            ("01", 4),
            ("", 6),
            ("J", 2),
            ("", 6),
        ),
        ResidencePermitText(
            "陳虛構",
            Sex.MALE,
            "",
            date(1985, 12, 31),
            "某市虚构路4号",
            "810000198512310000",
            "某市公安局",
            date(2019, 6, 1),
            date(2024, 5, 31),
            "H00000000",
            "01",
        ),
    ),
    "PCSCGetData.h foreigner 2017": (
        block(
            ("NOBODY, ANN EXAMPLE", 120),
            ("2", 2),
            ("GBR000000000000", 30),
            ("GBR", 6),
            ("安示例", 30),
            ("20180304", 16),
            ("20280303", 16),
            ("19790708", 16),
            ("01", 4),
            ("1500", 8),
            ("I", 2),
            ("", 6),
        ),
        Foreigner2017Text(
            "NOBODY, ANN EXAMPLE",
            Sex.FEMALE,
            "GBR000000000000",
            "GBR",
            "安示例",
            date(2018, 3, 4),
            date(2028, 3, 3),
            date(1979, 7, 8),
            "01",
            "1500",
        ),
    ),
    "PCSCGetData.h foreigner 2023": (
        block(
            ("博示例", 30),
            ("1", 2),
            ("00", 4),
            ("19880808", 16),
            ("NOBODY, BARTHOLOMEW MAXIMILIAN EXAM", 70),
            ("911826198808080007", 36),
            ("", 30),
            ("20240102", 16),
            ("20340101", 16),
            ("PLE", 22),
            ("FRA", 6),
            ("Y", 2),
            ("AB1", 6),
        ),
        Foreigner2023Text(
            "博示例",
            Sex.MALE,
            "00",
            date(1988, 8, 8),
            "NOBODY, BARTHOLOMEW MAXIMILIAN EXAM",
            "911826198808080007",
            date(2024, 1, 2),
            date(2034, 1, 1),
            "PLE",
            "FRA",
            "AB1",
        ),
    ),
}
CITIZEN_BLOCK, CITIZEN = next(iter(VECTORS.values()))


@pytest.mark.parametrize(("octets", "text"), VECTORS.values(), ids=VECTORS.keys())
def test_text_is_laid_out_as_in_the_structures(octets: bytes, text: IdCardText) -> None:
    assert len(octets) == 256
    assert decode_text(octets) == text
    assert encode_text(text) == octets


def test_every_layout_has_a_vector() -> None:
    assert {type(text) for _, text in VECTORS.values()} == {
        CitizenText,
        ResidencePermitText,
        Foreigner2017Text,
        Foreigner2023Text,
    }


def test_characters_are_utf_16_low_byte_first() -> None:
    # 甄 is U+7504, 模 U+6A21, 拟 U+62DF; the nation begins at 32, the ID number at 122 (30+2+4+16+70)
    assert CITIZEN_BLOCK[:8] == bytes.fromhex("04 75 21 6A DF 62 20 00")
    octets = encode_text(CITIZEN)
    assert octets[:8] == bytes.fromhex("04 75 21 6A DF 62 20 00")
    assert octets[32:36] == bytes.fromhex("30 00 31 00")
    assert octets[122:126] == bytes.fromhex("31 00 31 00")
    assert octets[248:250] == bytes.fromhex("20 00")


def test_nation_codes_have_their_names() -> None:
    # facts 3b: 01 to 56 in order, 57 and 97 others, 98 naturalised
    assert len(NATIONS) == 59
    assert [NATIONS[code] for code in ("01", "05", "09", "29", "49", "56")] == [
        "汉",
        "维吾尔",
        "布依",
        "柯尔克孜",
        "京",
        "基诺",
    ]
    assert (NATIONS["57"], NATIONS["97"], NATIONS["98"]) == ("其他", "其他", "外国人入籍")


@pytest.mark.parametrize(("code", "sex"), [("0", Sex.UNKNOWN), ("1", Sex.MALE), ("2", Sex.FEMALE), ("9", Sex.UNSTATED)])
def test_sex_codes_are_those_of_the_standard(code: str, sex: Sex) -> None:
    text = decode_text(CITIZEN_BLOCK[:30] + code.encode("utf-16-le") + CITIZEN_BLOCK[32:])
    assert isinstance(text, CitizenText)
    assert text.sex is sex


def test_fields_filled_with_nul_read_the_same() -> None:
    assert decode_text(bytes.fromhex("04 75 21 6A DF 62") + bytes(24) + CITIZEN_BLOCK[30:]) == CITIZEN


def test_a_year_of_three_digits_has_its_zero() -> None:
    octets = changed(36, "09900101".encode("utf-16-le"))
    assert encode_text(decode_text(octets)) == octets


def changed(at: int, octets: bytes) -> bytes:
    return CITIZEN_BLOCK[:at] + octets + CITIZEN_BLOCK[at + len(octets) :]


@pytest.mark.parametrize(
    ("octets", "complaint"),
    [
        (CITIZEN_BLOCK[:-1], "has 256 bytes, not 255"),
        (CITIZEN_BLOCK + b"\x00", "has 256 bytes, not 257"),
        (changed(0, b"\x00\xd8"), "name is no UTF-16"),
        (changed(248, b"K\x00"), "unknown type"),
        (changed(248, b"\x00\xd8"), "unknown type"),
        (changed(30, b"3\x00"), "sex is no code"),
        (changed(36, "19900230".encode("utf-16-le")), "birth is no date"),
        (changed(36, "1990011 ".encode("utf-16-le")), "birth is no date"),
        (changed(36, "１９９００１０１".encode("utf-16-le")), "birth is no date"),
        (changed(36, "长期      ".encode("utf-16-le")), "birth is no date"),
        (changed(188, "00000000".encode("utf-16-le")), "valid_from is no date"),
        (changed(204, "长 期     ".encode("utf-16-le")), "valid_until is no date"),
    ],
)
def test_bad_text_is_refused_by_the_name_of_the_field(octets: bytes, complaint: str) -> None:
    with pytest.raises(WireError, match=complaint):
        decode_text(octets)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (replace(CITIZEN, name="甄" * 16), "name has at most 15 characters"),
        (replace(CITIZEN, address="路" * 36), "address has at most 35 characters"),
        (replace(CITIZEN, name="甄 "), "name ends with filling"),
    ],
)
def test_what_does_not_fit_is_not_written(text: IdCardText, complaint: str) -> None:
    with pytest.raises(WireError, match=complaint):
        encode_text(text)


@given(st.binary(min_size=256, max_size=256), st.sampled_from(" JIYK"))
def test_any_block_is_read_or_refused(octets: bytes, kind: str) -> None:
    octets = octets[:248] + kind.encode("utf-16-le") + octets[250:]
    with contextlib.suppress(WireError):
        decode_text(octets)


@pytest.mark.parametrize("text", [text for _, text in VECTORS.values()], ids=VECTORS.keys())
def test_no_repr_shows_a_value(text: IdCardText) -> None:
    shown = f"{text!r} {text} {[text]}"
    for each in fields(text):
        value = str(getattr(text, each.name))
        assert len(value) < 3 or value not in shown


def test_no_error_carries_a_value() -> None:
    with pytest.raises(WireError) as caught:
        decode_text(changed(36, "19911399".encode("utf-16-le")))
    assert str(caught.value) == "birth is no date"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
