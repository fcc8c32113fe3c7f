"""PP-OCRv6 tiny, the network that finds lines of text anywhere: asked only where no outline of a card convinces."""

from dataclasses import dataclass
from importlib.resources import files

import cv2
import numpy as np

from ocr.arrays import Pixels, Plane, Points
from ocr.network import session

_SIDE = 736
_STRIDE = 32
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_THRESHOLD, _SURE = 0.2, 0.45
_GROWN = 1.4  # the network marks the core of a line only


@dataclass(frozen=True)
class TextLine:
    """A line of text. `start` and `end`: the middles of its two short sides, in dots; which is first is not known."""

    start: Points
    end: Points
    height: float
    sure: float

    @property
    def length(self) -> float:
        """Return how long it is, in dots."""
        return float(np.linalg.norm(self.end - self.start))


class TextDetector:
    """The network on the processor; one thread owns it."""

    def __init__(self, threads: int = 2) -> None:
        """Load the weights: some 30 ms."""
        self._session = session(files("ocr").joinpath("models/PP-OCRv6_tiny_det.onnx").read_bytes(), threads)
        self._input = self._session.get_inputs()[0].name

    def lines(self, picture: Pixels) -> list[TextLine]:
        """Return the lines of text of a picture of any size, the longest first."""
        height, width = picture.shape[:2]
        shrink = min(_SIDE / max(height, width), 1.0)
        size = [max(round(side * shrink / _STRIDE), 1) * _STRIDE for side in (width, height)]
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        array = ((small - _MEAN) / _SPREAD).astype(np.float32).transpose(2, 0, 1)[None]
        marked = self._session.run(None, {self._input: np.ascontiguousarray(array)})[0][0, 0]
        scale = np.array([width / size[0], height / size[1]])
        found = []
        mask = (marked > _THRESHOLD).astype(np.uint8)
        for contour in cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]:
            line = _line(contour, marked, scale)
            if line is not None:
                found.append(line)
        return sorted(found, key=lambda each: -each.length)


def _line(contour: Points, marked: Plane, scale: Points) -> TextLine | None:
    box = cv2.minAreaRect(contour)
    if min(box[1]) < 3:
        return None
    inside = np.zeros_like(marked, np.uint8)
    left, top, wide, high = cv2.boundingRect(contour)
    cv2.fillPoly(inside, [contour], 1)
    here = slice(top, top + high), slice(left, left + wide)
    sure = float(marked[here][inside[here] > 0].mean())
    if sure < _SURE:
        return None
    grown = box[1][0] * box[1][1] * _GROWN / (2 * sum(box[1]))
    corners = cv2.boxPoints((box[0], (box[1][0] + 2 * grown, box[1][1] + 2 * grown), box[2])) * scale
    sides = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[1])
    if sides[0] < sides[1]:
        corners = np.roll(corners, -1, axis=0)
    start, end = (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
    return TextLine(start, end, float(min(sides)), sure)
