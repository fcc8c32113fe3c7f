"""The real QML, offscreen: every page in both languages and orientations, touched and measured."""

import re
import sys
from dataclasses import replace

import pytest
from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtQml import QQmlProperty, qmlContext
from PyQt6.QtQuick import QQuickItem

from kiosk_core.colours import COLOURS, MIN_CONTRAST, contrast
from kiosk_core.funding import FundingKind
from kiosk_core.intents import (
    Cancel,
    ChangeLanguage,
    ChooseAmount,
    ChooseFunding,
    ChooseOption,
    ChooseService,
    Done,
    StayHere,
)
from kiosk_core.pages import Picture
from kiosk_ui import app
from kiosk_ui.image_providers import QUIET_ZONE, draw_qr
from kiosk_ui.screen import QML
from kiosk_ui.theme import Panel, properties
from tests.kiosk_ui.layout_lint import findings
from tests.kiosk_ui.rigs import IGNORED_QT_MESSAGES, clock, open_screen, settle
from tests.kiosk_ui.sample_pages import PAGES, hello, keypad

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.qt_log_ignore(*IGNORED_QT_MESSAGES)]


def middle(item: QQuickItem) -> QPoint:
    return item.mapToScene(QPointF(item.width() / 2, item.height() / 2)).toPoint()


@pytest.mark.parametrize(
    ("orientation", "short_side_mm"),
    [
        ("portrait", 194),  # 15.6 inches
        ("landscape", 398),  # 32 inches
        *(
            pytest.param(*screen, marks=pytest.mark.slow)
            for screen in (("portrait", 268), ("portrait", 398), ("landscape", 194), ("landscape", 268))
        ),
    ],
)
def test_every_page_is_legible_and_touchable(orientation, short_side_mm):
    faults = []
    with open_screen(orientation, width_mm=short_side_mm) as (rig, screen):
        for language in ("zh", "en"):
            for name, page in PAGES.items():
                rig.show(page, language)
                faults += [f"{language} {name}: {fault}" for fault in findings(screen)]
    assert faults == []


def test_a_smaller_window_shows_the_same_in_proportion(qtbot):
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES["amount"], "en")
        full = screen.find("confirm").height()
        screen.window.resize(540, 960)
        settle(qtbot, lambda: screen.window.rootObject().height() == 960)
        assert screen.find("confirm").height() == pytest.approx(full / 2, abs=1)
        assert findings(screen) == []


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("textTitle", 400, "leaves"),
        ("button", 20, "mm"),
        ("gap2", 1, "mm apart"),
        ("ink", QColor("#8899AA"), "has a contrast of"),
        ("unit", 0.5, "overlaps"),
    ],
)
def test_the_lint_sees_a_theme_that_is_wrong(name, value, fault):
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES["amount_problem"], "en")
        screen._qml.theme.setProperty(name, value)
        assert fault in "\n".join(findings(screen))


def test_touching_goes_through_a_whole_top_up_and_takes_a_ticket():
    with open_screen("portrait") as (rig, screen):
        for page, names in (
            ("home_1", ["service_transit_top_up"]),
            ("amount", ["preset_5000", "key_clear", "key_2", "key_5", "key_erase", "key_0", "confirm"]),
            ("ways_to_pay", ["funding_bank_card"]),
            ("insert_bank_card", ["cancel"]),
            ("payment", ["cancel"]),
            ("warning", ["stay", "cancel_from_warning"]),
            ("queue_services", ["choice_complex"]),
            ("queue_ways", ["choice_class_green"]),
            ("queue_ticket_printing", ["done"]),  # not yet
            ("queue_ticket", ["done"]),
            ("loaded", ["language_en", "done"]),
        ):
            rig.show(PAGES[page])
            screen.grab()  # it lays out what has changed
            for name in names:
                screen.touch(name)
    assert [sent.intent for sent in rig.sent] == [
        ChooseService(service_id="transit_top_up"),
        ChooseAmount(amount_fen=2000),
        ChooseFunding(funding=FundingKind.BANK_CARD),
        Cancel(),
        Cancel(),
        StayHere(),
        Cancel(),
        ChooseOption(name="complex"),
        ChooseOption(name="class_green"),
        Done(),
        ChangeLanguage(language="en"),
        Done(),
    ]


