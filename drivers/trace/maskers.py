"""What is secret in the bytes of each protocol family: one masker each, and `HideAll` for every other.

What is shown is named, everything else is hidden: commands, states, error codes, positions, status words and the
reader's own numbers are shown; what a card, a person or a key holds is not. docs/traces.md gives the table. The numbers
stand here and are not taken from the codecs: a change over there must not show more here.
"""

import re
from collections.abc import Callable
from typing import Protocol

from drivers.trace.frames import HEAD, MORE, FrameStream, Layout, Rule
from kiosk_core.trace import FILLER, Octets, Spans, What

_ALL = 64
"""More data than any command or answer has that is shown whole; what is longer is not what it seems."""


class Masker(Protocol):
    """Hides the secrets of one session between a driver and a device. Never raises, never holds bytes back."""

    def mask(self, what: What, data: bytes) -> Octets:
        """Return the chunk `data` (1 byte or more), as long as it was."""
        ...

    def gap(self) -> None:
        """Take note that the driver waited in vain or threw bytes away: what comes need not follow what came."""
        ...


class HideAll:
    """For a protocol that nobody described here: length and time of a chunk are all that is kept."""

    def mask(self, what: What, data: bytes) -> Octets:  # noqa: ARG002  (a Masker)
        """Return as many hidden bytes."""
        return _hidden(data)

    def gap(self) -> None:
        """Nothing is remembered."""


class HideSent:
    """For printers: what they say of themselves is shown, what is sent to be printed is not."""

    def mask(self, what: What, data: bytes) -> Octets:
        """Return what was received, and as many hidden bytes for what was sent."""
        return _hidden(data) if what is What.OUT else Octets(data)

    def gap(self) -> None:
        """Nothing is remembered."""


class FrameMasker:
    """For protocols with frames. A driver writes whole frames, so what it sends begins anew with every chunk."""

    def __init__(self, sent: Rule, received: Rule, beside: Callable[[What, bytes], bool] | None = None) -> None:
        """`beside` says whether a transfer on the control or interrupt pipe may be kept."""
        self._sent = FrameStream(sent)
        self._received = FrameStream(received)
        self._beside = beside

    def mask(self, what: What, data: bytes) -> Octets:
        """Return the chunk with everything hidden that the rules do not show."""
        if what is What.OUT:
            self._received.ask()
            self._sent.begin()
            return self._sent.mask(data)
        if what is What.IN:
            return self._received.mask(data)
        if self._beside is not None and self._beside(what, data):
            return Octets(data)
        return _hidden(data)

    def gap(self) -> None:
        """Look for a new frame only after the next question."""
        self._received.gap()


def _hidden(data: bytes) -> Octets:
    return Octets(bytes((FILLER,)) * len(data), ((0, len(data)),))


def _layout(size: int, start: int, end: int, front: int, *, tail: int = 0, checksum: int | None = None) -> Layout:
    """Show the first `front` and last `tail` bytes between `start` and `end`, and all around; `_ALL` shows all."""
    if front == _ALL and end - start <= _ALL:
        return Layout(size)
    begin, stop = start + min(front, HEAD), end - tail
    return Layout(size, ((begin, stop),), checksum) if begin < stop else Layout(size)


def _control(size: int | None) -> Layout | None:
    """Return what a Rule says without a frame's size: None for no frame, MORE for 0, a control byte for 1."""
    if size is None:
        return None
    return Layout(1) if size == 1 else MORE


# -- cards behind any reader -------------------------------------------------------------------------------

_APDU_HEAD = 5  # CLA INS P1 P2 Lc


def _apdu_front(apdu: bytes, length: int) -> int:
    """Return how much of a command is shown: its header; of a SELECT also the name, which names no card."""
    return length if apdu[1:2] == b"\xa4" else min(_APDU_HEAD, length)


# -- CCID 1.1, chapter 6 (wire/ccid.py) --------------------------------------------------------------------

_CCID_HEADER = 10
_XFR_BLOCK, _DATA_BLOCK = 0x6F, 0x80
_CCID_SENT = frozenset((0x61, 0x62, 0x63, 0x65, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, _XFR_BLOCK, 0x71, 0x72, 0x73))
_CCID_RECEIVED = frozenset((_DATA_BLOCK, 0x81, 0x82, 0x83, 0x84))
_MAX_SLOT = 15
_MAX_CCID = 65_544  # a message with an extended APDU, 6.1.4


