"""The transitions of the top-up: each takes the state and one event and returns what follows.

Their names are the right-hand column of the table, and read as what happens.
"""

from dataclasses import replace
from typing import Any

from kiosk_core.funding import FundingKind
from kiosk_core.id_card_reader import IdCardProblem
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.rows import not_printed, printed, record
from kiosk_core.journeys.top_up import pages
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.receipt import receipt
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.ledger import Facts, LedgerState
from kiosk_core.pages import Page
from kiosk_core.ports import (
    CardProblem,
    Confirmation,
    Credited,
    CreditRefused,
    CreditUnknown,
    LoadInit,
    LoadNotFound,
    LoadProven,
    ProofUnclear,
    PurseCard,
    ReversalReason,
)

LOOK_SECONDS = 1.0
LEAVE_SECONDS = 4.0
_MAC2_WRONG = 0x9302  # keys of host or card are wrong, or somebody makes up answers: not this customer's matter
RETRY_SECONDS = 2.0


# -- small words -------------------------------------------------------------------------------------------


def go(s: TopUp, step: Step, *effects: do.Effect, **changes: Any) -> Next:
    return replace(s, step=step, **changes), effects


def _show(s: TopUp, page: Page) -> tuple[do.Effect, ...]:
    return (do.Show(page),) if s.attended else ()


def working(s: TopUp, current: int) -> tuple[do.Effect, ...]:
    return _show(s, pages.working(s, current))


def end(s: TopUp, *effects: do.Effect) -> Next:
    return go(s, Step.ENDED, *effects, do.End())


def last_page(s: TopUp, outcome: Outcome, *effects: do.Effect, has_receipt: bool = False) -> Next:
    """Show how it ended."""
    s = replace(s, outcome=outcome)
    if not s.attended:
        return end(s, *effects)
    effects += (do.Show(pages.last_page(s, outcome, has_receipt=has_receipt)),)
    if outcome is Outcome.CANCELLED and not s.card_present and not pages.bank_card_is_about(s):
        effects += (do.StartTimer(Timer.LEAVE, LEAVE_SECONDS),)
    return go(s, Step.LAST_PAGE, *effects)


def with_receipt(s: TopUp, outcome: Outcome, *effects: do.Effect) -> Next:
    """Print what the customer may need to prove, then show how it ended."""
    s = replace(s, outcome=outcome)
    if not s.attended:
        return end(s, *effects)
    return go(s, Step.PRINTING, *effects, *working(s, pages.RECEIPT), do.PrintReceipt(receipt(s, outcome)))


# -- card and amount: nothing has been taken ---------------------------------------------------------------


def read_card(s: TopUp, _: ev.CardArrived) -> Next:
    return go(s, Step.READING, do.Show(pages.reading()), do.ReadCard())


def abandon(s: TopUp, event: ev.CancelTouched | ev.CustomerGone) -> Next:
    gone = record(s, LedgerState.ABANDONED, _rule_facts(s))
    if isinstance(event, ev.CustomerGone):
        return end(s, gone)
    return last_page(s, Outcome.CANCELLED, gone)


def reader_lost(s: TopUp, _: ev.ReaderLost) -> Next:
    return last_page(s, Outcome.OUT_OF_SERVICE, record(s, LedgerState.ABANDONED, {"why": "reader lost"}))


def card_was_read(s: TopUp, event: ev.CardRead) -> Next:
    card = event.card
    same = event.token == s.token
    s = replace(
        s,
        expires_first=s.expires_first if same else card.expires,
        issuer_heard=s.issuer_heard and same,
        token=event.token,
        masked_number=card.number.masked,
        old_balance_fen=card.balance_fen,
        amount_fen=0,
    )
    s = with_card(s, card)
    facts: Facts = {"card": s.masked_number, "token": s.token, "old_balance_fen": card.balance_fen}
    read = record(s, LedgerState.CARD_READ, facts)
    abandoned = record(s, LedgerState.ABANDONED, {"why": "card refused"})
    if has_expired(s) and not may_have_commands(s):
        return last_page(s, Outcome.CARD_EXPIRED, read, abandoned)
    if pages.room_fen(s) < s.service.limits.min_fen:
        return last_page(s, Outcome.BALANCE_FULL, read, abandoned)
    return go(s, Step.ASSESSING, read, do.AssessRisk(s.service.kind, card.number, s.token))


