"""The ports: what a journey may ask of the world, one Protocol a device class, verbs as the user says them.

Answers that belong to ordinary life are results (a card that is no transit card, a host that declines);
exceptions are those of `kiosk_core.errors`. Every multi-valued answer is a union to `match` on.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Protocol

from kiosk_core.card_number import CardNumber
from kiosk_core.device import Device
from kiosk_core.receipt import Receipt
from kiosk_core.status import Media

# -- the top-up module: a transit purse on a contactless reader ----------------------------------------


class CardProblem(Enum):
    """Why a card cannot be used; the value names the text that the customer reads."""

    NOT_PRESENT = "not_present"
    NOT_A_TRANSIT_CARD = "not_a_transit_card"
    UNREADABLE = "unreadable"
    LOCKED = "locked"
    OTHER_CARD = "other_card"


@dataclass(frozen=True)
class PurseCard:
    """A transit card as read: `expires` is its last valid day, None where the card names none."""

    number: CardNumber
    balance_fen: int
    expires: date | None = None


@dataclass(frozen=True)
class LoadInit:
    """The answer to INITIALIZE FOR LOAD (80 50): what the host needs to check MAC1 and to make MAC2.

    `amount_fen` and `terminal_no` (6 bytes) are what was sent; `counter` is the online counter (2 bytes)
    before the load; `random` and `mac1` have 4 bytes.
    """

    number: CardNumber
    amount_fen: int
    terminal_no: bytes
    balance_fen: int
    counter: int
    key_version: int
    algorithm: int
    random: bytes
    mac1: bytes


@dataclass(frozen=True)
class LoadAuthorisation:
    """The host's permission to credit: its date (YYYYMMDD) and time (hhmmss) and MAC2 (4 bytes)."""

    date: str
    time: str
    mac2: bytes


@dataclass(frozen=True)
class Credited:
    """CREDIT FOR LOAD (80 52) succeeded; `tac` has 4 bytes."""

    tac: bytes


@dataclass(frozen=True)
class CreditRefused:
    """The card answered 80 52 with a status word that proves that nothing was credited (9302, 9403, 69xx)."""

    status_word: int


@dataclass(frozen=True)
class CreditUnknown:
    """80 52 left the terminal and no answer that proves anything came back."""

    reason: str


CreditResult = Credited | CreditRefused | CreditUnknown


@dataclass(frozen=True)
class LoadProven:
    """GET TRANSACTION PROVE (80 5A) answered 9000: the card was loaded; `mac` and `tac` have 4 bytes."""

    mac: bytes
    tac: bytes


@dataclass(frozen=True)
class LoadNotFound:
    """80 5A answered 9406; a fresh 80 50 then gave the card's present `counter` and `balance_fen`."""

    counter: int
    balance_fen: int


@dataclass(frozen=True)
class ProofUnclear:
    """80 5A answered something that proves neither."""

    status_word: int


LoadProof = LoadProven | LoadNotFound | ProofUnclear


class TopUpModule(Device, Protocol):
    """A contactless reader with the transit purse on it.

    Its status has `media`. A card that is absent is a CardProblem and no exception.
    """

    def media(self) -> Media:
        """Return whether a card is on the reader; fit for polling every 100 ms."""
        ...

    def read_card(self) -> PurseCard | CardProblem:
        """Power the card, select its purse and read number, balance and expiry."""
        ...

    def initialize_load(self, number: CardNumber, amount_fen: int, terminal_no: bytes) -> LoadInit | CardProblem:
        """Check that the card is still `number` (else OTHER_CARD) and send INITIALIZE FOR LOAD."""
        ...

    def credit_load(self, authorisation: LoadAuthorisation) -> CreditResult:
        """Send CREDIT FOR LOAD exactly once; never raises once its bytes may have left."""
        ...

    def prove_load(
        self, is_same_card: "CardCheck", counter: int, amount_fen: int, terminal_no: bytes
    ) -> LoadProof | CardProblem:
        """Ask the card whether the load begun at online counter `counter` happened (80 5A with counter + 1).

        The card is selected again first and `is_same_card` asked about its number (else OTHER_CARD). After
        9406, and only then, a fresh 80 50 reads the second witness.
        """
        ...


