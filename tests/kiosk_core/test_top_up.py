"""The top-up journey as lists of events."""

from dataclasses import replace

import pytest

from kiosk_core.errors import Fault
from kiosk_core.funding import Paid, Pending, Unpaid
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.top_up import TABLE, Outcome, Step, advance
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import (
    CapturePage,
    KeypadPage,
    PaymentPage,
    Picture,
    ProgressPage,
    ResultPage,
    Tone,
)
from kiosk_core.ports import (
    CardProblem,
    Confirmation,
    Credited,
    CreditRefused,
    CreditUnknown,
    Declined,
    DeclineReason,
    LoadNotFound,
    LoadProven,
    ProofUnclear,
    PurseCard,
    ReversalReason,
    Reversed,
)
from tests.kiosk_core.journey import (
    AMOUNT,
    ANYTHING,
    AUTHORISATION,
    CARD,
    COUNTER,
    INIT,
    NUMBER,
    OLD_BALANCE,
    ORDER,
    TAC,
    TOKEN,
    Journey,
    transaction,
)
from tests.kiosk_core.test_money_rules import UNASKED

READ = (ev.CardArrived(), ev.CardRead(CARD, TOKEN), ANYTHING)
CHOSEN = (*READ, ev.AmountChosen(AMOUNT))
INITIALISED = (*CHOSEN, ev.LoadInitialised(INIT), ANYTHING)
ORDERED = (*INITIALISED, ev.FundingOffered(ORDER))
POLL = ev.TimerFired(Timer.POLL)
PAID = (*ORDERED, POLL, ev.FundingAnswered(Pending()), POLL, ev.FundingAnswered(Paid()))
AUTHORISED = (*PAID, ev.LoadInitialised(INIT), ev.LoadAuthorised(AUTHORISATION))
CREDITED = (*AUTHORISED, ev.CreditEnded(Credited(TAC)))
AFTER = PurseCard(NUMBER, OLD_BALANCE + AMOUNT)
CHECKED = (*CREDITED, ev.CardRead(AFTER, TOKEN))
CONFIRMED = (*CHECKED, ev.ConfirmationAnswered(Confirmation.ACCEPTED))
PRINTED = (*CONFIRMED, ev.ReceiptPrinted())
LOST_IN_CREDIT = (*AUTHORISED, ev.CreditEnded(CreditUnknown("card removed")))


def facts_of(page: ResultPage) -> dict[str, str | int | None]:
    return {fact.label.key: fact.text or fact.money_fen for fact in page.facts}


def test_a_customer_tops_up_and_leaves() -> None:
    journey = Journey.begun().feed(*PRINTED)
    assert journey.rows == [
        L.CARD_READ, L.INIT, L.FUND_REQ, L.FUND_OK, L.MAC2_REQ, L.MAC2_OK, L.CREDIT_SENT, L.CARD_OK, L.CONFIRM_SAF,
        L.DONE,
    ]  # fmt: skip
    page = journey.page
    assert isinstance(page, ResultPage)
    assert page.tone is Tone.SUCCESS
    assert page.pictures == (Picture.TAKE_CARD, Picture.TAKE_RECEIPT)
    assert facts_of(page)["fact.new_balance"] == OLD_BALANCE + AMOUNT
    journey.feed(ev.CardLeft(), ev.TimerFired(Timer.LEAVE))
    assert journey.state.step is Step.ENDED
    assert isinstance(journey.effects[-1], do.End)


def test_every_row_is_written_before_what_it_announces() -> None:
    effects = Journey.begun().feed(*PRINTED).effects

    def position(wanted: object) -> int:
        return next(
            i
            for i, effect in enumerate(effects)
            if (isinstance(effect, do.Record) and effect.state is wanted)
            or (isinstance(wanted, type) and isinstance(effect, wanted))
        )

    assert position(L.FUND_REQ) < position(do.Fund)
    assert position(L.MAC2_REQ) < position(do.AuthoriseLoad)
    assert position(L.CREDIT_SENT) == position(do.CreditLoad) - 1
    assert position(L.CARD_OK) < position(L.CONFIRM_SAF) < position(do.ConfirmLoad)


def test_credit_sent_names_what_recovery_needs() -> None:
    record = next(
        effect
        for effect in Journey.begun().feed(*AUTHORISED).effects
        if isinstance(effect, do.Record) and effect.state is L.CREDIT_SENT
    )
    assert record.facts == {
        "authorised_at": "20261122101530",
        "counter": COUNTER,
        "old_balance_fen": OLD_BALANCE,
        "amount_fen": AMOUNT,
    }


