"""CRT-310 frames against the manual: "CRT-310 (V3.0) Card Reader Communication Protocol", 2007-04-14.

The manual prints every frame up to its BCC; the BCC is [computed] with the rule drawn in chapter 7.1 (STX to ETX,
exclusive-or), which facts/device-protocols.md 3a-2 confirms with two vectors.
"""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import crt310, crt310_frames
from wire.crt310 import (
    MalformedCommand,
)
from wire.crt310_answers import (
    Answer,
    CardPosition,
    CardType,
    CardTypeFound,
    CpuAtr,
    CpuResponse,
    Done,
    EepromData,
    FrontState,
    MemoryCardAnswer,
    Negative,
    Outcome,
    RearState,
    Refusal,
    RfBlock,
    RfSerial,
    SamAtr,
    SamResponse,
    Sensors,
    Serial,
    Status,
    TrackData,
    TrackError,
    Tracks,
    Version,
)
from wire.crt310_commands import (
    AskCardType,
    AskSensors,
    AskStatus,
    BaudRate,
    Blink,
    CardFamily,
    Command,
    ContactPower,
    CpuApdu,
    CpuProtocol,
    CpuReset,
    EepromRead,
    EepromSelect,
    EepromType,
    EepromWrite,
    Eject,
    FrontEntry,
    Light,
    MemoryCardCommand,
    Move,
    MoveTo,
    ReadSerial,
    ReadTracks,
    RearEntry,
    Reset,
    ResetCpu,
    ResetSam,
    RfChangeKeyA,
    RfCheckKey,
    RfDecrement,
    RfIncrement,
    RfKey,
    RfRead,
    RfReadSerial,
    RfSeek,
    RfWrite,
    SamApdu,
    SamPowerOff,
    SensorSet,
    SetBaudRate,
    SetCardIn,
    SetStopPosition,
    SharePort,
    StopPosition,
    TrackMode,
    TrackSelection,
    WriteSerial,
)
from wire.crt310_frames import (
    BadFrame,
    Control,
    Deframer,
    Noise,
    Package,
)
from wire.errors import WireError

KEY = bytes.fromhex("A0A1A2A3A4A5")
BLOCK = bytes.fromhex("0A000000F0FFFFFF0A00000014EB14EB")  # the value 10 in sector 5, block 0: p19
SELECT = bytes.fromhex("00A40000023F00")

