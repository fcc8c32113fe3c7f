"""Whether a guess is right, and where its card lies to the dot: by the labels, which all cards have alike."""

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr.arrays import Plane, Points
from ocr.layout import Box, Layout
from ocr.lines import strokes
from ocr.projection import pulled, to_picture
from ocr.scales import Scales
from ocr.sides import Guess

_COARSE, _COARSER = 2, 4  # dots of the card that make one here; where labels are looked for far around
_FAR = 24  # dots of the card
_SOFT, _CLEAR = 2.0, 0.88  # so blurred labels may be, in dots here, if they are less like sharp ones than that
_BLURRED = 0.75  # what is less like blurred labels is none: blurred print is much alike, a page of it comes to 0.72
_ENOUGH = 0.8  # dots of a copy of the picture for one here
_RIM = 30  # dots of the card beside labels that tell how light their paper is
_LEGIBLE, _FEWEST = 0.3, 3  # a label that is less like itself is none; from so few nothing follows
_PLAIN, _EXACT = 0.85, 6.0  # so like itself, and so few dots of the card off, is a label by no chance
_DRIFT = 8.0  # dots of the card by which a label may miss its place and count fully: mock-ups differ by as much


@dataclass(frozen=True)
class _Mark:
    """A piece of print, small enough to be found by moving a picture of it about: `middle` in dots of the card."""

    middle: Points
    picture: Plane  # of its strokes, 0 to 1
    weight: float


def fitted(scales: Scales, guess: Guess, reach: tuple[int, ...] = (44, 20, 8)) -> Guess:
    """Return the guess moved to where its labels stand, `likeness` now being how well these are seen, 0 to 1.

    `reach`: how far off a label is looked for, in dots of the card, one look after the other.
    """
    corners, likeness = guess.corners, 0.0
    for around in reach:
        marks, alike, off = _seen(scales, corners, guess.layout, around)
        likeness = _likeness(marks, alike, off)
        seen = alike > _LEGIBLE
        if seen.sum() < _FEWEST:
            break
        places, weights = np.array([mark.middle for mark in marks]), np.array([mark.weight for mark in marks])
        corners = pulled(corners, places[seen], off[seen], (alike * weights)[seen], guess.layout.size)
    return replace(guess, corners=corners, likeness=likeness)


def proved(scales: Scales, guess: Guess, around: int) -> Guess:
    """Return the guess where it is, with the `likeness` of its labels, each of which may be `around` dots off.

    Where some are seen very well, and just where they must be, the others do not count: something lies on them.
    """
    marks, alike, off = _seen(scales, guess.corners, guess.layout, around)
    likeness = _likeness(marks, alike, off)
    plain = (alike > _PLAIN) & (np.hypot(*off.T) < _EXACT)
    if plain.sum() >= _FEWEST:
        likeness = max(likeness, float(alike[plain].mean()))
    return replace(guess, likeness=likeness)


def _likeness(marks: tuple[_Mark, ...], alike: Points, off: Points) -> float:
    weights = np.array([mark.weight for mark in marks])
    near = np.minimum(1, _DRIFT / np.maximum(np.hypot(*off.T), 1e-6))
    return float((alike * near * weights).sum() / weights.sum())


def _seen(scales: Scales, corners: Points, layout: Layout, around: int) -> tuple[tuple[_Mark, ...], Points, Points]:
    """Return the marks of a layout, how like itself each is seen, 0 to 1, and how far off, n x 2 dots of the card."""
    coarse = _COARSE if around < _FAR else _COARSER
    blur = max(around / 9 / coarse, 0.8)
    strokes, origin = _strokes(scales, corners, layout, coarse, around)
    strokes = cv2.GaussianBlur(strokes, (0, 0), blur)
    play = around // coarse
    told = _found(strokes, _marks(layout, coarse, blur), origin, coarse, play)
    if coarse == _COARSE and _LEGIBLE < told[1].mean() < _CLEAR:
        blurred = _found(strokes, _marks(layout, coarse, _SOFT), origin, coarse, play)
        if blurred[1].mean() > max(told[1].mean(), _BLURRED):
            return blurred
    return told


