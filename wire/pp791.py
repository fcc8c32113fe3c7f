"""Frames and messages of the PIN pad PP791: master keys as key blocks, clear keys, PIN blocks, MACs.

Source: Uniform Industrial Corp., "PIN Pad 791 Programmer's Manual (PCI POS-A)", UDN PM0103-U Rev. 06, 2015-04-20, as it
was filed with the FCC (pages by their printed numbers; docs/devices/pp791.md). Here are the messages that a kiosk
needs. Not here, on purpose: clear-text keys (02), session keys under K0 keys, offline PINs. No repr has an account
number, a key block, a PIN block or data for a MAC.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import reduce
from operator import xor
from typing import TypeVar

from wire.errors import WireError

MAX_FRAME = 300
"""The longest message of the manual that is taken here, Z66, has 270 bytes (p231)."""
PIN_SLOTS = "0123456789"
MAC_SLOTS = "BCDE"
MIN_PIN, MAX_PIN = 4, 12
TIMEOUT_UNIT_S = 30
MAX_TIMEOUT_UNITS = 9
MAX_KEY_TIMEOUT_S = 255
MAC_PART_BYTES = 112
MAX_MAC_PARTS = 100

_FS, _GS, _SUB = "\x1c", "\x1d", "\x1a"
# Z60, Z62: "If the selected key is with usage P0, the session key should be all zeros" (p226, p228).
_NO_SESSION_KEY = "0" * 16

E = TypeVar("E", bound=Enum)


# -- frames (section 4, p26 and p27) -----------------------------------------------------------------------------


class Control(Enum):
    """The single bytes between frames."""

    ACK = 0x06
    NAK = 0x15
    EOT = 0x04


class Kind(Enum):
    """The two kinds of frames; the value is the byte that begins it."""

    ADMINISTRATION = 0x0F
    TRANSACTION = 0x02


_END = {Kind.ADMINISTRATION: 0x0E, Kind.TRANSACTION: 0x03}
_KIND = {kind.value: kind for kind in Kind}
_CONTROL = {control.value: control for control in Control}
_NO_TEXT = frozenset(_KIND) | frozenset(_CONTROL) | frozenset(_END.values())
_BEFORE_A_MARK = re.compile(b"[^" + re.escape(bytes(sorted(_NO_TEXT))) + b"]*")


@dataclass(frozen=True)
class Frame:
    """A frame with a right LRC: its kind, and the text between start and end byte."""

    kind: Kind
    text: bytes = field(repr=False)


@dataclass(frozen=True)
class Garbled:
    """What began as a frame and was none: the other side has to be asked for it again."""


class Deframer:
    """Cuts what arrives into frames and control bytes, whichever side sent them.

    Other bytes between frames are dropped. A start or control byte inside a frame breaks that off. Holds MAX_FRAME
    bytes at most.
    """

    def __init__(self) -> None:
        self._kind: Kind | None = None
        self._text = bytearray()
        self._ended = False

    def reset(self) -> None:
        """Forget what has arrived."""
        self._kind = None
        self._text.clear()
        self._ended = False

    def feed(self, data: bytes) -> list[Frame | Control | Garbled]:
        """Return what `data` completes, in the order of arrival."""
        found: list[Frame | Control | Garbled] = []
        position = 0
        while position < len(data):
            if self._kind is not None and not self._ended:
                text = self._text_in(data, position)
                self._text += text
                position += len(text)
                if position == len(data):
                    break
            found += self._take(data[position])
            position += 1
        return found

    def _text_in(self, data: bytes, position: int) -> bytes:
        """Return what of `data` goes on with the text of the frame, byte by byte nothing but text."""
        match = _BEFORE_A_MARK.match(data, position, position + MAX_FRAME - len(self._text))
        return match[0] if match is not None else b""

    def _take(self, byte: int) -> list[Frame | Control | Garbled]:
        if self._kind is None:
            return self._between(byte)
        if self._ended:
            return [self._finish(self._kind, byte)]
        if byte == _END[self._kind]:
            self._ended = True
        elif byte in _KIND or byte in _CONTROL or len(self._text) == MAX_FRAME:
            return [self._break_off(), *self._between(byte)]
        else:
            self._text.append(byte)
        return []

    def _between(self, byte: int) -> list[Frame | Control | Garbled]:
        self._kind = _KIND.get(byte)
        return [_CONTROL[byte]] if byte in _CONTROL else []

    def _finish(self, kind: Kind, lrc: int) -> Frame | Garbled:
        text = bytes(self._text)
        self.reset()
        return Frame(kind, text) if lrc == _lrc(kind, text) else Garbled()

    def _break_off(self) -> Garbled:
        self.reset()
        return Garbled()


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes of a frame.

    Raises:
        WireError: its text has a byte that begins or ends frames or is a control byte.
    """
    if not _NO_TEXT.isdisjoint(frame.text):
        raise WireError("a text has bytes that begin or end frames or are control bytes")
    end = _END[frame.kind]
    return bytes((frame.kind.value, *frame.text, end, _lrc(frame.kind, frame.text)))


