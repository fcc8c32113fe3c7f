"""The top-up journey where a rule bites, as lists of events."""

from datetime import date

import pytest

from kiosk_core.funding import FundingKind
from kiosk_core.id_card_reader import IdCardProblem
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.top_up import Outcome, Step
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import CapturePage, KeypadPage, Picture, ResultPage
from kiosk_core.ports import Declined, DeclineReason
from kiosk_core.risk import Allowance, Cap
from kiosk_core.texts import LocalText, Words
from tests.kiosk_core.journey import AMOUNT, ANYTHING, CARD, INIT, ORDER, TOKEN, Journey

WORDS = LocalText("每天最多充值¥1,000。", "At most ¥1,000 a day.")
DAILY = Cap("card_day.daily", 4_550, WORDS)
LOST = Cap("blacklist.lost", 0, LocalText("请到发卡公司查询。", "Ask the company that issued it."))
LARGE = Cap("verification.large", AMOUNT - 1, LocalText("需要身份证", "Needs your ID card"))

READ = (ev.CardArrived(), ev.CardRead(CARD, TOKEN))
CHOSEN = ev.AmountChosen(AMOUNT)
INITIALISED = ev.LoadInitialised(INIT)


def bites(*caps: Cap) -> ev.RiskAssessed:
    return ev.RiskAssessed(Allowance(caps))


ASKS_FOR_ID = ev.RiskAssessed(Allowance(identify=LARGE))
IDENTIFYING = (*READ, ASKS_FOR_ID, CHOSEN)
PERSON = ev.IdCardRead("token-of-person", date(2026, 11, 22))


def keypad(journey: Journey) -> KeypadPage:
    assert isinstance(journey.page, KeypadPage)
    return journey.page


def capture(journey: Journey) -> CapturePage:
    assert isinstance(journey.page, CapturePage)
    return journey.page


def last_record(journey: Journey) -> do.Record:
    return [effect for effect in journey.effects if isinstance(effect, do.Record)][-1]


# -- limits ------------------------------------------------------------------------------------------------


def test_rules_are_asked_about_the_card_before_any_amount_is_offered() -> None:
    journey = Journey.begun().feed(*READ)
    assert journey.asked(do.AssessRisk) == [do.AssessRisk("transit_top_up", CARD.number, TOKEN)]
    assert journey.state.step is Step.ASSESSING


def test_the_keypad_offers_only_what_the_rules_leave_and_says_why() -> None:
    page = keypad(Journey.begun().feed(*READ, bites(DAILY)))
    assert page.max_fen == 4_000  # whole steps of 10 yuan
    assert page.presets_fen == ()
    assert page.notice == WORDS


def test_a_rule_that_takes_nothing_away_says_nothing() -> None:
    page = keypad(Journey.begun().feed(*READ, bites(Cap("load.largest", 50_000, WORDS))))
    assert page.notice is None


def test_more_than_the_rules_leave_is_answered_with_what_is_possible() -> None:
    journey = Journey.begun().feed(*READ, bites(DAILY), CHOSEN)
    assert keypad(journey).problem == Words(
        "top_up.amount.problem.rule", {"min": "¥10.00", "max": "¥40.00", "step": "¥10.00"}
    )
    assert not journey.asked(do.InitializeLoad)
    journey.feed(ev.CancelTouched())
    assert last_record(journey) == do.Record(journey.state.transaction, L.ABANDONED, {"rule": "card_day.daily"})


def test_a_customer_who_takes_less_after_a_rule_bit_leaves_no_rule_in_the_journal() -> None:
    journey = Journey.begun().feed(*READ, bites(DAILY), CHOSEN, ev.AmountChosen(4_000))
    assert journey.state.step is Step.INITIALISING
    journey.feed(INITIALISED, bites(DAILY))
    assert journey.rows[-1] is L.FUND_REQ
    assert journey.state.rule == ""


