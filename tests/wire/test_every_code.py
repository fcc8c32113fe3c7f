"""Every code of a manual's tables as the answer that carries it: bytes typed from the tables, names from their texts.

Other vectors of these codecs show how a message is laid out; here each code of a list has its turn. Sources: CRT-591
manual 2.1.1, 2.2, 3.2 to 3.6; CRT-310 manual p8 to p12, p40; the CRT-288K's public drivers (docs/devices/crt-288k.md);
CCID 1.1 table 6.2-2; ISO/IEC 15424.
"""

from enum import Enum

import pytest

from wire import ccid, crt288k, crt310, crt591, crt591_chips, crt591_storage
from wire.crt310_frames import Package
from wire.scanner import Identifier, split_identifier

CRT591_ERRORS = {
    "00": "UNDEFINED_COMMAND",
    "01": "PARAMETER",
    "02": "SEQUENCE",
    "03": "NOT_SUPPORTED_BY_HARDWARE",
    "04": "DATA",
    "05": "CONTACT_NOT_RELEASED",
    "10": "JAM",
    "12": "SENSOR",
    "13": "TOO_LONG",
    "14": "TOO_SHORT",
    "40": "RECYCLING_DISABLED",
    "41": "MAGNET",
    "43": "IC_POSITION_UNREACHABLE",
    "45": "MOVED_BY_HAND",
    "50": "COUNTER_OVERFLOW",
    "51": "MOTOR",
    "60": "CARD_POWER_SHORT",
    "61": "ACTIVATION_FAILED",
    "62": "NOT_SUPPORTED_BY_CARD",
    "63": "CARD_SILENT",
    "64": "CARD_PROTOCOL",
    "65": "CARD_NOT_ACTIVE",
    "66": "NOT_SUPPORTED_BY_CURRENT_CARD",
    "67": "CARD_TRANSMISSION",
    "68": "CARD_TRANSMISSION_OVERTIME",
    "69": "NOT_EMV",
    "A0": "STACKER_EMPTY",
    "A1": "BIN_FULL",
    "B0": "NOT_RESET",
}


@pytest.mark.parametrize(("code", "name"), CRT591_ERRORS.items())
def test_an_error_of_the_crt591(code: str, name: str) -> None:
    octets = b"\x4e\x32\x30" + code.encode("ascii")
    reply = crt591.decode_reply(octets)
    assert isinstance(reply, crt591.Failed)
    assert reply.error.name == name
    assert crt591.encode_reply(reply) == octets


