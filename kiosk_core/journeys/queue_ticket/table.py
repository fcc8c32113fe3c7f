"""The table of taking a ticket, and the functions that apply it."""

from collections.abc import Mapping

from kiosk_core.branch_queue import TicketWish
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.queue_ticket import moves
from kiosk_core.journeys.queue_ticket.state import Next, Step, Ticketing, Transition
from kiosk_core.journeys.rows import language_of
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.services import QueueTicketing
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


def begin(service: QueueTicketing, terminal: Terminal, transaction: Transaction, language: Language) -> Next:
    """Start the journey of a customer whose NEW row is written."""
    key = f"{transaction.id} {transaction.rows[0].at.isoformat()}"  # a journal that was lost may give the id again
    return Ticketing(service, terminal, transaction.id, key, language), (do.LookAtQueue(),)


def advance(s: Ticketing, event: ev.Event) -> Next:
    """Return what follows from `event`.

    Whatever means nothing in this step is ignored: touches, timers, and answers of readers that were left meanwhile.
    """
    if isinstance(event, ev.CannotGoOn):
        return moves.cannot_go_on(s)
    if isinstance(event, ev.CaptureTold) and s.step is not Step.PICTURE:
        return moves.picture_late(s, event)
    transition = TABLE.get((s.step, type(event)))
    return transition(s, event) if transition is not None else (s, ())


def resume(transaction: Transaction, service: QueueTicketing, terminal: Terminal) -> Next:
    """Go on with a transaction of the journal, with no customer there.

    Of an open TICKET_REQ nobody has seen the number. Tickets do not outlive their day.
    """
    facts = transaction.facts
    language = language_of(transaction)
    key = str(facts.get("key", ""))
    s = Ticketing(service, terminal, transaction.id, key, language, step=Step.ENDED, attended=False)
    if transaction.state.closed:
        return moves.end(s)
    if transaction.state is not LedgerState.TICKET_REQ:
        return moves.end(s, moves.abandoned(s, "the terminal stopped"))
    if transaction.rows[0].at.date() != terminal.today:
        return moves.end(s, moves.abandoned(s, "the day is over"))
    slot = facts.get("slot")
    wish = TicketWish(
        str(facts["queue_service"]), str(facts["customer_class"]), language, int(slot) if slot is not None else None
    )
    return moves.go(s, Step.WITHDRAWING, do.WithdrawTicket(wish, key), wish=wish)


TABLE: Mapping[tuple[Step, type[ev.Event]], Transition] = {
    (Step.LOOKING, ev.QueueSeen): moves.queue_seen,
    (Step.LOOKING, ev.QueueUnanswered): moves.queue_silent,
    (Step.SERVICE, ev.OptionChosen): moves.choose_service,
    (Step.SERVICE, ev.CancelTouched): moves.abandon,
    (Step.SERVICE, ev.CustomerGone): moves.abandon,
    (Step.WAY, ev.OptionChosen): moves.choose_way,
    (Step.WAY, ev.CancelTouched): moves.abandon,
    (Step.WAY, ev.CustomerGone): moves.abandon,
    (Step.ID_CARD, ev.BirthRead): moves.birth_was_read,
    (Step.ID_CARD, ev.IdCardUnusable): moves.ask_for_id_card_again,
    (Step.ID_CARD, ev.IdCardReaderLost): moves.id_card_reader_lost,
    (Step.ID_CARD, ev.TimerFired): moves.look_for_id_card,
    (Step.ID_CARD, ev.CancelTouched): moves.back,
    (Step.ID_CARD, ev.CustomerGone): moves.abandon,
    (Step.PICTURE, ev.CaptureTold): moves.captured,
    (Step.PICTURE, ev.TimerFired): moves.picture_over,
    (Step.PICTURE, ev.CancelTouched): moves.back,
    (Step.PICTURE, ev.CustomerGone): moves.abandon,
    (Step.BANK_CARD, ev.BankCardRead): moves.bank_card_was_read,
    (Step.BANK_CARD, ev.BankCardUnusable): moves.ask_for_bank_card_again,
    (Step.BANK_CARD, ev.SlotLost): moves.slot_lost,
    (Step.BANK_CARD, ev.TimerFired): moves.look_in_slot,
    (Step.BANK_CARD, ev.CancelTouched): moves.back,
    (Step.BANK_CARD, ev.CustomerGone): moves.abandon,
    (Step.CODE, ev.FieldAnswered): moves.seek_appointment,
    (Step.CODE, ev.AppointmentSought): moves.appointment_sought,
    (Step.CODE, ev.CancelTouched): moves.back,
    (Step.CODE, ev.CustomerGone): moves.abandon,
    (Step.TAKING, ev.TicketTaken): moves.ticket_taken,
    (Step.TAKING, ev.TicketDeclined): moves.declined,
    (Step.TAKING, ev.QueueUnanswered): moves.unanswered,
    (Step.TAKING, ev.TimerFired): moves.too_late,
    (Step.PRINTING, ev.ReceiptPrinted): moves.receipt_printed,
    (Step.PRINTING, ev.ReceiptFailed): moves.receipt_failed,
    (Step.PRINTING, ev.TimerFired): moves.paper_slow,
    (Step.LAST_PAGE, ev.ReceiptPrinted): moves.receipt_printed,
    (Step.LAST_PAGE, ev.ReceiptFailed): moves.receipt_failed,
    (Step.LAST_PAGE, ev.DoneTouched): moves.leave,
    (Step.LAST_PAGE, ev.CustomerGone): moves.leave,
    (Step.WITHDRAWING, ev.TicketWithdrawn): moves.withdrawn,
    (Step.WITHDRAWING, ev.QueueUnanswered): moves.leave,
}
