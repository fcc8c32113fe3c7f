"""Messages of the motor card reader CRT-310: "CRT-310 (V3.0) Card Reader Communication Protocol", 2007-04-14, ch. 3-9.

Sources: facts/device-protocols.md 3a-2 and the manual itself (TheTrueTrooper, CardReader_CRT310). "p" is its page; what
it prints in two ways is listed in docs/devices/crt-310.md. Nothing here shows what a card holds: contents of tracks
and of frames, keys and APDUs are left out of every repr and of every error.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from wire.errors import WireError

STX, ETX = 0x02, 0x03

MAX_PACKAGE = 269
"""Bytes from CM to the end of the data: the longest frame that the manual prints (02 01 0D 3C 31 ..., p37)."""

_E = TypeVar("_E", bound=Enum)

_NEGATIVE = 0x4E
_SEPARATOR = 0x1F


class Control(Enum):
    """The bytes that travel alone (ch. 3, p2): ENQ and EOT from the host; ACK, NAK and EOT from the reader."""

    EOT = 0x04
    ENQ = 0x05
    ACK = 0x06
    NAK = 0x15


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


# -- answers ---------------------------------------------------------------------------------------------


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

Message = Command | Answer | Control


class MalformedCommand(WireError):
    """A package that is no command; `reason` is the error byte that says so."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


# -- frames ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Package:
    """CM, PM and data of a whole frame with a right BCC."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class BadFrame:
    """The beginning of a frame whose length, ETX or BCC is wrong; `size` bytes of it are gone."""

    size: int


@dataclass(frozen=True)
class Noise:
    """Bytes outside of a frame that are no control character."""

    data: bytes = field(repr=False)


Event = Control | Package | BadFrame | Noise


def checksum(data: bytes) -> int:
    """Return BCC: all bytes from STX to ETX, exclusive-or (drawn in ch. 7.1)."""
    bcc = 0
    for byte in data:
        bcc ^= byte
    return bcc


def frame(package: bytes) -> bytes:
    """Return the frame around `package`, which is CM, PM and data.

    Raises:
        WireError: shorter than 2 bytes or longer than MAX_PACKAGE.
    """
    if not 2 <= len(package) <= MAX_PACKAGE:
        raise WireError(f"a package has 2 to {MAX_PACKAGE} bytes, not {len(package)}")
    body = bytes((STX,)) + len(package).to_bytes(2, "big") + package + bytes((ETX,))
    return body + bytes((checksum(body),))


class Deframer:
    """Takes the bytes of one direction apart. Holds at most one unfinished frame (MAX_PACKAGE + 5 bytes).

    Behind a broken frame it goes on at the next STX inside it; the control characters there are data and stay unheard.
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def reset(self) -> None:
        """Forget an unfinished frame."""
        self._held.clear()

    def feed(self, data: bytes) -> list[Event]:
        """Take `data` and return what is now complete, in order."""
        found: list[Event] = []
        for byte in data:
            if self._held or byte == STX:
                self._held.append(byte)
                self._settle(found)
            else:
                found.append(_lone(byte))
        return found

    def _settle(self, found: list[Event]) -> None:
        """Finish what is held, as far as it reaches; what is broken of it is one BadFrame."""
        broken = 0
        while len(self._held) >= 3:
            length = int.from_bytes(self._held[1:3], "big")
            if 2 <= length <= MAX_PACKAGE:
                end = length + 5
                if len(self._held) < end:
                    break
                whole = bytes(self._held[:end])
                if whole[-2] == ETX and checksum(whole[:-1]) == whole[-1]:
                    found.extend([BadFrame(broken)] if broken else [])
                    found.append(Package(whole[3:-2]))
                    self._held.clear()
                    return
            broken += self._drop_broken()
        if broken:
            found.append(BadFrame(broken))

    def _drop_broken(self) -> int:
        following = self._held.find(STX, 1)
        size = following if following > 0 else len(self._held)
        del self._held[:size]
        return size


def _lone(byte: int) -> Event:
    try:
        return Control(byte)
    except ValueError:
        return Noise(bytes((byte,)))


# -- encoding --------------------------------------------------------------------------------------------


