"""What each driver costs over its bare transport, whether it grows, and how soon a printer tells its status.

"Bare" are the very reads and writes that the driver makes for one call, repeated on the same transport in turns with
it, on a virtual clock that lets no time pass for who waits. A round trip is a turn from writing to reading.
`./run bench devices` ends with 1 where a limit is broken.
"""

import gc
import itertools
import logging
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from escpos.printer import Serial as EscposSerial
from rich.console import Console
from rich.table import Table

from benchmarks.measure import side_by_side
from device_sim.barcode_scanner import SimulatedBarcodeScanner
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.crt288k import SimulatedCrt288k
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.key_block import HeldKey
from device_sim.pp791 import Pp791Settings, SimulatedPp791
from device_sim.receipt_printer import SimulatedReceiptPrinter, UsbReceiptPrinter
from device_sim.sdt_reader import SimulatedSdtReader, UsbSdtReader
from device_sim.secure_module import SecureModule
from device_sim.serial.device import SerialDevice
from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.world import SerialWorld
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.device import UsbFunction
from device_sim.virtual_time import VirtualClock
from drivers.barcode_scanner import SerialBarcodeScanner
from drivers.ccid_reader import CcidReader
from drivers.crt288k import Crt288kReader
from drivers.crt310 import Crt310Reader
from drivers.crt591 import Crt591Reader
from drivers.pp791 import Pp791
from drivers.receipt_layout import PAPER_80_MM
from drivers.receipt_printer import EscPosPrinter
from drivers.sdt_reader import SdtReader
from drivers.serial_port import open_serial
from drivers.transport import Transport
from drivers.usb import UsbInterface, open_usb
from kiosk_core.status import Counters
from openteller.system_clock import SystemClock

LIMIT_US = 100.0
"""Of a driver's own work, a round trip, in the middle of all calls."""
EXCHANGES = 100_000
WARM_UP = 5_000
GROWTH_KIB = 512
"""One object of the smallest kind, kept for every tenth exchange, is more."""
_CALLS = 100
_QUERIES = 3

_START = datetime(2026, 1, 1, tzinfo=UTC)
_PIN_KEY = HeldKey("P0", "T", "E", bytes(range(16)))
_CODES = itertools.count(10**12)


class _Driver(Protocol):
    def counters(self) -> Counters: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Case:
    """A driver on a lane: what is done before each call (a customer's hand), and the call."""

    name: str
    transport: Transport
    driver: _Driver
    call: Callable[[], object]
    before: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Cost:
    """Microseconds a call in the middle, bare and by the driver; round trips a call; what the driver adds to each."""

    bare_us: float
    driver_us: float
    round_trips: int

    @property
    def overhead_us(self) -> float:
        """What the driver adds to a round trip."""
        return (self.driver_us - self.bare_us) / self.round_trips


def main() -> int:
    """Measure, print, and return 1 where a limit is broken, else 0."""
    logging.disable(logging.CRITICAL)
    console = Console(highlight=False)
    broken = []
    table = Table(title="devices", title_justify="left", box=None, pad_edge=False)
    for heading in ("driver, lane, call", "bare us", "driver us", "trips", "us a trip", "growth KiB"):
        table.add_column(heading, justify="right" if table.columns else "left")
    with _cases() as cases:
        for case in cases:
            cost, grown_kib = _cost(case), _growth_kib(case)
            if cost.overhead_us >= LIMIT_US:
                broken.append(f"{case.name}: {cost.overhead_us:.0f} us a round trip, not under {LIMIT_US:.0f}")
            if grown_kib >= GROWTH_KIB:
                broken.append(f"{case.name}: grew by {grown_kib} KiB in {EXCHANGES:,} exchanges")
            figures = (cost.bare_us, cost.driver_us, cost.round_trips, cost.overhead_us, grown_kib)
            table.add_row(case.name, *(f"{figure:,.0f}" for figure in figures))
    console.print(table)
    ours_ms, theirs_ms = _printer_on_a_pty()
    console.print(
        f"\nprinter on a pty, one status query: ours {ours_ms:.2f} ms (one round trip), python-escpos 3.1 "
        f"{theirs_ms:.0f} ms"
    )
    for each in broken:
        console.print(f"[red]broken: {each}[/]")
    return 1 if broken else 0


def _cost(case: Case) -> Cost:
    script = _script(case)

    def bare() -> None:
        case.before()
        for step in script:
            step()

    def driven() -> None:
        case.before()
        case.call()

    bare_us, driver_us = side_by_side({"bare": bare, "driver": driven}, repeat=_CALLS)
    round_trips = sum(after.is_read and not before.is_read for before, after in itertools.pairwise(script))
    return Cost(bare_us.p50_us, driver_us.p50_us, max(round_trips, 1))


@dataclass(frozen=True)
class _Step:
    is_read: bool
    do: Callable[[], object]

    def __call__(self) -> None:
        self.do()


