"""What the fields of a card must have to do with each other, and what follows: mended, derived, verified, in doubt.

GB 11643: an ID number holds the region of first registration, the day of birth, the sex, and a character that checks.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeVar

from ocr import doubt, fields, places, regions
from ocr.characters import begins_with_surname, folded, han
from ocr.completion import completed
from ocr.doubt import Signs
from ocr.field_reader import Seen
from ocr.fields import Interpreter
from ocr.id_card import FieldReading, IdCardBack, IdCardFront, Quad, Source

_CERTAIN = 0.9999
_FOLLOWS, _MAY_FOLLOW = 0.9, 0.6  # what was not seen follows from a number that checks, sure or not; it is asked back
_FIRM = 0.5  # so sure must each digit of a number be that checks and agrees, to be beyond doubt
_LOSS, _LEAD = 9.0, 3.0  # how much less likely than what was read a mended text may be; how far before the next
_SWAP = 4.0  # a sex or day that is so little less likely than what was read gives way to a number that checks
_FULL = 11  # characters of a line that another follows; digits are narrow, and make it more
_ENDERS = frozenset("号室组村楼户栋幢座队屯社内院附园城区弄场里苑厂校店")

_Side = TypeVar("_Side", bound=IdCardFront | IdCardBack)
Judge = Callable[[str, Signs], float]
"""How likely a field of a kind is right, by its signs."""


def front(
    seen: Mapping[str, Seen],
    boxes: Mapping[str, Quad | None],
    interpreter: Interpreter,
    judge: Judge = doubt.confidence,
) -> IdCardFront:
    """Return the side with the portrait."""
    number, birth, sex = _agreed(seen, boxes, interpreter, judge)
    home = number.text[:6] if fields.checks(number.text) else ""
    return IdCardFront(
        name=name(seen["name"], boxes["name"], judge),
        sex=sex,
        ethnicity=judged(judge, seen["ethnicity"], seen["ethnicity"].text, 0, boxes["ethnicity"]),
        birth=birth,
        address=address(seen["address"], boxes["address"], home, interpreter, judge),
        id_number=number,
    )


def back(
    seen: Mapping[str, Seen],
    boxes: Mapping[str, Quad | None],
    interpreter: Interpreter,
    judge: Judge = doubt.confidence,
) -> IdCardBack:
    """Return the side with the emblem."""
    validity = seen["validity"]
    text, repaired = _dated(validity, interpreter)
    begins, until = fields.validity(text)
    # A term of 10 years, one digit hidden, is mended to one of 20 as easily: what was mended is asked back.
    wrong = 0 if fields.in_order(text) and not repaired else 2
    return IdCardBack(
        authority(seen["authority"], boxes["authority"], interpreter, judge),
        judged(judge, validity, begins, wrong, boxes["validity"], repaired=repaired),
        judged(judge, validity, until, wrong, boxes["validity"], repaired=repaired),
    )


def asked_back(side: _Side, hidden: Collection[str]) -> _Side:
    """Return a side none of whose fields is sure over which something lies, unless a rule proves it.

    `hidden`: names of fields as layouts have them. Characters at the end of a line that are hidden leave no hole.
    """
    kinds = {"valid_from": "validity", "valid_until": "validity"}
    return replace(
        side,
        **{
            field: replace(each, sure=False)
            for field, each in vars(side).items()
            if kinds.get(field, field) in hidden and not each.verified
        },
    )


def name(seen: Seen, box: Quad | None, judge: Judge = doubt.confidence) -> FieldReading:
    """Return somebody's name in Chinese."""
    text = folded(seen.text)
    changed = sum(han(old) and old != new for old, new in zip(seen.text, text, strict=True))
    odd = _odd_name(text) + changed  # what looks traditional may be a rare character that the network lacks
    return judged(judge, seen, text, odd, box, repaired=changed > 0)


def authority(seen: Seen, box: Quad | None, interpreter: Interpreter, judge: Judge = doubt.confidence) -> FieldReading:
    """Return a police authority."""
    place = places.authority(seen.text, _weigher(seen, interpreter))
    odd = 0 if place.settled else 1 + (not seen.text.endswith(("公安局", "分局")))
    return judged(judge, seen, place.text, odd, box, repaired=place.repaired)


