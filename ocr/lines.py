"""Where on a flattened card the lines of a field are printed, to the dot: recognition is only as good as the crop."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.arrays import Pixels, Plane
from ocr.layout import Box, Field, Ink
from ocr.ranks import quantile

_STROKE = 17  # dots: wider than any stroke, narrower than a character
_FAINT = 0.24
MARGIN = 7
_GAP = 40  # dots: wider than any gap within a field that has none in its print
_LEFTOVER = 44, 13  # print this narrow at the edge of a field, this far from the rest, belongs to what stands beside it
_INTO = 8  # dots by which a label may reach into a field, besides its slack
_SLACK = 8  # dots by which a line may be off from where the line above lets it be expected
_PAPER = 61  # dots: what is around a dot
_AROUND = _PAPER // 2 + 2  # dots around a dot that tell what ink it has
_TALL = 14  # dots: no line of characters is lower
_LEAST = 0.12  # of the first line's ink: what has less is no line but wear or noise


@dataclass(frozen=True)
class Line:
    """A line of print: its box in dots of the card, how much ink is in it, 0 to 1, and from how high to how low.

    `cut`: it reaches the end of where it may stand, and may go on beyond. `space`: the widest in it without ink, in
    dots.
    """

    box: Box
    ink: float
    tall: int
    cut: bool = False
    space: int = 0


def strokes(gray: Plane, wide: int, kind: Ink) -> Plane:
    """Return how far each dot stands out from what is around it, 0 to 255, where that is no wider than `wide` dots."""
    window = np.ones((wide, wide), np.uint8)
    dark = np.zeros_like(gray) if kind is Ink.LIGHT else cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, window)
    return dark if kind is Ink.DARK else cv2.max(dark, cv2.morphologyEx(gray, cv2.MORPH_TOPHAT, window))


def ink(flat: Pixels, kind: Ink = Ink.DARK, within: Sequence[Box] = ()) -> Plane:
    """Return how much darker, or lighter, than the paper around it each dot is, 0 to 1, height x width.

    `within`: boxes of the card, if only what is in them is asked for; elsewhere it may be 0.
    """
    high, wide = flat.shape[:2]
    boxes = np.array(within or [(0, 0, wide, high)])
    left, top = np.maximum(boxes[:, :2].min(axis=0), 0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    first, upper = max(left - _AROUND, 0), max(top - _AROUND, 0)
    # Grain of the camera is ink to no one: it is smoothed away, strokes are wider.
    part = flat[upper : bottom + _AROUND, first : right + _AROUND]
    gray = cv2.GaussianBlur(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), (5, 5), 1.2)
    paper = cv2.convertScaleAbs(cv2.blur(gray, (_PAPER, _PAPER)), alpha=1, beta=12)
    found = np.zeros((high, wide), np.float32)
    share = found[top:bottom, left:right]
    inner = slice(top - upper, top - upper + share.shape[0]), slice(left - first, left - first + share.shape[1])
    cv2.divide(strokes(gray, _STROKE, kind)[inner], paper[inner], share, scale=2.2, dtype=cv2.CV_32F)
    cv2.threshold(share, 1.0, 1.0, cv2.THRESH_TRUNC, share)
    return found


def reach(field: Field, slack: int) -> Box:
    """Return the box of a card in which `find` looks for the lines of a field."""
    left, top, right, bottom = field.box
    off = slack + (field.lines - 1) * (_SLACK + 1)  # what one line is off, the next is too
    return left - slack, top - slack, right + slack, max(bottom, top + field.lines * field.pitch) + off


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
        line = _line(ink_of_card, (left - slack, right + slack), middle, line_high, slack if not found else _SLACK)
        if line is None or (found and (line.ink < _LEAST * found[0].ink or line.tall < _TALL)):
            break
        found.append(line)
    return found


def _line(card: Plane, columns: tuple[int, int], middle: float, high: float, slack: int) -> Line | None:
    top = max(int(middle - high / 2 - slack), 0)
    bottom = min(int(middle + high / 2 + slack), card.shape[0])
    left, right = max(columns[0], 0), min(columns[1], card.shape[1])
    region = np.asarray(cv2.threshold(card[top:bottom, left:right], _FAINT, 0, cv2.THRESH_TOZERO)[1])
    rows = region.sum(axis=1)
    if rows.max(initial=0) < 2:
        return None
    # The window of the line's height that holds most ink; of equals the nearest to where the line belongs.
    window = np.convolve(rows, np.ones(int(high)), "valid")
    offsets = np.arange(len(window)) - (len(window) - 1) / 2
    start = int((window * (1 - 0.15 * np.abs(offsets) / max(slack, 1))).argmax())
    band = region[start : start + int(high)]
    strong = quantile(band[band > 0], 0.9)
    inked = np.flatnonzero(band.max(axis=0) > max(0.3, 0.4 * strong))
    if len(inked) == 0:
        return None
    first, last = _extent(inked, band.shape[1], slack + _INTO)
    space = int(np.diff(inked[(inked >= first) & (inked <= last)]).max(initial=1)) - 1
    box = (
        max(left + first - MARGIN, 0),
        max(top + start - MARGIN + 1, 0),
        min(left + last + 1 + MARGIN, card.shape[1]),
        min(top + start + int(high) + MARGIN - 1, card.shape[0]),
    )
    print_of_line = band[:, first : last + 1]
    tall = int(np.ptp(np.flatnonzero(print_of_line.max(axis=1) > 0.3)))
    return Line(box, float(print_of_line.mean()), tall, last >= band.shape[1] - 2, space)


def _extent(inked: NDArray[np.intp], width: int, before: int) -> tuple[int, int]:
    """Return first and last column of the print, leaving off specks far from all else, and ends of other print.

    Other print on the left ends `before` some column: a first character does not.
    """
    groups = np.split(inked, np.flatnonzero(np.diff(inked) > _GAP) + 1)
    kept = np.concatenate([group for group in groups if len(group) >= 3] or groups)
    parts = np.split(kept, np.flatnonzero(np.diff(kept) > _LEFTOVER[1]) + 1)
    if len(parts) > 1 and parts[0][0] <= 1 and parts[0][-1] < before:
        parts = parts[1:]
    if len(parts) > 1 and parts[-1][-1] >= width - 2 and np.ptp(parts[-1]) < _LEFTOVER[0]:
        parts = parts[:-1]
    return int(parts[0][0]), int(parts[-1][-1])
