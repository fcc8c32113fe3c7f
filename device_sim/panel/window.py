"""The panel's window: QML on the hands of one person, looked at again five times a second."""

import logging
import os
import sys
import threading
from functools import cache
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSize, QTimer, QUrl
from PyQt6.QtGui import QFontDatabase, QGuiApplication
from PyQt6.QtQuick import QQuickView, QQuickWindow, QSGRendererInterface

import kiosk_core.fonts
from device_sim.panel.hands import Hands
from device_sim.panel.listening import Listening, Understand
from device_sim.panel.pictures import PaperProvider
from device_sim.panel.touches import Touches
from device_sim.terminal import SimulatedTerminal
from kiosk_core.clock import Clock

WIDTH = 380
DRAWER = 560
"""What the drawer of a device adds, to the left, where the desktop has room for it; else it covers the picture."""
ROOM = WIDTH + 16
"""How much of the desktop's width the panel takes, in pixels, with a window's frame; more while a drawer is open."""

_QML = Path(__file__).parent / "qml" / "Panel.qml"
_FONTS = Path(kiosk_core.fonts.__file__).parent
_LOOK_MS = 200
_WINDOW_TO_SCREEN = 0.92  # room for the title bar and the desktop's panels
_TALLEST = 860
_FRAME = 8  # the left edge of a window's frame and some air

_log = logging.getLogger(__name__)


def run_panel(
    terminal: SimulatedTerminal, stopped: threading.Event, clock: Clock, understand: Understand | None = None
) -> None:
    """Show the panel until its window is closed or `stopped` is set; with `understand` it shows what passes, too."""
    application = QGuiApplication(sys.argv[:1])
    listening = Listening(terminal.units, understand, clock) if understand is not None else None
    panel = PanelWindow(Hands(terminal, clock), listening)

    def look() -> None:  # also lets Python hear signals
        if stopped.is_set():
            application.quit()
        panel.look()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(_LOOK_MS)
    sys.excepthook = _survive
    try:
        panel.show()
        application.exec()
    finally:
        sys.excepthook = sys.__excepthook__
        timer.stop()
        panel.close()
        if listening is not None:
            listening.close()


def _survive(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Keep the simulator alive when a slot raises, which PyQt6 would abort."""
    _log.critical("an error in the panel", exc_info=(kind, error, trace))


class PanelWindow:
    """The window. Needs a QGuiApplication; call `close`, so that no binding outlives what it is bound to.

    `desktop` is the room that there is, by default the screen's.
    """

    def __init__(self, hands: Hands, listening: Listening | None = None, desktop: QRect | None = None) -> None:
        _load_fonts()
        _choose_renderer()
        self._touches = Touches(hands, listening)
        self._view: QQuickView | None = QQuickView()
        view = self._view
        view.setTitle("OpenTeller: the terminal in your hands")
        view.setResizeMode(QQuickView.ResizeMode.SizeRootObjectToView)
        engine = view.engine()
        assert engine is not None  # noqa: S101  (a view always has one)
        self._provider = PaperProvider(lambda: self._touches.slot, self._touches.taken)
        engine.addImageProvider("paper", self._provider)
        handed: dict[str | None, object] = {"touches": self._touches}
        if listening is not None:
            handed["passed"] = self._touches.passed
        view.setInitialProperties(handed)
        self._desktop = desktop
        room = self._room
        view.resize(WIDTH, int(min(room.height() * _WINDOW_TO_SCREEN, _TALLEST)))
        view.setSource(QUrl.fromLocalFile(str(_QML)))
        root = view.rootObject()
        if root is None:
            raise RuntimeError("; ".join(error.toString() for error in view.errors()))
        view.setColor(root.property("canvas"))
        self._touches.seen.connect(lambda sight: self._fit(unfolded=bool(sight["chosen"])))
        self.look()

    @property
    def window(self) -> QQuickView:
        """The window itself."""
        if self._view is None:
            raise RuntimeError("the panel is closed")
        return self._view

    def show(self) -> None:
        """Open the window at the right edge of the screen: the terminal's own stands at the left."""
        room = self._room
        self.window.setFramePosition(QPoint(room.right() + 1 - ROOM + _FRAME, room.top()))
        self.window.show()

    def look(self) -> None:
        """Show what there is to see now."""
        self._touches.look()

    def close(self) -> None:
        """Close the window and delete it now. Twice does no harm."""
        if self._view is None:
            return
        view, self._view = self._view, None
        view.close()
        view.deleteLater()
        QCoreApplication.sendPostedEvents(view, QEvent.Type.DeferredDelete.value)

    @property
    def _room(self) -> QRect:
        screen = self.window.screen()
        return self._desktop or (screen.availableGeometry() if screen is not None else QRect(0, 0, 1366, 768))

    def _fit(self, *, unfolded: bool) -> None:
        """Unfold to the left where there is room, and fold again; a window that a person made wider stays so."""
        window = self.window
        wide = WIDTH + DRAWER
        if unfolded and window.width() == WIDTH and self._room.width() >= wide + ROOM - WIDTH:
            self._place(wide)
        elif not unfolded and window.width() == wide:
            self._place(WIDTH)

    def _place(self, width: int) -> None:
        window = self.window
        left = max(self._room.left(), window.x() + window.width() - width)
        window.setGeometry(QRect(QPoint(left, window.y()), QSize(width, window.height())))


@cache
def _load_fonts() -> None:
    for name in ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"):
        if QFontDatabase.addApplicationFont(str(_FONTS / name)) < 0:
            raise RuntimeError(f"{_FONTS / name} is no font")


@cache
def _choose_renderer() -> None:
    """Draw in software unless the environment names another renderer: the same everywhere, and no GPU is needed."""
    if not os.environ.get("QSG_RHI_BACKEND") and not os.environ.get("QT_QUICK_BACKEND"):
        QQuickWindow.setGraphicsApi(QSGRendererInterface.GraphicsApi.Software)
