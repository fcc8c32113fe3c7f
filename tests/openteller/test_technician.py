"""A technician's questions at the core: answered from the device's own thread, patient with none of them for ever."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import pytest

from drivers.device_thread import DeviceThread
from drivers.trace.watch import TraceWatch
from kiosk_core.card_reader import ResetAction
from kiosk_core.errors import DeviceUnavailable, Fault
from kiosk_core.protocol import MAX_LINE_BYTES, encode
from kiosk_core.screen_messages import Refused
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity
from kiosk_core.technician_questions import (
    AskDevice,
    AskDevices,
    AskReset,
    AskTest,
    AskTrace,
    DeviceDetail,
    Devices,
    TestReport,
    TraceReport,
)
from kiosk_core.trace import parse_header, parse_record
from openteller import technician
from openteller.remedies import REMEDIES, remedies
from openteller.technician import Attended, Technician
from tests.clocks import RealClock
from tests.patience import PATIENCE_S

CLOCK = RealClock()


class Reader:
    """A device of the test's own; `before` happens before every self-test."""

    def __init__(self) -> None:
        self.health = DeviceStatus("card_reader", DeviceState.ONLINE, CLOCK.wall())
        self.before: Callable[[], object] = lambda: None
        self.threads: set[str] = set()
        self.identified = 0
        self.resets: list[ResetAction] = []

    def identify(self) -> Identity:
        self.identified += 1
        return Identity("CRT-591", "V1.00", "S1")

    def self_test(self) -> DeviceStatus:
        self.threads.add(threading.current_thread().name)
        self.before()
        return replace(self.health, detail="six sensors")

    def status(self) -> DeviceStatus:
        return self.health

    def reset(self, action: ResetAction = ResetAction.CURRENT_POSITION) -> None:
        self.threads.add(threading.current_thread().name)
        if action is ResetAction.RETAIN:
            raise ValueError("a CRT-288K cannot retain a card")
        self.resets.append(action)
        self.health = replace(self.health, faults=frozenset())

    def counters(self) -> Counters:
        return Counters(cycles=3)

    def close(self) -> None: ...


class Rig:
    def __init__(self) -> None:
        self.reader = Reader()
        self.serving = False
        self.watch = TraceWatch("card_reader", CLOCK, family="", model="crt-591", port="/dev/ttyUSB0")
        self.thread: DeviceThread[Reader] = DeviceThread(
            "card_reader", lambda: self.reader, CLOCK, lambda _: self.published.set(), 0.01
        )
        self.published = threading.Event()
        devices = {"card_reader": Attended(self.thread, self.watch, "crt-591", "/dev/ttyUSB0")}
        self.technician = Technician(devices, CLOCK, lambda: self.serving)


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    for name in ("ASK_S", "COUNT_S"):
        monkeypatch.setattr(technician, name, PATIENCE_S)
    rig = Rig()
    rig.thread.start()
    assert rig.published.wait(PATIENCE_S)
    yield rig
    rig.thread.stop()


def test_all_devices_are_reported_with_what_was_counted(rig: Rig) -> None:
    answer = rig.technician.answer(AskDevices())
    assert isinstance(answer, Devices)
    (report,) = answer.devices
    assert (report.name, report.state, report.port) == ("card_reader", "online", "/dev/ttyUSB0")
    assert report.counters["cycles"] == 3


def test_a_device_says_what_it_is_once_an_opening(rig: Rig) -> None:
    for _ in range(2):
        answer = rig.technician.answer(AskDevice(name="card_reader"))
        assert isinstance(answer, DeviceDetail)
        assert (answer.identity, answer.firmware, answer.serial) == ("CRT-591", "V1.00", "S1")
    assert rig.reader.identified == 1


def test_a_technician_who_asks_all_the_time_hides_no_change(rig: Rig) -> None:
    """Every call puts the next poll off; a poll must still come."""
    rig.published.clear()
    rig.reader.health = replace(rig.reader.health, state=DeviceState.HARDWARE_ERROR)
    until = CLOCK.now() + PATIENCE_S
    while not rig.published.is_set() and CLOCK.now() < until:
        rig.technician.answer(AskDevice(name="card_reader"))
        rig.technician.answer(AskDevices())
    assert rig.published.is_set()


def test_nobody_asks_a_device_what_it_is_while_it_serves_a_customer(rig: Rig) -> None:
    rig.serving = True
    answer = rig.technician.answer(AskDevice(name="card_reader"))
    assert isinstance(answer, DeviceDetail)
    assert answer.identity == ""
    assert rig.reader.identified == 0


def test_a_self_test_runs_on_the_thread_of_its_device(rig: Rig) -> None:
    answer = rig.technician.answer(AskTest(name="card_reader"))
    assert isinstance(answer, TestReport)
    assert answer.passed
    assert answer.report.detail == "six sensors"
    assert rig.reader.threads == {"device-card_reader"}


def test_a_fault_fails_the_test(rig: Rig) -> None:
    rig.reader.health = replace(rig.reader.health, faults=frozenset({Fault.CARD_JAM}))
    answer = rig.technician.answer(AskTest(name="card_reader"))
    assert isinstance(answer, TestReport)
    assert not answer.passed
    assert answer.report.faults == ("card_jam",)


def test_no_test_while_a_customer_is_served(rig: Rig) -> None:
    rig.serving = True
    answer = rig.technician.answer(AskTest(name="card_reader"))
    assert isinstance(answer, Refused)
    assert "a customer is being served" in answer.reason
    assert rig.reader.threads == set()


