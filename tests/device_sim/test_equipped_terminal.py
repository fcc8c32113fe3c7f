"""The simulated terminal with every device: what hands do at each, where a card is, and what the state shows."""

import os
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from device_sim.control import ControlError, SimControl
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.kept_port import KeptPort
from device_sim.settings import (
    BarcodeScannerSettings,
    CameraSettings,
    CardReaderSettings,
    CardSettings,
    IdCardReaderSettings,
    PinPadSettings,
    PrinterSettings,
    SimSettings,
)
from device_sim.terminal import SimulatedTerminal
from tests.device_sim.simulated_terminal import Rig, open_terminal
from tests.patience import PATIENCE_S

DOCUMENT = Path(__file__).parents[2] / "docs" / "simulator.md"

INIT_591 = bytes.fromhex("F2 00 00 03 43 30 30 03 B1")  # facts/device-protocols.md 3a-1
ENTRY_591 = bytes.fromhex("F2 00 00 03 43 33 30 03 B2")
CAPTURE_591 = bytes.fromhex("F2 00 00 03 43 32 33 03 B0")
TO_GATE_591 = bytes.fromhex("F2 00 00 03 43 32 30 03 B3")


def equipped(settings: SimSettings, folder: Path) -> SimSettings:
    return replace(
        settings,
        card_reader=CardReaderSettings("crt-591", serial=folder / "card-reader", command_ms=0, stacker=2),
        id_card_reader=IdCardReaderSettings(usb="0400:c35a", answer_ms=0),
        pin_pad=PinPadSettings(folder / "pin-pad", answer_ms=0, key_loading_key="19" * 8 + "5B" * 8, pin_key="04" * 16),
        barcode_scanner=BarcodeScannerSettings(folder / "scanner"),
        camera=CameraSettings(0),
        cards=(
            *settings.cards,
            CardSettings("bank", kind="bank"),
            CardSettings("blank", kind="blank"),
            CardSettings("long", kind="too_long"),
            CardSettings("social", kind="social_security_3"),
        ),
    )


@pytest.fixture
def rig() -> Iterator[Rig]:
    with open_terminal(equip=equipped) as opened:
        yield opened


@pytest.fixture
def terminal(rig: Rig) -> SimulatedTerminal:
    return rig.terminal


def motor_reader(terminal: SimulatedTerminal) -> SimulatedCrt591:
    reader = terminal._devices.card_reader
    assert isinstance(reader, SimulatedCrt591)
    return reader


def open_gate(terminal: SimulatedTerminal) -> SimulatedCrt591:
    reader = motor_reader(terminal)
    reader.receive(INIT_591)
    reader.receive(ENTRY_591)
    return reader


# -- cards in the motor reader ----------------------------------------------------------------------------------


def test_a_card_goes_in_where_the_gate_is_open_and_comes_out_where_it_lets_go(terminal: SimulatedTerminal) -> None:
    with pytest.raises(ControlError, match="the card reader does not let the card in"):
        terminal.insert_card("bank")
    assert not terminal.state()["devices"]["card_reader"]["lets_in"]
    reader = open_gate(terminal)
    assert terminal.state()["devices"]["card_reader"]["lets_in"]
    terminal.insert_card("bank")
    assert terminal.state()["cards"]["bank"]["place"] == "card_reader"
    assert terminal.state()["devices"]["card_reader"] == {
        "card": "bank",
        "occupied": True,
        "lets_in": False,
        "position": "inside",
        "captured": 0,
    }
    with pytest.raises(ControlError, match="no card sticks out of the card reader"):
        terminal.pull_card()
    reader.receive(TO_GATE_591)
    assert terminal.pull_card() == {"card": "bank"}
    assert terminal.state()["cards"]["bank"]["place"] == "hand"


def test_a_card_is_in_one_place_only(terminal: SimulatedTerminal) -> None:
    open_gate(terminal)
    terminal.insert_card("social")
    with pytest.raises(ControlError, match="the card is in the card reader"):
        terminal.place_card("social")
    with pytest.raises(ControlError, match="there is a card in the card reader already"):
        terminal.insert_card("bank")
    terminal.place_card("transit")
    with pytest.raises(ControlError, match="the card is in the top up module"):
        terminal.insert_card("transit")


def test_captured_cards_come_out_of_the_bin_by_name(terminal: SimulatedTerminal) -> None:
    reader = open_gate(terminal)
    terminal.insert_card("bank")
    reader.receive(CAPTURE_591)
    state = terminal.state()
    assert state["cards"]["bank"]["place"] == "bin"
    assert state["devices"]["card_reader"]["captured"] == 1
    terminal.strike("card_reader", "card_forgotten")
    reader.receive(CAPTURE_591)
    assert terminal.empty_bin() == {"cards": ["bank", None]}
    assert terminal.empty_bin() == {"cards": []}


def test_a_card_that_is_too_long_stays_out(terminal: SimulatedTerminal) -> None:
    open_gate(terminal)
    with pytest.raises(ControlError, match="does not let the card in"):
        terminal.insert_card("long")
    assert terminal.state()["cards"]["long"]["place"] == "hand"


