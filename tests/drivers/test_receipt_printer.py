"""The receipt printer's driver against the simulated printer: on `sim://`, on a pty, over TCP and over USB."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from device_sim.receipt_printer import Condition, Maker, Pace, SimulatedReceiptPrinter, UsbReceiptPrinter
from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.tcp_port import TcpPort
from device_sim.serial.world import SerialWorld
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from drivers.receipt_layout import PAPER_58_MM, PAPER_80_MM, Lack, Presenter, PrinterProfile, definition
from drivers.receipt_printer import EscPosPrinter
from drivers.serial_port import open_serial
from drivers.tcp_port import open_tcp
from drivers.transport import Transport
from drivers.usb import open_usb
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.ports import ReceiptPrinter
from kiosk_core.receipt import Align, Bitmap, Blank, Pair, QrCode, Receipt, Rule, TextLine
from kiosk_core.status import DeviceState, Identity, Media, Supply
from tests.clocks import RealClock, SetClock, UnhurriedClock

NAME = "receipt_printer"
LOGO = Bitmap(160, bytes(range(1, 21)) * 60)
RECEIPT = Receipt(
    (
        LOGO,
        TextLine("示范城市商业银行", align=Align.CENTER, bold=True),
        TextLine("公交卡充值凭条", align=Align.CENTER, bold=True, large=True),
        Blank(),
        Pair("卡号", "310172******5678"),
        Pair("充值金额", "¥50.00", bold=True),
        Rule(),
        TextLine("如有疑问，请致电客服热线 95588，或到任一营业网点咨询，我们竭诚为您服务。"),
        QrCode("https://bank.example/r/T0001-000123"),
        TextLine("Thank you!", align=Align.CENTER),
    )
)
TEXT = "\n".join(
    (
        "示范城市商业银行",
        "公交卡充值凭条",
        "",
        "卡号                            310172******5678",
        "充值金额                                 ￥50.00",
        "-" * 48,
        "如有疑问，请致电客服热线 95588，或到任一营业网点",
        "咨询，我们竭诚为您服务。",
        "",
        "",
        "Thank you!",
    )
)
SHORT = Receipt((TextLine("Next customer"),))


def waited() -> SetClock:
    """A clock on which time passes where the driver waits."""
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


class Tapped:
    """The printer with a tap on its line: `before` is called with the number of each arrival."""

    def __init__(self, printer: SimulatedReceiptPrinter) -> None:
        self._printer = printer
        self._numbers = itertools.count(1)
        self.before: Callable[[int], None] = lambda number: None

    def restart(self, before: Callable[[int], None]) -> None:
        self._numbers = itertools.count(1)
        self.before = before

    def receive(self, data: bytes) -> bytes:
        self.before(next(self._numbers))
        return self._printer.receive(data)

    def idle(self) -> bytes:
        return self._printer.idle()


class TappedUsb(UsbReceiptPrinter):
    """The same over USB."""

    def __init__(self, printer: SimulatedReceiptPrinter, tap: Tapped) -> None:
        super().__init__(printer)
        self._tap = tap

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        self._tap.receive(b"")
        super().bulk_out(endpoint, data)


class Cable(Protocol):
    """A line of some kind to the tapped printer."""

    def connect(self, clock: Clock) -> Transport: ...

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    def remove(self) -> None: ...


class SimCable:
    def __init__(self, tap: Tapped, clock: Clock) -> None:
        self._world = SerialWorld(clock)
        self._world.add("printer", tap)
        register(self._world)

    def connect(self, clock: Clock) -> Transport:
        return open_serial("sim://printer", 115200, NAME, clock)

    def plug(self) -> None:
        self._world.plug("printer")

    def unplug(self) -> None:
        self._world.unplug("printer")

    def remove(self) -> None:
        self.unplug()


class PtyCable:
    def __init__(self, tap: Tapped, folder: Path) -> None:
        self._port = PtyPort(folder / "printer", tap)

    def connect(self, clock: Clock) -> Transport:
        return open_serial(str(self._port.path), 115200, NAME, clock)

    def plug(self) -> None:
        self._port.plug()

    def unplug(self) -> None:
        self._port.unplug()

    def remove(self) -> None:
        self.unplug()


class TcpCable:
    def __init__(self, tap: Tapped) -> None:
        self._port = TcpPort(tap)

    def connect(self, clock: Clock) -> Transport:
        return open_tcp("127.0.0.1", self._port.port, NAME, clock)

    def plug(self) -> None:
        self._port.plug()

    def unplug(self) -> None:
        self._port.unplug()

    def remove(self) -> None:
        self._port.close()


class UsbCable:
    def __init__(self, tap: Tapped, printer: SimulatedReceiptPrinter, clock: Clock) -> None:
        self._function = TappedUsb(printer, tap)
        self._bus = SimulatedBus(clock)
        self._bus.attach(self._function)

    def connect(self, clock: Clock) -> Transport:
        return open_usb(0x04B8, 0x0E15, NAME, clock, 7, backend=InProcessBackend(self._bus))

    def plug(self) -> None:
        if not self._bus.devices():
            self._bus.attach(self._function)

    def unplug(self) -> None:
        if self._bus.devices():
            self._bus.detach(self._function)

    def remove(self) -> None:
        self.unplug()


class Bench:
    """A simulated printer, its cable, and drivers that are closed at the end.

    On `sim://` and USB, which need no thread, time passes where the driver waits.
    """

    def __init__(self, kind: str, folder: Path, printer: SimulatedReceiptPrinter | None = None) -> None:
        self.kind = kind
        self.clock: Clock = UnhurriedClock() if kind in {"pty", "tcp"} else waited()
        self.printer = printer or SimulatedReceiptPrinter()
        self.tap = Tapped(self.printer)
        self._transports: list[Transport] = []
        match kind:
            case "sim":
                self.cable: Cable = SimCable(self.tap, self.clock)
            case "pty":
                self.cable = PtyCable(self.tap, folder)
            case "tcp":
                self.cable = TcpCable(self.tap)
            case _:
                self.cable = UsbCable(self.tap, self.printer, self.clock)

    def driver(self, clock: Clock | None = None) -> EscPosPrinter:
        clock = clock or self.clock
        self._transports.append(self.cable.connect(clock))
        return EscPosPrinter(NAME, self._transports[-1], PAPER_80_MM, clock)

    def close(self) -> None:
        for transport in self._transports:
            transport.close()
        self.cable.remove()


@pytest.fixture(params=["sim", "pty", "tcp", "usb"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(request.param, tmp_path)
    yield made
    made.close()


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Bench]:
    """For what does not depend on the cable."""
    made = Bench("sim", tmp_path)
    yield made
    made.close()


def test_is_a_receipt_printer(sim: Bench) -> None:
    port: ReceiptPrinter = sim.driver()
    assert port.status().name == NAME


# -- printing ----------------------------------------------------------------------------------------------


def test_prints_the_whole_receipt(bench: Bench) -> None:
    bench.driver().print(RECEIPT)
    assert bench.printer.ignored == []
    receipt = bench.printer.take_receipt()
    assert receipt.text == TEXT
    assert receipt.qr_codes == ("https://bank.example/r/T0001-000123",)


def test_prints_the_logo_dot_by_dot(sim: Bench) -> None:
    sim.driver().print(Receipt((LOGO,)))
    picture = sim.printer.take_receipt().picture.crop((208, 0, 208 + LOGO.width, LOGO.height))
    assert bytes(byte ^ 0xFF for byte in picture.tobytes()) == LOGO.rows


def test_prints_receipt_after_receipt(bench: Bench) -> None:
    driver = bench.driver()
    for _ in range(3):
        driver.print(RECEIPT)
    assert [receipt.text for receipt in bench.printer.receipts] == [TEXT] * 3


def test_prints_on_narrow_paper(sim: Bench) -> None:
    printer = SimulatedReceiptPrinter(dots=384)
    clock = waited()
    world = SerialWorld(clock)
    world.add("narrow", printer)
    register(world)
    transport = open_serial("sim://narrow", 9600, NAME, clock)
    EscPosPrinter(NAME, transport, PAPER_58_MM, clock).print(Receipt((Rule(), Pair("金额", "¥1"))))
    transport.close()
    assert printer.ignored == []
    assert printer.take_receipt().text == "-" * 32 + "\n金额" + " " * 25 + "￥1"


def test_waits_until_the_paper_is_cut(tmp_path: Path) -> None:
    clock = RealClock()
    made = Bench("pty", tmp_path, SimulatedReceiptPrinter(pace=Pace(clock, dots_per_s=2000)))
    began = clock.now()
    made.driver().print(SHORT)
    assert clock.now() - began > (34 + 96 + 96) / 2000  # the first cut's feed, the line, its cut's feed
    assert len(made.printer.receipts) == 1
    made.close()


def test_refuses_a_picture_that_is_too_wide_before_anything_is_printed(sim: Bench) -> None:
    driver = sim.driver()
    with pytest.raises(ValueError, match="584"):
        driver.print(Receipt((TextLine("a"), Bitmap(584, bytes(73)))))
    driver.print(SHORT)
    assert [receipt.text for receipt in sim.printer.receipts] == ["Next customer"]


# -- status ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "state", "faults", "paper"),
    [
        (Condition(), DeviceState.ONLINE, set(), Supply.FULL),
        (Condition(paper_near_end=True), DeviceState.ONLINE, set(), Supply.LOW),
        (Condition(paper_out=True), DeviceState.USER_ERROR, {Fault.PAPER_OUT}, Supply.OUT),
        (Condition(cover_open=True), DeviceState.USER_ERROR, {Fault.COVER_OPEN}, Supply.FULL),
        (
            Condition(cover_open=True, paper_out=True),
            DeviceState.USER_ERROR,
            {Fault.COVER_OPEN, Fault.PAPER_OUT},
            Supply.OUT,
        ),
        (Condition(offline=True), DeviceState.OFFLINE, set(), Supply.FULL),
        (Condition(head_hot=True), DeviceState.OFFLINE, set(), Supply.FULL),
    ],
)
def test_tells_its_status(
    bench: Bench, condition: Condition, state: DeviceState, faults: set[Fault], paper: Supply
) -> None:
    bench.printer.condition = condition
    status = bench.driver().status()
    assert (status.state, status.faults, status.supplies) == (state, faults, {"paper": paper})
    assert status.in_service == (state is DeviceState.ONLINE)


def test_needs_one_round_trip_a_question(sim: Bench) -> None:
    driver = sim.driver()
    driver.status()
    began = sim.clock.now()
    for _ in range(20):
        driver.status()
    assert sim.clock.now() == began  # python-escpos waits for 80 s: facts, simulation 3.2


def test_tells_since_when_it_is_so(sim: Bench) -> None:
    clock = SetClock(datetime(2025, 1, 2, tzinfo=UTC))
    driver = sim.driver(clock)
    first = driver.status()
    clock.sleep(60)
    assert driver.status() == first
    sim.printer.condition = Condition(cover_open=True)
    assert (driver.status().since - first.since).total_seconds() == 60


def test_a_mute_printer_is_unavailable_and_never_full_of_paper(sim: Bench) -> None:
    sim.printer.condition = Condition(powered=False)
    driver = sim.driver()
    for use in (driver.status, driver.identify, driver.reset, lambda: driver.print(SHORT)):
        with pytest.raises(DeviceUnavailable, match="does not answer"):
            use()


def test_a_printer_that_talks_nonsense_violates_its_protocol(tmp_path: Path) -> None:
    class Nonsense(Tapped):
        def receive(self, data: bytes) -> bytes:
            return b"\xff\xfe"

    clock = waited()
    transport = SimCable(Nonsense(SimulatedReceiptPrinter()), clock).connect(clock)
    with pytest.raises(ProtocolViolation, match="ff fe"):
        EscPosPrinter(NAME, transport, PAPER_80_MM, clock).status()
    transport.close()


def test_a_printer_that_never_stops_talking_is_unavailable(tmp_path: Path) -> None:
    class Babbling(Tapped):
        def receive(self, data: bytes) -> bytes:
            return b""

        def idle(self) -> bytes:
            clock.sleep(0.001)
            return b"\x11\x00"

    clock = waited()
    transport = SimCable(Babbling(SimulatedReceiptPrinter()), clock).connect(clock)
    with pytest.raises(DeviceUnavailable):
        EscPosPrinter(NAME, transport, PAPER_80_MM, clock).status()
    transport.close()


# -- identity ----------------------------------------------------------------------------------------------


def test_says_what_it_is(bench: Bench) -> None:
    assert bench.driver().identify() == Identity("OpenTeller SIM-80", "1.00", "SIM0000001")


def test_an_offline_printer_says_what_it_is_by_its_usb_device_id_only(tmp_path: Path) -> None:
    for kind, model, serial_number in (("sim", "ESC/POS 80 mm", ""), ("usb", "ACME R2", "S9")):
        made = Bench(kind, tmp_path, SimulatedReceiptPrinter(maker=Maker("ACME", "R2", "7.1", "S9")))
        made.printer.condition = Condition(cover_open=True)
        assert made.driver().identify() == Identity(model, "", serial_number)
        made.close()


# -- faults ------------------------------------------------------------------------------------------------

FAULTS = [
    (Condition(paper_out=True), Fault.PAPER_OUT),
    (Condition(cover_open=True), Fault.COVER_OPEN),
    (Condition(cutter_stuck=True), Fault.CUTTER_STUCK),
]


@pytest.mark.parametrize(("condition", "fault"), FAULTS, ids=lambda value: str(value)[:30])
def test_names_the_fault_that_is_there_from_the_beginning(bench: Bench, condition: Condition, fault: Fault) -> None:
    driver = bench.driver()
    driver.print(SHORT)
    bench.printer.condition = condition
    with pytest.raises(DeviceFault) as failed:
        driver.print(RECEIPT)
    assert failed.value.fault is fault


@pytest.mark.parametrize(("condition", "fault"), FAULTS, ids=lambda value: str(value)[:30])
def test_names_the_fault_that_comes_in_between(bench: Bench, condition: Condition, fault: Fault) -> None:
    """Whenever it comes, the receipt is either whole or the fault is named; the next customer's is his alone."""
    for moment in itertools.count(1):
        bench.printer.condition = Condition()
        bench.printer.receipts.clear()
        driver = bench.driver()
        bench.tap.restart(lambda number, at=moment: _set(bench, condition) if number == at else None)
        named = _fault_of(driver)
        assert named in (None, fault)
        assert named is fault or bench.printer.receipts[-1].text == TEXT
        came = bench.printer.condition == condition
        bench.tap.restart(lambda number: None)
        bench.printer.condition = Condition()
        driver.reset()
        driver.print(SHORT)
        assert bench.printer.receipts[-1].text == "Next customer"
        driver.close()
        if not came:
            return