@pytest.mark.parametrize("step", Step)
def test_what_means_nothing_in_a_step_does_nothing(step: Step) -> None:
    state = replace(Journey.begun().state, step=step)
    for event in [*UNASKED, ev.TimerFired(Timer.POLL)]:
        if (step, type(event)) not in TABLE and not isinstance(event, ev.CannotGoOn):
            after, effects = advance(state, event)
            assert (replace(after, card_present=state.card_present), effects) == (state, ())


@pytest.mark.parametrize("step", [(), READ, (*READ, ev.CardLeft())])
def test_cancelling_before_the_payment_takes_nothing(step: tuple[ev.Event, ...]) -> None:
    journey = Journey.begun().feed(*step, ev.CancelTouched())
    assert journey.rows[-1] is L.ABANDONED
    assert isinstance(journey.page, ResultPage)
    assert journey.page.title.key == "top_up.cancelled.title"
    assert not journey.asked(do.ReverseLoad)


@pytest.mark.parametrize("step", [(), READ])
def test_a_customer_who_walks_away_leaves_the_home_page(step: tuple[ev.Event, ...]) -> None:
    journey = Journey.begun().feed(*step, ev.CustomerGone())
    assert journey.rows[-1] is L.ABANDONED
    assert isinstance(journey.effects[-1], do.End)


def test_a_card_taken_away_before_the_amount_is_asked_for_again() -> None:
    journey = Journey.begun().feed(*READ, ev.CardLeft())
    assert isinstance(journey.page, CapturePage)
    assert journey.page.problem is not None
    assert journey.page.problem.key == "top_up.problem.taken_away"
    journey.feed(*CONFIRMED)
    assert journey.rows[-1] is L.DONE


@pytest.mark.parametrize("problem", list(CardProblem))
def test_a_card_that_cannot_be_read_is_asked_for_again_with_the_reason(problem: CardProblem) -> None:
    journey = Journey.begun().feed(ev.CardArrived(), ev.CardUnusable(problem))
    assert isinstance(journey.page, CapturePage)
    assert journey.page.problem is not None
    assert journey.page.problem.key == f"top_up.problem.{problem.value}"


def test_an_expired_card_is_refused_before_any_money_moves() -> None:
    from datetime import date

    journey = Journey.begun().feed(ev.CardArrived(), ev.CardRead(PurseCard(NUMBER, 0, date(2026, 11, 21)), TOKEN))
    assert journey.state.outcome is Outcome.CARD_EXPIRED
    assert journey.rows == [L.CARD_READ, L.ABANDONED]


def test_a_card_is_good_on_its_last_day() -> None:
    from datetime import date

    journey = Journey.begun().feed(
        ev.CardArrived(), ev.CardRead(PurseCard(NUMBER, 0, date(2026, 11, 22)), TOKEN), ANYTHING
    )
    assert isinstance(journey.page, KeypadPage)


def test_a_full_card_is_refused() -> None:
    journey = Journey.begun().feed(ev.CardArrived(), ev.CardRead(PurseCard(NUMBER, 99_500), TOKEN))
    assert journey.state.outcome is Outcome.BALANCE_FULL


def test_the_keypad_offers_only_what_the_card_can_hold() -> None:
    journey = Journey.begun().feed(ev.CardArrived(), ev.CardRead(PurseCard(NUMBER, 93_001), TOKEN), ANYTHING)
    page = journey.page
    assert isinstance(page, KeypadPage)
    assert page.presets_fen == (5_000,)
    assert page.max_fen == 6_000


@pytest.mark.parametrize(
    ("amount_fen", "problem"),
    [(0, "limits"), (999, "limits"), (1_500, "limits"), (51_000, "limits"), (-1_000, "limits")],
)
def test_an_amount_outside_the_limits_is_answered_on_the_keypad(amount_fen: int, problem: str) -> None:
    journey = Journey.begun().feed(*READ, ev.AmountChosen(amount_fen))
    page = journey.page
    assert isinstance(page, KeypadPage)
    assert page.problem is not None
    assert page.problem.key == f"top_up.amount.problem.{problem}"
    assert not journey.asked(do.InitializeLoad)


