"""The panel: what it shows of a real simulated terminal, and what a touch on it does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

# The panel's tests need no display; Qt must know before it starts. The screen's tests may run in the same process:
# a renderer can be chosen only once, so neither of them chooses.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_QUICK_BACKEND"] = "software"

from PyQt6.QtCore import QCoreApplication, QEvent, QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QFontDatabase, QImage, QMouseEvent, QRawFont
from PyQt6.QtQuick import QQuickItem

from device_sim.bank_faults import BankFault
from device_sim.control import SimControl
from device_sim.devices import (
    BARCODE_SCANNER,
    CAMERA,
    CARD_READER,
    ID_CARD_READER,
    PIN_PAD,
    PRINTER,
    READER,
)
from device_sim.misfortune import Fortune
from device_sim.panel import texts
from device_sim.panel.bytes_model import BytesModel
from device_sim.panel.hands import KEPT as RECEIPTS_KEPT
from device_sim.panel.hands import Hands
from device_sim.panel.listening import KEPT, SHOWN, Listening
from device_sim.panel.sight import NOTHING, STRANGER, look
from device_sim.panel.switches import BANK
from device_sim.panel.window import DRAWER, WIDTH, PanelWindow
from device_sim.settings import (
    BarcodeScannerSettings,
    CameraSettings,
    CardReaderSettings,
    CardSettings,
    IdCardReaderSettings,
    PinPadSettings,
    SimSettings,
)
from device_sim.tap import Tap
from device_sim.terminal import SimulatedTerminal
from device_sim.unit import Mishap, Unit
from kiosk_core.trace import Octets, What
from openteller.demo import write_configuration
from openteller.wire_reading import WireReading, families_of
from tests.clocks import SetClock
from tests.device_sim.simulated_terminal import Rig, open_order, open_terminal, print_receipt
from tests.patience import PATIENCE_S, until

pytestmark = [
    # Says the offscreen platform each time a window has a size.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]

CLOCK = SetClock(datetime(2026, 11, 22, 9, 41, tzinfo=UTC))
SMALL = QRect(0, 0, 1366, 768)
ALL = (READER, PRINTER, CARD_READER, ID_CARD_READER, PIN_PAD, BARCODE_SCANNER, CAMERA)


def equip(settings: SimSettings, folder: Path) -> SimSettings:
    """Give the terminal every device that there is."""
    return replace(
        settings,
        card_reader=CardReaderSettings("crt-310", serial=folder / "cards.tty", command_ms=0),
        id_card_reader=IdCardReaderSettings(usb="0400:c35a", answer_ms=0),
        pin_pad=PinPadSettings(folder / "pins.tty", answer_ms=0),
        barcode_scanner=BarcodeScannerSettings(folder / "codes.tty"),
        camera=CameraSettings(0),
        cards=(*settings.cards, CardSettings("bank", kind="bank"), CardSettings("mute", kind="mute_chip")),
    )


@pytest.fixture
def rig() -> Iterator[Rig]:
    with open_terminal() as opened:
        yield opened


@pytest.fixture
def terminal(rig: Rig) -> SimulatedTerminal:
    return rig.terminal


@pytest.fixture
def full() -> Iterator[Rig]:
    with open_terminal(equip=equip) as opened:
        yield opened


def faults_of(terminal: SimulatedTerminal) -> dict[str, tuple[str, ...]]:
    return {name: unit.faults for name, unit in terminal.units.items()}


# -- what there is to see, without a window ---------------------------------------------------------------------


def test_cards_show_name_masked_number_balance_and_where_they_are(terminal: SimulatedTerminal) -> None:
    terminal.place_card("nearly_full")
    first, second = look(terminal.state(), faults_of(terminal)).cards
    assert (first.title, first.number, first.balance, first.place) == ("Transit", "310487*********5678", "¥23.50", "")
    assert (second.title, second.balance, second.place) == ("Nearly full", "¥995.00", READER)


def test_the_amount_to_pay_is_that_of_the_order_which_the_phone_would_pay(terminal: SimulatedTerminal) -> None:
    hands = Hands(terminal, CLOCK)
    hands.choose(BANK)
    assert (hands.look().to_pay, hands.look().orders) == ("", [])
    open_order(terminal)
    assert (hands.look().to_pay, hands.look().orders[0].english) == ("¥50.00", "open")
    terminal.pay()
    assert (hands.look().to_pay, hands.look().orders[0].english) == ("", "paid")


def test_only_devices_that_the_terminal_has_are_seen(terminal: SimulatedTerminal, full: Rig) -> None:
    assert [each.name for each in look(terminal.state(), faults_of(terminal)).devices] == [READER, PRINTER, BANK]
    assert [each.name for each in look(full.terminal.state(), faults_of(full.terminal)).devices] == [*ALL, BANK]


def test_every_fault_of_every_device_is_a_switch_with_a_name_in_both_languages(full: Rig) -> None:
    hands = Hands(full.terminal, CLOCK)
    for device, unit in full.terminal.units.items():
        hands.choose(device)
        found = [switch for group in hands.look().groups for switch in group.switches]
        assert {switch.name for switch in found} - {"tear_before", "tear_after"} == set(unit.faults)
        for switch in found:
            assert switch.english, switch
            assert any("\u4e00" <= letter <= "\u9fff" for letter in switch.chinese), switch


def test_a_fault_or_a_device_without_a_text_shows_its_name() -> None:
    assert texts.fault_text("gremlin_inside", "camera") == texts.Text("Gremlin inside", "")
    assert texts.device_text("cash_dispenser") == texts.Text("Cash dispenser", "")
    assert texts.fault_text("slow", "camera") != texts.fault_text("slow", "receipt_printer")


@pytest.mark.parametrize("device", [*ALL, BANK])
def test_faults_of_a_device_begin_are_counted_and_end(full: Rig, device: str) -> None:
    hands = Hands(full.terminal, CLOCK)
    hands.act("place_card", card="transit")
    hands.choose(device)
    lasting = 0
    for group in hands.look().groups:
        for switch in group.switches:
            if not switch.possible or switch.name == "card_forgotten":
                continue
            hands.turn(switch.name, True)
            sight = hands.look()
            on = [each.name for groups in sight.groups for each in groups.switches if each.on]
            assert hands.problem == ""
            if on:
                assert (on, sight.troubles) == ([switch.name], 1)
                lasting += 1
            else:
                assert switch.english in hands.news, "what leaves nothing to be seen is told"
            hands.turn(switch.name, False)
            assert hands.look().troubles == 0
    assert lasting >= 3


def test_every_fault_of_the_bank_has_a_switch_with_its_name(terminal: SimulatedTerminal) -> None:
    hands = Hands(terminal, CLOCK)
    hands.choose(BANK)
    (group,) = hands.look().groups
    assert [switch.name for switch in group.switches] == [fault.value for fault in BankFault]
    assert all(switch.chinese for switch in group.switches)
    for switch in group.switches:
        hands.turn(switch.name, True)
        assert terminal.state()["bank"]["faults"] == [switch.name]
        hands.turn(switch.name, False)
        assert terminal.state()["bank"]["faults"] == []


def test_everything_is_mended_at_once(full: Rig) -> None:
    hands = Hands(full.terminal, CLOCK)
    hands.act("place_card", card="transit")
    for device, fault in ((READER, "tear_after"), (PRINTER, "cover_open"), (CAMERA, "black"), (BANK, "request_lost")):
        hands.choose(device)
        hands.turn(fault, True)
    assert hands.look().troubles == 4
    hands.mend_all()
    assert (hands.look().troubles, hands.problem) == (0, "")


def test_only_a_card_that_is_there_can_be_torn_out(terminal: SimulatedTerminal) -> None:
    hands = Hands(terminal, CLOCK)
    hands.choose(READER)
    switches = [switch for group in hands.look().groups for switch in group.switches]
    assert [switch.name for switch in switches if not switch.possible] == ["tear_before", "tear_after"]
    hands.turn("tear_before", True)
    assert hands.problem == "No card lies on the reader"


def test_a_refusal_is_a_line_until_something_succeeds(terminal: SimulatedTerminal) -> None:
    hands = Hands(terminal, CLOCK)
    hands.move_card("transit")
    assert hands.problem == ""
    hands.move_card("nearly_full")
    assert hands.problem == "A card lies on the reader already"
    hands.move_card("transit")
    assert hands.problem == ""
    hands.act("pay")
    assert hands.problem == "There is no order to pay"
    assert not hands.take_receipt()
    assert hands.problem == "There is no receipt"
    assert hands.receipts == []


def test_a_card_goes_where_one_is_and_comes_back_from_where_it_is(full: Rig) -> None:
    terminal, hands = full.terminal, Hands(full.terminal, CLOCK)
    hands.choose(CARD_READER)
    hands.move_card("bank")
    sight = hands.look()
    assert (hands.problem, next(each.place for each in sight.cards if each.name == "bank")) == ("", CARD_READER)
    reader = next(each for each in sight.devices if each.name == CARD_READER)
    assert (reader.card, reader.at_gate) == (2, False)
    terminal._devices.card_reader.tear_out()  # type: ignore[union-attr]
    hands.turn("card_forgotten", True)
    assert next(each.card for each in hands.look().devices if each.name == CARD_READER) == STRANGER


def test_of_the_receipts_in_the_hand_the_oldest_go_first(terminal: SimulatedTerminal) -> None:
    hands = Hands(terminal, CLOCK)
    for number in range(RECEIPTS_KEPT + 2):
        print_receipt(terminal, f"number {number}")
        assert hands.take_receipt()
    assert [each.number for each in hands.receipts] == list(range(3, RECEIPTS_KEPT + 3))
    assert hands.receipts[-1].paper.text == f"number {RECEIPTS_KEPT + 1}"
    assert hands.receipts[-1].at == "09:41"


# -- what passes on the cables ------------------------------------------------------------------------------------


class Line:
    """A cable that says what a test tells it to."""

    def __init__(self) -> None:
        self.tap: Tap | None = None

    def pass_on(self, what: What, data: bytes) -> None:
        if self.tap is not None:
            self.tap(what, data)


def plainly(_: str, what: What, data: bytes) -> tuple[Octets, str]:
    return Octets(data), ""


def listen_in(understand: Any = plainly) -> tuple[Listening, Line]:
    line = Line()
    unit = Unit("device", Fortune(1), {"jam": Mishap(lambda: None)}, line)
    return Listening({"device": unit}, understand, CLOCK), line


def test_a_message_is_kept_with_time_way_and_bytes_and_what_is_hidden_is_not_kept() -> None:
    listening, line = listen_in(lambda *_: (Octets(b"\x02\x30\x30\x03", ((1, 3),)), "a PIN"))
    line.pass_on(What.OUT, b"\x02\x12\x34\x03")
    (only,) = listening.heard("device")
    assert (only.at, only.sign, only.octets, only.meaning) == ("09:41:00.000", "→", ("02", "··", "··", "03"), "a PIN")
    assert "12" not in only.octets


def test_of_a_long_message_the_beginning_is_kept_and_of_many_the_last() -> None:
    listening, line = listen_in()
    line.pass_on(What.IN, bytes(SHOWN + 9))
    assert (len(listening.heard("device")[0].octets), listening.heard("device")[0].more) == (SHOWN, 9)
    for number in range(KEPT + 50):
        line.pass_on(What.IN, number.to_bytes(2, "big"))
    assert len(listening.heard("device")) == KEPT
    assert listening.heard("device")[-1].octets == ("00", "F9")
    assert listening.heard("nothing like it") == ()


def test_questions_that_are_asked_all_the_time_are_one_round() -> None:
    listening, line = listen_in()
    poll = [(What.OUT, b"?"), (What.IN, b"1"), (What.OUT, b"!"), (What.IN, b"2")]
    for what, data in [*poll * 5, *poll[:1]]:
        line.pass_on(what, data)
    assert [(each.octets, each.times) for each in listening.heard("device")] == [
        (("3F",), 6),
        (("31",), 5),
        (("21",), 5),
        (("32",), 5),
    ]
    line.pass_on(What.IN, b"other")
    line.pass_on(What.OUT, b"?")
    assert [each.times for each in listening.heard("device")][4:] == [1, 1], "what comes later stands later"


def test_a_round_begins_with_a_question() -> None:
    listening, line = listen_in()
    for what, data in [(What.IN, b"late"), *[(What.OUT, b"?"), (What.IN, b"1")] * 3]:
        line.pass_on(what, data)
    assert [(each.sign, each.times) for each in listening.heard("device")] == [("←", 1), ("→", 3), ("←", 3)]


def test_who_is_closed_listens_no_more() -> None:
    listening, line = listen_in()
    listening.close()
    line.pass_on(What.OUT, b"?")
    assert listening.heard("device") == ()


def test_the_list_on_the_screen_changes_only_where_something_is_new(qapp: object) -> None:
    listening, line = listen_in()
    model = BytesModel()
    resets: list[bool] = []
    model.modelReset.connect(lambda: resets.append(True))
    for number in range(KEPT + 20):
        line.pass_on(What.IN, number.to_bytes(2, "big"))
        if number == 1 or number > KEPT:
            model.show(listening.heard("device"))
            assert model.rowCount() == len(listening.heard("device"))
    times, octets = (
        next(role for role, name in model.roleNames().items() if name == each) for each in (b"times", b"octets")
    )
    for data in (b"x", b"x", b"a", b"b", b"a", b"b", b"a"):
        line.pass_on(What.OUT, data)
        model.show(listening.heard("device"))
        assert model.rowCount() == len(listening.heard("device"))
    last = [model.index(model.rowCount() - each) for each in (3, 2, 1)]
    assert [(model.data(each, octets), model.data(each, times)) for each in last] == [
        (["78"], 2),
        (["61"], 3),
        (["62"], 2),
    ]
    assert model.data(model.index(model.rowCount()), times) is None
    assert len(resets) <= 2, "the first list, and the one of which nothing was left"


def test_secrets_are_masked_before_the_panel_has_them(full: Rig) -> None:
    reading = WireReading(families_of(full.settings))
    listening = Listening(full.terminal.units, reading, CLOCK)
    fd = os.open(full.serial, os.O_RDWR | os.O_NOCTTY)
    pins = os.open(full.folder / "pins.tty", os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(fd, b"Card 6222 0000 1234 5678 90\n\x10\x04\x04")
        os.write(pins, b"\x02Z66\x03")
        until(lambda: len(listening.heard(PRINTER)) >= 2 and listening.heard(PIN_PAD))
    finally:
        os.close(fd)
        os.close(pins)
        listening.close()
    sent, status = listening.heard(PRINTER)[0], listening.heard(PRINTER)[-1]
    assert "text" in sent.meaning
    assert "··" in sent.octets
    assert "36 32 32 32" not in " ".join(sent.octets)
    assert (status.sign, status.octets) == ("←", ("12",))
    assert set(listening.heard(PIN_PAD)[0].octets) == {"··"}, "what nobody described is hidden"


# -- the window -----------------------------------------------------------------------------------------------


class Finger:
    """Looks at the window and touches it."""

    def __init__(self, panel: PanelWindow) -> None:
        self.panel = panel

    @property
    def items(self) -> Iterator[QQuickItem]:
        root = self.panel.window.rootObject()
        waiting = [root] if root is not None else []
        while waiting:
            item = waiting.pop()
            yield item
            waiting += item.childItems()

    def find(self, name: str) -> QQuickItem:
        found = [item for item in self.items if item.objectName() == name]
        if not found:
            raise LookupError(name)
        return next((item for item in found if item.isVisible()), found[0])

    def touch(self, name: str) -> None:
        self.panel.window.grabWindow()  # lays out what has changed
        item = self.find(name)
        assert item.isVisible(), f"{name} is not to be seen"
        where = item.mapToScene(QPointF(item.width() / 2, item.height() / 2))
        assert 0 <= where.y() <= self.panel.window.height(), f"{name} is scrolled out of sight"
        button, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind, held in ((QEvent.Type.MouseButtonPress, button), (QEvent.Type.MouseButtonRelease, none)):
            event = QMouseEvent(kind, where, where, button, held, Qt.KeyboardModifier.NoModifier)
            QCoreApplication.sendEvent(self.panel.window, event)
        self.panel.window.grabWindow()
        QCoreApplication.processEvents()

    def cut_texts(self) -> list[str]:
        """Return the texts that do not fit where they stand, or stand outside the window."""
        self.panel.window.grabWindow()
        width = self.panel.window.width()
        seen = [item for item in self.items if item.isVisible() and item.property("text") and item.width() > 0]
        places = [(item, item.mapToScene(QPointF(0, 0)).x()) for item in seen]
        return [
            item.property("text")
            for item, x in places
            if item.property("truncated") or x < -0.5 or x + item.width() > width + 0.5
        ]

    def colours(self) -> int:
        picture = self.panel.window.grabWindow()
        assert not picture.isNull()
        return len({picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)})


@contextmanager
def open_panel(
    terminal: SimulatedTerminal, listening: Listening | None = None, desktop: QRect = SMALL
) -> Iterator[Finger]:
    panel = PanelWindow(Hands(terminal, CLOCK), listening, desktop)
    panel.show()
    QCoreApplication.processEvents()
    try:
        yield Finger(panel)
    finally:
        panel.close()


@pytest.fixture
def finger(qapp: object, terminal: SimulatedTerminal) -> Iterator[Finger]:
    with open_panel(terminal) as opened:
        yield opened


@pytest.fixture
def wide(qapp: object, full: Rig) -> Iterator[Finger]:
    with open_panel(full.terminal) as opened:
        yield opened


def test_the_window_unfolds_to_the_left_and_folds_again(finger: Finger) -> None:
    window = finger.panel.window
    right = window.x() + window.width()
    assert (window.width(), finger.colours() > 20) == (WIDTH, True)
    assert window.height() < SMALL.height()
    finger.touch("device_" + PRINTER)
    assert (window.width(), window.x() + window.width()) == (WIDTH + DRAWER, right)
    finger.touch("close")
    assert (window.width(), window.x() + window.width()) == (WIDTH, right)


def test_on_a_small_desktop_the_drawer_covers_the_picture(qapp: object, full: Rig) -> None:
    with open_panel(full.terminal, desktop=QRect(0, 0, 640, 480)) as finger:
        finger.touch("device_" + CARD_READER)
        assert finger.panel.window.width() == WIDTH
        assert finger.find("close").isVisible()
        finger.touch("close")
        finger.touch("device_" + PIN_PAD)
        assert finger.find("key_5").isVisible()


@pytest.mark.parametrize("desktop", [SMALL, QRect(0, 0, 1920, 1080), QRect(0, 0, 640, 480)])
def test_no_text_is_cut_at_any_device_with_everything_wrong(qapp: object, full: Rig, desktop: QRect) -> None:
    full.terminal.place_card("transit")
    for name, unit in full.terminal.units.items():
        for fault in unit.faults:
            if fault not in {"unplug", "busy", "power_loss"}:
                full.terminal.strike(name, fault)
    full.terminal.set_bank(silent=True)
    listening = Listening(full.terminal.units, WireReading(families_of(full.settings)), CLOCK)
    with open_panel(full.terminal, listening, desktop) as finger:
        assert finger.cut_texts() == []
        for device in [*ALL, BANK]:
            finger.panel._touches.choose(device)
            for tab in ("hands", "faults", "bytes"):
                if device not in {BANK, CAMERA} or tab != "bytes":
                    finger.touch("tab_" + tab)
                    assert finger.cut_texts() == [], (device, tab)
    listening.close()


def test_both_languages_can_be_drawn_with_the_font_that_comes_along(qapp: object, full: Rig) -> None:
    with open_panel(full.terminal):
        font = QRawFont.fromFont(QFontDatabase.font("Noto Sans SC", "Regular", 14))
    words = "".join(text.english + text.chinese for section in texts._texts().values() for text in section.values())
    assert [letter for letter in sorted(set(words)) if not font.supportsCharacter(letter)] == []


def test_a_touch_lays_a_card_on_and_takes_it_off(finger: Finger, terminal: SimulatedTerminal) -> None:
    finger.touch("card_transit")
    assert terminal.state()["on_reader"] == "transit"
    finger.touch("card_nearly_full")
    assert terminal.state()["on_reader"] == "transit"
    assert finger.find("problem").isVisible()
    finger.touch("card_transit")
    assert terminal.state()["on_reader"] is None
    assert not finger.find("problem").isVisible()


def test_a_touch_pushes_a_card_into_the_card_reader_where_one_stands_there(wide: Finger, full: Rig) -> None:
    wide.touch("device_" + CARD_READER)
    wide.touch("card_bank")
    assert full.terminal.state()["devices"][CARD_READER]["card"] == "bank"
    wide.touch("pull_card")
    assert wide.find("problem_words").property("text").startswith("No card sticks out"), "it is held inside"


def test_a_card_is_taken_off_in_the_drawer_too(finger: Finger, terminal: SimulatedTerminal) -> None:
    finger.touch("card_transit")
    finger.touch("device_" + READER)
    finger.touch("take_card")
    assert terminal.state()["on_reader"] is None


def test_an_id_card_is_laid_on_and_taken_off(wide: Finger, full: Rig) -> None:
    wide.touch("device_" + ID_CARD_READER)
    wide.touch("id_card_citizen")
    assert full.terminal.state()["devices"][ID_CARD_READER]["card"] == "citizen"
    wide.touch("id_card_citizen")
    assert full.terminal.state()["devices"][ID_CARD_READER]["card"] is None


def test_keys_are_pressed_and_never_shown(wide: Finger, full: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    pressed: list[str] = []
    pad = full.terminal._devices.pin_pad
    assert pad is not None
    monkeypatch.setattr(pad, "press", lambda *keys: pressed.extend(key.name for key in keys))
    wide.touch("device_" + PIN_PAD)
    for key in ("1", "9", "enter"):
        wide.touch("key_" + key)
    assert pressed == ["ONE", "NINE", "ENTER"]
    assert not wide.find("problem").isVisible()


def test_a_code_is_held_before_the_scanner(wide: Finger, full: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def show(data: bytes, identifier: str) -> bool:
        seen.append(data)
        return True

    scanner = full.terminal._devices.barcode_scanner
    assert scanner is not None
    monkeypatch.setattr(scanner, "show", show)
    wide.touch("device_" + BARCODE_SCANNER)
    wide.touch("code_6901234567892")
    wide.find("code_typed").setProperty("text", "取号 1")
    wide.touch("scan_typed")
    assert seen == [b"6901234567892", "取号 1".encode()]


def test_a_document_is_laid_below_the_camera_turned_and_taken(wide: Finger, full: Rig) -> None:
    camera = full.terminal._devices.camera
    assert camera is not None
    wide.touch("device_" + CAMERA)
    wide.touch("document_citizen")
    assert camera.desk.has_card
    front = camera.desk._card
    wide.touch("turn_over")
    assert camera.desk._below is front
    wide.touch("turn_left")
    wide.touch("turn_left")
    assert (camera.desk._angle, wide.find("problem").isVisible()) == (30.0, False)
    wide.touch("document_citizen")
    assert not camera.desk.has_card


def test_the_phone_pays_only_while_there_is_something_to_pay(finger: Finger, terminal: SimulatedTerminal) -> None:
    assert not finger.find("pay").isEnabled()
    open_order(terminal)
    finger.panel.look()
    assert finger.find("pay").isEnabled()
    assert finger.find("pay").property("english") == "Pay ¥50.00"
    finger.touch("pay")
    assert terminal.state()["orders"][0]["paid"]
    assert not finger.find("pay").isEnabled()


def test_paper_grows_out_of_the_slot_until_it_is_torn_off(finger: Finger, terminal: SimulatedTerminal) -> None:
    paper = finger.find("paper_in_slot")
    assert not paper.isVisible()
    heights = []
    for line in (b"one\n", b"two\n", b"three\n"):
        terminal._printer.receive(line)
        finger.panel.look()
        heights.append(paper.height())
    assert heights[0] < heights[1] < heights[2]
    assert not finger.find("take_receipt").isEnabled(), "it is not cut yet"
    terminal._printer.receive(b"\x1dV\x00")
    finger.panel.look()
    assert paper.isVisible()
    finger.touch("take_receipt")
    assert not paper.isVisible()


def test_receipts_are_torn_off_kept_in_a_stack_and_looked_at(finger: Finger, terminal: SimulatedTerminal) -> None:
    print_receipt(terminal, "first")
    print_receipt(terminal, "second and longer\n" * 9)
    finger.panel.look()
    assert finger.find("take_receipt").property("badge") == "2"
    finger.touch("take_receipt")
    sheet = finger.find("paper_in_hand")
    where = sheet.mapRectToScene(QRectF(0, 0, sheet.width(), sheet.height())).toRect()
    assert white_part(finger.panel.window.grabWindow().copy(where)) > 0.4
    finger.touch("tear_off")
    assert terminal.state()["receipts"] == 0
    second = sheet.height()
    finger.touch("held_1")
    assert sheet.height() < second
    first = sheet.width()
    finger.touch("zoom_in")
    assert sheet.width() > first
    finger.touch("zoom_out")
    assert abs(sheet.width() - first) <= 1


def white_part(picture: QImage) -> float:
    dots = [picture.pixelColor(x, y) for x in range(0, picture.width(), 4) for y in range(0, picture.height(), 4)]
    return sum(dot.lightness() > 245 for dot in dots) / len(dots)


def test_the_cover_is_opened_and_shut_by_hand(finger: Finger, terminal: SimulatedTerminal) -> None:
    finger.touch("device_" + PRINTER)
    for fault, button in (("cover_open", "cover"), ("paper_out", "roll")):
        finger.touch(button)
        assert terminal.state()["faults"][PRINTER] == [fault]
        finger.touch(button)
        assert terminal.state()["faults"][PRINTER] == []


def test_faults_are_switched_by_touch_and_mended_all_at_once(finger: Finger, terminal: SimulatedTerminal) -> None:
    assert not finger.find("mend_all").isVisible()
    finger.touch("device_" + PRINTER)
    finger.touch("tab_faults")
    finger.touch("switch_paper_out")
    finger.touch("switch_cover_open")
    assert terminal.state()["faults"][PRINTER] == ["paper_out", "cover_open"]
    finger.touch("switch_paper_out")
    assert terminal.state()["faults"][PRINTER] == ["cover_open"]
    finger.touch("device_" + BANK)
    finger.touch("switch_request_lost")
    assert terminal.state()["bank"]["faults"] == ["request_lost"]
    finger.touch("mend_all")
    assert terminal.state()["faults"][PRINTER] == []
    assert terminal.state()["bank"]["faults"] == []


def test_what_cannot_befall_anything_takes_no_touch(finger: Finger, terminal: SimulatedTerminal) -> None:
    finger.touch("device_" + READER)
    finger.touch("tab_faults")
    finger.touch("switch_tear_after")
    assert not finger.find("problem").isVisible()
    terminal.place_card("transit")
    finger.panel.look()
    finger.touch("switch_tear_after")
    assert terminal.state()["cards"]["transit"]["tears"] == "after_commit"


def test_what_leaves_nothing_to_be_seen_is_told(finger: Finger) -> None:
    finger.touch("device_" + READER)
    finger.touch("tab_faults")
    finger.touch("switch_power_loss")
    assert finger.find("problem_words").property("text") == "Power loss: it has happened. 断电：已发生。"


def test_bytes_appear_and_stand_still_while_they_are_paused(qapp: object, rig: Rig) -> None:
    listening, line = listen_in()
    listening._heard[PRINTER] = listening._heard["device"]
    with open_panel(rig.terminal, listening) as finger:
        finger.touch("device_" + PRINTER)
        finger.touch("tab_bytes")
        line.pass_on(What.OUT, b"\x10\x04\x01")
        finger.panel.look()
        assert finger.find("bytes").property("count") == 1
        finger.touch("pause")
        line.pass_on(What.IN, b"\x12")
        finger.panel.look()
        assert finger.find("bytes").property("count") == 1
        finger.touch("pause")
        assert finger.find("bytes").property("count") == 2
        finger.touch("device_" + BANK)
        assert finger.find("tab_faults").isVisible()
        with pytest.raises(LookupError):
            finger.find("tab_bytes")


def test_without_a_reader_there_are_no_bytes(finger: Finger) -> None:
    finger.touch("device_" + PRINTER)
    with pytest.raises(LookupError):
        finger.find("tab_bytes")


def test_it_shows_what_others_do(finger: Finger, terminal: SimulatedTerminal) -> None:
    card = finger.find("card_transit")
    terminal.place_card("transit")
    finger.panel.look()
    assert card.property("here") is True
    assert finger.find("card_transit") == card, "a card that is pressed is not made anew under the finger"


def test_nothing_lies_anywhere_in_the_beginning(full: Rig) -> None:
    assert {each.card for each in look(full.terminal.state(), faults_of(full.terminal)).devices} == {NOTHING}


def test_closing_twice_does_no_harm(qapp: object, terminal: SimulatedTerminal) -> None:
    with open_panel(terminal) as finger:
        finger.panel.close()


# -- the process ------------------------------------------------------------------------------------------------


@pytest.fixture
def sim(rig: Rig) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """`openteller sim --panel` with sockets of its own."""
    out, run = rig.folder / "out", rig.folder / "run"
    out.mkdir()
    run.mkdir()
    write_configuration(out, run, (1080, 1920))
    process = subprocess.Popen(
        [sys.executable, "-m", "openteller", "sim", "run", str(out / "sim.toml"), "--panel"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until((run / "sim.sock").exists)
        yield process, run
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_panel_and_simulator(sim: tuple["subprocess.Popen[str]", Path], number: signal.Signals) -> None:
    process, run = sim
    process.send_signal(number)
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "Traceback" not in output
    assert not (run / "sim.sock").exists()


def test_the_simulator_goes_on_when_its_panel_is_closed(rig: Rig) -> None:
    out, run = rig.folder / "out", rig.folder / "run"
    out.mkdir()
    run.mkdir()
    write_configuration(out, run, (1080, 1920))
    close_at_once = (
        "import sys; from pathlib import Path; import device_sim.panel; "
        "from openteller.simulator import run_simulator; from tests.clocks import RealClock; "
        "device_sim.panel.run_panel = lambda *_: None; run_simulator(Path(sys.argv[1]), RealClock(), panel=True)"
    )
    with subprocess.Popen([sys.executable, "-uc", close_at_once, str(out / "sim.toml")], stdout=subprocess.PIPE) as sim:
        try:
            assert sim.stdout is not None
            assert sim.stdout.readline().startswith(b"The panel is closed, the simulator goes on: Ctrl-C ends it, ")
            control = SimControl(run / "sim.sock", PATIENCE_S)
            control.do("place_card", card="transit")
            control.close()
            sim.terminate()
            assert sim.wait(PATIENCE_S) == 0
        finally:
            sim.kill()
