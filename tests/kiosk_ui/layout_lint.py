"""Walks every visible item of a page and finds what a customer would stumble over."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect, QRectF
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtQml import QQmlExpression, qmlContext
from PyQt6.QtQuick import QQuickItem

from kiosk_ui.screen import KioskScreen
from kiosk_ui.theme import CAP_HEIGHT, MIN_CAP_MM, MIN_CONTRAST, MIN_GAP_MM, MIN_TARGET_MM, contrast

_ROUNDING_PX = 1.5

_Texts = Mapping[QQuickItem, QRectF]
"""Texts, and where their glyphs are."""


def findings(screen: KioskScreen) -> list[str]:
    """Return what is wrong with the page on the screen; nothing if all is well."""
    picture = screen.grab()  # first: it lays everything out
    root = screen.window.rootObject()
    assert root is not None
    items = [item for item in _walk(root) if item.width() > 0 and item.height() > 0]
    texts = [item for item in items if item.property("text") and item.property("paintedWidth") is not None]
    targets = [item for item in items if item.metaObject().indexOfSignal("activated()") >= 0 and item.isEnabled()]
    modal = next((item for item in items if item.metaObject().className().startswith("WarningOverlay")), None)
    if modal is not None:  # what it covers cannot be touched or read, the header above it can
        covered = set(_walk(root)) - set(_walk(modal)) - set(_walk(_header(items)))
        texts = [item for item in texts if item not in covered]
        targets = [item for item in targets if item not in covered]
    painted = {text: _painted(text) for text in texts}
    return [
        *_outside(root, painted, targets),
        *_cut(painted),
        *_overlaps(painted),
        *_small_text(screen, texts),
        *_pale_text(picture, painted),
        *_targets(screen, targets),
    ]


def _walk(item: QQuickItem) -> Iterator[QQuickItem]:
    if item.isVisible() and item.opacity() > 0:
        yield item
        for child in item.childItems():
            yield from _walk(child)


def _header(items: list[QQuickItem]) -> QQuickItem:
    return next(item for item in items if item.metaObject().className().startswith("Header"))


def _rect(item: QQuickItem) -> QRectF:
    return item.mapRectToScene(QRectF(0, 0, item.width(), item.height()))


def _painted(text: QQuickItem) -> QRectF:
    """Return where the glyphs are: the text's lines at their place in its box."""
    width, height = text.property("paintedWidth"), text.property("paintedHeight")
    across, down = _number(text, "horizontalAlignment"), _number(text, "verticalAlignment")
    x = {2: text.width() - width, 4: (text.width() - width) / 2}.get(int(across), 0.0)
    y = {64: text.height() - height, 128: (text.height() - height) / 2}.get(int(down), 0.0)
    return text.mapRectToScene(QRectF(x, y, width, height))


def _number(item: QQuickItem, expression: str) -> float:
    """Return what QML says: PyQt6 cannot convert the enums and gadgets of an item's own properties."""
    value, _undefined = QQmlExpression(qmlContext(item), item, expression).evaluate()
    return float(value)


def _name(item: QQuickItem) -> str:
    return item.objectName() or str(item.property("text") or item.property("label"))[:30]


def _outside(root: QQuickItem, texts: _Texts, targets: list[QQuickItem]) -> Iterator[str]:
    window = _rect(root).adjusted(-_ROUNDING_PX, -_ROUNDING_PX, _ROUNDING_PX, _ROUNDING_PX)
    bar = next(item for item in _walk(root) if item.metaObject().className().startswith("ActionBar"))
    inside = set(_walk(bar))
    above_bar = QRectF(window.topLeft(), _rect(bar).topRight())
    for item in (*texts, *targets):
        room = window if item in inside else above_bar
        rect = texts[item] if item in texts else _rect(item)
        if not (window if _in_overlay(item) else room).adjusted(-2, -2, 2, 2).contains(rect):
            yield f"{_name(item)!r} leaves its room: {rect}"


