"""The scanner's driver: byte by byte on virtual time, on `sim://` and on a pty, and against a hostile line."""

import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from device_sim.barcode_scanner import ScannerMisdeed, ScannerSettings, SimulatedBarcodeScanner
from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.world import SerialWorld
from drivers.barcode_scanner import MAX_WAITING, PROFILES, SETTLE_S, ScannerProfile, SerialBarcodeScanner
from drivers.serial_port import open_serial
from kiosk_core.barcode_scanner import Barcode, BarcodeScanner, Symbology
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.status import Counters, DeviceState, Identity
from tests.clocks import RealClock, SetClock
from tests.patience import PATIENCE_S, until
from wire.scanner import Framing

NAME = "barcode_scanner"
PAYMENT_CODE = b"134567890123456789"  # as long as a 付款码; nobody's


class Line:
    """A Transport on virtual time: what `comes` is there from its time on."""

    def __init__(self, clock: SetClock) -> None:
        self.sent: list[bytes] = []
        self.closed = False
        self._clock = clock
        self._coming: list[tuple[float, bytes]] = []

    def comes(self, *pieces: bytes | tuple[float, bytes]) -> None:
        """Let pieces come: now, or so many seconds from now."""
        for piece in pieces:
            after, data = (0.0, piece) if isinstance(piece, bytes) else piece
            self._coming.append((self._clock.now() + after, data))
        self._coming.sort(key=lambda each: each[0])

    def write(self, data: bytes, timeout_s: float) -> None:
        self.sent.append(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        until = self._clock.now() + timeout_s
        if not self._coming or self._coming[0][0] > until:
            self._clock.sleep(timeout_s + 1e-9)
            return b""
        self._clock.sleep(max(0.0, self._coming[0][0] - self._clock.now()))
        data = b""
        while self._coming and self._coming[0][0] <= self._clock.now():
            data += self._coming.pop(0)[1]
        if data[size:]:
            self._coming.insert(0, (self._clock.now(), data[size:]))
        return data[:size]

    def discard_input(self) -> None:
        self._coming = [each for each in self._coming if each[0] > self._clock.now()]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


@pytest.fixture
def line(clock: SetClock) -> Line:
    return Line(clock)


def reading(line: Line, clock: SetClock, profile: ScannerProfile | None = None) -> SerialBarcodeScanner:
    scanner = SerialBarcodeScanner(NAME, line, clock, profile)
    scanner.set_reading(True)
    return scanner


def codes(scanner: SerialBarcodeScanner, timeout_s: float = 3.0) -> list[bytes]:
    """Return all codes that come before one read is in vain."""
    found = []
    while (code := scanner.read(timeout_s)) is not None:
        found.append(code.reveal())
    return found


# -- what goes wrong -----------------------------------------------------------------------------------------


def test_what_was_scanned_before_anybody_asked_is_never_an_answer(line: Line, clock: SetClock) -> None:
    scanner = SerialBarcodeScanner(NAME, line, clock)
    line.comes(b"before\r", b"under w", (0.05, b"ay\r"), (0.5, b"after\r"))
    scanner.set_reading(True)
    assert codes(scanner) == [b"after"]
    assert scanner.counters().strays == 1


def test_what_is_scanned_between_two_customers_is_dropped(line: Line, clock: SetClock) -> None:
    scanner = reading(line, clock)
    line.comes(b"first\rsecond\rthi")
    first = scanner.read(1.0)
    assert first is not None
    assert first.reveal() == b"first"
    scanner.set_reading(False)
    line.comes(b"rd\r")
    scanner.status()
    with pytest.raises(ValueError, match="not set to reading"):
        scanner.read(1.0)
    scanner.set_reading(True)
    assert codes(scanner) == []


def test_a_scanner_that_never_stops_talking_is_not_set_to_reading(line: Line, clock: SetClock) -> None:
    line.comes(*((at / 20, b"9") for at in range(200)))
    scanner = SerialBarcodeScanner(NAME, line, clock)
    began = clock.now()
    with pytest.raises(ProtocolViolation, match="without a pause"):
        scanner.set_reading(True)
    assert clock.now() - began <= SETTLE_S + 0.2
    with pytest.raises(ValueError, match="not set to reading"):
        scanner.read(1.0)


@pytest.mark.parametrize(
    ("pieces", "expected", "broken"),
    [
        ([b"12", (0.15, b"34\r")], [b"34"], 1),  # a pause inside: what follows is another code
        ([b"12", (0.09, b"34\r")], [b"1234"], 0),
        ([b"half"], [], 1),
        ([b"half", (1.0, b"whole\r")], [b"whole"], 1),
        ([b"x" * 8000, (1.0, b"whole\r")], [b"whole"], 1),
        ([b"12\n34\r"], [], 1),
        ([b"\x00\xff\x80\r"], [], 1),
        ([b"lines end in\r", b"\nCR LF\r", b"\n"], [b"lines end in"], 2),
        ([(at * 0.09, b"1") for at in range(30)] + [(2.7, b"\r"), (2.8, b"whole\r")], [b"whole"], 1),
    ],
)
def test_a_broken_code_is_dropped_and_counted(
    line: Line, clock: SetClock, pieces: list[bytes | tuple[float, bytes]], expected: list[bytes], broken: int
) -> None:
    scanner = reading(line, clock)
    line.comes(*pieces)
    assert codes(scanner) == expected
    assert scanner.counters().checksum_errors == broken


def test_a_read_ends_with_its_deadline_even_in_a_flood(line: Line, clock: SetClock) -> None:
    for noise in (b"9", b"9\x00\r9", b"\x00\r"):
        scanner = reading(line, clock)
        line.comes(*((at / 50, noise) for at in range(1000)))
        began = clock.now()
        assert scanner.read(1.0) is None
        assert clock.now() - began <= 1.0 + 2.0 + 0.2
        began = clock.now()
        scanner.status()
        assert clock.now() - began <= 2.0 + 0.2
        line.discard_input()
        clock.sleep(60)
        line.discard_input()


def test_a_code_that_has_begun_by_the_deadline_is_finished(line: Line, clock: SetClock) -> None:
    scanner = reading(line, clock)
    line.comes((0.98, b"12"), (1.05, b"34\r"))
    assert codes(scanner, 1.0) == [b"1234"]
    line.comes(b"56", (0.05, b"78\r"))
    scanner.status()
    assert codes(scanner) == [b"5678"]


def test_a_status_begun_in_the_middle_of_a_code_loses_nothing(line: Line, clock: SetClock) -> None:
    scanner = reading(line, clock)
    line.comes(b"abc\rde", (0.02, b"f\r"))
    assert scanner.status().state is DeviceState.ONLINE
    assert codes(scanner) == [b"abc", b"def"]


def test_no_more_than_a_few_codes_wait(line: Line, clock: SetClock) -> None:
    scanner = reading(line, clock)
    line.comes(b"".join(b"%d\r" % number for number in range(1, 20)))
    assert codes(scanner) == [b"1", b"2", b"3", b"4"]
    assert (MAX_WAITING, scanner.counters().strays) == (4, 15)


# -- codes ---------------------------------------------------------------------------------------------------


def test_a_port_is_what_the_driver_is(line: Line, clock: SetClock) -> None:
    port: BarcodeScanner = SerialBarcodeScanner(NAME, line, clock)
    assert port.counters() == Counters()
    assert port.identify() == Identity("barcode scanner")
    assert port.self_test().in_service
    status = port.status()
    clock.sleep(5)
    assert port.status().since == status.since
    port.close()
    assert line.closed


def test_a_code_held_before_the_scanner_is_given_once(line: Line, clock: SetClock) -> None:
    scanner = reading(line, clock)
    line.comes(*((at * 0.5, b"same\r") for at in range(5)))
    assert codes(scanner) == [b"same"]
    line.comes((1.6, b"same\r"), (1.7, b"other\r"), (1.8, b"same\r"))
    assert codes(scanner) == [b"same", b"other", b"same"]
    assert scanner.counters() == Counters(cycles=4, strays=4, bytes_received=5 * 5 + 16)


def test_the_next_customer_may_have_the_same_code(line: Line, clock: SetClock) -> None:
    scanner = reading(line, clock)
    line.comes(b"same\r")
    assert codes(scanner, 0.1) == [b"same"]
    scanner.set_reading(True)
    line.comes(b"same\r")
    assert codes(scanner, 0.1) == [b"same"]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("scanner-cr", b"abc\r", b"abc"),
        ("scanner-lf", b"abc\n", b"abc"),
        ("scanner-crlf", b"abc\r\n", b"abc"),
        ("scanner-tab", b"abc\t", b"abc"),
        ("scanner-stx-etx", b"\x02abc\x03", b"abc"),
        ("scanner-pause", b"abc", b"abc"),
        ("scanner-magellan", b"abc\r", b"abc"),
        ("scanner-crlf-aim", b"]Q1abc\r\n", b"abc"),
    ],
)
def test_every_setting_has_a_profile(line: Line, clock: SetClock, name: str, data: bytes, expected: bytes) -> None:
    scanner = reading(line, clock, PROFILES[name])
    line.comes(data)
    assert codes(scanner) == [expected]


