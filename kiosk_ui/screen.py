"""The window: it loads the QML pages, sets the theme for the panel, and lets a script find and touch things."""

import os
from functools import cache
from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QEvent, QObject, QPointF, QSize, Qt, QUrl
from PyQt6.QtGui import QFontDatabase, QGuiApplication, QImage, QMouseEvent
from PyQt6.QtQml import QQmlComponent, QQmlEngine
from PyQt6.QtQuick import QQuickItem, QQuickView, QQuickWindow, QSGRendererInterface

import kiosk_core.fonts
from kiosk_ui.image_providers import CameraProvider, CropProvider, IconProvider, QrProvider
from kiosk_ui.theme import Panel, properties
from kiosk_ui.view_model import ViewModel

QML = Path(__file__).parent / "qml"

_FONTS = Path(kiosk_core.fonts.__file__).parent
_WINDOW_TO_SCREEN = 0.92  # a window leaves room for its title bar and the desktop's panels


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
        _load_fonts()
        _choose_renderer()
        self._model = model
        self._width_mm: float | None = None
        self._fullscreen = fullscreen
        self._beside_px = beside_px
        self._view: QQuickView | None = QQuickView()
        view = self._view
        view.setTitle("OpenTeller")
        view.setResizeMode(QQuickView.ResizeMode.SizeRootObjectToView)
        engine = view.engine()
        assert engine is not None  # noqa: S101  (a view always has one)
        # The engine owns the providers, but only these references keep their Python halves alive.
        self._providers = {
            "icon": IconProvider(),
            "qr": QrProvider(lambda: model.qr_text),
            "camera": CameraProvider(lambda: model.camera.image),
            "crop": CropProvider(model.crop),
        }
        for name, provider in self._providers.items():
            engine.addImageProvider(name, provider)
        self._theme = _theme_of(engine)
        self._theme.setProperty("still", still)
        view.resize(QSize(*size) if fullscreen else _fitting(size, beside_px))
        self._dress()
        view.setColor(self._theme.property("canvas"))
        view.setInitialProperties({"model": model})
        view.setSource(QUrl.fromLocalFile(str(QML / "Main.qml")))
        if view.status() is not QQuickView.Status.Ready:
            raise RuntimeError("; ".join(error.toString() for error in view.errors()))
        view.widthChanged.connect(self._dress)
        view.heightChanged.connect(self._dress)
        model.panel_changed.connect(self._measure)

    def show(self) -> None:
        """Open the window."""
        if self._fullscreen:
            self._open_view.showFullScreen()
            return
        screen = self._open_view.screen()
        if self._beside_px and screen is not None:
            self._open_view.setFramePosition(screen.availableGeometry().topLeft())
        self._open_view.show()

    def close(self) -> None:
        """Close the window and delete it now, so that no binding outlives the model. Twice does no harm."""
        if self._view is None:
            return
        view, self._view = self._view, None
        self._model.panel_changed.disconnect(self._measure)
        view.close()
        view.deleteLater()
        QCoreApplication.sendPostedEvents(view, QEvent.Type.DeferredDelete.value)

    @property
    def window(self) -> QQuickView:
        """The window itself."""
        return self._open_view

    def grab(self) -> QImage:
        """Return what the screen shows now."""
        return self._open_view.grabWindow()

    def find(self, object_name: str) -> QQuickItem:
        """Return the visible item of that objectName.

        Raises:
            LookupError: there is none now; the text lists what there is.
        """
        seen: list[str] = []
        root = self._open_view.rootObject()
        waiting = [root] if root is not None else []
        while waiting:
            item = waiting.pop()
            if not item.isVisible():
                continue
            if item.objectName() == object_name:
                return item
            if item.objectName():
                seen.append(item.objectName())
            waiting += item.childItems()
        raise LookupError(f"no {object_name!r} on the screen; there are {', '.join(sorted(seen))}")

    def touch(self, object_name: str) -> None:
        """Press and release the middle of an item, as a finger does; what lies above it takes the touch.

        Raises:
            LookupError: there is no such item now.
        """
        item = self.find(object_name)
        where = item.mapToScene(QPointF(item.width() / 2, item.height() / 2))
        button, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind, held in ((QEvent.Type.MouseButtonPress, button), (QEvent.Type.MouseButtonRelease, none)):
            at = QPointF(self._open_view.mapToGlobal(where.toPoint()))
            event = QMouseEvent(kind, where, at, button, held, Qt.KeyboardModifier.NoModifier)
            QCoreApplication.sendEvent(self._open_view, event)

    @property
    def panel(self) -> Panel:
        """The panel as it is drawn on now."""
        width, height = self._open_view.width(), self._open_view.height()
        # Before the core's first word: as if the panel were 21.5 inches, 268 mm on its short side.
        return Panel(width, height, self._width_mm or 268.0 * width / min(width, height))

    @property
    def _open_view(self) -> QQuickView:
        if self._view is None:
            raise RuntimeError("the screen is closed")
        return self._view

    def _measure(self, width_mm: float) -> None:
        if width_mm > 0 and width_mm != self._width_mm:
            self._width_mm = width_mm
            self._dress()

    def _dress(self) -> None:
        if min(self._open_view.width(), self._open_view.height()) > 0:
            for name, value in properties(self.panel).items():
                self._theme.setProperty(name, value)


def _theme_of(engine: QQmlEngine) -> QObject:
    """Return the engine's one Theme, whose values only Python sets."""
    component = QQmlComponent(engine)
    text = b"import QtQuick\nQtObject { readonly property QtObject theme: Theme }"
    component.setData(text, QUrl.fromLocalFile(str(QML / "ThemeOf.qml")))
    door = component.create()
    if door is None:
        raise RuntimeError("; ".join(error.toString() for error in component.errors()))
    theme = door.property("theme")
    assert isinstance(theme, QObject)  # noqa: S101  (the component says so)
    door.deleteLater()
    return theme


@cache
def _load_fonts() -> None:
    """Load the bundled fonts; no other one is used, so every machine draws the same pixels."""
    for name in ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"):
        if QFontDatabase.addApplicationFont(str(_FONTS / name)) < 0:
            raise RuntimeError(f"{_FONTS / name} is no font")


@cache
def _choose_renderer() -> None:
    """Draw in software unless the environment names another renderer.

    Without a GPU the other ways are five times slower (facts/touch-ui.md 1), and software draws bit for bit the
    same everywhere.
    """
    if not os.environ.get("QSG_RHI_BACKEND") and not os.environ.get("QT_QUICK_BACKEND"):
        QQuickWindow.setGraphicsApi(QSGRendererInterface.GraphicsApi.Software)


def _fitting(size: tuple[int, int], beside_px: int) -> QSize:
    """Return `size`, made smaller in proportion where the desktop without `beside_px` of its width is smaller."""
    wanted = QSize(*size)
    screen = QGuiApplication.primaryScreen()
    if screen is None or QGuiApplication.platformName() == "offscreen":  # the screen of nowhere has no true size
        return wanted
    room = screen.availableSize() * _WINDOW_TO_SCREEN
    room.setWidth(min(room.width(), screen.availableSize().width() - beside_px))
    if wanted.width() <= room.width() and wanted.height() <= room.height():
        return wanted
    return wanted.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
