"""What a request may say: bodies, checked, and the acts that they ask for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import Field

from kiosk_core.texts import Language
from queue_display import acts
from queue_display.events import BreakReason, By
from queue_display.live import LEARNED_DAYS, LiveBranch
from queue_display.refusals import Refusal, Why
from queue_display.server.access import Caller
from queue_display.tickets import Channel, Line
from queue_display.writer import Wish

STRICT = {"extra": "forbid", "strict": True}
"""How bodies are read: as the OpenAPI document says, and no otherwise."""

_LONGEST = MaxLen(32)
_IS_SHOWN = Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")  # on boards, and spoken

Name = Annotated[str, MinLen(1), _LONGEST, _IS_SHOWN]
Moment = Annotated[float, Ge(0), Le(253_402_300_799)]
"""Unix seconds, to the end of the year 9999: no calendar goes on."""
Minutes = Annotated[float, Ge(1), Le(240)]


@dataclass(frozen=True)
class Nothing:
    """A request without a body."""

    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class TakeTicket:
    """What a ticket is for. `slot`: Unix seconds of an appointment. `notes`: of the kiosk's form, for the teller."""

    services: Annotated[tuple[Name, ...], MinLen(1), MaxLen(5)]
    customer_class: Name
    language: Language = "zh"
    channel: Channel = Channel.KIOSK
    notes: Annotated[str, MaxLen(500)] = ""
    slot: Moment | None = None

    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class Call:
    """Which ticket."""

    ticket: Name

    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class TransferTo:
    """Which service, and at which window ("": any)."""

    service: Name
    window: Annotated[str, _LONGEST, _IS_SHOWN] = ""

    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class ReportOf:
    """Of how many days, the present one among them, and in which language."""

    days: Annotated[int, Ge(1), Le(LEARNED_DAYS)] = 1
    language: Language = "zh"


@dataclass(frozen=True)
class LogOf:
    """Of which day (YYYY-MM-DD; "": the present one), and in which language."""

    day: Annotated[str, Field(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = ""
    language: Language = "zh"


@dataclass(frozen=True)
class ParkFor:
    """For how many minutes; none: until somebody brings the ticket back."""

    minutes: Minutes | None = None

    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class MoreTime:
    """How many minutes the customer needs."""

    minutes: Minutes

    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class FinishThen:
    """Whether the same customer's next service follows at once."""

    go_on: bool = False

    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class SignInAs:
    """Which teller."""

    teller: Name

    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class BreakFor:
    """Why the window pauses."""

    reason: BreakReason

    __pydantic_config__ = STRICT


Asked = Callable[[Caller, Mapping[str, str], Any], Wish]
"""What is wished by this caller, with these parts of the path and this body."""


def take_ticket(_: Caller, __: Mapping[str, str], body: TakeTicket) -> Wish:
    """Issue a ticket, and keep what is said of the wait."""

    def wish(live: LiveBranch) -> acts.Act:
        about = up_to = None
        if live.policy.knows(body.services[0], body.customer_class):
            wait = live.waits.of_newcomer(live.branch, Line(body.services[0], body.customer_class), live.now)
            about, up_to = wait.about_s, wait.up_to_s
        return acts.IssueTicket(
            body.services,
            body.customer_class,
            body.language,
            body.channel,
            body.notes,
            body.slot,
            None if body.slot is not None else about,
            None if body.slot is not None else up_to,
        )

    return wish


def at_window(make: Callable[[str, Any], acts.Act]) -> Asked:
    """Ask for an act at the window that the path names."""
    return lambda _, path, body: lambda __: make(path["window"], body)


def park_at_window(_: Caller, path: Mapping[str, str], body: ParkFor) -> Wish:
    """Park who is at the window."""

    def wish(live: LiveBranch) -> acts.Act | Refusal:
        window = live.branch.windows.get(path["window"])
        if window is None:
            return Refusal(Why.NO_WINDOW, {"window": path["window"]})
        if not window.ticket:
            return Refusal(Why.NOBODY_AT_WINDOW, {"window": window.name})
        return acts.Park(window.ticket, By.TELLER, _back_at(live, body.minutes))

    return wish


def park_ticket(_: Caller, path: Mapping[str, str], body: ParkFor) -> Wish:
    """Park a ticket, by staff."""
    return lambda live: acts.Park(path["ticket"], By.TELLER, _back_at(live, body.minutes))


def transfer_ticket(_: Caller, path: Mapping[str, str], body: TransferTo) -> Wish:
    """Send a ticket that is at no window elsewhere."""
    return lambda _: acts.TransferTicket(path["ticket"], body.service, body.window)


def for_ticket(make: Callable[[str, By], acts.Act]) -> Asked:
    """Ask for an act of staff for the ticket that the path names."""
    return lambda _, path, __: lambda ___: make(path["ticket"], By.TELLER)


def for_own_ticket(make: Callable[[str, By], acts.Act]) -> Asked:
    """Ask for an act of the customer for his own ticket."""

    def asked(caller: Caller, _: Mapping[str, str], __: Nothing) -> Wish:
        def wish(live: LiveBranch) -> acts.Act | Refusal:
            number = own_ticket(live, caller)
            return number if isinstance(number, Refusal) else make(number, By.CUSTOMER)

        return wish

    return asked


def park_own_ticket(caller: Caller, _: Mapping[str, str], body: MoreTime) -> Wish:
    """Give the customer more time."""

    def wish(live: LiveBranch) -> acts.Act | Refusal:
        number = own_ticket(live, caller)
        if isinstance(number, Refusal):
            return number
        return acts.Park(number, By.CUSTOMER, _back_at(live, body.minutes))

    return wish


def own_ticket(live: LiveBranch, caller: Caller) -> str | Refusal:
    """Return the number of the caller's ticket, which must be of today."""
    ticket = live.branch.tickets.get(caller.name)
    if ticket is None or ticket.order != caller.order:
        return Refusal(Why.NO_TICKET, {"ticket": caller.name})
    return ticket.number


def _back_at(live: LiveBranch, minutes: float | None) -> float | None:
    return None if minutes is None else live.now + minutes * 60
