"""What an ESC/POS printer answers: status bytes to frozen dataclasses and back, and how answers are told apart.

Sources: facts/device-protocols.md 3c (DLE EOT, ASB, GS r); "Identification of Send Status", Citizen CBM1000 appendix 3
and Bematech MP-4000 TH p83 (which fixed bits belong to which answer); Bixolon SRP-330II p101 and Epson TM-J2000 p469
(GS I: 5F text 00); Epson TM-T90 p98 (clear response: 37 25 00); Epson ESC/POS reference, GS ( H function 48 (process
ID response: 37 22 ID 00); Epson TM-U210 p233 and Citizen CT-S280 p160 (key code list: 37 72 40 keys 00); Citizen
PPU-700 p58 (DLE EOT 4 of a printer with a presenter).
"""

from dataclasses import dataclass
from typing import Literal, overload

from wire.errors import WireError
from wire.escpos_questions import StatusKind


@dataclass(frozen=True)
class PrinterStatus:
    """DLE EOT 1."""

    drawer_pin_high: bool = False
    offline: bool = False
    waiting_for_recovery: bool = False
    feed_button: bool = False


@dataclass(frozen=True)
class OfflineCause:
    """DLE EOT 2."""

    cover_open: bool = False
    fed_by_button: bool = False
    stopped_on_paper_end: bool = False
    error: bool = False


@dataclass(frozen=True)
class ErrorCause:
    """DLE EOT 3; `recovers_itself` is a hot print head, say."""

    recoverable: bool = False
    cutter: bool = False
    unrecoverable: bool = False
    recovers_itself: bool = False


@dataclass(frozen=True)
class PaperStatus:
    """DLE EOT 4 and GS r 1. `presented` is None where the printer has no presenter that it tells of."""

    near_end: bool = False
    end: bool = False
    presented: bool | None = None


RealTimeStatus = PrinterStatus | OfflineCause | ErrorCause | PaperStatus


@overload
def decode_status(kind: Literal[StatusKind.PRINTER], answer: int) -> PrinterStatus: ...


@overload
def decode_status(kind: Literal[StatusKind.OFFLINE_CAUSE], answer: int) -> OfflineCause: ...


@overload
def decode_status(kind: Literal[StatusKind.ERROR_CAUSE], answer: int) -> ErrorCause: ...


@overload
def decode_status(kind: Literal[StatusKind.PAPER], answer: int) -> PaperStatus: ...


@overload
def decode_status(kind: StatusKind, answer: int) -> RealTimeStatus: ...


def decode_status(kind: StatusKind, answer: int) -> RealTimeStatus:
    """Return what the byte `answer` to DLE EOT `kind` says.

    Raises:
        WireError: the bits that are fixed in every answer (0xx1xx10) are not.
    """
    if answer & 0x93 != 0x12:
        raise WireError(f"{answer:02X} is no answer to DLE EOT")
    b2, b3, b5, b6 = (bool(answer & bit) for bit in (0x04, 0x08, 0x20, 0x40))
    match kind:
        case StatusKind.PRINTER:
            return PrinterStatus(drawer_pin_high=b2, offline=b3, waiting_for_recovery=b5, feed_button=b6)
        case StatusKind.OFFLINE_CAUSE:
            return OfflineCause(cover_open=b2, fed_by_button=b3, stopped_on_paper_end=b5, error=b6)
        case StatusKind.ERROR_CAUSE:
            return ErrorCause(recoverable=b2, cutter=b3, unrecoverable=b5, recovers_itself=b6)
        case StatusKind.PAPER:
            return PaperStatus(near_end=b2 or b3, end=b5 or b6)


def encode_status(status: RealTimeStatus) -> bytes:
    """Return the byte that answers DLE EOT."""
    match status:
        case PrinterStatus(b2, b3, b5, b6) | OfflineCause(b2, b3, b5, b6) | ErrorCause(b2, b3, b5, b6):
            return bytes((0x12 | b2 << 2 | b3 << 3 | b5 << 5 | b6 << 6,))
        case PaperStatus(near_end, end, None):
            return bytes((0x12 | near_end * 0x0C | end * 0x60,))
        case PaperStatus(near_end, end, presented):
            return bytes((0x12 | near_end * 0x0C | end * 0x20 | bool(presented) * 0x40,))


