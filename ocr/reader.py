"""From a picture to the cards in it: outline, side, flattening, lines, texts, doubts."""

from dataclasses import replace

import cv2
import numpy as np

from ocr import fields, lines
from ocr.arrays import Matrix, Pixels, Plane
from ocr.decode import Reading
from ocr.finder import CardFinder
from ocr.id_card import FieldReading, IdCard, IdCardBack, IdCardFront, Quad, Quality, Risk, Unreadable
from ocr.layout import Box, Field, layout
from ocr.recogniser import Recogniser
from ocr.regions import known
from ocr.sides import Guess

_SURE = 0.97


class Reader:
    """Reads resident ID cards; one thread owns it."""

    def __init__(self, recogniser: Recogniser, threads: int = 2) -> None:
        """Take the recogniser of lines; the detector of text is loaded when it is first needed."""
        self._recogniser = recogniser
        self._interpret = fields.interpreters(recogniser.characters)
        self._finder = CardFinder((layout("resident_id_front"), layout("resident_id_back")), threads)

    def read(self, picture: Pixels) -> IdCard | Unreadable:
        """Return the card in a picture of height x width x 3, BGR."""
        found = self._finder.find(picture)
        return self._read(picture, found[0]) if found else Unreadable.NO_CARD

    def _read(self, picture: Pixels, guess: Guess) -> IdCard:
        width, height = guess.layout.size
        flat_corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        matrix = cv2.getPerspectiveTransform(guess.corners.astype(np.float32), flat_corners)
        flat = cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        back = np.linalg.inv(matrix)
        ink = lines.ink(flat)
        texts: dict[str, Reading] = {}
        boxes: dict[str, Quad | None] = {}
        for field in guess.layout.fields:
            texts[field.name], boxes[field.name] = self._field(flat, ink, field, guess.layout.slack, back)
        side = _front(texts, boxes) if guess.layout.side == "front" else _back(texts, boxes)
        portrait = None
        if guess.layout.portrait is not None:
            left, top, right, bottom = guess.layout.portrait
            portrait = flat[top:bottom, left:right].copy()
        across = guess.corners[1] - guess.corners[0]
        turn = float(np.degrees(np.arctan2(across[1], across[0])) % 360)
        return IdCard(side, _quad(guess.corners), Quality(1, 1, 1, 1, turn), _risks(side), portrait)

    def _field(self, flat: Pixels, ink: Plane, field: Field, slack: int, back: Matrix) -> tuple[Reading, Quad | None]:
        found = lines.find(ink, field, slack)
        if not found:
            return Reading("", 0.0), None
        read = []
        for line in found:
            left, top, right, bottom = line.box
            crop = np.ascontiguousarray(flat[top:bottom, left:right])
            read.append(self._interpret[field.kind](self._recogniser.chances(crop)))
        around = np.array([line.box for line in found])
        box = (*around[:, :2].min(axis=0).tolist(), *around[:, 2:].max(axis=0).tolist())
        text = "".join(each.text for each in read)
        return Reading(text, min(each.sure for each in read)), _in_picture(box, back)


def _front(texts: dict[str, Reading], boxes: dict[str, Quad | None]) -> IdCardFront:
    read = {name: _plain(texts[name], boxes[name]) for name in texts}
    read["birth"] = replace(read["birth"], text=fields.birth_date(read["birth"].text))
    number = read["id_number"]
    if fields.checks(number.text):
        born = f"{number.text[6:10]}-{number.text[10:12]}-{number.text[12:14]}"
        sex = "男" if int(number.text[16]) % 2 else "女"
        agrees = (read["birth"].text == born) + (read["sex"].text == sex)
        if agrees == 2:
            for name in ("id_number", "birth", "sex"):
                read[name] = replace(read[name], verified=True, sure=True)
    return IdCardFront(**read)


def _back(texts: dict[str, Reading], boxes: dict[str, Quad | None]) -> IdCardBack:
    authority, validity = (_plain(texts[name], boxes[name]) for name in ("authority", "validity"))
    begins, ends = fields.validity(validity.text)
    return IdCardBack(authority, replace(validity, text=begins), replace(validity, text=ends))


def _plain(reading: Reading, box: Quad | None) -> FieldReading:
    return FieldReading(reading.text, reading.sure, box, sure=bool(reading.text) and reading.sure >= _SURE)


def _risks(side: IdCardFront | IdCardBack) -> frozenset[Risk]:
    risks = set()
    if isinstance(side, IdCardFront) and fields.checks(side.id_number.text):
        if not side.id_number.verified:
            risks.add(Risk.NUMBER_DISAGREES)
        if not known(side.id_number.text[:6]):
            risks.add(Risk.REGION_UNKNOWN)
    return frozenset(risks)


def _in_picture(box: Box, back: Matrix) -> Quad:
    left, top, right, bottom = box
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], float)
    return _quad(cv2.perspectiveTransform(corners, back)[0])


def _quad(corners: Matrix) -> Quad:
    one, two, three, four = ((float(x), float(y)) for x, y in corners)
    return one, two, three, four
