"""The class descriptor of USB smart-card readers: CCID, Device Class Specification revision 1.1, table 5.1-1.

Sources: LudovicRousseau/CCID @5de6a96, src/ccid.h (dwFeatures), src/ccid_usb.c (offsets), readers/*.txt (values of real
readers); osmocom/osmo-ccid-firmware ccid_common/ccid_proto.h (the fields).
"""

import struct
from dataclasses import dataclass
from enum import Enum, IntFlag

from wire.errors import WireError

_DESCRIPTOR = struct.Struct("<BBHBBIIIBIIBIIIIIBBHBB")


class ExchangeLevel(Enum):
    """Bits 16 to 18 of dwFeatures: what XfrBlock carries."""

    CHARACTER = 0x00000
    TPDU = 0x10000
    SHORT_APDU = 0x20000
    EXTENDED_APDU = 0x40000


class Feature(IntFlag):
    """Bits of dwFeatures below the exchange level: what the reader does by itself."""

    CONFIGURES_BY_ATR = 0x00002
    ACTIVATES_ON_INSERTION = 0x00004
    CHOOSES_VOLTAGE = 0x00008
    CHOOSES_CLOCK = 0x00010
    CHOOSES_BAUD_RATE = 0x00020
    NEGOTIATES_PARAMETERS = 0x00040
    MAKES_PPS = 0x00080
    STOPS_CLOCK = 0x00100
    TAKES_ANY_NAD = 0x00200
    NEGOTIATES_IFSD = 0x00400


class Protocol(IntFlag):
    """dwProtocols: what the reader speaks to cards."""

    T0 = 0x01
    T1 = 0x02


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

    def has(self, feature: Feature) -> bool:
        """Whether the reader does this by itself."""
        return bool(self.features & feature)

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
