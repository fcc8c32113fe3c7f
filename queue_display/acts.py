"""What customers, tellers and the branch's own rules may ask for; `queue_display.deciding` says what follows."""

from dataclasses import dataclass

from kiosk_core.texts import Language
from queue_display.events import BreakReason, By
from queue_display.tickets import Channel


@dataclass(frozen=True)
class OpenDay:
    """Begin a day; who still waits from the day before is forgotten. See DayOpened."""

    day: str
    midnight: float


@dataclass(frozen=True)
class IssueTicket:
    """Take a ticket for `services`, in this order. `slot` is when its appointment is; see Issued."""

    services: tuple[str, ...]
    customer_class: str
    language: Language
    channel: Channel
    notes: str = ""
    slot: float | None = None
    said_about_s: float | None = None
    said_up_to_s: float | None = None


@dataclass(frozen=True)
class CallNext:
    """Call whom the policy chooses; a ticket that is being served here is finished first."""

    window: str


@dataclass(frozen=True)
class CallTicket:
    """Call this ticket, whoever else waits."""

    window: str
    ticket: str


@dataclass(frozen=True)
class Recall:
    """Call the ticket at the window once more."""

    window: str


@dataclass(frozen=True)
class Arrive:
    """The customer who was called is at the window."""

    window: str


@dataclass(frozen=True)
class Start:
    """Begin the service."""

    window: str


@dataclass(frozen=True)
class Transfer:
    """Send the ticket at the window to another service, or another window ("": any), with its seniority."""

    window: str
    service: str
    to_window: str = ""


@dataclass(frozen=True)
class TransferTicket:
    """Send a ticket that is at no window, waiting or parked, to another service, or window ("": any)."""

    ticket: str
    service: str
    to_window: str = ""


@dataclass(frozen=True)
class Park:
    """Take a ticket out of the line for a while: the one at a window, or a waiting customer who needs more time."""

    ticket: str
    by: By
    back_at: float | None = None


@dataclass(frozen=True)
class MarkNoShow:
    """Nobody came to the window."""

    window: str


@dataclass(frozen=True)
class ReEnter:
    """Let a parked ticket or a no-show wait again."""

    ticket: str
    by: By


@dataclass(frozen=True)
class Finish:
    """End the service. `go_on`: the same customer's next service follows at once."""

    window: str
    go_on: bool = False


@dataclass(frozen=True)
class Cancel:
    """Give a ticket up."""

    ticket: str
    by: By


@dataclass(frozen=True)
class SignIn:
    """Open a window."""

    window: str
    teller: str


@dataclass(frozen=True)
class SignOut:
    """Close a window; who was transferred to it alone waits for any."""

    window: str


@dataclass(frozen=True)
class BeginBreak:
    """Let a window pause."""

    window: str
    reason: BreakReason


@dataclass(frozen=True)
class EndBreak:
    """Let a window go on."""

    window: str


AtWindow = CallNext | CallTicket | Recall | Arrive | Start | Transfer | MarkNoShow | Finish
ForTicket = TransferTicket | Park | ReEnter | Cancel
Staffing = SignIn | SignOut | BeginBreak | EndBreak
Act = OpenDay | IssueTicket | AtWindow | ForTicket | Staffing