def with_card(s: TopUp, card: PurseCard) -> TopUp:
    """Return `s` with the card as it was read now, and what is new about how long it is valid."""
    first, now = s.expires_first, card.expires
    return replace(s, card=card, valid_until=now if first is not None and now is not None and now > first else None)


def has_expired(s: TopUp) -> bool:
    expires = card_of(s).expires
    return expires is not None and expires < s.terminal.today


def may_have_commands(s: TopUp) -> bool:
    """Return whether the issuer of this card, which names its last day, has to be asked for commands still."""
    return card_of(s).wants_issuer_commands and card_of(s).expires is not None and not s.issuer_heard


def ask_for_card_again(s: TopUp, event: ev.CardUnusable) -> Next:
    effects: tuple[do.Effect, ...] = (do.Show(pages.place_card(s, event.problem.value)),)
    if event.problem in {CardProblem.NOT_PRESENT, CardProblem.OTHER_CARD}:
        effects += (do.WatchCard(),)
    return go(s, Step.PLACE_CARD, *effects, card=None)


def card_taken_away(s: TopUp, _: ev.CardLeft) -> Next:
    return go(s, Step.PLACE_CARD, do.Show(pages.place_card(s, "taken_away")), card=None)


def offer_amounts(s: TopUp, event: ev.RiskAssessed) -> Next:
    return offer(replace(s, allowance=event.allowance, ways_to_pay=event.funding))


def offer(s: TopUp, problem: str | None = None) -> Next:
    """Ask for the amount, unless a rule leaves nothing that can be chosen."""
    cap = s.allowance.tightest
    if cap is not None and pages.most_fen(s) < s.service.limits.min_fen:
        s = replace(s, rule=cap.rule)
        return last_page(s, Outcome.BARRED, record(s, LedgerState.ABANDONED, _rule_facts(s)))
    if has_expired(s):  # whoever is to choose an amount must know first that it can be loaded
        return challenge(s, pages.extending())
    return go(s, Step.AMOUNT, do.Show(pages.amount(s, problem)))


def challenge(s: TopUp, page: Page) -> Next:
    """Ask for commands of the card's issuer, which are made for a challenge of the card: before any money moves."""
    return go(s, Step.CHALLENGING, do.Show(page), do.ChallengeCard(card_of(s).number))


def choose_amount(s: TopUp, event: ev.AmountChosen) -> Next:
    limits = s.service.limits
    if not limits.min_fen <= event.amount_fen <= pages.max_load_fen(s) or event.amount_fen % limits.step_fen:
        return s, (do.Show(pages.amount(s, "limits")),)
    if event.amount_fen > pages.room_fen(s):
        return s, (do.Show(pages.amount(s, "balance")),)
    s = replace(s, amount_fen=event.amount_fen, rule="")
    return what_rules_want(s) or _ask_how_to_pay(s)


def what_rules_want(s: TopUp) -> Next | None:
    """Return what must happen before the chosen amount may be paid; None: nothing."""
    cap = s.allowance.tightest
    if cap is not None and s.amount_fen > cap.most_fen:
        return offer(replace(s, rule=cap.rule), "rule")
    identify = s.allowance.identify
    if identify is not None and s.amount_fen > identify.most_fen and not s.person:
        s = replace(s, rule=identify.rule)
        return go(s, Step.IDENTIFYING, do.Show(pages.id_card(s)), do.ReadIdCard())
    return None


