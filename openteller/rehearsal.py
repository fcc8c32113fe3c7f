"""A scripted customer: touches the real screen, lays real bytes on the simulated reader, and takes pictures."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QEventLoop
from PyQt6.QtGui import QGuiApplication

from device_sim.control import ControlError, SimControl
from kiosk_ui.screen import KioskScreen
from kiosk_ui.view_model import ViewModel
from queue_display.board.app import LobbyBoard
from queue_display.board.screen import BoardScreen

STEP_SECONDS = 120.0  # a machine that does much else
SETTLE_SECONDS = 0.15
KEY_SECONDS = 0.2
_JUST_A_TICKET = "choice_without"


class RehearsalError(Exception):
    """The terminal did not do what the customer expected; the text says what was on the screen instead."""


@dataclass(frozen=True)
class BankCardInHand:
    """A bank card of the simulator, and its PIN that the customer knows."""

    name: str
    pin: str = field(repr=False)


@dataclass
class Rehearsal:
    """A journey from home page to home page.

    `out` gets a PNG of every page; `steps` the milliseconds from each touch or movement to the page that answers it,
    the first one from `began` (time.monotonic) when the demo was started.
    """

    app: QGuiApplication
    screen: KioskScreen
    model: ViewModel
    sim: SimControl
    out: Path
    began: float
    steps: list[dict[str, str | int]] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    _pictured: int | None = None

    def top_up(self, service_id: str, card: str, amount_fen: int, language: str) -> None:
        """Top up `card` by one of the preset amounts, pay by phone, and leave with card and receipt.

        Raises:
            RehearsalError: a page did not come within STEP_SECONDS.
        """
        self._step("home", lambda: None, lambda: self._can_touch(f"service_{service_id}"), began=self.began)
        self._speak(language)
        self._choose(service_id, card, amount_fen)
        self._step("payment", lambda: self.screen.touch("funding_qr"), lambda: self._shows("payment"))
        self._step("loading", lambda: self.sim.do("pay"), lambda: self._shows("progress"))
        self._step("result", lambda: None, lambda: self._shows("result"))
        self._step("home_again", self._leave, lambda: self._shows("menu"))

    def top_up_by_bank_card(
        self, service_id: str, card: str, amount_fen: int, language: str, bank_card: BankCardInHand
    ) -> None:
        """Top up as the next customer, who pays with a bank card and its PIN, and goes at once; raises as `top_up`."""
        self._speak(language)
        self._choose(service_id, card, amount_fen, by="card_")
        insert = lambda: self.sim.do("insert_card", card=bank_card.name)  # noqa: E731
        lets_in = lambda: self._shows("capture") and self._device("card_reader")["lets_in"]  # noqa: E731
        self._step("card_insert", lambda: self.screen.touch("funding_bank_card"), lets_in)
        self._step("card_pin", insert, lambda: self._device("pin_pad")["waits_for"] == "pin")
        self._step("card_loading", lambda: self._type(bank_card.pin), lambda: self._shows("progress"))
        self._step("card_result", lambda: None, lambda: self._shows("result"))
        self.sim.do("pull_card")
        self.sim.do("take_card")

    def update_id_card(self, service_id: str, document: str, language: str) -> None:
        """Bring a new ID card to the bank: lay it under the camera, turn it over, look at a field, and leave.

        Raises:
            RehearsalError: as `top_up`.
        """
        self._speak(language)
        lay = lambda: self.sim.do("lay_document", document=document)  # noqa: E731
        sees = lambda: self._shows("scan") and self.model.camera.source != ""  # noqa: E731
        self._step("id_front", lambda: self.screen.touch(f"service_{service_id}"), sees)
        self._step("id_reading", lay, lambda: bool(self.model.pages.scan["good"]) or self._has_turned())
        self._step("id_back", lambda: None, self._has_turned)
        self._step("id_form", lambda: self.sim.do("turn_over_document"), lambda: self._shows("form"))
        self._step("id_field", lambda: self.screen.touch("field_id_number"), lambda: self._shows("field"))
        self._step("id_checked", lambda: self.screen.touch("confirm"), lambda: self._shows("form"))
        self._step("id_result", lambda: self.screen.touch("confirm"), lambda: self._shows("result"))
        self.sim.do("take_document")
        self._step("id_home_again", lambda: self.screen.touch("done"), lambda: self._shows("menu"))

    def take_ticket(self, service_id: str, what_for: str, language: str) -> str:
        """Take a ticket of the branch's queue, wait for its paper, and return its number.

        Raises:
            RehearsalError: as `top_up`.
        """
        tile, service = f"service_{service_id}", f"choice_{what_for}"
        self._step("ticket_offered", lambda: None, lambda: self._can_touch(tile))
        self._speak(language)  # only now: the home page after another customer speaks Chinese again
        self._step("ticket_services", lambda: self.screen.touch(tile), lambda: self._can_touch(service))
        self._step("ticket_ways", lambda: self.screen.touch(service), lambda: self._can_touch(_JUST_A_TICKET))
        self._step("ticket", lambda: self.screen.touch(_JUST_A_TICKET), lambda: self._shows("ticket"))
        number = str(self.model.pages.ticket["number"])
        self._step("ticket_printed", lambda: None, lambda: bool(self.model.pages.ticket["paper"] == "printed"))
        self._step("ticket_home_again", lambda: self.screen.touch("done"), lambda: self._shows("menu"))
        return number

    def see_call(self, number: str, call: Callable[[], object], board: LobbyBoard) -> None:
        """Look up when the number is called: at the lobby's board, and at the home page's strip.

        Raises:
            RehearsalError: as `top_up`.
        """
        self._step("board", lambda: None, lambda: not board.model.connecting, screen=board.screen)
        is_shown = lambda: board.model.newest.ticket == number and self._strip_shows(number)  # noqa: E731
        self._step("board_called", call, is_shown, screen=board.screen)
        self._take_picture("home_called")

    def _strip_shows(self, number: str) -> bool:
        return any(each["ticket"] == number for each in self.model.queue.calls)

    def _has_turned(self) -> bool:
        """Whether the back of the ID card is asked for."""
        return self._shows("scan") and bool(self.model.pages.scan["steps"][0]["state"] == "done")

    def _speak(self, language: str) -> None:
        if language != self.model.language:
            in_language = lambda: bool(self.model.language == language)  # noqa: E731
            self._step("language", lambda: self.screen.touch(f"language_{language}"), in_language)

    def _choose(self, service_id: str, card: str, amount_fen: int, by: str = "") -> None:
        """Choose service, card and amount, until the screen asks how to pay; `by` goes before the steps' names."""
        service, preset = f"service_{service_id}", f"preset_{amount_fen}"
        self._step(f"{by}place_card", lambda: self.screen.touch(service), lambda: self._shows("capture"))
        self._step(f"{by}amount", lambda: self.sim.do("place_card", card=card), lambda: self._shows("keypad"))
        self._step(f"{by}amount_chosen", lambda: self.screen.touch(preset), lambda: self._can_touch("confirm"))
        self._step(f"{by}funding", lambda: self.screen.touch("confirm"), lambda: self._shows("funding"))

    def _leave(self) -> None:
        """Take the card and say that all is done, for the result stays on the screen for a while."""
        self.sim.do("take_card")
        self.screen.touch("done")

    def _device(self, name: str) -> dict[str, Any]:
        """Return what can be seen of a simulated device."""
        state: dict[str, Any] = self.sim.do("state")["devices"][name]
        return state

    def _type(self, pin: str) -> None:
        """Press the keys as a hand does, one after the other."""
        for key in [*pin, "enter"]:
            self._let_pass(KEY_SECONDS)
            self.sim.do("press", keys=[key])

    def keep_receipt(self, picture: Path) -> None:
        """Take the receipt out of the slot and save its picture.

        Raises:
            RehearsalError: there is none.
        """
        try:
            self.sim.do("take_receipt", picture=str(picture))
        except ControlError as error:
            raise RehearsalError(f"no receipt: {error}") from None

    def _step(
        self,
        name: str,
        act: Callable[[], object],
        arrived: Callable[[], bool],
        *,
        began: float | None = None,
        screen: KioskScreen | BoardScreen | None = None,
    ) -> None:
        """Act, wait for what is to follow, and take a picture of it on `screen` (None: the kiosk's) by its name."""
        until = time.monotonic() + STEP_SECONDS
        began = began or time.monotonic()
        act()
        while not arrived():
            if time.monotonic() > until:
                picture = self._take_picture("stuck")
                raise RehearsalError(f"waiting for {name}, the screen shows {self.model.kind} (see {picture})")
            self._let_pass(0.005)
            if screen is None and not arrived() and self.model.page_number not in {None, self._pictured}:
                self._take_picture(f"{name}-{self.model.kind}")  # a page on the way
        self.steps.append({"step": name, "ms": round((time.monotonic() - began) * 1000)})
        self._pictured = self.model.page_number  # it gets its picture when it has settled
        self._let_pass(SETTLE_SECONDS)
        self._take_picture(name, screen)

    def _shows(self, kind: str) -> bool:
        return bool(self.model.kind == kind)

    def _can_touch(self, object_name: str) -> bool:
        try:
            return self.screen.find(object_name).isEnabled()
        except LookupError:
            return False

    def _take_picture(self, name: str, screen: KioskScreen | BoardScreen | None = None) -> str:
        self._pictured = self.model.page_number
        file = f"{len(self.pictures) + 1:02d}-{name.replace('_', '-')}.png"
        (screen or self.screen).grab().save(str(self.out / file))
        self.pictures.append(file)
        return file

    def _let_pass(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, max(1, round(left * 1000)))
            time.sleep(min(left, 0.002))
