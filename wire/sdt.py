"""Frames of the resident ID-card reader: "SAM_V communication protocol", chapters 3 (frames) and 4 (commands, codes).

Sources: facts/device-protocols.md 3b (eastcoms.com/service/downdrive/508.html and its copies). The shape of a SAM
number and the bound on appended addresses: an open re-implementation of sdtapi.dll (ParseSerial, SDT_ReadNewAppMsg);
docs/devices/sdt.md says what of this is doubtful. What a card holds never shows in a repr or an error of this module.
"""

import struct
from dataclasses import dataclass, field
from enum import Enum

from wire.errors import WireError

PREAMBLE = bytes.fromhex("AA AA AA 96 69")
TEXT_BYTES = 256
PHOTO_BYTES = 1024
ADDRESS_BYTES = 70
MAX_ADDRESSES = 4
MIN_LENGTH = 3
MAX_LENGTH = 0x090A
"""The longest length field: text, photo and two fingerprints of 512 bytes (2321 bytes in all)."""

_HEADER = struct.Struct(">5sH")
_SAM_ID = struct.Struct("<HHIII")


class Command(Enum):
    """CMD and Para; no command has data."""

    RESET = (0x10, 0xFF)
    GET_STATUS = (0x11, 0xFF)
    READ_SAM_ID = (0x12, 0xFF)
    FIND_CARD = (0x20, 0x01)
    SELECT_CARD = (0x20, 0x02)
    READ_BASE = (0x30, 0x01)
    READ_NEW_ADDRESS = (0x30, 0x03)
    READ_BASE_AND_FINGERPRINTS = (0x30, 0x10)
    SET_115200_BD = (0x60, 0x00)
    SET_57600_BD = (0x60, 0x01)
    SET_38400_BD = (0x60, 0x02)
    SET_19200_BD = (0x60, 0x03)
    SET_9600_BD = (0x60, 0x04)


class Sw3(Enum):
    """SW3: what became of a command."""

    OK = 0x90
    NO_SUCH_CONTENT = 0x91
    CARD_FOUND = 0x9F
    BAD_CHECKSUM = 0x10
    BAD_LENGTH = 0x11
    BAD_COMMAND = 0x21
    NO_AUTHORITY = 0x23
    UNKNOWN_ERROR = 0x24
    CARD_DID_NOT_PROVE_ITSELF = 0x31
    SAM_DID_NOT_PROVE_ITSELF = 0x32
    INFORMATION_NOT_VERIFIED = 0x33
    UNKNOWN_CARD = 0x40
    READ_FAILED = 0x41
    RANDOM_NUMBER_FAILED = 0x47
    SELF_TEST_FAILED = 0x60
    SAM_NOT_AUTHORISED = 0x66
    FIND_FAILED = 0x80
    SELECT_FAILED = 0x81


@dataclass(frozen=True)
class Reply:
    """What the reader answers; `data` may be a person's and is in no repr."""

    sw3: Sw3
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Garbled:
    """A preamble came and what follows it is no frame: wrong checksum, or a length that no frame has."""


class Deframer:
    """Cuts what arrives into the bodies of frames (what is between length and checksum), whichever side sent them.

    Bytes before a preamble are dropped. After a broken frame the search goes on right behind its preamble, so a
    whole frame that a half one has swallowed is found again. Holds MAX_LENGTH + 7 bytes at most.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def reset(self) -> None:
        """Forget what has arrived."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[bytes | Garbled]:
        """Return what `data` completes, in the order of arrival."""
        self._buffer += data
        found: list[bytes | Garbled] = []
        while self._seek() and len(self._buffer) >= _HEADER.size:
            length = _HEADER.unpack_from(self._buffer)[1]
            if not MIN_LENGTH <= length <= MAX_LENGTH:
                found.append(self._skip())
            elif len(self._buffer) < _HEADER.size + length:
                break
            else:
                frame = bytes(self._buffer[len(PREAMBLE) : _HEADER.size + length])
                if _xor(frame):
                    found.append(self._skip())
                else:
                    del self._buffer[: _HEADER.size + length]
                    found.append(frame[2:-1])
        return found

    def _seek(self) -> bool:
        """Drop what cannot begin a frame; return whether a whole preamble is in front."""
        at = self._buffer.find(PREAMBLE)
        if at < 0:
            kept = next((n for n in range(len(PREAMBLE) - 1, 0, -1) if self._buffer.endswith(PREAMBLE[:n])), 0)
            del self._buffer[: len(self._buffer) - kept]
            return False
        del self._buffer[:at]
        return True

    def _skip(self) -> Garbled:
        del self._buffer[: len(PREAMBLE)]
        return Garbled()


def encode_command(command: Command) -> bytes:
    """Return the frame of `command`."""
    return _frame(bytes(command.value))


def decode_command(body: bytes) -> Command:
    """Return the command in a frame's body.

    Raises:
        WireError: it has not two bytes, or the manual has no such command.
    """
    if len(body) != 2:
        raise WireError(f"a command has 2 bytes between length and checksum, not {len(body)}")
    for command in Command:
        if bytes(command.value) == body:
            return command
    raise WireError(f"{body.hex(' ')} is no command")


def encode_reply(reply: Reply) -> bytes:
    """Return the frame of `reply`.

    Raises:
        WireError: it has too much data.
    """
    return _frame(bytes((0, 0, reply.sw3.value)) + reply.data)


