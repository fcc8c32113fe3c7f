"""The port of bank cards that pay: what the chip tells, and what it answers to a payment that the bank decides (EMV).

The order is EMV's: `begin`, then the PIN on the pad, then `authorise`, then the bank, then `complete`. In a certified
terminal a kernel of level 2 implements it.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from kiosk_core.card_number import CardNumber
from kiosk_core.pin_pad import PinBlock


class BankCardProblem(Enum):
    """Why a bank card cannot pay; nothing has been asked of the bank.

    NOT_ACCEPTED: it has no application that this terminal takes. BLOCKED: its issuer or too many wrong PINs closed it.
    DECLINED: the chip itself says no. UNREADABLE: it does not answer, or with nonsense, or lacks what it must have.
    """

    NOT_PRESENT = "not_present"
    NOT_ACCEPTED = "not_accepted"
    BLOCKED = "blocked"
    DECLINED = "declined"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class BankPayment:
    """What is to be paid: `sequence` counts the terminal's payments (1 to 99,999,999), `at` is the terminal's time.

    `unpredictable` are 4 random bytes of this payment alone.
    """

    amount_fen: int
    at: datetime
    sequence: int
    unpredictable: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not (1 <= self.amount_fen < 10**12 and 1 <= self.sequence < 10**8 and len(self.unpredictable) == 4):
            raise ValueError("a payment has 1 to 10^12 - 1 fen, a sequence number of 8 digits and 4 random bytes")


@dataclass(frozen=True)
class BankCard:
    """The card: `expires` is its last good day, `sequence` tells cards of one number apart (None: there is one).

    `track2` is what its stripe would say (ISO/IEC 7813), for the host alone; "" where the chip does not tell.
    """

    number: CardNumber
    expires: date
    sequence: int | None
    label: str
    track2: str = field(default="", repr=False)


@dataclass(frozen=True)
class ChipRequest:
    """What the host needs to decide (ISO 8583 DE 55): EMV objects as they go on the line, the cryptogram among them."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class CardPayment:
    """What a bank card pays with, for the host alone: the card, what its chip asks for, the PIN as the pad made it."""

    card: BankCard
    chip: ChipRequest
    pin: PinBlock | None = None


@dataclass(frozen=True)
class Charged:
    """The bank has debited the payer; `issuer_data` is what it sent for the chip (EMV objects, tag 91 among them).

    `approval` are the 1 to 6 characters by which the bank finds its decision again (DE 38).
    """

    issuer_data: bytes = field(default=b"", repr=False)
    approval: str = ""


class ChipEnd(Enum):
    """How the chip ends a payment. Only APPROVED is one; after DECLINED or UNKNOWN what was debited is reversed."""

    APPROVED = "approved"
    DECLINED = "declined"
    UNKNOWN = "unknown"


class BankCardChip(Protocol):
    """A card in the reader that pays. Blocking; one thread owns it.

    Every method raises DeviceUnavailable, DeviceFault and ProtocolViolation as its reader does.
    """

    def begin(self, payment: BankPayment) -> BankCard | BankCardProblem:
        """Power the chip, choose an application and read it; a payment that was begun before is forgotten."""
        ...

    def authorise(self, *, pin_entered: bool) -> ChipRequest | BankCardProblem:
        """Have the chip ask for the bank's decision; `pin_entered`: a PIN block goes to the bank with it.

        Raises:
            ValueError: nothing was begun, or it was authorised already.
        """
        ...

    def complete(self, response_code: str, issuer_data: bytes) -> ChipEnd:
        """Tell the chip what the bank has decided, and take the chip's power.

        `issuer_data` are the objects that the bank sent for the chip (DE 55, as in Charged). `response_code` is its
        DE 39; "Z3" says that the bank was not reached (EMV 4.3 Book 4, A6).

        Raises:
            ValueError: nothing was authorised.
        """
        ...
