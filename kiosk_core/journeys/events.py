"""What can happen to a journey: the customer acts, the card moves, time passes, card and host answer."""

from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from kiosk_core.bank_card import BankCardProblem
from kiosk_core.branch_queue import Appointment, QueueNow, QueueTicket, QueueWay, TicketRefused
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import Fault
from kiosk_core.funding import FundingKind, FundingOffer, FundingState
from kiosk_core.id_card_reader import IdCardProblem
from kiosk_core.id_document import CaptureNews, DocumentSide
from kiosk_core.id_update import IdRefused, IdUpdated
from kiosk_core.intents import FieldAnswer
from kiosk_core.ledger import Transaction
from kiosk_core.ports import (
    CardProblem,
    CarriedOut,
    Confirmation,
    CreditResult,
    Declined,
    LoadAuthorisation,
    LoadInit,
    LoadProof,
    PurseCard,
    PurseHistory,
    ReversalReason,
    Reversed,
)
from kiosk_core.risk import Allowance
from kiosk_core.social_security import SocialSecurityCard, SocialSecurityProblem


class UnexpectedEvent(AssertionError):
    """An answer arrived in a step that asked no such question: a fault of the conductor."""


class Timer(Enum):
    """The timers that a journey may start."""

    POLL = "poll"  # ask where the payment stands again
    PAYMENT = "payment"  # the payment must have arrived
    RETURN_CARD = "return_card"  # the card must be back
    RETRY = "retry"  # ask a card that lies badly once more
    ID_CARD = "id_card"  # look for the ID card again
    SLOT = "slot"  # look into the card reader again
    SIDE = "side"  # a side of the ID card must have been captured
    LEAVE = "leave"  # the last page may go
    QUEUE = "queue"  # the branch's queue must have answered
    PAPER = "paper"  # the paper must be out


# -- the customer ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AmountChosen:
    """An amount was confirmed on the keypad."""

    amount_fen: int


@dataclass(frozen=True)
class FundingChosen:
    """A way to pay was touched."""

    kind: FundingKind


@dataclass(frozen=True)
class OptionChosen:
    """One of a few things was touched."""

    name: str


@dataclass(frozen=True)
class FieldOpened:
    """A field of the form was touched."""

    name: str


@dataclass(frozen=True)
class FieldAnswered:
    """A field was answered, with what was typed or chosen."""

    name: str
    answer: FieldAnswer
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class FormConfirmed:
    """All fields of the form are right."""


@dataclass(frozen=True)
class CancelTouched:
    """The customer wants to stop."""


@dataclass(frozen=True)
class DoneTouched:
    """The customer has read the last page."""


@dataclass(frozen=True)
class CustomerGone:
    """No touch for the page's idle time, and the warning went by unanswered."""


# -- the card and time -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class CardArrived:
    """A card lies on the reader."""


@dataclass(frozen=True)
class CardLeft:
    """No card lies on the reader any more."""


@dataclass(frozen=True)
class ReaderLost:
    """The reader has been out of service for a while; nobody should wait for it with a card in the hand."""


@dataclass(frozen=True)
class TimerFired:
    """A timer that the journey started ran out."""

    timer: Timer


Unasked = (
    AmountChosen
    | FundingChosen
    | OptionChosen
    | FieldOpened
    | FieldAnswered
    | FormConfirmed
    | CancelTouched
    | DoneTouched
    | CustomerGone
    | CardArrived
    | CardLeft
    | ReaderLost
    | TimerFired
)
"""What may come in any step: one that has no use for it takes no notice. All others are answers."""


# -- answers of the card ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class CardRead:
    """The answer to ReadCard. `token` is the card's name in the journal.

    `unsettled` is the oldest transaction of this card that only this card, or staff, can settle.
    """

    card: PurseCard
    token: str
    unsettled: Transaction | None = None


@dataclass(frozen=True)
class CardLookedAt:
    """The answer to LookAtCard."""

    card: PurseCard
    history: PurseHistory


@dataclass(frozen=True)
class SocialSecurityCardRead:
    """A social-security card was in the card reader, which has given it back."""

    card: SocialSecurityCard