def _fault_of(driver: EscPosPrinter) -> Fault | None:
    try:
        driver.print(RECEIPT)
    except DeviceFault as failed:
        return failed.fault
    return None


def _set(bench: Bench, condition: Condition) -> None:
    bench.printer.condition = condition


def test_names_a_roll_that_ends_in_the_middle(bench: Bench) -> None:
    driver = bench.driver()
    driver.print(SHORT)
    bench.printer.load_paper(200)
    with pytest.raises(DeviceFault) as failed:
        driver.print(RECEIPT)
    assert failed.value.fault is Fault.PAPER_OUT
    assert driver.status().supplies == {"paper": Supply.OUT}
    bench.printer.load_paper()
    driver.print(SHORT)
    assert bench.printer.receipts[-1].text == "Next customer"
    assert "Thank you!" not in bench.printer.receipts[-2].text  # what waited in the printer was forgotten


def test_a_freed_cutter_is_brought_back_by_asking_for_the_status(sim: Bench) -> None:
    clock = SetClock(datetime(2025, 1, 2, tzinfo=UTC))
    driver = sim.driver(clock)
    sim.printer.condition = Condition(cutter_stuck=True)
    with pytest.raises(DeviceFault):
        driver.print(SHORT)
    assert driver.status().faults == {Fault.CUTTER_STUCK}
    assert driver.status().state is DeviceState.HARDWARE_ERROR
    sim.printer.condition = Condition()
    assert driver.status().faults == {Fault.CUTTER_STUCK}
    clock.sleep(10)
    assert driver.status().faults == set()


