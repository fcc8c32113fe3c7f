"""Money into the account of a card: events in, rows and questions out."""

from typing import Any

import pytest

from kiosk_core.bank_card import BankCardProblem
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import Fault
from kiosk_core.funding import FundingKind, Paid, Pending, Unclear, Unpaid
from kiosk_core.journeys import account_deposit
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.account_deposit import Step
from kiosk_core.journeys.events import Timer
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import CapturePage, KeypadPage, Page, PaymentPage, ProgressPage, ResultPage
from kiosk_core.ports import Declined, DeclineReason, QrOrder, ReversalReason, Reversed
from kiosk_core.receipt import Pair, TextLine
from kiosk_core.risk import Allowance, Cap, loads_of
from kiosk_core.services import AccountDeposit, AmountLimits
from kiosk_core.texts import LocalText, Words
from tests.kiosk_core.journey import ANYTHING, ORDER, TERMINAL, transaction

ACCOUNT = CardNumber("9999990000000000014")
SERVICE = AccountDeposit(
    kind="account_deposit",
    id="account_deposit",
    icon="bank",
    title=LocalText("银行卡存款", "Pay into a bank account"),
    subtitle=LocalText("", ""),
    limits=AmountLimits(min_yuan=50, max_yuan=2000, step_yuan=50, presets_yuan=(100, 500)),
)
AMOUNT = 50_000
CARD = ev.BankCardRead(ACCOUNT, "token-of-account")
OFFERED = ev.FundingOffered(ORDER)
PAID = ev.FundingAnswered(Paid())
PENDING = ev.FundingAnswered(Pending())
CHOSEN = ev.AmountChosen(AMOUNT)
TO_ORDERING = (CARD, ANYTHING, CHOSEN, ANYTHING)
TO_PAYING = (*TO_ORDERING, OFFERED)
POLL = ev.TimerFired(Timer.POLL)
TIME_IS_UP = ev.TimerFired(Timer.PAYMENT)

WORDS = LocalText("每天最多存¥1,020。", "At most ¥1,020 a day.")
DAILY = Cap("card_day.deposits", 102_000, WORDS)
LOST = Cap("blacklist.lost", 0, LocalText("请到发卡单位查询。", "Ask whoever issued it."))
LARGE = Cap("verification.large", AMOUNT - 1, LocalText("需要身份证", "Needs your ID card"))


def bites(*caps: Cap) -> ev.RiskAssessed:
    return ev.RiskAssessed(Allowance(caps))


class Visit:
    """Feeds events to the table and remembers all effects."""

    def __init__(self, started: account_deposit.Next | None = None) -> None:
        self.state, effects = started or account_deposit.begin(SERVICE, TERMINAL, transaction(), "zh")
        self.effects = list(effects)

    def feed(self, *happened: ev.Event) -> "Visit":
        for event in happened:
            self.state, effects = account_deposit.advance(self.state, event)
            self.effects += effects
        return self

    def next(self, event: ev.Event) -> tuple[do.Effect, ...]:
        before = len(self.effects)
        return tuple(self.feed(event).effects[before:])

    @property
    def rows(self) -> list[L]:
        return [effect.state for effect in self.effects if isinstance(effect, do.Record)]

    @property
    def page(self) -> Page:
        return [effect.page for effect in self.effects if isinstance(effect, do.Show)][-1]

    @property
    def title(self) -> str:
        assert isinstance(self.page, ResultPage | CapturePage | ProgressPage)
        return self.page.title.key

    def asked(self, kind: type[do.Effect]) -> list[do.Effect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]


def at(step: Step) -> Visit:
    events: dict[Step, tuple[ev.Event, ...]] = {
        Step.INSERT_CARD: (),
        Step.ASSESSING: TO_PAYING[:1],
        Step.AMOUNT: TO_PAYING[:2],
        Step.CLEARING: TO_PAYING[:3],
        Step.ORDERING: TO_ORDERING,
        Step.PAYING: TO_PAYING,
        Step.REVERSING: (*TO_PAYING, ev.CancelTouched()),
        Step.PRINTING: (*TO_PAYING, PAID),
        Step.LAST_PAGE: (*TO_PAYING, PAID, ev.ReceiptPrinted()),
    }
    visit = Visit().feed(*events[step])
    assert visit.state.step is step
    return visit


def resumed(*states: L, **facts: str | int | bool | None) -> Visit:
    return Visit(account_deposit.resume(transaction(*states, **facts), SERVICE, TERMINAL))


