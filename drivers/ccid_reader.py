"""A smart-card reader of the USB class CCID: one slot, APDU level exchange, over a UsbTransport.

The messages: wire/ccid.py. Why answers are matched by bSeq: a reader that was slow once would otherwise answer
every later question with the answer to the one before (facts/simulation.md 6).
"""

from dataclasses import dataclass

from drivers.transport import UsbTransport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.status import Counters, Identity
from wire import ccid
from wire.apdu import MAX_ANSWER
from wire.ccid import CommandStatus, DataBlock, ExchangeLevel, IccStatus, Message, SlotError, SlotStatus
from wire.errors import WireError

WRITE_S = 1.0
ANSWER_S = 3.0
"""How long the reader may stay silent; a time extension (bStatus 80) begins this anew."""
OVERALL_S = 15.0
"""How long one exchange may last with all its time extensions."""

_SLOT = 0
_MAX_ANSWER = ccid.HEADER_BYTES + MAX_ANSWER + 2


@dataclass(frozen=True)
class ExchangeFailed:
    """The reader did not get through to the card: what it knows of the card, and its bError."""

    icc: IccStatus
    error: int


class CcidReader:
    """The exchange with a reader. Blocking; one thread owns it.

    Every method raises DeviceUnavailable (unplugged, silent) and ProtocolViolation (bytes that are no CCID).
    """

    def __init__(self, device: str, transport: UsbTransport, clock: Clock) -> None:
        """Check that the reader is one that exchanges APDUs, and forget what it said before."""
        self._transport = transport
        self._device = device
        self._clock = clock
        try:
            descriptor = ccid.decode_descriptor(transport.class_descriptor)
        except WireError as error:
            raise ProtocolViolation(device, str(error)) from None
        if descriptor.exchange_level not in {ExchangeLevel.SHORT_APDU, ExchangeLevel.EXTENDED_APDU}:
            raise ProtocolViolation(device, f"dwFeatures {descriptor.features:#x}: the reader does not exchange APDUs")
        # Not always 0: an answer still on its way to the session before must not fit the first question of this one.
        self._sequence = int(clock.now() * 1000) & 0xFF
        self._counters = Counters()
        transport.discard_input()

    @property
    def identity(self) -> Identity:
        """What the reader says it is."""
        return self._transport.identity

    def slot(self) -> IccStatus:
        """Return whether there is a card, and whether it has power; takes one short exchange, no card access.

        Raises:
            ProtocolViolation: also when the reader reports a fault of its hardware.
        """
        answer = self._exchange(ccid.GetSlotStatus(_SLOT, self._next_sequence()))
        if not isinstance(answer, SlotStatus):
            raise self._violation(f"{type(answer).__name__} answers GetSlotStatus")
        if _failed(answer) and answer.state.error == SlotError.HARDWARE_ERROR.value:
            raise self._violation("the reader reports a hardware error")
        return answer.state.icc

    def power_on(self) -> bytes | ExchangeFailed:
        """Give the card power, after taking it away where it had some, and return its ATR."""
        self.power_off()
        self._counters = self._counters.counting(cycles=1)
        return self._exchange_data(ccid.IccPowerOn(_SLOT, self._next_sequence()))

    def power_off(self) -> None:
        """Take the card's power; it forgets whatever it had begun."""
        answer = self._exchange(ccid.IccPowerOff(_SLOT, self._next_sequence()))
        if not isinstance(answer, SlotStatus):
            raise self._violation(f"{type(answer).__name__} answers IccPowerOff")

    def transmit(self, apdu: bytes) -> bytes | ExchangeFailed:
        """Send a short command APDU once and return the card's answer."""
        return self._exchange_data(ccid.XfrBlock(_SLOT, self._next_sequence(), apdu))

    def counters(self) -> Counters:
        """Return what was counted; a cycle is a card that was given power."""
        return self._counters

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    def _exchange_data(self, command: ccid.IccPowerOn | ccid.XfrBlock) -> bytes | ExchangeFailed:
        answer = self._exchange(command)
        if not isinstance(answer, DataBlock):
            raise self._violation(f"SlotStatus answers {type(command).__name__}")
        if _failed(answer) or not answer.data:
            # An empty answer is a mute card as well: the ACR122U says so in bError alone (libnfc issue 263).
            return ExchangeFailed(answer.state.icc, answer.state.error)
        return answer.data

    def _exchange(
        self, command: ccid.IccPowerOn | ccid.IccPowerOff | ccid.GetSlotStatus | ccid.XfrBlock
    ) -> DataBlock | SlotStatus:
        message = ccid.encode(command)
        self._transport.write(message, WRITE_S)
        self._counters = self._counters.counting(bytes_sent=len(message))
        overall = self._clock.now() + OVERALL_S
        deadline = self._clock.now() + ANSWER_S
        while (remaining := min(deadline, overall) - self._clock.now()) > 0:
            transfer = self._transport.read(_MAX_ANSWER, remaining)
            if not transfer:
                continue
            self._counters = self._counters.counting(bytes_received=len(transfer))
            answer = self._decode(transfer)
            if (answer.slot, answer.sequence) != (command.slot, command.sequence):
                self._counters = self._counters.counting(strays=1)
                continue
            if answer.state.command is not CommandStatus.TIME_EXTENSION:
                self._counters = self._counters.counting(exchanges=1)
                return answer
            deadline = self._clock.now() + ANSWER_S
        raise DeviceUnavailable(self._device, "silent")

    def _decode(self, transfer: bytes) -> DataBlock | SlotStatus:
        try:
            answer: Message = ccid.decode(transfer)
        except WireError as error:
            raise self._violation(str(error)) from None
        if not isinstance(answer, DataBlock | SlotStatus):
            raise self._violation(f"{type(answer).__name__} comes from the reader")
        return answer

    def _next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence

    def _violation(self, detail: str) -> ProtocolViolation:
        return ProtocolViolation(self._device, detail)


def _failed(answer: DataBlock | SlotStatus) -> bool:
    return answer.state.command is CommandStatus.FAILED
