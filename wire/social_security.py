"""The public records of a social-security card: the reads that clients in the field send, and what comes back.

Sources: facts/social-security-card.md chapter 2 (name of the application, records, exact reads [G1]; tags and lengths
[G2][G4]). The commands here select and read; there is none that writes. Every character may be a person's: no error
names one.
"""

from dataclasses import dataclass
from enum import Enum

from wire.apdu import CommandApdu
from wire.errors import WireError

APPLICATION = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
"""The name that selects it: sx1.sh.社会保障 in GBK."""

_PADDING = b"\x00\x20\xff"


class Record(Enum):
    """A record: its file (5 is EF05, about the card; 6 is EF06, about its holder), number, tag, length of its value."""

    IDENTIFIER = (5, 1, 0x01, 16)
    VERSION = (5, 3, 0x03, 4)
    ORGANISATION = (5, 4, 0x04, 12)
    ISSUED = (5, 5, 0x05, 4)
    EXPIRES = (5, 6, 0x06, 4)
    CARD_NUMBER = (5, 7, 0x07, 9)
    ID_NUMBER = (6, 1, 0x08, 18)
    NAME = (6, 2, 0x09, 30)
    SEX = (6, 4, 0x0A, 1)
    SEX_FIRST_GENERATION = (6, 3, 0x0A, 1)


@dataclass(frozen=True)
class SelectApplication:
    """00 A4 04 00 with the name of the application."""


@dataclass(frozen=True)
class ReadRecord:
    """00 B2: read a record by its number and the short identifier of its file. Answer: its tag, length and value."""

    record: Record


Command = SelectApplication | ReadRecord


def encode_command(command: Command) -> CommandApdu:
    """Return the APDU of `command`."""
    match command:
        case SelectApplication():
            return CommandApdu(0x00, 0xA4, 0x04, 0x00, APPLICATION)
        case ReadRecord(record):
            file, number, _, length = record.value
            return CommandApdu(0x00, 0xB2, number, file << 3 | 4, expected=2 + length)


def decode_command(apdu: CommandApdu) -> Command:
    """Return the command in `apdu`; what it expects in return is not looked at.

    Raises:
        WireError: it is none of them.
    """
    match (apdu.cla, apdu.ins, apdu.p1, apdu.p2):
        case (0x00, 0xA4, 0x04, 0x00) if apdu.data == APPLICATION:
            return SelectApplication()
        case (0x00, 0xB2, number, p2) if not apdu.data:
            for record in Record:
                if record.value[:2] == (p2 >> 3, number) and p2 & 7 == 4:
                    return ReadRecord(record)
    raise WireError(f"no read of a social-security card: {apdu.cla:02X} {apdu.ins:02X} {apdu.p1:02X} {apdu.p2:02X}")


def encode_record(record: Record, value: bytes) -> bytes:
    """Return the data of `record` with this value.

    Raises:
        WireError: the value has another length.
    """
    _, _, tag, length = record.value
    if len(value) != length:
        raise WireError(f"{record.name} has {length} bytes, not {len(value)}")
    return bytes((tag, length)) + value


def decode_record(record: Record, data: bytes) -> bytes:
    """Return the value in the data of `record`.

    Raises:
        WireError: it has another tag or length.
    """
    _, _, tag, length = record.value
    if data[:2] != bytes((tag, length)) or len(data) != 2 + length:
        raise WireError(f"the answer is no record {record.name}")
    return data[2:]


def text(value: bytes) -> str:
    """Return a text in GBK (of which ASCII is a part) without what fills it up.

    Raises:
        WireError: it is no GBK.
    """
    try:
        return value.rstrip(_PADDING).decode("gbk")
    except UnicodeDecodeError:
        raise WireError("a text that is no GBK") from None


def generation(version: bytes) -> int:
    """Return the generation (1, 2 or 3) that the version of the card's standard ("2.00") names.

    Raises:
        WireError: it names none of them.
    """
    found = {b"1": 1, b"2": 2, b"3": 3}.get(version[:1])
    if found is None or version[1:2] != b".":
        raise WireError("a version of the standard that no source names")
    return found
