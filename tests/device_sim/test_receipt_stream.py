"""Whatever comes down the line, in whatever pieces: never an exception, never without bounds, always the same paper."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim.receipt_paper import LONGEST, PrintedReceipt
from device_sim.receipt_printer import RECEIVE_BUFFER, Condition, SimulatedReceiptPrinter
from tests.device_sim.printing import CUT

CLEAR = bytes.fromhex("10 14 08 01 03 14 01 06 02 08")
LISTEN = b"\x1b\x3d\x01"  # ESC = 1


def gs_l(body: bytes) -> bytes:
    return b"\x1d(L" + len(body).to_bytes(2, "little") + body


COMMANDS = [
    b"\n",
    b"plain text",
    "中文，￥100".encode("gb18030"),
    b"\x1b@",
    b"\x1b!\x39",
    b"\x1d!\x21",
    b"\x1dB\x01",
    b"\x1bV\x01",
    b"\x1b{\x01",
    b"\x1ba\x01",
    b"\x1bt\x02",
    b"\x1c.\xb0\xc4",
    b"\x1c&",
    b"\x1bD\x05\x0a\x00\t\tx",
    b"\x1b$\x40\x00",
    b"\x1b\\\xf0\xff",
    b"\x1dL\x20\x00",
    b"\x1b3\x20",
    b"\x1bd\x02",
    b"\x1bJ\x30",
    b"\x1dv0\x00\x02\x00\x02\x00\x10\x04\x01\xff",
    b"\x1b*\x21\x03\x00" + bytes(range(9)),
    gs_l(b"0p0\x01\x011\x08\x00\x02\x00\xff\x81") + gs_l(b"02"),
    gs_l(b"0C0G1\x011" + b"\x08\x00\x02\x00\xff\x81"),
    gs_l(b"0EG1\x02\x01"),
    gs_l(b"0@KC") + b"\x06",
    b"\x1cq\x01\x01\x00\x01\x00" + bytes(8) + b"\x1cp\x01\x00",
    b"\x1dk\x02690123456789\x00",
    b"\x1dk\x02690123456789x",
    b"\x1dk\x49\x06{BNo.1",
    b"\x1dk\x49\x03No.",
    b"\x1dH\x02\x1dh\x20\x1dw\x02",
    b"\x1d(k\x05\x001P0Hi\x1d(k\x03\x001Q0\x1d(k\x03\x001R0",
    b"\x1bL",
    b"\x1bW\x10\x00\x10\x00\x80\x00\x40\x00",
    b"\x1bT\x01",
    b"\x1d$\x20\x00",
    b"\x0c",
    b"\x1b\x0c",
    b"\x18",
    b"\x1bS",
    b"\x1dV\x00",
    b"\x1dVb\x20",
    b"\x1bi",
    b"\x1da\x0f",
    b"\x1dr\x01",
    b"\x1dI\x43",
    b"\x1d(A\x02\x00\x00\x02",
    b"\x10\x04\x01",
    b"\x1bZ",
    b"\x1d(X\x03\x00abc",
    b"\x1be\xff",
]

streams = st.lists(st.sampled_from(COMMANDS) | st.binary(max_size=6), max_size=25).map(b"".join)


def result(pieces: list[bytes]) -> tuple[bytes, list[PrintedReceipt], list[object]]:
    printer = SimulatedReceiptPrinter()
    answers = b"".join(printer.receive(piece) for piece in pieces)
    printer.receive(LISTEN + b"\x1b@\n" + CUT)
    return answers, list(printer.receipts), list(printer.ignored)


def test_every_command_of_the_list_is_known_alone() -> None:
    """Else the streams below would be poorer than they look."""
    known = COMMANDS[:-3]
    refused = [data for data in known if any("unknown" in report.reason for report in ignored_by(data))]
    assert refused == []


def ignored_by(data: bytes) -> list[object]:
    printer = SimulatedReceiptPrinter()
    printer.receive(data)
    return list(printer.ignored)


@given(streams)
@settings(max_examples=60, deadline=None)
def test_prints_the_same_however_the_stream_is_cut(data: bytes) -> None:
    """A real-time status may be told earlier than the answers before it, so the answers are compared as a set."""
    whole = result([data])
    bytewise = result([data[i : i + 1] for i in range(len(data))])
    assert whole[1:] == bytewise[1:]
    assert sorted(whole[0]) == sorted(bytewise[0])


@given(streams, st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_prints_the_same_with_the_stream_cut_in_two(data: bytes, at: int) -> None:
    assert result([data])[1:] == result([data[:at], data[at:]])[1:]


@given(st.lists(st.binary(max_size=300) | streams, max_size=6))
@settings(max_examples=60, deadline=None)
def test_survives_any_bytes_and_prints_again(pieces: list[bytes]) -> None:
    printer = SimulatedReceiptPrinter()
    for piece in pieces:
        printer.receive(piece)
    printer.receive(CLEAR + b"\x10\x05\x02" + LISTEN + b"\x1b@ok\n" + CUT)
    assert printer.take_receipt().text or printer.receipts
    assert len(printer.ignored) <= 256


@pytest.mark.parametrize("command", [b"\x1bLa\x0c", b"\x1dk\x48\x04\x80", b"\x1dk\x48\xff", b"\x1bZ", b"a\x1bJ\xff"])
def test_works_through_a_great_deal_of_anything(command: bytes) -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(command * (RECEIVE_BUFFER // 16 // len(command)))
    printer.receive(CLEAR + b"\x1b@ok\n" + CUT)
    assert printer.receipts[-1].text.endswith("ok")


def test_forgets_the_beginning_of_five_metres_of_paper() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"first\n\x1b3\xff" + b"\x1bd\xff" * 3 + b"last\n" + CUT)
    receipt = printer.take_receipt()
    assert receipt.text == "last"
    assert receipt.height <= LONGEST


def test_takes_more_than_its_buffer_as_long_as_it_prints() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"0123456789\n" * 8_000 + CUT)
    assert printer.lost == 0
    assert printer.take_receipt().text.count("\n") > 1000


def test_counts_what_a_full_buffer_loses() -> None:
    printer = SimulatedReceiptPrinter()
    printer.condition = Condition(buffer_full=True)
    assert printer.receive(b"lost\n" + b"\x10\x04\x01") == b"\x12"
    assert printer.lost == 8
    printer.condition = Condition()
    printer.receive(b"kept\n" + CUT)
    assert printer.take_receipt().text == "kept"
