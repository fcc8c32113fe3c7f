"""Answers of the motor card reader CRT-310: "Communication Protocol" V3.0, 2007-04-14, ch. 7 to 9.

"p" is a page of the manual. No repr has what a card holds.
"""

from dataclasses import dataclass, field
from enum import Enum

from wire.crt310_commands import (
    CardFamily,
    CpuProtocol,
    CpuReset,
    EepromType,
    Eject,
    SensorSet,
    TrackMode,
    TrackSelection,
)
from wire.errors import WireError


class Outcome(Enum):
    """The operation status byte P."""

    OK = 0x59  # 'Y'
    FAILED = 0x4E  # 'N'
    NO_CARD = 0x45  # 'E'
    WRONG_POSITION = 0x57  # 'W'
    CARD_DEAD = 0x46  # 'F'
    NO_RF_CARD = 0x30
    WRONG_SECTOR = 0x31  # not the sector whose key was checked
    WRONG_SERIAL = 0x32
    WRONG_KEY = 0x33
    DATA_ERROR = 0x34  # a block that cannot be read or written, or holds no value
    OVERFLOW = 0x35


class Refusal(Enum):
    """The error byte E of an abnormal return (7.2.2, p5)."""

    UNKNOWN_COMMAND = 0x00
    UNKNOWN_PARAMETER = 0x01
    CANNOT_EXECUTE = 0x02
    BAD_DATA = 0x04
    SUPPLY_VOLTAGE = 0x05  # outside 10.8 to 14.5 V
    ABNORMAL_CARD = 0x06  # long, short or damaged; the host must clear it
    ON_BACKUP_POWER = 0x07


class CardPosition(Enum):
    """S1 of the status (8.3.1, p9)."""

    LONG_CARD = 0x46
    SHORT_CARD = 0x47
    FRONT = 0x48  # ejected, not held
    FRONT_HELD = 0x49
    INSIDE = 0x4A
    CONTACTS = 0x4B
    REAR_HELD = 0x4C
    REAR = 0x4D  # ejected at the rear: captured
    NO_CARD = 0x4E


class FrontState(Enum):
    """S2 of the status (8.3.1, p9)."""

    MAGNETIC = 0x49
    ANY_CARD = 0x4A
    MAGNETIC_SIGNAL = 0x4B
    PROHIBITED = 0x4E


class RearState(Enum):
    """S3 of the status (8.3.1, p10)."""

    ALLOWED = 0x4A
    PROHIBITED = 0x4E


class CardType(Enum):
    """S1 and S2 of the automatic test (8.4, p10); p11 gives AT88SC102 two codes."""

    NO_CARD = "N0"
    UNKNOWN = "N1"
    WRONG_POSITION = "N2"
    RF = "00"
    CPU_T0 = "10"
    CPU_T1 = "11"
    C01 = "20"
    C02 = "21"
    C04 = "22"
    C08 = "23"
    C16 = "24"
    C32 = "25"
    C64 = "26"
    SLE4442 = "30"
    SLE4428 = "31"
    AT88SC102 = "40"
    AT88SC1604 = "41"
    AT88SC102_TOO = "42"
    AT88SC1608 = "43"


class TrackError(Enum):
    """Why a track was not read: E0 with status 4F, the others with 4E (9.10.1, p40)."""

    NOT_READ = 0xE0
    NO_START = 0xE1
    NO_END = 0xE2
    PARITY = 0xE3
    CHECKSUM = 0xE4
    BLANK = 0xE5


_SEPARATOR = 0x1F


@dataclass(frozen=True)
class Done:
    """An answer that ends with the operation byte: behind CM and PM come the bytes of the command that it repeats."""

    command: int
    parameter: int
    outcome: Outcome
    repeated: bytes = b""


@dataclass(frozen=True)
class Version:
    """The answer to a reset: "CRT 310 V3.0"."""

    eject: Eject
    text: str


@dataclass(frozen=True)
class Serial:
    """The serial number, 1 to 16 bytes."""

    serial: bytes


@dataclass(frozen=True)
class Status:
    """S1, S2 and S3."""

    card: CardPosition
    front: FrontState
    rear: RearState


