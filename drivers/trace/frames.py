"""Hiding parts of frames in a stream that arrives in any pieces, without ever holding a byte back."""

from collections.abc import Callable
from dataclasses import dataclass

from kiosk_core.trace import FILLER, Octets, Spans, What, masked, masked_whole

HEAD = 32
"""The most bytes of a frame that a Rule may want to see before it decides."""
ALL = 64
"""More data than any command or answer has that is shown whole; what is longer is not what it seems."""


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


def showing(size: int, start: int, end: int, front: int, *, tail: int = 0, checksum: int | None = None) -> Layout:
    """Return a frame that shows the first `front` and last `tail` bytes from `start` to `end`, and all around these.

    With ALL for `front` nothing is hidden, unless there are more bytes than that.
    """
    if front == ALL and end - start <= ALL:
        return Layout(size)
    begin, stop = start + min(front, HEAD), end - tail
    return Layout(size, ((begin, stop),), checksum) if begin < stop else Layout(size)


def unframed(size: int | None) -> Layout | None:
    """Return what a Rule says without a frame's size: None for no frame, MORE for 0, a control byte for 1."""
    if size is None:
        return None
    return Layout(1) if size == 1 else MORE


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
        octets = masked(data, tuple(spans))
        if not sums:
            return octets
        filled = bytearray(octets.data)
        for place, value in sums:
            filled[place] = value
        return Octets(bytes(filled), octets.hidden)

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
        return masked_whole(data)

    def gap(self) -> None:
        """Look for a new frame only after the next question."""
        self._received.gap()


def _xor(data: bytes) -> int:
    """Return the XOR of all bytes, by folding: long contents cost no more than short ones."""
    width = 1 << max(0, len(data) - 1).bit_length()
    number = int.from_bytes(data, "big")
    while width > 1:
        width //= 2
        number = (number >> 8 * width) ^ (number & ((1 << 8 * width) - 1))
    return number