@pytest.mark.parametrize(
    ("code", "symbology"),
    [
        (b"]Q3x", Symbology.QR_CODE),
        (b"]d1x", Symbology.DATA_MATRIX),
        (b"]E0x", Symbology.EAN_13),
        (b"]E4x", Symbology.EAN_8),
        (b"]E1x", Symbology.UNKNOWN),  # a supplement alone
        (b"]C0x", Symbology.CODE_128),
        (b"]C1x", Symbology.EAN_128),
        (b"]L0x", Symbology.PDF417),
        (b"]z0x", Symbology.AZTEC),
        (b"]X0x", Symbology.UNKNOWN),
        *((b"]A0x", Symbology.CODE_39), (b"]B0x", Symbology.TELEPEN), (b"]D0x", Symbology.CODE_ONE)),
        *((b"]F0x", Symbology.CODABAR), (b"]G0x", Symbology.CODE_93), (b"]H0x", Symbology.CODE_11)),
        *((b"]I0x", Symbology.ITF), (b"]K0x", Symbology.CODE_16K), (b"]M0x", Symbology.MSI)),
        *((b"]N0x", Symbology.UNKNOWN), (b"]O4x", Symbology.CODABLOCK_F), (b"]P0x", Symbology.PLESSEY)),
        *((b"]R0x", Symbology.STANDARD_2_OF_5), (b"]S0x", Symbology.STANDARD_2_OF_5), (b"]T0x", Symbology.CODE_49)),
        *((b"]U0x", Symbology.MAXI_CODE), (b"]Z0x", Symbology.UNKNOWN), (b"]c0x", Symbology.CHANNEL_CODE)),
        *((b"]e0x", Symbology.RSS), (b"]g0x", Symbology.UNKNOWN), (b"]h0x", Symbology.UNKNOWN)),
        *((b"]o0x", Symbology.UNKNOWN), (b"]p0x", Symbology.UNKNOWN), (b"]s0x", Symbology.UNKNOWN)),
    ],
)
def test_an_identifier_says_what_symbology_it_is(
    line: Line, clock: SetClock, code: bytes, symbology: Symbology
) -> None:
    scanner = reading(line, clock, PROFILES["scanner-cr-aim"])
    line.comes(code + b"\r")
    assert scanner.read(1.0) == Barcode(symbology, b"x")


