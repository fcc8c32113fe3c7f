"""Several readings of one side of a card, from pictures that follow one another, made into one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ocr import doubt, fields, regions
from ocr.id_card import FieldReading, IdCardBack, IdCardFront, Source

_SHARED = 0.25  # what another picture that agrees adds, of what it would if its mistakes had nothing to do with others'
_COUNTED = 3  # so many others at most: what all pictures have in common no number of them mends
_BROKEN = 0.9  # no field that breaks a rule, or has a hole, is surer than this (ocr/doubt.py), nor made so by more
_LIKELIEST = 0.9999
_KINDS = {"valid_from": "validity", "valid_until": "validity"}
_PROVED = ("id_number", "birth", "sex")


def combined(readings: Sequence[Mapping[str, FieldReading]]) -> IdCardFront | IdCardBack:
    """Return what one or more readings of the same side of a card say together, each its fields by name."""
    names = tuple(readings[0])
    said = {name: _field(name, [each[name] for each in readings]) for name in names}
    if "id_number" in said:
        return IdCardFront(**_agreed(said, readings))
    return IdCardBack(**_ordered(said))


def _field(name: str, readings: Sequence[FieldReading]) -> FieldReading:
    said = [each for each in readings if each.text]
    if name == "id_number" and any(fields.checks(each.text) for each in said):
        said = [each for each in said if fields.checks(each.text)]
    if not said:
        return readings[-1]
    alike = {text: [each for each in said if each.text == text] for text in {each.text for each in said}}
    chances = {text: _chance(each) for text, each in alike.items()}
    text = max(alike, key=lambda each: (chances[each], len(alike[each]), each))
    best = max(alike[text], key=lambda each: (each.sure, each.confidence))
    confidence = min(chances[text] / (1 + sum(chances.values())), _LIKELIEST)
    kind = _KINDS.get(name, name)
    likely = confidence >= doubt.enough(kind)
    lifted = best.source is Source.PRINT and best.confidence > _BROKEN and len(alike[text]) > 1
    # A number that does not check is never sure, however often it was read.
    sure = likely and (best.sure or (lifted and (name != "id_number" or fields.checks(text))))
    if any(each.sure for other in alike if other != text for each in alike[other]):
        sure = False
    return replace(best, confidence=confidence, sure=sure, verified=False)


def _chance(alike: Sequence[FieldReading]) -> float:
    """Return how many times likelier right than wrong a text is that was read so often."""
    odds = sorted((each.confidence / (1 - min(each.confidence, _LIKELIEST)) for each in alike), reverse=True)
    return odds[0] * math.prod([math.pow(max(each, 1.0), _SHARED) for each in odds[1 : 1 + _COUNTED]])


def _agreed(
    said: Mapping[str, FieldReading], readings: Sequence[Mapping[str, FieldReading]]
) -> dict[str, FieldReading]:
    """Return the fields of a front with what number, birth and sex prove of each other (GB 11643)."""
    told = dict(said)
    number = told["id_number"].text
    if not fields.checks(number):
        return told
    derived = {"birth": fields.born(number), "sex": fields.sex(number)}
    if any(told[name].text not in {"", text} for name, text in derived.items()):
        for name in _PROVED:
            if name == "id_number" or told[name].text != derived[name]:
                told[name] = replace(told[name], sure=False)
        return told
    proved = [each[name].verified and each[name].text == told[name].text for each in readings for name in _PROVED]
    printed = all(
        any(each[name].text == text and each[name].source is Source.PRINT for each in readings)
        for name, text in derived.items()
    )
    firm = told["id_number"].confidence > _BROKEN and printed and regions.known(number[:6])
    if firm or any(all(proved[start : start + 3]) for start in range(0, len(proved), 3)):
        for name in _PROVED:
            told[name] = replace(told[name], confidence=_LIKELIEST, sure=True, verified=True)
    return told


def _ordered(said: Mapping[str, FieldReading]) -> dict[str, FieldReading]:
    """Return the fields of a back; a first and a last day that no card has together are both in doubt."""
    told = dict(said)
    begins, until = told["valid_from"].text.replace("-", "."), told["valid_until"].text.replace("-", ".")
    if not fields.in_order(f"{begins}-{until}"):
        for name in ("valid_from", "valid_until"):
            told[name] = replace(told[name], sure=False)
    return told
