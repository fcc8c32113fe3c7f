"""Every USB driver on every lane: the same simulated device, in this process, in another, and below a real libusb."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from device_sim import crt288k as sim_crt288k
from device_sim.card import OtherCard
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.misfortune import Harm, Misfortune
from device_sim.plastic_card import PlasticCard
from device_sim.receipt_printer import SimulatedReceiptPrinter, UsbReceiptPrinter
from device_sim.sdt_reader import CITIZEN, SimulatedSdtReader, UsbSdtReader
from device_sim.usb.cable import Cable
from device_sim.usb.device import UsbFunction
from drivers.ccid_reader import CcidReader
from drivers.crt288k import Crt288kReader
from drivers.receipt_layout import PAPER_80_MM
from drivers.receipt_printer import EscPosPrinter
from drivers.sdt_reader import SdtReader
from drivers.transport import UsbTransport
from drivers.usb import HID_CLASS, open_usb
from kiosk_core.errors import DeviceUnavailable, Fault
from kiosk_core.id_card_reader import IdCard
from kiosk_core.receipt import Receipt, TextLine
from kiosk_core.status import DeviceState, Identity, Media
from tests.clocks import RealClock, UnhurriedClock
from tests.patience import PATIENCE_S
from tests.usb_lanes import LANES, Lane, open_lane
from wire import ccid, usb_printer
from wire.ccid import IccStatus

NAME = "device"
CLOCK = RealClock()
SELECT = bytes.fromhex("00A4040008A00000063201010500")
Driver = CcidReader | EscPosPrinter | SdtReader | Crt288kReader


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lane]:
    with open_lane(request.param, CLOCK, tmp_path) as lane:
        yield lane


@dataclass(frozen=True)
class Kind:
    """A driver with its simulated device, and a question that the device must answer."""

    device: Callable[[], UsbFunction]
    interface_class: int
    driver: Callable[[str, UsbTransport, RealClock], Driver]
    ask: Callable[[Driver], object]


def _ask_slot(driver: Driver) -> object:
    assert isinstance(driver, CcidReader)
    return driver.slot()


def _ask_status(driver: Driver) -> object:
    assert not isinstance(driver, CcidReader)
    return driver.status()


KINDS = {
    "ccid": Kind(lambda: SimulatedCcidReader(0x1209, 1, CLOCK), ccid.INTERFACE_CLASS, CcidReader, _ask_slot),
    "printer": Kind(
        lambda: UsbReceiptPrinter(SimulatedReceiptPrinter()),
        usb_printer.INTERFACE_CLASS,
        lambda name, transport, clock: EscPosPrinter(name, transport, PAPER_80_MM, clock),
        _ask_status,
    ),
    "sdt": Kind(lambda: UsbSdtReader(SimulatedSdtReader(CLOCK)), 0xFF, SdtReader, _ask_status),
    "crt-288k": Kind(lambda: sim_crt288k.SimulatedCrt288k(CLOCK), HID_CLASS, Crt288kReader, _ask_status),
}


@contextlib.contextmanager
def opened(lane: Lane, function: UsbFunction, kind: Kind) -> Iterator[Driver]:
    numbers = function.descriptor.vendor_id, function.descriptor.product_id
    transport = open_usb(*numbers, NAME, CLOCK, kind.interface_class, backend=lane.backend)
    try:
        driver = kind.driver(NAME, transport, CLOCK if kind is KINDS["sdt"] else UnhurriedClock())
        yield driver
    finally:
        transport.close()


# An SDT module's driver waits for 0.6 s of silence after opening.
@pytest.fixture(params=[*(name for name in KINDS if name != "sdt"), pytest.param("sdt", marks=pytest.mark.slow)])
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


# -- what the devices are for ----------------------------------------------------------------------------------


def test_a_ccid_reader_powers_a_card_and_carries_apdus(lane: Lane) -> None:
    reader = SimulatedCcidReader(0x1209, 1, CLOCK)
    lane.bus.attach(reader)
    with opened(lane, reader, KINDS["ccid"]) as driver:
        assert isinstance(driver, CcidReader)
        assert driver.identity == Identity("OpenTeller Simulated contactless reader", "1.00", "SIM0001")
        assert driver.slot() is IccStatus.ABSENT
        reader.insert(OtherCard())
        assert driver.wait_for_change(IccStatus.ABSENT, PATIENCE_S) is IccStatus.INACTIVE
        assert driver.power_on() == bytes.fromhex("3B80800101")
        for _ in range(5):
            assert driver.transmit(SELECT) == bytes.fromhex("6A82")


def test_a_printer_prints_and_says_that_it_is_open(lane: Lane) -> None:
    printer = SimulatedReceiptPrinter()
    function = UsbReceiptPrinter(printer)
    lane.bus.attach(function)
    with opened(lane, function, KINDS["printer"]) as driver:
        assert isinstance(driver, EscPosPrinter)
        driver.print(Receipt(tuple(TextLine(f"充值 {number}") for number in range(200))))
        assert printer.take_receipt().text.splitlines()[:2] == ["充值 0", "充值 1"]
        assert driver.status().state is DeviceState.ONLINE
        printer.condition = replace(printer.condition, cover_open=True)
        assert Fault.COVER_OPEN in driver.status().faults


@pytest.mark.slow
def test_an_id_card_is_read(lane: Lane) -> None:
    reader = SimulatedSdtReader(CLOCK)
    function = UsbSdtReader(reader)
    lane.bus.attach(function)
    with opened(lane, function, KINDS["sdt"]) as driver:
        assert isinstance(driver, SdtReader)
        assert driver.identify().model == "SDT / SAM_V"
        assert not driver.find_card()
        reader.place(CITIZEN)
        assert driver.find_card()
        card = driver.read_card()
        assert isinstance(card, IdCard)
        assert card.photo.wlt == CITIZEN.photo


def test_a_dip_reader_sees_a_card(lane: Lane) -> None:
    reader = sim_crt288k.SimulatedCrt288k(CLOCK)
    lane.bus.attach(reader)
    with opened(lane, reader, KINDS["crt-288k"]) as driver:
        assert isinstance(driver, Crt288kReader)
        assert driver.status().media is Media.NOT_PRESENT
        reader.insert(PlasticCard())
        assert driver.status().media is Media.PRESENT


# -- what goes wrong -------------------------------------------------------------------------------------------


@pytest.fixture
def cable(lane: Lane, kind: Kind) -> Cable:
    cable = Cable(kind.device(), CLOCK)
    lane.bus.attach(cable)
    return cable


def test_an_unplug_ends_a_question_that_waits_and_a_new_plugging_in_is_a_device_again(
    lane: Lane, kind: Kind, cable: Cable
) -> None:
    with opened(lane, cable, kind) as driver:
        kind.ask(driver)
        cable.fortune.misfortunes.append(Misfortune(Harm.DROP, times=None))
        timer = threading.Timer(0.03, lane.bus.detach, (cable,))
        timer.start()
        with pytest.raises(DeviceUnavailable, match="unplugged"):  # a time-out says something else
            kind.ask(driver)
        timer.join()
        with pytest.raises(DeviceUnavailable, match="unplugged"):
            kind.ask(driver)
    with pytest.raises(DeviceUnavailable, match="no USB device"), opened(lane, cable, kind):
        pass
    cable.fortune.misfortunes.clear()
    lane.bus.attach(cable)
    with opened(lane, cable, kind) as driver:
        kind.ask(driver)


def test_a_stalled_pipe_costs_the_connection_and_not_the_device(lane: Lane, kind: Kind, cable: Cable) -> None:
    with opened(lane, cable, kind) as driver:
        kind.ask(driver)
        cable.stalls = 1
        with pytest.raises(DeviceUnavailable, match="stalled"):
            kind.ask(driver)
    with opened(lane, cable, kind) as driver:
        kind.ask(driver)


def test_a_device_of_another_program_is_in_use_until_that_lets_go(lane: Lane, kind: Kind, cable: Cable) -> None:
    lane.bus.seize(cable)
    with pytest.raises(DeviceUnavailable, match="in use"), opened(lane, cable, kind):
        pass
    lane.bus.release(cable)
    with opened(lane, cable, kind) as driver:
        kind.ask(driver)


def test_a_driver_of_the_kernel_gives_way(lane: Lane, kind: Kind) -> None:
    device = kind.device()
    lane.bus.attach(device, kernel_drivers=frozenset({0}))
    with opened(lane, device, kind) as driver:
        kind.ask(driver)


def test_what_a_mute_device_was_asked_ends_in_time(lane: Lane, cable: Cable) -> None:
    transport = open_usb(
        cable.descriptor.vendor_id, cable.descriptor.product_id, NAME, CLOCK, None, backend=lane.backend
    )
    begun = time.monotonic()
    assert transport.read(64, 0.05) == b""
    assert 0.05 <= time.monotonic() - begun < 50
    transport.close()
