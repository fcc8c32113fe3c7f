"""Commands of the motor card reader CRT-310: "Communication Protocol" V3.0, 2007-04-14, ch. 8 and 9.

"p" is a page of the manual. No repr has a key or what is written on a card.
"""

from dataclasses import dataclass, field
from enum import Enum

# -- what commands are made of ---------------------------------------------------------------------------


class Eject(Enum):
    """What a reset does with a card inside (8.1.1, p7)."""

    KEEP = 0x30
    FRONT = 0x31
    REAR = 0x32


class StopPosition(Enum):
    """Where a card that enters stops (8.2.2, p8)."""

    FRONT = 0x30
    FRONT_HELD = 0x31
    INSIDE = 0x32
    CONTACTS = 0x33
    REAR_HELD = 0x34
    REAR = 0x35


class FrontEntry(Enum):
    """Which cards the shutter lets in (8.2.1, p8)."""

    PROHIBITED = 0x31
    MAGNETIC = 0x32
    ANY_CARD = 0x33
    MAGNETIC_SIGNAL = 0x34


class RearEntry(Enum):
    """Whether a card may come from the rear (8.2.1, p8)."""

    ALLOWED = 0x30
    PROHIBITED = 0x31


class SensorSet(Enum):
    """Six infrared sensors (8.3.3, V3 only) or five (8.3.2, as V2 has it)."""

    SIX = 0x2E
    FIVE = 0x2F

    @property
    def infrared(self) -> int:
        """The number of infrared sensors in the answer."""
        return 6 if self is SensorSet.SIX else 5


class MoveTo(Enum):
    """Where the card inside is moved (8.5, p11)."""

    INSIDE = 0x2E
    CONTACTS = 0x2F
    FRONT = 0x30
    FRONT_HELD = 0x31
    REAR_HELD = 0x32
    REAR = 0x33
    ABNORMAL_OUT_AT_REAR = 0x34


class BaudRate(Enum):
    """Speeds (8.8, p13; the list on p7 prints two of them ten times too fast)."""

    BD_1200 = 0x30
    BD_2400 = 0x31
    BD_4800 = 0x32
    BD_9600 = 0x33
    BD_19200 = 0x34
    BD_38400 = 0x35


class RfKey(Enum):
    """Which key of a Mifare sector is checked (9.1.3, p15)."""

    A = 0x32
    B = 0x39


class EepromType(Enum):
    """The cards of the 24Cxx series (9.2.1, p19)."""

    C01 = 0x30
    C02 = 0x31
    C04 = 0x32
    C08 = 0x33
    C16 = 0x34
    C32 = 0x35
    C64 = 0x36

    @property
    def size(self) -> int:
        """Bytes on the card."""
        return 128 << (self.value - 0x30)


class CpuReset(Enum):
    """Power and reset, or reset of a card that has power (9.3.1 and 9.3.2)."""

    WARM = 0x2F
    COLD = 0x30


class CpuProtocol(Enum):
    """T=0 or T=1: the parameter of an APDU command (9.3.3, 9.3.4)."""

    T0 = 0x31
    T1 = 0x32


class TrackMode(Enum):
    """How tracks are written down (9.10.1, p40)."""

    ASCII = 0x30
    BINARY = 0x31


class TrackSelection(Enum):
    """Which tracks are read (9.10.1, p40)."""

    NONE = 0x30
    ONE = 0x31
    TWO = 0x32
    THREE = 0x33
    ONE_TWO = 0x34
    TWO_THREE = 0x35
    ONE_THREE = 0x36
    ALL = 0x37

    @property
    def tracks(self) -> tuple[int, ...]:
        """The numbers of the tracks, ascending."""
        return _TRACKS[self.value - 0x30]


_TRACKS: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (3,), (1, 2), (2, 3), (1, 3), (1, 2, 3))


class CardFamily(Enum):
    """Memory cards whose commands are carried as they are: CM of 9.4 to 9.8 and 9.11."""

    SLE4442 = 0x38
    SLE4428 = 0x39
    AT88SC102 = 0x3A
    AT88SC1604 = 0x3B
    AT45D041 = 0x3C
    AT88SC1608 = 0x3E


# -- commands --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reset:
    """30 30..32. Answer: Version."""

    eject: Eject


@dataclass(frozen=True)
class ReadSerial:
    """30 3A, V3 only. Answer: Serial or Done."""


@dataclass(frozen=True)
class WriteSerial:
    """30 3B (so the list on p6; the drawing on p8 repeats 3A), 1 to 16 bytes. Answer: Done."""

    serial: bytes


@dataclass(frozen=True)
class SetStopPosition:
    """2E. Answer: Done."""

    position: StopPosition


@dataclass(frozen=True)
class SetCardIn:
    """2F. Answer: Done, in whose operation byte (p8) 'N' is printed as success and 'Y' as failure."""

    front: FrontEntry
    rear: RearEntry


@dataclass(frozen=True)
class AskStatus:
    """31 30. Answer: Status."""


