"""The fields of host messages: the table of ISO 8583 fields that this profile has, the private TLVs, and their values.

Values are checked both ways; what does not fit raises WireError, and the text names the place and never a value.
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Any

from wire.errors import WireError

CURRENCY_CNY = "156"  # ISO 4217
SIGN_ON, KEY_CHANGE, PIN_KEY, PIN_KEY_IN_USE, ECHO_TEST = "001", "161", "162", "163", "301"  # DE 70
# DE 3, free for private use from 91 to 99.
ORDER, STATUS, LOAD, CONFIRM = "910000", "920000", "930000", "940000"
SUSPENSE, CHARGE, DEPOSIT, ISSUER = "950000", "960000", "970000", "980000"
CHANGE_RECORD, INQUIRE = "2", "5"  # DE 91
ID_CARD_FILE = "ID-CARD"  # DE 101
NO_END = "99991231"
CHIP_WITH_PIN, CHIP_WITHOUT_PIN = "051", "052"  # DE 22
NORMAL_CONDITION = "00"  # DE 25
LONGEST_PIN = "12"  # DE 26
TRACK2_DIGITS, CHIP_BYTES, APPROVAL_CHARACTERS = 37, 255, 6
MAX_COMMANDS, COMMAND_BYTES = 8, range(4, 65)
COMMANDS_BYTES = 255

_TRACK2 = re.compile(r"\d+=\d+", re.ASCII)
_CHECK_VALUE = re.compile("[0-9A-F]{6}")
_ID_NUMBER = re.compile("[0-9]{17}[0-9X]")

PERSONAL_BYTES = {"NAME": 80, "ADDRESS": 210, "AUTHORITY": 60}
"""The longest UTF-8 of a person's texts."""


