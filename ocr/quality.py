"""How good a picture of a card is: told to the customer while he holds it, and to whoever looks at it later."""

import cv2
import numpy as np

from ocr.arrays import Matrix, Pixels, Plane, Points
from ocr.id_card import Quality
from ocr.sight import INK, Sight, cells

_SHARP = 4.5  # what `edges` gives for a picture as sharp as cameras make them


def measure(sight: Sight, shape: tuple[int, ...], corners: Points) -> Quality:
    """Return the quality of a card that lies at `corners` (4 x 2) of a picture of height x width."""
    across = corners[1] - corners[0]
    shining = ((sight.shine > 0.12) | (sight.dim >= 252)).mean()
    low, high = (float(np.percentile(sight.flat[::8, ::8], share)) for share in (3, 90))
    inside = cv2.contourArea(np.clip(corners, 0, (shape[1], shape[0])).astype(np.float32))
    whole = max(cv2.contourArea(corners.astype(np.float32)), 1.0)
    return Quality(
        sharpness=min(edges(sight) / _SHARP, 1.0),
        glare=1.0 - float(shining),
        exposure=float(np.clip((high - low) / 120, 0, 1) * np.clip((265 - low) / 60, 0, 1)),
        coverage=min(inside / whole, 1.0),
        rotation=float(np.degrees(np.arctan2(across[1], across[0])) % 360),
    )


def edges(sight: Sight) -> float:
    """Return how steep the strokes of the print are beside how steep they would be after some blur.

    It is the least of all directions, as a moving hand leaves strokes along its way sharp; 1 where all is blurred, 5
    where nothing is. A lens that spreads a dot over 3 dots of the card (standard deviation) gives about 2.
    """
    rows, columns = _text(sight)
    flat = sight.flat[rows, columns, 1]
    sharp = cv2.GaussianBlur(flat, (0, 0), 1.0)
    ink = cv2.resize(sight.ink[cells(_box(rows, columns), INK)], flat.shape[::-1], interpolation=cv2.INTER_NEAREST)
    text = cv2.dilate((ink > 0.25).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    if not 0 < text.mean() < 1:
        return 0.0
    fine = _slopes(sharp, text)
    half = cv2.resize(flat, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(half, (0, 0), 2.0).astype(np.float32)
    coarse = _slopes(cv2.resize(blurred, flat.shape[::-1]), text)
    least = np.linalg.eigvals(np.linalg.solve(coarse + 1e-3 * np.eye(2), fine + 1e-3 * np.eye(2))).real.min()
    return float(np.sqrt(max(least, 0.0)))


def _slopes(plane: Pixels, text: Plane) -> Matrix:
    """Return the mean square slopes of the print in x and y, 2 x 2, without what the noise of the paper adds."""
    x, y = cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)
    of_text_x, of_text_y = x[text], y[text]
    mixed = float(of_text_x @ of_text_y) / len(of_text_x)
    # The median of squares of normal noise is 0.455 of their mean: what else is on the paper hardly counts.
    noise_x, noise_y = (float(np.median(each[~text][::4] ** 2)) / 0.455 for each in (x, y))
    square_x, square_y = float((of_text_x**2).mean()), float((of_text_y**2).mean())
    return np.array([[square_x - noise_x, mixed], [mixed, square_y - noise_y]]) / 64


def _text(sight: Sight) -> tuple[slice, slice]:
    """Return rows and columns of the part of the card that has the fields, and no portrait."""
    boxes = np.array([field.box for field in sight.layout.fields])
    left, top = (int(value) for value in boxes[:, :2].min(axis=0))
    right, bottom = (int(value) for value in boxes[:, 2:].max(axis=0))
    if sight.layout.portrait is not None and sight.layout.portrait[0] > left:
        right = min(right, sight.layout.portrait[0] - 10)
    return slice(top - top % INK, bottom - bottom % INK), slice(left - left % INK, right - right % INK)


def _box(rows: slice, columns: slice) -> tuple[int, int, int, int]:
    return columns.start, rows.start, columns.stop, rows.stop
