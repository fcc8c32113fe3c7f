"""The table of the top-up journey, and the one function that applies it."""

from collections.abc import Mapping
from dataclasses import replace

from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.table import follow, ignore
from kiosk_core.journeys.top_up import choosing, ending, issuer, loading, pages, paying, proving, recovery, reversing
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.phrases import STOP_WAITING
from kiosk_core.journeys.top_up.state import Next, Step, TopUp, Transition
from kiosk_core.journeys.trace_numbers import trace_of
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.services import TransitTopUp
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


def begin(service: TransitTopUp, terminal: Terminal, transaction: Transaction, language: Language) -> Next:
    """Start the journey of a customer whose NEW row is written."""
    s = TopUp(service, terminal, transaction.id, trace_of(transaction), language)
    return s, (do.Show(pages.place_card(s)), do.WatchCard())


def advance(s: TopUp, event: ev.Event) -> Next:
    """Return what follows from `event`.

    Touches, timers and card movements that mean nothing in this step are ignored, so a second tap does nothing.

    Raises:
        UnexpectedEvent: an answer to a question that this step did not ask.
    """
    match event:
        case ev.CardArrived():
            s = replace(s, card_present=True)
        case ev.CardLeft():
            s = replace(s, card_present=False)
    if isinstance(event, ev.CannotGoOn):
        return _cannot_go_on(s)
    return follow(TABLE, s.step, s, event)