COMMANDS: dict[str, tuple[str, Command]] = {
    "8.1.1 p7, facts 3a-2": ("02 00 02 30 30 03 03", Reset(Eject.KEEP)),
    "8.1.1 p7 front": ("02 00 02 30 31 03 02", Reset(Eject.FRONT)),
    "8.1.1 p7 rear": ("02 00 02 30 32 03 01", Reset(Eject.REAR)),
    "8.1.2 p7": ("02 00 02 30 3A 03 09", ReadSerial()),
    "8.1.3 p8, PM of the list p6": ("02 00 09 30 3B 43 52 54 2D 33 31 30 03 59", WriteSerial(b"CRT-310")),
    "8.2.1 p8": ("02 00 03 2F 33 31 03 2F", SetCardIn(FrontEntry.ANY_CARD, RearEntry.PROHIBITED)),
    "8.2.1 p8 magnetic": ("02 00 03 2F 32 30 03 2F", SetCardIn(FrontEntry.MAGNETIC, RearEntry.ALLOWED)),
    "8.2.2 p8": ("02 00 02 2E 33 03 1E", SetStopPosition(StopPosition.CONTACTS)),
    "8.3.1 p9, facts 3a-2": ("02 00 02 31 30 03 02", AskStatus()),
    "8.3.2 p10": ("02 00 02 31 2F 03 1D", AskSensors(SensorSet.FIVE)),
    "8.3.3 p10": ("02 00 02 31 2E 03 1C", AskSensors(SensorSet.SIX)),
    "8.4 p10": ("02 00 02 31 31 03 03", AskCardType()),
    "8.5 p11 RF": ("02 00 02 32 2E 03 1F", Move(MoveTo.INSIDE)),
    "8.5 p11 IC": ("02 00 02 32 2F 03 1E", Move(MoveTo.CONTACTS)),
    "8.5 p11 front, held": ("02 00 02 32 31 03 00", Move(MoveTo.FRONT_HELD)),
    "8.5 p11 rear": ("02 00 02 32 33 03 02", Move(MoveTo.REAR)),
    "8.5 p11 abnormal card": ("02 00 02 32 34 03 05", Move(MoveTo.ABNORMAL_OUT_AT_REAR)),
    "8.6.1 p12 on": ("02 00 02 33 30 03 00", ContactPower(True)),
    "8.6.1 p12 off": ("02 00 02 33 31 03 01", ContactPower(False)),
    "8.6.2 p12": ("02 00 02 4A 31 03 78", SamPowerOff()),
    "8.7.1 p13 on": ("02 00 02 46 30 03 75", Light(True)),
    "8.7.1 p13 off": ("02 00 02 46 31 03 74", Light(False)),
    "8.7.2 p13": ("02 00 03 49 01 02 03 48", Blink(1, 2)),
    "8.8 p13": ("02 00 02 34 35 03 02", SetBaudRate(BaudRate.BD_38400)),
    "8.9 p14 on": ("02 00 02 FA 30 03 C9", SharePort(True)),
    "8.9 p14 off": ("02 00 02 FA 31 03 C8", SharePort(False)),
    "9.1.1 p14": ("02 00 02 35 30 03 06", RfSeek()),
    "9.1.2 p14": ("02 00 02 35 31 03 07", RfReadSerial()),
    "9.1.3.1 p15": ("02 00 09 35 32 05 A0 A1 A2 A3 A4 A5 03 0B", RfCheckKey(RfKey.A, 5, KEY)),
    "9.1.3.2 p15": ("02 00 09 35 39 05 A0 A1 A2 A3 A4 A5 03 00", RfCheckKey(RfKey.B, 5, KEY)),
    "9.1.4 p15": ("02 00 04 35 33 05 01 03 07", RfRead(5, 1)),
    "9.1.5 p16, data of 9.1.9 p19": (
        "02 00 14 35 34 05 00 0A 00 00 00 F0 FF FF FF 0A 00 00 00 14 EB 14 EB 03 1E",
        RfWrite(5, 0, BLOCK),
    ),
    "9.1.6 p17": ("02 00 09 35 35 05 A0 A1 A2 A3 A4 A5 03 0C", RfChangeKeyA(5, KEY)),
    "9.1.7 p17, its example": ("02 00 08 35 37 05 00 10 00 00 00 03 1E", RfIncrement(5, 0, 16)),
    "9.1.8 p18": ("02 00 08 35 38 05 00 10 00 00 00 03 11", RfDecrement(5, 0, 16)),
    "9.2.1 p19": ("02 00 03 36 30 36 03 32", EepromSelect(EepromType.C64)),
    "9.2.2 p20": ("02 00 06 36 31 36 01 20 80 03 97", EepromRead(EepromType.C64, 0x0120, 128)),
    "9.2.3.1 p20": ("02 00 08 36 32 31 00 10 02 AA BB 03 3F", EepromWrite(EepromType.C02, 16, b"\xaa\xbb", False)),
    "9.2.3.2 p21": ("02 00 08 36 33 31 00 10 02 AA BB 03 3E", EepromWrite(EepromType.C02, 16, b"\xaa\xbb", True)),
    "9.3.1 p21": ("02 00 02 37 30 03 04", ResetCpu(CpuReset.COLD)),
    "9.3.2 p22": ("02 00 02 37 2F 03 1B", ResetCpu(CpuReset.WARM)),
    "9.3.3 p22": ("02 00 0B 37 31 00 07 00 A4 00 00 02 3F 00 03 92", CpuApdu(CpuProtocol.T0, SELECT)),
    "9.3.4 p23": ("02 00 0B 37 32 00 07 00 A4 00 00 02 3F 00 03 91", CpuApdu(CpuProtocol.T1, SELECT)),
    "9.9.1 p38": ("02 00 03 3D 30 37 03 38", ResetSam(7)),
    "9.9.2 p39 T=0": ("02 00 0C 3D 31 30 00 07 00 A4 00 00 02 3F 00 03 AF", SamApdu(0, CpuProtocol.T0, SELECT)),
    "9.9.2 p39 T=1": ("02 00 0C 3D 32 31 00 07 00 A4 00 00 02 3F 00 03 AD", SamApdu(1, CpuProtocol.T1, SELECT)),
    "9.10.1 p40": ("02 00 04 45 30 30 37 03 77", ReadTracks(TrackMode.ASCII, TrackSelection.ALL)),
    "9.10.2 p41": ("02 00 04 45 31 31 35 03 75", ReadTracks(TrackMode.BINARY, TrackSelection.TWO_THREE, True)),
    "9.4.2 p24": ("02 00 04 38 31 20 10 03 3C", MemoryCardCommand(CardFamily.SLE4442, 0x31, b"\x20\x10")),
    "9.5.2 p27": ("02 00 05 39 31 03 00 10 03 1F", MemoryCardCommand(CardFamily.SLE4428, 0x31, b"\x03\x00\x10")),
    "9.8.1 p37": ("02 00 02 3C 30 03 0F", MemoryCardCommand(CardFamily.AT45D041, 0x30)),
    "9.11.1 p42": ("02 00 02 3E 30 03 0D", MemoryCardCommand(CardFamily.AT88SC1608, 0x30)),
}

ALL_TRACKS = ReadTracks(TrackMode.ASCII, TrackSelection.ALL)

