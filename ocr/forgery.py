"""Whether a field was put into the picture of a card later: its paper, ink or strokes are unlike all others'."""

import cv2
import numpy as np

from ocr.arrays import Plane, Points
from ocr.layout import Box
from ocr.sight import Sight

LIKELY = 2.9
SIGNS = ("quiet", "sharp", "light", "colour", "pale", "deep", "hue", "uneven")
# How the print of a field differs from the median of a card's others by its kind: sharpness, depth and hue of ink.
_USUAL = {
    "name": (-0.056, -0.096, 0.001, 0.0), "sex": (-0.019, -0.007, 0.0, -0.001), "ethnicity": (0.074, 0.103, 0.0, 0.0),
    "birth": (0.051, 0.193, -0.002, -0.003), "address": (-0.024, 0.008, 0.0, 0.002),
    "id_number": (0.003, -0.187, 0.002, 0.0), "authority": (-0.014, -0.008, 0.0, 0.0),
    "validity": (0.014, 0.008, 0.0, 0.0),
}  # fmt: skip
# A logistic regression over the signs, each up to a cap: 105 forged and 150 other pictures of Set.TRAIN.
_CAPS = (0.215, 0.343, 0.038, 0.017, 0.018, 0.583, 0.037, 0.543)
_WEIGHTS = (12.95, 13.2, 70.5, 223.95, 64.55, 11.24, 157.13, 2.49)
_BIAS = -7.581


def likelihood(sight: Sight, names: set[str]) -> float:
    """Return the logarithm of the odds that the likeliest of the named fields was put there later."""
    told = signs(sight, names)
    return max((_score(each) for each in told.values()), default=-np.inf)


def _score(told: Points) -> float:
    return float(np.minimum(told, _CAPS) @ np.array(_WEIGHTS)) + _BIAS


def signs(sight: Sight, names: set[str]) -> dict[str, Points]:
    """Return for each of the named fields how odd it is, one number of SIGNS each, 0 for not at all."""
    prints = {name: measured for name in sorted(names) if (measured := _measured(sight, name)) is not None}
    told = {}
    for name, (paper, ink) in prints.items():
        others = [other for each, (_, other) in prints.items() if each != name]
        off = ink - (np.median(others, axis=0) if others else ink) - np.array(_USUAL.get(name, (0.0,) * 4))
        told[name] = np.array([
            max(-paper[0], 0), max(off[0], 0), abs(paper[1]), np.hypot(paper[2], paper[3]),
            max(off[1], 0), max(-off[1], 0), np.hypot(off[2], off[3]), abs(paper[4]),
        ])  # fmt: skip
    return told


def _measured(sight: Sight, name: str) -> tuple[Points, Points] | None:
    """Return what the paper within a field is beside the paper around it, and what its ink is like; None if unclear."""
    place = sight.places.get(name)
    if place is None:
        return None
    left, top, right, bottom = place.box
    bottom = top + (bottom - top) // place.lines
    around = max(left - 30, 0), max(top - 22, 0), min(right + 30, 1000), min(bottom + 22, 631)
    inside, ring = _masks(sight, (left, top, right, bottom), around)
    if inside.sum() < 80 or ring.sum() < 100:
        return None
    part = sight.flat[around[1] : around[3], around[0] : around[2]].astype(np.float32)
    green = part[..., 1]
    grain = np.abs(green - cv2.blur(green, (5, 5)))
    within, beside = part[inside], part[ring]
    mean, outer = within.mean(axis=0), np.median(beside, axis=0)
    spread, other = within.std(axis=0).mean(), beside.std(axis=0).mean()
    tint = mean / mean.mean() - outer / max(outer.mean(), 1)
    of_paper = np.array([
        np.log((grain[inside].mean() + 0.05) / (grain[ring].mean() + 0.05)),
        np.log((mean.mean() + 1) / (outer.mean() + 1)), tint[0], tint[2], np.log((spread + 0.3) / (other + 0.3)),
    ])  # fmt: skip
    rows, columns = slice(top - around[1], bottom - around[1]), slice(left - around[0], right - around[0])
    print_ = green[rows, columns]
    dark, bright = float(np.percentile(print_, 2)), float(np.median(green[inside]))
    steep = np.abs(cv2.Sobel(print_, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(print_, cv2.CV_32F, 0, 1))
    hue = part[rows, columns][print_ <= dark + 1].mean(axis=0) / (mean + 1)
    of_ink = np.array([
        np.log(max(float(np.percentile(steep, 99)), 1.0) / max(bright - dark, 5.0)),
        np.log((dark + 15) / (bright + 15)), hue[0] - hue[1], hue[2] - hue[1],
    ])  # fmt: skip
    return of_paper, of_ink


def _masks(sight: Sight, box: Box, around: Box) -> tuple[Plane, Plane]:
    """Return where in `around` there is bare paper: within the box, and well outside of it."""
    left, top, right, bottom = (value // 2 for value in around)
    ink = cv2.dilate(sight.ink[top : bottom + 1, left : right + 1], np.ones((3, 3), np.uint8))
    size = (around[2] - around[0], around[3] - around[1])
    paper = cv2.resize(ink, size, interpolation=cv2.INTER_NEAREST) < 0.15
    inside, ring = np.zeros_like(paper), paper.copy()
    left, top, right, bottom = (value - around[index % 2] for index, value in enumerate(box))
    inside[top:bottom, left:right] = paper[top:bottom, left:right]
    ring[max(top - 10, 0) : bottom + 10, max(left - 12, 0) : right + 12] = False
    return inside, ring
