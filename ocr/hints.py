"""What to tell whoever lays a card under a camera: which hint a picture calls for, and for how long one stands."""

from collections import Counter, deque

import numpy as np

from kiosk_core.id_document import DocumentSide, Hint
from ocr.id_card import Document, IdCard, Quad, Risk, Unreadable

STANDS_S = 0.8
"""So long at least a hint stands: what changes faster cannot be read."""
_LOOKS_BACK_S = 1.0  # the pictures of this time vote
_NARROW = 400  # dots: the least width of a card that is read well
_DIM = 0.3  # of Quality.exposure
_STILL = 0.015  # of the card's width: so far two outlines of a card that lies still may be apart

_HINTS = (  # in this order: who holds a copy need not hold it still
    (Risk.PHOTOCOPY, Hint.ORIGINAL),
    (Risk.SCREEN, Hint.ORIGINAL),
    (Risk.EDGE_MISSING, Hint.WHOLE_CARD),
    (Risk.OCCLUDED, Hint.UNCOVER),
    (Risk.GLARE, Hint.GLARE),
    (Risk.BLURRED, Hint.HOLD_STILL),
)


def side_of(read: IdCard | Unreadable) -> DocumentSide | None:
    """Return which side of a resident ID card was read; None: none."""
    if isinstance(read, Unreadable) or isinstance(read.side, Document):
        return None
    return DocumentSide(read.side_name)


def hint(wanted: DocumentSide, read: IdCard | Unreadable, *, still: bool) -> Hint:
    """Return what a picture calls for where `wanted` is to be read. `still`: the card lies where it lay before."""
    if read is Unreadable.BLURRED:
        return Hint.HOLD_STILL
    side = side_of(read)
    if isinstance(read, Unreadable) or side is None:
        return Hint.LAY_DOWN
    if side is not wanted:
        return Hint.TURN_OVER
    if width(read.corners) < _NARROW:
        return Hint.CLOSER
    if not still and not read.risks & {Risk.PHOTOCOPY, Risk.SCREEN, Risk.EDGE_MISSING}:
        return Hint.HOLD_STILL
    for risk, told in _HINTS:
        if risk in read.risks:
            return told
    return Hint.LIGHT if read.quality.exposure < _DIM else Hint.READING


def width(corners: Quad) -> float:
    """Return how wide a card is in its picture, in dots."""
    one, two, three, four = np.array(corners)
    return float(np.linalg.norm(two - one) + np.linalg.norm(three - four)) / 2


def lies_still(before: Quad | None, now: Quad) -> bool:
    """Return whether a card has hardly moved between two pictures; one that was not there before has not, yet."""
    if before is None:
        return True
    return bool(np.abs(np.array(before) - np.array(now)).max() < _STILL * width(now))


class HintBoard:
    """Shows one hint at a time, the one that most pictures of late have called for; none for less than STANDS_S."""

    def __init__(self, first: Hint, now: float) -> None:
        self.shown = first
        """What is to be read now."""
        self._since = now
        self._called: deque[tuple[float, Hint]] = deque()

    def call(self, hint: Hint, now: float) -> Hint:
        """Take what a picture calls for at `now` (seconds that never go back); return what is shown."""
        self._called.append((now, hint))
        while self._called[0][0] < now - _LOOKS_BACK_S:
            self._called.popleft()
        if now - self._since >= STANDS_S:
            votes = Counter(each for _, each in self._called)
            most = max(votes.values())
            likeliest = next(each for _, each in reversed(self._called) if votes[each] == most)
            if likeliest is not self.shown:
                self.shown, self._since = likeliest, now
        return self.shown
