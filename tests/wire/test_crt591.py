"""Frames and messages of the CRT-591 against the drawings of its manual, version 1.0 of 2013-07-02."""

import contextlib
from collections.abc import Callable
from types import UnionType
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import crt591, crt591_chips, crt591_storage
from wire.crt591 import (
    Bin,
    CardStatus,
    Command,
    Done,
    ErrorCode,
    Failed,
    Init,
    Kind,
    Place,
    Position,
    Stacker,
    decode_command,
    decode_reply,
    encode_command,
    encode_reply,
)
from wire.crt591_chips import Air, Apdu, Exchange, Protocols, Socket, Supply
from wire.crt591_frames import Control, Deframer, Frame, Garbled, encode_frame
from wire.crt591_storage import Answer, I2cSupply, I2cType, Key, Sle4428Write, Sle4442Area, SleState, Status
from wire.errors import WireError

# facts/device-protocols.md 3a-1, [computed] there from chapters 1.2.1 to 1.2.3
FRAMES = {
    "1.2.1 INITIALIZE 30 30": ("F2 00 00 03 43 30 30 03 B1", "43 30 30"),
    "1.2.1 STATUS 31 30": ("F2 00 00 03 43 31 30 03 B0", "43 31 30"),
    "1.2.2 STATUS answered, st 020": ("F2 00 00 06 50 31 30 30 32 30 03 94", "50 31 30 30 32 30"),
    "1.2.3 MOVE 32 32 fails with A0": ("F2 00 00 05 4E 32 32 41 30 03 CB", "4E 32 32 41 30"),
}

