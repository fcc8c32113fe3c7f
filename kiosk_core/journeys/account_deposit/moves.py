"""The transitions of the deposit: each takes the state and one event and returns what follows."""

from dataclasses import replace
from typing import Any, assert_never

from kiosk_core.bank_card import BankCardProblem
from kiosk_core.card_number import CardNumber
from kiosk_core.funding import FundingKind, Paid, Pending, Unclear, Unpaid
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.account_deposit import pages
from kiosk_core.journeys.account_deposit.outcome import Outcome
from kiosk_core.journeys.account_deposit.receipt import receipt
from kiosk_core.journeys.account_deposit.state import Deposit, Next, Step
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.rows import not_printed, printed, record
from kiosk_core.ledger import Facts, LedgerState
from kiosk_core.pages import Page
from kiosk_core.ports import QrOrder, ReversalReason

SLOT_SECONDS = 1.0
POLL_SECONDS = 1.0


# -- small words -------------------------------------------------------------------------------------------


def go(s: Deposit, step: Step, *effects: do.Effect, **changes: Any) -> Next:
    return replace(s, step=step, **changes), effects


def _show(s: Deposit, page: Page) -> tuple[do.Effect, ...]:
    return (do.Show(page),) if s.attended else ()


def end(s: Deposit, *effects: do.Effect) -> Next:
    return go(s, Step.ENDED, *effects, do.End())


def last_page(s: Deposit, outcome: Outcome, *effects: do.Effect, has_receipt: bool = False) -> Next:
    """Show how it ended."""
    s = replace(s, outcome=outcome)
    if not s.attended:
        return end(s, *effects)
    return go(s, Step.LAST_PAGE, *effects, do.Show(pages.last_page(s, outcome, has_receipt=has_receipt)))


def _with_receipt(s: Deposit, outcome: Outcome, *effects: do.Effect) -> Next:
    """Print what the customer may need to prove, then show how it ended."""
    s = replace(s, outcome=outcome)
    if not s.attended:
        return end(s, *effects)
    return go(s, Step.PRINTING, *effects, do.Show(pages.printing()), do.PrintReceipt(receipt(s, outcome)))


# -- card and amount: nothing has been taken ---------------------------------------------------------------

LOOK_AGAIN = do.StartTimer(Timer.SLOT, SLOT_SECONDS)
CLOSE_SLOT = (do.StopTimer(Timer.SLOT), do.CloseSlot())


def look_in_slot(s: Deposit, _: ev.TimerFired) -> Next:
    return s, (do.ReadBankCard(),)


def card_was_read(s: Deposit, event: ev.BankCardRead) -> Next:
    s = replace(s, account=event.number, token=event.token)
    row = record(s, LedgerState.CARD_READ, {"account": event.number.masked, "account_token": event.token})
    return go(s, Step.ASSESSING, *CLOSE_SLOT, row, _assess(s))


def _assess(s: Deposit) -> do.AssessRisk:
    return do.AssessRisk(s.service.kind, _account(s), s.token)


def ask_for_card_again(s: Deposit, event: ev.BankCardUnusable) -> Next:
    """Look again; nothing new is shown, and the customer's time goes on, while no card is there."""
    if event.problem is BankCardProblem.NOT_PRESENT:
        return s, (LOOK_AGAIN,)
    return s, (do.Show(pages.insert_card(s, event.problem)), LOOK_AGAIN)


def slot_lost(s: Deposit, _: ev.SlotLost) -> Next:
    abandoned = record(s, LedgerState.ABANDONED, {"why": "reader lost"})
    return last_page(s, Outcome.OUT_OF_SERVICE, *CLOSE_SLOT, abandoned)


def abandon(s: Deposit, event: ev.CancelTouched | ev.CustomerGone) -> Next:
    effects = (*CLOSE_SLOT, record(s, LedgerState.ABANDONED, _rule_facts(s)))
    return end(s, *effects) if isinstance(event, ev.CustomerGone) else last_page(s, Outcome.CANCELLED, *effects)


def offer_amounts(s: Deposit, event: ev.RiskAssessed) -> Next:
    return _offer(_allowed(s, event))


def _allowed(s: Deposit, event: ev.RiskAssessed) -> Deposit:
    """Take the rules' answer; what needs an ID card is not deposited here."""
    return replace(s, allowance=event.allowance.without_identification())


