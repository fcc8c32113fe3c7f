"""The pages of taking a ticket: which texts and values each step shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk_core.bank_card import BankCardProblem
from kiosk_core.branch_queue import QueueService, QueueTicket, QueueWay, Wait
from kiosk_core.id_card_reader import IdCardProblem
from kiosk_core.id_document import Hint
from kiosk_core.journeys.pages import LAST_PAGE_IDLE_S, one_step
from kiosk_core.journeys.queue_ticket import classes
from kiosk_core.journeys.queue_ticket.outcome import Outcome
from kiosk_core.pages import (
    CapturePage,
    Choice,
    ChoicePage,
    FieldEntry,
    FieldPage,
    FieldState,
    FormField,
    Paper,
    Picture,
    Preview,
    ProgressPage,
    ResultPage,
    ScanPage,
    TicketPage,
    Tone,
)
from kiosk_core.services import QueueClass
from kiosk_core.texts import LocalText, Words

if TYPE_CHECKING:
    from kiosk_core.journeys.queue_ticket.state import Ticketing

WITHOUT = "without"
UNPRINTED_IDLE_S = 120
"""How long a ticket stands that is on the screen alone: long enough to write it down or to take its picture."""

_ICONS = {
    QueueWay.ID_CARD: "id_card",
    QueueWay.ID_CARD_PICTURE: "id_card",
    QueueWay.BANK_CARD: "bank",
    QueueWay.APPOINTMENT: "clock",
}
_TAKE = {QueueWay.ID_CARD, QueueWay.ID_CARD_PICTURE, QueueWay.BANK_CARD}


def request(each: QueueClass) -> str:
    """Return the name of the choice by which a customer asks for a class."""
    return f"class_{each.name}"


def services(s: Ticketing) -> ChoicePage:
    """Ask what for; each service says how long that takes."""
    ordinary = s.service.ordinary_class
    return ChoicePage(
        title=Words("queue_ticket.service.title"),
        choices=tuple(
            Choice(name=each.name, title=each.title, subtitle=_waits(each, ordinary), icon="ticket")
            for each in s.queue.services
        ),
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def _waits(service: QueueService, customer_class: str) -> Words:
    minutes = service.newcomer.get(customer_class, Wait()).minutes
    if minutes is None:
        return Words("queue_ticket.service.waiting", {"waiting": f"{service.waiting}"})
    return Words("queue_ticket.service.waits", {"waiting": f"{service.waiting}", "up_to": f"{minutes[1]}"})


def ways(s: Ticketing, problem: str | None = None) -> ChoicePage:
    """Ask how the class shall be told; most customers need no card for a ticket."""
    words = "queue_ticket.way"
    choices = [
        Choice(
            name=WITHOUT,
            title=Words(f"{words}.without.title"),
            subtitle=Words(f"{words}.without.subtitle"),
            icon="ticket",
            leading=True,
        )
    ]
    choices += [
        Choice(name=request(each), title=each.title, subtitle=each.on_request, icon="care")
        for each in s.service.classes
        if each.on_request is not None
    ]
    choices += [
        Choice(
            name=way.value,
            title=Words(f"{words}.{way.value}.title"),
            subtitle=Words(f"{words}.{way.value}.subtitle"),
            icon=_ICONS[way],
        )
        for way in classes.useful(s.service, s.ways)
    ]
    return ChoicePage(
        title=Words(f"{words}.title"),
        choices=tuple(choices),
        problem=Words(f"{words}.problem.{problem}") if problem is not None else None,
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def id_card(s: Ticketing, problem: IdCardProblem | None = None) -> CapturePage:
    """Ask for the ID card; `problem` says why the last one does not count."""
    return CapturePage(
        title=Words("queue_ticket.id_card.title"),
        body=Words("queue_ticket.id_card.body"),
        picture=Picture.PLACE_ID_CARD,
        problem=Words(f"queue_ticket.id_card.problem.{problem.value}") if problem is not None else None,
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def picture(s: Ticketing, hint: Hint) -> ScanPage:
    """Ask for the front of the ID card under the camera, or say what is not right yet."""
    side = ".front" if hint in {Hint.LAY_DOWN, Hint.TURN_OVER} else ""
    return ScanPage(
        title=Words("queue_ticket.picture.title"),
        hint=Words(f"id_update.hint{side}.{hint.value}"),
        sign=hint.value,
        good=hint is Hint.READING,
        picture=Picture.ID_CARD_FRONT,
        steps=(),
        current=0,
        preview=Preview(card_outline=True),
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def bank_card(s: Ticketing, problem: BankCardProblem | None = None) -> CapturePage:
    """Ask for a bank card; `problem` says why the last one came out again."""
    return CapturePage(
        title=Words("queue_ticket.bank_card.title"),
        body=Words("queue_ticket.bank_card.body"),
        picture=Picture.INSERT_BANK_CARD,
        problem=Words("queue_ticket.bank_card.problem") if problem is not None else None,
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def code(s: Ticketing, problem: str | None = None) -> FieldPage:
    """Ask for the code of an appointment."""
    label = Words("queue_ticket.code.label")
    return FieldPage(
        title=Words("queue_ticket.code.title"),
        field=FormField(name="appointment", label=label, text="", state=FieldState.ASKED),
        entry=FieldEntry.CODE,
        problem=Words(f"queue_ticket.code.{problem}") if problem is not None else None,
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def taking() -> ProgressPage:
    """Say that the ticket is taken."""
    return one_step("queue_ticket.taking")


def ticket(s: Ticketing, ticket: QueueTicket, paper: Paper) -> TicketPage:
    """Show the ticket, and what became of its paper."""
    service, minutes, named = s.queue.service(s.chosen), ticket.wait.minutes, s.customer_class
    body = "scan" if paper is Paper.NONE and ticket.page_url else paper.value
    return TicketPage(
        number=ticket.number,
        service=service.title if service is not None else LocalText("", ""),
        customer_class=named.title if named is not None else None,
        ahead=Words("queue_ticket.ticket.ahead", {"ahead": f"{ticket.ahead}"}),
        wait=Words("queue_ticket.ticket.wait", {"about": f"{minutes[0]}", "up_to": f"{minutes[1]}"})
        if minutes is not None
        else Words("queue_ticket.ticket.wait_unknown"),
        body=Words(f"queue_ticket.ticket.{body}"),
        qr=ticket.page_url,
        paper=paper,
        take=Words(f"queue_ticket.ticket.take.{_card(s.way)}") if s.way in _TAKE else None,
        idle_s={Paper.PRINTING: None, Paper.PRINTED: LAST_PAGE_IDLE_S, Paper.NONE: UNPRINTED_IDLE_S}[paper],
    )


def _card(way: QueueWay | None) -> str:
    return "bank_card" if way is QueueWay.BANK_CARD else "id_card"


def without_ticket(outcome: Outcome, reason: LocalText | None) -> ResultPage:
    """Say that there is no ticket, and where to go."""
    return ResultPage(
        tone=Tone.ATTENTION,
        title=Words(f"queue_ticket.{outcome.value}.title"),
        body=Words(f"queue_ticket.{outcome.value}.body"),
        reason=reason,
        pictures=(Picture.STAFF,),
        idle_s=LAST_PAGE_IDLE_S,
    )