def encode(message: Message) -> bytes:
    """Return the bytes of `message` on the line.

    Raises:
        WireError: a field does not fit.
    """
    if isinstance(message, Control):
        return bytes((message.value,))
    try:
        return frame(_encode_answer(message) if isinstance(message, Answer) else _encode_command(message))
    except (ValueError, OverflowError) as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"{type(message).__name__}: a field does not fit") from None


def _encode_command(command: Command) -> bytes:  # noqa: C901, PLR0912  (one line a command)
    match command:
        case Reset(eject):
            return bytes((0x30, eject.value))
        case ReadSerial():
            return b"\x30\x3a"
        case WriteSerial(serial):
            return b"\x30\x3b" + _sized(serial, 1, 16)
        case SetStopPosition(position):
            return bytes((0x2E, position.value))
        case SetCardIn(front, rear):
            return bytes((0x2F, front.value, rear.value))
        case AskStatus():
            return b"\x31\x30"
        case AskSensors(which):
            return bytes((0x31, which.value))
        case AskCardType():
            return b"\x31\x31"
        case Move(to):
            return bytes((0x32, to.value))
        case ContactPower(on):
            return bytes((0x33, _switch(on)))
        case SamPowerOff():
            return b"\x4a\x31"
        case SetBaudRate(rate):
            return bytes((0x34, rate.value))
        case Light(on):
            return bytes((0x46, _switch(on)))
        case Blink(on_quarters, off_quarters):
            return bytes((0x49, on_quarters, off_quarters))
        case SharePort(enabled):
            return bytes((0xFA, _switch(enabled)))
        case ReadTracks(mode, selection, again):
            return bytes((0x45, 0x30 + again, mode.value, selection.value))
        case MemoryCardCommand(family, parameter, data):
            return bytes((family.value, parameter)) + data
        case _:
            return _encode_card_command(command)


_CardCommand = (
    RfSeek
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
)


def _encode_card_command(command: _CardCommand) -> bytes:  # noqa: C901, PLR0912  (one line a command)
    match command:
        case RfSeek():
            return b"\x35\x30"
        case RfReadSerial():
            return b"\x35\x31"
        case RfCheckKey(which, sector, key):
            return bytes((0x35, which.value, sector)) + _sized(key, 6, 6)
        case RfRead(sector, block):
            return bytes((0x35, 0x33, sector, block))
        case RfWrite(sector, block, data):
            return bytes((0x35, 0x34, sector, block)) + _sized(data, 16, 16)
        case RfChangeKeyA(sector, key):
            return bytes((0x35, 0x35, sector)) + _sized(key, 6, 6)
        case RfIncrement(sector, block, amount):
            return bytes((0x35, 0x37, sector, block)) + amount.to_bytes(4, "little")
        case RfDecrement(sector, block, amount):
            return bytes((0x35, 0x38, sector, block)) + amount.to_bytes(4, "little")
        case EepromSelect(card):
            return bytes((0x36, 0x30, card.value))
        case EepromRead(card, address, length):
            _fits(card, address, length)
            return bytes((0x36, 0x31, card.value)) + address.to_bytes(2, "big") + bytes((length,))
        case EepromWrite(card, address, data, checked):
            _fits(card, address, len(data))
            head = bytes((0x36, 0x32 + checked, card.value))
            return head + address.to_bytes(2, "big") + bytes((len(data),)) + data
        case ResetCpu(kind):
            return bytes((0x37, kind.value))
        case CpuApdu(protocol, apdu):
            return bytes((0x37, protocol.value)) + _counted(_sized(apdu, 4, 262))
        case ResetSam(slot):
            return bytes((0x3D, 0x30, _slot_byte(slot)))
        case SamApdu(slot, protocol, apdu):
            return bytes((0x3D, protocol.value, _slot_byte(slot))) + _counted(_sized(apdu, 4, 263))


