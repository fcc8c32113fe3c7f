"""The transitions of the top-up: each takes the state and one event and returns what follows.

Their names are the right-hand column of the table, and read as what happens.
"""

from dataclasses import replace
from typing import Any

from kiosk_core.journeys.effects import (
    AuthoriseLoad,
    ConfirmLoad,
    CreditLoad,
    Effect,
    End,
    InitializeLoad,
    OrderQr,
    PrintReceipt,
    ProveLoad,
    QueryOrder,
    ReadCard,
    Record,
    ReverseLoad,
    Show,
    StartTimer,
    StopTimer,
    WatchCard,
)
from kiosk_core.journeys.events import (
    AmountChosen,
    AuthorisationUnanswered,
    CancelTouched,
    CardArrived,
    CardLeft,
    CardRead,
    CardUnusable,
    ConfirmationAnswered,
    ConfirmationUnanswered,
    CreditEnded,
    CustomerGone,
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
    Timer,
    TimerFired,
)
from kiosk_core.journeys.top_up import pages
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.receipt import receipt
from kiosk_core.journeys.top_up.state import Next, Step, TopUp, UnexpectedEvent, trace_of
from kiosk_core.ledger import Facts, LedgerState, Transaction
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
    OrderState,
    ProofUnclear,
    PurseCard,
    ReversalReason,
)
from kiosk_core.services import TransitTopUp
from kiosk_core.terminal import Terminal

POLL_SECONDS = 1.0
LEAVE_SECONDS = 4.0
RETRY_SECONDS = 2.0
# -- small words -------------------------------------------------------------------------------------------


def _to(s: TopUp, step: Step, *effects: Effect, **changes: Any) -> Next:
    return replace(s, step=step, **changes), effects


def _record(s: TopUp, state: LedgerState, facts: Facts | None = None) -> Record:
    return Record(s.transaction, state, facts or {})


def _show(s: TopUp, page: Page) -> tuple[Effect, ...]:
    return (Show(page),) if s.attended else ()


def _working(s: TopUp, current: int) -> tuple[Effect, ...]:
    return _show(s, pages.working(current))


def _end(s: TopUp, *effects: Effect) -> Next:
    return _to(s, Step.ENDED, *effects, End())


def last_page(s: TopUp, outcome: Outcome, *effects: Effect, has_receipt: bool = False) -> Next:
    """Show how it ended."""
    s = replace(s, outcome=outcome)
    if not s.attended:
        return _end(s, *effects)
    effects += (Show(pages.last_page(s, outcome, has_receipt=has_receipt)),)
    if outcome is Outcome.CANCELLED and not s.card_present:
        effects += (StartTimer(Timer.LEAVE, LEAVE_SECONDS),)
    return _to(s, Step.LAST_PAGE, *effects)


def _with_receipt(s: TopUp, outcome: Outcome, *effects: Effect) -> Next:
    """Print what the customer may need to prove, then show how it ended."""
    s = replace(s, outcome=outcome)
    if not s.attended:
        return _end(s, *effects)
    return _to(s, Step.PRINTING, *effects, *_working(s, pages.RECEIPT), PrintReceipt(receipt(s, outcome)))


# -- card and amount: nothing has been taken ---------------------------------------------------------------


def read_card(s: TopUp, _: CardArrived) -> Next:
    return _to(s, Step.READING, Show(pages.reading()), ReadCard())


def abandon(s: TopUp, event: CancelTouched | CustomerGone) -> Next:
    gone = _record(s, LedgerState.ABANDONED)
    if isinstance(event, CustomerGone):
        return _end(s, gone)
    return last_page(s, Outcome.CANCELLED, gone)


def card_was_read(s: TopUp, event: CardRead) -> Next:
    if event.unsettled is not None:
        return _settle_earlier(s, event.unsettled)
    card = event.card
    s = replace(
        s,
        card=card,
        token=event.token,
        masked_number=card.number.masked,
        old_balance_fen=card.balance_fen,
    )
    facts: Facts = {"card": s.masked_number, "token": s.token, "old_balance_fen": card.balance_fen}
    read = _record(s, LedgerState.CARD_READ, facts)
    abandoned = _record(s, LedgerState.ABANDONED, {"why": "card refused"})
    if card.expires is not None and card.expires < s.terminal.today:
        return last_page(s, Outcome.CARD_EXPIRED, read, abandoned)
    if pages.room_fen(s) < s.service.limits.min_fen:
        return last_page(s, Outcome.BALANCE_FULL, read, abandoned)
    return _to(s, Step.AMOUNT, read, Show(pages.amount(s)))


