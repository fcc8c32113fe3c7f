"""What the queue's server answers a kiosk (docs/queue/server.md), checked: its fields go to paper and screen."""

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Le, MaxLen
from pydantic import Field, TypeAdapter

from kiosk_core.texts import LocalText

_Seconds = Annotated[float, Ge(0), Le(7 * 86_400), Field(allow_inf_nan=False)]
_Number = Annotated[str, Field(pattern="^[A-Z]{1,8}[0-9]{3,9}$")]
_Count = Annotated[int, Ge(0), Le(100_000)]
_Name = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,32}$")]
_Token = Annotated[str, Field(pattern="^[!-~]{1,200}$")]
_Url = Annotated[str, Field(pattern="^(https?://[!-~]{1,500})?$")]
_Moment = Annotated[float, Ge(0), Le(2**33)]  # Unix seconds, till 2242


@dataclass(frozen=True)
class WaitSaid:
    """A wait in seconds; null: not in sight."""

    about_s: _Seconds | None
    up_to_s: _Seconds | None


@dataclass(frozen=True)
class TicketNow:
    """A ticket as its holder sees it."""

    ticket: _Number
    issued_at: _Moment
    ahead: _Count
    wait: WaitSaid


@dataclass(frozen=True)
class NewTicket:
    """A ticket that was taken, the token of its holder, and the page that a phone opens ("": none)."""

    ticket: TicketNow
    token: _Token = field(repr=False)
    page_url: _Url = field(default="", repr=False)


@dataclass(frozen=True)
class ServiceNow:
    """A service, who waits for it, and the wait of a newcomer by class."""

    service: _Name
    title: LocalText
    waiting: _Count
    newcomer: dict[str, WaitSaid]


@dataclass(frozen=True)
class CallShown:
    """A call to a window."""

    ticket: _Number
    window: _Name


@dataclass(frozen=True)
class Board:
    """What the lobby sees."""

    calls: Annotated[tuple[CallShown, ...], MaxLen(50)]
    services: Annotated[tuple[ServiceNow, ...], MaxLen(24)]


@dataclass(frozen=True)
class Problem:
    """Why something is not done."""

    code: str
    detail: str
    detail_zh: str


NEW_TICKET = TypeAdapter(NewTicket)
BOARD = TypeAdapter(Board)
PROBLEM = TypeAdapter(Problem)
