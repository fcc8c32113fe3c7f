"""The transitions of what is paid: the card is made ready again, the host allows the load, 80 52 goes out."""

from dataclasses import replace

from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.rows import record
from kiosk_core.journeys.top_up import pages, proving, reversing
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.phrases import STOP_WAITING, card_of, go, init_facts, wait_for_card, working
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.ledger import Facts, LedgerState
from kiosk_core.ports import Credited, CreditRefused, CreditUnknown, ReversalReason

_MAC2_WRONG = 0x9302  # keys of host or card are wrong, or somebody makes up answers: not this customer's matter


def renew(s: TopUp, *effects: do.Effect) -> Next:
    card = card_of(s)
    return go(s, Step.RENEWING, *effects, *working(s, pages.AUTHORISE), do.InitializeLoad(card.number, s.amount_fen))


def card_is_back(s: TopUp, _: ev.CardArrived) -> Next:
    return renew(s, do.StopTimer(Timer.RETRY))


def ask_for_paid_card(s: TopUp, event: ev.CardUnusable) -> Next:
    page = pages.replace_card(s, event.problem.value)
    return go(s, Step.REPLACE_CARD, *wait_for_card(s, page, event.problem))


def give_back(s: TopUp, event: ev.CancelTouched | ev.TimerFired) -> Next:
    if event == ev.TimerFired(Timer.RETRY):
        return renew(s)
    return reversing.reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.CANCELLED, *STOP_WAITING)


def authorise(s: TopUp, event: ev.LoadInitialised) -> Next:
    init = event.init
    s = replace(s, counter=init.counter, old_balance_fen=init.balance_fen, ledger=LedgerState.MAC2_REQ)
    facts: Facts = {**init_facts(init), "stan": s.trace.authorise_stan}
    request = record(s, LedgerState.MAC2_REQ, facts)
    return go(s, Step.AUTHORISING, *STOP_WAITING, request, do.AuthoriseLoad(s.trace, init))


def load_declined(s: TopUp, event: ev.LoadDeclined) -> Next:
    return reversing.reverse(replace(s, decline=event.declined.reason), ReversalReason.TERMINAL_FAULT, Outcome.DECLINED)


def authorisation_unanswered(s: TopUp, event: ev.AuthorisationUnanswered) -> Next:
    return reversing.reverse(s, event.reason, Outcome.HOST_SILENT)


def credit(s: TopUp, event: ev.LoadAuthorised) -> Next:
    mac2 = event.authorisation
    s = replace(s, authorised_at=f"{mac2.date}{mac2.time}", ledger=LedgerState.CREDIT_SENT)
    facts: Facts = {
        "authorised_at": s.authorised_at,
        "counter": s.counter,
        "old_balance_fen": s.old_balance_fen,
        "amount_fen": s.amount_fen,
    }
    return go(
        s,
        Step.LOADING,
        record(s, LedgerState.MAC2_OK),
        *working(s, pages.LOAD),
        record(s, LedgerState.CREDIT_SENT, facts),
        do.CreditLoad(mac2),
    )


def credit_ended(s: TopUp, event: ev.CreditEnded) -> Next:
    match event.result:
        case Credited(tac):
            return proving.card_ok(s, tac, proven=False)
        case CreditRefused(status_word):
            alarm: Facts = {"alarm": "the card does not accept MAC2"} if status_word == _MAC2_WRONG else {}
            refused = record(s, LedgerState.REFUSED, {"status_word": f"{status_word:04X}", **alarm})
            s = replace(s, ledger=LedgerState.REFUSED)
            return reversing.reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.REFUNDED, refused)
        case CreditUnknown(reason):
            return proving.prove(s, record(s, LedgerState.CARD_UNKNOWN, {"why": reason}))
