"""The transitions of taking a ticket: each takes the state and one event and returns what follows."""

from dataclasses import replace
from datetime import date
from typing import Any

from kiosk_core.bank_card import BankCardProblem
from kiosk_core.branch_queue import QueueWay, TicketWish
from kiosk_core.id_card_reader import IdCardProblem
from kiosk_core.id_document import CapturedSide, CaptureProblem, DocumentSide, Hint
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.queue_ticket import classes, pages
from kiosk_core.journeys.queue_ticket.outcome import Outcome
from kiosk_core.journeys.queue_ticket.receipt import receipt
from kiosk_core.journeys.queue_ticket.state import Next, Step, Ticketing
from kiosk_core.journeys.rows import not_printed, printed, record
from kiosk_core.ledger import Facts, LedgerState
from kiosk_core.pages import Paper
from kiosk_core.texts import LocalText

LOOK_SECONDS = 0.5
SIDE_SECONDS = 60.0
QUEUE_SECONDS = 12.0
"""Longer than any time limit of the queue's client: of a name that cannot be resolved, say."""
PAPER_SECONDS = 15.0
"""Printers may try for a minute; nobody should stand there so long for a number that he sees."""


# -- small words -------------------------------------------------------------------------------------------


def go(s: Ticketing, step: Step, *effects: do.Effect, **changes: Any) -> Next:
    return replace(s, step=step, **changes), effects


def end(s: Ticketing, *effects: do.Effect) -> Next:
    return go(s, Step.ENDED, *effects, do.End())


def abandoned(s: Ticketing, why: str) -> do.Record:
    return record(s, LedgerState.ABANDONED, {"why": why})


def without_ticket(s: Ticketing, outcome: Outcome, *effects: do.Effect, reason: LocalText | None = None) -> Next:
    """Say that there is no ticket, and where to go."""
    return go(s, Step.LAST_PAGE, *effects, do.Show(pages.without_ticket(outcome, reason)))


# -- what for ----------------------------------------------------------------------------------------------


def queue_seen(s: Ticketing, event: ev.QueueSeen) -> Next:
    s = replace(s, queue=event.now, ways=event.ways)
    match event.now.services:
        case ():
            return queue_silent(s, ev.QueueUnanswered())
        case (only,):
            return ask_way(replace(s, chosen=only.name))
        case _:
            return go(s, Step.SERVICE, do.Show(pages.services(s)))


def queue_silent(s: Ticketing, _: ev.QueueUnanswered) -> Next:
    return without_ticket(s, Outcome.SILENT, abandoned(s, "the queue is silent"))


def choose_service(s: Ticketing, event: ev.OptionChosen) -> Next:
    if s.queue.service(event.name) is None:
        return s, ()
    return ask_way(replace(s, chosen=event.name))


# -- which class -------------------------------------------------------------------------------------------


def ask_way(s: Ticketing, problem: str | None = None) -> Next:
    """Ask how the class shall be told, if the rule knows more than one."""
    on_request = any(each.on_request is not None for each in s.service.classes)
    if not on_request and not classes.useful(s.service, s.ways):
        return take(s, s.service.ordinary_class)
    return go(s, Step.WAY, do.Show(pages.ways(s, problem)), way=None)


def choose_way(s: Ticketing, event: ev.OptionChosen) -> Next:
    if event.name == pages.WITHOUT:
        return take(s, s.service.ordinary_class)
    for each in s.service.classes:
        if each.on_request is not None and event.name == pages.request(each):
            return take(s, each.name)
    match next((way for way in classes.useful(s.service, s.ways) if way.value == event.name), None):
        case QueueWay.ID_CARD as way:
            return go(s, Step.ID_CARD, do.Show(pages.id_card(s)), do.ReadBirth(), way=way)
        case QueueWay.ID_CARD_PICTURE as way:
            timer, capture = do.StartTimer(Timer.SIDE, SIDE_SECONDS), do.CaptureSide(DocumentSide.FRONT)
            return go(s, Step.PICTURE, do.Show(pages.picture(s, Hint.LAY_DOWN)), timer, capture, way=way)
        case QueueWay.BANK_CARD as way:
            return go(s, Step.BANK_CARD, do.Show(pages.bank_card(s)), do.ReadBankCard(), way=way)
        case QueueWay.APPOINTMENT as way:
            return go(s, Step.CODE, do.Show(pages.code(s)), way=way)
        case None:
            return s, ()


