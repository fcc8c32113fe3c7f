"""The real QML, offscreen: what it shows can be read from 10 m, wide and upright, busy, idle and cut off."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QFontMetricsF, QImage
from PyQt6.QtQuick import QQuickItem

from kiosk_core.colours import COLOURS, MIN_CONTRAST, contrast
from kiosk_core.texts import LocalText
from queue_display.board.screen import BoardScreen
from queue_display.board.theme import CALL, DESIGN_SHORT_SIDE_PX, PANEL_SHORT_SIDE_MM, READ_FROM_MM
from tests.qml_lint import cap_px, name, number, overlaps, painted, pale, rect, texts_among, walk
from tests.queue_display.board.samples import (
    CALLS,
    IGNORED_QT_MESSAGES,
    LANDSCAPE,
    MEDIA,
    PATIENCE_MS,
    PORTRAIT,
    SCENES,
    SERVICES,
    Rig,
    board,
    busy,
    called,
    idle,
    open_board,
)

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.qt_log_ignore(*IGNORED_QT_MESSAGES)]

ARC_MINUTE_MM = READ_FROM_MM * 0.000290888
LEAST_ARC_MINUTES = 5.3
LEAST_OF_LONG_NAMES = 4.2
LEAST_OF_CALLS = 12.5

LONG = LocalText("个人贷款和理财业务", "Loans, savings and funds")

SIZES = {"portrait": PORTRAIT, "landscape": LANDSCAPE}


def longest(rig: Rig) -> None:
    services = tuple(replace(service, title=LONG, waiting=888) for service in SERVICES)
    rig.model.begin(board((("VIP9999", "VIP"), *((f"AB{n}999", "188") for n in range(8))), services))


def ink(text: QQuickItem) -> QRectF:
    """Return where a text's letters are, without the blank that the font has above and below each line."""
    font = text.property("font")
    font.setPixelSize(round(number(text, "fontInfo.pixelSize")))
    metrics = QFontMetricsF(font)
    letters = metrics.tightBoundingRect(text.property("text"))
    box = painted(text).translated(0, -text.property("bottomPadding") / 2)
    return QRectF(
        QPointF(box.left(), box.top() + metrics.ascent() + letters.top()),
        QPointF(box.right(), box.bottom() - metrics.descent() + letters.bottom()),
    )


def faults(screen: BoardScreen) -> Iterator[str]:
    picture = screen.grab()
    root = screen.window.rootObject()
    items = [item for item in walk(root) if item.width() > 0 and item.height() > 0]
    drawn = {text: ink(text) for text in texts_among(items)}
    assert drawn
    window = rect(root)
    for text, where in drawn.items():
        if text.property("truncated") or text.property("paintedWidth") > text.width() + 1.5:
            yield f"{name(text)!r} is cut"
        if not window.contains(where):
            yield f"{name(text)!r} leaves the window"
        surface = text.parentItem()
        while surface is not root and surface is not None:
            if surface.property("radius") and not rect(surface).adjusted(-1, -1, 1, 1).contains(where):
                yield f"{name(text)!r} leaves its surface"
            surface = surface.parentItem()
        yield from too_small(text, screen)
    yield from overlaps(drawn)
    yield from pale(picture, drawn)


def too_small(text: QQuickItem, screen: BoardScreen) -> Iterator[str]:
    millimetre = min(screen.window.width(), screen.window.height()) / PANEL_SHORT_SIDE_MM
    seen = cap_px(text) / millimetre / ARC_MINUTE_MM
    row = text.parentItem()
    is_call = row is not None and row.objectName().startswith("row_")
    least = LEAST_OF_CALLS if is_call or text.objectName().startswith("newest_") else LEAST_ARC_MINUTES
    if text.property("text") == LONG.en:
        least = LEAST_OF_LONG_NAMES
    if seen < least:
        yield f"{name(text)!r} has capitals of {seen:.1f} arc minutes from 10 m"


@pytest.mark.parametrize("orientation", SIZES)
@pytest.mark.parametrize("scene", [*SCENES.values(), longest], ids=lambda scene: scene.__name__)
def test_everything_can_be_read_from_ten_metres(orientation: str, scene: Callable[[Rig], None]) -> None:
    with open_board(SIZES[orientation], MEDIA if scene is idle else None) as (rig, screen):
        scene(rig)
        assert bool(rig.model.notice_headline) is (scene is idle)
        assert list(faults(screen)) == []


