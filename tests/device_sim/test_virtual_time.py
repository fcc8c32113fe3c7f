"""Virtual time: tasks take turns by who wakes first, the same way every time."""

from datetime import UTC, datetime, timedelta

import pytest
import serial

from device_sim.serial.handlers import register
from device_sim.serial.wire import Wire
from device_sim.serial.world import SerialWorld
from device_sim.virtual_time import VirtualClock

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


def test_outside_a_run_a_sleep_lets_the_time_pass(clock: VirtualClock) -> None:
    clock.sleep(1.5)
    clock.sleep(-1.0)
    assert clock.now() == 1.5
    assert clock.wall() == START + timedelta(seconds=1.5)


def test_tasks_run_in_the_order_of_their_waking(clock: VirtualClock) -> None:
    seen: list[tuple[str, float]] = []

    def every(name: str, seconds: float) -> None:
        while True:
            seen.append((name, clock.now()))
            clock.sleep(seconds)

    clock.spawn(lambda: every("a", 2.0))
    clock.spawn(lambda: every("b", 3.0))
    clock.run(7.0)
    assert clock.now() == 7.0
    # At 6.0 both wake: a has slept since 4.0, b since 3.0.
    assert seen == [
        ("a", 0.0), ("b", 0.0), ("a", 2.0), ("b", 3.0), ("a", 4.0), ("b", 6.0), ("a", 6.0)
    ]  # fmt: skip


def test_a_second_run_goes_on_where_the_first_ended(clock: VirtualClock) -> None:
    seen: list[float] = []

    def sleeper() -> None:
        clock.sleep(5.0)
        seen.append(clock.now())

    clock.spawn(sleeper)
    clock.run(3.0)
    assert (seen, clock.now()) == ([], 3.0)
    clock.run(3.0)
    assert (seen, clock.now()) == ([5.0], 6.0)


def test_the_end_of_a_run_cuts_no_sleep_short(clock: VirtualClock) -> None:
    woken: list[float] = []

    def sleeper() -> None:
        clock.sleep(10.0)
        woken.append(clock.now())

    clock.spawn(sleeper)
    clock.run(9.999)
    assert woken == []


def test_what_a_task_raises_ends_the_run(clock: VirtualClock) -> None:
    def broken() -> None:
        clock.sleep(1.0)
        raise LookupError("broken")

    clock.spawn(broken)
    with pytest.raises(LookupError, match="broken"):
        clock.run(2.0)


class Echo:
    def receive(self, data: bytes) -> bytes:
        return data

    def idle(self) -> bytes:
        return b""


def test_a_serial_port_waits_in_virtual_time_as_long_as_the_wire_takes(clock: VirtualClock) -> None:
    world = SerialWorld(clock)
    world.add("echo", Wire(Echo(), clock, baudrate=9600))
    register(world)
    with serial.serial_for_url("sim://echo", timeout=5.0) as port:
        port.write(bytes(96))
        assert port.read(96) == bytes(96)
        # 96 bytes of ten bits at 9600 Bd: 100 ms; the echo of each piece of 9 follows while the next is under way.
        assert clock.now() == pytest.approx(0.1 + 9 * 10 / 9600, abs=1e-6)
        assert port.read(1) == b""
        assert clock.now() == pytest.approx(5.1 + 9 * 10 / 9600, abs=1e-6)


def test_two_ports_wait_side_by_side(clock: VirtualClock) -> None:
    world = SerialWorld(clock)
    world.add("slow", Wire(Echo(), clock, baudrate=1200))
    world.add("fast", Wire(Echo(), clock, baudrate=115_200))
    register(world)
    done: list[tuple[str, float]] = []

    def ask(name: str) -> None:
        with serial.serial_for_url(f"sim://{name}", timeout=5.0) as port:
            port.write(bytes(12))
            assert port.read(12) == bytes(12)
            done.append((name, round(clock.now(), 3)))

    clock.spawn(lambda: ask("slow"))
    clock.spawn(lambda: ask("fast"))
    clock.run(1.0)
    assert done == [("fast", 0.002), ("slow", 0.108)]
