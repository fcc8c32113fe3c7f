"""What keeps the picture of the queue fresh: when it looks, and when it says that there is nothing to see."""

import queue
from collections.abc import Iterator

import pytest

from kiosk_core.branch_queue import QueueNow, QueueSilent
from openteller import queue_follower
from openteller.queue_follower import LEAST_S, MOST_S, QueueFollower
from tests.clocks import SetClock
from tests.kiosk_core.test_queue_ticket import AT, QUEUE

PATIENCE_S = 10.0

Say = bool | float | Exception
"""Something has happened or not, so many seconds pass, or the queue is lost."""


class Script:
    """A client whose streams say what a test wrote, one list a stream; then the queue is not there any more."""

    def __init__(self, clock: SetClock, *streams: list[Say]) -> None:
        self._clock = clock
        self._streams = list(streams)
        self.looked_at: list[float] = []
        self.is_closed = False

    def follow(self) -> Iterator[bool]:
        for said in self._streams.pop(0) if self._streams else []:
            match said:
                case bool():
                    yield said
                case float():
                    self._clock.sleep(said)
                case error:
                    raise error
        raise QueueSilent("the stream has ended")

    def now(self) -> QueueNow:
        self.looked_at.append(self._clock.now())
        return QUEUE

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> "queue.Queue[QueueNow | None]":
    monkeypatch.setattr(queue_follower, "_PAUSES_S", (0.0, 0.01))
    return queue.Queue()


def followed(told: "queue.Queue[QueueNow | None]", *streams: list[Say]) -> tuple[list[QueueNow | None], Script]:
    """Return what was told until the queue was lost for good."""
    client = Script(SetClock(AT), *streams)
    follower = QueueFollower(client, client._clock, told.put)  # type: ignore[arg-type]
    follower.start()
    heard = []
    try:
        lost = sum(any(isinstance(each, bool) for each in stream) for stream in streams) or 1
        while lost:
            heard.append(told.get(timeout=PATIENCE_S))
            lost -= heard[-1] is None
    finally:
        follower.stop()
    assert client.is_closed
    return heard, client


def test_the_queue_is_looked_at_when_the_stream_begins_and_lost_when_it_ends(told) -> None:
    assert followed(told, [True])[0] == [QUEUE, None]


def test_signs_of_life_alone_are_no_reason_to_look(told) -> None:
    assert followed(told, [True, 2.0, False, 2.0, False])[1].looked_at == [0.0]


def test_waits_change_while_nothing_happens(told) -> None:
    assert followed(told, [True, MOST_S, False])[1].looked_at == [0.0, MOST_S]


def test_what_happens_is_told_at_once_and_much_not_too_often(told) -> None:
    assert followed(told, [True, 2.0, True])[1].looked_at == [0.0, 2.0]
    looked_at = followed(told, [True, 0.1, True, 0.0, True])[1].looked_at
    assert looked_at == pytest.approx([0.0, LEAST_S, 2 * LEAST_S])


def test_a_queue_that_comes_back_is_told_again(told) -> None:
    assert followed(told, [True], [True])[0] == [QUEUE, None, QUEUE, None]


def test_that_it_is_still_lost_is_said_once(told) -> None:
    heard, _ = followed(told, [QueueSilent("refused")], [QueueSilent("refused")], [True])
    assert heard == [None, QUEUE, None][: len(heard)]


def test_a_follower_that_fails_leaves_no_old_numbers(told, caplog: pytest.LogCaptureFixture) -> None:
    heard, _ = followed(told, [True, RuntimeError("a fault of the program")])
    assert heard == [QUEUE, None]
    assert "the follower failed" in caplog.text