class CardCheck(Protocol):
    """Whether a number is the card of a transaction; after a restart only its keyed token is known."""

    def __call__(self, number: CardNumber) -> bool:
        """Return whether `number` is it."""
        ...


# -- the receipt printer -------------------------------------------------------------------------------


class ReceiptPrinter(Device, Protocol):
    """A receipt printer; its status has `supplies["paper"]`."""

    def print(self, receipt: Receipt) -> None:
        """Print, cut, and return only when the printer has said that it is done.

        Raises:
            DeviceFault: paper out, cover open, cutter stuck...: the customer may hold no or half a receipt.
            DeviceUnavailable: unplugged or silent; the same is true.
        """
        ...


# -- the bank host -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trace:
    """The numbers that make a request to the host unique: terminal, transaction and its four STANs.

    `transaction` (at most 20 characters) is the order number of the QR payment as well. The STANs (1 to
    999999) are drawn once when the transaction begins, so a repeated request carries the same one.
    """

    transaction: str
    order_stan: int
    authorise_stan: int
    confirm_stan: int
    reverse_stan: int


class DeclineReason(Enum):
    """Why the host said no; the value names the text that the customer reads."""

    CARD_NOT_ACCEPTED = "card_not_accepted"
    MAC1_WRONG = "mac1_wrong"
    LIMIT = "limit"
    NOT_PAID = "not_paid"
    HOST_ERROR = "host_error"


@dataclass(frozen=True)
class Declined:
    """The host refused; `response_code` is its DE 39."""

    reason: DeclineReason
    response_code: str


@dataclass(frozen=True)
class QrOrder:
    """A payment order: `code` is the text of the QR to show; it can be paid for `expires_in_s` seconds."""

    code: str
    expires_in_s: int


class OrderState(Enum):
    """What became of a QR order."""

    PENDING = "pending"
    PAID = "paid"
    EXPIRED = "expired"


class ReversalReason(Enum):
    """DE 39 of a reversal, UnionPay POS (facts: money-safety 5.1)."""

    NO_ANSWER = "98"
    TERMINAL_FAULT = "96"
    MAC_WRONG = "A0"
    OTHER = "06"


@dataclass(frozen=True)
class Reversed:
    """The host has taken the reversal: `refunded_fen` goes back to the payer (0: nothing had been paid)."""

    refunded_fen: int


class Confirmation(Enum):
    """What the host says to the proof of a load."""

    ACCEPTED = "accepted"
    TAC_WRONG = "tac_wrong"


class BankHost(Protocol):
    """The bank host. Blocking; one thread owns it. Every method raises HostSilent; none repeats by itself."""

    def online(self) -> bool:
        """Return whether the host answers an echo test (0800)."""
        ...

    def order_qr(self, trace: Trace, init: LoadInit) -> QrOrder | Declined:
        """Have the host check MAC1 and open a QR order for the amount of `init`."""
        ...

    def query_order(self, trace: Trace) -> OrderState:
        """Ask what became of the order."""
        ...

    def authorise_load(self, trace: Trace, init: LoadInit) -> LoadAuthorisation | Declined:
        """Have the host check MAC1 of a paid order and make MAC2."""
        ...

    def confirm_load(self, trace: Trace, amount_fen: int, tac: bytes) -> Confirmation:
        """Deliver the proof of the load; may be sent again until it is answered."""
        ...

    def reverse(self, trace: Trace, amount_fen: int, reason: ReversalReason) -> Reversed | Declined:
        """Close the order and give back what was paid; may be sent again until it is answered.

        Declined: the host does not reverse it, now or ever (it knows the load as done, say); staff must look.
        """
        ...