def _agreed(
    seen: Mapping[str, Seen], boxes: Mapping[str, Quad | None], interpreter: Interpreter, judge: Judge
) -> tuple[FieldReading, FieldReading, FieldReading]:
    """Return ID number, birth and sex."""
    day_text, day_repaired = _dated(seen["birth"], interpreter)
    day = fields.birth_date(day_text)
    sex = seen["sex"].text
    number, repaired = _number(seen["id_number"], day, sex, interpreter)
    read = {
        "id_number": judged(judge, seen["id_number"], number, 0 if fields.checks(number) else 3, boxes["id_number"]),
        "birth": judged(judge, seen["birth"], day, 0 if day else 3, boxes["birth"], repaired=day_repaired),
        "sex": judged(judge, seen["sex"], sex, 0, boxes["sex"]),
    }
    if repaired:
        read["id_number"] = replace(read["id_number"], source=Source.REPAIRED, sure=False)
    elif not fields.checks(number) and (whole := _completed(seen, "" if day_repaired else day, interpreter)):
        proposed = replace(read["id_number"], text=whole, confidence=_MAY_FOLLOW)
        read["id_number"] = replace(proposed, source=Source.REPAIRED, sure=False)
    if not fields.checks(number) or not regions.known(number[:6]):
        if number:
            read["id_number"] = replace(read["id_number"], sure=False)
        if not fields.checks(number) or fields.born(number) != day:  # a day of which one digit is hidden is one, too
            read["birth"] = replace(read["birth"], sure=False)
        return read["id_number"], read["birth"], read["sex"]
    told = {"birth": fields.born(number), "sex": fields.sex(number)}
    firm = seen["id_number"].signs.sure >= _FIRM or repaired
    agrees = {name: read[name].text == text for name, text in told.items()}
    if all(agrees.values()) and firm:
        for name, each in read.items():
            read[name] = replace(each, verified=True, sure=True, confidence=max(each.confidence, _CERTAIN))
        return read["id_number"], read["birth"], read["sex"]
    for name, text in told.items():
        if not agrees[name]:
            read[name], sure = _told(read[name], seen[name], text, interpreter, sure=read["id_number"].sure)
            read["id_number"] = replace(read["id_number"], sure=sure)
    return read["id_number"], read["birth"], read["sex"]


def _told(
    read: FieldReading, seen: Seen, text: str, interpreter: Interpreter, *, sure: bool
) -> tuple[FieldReading, bool]:
    """Return birth or sex when the number tells another `text`, and whether the number is still sure, if it was."""
    if not read.text:  # not seen, or nothing that a card may say
        return replace(read, text=text, confidence=_FOLLOWS if sure else _MAY_FOLLOW, source=Source.DERIVED), sure
    if not sure:
        return replace(read, sure=False), False
    if _gives_way(seen, text, interpreter):
        return replace(read, text=text, source=Source.REPAIRED, sure=False), True
    return replace(read, sure=False), False


def _number(seen: Seen, day: str, sex: str, interpreter: Interpreter) -> tuple[str, bool]:
    """Return an ID number, and whether it is not what was read."""
    if fields.checks(seen.text) or not seen.lines:
        return seen.text, False
    line = seen.lines[0]
    weighed = interpreter.numbers(line.looks)
    agreeing = [
        (score + 2.0 * (fields.born(text) == day) + (fields.sex(text) == sex) + 2.0 * regions.known(text[:6]), text)
        for score, text in weighed
    ]
    agreeing.sort(key=lambda each: -each[0])
    if not agreeing or agreeing[0][0] < interpreter.likelihood(line, seen.text) - _LOSS:
        return seen.text, False
    if len(agreeing) > 1 and agreeing[0][0] - agreeing[1][0] < _LEAD:
        return seen.text, False
    return agreeing[0][1], True


def _completed(seen: Mapping[str, Seen], day: str, interpreter: Interpreter) -> str:
    """Return the only ID number that one of which digits are hidden may be; "" where there is no only one."""
    number = seen["id_number"]
    if not number.lines or number.box is None:
        return ""
    look = number.lines[0].looks[0]
    homes = places.codes(seen["address"].text)
    return completed(look, number.box, interpreter, day=day, sex=seen["sex"].text, homes=homes)


