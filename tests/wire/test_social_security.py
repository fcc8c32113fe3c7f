"""The reads of a social-security card against the bytes of clients in the field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import apdu, social_security
from wire.errors import WireError
from wire.social_security import Command, ReadRecord, Record, SelectApplication

COMMANDS: dict[str, tuple[str, Command]] = {
    "facts/social-security-card.md 2 SELECT SSSE [G1][G2][G3]": (
        "00 A4 04 00 0F 73 78 31 2E 73 68 2E C9 E7 BB E1 B1 A3 D5 CF",
        SelectApplication(),
    ),
    "facts/social-security-card.md 2 [G1] card identifier": ("00 B2 01 2C 12", ReadRecord(Record.IDENTIFIER)),
    "facts/social-security-card.md 2 [G1] version": ("00 B2 03 2C 06", ReadRecord(Record.VERSION)),
    "facts/social-security-card.md 2 [G1] organisation": ("00 B2 04 2C 0E", ReadRecord(Record.ORGANISATION)),
    "facts/social-security-card.md 2 [G1] issue date": ("00 B2 05 2C 06", ReadRecord(Record.ISSUED)),
    "facts/social-security-card.md 2 [G1] expiry": ("00 B2 06 2C 06", ReadRecord(Record.EXPIRES)),
    "facts/social-security-card.md 2 [G1] card number": ("00 B2 07 2C 0B", ReadRecord(Record.CARD_NUMBER)),
    "facts/social-security-card.md 2 [G1] social-security number": ("00 B2 01 34 14", ReadRecord(Record.ID_NUMBER)),
    "facts/social-security-card.md 2 [G1] name": ("00 B2 02 34 20", ReadRecord(Record.NAME)),
    "facts/social-security-card.md 2 [G1] sex": ("00 B2 04 34 03", ReadRecord(Record.SEX)),
    # the same client reads a first-generation card so
    "facts/social-security-card.md 2 [G1] sex, first generation": (
        "00 B2 03 34 03",
        ReadRecord(Record.SEX_FIRST_GENERATION),
    ),
}

# Tag, length and value as chapter 2 lists them [G2][G4]; the values are nobody's [computed].
RECORDS: dict[str, tuple[str, Record, str]] = {
    "facts/social-security-card.md 2 tag 01": (
        "01 10 31 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01",
        Record.IDENTIFIER,
        "31000000000000000000000000000001",
    ),
    "facts/social-security-card.md 2 tag 03, 2.00": ("03 04 32 2E 30 30", Record.VERSION, "322E3030"),
    "facts/social-security-card.md 2 tag 04": (
        "04 0C 31 00 00 00 00 00 00 00 00 00 00 01",
        Record.ORGANISATION,
        "310000000000000000000001",
    ),
    "facts/social-security-card.md 2 tag 05": ("05 04 20 22 01 01", Record.ISSUED, "20220101"),
    "facts/social-security-card.md 2 tag 06": ("06 04 20 32 01 01", Record.EXPIRES, "20320101"),
    "facts/social-security-card.md 2 tag 07": (
        "07 09 41 30 30 30 30 30 30 30 32",
        Record.CARD_NUMBER,
        "413030303030303032",
    ),
    "facts/social-security-card.md 2 tag 08": (
        "08 12 33 31 30 31 30 31 31 39 39 30 30 31 30 31 30 30 30 34",
        Record.ID_NUMBER,
        "333130313031313939303031303130303034",
    ),
    "facts/social-security-card.md 2 tag 09, GBK": (
        "09 1E D5 E7 C4 A3 C4 E2 " + "00 " * 24,
        Record.NAME,
        "D5E7C4A3C4E2" + "00" * 24,
    ),
    "facts/social-security-card.md 2 tag 0A": ("0A 01 32", Record.SEX, "32"),
    "facts/social-security-card.md 2 tag 0A, first generation": ("0A 01 31", Record.SEX_FIRST_GENERATION, "31"),
}


@pytest.mark.parametrize(("octets", "command"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_are_the_published_ones(octets: str, command: Command) -> None:
    assert apdu.encode_command(social_security.encode_command(command)) == bytes.fromhex(octets)
    assert social_security.decode_command(apdu.decode_command(bytes.fromhex(octets))) == command


@pytest.mark.parametrize(("octets", "record", "value"), RECORDS.values(), ids=RECORDS.keys())
def test_records_are_written_and_read_as_the_facts_say(octets: str, record: Record, value: str) -> None:
    assert social_security.decode_record(record, bytes.fromhex(octets)) == bytes.fromhex(value)
    assert social_security.encode_record(record, bytes.fromhex(value)) == bytes.fromhex(octets)


def test_every_record_has_its_read_and_its_vector() -> None:
    read = {command.record for _, command in COMMANDS.values() if isinstance(command, ReadRecord)}
    assert read == set(Record) == {record for _, record, _ in RECORDS.values()}


def test_no_command_of_the_codec_writes() -> None:
    # ISO/IEC 7816-4: A4 selects, B2 reads a record; D6, DC, E2 and their like would write
    sent = [social_security.encode_command(command) for _, command in COMMANDS.values()]
    assert {command.ins for command in sent} == {0xA4, 0xB2}
    assert {command.cla for command in sent} == {0x00}


@pytest.mark.parametrize(
    "octets",
    ["", "03", "03 04 32 2E 30", "03 04 32 2E 30 30 30", "02 04 32 2E 30 30", "03 05 32 2E 30 30 30", "03 00"],
)
def test_another_record_is_refused(octets: str) -> None:
    with pytest.raises(WireError, match="no record VERSION"):
        social_security.decode_record(Record.VERSION, bytes.fromhex(octets))


def test_a_value_of_another_length_is_not_written() -> None:
    with pytest.raises(WireError, match="NAME has 30 bytes"):
        social_security.encode_record(Record.NAME, bytes(29))


@pytest.mark.parametrize(
    ("octets", "text"),
    # 甄 D5E7, 模 C4A3, 拟 C4E2 in GBK
    [("D5E7C4A3C4E2" + "00" * 24, "甄模拟"), ("D5E7" + "20" * 28, "甄"), ("41FF", "A"), ("", ""), ("00", "")],
)
def test_a_name_is_gbk_without_what_fills_it_up(octets: str, text: str) -> None:
    assert social_security.text(bytes.fromhex(octets)) == text


@pytest.mark.parametrize("octets", ["D5", "80", "82358F33"])
def test_a_text_that_is_no_gbk_is_refused_and_not_shown(octets: str) -> None:
    with pytest.raises(WireError) as refused:
        social_security.text(bytes.fromhex(octets))
    assert str(refused.value) == "a text that is no GBK"


@pytest.mark.parametrize(("version", "generation"), [(b"1.00", 1), (b"2.00", 2), (b"3.00", 3), (b"2.10", 2)])
def test_the_version_names_the_generation(version: bytes, generation: int) -> None:
    assert social_security.generation(version) == generation


@pytest.mark.parametrize("version", [b"", b"0.00", b"4.00", b"3", b"3,00", b"33.0", bytes(4)])
def test_a_version_that_no_source_names_is_refused(version: bytes) -> None:
    with pytest.raises(WireError, match="no source names"):
        social_security.generation(version)


@given(st.sampled_from(list(Record)), st.binary(max_size=40))
def test_any_answer_is_a_record_or_a_wire_error(record: Record, octets: bytes) -> None:
    try:
        value = social_security.decode_record(record, octets)
    except WireError:
        return
    assert social_security.encode_record(record, value) == octets


@given(st.binary(max_size=30))
def test_any_text_is_read_or_a_wire_error(octets: bytes) -> None:
    try:
        assert "\0" not in social_security.text(octets)[-1:]
    except WireError:
        return
