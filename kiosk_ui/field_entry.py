"""A field that the customer looks at: the characters that he types over what was read, or what he chooses of a list."""

from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from kiosk_core.id_document import LONG_TERM
from kiosk_core.intents import FieldAnswer
from kiosk_core.pages import FieldEntry, FieldPage, Page
from kiosk_core.texts import Words
from kiosk_ui.paging import Paging
from kiosk_ui.presentation import Wording
from screen_parts.qt_property import qt_property

# How the characters stand: a code in one row, an ID number as region, day of birth, order and check; a date as year,
# month, day.
_GROUPS = {
    FieldEntry.NUMBER: (6, 8, 4),
    FieldEntry.CODE: (6,),
    FieldEntry.DATE: (4, 2, 2),
    FieldEntry.LAST_DAY: (4, 2, 2),
}
_EMPTY = " "


class TypedField(QObject):
    """Keeps what was typed across languages and warnings; forgets it with the field."""

    opened = pyqtSignal()
    changed = pyqtSignal()
    touched = pyqtSignal()  # a key was touched: the customer is still there

    def __init__(self, say: Wording, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._say = say
        self._page: FieldPage | None = None
        self._cells: list[str] = []
        self._place = 0
        self._chosen = ""
        self._choices: Paging[str] = Paging()
        self._problem: Words | None = None

    # -- for the view-model ----------------------------------------------------------------------------

    def open(self, page: Page) -> None:
        """Show the field of `page`; what was typed stays while it is the same one. Any other page wipes it."""
        before = self._page
        self._page = page if isinstance(page, FieldPage) else None
        self._problem = self._page.problem if self._page is not None else None
        if self._page is None or before is None or before.field != self._page.field:
            self._begin()
        self.opened.emit()
        self.changed.emit()

    def speak(self, say: Wording) -> None:
        """Change the language; what was typed stays."""
        self._say = say
        self.changed.emit()

    def answer(self) -> tuple[str, FieldAnswer, str] | None:
        """Return the field's name, the answer and what was typed; None: there is nothing to be confirmed."""
        if self._page is None or not self.is_complete:
            return None
        read = self._page.field.text
        text = self._text if self._page.entry is not FieldEntry.TEXT else read
        return self._page.field.name, FieldAnswer.RIGHT if text == read else FieldAnswer.TYPED, text

    @property
    def name(self) -> str:
        """The name of the field, "" if there is none."""
        return self._page.field.name if self._page is not None else ""

    @property
    def is_complete(self) -> bool:
        """Whether there is something that may be confirmed."""
        if self._page is None:
            return False
        if self._page.entry is FieldEntry.TEXT:
            return self._page.field.text != ""
        return bool(self._text)

    # -- for QML ---------------------------------------------------------------------------------------

    @pyqtSlot(str)
    def key(self, character: str) -> None:
        """Write over the character at the mark, and go on to the next; X ends an ID number only."""
        last = self._is_number and self._place == len(self._cells) - 1
        if self._place < len(self._cells) and (character.isdigit() or (character == "X" and last)):
            self._chosen = ""
            self._cells[self._place] = character
            self._place += 1
            self._edited()

    @pyqtSlot()
    def erase(self) -> None:
        """Take away the character at the mark, or the one before where that is empty."""
        if not self._cells:
            return
        at_end = self._place >= len(self._cells)
        if self._place > 0 and (at_end or self._cells[self._place] == _EMPTY):
            self._place -= 1
        self._chosen = ""
        self._cells[self._place] = _EMPTY
        self._edited()

    @pyqtSlot()
    def clear(self) -> None:
        """Begin with nothing."""
        self._cells = [_EMPTY] * len(self._cells)
        self._place = 0
        self._chosen = ""
        self._edited()

    @pyqtSlot(int)
    def select(self, place: int) -> None:
        """Put the mark on a character."""
        if 0 <= place < len(self._cells):
            self._place = place
            self._chosen = ""
            self._edited()

    @pyqtSlot()
    def no_end(self) -> None:
        """Say that the card has no end."""
        if self._page is not None and self._page.entry is FieldEntry.LAST_DAY:
            self._chosen = LONG_TERM
            self._edited()

    @pyqtSlot(str)
    def choose(self, text: str) -> None:
        """Take one of the choices."""
        if self._page is not None and text in self._page.choices:
            self._chosen = text
            self._edited()

    @pyqtSlot(int)
    def fit(self, choices: int) -> None:
        """Show so many choices at once, those first among which the chosen one is."""
        if self._choices.fit(choices):
            self._turn_to_chosen()
            self.changed.emit()

    @pyqtSlot()
    def newer(self) -> None:
        """Turn back a page of choices."""
        if self._choices.turn_back():
            self._edited()

    @pyqtSlot()
    def older(self) -> None:
        """Turn to the next page of choices."""
        if self._choices.turn_on():
            self._edited()

    @qt_property("QVariantList", notify=changed)
    def groups(self) -> list[list[dict[str, Any]]]:
        """Return the characters in their groups: [[{place, text, marked}]]; [] where nothing is typed."""
        groups, place = [], 0
        for length in _GROUPS.get(self._page.entry, ()) if self._page is not None else ():
            groups.append([self._cell(each) for each in range(place, place + length)])
            place += length
        return groups

    @qt_property(bool, notify=changed)
    def takes_x(self) -> bool:
        """Return whether an X may be typed now."""
        return self._is_number and self._place == len(self._cells) - 1

    @qt_property(bool, notify=changed)
    def endless(self) -> bool:
        """Return whether the card is said to have no end."""
        return self._chosen == LONG_TERM

    @qt_property("QVariantList", notify=changed)
    def choices(self) -> list[dict[str, Any]]:
        """Return the choices of this page: [{text, chosen}]."""
        return [{"text": each, "chosen": each == self._chosen} for each in self._choices.shown]

    @qt_property(int, notify=opened)
    def count(self) -> int:
        """Return how many choices there are in all."""
        return len(self._choices.items)

    @qt_property(str, notify=changed)
    def place(self) -> str:
        """Return which page of choices of how many this is, "" where there is only one."""
        return self._say(self._choices.place)

    @qt_property(bool, notify=changed)
    def has_newer(self) -> bool:
        """Return whether there are choices before these."""
        return self._choices.has_newer

    @qt_property(bool, notify=changed)
    def has_older(self) -> bool:
        """Return whether there are choices behind these."""
        return self._choices.has_older

    @qt_property(bool, notify=changed)
    def complete(self) -> bool:
        """Return whether there is something to be confirmed."""
        return self.is_complete

    @qt_property(str, notify=changed)
    def problem(self) -> str:
        """Return what is wrong with what was typed, "" if nothing is (yet)."""
        return self._say(self._problem)

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _is_number(self) -> bool:
        return self._page is not None and self._page.entry is FieldEntry.NUMBER

    @property
    def _is_date(self) -> bool:
        return self._page is not None and self._page.entry in {FieldEntry.DATE, FieldEntry.LAST_DAY}

    @property
    def _text(self) -> str:
        """What was typed or chosen, as the core knows it; "" while something is missing."""
        if self._chosen or not self._cells or _EMPTY in self._cells:
            return self._chosen
        digits = "".join(self._cells)
        return digits if not self._is_date else f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"

    def _cell(self, place: int) -> dict[str, Any]:
        marked = place == self._place and not self._chosen
        return {"place": place, "text": self._cells[place].strip(), "marked": marked}

    def _begin(self) -> None:
        """Begin with what was read."""
        self._cells, self._place, self._chosen = [], 0, ""
        self._choices.begin(self._page.choices if self._page is not None else ())
        if self._page is None:
            return
        text, size = self._page.field.text, sum(_GROUPS.get(self._page.entry, ()))
        if self._page.entry is FieldEntry.CHOICE or text == LONG_TERM:
            self._chosen = text
            self._turn_to_chosen()
        if size:
            read = "" if text == LONG_TERM else text.replace("-", "")
            self._cells = list(read[:size].ljust(size, _EMPTY))
            self._place = self._cells.index(_EMPTY) if _EMPTY in self._cells else 0

    def _turn_to_chosen(self) -> None:
        choices = self._choices.items
        self._choices.turn_to(choices.index(self._chosen) if self._chosen in choices else 0)

    def _edited(self) -> None:
        self._problem = None
        self.changed.emit()
        self.touched.emit()
