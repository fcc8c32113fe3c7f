"""The pages of an update: which texts and values each step shows."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from kiosk_core.id_document import LONG_TERM, DocumentSide, Hint
from kiosk_core.journeys.id_update import form
from kiosk_core.journeys.id_update.outcome import Outcome
from kiosk_core.journeys.pages import LAST_PAGE_IDLE_S, one_step
from kiosk_core.pages import (
    Fact,
    FieldPage,
    FieldState,
    FormField,
    FormPage,
    Picture,
    Preview,
    ProgressPage,
    ResultPage,
    ScanPage,
    Tone,
)
from kiosk_core.texts import Words

if TYPE_CHECKING:
    from kiosk_core.journeys.id_update.state import Entry, IdUpdating

FORM_CROPS = 40_000
"""How many characters the pictures of a form may take in all: a page travels in one line."""

_STEPS = tuple(Words(f"id_update.side.{side.value}") for side in DocumentSide)
_PICTURES = {DocumentSide.FRONT: Picture.ID_CARD_FRONT, DocumentSide.BACK: Picture.ID_CARD_BACK}
_EACH_SIDE = frozenset({Hint.LAY_DOWN, Hint.TURN_OVER})  # these say which side
_TONES = {
    Outcome.UPDATED: Tone.SUCCESS,
    Outcome.CANCELLED: Tone.NEUTRAL,
    Outcome.NOT_READ: Tone.NEUTRAL,
    Outcome.COUNTER: Tone.NEUTRAL,
}
_TO_COUNTER = frozenset({Outcome.NOT_ORIGINAL, Outcome.COUNTER, Outcome.REFUSED})


def scan(s: IdUpdating, hint: Hint) -> ScanPage:
    """Ask for a side of the card, or say what is not right yet."""
    each = f"{s.side.value}." if hint in _EACH_SIDE else ""
    return ScanPage(
        title=Words(f"id_update.scan.{s.side.value}"),
        hint=Words(f"id_update.hint.{each}{hint.value}"),
        sign=hint.value,
        good=hint is Hint.READING,
        picture=_PICTURES[s.side],
        steps=_STEPS,
        current=list(DocumentSide).index(s.side),
        problem=Words(f"id_update.problem.{s.problem}") if s.problem else None,
        preview=Preview(card_outline=True),
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def the_form(s: IdUpdating) -> FormPage:
    """Show all fields, those first that must be looked at."""
    fields, room = [], FORM_CROPS
    for each in sorted(s.entries, key=lambda entry: entry.state is not FieldState.ASKED):
        shown = _field(each, crop=each.state is FieldState.ASKED)
        if len(shown.crop) > room:
            shown = _field(each, crop=False)
        room -= len(shown.crop)
        fields.append(shown)
    asked = sum(each.state is FieldState.ASKED for each in s.entries)
    return FormPage(
        title=Words("id_update.form.title"),
        body=Words("id_update.form.asked", {"count": f"{asked}"}) if asked else Words("id_update.form.body"),
        fields=tuple(fields),
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def field(s: IdUpdating, entry: Entry, problem: str | None = None) -> FieldPage:
    """Ask about one field."""
    return FieldPage(
        title=Words(f"id_update.field.{entry.name}" if entry.text else f"id_update.field_empty.{entry.name}"),
        field=_field(entry, crop=True),
        entry=form.entry_of(entry.name),
        choices=form.choices_of(entry.name),
        may_stay_open=entry.name in form.MAY_STAY_OPEN,
        problem=Words(f"id_update.field_problem.{problem}") if problem is not None else None,
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def _field(entry: Entry, *, crop: bool) -> FormField:
    picture = base64.b64encode(entry.crop.png).decode("ascii") if crop and entry.crop is not None else ""
    return FormField(
        name=entry.name,
        label=Words(f"id_update.label.{entry.name}"),
        text=entry.text,
        state=entry.state,
        crop=picture,
    )


def sending() -> ProgressPage:
    """Say that the bank is told."""
    return one_step("id_update.sending")


def printing() -> ProgressPage:
    """Say that the receipt is printed."""
    return one_step("id_update.printing")


def last_page(s: IdUpdating, outcome: Outcome, *, has_receipt: bool) -> ResultPage:
    """Say how it ended, whether anything has changed, and what to do now."""
    text = f"id_update.{outcome.value}"
    if outcome is Outcome.REFUSED and s.refusal is not None:
        body = Words(f"{text}.body.{s.refusal.value}")
    elif outcome is Outcome.UPDATED and not has_receipt:
        body = Words(f"{text}.body_no_receipt")
    else:
        body = Words(f"{text}.body")
    return ResultPage(
        tone=_TONES.get(outcome, Tone.ATTENTION),
        title=Words(f"{text}.title"),
        body=body,
        reason=Words("id_update.open") if outcome is Outcome.UPDATED and s.left_open else None,
        facts=_facts(s, outcome),
        pictures=_pictures(outcome, has_receipt=has_receipt),
        idle_s=LAST_PAGE_IDLE_S,
    )


def _pictures(outcome: Outcome, *, has_receipt: bool) -> tuple[Picture, ...]:
    staff = (Picture.STAFF,) if outcome in _TO_COUNTER else ()
    receipt = (Picture.TAKE_RECEIPT,) if has_receipt else ()
    return (*staff, Picture.TAKE_ID_CARD, *receipt)


def _facts(s: IdUpdating, outcome: Outcome) -> tuple[Fact, ...]:
    if outcome not in {Outcome.UPDATED, Outcome.PENDING}:
        return ()
    until = s.masked.valid_until
    return (
        Fact(label=Words("id_update.fact.name"), text=s.masked.name),
        Fact(label=Words("id_update.fact.id_number"), text=s.masked.number),
        Fact(label=Words("id_update.fact.valid_until"), text=until, strong=until != LONG_TERM),
        Fact(label=Words("fact.reference"), text=s.transaction),
    )
