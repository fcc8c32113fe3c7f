"""The pyusb transport: every way in which a device can be missing, deaf or gone."""

import errno
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import usb.core
import usb.util

from device_sim.usb.backend import BusBackend, InProcessBackend, SimulatedBus
from device_sim.usb.bus import Session, usb_error
from device_sim.usb.device import Descriptor, Endpoint, Interface, Stall
from drivers.transport import UsbTransport
from drivers.usb import HID_CLASS, UsbInterface, open_usb
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.status import Identity
from tests.clocks import SetClock

NAME = "printer"
BULK_PAIR = (Endpoint(0x02, 2), Endpoint(0x82, 2))


class Echo:
    """A device that gives back what it gets."""

    def __init__(self, interfaces: tuple[Interface, ...] | None = None) -> None:
        printer = Interface(7, 1, 2, (*BULK_PAIR, Endpoint(0x81, 3, max_packet=8)), number=1, extra=b"\x03\x21\x00")
        network = Interface(2, 6, 0, (Endpoint(0x03, 2), Endpoint(0x83, 2)), number=0)
        self.descriptor = Descriptor(
            0x04B8, 0x0E15, "EPSON", "TM-T88", "S1", interfaces or (network, printer), release=0x0123
        )
        self.sent: list[tuple[int, bytes]] = []
        self.waiting: list[bytes] = []
        self.interrupts: list[bytes] = []
        self.stalls = False

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        if self.stalls:
            raise Stall
        self.sent.append((endpoint, data))

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        if self.stalls:
            raise Stall
        queue = self.interrupts if endpoint == 0x81 else self.waiting
        return queue.pop(0)[:size] if queue else None

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        if request != 1:
            raise Stall
        return b"\x18"

    def power_cycle(self) -> None:
        self.waiting.clear()


class Rig:
    """One echo on one bus, on a clock of its own."""

    def __init__(self, echo: Echo | None = None, kernel_drivers: frozenset[int] = frozenset()) -> None:
        self.clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self.bus = SimulatedBus(self.clock)
        self.echo = echo or Echo()
        self.bus.attach(self.echo, kernel_drivers)
        self.backend: BusBackend = InProcessBackend(self.bus)

    def open(self, product_id: int = 0x0E15, interface_class: int = 7) -> UsbInterface:
        return open_usb(0x04B8, product_id, NAME, self.clock, interface_class, backend=self.backend)


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def opened(rig: Rig) -> Iterator[UsbInterface]:
    transport = rig.open()
    yield transport
    transport.close()


def reason(error: pytest.ExceptionInfo[DeviceUnavailable]) -> str:
    assert error.value.device == NAME
    return error.value.reason


def test_finds_the_interface_by_its_class_and_its_pipes_by_their_descriptors(rig: Rig, opened: UsbInterface) -> None:
    assert isinstance(opened, UsbTransport)
    opened.write(b"hello", 1.0)
    assert rig.echo.sent == [(0x02, b"hello")]
    assert opened.class_descriptor == b"\x03\x21\x00"


def test_says_what_the_device_is(opened: UsbInterface) -> None:
    assert opened.identity == Identity("EPSON TM-T88", "1.23", "S1")


def test_other_numbers_are_another_device(rig: Rig) -> None:
    with pytest.raises(DeviceUnavailable) as error:
        rig.open(product_id=0x0E16)
    assert reason(error) == "no USB device 04b8:0e16"


HID_PAIR = (Endpoint(0x01, 3, interval=1), Endpoint(0x82, 3, interval=1))


def test_a_hid_device_has_its_reports_in_its_interrupt_pipes() -> None:
    rig = Rig(Echo((Interface(3, 0, 0, HID_PAIR),)))
    opened = rig.open(interface_class=HID_CLASS)
    opened.write(b"\x06" + bytes(63), 1.0)
    assert rig.echo.sent == [(0x01, b"\x06" + bytes(63))]
    rig.echo.waiting = [b"\x15" + bytes(63), b"\x06" + bytes(63)]
    assert opened.read(64, 1.0) == b"\x15" + bytes(63)
    before = rig.clock.now()
    assert opened.read_interrupt(64, 0.5) == b""
    assert rig.clock.now() - before == 0.5
    opened.discard_input()
    assert rig.echo.waiting == []
    opened.close()


@pytest.mark.parametrize("endpoints", [HID_PAIR[:1], HID_PAIR[1:], BULK_PAIR])
def test_a_hid_device_needs_an_interrupt_pipe_each_way(endpoints: tuple[Endpoint, ...]) -> None:
    rig = Rig(Echo((Interface(3, 0, 0, endpoints),)))
    with pytest.raises(DeviceUnavailable) as error:
        rig.open(interface_class=HID_CLASS)
    assert reason(error) == "its interface lacks an interrupt pipe"


