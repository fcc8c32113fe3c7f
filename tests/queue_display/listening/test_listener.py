"""What a screen makes of a queue that behaves, one that lies, and none: numbers, silence, trying again, looking."""

import json
from itertools import pairwise

import pytest

from queue_display.listening.event_stream import MOST_BYTES, BrokenStream
from queue_display.listening.heard import Alive, Happened
from queue_display.listening.listener import (
    FIRST_RETRY_S,
    LONGEST_RETRY_S,
    LOOK_EVERY_S,
    SILENCE_S,
    Gap,
    Listener,
)
from tests.clocks import SetClock
from tests.queue_display.board.samples import NOW, OPENED, board

APART_S = 1.0
ALIVE = b'event: alive\ndata: {"entry":100,"at":%.1f}\n\n' % NOW


def event(number: int, kind: str = "Issued") -> bytes:
    return b"id: %d\ndata: %s\n\n" % (number, json.dumps({"number": number, "at": NOW, "kind": kind}).encode())


class Rig:
    """A listener that follows behind entry 100."""

    def __init__(self) -> None:
        self.clock = SetClock(OPENED)
        self.listener = Listener(self.clock, APART_S)
        self.begin()

    def begin(self, entry: int = 100) -> str:
        self.listener.begin()
        self.look(entry)
        return self.listener.follow(board(entry=entry))

    def look(self, entry: int) -> None:
        self.listener.look()
        self.listener.see(board(entry=entry))

    def heard(self, *pieces: bytes) -> list[str]:
        said = [each for piece in pieces for each in self.listener.hear(piece)]
        return [f"{each.number} {each.kind}" if isinstance(each, Happened) else f"alive {each.entry}" for each in said]


@pytest.fixture
def rig() -> Rig:
    return Rig()


# -- what follows ------------------------------------------------------------------------------------------


def test_it_goes_on_behind_the_boards_entry_on_every_connection(rig: Rig) -> None:
    assert rig.heard(ALIVE, event(101) + event(102)) == ["alive 100", "101 Issued", "102 Issued"]
    assert rig.begin(entry=130) == "130"
    assert rig.heard(event(131)) == ["131 Issued"]


def test_what_was_heard_before_is_said_once_and_is_no_sign_of_life(rig: Rig) -> None:
    assert rig.heard(event(101), event(101), event(99), event(102)) == ["101 Issued", "102 Issued"]
    rig.clock.sleep(SILENCE_S)
    assert rig.heard(event(101)) == []
    assert rig.listener.is_silent


@pytest.mark.parametrize("stream", [event(102), event(101) + event(103) + event(102), ALIVE.replace(b"100", b"99")])
def test_an_entry_that_is_missing_and_another_log_are_gaps(rig: Rig, stream: bytes) -> None:
    with pytest.raises(Gap):
        rig.listener.hear(stream)


def test_half_an_event_of_a_lost_connection_is_not_part_of_the_next(rig: Rig) -> None:
    assert rig.heard(event(101)[:-9]) == []
    rig.listener.lose()
    rig.begin()
    assert rig.heard(event(101)) == ["101 Issued"]


# -- a stream that is none ---------------------------------------------------------------------------------

SAYING = ": 你好\nretry: 0\nretry: nonsense\nweather: rain\n\n".encode()
TWO_LINES = event(101).replace(b'"at"', b'\ndata: "at"')


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("at_once", [1, 2, 7, 10_000])
def test_however_its_lines_end_and_are_torn_it_says_the_same(rig: Rig, end: bytes, at_once: int) -> None:
    stream = ("\ufeff".encode() + ALIVE + SAYING + TWO_LINES + event(102)).replace(b"\n", end)
    pieces = [stream[place : place + at_once] for place in range(0, len(stream), at_once)]
    assert rig.heard(*(piece for each in pieces for piece in (each, b""))) == ["alive 100", "101 Issued", "102 Issued"]


@pytest.mark.parametrize(
    "stream",
    [
        b"<!doctype html><html><title>It works!</title></html>\n\n" * 20,
        b": a comment is no word\n\n" * 20,
        b"event: weather\ndata: rain\n\n",
        b"retry: 0\n\n",
        b"event: alive\n\n",
    ],
)
def test_what_says_nothing_of_a_queue_is_silence(rig: Rig, stream: bytes) -> None:
    rig.clock.sleep(SILENCE_S)
    assert rig.heard(stream) == []
    assert rig.listener.is_silent
    assert rig.listener.is_offline


