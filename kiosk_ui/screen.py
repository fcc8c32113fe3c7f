"""The window: it loads the QML pages, sets the theme for the panel, and lets a script find and touch things."""

from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QEvent, QPointF, QSize, Qt
from PyQt6.QtGui import QImage, QMouseEvent
from PyQt6.QtQuick import QQuickItem, QQuickView

from kiosk_ui.image_providers import CameraProvider, CropProvider, IconProvider, QrProvider
from kiosk_ui.theme import Panel, properties
from kiosk_ui.view_model import ViewModel
from screen_parts.window import QmlWindow, fitting

QML = Path(__file__).parent / "qml"


class KioskScreen:
    """The customer's screen on a view-model; `size` in pixels, portrait or landscape.

    Needs a QGuiApplication. In a window that does not fit the desktop the same picture is drawn smaller.
    With `beside_px` the window stands at the left edge of the desktop and leaves that much of its width to another.
    `still` stops all motion (screenshots). The view goes before the model: call `close`.
    """

    def __init__(
        self,
        model: ViewModel,
        *,
        size: tuple[int, int],
        fullscreen: bool = False,
        beside_px: int = 0,
        still: bool = False,
    ) -> None:
        self._model = model
        self._width_mm: float | None = None
        self._fullscreen = fullscreen
        self._beside_px = beside_px
        self._qml = QmlWindow(
            QML,
            {
                "icon": IconProvider(),
                "qr": QrProvider(lambda: model.qr_text),
                "camera": CameraProvider(lambda: model.camera.image),
                "crop": CropProvider(model.crop),
            },
        )
        self._qml.theme.setProperty("still", still)
        view = self._qml.view
        view.resize(QSize(*size) if fullscreen else fitting(size, beside_px))
        self._dress()
        view.setColor(self._qml.theme.property("canvas"))
        self._qml.load(model)
        view.widthChanged.connect(self._dress)
        view.heightChanged.connect(self._dress)
        model.panel_changed.connect(self._measure)
        self._closed = False

    def show(self) -> None:
        """Open the window."""
        if self._fullscreen:
            self.window.showFullScreen()
            return
        screen = self.window.screen()
        if self._beside_px and screen is not None:
            self.window.setFramePosition(screen.availableGeometry().topLeft())
        self.window.show()

    def close(self) -> None:
        """Close the window and delete it now, so that no binding outlives the model. Twice does no harm."""
        if not self._closed:
            self._closed = True
            self._model.panel_changed.disconnect(self._measure)
            self._qml.close()

    @property
    def window(self) -> QQuickView:
        """The window itself."""
        return self._qml.view

    def grab(self) -> QImage:
        """Return what the screen shows now."""
        return self._qml.grab()

    def find(self, object_name: str) -> QQuickItem:
        """Return the visible item of that objectName.

        Raises:
            LookupError: there is none now; the text lists what there is.
        """
        return self._qml.find(object_name)

    def touch(self, object_name: str) -> None:
        """Press and release the middle of an item, as a finger does; what lies above it takes the touch.

        Raises:
            LookupError: there is no such item now.
        """
        item = self.find(object_name)
        where = item.mapToScene(QPointF(item.width() / 2, item.height() / 2))
        button, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind, held in ((QEvent.Type.MouseButtonPress, button), (QEvent.Type.MouseButtonRelease, none)):
            at = QPointF(self.window.mapToGlobal(where.toPoint()))
            event = QMouseEvent(kind, where, at, button, held, Qt.KeyboardModifier.NoModifier)
            QCoreApplication.sendEvent(self.window, event)

    @property
    def panel(self) -> Panel:
        """The panel as it is drawn on now."""
        width, height = self.window.width(), self.window.height()
        # Before the core's first word: as if the panel were 21.5 inches, 268 mm on its short side.
        return Panel(width, height, self._width_mm or 268.0 * width / min(width, height))

    def _measure(self, width_mm: float) -> None:
        if width_mm > 0 and width_mm != self._width_mm:
            self._width_mm = width_mm
            self._dress()

    def _dress(self) -> None:
        if min(self.window.width(), self.window.height()) > 0:
            self._qml.dress(properties(self.panel))
