"""The panel's window: QML on the hands of one person, looked at again five times a second."""

import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from PIL import Image
from PyQt6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QSize, QTimer, QUrl, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QFontDatabase, QGuiApplication, QImage
from PyQt6.QtQuick import QQuickImageProvider, QQuickView, QQuickWindow, QSGRendererInterface

import kiosk_core.fonts
from device_sim.panel.hands import Hands
from device_sim.receipt_paper import PrintedReceipt, paper_picture
from device_sim.terminal import SimulatedTerminal

WIDTH = 380
ROOM = WIDTH + 16
"""How much of the desktop's width the panel takes, in pixels, with a window's frame."""

_QML = Path(__file__).parent / "qml" / "Panel.qml"
_FONTS = Path(kiosk_core.fonts.__file__).parent
_LOOK_MS = 200
_WINDOW_TO_SCREEN = 0.92  # room for the title bar and the desktop's panels
_FRAME = 8  # the left edge of a window's frame and some air

_log = logging.getLogger(__name__)


def run_panel(terminal: SimulatedTerminal, stopped: threading.Event) -> None:
    """Show the panel until its window is closed or `stopped` is set."""
    application = QGuiApplication(sys.argv[:1])
    panel = PanelWindow(Hands(terminal))

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


def _survive(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Keep the simulator alive when a slot raises, which PyQt6 would abort."""
    _log.critical("an error in the panel", exc_info=(kind, error, trace))


class Touches(QObject):
    """What QML calls, and what it is told in return: `seen` a Sight as a map, `refused` a line."""

    seen = pyqtSignal("QVariantMap")
    refused = pyqtSignal(str)
    receipt_taken = pyqtSignal()

    def __init__(self, hands: Hands) -> None:
        super().__init__()
        self._hands = hands
        self._last: dict[str, Any] = {}

    @pyqtSlot()
    def look(self) -> None:
        """Say what there is to see, if it has changed."""
        sight = asdict(self._hands.look())
        if sight != self._last:
            self._last = sight
            self.seen.emit(sight)

    @pyqtSlot(str)
    def lay_on(self, card: str) -> None:
        """Lay a card on the reader."""
        self._done(lambda: self._hands.lay_on(card))

    @pyqtSlot()
    def take_off(self) -> None:
        """Take the card off the reader."""
        self._done(self._hands.take_off)

    @pyqtSlot()
    def pay(self) -> None:
        """Pay by phone."""
        self._done(self._hands.pay)

    @pyqtSlot()
    def take_receipt(self) -> None:
        """Take a receipt and look at it."""
        taken: list[bool] = []
        self._done(lambda: taken.append(self._hands.take_receipt()))
        if any(taken):
            self.receipt_taken.emit()

    @pyqtSlot(str, bool)
    def turn(self, misfortune: str, on: bool) -> None:
        """Let a misfortune begin or end."""
        self._done(lambda: self._hands.turn(misfortune, on))

    def _done(self, act: Callable[[], None]) -> None:
        act()
        self.refused.emit(self._hands.problem)
        self.look()


class PanelWindow:
    """The window. Needs a QGuiApplication; call `close`, so that no binding outlives what it is bound to."""

    def __init__(self, hands: Hands) -> None:
        _load_fonts()
        _choose_renderer()
        self._touches = Touches(hands)
        self._view: QQuickView | None = QQuickView()
        view = self._view
        view.setTitle("OpenTeller: your hands")
        view.setResizeMode(QQuickView.ResizeMode.SizeRootObjectToView)
        engine = view.engine()
        assert engine is not None  # noqa: S101  (a view always has one)
        self._provider = _ReceiptProvider(lambda: hands.receipt)
        engine.addImageProvider("receipt", self._provider)
        view.setInitialProperties({"touches": self._touches})
        view.resize(WIDTH, 1)
        view.setSource(QUrl.fromLocalFile(str(_QML)))
        root = view.rootObject()
        if root is None:
            raise RuntimeError("; ".join(error.toString() for error in view.errors()))
        view.setColor(root.property("canvas"))
        self.look()
        self._fit()
        root.implicitHeightChanged.connect(self._fit)

    @property
    def window(self) -> QQuickView:
        """The window itself."""
        if self._view is None:
            raise RuntimeError("the panel is closed")
        return self._view

    def show(self) -> None:
        """Open the window at the right edge of the screen: the terminal's own stands at the left."""
        screen = self.window.screen()
        if screen is not None:
            room = screen.availableGeometry()
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

    def _fit(self) -> None:
        """Make the window as high as what it shows, where the screen has room; the rest scrolls."""
        root, screen = self.window.rootObject(), self.window.screen()
        assert root is not None  # noqa: S101  (loaded above)
        height = round(root.implicitHeight())
        if screen is not None:
            height = min(height, int(screen.availableSize().height() * _WINDOW_TO_SCREEN))
        self.window.resize(QSize(WIDTH, height))


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


class _ReceiptProvider(QQuickImageProvider):
    """`image://receipt/<any>`: the receipt that was taken last, as wide as it is asked for."""

    def __init__(self, receipt: Callable[[], PrintedReceipt | None]) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)
        self._receipt = receipt

    def requestImage(self, id: str | None, requestedSize: QSize) -> tuple[QImage, QSize]:  # noqa: A002, ARG002, N802, N803
        """Draw the paper."""
        receipt = self._receipt()
        if receipt is None:
            return QImage(), QSize()
        whole = paper_picture(receipt)
        width = max(1, requestedSize.width())
        picture = whole.resize((width, round(whole.height * width / whole.width)), Image.Resampling.LANCZOS)
        rows = picture.tobytes()
        image = QImage(rows, *picture.size, 3 * picture.width, QImage.Format.Format_RGB888).copy()
        return image, image.size()
