"""Messages of USB smart-card readers: CCID, Device Class Specification revision 1.1, chapters 5 and 6.

Sources: facts/device-protocols.md 3d; LudovicRousseau/CCID @5de6a96, src/ccid.h (types, bStatus, dwFeatures),
src/ccid.c (bError), src/ccid_usb.c (NotifySlotChange, descriptor offsets). Vectors are logs of real readers
(tests/wire/test_ccid.py).
"""

import struct
from dataclasses import dataclass
from enum import Enum, IntEnum

from wire.errors import WireError

INTERFACE_CLASS = 0x0B
HEADER_BYTES = 10

_HEADER = struct.Struct("<BIBB3s")
_DESCRIPTOR = struct.Struct("<BBHBBIIIBIIBIIIIIBBHBB")
_SLOTS_A_BYTE = 4


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
    """bError of a failed command, as far as this suite tells them apart (src/ccid.c)."""

    COMMAND_NOT_SUPPORTED = 0x00
    WRONG_LENGTH = 0x01
    BAD_SLOT = 0x05
    BAD_LEVEL = 0x08
    HARDWARE_ERROR = 0xFB
    PARITY = 0xFD
    ICC_MUTE = 0xFE


@dataclass(frozen=True)
class SlotState:
    """bStatus and bError of an answer; `error` means something after FAILED, a multiplier after TIME_EXTENSION."""

    icc: IccStatus
    command: CommandStatus = CommandStatus.PROCESSED
    error: int = 0


@dataclass(frozen=True)
class IccPowerOn:
    """PC to reader: activate the card; `voltage` 0 lets the reader choose. Answer: DataBlock with the ATR."""

    slot: int
    sequence: int
    voltage: int = 0


@dataclass(frozen=True)
class IccPowerOff:
    """PC to reader: deactivate the card. Answer: SlotStatus."""

    slot: int
    sequence: int


@dataclass(frozen=True)
class GetSlotStatus:
    """PC to reader: is there a card? Answer: SlotStatus."""

    slot: int
    sequence: int


@dataclass(frozen=True)
class XfrBlock:
    """PC to reader: a command APDU; `level` is 0 for short APDUs. Answer: DataBlock."""

    slot: int
    sequence: int
    data: bytes
    waiting_multiplier: int = 0
    level: int = 0


@dataclass(frozen=True)
class DataBlock:
    """Reader to PC: an ATR or an answer APDU."""

    slot: int
    sequence: int
    state: SlotState
    data: bytes
    chain: int = 0


@dataclass(frozen=True)
class SlotStatus:
    """Reader to PC: the state of the slot; `clock` 0 says that the card's clock runs."""

    slot: int
    sequence: int
    state: SlotState
    clock: int = 0


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
class OtherMessage:
    """A whole bulk message of a type that this suite does not speak; `parameters` are header bytes 7 to 9."""

    message_type: int
    slot: int
    sequence: int
    parameters: bytes
    data: bytes


Message = IccPowerOn | IccPowerOff | GetSlotStatus | XfrBlock | DataBlock | SlotStatus | NotifySlotChange | OtherMessage


class _Type(IntEnum):
    ICC_POWER_ON = 0x62
    ICC_POWER_OFF = 0x63
    GET_SLOT_STATUS = 0x65
    XFR_BLOCK = 0x6F
    DATA_BLOCK = 0x80
    SLOT_STATUS = 0x81
    NOTIFY_SLOT_CHANGE = 0x50


_WITHOUT_DATA = frozenset({_Type.ICC_POWER_ON, _Type.ICC_POWER_OFF, _Type.GET_SLOT_STATUS, _Type.SLOT_STATUS})


def encode(message: Message) -> bytes:
    """Return the transfer of `message`.

    Raises:
        WireError: a field does not fit its bytes.
    """
    match message:
        case IccPowerOn(slot, sequence, voltage):
            return _encode(_Type.ICC_POWER_ON, slot, sequence, (voltage, 0, 0))
        case IccPowerOff(slot, sequence):
            return _encode(_Type.ICC_POWER_OFF, slot, sequence, (0, 0, 0))
        case GetSlotStatus(slot, sequence):
            return _encode(_Type.GET_SLOT_STATUS, slot, sequence, (0, 0, 0))
        case XfrBlock(slot, sequence, data, multiplier, level):
            return _encode(_Type.XFR_BLOCK, slot, sequence, (multiplier, level & 0xFF, level >> 8), data)
        case DataBlock(slot, sequence, state, data, chain):
            return _encode(_Type.DATA_BLOCK, slot, sequence, (*_state_bytes(state), chain), data)
        case SlotStatus(slot, sequence, state, clock):
            return _encode(_Type.SLOT_STATUS, slot, sequence, (*_state_bytes(state), clock))
        case NotifySlotChange(bits):
            return bytes((_Type.NOTIFY_SLOT_CHANGE,)) + bits
        case OtherMessage(message_type, slot, sequence, parameters, data):
            return _encode(message_type, slot, sequence, tuple(parameters), data)


