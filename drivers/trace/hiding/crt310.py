"""What is secret in the packages of the card reader CRT-310 (wire/crt310.py)."""

from drivers.trace.frames import ALL, HEAD, MORE, FrameMasker, Layout, showing, unframed
from drivers.trace.hiding.apdus import APDU_HEAD, apdu_front
from drivers.trace.maskers import Masker

_STX = 0x02
_MAX_PACKAGE = 269
_CONTROLS = frozenset((0x04, 0x05, 0x06, 0x15))
_OPEN = frozenset((0x2E, 0x2F, 0x30, 0x31, 0x32, 0x33, 0x34, 0x46, 0x49, 0x4A, 0xFA))
_KNOWN = _OPEN | {0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x45}
_APDU = frozenset((0x31, 0x32))
_NEGATIVE = 0x4E
_RF_KEYS = frozenset((0x32, 0x35, 0x39))
_AT = 5  # where the data begin, behind STX, two bytes of length, CM and PM


class _Crt310:
    """Shows an answer only to the command that was sent last, as for the CRT-591."""

    def __init__(self) -> None:
        self._asked: tuple[int, int] | None = None

    def sent(self, head: bytes) -> Layout | None:
        size = _size(head, _KNOWN)
        if not size or size == 1:
            return unframed(size)
        self._asked = (head[3], head[4])
        front = _command(head, size - 2)
        return MORE if front is None else showing(size, _AT, size - 2, front, checksum=size - 1)

    def received(self, head: bytes) -> Layout | None:
        size = _size(head, _KNOWN | {_NEGATIVE})
        if not size or size == 1:
            return unframed(size)
        code, end = (head[3], head[4]), size - 2
        front, tail = 0, 0
        if code == self._asked:
            front, tail = _answer(code, end - _AT)
        elif code[0] == _NEGATIVE and self._asked is not None and code[1] == self._asked[0]:
            front = 1
        return showing(size, _AT, end, front, tail=tail, checksum=size - 1)


def _size(head: bytes, commands: frozenset[int]) -> int | None:
    """Return the frame's size (1: a control), 0 while CM and PM are not there, None where it is no frame."""
    if head[0] in _CONTROLS:
        return 1
    length = int.from_bytes(head[1:3], "big")
    if head[0] != _STX or any(byte > 1 for byte in head[1:2]):
        return None
    if (len(head) >= 3 and not 2 <= length <= _MAX_PACKAGE) or (len(head) > 3 and head[3] not in commands):
        return None
    return length + 5 if len(head) >= _AT else 0


def _command(head: bytes, end: int) -> int | None:
    """Return how much of a command's data is shown, None where too little is there to say."""
    cm, pm = head[3], head[4]
    if cm in _OPEN or cm == 0x45:
        return ALL
    if cm == 0x35:
        return 1 if pm in _RF_KEYS else 2  # sector, and block
    if cm == 0x36:
        return 4  # card, two bytes of address, length
    if (cm == 0x37 and pm in _APDU) or cm == 0x3D:
        before = 2 if cm == 0x37 else 3  # the slot of a SAM; two bytes of length
        apdu = _AT + before
        if len(head) < min(apdu + APDU_HEAD, end):
            return None
        return min(before + apdu_front(head[apdu:], max(0, end - apdu)), HEAD - _AT)
    return 0


def _answer(code: tuple[int, int], length: int) -> tuple[int, int]:
    """Return how many of `length` bytes of data are shown in front and at the end."""
    cm, pm = code
    if cm in _OPEN:
        return ALL, 0
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
        return (3 + slot, 2) if pm in _APDU else (1 + slot, 0)
    return 0, 0


def crt310_masker() -> Masker:
    """Show commands, states, outcomes, APDU headers and status words; hide tracks, keys, blocks, UIDs, APDU data."""
    rules = _Crt310()
    return FrameMasker(rules.sent, rules.received)