# Texts as the manual draws them ("C" is 43); lower-case letters of the drawing are filled in.
COMMANDS: dict[str, tuple[str, Command]] = {
    "3.1.1 hold": ("43 30 30", crt591.Initialize(Init.HOLD)),
    "3.1.1 capture": ("43 30 31", crt591.Initialize(Init.CAPTURE)),
    "3.1.1 stay": ("43 30 33", crt591.Initialize(Init.STAY)),
    "3.1.1 hold and count": ("43 30 34", crt591.Initialize(Init.HOLD_COUNTING)),
    "3.1.1 capture and count": ("43 30 35", crt591.Initialize(Init.CAPTURE_COUNTING)),
    "3.1.1 stay and count": ("43 30 37", crt591.Initialize(Init.STAY_COUNTING)),
    "3.1.2 status": ("43 31 30", crt591.AskStatus()),
    "3.1.2 sensors": ("43 31 31", crt591.AskSensors()),
    "3.1.3 hold": ("43 32 30", crt591.Move(Place.HOLD)),
    "3.1.3 IC": ("43 32 31", crt591.Move(Place.IC)),
    "3.1.3 RF": ("43 32 32", crt591.Move(Place.RF)),
    "3.1.3 error bin": ("43 32 33", crt591.Move(Place.ERROR_BIN)),
    "3.1.3 out of gate": ("43 32 39", crt591.Move(Place.OUT)),
    "3.1.4 enable": ("43 33 30", crt591.SetEntry(True)),
    "3.1.4 disable": ("43 33 31", crt591.SetEntry(False)),
    "2.1.1 card type IC (assumed: listed, not drawn)": ("43 50 30", crt591.AskCardType(Kind.IC)),
    "2.1.1 card type RF (assumed: listed, not drawn)": ("43 50 31", crt591.AskCardType(Kind.RF)),
    "3.2.1 EMV": ("43 51 30 30", crt591_chips.ColdReset(Socket.CARD, Supply.EMV_5V)),
    "3.2.1 ISO 5 V": ("43 51 30 33", crt591_chips.ColdReset(Socket.CARD, Supply.ISO_5V)),
    "3.2.1 ISO 3 V": ("43 51 30 35", crt591_chips.ColdReset(Socket.CARD, Supply.ISO_3V)),
    "3.2.2": ("43 51 31", crt591_chips.PowerOff(Socket.CARD)),
    "3.2.3": ("43 51 32", crt591_chips.AskPower(Socket.CARD)),
    "3.2.4 T=0": ("43 51 33 00 84 00 00 08", Apdu(Socket.CARD, Exchange.T0, bytes.fromhex("0084000008"))),
    "3.2.5 T=1": ("43 51 34 00 84 00 00 08", Apdu(Socket.CARD, Exchange.T1, bytes.fromhex("0084000008"))),
    "3.2.6": ("43 51 38", crt591_chips.WarmReset(Socket.CARD)),
    "3.2.7 auto": ("43 51 39 00 84 00 00 08", Apdu(Socket.CARD, Exchange.AUTO, bytes.fromhex("0084000008"))),
    "3.3.1": ("43 52 30 30", crt591_chips.ColdReset(Socket.SAM)),
    "3.3.2": ("43 52 31", crt591_chips.PowerOff(Socket.SAM)),
    "3.3.3": ("43 52 32", crt591_chips.AskPower(Socket.SAM)),
    "3.3.4 T=0": ("43 52 33 00 84 00 00 08", Apdu(Socket.SAM, Exchange.T0, bytes.fromhex("0084000008"))),
    "3.3.5 T=1": ("43 52 34 00 84 00 00 08", Apdu(Socket.SAM, Exchange.T1, bytes.fromhex("0084000008"))),
    "3.3.6": ("43 52 38", crt591_chips.WarmReset(Socket.SAM)),
    "3.3.7 auto": ("43 52 39 00 84 00 00 08", Apdu(Socket.SAM, Exchange.AUTO, bytes.fromhex("0084000008"))),
    "3.3.8 SAM 1": ("43 52 40 30", crt591_chips.SelectSam(0)),
    "3.3.8 SAM 5": ("43 52 40 34", crt591_chips.SelectSam(4)),
    "3.4.1": ("43 53 30", crt591_storage.SleReset()),
    "3.4.2": ("43 53 31", crt591_storage.SleOff()),
    "3.4.3": ("43 53 32", crt591_storage.AskSle()),
    "3.4.4.1 ex. all 256": ("43 53 33 00 B0 00 00 00", crt591_storage.Sle4442Read(Sle4442Area.MAIN, 0, 256)),
    "3.4.4.2 ex. protection": ("43 53 33 00 B0 01 00 04", crt591_storage.Sle4442Read(Sle4442Area.PROTECTION, 0, 4)),
    "3.4.4.3 ex. security": ("43 53 33 00 B0 02 00 04", crt591_storage.Sle4442Read(Sle4442Area.SECURITY, 0, 4)),
    "3.4.4.4": (
        "43 53 33 00 D0 00 40 02 12 34",
        crt591_storage.Sle4442WriteTo(Sle4442Area.MAIN, 0x40, b"\x12\x34"),
    ),
    "3.4.4.4 ex. protect": (
        "43 53 33 00 D0 01 10 01 20",
        crt591_storage.Sle4442WriteTo(Sle4442Area.PROTECTION, 0x10, b"\x20"),
    ),
    "3.4.4.5 ex. code": (
        "43 53 33 00 D0 02 01 03 12 34 56",
        crt591_storage.Sle4442WriteTo(Sle4442Area.SECURITY, 1, b"\x12\x34\x56"),
    ),
    "3.4.4.6 ex. verify": (
        "43 53 33 00 20 03 01 03 FF FF FF",
        crt591_storage.Sle4442Verify(b"\xff\xff\xff"),
    ),
    "3.4.5.1 ex. first 256": ("43 53 34 00 B0 00 00 00", crt591_storage.Sle4428Read(0, 256)),
    "3.4.5.1 from 3F0": ("43 53 34 00 B0 03 F0 10", crt591_storage.Sle4428Read(0x3F0, 16)),
    "3.4.5.2 ex. all protection": ("43 53 34 00 B0 10 00 80", crt591_storage.Sle4428ReadProtection(0, 128)),
    "3.4.5.3 at 100": (
        "43 53 34 00 D0 01 00 02 AB CD",
        crt591_storage.Sle4428WriteTo(Sle4428Write.ONLY, 0x100, b"\xab\xcd"),
    ),
    "3.4.5.4": (
        "43 53 34 00 D0 11 00 02 AB CD",
        crt591_storage.Sle4428WriteTo(Sle4428Write.AND_PROTECT, 0x100, b"\xab\xcd"),
    ),
    "3.4.5.5": (
        "43 53 34 00 D0 21 00 02 AB CD",
        crt591_storage.Sle4428WriteTo(Sle4428Write.PROTECT_IF_EQUAL, 0x100, b"\xab\xcd"),
    ),
    "3.4.5.6 ex. verify": ("43 53 34 00 20 00 00 02 FF FF", crt591_storage.Sle4428Verify(b"\xff\xff")),
    **{
        f"3.5.1 Wrd {wrd}": (f"43 54 30 {wrd} 30", crt591_storage.I2cActivate(kind))
        for wrd, kind in (
            ("30", I2cType.ANY),
            ("31", I2cType.C01),
            ("32", I2cType.C02),
            ("33", I2cType.C04),
            ("34", I2cType.C08),
            ("35", I2cType.C16),
            ("36", I2cType.C32),
            ("37", I2cType.C64),
            ("38", I2cType.C128),
            ("39", I2cType.C256),
        )
    },
    "3.5.1 3 V": ("43 54 30 31 31", crt591_storage.I2cActivate(I2cType.C01, I2cSupply.V3)),
    "3.5.2": ("43 54 31", crt591_storage.I2cOff()),
    "3.5.3": ("43 54 32", crt591_storage.AskI2c()),
    "3.5.4.1 ex. eight bytes": ("43 54 33 00 B0 00 00 08", crt591_storage.I2cRead(0, 8)),
    "3.5.4.1 the last of a 24C256": ("43 54 33 00 B0 7F FF 01", crt591_storage.I2cRead(0x7FFF, 1)),
    "3.5.4.2": ("43 54 34 00 D0 01 02 03 AA BB CC", crt591_storage.I2cWrite(0x0102, b"\xaa\xbb\xcc")),
    "3.6.1 Ex1": ("43 60 30 41 42", crt591_chips.RfActivate(Protocols.A_THEN_B)),
    "3.6.1 Ex2": ("43 60 30 42 41", crt591_chips.RfActivate(Protocols.B_THEN_A)),
    "3.6.1 Ex3": ("43 60 30 41 30", crt591_chips.RfActivate(Protocols.ONLY_A)),
    "3.6.1 Ex4": ("43 60 30 42 30", crt591_chips.RfActivate(Protocols.ONLY_B)),
    "3.6.2": ("43 60 31", crt591_chips.RfOff()),
    "3.6.3": ("43 60 32", crt591_chips.AskRf()),
    "3.6.4.1": (
        "43 60 33 00 20 01 05 06 A0 A1 A2 A3 A4 A5",
        crt591_storage.MifareVerify(Key.B, 5, bytes.fromhex("A0A1A2A3A4A5")),
    ),
    "3.6.4.2": ("43 60 33 00 21 00 05", crt591_storage.MifareVerifyStored(Key.A, 5)),
    "3.6.4.3": (
        "43 60 33 00 D5 00 05 06 A0 A1 A2 A3 A4 A5",
        crt591_storage.MifareChangeKeyA(5, bytes.fromhex("A0A1A2A3A4A5")),
    ),
    "3.6.4.4": (
        "43 60 33 00 D0 00 05 06 A0 A1 A2 A3 A4 A5",
        crt591_storage.MifareStoreKey(Key.A, 5, bytes.fromhex("A0A1A2A3A4A5")),
    ),
    "3.6.4.5": ("43 60 33 00 B0 05 01 02", crt591_storage.MifareRead(5, 1, 2)),
    "3.6.4.6": (
        "43 60 33 00 D1 05 01 01 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF",
        crt591_storage.MifareWrite(5, 1, 1, bytes.fromhex("00112233445566778899AABBCCDDEEFF")),
    ),
    "3.6.4.7": ("43 60 33 00 D2 05 01 04 64 00 00 00", crt591_storage.MifareInitValue(5, 1, b"\x64\0\0\0")),
    "3.6.4.8": ("43 60 33 00 B1 05 01", crt591_storage.MifareReadValue(5, 1)),
    "3.6.4.9": ("43 60 33 00 D3 05 01 04 64 00 00 00", crt591_storage.MifareIncrement(5, 1, b"\x64\0\0\0")),
    "3.6.4.10": ("43 60 33 00 D4 05 01 04 64 00 00 00", crt591_storage.MifareDecrement(5, 1, b"\x64\0\0\0")),
    "3.6.5.1": ("43 60 34 00 84 00 00 08", crt591_chips.RfApdu(Air.A, bytes.fromhex("0084000008"))),
    "3.6.6.1": ("43 60 35 00 84 00 00 08", crt591_chips.RfApdu(Air.B, bytes.fromhex("0084000008"))),
    "2.1.1 RF disable (assumed: listed, not drawn)": ("43 60 39 31", crt591_chips.RfSwitch(b"1")),
    "3.6.7": ("43 A2 30", crt591.AskSerialNumber()),
    "3.6.8": ("43 A3 30", crt591.AskConfiguration()),
    "2.1.1 version (assumed: listed, not drawn)": ("43 A4 30", crt591.AskVersion()),
    "3.6.9.1": ("43 A5 30", crt591.AskBinCount()),
    "3.6.9.2": ("43 A5 31 30 34 32", crt591.SetBinCount(42)),
    "3.6.10": ("43 A6 30", crt591.ResetPcsc()),
}