def test_a_card_without_a_coil_lies_unnoticed_on_the_top_up_module(terminal: SimulatedTerminal) -> None:
    terminal.place_card("blank")
    assert terminal.state()["on_reader"] == "blank"
    assert terminal._reader.card is None
    with pytest.raises(ControlError, match="a card lies on the reader already"):
        terminal.place_card("transit")
    terminal.take_card()
    assert terminal.state()["on_reader"] is None
    with pytest.raises(ControlError, match="no card lies on the reader"):
        terminal.take_card()


def test_the_card_in_the_card_reader_can_be_torn(terminal: SimulatedTerminal) -> None:
    open_gate(terminal)
    terminal.insert_card("bank")
    terminal.tear_card("before_commit")
    assert terminal.state()["cards"]["bank"]["tears"] == "before_commit"
    terminal.tear_card("after_commit", "social")
    assert terminal.state()["cards"]["social"]["tears"] == "after_commit"
    with pytest.raises(ControlError, match="no card 'library'"):
        terminal.tear_card("never", "library")


@pytest.mark.parametrize("model", ["crt-310", "crt-288k", "crt-571"])
def test_the_other_card_readers_take_the_same_cards(model: str) -> None:
    def with_reader(settings: SimSettings, folder: Path) -> SimSettings:
        place: dict[str, Any] = {"usb": "23d8:0285"} if model == "crt-288k" else {"serial": folder / "reader"}
        return replace(equipped(settings, folder), card_reader=CardReaderSettings(model, **place))  # type: ignore[arg-type]

    with open_terminal(equip=with_reader) as rig:
        if model == "crt-571":
            open_gate(rig.terminal)
            rig.terminal._devices.card_reader.seconds = 0  # type: ignore[union-attr]
            assert rig.terminal.state()["devices"]["card_reader"]["card"] is None
            return
        rig.terminal.insert_card("bank")
        assert rig.terminal.state()["cards"]["bank"]["place"] == "card_reader"
        if model == "crt-310":
            rig.terminal.strike("card_reader", "card_pulled")
            assert rig.terminal.state()["cards"]["bank"]["place"] == "hand"
        else:
            with pytest.raises(ControlError, match="has no bin"):
                rig.terminal.empty_bin()
            assert rig.terminal.pull_card() == {"card": "bank"}


# -- the other devices ----------------------------------------------------------------------------------------


def test_id_cards_are_laid_on_by_name(terminal: SimulatedTerminal) -> None:
    terminal.place_id_card("citizen")
    assert terminal.state()["devices"]["id_card_reader"] == {"card": "citizen"}
    with pytest.raises(ControlError, match="an ID card lies on the reader already"):
        terminal.place_id_card("foreigner_2023")
    terminal.take_id_card()
    with pytest.raises(ControlError, match="no ID card lies on the reader"):
        terminal.take_id_card()
    with pytest.raises(ControlError, match="no ID card 'king'; there are citizen, elderly_citizen"):
        terminal.place_id_card("king")


def test_keys_are_pressed_and_a_wrong_one_is_not_named(terminal: SimulatedTerminal) -> None:
    terminal.press(["1", "2", "enter", "clear", "cancel", "f1"])
    with pytest.raises(ControlError) as refusal:
        terminal.press(["1234"])
    assert "1234" not in str(refusal.value)
    assert terminal.state()["devices"]["pin_pad"] == {"waits_for": None}


def test_a_code_is_scanned_where_there_is_light(rig: Rig) -> None:
    scanner = rig.terminal._devices.barcode_scanner
    assert scanner is not None
    rig.terminal.strike("barcode_scanner", "unplug")  # or the pty carries the code away
    rig.terminal.scan("https://example.com", "Q1")
    assert scanner.idle() == b"https://example.com\r"
    scanner._light = False
    with pytest.raises(ControlError, match="the scanner is dark"):
        rig.terminal.scan("more")


def test_a_document_is_laid_turned_and_taken_under_the_camera(terminal: SimulatedTerminal) -> None:
    terminal.lay_document(angle=10)
    terminal.turn_document(-20)
    assert terminal.state()["devices"]["camera"]["document"] == "specimen"
    terminal.take_document()
    with pytest.raises(ValueError, match="there is no card on the desk"):
        terminal.take_document()
    url = terminal.state()["devices"]["camera"]["url"]
    port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/video", url)[1])  # type: ignore[index]
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S):
        pass
    terminal.strike("camera", "unplug")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), PATIENCE_S)


def test_every_device_is_a_unit_whose_every_fault_strikes_and_is_mended(terminal: SimulatedTerminal) -> None:
    names = list(terminal.state()["faults"])
    assert names == [
        "top_up_module",
        "receipt_printer",
        "card_reader",
        "id_card_reader",
        "pin_pad",
        "barcode_scanner",
        "camera",
    ]
    for name in names:
        for fault in terminal._units[name].faults:
            terminal.strike(name, fault)
        terminal.mend(name)
        assert terminal.state()["faults"][name] == []


