"""The receipt of a top-up, in the customer's language. What it says about the money is what the journal says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk_core.funding import FundingKind
from kiosk_core.journeys.receipt import REFUND_PENDING, framed
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.money import format_amount
from kiosk_core.receipt import Pair, Receipt
from kiosk_core.texts import LocalText

if TYPE_CHECKING:
    from kiosk_core.journeys.top_up.state import TopUp

_LABELS = {
    "time": LocalText("交易时间", "Time"),
    "card": LocalText("卡号", "Card"),
    "valid_until": LocalText("有效期延至", "Now valid until"),
    "old_balance": LocalText("充值前余额", "Balance before"),
    "amount": LocalText("充值金额", "Amount"),
    "new_balance": LocalText("充值后余额", "New balance"),
    "paid_by": LocalText("付款方式", "Paid by"),
    "approval": LocalText("授权码", "Approval code"),
    "refund": LocalText("退款金额", "Refund"),
    "tac": LocalText("交易验证码 TAC", "TAC"),
}

_PAID_BY = {
    FundingKind.QR: LocalText("手机扫码", "Phone, QR code"),
    FundingKind.BANK_CARD: LocalText("银行卡", "Bank card"),
}

_RESULTS = {
    Outcome.LOADED: LocalText("充值成功", "Topped up"),
    Outcome.REFUNDED: LocalText("未充值，款项已退回", "Not topped up, money refunded"),
    Outcome.REFUND_PENDING: LocalText("未充值，款项将自动退回", "Not topped up, refund under way"),
    Outcome.SUSPENSE: LocalText("结果待核实", "Result not yet known"),
    Outcome.MANUAL: LocalText("请到柜台核实", "Please ask at the counter"),
}

_NOTES = {
    Outcome.REFUND_PENDING: REFUND_PENDING,
    Outcome.SUSPENSE: LocalText(
        "请带同一张卡回到本机，或持本凭条到柜台。款项不会丢失。",
        "Bring the same card back to this terminal, or this receipt to the counter. No money is lost.",
    ),
    Outcome.MANUAL: LocalText(
        "请持本凭条和卡片到柜台，工作人员会为您核实。",
        "Take this receipt and the card to the counter; our staff will check it for you.",
    ),
}


def receipt(s: TopUp, outcome: Outcome) -> Receipt:
    """Return the receipt for how it ended."""

    def label(key: str) -> str:
        return _LABELS[key].in_language(s.language)

    lines = [Pair(label("card"), s.masked_number)]
    if s.valid_until is not None:
        lines.append(Pair(label("valid_until"), s.valid_until.isoformat()))
    match outcome:
        case Outcome.LOADED:
            new_balance = s.old_balance_fen + s.amount_fen if s.new_balance_fen is None else s.new_balance_fen
            lines += [
                Pair(label("old_balance"), format_amount(s.old_balance_fen)),
                Pair(label("amount"), format_amount(s.amount_fen), bold=True),
                Pair(label("new_balance"), format_amount(new_balance), bold=True),
                Pair(label("tac"), s.tac.hex().upper()),
            ]
        case Outcome.REFUNDED:
            lines.append(Pair(label("refund"), format_amount(s.refunded_fen), bold=True))
        case _:
            lines.append(Pair(label("amount"), format_amount(s.amount_fen), bold=True))
    lines.append(Pair(label("paid_by"), _PAID_BY[s.funding].in_language(s.language)))
    if s.approval:
        lines.append(Pair(label("approval"), s.approval))
    when = Pair(label("time"), _time(s.authorised_at)) if s.authorised_at else None
    return framed(s, lines, _RESULTS[outcome], _NOTES.get(outcome), when)


def _time(stamp: str) -> str:
    """YYYYMMDDhhmmss -> YYYY-MM-DD hh:mm:ss."""
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[8:10]}:{stamp[10:12]}:{stamp[12:14]}"