def _script(case: Case) -> list[_Step]:
    """Return what the driver does with its transport for one call, to be done again without it."""
    transport = case.transport
    steps: list[_Step] = []
    write, read, discard = transport.write, transport.read, transport.discard_input

    def note_write(data: bytes, timeout_s: float) -> None:
        steps.append(_Step(False, lambda: write(data, timeout_s)))
        write(data, timeout_s)

    def note_read(size: int, timeout_s: float) -> bytes:
        data = read(size, timeout_s)
        steps.append(_Step(bool(data) or not timeout_s, lambda: read(size, timeout_s)))
        return data

    def note_discard() -> None:
        noted = len(steps)
        discard()
        steps[noted:] = [_Step(False, discard)]  # over USB it reads

    for _ in range(2):  # the first call is another one: the driver gets in step with its device
        case.before()
        case.call()
    vars(transport).update(write=note_write, read=note_read, discard_input=note_discard)
    try:
        case.before()
        case.call()
    finally:
        for name in ("write", "read", "discard_input"):
            del vars(transport)[name]
    return steps


def _growth_kib(case: Case) -> int:
    """Return by how much the process grew in EXCHANGES exchanges, after WARM_UP."""
    counted = _exchanges(case)
    for count in (WARM_UP, EXCHANGES):
        gc.collect()
        before = _resident_kib()
        end = counted() + count
        while counted() < end:
            case.before()
            case.call()
    gc.collect()
    return max(0, _resident_kib() - before)


def _exchanges(case: Case) -> Callable[[], int]:
    """Return what counts exchanges; a scanner, which is asked nothing, has codes instead."""
    return lambda: (counters := case.driver.counters()).exchanges or counters.cycles


def _resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1024


@contextmanager
def _cases() -> Iterator[list[Case]]:
    """Yield the drivers before devices on a virtual clock: who waits takes no time, so what is left is work."""
    clock = VirtualClock(_START)
    bus, world = SimulatedBus(clock), SerialWorld(clock)
    register(world)
    with ExitStack() as undo:

        def line(name: str, device: SerialDevice) -> Transport:
            world.add(name, device)
            return open_serial(f"sim://{name}", 9600, name, clock)

        def usb(function: UsbFunction) -> UsbInterface:
            bus.attach(function)
            numbers = function.descriptor.vendor_id, function.descriptor.product_id
            return open_usb(*numbers, "device", clock, None, backend=InProcessBackend(bus))

        def case(name: str, transport: Transport, driver: _Driver, call: Callable[[], object]) -> Case:
            undo.callback(driver.close)
            return Case(name, transport, driver, call)

        cases = []
        pipe: Transport
        ccid = usb(SimulatedCcidReader(0x1209, 0x0001, clock))
        reader = CcidReader("reader", ccid, clock)
        cases.append(case("CCID reader, USB, slot status", ccid, reader, reader.slot))
        dip_pipe = usb(SimulatedCrt288k(clock))
        dip = Crt288kReader("dip", dip_pipe, clock)
        cases.append(case("CRT-288K, USB HID, status", dip_pipe, dip, dip.status))
        for lane, pipe in (
            ("sim://", line("printer", SimulatedReceiptPrinter())),
            ("USB", usb(UsbReceiptPrinter(SimulatedReceiptPrinter()))),
        ):
            printer = EscPosPrinter("printer", pipe, PAPER_80_MM, clock)
            cases.append(case(f"ESC/POS printer, {lane}, status", pipe, printer, printer.status))
        pipe = line("crt591", SimulatedCrt591(clock))
        crt591 = Crt591Reader("crt591", pipe, clock)
        cases.append(case("CRT-591, sim://, status", pipe, crt591, crt591.status))
        pipe = line("crt310", SimulatedCrt310())
        crt310 = Crt310Reader("crt310", pipe, clock)
        cases.append(case("CRT-310, sim://, status", pipe, crt310, crt310.status))
        for lane, pipe in (
            ("sim://", line("sdt", SimulatedSdtReader(clock))),
            ("USB", usb(UsbSdtReader(SimulatedSdtReader(clock)))),
        ):
            sdt = SdtReader("sdt", pipe, clock)
            cases.append(case(f"SDT reader, {lane}, status", pipe, sdt, sdt.status))
        module = SecureModule(bytes)
        module.put("0", _PIN_KEY)
        pipe = line("pp791", SimulatedPp791(clock, module, Pp791Settings(answer_s=0.0)))
        pad = Pp791("pp791", pipe, clock)
        cases.append(case("PP791, sim://, status", pipe, pad, pad.status))
        lamp = SimulatedBarcodeScanner(clock)
        pipe = line("scanner", lamp)
        scanner = SerialBarcodeScanner("scanner", pipe, clock)
        scanner.set_reading(True)
        undo.callback(scanner.close)
        cases.append(
            Case(
                "barcode scanner, sim://, a code",
                pipe,
                scanner,
                lambda: scanner.read(1.0),
                lambda: lamp.show(str(next(_CODES)).encode("ascii")),
            )
        )
        yield cases


def _printer_on_a_pty() -> tuple[float, float]:
    """Return milliseconds a status query of the same simulated printer takes, by our driver and by python-escpos."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder, PtyPort(Path(folder) / "printer", SimulatedReceiptPrinter()) as port:
        ours = EscPosPrinter("printer", open_serial(str(port.path), 115_200, "printer", clock), PAPER_80_MM, clock)
        ours_s = [_seconds(ours.status) / 4 for _ in range(_CALLS)]
        ours.close()
        theirs = EscposSerial(devfile=str(port.path), baudrate=115_200, timeout=1)
        theirs_s = [_seconds(theirs.is_online) for _ in range(_QUERIES)]
        theirs.close()
    return statistics.median(ours_s) * 1000, statistics.median(theirs_s) * 1000


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
