"""ESC/POS commands: frozen dataclasses to bytes; here those of text, of feeding and cutting, and of the presenter.

Sources: facts/device-protocols.md 3c; Epson TM-T88III specification (ESC a p102, GS ! p116, FS ! p146); Sewoo LK-P
command manual p18 (ESC E); Epson GS V p373; HPRT TP80K p34 (FS -); Custom KPM216H p43 (ESC -); Infinite Peripherals
KPM210 p76 (GS e); Citizen PPU-700 command reference p121 (GS R).

Barcodes are in `wire.escpos_barcode`, QR codes in `wire.escpos_qr`, pictures in `wire.escpos_graphics`, what is asked
in `wire.escpos_questions` and its answers in `wire.escpos_status`, text in `wire.escpos_text`; `wire.escpos_stream`
cuts what a printer receives into commands.
"""

from dataclasses import dataclass
from enum import Enum

from wire import escpos_barcode, escpos_graphics, escpos_qr, escpos_questions
from wire.errors import WireError
from wire.escpos_barcode import BarcodeCommand
from wire.escpos_graphics import GraphicsCommand
from wire.escpos_qr import QrCommand
from wire.escpos_questions import Question
from wire.ranges import within

ESC, FS, GS, LF = 0x1B, 0x1C, 0x1D, 0x0A


class Justification(Enum):
    """`n` of ESC a."""

    LEFT = 0
    CENTER = 1
    RIGHT = 2


class CutMode(Enum):
    """`m` of GS V without a feed."""

    FULL = 0
    PARTIAL = 1


@dataclass(frozen=True)
class Initialize:
    """ESC @: settings as after power-up; the receive buffer stays."""


@dataclass(frozen=True)
class LineFeed:
    """LF: print the line and feed one."""


@dataclass(frozen=True)
class FeedLines:
    """ESC d: print the line and feed `lines` (0 to 255)."""

    lines: int


@dataclass(frozen=True)
class Justify:
    """ESC a: effective at the beginning of a line."""

    justification: Justification


@dataclass(frozen=True)
class Emphasis:
    """ESC E: bold."""

    on: bool


@dataclass(frozen=True)
class PrintMode:
    """ESC !: font and style of single-byte characters, all at once."""

    font_b: bool = False
    emphasized: bool = False
    double_height: bool = False
    double_width: bool = False
    underline: bool = False


@dataclass(frozen=True)
class Underline:
    """ESC -: a line of `dots` (0 to 2) under single-byte characters, 0 = none."""

    dots: int


@dataclass(frozen=True)
class CharacterSize:
    """GS !: how many times wide and high (1 to 8), single-byte and Chinese characters alike."""

    width: int = 1
    height: int = 1


@dataclass(frozen=True)
class KanjiOn:
    """FS &: bytes that can be double-byte characters are."""


@dataclass(frozen=True)
class KanjiOff:
    """FS .: every byte is a character of its own."""


@dataclass(frozen=True)
class KanjiMode:
    """FS !: style of double-byte characters."""

    double_width: bool = False
    double_height: bool = False
    underline: bool = False


@dataclass(frozen=True)
class KanjiUnderline:
    """FS -: a line of `dots` (0 to 2) under double-byte characters, 0 = none."""

    dots: int


@dataclass(frozen=True)
class CodePage:
    """ESC t: what bytes from 80 mean outside Kanji mode (0 to 255)."""

    page: int


@dataclass(frozen=True)
class Cut:
    """GS V: cut here, or with `feed` (0 to 255 motion units) feed the print past the knife first."""

    mode: CutMode
    feed: int | None = None


@dataclass(frozen=True)
class OldCut:
    """ESC i, ESC m: cut here; what was before GS V."""

    mode: CutMode


class Eject(Enum):
    """`n` of GS e: what a printer of the Custom KPM family does with the ticket in its presenter."""

    RETRACT = 2
    EJECT = 5