def _ask_how_to_pay(s: TopUp) -> Next:
    """Let the customer choose where there is a choice."""
    if len(s.ways_to_pay) > 1:
        return offer_ways_to_pay(s)
    return initialise(replace(s, funding=s.ways_to_pay[0]))


def offer_ways_to_pay(s: TopUp, problem: str | None = None) -> Next:
    return go(s, Step.CHOOSING_FUNDING, do.Show(pages.ways_to_pay(s, problem)))


def choose_funding(s: TopUp, event: ev.FundingChosen) -> Next:
    return initialise(replace(s, funding=event.kind)) if event.kind in s.ways_to_pay else (s, ())


def initialise(s: TopUp) -> Next:
    if may_have_commands(s):
        return challenge(s, pages.working(s, pages.CHECK_CARD))
    load = do.InitializeLoad(card_of(s).number, s.amount_fen)
    return go(s, Step.INITIALISING, *working(s, pages.CHECK_CARD), load)


def id_card_was_read(s: TopUp, event: ev.IdCardRead) -> Next:
    if event.valid_until is not None and event.valid_until < s.terminal.today:
        return s, (do.Show(pages.id_card(s, "expired")), _LOOK_AGAIN)
    return _ask_how_to_pay(replace(s, person=event.person, rule=""))


def ask_for_id_card_again(s: TopUp, event: ev.IdCardUnusable) -> Next:
    """Look again; nothing new is shown, and the customer's time goes on, while no card lies there."""
    if event.problem is IdCardProblem.NOT_PRESENT:
        return s, (_LOOK_AGAIN,)
    return s, (do.Show(pages.id_card(s, event.problem.value)), _LOOK_AGAIN)


def look_for_id_card(s: TopUp, _: ev.TimerFired) -> Next:
    return s, (do.ReadIdCard(),)


def identification_lost(s: TopUp, _: ev.IdCardReaderLost) -> Next:
    """Offer what may be loaded without an ID card."""
    return offer(replace(s, allowance=s.allowance.without_identification()), "id_card_reader")


def stop_identifying(s: TopUp, event: ev.CancelTouched | ev.CustomerGone) -> Next:
    after, effects = abandon(s, event)
    return after, (STOP_LOOKING, *effects)


_LOOK_AGAIN = do.StartTimer(Timer.ID_CARD, LOOK_SECONDS)
STOP_LOOKING = do.StopTimer(Timer.ID_CARD)


def ask_rules_again(s: TopUp, event: ev.LoadInitialised) -> Next:
    """Time has passed since the card was read: another list, another day, another customer's case settled."""
    init = event.init
    s = replace(s, init=init, counter=init.counter, old_balance_fen=init.balance_fen)
    person: Facts = {"person": s.person} if s.person else {}
    row = record(s, LedgerState.INIT, {**_init_facts(init), **person})
    return go(s, Step.CLEARING, row, do.AssessRisk(s.service.kind, init.number, s.token))


# -- paid, and the card is untouched -----------------------------------------------------------------------


def renew(s: TopUp, *effects: do.Effect) -> Next:
    card = card_of(s)
    return go(s, Step.RENEWING, *effects, *working(s, pages.AUTHORISE), do.InitializeLoad(card.number, s.amount_fen))


def card_is_back(s: TopUp, _: ev.CardArrived) -> Next:
    return renew(s, do.StopTimer(Timer.RETRY))


def ask_for_paid_card(s: TopUp, event: ev.CardUnusable) -> Next:
    page = pages.replace_card(s, event.problem.value)
    return go(s, Step.REPLACE_CARD, *_wait_for_card(s, page, event.problem))


def give_back(s: TopUp, event: ev.CancelTouched | ev.TimerFired) -> Next:
    if event == ev.TimerFired(Timer.RETRY):
        return renew(s)
    return reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.CANCELLED, *STOP_WAITING)


