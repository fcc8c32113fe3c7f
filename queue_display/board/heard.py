"""What the queue says, read and checked: nothing that it sends may break the screen.

Moments are Unix seconds of the branch's clock, durations seconds.
"""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le, MaxLen
from pydantic import TypeAdapter, ValidationError

from queue_display.board.event_stream import BrokenStream, StreamEvent
from queue_display.server.answers import Board

_LAST_MOMENT = 2.0**32
_LONGEST_WAIT_S = 86_400.0

_Number = Annotated[int, Ge(0)]
_Moment = Annotated[float, Ge(0), Le(_LAST_MOMENT)]
_Name = Annotated[str, MaxLen(32)]


@dataclass(frozen=True)
class Alive:
    """The queue is there, its log ends with `entry`, and it is `at` in the branch."""

    entry: _Number
    at: _Moment


@dataclass(frozen=True)
class Happened:
    """An entry of the log, as far as the board cares; "" where its kind has no ticket or window."""

    number: _Number
    at: _Moment
    kind: _Name
    ticket: _Name = ""
    window: _Name = ""


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
        board = _BOARD.validate_json(body)
    except ValidationError as error:
        raise NotUnderstood(f"GET /v1/board: {error.error_count()} mistakes") from None
    moments = [board.at, *(call.at for call in board.calls)]
    waits = [each for service in board.services for wait in service.newcomer.values() for each in vars(wait).values()]
    if not all(0 <= moment <= _LAST_MOMENT for moment in moments):
        raise NotUnderstood("GET /v1/board: a moment of no branch")
    if not all(wait is None or 0 <= wait <= _LONGEST_WAIT_S for wait in waits):
        raise NotUnderstood("GET /v1/board: a wait of no branch")
    return board


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