# Command and data of a reply; which decoder, and what it says.
CRT591_ANSWERS = {
    "3.1.2 sensors": ("31 31", "31 30 30 30 30 30 30 30", crt591.decode_sensors, (True, *(False,) * 6)),
    **{
        f"2.1.1 card {code}": ("50 30", code.encode("ascii").hex(), crt591.decode_card_type, name)
        for code, name in (
            *(("00", "UNKNOWN"), ("10", "CPU_T0"), ("11", "CPU_T1"), ("20", "SLE4442"), ("21", "SLE4428")),
            *(("30", "I2C_24C01"), ("31", "I2C_24C02"), ("32", "I2C_24C04"), ("33", "I2C_24C08"), ("34", "I2C_24C16")),
            *(("35", "I2C_24C32"), ("36", "I2C_24C64"), ("37", "I2C_24C128"), ("38", "I2C_24C256")),
        )
    },
    "3.2.1 T=0": ("51 30", "30 3B 00", lambda data: crt591_chips.decode_chip(data).protocol, "T0"),
    "3.2.1 T=1": ("51 30", "31 3B 00", lambda data: crt591_chips.decode_chip(data).protocol, "T1"),
    "3.2.3 off": ("51 32", "30", crt591_chips.decode_power, "OFF"),
    "3.2.3 3.57 MHz": ("51 32", "31", crt591_chips.decode_power, "ON_3_57"),
    "3.2.3 7.16 MHz": ("51 32", "32", crt591_chips.decode_power, "ON_7_16"),
    "3.4.3 none": ("53 32", "30", crt591_storage.decode_sle_state, "OFF"),
    "3.4.3 SLE4442": ("53 32", "31", crt591_storage.decode_sle_state, "SLE4442"),
    "3.4.3 SLE4428": ("53 32", "32", crt591_storage.decode_sle_state, "SLE4428"),
    "3.4.4 done": ("53 33", "90 00", lambda data: crt591_storage.decode_answer(data).status, "SUCCESS"),
    "3.4.4 failed": ("53 33", "6F 00", lambda data: crt591_storage.decode_answer(data).status, "FAIL"),
    "3.4.4 wrong code": ("53 33", "6F 01", lambda data: crt591_storage.decode_answer(data).status, "WRONG_KEY"),
    "3.4.4 locked": ("53 33", "6F 02", lambda data: crt591_storage.decode_answer(data).status, "WRONG_KEY_AND_LOCKED"),
    "3.4.5 address": ("53 34", "6B 00", lambda data: crt591_storage.decode_answer(data).status, "ADDRESS_OVERFLOW"),
    "3.4.5 length": ("53 34", "67 00", lambda data: crt591_storage.decode_answer(data).status, "LENGTH_OVERFLOW"),
    "3.6.1 Mifare": ("60 30", "4D 00 04 04 01 02 03 04 08", crt591_chips.decode_rf_card, "MifareCard"),
    "3.6.1 type A": ("60 30", "41 00 08 04 01 02 03 04 20 05", crt591_chips.decode_rf_card, "TypeACard"),
    "3.6.1 type B": ("60 30", "42 50 01 02 03 04 05 06 07 08 09 0A 0B", crt591_chips.decode_rf_card, "TypeBCard"),
    **{
        f"3.6.3 radio {code}": ("60 32", code.encode("ascii").hex(), crt591_chips.decode_rf_state, name)
        for code, name in (
            *(("00", "OFF"), ("10", "S50"), ("11", "S70")),
            *(("12", "ULTRALIGHT"), ("20", "TYPE_A"), ("30", "TYPE_B")),
        )
    },
}


@pytest.mark.parametrize(("code", "data", "decode", "meaning"), CRT591_ANSWERS.values(), ids=CRT591_ANSWERS.keys())
def test_an_answer_of_the_crt591(code: str, data: str, decode, meaning: object) -> None:  # type: ignore[no-untyped-def]
    """Behind head, command and three status bytes."""
    octets = bytes.fromhex(f"50 {code} 32 32 30 {data}")
    reply = crt591.decode_reply(octets)
    found = decode(reply.data)
    if not isinstance(found, tuple):
        found = found.name if isinstance(found, Enum) else type(found).__name__
    assert found == meaning
    assert crt591.encode_reply(reply) == octets


# As hexadecimal packages, CM to the end of the data.
CRT310_COMMANDS = (
    *("2E 30", "2E 31", "2E 32", "2E 33", "2E 34", "2E 35"),  # p8
    *("2F 31 30", "2F 32 30", "2F 33 30", "2F 34 30", "2F 31 31"),  # p8
    *("32 2E", "32 2F", "32 30", "32 31", "32 32", "32 33", "32 34"),  # p11
)


@pytest.mark.parametrize("octets", CRT310_COMMANDS)
def test_every_parameter_of_the_crt310_is_read_and_written(octets: str) -> None:
    command = crt310.decode_command(Package(bytes.fromhex(octets)))
    assert crt310.encode(command)[3:-2] == bytes.fromhex(octets)


CRT310_CARD_TYPES = {
    "N0": "NO_CARD",
    "N1": "UNKNOWN",
    "N2": "WRONG_POSITION",
    "00": "RF",
    "10": "CPU_T0",
    "11": "CPU_T1",
    "20": "C01",
    "21": "C02",
    "22": "C04",
    "23": "C08",
    "24": "C16",
    "25": "C32",
    "26": "C64",
    "30": "SLE4442",
    "31": "SLE4428",
    "40": "AT88SC102",
    "41": "AT88SC1604",
    "42": "AT88SC102_TOO",
    "43": "AT88SC1608",
}