def _dated(seen: Seen, interpreter: Interpreter) -> tuple[str, bool]:
    """Return a birth or validity as printed, and whether it is not what was read."""
    good = fields.birth_date if seen.kind == "birth" else fields.in_order
    if not seen.lines or good(seen.text):
        return seen.text, False
    line = seen.lines[0]
    weighed = interpreter.dates(seen.kind, line.looks)
    if not weighed or weighed[0][0] < interpreter.likelihood(line, seen.text) - _LOSS:
        return seen.text, False
    if len(weighed) > 1 and weighed[0][0] - weighed[1][0] < _LEAD:
        return seen.text, False
    return weighed[0][1], True


def _gives_way(seen: Seen, text: str, interpreter: Interpreter) -> bool:
    line = seen.lines[0]
    if seen.kind == "sex":
        return interpreter.likelihood(line, text) > interpreter.likelihood(line, seen.text) - _SWAP
    year, month, day = text.split("-")
    written = f"{year}年{int(month)}月{int(day)}日"
    rest = iter(written)
    if all(character in rest for character in seen.text):  # what was read is in it: the others were not seen
        return True
    return interpreter.likelihood(line, written) > interpreter.likelihood(line, seen.text) - _SWAP


def address(
    seen: Seen, box: Quad | None, home: str, interpreter: Interpreter, judge: Judge = doubt.confidence
) -> FieldReading:
    """Return an address; somebody lives where he was registered first, `home`, a little more likely than elsewhere."""
    place = places.address(seen.text, _weigher(seen, interpreter), home)
    odd = (not place.settled) + (place.text[-1:] not in _ENDERS)
    odd += " " in place.text  # the network says so of a digit that glare or blur hides
    odd += not any(each.isdecimal() for each in place.text)  # 石桥村 is all that glare leaves of 石桥村50号
    odd += any(len(line.reading.text) < _FULL for line in seen.lines[:-1])
    return judged(judge, seen, place.text, odd, box, repaired=place.repaired)


def _weigher(seen: Seen, interpreter: Interpreter) -> places.Weigh:
    """Return how likely any text is that differs from what was read only here and there."""
    read = [line.reading.text for line in seen.lines]

    def weigh(text: str) -> float:
        return sum(
            interpreter.likelihood(line, part)
            for line, part, old in zip(seen.lines, _split(text, read), read, strict=True)
            if part != old
        ) - sum(
            interpreter.likelihood(line, old)
            for line, part, old in zip(seen.lines, _split(text, read), read, strict=True)
            if part != old
        )

    return weigh


def _split(text: str, read: list[str]) -> list[str]:
    """Return a text in lines like those that were read; what it has more or less is in the line that first differs."""
    parts, rest, surplus = [], text, len(text) - sum(len(line) for line in read)
    for number, line in enumerate(read):
        length = len(line)
        if surplus and (rest[:length] != line or number == len(read) - 1):
            length, surplus = length + surplus, 0
        parts.append(rest[:length])
        rest = rest[length:]
    return parts


def _odd_name(name: str) -> int:
    """Return how many rules a name breaks: two to four characters, the first a surname, or more with dots; Chinese all.

    Whose surname is not in the list is asked back: 福 may be 禤, and 也 乜, of which networks hardly know.
    """
    plain = name.replace("·", "")
    dotted = "·" in name
    long = not 2 <= len(plain) <= (20 if dotted else 4)
    return long + any(not han(each) for each in plain) + (not dotted and not begins_with_surname(name))


def judged(judge: Judge, seen: Seen, text: str, odd: int, box: Quad | None, *, repaired: bool = False) -> FieldReading:
    """Return a field that says `text` and breaks `odd` rules, with its confidence."""
    signs: Signs = replace(seen.signs, odd=seen.signs.odd + odd)
    confidence = judge(seen.kind, signs) if text else 0.0
    sure = bool(text) and confidence >= doubt.enough(seen.kind, again=signs.again)
    return FieldReading(text, confidence, box, Source.REPAIRED if repaired else Source.PRINT, sure)
