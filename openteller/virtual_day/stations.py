"""The stations of the day's terminal, each with what can befall its device."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from device_sim import mishaps
from device_sim.bank_rules import BankRules
from device_sim.barcode_scanner import ScannerSettings, SimulatedBarcodeScanner
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.crt288k import SimulatedCrt288k
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.key_block import HeldKey
from device_sim.misfortune import Harm, Towards
from device_sim.mishaps import Mishaps
from device_sim.ports import unit_on_bus, unit_on_line
from device_sim.pp791 import SimulatedPp791
from device_sim.receipt_paper import PrintedReceipt
from device_sim.receipt_printer import Pace, SimulatedReceiptPrinter
from device_sim.sdt_reader import SimulatedSdtReader
from device_sim.secure_module import SecureModule
from device_sim.serial.device import SerialDevice
from device_sim.serial.handlers import register
from device_sim.serial.wire import Wire
from device_sim.serial.world import SerialWorld
from device_sim.transit_card import CardIdentity, TransitCard
from device_sim.unit import Mishap
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.cable import Cable
from device_sim.usb.device import UsbFunction
from device_sim.virtual_time import VirtualClock
from drivers.registry import models
from kiosk_core.card_number import CardNumber
from openteller.virtual_day.station import Blind, Station

READER_ID = (0x1209, 0x0001)
LOAD_MASTER = bytes(range(16))
TAC_MASTER = bytes(range(16, 32))
PIN_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
_PIN_SLOT = "0"
# What a printer is sent has no checksum; a line that goes one way has no means to tell an old code from a new one.
_NO_CHECKSUM = Blind(towards=(Towards.HOST,))
_CHECKED = Blind(frozenset({Harm.GARBLE.value}))  # what USB garbles it sends again: each packet has a CRC
_ONE_WAY = Blind(frozenset({Harm.STALE.value}))
_FOR_EVER = Blind(frozenset({"tampered"}))  # a pad that was opened stays so
_SCANNER = ScannerSettings(trigger_on=b"E", trigger_off=b"D", reset=b"R")  # as the model scanner-magellan is set
_CARDS = 20
_FIRST_BALANCE_FEN = 1000


@dataclass
class DayTerminal:
    """The simulated devices of the day, and the stations over them."""

    top_up: SimulatedCcidReader
    printer: SimulatedReceiptPrinter
    dispenser: SimulatedCrt591
    card_reader: SimulatedCrt310
    id_reader: SimulatedSdtReader
    dip_reader: SimulatedCrt288k
    pin_pad: SimulatedPp791
    scanner: SimulatedBarcodeScanner
    cards: tuple[TransitCard, ...]
    rules: BankRules
    stations: Mapping[str, Station]

    def take_receipts(self) -> list[PrintedReceipt]:
        """Take all paper that lies in the printer's slot, as a customer does, and look at it."""
        return [self.printer.take_receipt() for _ in range(len(self.printer.receipts))]


def build(clock: VirtualClock, seed: int) -> DayTerminal:
    """Build the terminal: two USB devices, the others on serial lines at their own baud rates."""
    bus, world = SimulatedBus(clock), SerialWorld(clock)
    register(world)
    known = models()
    seeds = random.Random(seed)  # noqa: S311  (bad luck, no secret)
    stations: dict[str, Station] = {}

    def usb_station(name: str, model: str, function: UsbFunction, faults: Mishaps) -> None:
        unit = unit_on_bus(name, bus, Cable(function, clock, seed=seeds.randrange(2**32)), faults)
        url = f"sim-usb://{function.descriptor.vendor_id:04x}:{function.descriptor.product_id:04x}"
        stations[name] = Station(unit, known[model], url, clock, usb_backend=InProcessBackend(bus), blind=_CHECKED)

    def serial_station(
        name: str, model: str, line: tuple[SerialDevice, int], faults: Mishaps, blind: Blind | None = None
    ) -> None:
        device, baudrate = line
        wire = Wire(device, clock, baudrate=baudrate, seed=seeds.randrange(2**32))
        unit = unit_on_line(name, world, wire, faults)
        stations[name] = Station(unit, known[model], f"sim://{name}", clock, blind=blind)

    top_up = SimulatedCcidReader(*READER_ID, clock, apdu_s=0.02)
    usb_station("top_up_module", "ccid-t-union", top_up, mishaps.of_ccid(top_up))
    printer = SimulatedReceiptPrinter(pace=Pace(clock, 1200))
    serial_station(
        "receipt_printer", "escpos-80mm", (printer, 38_400), mishaps.of_receipt_printer(printer), _NO_CHECKSUM
    )
    dispenser = SimulatedCrt591(clock, seconds=0.1)
    serial_station("dispenser", "crt-591", (dispenser, 38_400), mishaps.of_crt591(dispenser))
    card_reader = SimulatedCrt310()
    serial_station("card_reader", "crt-310", (card_reader, 9600), mishaps.of_crt310(card_reader))
    id_reader = SimulatedSdtReader(clock)
    serial_station("id_card_reader", "sdt", (id_reader, 115_200), mishaps.of_sdt(id_reader))
    dip_reader = SimulatedCrt288k(clock)
    usb_station("dip_reader", "crt-288k", dip_reader, mishaps.of_crt288k(dip_reader))
    module = SecureModule(seeds.randbytes)
    pin_pad = SimulatedPp791(clock, module)
    serial_station("pin_pad", "pp791", (pin_pad, 9600), _of_pin_pad(pin_pad, module), _FOR_EVER)
    scanner = SimulatedBarcodeScanner(clock, _SCANNER, seed=seeds.randrange(2**32))
    serial_station(
        "barcode_scanner", "scanner-magellan", (scanner, 9600), mishaps.of_barcode_scanner(scanner), _ONE_WAY
    )
    return DayTerminal(
        top_up,
        printer,
        dispenser,
        card_reader,
        id_reader,
        dip_reader,
        pin_pad,
        scanner,
        _cards(seeds),
        BankRules(LOAD_MASTER, TAC_MASTER),
        stations,
    )


def _of_pin_pad(pad: SimulatedPp791, module: SecureModule) -> Mishaps:
    """Return the faults of a PIN pad, whose key is loaded here; a technician loads it again where it was lost."""

    def load() -> None:
        module.put(_PIN_SLOT, HeldKey("P0", "T", "E", PIN_KEY))

    load()
    return {
        **mishaps.of_pp791(pad),
        "key_missing": Mishap(lambda: module.erase(_PIN_SLOT), load),
    }


def _cards(seeds: random.Random) -> tuple[TransitCard, ...]:
    draw = seeds.randbytes
    return tuple(
        TransitCard(
            CardIdentity.of_issuer(CardNumber(f"310476000000{number:07}"), LOAD_MASTER, TAC_MASTER),
            balance_fen=_FIRST_BALANCE_FEN,
            draw=draw,
        )
        for number in range(_CARDS)
    )
