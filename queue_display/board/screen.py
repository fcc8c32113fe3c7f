"""The board's window: it loads the QML and sets the theme for its size."""

import os
from pathlib import Path

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtQuick import QQuickItem, QQuickView

from queue_display.board.theme import properties
from queue_display.board.view_model import BoardModel
from screen_parts.window import QmlWindow, fitting

QML = Path(__file__).parent / "qml"


class BoardScreen:
    """The board on a view-model; `size` in pixels, portrait or landscape. Needs a QGuiApplication.

    In a window that does not fit the desktop the same picture is drawn smaller. It goes before the model: call `close`.
    """

    def __init__(self, model: BoardModel, *, size: tuple[int, int], fullscreen: bool = False) -> None:
        # Qt would wait 5 ms for more changes before it paints. Nothing here moves, so there is nothing to gather.
        os.environ.setdefault("QT_QPA_UPDATE_IDLE_TIME", "0")
        self._fullscreen = fullscreen
        self._qml = QmlWindow(QML)
        view = self._qml.view
        view.resize(QSize(*size) if fullscreen else fitting(size))
        self._dress()
        view.setColor(self._qml.theme.property("accentPressed"))
        self._qml.load(model)
        view.widthChanged.connect(self._dress)
        view.heightChanged.connect(self._dress)

    def show(self) -> None:
        """Open the window."""
        if self._fullscreen:
            self.window.setCursor(Qt.CursorShape.BlankCursor)
            self.window.showFullScreen()
        else:
            self.window.show()

    def close(self) -> None:
        """Close the window and delete it now. Twice does no harm."""
        self._qml.close()

    @property
    def window(self) -> QQuickView:
        """The window itself."""
        return self._qml.view

    def grab(self) -> QImage:
        """Return what the board shows now."""
        return self._qml.grab()

    def find(self, object_name: str) -> QQuickItem:
        """Return the visible item of that objectName.

        Raises:
            LookupError: there is none now; the text lists what there is.
        """
        return self._qml.find(object_name)

    def _dress(self) -> None:
        width, height = self.window.width(), self.window.height()
        if min(width, height) > 0:
            self._qml.dress(properties(width, height))
