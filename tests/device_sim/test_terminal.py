"""The simulated terminal: what hands, technicians and bad luck can do, and what its state then says."""

import inspect
import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image
from pydantic import TypeAdapter, ValidationError

from device_sim.bank_faults import BankFault
from device_sim.cards.lasting import Tear
from device_sim.control import ControlError, SimControl
from device_sim.settings import AccountSettings, PinPadSettings, PrinterSettings, SimSettings
from device_sim.terminal import SimulatedTerminal
from host_link.link import HostLink
from host_link.software_keys import MacAlgorithm, SoftwareMacKeys
from host_link.tls import TlsConnector, TlsSettings
from kiosk_core.ports import QrOrder
from tests.bank import TRACE, Purse
from tests.clocks import RealClock
from tests.device_sim.simulated_terminal import ORDER, Rig, open_order, open_terminal, print_receipt
from wire.settlement import BookingKind
from wire.settlement import decode as decode_settlement

DOCUMENT = Path(__file__).parents[2] / "docs" / "simulator.md"


@pytest.fixture
def rig() -> Iterator[Rig]:
    with open_terminal() as opened:
        yield opened


@pytest.fixture
def terminal(rig: Rig) -> SimulatedTerminal:
    return rig.terminal


# -- cards ---------------------------------------------------------------------------------------------------


def test_state_shows_cards_masked_and_nothing_on_the_reader(terminal: SimulatedTerminal) -> None:
    state = terminal.state()
    assert state["on_reader"] is None
    assert state["cards"]["transit"] == {
        "about": "T-Union transit card",
        "place": "hand",
        "number": "310487*********5678",
        "balance_fen": 2_350,
        "counter": 0,
        "tears": "never",
    }


def test_a_card_is_laid_on_and_taken_off(terminal: SimulatedTerminal) -> None:
    terminal.place_card("transit")
    assert terminal.state()["on_reader"] == "transit"
    terminal.take_card()
    assert terminal.state()["on_reader"] is None


def test_a_second_card_is_refused(terminal: SimulatedTerminal) -> None:
    terminal.place_card("transit")
    with pytest.raises(ControlError, match="a card lies on the reader already"):
        terminal.place_card("nearly_full")
    assert terminal.state()["on_reader"] == "transit"


def test_an_unknown_card_is_refused_with_the_names_of_all(terminal: SimulatedTerminal) -> None:
    with pytest.raises(ControlError, match="no card 'library'; there are transit, nearly_full"):
        terminal.place_card("library")


def test_what_does_not_lie_there_cannot_be_taken_or_torn(terminal: SimulatedTerminal) -> None:
    with pytest.raises(ControlError, match="no card lies on the reader"):
        terminal.take_card()
    with pytest.raises(ControlError, match="no card lies on the reader"):
        terminal.tear_card("before_commit")


