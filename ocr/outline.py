"""Where in a picture something lies that has a card's shape: four corners each, the likeliest first."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from math import exp, log

import cv2
import numpy as np

from ocr.arrays import Matrix, Pixels, Plane, Points
from ocr.crew import side_by_side
from ocr.scales import Scales
from ocr.straight import meeting, quads_of_lines

ASPECT = 85.6 / 53.98  # ISO/IEC 7810 ID-1
_SMALL = 400  # the longer side of the copy that is searched
_LEAST_AREA = 0.04  # of the picture
_MOST = 6
_REACH = 0.045  # how far from an outline its edge is looked for, in lengths of the side
_COLUMNS, _ROWS = 128, 48
# The nearer the likelier. The outermost rows border on another strip: nothing is looked for in them.
_NEARER = (1 - 0.5 * np.abs(np.linspace(-1, 1, _ROWS, dtype=np.float32))) * (np.abs(np.arange(_ROWS) - 23.5) < 22)
_ALONG = np.linspace(0.08, 0.92, 40)[:, None]  # where along a side its edge is looked at
_NEXT = [1, 2, 3, 0]
_TURNS = (np.arange(4) + np.arange(4)[:, None]) % 4
_PAIRS = np.array(np.triu_indices(16, 1))
_BESIDE = 3  # rows above and below by which a dot's steepness is told

_Search = Callable[[], list[Points]]


def outlines(scales: Scales, crew: Executor) -> Iterator[Points]:
    """Yield quadrangles, 4 x 2 in dots of the picture, clockwise, a long side first: the likeliest of each kind first.

    Which of the long sides is the card's top is not known. Those that edges make come first, up to six, then those that
    faint edges make, then straight lines: these are seldom needed, and only looked for if somebody asks.
    """
    height, width = scales.picture.shape[:2]
    shrink = min(_SMALL / max(height, width), 1.0)
    light, edges = _steepness(scales.shrunk(shrink), crew)
    near = cv2.dilate(edges, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    known: list[Points] = []
    for ways in (_by_edges(edges), _by_faint_edges(light, edges), [partial(quads_of_lines, light)]):
        found: list[tuple[float, Points]] = []
        for quad in chain.from_iterable(side_by_side(crew, ways)):
            worth = _worth(quad, near)
            rivals = [score for score, other in found if _same(quad, other)]
            if worth > max(rivals, default=0.0) and not any(_same(quad, other) for other in known):
                found = [(score, other) for score, other in found if not _same(quad, other)]
                found.append((worth, quad))
        found.sort(key=lambda each: -each[0])
        for _, quad in found[:_MOST]:
            known.append(quad)
            yield _long_side_first((quad + 0.5) / shrink - 0.5)


def sharpened(picture: Pixels, corners: Points) -> Points:
    """Return the corners moved onto the card's edges as the whole picture shows them, a few dots at most off."""
    middle = corners.mean(axis=0)
    sides = [_Side.near(start, end, middle) for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    strips = np.empty((4, _ROWS, _COLUMNS, 3), np.uint8)
    for strip, side in zip(strips, sides, strict=True):
        cv2.warpAffine(
            picture, side.strip_from_picture(), (_COLUMNS, _ROWS), dst=strip, flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
    lab = cv2.GaussianBlur(cv2.cvtColor(strips.reshape(-1, _COLUMNS, 3), cv2.COLOR_BGR2LAB), (9, 3), 0)
    steep = np.abs(cv2.Scharr(lab, cv2.CV_16S, 0, 1)).reshape(4, _ROWS, _COLUMNS, 3)
    steepest = np.maximum(np.maximum(steep[..., 0], steep[..., 1]), steep[..., 2]) * _NEARER[:, None]
    lines = [side.line(strip) for side, strip in zip(sides, steepest, strict=True)]
    met = [meeting(*one, *two) for one, two in zip([lines[-1], *lines[:-1]], lines, strict=True)]
    if any(each is None for each in met):
        return corners
    moved = np.array(met)
    # By both long sides, as which of them is the top need not be known yet.
    long = np.linalg.norm(corners[[1, 3]] - corners[[0, 2]], axis=1).mean()
    return moved if np.abs(moved - corners).max() < 2 * _REACH * long else corners


@dataclass(frozen=True, eq=False)
class _Side:
    """A side of a guess, and the strip of the picture around it in which its edge is looked for, the inside below.

    `start`: the strip's top left; `along`, `down`: its upper and its left side. It has 8 % to 92 % of the guess's side.
    """

    start: Points
    along: Points
    down: Points

    @classmethod
    def near(cls, start: Points, end: Points, middle: Points) -> "_Side":
        """Return the strip around what runs from `start` to `end`, of a card that has its middle there."""
        along = end - start
        across = np.array([-along[1], along[0]])
        if across @ (middle - start) < 0:
            across = -across
        return cls(start + 0.08 * along - _REACH * across, 0.84 * along, 2 * _REACH * across)

    def strip_from_picture(self) -> Matrix:
        """Return the projection, 2 x 3."""
        seen = np.array([self.start, self.start + self.along, self.start + self.down], np.float32)
        return cv2.getAffineTransform(seen, np.array([[0, 0], [_COLUMNS, 0], [0, _ROWS]], np.float32))

    def line(self, steep: Plane) -> tuple[Points, Points]:
        """Return a point of the edge, and its direction, by how steep the picture is in the strip."""
        rows = steep.argmax(axis=0)
        strong = steep[rows, np.arange(_COLUMNS)]
        kept = np.flatnonzero(strong > 0.4 * np.median(strong))
        offset, slope = _line_through(kept.astype(float), rows[kept].astype(float))
        begin = self.start + offset / _ROWS * self.down
        return begin, self.along + slope * _COLUMNS / _ROWS * self.down


def _line_through(x: Points, y: Points) -> tuple[float, float]:
    """Return offset and slope of the line near which most of the points lie; `x` rises."""
    some = np.linspace(0, len(x) - 1, min(len(x), 16)).astype(int)
    one, two = some[_PAIRS[:, _PAIRS[1] < len(some)]]
    far = x[two] - x[one] >= _COLUMNS / 4
    one, two = one[far], two[far]
    if len(one) == 0:
        return _ROWS / 2, 0.0
    slopes = (y[two] - y[one]) / (x[two] - x[one])
    near = np.abs(y - y[one, None] - slopes[:, None] * (x - x[one, None])) < 1.5
    chosen = near[near.sum(axis=1).argmax()]
    x, y = x[chosen], y[chosen]
    away = x - x.mean()
    slope = float(away @ y / (away @ away))
    return float(y.mean() - slope * x.mean()), slope


def _steepness(picture: Pixels, crew: Executor) -> tuple[Pixels, Plane]:
    """Return the light of a picture without its grain, and how steep it is at each dot, 0 to 1 for a twentieth of all.

    Two threads have half of the rows each, and what their dots are told from beside them.
    """
    middle = len(picture) // 2
    halves = side_by_side(crew, [
        partial(_steep, picture, slice(None, middle)), partial(_steep, picture, slice(middle, None)),
    ])  # fmt: skip
    light, steep = (np.concatenate(parts) for parts in zip(*halves, strict=True))
    return light, np.minimum(steep / max(float(np.percentile(steep[::3, ::3], 95)), 1.0), 1.0)


def _steep(picture: Pixels, rows: slice) -> tuple[Pixels, Plane]:
    """Return for some rows of a picture their light, and how steep it is at each dot: the steepest channel's."""
    first, last, _ = rows.indices(len(picture))
    above = min(first, _BESIDE)
    some = cv2.GaussianBlur(picture[first - above : last + _BESIDE], (5, 5), 0)
    lab = cv2.split(cv2.cvtColor(some, cv2.COLOR_BGR2LAB))
    steep: Plane = np.zeros(lab[0].shape, np.float32)
    for channel, weight in zip(lab, (1, 1.6, 1.6), strict=True):
        x = cv2.Scharr(channel, cv2.CV_32F, 1, 0, scale=weight)
        y = cv2.Scharr(channel, cv2.CV_32F, 0, 1, scale=weight)
        cv2.max(steep, cv2.magnitude(x, y, x), steep)
    own = slice(above, above + last - first)
    return lab[0][own], steep[own]


def _by_edges(edges: Plane) -> list[_Search]:
    return [partial(_around, edges > share, 5) for share in (0.25, 0.5, 0.8)]


def _by_faint_edges(light: Pixels, edges: Plane) -> Iterator[_Search]:
    """Yield how to find a pale card on a pale ground, or one on a page of print, of which it is the part without."""
    yield partial(_around, cv2.Canny(cv2.GaussianBlur(light, (0, 0), 1.1), 10, 25), 5)
    yield partial(_around, edges > 0.5, 11)
    yield partial(_around, edges > 0.12, 5)


def _around(lines: Pixels, gap: int) -> list[Points]:
    """Return a quadrangle for each contour that is large enough, of lines that are closed over gaps so wide."""
    mask = cv2.morphologyEx(lines.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    whole = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    contours = cv2.findContours(whole, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
    large = [contour for contour in contours if cv2.contourArea(contour) >= _LEAST_AREA * mask.size]
    quads = [_four_sides(cv2.convexHull(contour)) for contour in large]
    return [quad for quad in quads if quad is not None]


def _four_sides(hull: Points) -> Points | None:
    """Return the quadrangle whose sides are the hull's longest, or None."""
    length = cv2.arcLength(hull, True)
    for share in (0.01, 0.02, 0.03, 0.05, 0.08):
        shape = cv2.approxPolyDP(hull, share * length, True)[:, 0].astype(float)
        if len(shape) <= 8:
            break
    if len(shape) < 4:
        return None
    # The corners of a card are round: its sides, made longer, meet where the corner would be.
    sides = np.roll(shape, -1, axis=0) - shape
    longest = sorted(np.argsort(-np.hypot(*sides.T))[:4].tolist())
    corners = []
    for one, two in zip([longest[-1], *longest[:-1]], longest, strict=True):
        met = meeting(shape[one], sides[one], shape[two], sides[two])
        if met is None:
            return None
        corners.append(met)
    return np.array(corners)


def _worth(quad: Points, edges: Plane) -> float:
    """Return how much this looks like a card's outline: its shape, and how steep the picture is along it.

    `edges`: how steep at each dot or beside it.
    """
    height, width = edges.shape
    least, most = quad.min(), quad.max(axis=0)
    if least < -0.06 * max(height, width) or most[0] > 1.06 * width or most[1] > 1.06 * height:
        return 0.0
    ends, contour = quad[_NEXT], quad.astype(np.float32)
    if cv2.contourArea(contour) < _LEAST_AREA * height * width or not cv2.isContourConvex(contour):
        return 0.0
    one, two, three, four = np.hypot(*(ends - quad).T).tolist()
    pairs = one + three, two + four
    aspect = max(pairs) / min(pairs)
    unlike = max(one / three, three / one) * max(two / four, four / two)
    if not 1.2 < aspect < 2.1 or unlike > 2.2:
        return 0.0
    points = (quad[:, None] * (1 - _ALONG) + ends[:, None] * _ALONG).round().astype(np.intp)
    x, y = np.minimum(np.maximum(points, 2), (width - 3, height - 3)).T
    support = edges[y, x].mean(axis=0)
    return float(support.mean() * 0.6 + support.min() * 0.4) * exp(-abs(log(aspect / ASPECT)) * 2)


def _same(one: Points, two: Points) -> bool:
    return bool(np.abs(one[_TURNS] - two).max(axis=(1, 2)).min() < 0.03 * np.linalg.norm(one[0] - one[2]))


def _long_side_first(quad: Points) -> Points:
    if cv2.contourArea(quad.astype(np.float32), oriented=True) < 0:
        quad = quad[::-1]
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    return np.roll(quad, -1, axis=0) if sides[1] + sides[3] > sides[0] + sides[2] else quad