def test_a_finger_on_the_glass_does_the_same(qtbot):
    with open_screen("landscape") as (rig, screen):
        rig.show(PAGES["loaded"])
        screen.grab()  # it lays out what has changed: else the button may move between press and release
        where = middle(screen.find("done"))
        qtbot.mouseClick(screen.window, Qt.MouseButton.LeftButton, pos=where)
    assert [sent.intent for sent in rig.sent] == [Done()]


def test_a_service_that_is_closed_takes_no_touch():
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES["home_1_unavailable"])
        screen.touch("service_transit_top_up")
        rig.show(PAGES["home_8"])
        screen.touch("service_service_6")
    assert rig.sent == []


def test_confirm_takes_no_touch_before_an_amount_is_there():
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES["amount"])
        screen.touch("confirm")
        assert rig.model.amount.problem == ""
        assert not screen.find("confirm").isEnabled()
        screen.touch("preset_5000")
        assert screen.find("confirm").isEnabled()
    assert rig.sent == []


def test_the_warning_covers_the_page_but_not_the_languages():
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES["warning"], "zh")
        screen.touch("key_7")
        assert rig.model.amount.text == ""
        screen.touch("language_en")
    assert [sent.intent for sent in rig.sent] == [ChangeLanguage(language="en")]


def test_find_names_what_is_there():
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES["loaded"])
        with pytest.raises(LookupError, match=r"no 'confirm' on the screen; there are .*\bdone\b"):
            screen.find("confirm")


def test_switching_the_language_keeps_the_typed_amount_on_the_screen():
    with open_screen("portrait") as (rig, screen):
        rig.show(keypad(), "zh")
        screen.touch("key_8")
        screen.touch("key_0")
        screen.touch("language_en")
        assert screen.find("amount").property("text") == "¥80"
        assert screen.find("title").property("text") == "Choose an amount"


def test_a_press_is_seen_at_once(qtbot):
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES["loaded"])
        before = screen.grab()
        done = screen.find("done")
        where = middle(done)
        qtbot.mousePress(screen.window, Qt.MouseButton.LeftButton, pos=where)
        edge = where + QPoint(int(done.width() / 3), 0)
        assert screen.grab().pixelColor(edge) != before.pixelColor(edge)
        qtbot.mouseRelease(screen.window, Qt.MouseButton.LeftButton, pos=where)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_everything_that_can_be_touched_says_what_it_is(name):
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES[name])
        screen.grab()
        waiting, nameless, touchable = [screen.window.rootObject()], [], 0
        while waiting:
            item = waiting.pop()
            waiting += item.childItems()
            if item.isVisible() and item.metaObject().indexOfSignal("activated()") >= 0:
                touchable += 1
                if not item.objectName() or not QQmlProperty(item, "Accessible.name", qmlContext(item)).read():
                    nameless.append(item.metaObject().className())
    assert nameless == []
    assert touchable >= 2


def test_the_qr_code_is_crisp_and_is_the_code_of_the_page():
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES["payment"])
        picture = screen.grab()
        screen_px_per_mm = screen.panel.px_per_mm
        item = screen.find("qr")
        shown = picture.copy(item.mapRectToScene(QRectF(0, 0, item.width(), item.height())).toRect())
        room = item.property("room")
    assert room > 60 * screen_px_per_mm
    assert shown == draw_qr(PAGES["payment"].qr, room).convertToFormat(shown.format())


