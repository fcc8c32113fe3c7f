"""What keeps the picture of the queue fresh: when it looks, and when it says that what it told is old."""

import json
import threading
from collections.abc import Generator

import pytest

from kiosk_core.branch_queue import QueueNow, QueueSilent
from openteller.queue_answers import queue_now
from openteller.queue_follower import LOOK_APART_S, QueueFollower
from queue_display.listening.heard import Board
from queue_display.listening.listener import FIRST_RETRY_S, LOOK_EVERY_S, SILENCE_S
from tests.clocks import SetClock
from tests.patience import PATIENCE_S
from tests.queue_display.board.samples import NOW, OPENED, board

ALIVE = b'event: alive\ndata: {"entry":100,"at":%.1f}\n\n' % NOW
THERE = queue_now(board())

Said = bytes | float | Exception
"""Bytes of the stream, so many seconds pass, or the queue is lost."""


def event(number: int) -> bytes:
    return b"id: %d\ndata: %s\n\n" % (number, json.dumps({"number": number, "at": NOW, "kind": "Issued"}).encode())


class Script:
    """A client whose tries go as a test wrote, one list each; after the last one the queue is not there any more."""

    def __init__(self, clock: SetClock, *tries: list[Said]) -> None:
        self._clock = clock
        self._tries = list(tries)
        self.looked_at: list[float] = []
        self.behind: list[str] = []
        self.told_at: list[float] = []
        self.is_closed = False
        self._gone_at: float | None = None
        self.is_over = threading.Event()
        """Nobody has answered for so long that it was told."""

    def board(self) -> Board:
        if not self._tries:
            self._gone_at = self._clock.now() if self._gone_at is None else self._gone_at
            if self._clock.now() - self._gone_at > 2 * SILENCE_S:
                self.is_over.set()
            raise QueueSilent("nobody is there")
        self.looked_at.append(self._clock.now())
        return board()

    def events(self, after: str) -> Generator[bytes]:
        self.behind.append(after)
        try:
            for said in self._tries[0]:
                match said:
                    case bytes():
                        yield said
                    case float():
                        self._clock.sleep(said)
                    case error:
                        raise error
        finally:
            self._tries.pop(0)
        raise QueueSilent("the stream has ended")

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True


def followed(*tries: list[Said]) -> tuple[list[QueueNow | None], Script]:
    """Return what was told until the queue was offline behind the last try."""
    told: list[QueueNow | None] = []
    clock = SetClock(OPENED)
    client = Script(clock, *tries)

    def tell(now: QueueNow | None) -> None:
        told.append(now)
        client.told_at.append(clock.now())

    follower = QueueFollower(client, clock, tell)  # type: ignore[arg-type]
    follower.start()
    try:
        assert client.is_over.wait(PATIENCE_S)
    finally:
        follower.stop()
    assert client.is_closed
    return told, client


def test_the_board_is_looked_at_first_and_the_events_behind_it_followed() -> None:
    heard, client = followed([ALIVE])
    assert heard == [THERE, None]
    assert client.behind == ["100"]


def test_signs_of_life_alone_are_no_reason_to_look() -> None:
    assert followed([ALIVE, 2.0, ALIVE, 2.0, ALIVE])[1].looked_at == [0.0]


def test_waits_change_while_nothing_happens() -> None:
    alive: list[Said] = [2.0, ALIVE] * 5
    assert followed([*alive])[1].looked_at == [0.0, LOOK_EVERY_S]


def test_what_happens_is_told_at_once_and_much_not_too_often() -> None:
    assert followed([ALIVE, 2.0, event(101)])[1].looked_at == [0.0, 2.0]
    looked_at = followed([ALIVE, 0.1, event(101), event(102) + event(103)])[1].looked_at
    assert looked_at == pytest.approx([0.0, LOOK_APART_S, 2 * LOOK_APART_S])


def test_that_it_is_offline_is_told_while_it_waits_for_the_next_try() -> None:
    told_at = followed([ALIVE])[1].told_at
    assert told_at == [0.0, pytest.approx(SILENCE_S, abs=0.2)]


def test_a_stream_that_says_nothing_of_a_queue_is_not_read_on() -> None:
    client = followed([ALIVE, 4.0, b": no word\n\n", 1.0, b": no word\n\n", event(101)], [ALIVE])[1]
    assert client.looked_at == [0.0, pytest.approx(5.0 + FIRST_RETRY_S, abs=0.2)]


def test_a_queue_that_is_soon_back_was_never_offline() -> None:
    assert followed([ALIVE], [ALIVE])[0] == [THERE, THERE, None]


def test_one_that_is_silent_for_longer_is_offline_until_it_is_back() -> None:
    assert followed([ALIVE, SILENCE_S, QueueSilent("nothing came")], [ALIVE])[0] == [THERE, None, THERE, None]


@pytest.mark.parametrize(
    "stream",
    [
        [5.0, b"<html>It works!</html>\n"],
        [b"data: \xff\xfe\n\n", 5.0],
        [event(105)],
        [event(101), ALIVE],  # which says that the log ends before
    ],
)
def test_a_stream_that_cannot_be_trusted_is_left_and_the_board_looked_at_anew(stream: list[Said]) -> None:
    heard, client = followed(stream, [ALIVE])
    assert [each for each in heard if each is not None][-1] == THERE
    assert client.behind == ["100", "100"]


def test_a_follower_that_fails_leaves_no_old_numbers(caplog: pytest.LogCaptureFixture) -> None:
    heard, _ = followed([ALIVE, RuntimeError("a fault of the program")])
    assert heard == [THERE, None]
    assert "the follower failed" in caplog.text


def test_that_it_is_lost_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    followed([ALIVE])
    assert caplog.text.count("is lost") == 1
