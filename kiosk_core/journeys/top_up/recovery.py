"""Entering the table from the journal: what a power cut interrupted, and what only a card can settle."""

from dataclasses import replace
from typing import assert_never

from kiosk_core.funding import FundingKind
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.rows import language_of, record
from kiosk_core.journeys.top_up import choosing, proving, reversing
from kiosk_core.journeys.top_up.ending import end, last_page
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.phrases import go
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.journeys.trace_numbers import trace_of
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.ports import ReversalReason
from kiosk_core.services import TransitTopUp
from kiosk_core.terminal import Terminal


def resume(transaction: Transaction, service: TransitTopUp, terminal: Terminal, *, earlier: bool = False) -> Next:
    """Go on with a transaction of the journal; by itself, or (`earlier`) with the customer who has the card."""
    s = _from_journal(transaction, service, terminal, earlier=earlier)
    match transaction.state:
        case LedgerState.NEW | LedgerState.CARD_READ | LedgerState.INIT:
            return end(s, record(s, LedgerState.ABANDONED, {"why": "the terminal stopped"}))
        case LedgerState.FUND_REQ:
            return reversing.reverse(s, ReversalReason.NO_ANSWER, Outcome.CANCELLED)
        case LedgerState.FUND_OK | LedgerState.MAC2_REQ | LedgerState.MAC2_OK | LedgerState.REFUSED:
            return reversing.reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.CANCELLED)
        case LedgerState.CREDIT_SENT:
            return proving.prove(s, record(s, LedgerState.CARD_UNKNOWN, {"why": "the terminal stopped"}))
        case LedgerState.CARD_UNKNOWN | LedgerState.SUSPENSE:
            return proving.prove(s)
        case LedgerState.CARD_OK | LedgerState.CONFIRM_SAF:
            return proving.confirm(s, {})
        case LedgerState.REV_REQ:
            again = do.ReverseLoad(s.trace, s.amount_fen, s.reversal_reason)
            return go(s, Step.REVERSING, again, ledger=LedgerState.REV_REQ)
        case LedgerState.MANUAL:
            return last_page(s, Outcome.MANUAL)
        case (
            LedgerState.DONE
            | LedgerState.REVERSED
            | LedgerState.DECLINED
            | LedgerState.ABANDONED
            | LedgerState.SETTLED
            | LedgerState.UPDATE_REQ  # never of a top-up
            | LedgerState.TICKET_REQ
        ):
            return end(s)
        case _:
            assert_never(transaction.state)


def card_was_read(s: TopUp, event: ev.CardRead) -> Next:
    """Settle the open case of this card first, if there is one: the customer's new wish is put aside."""
    earlier = event.unsettled
    if earlier is None:
        return choosing.card_was_read(s, event)
    abandoned = record(s, LedgerState.ABANDONED, {"why": f"{earlier.id} is settled first"})
    settling, effects = resume(earlier, s.service, s.terminal, earlier=True)
    return replace(settling, language=s.language, card_present=s.card_present), (abandoned, *effects)


def _from_journal(transaction: Transaction, service: TransitTopUp, terminal: Terminal, *, earlier: bool) -> TopUp:
    facts = transaction.facts

    def number(key: str) -> int:
        return int(facts.get(key) or 0)

    def text(key: str, default: str = "") -> str:
        return str(facts.get(key) or default)

    return TopUp(
        service=service,
        terminal=terminal,
        transaction=transaction.id,
        trace=trace_of(transaction),
        language=language_of(transaction),
        step=Step.ENDED,
        ledger=transaction.state,
        attended=earlier,
        earlier=earlier,
        token=text("token"),
        masked_number=text("card"),
        old_balance_fen=number("old_balance_fen"),
        amount_fen=number("amount_fen"),
        counter=number("counter"),
        funding=FundingKind(text("funding", FundingKind.QR.value)),
        paid=bool(facts.get("paid")),
        approval=text("approval"),
        authorised_at=text("authorised_at"),
        tac=bytes.fromhex(text("tac")),
        reversal_reason=ReversalReason(text("reason", ReversalReason.NO_ANSWER.value))
        if transaction.state is LedgerState.REV_REQ
        else ReversalReason.NO_ANSWER,
        unpaid_outcome=Outcome(text("if_unpaid", Outcome.CANCELLED.value)),
    )
