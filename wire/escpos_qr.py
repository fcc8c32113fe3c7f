"""QR codes of ESC/POS: GS ( k of symbol 49, stored first and printed then.

Sources: facts/device-protocols.md 3c; Epson TM-T81 specification pp95-97.
"""

from dataclasses import dataclass
from enum import Enum

from wire.ranges import within

_MAX_BYTES = 7089


class QrLevel(Enum):
    """`n` of GS ( k fn 69: how much of a damaged symbol can be recovered (7, 15, 25, 30 %)."""

    L = 48
    M = 49
    Q = 50
    H = 51


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


QrCommand = QrModel | QrModuleSize | QrCorrection | QrStore | QrPrint


def encode(command: QrCommand) -> bytes:
    """Return the bytes of `command`.

    Raises:
        WireError: a parameter is out of its range.
    """
    match command:
        case QrModel(model):
            return _function(0x41, bytes((0x30 + within(model, 1, 3, "model"), 0)))
        case QrModuleSize(dots):
            return _function(0x43, bytes((within(dots, 1, 16, "module size"),)))
        case QrCorrection(level):
            return _function(0x45, bytes((level.value,)))
        case QrStore(data):
            within(len(data), 1, _MAX_BYTES, "length of the QR data")
            return _function(0x50, b"\x30" + data)
        case QrPrint():
            return _function(0x51, b"\x30")


def _function(function: int, parameters: bytes) -> bytes:
    return b"\x1d\x28\x6b" + (len(parameters) + 2).to_bytes(2, "little") + bytes((0x31, function)) + parameters


def decode_function(function: int, parameters: bytes) -> QrCommand | None:
    """Return what a function of GS ( k 49 says, None where a printer ignores it."""
    match function, parameters:
        case (0x41, bytes(p)) if len(p) == 2 and 0x31 <= p[0] <= 0x33 and p[1] == 0:
            return QrModel(p[0] - 0x30)
        case (0x43, bytes(p)) if len(p) == 1 and 1 <= p[0] <= 16:
            return QrModuleSize(p[0])
        case (0x45, bytes(p)) if len(p) == 1 and 48 <= p[0] <= 51:
            return QrCorrection(QrLevel(p[0]))
        case (0x50, bytes(p)) if p[0] == 0x30 and 1 < len(p) <= _MAX_BYTES + 1:
            return QrStore(p[1:])
        case (0x51, b"\x30"):
            return QrPrint()
        case _:
            return None
