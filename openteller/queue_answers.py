"""What the queue's server answers a kiosk (docs/queue/server.md), checked: its fields go to paper and screen."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, TypeAdapter

from kiosk_core.branch_queue import QueueCall, QueueNow, QueueService, Wait
from queue_display.listening.heard import Board, Count, Moment, TicketNumber, WaitSaid

_Token = Annotated[str, Field(pattern="^[!-~]{1,200}$")]
_Url = Annotated[str, Field(pattern="^(https?://[!-~]{1,500})?$")]


@dataclass(frozen=True)
class TicketNow:
    """A ticket as its holder sees it."""

    ticket: TicketNumber
    issued_at: Moment
    ahead: Count
    wait: WaitSaid


@dataclass(frozen=True)
class NewTicket:
    """A ticket that was taken, the token of its holder, and the page that a phone opens ("": none)."""

    ticket: TicketNow
    token: _Token = field(repr=False)
    page_url: _Url = field(default="", repr=False)


@dataclass(frozen=True)
class Problem:
    """Why something is not done."""

    code: str
    detail: str
    detail_zh: str


NEW_TICKET = TypeAdapter(NewTicket)
PROBLEM = TypeAdapter(Problem)


def wait_of(said: WaitSaid) -> Wait:
    """Return a wait as the journeys know it."""
    return Wait(said.about_s, said.up_to_s)


def queue_now(board: Board) -> QueueNow:
    """Return how the queue stands, as the journeys know it."""
    services = (
        QueueService(
            each.service, each.title, each.waiting, {name: wait_of(said) for name, said in each.newcomer.items()}
        )
        for each in board.services
    )
    return QueueNow(tuple(services), tuple(QueueCall(each.ticket, each.window) for each in board.calls))
