"""Card commands and answers as ISO/IEC 7816-4 chapter 5 frames them, short form only.

Source: ISO/IEC 7816-4 (cases 1 to 4); status words 61xx and 6Cxx: facts/purse-load.md 1.1 and 1.5.
"""

from dataclasses import dataclass

from wire.errors import WireError

MAX_DATA = 255
MAX_ANSWER = 256
OK = 0x9000


@dataclass(frozen=True)
class CommandApdu:
    """A command: header, at most 255 bytes of data, and how many bytes (1 to 256) are expected, None for none."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    expected: int | None = None


@dataclass(frozen=True)
class ResponseApdu:
    """An answer: at most 256 bytes of data and the status word."""

    data: bytes
    status_word: int

    @property
    def waiting(self) -> int | None:
        """How many bytes GET RESPONSE can fetch (61xx; 6100 means 256), None where there are none."""
        return self._count(0x61)

    @property
    def exact_length(self) -> int | None:
        """The length that the card wants asked for instead (6Cxx; 6C00 means 256), None where it is content."""
        return self._count(0x6C)

    def _count(self, sw1: int) -> int | None:
        if self.status_word >> 8 != sw1:
            return None
        return self.status_word & 0xFF or MAX_ANSWER


def encode_command(command: CommandApdu) -> bytes:
    """Return the bytes of `command`.

    Raises:
        WireError: a field does not fit the short form.
    """
    head = (command.cla, command.ins, command.p1, command.p2)
    if not all(0 <= byte <= 0xFF for byte in head) or len(command.data) > MAX_DATA:
        raise WireError("the command does not fit a short APDU")
    body = bytes((len(command.data),)) + command.data if command.data else b""
    if command.expected is None:
        return bytes(head) + body
    if not 1 <= command.expected <= MAX_ANSWER:
        raise WireError(f"a short APDU cannot expect {command.expected} bytes")
    return bytes(head) + body + bytes((command.expected & 0xFF,))


def decode_command(data: bytes) -> CommandApdu:
    """Return the command in `data`.

    Raises:
        WireError: `data` is none of the four cases of a short APDU.
    """
    if len(data) < 4:
        raise WireError("a command APDU has at least four bytes")
    cla, ins, p1, p2 = data[:4]
    body = data[4:]
    if not body:
        return CommandApdu(cla, ins, p1, p2)
    if len(body) == 1:
        return CommandApdu(cla, ins, p1, p2, expected=body[0] or MAX_ANSWER)
    length, rest = body[0], body[1:]
    if length and len(rest) == length:
        return CommandApdu(cla, ins, p1, p2, rest)
    if length and len(rest) == length + 1:
        return CommandApdu(cla, ins, p1, p2, rest[:length], rest[length] or MAX_ANSWER)
    raise WireError(f"Lc is {length} but {len(rest)} bytes follow")


def encode_response(response: ResponseApdu) -> bytes:
    """Return the bytes of `response`.

    Raises:
        WireError: too much data or no status word.
    """
    if len(response.data) > MAX_ANSWER or not 0 <= response.status_word <= 0xFFFF:
        raise WireError("the answer does not fit a short APDU")
    return response.data + response.status_word.to_bytes(2, "big")


def decode_response(data: bytes) -> ResponseApdu:
    """Return the answer in `data`.

    Raises:
        WireError: `data` is shorter than a status word or longer than a short APDU.
    """
    if not 2 <= len(data) <= MAX_ANSWER + 2:
        raise WireError(f"an answer has 2 to 258 bytes, not {len(data)}")
    return ResponseApdu(data[:-2], int.from_bytes(data[-2:], "big"))