def test_of_many_hands_only_one_lays_its_card_on(terminal: SimulatedTerminal) -> None:
    refused: list[ControlError] = []
    ready = threading.Barrier(8)

    def place() -> None:
        ready.wait()
        try:
            terminal.place_card("transit")
        except ControlError as error:
            refused.append(error)

    threads = [threading.Thread(target=place) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7


def test_a_tear_is_set_seen_and_called_off(terminal: SimulatedTerminal) -> None:
    terminal.place_card("transit")
    terminal.tear_card("after_commit")
    assert terminal.state()["cards"]["transit"]["tears"] == "after_commit"
    assert terminal._cards.card("transit").plastic.tearing.next is Tear.AFTER_COMMIT
    terminal.tear_card("never")
    assert terminal.state()["cards"]["transit"]["tears"] == "never"
    assert terminal._cards.card("transit").plastic.tearing.next is None


# -- phone and receipt ---------------------------------------------------------------------------------------


def test_the_phone_pays_the_latest_order_that_can_be_paid(terminal: SimulatedTerminal) -> None:
    open_order(terminal, "T0000001-000041")
    open_order(terminal, "T0000001-000042")
    assert [order["payable"] for order in terminal.state()["orders"]] == [True, True]
    assert terminal.pay() == {"order": "T0000001-000042"}
    assert terminal.pay() == {"order": "T0000001-000041"}
    with pytest.raises(ControlError, match="there is no order to pay"):
        terminal.pay()
    assert [(order["payable"], order["paid"]) for order in terminal.state()["orders"]] == [(False, True)] * 2


def test_the_phone_pays_the_order_that_is_named(terminal: SimulatedTerminal) -> None:
    open_order(terminal, "T0000001-000041")
    open_order(terminal, "T0000001-000042")
    assert terminal.pay("T0000001-000041") == {"order": "T0000001-000041"}
    with pytest.raises(ControlError, match="the order T0000001-000041 cannot be paid"):
        terminal.pay("T0000001-000041")
    with pytest.raises(ControlError, match="the order X cannot be paid"):
        terminal.pay("X")


def test_receipts_are_taken_oldest_first(rig: Rig) -> None:
    print_receipt(rig.terminal, "first")
    print_receipt(rig.terminal, "second")
    assert rig.terminal.state()["receipts"] == 2
    picture = rig.folder / "first.png"
    assert rig.terminal.take_receipt(str(picture)) == {"text": "first"}
    with Image.open(picture) as paper:
        assert paper.width > 576
    assert rig.terminal.take_receipt() == {"text": "second"}
    with pytest.raises(ControlError, match="there is no receipt"):
        rig.terminal.take_receipt()


# -- bad luck ------------------------------------------------------------------------------------------------


def test_faults_are_told_until_they_are_mended(terminal: SimulatedTerminal) -> None:
    terminal.strike("receipt_printer", "paper_out")
    terminal.strike("receipt_printer", "cover_open")
    terminal.strike("top_up_module", "late", times=2, seconds=0.1, towards="device")
    assert terminal.state()["faults"] == {"top_up_module": ["late"], "receipt_printer": ["paper_out", "cover_open"]}
    terminal.mend("receipt_printer", "paper_out")
    assert terminal.state()["faults"]["receipt_printer"] == ["cover_open"]
    terminal.mend()
    assert terminal.state()["faults"] == {"top_up_module": [], "receipt_printer": []}


def test_a_fault_that_is_none_is_refused_with_those_that_there_are(terminal: SimulatedTerminal) -> None:
    with pytest.raises(ControlError, match="receipt_printer knows no fault 'jame'; there are buffer_full, busy"):
        terminal.strike("receipt_printer", "jame")
    with pytest.raises(ControlError, match="top_up_module knows no fault 'paper_out'"):
        terminal.mend(None, "paper_out")


def test_the_bank_keeps_the_faults_that_are_not_named(terminal: SimulatedTerminal) -> None:
    terminal.set_bank(silent=True, delay_s=2, declines_next="51")
    terminal.set_bank(loses_answers=True, wrong_mac2=True)
    terminal.set_bank(silent=False)
    assert terminal.state()["bank"] == {
        "silent": False,
        "loses_answers": True,
        "delay_s": 2,
        "declines_next": "51",
        "wrong_mac2": True,
        "faults": ["answer_late", "declined", "answer_lost", "wrong_mac2"],
    }
    terminal.set_bank(declines_next="")
    assert terminal.state()["bank"]["declines_next"] is None


def test_a_fault_befalls_the_bank_as_often_as_is_said_and_can_be_mended(terminal: SimulatedTerminal) -> None:
    terminal.strike_bank("answer_twice", request="confirm", times=2)
    terminal.strike_bank("clock_skew", seconds=-86_400, times=None)
    assert terminal.state()["bank"]["faults"] == ["answer_twice", "clock_skew"]
    terminal.mend("bank", "clock_skew")
    assert terminal.state()["bank"]["faults"] == ["answer_twice"]
    terminal.strike("receipt_printer", "paper_out")
    terminal.mend("bank")
    assert terminal.state()["bank"]["faults"] == []
    assert terminal.state()["faults"]["receipt_printer"] == ["paper_out"]
    terminal.strike_bank("restart")
    terminal.mend()
    assert terminal.state()["bank"]["faults"] == []


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"fault": "robbery"}, "the bank knows no fault 'robbery'; there are answer_cut, answer_half, "),
        ({"fault": "request_lost", "request": "loan"}, "there is no request 'loan'; there are echo, "),
        ({"fault": "answer_late", "seconds": -1.0}, "no answer comes before its request; seconds must be 0 or more"),
    ],
)
def test_what_cannot_befall_the_bank_is_refused(
    terminal: SimulatedTerminal, wish: dict[str, Any], refusal: str
) -> None:
    with pytest.raises(ControlError, match=re.escape(refusal)):
        terminal.strike_bank(**wish)
    with pytest.raises(ControlError, match="the bank knows no fault 'robbery'"):
        terminal.mend("bank", "robbery")
    assert terminal.state()["bank"]["faults"] == []


def test_the_settlement_of_a_day_can_be_looked_at_and_saved(terminal: SimulatedTerminal, tmp_path: Path) -> None:
    open_order(terminal)
    terminal.pay()
    told = terminal.settlement()
    assert told["bookings"] == 1
    assert [entry.kind for entry in decode_settlement(told["text"].encode()).entries] == [BookingKind.PAYMENT]
    assert terminal.settlement(file=str(tmp_path / "settlement.txt")) == {"bookings": 1}
    assert (tmp_path / "settlement.txt").read_text(encoding="utf-8") == told["text"]
    assert "T|0|000000000000|" in terminal.settlement(day="20200101")["text"]
    with pytest.raises(ControlError, match="20261350 is no day"):
        terminal.settlement(day="20261350")


