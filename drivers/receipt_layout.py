"""How a receipt becomes ESC/POS: sizes, columns, pictures, barcodes and QR codes for one printer model."""

import bisect
import importlib.resources
import json
import tomllib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Annotated

import segno
from annotated_types import Ge, Le, MinLen
from pydantic import TypeAdapter

from drivers.receipt_lines import pair_lines, wrap
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
from wire import escpos, escpos_barcode, escpos_graphics, escpos_qr, escpos_stream
from wire.escpos import Command, encode
from wire.escpos_barcode import BarcodeSystem
from wire.escpos_questions import AutoStatusBack
from wire.escpos_text import ChineseText, CodePageText, TextEncoding


class Lack(Enum):
    """A command that a model does not have; what is done without it is in docs/devices/escpos.md."""

    REAL_TIME_STATUS = "DLE EOT"
    RECOVERY = "DLE ENQ"
    CLEARING = "DLE DC4"
    AUTO_STATUS = "GS a"
    TRANSMIT_STATUS = "GS r"
    PROCESSED = "GS ( H"
    INFORMATION = "GS I"
    RASTER = "GS v 0"
    NV_GRAPHICS = "GS ( L"
    QR_CODE = "GS ( k"
    BARCODE = "GS k"
    FEED_AND_CUT = "GS V 66"
    CUT = "GS V"


class Presenter(Enum):
    """The commands by which a printer hands out a receipt and takes it back."""

    GS_E = "GS e"  # Custom KPM and its kin: held until GS e 5 or 2
    GS_R = "GS R"  # Citizen PPU-700: comes out by itself, the sensor is in DLE EOT 4


_PRESENT_STEPS = 80  # of 0.625 mm: 50 mm to grip


@dataclass(frozen=True)
class PrinterProfile:
    """What differs between models: `dots` across the paper, `columns` of single-byte characters, `qr_dots` a module.

    `cutter` is whether there is one; without, the paper is fed `tail_lines` out for tearing. `chinese` is whether there
    is a GB 18030 font; without, text is printed in `code_pages` (a Python codec and its number for ESC t, the one to
    take first comes first). `retract_periods` is the time after which a Citizen presenter takes back what is left
    (`escpos.RetractAfter`). `source` says where all this is from.

    Raises:
        ValueError: it cannot say when a receipt is done, or a code page is none.
    """

    model: Annotated[str, MinLen(1)]
    dots: Annotated[int, Ge(128), Le(2048)]
    columns: Annotated[int, Ge(16), Le(160)]
    qr_dots: Annotated[int, Ge(1), Le(16)]
    cutter: bool = True
    full_cut: bool = False
    tail_lines: Annotated[int, Ge(0), Le(20)] = 4
    chinese: bool = True
    code_pages: dict[str, Annotated[int, Ge(0), Le(255)]] = field(default_factory=dict)
    lacks: frozenset[Lack] = frozenset()
    presenter: Presenter | None = None
    retract_periods: Annotated[int, Ge(0), Le(9)] = 0
    source: str = ""

    __pydantic_config__ = {"extra": "forbid", "strict": True}  # noqa: RUF012  (pydantic reads it from the class)

    def __post_init__(self) -> None:
        if {Lack.TRANSMIT_STATUS, Lack.PROCESSED} <= self.lacks:
            raise ValueError("a printer with neither GS r nor GS ( H never says that a receipt is done")
        for codec in self.code_pages:
            _check_code_page(codec)

    @cached_property
    def text(self) -> TextEncoding:
        """How the printer takes text."""
        return ChineseText() if self.chinese else CodePageText(self.code_pages)


def _check_code_page(codec: str) -> None:
    try:
        characters = bytes(range(0x80, 0x100)).decode(codec, "replace")
    except LookupError as error:
        raise ValueError(f'"{codec}" is no code page') from error
    if len(characters) != 0x80:
        raise ValueError(f'"{codec}" has characters of several bytes')


def _built_in() -> dict[str, PrinterProfile]:
    text = importlib.resources.files("drivers").joinpath("printers.toml").read_text(encoding="utf-8")
    profiles = json.dumps(tomllib.loads(text)["printer"])
    return TypeAdapter(dict[str, PrinterProfile]).validate_json(profiles)