def test_an_amount_that_overfills_the_card_is_answered_on_the_keypad() -> None:
    journey = Journey.begun().feed(
        ev.CardArrived(), ev.CardRead(PurseCard(NUMBER, 95_000), TOKEN), ANYTHING, ev.AmountChosen(6_000)
    )
    page = journey.page
    assert isinstance(page, KeypadPage)
    assert page.problem is not None
    assert page.problem.key == "top_up.amount.problem.balance"


def test_a_second_tap_on_confirm_orders_nothing_twice() -> None:
    journey = Journey.begun().feed(
        *CHOSEN, ev.AmountChosen(AMOUNT), ev.LoadInitialised(INIT), ev.AmountChosen(AMOUNT), ANYTHING
    )
    assert len(journey.asked(do.Fund)) == 1


def test_an_order_that_the_host_declines_takes_nothing() -> None:
    declined = Declined(DeclineReason.MAC1_WRONG, "A0")
    journey = Journey.begun().feed(*INITIALISED, ev.FundingDeclined(declined))
    assert journey.rows[-1] is L.DECLINED
    assert isinstance(journey.page, ResultPage)
    assert journey.page.body.key == "top_up.declined.body.mac1_wrong"


def test_a_silent_host_at_the_order_is_reversed() -> None:
    journey = Journey.begun().feed(*INITIALISED, ev.FundingUnanswered())
    (reversal,) = journey.asked(do.ReverseLoad)
    assert isinstance(reversal, do.ReverseLoad)
    assert reversal.reason is ReversalReason.NO_ANSWER
    assert journey.rows[-1] is L.REV_REQ
    journey.feed(ev.ReversalAnswered(Reversed(0)))
    assert journey.state.outcome is Outcome.HOST_SILENT
    assert journey.rows[-1] is L.REVERSED


def test_no_qr_was_shown_so_nothing_can_have_been_paid() -> None:
    journey = Journey.begun().feed(*INITIALISED, ev.FundingUnanswered(), ev.ReversalUnanswered())
    assert journey.state.outcome is Outcome.HOST_SILENT
    assert journey.rows[-1] is L.REV_REQ  # still open: recovery sends it again


def test_the_qr_page_lets_the_customer_lift_the_card() -> None:
    journey = Journey.begun().feed(*ORDERED)
    assert isinstance(journey.page, PaymentPage)
    assert do.StartTimer(Timer.PAYMENT, 120) in journey.effects
    journey.feed(ev.CardLeft())
    assert journey.effects[-1] == do.Show(journey.page, until=Timer.PAYMENT)
    assert isinstance(journey.page, PaymentPage)
    assert not journey.page.card_present
    journey.feed(ev.CardArrived(), POLL, ev.FundingAnswered(Paid()), ev.LoadInitialised(INIT))
    assert journey.rows[-1] is L.MAC2_REQ


def test_a_silent_host_while_paying_is_asked_again() -> None:
    journey = Journey.begun().feed(*ORDERED, POLL, ev.FundingStateUnknown(), POLL, ev.FundingAnswered(Paid()))
    assert len(journey.asked(do.PollFunding)) == 2
    assert journey.rows[-1] is L.FUND_OK


def test_cancelling_at_the_qr_closes_the_order() -> None:
    journey = Journey.begun().feed(*ORDERED, ev.CancelTouched(), ev.ReversalAnswered(Reversed(0)))
    assert journey.state.outcome is Outcome.CANCELLED


def test_cancelling_at_the_qr_refunds_what_was_paid_in_that_moment() -> None:
    journey = Journey.begun().feed(
        *ORDERED, POLL, ev.CancelTouched(), ev.FundingAnswered(Paid()), ev.ReversalAnswered(Reversed(AMOUNT))
    )
    assert journey.state.outcome is Outcome.REFUNDED
    assert journey.rows[-1] is L.REVERSED
    assert not journey.asked(do.CreditLoad)


def test_an_order_that_nobody_pays_ends() -> None:
    journey = Journey.begun().feed(*ORDERED, ev.TimerFired(Timer.PAYMENT), ev.ReversalAnswered(Reversed(0)))
    assert journey.state.outcome is Outcome.NOT_PAID
    journey = Journey.begun().feed(*ORDERED, POLL, ev.FundingAnswered(Unpaid(DeclineReason.NOT_PAID)))
    assert journey.state.outcome is Outcome.NOT_PAID
    assert journey.rows[-1] is L.DECLINED


