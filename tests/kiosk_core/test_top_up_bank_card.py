"""Choosing how to pay, and paying by bank card, as lists of events."""

from dataclasses import replace

import pytest

from kiosk_core.funding import (
    BankCardOffer,
    FundingKind,
    FundingStage,
    Paid,
    Pending,
    Unclear,
    Unpaid,
)
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.top_up import Outcome, Step
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import CapturePage, FundingPage, PaymentPage, Picture, ProgressPage, ResultPage
from kiosk_core.ports import Credited, DeclineReason, PurseCard, ReversalReason, Reversed
from kiosk_core.receipt import Pair
from kiosk_core.risk import Allowance, Cap
from kiosk_core.texts import LocalText, Words
from tests.kiosk_core.journey import (
    AMOUNT,
    AUTHORISATION,
    CARD,
    INIT,
    NUMBER,
    OLD_BALANCE,
    ORDER,
    TAC,
    TOKEN,
    Journey,
    transaction,
)

QR, BANK_CARD = FundingKind.QR, FundingKind.BANK_CARD
BOTH = ev.RiskAssessed(Allowance(), (QR, BANK_CARD))
QR_ONLY = ev.RiskAssessed(Allowance(), (QR,))
POLL = ev.TimerFired(Timer.POLL)

CHOOSING = (ev.CardArrived(), ev.CardRead(CARD, TOKEN), BOTH, ev.AmountChosen(AMOUNT))
CHOSEN = (*CHOOSING, ev.FundingChosen(BANK_CARD))
ASKED = (*CHOSEN, ev.LoadInitialised(INIT), BOTH)
OFFERED = (*ASKED, ev.FundingOffered(BankCardOffer()))


def waits(stage: FundingStage, problem: str | None = None) -> tuple[ev.Event, ...]:
    return POLL, ev.FundingAnswered(Pending(stage, problem))


AT_PIN = (*OFFERED, *waits(FundingStage.ENTER_PIN))
AT_BANK = (*AT_PIN, *waits(FundingStage.ASK_BANK))
PAID = (*AT_BANK, POLL, ev.FundingAnswered(Paid("token-of-payer", "004711")))
LOADED = (
    *PAID,
    ev.LoadInitialised(INIT),
    ev.LoadAuthorised(AUTHORISATION),
    ev.CreditEnded(Credited(TAC)),
    ev.CardRead(PurseCard(NUMBER, OLD_BALANCE + AMOUNT), TOKEN),
    ev.ConfirmationUnanswered(),
)


def ended(*happened: ev.Event) -> tuple[Journey, ResultPage]:
    journey = Journey.begun().feed(*happened)
    page = journey.page
    assert isinstance(page, ResultPage)
    return journey, page


def row(journey: Journey, state: L) -> do.Record:
    return next(each for each in journey.effects if isinstance(each, do.Record) and each.state is state)


# -- which way to pay --------------------------------------------------------------------------------------


def test_where_there_are_two_ways_to_pay_the_customer_chooses_between_them() -> None:
    journey = Journey.begun().feed(*CHOOSING)
    page = journey.page
    assert isinstance(page, FundingPage)
    assert [each.funding for each in page.choices] == [QR, BANK_CARD]
    assert (page.amount_fen, page.problem, page.cancellable, page.idle_s) == (AMOUNT, None, True, 60)
    assert not journey.asked(do.InitializeLoad)


def test_where_there_is_one_way_to_pay_nobody_is_asked() -> None:
    journey = Journey.begun().feed(*CHOOSING[:2], ev.RiskAssessed(Allowance(), (BANK_CARD,)), ev.AmountChosen(AMOUNT))
    assert journey.state.step is Step.INITIALISING
    assert journey.state.funding is BANK_CARD


@pytest.mark.parametrize("kind", [QR, BANK_CARD])
def test_the_row_before_the_payment_names_the_chosen_way(kind: FundingKind) -> None:
    journey = Journey.begun().feed(*CHOOSING, ev.FundingChosen(kind), ev.LoadInitialised(INIT), BOTH)
    assert row(journey, L.FUND_REQ).facts == {"stan": journey.state.trace.order_stan, "funding": kind.value}
    assert journey.effects[-1] == do.Fund(kind, journey.state.trace, INIT)


def test_a_way_that_was_not_offered_cannot_be_chosen() -> None:
    journey = Journey.begun().feed(*CHOSEN, ev.LoadInitialised(INIT), QR_ONLY, ev.FundingChosen(BANK_CARD))
    assert journey.state.step is Step.CHOOSING_FUNDING


def test_the_identity_card_comes_before_the_choice() -> None:
    asks = Allowance(identify=Cap("verification.large", 1_000, LocalText("", "")))
    journey = Journey.begun().feed(
        *CHOOSING[:2], ev.RiskAssessed(asks, (QR, BANK_CARD)), ev.AmountChosen(AMOUNT), ev.IdCardRead("person", None)
    )
    assert journey.state.step is Step.CHOOSING_FUNDING


