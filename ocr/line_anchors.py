"""Where a card lies, by what a general engine read on it: labels and the ID number stand in the same place on all."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ocr.arrays import Matrix, Points
from ocr.layout import Box, Layout
from ocr.projection import projected
from ocr.text_lines import Run

_NUMBER = re.compile(r"\d{15,17}[\dX]")
_TOLERANCE = 80.0, 50.0, 30.0  # dots of the card, one look after the other: perspective is not known at first
_APART = 120.0  # dots of the card: two points that are nearer do not show how it lies
_ENOUGH = 5.0  # a number alone counts 4: it may stand anywhere
_FEWEST = 5  # labels or characters of them: with so many at their places, it is a card whatever they count
_PROJECTIVE = 6  # points from which on perspective is told from chance
_MOST = 60


@dataclass(frozen=True, eq=False)
class _Anchor:
    """Print whose place on the card is known. `seen`, `place`: points of it in the picture and on the card, n x 2."""

    seen: Points
    place: Points
    label: int
    weight: float


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
    matrix = _guess(anchors)
    if matrix is None:
        return None
    for tolerance in _TOLERANCE:
        matrix = _fitted(_near(anchors, matrix, tolerance), matrix)
    near = _near(anchors, matrix, _TOLERANCE[1])
    worth = sum(anchor.weight * good for anchor, good in near)
    return Placed(layout, matrix, worth) if worth >= _ENOUGH or len(near) >= _FEWEST else None


def _anchors(runs: Sequence[Run], layout: Layout) -> Iterator[_Anchor]:
    """Yield labels and numbers. Where a line ends, it is known to the dot; where it is parted within, it is not."""
    boxes = [(re.compile(re.escape(each.text)), each.box) for each in layout.labels if len(each.text) > 1]
    if any(each.kind == "id_number" for each in layout.fields):
        boxes.append((_NUMBER, min(layout.spans, key=lambda each: each[2] - each[0])))
    boxes += [(re.compile(f"^{text}$"), box) for text, box in _characters(layout)]
    for run in runs:
        for number, (pattern, box) in enumerate(boxes):
            for found in pattern.finditer(run.text):
                weight = min(len(found[0]), 8) / 2
                stops = np.array([run.stops[found.start()], run.stops[found.end()]])
                ends = [end for end in (0, 1) if stops[end] == end] if run.slim else []
                for turned in (run, run.turned()) if ends else (run,):
                    seen, at = np.array([turned.at(stop) for stop in stops]), _ends(box)
                    if ends:
                        yield _Anchor(seen[ends], at[ends], number, weight)
                    else:
                        yield _Anchor(seen.mean(axis=0)[None], at.mean(axis=0)[None], number, weight / 2)


def _characters(layout: Layout) -> Iterator[tuple[str, Box]]:
    """Yield the characters of labels, one by one, as some engines find them in text that runs upwards."""
    for label in layout.labels:
        left, top, right, bottom = label.box
        pitch = (right - left) / len(label.text)
        for number, text in enumerate(label.text):
            yield text, (round(left + number * pitch), top, round(left + (number + 1) * pitch), bottom)


def _ends(box: Box) -> Points:
    middle = (box[1] + box[3]) / 2
    return np.array([[box[0], middle], [box[2], middle]], float)


def _guess(anchors: Sequence[_Anchor]) -> Matrix | None:
    """Return how the card lies, turned and sized, by the two points of anchors by which most others fit."""
    if not anchors:
        return None
    seen = np.concatenate([each.seen for each in anchors]) @ [1, 1j]
    places = np.concatenate([each.place for each in anchors]) @ [1, 1j]
    owners = np.repeat(np.arange(len(anchors)), [len(each.seen) for each in anchors])
    one, other = np.nonzero(np.abs(places[:, None] - places) > _APART)
    good = np.abs(seen[other] - seen[one]) > 1
    one, other = one[good], other[good]
    if len(one) == 0:
        return None
    turns = (places[other] - places[one]) / (seen[other] - seen[one])
    shifts = places[one] - turns * seen[one]
    off = np.abs(turns[:, None] * seen + shifts[:, None] - places)
    worst = np.maximum.reduceat(off, np.flatnonzero(np.diff(owners, prepend=-1)), axis=1)
    fits = np.maximum(1 - worst / _TOLERANCE[0], 0) * [each.weight for each in anchors]
    labels = np.array([each.label for each in anchors])
    worth = sum(fits[:, labels == label].max(axis=1) for label in np.unique(labels))
    best = int(np.argmax(worth))
    turn, shift = turns[best], shifts[best]
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag], [0, 0, 1]])


def _near(anchors: Sequence[_Anchor], matrix: Matrix, tolerance: float) -> list[tuple[_Anchor, float]]:
    """Return of each label the anchor that is nearest to its place, if any is near enough, and how near, 0 to 1."""
    nearest: dict[int, tuple[_Anchor, float]] = {}
    for anchor in anchors:
        off = float(np.linalg.norm(projected(anchor.seen, matrix) - anchor.place, axis=1).max())
        good = 1 - off / tolerance
        if good > (nearest[anchor.label][1] if anchor.label in nearest else 0.0):
            nearest[anchor.label] = anchor, good
    return list(nearest.values())


def _fitted(near: Sequence[tuple[_Anchor, float]], matrix: Matrix) -> Matrix:
    """Return the projection that brings all these to their places best."""
    if not near:
        return matrix
    points = np.concatenate([anchor.seen for anchor, _ in near])
    targets = np.concatenate([anchor.place for anchor, _ in near])
    if len(points) < 3 or np.ptp(targets[:, 1]) < _APART:
        return matrix
    if len(points) >= _PROJECTIVE:
        found = cv2.findHomography(points, targets, 0)[0]
        if found is not None:
            return np.asarray(found)
    affine = np.linalg.lstsq(np.column_stack([points, np.ones(len(points))]), targets, rcond=None)[0].T
    return np.vstack([affine, [0, 0, 1]])
