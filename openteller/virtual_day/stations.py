"""The stations of the day's terminal, each with what can befall its device."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from device_sim.bank_books import BankRules
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
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
from openteller.virtual_day.station import Mishap, Port, Station

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
        cable = Cable(function, clock, seed=seeds.randrange(2**32))

        def plug() -> None:
            bus.attach(cable)

        def stall(times: int) -> None:
            cable.stalls = times

        plug()
        mishaps = {"stall": Mishap(lambda: stall(1), lambda: stall(0))}
        port = Port(plug, lambda: bus.detach(cable), cable.fortune, mishaps)
        url = f"sim-usb://{usb_id[0]:04x}:{usb_id[1]:04x}"
        stations[name] = Station(name, known[model], url, port, clock, usb_backend=InProcessBackend(bus))

    def serial_station(
        name: str, model: str, device: SerialDevice, baudrate: int, mishaps: Mapping[str, Mishap]
    ) -> None:
        wire = Wire(device, clock, baudrate=baudrate, seed=seeds.randrange(2**32))
        world.add(name, wire)
        port = Port(lambda: world.plug(name), lambda: world.unplug(name), wire.fortune, mishaps)
        stations[name] = Station(name, known[model], f"sim://{name}", port, clock)

    top_up = SimulatedCcidReader(*READER_ID, clock, apdu_s=0.02)
    usb_station("top_up_module", "ccid-t-union", top_up, READER_ID)
    printer = SimulatedReceiptPrinter(pace=Pace(clock, 1200))
    serial_station("receipt_printer", "escpos-80mm", printer, 38_400, _printer_mishaps(printer))
    dispenser = SimulatedCrt591(clock, seconds=0.1)
    serial_station("dispenser", "crt-591", dispenser, 38_400, _crt591_mishaps(dispenser))
    card_reader = SimulatedCrt310()
    serial_station("card_reader", "crt-310", card_reader, 9600, _crt310_mishaps(card_reader))
    id_reader = SimulatedSdtReader(clock)
    serial_station("id_card_reader", "sdt", id_reader, 115_200, {"power_loss": _blink(id_reader.power_cycle)})
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


def _blink(act: Callable[[], None]) -> Mishap:
    """Return what is over as soon as it has happened."""
    return Mishap(act, lambda: None)


def _printer_mishaps(printer: SimulatedReceiptPrinter) -> Mapping[str, Mishap]:
    def condition(**bad: bool) -> Mishap:
        good = dict.fromkeys(bad, False) if "powered" not in bad else {"powered": True}

        def put(change: Mapping[str, bool]) -> None:
            printer.condition = replace(printer.condition, **change)

        return Mishap(lambda: put(bad), lambda: put(good))

    return {
        "paper_out": condition(paper_out=True),
        "paper_near_end": condition(paper_near_end=True),
        "cover_open": condition(cover_open=True),
        "cutter_stuck": condition(cutter_stuck=True),
        "head_hot": condition(head_hot=True),
        "power_loss": condition(powered=False),
    }


def _crt591_mishaps(reader: SimulatedCrt591) -> Mapping[str, Mishap]:
    def held(on: bool) -> None:
        reader.mechanics.held = on

    def jammed(on: bool) -> None:
        reader.mechanics.jammed = on

    def silent(on: bool) -> None:
        reader.line.silent = on

    def nak_storm() -> None:
        reader.line.naks = 5

    return {
        "card_held": Mishap(lambda: held(True), lambda: held(False)),
        "jam": Mishap(lambda: jammed(True), lambda: jammed(False)),
        "silence": Mishap(lambda: silent(True), lambda: silent(False)),
        "nak_storm": _blink(nak_storm),
        "power_loss": _blink(reader.lose_power),
    }


def _crt310_mishaps(reader: SimulatedCrt310) -> Mapping[str, Mishap]:
    def put(**change: bool) -> None:
        reader.condition = replace(reader.condition, **change)

    return {
        "jam": Mishap(lambda: put(jammed=True), lambda: put(jammed=False)),
        "supply_voltage": Mishap(lambda: put(supply_voltage_ok=False), lambda: put(supply_voltage_ok=True)),
        "power_loss": Mishap(lambda: put(powered=False), lambda: put(powered=True)),
    }
