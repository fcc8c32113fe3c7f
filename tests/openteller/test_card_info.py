"""The conductor with a journey that moves no money: no row, no host, and the slot of the card reader."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from journal.store import SqliteJournal
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.id_card_reader import PersonalText
from kiosk_core.intents import Cancel, ChooseService, Done
from kiosk_core.ledger import LedgerState
from kiosk_core.pages import CapturePage, ListPage, MenuPage
from kiosk_core.ports import CardProblem, PurseCard, PurseHistory
from kiosk_core.social_security import Generation, SocialSecurityCard, Withheld
from kiosk_core.status import DeviceState, Media
from openteller.conductor import Conductor
from openteller.questions import SlotReading
from openteller.risk_check import RiskCheck
from tests.kiosk_core.journey import CARD, TERMINAL
from tests.kiosk_core.journey import SERVICE as TOP_UP
from tests.kiosk_core.test_account_deposit import SERVICE as DEPOSIT
from tests.kiosk_core.test_card_info import HISTORY, SERVICE
from tests.money.devices import Inline
from tests.openteller.stage import Printer, Stage

SOCIAL = SocialSecurityCard(bytes(16), Generation.THIRD, PersonalText("A00000003"), None, None, Withheld.NEEDS_MODULE)


class Reader:
    """A contactless reader; `card` lies on it."""

    card: PurseCard | CardProblem = CARD
    history: PurseHistory | CardProblem = HISTORY

    def read_card(self) -> PurseCard | CardProblem:
        return self.card

    def read_history(self) -> PurseHistory | CardProblem:
        return self.history


class Slot:
    """Stands for the CardSlot: `card` comes in at the next look."""

    def __init__(self) -> None:
        self.card: SocialSecurityCard | None = None
        self.open = False
        self.unplugged = False

    def look(self, _: object, __: object) -> SocialSecurityCard | None:
        if self.unplugged:
            raise DeviceUnavailable("card_reader", "unplugged")
        self.open = True
        return self.card

    def close(self, _: object) -> None:
        self.open = False


class InfoStage(Stage):
    """A terminal that tops cards up and shows what is on them."""

    def __post_init__(self) -> None:
        self.journal = SqliteJournal(self.folder, "OT000001", self.clock)
        self.cards = Reader()
        self.slot = Slot()
        self.conductor = self.make(slot=True)

    def make(self, *, slot: bool, services: tuple[Any, ...] = (TOP_UP, SERVICE)) -> Conductor:
        slot_in_use: Any = self.slot
        return Conductor(
            services=services,
            terminal=lambda: TERMINAL,
            journal=self.journal,
            top_up_module=Inline(self.cards),
            printer=Inline(Printer()),
            host=Inline(self.host),
            risk=RiskCheck(self.rules, self.journal, self.clock),
            slot=SlotReading(Inline(None), lambda _: SOCIAL, slot=slot_in_use) if slot else None,
            clock=self.clock,
            screen=self.shown.append,
        )

    def start(self) -> None:
        self.report("top_up_module", media=Media.NOT_PRESENT)
        self.report("receipt_printer")

    def ask(self) -> None:
        """Choose the service."""
        self.touch(ChooseService(service_id=SERVICE.id))

    @property
    def offers(self) -> dict[str, str | None]:
        """Why each service cannot be had, None where it can."""
        return {item.service_id: item.unavailable and item.unavailable.key for item in self.home.items}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[InfoStage]:
    stage = InfoStage(tmp_path / "journal")
    stage.start()
    yield stage
    stage.journal.close()


def test_a_card_is_shown_and_nothing_is_written(stage: InfoStage) -> None:
    before = stage.journal.head()
    stage.ask()
    stage.report("top_up_module", media=Media.PRESENT)
    assert isinstance(stage.page, ListPage)
    assert [len(section.rows) for section in stage.page.sections] == [3, 2]
    stage.touch(Done())
    assert isinstance(stage.page, MenuPage)
    assert stage.journal.head() == before


def test_it_is_to_be_had_without_host_and_without_journal(stage: InfoStage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.host.is_online = False
    stage.pass_time(15)
    assert stage.offers == {TOP_UP.id: "unavailable.bank_host", SERVICE.id: None}
    for method in ("begin", "record", "unsettled", "token"):
        monkeypatch.setattr(stage.journal, method, lambda *_: 1 / 0)
    stage.ask()
    stage.report("top_up_module", media=Media.PRESENT)
    assert isinstance(stage.page, ListPage)


def test_without_the_contactless_reader_it_is_not_to_be_had(stage: InfoStage) -> None:
    stage.report("top_up_module", DeviceState.OFFLINE)
    assert stage.offers[SERVICE.id] == "unavailable.top_up_module"
    stage.ask()
    assert isinstance(stage.page, MenuPage)


@pytest.mark.parametrize("problem_in", ["card", "history"])
def test_a_card_that_cannot_be_read_is_asked_for_again(stage: InfoStage, problem_in: str) -> None:
    setattr(stage.cards, problem_in, CardProblem.UNREADABLE)
    stage.ask()
    stage.report("top_up_module", media=Media.PRESENT)
    assert isinstance(stage.page, CapturePage)
    assert stage.page.problem is not None
    assert stage.page.problem.key == "card_info.problem.unreadable"


def test_a_social_security_card_is_read_in_the_card_reader_which_closes_behind_it(stage: InfoStage) -> None:
    stage.ask()
    assert stage.slot.open
    stage.slot.card = SOCIAL
    stage.pass_time(1)
    assert isinstance(stage.page, ListPage)
    assert stage.page.facts[0].text == "*****0003"
    assert not stage.slot.open


def test_the_card_reader_closes_when_the_customer_goes(stage: InfoStage) -> None:
    stage.ask()
    stage.touch(Cancel())
    assert isinstance(stage.page, MenuPage)
    assert not stage.slot.open
    stage.pass_time(5)
    assert not stage.slot.open


def test_a_card_reader_that_is_lost_leaves_transit_cards(stage: InfoStage) -> None:
    stage.ask()
    stage.slot.unplugged = True
    stage.pass_time(1)
    assert isinstance(stage.page, CapturePage)
    assert stage.page.title.key == "card_info.place_card.title"


def test_a_terminal_without_card_reader_asks_for_transit_cards(stage: InfoStage) -> None:
    stage.conductor = stage.make(slot=False)
    stage.start()
    stage.ask()
    assert isinstance(stage.page, CapturePage)
    assert stage.page.title.key == "card_info.place_card.title"
    stage.touch(Cancel())
    assert isinstance(stage.page, MenuPage)


def test_whoever_goes_without_a_word_is_warned_and_then_forgotten(stage: InfoStage) -> None:
    stage.ask()
    stage.report("top_up_module", media=Media.PRESENT)
    stage.pass_time(90)
    assert stage.page.warning_s == 20
    stage.pass_time(20)
    assert isinstance(stage.page, MenuPage)


def test_an_open_load_is_resumed_by_the_journey_that_can(stage: InfoStage) -> None:
    """A transaction without a service of its own is the top-up's, whichever service stands first."""
    open_load = stage.journal.begin({"service": "no longer configured"})
    stage.journal.record(open_load.id, LedgerState.FUND_REQ, {"amount_fen": 5_000})
    stage.conductor = stage.make(slot=False, services=(SERVICE, TOP_UP))
    stage.start()
    assert stage.states == []
    assert len(stage.host.reversals) == 1


