"""Units: the library of faults, the same names for every device, on every lane."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import serial
import usb.core

from device_sim import mishaps
from device_sim.barcode_scanner import SimulatedBarcodeScanner
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.crt288k import SimulatedCrt288k
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.misfortune import Harm
from device_sim.ports import unit_on_bus, unit_on_line, unit_on_pty
from device_sim.pp791 import SimulatedPp791
from device_sim.receipt_printer import SimulatedReceiptPrinter
from device_sim.sdt_reader import SimulatedSdtReader, UsbSdtReader
from device_sim.secure_module import SecureModule
from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.wire import Wire
from device_sim.serial.world import SerialWorld
from device_sim.unit import Mishap, Unit, UnknownFaultError
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.cable import Cable
from device_sim.virtual_time import VirtualClock
from tests.clocks import RealClock

CLOCK = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))

# Every name that the list of faults asks for, by the device that has it.
ASKED = {
    "receipt_printer": {"paper_near_end", "paper_out", "paper_jam", "cutter_stuck", "cover_open", "power_loss"},
    "crt591": {
        "jam",
        "card_too_long",
        "card_too_short",
        "card_held",
        "card_pulled",
        "card_forgotten",
        "bin_full",
        "nak_storm",
        "power_loss",
    },
    "crt310": {
        "jam",
        "card_too_long",
        "card_too_short",
        "card_pulled",
        "card_forgotten",
        "bin_full",
        "nak_storm",
        "power_loss",
    },
    "sdt": {"power_loss", "silence"},
    "pp791": {"power_loss", "tampered", "self_test", "pin_refused"},
    "ccid": {"power_loss", "over_current", "card_pulled", "card_forgotten"},
    "crt288k": {"latch_broken", "power_down", "power_loss", "silence", "nak_storm", "card_forgotten"},
    "scanner": {"flood", "code_half", "code_twice", "code_garbled", "code_slow", "code_no_suffix"},
}
CABLE = {"drop", "garble", "duplicate", "late", "stale", "half", "slow", "wrong_baud", "unplug", "busy"}


def units() -> dict[str, Unit]:
    world = SerialWorld(CLOCK)
    devices = {
        "receipt_printer": (printer := SimulatedReceiptPrinter(), mishaps.of_receipt_printer(printer)),
        "crt591": (dispenser := SimulatedCrt591(CLOCK), mishaps.of_crt591(dispenser)),
        "crt310": (reader := SimulatedCrt310(), mishaps.of_crt310(reader)),
        "sdt": (id_reader := SimulatedSdtReader(CLOCK), mishaps.of_sdt(id_reader)),
        "pp791": (pad := SimulatedPp791(CLOCK, SecureModule(bytes)), mishaps.of_pp791(pad)),
        "scanner": (scanner := SimulatedBarcodeScanner(CLOCK), mishaps.of_barcode_scanner(scanner)),
    }
    on_lines = {name: unit_on_line(name, world, Wire(device, CLOCK), own) for name, (device, own) in devices.items()}
    bus = SimulatedBus(CLOCK)
    ccid, dip = SimulatedCcidReader(0x1209, 1, CLOCK), SimulatedCrt288k(CLOCK)
    return on_lines | {
        "ccid": unit_on_bus("ccid", bus, Cable(ccid, CLOCK), mishaps.of_ccid(ccid)),
        "crt288k": unit_on_bus("crt288k", bus, Cable(dip, CLOCK), mishaps.of_crt288k(dip)),
    }


@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_unit_knows_the_faults_of_its_cable_its_port_and_its_device(name: str) -> None:
    assert set(units()[name].faults) >= ASKED[name] | CABLE


@pytest.mark.parametrize("name", sorted(ASKED))
def test_every_fault_can_strike_and_be_mended_twice(name: str) -> None:
    unit = units()[name]
    for fault in unit.faults:
        for _ in range(2):
            unit.strike(fault)
        for _ in range(2):
            unit.mend(fault)
        assert fault not in unit.active


@pytest.mark.parametrize("name", units())
def test_a_device_that_is_taken_or_unplugged_can_be_unplugged_or_taken(name: str) -> None:
    unit = units()[name]
    for first, second in (("unplug", "busy"), ("busy", "unplug")):
        unit.strike(first)
        unit.strike(second)
        unit.mend(second)
        unit.mend(first)
        assert not unit.active


def test_a_fault_that_is_none_is_named_with_those_that_there_are() -> None:
    unit = units()["sdt"]
    for act in (unit.strike, unit.mend):
        with pytest.raises(UnknownFaultError, match=r"sdt knows no fault 'coffee'; there are busy, drop"):
            act("coffee")


def test_what_is_wrong_is_told_until_it_is_mended() -> None:
    begun: list[str] = []
    wire = Wire(SimulatedSdtReader(CLOCK), CLOCK)
    unit = Unit(
        "unit",
        wire.fortune,
        {"lasts": Mishap(lambda: begun.append("on"), lambda: begun.append("off")), "once": Mishap(lambda: None)},
    )
    for fault in ("lasts", "lasts", "once", Harm.DROP.value, Harm.LATE.value):
        unit.strike(fault)
    assert unit.active == ("lasts", "drop", "late")
    unit.mend("drop")
    assert unit.active == ("lasts", "late")
    unit.mend()
    assert unit.active == ()
    assert begun == ["on", "off"]


# -- the port, on every lane ---------------------------------------------------------------------------------

Lane = tuple[Unit, Callable[[], object]]


@pytest.fixture(params=["sim", "pty", "usb"])
def lane(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lane]:
    clock = RealClock()
    reader = SimulatedSdtReader(clock)
    wire = Wire(reader, clock)
    match request.param:
        case "sim":
            world = SerialWorld()
            unit = unit_on_line("reader", world, wire, {})
            register(world)
            yield unit, lambda: serial.serial_for_url("sim://reader", exclusive=True).close()
        case "pty":
            with PtyPort(tmp_path / "reader", wire) as port:
                unit = unit_on_pty("reader", port, wire, {})
                yield unit, lambda: serial.Serial(str(port.path), exclusive=True).close()
        case _:
            bus = SimulatedBus(clock)
            unit = unit_on_bus("reader", bus, Cable(UsbSdtReader(reader), clock), {})

            def claim() -> None:
                found = usb.core.find(idVendor=0x0400, backend=InProcessBackend(bus))
                if found is None:
                    raise OSError("no device")
                try:
                    usb.util.claim_interface(found, 0)
                finally:
                    usb.util.dispose_resources(found)

            yield unit, claim


@pytest.mark.parametrize("fault", ["unplug", "busy"])
def test_a_port_that_is_unplugged_or_taken_cannot_be_opened_until_it_is_mended(lane: Lane, fault: str) -> None:
    unit, open_port = lane
    open_port()
    unit.strike(fault)
    with pytest.raises((OSError, usb.core.USBError)):
        open_port()
    unit.mend()
    open_port()