def test_a_reversal_without_answer_stays_open_and_says_so() -> None:
    journey = Journey.begun().feed(*ORDERED, ev.CancelTouched(), ev.ReversalUnanswered())
    assert journey.rows[-1] is L.REV_REQ
    assert isinstance(journey.asked(do.PrintReceipt)[0], do.PrintReceipt)
    journey.feed(ev.ReceiptPrinted())
    assert isinstance(journey.page, ResultPage)
    assert journey.page.title.key == "top_up.refund_pending.title"


def test_a_paid_customer_whose_card_is_gone_is_asked_for_it() -> None:
    journey = Journey.begun().feed(*PAID, ev.CardUnusable(CardProblem.NOT_PRESENT))
    page = journey.page
    assert isinstance(page, CapturePage)
    assert page.cancellable
    assert do.StartTimer(Timer.RETURN_CARD, 90, keep=True) in journey.effects
    assert journey.asked(do.WatchCard)
    journey.feed(ev.CardArrived(), ev.LoadInitialised(INIT))
    assert journey.rows[-1] is L.MAC2_REQ


def test_another_card_is_not_loaded_with_the_money_of_the_first() -> None:
    journey = Journey.begun().feed(*PAID, ev.CardUnusable(CardProblem.OTHER_CARD))
    assert isinstance(journey.page, CapturePage)
    assert journey.page.problem is not None
    assert journey.page.problem.key == "top_up.problem.other_card"
    assert not journey.asked(do.AuthoriseLoad)


def test_a_card_that_lies_badly_is_tried_again_by_itself() -> None:
    journey = Journey.begun().feed(*PAID, ev.CardUnusable(CardProblem.UNREADABLE), ev.TimerFired(Timer.RETRY))
    assert len(journey.asked(do.InitializeLoad)) == 3


@pytest.mark.parametrize("gives_up", [ev.CancelTouched(), ev.TimerFired(Timer.RETURN_CARD)])
def test_a_paid_card_that_does_not_come_back_is_refunded(gives_up: ev.Event) -> None:
    journey = Journey.begun().feed(
        *PAID, ev.CardUnusable(CardProblem.NOT_PRESENT), gives_up, ev.ReversalAnswered(Reversed(AMOUNT))
    )
    assert journey.state.outcome is Outcome.REFUNDED
    (reversal,) = journey.asked(do.ReverseLoad)
    assert isinstance(reversal, do.ReverseLoad)
    assert reversal.reason is ReversalReason.TERMINAL_FAULT


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ev.LoadDeclined(Declined(DeclineReason.MAC1_WRONG, "A0")), ReversalReason.TERMINAL_FAULT),
        (ev.AuthorisationUnanswered(), ReversalReason.NO_ANSWER),
    ],
)
def test_without_mac2_the_payment_goes_back(answer: ev.Event, reason: ReversalReason) -> None:
    journey = Journey.begun().feed(*PAID, ev.LoadInitialised(INIT), answer)
    (reversal,) = journey.asked(do.ReverseLoad)
    assert isinstance(reversal, do.ReverseLoad)
    assert reversal.reason is reason
    assert not journey.asked(do.CreditLoad)


def test_a_host_that_refunds_nothing_of_a_paid_order_is_a_case_for_staff() -> None:
    journey = Journey.begun().feed(
        *PAID, ev.LoadInitialised(INIT), ev.AuthorisationUnanswered(), ev.ReversalAnswered(Reversed(0))
    )
    assert journey.rows[-1] is L.MANUAL


def test_a_reversal_that_the_host_declines_is_a_case_for_staff() -> None:
    declined = Declined(DeclineReason.HOST_ERROR, "22")
    journey = Journey.begun().feed(*ORDERED, ev.CancelTouched(), ev.ReversalDeclined(declined))
    assert journey.rows[-1] is L.MANUAL


def test_a_card_that_refuses_the_credit_is_refunded() -> None:
    journey = Journey.begun().feed(
        *AUTHORISED, ev.CreditEnded(CreditRefused(0x9302)), ev.ReversalAnswered(Reversed(AMOUNT))
    )
    assert journey.rows[-3:] == [L.REFUSED, L.REV_REQ, L.REVERSED]
    assert journey.state.outcome is Outcome.REFUNDED


