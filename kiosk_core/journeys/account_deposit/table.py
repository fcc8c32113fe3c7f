"""The table of the deposit, and the functions that apply it."""

from collections.abc import Mapping

from kiosk_core.funding import FundingKind
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.account_deposit import moves, pages
from kiosk_core.journeys.account_deposit.outcome import Outcome
from kiosk_core.journeys.account_deposit.state import Deposit, Next, Step, Transition
from kiosk_core.journeys.rows import language_of, record
from kiosk_core.journeys.table import follow, ignore
from kiosk_core.journeys.trace_numbers import trace_of
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.ports import ReversalReason
from kiosk_core.services import AccountDeposit
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


def begin(service: AccountDeposit, terminal: Terminal, transaction: Transaction, language: Language) -> Next:
    """Start the journey of a customer whose NEW row is written."""
    s = Deposit(service, terminal, transaction.id, trace_of(transaction), language)
    return s, (do.Show(pages.insert_card(s)), do.ReadBankCard())


def advance(s: Deposit, event: ev.Event) -> Next:
    """Return what follows from `event`.

    Touches, timers and card movements that mean nothing in this step are ignored, so a second tap does nothing.

    Raises:
        UnexpectedEvent: an answer to a question that this step did not ask.
    """
    if isinstance(event, ev.CannotGoOn):
        return moves.cannot_go_on(s)
    return follow(TABLE, s.step, s, event)


def resume(transaction: Transaction, service: AccountDeposit, terminal: Terminal) -> Next:
    """Go on with a transaction of the journal, with no customer there."""
    s = _from_journal(transaction, service, terminal)
    match transaction.state:
        case LedgerState.NEW | LedgerState.CARD_READ:
            return moves.end(s, record(s, LedgerState.ABANDONED, {"why": "the terminal stopped"}))
        case LedgerState.FUND_REQ:
            return moves.go(s, Step.ASKING, do.PollFunding(FundingKind.QR, s.trace))
        case LedgerState.REV_REQ:
            return moves.go(s, Step.REVERSING, moves.reverse_load(s))
        case _:
            return moves.end(s)


def _from_journal(transaction: Transaction, service: AccountDeposit, terminal: Terminal) -> Deposit:
    facts = transaction.facts
    reversing = transaction.state is LedgerState.REV_REQ
    return Deposit(
        service=service,
        terminal=terminal,
        transaction=transaction.id,
        trace=trace_of(transaction),
        language=language_of(transaction),
        step=Step.ENDED,
        ledger=transaction.state,
        attended=False,
        amount_fen=int(facts.get("amount_fen") or 0),
        reversal_reason=ReversalReason(facts["reason"]) if reversing else ReversalReason.NO_ANSWER,
        unpaid_outcome=Outcome(facts["if_unpaid"]) if reversing else Outcome.CANCELLED,
    )


TABLE: Mapping[tuple[Step, type[ev.Event]], Transition] = {
    (Step.INSERT_CARD, ev.BankCardRead): moves.card_was_read,
    (Step.INSERT_CARD, ev.BankCardUnusable): moves.ask_for_card_again,
    (Step.INSERT_CARD, ev.SlotLost): moves.slot_lost,
    (Step.INSERT_CARD, ev.TimerFired): moves.look_in_slot,
    (Step.INSERT_CARD, ev.CancelTouched): moves.abandon,
    (Step.INSERT_CARD, ev.CustomerGone): moves.abandon,
    (Step.ASSESSING, ev.RiskAssessed): moves.offer_amounts,
    (Step.AMOUNT, ev.AmountChosen): moves.choose_amount,
    (Step.AMOUNT, ev.CancelTouched): moves.abandon,
    (Step.AMOUNT, ev.CustomerGone): moves.abandon,
    (Step.CLEARING, ev.RiskAssessed): moves.order,
    (Step.ORDERING, ev.FundingOffered): moves.show_qr,
    (Step.ORDERING, ev.FundingDeclined): moves.order_declined,
    (Step.ORDERING, ev.FundingUnanswered): moves.order_unanswered,
    (Step.PAYING, ev.TimerFired): moves.poll,
    (Step.PAYING, ev.FundingAnswered): moves.answered,
    (Step.PAYING, ev.FundingStateUnknown): moves.poll_again,
    (Step.PAYING, ev.CancelTouched): moves.cancel_payment,
    (Step.ASKING, ev.FundingAnswered): moves.settle,
    (Step.ASKING, ev.FundingStateUnknown): moves.settle_unknown,
    (Step.REVERSING, ev.ReversalAnswered): moves.reversal_answered,
    (Step.REVERSING, ev.ReversalDeclined): moves.reversal_declined,
    (Step.REVERSING, ev.ReversalUnanswered): moves.reversal_unanswered,
    (Step.REVERSING, ev.FundingAnswered): ignore,  # the query was under way when the order was given up
    (Step.REVERSING, ev.FundingStateUnknown): ignore,
    (Step.PRINTING, ev.ReceiptPrinted): moves.receipt_printed,
    (Step.PRINTING, ev.ReceiptFailed): moves.receipt_failed,
    (Step.PRINTING, ev.FundingAnswered): ignore,  # as above
    (Step.PRINTING, ev.FundingStateUnknown): ignore,
    (Step.LAST_PAGE, ev.DoneTouched): moves.leave,
    (Step.LAST_PAGE, ev.CustomerGone): moves.leave,
    (Step.LAST_PAGE, ev.FundingAnswered): ignore,
    (Step.LAST_PAGE, ev.FundingStateUnknown): ignore,
    (Step.LAST_PAGE, ev.BankCardRead): ignore,  # the reader was looking when the customer cancelled
    (Step.LAST_PAGE, ev.BankCardUnusable): ignore,
    (Step.LAST_PAGE, ev.SlotLost): ignore,
}