def _offer(s: Deposit, problem: str | None = None) -> Next:
    """Ask for the amount, unless a rule leaves nothing that can be chosen."""
    cap = s.allowance.tightest
    if cap is not None and pages.most_fen(s) < s.service.limits.min_fen:
        s = replace(s, rule=cap.rule)
        return last_page(s, Outcome.BARRED, record(s, LedgerState.ABANDONED, _rule_facts(s)))
    return go(s, Step.AMOUNT, do.Show(pages.amount(s, problem)))


def choose_amount(s: Deposit, event: ev.AmountChosen) -> Next:
    limits = s.service.limits
    if not limits.min_fen <= event.amount_fen <= limits.max_fen or event.amount_fen % limits.step_fen:
        return s, (do.Show(pages.amount(s, "limits")),)
    s = replace(s, amount_fen=event.amount_fen, rule="")
    return _too_much(s) or go(s, Step.CLEARING, _assess(s))


def _too_much(s: Deposit) -> Next | None:
    """Lead back to the amounts whoever has chosen more than the rules leave; None: he has not."""
    cap = s.allowance.tightest
    return _offer(replace(s, rule=cap.rule), "rule") if cap is not None and s.amount_fen > cap.most_fen else None


def order(s: Deposit, event: ev.RiskAssessed) -> Next:
    """Ask for the payment, if the rules still allow it: another day, or another customer's case, may have begun."""
    s = _allowed(s, event)
    too_much = _too_much(s)
    if too_much is not None:
        return too_much
    s = replace(s, ledger=LedgerState.FUND_REQ)
    facts: Facts = {
        "amount_fen": s.amount_fen,
        "stan": s.trace.order_stan,
        "funding": FundingKind.QR.value,
    }
    return go(
        s,
        Step.ORDERING,
        record(s, LedgerState.FUND_REQ, facts),
        do.Show(pages.ordering()),
        do.OrderDeposit(s.trace, _account(s), s.amount_fen),
    )


# -- the payment: the customer may have paid ---------------------------------------------------------------

STOP_PAYING = (do.StopTimer(Timer.POLL), do.StopTimer(Timer.PAYMENT))
_POLL_SOON = do.StartTimer(Timer.POLL, POLL_SECONDS)


def show_qr(s: Deposit, event: ev.FundingOffered) -> Next:
    if not isinstance(event.offer, QrOrder):
        raise ev.UnexpectedEvent("a deposit is paid by phone")
    s = replace(s, order=event.offer)
    seconds = min(event.offer.expires_in_s, s.service.times.payment_s)
    show = do.Show(pages.payment(s, event.offer), until=Timer.PAYMENT)
    return go(s, Step.PAYING, do.StartTimer(Timer.PAYMENT, seconds), show, _POLL_SOON)


def order_declined(s: Deposit, event: ev.FundingDeclined) -> Next:
    declined = event.declined
    s = replace(s, decline=declined.reason, ledger=LedgerState.DECLINED)
    facts: Facts = {"reason": declined.reason.value, "response_code": declined.response_code}
    return last_page(s, Outcome.DECLINED, record(s, LedgerState.DECLINED, facts))


def order_unanswered(s: Deposit, event: ev.FundingUnanswered) -> Next:
    return reverse(s, event.reason, Outcome.HOST_SILENT)


def poll(s: Deposit, event: ev.TimerFired) -> Next:
    if event.timer is Timer.POLL:
        return s, (do.PollFunding(FundingKind.QR, s.trace),)
    return reverse(s, ReversalReason.OTHER, Outcome.NOT_PAID, *STOP_PAYING)


def answered(s: Deposit, event: ev.FundingAnswered) -> Next:
    """Paid is done: the bank books payment and deposit as one."""
    match event.state:
        case Pending():
            return s, (_POLL_SOON,)
        case Paid():
            s = replace(s, ledger=LedgerState.DONE)
            return _with_receipt(s, Outcome.DEPOSITED, *STOP_PAYING, record(s, LedgerState.DONE, {"paid": True}))
        case Unpaid():
            s = replace(s, ledger=LedgerState.DECLINED)
            unpaid = record(s, LedgerState.DECLINED, {"reason": "not_paid"})
            return last_page(s, Outcome.NOT_PAID, *STOP_PAYING, unpaid)
        case Unclear(reason):
            return reverse(s, reason, Outcome.HOST_SILENT, *STOP_PAYING)
        case _:
            assert_never(event.state)


