"""The conductor at its home page and between pages: what needs no device to happen."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from journal.store import SqliteJournal
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import DeviceUnavailable, HostUntrusted, JournalUnavailable
from kiosk_core.id_card_reader import (
    IdCard,
    IdCardKind,
    IdCardPhoto,
    IdCardSex,
    IdNumber,
    PersonalText,
)
from kiosk_core.journeys import top_up
from kiosk_core.journeys.events import CardRead
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import (
    Cancel,
    CapturePage,
    ChangeLanguage,
    ChooseAmount,
    ChooseService,
    Done,
    Intent,
    KeypadPage,
    MenuPage,
    Page,
    PaymentPage,
    Preview,
    ResultPage,
    ShowPage,
    StayHere,
)
from kiosk_core.ports import CardCheck, LoadInit, LoadNotFound, PurseCard, QrOrder, ReversalReason, Reversed, Trace
from kiosk_core.risk import CardDayRule, Risk, VerificationRule
from kiosk_core.status import DeviceState, DeviceStatus, Media
from kiosk_core.texts import LocalText
from openteller.conductor import Conductor
from openteller.open_cases import LOOK_SECONDS
from openteller.risk_check import RiskCheck
from tests.clocks import SetClock
from tests.kiosk_core.journey import CARD, COUNTER, INIT, NUMBER, ORDER, OTHER_NUMBER, SERVICE, TERMINAL


class Host:
    """A bank host that answers echo tests and opens orders that nobody pays."""

    is_online = True
    has_wrong_mac = False

    def __init__(self) -> None:
        self.reversals: list[ReversalReason] = []

    def online(self) -> bool:
        return self.is_online

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
class Inline:
    """A worker whose work is done before `call` returns."""

    owned: Any

    def call(self, work: Callable[[Any], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(work(self.owned))
        except Exception as error:
            future.set_exception(error)
        return future


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

    def __post_init__(self) -> None:
        self.journal = SqliteJournal(self.folder, "OT000001", self.clock)
        self.conductor = Conductor(
            services=(SERVICE,),
            terminal=lambda: TERMINAL,
            journal=self.journal,
            top_up_module=Inline(self.reader),
            printer=Inline(Printer()),
            host=self.host_worker(self.host),
            risk=RiskCheck(self.rules, self.journal, self.clock),
            id_card_reader=Inline(self.id_reader),
            clock=self.clock,
            screen=self.shown.append,
        )

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


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path / "journal")
    stage.report("top_up_module", media=Media.NOT_PRESENT)
    stage.report("receipt_printer")
    yield stage
    stage.journal.close()


def test_the_home_page_offers_what_can_be_had(stage: Stage) -> None:
    assert stage.home.items[0].unavailable is None
    assert stage.home.notice is None


def test_a_dead_reader_is_said_on_the_tile(stage: Stage) -> None:
    stage.report("top_up_module", DeviceState.OFFLINE)
    assert stage.home.items[0].unavailable is not None
    assert stage.home.items[0].unavailable.key == "unavailable.top_up_module"
    stage.touch(ChooseService(service_id=SERVICE.id))
    assert isinstance(stage.page, MenuPage)
    stage.report("top_up_module", media=Media.NOT_PRESENT)
    assert stage.home.items[0].unavailable is None


def test_a_dead_host_is_said_and_noticed_again_when_it_is_back(stage: Stage) -> None:
    stage.host.is_online = False
    stage.pass_time(15.0)
    assert stage.home.items[0].unavailable is not None
    assert stage.home.items[0].unavailable.key == "unavailable.bank_host"
    stage.host.is_online = True
    stage.pass_time(1.0)
    assert stage.home.items[0].unavailable is None


def test_a_card_that_was_left_is_said(stage: Stage) -> None:
    stage.report("top_up_module", media=Media.PRESENT)
    assert stage.home.notice is not None
    assert stage.home.notice.key == "home.take_card"


def test_a_terminal_without_its_reader_starts_all_the_same(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "journal")
    stage.settle()
    assert stage.shown == []
    stage.pass_time(3.0)
    assert stage.home.items[0].unavailable is not None
    stage.journal.close()


def test_nobody_waits_with_his_card_at_a_dead_reader(stage: Stage) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", DeviceState.OFFLINE)
    stage.pass_time(2.9)
    assert isinstance(stage.page, CapturePage)  # it may be back in a moment
    stage.pass_time(0.1)
    assert isinstance(stage.page, ResultPage)
    assert stage.page.title.key == "out_of_service.title"
    assert stage.states == []


def test_a_reader_that_is_back_in_a_moment_ends_nothing(stage: Stage) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", DeviceState.OFFLINE)
    stage.report("top_up_module", media=Media.NOT_PRESENT)
    stage.pass_time(10)
    assert isinstance(stage.page, CapturePage)


def test_nobody_is_sent_away_without_a_warning(stage: Stage) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    assert isinstance(stage.page, CapturePage)
    stage.pass_time(60)
    assert stage.page.warning_s == 20
    stage.touch(StayHere())
    assert stage.page.warning_s is None
    stage.pass_time(59)
    stage.touch(StayHere())  # a key was typed: no new page, but the time begins anew
    stage.pass_time(59)
    assert stage.page.warning_s is None
    stage.pass_time(1)
    assert stage.page.warning_s == 20
    stage.pass_time(20)
    assert isinstance(stage.page, MenuPage)
    assert stage.states == []


def test_a_touch_on_the_page_behind_the_warning_still_counts(stage: Stage) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    before = stage.shown[-1].number
    stage.pass_time(60)
    stage.touch(Cancel(), number=before)
    assert isinstance(stage.page, ResultPage)


def test_a_touch_on_a_page_that_has_gone_does_nothing(stage: Stage) -> None:
    home = stage.shown[-1].number
    stage.touch(ChooseService(service_id=SERVICE.id))
    shown = len(stage.shown)
    stage.touch(ChooseService(service_id=SERVICE.id), number=home)
    stage.touch(Done(), number=home)
    assert len(stage.shown) == shown


def test_a_touch_that_the_page_does_not_offer_does_nothing(stage: Stage) -> None:
    for intent in (Cancel(), Done(), ChooseAmount(amount_fen=1), StayHere(), ChooseService(service_id="no such")):
        stage.touch(intent)
    assert isinstance(stage.page, MenuPage)


def test_the_language_goes_back_when_the_customer_has_gone(stage: Stage) -> None:
    stage.touch(ChangeLanguage(language="en"))
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.touch(Cancel())
    stage.touch(Done())
    assert stage.shown[-1].language == "zh"


def test_the_language_goes_back_when_nobody_chooses_anything(stage: Stage) -> None:
    stage.touch(ChangeLanguage(language="en"))
    assert stage.home.idle_s == 60
    stage.pass_time(60)
    assert stage.shown[-1].language == "zh"
    assert stage.home.idle_s is None


def test_a_journal_that_cannot_be_written_takes_the_terminal_out_of_service(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise JournalUnavailable("the disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(stage.journal, "begin", full)
        stage.touch(ChooseService(service_id=SERVICE.id))
        assert stage.home.items[0].unavailable is not None
        assert stage.home.items[0].unavailable.key == "unavailable.journal"
        stage.pass_time(30)
        assert stage.home.items[0].unavailable is not None
    stage.pass_time(30)
    assert stage.home.items[0].unavailable is None


def test_a_disk_that_fills_up_in_the_middle_stops_before_money_moves(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))

    def full(*_: object) -> None:
        raise JournalUnavailable("the disk is full")

    monkeypatch.setattr(stage.journal, "record", full)
    stage.report("top_up_module", media=Media.PRESENT)
    assert isinstance(stage.page, ResultPage)
    assert stage.page.title.key == "out_of_service.title"
    monkeypatch.undo()
    stage.report("top_up_module", media=Media.NOT_PRESENT)
    stage.touch(Done())
    stage.pass_time(30)
    assert stage.states == []  # recovery closed what was begun
    assert stage.home.items[0].unavailable is None


def test_a_fault_of_the_program_is_told_as_what_is_certain(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    broken = dict(top_up.TABLE)
    broken[top_up.Step.READING, CardRead] = lambda *_: 1 / 0
    monkeypatch.setattr(top_up.table, "TABLE", broken)
    stage.report("top_up_module", media=Media.PRESENT)
    assert isinstance(stage.page, ResultPage)
    assert stage.page.title.key == "out_of_service.title"


def show_camera(stage: Stage, seconds: int) -> bool:
    shown = stage.conductor.show_camera(seconds, Preview(mirrored=True))
    stage.settle()
    return shown.result(0)


def test_a_technician_sees_the_camera_for_as_long_as_he_asked(stage: Stage) -> None:
    assert show_camera(stage, 20)
    stage.report("top_up_module", media=Media.PRESENT)
    stage.host.is_online = False
    stage.pass_time(19.9)
    assert isinstance(stage.page, CapturePage)
    assert stage.page.preview == Preview(mirrored=True)
    assert stage.conductor.shows_camera
    stage.pass_time(0.1)
    assert stage.home.notice is not None
    assert stage.home.notice.key == "home.take_card"  # what happened meanwhile is on the home page
    assert not stage.conductor.shows_camera


@pytest.mark.parametrize("end", ["customer", "technician"])
def test_the_camera_s_picture_ends_by_a_touch_or_when_the_technician_says_so(stage: Stage, end: str) -> None:
    assert show_camera(stage, 20)
    stage.touch(ChooseService(service_id=SERVICE.id))  # not on this page
    assert isinstance(stage.page, CapturePage)
    if end == "customer":
        stage.touch(Cancel())
    else:
        assert show_camera(stage, 0)
    assert isinstance(stage.page, MenuPage)
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.pass_time(20)
    assert isinstance(stage.page, CapturePage)
    assert stage.page.preview is None  # the customer's own


def test_a_customer_who_is_served_keeps_his_page(stage: Stage) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    shown = len(stage.shown)
    assert not show_camera(stage, 20)
    assert show_camera(stage, 0)  # there is nothing to end
    assert len(stage.shown) == shown


# -- what answers are taken for ------------------------------------------------------------------------------------


def test_an_answer_with_a_wrong_mac_is_reversed_with_a0(stage: Stage) -> None:
    stage.host.has_wrong_mac = True
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", media=Media.PRESENT)
    stage.touch(ChooseAmount(amount_fen=5_000))
    assert stage.host.reversals == [ReversalReason.MAC_WRONG]
    assert stage.states == []


def show_the_card_of_an_open_case(stage: Stage) -> None:
    open_case = stage.journal.begin({"service": SERVICE.id})
    facts = {"token": stage.journal.token(NUMBER), "amount_fen": 5_000, "counter": COUNTER, "old_balance_fen": 2_350}
    stage.journal.record(open_case.id, L.CREDIT_SENT, {**facts, "authorised_at": "20261122101530"})
    stage.journal.record(open_case.id, L.SUSPENSE, {})
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", media=Media.PRESENT)


def test_a_case_whose_card_moved_on_is_looked_up_in_its_log(stage: Stage) -> None:
    show_the_card_of_an_open_case(stage)
    assert stage.reader.sought == (5_000, TERMINAL.purse_terminal_no, ("20261122", "101530"))
    (manual,) = stage.journal.unsettled()
    assert manual.state is L.MANUAL
    assert (manual.facts["in_log"], manual.facts["counter_now"], manual.facts["counter"]) == (True, 20, 17)


def test_that_a_receipt_was_printed_is_noted_behind_the_end(stage: Stage) -> None:
    show_the_card_of_an_open_case(stage)
    (manual,) = stage.journal.unsettled()
    assert [(row.state, row.facts.get("receipt")) for row in manual.rows][-2:] == [
        (L.MANUAL, None),
        (L.MANUAL, "printed"),
    ]


def test_a_note_that_cannot_be_written_leaves_the_customer_his_page_and_takes_the_terminal_out_of_service(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise JournalUnavailable("cannot write to the journal: the disk is full")

    monkeypatch.setattr(SqliteJournal, "note", fail)
    show_the_card_of_an_open_case(stage)
    page = stage.page
    assert isinstance(page, ResultPage)
    assert page.title.key == "top_up.manual.title"
    stage.touch(Done())
    unavailable = stage.home.items[0].unavailable
    assert unavailable is not None
    assert unavailable.key == "unavailable.journal"
    monkeypatch.undo()
    stage.pass_time(LOOK_SECONDS)
    assert stage.home.items[0].unavailable is None


# -- rules and the ID card ---------------------------------------------------------------------------------------

ASK_FOR_ID = Risk(verification={"large": VerificationRule(30, "id_card", LocalText("中", "en"))})
# 11010519491231002X: the example of GB 11643; its last character checks.
ID_CARD = IdCard(
    IdCardKind.CITIZEN,
    PersonalText("甄模拟"),
    IdNumber("11010519491231002X"),
    IdCardSex.FEMALE,
    date(1949, 12, 31),
    date(2020, 1, 1),
    None,
    IdCardPhoto(b""),
)


@pytest.fixture
def ruled(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Give a customer who has laid down his card at a terminal with rules."""
    stage = Stage(tmp_path / "journal", rules=request.param)
    for name, media in (("top_up_module", Media.NOT_PRESENT), ("receipt_printer", None), ("id_card_reader", None)):
        stage.report(name, media=media)
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", media=Media.PRESENT)
    yield stage
    stage.journal.close()


