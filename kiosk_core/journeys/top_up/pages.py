"""The pages of the top-up journey: which texts and values each step shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk_core.funding import FundingKind, FundingStage
from kiosk_core.journeys.pages import LAST_PAGE_IDLE_S, one_step
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.money import format_amount
from kiosk_core.pages import (
    CapturePage,
    CardView,
    Fact,
    FundingChoice,
    FundingPage,
    KeypadPage,
    Page,
    PaymentPage,
    Picture,
    ProgressPage,
    ResultPage,
    Tone,
)
from kiosk_core.ports import QrOrder
from kiosk_core.texts import LocalText, Words

if TYPE_CHECKING:
    from kiosk_core.journeys.top_up.state import TopUp

STEPS = ("check_card", "payment", "authorise", "load", "verify", "receipt")
CHECK_CARD, PAYMENT, AUTHORISE, LOAD, VERIFY, RECEIPT = range(len(STEPS))


_TONES = {
    Outcome.LOADED: Tone.SUCCESS,
    Outcome.CANCELLED: Tone.NEUTRAL,
    Outcome.NOT_PAID: Tone.NEUTRAL,
    Outcome.REFUNDED: Tone.NEUTRAL,
}


def place_card(s: TopUp, problem: str | None = None) -> CapturePage:
    """Ask for the card; `problem` says why the last try failed."""
    return CapturePage(
        title=Words("top_up.place_card.title"),
        body=Words("top_up.place_card.body"),
        picture=Picture.PLACE_CARD,
        problem=_problem(problem),
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def reading() -> ProgressPage:
    """Say that the card is being read."""
    return one_step("top_up.reading", Picture.KEEP_CARD)


def extending() -> ProgressPage:
    """Say that the card has expired and its issuer is asked to extend it."""
    return one_step("top_up.extending", Picture.KEEP_CARD)


def room_fen(s: TopUp) -> int:
    """Return what the card may still take: the service's limit or, where it is lower, that of the kind of card."""
    return max_balance_fen(s) - s.old_balance_fen


def max_balance_fen(s: TopUp) -> int:
    """Return what the card may hold after the load."""
    own = s.card.max_balance_fen if s.card is not None else None
    most = s.service.limits.max_balance_fen
    return most if own is None else min(most, own)


def max_load_fen(s: TopUp) -> int:
    """Return the most that service and kind of card take at once."""
    own = s.card.max_load_fen if s.card is not None else None
    most = s.service.limits.max_fen
    return most if own is None else min(most, _in_steps(s, own))


def most_fen(s: TopUp) -> int:
    """Return the largest amount that service, card and rules allow."""
    cap = s.allowance.tightest
    most = _most_without_rules_fen(s)
    return most if cap is None else min(most, _in_steps(s, cap.most_fen))