def test_an_unknown_credit_is_asked_of_the_card_and_never_repeated() -> None:
    journey = Journey.begun().feed(*LOST_IN_CREDIT)
    assert journey.rows[-1] is L.CARD_UNKNOWN
    (question,) = journey.asked(do.ProveLoad)
    assert question == do.ProveLoad(TOKEN, COUNTER, AMOUNT)
    assert len(journey.asked(do.CreditLoad)) == 1
    assert not journey.asked(do.ReverseLoad)


def test_a_proven_credit_goes_on_as_loaded() -> None:
    journey = Journey.begun().feed(
        *LOST_IN_CREDIT, ev.ProofEnded(LoadProven(bytes(4), TAC)), ev.CardRead(AFTER, TOKEN),
        ev.ConfirmationAnswered(Confirmation.ACCEPTED), ev.ReceiptPrinted(),
    )  # fmt: skip
    assert journey.rows[-1] is L.DONE
    assert journey.state.outcome is Outcome.LOADED
    (confirmation,) = journey.asked(do.ConfirmLoad)
    assert isinstance(confirmation, do.ConfirmLoad)
    assert confirmation.tac == TAC


def test_a_credit_that_did_not_happen_is_refunded_on_two_witnesses() -> None:
    journey = Journey.begun().feed(
        *LOST_IN_CREDIT, ev.ProofEnded(LoadNotFound(COUNTER, OLD_BALANCE)), ev.ReversalAnswered(Reversed(AMOUNT))
    )
    assert journey.state.outcome is Outcome.REFUNDED


@pytest.mark.parametrize(
    "witness", [(COUNTER, OLD_BALANCE + 1), (COUNTER - 1, OLD_BALANCE), (COUNTER - 1, OLD_BALANCE + AMOUNT)]
)
def test_witnesses_that_disagree_are_a_case_for_staff(witness: tuple[int, int]) -> None:
    journey = Journey.begun().feed(*LOST_IN_CREDIT, ev.ProofEnded(LoadNotFound(*witness)))
    assert journey.rows[-1] is L.MANUAL
    assert not journey.asked(do.ReverseLoad)


@pytest.mark.parametrize(
    ("answer", "in_log"),
    [
        (ev.LogSearched(found=True), {"in_log": True}),
        (ev.LogSearched(found=False), {"in_log": False}),  # a log is short
        (ev.CardUnusable(CardProblem.NOT_PRESENT), {}),
    ],
)
@pytest.mark.parametrize("counter", [COUNTER + 1, COUNTER + 2])
def test_a_card_that_was_loaded_since_is_asked_for_its_log_and_staff_decide(
    answer: ev.Event, in_log: dict[str, bool], counter: int
) -> None:
    journey = Journey.begun().feed(*LOST_IN_CREDIT, ev.ProofEnded(LoadNotFound(counter, OLD_BALANCE)))
    assert journey.asked(do.FindLoad) == [do.FindLoad(TOKEN, AMOUNT, "20261122101530")]
    journey.feed(answer)
    manual = journey.effects[-3]
    assert manual == do.Record(
        journey.state.transaction,
        L.MANUAL,
        {
            "why": "9406, and the card has been loaded since",
            "counter_now": counter,
            "balance_now_fen": OLD_BALANCE,
            **in_log,
        },
    )
    assert not journey.asked(do.ReverseLoad)
    assert not journey.asked(do.ConfirmLoad)


def test_a_card_that_does_not_accept_mac2_is_refunded_and_raises_an_alarm() -> None:
    journey = Journey.begun().feed(*AUTHORISED, ev.CreditEnded(CreditRefused(0x9302)))
    assert (
        do.Record(
            journey.state.transaction, L.REFUSED, {"status_word": "9302", "alarm": "the card does not accept MAC2"}
        )
        in journey.effects
    )
    journey = Journey.begun().feed(*AUTHORISED, ev.CreditEnded(CreditRefused(0x9403)))
    assert do.Record(journey.state.transaction, L.REFUSED, {"status_word": "9403"}) in journey.effects


def test_an_answer_with_a_wrong_mac_is_reversed_as_such() -> None:
    wrong = ReversalReason.MAC_WRONG
    for journey in (
        Journey.begun().feed(*INITIALISED, ev.FundingUnanswered(wrong)),
        Journey.begun().feed(*PAID, ev.LoadInitialised(INIT), ev.AuthorisationUnanswered(wrong)),
    ):
        (reversal,) = journey.asked(do.ReverseLoad)
        assert isinstance(reversal, do.ReverseLoad)
        assert reversal.reason is wrong