def ask_for_card_again(s: TopUp, event: CardUnusable) -> Next:
    effects: tuple[Effect, ...] = (Show(pages.place_card(s, event.problem.value)),)
    if event.problem in {CardProblem.NOT_PRESENT, CardProblem.OTHER_CARD}:
        effects += (WatchCard(),)
    return _to(s, Step.PLACE_CARD, *effects, card=None)


def card_taken_away(s: TopUp, _: CardLeft) -> Next:
    return _to(s, Step.PLACE_CARD, Show(pages.place_card(s, "taken_away")), card=None)


def choose_amount(s: TopUp, event: AmountChosen) -> Next:
    limits = s.service.limits
    if not limits.min_fen <= event.amount_fen <= limits.max_fen or event.amount_fen % limits.step_fen:
        return s, (Show(pages.amount(s, "limits")),)
    if event.amount_fen > pages.room_fen(s):
        return s, (Show(pages.amount(s, "balance")),)
    card = _card(s)
    s = replace(s, amount_fen=event.amount_fen)
    return _to(s, Step.INITIALISING, *_working(s, pages.CHECK_CARD), InitializeLoad(card.number, s.amount_fen))


def order_payment(s: TopUp, event: LoadInitialised) -> Next:
    init = event.init
    s = replace(s, counter=init.counter, old_balance_fen=init.balance_fen)
    return _to(
        s,
        Step.ORDERING,
        _record(s, LedgerState.INIT, _init_facts(init)),
        _record(s, LedgerState.FUND_REQ, {"stan": s.trace.order_stan}),
        *_working(s, pages.PAYMENT),
        OrderQr(s.trace, init),
        ledger=LedgerState.FUND_REQ,
    )


# -- the payment: the customer may have paid ---------------------------------------------------------------


def show_qr(s: TopUp, event: QrOrdered) -> Next:
    s = replace(s, order=event.order)
    seconds = min(event.order.expires_in_s, s.service.times.payment_s)
    return _to(
        s,
        Step.PAYING,
        StartTimer(Timer.PAYMENT, seconds),
        Show(pages.payment(s), until=Timer.PAYMENT),
        StartTimer(Timer.POLL, POLL_SECONDS),
    )


def order_declined(s: TopUp, event: OrderDeclined) -> Next:
    facts: Facts = {"reason": event.declined.reason.value, "response_code": event.declined.response_code}
    s = replace(s, decline=event.declined.reason, ledger=LedgerState.DECLINED)
    return last_page(s, Outcome.DECLINED, _record(s, LedgerState.DECLINED, facts))


def order_unanswered(s: TopUp, _: OrderUnanswered) -> Next:
    return _reverse(s, ReversalReason.NO_ANSWER, Outcome.HOST_SILENT)


def poll(s: TopUp, event: TimerFired) -> Next:
    if event.timer is Timer.POLL:
        return s, (QueryOrder(s.trace),)
    return _reverse(s, ReversalReason.OTHER, Outcome.NOT_PAID, *STOP_PAYING)


def order_answered(s: TopUp, event: OrderAnswered) -> Next:
    match event.state:
        case OrderState.PENDING:
            return s, (StartTimer(Timer.POLL, POLL_SECONDS),)
        case OrderState.PAID:
            s = replace(s, paid=True, ledger=LedgerState.FUND_OK)
            paid = _record(s, LedgerState.FUND_OK, {"paid": True})
            return _renew(s, *STOP_PAYING, paid)
        case OrderState.EXPIRED:
            s = replace(s, ledger=LedgerState.DECLINED)
            expired = _record(s, LedgerState.DECLINED, {"reason": "not_paid"})
            return last_page(s, Outcome.NOT_PAID, *STOP_PAYING, expired)


def poll_again(s: TopUp, _: OrderStateUnknown) -> Next:
    return s, (StartTimer(Timer.POLL, POLL_SECONDS),)


def cancel_payment(s: TopUp, _: CancelTouched) -> Next:
    return _reverse(s, ReversalReason.OTHER, Outcome.CANCELLED, *STOP_PAYING)


def card_moved_while_paying(s: TopUp, _: Event) -> Next:
    return s, (Show(pages.payment(s), until=Timer.PAYMENT),)


STOP_PAYING = (StopTimer(Timer.POLL), StopTimer(Timer.PAYMENT))


# -- paid, and the card is untouched -----------------------------------------------------------------------


def _renew(s: TopUp, *effects: Effect) -> Next:
    card = _card(s)
    return _to(s, Step.RENEWING, *effects, *_working(s, pages.AUTHORISE), InitializeLoad(card.number, s.amount_fen))


