"""The transitions of an update: each takes the state and one event and returns what follows."""

from dataclasses import replace
from typing import Any, assert_never

from kiosk_core.id_document import (
    CapturedSide,
    CaptureProblem,
    DocumentRisk,
    DocumentSide,
    Hint,
    one_document,
)
from kiosk_core.id_update import IdRefused
from kiosk_core.intents import FieldAnswer
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.id_update import form, pages
from kiosk_core.journeys.id_update.outcome import Outcome
from kiosk_core.journeys.id_update.receipt import receipt
from kiosk_core.journeys.id_update.state import Entry, IdUpdating, Next, Step
from kiosk_core.journeys.rows import not_printed, printed, record
from kiosk_core.ledger import Facts, LedgerState
from kiosk_core.pages import FieldEntry, FieldState

_FALSE = frozenset({DocumentRisk.PHOTOCOPY, DocumentRisk.SCREEN, DocumentRisk.EDITED})
_ANSWERED = frozenset({FieldState.CHANGED, FieldState.OPEN})


# -- small words -------------------------------------------------------------------------------------------


def go(s: IdUpdating, step: Step, *effects: do.Effect, **changes: Any) -> Next:
    return replace(s, step=step, **changes), effects


def end(s: IdUpdating, *effects: do.Effect) -> Next:
    return go(s, Step.ENDED, *effects, do.End())


def _letting_go(s: IdUpdating) -> tuple[IdUpdating, tuple[do.Effect, ...]]:
    """End the capture and keep nothing of the person."""
    stop: tuple[do.Effect, ...] = (do.StopCapture(), do.StopTimer(Timer.SIDE)) if s.step is Step.CAPTURE else ()
    wipe: tuple[do.Effect, ...] = (do.Wipe(s.sides),) if s.sides else ()
    return replace(s, sides=(), entries=(), asked=""), (*stop, *wipe)


def last_page(s: IdUpdating, outcome: Outcome, *effects: do.Effect, has_receipt: bool = False) -> Next:
    """Show how it ended."""
    s, let_go = _letting_go(replace(s, outcome=outcome))
    if not s.attended:
        return end(s, *effects)
    return go(s, Step.LAST_PAGE, *let_go, *effects, do.Show(pages.last_page(s, outcome, has_receipt=has_receipt)))


def _with_receipt(s: IdUpdating, outcome: Outcome, *effects: do.Effect) -> Next:
    s = replace(s, outcome=outcome)
    if not s.attended:
        return end(s, *effects)
    return go(s, Step.PRINTING, *effects, do.Show(pages.printing()), do.PrintReceipt(receipt(s, outcome)))


def _abandoned(s: IdUpdating, outcome: Outcome, why: str) -> Next:
    return last_page(s, outcome, record(s, LedgerState.ABANDONED, {"why": why}))


# -- the card under the camera -----------------------------------------------------------------------------


def capture(s: IdUpdating, side: DocumentSide, problem: str = "", *effects: do.Effect, **changes: Any) -> Next:
    """Have a side laid under the camera; `problem` says why once more."""
    s = replace(s, side=side, problem=problem, **changes)
    timer = do.StartTimer(Timer.SIDE, s.service.times.side_s)
    first = Hint.LAY_DOWN if side is DocumentSide.FRONT else Hint.TURN_OVER
    return go(s, Step.CAPTURE, *effects, do.Show(pages.scan(s, first)), timer, do.CaptureSide(side))


def told(s: IdUpdating, event: ev.CaptureTold) -> Next:
    """Show the hint, or go on with the side."""
    news = event.news
    if event.side is not s.side:
        return late(s, event)
    match news:
        case Hint():
            return s, (do.Show(pages.scan(s, news)),)
        case CaptureProblem():
            return _abandoned(s, Outcome.OUT_OF_SERVICE, news.value)
        case CapturedSide():
            return _captured(s, news)
        case _:
            assert_never(news)


def late(s: IdUpdating, event: ev.CaptureTold) -> Next:
    """Keep nothing of what comes when nobody waits for it."""
    return s, (do.Wipe((event.news,)),) if isinstance(event.news, CapturedSide) else ()


