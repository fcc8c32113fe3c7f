"""Whether a lamp mirrors itself in a field of a card, or something lies over it: by light, colour, ink and edges.

Two logistic regressions over the same signs; benchmarks/fit_ocr_hidden.py fits them and writes ocr/data/hidden.json.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np

from ocr.arrays import Plane, Points
from ocr.layout import Box, Field, Layout
from ocr.ranks import median
from ocr.sight import CELL, INK, Place, Sight, cells, own_paper, shrunk

# What must be printed on any card, in dots.
_LEAST_WIDE = {"name": 48, "sex": 8, "ethnicity": 8, "birth": 270, "address": 128, "id_number": 480, "authority": 128,
               "validity": 178}  # fmt: skip
_WIDE = {"name": 70, "sex": 30, "ethnicity": 30, "birth": 330, "address": 150, "id_number": 530, "authority": 150,
         "validity": 200}  # fmt: skip
_FIRST_LINE = 270  # dots: an address goes on in a second line only when the first is full
_HOLE = 62  # dots within a line without ink; a birth has its labels in between, pale in a pale picture
_HOLE_OF_BIRTH = 130
_LATE = 20  # dots from the left edge of a field's box to its print
_MARGIN = 7  # dots that a place has on either side of its print
_UNSEEN = 40  # dots: how high a field is taken to be where nothing was found of it
_GLOW = 20  # dots beyond a field's end where light tells that it hid the rest
_BEYOND = 10, 6  # dots beyond the end, and before the start, of a field where an object tells that it does
_WHITE = 254  # the least channel of a cell in which nothing is left to be seen
_OVEREXPOSED = 248
_BRIGHT, _DARK = 0.12, 0.52  # of shine; of the light of most of the paper
_TALL = 14  # cells: no character of a field is higher
_SPECK = 4  # columns of ink: what is narrower is no character
_STRIP = 5  # rows of ink above and below a line where nothing is printed
_AROUND = 14

_MOST = {
    "most": 1, "excess": 0.6, "clipped": 12, "white": 12, "bright": 6, "missing": 1, "hole": 2, "short": 1, "fading": 1,
    "colour": 0.3, "dark": 6, "stray": 0.5, "edge": 0.3, "tall": 3, "between": 0.5, "sharpness": 1,
    "missing_though_sharp": 1, "missing_in_white": 1,
}  # fmt: skip
"""By its name, above what a sign tells no more."""
SIGNS = tuple(_MOST)


@dataclass(frozen=True)
class Hidden:
    """How likely a field cannot be seen, in logarithms of odds above those from which it is told.

    `mirrors`: because of a lamp; `covers`: because of an object.
    """

    mirrors: float
    covers: float

    @property
    def clear(self) -> bool:
        """Return whether nothing lies over the field, and no lamp mirrors itself there."""
        return self.mirrors <= 0 and self.covers <= 0


@dataclass(frozen=True, eq=False)
class Fit:
    """What was fitted, of signs in the order of SIGNS: a column for mirrors, one for covers. `likely`: told above."""

    weights: Points
    bias: Points
    likely: Points


@cache
def fitted() -> Fit:
    """Return what the suite ships."""
    data = json.loads(files("ocr").joinpath("data/hidden.json").read_text(encoding="utf-8"))
    weights = np.array([data["signs"][name] for name in SIGNS])
    return Fit(weights, np.array(data["bias"]), np.array(data["likely"]))


def told(sight: Sight, sharpness: float) -> dict[str, Hidden]:
    """Return by its name what hides each field of a resident ID card, in a picture of this sharpness, 0 to 1."""
    fit = fitted()
    found = signs(sight, sharpness)
    odds = np.array(list(found.values())) @ fit.weights + fit.bias - fit.likely
    return {name: Hidden(float(row[0]), float(row[1])) for name, row in zip(found, odds, strict=True)}


def signs(sight: Sight, sharpness: float) -> dict[str, Points]:
    """Return by field the numbers of SIGNS."""
    ground = _Ground.of(sight)
    return {field.name: _signs(sight, ground, field, sharpness) for field in sight.layout.fields}


@dataclass(frozen=True, eq=False)
class _Ground:
    """What all fields are judged beside: maps of CELL dots, but `ink` and `free` of INK dots, 0 or 255.

    `white`: where nothing is left to see, and `washed_out`: how much of the card's paper that is; `steps`: in
    logarithms of light, down and across; `lit`: how light paper is where no shadow falls; `ink`: where there is any;
    `tall`: how high a piece of ink is if that is higher than characters, else 0; `free`: ink that is of no field.
    """

    white: Plane
    washed_out: float
    steps: tuple[Plane, Plane]
    lit: float
    ink: Plane
    tall: Plane
    free: Plane

    @classmethod
    def of(cls, sight: Sight) -> "_Ground":
        own = own_paper(sight.layout, sight.dim.shape)
        blue, green, red = cv2.split(sight.quarter)
        white = np.asarray(cv2.min(cv2.min(blue, green), red)) >= _WHITE
        light = np.log(sight.light + 10)
        grain = median(sight.ink[60::4, 40:300:4])
        outside, labels = _elsewhere(sight.layout, sight.ink.shape)
        ink = (sight.ink > 0.14 + 1.5 * grain).view(np.uint8) * np.uint8(255)
        ink[outside] = 0
        coarse = (shrunk(ink) > 60).astype(np.uint8)
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(coarse, connectivity=8)
        high = stats[:, cv2.CC_STAT_HEIGHT].astype(np.float32)
        high[high <= _TALL] = 0
        high[0] = 0  # what is no ink
        free = ink.copy()
        free[labels] = 0
        for place in filter(None, sight.places.values()):
            free[max(place.box[1] - 2, 0) // INK : (place.box[3] + 2) // INK + 1] = 0
        return cls(white, np.count_nonzero(white & own) / np.count_nonzero(own),
                   (cv2.absdiff(light[1:], light[:-1]), cv2.absdiff(light[:, 1:], light[:, :-1])),
                   _highest(sight.dim[::2, ::2][own[::2, ::2]], 0.2), ink, high[pieces], free)  # fmt: skip


@cache
def _elsewhere(layout: Layout, shape: tuple[int, int]) -> tuple[Plane, Plane]:
    """Return where on the map of ink no field can be: margin, portrait, emblem and title; and where labels are."""
    outside, labels = np.zeros(shape, bool), np.zeros(shape, bool)
    outside[: (min(field.box[1] for field in layout.fields) - 40) // INK] = True
    outside[:8] = outside[-8:] = outside[:, :8] = outside[:, -8:] = True
    if layout.portrait is not None:
        left, _, _, bottom = layout.portrait
        outside[: (bottom + 28) // INK, (left - 15) // INK :] = True
    for label in layout.labels:
        left, top, right, bottom = label.box
        labels[cells((left - 10, top - 8, right + 10, bottom + 8), INK)] = True
    return outside, labels


def _signs(sight: Sight, ground: _Ground, field: Field, sharpness: float) -> Points:
    place = sight.places.get(field.name)
    rows = [] if place is None else _rows(sight, place)
    hole = _hole(rows, field.name)
    missing = hole > 1 or _lacks(field, place)
    left, top, right, bottom = _box(field, place, missing=missing)
    glowing = cells((left, top, min(right + _GLOW, 1000), bottom), CELL)
    shine, dim = sight.shine[glowing], sight.dim[glowing]
    excess = float(np.log((_highest(dim, 0.05) + 10) / (ground.lit + 10)))
    overexposed = sight.usual >= _OVEREXPOSED
    bright = _filled(shine > _BRIGHT, 0.4)
    beyond = cells((max(left - _BEYOND[1], 0), top, min(right + _BEYOND[0], 1000), bottom), CELL)
    colour = sight.colour[beyond]
    over, under = top // INK, bottom // INK
    across = slice(max(left - _BEYOND[1], 0) // INK, min(right + _BEYOND[0], 1000) // INK)
    strips = [ground.ink[max(row - (_STRIP - 1), 0) : row + 1, across] for row in (over, under + _STRIP - 2)]
    free = ground.free[max(over - _AROUND, 0) : under + _AROUND, across]
    found = {
        "most": float(shine.max()),
        "excess": max(excess, -0.2),
        "clipped": 0 if overexposed else _filled(dim >= 251, 0.5),
        "white": _filled(ground.white[glowing], 0.6) * (1 - ground.washed_out),
        "bright": bright if excess > 0.06 else 0,
        "missing": missing,
        "hole": hole,
        "short": 1 - min(_wide(place) / _LEAST_WIDE[field.name], 1),
        "fading": _fading(rows),
        "colour": _highest(colour, 0.05),
        "dark": _filled(sight.light[beyond] < _DARK * sight.usual, 0.35),
        "stray": max(float((strip.mean(axis=0) > 0.3 * 255).mean()) if strip.size else 0.0 for strip in strips),
        "edge": max(_highest_few(each[_around(left, top, right, bottom)]) for each in ground.steps),
        "tall": float(ground.tall[beyond].max(initial=0)) / 25,
        "between": float(cv2.blur(free, (15, 9)).max()) / 255 if free.size else 0.0,
        "sharpness": sharpness,
        "missing_though_sharp": missing * sharpness,
        "missing_in_white": missing and overexposed,
    }
    return np.array([min(float(found[name]), most) for name, most in _MOST.items()])


def _filled(there: Plane, share: float) -> int:
    """Return how many columns of a map have more than this share of it."""
    return int(np.count_nonzero(there.sum(axis=0) > share * len(there)))


def _box(field: Field, place: Place | None, *, missing: bool) -> Box:
    """Return where a field is printed, or should be."""
    left, top, right, bottom = field.box
    if place is None:
        return left, top, left + _WIDE[field.name], min(bottom, top + _UNSEEN)
    if missing and place.lines > 1:  # what hides the ends of lines lies beside them
        return left, place.box[1], right, place.box[3]
    return left, place.box[1], min(max(place.box[2] - _MARGIN, left + _WIDE[field.name]), right + 12), place.box[3]


def _lacks(field: Field, place: Place | None) -> bool:
    """Return whether there is less print than any card has of a field."""
    if place is None or place.box[0] - field.box[0] > _LATE:
        return True
    first = field.name == "address" and place.lines > 1
    return _wide(place) < (_FIRST_LINE if first else _LEAST_WIDE[field.name])


def _wide(place: Place | None) -> int:
    return 0 if place is None else place.box[2] - place.box[0] - 2 * _MARGIN


def _rows(sight: Sight, place: Place) -> list[Points]:
    """Return for each line but the last of several, of which nobody knows where it ends, the ink of its columns."""
    left, top, right, bottom = place.box
    high = (bottom - top) / place.lines
    parts = [
        sight.ink[cells((left, round(top + line * high), right, round(top + (line + 1) * high)), INK)]
        for line in range(max(place.lines - 1, 1))
    ]
    return [part.max(axis=0) for part in parts if part.size]


def _hole(rows: list[Points], name: str) -> float:
    """Return how wide the widest hole within a line is, beside what is the widest on any card."""
    widest = 0.0
    for row in rows:
        inked = np.flatnonzero(row > 0.2)
        hole = _HOLE_OF_BIRTH if name == "birth" else _HOLE
        widest = max(widest, np.diff(inked).max(initial=0) * INK / hole if len(inked) else 2.0)
    return float(widest)


def _fading(rows: list[Points]) -> float:
    """Return how much fainter the faintest piece of print in a line is than most of the line, 0 to 1."""
    most = 0.0
    for row in rows:
        inked = np.flatnonzero(row > 0.12)
        pieces = [each for each in np.split(inked, np.flatnonzero(np.diff(inked) > 2) + 1) if len(each) >= _SPECK]
        if len(pieces) > 1:
            darkest = [float(row[each].max()) for each in pieces]
            most = max(most, 1 - min(darkest) / median(np.array(darkest)))
    return most


def _around(left: int, top: int, right: int, bottom: int) -> tuple[slice, slice]:
    return cells((left - 8, top - 8, min(right + 8, 1000), min(bottom + 8, 631)), CELL)


def _highest(values: Plane, share: float) -> float:
    """Return what this share of the values are above."""
    flat = values.ravel()
    place = min(int(len(flat) * (1 - share)), len(flat) - 1)
    return float(np.partition(flat, place)[place])


def _highest_few(values: Plane) -> float:
    """Return the mean of the four highest."""
    flat = values.ravel()
    return float(np.partition(flat, -4)[-4:].mean()) if len(flat) > 4 else 0.0
