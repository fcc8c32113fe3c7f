"""The bank's keys in the terminal's PIN pad: they never leave it, blocks go in, MACs and PIN blocks come out."""

import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from host_link.mac_keys import KeyRefused, NoMacKey
from host_link.pin_key import PinKeyExchange
from kiosk_core.errors import Fault, OpenTellerError
from kiosk_core.pin_pad import KeyName, PinPad, PinPadRefusal
from kiosk_core.status import DeviceStatus
from openteller.questions import Worker

T = TypeVar("T")

PATIENCE_S = 5.0
"""How long the pad is waited for: a customer may be typing on it."""


class _NoAnswer(Exception):
    """The pad does not do it; the text ends a sentence that begins with whose key it holds."""


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
        try:
            return _done_by(self._pad(), work)
        except _NoAnswer as error:
            raise NoMacKey(f"the PIN pad, which holds the MAC key, {error}") from None


class PinKeyInPad:
    """Implements host_link.pin_key.PinKeyPad with the pad's key PIN.

    Args:
        pad: returns the thread that owns the pad; asked each time.
    """

    def __init__(self, pad: Callable[[], Worker[PinPad]]) -> None:
        self._pad = pad

    def look(self) -> None:
        """See that the pad answers; see the protocol."""
        self._do(lambda pad: pad.key_detail(KeyName.PIN))

    def load(self, block: str, check_value: bytes) -> None:
        """Hand the block to the pad; a pad that works out no check values is given the block alone."""

        def give(pad: PinPad) -> object:
            taken = pad.import_key(KeyName.PIN, block, check_value)
            if taken is PinPadRefusal.CRYPTO_METHOD_NOT_SUPPORTED:
                return pad.import_key(KeyName.PIN, block)
            return taken

        taken = self._do(give)
        if isinstance(taken, PinPadRefusal):
            raise KeyRefused(f"the PIN pad refuses the key block: {taken.value}")

    def _do(self, work: Callable[[PinPad], T]) -> T:
        try:
            return _done_by(self._pad(), work)
        except _NoAnswer as error:
            raise KeyRefused(f"the PIN pad {error}") from None


def _done_by(pad: Worker[PinPad], work: Callable[[PinPad], T]) -> T:
    """Return `work(pad)`. Raises _NoAnswer if the pad does not do it in time."""
    future = pad.call(work)
    try:
        return future.result(PATIENCE_S)
    except TimeoutError:
        future.cancel()
        raise _NoAnswer("is busy") from None
    except OpenTellerError as error:
        raise _NoAnswer(f"does not answer: {error}") from None


class PadOfBank:
    """A PIN pad whose PIN key the bank host brings: until bank and pad agree on one it tells that it has no key.

    So nobody is offered to pay by bank card meanwhile, and staff read why not. All but `status` is the pad's own.
    """

    def __init__(self, pad: PinPad, exchange: PinKeyExchange) -> None:
        self._pad = pad
        self._exchange = exchange

    def __getattr__(self, name: str) -> Any:
        """Return what the pad itself has."""
        return getattr(self._pad, name)

    def status(self) -> DeviceStatus:
        """Return the pad's status, with what is known of its PIN key."""
        status, exchange = self._pad.status(), self._exchange
        missing = Fault.KEY_MISSING in status.faults
        if missing and not exchange.is_wanted and self._pad.key_detail(KeyName.PIN) is None:
            exchange.want("the PIN pad has lost its PIN key")
        if not exchange.is_wanted:
            return status
        detail = "; ".join(filter(None, (status.detail, exchange.state.problem)))
        return replace(status, faults=status.faults | {Fault.KEY_MISSING}, detail=detail)


def with_key_of_bank(
    open_pad: Callable[[], PinPad], exchange: PinKeyExchange, fetch: Callable[[], object]
) -> Callable[[], PadOfBank]:
    """Return a function that opens a pad and has a PIN key fetched for it: it may be another pad than before.

    It raises what `open_pad` raises. `fetch` must not wait: the pad can be asked once the function has returned.
    """

    def open_device() -> PadOfBank:
        pad = PadOfBank(open_pad(), exchange)
        exchange.want("the PIN pad has just been connected")
        fetch()
        return pad

    return open_device
