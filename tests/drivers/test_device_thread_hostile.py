"""The owner of a device against a driver that raises anything anywhere: it lives, and never lies."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from drivers import device_thread
from drivers.device_thread import DeviceThread, Supervised
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity
from tests.clocks import RealClock, SetClock
from tests.drivers.hostile import attack, lanes
from tests.patience import PATIENCE_S, until

NAME = "card_reader"
SECRET = "6222021234567890"
ERRORS: list[Callable[[], Exception]] = [
    lambda: DeviceUnavailable(NAME, "unplugged"),
    lambda: ProtocolViolation(NAME, "noise"),
    lambda: DeviceFault(NAME, Fault.CARD_JAM),
    lambda: ValueError(SECRET),
    lambda: OSError(5, SECRET),
    lambda: KeyError(SECRET),
    lambda: RecursionError(SECRET),
    MemoryError,
    lambda: TimeoutError(SECRET),
    lambda: AssertionError(SECRET),
    lambda: StopIteration(SECRET),
]
MAYBE = st.none() | st.sampled_from(ERRORS)
Maker = Callable[[], Exception] | None


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What is logged has its own tests."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class HostileDevice:
    """A device that raises what the world says, where it says so."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.closed = 0
        self.asked_after_close = False

    def _do(self, name: str) -> None:
        self.asked_after_close = self.asked_after_close or bool(self.closed)
        self._world.raise_at(name)

    def identify(self) -> Identity:
        self._do("work")
        return Identity("model")

    def self_test(self) -> DeviceStatus:
        return self.status()

    def status(self) -> DeviceStatus:
        self._do("status")
        self._world.said = self._world.answer
        return self._world.answer  # type: ignore[return-value]

    def reset(self) -> None:
        self._do("work")

    def counters(self) -> Counters:
        return Counters()

    def close(self) -> None:
        self.closed += 1
        self._world.raise_at("close")


class World:
    """What is raised where, the devices that were opened, and what was published."""

    def __init__(self) -> None:
        self.raises: dict[str, Maker] = {}
        self.answer: DeviceStatus | None = None
        self.said: DeviceStatus | None = None
        self.opened: list[HostileDevice] = []
        self.published: list[DeviceStatus] = []

    def raise_at(self, name: str) -> None:
        if (make := self.raises.get(name)) is not None:
            raise make()

    def open(self) -> HostileDevice:
        self.raise_at("open")
        self.opened.append(HostileDevice(self))
        return self.opened[-1]

    def listen(self, status: DeviceStatus) -> None:
        self.published.append(status)
        self.raise_at("listen")


class HostileDriver(RuleBasedStateMachine):
    """Whatever is raised wherever, `open`, `poll` and `close` return, and the status is the newest that is known."""

    @initialize()
    def begin(self) -> None:
        self.clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self.world = World()
        self.answer(DeviceState.ONLINE)
        self.supervised: Supervised[HostileDevice] = Supervised(NAME, self.world.open, self.clock, self.world.listen)

    @rule(state=st.sampled_from([DeviceState.ONLINE, DeviceState.HARDWARE_ERROR, None]))
    def answer(self, state: DeviceState | None) -> None:
        """None: a driver that returns something else than a status."""
        self.clock.sleep(1.0)
        self.world.answer = None if state is None else DeviceStatus(NAME, state, self.clock.wall())

    @rule(opening=MAYBE, status=MAYBE, closing=MAYBE, listening=MAYBE)
    def open_or_poll(
        self, opening: Maker = None, status: Maker = None, closing: Maker = None, listening: Maker = None
    ) -> None:
        self.world.raises = {"open": opening, "status": status, "close": closing, "listen": listening}
        self.world.said = None
        fails = self.world.raises.get("status") is not None or self.world.answer is None
        if self.supervised.is_open:
            self.supervised.poll()
            assert self.supervised.is_open is not fails
        else:
            self.supervised.open()
            assert self.supervised.is_open is not (fails or self.world.raises.get("open") is not None)
        told = self.supervised.status
        if self.supervised.is_open:
            assert self.world.said is not None, "nobody has asked the device"
            assert told.state is self.world.said.state
        else:
            assert not told.in_service
        assert SECRET not in told.detail

    @rule(error=MAYBE, closing=MAYBE, listening=MAYBE)
    def work(self, error: Maker, closing: Maker, listening: Maker) -> None:
        self.world.raises = {"work": error, "close": closing, "listen": listening}
        was_open = self.supervised.is_open
        raised: Exception | None = None
        try:
            assert self.supervised.do(HostileDevice.identify) == Identity("model")
        except Exception as caught:
            raised = caught
        if not was_open:
            assert isinstance(raised, DeviceUnavailable)
            return
        assert type(raised) is (type(None) if error is None else type(error()))
        assert self.supervised.is_open is not isinstance(raised, DeviceUnavailable | ProtocolViolation)
        assert self.supervised.is_open or self.supervised.status.state is DeviceState.OFFLINE

    @rule(closing=MAYBE)
    def close(self, closing: Maker) -> None:
        self.world.raises = {"close": closing}
        self.supervised.close()
        assert not self.supervised.is_open

    @invariant()
    def what_was_opened_is_closed_once_and_left_alone(self) -> None:
        if not hasattr(self, "world"):
            return
        open_now = [device for device in self.world.opened if not device.closed]
        assert len(open_now) == self.supervised.is_open
        assert all(device.closed <= 1 and not device.asked_after_close for device in self.world.opened)
        assert self.world.published[-1:] in ([], [self.supervised.status])

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.answer(DeviceState.ONLINE)
            self.open_or_poll()
            assert self.supervised.status.state is DeviceState.ONLINE
            assert self.world.published[-1].state is DeviceState.ONLINE


