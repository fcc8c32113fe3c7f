"""Cards as if they lay flat, made in another thread as soon as it is known where one may lie."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager

import cv2
import numpy as np

from ocr.arrays import Matrix, Pixels
from ocr.projection import rim
from ocr.sides import Guess


class Flats:
    """Flattens cards, one at a time, and overwrites them when they have served; one thread owns it."""

    def __init__(self, crew: Executor) -> None:
        """Take the threads, of which one flattens what is begun."""
        self._crew = crew
        self._begun: tuple[Pixels, Guess, Future[Pixels]] | None = None

    def begin(self, picture: Pixels, guess: Guess) -> None:
        """Begin to flatten a card that will be asked for if the guess is right; what was begun before is dropped."""
        self.drop()
        self._begun = picture, guess, self._crew.submit(_flattened, picture, guess)

    @contextmanager
    def lend(self, picture: Pixels, guess: Guess) -> Iterator[tuple[Pixels, Matrix]]:
        """Lend the card, and the projection from its dots to those of the picture; overwrite it then."""
        if not self._has_begun(picture, guess):
            self.begin(picture, guess)
        flat = self._taken()
        try:
            yield flat, np.asarray(np.linalg.inv(_from_picture(guess)))
        finally:
            flat.fill(0)  # 0.1 ms

    def drop(self) -> None:
        """Overwrite what was begun and is not asked for; the picture is not looked at any more then."""
        if self._begun is None:
            return
        if self._begun[2].cancel():
            self._begun = None
        else:
            self._taken().fill(0)

    def _has_begun(self, picture: Pixels, guess: Guess) -> bool:
        if self._begun is None:
            return False
        of, begun, _ = self._begun
        return of is picture and begun.layout.size == guess.layout.size and np.array_equal(begun.corners, guess.corners)

    def _taken(self) -> Pixels:
        assert self._begun is not None
        flat = self._begun[2]
        self._begun = None
        return flat.result()


def _from_picture(guess: Guess) -> Matrix:
    corners = guess.corners.astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners, rim(guess.layout.size).astype(np.float32)))


def _flattened(picture: Pixels, guess: Guess) -> Pixels:
    return cv2.warpPerspective(picture, _from_picture(guess), guess.layout.size, borderMode=cv2.BORDER_REPLICATE)
