"""Several readings of one side of a card, from pictures that follow one another, made into one.

What was measured on films (ocr/synth/videos.py): readings that were sure and wrong came from blurred pictures, so those
count only where there is none better. And mistakes repeat: where one clear picture was misread, two of five others were
misread in the same way; so no number of pictures that agree makes a field surer than each of them is.
"""

from collections.abc import Sequence
from dataclasses import replace

from ocr import doubt, fields, regions
from ocr.id_card import FieldReading, IdCard, IdCardBack, IdCardFront, Risk, Source

UNCLEAR = frozenset({Risk.BLURRED, Risk.EDGE_MISSING})
"""In such pictures what is read surely may yet be wrong."""
_BROKEN = 0.9  # no field that breaks a rule, or has a hole, is surer than this (ocr/doubt.py)
_LIKELIEST = 0.9999
_KINDS = {"valid_from": "validity", "valid_until": "validity"}
_PROVED = ("id_number", "birth", "sex")


def combined(cards: Sequence[IdCard]) -> IdCardFront | IdCardBack:
    """Return what one or more readings of the same side of a resident ID card say together."""
    clear = [card for card in cards if not card.risks & UNCLEAR]
    readings = [card.fields for card in clear or cards]
    least = 1 if clear else 2
    said = {name: _field(name, [each[name] for each in readings], least) for name in readings[0]}
    if "id_number" in said:
        return IdCardFront(**_agreed(said, readings))
    return IdCardBack(**_ordered(said))


def _field(name: str, readings: Sequence[FieldReading], least: int) -> FieldReading:
    """Return what most readings say, weighed by their confidence; sure of it only where `least` of them agree."""
    said = [each for each in readings if each.text]
    if name == "id_number" and any(fields.checks(each.text) for each in said):
        said = [each for each in said if fields.checks(each.text)]
    if not said:
        return readings[-1]
    weights: dict[str, float] = {}
    for each in said:
        weights[each.text] = weights.get(each.text, 0.0) + each.confidence**4  # the unlikely hardly counts
    text = max(weights, key=lambda each: (weights[each], each))
    alike = sorted((each for each in said if each.text == text), key=lambda each: (each.sure, each.confidence))
    typical = alike[len(alike) // 2]  # the best of many would be too good to be true
    confidence = typical.confidence * weights[text] / max(sum(weights.values()), 1e-9)
    others = any(each.sure for each in said if each.text != text)
    likely = confidence >= doubt.enough(_KINDS.get(name, name))
    sure = typical.sure and likely and len(alike) >= least and not others
    return replace(typical, confidence=confidence, sure=sure, verified=False)


def _agreed(said: dict[str, FieldReading], readings: Sequence[dict[str, FieldReading]]) -> dict[str, FieldReading]:
    """Return the fields of a front with what number, birth and sex prove of each other (GB 11643)."""
    number = said["id_number"].text
    if not fields.checks(number):
        return said
    told = {"birth": fields.born(number), "sex": fields.sex(number)}
    if any(said[name].text not in {"", text} for name, text in told.items()):
        doubted = {name for name, text in told.items() if said[name].text != text} | {"id_number"}
        return {name: replace(each, sure=each.sure and name not in doubted) for name, each in said.items()}
    printed = all(
        any(each[name].text == text and each[name].source is Source.PRINT for each in readings)
        for name, text in told.items()
    )
    once = any(all(each[name].verified and each[name].text == said[name].text for name in _PROVED) for each in readings)
    if once or (printed and said["id_number"].confidence > _BROKEN and regions.known(number[:6])):
        for name in _PROVED:
            text = told.get(name, number)
            said[name] = replace(said[name], text=text, confidence=_LIKELIEST, sure=True, verified=True)
    return said


def _ordered(said: dict[str, FieldReading]) -> dict[str, FieldReading]:
    """Return the fields of a back; a first and a last day that no card has together are both in doubt."""
    begins, until = (said[name].text.replace("-", ".") for name in ("valid_from", "valid_until"))
    if fields.in_order(f"{begins}-{until}"):
        return said
    return {name: replace(each, sure=each.sure and name == "authority") for name, each in said.items()}
