"""A device that is pulled out while its driver waits for it, and plugged in again: every driver on every lane.

A device is silenced first, so that the driver is in a blocked read when the plug is pulled. The device's thread is the
one of a real terminal, with the models of the registry and the core's pauses between two polls.
"""

import contextlib
import ctypes
import gc
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import usb.backend

from device_sim.barcode_scanner import SimulatedBarcodeScanner
from device_sim.camera import CameraFault, Desk, SimulatedCamera
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.crt288k import SimulatedCrt288k
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.key_block import HeldKey
from device_sim.pp791 import SimulatedPp791
from device_sim.receipt_printer import SimulatedReceiptPrinter, UsbReceiptPrinter
from device_sim.sdt_reader import SimulatedSdtReader, UsbSdtReader
from device_sim.secure_module import SecureModule
from device_sim.serial.device import SerialDevice
from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.tcp_port import TcpPort
from device_sim.serial.world import SerialWorld
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.device import Descriptor, UsbFunction
from device_sim.usb.remote import BusServer, RemoteBackend
from device_sim.usb.umockdev import UmockdevBus
from drivers import device_thread
from drivers.device_thread import DeviceThread
from drivers.registry import Place, models
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.status import DeviceStatus

PATIENCE_S = 60.0
"""How long anything is waited for before the round counts as failed."""
SETTLE_S = 30.0
"""How long threads and files of the last rounds may need to go."""
_PHASE_S = 0.03  # the plug is pulled at any moment of the first 30 ms of a read
_WAIT_S = 5.0  # for drivers that wait as long as they are told to


