"""The fields of a card as a form: what of them is asked, what may be typed, and the record that comes of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from kiosk_core.ethnicities import ETHNICITIES
from kiosk_core.id_card_reader import IdNumber, PersonalText
from kiosk_core.id_document import LONG_TERM, CapturedSide, DocumentRisk, DocumentSide, one_document
from kiosk_core.id_update import IdRecord
from kiosk_core.journeys.id_update.state import Entry, Masked
from kiosk_core.pages import FieldEntry, FieldState

SEXES = ("男", "女")
MAY_STAY_OPEN = frozenset({"address", "authority"})
"""What the bank can do without until its counter fills it in."""

_ENTRIES: Mapping[str, FieldEntry] = {
    "id_number": FieldEntry.NUMBER,
    "sex": FieldEntry.CHOICE,
    "ethnicity": FieldEntry.CHOICE,
    "birth": FieldEntry.DATE,
    "valid_from": FieldEntry.DATE,
    "valid_until": FieldEntry.LAST_DAY,
}
_CHOICES: Mapping[str, tuple[str, ...]] = {"sex": SEXES, "ethnicity": ETHNICITIES}
_NUMBER = re.compile("[0-9]{17}[0-9X]")
_TOLD_BY_NUMBER = ("birth", "sex")
_SHOWN_OF_NUMBER = 4


def entry_of(name: str) -> FieldEntry:
    """Return how a field is corrected."""
    return _ENTRIES.get(name, FieldEntry.TEXT)


def choices_of(name: str) -> tuple[str, ...]:
    """Return what a field may be, () where that is no list."""
    return _CHOICES.get(name, ())


def side_of(name: str) -> DocumentSide:
    """Return the side on which a field is printed."""
    return DocumentSide.BACK if name in {"authority", "valid_from", "valid_until"} else DocumentSide.FRONT


def entries_of(sides: Iterable[CapturedSide], answered: Iterable[Entry] = ()) -> tuple[Entry, ...]:
    """Return the fields of both sides; what the customer has `answered` before stands."""
    front, back = sorted(sides, key=lambda side: side.side is DocumentSide.BACK)
    asked: set[str] = set()
    if DocumentRisk.NUMBER_DISAGREES in front.risks:
        asked |= {"id_number", *_TOLD_BY_NUMBER}
    if not one_document(front, back):
        asked |= {"birth", "valid_from", "valid_until"}
    stands = {each.name: each for each in answered}
    found = []
    for each in front.fields + back.fields:
        sure = each.sure and each.text != "" and each.name not in asked
        fresh = Entry(each.name, each.text, FieldState.SURE if sure else FieldState.ASKED, each.crop)
        found.append(stands.get(each.name, fresh))
    return tuple(found)


def changed(entries: Iterable[Entry], entry: Entry, text: str, state: FieldState) -> tuple[Entry, ...]:
    """Return the fields with one of them answered; an ID number that checks answers what is asked of birth and sex."""
    answered = tuple(replace(each, text=text, state=state) if each.name == entry.name else each for each in entries)
    if entry.name != "id_number" or not _checks(text):
        return answered
    told = _told(text)
    return tuple(_agreeing(each, told[each.name]) if each.name in told else each for each in answered)


def problem_of(name: str, text: str, entries: Iterable[Entry], today: date) -> str | None:
    """Return what is wrong with the text of a field, by the key of its words; None: it may be right."""
    texts = {each.name: each.text for each in entries if each.name != name}
    if not text:
        return "empty"
    match entry_of(name):
        case FieldEntry.TEXT:
            return None
        case FieldEntry.CHOICE if text not in choices_of(name):
            return "choice"
        case FieldEntry.NUMBER:
            return None if _checks(text) and _day(_told(text)["birth"], latest=today) else "number"
        case FieldEntry.LAST_DAY if text == LONG_TERM:
            return None
        case FieldEntry.DATE | FieldEntry.LAST_DAY:
            day = _day(text, latest=None if name == "valid_until" else today)
            if day is None:
                return "date"
            first, last = _day(texts.get("valid_from", "")), _day(texts.get("valid_until", ""))
            if (name == "valid_from" and last and day >= last) or (name == "valid_until" and first and day <= first):
                return "order"
    number = texts.get("id_number", "")
    if name in _TOLD_BY_NUMBER and _checks(number) and _told(number)[name] != text:
        return "number_disagrees"
    return None


def expired(entries: Iterable[Entry], today: date) -> bool:
    """Return whether the card has run out, where that is sure or confirmed."""
    known = (each for each in entries if each.name == "valid_until" and each.state is not FieldState.ASKED)
    return any((last := _day(each.text)) is not None and last < today for each in known)


def record_of(entries: Iterable[Entry]) -> IdRecord:
    """Return what the bank is told; every field has passed `problem_of` or is open.

    Raises:
        ValueError: one has not.
    """
    texts = {each.name: each.text for each in entries}
    until = texts["valid_until"]
    return IdRecord(
        name=PersonalText(texts["name"]),
        sex=texts["sex"],
        ethnicity=texts["ethnicity"],
        birth=date.fromisoformat(texts["birth"]),
        number=IdNumber(texts["id_number"]),
        valid_from=date.fromisoformat(texts["valid_from"]),
        valid_until=None if until == LONG_TERM else date.fromisoformat(until),
        address=PersonalText(texts["address"]) if texts["address"] else None,
        authority=PersonalText(texts["authority"]) if texts["authority"] else None,
    )


def masked(entries: Iterable[Entry]) -> Masked:
    """Return what may be shown of a card to whoever looks over its holder's shoulder."""
    texts = {each.name: each.text for each in entries}
    name, number = texts["name"], texts["id_number"]
    return Masked(
        name="*" * max(1, len(name) - 1) + name[-1:],
        number="*" * (len(number) - _SHOWN_OF_NUMBER) + number[-_SHOWN_OF_NUMBER:],
        valid_until=texts["valid_until"],
    )


def _checks(number: str) -> bool:
    return _NUMBER.fullmatch(number) is not None and IdNumber(number).checks


def _told(number: str) -> dict[str, str]:
    """Return birth and sex as an ID number of 18 characters tells them (GB 11643)."""
    return {
        "birth": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "sex": SEXES[0] if int(number[16]) % 2 else SEXES[1],
    }


def _agreeing(entry: Entry, told: str) -> Entry:
    if entry.text == told:
        return replace(entry, state=FieldState.SURE) if entry.state is FieldState.ASKED else entry
    if entry.state is FieldState.ASKED:
        return replace(entry, text=told, state=FieldState.SURE)
    return replace(entry, state=FieldState.ASKED)


def _day(text: str, latest: date | None = None) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if latest is None or day <= latest else None