def card_is_back(s: TopUp, _: CardArrived) -> Next:
    return _renew(s, StopTimer(Timer.RETRY))


def ask_for_paid_card(s: TopUp, event: CardUnusable) -> Next:
    page = pages.replace_card(s, event.problem.value)
    return _to(s, Step.REPLACE_CARD, *_wait_for_card(s, page, event.problem))


def give_back(s: TopUp, event: CancelTouched | TimerFired) -> Next:
    if event == TimerFired(Timer.RETRY):
        return _renew(s)
    return _reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.CANCELLED, *STOP_WAITING)


def _wait_for_card(s: TopUp, page: Page, problem: CardProblem) -> tuple[Effect, ...]:
    """Ask for the card, for `return_card_s` in all, and notice it however it comes.

    A card may have come back while the last question was under way, may lie badly, or may have been exchanged
    faster than anyone looks.
    """
    notice = WatchCard() if problem is CardProblem.NOT_PRESENT else StartTimer(Timer.RETRY, RETRY_SECONDS)
    waiting = StartTimer(Timer.RETURN_CARD, s.service.times.return_card_s, keep=True)
    return waiting, Show(page, until=Timer.RETURN_CARD), notice


STOP_WAITING = (StopTimer(Timer.RETURN_CARD), StopTimer(Timer.RETRY))


def authorise(s: TopUp, event: LoadInitialised) -> Next:
    init = event.init
    s = replace(s, counter=init.counter, old_balance_fen=init.balance_fen, ledger=LedgerState.MAC2_REQ)
    facts: Facts = {**_init_facts(init), "stan": s.trace.authorise_stan}
    request = _record(s, LedgerState.MAC2_REQ, facts)
    return _to(s, Step.AUTHORISING, *STOP_WAITING, request, AuthoriseLoad(s.trace, init))


def load_declined(s: TopUp, event: LoadDeclined) -> Next:
    return _reverse(replace(s, decline=event.declined.reason), ReversalReason.TERMINAL_FAULT, Outcome.DECLINED)


def authorisation_unanswered(s: TopUp, _: AuthorisationUnanswered) -> Next:
    return _reverse(s, ReversalReason.NO_ANSWER, Outcome.HOST_SILENT)


def credit(s: TopUp, event: LoadAuthorised) -> Next:
    mac2 = event.authorisation
    s = replace(s, authorised_at=f"{mac2.date}{mac2.time}", ledger=LedgerState.CREDIT_SENT)
    facts: Facts = {
        "authorised_at": s.authorised_at,
        "counter": s.counter,
        "old_balance_fen": s.old_balance_fen,
        "amount_fen": s.amount_fen,
    }
    return _to(
        s,
        Step.LOADING,
        _record(s, LedgerState.MAC2_OK),
        *_working(s, pages.LOAD),
        _record(s, LedgerState.CREDIT_SENT, facts),
        CreditLoad(mac2),
    )


# -- 80 52 has left: only the card knows -------------------------------------------------------------------


def credit_ended(s: TopUp, event: CreditEnded) -> Next:
    match event.result:
        case Credited(tac):
            return _card_ok(s, tac, proven=False)
        case CreditRefused(status_word):
            refused = _record(s, LedgerState.REFUSED, {"status_word": f"{status_word:04X}"})
            s = replace(s, ledger=LedgerState.REFUSED)
            return _reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.REFUNDED, refused)
        case CreditUnknown(reason):
            return _prove(s, _record(s, LedgerState.CARD_UNKNOWN, {"why": reason}))


def _prove(s: TopUp, *effects: Effect) -> Next:
    s = replace(s, ledger=LedgerState.CARD_UNKNOWN)
    ask = ProveLoad(s.token, s.counter, s.amount_fen)
    return _to(s, Step.PROVING, *effects, *_working(s, pages.VERIFY), ask)


def proof_ended(s: TopUp, event: ProofEnded) -> Next:
    after, effects = _judge(s, event)
    return after, (*STOP_WAITING, *effects)


def _judge(s: TopUp, event: ProofEnded) -> Next:
    match event.proof:
        case LoadProven(_, tac):
            return _card_ok(s, tac, proven=True)
        case LoadNotFound(counter, balance_fen):
            witness: Facts = {"counter": counter, "balance_fen": balance_fen}
            if (counter, balance_fen) == (s.counter, s.old_balance_fen):
                refused = _record(s, LedgerState.REFUSED, {"status_word": "9406", **witness})
                s = replace(s, ledger=LedgerState.REFUSED)
                return _reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.REFUNDED, refused)
            return _manual(s, {"why": "9406, but counter or balance moved", **witness})
        case ProofUnclear(status_word):
            return _manual(s, {"why": f"80 5A answered {status_word:04X}"})


