"""EMV payment applications as a terminal reads them: data objects, data object lists, commands and their answers.

Sources: EMV 4.3 Book 1 (11.3 SELECT, 12.2 and 12.3 directories), Book 3 (5.4 data object lists, 6.5.5 GENERATE AC,
6.5.8 GET PROCESSING OPTIONS, 6.5.11 READ RECORD, 10.2 application file locator, annex A data elements, annex B
BER-TLV). Tags are written as upper-case hex. A value never gets into a repr or an error: it may be a card number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from wire.apdu import CommandApdu
from wire.errors import WireError

CONTACT_DIRECTORY = b"1PAY.SYS.DDF01"
CONTACTLESS_DIRECTORY = b"2PAY.SYS.DDF01"

_EXPECT_ALL = 256
_FILES = range(1, 31)
_EMV_FILES = range(1, 11)
_NAME_BYTES = range(5, 17)
_CRYPTOGRAM_BYTES = 8
_MOST_ISSUER_DATA = 32
_DEEPEST = 16  # an answer of a card needs four
_LONGEST_TAG = 3  # bytes; EMV itself stops at two

# Book 3 annex A: of the objects that a terminal puts into a list, these are numeric, and numeric ones are cut and
# filled on the left (5.4).
_NUMERIC = frozenset({"9F02", "9F03", "9F1A", "5F2A", "9A", "9C", "9F21", "9F35", "9F41", "9F15", "9F01", "5F36"})


# -- data objects (annex B) --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DataObject:
    """A tag and its value; a constructed one has `parts`, a primitive one has none."""

    tag: str
    value: bytes = field(repr=False)
    parts: tuple["DataObject", ...] = field(default=(), repr=False)

    def all(self, tag: str) -> list["DataObject"]:
        """Return the objects of that tag in it, at whatever depth, in their order."""
        return [found for part in self.parts for found in ([part] if part.tag == tag else part.all(tag))]

    def value_of(self, tag: str) -> bytes | None:
        """Return the value of its own part of that tag, the first of several, None where there is none."""
        return next((part.value for part in self.parts if part.tag == tag), None)


def decode_objects(data: bytes) -> tuple[DataObject, ...]:
    """Return the objects in `data`, which may have 00 before, between and after them.

    Raises:
        WireError: an object is cut short, its tag or length is none of EMV, or it is more than 16 levels deep.
    """
    return _objects_in(data, 1)


def _objects_in(data: bytes, level: int) -> tuple[DataObject, ...]:
    if level > _DEEPEST:
        raise WireError("objects are nested too deep")
    objects = []
    at = 0
    while at < len(data):
        if data[at] == 0x00:
            at += 1
            continue
        tag, at = _take_tag(data, at)
        length, at = _take_length(data, at)
        if at + length > len(data):
            raise WireError(f"object {tag} is cut short")
        value = data[at : at + length]
        at += length
        constructed = int(tag[:2], 16) & 0x20
        objects.append(DataObject(tag, value, _objects_in(value, level + 1) if constructed else ()))
    return tuple(objects)


def encode_object(tag: str, value: bytes) -> bytes:
    """Return the bytes of an object.

    Raises:
        WireError: `tag` is no tag, or the value is longer than 65,535 bytes.
    """
    octets = _tag_bytes(tag)
    if len(value) < 0x80:
        length = bytes((len(value),))
    elif len(value) <= 0xFF:
        length = bytes((0x81, len(value)))
    elif len(value) <= 0xFFFF:
        length = b"\x82" + len(value).to_bytes(2, "big")
    else:
        raise WireError(f"object {tag} is too long")
    return octets + length + value


def encode_objects(objects: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the bytes of objects in their order. Raises WireError."""
    return b"".join(encode_object(tag, value) for tag, value in objects)


