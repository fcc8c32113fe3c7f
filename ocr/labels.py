"""Whether a guess is right, and where its card lies to the dot: by the labels, which all cards have alike."""

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr.arrays import Pixels, Plane, Points
from ocr.layout import Box, Layout
from ocr.lines import strokes
from ocr.projection import pulled, to_picture
from ocr.sides import Guess

_COARSE = 2  # dots of the card that make one here
_MARGIN = 60  # dots of the card that are looked at beyond its edges
_LEGIBLE, _FEWEST = 0.3, 3  # a label that is less like itself is none; from so few nothing follows
_DRIFT = 8.0  # dots of the card by which a label may miss its place and count fully: mock-ups differ by as much


@dataclass(frozen=True)
class _Mark:
    """A piece of print, small enough to be found by moving a picture of it about: `middle` in dots of the card."""

    middle: Points
    picture: Plane  # of its strokes, 0 to 1
    weight: float


def fitted(picture: Pixels, guess: Guess, reach: tuple[int, ...] = (44, 20, 8)) -> Guess:
    """Return the guess moved to where its labels stand, `likeness` now being how well these are seen, 0 to 1.

    `reach`: how far off a label is looked for, in dots of the card, one look after the other.
    """
    corners, likeness = guess.corners, 0.0
    marks = _marks(guess.layout)
    for look, around in enumerate(reach):
        strokes = _strokes(picture, corners, guess.layout)
        blur = max(around / 18, 0.8)
        found = [_search(strokes, mark, around, blur) for mark in marks]
        weights = np.array([mark.weight for mark in marks])
        alike = np.array([each[0] for each in found])
        off = np.array([each[1] for each in found])
        last = look == len(reach) - 1
        near = np.minimum(1, _DRIFT / np.maximum(np.linalg.norm(off, axis=1), 1e-6)) if last else 1.0
        likeness = float((alike * near * weights).sum() / weights.sum())
        seen = alike > _LEGIBLE
        if seen.sum() < _FEWEST:
            break
        places = np.array([mark.middle for mark in marks])
        corners = pulled(corners, places[seen], off[seen], (alike * weights)[seen], guess.layout.size)
    return replace(guess, corners=corners, likeness=likeness)


def _strokes(picture: Pixels, corners: Points, layout: Layout) -> Plane:
    """Return how much darker than what is around it each dot of the card and its margin is."""
    width, height = layout.size
    size = ((width + 2 * _MARGIN) // _COARSE, (height + 2 * _MARGIN) // _COARSE)
    here = np.array([[_COARSE, 0, -_MARGIN], [0, _COARSE, -_MARGIN], [0, 0, 1]], float)
    small = cv2.warpPerspective(
        picture, to_picture(corners, layout.size) @ here, size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    dark = strokes(gray, 13, layout.ink).astype(np.float32)
    return np.asarray(np.minimum(dark / (cv2.blur(gray, (31, 31)).astype(np.float32) + 20), 0.4))


def _search(strokes: Plane, mark: _Mark, around: int, blur: float) -> tuple[float, Points]:
    """Return how like the mark the likest place near its own is, and how far off that is, in dots of the card."""
    high, wide = mark.picture.shape
    exact = (mark.middle + _MARGIN) / _COARSE - [(wide - 1) / 2, (high - 1) / 2]
    left, top = exact.round().astype(int)
    play = around // _COARSE
    window = strokes[max(top - play, 0) : top + high + play, max(left - play, 0) : left + wide + play]
    window = cv2.GaussianBlur(window, (0, 0), blur)
    like = cv2.matchTemplate(window, cv2.GaussianBlur(mark.picture, (0, 0), blur), cv2.TM_CCOEFF_NORMED)
    y, x = divmod(int(like.argmax()), like.shape[1])
    at = np.array([max(left - play, 0) + x + _between(like[y], x), max(top - play, 0) + y + _between(like[:, x], y)])
    return max(float(like[y, x]), 0.0), (at - exact) * _COARSE


def _between(row: Plane, top: int) -> float:
    """Return how far beside its highest dot a row is highest, -0.5 to 0.5."""
    if not 0 < top < len(row) - 1:
        return 0.0
    before, here, after = (float(row[top + step]) for step in (-1, 0, 1))
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


@cache
def _marks(layout: Layout) -> tuple[_Mark, ...]:
    marks = []
    for label in layout.labels:
        pieces = 2 if len(label.text) > 4 else 1  # a long label shows by its two ends how the card is turned
        cuts = [round(len(label.text) * piece / pieces) for piece in range(pieces + 1)]
        left, top, right, bottom = label.box
        size = bottom - top
        pitch = (right - left - size) / max(len(label.text) - 1, 1)
        for begin, end in pairwise(cuts):
            box = (round(left + begin * pitch), top, round(left + (end - 1) * pitch + size), bottom)
            marks.append(_mark(label.text[begin:end], box, pitch))
    return tuple(marks)


def _mark(text: str, box: Box, pitch: float) -> _Mark:
    left, top, right, bottom = box
    size, edge = bottom - top, 3 * _COARSE
    sheet = Image.new("L", (right - left + 2 * edge, bottom - top + 2 * edge))
    face = ImageFont.truetype(str(files("kiosk_core").joinpath("fonts/NotoSansSC-Bold.ttf")), size)
    for number, character in enumerate(text):
        at = (edge + number * pitch, sheet.height / 2 + 0.37 * size)
        ImageDraw.Draw(sheet).text(at, character, 255, face, anchor="ls")
    strokes: Plane = np.asarray(sheet, np.float32) / 255
    strokes = cv2.resize(strokes, None, fx=1 / _COARSE, fy=1 / _COARSE, interpolation=cv2.INTER_AREA)
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    return _Mark(middle, strokes, float(len(text)) ** 0.5)