def decode_presenter_paper(answer: int) -> PaperStatus:
    """Return what the byte `answer` to DLE EOT 4 says where bit 6 is the presenter's sensor (Citizen PPU-700).

    Raises:
        WireError: as `decode_status`.
    """
    paper = decode_status(StatusKind.PAPER, answer)
    return PaperStatus(paper.near_end, bool(answer & 0x20), presented=bool(answer & 0x40))


@dataclass(frozen=True)
class AutoStatus:
    """The four bytes of Automatic Status Back (GS a); the last one is reserved."""

    drawer_pin_high: bool = False
    offline: bool = False
    cover_open: bool = False
    fed_by_button: bool = False
    waiting_for_recovery: bool = False
    feed_button: bool = False
    recoverable: bool = False
    cutter: bool = False
    unrecoverable: bool = False
    recovers_itself: bool = False
    near_end: bool = False
    end: bool = False


def decode_auto_status(frame: bytes) -> AutoStatus:
    """Return what an ASB frame says.

    Raises:
        WireError: not four bytes, or their fixed bits (0xx1xx00, then 0xx0xxxx three times) are not.
    """
    if len(frame) != 4 or frame[0] & 0x93 != 0x10 or any(byte & 0x90 for byte in frame[1:]):
        raise WireError(f"{frame.hex(' ')} is no ASB frame")
    first, second, third, _ = frame
    return AutoStatus(
        drawer_pin_high=bool(first & 0x04),
        offline=bool(first & 0x08),
        cover_open=bool(first & 0x20),
        fed_by_button=bool(first & 0x40),
        waiting_for_recovery=bool(second & 0x01),
        feed_button=bool(second & 0x02),
        recoverable=bool(second & 0x04),
        cutter=bool(second & 0x08),
        unrecoverable=bool(second & 0x20),
        recovers_itself=bool(second & 0x40),
        near_end=bool(third & 0x03),
        end=bool(third & 0x0C),
    )


def encode_auto_status(status: AutoStatus) -> bytes:
    """Return the ASB frame of `status`."""
    first = (
        0x10 | status.drawer_pin_high << 2 | status.offline << 3 | status.cover_open << 5 | status.fed_by_button << 6
    )
    second = (
        status.waiting_for_recovery
        | status.feed_button << 1
        | status.recoverable << 2
        | status.cutter << 3
        | status.unrecoverable << 5
        | status.recovers_itself << 6
    )
    return bytes((first, second, status.near_end * 0x03 | status.end * 0x0C, 0))


def decode_transmitted_paper(answer: int) -> PaperStatus:
    """Return what the byte `answer` to GS r 1 says.

    Raises:
        WireError: its fixed bits (0xx0xxxx) are not.
    """
    if answer & 0x90:
        raise WireError(f"{answer:02X} is no answer to GS r")
    return PaperStatus(near_end=bool(answer & 0x03), end=bool(answer & 0x0C))


def encode_transmitted_paper(paper: PaperStatus) -> bytes:
    """Return the byte that answers GS r 1."""
    return bytes((paper.near_end * 0x03 | paper.end * 0x0C,))


# -- answers, told apart ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class RealTimeAnswer:
    """A byte 0xx1xx10; only who asked knows which DLE EOT it answers."""

    byte: int


@dataclass(frozen=True)
class TransmittedByte:
    """A byte 0xx0xxxx: the answer to GS r, or to GS I 1 to 3."""

    byte: int


@dataclass(frozen=True)
class Information:
    """The text that answers GS I 65 to 68."""

    text: str


@dataclass(frozen=True)
class ClearResponse:
    """The buffers are cleared (DLE DC4 fn 8)."""


@dataclass(frozen=True)
class Processed:
    """All before GS ( H 48 with this `mark` is done."""

    mark: str


@dataclass(frozen=True)
class NvKeys:
    """A block of the list that GS ( L 64 asks for; with `more`, another follows once this one is acknowledged."""

    keys: frozenset[str]
    more: bool = False


@dataclass(frozen=True)
class Noise:
    """Bytes that are no answer of ESC/POS."""

    data: bytes