def decode_reply(body: bytes) -> Reply:
    """Return the reply in a frame's body.

    Raises:
        WireError: too short, SW1 or SW2 other than 00, or an SW3 that the manual does not have.
    """
    if len(body) < 3:
        raise WireError("a reply has at least 3 bytes between length and checksum")
    if body[:2] != b"\x00\x00":
        raise WireError("SW1 SW2 are not 00 00")
    if body[2] not in _SW3:
        raise WireError(f"SW3 {body[2]:02X} is no code of the manual")
    return Reply(_SW3[body[2]], body[3:])


_SW3 = {code.value: code for code in Sw3}


@dataclass(frozen=True, repr=False)
class CardContents:
    """What READ_BASE gives: text (256 bytes, wire/id_card_text.py), photo (1024 bytes of WLT), fingerprints.

    `fingerprints` is None in the answer to READ_BASE, 0, 512 or 1024 bytes in READ_BASE_AND_FINGERPRINTS.
    """

    text: bytes
    photo: bytes
    fingerprints: bytes | None = None


def encode_contents(contents: CardContents) -> bytes:
    """Return the data of the reply: a length of two bytes for each part, then the parts."""
    parts = [contents.text, contents.photo]
    if contents.fingerprints is not None:
        parts.append(contents.fingerprints)
    return b"".join(len(part).to_bytes(2, "big") for part in parts) + b"".join(parts)


def decode_contents(data: bytes, *, fingerprints: bool = False) -> CardContents:
    """Return the parts in the data of a reply; `fingerprints` says which of the two commands was asked.

    Raises:
        WireError: the lengths are not those of the manual, or not those of the data.
    """
    head = 6 if fingerprints else 4
    lengths = [int.from_bytes(data[at : at + 2], "big") for at in range(0, head, 2)]
    if len(data) < head or lengths[:2] != [TEXT_BYTES, PHOTO_BYTES] or len(data) != head + sum(lengths):
        raise WireError("the lengths of text, photo and fingerprints do not fit")
    if fingerprints and lengths[2] not in (0, 512, 1024):
        raise WireError("fingerprints have 0, 512 or 1024 bytes")
    photo_at = head + TEXT_BYTES
    rest_at = photo_at + PHOTO_BYTES
    return CardContents(data[head:photo_at], data[photo_at:rest_at], data[rest_at:] if fingerprints else None)


def encode_addresses(addresses: tuple[str, ...]) -> bytes:
    """Return the data of the reply to READ_NEW_ADDRESS: 35 characters UTF-16LE each, filled with spaces.

    Raises:
        WireError: none, more than MAX_ADDRESSES, or one that is too long.
    """
    fields = [address.encode("utf-16-le") for address in addresses]
    if not 1 <= len(fields) <= MAX_ADDRESSES or any(len(each) > ADDRESS_BYTES for each in fields):
        raise WireError("appended addresses: 1 to 4 of at most 35 characters")
    return b"".join(each + b" \x00" * ((ADDRESS_BYTES - len(each)) // 2) for each in fields)


def decode_addresses(data: bytes) -> tuple[str, ...]:
    """Return the appended addresses, empty fields left out.

    Raises:
        WireError: not 1 to 4 fields of 70 bytes, or not UTF-16.
    """
    if len(data) not in range(ADDRESS_BYTES, ADDRESS_BYTES * MAX_ADDRESSES + 1, ADDRESS_BYTES):
        raise WireError("appended addresses have 1 to 4 fields of 70 bytes")
    # Replaced and looked for, since the exception of a strict decoder would carry the bytes.
    texts = [
        data[at : at + ADDRESS_BYTES].decode("utf-16-le", "replace").rstrip(" \x00")
        for at in range(0, len(data), ADDRESS_BYTES)
    ]
    if any("\ufffd" in text for text in texts):
        raise WireError("an appended address is no UTF-16")
    return tuple(text for text in texts if text)


@dataclass(frozen=True)
class SamId:
    """The number of the security module, 16 bytes: two numbers of 2 bytes and three of 4, low byte first."""

    parts: tuple[int, int, int, int, int]

    @property
    def text(self) -> str:
        """As it is printed on readers: 05.01-20200101-0000000001-0000000002."""
        a, b, c, d, e = self.parts
        return f"{a:02}.{b:02}-{c:08}-{d:010}-{e:010}"


def encode_sam_id(sam_id: SamId) -> bytes:
    """Return the 16 bytes.

    Raises:
        WireError: a part does not fit.
    """
    try:
        return _SAM_ID.pack(*sam_id.parts)
    except struct.error as error:
        raise WireError(f"SAM number: {error}") from None


def decode_sam_id(data: bytes) -> SamId:
    """Return the number in the reply to READ_SAM_ID.

    Raises:
        WireError: not 16 bytes.
    """
    if len(data) != _SAM_ID.size:
        raise WireError(f"a SAM number has {_SAM_ID.size} bytes, not {len(data)}")
    a, b, c, d, e = _SAM_ID.unpack(data)
    return SamId((a, b, c, d, e))


def _frame(body: bytes) -> bytes:
    length = len(body) + 1
    if length > MAX_LENGTH:
        raise WireError(f"a frame's length is at most {MAX_LENGTH}, not {length}")
    counted = length.to_bytes(2, "big") + body
    return PREAMBLE + counted + bytes((_xor(counted),))


def _xor(data: bytes) -> int:
    total = 0
    for byte in data:
        total ^= byte
    return total
