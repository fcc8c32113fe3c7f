"""Texts of the motor card reader and dispenser CRT-591 (CRT-571 alike): commands, replies, and what they carry.

Source: Creator, "CRT-591-M001 communication protocol" version 1.0, 2013-07-02, chapters 1.2, 2 and 3
(facts/device-protocols.md 3a-1); the same constants in syntech-pro/crt571. The frames around texts: crt591_frames.py;
what the reader is told about cards: crt591_chips.py, crt591_storage.py. No repr has data or keys.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from wire import crt591_chips, crt591_storage
from wire.crt591_chips import ChipCommand, Socket
from wire.crt591_frames import (
    MAX_ADDRESS,
    MAX_FRAME,
    STX,
    Control,
    Deframer,
    Frame,
    Garbled,
    Head,
    Token,
    decode_code,
    encode_frame,
)
from wire.crt591_storage import StorageCommand
from wire.errors import WireError

# Frames are named here too: whoever only listens to the line needs no other module.
__all__ = [
    "MAX_ADDRESS",
    "MAX_FRAME",
    "STX",
    "Command",
    "Control",
    "Deframer",
    "Frame",
    "Garbled",
    "Head",
    "Reply",
    "Socket",
    "Token",
    "decode_command",
    "decode_reply",
    "encode_command",
    "encode_frame",
    "encode_reply",
]

MAX_DATA = 512
MAX_COUNT = 999


# -- commands (chapters 2.1.1 and 3) ---------------------------------------------------------------------------


class Init(Enum):
    """PM of 30: what becomes of a card inside; with COUNTING the retract counter works (3.1.1)."""

    HOLD = 0x30
    CAPTURE = 0x31
    STAY = 0x33
    HOLD_COUNTING = 0x34
    CAPTURE_COUNTING = 0x35
    STAY_COUNTING = 0x37


class Place(Enum):
    """PM of 32: where a card is moved; IC takes one from the stacker (3.1.3)."""

    HOLD = 0x30
    IC = 0x31
    RF = 0x32
    ERROR_BIN = 0x33
    OUT = 0x39


class Kind(Enum):
    """PM of 50: which of the two readers looks at the card (2.1.1)."""

    IC = 0x30
    RF = 0x31


@dataclass(frozen=True)
class Initialize:
    """30: must come first; disables entry, selects SAM 1 and forgets errors. Answer: the firmware's name (3.1.1)."""

    init: Init


@dataclass(frozen=True)
class AskStatus:
    """31 30: the status bytes alone (3.1.2)."""


@dataclass(frozen=True)
class AskSensors:
    """31 31: the status bytes and the sensors (3.1.2). Answer: `decode_sensors`."""


@dataclass(frozen=True)
class Move:
    """32: move the card (3.1.3)."""

    place: Place


@dataclass(frozen=True)
class SetEntry:
    """33: let cards in from the gate, or not (3.1.4)."""

    enabled: bool


@dataclass(frozen=True)
class AskCardType:
    """50: find out what card it is (2.1.1). Answer: `decode_card_type`."""

    kind: Kind


@dataclass(frozen=True)
class AskSerialNumber:
    """A2 30. Answer: `decode_serial_number` (3.6.7)."""


@dataclass(frozen=True)
class AskConfiguration:
    """A3 30. Answer: text that the manual does not describe (3.6.8)."""


@dataclass(frozen=True)
class AskVersion:
    """A4 30. Answer: text (2.1.1)."""


@dataclass(frozen=True)
class AskBinCount:
    """A5 30: how many cards were captured. Answer: `decode_count` (3.6.9.1)."""


@dataclass(frozen=True)
class SetBinCount:
    """A5 31: set that, 0 to 999 (3.6.9.2)."""

    count: int


@dataclass(frozen=True)
class ResetPcsc:
    """A6 30: reset the PC/SC reader beside it (3.6.10)."""


UnitCommand = (
    Initialize
    | AskStatus
    | AskSensors
    | Move
    | SetEntry
    | AskCardType
    | AskSerialNumber
    | AskConfiguration
    | AskVersion
    | AskBinCount
    | SetBinCount
    | ResetPcsc
)
Command = UnitCommand | ChipCommand | StorageCommand


def encode_command(command: Command) -> bytes:
    """Return the text of `command`: 43, CM, PM, DATA.

    Raises:
        WireError: a field does not fit its bytes.
    """
    cm, pm, data = _parts(command)
    if len(data) > MAX_DATA:
        raise WireError(f"a CRT-591 command carries at most {MAX_DATA} bytes, not {len(data)}")
    return bytes((Head.COMMAND, cm, pm)) + data


def code_of(command: Command) -> tuple[int, int]:
    """Return CM and PM, which an answer repeats. Raises WireError as `encode_command` does."""
    cm, pm, _ = _parts(command)
    return cm, pm


def _parts(command: Command) -> tuple[int, int, bytes]:
    if isinstance(command, ChipCommand):
        return crt591_chips.parts(command)
    if isinstance(command, StorageCommand):
        return crt591_storage.parts(command)
    return _unit_parts(command)