# What was asked, the answer's bytes, and what they say.
ANSWERS: dict[str, tuple[Command, str, Answer]] = {
    "8.1.1 p7": (
        Reset(Eject.FRONT),
        "02 00 0E 30 31 43 52 54 20 33 31 30 20 56 33 2E 30 03 02",
        Version(Eject.FRONT, "CRT 310 V3.0"),
    ),
    "8.1.2 p7": (ReadSerial(), "02 00 0A 30 3A 59 43 52 54 2D 33 31 30 03 02", Serial(b"CRT-310")),
    "8.1.2 p7 failed": (ReadSerial(), "02 00 03 30 3A 4E 03 46", Done(0x30, 0x3A, Outcome.FAILED)),
    "8.1.3 p8": (WriteSerial(b"1"), "02 00 03 30 3B 59 03 50", Done(0x30, 0x3B, Outcome.OK)),
    "8.2.1 p8, success is 'N'": (
        SetCardIn(FrontEntry.ANY_CARD, RearEntry.PROHIBITED),
        "02 00 04 2F 33 31 4E 03 66",
        Done(0x2F, 0x33, Outcome.FAILED, b"\x31"),
    ),
    "8.2.2 p9": (SetStopPosition(StopPosition.FRONT), "02 00 03 2E 30 59 03 45", Done(0x2E, 0x30, Outcome.OK)),
    "8.3.1 p9 none": (
        AskStatus(),
        "02 00 05 31 30 4E 4A 4E 03 4F",
        Status(CardPosition.NO_CARD, FrontState.ANY_CARD, RearState.PROHIBITED),
    ),
    "8.3.1 p9 long": (
        AskStatus(),
        "02 00 05 31 30 46 4E 4A 03 47",
        Status(CardPosition.LONG_CARD, FrontState.PROHIBITED, RearState.ALLOWED),
    ),
    "8.3.1 p9 short": (
        AskStatus(),
        "02 00 05 31 30 47 49 4A 03 41",
        Status(CardPosition.SHORT_CARD, FrontState.MAGNETIC, RearState.ALLOWED),
    ),
    "8.3.1 p9 front": (
        AskStatus(),
        "02 00 05 31 30 48 4B 4A 03 4C",
        Status(CardPosition.FRONT, FrontState.MAGNETIC_SIGNAL, RearState.ALLOWED),
    ),
    "8.3.1 p9 front, held": (
        AskStatus(),
        "02 00 05 31 30 49 4A 4A 03 4C",
        Status(CardPosition.FRONT_HELD, FrontState.ANY_CARD, RearState.ALLOWED),
    ),
    "8.3.1 p9 inside": (
        AskStatus(),
        "02 00 05 31 30 4A 4A 4A 03 4F",
        Status(CardPosition.INSIDE, FrontState.ANY_CARD, RearState.ALLOWED),
    ),
    "8.3.1 p9 contacts": (
        AskStatus(),
        "02 00 05 31 30 4B 4A 4A 03 4E",
        Status(CardPosition.CONTACTS, FrontState.ANY_CARD, RearState.ALLOWED),
    ),
    "8.3.1 p9 rear, held": (
        AskStatus(),
        "02 00 05 31 30 4C 4A 4A 03 49",
        Status(CardPosition.REAR_HELD, FrontState.ANY_CARD, RearState.ALLOWED),
    ),
    "8.3.1 p9 rear": (
        AskStatus(),
        "02 00 05 31 30 4D 4A 4A 03 48",
        Status(CardPosition.REAR, FrontState.ANY_CARD, RearState.ALLOWED),
    ),
    "8.3.2 p10": (
        AskSensors(SensorSet.FIVE),
        "02 00 09 31 2F 31 30 30 30 30 31 30 03 26",
        Sensors(SensorSet.FIVE, (True, False, False, False, False), True, False),
    ),
    "8.3.3 p10": (
        AskSensors(SensorSet.SIX),
        "02 00 0A 31 2E 30 31 31 30 30 30 30 31 03 15",
        Sensors(SensorSet.SIX, (False, True, True, False, False, False), False, True),
    ),
    "8.4 p10 none": (AskCardType(), "02 00 04 31 31 4E 30 03 7B", CardTypeFound(CardType.NO_CARD)),
    "8.4 p11 T=1": (AskCardType(), "02 00 04 31 31 31 31 03 05", CardTypeFound(CardType.CPU_T1)),
    "8.4 p11 24C64": (AskCardType(), "02 00 04 31 31 32 36 03 01", CardTypeFound(CardType.C64)),
    "8.4 p11 SLE4428": (AskCardType(), "02 00 04 31 31 33 31 03 07", CardTypeFound(CardType.SLE4428)),
    "8.5 p11": (Move(MoveTo.FRONT), "02 00 03 32 30 59 03 59", Done(0x32, 0x30, Outcome.OK)),
    "8.5 p11 no card": (Move(MoveTo.FRONT), "02 00 03 32 30 45 03 45", Done(0x32, 0x30, Outcome.NO_CARD)),
    "8.5 p12 position": (Move(MoveTo.REAR), "02 00 03 32 33 57 03 54", Done(0x32, 0x33, Outcome.WRONG_POSITION)),
    "8.6.1 p12": (ContactPower(True), "02 00 03 33 30 59 03 58", Done(0x33, 0x30, Outcome.OK)),
    "8.6.2 p12": (SamPowerOff(), "02 00 03 4A 31 4E 03 37", Done(0x4A, 0x31, Outcome.FAILED)),
    "8.7.1 p13": (Light(False), "02 00 03 46 31 59 03 2C", Done(0x46, 0x31, Outcome.OK)),
    "8.7.2 p13": (Blink(1, 2), "02 00 04 49 01 02 59 03 16", Done(0x49, 0x01, Outcome.OK, b"\x02")),
    "8.8 p13, CM of 7.2.1": (
        SetBaudRate(BaudRate.BD_19200),
        "02 00 03 34 34 59 03 5B",
        Done(0x34, 0x34, Outcome.OK),
    ),
    "8.9 p14": (SharePort(False), "02 00 03 FA 31 59 03 90", Done(0xFA, 0x31, Outcome.OK)),
    "9.1.1 p14": (RfSeek(), "02 00 03 35 30 4E 03 49", Done(0x35, 0x30, Outcome.FAILED)),
    "9.1.2 p14, number of p15": (
        RfReadSerial(),
        "02 00 07 35 31 59 C6 B2 72 AE 03 F3",
        RfSerial(Outcome.OK, bytes.fromhex("C6B272AE")),
    ),
    "9.1.3.1 p15": (RfCheckKey(RfKey.A, 5, KEY), "02 00 04 35 32 05 59 03 5E", Done(0x35, 0x32, Outcome.OK, b"\5")),
    "9.1.3.2 p15": (
        RfCheckKey(RfKey.B, 5, KEY),
        "02 00 04 35 39 05 33 03 3F",
        Done(0x35, 0x39, Outcome.WRONG_KEY, b"\5"),
    ),
    "9.1.4 p16": (
        RfRead(5, 0),
        "02 00 15 35 33 05 00 59 0A 00 00 00 F0 FF FF FF 0A 00 00 00 14 EB 14 EB 03 41",
        RfBlock(False, 5, 0, BLOCK),
    ),
    "9.1.4 p16 failed": (
        RfRead(5, 0),
        "02 00 05 35 33 05 00 31 03 36",
        Done(0x35, 0x33, Outcome.WRONG_SECTOR, b"\5\0"),
    ),
    "9.1.5 p16": (
        RfWrite(5, 0, BLOCK),
        "02 00 15 35 34 05 00 59 0A 00 00 00 F0 FF FF FF 0A 00 00 00 14 EB 14 EB 03 46",
        RfBlock(True, 5, 0, BLOCK),
    ),
    "9.1.6 p17": (RfChangeKeyA(5, KEY), "02 00 04 35 35 05 30 03 30", Done(0x35, 0x35, Outcome.NO_RF_CARD, b"\5")),
    "9.1.7 p17": (RfIncrement(5, 0, 1), "02 00 05 35 37 05 00 35 03 36", Done(0x35, 0x37, Outcome.OVERFLOW, b"\5\0")),
    "9.1.8 p18, PM of 7.2.1": (
        RfDecrement(5, 0, 1),
        "02 00 05 35 38 05 00 34 03 38",
        Done(0x35, 0x38, Outcome.DATA_ERROR, b"\5\0"),
    ),
    "9.2.1 p19": (EepromSelect(EepromType.C64), "02 00 04 36 30 36 59 03 6C", Done(0x36, 0x30, Outcome.OK, b"6")),
    "9.2.2 p20": (
        EepromRead(EepromType.C02, 0x10, 2),
        "02 00 09 36 31 31 59 00 10 02 AA BB 03 64",
        EepromData(False, EepromType.C02, 0x10, b"\xaa\xbb"),
    ),
    "9.2.2 p20 failed": (
        EepromRead(EepromType.C02, 0x10, 2),
        "02 00 04 36 31 31 4E 03 7D",
        Done(0x36, 0x31, Outcome.FAILED, b"1"),
    ),
    "9.2.3.2 p21, P as the length asks": (
        EepromWrite(EepromType.C02, 0x10, b"\xaa\xbb"),
        "02 00 09 36 33 31 59 00 10 02 AA BB 03 66",
        EepromData(True, EepromType.C02, 0x10, b"\xaa\xbb"),
    ),
    "9.3.1 p21 T=0": (
        ResetCpu(CpuReset.COLD),
        "02 00 09 37 30 59 00 04 3B 80 01 81 03 69",
        CpuAtr(CpuReset.COLD, CpuProtocol.T0, bytes.fromhex("3B800181")),
    ),
    "9.3.2 p22 T=1": (
        ResetCpu(CpuReset.WARM),
        "02 00 09 37 2F 5A 00 04 3B 80 01 81 03 75",
        CpuAtr(CpuReset.WARM, CpuProtocol.T1, bytes.fromhex("3B800181")),
    ),
    "9.3.1 p22 failed": (ResetCpu(CpuReset.COLD), "02 00 03 37 30 4E 03 4B", Done(0x37, 0x30, Outcome.FAILED)),
    "9.3.3 p22": (
        CpuApdu(CpuProtocol.T0, SELECT),
        "02 00 07 37 31 59 00 02 90 00 03 CB",
        CpuResponse(CpuProtocol.T0, b"\x90\x00"),
    ),
    "9.9.1 p38": (
        ResetSam(2),
        "02 00 0A 3D 30 32 59 00 04 3B 80 01 81 03 52",
        SamAtr(2, CpuProtocol.T0, bytes.fromhex("3B800181")),
    ),
    "9.9.1 p39 failed, with its length": (
        ResetSam(2),
        "02 00 04 3D 30 32 4E 03 74",
        Done(0x3D, 0x30, Outcome.FAILED, b"2"),
    ),
    "9.9.2 p39": (
        SamApdu(2, CpuProtocol.T1, SELECT),
        "02 00 08 3D 32 32 59 00 02 90 00 03 FF",
        SamResponse(2, CpuProtocol.T1, b"\x90\x00"),
    ),
    "9.10.1 p40": (
        ALL_TRACKS,
        "02 00 10 45 30 30 37 1F 4F E0 1F 59 36 32 3D 31 1F 4E E5 03 29",
        Tracks(TrackMode.ASCII, TrackSelection.ALL, False, (TrackError.NOT_READ, TrackData(b"62=1"), TrackError.BLANK)),
    ),
    "9.10.2 p42 failed": (
        ReadTracks(TrackMode.ASCII, TrackSelection.ALL, True),
        "02 00 05 45 31 30 37 57 03 20",
        Done(0x45, 0x31, Outcome.WRONG_POSITION, b"07"),
    ),
    "9.4.5 p25": (
        MemoryCardCommand(CardFamily.SLE4442, 0x34, b"\xff\xff\xff"),
        "02 00 03 38 34 59 03 57",
        MemoryCardAnswer(CardFamily.SLE4442, 0x34, b"Y"),
    ),
    "7.2.2 p4 with 0 of p5": (AskStatus(), "02 00 03 4E 31 00 03 7D", Negative(0x31, Refusal.UNKNOWN_COMMAND)),
    "7.2.2 p4 with 1 of p5": (AskStatus(), "02 00 03 4E 31 01 03 7C", Negative(0x31, Refusal.UNKNOWN_PARAMETER)),
    "7.2.2 p4 with 2 of p5": (AskStatus(), "02 00 03 4E 31 02 03 7F", Negative(0x31, Refusal.CANNOT_EXECUTE)),
    "7.2.2 p4 with 4 of p5": (AskStatus(), "02 00 03 4E 31 04 03 79", Negative(0x31, Refusal.BAD_DATA)),
    "7.2.2 p4 with 5 of p5": (AskStatus(), "02 00 03 4E 31 05 03 78", Negative(0x31, Refusal.SUPPLY_VOLTAGE)),
    "7.2.2 p4 with 6 of p5": (AskStatus(), "02 00 03 4E 31 06 03 7B", Negative(0x31, Refusal.ABNORMAL_CARD)),
    "7.2.2 p4 with 7 of p5": (AskStatus(), "02 00 03 4E 31 07 03 7A", Negative(0x31, Refusal.ON_BACKUP_POWER)),
}


