"""The driver for printers of text, with a made-up language of one-letter commands on a virtual clock.

`?` is answered by `!` and a letter; `X` forgets; a receipt is its lines, `|` (the cut) and `#` with its mark, sent back
in its turn.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from device_sim.serial.handlers import register
from device_sim.serial.world import SerialWorld
from device_sim.virtual_time import VirtualClock
from drivers.receipt_lines import PaperLine
from drivers.serial_port import open_serial
from drivers.text_printer import ANSWER_S, PRINT_S, QUIET_S, RESET_S, Look, TextPrinter
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.ports import ReceiptPrinter
from kiosk_core.receipt import Receipt, TextLine
from kiosk_core.status import DeviceState, Identity, Supply
from wire.escpos_text import CodePageText

LOOKS = {
    "o": Look((), Supply.FULL, idle=True),
    "b": Look((), Supply.FULL, idle=False),
    "l": Look((), Supply.LOW, idle=True),
    "p": Look((Fault.PAPER_OUT,), Supply.OUT, idle=True),
    "c": Look((Fault.COVER_OPEN, Fault.PAPER_OUT), Supply.OUT, idle=True),
    "k": Look((Fault.CUTTER_STUCK,), Supply.FULL, idle=False),
}
HELLO = Receipt((TextLine("Hello"),))
LAST_END = 10 * QUIET_S + PRINT_S + RESET_S + 2 * ANSWER_S


class Letters:
    model = "Letters 1"
    columns = 16
    text = CodePageText({})
    marks = range(0x30, 0x3A)
    questions = b"?"
    reset = b"X"

    def receipt(self, lines: Iterable[PaperLine], mark: int) -> bytes:
        return "".join(line.text + "\n" for line in lines).encode() + b"|#%c" % mark

    def look(self, heard: bytes) -> Look | None:
        at = heard.rfind(b"!")
        return LOOKS[chr(heard[at + 1])] if 0 <= at < len(heard) - 1 else None

    def has_mark(self, heard: bytes, mark: int) -> bool:
        return b"#%c" % mark in heard


class Printer:
    """Prints at once; `states` are what it answers, the last one for ever."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.states = "o"
        self.paper = b""
        self.resets = 0
        self.silent = self.babbles = self.keeps_marks = self.wrong_marks = False
        self.delay_s = 0.0
        self.late: list[tuple[float, bytes]] = []

    def receive(self, data: bytes) -> bytes:
        if data == b"?":
            answer = b"!" + self.states[:1].encode()
            self.states = self.states[1:] or self.states
            return b"" if self.silent else self.send(answer)
        if data == b"X":
            self.resets += 1
            return b""
        self.paper += data[:-2]
        if self.keeps_marks:
            return b""
        return self.send(b"#A" if self.wrong_marks else data[-2:])

    def send(self, data: bytes) -> bytes:
        self.late.append((self.clock.now() + self.delay_s, data))
        return self.idle()

    def idle(self) -> bytes:
        if self.babbles:
            self.clock.sleep(0.008)  # 9600 Bd
            return b"zzzzzzzz"
        now = self.clock.now()
        arrived = b"".join(data for at, data in self.late if at <= now)
        self.late = [each for each in self.late if each[0] > now]
        return arrived


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def printer(clock: VirtualClock) -> Printer:
    return Printer(clock)


@pytest.fixture
def driver(clock: VirtualClock, printer: Printer) -> TextPrinter:
    world = SerialWorld(clock)
    world.add("letters", printer)
    register(world)
    return TextPrinter("printer", open_serial("sim://letters", 9600, "printer", clock), clock, Letters())


def test_it_is_a_receipt_printer(driver: ReceiptPrinter) -> None:
    assert driver.identify() == Identity("Letters 1")


def test_the_first_receipt_comes_behind_a_cut_the_next_one_without(driver: TextPrinter, printer: Printer) -> None:
    driver.print(HELLO)
    assert printer.paper == b"|Hello\n|"
    driver.print(HELLO)
    assert printer.paper == b"|Hello\n|Hello\n|"
    assert (driver.counters().cycles, driver.counters().exchanges) == (2, 5)


