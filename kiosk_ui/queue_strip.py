"""The branch's queue on the home page. It changes while the page stands, so it has properties of its own."""

from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from kiosk_core.pages import MenuPage, Page, QueueStrip, StripService
from kiosk_core.texts import Words
from kiosk_ui.presentation import Wording
from screen_parts.qt_property import qt_property


class QueueNumbers(QObject):
    """Who is called, and who waits; on any other page, and without a queue, nothing."""

    changed = pyqtSignal()

    def __init__(self, say: Wording, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._say = say
        self._strip: QueueStrip | None = None

    # -- for the view-model ----------------------------------------------------------------------------

    def open(self, page: Page) -> None:
        """Take the numbers of `page`."""
        strip = page.queue if isinstance(page, MenuPage) else None
        if strip != self._strip:
            self._strip = strip
            self.changed.emit()

    def speak(self, say: Wording) -> None:
        """Change the language."""
        self._say = say
        self.changed.emit()

    # -- for QML ---------------------------------------------------------------------------------------

    @qt_property(bool, notify=changed)
    def online(self) -> bool:
        """Return whether there is a queue, and it answers."""
        return self._strip is not None

    @qt_property("QVariantList", notify=changed)
    def calls(self) -> list[dict[str, str]]:
        """Return the last calls, the newest first: [{ticket, window}]."""
        calls = self._strip.calls if self._strip is not None else ()
        return [{"ticket": call.ticket, "window": self._ui("window", window=call.window)} for call in calls]

    @qt_property("QVariantList", notify=changed)
    def services(self) -> list[dict[str, Any]]:
        """Return who waits: [{title, waiting, up_to}]."""
        return [self._service(each) for each in (self._strip.services if self._strip is not None else ())]

    def _service(self, service: StripService) -> dict[str, Any]:
        minutes = service.up_to_min
        return {
            "title": self._say(service.title),
            "waiting": self._ui("waiting", waiting=f"{service.waiting}"),
            "upTo": self._ui("up_to", minutes=f"{minutes}") if minutes is not None else "",
        }

    def _ui(self, key: str, **values: str) -> str:
        return self._say(Words(f"ui.queue.{key}", values))
