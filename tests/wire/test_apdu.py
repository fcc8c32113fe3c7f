"""Short APDUs against commands and answers seen in the field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import apdu
from wire.apdu import CommandApdu, ResponseApdu
from wire.errors import WireError

COMMANDS = {
    # case 1
    "ISO/IEC 7816-4 case 1": ("00 A4 00 00", CommandApdu(0x00, 0xA4, 0x00, 0x00)),
    # case 2, exact and 00 = 256
    "facts/purse-load.md 1.1 GET BALANCE": ("80 5C 00 02 04", CommandApdu(0x80, 0x5C, 0, 2, expected=4)),
    "OpenSC issue 1444": ("00 CA 01 8D 02", CommandApdu(0x00, 0xCA, 0x01, 0x8D, expected=2)),
    "SmartPGP issue 24": ("00 CA 00 4F 00", CommandApdu(0x00, 0xCA, 0x00, 0x4F, expected=256)),
    # case 3
    "FEITIAN_MOBILE_READERS issue 18": (
        "00 CB 3F FF 05 5C 03 5F C1 01",
        CommandApdu(0x00, 0xCB, 0x3F, 0xFF, bytes.fromhex("5C035FC101")),
    ),
    # case 4
    "FEITIAN_MOBILE_READERS issue 18, SELECT": (
        "00 A4 04 00 0B A0 00 00 03 08 00 00 10 00 01 00 00",
        CommandApdu(0x00, 0xA4, 0x04, 0x00, bytes.fromhex("A000000308000010000100"), 256),
    ),
}

RESPONSES = {
    "OpenSC issue 1444": ("01 80 90 00", ResponseApdu(bytes.fromhex("0180"), 0x9000)),
    "facts/purse-load.md 1.5 no file": ("6A 82", ResponseApdu(b"", 0x6A82)),
}


@pytest.mark.parametrize(("octets", "command"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_are_written_and_read_as_in_the_field(octets: str, command: CommandApdu) -> None:
    assert apdu.encode_command(command) == bytes.fromhex(octets)
    assert apdu.decode_command(bytes.fromhex(octets)) == command


@pytest.mark.parametrize(("octets", "response"), RESPONSES.values(), ids=RESPONSES.keys())
def test_answers_are_written_and_read_as_in_the_field(octets: str, response: ResponseApdu) -> None:
    assert apdu.encode_response(response) == bytes.fromhex(octets)
    assert apdu.decode_response(bytes.fromhex(octets)) == response


@pytest.mark.parametrize(
    ("status_word", "waiting", "exact"),
    [(0x6110, 16, None), (0x6100, 256, None), (0x6C04, None, 4), (0x6C00, None, 256), (0x9000, None, None)],
)
def test_length_families_of_status_words(status_word: int, waiting: int | None, exact: int | None) -> None:
    # facts/purse-load.md 1.5: 61xx/6Cxx length
    answer = ResponseApdu(b"", status_word)
    assert (answer.waiting, answer.exact_length) == (waiting, exact)


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "80 5C 00",
        "80 50 00 02 0B 01 00 00 13 88",  # Lc 0B, five bytes follow
        "80 5C 00 02 02 00 01 08 00",  # one byte too many
        "00 A4 04 00 00 00 08",  # an extended length
    ],
)
def test_what_is_no_short_command_is_refused(octets: str) -> None:
    with pytest.raises(WireError):
        apdu.decode_command(bytes.fromhex(octets))


@pytest.mark.parametrize("octets", ["", "90", "00" * 259])
def test_what_is_no_answer_is_refused(octets: str) -> None:
    with pytest.raises(WireError):
        apdu.decode_response(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "command",
    [
        CommandApdu(0x100, 0, 0, 0),
        CommandApdu(0, 0, 0, 0, bytes(256)),
        CommandApdu(0, 0, 0, 0, expected=0),
        CommandApdu(0, 0, 0, 0, expected=257),
    ],
)
def test_what_does_not_fit_is_not_sent(command: CommandApdu) -> None:
    with pytest.raises(WireError):
        apdu.encode_command(command)


def test_an_answer_that_does_not_fit_is_not_sent() -> None:
    with pytest.raises(WireError):
        apdu.encode_response(ResponseApdu(bytes(257), 0x9000))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_command_or_a_wire_error(octets: bytes) -> None:
    try:
        command = apdu.decode_command(octets)
    except WireError:
        return
    assert apdu.encode_command(command) == octets


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_a_wire_error(octets: bytes) -> None:
    try:
        response = apdu.decode_response(octets)
    except WireError:
        return
    assert apdu.encode_response(response) == octets
