"""The ticket on paper, in the customer's language: the number as large as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk_core.branch_queue import QueueTicket
from kiosk_core.receipt import Align, Blank, Element, Headline, Pair, QrCode, Receipt, Rule, TextLine
from kiosk_core.texts import LocalText

if TYPE_CHECKING:
    from kiosk_core.journeys.queue_ticket.state import Ticketing

_AHEAD = LocalText("前面还有", "People ahead of you")
_PEOPLE = LocalText("{count}人", "{count}")
_ABOUT = LocalText("大约等候", "Wait: about")
_UP_TO = LocalText("一般不超过", "Usually not more than")
_MINUTES = LocalText("{minutes}分钟", "{minutes} min")
_TIME = LocalText("取号时间", "Taken at")
_SCAN = LocalText("手机扫码，随时看还要等多久", "Scan to see on your phone how long it will take")


def receipt(s: Ticketing, ticket: QueueTicket) -> Receipt:
    """Return the ticket as it is printed."""

    def say(text: LocalText, **values: str) -> str:
        return text.in_language(s.language).format_map(values)

    service, named = s.queue.service(s.chosen), s.customer_class
    titles = [s.service.receipt_title, *([named.title] if named is not None else [])]
    lines: list[Element] = [
        TextLine(f"{say(s.terminal.bank)} {say(s.terminal.branch)}", align=Align.CENTER, bold=True),
        TextLine(" · ".join(map(say, titles)), align=Align.CENTER, bold=named is not None),
        Headline(ticket.number),
    ]
    if service is not None:
        lines.append(TextLine(say(service.title), align=Align.CENTER, bold=True, large=True))
    lines += [Rule(), Pair(say(_AHEAD), say(_PEOPLE, count=f"{ticket.ahead}"), bold=True)]
    if ticket.wait.minutes is not None:
        about, up_to = ticket.wait.minutes
        lines.append(Pair(say(_ABOUT), say(_MINUTES, minutes=f"{about}"), bold=True))
        lines.append(Pair(say(_UP_TO), say(_MINUTES, minutes=f"{up_to}"), bold=True))
    lines += [Pair(say(_TIME), f"{ticket.issued_at:%Y-%m-%d %H:%M}"), Rule()]
    if ticket.page_url:
        lines += [QrCode(ticket.page_url), TextLine(say(_SCAN), align=Align.CENTER)]
    if s.service.receipt_note is not None:
        lines += [Blank(), TextLine(say(s.service.receipt_note), align=Align.CENTER)]
    return Receipt(tuple(lines))