def _ccid_size(head: bytes, types: frozenset[int]) -> int | None:
    """Return the message's size, 0 while its header is not whole, None where it is no CCID message."""
    if head[0] not in types or any(head[4:5]) or (len(head) > 5 and head[5] > _MAX_SLOT):
        return None
    if len(head) < _CCID_HEADER:
        return 0
    size = _CCID_HEADER + int.from_bytes(head[1:5], "little")
    return size if size <= _MAX_CCID else None


class _Ccid:
    """Remembers what was sent: only the answer to an APDU ends in a status word, an ATR does not."""

    def __init__(self) -> None:
        self._asked = 0

    def sent(self, head: bytes) -> Layout | None:
        size = _ccid_size(head, _CCID_SENT)
        if not size:
            return _control(size)
        self._asked = head[0]
        start = _CCID_HEADER
        continued = head[8] > 1  # wLevelParameter 2 and 3: not the beginning of an APDU
        if head[0] != _XFR_BLOCK or continued:
            return _layout(size, start, size, 0)
        if len(head) < min(size, start + _APDU_HEAD):
            return MORE
        return _layout(size, start, size, min(_apdu_front(head[start:], size - start), HEAD - start))

    def received(self, head: bytes) -> Layout | None:
        size = _ccid_size(head, _CCID_RECEIVED)
        if not size:
            return _control(size)
        whole = head[9] in (0, 2) and not head[7] & 0xC0  # bChainParameter, bStatus
        ends_an_apdu = head[0] == _DATA_BLOCK and self._asked == _XFR_BLOCK and whole
        return _layout(size, _CCID_HEADER, size, 0, tail=2 if ends_an_apdu else 0)


def _ccid_beside(what: What, data: bytes) -> bool:
    return what is What.CONTROL or (data[0] in (0x50, 0x51) and len(data) <= 8)


def ccid_masker() -> Masker:
    """Show message headers, APDU headers, names of SELECT and status words."""
    rules = _Ccid()
    return FrameMasker(rules.sent, rules.received, _ccid_beside)


# -- CRT-591 and CRT-571: wire/crt591.py -------------------------------------------------------------------

_F2 = 0xF2
_CRT591_MAX_ADDRESS, _CRT591_MAX_FRAME = 0x0F, 1024
_CRT591_CONTROLS = frozenset((0x04, 0x06, 0x15))
_CRT591_OPEN = frozenset((0x30, 0x31, 0x32, 0x33, 0x50, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6))
_CRT591_CONTACT = frozenset((0x51, 0x52))
_CRT591_APDU = {(cm, pm) for cm in _CRT591_CONTACT for pm in (0x33, 0x34, 0x39)} | {(0x60, 0x34), (0x60, 0x35)}
_CRT591_RADIO = frozenset(((0x60, 0x30), (0x60, 0x31), (0x60, 0x32)))
_DONE = 0x50
_STATUS, _ERROR = frozenset(b"0123"), frozenset(b"0123456789AB")


class _Crt591:
    """Shows an answer only to the command that was sent last: what a bad line makes of data must not pass for one."""

    def __init__(self) -> None:
        self._asked: tuple[int, int] | None = None

    def sent(self, head: bytes) -> Layout | None:
        size = _crt591_size(head, b"\x43")
        if not size or size == 1:
            return _control(size)
        start, end, front = 7, size - 2, 0
        code = (head[5], head[6])
        self._asked = code
        if code in _CRT591_APDU:
            if len(head) < min(start + _APDU_HEAD, end):
                return MORE
            front = min(_apdu_front(head[start:], end - start), HEAD - start)
        elif code[0] in _CRT591_OPEN or code[0] in _CRT591_CONTACT or code in _CRT591_RADIO:
            front = _ALL
        elif code == (0x60, 0x33):
            front = 5  # 00, function, key A or B or sector, sector or block, length
        return _layout(size, start, end, front, checksum=size - 1)

    def received(self, head: bytes) -> Layout | None:
        size = _crt591_size(head, b"\x50\x4e\x45")
        if not size or size == 1:
            return _control(size)
        code, end = (head[5], head[6]), size - 2
        if code != self._asked:
            return _layout(size, 7, end, 0, checksum=size - 1)
        done = head[4] == _DONE
        start, allowed = (10, _STATUS) if done else (9, _ERROR)
        if not allowed.issuperset(head[7:start]) or end < start:
            return None
        if len(head) < start:
            return MORE
        front, tail = self._answer(code) if done else (0, 0)
        return _layout(size, start, end, front, tail=tail, checksum=size - 1)

    @staticmethod
    def _answer(code: tuple[int, int]) -> tuple[int, int]:
        if code in _CRT591_APDU or code == (0x60, 0x33):
            return 0, 2
        if code[0] in _CRT591_OPEN or code in {(0x60, 0x31), (0x60, 0x32)}:
            return _ALL, 0
        if code[0] in _CRT591_CONTACT:
            return (1 if code[1] in (0x30, 0x38) else 3), 0  # the type before an ATR; power state and SAM's number
        return 0, 0


