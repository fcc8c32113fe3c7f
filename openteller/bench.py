"""A test bench: simulated devices on ports of this machine, for any driver, each with its faults and its trace.

The pytest plugin (openteller/pytest_plugin.py) makes one for each test; docs/ci.md shows it at work.
"""

import contextlib
import secrets
import shutil
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from unittest import mock

import usb.backend.libusb1

from device_sim import mishaps
from device_sim.actions import CheckedActions, ControlError
from device_sim.attach import usb_backend
from device_sim.barcode_scanner import SimulatedBarcodeScanner
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.crt288k import SimulatedCrt288k
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.devices import BARCODE_SCANNER, CARD_READER, ID_CARD_READER, PIN_PAD, PRINTER, READER
from device_sim.misfortune import Towards
from device_sim.mishaps import Mishaps
from device_sim.ports import unit_on_bus, unit_on_network, unit_on_pty
from device_sim.pp791 import SimulatedPp791
from device_sim.receipt_printer import SimulatedReceiptPrinter, UsbReceiptPrinter
from device_sim.sdt_reader import SimulatedSdtReader
from device_sim.secure_module import SecureModule
from device_sim.serial.device import SerialDevice
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.tcp_port import TcpPort
from device_sim.serial.wire import Wire
from device_sim.terminal import SimulatedTerminal
from device_sim.unit import Unit, UnknownFaultError
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.cable import Cable
from device_sim.usb.device import UsbFunction
from drivers.registry import models
from drivers.trace.watch import TraceWatch
from kiosk_core.trace import header_line, record_line
from openteller.demo import write_configuration
from openteller.simulator import load_simulator, simulated_at_free_ports
from openteller.system_clock import SystemClock

_SCREEN = (1080, 1920)

D = TypeVar("D")


class BenchError(Exception):
    """A fault was asked for that cannot happen; the text says why, and what can."""


@dataclass(frozen=True)
class FaultWish:
    """A fault that strikes as soon as its device is there; `options` are those of device_sim.unit.Unit.strike."""

    device: str
    fault: str
    options: Mapping[str, Any]

    def __str__(self) -> str:
        options = [f"{name}={value!r}" for name, value in self.options.items()]
        return f"fault({', '.join([repr(self.device), repr(self.fault), *options])})"


@dataclass(frozen=True)
class Simulated(Generic[D]):
    """A simulated device on a port.

    `port` is what a driver is given: the path of a serial port, "socket://HOST:PORT", or "usb://VVVV:PPPP" (vendor and
    product id; pyusb finds it without more ado). `device` has the hands: inserting cards, taking receipts.
    """

    name: str
    port: str
    device: D
    unit: Unit
    trace: TraceWatch

    @property
    def faults(self) -> tuple[str, ...]:
        """The names of all that can go wrong."""
        return self.unit.faults

    def strike(
        self, fault: str, *, times: int | None = 1, chance: float = 1.0, seconds: float = 1.0, towards: str = "host"
    ) -> None:
        """Let a fault of the library happen (docs/simulator.md); all but the name are of the cable's faults.

        Raises:
            UnknownFaultError: there is no such fault.
            ValueError: `towards` is neither "host" nor "device".
        """
        self.unit.strike(fault, times=times, chance=chance, seconds=seconds, towards=Towards(towards))

    def mend(self, fault: str | None = None) -> None:
        """Mend a fault, or without a name all that is wrong. Raises UnknownFaultError."""
        self.unit.mend(fault)


@dataclass(frozen=True)
class SimulatedPinPad(Simulated[SimulatedPp791]):
    """A PIN pad, and its secure module: `module.put` is how two trusted people bring the first key."""

    module: SecureModule


class BenchTerminal:
    """A whole simulated terminal of this process.

    `kiosk_toml` is the configuration of a core for it, `control` its control socket, `usb_backend` pyusb's way to its
    USB devices, `ports` what the core is given, by device.
    """

    def __init__(self, terminal: SimulatedTerminal, out: Path) -> None:
        self.terminal = terminal
        self.kiosk_toml = out / "kiosk.toml"
        self.sim_toml = out / "sim.toml"
        sockets = load_simulator(self.sim_toml).sockets
        self.control = sockets.control
        self.usb_backend = usb_backend(sockets.usb)
        self._actions = CheckedActions(terminal.actions)
        devices = tomllib.loads(self.kiosk_toml.read_text(encoding="utf-8"))["devices"]
        self.ports: Mapping[str, str] = {name: device["port"] for name, device in devices.items()}
        self.models: Mapping[str, str] = {name: device["model"] for name, device in devices.items()}

    def do(self, do: str, /, **arguments: Any) -> Mapping[str, Any]:
        """Do an action of docs/simulator.md and return what it returns.

        Raises:
            ControlError: it was refused, or there is no such action.
        """
        return self._actions.do(do, arguments)

    @property
    def state(self) -> Mapping[str, Any]:
        """Everything that can be seen."""
        return self.do("state")


