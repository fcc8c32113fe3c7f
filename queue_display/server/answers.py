"""What is answered, as records. Times are Unix seconds, durations seconds.

`entry` is the number of the log's last entry: an event stream that goes on from there misses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk_core.texts import LocalText
from queue_display.events import BreakReason
from queue_display.server.outgoing import OutboxNow
from queue_display.tickets import Channel, TicketState


@dataclass(frozen=True)
class WaitSaid:
    """A wait from now on: "about", and "up to", which is kept in four cases of five; null: not in sight."""

    about_s: float | None
    up_to_s: float | None


@dataclass(frozen=True)
class OwnTicket:
    """A ticket as its holder sees it.

    `ahead`: how many go before, for the same service. `wait`: while it waits. `until_s`: parked, in how many seconds it
    waits again (null: when somebody brings it back); missed, how many seconds are left to come back; else null.
    """

    ticket: str
    state: TicketState
    services: tuple[str, ...]
    customer_class: str
    window: str
    issued_at: float
    ahead: int
    wait: WaitSaid
    until_s: float | None
    entry: int


@dataclass(frozen=True)
class NewTicket:
    """A ticket that was taken, the token by which its holder asks for it, and the address of its page on a phone.

    The page's address bears the token in its fragment, which no browser sends to a server.
    """

    ticket: OwnTicket
    token: str
    page_url: str


@dataclass(frozen=True)
class StaffTicket:
    """A ticket as staff see it. `target_s`: how long it should wait at most, from `since`."""

    ticket: str
    state: TicketState
    services: tuple[str, ...]
    customer_class: str
    language: str
    channel: Channel
    issued_at: float
    since: float
    notes: str
    slot: float | None
    window: str
    called_at: float | None
    started_at: float | None
    calls: int
    back_at: float | None
    target_s: float


@dataclass(frozen=True)
class WindowNow:
    """A window, its ticket, and why this one was called; without a teller it is closed."""

    window: str
    teller: str
    pause: BreakReason | None
    pause_since: float | None
    ticket: StaffTicket | None
    why: LocalText | None
    entry: int


@dataclass(frozen=True)
class Windows:
    """The open windows; `known` are the names of all that the policy names or that were open in the last days."""

    windows: tuple[WindowNow, ...]
    known: tuple[str, ...]
    entry: int


@dataclass(frozen=True)
class Tickets:
    """The tickets of today that are not finished and not cancelled, in the order of issue."""

    tickets: tuple[StaffTicket, ...]
    entry: int


@dataclass(frozen=True)
class NextCall:
    """Whom a window would call now, and why."""

    ticket: StaffTicket
    why: LocalText


@dataclass(frozen=True)
class LineNow:
    """A line as it waits. `callable`: the window may call it; `window`: no other window may ("": any)."""

    service: str
    customer_class: str
    appointment: bool
    window: str
    waiting: int
    longest_s: float
    target_s: float
    over_target: int
    callable: bool


@dataclass(frozen=True)
class Console:
    """What a teller works with: the window, whom it would call next, the first who wait, in the order of its calls.

    `aside`: who is parked or was missed. `open_windows`: to which a ticket may be sent.
    """

    at: float
    window: WindowNow
    next: NextCall | None
    first: tuple[StaffTicket, ...]
    aside: tuple[StaffTicket, ...]
    lines: tuple[LineNow, ...]
    open_windows: tuple[str, ...]
    entry: int


@dataclass(frozen=True)
class ServiceNow:
    """A service: how many wait for it, and the wait of a newcomer by class."""

    service: str
    title: LocalText
    series: str
    waiting: int
    newcomer: Mapping[str, WaitSaid]


@dataclass(frozen=True)
class ClassOfCustomers:
    """A class of customers."""

    customer_class: str
    title: LocalText


@dataclass(frozen=True)
class Services:
    """What a ticket may be taken for."""

    services: tuple[ServiceNow, ...]
    classes: tuple[ClassOfCustomers, ...]
    entry: int


@dataclass(frozen=True)
class CallShown:
    """A call or recall: `number` is that of its entry."""

    number: int
    at: float
    ticket: str
    window: str
    again: bool


@dataclass(frozen=True)
class Board:
    """What the lobby sees: the last calls that lead to a window, the newest first, and the services.

    `at`: what time it is in the branch.
    """

    at: float
    calls: tuple[CallShown, ...]
    services: tuple[ServiceNow, ...]
    entry: int


@dataclass(frozen=True)
class Status:
    """How the queue stands, without anything of anybody."""

    day: str
    issued: int
    waiting: int
    windows: int
    entry: int


@dataclass(frozen=True)
class WholeStatus(Status):
    """How the queue stands, and how far those have got who are told of it: webhooks, headquarters."""

    outboxes: tuple[OutboxNow, ...]


@dataclass(frozen=True)
class WindowLoad:
    """What a window does now, since when: `state` is that of its ticket, "paused" or "free". Nobody is named."""

    window: str
    state: str
    since: float
    ticket: str
    pause: BreakReason | None


@dataclass(frozen=True)
class PromisesReport:
    """Over the last days: how many waits were promised and fell due, the share of "up to" that was kept (0.8 is meant).

    `bias_s`: by how much they waited longer than "about" on average; `rms_error_s`: the root mean square of that.
    `at_once`: how many others were told less than a minute, and which share of them was called within it.
    """

    due: int
    kept: float
    bias_s: float
    rms_error_s: float
    at_once: int
    at_once_kept: float


@dataclass(frozen=True)
class LineReport:
    """A line today: who waits now, waits to the first call against the target, and what was promised.

    `gave_up`: cancelled before the first call. `within_target`: the share of those called.
    """

    service: str
    customer_class: str
    appointment: bool
    target_s: float
    waiting: int
    over_target: int
    longest_waiting_s: float
    taken: int
    called: int
    gave_up: int
    within_target: float
    mean_s: float
    p90_s: float
    longest_s: float
    promises: PromisesReport


@dataclass(frozen=True)
class HourReport:
    """An hour of today (0 to 23). `called`: first calls, with the share within target and the mean wait."""

    hour: int
    taken: int
    called: int
    within_target: float
    mean_s: float
    finished: int
    missed: int
    gave_up: int


@dataclass(frozen=True)
class Report:
    """The day so far, and the load now. `services` forecast the waits of newcomers."""

    at: float
    now: Status
    windows: tuple[WindowLoad, ...]
    services: tuple[ServiceNow, ...]
    lines: tuple[LineReport, ...]
    hours: tuple[HourReport, ...]
    promises: PromisesReport


@dataclass(frozen=True)
class CsvFile:
    """A table to take away."""

    name: str
    text: str