@dataclass(frozen=True)
class SocialSecurityCardUnusable:
    """No card is in the card reader, or one that could not be read and was given back."""

    problem: SocialSecurityProblem


@dataclass(frozen=True)
class BankCardRead:
    """A card with a bank account was in the card reader, which has given it back.

    `token` is the card's name in the journal.
    """

    number: CardNumber
    token: str


@dataclass(frozen=True)
class BankCardUnusable:
    """No card is in the card reader, or one that names no account and was given back."""

    problem: BankCardProblem


@dataclass(frozen=True)
class SlotLost:
    """There is no card reader, or it does not answer."""


@dataclass(frozen=True)
class CardUnusable:
    """The answer to a question to the card when there is none to ask, or not the right one."""

    problem: CardProblem


@dataclass(frozen=True)
class CardChallenged:
    """The answer to ChallengeCard: 8 random bytes that the card's issuer makes its commands for."""

    challenge: bytes


@dataclass(frozen=True)
class CommandsEnded:
    """The answer to CarryOut: all were carried out, or the card refused one; it has been read again."""

    result: CarriedOut


@dataclass(frozen=True)
class LoadInitialised:
    """The answer to InitializeLoad."""

    init: LoadInit


@dataclass(frozen=True)
class CreditEnded:
    """The answer to CreditLoad; whatever went wrong is a CreditUnknown."""

    result: CreditResult


@dataclass(frozen=True)
class ProofEnded:
    """The answer to ProveLoad."""

    proof: LoadProof


@dataclass(frozen=True)
class LogSearched:
    """The answer to FindLoad: whether the card's log has the load. A log is short: False proves nothing."""

    found: bool


# -- rules and the ID card -------------------------------------------------------------------------------


@dataclass(frozen=True)
class RiskAssessed:
    """The answer to AssessRisk: what the rules leave the card, and which ways to pay there are, at this moment."""

    allowance: Allowance
    funding: tuple[FundingKind, ...] = (FundingKind.QR,)


@dataclass(frozen=True)
class IdCardRead:
    """An ID card was read: `person` is the token of its number, all that is kept of it.

    `valid_until` is its last day, None where it has none.
    """

    person: str
    valid_until: date | None


@dataclass(frozen=True)
class IdCardUnusable:
    """No ID card, or none that counts."""

    problem: IdCardProblem


@dataclass(frozen=True)
class IdCardReaderLost:
    """The ID-card reader does not answer."""


@dataclass(frozen=True)
class BirthRead:
    """An ID card was read: when its holder was born, all that was asked of it."""

    birth: date = field(repr=False)


# -- the ID card under the camera ------------------------------------------------------------------------


@dataclass(frozen=True)
class CaptureTold:
    """What the capture says of `side`; of another side than the one that is captured now it is late."""

    side: DocumentSide
    news: CaptureNews


@dataclass(frozen=True)
class IdUpdateAnswered:
    """The answer to UpdateId."""

    result: IdUpdated | IdRefused


@dataclass(frozen=True)
class IdUpdateUnanswered:
    """No answer to UpdateId that counts: the host may have taken the card."""


@dataclass(frozen=True)
class IdUpdateFound:
    """The answer to FindIdUpdate: whether the host took the card; if not, it never will."""

    taken: bool


@dataclass(frozen=True)
class IdUpdateNotFound:
    """No answer to FindIdUpdate; it is asked again until there is one."""


# -- answers of the branch's queue ----------------------------------------------------------------------


@dataclass(frozen=True)
class QueueSeen:
    """The answer to LookAtQueue: how it stands, and how a customer can be told at this moment."""

    now: QueueNow
    ways: frozenset[QueueWay] = frozenset()


@dataclass(frozen=True)
class QueueUnanswered:
    """The queue does not answer; it may have made the ticket that was asked for."""


@dataclass(frozen=True)
class AppointmentSought:
    """The answer to FindAppointment; None: there is none of this code today."""

    appointment: Appointment | None


@dataclass(frozen=True)
class TicketTaken:
    """The answer to TakeTicket."""

    ticket: QueueTicket


@dataclass(frozen=True)
class TicketDeclined:
    """The queue makes no ticket."""

    refused: TicketRefused


