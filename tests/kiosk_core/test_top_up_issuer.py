"""The top-up of a card whose issuer may have commands for it, as lists of events."""

from dataclasses import replace
from datetime import date

import pytest

from kiosk_core.funding import FundingKind, Paid
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.top_up import Outcome, Step
from kiosk_core.ledger import Facts
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import CapturePage, Fact, KeypadPage, ProgressPage, ResultPage
from kiosk_core.ports import (
    CardProblem,
    CarriedOut,
    Confirmation,
    Credited,
    Declined,
    DeclineReason,
    IssuerQuestion,
    PurseCard,
)
from kiosk_core.receipt import Pair
from kiosk_core.risk import Allowance, Cap
from kiosk_core.texts import LocalText, Words
from tests.kiosk_core.journey import (
    AMOUNT,
    ANYTHING,
    AUTHORISATION,
    CARD,
    CHALLENGE,
    COMMANDS,
    EXPIRED,
    EXTENDED,
    INIT,
    NUMBER,
    OLD_BALANCE,
    ORDER,
    TAC,
    TOKEN,
    WANTING,
    Journey,
)

CHOSEN = ev.AmountChosen(AMOUNT)
CHALLENGED = ev.CardChallenged(CHALLENGE)
ANSWERED = ev.IssuerAnswered(COMMANDS)
DONE = ev.CommandsEnded(CarriedOut(EXTENDED, 1))
NOTHING = [
    ev.IssuerAnswered(()),
    ev.IssuerDeclined(Declined(DeclineReason.CARD_NOT_ACCEPTED, "14")),
    ev.IssuerUnanswered(),
]


def read(card: PurseCard) -> tuple[ev.Event, ...]:
    return ev.CardArrived(), ev.CardRead(card, TOKEN), ANYTHING


def result(journey: Journey) -> ResultPage:
    assert isinstance(journey.page, ResultPage)
    return journey.page


def keypad(journey: Journey) -> KeypadPage:
    assert isinstance(journey.page, KeypadPage)
    return journey.page


def notes(journey: Journey) -> list[Facts]:
    return [each.facts for each in journey.effects if isinstance(each, do.Note)]


def facts_of_last_row(journey: Journey) -> Facts:
    return [each for each in journey.effects if isinstance(each, do.Record)][-1].facts


# -- a card that has expired -----------------------------------------------------------------------------


def test_an_expired_card_is_made_valid_before_an_amount_is_chosen_and_loaded() -> None:
    journey = Journey.begun().feed(*read(EXPIRED))
    assert isinstance(journey.page, ProgressPage)
    assert journey.page.title == Words("top_up.extending.title")
    assert journey.asked(do.ChallengeCard) == [do.ChallengeCard(NUMBER)]
    journey.feed(CHALLENGED, ANSWERED)
    (asked,) = journey.asked(do.AskIssuer)
    assert isinstance(asked, do.AskIssuer)
    assert asked.question == IssuerQuestion(NUMBER, date(2025, 12, 31), CHALLENGE)
    assert journey.asked(do.CarryOut) == [do.CarryOut(NUMBER, COMMANDS)]
    assert not any(isinstance(page, KeypadPage) for page in journey.pages)
    journey.feed(DONE)
    assert keypad(journey).notice == Words("top_up.amount.extended", {"date": "2032-12-31"})
    journey.feed(CHOSEN)
    assert journey.state.step is Step.INITIALISING
    assert len(journey.asked(do.ChallengeCard)) == 1  # its issuer has been heard
    assert journey.rows == [L.CARD_READ]


def test_page_and_receipt_say_until_when_the_card_is_valid_now() -> None:
    journey = Journey.begun().feed(*read(EXPIRED), CHALLENGED, ANSWERED, DONE, *LOADED)
    (printed,) = journey.asked(do.PrintReceipt)
    assert isinstance(printed, do.PrintReceipt)
    assert Pair("有效期延至", "2032-12-31") in printed.receipt.elements
    journey.feed(ev.ReceiptPrinted())
    assert Fact(label=Words("fact.valid_until"), text="2032-12-31") in result(journey).facts
    assert journey.rows[-1] is L.DONE