def test_needs_an_interface_of_the_class(rig: Rig) -> None:
    with pytest.raises(DeviceUnavailable) as error:
        rig.open(interface_class=0x0B)
    assert reason(error) == "it has no interface of class 0b"
    rig.open().close()


@pytest.mark.parametrize("endpoints", [BULK_PAIR[:1], BULK_PAIR[1:], ()])
def test_needs_a_pipe_each_way(endpoints: tuple[Endpoint, ...]) -> None:
    rig = Rig(Echo((Interface(7, 1, 2, endpoints),)))
    with pytest.raises(DeviceUnavailable) as error:
        rig.open()
    assert reason(error) == "its interface lacks a bulk pipe"


def test_a_failed_opening_leaves_the_device_free(rig: Rig) -> None:
    echo = Echo((Interface(7, 1, 2, BULK_PAIR[:1]),))
    rig = Rig(echo)
    # The error is kept, as a log would keep it: nothing may depend on its frames being collected.
    with pytest.raises(DeviceUnavailable) as error:
        rig.open()
    device = usb.core.find(backend=rig.backend)
    usb.util.claim_interface(device, 0)
    usb.util.dispose_resources(device)
    assert reason(error)


def test_a_second_program_is_told_that_it_is_in_use(rig: Rig, opened: UsbInterface) -> None:
    with pytest.raises(DeviceUnavailable) as error:
        rig.open()
    assert reason(error) == "in use by another program"


def test_takes_the_interface_from_the_kernel() -> None:
    rig = Rig(kernel_drivers=frozenset({1}))
    rig.open().close()


def test_configures_a_device_only_if_nobody_has(rig: Rig) -> None:
    device = usb.core.find(backend=rig.backend)
    device.set_configuration(0)
    usb.util.dispose_resources(device)
    opened = rig.open()
    opened.write(b"x", 1.0)
    opened.close()
    # A device that is configured already must not be disturbed: the kernel's network driver keeps its interface.
    Rig(kernel_drivers=frozenset({0})).open().close()


def test_without_libusb_it_says_so(monkeypatch: pytest.MonkeyPatch, rig: Rig) -> None:
    def no_backend(**_: object) -> None:
        raise usb.core.NoBackendError("No backend available")

    monkeypatch.setattr(usb.core, "find", no_backend)
    with pytest.raises(DeviceUnavailable) as error:
        rig.open()
    assert reason(error) == "libusb is not installed"


def test_reads_what_is_there_and_keeps_the_rest(rig: Rig, opened: UsbInterface) -> None:
    rig.echo.waiting += [b"abcdef", b"ghi"]
    assert opened.read(4, 1.0) == b"abcd"
    assert opened.read(100, 1.0) == b"ef"
    assert opened.read(100, 1.0) == b"ghi"


def test_asks_for_whole_packets_only(rig: Rig, opened: UsbInterface) -> None:
    # A full packet into a smaller buffer is an overflow error on a real bus.
    rig.echo.waiting.append(bytes(64))
    assert opened.read(1, 1.0) == b"\x00"
    assert opened.read(100, 1.0) == bytes(63)


def test_silence_is_an_empty_answer_after_its_time(rig: Rig, opened: UsbInterface) -> None:
    begun = rig.clock.now()
    assert opened.read(64, 0.5) == b""
    assert 0.5 <= rig.clock.now() - begun < 0.51
    assert opened.read(64, 0.0) == b""


def test_interrupt_pipe_is_read_beside_the_bulk_pipe(rig: Rig, opened: UsbInterface) -> None:
    rig.echo.waiting.append(b"bulk")
    rig.echo.interrupts.append(b"\x50\x03")
    assert opened.read_interrupt(8, 0.1) == b"\x50\x03"
    assert opened.read_interrupt(8, 0.1) == b""


def test_without_interrupt_pipe_nothing_is_heard_of_it() -> None:
    rig = Rig(Echo((Interface(7, 1, 2, BULK_PAIR),)))
    opened = rig.open()
    begun = rig.clock.now()
    assert opened.read_interrupt(8, 0.3) == b""
    assert rig.clock.now() - begun == pytest.approx(0.3)
    opened.close()


def test_control_requests_are_answered_or_stall(opened: UsbInterface) -> None:
    assert opened.control_in(0xA1, 1, 0, 1, 1) == b"\x18"
    with pytest.raises(DeviceUnavailable) as error:
        opened.control_in(0xA1, 9, 0, 1, 1)
    assert reason(error) == "stalled"


def test_a_stalled_pipe_works_again_for_whoever_opens_next(rig: Rig, opened: UsbInterface) -> None:
    rig.echo.stalls = True
    for use in (lambda: opened.write(b"x", 1.0), lambda: opened.read(1, 0.1), lambda: opened.read_interrupt(1, 0.1)):
        with pytest.raises(DeviceUnavailable) as error:
            use()
        assert reason(error) == "stalled"
    opened.close()
    rig.echo.stalls = False
    again = rig.open()
    again.write(b"x", 1.0)
    assert again.read(1, 0.01) == b""
    again.close()