def package(octets: str) -> Package:
    """Take a frame apart by counting, without our deframer."""
    return Package(bytes.fromhex(octets)[3:-2])


@pytest.mark.parametrize(("octets", "command"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_are_written_and_read_as_in_the_manual(octets: str, command: Command) -> None:
    assert crt310.encode(command).hex(" ").upper() == octets
    assert crt310.decode_command(package(octets)) == command


@pytest.mark.parametrize(("command", "octets", "answer"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_are_written_and_read_as_in_the_manual(command: Command, octets: str, answer: Answer) -> None:
    assert crt310.encode(answer).hex(" ").upper() == octets
    assert crt310.decode_answer(command, package(octets)) == answer


@pytest.mark.parametrize(("byte", "control"), [(4, Control.EOT), (5, Control.ENQ), (6, Control.ACK), (21, Control.NAK)])
def test_control_characters_are_those_of_chapter_3(byte: int, control: Control) -> None:
    assert crt310.encode(control) == bytes((byte,))
    assert Deframer().feed(bytes((byte,))) == [control]


def test_every_message_has_a_vector() -> None:
    assert {type(command) for _, command in COMMANDS.values()} == set(get_args(Command))
    assert {type(answer) for _, _, answer in ANSWERS.values()} == set(get_args(Answer))
    assert {s.card for _, _, s in ANSWERS.values() if isinstance(s, Status)} == set(CardPosition)
    assert {n.reason for _, _, n in ANSWERS.values() if isinstance(n, Negative)} == set(Refusal)


# The values of enums, typed again from the manual: which number is which.
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (
            StopPosition,
            {"FRONT": 0x30, "FRONT_HELD": 0x31, "INSIDE": 0x32, "CONTACTS": 0x33, "REAR_HELD": 0x34, "REAR": 0x35},
        ),
        (FrontEntry, {"PROHIBITED": 0x31, "MAGNETIC": 0x32, "ANY_CARD": 0x33, "MAGNETIC_SIGNAL": 0x34}),
        (
            MoveTo,
            {
                "INSIDE": 0x2E,
                "CONTACTS": 0x2F,
                "FRONT": 0x30,
                "FRONT_HELD": 0x31,
                "REAR_HELD": 0x32,
                "REAR": 0x33,
                "ABNORMAL_OUT_AT_REAR": 0x34,
            },
        ),
        (
            BaudRate,
            {"BD_1200": 0x30, "BD_2400": 0x31, "BD_4800": 0x32, "BD_9600": 0x33, "BD_19200": 0x34, "BD_38400": 0x35},
        ),
        (
            Outcome,
            {
                "OK": ord("Y"),
                "FAILED": ord("N"),
                "NO_CARD": ord("E"),
                "WRONG_POSITION": ord("W"),
                "CARD_DEAD": ord("F"),
                "NO_RF_CARD": ord("0"),
                "WRONG_SECTOR": ord("1"),
                "WRONG_SERIAL": ord("2"),
                "WRONG_KEY": ord("3"),
                "DATA_ERROR": ord("4"),
                "OVERFLOW": ord("5"),
            },
        ),
        (
            TrackError,
            {"NOT_READ": 0xE0, "NO_START": 0xE1, "NO_END": 0xE2, "PARITY": 0xE3, "CHECKSUM": 0xE4, "BLANK": 0xE5},
        ),
        (
            CardFamily,
            {
                "SLE4442": 0x38,
                "SLE4428": 0x39,
                "AT88SC102": 0x3A,
                "AT88SC1604": 0x3B,
                "AT45D041": 0x3C,
                "AT88SC1608": 0x3E,
            },
        ),
    ],
)
def test_codes_are_those_of_the_manual(kind: type[StopPosition], values: dict[str, int]) -> None:
    assert {member.name: member.value for member in kind} == values


def test_track_selections_name_their_tracks() -> None:
    named = {selection.value: selection.tracks for selection in TrackSelection}
    assert named == {
        0x30: (),
        0x31: (1,),
        0x32: (2,),
        0x33: (3,),
        0x34: (1, 2),
        0x35: (2, 3),
        0x36: (1, 3),
        0x37: (1, 2, 3),
    }


def test_the_longest_frame_of_the_manual_fits() -> None:
    page = Package(bytes.fromhex("3C31590000") + bytes(264))  # 9.8.2 p37: length 010D
    asked = MemoryCardCommand(CardFamily.AT45D041, 0x31, b"\0\0")
    assert len(page.data) == 0x010D
    assert crt310.encode(crt310.decode_answer(asked, page))[:3] == b"\x02\x01\x0d"


# -- what the manual prints in two ways ------------------------------------------------------------------


def test_reads_the_example_serial_number_that_lacks_its_operation_byte() -> None:
    example = package("02 00 06 35 31 C6 B2 72 AE 03 AB")  # 9.1.2 p15
    assert crt310.decode_answer(RfReadSerial(), example) == RfSerial(Outcome.OK, bytes.fromhex("C6B272AE"))


@pytest.mark.parametrize(
    ("command", "octets"),
    [
        (RfWrite(5, 0, BLOCK), "02 00 05 35 33 05 00 33 03 34"),  # p16
        (RfDecrement(5, 0, 1), "02 00 05 35 37 05 00 59 03 5A"),  # p18
        (SetBaudRate(BaudRate.BD_9600), "02 00 03 33 33 59 03 5B"),  # p13
        (WriteSerial(b"1"), "02 00 03 30 3A 59 03 51"),  # p8
    ],
)
def test_an_answer_that_repeats_another_command_is_taken_only_where_it_is_known(command: Command, octets: str) -> None:
    with pytest.raises(WireError, match="answers"):
        crt310.decode_answer(command, package(octets))
    assert isinstance(crt310.decode_answer(command, package(octets), as_drawn=True), Done)


@pytest.mark.parametrize(
    ("selection", "listed", "second"),
    [
        (TrackSelection.TWO, "1F 59 31", TrackData(b"1")),
        (TrackSelection.TWO, "1F 4F E0 1F 59 31 1F 4F E0", TrackData(b"1")),
        (TrackSelection.ONE_THREE, "1F 59 31 1F 59 32", TrackError.NOT_READ),
        (TrackSelection.NONE, "", TrackError.NOT_READ),
    ],
)
def test_tracks_may_be_listed_all_or_only_those_asked_for(
    selection: TrackSelection, listed: str, second: TrackData | TrackError
) -> None:
    data = bytes((0x45, 0x30, 0x30, selection.value)) + bytes.fromhex(listed)
    tracks = crt310.decode_answer(ReadTracks(TrackMode.ASCII, selection), Package(data))
    assert isinstance(tracks, Tracks)
    assert tracks.track(2) == second


# -- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("99 30", Refusal.UNKNOWN_COMMAND),
        ("59 30", Refusal.UNKNOWN_COMMAND),
        ("30 33", Refusal.UNKNOWN_PARAMETER),
        ("31 32", Refusal.UNKNOWN_PARAMETER),
        ("2E 36", Refusal.UNKNOWN_PARAMETER),
        ("2F 30 30", Refusal.UNKNOWN_PARAMETER),
        ("2F 31 32", Refusal.UNKNOWN_PARAMETER),
        ("32 35", Refusal.UNKNOWN_PARAMETER),
        ("34 36", Refusal.UNKNOWN_PARAMETER),
        ("4A 30", Refusal.UNKNOWN_PARAMETER),
        ("35 36", Refusal.UNKNOWN_PARAMETER),
        ("37 33", Refusal.UNKNOWN_PARAMETER),
        ("3D 30 38", Refusal.UNKNOWN_PARAMETER),
        ("45 30 32 37", Refusal.UNKNOWN_PARAMETER),
        ("45 30 30 38", Refusal.UNKNOWN_PARAMETER),
        ("31 30 00", Refusal.BAD_DATA),
        ("2F 31", Refusal.BAD_DATA),
        ("35 32 05 A0", Refusal.BAD_DATA),
        ("35 37 05 00 01", Refusal.BAD_DATA),
        ("35 37 05 00 01 00 00 00 00", Refusal.BAD_DATA),
        ("35 38 05 00 FF FF FF FF FF", Refusal.BAD_DATA),
        ("35 37 05 00 01 02 03 04 05", Refusal.BAD_DATA),
        ("36 31 30 00 7F 02", Refusal.BAD_DATA),
        ("36 32 30 00 00 02 AA", Refusal.BAD_DATA),
        ("37 31 00 08 00 A4 00 00 02 3F 00", Refusal.BAD_DATA),
        ("37 31 00 03 00 A4 00", Refusal.BAD_DATA),
    ],
)
def test_what_is_no_command_is_refused_with_its_error_byte(data: str, reason: Refusal) -> None:
    with pytest.raises(MalformedCommand) as refused:
        crt310.decode_command(Package(bytes.fromhex(data)))
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("command", "data"),
    [
        (AskStatus(), "31 31 4E 30"),
        (AskStatus(), "31 30 4E 4A"),
        (AskStatus(), "31 30 45 4A 4A"),
        (AskStatus(), "4E 32 02"),
        (AskStatus(), "4E 31 03"),
        (AskStatus(), "4E 31"),
        (AskSensors(), "31 2E 30 31 31 30 30 30 30 32"),
        (AskCardType(), "31 31 39 39"),
        (Move(MoveTo.FRONT), "32 30"),
        (Move(MoveTo.FRONT), "32 31 59"),
        (Move(MoveTo.FRONT), "32 30 58"),
        (RfRead(5, 0), "35 33 05 00 59"),
        (RfRead(5, 0), "35 33 05 01 59 " + "00 " * 16),
        (RfIncrement(5, 0, 1), "35 37 05 01 59"),
        (CpuApdu(CpuProtocol.T0, SELECT), "37 31 59"),
        (CpuApdu(CpuProtocol.T0, SELECT), "37 31 59 00 03 90 00"),
        (ResetCpu(CpuReset.COLD), "37 30 58 00 01 3B"),
        (ResetSam(1), "3D 30 30 59 00 01 3B"),
        (ALL_TRACKS, "45 30 30 37 59"),
        (ALL_TRACKS, "45 30 30 37 59 1F 59"),
        (ALL_TRACKS, "45 30 30 37 1F 59 31 1F 59 31"),
        (ALL_TRACKS, "45 30 30 37 1F 59 31 1F 59 31 1F 4E E0"),
        (EepromRead(EepromType.C02, 0, 2), "36 31 31 59 00 01 02 AA BB"),
        (EepromRead(EepromType.C02, 0, 2), "36 31 31 59"),
    ],
)
def test_what_does_not_answer_the_question_is_refused(command: Command, data: str) -> None:
    with pytest.raises(WireError):
        crt310.decode_answer(command, Package(bytes.fromhex(data)))