def test_a_way_that_has_gone_by_the_time_it_is_needed_is_said_and_nothing_was_asked() -> None:
    journey = Journey.begun().feed(*CHOSEN, ev.LoadInitialised(INIT), QR_ONLY)
    page = journey.page
    assert isinstance(page, FundingPage)
    assert [each.funding for each in page.choices] == [QR]
    assert page.problem == Words("top_up.funding.problem.gone")
    assert L.FUND_REQ not in journey.rows
    journey.feed(ev.FundingChosen(QR), ev.LoadInitialised(INIT), QR_ONLY)
    assert journey.asked(do.Fund) == [do.Fund(QR, journey.state.trace, INIT)]


@pytest.mark.parametrize("event", [ev.CancelTouched(), ev.CustomerGone()])
def test_leaving_the_choice_takes_nothing(event: ev.Event) -> None:
    journey = Journey.begun().feed(*CHOOSING, event)
    assert journey.rows == [L.CARD_READ, L.ABANDONED]


def test_a_card_that_leaves_during_the_choice_is_asked_for_again() -> None:
    journey = Journey.begun().feed(*CHOOSING, ev.CardLeft())
    page = journey.page
    assert isinstance(page, CapturePage)
    assert page.problem == Words("top_up.problem.taken_away")


# -- the pages of the bank card ----------------------------------------------------------------------------


def test_the_customer_is_led_through_the_stages_each_shown_once() -> None:
    journey = Journey.begun().feed(*OFFERED)
    shown = len(journey.pages)
    journey.feed(*waits(FundingStage.INSERT_CARD), *waits(FundingStage.INSERT_CARD))
    assert len(journey.pages) == shown
    insert = journey.page
    assert isinstance(insert, CapturePage)
    assert (insert.picture, insert.cancellable) == (Picture.INSERT_BANK_CARD, True)
    assert insert.body == Words("top_up.bank_card.insert_card.body", {"amount": "¥50.00"})

    journey.feed(*waits(FundingStage.READ_CARD))
    reading = journey.page
    assert isinstance(reading, ProgressPage)
    assert (reading.title, reading.cancellable) == (Words("top_up.bank_card.read_card.title"), False)

    journey.feed(*waits(FundingStage.ENTER_PIN), *waits(FundingStage.ENTER_PIN))
    assert len(journey.pages) == shown + 2
    pin = journey.page
    assert isinstance(pin, CapturePage)
    assert (pin.title, pin.picture) == (Words("top_up.bank_card.enter_pin.title"), Picture.ENTER_PIN)

    journey.feed(*waits(FundingStage.ASK_BANK))
    asking = journey.page
    assert isinstance(asking, ProgressPage)
    assert (asking.picture, asking.cancellable) == (Picture.KEEP_BANK_CARD, False)


def test_a_card_that_does_not_do_is_given_back_and_the_next_page_says_why() -> None:
    journey = Journey.begun().feed(*OFFERED, *waits(FundingStage.TAKE_CARD, "blocked"))
    page = journey.page
    assert isinstance(page, CapturePage)
    assert (page.picture, page.problem) == (Picture.TAKE_BANK_CARD, Words("top_up.bank_card.problem.blocked"))


def test_a_new_problem_at_the_same_stage_is_shown_and_the_time_goes_on() -> None:
    journey = Journey.begun().feed(*OFFERED)
    before = len(journey.effects)
    journey.feed(*waits(FundingStage.INSERT_CARD, "unreadable"))
    page = journey.page
    assert isinstance(page, CapturePage)
    assert page.problem == Words("top_up.bank_card.problem.unreadable")
    started = [each.timer for each in journey.effects[before:] if isinstance(each, do.StartTimer)]
    assert started == [Timer.POLL]


def test_what_the_customer_does_next_has_its_own_time_and_the_pin_no_countdown() -> None:
    journey = Journey.begun().feed(*OFFERED)
    before = len(journey.effects)
    journey.feed(*waits(FundingStage.ENTER_PIN))
    _, timer, show, poll = journey.effects[before:]
    assert timer == do.StartTimer(Timer.PAYMENT, 120)
    assert isinstance(show, do.Show)
    assert show.until is None
    assert poll == do.StartTimer(Timer.POLL, 0.25)


def test_the_transit_card_is_asked_back_while_the_bank_card_pays() -> None:
    journey = Journey.begun().feed(*AT_PIN, ev.CardLeft())
    page = journey.page
    assert isinstance(page, CapturePage)
    assert page.problem == Words("top_up.bank_card.problem.transit_card")
    page = journey.feed(ev.CardArrived()).page
    assert isinstance(page, CapturePage)
    assert page.problem is None