def test_old_input_is_thrown_away(rig: Rig, opened: UsbInterface) -> None:
    rig.echo.waiting += [b"old", b"older"]
    assert opened.read(1, 1.0) == b"o"
    opened.discard_input()
    assert opened.read(64, 0.01) == b""


def test_a_device_that_never_stops_talking_is_not_waited_for(rig: Rig, opened: UsbInterface) -> None:
    rig.echo.waiting += [b"bla"] * 1000
    with pytest.raises(DeviceUnavailable) as error:
        opened.discard_input()
    assert reason(error) == "talks without being asked"


@pytest.mark.parametrize("call", ["write", "read", "read_interrupt", "control_in", "discard_input"])
def test_unplugged_is_unavailable_and_plugged_in_again_opens(rig: Rig, opened: UsbInterface, call: str) -> None:
    rig.bus.detach(rig.echo)
    calls = {
        "write": lambda: opened.write(b"x", 1.0),
        "read": lambda: opened.read(1, 1.0),
        "read_interrupt": lambda: opened.read_interrupt(1, 1.0),
        "control_in": lambda: opened.control_in(0xA1, 1, 0, 1, 1),
        "discard_input": opened.discard_input,
    }
    with pytest.raises(DeviceUnavailable) as error:
        calls[call]()
    assert reason(error) == "unplugged"
    with pytest.raises(DeviceUnavailable) as error:
        rig.open()
    assert reason(error) == "no USB device 04b8:0e15"
    rig.bus.attach(rig.echo)
    again = rig.open()
    again.write(b"again", 1.0)
    again.close()


def test_closing_twice_or_after_an_unplug_is_harmless(rig: Rig, opened: UsbInterface) -> None:
    rig.bus.detach(rig.echo)
    opened.close()
    opened.close()
    with pytest.raises(DeviceUnavailable) as error:
        opened.write(b"x", 1.0)
    assert reason(error) == "closed"


class SlowBackend(InProcessBackend):
    """A device that takes four bytes a transfer, each in a tenth of a second, and then nothing more."""

    def __init__(self, bus: SimulatedBus, clock: SetClock, accepts: int) -> None:
        super().__init__(bus)
        self._clock = clock
        self._accepts = accepts

    def bulk_write(self, dev_handle: Session, ep: int, intf: int, data: bytes, timeout: int) -> int:
        if self._accepts <= 0:
            raise usb_error(errno.ETIMEDOUT)
        self._clock.sleep(0.1)
        self._accepts -= 4
        return super().bulk_write(dev_handle, ep, intf, bytes(data)[:4], timeout)


@pytest.mark.parametrize(
    ("accepts", "timeout_s", "said"), [(100, 0.25, "took 12 of 16 bytes in time"), (8, 1.0, "silent")]
)
def test_what_is_not_accepted_in_time_is_unavailable(rig: Rig, accepts: int, timeout_s: float, said: str) -> None:
    rig.backend = SlowBackend(rig.bus, rig.clock, accepts)
    opened = rig.open()
    with pytest.raises(DeviceUnavailable) as error:
        opened.write(bytes(16), timeout_s)
    assert reason(error) == said
    opened.close()


def test_all_is_written_in_parts(rig: Rig) -> None:
    rig.backend = SlowBackend(rig.bus, rig.clock, 100)
    opened = rig.open()
    opened.write(b"0123456789", 1.0)
    assert [data for _, data in rig.echo.sent] == [b"0123", b"4567", b"89"]
    opened.close()


class NamelessBackend(InProcessBackend):
    """A device that stalls when it is asked for its name, on a system without kernel drivers."""

    def ctrl_transfer(self, *_: object) -> int:
        raise usb_error(errno.EPIPE)

    def is_kernel_driver_active(self, dev_handle: Session, intf: int) -> bool:
        raise NotImplementedError


def test_a_device_without_a_name_is_as_good(rig: Rig) -> None:
    rig.backend = NamelessBackend(rig.bus)
    opened = rig.open()
    assert opened.identity == Identity("", "1.23", "")
    opened.close()


@pytest.mark.parametrize(
    ("number", "said"), [(errno.EACCES, "no permission to open it"), (errno.EIO, "Input/output error (errno 5)")]
)
def test_what_keeps_a_device_from_being_opened_is_told(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def refuse(_: object) -> Session:
        raise usb_error(number)

    monkeypatch.setattr(rig.backend, "open_device", refuse)
    with pytest.raises(DeviceUnavailable) as error:
        rig.open()
    assert reason(error) == said