def _lrc(kind: Kind, text: bytes) -> int:
    return reduce(xor, text, _END[kind])


# -- what the host says ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LoadKey:
    """02 (p28 to p32): a TR-31 key block for a slot. The pad says the same back before it keeps the key."""

    slot: str
    block: str = field(repr=False)


@dataclass(frozen=True)
class CheckKey:
    """04 with [Key Info Query] (p34): what is in a slot."""

    slot: str


@dataclass(frozen=True)
class GetSerialNumber:
    """06 (p37)."""


@dataclass(frozen=True)
class SelectKey:
    """08 (p39): the key of a slot encrypts the PINs that follow."""

    slot: str


@dataclass(frozen=True)
class SelfTest:
    """16 (p50)."""


@dataclass(frozen=True)
class ResetState:
    """Z1 (p208): back to idle. It is only acknowledged."""


@dataclass(frozen=True)
class Cancel:
    """72 (p206): acknowledged when idle; in the middle of an entry the pad ends that with EOT."""


@dataclass(frozen=True)
class ShowPrompt:
    """Z2 with GS (p209 to p215): a fixed prompt, without which the pad gives no digit in clear."""

    prompt: int


@dataclass(frozen=True)
class ReadKey:
    """Z42 (p221): one key in clear, of a customer who has been shown a prompt; `timeout_s` 1 to 255."""

    timeout_s: int


@dataclass(frozen=True)
class EnterPin:
    """Z62 under a selected P0 key (p228, p229): the customer types a PIN, the pad encrypts it with the account number.

    `prompts` are two to show in turn before the first digit and one for after the last; `timeout_units` are of
    TIMEOUT_UNIT_S. A PIN of no digits is not allowed.
    """

    account: str = field(repr=False)
    minimum: int
    maximum: int
    prompts: tuple[str, str, str]
    timeout_units: int


@dataclass(frozen=True)
class RequestMac:
    """Z66 under an M3 key (p231), data as hexadecimal text: ISO 9797-1 algorithm 3, zero padding, IV 0.

    `packet` is [PktType]; the page with its values was not found.
    """

    packet: str
    sequence: int
    slot: str
    data: bytes = field(repr=False)


Request = (
    LoadKey
    | CheckKey
    | GetSerialNumber
    | SelectKey
    | SelfTest
    | ResetState
    | Cancel
    | ShowPrompt
    | ReadKey
    | EnterPin
    | RequestMac
)


# -- what the pad says -------------------------------------------------------------------------------------------


class LoadError(Enum):
    """[Err msg] of 02 (p30)."""

    DUPLICATE = "2"
    NO_MEMORY = "3"
    KEY_STRUCTURE = "4"
    NOT_DECRYPTED = "7"
    FORMAT = "A"
    LONGER_THAN_ITS_KEY = "B"
    WRONG_MAC = "C"
    NO_KEY_LOADING_KEY = "D"
    USAGE = "E"
    TOO_MANY_LOADS = "F"


class SelfTestFailure(Enum):
    """[Response] of 16 (p50) but for "0"."""

    RAM = "1"
    ROM_CHECKSUM = "2"
    KEYS_CRC = "5"


class KeyCode(Enum):
    """[keycode] of Z43 (p222)."""

    ZERO = "0"
    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"
    FIVE = "5"
    SIX = "6"
    SEVEN = "7"
    EIGHT = "8"
    NINE = "9"
    F1 = "A"
    F2 = "B"
    F3 = "C"
    CANCEL = "*"
    ENTER = "#"
    CLEAR = "/"
    TIMED_OUT = "?"


