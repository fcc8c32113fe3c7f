"""The devices of a simulated terminal on their ports, as its settings name them."""

import contextlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from device_sim import mishaps
from device_sim.barcode_scanner import ScannerSettings, SimulatedBarcodeScanner
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.crt288k import SimulatedCrt288k
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.key_block import HeldKey
from device_sim.mishaps import Mishaps
from device_sim.ports import unit_on_bus, unit_on_network, unit_on_pty
from device_sim.pp791 import KEY_LOADING_PLACE, Pp791Settings, SimulatedPp791
from device_sim.receipt_printer import Pace, SimulatedReceiptPrinter, UsbReceiptPrinter
from device_sim.sdt_reader import SimulatedSdtReader, UsbProfile, UsbSdtReader
from device_sim.secure_module import SecureModule
from device_sim.serial.device import SerialDevice
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.tcp_port import TcpPort
from device_sim.serial.wire import Wire
from device_sim.settings import CardReaderSettings, PinPadSettings, SimSettings
from device_sim.unit import Unit
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.cable import Cable
from device_sim.usb.device import UsbFunction
from kiosk_core.clock import Clock
from wire import pp791

if TYPE_CHECKING:  # OpenCV takes 0.7 s and 36 MB
    from device_sim.camera import SimulatedCamera

READER = "top_up_module"
PRINTER = "receipt_printer"
CARD_READER = "card_reader"
ID_CARD_READER = "id_card_reader"
PIN_PAD = "pin_pad"
BARCODE_SCANNER = "barcode_scanner"
CAMERA = "camera"

CardReader = SimulatedCrt591 | SimulatedCrt310 | SimulatedCrt288k

_SEEDS = 2**32


@dataclass
class Devices:
    """The devices by role, None for what the terminal lacks, and the units that they are, by name."""

    top_up_module: SimulatedCcidReader
    receipt_printer: SimulatedReceiptPrinter
    card_reader: CardReader | None = None
    id_card_reader: SimulatedSdtReader | None = None
    pin_pad: SimulatedPp791 | None = None
    barcode_scanner: SimulatedBarcodeScanner | None = None
    camera: "SimulatedCamera | None" = None
    units: dict[str, Unit] = field(default_factory=dict)


def build_devices(settings: SimSettings, bus: SimulatedBus, clock: Clock, undo: contextlib.ExitStack) -> Devices:
    """Make the devices and plug them in; `undo` unplugs them.

    Raises:
        OSError: a port cannot be made.
    """
    seeds = random.Random(settings.seed)  # noqa: S311  (bad luck, no secret)
    ports = _Ports(bus, clock, seeds, undo)
    speed = settings.speed
    printing = settings.receipt_printer
    module = settings.top_up_module
    devices = Devices(
        SimulatedCcidReader(*_numbers(module.usb), clock, apdu_s=module.apdu_ms / 1000 / speed),
        SimulatedReceiptPrinter(pace=Pace(clock, round(printing.dots_per_s * speed)) if printing.dots_per_s else None),
    )
    ports.add_usb(READER, devices.top_up_module, mishaps.of_ccid(devices.top_up_module))
    _add_printer(devices.receipt_printer, settings, ports)
    if settings.card_reader is not None:
        devices.card_reader = _add_card_reader(settings.card_reader, speed, ports)
    if (reading := settings.id_card_reader) is not None:
        id_reader = devices.id_card_reader = SimulatedSdtReader(clock, answer_s=reading.answer_ms / 1000 / speed)
        if reading.usb is not None:
            profile = UsbProfile(*_numbers(reading.usb))
            ports.add_usb(ID_CARD_READER, UsbSdtReader(id_reader, profile), mishaps.of_sdt(id_reader))
        if reading.serial is not None:
            ports.add_pty(ID_CARD_READER, id_reader, reading.serial, reading.baudrate, mishaps.of_sdt(id_reader))
    if (typing := settings.pin_pad) is not None:
        pad = devices.pin_pad = _pin_pad(typing, speed, clock, seeds)
        ports.add_pty(PIN_PAD, pad, typing.serial, typing.baudrate, mishaps.of_pp791(pad))
    if (scanning := settings.barcode_scanner) is not None:
        setup = ScannerSettings(
            scanning.prefix.encode("latin-1"),
            scanning.suffix.encode("latin-1"),
            scanning.identifiers,
            scanning.trigger_on.encode("latin-1"),
            scanning.trigger_off.encode("latin-1"),
            scanning.reset.encode("latin-1"),
            scanning.one_shot,
        )
        scanner = devices.barcode_scanner = SimulatedBarcodeScanner(clock, setup, ports.seed())
        of_scanner = mishaps.of_barcode_scanner(scanner)
        ports.add_pty(BARCODE_SCANNER, scanner, scanning.serial, scanning.baudrate, of_scanner)
    if (seeing := settings.camera) is not None:
        from device_sim.camera import CameraFault, Desk, SimulatedCamera  # noqa: PLC0415

        desk = Desk(seed=ports.seed())
        seen = SimulatedCamera(desk, per_second=seeing.per_second, port=seeing.port)
        camera = devices.camera = undo.enter_context(seen)
        ports.units[CAMERA] = unit_on_network(CAMERA, camera, None, mishaps.of_camera(camera.faults, CameraFault))
    devices.units = ports.units
    return devices


