"""What the camera sees on the screen: whole, upright, mirrored where it must be, and gone with its page."""

import base64
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor

from kiosk_core.pages import CapturePage, Picture, Preview
from kiosk_core.protocol import decode_to_core, encode
from kiosk_core.screen_messages import AskFrame, Frame, ShowPage, Touched
from kiosk_core.technician_questions import AskPreview, Previewed
from kiosk_core.texts import Words
from kiosk_ui.app import Kiosk, start
from kiosk_ui.link import FRAME_MS, CoreLink
from openteller.core_client import CoreClient
from tests.clocks import RealClock
from tests.kiosk_ui.layout_lint import findings
from tests.kiosk_ui.rigs import FakeCore, Rig, open_screen, settle
from tests.kiosk_ui.sample_pages import PAGES, SIZE, hello
from tests.openteller.branch import Branch

pytestmark = pytest.mark.usefixtures("qapp")

RED, BLUE = (0, 0, 255), (255, 0, 0)  # OpenCV's order
GONE = Words("preview.gone")


def page(**more: object) -> CapturePage:
    preview = Preview(**more)  # type: ignore[arg-type]
    title, body = Words("camera_check.title"), Words("camera_check.body")
    return CapturePage(title=title, body=body, picture=Picture.PLACE_CARD, preview=preview, cancellable=True)


def jpeg(width: int = 640, height: int = 480) -> str:
    """A picture whose left half is red and whose right half is blue."""
    pixels = np.full((height, width, 3), RED, np.uint8)
    pixels[:, width // 2 :] = BLUE
    return base64.b64encode(cv2.imencode(".jpg", pixels)[1].tobytes()).decode("ascii")


def show(rig: Rig, **frame: object) -> None:
    rig.model.show_frame(Frame(number=rig.number, **frame))  # type: ignore[arg-type]


def colours(screen: object) -> tuple[str, str]:
    """Return which colour the left and the right edge of the camera's picture have."""
    item = screen.find("camera")  # type: ignore[attr-defined]
    image = screen.grab()  # type: ignore[attr-defined]
    width, height = item.property("paintedWidth"), item.property("paintedHeight")
    left, top = (item.width() - width) / 2, (item.height() - height) / 2

    def at(x: float, y: float) -> str:
        colour = QColor(image.pixel(item.mapToScene(QPointF(left + x, top + y)).toPoint()))
        return "red" if colour.red() > 200 else "blue" if colour.blue() > 200 else colour.name()

    assert at(3, 3) == at(3, height - 4)
    return at(3, height / 2), at(width - 4, height / 2)


@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
@pytest.mark.parametrize("size", [(640, 480), (640, 360), (360, 640)])
def test_the_picture_is_whole_and_keeps_its_proportions(orientation, size):
    with open_screen(orientation) as (rig, screen):
        rig.show(page())
        show(rig, picture=1, jpeg=jpeg(*size))
        assert findings(screen) == []
        assert colours(screen) == ("red", "blue")
        item = screen.find("camera")
        painted = item.property("paintedWidth"), item.property("paintedHeight")
        assert painted[0] / painted[1] == pytest.approx(size[0] / size[1], rel=0.01)
        outline = screen.find("card_outline")
        assert outline.width() / outline.height() == pytest.approx(85.60 / 53.98)  # ISO/IEC 7810, ID-1
        box = item.mapRectToScene(QRectF(0, 0, item.width(), item.height()))
        assert box.contains(outline.mapRectToScene(QRectF(0, 0, outline.width(), outline.height())))


def test_a_camera_that_looks_at_a_face_is_a_mirror_and_has_no_place_for_a_card():
    with open_screen("portrait") as (rig, screen):
        rig.show(page(mirrored=True, card_outline=False))
        show(rig, picture=1, jpeg=jpeg())
        assert colours(screen) == ("blue", "red")
        with pytest.raises(LookupError):
            screen.find("card_outline")


@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["dark", "frozen", "gone"])
def test_what_is_wrong_is_said_in_place_of_a_picture_until_there_is_a_good_one(orientation, language, name):
    with open_screen(orientation) as (rig, screen):
        rig.show(page(), language)
        assert screen.find("camera_wait").property("text")
        show(rig, picture=1, jpeg=jpeg())
        show(rig, picture=2, problem=Words(f"preview.{name}"))
        assert findings(screen) == []
        assert screen.find("camera_problem").property("text") == rig.model.camera.problem != ""
        for hidden in ("camera", "card_outline", "camera_wait"):
            with pytest.raises(LookupError):
                screen.find(hidden)
        show(rig)  # nothing new
        assert rig.model.camera.problem != ""
        show(rig, picture=3, jpeg=jpeg())
        assert rig.model.camera.problem == ""
        assert screen.find("camera")


def test_the_words_follow_the_language():
    rig = Rig()
    rig.show(page())
    show(rig, problem=GONE)
    zh = rig.model.camera.problem
    rig.model.change_language("en")
    assert (zh, rig.model.camera.problem) == (
        "摄像头没有连接，请稍候。",
        "The camera is not connected. Please wait.",
    )


@pytest.mark.parametrize("end", ["another page", "no core"])
def test_no_frame_stays_behind_its_page(end):
    rig = Rig()
    rig.show(page())
    show(rig, picture=4, jpeg=jpeg())
    assert not rig.model.camera.image.isNull()
    if end == "no core":
        rig.model.lose_core()
    else:
        rig.show(PAGES["place_card"])
    assert rig.model.camera.image.isNull()
    assert (rig.model.camera.source, rig.model.camera.number) == ("", 0)
    show(rig, picture=5, jpeg=jpeg())  # it was on its way
    rig.show(page())
    assert rig.model.camera.image.isNull()


