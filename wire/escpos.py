"""ESC/POS commands: frozen dataclasses to bytes and back.

Sources: facts/device-protocols.md 3c; Epson TM-T88III specification (ESC a p102, GS ! p116, GS a p133, DLE ENQ p75,
FS ! p146); Sewoo LK-P command manual p18 (ESC E) and p40 (GS a); Epson TM-T81 specification pp95-97 (GS ( k); Epson
GS V p373; HPRT TP80K p53 (GS v 0), pp72-77 (DLE EOT, GS a, GS I) and p34 (FS -); Epson TM-T90 p98 (DLE DC4 fn 8);
Epson TM-J2000 specification p430 (GS ( H); Custom KPM216H p43 (ESC -); Infinite Peripherals KPM210 p76 (GS e); Citizen
PPU-700 command reference p121 (GS R).

Barcodes are in `wire.escpos_barcode`, GS ( L and FS p in `wire.escpos_graphics`, text in `wire.escpos_text`, the
answers of the printer in `wire.escpos_status`; `wire.escpos_stream` cuts what a printer receives into commands.
"""

import re
from dataclasses import dataclass
from enum import Enum

from wire import escpos_barcode, escpos_graphics
from wire.errors import WireError
from wire.escpos_barcode import BarcodeCommand
from wire.escpos_graphics import GraphicsCommand

DLE, ESC, FS, GS, LF, ACK = 0x10, 0x1B, 0x1C, 0x1D, 0x0A, 0x06


class Justification(Enum):
    """`n` of ESC a."""

    LEFT = 0
    CENTER = 1
    RIGHT = 2


class CutMode(Enum):
    """`m` of GS V without a feed."""

    FULL = 0
    PARTIAL = 1


class RasterScale(Enum):
    """`m` of GS v 0."""

    NORMAL = 0
    DOUBLE_WIDTH = 1
    DOUBLE_HEIGHT = 2
    QUADRUPLE = 3


class QrLevel(Enum):
    """`n` of GS ( k fn 69: how much of a damaged symbol can be recovered (7, 15, 25, 30 %)."""

    L = 48
    M = 49
    Q = 50
    H = 51


class StatusKind(Enum):
    """`n` of DLE EOT."""

    PRINTER = 1
    OFFLINE_CAUSE = 2
    ERROR_CAUSE = 3
    PAPER = 4


class Recovery(Enum):
    """`n` of DLE ENQ: what to do with the data of before the error, once its cause is mended."""

    RESUME = 1
    CLEAR = 2


class InformationKind(Enum):
    """`n` of GS I that is answered by a text (`wire.escpos_status.Information`)."""

    FIRMWARE = 65
    MAKER = 66
    MODEL = 67
    SERIAL = 68


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
class Raster:
    """GS v 0: `rows` of `width_bytes` bytes, eight dots a byte, most significant bit left, 1 = black.

    1 to 2047 bytes wide, 1 to 4095 rows, at most 512 KiB.
    """

    width_bytes: int
    rows: bytes
    scale: RasterScale = RasterScale.NORMAL


@dataclass(frozen=True)
class QrModel:
    """GS ( k 41: model 1, 2 or 3 (3 = Micro QR)."""

    model: int


@dataclass(frozen=True)
class QrModuleSize:
    """GS ( k 43: dots a module (1 to 16)."""

    dots: int


@dataclass(frozen=True)
class QrCorrection:
    """GS ( k 45."""

    level: QrLevel


@dataclass(frozen=True)
class QrStore:
    """GS ( k 50: put `data` (1 to 7089 bytes) where QrPrint finds it."""

    data: bytes


@dataclass(frozen=True)
class QrPrint:
    """GS ( k 51: print what was stored."""


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
class AskProcessed:
    """GS ( H 48: answered by `escpos_status.Processed` with the same `mark`, once all before it is done.

    `mark` is four characters of printable ASCII. After what prints the answer comes when the printing is completed.
    """

    mark: str


@dataclass(frozen=True)
class Acknowledge:
    """ACK: a block of several was received well; the printer sends the next one, or ends."""


@dataclass(frozen=True)
class AskStatus:
    """DLE EOT: answered in real time by one byte, even off-line or with a full buffer."""

    kind: StatusKind


@dataclass(frozen=True)
class Recover:
    """DLE ENQ: leave a recoverable error in real time."""

    recovery: Recovery


@dataclass(frozen=True)
class ClearBuffers:
    """DLE DC4 fn 8: forget in real time all that was received and not printed; answered by ClearResponse."""


@dataclass(frozen=True)
class AutoStatusBack:
    """GS a: send a 4-byte status now and on every change of the chosen items; none chosen = off."""

    drawer: bool = False
    online: bool = False
    error: bool = False
    paper: bool = False


@dataclass(frozen=True)
class AskInformation:
    """GS I 65 to 68: executed in the order of the buffer."""

    kind: InformationKind


@dataclass(frozen=True)
class AskIdByte:
    """GS I 1 (model), 2 (type), 3 (ROM version): answered by one byte, in the order of the buffer."""

    number: int