def test_a_card_that_may_take_nothing_is_refused_in_the_words_of_the_rule() -> None:
    journey = Journey.begun().feed(*READ, bites(DAILY, LOST))
    assert last_record(journey) == do.Record(journey.state.transaction, L.ABANDONED, {"rule": "blacklist.lost"})
    page = journey.page
    assert isinstance(page, ResultPage)
    assert page.reason == LOST.words
    assert page.body == Words("top_up.barred.body")
    assert journey.state.outcome is Outcome.BARRED


def test_what_is_left_below_the_least_amount_is_nothing() -> None:
    journey = Journey.begun().feed(*READ, bites(Cap("card_day.daily", 999, WORDS)))
    assert journey.state.outcome is Outcome.BARRED


# -- once more before the payment ------------------------------------------------------------------------------


def test_rules_are_asked_once_more_right_before_the_payment() -> None:
    journey = Journey.begun().feed(*READ, ANYTHING, CHOSEN, INITIALISED)
    assert len(journey.asked(do.AssessRisk)) == 2
    assert journey.rows[-1] is L.INIT
    assert not journey.asked(do.Fund)
    journey.feed(ANYTHING)
    assert journey.rows[-1] is L.FUND_REQ
    (order,) = journey.asked(do.Fund)
    assert order == do.Fund(FundingKind.QR, journey.state.trace, INIT)


def test_a_card_that_was_listed_meanwhile_is_not_paid_for() -> None:
    journey = Journey.begun().feed(*READ, ANYTHING, CHOSEN, INITIALISED, bites(LOST))
    assert journey.state.outcome is Outcome.BARRED
    assert L.FUND_REQ not in journey.rows
    assert last_record(journey).facts == {"rule": "blacklist.lost"}


def test_a_limit_that_came_nearer_meanwhile_leads_back_to_the_amount() -> None:
    journey = Journey.begun().feed(*READ, ANYTHING, CHOSEN, INITIALISED, bites(DAILY))
    assert keypad(journey).max_fen == 4_000
    assert L.FUND_REQ not in journey.rows
    journey.feed(ev.AmountChosen(4_000), INITIALISED, bites(DAILY), ev.FundingOffered(ORDER))
    assert journey.state.step is Step.PAYING


# -- the ID card -----------------------------------------------------------------------------------------------


def test_a_large_amount_asks_for_the_id_card_before_the_payment() -> None:
    journey = Journey.begun().feed(*IDENTIFYING)
    page = capture(journey)
    assert page.picture is Picture.PLACE_ID_CARD
    assert page.body == Words("top_up.id_card.body", {"amount": "¥50.00"})
    assert page.cancellable
    assert page.idle_s == 60
    assert journey.asked(do.ReadIdCard)
    assert not journey.asked(do.InitializeLoad)


def test_a_customer_who_showed_the_id_card_goes_on_and_is_not_asked_again() -> None:
    journey = Journey.begun().feed(*IDENTIFYING, PERSON, INITIALISED, ASKS_FOR_ID, ev.FundingOffered(ORDER))
    assert journey.state.step is Step.PAYING
    assert len(journey.asked(do.ReadIdCard)) == 1


def test_the_last_page_reminds_of_the_id_card() -> None:
    journey = Journey.begun().feed(*IDENTIFYING, PERSON, INITIALISED, ASKS_FOR_ID)
    journey.feed(ev.FundingDeclined(Declined(DeclineReason.LIMIT, "61")))
    assert isinstance(journey.page, ResultPage)
    assert journey.page.reason == Words("top_up.id_card.take")
    without = Journey.begun().feed(*READ, ANYTHING, CHOSEN, INITIALISED, ANYTHING)
    without.feed(ev.FundingDeclined(Declined(DeclineReason.LIMIT, "61")))
    assert isinstance(without.page, ResultPage)
    assert without.page.reason is None


def test_the_journal_keeps_the_token_of_the_person_and_nothing_else() -> None:
    journey = Journey.begun().feed(*IDENTIFYING, PERSON, INITIALISED)
    assert last_record(journey).state is L.INIT
    assert last_record(journey).facts["person"] == "token-of-person"


def test_a_small_amount_needs_no_id_card_but_the_page_says_what_more_needs() -> None:
    journey = Journey.begun().feed(*READ, ASKS_FOR_ID)
    assert keypad(journey).notice == LARGE.words
    journey.feed(ev.AmountChosen(4_000))
    assert journey.state.step is Step.INITIALISING


