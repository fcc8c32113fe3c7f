"""The MAC key of the host link in the terminal's PIN pad: the key never leaves it, blocks go in and MACs come out."""

import hmac
from collections.abc import Callable
from typing import TypeVar

from host_link.mac_keys import KeyRefused, NoMacKey
from kiosk_core.errors import OpenTellerError
from kiosk_core.pin_pad import KeyName, PinPad, PinPadRefusal
from openteller.questions import Worker

T = TypeVar("T")

PATIENCE_S = 5.0
"""How long the pad is waited for: a customer may be typing on it."""


class PinPadKeys:
    """Implements host_link.mac_keys.MacKeys with the pad's key MAC, ISO 9797-1 algorithm 3.

    A pad takes a key before its proof can be looked at. So a block that was played back does replace the key; the link
    then works with none, until the next exchange brings a good one.

    Args:
        pad: returns the thread that owns the pad; asked each time.
    """

    def __init__(self, pad: Callable[[], Worker[PinPad]]) -> None:
        self._pad = pad
        self._is_trusted = True

    @property
    def has_key(self) -> bool:
        """Whether the pad has a key that it can make MACs with."""
        try:
            return self._is_trusted and self._do(lambda pad: pad.key_detail(KeyName.MAC)) is not None
        except NoMacKey:
            return False

    @property
    def check_value(self) -> str:
        """Nothing: a pad tells none."""
        return ""

    def mac(self, data: bytes) -> bytes:
        """Return the MAC of `data`; see the protocol."""
        if not self._is_trusted:
            raise NoMacKey("the PIN pad's MAC key was not the bank's last; a new one must come first")
        return self._mac(data)

    def install(self, block: str, covered: bytes, mac: bytes) -> None:
        """Hand the block to the pad and try the key; see the protocol."""
        try:
            taken = self._do(lambda pad: pad.import_key(KeyName.MAC, block))
        except NoMacKey as error:
            raise KeyRefused(str(error)) from None
        if isinstance(taken, PinPadRefusal):
            raise KeyRefused(f"the PIN pad refuses the key block: {taken.value}")
        try:
            self._is_trusted = hmac.compare_digest(self._mac(covered), mac)
        except NoMacKey as error:
            self._is_trusted = False
            raise KeyRefused(str(error)) from None
        if not self._is_trusted:
            raise KeyRefused("the answer that brought the key is not sealed with it")

    def _mac(self, data: bytes) -> bytes:
        made = self._do(lambda pad: pad.generate_mac(data))
        if isinstance(made, PinPadRefusal):
            raise NoMacKey(f"the PIN pad makes no MAC: {made.value}")
        return made

    def _do(self, work: Callable[[PinPad], T]) -> T:
        """Return `work(pad)`. Raises NoMacKey if the pad does not do it in time."""
        future = self._pad().call(work)
        try:
            return future.result(PATIENCE_S)
        except TimeoutError:
            future.cancel()
            raise NoMacKey("the PIN pad, which holds the MAC key, is busy") from None
        except OpenTellerError as error:
            raise NoMacKey(f"the PIN pad, which holds the MAC key, does not answer: {error}") from None
