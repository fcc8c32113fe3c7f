"""Reads the fields of a flattened card: each line where it stands, and in other ways once more where it is in doubt."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice

import cv2
import numpy as np

from ocr import doubt, lines
from ocr.arrays import Chances, Pixels, Plane
from ocr.characters import common, han
from ocr.crew import side_by_side
from ocr.decode import Reading
from ocr.doubt import Signs
from ocr.fields import Interpreter, Line, birth_date, checks, in_order
from ocr.layout import Box, Field, Layout
from ocr.quick import suspects
from ocr.recogniser import LINE_HEIGHT, STEP, Quick, Recogniser
from ocr.spacing import hole

# Of a character's advance, 16 dots of an address: on training pictures 206 of 210 lines have no space above 14, the
# others lie under glare or a finger; of 258 in which a digit was painted over 255 have one of 18 and more.
_SPACE = 0.48
_INDENT = 24  # dots that a field may begin after its place; more, and its first character was not seen
# How much narrower than it is printed a line of a kind is shown to the network at first; at 0.65 an address was wrong
# and sure. Names are not squeezed: a quarter of them would be seen twice.
_SQUEEZED = {"id_number": 0.6, "birth": 0.75, "address": 0.75, "authority": 0.75, "ethnicity": 0.75}
# What shows that digits were not misread.
_PROOFS: Mapping[str, Callable[[str], object]] = {"id_number": checks, "birth": birth_date, "validity": in_order}
# What is shown to the quick network before that, and how much narrower: at 0.85 more addresses were left in doubt.
_QUICK = {"id_number": 0.6, "birth": 0.75, "validity": 1.0,
          "address": 1.0, "authority": 0.85, "ethnicity": 0.85, "sex": 0.85}  # fmt: skip
# How long a dot of a line takes, on the mean, in any unit.
_WORK = {"name": 2.0, "address": 0.6, "authority": 0.6,
         "id_number": 0.25, "birth": 0.25, "validity": 0.25, "ethnicity": 0.25, "sex": 0.25}  # fmt: skip
_FEW = 2  # characters that are confirmed one by one: more take as long as the line
_CLEAR = 0.98  # with a character less sure than this, a first look does not count


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


Printed = Mapping[str, Sequence[lines.Line]]
"""Where the lines of each field are, by its name; none where nothing is printed."""


class FieldReader:
    """Reads cards that are flattened already; one thread owns it, and those of its crew work for that."""

    def __init__(
        self,
        recogniser: Recogniser,
        doubtful: Callable[[str, Signs], bool] = doubt.doubtful,
        crew: Executor | None = None,
        quick: Quick | None = None,
    ) -> None:
        """Take what reads a line, what says of a kind of field and its signs whether to look again, and who works.

        `quick`: reads lines sooner, and knows fewer characters; what it reads counts where it is clear.
        """
        self._recogniser = recogniser
        self._doubtful = doubtful
        self._crew = crew or ThreadPoolExecutor(2)
        self._quick = quick
        self.interpreter = Interpreter(recogniser.characters)

    def find(self, flat: Pixels, layout: Layout) -> Printed:
        """Return where the fields of a card of this layout are printed."""
        ink = lines.ink(flat, layout.ink, [lines.reach(field, _slack(field, layout)) for field in layout.fields])
        return {field.name: _find(ink, field, layout) for field in layout.fields}

    def read(self, flat: Pixels, layout: Layout, printed: Printed | None = None) -> dict[str, Seen]:
        """Return all fields of a card of this layout, by name. `printed`: where, if that is known already."""
        printed = self.find(flat, layout) if printed is None else printed
        todo = [(field, place) for field in layout.fields for place in printed[field.name]]
        order = sorted(range(len(todo)), key=lambda number: -_work(*todo[number]))  # the last to end has begun first
        works = [partial(self._line, flat, *todo[number]) for number in order]
        told = dict(zip(order, side_by_side(self._crew, works), strict=True))
        answers = iter(told[number] for number in range(len(todo)))
        return {
            field.name: _seen(field, printed[field.name], list(islice(answers, len(printed[field.name]))))
            for field in layout.fields
        }

    def glance(self, flat: Pixels, layout: Layout, field: Field) -> Seen:
        """Return one field of a card of this layout, looked at once."""
        found = _find(lines.ink(flat, layout.ink, [lines.reach(field, _slack(field, layout))]), field, layout)
        told = side_by_side(self._crew, [partial(self._glance, flat, field, line) for line in found])
        return _seen(field, found, told)

    def _glance(self, flat: Pixels, field: Field, place: lines.Line) -> tuple[Line, Signs]:
        return self._told([self._look(_crop(flat, place.box), field)], field, place)

    def _line(self, flat: Pixels, field: Field, place: lines.Line) -> tuple[Line, Signs]:
        crop = _crop(flat, place.box)
        first = self._at_first(crop, field, place)
        if first is not None:
            return first
        look = self._look(crop, field)
        line, signs = self._told([look], field, place)
        if self._doubtful(field.like, signs):
            looks = [look, *(self._look(other, field) for other in _others(flat, place.box))]
            line, signs = self._told(looks, field, place)
        return line, signs

    def _at_first(self, crop: Pixels, field: Field, place: lines.Line) -> tuple[Line, Signs] | None:
        """Return what a look tells that costs less; None where it leaves doubt."""
        if self._quick is not None and field.kind in _QUICK:
            told = self._clear(self._quick, _QUICK[field.kind], crop, field, place)
            if told is not None and self._confirmed(crop, field, self._quick, told[0].reading):
                return told
        if field.kind in _SQUEEZED:
            return self._clear(self._recogniser, _SQUEEZED[field.kind], crop, field, place)
        return None

    def _confirmed(self, crop: Pixels, field: Field, quick: Quick, reading: Reading) -> bool:
        """Return whether the large network sees what the quick one may have mistaken: that takes less than a line."""
        doubted = suspects(field, reading.text, quick)
        if len(doubted) > _FEW or (doubted and not (field.advance and reading.columns)):
            return False  # of a text out of a list nobody knows where its characters stand
        return all(self._stands(crop, field, reading, place) for place in doubted)

    def _stands(self, crop: Pixels, field: Field, reading: Reading, place: int) -> bool:
        """Return whether the large network, too, is sure of one character that the quick one read in a line."""
        dots = crop.shape[0] * STEP / LINE_HEIGHT / _QUICK[field.kind]  # of a step
        middle = (reading.columns[place] + 0.5) * dots
        beside = round(max(middle - field.advance, 0)), round(middle + field.advance)
        chances = self._recogniser.chances(np.ascontiguousarray(crop[:, slice(*beside)]))
        column = self.interpreter.places[reading.text[place]]
        return bool(chances[:, column].max() > _CLEAR)

    def _clear(
        self, by: Recogniser, squeeze: float, crop: Pixels, field: Field, place: lines.Line
    ) -> tuple[Line, Signs] | None:
        """Return what one look tells; None where it leaves doubt."""
        line, signs = self._told([self._look(crop, field, squeeze, by)], field, place, squeeze)
        proved = field.kind not in _PROOFS or _PROOFS[field.kind](line.reading.text)
        return (line, signs) if proved and signs.sure > _CLEAR and not self._doubtful(field.like, signs) else None

    def _told(
        self, looks: Sequence[Chances], field: Field, place: lines.Line, squeeze: float = 1.0
    ) -> tuple[Line, Signs]:
        line = self.interpreter.line(field, looks)
        return line, _signs(line, field, place, squeeze)

    def _look(self, crop: Pixels, field: Field, squeeze: float = 1.0, by: Recogniser | None = None) -> Chances:
        """Return what a network reads in a crop; of a line of cells, without what is beside its print."""
        look = (by or self._recogniser).chances(crop, squeeze)
        if not field.cells:
            return look
        scale = LINE_HEIGHT * squeeze / crop.shape[0] / STEP
        return look[round(lines.MARGIN * scale) : round((crop.shape[1] - lines.MARGIN) * scale)]


def around(printed: Sequence[lines.Line]) -> Box | None:
    """Return the box around lines of print, in dots of the card; None where there is none."""
    if not printed:
        return None
    boxes = np.array([line.box for line in printed])
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    return left, top, right, bottom


def _work(field: Field, place: lines.Line) -> float:
    """Return about how long a line takes, in any unit: names are often looked at again, places not always reading."""
    left, _, right, _ = place.box
    return _WORK.get(field.kind, 1.0) * (right - left)


def _find(ink: Plane, field: Field, layout: Layout) -> list[lines.Line]:
    return lines.find(ink, field, _slack(field, layout))


def _slack(field: Field, layout: Layout) -> int:
    return layout.slack if field.slack is None else field.slack


def _seen(field: Field, printed: Sequence[lines.Line], told: Sequence[tuple[Line, Signs]]) -> Seen:
    if not told:
        return Seen(field.like, (), Signs(0.0, 0.0), None)
    return Seen(field.like, tuple(line for line, _ in told), doubt.worst(signs for _, signs in told), around(printed))


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


def _signs(line: Line, field: Field, place: lines.Line, squeeze: float) -> Signs:
    reading, box = line.reading, place.box
    odd = int(box[0] + lines.MARGIN - field.box[0] > _INDENT)
    odd += place.cut and bool(field.advance)  # of print without advance, rules know where it ends
    odd += place.space > _SPACE * field.advance > 0
    rare = sum(han(each) and not common(each) for each in reading.text)
    again = len(line.looks) > 1
    gap = _gap(line, field, box, squeeze)
    told = again, gap, odd, rare, line.margin, line.rival, line.strange
    return Signs(reading.sure, reading.lead, line.agreeing, line.ahead, *told)


def _gap(line: Line, field: Field, box: Box, squeeze: float) -> float:
    if not field.advance:
        return 0.0
    scale = LINE_HEIGHT * squeeze / (box[3] - box[1]) / STEP
    begin, end = lines.MARGIN, box[2] - box[0] - lines.MARGIN
    return hole(line.reading, field.advance * scale, begin * scale, end * scale)
