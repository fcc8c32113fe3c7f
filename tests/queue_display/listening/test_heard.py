"""What the queue says, checked: a board that is fed nonsense shows nothing of it."""

import json

import pytest
from pydantic import TypeAdapter

from queue_display.listening import heard
from queue_display.listening.event_stream import BrokenStream, StreamEvent
from queue_display.listening.heard import Alive, Happened, NotUnderstood, read_board, read_event
from queue_display.server import answers
from tests.queue_display.board.samples import board

BODY = TypeAdapter(heard.Board).dump_json(board())


def test_a_board_is_read_as_the_server_wrote_it() -> None:
    server = TypeAdapter(answers.Board)
    assert read_board(server.dump_json(server.validate_json(BODY))) == board()


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
        BODY.replace(b'"window":"3"', b'"window":"3\\n"'),
        BODY.replace(b'"ticket":"A031"', b'"ticket":"\\u001b@"'),
        BODY.replace(b'"waiting":12', b'"waiting":-1'),
        BODY.replace(b'"en":"Simple services"', b'"fr":"Services simples"'),
        b"[" * 100_000,
    ],
)
def test_any_other_answer_is_not_understood(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_board(body)


def test_what_is_wrong_is_named_without_what_is_in_it() -> None:
    with pytest.raises(NotUnderstood, match=r"^GET /v1/board: calls\.0\.window are not as they must be$"):
        read_board(BODY.replace(b'"window":"3"', b'"window":"3\\n"', 1))
    with pytest.raises(NotUnderstood, match="no JSON"):
        read_board(b"<html>A031")


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
        ("message", '{"number":6,"at":1,"kind":"Called","ticket":"A001","window":"3\\n"}', "6"),
        ("message", '{"number":6,"at":1e99,"kind":"Issued"}', "6"),
    ],
)
def test_a_damaged_event_breaks_the_stream(kind: str, data: str, last_id: str) -> None:
    with pytest.raises(BrokenStream):
        read_event(StreamEvent(kind, data, last_id))