EMPTY = CardStatus(Position.NONE, Stacker.ENOUGH, Bin.ROOM)
REPLIES = {
    "1.2.2 and 2.1.2": ("50 31 30 30 32 30", Done((0x31, 0x30), EMPTY)),
    "3.1.1 with the firmware's name": (
        "50 30 30 31 31 31 43 52 54 2D 35 39 31 2D 4D 30 30 31",
        Done((0x30, 0x30), CardStatus(Position.GATE, Stacker.FEW, Bin.FULL), b"CRT-591-M001"),
    ),
    "2.1.2 card inside": (
        "50 32 32 32 30 30",
        Done((0x32, 0x32), CardStatus(Position.INSIDE, Stacker.EMPTY, Bin.ROOM)),
    ),
    "1.2.3 and 2.2": ("4E 32 32 41 30", Failed((0x32, 0x32), ErrorCode.STACKER_EMPTY)),
    "3.2.1 not EMV": ("4E 51 30 36 39 30 3B 00", Failed((0x51, 0x30), ErrorCode.NOT_EMV, b"0\x3b\x00")),
}

# Chapter 2.2, in its order; 16 from syntech-pro/crt571, 63 and 64 from 3.2.4.
CODES = "00 01 02 03 04 05 10 12 13 14 16 40 41 43 45 50 51 60 61 62 63 64 65 66 67 68 69 A0 A1 B0"