@pytest.mark.parametrize(
    "message",
    [
        Blink(256, 0),
        WriteSerial(b""),
        WriteSerial(bytes(17)),
        RfCheckKey(RfKey.A, 5, b"short"),
        RfIncrement(5, 0, 1 << 32),
        RfDecrement(5, 0, -1),
        CpuApdu(CpuProtocol.T0, bytes(263)),
        SamApdu(8, CpuProtocol.T0, SELECT),
        EepromRead(EepromType.C01, 127, 2),
        EepromWrite(EepromType.C64, 0, bytes(129)),
        Sensors(SensorSet.SIX, (True,), True, True),
        Version(Eject.KEEP, "读卡器"),
        MemoryCardCommand(CardFamily.AT45D041, 0x32, bytes(268)),
    ],
)
def test_what_does_not_fit_is_not_written(message: Command | Answer) -> None:
    with pytest.raises(WireError):
        crt310.encode(message)


# -- the deframer ----------------------------------------------------------------------------------------

STATUS = bytes.fromhex(ANSWERS["8.3.1 p9 none"][1])
STATUS_PACKAGE = package(ANSWERS["8.3.1 p9 none"][1])


def test_takes_a_dialogue_apart_byte_by_byte() -> None:
    deframer = Deframer()
    found = [event for byte in b"\x06" + STATUS + b"\x04\x15" for event in deframer.feed(bytes((byte,)))]
    assert found == [Control.ACK, STATUS_PACKAGE, Control.EOT, Control.NAK]


