"""What a journey knows of the terminal that it runs on."""

from dataclasses import dataclass
from datetime import date

from kiosk_core.receipt import Bitmap
from kiosk_core.texts import LocalText


@dataclass(frozen=True)
class Terminal:
    """The terminal as it stands on receipts and in card commands. `purse_terminal_no` has 6 bytes."""

    number: str
    purse_terminal_no: bytes
    bank: LocalText
    branch: LocalText
    today: date
    logo: Bitmap | None = None