def _crt591_size(head: bytes, heads: bytes) -> int | None:
    """Return the frame's size (1: a control), 0 while CM and PM are not there, None where it is no frame."""
    if head[0] in _CRT591_CONTROLS:
        return 1
    if head[0] != _F2 or any(byte > _CRT591_MAX_ADDRESS for byte in head[1:2]):
        return None
    text = int.from_bytes(head[2:4], "big")
    size = text + 6  # F2, address, two bytes of length; ETX, BCC
    if len(head) >= 4 and (text < 3 or size > _CRT591_MAX_FRAME):
        return None
    if len(head) > 4 and head[4] not in heads:
        return None
    return size if len(head) >= 7 else 0


def crt591_masker() -> Masker:
    """Show commands, states, error codes, APDU headers and status words; hide keys, blocks, UIDs and APDU data."""
    rules = _Crt591()
    return FrameMasker(rules.sent, rules.received)


# -- CRT-310: wire/crt310.py -------------------------------------------------------------------------------

_STX = 0x02
_CRT310_MAX_PACKAGE = 269
_CRT310_CONTROLS = frozenset((0x04, 0x05, 0x06, 0x15))
_CRT310_OPEN = frozenset((0x2E, 0x2F, 0x30, 0x31, 0x32, 0x33, 0x34, 0x46, 0x49, 0x4A, 0xFA))
_CRT310_KNOWN = _CRT310_OPEN | {0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x45}
_CRT310_APDU = frozenset((0x31, 0x32))
_NEGATIVE = 0x4E
_RF_KEYS = frozenset((0x32, 0x35, 0x39))
_AT = 5  # where the data begin, behind STX, two bytes of length, CM and PM


class _Crt310:
    """Shows an answer only to the command that was sent last, as `_Crt591` does."""

    def __init__(self) -> None:
        self._asked: tuple[int, int] | None = None

    def sent(self, head: bytes) -> Layout | None:
        size = _crt310_size(head, _CRT310_KNOWN)
        if not size or size == 1:
            return _control(size)
        self._asked = (head[3], head[4])
        front = _crt310_command(head, size - 2)
        return MORE if front is None else _layout(size, _AT, size - 2, front, checksum=size - 1)

    def received(self, head: bytes) -> Layout | None:
        size = _crt310_size(head, _CRT310_KNOWN | {_NEGATIVE})
        if not size or size == 1:
            return _control(size)
        code, end = (head[3], head[4]), size - 2
        front, tail = 0, 0
        if code == self._asked:
            front, tail = _crt310_answer(code, end - _AT)
        elif code[0] == _NEGATIVE and self._asked is not None and code[1] == self._asked[0]:
            front = 1
        return _layout(size, _AT, end, front, tail=tail, checksum=size - 1)


def _crt310_size(head: bytes, commands: frozenset[int]) -> int | None:
    """Return the frame's size (1: a control), 0 while CM and PM are not there, None where it is no frame."""
    if head[0] in _CRT310_CONTROLS:
        return 1
    length = int.from_bytes(head[1:3], "big")
    if head[0] != _STX or any(byte > 1 for byte in head[1:2]):
        return None
    if (len(head) >= 3 and not 2 <= length <= _CRT310_MAX_PACKAGE) or (len(head) > 3 and head[3] not in commands):
        return None
    return length + 5 if len(head) >= _AT else 0