# -- it goes well ----------------------------------------------------------------------------------------


def test_a_payment_is_a_deposit() -> None:
    visit = at(Step.LAST_PAGE)
    assert visit.rows == [L.CARD_READ, L.FUND_REQ, L.DONE]
    assert visit.title == "account_deposit.deposited.title"
    assert visit.asked(do.OrderDeposit) == [do.OrderDeposit(visit.state.trace, ACCOUNT, AMOUNT)]
    assert visit.next(ev.DoneTouched()) == (do.End(),)


def test_the_row_is_on_disk_before_the_order_leaves_and_before_the_customer_hears_of_success() -> None:
    effects = at(Step.LAST_PAGE).effects
    kinds = [effect.state if isinstance(effect, do.Record) else type(effect) for effect in effects]
    assert kinds.index(L.FUND_REQ) < kinds.index(do.OrderDeposit)
    assert kinds.index(L.DONE) < kinds.index(do.PrintReceipt)


def test_the_rows_say_whose_account_and_how_much_and_no_number() -> None:
    card_read, asked_for, done = at(Step.LAST_PAGE).asked(do.Record)
    assert isinstance(card_read, do.Record)
    assert isinstance(asked_for, do.Record)
    assert isinstance(done, do.Record)
    assert card_read.facts == {"account": "999999*********0014", "account_token": "token-of-account"}
    assert asked_for.facts == {"amount_fen": AMOUNT, "stan": 5, "funding": "qr"}
    assert done.facts == {"paid": True}


def test_the_card_is_looked_for_every_second_and_the_slot_closes_behind_it() -> None:
    visit = at(Step.INSERT_CARD)
    assert visit.next(ev.BankCardUnusable(BankCardProblem.NOT_PRESENT)) == (do.StartTimer(Timer.SLOT, 1.0),)
    assert visit.next(ev.TimerFired(Timer.SLOT)) == (do.ReadBankCard(),)
    assert do.CloseSlot() in visit.next(CARD)
    visit.feed(ANYTHING)
    assert isinstance(visit.page, KeypadPage)
    assert (visit.page.card.masked_number, visit.page.card.balance_fen) == ("999999*********0014", None)


@pytest.mark.parametrize("problem", [each for each in BankCardProblem if each is not BankCardProblem.NOT_PRESENT])
def test_a_card_that_names_no_account_says_why(problem: BankCardProblem) -> None:
    visit = at(Step.INSERT_CARD).feed(ev.BankCardUnusable(problem))
    assert isinstance(visit.page, CapturePage)
    assert visit.page.problem == Words(f"account_deposit.problem.{problem.value}")


@pytest.mark.parametrize("fen", [0, 4_999, 5_001, 200_001, 205_000, -5_000])
def test_an_amount_beyond_the_limits_asks_the_bank_nothing(fen: int) -> None:
    visit = at(Step.AMOUNT).feed(ev.AmountChosen(fen))
    assert visit.state.step is Step.AMOUNT
    assert isinstance(visit.page, KeypadPage)
    assert visit.page.problem == Words(
        "account_deposit.amount.problem.limits", {"min": "¥50.00", "max": "¥2,000.00", "step": "¥50.00"}
    )


def test_the_code_stands_no_longer_than_the_bank_waits() -> None:
    visit = Visit().feed(*TO_ORDERING)
    effects = visit.next(ev.FundingOffered(QrOrder("https://pay.example.com/o/1", 40)))
    assert do.StartTimer(Timer.PAYMENT, 40) in effects
    assert visit.page == PaymentPage(
        amount_fen=AMOUNT, qr="https://pay.example.com/o/1", card_present=None, cancellable=True
    )


def test_the_host_is_asked_every_second() -> None:
    visit = at(Step.PAYING)
    assert visit.next(POLL) == (do.PollFunding(FundingKind.QR, visit.state.trace),)
    assert visit.next(PENDING) == (do.StartTimer(Timer.POLL, 1.0),)
    assert visit.next(ev.FundingStateUnknown()) == (do.StartTimer(Timer.POLL, 1.0),)


def test_the_receipt_says_what_was_paid_in() -> None:
    (printed,) = at(Step.PRINTING).asked(do.PrintReceipt)
    assert isinstance(printed, do.PrintReceipt)
    pairs = {each.label: each.value for each in printed.receipt.elements if isinstance(each, Pair)}
    assert (pairs["存入卡号"], pairs["存入金额"]) == ("999999*********0014", "¥500.00")
    assert "存款成功" in [each.text for each in printed.receipt.elements if isinstance(each, TextLine)]


