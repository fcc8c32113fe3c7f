"""The socket to the core: cut lines, garbage, lines without an end, a core that goes and comes."""

import logging

import pytest

from kiosk_core.intents import Done
from kiosk_core.protocol import MAX_LINE_BYTES, decode_to_core, encode
from kiosk_core.screen_messages import ShowPage, Touched
from kiosk_core.technician_questions import Devices
from kiosk_ui import link as link_module
from kiosk_ui.link import CoreLink
from tests.kiosk_ui.rigs import FakeCore, Rig, settle
from tests.kiosk_ui.sample_pages import PAGES, hello

pytestmark = pytest.mark.usefixtures("qapp")

HELLO = encode(hello("portrait"))
HOME = encode(ShowPage(number=1, page=PAGES["home_1"]))
LOADED = encode(ShowPage(number=2, page=PAGES["loaded"]))


@pytest.fixture
def rig():
    return Rig()


@pytest.fixture
def socket(tmp_path):
    return tmp_path / "core.sock"


@pytest.fixture
def core(socket):
    core = FakeCore(socket)
    yield core
    core.close()


@pytest.fixture
def link(rig, core, socket, qtbot):
    link = CoreLink(socket, rig.model)
    settle(qtbot, lambda: len(core.connections) == 1)
    yield link
    link.close()


@pytest.mark.usefixtures("link")
def test_greeting_and_page_arrive_in_one_piece(rig, core, qtbot):
    core.say(HELLO + HOME)
    settle(qtbot, lambda: rig.model.kind == "menu")
    assert rig.model.connected
    assert rig.model.page_number == 1


@pytest.mark.usefixtures("link")
def test_a_line_may_come_in_pieces_cut_within_a_character(rig, core, qtbot):
    cut = HOME.index("公".encode()) + 1
    core.say(HELLO + HOME[:cut])
    settle(qtbot, lambda: rig.model.connected)
    assert rig.model.kind == "message"
    core.say(HOME[cut:] + LOADED[:10])
    settle(qtbot, lambda: rig.model.kind == "menu")
    core.say(LOADED[10:])
    settle(qtbot, lambda: rig.model.kind == "result")


@pytest.mark.usefixtures("link")
@pytest.mark.parametrize(
    "garbage",
    [b"\n", b"{}\n", b"nonsense\n", b"\xff\xfe\x00\n", b'{"type":"page","number":9}\n', HOME[:-2] + b"\n"],
)
def test_a_line_that_is_no_message_is_left_out_and_not_logged(rig, core, qtbot, garbage, caplog):
    core.say(HELLO + garbage + HOME)
    settle(qtbot, lambda: rig.model.kind == "menu")
    assert len(core.connections) == 1
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "nonsense" not in caplog.text


@pytest.mark.usefixtures("link")
def test_an_answer_to_a_technician_changes_nothing(rig, core, qtbot):
    core.say(HOME + encode(Devices(devices=())) + LOADED)
    settle(qtbot, lambda: rig.model.kind == "result")


@pytest.mark.usefixtures("link")
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_that_is_too_long_makes_it_connect_again(rig, core, qtbot, end, monkeypatch):
    core.say(HELLO + HOME)
    settle(qtbot, lambda: rig.model.kind == "menu")
    core.say(b"x" * (MAX_LINE_BYTES + 1) + end)
    settle(qtbot, lambda: rig.model.kind == "message")
    settle(qtbot, lambda: len(core.connections) == 2)
    core.say(LOADED)
    settle(qtbot, lambda: rig.model.kind == "result")


@pytest.mark.usefixtures("link")
def test_a_core_that_goes_and_comes_back_finds_the_screen(rig, core, qtbot):
    core.say(HELLO + HOME[:30])
    settle(qtbot, lambda: rig.model.connected)
    core.hang_up()
    settle(qtbot, lambda: not rig.model.connected)
    assert rig.model.pages.message["title"] == "请稍候"
    settle(qtbot, lambda: len(core.connections) == 2)
    core.say(HELLO + HOME)  # the half line of the old connection is forgotten
    settle(qtbot, lambda: rig.model.kind == "menu")


def test_a_screen_that_starts_before_the_core_waits_for_it(rig, socket, qtbot):
    assert link_module.RECONNECT_MS == 500
    link = CoreLink(socket, rig.model)
    qtbot.wait(50)
    core = FakeCore(socket)
    try:
        settle(qtbot, lambda: len(core.connections) == 1)
    finally:
        link.close()
        core.close()


@pytest.mark.usefixtures("link")
def test_a_touch_reaches_the_core_as_one_line(rig, core, qtbot):
    core.say(LOADED)
    settle(qtbot, lambda: rig.model.kind == "result")
    rig.model.finish()
    settle(qtbot, lambda: core.connections[0].bytesAvailable() > 0)
    assert decode_to_core(core.heard()) == Touched(number=2, intent=Done())


def test_after_close_nothing_is_sent_or_tried_again(rig, core, link, qtbot):
    core.say(LOADED)
    settle(qtbot, lambda: rig.model.kind == "result")
    link.close()
    link.close()
    link.restart()
    rig.model.finish()
    qtbot.wait(20)
    assert core.connections[0].bytesAvailable() == 0
    assert rig.model.kind == "result"
