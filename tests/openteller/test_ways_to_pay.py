"""The conductor with more than one way to pay: which are offered, who is asked, and what a failure of each means."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from journal.store import SqliteJournal
from kiosk_core.errors import DeviceUnavailable, HostSilent, HostUntrusted
from kiosk_core.funding import BankCardOffer, FundingKind, FundingStage, FundingState, Paid, Pending, Unpaid
from kiosk_core.intents import Cancel, ChooseAmount, ChooseFunding, ChooseService
from kiosk_core.pages import CapturePage, FundingPage, PaymentPage, ResultPage
from kiosk_core.ports import DeclineReason, LoadInit, OrderState, Trace
from kiosk_core.status import DeviceState, Media
from openteller.conductor import Conductor
from openteller.qr_funding import QrFunding
from openteller.risk_check import RiskCheck
from tests.kiosk_core.journey import AMOUNT, INIT, ORDER, SERVICE, TERMINAL
from tests.money.devices import Inline
from tests.openteller.stage import Printer, Stage

BEGAN = datetime(2026, 11, 22, 10, 29, tzinfo=UTC)
TRACE = Trace("OT000001-20261122-000001", BEGAN, 1, 2, 3, 4)
QR, BANK_CARD = FundingKind.QR, FundingKind.BANK_CARD


class Source:
    """A way to pay that says `state`, or fails with `error`, and remembers what it was asked."""

    def __init__(self) -> None:
        self.state: FundingState = Pending(FundingStage.INSERT_CARD)
        self.error: Exception | None = None
        self.asked: list[str] = []

    def begin(self, _: Trace, __: LoadInit) -> BankCardOffer:
        self._ask("begin")
        return BankCardOffer()

    def poll(self, _: Trace) -> FundingState:
        self._ask("poll")
        return self.state

    def cancel(self, _: Trace) -> None:
        self._ask("cancel")

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.error is not None:
            raise self.error


class PayingStage(Stage):
    """A terminal with a card reader and a PIN pad."""

    def __post_init__(self) -> None:
        self.journal = SqliteJournal(self.folder, "OT000001", self.clock)
        self.source = Source()
        self.conductor = Conductor(
            services=(SERVICE,),
            terminal=lambda: TERMINAL,
            journal=self.journal,
            top_up_module=Inline(self.reader),
            printer=Inline(Printer()),
            host=Inline(self.host),
            risk=RiskCheck(self.rules, self.journal, self.clock),
            funding={BANK_CARD: Inline(self.source)},
            clock=self.clock,
            screen=self.shown.append,
        )

    def choose_amount(self) -> None:
        self.touch(ChooseService(service_id=SERVICE.id))
        self.report("top_up_module", media=Media.PRESENT)
        self.touch(ChooseAmount(amount_fen=AMOUNT))

    def choose_bank_card(self) -> None:
        self.choose_amount()
        self.touch(ChooseFunding(funding=BANK_CARD))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PayingStage]:
    stage = PayingStage(tmp_path / "journal")
    for name in ("receipt_printer", "card_reader", "pin_pad"):
        stage.report(name)
    stage.report("top_up_module", media=Media.NOT_PRESENT)
    yield stage
    stage.journal.close()


# -- what is offered ---------------------------------------------------------------------------------------------


def test_both_ways_are_offered_while_their_devices_work(stage: PayingStage) -> None:
    stage.choose_amount()
    assert isinstance(stage.page, FundingPage)
    assert [each.funding for each in stage.page.choices] == [QR, BANK_CARD]


@pytest.mark.parametrize("device", ["card_reader", "pin_pad"])
def test_without_a_device_of_it_paying_by_card_is_not_offered(stage: PayingStage, device: str) -> None:
    stage.report(device, DeviceState.OFFLINE)
    stage.choose_amount()
    assert isinstance(stage.page, PaymentPage)
    assert stage.source.asked == []


def test_a_device_that_fails_after_the_choice_is_said_before_anybody_is_asked_for_money(stage: PayingStage) -> None:
    stage.choose_amount()
    stage.report("pin_pad", DeviceState.OFFLINE)
    stage.touch(ChooseFunding(funding=BANK_CARD))
    assert isinstance(stage.page, FundingPage)
    assert [each.funding for each in stage.page.choices] == [QR]
    assert stage.page.problem is not None
    assert stage.source.asked == []


@pytest.mark.parametrize("media", [Media.PRESENT, Media.LATCHED, Media.ENTERING])
def test_a_bank_card_that_was_left_is_said_on_the_home_page(stage: PayingStage, media: Media) -> None:
    stage.report("card_reader", media=media)
    assert stage.home.notice is not None
    assert stage.home.notice.key == "home.take_bank_card"
    stage.report("card_reader", media=Media.NOT_PRESENT)
    assert stage.home.notice is None


# -- who is asked ------------------------------------------------------------------------------------------------


def test_a_bank_card_is_polled_four_times_a_second(stage: PayingStage) -> None:
    stage.choose_bank_card()
    assert stage.source.asked == ["begin"]
    for _ in range(4):
        stage.pass_time(0.25)
    assert stage.source.asked == ["begin", *["poll"] * 4]
    assert isinstance(stage.page, CapturePage)
    assert stage.page.deadline_s == 120


def test_what_was_paid_goes_into_the_journal_with_who_paid(stage: PayingStage) -> None:
    stage.choose_bank_card()
    stage.source.state = Paid("token-of-payer")
    stage.pass_time(0.25)
    (transaction,) = stage.journal.unsettled()
    facts = transaction.facts
    assert (facts["funding"], facts["paid"], facts["payer"]) == ("bank_card", True, "token-of-payer")


def test_whoever_cancels_gets_his_card_back_before_the_reversal(stage: PayingStage) -> None:
    stage.choose_bank_card()
    stage.touch(Cancel())
    assert stage.source.asked == ["begin", "cancel"]
    assert len(stage.host.reversals) == 1
    assert isinstance(stage.page, ResultPage)


def test_a_customer_who_does_not_go_on_has_nothing_to_reverse(stage: PayingStage) -> None:
    stage.choose_bank_card()
    stage.source.state = Unpaid()
    stage.pass_time(0.25)
    assert stage.host.reversals == []
    assert stage.states == []


# -- what fails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (HostSilent("no answer"), "98"),
        (HostUntrusted("a wrong MAC"), "A0"),
        (DeviceUnavailable("card_reader", "unplugged"), "98"),
    ],
)
def test_a_payment_that_cannot_be_begun_is_reversed(stage: PayingStage, error: Exception, reason: str) -> None:
    stage.source.error = error
    stage.choose_bank_card()
    assert stage.source.asked == ["begin", "cancel"]
    assert [each.value for each in stage.host.reversals] == [reason]


def test_a_source_that_does_not_tell_is_asked_again_until_the_time_is_over(stage: PayingStage) -> None:
    stage.choose_bank_card()
    stage.source.error = DeviceUnavailable("card_reader", "unplugged")
    stage.pass_time(0.25)
    stage.pass_time(0.25)
    assert stage.source.asked == ["begin", "poll", "poll"]
    stage.pass_time(120)
    assert stage.source.asked[-1] == "cancel"
    assert len(stage.host.reversals) == 1


def test_a_reader_that_fails_does_not_take_the_host_out_of_service(stage: PayingStage) -> None:
    stage.source.error = DeviceUnavailable("card_reader", "unplugged")
    stage.choose_bank_card()
    assert stage.conductor._echo.online


def test_a_program_fault_gives_the_card_back_and_is_recovered(
    stage: PayingStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.choose_bank_card()
    monkeypatch.setattr(stage.journal, "record", lambda *_: 1 / 0)
    stage.source.state = Paid()
    stage.pass_time(0.25)
    assert stage.source.asked == ["begin", "poll", "cancel"]
    assert isinstance(stage.page, ResultPage)
    assert stage.page.title.key == "top_up.refund_pending.title"


# -- QR ----------------------------------------------------------------------------------------------------------


class QrHost:
    """A host that has an order in `state`."""

    def __init__(self, state: OrderState) -> None:
        self.state = state

    def order_qr(self, _: Trace, __: LoadInit) -> object:
        return ORDER

    def query_order(self, _: Trace) -> OrderState:
        return self.state


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (OrderState.PENDING, Pending(FundingStage.PAY)),
        (OrderState.PAID, Paid()),
        (OrderState.EXPIRED, Unpaid(DeclineReason.NOT_PAID)),
    ],
)
def test_a_qr_order_says_how_the_payment_stands(state: OrderState, said: FundingState) -> None:
    source = QrFunding(QrHost(state))  # type: ignore[arg-type]
    assert source.begin(TRACE, INIT) == ORDER
    assert source.poll(TRACE) == said
    source.cancel(TRACE)
    assert source.poll(TRACE) == said


def test_paying_by_phone_asks_no_card(stage: PayingStage) -> None:
    stage.choose_amount()
    stage.touch(ChooseFunding(funding=QR))
    assert isinstance(stage.page, PaymentPage)
    stage.touch(Cancel())
    assert stage.source.asked == []
    assert [each.value for each in stage.host.reversals] == ["06"]
    assert stage.states == []