LOADED: tuple[ev.Event, ...] = (
    CHOSEN,
    ev.LoadInitialised(INIT),
    ANYTHING,
    ev.FundingOffered(ORDER),
    ev.FundingAnswered(Paid()),
    ev.LoadInitialised(INIT),
    ev.LoadAuthorised(AUTHORISATION),
    ev.CreditEnded(Credited(TAC)),
    ev.CardRead(replace(EXTENDED, balance_fen=OLD_BALANCE + AMOUNT), TOKEN),
    ev.ConfirmationAnswered(Confirmation.ACCEPTED),
)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (NOTHING[0], {"issuer": "no_commands"}),
        (NOTHING[1], {"issuer": "declined", "response_code": "14"}),
        (NOTHING[2], {"issuer": "no_answer"}),
    ],
)
def test_an_expired_card_without_commands_is_refused_with_nothing_taken(answer: ev.Event, said: Facts) -> None:
    journey = Journey.begun().feed(*read(EXPIRED), CHALLENGED, answer)
    assert journey.state.outcome is Outcome.CARD_EXPIRED
    assert result(journey).body == Words("top_up.card_refused.body.not_extended")
    assert journey.rows == [L.CARD_READ, L.ABANDONED]
    assert facts_of_last_row(journey) == {"why": "card refused", **said}
    assert not journey.asked(do.CarryOut)


def test_a_card_that_refuses_its_issuer_s_commands_stays_expired() -> None:
    refused = ev.CommandsEnded(CarriedOut(EXPIRED, 0, "6988"))
    journey = Journey.begun().feed(*read(EXPIRED), CHALLENGED, ANSWERED, refused)
    assert journey.state.outcome is Outcome.CARD_EXPIRED
    said = {"issuer": "command_refused", "commands_done": 0, "refused": "6988"}
    assert notes(journey) == [{"issuer": "commands_sent", "commands": 1}, said]
    assert facts_of_last_row(journey) == {"why": "card refused"}


def test_an_expired_card_whose_issuer_is_not_to_be_asked_is_refused_as_ever() -> None:
    journey = Journey.begun().feed(*read(replace(CARD, expires=date(2025, 12, 31)))[:2])
    assert journey.state.outcome is Outcome.CARD_EXPIRED
    assert result(journey).body == Words("top_up.card_refused.body.expired")
    assert not journey.asked(do.ChallengeCard)


@pytest.mark.parametrize("card", [EXPIRED, WANTING])
def test_a_full_or_barred_card_is_not_made_valid_longer(card: PurseCard) -> None:
    full = Journey.begun().feed(*read(replace(card, balance_fen=100_000))[:2])
    assert full.state.outcome is Outcome.BALANCE_FULL
    lost = ev.RiskAssessed(Allowance((Cap("blacklist.lost", 0, LocalText("", "")),)))
    barred = Journey.begun().feed(*read(card)[:2], lost)
    assert barred.state.outcome is Outcome.BARRED
    assert not full.asked(do.ChallengeCard)
    assert not barred.asked(do.ChallengeCard)


# -- a card that is valid --------------------------------------------------------------------------------


def test_a_valid_card_s_issuer_is_asked_when_the_card_is_made_ready() -> None:
    journey = Journey.begun().feed(*read(WANTING))
    assert keypad(journey).notice is None
    journey.feed(CHOSEN)
    assert journey.state.step is Step.CHALLENGING
    journey.feed(CHALLENGED, ANSWERED, DONE)
    assert journey.asked(do.InitializeLoad) == [do.InitializeLoad(NUMBER, AMOUNT)]
    assert notes(journey) == [
        {"issuer": "commands_sent", "commands": 1},
        {"issuer": "commands_done", "commands_done": 1, "valid_until": "2032-12-31"},
    ]
    journey.feed(*LOADED[1:], ev.ReceiptPrinted())
    assert Fact(label=Words("fact.valid_until"), text="2032-12-31") in result(journey).facts


@pytest.mark.parametrize("answer", NOTHING)
def test_a_valid_card_without_commands_is_loaded_as_it_is(answer: ev.Event) -> None:
    journey = Journey.begun().feed(*read(WANTING), CHOSEN, CHALLENGED, answer)
    assert journey.state.step is Step.INITIALISING
    assert notes(journey) == []
    journey.feed(*LOADED[1:], ev.ReceiptPrinted())
    assert journey.rows[-1] is L.DONE
    assert "fact.valid_until" not in {each.label.key for each in result(journey).facts}


def test_a_valid_card_that_refuses_a_command_is_loaded_as_it_is() -> None:
    refused = ev.CommandsEnded(CarriedOut(WANTING, 0, "6988"))
    journey = Journey.begun().feed(*read(WANTING), CHOSEN, CHALLENGED, ANSWERED, refused)
    assert journey.state.step is Step.INITIALISING