@pytest.mark.parametrize("printer_usb", [None, "1209:0002"])
@pytest.mark.parametrize("device", ["top_up_module", "receipt_printer"])
def test_an_unplugged_device_is_told(device: str, printer_usb: str | None) -> None:
    with open_terminal(printer_usb=printer_usb) as rig:
        for _ in range(2):
            rig.terminal.strike(device, "unplug")
            assert rig.terminal.state()["faults"][device] == ["unplug"]
        for _ in range(2):
            rig.terminal.mend(device)
            assert rig.terminal.state()["faults"][device] == []


def test_an_unplugged_printer_on_a_serial_line_has_no_port(rig: Rig) -> None:
    assert os.path.lexists(rig.serial)
    rig.terminal.strike("receipt_printer", "unplug")
    assert not os.path.lexists(rig.serial)
    rig.terminal.mend("receipt_printer", "unplug")
    assert os.path.lexists(rig.serial)


def test_an_unknown_device_is_refused(terminal: SimulatedTerminal) -> None:
    with pytest.raises(ControlError, match="no device 'toaster'; there are top_up_module, receipt_printer"):
        terminal.strike("toaster", "unplug")


# -- the socket and the settings -------------------------------------------------------------------------------


def test_everything_can_be_done_over_the_socket(rig: Rig) -> None:
    open_order(rig.terminal)
    print_receipt(rig.terminal)
    sim = SimControl(rig.control)
    sim.do("place_card", card="transit")
    sim.do("tear_card", when="before_commit")
    sim.do("take_card")
    assert sim.do("pay")["order"] == ORDER
    assert sim.do("take_receipt")["text"] == "Topped up"
    sim.do("strike", device="receipt_printer", fault="paper_out")
    sim.do("bank", delay_s=0.5)
    sim.do("strike", device="top_up_module", fault="unplug")
    state = sim.do("state")
    sim.do("mend")
    sim.close()
    assert state["bank"]["delay_s"] == 0.5
    assert state["faults"] == {"top_up_module": ["unplug"], "receipt_printer": ["paper_out"]}
    assert state["ok"] is True


@pytest.mark.parametrize(
    ("action", "arguments", "error"),
    [
        ("tear_card", {"when": "soon"}, "when: input should be 'before_commit', 'after_commit' or 'never'"),
        ("strike", {"device": "receipt_printer"}, "fault: missing required argument"),
        (
            "strike",
            {"device": "receipt_printer", "fault": "late", "chance": 2},
            "chance: input should be less than or equal to 1",
        ),
        ("mend", {"devices": "all"}, "devices: unexpected keyword argument"),
        ("bank", {"delay_s": -1}, "delay_s: input should be greater than or equal to 0"),
        ("bank", {"declines_next": "no money"}, "declines_next: string should match pattern '^([0-9A-Z]{2})?$'"),
        ("take_receipt", {"picture": 1}, "picture: input should be a valid string"),
    ],
)
def test_a_wrong_argument_changes_nothing(rig: Rig, action: str, arguments: dict[str, object], error: str) -> None:
    sim = SimControl(rig.control)
    before = sim.do("state")
    with pytest.raises(ControlError) as refusal:
        sim.do(action, **arguments)
    assert str(refusal.value) == error
    assert sim.do("state") == before
    sim.close()


def test_no_card_number_leaves_the_simulator_unmasked(rig: Rig) -> None:
    sim = SimControl(rig.control)
    text = repr(sim.do("state"))
    sim.close()
    assert not re.search(r"\d{13,}", text)


@pytest.mark.parametrize("where", [{}, {"serial": "printer", "usb": "1209:0002"}])
def test_a_printer_is_in_exactly_one_place(where: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="the printer needs one of serial, usb, tcp"):
        TypeAdapter(PrinterSettings).validate_python(where, strict=False)


def test_two_cards_cannot_have_one_name(rig: Rig) -> None:
    cards = (rig.settings.cards[0], rig.settings.cards[0])
    with pytest.raises(ValueError, match="two cards have the same name"):
        replace(rig.settings, cards=cards)
    assert isinstance(rig.settings, SimSettings)