def poll_again(s: Deposit, _: ev.FundingStateUnknown) -> Next:
    return s, (_POLL_SOON,)


def cancel_payment(s: Deposit, _: ev.CancelTouched) -> Next:
    return reverse(s, ReversalReason.OTHER, Outcome.CANCELLED, *STOP_PAYING)


def settle(s: Deposit, event: ev.FundingAnswered) -> Next:
    """Go on with what the host says after a stop: nobody pays any more for a code that is on no screen."""
    if isinstance(event.state, Pending):
        return reverse(s, ReversalReason.OTHER, Outcome.CANCELLED)
    return answered(s, event)


def settle_unknown(s: Deposit, _: ev.FundingStateUnknown) -> Next:
    """Take it back: the host is silent, or knows no such order yet."""
    return reverse(s, ReversalReason.NO_ANSWER, Outcome.CANCELLED)


# -- giving back -------------------------------------------------------------------------------------------


def reverse(s: Deposit, reason: ReversalReason, if_unpaid: Outcome, *effects: do.Effect) -> Next:
    s = replace(s, reversal_reason=reason, unpaid_outcome=if_unpaid, ledger=LedgerState.REV_REQ)
    facts: Facts = {"stan": s.trace.reverse_stan, "reason": reason.value, "if_unpaid": if_unpaid.value}
    row = record(s, LedgerState.REV_REQ, facts)
    return go(s, Step.REVERSING, *effects, row, *_show(s, pages.giving_back()), reverse_load(s))


def reverse_load(s: Deposit) -> do.ReverseLoad:
    return do.ReverseLoad(s.trace, s.amount_fen, s.reversal_reason)


def reversal_answered(s: Deposit, event: ev.ReversalAnswered) -> Next:
    refunded_fen = event.reversed.refunded_fen
    s = replace(s, refunded_fen=refunded_fen, ledger=LedgerState.REVERSED)
    row = record(s, LedgerState.REVERSED, {"refunded_fen": refunded_fen})
    return _with_receipt(s, Outcome.REFUNDED, row) if refunded_fen else last_page(s, s.unpaid_outcome, row)


def reversal_declined(s: Deposit, event: ev.ReversalDeclined) -> Next:
    facts: Facts = {"why": "the host does not reverse", "response_code": event.declined.response_code}
    s = replace(s, ledger=LedgerState.MANUAL)
    return _with_receipt(s, Outcome.MANUAL, record(s, LedgerState.MANUAL, facts))


def reversal_unanswered(s: Deposit, _: ev.ReversalUnanswered) -> Next:
    if s.order is None:  # nobody ever saw a code, so nobody paid
        return last_page(s, Outcome.HOST_SILENT)
    return _with_receipt(s, Outcome.REFUND_PENDING)


# -- the end -----------------------------------------------------------------------------------------------


def _rule_facts(s: Deposit) -> Facts:
    return {"rule": s.rule} if s.rule else {}


def _account(s: Deposit) -> CardNumber:
    if s.account is None:
        raise ev.UnexpectedEvent("no card has been read")
    return s.account


def receipt_printed(s: Deposit, _: ev.ReceiptPrinted) -> Next:
    return last_page(s, s.outcome or Outcome.UNSETTLED, printed(s), has_receipt=True)


def receipt_failed(s: Deposit, event: ev.ReceiptFailed) -> Next:
    return last_page(s, s.outcome or Outcome.UNSETTLED, not_printed(s, event))


def leave(s: Deposit, _: ev.Event) -> Next:
    return end(s)


def cannot_go_on(s: Deposit) -> Next:
    """Say what is certain by the last row on disk; recovery goes on from that row."""
    if s.outcome is not None:  # how it ended is on disk already
        outcome = s.outcome
    elif s.ledger.before_payment:
        outcome = Outcome.OUT_OF_SERVICE
    elif s.ledger is LedgerState.REV_REQ:
        outcome = Outcome.REFUND_PENDING
    else:
        outcome = Outcome.UNSETTLED
    return last_page(s, outcome, *CLOSE_SLOT, *STOP_PAYING)
