"""What the receipts of all journeys share: what stands around their own lines."""

from collections.abc import Iterable
from typing import Protocol

from kiosk_core.receipt import Align, Blank, Element, Pair, QrCode, Receipt, Rule, TextLine
from kiosk_core.services import RecordedService
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language, LocalText

_TERMINAL = LocalText("终端编号", "Terminal")
_REFERENCE = LocalText("流水号", "Reference")

REFUND_PENDING = LocalText(
    "银行暂未应答。如已付款，款项会自动原路退回，无需操作。",
    "The bank has not answered yet. Whatever was paid goes back to the payer by itself.",
)
"""The note for a customer whose payment is taken back when the bank answers."""


class Recorded(Protocol):
    """What a receipt shows of any journey that keeps a transaction in the journal."""

    @property
    def service(self) -> RecordedService:
        """The service that the customer chose."""
        ...

    @property
    def terminal(self) -> Terminal:
        """The terminal when the journey began."""
        ...

    @property
    def transaction(self) -> str:
        """The number of its transaction in the journal."""
        ...

    @property
    def language(self) -> Language:
        """What the customer reads."""
        ...


def framed(
    s: Recorded, lines: Iterable[Element], result: LocalText, note: LocalText | None = None, when: Pair | None = None
) -> Receipt:
    """Return the receipt with the journey's own `lines`; `note` says what to do now, `when` stands below the reference.

    Texts are in the customer's language.
    """

    def say(text: LocalText) -> str:
        return text.in_language(s.language)

    elements: list[Element] = []
    if s.terminal.logo is not None:
        elements += [s.terminal.logo, Blank()]
    elements += [
        TextLine(say(s.terminal.bank), align=Align.CENTER, bold=True),
        TextLine(say(s.service.receipt_title), align=Align.CENTER, bold=True, large=True),
        Blank(),
        Pair(say(_TERMINAL), f"{s.terminal.number} {say(s.terminal.branch)}"),
        Pair(say(_REFERENCE), s.transaction),
    ]
    if when is not None:
        elements.append(when)
    elements += [Rule(), *lines, Rule(), TextLine(say(result), align=Align.CENTER, bold=True)]
    if note is not None:
        elements.append(TextLine(say(note)))
    elements += [Blank(), QrCode(s.transaction)]
    if s.service.receipt_note is not None:
        elements += [Blank(), TextLine(say(s.service.receipt_note), align=Align.CENTER)]
    return Receipt(tuple(elements))