@dataclass(frozen=True)
class Present:
    """GS e 3: bring the cut ticket out by `steps` (0 to 255; 0.625 mm each at a KPM210), and hold it."""

    steps: int


@dataclass(frozen=True)
class ControlEjector:
    """GS e 2 and 5."""

    eject: Eject


@dataclass(frozen=True)
class RetractNow:
    """GS R 0: a Citizen presenter takes back the receipt that it holds."""


@dataclass(frozen=True)
class RetractAfter:
    """GS R 1: a Citizen presenter takes a receipt back after `periods` (0 = never, to 9).

    A period is 1 s at a PPU-700 (p121), 2.5 s at a PPU-231II (p70).
    """

    periods: int


@dataclass(frozen=True)
class Text:
    """Bytes from 20 up, as they came; what they mean depends on Kanji mode and code page."""

    data: bytes


Command = (
    Initialize
    | LineFeed
    | FeedLines
    | Justify
    | Emphasis
    | PrintMode
    | CharacterSize
    | KanjiOn
    | KanjiOff
    | KanjiMode
    | CodePage
    | Cut
    | OldCut
    | Present
    | ControlEjector
    | RetractNow
    | RetractAfter
    | Text
    | Underline
    | KanjiUnderline
    | Question
    | BarcodeCommand
    | QrCommand
    | GraphicsCommand
)


def encode(command: Command) -> bytes:  # noqa: C901, PLR0912  (one line a command)
    """Return the bytes of `command`.

    Raises:
        WireError: a parameter is out of its range.
    """
    match command:
        case Initialize():
            return bytes((ESC, 0x40))
        case LineFeed():
            return bytes((LF,))
        case FeedLines(lines):
            return bytes((ESC, 0x64, _byte(lines, "lines")))
        case Justify(justification):
            return bytes((ESC, 0x61, justification.value))
        case Emphasis(on):
            return bytes((ESC, 0x45, on))
        case PrintMode(font_b, emphasized, high, wide, underline):
            return bytes((ESC, 0x21, font_b | emphasized << 3 | high << 4 | wide << 5 | underline << 7))
        case CharacterSize(width, height):
            return bytes((GS, 0x21, (within(width, 1, 8, "width") - 1) << 4 | within(height, 1, 8, "height") - 1))
        case KanjiOn():
            return bytes((FS, 0x26))
        case KanjiOff():
            return bytes((FS, 0x2E))
        case KanjiMode(wide, high, underline):
            return bytes((FS, 0x21, wide << 2 | high << 3 | underline << 7))
        case CodePage(page):
            return bytes((ESC, 0x74, _byte(page, "page")))
        case Cut(mode, None):
            return bytes((GS, 0x56, mode.value))
        case Cut(mode, feed):
            return bytes((GS, 0x56, 0x41 + mode.value, _byte(feed or 0, "feed")))
        case OldCut(mode):
            return bytes((ESC, 0x69 if mode is CutMode.FULL else 0x6D))
        case Present(steps):
            return bytes((GS, 0x65, 3, _byte(steps, "steps")))
        case ControlEjector(eject):
            return bytes((GS, 0x65, eject.value))
        case RetractNow():
            return bytes((GS, 0x52, 0x30))
        case RetractAfter(periods):
            return bytes((GS, 0x52, 0x31, within(periods, 0, 9, "periods")))
        case Underline(dots):
            return bytes((ESC, 0x2D, within(dots, 0, 2, "dots")))
        case KanjiUnderline(dots):
            return bytes((FS, 0x2D, within(dots, 0, 2, "dots")))
        case Text(data):
            if any(byte < 0x20 for byte in data):
                raise WireError("text holds a control character")
            return data
    if isinstance(command, BarcodeCommand):
        return escpos_barcode.encode(command)
    if isinstance(command, QrCommand):
        return escpos_qr.encode(command)
    if isinstance(command, Question):
        return escpos_questions.encode(command)
    return escpos_graphics.encode(command)


def _byte(value: int, what: str) -> int:
    return within(value, 0, 255, what)