def _wait_for_card(s: TopUp, page: Page, problem: CardProblem) -> tuple[do.Effect, ...]:
    """Ask for the card, for `return_card_s` in all, and notice it however it comes.

    A card may have come back while the last question was under way, may lie badly, or may have been exchanged
    faster than anyone looks.
    """
    notice = do.WatchCard() if problem is CardProblem.NOT_PRESENT else do.StartTimer(Timer.RETRY, RETRY_SECONDS)
    waiting = do.StartTimer(Timer.RETURN_CARD, s.service.times.return_card_s, keep=True)
    return waiting, do.Show(page, until=Timer.RETURN_CARD), notice


STOP_WAITING = (do.StopTimer(Timer.RETURN_CARD), do.StopTimer(Timer.RETRY))


def authorise(s: TopUp, event: ev.LoadInitialised) -> Next:
    init = event.init
    s = replace(s, counter=init.counter, old_balance_fen=init.balance_fen, ledger=LedgerState.MAC2_REQ)
    facts: Facts = {**_init_facts(init), "stan": s.trace.authorise_stan}
    request = record(s, LedgerState.MAC2_REQ, facts)
    return go(s, Step.AUTHORISING, *STOP_WAITING, request, do.AuthoriseLoad(s.trace, init))


def load_declined(s: TopUp, event: ev.LoadDeclined) -> Next:
    return reverse(replace(s, decline=event.declined.reason), ReversalReason.TERMINAL_FAULT, Outcome.DECLINED)


def authorisation_unanswered(s: TopUp, event: ev.AuthorisationUnanswered) -> Next:
    return reverse(s, event.reason, Outcome.HOST_SILENT)


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


# -- 80 52 has left: only the card knows -------------------------------------------------------------------


def credit_ended(s: TopUp, event: ev.CreditEnded) -> Next:
    match event.result:
        case Credited(tac):
            return _card_ok(s, tac, proven=False)
        case CreditRefused(status_word):
            alarm: Facts = {"alarm": "the card does not accept MAC2"} if status_word == _MAC2_WRONG else {}
            refused = record(s, LedgerState.REFUSED, {"status_word": f"{status_word:04X}", **alarm})
            s = replace(s, ledger=LedgerState.REFUSED)
            return reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.REFUNDED, refused)
        case CreditUnknown(reason):
            return prove(s, record(s, LedgerState.CARD_UNKNOWN, {"why": reason}))


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
            return _card_ok(s, tac, proven=True)
        case LoadNotFound(counter, balance_fen):
            witness: Facts = {"counter_now": counter, "balance_now_fen": balance_fen}
            if (counter, balance_fen) == (s.counter, s.old_balance_fen):
                refused = record(s, LedgerState.REFUSED, {"status_word": "9406", **witness})
                s = replace(s, ledger=LedgerState.REFUSED)
                return reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.REFUNDED, refused)
            if counter > s.counter:
                s = replace(s, witness=(counter, balance_fen))
                return go(s, Step.SEARCHING, do.FindLoad(s.token, s.amount_fen, s.authorised_at))
            return _manual(s, {"why": "9406, but counter or balance moved", **witness})
        case ProofUnclear(status_word):
            return _manual(s, {"why": f"80 5A answered {status_word:04X}"})


def log_searched(s: TopUp, event: ev.LogSearched) -> Next:
    """Leave it to staff: the log of a card can say that it was loaded, but has no TAC that would prove it."""
    return _moved_on(s, {"in_log": event.found})


def log_not_read(s: TopUp, _: ev.CardUnusable) -> Next:
    return _moved_on(s, {})


def _moved_on(s: TopUp, log: Facts) -> Next:
    counter, balance_fen = s.witness
    witness: Facts = {"counter_now": counter, "balance_now_fen": balance_fen, **log}
    return _manual(s, {"why": "9406, and the card has been loaded since", **witness})


