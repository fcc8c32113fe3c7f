"""What the queue says, checked: a board that is fed nonsense shows nothing of it."""

import json

import pytest
from pydantic import TypeAdapter

from queue_display.board.event_stream import BrokenStream, StreamEvent
from queue_display.board.heard import Alive, Happened, NotUnderstood, read_board, read_event
from queue_display.server.answers import Board
from tests.queue_display.board.samples import board

BODY = TypeAdapter(Board).dump_json(board())


def test_a_board_is_read_as_the_server_wrote_it() -> None:
    assert read_board(BODY) == board()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        BODY[:-1],
        BODY.replace(b'"entry":100', b'"entry":"x"'),
        BODY.replace(b'"at":', b'"at":1e300, "was":', 1),
        BODY.replace(b'"at":', b'"at":NaN, "was":', 1),
        BODY.replace(b'"up_to_s":780.0', b'"up_to_s":Infinity'),
        BODY.replace(b'"up_to_s":780.0', b'"up_to_s":-1'),
        b"[" * 100_000,
    ],
)
def test_any_other_answer_is_not_understood(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_board(body)


def test_events_are_read_and_those_of_a_later_version_are_left_out() -> None:
    alive = StreamEvent("alive", '{"entry":5,"at":3.5,"more":1}', "5")
    assert read_event(alive) == Alive(5, 3.5)
    called = {"number": 6, "at": 4.0, "kind": "Called", "ticket": "A001", "window": "3", "reason": ["alone"]}
    assert read_event(StreamEvent("message", json.dumps(called), "6")) == Happened(6, 4.0, "Called", "A001", "3")
    assert read_event(StreamEvent("weather", "rain", "6")) is None


@pytest.mark.parametrize(
    ("kind", "data", "last_id"),
    [
        ("alive", "{}", ""),
        ("alive", '{"entry":-1,"at":0}', ""),
        ("alive", '{"entry":1,"at":NaN}', ""),
        ("message", "hello", "6"),
        ("message", '{"number":6,"at":1,"kind":"Called","ticket":"A001","window":"3"}', "7"),
        ("message", '{"number":6,"at":1,"kind":"Called","ticket":"A001"}', "6"),
        ("message", '{"number":6,"at":1,"kind":"Called","ticket":"A001","window":"' + "3" * 33 + '"}', "6"),
        ("message", '{"number":6,"at":1e99,"kind":"Issued"}', "6"),
    ],
)
def test_a_damaged_event_breaks_the_stream(kind: str, data: str, last_id: str) -> None:
    with pytest.raises(BrokenStream):
        read_event(StreamEvent(kind, data, last_id))