def test_does_not_print_while_the_printer_is_offline_for_no_known_cause(sim: Bench) -> None:
    sim.printer.condition = Condition(offline=True)
    with pytest.raises(DeviceUnavailable, match="off-line"):
        sim.driver().print(SHORT)


def test_waits_for_a_hot_head_to_cool(bench: Bench) -> None:
    driver = bench.driver()
    arrivals = []

    def heat(number: int) -> None:
        arrivals.append(number)
        if number == 8:
            _set(bench, Condition(head_hot=True))
        if number == 16:
            _set(bench, Condition())

    bench.tap.restart(heat)
    driver.print(RECEIPT)
    assert bench.printer.take_receipt().text == TEXT
    assert len(arrivals) >= 16


def test_gives_up_a_receipt_that_is_not_done_after_a_minute(tmp_path: Path) -> None:
    never = SetClock(datetime(2025, 1, 2, tzinfo=UTC))
    made = Bench("sim", tmp_path, SimulatedReceiptPrinter(pace=Pace(never, dots_per_s=1)))
    with pytest.raises(DeviceUnavailable, match="not done after 60 s"):
        made.driver().print(SHORT)
    made.close()


def test_a_printer_that_falls_silent_while_printing_is_unavailable(sim: Bench) -> None:
    driver = sim.driver()
    sim.tap.restart(lambda number: _set(sim, Condition(powered=False)) if number == 9 else None)
    with pytest.raises(DeviceUnavailable, match="does not answer"):
        driver.print(RECEIPT)


