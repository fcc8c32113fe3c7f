"""What an ESC/POS printer answers: status bytes to frozen dataclasses and back, and how answers are told apart.

Sources: facts/device-protocols.md 3c (DLE EOT, ASB, GS r); "Identification of Send Status", Citizen CBM1000 appendix 3
and Bematech MP-4000 TH p83 (which fixed bits belong to which answer); Bixolon SRP-330II p101 and Epson TM-J2000 p469
(GS I: 5F text 00); Epson TM-T90 p98 (clear response: 37 25 00).
"""

from dataclasses import dataclass
from typing import Literal, overload

from wire.errors import WireError
from wire.escpos import StatusKind


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
    """DLE EOT 4 and GS r 1."""

    near_end: bool = False
    end: bool = False


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
        case PaperStatus(near_end, end):
            return bytes((0x12 | near_end * 0x0C | end * 0x60,))


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
class Noise:
    """Bytes that are no answer of ESC/POS."""

    data: bytes


Answer = RealTimeAnswer | AutoStatus | TransmittedByte | Information | ClearResponse | Noise

_XON, _XOFF = 0x11, 0x13
_INFORMATION, _BLOCK = 0x5F, 0x37
_CLEARED = b"\x37\x25"
_MAX_BLOCK = 84  # header, 80 characters and more than any manual gives a name


def encode_information(text: str) -> bytes:
    """Return the bytes that answer GS I with `text` (printable ASCII)."""
    return bytes((_INFORMATION,)) + text.encode("ascii") + b"\0"


CLEAR_RESPONSE = _CLEARED + b"\0"


class AnswerDeframer:
    """Tells the answers of a printer apart by their fixed bits, even with several in flight.

    XON and XOFF are skipped, also between the four bytes of an ASB frame. Holds at most one unfinished answer.
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def reset(self) -> None:
        """Forget an unfinished answer."""
        self._held.clear()

    def feed(self, data: bytes) -> list[Answer]:
        """Take `data` and return the answers that are now complete, in order."""
        found: list[Answer] = []
        for byte in data:
            if byte not in (_XON, _XOFF):
                self._take(byte, found)
        return found

    def _take(self, byte: int, found: list[Answer]) -> None:
        if not self._held:
            self._begin(byte, found)
        elif self._held[0] in (_INFORMATION, _BLOCK):
            self._continue_block(byte, found)
        elif byte & 0x90:  # an ASB frame goes on with 0xx0xxxx: this is the beginning of something else
            found.append(Noise(bytes(self._held)))
            self._held.clear()
            self._begin(byte, found)
        else:
            self._held.append(byte)
            if len(self._held) == 4:
                found.append(decode_auto_status(bytes(self._held)))
                self._held.clear()

    def _begin(self, byte: int, found: list[Answer]) -> None:
        if byte in (_INFORMATION, _BLOCK) or byte & 0x93 == 0x10:
            self._held.append(byte)
        elif byte & 0x93 == 0x12:
            found.append(RealTimeAnswer(byte))
        elif byte & 0x90 == 0:
            found.append(TransmittedByte(byte))
        else:
            found.append(Noise(bytes((byte,))))

    def _continue_block(self, byte: int, found: list[Answer]) -> None:
        if byte == 0:
            found.append(_block(bytes(self._held)))
            self._held.clear()
        elif byte < 0x20 or byte > 0x7E or len(self._held) >= _MAX_BLOCK:
            found.append(Noise(bytes(self._held)))
            self._held.clear()
            self._begin(byte, found)
        else:
            self._held.append(byte)


def _block(data: bytes) -> Answer:
    if data[0] == _INFORMATION:
        return Information(data[1:].decode("ascii"))
    return ClearResponse() if data == _CLEARED else Noise(data)