class _Ports:
    """Where devices are plugged in, each with a cable whose bad luck has a seed of its own."""

    def __init__(self, bus: SimulatedBus, clock: Clock, seeds: random.Random, undo: contextlib.ExitStack) -> None:
        self.units: dict[str, Unit] = {}
        self.clock = clock
        self._bus = bus
        self._seeds = seeds
        self._undo = undo

    def seed(self) -> int:
        return self._seeds.randrange(_SEEDS)

    def add_usb(self, name: str, function: UsbFunction, own: Mishaps) -> None:
        self.units[name] = unit_on_bus(name, self._bus, Cable(function, self.clock, seed=self.seed()), own)

    def add_pty(self, name: str, device: SerialDevice, path: Path, baudrate: int, own: Mishaps) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        wire = Wire(device, self.clock, baudrate=baudrate, seed=self.seed())
        self.units[name] = unit_on_pty(name, self._undo.enter_context(PtyPort(path, wire)), wire, own)

    def add_tcp(self, name: str, device: SerialDevice, port: int, own: Mishaps) -> None:
        wire = Wire(device, self.clock, seed=self.seed())
        self.units[name] = unit_on_network(name, self._undo.enter_context(TcpPort(wire, port)), wire, own)


def _add_printer(printer: SimulatedReceiptPrinter, settings: SimSettings, ports: _Ports) -> None:
    own, place = mishaps.of_receipt_printer(printer), settings.receipt_printer
    if place.usb is not None:
        ports.add_usb(PRINTER, UsbReceiptPrinter(printer, *_numbers(place.usb)), own)
    if place.serial is not None:
        ports.add_pty(PRINTER, printer, place.serial, place.baudrate, own)
    if place.tcp is not None:
        ports.add_tcp(PRINTER, printer, place.tcp, own)


def _add_card_reader(place: CardReaderSettings, speed: float, ports: _Ports) -> CardReader:
    seconds = place.command_ms / 1000 / speed
    if place.serial is None:
        dip = SimulatedCrt288k(ports.clock)
        ports.add_usb(CARD_READER, dip, mishaps.of_crt288k(dip))
        return dip
    if place.model == "crt-310":
        motor = SimulatedCrt310(ports.clock, seconds=seconds)
        ports.add_pty(CARD_READER, motor, place.serial, place.baudrate, mishaps.of_crt310(motor))
        return motor
    dispenser = SimulatedCrt591(ports.clock, seconds=seconds, stacker=place.stacker, bin_capacity=place.bin_capacity)
    ports.add_pty(CARD_READER, dispenser, place.serial, place.baudrate, mishaps.of_crt591(dispenser))
    return dispenser


def _pin_pad(settings: PinPadSettings, speed: float, clock: Clock, seeds: random.Random) -> SimulatedPp791:
    module = SecureModule(seeds.randbytes)
    keys = {KEY_LOADING_PLACE: ("K0", "D", settings.key_loading_key), pp791.PIN_SLOTS[0]: ("P0", "E", settings.pin_key)}
    for slot, (usage, mode, key) in keys.items():
        if key is not None:
            module.put(slot, HeldKey(usage, "T", mode, bytes.fromhex(key)))
    return SimulatedPp791(clock, module, Pp791Settings(answer_s=settings.answer_ms / 1000 / speed))


def _numbers(usb_id: str) -> tuple[int, int]:
    vendor_id, _, product_id = usb_id.partition(":")
    return int(vendor_id, 16), int(product_id, 16)
