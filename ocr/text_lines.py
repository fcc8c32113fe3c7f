"""Lines of text as any general OCR engine gives them, and what the card's layout has to do with them."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ocr.arrays import Pixels, Points
from ocr.characters import folded, han
from ocr.id_card import Quad

_NARROW = 0.55  # how wide digits and letters are, in widths of a Chinese character
_BEYOND = 0.18  # how far engines' corners lie beyond the print, in heights of the line
_SLIM = 1.5  # a line that is less slim does not show where to it runs


@dataclass(frozen=True)
class LineOfText:
    """A line as an engine read it. `quad`: its corners in the picture, from any of them on; `score`: 0 to 1."""

    text: str = field(repr=False)
    quad: Quad
    score: float


class LineEngine(Protocol):
    """Finds and reads all text in a picture."""

    def lines(self, picture: Pixels) -> Sequence[LineOfText]:
        """Return the lines of a picture of height x width x 3, BGR."""
        ...


@dataclass(frozen=True, eq=False)
class Run:
    """A line made ready: `text` without blanks, as cards print it; `start` and `end` may be the wrong way round.

    `stops`: how far along the line each character begins, 0 to 1, and where the last one ends.
    """

    text: str
    start: Points
    end: Points
    score: float
    stops: tuple[float, ...]
    slim: bool

    def at(self, share: float) -> Points:
        """Return the point so far along the line."""
        return np.asarray(self.start + share * (self.end - self.start))

    def turned(self) -> "Run":
        """Return the line read from its other end."""
        return Run(self.text, self.end, self.start, self.score, self.stops, self.slim)


def run(line: LineOfText) -> Run | None:
    """Return the line made ready; None where nothing is written in it."""
    text = "".join(unicodedata.normalize("NFKC", folded(line.text)).split())
    if not text:
        return None
    corners = np.array(line.quad, float)
    if np.linalg.norm(corners[1] - corners[0]) < np.linalg.norm(corners[2] - corners[1]):
        corners = np.roll(corners, -1, axis=0)
    start, end = (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
    high = float(np.linalg.norm(corners[3] - corners[0]))
    widths = np.array([1.0 if han(each) else _NARROW for each in text])
    stops = np.concatenate([[0.0], widths.cumsum() / widths.sum()])
    long = float(np.linalg.norm(end - start))
    slim = long > _SLIM * max(high, 1.0)
    if slim:
        beyond = _BEYOND * high / long * (end - start)
        start, end = start + beyond, end - beyond
    return Run(text, start, end, line.score, (*stops[:-1].tolist(), 1.0), slim)