def _captured(s: IdUpdating, side: CapturedSide) -> Next:
    before = tuple(each for each in s.sides if each.side is side.side)
    wipe: tuple[do.Effect, ...] = (do.Wipe(before),) if before else ()
    s = replace(s, sides=(*(each for each in s.sides if each.side is not side.side), side), problem="")
    if side.risks & _FALSE:
        if side.side in s.doubted:
            why = ",".join(sorted(risk.value for risk in side.risks & _FALSE))
            return last_page(s, Outcome.NOT_ORIGINAL, *wipe, record(s, LedgerState.ABANDONED, {"why": why}))
        return capture(s, side.side, "original", *wipe, doubted=s.doubted | {side.side})
    if len(s.sides) < len(DocumentSide):
        return capture(s, DocumentSide.BACK, "", *wipe)
    return _both(s, side, wipe)


def _both(s: IdUpdating, newest: CapturedSide, effects: tuple[do.Effect, ...]) -> Next:
    front, back = sorted(s.sides, key=lambda each: each.side is DocumentSide.BACK)
    if not one_document(front, back) and DocumentSide.BACK not in s.doubted:
        return capture(s, newest.side, "other_card", *effects, doubted=s.doubted | {DocumentSide.BACK})
    answered = [each for each in s.entries if each.state in _ANSWERED]
    s = replace(s, entries=form.entries_of(s.sides, answered))
    effects = (do.StopTimer(Timer.SIDE), *effects)
    if form.expired(s.entries, s.terminal.today):
        return last_page(s, Outcome.EXPIRED, *effects, record(s, LedgerState.ABANDONED, {"why": "expired"}))
    if s.ledger is LedgerState.NEW:
        asked = ",".join(each.name for each in s.entries if each.state is FieldState.ASKED)
        effects += (record(s, LedgerState.CARD_READ, {"asked": asked}),)
        s = replace(s, ledger=LedgerState.CARD_READ)
    return go(s, Step.FORM, *effects, do.Show(pages.the_form(s)))


def time_over(s: IdUpdating, event: ev.TimerFired) -> Next:
    return _abandoned(s, Outcome.NOT_READ, "no picture in time") if event.timer is Timer.SIDE else (s, ())


# -- the form ----------------------------------------------------------------------------------------------


def open_field(s: IdUpdating, event: ev.FieldOpened) -> Next:
    entry = s.entry(event.name)
    return _ask(s, entry) if entry is not None else (s, ())


def _ask(s: IdUpdating, entry: Entry, problem: str | None = None) -> Next:
    return go(s, Step.FIELD, do.Show(pages.field(s, entry, problem)), asked=entry.name)


def answer(s: IdUpdating, event: ev.FieldAnswered) -> Next:
    """Take the answer to the field that is asked; one about another is a second tap."""
    entry = s.entry(s.asked)
    if entry is None or event.name != entry.name:
        return s, ()
    match event.answer:
        case FieldAnswer.RIGHT:
            return _settle(s, entry, entry.text)
        case FieldAnswer.TYPED if form.entry_of(entry.name) is not FieldEntry.TEXT:
            return _settle(s, entry, event.text)
        case FieldAnswer.AGAIN:
            return capture(s, form.side_of(entry.name))
        case FieldAnswer.COUNTER if entry.name in form.MAY_STAY_OPEN:
            return _on(s, form.changed(s.entries, entry, "", FieldState.OPEN))
        case FieldAnswer.COUNTER if entry.name == "name":
            return _abandoned(s, Outcome.COUNTER, "the name is not as it was read")
        case _:
            return s, ()


def _settle(s: IdUpdating, entry: Entry, text: str) -> Next:
    problem = form.problem_of(entry.name, text, s.entries, s.terminal.today)
    if problem is not None:
        return _ask(s, entry, problem)
    kept = FieldState.CHANGED if text != entry.text or entry.state is FieldState.CHANGED else FieldState.SURE
    return _on(s, form.changed(s.entries, entry, text, kept))