def test_a_qr_order_shows_its_code_still() -> None:
    journey = Journey.begun().feed(*CHOOSING, ev.FundingChosen(QR), ev.LoadInitialised(INIT), BOTH)
    journey.feed(ev.FundingOffered(ORDER))
    page = journey.page
    assert isinstance(page, PaymentPage)
    assert page.qr == ORDER.code
    assert journey.effects[-1] == do.StartTimer(Timer.POLL, 1.0)


# -- how it ends -------------------------------------------------------------------------------------------


def test_a_paid_load_names_its_payer_and_how_it_was_paid() -> None:
    journey = Journey.begun().feed(*LOADED)
    assert journey.rows == [
        L.CARD_READ, L.INIT, L.FUND_REQ, L.FUND_OK, L.MAC2_REQ, L.MAC2_OK, L.CREDIT_SENT, L.CARD_OK, L.CONFIRM_SAF,
    ]  # fmt: skip
    assert row(journey, L.FUND_OK).facts == {"paid": True, "payer": "token-of-payer", "approval": "004711"}
    (printed,) = journey.asked(do.PrintReceipt)
    assert isinstance(printed, do.PrintReceipt)
    paid_by = printed.receipt.elements.index(Pair("付款方式", "银行卡"))
    assert printed.receipt.elements[paid_by + 1] == Pair("授权码", "004711")


def test_who_paid_by_phone_has_no_approval_code_on_his_receipt() -> None:
    journey = Journey.begun().feed(*(each if each != PAID[-1] else ev.FundingAnswered(Paid()) for each in LOADED))
    assert row(journey, L.FUND_OK).facts == {"paid": True}
    (printed,) = journey.asked(do.PrintReceipt)
    assert isinstance(printed, do.PrintReceipt)
    assert "授权码" not in repr(printed.receipt)


def test_two_cards_are_about_while_it_is_loaded_and_at_the_end() -> None:
    journey = Journey.begun().feed(*PAID)
    working = journey.page
    assert isinstance(working, ProgressPage)
    assert working.body == Words("top_up.working.two_cards")
    _, page = ended(*LOADED, ev.ReceiptPrinted())
    assert page.reason == Words("top_up.bank_card.take")
    assert page.pictures == (Picture.TAKE_CARD, Picture.TAKE_RECEIPT, Picture.TAKE_BANK_CARD)


def test_who_put_no_bank_card_in_is_not_reminded_of_one() -> None:
    _, page = ended(*OFFERED, ev.CancelTouched(), ev.ReversalAnswered(Reversed(0)))
    assert page.reason is None
    assert page.pictures == (Picture.TAKE_CARD,)


def test_both_cards_are_named_to_who_showed_an_id_card_too() -> None:
    journey = Journey.begun().feed(*AT_PIN)
    journey.state = replace(journey.state, person="token-of-person")
    page = journey.feed(POLL, ev.FundingAnswered(Unpaid())).page
    assert isinstance(page, ResultPage)
    assert page.reason == Words("top_up.bank_card.take_both")
    assert page.pictures == (Picture.TAKE_CARD, Picture.TAKE_BANK_CARD, Picture.TAKE_ID_CARD)


def test_a_customer_who_does_not_go_on_is_told_that_nothing_was_taken() -> None:
    journey, page = ended(*AT_PIN, POLL, ev.FundingAnswered(Unpaid()))
    assert page.title == Words("top_up.cancelled.title")
    assert row(journey, L.DECLINED).facts == {"reason": "cancelled"}
    assert not journey.asked(do.ReverseLoad)


def test_his_bank_card_gives_the_last_page_more_time_than_a_touch_of_cancel() -> None:
    journey, _ = ended(*AT_PIN, ev.CardLeft(), POLL, ev.FundingAnswered(Unpaid()))
    assert not any(each == do.StartTimer(Timer.LEAVE, 4.0) for each in journey.effects)


def test_what_the_bank_declines_took_nothing_and_says_why() -> None:
    journey, page = ended(*AT_BANK, POLL, ev.FundingAnswered(Unpaid(DeclineReason.PIN_WRONG, "55")))
    assert page.body == Words("top_up.declined.body.pin_wrong")
    assert row(journey, L.DECLINED).facts == {"reason": "pin_wrong", "response_code": "55"}
    assert not journey.asked(do.ReverseLoad)


def test_a_payer_whom_a_rule_stops_is_told_in_its_words_and_gets_both_cards_back() -> None:
    rule = Cap("payer.daily", 0, LocalText("每天最多20次", "At most 20 a day"))
    journey, page = ended(*OFFERED, POLL, ev.FundingAnswered(Unpaid(rule)))
    assert (page.title, page.reason) == (Words("top_up.barred.title"), rule.words)
    assert page.body == Words("top_up.barred.two_cards")
    assert row(journey, L.DECLINED).facts == {"reason": "barred", "rule": "payer.daily"}
    assert not journey.asked(do.ReverseLoad)


