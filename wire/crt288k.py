"""Frames and messages of the dip card reader CRT-288K over USB HID: commands, replies and their 64-byte reports.

The vendor's manual is not public. Sources: facts/device-protocols.md 3a-3, which reads Ilkhom-S/e-kiosk (Cardreaders,
protocol "Creator"), and two other public drivers: crt-288-k001-heay (Node.js, "N") and the class crt285 of a driver for
libusb ("L"). Where they differ: docs/devices/crt-288k.md. Left out, though L has them: SAM (CM 52), memory cards (53,
54), cards by radio (60), lamps (80). No repr has what a card holds.
"""

from dataclasses import dataclass, field
from enum import Enum
from functools import reduce
from operator import xor
from typing import TypeVar

from wire.apdu import MAX_ANSWER
from wire.errors import WireError

VENDOR_ID, PRODUCT_ID = 0x23D8, 0x0285

STX, ETX = 0xF2, 0x03
REPORT = 64
"""Bytes in a report; it has no report ID on the bus (ID 0)."""
MAX_FRAME = 10 * REPORT
"""What e-kiosk reads at once."""
MIN_APDU, MAX_APDU = 4, 261

_AROUND_TEXT = 5  # F2, two bytes of length, ETX, BCC
_COMMAND, _DONE, _FAILED = 0x43, 0x50, 0x4E
_TRACK_SEPARATOR = b"\x7e"

E = TypeVar("E", bound=Enum)


# -- frames --------------------------------------------------------------------------------------------------


class Control(Enum):
    """A single byte in a report of its own."""

    ACK = 0x06
    NAK = 0x15


@dataclass(frozen=True)
class Frame:
    """A frame with a right BCC; `text` goes from 43, 50 or 4E to the end of the data."""

    text: bytes = field(repr=False)


@dataclass(frozen=True)
class Garbled:
    """Reports that are no frame: NAK has it sent again."""

    reason: str


Token = Control | Frame | Garbled


def encode_reports(token: Control | Frame) -> list[bytes]:
    """Return the reports that carry `token`, filled up with zeros.

    Raises:
        WireError: a text that makes more than MAX_FRAME bytes.
    """
    if isinstance(token, Control):
        return [bytes((token.value,)).ljust(REPORT, b"\0")]
    if len(token.text) + _AROUND_TEXT > MAX_FRAME:
        raise WireError(f"a CRT-288K frame has at most {MAX_FRAME} bytes")
    body = bytes((STX,)) + len(token.text).to_bytes(2, "big") + token.text + bytes((ETX,))
    whole = body + bytes((reduce(xor, body),))
    return [whole[at : at + REPORT].ljust(REPORT, b"\0") for at in range(0, len(whole), REPORT)]


class Deframer:
    """Reports of either side to tokens; a frame begins with a report. Keeps less than one frame."""

    def __init__(self) -> None:
        self._begun = b""

    @property
    def in_frame(self) -> bool:
        """Whether a frame has begun and is not whole."""
        return bool(self._begun)

    def reset(self) -> None:
        """Forget the frame that has begun."""
        self._begun = b""

    def feed(self, report: bytes) -> Token | None:
        """Return what `report` makes whole; None for nothing yet, and for an empty report."""
        if not self._begun:
            if not any(report):
                return None
            if report[0] != STX:
                return (
                    Control(report[0]) if report[0] in _CONTROLS else Garbled(f"a report begins with {report[0]:02X}")
                )
        data = self._begun + report
        if len(data) < 3:
            return self._broken("a report of less than 3 bytes")
        size = int.from_bytes(data[1:3], "big") + _AROUND_TEXT
        if not 3 + _AROUND_TEXT <= size <= MAX_FRAME:
            return self._broken(f"its length says {size} bytes")
        if len(data) < size:
            if len(report) < REPORT:
                return self._broken(f"it ends after {len(data)} of {size} bytes")
            self._begun = data
            return None
        self._begun = b""
        if data[size - 2] != ETX or reduce(xor, data[: size - 1]) != data[size - 1]:
            return Garbled("its ETX or BCC is wrong")
        return Frame(data[3 : size - 2])

    def _broken(self, reason: str) -> Garbled:
        self._begun = b""
        return Garbled(reason)


_CONTROLS = {control.value for control in Control}


# -- commands ------------------------------------------------------------------------------------------------


class Init(Enum):
    """30: what becomes of the latch. e-kiosk: 30 locks, 31 unlocks; L: 30 unlocks, 31 does nothing."""

    FIRST = 0x30
    SECOND = 0x31


