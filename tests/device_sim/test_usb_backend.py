"""One contract for all lanes: pyusb on the simulated bus of this process, on that of another, and over libusb.

The expected errors are those of a real kernel and libusb: facts/simulation.md 2.4.
"""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import usb.core
import usb.util

from device_sim.usb.bus import SimulatedBus
from device_sim.usb.device import Descriptor, Endpoint, Interface, Stall
from device_sim.usb.remote import BusServer, RemoteBackend
from tests.clocks import RealClock
from tests.patience import PATIENCE_S, until
from tests.usb_lanes import LANES, Lane, open_lane

PATIENCE_MS = round(1000 * PATIENCE_S)
ENDPOINTS = (Endpoint(0x02, 2), Endpoint(0x82, 2), Endpoint(0x81, 3, max_packet=8, interval=16))


class Echo:
    """A device that gives back what it gets; it stalls on "stall" and on all class requests but number 1."""

    def __init__(self, product_id: int = 0x0001) -> None:
        self.descriptor = Descriptor(
            0x1209,
            product_id,
            "OpenTeller",
            "Echo 回声",
            "E-7",
            (Interface(0xFF, 1, 2, ENDPOINTS, extra=b"\x03\xff\x2a"),),
            release=0x0203,
        )
        self.waiting: list[bytes] = []
        self.power_cycles = 0
        self.asked = threading.Event()

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        if data == b"stall":
            raise Stall
        self.waiting.append(data)

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        self.asked.set()
        if endpoint == 0x81 or not self.waiting:
            return None
        return self.waiting.pop(0)[:size]

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        if request != 1:
            raise Stall
        return bytes((request_type, value, index))[:length]

    def power_cycle(self) -> None:
        self.waiting.clear()
        self.power_cycles += 1


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lane]:
    with open_lane(request.param, RealClock(), tmp_path) as lane:
        yield lane


def later(seconds: float, action: Callable[..., object], *arguments: object) -> threading.Timer:
    timer = threading.Timer(seconds, action, arguments)
    timer.start()
    return timer


def test_devices_are_found_by_number_and_by_class(lane: Lane) -> None:
    lane.bus.attach(Echo())
    assert lane.find() is not None
    assert lane.find(0x0002) is None
    by_class = usb.core.find(
        backend=lane.backend,
        custom_match=lambda device: usb.util.find_descriptor(device[0], bInterfaceClass=0xFF) is not None,
    )
    assert by_class.idProduct == 0x0001


def test_descriptors_are_those_of_the_device(lane: Lane) -> None:
    lane.bus.attach(Echo())
    with lane.open() as device:
        assert (device.bcdDevice, device.bNumConfigurations) == (0x0203, 1)
        assert (device.manufacturer, device.product, device.serial_number) == ("OpenTeller", "Echo 回声", "E-7")
        configuration = device.get_active_configuration()
        assert configuration.wTotalLength == 9 + 9 + 3 + 3 * 7
        interface = configuration[(0, 0)]
        assert (interface.bInterfaceClass, interface.bInterfaceSubClass, interface.bInterfaceProtocol) == (0xFF, 1, 2)
        assert bytes(interface.extra_descriptors) == b"\x03\xff\x2a"
        assert [each.bEndpointAddress for each in interface] == [0x02, 0x82, 0x81]


def test_bytes_go_out_and_come_back(lane: Lane) -> None:
    lane.bus.attach(Echo())
    with lane.open() as device:
        everything = bytes(range(256)) * 16
        assert device.write(0x02, everything, PATIENCE_MS) == len(everything)
        assert bytes(device.read(0x82, 8192, PATIENCE_MS)) == everything


def test_read_times_out_after_its_time(lane: Lane) -> None:
    lane.bus.attach(Echo())
    with lane.open() as device:
        for endpoint in (0x82, 0x81):
            begun = time.monotonic()
            with pytest.raises(usb.core.USBTimeoutError) as timeout:
                device.read(endpoint, 8, 30)
            assert timeout.value.errno == 110
            assert 0.03 <= time.monotonic() - begun < 30


def test_read_waits_for_what_comes_later(lane: Lane) -> None:
    echo = Echo()
    lane.bus.attach(echo)
    with lane.open() as device:
        timer = later(0.02, echo.waiting.append, b"late")
        assert bytes(device.read(0x82, 64, PATIENCE_MS)) == b"late"
        timer.join()


