"""How text becomes bytes for printers with a Chinese font and for those without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.escpos_text import ChineseText, CodePageText, TextEncoding

CHINESE = ChineseText()
# Samsung SRP-275 p5-33: 0 = PC437, 16 = WPC1252, 17 = PC866, 19 = PC858.
WESTERN = CodePageText({"cp437": 0, "cp858": 19, "cp1252": 16, "cp866": 17})
BOTH = pytest.mark.parametrize("encoding", [CHINESE, WESTERN], ids=["chinese", "code pages"])


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("TAC 9F3A", "54 41 43 20 39 46 33 41"),
        ("啊", "1C 26 B0 A1 1C 2E"),  # UP-PH manual p14: 啊 is B0A1
        ("No.啊1", "4E 6F 2E 1C 26 B0 A1 1C 2E 31"),
        ("啊啊", "1C 26 B0 A1 B0 A1 1C 2E"),  # one run is switched on once
        ("¥5", "1C 26 A3 A4 1C 2E 35"),  # facts, simulation 3.2: U+00A5 has four bytes; A3A4 is the full-width sign
        ("", ""),
        ("\U0001f600", "3F"),  # an emoji has four bytes in GB 18030
        ("é", "1C 26 A8 A6 1C 2E"),  # GB 2312 row 8
        ("ñ", "3F"),
        ("€", "1C 26 A2 E3 1C 2E"),  # GB 18030 has it in two bytes, GBK not at all
        ("1–2", "31 2D 32"),
    ],
)
def test_puts_double_byte_runs_between_fs_and_and_fs_stop(text: str, data: str) -> None:
    assert CHINESE.encode(CHINESE.printable(text)) == bytes.fromhex(data)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("TAC 9F3A", "54 41 43 20 39 46 33 41"),
        ("ñ", "1B 74 00 A4"),  # code page 437: A4
        ("5 €", "35 20 1B 74 13 D5"),  # code page 858: D5
        ("ñ€ñ", "1B 74 00 A4 1B 74 13 D5 1B 74 00 A4"),
        ("ññ", "1B 74 00 A4 A4"),
        ("Ж", "1B 74 11 86"),  # code page 866: 86
        ("５", "35"),  # the full-width digit is the digit
        ("啊", "3F"),
        ("¥", "1B 74 00 9D"),  # code page 437: 9D
        ("", ""),
    ],
)
def test_takes_each_character_from_the_first_page_that_has_it(text: str, data: str) -> None:
    assert WESTERN.encode(WESTERN.printable(text)) == bytes.fromhex(data)


@BOTH
def test_never_lets_a_text_become_a_command(encoding: TextEncoding) -> None:
    assert encoding.encode(encoding.printable("a\x1bp\x00\x10\x04\x01b")) == b"a?p????b"
    controls = "".join(map(chr, range(0x20))) + "\x7f\x80\x9f"
    assert not set(encoding.encode(encoding.printable(controls))) - {0x3F}


@BOTH
@given(text=st.text())
def test_what_is_printable_stays_so(encoding: TextEncoding, text: str) -> None:
    printable = encoding.printable(text)
    assert encoding.printable(printable) == printable


@given(st.text())
def test_chinese_text_has_only_characters_and_the_two_switches(text: str) -> None:
    data = CHINESE.encode(CHINESE.printable(text)).replace(b"\x1c\x26", b"").replace(b"\x1c\x2e", b"")
    assert all(byte >= 0x20 for byte in data)
    assert data.decode("gb18030") == CHINESE.printable(text)
    assert len(data) == CHINESE.width(CHINESE.printable(text))


@BOTH
@given(text=st.text(st.sampled_from("ab 值€ñ¥")), width=st.integers(0, 20))
def test_as_many_characters_fit_as_have_columns(encoding: TextEncoding, text: str, width: int) -> None:
    printable = encoding.printable(text)
    most = encoding.fitting(printable, width)
    assert encoding.width(printable[:most]) <= width
    assert most == len(printable) or encoding.width(printable[: most + 1]) > width