@pytest.mark.parametrize("code", [b"no identifier", b"]Q1", b"]?1x"])
def test_a_code_without_the_identifier_that_was_agreed_is_broken(line: Line, clock: SetClock, code: bytes) -> None:
    scanner = reading(line, clock, PROFILES["scanner-cr-aim"])
    line.comes(code + b"\r")
    assert codes(scanner) == []
    assert scanner.counters().checksum_errors == 1


def test_any_bytes_are_a_code_where_the_profile_says_so(line: Line, clock: SetClock) -> None:
    scanner = reading(line, clock, ScannerProfile(framing=Framing(b"\x02", b"\x03"), text_only=False))
    line.comes(b"\x02\x00\r\n\xff\x03")
    assert codes(scanner) == [b"\x00\r\n\xff"]


def test_triggers_are_sent_as_the_model_wants_them(line: Line, clock: SetClock) -> None:
    scanner = reading(line, clock, PROFILES["scanner-magellan"])
    scanner.read(0.1)
    scanner.read(0.1)
    scanner.reset()
    assert line.sent == [b"E", b"D", b"R"]
    line.sent.clear()
    scanner = reading(line, clock, PROFILES["scanner-syn-trigger"])
    scanner.read(0.1)
    assert line.sent == [b"\x16T\r"]
    line.comes(b"first\r")
    assert scanner.read(0.1) is not None
    assert line.sent == [b"\x16T\r"]
    assert scanner.read(0.1) is None
    scanner.set_reading(False)
    assert line.sent == [b"\x16T\r", b"\x16T\r", b"\x16U\r"]
    assert scanner.counters().bytes_sent == 9


