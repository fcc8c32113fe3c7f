"""What the screen shows, as properties that QML binds to, and what a touch does, as slots.

It holds no business state: pages come from the core, every touch goes back to it as an intent with the number
of the page that was touched.
"""

import base64
import math

from PyQt6.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QImage

from kiosk_core.clock import Clock
from kiosk_core.funding import FundingKind
from kiosk_core.intents import (
    AnswerField,
    Cancel,
    ChangeLanguage,
    ChooseAmount,
    ChooseFunding,
    ChooseOption,
    ChooseService,
    Confirm,
    Done,
    FieldAnswer,
    Intent,
    OpenField,
    StayHere,
)
from kiosk_core.pages import (
    CapturePage,
    FieldPage,
    FieldState,
    FormPage,
    KeypadPage,
    MessagePage,
    Page,
    PaymentPage,
    TicketPage,
)
from kiosk_core.screen_messages import Frame, Hello, ShowPage, Touched
from kiosk_core.speech import Speaker
from kiosk_core.texts import LANGUAGES, Language, Words
from kiosk_ui.amount_entry import AmountEntry
from kiosk_ui.camera_picture import CameraPicture
from kiosk_ui.countdown import Countdown
from kiosk_ui.field_entry import TypedField
from kiosk_ui.header import Header
from kiosk_ui.presentation import Wording
from kiosk_ui.queue_strip import QueueNumbers
from kiosk_ui.read_aloud import ReadAloud
from kiosk_ui.record_list import RecordList
from kiosk_ui.shown_pages import ShownPages
from kiosk_ui.texts import Catalogue
from screen_parts.qt_property import qt_property

DOUBLE_TAP_S = 0.35  # a second tap this soon after one that leads on belongs to the first
_SAME_PAGE_S = 2.0  # how long a page that was answered takes no second answer; then the core may have lost it
_TICK_MS = 200
_STILL_HERE_S = 3.0  # how often the core is told of typing

_NO_CORE = MessagePage(title=Words("ui.no_core.title"), body=Words("ui.no_core.body"))