def test_noise_between_frames_is_named() -> None:
    assert Deframer().feed(b"\xff" + STATUS + b"\x00") == [Noise(b"\xff"), STATUS_PACKAGE, Noise(b"\x00")]


@pytest.mark.parametrize("place", range(1, len(STATUS)))
def test_a_flipped_bit_anywhere_is_noticed(place: int) -> None:
    broken = bytearray(STATUS)
    broken[place] ^= 0x40
    assert STATUS_PACKAGE not in (events := Deframer().feed(bytes(broken) + bytes(300)))
    assert not [event for event in events if isinstance(event, Package | Control)]


@pytest.mark.parametrize("end", range(1, len(STATUS)))
def test_goes_on_behind_a_frame_that_was_cut_short(end: int) -> None:
    events = Deframer().feed(STATUS[:end] + STATUS * 30)
    assert isinstance(events[0], BadFrame)
    assert events.count(STATUS_PACKAGE) >= 29 - MAX_SWALLOWED


MAX_SWALLOWED = 25  # a length of 02 00 that is made of a new STX may hold back as many frames


def test_control_characters_inside_a_broken_frame_are_not_heard() -> None:
    broken = bytes.fromhex("02 00 05 31 06 04 05 15 03 00")
    assert Deframer().feed(broken + STATUS) == [BadFrame(10), STATUS_PACKAGE]