@dataclass(frozen=True)
class TicketWithdrawn:
    """The answer to WithdrawTicket."""


# -- answers of the way to pay ---------------------------------------------------------------------------


@dataclass(frozen=True)
class FundingOffered:
    """The answer to Fund: the customer can pay now."""

    offer: FundingOffer


@dataclass(frozen=True)
class FundingDeclined:
    """The host takes no payment for this load."""

    declined: Declined


@dataclass(frozen=True)
class FundingUnanswered:
    """No answer to Fund that counts: the host may know of the payment. `reason` is that of the reversal."""

    reason: ReversalReason = ReversalReason.NO_ANSWER


@dataclass(frozen=True)
class FundingAnswered:
    """The answer to PollFunding."""

    state: FundingState


@dataclass(frozen=True)
class FundingStateUnknown:
    """No answer to PollFunding."""


# -- answers of the host ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class IssuerAnswered:
    """The answer to AskIssuer: its commands, () where there is nothing to do."""

    commands: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class IssuerDeclined:
    """The host has no commands for this card."""

    declined: Declined


@dataclass(frozen=True)
class IssuerUnanswered:
    """No answer to AskIssuer that counts. Nothing has to be reversed for it."""


@dataclass(frozen=True)
class LoadAuthorised:
    """The answer to AuthoriseLoad."""

    authorisation: LoadAuthorisation


@dataclass(frozen=True)
class LoadDeclined:
    """The host gives no MAC2."""

    declined: Declined


@dataclass(frozen=True)
class AuthorisationUnanswered:
    """No answer to AuthoriseLoad that counts. `reason` is that of the reversal."""

    reason: ReversalReason = ReversalReason.NO_ANSWER


@dataclass(frozen=True)
class ConfirmationAnswered:
    """The answer to ConfirmLoad."""

    confirmation: Confirmation


@dataclass(frozen=True)
class ConfirmationUnanswered:
    """No answer to ConfirmLoad; it is sent again until there is one."""


@dataclass(frozen=True)
class ReversalAnswered:
    """The answer to ReverseLoad."""

    reversed: Reversed


@dataclass(frozen=True)
class ReversalDeclined:
    """The host will not reverse."""

    declined: Declined


@dataclass(frozen=True)
class ReversalUnanswered:
    """No answer to ReverseLoad; it is sent again until there is one."""


# -- the printer and the journal -------------------------------------------------------------------------


@dataclass(frozen=True)
class ReceiptPrinted:
    """The receipt is out and cut."""


@dataclass(frozen=True)
class ReceiptFailed:
    """There is no receipt, or half of one."""

    fault: Fault | None = None


@dataclass(frozen=True)
class CannotGoOn:
    """A row could not be written, or the program failed: no step that moves money may follow."""


Event = (
    Unasked
    | CardRead
    | CardLookedAt
    | CardUnusable
    | SocialSecurityCardRead
    | SocialSecurityCardUnusable
    | BankCardRead
    | BankCardUnusable
    | SlotLost
    | RiskAssessed
    | IdCardRead
    | BirthRead
    | IdCardUnusable
    | IdCardReaderLost
    | CaptureTold
    | IdUpdateAnswered
    | IdUpdateUnanswered
    | IdUpdateFound
    | IdUpdateNotFound
    | QueueSeen
    | QueueUnanswered
    | AppointmentSought
    | TicketTaken
    | TicketDeclined
    | TicketWithdrawn
    | CardChallenged
    | CommandsEnded
    | LoadInitialised
    | CreditEnded
    | ProofEnded
    | LogSearched
    | FundingOffered
    | FundingDeclined
    | FundingUnanswered
    | FundingAnswered
    | FundingStateUnknown
    | IssuerAnswered
    | IssuerDeclined
    | IssuerUnanswered
    | LoadAuthorised
    | LoadDeclined
    | AuthorisationUnanswered
    | ConfirmationAnswered
    | ConfirmationUnanswered
    | ReversalAnswered
    | ReversalDeclined
    | ReversalUnanswered
    | ReceiptPrinted
    | ReceiptFailed
    | CannotGoOn
)
