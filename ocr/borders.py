"""Straight borders around a field: what was laid over the print of a card ends in steps of light or colour.

A step is looked for along the whole length of a side at once, so one too small for the eye stands out; waves printed
on the paper and grain do not run along the side of a box and cancel out.
"""

import cv2
import numpy as np

from ocr.arrays import Matrix, Pixels, Plane, Points
from ocr.layout import Box
from ocr.sight import INK, Sight

BANDS = 5, 3  # dots before and after a step whose means are compared
_SIGNS = 5
_ASIDE, _ABOVE, _FAR = 34, 30, 70  # dots around the box that are looked at; more to the right, where texts end anyhow
_OUT, _IN = 14, 8  # dots by which a border may lie outside of the box, and within it
_FAR_OUT = 60
_BARE = 0.15  # ink below which there is paper
_LEAST = 0.15  # of a row or column that must be paper for it to count
_CORNER = 4  # dots at the ends of a side that are not looked at
_NOISE = 0.15  # in hundredths of the paper's light: no camera's picture is without


def steps(sight: Sight, box: Box) -> Points:
    """Return how far the paper within a box stands out of what is around it, five numbers for each of BANDS, from 0.

    Above and below; left and right; the same step on all four sides; the first two beside the steps that are there
    anyway. In logarithms of hundredths of the paper's light.
    """
    left, top, right, bottom = box
    around = (max(left - _ASIDE, 0), max(top - _ABOVE, 0), min(right + _FAR, sight.flat.shape[1]),
              min(bottom + _ABOVE, sight.flat.shape[0]))  # fmt: skip
    part = sight.flat[around[1] : around[3], around[0] : around[2]]
    paper = _paper(sight, around)
    if not paper[::4, ::4].any():
        return np.zeros(_SIGNS * len(BANDS))
    light = float(np.median(part[::4, ::4][paper[::4, ::4] > 0])) + 20
    columns = slice(left + _CORNER - around[0], right - _CORNER - around[0])
    rows = slice(top + _CORNER - around[1], bottom - _CORNER - around[1])
    down = _profile(np.ascontiguousarray(part[:, columns]), np.ascontiguousarray(paper[:, columns]), 1)
    across = _profile(np.ascontiguousarray(part[rows]), np.ascontiguousarray(paper[rows]), 0)
    if down is None or across is None:
        return np.zeros(_SIGNS * len(BANDS))
    told = []
    for band in BANDS:
        vertical, horizontal = (_steps(each, band) / light * 100 for each in (down, across))
        over = _both(vertical, top + 1 - around[1], bottom - 1 - around[1], _OUT)
        beside = _both(horizontal, left + 1 - around[0], right - 1 - around[0], _FAR_OUT)
        usual = [
            float(np.median(np.abs(each[band + 1 : -band - 1]).sum(axis=1))) + _NOISE for each in (vertical, horizontal)
        ]
        four = np.abs(_common(over, beside)).sum()
        told += [
            np.abs(over).sum(),
            np.abs(beside).sum(),
            four,
            np.abs(over).sum() / usual[0],
            np.abs(beside).sum() / usual[1],
        ]
    return np.asarray(np.log1p(np.array(told)))


def _paper(sight: Sight, around: Box) -> Plane:
    left, top, right, bottom = around
    ink = sight.ink[top // INK : bottom // INK + 1, left // INK : right // INK + 1]
    ink = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    size = (right - left, bottom - top)
    return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_NEAREST) < _BARE, np.uint8)


def _profile(part: Pixels, paper: Plane, axis: int) -> Matrix | None:
    """Return the mean of the paper in each row (axis 1) or column (0), n x 3; None where there is none."""
    count = cv2.reduce(paper, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    good = count > _LEAST * paper.shape[axis]
    if good.sum() < 4:
        return None
    bare = cv2.bitwise_and(part, part, mask=paper)
    mean = cv2.reduce(bare, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).reshape(-1, 3) / np.maximum(count, 1)[:, None]
    places = np.arange(len(mean))
    return np.stack([np.interp(places, places[good], mean[good, channel]) for channel in range(3)], axis=1)


def _steps(profile: Matrix, band: int) -> Matrix:
    """Return the mean of `band` rows after each row less that of as many before it, n x 3."""
    total = np.vstack([np.zeros((1, 3)), np.cumsum(profile, axis=0)])
    at = np.arange(band + 1, len(profile) - band - 1)
    found = np.zeros_like(profile)
    found[at] = (total[at + 1 + band] - total[at + 1] - total[at - 1] + total[at - 1 - band]) / band
    return found


def _both(found: Matrix, first: int, last: int, out: int) -> Matrix:
    """Return the largest step that is there into the box and out of it again, 3."""
    into = found[max(first - _OUT, 0) : first + _IN]
    back = -found[max(last - _IN, 0) : last + out]
    if not len(into) or not len(back):
        return np.zeros(3)
    common = _common(into[:, None], back[None])
    best = common[np.unravel_index(np.abs(common).sum(axis=2).argmax(), common.shape[:2])]
    return np.asarray(best)


def _common(one: Matrix, other: Matrix) -> Matrix:
    """Return what two steps have in common: the smaller where they have the same sign, else 0."""
    smaller = np.minimum(np.abs(one), np.abs(other))
    return np.where(np.sign(one) == np.sign(other), np.sign(one) * smaller, 0.0)