class ViewModel(QObject):
    """The one object between core and QML.

    `double_tap_s` guards against a hasty second tap that lands on the next page; a scripted customer sets 0. Without a
    `speaker` no page is read aloud.
    """

    touched = pyqtSignal(object)  # a Touched, for the link to the core
    panel_changed = pyqtSignal(float)  # the panel's width in millimetres

    kind_changed = pyqtSignal()
    frame_changed = pyqtSignal()
    language_changed = pyqtSignal()
    connection_changed = pyqtSignal()

    def __init__(
        self,
        clock: Clock,
        *,
        double_tap_s: float = DOUBLE_TAP_S,
        catalogue: Catalogue | None = None,
        speaker: Speaker | None = None,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._double_tap_s = double_tap_s
        self._catalogue = catalogue or Catalogue()
        self._language: Language = "zh"
        self._say = Wording(self._catalogue, self._language)
        self._words = self._catalogue.below("ui", self._language)
        self._connected = False
        self._page: Page = _NO_CORE
        self._number: int | None = None
        self._answered: tuple[int, float] | None = None
        self._header = Header(self._say, clock.wall(), self)
        self._pages = ShownPages(self._say, self)
        self._amount = AmountEntry(self._say, self)
        self._amount.touched.connect(self._still_here)
        self._queue = QueueNumbers(self._say, self)
        self._records = RecordList(self._say, self)
        self._records.touched.connect(self._still_here)
        self._typed = TypedField(self._say, self)
        self._typed.touched.connect(self._still_here)
        self._said_still_here = -math.inf
        self._camera = CameraPicture(self._say, self)
        self._aloud = ReadAloud(speaker, self._catalogue, self)
        self._aloud.touched.connect(self._still_here)
        self._deadline = Countdown(self)
        self._warning = Countdown(self)
        self._show(_NO_CORE)
        self.tick()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        self._timer.start(_TICK_MS)

    # -- from the core ---------------------------------------------------------------------------------

    def greet(self, hello: Hello) -> None:
        """Take in which terminal the core says this is."""
        self._connected = True
        if self._language not in hello.languages and hello.languages:
            self._speak(hello.languages[0])
        self._header.greet(hello)
        self.connection_changed.emit()
        self.panel_changed.emit(hello.width_mm)

    def show_page(self, show: ShowPage) -> None:
        """Show the page that the core asks for."""
        if show.language is not None:
            self._speak(show.language)
        self._number = show.number
        self._show(show.page)

    def show_frame(self, frame: Frame) -> None:
        """Show what the camera sees; a frame for a page that has gone is let go."""
        if frame.number == self._number:
            self._camera.take(frame)

    def lose_core(self) -> None:
        """There is no core: ask for patience, and keep nothing of the customer on the screen."""
        self._connected = False
        self._number = None
        self._answered = None
        self._show(_NO_CORE)
        self.connection_changed.emit()

    @pyqtSlot()
    def tick(self) -> None:
        """Bring clock and countdowns up to date; called five times a second."""
        now = self._clock.now()
        self._deadline.tick(now)
        self._warning.tick(now)
        self._header.tick(self._clock.wall())
        self._aloud.tick()

    @property
    def qr_text(self) -> str:
        """The text of the code on the screen now, "" if there is none."""
        return self._page.qr if isinstance(self._page, PaymentPage | TicketPage) else ""

    def crop(self, name: str) -> QImage:
        """Return the picture of a field of the page on the screen; null if there is none."""
        page = self._page
        fields = page.fields if isinstance(page, FormPage) else (page.field,) if isinstance(page, FieldPage) else ()
        crop = next((each.crop for each in fields if each.name == name), "")
        return QImage.fromData(base64.b64decode(crop), "PNG") if crop else QImage()

    @property
    def page_number(self) -> int | None:
        """The number of the page on the screen; None while there is no core."""
        return self._number

    # -- touches ---------------------------------------------------------------------------------------

    @pyqtSlot(str)
    def choose_service(self, service_id: str) -> None:
        """Answer a touch of a tile of the home page."""
        self._answer(ChooseService(service_id=service_id))

    @pyqtSlot(str)
    def choose_option(self, name: str) -> None:
        """Answer a touch of one of a few things."""
        self._answer(ChooseOption(name=name))

    @pyqtSlot()
    def choose_amount(self) -> None:
        """Send the amount; a wrong one stays on the screen and says why."""
        amount_fen = self._amount.confirmed()
        if amount_fen is not None:
            self._answer(ChooseAmount(amount_fen=amount_fen))

    @pyqtSlot(str)
    def open_field(self, name: str) -> None:
        """Answer a touch of a field of the form."""
        self._answer(OpenField(name=name))

    @pyqtSlot()
    def check_form(self) -> None:
        """Lead to the first field that must be looked at or, where none is, on."""
        if isinstance(self._page, FormPage):
            asked = (each.name for each in self._page.fields if each.state is FieldState.ASKED)
            name = next(asked, None)
            self._answer(Confirm() if name is None else OpenField(name=name))

    @pyqtSlot()
    def answer_field(self) -> None:
        """Confirm the field, as it was read or as it was typed."""
        answer = self._typed.answer()
        if answer is not None:
            name, what, text = answer
            self._answer(AnswerField(name=name, answer=what, text=text if what is FieldAnswer.TYPED else ""))

    @pyqtSlot()
    def read_again(self) -> None:
        """Have the card read once more: the field is wrong."""
        self._answer(AnswerField(name=self._typed.name, answer=FieldAnswer.AGAIN))

    @pyqtSlot()
    def leave_to_counter(self) -> None:
        """Leave a field that is wrong to the counter."""
        self._answer(AnswerField(name=self._typed.name, answer=FieldAnswer.COUNTER))

    @pyqtSlot(str)
    def choose_funding(self, funding: str) -> None:
        """Answer a touch of a way to pay."""
        self._answer(ChooseFunding(funding=FundingKind(funding)))

    @pyqtSlot()
    def cancel(self) -> None:
        """Cancel was touched."""
        self._answer(Cancel())

    @pyqtSlot()
    def finish(self) -> None:
        """Say that the result was read."""
        self._answer(Done())

    @pyqtSlot()
    def stay(self) -> None:
        """Ask for more time."""
        self._send(StayHere())

    @pyqtSlot(str)
    def change_language(self, language: str) -> None:
        """Switch the language at once, on this very page, and tell the core."""
        for known in LANGUAGES:
            if known == language and known != self._language:
                self._speak(known)
                self._send(ChangeLanguage(language=known))

    def _still_here(self) -> None:
        """Tell the core that the customer types or turns pages: nobody who does is asked whether he is still there."""
        now = self._clock.now()
        if now - self._said_still_here >= _STILL_HERE_S:
            self._said_still_here = now
            self._send(StayHere())

    def _answer(self, intent: Intent) -> None:
        """Send what leads on from this page, once."""
        now = self._clock.now()
        if self._number is None:
            return
        if self._answered is not None:
            number, at = self._answered
            if now - at < (max(_SAME_PAGE_S, self._double_tap_s) if number == self._number else self._double_tap_s):
                return
        self._answered = (self._number, now)
        self._send(intent)

    def _send(self, intent: Intent) -> None:
        if self._number is not None:
            self.touched.emit(Touched(number=self._number, intent=intent))

    # -- inside ----------------------------------------------------------------------------------------

    def _show(self, page: Page) -> None:
        now = self._clock.now()
        same_kind = page.kind == self._page.kind
        self._page = page
        if isinstance(page, KeypadPage):
            self._amount.open(page)
        else:
            self._amount.forget()
        self._camera.open(page)
        self._queue.open(page)
        self._records.open(page)
        self._typed.open(page)
        self._aloud.open(page, self._language)
        deadline_s = page.deadline_s if isinstance(page, CapturePage | PaymentPage) else None
        goes_on = isinstance(page, PaymentPage) and deadline_s is None and same_kind
        if not goes_on:
            self._deadline.start(now, deadline_s, keep_total=same_kind)
        self._warning.start(now, page.warning_s, keep_total=same_kind)
        # The new step gets its values before it is made, the old one a blank page while it goes.
        self._pages.show(page, self._number)
        self.kind_changed.emit()
        self.frame_changed.emit()
        self._pages.wipe_all_but(page.kind)

    def _speak(self, language: Language) -> None:
        self._language = language
        self._say = Wording(self._catalogue, language)
        self._amount.speak(self._say)
        self._camera.speak(self._say)
        self._queue.speak(self._say)
        self._records.speak(self._say)
        self._typed.speak(self._say)
        self._header.speak(self._say)
        self._words = self._catalogue.below("ui", language)
        self.language_changed.emit()
        self._pages.speak(self._say, self._page)
        self._aloud.open(self._page, language)

    # -- what QML binds to -----------------------------------------------------------------------------

    @qt_property(str, notify=kind_changed)
    def kind(self) -> str:
        """Return which step is shown."""
        return self._page.kind

    @qt_property(bool, notify=frame_changed)
    def cancellable(self) -> bool:
        """Return whether the page may be left."""
        return self._page.cancellable

    @qt_property(bool, notify=frame_changed)
    def warned(self) -> bool:
        """Return whether the page is about to end for want of a touch."""
        return self._page.warning_s is not None

    @qt_property(QObject, constant=True)
    def pages(self) -> ShownPages:
        """Return the page of each kind."""
        return self._pages

    @qt_property(QObject, constant=True)
    def header(self) -> Header:
        """Return what stands above every page."""
        return self._header

    @qt_property(QObject, constant=True)
    def amount(self) -> AmountEntry:
        """Return the amount being typed."""
        return self._amount

    @qt_property(QObject, constant=True)
    def typed(self) -> TypedField:
        """Return the field being looked at."""
        return self._typed

    @qt_property(QObject, constant=True)
    def queue(self) -> QueueNumbers:
        """Return the numbers of the branch's queue on the home page."""
        return self._queue

    @qt_property(QObject, constant=True)
    def records(self) -> RecordList:
        """Return the lists of a page that is read."""
        return self._records

    @qt_property(QObject, constant=True)
    def camera(self) -> CameraPicture:
        """Return what the camera sees."""
        return self._camera

    @qt_property(QObject, constant=True)
    def aloud(self) -> ReadAloud:
        """Return what reads the page aloud."""
        return self._aloud

    @qt_property(QObject, constant=True)
    def deadline(self) -> Countdown:
        """Return the time left for what the page asks for."""
        return self._deadline

    @qt_property(QObject, constant=True)
    def warning(self) -> Countdown:
        """Return the time left before the page ends for want of a touch."""
        return self._warning

    @qt_property(str, notify=language_changed)
    def language(self) -> str:
        """Return the language of the screen."""
        return self._language

    @qt_property("QVariantMap", notify=language_changed)
    def words(self) -> dict[str, str]:
        """Return the screen's own texts: "ui.payment.title" is words.payment_title."""
        return self._words

    @qt_property(bool, notify=connection_changed)
    def connected(self) -> bool:
        """Return whether there is a core."""
        return self._connected