@pytest.mark.parametrize(("code", "name"), CRT310_CARD_TYPES.items())
def test_a_card_type_of_the_crt310(code: str, name: str) -> None:
    octets = b"\x31\x31" + code.encode("ascii")
    answer = crt310.decode_answer(crt310.AskCardType(), Package(octets))
    assert answer.card_type.name == name
    assert crt310.encode(answer)[3:-2] == octets


@pytest.mark.parametrize(("octet", "name"), [("46", "CARD_DEAD"), ("32", "WRONG_SERIAL")])
def test_an_operation_byte_of_the_crt310_that_no_drawing_has(octet: str, name: str) -> None:
    octets = bytes.fromhex("35 30") + bytes.fromhex(octet)
    answer = crt310.decode_answer(crt310.RfSeek(), Package(octets))
    assert answer.outcome.name == name
    assert crt310.encode(answer)[3:-2] == octets


@pytest.mark.parametrize(
    ("octets", "name"),
    [("4E E1", "NO_START"), ("4E E2", "NO_END"), ("4E E3", "PARITY"), ("4E E4", "CHECKSUM"), ("4E E5", "BLANK")],
)
def test_a_track_of_the_crt310_that_was_not_read(octets: str, name: str) -> None:
    command = crt310.ReadTracks(crt310.TrackMode.ASCII, crt310.TrackSelection.TWO)
    package = bytes.fromhex(f"45 30 30 32 1F {octets}")
    answer = crt310.decode_answer(command, Package(package))
    assert answer.track(2).name == name
    assert crt310.encode(answer)[3:-2] == package


CRT288K_ERRORS = {
    "00": "BAD_COMMAND",
    "01": "BAD_PARAMETER",
    "02": "CANNOT_EXECUTE",
    "03": "NOT_SUPPORTED_BY_HARDWARE",
    "04": "BAD_DATA",
    "11": "LATCH",
    "15": "EEPROM",
    "20": "STRIPE_PARITY",
    "21": "STRIPE",
    "30": "POWER_DOWN",
    "41": "IC_MODULE",
    "60": "CHIP_POWER_SHORT",
    "61": "ACTIVATION_FAILED",
    "62": "NOT_SUPPORTED_BY_CHIP",
    "63": "CHIP_SILENT",
    "64": "CHIP_COMMUNICATION",
    "65": "CHIP_NOT_ACTIVE",
    "66": "CHIP_NOT_SUPPORTED",
    "69": "NOT_EMV",
}


@pytest.mark.parametrize(("code", "name"), CRT288K_ERRORS.items())
def test_an_error_of_the_crt288k(code: str, name: str) -> None:
    text = b"\x4e\x51\x30" + code.encode("ascii")
    reply = crt288k.decode_reply(crt288k.Frame(text))
    assert reply.error.name == name
    assert crt288k.encode_reply(reply).text == text


CRT288K_CARDS = {
    "30 00": "UNKNOWN",
    "30 10": "CPU_T0",
    "30 11": "CPU_T1",
    "30 20": "SLE4442",
    "30 21": "SLE4428",
    "30 30": "C01",
    "30 31": "C02",
    "30 32": "C04",
    "30 33": "C08",
    "30 34": "C16",
    "30 35": "C32",
    "30 36": "C64",
    "30 37": "C128",
    "30 38": "C256",
    "31 10": "S50",
    "31 11": "S70",
    "31 12": "ULTRALIGHT",
    "31 20": "CPU_A",
    "31 30": "CPU_B",
}


@pytest.mark.parametrize(("code", "name"), CRT288K_CARDS.items())
def test_a_card_type_of_the_crt288k(code: str, name: str) -> None:
    kind, digits = code.split()
    text = bytes.fromhex(f"50 50 {kind} 31 32") + digits.encode("ascii")
    reply = crt288k.decode_reply(crt288k.Frame(text))
    assert crt288k.decode_card_type(crt288k.Kind(int(kind, 16)), reply.data).name == name
    assert crt288k.encode_reply(reply).text == text


