"""A receipt as lines of text, wrapped and aligned by columns: for every printer, and all there is for a plain one."""

from collections.abc import Iterator
from dataclasses import dataclass

from kiosk_core.receipt import Align, Barcode, Bitmap, Blank, Element, Headline, Pair, QrCode, Receipt, Rule, TextLine
from wire.escpos_text import TextEncoding

# A line begins with none of the closing and ends with none of the opening signs.
_OPENING = frozenset("（《「『【〔“‘")
_CLOSING = frozenset("，。、；：！？）》」』】〕”’…％")


@dataclass(frozen=True)
class PaperLine:
    """A line from the left edge of the paper, as long as it fits; a `large` one has half as many columns."""

    text: str
    bold: bool = False
    large: bool = False
    underline: bool = False


def paper_lines(receipt: Receipt, columns: int, encoding: TextEncoding) -> Iterator[PaperLine]:
    """Yield the lines of `receipt` for a printer of text and no more; a line has `columns` single-byte characters.

    Bar codes and QR codes become their text, since a customer may need it; pictures are left out.
    """
    for element in receipt.elements:
        yield from _lines_of(element, columns, encoding)


def _lines_of(element: Element, columns: int, encoding: TextEncoding) -> Iterator[PaperLine]:
    match element:
        case TextLine(text, align, bold, large, underline):
            width = columns // 2 if large else columns
            for line in wrap(text, width, encoding):
                yield PaperLine(_margin(line, align, width, encoding) + line, bold, large, underline)
        case Headline(text):
            yield from _lines_of(TextLine(text, Align.CENTER, bold=True, large=True), columns, encoding)
        case Pair(label, value, bold):
            for line in pair_lines(label, value, columns, encoding):
                yield PaperLine(line, bold)
        case Rule():
            yield PaperLine("-" * columns)
        case Blank():
            yield PaperLine("")
        case Barcode(data=text) | QrCode(text):
            yield from _lines_of(TextLine(text, Align.CENTER), columns, encoding)
        case Bitmap():
            pass


def _margin(line: str, align: Align, width: int, encoding: TextEncoding) -> str:
    spare = width - encoding.width(line)
    return " " * {Align.LEFT: 0, Align.CENTER: spare // 2, Align.RIGHT: spare}[align]


def wrap(text: str, width: int, encoding: TextEncoding) -> list[str]:
    """Return `text` in lines of at most `width` single-byte columns (at least 4), as the printer can print it.

    It breaks at spaces and line feeds and between Chinese characters; a longer word is cut. An empty text is
    one empty line.
    """
    if "\n" not in text:
        return _wrap_paragraph(encoding.printable(text), width, encoding)
    return [line for part in text.split("\n") for line in _wrap_paragraph(encoding.printable(part), width, encoding)]


def _wrap_paragraph(text: str, width: int, encoding: TextEncoding) -> list[str]:
    lines: list[str] = []
    while encoding.width(text) > width:
        most = encoding.fitting(text, width)
        at = next((at for at in range(most, 0, -1) if _may_break(text, at)), most)
        lines.append(text[:at].rstrip())
        text = text[at:].lstrip(" ")
    lines.append(text.rstrip())
    return [line for line in lines if line] or [""]


def _may_break(text: str, at: int) -> bool:
    """Return whether a line may end before the character `at`."""
    last, first = text[at - 1], text[at]
    if last == " " or first == " ":
        return True
    return first not in _CLOSING and last not in _OPENING and not ("!" <= last <= "~" and "!" <= first <= "~")


def pair_lines(label: str, value: str, width: int, encoding: TextEncoding) -> list[str]:
    """Return label and value on one line, or the value at the right edge of the lines below."""
    label, value = encoding.printable(label), encoding.printable(value)
    gap = width - encoding.width(label) - encoding.width(value)
    if gap >= 1:
        return [label + " " * gap + value]
    below = wrap(value, width, encoding)
    return wrap(label, width, encoding) + [_margin(line, Align.RIGHT, width, encoding) + line for line in below]