def test_a_kind_of_card_with_limits_of_its_own_keeps_them() -> None:
    card = PurseCard(NUMBER, 2_350, max_balance_fen=20_000, max_load_fen=15_500)
    journey = Journey.begun().feed(ev.CardArrived(), ev.CardRead(card, TOKEN), ANYTHING)
    assert isinstance(journey.page, KeypadPage)
    assert journey.page.max_fen == 15_000
    journey.feed(ev.AmountChosen(16_000))
    assert isinstance(journey.page, KeypadPage)
    assert journey.page.problem is not None
    assert journey.page.problem.key == "top_up.amount.problem.limits"
    full = PurseCard(NUMBER, 19_500, max_balance_fen=20_000)
    journey = Journey.begun().feed(ev.CardArrived(), ev.CardRead(full, TOKEN))
    assert isinstance(journey.page, ResultPage)
    assert journey.page.body.values == {"max": "¥200.00"}


def test_an_overdrawn_card_may_take_more() -> None:
    journey = Journey.begun().feed(ev.CardArrived(), ev.CardRead(PurseCard(NUMBER, -600), TOKEN), ANYTHING)
    assert isinstance(journey.page, KeypadPage)
    assert journey.page.max_fen == 50_000
    assert journey.page.card.balance_fen == -600


def test_an_unclear_proof_is_a_case_for_staff() -> None:
    journey = Journey.begun().feed(*LOST_IN_CREDIT, ev.ProofEnded(ProofUnclear(0x6A82)))
    assert journey.rows[-1] is L.MANUAL
    assert not journey.asked(do.ReverseLoad)


def test_a_card_pulled_during_the_credit_is_asked_back_and_cannot_be_cancelled() -> None:
    journey = Journey.begun().feed(*LOST_IN_CREDIT, ev.CardUnusable(CardProblem.NOT_PRESENT))
    page = journey.page
    assert isinstance(page, CapturePage)
    assert not page.cancellable
    before = journey.state
    journey.feed(ev.CancelTouched())
    assert journey.state == before
    journey.feed(ev.CardArrived())
    assert journey.state.step is Step.PROVING


def test_a_card_that_never_comes_back_is_a_suspense_entry() -> None:
    journey = Journey.begun().feed(
        *LOST_IN_CREDIT, ev.CardUnusable(CardProblem.NOT_PRESENT), ev.TimerFired(Timer.RETURN_CARD), ev.ReceiptPrinted()
    )
    assert journey.rows[-1] is L.SUSPENSE
    assert not journey.asked(do.ReverseLoad)
    assert isinstance(journey.page, ResultPage)
    assert journey.page.title.key == "top_up.suspense.title"


def test_a_card_taken_before_the_balance_was_read_is_still_loaded() -> None:
    journey = Journey.begun().feed(
        *CREDITED,
        ev.CardUnusable(CardProblem.NOT_PRESENT),
        ev.ConfirmationAnswered(Confirmation.ACCEPTED),
        ev.ReceiptPrinted(),
    )
    assert isinstance(journey.page, ResultPage)
    assert facts_of(journey.page)["fact.new_balance"] == OLD_BALANCE + AMOUNT


def test_a_silent_host_after_the_credit_leaves_the_proof_to_be_sent_again() -> None:
    journey = Journey.begun().feed(*CHECKED, ev.ConfirmationUnanswered(), ev.ReceiptPrinted())
    assert journey.rows[-1] is L.CONFIRM_SAF
    assert journey.state.outcome is Outcome.LOADED


def test_a_tac_that_the_host_does_not_accept_is_a_case_for_staff() -> None:
    journey = Journey.begun().feed(*CHECKED, ev.ConfirmationAnswered(Confirmation.TAC_WRONG))
    assert journey.rows[-1] is L.MANUAL


@pytest.mark.parametrize(
    ("answer", "facts"),
    [
        (ev.ReceiptPrinted(), {"receipt": "printed"}),
        (ev.ReceiptFailed(Fault.PAPER_OUT), {"receipt": "not_printed", "receipt_fault": "paper_out"}),
        (ev.ReceiptFailed(), {"receipt": "not_printed"}),
    ],
)
def test_what_became_of_the_receipt_is_noted_before_the_last_page(answer: ev.Event, facts: dict[str, str]) -> None:
    journey = Journey.begun().feed(*CONFIRMED, answer)
    note, page = journey.effects[-2:]
    assert note == do.Note(journey.state.transaction, facts)
    assert isinstance(page, do.Show)
    assert journey.rows[-1] is L.DONE


