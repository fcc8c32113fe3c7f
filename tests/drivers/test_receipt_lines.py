"""Receipts as plain lines of text: what stands where on paper of 16 columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.receipt_lines import PaperLine, paper_lines
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
from wire.escpos_text import ChineseText

COLUMNS = 16


def lines(*elements: Element) -> list[str]:
    return [line.text for line in paper_lines(Receipt(elements), COLUMNS, ChineseText())]


@pytest.mark.parametrize(
    ("element", "on_paper"),
    [
        (TextLine("Thank you"), ["Thank you"]),
        (TextLine("Thank you", Align.CENTER), ["   Thank you"]),
        (TextLine("Thank you", Align.RIGHT), ["       Thank you"]),
        (TextLine("谢谢", Align.CENTER), ["      谢谢"]),
        (TextLine("谢谢", Align.CENTER, large=True), ["  谢谢"]),
        (TextLine("Thank you very much"), ["Thank you very", "much"]),
        (TextLine("a\x1bb"), ["a?b"]),
        (Headline("A013"), ["  A013"]),
        (Pair("卡号", "5678"), ["卡号        5678"]),
        (Pair("Reference number", "123"), ["Reference number", "             123"]),
        (Rule(), ["----------------"]),
        (Blank(), [""]),
        (Barcode(Symbology.CODE39, "A1"), ["       A1"]),
        (QrCode("https://bank.example/r/1"), ["https://bank.exa", "    mple/r/1"]),
        (Bitmap(8, b"\xff"), []),
    ],
)
def test_elements_become_lines(element: Element, on_paper: list[str]) -> None:
    assert lines(element) == on_paper


def test_a_line_keeps_its_looks() -> None:
    elements = (TextLine("Hi", bold=True, large=True, underline=True), Pair("a", "b", bold=True))
    assert list(paper_lines(Receipt(elements), COLUMNS, ChineseText())) == [
        PaperLine("Hi", bold=True, large=True, underline=True),
        PaperLine("a" + " " * 14 + "b", bold=True),
    ]


@given(st.text(), st.sampled_from(Align), st.booleans())
def test_no_line_is_wider_than_the_paper(text: str, align: Align, large: bool) -> None:
    for line in paper_lines(Receipt((TextLine(text, align, large=large), Pair(text, text))), COLUMNS, ChineseText()):
        assert ChineseText().width(line.text) <= (COLUMNS // 2 if line.large else COLUMNS)
        assert min(line.text, default=" ") >= " "  # nothing that a printer would obey