@pytest.mark.parametrize(
    "ruled", [Risk(card_day={"daily": CardDayRule(LocalText("中", "en"), most_yuan=90)})], indirect=True
)
def test_what_was_loaded_elsewhere_in_the_journal_is_seen_right_before_the_payment(ruled: Stage) -> None:
    assert isinstance(ruled.page, KeypadPage)
    assert ruled.page.max_fen == 9_000
    other = ruled.journal.begin({"service": SERVICE.id})
    ruled.journal.record(other.id, L.FUND_REQ, {"token": ruled.journal.token(NUMBER), "amount_fen": 5_000})
    ruled.touch(ChooseAmount(amount_fen=5_000))
    assert isinstance(ruled.page, KeypadPage)
    assert ruled.page.max_fen == 4_000
    ruled.touch(ChooseAmount(amount_fen=4_000))
    assert isinstance(ruled.page, PaymentPage)


@pytest.mark.parametrize("ruled", [ASK_FOR_ID], indirect=True)
def test_an_id_card_is_waited_for_and_nothing_of_it_is_kept_but_a_token(ruled: Stage) -> None:
    ruled.touch(ChooseAmount(amount_fen=5_000))
    assert isinstance(ruled.page, CapturePage)
    ruled.pass_time(3)
    assert isinstance(ruled.page, CapturePage)
    ruled.id_reader.card = ID_CARD
    ruled.pass_time(1)
    assert isinstance(ruled.page, PaymentPage)
    facts = [transaction.facts for transaction in ruled.journal.unsettled()]
    assert [each["person"] for each in facts] == [ruled.journal.token(ID_CARD.number)]
    assert "11010519491231002" not in repr(facts)
    assert "甄模拟" not in repr(facts)


