"""What a deposit knows, and where it stands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from kiosk_core.card_number import CardNumber
from kiosk_core.journeys.account_deposit.outcome import Outcome
from kiosk_core.journeys.effects import Effect
from kiosk_core.ledger import LedgerState
from kiosk_core.ports import DeclineReason, QrOrder, ReversalReason, Trace
from kiosk_core.risk import Allowance
from kiosk_core.services import AccountDeposit
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


class Step(Enum):
    """Where the customer stands."""

    INSERT_CARD = "insert_card"
    ASSESSING = "assessing"  # what do the rules leave this card?
    AMOUNT = "amount"
    CLEARING = "clearing"  # the rules once more, right before the payment is asked for
    ORDERING = "ordering"
    PAYING = "paying"
    ASKING = "asking"  # recovery asks the host what became of the order
    REVERSING = "reversing"
    PRINTING = "printing"
    LAST_PAGE = "last_page"
    ENDED = "ended"


@dataclass(frozen=True)
class Deposit:
    """All that a deposit knows. `attended`: a customer stands there; otherwise it is recovery.

    `token` names the card in the journal. `allowance` is what the rules left it when they were last asked, `rule` the
    id of the last one that said no.
    """

    service: AccountDeposit
    terminal: Terminal
    transaction: str
    trace: Trace
    language: Language
    step: Step = Step.INSERT_CARD
    ledger: LedgerState = LedgerState.NEW
    attended: bool = True
    account: CardNumber | None = None
    token: str = ""
    allowance: Allowance = field(default_factory=Allowance)
    rule: str = ""
    amount_fen: int = 0
    order: QrOrder | None = None
    reversal_reason: ReversalReason = ReversalReason.NO_ANSWER
    unpaid_outcome: Outcome = Outcome.CANCELLED
    outcome: Outcome | None = None
    decline: DeclineReason | None = None
    refunded_fen: int = 0


Next = tuple[Deposit, tuple[Effect, ...]]
Transition = Callable[[Deposit, Any], Next]