def classes(union: UnionType) -> set[type]:
    return set(get_args(union))


@pytest.mark.parametrize(("octets", "text"), FRAMES.values(), ids=FRAMES.keys())
def test_frames_are_as_computed_from_the_manual(octets: str, text: str) -> None:
    frame = Frame(0, bytes.fromhex(text))
    assert encode_frame(frame) == bytes.fromhex(octets)
    assert Deframer().feed(bytes.fromhex(octets)) == [frame]


@pytest.mark.parametrize(("text", "command"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_are_as_drawn(text: str, command: Command) -> None:
    assert encode_command(command) == bytes.fromhex(text)
    assert decode_command(bytes.fromhex(text)) == command
    assert crt591.code_of(command) == tuple(bytes.fromhex(text)[1:3])


def test_every_command_has_a_vector() -> None:
    assert {type(command) for _, command in COMMANDS.values()} == classes(Command)


def test_every_parameter_has_a_vector() -> None:
    used = {value for _, command in COMMANDS.values() for value in vars(command).values()}
    enums = (Init, Place, Kind, Socket, Supply, Exchange, Air, Protocols, Key)
    for enum in (*enums, Sle4442Area, Sle4428Write, I2cType, I2cSupply):
        assert set(enum) <= used


@pytest.mark.parametrize(("text", "reply"), REPLIES.values(), ids=REPLIES.keys())
def test_replies_are_as_drawn(text: str, reply: crt591.Reply) -> None:
    assert encode_reply(reply) == bytes.fromhex(text)
    assert decode_reply(bytes.fromhex(text)) == reply


def test_the_table_of_error_codes_is_the_manuals() -> None:
    assert [code.value for code in ErrorCode] == CODES.split()


def test_a_failure_may_begin_as_chapter_1_2_3_prints_it() -> None:
    assert decode_reply(bytes.fromhex("45 32 32 31 30")) == Failed((0x32, 0x32), ErrorCode.JAM)


NO_REPLY = (
    "|50|50 31 30 30 32|50 31 30 33 32 30|50 31 30 30 33 30|50 31 30 30 32 32|4E 32 32 41|4E 32 32 39 39"
    "|4E 32 32 FF FF|43 31 30 30 32 30|51 31 30 30 32 30"
)


@pytest.mark.parametrize("text", NO_REPLY.split("|"))
def test_what_is_no_reply_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        decode_reply(bytes.fromhex(text))


NO_COMMAND = (
    "|43|43 30|50 30 30|43 30 32|43 31 32|43 31 30 00|43 32 38|43 33 32|43 50 32|43 51 30 31|43 51 30 30 30|43 51 33"
    "|43 51 33 00 84 00|43 51 40 30|43 52 40|43 52 40 35|43 53 35|43 53 30 00|43 53 33 00 B0 03 00 01"
    "|43 53 33 00 B0 00 00|43 53 33 00 D0 00 00 02 11|43 53 33 00 20 03 01 02 11 22|43 53 33 00 FF 00 00 01"
    "|43 53 34 00 B0 04 00 01|43 53 34 00 B0 10 00 00|43 53 34 00 D0 30 00 01 11|43 53 34 00 99 00|43 54 30|43 54 30 3A"
    "|43 54 30 30 32|43 54 33 00 B0 00 00 00|43 54 33 00 B1 00 00 01|43 54 34 00 D0 00 00|43 54 35|43 60 30"
    "|43 60 30 41 41|43 60 33|43 60 33 00 B0 05 01|43 60 36|43 60 33 00 20 02 05 06 A0 A1 A2 A3 A4 A5"
    "|43 60 33 00 20 01 05 05 A0 A1 A2 A3 A4|43 60 33 01 B1 05 01|43 A5 31 30 34|43 A5 31 30 34 41|43 A2 31|43 A5 32"
    "|43 FF 30"
)


@pytest.mark.parametrize("text", NO_COMMAND.split("|"))
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        decode_command(bytes.fromhex(text))


def test_without_vcc_an_activation_means_5_volt() -> None:
    assert decode_command(bytes.fromhex("43 54 30 37")) == crt591_storage.I2cActivate(I2cType.C64)  # 3.5.1
    assert decode_command(bytes.fromhex("43 51 30")) == crt591_chips.ColdReset(Socket.CARD, Supply.EMV_5V)  # 3.2.1


@pytest.mark.parametrize(
    "command",
    [
        Apdu(Socket.CARD, Exchange.AUTO, bytes(3)),
        Apdu(Socket.CARD, Exchange.AUTO, bytes(262)),
        crt591_chips.RfApdu(Air.A, bytes(262)),
        crt591_chips.SelectSam(5),
        crt591_chips.SelectSam(-1),
        crt591.SetBinCount(1000),
        crt591.SetBinCount(-1),
        crt591_storage.MifareVerify(Key.A, 0, bytes(5)),
        crt591_storage.MifareRead(256, 0, 1),
        crt591_storage.MifareWrite(0, 1, 0, b""),
        crt591_storage.MifareWrite(0, 1, 2, bytes(16)),
        crt591_storage.MifareIncrement(0, 1, bytes(3)),
        crt591_storage.MifareWrite(0, 0, 40, bytes(640)),
        crt591_storage.Sle4442Read(Sle4442Area.MAIN, 0, 257),
        crt591_storage.Sle4442Read(Sle4442Area.MAIN, 0, 0),
        crt591_storage.Sle4442Read(Sle4442Area.MAIN, 256, 1),
        crt591_storage.Sle4442Read(Sle4442Area.SECURITY, 0, 256),
        crt591_storage.Sle4442WriteTo(Sle4442Area.MAIN, 0, b""),
        crt591_storage.Sle4442Verify(bytes(2)),
        crt591_storage.Sle4428Read(1024, 1),
        crt591_storage.Sle4428Read(-1, 1),
        crt591_storage.Sle4428ReadProtection(0, 129),
        crt591_storage.Sle4428WriteTo(Sle4428Write.ONLY, 0, bytes(257)),
        crt591_storage.Sle4428Verify(bytes(3)),
        crt591_storage.I2cRead(0x10000, 1),
        crt591_storage.I2cRead(-1, 1),
        crt591_storage.I2cRead(0, 256),
        crt591_storage.I2cWrite(0, bytes(256)),
        crt591_chips.RfSwitch(bytes(513)),
    ],
)
def test_a_command_that_does_not_fit_is_refused(command: Command) -> None:
    with pytest.raises(WireError):
        encode_command(command)


def test_no_secret_shows_in_a_repr() -> None:
    assert "A0A1" not in repr(COMMANDS["3.6.4.1"][1]).upper()
    for shown in (
        Apdu(Socket.CARD, Exchange.T0, b"PIN!"),
        Frame(0, b"PIN!"),
        Done((0x51, 0x33), EMPTY, b"PIN!"),
        crt591_storage.Sle4442Verify(b"PIN"),
        crt591_storage.Sle4428Verify(b"PIN"),
        crt591_storage.I2cWrite(0, b"PIN!"),
        crt591_storage.MifareStoreKey(Key.A, 0, b"PIN!"),
        Answer(Status.SUCCESS, b"PIN!"),
    ):
        assert "PIN" not in repr(shown)


# -- the data of replies ------------------------------------------------------------------------------------

SUCCESS = Status.SUCCESS
ANSWERS: dict[str, tuple[Callable[[bytes], object], str, object]] = {
    "3.1.2 p16 eight sensor bytes": (
        crt591.decode_sensors,
        "30 31 30 30 30 30 31 30",
        (False, True, False, False, False, False, True),
    ),
    "3.1.2 p15 ten sensor bytes": (crt591.decode_sensors, "31 30 30 30 30 30 30 00 00 00", (True, *(False,) * 6)),
    "2.1.1 card type T=1 (assumed: not drawn)": (crt591.decode_card_type, "31 31", crt591.CardType.CPU_T1),
    "3.2.1 T=1 and ATR": (
        crt591_chips.decode_chip,
        "31 3B 80",
        crt591_chips.Chip(crt591_chips.Protocol.T1, b"\x3b\x80"),
    ),
    "3.2.3": (crt591_chips.decode_power, "32", crt591_chips.Power.ON_7_16),
    "3.3.3": (crt591_chips.decode_sam_power, "31 34", (crt591_chips.Power.ON_3_57, 4)),
    "3.4.1 SLE4442": (crt591_storage.decode_sle_atr, "A2 13 10 91", crt591_storage.SLE4442_ATR),
    "3.4.1 SLE4428": (crt591_storage.decode_sle_atr, "92 23 10 91", crt591_storage.SLE4428_ATR),
    "3.4.3 none": (crt591_storage.decode_sle_state, "30", SleState.OFF),
    "3.4.3 SLE4442": (crt591_storage.decode_sle_state, "31", SleState.SLE4442),
    "3.4.3 SLE4428": (crt591_storage.decode_sle_state, "32", SleState.SLE4428),
    "3.4.4 and 3.5.4 data (assumed: 90 00 behind them as in 3.6.4.8)": (
        crt591_storage.decode_answer,
        "AA BB 90 00",
        Answer(SUCCESS, b"\xaa\xbb"),
    ),
    "3.4.4 fail": (crt591_storage.decode_answer, "6F 00", Answer(Status.FAIL)),
    "3.4.4 key wrong": (crt591_storage.decode_answer, "6F 01", Answer(Status.WRONG_KEY)),
    "3.4.4 key wrong and lock": (crt591_storage.decode_answer, "6F 02", Answer(Status.WRONG_KEY_AND_LOCKED)),
    "3.4.5 address overflow": (crt591_storage.decode_answer, "6B 00", Answer(Status.ADDRESS_OVERFLOW)),
    "3.4.5 length overflow": (crt591_storage.decode_answer, "67 00", Answer(Status.LENGTH_OVERFLOW)),
    "3.5.3 none": (crt591_storage.decode_i2c_state, "30", None),
    "3.5.3 24C256": (crt591_storage.decode_i2c_state, "39", I2cType.C256),
    "3.6.1 (1) S50": (
        crt591_chips.decode_rf_card,
        "4D 00 04 04 01 02 03 04 08",
        crt591_chips.MifareCard(4, bytes((1, 2, 3, 4)), 8),
    ),
    "3.6.1 (1) Ultralight": (
        crt591_chips.decode_rf_card,
        "4D 00 44 07 01 02 03 04 05 06 07 00",
        crt591_chips.MifareCard(0x44, bytes((1, 2, 3, 4, 5, 6, 7)), 0),
    ),
    "3.6.1 (2)": (
        crt591_chips.decode_rf_card,
        "41 00 08 04 01 02 03 04 20 05 78 80",
        crt591_chips.TypeACard(8, bytes((1, 2, 3, 4)), 0x20, b"\x05\x78\x80"),
    ),
    "3.6.1 (3)": (
        crt591_chips.decode_rf_card,
        "42 50 01 02 03 04 05 06 07 08 09 0A 0B",
        crt591_chips.TypeBCard(bytes((0x50, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))),
    ),
    "3.6.3 Ultralight": (crt591_chips.decode_rf_state, "31 32", crt591_chips.RfState.ULTRALIGHT),
    "3.6.4.8 a value": (crt591_storage.decode_answer, "64 00 00 00 90 00", Answer(SUCCESS, b"\x64\0\0\0")),
    "3.6.7": (crt591.decode_serial_number, "03 41 31 32", "A12"),
    "3.6.7 none": (crt591.decode_serial_number, "00", ""),
    "3.1.1 firmware's name": (crt591.decode_text, "43 52 54 2D 35 39 31 2D 4D 30 30 31", "CRT-591-M001"),
    "2.1.1 version with other bytes (assumed: not drawn)": (crt591.decode_text, "56 31 00 FF", "V1\\x00\\xff"),
    "3.6.9.1": (crt591.decode_count, "30 30 37", 7),
}


@pytest.mark.parametrize(("decode", "data", "meaning"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_are_read_as_described(decode: Callable[[bytes], object], data: str, meaning: object) -> None:
    assert decode(bytes.fromhex(data)) == meaning


def test_the_codes_in_answers_are_the_manuals() -> None:
    types = "00 10 11 20 21 30 31 32 33 34 35 36 37 38"  # facts/device-protocols.md 3a-1
    assert [each.value for each in crt591.CardType] == types.split()
    assert [each.value for each in crt591_chips.RfState] == ["00", "10", "11", "12", "20", "30"]  # 3.6.3
    assert [each.value for each in Status] == [0x9000, 0x6F00, 0x6F01, 0x6F02, 0x6B00, 0x6700]  # 3.4.5
    assert [each.value for each in I2cType] == list("0123456789")  # 3.5.1, 3.5.3


NO_ANSWER: list[tuple[Callable[[bytes], object], str]] = [
    (crt591.decode_sensors, "|30 31 30 30 30 30 31|30 31 30 30 30 30 30 31 30|30 32 30 30 30 30 31 30"),
    (crt591.decode_card_type, "|33 39|31"),
    (crt591_chips.decode_chip, "|30|32 3B"),
    (crt591_chips.decode_power, "|33|31 31"),
    (crt591_chips.decode_sam_power, "|31|31 35|31 2F|33 30"),
    (crt591_storage.decode_sle_atr, "|A2 13 10|A2 13 10 91 00"),
    (crt591_storage.decode_sle_state, "|33|31 31"),
    (crt591_storage.decode_i2c_state, "|3A"),
    (crt591_storage.decode_answer, "|90|6A 82|AA 6F 00"),
    (crt591.decode_serial_number, "|04 41 31 32|02 41 31 32|13" + " 31" * 19),
    (crt591.decode_count, "|30 37|30 78 37|30 30 30 37"),
    (
        crt591_chips.decode_rf_card,
        (
            "41 00 08 04 01 02 03 04 20|4D 00 04 04 01 02 03 04 08 00|4D 00 04 05 01 02 03 04 05 08"
            "|43 00 04 04 01 02 03 04 08|42 51 01 02 03 04 05 06 07 08 09 0A 0B"
        ),
    ),
]


@pytest.mark.parametrize(
    ("decode", "data"), [(decode, data) for decode, all_data in NO_ANSWER for data in all_data.split("|")]
)
def test_what_is_no_answer_is_refused(decode: Callable[[bytes], object], data: str) -> None:
    with pytest.raises(WireError):
        decode(bytes.fromhex(data))


@pytest.mark.parametrize("name", [name for name in ANSWERS if name.startswith("3.6.1")])
def test_a_card_by_radio_that_is_cut_short_is_refused(name: str) -> None:
    whole = bytes.fromhex(ANSWERS[name][1])
    for end in range(10 if whole[0] == 0x41 else len(whole)):  # an ATS has no length of its own
        with pytest.raises(WireError):
            crt591_chips.decode_rf_card(whole[:end])


def test_what_no_source_draws_is_marked_as_assumed() -> None:
    """docs/devices/crt-591.md lists them."""
    assumed = [name for name in (*COMMANDS, *ANSWERS) if "assumed" in name]
    assert [name.split(" (assumed")[0] for name in assumed] == [
        "2.1.1 card type IC",
        "2.1.1 card type RF",
        "2.1.1 RF disable",
        "2.1.1 version",
        "2.1.1 card type T=1",
        "3.4.4 and 3.5.4 data",
        "2.1.1 version with other bytes",
    ]


# -- frames in bad company ----------------------------------------------------------------------------------

STATUS = bytes.fromhex("F2 00 00 06 50 31 30 30 32 30 03 94")
STATUS_FRAME = Frame(0, bytes.fromhex("50 31 30 30 32 30"))


def test_frames_may_come_byte_by_byte_with_controls_between() -> None:
    deframer = Deframer()
    tokens = [token for byte in b"\x06" + STATUS + b"\x04\x15" for token in deframer.feed(bytes((byte,)))]
    assert tokens == [Control.ACK, STATUS_FRAME, Control.EOT, Control.NAK]
    assert not deframer.in_frame


@pytest.mark.parametrize("at", range(4, len(STATUS)))
def test_a_wrong_byte_makes_a_frame_garbled(at: int) -> None:
    wrong = bytearray(STATUS)
    wrong[at] ^= 0x10
    assert [type(token) for token in Deframer().feed(bytes(wrong))] == [Garbled]


def test_no_control_is_heard_within_a_garbled_frame() -> None:
    # a 06 in the text, and a BCC that is wrong by one bit
    assert [type(token) for token in Deframer().feed(bytes.fromhex("F2 00 00 03 43 06 30 03 B9"))] == [Garbled]


def test_the_frame_after_a_garbled_one_is_read() -> None:
    tokens = Deframer().feed(STATUS[:-1] + b"\x00" + STATUS)
    assert [type(token) for token in tokens] == [Garbled, Frame]
    # cut short, the next one within what its length promised
    assert Deframer().feed(STATUS[:7] + STATUS)[-1] == STATUS_FRAME


def test_the_same_is_heard_however_a_broken_frame_is_cut() -> None:
    """Nothing behind a header that cannot be, up to the next F2; what follows a frame with a wrong BCC is heard."""
    lost = bytes.fromhex("F2 FF FF FF 06 15")
    wrong = STATUS[:-1] + b"\x00"
    whole = lost + STATUS + b"\x06" + wrong + b"\x04" + STATUS
    found = Deframer().feed(whole)
    assert [type(token) for token in found] == [Garbled, Frame, Control, Garbled, Control, Frame]
    deframer = Deframer()
    assert [token for byte in whole for token in deframer.feed(bytes((byte,)))] == found
    deframer.feed(lost)
    deframer.reset()
    assert deframer.feed(b"\x06") == [Control.ACK]


@pytest.mark.parametrize("header", ["F2 10", "F2 00 03 FB", "F2 00 FF FF"])
def test_a_header_that_no_unit_sends_is_garbled_at_once(header: str) -> None:
    tokens = Deframer().feed(bytes.fromhex(header).ljust(4, b"\0") + STATUS)
    assert isinstance(tokens[0], Garbled)
    assert tokens[-1] == STATUS_FRAME


def test_the_longest_frame_passes_and_a_longer_one_is_refused() -> None:
    longest = Frame(15, bytes(1018))
    assert Deframer().feed(encode_frame(longest)) == [longest]
    for frame in (Frame(0, bytes(1019)), Frame(16, b""), Frame(-1, b"")):
        with pytest.raises(WireError):
            encode_frame(frame)


@given(st.binary(max_size=400), st.integers(1, 7))
def test_any_bytes_leave_a_deframer_that_still_reads(noise: bytes, size: int) -> None:
    deframer = Deframer()
    for begin in range(0, len(noise), size):
        deframer.feed(noise[begin : begin + size])
    deframer.feed(bytes(1024))
    deframer.reset()
    assert deframer.feed(STATUS) == [STATUS_FRAME]


@given(st.binary(max_size=300))
def test_any_text_is_a_message_or_refused(text: bytes) -> None:
    for begun in (text, b"\x43" + text):
        with contextlib.suppress(WireError):
            command = decode_command(begun)
            assert decode_command(encode_command(command)) == command
    for begun in (text, b"\x50" + text):
        with contextlib.suppress(WireError):
            reply = decode_reply(begun)
            assert decode_reply(encode_reply(reply)) == reply
