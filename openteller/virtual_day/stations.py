"""The stations of the day's terminal, each with what can befall its device."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from device_sim import mishaps
from device_sim.bank_books import BankRules
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.mishaps import Mishaps
from device_sim.ports import unit_on_bus, unit_on_line
from device_sim.receipt_printer import Pace, SimulatedReceiptPrinter
from device_sim.sdt_reader import SimulatedSdtReader
from device_sim.serial.device import SerialDevice
from device_sim.serial.handlers import register
from device_sim.serial.wire import Wire
from device_sim.serial.world import SerialWorld
from device_sim.transit_card import CardIdentity, TransitCard
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.cable import Cable
from device_sim.usb.device import UsbFunction
from device_sim.virtual_time import VirtualClock
from drivers.registry import models
from kiosk_core.card_number import CardNumber
from openteller.virtual_day.station import Station

READER_ID = (0x1209, 0x0001)
LOAD_MASTER = bytes(range(16))
TAC_MASTER = bytes(range(16, 32))
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
    cards: tuple[TransitCard, ...]
    rules: BankRules
    stations: Mapping[str, Station]


def build(clock: VirtualClock, seed: int) -> DayTerminal:
    """Build the terminal: one USB device, the others on serial lines at their own baud rates."""
    bus, world = SimulatedBus(clock), SerialWorld(clock)
    register(world)
    known = models()
    seeds = random.Random(seed)  # noqa: S311  (bad luck, no secret)
    stations: dict[str, Station] = {}

    def usb_station(name: str, model: str, function: UsbFunction, usb_id: tuple[int, int]) -> None:
        unit = unit_on_bus(name, bus, Cable(function, clock, seed=seeds.randrange(2**32)), {})
        url = f"sim-usb://{usb_id[0]:04x}:{usb_id[1]:04x}"
        stations[name] = Station(unit, known[model], url, clock, usb_backend=InProcessBackend(bus))

    def serial_station(name: str, model: str, device: SerialDevice, baudrate: int, faults: Mishaps) -> None:
        wire = Wire(device, clock, baudrate=baudrate, seed=seeds.randrange(2**32))
        stations[name] = Station(unit_on_line(name, world, wire, faults), known[model], f"sim://{name}", clock)

    top_up = SimulatedCcidReader(*READER_ID, clock, apdu_s=0.02)
    usb_station("top_up_module", "ccid-t-union", top_up, READER_ID)
    printer = SimulatedReceiptPrinter(pace=Pace(clock, 1200))
    serial_station("receipt_printer", "escpos-80mm", printer, 38_400, mishaps.of_receipt_printer(printer))
    dispenser = SimulatedCrt591(clock, seconds=0.1)
    serial_station("dispenser", "crt-591", dispenser, 38_400, mishaps.of_crt591(dispenser))
    card_reader = SimulatedCrt310()
    serial_station("card_reader", "crt-310", card_reader, 9600, mishaps.of_crt310(card_reader))
    id_reader = SimulatedSdtReader(clock)
    serial_station("id_card_reader", "sdt", id_reader, 115_200, mishaps.of_sdt(id_reader))
    rules = BankRules(LOAD_MASTER, TAC_MASTER)
    return DayTerminal(top_up, printer, dispenser, card_reader, id_reader, _cards(seeds), rules, stations)


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