def test_nothing_of_it_is_asked_again_after_the_payment() -> None:
    journey = Journey.begun().feed(*read(WANTING), CHOSEN, CHALLENGED, ev.IssuerUnanswered(), *LOADED)
    order = journey.effects.index(journey.asked(do.Fund)[0])
    late = [each for each in journey.effects[order:] if isinstance(each, do.ChallengeCard | do.AskIssuer | do.CarryOut)]
    assert late == []


def test_who_chooses_another_way_to_pay_is_not_asked_for_the_card_s_issuer_twice() -> None:
    both = ev.RiskAssessed(Allowance(), (FundingKind.QR, FundingKind.BANK_CARD))
    journey = Journey.begun().feed(*read(WANTING)[:2], both, CHOSEN, ev.FundingChosen(FundingKind.BANK_CARD))
    journey.feed(CHALLENGED, ANSWERED, DONE, ev.LoadInitialised(INIT), ANYTHING)
    assert journey.state.step is Step.CHOOSING_FUNDING  # the card reader has gone meanwhile
    journey.feed(ev.FundingChosen(FundingKind.QR))
    assert journey.state.step is Step.INITIALISING


# -- cards that move, customers who go -------------------------------------------------------------------

AT_EACH_STEP = [(), (CHALLENGED,), (CHALLENGED, ANSWERED)]


@pytest.mark.parametrize("so_far", AT_EACH_STEP)
@pytest.mark.parametrize("event", [ev.CancelTouched(), ev.CustomerGone(), ev.CardLeft(), ev.ReaderLost(), CHOSEN])
def test_nothing_that_people_do_disturbs_it(so_far: tuple[ev.Event, ...], event: ev.Event) -> None:
    journey = Journey.begun().feed(*read(EXPIRED), *so_far)
    step, asked = journey.state.step, len(journey.effects)
    journey.feed(event)
    assert (journey.state.step, len(journey.effects)) == (step, asked)


@pytest.mark.parametrize("so_far", [(), (CHALLENGED, ANSWERED)])
@pytest.mark.parametrize("problem", [CardProblem.NOT_PRESENT, CardProblem.OTHER_CARD, CardProblem.UNREADABLE])
def test_a_card_that_was_taken_away_is_asked_for_again_and_nothing_was_taken(
    so_far: tuple[ev.Event, ...], problem: CardProblem
) -> None:
    journey = Journey.begun().feed(*read(EXPIRED), *so_far, ev.CardUnusable(problem))
    assert isinstance(journey.page, CapturePage)
    assert journey.page.problem == Words(f"top_up.problem.{problem.value}")
    journey.feed(ev.CancelTouched())
    assert journey.state.outcome is Outcome.CANCELLED
    assert journey.rows == [L.CARD_READ, L.ABANDONED]


def test_a_card_torn_out_behind_its_command_says_itself_what_became_of_it() -> None:
    journey = Journey.begun().feed(*read(EXPIRED), CHALLENGED, ANSWERED, ev.CardUnusable(CardProblem.NOT_PRESENT))
    journey.feed(*read(EXTENDED))
    assert keypad(journey).notice == Words("top_up.amount.extended", {"date": "2032-12-31"})
    journey.feed(ev.CancelTouched())
    assert result(journey).facts == (Fact(label=Words("fact.valid_until"), text="2032-12-31"),)


def test_another_card_has_an_issuer_of_its_own_and_nothing_of_the_first_is_told() -> None:
    journey = Journey.begun().feed(*read(EXPIRED), CHALLENGED, ANSWERED, DONE, ev.CardLeft())
    journey.feed(ev.CardArrived(), ev.CardRead(WANTING, "token-of-another-card"), ANYTHING)
    assert keypad(journey).notice is None
    journey.feed(CHOSEN)
    assert journey.state.step is Step.CHALLENGING


def test_the_same_card_s_issuer_is_not_asked_again_when_it_is_laid_down_again() -> None:
    journey = Journey.begun().feed(*read(EXPIRED), CHALLENGED, ANSWERED, DONE, ev.CardLeft(), *read(EXTENDED), CHOSEN)
    assert journey.state.step is Step.INITIALISING


@pytest.mark.parametrize("so_far", AT_EACH_STEP)
def test_a_journal_that_cannot_be_written_ends_it_with_nothing_taken(so_far: tuple[ev.Event, ...]) -> None:
    journey = Journey.begun().feed(*read(EXPIRED), *so_far, ev.CannotGoOn())
    assert journey.state.outcome is Outcome.OUT_OF_SERVICE
    assert not journey.asked(do.Fund)


def test_no_command_is_in_a_repr() -> None:
    assert repr(COMMANDS[0]) not in repr(do.CarryOut(NUMBER, COMMANDS)) + repr(ANSWERED)