@dataclass(frozen=True)
class Sensors:
    """Whether each infrared sensor sees a card (PSS0 or PSS1 first), the shutter is open, the switch is pressed."""

    which: SensorSet
    infrared: tuple[bool, ...]
    shutter_open: bool
    switch: bool


@dataclass(frozen=True)
class CardTypeFound:
    """What the automatic test found."""

    card_type: CardType


@dataclass(frozen=True)
class RfSerial:
    """The serial number of a Mifare card, 4 bytes; zeros where it FAILED."""

    outcome: Outcome
    serial: bytes


@dataclass(frozen=True)
class RfBlock:
    """A block that was read or `written`, 16 bytes."""

    written: bool
    sector: int
    block: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class EepromData:
    """What was read, or read back behind a checked write (`written`)."""

    written: bool
    card: EepromType
    address: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class CpuAtr:
    """The card came to life and speaks `protocol`."""

    kind: CpuReset
    protocol: CpuProtocol
    atr: bytes


@dataclass(frozen=True)
class CpuResponse:
    """A response APDU."""

    protocol: CpuProtocol
    apdu: bytes = field(repr=False)


@dataclass(frozen=True)
class SamAtr:
    """The SAM in `slot` (0 to 7) came to life and speaks `protocol`."""

    slot: int
    protocol: CpuProtocol
    atr: bytes


@dataclass(frozen=True)
class SamResponse:
    """A response APDU of a SAM."""

    slot: int
    protocol: CpuProtocol
    apdu: bytes = field(repr=False)


@dataclass(frozen=True)
class TrackData:
    """What a track holds, in the characters of the mode it was read in; never shown."""

    content: bytes = field(repr=False)


TrackRead = TrackData | TrackError


@dataclass(frozen=True)
class Tracks:
    """Tracks as the answer lists them: those of the selection, or always 1 to 3 (p40 reads both ways)."""

    mode: TrackMode
    selection: TrackSelection
    again: bool
    listed: tuple[TrackRead, ...]

    def track(self, number: int) -> TrackRead:
        """Return what the answer says of track 1, 2 or 3; NOT_READ where it does not list it."""
        numbers = (1, 2, 3) if len(self.listed) == 3 else self.selection.tracks
        return self.listed[numbers.index(number)] if number in numbers else TrackError.NOT_READ


def encode_track(track: TrackRead) -> bytes:
    """Return 1F, the status of the track, and what it holds or why it could not be read (9.10.1, p40)."""
    match track:
        case TrackData(content):
            return b"\x1f\x59" + content
        case TrackError.NOT_READ:
            return b"\x1f\x4f\xe0"
        case _:
            return bytes((_SEPARATOR, 0x4E, track.value))


def decode_tracks(selection: TrackSelection, data: bytes) -> tuple[TrackRead, ...]:
    """Return the tracks that follow each other in `data`. Raises WireError, which quotes none."""
    if not data:
        pieces: list[bytes] = []
    else:
        first, *pieces = data.split(bytes((_SEPARATOR,)))
        if first:
            raise WireError("a track begins with 1F")
    if len(pieces) not in (3, len(selection.tracks)):
        raise WireError(f"{len(pieces)} tracks answer a request for {len(selection.tracks)}")
    return tuple(_track(piece) for piece in pieces)


def _track(piece: bytes) -> TrackRead:
    match piece[:1], piece[1:]:
        case b"\x59", content:
            return TrackData(content)
        case b"\x4f", b"\xe0":
            return TrackError.NOT_READ
        case b"\x4e", error if len(error) == 1 and error[0] in range(0xE1, 0xE6):
            return TrackError(error[0])
        case _:
            raise WireError("a track has a status that is not in the manual")


@dataclass(frozen=True)
class MemoryCardAnswer:
    """What a card of another family answered, as it came."""

    family: CardFamily
    parameter: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Negative:
    """The abnormal return: the reader did not take the command with byte `command`."""

    command: int
    reason: Refusal


Answer = (
    Done
    | Version
    | Serial
    | Status
    | Sensors
    | CardTypeFound
    | RfSerial
    | RfBlock
    | EepromData
    | CpuAtr
    | CpuResponse
    | SamAtr
    | SamResponse
    | Tracks
    | MemoryCardAnswer
    | Negative
)