PRINTERS: Mapping[str, PrinterProfile] = _built_in()
"""The models of `drivers/printers.toml`, by name."""

PAPER_80_MM = PRINTERS["escpos-80mm"]
PAPER_58_MM = PRINTERS["escpos-58mm"]

BAND_ROWS = 24  # of a picture in one raster command: printers have small buffers, and status is asked in between
_BLOCK_BYTES = 1024
_QUIET_MODULES = 4
_BARCODE_DOTS = 80  # 10 mm high

_JUSTIFICATIONS = {
    Align.LEFT: escpos.Justification.LEFT,
    Align.CENTER: escpos.Justification.CENTER,
    Align.RIGHT: escpos.Justification.RIGHT,
}

_SYSTEMS = {
    Symbology.UPC_A: BarcodeSystem.UPC_A,
    Symbology.UPC_E: BarcodeSystem.UPC_E,
    Symbology.EAN13: BarcodeSystem.EAN13,
    Symbology.EAN8: BarcodeSystem.EAN8,
    Symbology.CODE39: BarcodeSystem.CODE39,
    Symbology.ITF: BarcodeSystem.ITF,
    Symbology.CODABAR: BarcodeSystem.CODABAR,
    Symbology.CODE93: BarcodeSystem.CODE93,
    Symbology.CODE128: BarcodeSystem.CODE128,
}

# How many bytes a QR code of version 1 to 40 holds at level M, byte mode (ISO/IEC 18004, table 7).
_QR_BYTES_M = (
    *(14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666),
    *(
        711,
        779,
        857,
        911,
        997,
        1059,
        1125,
        1190,
        1264,
        1370,
        1452,
        1538,
        1628,
        1722,
        1809,
        1911,
        1989,
        2099,
        2213,
        2331,
    ),
)


def compose(receipt: Receipt, profile: PrinterProfile, stored: Mapping[Bitmap, str] | None = None) -> list[bytes]:
    """Return the bytes of `receipt` from initialisation to cut, in blocks that end between two commands.

    A block has some 1 to 2 KiB, so that a real-time request may be sent after each. Pictures in `stored` are printed
    from the printer's memory by their key.

    Raises:
        ValueError: a picture, barcode or QR code is wider than the paper, or its data would be a real-time command.
    """
    blocks = [bytearray()]
    for command in _commands(receipt, profile, stored or {}):
        if len(blocks[-1]) > _BLOCK_BYTES:
            blocks.append(bytearray())
        blocks[-1] += command
    if any(escpos_stream.holds_real_time_command(block) for block in blocks):
        raise ValueError("the receipt holds bytes that a printer would obey at once (DLE EOT, DLE ENQ, DLE DC4)")
    return [bytes(block) for block in blocks]


def cut(profile: PrinterProfile) -> bytes:
    """Return the bytes that end a receipt: feed behind the knife, cut and present, or feed out for tearing."""
    if not profile.cutter:
        return encode(escpos.FeedLines(profile.tail_lines))
    mode = escpos.CutMode.FULL if profile.full_cut else escpos.CutMode.PARTIAL
    if Lack.CUT in profile.lacks:
        done = encode(escpos.FeedLines(profile.tail_lines)) + encode(escpos.OldCut(mode))
    elif Lack.FEED_AND_CUT in profile.lacks:
        done = encode(escpos.FeedLines(profile.tail_lines)) + encode(escpos.Cut(mode))
    else:
        done = encode(escpos.Cut(mode, feed=0))
    return done + encode(escpos.Present(_PRESENT_STEPS)) if profile.presenter is Presenter.GS_E else done


def _commands(receipt: Receipt, profile: PrinterProfile, stored: Mapping[Bitmap, str]) -> Iterator[bytes]:
    yield encode(escpos.Initialize())
    if profile.chinese:
        yield encode(escpos.KanjiOff())  # Chinese models begin in Kanji mode; runs switch it on themselves
    if Lack.REAL_TIME_STATUS in profile.lacks and Lack.AUTO_STATUS not in profile.lacks:
        yield encode(AutoStatusBack(online=True, error=True, paper=True))  # ESC @ may have ended it
    if profile.presenter is Presenter.GS_R:
        yield encode(escpos.RetractAfter(profile.retract_periods))
    for element in receipt.elements:
        yield from _element(element, profile, stored)
    yield cut(profile)


