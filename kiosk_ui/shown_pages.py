"""The page of each kind as QML binds to it: that which is shown, and blank ones of all other kinds."""

from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from kiosk_core.pages import Page, PaymentPage, TicketPage
from kiosk_ui.presentation import BLANK, Wording, present
from screen_parts.qt_property import qt_property


class ShownPages(QObject):
    """A map of finished texts for each kind; a step that goes shows its last one until it is wiped."""

    menu_changed = pyqtSignal()
    choice_changed = pyqtSignal()
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
    ticket_changed = pyqtSignal()
    message_changed = pyqtSignal()

    def __init__(self, say: Wording, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._say = say
        self._number: int | None = None
        self._has_code = False
        self._maps = {kind: present(page, say) for kind, page in BLANK.items()}

    # -- for the view-model ----------------------------------------------------------------------------

    def show(self, page: Page, number: int | None) -> None:
        """Give the page of this kind its values; by its `number` the pictures on it are found."""
        self._number = number
        self._has_code = isinstance(page, PaymentPage | TicketPage) and page.qr != ""
        self._present(page)

    def speak(self, say: Wording, page: Page) -> None:
        """Show `page` in another language."""
        self._say = say
        self._present(page)

    def wipe_all_but(self, kind: str) -> None:
        """Leave nothing of any customer in the other pages."""
        for other, blank in BLANK.items():
            if other != kind:
                values = present(blank, self._say)
                if values != self._maps[other]:
                    self._maps[other] = values
                    self._notify(other)

    # -- for QML ---------------------------------------------------------------------------------------

    @qt_property("QVariantMap", notify=menu_changed)
    def menu(self) -> dict[str, Any]:
        """Return the home page."""
        return self._maps["menu"]

    @qt_property("QVariantMap", notify=choice_changed)
    def choice(self) -> dict[str, Any]:
        """Return the page with a few things to choose from."""
        return self._maps["choice"]

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
        return {**self._maps["payment"], "qr": self._code}

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

    @qt_property("QVariantMap", notify=ticket_changed)
    def ticket(self) -> dict[str, Any]:
        """Return the ticket of the queue; the code for a phone comes from the image provider `qr`."""
        return {**self._maps["ticket"], "qr": self._code}

    @qt_property("QVariantMap", notify=message_changed)
    def message(self) -> dict[str, Any]:
        """Return the page of a terminal that cannot serve (yet)."""
        return self._maps["message"]

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _code(self) -> str:
        return f"image://qr/{self._number}" if self._has_code else ""

    def _present(self, page: Page) -> None:
        values = present(page, self._say)
        if page.kind == "menu" and values == self._maps["menu"]:
            return  # tiles that are the same stay, and with them a finger that lies on one
        self._maps[page.kind] = values
        self._notify(page.kind)

    def _notify(self, kind: str) -> None:
        {
            "menu": self.menu_changed,
            "choice": self.choice_changed,
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
            "ticket": self.ticket_changed,
            "message": self.message_changed,
        }[kind].emit()
