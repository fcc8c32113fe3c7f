"""Reads the fields of a flattened card: each line where it stands, and in other ways once more where it is in doubt."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from ocr import doubt, lines
from ocr.arrays import Chances, Pixels, Plane
from ocr.characters import common, han
from ocr.doubt import Signs
from ocr.fields import Interpreter, Line
from ocr.layout import Box, Field, Layout
from ocr.recogniser import LINE_HEIGHT, STEP, Recogniser

_INDENT = 24  # dots that a field may begin after its place; more, and its first character was not seen


@dataclass(frozen=True)
class Seen:
    """A field as it was read, before rules. `kind`: whose signs of doubt it has.

    `box` in dots of the card; None, and no lines, where nothing is printed.
    """

    kind: str
    lines: tuple[Line, ...]
    signs: Signs
    box: Box | None

    @property
    def text(self) -> str:
        """Return what all lines say."""
        return "".join(line.reading.text for line in self.lines)


class FieldReader:
    """Reads cards that are flattened already; one thread owns it."""

    def __init__(self, recogniser: Recogniser, doubtful: Callable[[str, Signs], bool] = doubt.doubtful) -> None:
        """Take what reads a line, and what says of a kind of field and its signs whether to look again."""
        self._recogniser = recogniser
        self._doubtful = doubtful
        self.interpreter = Interpreter(recogniser.characters)

    def read(self, flat: Pixels, layout: Layout) -> dict[str, Seen]:
        """Return all fields of a card of this layout, by name."""
        ink = lines.ink(flat, layout.ink)
        return {field.name: self._field(flat, ink, field, layout.slack) for field in layout.fields}

    def glance(self, flat: Pixels, layout: Layout, field: Field) -> Seen:
        """Return one field of a card of this layout, looked at once."""
        return self._field(flat, lines.ink(flat, layout.ink), field, layout.slack, again=False)

    def _field(self, flat: Pixels, ink: Plane, field: Field, slack: int, *, again: bool = True) -> Seen:
        found = lines.find(ink, field, slack if field.slack is None else field.slack)
        if not found:
            return Seen(field.like, (), Signs(0.0, 0.0), None)
        read, signs = [], []
        for place in found:
            look = self._look(_crop(flat, place.box), field)
            line = self.interpreter.line(field, [look])
            told = _signs(line, field, place)
            if again and self._doubtful(field.like, told):
                looks = [look, *(self._look(other, field) for other in _others(flat, place.box))]
                line = self.interpreter.line(field, looks)
                told = _signs(line, field, place)
            read.append(line)
            signs.append(told)
        around = np.array([place.box for place in found])
        left, top = around[:, :2].min(axis=0).tolist()
        right, bottom = around[:, 2:].max(axis=0).tolist()
        return Seen(field.like, tuple(read), doubt.worst(signs), (left, top, right, bottom))

    def _look(self, crop: Pixels, field: Field) -> Chances:
        """Return what the network reads in a crop; of a line of cells, without what is beside its print."""
        look = self._recogniser.chances(crop)
        if not field.cells:
            return look
        scale = LINE_HEIGHT / crop.shape[0] / STEP
        return look[round(lines.MARGIN * scale) : round((crop.shape[1] - lines.MARGIN) * scale)]


def _crop(flat: Pixels, box: Box, wider: int = 0, higher: int = 0) -> Pixels:
    left, top, right, bottom = box
    top, left = max(top - higher, 0), max(left - wider, 0)
    return np.ascontiguousarray(flat[top : bottom + higher, left : right + wider])


def _others(flat: Pixels, box: Box) -> Iterator[Pixels]:
    """Yield a line cut out wider, sharpened, and stretched: what is print stays, what is chance does not."""
    yield _crop(flat, box, 5, 4)
    close = _crop(flat, box, 1, -2)
    soft = cv2.GaussianBlur(close, (0, 0), 2.0)
    yield np.asarray(cv2.addWeighted(close, 1.9, soft, -0.9, 0), np.uint8)
    moved = _crop(flat, box, 3, 0)
    yield np.asarray(cv2.resize(moved, None, fx=1.14, fy=1.0, interpolation=cv2.INTER_CUBIC), np.uint8)


def _signs(line: Line, field: Field, place: lines.Line) -> Signs:
    reading, box = line.reading, place.box
    odd = int(box[0] + lines.MARGIN - field.box[0] > _INDENT)
    odd += place.cut and bool(field.advance)  # of print without advance, rules know where it ends
    rare = sum(han(each) and not common(each) for each in reading.text)
    return Signs(
        reading.sure, reading.lead, line.agreeing, line.ahead, len(line.looks) > 1, _gap(line, field, box), odd, rare
    )


def _gap(line: Line, field: Field, box: Box) -> float:
    """Return the widest hole between characters, or between one and an end, in widths of a character."""
    if not field.advance or not line.reading.columns:
        return 0.0
    scale = LINE_HEIGHT / (box[3] - box[1]) / STEP
    pitch = field.advance * scale
    ends = lines.MARGIN * scale - pitch / 2, (box[2] - box[0] - lines.MARGIN) * scale + pitch / 2
    return float(np.diff([ends[0], *line.reading.columns, ends[1]]).max() / pitch)
