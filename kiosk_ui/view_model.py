"""What the screen shows, as properties that QML binds to, and what a touch does, as slots.

It holds no business state: pages come from the core, every touch goes back to it as an intent with the number
of the page that was touched.
"""

import base64
import math
from typing import Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QImage

from kiosk_core.clock import Clock
from kiosk_core.funding import FundingKind
from kiosk_core.pages import (
    AnswerField,
    Cancel,
    CapturePage,
    ChangeLanguage,
    ChooseAmount,
    ChooseFunding,
    ChooseService,
    Confirm,
    Done,
    FieldAnswer,
    FieldPage,
    FieldState,
    FormPage,
    Frame,
    Hello,
    Intent,
    KeypadPage,
    MessagePage,
    OpenField,
    Page,
    PaymentPage,
    ShowPage,
    StayHere,
    Touched,
)
from kiosk_core.texts import LANGUAGES, Language, LocalText, Words
from kiosk_ui.amount_entry import AmountEntry
from kiosk_ui.camera_picture import CameraPicture
from kiosk_ui.countdown import Countdown
from kiosk_ui.field_entry import TypedField
from kiosk_ui.presentation import BLANK, Wording, present
from kiosk_ui.qt_property import qt_property
from kiosk_ui.record_list import RecordList
from kiosk_ui.texts import Catalogue

DOUBLE_TAP_S = 0.35  # a second tap this soon after one that leads on belongs to the first
_SAME_PAGE_S = 2.0  # how long a page that was answered takes no second answer; then the core may have lost it
_TICK_MS = 200
_STILL_HERE_S = 3.0  # how often the core is told of typing

_NO_CORE = MessagePage(title=Words("ui.no_core.title"), body=Words("ui.no_core.body"))
_NAMES_OF_LANGUAGES: dict[Language, str] = {"zh": "中文", "en": "English"}