def _unit_parts(command: UnitCommand) -> tuple[int, int, bytes]:  # noqa: C901  (one case a line of the manual's table)
    match command:
        case Initialize(init):
            return 0x30, init.value, b""
        case AskStatus():
            return 0x31, 0x30, b""
        case AskSensors():
            return 0x31, 0x31, b""
        case Move(place):
            return 0x32, place.value, b""
        case SetEntry(enabled):
            return 0x33, 0x30 if enabled else 0x31, b""
        case AskCardType(kind):
            return 0x50, kind.value, b""
        case AskSerialNumber():
            return 0xA2, 0x30, b""
        case AskConfiguration():
            return 0xA3, 0x30, b""
        case AskVersion():
            return 0xA4, 0x30, b""
        case AskBinCount():
            return 0xA5, 0x30, b""
        case SetBinCount(count):
            return 0xA5, 0x31, encode_count(count)
        case ResetPcsc():
            return 0xA6, 0x30, b""


def decode_command(text: bytes) -> Command:
    """Return the command in `text`.

    Raises:
        WireError: it is no command, or one with data that do not fit it.
    """
    if len(text) < 3 or text[0] != Head.COMMAND:
        raise WireError("no command of a CRT-591")
    cm, pm, data = text[1], text[2], text[3:]
    try:
        command = _COMMANDS[cm](pm, data)
    except (KeyError, IndexError, ValueError) as error:
        raise WireError(f"command {cm:02X} {pm:02X}: {error}") from None
    # A cold reset without Vcc means 30 (3.2.1), as does an activation of 24Cxx (3.5.1); all others have one form only.
    shorter = encode_command(command)[:-1] == text and isinstance(
        command, crt591_chips.ColdReset | crt591_storage.I2cActivate
    )
    if encode_command(command) != text and not shorter:
        raise WireError(f"command {cm:02X} {pm:02X} with data that are not its own")
    return command


def _status_command(pm: int, _: bytes) -> Command:
    return AskSensors() if _one_of(pm, 0x30, 0x31) == 0x31 else AskStatus()


def _entry_command(pm: int, _: bytes) -> Command:
    return SetEntry(_one_of(pm, 0x30, 0x31) == 0x30)


def _rf_command(pm: int, data: bytes) -> Command:
    return crt591_storage.mifare_command(data) if pm == 0x33 else crt591_chips.command_by_radio(pm, data)


def _count_command(pm: int, data: bytes) -> Command:
    return SetBinCount(decode_count(data)) if _one_of(pm, 0x30, 0x31) == 0x31 else AskBinCount()


def _single(command: Command) -> Callable[[int, bytes], Command]:
    def decode(pm: int, _: bytes) -> Command:
        _one_of(pm, 0x30)
        return command

    return decode


def _one_of(pm: int, *known: int) -> int:
    if pm not in known:
        raise WireError("unknown parameter")
    return pm


_COMMANDS: dict[int, Callable[[int, bytes], Command]] = {
    0x30: lambda pm, _: Initialize(Init(pm)),
    0x31: _status_command,
    0x32: lambda pm, _: Move(Place(pm)),
    0x33: _entry_command,
    0x50: lambda pm, _: AskCardType(Kind(pm)),
    0x51: lambda pm, data: crt591_chips.command_by_contact(0x51, pm, data),
    0x52: lambda pm, data: crt591_chips.command_by_contact(0x52, pm, data),
    0x53: crt591_storage.sle_command,
    0x54: crt591_storage.i2c_command,
    0x60: _rf_command,
    0xA2: _single(AskSerialNumber()),
    0xA3: _single(AskConfiguration()),
    0xA4: _single(AskVersion()),
    0xA5: _count_command,
    0xA6: _single(ResetPcsc()),
}


# -- replies (chapters 1.2.2, 1.2.3, 2.1.2, 2.2) ---------------------------------------------------------------


class Position(Enum):
    """st0: where the card is."""

    NONE = "0"
    GATE = "1"
    INSIDE = "2"  # at the RF or the IC position


class Stacker(Enum):
    """st1: how many cards can be dispensed."""

    EMPTY = "0"
    FEW = "1"
    ENOUGH = "2"


class Bin(Enum):
    """st2: whether the error card bin has room."""

    ROOM = "0"
    FULL = "1"


@dataclass(frozen=True)
class CardStatus:
    """st0, st1 and st2 (2.1.2)."""

    position: Position
    stacker: Stacker
    bin: Bin


