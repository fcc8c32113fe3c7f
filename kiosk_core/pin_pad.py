"""The port of PIN pads, in the words of XFS4IoT Keyboard, PinPad, KeyManagement and Crypto (facts/xfs4iot-messages.md).

The digits of a PIN never pass this port: a PIN is typed on the pad and leaves it as an encrypted block. Nothing here
takes a key in clear: keys come as TR-31 blocks (ANSI X9.143), made for the pad by the bank.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from kiosk_core.card_number import CardNumber
from kiosk_core.device import Device


class Key(Enum):
    """A key on the pad: the names of XFS4IoT Keyboard layouts."""

    ZERO = "zero"
    ONE = "one"
    TWO = "two"
    THREE = "three"
    FOUR = "four"
    FIVE = "five"
    SIX = "six"
    SEVEN = "seven"
    EIGHT = "eight"
    NINE = "nine"
    ENTER = "enter"
    CANCEL = "cancel"
    CLEAR = "clear"
    FDK01 = "fdk01"
    FDK02 = "fdk02"
    FDK03 = "fdk03"


DIGITS = (
    *(Key.ZERO, Key.ONE, Key.TWO, Key.THREE, Key.FOUR),
    *(Key.FIVE, Key.SIX, Key.SEVEN, Key.EIGHT, Key.NINE),
)
"""The ten digits; the index of each is its value."""


class PinFormat(Enum):
    """XFS4IoT GetPinBlock.format: the formats of ISO 9564-1 that online PINs may have."""

    ISO0 = "iso0"
    ISO3 = "iso3"
    ISO4 = "iso4"


class KeyName(Enum):
    """What a key in the pad is for; which place in the pad that is, its profile says."""

    PIN = "pin"
    MAC = "mac"


class EntryEnd(Enum):
    """How an entry ended: XFS4IoT's completion and its error words. Only the first two have a result.

    CANCEL: the customer; CANCELED: `is_canceled` said so.
    """

    ENTER = "enter"
    AUTO = "auto"
    CANCEL = "cancel"
    CANCELED = "canceled"
    TIMED_OUT = "entryTimeout"


class PinPadRefusal(Enum):
    """Why the pad did not do it: errorCodes of XFS4IoT but for the last two.

    TOO_MANY: the pad slows down guessing and takes no more of these for now. UNSUPPORTED: this pad cannot.
    """

    DUPLICATE_KEY = "duplicateKey"
    USE_VIOLATION = "useViolation"
    FORMAT_NOT_SUPPORTED = "formatNotSupported"
    INVALID_KEY_LENGTH = "invalidKeyLength"
    NO_KEY_RAM = "noKeyRam"
    FORMAT_INVALID = "formatInvalid"
    CONTENT_INVALID = "contentInvalid"
    VERIFICATION_FAILED = "signatureInvalid"
    CRYPTO_METHOD_NOT_SUPPORTED = "cryptoMethodNotSupported"
    TOO_MANY = "tooMany"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class DataEntry:
    """XFS4IoT Keyboard.DataEntry: digits in clear, an amount say; never a PIN.

    `maximum` digits are taken and with `auto_end` the last of them ends it. `timeout_s` is for each key.
    """

    maximum: int
    timeout_s: int = 30
    auto_end: bool = False

    def __post_init__(self) -> None:
        if self.maximum < 1 or not 1 <= self.timeout_s <= 255:
            raise ValueError("an entry takes at least one digit and waits 1 to 255 s for each")


@dataclass(frozen=True)
class DataEntered:
    """What was typed in clear, without what was cleared. How it ended: ENTER, AUTO or, with no digits, another."""

    end: EntryEnd
    digits: tuple[Key, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class PinEntry:
    """XFS4IoT Keyboard.PinEntry with PinPad.GetPinBlock: the card, the lengths (4 to 12), the block's format.

    `timeout_s` is for the whole entry; a pad may round it up.
    """

    number: CardNumber
    minimum: int = 4
    maximum: int = 12
    format: PinFormat = PinFormat.ISO0
    auto_end: bool = False
    timeout_s: int = 60

    def __post_init__(self) -> None:
        if not 4 <= self.minimum <= self.maximum <= 12:
            raise ValueError("a PIN has 4 to 12 digits")
        if self.timeout_s < 1:
            raise ValueError("a customer needs time")


@dataclass(frozen=True)
class PinBlock:
    """An encrypted PIN: 8 bytes, 16 in format 4, and how many digits were typed."""

    format: PinFormat
    digits: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class KeyDetail:
    """XFS4IoT keyAttributes of a key in the pad, as its key block has them: "P0", "E", "T"."""

    usage: str
    mode: str
    algorithm: str


Canceled = Callable[[], bool]
"""Whether an entry is to end now; asked at least ten times a second while one waits, from the pad's thread."""


class PinPad(Device, Protocol):
    """A PIN pad with keys that never leave it. Blocking; one thread owns it.

    Every method raises DeviceUnavailable (unplugged, silent), ProtocolViolation, and DeviceFault: KEY_MISSING (the key
    it takes has to be loaded), TAMPERED (it was opened, or its keys are damaged; it must go to the workshop). `status`
    has the same faults. What a customer does, or the pad refuses, is a result.
    """

    @property
    def formats(self) -> frozenset[PinFormat]:
        """The formats that this pad can make."""
        ...

    def enter_data(self, entry: DataEntry, on_key: Callable[[Key], None], is_canceled: Canceled) -> DataEntered:
        """Take digits in clear; `on_key` gets each key as it is pressed, CLEAR takes back all digits."""
        ...

    def enter_pin(self, entry: PinEntry, is_canceled: Canceled) -> PinBlock | EntryEnd | PinPadRefusal:
        """Let the customer type a PIN and return it encrypted."""
        ...

    def key_detail(self, name: KeyName) -> KeyDetail | None:
        """XFS4IoT KeyManagement.GetKeyDetail: what is known of a key, None where none is loaded."""
        ...

    def import_key(self, name: KeyName, block: str, check_value: bytes | None = None) -> KeyDetail | PinPadRefusal:
        """XFS4IoT KeyManagement.ImportKey: hand a TR-31 block to the pad; it is sent once.

        A `check_value` (3 to 5 bytes, from who made the key) is compared with the pad's own, VERIFICATION_FAILED if it
        differs; a pad that gives none answers CRYPTO_METHOD_NOT_SUPPORTED and gets no key. Success is what the pad
        itself then says of the key.
        """
        ...

    def generate_mac(self, data: bytes) -> bytes | PinPadRefusal:
        """XFS4IoT Crypto.GenerateAuthentication: the MAC of `data` under the key MAC, ISO 9797-1 algorithm 3."""
        ...
