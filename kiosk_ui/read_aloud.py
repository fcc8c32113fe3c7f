"""Reads the page aloud for who cannot read it: what it is and what to do, never what is on a card or to be paid.

Others stand in the hall. So a sentence with a value of the customer in it (an amount, a date) is left out, and facts,
fields and lists are not read at all.
"""

from collections.abc import Iterator

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from kiosk_core.pages import (
    CapturePage,
    ChoicePage,
    FormPage,
    FundingPage,
    MenuPage,
    MessagePage,
    Page,
    PaymentPage,
    ProgressPage,
    ResultPage,
    ScanPage,
    TicketPage,
)
from kiosk_core.speech import Speaker, Utterance
from kiosk_core.texts import Language, LocalText, Words
from kiosk_ui.texts import Catalogue
from screen_parts.qt_property import qt_property


class ReadAloud(QObject):
    """The button that reads; a terminal without a `speaker` has none. Any touch, and any other page, ends it."""

    reading_changed = pyqtSignal()
    touched = pyqtSignal()

    def __init__(self, speaker: Speaker | None, catalogue: Catalogue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._speaker = speaker
        self._catalogue = catalogue
        self._utterance = Utterance("zh", "")
        self._is_reading = False
        self._was_reading = False

    # -- for the view-model ----------------------------------------------------------------------------

    def open(self, page: Page, language: Language) -> None:
        """Take in the page on the screen; what is being read stops where it is no longer true."""
        utterance = Utterance(language, self._text(page, language))
        if utterance != self._utterance:
            self._utterance = utterance
            self._stop()

    def tick(self) -> None:
        """Notice that it has been read to the end."""
        reading = self._speaker is not None and self._speaker.is_speaking()
        if reading != self._is_reading:
            self._is_reading = reading
            self.reading_changed.emit()

    # -- for QML ---------------------------------------------------------------------------------------

    @pyqtSlot()
    def interrupt(self) -> None:
        """Be silent: a finger came down somewhere."""
        self._was_reading = self._is_reading
        self._stop()

    @pyqtSlot()
    def read(self) -> None:
        """Read the page, unless it was being read: then the touch has ended that."""
        if self._speaker is not None and not self._was_reading:
            self._speaker.hush()
            self._speaker.say((self._utterance,))
            self.touched.emit()
        self._was_reading = False
        self.tick()

    @qt_property(bool, constant=True)
    def available(self) -> bool:
        """Return whether the terminal can read aloud."""
        return self._speaker is not None

    @qt_property(bool, notify=reading_changed)
    def reading(self) -> bool:
        """Return whether it is reading."""
        return self._is_reading

    # -- inside ----------------------------------------------------------------------------------------

    def _stop(self) -> None:
        if self._speaker is not None and self._is_reading:
            self._speaker.hush()
            self._is_reading = False
            self.reading_changed.emit()

    def _text(self, page: Page, language: Language) -> str:
        return "\n".join(filter(None, (self._said(text, language) for text in _texts(page))))

    def _said(self, text: Words | LocalText | None, language: Language) -> str:
        match text:
            case None:
                return ""
            case Words():
                return self._catalogue.without_values(text, language)
            case LocalText():
                return text.in_language(language)


def _texts(page: Page) -> Iterator[Words | LocalText | None]:
    """Yield what may be heard of a page, in the order in which it is read."""
    if page.warning_s is not None:
        yield from (Words("ui.warning.title"), Words("ui.warning.body"))
        return
    match page:
        case MenuPage():
            yield Words("home.title")
            yield from (item.title for item in page.items if item.unavailable is None)
            yield page.notice
        case CapturePage():
            yield from (page.problem, page.title, page.body)
        case ScanPage():
            yield from (page.problem, page.title, page.hint)
        case FundingPage() | ChoicePage():
            yield from (page.problem, page.title)
            for choice in page.choices:
                yield from (choice.title, choice.subtitle)
        case TicketPage():
            yield LocalText(page.number, page.number)  # the hall will hear it anyway, when it is called
            yield from (page.body, page.take)
        case PaymentPage():
            yield from (Words(f"ui.payment.{part}") for part in ("title", "scan", "check", "wait"))
        case FormPage() | ProgressPage() | ResultPage() | MessagePage():
            yield from (page.title, page.body)
        case _:
            yield page.title