def _release(s: Ticketing) -> tuple[do.Effect, ...]:
    """Let go of the device that reads a card."""
    match s.step:
        case Step.ID_CARD:
            return (do.StopTimer(Timer.ID_CARD),)
        case Step.PICTURE:
            return (do.StopTimer(Timer.SIDE), do.StopCapture())
        case Step.BANK_CARD:
            return (do.StopTimer(Timer.SLOT), do.CloseSlot())
        case _:
            return ()


def back(s: Ticketing, _: ev.CancelTouched) -> Next:
    """Choose another way: a card that cannot be read must not cost the ticket."""
    return _leaving(s, ask_way(s))


def _leaving(s: Ticketing, following: Next) -> Next:
    after, effects = following
    return after, (*_release(s), *effects)


def _way_lost(s: Ticketing, problem: str) -> Next:
    left = s.ways - {s.way} if s.way is not None else s.ways
    return _leaving(s, ask_way(replace(s, ways=left), problem))


def birth_was_read(s: Ticketing, event: ev.BirthRead) -> Next:
    return _leaving(s, take(s, classes.by_birth(s.service, event.birth, s.terminal.today)))


def ask_for_id_card_again(s: Ticketing, event: ev.IdCardUnusable) -> Next:
    again = do.StartTimer(Timer.ID_CARD, LOOK_SECONDS)
    if event.problem is IdCardProblem.NOT_PRESENT:
        return s, (again,)
    return s, (do.Show(pages.id_card(s, event.problem)), again)


def look_for_id_card(s: Ticketing, _: ev.TimerFired) -> Next:
    return s, (do.ReadBirth(),)


def id_card_reader_lost(s: Ticketing, _: ev.IdCardReaderLost) -> Next:
    return _way_lost(s, "id_card")


def captured(s: Ticketing, event: ev.CaptureTold) -> Next:
    """Show the hint, or take the day of birth and keep nothing else."""
    match event.news:
        case Hint() as hint:
            return s, (do.Show(pages.picture(s, hint)),)
        case CaptureProblem():
            return _way_lost(s, "id_card")
        case CapturedSide() as side:
            birth = _birth(side)
            if birth is None:
                again = (do.Show(pages.picture(s, Hint.LAY_DOWN)), do.CaptureSide(DocumentSide.FRONT))
                return s, (do.Wipe((side,)), *again)
            after, effects = _leaving(s, take(s, classes.by_birth(s.service, birth, s.terminal.today)))
            return after, (do.Wipe((side,)), *effects)


def _birth(side: CapturedSide) -> date | None:
    field = side.of("birth")
    try:
        return date.fromisoformat(field.text) if field is not None and field.sure else None
    except ValueError:
        return None


def picture_late(s: Ticketing, event: ev.CaptureTold) -> Next:
    """Keep nothing of what comes when nobody waits for it."""
    return s, (do.Wipe((event.news,)),) if isinstance(event.news, CapturedSide) else ()


def picture_over(s: Ticketing, event: ev.TimerFired) -> Next:
    return _way_lost(s, "id_card") if event.timer is Timer.SIDE else (s, ())


def bank_card_was_read(s: Ticketing, event: ev.BankCardRead) -> Next:
    return _leaving(s, take(s, classes.by_card(s.service, event.number)))


def ask_for_bank_card_again(s: Ticketing, event: ev.BankCardUnusable) -> Next:
    again = do.StartTimer(Timer.SLOT, LOOK_SECONDS)
    if event.problem is BankCardProblem.NOT_PRESENT:
        return s, (again,)
    return s, (do.Show(pages.bank_card(s, event.problem)), again)


def look_in_slot(s: Ticketing, _: ev.TimerFired) -> Next:
    return s, (do.ReadBankCard(),)


def slot_lost(s: Ticketing, _: ev.SlotLost) -> Next:
    return _way_lost(s, "bank_card")


def seek_appointment(s: Ticketing, event: ev.FieldAnswered) -> Next:
    return s, (do.FindAppointment(event.text),)


