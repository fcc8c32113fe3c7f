"""The cards in a picture: by their edges, and where those do not convince, by the text on them."""

from dataclasses import replace

import cv2
import numpy as np

from ocr.anchors import corners_from
from ocr.arrays import Pixels, Points
from ocr.detector import TextDetector
from ocr.labels import fitted
from ocr.layout import Layout
from ocr.outline import outlines, sharpened
from ocr.sides import Guess, which

_CERTAIN = 0.6  # where the labels are so like themselves, there is a card
_LEAST = 0.4
_GOOD = 0.85
_AS_GOOD = 0.04
_ROUNDS = 3
_TRIED = 6
_MOST_CARDS = 4


class CardFinder:
    """Finds cards of the given layouts; one thread owns it."""

    def __init__(self, layouts: tuple[Layout, ...], threads: int = 2) -> None:
        """Take the layouts; the detector of text is loaded when it is first needed."""
        self._layouts = layouts
        self._threads = threads
        self._detector: TextDetector | None = None

    def find(self, picture: Pixels) -> list[Guess]:
        """Return the cards in a picture of height x width x 3, BGR, the likeliest first; [] where there is none."""
        found: list[Guess] = []
        for corners in outlines(picture):
            if not _taken(found, corners):
                _add(found, self._proved(picture, which(picture, sharpened(picture, corners), self._layouts)))
        if not any(guess.likeness > _CERTAIN for guess in found):
            for guess in self._by_text(picture):
                if not _taken(found, guess.corners):
                    _add(found, _settled(picture, guess, (60, 45, 30, 15, 8)))
        return found[:_MOST_CARDS]

    def _proved(self, picture: Pixels, guess: Guess) -> Guess:
        """Return the guess, or one nearby that its labels speak for."""
        as_found = replace(guess, likeness=fitted(picture, guess, (12,)).likeness)
        return as_found if as_found.likeness > _GOOD else _settled(picture, guess, (44, 20, 8))

    def _by_text(self, picture: Pixels) -> list[Guess]:
        if self._detector is None:
            self._detector = TextDetector(self._threads)
        found = self._detector.lines(picture)
        guesses = [which(picture, corners, (side,)) for side in self._layouts for corners in corners_from(found, side)]
        guesses.sort(key=lambda each: -each.likeness)
        return guesses[:_TRIED]


def _settled(picture: Pixels, guess: Guess, reach: tuple[int, ...]) -> Guess:
    """Return the guess moved to its labels as long as that makes it better, then to its edges if that does."""
    best = fitted(picture, guess, reach)
    for _ in range(_ROUNDS):
        if not _LEAST < best.likeness < _GOOD:
            break
        again = fitted(picture, best, (30, 15, 8))
        if again.likeness < best.likeness + 0.01:
            break
        best = again
    if best.likeness > _LEAST:
        edges = replace(best, corners=sharpened(picture, best.corners))
        with_edges = replace(edges, likeness=fitted(picture, edges, (8,)).likeness)
        if with_edges.likeness > best.likeness - _AS_GOOD:
            return with_edges
    return best


def _taken(found: list[Guess], corners: Points) -> bool:
    """Return whether a card is known to lie there."""
    return any(guess.likeness > _CERTAIN and _overlap(guess.corners, corners) for guess in found)


def _add(found: list[Guess], guess: Guess) -> None:
    """Keep the likeliest of guesses that lie on each other, the likeliest first."""
    rivals = [other for other in found if _overlap(guess.corners, other.corners)]
    if guess.likeness > max([_LEAST, *(other.likeness for other in rivals)]):
        found[:] = sorted(
            [each for each in found if each not in rivals] + [guess],
            key=lambda each: -each.likeness,
        )


def _overlap(one: Points, two: Points) -> bool:
    first, second = one.astype(np.float32), two.astype(np.float32)
    both = cv2.intersectConvexConvex(first, second)[0]
    return bool(both > 0.2 * min(cv2.contourArea(first), cv2.contourArea(second)))
