"""Frames and messages of the motor card reader and dispenser CRT-591 (CRT-571 alike), serial, F2 frames.

Source: Creator, "CRT-591-M001 communication protocol" version 1.0, 2013-07-02, chapters 1 to 3
(facts/device-protocols.md 3a-1); the same constants in syntech-pro/crt571. Left out: memory cards (CM 53, 54), and RF
enable/disable (60 39), which the manual lists in 2.1.1 but never draws. No repr has data or keys.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import reduce
from operator import xor
from typing import TypeVar

from wire.errors import WireError

STX, ETX = 0xF2, 0x03
MAX_FRAME = 1024
MAX_DATA = 512
MIN_APDU, MAX_APDU = 4, 261
MAX_ADDRESS = 0x0F
MAX_COUNT = 999

_AROUND_TEXT = 6  # F2, address, two bytes of length, ETX, BCC

E = TypeVar("E", bound=Enum)


# -- frames (chapter 1.2) --------------------------------------------------------------------------------------


class Control(Enum):
    """The single bytes between frames, chapter 1.1.2."""

    ACK = 0x06
    NAK = 0x15
    EOT = 0x04


class Head(IntEnum):
    """The first byte of a text: who speaks, and whether it went well."""

    COMMAND = 0x43
    DONE = 0x50
    FAILED = 0x4E
    FAILED_AS_PRINTED = 0x45  # 1.2.3 prints "('N', 45H)"; every drawing of chapter 3 has "N"


@dataclass(frozen=True)
class Frame:
    """A frame with a right BCC: the unit's address (0 to 15) and its text, from CMT, PMT or EMT to the end of DATA."""

    address: int
    text: bytes = field(repr=False)


@dataclass(frozen=True)
class Garbled:
    """What began as a frame and was none: the other side has to be asked for it again."""

    reason: str


Token = Control | Frame | Garbled


def encode_frame(frame: Frame) -> bytes:
    """Return F2, address, length, text, 03 and the XOR of all these.

    Raises:
        WireError: an address above 15, or a text that makes more than 1,024 bytes.
    """
    if not 0 <= frame.address <= MAX_ADDRESS:
        raise WireError(f"a CRT-591 has the address 0 to {MAX_ADDRESS}, not {frame.address}")
    if len(frame.text) + _AROUND_TEXT > MAX_FRAME:
        raise WireError(f"a CRT-591 frame has at most {MAX_FRAME} bytes")
    body = bytes((STX, frame.address)) + len(frame.text).to_bytes(2, "big") + frame.text + bytes((ETX,))
    return body + bytes((reduce(xor, body),))


class Deframer:
    """Bytes of either side to tokens; keeps at most one frame and resynchronises at the next F2."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def in_frame(self) -> bool:
        """Whether a frame has begun and is not whole."""
        return bool(self._buffer)

    def reset(self) -> None:
        """Forget the frame that has begun."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Token]:
        """Return what became whole with `data`; bytes outside frames that are no control are dropped."""
        self._buffer += data
        tokens: list[Token] = []
        while self._buffer:
            if self._buffer[0] != STX:
                byte = self._buffer.pop(0)
                if byte in _CONTROLS:
                    tokens.append(Control(byte))
                continue
            if len(self._buffer) < 4:
                break
            size = int.from_bytes(self._buffer[2:4], "big") + _AROUND_TEXT
            wrong = self._header_problem(size)
            if wrong is None:
                if len(self._buffer) < size:
                    break
                wrong = self._body_problem(size)
            if wrong is None:
                tokens.append(Frame(self._buffer[1], bytes(self._buffer[4 : size - 2])))
                del self._buffer[:size]
            else:
                tokens.append(Garbled(wrong))
                self._resynchronise(size)
        return tokens

    def _header_problem(self, size: int) -> str | None:
        if self._buffer[1] > MAX_ADDRESS:
            return f"no unit has the address {self._buffer[1]:02X}"
        if size > MAX_FRAME:
            return f"a frame of {size} bytes"
        return None

    def _body_problem(self, size: int) -> str | None:
        if self._buffer[size - 2] != ETX:
            return "no ETX at the end"
        return None if reduce(xor, self._buffer[:size]) == 0 else "wrong BCC"

    def _resynchronise(self, size: int) -> None:
        # Not to the next control byte: a 06 of the broken text would be taken for an ACK.
        found = self._buffer.find(STX, 1)
        del self._buffer[: found if found > 0 else size]


_CONTROLS = frozenset(control.value for control in Control)


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


