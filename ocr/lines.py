"""Where on a flattened card the lines of a field are printed, to the dot: recognition is only as good as the crop."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.arrays import Pixels, Plane
from ocr.layout import Box, Field

_STROKE = 17  # dots: wider than any stroke, narrower than a character
_FAINT = 0.12
_MARGIN = 7


@dataclass(frozen=True)
class Line:
    """A line of print: its box in dots of the card, and how much ink is in it, 0 to 1."""

    box: Box
    ink: float


def ink(flat: Pixels) -> Plane:
    """Return how much darker than the paper around it each dot is, 0 to 1, height x width."""
    gray = cv2.cvtColor(flat, cv2.COLOR_BGR2GRAY)
    dark = cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, np.ones((_STROKE, _STROKE), np.uint8)).astype(np.float32)
    paper = cv2.blur(gray.astype(np.float32), (61, 61)) + 12
    return np.asarray(np.minimum(dark / paper * 2.2, 1.0))


def find(ink_of_card: Plane, field: Field, slack: int) -> list[Line]:
    """Return the lines of print of a field, from the top; [] where nothing is printed."""
    left, top, right, bottom = field.box
    height = min(bottom - top, field.pitch or bottom - top)
    found: list[Line] = []
    line_high = height if field.lines == 1 else field.pitch - 12
    for number in range(field.lines):
        middle = top + line_high / 2 + number * field.pitch
        if found:  # what one line is off, the next is too
            middle = (found[-1].box[1] + found[-1].box[3]) / 2 + field.pitch
        line = _line(ink_of_card, (left - slack, right + slack), middle, line_high, slack if not found else 8)
        if line is None:
            break
        found.append(line)
    return found


def _line(card: Plane, columns: tuple[int, int], middle: float, high: float, slack: int) -> Line | None:
    top = max(int(middle - high / 2 - slack), 0)
    bottom = min(int(middle + high / 2 + slack), card.shape[0])
    left, right = max(columns[0], 0), min(columns[1], card.shape[1])
    region = np.where(card[top:bottom, left:right] > _FAINT * 2, card[top:bottom, left:right], 0)
    rows = region.sum(axis=1)
    if rows.max(initial=0) < 2:
        return None
    # The window of the line's height that holds most ink; of equals the nearest to where the line belongs.
    window = np.convolve(rows, np.ones(int(high)), "valid")
    offsets = np.arange(len(window)) - (len(window) - 1) / 2
    start = int((window * (1 - 0.15 * np.abs(offsets) / max(slack, 1))).argmax())
    band = region[start : start + int(high)]
    inked = np.flatnonzero(band.max(axis=0) > 0.3)
    if len(inked) == 0:
        return None
    first, last = _extent(inked)
    box = (
        max(left + first - _MARGIN, 0),
        max(top + start - _MARGIN + 1, 0),
        min(left + last + 1 + _MARGIN, card.shape[1]),
        min(top + start + int(high) + _MARGIN - 1, card.shape[0]),
    )
    return Line(box, float(band[:, first : last + 1].mean()))


def _extent(inked: NDArray[np.intp]) -> tuple[int, int]:
    """Return first and last column of the print, leaving off specks far from all else."""
    groups = np.split(inked, np.flatnonzero(np.diff(inked) > 40) + 1)
    kept = [group for group in groups if len(group) >= 3] or groups
    return int(kept[0][0]), int(kept[-1][-1])