# -- unplugged ---------------------------------------------------------------------------------------------

OPERATIONS: dict[str, Callable[[EscPosPrinter], object]] = {
    "identify": lambda driver: driver.identify(),
    "status": lambda driver: driver.status(),
    "reset": lambda driver: driver.reset(),
    "print": lambda driver: driver.print(RECEIPT),
}


ARRIVALS_AT_LEAST = {"identify": 4, "status": 4, "reset": 5, "print": 10}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_survives_an_unplug_at_every_moment(bench: Bench, operation: str) -> None:
    """The cable is pulled at the first arrival, the second, and so on; then the next customer is served."""
    for moment in itertools.count(1):
        bench.printer.receipts.clear()
        driver = bench.driver()
        bench.tap.restart(lambda number, at=moment: bench.cable.unplug() if number == at else None)
        lost: list[DeviceUnavailable] = []
        try:
            OPERATIONS[operation](driver)
        except DeviceUnavailable as unavailable:
            lost.append(unavailable)
        assert all(unavailable.device == NAME for unavailable in lost)
        driver.close()
        bench.tap.restart(lambda number: None)
        bench.cable.plug()
        after = bench.driver()
        after.print(SHORT)
        after.close()
        assert bench.printer.receipts[-1].text == "Next customer"
        if not lost:
            assert moment > ARRIVALS_AT_LEAST[operation]
            return