@pytest.mark.parametrize(
    ("letter", "told"),
    [
        ("o", (DeviceState.ONLINE, set(), Supply.FULL)),
        ("b", (DeviceState.ONLINE, set(), Supply.FULL)),
        ("l", (DeviceState.ONLINE, set(), Supply.LOW)),
        ("p", (DeviceState.USER_ERROR, {Fault.PAPER_OUT}, Supply.OUT)),
        ("c", (DeviceState.USER_ERROR, {Fault.COVER_OPEN, Fault.PAPER_OUT}, Supply.OUT)),
        ("k", (DeviceState.HARDWARE_ERROR, {Fault.CUTTER_STUCK}, Supply.FULL)),
    ],
)
def test_status_says_what_it_said(
    driver: TextPrinter, printer: Printer, letter: str, told: tuple[DeviceState, set[Fault], Supply]
) -> None:
    printer.states = letter
    for status in (driver.status(), driver.self_test()):
        assert (status.state, status.faults, status.supplies["paper"]) == told


def test_nothing_is_sent_to_a_printer_with_a_fault(driver: TextPrinter, printer: Printer) -> None:
    printer.states = "c"
    with pytest.raises(DeviceFault, match="cover_open"):
        driver.print(HELLO)
    assert printer.paper == b""


def test_it_waits_until_the_rest_of_another_receipt_is_out(driver: TextPrinter, printer: Printer) -> None:
    printer.states = "bbbo"
    driver.print(HELLO)
    assert printer.paper == b"|Hello\n|"


def test_paper_that_ends_is_told_and_the_rest_forgotten(driver: TextPrinter, printer: Printer) -> None:
    driver.print(HELLO)
    printer.keeps_marks, printer.states = True, "oopo"
    with pytest.raises(DeviceFault, match="paper_out"):
        driver.print(HELLO)
    assert printer.resets == 1
    printer.keeps_marks = False
    driver.print(HELLO)
    assert printer.paper == b"|Hello\n|Hello\n||Hello\n|"


def test_a_fault_behind_the_mark_is_none_of_this_receipt(driver: TextPrinter, printer: Printer) -> None:
    driver.print(HELLO)
    printer.states = "op"
    driver.print(HELLO)
    assert printer.resets == 0


@pytest.mark.parametrize("bad", ["keeps_marks", "wrong_marks"])
def test_without_its_own_mark_a_receipt_is_not_done(
    driver: TextPrinter, printer: Printer, clock: VirtualClock, bad: str
) -> None:
    setattr(printer, bad, True)
    with pytest.raises(DeviceUnavailable, match="not done after 60 s"):
        driver.print(HELLO)
    assert clock.now() <= LAST_END
    assert driver.counters().cycles == 0


def test_silence_is_noticed_in_a_second(driver: TextPrinter, printer: Printer, clock: VirtualClock) -> None:
    printer.silent = True
    with pytest.raises(DeviceUnavailable, match="no answer within 1 s"):
        driver.status()
    assert clock.now() == pytest.approx(ANSWER_S, abs=0.05)


def test_a_late_answer_is_not_taken_for_the_next_one(
    driver: TextPrinter, printer: Printer, clock: VirtualClock
) -> None:
    printer.delay_s, printer.states = 1.2, "po"
    with pytest.raises(DeviceUnavailable):
        driver.status()
    printer.delay_s = 0.0
    assert driver.status().faults == frozenset()


def test_who_never_stops_talking_is_left(driver: TextPrinter, printer: Printer, clock: VirtualClock) -> None:
    printer.babbles = True
    with pytest.raises((DeviceUnavailable, ProtocolViolation)):
        driver.status()
    with pytest.raises(ProtocolViolation, match="never stops talking"):
        driver.status()
    assert clock.now() <= 10 * QUIET_S + 3 * ANSWER_S


def test_a_reset_is_done_when_nothing_is_left(driver: TextPrinter, printer: Printer, clock: VirtualClock) -> None:
    printer.states = "bbo"
    driver.reset()
    assert printer.resets == 1
    printer.states = "b"
    with pytest.raises(DeviceUnavailable, match="does not forget"):
        driver.reset()
    assert clock.now() <= 2 * (RESET_S + 2 * ANSWER_S)
