"""Listening in on a simulated line or cable, at the host's end: what it sends, and what arrives there."""

from collections.abc import Callable
from typing import Protocol

from kiosk_core.trace import What

Tap = Callable[[What, bytes], None]
"""Hears OUT, IN, INTERRUPT and CONTROL, each with 1 byte or more.

It is called by the thread that serves the device, in the order of the bytes, and must neither block nor raise.
"""


class Tapped(Protocol):
    """A line or cable that one can listen in on; None: nobody does."""

    tap: Tap | None
