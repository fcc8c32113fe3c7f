"""A serial port as a transport: whatever pyserial raises becomes DeviceUnavailable, whatever comes is given at once."""

import os
import tty
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import serial

from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.world import SerialWorld
from drivers.serial_port import open_serial
from drivers.transport import Transport, UsbTransport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable
from tests.clocks import RealClock, SetClock


class Echo:
    def receive(self, data: bytes) -> bytes:
        return data

    def idle(self) -> bytes:
        return b""


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


@pytest.fixture
def world(clock: SetClock) -> SerialWorld:
    world = SerialWorld(clock)
    world.add("echo", Echo())
    register(world)
    return world


def opened(clock: Clock | None = None) -> Transport:
    return open_serial("sim://echo", 9600, "the echo", clock or RealClock())


def test_gives_what_came_at_once(world: SerialWorld, clock: SetClock) -> None:
    transport = opened(clock)
    transport.write(b"abc", 1.0)
    assert transport.read(100, 5.0) == b"abc"
    assert clock.now() == 0.0
    transport.close()


def test_gives_no_more_than_asked_for(world: SerialWorld) -> None:
    transport = opened()
    transport.write(b"abc", 1.0)
    assert [transport.read(1, 1.0), transport.read(1, 1.0), transport.read(9, 1.0)] == [b"a", b"b", b"c"]
    transport.close()


def test_gives_nothing_after_the_time_out(world: SerialWorld, clock: SetClock) -> None:
    transport = opened(clock)
    assert transport.read(1, 0.05) == b""
    assert 0.05 <= clock.now() < 0.1
    transport.close()


def test_what_came_while_the_process_had_no_turn_is_no_silence(clock: SetClock) -> None:
    class Late(Echo):
        """A look at the line, in which the process has no turn for a minute; the answer is there at the next."""

        def idle(self) -> bytes:
            clock.sleep(60)
            return b"abc" if clock.now() > 60 else b""

    world = SerialWorld(clock)
    world.add("echo", Late())
    register(world)
    transport = opened(clock)
    assert transport.read(100, 5.0) == b"abc"
    transport.close()


def test_throws_away_what_was_not_read(world: SerialWorld) -> None:
    transport = opened()
    transport.write(b"abc", 1.0)
    transport.discard_input()
    assert transport.read(1, 0.0) == b""
    transport.close()


@pytest.mark.parametrize(
    "use",
    [
        lambda transport: transport.read(1, 1.0),
        lambda transport: transport.write(b"x", 1.0),
        lambda transport: transport.write(b"x", 2.0),
        lambda transport: transport.discard_input(),
    ],
)
@pytest.mark.parametrize("kind", ["sim", "pty"])
def test_says_that_an_unplugged_device_is_unavailable(
    kind: str, use: Callable[[Transport], object], world: SerialWorld, tmp_path: Path
) -> None:
    pty = PtyPort(tmp_path / "echo", Echo())
    port = "sim://echo" if kind == "sim" else str(pty.path)
    transport = open_serial(port, 9600, "the echo", RealClock())
    transport.write(b"x", 1.0)
    world.unplug("echo")
    pty.unplug()
    with pytest.raises(DeviceUnavailable) as unavailable:
        use(transport)
    assert unavailable.value.device == "the echo"
    transport.close()
    transport.close()


@pytest.mark.parametrize("port", ["sim://nothing", "/dev/no-such-port"])
def test_says_that_an_absent_device_is_unavailable(port: str, world: SerialWorld) -> None:
    with pytest.raises(DeviceUnavailable, match="the echo"):
        open_serial(port, 9600, "the echo", RealClock())


def test_says_that_a_taken_device_is_unavailable(world: SerialWorld) -> None:
    transport = opened()
    with pytest.raises(DeviceUnavailable):
        opened()
    transport.close()
    opened().close()


def test_says_that_a_device_that_takes_nothing_is_unavailable(tmp_path: Path) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    transport = open_serial(os.ttyname(slave), 9600, "the wall", RealClock())
    with pytest.raises(DeviceUnavailable):
        transport.write(b"x" * 100_000, 0.05)
    transport.close()
    os.close(master)
    os.close(slave)


def test_sets_the_line_as_asked(world: SerialWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: list[dict[str, object]] = []
    real = serial.serial_for_url

    def recorded(url: str, **kwargs: object) -> serial.Serial:
        settings.append(kwargs)
        return real(url, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(serial, "serial_for_url", recorded)
    open_serial("sim://echo", 19200, "the echo", RealClock(), parity="E", rtscts=True).close()
    assert settings[0]["baudrate"] == 19200
    assert (settings[0]["parity"], settings[0]["rtscts"], settings[0]["exclusive"]) == ("E", True, True)


def test_refuses_a_scheme_that_pyserial_does_not_know(world: SerialWorld) -> None:
    with pytest.raises(ValueError, match="protocol"):
        open_serial("warp://9", 9600, "the echo", RealClock())


def test_is_no_usb_transport(world: SerialWorld) -> None:
    transport = opened()
    assert not isinstance(transport, UsbTransport)
    transport.close()