@lanes(fast=100, slow=1000)
def test_whatever_a_driver_raises_its_owner_lives_and_tells_the_truth(examples: int) -> None:
    attack(HostileDriver, examples, steps=25)


# -- the thread ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["open", "status", "work", "close", "listen"])
@pytest.mark.parametrize("error", ERRORS, ids=lambda make: type(make()).__name__)
def test_no_error_anywhere_ends_the_thread(
    where: str, error: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_thread, "REOPEN_SECONDS", 0.001)
    world = World()
    world.answer = DeviceStatus(NAME, DeviceState.ONLINE, datetime(2026, 7, 26, 12, tzinfo=UTC))
    world.raises[where] = error
    if where == "close":
        world.raises["status"] = error
    thread: DeviceThread[HostileDevice] = DeviceThread(NAME, world.open, RealClock(), world.listen, poll_s=0.001)
    thread.start()
    try:
        for _ in range(3):
            thread.call(HostileDevice.identify).exception(PATIENCE_S)
        world.raises.clear()
        until(lambda: thread.status.in_service and thread.call(HostileDevice.identify).exception(PATIENCE_S) is None)
        assert thread.status.in_service
    finally:
        thread.stop()
    assert all(device.closed == 1 for device in world.opened)


def test_no_future_waits_for_a_thread_that_has_ended() -> None:
    world = World()
    world.answer = DeviceStatus(NAME, DeviceState.ONLINE, datetime(2026, 7, 26, 12, tzinfo=UTC))
    thread: DeviceThread[HostileDevice] = DeviceThread(NAME, world.open, RealClock(), world.listen, poll_s=1.0)
    thread.start()
    inside, go_on = threading.Event(), threading.Event()

    def hold(_: HostileDevice) -> None:
        inside.set()
        assert go_on.wait(PATIENCE_S)

    held = thread.call(hold)
    assert inside.wait(PATIENCE_S)
    stopper = threading.Thread(target=thread.stop)
    stopper.start()
    while thread._jobs.empty():
        inside.wait(0.001)
    behind: list[Future[Identity]] = [thread.call(HostileDevice.identify) for _ in range(3)]
    behind[1].cancel()
    go_on.set()
    stopper.join(PATIENCE_S)
    assert held.exception(PATIENCE_S) is None
    later = thread.call(HostileDevice.identify)
    for future in (behind[0], behind[2], later):
        assert isinstance(future.exception(PATIENCE_S), DeviceUnavailable)


def test_a_thread_that_is_ended_from_within_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[object] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    world = World()
    world.answer = DeviceStatus(NAME, DeviceState.ONLINE, datetime(2026, 7, 26, 12, tzinfo=UTC))
    thread: DeviceThread[HostileDevice] = DeviceThread(NAME, world.open, RealClock(), world.listen, poll_s=1.0)

    def leave(_: HostileDevice) -> None:
        raise SystemExit

    first, second = thread.call(leave), thread.call(HostileDevice.identify)
    thread.start()
    assert isinstance(first.exception(PATIENCE_S), SystemExit)
    assert isinstance(second.exception(PATIENCE_S), DeviceUnavailable)
    thread.stop()
    assert [device.closed for device in world.opened] == [1]
