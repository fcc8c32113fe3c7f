"""What the queue says, read and checked: nothing that it sends may break a screen, or be printed on paper unseen.

Moments are Unix seconds of the branch's clock, durations seconds. The server has records of its own
(`queue_display.server.answers`): a mistake there is seen here, and is not made twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le, MaxLen
from pydantic import Field, TypeAdapter, ValidationError

from kiosk_core.texts import LocalText
from queue_display.listening.event_stream import BrokenStream, StreamEvent

_FINITE = Field(allow_inf_nan=False)

Moment = Annotated[float, Ge(0), Le(2**33), _FINITE]  # till 2242
Duration = Annotated[float, Ge(0), Le(7 * 86_400), _FINITE]
Count = Annotated[int, Ge(0), Le(100_000)]
EntryNumber = Annotated[int, Ge(0)]
TicketNumber = Annotated[str, Field(pattern="^[A-Z]{1,8}[0-9]{3,9}$")]
Name = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,32}$")]

_NameOrNone = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,32}$")]


@dataclass(frozen=True)
class WaitSaid:
    """A wait: "about", and "up to", which is kept in four cases of five; null: not in sight."""

    about_s: Duration | None
    up_to_s: Duration | None


@dataclass(frozen=True)
class ServiceNow:
    """A service: how its numbers begin, how many wait for it, and the wait of a newcomer by class."""

    service: Name
    title: LocalText
    series: Name
    waiting: Count
    newcomer: Mapping[str, WaitSaid]


@dataclass(frozen=True)
class CallShown:
    """A call or recall: `number` is that of its entry."""

    number: EntryNumber
    at: Moment
    ticket: TicketNumber
    window: Name
    again: bool


@dataclass(frozen=True)
class Board:
    """What the lobby sees at the log's last entry, `entry`: the last calls, the newest first, and the services.

    `at`: what time it is in the branch.
    """

    at: Moment
    calls: Annotated[tuple[CallShown, ...], MaxLen(50)]
    services: Annotated[tuple[ServiceNow, ...], MaxLen(100)]
    entry: EntryNumber


@dataclass(frozen=True)
class Alive:
    """The queue is there, its log ends with `entry`, and it is `at` in the branch."""

    entry: EntryNumber
    at: Moment


@dataclass(frozen=True)
class Happened:
    """An entry of the log, as far as a screen cares; "" where its kind has no ticket or window."""

    number: EntryNumber
    at: Moment
    kind: Name
    ticket: _NameOrNone = ""
    window: _NameOrNone = ""


_BOARD = TypeAdapter(Board)
_ALIVE = TypeAdapter(Alive)
_HAPPENED = TypeAdapter(Happened)


class NotUnderstood(ValueError):
    """An answer that is none of a branch's queue."""


def read_board(body: bytes) -> Board:
    """Return the answer of GET /v1/board.

    Raises:
        NotUnderstood: it is none.
    """
    try:
        return _BOARD.validate_json(body)
    except ValidationError as error:
        raise NotUnderstood(f"GET /v1/board: {where_wrong(error)}") from None


def where_wrong(error: ValidationError) -> str:
    """Return which fields of an answer are wrong, without what is in them."""
    places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors(include_input=False)[:3])
    return f"{places} are not as they must be" if places else "no JSON"


def read_event(event: StreamEvent) -> Alive | Happened | None:
    """Return what an event of the stream says, None where a later version of the queue says more.

    Raises:
        BrokenStream: the event is damaged.
    """
    if event.kind not in {"alive", "message"}:
        return None
    try:
        if event.kind == "alive":
            return _ALIVE.validate_json(event.data)
        happened = _HAPPENED.validate_json(event.data)
    except ValidationError:
        raise BrokenStream(f"an event of {len(event.data)} characters that is none of the queue") from None
    if event.last_id != str(happened.number):
        raise BrokenStream(f"event {happened.number} has another id")
    if happened.kind == "Called" and not (happened.ticket and happened.window):
        raise BrokenStream(f"event {happened.number} calls nobody, or nowhere")
    return happened