def test_an_unplugged_printer_is_unavailable_until_it_is_plugged_in_again(bench: Bench) -> None:
    driver = bench.driver()
    bench.cable.unplug()
    for use in OPERATIONS.values():
        with pytest.raises(DeviceUnavailable):
            use(driver)
    driver.close()
    with pytest.raises(DeviceUnavailable):
        bench.driver()
    bench.cable.plug()
    assert bench.driver().status().in_service


# -- the printer's own accounts ------------------------------------------------------------------------------


class Scripted:
    """A printer of another make: each DLE EOT is answered by the next byte for it, and GS r as told."""

    def __init__(self, done: bytes, before: bytes = b"", clears: bool = True) -> None:
        self.done = done
        self._before = before
        self._clears = clears
        self.received = b""

    def receive(self, data: bytes) -> bytes:
        self.received += data
        answer = self._before + b"\x12" if data[:2] == b"\x10\x04" else b""
        if data[:2] == b"\x10\x14" and self._clears:
            answer += b"\x37\x25\x00"
        return answer + (self.done if data[-3:] == b"\x1d\x72\x01" else b"")

    def idle(self) -> bytes:
        return b""


def scripted(printer: Scripted, profile: PrinterProfile = PAPER_80_MM) -> EscPosPrinter:
    clock = waited()
    world = SerialWorld(clock)
    world.add("scripted", printer)
    register(world)
    return EscPosPrinter(NAME, open_serial("sim://scripted", 9600, NAME, clock), profile, clock)


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        ("38 00 00 00", Fault.COVER_OPEN),
        ("18 00 0C 00", Fault.PAPER_OUT),
        ("18 08 00 00", Fault.CUTTER_STUCK),
        ("18 04 00 00", Fault.PRINTER_ERROR),
        ("18 20 00 00", Fault.PRINTER_ERROR),
    ],
)
def test_hears_an_auto_status_while_it_waits(frame: str, fault: Fault) -> None:
    driver = scripted(Scripted(done=bytes.fromhex(frame)))
    with pytest.raises(DeviceFault) as failed:
        driver.print(SHORT)
    assert failed.value.fault is fault
    driver.close()


def test_is_not_confused_by_auto_status_and_flow_control_between_answers() -> None:
    driver = scripted(Scripted(done=bytes.fromhex("10 00 00 00 13 11 00"), before=bytes.fromhex("11 10 00 03 0F")))
    assert driver.status().in_service
    driver.print(SHORT)
    driver.close()


def test_does_not_take_paper_end_in_the_answer_to_gs_r_for_done() -> None:
    driver = scripted(Scripted(done=b"\x0f"))
    with pytest.raises(DeviceFault) as failed:
        driver.print(SHORT)
    assert failed.value.fault is Fault.PAPER_OUT
    driver.close()


def test_asks_a_printer_that_cannot_clear_its_buffers_only_once() -> None:
    printer = Scripted(done=b"\x00", clears=False)
    driver = scripted(printer)
    driver.print(SHORT)
    driver.print(SHORT)
    assert printer.received.count(bytes.fromhex("10 14 08 01 03 14 01 06 02 08")) == 1
    driver.close()


