"""Between a card and a picture of it: corners as a projection, and how they move when what is on the card is off."""

import cv2
import numpy as np

from ocr.arrays import Matrix, Points

Size = tuple[int, int]
"""Width and height of a flattened card, in dots."""

# How unlike the first guess a card may lie before that speaks against it: move, turn and stretch (twice), leaning.
_STIFFNESS = np.diag([0.004, 0.01, 0.01, 0.004, 0.01, 0.01, 0.12, 0.12])


def rim(size: Size) -> Points:
    """Return the corners of a flattened card, clockwise from the top left, 4 x 2."""
    width, height = size
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], float)


def to_picture(corners: Points, size: Size) -> Matrix:
    """Return the projection from dots of the flattened card to dots of the picture that has it at `corners`."""
    return np.asarray(cv2.getPerspectiveTransform(rim(size).astype(np.float32), corners.astype(np.float32)), float)


def projected(points: Points, matrix: Matrix) -> Points:
    """Return n x 2 points as the projection shows them."""
    return np.asarray(cv2.perspectiveTransform(np.asarray(points, float)[None], matrix)[0])


def pulled(corners: Points, places: Points, off: Points, weights: Points, size: Size) -> Points:
    """Return the corners after a pull by points of the card, n x 2, that were seen `off` their places, n x 2.

    All but `corners` in dots of the card. Some may be seen quite wrongly: what most agree on counts.
    """
    unit, middle = size[0] / 2, np.array(size) / 2
    x, y = ((places - middle) / unit).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    # A projection near to none at all, made linear: eight numbers, two rows for each point.
    rows = np.concatenate([
        np.stack([one, x, y, zero, zero, zero, -x * x, -x * y], axis=1),
        np.stack([zero, zero, zero, one, x, y, -x * y, -y * y], axis=1),
    ])  # fmt: skip
    wanted = off.T.ravel() / unit
    trust: Points = np.ones(len(off))
    solved: Points = np.zeros(8)
    for _ in range(4):
        both = np.tile(weights * trust, 2)[:, None]
        solved = np.linalg.solve(rows.T @ (rows * both) + _STIFFNESS, rows.T @ (wanted * both[:, 0]))
        left_over = np.linalg.norm((rows @ solved - wanted).reshape(2, -1), axis=0) * unit
        trust = 1 / (1 + (left_over / max(1.5 * float(np.sort(left_over)[len(left_over) // 2]), 3.0)) ** 2)
    a, b, c, d, e, f, g, h = solved
    change = np.array([[1 + b, c, a], [e, 1 + f, d], [g, h, 1]])
    moved = projected((rim(size) - middle) / unit, change) * unit + middle
    return projected(moved, to_picture(corners, size))