def decode(transfer: bytes) -> Message:
    """Return the message in one transfer, whichever side sent it.

    Raises:
        WireError: cut short, a dwLength that is not the length of the data, or a status that is none.
    """
    if transfer[:1] == bytes((_Type.NOTIFY_SLOT_CHANGE,)):
        if len(transfer) == 1:
            raise WireError("NotifySlotChange without a slot")
        return NotifySlotChange(transfer[1:])
    if len(transfer) < HEADER_BYTES:
        raise WireError(f"a CCID message has at least {HEADER_BYTES} bytes, not {len(transfer)}")
    message_type, length, slot, sequence, parameters = _HEADER.unpack_from(transfer)
    data = transfer[HEADER_BYTES:]
    if length != len(data):
        raise WireError(f"dwLength is {length} but {len(data)} bytes follow")
    if data and message_type in _WITHOUT_DATA:
        raise WireError(f"CCID message {message_type:02X} carries no data")
    return _decode_bulk(OtherMessage(message_type, slot, sequence, parameters, data))


def _decode_bulk(raw: OtherMessage) -> Message:
    slot, sequence, parameters = raw.slot, raw.sequence, raw.parameters
    match raw.message_type:
        case _Type.ICC_POWER_ON:
            return IccPowerOn(slot, sequence, parameters[0])
        case _Type.ICC_POWER_OFF:
            return IccPowerOff(slot, sequence)
        case _Type.GET_SLOT_STATUS:
            return GetSlotStatus(slot, sequence)
        case _Type.XFR_BLOCK:
            return XfrBlock(slot, sequence, raw.data, parameters[0], parameters[1] | parameters[2] << 8)
        case _Type.DATA_BLOCK:
            return DataBlock(slot, sequence, _state(parameters), raw.data, parameters[2])
        case _Type.SLOT_STATUS:
            return SlotStatus(slot, sequence, _state(parameters), parameters[2])
        case _:
            return raw


def _encode(message_type: int, slot: int, sequence: int, parameters: tuple[int, ...], data: bytes = b"") -> bytes:
    try:
        return _HEADER.pack(message_type, len(data), slot, sequence, bytes(parameters)) + data
    except (struct.error, ValueError) as error:
        raise WireError(f"CCID message {message_type:#04x}: {error}") from None


def _state_bytes(state: SlotState) -> tuple[int, int]:
    return state.icc.value | state.command.value, state.error


def _state(parameters: bytes) -> SlotState:
    status, error = parameters[0], parameters[1]
    try:
        return SlotState(IccStatus(status & 0x03), CommandStatus(status & 0xC0), error)
    except ValueError as wrong:
        raise WireError(f"bStatus {status:02X}: {wrong}") from None


class ExchangeLevel(Enum):
    """Bits 16 to 18 of dwFeatures: what XfrBlock carries."""

    CHARACTER = 0x00000
    TPDU = 0x10000
    SHORT_APDU = 0x20000
    EXTENDED_APDU = 0x40000


@dataclass(frozen=True)
class ClassDescriptor:
    """The class descriptor (54 bytes) behind the interface descriptor: clocks in kHz, rates in bit/s."""

    release: int
    max_slot_index: int
    voltages: int
    protocols: int
    default_clock: int
    maximum_clock: int
    clock_choices: int
    data_rate: int
    max_data_rate: int
    data_rate_choices: int
    max_ifsd: int
    synchronous_protocols: int
    mechanical: int
    features: int
    max_message_length: int
    class_get_response: int
    class_envelope: int
    lcd_layout: int
    pin_support: int
    max_busy_slots: int

    @property
    def exchange_level(self) -> ExchangeLevel | None:
        """What XfrBlock carries, None where the reader says something that no revision defines."""
        try:
            return ExchangeLevel(self.features & 0x70000)
        except ValueError:
            return None


_DESCRIPTOR_TYPE = 0x21


def encode_descriptor(descriptor: ClassDescriptor) -> bytes:
    """Return the 54 bytes of `descriptor`.

    Raises:
        WireError: a field does not fit its bytes.
    """
    fields = [getattr(descriptor, name) for name in ClassDescriptor.__dataclass_fields__]
    try:
        return _DESCRIPTOR.pack(_DESCRIPTOR.size, _DESCRIPTOR_TYPE, *fields)
    except struct.error as error:
        raise WireError(f"CCID class descriptor: {error}") from None


def decode_descriptor(data: bytes) -> ClassDescriptor:
    """Return the class descriptor in `data`, the extra bytes of an interface descriptor.

    Raises:
        WireError: they are not a CCID class descriptor.
    """
    if len(data) != _DESCRIPTOR.size or data[0] != _DESCRIPTOR.size or data[1] != _DESCRIPTOR_TYPE:
        raise WireError("no CCID class descriptor (54 bytes of type 21)")
    return ClassDescriptor(*_DESCRIPTOR.unpack(data)[2:])
