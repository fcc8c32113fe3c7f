"""What a smart-card reader is to the drivers of card applications, whether it is ours (CCID) or PC/SC's."""

from dataclasses import dataclass
from typing import Protocol

from kiosk_core.status import Counters, Identity
from wire.ccid import IccStatus


@dataclass(frozen=True)
class ExchangeFailed:
    """The reader did not get through to the card: what it knows of the card, and its bError.

    The command may have reached the card or not.
    """

    icc: IccStatus
    error: int


class SmartCardReader(Protocol):
    """A reader, already open. Blocking; one thread owns it.

    Every method but `counters` and `close` raises DeviceUnavailable (unplugged, silent) and ProtocolViolation. No
    command APDU is ever sent twice.
    """

    @property
    def identity(self) -> Identity:
        """What the reader says it is."""
        ...

    def slot(self) -> IccStatus:
        """Return whether there is a card, and whether it has power; the card is left alone."""
        ...

    def wait_for_change(self, known: IccStatus, timeout_s: float) -> IccStatus:
        """Return the slot's state as soon as a card came or left since it was `known`, or after `timeout_s`."""
        ...

    def power_on(self) -> bytes | ExchangeFailed:
        """Give the card power, after taking it away where it had some, and return its ATR."""
        ...

    def power_off(self) -> None:
        """Take the card's power; it forgets whatever it had begun."""
        ...

    def transmit(self, apdu: bytes) -> bytes | ExchangeFailed:
        """Send a command APDU once and return the card's answer; 61xx and 6Cxx are the caller's business."""
        ...

    def counters(self) -> Counters:
        """Return what was counted; a cycle is a card that was given power."""
        ...

    def close(self) -> None:
        """Let go of the reader; never raises, may be called twice."""
        ...