class Bench:
    """The devices of one test; each is plugged in when it is asked for. Context manager.

    `wishes` are faults that strike each device as soon as it is there.
    """

    def __init__(self, wishes: Iterable[FaultWish] = ()) -> None:
        self.traces: dict[str, TraceWatch] = {}
        self._wishes = list(wishes)
        self._names: list[str] = []
        self._clock = SystemClock()
        self._bus: SimulatedBus | None = None
        self._undo = contextlib.ExitStack()
        self._folder = Path(tempfile.mkdtemp(prefix="ot-"))  # short: a Unix socket's path has at most 107 bytes
        self._undo.callback(shutil.rmtree, self._folder)

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unplug everything."""
        self._undo.close()

    # -- devices -------------------------------------------------------------------------------------------------

    def receipt_printer(self) -> Simulated[SimulatedReceiptPrinter]:
        """Plug in an ESC/POS printer on a serial port."""
        printer = SimulatedReceiptPrinter()
        return self.on_serial_port(PRINTER, printer, mishaps.of_receipt_printer(printer), "escpos")

    def network_printer(self) -> Simulated[SimulatedReceiptPrinter]:
        """Plug in an ESC/POS printer behind TCP."""
        printer = SimulatedReceiptPrinter()
        wire = Wire(printer, self._clock)
        port = self._undo.enter_context(TcpPort(wire))
        unit = unit_on_network(PRINTER, port, wire, mishaps.of_receipt_printer(printer))
        return self._plugged(unit, f"socket://127.0.0.1:{port.port}", printer, "escpos")

    def usb_printer(self) -> Simulated[SimulatedReceiptPrinter]:
        """Plug in an ESC/POS printer on USB, 04b8:0e15, printer class."""
        printer = SimulatedReceiptPrinter()
        device = UsbReceiptPrinter(printer)
        return self.on_usb(PRINTER, device, printer, mishaps.of_receipt_printer(printer), "escpos")

    def crt591(self) -> Simulated[SimulatedCrt591]:
        """Plug in a motor card reader CRT-591 on a serial port; its stacker is empty."""
        reader = SimulatedCrt591(self._clock)
        return self.on_serial_port(CARD_READER, reader, mishaps.of_crt591(reader), "crt591")

    def crt310(self) -> Simulated[SimulatedCrt310]:
        """Plug in a motor card reader CRT-310 on a serial port."""
        reader = SimulatedCrt310()
        return self.on_serial_port(CARD_READER, reader, mishaps.of_crt310(reader), "crt310")

    def crt288k(self) -> Simulated[SimulatedCrt288k]:
        """Plug in a dip reader CRT-288K on USB."""
        reader = SimulatedCrt288k(self._clock)
        return self.on_usb(CARD_READER, reader, reader, mishaps.of_crt288k(reader))

    def id_card_reader(self) -> Simulated[SimulatedSdtReader]:
        """Plug in a resident ID-card reader on a serial port."""
        reader = SimulatedSdtReader(self._clock)
        return self.on_serial_port(ID_CARD_READER, reader, mishaps.of_sdt(reader), "sdt")

    def contactless_reader(self) -> Simulated[SimulatedCcidReader]:
        """Plug in a contactless CCID reader on USB, 1209:0001."""
        reader = SimulatedCcidReader(0x1209, 0x0001, self._clock)
        return self.on_usb(READER, reader, reader, mishaps.of_ccid(reader), "ccid")

    def barcode_scanner(self) -> Simulated[SimulatedBarcodeScanner]:
        """Plug in a barcode scanner on a serial port."""
        scanner = SimulatedBarcodeScanner(self._clock)
        return self.on_serial_port(BARCODE_SCANNER, scanner, mishaps.of_barcode_scanner(scanner))

    def pin_pad(self) -> SimulatedPinPad:
        """Plug in a PIN pad PP791 on a serial port, without keys."""
        module = SecureModule(secrets.token_bytes)
        device = SimulatedPp791(self._clock, module)
        pad = self.on_serial_port(PIN_PAD, device, mishaps.of_pp791(device))
        return SimulatedPinPad(pad.name, pad.port, pad.device, pad.unit, pad.trace, module)

    def terminal(self) -> BenchTerminal:
        """Set up a whole terminal: its devices, cards and bank host, and a configuration for a core.

        Raises:
            OSError: a port, socket or file cannot be made.
        """
        run = Path(tempfile.mkdtemp(prefix="t", dir=self._folder))
        out = run / "out"
        out.mkdir()
        write_configuration(out, run, _SCREEN)
        inner = simulated_at_free_ports(out, self._clock)
        self._undo.callback(inner.close)
        terminal = BenchTerminal(inner, out)
        known = models()
        for unit in inner.units.values():
            model = known.get(terminal.models.get(unit.name, ""))
            self._watch(unit, terminal.ports.get(unit.name, ""), model.family if model is not None else "")
        for wish in self._wishes_for(terminal.state["faults"]):
            try:
                terminal.do("strike", device=wish.device, fault=wish.fault, **wish.options)
            except (ControlError, TypeError) as error:
                raise BenchError(f"{wish}: {error}") from None
        return terminal

    # -- any device ----------------------------------------------------------------------------------------------

    def on_serial_port(
        self, name: str, device: "_SerialDevice", faults: Mishaps, family: str = ""
    ) -> "Simulated[_SerialDevice]":
        """Plug a simulated device into a pty; `family` says what may be shown of its trace (docs/traces.md)."""
        wire = Wire(device, self._clock)
        port = self._undo.enter_context(PtyPort(self._folder / f"{name}-{len(self._names)}", wire))
        return self._plugged(unit_on_pty(name, port, wire, faults), str(port.path), device, family)

    def on_usb(self, name: str, function: UsbFunction, device: D, faults: Mishaps, family: str = "") -> Simulated[D]:
        """Plug a simulated device into the bench's USB bus, which pyusb then takes for libusb's."""
        if self._bus is None:
            bus = self._bus = SimulatedBus(self._clock)
            backend = InProcessBackend(bus)
            patch = mock.patch.object(usb.backend.libusb1, "get_backend", return_value=backend)
            self._undo.enter_context(patch)
        unit = unit_on_bus(name, self._bus, Cable(function, self._clock), faults)
        number = function.descriptor
        return self._plugged(unit, f"usb://{number.vendor_id:04x}:{number.product_id:04x}", device, family)

    def expect_wishes_fulfilled(self) -> None:
        """Look whether every fault that was wished for has found its device.

        Raises:
            BenchError: one has not.
        """
        for wish in self._wishes:
            if wish.device not in self._names:
                there = " and ".join(dict.fromkeys(self._names)) or "none"
                raise BenchError(f"{wish}: this test has no such device; there are {there}")

    def trace_of(self, name: str, last: int | None = None) -> str:
        """Return the trace of a device as JSON Lines, masked; of its records the `last`. Raises KeyError."""
        watch = self.traces[name]
        return "\n".join([header_line(watch.header), *map(record_line, watch.records(last=last))]) + "\n"

    def _plugged(self, unit: Unit, port: str, device: D, family: str) -> Simulated[D]:
        simulated = Simulated(unit.name, port, device, unit, self._watch(unit, port, family))
        for wish in self._wishes_for([unit.name]):
            try:
                simulated.strike(wish.fault, **wish.options)
            except (UnknownFaultError, TypeError, ValueError) as error:
                raise BenchError(f"{wish}: {error}") from None
        return simulated

    def _watch(self, unit: Unit, port: str, family: str) -> TraceWatch:
        name = unit.name
        while name in self.traces:
            name += "-2"
        watch = self.traces[name] = TraceWatch(unit.name, self._clock, family=family, port=port)
        unit.listen(watch.passed)
        return watch

    def _wishes_for(self, names: Iterable[str]) -> list[FaultWish]:
        self._names += names
        return [wish for wish in self._wishes if wish.device in set(names)]


_SerialDevice = TypeVar("_SerialDevice", bound=SerialDevice)
