"""EMV objects, lists and answers against bytes that others have seen on the line."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import apdu, emv
from wire.apdu import CommandApdu
from wire.emv import (
    Cryptogram,
    CryptogramKind,
    DirectoryEntry,
    FileRecords,
    ProcessingOptions,
    Selected,
    Wanted,
)
from wire.errors import WireError

UNION_PAY_DEBIT = bytes.fromhex("A000000333010101")  # facts/social-security-card.md

# Each key: where the bytes were seen.
COMMANDS: dict[str, tuple[str, CommandApdu]] = {
    "javaemvreader ExampleOutput, step 2": (
        "00 A4 04 00 0E 31 50 41 59 2E 53 59 53 2E 44 44 46 30 31 00",
        emv.select(emv.CONTACT_DIRECTORY),
    ),
    "stackoverflow 56834719, no. 1": (
        "00 A4 04 00 0E 32 50 41 59 2E 53 59 53 2E 44 44 46 30 31 00",
        emv.select(emv.CONTACTLESS_DIRECTORY),
    ),
    "stackoverflow 56834719, no. 2": (
        "00 A4 04 00 07 A0 00 00 00 03 10 10 00",
        emv.select(bytes.fromhex("A0000000031010")),
    ),
    "EMV 4.3 Book 1 table 40, the next of that name": (
        "00 A4 04 02 05 A0 00 00 03 33 00",
        emv.select(UNION_PAY_DEBIT[:5], following=True),
    ),
    "javaemvreader ExampleOutput, step 3": ("00 B2 01 14 00", emv.read_record(2, 1)),
    "stackoverflow 30930774": ("80 A8 00 00 02 83 00 00", emv.get_processing_options(b"")),
    "stackoverflow 56834719, no. 3, of zeros": (
        "80 A8 00 00 23 83 21" + " 00" * 33 + " 00",
        emv.get_processing_options(bytes(33)),
    ),
    "stackoverflow 30505085, of another kind": (
        "80 AE 80 00 1D 00 00 00 00 10 00 00 00 00 00 00 00 00 40 00 00 00 00 00 09 78 15 05 28 00 12 34 56 78 00",
        emv.generate_ac(
            CryptogramKind.ARQC, bytes.fromhex("000000001000 000000000000 0040 0000000000 0978 150528 00 12345678")
        ),
    ),
    "EMV 4.3 Book 3, 6.5.4, with the tag 91 of the Portico developer guide": (
        "00 82 00 00 0A 22 63 BC C1 C2 D9 C4 42 00 13",
        emv.external_authenticate(bytes.fromhex("2263BCC1C2D9C4420013")),
    ),
}

SELECTED: dict[str, tuple[str, Selected]] = {
    "javaemvreader ExampleOutput, step 2": (
        "6F20 840E 315041592E5359532E4444463031 A50E 880102 5F2D046E6F656E 9F110101",
        Selected(emv.CONTACT_DIRECTORY, directory_file=2),
    ),
    "stackoverflow 56834719, no. 1": (
        (
            "6F3A 840E 325041592E5359532E4444463031 A528 BF0C25 6123 4F07A0000000031010 500A56697361204465626974 870103"
            " 9F0A080001050100000000"
        ),
        Selected(
            emv.CONTACTLESS_DIRECTORY,
            entries=(DirectoryEntry(bytes.fromhex("A0000000031010"), "Visa Debit", 3),),
        ),
    ),
    "stackoverflow 56834719, no. 2": (
        (
            "6F52 8407A0000000031010 A547 500A56697361204465626974 870103"
            " 9F3818 9F6604 9F0206 9F0306 9F1A02 9505 5F2A02 9A03 9C01 9F3704"
            " BF0C1A 9F5A053108260826 9F0A080001050100000000 BF6304 DF200180"
        ),
        Selected(
            bytes.fromhex("A0000000031010"),
            "Visa Debit",
            (
                Wanted("9F66", 4),
                Wanted("9F02", 6),
                Wanted("9F03", 6),
                Wanted("9F1A", 2),
                Wanted("95", 5),
                Wanted("5F2A", 2),
                Wanted("9A", 3),
                Wanted("9C", 1),
                Wanted("9F37", 4),
            ),
        ),
    ),
}

DIRECTORIES: dict[str, tuple[str, tuple[DirectoryEntry, ...]]] = {
    "javaemvreader ExampleOutput, step 3": (
        "7023 6121 4F07A1234567891010 500456495341 9F120C5649534120436C6173736963 870102",
        (DirectoryEntry(bytes.fromhex("A1234567891010"), "VISA", 2),),
    ),
    "EMV 4.3 Book 1 table 48, b8: only where the customer says so": (
        "7011 610F 4F08A000000333010101 5000 870181",
        (DirectoryEntry(UNION_PAY_DEBIT, "", 1, by_customer=True),),
    ),
}

OPTIONS: dict[str, tuple[str, ProcessingOptions]] = {
    "stackoverflow 30930774, format 1": (
        "80 0A 1C 00 08 01 03 00 10 01 01 00",
        ProcessingOptions(bytes.fromhex("1C00"), (FileRecords(1, 1, 3), FileRecords(2, 1, 1))),
    ),
    "stackoverflow 54868345, format 2": (
        "77 16 82 02 39 00 94 10 10 01 01 01 10 02 02 00 18 01 02 00 20 01 02 00",
        ProcessingOptions(
            bytes.fromhex("3900"),
            (FileRecords(2, 1, 1), FileRecords(2, 2, 2), FileRecords(3, 1, 2), FileRecords(4, 1, 2)),
        ),
    ),
}

CRYPTOGRAMS: dict[str, tuple[str, Cryptogram]] = {
    "stackoverflow 30505085, format 2, with issuer data of EMV 4.3 Book 3 annex A": (
        "77 1B 9F27 01 80 9F36 02 001B 9F26 08 B31B2D1669860BD5 9F10 04 03 A0 00 00",
        Cryptogram(
            CryptogramKind.ARQC, 0x1B, bytes.fromhex("B31B2D1669860BD5"), bytes.fromhex("03A00000"), information=0x80
        ),
    ),
    "EMV 4.3 Book 3 6.5.5.4, format 1, without issuer data": (
        "80 0B 41 00 1C 01 02 03 04 05 06 07 08",
        Cryptogram(CryptogramKind.TC, 0x1C, bytes.fromhex("0102030405060708"), information=0x41),
    ),
}


@pytest.mark.parametrize(("octets", "command"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_is_as_it_was_seen(octets: str, command: CommandApdu) -> None:
    assert apdu.encode_command(command) == bytes.fromhex(octets)


@pytest.mark.parametrize(("octets", "selected"), SELECTED.values(), ids=SELECTED)
def test_a_selected_file_tells_its_name_and_what_it_asks_for(octets: str, selected: Selected) -> None:
    assert emv.decode_selected(bytes.fromhex(octets)) == selected


@pytest.mark.parametrize(("octets", "entries"), DIRECTORIES.values(), ids=DIRECTORIES)
def test_a_directory_names_applications(octets: str, entries: tuple[DirectoryEntry, ...]) -> None:
    assert emv.decode_directory(bytes.fromhex(octets)) == entries


@pytest.mark.parametrize(("octets", "options"), OPTIONS.values(), ids=OPTIONS)
def test_processing_options_come_in_two_formats(octets: str, options: ProcessingOptions) -> None:
    assert emv.decode_processing_options(bytes.fromhex(octets)) == options


@pytest.mark.parametrize(("octets", "cryptogram"), CRYPTOGRAMS.values(), ids=CRYPTOGRAMS)
def test_a_cryptogram_comes_in_two_formats(octets: str, cryptogram: Cryptogram) -> None:
    assert emv.decode_cryptogram(bytes.fromhex(octets)) == cryptogram


def test_a_record_gives_its_objects_by_tag() -> None:
    # EMV 4.3 Book 3 table 33: expiry, country of the issuer, sequence number.
    record = bytes.fromhex("70 10 5F2403311231 5F28020156 5F340101 0000")
    assert emv.decode_record(record) == {
        "5F24": bytes.fromhex("311231"),
        "5F28": bytes.fromhex("0156"),
        "5F34": b"\x01",
    }


def test_a_list_is_filled_from_the_left_for_numbers_and_from_the_right_for_the_rest() -> None:
    # EMV 4.3 Book 3 5.4.
    entries = emv.decode_list(bytes.fromhex("9F0206 9F0204 5F2A02 9F3704 9F3702 8A02 95 05"))
    values = {
        "9F02": bytes.fromhex("000000012345"),
        "5F2A": bytes.fromhex("56"),
        "9F37": bytes.fromhex("AABBCC"),
        "8A": b"00",
    }
    assert emv.fill_list(entries, values) == bytes.fromhex("000000012345 00012345 0056 AABBCC00 AABB 3030 0000000000")


BAD: dict[str, tuple[Callable[[bytes], object], str, str]] = {
    "an object cut short": (emv.decode_objects, "5A 08 01 02", "object 5A is cut short"),
    "a tag cut short": (emv.decode_objects, "9F", "a tag is cut short"),
    "a tag without end": (emv.decode_objects, "9F 81 81 81 01 00", "longer than three"),
    "no length": (emv.decode_objects, "5A", "a length is missing"),
    "an indefinite length": (emv.decode_objects, "6F 80 84 00 00 00", "one or two more bytes"),
    "a length cut short": (emv.decode_objects, "5A 82 01", "a length is cut short"),
    "one in the other without end": (
        emv.decode_objects,
        "70 22" + "".join(f"70 {size:02X}" for size in range(32, -1, -2)),
        "too deep",
    ),
    "a part cut short": (emv.decode_objects, "70 03 5A 05 01", "object 5A is cut short"),
    "a list that ends in a tag": (emv.decode_list, "9F02 06 9F37", "a length is missing"),
    "no file control information": (emv.decode_selected, "70 00", "one object 6F"),
    "an application without name": (emv.decode_selected, "6F 02 A5 00", "has no name"),
    "a directory in file 11": (emv.decode_selected, "6F 08 84 01 31 A5 03 88 01 0B", "file 1 to 10"),
    "an entry without AID": (emv.decode_directory, "70 04 61 02 50 00", "no AID"),
    "two answers in one": (emv.decode_record, "70 00 70 00", "one object 70"),
    "an object twice": (emv.decode_record, "70 08 5F34 01 01 5F34 01 02", "object 5F34 twice"),
    "a profile of one byte": (emv.decode_processing_options, "80 01 18", "profile of two bytes"),
    "half an entry": (emv.decode_processing_options, "80 04 18 00 08 01", "entries of four"),
    "records from the last to the first": (emv.decode_processing_options, "80 06 18 00 08 03 01 00", "breaks its"),
    "a record 0": (emv.decode_processing_options, "80 06 18 00 08 00 01 00", "breaks its"),
    "more signed than there are": (emv.decode_processing_options, "80 06 18 00 08 01 01 02", "breaks its"),
    "no cryptogram": (emv.decode_cryptogram, "80 03 80 00 01", "lacks a part"),
    "a cryptogram of the kind that is reserved": (
        emv.decode_cryptogram,
        "80 0B C0 00 1C 01 02 03 04 05 06 07 08",
        "of no kind",
    ),
    "issuer data of 33 bytes": (emv.decode_cryptogram, "80 2C 80 00 1C" + " 01" * 41, "lacks a part"),
}


@pytest.mark.parametrize(("decode", "octets", "complaint"), BAD.values(), ids=BAD)
def test_bad_bytes_are_named(decode: Callable[[bytes], object], octets: str, complaint: str) -> None:
    with pytest.raises(WireError, match=complaint):
        decode(bytes.fromhex(octets))


def test_what_no_command_can_hold_is_refused() -> None:
    for wrong in (
        lambda: emv.select(b"1234"),
        lambda: emv.select(bytes(17)),
        lambda: emv.read_record(0, 1),
        lambda: emv.read_record(31, 1),
        lambda: emv.read_record(1, 0),
        lambda: emv.read_record(1, 256),
        lambda: emv.get_processing_options(bytes(254)),
        lambda: emv.generate_ac(CryptogramKind.AAC, b""),
        lambda: emv.generate_ac(CryptogramKind.AAC, bytes(256)),
        lambda: emv.external_authenticate(bytes(7)),
        lambda: emv.external_authenticate(bytes(17)),
        lambda: emv.encode_object("5a", b""),
        lambda: emv.encode_object("9F", b""),
        lambda: emv.encode_object("", b""),
        lambda: emv.encode_object("zz", b""),
        lambda: emv.encode_object("5A", bytes(0x10000)),
    ):
        with pytest.raises(WireError):
            wrong()


def test_neither_repr_nor_error_shows_a_card_number() -> None:
    data = emv.encode_object("70", emv.encode_object("5A", bytes.fromhex("9999990000000000")))
    assert "999999" not in repr(emv.decode_objects(data))
    with pytest.raises(WireError) as error:
        emv.decode_objects(data[:-1])
    assert "999999" not in str(error.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_objects_or_a_wire_error(data: bytes) -> None:
    for decode in (
        emv.decode_objects,
        emv.decode_list,
        emv.decode_selected,
        emv.decode_directory,
        emv.decode_processing_options,
        emv.decode_record,
        emv.decode_cryptogram,
    ):
        try:
            decode(data)
        except WireError:
            continue


@given(st.lists(st.tuples(st.sampled_from(["5A", "57", "9F26", "5F34", "95", "DF8101"]), st.binary(max_size=400))))
def test_objects_come_back(objects: list[tuple[str, bytes]]) -> None:
    decoded = emv.decode_objects(emv.encode_objects(objects))
    assert [(each.tag, each.value) for each in decoded] == objects
