"""Random walks through the top-up: whatever happens in whatever order, the money rules hold."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk_core.funding import BankCardOffer, FundingKind, FundingStage, FundingState, Paid, Pending, Unclear, Unpaid
from kiosk_core.id_card_reader import IdCardProblem
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.top_up import Step
from kiosk_core.ledger import LedgerState as L
from kiosk_core.ports import (
    CardProblem,
    CarriedOut,
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
from kiosk_core.risk import Allowance, Cap
from kiosk_core.texts import LocalText
from tests.kiosk_core.journey import (
    AMOUNT,
    AUTHORISATION,
    CARD,
    CHALLENGE,
    COMMANDS,
    COUNTER,
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

_unusable = [ev.CardUnusable(problem) for problem in CardProblem]
_declined = Declined(DeclineReason.LIMIT, "61")

ALLOWANCES = [
    *[Allowance()] * 6,  # most walks must get as far as the money
    Allowance(identify=Cap("verification.large", AMOUNT - 1_000, LocalText("", ""))),
    Allowance((Cap("card_day.daily", AMOUNT - 1_000, LocalText("", "")),)),
    Allowance((Cap("blacklist.lost", 0, LocalText("", "")),)),
]

BOTH_WAYS = (FundingKind.QR, FundingKind.BANK_CARD)

FUNDING_STATES: list[FundingState] = [
    Pending(), Pending(FundingStage.ENTER_PIN), Paid(), Paid("token-of-payer"),
    Unpaid(DeclineReason.NOT_PAID), Unpaid(DeclineReason.PIN_WRONG, "55"),
    Unpaid(), Unclear(ReversalReason.NO_ANSWER),
]  # fmt: skip

# What the world may answer to each question.
ANSWERS: dict[type[do.Effect], list[ev.Event]] = {
    do.ReadCard: [
        ev.CardRead(CARD, TOKEN), ev.CardRead(PurseCard(NUMBER, OLD_BALANCE + AMOUNT), TOKEN),
        ev.CardRead(WANTING, TOKEN), ev.CardRead(EXPIRED, TOKEN), *_unusable,
    ],
    do.ChallengeCard: [ev.CardChallenged(CHALLENGE), *_unusable],
    do.AskIssuer: [
        ev.IssuerAnswered(COMMANDS), ev.IssuerAnswered(()), ev.IssuerDeclined(_declined), ev.IssuerUnanswered(),
    ],
    do.CarryOut: [
        ev.CommandsEnded(CarriedOut(EXTENDED, 1)), ev.CommandsEnded(CarriedOut(EXPIRED, 0, "6988")), *_unusable,
    ],
    do.AssessRisk: [*(ev.RiskAssessed(each) for each in ALLOWANCES), *[ev.RiskAssessed(Allowance(), BOTH_WAYS)] * 4],
    do.ReadIdCard: [
        ev.IdCardRead("person", None), ev.IdCardRead("person", date(2026, 11, 21)), ev.IdCardReaderLost(),
        *(ev.IdCardUnusable(problem) for problem in IdCardProblem),
    ],
    do.InitializeLoad: [ev.LoadInitialised(INIT), *_unusable],
    do.CreditLoad: [
        ev.CreditEnded(Credited(TAC)), ev.CreditEnded(CreditRefused(0x9302)), ev.CreditEnded(CreditUnknown("torn")),
    ],
    do.ProveLoad: [
        ev.ProofEnded(LoadProven(bytes(4), TAC)), ev.ProofEnded(LoadNotFound(COUNTER, OLD_BALANCE)),
        ev.ProofEnded(LoadNotFound(COUNTER + 1, OLD_BALANCE)), ev.ProofEnded(ProofUnclear(0x6985)), *_unusable,
    ],
    do.FindLoad: [ev.LogSearched(found=True), ev.LogSearched(found=False), *_unusable],
    do.Fund: [
        ev.FundingOffered(ORDER), ev.FundingOffered(BankCardOffer()), ev.FundingDeclined(_declined),
        ev.FundingUnanswered(),
    ],
    do.PollFunding: [*(ev.FundingAnswered(state) for state in FUNDING_STATES), ev.FundingStateUnknown()],
    do.AuthoriseLoad: [ev.LoadAuthorised(AUTHORISATION), ev.LoadDeclined(_declined), ev.AuthorisationUnanswered()],
    do.ConfirmLoad: [*(ev.ConfirmationAnswered(each) for each in Confirmation), ev.ConfirmationUnanswered()],
    do.ReverseLoad: [
        ev.ReversalAnswered(Reversed(0)), ev.ReversalAnswered(Reversed(AMOUNT)),
        ev.ReversalDeclined(_declined), ev.ReversalUnanswered(),
    ],
    do.PrintReceipt: [ev.ReceiptPrinted(), ev.ReceiptFailed()],
}  # fmt: skip

UNASKED: list[ev.Event] = [
    ev.AmountChosen(AMOUNT), ev.AmountChosen(AMOUNT - 1_000), ev.AmountChosen(1), ev.CancelTouched(), ev.DoneTouched(),
    ev.FundingChosen(FundingKind.QR), ev.FundingChosen(FundingKind.BANK_CARD), ev.CustomerGone(),
    ev.CardArrived(), ev.CardLeft(), ev.ReaderLost(), ev.CannotGoOn(),
]  # fmt: skip


# What the customer does where all goes well; without it nobody would ever get as far as the money.
HOPED: dict[Step, list[ev.Event]] = {
    Step.PLACE_CARD: [ev.CardArrived()],
    Step.AMOUNT: [ev.AmountChosen(AMOUNT)],
    Step.CHOOSING_FUNDING: [ev.FundingChosen(kind) for kind in BOTH_WAYS],
    Step.REPLACE_CARD: [ev.CardArrived()],
    Step.RETURN_CARD: [ev.CardArrived()],
    Step.LAST_PAGE: [ev.DoneTouched()],
}


def hoped_answer(question: do.Effect) -> ev.Event:
    match question:
        case do.AssessRisk():
            return ev.RiskAssessed(Allowance(), BOTH_WAYS)
        case do.Fund(kind=FundingKind.BANK_CARD):
            return ev.FundingOffered(BankCardOffer())
        case do.PollFunding():
            return ev.FundingAnswered(Paid())
    return ANSWERS[type(question)][0]


def walk(data: st.DataObject) -> Journey:
    """Let customer, card, host, printer and clock do anything, until the journey ends or 60 things happened.

    In six of ten moments all goes well, in three somebody answers otherwise or time passes, in one anything happens.
    """
    journey = Journey.begun()
    open_questions: list[do.Effect] = []
    timers: set[Timer] = set()
    seen = 0
    for _ in range(60):
        for effect in journey.effects[seen:]:
            match effect:
                case do.StartTimer(timer):
                    timers.add(timer)
                case do.StopTimer(timer):
                    timers.discard(timer)
                case _ if type(effect) in ANSWERS:
                    open_questions.append(effect)
        seen = len(journey.effects)
        if journey.state.step is Step.ENDED:
            break
        answers = ANSWERS[type(open_questions[0])] if open_questions else []
        clock = [ev.TimerFired(timer) for timer in sorted(timers, key=lambda each: each.value)]
        luck = data.draw(st.integers(0, 9))
        if luck < 6:
            moves = [hoped_answer(open_questions[0])] if open_questions else HOPED.get(journey.state.step, [*clock])
        else:
            moves = [*clock, *answers] if luck < 9 else UNASKED[:-1] if open_questions else UNASKED
        event = data.draw(st.sampled_from(moves or UNASKED[:-1]))
        if isinstance(event, ev.TimerFired):
            timers.discard(event.timer)
        elif open_questions and event in ANSWERS[type(open_questions[0])]:
            open_questions.pop(0)
        journey.feed(event)
    return journey


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_happens_the_money_rules_hold(data: st.DataObject) -> None:
    journey = walk(data)
    rows = journey.rows
    credit_asks = journey.asked(do.CreditLoad)
    reversals = journey.asked(do.ReverseLoad)

    assert len(credit_asks) <= 1
    if credit_asks:
        i = journey.effects.index(credit_asks[0])
        before = journey.effects[i - 1]
        assert isinstance(before, do.Record)
        assert before.state is L.CREDIT_SENT
    if reversals:
        assert rows.index(L.REV_REQ) < len(rows)
        if credit_asks:  # only the card's own word allows a reversal after 80 52
            assert L.REFUSED in rows
    assert not (journey.asked(do.ConfirmLoad) and reversals), "loaded and reversed"
    assert not (L.DONE in rows and L.REVERSED in rows)
    for closing in (L.ABANDONED, L.DECLINED):
        if closing in rows:
            assert not credit_asks
            assert L.FUND_OK not in rows


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_bank_card_is_let_go_unless_its_payment_is_over(data: st.DataObject) -> None:
    journey = walk(data)
    begun = [
        each for each in journey.asked(do.Fund) if isinstance(each, do.Fund) and each.kind is FundingKind.BANK_CARD
    ]
    let_go = journey.asked(do.CancelFunding)
    if journey.state.step in {Step.LAST_PAGE, Step.ENDED}:
        over = [
            each
            for each in journey.happened
            if isinstance(each, ev.FundingDeclined)
            or (isinstance(each, ev.FundingAnswered) and isinstance(each.state, Paid | Unpaid))
        ]
        assert len(begun) <= 1
        assert bool(let_go) or bool(over) or not begun
    assert len(let_go) <= len(begun)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_an_ended_journey_never_forgets_an_open_transaction(data: st.DataObject) -> None:
    journey = walk(data)
    if journey.state.step is Step.LAST_PAGE and journey.rows and journey.state.outcome is not None:
        last = journey.rows[-1]
        said = journey.state.outcome.value
        if last is L.REVERSED:
            assert said in {"refunded", "cancelled", "not_paid", "declined", "host_silent"}
        if last is L.SUSPENSE:
            assert said == "suspense"
        if last is L.DONE:
            assert said == "loaded"
