"""A simulated serial line behaves as a tty does, whether it is `sim://` or a pty: facts/simulation.md 1.1."""

import errno
import itertools
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
import serial

from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.world import TTY_BUFFER, SerialWorld
from tests.patience import PATIENCE_S, until


class Echo:
    """Answers every byte with itself; says by itself what a test puts into `unasked`."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.unasked = b""
        self.asked = 0

    def receive(self, data: bytes) -> bytes:
        self.received += data
        return data

    def idle(self) -> bytes:
        self.asked += 1
        said, self.unasked = self.unasked, b""
        return said


class Bench(Protocol):
    """A line of either kind with an Echo on it."""

    url: str
    device: Echo

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    def ask(self) -> None:
        """Return when the device has been asked what it has to say, and that is on the line or lost."""
        ...


class SimBench:
    _numbers = itertools.count()

    def __init__(self) -> None:
        self.device = Echo()
        self._name = f"echo-{next(self._numbers)}"
        self._world = SerialWorld()
        self._world.add(self._name, self.device)
        register(self._world)
        self.url = f"sim://{self._name}"

    def plug(self) -> None:
        self._world.plug(self._name)

    def unplug(self) -> None:
        self._world.unplug(self._name)

    def ask(self) -> None:
        pass  # it is asked by who reads alone


class PtyBench:
    def __init__(self, folder: Path) -> None:
        self.device = Echo()
        self._port = PtyPort(folder / "echo", self.device)
        self.url = str(folder / "echo")

    def plug(self) -> None:
        self._port.plug()

    def unplug(self) -> None:
        self._port.unplug()

    def ask(self) -> None:
        enough = self.device.asked + 2
        until(lambda: self.device.asked >= enough)


@pytest.fixture(params=["sim", "pty"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made: Bench = SimBench() if request.param == "sim" else PtyBench(tmp_path)
    yield made
    made.unplug()


def opened(bench: Bench, timeout: float = PATIENCE_S) -> serial.Serial:
    return serial.serial_for_url(bench.url, baudrate=115200, timeout=timeout, exclusive=True)


def test_carries_every_byte_both_ways(bench: Bench) -> None:
    data = bytes(range(256)) * 4
    with opened(bench) as port:
        assert port.write(data) == len(data)
        assert port.read(len(data)) == data
    assert bytes(bench.device.received) == data


def test_who_opens_the_port_while_the_device_is_asked_hears_what_it_says(tmp_path: Path) -> None:
    class Slow:
        asked, may_say = threading.Event(), threading.Event()
        said = False

        def receive(self, data: bytes) -> bytes:
            return b""

        def idle(self) -> bytes:
            self.asked.set()
            assert self.may_say.wait(PATIENCE_S)
            said, self.said = self.said, True
            return b"" if said else b"!"

    device = Slow()
    with PtyPort(tmp_path / "port", device) as pty:
        assert device.asked.wait(PATIENCE_S)
        try:
            with serial.Serial(str(pty.path), timeout=PATIENCE_S, exclusive=True) as port:
                device.may_say.set()
                assert port.read(1) == b"!"
        finally:
            device.may_say.set()


def test_returns_what_came_when_the_time_is_over(bench: Bench) -> None:
    with opened(bench, timeout=0.05) as port:
        port.write(b"ab")
        until(lambda: port.in_waiting == 2)
        assert port.read(10) == b"ab"
        assert port.read(1) == b""


def test_counts_what_waits(bench: Bench) -> None:
    with opened(bench) as port:
        port.write(b"abc")
        assert port.read(1) == b"a"
        assert port.in_waiting == 2


def test_hears_what_the_device_says_by_itself(bench: Bench) -> None:
    with opened(bench) as port:
        bench.device.unasked = b"!"
        assert port.read(1) == b"!"


def test_forgets_what_was_not_read(bench: Bench) -> None:
    with opened(bench) as port:
        port.write(b"abc")
        assert port.read(1) == b"a"
        port.reset_input_buffer()
        assert port.in_waiting == 0


def test_what_is_said_while_nobody_listens_is_lost(bench: Bench) -> None:
    with opened(bench) as port:
        port.write(b"abc")
        port.read(1)
    bench.device.unasked = b"lost"
    bench.ask()
    with opened(bench) as port:
        port.reset_input_buffer()
        port.write(b"x")
        assert port.read(1) == b"x"


def test_is_for_one_program_alone(bench: Bench) -> None:
    with opened(bench), pytest.raises(serial.SerialException) as refused:
        opened(bench)
    assert refused.value.errno == errno.EAGAIN
    opened(bench).close()


def test_an_absent_port_cannot_be_opened(bench: Bench) -> None:
    bench.unplug()
    with pytest.raises(serial.SerialException) as absent:
        opened(bench)
    assert absent.value.errno == errno.ENOENT


# (operation, exception exactly, a part of its text): the table of facts/simulation.md 1.1
AFTER_AN_UNPLUG: list[tuple[str, Callable[[serial.Serial], object], type[Exception], str]] = [
    ("read", lambda port: port.read(1), serial.SerialException, "readiness to read but returned no data"),
    ("write", lambda port: port.write(b"x"), serial.SerialException, "write failed: [Errno 5]"),
    ("in_waiting", lambda port: port.in_waiting, OSError, "Input/output error"),
    ("flush", lambda port: port.flush(), termios.error, "Input/output error"),
    ("reset_input_buffer", lambda port: port.reset_input_buffer(), termios.error, "Input/output error"),
    ("reset_output_buffer", lambda port: port.reset_output_buffer(), termios.error, "Input/output error"),
    ("timeout", lambda port: setattr(port, "timeout", 9), serial.SerialException, "Could not configure port: (5,"),
]


@pytest.mark.parametrize(("use", "kind", "text"), [pytest.param(*row[1:], id=row[0]) for row in AFTER_AN_UNPLUG])
def test_an_unplugged_port_fails_as_a_real_one(
    bench: Bench, use: Callable[[serial.Serial], object], kind: type[Exception], text: str
) -> None:
    port = opened(bench)
    bench.unplug()
    with pytest.raises(kind) as failed:
        use(port)
    assert type(failed.value) is kind
    assert text in str(failed.value)
    port.close()


def test_a_waiting_read_ends_at_once_when_the_plug_is_pulled(bench: Bench) -> None:
    with opened(bench, timeout=2 * PATIENCE_S) as port:
        puller = threading.Timer(0.03, bench.unplug)
        puller.start()
        began = time.monotonic()
        with pytest.raises(serial.SerialException):
            port.read(1)
        puller.join()
        assert time.monotonic() - began < PATIENCE_S


def test_a_lost_port_stays_lost_after_a_replug_and_can_be_opened_anew(bench: Bench) -> None:
    lost = opened(bench)
    bench.unplug()
    bench.plug()
    with pytest.raises(serial.SerialException):
        lost.read(1)
    lost.close()
    with opened(bench) as port:
        port.write(b"again")
        assert port.read(5) == b"again"


def test_plugging_twice_changes_nothing(bench: Bench) -> None:
    with opened(bench) as port:
        bench.plug()
        port.write(b"x")
        assert port.read(1) == b"x"
    bench.unplug()
    bench.unplug()


def test_opens_and_closes_many_times(bench: Bench) -> None:
    for _ in range(20):
        with opened(bench) as port:
            port.write(b"x")
            assert port.read(1) == b"x"


def test_a_device_may_pull_its_own_plug(tmp_path: Path) -> None:
    """A fault that a test puts into a device: it vanishes while it is being written to."""

    class Vanishing(Echo):
        def receive(self, data: bytes) -> bytes:
            pty.unplug()
            return data

    pty = PtyPort(tmp_path / "gone", Vanishing())
    port = serial.serial_for_url(str(tmp_path / "gone"), timeout=PATIENCE_S)
    port.write(b"x")
    with pytest.raises(serial.SerialException):
        port.read(1)
    port.close()


def test_a_host_that_does_not_read_loses_the_rest() -> None:
    bench = SimBench()
    with opened(bench) as port:
        for _ in range(20):
            port.write(b"x" * 8192)
        assert port.in_waiting == TTY_BUFFER


def test_a_host_that_does_not_read_does_not_stop_a_pty(tmp_path: Path) -> None:
    bench = PtyBench(tmp_path)
    with serial.serial_for_url(bench.url, timeout=1, write_timeout=PATIENCE_S) as port:
        for _ in range(20):
            port.write(b"x" * 8192)
        until(lambda: len(bench.device.received) >= 20 * 8192)
        assert len(bench.device.received) == 20 * 8192
    bench.unplug()


def test_the_path_of_a_pty_leads_to_a_new_one_after_a_replug(tmp_path: Path) -> None:
    with PtyPort(tmp_path / "printer", Echo()) as port:
        assert port.path.readlink().is_char_device()
        port.unplug()
        assert not port.path.is_symlink()
        port.plug()
        assert port.path.is_symlink()
    assert not (tmp_path / "printer").is_symlink()


def test_only_the_registered_world_is_found() -> None:
    first = SimBench()
    SimBench()
    with pytest.raises(serial.SerialException) as unknown:
        serial.serial_for_url(first.url)
    assert unknown.value.errno == errno.ENOENT


def test_modem_lines_show_a_device_that_is_there() -> None:
    bench = SimBench()
    with opened(bench) as port:
        assert (port.cts, port.dsr, port.cd, port.ri) == (True, True, True, False)
        port.rts = False
        port.dtr = False
        port.break_condition = True
        bench.unplug()
        with pytest.raises(OSError, match="Input/output error"):
            _ = port.cts


def test_a_closed_port_is_not_used() -> None:
    bench = SimBench()
    port = opened(bench)
    with pytest.raises(serial.SerialException):
        port.open()
    port.close()
    with pytest.raises(serial.PortNotOpenError):
        port.read(1)