def test_without_a_receipt_the_reference_is_on_the_page_and_the_journal_knows() -> None:
    visit = at(Step.PRINTING)
    note = visit.next(ev.ReceiptFailed(Fault.PAPER_OUT))[0]
    assert note == do.Note(visit.state.transaction, {"receipt": "not_printed", "receipt_fault": "paper_out"})
    assert isinstance(visit.page, ResultPage)
    assert visit.page.body.key == "account_deposit.deposited.body_no_receipt"
    assert visit.state.transaction in [fact.text for fact in visit.page.facts]


# -- nothing is taken ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [Step.INSERT_CARD, Step.AMOUNT])
@pytest.mark.parametrize("event", [ev.CancelTouched(), ev.CustomerGone()])
def test_whoever_leaves_before_he_pays_has_asked_the_bank_nothing(step: Step, event: ev.Event) -> None:
    visit = at(step).feed(event)
    assert visit.rows[-1] is L.ABANDONED
    assert do.CloseSlot() in visit.effects
    assert visit.asked(do.OrderDeposit) == []


def test_a_lost_reader_ends_it_before_money_moves() -> None:
    visit = at(Step.INSERT_CARD).feed(ev.SlotLost())
    assert (visit.rows, visit.title) == ([L.ABANDONED], "account_deposit.out_of_service.title")


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (DeclineReason.BANK_CARD_NOT_ACCEPTED, "card"),
        (DeclineReason.LIMIT, "limit"),
        (DeclineReason.HOST_ERROR, "other"),
    ],
)
def test_an_order_that_the_bank_declines_took_nothing(reason: DeclineReason, text: str) -> None:
    visit = at(Step.ORDERING).feed(ev.FundingDeclined(Declined(reason, "61")))
    assert visit.rows[-1] is L.DECLINED
    assert isinstance(visit.page, ResultPage)
    assert visit.page.body.key == f"account_deposit.declined.body.{text}"
    assert visit.asked(do.ReverseLoad) == []


def test_an_order_that_expired_took_nothing() -> None:
    visit = at(Step.PAYING).feed(ev.FundingAnswered(Unpaid()))
    assert (visit.rows[-1], visit.title) == (L.DECLINED, "account_deposit.not_paid.title")


# -- it may have been paid -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "event", "reason", "if_unpaid"),
    [
        (Step.ORDERING, ev.FundingUnanswered(), ReversalReason.NO_ANSWER, "host_silent"),
        (Step.ORDERING, ev.FundingUnanswered(ReversalReason.MAC_WRONG), ReversalReason.MAC_WRONG, "host_silent"),
        (Step.PAYING, ev.CancelTouched(), ReversalReason.OTHER, "cancelled"),
        (Step.PAYING, TIME_IS_UP, ReversalReason.OTHER, "not_paid"),
        (
            Step.PAYING,
            ev.FundingAnswered(Unclear(ReversalReason.NO_ANSWER)),
            ReversalReason.NO_ANSWER,
            "host_silent",
        ),
    ],
)
def test_what_may_have_been_paid_is_reversed(
    step: Step, event: ev.Event, reason: ReversalReason, if_unpaid: str
) -> None:
    visit = at(step).feed(event)
    assert visit.rows[-1] is L.REV_REQ
    assert visit.asked(do.ReverseLoad) == [do.ReverseLoad(visit.state.trace, AMOUNT, reason)]
    assert visit.feed(ev.ReversalAnswered(Reversed(0))).rows[-1] is L.REVERSED
    assert visit.title == f"account_deposit.{if_unpaid}.title"


def test_what_was_paid_after_all_goes_back_and_a_receipt_says_so() -> None:
    visit = at(Step.REVERSING).feed(ev.ReversalAnswered(Reversed(AMOUNT)), ev.ReceiptPrinted())
    assert (visit.rows[-1], visit.title) == (L.REVERSED, "account_deposit.refunded.title")
    assert len(visit.asked(do.PrintReceipt)) == 1


