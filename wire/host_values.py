"""What messages between terminal and bank host are made of beside numbers and texts (docs/host-messages.md).

Card numbers, track 2, what a chip says, PIN blocks and keys never get into a repr.
"""

from dataclasses import dataclass, field
from enum import Enum


class OrderStatus(Enum):
    """What became of a QR order; the value is its byte on the wire."""

    PENDING = 0
    PAID = 1
    EXPIRED = 2


@dataclass(frozen=True, kw_only=True)
class PurseData:
    """What the card answered to INITIALIZE FOR LOAD (80 50), and the terminal number (6 bytes) it was sent with.

    `balance_fen` 0 to 2**32 - 1, `counter` two bytes, `random` and `mac1` four bytes each.
    """

    balance_fen: int
    counter: int
    key_version: int
    algorithm: int
    random: bytes
    mac1: bytes
    terminal_no: bytes


class PinScheme(Enum):
    """How a PIN block was made: its format in ISO 9564-1 and the cipher; the value is how DE 53 begins."""

    ISO0_TDES = "26"
    ISO3_TDES = "36"
    ISO4_AES = "48"

    @property
    def block_bytes(self) -> int:
        """How long such a block is."""
        return 16 if self is PinScheme.ISO4_AES else 8


@dataclass(frozen=True)
class SealedPin:
    """A PIN that only the bank can read."""

    scheme: PinScheme
    block: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PayingCard:
    """The bank card that pays: `number` 1 to 20 digits, `expires` YYMM, `sequence` 0 to 999 (None: it has none).

    `track2` has up to 37 digits with one `=` between them, "" where the chip does not tell. `chip` are EMV objects, 1
    to 255 bytes. Without `pin` the customer typed none.
    """

    number: str = field(repr=False)
    expires: str = field(repr=False)
    sequence: int | None = None
    track2: str = field(default="", repr=False)
    chip: bytes = field(repr=False)
    pin: SealedPin | None = None


@dataclass(frozen=True)
class Approval:
    """The bank has debited the payer: 1 to 6 characters say so, and up to 255 bytes of EMV objects are for the chip."""

    code: str
    issuer_data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class QrOffer:
    """The text of the QR code, 1 to 200 ASCII characters, and for how many seconds (0 to 65535) it can be paid."""

    text: str
    expires_in_s: int


@dataclass(frozen=True, kw_only=True)
class LoadPermission:
    """The host's date (YYYYMMDD), time (hhmmss) and MAC2 (4 bytes) for CREDIT FOR LOAD (80 52)."""

    date: str
    time: str
    mac2: bytes


@dataclass(frozen=True)
class BroughtKey:
    """A TR-31 block of 1 to 255 characters, and the check value of the key in it: six hexadecimal digits."""

    block: str = field(repr=False)
    check_value: str
