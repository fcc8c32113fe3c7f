"""A ticket and where it waits. Times are Unix seconds of the branch's wall clock, durations seconds."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from kiosk_core.texts import Language


class Channel(Enum):
    """Where a ticket was taken."""

    KIOSK = "kiosk"
    PHONE = "phone"
    STAFF = "staff"  # at the desk of whoever greets
    BOOKING = "booking"  # an appointment, made before the visit


class TicketState(Enum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    ARRIVED = "arrived"  # the customer is at the window
    SERVING = "serving"
    PARKED = "parked"  # out of the line for a while, by the teller's wish or the customer's
    NO_SHOW = "no_show"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Line(NamedTuple):
    """A waiting line: tickets that any policy treats alike, so that only the first of them competes.

    `window` is the only one that may call it, "" where any may. `appointment`: they wait since their slots.
    """

    service: str
    customer_class: str
    appointment: bool = False
    window: str = ""


class Head(NamedTuple):
    """A ticket as the calling rule sees it; heads sort by seniority.

    `since` is the moment from which its wait counts: in the future for an appointment before its slot. `order` breaks
    ties: the number of the event that issued it.
    """

    since: float
    order: int
    number: str
    line: Line


@dataclass(frozen=True)
class Ticket:
    """A ticket of one day. `number` is unique in it, like A013.

    `services` are those still to do, the present one first, none left once it is finished. `since` is its seniority
    (see Head); it outlives transfers. `notes` come from the kiosk's form. `slot` is when its appointment is. `window`
    is where it was called, or was transferred to. `calls` counts calls and recalls, `back_at` ends a parking.
    """

    number: str
    order: int
    services: tuple[str, ...]
    customer_class: str
    language: Language
    channel: Channel
    issued_at: float
    since: float
    state: TicketState = TicketState.WAITING
    notes: str = ""
    slot: float | None = None
    window: str = ""
    called_at: float | None = None
    started_at: float | None = None
    calls: int = 0
    back_at: float | None = None

    @property
    def line(self) -> Line:
        """Where it waits, while it waits."""
        return Line(self.services[0], self.customer_class, self.slot is not None, self.window)

    @property
    def head(self) -> Head:
        """The ticket as the calling rule sees it."""
        return Head(self.since, self.order, self.number, self.line)
