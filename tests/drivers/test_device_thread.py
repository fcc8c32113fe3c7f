"""The thread of a device: it opens, polls, works and revives, whatever its driver raises."""

import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from drivers.device_thread import DeviceThread, Supervised
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity
from tests.clocks import RealClock, SetClock
from tests.patience import PATIENCE_S, until

NAME = "printer"


class Device:
    """A device that says and raises what a test wants."""

    def __init__(self) -> None:
        self.raises: Exception | None = None
        self.closed = False

    def identify(self) -> Identity:
        return Identity("model")

    def self_test(self) -> DeviceStatus:
        return self.status()

    def status(self) -> DeviceStatus:
        if self.raises is not None:
            raise self.raises
        return DeviceStatus(NAME, DeviceState.ONLINE, datetime(2026, 1, 1, tzinfo=UTC))

    def reset(self) -> None: ...

    def counters(self) -> Counters:
        return Counters()

    def close(self) -> None:
        self.closed = True


class Bench:
    def __init__(self) -> None:
        self.statuses: list[DeviceStatus] = []
        self.device = Device()
        self.open_raises: Exception | None = None
        clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.supervised: Supervised[Device] = Supervised(NAME, self._open, clock, self.statuses.append)

    def _open(self) -> Device:
        if self.open_raises is not None:
            raise self.open_raises
        self.device = Device()
        return self.device

    @property
    def states(self) -> list[tuple[DeviceState, str]]:
        return [(status.state, status.detail) for status in self.statuses]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_opened_it_is_polled_at_once(bench: Bench) -> None:
    bench.supervised.open()
    assert bench.supervised.is_open
    assert bench.states == [(DeviceState.ONLINE, "")]


@pytest.mark.parametrize(
    ("error", "state", "detail"),
    [
        (DeviceUnavailable(NAME, "unplugged"), DeviceState.NO_DEVICE, "unplugged"),
        (ProtocolViolation(NAME, "no ESC/POS"), DeviceState.HARDWARE_ERROR, "printer: no ESC/POS"),
        (DeviceFault(NAME, Fault.POWER), DeviceState.HARDWARE_ERROR, "printer: power"),
        (ZeroDivisionError("a secret"), DeviceState.HARDWARE_ERROR, "ZeroDivisionError"),
    ],
)
def test_what_opening_raises_is_a_state(bench: Bench, error: Exception, state: DeviceState, detail: str) -> None:
    bench.open_raises = error
    bench.supervised.open()
    assert not bench.supervised.is_open
    assert bench.states == [(state, detail)]


@pytest.mark.parametrize("error", [DeviceUnavailable(NAME, "silent"), ZeroDivisionError("a secret")])
def test_a_poll_that_fails_closes_the_device_until_it_is_opened_again(bench: Bench, error: Exception) -> None:
    bench.supervised.open()
    bench.device.raises = error
    lost = bench.device
    bench.supervised.poll()
    assert lost.closed
    assert bench.statuses[-1].state is DeviceState.OFFLINE
    assert "secret" not in bench.statuses[-1].detail
    bench.supervised.open()
    assert bench.statuses[-1].state is DeviceState.ONLINE


def test_a_status_that_stays_the_same_is_published_once(bench: Bench) -> None:
    bench.supervised.open()
    for _ in range(3):
        bench.supervised.poll()
    assert len(bench.statuses) == 1


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (DeviceUnavailable(NAME, "silent"), False),
        (ProtocolViolation(NAME, "noise"), False),
        (DeviceFault(NAME, Fault.PAPER_OUT), True),
        (ValueError("too wide"), True),
    ],
)
def test_what_work_raises_goes_to_who_asked(bench: Bench, error: Exception, stays: bool) -> None:
    def work(_: Device) -> None:
        raise error

    bench.supervised.open()
    with pytest.raises(type(error)):
        bench.supervised.do(work)
    assert bench.supervised.is_open is stays


def test_work_for_a_device_that_is_not_open_fails_at_once(bench: Bench) -> None:
    bench.open_raises = DeviceUnavailable(NAME, "unplugged")
    bench.supervised.open()
    with pytest.raises(DeviceUnavailable, match="unplugged"):
        bench.supervised.do(Device.identify)


# -- the thread ----------------------------------------------------------------------------------------------


@pytest.fixture
def start() -> Iterator[Callable[[Callable[[], Device]], tuple[DeviceThread[Device], list[DeviceStatus]]]]:
    threads: list[DeviceThread[Device]] = []

    def start_one(open_device: Callable[[], Device]) -> tuple[DeviceThread[Device], list[DeviceStatus]]:
        statuses: list[DeviceStatus] = []
        thread = DeviceThread(NAME, open_device, RealClock(), statuses.append, poll_s=0.001)
        threads.append(thread)
        thread.start()
        return thread, statuses

    yield start_one
    for thread in threads:
        thread.stop()


Start = Callable[[Callable[[], Device]], tuple[DeviceThread[Device], list[DeviceStatus]]]


def test_calls_are_carried_out_by_the_thread_of_the_device(start: Start) -> None:
    thread, _ = start(Device)
    assert thread.call(lambda device: threading.current_thread().name).result(PATIENCE_S) == "device-printer"


def test_what_a_call_raises_is_in_its_future(start: Start) -> None:
    thread, _ = start(Device)

    def work(_: Device) -> None:
        raise DeviceFault(NAME, Fault.PAPER_OUT)

    with pytest.raises(DeviceFault):
        thread.call(work).result(PATIENCE_S)
    assert thread.call(Device.identify).result(PATIENCE_S) == Identity("model")


class Answer:
    """Something that may be forgotten."""


def test_what_was_asked_and_answered_is_forgotten_at_once(start: Start) -> None:
    thread, _ = start(Device)
    forgotten = threading.Event()

    def ask() -> None:
        weakref.finalize(thread.call(lambda _: Answer()).result(PATIENCE_S), forgotten.set)

    ask()
    assert forgotten.wait(PATIENCE_S)


def test_a_driver_that_raises_anything_does_not_end_the_thread(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    opened: list[Device] = []

    def open_device() -> Device:
        opened.append(Device())
        if len(opened) == 1:
            opened[0].raises = ZeroDivisionError()
        return opened[-1]

    with caplog.at_level(logging.CRITICAL):
        thread, statuses = start(open_device)
        until(lambda: len(statuses) >= 2)  # what is published: `status` tells it a moment before
    assert thread.status is statuses[-1]
    assert [status.state for status in statuses] == [DeviceState.OFFLINE, DeviceState.ONLINE]


def test_a_device_that_is_asked_all_the_time_is_polled_all_the_same(start: Start) -> None:
    device = Device()
    thread, statuses = start(lambda: device)
    thread.call(Device.identify).result(PATIENCE_S)
    device.raises = DeviceUnavailable(NAME, "silent")
    for _ in range(5000):
        try:
            thread.call(Device.identify).result(PATIENCE_S)
        except DeviceUnavailable:
            break
    assert statuses[-1].state is DeviceState.OFFLINE
