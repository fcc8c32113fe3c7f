"""The camera's picture on the screen: the newest frame of the page that stands, or what is wrong with the camera."""

import base64
import binascii
import logging

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage

from kiosk_core.pages import CapturePage, Page, Preview, ScanPage
from kiosk_core.screen_messages import Frame
from kiosk_core.texts import Words
from kiosk_ui.presentation import Wording
from screen_parts.qt_property import qt_property

_log = logging.getLogger(__name__)


class CameraPicture(QObject):
    """Holds one frame, in memory; it is let go with the page, the connection, or when the camera fails."""

    changed = pyqtSignal()

    def __init__(self, say: Wording, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._say = say
        self._preview: Preview | None = None
        self._image = QImage()
        self._number = 0
        self._drawn = 0
        self._problem: Words | None = None

    # -- for the view-model ----------------------------------------------------------------------------

    def open(self, page: Page) -> None:
        """Begin, go on or end as `page` wishes."""
        self._preview = page.preview if isinstance(page, CapturePage | ScanPage) else None
        if self._preview is None:
            self._image = QImage()
            self._number = 0
            self._problem = None
        self.changed.emit()

    def take(self, frame: Frame) -> None:
        """Show `frame`; an empty one changes nothing, one that is no JPEG is left out."""
        if self._preview is None:
            return
        if frame.problem is not None:
            self._image = QImage()
        elif frame.jpeg:
            image = _decoded(frame.jpeg)
            if image.isNull():
                _log.error("the core sent a frame of %d characters that is no JPEG: left out", len(frame.jpeg))
                return
            self._image = image
        else:
            return
        self._number = frame.picture
        self._problem = frame.problem
        self._drawn += 1
        self.changed.emit()

    def speak(self, say: Wording) -> None:
        """Change the language."""
        self._say = say
        self.changed.emit()

    @property
    def number(self) -> int:
        """The number of the last picture; 0 before the first."""
        return self._number

    @property
    def image(self) -> QImage:
        """The frame for the image provider; null if there is none."""
        return self._image

    # -- what QML binds to -----------------------------------------------------------------------------

    @qt_property(bool, notify=changed)
    def wanted(self) -> bool:
        """Return whether the page shows what the camera sees."""
        return self._preview is not None

    @qt_property(str, notify=changed)
    def source(self) -> str:
        """Return the address of the frame, another one for each; "" if there is none."""
        return "" if self._image.isNull() else f"image://camera/{self._drawn}"

    @qt_property(bool, notify=changed)
    def mirrored(self) -> bool:
        """Return whether left and right are changed, as in a mirror."""
        return self._preview is not None and self._preview.mirrored

    @qt_property(bool, notify=changed)
    def outlined(self) -> bool:
        """Return whether it is drawn where the card must lie."""
        return self._preview is not None and self._preview.card_outline

    @qt_property(str, notify=changed)
    def problem(self) -> str:
        """Return what is wrong with the camera; "" if nothing is."""
        return self._say(self._problem)


def _decoded(jpeg: str) -> QImage:
    try:
        return QImage.fromData(base64.b64decode(jpeg, validate=True), "JPEG")
    except binascii.Error:
        return QImage()