class ViewModel(QObject):
    """The one object between core and QML.

    `double_tap_s` guards against a hasty second tap that lands on the next page; a scripted customer sets 0.
    """

    touched = pyqtSignal(object)  # a Touched, for the link to the core
    panel_changed = pyqtSignal(float)  # the panel's width in millimetres

    kind_changed = pyqtSignal()
    menu_changed = pyqtSignal()
    capture_changed = pyqtSignal()
    scan_changed = pyqtSignal()
    form_changed = pyqtSignal()
    field_changed = pyqtSignal()
    keypad_changed = pyqtSignal()
    funding_changed = pyqtSignal()
    payment_changed = pyqtSignal()
    progress_changed = pyqtSignal()
    listing_changed = pyqtSignal()
    result_changed = pyqtSignal()
    message_changed = pyqtSignal()
    frame_changed = pyqtSignal()
    language_changed = pyqtSignal()
    terminal_changed = pyqtSignal()
    clock_changed = pyqtSignal()
    connection_changed = pyqtSignal()

    def __init__(self, clock: Clock, *, double_tap_s: float = DOUBLE_TAP_S, catalogue: Catalogue | None = None) -> None:
        super().__init__()
        self._clock = clock
        self._double_tap_s = double_tap_s
        self._catalogue = catalogue or Catalogue()
        self._language: Language = "zh"
        self._say = Wording(self._catalogue, self._language)
        self._hello: Hello | None = None
        self._connected = False
        self._page: Page = _NO_CORE
        self._number: int | None = None
        self._answered: tuple[int, float] | None = None
        self._maps = {kind: present(page, self._say) for kind, page in BLANK.items()}
        self._amount = AmountEntry(self._say, self)
        self._amount.touched.connect(self._still_here)
        self._records = RecordList(self._say, self)
        self._records.touched.connect(self._still_here)
        self._typed = TypedField(self._say, self)
        self._typed.touched.connect(self._still_here)
        self._said_still_here = -math.inf
        self._camera = CameraPicture(self._say, self)
        self._deadline = Countdown(self)
        self._warning = Countdown(self)
        self._wall = ""
        self._show(_NO_CORE)
        self.tick()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        self._timer.start(_TICK_MS)

    # -- from the core ---------------------------------------------------------------------------------

    def greet(self, hello: Hello) -> None:
        """Take in which terminal the core says this is."""
        self._hello = hello
        self._connected = True
        if self._language not in hello.languages and hello.languages:
            self._speak(hello.languages[0])
        self.terminal_changed.emit()
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
        wall = f"{self._clock.wall():%Y-%m-%d %H:%M}"
        if wall != self._wall:
            self._wall = wall
            self.clock_changed.emit()

    @property
    def qr_text(self) -> str:
        """The text of the payment code on the screen now, "" if there is none."""
        return self._page.qr if isinstance(self._page, PaymentPage) else ""

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
        self._records.open(page)
        self._typed.open(page)
        deadline_s = page.deadline_s if isinstance(page, CapturePage | PaymentPage) else None
        goes_on = isinstance(page, PaymentPage) and deadline_s is None and same_kind
        if not goes_on:
            self._deadline.start(now, deadline_s, keep_total=same_kind)
        self._warning.start(now, page.warning_s, keep_total=same_kind)
        # The new step gets its values before it is made, the old one a blank page while it goes.
        self._present(page)
        self.kind_changed.emit()
        self.frame_changed.emit()
        self._wipe_all_but(page.kind)

    def _present(self, page: Page) -> None:
        self._maps[page.kind] = present(page, self._say)
        self._notify(page.kind)

    def _wipe_all_but(self, kind: str) -> None:
        for other, blank in BLANK.items():
            if other != kind:
                values = present(blank, self._say)
                if values != self._maps[other]:
                    self._maps[other] = values
                    self._notify(other)

    def _notify(self, kind: str) -> None:
        {
            "menu": self.menu_changed,
            "capture": self.capture_changed,
            "scan": self.scan_changed,
            "form": self.form_changed,
            "field": self.field_changed,
            "keypad": self.keypad_changed,
            "funding": self.funding_changed,
            "payment": self.payment_changed,
            "progress": self.progress_changed,
            "listing": self.listing_changed,
            "result": self.result_changed,
            "message": self.message_changed,
        }[kind].emit()

    def _speak(self, language: Language) -> None:
        self._language = language
        self._say = Wording(self._catalogue, language)
        self._amount.speak(self._say)
        self._camera.speak(self._say)
        self._records.speak(self._say)
        self._typed.speak(self._say)
        self.language_changed.emit()
        self.terminal_changed.emit()
        self.clock_changed.emit()
        self._present(self._page)

    def _ui(self, key: str, **values: str) -> str:
        return self._say(Words(f"ui.{key}", values))

    # -- what QML binds to -----------------------------------------------------------------------------

    @qt_property(str, notify=kind_changed)
    def kind(self) -> str:
        """Return which step is shown."""
        return self._page.kind

    @qt_property("QVariantMap", notify=menu_changed)
    def menu(self) -> dict[str, Any]:
        """Return the home page."""
        return self._maps["menu"]

    @qt_property("QVariantMap", notify=capture_changed)
    def capture(self) -> dict[str, Any]:
        """Return the page that asks for something to be done with a card."""
        return self._maps["capture"]

    @qt_property("QVariantMap", notify=scan_changed)
    def scan(self) -> dict[str, Any]:
        """Return the page that captures a document."""
        return self._maps["scan"]

    @qt_property("QVariantMap", notify=form_changed)
    def form(self) -> dict[str, Any]:
        """Return the page with all fields; the address of a field's picture is `crops` and its name."""
        return self._maps["form"] | {"crops": f"image://crop/{self._number}/"}

    @qt_property("QVariantMap", notify=field_changed)
    def field(self) -> dict[str, Any]:
        """Return the page of one field; what is typed is in `typed`."""
        return self._maps["field"] | {"crops": f"image://crop/{self._number}/"}

    @qt_property("QVariantMap", notify=keypad_changed)
    def keypad(self) -> dict[str, Any]:
        """Return the page of the amount; what is typed is in `amount`."""
        return self._maps["keypad"]

    @qt_property("QVariantMap", notify=funding_changed)
    def funding(self) -> dict[str, Any]:
        """Return the page that asks how to pay."""
        return self._maps["funding"]

    @qt_property("QVariantMap", notify=payment_changed)
    def payment(self) -> dict[str, Any]:
        """Return the page of the payment; the code itself comes from the image provider `qr`."""
        return {**self._maps["payment"], "qr": f"image://qr/{self._number}" if self.qr_text else ""}

    @qt_property("QVariantMap", notify=progress_changed)
    def progress(self) -> dict[str, Any]:
        """Return the page of the machine at work."""
        return self._maps["progress"]

    @qt_property("QVariantMap", notify=listing_changed)
    def listing(self) -> dict[str, Any]:
        """Return the page that is read; its lists are in `records`."""
        return self._maps["listing"]

    @qt_property("QVariantMap", notify=result_changed)
    def result(self) -> dict[str, Any]:
        """Return the page of the end."""
        return self._maps["result"]

    @qt_property("QVariantMap", notify=message_changed)
    def message(self) -> dict[str, Any]:
        """Return the page of a terminal that cannot serve (yet)."""
        return self._maps["message"]

    @qt_property(bool, notify=frame_changed)
    def cancellable(self) -> bool:
        """Return whether the page may be left."""
        return self._page.cancellable

    @qt_property(bool, notify=frame_changed)
    def warned(self) -> bool:
        """Return whether the page is about to end for want of a touch."""
        return self._page.warning_s is not None

    @qt_property(QObject, constant=True)
    def amount(self) -> AmountEntry:
        """Return the amount being typed."""
        return self._amount

    @qt_property(QObject, constant=True)
    def typed(self) -> TypedField:
        """Return the field being looked at."""
        return self._typed

    @qt_property(QObject, constant=True)
    def records(self) -> RecordList:
        """Return the lists of a page that is read."""
        return self._records

    @qt_property(QObject, constant=True)
    def camera(self) -> CameraPicture:
        """Return what the camera sees."""
        return self._camera

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
        return self._catalogue.below("ui", self._language)

    @qt_property("QVariantList", notify=terminal_changed)
    def languages(self) -> list[dict[str, str]]:
        """Return the languages one can switch to: [{code, name}]."""
        codes = self._hello.languages if self._hello else LANGUAGES
        return [{"code": code, "name": _NAMES_OF_LANGUAGES[code]} for code in codes]

    @qt_property(str, notify=terminal_changed)
    def bank(self) -> str:
        """Return the bank's name; "" before the first word of the core."""
        return self._say(self._hello.bank if self._hello else LocalText("", ""))

    @qt_property(str, notify=terminal_changed)
    def terminal(self) -> str:
        """Return the terminal's number, in words."""
        return self._ui("terminal", number=self._hello.terminal_no) if self._hello else ""

    @qt_property(bool, notify=terminal_changed)
    def simulated(self) -> bool:
        """Return whether this is no real terminal."""
        return self._hello is not None and self._hello.simulated

    @qt_property(str, notify=clock_changed)
    def date(self) -> str:
        """Return today's date."""
        wall = self._clock.wall()
        weekday = self._ui("weekday").split("|")[wall.weekday()]
        return self._ui("date", year=f"{wall:%Y}", month=f"{wall:%m}", day=f"{wall:%d}", weekday=weekday)

    @qt_property(str, notify=clock_changed)
    def time(self) -> str:
        """Return the time of day."""
        return f"{self._clock.wall():%H:%M}"

    @qt_property(bool, notify=connection_changed)
    def connected(self) -> bool:
        """Return whether there is a core."""
        return self._connected
