"""Frames of the motor card reader and dispenser CRT-591 (CRT-571 alike), and the single bytes between them.

Source: Creator, "CRT-591-M001 communication protocol" version 1.0, 2013-07-02, chapters 1.1 to 1.3
(facts/device-protocols.md 3a-1); the same constants in syntech-pro/crt571. No repr has the text of a frame.
"""

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import reduce
from operator import xor
from typing import TypeVar

from wire.errors import WireError

STX, ETX = 0xF2, 0x03
MAX_FRAME = 1024
MAX_ADDRESS = 0x0F

_AROUND_TEXT = 6  # F2, address, two bytes of length, ETX, BCC

E = TypeVar("E", bound=Enum)


class Control(Enum):
    """The single bytes between frames, chapter 1.1.2."""

    ACK = 0x06
    NAK = 0x15
    EOT = 0x04


class Head(IntEnum):
    """The first byte of a text: who speaks, and whether it went well."""

    COMMAND = 0x43
    DONE = 0x50
    FAILED = 0x4E
    FAILED_AS_PRINTED = 0x45  # 1.2.3 prints "('N', 45H)"; every drawing of chapter 3 has "N"


@dataclass(frozen=True)
class Frame:
    """A frame with a right BCC: the unit's address (0 to 15) and its text, from CMT, PMT or EMT to the end of DATA."""

    address: int
    text: bytes = field(repr=False)


@dataclass(frozen=True)
class Garbled:
    """What began as a frame and was none: the other side has to be asked for it again."""

    reason: str


Token = Control | Frame | Garbled


def encode_frame(frame: Frame) -> bytes:
    """Return F2, address, length, text, 03 and the XOR of all these.

    Raises:
        WireError: an address above 15, or a text that makes more than 1,024 bytes.
    """
    if not 0 <= frame.address <= MAX_ADDRESS:
        raise WireError(f"a CRT-591 has the address 0 to {MAX_ADDRESS}, not {frame.address}")
    if len(frame.text) + _AROUND_TEXT > MAX_FRAME:
        raise WireError(f"a CRT-591 frame has at most {MAX_FRAME} bytes")
    body = bytes((STX, frame.address)) + len(frame.text).to_bytes(2, "big") + frame.text + bytes((ETX,))
    return body + bytes((reduce(xor, body),))


class Deframer:
    """Bytes of either side to tokens; keeps at most one frame.

    A broken frame is searched for another F2 and else left out as long as it says it is. Where a header cannot be, its
    length says nothing: nothing is heard up to the next F2, lest a 06 of the text be taken for an ACK.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lost = False

    @property
    def in_frame(self) -> bool:
        """Whether a frame has begun and is not whole."""
        return bool(self._buffer)

    def reset(self) -> None:
        """Forget the frame that has begun."""
        self._buffer.clear()
        self._lost = False

    def feed(self, data: bytes) -> list[Token]:
        """Return what became whole with `data`; bytes outside frames that are no control are dropped."""
        self._buffer += data
        tokens: list[Token] = []
        while self._buffer:
            if self._buffer[0] != STX:
                begin = self._buffer.find(STX)
                between = self._buffer[: begin if begin > 0 else None]
                del self._buffer[: len(between)]
                if not self._lost:
                    tokens += [Control(byte) for byte in between if byte in _CONTROLS]
                continue
            self._lost = False
            if len(self._buffer) < 4:
                break
            size = int.from_bytes(self._buffer[2:4], "big") + _AROUND_TEXT
            if (wrong := self._header_problem(size)) is not None:
                tokens.append(Garbled(wrong))
                self._lost = True
                del self._buffer[:1]
            elif len(self._buffer) < size:
                break
            elif (wrong := self._body_problem(size)) is not None:
                tokens.append(Garbled(wrong))
                another = self._buffer.find(STX, 1, size)
                del self._buffer[: another if another > 0 else size]
            else:
                tokens.append(Frame(self._buffer[1], bytes(self._buffer[4 : size - 2])))
                del self._buffer[:size]
        return tokens

    def _header_problem(self, size: int) -> str | None:
        if self._buffer[1] > MAX_ADDRESS:
            return f"no unit has the address {self._buffer[1]:02X}"
        if size > MAX_FRAME:
            return f"a frame of {size} bytes"
        return None

    def _body_problem(self, size: int) -> str | None:
        if self._buffer[size - 2] != ETX:
            return "no ETX at the end"
        return None if reduce(xor, self._buffer[:size]) == 0 else "wrong BCC"


_CONTROLS = frozenset(control.value for control in Control)


def decode_code(enum: type[E], data: bytes) -> E:
    """Return the member of `enum` whose value is the code in `data`; codes in texts are ASCII. Raises WireError."""
    try:
        return enum(data.decode("latin-1"))
    except ValueError:
        raise WireError(f"{data.hex()} is no {enum.__name__}") from None
