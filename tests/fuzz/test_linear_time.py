"""Whatever a quarter of a megabyte that comes at once is made of, a deframer is through with it in seconds."""

import time
from collections.abc import Callable

import pytest

from device_sim.receipt_printer import SimulatedReceiptPrinter
from wire import crt310_frames, crt591_frames, escpos_status, escpos_stream, host_frames, mjpeg, pp791, scanner, sdt

SIZE = 256 * 1024
SECONDS = 15  # of this process alone; where time grows with the square of the length it takes minutes

Feed = Callable[[bytes], object]
# Each unit makes the deframer begin as often as it can, or look as far ahead as it can.
CASES: dict[str, tuple[Callable[[], Feed], bytes]] = {
    "CRT-310: frames in frames": (lambda: crt310_frames.Deframer().feed, b"\x02\x01\x00"),
    "CRT-591: controls": (lambda: crt591_frames.Deframer().feed, b"\x06"),
    "CRT-591: frames in frames": (lambda: crt591_frames.Deframer().feed, b"\xf2\x00\x03\xf0"),
    "SDT: preambles": (lambda: sdt.Deframer().feed, b"\xaa"),
    "SDT: frames in frames": (lambda: sdt.Deframer().feed, bytes.fromhex("AA AA AA 96 69 09 0A")),
    "PP791: frames broken off": (lambda: pp791.Deframer().feed, b"\x02"),
    "scanner: codes": (lambda: scanner.Deframer(scanner.Framing()).feed, b"a\r"),
    "scanner: prefixes": (lambda: scanner.Deframer(scanner.Framing(b"\x02", b"\x03")).feed, b"\x02\x02\x03"),
    "MJPEG: boundaries": (lambda: mjpeg.Deframer("b", 1000).feed, b"--b"),
    "MJPEG: empty parts": (lambda: mjpeg.Deframer("b", 1000).feed, b"--b\nContent-Length:0\n\n"),
    "ESC/POS: lines": (lambda: escpos_stream.CommandDeframer().feed, b"a\n"),
    "ESC/POS: texts": (lambda: escpos_status.AnswerDeframer().feed, b"\x5f"),
    "ESC/POS: frames in texts": (lambda: escpos_status.AnswerDeframer().feed, b"\x5f\x10"),
    "host: messages": (lambda: host_frames.Deframer().feed, b"\x00\x01a"),
    "printer: lines": (lambda: SimulatedReceiptPrinter().receive, b"\n"),
    "printer: feeds": (lambda: SimulatedReceiptPrinter().receive, b"\x1bd\xff"),
    "printer: pages": (lambda: SimulatedReceiptPrinter().receive, b"\x1bL\n\x0c"),
    "printer: cuts": (lambda: SimulatedReceiptPrinter().receive, b"a\x1di"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "unit"), CASES.values(), ids=CASES.keys())
def test_takes_seconds_for(make: Callable[[], Feed], unit: bytes) -> None:
    feed = make()
    began = time.process_time()
    feed(unit * (SIZE // len(unit)))
    assert time.process_time() - began < SECONDS