def _encode_answer(answer: Answer) -> bytes:  # noqa: C901, PLR0912  (one line an answer)
    match answer:
        case Done(command, parameter, outcome, repeated):
            return bytes((command, parameter)) + repeated + bytes((outcome.value,))
        case Version(eject, text):
            return bytes((0x30, eject.value)) + text.encode("ascii")
        case Serial(serial):
            return b"\x30\x3a\x59" + _sized(serial, 1, 16)
        case Status(card, front, rear):
            return bytes((0x31, 0x30, card.value, front.value, rear.value))
        case Sensors(which, infrared, shutter_open, switch):
            if len(infrared) != which.infrared:
                raise WireError(f"{which.infrared} infrared sensors, not {len(infrared)}")
            return bytes((0x31, which.value, *(0x30 + seen for seen in (*infrared, shutter_open, switch))))
        case CardTypeFound(card_type):
            return b"\x31\x31" + card_type.value.encode()
        case RfSerial(outcome, serial):
            return bytes((0x35, 0x31, outcome.value)) + _sized(serial, 4, 4)
        case RfBlock(written, sector, block, data):
            return bytes((0x35, 0x33 + written, sector, block, Outcome.OK.value)) + _sized(data, 16, 16)
        case EepromData(written, card, address, data):
            head = bytes((0x36, 0x31 + 2 * written, card.value, Outcome.OK.value))
            return head + address.to_bytes(2, "big") + bytes((len(data),)) + data
        case CpuAtr(kind, protocol, atr):
            return bytes((0x37, kind.value, _alive(protocol))) + _counted(atr)
        case CpuResponse(protocol, apdu):
            return bytes((0x37, protocol.value, Outcome.OK.value)) + _counted(apdu)
        case SamAtr(slot, protocol, atr):
            return bytes((0x3D, 0x30, _slot_byte(slot), _alive(protocol))) + _counted(atr)
        case SamResponse(slot, protocol, apdu):
            return bytes((0x3D, protocol.value, _slot_byte(slot), Outcome.OK.value)) + _counted(apdu)
        case Tracks(mode, selection, again, listed):
            head = bytes((0x45, 0x30 + again, mode.value, selection.value))
            return head + b"".join(_encode_track(track) for track in listed)
        case MemoryCardAnswer(family, parameter, data):
            return bytes((family.value, parameter)) + data
        case Negative(command, reason):
            return bytes((_NEGATIVE, command, reason.value))


def _encode_track(track: TrackRead) -> bytes:
    match track:
        case TrackData(content):
            return b"\x1f\x59" + content
        case TrackError.NOT_READ:
            return b"\x1f\x4f\xe0"
        case _:
            return bytes((_SEPARATOR, 0x4E, track.value))


def _switch(on: bool) -> int:
    return 0x30 if on else 0x31


def _alive(protocol: CpuProtocol) -> int:
    return 0x59 if protocol is CpuProtocol.T0 else 0x5A


def _slot_byte(slot: int) -> int:
    if slot not in range(8):
        raise WireError(f"a SAM slot is 0 to 7, not {slot}")
    return 0x30 + slot


def _sized(data: bytes, least: int, most: int) -> bytes:
    if not least <= len(data) <= most:
        raise WireError(f"{least} to {most} bytes are allowed here, not {len(data)}")
    return data


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _fits(card: EepromType, address: int, length: int) -> None:
    if not 1 <= length <= 128 or address + length > card.size or address < 0:
        raise WireError(f"{length} bytes at {address:04X} are not on a 24{card.name}")


# -- decoding commands -----------------------------------------------------------------------------------


def decode_command(package: Package) -> Command:
    """Return the command in `package`.

    Raises:
        MalformedCommand: with the error byte for it: unknown CM, unknown PM, or data that does not fit them.
    """
    command, parameter, data = package.data[0], package.data[1], package.data[2:]
    try:
        found = _decode_command(command, parameter, data)
        whole = _encode_command(found) == package.data
    except MalformedCommand:
        raise
    except (ValueError, IndexError):
        whole = False
    if not whole:
        raise MalformedCommand(Refusal.BAD_DATA, f"{command:02X} {parameter:02X}: the data does not fit")
    return found


