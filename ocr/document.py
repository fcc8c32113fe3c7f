"""From the fields of any document, as they were read, to what stands on it: mended, derived, verified, in doubt.

What is written how, and what follows from what, is the layout's to say: nothing here knows of any one document.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from kiosk_core.id_document import LONG_TERM
from ocr import cells, doubt, grammar, rules
from ocr.doubt import Signs
from ocr.field_reader import Seen
from ocr.fields import Interpreter, Line
from ocr.id_card import Document, FieldReading, Quad, Risk, Source
from ocr.layout import Expires, Field, Layout, Tells

_LOSS = 9.0  # how much less likely than what was read a mended text may be, as a logarithm of chance
_CERTAIN = 0.9999
_FIRM = 0.5  # so sure must each character be of what a check proves, to be beyond doubt


def proved(seen: Seen, field: Field, layout: Layout) -> bool:
    """Return whether a field is in order as it was read, every character of it."""
    return seen.signs.sure >= _FIRM and grammar.in_order(seen.text, field, layout)


def fitting(layout: Layout, seen: Mapping[str, Seen]) -> float:
    """Return how well what was read fits a layout: the share of its fields that are in order."""
    well = [grammar.in_order(seen[field.name].text, field, layout) for field in layout.fields]
    return sum(well) / len(well)


def judge(
    layout: Layout, seen: Mapping[str, Seen], boxes: Mapping[str, Quad | None], interpreter: Interpreter
) -> tuple[Document, frozenset[Risk]]:
    """Return what stands on a document, and whether its fields contradict each other."""
    raw: dict[str, str] = {}
    found: dict[str, FieldReading] = {}
    for field in layout.fields:
        raw[field.name], readings = _read(field, layout, seen[field.name], boxes[field.name], interpreter)
        found |= readings
    risks = set()
    for rule in layout.rules:
        if isinstance(rule, Tells):
            field = next(each for each in layout.fields if each.name == rule.of)
            if not grammar.in_order(raw[rule.of], field, layout):
                found.setdefault(rule.field, FieldReading("", 0.0, None))
            elif _contradicts(found, rule, _told(rule, layout, seen[rule.of], raw[rule.of], found[rule.of])):
                risks.add(Risk.NUMBER_DISAGREES)
    return Document(layout.document, layout.side, found, layout.masked), frozenset(risks)


def written(layout: Layout, document: Document, today: date | None) -> frozenset[Risk]:
    """Return whether the document's last day, or month, is over on this day, if that is known."""
    for rule in layout.rules:
        until = document.readings[rule.field].text if isinstance(rule, Expires) else ""
        if today is not None and until not in {"", LONG_TERM} and until < today.isoformat()[: len(until)]:
            return frozenset({Risk.EXPIRED})
    return frozenset()


def _read(
    field: Field, layout: Layout, seen: Seen, box: Quad | None, interpreter: Interpreter
) -> tuple[str, dict[str, FieldReading]]:
    """Return what is printed in a field, mended, and what that means: of a period two fields."""
    match field.kind:
        case "name":
            return seen.text, {field.name: rules.name(seen, box)}
        case "address":
            return seen.text, {field.name: rules.address(seen, box, "", interpreter)}
        case "authority":
            return seen.text, {field.name: rules.authority(seen, box, interpreter)}
        case "latin_name":
            text = " ".join(seen.text.replace(",", ", ").split()).replace(" ,", ",")
            return text, {field.name: rules.judged(doubt.confidence, seen, text, 0, box)}
    seen = replace(seen, lines=tuple(_plain(line) for line in seen.lines))
    text = _mended(field, layout, seen, interpreter)
    odd = 0 if grammar.in_order(text, field, layout) else 3
    repaired = text != seen.text
    readings = {
        name: rules.judged(doubt.confidence, seen, each, odd, box, repaired=repaired)
        for name, each in grammar.meant(text, field).items()
    }
    checks = len(grammar.checked(field, layout)) + bool(field.check)
    if checks and (repaired or not proved(seen, field, layout)):
        readings = {name: replace(each, sure=False) for name, each in readings.items()}
    elif checks:  # one check misses one in ten misread numbers, several together miss none
        readings = {
            name: _certain(each) if checks > 1 else replace(each, verified=True) for name, each in readings.items()
        }
    return text, readings


def _plain(line: Line) -> Line:
    """Return a line without blanks, and with the Latin forms of characters that have a wide one."""
    text = unicodedata.normalize("NFKC", line.reading.text).replace(" ", "")
    return replace(line, reading=replace(line.reading, text=text))


def _certain(reading: FieldReading) -> FieldReading:
    return replace(reading, verified=True, sure=True, confidence=max(reading.confidence, _CERTAIN))


def _mended(field: Field, layout: Layout, seen: Seen, interpreter: Interpreter) -> str:
    """Return what was read, or the likeliest text that is in order and hardly less likely."""
    text = seen.text
    if not seen.lines or grammar.in_order(text, field, layout):
        return text

    def good(other: str) -> bool:
        return grammar.in_order(other, field, layout)

    line = seen.lines[0]
    if field.cells:
        return cells.mended(line.looks, interpreter.places, field.cells, good) or text
    if len(seen.lines) > 1 or not grammar.alphabet(field):
        return text
    weighed = interpreter.candidates(line.looks, grammar.alphabet(field), good)
    if not weighed or weighed[0][0] < interpreter.likelihood(line, text) - _LOSS:
        return text
    return weighed[0][1]


def _told(rule: Tells, layout: Layout, seen: Seen, text: str, source: FieldReading) -> FieldReading:
    """Return what a field that says `text` tells of another, as sure as the characters that tell it."""
    said = grammar.told(text, rule)
    if not said:
        return FieldReading("", 0.0, source.box, Source.DERIVED)
    if grammar.covered(rule, layout):
        return replace(source, text=said, source=Source.DERIVED)
    telling = slice(rule.span[0] - 1, rule.span[1])
    chances = zip(seen.lines[0].reading.chances[telling], text[telling], strict=False)
    sure = min((chance for chance, character in chances if character != cells.FILLER), default=0.0)
    confidence = doubt.confidence(seen.kind, Signs(sure, 2 * sure - 1))
    is_sure = confidence >= doubt.enough(seen.kind) and text == seen.text
    return FieldReading(said, confidence, source.box, Source.DERIVED, is_sure)


def _contradicts(found: dict[str, FieldReading], rule: Tells, told: FieldReading) -> bool:
    """Put what one field tells of another in its place; return whether that says something else."""
    printed = found.get(rule.field)
    if printed is None or not printed.text:
        found[rule.field] = told
    elif printed.text == told.text:
        if told.verified:
            found[rule.field], found[rule.of] = _certain(printed), _certain(found[rule.of])
    elif told.text:
        found[rule.field] = replace(printed, sure=False, verified=False)
        found[rule.of] = replace(found[rule.of], sure=False, verified=False)
        return True
    return False
