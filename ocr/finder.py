"""The cards in a picture: by their edges, and where those do not convince, by the text on them."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from ocr.anchors import corners_from
from ocr.arrays import Pixels, Points
from ocr.detector import TextDetector, TextLine
from ocr.labels import fitted
from ocr.layout import Layout
from ocr.outline import outlines, sharpened
from ocr.sides import Guess, which

_CERTAIN = 0.75  # where the labels are so like themselves, nothing better is looked for
_HOPEFUL, _LEAST = 0.35, 0.63  # worth another look; enough to be a card at all: a page of text comes to 0.6
_WORTH_IT = 0.25  # by ink alone
_GOOD = 0.8
_AS_GOOD = 0.04
_ROUNDS = 3
_TRIED = 6  # guesses by text
_PROVED = 8  # guesses without labels whose proof is read
_MOST_CARDS = 4
_THUMB = 160  # the longer side of the copy that shows how light all is
_PALE, _ROOM = 0.8, 0.8  # of how light, and of how large the card is


Proves = Callable[[Pixels, Guess], float]
"""How well what is written fits a guess, for a layout that has no labels: 0 where nothing proves it, 1 at most."""


class CardFinder:
    """Finds cards of the given layouts; one thread owns it."""

    def __init__(
        self,
        layouts: tuple[Layout, ...],
        threads: int = 2,
        others: tuple[Layout, ...] = (),
        proves: Proves = lambda _picture, _guess: 0.0,
    ) -> None:
        """Take the layouts; the detector of text is loaded when it is first needed.

        `others` are tried where it is not certain that there is one of `layouts`: first those that have labels, then
        those that `proves` must tell of.
        """
        self._groups = (layouts, tuple(each for each in others if each.labels))
        self._bare = tuple(each for each in others if not each.labels)
        self._proves = proves
        self._threads = threads
        self._detector: TextDetector | None = None

    def find(self, picture: Pixels, most: int = _MOST_CARDS) -> list[Guess]:
        """Return the cards in a picture of height x width x 3, BGR, the likeliest first; [] where there is none.

        `most`: so many are looked for; whoever wants one only has it sooner.
        """
        shapes = outlines(picture)
        lines: list[TextLine] | None = None
        best: list[Guess] = []
        for layouts in filter(None, self._groups):
            found: list[Guess] = []
            for corners in shapes:
                if not _taken(found, corners):
                    guess = which(picture, corners, layouts)
                    if guess.likeness > _WORTH_IT:
                        _add(found, _proved(picture, guess))
            for _ in range(_MOST_CARDS):
                certain = _certain(found)
                if len(certain) >= most or (certain and not _may_hide_another(picture, found)):
                    break
                lines = self._lines(picture) if lines is None else lines
                _add_by_text(picture, lines, layouts, found)
                if len(_certain(found)) == len(certain):
                    break
            if found and (not best or found[0].likeness > best[0].likeness):
                best = found
            if _certain(best):
                return best[:most]
        return self._without_labels(picture, shapes, lines) or best[:most]

    def _without_labels(self, picture: Pixels, shapes: list[Points], lines: list[TextLine] | None) -> list[Guess]:
        """Return what is proved by a field: first where edges show a card, then where lines of text may be one's."""
        if not self._bare:
            return []
        lines = self._lines(picture) if lines is None else lines
        edged = [sharpened(picture, corners) for corners in shapes]
        for ways in (
            [(layout, corners) for layout in self._bare for corners in edged],
            [(layout, corners) for layout in self._bare for corners in corners_from(lines, layout)[:_TRIED]],
        ):
            guesses = sorted((which(picture, each, (one,)) for one, each in ways), key=lambda guess: -guess.likeness)
            best, worth = None, 0.0
            for guess in guesses[:_PROVED]:
                proof = self._proves(picture, guess)
                if proof > worth:
                    best, worth = guess, proof
                if proof >= 1:
                    break
            if best is not None:
                return [best]
        return []

    def _lines(self, picture: Pixels) -> list[TextLine]:
        if self._detector is None:
            self._detector = TextDetector(self._threads)
        return self._detector.lines(picture)


def _add_by_text(picture: Pixels, lines: list[TextLine], layouts: tuple[Layout, ...], found: list[Guess]) -> None:
    certain = _certain(found)
    lines = [line for line in lines if not _within(certain, (line.start + line.end) / 2)]
    width = float(np.linalg.norm(certain[0].corners[1] - certain[0].corners[0])) if certain else None
    guesses = [which(picture, corners, (side,)) for side in layouts for corners in corners_from(lines, side, width)]
    guesses.sort(key=lambda each: -each.likeness)
    for guess in [each for each in guesses if each.likeness > _WORTH_IT and not _taken(found, each.corners)][:_TRIED]:
        _add(found, _settled(picture, guess, (60, 45, 30, 15, 8)))
        if len(_certain(found)) > len(certain):
            break


def _proved(picture: Pixels, guess: Guess) -> Guess:
    """Return the guess moved to its edges, or where its labels speak against that, to those."""
    edges = replace(guess, corners=sharpened(picture, guess.corners))
    likeness = fitted(picture, edges, (12,)).likeness
    return replace(edges, likeness=likeness) if likeness > _GOOD else _settled(picture, edges, (44, 20, 8))


def _settled(picture: Pixels, guess: Guess, reach: tuple[int, ...]) -> Guess:
    """Return the guess moved to its labels as long as that makes it better, then to its edges if that does."""
    best = fitted(picture, guess, reach)
    for _ in range(_ROUNDS):
        if not _HOPEFUL < best.likeness < _GOOD:
            break
        again = fitted(picture, best, (30, 15, 8))
        if again.likeness < best.likeness + 0.01:
            break
        best = again
    if best.likeness > _HOPEFUL:
        edges = replace(best, corners=sharpened(picture, best.corners))
        with_edges = replace(edges, likeness=fitted(picture, edges, (8,)).likeness)
        if with_edges.likeness > best.likeness - _AS_GOOD:
            return with_edges
    return best


def _certain(found: list[Guess]) -> list[Guess]:
    return [guess for guess in found if guess.likeness > _CERTAIN]


def _taken(found: list[Guess], corners: Points) -> bool:
    """Return whether a card is known to lie there."""
    return any(_overlap(guess.corners, corners) for guess in _certain(found))


def _within(found: list[Guess], point: Points) -> bool:
    return any(cv2.pointPolygonTest(each.corners.astype(np.float32), point.tolist(), False) > 0 for each in found)


def _may_hide_another(picture: Pixels, found: list[Guess]) -> bool:
    """Return whether there is room for one more card beside those found, on a ground so pale that edges fade on it."""
    shrink = _THUMB / max(picture.shape[:2])
    gray = cv2.cvtColor(
        cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY
    )
    taken = np.zeros_like(gray)
    for guess in found:
        cv2.fillConvexPoly(taken, (guess.corners * shrink).round().astype(np.int32), 1)
    light = _PALE * np.median(gray[taken > 0])
    return bool((gray[taken == 0] > light).sum() > _ROOM * taken.sum() / len(found))


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
