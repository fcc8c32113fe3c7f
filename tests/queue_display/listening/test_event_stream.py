"""Server-sent events from bytes: the standard's own examples, cut anywhere, and what is none."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_display.listening.event_stream import MOST_BYTES, BrokenStream, EventStreamParser, StreamEvent


def parsed(*pieces: bytes) -> list[StreamEvent]:
    parser = EventStreamParser()
    return [event for piece in pieces for event in parser.feed(piece)]


# The examples of 9.2.6, "Interpreting an event stream"; they are read as it says.
STANDARD = [
    (b"data: YHOO\ndata: +2\ndata: 10\n\n", [StreamEvent("message", "YHOO\n+2\n10", "")]),
    (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [
            StreamEvent("message", "first event", "1"),
            StreamEvent("message", "second event", ""),
            StreamEvent("message", " third event", ""),
        ],
    ),
    (b"data\n\ndata\ndata\n\ndata:", [StreamEvent("message", "", ""), StreamEvent("message", "\n", "")]),
    (b"data:test\n\ndata: test\n\n", [StreamEvent("message", "test", "")] * 2),
]


@pytest.mark.parametrize(("stream", "events"), STANDARD)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_standards_examples_are_read_whole_and_byte_by_byte(
    stream: bytes, events: list[StreamEvent], end: bytes
) -> None:
    stream = stream.replace(b"\n", end)
    assert parsed(stream) == events
    assert parsed(*(bytes([byte]) for byte in stream)) == events
    assert parsed(*(piece for byte in stream for piece in (bytes([byte]), b""))) == events


QUEUE = (
    '\ufeffretry: 1000\n\nevent: alive\ndata: {}\n\nid: 7\ndata: {"在":1}\n\n: 喂\r\nid: 8\r\ndata: {}\r\n\r\n'
).encode()


@given(st.sets(st.integers(0, len(QUEUE))))
def test_it_matters_not_where_the_network_cuts(cuts: set[int]) -> None:
    places = [0, *sorted(cuts), len(QUEUE)]
    pieces = [QUEUE[first:last] for first, last in pairwise(places)]
    assert parsed(*pieces) == [
        StreamEvent("alive", "{}", ""),
        StreamEvent("message", '{"在":1}', "7"),
        StreamEvent("message", "{}", "8"),
    ]


def test_an_id_with_a_null_is_no_id_and_a_type_lasts_for_one_event() -> None:
    assert parsed(b"id: 1\0\nevent: alive\ndata: x\n\ndata: y\n\nevent: alive\n\n") == [
        StreamEvent("alive", "x", ""),
        StreamEvent("message", "y", ""),
    ]


@pytest.mark.parametrize(
    ("stream", "problem"),
    [
        (b"data: \xff\n", "not UTF-8"),
        (b"x" * (MOST_BYTES + 1), "a line of more than"),
        (b"x" * (MOST_BYTES + 1) + b"\n", "a line of"),
        ((b"data: " + b"x" * 1000 + b"\n") * 70, "an event of more than"),
    ],
)
def test_what_is_no_event_stream_is_said_so(stream: bytes, problem: str) -> None:
    with pytest.raises(BrokenStream, match=problem):
        parsed(stream)


@given(st.binary(max_size=300))
def test_any_bytes_are_events_or_a_broken_stream(data: bytes) -> None:
    with suppress(BrokenStream):
        parsed(data)
