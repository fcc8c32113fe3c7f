"""The table of the top-up journey, and the one function that applies it."""

from collections.abc import Mapping
from dataclasses import replace

from kiosk_core.journeys.effects import (
    Show,
    WatchCard,
)
from kiosk_core.journeys.events import (
    AmountChosen,
    AuthorisationUnanswered,
    CancelTouched,
    CannotGoOn,
    CardArrived,
    CardLeft,
    CardRead,
    CardUnusable,
    ConfirmationAnswered,
    ConfirmationUnanswered,
    CreditEnded,
    CustomerGone,
    DoneTouched,
    Event,
    LoadAuthorised,
    LoadDeclined,
    LoadInitialised,
    OrderAnswered,
    OrderDeclined,
    OrderStateUnknown,
    OrderUnanswered,
    ProofEnded,
    QrOrdered,
    ReceiptFailed,
    ReceiptPrinted,
    ReversalAnswered,
    ReversalDeclined,
    ReversalUnanswered,
    TimerFired,
)
from kiosk_core.journeys.top_up import moves, pages
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.state import Next, Step, TopUp, Transition, UnexpectedEvent, trace_of
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.services import TransitTopUp
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


def begin(service: TransitTopUp, terminal: Terminal, transaction: Transaction, language: Language) -> Next:
    """Start the journey of a customer whose NEW row is written."""
    s = TopUp(service, terminal, transaction.id, trace_of(transaction), language)
    return s, (Show(pages.place_card(s)), WatchCard())


def advance(s: TopUp, event: Event) -> Next:
    """Return what follows from `event`.

    Touches, timers and card movements that mean nothing in this step are ignored, so a second tap does nothing.

    Raises:
        UnexpectedEvent: an answer to a question that this step did not ask.
    """
    match event:
        case CardArrived():
            s = replace(s, card_present=True)
        case CardLeft():
            s = replace(s, card_present=False)
    if isinstance(event, CannotGoOn):
        return _cannot_go_on(s)
    transition = TABLE.get((s.step, type(event)))
    if transition is not None:
        return transition(s, event)
    if isinstance(event, _MAY_COME_ANY_TIME) or s.step is Step.ENDED:
        return s, ()
    raise UnexpectedEvent(f"{type(event).__name__} in step {s.step.value}")


_MAY_COME_ANY_TIME = (AmountChosen, CancelTouched, DoneTouched, CustomerGone, CardArrived, CardLeft, TimerFired)


TABLE: Mapping[tuple[Step, type[Event]], Transition] = {
    (Step.PLACE_CARD, CardArrived): moves.read_card,
    (Step.PLACE_CARD, CancelTouched): moves.abandon,
    (Step.PLACE_CARD, CustomerGone): moves.abandon,
    (Step.READING, CardRead): moves.card_was_read,
    (Step.READING, CardUnusable): moves.ask_for_card_again,
    (Step.AMOUNT, AmountChosen): moves.choose_amount,
    (Step.AMOUNT, CardLeft): moves.card_taken_away,
    (Step.AMOUNT, CancelTouched): moves.abandon,
    (Step.AMOUNT, CustomerGone): moves.abandon,
    (Step.INITIALISING, LoadInitialised): moves.order_payment,
    (Step.INITIALISING, CardUnusable): moves.ask_for_card_again,
    (Step.ORDERING, QrOrdered): moves.show_qr,
    (Step.ORDERING, OrderDeclined): moves.order_declined,
    (Step.ORDERING, OrderUnanswered): moves.order_unanswered,
    (Step.PAYING, TimerFired): moves.poll,
    (Step.PAYING, OrderAnswered): moves.order_answered,
    (Step.PAYING, OrderStateUnknown): moves.poll_again,
    (Step.PAYING, CancelTouched): moves.cancel_payment,
    (Step.PAYING, CardLeft): moves.card_moved_while_paying,
    (Step.PAYING, CardArrived): moves.card_moved_while_paying,
    (Step.RENEWING, LoadInitialised): moves.authorise,
    (Step.RENEWING, CardUnusable): moves.ask_for_paid_card,
    (Step.REPLACE_CARD, CardArrived): moves.card_is_back,
    (Step.REPLACE_CARD, CancelTouched): moves.give_back,
    (Step.REPLACE_CARD, TimerFired): moves.give_back,
    (Step.AUTHORISING, LoadAuthorised): moves.credit,
    (Step.AUTHORISING, LoadDeclined): moves.load_declined,
    (Step.AUTHORISING, AuthorisationUnanswered): moves.authorisation_unanswered,
    (Step.LOADING, CreditEnded): moves.credit_ended,
    (Step.PROVING, ProofEnded): moves.proof_ended,
    (Step.PROVING, CardUnusable): moves.ask_for_card_to_prove,
    (Step.RETURN_CARD, CardArrived): moves.prove_again,
    (Step.RETURN_CARD, TimerFired): moves.give_up_on_card,
    (Step.CHECKING, CardRead): moves.balance_checked,
    (Step.CHECKING, CardUnusable): moves.balance_not_read,
    (Step.CONFIRMING, ConfirmationAnswered): moves.confirmed,
    (Step.CONFIRMING, ConfirmationUnanswered): moves.confirmation_unanswered,
    (Step.REVERSING, ReversalAnswered): moves.reversal_answered,
    (Step.REVERSING, ReversalDeclined): moves.reversal_declined,
    (Step.REVERSING, ReversalUnanswered): moves.reversal_unanswered,
    (Step.REVERSING, OrderAnswered): moves.ignore,  # the query was under way when the order was given up
    (Step.REVERSING, OrderStateUnknown): moves.ignore,
    (Step.PRINTING, ReceiptPrinted): moves.receipt_printed,
    (Step.PRINTING, ReceiptFailed): moves.receipt_failed,
    (Step.LAST_PAGE, DoneTouched): moves.leave,
    (Step.LAST_PAGE, CustomerGone): moves.leave,
    (Step.LAST_PAGE, TimerFired): moves.leave,
    (Step.LAST_PAGE, CardLeft): moves.leave_soon,
    (Step.LAST_PAGE, OrderAnswered): moves.ignore,  # the journal was lost while a query was under way
    (Step.LAST_PAGE, OrderStateUnknown): moves.ignore,
}


def _cannot_go_on(s: TopUp) -> Next:
    """Say what is certain by the last row on disk; recovery goes on from that row."""
    if s.ledger in {LedgerState.NEW, LedgerState.CARD_READ, LedgerState.INIT}:
        outcome = Outcome.OUT_OF_SERVICE
    elif s.ledger in {LedgerState.CARD_OK, LedgerState.CONFIRM_SAF, LedgerState.DONE}:
        outcome = Outcome.LOADED
    elif s.ledger.needs_card:
        outcome = Outcome.SUSPENSE
    else:
        outcome = Outcome.REFUND_PENDING
    return moves.last_page(s, outcome, *moves.STOP_PAYING, *moves.STOP_WAITING)