@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_are_taken_in_any_pieces(pieces: list[bytes]) -> None:
    deframer, whole = Deframer(), Deframer()
    assert [event for piece in pieces for event in deframer.feed(piece)] == whole.feed(b"".join(pieces))
    assert len(deframer._held) <= crt310_frames.MAX_PACKAGE + 5


@given(st.binary(min_size=2, max_size=60))
def test_any_package_is_read_or_refused(data: bytes) -> None:
    try:
        command = crt310.decode_command(Package(data))
    except MalformedCommand:
        pass
    else:
        assert crt310.encode(command) == crt310_frames.frame(data)
    for asked in (AskStatus(), ALL_TRACKS, ResetCpu(CpuReset.COLD)):
        try:
            crt310.decode_answer(asked, Package(data))
        except WireError:
            continue


@given(st.sampled_from(list(ANSWERS.values())), st.binary(max_size=20))
def test_any_data_behind_the_right_echo_is_read_or_refused(vector: tuple[Command, str, Answer], data: bytes) -> None:
    command, octets, _ = vector
    try:
        crt310.decode_answer(command, Package(package(octets).data[:2] + data))
    except WireError:
        return


@pytest.mark.parametrize("size", [0, 1, 270])
def test_a_package_has_its_limits(size: int) -> None:
    with pytest.raises(WireError):
        crt310_frames.frame(bytes(size))


