"""Straight borders around a field: what was laid over the print of a card ends in steps of light, colour or grain.

A step is looked for along the whole length of a side at once, so one too small for the eye stands out; waves printed
on the paper and grain do not run along the side of a box and cancel out. All within the card at half its size.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from ocr.arrays import Matrix, Points
from ocr.grain import Grain
from ocr.layout import Box
from ocr.sight import CELL, INK, Sight

SIGNS = 20
ASIDE, ABOVE, FAR = 17, 15, 35
"""Dots of half a card around a box that are looked at; more to the right, where texts end anyhow."""
_BAND = 3  # dots before and after a step whose means are compared
_INSET = 2
_LEAST = 0.15  # of a row or column that must be paper for it to count
_STRIP = 22  # dots right of the box: paper that a longer text had covered
_NOISE, _NOISE_OF_GRAIN = 0.15, 0.3  # in hundredths of the paper's light and grain: no camera's picture is without


@dataclass(frozen=True)
class _Reach:
    """Where a border may lie, in places of a profile: before the first of the box, within it, and beyond its last."""

    out: int
    within: int
    beyond: int


_ALL = np.ones(3)  # a product with it is a sum of the channels, in a third of the time
_OVER, _BESIDE = _Reach(7, 4, 7), _Reach(7, 4, 30)
_OVER_PAPER, _BESIDE_PAPER = _Reach(4, 2, 4), _Reach(4, 2, 14)


def steps(sight: Sight, grain: Grain, box: Box, light: float, usual: Points) -> Points:
    """Return how far the paper within a box stands out of what is around it, SIGNS numbers, from 0.

    `light` and `usual` are the light and the two grains of the paper around. In logarithms of hundredths of those.
    """
    left, top, right, bottom = (value // INK for value in box)
    first, upper = max(left - ASIDE, 0), max(top - ABOVE, 0)
    rows, columns = slice(upper, bottom + ABOVE), slice(first, right + FAR)
    inner_rows, inner_columns = (slice(low + _INSET, up - _INSET) for low, up in ((top, bottom), (left, right)))
    scale = 100 / np.array([light, light, light, *(4 * (usual + 4))])
    told, sides = [], []
    for axis, part, ends, reach in (
        (1, (rows, inner_columns), (top - upper, bottom - upper), _OVER),
        (0, (inner_rows, columns), (left - first, right - first), _BESIDE),
    ):
        profile = _profile(grain, part, axis)
        if profile is None:
            return np.zeros(SIGNS)
        found = _steps(profile, _BAND) * scale
        plain = _plain(found)
        told += _of_grain(found[:, 3:], plain[3:], ends, reach)
        sides += _sides(found[:, :3], plain[:3].sum() + _NOISE, ends, reach)
    beside = slice(right + _INSET, right + _INSET + _STRIP)
    strip = _strip(grain, (rows, beside), scale, (top - upper, bottom - upper))
    return np.asarray(np.log1p([*told, *_agreeing(sides), *strip, *_of_paper(sight, box, light)]))


def _strip(grain: Grain, part: tuple[slice, slice], scale: Points, ends: tuple[int, int]) -> list[float]:
    """Return the steps above and below right of the box, where the card does not end before."""
    profile = _profile(grain, part, 1) if part[1].stop < grain.tones.shape[1] else None
    if profile is None:
        return [0.0] * 4
    found = _steps(profile, _BAND) * scale
    plain = _plain(found)
    step = float(np.abs(_both(found[:, :3], ends, _OVER)).sum())
    _, _, less, _ = _of_grain(found[:, 3:], plain[3:], ends, _OVER)
    return [step, step / (plain[:3].sum() + _NOISE), less, less / (plain[3:].sum() + _NOISE_OF_GRAIN)]


def _of_paper(sight: Sight, box: Box, light: float) -> list[float]:
    """Return the steps of the paper with all print and waves taken away."""
    left, top, right, bottom = (value // CELL for value in box)
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    first, upper = max(left - 8, 0), max(top - 8, 0)
    around = sight.paper[upper : bottom + 8, first : right + 17]
    sides = []
    for axis, part, ends, reach in (
        (1, around[:, left - first : right - first], (top - upper, bottom - upper), _OVER_PAPER),
        (0, around[top - upper : bottom - upper], (left - first, right - first), _BESIDE_PAPER),
    ):
        mean = cv2.reduce(part, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F).reshape(-1, 3)
        found = np.zeros_like(mean)
        found[2:-2] = (mean[3:-1] + mean[4:] - mean[:-4] - mean[1:-3]) * (50 / light)
        sides += _sides(found, _plain(found, 2).sum() + _NOISE, ends, reach)
    return _agreeing(sides)


def _profile(grain: Grain, part: tuple[slice, slice], axis: int) -> Matrix | None:
    """Return the mean of the paper in each row (axis 1) or column (0), n x 5; None where there is none."""
    total = grain.profile(*part, axis)
    count = total[:, -1]
    size = grain.tones.shape[axis] - 1
    good = count > _LEAST * len(range(size)[part[axis]])
    if np.count_nonzero(good) < 4:
        return None
    mean = total[:, :-1] / np.maximum(count, 1).astype(np.float32)[:, None]
    return np.asarray(mean) if good.all() else _filled(mean, good)


def _filled(mean: Matrix, good: Points) -> Matrix:
    """Return the rows with those that are not good put between the good ones before and after."""
    known, places = np.flatnonzero(good), np.arange(len(mean))
    after = np.minimum(np.maximum(np.searchsorted(known, places), 1), len(known) - 1)
    before, after = known[after - 1], known[after]
    share = np.minimum(np.maximum((places - before) / (after - before), 0), 1)[:, None]
    return np.asarray(mean[before] * (1 - share) + mean[after] * share)


def _steps(profile: Matrix, band: int) -> Matrix:
    """Return the mean of `band` places after each less that of as many before it, n x channels."""
    total = np.zeros((len(profile) + 1, profile.shape[1]))
    np.cumsum(profile, axis=0, out=total[1:])
    found = np.zeros_like(profile)
    end = len(profile) - band - 1
    if end > band + 1:
        after = total[2 * band + 2 : end + band + 1] - total[band + 2 : end + 1]
        before = total[band + 1 : end] - total[1 : end - band]
        found[band + 1 : end] = (after - before) / band
    return found


def _plain(found: Matrix, edge: int = _BAND + 1) -> Points:
    """Return how large steps are there anyway: the median of each channel."""
    inner = np.sort(np.abs(found[edge:-edge]), axis=0)
    return np.asarray(inner[len(inner) // 2]) if len(inner) else np.zeros(found.shape[1])


def _reached(ends: tuple[int, int], reach: _Reach) -> tuple[slice, slice]:
    """Return where steps into a box may be, about its first place, and out of it, about its last."""
    first, last = ends
    return slice(max(first - reach.out, 0), first + reach.within), slice(
        max(last - reach.within, 0), last + reach.beyond
    )


def _both(found: Matrix, ends: tuple[int, int], reach: _Reach) -> Points:
    """Return the largest step that is there into the box and out of it again: a number a channel."""
    into, out = _reached(ends, reach)
    one, other = found[into][:, None], -found[out][None]
    if not one.size or not other.size:
        return np.zeros(found.shape[1])
    common = np.maximum(np.minimum(one, other), 0) + np.minimum(np.maximum(one, other), 0)
    return np.asarray(common.reshape(-1, found.shape[1])[(np.abs(common) @ np.ones(found.shape[1])).argmax()])


def _of_grain(found: Matrix, plain: Points, ends: tuple[int, int], reach: _Reach) -> list[float]:
    """Return how large the step of grain is, the same beside what is usual, how much less and how much more it is."""
    both = _both(found, ends, reach)
    size, whole = float(np.abs(both).sum()), float(both.sum())
    return [size, size / (float(plain.sum()) + _NOISE_OF_GRAIN), max(-whole, 0.0), max(whole, 0.0)]


def _sides(found: Matrix, plain: float, ends: tuple[int, int], reach: _Reach) -> list[tuple[float, ...]]:
    """Return of each of two sides the largest step up and down, into the box, and both beside what is usual."""
    ups = np.maximum(found, 0) @ _ALL
    downs = ups - found @ _ALL
    into, out = _reached(ends, reach)
    told: list[tuple[float, ...]] = []
    for up, down in ((ups[into], downs[into]), (downs[out], ups[out])):
        most = float(up.max(initial=0.0)), float(down.max(initial=0.0))
        told.append((*most, most[0] / plain, most[1] / plain))
    return told


def _agreeing(sides: list[tuple[float, ...]]) -> list[float]:
    """Return the second and the third largest step of four sides, where three agree most: one may be hidden."""
    ordered = np.sort(np.array(sides), axis=0)[::-1]
    told: list[float] = []
    for both in (ordered[:, :2], ordered[:, 2:]):
        told += both[1:3, both[2].argmax()].tolist()
    return told
