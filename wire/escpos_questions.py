"""What ESC/POS asks a printer, and what it has done at once: status, name, mark of what is done, recovery.

Sources: facts/device-protocols.md 3c; Epson TM-T88III specification (GS a p133, DLE ENQ p75); HPRT TP80K pp72-77 (DLE
EOT, GS a, GS I); Epson TM-T90 p98 (DLE DC4 fn 8); Epson TM-J2000 specification p430 (GS ( H). The answers are in
`wire.escpos_status`.
"""

import re
from dataclasses import dataclass
from enum import Enum

from wire.errors import WireError
from wire.ranges import within

DLE, GS, ACK = 0x10, 0x1D, 0x06

CLEAR_BUFFERS = bytes.fromhex("10 14 08 01 03 14 01 06 02 08")
ASK_PROCESSED = bytes.fromhex("1D 28 48 06 00 30 30")
MARK = re.compile("[ -~]{4}")


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


RealTimeCommand = AskStatus | Recover | ClearBuffers

Question = AutoStatusBack | AskInformation | AskIdByte | TransmitStatus | AskProcessed | Acknowledge | RealTimeCommand


def encode(command: Question) -> bytes:  # noqa: C901  (one line a command)
    """Return the bytes of `command`.

    Raises:
        WireError: a parameter is out of its range.
    """
    match command:
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
            return bytes((GS, 0x49, within(number, 1, 3, "ID number")))
        case TransmitStatus(number):
            return bytes((GS, 0x72, within(number, 1, 2, "status number")))
        case AskProcessed(mark):
            if not MARK.fullmatch(mark):
                raise WireError("a mark is four characters of printable ASCII")
            return ASK_PROCESSED + mark.encode("ascii")
        case Acknowledge():
            return bytes((ACK,))
