"""CRT-288K frames and messages against what three public drivers of it send and read; its manual is not public.

"e-kiosk" is Ilkhom-S/e-kiosk, Cardreaders, protocol Creator; "N" the Node.js module crt-288-k001-heay; "L" the class
crt285 over libusb; "facts" facts/device-protocols.md 3a-3. BCC and length are [computed] with the rule of the facts.
"assumed" is what none of them shows: an answer's form that only its reader's code lets guess.
"""

import contextlib
from collections.abc import Callable
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import crt288k
from wire.crt288k import (
    Apdu,
    AskCardType,
    AskSerialNumber,
    AskStatus,
    CardType,
    Chip,
    ClearTracks,
    ColdReset,
    Command,
    Control,
    Deframer,
    Done,
    ErrorCode,
    Failed,
    Frame,
    Garbled,
    Init,
    Initialize,
    Kind,
    Latch,
    MalformedCommand,
    Position,
    PowerOff,
    Protocol,
    ReadTracks,
    Reply,
    SetLatch,
    SetReadMode,
    Status,
    Supply,
    TrackData,
    TrackError,
    WarmReset,
)
from wire.errors import WireError

SELECT = bytes.fromhex("00A40000023F00")

# Frames without the zeros that fill up their report.
COMMANDS: dict[str, tuple[str, Command]] = {
    "facts, 30 30": ("F2 00 03 43 30 30 03 B1", Initialize(Init.FIRST)),
    "e-kiosk UnLockInitialize": ("F2 00 03 43 30 31 03 B0", Initialize(Init.SECOND)),
    "e-kiosk GetStatus": ("F2 00 03 43 31 30 03 B0", AskStatus()),
    "e-kiosk SetMCReadingMode": ("F2 00 07 43 36 30 30 31 37 30 03 B5", SetReadMode()),
    "e-kiosk ReadMSData": ("F2 00 05 43 36 31 30 37 03 B7", ReadTracks()),
    "N clearBuffer": ("F2 00 03 43 36 39 03 BE", ClearTracks()),
    "e-kiosk IdentifyIC": ("F2 00 03 43 50 30 03 D1", AskCardType(Kind.IC)),
    "e-kiosk IdentifyRF": ("F2 00 03 43 50 31 03 D0", AskCardType(Kind.RF)),
    "e-kiosk PowerReset": ("F2 00 04 43 51 30 30 03 E7", ColdReset()),
    "L SetVcc 5 V ISO": ("F2 00 04 43 51 30 33 03 E4", ColdReset(Supply.ISO_5V)),
    "L SetVcc 3 V": ("F2 00 04 43 51 30 35 03 E2", ColdReset(Supply.ISO_3V)),
    "L PowerChip warm": ("F2 00 03 43 51 38 03 D8", WarmReset()),
    "L PowerChip off": ("F2 00 03 43 51 31 03 D1", PowerOff()),
    "e-kiosk ADPUT0": ("F2 00 0A 43 51 33 00 A4 00 00 02 3F 00 03 43", Apdu(Protocol.T0, SELECT)),
    "e-kiosk ADPUT1": ("F2 00 0A 43 51 34 00 A4 00 00 02 3F 00 03 44", Apdu(Protocol.T1, SELECT)),
    "e-kiosk GetSerialNumber": ("F2 00 03 43 A2 30 03 23", AskSerialNumber()),
    "N lockCard": ("F2 00 03 43 B0 30 03 31", SetLatch(Latch.LOCK)),
    "N unlockCard": ("F2 00 03 43 B0 31 03 30", SetLatch(Latch.RELEASE)),
}

REPLIES: dict[str, tuple[str, Reply]] = {
    "facts, 50 CM PM st1 st0": ("F2 00 05 50 31 30 31 32 03 A6", Done((0x31, 0x30), b"12")),
    "facts, 50 CM PM st1 st0 data": (
        "F2 00 08 50 A2 30 31 30 41 42 43 03 7A",
        Done((0xA2, 0x30), b"10", b"ABC"),
    ),
    "facts, 4E CM PM e1 e0": ("F2 00 05 4E 51 30 36 31 03 DC", Failed((0x51, 0x30), ErrorCode.ACTIVATION_FAILED)),
    "N atr: data behind 4E, the card is not EMV": (
        "F2 00 08 4E 51 30 36 39 30 3B 00 03 D2",
        Failed((0x51, 0x30), ErrorCode.NOT_EMV, b"0\x3b\x00"),
    ),
}


def frame(octets: str) -> bytes:
    """Fill a frame up to a report, without our encoder."""
    return bytes.fromhex(octets).ljust(64, b"\0")


