"""Messages of USB smart-card readers: CCID, Device Class Specification revision 1.1, chapters 5.3 and 6.

Sources: facts/device-protocols.md 3d; LudovicRousseau/CCID @5de6a96, src/ccid.h (types, bStatus), src/ccid.c (bError),
src/ccid_usb.c (NotifySlotChange, class requests); osmocom/osmo-ccid-firmware, ccid_common/ccid_proto.h (fields of each
message by section). Vectors are logs of real readers (tests/wire/test_ccid.py). Secure (69, PIN entry at the reader)
is not spoken: PINs are entered at the PIN pad.
"""

import struct
from dataclasses import dataclass
from enum import Enum, IntEnum

from wire.errors import WireError
from wire.usb_printer import ClassRequest

INTERFACE_CLASS = 0x0B
HEADER_BYTES = 10

_HEADER = struct.Struct("<BIBB3s")
_RATES = struct.Struct("<II")
_SLOTS_A_BYTE = 4
_MAX_SLOTS = 256


class IccStatus(Enum):
    """bmICCStatus: what the reader knows of the card in its slot."""

    ACTIVE = 0
    INACTIVE = 1
    ABSENT = 2


class CommandStatus(Enum):
    """bmCommandStatus: what became of the command."""

    PROCESSED = 0x00
    FAILED = 0x40
    TIME_EXTENSION = 0x80


class SlotError(Enum):
    """bError of a failed command (table 6.2-2); 01 to 7F name the byte of the command that is wrong."""

    COMMAND_NOT_SUPPORTED = 0x00
    WRONG_LENGTH = 0x01
    BAD_SLOT = 0x05
    BAD_PARAMETER = 0x07
    BAD_LEVEL = 0x08
    SLOT_BUSY = 0xE0
    BUSY_WITH_AUTO_SEQUENCE = 0xF2
    DEACTIVATED_PROTOCOL = 0xF3
    PROCEDURE_BYTE_CONFLICT = 0xF4
    CLASS_NOT_SUPPORTED = 0xF5
    PROTOCOL_NOT_SUPPORTED = 0xF6
    BAD_ATR_TCK = 0xF7
    BAD_ATR_TS = 0xF8
    HARDWARE_ERROR = 0xFB
    OVERRUN = 0xFC
    PARITY = 0xFD
    ICC_MUTE = 0xFE
    ABORTED = 0xFF


class Voltage(IntEnum):
    """bPowerSelect of IccPowerOn."""

    AUTOMATIC = 0
    V5 = 1
    V3 = 2
    V1_8 = 3


class ClockCommand(IntEnum):
    """bClockCommand of IccClock."""

    RESTART = 0
    STOP = 1


class MechanicalFunction(IntEnum):
    """bFunction of Mechanical."""

    ACCEPT = 1
    EJECT = 2
    CAPTURE = 3
    LOCK = 4
    UNLOCK = 5


class Chain(IntEnum):
    """The place of a piece in an APDU that is longer than a message: wLevelParameter and bChainParameter."""

    WHOLE = 0x00
    FIRST = 0x01
    LAST = 0x02
    MIDDLE = 0x03
    CONTINUE = 0x10
    """An empty message that asks for the next piece."""


@dataclass(frozen=True)
class SlotState:
    """bStatus and bError of an answer; `error` means something after FAILED, a multiplier after TIME_EXTENSION."""

    icc: IccStatus
    command: CommandStatus = CommandStatus.PROCESSED
    error: int = 0


# -- PC to reader --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IccPowerOn:
    """Activate the card with a Voltage. Answer: DataBlock with the ATR."""

    slot: int
    sequence: int
    voltage: int = Voltage.AUTOMATIC


@dataclass(frozen=True)
class IccPowerOff:
    """Deactivate the card. Answer: SlotStatus."""

    slot: int
    sequence: int


@dataclass(frozen=True)
class GetSlotStatus:
    """Ask whether there is a card. Answer: SlotStatus."""

    slot: int
    sequence: int


