"""How receipts are laid out on paper: columns, wrapping, pictures, QR codes."""

from dataclasses import replace
from typing import Any

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from drivers.receipt_layout import (
    PAPER_58_MM,
    PAPER_80_MM,
    PRINTERS,
    Lack,
    Presenter,
    PrinterProfile,
    compose,
    cut,
    definition,
    without_real_time_commands,
)
from drivers.receipt_lines import wrap
from kiosk_core.receipt import (
    Align,
    Barcode,
    Bitmap,
    Blank,
    Element,
    Headline,
    Pair,
    QrCode,
    Receipt,
    Rule,
    Symbology,
    TextLine,
)
from wire.escpos import CharacterSize, Command, LineFeed, Text
from wire.escpos_graphics import Raster
from wire.escpos_stream import CommandDeframer, RealTimeScanner, Unknown
from wire.escpos_text import ChineseText

# The bytes have their sources in tests/wire/test_escpos.py.
CHINESE = ChineseText()
START = "1B 40 1C 2E"
CUT = "1D 56 42 00"
# model 2, six dots a module, level M, store, print
QR_HI = """1D 28 6B 04 00 31 41 32 00  1D 28 6B 03 00 31 43 06  1D 28 6B 03 00 31 45 31
           1D 28 6B 05 00 31 50 30 48 69  1D 28 6B 03 00 31 51 30"""


def composed(*elements: Element) -> bytes:
    return b"".join(compose(Receipt(elements), PAPER_80_MM))


def frame(middle: str) -> bytes:
    return bytes.fromhex(START + middle + CUT)


@pytest.mark.parametrize(
    ("element", "middle"),
    [
        (TextLine("Hi"), "48 69 0A"),
        (TextLine("啊"), "1C 26 B0 A1 1C 2E 0A"),
        (TextLine("Hi", bold=True), "1B 45 01 48 69 0A 1B 45 00"),
        (TextLine("Hi", align=Align.CENTER), "1B 61 01 48 69 0A 1B 61 00"),
        (TextLine("Hi", align=Align.RIGHT), "1B 61 02 48 69 0A 1B 61 00"),
        (TextLine("Hi", large=True), "1D 21 11 1C 21 0C 48 69 0A 1C 21 00 1D 21 00"),
        (TextLine("Hi", underline=True), "1B 2D 01 1C 2D 01 48 69 0A 1C 2D 00 1B 2D 00"),
        (TextLine(""), "0A"),
        (Blank(), "0A"),
        (Rule(), "2D " * 48 + "0A"),
        (Pair("a", "b"), "61" + "20" * 46 + "62 0A"),
        (Headline("A013"), "1B 61 01 1D 21 77 1B 45 01 41 30 31 33 0A 1B 45 00 1D 21 00 1B 61 00"),
        (Headline("A0130130"), "1B 61 01 1D 21 55 1B 45 01 41 30 31 33 30 31 33 30 0A 1B 45 00 1D 21 00 1B 61 00"),
        (Pair("啊", "5"), "1C 26 B0 A1 1C 2E" + "20" * 45 + "35 0A"),
        (Pair("a", "b", bold=True), "1B 45 01 61" + "20" * 46 + "62 0A 1B 45 00"),
        (Bitmap(8, b"\x81\x7e"), "1B 61 01 1D 76 30 00 01 00 02 00 81 7E 1B 61 00"),
        (Bitmap(9, b"\xff\x80", Align.LEFT), "1B 61 00 1D 76 30 00 02 00 01 00 FF 80 1B 61 00"),
        (
            Barcode(Symbology.EAN13, "4006381333931"),
            "1B 61 01 1D 68 50 1D 77 03 1D 48 02 1D 6B 43 0D 34 30 30 36 33 38 31 33 33 33 39 33 31 1B 61 00",
        ),
        (
            Barcode(Symbology.CODE128, "No.123456", readable=False, align=Align.LEFT),
            "1D 68 50 1D 77 03 1D 48 00 1D 6B 49 0A 7B 42 4E 6F 2E 7B 43 0C 22 38",
        ),
        (
            QrCode("Hi"),
            f"0A 1B 61 01 {QR_HI} 1B 61 00 0A",
        ),
    ],
)
def test_says_each_element_in_escpos(element: Element, middle: str) -> None:
    assert composed(element) == frame(middle)