class Socket(Enum):
    """CM of the contact interfaces: the card at the IC position, or the selected SAM (3.2, 3.3)."""

    CARD = 0x51
    SAM = 0x52


class Supply(Enum):
    """Vcc of a cold reset: voltage and rules of activation (3.2.1)."""

    EMV_5V = 0x30
    ISO_5V = 0x33
    ISO_3V = 0x35


class Exchange(Enum):
    """PM of an APDU by contact (3.2.4, 3.2.5, 3.2.7)."""

    T0 = 0x33
    T1 = 0x34
    AUTO = 0x39


class Air(Enum):
    """PM of an APDU by radio (3.6.5, 3.6.6)."""

    A = 0x34
    B = 0x35


class Protocols(Enum):
    """Set1 and Set2 of an activation by radio: what is tried, in this order (3.6.1)."""

    A_THEN_B = b"AB"
    B_THEN_A = b"BA"
    ONLY_A = b"A0"
    ONLY_B = b"B0"


class Key(Enum):
    """ks of a Mifare key (3.6.4.1)."""

    A = 0x00
    B = 0x01


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
class ColdReset:
    """51 30, 52 30: power and reset. Answer: `decode_chip` (3.2.1, 3.3.1)."""

    socket: Socket
    supply: Supply = Supply.EMV_5V


@dataclass(frozen=True)
class PowerOff:
    """51 31, 52 31: take the power away (3.2.2, 3.3.2)."""

    socket: Socket


@dataclass(frozen=True)
class AskPower:
    """51 32, 52 32: whether the chip is active. Answer: `decode_power`, `decode_sam_power` (3.2.3, 3.3.3)."""

    socket: Socket


@dataclass(frozen=True)
class WarmReset:
    """51 38, 52 38: reset under power. Answer: `decode_chip` (3.2.6, 3.3.6)."""

    socket: Socket


@dataclass(frozen=True)
class Apdu:
    """51 and 52 with 33, 34 or 39: a command of 4 to 261 bytes. Answer: 2 to 258 bytes (3.2.4)."""

    socket: Socket
    exchange: Exchange
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class SelectSam:
    """52 40: work with SAM 0 to 4 from now on (3.3.8)."""

    slot: int


@dataclass(frozen=True)
class RfActivate:
    """60 30: find a card by radio. Answer: `decode_rf_card` (3.6.1)."""

    protocols: Protocols


@dataclass(frozen=True)
class RfOff:
    """60 31: switch the antenna off (3.6.2)."""


@dataclass(frozen=True)
class AskRf:
    """60 32: what card is active by radio. Answer: `decode_rf_state` (3.6.3)."""


@dataclass(frozen=True)
class MifareVerify:
    """60 33 00 20: log in to a sector with a key of 6 bytes (3.6.4.1). Answer of all these: `decode_mifare`."""

    key: Key
    sector: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class MifareVerifyStored:
    """60 33 00 21: log in with the key that the reader keeps for the sector (3.6.4.2)."""

    key: Key
    sector: int


@dataclass(frozen=True)
class MifareChangeKeyA:
    """60 33 00 D5: new key A; sets key B to FF.. and the access bits to FF 07 80 69 (3.6.4.3)."""

    sector: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class MifareStoreKey:
    """60 33 00 D0: have the reader keep a key (3.6.4.4)."""

    key: Key
    sector: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class MifareRead:
    """60 33 00 B0: read `blocks` blocks (3.6.4.5)."""

    sector: int
    block: int
    blocks: int


@dataclass(frozen=True)
class MifareWrite:
    """60 33 00 D1: write `blocks` blocks (3.6.4.6)."""

    sector: int
    block: int
    blocks: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class MifareInitValue:
    """60 33 00 D2: make a value block; `value` has 4 bytes, in an order that the manual does not say (3.6.4.7)."""

    sector: int
    block: int
    value: bytes


@dataclass(frozen=True)
class MifareReadValue:
    """60 33 00 B1: read a value block (3.6.4.8)."""

    sector: int
    block: int


@dataclass(frozen=True)
class MifareIncrement:
    """60 33 00 D3: add 4 bytes (3.6.4.9)."""

    sector: int
    block: int
    value: bytes


@dataclass(frozen=True)
class MifareDecrement:
    """60 33 00 D4: subtract 4 bytes (3.6.4.10)."""

    sector: int
    block: int
    value: bytes


Mifare = (
    MifareVerify
    | MifareVerifyStored
    | MifareChangeKeyA
    | MifareStoreKey
    | MifareRead
    | MifareWrite
    | MifareInitValue
    | MifareReadValue
    | MifareIncrement
    | MifareDecrement
)