def test_a_terminal_that_reads_no_bank_cards_offers_no_deposit_but_settles_an_open_one(stage: InfoStage) -> None:
    open_deposit = stage.journal.begin({"service": "no longer configured", "kind": DEPOSIT.kind})
    stage.journal.record(open_deposit.id, LedgerState.FUND_REQ, {"amount_fen": 5_000, "account_token": "t"})
    stage.conductor = stage.make(slot=True, services=(TOP_UP, DEPOSIT, SERVICE))
    stage.start()
    assert set(stage.offers) == {TOP_UP.id, SERVICE.id}
    stage.touch(ChooseService(service_id=DEPOSIT.id))
    assert isinstance(stage.page, MenuPage)
    assert len(stage.host.reversals) == 1  # the host knows no such order
    assert stage.states == []


def test_an_open_deposit_is_left_alone_where_no_service_can_settle_it(
    stage: InfoStage, caplog: pytest.LogCaptureFixture
) -> None:
    open_deposit = stage.journal.begin({"service": DEPOSIT.id, "kind": DEPOSIT.kind})
    stage.journal.record(open_deposit.id, LedgerState.FUND_REQ, {"amount_fen": 5_000, "account_token": "t"})
    stage.conductor = stage.make(slot=True)
    stage.start()
    assert stage.states == [LedgerState.FUND_REQ]
    assert stage.host.reversals == []
    assert any(open_deposit.id in record.getMessage() for record in caplog.records)
