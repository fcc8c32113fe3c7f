"""The pytest plugin: simulated devices as fixtures, their faults as markers, their traces in the reports of failures.

It is loaded by every pytest in its environment, so it imports nothing before a test asks for a fixture, and does
nothing to tests that ask for none. docs/ci.md.
"""

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from device_sim.barcode_scanner import SimulatedBarcodeScanner
    from device_sim.camera import SimulatedCamera
    from device_sim.ccid_reader import SimulatedCcidReader
    from device_sim.crt288k import SimulatedCrt288k
    from device_sim.crt310 import SimulatedCrt310
    from device_sim.crt591 import SimulatedCrt591
    from device_sim.receipt_printer import SimulatedReceiptPrinter
    from device_sim.sdt_reader import SimulatedSdtReader
    from openteller.bench import Bench, BenchTerminal, Simulated, SimulatedPinPad

_BENCH = pytest.StashKey["Bench"]()
_SHORT_NAMES = "openteller_short_names"
_TRACES = "--openteller-traces"
_RECORDS_IN_A_REPORT = 100
_MARKER = (
    "fault(device, name, *, times=1, chance=1.0, seconds=1.0, towards='host'):"
    " let a simulated device have a fault from the beginning of the test (OpenTeller)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's option and setting."""
    parser.addini(
        _SHORT_NAMES, "OpenTeller's fixtures also by short names: terminal, printer, card_reader, ...", "bool", False
    )
    parser.getgroup("openteller").addoption(
        _TRACES, metavar="DIR", help="Write the traces of simulated devices of failed tests to files in DIR."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker, and the short names where they are wanted."""
    config.addinivalue_line("markers", _MARKER)
    if config.getini(_SHORT_NAMES):
        config.pluginmanager.register(_ShortNames(), "openteller-short-names")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Refuse a test whose faults have no device."""
    yield
    if (bench := item.stash.get(_BENCH, None)) is not None:
        from openteller.bench import BenchError  # noqa: PLC0415

        try:
            bench.expect_wishes_fulfilled()
        except BenchError as error:
            pytest.fail(str(error), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the traces to the report of a test that failed."""
    report = yield
    bench = item.stash.get(_BENCH, None)
    if bench is not None and report.failed:
        for name in bench.traces:
            report.sections.append((f"openteller trace: {name}", bench.trace_of(name, _RECORDS_IN_A_REPORT)))
        if folder := item.config.getoption(_TRACES):
            _write(Path(folder), item.nodeid, bench)
    return report


def _write(folder: Path, nodeid: str, bench: "Bench") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    test = re.sub(r"[^\w.-]+", "_", nodeid)[-150:]
    for name in bench.traces:
        (folder / f"{test}.{name}.jsonl").write_text(bench.trace_of(name), encoding="utf-8")


@pytest.fixture
def openteller_bench(request: pytest.FixtureRequest) -> "Iterator[Bench]":
    """Make a bench for any number of simulated devices; `@pytest.mark.fault` strikes them."""
    from openteller.bench import Bench  # noqa: PLC0415

    with Bench(_wish(mark) for mark in request.node.iter_markers("fault")) as bench:
        request.node.stash[_BENCH] = bench
        yield bench
        del request.node.stash[_BENCH]


def _wish(mark: pytest.Mark) -> Any:
    from openteller.bench import FaultWish  # noqa: PLC0415

    match mark.args:
        case (str() as device, str() as fault):
            return FaultWish(device, fault, mark.kwargs)
    pytest.fail(f"pytest.mark.fault takes a device and a fault, not {mark.args}", pytrace=False)


@pytest.fixture
def openteller_terminal(openteller_bench: "Bench") -> "BenchTerminal":
    """Set up a whole simulated terminal: devices, cards, bank host, and the configuration of a core for it."""
    return openteller_bench.terminal()


@pytest.fixture
def openteller_printer(openteller_bench: "Bench") -> "Simulated[SimulatedReceiptPrinter]":
    """Plug in an ESC/POS receipt printer on a serial port."""
    return openteller_bench.receipt_printer()


@pytest.fixture
def openteller_network_printer(openteller_bench: "Bench") -> "Simulated[SimulatedReceiptPrinter]":
    """Plug in an ESC/POS receipt printer behind TCP."""
    return openteller_bench.network_printer()


@pytest.fixture
def openteller_usb_printer(openteller_bench: "Bench") -> "Simulated[SimulatedReceiptPrinter]":
    """Plug in an ESC/POS receipt printer on USB; pyusb finds it and nothing else."""
    return openteller_bench.usb_printer()


@pytest.fixture
def openteller_card_reader(openteller_bench: "Bench") -> "Simulated[SimulatedCrt591]":
    """Plug in a motor card reader CRT-591 on a serial port."""
    return openteller_bench.crt591()


@pytest.fixture
def openteller_crt310(openteller_bench: "Bench") -> "Simulated[SimulatedCrt310]":
    """Plug in a motor card reader CRT-310 on a serial port."""
    return openteller_bench.crt310()


@pytest.fixture
def openteller_crt288k(openteller_bench: "Bench") -> "Simulated[SimulatedCrt288k]":
    """Plug in a dip reader CRT-288K on USB; pyusb finds it and nothing else."""
    return openteller_bench.crt288k()


@pytest.fixture
def openteller_id_card_reader(openteller_bench: "Bench") -> "Simulated[SimulatedSdtReader]":
    """Plug in a resident ID-card reader on a serial port."""
    return openteller_bench.id_card_reader()


@pytest.fixture
def openteller_contactless_reader(openteller_bench: "Bench") -> "Simulated[SimulatedCcidReader]":
    """Plug in a contactless CCID reader on USB; pyusb finds it and nothing else."""
    return openteller_bench.contactless_reader()


@pytest.fixture
def openteller_barcode_scanner(openteller_bench: "Bench") -> "Simulated[SimulatedBarcodeScanner]":
    """Plug in a barcode and QR scanner on a serial port."""
    return openteller_bench.barcode_scanner()


@pytest.fixture
def openteller_pin_pad(openteller_bench: "Bench") -> "SimulatedPinPad":
    """Plug in a PIN pad PP791 on a serial port."""
    return openteller_bench.pin_pad()


@pytest.fixture
def openteller_camera() -> "Iterator[SimulatedCamera]":
    """Plug in a network camera above a desk."""
    from device_sim.camera import Desk, SimulatedCamera  # noqa: PLC0415

    with SimulatedCamera(Desk()) as camera:
        yield camera


class _ShortNames:
    """The same fixtures by the names that a suite of device drivers would like best."""

    @pytest.fixture
    def terminal(self, openteller_terminal: "BenchTerminal") -> "BenchTerminal":
        """openteller_terminal."""
        return openteller_terminal

    @pytest.fixture
    def printer(self, openteller_printer: Any) -> Any:
        """openteller_printer."""
        return openteller_printer

    @pytest.fixture
    def network_printer(self, openteller_network_printer: Any) -> Any:
        """openteller_network_printer."""
        return openteller_network_printer

    @pytest.fixture
    def usb_printer(self, openteller_usb_printer: Any) -> Any:
        """openteller_usb_printer."""
        return openteller_usb_printer

    @pytest.fixture
    def card_reader(self, openteller_card_reader: Any) -> Any:
        """openteller_card_reader."""
        return openteller_card_reader

    @pytest.fixture
    def id_card_reader(self, openteller_id_card_reader: Any) -> Any:
        """openteller_id_card_reader."""
        return openteller_id_card_reader

    @pytest.fixture
    def contactless_reader(self, openteller_contactless_reader: Any) -> Any:
        """openteller_contactless_reader."""
        return openteller_contactless_reader

    @pytest.fixture
    def barcode_scanner(self, openteller_barcode_scanner: Any) -> Any:
        """openteller_barcode_scanner."""
        return openteller_barcode_scanner

    @pytest.fixture
    def pin_pad(self, openteller_pin_pad: Any) -> Any:
        """openteller_pin_pad."""
        return openteller_pin_pad

    @pytest.fixture
    def camera(self, openteller_camera: Any) -> Any:
        """openteller_camera."""
        return openteller_camera
