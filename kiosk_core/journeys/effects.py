"""What a journey asks the conductor to do. Effects are carried out in order; a Record is on disk before the next."""

from dataclasses import dataclass, field

from kiosk_core.branch_queue import TicketWish
from kiosk_core.card_number import CardNumber
from kiosk_core.funding import FundingKind
from kiosk_core.id_document import CapturedSide, DocumentSide
from kiosk_core.id_update import IdRecord
from kiosk_core.journeys.events import Timer
from kiosk_core.ledger import Facts, LedgerState
from kiosk_core.pages import Page
from kiosk_core.ports import IssuerQuestion, LoadAuthorisation, LoadInit, ReversalReason, Trace
from kiosk_core.receipt import Receipt
from kiosk_core.services import PaidService


@dataclass(frozen=True)
class Show:
    """Put this page on the screen; with `until` its `deadline_s` becomes what is left of that timer."""

    page: Page
    until: Timer | None = None


@dataclass(frozen=True)
class Record:
    """Write a row of the journal; nothing after it happens unless it is on disk."""

    transaction: str
    state: LedgerState
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Note:
    """Write down what happened behind the last row of a transaction; if that fails the journey goes on all the same."""

    transaction: str
    facts: Facts


@dataclass(frozen=True)
class StartTimer:
    """Fire TimerFired after `seconds`; with `keep` a timer that runs already is left as it is."""

    timer: Timer
    seconds: float
    keep: bool = False


@dataclass(frozen=True)
class StopTimer:
    """Forget this timer."""

    timer: Timer


@dataclass(frozen=True)
class WatchCard:
    """Fire CardArrived if a card lies on the reader now, even if that is known; later movements always fire."""


@dataclass(frozen=True)
class ReadCard:
    """-> CardRead | CardUnusable."""


@dataclass(frozen=True)
class LookAtCard:
    """-> CardLookedAt | CardUnusable. Unlike ReadCard it asks the journal nothing."""


@dataclass(frozen=True)
class LookInSlot:
    """Let a card into the card reader, read one that is there, and give it back.

    -> SocialSecurityCardRead | SocialSecurityCardUnusable | SlotLost.
    """


@dataclass(frozen=True)
class ReadBankCard:
    """The same for a card with a bank account -> BankCardRead | BankCardUnusable | SlotLost."""


@dataclass(frozen=True)
class CloseSlot:
    """Let no card into the card reader any more; there is no answer."""


@dataclass(frozen=True)
class AssessRisk:
    """-> RiskAssessed. The card is to be used for `service`; `token` is its name in the journal."""

    service: PaidService
    number: CardNumber
    token: str


@dataclass(frozen=True)
class ReadIdCard:
    """-> IdCardRead | IdCardUnusable | IdCardReaderLost."""


@dataclass(frozen=True)
class ReadBirth:
    """The same for the day of birth alone -> BirthRead | IdCardUnusable | IdCardReaderLost."""


@dataclass(frozen=True)
class CaptureSide:
    """-> CaptureTold, again and again: hints, last a CapturedSide or a CaptureProblem."""

    side: DocumentSide


@dataclass(frozen=True)
class StopCapture:
    """Capture nothing any more; there is no answer."""


@dataclass(frozen=True)
class Wipe:
    """Overwrite the pictures in what was captured; there is no answer."""

    sides: tuple[CapturedSide, ...]


@dataclass(frozen=True)
class UpdateId:
    """-> IdUpdateAnswered | IdUpdateUnanswered."""

    trace: Trace
    record: IdRecord


@dataclass(frozen=True)
class FindIdUpdate:
    """-> IdUpdateFound | IdUpdateNotFound."""

    trace: Trace


@dataclass(frozen=True)
class LookAtQueue:
    """-> QueueSeen | QueueUnanswered."""


@dataclass(frozen=True)
class FindAppointment:
    """-> AppointmentSought."""

    code: str