@dataclass(frozen=True)
class XfrBlock:
    """Send a command APDU or TPDU, or a piece of one (`level` is a Chain). Answer: DataBlock."""

    slot: int
    sequence: int
    data: bytes
    waiting_multiplier: int = 0
    level: int = Chain.WHOLE


@dataclass(frozen=True)
class GetParameters:
    """Ask for the parameters of the card protocol. Answer: Parameters."""

    slot: int
    sequence: int


@dataclass(frozen=True)
class ResetParameters:
    """Set the parameters to the reader's defaults. Answer: Parameters."""

    slot: int
    sequence: int


@dataclass(frozen=True)
class SetParameters:
    """Set the parameters: protocol 0 or 1 with its structure (wire/ccid_parameters.py). Answer: Parameters."""

    slot: int
    sequence: int
    protocol: int
    data: bytes


@dataclass(frozen=True)
class Escape:
    """A command of the reader's maker. Answer: EscapeAnswer."""

    slot: int
    sequence: int
    data: bytes


@dataclass(frozen=True)
class IccClock:
    """Stop the card's clock or let it run (a ClockCommand). Answer: SlotStatus."""

    slot: int
    sequence: int
    command: int


@dataclass(frozen=True)
class T0Apdu:
    """Choose the classes of GET RESPONSE (bit 0 of `changes`) and ENVELOPE (bit 1) over T=0. Answer: SlotStatus."""

    slot: int
    sequence: int
    changes: int
    class_get_response: int
    class_envelope: int


@dataclass(frozen=True)
class Mechanical:
    """Move or lock the card (a MechanicalFunction). Answer: SlotStatus."""

    slot: int
    sequence: int
    function: int


@dataclass(frozen=True)
class Abort:
    """Stop what the slot does; goes together with `abort_request` of the same numbers. Answer: SlotStatus."""

    slot: int
    sequence: int


@dataclass(frozen=True)
class SetDataRateAndClockFrequency:
    """Set the card's clock (kHz) and data rate (bit/s). Answer: DataRateAndClockFrequency."""

    slot: int
    sequence: int
    clock: int
    data_rate: int


Command = (
    IccPowerOn
    | IccPowerOff
    | GetSlotStatus
    | XfrBlock
    | GetParameters
    | ResetParameters
    | SetParameters
    | Escape
    | IccClock
    | T0Apdu
    | Mechanical
    | Abort
    | SetDataRateAndClockFrequency
)

# -- reader to PC --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DataBlock:
    """An ATR, or an answer APDU or TPDU or a piece of one (`chain` is a Chain)."""

    slot: int
    sequence: int
    state: SlotState
    data: bytes
    chain: int = Chain.WHOLE


@dataclass(frozen=True)
class SlotStatus:
    """The state of the slot; `clock` 0 says that the card's clock runs."""

    slot: int
    sequence: int
    state: SlotState
    clock: int = 0


@dataclass(frozen=True)
class Parameters:
    """The parameters of the card protocol as they are now (wire/ccid_parameters.py); no `data` after a failure."""

    slot: int
    sequence: int
    state: SlotState
    protocol: int
    data: bytes


@dataclass(frozen=True)
class EscapeAnswer:
    """The answer to Escape."""

    slot: int
    sequence: int
    state: SlotState
    data: bytes


@dataclass(frozen=True)
class DataRateAndClockFrequency:
    """The clock (kHz) and data rate (bit/s) that the reader chose."""

    slot: int
    sequence: int
    state: SlotState
    clock: int
    data_rate: int


Answer = DataBlock | SlotStatus | Parameters | EscapeAnswer | DataRateAndClockFrequency

# -- interrupt pipe ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NotifySlotChange:
    """Reader to PC on the interrupt pipe: two bits a slot, four slots a byte."""

    bits: bytes

    def present(self, slot: int) -> bool:
        """Whether a card is in `slot`."""
        return bool(self._of(slot) & 1)

    def changed(self, slot: int) -> bool:
        """Whether that changed since the last notification."""
        return bool(self._of(slot) & 2)

    def _of(self, slot: int) -> int:
        index, place = divmod(slot, _SLOTS_A_BYTE)
        return self.bits[index] >> 2 * place if index < len(self.bits) else 0