def ask_for_card_to_prove(s: TopUp, event: CardUnusable) -> Next:
    if not s.attended:
        return _suspend(s)
    page = pages.return_card(s, event.problem.value)
    return _to(s, Step.RETURN_CARD, *_wait_for_card(s, page, event.problem))


def prove_again(s: TopUp, _: CardArrived) -> Next:
    return _prove(s, StopTimer(Timer.RETRY))


def give_up_on_card(s: TopUp, event: TimerFired) -> Next:
    if event.timer is Timer.RETRY:
        return _prove(s)
    return _suspend(s, StopTimer(Timer.RETRY))


def _suspend(s: TopUp, *effects: Effect) -> Next:
    if s.earlier:  # the row is there already
        return _with_receipt(s, Outcome.SUSPENSE, *effects)
    facts: Facts = {"amount_fen": s.amount_fen, "counter": s.counter, "authorised_at": s.authorised_at}
    s = replace(s, ledger=LedgerState.SUSPENSE)
    return _with_receipt(s, Outcome.SUSPENSE, *effects, _record(s, LedgerState.SUSPENSE, facts))


def _manual(s: TopUp, facts: Facts) -> Next:
    s = replace(s, ledger=LedgerState.MANUAL)
    return _with_receipt(s, Outcome.MANUAL, _record(s, LedgerState.MANUAL, facts))


# -- the card gave its TAC ---------------------------------------------------------------------------------


def _card_ok(s: TopUp, tac: bytes, *, proven: bool) -> Next:
    s = replace(s, tac=tac, ledger=LedgerState.CARD_OK)
    facts: Facts = {"tac": tac.hex().upper(), "proven": proven}
    return _to(s, Step.CHECKING, _record(s, LedgerState.CARD_OK, facts), *_working(s, pages.VERIFY), ReadCard())


def balance_checked(s: TopUp, event: CardRead) -> Next:
    if event.token != s.token:
        return _confirm(s, {"balance_read": False})
    s = replace(s, new_balance_fen=event.card.balance_fen)
    as_expected = event.card.balance_fen == s.old_balance_fen + s.amount_fen
    return _confirm(s, {"new_balance_fen": event.card.balance_fen, "balance_as_expected": as_expected})


def balance_not_read(s: TopUp, _: CardUnusable) -> Next:
    return _confirm(s, {"balance_read": False})


def _confirm(s: TopUp, facts: Facts) -> Next:
    s = replace(s, ledger=LedgerState.CONFIRM_SAF)
    saf = _record(s, LedgerState.CONFIRM_SAF, {"stan": s.trace.confirm_stan, **facts})
    return _to(s, Step.CONFIRMING, saf, ConfirmLoad(s.trace, s.amount_fen, s.tac))


def confirmed(s: TopUp, event: ConfirmationAnswered) -> Next:
    match event.confirmation:
        case Confirmation.ACCEPTED:
            s = replace(s, ledger=LedgerState.DONE)
            return _with_receipt(s, Outcome.LOADED, _record(s, LedgerState.DONE))
        case Confirmation.TAC_WRONG:
            return _manual(s, {"why": "the host does not accept the card's TAC"})


def confirmation_unanswered(s: TopUp, _: ConfirmationUnanswered) -> Next:
    return _with_receipt(s, Outcome.LOADED)


# -- giving the money back ---------------------------------------------------------------------------------


def _reverse(s: TopUp, reason: ReversalReason, if_unpaid: Outcome, *effects: Effect) -> Next:
    s = replace(s, reversal_reason=reason, unpaid_outcome=if_unpaid, ledger=LedgerState.REV_REQ)
    facts: Facts = {
        "stan": s.trace.reverse_stan,
        "reason": reason.value,
        "amount_fen": s.amount_fen,
        "paid": s.paid,
        "if_unpaid": if_unpaid.value,
    }
    return _to(
        s,
        Step.REVERSING,
        *effects,
        _record(s, LedgerState.REV_REQ, facts),
        *_show(s, pages.giving_back()),
        ReverseLoad(s.trace, s.amount_fen, reason),
    )


