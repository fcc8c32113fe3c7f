"""A place on the board where a call is shown, as properties that QML binds to."""

from PyQt6.QtCore import QObject, pyqtSignal

from queue_display.board.words import window_word
from queue_display.listening.heard import CallShown
from screen_parts.qt_property import qt_property


class ShownCall(QObject):
    """It stays, and what it shows changes: a new call costs no new items of the picture."""

    changed = pyqtSignal()
    lit_changed = pyqtSignal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._call: CallShown | None = None
        self._is_lit = False

    def show(self, call: CallShown | None) -> None:
        """Show a call, or nothing."""
        if call != self._call:
            self._call = call
            self.changed.emit()

    def light(self, is_lit: bool) -> None:
        """Light it up, or let it go dark."""
        if is_lit != self._is_lit:
            self._is_lit = is_lit
            self.lit_changed.emit()

    @property
    def number(self) -> int:
        """The number of the call in the log, 0 where there is none."""
        return self._call.number if self._call else 0

    @qt_property(bool, notify=changed)
    def there(self) -> bool:
        """Return whether there is a call."""
        return self._call is not None

    @qt_property(str, notify=changed)
    def ticket(self) -> str:
        """Return the ticket's number."""
        return self._call.ticket if self._call else ""

    @qt_property(str, notify=changed)
    def window(self) -> str:
        """Return the window's name."""
        return self._call.window if self._call else ""

    @qt_property(str, notify=changed)
    def window_word(self) -> str:
        """Return what follows the window's name in Chinese."""
        return window_word(self.window)

    @qt_property(bool, notify=lit_changed)
    def lit(self) -> bool:
        """Return whether it is lit up now."""
        return self._is_lit