@dataclass(frozen=True)
class HardwareError:
    """Reader to PC on the interrupt pipe: bit 0 of `code` is over-current, the others are reserved."""

    slot: int
    sequence: int
    code: int


@dataclass(frozen=True)
class OtherMessage:
    """A whole bulk message of a type that this suite does not speak; `parameters` are header bytes 7 to 9."""

    message_type: int
    slot: int
    sequence: int
    parameters: bytes
    data: bytes


Message = Command | Answer | NotifySlotChange | HardwareError | OtherMessage


class _Type(IntEnum):
    NOTIFY_SLOT_CHANGE = 0x50
    HARDWARE_ERROR = 0x51
    SET_PARAMETERS = 0x61
    ICC_POWER_ON = 0x62
    ICC_POWER_OFF = 0x63
    GET_SLOT_STATUS = 0x65
    T0_APDU = 0x6A
    ESCAPE = 0x6B
    GET_PARAMETERS = 0x6C
    RESET_PARAMETERS = 0x6D
    ICC_CLOCK = 0x6E
    XFR_BLOCK = 0x6F
    MECHANICAL = 0x71
    ABORT = 0x72
    SET_DATA_RATE_AND_CLOCK_FREQUENCY = 0x73
    DATA_BLOCK = 0x80
    SLOT_STATUS = 0x81
    PARAMETERS = 0x82
    ESCAPE_ANSWER = 0x83
    DATA_RATE_AND_CLOCK_FREQUENCY = 0x84


# How many bytes of data each type has; types that are not here have any number.
_DATA_BYTES = {
    _Type.ICC_POWER_ON: 0,
    _Type.ICC_POWER_OFF: 0,
    _Type.GET_SLOT_STATUS: 0,
    _Type.GET_PARAMETERS: 0,
    _Type.RESET_PARAMETERS: 0,
    _Type.ICC_CLOCK: 0,
    _Type.T0_APDU: 0,
    _Type.MECHANICAL: 0,
    _Type.ABORT: 0,
    _Type.SLOT_STATUS: 0,
    _Type.SET_DATA_RATE_AND_CLOCK_FREQUENCY: _RATES.size,
    _Type.DATA_RATE_AND_CLOCK_FREQUENCY: _RATES.size,
}
_NONE = (0, 0, 0)


def encode(message: Message) -> bytes:
    """Return the transfer of `message`.

    Raises:
        WireError: a field does not fit its bytes.
    """
    match message:
        case NotifySlotChange(bits):
            return bytes((_Type.NOTIFY_SLOT_CHANGE,)) + bits
        case HardwareError(slot, sequence, code):
            return _bytes((_Type.HARDWARE_ERROR, slot, sequence, code))
        case OtherMessage(message_type, slot, sequence, parameters, data):
            return _encode(message_type, slot, sequence, tuple(parameters), data)
        case DataBlock() | SlotStatus() | Parameters() | EscapeAnswer() | DataRateAndClockFrequency():
            return _encode_answer(message)
        case _:
            return _encode_command(message)


