"""The simulated receipt printer obeys the manuals: what it prints, when it answers, and what it does in trouble."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.receipt.glyphs import CELL, Style, glyph
from device_sim.receipt_paper import PrintedReceipt, paper_picture, sheet_picture
from device_sim.receipt_printer import (
    NEAR_END_DOTS,
    RECEIVE_BUFFER,
    Condition,
    Maker,
    Pace,
    Presenter,
    SimulatedReceiptPrinter,
    UsbReceiptPrinter,
)
from device_sim.usb.device import Stall
from tests.clocks import SetClock
from tests.device_sim.printing import CUT, ink, printed, refused
from wire.usb_printer import ClassRequest, get_device_id, get_port_status, soft_reset

# Bytes as in tests/wire/test_escpos.py, where each has its source.
DONE = b"\x1d\x72\x01"  # GS r 1
CLEAR = bytes.fromhex("10 14 08 01 03 14 01 06 02 08")
CLEARED = bytes.fromhex("37 25 00")


def ask(printer: SimulatedReceiptPrinter) -> str:
    """Return the answers to DLE EOT 1 to 4."""
    return printer.receive(bytes.fromhex("10 04 01 10 04 02 10 04 03 10 04 04")).hex(" ")


def test_prints_ascii_line_by_line() -> None:
    assert printed(b"Hello\nWorld\n").text == "Hello\nWorld"


def test_prints_chinese_in_kanji_mode() -> None:
    assert printed(b"\x1c\x26\xb0\xa1\x1c\x2e 1\n").text == "啊 1"  # UP-PH manual p14: B0A1


def test_begins_in_kanji_mode_as_chinese_models_do() -> None:
    assert printed(b"\xb0\xa1\n").text == "啊"


def test_takes_double_bytes_one_by_one_outside_kanji_mode() -> None:
    assert printed(b"\x1c\x2e\xb0\xa1\n").text == "░í"  # code page 437
    assert printed(b"\x1c\x2e\x1b\x74\x10\x80\xe9\n").text == "€é"  # page 16, WPC1252


def test_prints_a_question_mark_for_half_a_character() -> None:
    assert printed(b"\xb0\n\xb0 a\n").text == "?\n? a"


def test_takes_a_double_byte_character_cut_in_two() -> None:
    printer = SimulatedReceiptPrinter()
    for byte in b"\x1b\x40\xb0\xa1\n" + CUT:
        printer.receive(bytes((byte,)))
    assert printer.take_receipt().text == "啊"


def test_prints_a_line_that_is_full() -> None:
    assert printed(b"a" * 50 + b"\n").text == "a" * 48 + "\naa"
    assert printed(b"a" * 47 + b"\xb0\xa1\n").text == "a" * 47 + "\n啊"


@pytest.mark.parametrize(("n", "left"), [(0, 0), (1, 282), (2, 564)])
def test_justifies_a_line(n: int, left: int) -> None:
    box = ink(printed(bytes((0x1B, 0x61, n)) + b"H\n").picture)
    assert left <= box[0] < box[2] <= left + 12


def test_enlarges_all_characters_with_gs_and_only_chinese_with_fs() -> None:
    plain = ink(printed(b"H\xb0\xa1\n").picture)
    large = ink(printed(b"\x1d\x21\x11H\xb0\xa1\n").picture)
    chinese = ink(printed(b"\x1c\x21\x0cH\xb0\xa1\n").picture)
    assert (plain[2] - 1) // 12 == 2
    assert large[2] > 60
    assert large[3] - large[1] > 40
    assert 48 < chinese[2] <= 60


def test_prints_bold_with_more_ink() -> None:
    def dots(receipt: PrintedReceipt) -> int:
        return receipt.picture.convert("L").histogram()[0]

    assert dots(printed(b"\x1b\x45\x01HHH\n")) > 1.2 * dots(printed(b"HHH\n"))
    assert dots(printed(b"\x1b\x21\x08HHH\n")) > 1.2 * dots(printed(b"HHH\n"))
    assert dots(printed(b"\x1b\x21\x80HHH\n")) == dots(printed(b"HHH\n")) + 36


def test_prints_a_raster_dot_by_dot() -> None:
    """GS v 0, 16 dots wide, 2 rows (HPRT TP80K p53: most significant bit left, 1 = black)."""
    receipt = printed(b"\x1d\x76\x30\x00\x02\x00\x02\x00\x80\x01\xff\x00")
    dots = [[receipt.picture.getpixel((x, y)) == 0 for x in range(16)] for y in range(2)]
    assert dots == [[x in (0, 15) for x in range(16)], [x < 8 for x in range(16)]]


def test_enlarges_and_justifies_a_raster() -> None:
    receipt = printed(b"\x1b\x61\x02\x1d\x76\x30\x03\x01\x00\x01\x00\xff")
    assert ink(receipt.picture) == (560, 0, 576, 2)


def test_prints_a_qr_code_with_the_size_asked_for() -> None:
    data = bytes.fromhex("1D 28 6B 04 00 31 41 32 00  1D 28 6B 03 00 31 43 05  1D 28 6B 03 00 31 45 31")
    store = bytes.fromhex("1D 28 6B 05 00 31 50 30") + b"Hi" + bytes.fromhex("1D 28 6B 03 00 31 51 30")
    receipt = printed(data + store)
    assert receipt.qr_codes == ("Hi",)
    assert ink(receipt.picture) == (0, 0, 105, 105)  # version 1: 21 modules of 5 dots


@pytest.mark.parametrize(
    "data",
    [
        "1D 28 6B 03 00 31 51 30",  # nothing stored
        "1D 28 6B 04 00 31 41 31 00  1D 28 6B 05 00 31 50 30 48 69  1D 28 6B 03 00 31 51 30",  # model 1
        "1D 28 6B 03 00 31 43 10  1D 28 6B 33 01 31 50 30" + " 41" * 304 + " 1D 28 6B 03 00 31 51 30",  # too wide
    ],
)
def test_prints_no_qr_code_that_it_cannot(data: str) -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(bytes.fromhex(data))
    assert [(report.data.hex(" "), report.where) for report in printer.ignored] == [
        ("1d 28 6b 03 00 31 51 30", "line start")
    ]


def test_feeds_lines_and_prints_what_stands_in_the_line() -> None:
    assert printed(b"a\x1b\x64\x03").picture.height == 3 * 34  # 1/6 inch at 203 dpi is 34 dots
    assert printed(b"a\x1b\x64\x03").text == "a"


def test_ignores_at_mid_line_what_works_only_at_its_beginning() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"a\x1d\x76\x30\x00\x01\x00\x01\x00\xff" + CUT)
    assert [(report.at, report.data[:2], report.where) for report in printer.ignored] == [
        (1, b"\x1d\x76", "line"),
        (10, b"\x1d\x56", "line"),
    ]
    assert printer.receipts == []


def test_reports_what_it_does_not_understand() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"\x1bZ\x1c\x2e")
    assert [(report.at, report.data, report.reason) for report in printer.ignored] == [(0, b"\x1bZ", "unknown command")]


def test_counts_positions_from_power_up_also_over_what_was_cleared() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = Condition(cover_open=True)
    printer.receive(b"gone\n" + CLEAR)
    printer.condition = Condition()
    printer.receive(b"\x1bZ")
    assert [report.at for report in printer.ignored] == [5 + len(CLEAR)]
    printer.power_cycle()
    printer.receive(b"\x1bZ")
    assert printer.ignored[-1].at == 0


def test_a_blank_cut_gives_no_receipt() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"\n\n" + CUT)
    assert printer.receipts == []
    with pytest.raises(IndexError):
        printer.take_receipt()


# -- status ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "answers"),
    [
        (Condition(), "12 12 12 12"),
        (Condition(paper_near_end=True), "12 12 12 1e"),
        (Condition(paper_out=True), "1a 32 12 7e"),  # facts 3c: 1A, 32, 7E
        (Condition(cover_open=True), "1a 16 12 12"),
        (Condition(head_hot=True), "1a 52 52 12"),
        (Condition(offline=True), "1a 12 12 12"),
        (Condition(feed_button=True), "5a 1a 12 12"),
        (Condition(unrecoverable=True), "1a 52 32 12"),
        (Condition(powered=False), ""),
    ],
)
def test_answers_dle_eot_in_every_condition(condition: Condition, answers: str) -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = condition
    assert ask(printer) == answers


def test_answers_in_real_time_before_what_stands_in_the_buffer() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = Condition(cover_open=True)
    assert printer.receive(b"a\n" + CUT + DONE) == b""
    assert ask(printer) == "1a 16 12 12"
    printer.condition = Condition()
    assert printer.idle() == b"\x00"
    assert printer.take_receipt().text == "a"


def test_obeys_dle_eot_inside_a_picture() -> None:
    printer = SimulatedReceiptPrinter()
    assert printer.receive(b"\x1d\x76\x30\x00\x03\x00\x01\x00\x10\x04\x01") == b"\x12"
    printer.receive(CUT)
    assert ink(printer.take_receipt().picture)


def test_answers_gs_r_and_gs_i_in_their_turn() -> None:
    printer = SimulatedReceiptPrinter(maker=Maker("ACME", "R2", "7.1", "S9"))
    assert printer.receive(DONE + b"\x1d\x72\x02") == b"\x00\x00"
    assert printer.receive(b"\x1d\x49\x41\x1d\x49\x42\x1d\x49\x43\x1d\x49\x44") == b"_7.1\0_ACME\0_R2\0_S9\0"
    assert len(printer.receive(b"\x1d\x49\x01\x1d\x49\x02\x1d\x49\x03")) == 3


def test_tells_a_process_id_once_all_before_it_is_printed() -> None:
    """GS ( H 48: 37 22 d1 d2 d3 d4 00 (Epson "Paper roll" reference ver. 10.01 p429)."""
    clock = SetClock(datetime(2025, 1, 2, tzinfo=UTC))
    printer = SimulatedReceiptPrinter(pace=Pace(clock, dots_per_s=340))
    assert printer.receive(b"a\n\x1d(H\x06\x00000042") == b""
    clock.sleep(0.2)
    assert printer.idle() == bytes.fromhex("37 22 30 30 34 32 00")
    assert refused(b"\x1d(H\x06\x0000004\x07") == ["function is unknown or not simulated"]


def test_tells_near_end_by_gs_r() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = Condition(paper_near_end=True)
    assert printer.receive(DONE) == b"\x03"


def test_pushes_auto_status_at_once_and_on_changes_of_what_was_chosen() -> None:
    printer = SimulatedReceiptPrinter()
    assert printer.receive(b"\x1d\x61\x0a") == bytes.fromhex("10 00 00 00")  # online, paper
    assert printer.idle() == b""
    printer.condition = Condition(cover_open=True)
    assert printer.idle() == bytes.fromhex("38 00 00 00")
    printer.condition = Condition(paper_near_end=True)
    assert printer.idle() == bytes.fromhex("10 00 03 00")
    printer.receive(b"\x1d\x61\x00")
    printer.condition = Condition(paper_out=True)
    assert printer.idle() == b""


def test_pushes_no_auto_status_for_what_was_not_chosen() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"\x1d\x61\x04")  # errors only
    printer.condition = Condition(paper_near_end=True)
    assert printer.idle() == b""


# -- trouble ---------------------------------------------------------------------------------------------


def test_prints_what_waited_once_paper_is_back() -> None:
    printer = SimulatedReceiptPrinter()
    printer.load_paper(34 * 2)
    assert printer.receive(b"one\ntwo\nthree\n" + CUT + DONE) == b""
    assert ask(printer) == "1a 32 12 7e"
    printer.load_paper()
    assert printer.idle() == b"\x00"
    assert printer.take_receipt().text == "one\ntwo\nthree"


def test_a_short_roll_is_near_its_end() -> None:
    printer = SimulatedReceiptPrinter()
    printer.load_paper(NEAR_END_DOTS - 1)
    assert ask(printer) == "12 12 12 1e"


def test_a_stuck_cutter_shows_at_the_cut_and_needs_a_recovery_once_freed() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = Condition(cutter_stuck=True)
    assert ask(printer) == "12 12 12 12"
    assert printer.receive(b"a\n" + CUT + DONE) == b""
    assert ask(printer) == "1a 52 1a 12"
    printer.receive(b"\x10\x05\x01")
    assert ask(printer) == "1a 52 1a 12"
    printer.condition = Condition()
    assert ask(printer) == "1a 52 1a 12"
    assert printer.receive(b"\x10\x05\x01") == b"\x00"  # resumes at the cut
    assert printer.take_receipt().text == "a"


def test_a_recovery_may_clear_what_waited() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = Condition(cutter_stuck=True)
    printer.receive(b"a\n" + CUT + DONE)
    printer.condition = Condition()
    assert printer.receive(b"\x10\x05\x02") == b""
    assert ask(printer) == "12 12 12 12"
    assert printer.receipts == []


def test_a_jam_shows_once_paper_moves_and_needs_a_recovery_once_freed() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = Condition(paper_jammed=True)
    assert ask(printer) == "12 12 12 12"
    printer.receive(b"a\nb\n" + CUT + DONE)
    assert ask(printer) == "1a 52 16 12"
    printer.condition = Condition()
    assert ask(printer) == "1a 52 16 12"
    assert printer.receive(b"\x10\x05\x01") == b"\x00"
    assert printer.take_receipt().text == "a\nb"


def test_what_is_broken_needs_a_repair_and_the_switch() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"\x1d\x61\x04")
    printer.condition = Condition(unrecoverable=True)
    assert printer.idle() == bytes.fromhex("18 20 00 00")
    printer.condition = Condition()
    printer.receive(b"\x10\x05\x01\x10\x05\x02")
    assert ask(printer) == "1a 52 32 12"
    printer.power_cycle()
    assert ask(printer) == "12 12 12 12"


def test_stays_broken_while_it_is_not_repaired() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = Condition(unrecoverable=True)
    printer.power_cycle()
    assert ask(printer) == "1a 52 32 12"


def test_stops_at_a_nearly_empty_roll_where_told_to() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = Condition(paper_near_end=True)
    assert printer.receive(b"\x1b\x63\x34\x03" + DONE) == b""  # ESC c 4
    printer.condition = Condition()
    assert printer.idle() == b"\x00"


# -- knife and presenter ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cut", "partial"),
    [
        (b"\x1dV\x00", False),
        (b"\x1dV0", False),
        (b"\x1dV\x01", True),
        (b"\x1dV1", True),
        (b"\x1dVA\x10", False),
        (b"\x1dVB\x10", True),
        (b"\x1dVa\x00", False),
        (b"\x1dVb\x00", True),
        (b"\x1dVg\x10", False),
        (b"\x1dVh\x10", True),
        (b"\x1bi", True),
        (b"\x1bm", True),
    ],
)
def test_cuts_fully_or_leaves_a_bridge(cut: bytes, partial: bool) -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"a\n" + cut)
    assert printer.take_receipt().partial_cut is partial
    assert printer.ignored == []


def test_cuts_later_where_a_cut_is_reserved() -> None:
    """GS V 98 n: at n dots from here."""
    printer = SimulatedReceiptPrinter()
    printer.receive(b"a\n\x1dVb\x40b\n")
    assert printer.receipts == []
    printer.receive(b"c\nd\n" + CUT)
    assert [receipt.text for receipt in printer.receipts] == ["a\nb\nc", "d"]


def test_feeds_to_the_knife_and_back() -> None:
    printer = SimulatedReceiptPrinter()
    printer.load_paper(NEAR_END_DOTS + 34 + 20)
    printer.receive(b"a\n\x1dVg\x00")
    assert ask(printer) == "12 12 12 12"
    printer.receive(b"a\n\x1dVA\x00")
    assert ask(printer) == "12 12 12 1e"


def test_presents_a_receipt_when_told_to() -> None:
    """GS e 3 m, GS e 6: b2 paper, b3 a ticket at the mouth (Infinite Peripherals KPM210/216 p49)."""
    printer = SimulatedReceiptPrinter(presenter=Presenter.GS_E)
    printer.receive(b"a\n\x1bi")
    assert printer.receipts == []
    assert printer.receive(b"\x1d\x65\x06") == b"\x04"
    assert printer.receive(b"\x1d\x65\x03\x0c\x1d\x65\x06") == b"\x0c"
    assert printer.take_receipt().text == "a"
    assert printer.receive(b"\x1d\x65\x06") == b"\x04"
    printer.receive(b"not cut\n\x1d\x65\x03\x0c")
    assert printer.take_receipt().text == "not cut"


def test_retracts_a_receipt_that_nobody_took() -> None:
    printer = SimulatedReceiptPrinter(presenter=Presenter.GS_E)
    printer.receive(b"a\n\x1bi\x1d\x65\x03\x0c\x1d\x65\x02")
    assert printer.receipts == []
    assert [receipt.text for receipt in printer.retracted] == ["a"]
    assert printer.receive(b"\x1d\x65\x06") == b"\x04"


def test_a_presenter_of_gs_r_brings_out_a_receipt_by_itself_and_takes_it_back() -> None:
    """GS R 0, and bit 6 of DLE EOT 4 (Citizen PPU-700 pp58, 121)."""
    printer = SimulatedReceiptPrinter(presenter=Presenter.GS_R)
    assert ask(printer) == "12 12 12 12"
    printer.receive(b"a\n" + CUT)
    assert ask(printer) == "12 12 12 52"
    printer.receive(b"\x1d\x52\x30")
    assert ask(printer) == "12 12 12 12"
    assert [receipt.text for receipt in printer.retracted] == ["a"]
    printer.condition = Condition(paper_out=True)
    assert ask(printer) == "1a 32 12 3e"


@pytest.mark.parametrize(("command", "seconds"), [(b"", 5), (b"\x1d\x52\x31\x02", 2)])
def test_takes_back_a_receipt_after_a_time(command: bytes, seconds: int) -> None:
    clock = SetClock(datetime(2025, 1, 2, tzinfo=UTC))
    printer = SimulatedReceiptPrinter(pace=Pace(clock, dots_per_s=1e9), presenter=Presenter.GS_R)
    printer.receive(command + b"a\n")
    clock.sleep(1)
    printer.receive(CUT)
    clock.sleep(seconds - 0.1)
    assert ask(printer) == "12 12 12 52"
    clock.sleep(0.2)
    printer.idle()
    assert ask(printer) == "12 12 12 12"
    assert len(printer.retracted) == 1


def test_never_takes_it_back_where_the_time_is_zero() -> None:
    clock = SetClock(datetime(2025, 1, 2, tzinfo=UTC))
    printer = SimulatedReceiptPrinter(pace=Pace(clock, dots_per_s=1e9), presenter=Presenter.GS_R)
    printer.receive(b"\x1d\x52\x31\x00a\n")
    clock.sleep(1)
    printer.receive(CUT)
    clock.sleep(3600)
    assert ask(printer) == "12 12 12 52"


def test_has_no_presenter_unless_it_is_told_so() -> None:
    assert refused(b"\x1d\x65\x05") == ["there is no such presenter"]


def test_prints_a_test_page_and_begins_anew() -> None:
    printer = SimulatedReceiptPrinter(maker=Maker("ACME", "R2", "7.1", "S9"))
    printer.receive(b"\x1b\x45\x01\x1d(A\x02\x00\x00\x02\x1d(A\x02\x00\x00\x03")
    assert printer.take_receipt().text == "ACME\nR2\nFirmware 7.1\nSerial S9"
    assert len(printer.take_receipt().text.split("\n")) == 16
    assert refused(b"\x1d(A\x02\x00\x00\x01") == ["function is unknown or not simulated"]  # hexadecimal dump


def test_clears_its_buffers_even_in_the_middle_of_a_picture() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"\x1d\x76\x30\x00\x48\x00\x18\x00\xff\xff")
    assert printer.receive(CLEAR) == CLEARED
    printer.receive(b"a\n" + CUT)
    assert printer.take_receipt().text == "a"


def test_clears_what_came_before_and_not_what_comes_after() -> None:
    printer = SimulatedReceiptPrinter()
    assert printer.receive(b"old\n" + CLEAR + b"new\n" + CUT) == CLEARED
    assert printer.take_receipt().text == "new"


def test_loses_what_its_buffer_cannot_hold() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = Condition(cover_open=True)
    printer.receive(b"\x1b\x40" * (RECEIVE_BUFFER // 2) + b"lost\n")
    printer.condition = Condition()
    printer.receive(b"a\n" + CUT)
    assert printer.take_receipt().text == "a"


def test_forgets_everything_without_power() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"\x1d\x61\x0f\x1b\x45\x01half a line")
    printer.condition = Condition(powered=False)
    assert printer.receive(b"a\n" + CUT) == b""
    assert printer.idle() == b""
    printer.condition = Condition()
    printer.receive(CUT)
    assert printer.receipts == []
    printer.receive(b"b\n" + CUT)
    printer.power_cycle()
    assert printer.take_receipt().text == "b"


def test_takes_its_time_where_a_pace_is_set() -> None:
    clock = SetClock(datetime(2025, 1, 2, tzinfo=UTC))
    printer = SimulatedReceiptPrinter(pace=Pace(clock, dots_per_s=340))
    assert printer.receive(b"a\nb\n" + CUT + DONE) == b""
    assert ask(printer) == "12 12 12 12"
    assert printer.receipts == []
    clock.sleep(0.21)  # two lines of 34 dots
    assert printer.idle() == b""
    assert len(printer.receipts) == 1
    clock.sleep(1.0)
    assert printer.idle() == b"\x00"


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_survives_any_bytes(pieces: list[bytes]) -> None:
    printer = SimulatedReceiptPrinter()
    for piece in pieces:
        printer.receive(piece)
    printer.receive(CLEAR)
    printer.condition = Condition()
    printer.receive(b"\x10\x05\x02\x1b\x3d\x01\x1b\x40ok\n" + CUT)
    assert printer.take_receipt().text.endswith("ok")


# -- USB -------------------------------------------------------------------------------------------------


def control(function: UsbReceiptPrinter, ask: ClassRequest) -> bytes:
    return function.control_in(ask.request_type, ask.request, ask.value, ask.index, ask.length)


def test_is_a_bidirectional_printer_on_usb() -> None:
    descriptor = UsbReceiptPrinter(SimulatedReceiptPrinter()).descriptor
    (interface,) = descriptor.interfaces
    assert (interface.interface_class, interface.subclass, interface.protocol) == (7, 1, 2)
    assert [(endpoint.address, endpoint.attributes) for endpoint in interface.endpoints] == [(0x01, 2), (0x82, 2)]


def test_answers_the_requests_of_the_class() -> None:
    printer = SimulatedReceiptPrinter(maker=Maker("ACME", "R2", "7.1", "S9"))
    function = UsbReceiptPrinter(printer)
    text = b"MFG:ACME;CMD:ESC/POS;MDL:R2;CLS:PRINTER;SN:S9;"
    assert control(function, get_device_id()) == bytes((0, len(text) + 2)) + text
    assert control(function, get_port_status()) == b"\x18"
    printer.condition = Condition(paper_out=True)
    assert control(function, get_port_status()) == b"\x28"
    with pytest.raises(Stall):
        function.control_in(0xA1, 9, 0, 0, 1)


def test_drops_what_waits_on_a_soft_reset() -> None:
    printer = SimulatedReceiptPrinter()
    function = UsbReceiptPrinter(printer)
    function.bulk_out(0x01, b"half \x1d\x76\x30")
    assert control(function, soft_reset()) == b""
    function.bulk_out(0x01, b"a\n" + CUT)
    assert printer.take_receipt().text == "a"


def test_carries_the_same_language_over_bulk_pipes() -> None:
    printer = SimulatedReceiptPrinter()
    function = UsbReceiptPrinter(printer)
    assert function.bulk_in(0x82, 64) is None
    function.bulk_out(0x01, b"a\n" + CUT + b"\x1d\x49\x43")
    assert function.bulk_in(0x82, 3) == b"_SI"
    assert function.bulk_in(0x82, 64) == b"M-80\0"
    with pytest.raises(Stall):
        function.bulk_out(0x02, b"a")
    with pytest.raises(Stall):
        function.bulk_in(0x81, 64)


def test_keeps_its_state_when_the_usb_cable_is_pulled() -> None:
    """A receipt printer has a power supply of its own."""
    printer = SimulatedReceiptPrinter()
    function = UsbReceiptPrinter(printer)
    function.bulk_out(0x01, b"half \x10\x04\x01")
    function.power_cycle()
    assert function.bulk_in(0x82, 64) is None
    function.bulk_out(0x01, b"done\n" + CUT)
    assert printer.take_receipt().text == "half done"


# -- looks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("character", "AWgj@i8 ")
def test_single_byte_characters_fill_12_by_24(character: str) -> None:
    assert glyph(character, Style()).size == (12, CELL)
    assert glyph(character, Style(width=2, height=2)).size == (24, 48)


@pytest.mark.parametrize("character", "值，。（￥")
def test_chinese_characters_fill_24_by_24(character: str) -> None:
    assert glyph(character, Style(), double=True).size == (CELL, CELL)
    assert glyph(character, Style(width=3, height=2, bold=True), double=True).size == (72, 48)


def test_shows_the_receipt_on_its_paper() -> None:
    receipt = printed(b"Hello\n" * 10)
    picture = paper_picture(receipt)
    assert picture.mode == "RGB"
    assert picture.width == 576 + 2 * 32 + 2 * 28
    assert picture.height > receipt.picture.height
    assert picture.getpixel((2, 2)) != picture.getpixel((picture.width // 2, 60))


def test_a_condition_is_changed_piece_by_piece() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = replace(printer.condition, cover_open=True)
    printer.condition = replace(printer.condition, paper_out=True)
    assert ask(printer) == "1a 36 12 7e"


def test_paper_that_is_not_cut_yet_can_be_seen_growing() -> None:
    printer = SimulatedReceiptPrinter()
    assert printer.unfinished is None
    printer.receive(b"one\n")
    first = printer.unfinished
    assert first is not None
    assert first.text == "one"
    printer.receive(b"two\n")
    second = printer.unfinished
    assert second is not None
    assert (second.text, second.height > first.height) == ("one\ntwo", True)
    printer.receive(CUT)
    assert printer.unfinished is None
    assert printer.take_receipt().text == "one\ntwo"


def test_only_paper_that_is_cut_has_teeth_at_its_lower_end() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"one\n")
    unfinished = printer.unfinished
    assert unfinished is not None
    uncut, cut = (sheet_picture(unfinished, cut=each).getchannel("A") for each in (False, True))
    assert uncut.crop((0, uncut.height - 1, *uncut.size)).getextrema() == (255, 255)
    assert cut.crop((0, cut.height - 1, *cut.size)).getextrema()[0] == 0
    assert uncut.crop((0, 0, uncut.width, 1)).getextrema()[0] == 0