def _crt310_command(head: bytes, end: int) -> int | None:
    """Return how much of a command's data is shown, None where too little is there to say."""
    cm, pm = head[3], head[4]
    if cm in _CRT310_OPEN or cm == 0x45:
        return _ALL
    if cm == 0x35:
        return 1 if pm in _RF_KEYS else 2  # sector, and block
    if cm == 0x36:
        return 4  # card, two bytes of address, length
    if (cm == 0x37 and pm in _CRT310_APDU) or cm == 0x3D:
        before = 2 if cm == 0x37 else 3  # the slot of a SAM; two bytes of length
        apdu = _AT + before
        if len(head) < min(apdu + _APDU_HEAD, end):
            return None
        return min(before + _apdu_front(head[apdu:], max(0, end - apdu)), HEAD - _AT)
    return 0


def _crt310_answer(code: tuple[int, int], length: int) -> tuple[int, int]:
    """Return how many of `length` bytes of data are shown in front and at the end."""
    cm, pm = code
    if cm in _CRT310_OPEN:
        return _ALL, 0
    if code == (0x35, 0x31):
        return (0 if length == 4 else 1), 0  # the example on p15 has a serial number and no outcome
    if cm == 0x35 or (cm == 0x45 and length == 3):
        return 3, 0  # sector, block, outcome; mode, tracks, outcome
    if cm == 0x45:
        return 2, 0
    if cm == 0x36:
        return 5, 0  # card, outcome, two bytes of address, length
    if cm in (0x37, 0x3D):
        slot = int(cm == 0x3D)
        return (3 + slot, 2) if pm in _CRT310_APDU else (1 + slot, 0)
    return 0, 0


def crt310_masker() -> Masker:
    """Show commands, states, outcomes, APDU headers and status words; hide tracks, keys, blocks, UIDs, APDU data."""
    rules = _Crt310()
    return FrameMasker(rules.sent, rules.received)


# -- SDT / SAM_V: wire/sdt.py ------------------------------------------------------------------------------

_PREAMBLE = bytes.fromhex("AA AA AA 96 69")
_SDT_DATA = 10  # behind preamble, length and three status bytes
_READ_SAM_ID, _SAM_ID_BYTES = b"\x12\xff", 16  # no other answer has so many bytes
_SDT_MIN_LENGTH, _SDT_MAX_LENGTH = 3, 0x090A
_SW3 = frozenset(bytes.fromhex("90 91 9F 10 11 21 23 24 31 32 33 40 41 47 60 66 80 81"))


class _Sdt:
    """Answers do not name their question, so it is remembered; of all answers with data only one is shown."""

    def __init__(self) -> None:
        self._asked = b""

    def sent(self, head: bytes) -> Layout | None:
        size = _sdt_size(head)
        if not size:
            return _control(size)
        self._asked = head[7:9]
        return _layout(size, 7, size - 1, 2, checksum=size - 1)

    def received(self, head: bytes) -> Layout | None:
        size = _sdt_size(head)
        if not size:
            return _control(size)
        if any(head[7:9]) or not _SW3.issuperset(head[9:10]) or size <= _SDT_DATA:
            return None
        if len(head) < _SDT_DATA:
            return MORE
        is_sam_number = self._asked == _READ_SAM_ID and size == _SDT_DATA + _SAM_ID_BYTES + 1
        return _layout(size, _SDT_DATA, size - 1, _ALL if is_sam_number else 0, checksum=size - 1)


def _sdt_size(head: bytes) -> int | None:
    """Return the frame's size, 0 while its length is not there, None where it is no frame."""
    begun = head[: len(_PREAMBLE)]
    if begun != _PREAMBLE[: len(begun)]:
        return None
    if len(head) < 7:
        return 0
    length = int.from_bytes(head[5:7], "big")
    return length + 7 if _SDT_MIN_LENGTH <= length <= _SDT_MAX_LENGTH else None


def sdt_masker() -> Masker:
    """Show commands, status bytes and the reader's own number; hide all data of all other answers."""
    rules = _Sdt()
    return FrameMasker(rules.sent, rules.received)


# -- ESC/POS: wire/escpos.py -------------------------------------------------------------------------------

