"""A conductor between stand-ins that do at once what they are asked, on a clock that the test sets."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from journal.store import SqliteJournal
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import DeviceUnavailable, HostUntrusted
from kiosk_core.id_card_reader import (
    IdCard,
)
from kiosk_core.id_document import DocumentCapture
from kiosk_core.intents import Intent
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import MenuPage, Page
from kiosk_core.ports import CardCheck, LoadInit, LoadNotFound, PurseCard, QrOrder, ReversalReason, Reversed, Trace
from kiosk_core.risk import Risk
from kiosk_core.screen_messages import ShowPage
from kiosk_core.services import Service
from kiosk_core.status import DeviceState, DeviceStatus, Media
from openteller.conductor import Conductor
from openteller.risk_check import RiskCheck
from tests.clocks import SetClock
from tests.kiosk_core.journey import CARD, COUNTER, INIT, NUMBER, ORDER, OTHER_NUMBER, SERVICE, TERMINAL
from tests.money.devices import Inline


class Host:
    """A bank host that answers echo tests, takes every journal, and opens orders that nobody pays."""

    is_online = True
    has_wrong_mac = False

    def __init__(self) -> None:
        self.reversals: list[ReversalReason] = []

    def online(self) -> bool:
        return self.is_online

    def report_journal_head(self, number: int, digest: str, confirmed: str) -> bool:
        return True

    def order_qr(self, *_: object) -> QrOrder:
        if self.has_wrong_mac:
            raise HostUntrusted("the answer has a wrong MAC")
        return ORDER

    def reverse(self, _: Trace, __: int, reason: ReversalReason) -> Reversed:
        self.reversals.append(reason)
        return Reversed(0)


class Reader:
    """A reader on which one good card lies, which has been loaded elsewhere since its open case."""

    sought: tuple[object, ...] = ()

    def read_card(self) -> PurseCard:
        return CARD

    def initialize_load(self, _: CardNumber, amount_fen: int, __: bytes) -> LoadInit:
        return replace(INIT, amount_fen=amount_fen)

    def prove_load(self, is_same_card: CardCheck, *_: object) -> LoadNotFound:
        assert is_same_card(NUMBER)
        return LoadNotFound(COUNTER + 3, 7_700)

    def find_load(self, is_same_card: CardCheck, *sought: object) -> bool:
        assert is_same_card(NUMBER)
        assert not is_same_card(OTHER_NUMBER)
        self.sought = sought
        return True


class Printer:
    """A printer that has printed."""

    def print(self, _: object) -> None:
        pass


@dataclass
class IdReader:
    """An ID-card reader on which `card` is found, if any."""

    card: IdCard | None = None
    unplugged: bool = False

    def find_card(self) -> bool:
        if self.unplugged:
            raise DeviceUnavailable("id_card_reader", "unplugged")
        return self.card is not None

    def read_card(self) -> IdCard | None:
        return self.card


@dataclass
class Stage:
    """A conductor on a clock that the test sets, and the pages it showed."""

    folder: Path
    clock: SetClock = field(default_factory=lambda: SetClock(datetime(2026, 11, 22, 10, tzinfo=UTC)))
    shown: list[ShowPage] = field(default_factory=list)
    host: Host = field(default_factory=Host)
    host_worker: Callable[[Host], Any] = Inline
    rules: Risk = field(default_factory=Risk)
    reader: Reader = field(default_factory=Reader)
    id_reader: IdReader = field(default_factory=IdReader)
    services: tuple[Service, ...] = (SERVICE,)
    documents: DocumentCapture | None = None
    queue: Any = None

    def __post_init__(self) -> None:
        self.journal = SqliteJournal(self.folder, "OT000001", self.clock)
        self.conductor = Conductor(
            services=self.services,
            terminal=lambda: TERMINAL,
            journal=self.journal,
            top_up_module=Inline(self.reader),
            printer=Inline(Printer()),
            host=self.host_worker(self.host),
            risk=RiskCheck(self.rules, self.journal, self.clock),
            id_card_reader=Inline(self.id_reader),
            documents=self.documents,
            queue=Inline(self.queue) if self.queue is not None else None,
            clock=self.clock,
            screen=self.shown.append,
        )

    def in_service(self) -> "Stage":
        """Report the devices that the home page waits for."""
        self.report("top_up_module", media=Media.NOT_PRESENT)
        self.report("receipt_printer")
        return self

    def report(self, name: str, state: DeviceState = DeviceState.ONLINE, media: Media | None = None) -> None:
        self.conductor.device_changed(DeviceStatus(name, state, self.clock.wall(), media=media))
        self.settle()

    def settle(self) -> None:
        """Let everything happen that is due."""
        for _ in range(8):
            self.conductor.step(0)

    def pass_time(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.settle()

    def touch(self, intent: Intent, number: int | None = None) -> None:
        self.conductor.touch(self.shown[-1].number if number is None else number, intent)
        self.settle()

    @property
    def page(self) -> Page:
        return self.shown[-1].page

    @property
    def home(self) -> MenuPage:
        assert isinstance(self.page, MenuPage)
        return self.page

    @property
    def states(self) -> list[L]:
        return [transaction.state for transaction in self.journal.unsettled()]
