"""Where a card lies, by what a general engine read on it: labels and the ID number stand in the same place on all."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import cv2
import numpy as np

from ocr.arrays import Matrix, Points
from ocr.layout import Box, Layout
from ocr.projection import projected
from ocr.text_lines import Run

_NUMBER = re.compile(r"\d{15,17}[\dX]")
_TOLERANCE = 80.0, 50.0, 30.0  # dots of the card, one look after the other: perspective is not known at first
_LONG = 250.0  # dots: two points that far apart show how the card lies
_APART = 120.0
_FEWEST = 5.0  # a number alone counts 4: it may stand anywhere
_PROJECTIVE = 8  # points from which on perspective is told from chance
_MOST = 40


@dataclass(frozen=True, eq=False)
class _Anchor:
    """Print whose place on the card is known. `seen`, `place`: its two ends in the picture and on the card."""

    seen: Points
    place: Points
    weight: float
    slim: bool

    @property
    def middles(self) -> tuple[Points, Points]:
        return self.seen.mean(axis=0), self.place.mean(axis=0)


@dataclass(frozen=True, eq=False)
class Placed:
    """A card found by its text. `to_card`: from dots of the picture to its own; `worth`: how much speaks for it."""

    layout: Layout
    to_card: Matrix
    worth: float


def place(runs: Sequence[Run], layouts: Sequence[Layout]) -> Placed | None:
    """Return the likeliest card among lines of text; None where too little of one is to be seen."""
    found = [each for each in (_placed(runs, layout) for layout in layouts) if each is not None]
    return max(found, key=lambda each: each.worth, default=None)


def _placed(runs: Sequence[Run], layout: Layout) -> Placed | None:
    anchors = sorted(_anchors(runs, layout), key=lambda each: -each.weight)[:_MOST]
    best = max(
        ((_worth(anchors, matrix, _TOLERANCE[0]), number, matrix) for number, matrix in enumerate(_guesses(anchors))),
        key=lambda each: each[0],
        default=None,
    )
    if best is None:
        return None
    matrix = best[2]
    for tolerance in _TOLERANCE:
        matrix = _fitted(anchors, matrix, tolerance)
    worth = _worth(anchors, matrix, _TOLERANCE[-1])
    return Placed(layout, matrix, worth) if worth >= _FEWEST else None


def _anchors(runs: Sequence[Run], layout: Layout) -> Iterator[_Anchor]:
    boxes = [(re.compile(re.escape(label.text)), label.box) for label in layout.labels if len(label.text) > 1]
    boxes += [(_NUMBER, each.box) for each in layout.fields if each.kind == "id_number"]
    for run in runs:
        for pattern, box in boxes:
            for found in pattern.finditer(run.text):
                ends = run.stops[found.start()], run.stops[found.end()]
                seen = np.array([run.at(ends[0]), run.at(ends[1])])
                yield _Anchor(seen, _ends(box), min(len(found[0]), 8) / 2, run.slim)


def _ends(box: Box) -> Points:
    middle = (box[1] + box[3]) / 2
    return np.array([[box[0], middle], [box[2], middle]], float)


def _guesses(anchors: Sequence[_Anchor]) -> Iterator[Matrix]:
    """Yield how the card may lie by two points each, none mirrored: ends of long print, or middles of two pieces."""
    for anchor in anchors:
        if anchor.slim and np.ptp(anchor.place[:, 0]) > _LONG:
            yield from (_similar(seen, anchor.place) for seen in (anchor.seen, anchor.seen[::-1]))
    for one, other in permutations(anchors, 2):
        places = np.array([one.middles[1], other.middles[1]])
        seen = np.array([one.middles[0], other.middles[0]])
        if np.linalg.norm(places[1] - places[0]) > _APART and np.linalg.norm(seen[1] - seen[0]) > 1:
            yield _similar(seen, places)


def _similar(seen: Points, places: Points) -> Matrix:
    """Return the turn, size and shift that bring two points to two places."""
    (a, b), (c, d) = (points @ [1, 1j] for points in (seen, places))
    turn = (d - c) / (b - a)
    shift = c - turn * a
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag], [0, 0, 1]])


def _near(anchors: Sequence[_Anchor], matrix: Matrix, tolerance: float) -> list[tuple[_Anchor, float]]:
    """Return of each place the anchor that is nearest to it, if any is near enough, and how near, 0 to 1."""
    nearest: dict[bytes, tuple[_Anchor, float]] = {}
    for anchor in anchors:
        good = 1 - _off(anchor, matrix) / tolerance
        key = anchor.place.tobytes()
        if good > max(0.0, nearest[key][1] if key in nearest else 0.0):
            nearest[key] = anchor, good
    return list(nearest.values())


def _off(anchor: _Anchor, matrix: Matrix) -> float:
    """Return how far beside its place print is, in dots of the card, whichever end of it comes first."""
    if not anchor.slim:
        seen, place = anchor.middles
        return float(np.linalg.norm(projected(seen[None], matrix)[0] - place))
    seen = projected(anchor.seen, matrix)
    return float(min(np.linalg.norm(ends - anchor.place, axis=1).max() for ends in (seen, seen[::-1])))


def _worth(anchors: Sequence[_Anchor], matrix: Matrix, tolerance: float) -> float:
    return sum(anchor.weight * good for anchor, good in _near(anchors, matrix, tolerance))


def _fitted(anchors: Sequence[_Anchor], matrix: Matrix, tolerance: float) -> Matrix:
    """Return the projection that brings all print that is near its place there best."""
    seen, places = [], []
    for anchor, _ in _near(anchors, matrix, tolerance):
        ends = anchor.seen
        if projected(ends, matrix)[:, 0].argmin() == 1:
            ends = ends[::-1]
        seen += [*ends] if anchor.slim else [ends.mean(axis=0)]
        places += [*anchor.place] if anchor.slim else [anchor.place.mean(axis=0)]
    points, targets = np.array(seen), np.array(places)
    if len(points) < 3 or np.ptp(targets[:, 1]) < _APART:
        return matrix
    if len(points) >= _PROJECTIVE:
        found = cv2.findHomography(points, targets, cv2.LMEDS)[0]
        if found is not None:
            return np.asarray(found)
    affine = np.linalg.lstsq(np.column_stack([points, np.ones(len(points))]), targets, rcond=None)[0].T
    return np.vstack([affine, [0, 0, 1]])