def test_no_code_is_shown_logged_or_written(
    clock: SetClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    line = Line(clock)
    scanner = reading(line, clock)
    line.comes(PAYMENT_CODE + b"\r", (0.5, PAYMENT_CODE[:9]), (1.0, b"\x00" + PAYMENT_CODE + b"\r"))
    code = scanner.read(1.0)
    assert code is not None
    shown = [f"{code} {code!r} {[code]}", repr(scanner), repr(scanner.status()), repr(scanner.counters())]
    assert codes(scanner) == []
    line.comes(*((at / 20, PAYMENT_CODE) for at in range(200)))
    try:
        scanner.set_reading(True)
    except ProtocolViolation as error:
        shown.append("".join(traceback.format_exception(error)))
    logging.getLogger("journey").warning("%s", code)
    everything = "\n".join([*shown, caplog.text, *capfd.readouterr()])
    assert "Barcode(symbologyUnknown, ***)" in everything
    assert PAYMENT_CODE[:9].decode() not in everything
    assert PAYMENT_CODE.hex() not in everything
    assert list(tmp_path.iterdir()) == []


# -- a hostile line ------------------------------------------------------------------------------------------

GAP_S, CODE_S, LONGEST = 0.1, 0.5, 12


class HostileLine(RuleBasedStateMachine):
    """Whatever comes whenever: a code that is given out came whole, after it was asked for, and in time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self.line = Line(self.clock)
        profile = ScannerProfile(framing=Framing(max_length=LONGEST), gap_s=GAP_S, code_s=CODE_S, repeat_s=0.3)
        self.scanner = SerialBarcodeScanner(NAME, self.line, self.clock, profile)
        self.reading = False
        self.asked_from = self.asked_at = 0.0
        self.heard: list[tuple[float, int]] = []

    @rule(
        data=st.one_of(
            st.binary(max_size=6), st.sampled_from([b"\r", b"abc\r", b"1234567890123\r", b"\n", b"]Q1", b"ab\rcd\r"])
        ),
        after=st.sampled_from([0.0, 0.01, 0.09, 0.11, 0.3, 0.6]),
    )
    def says(self, data: bytes, after: float) -> None:
        # One after the other, as on a wire.
        at = max([self.clock.now(), *(each[0] for each in self.heard[-1:])]) + after
        self.line.comes((at - self.clock.now(), data))
        self.heard += [(at, octet) for octet in data]

    @rule(pieces=st.integers(4, 12))
    def drips(self, pieces: int) -> None:
        for _ in range(pieces):
            self.says(b"7", 0.09)
        self.says(b"\r", 0.09)

    @rule(seconds=st.sampled_from([0.05, 1.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    @rule()
    def ask(self) -> None:
        began = self.asked_from = self.clock.now()
        try:
            self.scanner.set_reading(True)
            self.reading = True
            self.asked_at = self.clock.now()
        except ProtocolViolation:
            self.reading = False
        assert self.clock.now() - began <= SETTLE_S + 2 * GAP_S

    @rule()
    def stop_asking(self) -> None:
        self.scanner.set_reading(False)
        self.reading = False

    @rule()
    def look(self) -> None:
        began = self.clock.now()
        assert self.scanner.status().in_service
        assert self.clock.now() - began <= CODE_S + 2 * GAP_S

    @rule(timeout_s=st.sampled_from([0.0, 0.05, 0.2, 1.0]))
    def read(self, timeout_s: float) -> None:
        if not self.reading:
            return
        began = self.clock.now()
        code = self.scanner.read(timeout_s)
        assert self.clock.now() - began <= timeout_s + CODE_S + 2 * GAP_S
        assert code is None or self.came_whole(code.reveal())

    def came_whole(self, code: bytes) -> bool:
        """Return whether such a code came after the asking, behind a suffix or a pause, up to a suffix."""
        assert 1 <= len(code) <= LONGEST
        wanted = code + b"\r"
        octets = bytes(octet for _, octet in self.heard)
        times = [at for at, _ in self.heard]
        for at in range(len(octets) - len(wanted) + 1):
            if octets[at : at + len(wanted)] != wanted or times[at] < self.asked_at or times[at] <= self.asked_from:
                continue
            if at == 0 or octets[at - 1] == 0x0D or times[at] - times[at - 1] >= GAP_S or times[at - 1] < self.asked_at:
                return True
        return False

    @invariant()
    def is_bounded(self) -> None:
        assert len(self.scanner._deframer._buffer) <= LONGEST + 1
        assert len(self.scanner._codes) <= MAX_WAITING


TestHostileLine = HostileLine.TestCase
TestHostileLine.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)


# -- real lines ----------------------------------------------------------------------------------------------


@pytest.fixture(params=["sim", "pty"])
def simulated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator["Cable"]:
    cable = Cable(request.param, tmp_path)
    yield cable
    cable.unplug()


class Cable:
    """A line of some kind to the simulated scanner."""

    def __init__(self, kind: str, folder: Path) -> None:
        passing = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC)) if kind == "sim" else None
        self._clock: Clock = passing or RealClock()
        self.scanner = SimulatedBarcodeScanner(self._clock, ScannerSettings(identifiers=True))
        self._world = SerialWorld(passing)
        self._world.add("scanner", self.scanner)
        self._pty = PtyPort(folder / "scanner", self.scanner) if kind == "pty" else None

    def open(self, gap_s: float = 0.08) -> SerialBarcodeScanner:
        register(self._world)
        port = str(self._pty.path) if self._pty else "sim://scanner"
        profile = ScannerProfile(identifiers=True, gap_s=gap_s, code_s=PATIENCE_S)
        return SerialBarcodeScanner(NAME, open_serial(port, 9600, NAME, self._clock), self._clock, profile)

    def plug(self) -> None:
        if self._pty:
            self._pty.plug()
        self._world.plug("scanner")

    def unplug(self) -> None:
        if self._pty:
            self._pty.unplug()
        self._world.unplug("scanner")


def test_a_code_is_read_over_every_line(simulated: Cable) -> None:
    driver = simulated.open()
    driver.set_reading(True)
    simulated.scanner.show(PAYMENT_CODE)
    assert driver.read(PATIENCE_S) == Barcode(Symbology.QR_CODE, PAYMENT_CODE)
    simulated.scanner.show("中文".encode(), "d1")
    assert driver.read(PATIENCE_S) == Barcode(Symbology.DATA_MATRIX, "中文".encode())
    driver.close()


@pytest.mark.parametrize("misdeed", [ScannerMisdeed.NO_SUFFIX, ScannerMisdeed.HALF, ScannerMisdeed.GARBLED])
def test_a_misdeed_costs_one_code(simulated: Cable, misdeed: ScannerMisdeed) -> None:
    driver = simulated.open()
    driver.set_reading(True)
    simulated.scanner.misbehave(misdeed)
    simulated.scanner.show(PAYMENT_CODE)
    until(lambda: driver.read(0.2) or driver.counters().checksum_errors)
    assert driver.counters().checksum_errors == 1
    simulated.scanner.show(b"next")
    assert driver.read(PATIENCE_S) == Barcode(Symbology.QR_CODE, b"next")
    driver.close()


def test_slow_and_doubled_codes_are_read_once(simulated: Cable) -> None:
    driver = simulated.open(gap_s=1.0)
    driver.set_reading(True)
    simulated.scanner.misbehave(ScannerMisdeed.SLOW, ScannerMisdeed.TWICE)
    simulated.scanner.show(b"123")
    assert driver.read(PATIENCE_S) == Barcode(Symbology.QR_CODE, b"123")
    simulated.scanner.show(b"45")
    assert driver.read(PATIENCE_S) == Barcode(Symbology.QR_CODE, b"45")
    assert driver.read(0.1) is None
    driver.close()


def test_pulled_out_it_is_unavailable_at_once_and_plugged_in_it_is_back(simulated: Cable) -> None:
    driver = simulated.open()
    driver.set_reading(True)
    simulated.unplug()
    with pytest.raises(DeviceUnavailable):
        driver.read(PATIENCE_S)
    for question in (driver.status, driver.identify, driver.self_test, lambda: driver.set_reading(True)):
        with pytest.raises(DeviceUnavailable):
            question()
    driver.close()
    driver.close()
    simulated.plug()
    driver = simulated.open()
    driver.set_reading(True)
    simulated.scanner.show(b"again")
    assert driver.read(PATIENCE_S) == Barcode(Symbology.QR_CODE, b"again")
    driver.close()
