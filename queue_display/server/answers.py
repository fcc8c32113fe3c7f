"""What is answered, as records. Times are Unix seconds, durations seconds.

`entry` is the number of the log's last entry: an event stream that goes on from there misses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk_core.texts import LocalText
from queue_display.events import BreakReason
from queue_display.tickets import Channel, TicketState


@dataclass(frozen=True)
class WaitSaid:
    """A wait from now on: "about", and "up to", which is kept in four cases of five; null: not in sight."""

    about_s: float | None
    up_to_s: float | None


@dataclass(frozen=True)
class OwnTicket:
    """A ticket as its holder sees it. `ahead`: how many go before, for the same service; `wait`: while it waits."""

    ticket: str
    state: TicketState
    services: tuple[str, ...]
    customer_class: str
    window: str
    issued_at: float
    ahead: int
    wait: WaitSaid
    entry: int


@dataclass(frozen=True)
class NewTicket:
    """A ticket that was taken, and the token by which its holder asks for it."""

    ticket: OwnTicket
    token: str


@dataclass(frozen=True)
class StaffTicket:
    """A ticket as staff see it."""

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


@dataclass(frozen=True)
class WindowNow:
    """A window, its ticket, and after a call why this one was called."""

    window: str
    teller: str
    pause: BreakReason | None
    ticket: StaffTicket | None
    why: LocalText | None
    entry: int


@dataclass(frozen=True)
class Windows:
    """The open windows."""

    windows: tuple[WindowNow, ...]
    entry: int


@dataclass(frozen=True)
class Tickets:
    """The tickets of today that are not finished and not cancelled, in the order of issue."""

    tickets: tuple[StaffTicket, ...]
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
    """What the lobby sees: the last calls, the newest first, and the services."""

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
class LineReport:
    """Waits of a line today against its target, and over the last days how often "up to" was kept."""

    service: str
    customer_class: str
    appointment: bool
    target_s: float
    called: int
    within_target: float
    mean_s: float
    longest_s: float
    promises: int
    promises_kept: float
    promises_bias_s: float


@dataclass(frozen=True)
class Report:
    """The day so far."""

    now: Status
    lines: tuple[LineReport, ...]
