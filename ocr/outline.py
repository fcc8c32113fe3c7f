"""Where in a picture something lies that has a card's shape: four corners each, the likeliest first."""

from collections.abc import Iterator

import cv2
import numpy as np

from ocr.arrays import Pixels, Plane, Points

ASPECT = 85.6 / 53.98  # ISO/IEC 7810 ID-1
_SMALL = 480  # the longer side of the copy that is searched
_LEAST_AREA = 0.04  # of the picture
_MOST = 6
_REACH = 0.045  # how far from an outline its edge is looked for, in lengths of the side
_COLUMNS, _ROWS = 128, 48


def outlines(picture: Pixels) -> list[Points]:
    """Return up to six quadrangles, 4 x 2 in dots of the picture, clockwise, a long side first.

    Which of the long sides is the card's top is not known.
    """
    height, width = picture.shape[:2]
    shrink = min(_SMALL / max(height, width), 1.0)
    small = cv2.GaussianBlur(_shrunk(picture, shrink), (5, 5), 0)
    edges = _steepness(small)
    found: list[tuple[float, Points]] = []
    for quad in _quads(small, edges):
        worth = _worth(quad, edges)
        if worth > 0 and not any(_same(quad, other) and worth <= score for score, other in found):
            found = [(score, other) for score, other in found if not _same(quad, other)]
            found.append((worth, quad))
    found.sort(key=lambda each: -each[0])
    return [_long_side_first(quad / shrink) for _, quad in found[:_MOST]]


def _shrunk(picture: Pixels, share: float) -> Pixels:
    """Return a smaller copy; halving is much the cheapest way to average, so that comes first."""
    height, width = picture.shape[:2]
    size = max(round(width * share), 1), max(round(height * share), 1)
    while share <= 0.5:
        picture = cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA)
        share *= 2
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)


def sharpened(picture: Pixels, corners: Points) -> Points:
    """Return the corners moved onto the card's edges as the whole picture shows them, a few dots at most off."""
    middle = corners.mean(axis=0)
    lines = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        lines.append(_edge_near(picture, start, end, middle))
    met = [_meet(*one, *two) for one, two in zip([lines[-1], *lines[:-1]], lines, strict=True)]
    if any(each is None for each in met):
        return corners
    moved = np.array(met)
    return moved if np.abs(moved - corners).max() < 2 * _REACH * np.linalg.norm(corners[1] - corners[0]) else corners


def _edge_near(picture: Pixels, start: Points, end: Points, middle: Points) -> tuple[Points, Points]:
    """Return a point of the edge that runs from about `start` to about `end`, and its direction."""
    along = end - start
    across = np.array([-along[1], along[0]]) / np.linalg.norm(along)
    if across @ (middle - start) < 0:
        across = -across
    reach = _REACH * np.linalg.norm(along)
    # A strip of the picture, the edge lying along it: columns from 8 % to 92 % of the side, the inside below.
    low, high = start + 0.08 * along, start + 0.92 * along
    seen = np.array([low - reach * across, high - reach * across, low + reach * across], np.float32)
    strip_corners = np.array([[0, 0], [_COLUMNS, 0], [0, _ROWS]], np.float32)
    strip = cv2.warpAffine(
        picture, cv2.getAffineTransform(seen, strip_corners), (_COLUMNS, _ROWS), flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    lab = cv2.GaussianBlur(cv2.cvtColor(strip, cv2.COLOR_BGR2LAB), (9, 3), 0).astype(np.float32)
    steep = np.abs(cv2.Scharr(lab, cv2.CV_32F, 0, 1)).max(axis=2)
    steep *= 1 - 0.5 * np.abs(np.linspace(-1, 1, _ROWS, dtype=np.float32))[:, None]  # the nearer the likelier
    rows = steep.argmax(axis=0)
    strong = steep[rows, np.arange(_COLUMNS)]
    kept = strong > 0.4 * np.median(strong)
    points = np.stack([np.arange(_COLUMNS)[kept], rows[kept]], axis=1).astype(np.float32)
    offset, slope = _line_through(points)
    inverse = cv2.getAffineTransform(strip_corners, seen)
    at = [inverse @ [x, offset + slope * x, 1.0] for x in (0.0, float(_COLUMNS))]
    return at[0], at[1] - at[0]


def _line_through(points: Plane) -> tuple[float, float]:
    """Return offset and slope of the line near which most of the points lie."""
    x, y = points.T
    some = np.linspace(0, len(points) - 1, min(len(points), 16)).astype(int)
    one, two = (
        np.array([(one, two) for one in some for two in some if x[two] - x[one] >= _COLUMNS / 4]).reshape(-1, 2).T
    )
    if len(one) == 0:
        return _ROWS / 2, 0.0
    slopes = (y[two] - y[one]) / (x[two] - x[one])
    near = np.abs(y - y[one, None] - slopes[:, None] * (x - x[one, None])) < 1.5
    chosen = near[near.sum(axis=1).argmax()]
    slope, offset = np.polyfit(x[chosen], y[chosen], 1)
    return float(offset), float(slope)


def _steepness(small: Pixels) -> Plane:
    """Return how steep the picture is at each dot, the steepest channel's, 0 to 1 for a twentieth of all dots."""
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32)
    lab[..., 1:] *= 1.6
    steep = np.zeros(small.shape[:2], np.float32)
    for channel in range(3):
        x = cv2.Scharr(lab[..., channel], cv2.CV_32F, 1, 0)
        y = cv2.Scharr(lab[..., channel], cv2.CV_32F, 0, 1)
        steep = np.maximum(steep, cv2.magnitude(x, y))
    return np.asarray(np.minimum(steep / max(float(np.percentile(steep[::3, ::3], 95)), 1.0), 1.0))