@dataclass(frozen=True)
class TransmitStatus:
    """GS r: 1 paper sensors, 2 drawer.

    It is executed when its turn in the receive buffer comes, so its answer says that all before it is done; a
    printer that is off-line (paper end, cover) does not execute it (HPRT TP80K; Epson TM-U295 p70; Better BT-532C p49).
    """

    number: int


@dataclass(frozen=True)
class Text:
    """Bytes from 20 up, as they came; what they mean depends on Kanji mode and code page."""

    data: bytes


RealTimeCommand = AskStatus | Recover | ClearBuffers

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
    | Raster
    | QrModel
    | QrModuleSize
    | QrCorrection
    | QrStore
    | QrPrint
    | Cut
    | OldCut
    | Present
    | ControlEjector
    | RetractNow
    | RetractAfter
    | AutoStatusBack
    | AskInformation
    | AskIdByte
    | TransmitStatus
    | AskProcessed
    | Acknowledge
    | Text
    | Underline
    | KanjiUnderline
    | RealTimeCommand
    | BarcodeCommand
    | GraphicsCommand
)

CLEAR_BUFFERS = bytes.fromhex("10 14 08 01 03 14 01 06 02 08")
ASK_PROCESSED = bytes.fromhex("1D 28 48 06 00 30 30")
MARK = re.compile("[ -~]{4}")
MAX_RASTER_HEIGHT = 4095
MAX_RASTER_WIDTH = 2047
MAX_RASTER_BYTES = 512 * 1024
MAX_QR_BYTES = 7089


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
            return bytes((GS, 0x21, (_within(width, 1, 8, "width") - 1) << 4 | _within(height, 1, 8, "height") - 1))
        case KanjiOn():
            return bytes((FS, 0x26))
        case KanjiOff():
            return bytes((FS, 0x2E))
        case KanjiMode(wide, high, underline):
            return bytes((FS, 0x21, wide << 2 | high << 3 | underline << 7))
        case CodePage(page):
            return bytes((ESC, 0x74, _byte(page, "page")))
        case Raster():
            return _encode_raster(command)
        case QrModel(model):
            return _qr(0x41, bytes((0x30 + _within(model, 1, 3, "model"), 0)))
        case QrModuleSize(dots):
            return _qr(0x43, bytes((_within(dots, 1, 16, "module size"),)))
        case QrCorrection(level):
            return _qr(0x45, bytes((level.value,)))
        case QrStore(data):
            _within(len(data), 1, MAX_QR_BYTES, "length of the QR data")
            return _qr(0x50, b"\x30" + data)
        case QrPrint():
            return _qr(0x51, b"\x30")
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
            return bytes((GS, 0x52, 0x31, _within(periods, 0, 9, "periods")))
        case AskStatus(kind):
            return bytes((DLE, 0x04, kind.value))
        case Recover(recovery):
            return bytes((DLE, 0x05, recovery.value))
        case ClearBuffers():
            return CLEAR_BUFFERS
        case AutoStatusBack(drawer, online, error, paper):
            return bytes((GS, 0x61, drawer | online << 1 | error << 2 | paper << 3))
        case AskInformation(kind):
            return bytes((GS, 0x49, kind.value))
        case AskIdByte(number):
            return bytes((GS, 0x49, _within(number, 1, 3, "ID number")))
        case TransmitStatus(number):
            return bytes((GS, 0x72, _within(number, 1, 2, "status number")))
        case AskProcessed(mark):
            if not MARK.fullmatch(mark):
                raise WireError("a mark is four characters of printable ASCII")
            return ASK_PROCESSED + mark.encode("ascii")
        case Acknowledge():
            return bytes((ACK,))
        case Underline(dots):
            return bytes((ESC, 0x2D, _within(dots, 0, 2, "dots")))
        case KanjiUnderline(dots):
            return bytes((FS, 0x2D, _within(dots, 0, 2, "dots")))
        case Text(data):
            if any(byte < 0x20 for byte in data):
                raise WireError("text holds a control character")
            return data
    if isinstance(command, BarcodeCommand):
        return escpos_barcode.encode(command)
    return escpos_graphics.encode(command)


def _byte(value: int, what: str) -> int:
    return _within(value, 0, 255, what)


def _within(value: int, low: int, high: int, what: str) -> int:
    if not low <= value <= high:
        raise WireError(f"{what} is {value}, not {low} to {high}")
    return value


def _qr(function: int, parameters: bytes) -> bytes:
    return b"\x1d\x28\x6b" + (len(parameters) + 2).to_bytes(2, "little") + bytes((0x31, function)) + parameters


def _encode_raster(raster: Raster) -> bytes:
    _within(raster.width_bytes, 1, MAX_RASTER_WIDTH, "width in bytes")
    height, rest = divmod(len(raster.rows), raster.width_bytes)
    if rest:
        raise WireError("the raster's rows are not whole")
    _within(height, 1, MAX_RASTER_HEIGHT, "height")
    _within(len(raster.rows), 1, MAX_RASTER_BYTES, "size in bytes")
    size = raster.width_bytes.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"\x1d\x76\x30" + bytes((raster.scale.value,)) + size + raster.rows