def test_a_late_answer_to_a_query_turns_no_reversal_into_a_deposit() -> None:
    visit = at(Step.REVERSING).feed(PAID, ev.FundingStateUnknown())
    assert L.DONE not in visit.rows
    visit.feed(ev.ReversalAnswered(Reversed(AMOUNT)), PAID, ev.ReceiptPrinted(), PAID)
    assert (visit.rows[-1], visit.title) == (L.REVERSED, "account_deposit.refunded.title")


def test_a_reversal_that_nobody_answers_is_promised_and_left_to_recovery() -> None:
    visit = at(Step.REVERSING).feed(ev.ReversalUnanswered(), ev.ReceiptPrinted())
    assert (visit.rows[-1], visit.title) == (L.REV_REQ, "account_deposit.refund_pending.title")


def test_where_no_code_was_shown_nobody_can_have_paid() -> None:
    visit = at(Step.ORDERING).feed(ev.FundingUnanswered(), ev.ReversalUnanswered())
    assert (visit.rows[-1], visit.title) == (L.REV_REQ, "account_deposit.host_silent.title")


def test_a_reversal_that_the_bank_refuses_is_for_staff() -> None:
    visit = at(Step.REVERSING).feed(ev.ReversalDeclined(Declined(DeclineReason.HOST_ERROR, "22")), ev.ReceiptPrinted())
    assert (visit.rows[-1], visit.title) == (L.MANUAL, "account_deposit.manual.title")


# -- the terminal stops ----------------------------------------------------------------------------------

FACTS: dict[str, Any] = {"amount_fen": AMOUNT, "account_token": "t"}


@pytest.mark.parametrize("states", [(), (L.CARD_READ,)])
def test_before_the_order_there_is_nothing_to_settle(states: tuple[L, ...]) -> None:
    visit = resumed(*states)
    assert visit.rows == [L.ABANDONED]
    assert visit.effects[-1] == do.End()


@pytest.mark.parametrize(
    ("answer", "row"),
    [
        (PAID, L.DONE),
        (ev.FundingAnswered(Unpaid()), L.DECLINED),
        (PENDING, L.REV_REQ),
        (ev.FundingStateUnknown(), L.REV_REQ),
    ],
)
def test_after_a_stop_the_host_is_asked_what_became_of_the_order(answer: ev.Event, row: L) -> None:
    visit = resumed(L.FUND_REQ, **FACTS)
    assert visit.effects == [do.PollFunding(FundingKind.QR, visit.state.trace)]
    visit.feed(answer)
    assert visit.rows == [row]
    if row is L.REV_REQ:
        (reversal,) = visit.asked(do.ReverseLoad)
        assert isinstance(reversal, do.ReverseLoad)
        assert reversal.amount_fen == AMOUNT
        visit.feed(ev.ReversalAnswered(Reversed(AMOUNT)))
    assert visit.effects[-1] == do.End()
    assert visit.asked(do.Show) == []
    assert visit.asked(do.PrintReceipt) == []


def test_a_reversal_is_sent_again_as_it_was() -> None:
    visit = resumed(L.FUND_REQ, L.REV_REQ, **FACTS, reason="06", if_unpaid="not_paid")
    assert visit.effects == [do.ReverseLoad(visit.state.trace, AMOUNT, ReversalReason.OTHER)]
    assert visit.next(ev.ReversalUnanswered()) == (do.End(),)


@pytest.mark.parametrize("state", [L.DONE, L.REVERSED, L.DECLINED, L.ABANDONED, L.MANUAL, L.SETTLED])
def test_what_is_closed_or_waits_for_staff_is_left_alone(state: L) -> None:
    assert resumed(L.FUND_REQ, state, **FACTS).effects == [do.End()]


@pytest.mark.parametrize(
    ("step", "title"),
    [
        (Step.INSERT_CARD, "out_of_service"),
        (Step.ASSESSING, "out_of_service"),
        (Step.CLEARING, "out_of_service"),
        (Step.AMOUNT, "out_of_service"),
        (Step.ORDERING, "unsettled"),
        (Step.PAYING, "unsettled"),
        (Step.REVERSING, "refund_pending"),
        (Step.PRINTING, "deposited"),
    ],
)
def test_when_a_row_cannot_be_written_the_customer_hears_what_is_certain(step: Step, title: str) -> None:
    visit = at(step)
    effects = visit.next(ev.CannotGoOn())
    assert visit.title == f"account_deposit.{title}.title"
    assert [each for each in effects if isinstance(each, do.Record | do.OrderDeposit | do.ReverseLoad)] == []


