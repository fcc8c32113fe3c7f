"""A picture, and smaller copies of it that are made when they are first needed: what looks for cards shares them."""

from threading import RLock

import cv2
import numpy as np

from ocr.arrays import Matrix, Pixels, Plane, Points


class Scales:
    """Copies of a picture of height x width x 3, BGR, each half as large as the one before. Any thread may ask."""

    def __init__(self, picture: Pixels) -> None:
        """Take the picture: it is number 0."""
        self.picture = picture
        self._copies = [picture]
        self._grays: dict[int, Plane] = {}
        self._turn = RLock()

    def copy(self, number: int) -> Pixels:
        """Return the picture, halved so often; less often where nothing would be left of it."""
        with self._turn:
            while len(self._copies) <= number and min(self._copies[-1].shape[:2]) > 1:
                self._copies.append(_half(self._copies[-1]))
        return self._copies[min(number, len(self._copies) - 1)]

    def shrunk(self, share: float) -> Pixels:
        """Return a copy of which a side is `share` as long, 1 at most, and a dot the mean of what it stands for."""
        height, width = self.picture.shape[:2]
        size = max(round(width * share), 1), max(round(height * share), 1)
        return cv2.resize(self.copy(int(-np.log2(share))), size, interpolation=cv2.INTER_LINEAR)

    def gray(self, corners: Points, wide: int) -> tuple[Plane, Matrix]:
        """Return a gray copy, and the projection from the picture to it.

        It is the smallest one in which a card at `corners`, 4 x 2, is still `wide` dots long.
        """
        length = float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
        number = 0
        while length >= 2 * wide and min(self.copy(number).shape[:2]) > 1:
            number, length = number + 1, length / 2
        with self._turn:
            if number not in self._grays:
                self._grays[number] = cv2.cvtColor(self.copy(number), cv2.COLOR_BGR2GRAY)
        share = 0.5**number
        shift = (share - 1) / 2  # the middle of the first dot is at 0 in all copies
        return self._grays[number], np.array([[share, 0, shift], [0, share, shift], [0, 0, 1]])


def _half(picture: Pixels) -> Pixels:
    """Return a copy of half the size: OpenCV does it four times as fast where no row and no column is left over."""
    height, width = (side // 2 for side in picture.shape[:2])
    return cv2.resize(picture[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