class Latch(Enum):
    """B0: the hook that holds the card."""

    LOCK = 0x30
    RELEASE = 0x31


class Kind(Enum):
    """50: which kind of card is looked for."""

    IC = 0x30
    RF = 0x31


class Supply(Enum):
    """The byte of a cold reset (L): 5 V as EMV or as ISO 7816 has it, 3 V."""

    EMV_5V = 0x30
    ISO_5V = 0x33
    ISO_3V = 0x35


class Protocol(Enum):
    """How an APDU is sent; the answer to a cold reset has '0' for T=0 and '1' for T=1 (N)."""

    T0 = 0x33
    T1 = 0x34


@dataclass(frozen=True)
class Initialize:
    """30. Answer: Done, its data unknown."""

    kind: Init


@dataclass(frozen=True)
class AskStatus:
    """31 30. Answer: Done, whose status bytes say it (`decode_status`)."""


@dataclass(frozen=True)
class SetReadMode:
    """36 30 "0170": all tracks as ASCII, kept until they are asked for, valid when the card goes in (L)."""


@dataclass(frozen=True)
class ReadTracks:
    """36 31 "07": all tracks as ASCII. Answer: `decode_tracks`."""


@dataclass(frozen=True)
class ClearTracks:
    """36 39."""


@dataclass(frozen=True)
class AskCardType:
    """50 30 contact, 50 31 radio. Answer: `decode_card_type`."""

    kind: Kind


@dataclass(frozen=True)
class ColdReset:
    """51 30. Answer: `decode_chip`."""

    supply: Supply = Supply.EMV_5V


@dataclass(frozen=True)
class WarmReset:
    """51 38 (L). Answer: `decode_chip`."""


@dataclass(frozen=True)
class PowerOff:
    """51 31 (L)."""


@dataclass(frozen=True)
class Apdu:
    """51 33 T=0, 51 34 T=1: 4 to 261 bytes. The data of the answer is the chip's."""

    protocol: Protocol
    apdu: bytes = field(repr=False)


@dataclass(frozen=True)
class AskSerialNumber:
    """A2 30. The data of the answer is the number."""


@dataclass(frozen=True)
class SetLatch:
    """B0 30 lock, B0 31 release."""

    latch: Latch


Command = (
    Initialize
    | AskStatus
    | SetReadMode
    | ReadTracks
    | ClearTracks
    | AskCardType
    | ColdReset
    | WarmReset
    | PowerOff
    | Apdu
    | AskSerialNumber
    | SetLatch
)


def encode_command(command: Command) -> Frame:
    """Return the frame of `command`.

    Raises:
        WireError: an APDU of other than 4 to 261 bytes.
    """
    return Frame(bytes((_COMMAND,)) + _command_text(command))


def _command_text(command: Command) -> bytes:  # noqa: C901, PLR0912  (one line a command)
    match command:
        case Initialize(kind):
            return bytes((0x30, kind.value))
        case AskStatus():
            return b"\x31\x30"
        case SetReadMode():
            return b"\x36\x300170"
        case ReadTracks():
            return b"\x36\x3107"
        case ClearTracks():
            return b"\x36\x39"
        case AskCardType(kind):
            return bytes((0x50, kind.value))
        case ColdReset(supply):
            return bytes((0x51, 0x30, supply.value))
        case WarmReset():
            return b"\x51\x38"
        case PowerOff():
            return b"\x51\x31"
        case Apdu(protocol, apdu):
            if not MIN_APDU <= len(apdu) <= MAX_APDU:
                raise WireError(f"an APDU has {MIN_APDU} to {MAX_APDU} bytes, not {len(apdu)}")
            return bytes((0x51, protocol.value)) + apdu
        case AskSerialNumber():
            return b"\xa2\x30"
        case SetLatch(latch):
            return bytes((0xB0, latch.value))


class MalformedCommand(WireError):
    """A frame that is no command; `error` is the code that says so."""

    def __init__(self, error: "ErrorCode") -> None:
        super().__init__(error.name)
        self.error = error


def decode_command(frame: Frame) -> Command:
    """Return the command in `frame`.

    Raises:
        MalformedCommand: unknown CM or PM, or data that does not fit them.
    """
    text = frame.text
    if len(text) < 3 or text[0] != _COMMAND:
        raise MalformedCommand(ErrorCode.BAD_COMMAND)
    code, parameter, data = text[1], text[2], text[3:]
    command = _found_command(code, parameter, data)
    try:
        whole = encode_command(command).text == text
    except WireError:
        whole = False
    if not whole:
        raise MalformedCommand(ErrorCode.BAD_DATA)
    return command


