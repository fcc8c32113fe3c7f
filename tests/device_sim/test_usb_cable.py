"""The USB cable: what it does to the transfers of a device."""

import errno
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import usb.core

from device_sim.misfortune import Harm, Misfortune, Towards
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.cable import Cable
from device_sim.usb.device import Descriptor, Endpoint, Interface
from device_sim.virtual_time import VirtualClock
from kiosk_core.trace import What


class Answers:
    """Answers each transfer with the next one of a list."""

    descriptor = Descriptor(
        0x1209, 0x0001, "Maker", "Product", "1", (Interface(0xFF, 0, 0, (Endpoint(0x02, 2), Endpoint(0x81, 2))),)
    )

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.answers = deque([b"first", b"second", b"third"])
        self._waiting: deque[bytes] = deque()

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        self.heard.append(data)
        self._waiting.append(self.answers.popleft())

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        return self._waiting.popleft() if self._waiting else None

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        return b"control"

    def power_cycle(self) -> None:
        self._waiting.clear()


class Bench:
    def __init__(self) -> None:
        self.clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.device = Answers()
        self.cable = Cable(self.device, self.clock)
        self.bus = SimulatedBus(self.clock)
        self.bus.attach(self.cable)
        self.usb = usb.core.find(idVendor=0x1209, backend=InProcessBackend(self.bus))

    def befall(self, harm: Harm, towards: Towards = Towards.HOST, seconds: float = 1.0) -> None:
        self.cable.fortune.misfortunes.append(Misfortune(harm, towards, seconds=seconds))

    def ask(self, data: bytes = b"?") -> list[bytes]:
        """Return all transfers that answer within a tenth of a second."""
        self.usb.write(0x02, data)
        found = []
        while True:
            try:
                found.append(bytes(self.usb.read(0x81, 64, 100)))
            except usb.core.USBTimeoutError:
                return found


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    usb.util.dispose_resources(made.usb)


@pytest.mark.parametrize(
    ("harm", "heard"),
    [
        (Harm.DROP, []),
        (Harm.DUPLICATE, [b"second", b"second"]),
        (Harm.STALE, [b"first", b"second"]),
        (Harm.HALF, [b"sec"]),
        (Harm.LATE, []),
    ],
)
def test_a_misfortune_befalls_one_transfer(bench: Bench, harm: Harm, heard: list[bytes]) -> None:
    assert bench.ask() == [b"first"]
    bench.befall(harm)
    assert bench.ask() == heard
    if harm is Harm.LATE:
        bench.clock.sleep(1.0)
        assert bench.ask() == [b"second", b"third"]
    else:
        assert bench.ask() == [b"third"]


def test_what_the_host_sends_can_be_cut(bench: Bench) -> None:
    bench.befall(Harm.HALF, Towards.DEVICE)
    bench.ask(b"question")
    assert bench.device.heard == [b"ques"]


def test_a_stall_halts_the_pipe_until_it_is_cleared(bench: Bench) -> None:
    bench.cable.stalls = 1
    with pytest.raises(usb.core.USBError) as caught:
        bench.usb.write(0x02, b"?")
    assert caught.value.errno == errno.EPIPE
    bench.usb.clear_halt(0x02)
    assert bench.ask() == [b"first"]


def test_pulled_out_it_loses_what_was_on_its_way(bench: Bench) -> None:
    bench.befall(Harm.LATE)
    bench.usb.write(0x02, b"?")
    with pytest.raises(usb.core.USBTimeoutError):
        bench.usb.read(0x81, 64, 10)
    bench.bus.detach(bench.cable)
    bench.clock.sleep(2.0)
    assert bench.cable.bulk_in(0x81, 64) is None


def test_descriptors_and_control_requests_pass(bench: Bench) -> None:
    assert bench.usb.idProduct == 0x0001
    assert bytes(bench.usb.ctrl_transfer(0xA1, 0, 0, 0, 64)) == b"control"


@pytest.mark.parametrize(("interface_class", "beside"), [(0x0B, What.INTERRUPT), (0x03, What.IN)])
def test_who_listens_in_knows_the_pipes_apart(interface_class: int, beside: What) -> None:
    pipes = (Endpoint(0x02, 2), Endpoint(0x81, 2), Endpoint(0x83, 3))

    class Speaks(Answers):
        descriptor = Descriptor(0x1209, 0x0001, "", "", "", (Interface(interface_class, 0, 0, pipes),))

    cable = Cable(Speaks(), VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    heard: list[tuple[What, bytes]] = []
    cable.tap = lambda what, data: heard.append((what, data))
    cable.bulk_out(0x02, b"?")
    cable.bulk_in(0x81, 64)
    assert cable.bulk_in(0x81, 64) is None
    cable.bulk_out(0x02, b"!")
    cable.bulk_in(0x83, 64)
    cable.control_in(0xA1, 0, 0, 0, 64)
    assert heard == [
        (What.OUT, b"?"),
        (What.IN, b"first"),
        (What.OUT, b"!"),
        (beside, b"second"),
        (What.CONTROL, b"control"),
    ]
