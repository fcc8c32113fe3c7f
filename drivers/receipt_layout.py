"""How a receipt becomes ESC/POS: wrapping, columns, pictures and QR codes for the paper of one printer model."""

import importlib.resources
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import segno
from annotated_types import Ge, Le, MinLen

from kiosk_core.receipt import Align, Bitmap, Blank, Element, Pair, QrCode, Receipt, Rule, TextLine
from wire import escpos
from wire.escpos import Command, columns, encode, encode_text, printable


@dataclass(frozen=True)
class PrinterProfile:
    """What differs between models: `dots` across the paper, `columns` of single-byte characters, `qr_dots` a module.

    `cutter` is whether there is one; without, the paper is fed `tail_lines` out for tearing.
    """

    model: Annotated[str, MinLen(1)]
    dots: Annotated[int, Ge(128), Le(2048)]
    columns: Annotated[int, Ge(16), Le(160)]
    qr_dots: Annotated[int, Ge(1), Le(16)]
    cutter: bool = True
    tail_lines: Annotated[int, Ge(0), Le(20)] = 4

    __pydantic_config__ = {"extra": "forbid", "strict": True}  # noqa: RUF012  (pydantic reads it from the class)


def _built_in() -> dict[str, PrinterProfile]:
    text = importlib.resources.files("drivers").joinpath("printers.toml").read_text(encoding="utf-8")
    return {name: PrinterProfile(**profile) for name, profile in tomllib.loads(text)["printer"].items()}


PRINTERS: Mapping[str, PrinterProfile] = _built_in()
"""The models of `drivers/printers.toml`, by name."""

PAPER_80_MM = PRINTERS["escpos-80mm"]
PAPER_58_MM = PRINTERS["escpos-58mm"]

BAND_ROWS = 24  # of a picture in one raster command: printers have small buffers, and status is asked in between
_BLOCK_BYTES = 1024
_QUIET_MODULES = 4

_JUSTIFICATIONS = {
    Align.LEFT: escpos.Justification.LEFT,
    Align.CENTER: escpos.Justification.CENTER,
    Align.RIGHT: escpos.Justification.RIGHT,
}

# A line begins with none of the closing and ends with none of the opening signs.
_OPENING = "（《「『【〔“‘"
_CLOSING = "，。、；：！？）》」』】〕”’…％"
_PIECES = re.compile(f" +|[{_OPENING}]*(?:[!-~]+|[^ -~])[{_CLOSING}]*")


def compose(receipt: Receipt, profile: PrinterProfile) -> list[bytes]:
    """Return the bytes of `receipt` from initialisation to cut, in blocks that end between two commands.

    A block has some 1 to 2 KiB, so that a real-time request may be sent after each.

    Raises:
        ValueError: a picture or QR code is wider than the paper.
    """
    blocks = [bytearray()]
    for command in _commands(receipt, profile):
        if len(blocks[-1]) > _BLOCK_BYTES:
            blocks.append(bytearray())
        blocks[-1] += command
    return [bytes(block) for block in blocks]


def cut(profile: PrinterProfile) -> bytes:
    """Return the bytes that end a receipt: feed behind the knife and cut, or feed out for tearing."""
    if profile.cutter:
        return encode(escpos.Cut(escpos.CutMode.PARTIAL, feed=0))
    return encode(escpos.FeedLines(profile.tail_lines))


def _commands(receipt: Receipt, profile: PrinterProfile) -> Iterator[bytes]:
    yield encode(escpos.Initialize())
    yield encode(escpos.KanjiOff())  # Chinese models begin in Kanji mode; runs switch it on themselves
    for element in receipt.elements:
        yield from _element(element, profile)
    yield cut(profile)


def _element(element: Element, profile: PrinterProfile) -> Iterator[bytes]:
    match element:
        case TextLine():
            yield from _text_line(element, profile)
        case Pair(label, value, bold):
            for line in _pair_lines(label, value, profile.columns):
                yield _line(line, bold=bold)
        case Rule():
            yield _line("-" * profile.columns)
        case Blank():
            yield encode(escpos.LineFeed())
        case Bitmap():
            yield from _bitmap(element, profile)
        case QrCode(text):
            yield from _qr_code(text, profile)


def _line(text: str, *, bold: bool = False) -> bytes:
    line = encode_text(text) + encode(escpos.LineFeed())
    return _between(escpos.Emphasis(True), line, escpos.Emphasis(False)) if bold else line


