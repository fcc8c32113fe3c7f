"""The full circle: a driver is recorded at a simulated device, and its trace stands in for each of the two.

The simulators are written from the manuals, so the recordings hold real dialogues.
"""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from device_sim.crt310 import SimulatedCrt310
from device_sim.receipt_printer import SimulatedReceiptPrinter
from device_sim.replay import ReplayedDevice
from device_sim.sdt_reader import SimulatedSdtReader
from device_sim.serial.device import SerialDevice
from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.world import SerialWorld
from drivers.crt310 import Crt310Reader
from drivers.crt310_card_reader import Crt310CardReader
from drivers.receipt_layout import PAPER_80_MM
from drivers.receipt_printer import EscPosPrinter
from drivers.sdt_reader import SdtReader
from drivers.serial_port import open_serial
from drivers.trace import player
from drivers.trace.player import play
from drivers.trace.watch import TraceWatch
from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.device import Device
from kiosk_core.receipt import Receipt, TextLine
from kiosk_core.trace import Trace, header_line, record_line
from openteller import device_commands
from tests.clocks import RealClock
from tests.patience import PATIENCE_S

CLOCK = RealClock()
PAN = "6222021234567890123"

Open = Callable[[Transport, Clock], Device]


def _printer(transport: Transport, clock: Clock) -> Device:
    printer = EscPosPrinter("d", transport, PAPER_80_MM, clock)
    printer.print(Receipt((TextLine(f"卡号 {PAN}"),)))
    return printer


FAMILIES: dict[str, tuple[Callable[[], SerialDevice], Open]] = {
    "crt310": (SimulatedCrt310, lambda line, clock: Crt310CardReader("d", Crt310Reader("d", line, clock))),
    "sdt": (lambda: SimulatedSdtReader(CLOCK), lambda line, clock: SdtReader("d", line, clock)),
    "escpos": (SimulatedReceiptPrinter, _printer),
}


def use(device: SerialDevice, opened: Open, watch: TraceWatch | None = None) -> object:
    """Let a driver work with a device; return what it said of itself and how it was."""
    world = SerialWorld()
    world.add("it", device)
    register(world)
    line = open_serial("sim://it", 9600, "d", CLOCK)
    with contextlib.closing(opened(watch.line(line) if watch else line, CLOCK)) as driver:
        status = driver.status()
        return driver.identify(), status.state, status.supplies, status.media


def recorded(family: str) -> tuple[Trace, object]:
    device, opened = FAMILIES[family]
    watch = TraceWatch("d", CLOCK, family=family, port="/dev/ttyUSB0")
    seen = use(device(), opened, watch)
    return Trace(watch.header, watch.records()), seen


@pytest.mark.parametrize("family", list(FAMILIES))
def test_the_driver_finds_in_its_trace_the_device_that_was_recorded(family: str) -> None:
    trace, seen = recorded(family)
    for strict in (True, False):
        device = ReplayedDevice(trace, strict=strict)
        assert use(device, FAMILIES[family][1]) == seen
        assert device.script.mismatch is None
        assert device.script.finished is strict
        assert device.script.unknown == 0


@pytest.mark.parametrize("family", list(FAMILIES))
def test_the_trace_finds_the_device_as_it_was_recorded(family: str) -> None:
    trace, _ = recorded(family)
    world = SerialWorld()
    world.add("it", FAMILIES[family][0]())
    register(world)
    assert play(trace.records, open_serial("sim://it", 9600, "d", CLOCK), CLOCK) == ()


def test_a_device_that_answers_otherwise_is_found_out() -> None:
    trace, _ = recorded("escpos")
    printer = SimulatedReceiptPrinter()
    printer.condition = replace(printer.condition, paper_near_end=True)
    world = SerialWorld()
    world.add("it", printer)
    register(world)
    differences = play(trace.records, open_serial("sim://it", 9600, "d", CLOCK), CLOCK)
    assert "12 was recorded, 1E came" in str(differences[0])


# -- the command ----------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    trace, _ = recorded("sdt")
    path = tmp_path / "sdt.jsonl"
    path.write_text("\n".join([header_line(trace.header), *map(record_line, trace.records)]))
    return path


def run(*words: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(device_commands.app, ["replay", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_plays_the_driver(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "ANSWER_S", PATIENCE_S)
    with PtyPort(tmp_path / "port", SimulatedSdtReader(CLOCK)):
        assert run(file, "--as", "driver", "--at", tmp_path / "port") == (0, "as recorded\n", "")
    monkeypatch.setattr(player, "ANSWER_S", 0.1)  # to find out that nothing comes
    with PtyPort(tmp_path / "port", SimulatedReceiptPrinter()):
        code, out, _ = run(file, "--as", "driver", "--at", tmp_path / "port")
    assert code == 1
    assert "was recorded, nothing came" in out


@pytest.mark.parametrize(
    ("text", "problem"), [("", "is empty"), ("{}", "line 1 is no trace of version 1"), ("\xff", "line 1 is no JSON")]
)
def test_what_is_no_trace_is_a_sentence(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(text, encoding="utf-8")
    assert run(path, "--as", "device", "--at", tmp_path / "x") == (1, "", f"{path}: {problem}\n")


def test_a_missing_file_or_port_is_a_sentence(file: Path, tmp_path: Path) -> None:
    code, _, error = run(tmp_path / "none", "--as", "device", "--at", "x")
    assert (code, error) == (1, f"{tmp_path / 'none'}: No such file or directory\n")
    code, _, error = run(file, "--as", "driver", "--at", tmp_path / "none")
    assert code == 1
    assert "could not open port" in error
    code, _, error = run(file, "--as", "driver", "--at", "sim-usb://1209:0001")
    assert code == 1