class _Mallinfo2(ctypes.Structure):
    """glibc's `struct mallinfo2`, summed over all arenas: see mallinfo(3)."""

    _fields_ = [
        *((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd")),
        *((name, ctypes.c_size_t) for name in ("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")),
    ]


_mallinfo2 = ctypes.CDLL("libc.so.6").mallinfo2  # glibc 2.33 and later
_mallinfo2.restype = _Mallinfo2


@dataclass(frozen=True)
class Holdings:
    """What a process holds: open files, threads, memory in use and Python's small blocks, and the pages of it all.

    `heap_kib` is what malloc has given out and not got back, `blocks` counts what Python's own allocator has. Only
    these two show a leak: `resident_kib` moves by megabytes with how free memory happens to lie.
    """

    files: int
    threads: int
    heap_kib: int
    blocks: int
    resident_kib: int

    @classmethod
    def now(cls) -> "Holdings":
        """Return what this process holds."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        files, threads = (sum(1 for _ in Path("/proc/self", each).iterdir()) for each in ("fd", "task"))
        heap = _mallinfo2()
        return cls(
            files,
            threads,
            (heap.uordblks + heap.hblkhd) // 1024,
            sys.getallocatedblocks(),
            pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        )

    def settled(self) -> "Holdings":
        """Return what this process holds as soon as that is no more than these, at the latest after SETTLE_S."""
        deadline = time.monotonic() + SETTLE_S
        while True:
            now = Holdings.now()
            if (now.files <= self.files and now.threads <= self.threads) or time.monotonic() >= deadline:
                return now
            time.sleep(0.05)


class ReplugError(Exception):
    """A device was not lost, or did not come back."""


@dataclass(frozen=True)
class Round:
    """Seconds from the unplug to DeviceUnavailable, and from the plugging in to the status that it is in service."""

    noticed_s: float
    back_s: float


@dataclass(frozen=True)
class Kind:
    """A model of the registry with its simulated device, how often the core polls it, and what waits for an answer."""

    model: str
    poll_s: float
    wait: Callable[[Any], object]


def _status(driver: Any) -> object:
    return driver.status()


def _scan(driver: Any) -> object:
    driver.set_reading(True)
    return driver.read(_WAIT_S)


def _picture(driver: Any) -> object:
    return driver.take_picture()


def _pin_pad(clock: Clock) -> SimulatedPp791:
    module = SecureModule(bytes)
    module.put("0", HeldKey("P0", "T", "E", bytes(range(16))))  # without a PIN key it is not in service
    return SimulatedPp791(clock, module)


# The pauses are those of openteller/core.py.
KINDS: Mapping[str, Kind] = {
    "CRT-591": Kind("crt-591", 0.5, _status),
    "CRT-310": Kind("crt-310", 0.5, _status),
    "CRT-288K": Kind("crt-288k", 0.5, _status),
    "SDT": Kind("sdt", 2.0, _status),
    "CCID top-up": Kind("ccid-t-union", 0.1, _status),
    "receipt printer": Kind("escpos-80mm", 2.0, _status),
    "PP791": Kind("pp791", 2.0, _status),
    "scanner": Kind("scanner-cr", 2.0, _scan),
    "camera": Kind("opencv-camera", 2.0, _picture),
}
SERIAL: Mapping[str, Callable[[Clock], SerialDevice]] = {
    "CRT-591": SimulatedCrt591,
    "CRT-310": lambda _: SimulatedCrt310(),
    "SDT": SimulatedSdtReader,
    "receipt printer": lambda _: SimulatedReceiptPrinter(),
    "PP791": _pin_pad,
    "scanner": SimulatedBarcodeScanner,
}
USB: Mapping[str, Callable[[Clock], UsbFunction]] = {
    "CRT-288K": SimulatedCrt288k,
    "SDT": lambda clock: UsbSdtReader(SimulatedSdtReader(clock)),
    "CCID top-up": lambda clock: SimulatedCcidReader(0x1209, 0x0001, clock),
    "receipt printer": lambda _: UsbReceiptPrinter(SimulatedReceiptPrinter()),
}


@dataclass(frozen=True)
class Port:
    """Where a simulated device is plugged in.

    `name` is what a configuration says, `backend` pyusb's, None for libusb. After `silence` the device hears and says
    nothing until it is plugged in again.
    """

    name: str
    silence: Callable[[], object]
    unplug: Callable[[], object]
    plug: Callable[[], object]
    backend: usb.backend.IBackend | None = None


class _MuteSerial:
    """A SerialDevice that can be silenced."""

    def __init__(self, device: SerialDevice) -> None:
        self.mute = False
        self._device = device

    def receive(self, data: bytes) -> bytes:
        return b"" if self.mute else self._device.receive(data)

    def idle(self) -> bytes:
        return b"" if self.mute else self._device.idle()


class _MuteUsb:
    """A UsbFunction that can be silenced."""

    def __init__(self, function: UsbFunction) -> None:
        self.mute = False
        self._function = function

    @property
    def descriptor(self) -> Descriptor:
        return self._function.descriptor

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        if not self.mute:
            self._function.bulk_out(endpoint, data)

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        return None if self.mute else self._function.bulk_in(endpoint, size)

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        return self._function.control_in(request_type, request, value, index, length)

    def power_cycle(self) -> None:
        self._function.power_cycle()


class _Pluggable(Protocol):
    def plug(self) -> None: ...
    def unplug(self) -> None: ...


def _line_port(name: str, device: _MuteSerial, line: _Pluggable) -> Port:
    def silence() -> None:
        device.mute = True

    def plug() -> None:
        device.mute = False
        line.plug()

    return Port(name, silence, line.unplug, plug)


def _bus_port(function: _MuteUsb, bus: SimulatedBus, backend: usb.backend.IBackend | None) -> Port:
    def silence() -> None:
        function.mute = True

    def plug() -> None:
        function.mute = False
        bus.attach(function)

    plug()
    numbers = f"{function.descriptor.vendor_id:04x}:{function.descriptor.product_id:04x}"
    return Port(f"usb://{numbers}", silence, lambda: bus.detach(function), plug, backend)


def _camera_port(camera: SimulatedCamera) -> Port:
    def plug() -> None:
        camera.faults.clear()
        camera.plug()

    return Port(camera.url, lambda: camera.faults.add(CameraFault.SILENT), camera.unplug, plug)


LANES: Mapping[str, tuple[str, ...]] = {
    "sim": tuple(SERIAL),
    "pty": tuple(SERIAL),
    "tcp": tuple(SERIAL),
    "bus": tuple(USB),
    "socket": tuple(USB),
    "umockdev": tuple(USB),
    "http": ("camera",),
}
"""The drivers of each lane. "umockdev" needs a process with the environment of device_sim.usb.umockdev."""


@contextlib.contextmanager
def ports(lane: str, kinds: tuple[str, ...], clock: Clock, folder: Path) -> Iterator[dict[str, Port]]:
    """Yield a port for each device of a lane, plugged in; `folder` is for sockets and links."""
    with contextlib.ExitStack() as undo:
        if lane == "http":
            yield {kind: _camera_port(undo.enter_context(SimulatedCamera(Desk(160, 120)))) for kind in kinds}
        elif lane in {"sim", "pty", "tcp"}:
            lines = {kind: _MuteSerial(SERIAL[kind](clock)) for kind in kinds}
            yield {kind: _line(lane, kind, line, folder, undo) for kind, line in lines.items()}
        else:
            bus, backend = _bus(lane, clock, folder, undo)
            yield {kind: _bus_port(_MuteUsb(USB[kind](clock)), bus, backend) for kind in kinds}


_world = SerialWorld()


def _line(lane: str, kind: str, device: _MuteSerial, folder: Path, undo: contextlib.ExitStack) -> Port:
    name = kind.replace(" ", "-")
    match lane:
        case "sim":
            _world.add(name, device)
            register(_world)
            return _line_port(f"sim://{name}", device, _world.line(name))
        case "pty":
            pty = undo.enter_context(PtyPort(folder / name, device))
            return _line_port(str(pty.path), device, pty)
        case _:
            tcp = undo.enter_context(TcpPort(device))
            return _line_port(f"socket://127.0.0.1:{tcp.port}", device, tcp)


def _bus(
    lane: str, clock: Clock, folder: Path, undo: contextlib.ExitStack
) -> tuple[SimulatedBus, usb.backend.IBackend | None]:
    if lane == "umockdev":
        shown = UmockdevBus(clock)
        undo.callback(shown.close)
        return shown, None
    bus = SimulatedBus(clock)
    if lane == "bus":
        return bus, InProcessBackend(bus)
    server = BusServer(bus, folder / "usb.sock")
    server.start()
    undo.callback(server.close)
    return bus, RemoteBackend(folder / "usb.sock")


class Trial:
    """One driver on one port, supervised as in a terminal. Context manager."""

    def __init__(self, kind: str, port: Port, clock: Clock, seed: int = 1) -> None:
        self._name = kind
        self._kind = KINDS[kind]
        self._port = port
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311  (the moment of an accident, no secret)
        self._in_service = threading.Event()
        self._since = 0.0
        place = Place(kind, port.name, None, clock, lambda _: port.backend)
        model = models()[self._kind.model]
        self._thread: DeviceThread[Any] = DeviceThread(
            kind, lambda: model.open(place), clock, self._changed, self._kind.poll_s
        )

    def __enter__(self) -> "Trial":
        self._thread.start()
        self._expect_service("does not come into service")
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.stop()

    @property
    def is_in_service(self) -> bool:
        """Whether the device is what its thread last said that it is."""
        return self._thread.status.in_service

    def round(self) -> Round:
        """Pull the device out of a read, and plug it in again at a random moment between two attempts to open it.

        A device whose silence is noticed before, by a thread that had no turn to pull the plug, is lost as well.

        Raises:
            ReplugError: it was not lost, or did not come back in PATIENCE_S.
        """
        self._port.silence()
        asked: Future[object] = self._thread.call(self._kind.wait)
        ended: list[float] = []
        asked.add_done_callback(lambda _: ended.append(self._clock.now()))
        self._clock.sleep(self._random.uniform(0, _PHASE_S))
        if asked.done() and asked.exception() is None:
            raise ReplugError(f"{self._name} answers without being heard: {asked}")
        unplugged = self._clock.now()
        self._port.unplug()
        try:
            error = asked.exception(PATIENCE_S)
        except TimeoutError:
            raise ReplugError(f"{self._name} does not notice the unplug") from None
        if not isinstance(error, DeviceUnavailable):
            raise ReplugError(f"{self._name} is unplugged and says {error!r}")
        self._in_service.clear()  # not before: until it is lost, it may still say that it is in service
        self._clock.sleep(self._random.uniform(0, device_thread.REOPEN_SECONDS))
        plugged = self._clock.now()
        self._port.plug()
        self._expect_service("does not come back")
        return Round(ended[0] - unplugged, self._since - plugged)

    def _expect_service(self, otherwise: str) -> None:
        if not self._in_service.wait(PATIENCE_S):
            raise ReplugError(f"{self._name} {otherwise}: {self._thread.status}")

    def _changed(self, status: DeviceStatus) -> None:
        if status.in_service:
            self._since = self._clock.now()
            self._in_service.set()
