"""ESC/POS as a stream: what a printer receives, cut into the commands of wire.escpos; their sources stand there."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from wire import escpos_barcode, escpos_graphics, escpos_qr
from wire.escpos import (
    ESC,
    FS,
    GS,
    LF,
    CharacterSize,
    CodePage,
    Command,
    ControlEjector,
    Cut,
    CutMode,
    Eject,
    Emphasis,
    FeedLines,
    Initialize,
    Justification,
    Justify,
    KanjiMode,
    KanjiOff,
    KanjiOn,
    KanjiUnderline,
    LineFeed,
    OldCut,
    Present,
    PrintMode,
    RetractAfter,
    RetractNow,
    Text,
    Underline,
)
from wire.escpos_graphics import MAX_RASTER_BYTES, MAX_RASTER_HEIGHT, MAX_RASTER_WIDTH, Raster, RasterScale
from wire.escpos_questions import (
    ACK,
    ASK_PROCESSED,
    CLEAR_BUFFERS,
    DLE,
    MARK,
    Acknowledge,
    AskIdByte,
    AskInformation,
    AskProcessed,
    AskStatus,
    AutoStatusBack,
    ClearBuffers,
    InformationKind,
    RealTimeCommand,
    Recover,
    Recovery,
    StatusKind,
    TransmitStatus,
)


@dataclass(frozen=True)
class Unknown:
    """Bytes that are no command of this module, or one with a parameter out of its range."""

    data: bytes


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
        self._tail = joined[max(behind, len(joined) - len(CLEAR_BUFFERS) + 1) :]
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
    have = bytes(data[at : at + len(CLEAR_BUFFERS)])
    if have == CLEAR_BUFFERS:
        return at + len(have), ClearBuffers()
    if CLEAR_BUFFERS.startswith(have):
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
    fits = width <= MAX_RASTER_WIDTH and height <= MAX_RASTER_HEIGHT and 0 < size <= MAX_RASTER_BYTES
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
            return escpos_qr.decode_function(whole[6], whole[7:])
        case 0x4C:
            return escpos_graphics.decode_function(whole[5:])
        case 0x48 if whole.startswith(ASK_PROCESSED):
            mark = whole[len(ASK_PROCESSED) :].decode("latin-1")
            return AskProcessed(mark) if MARK.fullmatch(mark) else None
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