def test_paper_out_is_said_and_changes_nothing_about_the_money() -> None:
    journey = Journey.begun().feed(*CONFIRMED, ev.ReceiptFailed(Fault.PAPER_OUT))
    assert isinstance(journey.page, ResultPage)
    assert journey.page.body.key == "top_up.loaded_no_receipt.body"
    assert journey.page.pictures == (Picture.TAKE_CARD,)
    assert facts_of(journey.page)["fact.reference"] == journey.state.transaction


def test_the_progress_page_moves_forward_only() -> None:
    pages = [page for page in Journey.begun().feed(*PRINTED).pages if isinstance(page, ProgressPage) and page.steps]
    currents = [page.current for page in pages]
    assert currents == sorted(currents)


@pytest.mark.parametrize(
    ("until", "outcome"),
    [
        ((), Outcome.OUT_OF_SERVICE),
        (READ, Outcome.OUT_OF_SERVICE),
        (ORDERED, Outcome.REFUND_PENDING),
        (PAID, Outcome.REFUND_PENDING),
        (AUTHORISED, Outcome.SUSPENSE),
        (CREDITED, Outcome.LOADED),
    ],
)
def test_a_lost_journal_ends_the_journey_with_the_truth(until: tuple[ev.Event, ...], outcome: Outcome) -> None:
    journey = Journey.begun().feed(*until)
    rows = journey.rows
    journey.feed(ev.CannotGoOn())
    assert journey.state.outcome is outcome
    assert journey.rows == rows


def test_an_answer_that_nobody_asked_for_is_a_fault_of_the_program() -> None:
    with pytest.raises(ev.UnexpectedEvent):
        Journey.begun().feed(ev.CreditEnded(Credited(TAC)))


# -- from the journal --------------------------------------------------------------------------------------

KNOWN = {
    "service": "transit_top_up", "language": "en", "token": TOKEN, "card": NUMBER.masked, "amount_fen": AMOUNT,
    "old_balance_fen": OLD_BALANCE, "counter": COUNTER, "authorised_at": "20261122101530",
}  # fmt: skip


@pytest.mark.parametrize("state", [L.NEW, L.CARD_READ, L.INIT])
def test_a_power_cut_before_the_payment_abandons(state: L) -> None:
    journey = Journey.resumed(transaction(state, **KNOWN))
    assert journey.rows == [L.ABANDONED]
    assert isinstance(journey.effects[-1], do.End)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (L.FUND_REQ, ReversalReason.NO_ANSWER),
        (L.FUND_OK, ReversalReason.TERMINAL_FAULT),
        (L.MAC2_REQ, ReversalReason.TERMINAL_FAULT),
        (L.MAC2_OK, ReversalReason.TERMINAL_FAULT),
        (L.REFUSED, ReversalReason.TERMINAL_FAULT),
    ],
)
def test_a_power_cut_before_the_credit_gives_the_money_back(state: L, reason: ReversalReason) -> None:
    paid = state is not L.FUND_REQ
    journey = Journey.resumed(transaction(state, **KNOWN, paid=paid))
    assert journey.rows == [L.REV_REQ]
    (reversal,) = journey.asked(do.ReverseLoad)
    assert isinstance(reversal, do.ReverseLoad)
    assert (reversal.reason, reversal.amount_fen) == (reason, AMOUNT)
    journey.feed(ev.ReversalAnswered(Reversed(AMOUNT if paid else 0)))
    assert journey.rows[-1] is L.REVERSED
    assert isinstance(journey.effects[-1], do.End)


def test_a_paid_case_of_the_journal_never_says_that_nothing_was_taken() -> None:
    journey = Journey.resumed(transaction(L.SUSPENSE, **KNOWN, paid=True), earlier=True)
    journey.feed(ev.ProofEnded(LoadNotFound(COUNTER, OLD_BALANCE)), ev.ReversalUnanswered())
    assert journey.state.outcome is Outcome.REFUND_PENDING


