"""The transitions of giving the money back: asked for until the host answers."""

from dataclasses import replace

from kiosk_core.funding import FundingKind
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.rows import record
from kiosk_core.journeys.top_up import pages
from kiosk_core.journeys.top_up.ending import last_page, leave_to_staff, with_receipt
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.phrases import go, show_customer
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.ledger import Facts, LedgerState
from kiosk_core.ports import ReversalReason


def reverse(s: TopUp, reason: ReversalReason, if_unpaid: Outcome, *effects: do.Effect) -> Next:
    s = replace(s, reversal_reason=reason, unpaid_outcome=if_unpaid, ledger=LedgerState.REV_REQ)
    facts: Facts = {
        "stan": s.trace.reverse_stan,
        "reason": reason.value,
        "amount_fen": s.amount_fen,
        "paid": s.paid,
        "if_unpaid": if_unpaid.value,
    }
    return go(
        s,
        Step.REVERSING,
        *effects,
        record(s, LedgerState.REV_REQ, facts),
        *show_customer(s, pages.giving_back()),
        do.ReverseLoad(s.trace, s.amount_fen, reason),
    )


def reversal_answered(s: TopUp, event: ev.ReversalAnswered) -> Next:
    refunded_fen = event.reversed.refunded_fen
    if s.paid and not refunded_fen:
        return leave_to_staff(s, {"why": "paid, and the host says that nothing had been paid"})
    s = replace(s, refunded_fen=refunded_fen, ledger=LedgerState.REVERSED)
    row = record(s, LedgerState.REVERSED, {"refunded_fen": refunded_fen})
    if refunded_fen:
        return with_receipt(s, Outcome.REFUNDED, row)
    return last_page(s, s.unpaid_outcome, row)


def reversal_declined(s: TopUp, event: ev.ReversalDeclined) -> Next:
    return leave_to_staff(s, {"why": "the host does not reverse", "response_code": event.declined.response_code})


def reversal_unanswered(s: TopUp, _: ev.ReversalUnanswered) -> Next:
    if s.funding is FundingKind.QR and s.offer is None and not s.paid:  # nobody ever saw a code, so nobody paid
        return last_page(s, Outcome.HOST_SILENT)
    return with_receipt(s, Outcome.REFUND_PENDING)
