"""Whether a field was put into the picture of a card later: its paper, ink, strokes or borders are unlike all others'.

A logistic regression; benchmarks/fit_ocr_risks.py fits it and writes ocr/data/forgery.json.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np

from ocr import borders
from ocr.arrays import Plane, Points
from ocr.layout import Box
from ocr.sight import INK, Sight

_OF_PAPER = ("quiet", "sharp", "light", "colour", "pale", "deep", "hue", "uneven")
_OF_BORDERS = ("over", "beside", "four", "over_usual", "beside_usual")
_OF_CARD = ("sharpness", "grain", "brightness", "width")  # how much the others tell depends on these
SIGNS = (*_OF_PAPER, *(f"{each}_{band}" for band in borders.BANDS for each in _OF_BORDERS), "weight", *_OF_CARD)


@dataclass(frozen=True)
class Fit:
    """What was fitted, of signs in the order of SIGNS.

    `usual`: by field, how its print differs from the median of the card's others. `caps`: above these, signs tell no
    more. `likely`: from where a field is told of, in logarithms of odds.
    """

    usual: Mapping[str, tuple[float, ...]]
    caps: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    likely: float


@dataclass(frozen=True, eq=False)
class Print:
    """A field: its paper beside the paper around it, and its ink, in numbers; its box in dots of the card."""

    box: Box
    paper: Points
    ink: Points


@cache
def fitted() -> Fit:
    """Return what the suite ships."""
    data = json.loads(files("ocr").joinpath("data/forgery.json").read_text(encoding="utf-8"))
    caps, weights = (tuple(data["signs"][name][part] for name in SIGNS) for part in ("cap", "weight"))
    usual = {name: tuple(values) for name, values in data["usual"].items()}
    return Fit(usual, caps, weights, data["bias"], data["likely"])


def likely(sight: Sight, sharpness: float, names: set[str]) -> bool:
    """Return whether one of the named fields was likely put there later, in a picture of this sharpness, 0 to 1."""
    fit = fitted()
    told = signs(sight, sharpness, fit.usual)
    caps, weights = np.array(fit.caps), np.array(fit.weights)
    return any(float(np.minimum(told[name], caps) @ weights) + fit.bias > fit.likely for name in names & set(told))


def signs(sight: Sight, sharpness: float, usual: Mapping[str, tuple[float, ...]]) -> dict[str, Points]:
    """Return for each field that can be judged how odd it is: one number of SIGNS each, all but _OF_CARD 0 or more."""
    measured = prints(sight)
    of_card = [sharpness, _grain(sight), sight.usual / 255]
    told = {}
    for name, off in offsets({name: each.ink for name, each in measured.items()}).items():
        paper, box = measured[name].paper, measured[name].box
        ink = off - np.array(usual.get(name, np.zeros(len(off))))
        weight = 0.0 if name == "id_number" else abs(ink[4])  # a typeface of its own
        told[name] = np.array([
            max(-paper[0], 0), max(ink[0], 0), abs(paper[1]), np.hypot(paper[2], paper[3]),
            max(ink[1], 0), max(-ink[1], 0), np.hypot(ink[2], ink[3]), abs(paper[4]),
            *borders.steps(sight, box), weight, *of_card, np.log(box[2] - box[0]),
        ])  # fmt: skip
    return told


def prints(sight: Sight) -> dict[str, Print]:
    """Return what is printed of each field that can be judged."""
    found = {field.name: _measured(sight, field.name) for field in sight.layout.fields}
    return {name: each for name, each in found.items() if each is not None}


def offsets(inks: Mapping[str, Points]) -> dict[str, Points]:
    """Return how each field's ink differs from the median of the others'."""
    told = {}
    for name, ink in inks.items():
        others = [other for each, other in inks.items() if each != name]
        told[name] = ink - (np.median(others, axis=0) if others else ink)
    return told


def _grain(sight: Sight) -> float:
    """Return the grain of the middle of the card, in logarithms of steps of light."""
    green = np.asarray(sight.flat[78:571, 160:600, 1], np.float32)
    return float(np.log(np.median(np.abs(green - cv2.blur(green, (5, 5)))) + 0.05))


def _strokes(sight: Sight, box: Box) -> float:
    """Return how wide strokes are: ink beside its edges, in logarithms."""
    left, top, right, bottom = (value // INK for value in box)
    ink = sight.ink[top:bottom, left:right]
    edges = np.abs(np.diff(ink, axis=0)).sum() + np.abs(np.diff(ink, axis=1)).sum()
    return float(np.log((ink.sum() + 1) / (edges + 1)))


def _measured(sight: Sight, name: str) -> Print | None:
    """Return what a field is like; None if that is unclear."""
    place = sight.places.get(name)
    if place is None:
        return None
    left, top, right, bottom = place.box
    bottom = top + (bottom - top) // place.lines
    around = max(left - 30, 0), max(top - 22, 0), min(right + 30, 1000), min(bottom + 22, 631)
    inside, ring = _masks(sight, (left, top, right, bottom), around)
    if cv2.countNonZero(inside) < 80 or cv2.countNonZero(ring[::3, ::3]) < 12:
        return None
    part = np.ascontiguousarray(sight.flat[around[1] : around[3], around[0] : around[2]])
    green = np.ascontiguousarray(part[..., 1])
    grain = cv2.absdiff(green, cv2.blur(green, (5, 5)))
    mean, spread = (each.ravel() for each in cv2.meanStdDev(part, mask=inside))
    outer, other = np.median(part[::3, ::3][ring[::3, ::3] > 0], axis=0), cv2.meanStdDev(part, mask=ring)[1].ravel()
    grains = [cv2.mean(grain, mask=mask)[0] + 0.05 for mask in (inside, ring)]
    tint = mean / max(mean.mean(), 1) - outer / max(outer.mean(), 1)
    of_paper = np.array([
        np.log(grains[0] / grains[1]),
        np.log((mean.mean() + 1) / (outer.mean() + 1)), tint[0], tint[2],
        np.log((spread.mean() + 0.3) / (other.mean() + 0.3)),
    ])  # fmt: skip
    rows, columns = slice(top - around[1], bottom - around[1]), slice(left - around[0], right - around[0])
    print_ = green[rows, columns]
    dark, bright = float(np.percentile(print_, 2)), float(np.median(print_[inside[rows, columns] > 0]))
    x, y = (cv2.convertScaleAbs(cv2.Sobel(print_, cv2.CV_16S, *way), alpha=0.125) for way in ((1, 0), (0, 1)))
    steep = cv2.add(x, y)
    hue = part[rows, columns][print_ <= dark + 1].mean(axis=0) / (mean + 1)
    of_ink = np.array([
        np.log(max(8.0 * float(np.percentile(steep, 99)), 1.0) / max(bright - dark, 5.0)),
        np.log((dark + 15) / (bright + 15)), hue[0] - hue[1], hue[2] - hue[1],
        _strokes(sight, place.box),
    ])  # fmt: skip
    return Print(place.box, of_paper, of_ink)


def _masks(sight: Sight, box: Box, around: Box) -> tuple[Plane, Plane]:
    """Return where in `around` there is bare paper: within the box, and well outside of it."""
    left, top, right, bottom = (value // 2 for value in around)
    ink = cv2.dilate(sight.ink[top : bottom + 1, left : right + 1], np.ones((3, 3), np.uint8))
    size = (around[2] - around[0], around[3] - around[1])
    paper = (cv2.resize(ink, size, interpolation=cv2.INTER_NEAREST) < 0.15).astype(np.uint8)
    inside, ring = np.zeros_like(paper), paper.copy()
    left, top, right, bottom = (value - around[index % 2] for index, value in enumerate(box))
    inside[top:bottom, left:right] = paper[top:bottom, left:right]
    ring[max(top - 10, 0) : bottom + 10, max(left - 12, 0) : right + 12] = 0
    return inside, ring