def _found_command(code: int, parameter: int, data: bytes) -> Command:  # noqa: C901, PLR0912
    match code, parameter:
        case 0x30, 0x30 | 0x31:
            return Initialize(Init(parameter))
        case 0x31, 0x30:
            return AskStatus()
        case 0x36, 0x30:
            return SetReadMode()
        case 0x36, 0x31:
            return ReadTracks()
        case 0x36, 0x39:
            return ClearTracks()
        case 0x50, 0x30 | 0x31:
            return AskCardType(Kind(parameter))
        case 0x51, 0x30:
            return ColdReset(_member(Supply, data[0] if data else -1, ErrorCode.BAD_DATA))
        case 0x51, 0x31:
            return PowerOff()
        case 0x51, 0x33 | 0x34:
            return Apdu(Protocol(parameter), data)
        case 0x51, 0x38:
            return WarmReset()
        case 0xA2, 0x30:
            return AskSerialNumber()
        case 0xB0, 0x30 | 0x31:
            return SetLatch(Latch(parameter))
        case ((0x30 | 0x31 | 0x36 | 0x50 | 0x51 | 0xA2 | 0xB0), _):
            raise MalformedCommand(ErrorCode.BAD_PARAMETER)
        case _:
            raise MalformedCommand(ErrorCode.BAD_COMMAND)


def _member(kind: type[E], value: int, error: "ErrorCode") -> E:
    try:
        return kind(value)
    except ValueError:
        raise MalformedCommand(error) from None


# -- replies -------------------------------------------------------------------------------------------------


class ErrorCode(Enum):
    """e1 e0 of a failed command (e-kiosk, L)."""

    BAD_COMMAND = "00"
    BAD_PARAMETER = "01"
    CANNOT_EXECUTE = "02"
    NOT_SUPPORTED_BY_HARDWARE = "03"
    BAD_DATA = "04"
    LATCH = "11"
    EEPROM = "15"
    STRIPE_PARITY = "20"
    STRIPE = "21"
    POWER_DOWN = "30"
    IC_MODULE = "41"
    CHIP_POWER_SHORT = "60"
    ACTIVATION_FAILED = "61"
    NOT_SUPPORTED_BY_CHIP = "62"
    CHIP_SILENT = "63"
    CHIP_COMMUNICATION = "64"
    CHIP_NOT_ACTIVE = "65"
    CHIP_NOT_SUPPORTED = "66"
    NOT_EMV = "69"


@dataclass(frozen=True)
class Done:
    """The command was executed: its CM and PM, the status bytes st1 and st0, its data."""

    code: tuple[int, int]
    status: bytes
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Failed:
    """The command was not executed; N shows data behind the code for a chip that is not EMV."""

    code: tuple[int, int]
    error: ErrorCode
    data: bytes = field(default=b"", repr=False)


Reply = Done | Failed


def encode_reply(reply: Reply) -> Frame:
    """Return the frame of `reply`."""
    match reply:
        case Done(code, status, data):
            return Frame(bytes((_DONE, *code)) + status + data)
        case Failed(code, error, data):
            return Frame(bytes((_FAILED, *code)) + error.value.encode() + data)


def decode_reply(frame: Frame) -> Reply:
    """Return the reply in `frame`.

    Raises:
        WireError: neither 50 nor 4E, too short, or an error code that no source has.
    """
    text = frame.text
    if len(text) < 5:
        raise WireError(f"a reply has at least 5 bytes, not {len(text)}")
    code, status, data = (text[1], text[2]), text[3:5], text[5:]
    match text[0]:
        case 0x50:
            return Done(code, status, data)
        case 0x4E:
            try:
                return Failed(code, ErrorCode(status.decode("ascii")), data)
            except ValueError:
                raise WireError(f"the error code {status.hex(' ').upper()} is in no source") from None
        case head:
            raise WireError(f"a reply begins with {head:02X}")


class Position(Enum):
    """st0 of the status."""

    NONE = 0x30
    NOT_IN_PLACE = 0x31
    IN_PLACE = 0x32


@dataclass(frozen=True)
class Status:
    """Whether the latch is closed (st1 '0'; '1': released), and where the card is."""

    locked: bool
    position: Position