@dataclass(frozen=True)
class AskSensors:
    """31 2E and 31 2F. Answer: Sensors."""

    which: SensorSet = SensorSet.SIX


@dataclass(frozen=True)
class AskCardType:
    """31 31. Answer: CardTypeFound."""


@dataclass(frozen=True)
class Move:
    """32. Answer: Done."""

    to: MoveTo


@dataclass(frozen=True)
class ContactPower:
    """33 30 on, 31 off. Answer: Done."""

    on: bool


@dataclass(frozen=True)
class SamPowerOff:
    """4A 31. Answer: Done."""


@dataclass(frozen=True)
class SetBaudRate:
    """34. Answer: Done, still at the old speed; the reader keeps the new one in EEPROM."""

    rate: BaudRate


@dataclass(frozen=True)
class Light:
    """46 30 on, 31 off. Answer: Done."""

    on: bool


@dataclass(frozen=True)
class Blink:
    """49: on and off times in quarters of a second, 0 to 255. Answer: Done."""

    on_quarters: int
    off_quarters: int


@dataclass(frozen=True)
class SharePort:
    """FA 30 enables, 31 disables a third party on the line; while enabled the reader answers nothing else."""

    enabled: bool


@dataclass(frozen=True)
class RfSeek:
    """35 30. Answer: Done."""


@dataclass(frozen=True)
class RfReadSerial:
    """35 31. Answer: RfSerial or Done."""


@dataclass(frozen=True)
class RfCheckKey:
    """35 32 key A, 35 39 key B; `key` has 6 bytes. Answer: Done."""

    which: RfKey
    sector: int
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class RfRead:
    """35 33. Answer: RfBlock or Done."""

    sector: int
    block: int


@dataclass(frozen=True)
class RfWrite:
    """35 34; `data` has 16 bytes. Answer: RfBlock, with what was written, or Done."""

    sector: int
    block: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class RfChangeKeyA:
    """35 35: sets key A, and key B to FF..FF and the access bits to FF 07 80 69. Answer: Done."""

    sector: int
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class RfIncrement:
    """35 37: adds to a value block; `amount` 0 to 2**32-1. Answer: Done."""

    sector: int
    block: int
    amount: int


@dataclass(frozen=True)
class RfDecrement:
    """35 38: subtracts from a value block; the manual allows no 0. Answer: Done."""

    sector: int
    block: int
    amount: int


@dataclass(frozen=True)
class EepromSelect:
    """36 30. Answer: Done."""

    card: EepromType


@dataclass(frozen=True)
class EepromRead:
    """36 31: 1 to 128 bytes. Answer: EepromData or Done."""

    card: EepromType
    address: int
    length: int


@dataclass(frozen=True)
class EepromWrite:
    """36 32, or 36 33 `checked` by reading back: 1 to 128 bytes. Answer: Done, or EepromData if checked."""

    card: EepromType
    address: int
    data: bytes = field(repr=False)
    checked: bool = True


@dataclass(frozen=True)
class ResetCpu:
    """37 30 cold, 37 2F warm. Answer: CpuAtr or Done."""

    kind: CpuReset


@dataclass(frozen=True)
class CpuApdu:
    """37 31 (T=0), 37 32 (T=1): at most 262 bytes. Answer: CpuResponse or Done."""

    protocol: CpuProtocol
    apdu: bytes = field(repr=False)


@dataclass(frozen=True)
class ResetSam:
    """3D 30; `slot` 0 to 7 stands for 30 to 37. Answer: SamAtr or Done."""

    slot: int


@dataclass(frozen=True)
class SamApdu:
    """3D 31 (T=0), 3D 32 (T=1): 4 to 263 bytes. Answer: SamResponse or Done."""

    slot: int
    protocol: CpuProtocol
    apdu: bytes = field(repr=False)


@dataclass(frozen=True)
class ReadTracks:
    """45 30 what was read while the card came in; 45 31 moves it past the rear head `again`. Answer: Tracks or Done."""

    mode: TrackMode
    selection: TrackSelection
    again: bool = False


@dataclass(frozen=True)
class MemoryCardCommand:
    """A command to a card of another family, as chapters 9.4 to 9.8 and 9.11 print it. Answer: MemoryCardAnswer."""

    family: CardFamily
    parameter: int
    data: bytes = field(default=b"", repr=False)


Command = (
    Reset
    | ReadSerial
    | WriteSerial
    | SetStopPosition
    | SetCardIn
    | AskStatus
    | AskSensors
    | AskCardType
    | Move
    | ContactPower
    | SamPowerOff
    | SetBaudRate
    | Light
    | Blink
    | SharePort
    | RfSeek
    | RfReadSerial
    | RfCheckKey
    | RfRead
    | RfWrite
    | RfChangeKeyA
    | RfIncrement
    | RfDecrement
    | EepromSelect
    | EepromRead
    | EepromWrite
    | ResetCpu
    | CpuApdu
    | ResetSam
    | SamApdu
    | ReadTracks
    | MemoryCardCommand
)