def _encode_command(command: Command) -> bytes:  # noqa: C901, PLR0912
    # One case a message: a table of functions would hide which byte is what.
    slot, sequence = command.slot, command.sequence
    match command:
        case IccPowerOn(_, _, voltage):
            return _encode(_Type.ICC_POWER_ON, slot, sequence, (voltage, 0, 0))
        case IccPowerOff():
            return _encode(_Type.ICC_POWER_OFF, slot, sequence, _NONE)
        case GetSlotStatus():
            return _encode(_Type.GET_SLOT_STATUS, slot, sequence, _NONE)
        case XfrBlock(_, _, data, multiplier, level):
            return _encode(_Type.XFR_BLOCK, slot, sequence, (multiplier, level & 0xFF, level >> 8), data)
        case GetParameters():
            return _encode(_Type.GET_PARAMETERS, slot, sequence, _NONE)
        case ResetParameters():
            return _encode(_Type.RESET_PARAMETERS, slot, sequence, _NONE)
        case SetParameters(_, _, protocol, data):
            return _encode(_Type.SET_PARAMETERS, slot, sequence, (protocol, 0, 0), data)
        case Escape(_, _, data):
            return _encode(_Type.ESCAPE, slot, sequence, _NONE, data)
        case IccClock(_, _, clock):
            return _encode(_Type.ICC_CLOCK, slot, sequence, (clock, 0, 0))
        case T0Apdu(_, _, changes, get_response, envelope):
            return _encode(_Type.T0_APDU, slot, sequence, (changes, get_response, envelope))
        case Mechanical(_, _, function):
            return _encode(_Type.MECHANICAL, slot, sequence, (function, 0, 0))
        case Abort():
            return _encode(_Type.ABORT, slot, sequence, _NONE)
        case SetDataRateAndClockFrequency(_, _, frequency, rate):
            data = _rates(frequency, rate)
            return _encode(_Type.SET_DATA_RATE_AND_CLOCK_FREQUENCY, slot, sequence, _NONE, data)


def _encode_answer(answer: Answer) -> bytes:
    slot, sequence = answer.slot, answer.sequence
    state = (answer.state.icc.value | answer.state.command.value, answer.state.error)
    match answer:
        case DataBlock(_, _, _, data, chain):
            return _encode(_Type.DATA_BLOCK, slot, sequence, (*state, chain), data)
        case SlotStatus(_, _, _, clock):
            return _encode(_Type.SLOT_STATUS, slot, sequence, (*state, clock))
        case Parameters(_, _, _, protocol, data):
            return _encode(_Type.PARAMETERS, slot, sequence, (*state, protocol), data)
        case EscapeAnswer(_, _, _, data):
            return _encode(_Type.ESCAPE_ANSWER, slot, sequence, (*state, 0), data)
        case DataRateAndClockFrequency(_, _, _, frequency, rate):
            data = _rates(frequency, rate)
            return _encode(_Type.DATA_RATE_AND_CLOCK_FREQUENCY, slot, sequence, (*state, 0), data)


def decode(transfer: bytes) -> Message:
    """Return the message in one transfer of a bulk pipe, whichever side sent it.

    Raises:
        WireError: cut short, a dwLength that is not the length of the data, or a status that is none.
    """
    if len(transfer) < HEADER_BYTES:
        raise WireError(f"a CCID message has at least {HEADER_BYTES} bytes, not {len(transfer)}")
    message_type, length, slot, sequence, parameters = _HEADER.unpack_from(transfer)
    data = transfer[HEADER_BYTES:]
    if length != len(data):
        raise WireError(f"dwLength is {length} but {len(data)} bytes follow")
    expected = _DATA_BYTES.get(message_type, length)
    if length != expected:
        raise WireError(f"CCID message {message_type:02X} carries {expected} bytes of data, not {length}")
    if message_type & 0x80:
        return _decode_answer(message_type, slot, sequence, parameters, data)
    return _decode_command(message_type, slot, sequence, parameters, data)


def decode_interrupt(transfer: bytes) -> NotifySlotChange | HardwareError:
    """Return the message in one transfer of the interrupt pipe.

    Raises:
        WireError: it is neither, or cut short, or longer than its type.
    """
    match transfer[:1]:
        case b"\x50" if 1 < len(transfer) <= 1 + _MAX_SLOTS // _SLOTS_A_BYTE:
            return NotifySlotChange(transfer[1:])
        case b"\x51" if len(transfer) == 4:
            return HardwareError(*transfer[1:])
    raise WireError(f"{len(transfer)} bytes on the interrupt pipe that are no CCID message")


