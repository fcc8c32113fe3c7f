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

from ocr import borders, grain
from ocr.arrays import Plane, Points
from ocr.grain import Grain
from ocr.layout import Box
from ocr.sight import CELL, INK, Place, Sight, cells

_BESIDE = (
    "soft",
    "sharp",
    "pale",
    "deep",
    "hue",
    "weight",
    "steep",
    "even",
    "light_beside",
    "colour_beside",
    "less_fine",
    "less_coarse",
    "more_fine",
    "more_coarse",
)  # than other fields of the card
_ALONE = (
    "light",
    "colour",
    *(f"border_{number}" for number in range(borders.SIGNS)),
    "quietest",
    "quiet",
    "quiet_fifth",
    "quiet_half",
    "loud_half",
    "strange",
    "shine",
)
_OF_CARD = ("sharpness", "fine", "coarse", "brightness")  # how much the others tell depends on these
SIGNS = (*_BESIDE, *_ALONE, *_OF_CARD)
_STRANGE = 0.09  # of the colour's distance from the card's own
_NEAR = 5, 6  # dots of INK above and below, and beside a box, that are neither its paper nor that around
_LEAST_INSIDE, _LEAST_OUTSIDE = 40, 80  # dots of INK that are paper


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
    """A field in numbers: its ink and paper, to be seen beside other fields', and what it tells alone, and the card."""

    ink_and_paper: Points
    alone: Points


@cache
def fitted() -> Fit:
    """Return what the suite ships."""
    data = json.loads(files("ocr").joinpath("data/forgery.json").read_text(encoding="utf-8"))
    caps, weights = (tuple(data["signs"][name][part] for name in SIGNS) for part in ("cap", "weight"))
    usual = {name: tuple(values) for name, values in data["usual"].items()}
    return Fit(usual, caps, weights, data["bias"], data["likely"])


def likely(sight: Sight, sharpness: float) -> bool:
    """Return whether one of the fields was likely put there later, in a picture of this sharpness, 0 to 1."""
    fit = fitted()
    told = signs(prints(sight, sharpness), fit.usual)
    caps, weights = np.array(fit.caps), np.array(fit.weights)
    return any(float(np.minimum(each, caps) @ weights) + fit.bias > fit.likely for each in told.values())


def signs(measured: Mapping[str, Print], usual: Mapping[str, tuple[float, ...]]) -> dict[str, Points]:
    """Return for each field how odd it is: one number of SIGNS each, all but _OF_CARD 0 or more."""
    told = {}
    for name, off in offsets(measured).items():
        beside = off - np.array(usual[name]) if name in usual and len(measured) > 1 else np.zeros(len(off))
        sharp, deep, blue, red, strokes, steep, light, tint_blue, tint_red, fine, coarse = beside.tolist()
        told[name] = np.array([
            *_either(sharp), *_either(deep), np.hypot(blue, red),
            0.0 if name == "id_number" else abs(strokes),  # a typeface of its own
            *_either(steep), abs(light), np.hypot(tint_blue, tint_red),
            max(-fine, 0.0), max(-coarse, 0.0), max(fine, 0.0), max(coarse, 0.0),
            *measured[name].alone,
        ])  # fmt: skip
    return told


def prints(sight: Sight, sharpness: float) -> dict[str, Print]:
    """Return what is printed of each field that can be judged, in a picture of this sharpness."""
    of_card = grain.of(sight)
    found = {
        name: _measured(sight, of_card, sharpness, place) for name, place in sight.places.items() if place is not None
    }
    return {name: each for name, each in found.items() if each is not None}


def offsets(measured: Mapping[str, Print]) -> dict[str, Points]:
    """Return how each field's print differs from the median of the others'."""
    both = {name: each.ink_and_paper for name, each in measured.items()}
    told = {}
    for name, own in both.items():
        others = [other for each, other in both.items() if each != name]
        told[name] = own - (_median(others) if others else own)
    return told


