"""The panel: what it shows of a real simulated terminal, and what a touch on it does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# The panel's tests need no display; Qt must know before it starts. The screen's tests may run in the same process:
# a renderer can be chosen only once, so neither of them chooses.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_QUICK_BACKEND"] = "software"

from PyQt6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PyQt6.QtGui import QImage, QMouseEvent
from PyQt6.QtQuick import QQuickItem

from device_sim.control import SimControl
from device_sim.panel.hands import Hands
from device_sim.panel.misfortunes import MISFORTUNES
from device_sim.panel.sight import look
from device_sim.panel.window import WIDTH, PanelWindow
from device_sim.terminal import SimulatedTerminal
from openteller.demo import write_configuration
from tests.device_sim.simulated_terminal import Rig, open_order, open_terminal, print_receipt

pytestmark = [
    # Says the offscreen platform each time a window has a size.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@pytest.fixture
def rig() -> Iterator[Rig]:
    with open_terminal() as opened:
        yield opened


@pytest.fixture
def terminal(rig: Rig) -> SimulatedTerminal:
    return rig.terminal


# -- what there is to see, without a window ---------------------------------------------------------------------


def test_cards_show_name_masked_number_balance_and_which_lies_on_the_reader(terminal: SimulatedTerminal) -> None:
    terminal.place_card("nearly_full")
    first, second = look(terminal.state()).cards
    assert (first.title, first.number, first.balance, first.on_reader) == (
        "Transit",
        "310487*********5678",
        "¥23.50",
        False,
    )
    assert (second.title, second.balance, second.on_reader) == ("Nearly full", "¥995.00", True)


def test_the_amount_to_pay_is_that_of_the_order_which_the_phone_would_pay(terminal: SimulatedTerminal) -> None:
    assert look(terminal.state()).to_pay == ""
    open_order(terminal)
    assert look(terminal.state()).to_pay == "¥50.00"
    terminal.pay()
    assert look(terminal.state()).to_pay == ""


def test_every_group_of_misfortunes_has_one_heading(terminal: SimulatedTerminal) -> None:
    headings = [switch.heading for switch in look(terminal.state()).switches if switch.heading]
    assert headings == ["Card and reader 卡与读卡器", "Receipt printer 凭条打印机", "Bank 银行"]
    assert len({each.name for each in MISFORTUNES}) == len(MISFORTUNES) == 9


@pytest.mark.parametrize("name", [each.name for each in MISFORTUNES])
def test_a_misfortune_begins_shows_and_ends(terminal: SimulatedTerminal, name: str) -> None:
    hands = Hands(terminal)
    hands.lay_on("transit")

    def on() -> list[str]:
        return [switch.name for switch in hands.look().switches if switch.on]

    hands.turn(name, True)
    assert (on(), hands.problem, hands.look().bad_luck) == ([name], "", 1)
    hands.turn(name, False)
    assert (on(), hands.problem, hands.look().bad_luck) == ([], "", 0)


def test_only_a_card_on_the_reader_can_be_torn_out(terminal: SimulatedTerminal) -> None:
    hands = Hands(terminal)
    assert [switch.name for switch in hands.look().switches if not switch.possible] == ["tear_before", "tear_after"]
    hands.turn("tear_before", True)
    assert hands.problem == "No card lies on the reader"


def test_a_refusal_is_a_line_until_something_succeeds(terminal: SimulatedTerminal) -> None:
    hands = Hands(terminal)
    hands.lay_on("transit")
    assert hands.problem == ""
    hands.lay_on("nearly_full")
    assert hands.problem == "A card lies on the reader already"
    hands.take_off()
    assert hands.problem == ""
    hands.pay()
    assert hands.problem == "There is no order to pay"
    assert not hands.take_receipt()
    assert hands.problem == "There is no receipt"
    assert hands.receipt is None


# -- the window -----------------------------------------------------------------------------------------------


class Finger:
    """Looks at the window and touches it."""

    def __init__(self, panel: PanelWindow) -> None:
        self.panel = panel

    def find(self, name: str) -> QQuickItem:
        root = self.panel.window.rootObject()
        waiting = [root] if root is not None else []
        while waiting:
            item = waiting.pop()
            if item.objectName() == name:
                return item
            waiting += item.childItems()
        raise LookupError(name)

    def touch(self, name: str) -> None:
        item = self.find(name)
        self.panel.window.grabWindow()  # lays out what has changed
        where = item.mapToScene(QPointF(item.width() / 2, item.height() / 2))
        assert 0 <= where.y() <= self.panel.window.height(), f"{name} is scrolled out of sight"
        button, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind, held in ((QEvent.Type.MouseButtonPress, button), (QEvent.Type.MouseButtonRelease, none)):
            event = QMouseEvent(kind, where, where, button, held, Qt.KeyboardModifier.NoModifier)
            QCoreApplication.sendEvent(self.panel.window, event)
        self.panel.window.grabWindow()
        QCoreApplication.processEvents()

    def colours(self) -> int:
        picture = self.panel.window.grabWindow()
        assert not picture.isNull()
        return len({picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)})


@contextmanager
def open_panel(terminal: SimulatedTerminal) -> Iterator[Finger]:
    panel = PanelWindow(Hands(terminal))
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


def test_the_window_is_as_high_as_what_it_shows_and_no_higher_than_the_screen(finger: Finger) -> None:
    window = finger.panel.window
    folded = window.height()
    assert window.width() == WIDTH
    assert finger.colours() > 20
    finger.touch("bad_luck")
    screen = window.screen()
    assert screen is not None
    assert folded < window.height() <= screen.availableSize().height()


def test_a_touch_lays_a_card_on_and_takes_it_off(finger: Finger, terminal: SimulatedTerminal) -> None:
    finger.touch("card_transit")
    assert terminal.state()["on_reader"] == "transit"
    finger.touch("card_nearly_full")
    assert terminal.state()["on_reader"] == "transit"
    assert finger.find("problem").isVisible()
    finger.touch("card_transit")
    assert terminal.state()["on_reader"] is None
    assert not finger.find("problem").isVisible()


def test_the_phone_pays_only_while_there_is_something_to_pay(finger: Finger, terminal: SimulatedTerminal) -> None:
    assert not finger.find("pay").isEnabled()
    open_order(terminal)
    finger.panel.look()
    assert finger.find("pay").isEnabled()
    assert finger.find("pay").property("english") == "Pay ¥50.00 with the phone"
    finger.touch("pay")
    assert terminal.state()["orders"][0]["paid"]
    assert not finger.find("pay").isEnabled()


def test_the_receipt_is_taken_shown_and_put_away(finger: Finger, terminal: SimulatedTerminal) -> None:
    print_receipt(terminal, "first")
    print_receipt(terminal, "second")
    finger.panel.look()
    assert finger.find("take_receipt").property("badge") == "2"
    finger.touch("take_receipt")
    sheet = finger.find("put_away")
    assert sheet.isVisible()
    paper = finger.panel.window.grabWindow()
    assert white_part(paper) > 0.1
    finger.touch("put_away")
    assert not sheet.isVisible()
    assert finger.find("take_receipt").property("badge") == ""
    finger.touch("take_receipt")
    assert terminal.state()["receipts"] == 0


def white_part(picture: QImage) -> float:
    dots = [picture.pixelColor(x, y) for x in range(0, picture.width(), 4) for y in range(0, picture.height(), 4)]
    return sum(dot.lightness() > 245 for dot in dots) / len(dots)


def test_bad_luck_is_folded_until_it_is_touched(finger: Finger, terminal: SimulatedTerminal) -> None:
    assert not finger.find("switch_paper_out").isVisible()
    finger.touch("bad_luck")
    finger.touch("switch_paper_out")
    assert terminal.state()["faults"]["receipt_printer"] == ["paper_out"]
    finger.touch("switch_paper_out")
    assert terminal.state()["faults"]["receipt_printer"] == []


def test_what_cannot_befall_anything_takes_no_touch(finger: Finger, terminal: SimulatedTerminal) -> None:
    finger.touch("bad_luck")
    finger.touch("switch_tear_after")
    assert not finger.find("problem").isVisible()
    terminal.place_card("transit")
    finger.panel.look()
    finger.touch("switch_tear_after")
    assert terminal.state()["cards"]["transit"]["tears"] == "after_commit"


def test_it_shows_what_others_do(finger: Finger, terminal: SimulatedTerminal) -> None:
    card = finger.find("card_transit")
    terminal.place_card("transit")
    finger.panel.look()
    assert card.property("here") is True
    assert finger.find("card_transit") == card, "a card that is pressed is not made anew under the finger"


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
        wait_for((run / "sim.sock").exists)
        yield process, run
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def wait_for(arrived: Callable[[], Any]) -> None:
    until = time.monotonic() + 15
    while not arrived():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_panel_and_simulator(sim: tuple["subprocess.Popen[str]", Path], number: signal.Signals) -> None:
    process, run = sim
    process.send_signal(number)
    output, _ = process.communicate(timeout=15)
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
            control = SimControl(run / "sim.sock")
            control.do("place_card", card="transit")
            control.close()
            sim.terminate()
            assert sim.wait(15) == 0
        finally:
            sim.kill()