def _on(s: IdUpdating, entries: tuple[Entry, ...]) -> Next:
    """Ask what is left to be asked, or show the form."""
    s = replace(s, entries=entries)
    entry = s.next_asked
    return _ask(s, entry) if entry is not None else go(s, Step.FORM, do.Show(pages.the_form(s)), asked="")


def confirm(s: IdUpdating, _: ev.FormConfirmed) -> Next:
    """Tell the bank, if every field may be right."""
    today = s.terminal.today
    if s.next_asked is not None:
        return s, ()
    for entry in s.entries:
        problem = form.problem_of(entry.name, entry.text, s.entries, today)
        if problem is not None and entry.state is not FieldState.OPEN:
            return _ask(s, entry, problem)
    if form.expired(s.entries, today):
        return _abandoned(s, Outcome.EXPIRED, "expired")
    told, masked = form.record_of(s.entries), form.masked(s.entries)
    left_open = tuple(each.name for each in s.entries if each.state is FieldState.OPEN)
    facts: Facts = {
        "id_number": masked.number,
        "stan": s.trace.order_stan,
        "changed": ",".join(each.name for each in s.entries if each.state is FieldState.CHANGED),
        "open": ",".join(left_open),
    }
    s, let_go = _letting_go(replace(s, masked=masked, left_open=left_open, ledger=LedgerState.UPDATE_REQ))
    row = record(s, LedgerState.UPDATE_REQ, facts)
    return go(s, Step.SENDING, *let_go, row, do.Show(pages.sending()), do.UpdateId(s.trace, told))


def abandon(s: IdUpdating, event: ev.CancelTouched | ev.CustomerGone) -> Next:
    if isinstance(event, ev.CancelTouched):
        return _abandoned(s, Outcome.CANCELLED, "cancelled")
    s, let_go = _letting_go(s)
    return end(s, *let_go, record(s, LedgerState.ABANDONED, {"why": "the customer has gone"}))


# -- the bank ----------------------------------------------------------------------------------------------


def update_answered(s: IdUpdating, event: ev.IdUpdateAnswered) -> Next:
    result = event.result
    if isinstance(result, IdRefused):
        s = replace(s, refusal=result.reason, ledger=LedgerState.DECLINED)
        facts: Facts = {"reason": result.reason.value, "response_code": result.response_code}
        return last_page(s, Outcome.REFUSED, record(s, LedgerState.DECLINED, facts))
    s = replace(s, ledger=LedgerState.DONE)
    return _with_receipt(s, Outcome.UPDATED, record(s, LedgerState.DONE, {"rrn": result.rrn}))


def find_update(s: IdUpdating, _: ev.IdUpdateUnanswered) -> Next:
    return go(s, Step.ASKING, do.FindIdUpdate(s.trace))


def update_found(s: IdUpdating, event: ev.IdUpdateFound) -> Next:
    if event.taken:
        s = replace(s, ledger=LedgerState.DONE)
        return _with_receipt(s, Outcome.UPDATED, record(s, LedgerState.DONE))
    s = replace(s, ledger=LedgerState.ABANDONED)
    return _abandoned(s, Outcome.HOST_SILENT, "the bank has not taken it")


def update_not_found(s: IdUpdating, _: ev.IdUpdateNotFound) -> Next:
    """Leave it open: recovery asks on."""
    return _with_receipt(s, Outcome.PENDING)


# -- the end -----------------------------------------------------------------------------------------------


def receipt_printed(s: IdUpdating, _: ev.ReceiptPrinted) -> Next:
    return last_page(s, s.outcome or Outcome.PENDING, printed(s), has_receipt=True)


def receipt_failed(s: IdUpdating, event: ev.ReceiptFailed) -> Next:
    return last_page(s, s.outcome or Outcome.PENDING, not_printed(s, event))


def leave(s: IdUpdating, _: ev.Event) -> Next:
    return end(s)


def cannot_go_on(s: IdUpdating) -> Next:
    """Say what is certain by the last row on disk; recovery goes on from that row."""
    if s.outcome is not None:  # how it ended is on disk already
        outcome = s.outcome
    elif s.ledger.before_payment:
        outcome = Outcome.OUT_OF_SERVICE
    else:
        outcome = Outcome.PENDING
    return last_page(s, outcome)