def _in_overlay(item: QQuickItem | None) -> bool:
    while item is not None:
        if item.metaObject().className().startswith("WarningOverlay"):
            return True
        item = item.parentItem()
    return False


def _cut(texts: _Texts) -> Iterator[str]:
    for text, painted in texts.items():
        if text.property("truncated"):
            yield f"{_name(text)!r} is elided"
        if text.property("paintedWidth") > text.width() + _ROUNDING_PX:
            yield f"{_name(text)!r} is wider than its box"
        if text.property("paintedHeight") > text.height() + _ROUNDING_PX:
            yield f"{_name(text)!r} is higher than its box"
        parent = text.parentItem()
        while parent is not None:  # a text must stay on the surface that it is drawn on
            if parent.metaObject().className().startswith(("Touchable", "ActionButton", "Tile", "HeroTile", "Banner")):
                if not _rect(parent).adjusted(-1, -1, 1, 1).contains(painted):
                    yield f"{_name(text)!r} leaves {_name(parent)!r}"
                break
            parent = parent.parentItem()


def _overlaps(texts: _Texts) -> Iterator[str]:
    boxes = list(texts.items())
    for index, (first, one) in enumerate(boxes):
        for second, other in boxes[index + 1 :]:
            shared = one.intersected(other)
            if shared.width() > 2 and shared.height() > 2:
                yield f"{_name(first)!r} overlaps {_name(second)!r}"


def _small_text(screen: KioskScreen, texts: list[QQuickItem]) -> Iterator[str]:
    for text in texts:
        pixels = _number(text, "fontInfo.pixelSize")
        if pixels * CAP_HEIGHT / screen.panel.px_per_mm < MIN_CAP_MM:
            yield f"{_name(text)!r} has capitals of {pixels * CAP_HEIGHT / screen.panel.px_per_mm:.1f} mm"


def _pale_text(image: QImage, texts: _Texts) -> Iterator[str]:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    dots = _dots(image)
    for text, painted in texts.items():
        if not image.rect().contains(painted.toRect().center()):
            continue  # outside the window: said already
        ground = _commonest_colour(dots, painted)
        ratio = contrast(text.property("color"), ground)
        if ratio < MIN_CONTRAST:
            yield f"{_name(text)!r} has a contrast of {ratio:.2f} on {ground.name()}"


def _dots(image: QImage) -> NDArray[np.uint32]:
    """Return an RGB32 picture's own memory as rows of 0xffRRGGBB."""
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    return np.frombuffer(bits, dtype=np.uint32).reshape(image.height(), image.width())


def _commonest_colour(dots: NDArray[np.uint32], rect: QRectF) -> QColor:
    """Return the colour of the ground: letters cover less than half of their lines."""
    height, width = dots.shape
    area = rect.toRect().adjusted(-2, 0, 2, 0).intersected(QRect(0, 0, width, height))
    across = slice(area.left(), area.right(), max(1, area.width() // 96))
    down = slice(area.top(), area.bottom(), max(1, area.height() // 24))
    colours, counts = np.unique(dots[down, across], return_counts=True)
    return QColor(int(colours[counts.argmax()]))


def _targets(screen: KioskScreen, targets: list[QQuickItem]) -> Iterator[str]:
    millimetre = screen.panel.px_per_mm
    boxes = [(target, _rect(target)) for target in targets]
    for target, box in boxes:
        if min(box.width(), box.height()) / millimetre < MIN_TARGET_MM - 0.05:
            yield f"{_name(target)!r} is {box.width() / millimetre:.1f} x {box.height() / millimetre:.1f} mm"
    for index, (first, one) in enumerate(boxes):
        for second, other in boxes[index + 1 :]:
            across = max(one.left(), other.left()) - min(one.right(), other.right())
            down = max(one.top(), other.top()) - min(one.bottom(), other.bottom())
            gap = max(across, down) / millimetre
            if gap < MIN_GAP_MM - 0.3:  # whole pixels
                yield f"{_name(first)!r} and {_name(second)!r} are {gap:.1f} mm apart"
