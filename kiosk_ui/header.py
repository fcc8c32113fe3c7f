"""What stands above every page: whose terminal this is, the languages that it speaks, and the time."""

from datetime import datetime

from PyQt6.QtCore import QObject, pyqtSignal

from kiosk_core.screen_messages import Hello
from kiosk_core.texts import LANGUAGES, Language, LocalText, Words
from kiosk_ui.presentation import Wording
from screen_parts.qt_property import qt_property

_NAMES_OF_LANGUAGES: dict[Language, str] = {"zh": "中文", "en": "English"}


class Header(QObject):
    """It has no bank and no number before the first word of the core."""

    changed = pyqtSignal()
    clock_changed = pyqtSignal()

    def __init__(self, say: Wording, wall: datetime, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._say = say
        self._hello: Hello | None = None
        self._wall = wall

    # -- for the view-model ----------------------------------------------------------------------------

    def greet(self, hello: Hello) -> None:
        """Take in which terminal the core says this is."""
        self._hello = hello
        self.changed.emit()

    def speak(self, say: Wording) -> None:
        """Change the language."""
        self._say = say
        self.changed.emit()
        self.clock_changed.emit()

    def tick(self, wall: datetime) -> None:
        """Take in date and time; a minute is the least that is shown."""
        before, self._wall = self._wall, wall
        if before.replace(second=0, microsecond=0) != wall.replace(second=0, microsecond=0):
            self.clock_changed.emit()

    # -- for QML ---------------------------------------------------------------------------------------

    @qt_property("QVariantList", notify=changed)
    def languages(self) -> list[dict[str, str]]:
        """Return the languages one can switch to: [{code, name}]."""
        codes = self._hello.languages if self._hello else LANGUAGES
        return [{"code": code, "name": _NAMES_OF_LANGUAGES[code]} for code in codes]

    @qt_property(str, notify=changed)
    def bank(self) -> str:
        """Return the bank's name."""
        return self._say(self._hello.bank if self._hello else LocalText("", ""))

    @qt_property(str, notify=changed)
    def terminal(self) -> str:
        """Return the terminal's number, in words."""
        return self._ui("terminal", number=self._hello.terminal_no) if self._hello else ""

    @qt_property(bool, notify=changed)
    def simulated(self) -> bool:
        """Return whether this is no real terminal."""
        return self._hello is not None and self._hello.simulated

    @qt_property(str, notify=clock_changed)
    def date(self) -> str:
        """Return today's date."""
        wall = self._wall
        weekday = self._ui("weekday").split("|")[wall.weekday()]
        return self._ui("date", year=f"{wall:%Y}", month=f"{wall:%m}", day=f"{wall:%d}", weekday=weekday)

    @qt_property(str, notify=clock_changed)
    def time(self) -> str:
        """Return the time of day."""
        return f"{self._wall:%H:%M}"

    def _ui(self, key: str, **values: str) -> str:
        return self._say(Words(f"ui.{key}", values))
