"""Blocks of the card protocol T=1: ISO/IEC 7816-3 chapter 11.3 (prologue, PCB, epilogue).

Sources: LudovicRousseau/CCID @5de6a96 src/openct/proto-t1.c (PCB bits); a log of a real reader with CRC blocks in
popovec/OsEID @7e24220 doc/T1_CRC.txt. ISO/IEC 7816-3 leaves the CRC to ISO/IEC 13239, and drivers read that differently
(docs/devices/ccid.md): here it is as cards on Linux have it, initial FFFF, not inverted, high byte first.
"""

from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import xor

from wire.errors import WireError

MAX_INFORMATION = 254
_PROLOGUE = 3
_CRC_POLYNOMIAL = 0x8408  # x^16 + x^12 + x^5 + 1, lowest bit first


class Edc(Enum):
    """The error detection code of a block; the value is its length."""

    LRC = 1
    CRC = 2


class BlockError(Enum):
    """Why an R-block asks for a block again."""

    NONE = 0
    EDC = 1
    OTHER = 2


class Supervision(Enum):
    """What an S-block is about."""

    RESYNCHRONISE = 0
    IFS = 1
    ABORT = 2
    WAITING_TIME = 3


@dataclass(frozen=True)
class IBlock:
    """Information: `sequence` is N(S), `more` says that the next block continues it."""

    sequence: int
    more: bool
    data: bytes


@dataclass(frozen=True)
class RBlock:
    """Receive ready: `expected` is N(R), the number of the I-block that should come next."""

    expected: int
    error: BlockError = BlockError.NONE


@dataclass(frozen=True)
class SBlock:
    """Supervision, a request or its response; `value` of IFS and WAITING_TIME, None for the others."""

    kind: Supervision
    response: bool
    value: int | None = None


Block = IBlock | RBlock | SBlock

_WITH_VALUE = {Supervision.IFS, Supervision.WAITING_TIME}


def encode(block: Block, edc: Edc) -> bytes:
    """Return the bytes of `block` with NAD 0.

    Raises:
        WireError: a field does not fit.
    """
    match block:
        case IBlock(sequence, more, data) if sequence in {0, 1} and len(data) <= MAX_INFORMATION:
            pcb, information = sequence << 6 | more << 5, data
        case RBlock(expected, error) if expected in {0, 1}:
            pcb, information = 0x80 | expected << 4 | error.value, b""
        case SBlock(kind, response, value) if (value is not None) == (kind in _WITH_VALUE) and (value or 0) <= 0xFF:
            pcb, information = 0xC0 | response << 5 | kind.value, b"" if value is None else bytes((value,))
        case _:
            raise WireError(f"no block of T=1: {type(block).__name__} with a field that does not fit")
    block_bytes = bytes((0, pcb, len(information))) + information
    return block_bytes + _check(block_bytes, edc)


def decode(data: bytes, edc: Edc) -> Block:
    """Return the block in `data`; bits that no block has are refused.

    Raises:
        WireError: cut short, of another length than it says, with another NAD than 0, or a code that is wrong.
    """
    if len(data) < _PROLOGUE + edc.value:
        raise WireError(f"a block of T=1 has at least {_PROLOGUE + edc.value} bytes, not {len(data)}")
    nad, pcb, length = data[:_PROLOGUE]
    body, check = data[: -edc.value], data[-edc.value :]
    if _check(body, edc) != check:
        raise WireError("the error detection code of the block is wrong")
    information = body[_PROLOGUE:]
    if nad != 0 or length != len(information) or length > MAX_INFORMATION:
        raise WireError(f"a block with NAD {nad:02X} and LEN {length} has {len(information)} bytes of information")
    return _block(pcb, information)


def _block(pcb: int, information: bytes) -> Block:
    if pcb & 0x9F == 0:
        return IBlock(pcb >> 6 & 1, bool(pcb & 0x20), information)
    if pcb & 0xEC == 0x80 and not information and pcb & 0x03 != 0x03:
        return RBlock(pcb >> 4 & 1, BlockError(pcb & 0x03))
    if pcb & 0xDC == 0xC0:
        kind = Supervision(pcb & 0x03)
        if len(information) == (kind in _WITH_VALUE):
            return SBlock(kind, bool(pcb & 0x20), information[0] if information else None)
    raise WireError(f"PCB {pcb:02X} with {len(information)} bytes of information is no block")


def _check(data: bytes, edc: Edc) -> bytes:
    if edc is Edc.LRC:
        return bytes((reduce(xor, data),))
    crc = 0xFFFF
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (_CRC_POLYNOMIAL if crc & 1 else 0)
    return crc.to_bytes(2, "big")