def test_forgets_the_half_picture_of_a_process_that_died(bench: Bench) -> None:
    bench.printer.receive(b"\x1d\x76\x30\x00\x48\x00\x18\x00\xff\xff")
    driver = bench.driver()
    driver.reset()
    driver.print(SHORT)
    assert bench.printer.receipts[-1].text == "Next customer"


def test_resets_all_settings(sim: Bench) -> None:
    driver = sim.driver()
    sim.printer.receive(b"\x1b\x45\x01\x1d\x21\x77half")
    driver.reset()
    driver.print(SHORT)
    assert sim.printer.receipts[-1].text == "Next customer"


class Erring(Scripted):
    """Says to DLE EOT 2 that there is an error, so many times, and never which."""

    def __init__(self, times: int) -> None:
        super().__init__(done=b"\x00")
        self._times = times

    def receive(self, data: bytes) -> bytes:
        if data == b"\x10\x04\x02" and self._times:
            self._times -= 1
            return b"\x52"
        return super().receive(data)


@pytest.mark.parametrize(("times", "faults"), [(1, set()), (9, {Fault.PRINTER_ERROR})])
def test_believes_an_error_without_a_cause_when_it_stays(times: int, faults: set[Fault]) -> None:
    driver = scripted(Erring(times))
    assert driver.status().faults == faults
    driver.close()


class Jamming(Scripted):
    """Answers GS r although its cutter is stuck, as a cheap printer may."""

    def receive(self, data: bytes) -> bytes:
        if data == b"\x10\x04\x03" and b"\x1d\x72\x01" in self.received:
            return b"\x1a"
        return super().receive(data)


def test_names_a_cutter_that_got_stuck_at_the_very_end() -> None:
    driver = scripted(Jamming(done=b"\x00"))
    with pytest.raises(DeviceFault) as failed:
        driver.print(SHORT)
    assert failed.value.fault is Fault.CUTTER_STUCK
    driver.close()


def test_does_not_take_an_answer_of_the_last_receipt_for_this_one() -> None:
    printer = Scripted(done=b"\x00\x00")
    driver = scripted(printer)
    driver.print(SHORT)
    printer.done = b""
    with pytest.raises(DeviceUnavailable, match="not done"):
        driver.print(SHORT)
    driver.close()


# -- models that lack a command, or have one more ------------------------------------------------------------


class Dialogue(Scripted):
    """Answers each of the byte strings in `answers` where it comes at the end of what it receives."""

    def __init__(self, **answers: str) -> None:
        super().__init__(done=b"")
        self.answers = {bytes.fromhex(question[1:]): bytes.fromhex(answer) for question, answer in answers.items()}

    def receive(self, data: bytes) -> bytes:
        self.received += data
        found = b""
        for question, answer in self.answers.items():
            if data.endswith(question):
                found += answer
        return found


def without(*lacks: Lack) -> PrinterProfile:
    return replace(PAPER_80_MM, lacks=PAPER_80_MM.lacks | {*lacks})


GS_A = "1D 61 0E"  # facts 3c: 1 online, 2 error, 3 paper


def test_asks_for_an_auto_status_where_there_is_no_dle_eot() -> None:
    printer = Dialogue(_1D610E="18 00 0C 00")
    driver = scripted(printer, profile=without(Lack.REAL_TIME_STATUS))
    status = driver.status()
    assert (status.faults, status.supplies) == ({Fault.PAPER_OUT}, {"paper": Supply.OUT})
    assert printer.received == bytes.fromhex(GS_A)
    printer.answers = {}  # off-line, it executes nothing: its next word will be that it is back
    with pytest.raises(DeviceUnavailable, match="GS a"):
        driver.status()
    driver.close()


def test_prints_where_there_is_no_dle_eot_and_hears_what_is_pushed() -> None:
    profile = without(Lack.REAL_TIME_STATUS, Lack.CLEARING)
    printer = Dialogue(_1D610E="10 00 00 00", _1D7201="00")
    driver = scripted(printer, profile=profile)
    driver.print(SHORT)
    assert printer.received.startswith(bytes.fromhex(GS_A))
    printer.answers[bytes.fromhex("1D7201")] = bytes.fromhex("38 00 00 00 00")
    with pytest.raises(DeviceFault) as failed:
        driver.print(SHORT)
    assert failed.value.fault is Fault.COVER_OPEN
    assert bytes.fromhex("10 04") not in printer.received
    driver.close()


