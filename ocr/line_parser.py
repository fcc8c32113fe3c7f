"""From lines of text, as any general OCR engine gives them, to the fields of the cards they stand on.

The card is found by its labels and number (ocr/line_anchors.py); what stands where a field is printed is the field.
Labels are taken off, pieces of a row joined, traditional forms folded; lists, grammar and the code book of regions mend
what the text alone allows. There are no chances of single characters here: nothing is sure but what a rule proves.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kiosk_core.ethnicities import ETHNICITIES
from ocr import fields, places, regions
from ocr.arrays import Points
from ocr.characters import han
from ocr.id_card import FieldReading, IdCardBack, IdCardFront, Quad, Source
from ocr.layout import Box, Layout, layout
from ocr.line_anchors import place
from ocr.projection import projected, rim
from ocr.sight import Place, Places
from ocr.text_lines import LineOfText, Run, run

_ROW = 34.0  # dots of the card that a row may lie beside its place
_LINE = 24.0  # dots by which pieces of one line may lie at different heights
_LEVEL = 0.45  # how much a line may climb, for each dot that it runs
_HALF = 18.0  # dots: half the height of a line
_LEFT = 21.0  # dots before its field at which a character belongs to what stands there
_RIGHT = {"name": 640, "sex": 280, "ethnicity": 640, "birth": 640, "address": 650}  # the portrait begins there
_PER_EDIT = 2.0  # logarithm of chance
_MOST_CARDS = 4
_MOST_LINES = 2000
_DIGITS = str.maketrans("OoQDIil|×x·", "00001111XX.")
_PLACE_SIGNS = re.compile(r"[^\w()#·-]|_")


@dataclass(frozen=True, eq=False)
class ParsedCard:
    """A side with its fields. `corners`: clockwise from the card's own top left, 4 x 2; `places`: as in Sight."""

    side: IdCardFront | IdCardBack
    layout: Layout
    corners: Points
    places: Places


@dataclass(frozen=True)
class _Piece:
    """Text at a place of the card; `box` in dots of it. `told`: a label stands before it."""

    text: str
    box: tuple[float, float, float, float]
    score: float
    told: bool

    @property
    def middle(self) -> float:
        return (self.box[1] + self.box[3]) / 2


def parse(lines: Sequence[LineOfText]) -> list[ParsedCard]:
    """Return the cards whose text is among the lines, the one with most of it first."""
    runs = [each for each in map(run, lines[:_MOST_LINES]) if each is not None]
    found: list[ParsedCard] = []
    sides = (layout("resident_id_front"), layout("resident_id_back"))
    while len(found) < _MOST_CARDS and (placed := place(runs, sides)) is not None:
        pieces, rest = _on_card(runs, placed.to_card, placed.layout)
        if not pieces:
            break
        back = np.linalg.inv(placed.to_card)
        text = _Text(placed.layout, pieces, back)
        side = _front(text) if placed.layout.side == "front" else _back(text)
        found.append(ParsedCard(side, placed.layout, projected(rim(placed.layout.size), back), text.places))
        runs = rest
    return found


def _on_card(runs: Sequence[Run], to_card: Points, layout: Layout) -> tuple[list[_Piece], list[Run]]:
    """Return what stands on the card, without labels, and the lines that do not stand on it."""
    labels = re.compile("|".join(re.escape(label.text) for label in layout.labels if len(label.text) > 1))
    pieces: list[_Piece] = []
    rest = []
    for each in runs:
        start, end = projected(np.array([each.start, each.end]), to_card)
        middle = (start + end) / 2
        if not (0 < middle[0] < layout.size[0] and 0 < middle[1] < layout.size[1]):
            rest.append(each)
            continue
        if each.slim and abs(end[1] - start[1]) > _LEVEL * abs(end[0] - start[0]):
            continue  # printed on what lies below
        if end[0] < start[0]:
            start, end = end, start
        at = 0
        for found in [*labels.finditer(each.text), None]:
            until = found.start() if found else len(each.text)
            if until > at:
                (left, top), (right, bottom) = (start + each.stops[stop] * (end - start) for stop in (at, until))
                pieces.append(_Piece(each.text[at:until], (left, top, right, bottom), each.score, at > 0))
            at = found.end() if found else at
    return pieces, rest


class _Text:
    """What stands on a card, piece by piece, and where its layout has fields."""

    def __init__(self, layout: Layout, pieces: Sequence[_Piece], to_picture: Points) -> None:
        self._fields = {each.name: each for each in layout.fields}
        self._pieces = pieces
        self._to_picture = to_picture
        self.places: dict[str, Place | None] = dict.fromkeys(self._fields)

    def field(self, name: str) -> tuple[list[str], FieldReading]:
        """Return the lines of a field, and a reading without text yet: how sure the engine was, and where it stands."""
        box = self._fields[name].box
        pieces = [cut for each in self._pieces if (cut := _cut(each, box, _RIGHT.get(name, 1000))) is not None]
        pieces.sort(key=lambda each: each.middle)
        lines: list[list[_Piece]] = []
        for piece in pieces:
            if lines and piece.middle - lines[-1][0].middle < _LINE:
                lines[-1].append(piece)
            else:
                lines.append([piece])
        texts = ["".join(each.text for each in sorted(line, key=lambda each: each.box[0])) for line in lines]
        if not pieces:
            return [], FieldReading("", 0.0, None)
        around = np.array([each.box for each in pieces])  # of the middles of lines: height is added
        left, top = around[:, :2].min(axis=0).tolist()
        right, bottom = around[:, 2:].max(axis=0).tolist()
        top, bottom = top - _HALF, bottom + _HALF
        self.places[name] = Place((round(left), round(top), round(right), round(bottom)), len(lines))
        return texts, FieldReading("", min(each.score for each in pieces), self._quad(left, top, right, bottom))

    def _quad(self, left: float, top: float, right: float, bottom: float) -> Quad:
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        one, two, three, four = ((float(x), float(y)) for x, y in projected(corners, self._to_picture))
        return one, two, three, four


