"""Walks the items of a QML picture and finds what makes a text hard to read: cut, overlapping, pale."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect, QRectF
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtQml import QQmlExpression, qmlContext
from PyQt6.QtQuick import QQuickItem

from kiosk_core.colours import MIN_CONTRAST, contrast
from screen_parts.fonts import CAP_HEIGHT

ROUNDING_PX = 1.5

Texts = Mapping[QQuickItem, QRectF]
"""Texts, and where their glyphs are."""


def walk(item: QQuickItem) -> Iterator[QQuickItem]:
    """Yield an item and all below it that are visible."""
    if item.isVisible() and item.opacity() > 0:
        yield item
        for child in item.childItems():
            yield from walk(child)


def texts_among(items: Iterable[QQuickItem]) -> list[QQuickItem]:
    return [item for item in items if item.property("text") and item.property("paintedWidth") is not None]


def rect(item: QQuickItem) -> QRectF:
    return item.mapRectToScene(QRectF(0, 0, item.width(), item.height()))


def painted(text: QQuickItem) -> QRectF:
    """Return where the glyphs are: the text's lines at their place in its box."""
    width, height = text.property("paintedWidth"), text.property("paintedHeight")
    across, down = number(text, "horizontalAlignment"), number(text, "verticalAlignment")
    x = {2: text.width() - width, 4: (text.width() - width) / 2}.get(int(across), 0.0)
    y = {64: text.height() - height, 128: (text.height() - height) / 2}.get(int(down), 0.0)
    return text.mapRectToScene(QRectF(x, y, width, height))


def number(item: QQuickItem, expression: str) -> float:
    """Return what QML says: PyQt6 cannot convert the enums and gadgets of an item's own properties."""
    value, _undefined = QQmlExpression(qmlContext(item), item, expression).evaluate()
    return float(value)


def cap_px(text: QQuickItem) -> float:
    """Return how high the capitals of a text are, as it is drawn."""
    return number(text, "fontInfo.pixelSize") * CAP_HEIGHT


def name(item: QQuickItem) -> str:
    return item.objectName() or str(item.property("text") or item.property("label"))[:30]


def cut(texts: Texts) -> Iterator[str]:
    for text in texts:
        if text.property("truncated"):
            yield f"{name(text)!r} is elided"
        if text.property("paintedWidth") > text.width() + ROUNDING_PX:
            yield f"{name(text)!r} is wider than its box"
        if text.property("paintedHeight") > text.height() + ROUNDING_PX:
            yield f"{name(text)!r} is higher than its box"


def overlaps(texts: Texts) -> Iterator[str]:
    boxes = list(texts.items())
    for index, (first, one) in enumerate(boxes):
        for second, other in boxes[index + 1 :]:
            shared = one.intersected(other)
            if shared.width() > 2 and shared.height() > 2:
                yield f"{name(first)!r} overlaps {name(second)!r}"


def pale(image: QImage, texts: Texts) -> Iterator[str]:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    dots = _dots(image)
    for text, where in texts.items():
        if not image.rect().contains(where.toRect().center()):
            continue  # outside the window: said already
        ground = _commonest_colour(dots, where)
        ratio = contrast(text.property("color").name(), ground.name())
        if ratio < MIN_CONTRAST:
            yield f"{name(text)!r} has a contrast of {ratio:.2f} on {ground.name()}"


def _dots(image: QImage) -> NDArray[np.uint32]:
    """Return an RGB32 picture's own memory as rows of 0xffRRGGBB."""
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    return np.frombuffer(bits, dtype=np.uint32).reshape(image.height(), image.width())


def _commonest_colour(dots: NDArray[np.uint32], where: QRectF) -> QColor:
    """Return the colour of the ground: letters cover less than half of their lines."""
    height, width = dots.shape
    area = where.toRect().adjusted(-2, 0, 2, 0).intersected(QRect(0, 0, width, height))
    across = slice(area.left(), area.right(), max(1, area.width() // 96))
    down = slice(area.top(), area.bottom(), max(1, area.height() // 24))
    colours, counts = np.unique(dots[down, across], return_counts=True)
    return QColor(int(colours[counts.argmax()]))