Answer = RealTimeAnswer | AutoStatus | TransmittedByte | Information | ClearResponse | Processed | NvKeys | Noise

_XON, _XOFF = 0x11, 0x13
_INFORMATION, _BLOCK = 0x5F, 0x37
_CLEARED = b"\x37\x25"
_PROCESSED, _NV_KEYS = 0x22, 0x72
_MAX_BLOCK = 84  # header and 80 characters: the longest key code list, and more than any manual gives a name


def encode_processed(mark: str) -> bytes:
    """Return the bytes that answer GS ( H 48 with its `mark`."""
    return bytes((_BLOCK, _PROCESSED)) + mark.encode("ascii") + b"\0"


def encode_nv_keys(block: NvKeys) -> bytes:
    """Return the bytes of a block of the key code list."""
    keys = "".join(sorted(block.keys)).encode("ascii")
    return bytes((_BLOCK, _NV_KEYS, 0x40 + block.more)) + keys + b"\0"


def encode_information(text: str) -> bytes:
    """Return the bytes that answer GS I with `text` (printable ASCII)."""
    return bytes((_INFORMATION,)) + text.encode("ascii") + b"\0"


CLEAR_RESPONSE = _CLEARED + b"\0"


class AnswerDeframer:
    """Tells the answers of a printer apart by their fixed bits, even with several in flight.

    XON and XOFF are skipped wherever they come. An ASB frame may come in the middle of a text: one that begins with a
    control character (the printer's cover is closed, its button not pressed) is told from it; others spoil the text.
    Holds at most one unfinished text and one unfinished frame.
    """

    def __init__(self) -> None:
        self._text = bytearray()
        self._frame = bytearray()

    def reset(self) -> None:
        """Forget what is unfinished."""
        self._text.clear()
        self._frame.clear()

    def feed(self, data: bytes) -> list[Answer]:
        """Take `data` and return the answers that are now complete, in order."""
        found: list[Answer] = []
        for byte in data:
            if byte not in (_XON, _XOFF):
                self._take(byte, found)
        return found

    def _take(self, byte: int, found: list[Answer]) -> None:
        if self._frame:
            self._continue_frame(byte, found)
        elif self._text:
            self._continue_text(byte, found)
        else:
            self._begin(byte, found)

    def _begin(self, byte: int, found: list[Answer]) -> None:
        if byte in (_INFORMATION, _BLOCK):
            self._text.append(byte)
        elif byte & 0x93 == 0x10:
            self._frame.append(byte)
        elif byte & 0x93 == 0x12:
            found.append(RealTimeAnswer(byte))
        elif byte & 0x90 == 0:
            found.append(TransmittedByte(byte))
        else:
            found.append(Noise(bytes((byte,))))

    def _continue_frame(self, byte: int, found: list[Answer]) -> None:
        if byte & 0x90:  # a frame goes on with 0xx0xxxx: this is something else
            found.append(Noise(bytes(self._frame)))
            self._frame.clear()
            self._take(byte, found)
            return
        self._frame.append(byte)
        if len(self._frame) == 4:
            found.append(decode_auto_status(bytes(self._frame)))
            self._frame.clear()

    def _continue_text(self, byte: int, found: list[Answer]) -> None:
        if byte == 0:
            found.append(_block(bytes(self._text)))
            self._text.clear()
        elif byte & 0xF3 == 0x10:
            self._frame.append(byte)
        elif byte < 0x20 or byte > 0x7E or len(self._text) >= _MAX_BLOCK:
            found.append(Noise(bytes(self._text)))
            self._text.clear()
            self._begin(byte, found)
        else:
            self._text.append(byte)


def _block(data: bytes) -> Answer:
    if data[0] == _INFORMATION:
        return Information(data[1:].decode("ascii"))
    if data == _CLEARED:
        return ClearResponse()
    text = data[2:].decode("ascii")
    match data[1:2]:
        case b"\x22" if len(text) == 4:
            return Processed(text)
        case b"\x72" if text[:1] in ("@", "A") and len(text) % 2 == 1:
            return NvKeys(frozenset(text[at : at + 2] for at in range(1, len(text), 2)), more=text[0] == "A")
        case _:
            return Noise(data)