@dataclass(frozen=True)
class RfApdu:
    """60 34, 60 35: a command of 4 to 261 bytes by T=CL (3.6.5, 3.6.6)."""

    air: Air
    data: bytes = field(repr=False)


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


Command = (
    Initialize
    | AskStatus
    | AskSensors
    | Move
    | SetEntry
    | AskCardType
    | ColdReset
    | PowerOff
    | AskPower
    | WarmReset
    | Apdu
    | SelectSam
    | RfActivate
    | RfOff
    | AskRf
    | Mifare
    | RfApdu
    | AskSerialNumber
    | AskConfiguration
    | AskVersion
    | AskBinCount
    | SetBinCount
    | ResetPcsc
)

_SAM_SELECT = 0x40
_SAM_SLOTS = 5
_SECRET = 6
_VALUE = 4


def encode_command(command: Command) -> bytes:
    """Return the text of `command`: 43, CM, PM, DATA.

    Raises:
        WireError: a field does not fit its bytes.
    """
    code, data = _command_parts(command)
    if len(data) > MAX_DATA:
        raise WireError(f"a CRT-591 command carries at most {MAX_DATA} bytes, not {len(data)}")
    return bytes((Head.COMMAND,)) + code + data


def code_of(command: Command) -> tuple[int, int]:
    """Return CM and PM, which an answer repeats. Raises WireError as `encode_command` does."""
    cm, pm = _command_parts(command)[0]
    return cm, pm


def _command_parts(command: Command) -> tuple[bytes, bytes]:  # noqa: C901, PLR0912  (one case a line of the manual's table)
    match command:
        case Initialize(init):
            return bytes((0x30, init.value)), b""
        case AskStatus():
            return b"\x31\x30", b""
        case AskSensors():
            return b"\x31\x31", b""
        case Move(place):
            return bytes((0x32, place.value)), b""
        case SetEntry(enabled):
            return b"\x33\x30" if enabled else b"\x33\x31", b""
        case AskCardType(kind):
            return bytes((0x50, kind.value)), b""
        case ColdReset(socket, supply):
            return bytes((socket.value, 0x30)), bytes((supply.value,))
        case PowerOff(socket):
            return bytes((socket.value, 0x31)), b""
        case AskPower(socket):
            return bytes((socket.value, 0x32)), b""
        case WarmReset(socket):
            return bytes((socket.value, 0x38)), b""
        case Apdu(socket, exchange, data):
            return bytes((socket.value, exchange.value)), _apdu(data)
        case SelectSam(slot):
            if not 0 <= slot < _SAM_SLOTS:
                raise WireError(f"there are SAM 0 to {_SAM_SLOTS - 1}, not {slot}")
            return bytes((Socket.SAM.value, _SAM_SELECT)), bytes((0x30 + slot,))
        case RfActivate(protocols):
            return b"\x60\x30", protocols.value
        case RfOff():
            return b"\x60\x31", b""
        case AskRf():
            return b"\x60\x32", b""
        case RfApdu(air, data):
            return bytes((0x60, air.value)), _apdu(data)
        case AskSerialNumber():
            return b"\xa2\x30", b""
        case AskConfiguration():
            return b"\xa3\x30", b""
        case AskVersion():
            return b"\xa4\x30", b""
        case AskBinCount():
            return b"\xa5\x30", b""
        case SetBinCount(count):
            return b"\xa5\x31", encode_count(count)
        case ResetPcsc():
            return b"\xa6\x30", b""
        case _:
            return b"\x60\x33", _mifare(command)