TABLE: Mapping[tuple[Step, type[ev.Event]], Transition] = {
    (Step.PLACE_CARD, ev.CardArrived): choosing.read_card,
    (Step.PLACE_CARD, ev.CancelTouched): choosing.abandon,
    (Step.PLACE_CARD, ev.CustomerGone): choosing.abandon,
    (Step.PLACE_CARD, ev.ReaderLost): choosing.reader_lost,
    (Step.READING, ev.CardRead): recovery.card_was_read,
    (Step.READING, ev.CardUnusable): choosing.ask_for_card_again,
    (Step.ASSESSING, ev.RiskAssessed): choosing.offer_amounts,
    (Step.AMOUNT, ev.AmountChosen): choosing.choose_amount,
    (Step.AMOUNT, ev.CardLeft): choosing.card_taken_away,
    (Step.AMOUNT, ev.CancelTouched): choosing.abandon,
    (Step.AMOUNT, ev.CustomerGone): choosing.abandon,
    (Step.IDENTIFYING, ev.IdCardRead): choosing.id_card_was_read,
    (Step.IDENTIFYING, ev.IdCardUnusable): choosing.ask_for_id_card_again,
    (Step.IDENTIFYING, ev.IdCardReaderLost): choosing.identification_lost,
    (Step.IDENTIFYING, ev.TimerFired): choosing.look_for_id_card,
    (Step.IDENTIFYING, ev.CancelTouched): choosing.stop_identifying,
    (Step.IDENTIFYING, ev.CustomerGone): choosing.stop_identifying,
    (Step.CHOOSING_FUNDING, ev.FundingChosen): choosing.choose_funding,
    (Step.CHOOSING_FUNDING, ev.CardLeft): choosing.card_taken_away,
    (Step.CHOOSING_FUNDING, ev.CancelTouched): choosing.abandon,
    (Step.CHOOSING_FUNDING, ev.CustomerGone): choosing.abandon,
    (Step.CHALLENGING, ev.CardChallenged): issuer.ask,
    (Step.CHALLENGING, ev.CardUnusable): choosing.ask_for_card_again,
    (Step.ASKING_ISSUER, ev.IssuerAnswered): issuer.carry_out,
    (Step.ASKING_ISSUER, ev.IssuerDeclined): issuer.declined,
    (Step.ASKING_ISSUER, ev.IssuerUnanswered): issuer.unanswered,
    (Step.EXTENDING, ev.CommandsEnded): issuer.commands_ended,
    (Step.EXTENDING, ev.CardUnusable): choosing.ask_for_card_again,
    (Step.INITIALISING, ev.LoadInitialised): choosing.ask_rules_again,
    (Step.INITIALISING, ev.CardUnusable): choosing.ask_for_card_again,
    (Step.CLEARING, ev.RiskAssessed): paying.ask_for_payment,
    (Step.ORDERING, ev.FundingOffered): paying.offered,
    (Step.ORDERING, ev.FundingDeclined): paying.declined,
    (Step.ORDERING, ev.FundingUnanswered): paying.unanswered,
    (Step.PAYING, ev.TimerFired): paying.poll,
    (Step.PAYING, ev.FundingAnswered): paying.answered,
    (Step.PAYING, ev.FundingStateUnknown): paying.poll_again,
    (Step.PAYING, ev.CancelTouched): paying.cancel,
    (Step.PAYING, ev.CardLeft): paying.card_moved,
    (Step.PAYING, ev.CardArrived): paying.card_moved,
    (Step.RENEWING, ev.LoadInitialised): loading.authorise,
    (Step.RENEWING, ev.CardUnusable): loading.ask_for_paid_card,
    (Step.REPLACE_CARD, ev.CardArrived): loading.card_is_back,
    (Step.REPLACE_CARD, ev.CancelTouched): loading.give_back,
    (Step.REPLACE_CARD, ev.TimerFired): loading.give_back,
    (Step.AUTHORISING, ev.LoadAuthorised): loading.credit,
    (Step.AUTHORISING, ev.LoadDeclined): loading.load_declined,
    (Step.AUTHORISING, ev.AuthorisationUnanswered): loading.authorisation_unanswered,
    (Step.LOADING, ev.CreditEnded): loading.credit_ended,
    (Step.PROVING, ev.ProofEnded): proving.proof_ended,
    (Step.PROVING, ev.CardUnusable): proving.ask_for_card_to_prove,
    (Step.SEARCHING, ev.LogSearched): proving.log_searched,
    (Step.SEARCHING, ev.CardUnusable): proving.log_not_read,
    (Step.RETURN_CARD, ev.CardArrived): proving.prove_again,
    (Step.RETURN_CARD, ev.TimerFired): proving.give_up_on_card,
    (Step.CHECKING, ev.CardRead): proving.balance_checked,
    (Step.CHECKING, ev.CardUnusable): proving.balance_not_read,
    (Step.CONFIRMING, ev.ConfirmationAnswered): proving.confirmed,
    (Step.CONFIRMING, ev.ConfirmationUnanswered): proving.confirmation_unanswered,
    (Step.REVERSING, ev.ReversalAnswered): reversing.reversal_answered,
    (Step.REVERSING, ev.ReversalDeclined): reversing.reversal_declined,
    (Step.REVERSING, ev.ReversalUnanswered): reversing.reversal_unanswered,
    (Step.REVERSING, ev.FundingAnswered): ignore,  # asked before the payment was given up
    (Step.REVERSING, ev.FundingStateUnknown): ignore,
    (Step.PRINTING, ev.FundingAnswered): ignore,  # the host was faster to reverse than the source to answer
    (Step.PRINTING, ev.FundingStateUnknown): ignore,
    (Step.PRINTING, ev.ReceiptPrinted): ending.receipt_printed,
    (Step.PRINTING, ev.ReceiptFailed): ending.receipt_failed,
    (Step.LAST_PAGE, ev.DoneTouched): ending.leave,
    (Step.LAST_PAGE, ev.CustomerGone): ending.leave,
    (Step.LAST_PAGE, ev.TimerFired): ending.leave,
    (Step.LAST_PAGE, ev.CardLeft): ending.leave_soon,
    (Step.LAST_PAGE, ev.FundingAnswered): ignore,  # asked before the payment was given up, or the journal lost
    (Step.LAST_PAGE, ev.FundingStateUnknown): ignore,
    (Step.LAST_PAGE, ev.IdCardRead): ignore,  # the reader was looking when the customer cancelled
    (Step.LAST_PAGE, ev.IdCardUnusable): ignore,
    (Step.LAST_PAGE, ev.IdCardReaderLost): ignore,
}


def _cannot_go_on(s: TopUp) -> Next:
    """Say what is certain by the last row on disk; recovery goes on from that row."""
    if s.outcome is not None:  # how it ended is on disk already
        outcome = s.outcome
    elif s.ledger.before_payment:
        outcome = Outcome.OUT_OF_SERVICE
    elif s.ledger in {LedgerState.CARD_OK, LedgerState.CONFIRM_SAF, LedgerState.DONE}:
        outcome = Outcome.LOADED
    elif s.ledger.needs_card:
        outcome = Outcome.SUSPENSE
    else:
        outcome = Outcome.REFUND_PENDING
    return ending.last_page(s, outcome, choosing.STOP_LOOKING, *paying.let_go(s), *STOP_WAITING)
