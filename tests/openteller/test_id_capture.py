"""The room that captures a side of an ID card: camera, reading process and whoever asked, each of which may fail."""

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import date
from typing import Any

import numpy as np
import pytest

from drivers.device_thread import DeviceThread
from kiosk_core.camera import Picture, Pixels
from kiosk_core.errors import DeviceUnavailable, Fault
from kiosk_core.id_document import CapturedSide, CaptureNews, CaptureProblem, DocumentSide, Hint
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity
from ocr.id_card import IdCard, Unreadable
from ocr.worker import ReadingFailed, ReadingProcess
from openteller.id_capture import FAILURES, WIDTH_PX, IdCapture
from tests.clocks import RealClock
from tests.ocr.read_cards import back, field, front
from tests.openteller.branch import READING_MS
from tests.patience import PATIENCE_S

START = RealClock().wall().replace(year=2026, month=6, day=1)


class PassingClock:
    """A clock on which each look at a camera takes a fifth of a second."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        return self.passed

    def wall(self) -> Any:
        return START

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps")


class Camera:
    """A camera of the test's own: each look lets time pass."""

    def __init__(self, clock: PassingClock) -> None:
        self._clock = clock
        self.given: list[Picture] = []
        self.faults: frozenset[Fault] = frozenset()
        self.unplugged = False
        self.fails = 0
        self.stands_still = False

    def call(self, work: Callable[[Any], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        self._clock.passed += 0.2
        try:
            future.set_result(work(self))
        except DeviceUnavailable as error:
            future.set_exception(error)
        return future

    def status(self) -> DeviceStatus:
        return DeviceStatus("camera", DeviceState.ONLINE, START, self.faults)

    def latest(self, width_px: int) -> Picture | None:
        assert width_px == WIDTH_PX
        if self.fails:
            self.fails -= 1
            raise DeviceUnavailable("camera", "busy")
        if self.unplugged:
            raise DeviceUnavailable("camera", "unplugged")
        number = 1 if self.stands_still else len(self.given) + 1
        self.given.append(Picture(np.full((90, 160, 3), 200, np.uint8), START, number))
        return self.given[-1]

    def identify(self) -> Identity:
        return Identity("C")

    def self_test(self) -> DeviceStatus:
        return self.status()

    def counters(self) -> Counters:
        return Counters()

    def take_picture(self) -> Picture:
        raise AssertionError("the preview goes on: nobody waits for the camera")

    def reset(self) -> None: ...

    def close(self) -> None: ...


class Reading:
    """Reads what the test says."""

    def __init__(self) -> None:
        self.says: IdCard | Unreadable | Exception = Unreadable.NO_CARD
        self.days: list[date | None] = []
        self.started = 0
        self.closed = False
        self.failing = 0
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def start(self) -> None:
        self.started += 1

    def read(self, picture: Pixels, today: date | None = None) -> IdCard | Unreadable:
        assert picture.any(), "a picture that is wiped already"
        self.days.append(today)
        self.begun.set()
        assert self.may_end.wait(PATIENCE_S)
        if self.failing:
            self.failing -= 1
            raise ReadingFailed("the reading process failed")
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def close(self) -> None:
        self.closed = True
        self.may_end.set()


class Rig:
    def __init__(self) -> None:
        self.clock = PassingClock()
        self.camera = Camera(self.clock)
        self.reading = Reading()
        self.capture = IdCapture(self.camera, self.reading, self.clock, pause_s=0.001)
        self.news: queue.Queue[CaptureNews] = queue.Queue()

    def start(self, side: DocumentSide = DocumentSide.FRONT) -> None:
        self.capture.start(side, self.news.put)

    def next(self) -> CaptureNews:
        return self.news.get(timeout=PATIENCE_S)

    def end(self) -> CaptureNews:
        while isinstance(news := self.next(), Hint):
            pass
        return news

    def until(self, hint: Hint) -> None:
        while self.next() is not hint:
            pass


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.capture.close()
    assert rig.reading.closed
    assert all(not each.pixels.any() for each in rig.camera.given), "a picture was not wiped"


def test_a_side_is_told_after_hints_and_then_nothing_more(rig: Rig) -> None:
    rig.start()
    assert rig.next() is Hint.LAY_DOWN
    rig.reading.says = back()
    rig.until(Hint.TURN_OVER)
    rig.reading.says = front()
    side = rig.end()
    assert isinstance(side, CapturedSide)
    assert side.side is DocumentSide.FRONT
    looks = len(rig.camera.given)
    assert rig.news.empty()
    assert len(rig.camera.given) == looks, "the camera is left alone"


def test_the_reading_process_is_made_ready_at_once_and_told_the_day(rig: Rig) -> None:
    rig.start()
    rig.reading.says = front()
    rig.end()
    assert rig.reading.started == 1
    assert set(rig.reading.days) == {date(2026, 6, 1)}


def test_both_sides_are_captured_one_after_the_other(rig: Rig) -> None:
    rig.reading.says = front()
    rig.start()
    assert isinstance(rig.end(), CapturedSide)
    rig.start(DocumentSide.BACK)
    assert rig.next() is Hint.TURN_OVER
    rig.reading.says = back()
    side = rig.end()
    assert isinstance(side, CapturedSide)
    assert side.side is DocumentSide.BACK


def test_what_is_doubtful_comes_with_a_piece_of_the_picture(rig: Rig) -> None:
    rig.reading.says = front(name=field("王伟", 0.6, sure=False))
    rig.start()
    side = rig.end()
    assert isinstance(side, CapturedSide)
    assert [each.name for each in side.fields if each.crop is not None] == ["name"]


def test_after_stop_nothing_is_told_not_even_what_is_being_read(rig: Rig) -> None:
    rig.reading.says = front()
    rig.reading.may_end.clear()
    rig.start()
    rig.next()
    assert rig.reading.begun.wait(PATIENCE_S)
    rig.capture.stop()
    rig.reading.may_end.set()
    rig.reading.says = back()
    rig.start(DocumentSide.BACK)  # carried out after the one that was stopped has ended
    assert rig.next() is Hint.TURN_OVER
    side = rig.end()
    assert isinstance(side, CapturedSide)
    assert side.side is DocumentSide.BACK
    rig.capture.stop()  # there is none: nothing happens


def test_a_camera_that_is_unplugged_is_told(rig: Rig) -> None:
    rig.start()
    rig.next()
    rig.camera.unplugged = True
    assert rig.end() is CaptureProblem.NO_PICTURE
    rig.camera.unplugged = False
    rig.reading.says = front()
    rig.start()
    assert isinstance(rig.end(), CapturedSide)


@pytest.mark.parametrize("fault", [Fault.PICTURE_DARK, Fault.PICTURE_FROZEN])
def test_a_picture_that_shows_nothing_is_told_and_never_read(rig: Rig, fault: Fault) -> None:
    rig.camera.faults = frozenset({fault})
    rig.start()
    assert rig.end() is CaptureProblem.NO_PICTURE
    assert rig.reading.days == []


def test_the_same_picture_is_not_read_twice(rig: Rig) -> None:
    rig.camera.stands_still = True
    rig.start()
    assert rig.end() is CaptureProblem.NO_PICTURE
    assert len(rig.reading.days) == 1


def test_a_camera_that_comes_back_soon_is_not_spoken_of(rig: Rig) -> None:
    rig.start()
    rig.next()
    rig.camera.fails = 5  # times, a second
    rig.reading.says = front()
    assert isinstance(rig.end(), CapturedSide)
    assert rig.camera.fails == 0


def test_a_reading_process_that_dies_of_a_picture_goes_on_with_the_next(rig: Rig) -> None:
    rig.reading.failing = FAILURES - 1
    rig.reading.says = front()
    rig.start()
    assert isinstance(rig.end(), CapturedSide)


def test_a_reading_process_that_dies_of_every_picture_is_told(rig: Rig) -> None:
    rig.reading.failing = 10**6
    rig.start()
    assert rig.end() is CaptureProblem.NO_READING


def test_whatever_else_goes_wrong_is_told_and_logged_without_a_word_of_the_card(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.reading.says = KeyError("王伟")
    rig.start()
    assert rig.end() is CaptureProblem.NO_READING
    assert "王伟" not in caplog.text
    assert "KeyError" in caplog.text
    rig.reading.says = front()
    rig.start()
    assert isinstance(rig.end(), CapturedSide)


def test_a_camera_that_hangs_is_let_be_and_its_late_picture_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openteller.id_capture.PATIENCE_S", 0.05)
    clock = RealClock()
    asked: list[Future[Any]] = []

    class Hanging:
        def call(self, work: Callable[[Any], Any]) -> "Future[Any]":
            asked.append(Future())
            asked[-1].set_running_or_notify_cancel()
            return asked[-1]

    capture = IdCapture(Hanging(), Reading(), clock, pause_s=0.001)
    news: queue.Queue[CaptureNews] = queue.Queue()
    capture.start(DocumentSide.FRONT, news.put)
    assert news.get(timeout=PATIENCE_S) is Hint.LAY_DOWN
    assert news.get(timeout=PATIENCE_S) is CaptureProblem.NO_PICTURE
    capture.close()
    late = Picture(np.full((9, 9, 3), 200, np.uint8), clock.wall(), 1)
    asked[0].set_result((False, late))
    assert not late.pixels.any()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_card_under_the_simulated_camera_is_captured_by_the_reading_process() -> None:
    from device_sim.camera import Desk, SimulatedCamera, picture
    from drivers.camera import OpenCvCamera
    from drivers.mjpeg_source import MjpegSource
    from ocr.synth.specimens import PEOPLE

    clock = RealClock()
    with SimulatedCamera(Desk(), per_second=10) as simulated:
        thread: DeviceThread[Any] = DeviceThread(
            "camera",
            lambda: OpenCvCamera("camera", lambda: MjpegSource(simulated.url, "camera", clock), clock),
            clock,
            lambda _: None,
            2.0,
        )
        thread.start()
        capture = IdCapture(thread, ReadingProcess(limit_ms=READING_MS), clock)
        news: queue.Queue[CaptureNews] = queue.Queue()
        try:
            simulated.desk.lay(picture("citizen", "front"), 4.0, picture("citizen", "back"))
            sides = {}
            for side in DocumentSide:
                capture.start(side, news.put)
                while isinstance(told := news.get(timeout=PATIENCE_S), Hint):
                    pass
                assert isinstance(told, CapturedSide), told
                sides[side] = {each.name: each.text for each in told.fields}
                assert all(each.sure for each in told.fields)
                simulated.desk.turn_over()
        finally:
            capture.close()
            thread.stop()
    who = PEOPLE["citizen"]
    assert sides[DocumentSide.FRONT]["id_number"] == who.id_number
    assert sides[DocumentSide.FRONT]["name"] == who.name
    assert sides[DocumentSide.BACK]["valid_until"] == "2045-03-01"
