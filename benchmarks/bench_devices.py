"""A round trip to a simulated device by its driver, beside the same bytes over the bare transport."""

import tempfile
from pathlib import Path

import serial

from benchmarks.measure import Figure, side_by_side
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.receipt_printer import SimulatedReceiptPrinter
from device_sim.serial.pty_port import PtyPort
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from drivers.ccid_reader import CcidReader
from drivers.receipt_layout import PAPER_80_MM
from drivers.receipt_printer import EscPosPrinter
from drivers.serial_port import open_serial
from drivers.usb import open_usb
from openteller.system_clock import SystemClock
from wire import ccid

SLOT_STATUS = bytes.fromhex("65 00000000 00 07 000000")  # PC_to_RDR_GetSlotStatus
PAPER_STATUS = bytes.fromhex("100401 100402 100403 100404")  # DLE EOT 1 to 4


def run() -> list[Figure]:
    """Return a slot status over USB, bare and by the driver; and a printer's full status over a pty, likewise."""
    clock = SystemClock()
    bus = SimulatedBus(clock)
    bus.attach(SimulatedCcidReader(0x1209, 0x0001, clock))
    bare_usb = open_usb(0x1209, 0x0001, "reader", clock, ccid.INTERFACE_CLASS, backend=InProcessBackend(bus))

    def ask_slot() -> None:
        bare_usb.write(SLOT_STATUS, 1.0)
        bare_usb.read(64, 1.0)

    figures = side_by_side({"CCID slot status, bare transport": ask_slot}, repeat=300)
    reader = CcidReader("reader", bare_usb, clock)
    figures += side_by_side({"CCID slot status, driver": reader.slot}, repeat=300)
    reader.close()
    with tempfile.TemporaryDirectory() as folder, PtyPort(Path(folder) / "printer", SimulatedReceiptPrinter()) as port:
        with serial.Serial(str(port.path), 115200, timeout=1) as bare_serial:

            def ask_paper() -> None:
                bare_serial.write(PAPER_STATUS)
                bare_serial.read(4)

            figures += side_by_side({"printer status on a pty, bare pyserial": ask_paper}, repeat=100)
        printer = EscPosPrinter("printer", open_serial(str(port.path), 115200, "printer", clock), PAPER_80_MM, clock)
        figures += side_by_side({"printer status on a pty, driver": printer.status}, repeat=100)
        printer.close()
    return figures
