"""One side of a card from the pictures of a camera: hints while it is laid down, then the best of what was read.

Waits for a picture in which nothing is in doubt, but not for long where pictures get no better: what is still in doubt
then is for the customer to say, with the piece of the picture beside it.
"""

from dataclasses import dataclass, field
from datetime import date

import cv2
import numpy as np

from kiosk_core.id_document import CapturedField, CapturedSide, Crop, DocumentSide, Hint
from ocr import risks
from ocr.arrays import Pixels
from ocr.combination import UNCLEAR, combined
from ocr.hints import HintBoard, hint, lies_still, side_of
from ocr.id_card import FieldReading, IdCard, IdCardBack, IdCardFront, Quad, Risk, Unreadable

ENOUGH = 2
"""So many pictures in a row without a flaw end a capture at once."""
PATIENCE_S = {Hint.READING: 3.0, Hint.ORIGINAL: 4.0}
"""How long pictures may go on without getting better, by what they call for."""
_PATIENCE_S = 6.0  # where the customer can do something about it
_LONGEST_S = 20.0
_ABSENT = 2  # pictures without this side of the card, and it is another card that comes next
_KEPT = 12  # readings
_OTHER_CARD = 2  # fields that are surely different
_OF_PICTURE = frozenset({Risk.EDGE_MISSING, Risk.OCCLUDED, Risk.GLARE, Risk.BLURRED})
_OF_DOCUMENT = frozenset({Risk.PHOTOCOPY, Risk.SCREEN, Risk.EDITED})
_CROP_WIDTH, _CROP_HEIGHT, _CROP_BYTES, _GREYS = 400, 400, 6000, 16


@dataclass
class _Card:
    """What is known of the card that lies there: its readings, and pieces of the best picture of each field."""

    since: float
    readings: list[IdCard] = field(default_factory=list)
    best: IdCard | None = None
    pieces: dict[str, Pixels] = field(default_factory=dict)
    flawless: int = 0  # pictures in a row
    score: tuple[int, int] | None = None
    improved_at: float = 0.0

    def wipe(self) -> None:
        for piece in self.pieces.values():
            piece.fill(0)
        self.pieces.clear()


class Capture:
    """The capture of one side. Give it every picture with what was read in it; `wipe` it when it is over.

    Args:
        now: when it begins, as in `see`: seconds that never go back.
        today: the day by which cards have expired; None: none has.
    """

    def __init__(self, side: DocumentSide, now: float, today: date | None = None) -> None:
        self._side = side
        self._today = today
        self._board = HintBoard(Hint.LAY_DOWN if side is DocumentSide.FRONT else Hint.TURN_OVER, now)
        self._card: _Card | None = None
        self._absent = 0
        self._corners: Quad | None = None

    @property
    def hint(self) -> Hint:
        """What is to be shown now."""
        return self._board.shown

    def see(self, picture: Pixels, read: IdCard | Unreadable, now: float) -> Hint | CapturedSide:
        """Take a picture (height x width x 3, BGR; it stays the caller's) and what was read in it.

        Returns what is to be shown, or the side: then the capture is over. The portrait of `read` is overwritten.
        """
        corners = read.corners if isinstance(read, IdCard) else None
        called = hint(self._side, read, still=corners is None or lies_still(self._corners, corners))
        self._corners = corners
        if isinstance(read, IdCard) and read.portrait is not None:
            read.portrait.fill(0)
        shown = self._board.call(called, now)
        if not isinstance(read, IdCard) or side_of(read) is not self._side:
            self._absent += 1
            if self._absent >= _ABSENT:
                self._forget()
            return shown
        self._absent = 0
        card = self._take(picture, read, now)
        card.flawless = card.flawless + 1 if called is Hint.READING else 0
        side = combined(card.readings)
        doubts = sum(not each.sure for each in vars(side).values())
        score = (-doubts, -len(read.risks & (_OF_PICTURE | _OF_DOCUMENT)))
        if card.score is None or score > card.score:
            card.score, card.improved_at = score, now
        done = card.flawless >= ENOUGH and not doubts
        patience = PATIENCE_S.get(called, _PATIENCE_S)
        if done or now - card.improved_at >= patience or now - card.since >= _LONGEST_S:
            return self._result(card, side)
        return shown

    def wipe(self) -> None:
        """Overwrite what is kept of pictures; may be called twice."""
        self._forget()

    def _take(self, picture: Pixels, read: IdCard, now: float) -> _Card:
        card = self._card
        if card is None or _differs(card, read):
            self._forget()
            card = self._card = _Card(now, improved_at=now)
        card.readings.append(read)
        if len(card.readings) > _KEPT:
            card.readings.remove(min(card.readings, key=_goodness))
        better = card.best is None or _goodness(read) > _goodness(card.best)
        if better:
            card.best = read
        for name, each in read.fields.items():
            if each.box is not None and (better or name not in card.pieces):
                old, card.pieces[name] = card.pieces.get(name), _piece(picture, each.box)
                if old is not None:
                    old.fill(0)
        return card

    def _forget(self) -> None:
        if self._card is not None:
            self._card.wipe()
            self._card = None

    def _result(self, card: _Card, side: IdCardFront | IdCardBack) -> CapturedSide:
        found = {
            risk for risk in _OF_DOCUMENT if sum(risk in each.risks for each in card.readings) * 2 > len(card.readings)
        }
        if card.best is not None:
            found |= card.best.risks & _OF_PICTURE
        found |= risks.written(side, self._today)
        told = tuple(_told(name, each, card.pieces.get(name)) for name, each in vars(side).items())
        self._forget()
        return CapturedSide(self._side, told, frozenset(found))


def _goodness(read: IdCard) -> tuple[bool, int, int, float]:
    sure = sum(each.sure for each in read.fields.values())
    return not read.risks & UNCLEAR, sure, -len(read.risks & _OF_PICTURE), read.quality.sharpness


def _differs(card: _Card, read: IdCard) -> bool:
    """Return whether this is another card than the one that lay there before."""
    before = combined(card.readings)
    both = ((vars(before)[name], each) for name, each in read.fields.items())
    return len([new for old, new in both if old.sure and new.sure and old.text != new.text]) >= _OTHER_CARD


def _told(name: str, read: FieldReading, piece: Pixels | None) -> CapturedField:
    crop = None if read.sure or piece is None else Crop(_png(piece))
    return CapturedField(name, read.text, read.sure, read.verified, crop)


def _piece(picture: Pixels, box: Quad) -> Pixels:
    """Return what stands in a box of a picture, upright, with a little around it, grey."""
    corners = np.array(box, np.float32)
    wide, high = (float(np.linalg.norm(corners[end] - corners[0])) for end in (1, 3))
    scale = min(_CROP_WIDTH / max(wide, 1.0), _CROP_HEIGHT / max(high, 1.0), 1.5)
    margin = 0.2 * min(high, wide)
    flat = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    size = max(round((wide + 2 * margin) * scale), 8), max(round((high + 2 * margin) * scale), 8)
    matrix = cv2.getPerspectiveTransform(corners, ((flat + margin) * scale).astype(np.float32))
    seen = cv2.warpPerspective(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY)
    seen.fill(0)
    return np.asarray(grey, np.uint8)


def _png(piece: Pixels) -> bytes:
    """Return a picture of few greys, as a page of the screen has room for."""
    while True:
        few = piece // (256 // _GREYS) * (256 // _GREYS)
        png = cv2.imencode(".png", few)[1].tobytes()
        if len(png) <= _CROP_BYTES or min(piece.shape) < 2:
            return png
        piece = np.asarray(cv2.resize(piece, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA), np.uint8)