def test_unplugging_ends_a_waiting_read_at_once_and_all_later_calls(lane: Lane) -> None:
    echo = Echo()
    lane.bus.attach(echo)
    with lane.open() as device:
        timer = later(0.02, lane.bus.detach, echo)
        with pytest.raises(usb.core.USBError) as gone:
            device.read(0x82, 64, PATIENCE_MS)  # whose time-out would be another error
        timer.join()
        errors = [gone.value.errno]
        for call in (
            lambda: device.write(0x02, b"x", PATIENCE_MS),
            lambda: device.read(0x82, 64, PATIENCE_MS),
            lambda: device.ctrl_transfer(0xA1, 1, 0, 0, 3, PATIENCE_MS),
            lambda: device.clear_halt(0x82),
        ):
            with pytest.raises(usb.core.USBError) as later_call:
                call()
            errors.append(later_call.value.errno)
        assert errors == [19] * 5
    assert lane.find() is None
    assert echo.power_cycles == 1


def test_a_device_plugged_in_again_is_a_new_one(lane: Lane) -> None:
    echo = Echo()
    first = lane.bus.attach(echo)
    with lane.open() as old:
        lane.bus.detach(echo)
        second = lane.bus.attach(echo)
        assert second.address != first.address
        with lane.open() as fresh:
            assert fresh.write(0x02, b"new", PATIENCE_MS) == 3
            with pytest.raises(usb.core.USBError) as gone:
                old.write(0x02, b"old", PATIENCE_MS)
            assert gone.value.errno == 19


def test_an_interface_has_one_owner(lane: Lane) -> None:
    lane.bus.attach(Echo())
    second = lane.find()
    assert second is not None
    with lane.open():
        with pytest.raises(usb.core.USBError) as busy:
            usb.util.claim_interface(second, 0)
        assert busy.value.errno == 16
    usb.util.claim_interface(second, 0)
    usb.util.dispose_resources(second)


def test_unknown_interface_is_not_found(lane: Lane) -> None:
    lane.bus.attach(Echo())
    with lane.open() as device:
        with pytest.raises(usb.core.USBError) as unknown:
            usb.util.claim_interface(device, 3)
        assert unknown.value.errno == 2


def test_the_kernel_gives_an_interface_up_only_when_asked(lane: Lane) -> None:
    lane.bus.attach(Echo(), kernel_drivers=frozenset({0}))
    device = lane.find()
    assert device is not None
    with pytest.raises(usb.core.USBError) as busy:
        usb.util.claim_interface(device, 0)
    assert busy.value.errno == 16
    assert device.is_kernel_driver_active(0)
    device.detach_kernel_driver(0)
    assert not device.is_kernel_driver_active(0)
    usb.util.claim_interface(device, 0)
    with pytest.raises(usb.core.USBError) as absent:
        device.detach_kernel_driver(0)
    assert absent.value.errno == 2
    usb.util.dispose_resources(device)


def test_control_requests_reach_the_device_and_unknown_ones_stall(lane: Lane) -> None:
    lane.bus.attach(Echo())
    with lane.open() as device:
        assert bytes(device.ctrl_transfer(0xA1, 1, 7, 0, 64)) == b"\xa1\x07\x00"
        assert device.ctrl_transfer(0x21, 1, 0, 0, None) == 0
        for request_type, request, data in ((0xA1, 2, 3), (0x21, 1, b"data"), (0x80, 0, 2)):
            with pytest.raises(usb.core.USBError) as stalled:
                device.ctrl_transfer(request_type, request, 0, 0, data)
            assert stalled.value.errno == 32


def test_a_stalled_pipe_stays_stalled_until_it_is_cleared(lane: Lane) -> None:
    lane.bus.attach(Echo())
    with lane.open() as device:
        for data in (b"stall", b"x"):
            with pytest.raises(usb.core.USBError) as stalled:
                device.write(0x02, data, PATIENCE_MS)
            assert stalled.value.errno == 32
        device.clear_halt(0x02)
        assert device.write(0x02, b"x", PATIENCE_MS) == 1


def test_a_reset_is_a_power_cycle(lane: Lane) -> None:
    echo = Echo()
    lane.bus.attach(echo)
    with lane.open() as device:
        device.write(0x02, b"x", PATIENCE_MS)
        device.reset()
    assert echo.power_cycles == 1
    assert echo.waiting == []


def test_a_device_without_configuration_needs_one(lane: Lane) -> None:
    lane.bus.attach(Echo())
    device = lane.find()
    assert device is not None
    device.set_configuration(0)
    usb.util.dispose_resources(device)
    again = lane.find()
    assert again is not None
    with pytest.raises(usb.core.USBError, match="Configuration not set"):
        again.get_active_configuration()
    again.set_configuration()
    usb.util.claim_interface(again, 0)
    with pytest.raises(usb.core.USBError) as busy:
        again.set_configuration()
    assert busy.value.errno == 16
    usb.util.dispose_resources(again)