@pytest.mark.parametrize(
    ("octets", "locked", "position"),
    [("30 30", True, "NONE"), ("31 31", False, "NOT_IN_PLACE"), ("30 32", True, "IN_PLACE")],
)
def test_a_status_of_the_crt288k(octets: str, locked: bool, position: str) -> None:
    reply = crt288k.decode_reply(crt288k.Frame(bytes.fromhex(f"50 31 30 {octets}")))
    status = crt288k.decode_status(reply)
    assert (status.locked, status.position.name) == (locked, position)
    assert crt288k.encode_status(status) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        *(("20", "PARITY"), ("23", "ONLY_SENTINELS"), ("24", "BLANK")),
        *(("26", "NO_START"), ("27", "NO_END"), ("28", "CHECKSUM")),
    ],
)
def test_a_track_of_the_crt288k_that_was_not_read(code: str, name: str) -> None:
    octets = b"N" + code.encode("ascii") + b"\x7eP1234=5\x7eN24"
    tracks = crt288k.decode_tracks(octets)
    assert tracks[0].name == name
    assert crt288k.encode_tracks(tracks) == octets


# bError; an answer to XfrBlock that failed with a card inside
CCID_ERRORS = (
    *(("00", "COMMAND_NOT_SUPPORTED"), ("01", "WRONG_LENGTH"), ("05", "BAD_SLOT"), ("07", "BAD_PARAMETER")),
    *(("08", "BAD_LEVEL"), ("E0", "SLOT_BUSY"), ("F2", "BUSY_WITH_AUTO_SEQUENCE"), ("F3", "DEACTIVATED_PROTOCOL")),
    *(("F4", "PROCEDURE_BYTE_CONFLICT"), ("F5", "CLASS_NOT_SUPPORTED"), ("F6", "PROTOCOL_NOT_SUPPORTED")),
    *(("F7", "BAD_ATR_TCK"), ("F8", "BAD_ATR_TS"), ("FB", "HARDWARE_ERROR"), ("FC", "OVERRUN"), ("FD", "PARITY")),
    *(("FE", "ICC_MUTE"), ("FF", "ABORTED")),
)


@pytest.mark.parametrize(("code", "name"), CCID_ERRORS)
def test_an_error_of_a_ccid_reader(code: str, name: str) -> None:
    octets = bytes.fromhex(f"80 00 00 00 00 00 2A 40 {code} 00")
    message = ccid.decode(octets)
    assert isinstance(message, ccid.DataBlock)
    assert message.state.command is ccid.CommandStatus.FAILED
    assert ccid.SlotError(message.state.error).name == name
    assert ccid.encode(message) == octets


@pytest.mark.parametrize(
    ("octets", "level"),
    [
        ("6F 01 00 00 00 00 2A 00 01 00 AA", ccid.Chain.FIRST),
        ("6F 01 00 00 00 00 2A 00 02 00 AA", ccid.Chain.LAST),
        ("6F 01 00 00 00 00 2A 00 03 00 AA", ccid.Chain.MIDDLE),
        ("6F 00 00 00 00 00 2A 00 10 00", ccid.Chain.CONTINUE),
    ],
)
def test_a_piece_of_a_command_to_a_ccid_reader(octets: str, level: ccid.Chain) -> None:
    """wLevelParameter, low byte first (6.1.4)."""
    message = ccid.decode(bytes.fromhex(octets))
    assert isinstance(message, ccid.XfrBlock)
    assert message.level == level
    assert ccid.encode(message) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("octet", "chain"),
    [
        *(("01", ccid.Chain.FIRST), ("02", ccid.Chain.LAST)),
        *(("03", ccid.Chain.MIDDLE), ("10", ccid.Chain.CONTINUE)),
    ],
)
def test_a_piece_of_an_answer_of_a_ccid_reader(octet: str, chain: ccid.Chain) -> None:
    """bChainParameter (6.2.1)."""
    octets = bytes.fromhex(f"80 01 00 00 00 00 2A 00 00 {octet} AA")
    message = ccid.decode(octets)
    assert isinstance(message, ccid.DataBlock)
    assert message.chain == chain
    assert ccid.encode(message) == octets


@pytest.mark.parametrize("code", "ABCDEFGHIKLMNOPQRSTUXZcdeghopsz")
def test_an_identifier_of_the_standard(code: str) -> None:
    assert split_identifier(b"]" + code.encode("ascii") + b"0x") == (Identifier(code, "0"), b"x")