# -- secrets ---------------------------------------------------------------------------------------------


def test_nothing_shows_what_a_card_holds() -> None:
    secret = b"6222021234567890"
    key = RfCheckKey(RfKey.A, 1, b"SECRET")
    shown = [
        TrackData(secret),
        Tracks(TrackMode.ASCII, TrackSelection.TWO, False, (TrackData(secret),)),
        Package(secret),
        Noise(secret),
        CpuApdu(CpuProtocol.T0, secret),
        CpuResponse(CpuProtocol.T0, secret),
        key,
        RfWrite(1, 1, secret),
        RfBlock(False, 1, 1, secret),
        EepromData(False, EepromType.C01, 0, secret),
        MemoryCardAnswer(CardFamily.SLE4442, 0x31, secret),
    ]
    for thing in shown:
        assert "6222" not in repr(thing)
        assert "SECRET" not in repr(thing)


def test_an_error_does_not_quote_a_track() -> None:
    with pytest.raises(WireError) as refused:
        crt310.decode_answer(ALL_TRACKS, Package(b"\x45\x30\x30\x37\x1f\x596222021234567890"))
    assert "6222" not in str(refused.value)


@pytest.mark.parametrize(("name", "size"), [("C01", 128), ("C02", 256), ("C16", 2048), ("C64", 8192)])
def test_a_memory_card_holds_as_many_kilobits_as_its_name_says(name: str, size: int) -> None:
    """9.2.1 (p19): 24C01 to 24C64."""
    assert EepromType[name].size == size
