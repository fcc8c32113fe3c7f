"""The table of the update, and the functions that apply it."""

from collections.abc import Mapping

from kiosk_core.id_document import DocumentSide
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.id_update import moves
from kiosk_core.journeys.id_update.state import IdUpdating, Next, Step, Transition
from kiosk_core.journeys.rows import language_of, record
from kiosk_core.journeys.table import follow
from kiosk_core.journeys.trace_numbers import trace_of
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.services import IdUpdate
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


def begin(service: IdUpdate, terminal: Terminal, transaction: Transaction, language: Language) -> Next:
    """Start the journey of a customer whose NEW row is written."""
    return moves.capture(
        IdUpdating(service, terminal, transaction.id, trace_of(transaction), language), DocumentSide.FRONT
    )


def advance(s: IdUpdating, event: ev.Event) -> Next:
    """Return what follows from `event`.

    Touches, timers, card movements and pictures that mean nothing in this step are ignored, so a second tap does
    nothing.

    Raises:
        UnexpectedEvent: an answer to a question that this step did not ask.
    """
    if isinstance(event, ev.CannotGoOn):
        return moves.cannot_go_on(s)
    if isinstance(event, ev.CaptureTold) and s.step is not Step.CAPTURE:
        return moves.late(s, event)
    return follow(TABLE, s.step, s, event)


def resume(transaction: Transaction, service: IdUpdate, terminal: Terminal) -> Next:
    """Go on with a transaction of the journal, with no customer there."""
    language = language_of(transaction)
    s = IdUpdating(
        service,
        terminal,
        transaction.id,
        trace_of(transaction),
        language,
        step=Step.ENDED,
        ledger=transaction.state,
        attended=False,
    )
    match transaction.state:
        case LedgerState.NEW | LedgerState.CARD_READ:
            return moves.end(s, record(s, LedgerState.ABANDONED, {"why": "the terminal stopped"}))
        case LedgerState.UPDATE_REQ:
            return moves.go(s, Step.ASKING, do.FindIdUpdate(s.trace))
        case _:
            return moves.end(s)


TABLE: Mapping[tuple[Step, type[ev.Event]], Transition] = {
    (Step.CAPTURE, ev.CaptureTold): moves.told,
    (Step.CAPTURE, ev.TimerFired): moves.time_over,
    (Step.CAPTURE, ev.CancelTouched): moves.abandon,
    (Step.CAPTURE, ev.CustomerGone): moves.abandon,
    (Step.FORM, ev.FieldOpened): moves.open_field,
    (Step.FORM, ev.FormConfirmed): moves.confirm,
    (Step.FORM, ev.CancelTouched): moves.abandon,
    (Step.FORM, ev.CustomerGone): moves.abandon,
    (Step.FIELD, ev.FieldAnswered): moves.answer,
    (Step.FIELD, ev.CancelTouched): moves.abandon,
    (Step.FIELD, ev.CustomerGone): moves.abandon,
    (Step.SENDING, ev.IdUpdateAnswered): moves.update_answered,
    (Step.SENDING, ev.IdUpdateUnanswered): moves.find_update,
    (Step.ASKING, ev.IdUpdateFound): moves.update_found,
    (Step.ASKING, ev.IdUpdateNotFound): moves.update_not_found,
    (Step.PRINTING, ev.ReceiptPrinted): moves.receipt_printed,
    (Step.PRINTING, ev.ReceiptFailed): moves.receipt_failed,
    (Step.LAST_PAGE, ev.DoneTouched): moves.leave,
    (Step.LAST_PAGE, ev.CustomerGone): moves.leave,
}
