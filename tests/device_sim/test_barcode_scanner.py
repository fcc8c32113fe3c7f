"""The simulated scanner against bytes typed by hand from scanner manuals (device_sim/barcode_scanner.py)."""

from datetime import UTC, datetime

import pytest

from device_sim.barcode_scanner import ScannerMisdeed, ScannerSettings, SimulatedBarcodeScanner
from tests.clocks import SetClock

# Datalogic Magellan 800i reference, appendix F: E enables, D disables, R resets.
MAGELLAN = ScannerSettings(trigger_on=b"E", trigger_off=b"D", reset=b"R")


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


def test_a_code_is_sent_once_with_what_stands_around_it(clock: SetClock) -> None:
    scanner = SimulatedBarcodeScanner(clock, ScannerSettings(b"\x02", b"\x03", identifiers=True))
    assert scanner.idle() == b""
    assert scanner.show(b"12345678", "E4")
    assert scanner.idle() == b"\x02]E412345678\x03"
    assert scanner.idle() == b""


def test_in_the_dark_nothing_is_scanned(clock: SetClock) -> None:
    scanner = SimulatedBarcodeScanner(clock, MAGELLAN)
    assert not scanner.show(b"1")
    assert scanner.receive(b"xE") == b""
    assert scanner.show(b"2")
    scanner.receive(b"D")
    assert not scanner.show(b"3")
    assert scanner.idle() == b"2\r"
    scanner.receive(b"E")
    assert scanner.show(b"4")
    scanner.receive(b"R")
    assert (scanner.idle(), scanner.resets, scanner.light) == (b"", 1, False)


def test_a_trigger_of_several_bytes_may_come_in_pieces_and_ends_with_a_code(clock: SetClock) -> None:
    # Datalogic 7000 reference, 10-5: SYN T CR, SYN U CR; scans until a code has been read.
    scanner = SimulatedBarcodeScanner(
        clock, ScannerSettings(trigger_on=b"\x16T\r", trigger_off=b"\x16U\r", one_shot=True)
    )
    for octet in (b"\x16", b"\x16", b"T"):
        scanner.receive(octet)
        assert not scanner.light
    scanner.receive(b"\r")
    assert scanner.show(b"1")
    assert not scanner.show(b"2")
    scanner.receive(b"\x16T\r\x16U\r")
    assert not scanner.light


def test_misdeeds_are_as_they_are_named(clock: SetClock) -> None:
    scanner = SimulatedBarcodeScanner(clock)
    scanner.misbehave(ScannerMisdeed.NO_SUFFIX, ScannerMisdeed.HALF, ScannerMisdeed.TWICE, ScannerMisdeed.GARBLED)
    sent = []
    for _ in range(5):
        scanner.show(b"1234")
        sent.append(scanner.idle())
    assert sent[:3] == [b"1234", b"12", b"1234\r1234\r"]
    assert len(sent[3]) == 5
    assert b"\x00" in sent[3]
    assert sent[4] == b"1234\r"


def test_slow_bytes_come_one_by_one(clock: SetClock) -> None:
    scanner = SimulatedBarcodeScanner(clock)
    scanner.misbehave(ScannerMisdeed.SLOW)
    scanner.show(b"123")
    pieces = []
    for _ in range(5):
        pieces.append(scanner.idle())
        clock.sleep(0.0501)
    assert pieces == [b"1", b"2", b"3", b"\r", b""]


def test_a_flood_is_the_same_with_the_same_seed(clock: SetClock) -> None:
    one, two = SimulatedBarcodeScanner(clock, seed=3), SimulatedBarcodeScanner(clock, seed=3)
    one.floods = two.floods = True
    assert one.idle() == two.idle() != one.idle()
