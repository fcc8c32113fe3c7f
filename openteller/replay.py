"""`openteller devices replay`: a trace file becomes the device that it was recorded of, or the driver."""

import signal
import threading
from pathlib import Path

from device_sim.attach import usb_backend
from device_sim.replay import ReplayedDevice, ReplayedUsbDevice, Script
from device_sim.serial.pty_port import PtyPort
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.remote import BusServer
from drivers.registry import Place, is_usb
from drivers.trace.player import Difference, play
from kiosk_core.clock import Clock
from kiosk_core.trace import BadTrace, Trace, parse_trace

_LOOK_S = 0.1
_BAUDRATE = 9600
_INTERFACE_CLASSES = {"ccid": 0x0B, "escpos": 0x07}


def load_trace(path: Path) -> Trace:
    """Read a trace file.

    Raises:
        BadTrace: it is none; the text names file and line.
        OSError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            return parse_trace(lines)
    except BadTrace as error:
        raise BadTrace(f"{path}: {error}") from None
    except UnicodeDecodeError:
        raise BadTrace(f"{path}: is no text") from None


def serve_device(trace: Trace, at: Path, clock: Clock, *, strict: bool) -> Script:
    """Be the device of a trace until it ends (strict), the host leaves it (strict), or SIGINT or SIGTERM.

    `at` becomes a serial port, or for a USB device the socket of a simulated bus.

    Raises:
        ValueError: the trace names no USB device where it should.
        OSError: `at` cannot be made.
    """
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    if is_usb(trace.header.port):
        function = ReplayedUsbDevice(trace, strict=strict)
        bus = SimulatedBus(clock)
        bus.attach(function)
        server = BusServer(bus, at)
        server.start()
        try:
            _wait(function, stopped)
        finally:
            server.close()
        return function.script
    device = ReplayedDevice(trace, strict=strict)
    with PtyPort(at, device):
        _wait(device, stopped)
    return device.script


def _wait(device: ReplayedDevice | ReplayedUsbDevice, stopped: threading.Event) -> None:
    while not (device.script.finished or device.script.mismatch or stopped.wait(_LOOK_S)):
        pass
    stopped.wait(_LOOK_S)  # the last answer is still on its way


def play_host(
    trace: Trace, port: str, clock: Clock, *, baudrate: int | None, usb_socket: Path | None
) -> tuple[Difference, ...]:
    """Send the host's side of a trace to the device at `port` and return where its answers differ.

    `usb_socket` leads to the simulator's bus, for a port sim-usb://VVVV:PPPP.

    Raises:
        DeviceUnavailable: absent or unplugged.
        ValueError: the port is none.
    """
    backend = usb_backend(usb_socket) if usb_socket is not None else None
    place = Place(trace.header.device, port, baudrate, clock, lambda _: backend)
    if is_usb(port):
        transport = place.open_usb(_INTERFACE_CLASSES.get(trace.header.family))
        try:
            return play(trace.records, transport, clock)
        finally:
            transport.close()
    line = place.open_line(_BAUDRATE)
    try:
        return play(trace.records, line, clock)
    finally:
        line.close()
