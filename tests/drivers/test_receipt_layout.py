"""How receipts are laid out on paper: columns, wrapping, pictures, QR codes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.receipt_layout import PAPER_58_MM, PAPER_80_MM, compose, without_real_time_commands, wrap
from kiosk_core.receipt import Align, Bitmap, Blank, Element, Pair, QrCode, Receipt, Rule, TextLine
from wire.escpos import Command, CommandDeframer, LineFeed, Raster, RealTimeScanner, Text, Unknown, columns, printable

# The bytes have their sources in tests/wire/test_escpos.py.
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
        (TextLine(""), "0A"),
        (Blank(), "0A"),
        (Rule(), "2D " * 48 + "0A"),
        (Pair("a", "b"), "61" + "20" * 46 + "62 0A"),
        (Pair("啊", "5"), "1C 26 B0 A1 1C 2E" + "20" * 45 + "35 0A"),
        (Pair("a", "b", bold=True), "1B 45 01 61" + "20" * 46 + "62 0A 1B 45 00"),
        (Bitmap(8, b"\x81\x7e"), "1B 61 01 1D 76 30 00 01 00 02 00 81 7E 1B 61 00"),
        (Bitmap(9, b"\xff\x80", Align.LEFT), "1B 61 00 1D 76 30 00 02 00 01 00 FF 80 1B 61 00"),
        (
            QrCode("Hi"),
            f"0A 1B 61 01 {QR_HI} 1B 61 00 0A",
        ),
    ],
)
def test_says_each_element_in_escpos(element: Element, middle: str) -> None:
    assert composed(element) == frame(middle)


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
    with pytest.raises(ValueError, match="too large"):
        compose(Receipt((QrCode("x" * 3000),)), PAPER_58_MM)


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
    assert wrap(text, width) == lines


@given(st.text(st.sampled_from("ab ，。（）值¥-\n"), max_size=60), st.integers(4, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(columns(line) <= width for line in lines)
    kept = printable(text.replace("\n", " ")).replace(" ", "")
    assert "".join(lines).replace(" ", "") == kept


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_value_stands_at_the_right_edge(label: str, value: str) -> None:
    commands = CommandDeframer().feed(composed(Pair(label, value)))
    assert not [command for command in commands if isinstance(command, Unknown)]
    lines = _lines(commands)
    assert all(columns(line) <= 48 for line in lines)
    if printable(value.replace("\n", " ")).strip() and not printable(value).endswith(" "):
        assert columns(lines[-1]) == 48


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
