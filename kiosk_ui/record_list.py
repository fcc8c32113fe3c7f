"""The lists of a page that is read: which one is open, and the lines of it that the screen has room for."""

from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from kiosk_core.pages import ListPage, ListRow, ListSection, Page
from kiosk_ui.paging import Paging
from kiosk_ui.presentation import Wording
from screen_parts.qt_property import qt_property


class RecordList(QObject):
    """Keeps the place across languages and warnings; forgets it with the page."""

    changed = pyqtSignal()
    touched = pyqtSignal()  # somebody reads on: the customer is still there

    def __init__(self, say: Wording, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._say = say
        self._sections: tuple[ListSection, ...] = ()
        self._open = 0
        self._lines: Paging[ListRow] = Paging()

    # -- for the view-model ----------------------------------------------------------------------------

    def open(self, page: Page) -> None:
        """Show the lists of `page`, from their beginning unless they stand there already."""
        sections = page.sections if isinstance(page, ListPage) else ()
        if sections != self._sections:
            self._sections, self._open = sections, 0
            self._lines.begin(sections[0].rows if sections else ())
        self.changed.emit()

    def speak(self, say: Wording) -> None:
        """Change the language; the place stays."""
        self._say = say
        self.changed.emit()

    # -- for QML ---------------------------------------------------------------------------------------

    @pyqtSlot(int)
    def fit(self, rows: int) -> None:
        """Take so many lines to a page; the first line that was shown is still on the page that is shown."""
        if self._lines.fit(rows):
            self.changed.emit()

    @pyqtSlot(int)
    def choose(self, section: int) -> None:
        """Open another list."""
        if section != self._open and 0 <= section < len(self._sections):
            self._open = section
            self._lines.begin(self._sections[section].rows)
            self._turned()

    @pyqtSlot()
    def newer(self) -> None:
        """Turn back a page."""
        if self._lines.turn_back():
            self._turned()

    @pyqtSlot()
    def older(self) -> None:
        """Turn to the next page."""
        if self._lines.turn_on():
            self._turned()

    @qt_property("QVariantList", notify=changed)
    def sections(self) -> list[dict[str, Any]]:
        """Return the lists that can be opened: [{title, open}]."""
        return [
            {"title": self._say(section.title), "open": index == self._open}
            for index, section in enumerate(self._sections)
        ]

    @qt_property("QVariantList", notify=changed)
    def rows(self) -> list[dict[str, str]]:
        """Return the lines of this page: [{label, detail, value}]."""
        return [
            {"label": self._say(line.label), "detail": line.detail, "value": line.value} for line in self._lines.shown
        ]

    @qt_property(str, notify=changed)
    def empty(self) -> str:
        """Return what is said of a list without lines, "" of any other."""
        return "" if self._lines.items or not self._sections else self._say(self._sections[self._open].empty)

    @qt_property(str, notify=changed)
    def place(self) -> str:
        """Return which page of how many this is, "" where there is only one."""
        return self._say(self._lines.place)

    @qt_property(bool, notify=changed)
    def has_newer(self) -> bool:
        """Return whether there is a page before this one."""
        return self._lines.has_newer

    @qt_property(bool, notify=changed)
    def has_older(self) -> bool:
        """Return whether there is a page behind this one."""
        return self._lines.has_older

    # -- inside ----------------------------------------------------------------------------------------

    def _turned(self) -> None:
        self.changed.emit()
        self.touched.emit()
