"""MJPEG over HTTP: the parts of a multipart/x-mixed-replace body, and where a JPEG begins, ends and how big it is.

Sources: RFC 2046, 5.1.1 (boundaries and parts), RFC 2616, 19.2 (length of a part), ITU-T T.81, annex B (markers of a
JPEG). There is no standard for the whole; what cameras do differently is in docs/devices/camera.md.
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from wire.errors import WireError

MAX_HEAD = 4096
"""The longest head of a part, boundary line included."""

_LONGEST_GAP = len(b"\r\n\r\n")

_BOUNDARY = re.compile(r"""boundary\s*=\s*(?:"([^"]{1,100})"|([^\s;,"]{1,100})(?![^\s;,"]))""", re.IGNORECASE)
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*([0-9]{1,9})[ \t]*$", re.IGNORECASE)
_LENGTH_NAME = re.compile(rb"^content-length[ \t]*:", re.IGNORECASE)

# SOF0 to SOF15 but for DHT, JPG and DAC, which lie between them (T.81, table B.1).
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# TEM and RST0 to RST7 stand alone, and so does SOI.
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


class Damage(Enum):
    """Why a part is given up."""

    HEAD_TOO_LONG = auto()
    LENGTH_UNREADABLE = auto()
    TOO_LONG = auto()
    BOUNDARY_INSIDE = auto()


@dataclass(frozen=True)
class Part:
    """The body of a part; it may be a person's picture and is in no repr. Whoever takes it overwrites it."""

    body: bytearray = field(repr=False)


class Deframer:
    """Cuts what arrives into parts, with or without Content-Length. After damage it goes on at the next boundary.

    Holds at most MAX_HEAD + `max_body` bytes and what one `feed` brings.
    """

    def __init__(self, boundary: str, max_body: int) -> None:
        """Make a deframer for `boundary` as `boundary_of` gave it."""
        self._line = b"--" + boundary.encode("ascii")
        self._max_body = max_body
        self._buffer = bytearray()
        self._length: int | None = None
        self._inside = False
        self._searched = 0

    def reset(self) -> None:
        """Overwrite and forget what has arrived."""
        self._drop(len(self._buffer))
        self._inside = False

    def feed(self, data: bytes | bytearray | memoryview) -> list[Part | Damage]:
        """Return what `data` completes, in the order of arrival."""
        self._buffer += data
        found: list[Part | Damage] = []
        while True:
            done = self._body() if self._inside else self._head()
            if done is None:
                return found
            if isinstance(done, Part | Damage):
                found.append(done)

    def _head(self) -> Damage | bool | None:
        """Read up to the end of a part's head: True; None where more is needed."""
        at = self._buffer.find(self._line)
        if at < 0:
            self._drop(max(0, len(self._buffer) - len(self._line)))
            return None
        self._drop(at)
        end, gap = _blank_line(self._buffer)
        if end < 0:
            if len(self._buffer) < MAX_HEAD + _LONGEST_GAP:
                return None
            self._drop(len(self._line))
            return Damage.HEAD_TOO_LONG
        lines = bytes(self._buffer[len(self._line) : end]).splitlines()
        named = [line for line in lines if _LENGTH_NAME.match(line)]
        lengths = {int(match[1]) for line in named if (match := _LENGTH.match(line))}
        if len(lengths) > 1 or (named and not lengths):
            self._drop(len(self._line))
            return Damage.LENGTH_UNREADABLE
        length = next(iter(lengths), None)
        self._drop(end + gap)
        if length is not None and length > self._max_body:
            return Damage.TOO_LONG
        self._length = length
        self._inside = True
        return True

    def _body(self) -> Part | Damage | None:
        return self._body_without_length() if self._length is None else self._body_of(self._length)

    def _body_of(self, length: int) -> Part | Damage | None:
        """Take a part whose length was said, and do not wait for the boundary behind it: it comes with the next one.

        A part cut short, with a boundary in it, stays in the buffer, and the boundary is found there.
        """
        early = self._buffer.find(b"\n" + self._line, self._searched, length)
        self._searched = max(0, len(self._buffer) - len(self._line) - 1)
        if early >= 0:
            self._inside = False
            return Damage.BOUNDARY_INSIDE
        if len(self._buffer) < length:
            return None
        self._inside = False
        return self._take(length)

    def _body_without_length(self) -> Part | Damage | None:
        """Take a part that the next boundary ends."""
        at = self._buffer.find(b"\n" + self._line, self._searched)
        if at >= 0 and at <= self._max_body:
            end = at - 1 if at and self._buffer[at - 1] == 0x0D else at
            self._inside = False
            return self._take(end)
        if at > self._max_body or len(self._buffer) > self._max_body + len(self._line) + 1:
            self._drop(self._max_body)
            self._inside = False
            return Damage.TOO_LONG
        self._searched = max(0, len(self._buffer) - len(self._line) - 1)
        return None

    def _take(self, length: int) -> Part:
        body = self._buffer[:length]
        self._drop(length)
        return Part(body)

    def _drop(self, length: int) -> None:
        # Deleting moves the rest to the front and leaves the bytes themselves behind it: overwrite them first.
        self._buffer[:length] = bytes(length)
        del self._buffer[:length]
        self._searched = 0


def boundary_of(content_type: str) -> str:
    """Return the boundary that an HTTP Content-Type names, without the dashes that many cameras count to it.

    Raises:
        WireError: it is not multipart, or names no boundary of ASCII letters.
    """
    if not content_type.lower().lstrip().startswith("multipart/"):
        raise WireError("not a multipart stream")
    match = _BOUNDARY.search(content_type)
    boundary = (match[1] or match[2]).removeprefix("--") if match else ""
    if not boundary or not boundary.isascii() or not boundary.isprintable():
        raise WireError("the multipart stream names no boundary")
    return boundary


def encode_part(boundary: str, jpeg: bytes) -> bytes:
    """Return a part with its length, as a camera sends it; what follows it must begin with a boundary."""
    head = f"--{boundary}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode("ascii") + jpeg + b"\r\n"


def jpeg_size(data: bytes | bytearray) -> tuple[int, int]:
    """Return width and height of a JPEG, from its frame header, without decoding it.

    Raises:
        WireError: it does not begin and end as a JPEG does (a torn one has no end), or has no frame header.
    """
    if data[:2] != b"\xff\xd8":
        raise WireError("not a JPEG")
    if not data.rstrip(b"\x00").endswith(b"\xff\xd9"):
        raise WireError("the JPEG has no end")
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAME_HEADERS:
            height, width = int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 7 : at + 9], "big")
            if at + 9 > len(data) or not height or not width:
                break
            return width, height
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    raise WireError("the JPEG has no frame header")


def _blank_line(buffer: bytearray) -> tuple[int, int]:
    """Return where the blank line behind a head is and how long its line ends are; (-1, 0) where there is none."""
    ends = [(at, len(gap)) for gap in (b"\r\n\r\n", b"\n\n") if (at := buffer.find(gap, 0, MAX_HEAD + len(gap))) >= 0]
    return min(ends, default=(-1, 0))