class PinError(Enum):
    """[error code] of 71 (p205)."""

    NO_ACCOUNT = "0"
    KEY_VALUE = "1"
    ACCOUNT_SHORT = "2"
    ACCOUNT_LONG = "3"
    ACCOUNT_NOT_DIGITS = "4"
    WORKING_KEY_FORMAT = "5"
    TIMEOUT_VALUE = "6"
    TOO_MANY_PINS = "7"
    FIELD_FORMAT = "8"
    NO_ACTIVE_KEY = "9"
    SLOT_NOT_FOR_PINS = "A"
    FLASH = "B"
    NO_MEMORY = "C"
    FIELD_LENGTH = "E"
    FILE = "G"


class MacStatus(Enum):
    """[status] of Z67 (p234)."""

    DONE = "0"
    READY_FOR_NEXT = "1"
    SEQUENCE = "2"
    KEY = "3"
    SECOND_KEY = "4"
    MESSAGE_LENGTH = "5"
    PACKET_TYPE = "6"
    MESSAGE_CONTENTS = "7"
    SESSION_KEY = "8"
    KEY_LENGTH = "9"
    SESSION_KEY_USAGE = "A"


@dataclass(frozen=True)
class LoadRefused:
    """02 (p30): the key was not taken."""

    error: LoadError


@dataclass(frozen=True)
class KeyAbsent:
    """04 (p34): nothing is in the slot."""


@dataclass(frozen=True)
class KeyPresent:
    """04 (p34): usage (K0, P0, D0, M1, M3), mode (E, D, G, V) and algorithm (T, D) as in the key block."""

    usage: str
    mode: str
    algorithm: str


@dataclass(frozen=True)
class SerialNumber:
    """06 (p37): up to 12 characters, twelve zeros where none was loaded."""

    text: str


@dataclass(frozen=True)
class KeySelected:
    """08 (p39). Whether there is a key in the slot it does not say."""

    done: bool


@dataclass(frozen=True)
class SelfTestResult:
    """16 (p50)."""

    failures: frozenset[SelfTestFailure]


@dataclass(frozen=True)
class PromptShown:
    """Z2 (p211); False: the pad has no such prompt."""

    done: bool


@dataclass(frozen=True)
class KeyPressed:
    """Z43 (p222)."""

    key: KeyCode = field(repr=False)


@dataclass(frozen=True)
class PinBlock:
    """71 (p204): how many digits were typed, and the encrypted ISO format 0 block (8 bytes)."""

    digits: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class PinRefused:
    """71 (p205)."""

    error: PinError


@dataclass(frozen=True)
class Mac:
    """Z67 (p234): `data` has 8 bytes after DONE, none after any other status."""

    status: MacStatus
    data: bytes = field(default=b"", repr=False)


Reply = (
    LoadKey
    | LoadRefused
    | KeyAbsent
    | KeyPresent
    | SerialNumber
    | KeySelected
    | SelfTestResult
    | PromptShown
    | KeyPressed
    | PinBlock
    | PinRefused
    | Mac
)


# -- messages to frames ------------------------------------------------------------------------------------------


def encode_request(request: Request) -> bytes:  # noqa: C901  (one case a message)
    """Return the frame of `request`.

    Raises:
        WireError: a field does not fit the manual.
    """
    match request:
        case LoadKey():
            return _load_key(request)
        case CheckKey(slot):
            return _administration("04", _one_of(slot, PIN_SLOTS + MAC_SLOTS + "FG"), "1")
        case GetSerialNumber():
            return _administration("06")
        case SelectKey(slot):
            return _administration("08", _one_of(slot, PIN_SLOTS))
        case SelfTest():
            return _administration("16")
        case ResetState():
            return _transaction("Z1")
        case Cancel():
            return _transaction("72")
        case ShowPrompt(prompt):
            return _transaction("Z2", _GS, f"{_within(prompt, 1, 999):03}", _SUB)
        case ReadKey(timeout_s):
            return _transaction("Z42", f"{_within(timeout_s, 1, MAX_KEY_TIMEOUT_S)}")
        case EnterPin():
            return _enter_pin(request)
        case RequestMac():
            return _request_mac(request)


