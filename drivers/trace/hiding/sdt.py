"""What is secret in the frames of ID-card readers with a SAM_V (wire/sdt.py)."""

from drivers.trace.frames import ALL, MORE, FrameMasker, Layout, showing, unframed
from drivers.trace.maskers import Masker

_PREAMBLE = bytes.fromhex("AA AA AA 96 69")
_DATA = 10  # behind preamble, length and three status bytes
_READ_SAM_ID, _SAM_ID_BYTES = b"\x12\xff", 16  # no other answer has so many bytes
_MIN_LENGTH, _MAX_LENGTH = 3, 0x090A
_SW3 = frozenset(bytes.fromhex("90 91 9F 10 11 21 23 24 31 32 33 40 41 47 60 66 80 81"))


class _Sdt:
    """Answers do not name their question, so it is remembered; of all answers with data only one is shown."""

    def __init__(self) -> None:
        self._asked = b""

    def sent(self, head: bytes) -> Layout | None:
        size = _size(head)
        if not size:
            return unframed(size)
        self._asked = head[7:9]
        return showing(size, 7, size - 1, 2, checksum=size - 1)

    def received(self, head: bytes) -> Layout | None:
        size = _size(head)
        if not size:
            return unframed(size)
        if any(head[7:9]) or not _SW3.issuperset(head[9:10]) or size <= _DATA:
            return None
        if len(head) < _DATA:
            return MORE
        is_sam_number = self._asked == _READ_SAM_ID and size == _DATA + _SAM_ID_BYTES + 1
        return showing(size, _DATA, size - 1, ALL if is_sam_number else 0, checksum=size - 1)


def _size(head: bytes) -> int | None:
    """Return the frame's size, 0 while its length is not there, None where it is no frame."""
    begun = head[: len(_PREAMBLE)]
    if begun != _PREAMBLE[: len(begun)]:
        return None
    if len(head) < 7:
        return 0
    length = int.from_bytes(head[5:7], "big")
    return length + 7 if _MIN_LENGTH <= length <= _MAX_LENGTH else None


def sdt_masker() -> Masker:
    """Show commands, status bytes and the reader's own number; hide all data of all other answers."""
    rules = _Sdt()
    return FrameMasker(rules.sent, rules.received)