def _bcd(digits: int, description: str, **more: Any) -> dict[str, Any]:
    return {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": digits // 2, "desc": description, **more}


def _text(length: int, description: str) -> dict[str, Any]:
    return {"data_enc": "ascii", "len_enc": "ascii", "len_type": 0, "max_len": length, "desc": description}


SPEC: dict[str, dict[str, Any]] = {
    "h": _text(0, "Message header: none"),
    "t": _bcd(4, "Message type"),
    "p": _bcd(16, "Primary bitmap"),
    "1": _bcd(16, "Secondary bitmap"),
    "2": _bcd(0, "Card number") | {"len_type": 1, "max_len": 20, "len_count": "nibbles", "right_pad": "0"},
    "3": _bcd(6, "Processing code"),
    "4": _bcd(12, "Amount in fen"),
    "11": _bcd(6, "System trace audit number (STAN)"),
    "12": _bcd(6, "Local time hhmmss"),
    "13": _bcd(4, "Local date MMDD"),
    "14": _bcd(4, "Expiry of the bank card, YYMM"),
    "22": _bcd(0, "How card and PIN came in") | {"max_len": 3, "len_count": "nibbles", "right_pad": "0"},
    "23": _bcd(0, "Sequence number of the bank card") | {"max_len": 3, "len_count": "nibbles", "left_pad": "0"},
    "25": _bcd(2, "Condition of the point of service"),
    "26": _bcd(2, "Most digits that a PIN may have"),
    "35": _bcd(0, "Track 2 of the bank card")
    | {"len_type": 1, "max_len": TRACK2_DIGITS, "len_count": "nibbles", "right_pad": "0"},
    "37": _text(12, "Retrieval reference number, given by the host"),
    "38": _text(APPROVAL_CHARACTERS, "Approval of the bank"),
    "39": _text(2, "Response code; in a reversal its reason"),
    "41": _text(8, "Terminal number"),
    "42": _text(15, "Merchant: the branch"),
    "48": _bcd(0, "Private data: TLVs") | {"len_type": 2, "max_len": 500},
    "49": _text(3, "Currency"),
    "52": _bcd(16, "Encrypted PIN block"),
    "53": _bcd(16, "How the PIN block was made"),
    "55": _bcd(0, "EMV objects of the chip, or for it") | {"len_type": 2, "max_len": CHIP_BYTES},
    "70": _bcd(0, "Network management code") | {"max_len": 3, "len_count": "nibbles", "left_pad": "0"},
    "90": _bcd(42, "Original data elements"),
    "91": _text(1, "File update code"),
    "101": _text(17, "File name") | {"len_enc": "bcd", "len_type": 1},
}
"""The fields of this profile; a message with any other field is refused."""


class Tag(Enum):
    """The private TLVs of DE 48: two bytes of tag, one byte of length, value."""

    ORDER = 0xDF01
    BALANCE = 0xDF02
    COUNTER = 0xDF03
    KEY_VERSION = 0xDF04
    ALGORITHM = 0xDF05
    RANDOM = 0xDF06
    MAC1 = 0xDF07
    TERMINAL_NO = 0xDF08
    DATE = 0xDF09
    TIME = 0xDF0A
    MAC2 = 0xDF0B
    TAC = 0xDF0C
    QR_TEXT = 0xDF0D
    EXPIRES_IN = 0xDF0E
    ORDER_STATUS = 0xDF0F
    REFUNDED = 0xDF10
    CHALLENGE = 0xDF11
    KEY_BLOCK = 0xDF12
    ROW_NUMBER = 0xDF13
    ROW_HASH = 0xDF14
    TRANSIT_CARD = 0xDF15
    PIN_BLOCK = 0xDF16
    EXPIRES = 0xDF17
    COMMANDS = 0xDF18
    CHECK_VALUE = 0xDF19
    CONFIRMED_ROW = 0xDF1A
    ID_NUMBER = 0xDF1B
    NAME = 0xDF1C
    SEX = 0xDF1D
    ETHNICITY = 0xDF1E
    BIRTH = 0xDF1F
    ADDRESS = 0xDF20
    AUTHORITY = 0xDF21
    VALID_FROM = 0xDF22
    VALID_UNTIL = 0xDF23
    TAKEN = 0xDF24


def number_text(value: int, digits: int, name: str) -> str:
    """Return `value` as so many decimal digits. Raises WireError."""
    if not 0 <= value < 10**digits:
        raise WireError(f"{name} does not fit {digits} digits")
    return f"{value:0{digits}d}"


def digit_text(text: str, name: str, length: int | None = None) -> str:
    """Return `text`, which must be decimal digits, so many where `length` says it. Raises WireError."""
    if not (text.isascii() and text.isdigit()) or (length is not None and len(text) != length):
        raise WireError(f"{name} is not {length or 'all'} decimal digits")
    return text


def padded_text(text: str, length: int, name: str) -> str:
    """Return `text` padded with spaces to a field of `length` characters. Raises WireError."""
    return printable_text(text, length, name).ljust(length)


def printable_text(text: str, length: int, name: str) -> str:
    """Return `text`, which must be 1 to `length` printable ASCII characters without spaces around. Raises WireError."""
    if not (1 <= len(text) <= length and text.isascii() and text.isprintable()) or text != text.strip():
        raise WireError(f"{name} is not 1 to {length} printable ASCII characters")
    return text


def personal_text(text: str, name: str) -> bytes:
    """Return the UTF-8 of a person's text, 1 to PERSONAL_BYTES[name] bytes that are printable. Raises WireError."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        raise WireError(f"{name} is no text") from None
    longest = PERSONAL_BYTES[name]
    if not 1 <= len(data) <= longest or not text.isprintable() or text != text.strip():
        raise WireError(f"{name} is not 1 to {longest} bytes of printable text")
    return data


def id_number_text(text: str) -> str:
    """Return `text`, which must be an ID number of 18 characters. Raises WireError."""
    if not _ID_NUMBER.fullmatch(text):
        raise WireError("ID_NUMBER is not 17 digits and a digit or X")
    return text


def track2_text(text: str) -> str:
    """Return `text`, which must be up to 37 digits with one `=` between them. Raises WireError."""
    if len(text) > TRACK2_DIGITS or not _TRACK2.fullmatch(text):
        raise WireError("track 2 is not digits with one = between them")
    return text


def exact_bytes(data: bytes, length: int, name: str) -> bytes:
    """Return `data`, which must have `length` bytes. Raises WireError."""
    if len(data) != length:
        raise WireError(f"{name} has {len(data)} bytes and not {length}")
    return data


def check_value_bytes(text: str) -> bytes:
    """Return the bytes of a check value, which is six hexadecimal digits in capitals. Raises WireError."""
    if not _CHECK_VALUE.fullmatch(text):
        raise WireError("a check value is not six hexadecimal digits")
    return bytes.fromhex(text)


def unsigned_bytes(value: int, length: int, name: str) -> bytes:
    """Return `value` as so many bytes, most significant first. Raises WireError."""
    if not 0 <= value < 1 << (8 * length):
        raise WireError(f"{name} does not fit {length} bytes")
    return value.to_bytes(length, "big")


def packed_commands(commands: Sequence[bytes]) -> bytes:
    """Return up to 8 APDUs of 4 to 64 bytes, each behind its length; 255 bytes in all. Raises WireError."""
    if len(commands) > MAX_COMMANDS or any(len(each) not in COMMAND_BYTES for each in commands):
        raise WireError(f"COMMANDS are not up to {MAX_COMMANDS} APDUs of 4 to 64 bytes")
    packed = b"".join(bytes((len(each),)) + each for each in commands)
    if len(packed) > COMMANDS_BYTES:
        raise WireError(f"COMMANDS are more than {COMMANDS_BYTES} bytes")
    return packed


def unpacked_commands(data: bytes) -> tuple[bytes, ...]:
    """Return the APDUs that `packed_commands` packed. Raises WireError."""
    commands = []
    while data:
        length = data[0]
        commands.append(data[1 : 1 + length])
        if len(commands[-1]) < length:
            raise WireError("private COMMANDS end inside an APDU")
        data = data[1 + length :]
    packed_commands(commands)
    return tuple(commands)


class Fields:
    """The fields and TLVs of a received message; each is taken once, and none may be left."""

    def __init__(self, fields: dict[str, str]) -> None:
        self._fields = fields
        self._private = _read_tlvs(bytes.fromhex(fields.pop("48"))) if "48" in fields else {}

    def take(self, number: str) -> str:
        """Return the text of a field. Raises WireError."""
        try:
            return self._fields.pop(number)
        except KeyError:
            raise WireError(f"field {number} is missing") from None

    def has(self, number: str) -> bool:
        """Return whether a field is there, and not taken yet."""
        return number in self._fields

    def digits(self, number: str) -> str:
        """Return a field of decimal digits. Raises WireError."""
        return digit_text(self.take(number), f"field {number}")

    def number(self, number: str) -> int:
        """Return the number in a field. Raises WireError."""
        return int(self.digits(number))

    def text(self, number: str) -> str:
        """Return the text of a field without its padding. Raises WireError."""
        return printable_text(self.take(number).rstrip(" "), SPEC[number]["max_len"], f"field {number}")

    def octets(self, number: str) -> bytes:
        """Return the bytes of a field, at least one. Raises WireError."""
        data = bytes.fromhex(self.take(number))
        if not data:
            raise WireError(f"field {number} is empty")
        return data

    def constant(self, number: str, value: str) -> None:
        """Take a field that must be `value`. Raises WireError."""
        if self.take(number) != value:
            raise WireError(f"field {number} is not {value}")

    def private(self, tag: Tag, length: int | None = None) -> bytes:
        """Return the value of a private TLV, which must have `length` bytes where that is given. Raises WireError."""
        try:
            value = self._private.pop(tag)
        except KeyError:
            raise WireError(f"private {tag.name} is missing") from None
        return value if length is None else exact_bytes(value, length, tag.name)

    def private_number(self, tag: Tag, length: int) -> int:
        """Return the number in a private TLV of `length` bytes. Raises WireError."""
        return int.from_bytes(self.private(tag, length), "big")

    def has_private(self, tag: Tag) -> bool:
        """Return whether a private TLV is there, and not taken yet."""
        return tag in self._private

    def private_person(self, tag: Tag) -> str:
        """Return a person's text in a private TLV. Raises WireError."""
        try:
            text = self.private(tag).decode("utf-8")
        except UnicodeDecodeError:
            raise WireError(f"private {tag.name} is not UTF-8") from None
        personal_text(text, tag.name)
        return text

    def private_text(self, tag: Tag, longest: int) -> str:
        """Return the text of a private TLV. Raises WireError."""
        return printable_text(self.private(tag).decode("latin-1"), longest, tag.name)

    def private_digits(self, tag: Tag, length: int) -> str:
        """Return the packed digits of a private TLV. Raises WireError."""
        return digit_text(self.private(tag, length // 2).hex(), tag.name)

    def finish(self) -> None:
        """Check that nothing is left. Raises WireError."""
        left = [f"field {number}" for number in self._fields] + [f"private {tag.name}" for tag in self._private]
        if left:
            raise WireError(f"does not belong to this message: {', '.join(left)}")


def _read_tlvs(data: bytes) -> dict[Tag, bytes]:
    found: dict[Tag, bytes] = {}
    position = 0
    while position < len(data):
        head = data[position : position + 3]
        if len(head) < 3:
            raise WireError("the private data end inside a tag")
        try:
            tag = Tag(int.from_bytes(head[:2], "big"))
        except ValueError:
            raise WireError(f"unknown private tag {head[:2].hex()}") from None
        value = data[position + 3 : position + 3 + head[2]]
        if len(value) < head[2]:
            raise WireError(f"private {tag.name} is cut short")
        if tag in found:
            raise WireError(f"private {tag.name} is there twice")
        found[tag] = value
        position += 3 + head[2]
    return found
