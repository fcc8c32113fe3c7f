"""A smart-card reader behind PC/SC (pcscd), by pyscard: for readers that another driver of the machine owns.

Sources: pyscard 2.3.1 (LudovicRousseau/pyscard @4f46bf8) src/smartcard/scard/scard.i and PcscDefs.i (functions,
constants), src/smartcard/pcsc/PCSCCardConnection.py (their use). pyscard is the optional extra `pcsc`; it is imported
when a reader is opened and not before. PC/SC has no time-out of its own: an exchange lasts as long as pcscd and its
driver let it (libccid: 3 s, or the card's own waiting time).
"""

import importlib
import math
from typing import Any

from drivers.smart_card_reader import ExchangeFailed
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.status import Counters, Identity
from wire.ccid import IccStatus, SlotError

_MODULE = "smartcard.scard"
_MAX_COMMAND = 65544

# What PC/SC answers when the card left, by the names of the constants.
_NO_CARD = ("SCARD_W_REMOVED_CARD", "SCARD_E_NO_SMARTCARD")
# What it answers when the card is there and the exchange with it failed.
_MUTE = (
    "SCARD_W_UNRESPONSIVE_CARD",
    "SCARD_W_UNPOWERED_CARD",
    "SCARD_W_RESET_CARD",
    "SCARD_W_UNSUPPORTED_CARD",
    "SCARD_E_NOT_TRANSACTED",
    "SCARD_E_PROTO_MISMATCH",
    "SCARD_E_CARD_UNSUPPORTED",
    "SCARD_E_INVALID_ATR",
)