def _take_tag(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1
    if data[at] & 0x1F == 0x1F:
        while True:
            if end >= len(data):
                raise WireError("a tag is cut short")
            end += 1
            if not data[end - 1] & 0x80:
                break
            if end - at == _LONGEST_TAG:
                raise WireError("a tag is longer than three bytes")
    return data[at:end].hex().upper(), end


def _take_length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise WireError("a length is missing")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if not 1 <= count <= 2:
        raise WireError("a length has one or two more bytes")
    if at + 1 + count > len(data):
        raise WireError("a length is cut short")
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count


def _tag_bytes(tag: str) -> bytes:
    try:
        octets = bytes.fromhex(tag)
    except ValueError:
        octets = b""
    if not octets or _take_tag(octets, 0) != (tag, len(octets)):
        raise WireError(f"{tag!r} is no tag in upper-case hex")
    return octets


# -- data object lists (5.4) -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """One entry of a data object list: the card wants that object in that many bytes, without tag and length."""

    tag: str
    length: int


def decode_list(data: bytes) -> tuple[Wanted, ...]:
    """Return the entries of a PDOL, CDOL or DDOL.

    Raises:
        WireError: it ends in a tag without a length.
    """
    entries = []
    at = 0
    while at < len(data):
        tag, at = _take_tag(data, at)
        length, at = _take_length(data, at)
        entries.append(Wanted(tag, length))
    return tuple(entries)


def fill_list(entries: Sequence[Wanted], values: Mapping[str, bytes]) -> bytes:
    """Return what the card wants: each value in the length it is asked in, zeros for what the terminal has not."""
    return b"".join(_fitted(entry, values.get(entry.tag, b"")) for entry in entries)


def _fitted(entry: Wanted, value: bytes) -> bytes:
    if entry.tag in _NUMERIC:
        return value[-entry.length :].rjust(entry.length, b"\x00") if entry.length else b""
    return value[: entry.length].ljust(entry.length, b"\x00")


# -- commands ----------------------------------------------------------------------------------------------------


class CryptogramKind(Enum):
    """What GENERATE AC asks for and the card gives (6.5.5.2): the upper two bits of P1 and of the answer."""

    AAC = 0x00  # declined
    TC = 0x40  # approved
    ARQC = 0x80  # the bank is to decide


def select(name: bytes, *, following: bool = False) -> CommandApdu:
    """SELECT by name: a directory, or an application by its AID or the beginning of it (11.3).

    `following` asks for the next application whose name begins so.

    Raises:
        WireError: a name has 5 to 16 bytes.
    """
    if len(name) not in _NAME_BYTES:
        raise WireError("the name of an application has 5 to 16 bytes")
    return CommandApdu(0x00, 0xA4, 0x04, 0x02 if following else 0x00, name, _EXPECT_ALL)


def read_record(file: int, record: int) -> CommandApdu:
    """READ RECORD of a file by its short identifier (6.5.11).

    Raises:
        WireError: there is no such file or record.
    """
    if file not in _FILES or not 1 <= record <= 0xFF:
        raise WireError("a file has a short identifier of 1 to 30 and records from 1")
    return CommandApdu(0x00, 0xB2, record, file << 3 | 0x04, expected=_EXPECT_ALL)


def get_processing_options(asked: bytes) -> CommandApdu:
    """GET PROCESSING OPTIONS with what the PDOL asks for, nothing where there is no PDOL (6.5.8).

    Raises:
        WireError: the card asks for more than a command holds.
    """
    data = encode_object("83", asked)
    if len(data) > 0xFF:
        raise WireError("the card asks for more than a command holds")
    return CommandApdu(0x80, 0xA8, 0x00, 0x00, data, _EXPECT_ALL)


def generate_ac(kind: CryptogramKind, asked: bytes) -> CommandApdu:
    """GENERATE AC with what the CDOL asks for (6.5.5).

    Raises:
        WireError: the card asks for more than a command holds.
    """
    if not 1 <= len(asked) <= 0xFF:
        raise WireError("the card asks for nothing, or for more than a command holds")
    return CommandApdu(0x80, 0xAE, kind.value, 0x00, asked, _EXPECT_ALL)


def external_authenticate(issuer_data: bytes) -> CommandApdu:
    """EXTERNAL AUTHENTICATE with what the bank sent for it, tag 91 (6.5.4).

    Raises:
        WireError: that has 8 to 16 bytes.
    """
    if not 8 <= len(issuer_data) <= 16:
        raise WireError("issuer authentication data have 8 to 16 bytes")
    return CommandApdu(0x00, 0x82, 0x00, 0x00, issuer_data)


# -- answers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DirectoryEntry:
    """An application that a directory names: its AID, its label, its priority (1 is the highest, 15 and None the last).

    `by_customer`: it may be used only where the customer has said so (12.2.3, table 48).
    """

    aid: bytes
    label: str = ""
    priority: int | None = None
    by_customer: bool = False


@dataclass(frozen=True)
class Selected:
    """What SELECT tells: the full name, the PDOL, the file of a contact directory, what a contactless one lists."""

    name: bytes
    label: str = ""
    asks: tuple[Wanted, ...] = ()
    directory_file: int | None = None
    entries: tuple[DirectoryEntry, ...] = ()


@dataclass(frozen=True)
class FileRecords:
    """One entry of the application file locator: records `first` to `last` of a file."""

    file: int
    first: int
    last: int


@dataclass(frozen=True)
class ProcessingOptions:
    """What the application can (AIP, two bytes) and where its records are."""

    profile: bytes
    records: tuple[FileRecords, ...]


@dataclass(frozen=True)
class Cryptogram:
    """What GENERATE AC gives: kind, the card's transaction counter, 8 bytes, 0 to 32 opaque bytes for the issuer."""

    kind: CryptogramKind
    counter: int
    mac: bytes
    issuer_data: bytes = b""
    information: int = 0
    """The whole first byte (9F27): kind and reason."""


def decode_selected(data: bytes) -> Selected:
    """Return what is in the answer to SELECT.

    Raises:
        WireError: it is no file control information with a name.
    """
    information = _only(data, "6F")
    name = information.value_of("84")
    if name is None:
        raise WireError("a selected application has no name")
    proprietary = next((part for part in information.parts if part.tag == "A5"), DataObject("A5", b""))
    pdol, directory = proprietary.value_of("9F38"), proprietary.value_of("88")
    if directory is not None and (len(directory) != 1 or directory[0] not in _EMV_FILES):
        raise WireError("a directory is in a file 1 to 10")
    return Selected(
        name,
        _text(proprietary.value_of("50")),
        decode_list(pdol) if pdol is not None else (),
        directory[0] if directory is not None else None,
        _entries(information),
    )


def decode_directory(data: bytes) -> tuple[DirectoryEntry, ...]:
    """Return the applications that a record of a contact directory names (12.2.3).

    Raises:
        WireError: it is no such record.
    """
    return _entries(_only(data, "70"))


def decode_processing_options(data: bytes) -> ProcessingOptions:
    """Return what is in the answer to GET PROCESSING OPTIONS, in format 1 (80) or 2 (77).

    Raises:
        WireError: it is neither, or the locator is none.
    """
    answer = _only(data, "80", "77")
    if answer.tag == "80":
        profile, locator = answer.value[:2], answer.value[2:]
    else:
        profile, locator = answer.value_of("82") or b"", answer.value_of("94") or b""
    if len(profile) != 2 or len(locator) % 4:
        raise WireError("an answer has a profile of two bytes and a locator of entries of four")
    records = []
    for at in range(0, len(locator), 4):
        head, first, last, signed = locator[at : at + 4]
        if head & 0x07 or head >> 3 not in _FILES or not 1 <= first <= last or signed > last - first + 1:
            raise WireError("an entry of the file locator breaks its rules")
        records.append(FileRecords(head >> 3, first, last))
    return ProcessingOptions(profile, tuple(records))


def decode_record(data: bytes) -> dict[str, bytes]:
    """Return the objects of a record of the application, by tag (5.3: one of each).

    Raises:
        WireError: it is no record, or has an object twice.
    """
    objects: dict[str, bytes] = {}
    for each in _only(data, "70").parts:
        if each.tag in objects:
            raise WireError(f"a record has object {each.tag} twice")
        objects[each.tag] = each.value
    return objects


def decode_cryptogram(data: bytes) -> Cryptogram:
    """Return what is in the answer to GENERATE AC, in format 1 (80) or 2 (77).

    Raises:
        WireError: it is neither, or lacks a part.
    """
    answer = _only(data, "80", "77")
    if answer.tag == "80":
        value = answer.value
        information, counter, mac, issuer = value[:1], value[1:3], value[3:11], value[11:]
    else:
        found = [answer.value_of(tag) or b"" for tag in ("9F27", "9F36", "9F26", "9F10")]
        information, counter, mac, issuer = found
    sizes = (len(information), len(counter), len(mac))
    if sizes != (1, 2, _CRYPTOGRAM_BYTES) or len(issuer) > _MOST_ISSUER_DATA:
        raise WireError("an answer to GENERATE AC lacks a part, or has one of another size")
    try:
        kind = CryptogramKind(information[0] & 0xC0)
    except ValueError:
        raise WireError("a cryptogram is of no kind that is asked for") from None
    return Cryptogram(kind, int.from_bytes(counter, "big"), mac, issuer, information[0])


def _only(data: bytes, *tags: str) -> DataObject:
    objects = decode_objects(data)
    if len(objects) != 1 or objects[0].tag not in tags:
        raise WireError(f"an answer is one object {' or '.join(tags)}")
    return objects[0]


def _entries(template: DataObject) -> tuple[DirectoryEntry, ...]:
    entries = []
    for each in template.all("61"):
        aid = each.value_of("4F")
        if aid is None or len(aid) not in _NAME_BYTES:
            raise WireError("an entry of a directory has no AID")
        indicator = each.value_of("87") or b""
        if len(indicator) > 1:
            raise WireError("a priority has one byte")
        priority = indicator[0] & 0x0F if indicator else 0
        by_customer = bool(indicator and indicator[0] & 0x80)
        entries.append(DirectoryEntry(aid, _text(each.value_of("50")), priority or None, by_customer))
    return tuple(entries)


def _text(value: bytes | None) -> str:
    return (value or b"").decode("ascii", "replace").strip()
