"""Commands of ESC/POS that a printer takes without a trace on paper, and every cause that automatic status tells of."""

import pytest

from device_sim.receipt_printer import Condition, Presenter, SimulatedReceiptPrinter
from tests.device_sim.printing import CUT

SILENT = {
    "CR: automatic line feed is off": "0D",
    "ESC c 3": "1B 63 33 0F",
    "ESC c 5": "1B 63 35 01",
    "ESC p: drawer": "1B 70 00 32 32",
    "DLE DC4 1: drawer": "10 14 01 00 01",
    "DLE DC4 2: power off": "10 14 02 01 08",
    "GS b: smoothing": "1D 62 01",
    "FS C": "1C 43 00",
    "FS W": "1C 57 00",
}


@pytest.mark.parametrize("octets", SILENT.values(), ids=SILENT.keys())
def test_is_taken_and_changes_nothing_on_the_paper(octets: str) -> None:
    plain, printer = SimulatedReceiptPrinter(), SimulatedReceiptPrinter()
    plain.receive(b"text\n" + CUT)
    assert printer.receive(bytes.fromhex(octets) + b"text\n" + CUT) == b""
    assert printer.ignored == []
    assert printer.receipts == plain.receipts


def test_esc_v_asks_for_the_paper() -> None:
    printer = SimulatedReceiptPrinter()
    assert printer.receive(b"\x1bv") == b"\x00"
    printer.condition = Condition(paper_near_end=True)
    assert printer.receive(b"\x1bv") == b"\x03"


def test_an_eject_presents_what_is_held() -> None:
    """GS e 5 (Infinite Peripherals KPM210 p50); what becomes of it on the floor is nobody's matter."""
    printer = SimulatedReceiptPrinter(presenter=Presenter.GS_E)
    printer.receive(b"text\n" + CUT)
    assert printer.receipts == []
    printer.receive(b"\x1de\x05")
    assert [receipt.text for receipt in printer.receipts] == ["text"]
    assert printer.ignored == []


@pytest.mark.parametrize("function", ["64 4B 43", "65 43 4C 52"])
def test_downloaded_graphics_are_listed_and_deleted_as_those_of_the_nv_memory(function: str) -> None:
    """GS ( L 80 and 81 with the parameters of 64 and 65 (Epson reference pp228-250)."""
    number, parameters = int(function[:2]) + 16, bytes.fromhex(function[3:])
    printer = SimulatedReceiptPrinter()
    printer.receive(b"\x1d(L" + bytes((2 + len(parameters), 0)) + bytes((0x30, number)) + parameters)
    assert printer.ignored == []


def test_a_downloaded_graphic_is_deleted_by_its_key() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"\x1d(L\x0c\x000\x530G1\x01\x08\x00\x01\x001\xff" + b"\x1d(L\x04\x000\x52G1")
    assert printer.ignored == []
    printer.receive(b"\x1d(L\x06\x000\x55G1\x01\x01")
    assert len(printer.ignored) == 1


# B1 to B4 of GS a with all four causes chosen: facts/device-protocols.md 3c
CAUSES = {
    "cover": (Condition(cover_open=True), "38 00 00 00"),
    "paper out": (Condition(paper_out=True), "18 00 0F 00"),
    "near end": (Condition(paper_near_end=True), "10 00 03 00"),
    "feed button": (Condition(feed_button=True), "58 02 00 00"),
    "hot head": (Condition(head_hot=True), "18 40 00 00"),
    "broken": (Condition(unrecoverable=True), "18 20 00 00"),
}


@pytest.mark.parametrize(("condition", "frame"), CAUSES.values(), ids=CAUSES.keys())
def test_tells_every_cause_by_itself(condition: Condition, frame: str) -> None:
    printer = SimulatedReceiptPrinter()
    assert printer.receive(b"\x1da\x0f") == bytes.fromhex("10 00 00 00")
    printer.condition = condition
    assert printer.idle() == bytes.fromhex(frame)


@pytest.mark.parametrize(
    ("condition", "frame"),
    [(Condition(cutter_stuck=True), "18 08 00 00"), (Condition(paper_jammed=True), "18 04 00 00")],
)
def test_tells_what_shows_at_the_next_movement(condition: Condition, frame: str) -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"\x1da\x0f")
    printer.condition = condition
    assert printer.receive(b"text\n" + CUT) == bytes.fromhex(frame)