def ask_for_card_to_prove(s: TopUp, event: ev.CardUnusable) -> Next:
    if not s.attended:
        return _suspend(s)
    page = pages.return_card(s, event.problem.value)
    return go(s, Step.RETURN_CARD, *_wait_for_card(s, page, event.problem))


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


def _manual(s: TopUp, facts: Facts) -> Next:
    s = replace(s, ledger=LedgerState.MANUAL)
    return with_receipt(s, Outcome.MANUAL, record(s, LedgerState.MANUAL, facts))


# -- the card gave its TAC ---------------------------------------------------------------------------------


def _card_ok(s: TopUp, tac: bytes, *, proven: bool) -> Next:
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
            return _manual(s, {"why": "the host does not accept the card's TAC"})


def confirmation_unanswered(s: TopUp, _: ev.ConfirmationUnanswered) -> Next:
    # Of a card that was away since, the proof may be of a load elsewhere that took the same counter: the balance
    # tells, and where it does not, the host alone can.
    if s.earlier and s.new_balance_fen != s.old_balance_fen + s.amount_fen:
        return with_receipt(s, Outcome.SUSPENSE)
    return with_receipt(s, Outcome.LOADED)


# -- giving the money back ---------------------------------------------------------------------------------


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
        *_show(s, pages.giving_back()),
        do.ReverseLoad(s.trace, s.amount_fen, reason),
    )


def reversal_answered(s: TopUp, event: ev.ReversalAnswered) -> Next:
    refunded_fen = event.reversed.refunded_fen
    if s.paid and not refunded_fen:
        return _manual(s, {"why": "paid, and the host says that nothing had been paid"})
    s = replace(s, refunded_fen=refunded_fen, ledger=LedgerState.REVERSED)
    row = record(s, LedgerState.REVERSED, {"refunded_fen": refunded_fen})
    if refunded_fen:
        return with_receipt(s, Outcome.REFUNDED, row)
    return last_page(s, s.unpaid_outcome, row)


def reversal_declined(s: TopUp, event: ev.ReversalDeclined) -> Next:
    return _manual(s, {"why": "the host does not reverse", "response_code": event.declined.response_code})


def reversal_unanswered(s: TopUp, _: ev.ReversalUnanswered) -> Next:
    if s.funding is FundingKind.QR and s.offer is None and not s.paid:  # nobody ever saw a code, so nobody paid
        return last_page(s, Outcome.HOST_SILENT)
    return with_receipt(s, Outcome.REFUND_PENDING)


# -- the end -----------------------------------------------------------------------------------------------


def receipt_printed(s: TopUp, _: ev.ReceiptPrinted) -> Next:
    return last_page(s, _outcome(s), printed(s), has_receipt=True)


def receipt_failed(s: TopUp, event: ev.ReceiptFailed) -> Next:
    return last_page(s, _outcome(s), not_printed(s, event))


def leave(s: TopUp, _: ev.Event) -> Next:
    return end(s)


def leave_soon(s: TopUp, _: ev.CardLeft) -> Next:
    return s, (do.StartTimer(Timer.LEAVE, LEAVE_SECONDS),)


def _outcome(s: TopUp) -> Outcome:
    if s.outcome is None:
        raise ev.UnexpectedEvent("a receipt without an outcome")
    return s.outcome


def card_of(s: TopUp) -> PurseCard:
    if s.card is None:
        raise ev.UnexpectedEvent("no card has been read")
    return s.card


def _rule_facts(s: TopUp) -> Facts:
    return {"rule": s.rule} if s.rule else {}


def _init_facts(init: LoadInit) -> Facts:
    return {
        "amount_fen": init.amount_fen,
        "counter": init.counter,
        "old_balance_fen": init.balance_fen,
        "key_version": init.key_version,
        "algorithm": init.algorithm,
        "random": init.random.hex().upper(),
        "mac1": init.mac1.hex().upper(),
    }