def _mifare(command: Mifare) -> bytes:  # noqa: C901  (one case a chapter)
    match command:
        case MifareVerify(key, sector, secret):
            return _bytes(0x00, 0x20, key.value, sector, _SECRET) + _exactly(secret, _SECRET)
        case MifareVerifyStored(key, sector):
            return _bytes(0x00, 0x21, key.value, sector)
        case MifareChangeKeyA(sector, secret):
            return _bytes(0x00, 0xD5, 0x00, sector, _SECRET) + _exactly(secret, _SECRET)
        case MifareStoreKey(key, sector, secret):
            return _bytes(0x00, 0xD0, key.value, sector, _SECRET) + _exactly(secret, _SECRET)
        case MifareRead(sector, block, blocks):
            return _bytes(0x00, 0xB0, sector, block, blocks)
        case MifareWrite(sector, block, blocks, data):
            if not blocks or len(data) not in {4 * blocks, 16 * blocks}:
                raise WireError(f"{blocks} Mifare blocks have 4 or 16 bytes each, not {len(data)} in all")
            return _bytes(0x00, 0xD1, sector, block, blocks) + data
        case MifareInitValue(sector, block, value):
            return _bytes(0x00, 0xD2, sector, block, _VALUE) + _exactly(value, _VALUE)
        case MifareReadValue(sector, block):
            return _bytes(0x00, 0xB1, sector, block)
        case MifareIncrement(sector, block, value):
            return _bytes(0x00, 0xD3, sector, block, _VALUE) + _exactly(value, _VALUE)
        case MifareDecrement(sector, block, value):
            return _bytes(0x00, 0xD4, sector, block, _VALUE) + _exactly(value, _VALUE)


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
    # A cold reset without Vcc means 30 (3.2.1); all others have one form only.
    if encode_command(command) != text and not (isinstance(command, ColdReset) and not data):
        raise WireError(f"command {cm:02X} {pm:02X} with data that are not its own")
    return command


def _status_command(pm: int, _: bytes) -> Command:
    return AskSensors() if _one_of(pm, 0x30, 0x31) == 0x31 else AskStatus()


def _entry_command(pm: int, _: bytes) -> Command:
    return SetEntry(_one_of(pm, 0x30, 0x31) == 0x30)


def _contact_command(socket: Socket, pm: int, data: bytes) -> Command:
    match pm:
        case 0x30:
            return ColdReset(socket, Supply(data[0]) if data else Supply.EMV_5V)
        case 0x31:
            return PowerOff(socket)
        case 0x32:
            return AskPower(socket)
        case 0x38:
            return WarmReset(socket)
        case 0x40 if socket is Socket.SAM:
            return SelectSam(data[0] - 0x30)
        case _:
            return Apdu(socket, Exchange(pm), data)


def _rf_command(pm: int, data: bytes) -> Command:
    match pm:
        case 0x30:
            return RfActivate(Protocols(data))
        case 0x31:
            return RfOff()
        case 0x32:
            return AskRf()
        case 0x33:
            return _mifare_command(data)
        case _:
            return RfApdu(Air(pm), data)


def _mifare_command(data: bytes) -> Command:  # noqa: C901  (one case a chapter)
    first, second, rest = data[2], data[3], data[5:]
    match data[1]:
        case 0x20:
            return MifareVerify(Key(first), second, rest)
        case 0x21:
            return MifareVerifyStored(Key(first), second)
        case 0xD5:
            return MifareChangeKeyA(second, rest)
        case 0xD0:
            return MifareStoreKey(Key(first), second, rest)
        case 0xB0:
            return MifareRead(first, second, data[4])
        case 0xD1:
            return MifareWrite(first, second, data[4], rest)
        case 0xD2:
            return MifareInitValue(first, second, rest)
        case 0xB1:
            return MifareReadValue(first, second)
        case 0xD3:
            return MifareIncrement(first, second, rest)
        case 0xD4:
            return MifareDecrement(first, second, rest)
        case other:
            raise WireError(f"no Mifare command {other:02X}")


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
    0x51: lambda pm, data: _contact_command(Socket.CARD, pm, data),
    0x52: lambda pm, data: _contact_command(Socket.SAM, pm, data),
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
        status = CardStatus(_member(Position, text[3:4]), _member(Stacker, text[4:5]), _member(Bin, text[5:6]))
        return Done((text[1], text[2]), status, text[6:])
    if head in {bytes((Head.FAILED,)), bytes((Head.FAILED_AS_PRINTED,))} and len(text) >= 5:
        return Failed((text[1], text[2]), _member(ErrorCode, text[3:5]), text[5:])
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
    return _member(CardType, data)


class Protocol(Enum):
    """Type of an activated chip (3.2.1)."""

    T0 = "0"
    T1 = "1"


@dataclass(frozen=True)
class Chip:
    """An activated chip: its protocol and its ATR (not empty)."""

    protocol: Protocol
    atr: bytes


def decode_chip(data: bytes) -> Chip:
    """Return Type and ATR. Raises WireError."""
    if len(data) < 2:
        raise WireError("a chip without an ATR")
    return Chip(_member(Protocol, data[:1]), data[1:])


class Power(Enum):
    """sti of a chip: off, or on at a clock in MHz (3.2.3)."""

    OFF = "0"
    ON_3_57 = "1"
    ON_7_16 = "2"