@dataclass(frozen=True)
class TakeTicket:
    """-> TicketTaken | TicketDeclined | QueueUnanswered. The same `key` is never two tickets."""

    wish: TicketWish
    key: str


@dataclass(frozen=True)
class WithdrawTicket:
    """-> TicketWithdrawn | QueueUnanswered."""

    wish: TicketWish
    key: str


@dataclass(frozen=True)
class ChallengeCard:
    """-> CardChallenged | CardUnusable."""

    number: CardNumber


@dataclass(frozen=True)
class AskIssuer:
    """-> IssuerAnswered | IssuerDeclined | IssuerUnanswered. The answer counts for the card that gave the challenge."""

    trace: Trace
    question: IssuerQuestion


@dataclass(frozen=True)
class CarryOut:
    """Have the card that gave the challenge carry out its issuer's commands -> CommandsEnded | CardUnusable."""

    number: CardNumber
    commands: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class InitializeLoad:
    """-> LoadInitialised | CardUnusable."""

    number: CardNumber
    amount_fen: int


@dataclass(frozen=True)
class CreditLoad:
    """-> CreditEnded."""

    authorisation: LoadAuthorisation


@dataclass(frozen=True)
class ProveLoad:
    """-> ProofEnded | CardUnusable. `token` names the card that is asked."""

    token: str
    counter: int
    amount_fen: int


@dataclass(frozen=True)
class FindLoad:
    """-> LogSearched | CardUnusable. `token` names the card; `authorised_at` is YYYYMMDDhhmmss of the host."""

    token: str
    amount_fen: int
    authorised_at: str


@dataclass(frozen=True)
class Fund:
    """-> FundingOffered | FundingDeclined | FundingUnanswered."""

    kind: FundingKind
    trace: Trace
    init: LoadInit


@dataclass(frozen=True)
class PollFunding:
    """-> FundingAnswered | FundingStateUnknown."""

    kind: FundingKind
    trace: Trace


@dataclass(frozen=True)
class CancelFunding:
    """End the customer's part of a payment: there is no answer, and what the host was asked stays asked."""

    kind: FundingKind
    trace: Trace


@dataclass(frozen=True)
class OrderDeposit:
    """-> FundingOffered | FundingDeclined | FundingUnanswered. `account` is the card whose bank account gets it."""

    trace: Trace
    account: CardNumber
    amount_fen: int


@dataclass(frozen=True)
class AuthoriseLoad:
    """-> LoadAuthorised | LoadDeclined | AuthorisationUnanswered."""

    trace: Trace
    init: LoadInit


@dataclass(frozen=True)
class ConfirmLoad:
    """-> ConfirmationAnswered | ConfirmationUnanswered."""

    trace: Trace
    amount_fen: int
    tac: bytes


@dataclass(frozen=True)
class ReverseLoad:
    """-> ReversalAnswered | ReversalDeclined | ReversalUnanswered."""

    trace: Trace
    amount_fen: int
    reason: ReversalReason


@dataclass(frozen=True)
class PrintReceipt:
    """-> ReceiptPrinted | ReceiptFailed."""

    receipt: Receipt


@dataclass(frozen=True)
class End:
    """The journey is over; the terminal goes back to its home page."""


Effect = (
    Show
    | Record
    | Note
    | StartTimer
    | StopTimer
    | WatchCard
    | ReadCard
    | LookAtCard
    | LookInSlot
    | ReadBankCard
    | CloseSlot
    | AssessRisk
    | ReadIdCard
    | ReadBirth
    | CaptureSide
    | StopCapture
    | Wipe
    | UpdateId
    | FindIdUpdate
    | LookAtQueue
    | FindAppointment
    | TakeTicket
    | WithdrawTicket
    | ChallengeCard
    | AskIssuer
    | CarryOut
    | InitializeLoad
    | CreditLoad
    | ProveLoad
    | FindLoad
    | Fund
    | PollFunding
    | CancelFunding
    | OrderDeposit
    | AuthoriseLoad
    | ConfirmLoad
    | ReverseLoad
    | PrintReceipt
    | End
)