def _decode_command(command: int, parameter: int, data: bytes) -> Command:  # noqa: C901, PLR0912  (one line a command)
    match command, parameter:
        case 0x30, 0x30 | 0x31 | 0x32:
            return Reset(Eject(parameter))
        case 0x30, 0x3A:
            return ReadSerial()
        case 0x30, 0x3B:
            return WriteSerial(_sized(data, 1, 16))
        case 0x2E, _:
            return SetStopPosition(_parameter(StopPosition, parameter))
        case 0x2F, _:
            return SetCardIn(_parameter(FrontEntry, parameter), _parameter(RearEntry, data[0]))
        case 0x31, 0x30:
            return AskStatus()
        case 0x31, 0x2E | 0x2F:
            return AskSensors(SensorSet(parameter))
        case 0x31, 0x31:
            return AskCardType()
        case 0x32, _:
            return Move(_parameter(MoveTo, parameter))
        case 0x33, 0x30 | 0x31:
            return ContactPower(parameter == 0x30)
        case 0x4A, 0x31:
            return SamPowerOff()
        case 0x34, _:
            return SetBaudRate(_parameter(BaudRate, parameter))
        case 0x46, 0x30 | 0x31:
            return Light(parameter == 0x30)
        case 0x49, _:
            return Blink(parameter, data[0])
        case 0xFA, 0x30 | 0x31:
            return SharePort(parameter == 0x30)
        case 0x45, 0x30 | 0x31:
            mode, selection = _parameter(TrackMode, data[0]), _parameter(TrackSelection, data[1])
            return ReadTracks(mode, selection, parameter == 0x31)
        case ((0x35 | 0x36 | 0x37 | 0x3D), _):
            return _decode_card_command(command, parameter, data)
        case ((0x38 | 0x39 | 0x3A | 0x3B | 0x3C | 0x3E), _):
            return MemoryCardCommand(CardFamily(command), parameter, data)
        case ((0x30 | 0x31 | 0x33 | 0x4A | 0x46 | 0xFA | 0x45), _):
            raise _unknown_parameter(command, parameter)
        case _:
            raise MalformedCommand(Refusal.UNKNOWN_COMMAND, f"{command:02X} is no command")


def _decode_card_command(command: int, parameter: int, data: bytes) -> _CardCommand:  # noqa: C901, PLR0912
    match command, parameter:
        case 0x35, 0x30:
            return RfSeek()
        case 0x35, 0x31:
            return RfReadSerial()
        case 0x35, 0x32 | 0x39:
            return RfCheckKey(RfKey(parameter), data[0], data[1:])
        case 0x35, 0x33:
            return RfRead(data[0], data[1])
        case 0x35, 0x34:
            return RfWrite(data[0], data[1], data[2:])
        case 0x35, 0x35:
            return RfChangeKeyA(data[0], data[1:])
        case 0x35, 0x37:
            return RfIncrement(data[0], data[1], int.from_bytes(data[2:], "little"))
        case 0x35, 0x38:
            return RfDecrement(data[0], data[1], int.from_bytes(data[2:], "little"))
        case 0x36, 0x30:
            return EepromSelect(_parameter(EepromType, data[0]))
        case 0x36, 0x31:
            return EepromRead(_parameter(EepromType, data[0]), int.from_bytes(data[1:3], "big"), data[3])
        case 0x36, 0x32 | 0x33:
            card, address = _parameter(EepromType, data[0]), int.from_bytes(data[1:3], "big")
            return EepromWrite(card, address, data[4:], parameter == 0x33)
        case 0x37, 0x2F | 0x30:
            return ResetCpu(CpuReset(parameter))
        case 0x37, 0x31 | 0x32:
            return CpuApdu(CpuProtocol(parameter), data[2:])
        case 0x3D, 0x30:
            return ResetSam(_slot(data[0]))
        case 0x3D, 0x31 | 0x32:
            return SamApdu(_slot(data[0]), CpuProtocol(parameter), data[3:])
        case _:
            raise _unknown_parameter(command, parameter)


def _unknown_parameter(command: int, parameter: int) -> MalformedCommand:
    return MalformedCommand(Refusal.UNKNOWN_PARAMETER, f"{command:02X} has no parameter {parameter:02X}")