@pytest.mark.parametrize(
    "stream",
    [
        event(101).replace(b"Issued", b"\xff\xfe"),
        b"\x1f\x8b\x08\x00" + bytes(range(256)),
        event(101).replace(b"id: 101", b"id: 7"),
        b"data: {}\n\n",
        b'id: 101\ndata: {"number":101,"at":1e400,"kind":"Issued"}\n\n',
        b"data: " + b"[" * 60_000 + b"\n\n",
        b"x" * (MOST_BYTES + 1),
    ],
)
def test_what_no_queue_would_send_breaks_the_stream(rig: Rig, stream: bytes) -> None:
    with pytest.raises(BrokenStream):
        rig.listener.hear(stream)


def test_a_line_without_end_is_given_up_before_it_fills_the_memory(rig: Rig) -> None:
    for _ in range(MOST_BYTES // 1024):
        assert rig.heard(b"x" * 1024) == []
    with pytest.raises(BrokenStream):
        rig.listener.hear(b"x")


# -- silence -----------------------------------------------------------------------------------------------


def test_a_try_that_brings_nothing_is_given_up_and_the_screen_told(rig: Rig) -> None:
    rig.heard(ALIVE)
    rig.clock.sleep(SILENCE_S - 0.01)
    assert (rig.listener.is_silent, rig.listener.is_offline) == (False, False)
    rig.clock.sleep(0.01)
    assert (rig.listener.is_silent, rig.listener.is_offline) == (True, True)


def test_tries_that_fail_are_no_words_but_a_board_is_one(rig: Rig) -> None:
    rig.listener.lose()
    rig.clock.sleep(SILENCE_S - 1)
    rig.listener.begin()
    rig.listener.look()
    rig.clock.sleep(1)
    assert (rig.listener.is_silent, rig.listener.is_offline) == (False, True)
    rig.listener.see(board())
    assert not rig.listener.is_offline


def test_a_board_that_came_late_leaves_the_stream_its_time(rig: Rig) -> None:
    rig.listener.begin()
    rig.listener.look()
    rig.clock.sleep(SILENCE_S - 0.5)
    rig.listener.see(board())
    rig.listener.follow(board())
    rig.clock.sleep(1)
    assert not rig.listener.is_silent


def test_who_was_never_heard_is_not_offline() -> None:
    clock = SetClock(OPENED)
    listener = Listener(clock, APART_S)
    listener.begin()
    clock.sleep(100)
    assert listener.is_silent
    assert not listener.is_offline


def test_a_board_that_does_not_come_is_silence_though_events_do(rig: Rig) -> None:
    rig.listener.look()
    rig.clock.sleep(SILENCE_S)
    rig.heard(event(101))
    assert rig.listener.is_silent
    rig.listener.see(board())
    assert not rig.listener.is_silent


# -- trying again, and looking -----------------------------------------------------------------------------


def test_it_is_tried_again_after_longer_and_longer_whiles_until_it_is_heard(rig: Rig) -> None:
    began = []
    for _ in range(6):
        rig.listener.lose()
        while not rig.listener.may_begin:
            rig.clock.sleep(0.125)
        began.append(rig.clock.now())
        rig.begin()
    assert [later - earlier for earlier, later in pairwise([0.0, *began])] == [0.5, 1, 2, *[LONGEST_RETRY_S] * 3]
    rig.heard(ALIVE)
    rig.listener.lose()
    rig.clock.sleep(FIRST_RETRY_S)
    assert rig.listener.may_begin


def test_a_queue_that_shows_its_board_but_lets_nobody_follow_is_looked_at_before_that_is_old() -> None:
    assert LONGEST_RETRY_S < SILENCE_S


def test_the_board_is_looked_at_when_something_happened_but_not_too_often_and_now_and_then(rig: Rig) -> None:
    assert rig.listener.look_in_s == LOOK_EVERY_S
    rig.heard(ALIVE)
    assert rig.listener.look_in_s == LOOK_EVERY_S
    rig.heard(event(101))
    assert rig.listener.look_in_s == APART_S
    rig.clock.sleep(3)
    rig.listener.look()
    rig.clock.sleep(2)
    rig.heard(event(102))
    assert rig.listener.look_in_s <= 0


def test_what_the_board_knew_already_is_no_reason_to_look_at_it_again(rig: Rig) -> None:
    rig.look(103)
    assert rig.heard(event(101), event(102) + event(103)) == ["101 Issued", "102 Issued", "103 Issued"]
    assert rig.listener.look_in_s == LOOK_EVERY_S
    rig.heard(event(104))
    assert rig.listener.look_in_s == APART_S


def test_a_sign_of_life_says_what_time_it_is_in_the_branch(rig: Rig) -> None:
    assert rig.listener.hear(ALIVE) == [Alive(100, NOW)]