@pytest.mark.parametrize("reason", [ReversalReason.NO_ANSWER, ReversalReason.MAC_WRONG, ReversalReason.OTHER])
def test_what_nobody_can_tell_is_reversed_for_its_reason(reason: ReversalReason) -> None:
    journey = Journey.begun().feed(*AT_BANK, POLL, ev.FundingAnswered(Unclear(reason)))
    assert row(journey, L.REV_REQ).facts["reason"] == reason.value
    assert journey.effects[-1] == do.ReverseLoad(journey.state.trace, AMOUNT, reason)


def test_money_goes_back_to_the_bank_card() -> None:
    _, page = ended(
        *AT_BANK,
        POLL,
        ev.FundingAnswered(Unclear(ReversalReason.NO_ANSWER)),
        ev.ReversalAnswered(Reversed(AMOUNT)),
        ev.ReceiptPrinted(),
    )
    assert page.body == Words("top_up.refunded_to_bank_card.body", {"amount": "¥50.00"})


# -- every way out lets the card go --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "way_out",
    [
        (*AT_BANK, ev.CancelTouched()),
        (*AT_PIN, ev.TimerFired(Timer.PAYMENT)),
        (*AT_PIN, POLL, ev.FundingAnswered(Unclear(ReversalReason.NO_ANSWER))),
        (*ASKED, ev.FundingUnanswered()),
    ],
)
def test_whoever_leaves_the_payment_lets_the_card_go_before_he_reverses(way_out: tuple[ev.Event, ...]) -> None:
    journey = Journey.begun().feed(*way_out)
    cancel = do.CancelFunding(BANK_CARD, journey.state.trace)
    assert journey.asked(do.CancelFunding) == [cancel]
    assert journey.effects.index(cancel) < journey.effects.index(row(journey, L.REV_REQ))


@pytest.mark.parametrize("step", [ASKED, OFFERED, AT_BANK])
def test_a_journey_that_cannot_go_on_lets_the_card_go(step: tuple[ev.Event, ...]) -> None:
    journey = Journey.begun().feed(*step, ev.CannotGoOn())
    assert journey.asked(do.CancelFunding) == [do.CancelFunding(BANK_CARD, journey.state.trace)]
    assert journey.state.outcome is Outcome.REFUND_PENDING


@pytest.mark.parametrize("step", [CHOOSING, CHOSEN, PAID])
def test_no_card_is_let_go_where_none_pays(step: tuple[ev.Event, ...]) -> None:
    journey = Journey.begun().feed(*step, ev.CannotGoOn())
    assert not journey.asked(do.CancelFunding)


def test_a_qr_order_has_no_card_to_let_go() -> None:
    journey = Journey.begun().feed(*CHOOSING, ev.FundingChosen(QR), ev.LoadInitialised(INIT), BOTH)
    journey.feed(ev.FundingOffered(ORDER), ev.CancelTouched())
    assert not journey.asked(do.CancelFunding)


@pytest.mark.parametrize("late", [ev.FundingAnswered(Paid()), ev.FundingStateUnknown()])
@pytest.mark.parametrize(
    "after",
    [
        (),
        (ev.ReversalAnswered(Reversed(AMOUNT)),),
        (ev.ReversalAnswered(Reversed(AMOUNT)), ev.ReceiptPrinted()),
        (ev.ReversalAnswered(Reversed(0)),),
    ],
)
def test_an_answer_to_a_payment_that_was_given_up_changes_nothing(late: ev.Event, after: tuple[ev.Event, ...]) -> None:
    journey = Journey.begun().feed(*AT_BANK, POLL, ev.CancelTouched(), *after)
    before, effects = journey.state, len(journey.effects)
    journey.feed(late)
    assert (journey.state, len(journey.effects)) == (before, effects)


# -- recovery ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "funding"), [({}, QR), ({"funding": "qr"}, QR), ({"funding": "bank_card"}, BANK_CARD)]
)
@pytest.mark.parametrize(("state", "reason"), [(L.FUND_REQ, "98"), (L.FUND_OK, "96"), (L.MAC2_REQ, "96")])
def test_a_payment_that_the_power_cut_is_reversed_whoever_paid(
    facts: dict[str, str], funding: FundingKind, state: L, reason: str
) -> None:
    journey = Journey.resumed(transaction(L.FUND_REQ, state, amount_fen=AMOUNT, **facts))
    assert journey.state.funding is funding
    assert row(journey, L.REV_REQ).facts["reason"] == reason
    assert not journey.asked(do.CancelFunding)