def _between(before: Command, data: bytes, after: Command) -> bytes:
    return encode(before) + data + encode(after)


def _text_line(line: TextLine, profile: PrinterProfile) -> Iterator[bytes]:
    width = profile.columns // 2 if line.large else profile.columns
    data = b"".join(_line(piece, bold=line.bold) for piece in wrap(line.text, width))
    if line.large:
        # Models differ in whether GS ! reaches Chinese characters; where both do, the last one wins (Epson, FS !).
        data = _between(escpos.KanjiMode(True, True), data, escpos.KanjiMode())
        data = _between(escpos.CharacterSize(2, 2), data, escpos.CharacterSize())
    yield _aligned(line.align, data)


def _aligned(align: Align, data: bytes) -> bytes:
    if align is Align.LEFT:
        return data
    return _between(escpos.Justify(_JUSTIFICATIONS[align]), data, escpos.Justify(escpos.Justification.LEFT))


def wrap(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` single-byte columns (at least 4); Chinese counts double.

    It breaks at spaces and line feeds and between Chinese characters; a longer word is cut. An empty text is
    one empty line.
    """
    return [line for paragraph in text.split("\n") for line in _wrap_paragraph(printable(paragraph), width)]


def _wrap_paragraph(text: str, width: int) -> list[str]:
    lines = [""]
    room = width
    for piece in _pieces(text, width):
        needed = _columns_of(piece)
        if needed > room:
            lines.append("")
            room = width
            if piece.isspace():
                continue
        lines[-1] += piece
        room -= needed
    kept = [line.rstrip() for line in lines]
    return [line for line in kept if line] or [""]


def _pieces(text: str, width: int) -> Iterator[str]:
    """Yield what is not broken, and what is longer than a line character by character."""
    for piece in _PIECES.findall(text):
        if len(piece) == 1 or _columns_of(piece) <= width:
            yield piece
        else:
            yield from piece


def _columns_of(piece: str) -> int:
    """Return the columns of what `printable` has been over already."""
    return len(piece.encode("gb18030"))


def _pair_lines(label: str, value: str, width: int) -> list[str]:
    """Return label and value on one line, or the value at the right edge of the lines below."""
    label, value = printable(label), printable(value)
    gap = width - columns(label) - columns(value)
    if gap >= 1:
        return [label + " " * gap + value]
    return wrap(label, width) + [" " * (width - columns(line)) + line for line in wrap(value, width)]


def _bitmap(bitmap: Bitmap, profile: PrinterProfile) -> Iterator[bytes]:
    if bitmap.width > profile.dots:
        raise ValueError(f"a picture of {bitmap.width} dots does not fit on {profile.dots}")
    yield encode(escpos.Justify(_JUSTIFICATIONS[bitmap.align]))
    for top in range(0, bitmap.height, BAND_ROWS):
        rows = bitmap.rows[top * bitmap.stride : (top + BAND_ROWS) * bitmap.stride]
        yield encode(escpos.Raster(bitmap.stride, without_real_time_commands(rows)))
    yield encode(escpos.Justify(escpos.Justification.LEFT))


def without_real_time_commands(rows: bytes) -> bytes:
    """Return `rows` with one dot more wherever a printer would see DLE EOT, DLE ENQ or DLE DC4 in the picture.

    It would obey (HPRT TP809 p36: "graphic data might accidentally include" them), and answer what nobody asked.
    """
    return rows.replace(b"\x10\x04", b"\x10\x0c").replace(b"\x10\x05", b"\x10\x0d").replace(b"\x10\x14", b"\x10\x1c")


def _qr_code(text: str, profile: PrinterProfile) -> Iterator[bytes]:
    data = text.encode()
    # The printer packs at least as tightly as byte mode; a symbol wider than the paper is silently not printed.
    modules = len(segno.make(data, error="M", mode="byte", micro=False, boost_error=False, mask=0).matrix)
    dots = min(profile.qr_dots, profile.dots // (modules + 2 * _QUIET_MODULES))
    if dots < 1:
        raise ValueError(f"a QR code of {len(data)} bytes does not fit on {profile.dots} dots")
    symbol: tuple[Command, ...] = (
        escpos.QrModel(2),
        escpos.QrModuleSize(dots),
        escpos.QrCorrection(escpos.QrLevel.M),
        escpos.QrStore(data),
        escpos.QrPrint(),
    )
    quiet_zone = encode(escpos.LineFeed())
    yield quiet_zone + _aligned(Align.CENTER, b"".join(map(encode, symbol))) + quiet_zone
