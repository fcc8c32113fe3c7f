"""A flattened card as light, colour and ink, whatever it says: what quality and risks are judged by.

All maps are coarse: `CELL` dots of the card make one of theirs, but two make one of `ink`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from ocr.arrays import Pixels, Plane
from ocr.layout import Box, Layout

CELL = 4
INK = 2


@dataclass(frozen=True)
class Place:
    """Where a field was found: the box around all its lines in dots of the card, and how many there are."""

    box: Box
    lines: int


Places = Mapping[str, Place | None]
"""By the field's name; None for one that was not found."""


@dataclass(frozen=True, eq=False)
class Sight:
    """A card of 1000 x 631 dots, `flat`, and maps of it.

    `ink`: how much darker than the paper, 0 to 1. Of the paper, with the print taken away: `light` and `dim` (mean
    and least of the channels, 0 to 255), `colour` (how far from the card's own), `shine` (how much brighter than what
    is around). `usual`: the light of most of the paper where fields are.
    """

    flat: Pixels
    layout: Layout
    places: Places
    ink: Plane
    light: Plane
    dim: Plane
    colour: Plane
    shine: Plane
    usual: float


def look(flat: Pixels, layout: Layout, places: Places) -> Sight:
    """Return the maps of a card: some 3 ms."""
    half = cv2.resize(flat, None, fx=1 / INK, fy=1 / INK, interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(half, cv2.COLOR_BGR2GRAY)
    dark = cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, np.ones((9, 9), np.uint8)).astype(np.float32)
    ink = np.minimum(dark / (cv2.blur(gray, (31, 31)).astype(np.float32) + 12) * 2.2, 1.0)
    small = cv2.resize(half, None, fx=INK / CELL, fy=INK / CELL, interpolation=cv2.INTER_AREA)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)).astype(np.float32)
    dim, light = paper.min(axis=2), paper.mean(axis=2) + 8
    around = cv2.morphologyEx(dim.astype(np.uint8), cv2.MORPH_OPEN, np.ones((45, 45), np.uint8)).astype(np.float32)
    fields = np.zeros(light.shape, bool)
    for field in layout.fields:
        fields[cells(field.box, CELL)] = True
    tint = paper[..., (0, 2)] / light[..., None]
    off = tint - np.median(tint[fields], axis=0)
    colour = cv2.blur(np.hypot(off[..., 0], off[..., 1]), (3, 3))
    usual = float(np.median(light[fields]))
    return Sight(flat, layout, places, ink, light, dim, colour, (dim - around) / (around + 10), usual)


def cells(box: Box, size: int) -> tuple[slice, slice]:
    """Return the rows and columns of a map, `size` dots a cell, that a box of the card covers; one each at least."""
    left, top, right, bottom = (max(round(value / size), 0) for value in box)
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))
