"""What happens in a branch: the numbered log of these events is the truth, and every view is a fold of it."""

from dataclasses import dataclass
from enum import Enum

from kiosk_core.texts import Language
from queue_display.dispatch import Reason
from queue_display.tickets import Channel


class By(Enum):
    """Who did it."""

    CUSTOMER = "customer"
    TELLER = "teller"
    BRANCH = "branch"  # a rule of the policy, by the time that passed


class BreakReason(Enum):
    """Why a window pauses."""

    REST = "rest"
    MEAL = "meal"
    CASH = "cash"  # counting, balancing, fetching
    BACK_OFFICE = "back_office"
    TRAINING = "training"
    FAULT = "fault"  # the window's machines do not work


# -- the day -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DayOpened:
    """A day (YYYY-MM-DD, from `midnight`) begins: nobody waits, no window is staffed, numbers begin anew."""

    day: str
    midnight: float


# -- tickets -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Issued:
    """A ticket was taken. Its fields are those of `tickets.Ticket`; what was said of the wait: None, nothing was."""

    ticket: str
    services: tuple[str, ...]
    customer_class: str
    language: Language
    channel: Channel
    since: float
    notes: str = ""
    slot: float | None = None
    said_about_s: float | None = None
    said_up_to_s: float | None = None


@dataclass(frozen=True)
class Called:
    """A ticket was called to a window; `reason` says why it and no other."""

    ticket: str
    window: str
    reason: Reason


@dataclass(frozen=True)
class Recalled:
    """It was called once more."""

    ticket: str


@dataclass(frozen=True)
class Arrived:
    """The customer is at the window."""

    ticket: str


@dataclass(frozen=True)
class Started:
    """The service began."""

    ticket: str


@dataclass(frozen=True)
class Transferred:
    """It waits for another service, or another window ("": any), with its seniority."""

    ticket: str
    service: str
    window: str = ""


@dataclass(frozen=True)
class Parked:
    """It is out of the line, until `back_at` (None: until somebody brings it back)."""

    ticket: str
    by: By
    back_at: float | None = None


@dataclass(frozen=True)
class NoShow:
    """Called, and nobody came."""

    ticket: str


@dataclass(frozen=True)
class ReEntered:
    """It waits again, from now on with the seniority `since`."""

    ticket: str
    since: float
    by: By


@dataclass(frozen=True)
class Finished:
    """The service is done; a ticket with more services waits for the next one."""

    ticket: str


@dataclass(frozen=True)
class Cancelled:
    """It will not be served."""

    ticket: str
    by: By


TicketEvent = Called | Recalled | Arrived | Started | Transferred | Parked | NoShow | ReEntered | Finished | Cancelled
"""What happens to a ticket that there is."""

# -- tellers -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TellerSignedIn:
    """A teller opened a window; `services` are those of his skills and the window's rule (empty: all)."""

    window: str
    teller: str
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class TellerSignedOut:
    """The window is closed."""

    window: str


@dataclass(frozen=True)
class BreakBegan:
    """The window pauses."""

    window: str
    reason: BreakReason


@dataclass(frozen=True)
class BreakEnded:
    """The window goes on."""

    window: str


Event = DayOpened | Issued | TicketEvent | TellerSignedIn | TellerSignedOut | BreakBegan | BreakEnded


UNKNOWN = "unknown"
"""The author of what was written before the log kept authors, or by whom others are not to know."""

QUEUE = "queue"
"""The author of what time alone brought about."""

HOLDER = "customer"
"""The author of what was asked by the token of a ticket: whoever holds it."""


@dataclass(frozen=True)
class Entry:
    """An event in the log: `number` is 1, 2, 3... over all days, `at` never goes back.

    `author` is whose token did it, by role and name ("teller/1001"), or HOLDER, QUEUE, UNKNOWN. It is of the record,
    not of what happened: no fold of the log asks for it.
    """

    number: int
    at: float
    event: Event
    author: str = UNKNOWN