def test_a_payment_whose_row_cannot_be_written_is_not_called_a_deposit_nor_a_refund() -> None:
    """The conductor goes back to the state before the row; recovery will ask the host and find it paid."""
    assert at(Step.PAYING).feed(ev.CannotGoOn()).title == "account_deposit.unsettled.title"
    assert resumed(L.FUND_REQ, **FACTS).feed(PAID).rows == [L.DONE]


def test_an_answer_to_a_question_that_was_not_asked_is_a_fault_of_the_program() -> None:
    with pytest.raises(ev.UnexpectedEvent):
        at(Step.AMOUNT).feed(ev.ReversalAnswered(Reversed(0)))


# -- the rules -------------------------------------------------------------------------------------------


def last_row(visit: Visit) -> do.Record:
    return [effect for effect in visit.effects if isinstance(effect, do.Record)][-1]


def test_the_rules_are_asked_when_the_card_has_been_read_and_right_before_the_order() -> None:
    asked = do.AssessRisk("account_deposit", ACCOUNT, "token-of-account")
    assert at(Step.ASSESSING).effects[-1] == asked
    visit = at(Step.CLEARING)
    assert visit.effects[-1] == asked
    assert [type(effect) for effect in visit.next(ANYTHING)] == [do.Record, do.Show, do.OrderDeposit]


def test_the_keypad_offers_only_what_the_rules_leave_and_says_why_and_whose_card_is_out() -> None:
    page = Visit().feed(CARD, bites(DAILY)).page
    assert isinstance(page, KeypadPage)
    assert (page.max_fen, page.presets_fen) == (100_000, (10_000, 50_000))  # whole steps of 50 yuan
    assert (page.notice, page.problem) == (WORDS, Words("account_deposit.amount.take_card"))


def test_a_rule_that_takes_nothing_away_says_nothing() -> None:
    page = Visit().feed(CARD, bites(Cap("load.largest", 200_000, WORDS))).page
    assert isinstance(page, KeypadPage)
    assert (page.notice, page.problem) == (Words("account_deposit.amount.take_card"), None)


@pytest.mark.parametrize("way", [(bites(DAILY), ev.AmountChosen(150_000)), (ANYTHING, CHOSEN, bites(LARGE))])
def test_more_than_the_rules_leave_is_answered_with_what_is_possible(way: tuple[ev.Event, ...]) -> None:
    visit = Visit().feed(CARD, *way)
    assert visit.state.step is Step.AMOUNT
    assert isinstance(visit.page, KeypadPage)
    most = {100_000: "¥1,000.00", 45_000: "¥450.00"}[visit.page.max_fen]
    assert visit.page.problem == Words(
        "account_deposit.amount.problem.rule", {"min": "¥50.00", "max": most, "step": "¥50.00"}
    )
    assert visit.asked(do.OrderDeposit) == []
    visit.feed(ev.CancelTouched())
    assert last_row(visit).facts == {"rule": visit.state.rule}
    assert visit.state.rule in {"card_day.deposits", "verification.large"}


@pytest.mark.parametrize("way", [(bites(LOST),), (ANYTHING, CHOSEN, bites(LOST))])
def test_a_card_that_may_take_nothing_is_refused_in_the_words_of_the_rule(way: tuple[ev.Event, ...]) -> None:
    visit = Visit().feed(CARD, *way)
    assert isinstance(visit.page, ResultPage)
    assert (visit.title, visit.page.reason) == ("account_deposit.barred.title", LOST.words)
    assert visit.page.body == Words("account_deposit.barred.body")
    assert (last_row(visit).state, last_row(visit).facts) == (L.ABANDONED, {"rule": "blacklist.lost"})
    assert visit.asked(do.OrderDeposit) == []


def test_what_needs_an_id_card_is_not_deposited_though_a_reader_is_there() -> None:
    page = Visit().feed(CARD, ev.RiskAssessed(Allowance(identify=LARGE))).page
    assert isinstance(page, KeypadPage)
    assert (page.max_fen, page.notice) == (45_000, LARGE.words)


def test_a_deposit_counts_for_the_rules_of_deposits() -> None:
    (counted,) = loads_of([transaction(L.FUND_REQ, L.DONE, **FACTS)])
    assert (counted.service, counted.token, counted.amount_fen) == ("account_deposit", "t", AMOUNT)
    (load,) = loads_of([transaction(L.FUND_REQ, L.DONE, amount_fen=AMOUNT, token="t")])
    assert load.service == "transit_top_up"
