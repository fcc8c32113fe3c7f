"""A window that shows a folder of QML: `Main.qml` on a view-model, dressed by the properties of `Theme.qml`."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, QUrl
from PyQt6.QtGui import QGuiApplication, QImage
from PyQt6.QtQml import QQmlComponent, QQmlEngine
from PyQt6.QtQuick import QQuickImageProvider, QQuickItem, QQuickView, QQuickWindow, QSGRendererInterface

from screen_parts.fonts import load_fonts

_WINDOW_TO_SCREEN = 0.92  # a window leaves room for its title bar and the desktop's panels


class QmlWindow:
    """The window on the QML in `folder`; needs a QGuiApplication.

    `providers` are its sources of pictures by name. The window goes before the model that it shows: call `close`.
    """

    def __init__(self, folder: Path, providers: Mapping[str, QQuickImageProvider] | None = None) -> None:
        load_fonts()
        _choose_renderer()
        self._folder = folder
        self._view: QQuickView | None = QQuickView()
        self._view.setTitle("OpenTeller")
        self._view.setResizeMode(QQuickView.ResizeMode.SizeRootObjectToView)
        engine = self._view.engine()
        assert engine is not None  # noqa: S101  (a view always has one)
        # The engine owns the providers, but only these references keep their Python halves alive.
        self._providers = dict(providers or {})
        for name, provider in self._providers.items():
            engine.addImageProvider(name, provider)
        self._theme = _theme_of(engine, folder)

    @property
    def view(self) -> QQuickView:
        """The window itself."""
        if self._view is None:
            raise RuntimeError("the screen is closed")
        return self._view

    @property
    def theme(self) -> QObject:
        """The one Theme, whose values only Python sets."""
        return self._theme

    def dress(self, properties: Mapping[str, object]) -> None:
        """Set properties of the theme."""
        for name, value in properties.items():
            self._theme.setProperty(name, value)

    def load(self, model: QObject) -> None:
        """Make the picture: `Main.qml` gets the view-model as its `model`."""
        self.view.setInitialProperties({"model": model})
        self.view.setSource(QUrl.fromLocalFile(str(self._folder / "Main.qml")))
        if self.view.status() is not QQuickView.Status.Ready:
            raise RuntimeError("; ".join(error.toString() for error in self.view.errors()))

    def close(self) -> None:
        """Close the window and delete it now, so that no binding outlives the model. Twice does no harm."""
        if self._view is None:
            return
        view, self._view = self._view, None
        view.close()
        view.deleteLater()
        QCoreApplication.sendPostedEvents(view, QEvent.Type.DeferredDelete.value)

    def grab(self) -> QImage:
        """Return what the window shows now."""
        return self.view.grabWindow()

    def find(self, object_name: str) -> QQuickItem:
        """Return the visible item of that objectName.

        Raises:
            LookupError: there is none now; the text lists what there is.
        """
        seen: list[str] = []
        root = self.view.rootObject()
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


def fitting(size: tuple[int, int], beside_px: int = 0) -> QSize:
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


def _theme_of(engine: QQmlEngine, folder: Path) -> QObject:
    component = QQmlComponent(engine)
    text = b"import QtQuick\nQtObject { readonly property QtObject theme: Theme }"
    component.setData(text, QUrl.fromLocalFile(str(folder / "ThemeOf.qml")))
    door = component.create()
    if door is None:
        raise RuntimeError("; ".join(error.toString() for error in component.errors()))
    theme = door.property("theme")
    assert isinstance(theme, QObject)  # noqa: S101  (the component says so)
    door.deleteLater()
    return theme


@cache
def _choose_renderer() -> None:
    """Draw in software unless the environment names another renderer.

    Without a GPU the other ways are five times slower (facts/touch-ui.md 1), and software draws bit for bit the
    same everywhere.
    """
    if not os.environ.get("QSG_RHI_BACKEND") and not os.environ.get("QT_QUICK_BACKEND"):
        QQuickWindow.setGraphicsApi(QSGRendererInterface.GraphicsApi.Software)