def decode_power(data: bytes) -> Power:
    """Return the power of the card's chip. Raises WireError."""
    return _member(Power, data)


def decode_sam_power(data: bytes) -> tuple[Power, int]:
    """Return the power of the selected SAM, and which (0 to 4) that is. Raises WireError."""
    if len(data) != 2 or not 0 <= data[1] - 0x30 < _SAM_SLOTS:
        raise WireError("no SAM state of a CRT-591")
    return _member(Power, data[:1]), data[1] - 0x30


@dataclass(frozen=True)
class MifareCard:
    """A card without T=CL; `kind` is ATQA: 0044 Ultralight, 0004 S50, 0002 S70."""

    kind: int
    uid: bytes
    sak: int


@dataclass(frozen=True)
class TypeACard:
    """A T=CL card of type A; `ats` is all behind SAK, the protocol parameter with it."""

    atqa: int
    uid: bytes
    sak: int
    ats: bytes


@dataclass(frozen=True)
class TypeBCard:
    """A T=CL card of type B; `atqb` has 12 bytes: 50, PUPI (4), application data (4), protocol info (3)."""

    atqb: bytes


RfCard = MifareCard | TypeACard | TypeBCard
_ATQB = 12


def decode_rf_card(data: bytes) -> RfCard:
    """Return the card that 60 30 found. Raises WireError."""
    kind, rest = data[:1], data[1:]
    if kind == b"B":
        if len(rest) != _ATQB or rest[0] != 0x50:
            raise WireError("no ATQB of 12 bytes")
        return TypeBCard(rest)
    if kind not in {b"M", b"A"} or len(rest) < 3 or rest[2] not in {4, 7, 10} or len(rest) < rest[2] + 4:
        raise WireError("no card by radio of a CRT-591")
    end = 3 + rest[2]
    atqa, uid, sak, ats = int.from_bytes(rest[:2], "big"), rest[3:end], rest[end], rest[end + 1 :]
    if kind == b"A":
        return TypeACard(atqa, uid, sak, ats)
    if ats:
        raise WireError("a Mifare card has no ATS")
    return MifareCard(atqa, uid, sak)


class RfState(Enum):
    """sti and stj of 60 32 (3.6.3)."""

    OFF = "00"
    S50 = "10"
    S70 = "11"
    ULTRALIGHT = "12"
    TYPE_A = "20"
    TYPE_B = "30"


def decode_rf_state(data: bytes) -> RfState:
    """Return which card is active by radio. Raises WireError."""
    return _member(RfState, data)


class MifareStatus(Enum):
    """sw1 sw2 of a Mifare command (3.6.4)."""

    SUCCESS = 0x9000
    FAIL = 0x6F00
    ADDRESS_OVERFLOW = 0x6B00
    LENGTH_OVERFLOW = 0x6700


@dataclass(frozen=True)
class MifareAnswer:
    """What a Mifare command gave: data only after SUCCESS."""

    status: MifareStatus
    data: bytes = field(default=b"", repr=False)


def decode_mifare(data: bytes) -> MifareAnswer:
    """Return the answer to a Mifare command. Raises WireError."""
    try:
        return MifareAnswer(MifareStatus(int.from_bytes(data[-2:], "big")), data[:-2])
    except ValueError:
        raise WireError("no status word of a Mifare command") from None


_MAX_SERIAL = 18


def decode_serial_number(data: bytes) -> str:
    """Return the reader's serial number of 0 to 18 characters. Raises WireError."""
    if not data or data[0] > _MAX_SERIAL or len(data) != data[0] + 1:
        raise WireError("no serial number of a CRT-591")
    return decode_text(data[1:])


def decode_text(data: bytes) -> str:
    """Return printable ASCII. Raises WireError for anything else."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        text = "\0"
    if text and not text.isprintable():
        raise WireError("no text of a CRT-591")
    return text


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


def _member(enum: type[E], data: bytes) -> E:
    try:
        return enum(data.decode("latin-1"))
    except ValueError:
        raise WireError(f"{data.hex()} is no {enum.__name__}") from None


def _apdu(data: bytes) -> bytes:
    if not MIN_APDU <= len(data) <= MAX_APDU:
        raise WireError(f"a CRT-591 takes APDUs of {MIN_APDU} to {MAX_APDU} bytes, not {len(data)}")
    return data


def _bytes(*values: int) -> bytes:
    try:
        return bytes(values)
    except ValueError:
        raise WireError("a Mifare command has numbers of one byte") from None


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise WireError(f"{size} bytes are needed, not {len(data)}")
    return data
