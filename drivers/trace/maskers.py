"""What hides secrets in a trace: what every masker can do, and those that need not know the protocol.

What is shown is named, everything else is hidden: commands, states, error codes, positions, status words and the
reader's own numbers are shown; what a card, a person or a key holds is not. docs/traces.md gives the table. The numbers
in drivers/trace/hiding stand there and are not taken from the codecs: a change over there must not show more here.
"""

from typing import Protocol

from kiosk_core.trace import Octets, What, masked_whole


class Masker(Protocol):
    """Hides the secrets of one session between a driver and a device. Never raises, never holds bytes back."""

    def mask(self, what: What, data: bytes) -> Octets:
        """Return the chunk `data` (1 byte or more), as long as it was."""
        ...

    def gap(self) -> None:
        """Take note that the driver waited in vain or threw bytes away: what comes need not follow what came."""
        ...


class HideAll:
    """For a protocol that nobody described here: length and time of a chunk are all that is kept."""

    def mask(self, what: What, data: bytes) -> Octets:  # noqa: ARG002  (a Masker)
        """Return as many hidden bytes."""
        return masked_whole(data)

    def gap(self) -> None:
        """Nothing is remembered."""


class HideSent:
    """For printers: what they say of themselves is shown, what is sent to be printed is not."""

    def mask(self, what: What, data: bytes) -> Octets:
        """Return what was received, and as many hidden bytes for what was sent."""
        return masked_whole(data) if what is What.OUT else Octets(data)

    def gap(self) -> None:
        """Nothing is remembered."""
