"""The cards in a picture: by their edges, and where those do not convince, by the text on them."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice

import cv2
import numpy as np

from ocr.anchors import corners_from
from ocr.arrays import Pixels, Points
from ocr.crew import meanwhile, side_by_side
from ocr.detector import TextDetector, TextLine
from ocr.labels import fitted, proved
from ocr.layout import Layout
from ocr.outline import outlines, sharpened
from ocr.scales import Scales
from ocr.sides import Guess, which

_CERTAIN = 0.75  # where the labels are so like themselves, nothing better is looked for
_HOPEFUL, _LEAST = 0.35, 0.65  # worth another look; enough to be a card at all: a page of text comes to 0.6
_WORTH_IT = 0.2  # by ink alone
_PROMISING = 0.5  # so like a card, by ink or by labels, is one in nine of ten
_GOOD = 0.9  # so well they are only seen where the corners are right
_AS_GOOD = 0.03
_ROUNDS = 3
_NEAR = 0.5  # where the labels are so like themselves, they are not looked for far off
_TRIED = 6  # guesses by text
_PROVED = 8  # guesses without labels whose proof is read
_READ = 3  # guesses with too few labels whose proof is read
_ONE_CARD = 0.75  # of what two outlines cover together they have this in common, if they are of one card
_MOST_CARDS = 4
_THUMB = 160  # the longer side of the copy that shows how light all is
_PALE, _ROOM = 0.8, 0.8  # of how light, and of how large the card is


Proves = Callable[[Pixels, Guess], float]
"""How well what is written fits a guess of a layout that has a proof: 0 where that is not in order, 1 at most."""

Begins = Callable[[Pixels, Guess], None]
"""Begins, in another thread, what is next to be done with a card if a guess proves right; returns at once."""


class CardFinder:
    """Finds cards of the given layouts; one thread owns it, and those of its crew work for that."""

    def __init__(
        self,
        layouts: tuple[Layout, ...],
        threads: int = 2,
        others: tuple[Layout, ...] = (),
        proves: Proves = lambda _picture, _guess: 0.0,
        *,
        crew: Executor | None = None,
        begins: Begins = lambda _picture, _guess: None,
    ) -> None:
        """Take the layouts, and who works; the detector of text is loaded when it is first needed.

        `others` are tried where it is not certain that there is one of `layouts`: first those that have labels, then
        those that `proves` must tell of. `begins` is told of guesses that promise to be right, before they are proved.
        """
        self._groups = (layouts, tuple(each for each in others if each.labels))
        self._bare = tuple(each for each in others if not each.labels)
        self._proves = proves
        self._threads = threads
        self._crew = crew or ThreadPoolExecutor(2)
        self._begins = begins
        self._detector: TextDetector | None = None

    def find(self, picture: Pixels, most: int = _MOST_CARDS) -> list[Guess]:
        """Return the cards in a picture of height x width x 3, BGR, the likeliest first; [] where there is none.

        `most`: so many are looked for; whoever wants one only has it sooner.
        """
        scales = Scales(picture)
        shapes, more = list[Points](), outlines(scales, self._crew)
        lines: list[TextLine] | None = None
        best: list[Guess] = []
        for layouts in filter(None, self._groups):
            found: list[Guess] = []
            self._add_by_edges(scales, _all(shapes, more), layouts, found, most)
            for _ in range(_MOST_CARDS):
                certain = _certain(found)
                if len(certain) >= most or (certain and not _may_hide_another(scales, _likely(found))):
                    break
                lines = self._lines(picture) if lines is None else lines
                self._add_by_text(scales, lines, layouts, found)
                if len(_certain(found)) == len(certain):
                    break
            if found and (not best or found[0].likeness > best[0].likeness):
                best = found
            if _certain(best):
                return _likely(best)[:most]
        edged = list(_all(shapes, more))
        return self._without_labels(scales, edged, lines) or _likely(best)[:most] or self._read(scales, edged, best)

    def _read(self, scales: Scales, shapes: list[Points], found: list[Guess]) -> list[Guess]:
        """Return the first guess of which too few labels are seen, but edges and what is written there prove it.

        Without the edges a temporary ID card would pass for another: it has the same labels, and a number.
        """
        hopeful = (
            guess for guess in found if guess.layout.proof and any(_alike(guess.corners, each) for each in shapes)
        )
        for guess in islice(hopeful, _READ):
            if self._proves(scales.picture, guess) > 0:
                return [guess]
        return []

    def _without_labels(self, scales: Scales, shapes: list[Points], lines: list[TextLine] | None) -> list[Guess]:
        """Return what is proved by a field: first where edges show a card, then where lines of text may be one's."""
        if not self._bare:
            return []
        lines = self._lines(scales.picture) if lines is None else lines
        edged = [sharpened(scales.picture, corners) for corners in shapes]
        for ways in (
            [(layout, corners) for layout in self._bare for corners in edged],
            [(layout, corners) for layout in self._bare for corners in corners_from(lines, layout)[:_TRIED]],
        ):
            guesses = side_by_side(self._crew, [partial(which, scales, each, (one,)) for one, each in ways])
            guesses.sort(key=lambda guess: -guess.likeness)
            best, worth = None, 0.0
            for guess in guesses[:_PROVED]:
                proof = self._proves(scales.picture, guess)
                if proof > worth:
                    best, worth = guess, proof
                if proof >= 1:
                    break
            if best is not None:
                return [best]
        return []

    def _add_by_edges(
        self, scales: Scales, shapes: Iterator[Points], layouts: tuple[Layout, ...], found: list[Guess], most: int
    ) -> None:
        """Add the cards that have these outlines: first those whose labels are near enough, without a long search."""
        unproved = []
        for corners in shapes:
            guess = self._within(scales, corners, layouts) if not _taken(found, corners) else None
            if guess is None:
                continue
            if _LEAST < guess.likeness <= _GOOD:
                guess = max(guess, self._settled(scales, guess, (12, 8)), key=lambda each: each.likeness)
            if guess.likeness <= _CERTAIN:
                unproved.append(guess)
                continue
            _add(found, guess)
            if len(_certain(found)) >= most:
                return
        for guess in unproved:
            if not _taken(found, guess.corners):
                _add(found, guess)
                _add(found, self._settled(scales, guess, (20, 8) if guess.likeness > _NEAR else (44, 20, 8)))
                if len(_certain(found)) >= most:
                    return

    def _add_by_text(
        self, scales: Scales, lines: list[TextLine], layouts: tuple[Layout, ...], found: list[Guess]
    ) -> None:
        certain = _certain(found)
        lines = [line for line in lines if not _within(certain, (line.start + line.end) / 2)]
        width = float(np.linalg.norm(certain[0].corners[1] - certain[0].corners[0])) if certain else None
        placed = side_by_side(self._crew, [partial(corners_from, lines, side, width) for side in layouts])
        ways = [(corners, side) for side, each in zip(layouts, placed, strict=True) for corners in each]
        guesses = side_by_side(self._crew, [partial(which, scales, corners, (side,)) for corners, side in ways])
        guesses.sort(key=lambda each: -each.likeness)
        guesses = [each for each in guesses if each.likeness > _WORTH_IT and not _taken(found, each.corners)]
        for guess in guesses[:_TRIED]:
            _add(found, self._settled(scales, guess, (60, 45, 30, 15, 8)))
            if len(_certain(found)) > len(certain):
                break

    def _within(self, scales: Scales, corners: Points, layouts: tuple[Layout, ...]) -> Guess | None:
        """Return the likeliest card within an outline, moved to its edges and proved; None where ink is against it."""
        with meanwhile(self._crew, partial(sharpened, scales.picture, corners)) as edges:
            guess = which(scales, corners, layouts)
            if guess.likeness <= _WORTH_IT:
                return None
            turns = 0 if np.array_equal(guess.corners[0], corners[0]) else 2
            return self._proved(scales, replace(guess, corners=np.roll(edges(), -turns, axis=0)), 12)

    def _at_edges(self, scales: Scales, guess: Guess) -> Guess:
        """Return the guess moved to its edges, and how well labels are seen that are where they are on such a card."""
        return self._proved(scales, replace(guess, corners=sharpened(scales.picture, guess.corners)), 8)

    def _proved(self, scales: Scales, guess: Guess, around: int) -> Guess:
        if guess.likeness > _PROMISING:
            self._begins(scales.picture, guess)
        return proved(scales, guess, around)

    def _settled(self, scales: Scales, guess: Guess, reach: tuple[int, ...]) -> Guess:
        """Return the guess moved to its labels as long as that makes it better, then to its edges if that does."""
        best = fitted(scales, guess, reach)
        for _ in range(_ROUNDS):
            if best.likeness > _HOPEFUL:
                edges = self._at_edges(scales, best)
                if edges.likeness > best.likeness - _AS_GOOD:
                    best = edges
            if not _HOPEFUL < best.likeness < _GOOD:
                break
            again = fitted(scales, best, (30, 15, 8))
            if again.likeness < best.likeness + 0.01:
                break
            best = again
        return best

    def _lines(self, picture: Pixels) -> list[TextLine]:
        if self._detector is None:
            self._detector = TextDetector(self._threads)
        return self._detector.lines(picture)


