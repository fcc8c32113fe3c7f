"""A flattened card as light, colour and ink, whatever it says: what quality and risks are judged by.

All maps are coarse: `CELL` dots of the card make one of theirs, but two make one of `ink`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from ocr.arrays import Pixels, Plane
from ocr.layout import Box, Layout
from ocr.ranks import median

CELL = 4
INK = 2
_EDGE = 6  # cells
_MEAN = np.array([[1 / 3, 1 / 3, 1 / 3, 8]], np.float32)  # of the channels, and 8 so that nothing is 0


@dataclass(frozen=True)
class Place:
    """Where a field was found: the box around all its lines in dots of the card, and how many there are."""

    box: Box
    lines: int


Places = Mapping[str, Place | None]
"""By the field's name; None for one that was not found."""


@dataclass(frozen=True, eq=False)
class Sight:
    """A card of 1000 x 631 dots, `flat`, the same of `half` and of a `quarter` of the size, and maps of it.

    `ink`: how much darker than the paper, 0 to 1. `paper`: with the print taken away; of it `light` and `dim` (mean
    and least of the channels, 0 to 255), `colour` (how far from the card's own), `shine` (how much brighter than what
    is around). `usual`: the light of most of the paper.
    """

    flat: Pixels
    half: Pixels
    quarter: Pixels
    layout: Layout
    places: Places
    ink: Plane
    paper: Pixels
    light: Plane
    dim: Plane
    colour: Plane
    shine: Plane
    usual: float


def look(flat: Pixels, layout: Layout, places: Places) -> Sight:
    """Return the maps of a card: some 2 ms."""
    half = shrunk(flat)
    quarter = shrunk(half)
    gray = cv2.cvtColor(half, cv2.COLOR_BGR2GRAY)
    dark = cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, np.ones((9, 9), np.uint8))
    ink = cv2.divide(dark, cv2.convertScaleAbs(cv2.blur(gray, (31, 31)), beta=12), scale=2.2, dtype=cv2.CV_32F)
    paper = cv2.morphologyEx(quarter, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    blue, green, red = cv2.split(paper)
    least = cv2.min(cv2.min(blue, green), red)
    around = cv2.morphologyEx(least, cv2.MORPH_OPEN, np.ones((45, 45), np.uint8)).astype(np.float32)
    dim, light = least.astype(np.float32), cv2.transform(paper.astype(np.float32), _MEAN)
    own = own_paper(layout, light.shape)
    tints = [cv2.divide(each, light, dtype=cv2.CV_32F) for each in (blue.astype(np.float32), red.astype(np.float32))]
    off = [each - median(each[::2, ::2][own[::2, ::2]]) for each in tints]
    return Sight(
        flat, half, quarter, layout, places, np.minimum(ink, 1.0, out=ink), paper, np.asarray(light), dim,
        colour=np.asarray(cv2.blur(cv2.magnitude(*off), (3, 3))), shine=(dim - around) / (around + 10),
        usual=median(light[::2, ::2][own[::2, ::2]]),
    )  # fmt: skip


def shrunk(picture: Pixels) -> Pixels:
    """Return a picture at half its size, without the last row or column of an odd one: whole dots are averaged fast."""
    high, wide = (side // 2 for side in picture.shape[:2])
    return cv2.resize(picture[: 2 * high, : 2 * wide], (wide, high), interpolation=cv2.INTER_AREA)


@cache
def own_paper(layout: Layout, shape: tuple[int, int]) -> Plane:
    """Return where on a map of CELL dots a card is its own paper: not its edges and portrait."""
    own = np.zeros(shape, bool)
    own[_EDGE:-_EDGE, _EDGE:-_EDGE] = True
    if layout.portrait is not None:
        left, top, right, bottom = layout.portrait
        own[cells((left - 15, top - 15, right + 15, bottom + 15), CELL)] = False
    return own


def cells(box: Box, size: int) -> tuple[slice, slice]:
    """Return the rows and columns of a map, `size` dots a cell, that a box of the card covers; one each at least."""
    left, top, right, bottom = (max(round(value / size), 0) for value in box)
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))