def reversal_answered(s: TopUp, event: ReversalAnswered) -> Next:
    refunded_fen = event.reversed.refunded_fen
    if s.paid and not refunded_fen:
        return _manual(s, {"why": "paid, and the host says that nothing had been paid"})
    s = replace(s, refunded_fen=refunded_fen, ledger=LedgerState.REVERSED)
    row = _record(s, LedgerState.REVERSED, {"refunded_fen": refunded_fen})
    if refunded_fen:
        return _with_receipt(s, Outcome.REFUNDED, row)
    return last_page(s, s.unpaid_outcome, row)


def reversal_declined(s: TopUp, event: ReversalDeclined) -> Next:
    return _manual(s, {"why": "the host does not reverse", "response_code": event.declined.response_code})


def reversal_unanswered(s: TopUp, _: ReversalUnanswered) -> Next:
    if s.order is None:  # no QR was ever shown, so nobody can have paid
        return last_page(s, Outcome.HOST_SILENT)
    return _with_receipt(s, Outcome.REFUND_PENDING)


# -- the end -----------------------------------------------------------------------------------------------


def receipt_printed(s: TopUp, _: ReceiptPrinted) -> Next:
    return last_page(s, _outcome(s), has_receipt=True)


def receipt_failed(s: TopUp, _: ReceiptFailed) -> Next:
    return last_page(s, _outcome(s))


def leave(s: TopUp, _: Event) -> Next:
    return _end(s)


def leave_soon(s: TopUp, _: CardLeft) -> Next:
    return s, (StartTimer(Timer.LEAVE, LEAVE_SECONDS),)


def ignore(s: TopUp, _: Event) -> Next:
    return s, ()


def _outcome(s: TopUp) -> Outcome:
    if s.outcome is None:
        raise UnexpectedEvent("a receipt without an outcome")
    return s.outcome


def _card(s: TopUp) -> PurseCard:
    if s.card is None:
        raise UnexpectedEvent("no card has been read")
    return s.card


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


def _settle_earlier(s: TopUp, earlier: Transaction) -> Next:
    """Put the customer's new wish aside and settle the open case of the card first."""
    abandoned = _record(s, LedgerState.ABANDONED, {"why": f"{earlier.id} is settled first"})
    settling, effects = resume(earlier, s.service, s.terminal, earlier=True)
    return replace(settling, language=s.language, card_present=s.card_present), (abandoned, *effects)


# -- from the journal --------------------------------------------------------------------------------------


def resume(transaction: Transaction, service: TransitTopUp, terminal: Terminal, *, earlier: bool = False) -> Next:
    """Go on with a transaction of the journal; by itself, or (`earlier`) with the customer who has the card."""
    s = _from_journal(transaction, service, terminal, earlier=earlier)
    match transaction.state:
        case LedgerState.NEW | LedgerState.CARD_READ | LedgerState.INIT:
            return _end(s, _record(s, LedgerState.ABANDONED, {"why": "the terminal stopped"}))
        case LedgerState.FUND_REQ:
            return _reverse(s, ReversalReason.NO_ANSWER, Outcome.CANCELLED)
        case LedgerState.FUND_OK | LedgerState.MAC2_REQ | LedgerState.MAC2_OK | LedgerState.REFUSED:
            return _reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.CANCELLED)
        case LedgerState.CREDIT_SENT:
            return _prove(s, _record(s, LedgerState.CARD_UNKNOWN, {"why": "the terminal stopped"}))
        case LedgerState.CARD_UNKNOWN | LedgerState.SUSPENSE:
            return _prove(s)
        case LedgerState.CARD_OK | LedgerState.CONFIRM_SAF:
            return _confirm(s, {})
        case LedgerState.REV_REQ:
            again = ReverseLoad(s.trace, s.amount_fen, s.reversal_reason)
            return _to(s, Step.REVERSING, again, ledger=LedgerState.REV_REQ)
        case LedgerState.MANUAL:
            return last_page(s, Outcome.MANUAL)
        case _:
            return _end(s)


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
        language="en" if facts.get("language") == "en" else "zh",
        step=Step.ENDED,
        ledger=transaction.state,
        attended=earlier,
        earlier=earlier,
        token=text("token"),
        masked_number=text("card"),
        old_balance_fen=number("old_balance_fen"),
        amount_fen=number("amount_fen"),
        counter=number("counter"),
        paid=bool(facts.get("paid")),
        authorised_at=text("authorised_at"),
        tac=bytes.fromhex(text("tac")),
        reversal_reason=ReversalReason(text("reason", ReversalReason.NO_ANSWER.value))
        if transaction.state is LedgerState.REV_REQ
        else ReversalReason.NO_ANSWER,
        unpaid_outcome=Outcome(text("if_unpaid", Outcome.CANCELLED.value)),
    )