def appointment_sought(s: Ticketing, event: ev.AppointmentSought) -> Next:
    """Take the ticket of an appointment, for its own service."""
    appointment = event.appointment
    if appointment is None or s.queue.service(appointment.service) is None:
        return s, (do.Show(pages.code(s, "unknown")),)
    s = replace(s, appointment=appointment, chosen=appointment.service)
    return take(s, appointment.customer_class or s.service.ordinary_class)


# -- the ticket --------------------------------------------------------------------------------------------


def take(s: Ticketing, customer_class: str) -> Next:
    """Ask for the ticket; the key is on disk before."""
    slot = s.appointment.slot if s.appointment is not None else None
    wish = TicketWish(s.chosen, customer_class, s.language, slot)
    facts: Facts = {
        "key": s.key,
        "queue_service": s.chosen,
        "customer_class": customer_class,
        "slot": slot,
        "language": s.language,  # he may have switched since he began
    }
    row = record(s, LedgerState.TICKET_REQ, facts)
    timer = do.StartTimer(Timer.QUEUE, QUEUE_SECONDS)
    return go(s, Step.TAKING, row, do.Show(pages.taking()), timer, do.TakeTicket(wish, s.key), wish=wish)


_ANSWERED = do.StopTimer(Timer.QUEUE)


def ticket_taken(s: Ticketing, event: ev.TicketTaken) -> Next:
    """Show the number at once, and print it."""
    s = replace(s, ticket=event.ticket)
    row = record(s, LedgerState.DONE, {"ticket": event.ticket.number})
    show = do.Show(pages.ticket(s, event.ticket, Paper.PRINTING))
    timer = do.StartTimer(Timer.PAPER, PAPER_SECONDS)
    return go(s, Step.PRINTING, _ANSWERED, row, show, timer, do.PrintReceipt(receipt(s, event.ticket)))


def declined(s: Ticketing, event: ev.TicketDeclined) -> Next:
    reason = event.refused.reason
    row = record(s, LedgerState.DECLINED, {"why": reason.en})
    return without_ticket(s, Outcome.REFUSED, _ANSWERED, row, reason=reason)


def unanswered(s: Ticketing, _: ev.QueueUnanswered) -> Next:
    """Leave it open: what the queue may have made is withdrawn when it answers."""
    return without_ticket(s, Outcome.SILENT, _ANSWERED)


def too_late(s: Ticketing, event: ev.TimerFired) -> Next:
    return without_ticket(s, Outcome.SILENT) if event.timer is Timer.QUEUE else (s, ())


def receipt_printed(s: Ticketing, _: ev.ReceiptPrinted) -> Next:
    return _last_page(s, Paper.PRINTED, printed(s))


def receipt_failed(s: Ticketing, event: ev.ReceiptFailed) -> Next:
    return _last_page(s, Paper.NONE, not_printed(s, event))


def paper_slow(s: Ticketing, event: ev.TimerFired) -> Next:
    """Let the screen be the ticket; if the paper comes after all, the page says so."""
    return _last_page(s, Paper.NONE) if event.timer is Timer.PAPER else (s, ())


def _last_page(s: Ticketing, paper: Paper, *effects: do.Effect) -> Next:
    if s.ticket is None:
        return without_ticket(s, Outcome.OUT_OF_SERVICE, *effects)
    return go(s, Step.LAST_PAGE, *effects, do.Show(pages.ticket(s, s.ticket, paper)))


# -- the end -----------------------------------------------------------------------------------------------


def leave(s: Ticketing, _: ev.Event) -> Next:
    return end(s)


def abandon(s: Ticketing, event: ev.CancelTouched | ev.CustomerGone) -> Next:
    why = "cancelled" if isinstance(event, ev.CancelTouched) else "the customer has gone"
    return end(s, *_release(s), abandoned(s, why))


def withdrawn(s: Ticketing, _: ev.TicketWithdrawn) -> Next:
    return end(s, abandoned(s, "nobody saw the ticket: it is withdrawn"))


def cannot_go_on(s: Ticketing) -> Next:
    """Show what there is: a ticket that is on disk is the customer's, any other is withdrawn by recovery."""
    if not s.attended:
        return end(s)
    return _leaving(s, _last_page(s, Paper.NONE))