@pytest.mark.parametrize("columns", [48, 42, 32])
@pytest.mark.parametrize("text", ["A", "A013", "AB01234", "X" * 32])
def test_a_headline_is_as_large_as_one_line_lets_it(text: str, columns: int) -> None:
    data = b"".join(compose(Receipt((Headline(text),)), replace(PAPER_80_MM, columns=columns)))
    times = max(each.width for each in CommandDeframer().feed(data) if isinstance(each, CharacterSize))
    assert times * len(text) <= columns
    assert times == 8 or (times + 1) * len(text) > columns


def test_a_headline_in_chinese_is_twice_as_large() -> None:
    line = TextLine("值", Align.CENTER, bold=True, large=True)
    assert composed(Headline("值")) == composed(line)


def test_feeds_the_paper_out_where_there_is_no_knife() -> None:
    profile = replace(PAPER_58_MM, cutter=False)
    assert b"".join(compose(Receipt(()), profile)) == bytes.fromhex(START + "1B 64 04")


def test_prints_a_tall_picture_in_bands_that_end_between_commands() -> None:
    bitmap = Bitmap(576, b"\xaa" * 72 * 100)
    blocks = compose(Receipt((bitmap,)), PAPER_80_MM)
    assert len(blocks) > 4
    rows = b""
    for block in blocks:
        deframer = CommandDeframer()
        commands = deframer.feed(block)
        assert deframer.pending == 0
        rows += b"".join(command.rows for command in commands if isinstance(command, Raster))
    assert rows == bitmap.rows


@given(st.binary(min_size=72, max_size=72).map(lambda row: row.replace(b"\x00", b"\x10").replace(b"\x01", b"\x04")))
def test_no_picture_contains_a_real_time_command(row: bytes) -> None:
    clean = without_real_time_commands(row + b"\x10\x04\x01\x10\x05\x02\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08")
    assert RealTimeScanner().feed(clean) == []
    assert len(clean) == len(row) + 16
    assert all(new & old == old for new, old in zip(clean, row, strict=False))


def test_refuses_a_picture_wider_than_the_paper() -> None:
    with pytest.raises(ValueError, match="584"):
        composed(Bitmap(584, b"\x00" * 73))


def test_makes_a_long_qr_code_smaller_and_refuses_one_that_cannot_fit() -> None:
    def module_dots(text: str) -> int:
        (size,) = (data[7] for data in composed(QrCode(text)).split(b"\x1d\x28\x6b")[2:3] for data in [b"xxx" + data])
        return size

    assert module_dots("x" * 100) == 6
    assert module_dots("x" * 1500) == 3
    with pytest.raises(ValueError, match="QR"):
        compose(Receipt((QrCode("x" * 2000),)), replace(PAPER_58_MM, dots=160))
    with pytest.raises(ValueError, match="3000 bytes"):
        compose(Receipt((QrCode("x" * 3000),)), PAPER_58_MM)


@pytest.mark.parametrize(
    ("longest", "version"),
    # ISO/IEC 18004, table 7, level M, byte mode: how much each version holds
    [(14, 1), (26, 2), (84, 5), (213, 10), (412, 15), (666, 20), (997, 25), (1370, 30), (1809, 35), (2331, 40)],
)
def test_knows_how_large_a_qr_code_will_be(longest: int, version: int) -> None:
    dots = 17 + 4 * version + 8  # one dot a module and the white around it: just wide enough
    narrow = replace(PAPER_80_MM, dots=dots)
    compose(Receipt((QrCode("x" * longest),)), narrow)
    with pytest.raises(ValueError, match=r"does not fit"):
        compose(Receipt((QrCode("x" * (longest + 1)),)), narrow)


def test_counts_as_many_modules_as_segno_draws() -> None:
    for length in range(1, 2331, 97):
        modules = len(segno.make(b"x" * length, error="M", mode="byte", micro=False, boost_error=False, mask=0).matrix)
        compose(Receipt((QrCode("x" * length),)), replace(PAPER_80_MM, dots=modules + 8))
        with pytest.raises(ValueError, match="does not fit"):
            compose(Receipt((QrCode("x" * length),)), replace(PAPER_80_MM, dots=modules + 7))


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, [""]),
        ("short", 10, ["short"]),
        ("two words", 6, ["two", "words"]),
        ("exactly ten", 10, ["exactly", "ten"]),
        ("abcdefghijkl", 5, ["abcde", "fghij", "kl"]),
        ("请妥善保管本凭条", 8, ["请妥善保", "管本凭条"]),
        ("请妥善保，管本凭条", 8, ["请妥善", "保，管本", "凭条"]),  # no comma at the beginning of a line
        ("请妥善（保管", 8, ["请妥善", "（保管"]),  # no opening bracket at the end
        ("热线 95588 转 1", 8, ["热线", "95588 转", "1"]),
        ("余额 ¥5", 20, ["余额 ￥5"]),
        ("one\ntwo", 20, ["one", "two"]),
        ("   ", 2, [""]),
    ],
)
def test_wraps_at_spaces_and_between_chinese_characters(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width, CHINESE) == lines


