"""From a picture to the cards in it: outline, side, flattening, lines, texts, doubts."""

from datetime import date

import cv2
import numpy as np

from ocr import quality, risks, rules
from ocr.arrays import Matrix, Pixels
from ocr.field_reader import FieldReader
from ocr.finder import CardFinder
from ocr.id_card import IdCard, Quad, Unreadable
from ocr.layout import Box, layout
from ocr.recogniser import Recogniser
from ocr.sides import Guess
from ocr.sight import Place, look


class Reader:
    """Reads resident ID cards; one thread owns it."""

    def __init__(self, recogniser: Recogniser, threads: int = 2) -> None:
        """Take the recogniser of lines, and how many threads may work."""
        self._fields = FieldReader(recogniser)
        self._finder = CardFinder((layout("resident_id_front"), layout("resident_id_back")), threads)

    def read(self, picture: Pixels, today: date | None = None) -> IdCard | Unreadable:
        """Return the card in a picture of height x width x 3, BGR; of several, the one that is seen best.

        `today`: the day by which cards have expired; without one, none has.
        """
        found = self._finder.find(picture)
        return self._read(picture, found[0], today) if found else Unreadable.NO_CARD

    def read_all(self, picture: Pixels, today: date | None = None) -> list[IdCard]:
        """Return all cards in a picture, as a photocopy has both sides on one sheet, the one seen best first."""
        return [self._read(picture, guess, today) for guess in self._finder.find(picture)]

    def _read(self, picture: Pixels, guess: Guess, today: date | None) -> IdCard:
        width, height = guess.layout.size
        flat_corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        matrix = cv2.getPerspectiveTransform(guess.corners.astype(np.float32), flat_corners)
        flat = cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        back = np.linalg.inv(matrix)
        seen = self._fields.read(flat, guess.layout)
        boxes = {name: None if each.box is None else _in_picture(each.box, back) for name, each in seen.items()}
        tell = rules.front if guess.layout.side == "front" else rules.back
        side = tell(seen, boxes, self._fields.interpreter)
        portrait = None
        if guess.layout.portrait is not None:
            left, top, right, bottom = guess.layout.portrait
            portrait = flat[top:bottom, left:right].copy()
        places = {name: Place(each.box, len(each.lines)) if each.box else None for name, each in seen.items()}
        sight = look(flat, guess.layout, places)
        good = quality.measure(sight, picture.shape, guess.corners)
        told = risks.judge(sight, picture.shape, guess.corners, side, today)
        return IdCard(side, _quad(guess.corners), good, told, portrait)


def _in_picture(box: Box, back: Matrix) -> Quad:
    left, top, right, bottom = box
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], float)
    return _quad(cv2.perspectiveTransform(corners, back)[0])


def _quad(corners: Matrix) -> Quad:
    one, two, three, four = ((float(x), float(y)) for x, y in corners)
    return one, two, three, four
