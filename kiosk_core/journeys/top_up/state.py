"""What a top-up knows, and where it stands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from kiosk_core.funding import FundingKind, FundingOffer, Pending
from kiosk_core.journeys.effects import Effect
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.ledger import LedgerState
from kiosk_core.ports import (
    DeclineReason,
    LoadInit,
    PurseCard,
    ReversalReason,
    Trace,
)
from kiosk_core.risk import Allowance
from kiosk_core.services import TransitTopUp
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


class Step(Enum):
    """Where the customer stands."""

    PLACE_CARD = "place_card"
    READING = "reading"
    ASSESSING = "assessing"  # what do the rules leave this card?
    AMOUNT = "amount"
    IDENTIFYING = "identifying"  # a rule wants an ID card for this amount
    CHOOSING_FUNDING = "choosing_funding"  # there is more than one way to pay
    CHALLENGING = "challenging"  # the card's issuer wants its challenge
    ASKING_ISSUER = "asking_issuer"  # are there commands of the issuer for this card?
    EXTENDING = "extending"  # the card carries them out
    INITIALISING = "initialising"  # 80 50 before the payment, so that the host can check MAC1 first
    CLEARING = "clearing"  # the rules once more, right before the payment is asked for
    ORDERING = "ordering"  # the payment is asked for
    PAYING = "paying"  # the customer pays
    RENEWING = "renewing"  # a fresh 80 50 after the payment: the card may have been lifted
    REPLACE_CARD = "replace_card"  # paid, and the card is not there
    AUTHORISING = "authorising"
    LOADING = "loading"  # 80 52 is under way
    PROVING = "proving"  # 80 5A is under way
    SEARCHING = "searching"  # the card has moved on since: its log may remember
    RETURN_CARD = "return_card"  # 80 52 may have happened, and the card is not there
    CHECKING = "checking"  # the new balance is read
    CONFIRMING = "confirming"
    REVERSING = "reversing"
    PRINTING = "printing"
    LAST_PAGE = "last_page"
    ENDED = "ended"


@dataclass(frozen=True)
class TopUp:
    """All that a top-up knows. `attended`: a customer stands there; otherwise it is recovery.

    `allowance` is what the rules left the card when they were last asked, `rule` the id of the last one that said
    no, `person` the token of the ID card that was shown. `init` is the last answer to 80 50, `witness`
    counter and balance that the card showed after 80 5A found nothing. `expires_first` is the card's last day when it
    was first read, `valid_until` the later one that it got since, `issuer_heard` whether its issuer's commands are
    dealt with. `funding` is the way to pay, of `ways_to_pay`; `offer` is what the customer got to pay by, `pending`
    what the payment waited for last, `approval` the bank's code.
    """

    service: TransitTopUp
    terminal: Terminal
    transaction: str
    trace: Trace
    language: Language
    step: Step = Step.PLACE_CARD
    ledger: LedgerState = LedgerState.NEW
    attended: bool = True
    earlier: bool = False
    card_present: bool = False
    card: PurseCard | None = None
    expires_first: date | None = None
    valid_until: date | None = None
    issuer_heard: bool = False
    token: str = ""
    masked_number: str = ""
    old_balance_fen: int = 0
    new_balance_fen: int | None = None
    amount_fen: int = 0
    allowance: Allowance = field(default_factory=Allowance)
    rule: str = ""
    person: str = ""
    init: LoadInit | None = None
    counter: int = 0
    ways_to_pay: tuple[FundingKind, ...] = (FundingKind.QR,)
    funding: FundingKind = FundingKind.QR
    offer: FundingOffer | None = None
    pending: Pending = field(default_factory=Pending)
    paid: bool = False
    approval: str = ""
    authorised_at: str = ""
    witness: tuple[int, int] = (0, 0)
    tac: bytes = b""
    reversal_reason: ReversalReason = ReversalReason.NO_ANSWER
    unpaid_outcome: Outcome = Outcome.CANCELLED
    outcome: Outcome | None = None
    decline: DeclineReason | None = None
    refunded_fen: int = 0


Next = tuple[TopUp, tuple[Effect, ...]]
Transition = Callable[[TopUp, Any], Next]