def encode_reply(reply: Reply) -> bytes:  # noqa: C901  (one case a message)
    """Return the frame of `reply`.

    Raises:
        WireError: a field does not fit the manual.
    """
    match reply:
        case LoadKey():
            return _load_key(reply)
        case LoadRefused(error):
            return _administration("02?", error.value)
        case KeyAbsent():
            return _administration("040")
        case KeyPresent(usage, mode, algorithm):
            return _administration("04F", _FS.join((usage, mode, algorithm)))
        case SerialNumber(text):
            return _administration("06", text)
        case KeySelected(done):
            return _administration("08", "0" if done else "1")
        case SelfTestResult(failures):
            return _administration("16", "".join(sorted(each.value for each in failures)) or "0")
        case PromptShown(done):
            return _transaction("Z2", "0" if done else "1")
        case KeyPressed(key):
            return _transaction("Z43", key.value)
        case PinBlock(digits, data):
            return _transaction("71.0", f"{_within(digits, MIN_PIN, MAX_PIN):02}", "01", _hex(data, 8))
        case PinRefused(error):
            return _transaction("71", error.value)
        case Mac(status, data):
            return _transaction("Z67", status.value, _hex(data, 8 if status is MacStatus.DONE else 0))


def _load_key(message: LoadKey) -> bytes:
    block = message.block
    # Version and length first, as a TR-31 header has them: a clear key must not slip through.
    if not (block[:1] in set("ABCD") and block[1:5] == f"{len(block):04}" and block.isascii() and block.isalnum()):
        raise WireError("no TR-31 key block")
    if block != block.upper() or not 16 < len(block) <= 120:
        raise WireError("a key block has 17 to 120 capital letters and digits")
    return _administration("02", _one_of(message.slot, PIN_SLOTS + MAC_SLOTS + "G"), block)


def _enter_pin(request: EnterPin) -> bytes:
    account = request.account
    if not (account.isascii() and account.isdigit() and 8 <= len(account) <= 19):
        raise WireError("an account number has 8 to 19 digits")
    if not all(1 <= len(prompt) <= 16 and prompt.isascii() and prompt.isprintable() for prompt in request.prompts):
        raise WireError("a prompt has 1 to 16 ASCII characters")
    lengths = f"{_within(request.minimum, MIN_PIN, MAX_PIN):02}{_within(request.maximum, request.minimum, MAX_PIN):02}"
    timeout = f"{_within(request.timeout_units, 1, MAX_TIMEOUT_UNITS)}"
    first, *others = request.prompts
    parts = (f"{_NO_SESSION_KEY}{lengths}N{first}", *others, timeout)
    return _transaction("Z62.", account, _FS, _FS.join(parts))


def _request_mac(request: RequestMac) -> bytes:
    if not 1 <= len(request.data) <= MAC_PART_BYTES:
        raise WireError(f"data of a MAC has 1 to {MAC_PART_BYTES} bytes a message")
    if len(request.packet) != 1 or not (request.packet.isascii() and request.packet.isalnum()):
        raise WireError("a packet type is one letter or digit")
    sequence = f"{_within(request.sequence, 0, MAX_MAC_PARTS - 1):02}"
    head = f"{request.packet}{sequence}{_one_of(request.slot, MAC_SLOTS)}"
    return _transaction("Z66", _FS.join((head, _NO_SESSION_KEY, "", request.data.hex().upper())))


def _administration(*parts: str) -> bytes:
    return encode_frame(Frame(Kind.ADMINISTRATION, _ascii("".join(parts))))


def _transaction(*parts: str) -> bytes:
    return encode_frame(Frame(Kind.TRANSACTION, _ascii("".join(parts))))