@pytest.mark.parametrize(("octets", "command"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_are_those_of_the_public_drivers(octets: str, command: Command) -> None:
    assert crt288k.encode_reports(crt288k.encode_command(command)) == [frame(octets)]
    found = Deframer().feed(frame(octets))
    assert isinstance(found, Frame)
    assert crt288k.decode_command(found) == command


@pytest.mark.parametrize(("octets", "reply"), REPLIES.values(), ids=REPLIES.keys())
def test_replies_are_those_of_the_public_drivers(octets: str, reply: Reply) -> None:
    assert crt288k.encode_reports(crt288k.encode_reply(reply)) == [frame(octets)]
    found = Deframer().feed(frame(octets))
    assert isinstance(found, Frame)
    assert crt288k.decode_reply(found) == reply


def test_every_message_has_a_vector() -> None:
    assert {type(command) for _, command in COMMANDS.values()} == set(get_args(Command))
    assert {type(reply) for _, reply in REPLIES.values()} == set(get_args(Reply))


@pytest.mark.parametrize(("byte", "control"), [(0x06, Control.ACK), (0x15, Control.NAK)])
def test_a_control_has_a_report_of_its_own(byte: int, control: Control) -> None:
    report = bytes((byte,)) + bytes(63)
    assert crt288k.encode_reports(control) == [report]
    assert Deframer().feed(report) is control
    assert Deframer().feed(report[:1]) is control


# -- what the data says --------------------------------------------------------------------------------------

STATUSES = {
    "N, locked, no card": ("30 30", Status(True, Position.NONE)),
    "N, released, not in place": ("31 31", Status(False, Position.NOT_IN_PLACE)),
    "N, released, in place": ("31 32", Status(False, Position.IN_PLACE)),
}
CHIPS = {
    "N atr '0' is T=0": ("30 3B 80 01 81", Chip(Protocol.T0, bytes.fromhex("3B800181"))),
    "assumed: '1' is T=1, as the CRT-591 has it": ("31 3B 80 01 81", Chip(Protocol.T1, bytes.fromhex("3B800181"))),
}
CARD_TYPES = {
    "e-kiosk, none": (Kind.IC, "30 30", CardType.UNKNOWN),
    "e-kiosk, IC T=0": (Kind.IC, "31 30", CardType.CPU_T0),
    "e-kiosk, IC T=1": (Kind.IC, "31 31", CardType.CPU_T1),
    "e-kiosk, IC SL4428": (Kind.IC, "32 31", CardType.SLE4428),
    "e-kiosk, IC AT24C256": (Kind.IC, "33 38", CardType.C256),
    "e-kiosk, RF S50": (Kind.RF, "31 30", CardType.S50),
    "e-kiosk, RF UL": (Kind.RF, "31 32", CardType.ULTRALIGHT),
    "e-kiosk, RF type B CPU": (Kind.RF, "33 30", CardType.CPU_B),
}
TRACKS = {
    "e-kiosk readMSData": (
        "4E 32 34 7E 50 36 32 3D 31 7E 4E 32 38",
        (TrackError.BLANK, TrackData(b"62=1"), TrackError.CHECKSUM),
    ),
    "N readCard": ("50 42 36 5E 7E 50 36 7E 50", (TrackData(b"B6^"), TrackData(b"6"), TrackData(b""))),
}


@pytest.mark.parametrize(("octets", "status"), STATUSES.values(), ids=STATUSES.keys())
def test_status_bytes(octets: str, status: Status) -> None:
    assert crt288k.encode_status(status) == bytes.fromhex(octets)
    assert crt288k.decode_status(Done((0x31, 0x30), bytes.fromhex(octets))) == status


@pytest.mark.parametrize(("octets", "chip"), CHIPS.values(), ids=CHIPS.keys())
def test_chips(octets: str, chip: Chip) -> None:
    assert crt288k.encode_chip(chip) == bytes.fromhex(octets)
    assert crt288k.decode_chip(bytes.fromhex(octets)) == chip


@pytest.mark.parametrize(("kind", "octets", "card_type"), CARD_TYPES.values(), ids=CARD_TYPES.keys())
def test_card_types(kind: Kind, octets: str, card_type: CardType) -> None:
    assert crt288k.encode_card_type(card_type) == bytes.fromhex(octets)
    assert crt288k.decode_card_type(kind, bytes.fromhex(octets)) is card_type


@pytest.mark.parametrize(("octets", "tracks"), TRACKS.values(), ids=TRACKS.keys())
def test_tracks(octets: str, tracks: tuple[crt288k.Track, crt288k.Track, crt288k.Track]) -> None:
    assert crt288k.encode_tracks(tracks) == bytes.fromhex(octets)
    assert crt288k.decode_tracks(bytes.fromhex(octets)) == tracks


# The codes typed again from e-kiosk's CreatorReaderConstants.h.
def test_codes_are_those_of_the_public_drivers() -> None:
    assert {code.name: code.value for code in ErrorCode} == {
        "BAD_COMMAND": "00",
        "BAD_PARAMETER": "01",
        "CANNOT_EXECUTE": "02",
        "NOT_SUPPORTED_BY_HARDWARE": "03",
        "BAD_DATA": "04",
        "LATCH": "11",
        "EEPROM": "15",
        "STRIPE_PARITY": "20",
        "STRIPE": "21",
        "POWER_DOWN": "30",
        "IC_MODULE": "41",
        "CHIP_POWER_SHORT": "60",
        "ACTIVATION_FAILED": "61",
        "NOT_SUPPORTED_BY_CHIP": "62",
        "CHIP_SILENT": "63",
        "CHIP_COMMUNICATION": "64",
        "CHIP_NOT_ACTIVE": "65",
        "CHIP_NOT_SUPPORTED": "66",
        "NOT_EMV": "69",
    }
    assert {error.name: error.value for error in TrackError} == {
        "PARITY": "20",
        "ONLY_SENTINELS": "23",
        "BLANK": "24",
        "NO_START": "26",
        "NO_END": "27",
        "CHECKSUM": "28",
    }


# -- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ErrorCode.BAD_COMMAND),
        ("43 30", ErrorCode.BAD_COMMAND),
        ("50 31 30", ErrorCode.BAD_COMMAND),
        ("43 99 30", ErrorCode.BAD_COMMAND),
        ("43 31 31", ErrorCode.BAD_PARAMETER),
        ("43 30 32", ErrorCode.BAD_PARAMETER),
        ("43 51 39 00 84 00 00", ErrorCode.BAD_PARAMETER),
        ("43 B0 34", ErrorCode.BAD_PARAMETER),
        ("43 31 30 00", ErrorCode.BAD_DATA),
        ("43 51 30", ErrorCode.BAD_DATA),
        ("43 51 30 31", ErrorCode.BAD_DATA),
        ("43 51 33 00 84 00", ErrorCode.BAD_DATA),
        ("43 36 30 30 31 37 31", ErrorCode.BAD_DATA),
        ("43 36 31 30 31", ErrorCode.BAD_DATA),
    ],
)
def test_what_is_no_command_is_refused_with_its_code(text: str, error: ErrorCode) -> None:
    with pytest.raises(MalformedCommand) as refused:
        crt288k.decode_command(Frame(bytes.fromhex(text)))
    assert refused.value.error is error


