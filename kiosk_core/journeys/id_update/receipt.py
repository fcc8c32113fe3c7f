"""The receipt of an update, in the customer's language: that the bank was told, of whom only what is masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk_core.id_document import LONG_TERM
from kiosk_core.journeys.id_update.outcome import Outcome
from kiosk_core.journeys.receipt import framed
from kiosk_core.receipt import Pair, Receipt
from kiosk_core.texts import LocalText

if TYPE_CHECKING:
    from kiosk_core.journeys.id_update.state import IdUpdating

_DATE = LocalText("办理日期", "Date")
_NAME = LocalText("姓名", "Name")
_NUMBER = LocalText("身份证号", "ID number")
_VALID_UNTIL = LocalText("证件有效期至", "ID card valid until")
_NO_END = LocalText("长期", "no end")

_RESULTS = {
    Outcome.UPDATED: LocalText("更新成功", "Updated"),
    Outcome.PENDING: LocalText("银行正在核实", "The bank is checking"),
}
_NOTES = {
    Outcome.PENDING: LocalText(
        "银行暂未应答，机器会自动查明是否已更新。请凭流水号到柜台或本机旁的大堂经理处查询。",
        "The bank has not answered yet. This machine will find out whether your data were updated. Our staff can"
        " tell you, by the reference.",
    ),
}


def receipt(s: IdUpdating, outcome: Outcome) -> Receipt:
    """Return the receipt for how it ended."""

    def say(text: LocalText) -> str:
        return text.in_language(s.language)

    until = s.masked.valid_until
    lines = (
        Pair(say(_NAME), s.masked.name),
        Pair(say(_NUMBER), s.masked.number),
        Pair(say(_VALID_UNTIL), say(_NO_END) if until == LONG_TERM else until, bold=True),
    )
    return framed(s, lines, _RESULTS[outcome], _NOTES.get(outcome), when=Pair(say(_DATE), f"{s.terminal.today}"))