@pytest.mark.parametrize(("card", "action"), [("stay", ResetAction.CURRENT_POSITION), ("exit", ResetAction.EXIT)])
def test_a_reset_runs_on_the_thread_of_its_device_and_tells_how_it_is_then(
    rig: Rig, card: Literal["stay", "exit"], action: ResetAction
) -> None:
    rig.reader.health = replace(rig.reader.health, faults=frozenset({Fault.CARD_JAM}))
    answer = rig.technician.answer(AskReset(name="card_reader", card=card))
    assert isinstance(answer, TestReport)
    assert answer.passed
    assert answer.report.faults == ()
    assert rig.reader.resets == [action]
    assert rig.reader.threads == {"device-card_reader"}


def test_a_reader_that_keeps_no_cards_says_so(rig: Rig) -> None:
    answer = rig.technician.answer(AskReset(name="card_reader", card="retain"))
    assert answer == Refused(reason="a CRT-288K cannot retain a card")


def test_what_is_no_card_reader_has_no_place_for_a_card() -> None:
    thread: DeviceThread[Reader] = DeviceThread("receipt_printer", Reader, CLOCK, lambda _: None, 1.0)
    watch = TraceWatch("receipt_printer", CLOCK, family="", model="epson-tm-t88v", port="/dev/ttyUSB1")
    printer = Attended(thread, watch, "epson-tm-t88v", "/dev/ttyUSB1")
    asked = Technician({"receipt_printer": printer}, CLOCK, lambda: False)
    answer = asked.answer(AskReset(name="receipt_printer", card="exit"))
    assert isinstance(answer, Refused)
    assert "holds no cards" in answer.reason


def test_no_reset_while_a_customer_is_served(rig: Rig) -> None:
    rig.serving = True
    answer = rig.technician.answer(AskReset(name="card_reader"))
    assert isinstance(answer, Refused)
    assert "a customer is being served" in answer.reason
    assert rig.reader.resets == []


def _fail(error: Exception) -> Callable[[], object]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DeviceUnavailable("card_reader", "unplugged"), "card_reader: unplugged"),
        (ZeroDivisionError("6222021234567890123"), "card_reader: the driver failed: ZeroDivisionError"),
    ],
)
def test_a_test_that_breaks_down_has_failed_and_says_why(rig: Rig, error: Exception, said: str) -> None:
    rig.reader.before = _fail(error)
    answer = rig.technician.answer(AskTest(name="card_reader"))
    assert isinstance(answer, TestReport)
    assert not answer.passed
    assert answer.problem == said


def test_a_device_that_hangs_is_not_waited_for_for_ever(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(technician, "TEST_S", 0.05)
    monkeypatch.setattr(technician, "COUNT_S", 0.05)
    go_on = threading.Event()
    rig.reader.before = go_on.wait
    answer = rig.technician.answer(AskTest(name="card_reader"))
    go_on.set()
    assert isinstance(answer, TestReport)
    assert (answer.passed, answer.problem) == (False, "no result in 0 s")


def test_a_core_that_stops_waits_for_no_test(rig: Rig) -> None:
    go_on = threading.Event()
    rig.reader.before = go_on.wait
    answers: list[object] = []
    asking = threading.Thread(target=lambda: answers.append(rig.technician.answer(AskTest(name="card_reader"))))
    asking.start()
    rig.technician.stop()
    asking.join(PATIENCE_S)
    go_on.set()
    assert isinstance(answers[0], TestReport)


@pytest.mark.parametrize("question", [AskDevice(name="kettle"), AskTest(name="kettle"), AskTrace(name="kettle")])
def test_an_unknown_device_is_answered_with_the_known_ones(rig: Rig, question: AskDevice | AskTest | AskTrace) -> None:
    answer = rig.technician.answer(question)
    assert answer == Refused(reason='there is no device "kettle"', known=("card_reader",))


def test_a_long_trace_comes_in_messages_that_fit_a_line(rig: Rig) -> None:
    class Line:
        def write(self, data: bytes, timeout_s: float) -> None: ...
        def read(self, size: int, timeout_s: float) -> bytes:
            return b""

        def discard_input(self) -> None: ...
        def close(self) -> None: ...

    rig.watch = TraceWatch("card_reader", CLOCK, family="escpos")
    rig.technician._devices = {"card_reader": Attended(rig.thread, rig.watch, "", "")}
    line = rig.watch.line(Line())
    for _ in range(12):
        line.write(b"\xff" * 20_000, 1)
    seen: list[int] = []
    more = True
    while more:
        answer = rig.technician.answer(AskTrace(name="card_reader", after=seen[-1] if seen else 0))
        assert isinstance(answer, TraceReport)
        assert len(encode(answer)) <= MAX_LINE_BYTES
        assert parse_header(answer.header).device == "card_reader"
        seen += [parse_record(each).sequence for each in answer.records]
        more = answer.more
    assert seen == [record.sequence for record in rig.watch.records()]
    assert len(seen) == 37


def test_every_fault_has_a_remedy() -> None:
    assert set(REMEDIES) == set(Fault)
    assert remedies("userError", ("paper_out",))[0].startswith("no paper")
    assert remedies("noDevice", ())[0].startswith("not found")
    assert remedies("online", ()) == []
    assert remedies("online", ("of_a_newer_core",)) == ["of a newer core"]