def test_closing_a_session_ends_its_waiting_read() -> None:
    bus = SimulatedBus(RealClock())
    session = bus.open(bus.attach(Echo()).address)
    timer = later(0.02, session.close)
    with pytest.raises(usb.core.USBError) as closed:
        session.read(0x82, 64, PATIENCE_MS)
    timer.join()
    assert closed.value.errno == 19


def test_devices_do_not_wait_for_each_other(lane: Lane) -> None:
    first = Echo(0x0001)
    lane.bus.attach(first)
    lane.bus.attach(Echo(0x0002))
    with lane.open(0x0001) as waiting, lane.open(0x0002) as working:
        heard: list[bytes] = []
        thread = threading.Thread(target=lambda: heard.append(bytes(waiting.read(0x82, 64, PATIENCE_MS))))
        thread.start()
        assert first.asked.wait(PATIENCE_S)
        for _ in range(20):
            working.write(0x02, b"ping", PATIENCE_MS)
            assert bytes(working.read(0x82, 64, PATIENCE_MS)) == b"ping"
        assert thread.is_alive()
        first.waiting.append(b"pong")
        thread.join()
        assert heard == [b"pong"]


def test_plugging_in_or_out_twice_is_a_mistake() -> None:
    bus = SimulatedBus(RealClock())
    echo = Echo()
    with pytest.raises(ValueError, match="not plugged in"):
        bus.detach(echo)
    bus.attach(echo)
    with pytest.raises(ValueError, match="plugged in already"):
        bus.attach(echo)


# -- the other process ---------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[SimulatedBus, BusServer, Path]]:
    bus = SimulatedBus(RealClock())
    server = BusServer(bus, tmp_path / "usb.sock")
    server.start()
    yield bus, server, tmp_path / "usb.sock"
    server.close()


def test_without_the_other_process_the_bus_is_empty(tmp_path: Path) -> None:
    assert usb.core.find(backend=RemoteBackend(tmp_path / "nobody.sock")) is None


def test_the_end_of_the_other_process_is_an_unplugged_device(served: tuple[SimulatedBus, BusServer, Path]) -> None:
    bus, server, path = served
    bus.attach(Echo())
    with Lane("remote", bus, RemoteBackend(path)).open() as device:
        timer = later(0.02, server.close)
        with pytest.raises(usb.core.USBError) as gone:
            device.read(0x82, 64, PATIENCE_MS)
        timer.join()
        assert gone.value.errno == 19
    assert not path.exists()


def test_a_server_takes_the_place_of_one_that_died(tmp_path: Path) -> None:
    path = tmp_path / "usb.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    bus = SimulatedBus(RealClock())
    bus.attach(Echo())
    server = BusServer(bus, path)
    server.start()
    assert path.stat().st_mode & 0o777 == 0o600
    assert Lane("remote", bus, RemoteBackend(path)).find() is not None
    server.close()
    server.close()


def test_a_client_that_is_killed_while_it_waits_gives_its_claim_back(
    served: tuple[SimulatedBus, BusServer, Path],
) -> None:
    bus, _, path = served
    echo = Echo()
    bus.attach(echo)
    program = (
        "import pathlib, sys, usb.core, usb.util\n"
        "from device_sim.usb.remote import RemoteBackend\n"
        "device = usb.core.find(backend=RemoteBackend(pathlib.Path(sys.argv[1])))\n"
        "usb.util.claim_interface(device, 0)\n"
        "device.read(0x82, 64, 60000)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)]) as child:
        assert echo.asked.wait(PATIENCE_S)
        child.kill()
    lane = Lane("remote", bus, RemoteBackend(path))

    def is_ours() -> bool:
        try:
            with lane.open() as device:
                return bool(device.write(0x02, b"mine", PATIENCE_MS) == 4)
        except usb.core.USBError:
            return False

    until(is_ours)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{,}",
        b"{}",
        b'{"call": "read"}',
        b'{"call": "__init__"}',
        b'{"call": "open", "with": ["first"]}',
        b'{"call": "open", "with": []}',
    ],
)
@pytest.mark.parametrize("length", [None, 2**32 - 1, 5])
def test_a_client_that_talks_nonsense_hurts_nobody(
    served: tuple[SimulatedBus, BusServer, Path], body: bytes, length: int | None
) -> None:
    bus, _, path = served
    bus.attach(Echo())
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.settimeout(PATIENCE_S)
        # A server that hangs up in the middle of the nonsense resets the connection.
        with contextlib.suppress(ConnectionError):
            client.sendall((len(body) if length is None else length).to_bytes(4, "big") + body)
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
    assert Lane("remote", bus, RemoteBackend(path)).find() is not None