def test_the_qr_code_has_its_quiet_zone_and_whole_pixels_a_module():
    image = draw_qr("https://qr.example.org/pay", 300)
    black, white = QColor("black"), QColor("white")
    colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert colours == {black.name(), white.name()}
    first = next(x for x in range(image.width()) if image.pixelColor(x, x) == black)
    scale = first // QUIET_ZONE
    assert first == QUIET_ZONE * scale
    assert image.width() % scale == 0
    assert 300 - image.width() < image.width() // scale


def test_every_picture_is_a_drawing_of_its_own():
    drawings = []
    with open_screen("landscape") as (rig, screen):
        for picture in [each for each in Picture if each is not Picture.RETURN_CARD]:  # it is PLACE_CARD once more
            rig.show(replace(PAGES["cancelled"], pictures=(picture,)))
            drawings.append(screen.grab())
            assert drawings[-1] not in drawings[:-1], picture


def test_simulated_is_said_and_only_then():
    with open_screen("portrait") as (rig, screen):
        assert "演示" in screen.find("simulated").property("text")
        rig.model.greet(replace(hello("portrait"), simulated=False))
        with pytest.raises(LookupError):
            screen.find("simulated")


def test_pictures_are_the_same_pixels_every_time():
    shots = []
    for _ in range(2):
        with open_screen("landscape") as (rig, screen):
            rig.show(PAGES["working"])
            shots.append(screen.grab())
    assert shots[0] == shots[1]
    assert (shots[0].width(), shots[0].height()) == (1920, 1080)


def test_theme_in_qml_has_the_names_that_python_sets():
    text = (QML / "Theme.qml").read_text(encoding="utf-8")
    declared = set(re.findall(r"^    property \w+ (\w+)", text, re.MULTILINE))
    assert declared == properties(Panel(1080, 1920, 268.0)).keys() | {"still"}


def test_no_other_colour_or_font_is_in_the_pages():
    for file in QML.glob("*.qml"):
        text = file.read_text(encoding="utf-8")
        assert re.findall(r'"#[0-9a-fA-F]{3,8}"', text) == [], file.name
        if file.name != "Theme.qml":
            assert "font.family: " not in text.replace("font.family: Theme.family", ""), file.name


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "inkSoft") for ground in ("canvas", "surface", "sunken")),
        *(("accent", ground) for ground in ("canvas", "surface", "accentSoft", "accentSoftPressed")),
        *(("onAccent", ground) for ground in ("accent", "accentPressed")),
        ("onAccent", "success"),
        ("onAccent", "attention"),
        *((tone, ground) for tone in ("success", "attention") for ground in ("surface", f"{tone}Soft")),
        *(("ink", f"{tone}Soft") for tone in ("accent", "success", "attention")),
    ],
)
def test_text_has_a_contrast_of_seven(text, ground):
    assert contrast(COLOURS[text], COLOURS[ground]) >= MIN_CONTRAST


@pytest.mark.parametrize("ground", ["canvas", "surface"])
def test_edges_of_buttons_have_a_contrast_of_three(ground):  # WCAG 2.2, 1.4.11
    assert contrast(COLOURS["edge"], COLOURS[ground]) >= 3


def test_contrast_of_black_on_white_is_21():  # WCAG 2.2, definition of contrast ratio
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


def test_closing_twice_does_no_harm_and_a_closed_screen_says_so():
    with open_screen("portrait") as (_, screen):
        screen.close()
        with pytest.raises(RuntimeError, match="closed"):
            screen.grab()


def test_an_error_in_the_screen_makes_it_begin_again_with_the_core(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    kiosk = app.start(tmp_path / "no-core", clock(), size=(540, 960))
    restarted = []
    monkeypatch.setattr(type(kiosk.link), "restart", lambda _: restarted.append(True))
    app.survive_errors(kiosk)
    try:
        sys.excepthook(ValueError, ValueError("broken page"), None)
    finally:
        kiosk.close()
    assert restarted == [True]
    assert "broken page" in caplog.text