def _cut(piece: _Piece, box: Box, right_most: float) -> _Piece | None:
    """Return what of a piece belongs to the field at `box`; None where nothing does."""
    left, _, right, _ = piece.box
    if not box[1] - _ROW / 2 < piece.middle < box[3] + _ROW / 2 or left > right_most or right < box[0] - _LEFT:
        return None
    if piece.told:
        return piece
    pitch = (right - left) / len(piece.text)
    skipped = sum(left + (number + 0.5) * pitch < box[0] - _LEFT for number in range(len(piece.text)))
    return replace(piece, text=piece.text[skipped:]) if skipped < len(piece.text) else None


# -- fields ------------------------------------------------------------------------------------------------------


def _front(text: _Text) -> IdCardFront:
    number = _number(text)
    name_lines, name = text.field("name")
    sex = _sex(text)
    birth = _birth(text)
    if fields.checks(number.text) and fields.born(number.text) and regions.known(number.text[:6]):
        told = {"birth": fields.born(number.text), "sex": fields.sex(number.text)}
        sex, birth = (
            each if each.text else replace(each, text=told[kind], confidence=number.confidence, source=Source.DERIVED)
            for kind, each in (("sex", sex), ("birth", birth))
        )
        printed = Source.PRINT in {sex.source} & {birth.source}
        if printed and sex.text == told["sex"] and birth.text == told["birth"]:
            number, sex, birth = (replace(each, sure=True, verified=True) for each in (number, sex, birth))
    home = number.text[:6] if fields.checks(number.text) else ""
    return IdCardFront(
        name=replace(name, text="".join(each for each in "".join(name_lines) if han(each) or each == "·")),
        sex=sex,
        ethnicity=_ethnicity(text),
        birth=birth,
        address=_address(text, home),
        id_number=number,
    )


def _back(text: _Text) -> IdCardBack:
    lines, authority = text.field("authority")
    said = "".join(filter(han, "".join(lines)))
    place = places.authority(said, _alike(said))
    lines, validity = text.field("validity")
    printed = re.sub(r"[^0-9.\-长期]", "", re.sub("[~—–_一]", "-", "".join(lines).translate(_DIGITS)))
    begins, until = fields.validity(re.sub(r"\.*-+\.*", "-", printed))
    source = Source.REPAIRED if place.repaired else Source.PRINT
    return IdCardBack(
        authority=replace(authority, text=place.text, source=source),
        valid_from=replace(validity, text=begins),
        valid_until=replace(validity, text=until),
    )


def _number(text: _Text) -> FieldReading:
    lines, reading = text.field("id_number")
    digits = re.sub("[^0-9X]", "", "".join(lines).translate(_DIGITS))
    found = re.findall(r"(?=(\d{17}[\dX]))", digits)
    return replace(reading, text=next(filter(fields.checks, found), found[0] if found else digits))


def _sex(text: _Text) -> FieldReading:
    lines, reading = text.field("sex")
    return replace(reading, text=next((each for each in "".join(lines) if each in "男女"), ""))


def _ethnicity(text: _Text) -> FieldReading:
    lines, reading = text.field("ethnicity")
    if not lines:  # one line for the whole row
        lines, reading = text.field("sex")
    said = re.sub("[男女性别民族]", "", "".join(filter(han, "".join(lines))))
    if said in ETHNICITIES:
        return replace(reading, text=said)
    within = sorted((each for each in ETHNICITIES if each in said), key=len)
    near = [each for each in ETHNICITIES if len(each) == len(said) > 1 and _differ(each, said) == 1]
    mended = within[-1] if within else near[0] if len(near) == 1 else said
    return replace(reading, text=mended, source=Source.REPAIRED if mended != said else Source.PRINT)


def _differ(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _birth(text: _Text) -> FieldReading:
    lines, reading = text.field("birth")
    said = re.sub("[^0-9年月日]", "", "".join(lines).translate(_DIGITS))
    found = re.search(r"\d{4}年?\d{1,2}月?\d{1,2}日?", said)
    return replace(reading, text=fields.birth_date(found[0]) if found else "")


def _address(text: _Text, home: str) -> FieldReading:
    lines, reading = text.field("address")
    said = _PLACE_SIGNS.sub("", "".join(lines))
    place = places.address(said, _alike(said), home)
    return replace(reading, text=place.text, source=Source.REPAIRED if place.repaired else Source.PRINT)


def _alike(read: str) -> places.Weigh:
    """Return how likely a text is: an engine's text alone tells only how much of it would have been misread."""
    return lambda text: -_PER_EDIT * places.distance(text, read)