@pytest.mark.parametrize("state", [L.CREDIT_SENT, L.CARD_UNKNOWN])
def test_a_power_cut_after_the_credit_asks_the_card_that_still_lies_there(state: L) -> None:
    journey = Journey.resumed(transaction(state, **KNOWN, paid=True))
    assert journey.asked(do.ProveLoad) == [do.ProveLoad(TOKEN, COUNTER, AMOUNT)]
    journey.feed(
        ev.ProofEnded(LoadProven(bytes(4), TAC)),
        ev.CardRead(AFTER, TOKEN),
        ev.ConfirmationAnswered(Confirmation.ACCEPTED),
    )
    assert journey.rows[-1] is L.DONE
    assert not journey.pages  # nobody stands there


@pytest.mark.parametrize("problem", list(CardProblem))
def test_a_power_cut_after_the_credit_without_the_card_is_a_suspense_entry(problem: CardProblem) -> None:
    journey = Journey.resumed(transaction(L.CREDIT_SENT, **KNOWN, paid=True)).feed(ev.CardUnusable(problem))
    assert journey.rows[-1] is L.SUSPENSE
    assert not journey.asked(do.ReverseLoad)
    assert isinstance(journey.effects[-1], do.End)


@pytest.mark.parametrize("state", [L.CARD_OK, L.CONFIRM_SAF])
def test_a_proof_that_the_host_has_not_acknowledged_is_sent_again(state: L) -> None:
    journey = Journey.resumed(transaction(state, **KNOWN, tac=TAC.hex()))
    (confirmation,) = journey.asked(do.ConfirmLoad)
    assert isinstance(confirmation, do.ConfirmLoad)
    assert confirmation.tac == TAC


def test_a_reversal_is_sent_again_with_its_reason_and_number() -> None:
    first = Journey.begun().feed(*ORDERED, ev.CancelTouched()).asked(do.ReverseLoad)
    again = Journey.resumed(transaction(L.REV_REQ, **KNOWN, reason="06")).asked(do.ReverseLoad)
    assert again == first


def test_a_card_with_an_open_case_is_settled_before_anything_else() -> None:
    open_case = transaction(L.CREDIT_SENT, L.CARD_UNKNOWN, L.SUSPENSE, **KNOWN, paid=True)
    journey = Journey.begun().feed(ev.CardArrived(), ev.CardRead(CARD, TOKEN, unsettled=open_case))
    assert journey.rows == [L.ABANDONED]
    journey.feed(
        ev.ProofEnded(LoadProven(bytes(4), TAC)), ev.CardRead(AFTER, TOKEN),
        ev.ConfirmationAnswered(Confirmation.ACCEPTED), ev.ReceiptPrinted(),
    )  # fmt: skip
    assert journey.rows == [L.ABANDONED, L.CARD_OK, L.CONFIRM_SAF, L.DONE]
    assert isinstance(journey.page, ResultPage)
    assert journey.page.title.key == "top_up.earlier_loaded.title"


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (ev.CardRead(AFTER, TOKEN), Outcome.LOADED),
        (ev.CardRead(CARD, TOKEN), Outcome.SUSPENSE),  # the proof is of a load elsewhere, perhaps
        (ev.CardUnusable(CardProblem.NOT_PRESENT), Outcome.SUSPENSE),
    ],
    ids=["the balance agrees", "it does not", "it was not read"],
)
def test_of_an_earlier_load_a_silent_host_leaves_it_to_the_balance_what_is_told(
    seen: ev.Event, outcome: Outcome
) -> None:
    open_case = transaction(L.CREDIT_SENT, L.CARD_UNKNOWN, L.SUSPENSE, **KNOWN, paid=True)
    journey = Journey.begun().feed(ev.CardArrived(), ev.CardRead(CARD, TOKEN, unsettled=open_case))
    journey.feed(ev.ProofEnded(LoadProven(bytes(4), TAC)), seen, ev.ConfirmationUnanswered(), ev.ReceiptPrinted())
    assert journey.rows[-1] is L.CONFIRM_SAF
    assert journey.state.outcome is outcome


def test_a_card_with_a_case_for_staff_is_not_loaded() -> None:
    case = transaction(L.CREDIT_SENT, L.MANUAL, **KNOWN, paid=True)
    journey = Journey.begun().feed(ev.CardArrived(), ev.CardRead(CARD, TOKEN, unsettled=case))
    assert isinstance(journey.page, ResultPage)
    assert journey.page.title.key == "top_up.manual.title"
    assert not journey.asked(do.InitializeLoad)
