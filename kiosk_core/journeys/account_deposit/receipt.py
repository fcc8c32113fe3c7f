"""The receipt of a deposit, in the customer's language. What it says about the money is what the journal says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk_core.journeys.account_deposit.outcome import Outcome
from kiosk_core.money import format_amount
from kiosk_core.receipt import Align, Blank, Element, Pair, QrCode, Receipt, Rule, TextLine
from kiosk_core.texts import LocalText

if TYPE_CHECKING:
    from kiosk_core.journeys.account_deposit.state import Deposit

_TERMINAL = LocalText("终端编号", "Terminal")
_REFERENCE = LocalText("流水号", "Reference")
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
    Outcome.REFUND_PENDING: LocalText(
        "银行暂未应答。如已付款，款项会自动原路退回，无需操作。",
        "The bank has not answered yet. Whatever was paid goes back to the payer by itself.",
    ),
    Outcome.MANUAL: LocalText(
        "请持本凭条和银行卡到柜台，工作人员会为您核实。",
        "Take this receipt and the card to the counter; our staff will check it for you.",
    ),
}


def receipt(s: Deposit, outcome: Outcome) -> Receipt:
    """Return the receipt for how it ended."""

    def say(text: LocalText) -> str:
        return text.in_language(s.language)

    lines: list[Element] = []
    if s.terminal.logo is not None:
        lines += [s.terminal.logo, Blank()]
    lines += [
        TextLine(say(s.terminal.bank), align=Align.CENTER, bold=True),
        TextLine(say(s.service.receipt_title), align=Align.CENTER, bold=True, large=True),
        Blank(),
        Pair(say(_TERMINAL), f"{s.terminal.number} {say(s.terminal.branch)}"),
        Pair(say(_REFERENCE), s.transaction),
        Rule(),
        Pair(say(_ACCOUNT), s.account.masked if s.account is not None else ""),
    ]
    if outcome is Outcome.REFUNDED:
        lines.append(Pair(say(_REFUND), format_amount(s.refunded_fen), bold=True))
    else:
        lines.append(Pair(say(_AMOUNT), format_amount(s.amount_fen), bold=True))
    lines += [Rule(), TextLine(say(_RESULTS[outcome]), align=Align.CENTER, bold=True)]
    if outcome in _NOTES:
        lines.append(TextLine(say(_NOTES[outcome])))
    lines += [Blank(), QrCode(s.transaction)]
    if s.service.receipt_note is not None:
        lines += [Blank(), TextLine(say(s.service.receipt_note), align=Align.CENTER)]
    return Receipt(tuple(lines))