def _element(element: Element, profile: PrinterProfile, stored: Mapping[Bitmap, str]) -> Iterator[bytes]:
    match element:
        case TextLine():
            yield _text_line(element, profile)
        case Headline(text):
            yield _headline(text, profile)
        case Pair(label, value, bold):
            yield _lines(pair_lines(label, value, profile.columns, profile.text), profile.text, bold=bold)
        case Rule():
            yield b"-" * profile.columns + _LINE_FEED
        case Blank():
            yield _LINE_FEED
        case Bitmap() if element in stored:
            data = encode(escpos_graphics.PrintNvGraphics(stored[element]))
            yield _aligned(element.align, data)
        case Bitmap():
            yield from _bitmap(element, profile)
        case Barcode():
            yield _barcode(element, profile)
        case QrCode(text):
            yield from _qr_code(text, profile)


_LINE_FEED = encode(escpos.LineFeed())
_LARGEST = 8  # times, GS !


def _lines(lines: list[str], text: TextEncoding, *, bold: bool = False) -> bytes:
    data = text.encode("\n".join(lines)) + _LINE_FEED
    return _between(escpos.Emphasis(True), data, escpos.Emphasis(False)) if bold else data


def _between(before: Command, data: bytes, after: Command) -> bytes:
    return encode(before) + data + encode(after)


def _text_line(line: TextLine, profile: PrinterProfile) -> bytes:
    width = profile.columns // 2 if line.large else profile.columns
    data = _lines(wrap(line.text, width, profile.text), profile.text, bold=line.bold)
    if line.underline:
        if profile.chinese:
            data = _between(escpos.KanjiUnderline(1), data, escpos.KanjiUnderline(0))
        data = _between(escpos.Underline(1), data, escpos.Underline(0))
    if line.large:
        # Models differ in whether GS ! reaches Chinese characters; where both do, the last one wins (Epson, FS !).
        if profile.chinese:
            data = _between(escpos.KanjiMode(True, True), data, escpos.KanjiMode())
        data = _between(escpos.CharacterSize(2, 2), data, escpos.CharacterSize())
    return _aligned(line.align, data)


