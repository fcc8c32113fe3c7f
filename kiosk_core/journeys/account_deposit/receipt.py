"""The receipt of a deposit, in the customer's language. What it says about the money is what the journal says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk_core.journeys.account_deposit.outcome import Outcome
from kiosk_core.journeys.receipt import REFUND_PENDING, framed
from kiosk_core.money import format_amount
from kiosk_core.receipt import Pair, Receipt
from kiosk_core.texts import LocalText

if TYPE_CHECKING:
    from kiosk_core.journeys.account_deposit.state import Deposit

_ACCOUNT = LocalText("存入卡号", "To the account of card")
_AMOUNT = LocalText("存入金额", "Amount")
_REFUND = LocalText("退款金额", "Refund")

_RESULTS = {
    Outcome.DEPOSITED: LocalText("存款成功", "Paid in"),
    Outcome.REFUNDED: LocalText("未存入，款项已退回", "Not paid in, money refunded"),
    Outcome.REFUND_PENDING: LocalText("未存入，款项将自动退回", "Not paid in, refund under way"),
    Outcome.MANUAL: LocalText("请到柜台核实", "Please ask at the counter"),
}
_NOTES = {
    Outcome.REFUND_PENDING: REFUND_PENDING,
    Outcome.MANUAL: LocalText(
        "请持本凭条和银行卡到柜台，工作人员会为您核实。",
        "Take this receipt and the card to the counter; our staff will check it for you.",
    ),
}


def receipt(s: Deposit, outcome: Outcome) -> Receipt:
    """Return the receipt for how it ended."""
    label, fen = (_REFUND, s.refunded_fen) if outcome is Outcome.REFUNDED else (_AMOUNT, s.amount_fen)
    lines = (
        Pair(_ACCOUNT.in_language(s.language), s.account.masked if s.account is not None else ""),
        Pair(label.in_language(s.language), format_amount(fen), bold=True),
    )
    return framed(s, lines, _RESULTS[outcome], _NOTES.get(outcome))
