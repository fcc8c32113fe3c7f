"""What the CRT-591 is told about cards with a chip, and what it answers: by contact, in a SAM's socket, by radio.

Source: Creator, "CRT-591-M001 communication protocol" version 1.0, 2013-07-02, chapters 3.2, 3.3, 3.6.1 to 3.6.3, 3.6.5
and 3.6.6 (facts/device-protocols.md 3a-1). No repr has the data of an APDU.
"""

from dataclasses import dataclass, field
from enum import Enum

from wire.crt591_frames import decode_code
from wire.errors import WireError

MIN_APDU, MAX_APDU = 4, 261

_SAM_SELECT = 0x40
_SAM_SLOTS = 5
_ATQB = 12


# -- commands --------------------------------------------------------------------------------------------------


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
class RfApdu:
    """60 34, 60 35: a command of 4 to 261 bytes by T=CL (3.6.5, 3.6.6)."""

    air: Air
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class RfSwitch:
    """60 39: "RF Card enable/disable", listed in 2.1.1 and drawn nowhere: `data` is what the maker says of the unit."""

    data: bytes


ChipCommand = (
    ColdReset | PowerOff | AskPower | WarmReset | Apdu | SelectSam | RfActivate | RfOff | AskRf | RfApdu | RfSwitch
)


def parts(command: ChipCommand) -> tuple[int, int, bytes]:  # noqa: C901  (one case a chapter)
    """Return CM, PM and DATA of `command`.

    Raises:
        WireError: a field does not fit its bytes.
    """
    match command:
        case ColdReset(socket, supply):
            return socket.value, 0x30, bytes((supply.value,))
        case PowerOff(socket):
            return socket.value, 0x31, b""
        case AskPower(socket):
            return socket.value, 0x32, b""
        case WarmReset(socket):
            return socket.value, 0x38, b""
        case Apdu(socket, exchange, data):
            return socket.value, exchange.value, _apdu(data)
        case SelectSam(slot):
            if not 0 <= slot < _SAM_SLOTS:
                raise WireError(f"there are SAM 0 to {_SAM_SLOTS - 1}, not {slot}")
            return Socket.SAM.value, _SAM_SELECT, bytes((0x30 + slot,))
        case RfActivate(protocols):
            return 0x60, 0x30, protocols.value
        case RfOff():
            return 0x60, 0x31, b""
        case AskRf():
            return 0x60, 0x32, b""
        case RfApdu(air, data):
            return 0x60, air.value, _apdu(data)
        case RfSwitch(data):
            return 0x60, 0x39, data


def command_by_contact(cm: int, pm: int, data: bytes) -> ChipCommand:
    """Return the command that CM 51 or 52 begins. Raises ValueError, IndexError."""
    socket = Socket(cm)
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


def command_by_radio(pm: int, data: bytes) -> ChipCommand:
    """Return the command that CM 60 begins, but for PM 33. Raises ValueError."""
    match pm:
        case 0x30:
            return RfActivate(Protocols(data))
        case 0x31:
            return RfOff()
        case 0x32:
            return AskRf()
        case 0x39:
            return RfSwitch(data)
        case _:
            return RfApdu(Air(pm), data)


def _apdu(data: bytes) -> bytes:
    if not MIN_APDU <= len(data) <= MAX_APDU:
        raise WireError(f"a CRT-591 takes APDUs of {MIN_APDU} to {MAX_APDU} bytes, not {len(data)}")
    return data


# -- answers ---------------------------------------------------------------------------------------------------


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
    return Chip(decode_code(Protocol, data[:1]), data[1:])


class Power(Enum):
    """sti of a chip: off, or on at a clock in MHz (3.2.3)."""

    OFF = "0"
    ON_3_57 = "1"
    ON_7_16 = "2"


def decode_power(data: bytes) -> Power:
    """Return the power of the card's chip. Raises WireError."""
    return decode_code(Power, data)


def decode_sam_power(data: bytes) -> tuple[Power, int]:
    """Return the power of the selected SAM, and which (0 to 4) that is. Raises WireError."""
    if len(data) != 2 or not 0 <= data[1] - 0x30 < _SAM_SLOTS:
        raise WireError("no SAM state of a CRT-591")
    return decode_code(Power, data[:1]), data[1] - 0x30


@dataclass(frozen=True)
class MifareCard:
    """A card without T=CL; `kind` is ATQA: 0044 Ultralight, 0004 S50, 0002 S70."""

    kind: int
    uid: bytes = field(repr=False)
    sak: int


@dataclass(frozen=True)
class TypeACard:
    """A T=CL card of type A; `ats` is all behind SAK, the protocol parameter with it (not empty)."""

    atqa: int
    uid: bytes = field(repr=False)
    sak: int
    ats: bytes


@dataclass(frozen=True)
class TypeBCard:
    """A T=CL card of type B; `atqb` has 12 bytes: 50, PUPI (4), application data (4), protocol info (3)."""

    atqb: bytes = field(repr=False)


RfCard = MifareCard | TypeACard | TypeBCard


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
    if bool(ats) is not (kind == b"A"):
        raise WireError("a card of type A has an ATS, a Mifare card has none")
    return TypeACard(atqa, uid, sak, ats) if ats else MifareCard(atqa, uid, sak)


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
    return decode_code(RfState, data)
