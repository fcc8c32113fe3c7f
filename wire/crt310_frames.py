"""Frames of the motor card reader CRT-310: "Communication Protocol" V3.0, 2007-04-14, ch. 3, 4 and 7."""

from dataclasses import dataclass, field
from enum import Enum

from wire.errors import WireError

STX, ETX = 0x02, 0x03

MAX_PACKAGE = 269
"""Bytes from CM to the end of the data: the longest frame that the manual prints (02 01 0D 3C 31 ..., p37)."""


class Control(Enum):
    """The bytes that travel alone (ch. 3, p2): ENQ and EOT from the host; ACK, NAK and EOT from the reader."""

    EOT = 0x04
    ENQ = 0x05
    ACK = 0x06
    NAK = 0x15


@dataclass(frozen=True)
class Package:
    """CM, PM and data of a whole frame with a right BCC."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class BadFrame:
    """The beginning of a frame whose length, ETX or BCC is wrong; `size` bytes of it are gone."""

    size: int


@dataclass(frozen=True)
class Noise:
    """Bytes outside of a frame that are no control character."""

    data: bytes = field(repr=False)


Event = Control | Package | BadFrame | Noise


def checksum(data: bytes) -> int:
    """Return BCC: all bytes from STX to ETX, exclusive-or (drawn in ch. 7.1)."""
    bcc = 0
    for byte in data:
        bcc ^= byte
    return bcc


def frame(package: bytes) -> bytes:
    """Return the frame around `package`, which is CM, PM and data.

    Raises:
        WireError: shorter than 2 bytes or longer than MAX_PACKAGE.
    """
    if not 2 <= len(package) <= MAX_PACKAGE:
        raise WireError(f"a package has 2 to {MAX_PACKAGE} bytes, not {len(package)}")
    body = bytes((STX,)) + len(package).to_bytes(2, "big") + package + bytes((ETX,))
    return body + bytes((checksum(body),))


class Deframer:
    """Takes the bytes of one direction apart. Holds at most one unfinished frame (MAX_PACKAGE + 5 bytes).

    Behind a broken frame it goes on at the next STX inside it; the control characters there are data and stay unheard.
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def reset(self) -> None:
        """Forget an unfinished frame."""
        self._held.clear()

    def feed(self, data: bytes) -> list[Event]:
        """Take `data` and return what is now complete, in order."""
        found: list[Event] = []
        for byte in data:
            if self._held or byte == STX:
                self._held.append(byte)
                self._settle(found)
            else:
                found.append(_lone(byte))
        return found

    def _settle(self, found: list[Event]) -> None:
        """Finish what is held, as far as it reaches; what is broken of it is one BadFrame."""
        broken = 0
        while len(self._held) >= 3:
            length = int.from_bytes(self._held[1:3], "big")
            if 2 <= length <= MAX_PACKAGE:
                end = length + 5
                if len(self._held) < end:
                    break
                whole = bytes(self._held[:end])
                if whole[-2] == ETX and checksum(whole[:-1]) == whole[-1]:
                    found.extend([BadFrame(broken)] if broken else [])
                    found.append(Package(whole[3:-2]))
                    self._held.clear()
                    return
            broken += self._drop_broken()
        if broken:
            found.append(BadFrame(broken))

    def _drop_broken(self) -> int:
        following = self._held.find(STX, 1)
        size = following if following > 0 else len(self._held)
        del self._held[:size]
        return size


def _lone(byte: int) -> Event:
    try:
        return Control(byte)
    except ValueError:
        return Noise(bytes((byte,)))
