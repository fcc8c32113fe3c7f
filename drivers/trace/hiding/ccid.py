"""What is secret in the messages of smart-card readers: CCID 1.1, chapter 6 (wire/ccid.py)."""

from drivers.trace.frames import HEAD, MORE, FrameMasker, Layout, showing, unframed
from drivers.trace.hiding.apdus import APDU_HEAD, apdu_front
from drivers.trace.maskers import Masker
from kiosk_core.trace import What

_HEADER = 10
_XFR_BLOCK, _DATA_BLOCK = 0x6F, 0x80
_SENT = frozenset((0x61, 0x62, 0x63, 0x65, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, _XFR_BLOCK, 0x71, 0x72, 0x73))
_RECEIVED = frozenset((_DATA_BLOCK, 0x81, 0x82, 0x83, 0x84))
_MAX_SLOT = 15
_MAX_SIZE = 65_544  # a message with an extended APDU, 6.1.4


def _size(head: bytes, types: frozenset[int]) -> int | None:
    """Return the message's size, 0 while its header is not whole, None where it is no CCID message."""
    if head[0] not in types or any(head[4:5]) or (len(head) > 5 and head[5] > _MAX_SLOT):
        return None
    if len(head) < _HEADER:
        return 0
    size = _HEADER + int.from_bytes(head[1:5], "little")
    return size if size <= _MAX_SIZE else None


class _Ccid:
    """Remembers what was sent: only the answer to an APDU ends in a status word, an ATR does not."""

    def __init__(self) -> None:
        self._asked = 0

    def sent(self, head: bytes) -> Layout | None:
        size = _size(head, _SENT)
        if not size:
            return unframed(size)
        self._asked = head[0]
        start = _HEADER
        continued = head[8] > 1  # wLevelParameter 2 and 3: not the beginning of an APDU
        if head[0] != _XFR_BLOCK or continued:
            return showing(size, start, size, 0)
        if len(head) < min(size, start + APDU_HEAD):
            return MORE
        return showing(size, start, size, min(apdu_front(head[start:], size - start), HEAD - start))

    def received(self, head: bytes) -> Layout | None:
        size = _size(head, _RECEIVED)
        if not size:
            return unframed(size)
        whole = head[9] in (0, 2) and not head[7] & 0xC0  # bChainParameter, bStatus
        ends_an_apdu = head[0] == _DATA_BLOCK and self._asked == _XFR_BLOCK and whole
        return showing(size, _HEADER, size, 0, tail=2 if ends_an_apdu else 0)


def _beside(what: What, data: bytes) -> bool:
    return what is What.CONTROL or (data[0] in (0x50, 0x51) and len(data) <= 8)


def ccid_masker() -> Masker:
    """Show message headers, APDU headers, names of SELECT and status words."""
    rules = _Ccid()
    return FrameMasker(rules.sent, rules.received, _beside)
