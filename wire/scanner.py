"""What a barcode scanner sends on a serial line: a code between a prefix and a suffix, or before a pause.

Prefix and suffix are settings of every scanner (Zebra DS9908, Datalogic Magellan 800i: "prefix", "suffix" or
"terminator"). Symbology identifiers: ISO/IEC 15424 as in the Zebra DS9908 reference, "AIM code identifiers", and biip.
Codes may be payment codes: no repr or error of this module shows one.
"""

from dataclasses import dataclass
from enum import Enum, auto

from wire.errors import WireError

MAX_QR = 7089
"""The most that any symbol holds: digits in a QR code, version 40-L (ISO/IEC 18004)."""

STX, ETX, TAB, LF, CR = b"\x02", b"\x03", b"\t", b"\n", b"\r"

_TEXT_CONTROLS = b"\x04\x1d\x1e"  # EOT, GS and RS structure the text of ISO/IEC 15434 and GS1 codes
_FLAG = ord("]")
_CODE_CHARACTERS = b"ABCDEFGHIKLMNOPQRSTUXZcdeghopsz"


@dataclass(frozen=True)
class Framing:
    """How a scanner is set: what stands around a code. No suffix: a pause ends it. `max_length` counts the code alone.

    A prefix of control characters begins a code anew wherever it comes; another one only where a code may begin.
    """

    prefix: bytes = b""
    suffix: bytes = CR
    max_length: int = MAX_QR


class Broken(Enum):
    """Why something that came is no code."""

    TOO_LONG = auto()
    UNFINISHED = auto()
    NO_PREFIX = auto()
    NO_IDENTIFIER = auto()
    NO_TEXT = auto()


@dataclass(frozen=True)
class Identifier:
    """A symbology identifier `]cm`: code character and modifier."""

    code: str
    modifier: str


class Deframer:
    """Cuts what arrives into codes. Holds `max_length` with prefix and suffix, and what one `feed` brings."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._buffer = bytearray()
        self._skipping = False

    @property
    def half(self) -> bool:
        """Whether a code has begun and not ended."""
        return bool(self._buffer) and not self._skipping

    @property
    def skipping(self) -> bool:
        """Whether the rest of something broken is still to come."""
        return self._skipping

    def feed(self, data: bytes) -> list[bytes | Broken]:
        """Return what `data` completes, in the order of arrival. Empty codes are none."""
        self._buffer += data
        suffix = self._framing.suffix
        found: list[bytes | Broken] = []
        while suffix and (at := self._buffer.find(suffix)) >= 0:
            frame = bytes(self._buffer[:at])
            del self._buffer[: at + len(suffix)]
            if self._skipping:
                frame = frame[self._begins_anew(frame) :] if self._begins_anew(frame) >= 0 else b""
                self._skipping = False
            found += self._codes(frame)
        at = self._begins_anew(self._buffer)
        if at >= 0:
            found += [Broken.UNFINISHED] if at and not self._skipping else []
            del self._buffer[:at]
            self._skipping = False
        if self._skipping or len(self._buffer) > len(self._framing.prefix) + self._framing.max_length + len(suffix):
            if not self._skipping:
                found.append(Broken.TOO_LONG)
            self._skip()
        return found

    def pause(self) -> list[bytes | Broken]:
        """Return what a pause on the line ends: a code where there is no suffix, else a half one."""
        frame, self._buffer = bytes(self._buffer), bytearray()
        skipped, self._skipping = self._skipping, False
        if skipped or not frame:
            return []
        return [Broken.UNFINISHED] if self._framing.suffix else self._codes(frame)

    def give_up(self) -> list[bytes | Broken]:
        """Drop the code under way, and all up to the next suffix or pause."""
        found: list[bytes | Broken] = [Broken.UNFINISHED] if self.half else []
        if found:
            self._skip()
        return found

    def reset(self) -> None:
        """Forget what has arrived."""
        self._buffer.clear()
        self._skipping = False

    def _skip(self) -> None:
        self._skipping = True
        # Prefix and suffix may come in two pieces.
        kept = max(len(self._framing.prefix), len(self._framing.suffix), 1) - 1
        del self._buffer[: max(0, len(self._buffer) - kept)]

    def _begins_anew(self, data: bytes | bytearray) -> int:
        """Return where the last code in `data` begins, -1 where none does for certain."""
        prefix = self._framing.prefix
        return data.rfind(prefix) if prefix and max(prefix) < 0x20 else -1

    def _codes(self, frame: bytes) -> list[bytes | Broken]:
        prefix = self._framing.prefix
        found: list[bytes | Broken] = []
        at = max(0, self._begins_anew(frame))
        found += [Broken.UNFINISHED] if at else []
        if not frame.startswith(prefix, at):
            return [Broken.NO_PREFIX] if frame else []
        code = frame[at + len(prefix) :]
        if len(code) > self._framing.max_length:
            return [*found, Broken.TOO_LONG]
        return [*found, code] if code else found


def split_identifier(code: bytes) -> tuple[Identifier, bytes]:
    """Return the symbology identifier in front of a code, and the code.

    Raises:
        WireError: there is none that the standard knows.
    """
    if len(code) < 3 or code[0] != _FLAG or code[1] not in _CODE_CHARACTERS or not code[2:3].isalnum():
        raise WireError("no symbology identifier in front of the code")
    return Identifier(chr(code[1]), chr(code[2])), code[3:]


def is_text(code: bytes) -> bool:
    """Return whether a code has none of the control characters that no text code has: line ends, STX, NUL..."""
    return all((octet >= 0x20 and octet != 0x7F) or octet in _TEXT_CONTROLS for octet in code)
