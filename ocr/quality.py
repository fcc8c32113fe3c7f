"""How good a picture of a card is: told to the customer while he holds it, and to whoever looks at it later."""

import cv2
import numpy as np

from ocr.arrays import Pixels, Plane, Points
from ocr.id_card import Quality
from ocr.ranks import median, quantile
from ocr.sight import INK, Sight

_BLUNT, _SHARP = 0.78, 2.31  # what `edges` gives where no stroke is left, and as sharp as cameras make pictures
_NOTHING = 1e-3  # in squares of steps of light a dot: below that there is no print
# For a picture in which no card is found, made so many dots long: print that nobody can read gives 1.9 to 2.8, a sharp
# picture of anything 3.1 and more.
_LONG = 800
_STEEP, _SOMETHING, _UNSHARP = 3.0, 0.015, 2.8  # steps of light a dot; share of the picture; fine beside coarse
_FINE, _COARSE = 0.9, 2.0  # standard deviations in dots of `ink`: what is left of a stroke after more blur and less


def measure(sight: Sight, shape: tuple[int, ...], corners: Points) -> Quality:
    """Return the quality of a card that lies at `corners` (4 x 2) of a picture of height x width."""
    across = corners[1] - corners[0]
    shining = ((sight.shine > 0.12) | (sight.dim >= 252)).mean()
    low, high = (quantile(sight.half[::5, ::5], share) for share in (0.03, 0.9))
    inside = cv2.contourArea(np.clip(corners, 0, (shape[1], shape[0])).astype(np.float32))
    whole = max(cv2.contourArea(corners.astype(np.float32)), 1.0)
    return Quality(
        sharpness=float(np.clip((edges(sight) - _BLUNT) / (_SHARP - _BLUNT), 0, 1)),
        glare=1.0 - float(shining),
        exposure=float(np.clip((high - low) / 120, 0, 1) * np.clip((265 - low) / 60, 0, 1)),
        coverage=min(inside / whole, 1.0),
        rotation=float(np.degrees(np.arctan2(across[1], across[0])) % 360),
    )


def out_of_focus(picture: Pixels) -> bool:
    """Return whether there is something in a picture, height x width x 3, BGR, and nothing of it is sharp.

    Shadows on an empty tray are no such thing: their slopes are too gentle to count.
    """
    height, width = picture.shape[:2]
    shrink = _LONG / max(height, width)
    size = max(round(width * shrink), 1), max(round(height * shrink), 1)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    fine, coarse = (_steepness(cv2.GaussianBlur(gray, (0, 0), spread)) for spread in (1.2, 4.0))
    edges = coarse > _STEEP
    if not edges.any() or edges.mean() < _SOMETHING:  # of a picture like a thread nothing is left
        return False
    ratios = np.asarray(cv2.dilate(fine, np.ones((5, 5), np.uint8)))[edges] / coarse[edges]
    return float(np.percentile(ratios, 90)) < _UNSHARP


def _steepness(plane: Plane) -> Plane:
    """Return how steep each dot is, in steps of light a dot, without the edges of the picture."""
    x, y = (cv2.Sobel(plane, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(x, y))[12:-12, 12:-12]


def edges(sight: Sight) -> float:
    """Return how steep the strokes of the print are beside how steep they would be after some blur.

    It is the least of all directions, as a moving hand leaves strokes along its way sharp; 1 where all is blurred, 2.3
    where nothing is. A lens that spreads a dot over 3 dots of the card (standard deviation) gives about 1.5.
    """
    part = _text(sight)
    text = cv2.dilate((sight.ink[part] > 0.25).view(np.uint8), np.ones((5, 5), np.uint8))
    at, beside = np.flatnonzero(text), np.flatnonzero(text == 0)[::3]
    if not len(at) or not len(beside):
        return 0.0
    plane = cv2.extractChannel(sight.half[part], 1).astype(np.float32)
    fine, coarse = (_slopes(cv2.GaussianBlur(plane, (0, 0), spread), at, beside) for spread in (_FINE, _COARSE))
    # The lesser eigenvalue of one 2 x 2 matrix in terms of the other, written out.
    (xx, yy, xy), (of_xx, of_yy, of_xy) = fine, coarse
    whole = of_xx * of_yy - of_xy**2
    half = (of_yy * xx - 2 * of_xy * xy + of_xx * yy) / whole / 2
    least = half - np.sqrt(max(half**2 - (xx * yy - xy**2) / whole, 0))
    return float(np.sqrt(max(least, 0)))


def _slopes(plane: Plane, text: Points, beside: Points) -> tuple[float, float, float]:
    """Return the mean squares of the slopes of the print in x and y, and of both multiplied.

    `text`, `beside`: which dots are print and which are bare. What the noise of the paper adds is left out.
    """
    x, y = cv2.Sobel(plane, cv2.CV_32F, 1, 0).ravel(), cv2.Sobel(plane, cv2.CV_32F, 0, 1).ravel()
    of_x, of_y = x[text], y[text]
    # The median of squares of normal noise is 0.455 of their mean: what else is on the paper hardly counts.
    noise_x, noise_y = (median(each[beside] ** 2) / 0.455 for each in (x, y))
    squares = float(of_x @ of_x) / len(of_x) - noise_x, float(of_y @ of_y) / len(of_y) - noise_y
    return squares[0] / 64 + _NOTHING, squares[1] / 64 + _NOTHING, float(of_x @ of_y) / len(of_x) / 64


def _text(sight: Sight) -> tuple[slice, slice]:
    """Return rows and columns of the map of ink in which all fields are, and no portrait."""
    boxes = np.array([field.box for field in sight.layout.fields])
    left, top = (int(value) for value in boxes[:, :2].min(axis=0))
    right, bottom = (int(value) for value in boxes[:, 2:].max(axis=0))
    if sight.layout.portrait is not None and sight.layout.portrait[0] > left:
        right = min(right, sight.layout.portrait[0] - 10)
    return slice(top // INK, bottom // INK), slice(left // INK, right // INK)
