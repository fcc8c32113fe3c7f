"""Walks every visible item of a page and finds what a customer would stumble over."""

from collections.abc import Iterator

from PyQt6.QtCore import QRectF
from PyQt6.QtQuick import QQuickItem

from kiosk_ui.screen import KioskScreen
from kiosk_ui.theme import MIN_CAP_MM, MIN_GAP_MM, MIN_TARGET_MM
from tests.qml_lint import ROUNDING_PX, Texts, cap_px, cut, name, overlaps, painted, pale, rect, texts_among, walk


def findings(screen: KioskScreen) -> list[str]:
    """Return what is wrong with the page on the screen; nothing if all is well."""
    picture = screen.grab()  # first: it lays everything out
    root = screen.window.rootObject()
    assert root is not None
    items = [item for item in walk(root) if item.width() > 0 and item.height() > 0]
    texts = texts_among(items)
    targets = [item for item in items if item.metaObject().indexOfSignal("activated()") >= 0 and item.isEnabled()]
    modal = next((item for item in items if item.metaObject().className().startswith("WarningOverlay")), None)
    if modal is not None:  # what it covers cannot be touched or read, the header above it can
        covered = set(walk(root)) - set(walk(modal)) - set(walk(_header(items)))
        texts = [item for item in texts if item not in covered]
        targets = [item for item in targets if item not in covered]
    drawn = {text: painted(text) for text in texts}
    return [
        *_outside(root, drawn, targets),
        *cut(drawn),
        *_off_its_surface(drawn),
        *overlaps(drawn),
        *_small_text(screen, texts),
        *pale(picture, drawn),
        *_targets(screen, targets),
    ]


def _header(items: list[QQuickItem]) -> QQuickItem:
    return next(item for item in items if item.metaObject().className().startswith("Header"))


def _outside(root: QQuickItem, texts: Texts, targets: list[QQuickItem]) -> Iterator[str]:
    window = rect(root).adjusted(-ROUNDING_PX, -ROUNDING_PX, ROUNDING_PX, ROUNDING_PX)
    bar = next(item for item in walk(root) if item.metaObject().className().startswith("ActionBar"))
    inside = set(walk(bar))
    above_bar = QRectF(window.topLeft(), rect(bar).topRight())
    for item in (*texts, *targets):
        room = window if item in inside else above_bar
        where = texts[item] if item in texts else rect(item)
        if not (window if _in_overlay(item) else room).adjusted(-2, -2, 2, 2).contains(where):
            yield f"{name(item)!r} leaves its room: {where}"


def _in_overlay(item: QQuickItem | None) -> bool:
    while item is not None:
        if item.metaObject().className().startswith("WarningOverlay"):
            return True
        item = item.parentItem()
    return False


def _off_its_surface(texts: Texts) -> Iterator[str]:
    for text, where in texts.items():
        parent = text.parentItem()
        while parent is not None:  # a text must stay on the surface that it is drawn on
            if parent.metaObject().className().startswith(("Touchable", "ActionButton", "Tile", "HeroTile", "Banner")):
                if not rect(parent).adjusted(-1, -1, 1, 1).contains(where):
                    yield f"{name(text)!r} leaves {name(parent)!r}"
                break
            parent = parent.parentItem()


def _small_text(screen: KioskScreen, texts: list[QQuickItem]) -> Iterator[str]:
    for text in texts:
        cap_mm = cap_px(text) / screen.panel.px_per_mm
        if cap_mm < MIN_CAP_MM:
            yield f"{name(text)!r} has capitals of {cap_mm:.1f} mm"


def _targets(screen: KioskScreen, targets: list[QQuickItem]) -> Iterator[str]:
    millimetre = screen.panel.px_per_mm
    boxes = [(target, rect(target)) for target in targets]
    for target, box in boxes:
        if min(box.width(), box.height()) / millimetre < MIN_TARGET_MM - 0.05:
            yield f"{name(target)!r} is {box.width() / millimetre:.1f} x {box.height() / millimetre:.1f} mm"
    for index, (first, one) in enumerate(boxes):
        for second, other in boxes[index + 1 :]:
            across = max(one.left(), other.left()) - min(one.right(), other.right())
            down = max(one.top(), other.top()) - min(one.bottom(), other.bottom())
            gap = max(across, down) / millimetre
            if gap < MIN_GAP_MM - 0.3:  # whole pixels
                yield f"{name(first)!r} and {name(second)!r} are {gap:.1f} mm apart"
