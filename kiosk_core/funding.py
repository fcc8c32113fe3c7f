"""The port of the ways to pay: an order that a phone pays, a bank card with its PIN; cash would be one more.

The order of a payment: the row FUND_REQ is on disk, then `begin`, then `poll` until the answer is no Pending. Whoever
begins a payment and is not told Paid or Unpaid reverses it at the host, whatever else happens: `cancel` takes nothing
back, it only gives the customer's card or keys free.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from kiosk_core.ports import Declined, DeclineReason, LoadInit, QrOrder, ReversalReason, Trace
from kiosk_core.risk import Cap


class FundingKind(Enum):
    """A way to pay; the value is the fact `funding` of the row FUND_REQ and names the texts."""

    QR = "qr"
    BANK_CARD = "bank_card"


class FundingStage(Enum):
    """What a payment waits for; the value names the text that the customer reads. PAY: the customer's phone."""

    PAY = "pay"
    INSERT_CARD = "insert_card"
    READ_CARD = "read_card"
    ENTER_PIN = "enter_pin"
    ASK_BANK = "ask_bank"
    TAKE_CARD = "take_card"


@dataclass(frozen=True)
class BankCardOffer:
    """The reader takes a bank card now."""


FundingOffer = QrOrder | BankCardOffer


@dataclass(frozen=True)
class Pending:
    """Not paid yet. `problem` names what the customer should know of the last try (a BankCardProblem's value, say)."""

    stage: FundingStage = FundingStage.PAY
    problem: str | None = None


@dataclass(frozen=True)
class Paid:
    """The host has the money. `payer` is the token of the paying account in the journal, "" where it is not known.

    `approval` is the code by which the bank finds its decision about a bank card again, "" where there is none.
    """

    payer: str = ""
    approval: str = ""


@dataclass(frozen=True)
class Unpaid:
    """Nothing was taken and nothing can be any more.

    `reason` is the bank's, or the rule of this terminal that does not let this payer pay; None: the customer did not
    go on.
    """

    reason: DeclineReason | Cap | None = None
    response_code: str = ""


@dataclass(frozen=True)
class Unclear:
    """The money may have been taken, and nobody can tell: it is to be reversed for `reason`."""

    reason: ReversalReason


FundingState = Pending | Paid | Unpaid | Unclear


class FundingSource(Protocol):
    """A way to pay. One payment at a time, by one thread; `begin` forgets the one before."""

    def begin(self, trace: Trace, init: LoadInit) -> FundingOffer | Declined:
        """Ask for the payment of `init.amount_fen`.

        Raises:
            HostSilent: there may be an order at the host; it is to be reversed.
        """
        ...

    def poll(self, trace: Trace) -> FundingState:
        """Return where the payment stands; does not wait for the customer.

        Raises:
            HostSilent: the host does not tell; ask again.
        """
        ...

    def cancel(self, trace: Trace) -> None:
        """End the customer's part: no PIN is taken any more, a card is given back. What was asked stays asked."""
        ...