def _ascii(text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise WireError("a text is not ASCII") from None


def _one_of(value: str, allowed: str) -> str:
    if len(value) != 1 or value not in allowed:
        raise WireError(f"not one of {allowed}")
    return value


def _within(value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise WireError(f"not within {low} and {high}")
    return value


def _hex(data: bytes, size: int) -> str:
    if len(data) != size:
        raise WireError(f"{size} bytes are needed, not {len(data)}")
    return data.hex().upper()


# -- frames to messages ------------------------------------------------------------------------------------------


def decode_request(frame: Frame) -> Request:
    """Return what the host says in `frame`.

    Raises:
        WireError: it is no message that is taken here, or a field does not fit the manual.
    """
    return _decode(frame, _REQUESTS, encode_request)


def decode_reply(frame: Frame) -> Reply:
    """Return what the pad says in `frame`.

    Raises:
        WireError: it is no message that is taken here, or a field does not fit the manual.
    """
    return _decode(frame, _REPLIES, encode_reply)


M = TypeVar("M")


def _decode(frame: Frame, readers: Mapping[tuple[Kind, str], Callable[[str], M]], encode: Callable[[M], bytes]) -> M:
    try:
        text = frame.text.decode("ascii")
    except UnicodeDecodeError:
        raise WireError("a text is not ASCII") from None
    for (kind, head), read in readers.items():
        if kind is frame.kind and text.startswith(head):
            try:
                message = read(text.removeprefix(head))
            except (ValueError, IndexError):
                raise WireError(f"a field of {head} does not fit") from None
            # One way to write a message: what another text means would be a guess.
            if encode(message) != encode_frame(frame):
                raise WireError(f"a field of {head} does not fit")
            return message
    raise WireError("no message that is known")


def _nothing(make: Callable[[], M]) -> Callable[[str], M]:
    return lambda _: make()


def _read_enter_pin(rest: str) -> EnterPin:
    account, first, second, processing, timeout = rest.split(_FS)
    lengths, flag, prompt = first[16:20], first[20], first[21:]
    if flag != "N":
        raise WireError("a PIN of no digits is not taken")
    return EnterPin(account, int(lengths[:2]), int(lengths[2:]), (prompt, second, processing), int(timeout))


def _read_request_mac(rest: str) -> RequestMac:
    head, _, _, data = rest.split(_FS)
    return RequestMac(head[0], int(head[1:3]), head[3:], bytes.fromhex(data))


def _read_key_info(rest: str) -> Reply:
    if rest == "0":
        return KeyAbsent()
    usage, mode, algorithm = rest.removeprefix("F").split(_FS)
    if (len(usage), len(mode), len(algorithm)) != (2, 1, 1):
        raise WireError("usage, mode and algorithm have 2, 1 and 1 characters")
    return KeyPresent(usage, mode, algorithm)


def _read_mac(rest: str) -> Mac:
    return Mac(MacStatus(rest[0]), bytes.fromhex(rest[1:]))


def _read_failures(rest: str) -> SelfTestResult:
    return SelfTestResult(frozenset() if rest == "0" else frozenset(map(SelfTestFailure, rest)))


_REQUESTS: Mapping[tuple[Kind, str], Callable[[str], Request]] = {
    (Kind.ADMINISTRATION, "02"): lambda rest: LoadKey(rest[0], rest[1:]),
    (Kind.ADMINISTRATION, "04"): lambda rest: CheckKey(rest[0]),
    (Kind.ADMINISTRATION, "06"): _nothing(GetSerialNumber),
    (Kind.ADMINISTRATION, "08"): SelectKey,
    (Kind.ADMINISTRATION, "16"): _nothing(SelfTest),
    (Kind.TRANSACTION, "Z1"): _nothing(ResetState),
    (Kind.TRANSACTION, "72"): _nothing(Cancel),
    (Kind.TRANSACTION, "Z2" + _GS): lambda rest: ShowPrompt(int(rest[:3])),
    (Kind.TRANSACTION, "Z42"): lambda rest: ReadKey(int(rest)),
    (Kind.TRANSACTION, "Z62."): _read_enter_pin,
    (Kind.TRANSACTION, "Z66"): _read_request_mac,
}
_REPLIES: Mapping[tuple[Kind, str], Callable[[str], Reply]] = {
    (Kind.ADMINISTRATION, "02?"): lambda rest: LoadRefused(LoadError(rest)),
    (Kind.ADMINISTRATION, "02"): lambda rest: LoadKey(rest[0], rest[1:]),
    (Kind.ADMINISTRATION, "04"): _read_key_info,
    (Kind.ADMINISTRATION, "06"): SerialNumber,
    (Kind.ADMINISTRATION, "08"): lambda rest: KeySelected(rest == "0"),
    (Kind.ADMINISTRATION, "16"): _read_failures,
    (Kind.TRANSACTION, "Z2"): lambda rest: PromptShown(rest == "0"),
    (Kind.TRANSACTION, "Z43"): lambda rest: KeyPressed(KeyCode(rest)),
    (Kind.TRANSACTION, "71."): lambda rest: PinBlock(int(rest[1:3]), bytes.fromhex(rest[5:])),
    (Kind.TRANSACTION, "71"): lambda rest: PinRefused(PinError(rest)),
    (Kind.TRANSACTION, "Z67"): _read_mac,
}
