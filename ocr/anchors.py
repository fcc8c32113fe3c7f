"""Where a card lies when its edges do not show it: by the lines of text that stand on it."""

from collections.abc import Iterator
from itertools import islice

import cv2
import numpy as np

from ocr.arrays import Matrix, Points
from ocr.detector import TextLine
from ocr.layout import Layout

_LONG = 12  # so many of the longest lines may be the one that every card has
_NEAR = 22.0  # dots of the card


def corners_from(lines: list[TextLine], layout: Layout) -> list[Points]:
    """Return guesses of the corners of a card of this layout, clockwise from its top left, the best first."""
    starts = _starts(layout)
    guesses: list[tuple[int, float, Points]] = []
    for line in islice(lines, _LONG):
        for begin, end in ((line.start, line.end), (line.end, line.start)):
            for left, right in _spans(layout):
                guess = _fit(lines, starts, _similarity(left, right, begin, end), layout)
                if guess is not None:
                    guesses.append(guess)
    guesses.sort(key=lambda each: (-each[0], each[1]))
    return [corners for _, _, corners in guesses[:3]]


def _spans(layout: Layout) -> Iterator[tuple[Points, Points]]:
    """Yield both ends of each line of print that is equally long on every card."""
    if layout.side == "front":
        number = next(field.box for field in layout.fields if field.name == "id_number")
        label = layout.labels[-1].box
        boxes = [number, (label[0], number[1], number[2], number[3])]
    else:
        boxes = [label.box for label in layout.labels[:2]]
    for left, top, right, bottom in boxes:
        middle = (top + bottom) / 2
        yield np.array([left, middle]), np.array([right, middle])


def _starts(layout: Layout) -> Points:
    """Return where lines begin, n x 2, in dots of the card: labels, and the fields behind them."""
    found = [[label.box[0], (label.box[1] + label.box[3]) / 2] for label in layout.labels]
    for field in layout.fields:
        left, top, _, bottom = field.box
        middle = (top + bottom) / 2 if field.lines == 1 else top + 18
        found += [[left, middle + number * field.pitch] for number in range(field.lines)]
    return np.array(found, float)


def _similarity(left: Points, right: Points, begin: Points, end: Points) -> Matrix:
    """Return the 2 x 3 matrix that turns, scales and moves left to begin, right to end."""
    card, seen = complex(*(right - left)), complex(*(end - begin))
    turn = seen / card
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([matrix, begin - matrix @ left])


def _fit(lines: list[TextLine], starts: Points, guess: Matrix, layout: Layout) -> tuple[int, float, Points] | None:
    scale = float(np.hypot(guess[0, 0], guess[1, 0]))
    along = guess[:, 0] / scale
    begins = np.array([line.start if (line.end - line.start) @ along > 0 else line.end for line in lines])
    matrix = np.vstack([guess, [0, 0, 1]])
    pairs: list[tuple[int, int]] = []
    error = 0.0
    for near in (3.0, 1.5, 1.0):  # a leaning card is near its similarity first, then nearer
        placed = cv2.perspectiveTransform(starts[None], matrix)[0]
        apart = np.linalg.norm(placed[:, None] - begins[None], axis=2) / scale
        pairs = [
            (start, int(apart[start].argmin()))
            for start in range(len(starts))
            if apart[start].min() < near * _NEAR and apart[:, apart[start].argmin()].argmin() == start
        ]
        if len(pairs) < 4:
            return None
        card = starts[[start for start, _ in pairs]]
        seen = begins[[line for _, line in pairs]]
        error = float(np.mean([apart[pair] for pair in pairs]))
        if len(pairs) >= 6:
            matrix = cv2.findHomography(card, seen, cv2.RANSAC, _NEAR * scale * 0.7)[0]
        else:
            affine = cv2.estimateAffine2D(card, seen, method=cv2.RANSAC, ransacReprojThreshold=_NEAR * scale)[0]
            if affine is None:
                return None
            matrix = np.vstack([affine, [0, 0, 1]])
        if matrix is None:
            return None
    width, height = layout.size
    corners = cv2.perspectiveTransform(np.array([[[0, 0], [width, 0], [width, height], [0, height]]], float), matrix)[0]
    return len(pairs), error, corners