@pytest.mark.parametrize("orientation", SIZES)
@pytest.mark.parametrize("text", ["满" * 100, "满\n" * 5, "What the branch has to say. " * 5 + "\nAnd this."])
def test_the_longest_notice_fits(orientation: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("一二三四五六七八九十\n" + text, encoding="utf-8")
    with open_board(SIZES[orientation], tmp_path) as (rig, screen):
        idle(rig)
        assert rig.model.notice_headline
        assert list(faults(screen)) == []


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("textSmall", 30, "arc minutes"),
        ("textCall", 60, "arc minutes"),
        ("textFigure", 200, "leaves its surface"),
        ("ink", QColor("#8899AA"), "has a contrast of"),
        ("header", 10, "leaves the window"),
    ],
)
def test_the_lint_sees_a_theme_that_is_wrong(name: str, value: object, fault: str) -> None:
    with open_board(LANDSCAPE) as (rig, screen):
        busy(rig)
        screen._qml.theme.setProperty(name, value)
        assert fault in "\n".join(faults(screen))


def test_a_smaller_window_shows_the_same_in_proportion() -> None:
    with open_board((960, 540)) as (rig, screen):
        busy(rig)
        assert list(faults(screen)) == []


def patch(picture: QImage, item: QQuickItem) -> QImage:
    return picture.copy(rect(item).toRect())


def test_a_call_is_on_the_glass_at_once() -> None:
    with open_board(LANDSCAPE) as (rig, screen):
        busy(rig)
        rig.pass_time(1)
        where = screen.find("newest_ticket")
        before = patch(screen.grab(), where)
        rig.model.hear(called(101, "A032", "2"))
        assert patch(screen.grab(), where) != before
        assert where.property("text") == "A032"


@pytest.mark.parametrize("orientation", SIZES)
def test_as_many_calls_are_shown_as_there_is_room_for(orientation: str) -> None:
    with open_board(SIZES[orientation]) as (rig, screen):
        busy(rig)
        root = screen.window.rootObject()
        shown = [item for item in walk(root) if item.objectName().startswith("row_")]
    assert 4 <= len(shown) <= len(CALLS) - 1


@pytest.mark.qt_log_ignore("Error decoding", extend=True)
def test_a_picture_that_cannot_be_drawn_gives_way_to_the_next(tmp_path: Path, qtbot: object) -> None:
    noise = QImage(random.Random(1).randbytes(4 * 64 * 64), 64, 64, QImage.Format.Format_RGB32)
    noise.save(str(tmp_path / "1.png"))
    whole = (tmp_path / "1.png").read_bytes()
    (tmp_path / "1.png").write_bytes(whole[: len(whole) // 2])
    red = QImage(400, 300, QImage.Format.Format_RGB32)
    red.fill(QColor("red"))
    red.save(str(tmp_path / "2.png"))
    with open_board(LANDSCAPE, tmp_path) as (rig, screen):
        idle(rig)
        assert rig.model.notice_picture.endswith("1.png")

        def is_red() -> bool:
            middle = rect(screen.find("notice")).center().toPoint()
            return screen.grab().pixelColor(middle) == QColor("red")

        qtbot.waitUntil(is_red, timeout=PATIENCE_MS)  # type: ignore[attr-defined]
        assert rig.model.notice_picture.endswith("2.png")


@pytest.mark.parametrize(
    ("text", "ground"),
    [("onAccent", "accent"), ("accentSoft", "accentPressed"), ("attention", "attentionSoft"), ("inkSoft", "surface")],
)
def test_text_has_a_contrast_of_seven(text: str, ground: str) -> None:
    assert contrast(COLOURS[text], COLOURS[ground]) >= MIN_CONTRAST


@pytest.mark.parametrize("other", ["ink", "inkSoft", "accent"])
def test_what_is_lit_has_a_contrast_of_seven(other: str) -> None:
    assert contrast(COLOURS[other], CALL) >= MIN_CONTRAST


def test_the_design_is_for_a_panel_of_43_inches() -> None:
    assert pytest.approx(43 * 25.4 * 9 / (16**2 + 9**2) ** 0.5, abs=1) == PANEL_SHORT_SIDE_MM
    assert DESIGN_SHORT_SIDE_PX == 1080


def test_a_closed_board_says_so_and_closing_twice_does_no_harm() -> None:
    with open_board(LANDSCAPE) as (_, screen):
        screen.close()
        with pytest.raises(RuntimeError, match="closed"):
            screen.grab()