class ErrorCode(Enum):
    """e1 e0 (2.2). All other codes to B0 are blank in the manual; MOVED is named by syntech-pro/crt571 alone."""

    UNDEFINED_COMMAND = "00"
    PARAMETER = "01"
    SEQUENCE = "02"
    NOT_SUPPORTED_BY_HARDWARE = "03"
    DATA = "04"
    CONTACT_NOT_RELEASED = "05"
    JAM = "10"
    SENSOR = "12"
    TOO_LONG = "13"
    TOO_SHORT = "14"
    MOVED = "16"
    RECYCLING_DISABLED = "40"
    MAGNET = "41"
    IC_POSITION_UNREACHABLE = "43"
    MOVED_BY_HAND = "45"
    COUNTER_OVERFLOW = "50"
    MOTOR = "51"
    CARD_POWER_SHORT = "60"
    ACTIVATION_FAILED = "61"
    NOT_SUPPORTED_BY_CARD = "62"
    CARD_SILENT = "63"
    CARD_PROTOCOL = "64"
    CARD_NOT_ACTIVE = "65"
    NOT_SUPPORTED_BY_CURRENT_CARD = "66"
    CARD_TRANSMISSION = "67"
    CARD_TRANSMISSION_OVERTIME = "68"
    NOT_EMV = "69"
    STACKER_EMPTY = "A0"
    BIN_FULL = "A1"
    NOT_RESET = "B0"


@dataclass(frozen=True)
class Done:
    """A positive answer to `code` (CM, PM)."""

    code: tuple[int, int]
    status: CardStatus
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Failed:
    """A negative answer to `code` (CM, PM); `data` is Type and ATR where a chip answered against EMV (code 69)."""

    code: tuple[int, int]
    error: ErrorCode
    data: bytes = field(default=b"", repr=False)


Reply = Done | Failed


def encode_reply(reply: Reply) -> bytes:
    """Return the text of `reply`. Raises WireError for more than 512 bytes of data."""
    if len(reply.data) > MAX_DATA:
        raise WireError(f"a CRT-591 reply carries at most {MAX_DATA} bytes, not {len(reply.data)}")
    match reply:
        case Done(code, status, data):
            flags = status.position.value + status.stacker.value + status.bin.value
            return bytes((Head.DONE, *code)) + flags.encode("ascii") + data
        case Failed(code, error, data):
            return bytes((Head.FAILED, *code)) + error.value.encode("ascii") + data


def decode_reply(text: bytes) -> Reply:
    """Return the reply in `text`; a failure may begin with 4E or 45.

    Raises:
        WireError: it is no reply, or its status or error code is none of the manual's.
    """
    head = text[:1]
    if head == bytes((Head.DONE,)) and len(text) >= 6:
        status = CardStatus(
            decode_code(Position, text[3:4]), decode_code(Stacker, text[4:5]), decode_code(Bin, text[5:6])
        )
        return Done((text[1], text[2]), status, text[6:])
    if head in {bytes((Head.FAILED,)), bytes((Head.FAILED_AS_PRINTED,))} and len(text) >= 5:
        return Failed((text[1], text[2]), decode_code(ErrorCode, text[3:5]), text[5:])
    raise WireError("no reply of a CRT-591")


# -- the data of replies (chapter 3) ---------------------------------------------------------------------------

_SENSORS = 7


def decode_sensors(data: bytes) -> tuple[bool, ...]:
    """Return S1 to S7, True with a card before it.

    The manual draws 10 bytes and writes of 8 (3.1.2); what follows the seven is reserved in both and not looked at.

    Raises:
        WireError: neither 8 nor 10 bytes, or one of the seven neither 30 nor 31.
    """
    if len(data) not in {8, 10} or not set(data[:_SENSORS]) <= set(b"01"):
        raise WireError("no sensor bytes of a CRT-591")
    return tuple(byte == ord("1") for byte in data[:_SENSORS])


class CardType(Enum):
    """Answer to 50 30 (facts/device-protocols.md 3a-1)."""

    UNKNOWN = "00"
    CPU_T0 = "10"
    CPU_T1 = "11"
    SLE4442 = "20"
    SLE4428 = "21"
    I2C_24C01 = "30"
    I2C_24C02 = "31"
    I2C_24C04 = "32"
    I2C_24C08 = "33"
    I2C_24C16 = "34"
    I2C_24C32 = "35"
    I2C_24C64 = "36"
    I2C_24C128 = "37"
    I2C_24C256 = "38"


def decode_card_type(data: bytes) -> CardType:
    """Return the type of the card at the IC position. Raises WireError."""
    return decode_code(CardType, data)


_MAX_SERIAL = 18


def decode_serial_number(data: bytes) -> str:
    """Return the reader's serial number of 0 to 18 characters. Raises WireError."""
    if not data or data[0] > _MAX_SERIAL or len(data) != data[0] + 1:
        raise WireError("no serial number of a CRT-591")
    return decode_text(data[1:])


def decode_text(data: bytes) -> str:
    """Return printable ASCII as it is, other bytes in hexadecimal; no manual says what characters these texts have."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in data)


def decode_count(data: bytes) -> int:
    """Return the three digits of the bin counter. Raises WireError."""
    if len(data) != 3 or not data.isdigit():
        raise WireError("no count of a CRT-591")
    return int(data)


def encode_count(count: int) -> bytes:
    """Return three digits. Raises WireError."""
    if not 0 <= count <= MAX_COUNT:
        raise WireError(f"the bin counter has 0 to {MAX_COUNT}, not {count}")
    return f"{count:03}".encode("ascii")
