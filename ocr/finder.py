"""The cards in a picture: by their edges, and where those do not convince, by the text on them."""

from ocr.anchors import corners_from
from ocr.arrays import Pixels
from ocr.detector import TextDetector
from ocr.layout import Layout
from ocr.outline import outlines, sharpened
from ocr.sides import Guess, which

_ALIKE, _LEAD = 0.6, 0.15  # an outline that is so like a card is one
_LEAST = 0.45
_TRIED = 3


class CardFinder:
    """Finds cards of the given layouts; one thread owns it."""

    def __init__(self, layouts: tuple[Layout, ...], threads: int = 2) -> None:
        """Take the layouts; the detector of text is loaded when it is first needed."""
        self._layouts = layouts
        self._threads = threads
        self._detector: TextDetector | None = None

    def find(self, picture: Pixels) -> list[Guess]:
        """Return the cards in a picture of height x width x 3, BGR, the likeliest first; [] where there is none."""
        guess = self._by_outline(picture)
        if guess is None or guess.likeness < _ALIKE or guess.lead < _LEAD:
            other = self._by_text(picture)
            if guess is None or (other is not None and other.likeness > guess.likeness):
                guess = other
        if guess is None or guess.likeness < _LEAST:
            return []
        return [guess]

    def _by_outline(self, picture: Pixels) -> Guess | None:
        best: Guess | None = None
        for corners in outlines(picture)[:_TRIED]:
            guess = which(picture, sharpened(picture, corners), self._layouts)
            if best is None or guess.likeness > best.likeness + 0.03:
                best = guess
            if guess.likeness > _ALIKE and guess.lead > _LEAD:
                break
        return best

    def _by_text(self, picture: Pixels) -> Guess | None:
        if self._detector is None:
            self._detector = TextDetector(self._threads)
        found = self._detector.lines(picture)
        guesses = [which(picture, corners, (side,)) for side in self._layouts for corners in corners_from(found, side)]
        return max(guesses, key=lambda each: each.likeness, default=None)
