"""What a program and its reading process tell each other: one JSON object a message, dots beside it in shared memory.

What the process says is believed in nothing but its content: an answer of another shape raises ValueError.
"""

import json
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from datetime import date
from typing import Any, TypeVar

from ocr.id_card import FieldReading, IdCard, IdCardBack, IdCardFront, Quad, Quality, Risk, Source, Unreadable
from ocr.sizes import refused

LONGEST = 60_000
"""Bytes of a message: the kernel passes that many on in one piece (unix(7), SOCK_SEQPACKET)."""

READY = b'{"ready": true}'
_SIDES = {"front": IdCardFront, "back": IdCardBack}
_LONGEST_TEXT = 500  # characters
T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """Read the picture in the memory that comes with this; `number` tells questions apart."""

    number: int
    width: int
    height: int
    today: date | None


@dataclass(frozen=True)
class Answer:
    """What was read. Of a card with a portrait, its dots are where `portrait` (height, width) says they are."""

    number: int
    told: IdCard | Unreadable
    portrait: tuple[int, int] | None = None


def encode_question(question: Question) -> bytes:
    """Return the message."""
    today = question.today.isoformat() if question.today else None
    return _encode({"number": question.number, "size": [question.width, question.height], "today": today})


def decode_question(message: bytes) -> Question:
    """Return the question. Raises ValueError."""
    data = _object(message, {"number", "size", "today"})
    width, height = _several(data["size"], _whole)
    if refused(width, height):
        raise ValueError("a picture of this size is not read")
    today = None if data["today"] is None else date.fromisoformat(_text(data["today"]))
    return Question(_whole(data["number"]), width, height, today)


def encode_answer(answer: Answer) -> bytes:
    """Return the message; the portrait's dots are not in it."""
    told = answer.told
    if isinstance(told, Unreadable):
        return _encode({"number": answer.number, "unreadable": told.value})
    card = {
        "number": answer.number,
        "side": next(name for name, kind in _SIDES.items() if isinstance(told.side, kind)),
        "fields": {name: _field_to_json(each) for name, each in told.fields.items()},
        "corners": told.corners,
        "quality": astuple(told.quality),
        "risks": sorted(risk.value for risk in told.risks),
        "portrait": answer.portrait,
    }
    return _encode(card)


def decode_answer(message: bytes) -> Answer:
    """Return the answer, its card without the portrait. Raises ValueError."""
    if b'"unreadable"' in message[:100]:
        data = _object(message, {"number", "unreadable"})
        return Answer(_whole(data["number"]), Unreadable(data["unreadable"]))
    data = _object(message, {"number", "side", "fields", "corners", "quality", "risks", "portrait"})
    kind = _SIDES.get(_text(data["side"]))
    if kind is None:
        raise ValueError("a side that no card has")
    names = {each.name for each in fields(kind)}
    side = kind(**{name: _field_from_json(each) for name, each in _keys(data["fields"], names).items()})
    quality = Quality(*_several(data["quality"], _number, len(fields(Quality))))
    risks = frozenset(Risk(_text(each)) for each in _list(data["risks"]))
    portrait = None if data["portrait"] is None else _several(data["portrait"], _whole)
    card = IdCard(side, _quad(data["corners"]), quality, risks)
    return Answer(_whole(data["number"]), card, None if portrait is None else (portrait[0], portrait[1]))


def _field_to_json(field: FieldReading) -> list[Any]:
    return [field.text, field.confidence, field.box, field.source.value, field.sure, field.verified]


def _field_from_json(data: Any) -> FieldReading:
    text, confidence, box, source, sure, verified = _list(data, 6)
    if not 0 <= _number(confidence) <= 1:
        raise ValueError("a confidence that is none")
    where = None if box is None else _quad(box)
    return FieldReading(_text(text), _number(confidence), where, Source(_text(source)), _truth(sure), _truth(verified))


def _quad(data: Any) -> Quad:
    one, two, three, four = (_several(corner, _number) for corner in _list(data, 4))
    return (one[0], one[1]), (two[0], two[1]), (three[0], three[1]), (four[0], four[1])


# -- plain data, and nothing else --------------------------------------------------------------------------------


def _encode(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, allow_nan=False).encode()


def _object(message: bytes, names: set[str]) -> dict[str, Any]:
    try:
        return _keys(json.loads(message.decode()), names)
    except RecursionError:
        raise ValueError("lists within lists without end") from None


def _keys(data: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(data, dict) or data.keys() != names:
        raise ValueError(f"an object with {', '.join(sorted(names))} was expected")
    return data


def _list(data: Any, length: int | None = None) -> list[Any]:
    if not isinstance(data, list) or length not in {None, len(data)}:
        raise ValueError("a list was expected")
    return data


def _several(data: Any, each: Callable[[Any], T], length: int = 2) -> list[T]:
    return [each(value) for value in _list(data, length)]


def _text(data: Any) -> str:
    if not isinstance(data, str) or len(data) > _LONGEST_TEXT or not (data == "" or data.isprintable()):
        raise ValueError("a text was expected")
    return data


def _truth(data: Any) -> bool:
    if not isinstance(data, bool):
        raise ValueError("true or false was expected")  # noqa: TRY004  (of data, not of types)
    return data


def _whole(data: Any) -> int:
    if not isinstance(data, int) or isinstance(data, bool) or not 0 <= data < 2**31:
        raise ValueError("a whole number was expected")
    return data


def _number(data: Any) -> float:
    if not isinstance(data, int | float) or isinstance(data, bool) or not abs(data) <= 1e7:  # nor is it NaN
        raise ValueError("a number was expected")
    return float(data)
