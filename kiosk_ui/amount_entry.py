"""The amount that a customer chooses or types: digits are whole yuan, limits come from the page."""

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from kiosk_core.money import FEN_PER_YUAN
from kiosk_core.pages import KeypadPage
from kiosk_core.texts import Words
from kiosk_ui.presentation import BLANK, Wording, short_amount
from screen_parts.qt_property import qt_property

MAX_DIGITS = 5


class AmountEntry(QObject):
    """Keeps what was typed across languages and warnings; forgets it with the page."""

    changed = pyqtSignal()
    touched = pyqtSignal()  # a key was touched: the customer is still there

    def __init__(self, say: Wording, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._say = say
        self._page = _blank()
        self._digits = ""
        self._problem: Words | None = None

    # -- for the view-model ----------------------------------------------------------------------------

    def open(self, page: KeypadPage) -> None:
        """Show `page`; what was typed stays if it is about the same card and amounts."""
        if (page.card, page.presets_fen) != (self._page.card, self._page.presets_fen):
            self._digits = ""
        self._page = page
        self._problem = page.problem
        self.changed.emit()

    def forget(self) -> None:
        """Wipe every value of the customer."""
        self._page = _blank()
        self._digits = ""
        self._problem = None
        self.changed.emit()

    def speak(self, say: Wording) -> None:
        """Change the language; what was typed stays."""
        self._say = say
        self.changed.emit()

    def confirmed(self) -> int | None:
        """Return the amount in fen if it may be sent; else say on the screen why not and return None."""
        if self._is_valid():
            return self._fen
        self._problem = self._words("ui.amount.problem")
        self.changed.emit()
        return None

    # -- for QML ---------------------------------------------------------------------------------------

    @pyqtSlot(int)
    def digit(self, digit: int) -> None:
        """Append a digit; leading zeros and digits past the longest amount are dropped."""
        if len(self._digits) < MAX_DIGITS and 0 <= digit <= 9:
            self._edit((self._digits + str(digit)).lstrip("0"))

    @pyqtSlot()
    def erase(self) -> None:
        """Take the last digit back."""
        self._edit(self._digits[:-1])

    @pyqtSlot()
    def clear(self) -> None:
        """Begin again."""
        self._edit("")

    @pyqtSlot(int)
    def preset(self, fen: int) -> None:
        """Take one of the page's presets."""
        if fen in self._page.presets_fen and self._page.min_fen <= fen <= self._page.max_fen:
            self._edit(str(fen // FEN_PER_YUAN))

    @qt_property(str, notify=changed)
    def text(self) -> str:
        """Return the amount as it is shown, "" while nothing is typed."""
        return short_amount(self._fen) if self._digits else ""

    @qt_property(int, notify=changed)
    def fen(self) -> int:
        """Return the amount, 0 while nothing is typed."""
        return self._fen

    @qt_property(bool, notify=changed)
    def typed(self) -> bool:
        """Return whether there is an amount to confirm."""
        return bool(self._digits)

    @qt_property(str, notify=changed)
    def hint(self) -> str:
        """Return the limits, in words."""
        return self._say(self._words("ui.amount.hint"))

    @qt_property(str, notify=changed)
    def problem(self) -> str:
        """Return what is wrong with the amount, "" if nothing is (yet)."""
        return self._say(self._problem)

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _fen(self) -> int:
        return int(self._digits or "0") * FEN_PER_YUAN

    @property
    def _limits(self) -> tuple[int, int]:
        # A limit that comes from the balance need not be a multiple of the step: name the amounts that can be chosen.
        step = self._page.step_fen
        return -(-self._page.min_fen // step) * step, self._page.max_fen // step * step

    def _is_valid(self) -> bool:
        least, most = self._limits
        return least <= self._fen <= most and self._fen % self._page.step_fen == 0 and self._fen > 0

    def _edit(self, digits: str) -> None:
        self._digits = digits
        # Too little may still grow while it is typed, too much cannot shrink: only that is said at once.
        self._problem = self._words("ui.amount.problem") if self._fen > self._limits[1] else None
        self.changed.emit()
        self.touched.emit()

    def _words(self, key: str) -> Words:
        least, most = self._limits
        if most < least:
            return Words("ui.amount.none_possible")
        values = {"min": short_amount(least), "max": short_amount(most), "step": short_amount(self._page.step_fen)}
        return Words(key, values)


def _blank() -> KeypadPage:
    page = BLANK["keypad"]
    assert isinstance(page, KeypadPage)  # noqa: S101  (for the type checker)
    return page
