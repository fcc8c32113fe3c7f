"""Quadrangles made of straight lines: of a pale card on a pale ground, pieces of its sides may be all that shows."""

from dataclasses import dataclass
from itertools import combinations
from math import hypot

import cv2
import numpy as np

from ocr.arrays import Pixels, Points

_LEAST = 40  # dots: no piece of a side is shorter; as many dots of it must be edges
_GAP = 8  # dots between two pieces that Hough's transform takes for one
_AS_ONE = 0.05, 4.0  # radians and dots by which pieces of one line may differ
_PIECES, _LINES, _PAIRS = 80, 14, 16  # so many of the longest
_PARALLEL, _UPRIGHT = 0.25, 0.35  # sine, and cosine, between opposite sides, and between sides that meet


@dataclass
class _Line:
    """A line through `start`, along `along`, which is 1 long; `length`: of all pieces that are seen of it."""

    start: Points
    along: Points
    length: float

    def off(self, point: Points) -> float:
        away = point - self.start
        return abs(float(self.along[0] * away[1] - self.along[1] * away[0]))


def quads_of_lines(gray: Pixels) -> list[Points]:
    """Return quadrangles whose sides lie on straight lines, 4 x 2, those of the longest lines first."""
    lines = sorted(_lines(gray), key=lambda each: -each.length)[:_LINES]
    pairs = [
        (one, two)
        for one, two in combinations(lines, 2)
        if abs(_sine(one.along, two.along)) < _PARALLEL and one.off(two.start) > _LEAST
    ]
    pairs.sort(key=lambda pair: -pair[0].length - pair[1].length)
    quads = []
    for (left, right), (top, bottom) in combinations(pairs[:_PAIRS], 2):
        if abs(left.along @ top.along) < _UPRIGHT:
            around = ((left, top), (top, right), (right, bottom), (bottom, left))
            corners = [meeting(one.start, one.along, two.start, two.along) for one, two in around]
            if all(each is not None for each in corners):
                quads.append(np.array(corners))
    return quads


def meeting(a: Points, along_a: Points, b: Points, along_b: Points) -> Points | None:
    """Return where two lines meet, by a point and the direction of each; None where they are nearly parallel."""
    (x, y), (right, down), (other_x, other_y), (other_right, other_down) = (
        each.tolist()
        for each in (a, along_a, b, along_b)  # numbers of Python's: so few are sooner done with
    )
    across = right * other_down - down * other_right
    if abs(across) < 0.25 * hypot(right, down) * hypot(other_right, other_down):
        return None
    share = ((other_x - x) * other_down - (other_y - y) * other_right) / across
    return np.array([x + share * right, y + share * down])


def _lines(gray: Pixels) -> list[_Line]:
    """Return the straight lines among the edges, each once."""
    thin = cv2.Canny(cv2.GaussianBlur(gray, (0, 0), 1.1), 8, 20)
    pieces = cv2.HoughLinesP(thin, 1, np.pi / 180, _LEAST, minLineLength=_LEAST, maxLineGap=_GAP)
    lines: list[_Line] = []
    ends = np.zeros((0, 2, 2)) if pieces is None else pieces.reshape(-1, 2, 2).astype(float)
    for start, end in sorted(ends, key=lambda each: -float(np.linalg.norm(each[1] - each[0])))[:_PIECES]:
        length = float(np.linalg.norm(end - start))
        along = (end - start) / length
        for line in lines:
            if abs(_sine(line.along, along)) < _AS_ONE[0] and max(line.off(start), line.off(end)) < _AS_ONE[1]:
                line.length += length
                break
        else:
            lines.append(_Line(start, along, length))
    return lines


def _sine(one: Points, two: Points) -> float:
    return float(one[0] * two[1] - one[1] * two[0])