@given(st.text(st.sampled_from("ab ，。（）值¥-\n"), max_size=60), st.integers(4, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap(text, width, CHINESE)
    assert all(CHINESE.width(line) <= width for line in lines)
    kept = CHINESE.printable(text.replace("\n", " ")).replace(" ", "")
    assert "".join(lines).replace(" ", "") == kept


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_value_stands_at_the_right_edge(label: str, value: str) -> None:
    commands = CommandDeframer().feed(composed(Pair(label, value)))
    assert not [command for command in commands if isinstance(command, Unknown)]
    lines = _lines(commands)
    assert all(CHINESE.width(line) <= 48 for line in lines)
    if CHINESE.printable(value.replace("\n", " ")).strip() and not CHINESE.printable(value).endswith(" "):
        assert CHINESE.width(lines[-1]) == 48


def _lines(commands: list[Command | Unknown]) -> list[str]:
    """Return the printed lines, by a reading of our own: FS & and FS . only switch between encodings."""
    lines = [b""]
    for command in commands:
        match command:
            case Text(data):
                lines[-1] += data
            case LineFeed():
                lines.append(b"")
            case _:
                pass
    return [line.decode("gb18030") for line in lines[:-1]]


def test_a_long_pair_takes_several_lines() -> None:
    lines = _lines(CommandDeframer().feed(composed(Pair("标签" * 20, "值" * 30))))
    assert lines == ["标签" * 12, "标签" * 8, "值" * 24, " " * 36 + "值" * 6]


@given(st.lists(st.builds(TextLine, st.text(max_size=80), st.sampled_from(Align), st.booleans(), st.booleans())))
def test_no_text_can_become_an_unknown_or_real_time_command(lines: list[TextLine]) -> None:
    data = composed(*lines)
    assert not [command for command in CommandDeframer().feed(data) if isinstance(command, Unknown)]
    assert RealTimeScanner().feed(data) == []


def test_prints_one_dot_more_where_a_picture_would_ask_for_the_status() -> None:
    assert composed(Bitmap(24, b"\x10\x04\x01", Align.LEFT)) == frame(
        "1B 61 00 1D 76 30 00 03 00 01 00 10 0C 01 1B 61 00"
    )


# -- models ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({}, "1D 56 42 00"),
        ({"full_cut": True}, "1D 56 41 00"),
        ({"cutter": False, "tail_lines": 3}, "1B 64 03"),
        ({"lacks": {Lack.FEED_AND_CUT}}, "1B 64 04 1D 56 01"),
        ({"lacks": {Lack.CUT}}, "1B 64 04 1B 6D"),
        ({"lacks": {Lack.CUT}, "full_cut": True}, "1B 64 04 1B 69"),
        ({"presenter": Presenter.GS_E}, "1D 56 42 00 1D 65 03 50"),
    ],
)
def test_cuts_and_presents_as_the_model_can(changes: dict[str, Any], end: str) -> None:
    assert cut(replace(PAPER_80_MM, **changes)) == bytes.fromhex(end)


def test_tells_a_citizen_presenter_when_to_take_a_receipt_back() -> None:
    profile = replace(PAPER_80_MM, presenter=Presenter.GS_R, retract_periods=9)
    assert b"".join(compose(Receipt(()), profile)) == bytes.fromhex("1B 40 1C 2E 1D 52 31 09" + CUT)


def test_prints_code_pages_where_there_is_no_chinese_font() -> None:
    profile = replace(PAPER_80_MM, chinese=False, code_pages={"cp858": 19})
    receipt = Receipt((TextLine("5 €", large=True, underline=True), Pair("Año", "啊")))
    line = "1D 21 11 1B 2D 01 35 20 1B 74 13 D5 0A 1B 2D 00 1D 21 00"
    pair = "41 1B 74 13 A4 6F" + "20" * 44 + "3F 0A"
    assert b"".join(compose(receipt, profile)) == bytes.fromhex("1B 40" + line + pair + CUT)


def test_prints_pictures_by_gs_l_where_there_is_no_gs_v() -> None:
    profile = replace(PAPER_80_MM, lacks=frozenset({Lack.RASTER}))
    picture = "1D 28 4C 0B 00 30 70 30 01 01 31 08 00 01 00 81 1D 28 4C 02 00 30 32"
    assert b"".join(compose(Receipt((Bitmap(8, b"\x81"),)), profile)) == frame(f"1B 61 01 {picture} 1B 61 00")


