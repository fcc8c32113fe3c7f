"""The ports: what a journey may ask of the world, one Protocol a device class, verbs as the user says them.

Answers that belong to ordinary life are results (a card that is no transit card, a host that declines);
exceptions are those of `kiosk_core.errors`. Every multi-valued answer is a union to `match` on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Protocol

from kiosk_core.bank_card import CardPayment, Charged
from kiosk_core.card_number import CardNumber
from kiosk_core.device import Device
from kiosk_core.id_update import IdRecord, IdRefused, IdUpdated
from kiosk_core.receipt import Receipt
from kiosk_core.status import Media

# -- the top-up module: a transit purse on a contactless reader ----------------------------------------


class CardProblem(Enum):
    """Why a card cannot be used; the value names the text that the customer reads."""

    NOT_PRESENT = "not_present"
    NOT_A_TRANSIT_CARD = "not_a_transit_card"
    UNREADABLE = "unreadable"
    LOCKED = "locked"
    USED_UP = "used_up"  # its counter of loads stands at the highest: it can never be loaded again
    OTHER_CARD = "other_card"


@dataclass(frozen=True)
class Overdraft:
    """What a card says that was spent beyond its balance; a top-up pays `used_fen` back first.

    `usable_fen` can be spent now. `limit_fen` is the most that may be overdrawn, None where the card does not say.
    """

    usable_fen: int
    used_fen: int
    limit_fen: int | None = None


@dataclass(frozen=True)
class PurseCard:
    """A transit card as read: `expires` is its last valid day, None where the card names none.

    `balance_fen` is negative where the purse is overdrawn. `overdraft` is None unless the card has one in use.
    `max_balance_fen` and `max_load_fen` are rules of this kind of card, None where it has none of its own.
    `wants_issuer_commands`: the host may have commands of its issuer for it before a load, such as one that makes it
    valid longer.
    """

    number: CardNumber
    balance_fen: int
    expires: date | None = None
    overdraft: Overdraft | None = None
    max_balance_fen: int | None = None
    max_load_fen: int | None = None
    wants_issuer_commands: bool = False

    @property
    def usable_fen(self) -> int:
        """What the customer can spend now, in fen; never negative."""
        return self.overdraft.usable_fen if self.overdraft is not None else max(0, self.balance_fen)


class PurseEntryKind(Enum):
    """What a line of a card's log is; the value names the text that the customer reads."""

    LOAD = "load"
    PURCHASE = "purchase"
    OTHER = "other"


@dataclass(frozen=True)
class PurseEntry:
    """A load or purchase as the card remembers it: the clock is that of its terminal (`terminal_no`, 6 bytes)."""

    kind: PurseEntryKind
    amount_fen: int
    day: date
    at: time
    terminal_no: bytes


@dataclass(frozen=True, repr=False)
class PurseTrip:
    """An entry or exit as the card remembers it; `amount_fen` is 0 at an entry. Its `repr` hides where and when."""

    amount_fen: int
    balance_fen: int
    day: date
    at: time

    def __repr__(self) -> str:
        return "PurseTrip(***)"


@dataclass(frozen=True)
class PurseHistory:
    """What a card remembers, newest first: at most ten entries and ten trips; () where it keeps none."""

    entries: tuple[PurseEntry, ...] = ()
    trips: tuple[PurseTrip, ...] = ()