@pytest.mark.parametrize(
    "text", ["", "50 31 30 31", "43 31 30 31 32", "45 31 30 30 31", "4E 31 30 39 39", "4E 31 30 FF FF"]
)
def test_what_is_no_reply_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        crt288k.decode_reply(Frame(bytes.fromhex(text)))


@pytest.mark.parametrize(
    ("decode", "data"),
    [
        (lambda data: crt288k.decode_status(Done((0x31, 0x30), data)), "32 30"),
        (lambda data: crt288k.decode_status(Done((0x31, 0x30), data)), "30 33"),
        (crt288k.decode_chip, ""),
        (crt288k.decode_chip, "30"),
        (crt288k.decode_chip, "32 3B 00"),
        (crt288k.decode_response, "90"),
        (crt288k.decode_response, "00 " * 259),
        (lambda data: crt288k.decode_card_type(Kind.IC, data), "31 32"),
        (lambda data: crt288k.decode_card_type(Kind.RF, data), "31"),
        (crt288k.decode_tracks, ""),
        (crt288k.decode_tracks, "50 7E 50"),
        (crt288k.decode_tracks, "50 7E 50 7E 4E 32 35"),
        (crt288k.decode_tracks, "50 7E 50 7E"),
        (crt288k.decode_tracks, "50 7E 50 7E 4E FF"),
    ],
)
def test_data_that_does_not_fit_is_refused(decode: Callable[[bytes], object], data: str) -> None:
    with pytest.raises(WireError):
        decode(bytes.fromhex(data))


@pytest.mark.parametrize("size", [3, 262])
def test_an_apdu_has_its_limits(size: int) -> None:
    with pytest.raises(WireError, match="4 to 261"):
        crt288k.encode_command(Apdu(Protocol.T0, bytes(size)))


