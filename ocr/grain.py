"""The bare paper of a card and its grain, fine and coarse: what was laid over it has another, or none.

All at half the size of the card. Grain is in eighths of steps of light, as far as it goes into a byte.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from ocr.arrays import Matrix, Pixels, Plane, Points
from ocr.layout import Box, Layout
from ocr.sight import INK, Sight

_BARE = 0.15  # ink below which there is paper
_BARE_IN_NOISE = 1.7  # the same where the camera's noise is that much ink, as a share of what a quarter of dots have
_QUARTER = 60 * 65 // 4  # of the dots that are looked at
_EIGHTHS = 8
_WINDOW = 8  # dots of the card to a cell; two by two of these are a window
_OF_WINDOW = 0.6  # at least so much of a window must be paper
_OVEREXPOSED = 249  # nothing has grain that is as bright as can be
_LEAST = 30  # windows
_SOFTEN = 2.0


@dataclass(frozen=True, eq=False)
class Grain:
    """`tones`, `grains`: of where the paper is bare, sums over all dots above and left of each (integral images).

    `tones` are the colours; `grains` fine grain, coarse grain, and how many dots. `quiet`: the grain of each window in
    logarithms, with NaN where it cannot be told; `usual`: what a twentieth, a fifth and half of the card's windows are
    below, None if there are too few.
    """

    tones: Plane
    grains: Plane
    quiet: Plane
    usual: tuple[float, float, float] | None

    def total(self, rows: slice, columns: slice) -> Points:
        """Return the sums of colours and grains in a part of the card, and how many dots are bare: 6 numbers."""
        top, bottom, left, right = self._ends(rows, columns)
        return np.concatenate([
            each[bottom, right] - each[top, right] - each[bottom, left] + each[top, left]
            for each in (self.tones, self.grains)
        ])  # fmt: skip

    def profile(self, rows: slice, columns: slice, axis: int) -> Matrix:
        """Return the same of each row (axis 1) or column (0) of a part of the card: n x 6."""
        top, bottom, left, right = self._ends(rows, columns)
        if axis:
            ends = [each[top : bottom + 1, right] - each[top : bottom + 1, left] for each in (self.tones, self.grains)]
        else:
            ends = [each[bottom, left : right + 1] - each[top, left : right + 1] for each in (self.tones, self.grains)]
        both = np.concatenate(ends, axis=1)
        return np.asarray(both[1:] - both[:-1])

    def _ends(self, rows: slice, columns: slice) -> tuple[int, int, int, int]:
        high, wide = self.tones.shape[:2]
        (top, bottom, _), (left, right, _) = rows.indices(high - 1), columns.indices(wide - 1)
        return top, max(bottom, top), left, max(right, left)


def of(sight: Sight) -> Grain:
    """Return the grain of a card: some 0.6 ms."""
    half = sight.half
    green = cv2.extractChannel(half, 1)
    smooth = cv2.blur(green, (3, 3))
    fine = cv2.convertScaleAbs(cv2.absdiff(green, smooth), alpha=_EIGHTHS)
    coarse = cv2.convertScaleAbs(cv2.absdiff(smooth, cv2.blur(smooth, (11, 11))), alpha=_EIGHTHS)
    inked = np.asarray(cv2.dilate(sight.ink[39:278, 39:298], np.ones((3, 3), np.uint8)))[1:-1:4, 1:-1:4]
    of_noise = float(np.partition(inked, _QUARTER, axis=None)[_QUARTER])
    free = cv2.inRange(sight.ink, -1.0, max(_BARE, _BARE_IN_NOISE * of_noise))
    bare = cv2.erode(free, np.ones((3, 3), np.uint8))  # all around a dot
    far = cv2.erode(bare, np.ones((3, 3), np.uint8))  # strokes leave rings of JPEG around them
    ones = cv2.threshold(bare, 0, 1, cv2.THRESH_BINARY)[1]
    tones = cv2.integral(cv2.copyTo(half, bare))
    grains = cv2.integral(cv2.merge([cv2.bitwise_and(fine, bare), cv2.bitwise_and(coarse, bare), ones]))
    quiet = _windows(half, fine, far)
    known = quiet[_zone(sight.layout, quiet.shape) & ~np.isnan(quiet)]
    usual = None
    if len(known) > _LEAST:
        at = [len(known) // 20, len(known) // 5, len(known) // 2]
        found = np.partition(known, at)[at]
        usual = float(found[0]), float(found[1]), float(found[2])
    return Grain(tones, grains, quiet, usual)


def quieter(grain: Grain, box: Box) -> Points:
    """Return how much less grain there is within a box and on its right than is usual, and how much more: 5 numbers."""
    left, top, right, bottom = box
    rows = slice(max((top - 2) // _WINDOW, 0), max((bottom - 12) // _WINDOW, 1))
    part = grain.quiet[rows, max((left - 4) // _WINDOW, 0) : (right + 50) // _WINDOW]
    found = np.sort(part[~np.isnan(part)])
    if grain.usual is None or len(found) < 2:
        return np.zeros(5)
    few, fifth, half = grain.usual
    second, low, middle = found[1], found[len(found) // 5], found[len(found) // 2]
    return np.maximum([few - second, half - second, fifth - low, half - middle, middle - half], 0.0)


def _windows(half: Pixels, fine: Plane, far: Plane) -> Plane:
    """Return the logarithm of the fine grain of each window of the paper."""
    step = _WINDOW // INK
    high, wide = (side // step for side in far.shape)
    blue, green, red = cv2.split(half)
    parts = cv2.merge([fine, cv2.max(cv2.max(blue, green), red), far])
    parts = cv2.copyTo(parts, far)[: high * step, : wide * step]
    cell = cv2.resize(parts, (wide, high), interpolation=cv2.INTER_AREA)
    of_window = cv2.boxFilter(cell, cv2.CV_32F, (2, 2), anchor=(0, 0), normalize=True)[:-1, :-1]
    fine_there, light_there, paper_there = (of_window[..., channel] for channel in range(3))
    share = paper_there / 255
    unclear = (share < _OF_WINDOW) | (light_there >= _OVEREXPOSED * share)
    quiet = np.log(fine_there / np.maximum(share, 0.01) + _SOFTEN)
    quiet[unclear] = np.nan
    return np.asarray(quiet)


@cache
def _zone(layout: Layout, shape: tuple[int, int]) -> Plane:
    """Return where the windows are that tell what is usual: about the fields, not on the portrait."""
    zone = np.zeros(shape, bool)
    for field in layout.fields:
        left, top, right, bottom = (value // _WINDOW for value in field.box)
        zone[max(top - 4, 0) : bottom + 4, max(left - 4, 0) : right + 4] = True
    if layout.portrait is not None:
        left, top, _, bottom = (value // _WINDOW for value in layout.portrait)
        zone[max(top - 2, 0) : bottom + 1, left - 2 :] = False
    return zone
