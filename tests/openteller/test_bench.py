"""The test bench: our own drivers reach every device by the port that it names, and the faults and traces are true."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import serial

from device_sim.actions import ControlError
from device_sim.sdt_reader import CITIZEN
from device_sim.unit import UnknownFaultError
from drivers.registry import Place, models
from kiosk_core.device import Device
from kiosk_core.errors import DeviceFault, DeviceUnavailable
from kiosk_core.id_card_reader import IdCard
from kiosk_core.receipt import Receipt, TextLine
from kiosk_core.trace import What, parse_trace
from openteller.bench import Bench, BenchError, FaultWish, Simulated
from openteller.config import load_terminal
from openteller.core import Core
from tests.clocks import RealClock
from tests.openteller.branch import Customer
from tests.openteller.paying_by_card import go_to_pin, type_pin
from tests.patience import PATIENCE_S, until


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench() as bench:
        yield bench


def driver_for(simulated: Simulated[Any], model: str) -> Device:
    place = Place(simulated.name, simulated.port, None, RealClock(), usb_backend=lambda _: None)
    return models()[model].open(place)


DEVICES: dict[str, tuple[Callable[[Bench], Simulated[Any]], str]] = {
    "serial printer": (Bench.receipt_printer, "escpos-80mm"),
    "network printer": (Bench.network_printer, "escpos-80mm"),
    "usb printer": (Bench.usb_printer, "escpos-80mm"),
    "crt-591": (Bench.crt591, "crt-591"),
    "crt-310": (Bench.crt310, "crt-310"),
    "crt-288k": (Bench.crt288k, "crt-288k"),
    "id card reader": (Bench.id_card_reader, "sdt"),
    "contactless reader": (Bench.contactless_reader, "ccid-t-union"),
    "pin pad": (Bench.pin_pad, "pp791"),
}


@pytest.mark.parametrize("name", DEVICES)
def test_our_driver_works_at_the_port_and_the_trace_shows_what_passed(bench: Bench, name: str) -> None:
    plug, model = DEVICES[name]
    simulated = plug(bench)
    driver = driver_for(simulated, model)
    try:
        driver.status()
        driver.self_test()
    finally:
        driver.close()
    passed = {record.what for record in simulated.trace.records()}
    assert {What.OUT, What.IN} <= passed


@pytest.mark.parametrize("name", DEVICES)
def test_a_plug_can_be_pulled(bench: Bench, name: str) -> None:
    plug, model = DEVICES[name]
    simulated = plug(bench)
    simulated.strike("unplug")
    with pytest.raises(DeviceUnavailable):
        driver_for(simulated, model)
    simulated.mend("unplug")
    driver_for(simulated, model).close()


def test_a_barcode_scanner_reads_what_is_held_before_it(bench: Bench) -> None:
    scanner = bench.barcode_scanner()
    with serial.Serial(scanner.port, timeout=PATIENCE_S) as port:
        assert scanner.device.show(b"4006381333931")
        assert b"4006381333931" in port.read_until(b"\r")
    assert all(record.octets.hidden for record in scanner.trace.records())  # nobody said what of it may be shown


def test_an_id_card_is_read_and_not_in_the_trace(bench: Bench) -> None:
    reader = bench.id_card_reader()
    reader.device.place(CITIZEN)
    driver = driver_for(reader, "sdt")
    card = driver.read_card()  # type: ignore[attr-defined]
    driver.close()
    assert isinstance(card, IdCard)
    trace = bench.trace_of("id_card_reader")
    for secret in (card.name.reveal(), card.number.reveal()):
        assert secret.encode("utf-16-le").hex() not in trace
    assert any(record.octets.hidden for record in reader.trace.records())


def test_what_a_cable_did_is_in_the_trace_as_the_host_saw_it(bench: Bench) -> None:
    printer = bench.receipt_printer()
    printer.strike("duplicate")
    printer.strike("drop", towards="device")
    with serial.Serial(printer.port, timeout=0.2) as port:
        port.write(b"\x10\x04\x01")  # DLE EOT 1: dropped
        until(lambda: "drop" not in printer.unit.active)
        assert port.read(1) == b""
        port.timeout = PATIENCE_S
        port.write(b"\x10\x04\x04")  # DLE EOT 4: the answer comes twice
        assert len(port.read(2)) == 2
    trace = parse_trace(bench.trace_of("receipt_printer").splitlines())
    assert trace.header.family == "escpos"
    passed = [(record.what, record.octets.data) for record in trace.records]
    assert passed == [
        (What.OUT, b"\x10\x04\x01"),
        (What.OUT, b"\x10\x04\x04"),
        (What.IN, b"\x12\x12"),  # paper is there
    ]


def test_two_devices_of_a_kind_have_two_ports_and_two_traces(bench: Bench) -> None:
    one, other = bench.receipt_printer(), bench.receipt_printer()
    assert one.port != other.port
    assert list(bench.traces) == ["receipt_printer", "receipt_printer-2"]


# -- faults that are wished for ----------------------------------------------------------------------------------


def test_a_fault_strikes_as_soon_as_its_device_is_there() -> None:
    with Bench([FaultWish("receipt_printer", "paper_out", {})]) as bench:
        printer = bench.receipt_printer()
        bench.expect_wishes_fulfilled()
        assert printer.unit.active == ("paper_out",)
        driver = driver_for(printer, "escpos-80mm")
        with pytest.raises(DeviceFault, match="paper_out"):
            driver.print(Receipt((TextLine("x"),)))  # type: ignore[attr-defined]
        driver.close()


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (
            FaultWish("receipt_printer", "coffee", {}),
            "receipt_printer knows no fault 'coffee'; there are buffer_full, ",
        ),
        (FaultWish("receipt_printer", "drop", {"tims": 2}), "unexpected keyword argument 'tims'"),
        (FaultWish("receipt_printer", "drop", {"towards": "moon"}), "'moon' is not a valid Towards"),
    ],
)
def test_a_fault_that_cannot_be_is_told(wish: FaultWish, error: str) -> None:
    with Bench([wish]) as bench, pytest.raises(BenchError) as caught:
        bench.receipt_printer()
    assert str(caught.value).startswith(f"fault('receipt_printer', '{wish.fault}'")
    assert error in str(caught.value)


def test_a_fault_without_its_device_is_told() -> None:
    with Bench([FaultWish("printer", "paper_out", {"times": 2})]) as bench:
        bench.receipt_printer()
        with pytest.raises(BenchError, match=r"fault\('printer', 'paper_out', times=2\): .* there are receipt_printer"):
            bench.expect_wishes_fulfilled()


def test_hands_that_strike_a_fault_that_is_none_are_told(bench: Bench) -> None:
    with pytest.raises(UnknownFaultError, match="receipt_printer knows no fault 'coffee'"):
        bench.receipt_printer().strike("coffee")


# -- a whole terminal --------------------------------------------------------------------------------------------


def test_a_terminal_stands_with_its_faults_and_our_drivers_work_with_it() -> None:
    with Bench([FaultWish("receipt_printer", "paper_near_end", {})]) as bench:
        terminal = bench.terminal()
        bench.expect_wishes_fulfilled()
        assert terminal.state["faults"]["receipt_printer"] == ["paper_near_end"]
        assert set(terminal.ports) == set(terminal.state["faults"])
        terminal.do("place_card", card="transit")
        with pytest.raises(ControlError, match="a card lies on the reader already"):
            terminal.do("place_card", card="transit")
        for name, port in terminal.ports.items():
            place = Place(name, port, None, RealClock(), lambda _: terminal.usb_backend)
            driver = models()[terminal.models[name]].open(place)
            driver.status()
            driver.close()
        assert any(record.what is What.IN for record in bench.traces["top_up_module"].records())
        assert parse_trace(bench.trace_of("receipt_printer").splitlines()).header.family == "escpos"
        assert parse_trace(bench.trace_of("top_up_module").splitlines()).header.family == "ccid"
        assert load_terminal(terminal.kiosk_toml).terminal.simulated


@pytest.mark.slow
def test_a_customer_pays_by_bank_card_at_a_terminal(bench: Bench) -> None:
    terminal = bench.terminal()
    core_socket = load_terminal(terminal.kiosk_toml).core.socket
    with Core(terminal.kiosk_toml, RealClock()) as core:
        thread = threading.Thread(target=core.run)
        thread.start()
        customer = Customer(core_socket)
        try:
            branch: Any = SimpleNamespace(sim=terminal.terminal, core_socket=core_socket)
            go_to_pin(branch, customer)
            type_pin(branch)
            assert customer.see("result").title.key == "top_up.loaded.title"
        finally:
            customer.close()
            core.stop()
            thread.join()
    assert terminal.state["cards"]["transit"]["balance_fen"] == 2_350 + 5_000
    assert "9999990000000000014" not in bench.trace_of("card_reader")


def test_a_fault_that_a_terminal_cannot_have_is_told() -> None:
    with (
        Bench([FaultWish("receipt_printer", "drop", {"chance": 2.0})]) as bench,
        pytest.raises(BenchError, match=r"chance: input should be less than or equal to 1"),
    ):
        bench.terminal()


def test_nothing_is_left_behind() -> None:
    with Bench() as bench:
        path = Path(bench.receipt_printer().port)
        folder = path.parent
        bench.terminal()
        assert path.exists()
    assert not folder.exists()
