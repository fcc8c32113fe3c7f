"""Ithaca PcOS: bytes typed by hand from the guide, and the driver against the simulated printer."""

from datetime import UTC, datetime

import pytest
from device_sim.serial.handlers import register
from device_sim.serial.world import SerialWorld
from device_sim.virtual_time import VirtualClock
from drivers.receipt_lines import PaperLine
from drivers.registry import Place
from drivers.text_printer import Look
from kiosk_core.errors import DeviceFault, Fault
from kiosk_core.receipt import Receipt, TextLine
from kiosk_core.status import Supply

from openteller_ithaca import ITHERM_280, open_printer
from openteller_ithaca.simulator import SimulatedIthaca

# Initialise p. 163, UTF-8 p. 272, double width p. 107, feed p. 87, cut p. 163, mark p. 162.
RECEIPT = "1B 40  1B 2B 54  0E 48 69 0A  E8 B0 A2 0A  1B 64 06  1B 76  1B 71 41"
THANKS = Receipt((TextLine("Thank you"), TextLine("Good bye")))


def test_a_receipt_is_in_the_bytes_of_the_guide() -> None:
    assert ITHERM_280.receipt([PaperLine("Hi", large=True), PaperLine("谢")], 0x41) == bytes.fromhex(RECEIPT)
    assert ITHERM_280.has_mark(bytes.fromhex("06 03 01 41"), 0x41)  # p. 162


@pytest.mark.parametrize(
    ("heard", "look"),  # p. 172 and 173
    [
        ("06 03 06 04 06 08 06 09", Look((), Supply.FULL, idle=True)),
        ("15 03 06 04 06 08 15 09", Look((), Supply.LOW, idle=False)),
        ("15 03 15 04 15 08 06 09", Look((Fault.COVER_OPEN, Fault.PAPER_OUT), Supply.OUT, idle=True)),
        ("06 03 06 04 06 08 06", None),
    ],
)
def test_answers_are_those_of_the_guide(heard: str, look: Look | None) -> None:
    assert ITHERM_280.look(bytes.fromhex(heard)) == look


def test_a_receipt_is_printed_and_paper_out_is_told() -> None:
    clock, printer = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC)), SimulatedIthaca()
    world = SerialWorld(clock)
    world.add("printer", printer)
    register(world)
    device = open_printer(Place("printer", "sim://printer", None, clock, lambda _: None))
    device.print(THANKS)
    assert (printer.receipts, printer.odd) == (["", "Thank you\nGood bye\n"], b"")
    printer.lines_left = 1
    with pytest.raises(DeviceFault, match="paper_out"):
        device.print(THANKS)
    printer.lines_left = 1000
    assert device.status().in_service
    device.print(THANKS)
    assert printer.receipts[2:] == ["Thank you\n", "Thank you\nGood bye\n"]
