"""Which side of a card lies in an outline, and which way up: by where there is ink and where there is none."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from ocr.arrays import Plane, Points
from ocr.layout import Ink, Layout
from ocr.lines import strokes
from ocr.projection import Size, rim
from ocr.scales import Scales

_COARSE = 8  # dots of the card that make one of the map
_FINE = 4  # dots of the card that make one of the picture in which ink is looked for
_PLAY = 4  # dots of the map by which a card may lie beside its outline


@dataclass(frozen=True, eq=False)
class Guess:
    """A layout, and the corners from the card's own top left; `likeness` -1 to 1, `lead` over the next best guess."""

    layout: Layout
    corners: Points
    likeness: float
    lead: float


def which(scales: Scales, corners: Points, layouts: tuple[Layout, ...]) -> Guess:
    """Return the likeliest layout for what lies within `corners`, whose first side is a long one."""
    inks: dict[tuple[Size, Ink], Plane] = {}
    scored = []
    for layout in layouts:
        kind = layout.size, layout.ink
        if kind not in inks:
            inks[kind] = _ink(scales, corners, *kind)
        seen = inks[kind]
        for turns, turned in ((0, seen), (2, np.ascontiguousarray(seen[::-1, ::-1]))):
            likeness = float(cv2.matchTemplate(turned, _expected(layout), cv2.TM_CCOEFF_NORMED).max())
            scored.append((likeness, layout, turns))
    scored.sort(key=lambda each: -each[0])
    likeness, layout, turns = scored[0]
    return Guess(layout, np.roll(corners, -turns, axis=0), likeness, likeness - scored[1][0])


@cache
def _expected(layout: Layout) -> Plane:
    wide, high = _size(layout.size, _FINE)
    ink: Plane = np.zeros((high, wide), np.float32)
    boxes = [label.box for label in layout.labels]
    for field in layout.fields:
        left, top, right, bottom = field.box
        right = min(right, left + (field.usual or right))
        bottom = min(bottom, top + 88) if field.lines > 1 else bottom
        boxes.append((left, top, right, bottom))
    for box in boxes:
        left, top, right, bottom = (round(value / _FINE) for value in box)
        ink[top:bottom, left:right] = 1
    ink = cv2.GaussianBlur(ink, (0, 0), 2)
    return cv2.resize(ink, _size(layout.size, _COARSE), interpolation=cv2.INTER_AREA)


def _ink(scales: Scales, corners: Points, of_card: Size, kind: Ink) -> Plane:
    """Return how much ink there is, 0 to 1 for each dot of the map, and none in a rim of `_PLAY` dots around it."""
    size = _size(of_card, _FINE)
    gray, to_copy = scales.gray(corners, size[0])
    seen = cv2.perspectiveTransform(corners[None].astype(np.float64), to_copy)[0]
    matrix = cv2.getPerspectiveTransform(seen.astype(np.float32), rim(size).astype(np.float32))
    flat = cv2.warpPerspective(gray, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    paper = cv2.convertScaleAbs(cv2.blur(flat, (21, 21)), alpha=1, beta=20)
    dark = cv2.divide(strokes(flat, 5, kind), paper, scale=4, dtype=cv2.CV_32F)
    ink = cv2.blur(np.minimum(dark, 1), (7, 7))
    coarse = cv2.resize(ink, _size(of_card, _COARSE), interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(coarse, _PLAY, _PLAY, _PLAY, _PLAY, cv2.BORDER_CONSTANT, value=0)


def _size(of_card: Size, dots: int) -> Size:
    return round(of_card[0] / dots), round(of_card[1] / dots)