def _all(known: list[Points], more: Iterator[Points]) -> Iterator[Points]:
    """Yield what is known, then more, which is known from then on."""
    yield from known
    for each in more:
        known.append(each)
        yield each


def _certain(found: list[Guess]) -> list[Guess]:
    return [guess for guess in found if guess.likeness > _CERTAIN]


def _likely(found: list[Guess]) -> list[Guess]:
    return [guess for guess in found if guess.likeness > _LEAST]


def _taken(found: list[Guess], corners: Points) -> bool:
    """Return whether a card is known to lie there."""
    return any(_overlap(guess.corners, corners) for guess in _certain(found))


def _within(found: list[Guess], point: Points) -> bool:
    return any(cv2.pointPolygonTest(each.corners.astype(np.float32), point.tolist(), False) > 0 for each in found)


def _may_hide_another(scales: Scales, found: list[Guess]) -> bool:
    """Return whether there is room for one more card beside those found, on a ground so pale that edges fade on it."""
    shrink = min(_THUMB / max(scales.picture.shape[:2]), 1.0)
    gray = cv2.cvtColor(scales.shrunk(shrink), cv2.COLOR_BGR2GRAY)
    taken = np.zeros_like(gray)
    for guess in found:
        cv2.fillConvexPoly(taken, (guess.corners * shrink).round().astype(np.int32), 1)
    light = _PALE * np.median(gray[taken > 0])
    return bool((gray[taken == 0] > light).sum() > _ROOM * taken.sum() / len(found))


def _add(found: list[Guess], guess: Guess) -> None:
    """Keep the likeliest of guesses that lie on each other, the likeliest first."""
    rivals = [other for other in found if _overlap(guess.corners, other.corners)]
    if guess.likeness > max([_HOPEFUL, *(other.likeness for other in rivals)]):
        found[:] = sorted(
            [each for each in found if each not in rivals] + [guess],
            key=lambda each: -each.likeness,
        )


def _alike(one: Points, two: Points) -> bool:
    """Return whether two outlines may be of one card."""
    common = _common(one, two)
    return common > _ONE_CARD * (_area(one) + _area(two) - common)


def _overlap(one: Points, two: Points) -> bool:
    return _common(one, two) > 0.2 * min(_area(one), _area(two))


def _common(one: Points, two: Points) -> float:
    return float(cv2.intersectConvexConvex(one.astype(np.float32), two.astype(np.float32))[0])


def _area(corners: Points) -> float:
    return float(cv2.contourArea(corners.astype(np.float32)))
