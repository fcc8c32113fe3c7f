"""The transitions of the payment: the customer may have paid, so every way out of it asks the host, or reverses."""

from dataclasses import replace

from kiosk_core.funding import BankCardOffer, FundingKind, FundingStage, Paid, Pending, Unclear, Unpaid
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.rows import record
from kiosk_core.journeys.top_up import choosing, loading, pages, reversing
from kiosk_core.journeys.top_up.ending import last_page
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.phrases import go, working
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.ledger import Facts, LedgerState
from kiosk_core.ports import DeclineReason, LoadInit, QrOrder, ReversalReason
from kiosk_core.risk import Allowance, Cap

POLL_SECONDS = 1.0
CARD_POLL_SECONDS = 0.25  # who puts a card in looks at the screen, not at a phone


def ask_for_payment(s: TopUp, event: ev.RiskAssessed) -> Next:
    s = replace(s, allowance=event.allowance, ways_to_pay=event.funding)
    wanted = choosing.what_rules_want(s)
    if wanted is not None:
        return wanted
    if s.funding not in s.ways_to_pay:
        return choosing.offer_ways_to_pay(s, "gone")
    facts: Facts = {"stan": s.trace.order_stan, "funding": s.funding.value}
    return go(
        s,
        Step.ORDERING,
        record(s, LedgerState.FUND_REQ, facts),
        *working(s, pages.PAYMENT),
        do.Fund(s.funding, s.trace, _init(s)),
        ledger=LedgerState.FUND_REQ,
    )


def offered(s: TopUp, event: ev.FundingOffered) -> Next:
    s = replace(s, offer=event.offer)
    seconds = s.service.times.payment_s
    match event.offer:
        case QrOrder(expires_in_s=expires_in_s):
            return go(s, Step.PAYING, *_wait_for(s, min(expires_in_s, seconds)))
        case BankCardOffer():
            s = replace(s, pending=Pending(FundingStage.INSERT_CARD))
            return go(s, Step.PAYING, *_wait_for(s, seconds))


def declined(s: TopUp, event: ev.FundingDeclined) -> Next:
    return _unpaid(s, event.declined.reason, event.declined.response_code)


def unanswered(s: TopUp, event: ev.FundingUnanswered) -> Next:
    return _take_back(s, event.reason, Outcome.HOST_SILENT)


def poll(s: TopUp, event: ev.TimerFired) -> Next:
    if event.timer is Timer.POLL:
        return s, (do.PollFunding(s.funding, s.trace),)
    return _take_back(s, ReversalReason.OTHER, Outcome.NOT_PAID)


def answered(s: TopUp, event: ev.FundingAnswered) -> Next:
    match event.state:
        case Pending():
            return _go_on_waiting(s, event.state)
        case Paid(payer, approval):
            s = replace(s, paid=True, approval=approval, ledger=LedgerState.FUND_OK)
            known = {"payer": payer, "approval": approval}
            facts: Facts = {"paid": True, **{name: value for name, value in known.items() if value}}
            return loading.renew(s, *STOP_PAYING, record(s, LedgerState.FUND_OK, facts))
        case Unpaid(reason, response_code):
            return _unpaid(s, reason, response_code)
        case Unclear(reason):
            return _take_back(s, reason, Outcome.HOST_SILENT)


def poll_again(s: TopUp, _: ev.FundingStateUnknown) -> Next:
    return s, (_poll_soon(s),)


def cancel(s: TopUp, _: ev.CancelTouched) -> Next:
    return _take_back(s, ReversalReason.OTHER, Outcome.CANCELLED)


def card_moved(s: TopUp, _: ev.Event) -> Next:
    return s, (_show(s),)


def _go_on_waiting(s: TopUp, pending: Pending) -> Next:
    """Show what is new; each thing that the customer is to do has its own time."""
    if pending == s.pending:
        return s, (_poll_soon(s),)
    stage_is_new = pending.stage is not s.pending.stage
    s = replace(s, pending=pending)
    return s, _wait_for(s, s.service.times.payment_s) if stage_is_new else (_show(s), _poll_soon(s))


def _wait_for(s: TopUp, seconds: int) -> tuple[do.Effect, ...]:
    return do.StartTimer(Timer.PAYMENT, seconds), _show(s), _poll_soon(s)


def _show(s: TopUp) -> do.Show:
    """Show what the payment waits for; the PIN pad has a time of its own, and a countdown hurries who types."""
    until = None if s.pending.stage is FundingStage.ENTER_PIN else Timer.PAYMENT
    return do.Show(pages.payment(s), until)


def _poll_soon(s: TopUp) -> do.StartTimer:
    return do.StartTimer(Timer.POLL, POLL_SECONDS if s.funding is FundingKind.QR else CARD_POLL_SECONDS)


STOP_PAYING = (do.StopTimer(Timer.POLL), do.StopTimer(Timer.PAYMENT))


def let_go(s: TopUp) -> tuple[do.Effect, ...]:
    """End what the customer does to pay; nothing here tells whether he has paid."""
    asks_customer = s.funding is FundingKind.BANK_CARD and s.step in {Step.ORDERING, Step.PAYING}
    return (*STOP_PAYING, do.CancelFunding(s.funding, s.trace)) if asks_customer else STOP_PAYING


def _take_back(s: TopUp, reason: ReversalReason, if_unpaid: Outcome) -> Next:
    return reversing.reverse(s, reason, if_unpaid, *let_go(s))


def _barred(s: TopUp, cap: Cap) -> Next:
    """Say which rule of the terminal does not let this payer pay; the bank has not been asked."""
    s = replace(s, allowance=Allowance((cap,)), ledger=LedgerState.DECLINED)
    row = record(s, LedgerState.DECLINED, {"reason": Outcome.BARRED.value, "rule": cap.rule})
    return last_page(s, Outcome.BARRED, *STOP_PAYING, row)


def _unpaid(s: TopUp, reason: DeclineReason | Cap | None, response_code: str) -> Next:
    """Nothing was taken and nothing can be any more, so there is nothing to reverse."""
    if isinstance(reason, Cap):
        return _barred(s, reason)
    outcome = _UNPAID.get(reason, Outcome.DECLINED)
    facts: Facts = {"reason": reason.value if reason is not None else outcome.value}
    if response_code:
        facts = {**facts, "response_code": response_code}
    s = replace(s, decline=reason, ledger=LedgerState.DECLINED)
    return last_page(s, outcome, *STOP_PAYING, record(s, LedgerState.DECLINED, facts))


_UNPAID = {None: Outcome.CANCELLED, DeclineReason.NOT_PAID: Outcome.NOT_PAID}


def _init(s: TopUp) -> LoadInit:
    if s.init is None:
        raise ev.UnexpectedEvent("no load has been initialised")
    return s.init