_LONG = 13
"""Digits from which a number is hidden: a card's has 13 to 19, an identity card's 18."""
_FIRST_SHOWN = 6
_DIGIT = rb"(?:[0-9]|\xa3[\xb0-\xb9])"
_A_DIGIT = re.compile(_DIGIT)
_NUMBER = re.compile(_DIGIT + rb"(?:[ \-]?" + _DIGIT + rb")*")
_GOES_ON = re.compile(rb"(?:[ \-]?" + _DIGIT + rb")+")
_PERHAPS_LONG = re.compile(rb"[0-9 \-\xa3\xb0-\xb9]{13,}")
_UNFINISHED = re.compile(rb"[ \-]?\xa3?\Z")
_TAIL = 64  # bytes: what reaches farther back than this from the end has more than enough digits
# GS k of form B with its count, and GS ( k that stores the data of a two-dimensional code, as many as (pL pH) - 3.
_CODE = re.compile(rb"\x1dk[\x41-\x4f](?P<count>.)|\x1d\(k(?P<size>..)[\x30-\x36]\x50\x30", re.DOTALL)
_CODE_HEAD = 8


class EscPosMasker:
    """Shows what is printed, but for numbers of more than 12 digits and what is in bar codes of form B and in QR codes.

    A QR code may bear what lets its holder act: the page of a queue's ticket.

    A digit may be full-width GB18030; single spaces and hyphens do not end a number. A number that reaches the end
    of a chunk may go on in the next one: no more than 6 digits of it are shown until it has ended.
    """

    def __init__(self) -> None:
        self._digits = 0  # of a number that reached the end of what was sent
        self._unfinished = b""  # what stood behind it: a separator, half of a full-width digit
        self._tail = b""
        self._code = 0  # bytes of a code's data that are still to come

    def mask(self, what: What, data: bytes) -> Octets:
        """Return the chunk with long numbers and codes hidden."""
        if what is not What.OUT:
            # What a printer says of itself is short, but for its serial number, which is not secret.
            return Octets(data)
        spans = self._codes(data) + self._numbers(data)
        if not spans:
            return Octets(data)
        filled = bytearray(data)
        for begin, end in spans:
            filled[begin:end] = bytes((FILLER,)) * (end - begin)
        return Octets(bytes(filled), _merged(spans))

    def gap(self) -> None:
        """Do nothing: what is sent goes on, whatever is received."""

    def _codes(self, data: bytes) -> list[tuple[int, int]]:
        spans = []
        if self._code:
            spans.append((0, min(self._code, len(data))))
            self._code -= spans[0][1]
        joined = self._tail + data
        for found in _CODE.finditer(joined):
            count, size = found["count"], found["size"]
            length = count[0] if count else max(0, int.from_bytes(size, "little") - 3)
            behind = found.end() - len(self._tail)
            if 0 <= behind < len(data):
                spans.append((behind, min(behind + length, len(data))))
            # A head that ended in the chunk before has been counted.
            if behind > 0:
                self._code = max(self._code, behind + length - len(data))
        self._tail = joined[-(_CODE_HEAD - 1) :]
        return spans

    def _numbers(self, data: bytes) -> list[tuple[int, int]]:
        joined, shift = self._unfinished + data, len(self._unfinished)
        self._unfinished = _end_of(joined)
        before, self._digits = self._digits, 0
        behind = len(joined) - len(self._unfinished)
        spans = []
        at = 0
        if before and (first := _GOES_ON.match(joined)):
            at = first.end()
            spans += self._number(joined, 0, at, before, at >= behind)
        for run in _PERHAPS_LONG.finditer(joined, at):
            for number in _NUMBER.finditer(joined, run.start(), run.end()):
                spans += self._number(joined, *number.span(), 0, False)
        for number in _NUMBER.finditer(joined, max(at, len(joined) - _TAIL)):
            if number.end() >= behind:
                spans += self._number(joined, *number.span(), 0, True)
        return [(max(0, begin - shift), end - shift) for begin, end in spans if end > shift]

    def _number(self, data: bytes, begin: int, end: int, before: int, goes_on: bool) -> list[tuple[int, int]]:
        """Return what to hide of the number from `begin` to `end` with `before` digits in earlier chunks."""
        places = [found.start() for found in _A_DIGIT.finditer(data, begin, end)]
        count = before + len(places)
        if goes_on:
            self._digits = min(count, _LONG)
        if count >= _LONG:
            return [(begin, end)]
        if goes_on and count > _FIRST_SHOWN:
            return [(places[max(0, _FIRST_SHOWN - before)], end)]
        return []


def _end_of(data: bytes) -> bytes:
    found = _UNFINISHED.search(data, max(0, len(data) - 2))
    return found.group() if found else b""


def _merged(spans: list[tuple[int, int]]) -> Spans:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif begin < end:
            merged.append((begin, end))
    return tuple(merged)