def _parameter(kind: type[_E], byte: int) -> _E:
    try:
        return kind(byte)
    except ValueError:
        raise MalformedCommand(Refusal.UNKNOWN_PARAMETER, f"{byte:02X} is no {kind.__name__}") from None


def _slot(byte: int) -> int:
    if byte not in range(0x30, 0x38):
        raise MalformedCommand(Refusal.UNKNOWN_PARAMETER, f"{byte:02X} is no SAM slot")
    return byte - 0x30


# -- decoding answers ------------------------------------------------------------------------------------

# Where a drawing of an answer shows another CM and PM than the command has, against the rule of 7.2.1 b:
# the failed block write (p16), the decrement (p18), the baud rate (p13), the serial number (p8).
_DRAWN_ECHO = {
    (0x35, 0x34): (0x35, 0x33),
    (0x35, 0x38): (0x35, 0x37),
    (0x30, 0x3B): (0x30, 0x3A),
}


def decode_answer(command: Command, package: Package, *, as_drawn: bool = False) -> Answer:
    """Return the answer to `command` in `package`.

    An answer repeats CM and PM of its command (7.2.1 b). `as_drawn` also takes those that four drawings show instead;
    an answer to an increment then passes for one to a decrement, so it is for readers which are known to do that.

    Raises:
        WireError: it answers another command, or has no form that the manual gives.
    """
    code, parameter = _encode_command(command)[:2]
    if package.data[0] == _NEGATIVE:
        return _decode_negative(code, package.data)
    data = package.data[2:]
    allowed = {(code, parameter)}
    if as_drawn:
        allowed.add(_DRAWN_ECHO.get((code, parameter), (code, parameter)))
        allowed.add((0x33, parameter) if code == 0x34 else (code, parameter))
    if (package.data[0], package.data[1]) not in allowed:
        raise WireError(f"{package.data[0]:02X} {package.data[1]:02X} answers {code:02X} {parameter:02X}")
    try:
        return _decode_answer(command, code, parameter, data)
    except (ValueError, IndexError) as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"{code:02X} {parameter:02X}: the answer does not fit") from None


def _decode_negative(code: int, data: bytes) -> Negative:
    if len(data) != 3:
        raise WireError(f"an abnormal return has 3 bytes, not {len(data)}")
    if data[1] != code:
        raise WireError(f"an abnormal return to {data[1]:02X} answers {code:02X}")
    try:
        return Negative(code, Refusal(data[2]))
    except ValueError:
        raise WireError(f"error byte {data[2]:02X} is not in the manual") from None


def _decode_answer(command: Command, code: int, parameter: int, data: bytes) -> Answer:  # noqa: C901, PLR0912
    match command:
        case Reset(eject):
            return Version(eject, data.decode("ascii"))
        case ReadSerial() if data[0] == Outcome.OK.value:
            return Serial(_sized(data[1:], 1, 16))
        case AskStatus():
            card, front, rear = _exactly(data, 3)
            return Status(CardPosition(card), FrontState(front), RearState(rear))
        case AskSensors(which):
            seen = [_bit(byte) for byte in _exactly(data, which.infrared + 2)]
            return Sensors(which, tuple(seen[:-2]), seen[-2], seen[-1])
        case AskCardType():
            return CardTypeFound(CardType(data.decode("ascii")))
        case RfReadSerial() if len(data) == 5:
            return RfSerial(Outcome(data[0]), data[1:])
        case RfReadSerial() if len(data) == 4:  # the example on p15 has no operation byte
            return RfSerial(Outcome.OK, data)
        case RfRead(sector, block) | RfWrite(sector, block) if len(data) > 3:
            _repeats(data, bytes((sector, block, Outcome.OK.value)))
            return RfBlock(isinstance(command, RfWrite), sector, block, _sized(data[3:], 16, 16))
        case EepromRead(card, address, length) if len(data) > 2:
            _repeats(data, bytes((card.value, Outcome.OK.value)) + address.to_bytes(2, "big") + bytes((length,)))
            return EepromData(False, card, address, _sized(data[5:], length, length))
        case EepromWrite(card, address, written, True) if len(data) > 2:
            length = len(written)
            _repeats(data, bytes((card.value, Outcome.OK.value)) + address.to_bytes(2, "big") + bytes((length,)))
            return EepromData(True, card, address, _sized(data[5:], length, length))
        case ResetCpu(kind) if len(data) > 1:
            return CpuAtr(kind, _protocol(data[0]), _uncounted(data[1:]))
        case CpuApdu(protocol) if len(data) > 1:
            _repeats(data, b"\x59")
            return CpuResponse(protocol, _uncounted(data[1:]))
        case ResetSam(slot) if len(data) > 2:
            _repeats(data, bytes((_slot_byte(slot),)))
            return SamAtr(slot, _protocol(data[1]), _uncounted(data[2:]))
        case SamApdu(slot, protocol) if len(data) > 2:
            _repeats(data, bytes((_slot_byte(slot), 0x59)))
            return SamResponse(slot, protocol, _uncounted(data[2:]))
        case ReadTracks(mode, selection, again) if len(data) != 3:
            _repeats(data, bytes((mode.value, selection.value)))
            return Tracks(mode, selection, again, _tracks(selection, data[2:]))
        case MemoryCardCommand(family):
            return MemoryCardAnswer(family, parameter, data)
        case ReadTracks(again=False):
            raise WireError("the manual has no failure of 45 30")
        case _:
            done = _done(code, parameter, data, _repeated(command))
            if done.outcome is Outcome.OK and _brings_data(command):
                raise WireError(f"{code:02X} {parameter:02X}: success without the data")
            return done


