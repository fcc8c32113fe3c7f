"""The pages of the deposit: which texts and values each step shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk_core.bank_card import BankCardProblem
from kiosk_core.journeys.account_deposit.outcome import Outcome
from kiosk_core.journeys.pages import LAST_PAGE_IDLE_S, one_step
from kiosk_core.money import format_amount
from kiosk_core.pages import (
    CapturePage,
    CardView,
    Fact,
    KeypadPage,
    PaymentPage,
    Picture,
    ProgressPage,
    ResultPage,
    Tone,
)
from kiosk_core.ports import DeclineReason, QrOrder
from kiosk_core.texts import Words

if TYPE_CHECKING:
    from kiosk_core.journeys.account_deposit.state import Deposit


_TONES = {
    Outcome.DEPOSITED: Tone.SUCCESS,
    Outcome.CANCELLED: Tone.NEUTRAL,
    Outcome.NOT_PAID: Tone.NEUTRAL,
    Outcome.REFUNDED: Tone.NEUTRAL,
}
_DECLINED = {
    DeclineReason.CARD_NOT_ACCEPTED: "card",
    DeclineReason.BANK_CARD_NOT_ACCEPTED: "card",
    DeclineReason.LIMIT: "limit",
}
_UNCERTAIN = {Outcome.REFUND_PENDING, Outcome.UNSETTLED, Outcome.MANUAL}


def insert_card(s: Deposit, problem: BankCardProblem | None = None) -> CapturePage:
    """Ask for the card of the account; `problem` says why the last one came out again."""
    return CapturePage(
        title=Words("account_deposit.insert_card.title"),
        body=Words("account_deposit.insert_card.body"),
        picture=Picture.INSERT_BANK_CARD,
        problem=Words(f"account_deposit.problem.{problem.value}") if problem is not None else None,
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def amount(s: Deposit, problem: str | None = None) -> KeypadPage:
    """Ask for the amount; `problem` is None, "limits" or "rule"."""
    limits, cap = s.service.limits, s.allowance.tightest
    most = most_fen(s)
    values = {
        "min": format_amount(limits.min_fen),
        "max": format_amount(most),
        "step": format_amount(limits.step_fen),
    }
    take_card = Words("account_deposit.amount.take_card")
    why_less = cap.words if cap is not None and cap.most_fen < limits.max_fen else None
    reminder = take_card if why_less is not None else None
    return KeypadPage(
        title=Words("account_deposit.amount.title"),
        card=CardView(masked_number=_masked(s), balance_fen=None),
        presets_fen=tuple(preset for preset in limits.presets_fen if preset <= most),
        min_fen=limits.min_fen,
        max_fen=most,
        step_fen=limits.step_fen,
        problem=Words(f"account_deposit.amount.problem.{problem}", values) if problem else reminder,
        notice=why_less or take_card,
        idle_s=s.service.times.idle_s,
        cancellable=True,
    )


def most_fen(s: Deposit) -> int:
    """Return the largest amount that service and rules allow."""
    limits, cap = s.service.limits, s.allowance.tightest
    return limits.max_fen if cap is None else min(limits.max_fen, cap.most_fen // limits.step_fen * limits.step_fen)


def payment(s: Deposit, order: QrOrder) -> PaymentPage:
    """Show the code that the customer pays."""
    return PaymentPage(amount_fen=s.amount_fen, qr=order.code, card_present=None, cancellable=True)


def ordering() -> ProgressPage:
    """Say that the bank is asked for the payment."""
    return one_step("account_deposit.ordering")


def giving_back() -> ProgressPage:
    """Say that the payment is taken back."""
    return one_step("account_deposit.giving_back")


def printing() -> ProgressPage:
    """Say that the receipt is printed."""
    return one_step("account_deposit.printing")


def last_page(s: Deposit, outcome: Outcome, *, has_receipt: bool) -> ResultPage:
    """Say how it ended, what happened to the money and what to do now."""
    text = f"account_deposit.{outcome.value}"
    cap = s.allowance.tightest
    if outcome is Outcome.DECLINED:
        body = Words(f"{text}.body.{_DECLINED.get(s.decline or DeclineReason.HOST_ERROR, 'other')}")
    elif outcome in _UNCERTAIN:
        body = Words(f"{text}.body", {"amount": format_amount(s.amount_fen)})
    elif outcome is Outcome.REFUNDED:
        body = Words(f"{text}.body", {"amount": format_amount(s.refunded_fen)})
    elif outcome is Outcome.DEPOSITED and not has_receipt:
        body = Words(f"{text}.body_no_receipt")
    else:
        body = Words(f"{text}.body")
    return ResultPage(
        tone=_TONES.get(outcome, Tone.ATTENTION),
        title=Words(f"{text}.title"),
        body=body,
        reason=cap.words if outcome is Outcome.BARRED and cap is not None else None,
        facts=_facts(s, outcome),
        pictures=_pictures(outcome, has_receipt=has_receipt),
        idle_s=LAST_PAGE_IDLE_S,
    )


def _pictures(outcome: Outcome, *, has_receipt: bool) -> tuple[Picture, ...]:
    """Return who helps, and that there is a receipt to be taken; the bank card was taken before the payment."""
    staff = (Picture.STAFF,) if outcome is Outcome.MANUAL else ()
    return (*staff, Picture.TAKE_RECEIPT) if has_receipt else staff


def _facts(s: Deposit, outcome: Outcome) -> tuple[Fact, ...]:
    account = Fact(label=Words("account_deposit.fact.account"), text=_masked(s))
    reference = Fact(label=Words("fact.reference"), text=s.transaction)
    match outcome:
        case Outcome.REFUNDED:
            return account, Fact(label=Words("fact.refund"), money_fen=s.refunded_fen, strong=True), reference
        case Outcome.DEPOSITED | Outcome.REFUND_PENDING | Outcome.UNSETTLED | Outcome.MANUAL:
            deposited = Fact(label=Words("account_deposit.fact.amount"), money_fen=s.amount_fen, strong=True)
            return account, deposited, reference
        case _:
            return ()


def _masked(s: Deposit) -> str:
    return s.account.masked if s.account is not None else ""