def _headline(text: str, profile: PrinterProfile) -> bytes:
    """Return `text` so many times as large, up to eight (GS !), as it fits on one line.

    FS ! only doubles Chinese characters, and models differ in whether GS ! reaches them: those are doubled.
    """
    printable = profile.text.printable(text)
    if not printable.isascii():
        return _text_line(TextLine(text, Align.CENTER, bold=True, large=True), profile)
    times = max(1, min(_LARGEST, profile.columns // max(1, len(printable))))
    data = _between(
        escpos.CharacterSize(times, times), _lines([printable], profile.text, bold=True), escpos.CharacterSize()
    )
    return _aligned(Align.CENTER, data)


def _aligned(align: Align, data: bytes) -> bytes:
    if align is Align.LEFT:
        return data
    return _between(escpos.Justify(_JUSTIFICATIONS[align]), data, escpos.Justify(escpos.Justification.LEFT))


def _bitmap(bitmap: Bitmap, profile: PrinterProfile) -> Iterator[bytes]:
    if bitmap.width > profile.dots:
        raise ValueError(f"a picture of {bitmap.width} dots does not fit on {profile.dots}")
    yield encode(escpos.Justify(_JUSTIFICATIONS[bitmap.align]))
    for top in range(0, bitmap.height, BAND_ROWS):
        rows = without_real_time_commands(bitmap.rows[top * bitmap.stride : (top + BAND_ROWS) * bitmap.stride])
        if Lack.RASTER in profile.lacks:
            store = escpos_graphics.StoreGraphics(bitmap.width, rows)
            yield encode(store) + encode(escpos_graphics.PrintGraphics())
        else:
            yield encode(escpos_graphics.Raster(bitmap.stride, rows))
    yield encode(escpos.Justify(escpos.Justification.LEFT))


def without_real_time_commands(rows: bytes) -> bytes:
    """Return `rows` with one dot more wherever a printer would see DLE EOT, DLE ENQ or DLE DC4 in the picture.

    It would obey (HPRT TP809 p36: "graphic data might accidentally include" them), and answer what nobody asked.
    """
    return rows.replace(b"\x10\x04", b"\x10\x0c").replace(b"\x10\x05", b"\x10\x0d").replace(b"\x10\x14", b"\x10\x1c")


def definition(bitmap: Bitmap, profile: PrinterProfile) -> tuple[str, bytes]:
    """Return the key that `bitmap` has in the memory of a printer, and the bytes that put it there.

    The key is two digits, which is all that some manuals have in the list of keys (Citizen CT-S280 p160); it comes from
    the picture, so that another logo has another one, but for one case in a hundred.

    Raises:
        ValueError: the picture is wider than the paper, or larger than GS ( L can say.
    """
    if bitmap.width > profile.dots or len(bitmap.rows) > 0xFF00 or bitmap.height > 2304:
        raise ValueError(f"a picture of {bitmap.width} by {bitmap.height} dots does not fit into the printer")
    key = f"{zlib.crc32(bitmap.rows) % 100:02d}"
    rows = without_real_time_commands(bitmap.rows)
    return key, encode(escpos_graphics.DefineNvGraphics(key, bitmap.width, rows))


def _barcode(barcode: Barcode, profile: PrinterProfile) -> bytes:
    if Lack.BARCODE in profile.lacks:
        return _text_line(TextLine(barcode.data, align=barcode.align), profile)
    modules = barcode.modules
    dots = min(3, profile.dots // modules)
    if dots < 2:
        raise ValueError(f"a barcode of {modules} modules does not fit on {profile.dots} dots")
    code128 = barcode.symbology is Symbology.CODE128
    data = escpos_barcode.code128(barcode.data) if code128 else barcode.data.encode("ascii")
    position = escpos_barcode.HriPosition.BELOW if barcode.readable else escpos_barcode.HriPosition.NONE
    commands: tuple[Command, ...] = (
        escpos_barcode.BarcodeHeight(_BARCODE_DOTS),
        escpos_barcode.BarcodeModule(dots),
        escpos_barcode.BarcodeText(position),
        escpos_barcode.Barcode(_SYSTEMS[barcode.symbology], data),
    )
    return _aligned(barcode.align, b"".join(map(encode, commands)))


def _qr_code(text: str, profile: PrinterProfile) -> Iterator[bytes]:
    data = text.encode()
    # The printer packs at least as tightly as byte mode; a symbol wider than the paper is silently not printed.
    version = bisect.bisect_left(_QR_BYTES_M, len(data)) + 1
    modules = 17 + 4 * version
    dots = min(profile.qr_dots, profile.dots // (modules + 2 * _QUIET_MODULES))
    if dots < 1 or version > len(_QR_BYTES_M):
        raise ValueError(f"a QR code of {len(data)} bytes does not fit on {profile.dots} dots")
    if Lack.QR_CODE in profile.lacks:
        yield from _bitmap(_qr_picture(data, dots), profile)
        return
    symbol: tuple[Command, ...] = (
        escpos_qr.QrModel(2),
        escpos_qr.QrModuleSize(dots),
        escpos_qr.QrCorrection(escpos_qr.QrLevel.M),
        escpos_qr.QrStore(data),
        escpos_qr.QrPrint(),
    )
    yield _LINE_FEED + _aligned(Align.CENTER, b"".join(map(encode, symbol))) + _LINE_FEED  # a quiet zone


def _qr_picture(data: bytes, dots: int) -> Bitmap:
    matrix = segno.make(data, error="M", mode="byte", micro=False, boost_error=False).matrix_iter(
        scale=dots, border=_QUIET_MODULES
    )
    rows = [bytes(row) for row in matrix]
    width = len(rows[0])
    stride = (width + 7) // 8
    packed = (int(row.translate(_DIGITS).ljust(stride * 8, b"0"), 2).to_bytes(stride, "big") for row in rows)
    return Bitmap(width, b"".join(packed))


_DIGITS = b"01" + bytes(254)