class PcscReader:
    """The reader. It is a drivers.smart_card_reader.SmartCardReader, for itself alone while a card has power.

    Every method raises DeviceUnavailable: no pyscard, no pcscd, no such reader, in use by another program, unplugged.
    """

    def __init__(self, device: str, reader: str, clock: Clock) -> None:
        """Find the reader whose PC/SC name is or begins with `reader`."""
        self._device = device
        self._clock = clock
        self._counters = Counters()
        self._card: int | None = None
        self._protocol = 0
        self._context: int | None = None
        self._scard = _scard(device)
        result, context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_USER)
        self._expect(result, "pcscd does not run")
        self._context = context
        try:
            self._reader = self._find(reader)
        except DeviceUnavailable:
            self.close()
            raise

    @property
    def identity(self) -> Identity:
        """The name that PC/SC gives the reader."""
        return Identity(self._reader)

    def slot(self) -> IccStatus:
        """Return whether there is a card, and whether this program has given it power; the card is left alone."""
        return self._state_after(self._scard.SCARD_STATE_UNAWARE, 0.0)

    def wait_for_change(self, known: IccStatus, timeout_s: float) -> IccStatus:
        """Return the slot's state as soon as a card came or left since it was `known`, or after `timeout_s`."""
        end = self._clock.now() + timeout_s
        while True:
            state = self.slot()
            remaining = end - self._clock.now()
            if (state is IccStatus.ABSENT) != (known is IccStatus.ABSENT) or remaining <= 0:
                return state
            present = self._scard.SCARD_STATE_EMPTY if state is IccStatus.ABSENT else self._scard.SCARD_STATE_PRESENT
            self._state_after(present, remaining)

    def power_on(self) -> bytes | ExchangeFailed:
        """Give the card power, after taking it away where it had some, and return its ATR."""
        self._counters.cycles += 1
        self.power_off()
        scard = self._scard
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        result, card, protocol = scard.SCardConnect(self._context, self._reader, scard.SCARD_SHARE_EXCLUSIVE, protocols)
        failure = self._failure(result, "it cannot be connected to")
        if failure is not None:
            return failure
        self._card, self._protocol = card, protocol
        result, _, _, _, answer_to_reset = scard.SCardStatus(card)
        return self._failure(result, "it has no status") or bytes(_octets(answer_to_reset))

    def power_off(self) -> None:
        """Take the card's power; it forgets whatever it had begun."""
        card, self._card = self._card, None
        if card is not None:
            result = self._scard.SCardDisconnect(card, self._scard.SCARD_UNPOWER_CARD)
            # The card may have left, or been reset by its reader: then it has no power either.
            self._failure(result, "it cannot be disconnected")

    def transmit(self, apdu: bytes) -> bytes | ExchangeFailed:
        """Send a command APDU once and return the card's answer; 61xx and 6Cxx are the caller's business.

        Raises:
            ValueError: it is no APDU.
        """
        if not 4 <= len(apdu) <= _MAX_COMMAND:
            raise ValueError(f"a command has 4 to {_MAX_COMMAND} bytes, not {len(apdu)}")
        if self._card is None:
            return ExchangeFailed(IccStatus.INACTIVE, SlotError.ICC_MUTE.value)
        self._counters.exchanges += 1
        self._counters.bytes_sent += len(apdu)
        header = (
            self._scard.SCARD_PCI_T0 if self._protocol == self._scard.SCARD_PROTOCOL_T0 else self._scard.SCARD_PCI_T1
        )
        result, response = self._scard.SCardTransmit(self._card, header, list(apdu))
        failure = self._failure(result, "an exchange failed")
        if failure is not None:
            return failure
        answer = bytes(_octets(response))
        self._counters.bytes_received += len(answer)
        return answer or ExchangeFailed(IccStatus.ACTIVE, SlotError.ICC_MUTE.value)

    def counters(self) -> Counters:
        """Return what was counted; a cycle is a card that was given power, bytes are those of APDUs."""
        return self._counters.copy()

    def close(self) -> None:
        """Take the card's power and let go of pcscd; never raises, may be called twice."""
        card, self._card = self._card, None
        context, self._context = self._context, None
        if card is not None:
            self._scard.SCardDisconnect(card, self._scard.SCARD_UNPOWER_CARD)
        if context is not None:
            self._scard.SCardReleaseContext(context)

    def _find(self, wanted: str) -> str:
        result, readers = self._scard.SCardListReaders(self._context, [])
        self._expect(result, "PC/SC has no reader")
        found = [reader for reader in readers if reader.startswith(wanted)]
        if wanted in found:
            return wanted
        if len(found) != 1:
            names = ", ".join(found or readers) or "none"
            what = "several readers begin so" if found else "no such reader"
            raise DeviceUnavailable(self._device, f"{wanted!r}: {what}; PC/SC has {names}")
        return str(found[0])

    def _state_after(self, known: int, timeout_s: float) -> IccStatus:
        """Return the slot's state as soon as it is not `known` (SCARD_STATE_ bits), or after `timeout_s`."""
        scard = self._scard
        if self._context is None:
            raise DeviceUnavailable(self._device, "closed")
        milliseconds = math.ceil(timeout_s * 1000)
        result, states = scard.SCardGetStatusChange(self._context, milliseconds, [(self._reader, known)])
        if self._is(result, "SCARD_E_TIMEOUT"):
            return IccStatus.ABSENT if known == scard.SCARD_STATE_EMPTY else self._present()
        self._expect(result, "it has no status")
        _, bits, _ = states[0]
        if bits & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_IGNORE):
            raise DeviceUnavailable(self._device, "unplugged")
        if bits & scard.SCARD_STATE_PRESENT:
            return self._present()
        if bits & scard.SCARD_STATE_EMPTY:
            return IccStatus.ABSENT
        raise ProtocolViolation(self._device, f"a slot that is neither empty nor full ({bits:#x})")

    def _present(self) -> IccStatus:
        return IccStatus.INACTIVE if self._card is None else IccStatus.ACTIVE

    def _failure(self, result: int, doing: str) -> ExchangeFailed | None:
        """Return what became of the card, None after success; anything else is DeviceUnavailable."""
        if self._is(result, *_NO_CARD):
            return ExchangeFailed(IccStatus.ABSENT, SlotError.ICC_MUTE.value)
        if self._is(result, *_MUTE):
            return ExchangeFailed(self._present(), SlotError.ICC_MUTE.value)
        self._expect(result, doing)
        return None

    def _expect(self, result: int, otherwise: str) -> None:
        if self._is(result, "SCARD_S_SUCCESS"):
            return
        message = self._scard.SCardGetErrorMessage(result)
        raise DeviceUnavailable(self._device, f"{otherwise} ({result & 0xFFFFFFFF:08X}: {message})")

    def _is(self, result: int, *names: str) -> bool:
        # The same code is a positive number on one platform and a negative one on another.
        return any((result ^ getattr(self._scard, name)) & 0xFFFFFFFF == 0 for name in names)


def _scard(device: str) -> Any:
    try:
        return importlib.import_module(_MODULE)
    except ImportError as error:
        raise DeviceUnavailable(device, f"pyscard is not installed (extra `pcsc`): {error}") from None


def _octets(values: list[int]) -> list[int]:
    # Some builds of pyscard give signed bytes (PCSCCardConnection.doTransmit allows for that).
    return [value & 0xFF for value in values]