def _repeated(command: Command) -> bytes:
    """Return the bytes between PM and P in an answer that is Done."""
    match command:
        case SetCardIn(_, rear):
            return bytes((rear.value,))
        case Blink(_, off_quarters):
            return bytes((off_quarters,))
        case RfCheckKey(_, sector) | RfChangeKeyA(sector):
            return bytes((sector,))
        case RfRead(sector, block) | RfWrite(sector, block) | RfIncrement(sector, block) | RfDecrement(sector, block):
            return bytes((sector, block))
        case EepromSelect(card) | EepromRead(card) | EepromWrite(card):
            return bytes((card.value,))
        case ResetSam(slot) | SamApdu(slot):
            return bytes((_slot_byte(slot),))
        case ReadTracks(mode, selection):
            return bytes((mode.value, selection.value))
        case _:
            return b""


def _brings_data(command: Command) -> bool:
    """Return whether success comes with data, so that a bare 'Y' is none."""
    match command:
        case ReadSerial() | RfReadSerial() | RfRead() | RfWrite() | EepromRead() | ReadTracks():
            return True
        case ResetCpu() | CpuApdu() | ResetSam() | SamApdu() | EepromWrite(checked=True):
            return True
        case _:
            return False


def _done(code: int, parameter: int, data: bytes, repeated: bytes) -> Done:
    if data[:-1] != repeated:
        raise WireError(f"{code:02X} {parameter:02X}: the answer repeats other bytes than were sent")
    return Done(code, parameter, Outcome(data[-1]), repeated)


def _tracks(selection: TrackSelection, data: bytes) -> tuple[TrackRead, ...]:
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


def _protocol(byte: int) -> CpuProtocol:
    match byte:
        case 0x59:
            return CpuProtocol.T0
        case 0x5A:
            return CpuProtocol.T1
        case _:
            raise WireError(f"{byte:02X} is neither 'Y' (T=0) nor 'Z' (T=1)")


def _bit(byte: int) -> bool:
    if byte not in (0x30, 0x31):
        raise WireError(f"{byte:02X} is no sensor state")
    return byte == 0x31


def _exactly(data: bytes, size: int) -> bytes:
    return _sized(data, size, size)


def _repeats(data: bytes, expected: bytes) -> None:
    if data[: len(expected)] != expected:
        raise WireError("the answer repeats other bytes than were sent")


def _uncounted(data: bytes) -> bytes:
    length = int.from_bytes(data[:2], "big")
    if len(data) < 2 or length != len(data) - 2:
        raise WireError(f"a length of {length} stands before {len(data) - 2} bytes")
    return data[2:]