def test_a_frame_of_an_earlier_page_is_let_go():
    rig = Rig()
    rig.show(page())
    rig.model.show_frame(Frame(number=rig.number - 1, picture=1, jpeg=jpeg()))
    assert rig.model.camera.image.isNull()


@pytest.mark.qt_log_ignore("JPEG datastream contains no image")  # said by Qt of half a JPEG
@pytest.mark.parametrize("bad", ["no base64!", "bm8gSlBFRw==", "/9j/4AAQ"])
def test_a_frame_that_is_no_jpeg_is_left_out_and_not_logged(bad, caplog):
    rig = Rig()
    rig.show(page())
    show(rig, picture=1, jpeg=jpeg())
    caplog.clear()
    show(rig, picture=2, jpeg=bad)
    assert rig.model.camera.number == 1
    assert not rig.model.camera.image.isNull()
    assert len(caplog.records) == 1
    assert bad not in caplog.text


def test_what_lies_under_the_camera_is_on_the_screen(qtbot):
    """Simulated camera, driver, core, socket and screen, all of them real."""
    branch = Branch()
    branch.start_core()
    kiosk = start(branch.core_socket, RealClock(), size=SIZE["portrait"], still=True)
    try:
        with branch.customer() as customer:
            customer.see("menu", lambda page: page.items[0].unavailable is None)
        with CoreClient(branch.core_socket) as technician:
            assert technician.ask(AskPreview(seconds=300)) == Previewed(seconds=300)
        look = Look(kiosk)
        settle(qtbot, lambda: look.sees(lambda _: True))
        assert look.size == (640, 480)
        desk = look.lightness
        branch.sim.lay_document()
        settle(qtbot, lambda: look.sees(lambda lightness: lightness > desk + 40))
        branch.sim.strike("camera", "unplug")
        settle(qtbot, lambda: kiosk.model.camera.problem != "" and kiosk.model.camera.image.isNull())
        branch.sim.mend("camera")
        settle(qtbot, lambda: kiosk.model.camera.problem == "" and not kiosk.model.camera.image.isNull())
        kiosk.screen.touch("cancel")
        settle(qtbot, lambda: kiosk.model.kind == "menu")
        assert kiosk.model.camera.image.isNull()
    finally:
        kiosk.close()
        branch.close()


class Look:
    """A look at the screen; on a machine that does much else a picture may be missing from it for a moment."""

    def __init__(self, kiosk: Kiosk) -> None:
        self._kiosk = kiosk
        self.size = (0, 0)
        self.lightness = 0

    def sees(self, fits: Callable[[int], bool]) -> bool:
        """Whether the camera's picture is there and how light its middle is `fits`; a card is lighter than the desk."""
        image = self._kiosk.model.camera.image
        if image.isNull():
            return False
        screen = self._kiosk.screen
        item = screen.find("camera")
        middle = item.mapToScene(QPointF(item.width() / 2, item.height() / 2)).toPoint()
        self.size = image.width(), image.height()
        self.lightness = QColor(screen.grab().pixel(middle)).lightness()
        return fits(self.lightness)


# -- over the socket -------------------------------------------------------------------------------------------


@pytest.fixture
def core(tmp_path):
    core = FakeCore(tmp_path / "core.sock")
    yield core
    core.close()


def asked(core: FakeCore) -> list[AskFrame]:
    messages = [decode_to_core(line) for line in core.heard().splitlines()]
    assert all(isinstance(message, AskFrame | Touched) for message in messages)
    return [message for message in messages if isinstance(message, AskFrame)]


def test_the_screen_asks_for_one_frame_at_a_time_while_the_page_stands(core, tmp_path, qtbot):
    rig = Rig()
    link = CoreLink(tmp_path / "core.sock", rig.model)
    try:
        settle(qtbot, lambda: len(core.connections) == 1)
        core.say(encode(hello("portrait")) + encode(ShowPage(number=1, page=PAGES["place_card"])))
        settle(qtbot, lambda: rig.model.kind == "capture")
        qtbot.wait(3 * FRAME_MS)
        assert asked(core) == []
        core.say(encode(ShowPage(number=2, page=page())))
        settle(qtbot, lambda: core.connections[-1].bytesAvailable() > 0)
        qtbot.wait(3 * FRAME_MS)
        assert asked(core) == [AskFrame(number=2)]  # the core is slow: it is asked once
        core.say(encode(Frame(number=2, picture=9, jpeg=jpeg())))
        settle(qtbot, lambda: core.connections[-1].bytesAvailable() > 0)
        assert not rig.model.camera.image.isNull()
        assert asked(core) == [AskFrame(number=2, after=9)]
        core.say(encode(ShowPage(number=3, page=PAGES["home_1"])) + encode(Frame(number=2, picture=10, jpeg=jpeg())))
        settle(qtbot, lambda: rig.model.kind == "menu")
        qtbot.wait(3 * FRAME_MS)
        assert asked(core) == []
        assert rig.model.camera.image.isNull()
    finally:
        link.close()


def test_a_core_that_comes_back_is_asked_again(core, tmp_path, qtbot):
    rig = Rig()
    link = CoreLink(tmp_path / "core.sock", rig.model)
    try:
        settle(qtbot, lambda: len(core.connections) == 1)
        core.say(encode(hello("portrait")) + encode(ShowPage(number=2, page=page())))
        settle(qtbot, lambda: core.connections[-1].bytesAvailable() > 0)
        core.hang_up()  # the frame never came
        settle(qtbot, lambda: len(core.connections) == 2)
        core.say(encode(hello("portrait")) + encode(ShowPage(number=1, page=page())))
        settle(qtbot, lambda: core.connections[-1].bytesAvailable() > 0)
        assert asked(core) == [AskFrame(number=1)]
    finally:
        link.close()
