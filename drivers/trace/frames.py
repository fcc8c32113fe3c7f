"""Hiding parts of frames in a stream that arrives in any pieces, without ever holding a byte back."""

from collections.abc import Callable
from dataclasses import dataclass

from kiosk_core.trace import FILLER, Octets, Spans

HEAD = 32
"""The most bytes of a frame that a Rule may want to see before it decides."""


@dataclass(frozen=True)
class Layout:
    """A frame of `size` bytes of which `hidden` must not be kept.

    `checksum` is where the XOR of the others stands: it is made to fit what stands in for the hidden bytes, so a
    masked frame is still a frame.
    """

    size: int
    hidden: Spans = ()
    checksum: int | None = None


MORE = Layout(0)
"""What a Rule says while the beginning of a frame is too short to judge, and right so far."""

Rule = Callable[[bytes], Layout | None]
"""Judges the first bytes (1 to HEAD) of a frame; None: no frame begins so.

It must be able to refuse at the first byte that does not fit, and must not ask for MORE across a secret: what it has
seen is kept.
"""


class FrameStream:
    """One direction. Everything outside frames is hidden, until `begin` says that a frame can begin again."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._head = b""
        self._layout: Layout | None = None
        self._position = 0
        self._delta = 0
        self._lost = False

    def begin(self) -> None:
        """Expect a frame, whatever came before."""
        self._head, self._layout, self._lost = b"", None, False

    def ask(self) -> None:
        """Look for a frame again if lost, for a new question was sent; an unfinished frame goes on."""
        self._lost = False

    def gap(self) -> None:
        """Give an unfinished frame up: bytes may be missing here."""
        if self._head or self._layout is not None:
            self.begin()
            self._lost = True

    def mask(self, data: bytes) -> Octets:
        """Return `data` with what must not be kept hidden."""
        spans: list[tuple[int, int]] = []
        sums: list[tuple[int, int]] = []
        at, end = 0, len(data)
        while at < end:
            layout = self._layout or self._look(data[at : at + HEAD])
            if layout is None:
                self._lost = True
                spans.append((at, end))
                break
            if layout is MORE:
                break
            first = self._position
            size = min(layout.size - first, end - at)
            if layout.hidden:
                hidden, total = self._hide(layout, data[at : at + size])
                spans += [(begin + at, stop + at) for begin, stop in hidden]
                sums += [(place + at, value) for place, value in total]
            at += size
            self._position += size
            if self._position == layout.size:
                self._layout = None
        if not spans:
            return Octets(data)
        filled = bytearray(data)
        for begin, stop in spans:
            filled[begin:stop] = bytes((FILLER,)) * (stop - begin)
        for place, value in sums:
            filled[place] = value
        return Octets(bytes(filled), tuple(spans))

    def _look(self, data: bytes) -> Layout | None:
        if self._lost:
            return None
        head = self._head + data[: HEAD - len(self._head)]
        layout = self._rule(head)
        if layout is MORE:
            self._head = head
            return MORE
        self._position, self._head, self._delta = len(self._head), b"", 0
        self._layout = layout
        return layout

    def _hide(self, layout: Layout, piece: bytes) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return what to hide of a piece of the frame, and the checksum that stands in if it is in the piece."""
        spans = []
        for begin, stop in layout.hidden:
            first, last = max(0, begin - self._position), min(stop - self._position, len(piece))
            if first < last:
                spans.append((first, last))
                self._delta ^= _xor(piece[first:last]) ^ FILLER * (last - first & 1)
        if layout.checksum is None or not 0 <= layout.checksum - self._position < len(piece):
            return spans, []
        place = layout.checksum - self._position
        return [*spans, (place, place + 1)], [(place, piece[place] ^ self._delta)]


def _xor(data: bytes) -> int:
    """Return the XOR of all bytes, by folding: long contents cost no more than short ones."""
    width = 1 << max(0, len(data) - 1).bit_length()
    number = int.from_bytes(data, "big")
    while width > 1:
        width //= 2
        number = (number >> 8 * width) ^ (number & ((1 << 8 * width) - 1))
    return number