def encode_status(status: Status) -> bytes:
    """Return st1 and st0."""
    return bytes((0x30 if status.locked else 0x31, status.position.value))


def decode_status(reply: Done) -> Status:
    """Return what the status bytes of the answer to AskStatus say. Raises WireError."""
    try:
        return Status({0x30: True, 0x31: False}[reply.status[0]], Position(reply.status[1]))
    except (KeyError, ValueError):
        raise WireError(f"the status {reply.status.hex(' ').upper()} is in no source") from None


class CardType(Enum):
    """The two digits of 50 30 and 50 31 (e-kiosk)."""

    UNKNOWN = (None, "00")
    CPU_T0 = (Kind.IC, "10")
    CPU_T1 = (Kind.IC, "11")
    SLE4442 = (Kind.IC, "20")
    SLE4428 = (Kind.IC, "21")
    C01 = (Kind.IC, "30")
    C02 = (Kind.IC, "31")
    C04 = (Kind.IC, "32")
    C08 = (Kind.IC, "33")
    C16 = (Kind.IC, "34")
    C32 = (Kind.IC, "35")
    C64 = (Kind.IC, "36")
    C128 = (Kind.IC, "37")
    C256 = (Kind.IC, "38")
    S50 = (Kind.RF, "10")
    S70 = (Kind.RF, "11")
    ULTRALIGHT = (Kind.RF, "12")
    CPU_A = (Kind.RF, "20")
    CPU_B = (Kind.RF, "30")


def encode_card_type(card_type: CardType) -> bytes:
    """Return the two digits."""
    digits: str = card_type.value[1]
    return digits.encode()


def decode_card_type(kind: Kind, data: bytes) -> CardType:
    """Return what the answer to AskCardType says. Raises WireError."""
    for card_type in CardType:
        if card_type.value[0] in {kind, None} and encode_card_type(card_type) == data:
            return card_type
    raise WireError(f"the card type {data.hex(' ').upper()} is in no source")


class TrackError(Enum):
    """Why a track was not read: two digits (e-kiosk); N looks at the second alone."""

    PARITY = "20"
    ONLY_SENTINELS = "23"
    BLANK = "24"
    NO_START = "26"
    NO_END = "27"
    CHECKSUM = "28"


@dataclass(frozen=True)
class TrackData:
    """The characters of a track; never shown."""

    characters: bytes = field(repr=False)


Track = TrackData | TrackError


def encode_tracks(tracks: tuple[Track, Track, Track]) -> bytes:
    """Return tracks 1 to 3, 7E between them; each 'P' and its characters, or 'N' and its error."""
    return _TRACK_SEPARATOR.join(
        b"P" + track.characters if isinstance(track, TrackData) else b"N" + track.value.encode() for track in tracks
    )


def decode_tracks(data: bytes) -> tuple[Track, Track, Track]:
    """Return tracks 1 to 3 of the answer to ReadTracks. Raises WireError, which quotes none."""
    pieces = data.split(_TRACK_SEPARATOR)
    if len(pieces) != 3:
        raise WireError(f"{len(pieces)} tracks and not 3")
    first, second, third = (_track(piece) for piece in pieces)
    return first, second, third


def _track(piece: bytes) -> Track:
    if piece[:1] == b"P":
        return TrackData(piece[1:])
    try:
        if piece[:1] == b"N":
            return TrackError(piece[1:].decode("ascii"))
    except ValueError:
        pass
    raise WireError("a track has a status that is in no source")


@dataclass(frozen=True)
class Chip:
    """A chip that came to life."""

    protocol: Protocol
    atr: bytes


def encode_chip(chip: Chip) -> bytes:
    """Return '0' for T=0 or '1' for T=1, and the ATR."""
    return (b"0" if chip.protocol is Protocol.T0 else b"1") + chip.atr


def decode_chip(data: bytes) -> Chip:
    """Return what the answer to a reset says. Raises WireError."""
    match data[:1], data[1:]:
        case b"0", atr if atr:
            return Chip(Protocol.T0, atr)
        case b"1", atr if atr:
            return Chip(Protocol.T1, atr)
        case _:
            raise WireError("neither T=0 nor T=1, or no ATR")


def decode_response(data: bytes) -> bytes:
    """Return the chip's answer of 2 to 258 bytes. Raises WireError."""
    if not 2 <= len(data) <= MAX_ANSWER + 2:
        raise WireError(f"a chip's answer has 2 to {MAX_ANSWER + 2} bytes, not {len(data)}")
    return data