def test_the_amount_itself_needs_no_id_card_yet() -> None:
    up_to = ev.RiskAssessed(Allowance(identify=Cap("verification.large", AMOUNT, WORDS)))
    journey = Journey.begun().feed(*READ, up_to, CHOSEN)
    assert journey.state.step is Step.INITIALISING


def test_the_terminal_looks_every_second_until_a_card_lies_there() -> None:
    journey = Journey.begun().feed(*IDENTIFYING)
    page = journey.page
    not_there = (ev.IdCardUnusable(IdCardProblem.NOT_PRESENT), ev.TimerFired(Timer.ID_CARD))
    journey.feed(*not_there, *not_there)
    assert len(journey.asked(do.ReadIdCard)) == 3
    assert journey.pages[-1] is page  # and the customer's time runs on


@pytest.mark.parametrize("problem", [each for each in IdCardProblem if each is not IdCardProblem.NOT_PRESENT])
def test_an_id_card_that_does_not_count_is_told_why_and_may_be_shown_again(problem: IdCardProblem) -> None:
    journey = Journey.begun().feed(*IDENTIFYING, ev.IdCardUnusable(problem))
    assert capture(journey).problem == Words(f"top_up.id_card.problem.{problem.value}")
    journey.feed(ev.TimerFired(Timer.ID_CARD), PERSON)
    assert journey.state.step is Step.INITIALISING


def test_an_expired_id_card_does_not_count() -> None:
    journey = Journey.begun().feed(*IDENTIFYING, ev.IdCardRead("token-of-person", date(2026, 11, 21)))
    assert capture(journey).problem == Words("top_up.id_card.problem.expired")
    assert journey.state.person == ""


def test_an_id_card_without_an_end_counts() -> None:
    journey = Journey.begun().feed(*IDENTIFYING, ev.IdCardRead("token-of-person", None))
    assert journey.state.step is Step.INITIALISING


def test_a_reader_that_fails_leaves_what_needs_no_id_card() -> None:
    journey = Journey.begun().feed(*IDENTIFYING, ev.IdCardReaderLost())
    page = keypad(journey)
    assert page.max_fen == 4_000
    assert page.problem is not None
    assert page.problem.key == "top_up.amount.problem.id_card_reader"
    journey.feed(CHOSEN)
    assert keypad(journey).problem == Words(
        "top_up.amount.problem.rule", {"min": "¥10.00", "max": "¥40.00", "step": "¥10.00"}
    )


@pytest.mark.parametrize("answer", [PERSON, ev.IdCardUnusable(IdCardProblem.UNREADABLE), ev.IdCardReaderLost()])
def test_cancelling_while_the_reader_looks_ends_the_journey(answer: ev.Event) -> None:
    journey = Journey.begun().feed(*IDENTIFYING, ev.CancelTouched())
    assert last_record(journey) == do.Record(journey.state.transaction, L.ABANDONED, {"rule": "verification.large"})
    assert do.StopTimer(Timer.ID_CARD) in journey.effects
    shown = len(journey.pages)
    journey.feed(answer)
    assert journey.state.outcome is Outcome.CANCELLED
    assert len(journey.pages) == shown


def test_a_customer_who_walks_away_from_the_id_card_page_leaves_the_home_page() -> None:
    journey = Journey.begun().feed(*IDENTIFYING, ev.CustomerGone(), PERSON)
    assert journey.state.step is Step.ENDED
    assert journey.rows[-1] is L.ABANDONED


def test_a_rule_that_wants_the_id_card_only_now_asks_for_it_before_the_payment() -> None:
    journey = Journey.begun().feed(*READ, ANYTHING, CHOSEN, INITIALISED, ASKS_FOR_ID)
    assert journey.state.step is Step.IDENTIFYING
    assert L.FUND_REQ not in journey.rows
    journey.feed(PERSON, INITIALISED, ASKS_FOR_ID)
    assert journey.rows[-1] is L.FUND_REQ