def _median(rows: list[Points]) -> Points:
    """Return the median of each column; numpy's own takes ten times as long."""
    ordered, middle = np.sort(np.array(rows), axis=0), len(rows) // 2
    return np.asarray(ordered[middle] if len(rows) % 2 else (ordered[middle] + ordered[middle - 1]) / 2)


def _either(value: float) -> tuple[float, float]:
    return max(value, 0.0), max(-value, 0.0)


def _measured(sight: Sight, of_card: Grain, sharpness: float, place: Place) -> Print | None:
    """Return what a field is like; None if there is too little paper to tell."""
    left, top, right, bottom = (value // INK for value in place.box)
    around = (slice(max(top - borders.ABOVE, 0), bottom + borders.ABOVE),
              slice(max(left - borders.ASIDE, 0), right + borders.FAR))  # fmt: skip
    over, beside = _NEAR
    nearer = slice(max(top - over, 0), bottom + over), slice(max(left - beside, 0), right + beside)
    inside, whole, near = (of_card.total(*part) for part in ((slice(top, bottom), slice(left, right)), around, nearer))
    outside = whole - near
    if inside[-1] < _LEAST_INSIDE or outside[-1] < _LEAST_OUTSIDE:
        return None
    inside, outside = inside[:-1] / inside[-1], outside[:-1] / outside[-1]
    lights = inside[:3].mean(), outside[:3].mean()
    tint = inside[:3] / max(lights[0], 1) - outside[:3] / max(lights[1], 1)
    light, around_it = float(np.log((lights[0] + 1) / (lights[1] + 1))), outside[3:]
    here = cells(place.box, CELL)
    strange = cv2.inRange(sight.colour[here], _STRANGE, 9.0)
    alone = np.array([
        abs(light), np.hypot(tint[0], tint[2]),
        *borders.steps(sight, of_card, place.box, lights[1] + 20, around_it), *grain.quieter(of_card, place.box),
        cv2.countNonZero(strange) / strange.size, max(float(sight.shine[here].max()), 0.0),
        sharpness, *np.log(around_it + 1), sight.usual / 255,
    ])  # fmt: skip
    of_ink = _ink(sight, place.box, inside[:3])
    grains = np.log((inside[3:] + 1) / (around_it + 1))
    return Print(np.array([*of_ink, light, tint[0], tint[2], *grains]), alone)


def _ink(sight: Sight, box: Box, paper: Points) -> Points:
    """Return how sharp, how dark, of which tint and how wide the strokes in a box are, and how their edges rise."""
    left, top, right, bottom = box
    part = sight.flat[top:bottom, left:right]
    green = cv2.extractChannel(part, 1)
    dark = _below(_counts(green), 0.02)
    across, down = cv2.absdiff(green[:, 2:], green[:, :-2]), cv2.absdiff(green[2:], green[:-2])
    steep = max(_below(_counts(across) + _counts(down), 0.985), 1)
    wide = max(_below(_counts(cv2.absdiff(green[:, 6:], green[:, :-6])), 0.985), 1)
    darkest = np.array(cv2.mean(part, mask=cv2.inRange(green, 0, dark + 1))[:3]) / (paper + 1)
    bright = float(paper[1])
    strokes = sight.ink[top // INK : bottom // INK, left // INK : right // INK]
    edges = cv2.norm(strokes[1:], strokes[:-1], cv2.NORM_L1) + cv2.norm(strokes[:, 1:], strokes[:, :-1], cv2.NORM_L1)
    return np.array([
        np.log(steep / max(bright - dark, 5.0)), np.log((dark + 15) / (bright + 15)),
        darkest[0] - darkest[1], darkest[2] - darkest[1],
        np.log((cv2.sumElems(strokes)[0] + 1) / (edges + 1)), np.log(steep / wide),
    ])  # fmt: skip


def _counts(plane: Plane) -> Points:
    return np.asarray(cv2.calcHist([plane], [0], None, [256], [0, 256])).ravel()


def _below(counts: Points, share: float) -> int:
    """Return the value below which this share of what was counted is."""
    total = np.cumsum(counts)
    return int(np.searchsorted(total, share * total[-1]))