@pytest.mark.parametrize(
    ("answer", "paper"), [("00", Supply.FULL), ("03", Supply.LOW), ("0C", Supply.OUT)]
)  # facts 3c: GS r 1
def test_asks_gs_r_for_the_paper_where_there_is_nothing_better(answer: str, paper: Supply) -> None:
    driver = scripted(Dialogue(_1D7201=answer), profile=without(Lack.REAL_TIME_STATUS, Lack.AUTO_STATUS))
    assert driver.status().supplies == {"paper": paper}
    driver.close()


class Marking(Scripted):
    """Sends back the mark of GS ( H, with `before` ahead of it."""

    def __init__(self, before: bytes = b"") -> None:
        super().__init__(done=b"")
        self.before = before

    def receive(self, data: bytes) -> bytes:
        if data[:7] == bytes.fromhex("1D 28 48 06 00 30 30"):
            self.received += data
            return self.before + b"\x37\x22" + data[7:] + b"\0"
        return super().receive(data)


MARKS = replace(PAPER_80_MM, lacks=frozenset({Lack.NV_GRAPHICS}))


def test_never_says_full_of_paper_that_no_one_tells_of() -> None:
    profile = replace(MARKS, lacks=MARKS.lacks | {Lack.REAL_TIME_STATUS, Lack.AUTO_STATUS})
    driver = scripted(Marking(), profile=profile)
    assert driver.status().supplies == {"paper": Supply.UNKNOWN}
    driver.close()


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"\x00",  # an answer to a GS r of long ago
        b"\x37\x22!!!!\0",  # the mark of another receipt
        bytes.fromhex("11 10 00 00 00 13"),  # flow control and an auto status
    ],
)
def test_is_done_when_its_own_mark_comes_back(before: bytes) -> None:
    driver = scripted(Marking(before), profile=MARKS)
    driver.print(SHORT)
    driver.print(SHORT)
    assert driver.counters().cycles == 2
    driver.close()


def test_is_not_done_by_another_mark_or_by_gs_r() -> None:
    class Muddled(Marking):
        def receive(self, data: bytes) -> bytes:
            return b"\x37\x22!!!!\0\0" if data[:3] == b"\x1d\x28\x48" else super().receive(data)

    driver = scripted(Muddled(), MARKS)
    with pytest.raises(DeviceUnavailable, match="not done after 60 s"):
        driver.print(SHORT)
    driver.close()


def test_asks_again_when_more_is_answered_than_was_asked() -> None:
    class Doubling(Scripted):
        doubled = 2

        def receive(self, data: bytes) -> bytes:
            if self.doubled and data[:2] == b"\x10\x04":
                self.doubled -= 1
                return b"\x1a\x12"
            return super().receive(data)

    printer = Doubling(done=b"\0")
    driver = scripted(printer)
    assert driver.status().in_service
    printer.doubled = 99
    with pytest.raises(ProtocolViolation, match="more than it is asked"):
        driver.status()
    driver.close()


def test_asks_nothing_that_the_model_lacks() -> None:
    printer = Scripted(done=b"\0")
    driver = scripted(printer, profile=without(Lack.CLEARING, Lack.RECOVERY, Lack.INFORMATION))
    driver.reset()
    driver.print(SHORT)
    driver.identify()
    for absent in ("10 05", "10 14", "1D 49"):
        assert bytes.fromhex(absent) not in printer.received
    driver.close()


def test_a_printer_that_stops_clearing_its_buffers_is_unavailable() -> None:
    class Forgetful(Scripted):
        clears = 1

        def receive(self, data: bytes) -> bytes:
            if data[:2] == b"\x10\x14":
                self.clears -= 1
                return b"\x37\x25\x00" if self.clears >= 0 else b""
            return super().receive(data)

    driver = scripted(Forgetful(done=b"\0"))
    driver.print(SHORT)
    with pytest.raises(DeviceUnavailable, match="DLE DC4"):
        driver.print(SHORT)
    driver.close()


# -- pictures in the printer's memory ------------------------------------------------------------------------

KEEPS = replace(PAPER_80_MM, lacks=frozenset({Lack.PROCESSED}))
DOT = Bitmap(8, b"\x81")
KEY, DEFINITION = definition(DOT, KEEPS)


