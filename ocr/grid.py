"""The dots of a screen in a picture of it: a lattice that stands out of the picture's spectrum, as no print does.

It is looked for in the picture as the camera took it. A flattened card is resampled: that softens the lattice of a
screen, and turns the blocks of JPEG, which are known and left out here, into a lattice of any pitch.
"""

import cv2
import numpy as np

from ocr.arrays import Pixels, Plane, Points

REGULAR = 8.2
"""How far a lattice stands out on a screen."""

_SIDE = 256  # dots of each part looked at: small enough for the pitch not to change within it
_PARTS = ((0.5, 0.5), (0.3, 0.35), (0.7, 0.65), (0.25, 0.75))  # their middles, in sides of the card
_LONGEST = 16  # dots: no wave that is longer is looked at
_BLOCK = 8  # dots of the picture to a block of JPEG
_LEAST = 1.0  # of what stands around: a spectrum of nothing has no lines
_CLIP = 25  # steps of light: print and edges are no waves


def regularity(picture: Pixels, corners: Points) -> float:
    """Return how far a lattice stands out of all else on the card at `corners`: some 5 where there is none.

    It must be seen in two parts of the card: edges that happen to be even are in one.
    """
    first = second = 0.0
    for number, part in enumerate(_PARTS):
        found = _line(_part(picture, corners, part))
        first, second = max(first, found), max(min(first, found), second)
        if second > REGULAR or (number == len(_PARTS) - 2 and first <= REGULAR):
            break  # nothing that follows changes the answer
    return second


def _part(picture: Pixels, corners: Points, part: tuple[float, float]) -> Plane:
    """Return the light of a square about a point of the card; where the picture is too small, mirrored."""
    across, down = part
    top = corners[0] * (1 - across) + corners[1] * across
    bottom = corners[3] * (1 - across) + corners[2] * across
    middle = top * (1 - down) + bottom * down
    high, wide = picture.shape[:2]
    x = int(np.clip(middle[0] - _SIDE // 2, 0, max(wide - _SIDE, 0)))
    y = int(np.clip(middle[1] - _SIDE // 2, 0, max(high - _SIDE, 0)))
    light = cv2.cvtColor(picture[y : y + _SIDE, x : x + _SIDE], cv2.COLOR_BGR2GRAY)
    missing = _SIDE - light.shape[0], _SIDE - light.shape[1]
    return np.asarray(cv2.copyMakeBorder(light, 0, missing[0], 0, missing[1], cv2.BORDER_REFLECT))


def _line(light: Plane) -> float:
    """Return how far the strongest line of the spectrum stands out of what is around it."""
    rest = cv2.subtract(light, cv2.blur(light, (15, 15)), dtype=cv2.CV_32F)
    strength = _spectrum(np.clip(rest, -_CLIP, _CLIP) * _WINDOW)
    return float((strength / (cv2.blur(strength, (15, 15)) + _LEAST) * _LOOKED_AT).max())


def _spectrum(waves: Plane) -> Plane:
    """Return how strong each wave is: half of the plane, as the other half mirrors it.

    OpenCV packs the spectrum of real numbers into as many: real and imaginary parts beside each other, but in the
    first and last column, which are their own mirrors, above each other. That takes a seventh of the time.
    """
    packed = cv2.dft(waves)
    strength = np.empty((_SIDE, _SIDE // 2 + 1), np.float32)
    real, imaginary = (np.ascontiguousarray(packed[:, first:-1:2]) for first in (1, 2))
    strength[:, 1:-1] = cv2.magnitude(real, imaginary)
    for column in (0, -1):
        own = packed[:, column]
        half = np.hypot(own[1:-1:2], own[2::2])
        strength[:, column] = np.concatenate([np.abs(own[:1]), half, np.abs(own[-1:]), half[::-1]])
    return strength


def _looked_at() -> Plane:
    """Return 1 for the short waves, 0 for the long ones and for those that JPEG makes."""
    down, across = np.indices((_SIDE, _SIDE // 2 + 1))
    down = np.minimum(down, _SIDE - down)
    apart = [np.minimum(each % (_SIDE // _BLOCK), -each % (_SIDE // _BLOCK)) for each in (down, across)]
    blocks = (apart[0] <= 1) & (apart[1] <= 1)
    return np.asarray((np.hypot(down, across) > _SIDE / _LONGEST) & ~blocks, np.float32)


_WINDOW = np.outer(np.hanning(_SIDE), np.hanning(_SIDE)).astype(np.float32)
_LOOKED_AT = _looked_at()