def test_devices_that_are_not_there_are_refused_by_name() -> None:
    with open_terminal() as rig:
        for act, device in (
            (lambda: rig.terminal.insert_card("transit"), "card reader"),
            (rig.terminal.pull_card, "card reader"),
            (rig.terminal.take_id_card, "ID-card reader"),
            (lambda: rig.terminal.press(["1"]), "PIN pad"),
            (lambda: rig.terminal.scan("code"), "barcode scanner"),
            (rig.terminal.take_document, "camera"),
        ):
            with pytest.raises(ControlError, match=f"this terminal has no {device}"):
                act()
        assert rig.terminal.state()["devices"] == {}


def test_the_new_actions_go_over_the_socket_and_nothing_private_comes_back(rig: Rig) -> None:
    open_gate(rig.terminal)
    sim = SimControl(rig.control)
    sim.do("insert_card", card="bank")
    sim.do("place_id_card", card="citizen")
    sim.do("press", keys=["1", "enter"])
    sim.do("scan", code="code")
    sim.do("lay_document", document="citizen", side="back", angle=1.5)
    sim.do("turn_over_document")
    text = repr(sim.do("state"))
    sim.close()
    assert not re.search(r"\d{13,}", text)
    assert "甄模拟" not in text


# -- settings ---------------------------------------------------------------------------------------------------


def test_ports_are_where_the_settings_say_and_gone_afterwards() -> None:
    with KeptPort() as kept:

        def on_tcp(settings: SimSettings, folder: Path) -> SimSettings:
            return replace(equipped(settings, folder), receipt_printer=PrinterSettings(tcp=kept.number, dots_per_s=0))

        place = "127.0.0.1", kept.number
        with open_terminal(equip=on_tcp) as rig:
            for name in ("card-reader", "pin-pad", "scanner"):
                assert os.path.lexists(rig.folder / name)
            with socket.create_connection(place, PATIENCE_S) as printer:
                printer.sendall(b"\x10\x04\x01")  # DLE EOT 1
                assert printer.recv(1) == b"\x12"  # facts/device-protocols.md 3c: all is well
            rig.terminal.strike("receipt_printer", "unplug")
            with pytest.raises(OSError, match="refused"):
                socket.create_connection(place, PATIENCE_S)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(place, PATIENCE_S)


def test_a_faster_terminal_has_quicker_mechanics() -> None:
    def quick(settings: SimSettings, folder: Path) -> SimSettings:
        reader = CardReaderSettings("crt-310", serial=folder / "reader", command_ms=300)
        return replace(settings, card_reader=reader, speed=3.0)

    with open_terminal(equip=quick) as rig:
        reader = rig.terminal._devices.card_reader
        assert isinstance(reader, SimulatedCrt310)
        assert reader._seconds == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("kind", "given", "problem"),
    [
        (CardReaderSettings, {"model": "crt-591"}, "the card reader needs one of serial, usb"),
        (CardReaderSettings, {"model": "crt-591", "usb": "23d8:0285"}, "a crt-591 needs serial"),
        (CardReaderSettings, {"model": "crt-288k", "serial": "x"}, "a crt-288k needs usb"),
        (CardReaderSettings, {"model": "crt-1", "serial": "x"}, "Input should be 'crt-591'"),
        (IdCardReaderSettings, {"serial": "x", "usb": "0400:c35a"}, "the ID-card reader needs one of serial, usb"),
        (PinPadSettings, {"serial": "x", "pin_key": "12"}, "String should match pattern"),
        (CameraSettings, {"port": 70000}, "less than or equal to 65535"),
    ],
)
def test_a_setting_that_is_wrong_says_why(kind: type, given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        TypeAdapter(kind).validate_python(given, strict=False)


def test_a_card_of_no_kind_or_with_a_purse_that_it_lacks_is_refused() -> None:
    for card, problem in (
        (CardSettings("x", kind="library"), "no kind of card 'library'; there are bad_tracks, bank, blank"),
        (CardSettings("x", balance_fen=1, kind="blank"), "this kind of card has no purse"),
    ):
        with (
            pytest.raises(ValueError, match=problem),
            open_terminal(
                equip=lambda settings, _, card=card: replace(settings, cards=(card,))  # type: ignore[misc]
            ),
        ):
            pass


def test_keys_and_numbers_do_not_show_in_settings(rig: Rig) -> None:
    shown = repr(rig.settings)
    for secret in ("0404040404", "1919191919", "3104870000012345678"):
        assert secret not in shown


def test_the_document_names_every_setting_and_fault_of_the_devices(rig: Rig) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    settings = rig.settings
    for table in (
        settings.card_reader,
        settings.id_card_reader,
        settings.pin_pad,
        settings.barcode_scanner,
        settings.camera,
    ):
        for key in vars(table):
            assert f"`{key}`" in text, key
    for unit in rig.terminal._units.values():
        for fault in unit.faults:
            assert f"`{fault}`" in text, f"{unit.name}: {fault}"
    for device in rig.terminal.state()["devices"].values():
        for key in device:
            assert f"`{key}`" in text, key
