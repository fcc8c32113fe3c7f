"""The sources of pictures that QML cannot draw itself: tinted icons, the payment code, what the camera sees."""

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QByteArray, QSize, Qt
from PyQt6.QtGui import QColor, QImage, QPainter
from PyQt6.QtQuick import QQuickImageProvider
from PyQt6.QtSvg import QSvgRenderer

ICONS = Path(__file__).parent / "icons"
QUIET_ZONE = 4  # modules, ISO/IEC 18004

_UNKNOWN_ICON = "service"  # a service of a third party may name an icon that is not ours


class IconProvider(QQuickImageProvider):
    """`image://icon/<name>/<rrggbb>`: a line icon in one colour, at the size that is asked for."""

    def __init__(self) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)

    def requestImage(self, id: str | None, requestedSize: QSize) -> tuple[QImage, QSize]:  # noqa: A002, N802, N803
        """Draw the icon."""
        name, _, colour = (id or "").partition("/")
        file = ICONS / f"{name}.svg"
        if not name.isidentifier() or not file.is_file():
            file = ICONS / f"{_UNKNOWN_ICON}.svg"
        svg = file.read_text(encoding="utf-8").replace("currentColor", f"#{colour}")
        image = QImage(requestedSize.expandedTo(QSize(1, 1)), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        QSvgRenderer(QByteArray(svg.encode())).render(painter)
        painter.end()
        return image, image.size()


class QrProvider(QQuickImageProvider):
    """`image://qr/<page number>`: the code of the page on the screen; it keeps none itself.

    The image is the largest one that fits the asked size with whole pixels a module, quiet zone included.
    """

    def __init__(self, text: Callable[[], str]) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)
        self._text = text

    def requestImage(self, id: str | None, requestedSize: QSize) -> tuple[QImage, QSize]:  # noqa: A002, ARG002, N802, N803
        """Draw the code."""
        image = draw_qr(self._text(), min(requestedSize.width(), requestedSize.height()))
        return image, image.size()


class CameraProvider(QQuickImageProvider):
    """`image://camera/<number>`: what the camera sees now; it keeps none itself."""

    def __init__(self, image: Callable[[], QImage]) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)
        self._image = image

    def requestImage(self, id: str | None, requestedSize: QSize) -> tuple[QImage, QSize]:  # noqa: A002, ARG002, N802, N803
        """Return the frame; one transparent pixel where it has gone meanwhile."""
        image = self._image()
        if image.isNull():
            image = QImage(1, 1, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(Qt.GlobalColor.transparent)
        return image, image.size()


class CropProvider(QQuickImageProvider):
    """`image://crop/<page number>/<field>`: a piece of a card's picture on this page; it keeps none itself."""

    def __init__(self, image: Callable[[str], QImage]) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)
        self._image = image

    def requestImage(self, id: str | None, requestedSize: QSize) -> tuple[QImage, QSize]:  # noqa: A002, ARG002, N802, N803
        """Return the piece; one transparent pixel where there is none any more."""
        image = self._image((id or "").rpartition("/")[2])
        if image.isNull():
            image = QImage(1, 1, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(Qt.GlobalColor.transparent)
        return image, image.size()


def draw_qr(text: str, room: int) -> QImage:
    """Return the code of `text` at most `room` pixels wide (one pixel a module at least)."""
    import segno  # noqa: PLC0415  (only the payment page needs it: the first frame comes sooner)

    matrix = segno.make_qr(text, error="m").matrix
    modules = len(matrix) + 2 * QUIET_ZONE
    scale = max(1, room // modules)
    image = QImage(modules, modules, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    black = QColor("black")
    for y, row in enumerate(matrix, QUIET_ZONE):
        for x, dark in enumerate(row, QUIET_ZONE):
            if dark:
                image.setPixelColor(x, y, black)
    return image.scaled(modules * scale, modules * scale)
