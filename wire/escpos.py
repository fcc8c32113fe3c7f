"""ESC/POS commands: frozen dataclasses to bytes and back.

Sources: facts/device-protocols.md 3c; Epson TM-T88III specification (ESC a p102, GS ! p116, GS a p133, DLE ENQ p75,
FS ! p146); Sewoo LK-P command manual p18 (ESC E) and p40 (GS a); Epson TM-T81 specification pp95-97 (GS ( k); Epson
GS V p373; HPRT TP80K p53 (GS v 0), pp72-77 (DLE EOT, GS a, GS I) and p34 (FS -); Epson TM-T90 p98 (DLE DC4 fn 8);
Epson TM-J2000 specification p430 (GS ( H); Custom KPM216H p43 (ESC -); Infinite Peripherals KPM210 p76 (GS e); Citizen
PPU-700 command reference p121 (GS R).

Barcodes are in `wire.escpos_barcode`, GS ( L and FS p in `wire.escpos_graphics`, text in `wire.escpos_text`, the
answers of the printer in `wire.escpos_status`.
"""

import re
from collections.abc import Callable
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


@dataclass(frozen=True)
class Unknown:
    """Bytes that are no command of this module, or one with a parameter out of its range."""

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

_CLEAR_BUFFERS = bytes.fromhex("10 14 08 01 03 14 01 06 02 08")
_ASK_PROCESSED = bytes.fromhex("1D 28 48 06 00 30 30")
_MARK = re.compile("[ -~]{4}")
_MAX_RASTER_HEIGHT = 4095
_MAX_RASTER_WIDTH = 2047
_MAX_RASTER_BYTES = 512 * 1024
_MAX_QR_BYTES = 7089


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
            _within(len(data), 1, _MAX_QR_BYTES, "length of the QR data")
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
            return _CLEAR_BUFFERS
        case AutoStatusBack(drawer, online, error, paper):
            return bytes((GS, 0x61, drawer | online << 1 | error << 2 | paper << 3))
        case AskInformation(kind):
            return bytes((GS, 0x49, kind.value))
        case AskIdByte(number):
            return bytes((GS, 0x49, _within(number, 1, 3, "ID number")))
        case TransmitStatus(number):
            return bytes((GS, 0x72, _within(number, 1, 2, "status number")))
        case AskProcessed(mark):
            if not _MARK.fullmatch(mark):
                raise WireError("a mark is four characters of printable ASCII")
            return _ASK_PROCESSED + mark.encode("ascii")
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
    _within(raster.width_bytes, 1, _MAX_RASTER_WIDTH, "width in bytes")
    height, rest = divmod(len(raster.rows), raster.width_bytes)
    if rest:
        raise WireError("the raster's rows are not whole")
    _within(height, 1, _MAX_RASTER_HEIGHT, "height")
    _within(len(raster.rows), 1, _MAX_RASTER_BYTES, "size in bytes")
    size = raster.width_bytes.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"\x1d\x76\x30" + bytes((raster.scale.value,)) + size + raster.rows


# -- the printer's side ------------------------------------------------------------------------------------


class RealTimeScanner:
    """Finds the real-time commands in what a printer receives, wherever they stand, even inside a picture.

    That is what printers do on a serial line (HPRT TP80K p72; PosBank A10plus, DLE EOT notes). The bytes go on to
    the `CommandDeframer` as well, so within another command they are parameters too.
    """

    COMMANDS = re.compile(rb"\x10(?:\x04[\x01-\x04]|\x05[\x01\x02]|\x14\x08\x01\x03\x14\x01\x06\x02\x08)")

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[tuple[int, RealTimeCommand]]:
        """Return the commands that end in `data`, each with the offset in `data` behind it."""
        held = len(self._tail)
        joined = self._tail + data
        found: list[tuple[int, RealTimeCommand]] = []
        behind = 0
        for hit in self.COMMANDS.finditer(joined):
            behind = hit.end()
            found.append((behind - held, _real_time(hit.group())))
        self._tail = joined[max(behind, len(joined) - len(_CLEAR_BUFFERS) + 1) :]
        return found


def holds_real_time_command(data: bytes | bytearray) -> bool:
    """Return whether a printer that receives `data` finds a real-time command in it."""
    return RealTimeScanner.COMMANDS.search(data) is not None


def _real_time(data: bytes) -> RealTimeCommand:
    match data[1]:
        case 0x04:
            return AskStatus(StatusKind(data[2]))
        case 0x05:
            return Recover(Recovery(data[2]))
        case _:
            return ClearBuffers()