def _quads(small: Pixels, edges: Plane) -> Iterator[Points]:
    gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    channels = [gray, *cv2.split(cv2.cvtColor(small, cv2.COLOR_BGR2LAB))[1:]]
    masks = [cv2.threshold(channel, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1] for channel in channels]
    masks += [255 - mask for mask in masks]
    for share in (0.25, 0.5, 0.8):
        lines = (edges > share).astype(np.uint8) * 255
        masks.append(cv2.morphologyEx(lines, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)))
    for mask in masks:
        whole = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
        for contour in cv2.findContours(whole, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]:
            if cv2.contourArea(contour) < _LEAST_AREA * gray.size:
                continue
            hull = cv2.convexHull(contour)
            quad = _four_sides(hull)
            if quad is not None:
                yield quad


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
    longest = sorted(np.argsort(-np.linalg.norm(sides, axis=1))[:4])
    corners = []
    for one, two in zip(longest, np.roll(longest, -1), strict=True):
        met = _meet(shape[one], sides[one], shape[two], sides[two])
        if met is None:
            return None
        corners.append(met)
    return np.roll(np.array(corners), 1, axis=0)


def _meet(a: Points, along_a: Points, b: Points, along_b: Points) -> Points | None:
    across = along_a[0] * along_b[1] - along_a[1] * along_b[0]
    if abs(across) < 0.25 * np.linalg.norm(along_a) * np.linalg.norm(along_b):
        return None
    share = ((b[0] - a[0]) * along_b[1] - (b[1] - a[1]) * along_b[0]) / across
    return np.asarray(a + share * along_a)


def _worth(quad: Points, edges: Plane) -> float:
    """Return how much this looks like a card's outline: its shape, and how steep the picture is along it."""
    height, width = edges.shape
    if (quad < -0.06 * max(height, width)).any() or (quad > [1.06 * width, 1.06 * height]).any():
        return 0.0
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    if cv2.contourArea(quad.astype(np.float32)) < _LEAST_AREA * height * width or not cv2.isContourConvex(
        quad.astype(np.float32)
    ):
        return 0.0
    pairs = sides[0] + sides[2], sides[1] + sides[3]
    aspect = max(pairs) / min(pairs)
    unlike = max(sides[0] / sides[2], sides[2] / sides[0]) * max(sides[1] / sides[3], sides[3] / sides[1])
    if not 1.2 < aspect < 2.1 or unlike > 2.2:
        return 0.0
    along = np.linspace(0.08, 0.92, 40)[:, None]
    support = []
    for start, end in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        points = start * (1 - along) + end * along
        x, y = (np.clip(points[:, axis].round().astype(int), 2, limit - 3) for axis, limit in ((0, width), (1, height)))
        near = np.max([edges[y + dy, x + dx] for dx, dy in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))], axis=0)
        support.append(near.mean())
    return float(np.mean(support) * 0.6 + min(support) * 0.4) * float(np.exp(-abs(np.log(aspect / ASPECT)) * 2))


def _same(one: Points, two: Points) -> bool:
    size = np.linalg.norm(one[0] - one[2])
    return bool(min(np.abs(np.roll(one, turn, axis=0) - two).max() for turn in range(4)) < 0.03 * size)


def _long_side_first(quad: Points) -> Points:
    if cv2.contourArea(quad.astype(np.float32), oriented=True) < 0:
        quad = quad[::-1]
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    return np.roll(quad, -1, axis=0) if sides[1] + sides[3] > sides[0] + sides[2] else quad