def _found(
    strokes: Plane, marks: tuple[_Mark, ...], origin: Points, coarse: int, play: int
) -> tuple[tuple[_Mark, ...], Points, Points]:
    found = [_search(strokes, mark, (mark.middle - origin) / coarse, play) for mark in marks]
    return marks, np.array([each[0] for each in found]), np.array([each[1] for each in found]) * coarse


def _strokes(scales: Scales, corners: Points, layout: Layout, coarse: int, around: int) -> tuple[Plane, Points]:
    """Return how much darker than what is around it each dot is where labels may be; where on the card that begins."""
    boxes = np.array([label.box for label in layout.labels])
    begin = boxes[:, :2].min(axis=0) - around - _RIM
    wide, high = ((boxes[:, 2:].max(axis=0) + around + _RIM - begin) // coarse).tolist()
    here = np.array([[coarse, 0, begin[0]], [0, coarse, begin[1]], [0, 0, 1]], float)
    copy, to_copy = scales.gray(corners, round(_ENOUGH * layout.size[0] / coarse))
    gray = cv2.warpPerspective(
        copy, to_copy @ to_picture(corners, layout.size) @ here, (wide, high),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    dark = strokes(gray, 26 // coarse | 1, layout.ink)
    around_it = 62 // coarse | 1
    paper = cv2.convertScaleAbs(cv2.blur(gray, (around_it, around_it)), alpha=1, beta=20)
    return np.minimum(cv2.divide(dark, paper, dtype=cv2.CV_32F), 0.4), begin.astype(float)


def _search(strokes: Plane, mark: _Mark, middle: Points, play: int) -> tuple[float, Points]:
    """Return how like the mark the likest place near its own is, and how far off that is, in dots of `strokes`."""
    high, wide = mark.picture.shape
    exact = middle - [(wide - 1) / 2, (high - 1) / 2]
    left, top = exact.round().astype(int).tolist()
    window = strokes[top - play : top + high + play, left - play : left + wide + play]
    like = cv2.matchTemplate(window, mark.picture, cv2.TM_CCOEFF_NORMED)
    y, x = divmod(int(like.argmax()), like.shape[1])
    at = np.array([left - play + x + _between(like[y], x), top - play + y + _between(like[:, x], y)])
    return max(float(like[y, x]), 0.0), at - exact


def _between(row: Plane, top: int) -> float:
    """Return how far beside its highest dot a row is highest, -0.5 to 0.5."""
    if not 0 < top < len(row) - 1:
        return 0.0
    before, here, after = (float(row[top + step]) for step in (-1, 0, 1))
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


@cache
def _marks(layout: Layout, coarse: int, blur: float) -> tuple[_Mark, ...]:
    marks = []
    for label in layout.labels:
        pieces = 2 if len(label.text) > 4 else 1  # a long label shows by its two ends how the card is turned
        cuts = [round(len(label.text) * piece / pieces) for piece in range(pieces + 1)]
        left, top, right, bottom = label.box
        size = bottom - top
        pitch = (right - left - size) / max(len(label.text) - 1, 1)
        for begin, end in pairwise(cuts):
            box = (round(left + begin * pitch), top, round(left + (end - 1) * pitch + size), bottom)
            marks.append(_mark(label.text[begin:end], box, pitch, coarse, blur))
    return tuple(marks)


def _mark(text: str, box: Box, pitch: float, coarse: int, blur: float) -> _Mark:
    left, top, right, bottom = box
    size, edge = bottom - top, 6
    sheet = Image.new("L", (right - left + 2 * edge, bottom - top + 2 * edge))
    face = ImageFont.truetype(str(files("kiosk_core").joinpath("fonts/NotoSansSC-Bold.ttf")), size)
    for number, character in enumerate(text):
        at = (edge + number * pitch, sheet.height / 2 + 0.37 * size)
        ImageDraw.Draw(sheet).text(at, character, 255, face, anchor="ls")
    strokes: Plane = np.asarray(sheet, np.float32) / 255
    strokes = cv2.resize(strokes, None, fx=1 / coarse, fy=1 / coarse, interpolation=cv2.INTER_AREA)
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    return _Mark(middle, cv2.GaussianBlur(strokes, (0, 0), blur), float(len(text)) ** 0.5)