def test_a_frame_has_its_limits() -> None:
    assert len(crt288k.encode_reports(Frame(bytes(635)))) == 10
    with pytest.raises(WireError, match="640"):
        crt288k.encode_reports(Frame(bytes(636)))


# -- reports -------------------------------------------------------------------------------------------------

# An answer of 100 bytes [computed]: 50 51 33 31 32, 93 of data, 90 00; BCC over all before it.
LONG_TEXT = bytes.fromhex("5051333132") + bytes(range(93)) + b"\x90\x00"
LONG = b"\xf2\x00\x64" + LONG_TEXT + b"\x03"


def bcc(data: bytes) -> bytes:
    found = 0
    for byte in data:
        found ^= byte
    return bytes((found,))


def test_a_long_frame_goes_on_in_the_next_report() -> None:
    whole = LONG + bcc(LONG)
    reports = [whole[:64], whole[64:].ljust(64, b"\0")]
    assert crt288k.encode_reports(Frame(LONG_TEXT)) == reports
    deframer = Deframer()
    assert deframer.feed(reports[0]) is None
    assert deframer.in_frame
    assert deframer.feed(reports[1]) == Frame(LONG_TEXT)
    assert not deframer.in_frame


def test_what_fills_a_report_up_does_not_matter() -> None:
    octets = bytes.fromhex(COMMANDS["facts, 30 30"][0])
    for report in (octets, octets.ljust(64, b"\xff"), octets + b"\x06" * 56):
        assert Deframer().feed(report) == Frame(b"\x43\x30\x30")


@pytest.mark.parametrize(
    "report",
    [
        "05",
        "00 06",
        "F2",
        "F2 00",
        "F2 00 02 43 30 03 00",
        "F2 02 7C 43",
        "F2 00 03 43 30 30 03 B0",
        "F2 00 03 43 30 30 04 B6",
        "F2 00 09 43 30 30",
    ],
)
def test_a_broken_report_is_garbled_and_forgotten(report: str) -> None:
    deframer = Deframer()
    assert isinstance(deframer.feed(bytes.fromhex(report)), Garbled)
    assert deframer.feed(frame(COMMANDS["facts, 30 30"][0])) == Frame(b"\x43\x30\x30")


def test_an_empty_report_says_nothing() -> None:
    assert Deframer().feed(bytes(64)) is None
    assert Deframer().feed(b"") is None


@pytest.mark.parametrize("place", range(105))
def test_a_flipped_bit_anywhere_is_noticed(place: int) -> None:
    broken = bytearray(LONG + bcc(LONG))
    broken[place] ^= 0x40
    deframer = Deframer()
    found = [deframer.feed(bytes(broken[:64])), deframer.feed(bytes(broken[64:]).ljust(64, b"\0"))]
    assert not [each for each in found if isinstance(each, Frame)]


@given(st.lists(st.binary(max_size=64), max_size=30))
def test_any_reports_are_taken(reports: list[bytes]) -> None:
    deframer = Deframer()
    for report in reports:
        token = deframer.feed(report)
        assert len(deframer._begun) <= crt288k.MAX_FRAME
        if isinstance(token, Frame):
            with contextlib.suppress(WireError):
                crt288k.decode_command(token)
            with contextlib.suppress(WireError):
                crt288k.decode_reply(token)


@given(st.binary(max_size=60))
def test_any_data_is_read_or_refused(data: bytes) -> None:
    decoders: list[Callable[[bytes], object]] = [crt288k.decode_tracks, crt288k.decode_chip, crt288k.decode_response]
    for decode in decoders:
        with contextlib.suppress(WireError):
            decode(data)
    with contextlib.suppress(MalformedCommand):
        assert crt288k.encode_command(crt288k.decode_command(Frame(data))) == Frame(data)


# -- secrets -------------------------------------------------------------------------------------------------


def test_nothing_shows_what_a_card_holds() -> None:
    secret = b"P6222021234567890=3012"
    for thing in (
        Frame(secret),
        Apdu(Protocol.T0, secret),
        Done((0x36, 0x31), b"12", secret),
        Failed((0x36, 0x31), ErrorCode.STRIPE, secret),
        crt288k.decode_tracks(secret + b"~N24~N24"),
    ):
        assert "6222" not in repr(thing)
    for broken in (secret, b"X" + secret + b"~P~P"):
        with pytest.raises(WireError) as refused:
            crt288k.decode_tracks(broken)
        assert "6222" not in str(refused.value)