@pytest.mark.parametrize("ruled", [ASK_FOR_ID], indirect=True)
def test_a_number_that_does_not_check_is_no_id_card(ruled: Stage) -> None:
    ruled.id_reader.card = replace(ID_CARD, number=IdNumber("110105194912310021"))
    ruled.touch(ChooseAmount(amount_fen=5_000))
    assert isinstance(ruled.page, CapturePage)
    assert ruled.page.problem is not None
    assert ruled.page.problem.key == "top_up.id_card.problem.not_genuine"


@pytest.mark.parametrize("ruled", [ASK_FOR_ID], indirect=True)
def test_a_reader_that_is_unplugged_while_it_reads_leaves_the_smaller_amounts(ruled: Stage) -> None:
    ruled.id_reader.unplugged = True
    ruled.touch(ChooseAmount(amount_fen=5_000))
    assert isinstance(ruled.page, KeypadPage)
    assert ruled.page.max_fen == 3_000


@pytest.mark.parametrize("ruled", [ASK_FOR_ID], indirect=True)
def test_without_a_reader_in_service_large_amounts_are_not_offered(ruled: Stage) -> None:
    ruled.touch(Cancel())
    ruled.touch(Done())
    ruled.report("id_card_reader", DeviceState.OFFLINE)
    ruled.report("top_up_module", media=Media.NOT_PRESENT)
    ruled.touch(ChooseService(service_id=SERVICE.id))
    ruled.report("top_up_module", media=Media.PRESENT)
    assert isinstance(ruled.page, KeypadPage)
    assert ruled.page.max_fen == 3_000