@dataclass(frozen=True)
class LoadInit:
    """The answer to INITIALIZE FOR LOAD (80 50): what the host needs to check MAC1 and to make MAC2.

    `amount_fen` and `terminal_no` (6 bytes) are what was sent; `balance_fen` is negative where the purse is overdrawn,
    and its four bytes on the wire are those of `balance_fen % 2**31`; `counter` is the online counter (2 bytes)
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


@dataclass(frozen=True)
class CarriedOut:
    """What came of an issuer's commands: the first `done` of them were carried out; `card` as it is now.

    `refused` says why the next one was not: the card's status word ("6988"), or that it may not be sent; "" if none is
    left.
    """

    card: PurseCard
    done: int
    refused: str = ""


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

    def read_history(self) -> PurseHistory | CardProblem:
        """Power the card, select its purse and read its last loads, purchases and trips; some 20 commands."""
        ...

    def challenge(self, number: CardNumber) -> bytes | CardProblem:
        """Check that the card is still `number` (else OTHER_CARD) and return 8 random bytes of it.

        Its issuer makes commands for them that `carry_out` sends; the card keeps its power until then.
        """
        ...

    def carry_out(self, number: CardNumber, commands: Sequence[bytes]) -> CarriedOut | CardProblem:
        """Send an issuer's commands (APDUs) to the card that gave the challenge, up to the first that is refused.

        None is sent if one would move money or try a PIN. The card is read again then. A card that has left since it
        gave the challenge gets none, nor does another.
        """
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

    def find_load(
        self, is_same_card: "CardCheck", amount_fen: int, terminal_no: bytes, moment: tuple[str, str]
    ) -> bool | CardProblem:
        """Return whether the card's log has a load of this amount by this terminal at this moment.

        For a card whose counter went on beyond the load that is sought: GET TRANSACTION PROVE knows the last only.
        `moment` is date and time of the LoadAuthorisation. True: the load happened. False proves nothing, a log is
        short. The card is selected again first and `is_same_card` asked about its number (else OTHER_CARD).
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
    """What makes a request to the host unique: the transaction, when it began, and its four STANs.

    `transaction` (at most 20 characters) is the order number of the QR payment as well. The STANs (1 to
    999999) are drawn once when the transaction begins, so a repeated request carries the same one. `began` tells
    transactions apart that a terminal numbered alike because its journal was lost and begun anew; to the second.
    """

    transaction: str
    began: datetime
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
    BANK_CARD_NOT_ACCEPTED = "bank_card_not_accepted"
    PIN_WRONG = "pin_wrong"
    PIN_TRIES_EXCEEDED = "pin_tries_exceeded"
    NOT_ENOUGH_FUNDS = "not_enough_funds"
    EARLIER_LOAD = "earlier_load"  # a load of this card is open, here or at another terminal
    DEVICE_FAILED = "device_failed"  # card reader or PIN pad, before the host was asked
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


@dataclass(frozen=True)
class SuspenseReport:
    """A load of which nobody knows whether it happened, for its card is gone.

    `counter` is the purse's online counter before it, `authorised_at` (YYYYMMDDhhmmss) the moment in its
    LoadAuthorisation.
    """

    amount_fen: int
    counter: int
    authorised_at: str


@dataclass(frozen=True)
class IssuerQuestion:
    """What a card's issuer makes commands for: `expires` is its last valid day, `challenge` 8 random bytes of it."""

    number: CardNumber
    expires: date
    challenge: bytes


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

    def charge(self, trace: Trace, init: LoadInit, payment: CardPayment) -> Charged | Declined:
        """Have the host check MAC1, then debit the bank card for the amount of `init`.

        An approved charge is an order that is paid. HostSilent: the bank may have debited it; reverse it.
        """
        ...

    def order_deposit(self, trace: Trace, account: CardNumber, amount_fen: int) -> QrOrder | Declined:
        """Open a QR order whose payment goes to the bank account of the card `account`, in one booking.

        PAID then means that it is there; an order that is not wanted any more is reversed like any other.
        """
        ...

    def issuer_commands(self, trace: Trace, question: IssuerQuestion) -> tuple[bytes, ...] | Declined:
        """Ask the card's issuer for the APDUs that it wants carried out before a load, () for none.

        Nothing is kept of it and no money is asked for: it may be asked again, and needs no reversal.
        """
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

    def report_suspense(self, trace: Trace, report: SuspenseReport) -> bool:
        """Have the host keep the paid order open until the card or staff settle it; may be sent again.

        False: the host knows of no such load, or how it ended; staff must look.
        """
        ...

    def reverse(self, trace: Trace, amount_fen: int, reason: ReversalReason) -> Reversed | Declined:
        """Close the order and give back what was paid; may be sent again until it is answered.

        Declined: the host does not reverse it, now or ever (it knows the load as done, say); staff must look.
        """
        ...

    def update_id(self, trace: Trace, record: IdRecord) -> IdUpdated | IdRefused:
        """Have the host take a customer's new ID card. HostSilent: it may have; `id_was_updated` tells."""
        ...

    def id_was_updated(self, trace: Trace) -> bool:
        """Return whether the host took the card that `update_id` brought; if not, it never will. May be asked again."""
        ...

    def report_journal_head(self, number: int, digest: str, confirmed: str) -> bool:
        """Have the host keep number and hash (64 hex digits) of the journal's newest row.

        `confirmed` is the hash of the row by which staff took this journal for the terminal's own (Journal.confirmed).
        False: the host will not, for it keeps a later row, or this one with another hash; staff must look.
        """
        ...