class CommandDeframer:
    """Cuts the byte stream that a printer receives into commands, however it arrives.

    ESC/POS has no frames: after bytes that are no known command it goes on with the very next byte, as a
    printer does, and reports an `Unknown`. It holds at most one unfinished command (a raster: 512 KiB).
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished command are held."""
        return len(self._buffer)

    def reset(self) -> None:
        """Forget an unfinished command."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Command | Unknown]:
        """Take `data` and return the commands that are now complete, in order."""
        self._buffer += data
        found: list[Command | Unknown] = []
        at = 0
        while at < len(self._buffer):
            end, command = _next(self._buffer, at)
            if command is None:
                break
            found.append(command)
            at = end
        del self._buffer[:at]
        return found


_Step = tuple[int, "Command | Unknown | None"]
_MORE: _Step = (0, None)


def _next(data: bytearray, at: int) -> _Step:
    """Return the end of the command at `at` and the command, None where bytes are missing."""
    first = data[at]
    if first >= 0x20:
        end = next((i for i in range(at, len(data)) if data[i] < 0x20), len(data))
        return end, Text(bytes(data[at:end]))
    if first in (LF, ACK):
        return at + 1, LineFeed() if first == LF else Acknowledge()
    if first not in (DLE, ESC, FS, GS):
        return at + 1, Unknown(bytes((first,)))
    if at + 1 == len(data):
        return _MORE
    key = bytes(data[at : at + 2])
    if key in _LONGER:
        return _LONGER[key](data, at)
    if key in _IN_OTHER_ROOMS:
        found = _IN_OTHER_ROOMS[key](bytes(data[at:]))
        return _MORE if found is None else (at + found[0], found[1] or Unknown(bytes(data[at : at + found[0]])))
    if key not in _ONE_PARAMETER:
        return at + 2, _WITHOUT_PARAMETER.get(key) or Unknown(key)
    if at + 2 == len(data):
        return _MORE
    return at + 3, _one_parameter(first, data[at + 1], data[at + 2]) or Unknown(bytes(data[at : at + 3]))


def _one_parameter(prefix: int, code: int, n: int) -> Command | None:  # noqa: C901, PLR0912  (one line a command)
    """Return the three-byte command, None where its parameter is out of range (a printer ignores it then)."""
    match prefix, code, n:
        case (0x1B, 0x64, _):
            return FeedLines(n)
        case (0x1B, 0x61, 0 | 1 | 2 | 48 | 49 | 50):
            return Justify(Justification(n % 48))
        case (0x1B, 0x45, _):
            return Emphasis(bool(n & 1))
        case (0x1B, 0x21, _):
            return PrintMode(bool(n & 0x01), bool(n & 0x08), bool(n & 0x10), bool(n & 0x20), bool(n & 0x80))
        case (0x1B, 0x74, _):
            return CodePage(n)
        case (0x1C, 0x21, _):
            return KanjiMode(bool(n & 0x04), bool(n & 0x08), bool(n & 0x80))
        case (0x1D, 0x21, _) if n & 0x88 == 0:
            return CharacterSize((n >> 4) + 1, (n & 0x0F) + 1)
        case (0x1D, 0x61, _):
            return AutoStatusBack(bool(n & 1), bool(n & 2), bool(n & 4), bool(n & 8))
        case (0x1D, 0x49, 1 | 2 | 3 | 49 | 50 | 51):
            return AskIdByte(n % 48)
        case (0x1D, 0x49, 65 | 66 | 67 | 68):
            return AskInformation(InformationKind(n))
        case (0x1D, 0x72, 1 | 2 | 49 | 50):
            return TransmitStatus(n % 48)
        case (0x1B, 0x2D, 0 | 1 | 2 | 48 | 49 | 50):
            return Underline(n % 48)
        case (0x1C, 0x2D, 0 | 1 | 2 | 48 | 49 | 50):
            return KanjiUnderline(n % 48)
        case (0x1D, 0x48 | 0x66 | 0x68 | 0x77, _):
            return escpos_barcode.decode_setting(code, n)
        case (0x10, 0x04, 1 | 2 | 3 | 4):
            return AskStatus(StatusKind(n))
        case (0x10, 0x05, 1 | 2):
            return Recover(Recovery(n))
        case _:
            return None


def _next_cut(data: bytearray, at: int) -> _Step:
    if len(data) < at + 3:
        return _MORE
    m = data[at + 2]
    if m in (0, 1, 48, 49):
        return at + 3, Cut(CutMode(m % 48))
    if m not in (0x41, 0x42):
        return at + 3, Unknown(bytes(data[at : at + 3]))
    if len(data) < at + 4:
        return _MORE
    return at + 4, Cut(CutMode(m - 0x41), data[at + 3])


def _next_nv_image(data: bytearray, at: int) -> _Step:
    if len(data) < at + 4:
        return _MORE
    number, scale = data[at + 2], data[at + 3]
    if number == 0 or scale not in (0, 1, 2, 3, 48, 49, 50, 51):
        return at + 4, Unknown(bytes(data[at : at + 4]))
    return at + 4, escpos_graphics.PrintNvImage(number, scale % 48)


def _next_ejector(data: bytearray, at: int) -> _Step:
    if len(data) < at + 3:
        return _MORE
    n = data[at + 2]
    if n != 3:
        return at + 3, ControlEjector(Eject(n)) if n in (2, 5) else Unknown(bytes(data[at : at + 3]))
    if len(data) < at + 4:
        return _MORE
    return at + 4, Present(data[at + 3])


def _next_retraction(data: bytearray, at: int) -> _Step:
    if len(data) < at + 3:
        return _MORE
    if data[at + 2] != 0x31:
        return at + 3, RetractNow() if data[at + 2] == 0x30 else Unknown(bytes(data[at : at + 3]))
    if len(data) < at + 4:
        return _MORE
    return at + 4, RetractAfter(data[at + 3]) if data[at + 3] <= 9 else Unknown(bytes(data[at : at + 4]))


def _next_clear(data: bytearray, at: int) -> _Step:
    have = bytes(data[at : at + len(_CLEAR_BUFFERS)])
    if have == _CLEAR_BUFFERS:
        return at + len(have), ClearBuffers()
    if _CLEAR_BUFFERS.startswith(have):
        return _MORE
    return at + 2, Unknown(bytes(data[at : at + 2]))


def _next_raster(data: bytearray, at: int) -> _Step:
    if at + 2 < len(data) and data[at + 2] != 0x30:
        return at + 2, Unknown(bytes(data[at : at + 2]))
    if len(data) < at + 8:
        return _MORE
    m = data[at + 3]
    width = int.from_bytes(data[at + 4 : at + 6], "little")
    height = int.from_bytes(data[at + 6 : at + 8], "little")
    size = width * height
    fits = width <= _MAX_RASTER_WIDTH and height <= _MAX_RASTER_HEIGHT and 0 < size <= _MAX_RASTER_BYTES
    if not fits or m not in (0, 1, 2, 3, 48, 49, 50, 51):
        return at + 8, Unknown(bytes(data[at : at + 8]))
    end = at + 8 + size
    if len(data) < end:
        return _MORE
    return end, Raster(width, bytes(data[at + 8 : end]), RasterScale(m % 48))


def _next_parenthesis(data: bytearray, at: int) -> _Step:
    if len(data) < at + 5:
        return _MORE
    end = at + 5 + int.from_bytes(data[at + 3 : at + 5], "little")
    if len(data) < end:
        return _MORE
    whole = bytes(data[at:end])
    return end, _parenthesis_command(whole) or Unknown(whole)


def _parenthesis_command(whole: bytes) -> Command | None:
    match whole[2]:
        case 0x6B if len(whole) >= 8 and whole[5] == 0x31:
            return _qr_command(whole[6], whole[7:])
        case 0x4C:
            return escpos_graphics.decode_function(whole[5:])
        case 0x48 if whole.startswith(_ASK_PROCESSED):
            mark = whole[len(_ASK_PROCESSED) :].decode("latin-1")
            return AskProcessed(mark) if _MARK.fullmatch(mark) else None
        case _:
            return None


def _qr_command(function: int, parameters: bytes) -> Command | None:
    match function, parameters:
        case (0x41, bytes(p)) if len(p) == 2 and 0x31 <= p[0] <= 0x33 and p[1] == 0:
            return QrModel(p[0] - 0x30)
        case (0x43, bytes(p)) if len(p) == 1 and 1 <= p[0] <= 16:
            return QrModuleSize(p[0])
        case (0x45, bytes(p)) if len(p) == 1 and 48 <= p[0] <= 51:
            return QrCorrection(QrLevel(p[0]))
        case (0x50, bytes(p)) if p[0] == 0x30 and 1 < len(p) <= _MAX_QR_BYTES + 1:
            return QrStore(p[1:])
        case (0x51, b"\x30"):
            return QrPrint()
        case _:
            return None


_WITHOUT_PARAMETER: dict[bytes, Command] = {
    b"\x1b\x40": Initialize(),
    b"\x1c\x26": KanjiOn(),
    b"\x1c\x2e": KanjiOff(),
    b"\x1bi": OldCut(CutMode.FULL),
    b"\x1bm": OldCut(CutMode.PARTIAL),
}
_ONE_PARAMETER = frozenset(
    bytes.fromhex(code)
    for code in (
        *("1B64", "1B61", "1B45", "1B21", "1B74", "1B2D", "1C21", "1C2D"),
        *("1D21", "1D61", "1D49", "1D72", "1D68", "1D77", "1D48", "1D66", "1004", "1005"),
    )
)
_LONGER: dict[bytes, Callable[[bytearray, int], _Step]] = {
    b"\x1dv": _next_raster,
    b"\x1d(": _next_parenthesis,
    b"\x1dV": _next_cut,
    b"\x1de": _next_ejector,
    b"\x1dR": _next_retraction,
    b"\x1cp": _next_nv_image,
    b"\x10\x14": _next_clear,
}
_IN_OTHER_ROOMS: dict[bytes, Callable[[bytes], tuple[int, Command | None] | None]] = {
    b"\x1dk": escpos_barcode.next_barcode,
    b"\x1cq": escpos_graphics.next_nv_images,
}