@pytest.mark.parametrize("half", [{"mac": "cmac"}, {"key_exchange_key": "00" * 16}])
def test_macs_need_an_algorithm_and_a_key_to_bring_keys_under(rig: Rig, half: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="mac and key_exchange_key go together"):
        replace(rig.settings.bank_host, **half)
    assert "00000000" not in repr(replace(rig.settings.bank_host, mac="cmac", key_exchange_key="00" * 16))


PIN = "918273"
PIN_KEY = "0123456789ABCDEFFEDCBA9876543210"


@pytest.mark.parametrize(
    ("cards", "error"),
    [
        (("library",), "every account of bank_host belongs to another card"),
        (("transit", "transit"), "every account of bank_host belongs to another card"),
        (("transit",), "need the pin_key or the key_loading_key of"),
    ],
)
def test_accounts_belong_to_a_card_each_and_need_a_key_for_pins(rig: Rig, cards: tuple[str, ...], error: str) -> None:
    accounts = tuple(AccountSettings(each, PIN, 0) for each in cards)
    bank = replace(rig.settings.bank_host, accounts=accounts)
    with pytest.raises(ValueError, match=error):
        replace(rig.settings, bank_host=bank)
    assert PIN not in repr(bank)


def test_a_card_without_a_bank_application_has_no_account() -> None:
    def with_account(settings: SimSettings, folder: Path) -> SimSettings:
        pad = PinPadSettings(folder / "pin-pad", pin_key=PIN_KEY)
        bank = replace(settings.bank_host, accounts=(AccountSettings("transit", PIN, 0),))
        return replace(settings, bank_host=bank, pin_pad=pad)

    with (
        pytest.raises(ValueError, match="the card 'transit' has no bank application"),
        open_terminal(equip=with_account),
    ):
        pass


@pytest.mark.parametrize("algorithm", ["cmac", "retail"])
def test_a_bank_with_macs_gives_keys_to_its_terminals(algorithm: Literal["cmac", "retail"]) -> None:
    def with_macs(settings: SimSettings, _: Path) -> SimSettings:
        return replace(settings, bank_host=replace(settings.bank_host, mac=algorithm, key_exchange_key="0F" * 16))

    with open_terminal(equip=with_macs) as rig:
        folder = rig.settings.bank_host.ca_file.parent
        port = rig.terminal.bank_port
        tls = TlsSettings(
            "127.0.0.1", port, folder / "ca.pem", folder / "client.pem", folder / "client.key", "localhost"
        )
        keys = SoftwareMacKeys(MacAlgorithm(algorithm), b"\x0f" * 16)
        link = HostLink(TlsConnector(tls, RealClock()), "T0000001", RealClock(), keys=keys)
        assert isinstance(link.order_qr(TRACE, Purse().init()), QrOrder)
        link.close()
        assert rig.terminal.pay() == {"order": TRACE.transaction}


# -- the document ----------------------------------------------------------------------------------------------


def test_the_document_describes_every_action_and_argument(terminal: SimulatedTerminal) -> None:
    _, _, actions = DOCUMENT.read_text(encoding="utf-8").partition("| action | arguments |")
    actions, _, _ = actions.partition("\n\n")
    rows = {match[1]: match[0] for match in re.finditer(r"^\| `(\w+)` \|.*$", actions, re.MULTILINE)}
    assert set(rows) == set(terminal.actions)
    for name, action in terminal.actions.items():
        for argument in inspect.signature(action).parameters:
            assert f"`{argument}`" in rows[name], f"docs/simulator.md does not name {argument} of {name}"


def test_the_document_names_every_fault_of_the_bank_and_every_kind_of_request() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    requests = ("order", "charge", "status", "load", "confirm", "reversal", "echo")
    for word in (*(each.value for each in BankFault), *requests):
        assert f"`{word}`" in text, word


def test_the_document_names_every_setting(rig: Rig) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    settings = rig.settings
    tables = (settings, settings.sockets, settings.top_up_module, settings.receipt_printer, settings.bank_host)
    for table in (*tables, settings.cards[0]):
        for key in vars(table):
            assert f"`{key}`" in text or f"[{key}]" in text or f"[[{key}]]" in text, key


def test_the_document_names_every_key_of_the_state(terminal: SimulatedTerminal) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for key in terminal.state():
        assert f"`{key}`" in text, key


def test_the_document_shows_true_conversations(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in re.findall(r"^    (\{.*\})$", text, re.MULTILINE)]
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rw") as stream:
        connection.connect(str(rig.control))
        for request, answer in zip(lines[::2], lines[1::2], strict=True):
            stream.write(json.dumps(request) + "\n")
            stream.flush()
            assert json.loads(stream.readline()) == answer
    rig.terminal.take_card()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(rig.folder)
    exec(example, {})
    assert capsys.readouterr().out == "there is no order to pay\n2350\n"