def _decode_command(  # noqa: C901, PLR0912  (one case a message)
    message_type: int, slot: int, sequence: int, parameters: bytes, data: bytes
) -> Message:
    first, second, third = parameters
    match message_type:
        case _Type.ICC_POWER_ON:
            return IccPowerOn(slot, sequence, first)
        case _Type.ICC_POWER_OFF:
            return IccPowerOff(slot, sequence)
        case _Type.GET_SLOT_STATUS:
            return GetSlotStatus(slot, sequence)
        case _Type.XFR_BLOCK:
            return XfrBlock(slot, sequence, data, first, second | third << 8)
        case _Type.GET_PARAMETERS:
            return GetParameters(slot, sequence)
        case _Type.RESET_PARAMETERS:
            return ResetParameters(slot, sequence)
        case _Type.SET_PARAMETERS:
            return SetParameters(slot, sequence, first, data)
        case _Type.ESCAPE:
            return Escape(slot, sequence, data)
        case _Type.ICC_CLOCK:
            return IccClock(slot, sequence, first)
        case _Type.T0_APDU:
            return T0Apdu(slot, sequence, first, second, third)
        case _Type.MECHANICAL:
            return Mechanical(slot, sequence, first)
        case _Type.ABORT:
            return Abort(slot, sequence)
        case _Type.SET_DATA_RATE_AND_CLOCK_FREQUENCY:
            return SetDataRateAndClockFrequency(slot, sequence, *_RATES.unpack(data))
        case _:
            return OtherMessage(message_type, slot, sequence, parameters, data)


def _decode_answer(message_type: int, slot: int, sequence: int, parameters: bytes, data: bytes) -> Message:
    match message_type:
        case _Type.DATA_BLOCK:
            return DataBlock(slot, sequence, _state(parameters), data, parameters[2])
        case _Type.SLOT_STATUS:
            return SlotStatus(slot, sequence, _state(parameters), parameters[2])
        case _Type.PARAMETERS:
            return Parameters(slot, sequence, _state(parameters), parameters[2], data)
        case _Type.ESCAPE_ANSWER:
            return EscapeAnswer(slot, sequence, _state(parameters), data)
        case _Type.DATA_RATE_AND_CLOCK_FREQUENCY:
            return DataRateAndClockFrequency(slot, sequence, _state(parameters), *_RATES.unpack(data))
        case _:
            return OtherMessage(message_type, slot, sequence, parameters, data)


def _encode(message_type: int, slot: int, sequence: int, parameters: tuple[int, ...], data: bytes = b"") -> bytes:
    try:
        return _HEADER.pack(message_type, len(data), slot, sequence, bytes(parameters)) + data
    except (struct.error, ValueError) as error:
        raise WireError(f"CCID message {message_type:#04x}: {error}") from None


def _bytes(fields: tuple[int, ...]) -> bytes:
    try:
        return bytes(fields)
    except ValueError as error:
        raise WireError(f"CCID message {fields[0]:#04x}: {error}") from None


def _rates(clock: int, data_rate: int) -> bytes:
    try:
        return _RATES.pack(clock, data_rate)
    except struct.error as error:
        raise WireError(f"CCID clock and data rate: {error}") from None


def _state(parameters: bytes) -> SlotState:
    status, error = parameters[0], parameters[1]
    try:
        return SlotState(IccStatus(status & 0x03), CommandStatus(status & 0xC0), error)
    except ValueError as wrong:
        raise WireError(f"bStatus {status:02X}: {wrong}") from None


# -- class requests on endpoint 0 (chapter 5.3) ----------------------------------------------------------


def abort_request(slot: int, sequence: int, interface: int = 0) -> ClassRequest:
    """ABORT: the other half of the message Abort with the same numbers; nothing is answered."""
    return ClassRequest(0x21, 0x01, sequence << 8 | slot, interface, 0)


def get_data_rates(count: int, interface: int = 0) -> ClassRequest:
    """GET_DATA_RATES: `count` data rates (bit/s), four bytes each, low byte first."""
    return ClassRequest(0xA1, 0x03, 0, interface, 4 * count)
