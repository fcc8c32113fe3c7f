"""The transitions once 80 52 has left: only the card knows; what it has proved is confirmed to the host."""

from dataclasses import replace

from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.rows import record
from kiosk_core.journeys.top_up import pages, reversing
from kiosk_core.journeys.top_up.ending import leave_to_staff, with_receipt
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.phrases import STOP_WAITING, go, wait_for_card, working
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.ledger import Facts, LedgerState
from kiosk_core.ports import Confirmation, LoadNotFound, LoadProven, ProofUnclear, ReversalReason


def prove(s: TopUp, *effects: do.Effect) -> Next:
    s = replace(s, ledger=LedgerState.CARD_UNKNOWN)
    ask = do.ProveLoad(s.token, s.counter, s.amount_fen)
    return go(s, Step.PROVING, *effects, *working(s, pages.VERIFY), ask)


def proof_ended(s: TopUp, event: ev.ProofEnded) -> Next:
    after, effects = _judge(s, event)
    return after, (*STOP_WAITING, *effects)


def _judge(s: TopUp, event: ev.ProofEnded) -> Next:
    match event.proof:
        case LoadProven(_, tac):
            return card_ok(s, tac, proven=True)
        case LoadNotFound(counter, balance_fen):
            witness: Facts = {"counter_now": counter, "balance_now_fen": balance_fen}
            if (counter, balance_fen) == (s.counter, s.old_balance_fen):
                refused = record(s, LedgerState.REFUSED, {"status_word": "9406", **witness})
                s = replace(s, ledger=LedgerState.REFUSED)
                return reversing.reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.REFUNDED, refused)
            if counter > s.counter:
                s = replace(s, witness=(counter, balance_fen))
                return go(s, Step.SEARCHING, do.FindLoad(s.token, s.amount_fen, s.authorised_at))
            return leave_to_staff(s, {"why": "9406, but counter or balance moved", **witness})
        case ProofUnclear(status_word):
            return leave_to_staff(s, {"why": f"80 5A answered {status_word:04X}"})


def log_searched(s: TopUp, event: ev.LogSearched) -> Next:
    """Leave it to staff: the log of a card can say that it was loaded, but has no TAC that would prove it."""
    return _moved_on(s, {"in_log": event.found})


def log_not_read(s: TopUp, _: ev.CardUnusable) -> Next:
    return _moved_on(s, {})


def _moved_on(s: TopUp, log: Facts) -> Next:
    counter, balance_fen = s.witness
    witness: Facts = {"counter_now": counter, "balance_now_fen": balance_fen, **log}
    return leave_to_staff(s, {"why": "9406, and the card has been loaded since", **witness})


def ask_for_card_to_prove(s: TopUp, event: ev.CardUnusable) -> Next:
    if not s.attended:
        return _suspend(s)
    page = pages.return_card(s, event.problem.value)
    return go(s, Step.RETURN_CARD, *wait_for_card(s, page, event.problem))


def prove_again(s: TopUp, _: ev.CardArrived) -> Next:
    return prove(s, do.StopTimer(Timer.RETRY))


def give_up_on_card(s: TopUp, event: ev.TimerFired) -> Next:
    if event.timer is Timer.RETRY:
        return prove(s)
    return _suspend(s, do.StopTimer(Timer.RETRY))


def _suspend(s: TopUp, *effects: do.Effect) -> Next:
    if s.earlier:  # the row is there already
        return with_receipt(s, Outcome.SUSPENSE, *effects)
    facts: Facts = {"amount_fen": s.amount_fen, "counter": s.counter, "authorised_at": s.authorised_at}
    s = replace(s, ledger=LedgerState.SUSPENSE)
    return with_receipt(s, Outcome.SUSPENSE, *effects, record(s, LedgerState.SUSPENSE, facts))


def card_ok(s: TopUp, tac: bytes, *, proven: bool) -> Next:
    s = replace(s, tac=tac, ledger=LedgerState.CARD_OK)
    facts: Facts = {"tac": tac.hex().upper(), "proven": proven}
    return go(s, Step.CHECKING, record(s, LedgerState.CARD_OK, facts), *working(s, pages.VERIFY), do.ReadCard())


def balance_checked(s: TopUp, event: ev.CardRead) -> Next:
    if event.token != s.token:
        return confirm(s, {"balance_read": False})
    s = replace(s, new_balance_fen=event.card.balance_fen)
    as_expected = event.card.balance_fen == s.old_balance_fen + s.amount_fen
    return confirm(s, {"new_balance_fen": event.card.balance_fen, "balance_as_expected": as_expected})


def balance_not_read(s: TopUp, _: ev.CardUnusable) -> Next:
    return confirm(s, {"balance_read": False})


def confirm(s: TopUp, facts: Facts) -> Next:
    s = replace(s, ledger=LedgerState.CONFIRM_SAF)
    saf = record(s, LedgerState.CONFIRM_SAF, {"stan": s.trace.confirm_stan, **facts})
    return go(s, Step.CONFIRMING, saf, do.ConfirmLoad(s.trace, s.amount_fen, s.tac))


def confirmed(s: TopUp, event: ev.ConfirmationAnswered) -> Next:
    match event.confirmation:
        case Confirmation.ACCEPTED:
            s = replace(s, ledger=LedgerState.DONE)
            return with_receipt(s, Outcome.LOADED, record(s, LedgerState.DONE))
        case Confirmation.TAC_WRONG:
            return leave_to_staff(s, {"why": "the host does not accept the card's TAC"})


def confirmation_unanswered(s: TopUp, _: ev.ConfirmationUnanswered) -> Next:
    # Of a card that was away since, the proof may be of a load elsewhere that took the same counter: the balance
    # tells, and where it does not, the host alone can.
    if s.earlier and s.new_balance_fen != s.old_balance_fen + s.amount_fen:
        return with_receipt(s, Outcome.SUSPENSE)
    return with_receipt(s, Outcome.LOADED)
