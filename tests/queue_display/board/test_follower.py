"""The follower against a queue that behaves, one that does not, and none."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from PyQt6.QtCore import QObject
from PyQt6.QtTest import QTest

from device_sim.kept_port import KeptPort
from queue_display.board.follower import LOOK_APART_S, Follower
from queue_display.board.lobby_calls import LobbyCalls
from queue_display.board.words import Trouble
from queue_display.listening.event_stream import MOST_BYTES
from queue_display.listening.heard import Alive, Board, Happened
from queue_display.listening.listener import FIRST_RETRY_S, LONGEST_RETRY_S, LOOK_EVERY_S, SILENCE_S
from queue_display.listening.place import QueuePlace
from tests.clocks import SetClock
from tests.queue_display.board.fake_queue import STREAM, FakeQueue, board_answer, chunk, whole
from tests.queue_display.board.samples import NOW, OPENED, board

pytestmark = pytest.mark.usefixtures("qapp")

ALIVE = b'event: alive\ndata: {"entry":100,"at":%.1f}\n\n' % NOW


def event(number: int, kind: str = "Called", ticket: str = "A099", window: str = "9") -> bytes:
    said = {"number": number, "at": NOW, "kind": kind, "ticket": ticket, "window": window}
    return f"id: {number}\ndata: {json.dumps(said)}\n\n".encode()


class Watcher:
    """Takes down what a follower tells, and knows the calls."""

    def __init__(self) -> None:
        self.calls = LobbyCalls()
        self.begun = 0
        self.taken = 0
        self.heard: list[Happened | Alive] = []
        self.troubles: list[Trouble] = []
        self.is_offline = False

    def begin(self, board: Board) -> None:
        self.begun += 1
        self.calls.begin(board)

    def take(self, board: Board) -> None:
        self.taken += 1
        self.calls.take(board)

    def hear(self, said: Happened | Alive) -> None:
        self.calls.hear(said)
        self.heard.append(said)

    def lose(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)

    def go_offline(self) -> None:
        self.is_offline = True

    @property
    def tickets(self) -> list[str]:
        return [call.ticket for call in self.calls.rows]


class Rig:
    def __init__(self) -> None:
        self.queue = FakeQueue(board_answer(board((("A001", "1"),))))
        self.watcher = Watcher()
        self.clock = SetClock(OPENED)
        self.parent = QObject()
        self.follower = Follower(QueuePlace(self.queue.url, "secret"), self.watcher, self.clock, self.parent)

    def pass_time(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.follower.tick()

    def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(6000):
            if condition():
                return
            QTest.qWait(5)
        raise AssertionError(self.queue.asked, self.watcher.troubles)

    def follow(self) -> None:
        """Begin, and hear that the queue is alive."""
        self.follower.start()
        self.until(lambda: len(self.queue.streams) == 1)
        self.queue.say(b"retry: 1000\n\n" + ALIVE)
        self.until(lambda: bool(self.watcher.heard))


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.follower.close()
    made.queue.close()


def test_it_asks_for_the_board_and_goes_on_after_its_last_entry(rig: Rig) -> None:
    rig.follow()
    rig.queue.say(event(101, ticket="A002"))
    rig.until(lambda: rig.watcher.tickets == ["A002", "A001"])
    (stream,) = rig.queue.asked_for("/v1/events")
    assert "last-event-id: 100\r\n" in stream.lower()
    assert all("authorization: bearer secret\r\n" in head.lower() for head in rig.queue.asked)
    assert all("secret" not in head.splitlines()[0] for head in rig.queue.asked)


def test_a_line_that_is_cut_by_the_network_is_put_together(rig: Rig) -> None:
    rig.follow()
    said = event(101, ticket="A002")
    for byte in said:
        rig.queue.say(bytes([byte]))
    rig.until(lambda: rig.watcher.tickets == ["A002", "A001"])


def test_the_board_is_asked_again_when_something_happened_but_not_at_once(rig: Rig) -> None:
    rig.follow()
    rig.queue.board = board_answer(board((("A003", "1"), ("A002", "9"), ("A001", "1")), entry=103))
    rig.queue.say(event(101, ticket="A002"))
    rig.until(lambda: rig.watcher.tickets == ["A002", "A001"])
    rig.pass_time(LOOK_APART_S / 2)
    assert len(rig.queue.asked_for("/v1/board")) == 1
    rig.pass_time(LOOK_APART_S / 2)
    rig.until(lambda: rig.watcher.taken == 1)
    assert rig.watcher.tickets == ["A003", "A002", "A001"]
    rig.queue.say(event(102, kind="Issued") + event(103, ticket="A003") + event(104, ticket="A004"))
    rig.until(lambda: rig.watcher.tickets[0] == "A004")
    assert rig.watcher.troubles == []


def test_waits_are_asked_for_now_and_then_though_nothing_happens(rig: Rig) -> None:
    rig.follow()
    for _ in range(10):
        rig.queue.say(ALIVE)
        heard = len(rig.watcher.heard)
        rig.until(lambda before=heard: len(rig.watcher.heard) > before)  # type: ignore[misc]
        rig.pass_time(LOOK_EVERY_S / 10)
    rig.until(lambda: rig.watcher.taken == 1)


def test_who_was_away_misses_nothing(rig: Rig) -> None:
    rig.follow()
    rig.queue.board = board_answer(board((("A003", "2"), ("A002", "5"), ("A001", "1")), entry=130))
    rig.queue.hang_up()
    rig.until(lambda: bool(rig.watcher.troubles))
    assert rig.watcher.troubles == [Trouble.SILENT]
    rig.pass_time(FIRST_RETRY_S)
    rig.until(lambda: len(rig.queue.streams) == 2)
    assert rig.watcher.tickets == ["A003", "A002", "A001"]
    assert "last-event-id: 130\r\n" in rig.queue.asked_for("/v1/events")[1].lower()
    rig.queue.say(event(131, ticket="A004"))
    rig.until(lambda: rig.watcher.tickets[0] == "A004")


def test_a_queue_that_says_nothing_is_given_up(rig: Rig) -> None:
    rig.follow()
    rig.pass_time(SILENCE_S - 0.1)
    assert (rig.watcher.troubles, rig.watcher.is_offline) == ([], False)
    rig.pass_time(0.1)
    assert (rig.watcher.troubles, rig.watcher.is_offline) == ([Trouble.SILENT], True)
    rig.pass_time(FIRST_RETRY_S)
    rig.until(lambda: len(rig.queue.streams) == 2)


@pytest.mark.parametrize("stream", [b"", STREAM, STREAM + b"nonsense", STREAM + chunk(b": a comment is no word\n")])
def test_so_is_one_that_only_seems_to_follow(rig: Rig, stream: bytes) -> None:
    rig.queue.stream = stream
    rig.follower.start()
    rig.until(lambda: len(rig.queue.streams) == 1)
    QTest.qWait(10)
    rig.pass_time(SILENCE_S)
    assert rig.watcher.troubles == [Trouble.SILENT]


def test_one_that_hangs_up_and_is_soon_back_was_never_offline(rig: Rig) -> None:
    rig.follow()
    rig.queue.hang_up()
    rig.until(lambda: bool(rig.watcher.troubles))
    rig.pass_time(FIRST_RETRY_S)
    rig.until(lambda: len(rig.queue.streams) == 2)
    rig.pass_time(SILENCE_S - 0.1)
    assert not rig.watcher.is_offline


def test_so_is_one_that_never_answers(rig: Rig) -> None:
    rig.queue.board = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"
    rig.follower.start()
    rig.until(lambda: bool(rig.queue.asked))
    rig.pass_time(SILENCE_S)
    assert rig.watcher.troubles == [Trouble.SILENT]


def test_nobody_there_is_tried_again_after_longer_and_longer_whiles(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[float] = []
    with KeptPort() as port:
        rig.follower = Follower(
            QueuePlace(f"http://127.0.0.1:{port.number}", "secret"), rig.watcher, rig.clock, rig.parent
        )
        ask = rig.follower._ask
        monkeypatch.setattr(rig.follower, "_ask", lambda: (tries.append(rig.clock.now()), ask()))
        rig.follower.start()
        for count in range(1, 7):
            rig.until(lambda count=count: len(rig.watcher.troubles) == count)  # type: ignore[misc]
            while len(tries) == count:
                rig.pass_time(0.1)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses == pytest.approx([0.5, 1, 2, 4, LONGEST_RETRY_S, LONGEST_RETRY_S], abs=0.11)
    assert set(rig.watcher.troubles) == {Trouble.UNREACHED}


def test_once_it_was_heard_it_is_tried_again_soon(rig: Rig) -> None:
    good, rig.queue.board = rig.queue.board, whole("503 Service Unavailable", b"{}")
    rig.follower.start()
    for count in (1, 2, 3):
        rig.until(lambda count=count: len(rig.watcher.troubles) == count)  # type: ignore[misc]
        if count == 3:
            rig.queue.board = good
        rig.pass_time(LONGEST_RETRY_S)
    rig.until(lambda: len(rig.queue.streams) == 1)
    rig.queue.say(ALIVE)
    rig.until(lambda: bool(rig.watcher.heard))
    rig.queue.hang_up()
    rig.until(lambda: rig.watcher.troubles[-1] is Trouble.SILENT)
    rig.pass_time(FIRST_RETRY_S)
    rig.until(lambda: len(rig.queue.streams) == 2)


def test_a_board_that_never_comes_is_given_up_though_events_do(rig: Rig) -> None:
    rig.follow()
    rig.queue.board = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"
    rig.pass_time(LOOK_APART_S)
    rig.queue.say(event(101))
    rig.until(lambda: len(rig.queue.asked_for("/v1/board")) == 2)
    rig.pass_time(SILENCE_S - 1)
    rig.queue.say(ALIVE.replace(b"100", b"101"))
    rig.until(lambda: len(rig.watcher.heard) == 3)
    assert rig.watcher.troubles == []
    rig.pass_time(1)
    assert rig.watcher.troubles == [Trouble.SILENT]


def test_a_board_without_an_end_is_not_read_to_it(rig: Rig) -> None:
    rig.queue.board = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"[" * 300_000
    rig.follower.start()
    rig.until(lambda: bool(rig.watcher.troubles))
    assert rig.watcher.troubles == [Trouble.NO_QUEUE]


def test_the_token_goes_to_nobody_else(rig: Rig) -> None:
    other = FakeQueue(rig.queue.board)
    rig.queue.board = whole("307 Temporary Redirect", b"", more=f"Location: {other.url}/v1/board\r\n")
    rig.follower.start()
    rig.until(lambda: bool(rig.watcher.troubles))
    QTest.qWait(20)
    assert other.asked == []
    assert rig.watcher.troubles == [Trouble.NO_QUEUE]
    other.close()


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (whole("401 Unauthorized", b"{}", more="WWW-Authenticate: Bearer\r\n"), Trouble.TOKEN),
        (whole("403 Forbidden", b"{}"), Trouble.TOKEN),
        (whole("404 Not Found", b"<html>", "text/html"), Trouble.NO_QUEUE),
        (whole("429 Too Many Requests", b"{}"), Trouble.BUSY),
        (whole("503 Service Unavailable", b"{}"), Trouble.BUSY),
        (whole("200 OK", b"<html>It works!</html>", "text/html"), Trouble.NO_QUEUE),
        (whole("200 OK", b"[" * 300_000), Trouble.NO_QUEUE),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", Trouble.UNREACHED),
    ],
)
def test_what_is_wrong_is_told_and_tried_again(rig: Rig, answer: bytes, trouble: Trouble) -> None:
    good, rig.queue.board = rig.queue.board, answer
    rig.follower.start()
    rig.until(lambda: bool(rig.watcher.troubles))
    assert rig.watcher.troubles == [trouble]
    rig.queue.board = good
    rig.pass_time(FIRST_RETRY_S)
    rig.until(lambda: rig.watcher.begun == 1)


@pytest.mark.parametrize(
    ("stream", "trouble"),
    [
        (STREAM + chunk(b"\xff\xfe\xfd\n"), Trouble.NO_QUEUE),
        (STREAM + chunk(b"x" * (MOST_BYTES + 1)), Trouble.NO_QUEUE),
        (STREAM + chunk(b"id: 101\ndata: hello\n\n"), Trouble.NO_QUEUE),
        (STREAM + chunk(event(105)), Trouble.SILENT),  # 101 to 104 are missing
        (STREAM + chunk(ALIVE.replace(b"100", b"7")), Trouble.SILENT),  # another log
        (STREAM + b"0\r\n\r\n", Trouble.SILENT),
        (STREAM.replace(b"text/event-stream", b"text/html") + chunk(ALIVE), Trouble.NO_QUEUE),
        (whole("422 Unprocessable", b"{}"), Trouble.NO_QUEUE),
        (whole("503 Service Unavailable", b"{}"), Trouble.BUSY),
        (b"HTTP/1.1 429 X\r\nContent-Length: 1000000000\r\n\r\n{", Trouble.BUSY),
    ],
)
def test_a_stream_that_cannot_be_trusted_is_left_and_the_board_asked_anew(
    rig: Rig, stream: bytes, trouble: Trouble
) -> None:
    rig.queue.stream = stream
    rig.follower.start()
    rig.until(lambda: bool(rig.watcher.troubles))
    assert rig.watcher.troubles == [trouble]
    assert rig.watcher.tickets == ["A001"]
    rig.queue.stream = STREAM
    rig.pass_time(FIRST_RETRY_S)
    rig.until(lambda: rig.watcher.begun == 2)


def test_a_board_that_cannot_be_asked_for_ends_the_stream_too(rig: Rig) -> None:
    rig.follow()
    rig.queue.board = whole("401 Unauthorized", b"{}")
    rig.queue.say(event(101))
    rig.until(lambda: len(rig.watcher.heard) == 2)
    rig.pass_time(LOOK_APART_S)
    rig.until(lambda: rig.watcher.troubles == [Trouble.TOKEN])


def test_after_an_error_of_its_own_it_begins_again_at_once(rig: Rig) -> None:
    rig.follow()
    rig.follower.restart()
    rig.until(lambda: len(rig.queue.streams) == 2)
    assert rig.watcher.begun == 2


def test_after_close_nothing_is_asked_any_more(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.follow()
    rig.follower.close()
    asked: list[str] = []
    monkeypatch.setattr(rig.follower, "_get", lambda path, *_: asked.append(path))
    rig.pass_time(60)
    assert asked == []
    assert rig.watcher.troubles == []