class Keeping(Scripted):
    """Has a memory for pictures: answers function 64 from it, a block of one key at a time (Citizen CT-S280 p160)."""

    def __init__(self, keys: list[str], keeps: bool = True) -> None:
        super().__init__(done=b"\0")
        self.keys = keys
        self._keeps = keeps
        self._to_send: list[bytes] = []

    def receive(self, data: bytes) -> bytes:
        if data == bytes.fromhex("1D 28 4C 04 00 30 40 4B 43"):
            self.received += data
            blocks = [key.encode() for key in self.keys] or [b""]
            more = [b"\x41"] * (len(blocks) - 1) + [b"\x40"]
            self._to_send = [b"\x37\x72" + sign + key + b"\0" for sign, key in zip(more, blocks, strict=True)]
            return self._to_send.pop(0)
        if data == b"\x06":
            self.received += data
            return self._to_send.pop(0) if self._to_send else b""
        if data == DEFINITION and self._keeps:
            self.keys.append(KEY)
        return super().receive(data)


def test_stores_a_logo_once_and_prints_it_by_its_key() -> None:
    printer = Keeping([])
    driver = scripted(printer, KEEPS)
    assert driver.store(DOT)
    assert driver.store(DOT)
    driver.print(Receipt((DOT,)))
    assert printer.received.count(DEFINITION) == 1
    assert bytes.fromhex("1D 28 4C 06 00 30 45") + KEY.encode() + b"\x01\x01" in printer.received
    assert bytes.fromhex("1D 76 30") not in printer.received
    driver.close()


def test_does_not_send_a_logo_that_the_printer_has_and_acknowledges_every_block() -> None:
    printer = Keeping(["98", "99", KEY])
    driver = scripted(printer, profile=KEEPS)
    assert driver.store(DOT)
    assert DEFINITION not in printer.received
    assert printer.received.count(b"\x06") == 3
    driver.close()


def test_sends_all_the_dots_where_the_printer_keeps_nothing() -> None:
    printer = Keeping([], keeps=False)
    driver = scripted(printer, KEEPS)
    assert not driver.store(DOT)
    assert not driver.store(DOT)
    assert printer.received.count(DEFINITION) == 1  # its memory wears
    driver.print(Receipt((DOT,)))
    assert bytes.fromhex("1D 76 30 00 01 00 01 00 81") in printer.received
    driver.close()


def test_stores_nothing_in_a_printer_without_memory() -> None:
    silent = Scripted(done=b"\0")
    driver = scripted(silent, KEEPS)
    assert not driver.store(DOT)
    driver.close()
    driver = scripted(silent)
    silent.received = b""
    assert not driver.store(DOT)
    assert silent.received == b""
    driver.close()


# -- presenters ----------------------------------------------------------------------------------------------

CITIZEN = replace(PAPER_80_MM, presenter=Presenter.GS_R)


@pytest.mark.parametrize(
    ("paper", "media", "supply"),
    [
        ("12", Media.NOT_PRESENT, Supply.FULL),
        ("52", Media.PRESENT, Supply.FULL),  # Citizen PPU-700 p58: bit 6 is the presenter's sensor, not the paper's end
        ("32", Media.NOT_PRESENT, Supply.OUT),
        ("1E", Media.NOT_PRESENT, Supply.LOW),
    ],
)
def test_tells_a_receipt_in_the_presenter_from_paper_that_is_out(paper: str, media: Media, supply: Supply) -> None:
    driver = scripted(Dialogue(_100401="12", _100402="12", _100403="12", _100404=paper), profile=CITIZEN)
    status = driver.status()
    assert (status.media, status.supplies) == (media, {"paper": supply})
    driver.close()


def test_takes_back_what_nobody_took() -> None:
    printer = Dialogue(_100401="12", _100402="12", _100403="12", _100404="12", _1D7201="00")
    driver = scripted(printer, profile=CITIZEN)
    driver.retract()
    assert printer.received.startswith(bytes.fromhex("1D 52 30"))
    printer.answers[bytes.fromhex("100404")] = b"\x52"
    with pytest.raises(DeviceFault) as failed:
        driver.retract()
    assert failed.value.fault is Fault.PAPER_JAM
    driver.close()


def test_retracts_by_gs_e_and_refuses_where_there_is_no_presenter() -> None:
    printer = Scripted(done=b"\0")
    driver = scripted(printer, profile=replace(PAPER_80_MM, presenter=Presenter.GS_E))
    driver.retract()
    assert printer.received.startswith(bytes.fromhex("1D 65 02"))
    driver.close()
    driver = scripted(printer)
    with pytest.raises(ValueError, match="no presenter"):
        driver.retract()
    driver.close()
