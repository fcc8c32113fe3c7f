"""What is secret in the frames of the card readers CRT-591 and CRT-571 (wire/crt591.py)."""

from drivers.trace.frames import ALL, HEAD, MORE, FrameMasker, Layout, showing, unframed
from drivers.trace.hiding.apdus import APDU_HEAD, apdu_front
from drivers.trace.maskers import Masker

_F2 = 0xF2
_MAX_ADDRESS, _MAX_FRAME = 0x0F, 1024
_CONTROLS = frozenset((0x04, 0x06, 0x15))
_OPEN = frozenset((0x30, 0x31, 0x32, 0x33, 0x50, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6))
_CONTACT = frozenset((0x51, 0x52))
_APDU = {(cm, pm) for cm in _CONTACT for pm in (0x33, 0x34, 0x39)} | {(0x60, 0x34), (0x60, 0x35)}
_RADIO = frozenset(((0x60, 0x30), (0x60, 0x31), (0x60, 0x32)))
_DONE = 0x50
_STATUS, _ERROR = frozenset(b"0123"), frozenset(b"0123456789AB")


class _Crt591:
    """Shows an answer only to the command that was sent last: what a bad line makes of data must not pass for one."""

    def __init__(self) -> None:
        self._asked: tuple[int, int] | None = None

    def sent(self, head: bytes) -> Layout | None:
        size = _size(head, b"\x43")
        if not size or size == 1:
            return unframed(size)
        start, end, front = 7, size - 2, 0
        code = (head[5], head[6])
        self._asked = code
        if code in _APDU:
            if len(head) < min(start + APDU_HEAD, end):
                return MORE
            front = min(apdu_front(head[start:], end - start), HEAD - start)
        elif code[0] in _OPEN or code[0] in _CONTACT or code in _RADIO:
            front = ALL
        elif code == (0x60, 0x33):
            front = 5  # 00, function, key A or B or sector, sector or block, length
        return showing(size, start, end, front, checksum=size - 1)

    def received(self, head: bytes) -> Layout | None:
        size = _size(head, b"\x50\x4e\x45")
        if not size or size == 1:
            return unframed(size)
        code, end = (head[5], head[6]), size - 2
        if code != self._asked:
            return showing(size, 7, end, 0, checksum=size - 1)
        done = head[4] == _DONE
        start, allowed = (10, _STATUS) if done else (9, _ERROR)
        if not allowed.issuperset(head[7:start]) or end < start:
            return None
        if len(head) < start:
            return MORE
        front, tail = self._answer(code) if done else (0, 0)
        return showing(size, start, end, front, tail=tail, checksum=size - 1)

    @staticmethod
    def _answer(code: tuple[int, int]) -> tuple[int, int]:
        if code in _APDU or code == (0x60, 0x33):
            return 0, 2
        if code[0] in _OPEN or code in {(0x60, 0x31), (0x60, 0x32)}:
            return ALL, 0
        if code[0] in _CONTACT:
            return (1 if code[1] in (0x30, 0x38) else 3), 0  # the type before an ATR; power state and SAM's number
        return 0, 0


def _size(head: bytes, heads: bytes) -> int | None:
    """Return the frame's size (1: a control), 0 while CM and PM are not there, None where it is no frame."""
    if head[0] in _CONTROLS:
        return 1
    if head[0] != _F2 or any(byte > _MAX_ADDRESS for byte in head[1:2]):
        return None
    text = int.from_bytes(head[2:4], "big")
    size = text + 6  # F2, address, two bytes of length; ETX, BCC
    if len(head) >= 4 and (text < 3 or size > _MAX_FRAME):
        return None
    if len(head) > 4 and head[4] not in heads:
        return None
    return size if len(head) >= 7 else 0


def crt591_masker() -> Masker:
    """Show commands, states, error codes, APDU headers and status words; hide keys, blocks, UIDs and APDU data."""
    rules = _Crt591()
    return FrameMasker(rules.sent, rules.received)