def test_draws_a_qr_code_where_the_model_cannot() -> None:
    profile = replace(PAPER_80_MM, lacks=frozenset({Lack.QR_CODE}), qr_dots=4)
    commands = [c for b in compose(Receipt((QrCode("Hi"),)), profile) for c in CommandDeframer().feed(b)]
    rows = b"".join(command.rows for command in commands if isinstance(command, Raster))
    side = (21 + 8) * 4
    assert len(rows) == (side + 7) // 8 * side
    # the white around, and below it the upper edge of the two finder patterns on top: seven black modules each
    assert rows[: 15 * 16] == bytes(15 * 16)
    top = "0" * 16 + "1" * 28 + "0" * 4
    assert f"{int.from_bytes(rows[16 * 15 : 17 * 15]):0120b}".startswith(top)


def test_prints_the_text_of_a_barcode_where_the_model_cannot() -> None:
    profile = replace(PAPER_80_MM, lacks=frozenset({Lack.BARCODE}))
    receipt = Receipt((Barcode(Symbology.CODE39, "A-1"),))
    assert b"".join(compose(receipt, profile)) == frame("1B 61 01 41 2D 31 0A 1B 61 00")


def test_refuses_a_barcode_wider_than_the_paper() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        composed(Barcode(Symbology.CODE93, "x" * 40))


def test_prints_a_stored_picture_by_its_key() -> None:
    logo = Bitmap(8, b"\x81")
    data = b"".join(compose(Receipt((logo,)), PAPER_80_MM, {logo: "07"}))
    assert data == frame("1B 61 01 1D 28 4C 06 00 30 45 30 37 01 01 1B 61 00")


def test_defines_a_picture_under_two_digits_that_come_from_it() -> None:
    key, data = definition(Bitmap(9, b"\xff\x80"), PAPER_80_MM)
    assert data == bytes.fromhex(f"1D 28 4C 0D 00 30 43 30 {key.encode().hex()} 01 09 00 01 00 31 FF 80")
    assert key.isdigit()
    assert definition(Bitmap(9, b"\xff\x00"), PAPER_80_MM)[0] != key


def test_defines_no_picture_that_the_printer_cannot_hold() -> None:
    for bitmap in (Bitmap(584, bytes(73)), Bitmap(8, bytes(2305)), Bitmap(576, bytes(72 * 1000))):
        with pytest.raises(ValueError, match="does not fit into the printer"):
            definition(bitmap, PAPER_80_MM)


@pytest.mark.parametrize("element", [QrCode("\x10\x04\x01"), Bitmap(1040, bytes(130 * 1), Align.LEFT)])
def test_refuses_what_a_printer_would_obey_at_once(element: Element) -> None:
    """1040 dots are 04 10, one row is 01: with GS ( L it reads 10 04 01, which is DLE EOT 1."""
    profile = replace(PAPER_80_MM, dots=1040, lacks=frozenset({Lack.RASTER}))
    with pytest.raises(ValueError, match="obey at once"):
        compose(Receipt((element,)), profile)


def test_refuses_a_profile_of_a_printer_that_never_says_it_is_done() -> None:
    with pytest.raises(ValueError, match="GS r nor GS"):
        replace(PAPER_80_MM, lacks=frozenset({Lack.TRANSMIT_STATUS, Lack.PROCESSED}))


@pytest.mark.parametrize("codec", ["cp9999", "gbk", "utf-16"])
def test_refuses_a_code_page_that_is_none(codec: str) -> None:
    with pytest.raises(ValueError, match=r"code page|several bytes"):
        replace(PAPER_80_MM, code_pages={codec: 1})


@pytest.mark.parametrize("profile", PRINTERS.values(), ids=PRINTERS)
def test_every_model_prints_a_receipt_with_all_there_is(profile: PrinterProfile) -> None:
    elements = (
        Bitmap(128, bytes(16 * 30)),
        TextLine("Ñ 值", align=Align.CENTER, bold=True, large=True, underline=True),
        Headline("A013"),
        Headline("值"),
        Pair("a", "b"),
        Rule(),
        Barcode(Symbology.CODE128, "T0001-42"),
        QrCode("Hi"),
    )
    commands = [c for b in compose(Receipt(elements), profile) for c in CommandDeframer().feed(b)]
    assert not [command for command in commands if isinstance(command, Unknown)]
    assert profile.source
