"""Which side of a card lies in an outline, and which way up: by where there is ink and where there is none."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from ocr.arrays import Pixels, Plane, Points
from ocr.layout import Ink, Layout
from ocr.lines import strokes
from ocr.projection import Size

_COARSE = 4  # dots of the card that make one of the map
_PLAY = 8  # dots of the map by which a card may lie beside its outline


@dataclass(frozen=True, eq=False)
class Guess:
    """A layout, and the corners from the card's own top left; `likeness` -1 to 1, `lead` over the next best guess."""

    layout: Layout
    corners: Points
    likeness: float
    lead: float


def which(picture: Pixels, corners: Points, layouts: tuple[Layout, ...]) -> Guess:
    """Return the likeliest layout for what lies within `corners`, whose first side is a long one."""
    inks: dict[tuple[Size, Ink], Plane] = {}
    scored = []
    for layout in layouts:
        kind = layout.size, layout.ink
        if kind not in inks:
            inks[kind] = _ink(picture, corners, *kind)
        seen = inks[kind]
        for turns, turned in ((0, seen), (2, np.ascontiguousarray(seen[::-1, ::-1]))):
            padded = cv2.copyMakeBorder(turned, _PLAY, _PLAY, _PLAY, _PLAY, cv2.BORDER_CONSTANT, value=0)
            likeness = float(cv2.matchTemplate(padded, _expected(layout), cv2.TM_CCOEFF_NORMED).max())
            scored.append((likeness, layout, turns))
    scored.sort(key=lambda each: -each[0])
    likeness, layout, turns = scored[0]
    return Guess(layout, np.roll(corners, -turns, axis=0), likeness, likeness - scored[1][0])


@cache
def _expected(layout: Layout) -> Plane:
    width, height = (side // _COARSE for side in layout.size)
    ink = np.zeros((height + 1, width), np.float32)
    boxes = [label.box for label in layout.labels]
    for field in layout.fields:
        left, top, right, bottom = field.box
        right = min(right, left + (field.usual or right))
        bottom = min(bottom, top + 88) if field.lines > 1 else bottom
        boxes.append((left, top, right, bottom))
    for box in boxes:
        left, top, right, bottom = (round(value / _COARSE) for value in box)
        ink[top:bottom, left:right] = 1
    return cv2.GaussianBlur(ink, (0, 0), 2)


def _ink(picture: Pixels, corners: Points, of_card: Size, kind: Ink) -> Plane:
    wide, high = (round(side / _COARSE) for side in of_card)
    size = 2 * wide, 2 * high
    flat = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), flat)
    small = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    dark = strokes(gray, 11, kind).astype(np.float32)
    paper = cv2.blur(gray.astype(np.float32), (41, 41)) + 20
    ink = cv2.blur(np.minimum(dark / paper * 4, 1), (13, 13))
    return np.asarray(cv2.resize(ink, (wide, high), interpolation=cv2.INTER_AREA), np.float32)