def amount(s: TopUp, problem: str | None = None) -> KeypadPage:
    """Ask for the amount; `problem` is None, "limits", "balance", "rule" or "id_card_reader"."""
    limits = s.service.limits
    most = most_fen(s)
    values = {
        "min": format_amount(limits.min_fen),
        "max": format_amount(most),
        "step": format_amount(limits.step_fen),
    }
    return KeypadPage(
        title=Words("top_up.amount.title"),
        card=CardView(masked_number=s.masked_number, balance_fen=s.old_balance_fen),
        presets_fen=tuple(preset for preset in limits.presets_fen if preset <= most),
        min_fen=limits.min_fen,
        max_fen=most,
        step_fen=limits.step_fen,
        problem=Words(f"top_up.amount.problem.{problem}", values) if problem else None,
        notice=_notice(s),
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def id_card(s: TopUp, problem: str | None = None) -> CapturePage:
    """Ask for the ID card that a rule wants for this amount."""
    return CapturePage(
        title=Words("top_up.id_card.title"),
        body=Words("top_up.id_card.body", {"amount": format_amount(s.amount_fen)}),
        picture=Picture.PLACE_ID_CARD,
        problem=Words(f"top_up.id_card.problem.{problem}") if problem else None,
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def ways_to_pay(s: TopUp, problem: str | None = None) -> FundingPage:
    """Ask how the customer wants to pay; `problem` is None or "gone"."""
    return FundingPage(
        title=Words("top_up.funding.title"),
        amount_fen=s.amount_fen,
        choices=tuple(
            FundingChoice(
                funding=each,
                title=Words(f"top_up.funding.{each.value}.title"),
                subtitle=Words(f"top_up.funding.{each.value}.subtitle"),
                picture=_WAYS_TO_PAY[each],
            )
            for each in s.ways_to_pay
        ),
        problem=Words(f"top_up.funding.problem.{problem}") if problem else None,
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


_WAYS_TO_PAY = {FundingKind.QR: Picture.PAY_BY_PHONE, FundingKind.BANK_CARD: Picture.INSERT_BANK_CARD}


def payment(s: TopUp) -> Page:
    """Show what the payment waits for: the QR code, or what to do with the bank card."""
    match s.pending.stage:
        case FundingStage.PAY:
            return PaymentPage(
                amount_fen=s.amount_fen,
                qr=s.offer.code if isinstance(s.offer, QrOrder) else "",
                card_present=s.card_present,
                cancellable=True,
            )
        case FundingStage.READ_CARD | FundingStage.ASK_BANK as stage:
            return one_step(f"top_up.bank_card.{stage.value}", Picture.KEEP_BANK_CARD)
        case FundingStage.INSERT_CARD | FundingStage.ENTER_PIN | FundingStage.TAKE_CARD as stage:
            return CapturePage(
                title=Words(f"top_up.bank_card.{stage.value}.title"),
                body=Words(f"top_up.bank_card.{stage.value}.body", {"amount": format_amount(s.amount_fen)}),
                picture=_WITH_BANK_CARD[stage],
                problem=_payment_problem(s),
                cancellable=True,
            )


_WITH_BANK_CARD = {
    FundingStage.INSERT_CARD: Picture.INSERT_BANK_CARD,
    FundingStage.ENTER_PIN: Picture.ENTER_PIN,
    FundingStage.TAKE_CARD: Picture.TAKE_BANK_CARD,
}


def _payment_problem(s: TopUp) -> Words | None:
    """Return what was wrong with the bank card; else that the transit card, which must stay, has gone."""
    if s.pending.problem is not None:
        return Words(f"top_up.bank_card.problem.{s.pending.problem}")
    return None if s.card_present else Words("top_up.bank_card.problem.transit_card")


def bank_card_is_about(s: TopUp) -> bool:
    """Return whether a bank card was in the reader when the payment was last heard of."""
    return s.pending.stage not in {FundingStage.PAY, FundingStage.INSERT_CARD}


def working(s: TopUp, current: int) -> ProgressPage:
    """Show which step is under way and that the card must stay; not so the bank card, where there was one."""
    return ProgressPage(
        title=Words("top_up.working.title"),
        body=Words("top_up.working.two_cards" if bank_card_is_about(s) else "top_up.working.body"),
        steps=tuple(Words(f"top_up.step.{step}") for step in STEPS),
        current=current,
        picture=Picture.KEEP_CARD,
    )


def giving_back() -> ProgressPage:
    """Say that the order is being closed and whatever was paid goes back."""
    return one_step("top_up.giving_back")


def replace_card(s: TopUp, problem: str) -> CapturePage:
    """Paid, nothing loaded yet: the same card must come back, or the money goes back."""
    return CapturePage(
        title=Words("top_up.return_card.title"),
        body=Words("top_up.return_card.body", {"amount": format_amount(s.amount_fen)}),
        picture=Picture.RETURN_CARD,
        problem=_returning_problem(problem),
        cancellable=True,
    )


def return_card(s: TopUp, problem: str) -> CapturePage:
    """Contact was lost during the load: only the same card knows. There is nothing to cancel."""
    return CapturePage(
        title=Words("top_up.prove_card.title"),
        body=Words("top_up.prove_card.body", {"amount": format_amount(s.amount_fen)}),
        picture=Picture.RETURN_CARD,
        problem=_returning_problem(problem),
    )


def last_page(s: TopUp, outcome: Outcome, *, has_receipt: bool) -> ResultPage:
    """Say how it ended, what happened to the money and what to do now."""
    return ResultPage(
        tone=_TONES.get(outcome, Tone.ATTENTION),
        title=_title(s, outcome),
        body=_body(s, outcome, has_receipt=has_receipt),
        reason=_reason(s, outcome),
        facts=_facts(s, outcome),
        pictures=_pictures(s, outcome, has_receipt=has_receipt),
        idle_s=LAST_PAGE_IDLE_S,
    )


def _title(s: TopUp, outcome: Outcome) -> Words:
    if s.earlier and outcome in {Outcome.LOADED, Outcome.REFUNDED}:
        return Words(f"top_up.earlier_{outcome.value}.title")
    match outcome:
        case Outcome.CARD_EXPIRED | Outcome.BALANCE_FULL:
            return Words("top_up.card_refused.title")
        case Outcome.OUT_OF_SERVICE:
            return Words("out_of_service.title")
        case _:
            return Words(f"top_up.{outcome.value}.title")


def _body(s: TopUp, outcome: Outcome, *, has_receipt: bool) -> Words:
    values = {"amount": format_amount(s.refunded_fen or s.amount_fen)}
    if s.earlier and outcome in {Outcome.LOADED, Outcome.REFUNDED}:
        return Words(f"top_up.earlier_{outcome.value}.body", values)
    match outcome:
        case Outcome.LOADED if not has_receipt:
            return Words("top_up.loaded_no_receipt.body")
        case Outcome.BARRED if s.offer is not None:  # it was the payer's card that a rule stopped
            return Words("top_up.barred.two_cards")
        case Outcome.REFUNDED if s.funding is FundingKind.BANK_CARD:
            return Words("top_up.refunded_to_bank_card.body", values)
        case Outcome.DECLINED:
            return Words(f"top_up.declined.body.{s.decline.value if s.decline else 'host_error'}")
        case Outcome.CARD_EXPIRED:
            return Words(f"top_up.card_refused.body.{'not_extended' if s.issuer_heard else 'expired'}")
        case Outcome.BALANCE_FULL:
            most = format_amount(max_balance_fen(s))
            return Words("top_up.card_refused.body.balance_full", {"max": most})
        case Outcome.OUT_OF_SERVICE:
            return Words("top_up.out_of_service.body")
        case Outcome.REFUNDED | Outcome.REFUND_PENDING | Outcome.SUSPENSE | Outcome.MANUAL:
            return Words(f"top_up.{outcome.value}.body", values)
        case _:
            return Words(f"top_up.{outcome.value}.body")


def _reason(s: TopUp, outcome: Outcome) -> LocalText | Words | None:
    """Return the words of the rule that said no; or a word on the cards that are elsewhere."""
    cap = s.allowance.tightest
    if outcome is Outcome.BARRED and cap is not None:
        return cap.words
    match bank_card_is_about(s), bool(s.person):
        case True, True:
            return Words("top_up.bank_card.take_both")
        case True, False:
            return Words("top_up.bank_card.take")
        case False, True:
            return Words("top_up.id_card.take")
    return None


def _facts(s: TopUp, outcome: Outcome) -> tuple[Fact, ...]:
    reference = Fact(label=Words("fact.reference"), text=s.transaction)
    valid_until = s.valid_until
    longer = (Fact(label=Words("fact.valid_until"), text=valid_until.isoformat()),) if valid_until is not None else ()
    card = (Fact(label=Words("fact.card"), text=s.masked_number), *longer) if s.masked_number else ()
    match outcome:
        case Outcome.LOADED:
            balance = s.new_balance_fen
            if balance is None:
                balance = s.old_balance_fen + s.amount_fen
            return (
                *card,
                Fact(label=Words("fact.amount"), money_fen=s.amount_fen),
                Fact(label=Words("fact.new_balance"), money_fen=balance, strong=True),
                reference,
            )
        case Outcome.REFUNDED:
            return (*card, Fact(label=Words("fact.refund"), money_fen=s.refunded_fen, strong=True), reference)
        case Outcome.REFUND_PENDING | Outcome.SUSPENSE | Outcome.MANUAL:
            return (*card, Fact(label=Words("fact.amount"), money_fen=s.amount_fen, strong=True), reference)
        case _:
            return longer


def _pictures(s: TopUp, outcome: Outcome, *, has_receipt: bool) -> tuple[Picture, ...]:
    """Return who helps, or that the card is to be taken; then what else must not be left behind."""
    needs_staff = outcome in {Outcome.SUSPENSE, Outcome.MANUAL}
    shown = {
        Picture.STAFF: needs_staff,
        Picture.TAKE_CARD: s.card_present and not needs_staff,
        Picture.TAKE_RECEIPT: has_receipt,
        Picture.TAKE_BANK_CARD: bank_card_is_about(s),
        Picture.TAKE_ID_CARD: bool(s.person),
    }
    return tuple(picture for picture, is_shown in shown.items() if is_shown)


def _notice(s: TopUp) -> LocalText | Words | None:
    """Return why there is less to choose from, or what larger amounts need, or what the service says."""
    cap, identify = s.allowance.tightest, s.allowance.identify
    if cap is not None and cap.most_fen < _most_without_rules_fen(s):
        return cap.words
    if identify is not None and identify.most_fen < most_fen(s) and not s.person:
        return identify.words
    if s.valid_until is not None:
        return Words("top_up.amount.extended", {"date": s.valid_until.isoformat()})
    return s.service.amount_notice


def _most_without_rules_fen(s: TopUp) -> int:
    return min(max_load_fen(s), _in_steps(s, room_fen(s)))


def _in_steps(s: TopUp, fen: int) -> int:
    return fen // s.service.limits.step_fen * s.service.limits.step_fen


def _problem(problem: str | None) -> Words | None:
    return Words(f"top_up.problem.{problem}") if problem else None


def _returning_problem(problem: str) -> Words | None:
    """Return a word on anything but the absent card, which is what these pages are about."""
    return None if problem == "not_present" else _problem(problem)
