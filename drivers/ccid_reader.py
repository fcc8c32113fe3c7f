"""A smart-card reader of the USB class CCID, contactless or with contacts, one slot or several, over a UsbTransport.

The messages: wire/ccid.py; one question and its answer: drivers/ccid_exchange.py; how APDUs travel at each exchange
level: drivers/card_links.py and drivers/t1_link.py. What a reader does not do by itself (dwFeatures) is done here:
voltage, PPS, parameters, IFSD.
"""

import struct

from drivers.card_links import ExtendedLink, Link, SendBlock, ShortLink, T0Link
from drivers.ccid_exchange import ANSWER_S, CcidExchange
from drivers.smart_card_reader import ExchangeFailed
from drivers.t1_link import T1Link
from drivers.transport import UsbTransport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.status import Counters, Identity
from wire import atr, ccid
from wire.atr import Atr
from wire.ccid import (
    Chain,
    ClockCommand,
    Command,
    DataBlock,
    DataRateAndClockFrequency,
    EscapeAnswer,
    HardwareError,
    IccStatus,
    MechanicalFunction,
    Parameters,
    SlotError,
    SlotStatus,
    Voltage,
)
from wire.ccid_descriptor import ExchangeLevel, Feature, decode_descriptor
from wire.ccid_parameters import T0Parameters, T1Parameters, decode_parameters, encode_parameters
from wire.errors import WireError
from wire.t1 import MAX_INFORMATION, Edc

POLL_S = 0.2
"""How often `wait_for_change` asks a reader that does not notify of cards."""

_INTERRUPT_BYTES = 64
_SHORT_MESSAGE = 271
"""Header and the longest short APDU; some readers announce less and take it (commands.c, BOGUS_SCM_FIRMWARE)."""
_MAX_MESSAGE = ccid.HEADER_BYTES + 65536 + 2
_BAUD_TOLERANCE = 2  # readers round their highest data rate down (ifdhandler.c)

# The order of libccid (ccid.h): 5 V first, then 1.8 V, then 3 V; each with its bit of bVoltageSupport.
_VOLTAGES = ((Voltage.V5, 0x01), (Voltage.V1_8, 0x04), (Voltage.V3, 0x02))

# With another voltage the card may answer.
_TRY_NEXT_VOLTAGE = {SlotError.ICC_MUTE.value, SlotError.BAD_ATR_TS.value, SlotError.BAD_ATR_TCK.value}


class CcidReader:
    """The reader. It is a drivers.smart_card_reader.SmartCardReader; slots beside the first one hold SAMs.

    Every method raises DeviceUnavailable (unplugged, silent) and ProtocolViolation (bytes that are no CCID), none later
    than DEADLINE_S (drivers/ccid_exchange.py) after it began, `wait_for_change` after its time-out; and ValueError for
    a slot that the reader does not have.
    """

    def __init__(self, device: str, transport: UsbTransport, clock: Clock) -> None:
        """Check that the reader exchanges APDUs or TPDUs, and forget what it said before."""
        self._transport = transport
        self._device = device
        self._clock = clock
        try:
            self._descriptor = decode_descriptor(transport.class_descriptor)
        except WireError as error:
            raise ProtocolViolation(device, str(error)) from None
        if self._descriptor.exchange_level in {None, ExchangeLevel.CHARACTER}:
            features = self._descriptor.features
            raise ProtocolViolation(device, f"dwFeatures {features:#x}: the reader exchanges neither APDUs nor TPDUs")
        self._max_message = min(max(self._descriptor.max_message_length, _SHORT_MESSAGE), _MAX_MESSAGE)
        self._exchange = CcidExchange(device, transport, clock, self._max_message)
        self._links: dict[int, Link] = {}
        self._data_rates: tuple[int, ...] | None = None

    @property
    def identity(self) -> Identity:
        """What the reader says it is."""
        return self._transport.identity

    @property
    def slots(self) -> int:
        """How many slots the reader has."""
        return self._descriptor.max_slot_index + 1

    def slot(self, slot: int = 0) -> IccStatus:
        """Return whether there is a card, and whether it has power; takes one short exchange, no card access.

        Raises:
            ProtocolViolation: also when the reader reports a fault of its hardware.
        """
        self._begin(slot)
        answer = self._exchange.ask(ccid.GetSlotStatus(slot, self._exchange.next_sequence()), SlotStatus)
        if not isinstance(answer, ExchangeFailed):
            return answer.state.icc
        if answer.error == SlotError.HARDWARE_ERROR.value:
            raise self._violation("the reader reports a hardware error")
        self._expect_not_aborted(answer)
        return answer.icc

    def wait_for_change(self, known: IccStatus, timeout_s: float, slot: int = 0) -> IccStatus:
        """Return the slot's state as soon as a card came or left since it was `known`, or after `timeout_s`.

        A reader that notifies is heard at once; one that does not, or loses a notification, is asked every POLL_S.

        Raises:
            ProtocolViolation: also when the reader reports a fault of its hardware.
        """
        end = self._clock.now() + timeout_s
        while True:
            state = self.slot(slot)
            remaining = end - self._clock.now()
            if (state is IccStatus.ABSENT) != (known is IccStatus.ABSENT) or remaining <= 0:
                return state
            if self._listen(slot, min(POLL_S, remaining)):
                # One card may have been taken for another.
                return self.slot(slot)

    def power_on(self, slot: int = 0) -> bytes | ExchangeFailed:
        """Give the card power, after taking it away where it had some, and return its ATR.

        Where the reader leaves that to the host, voltage, protocol, speed and block length are settled with the card.
        """
        self._begin(slot)
        self._exchange.count_cycle()
        failure = ExchangeFailed(IccStatus.INACTIVE, SlotError.ICC_MUTE.value)
        for voltage in self._voltages():
            self._power_off(slot)
            answer = self._exchange.ask(ccid.IccPowerOn(slot, self._exchange.next_sequence(), voltage), DataBlock)
            if isinstance(answer, DataBlock) and answer.data:
                return self._settle(slot, answer.data)
            failure = answer if isinstance(answer, ExchangeFailed) else _failure(answer)
            if failure.icc is IccStatus.ABSENT or failure.error not in _TRY_NEXT_VOLTAGE:
                break
        return failure

    def power_off(self, slot: int = 0) -> None:
        """Take the card's power; it forgets whatever it had begun."""
        self._begin(slot)
        self._power_off(slot)

    def transmit(self, apdu: bytes, slot: int = 0) -> bytes | ExchangeFailed:
        """Send a command APDU once and return the card's answer; 61xx and 6Cxx are the caller's business.

        Raises:
            ValueError: it is no APDU, or an extended one and reader or protocol do not take that.
        """
        self._begin(slot)
        link = self._links.get(slot)
        if link is None:
            if self._descriptor.exchange_level is ExchangeLevel.TPDU:
                return ExchangeFailed(IccStatus.INACTIVE, SlotError.ICC_MUTE.value)
            link = self._apdu_link(slot)
        try:
            answer = link.transmit(apdu)
        except (DeviceUnavailable, ProtocolViolation):
            self._links.pop(slot, None)
            raise
        if isinstance(answer, ExchangeFailed) and answer.error == SlotError.ABORTED.value:
            self._links.pop(slot, None)
        return answer

    def escape(self, data: bytes, slot: int = 0) -> bytes | ExchangeFailed:
        """Send a command of the reader's maker and return the answer."""
        self._begin(slot)
        answer = self._exchange.ask(ccid.Escape(slot, self._exchange.next_sequence(), data), EscapeAnswer)
        return answer if isinstance(answer, ExchangeFailed) else answer.data

    def parameters(self, slot: int = 0) -> T0Parameters | T1Parameters | ExchangeFailed:
        """Return the parameters of the card protocol."""
        self._begin(slot)
        return self._parameters(ccid.GetParameters(slot, self._exchange.next_sequence()))

    def reset_parameters(self, slot: int = 0) -> T0Parameters | T1Parameters | ExchangeFailed:
        """Set the parameters of the card protocol to the reader's defaults and return them."""
        self._begin(slot)
        return self._parameters(ccid.ResetParameters(slot, self._exchange.next_sequence()))

    def set_data_rate(self, clock_khz: int, bits_per_s: int, slot: int = 0) -> tuple[int, int] | ExchangeFailed:
        """Ask for a clock and a data rate and return those that the reader chose."""
        self._begin(slot)
        sequence = self._exchange.next_sequence()
        command = ccid.SetDataRateAndClockFrequency(slot, sequence, clock_khz, bits_per_s)
        answer = self._exchange.ask(command, DataRateAndClockFrequency)
        return answer if isinstance(answer, ExchangeFailed) else (answer.clock, answer.data_rate)

    def clock(self, command: ClockCommand, slot: int = 0) -> ExchangeFailed | None:
        """Stop the card's clock or let it run; None when that is done."""
        self._begin(slot)
        return self._order(ccid.IccClock(slot, self._exchange.next_sequence(), command))

    def mechanical(self, function: MechanicalFunction, slot: int = 0) -> ExchangeFailed | None:
        """Move or lock the card; None when that is done."""
        self._begin(slot)
        return self._order(ccid.Mechanical(slot, self._exchange.next_sequence(), function))

    def counters(self) -> Counters:
        """Return what was counted; a cycle is a card that was given power."""
        return self._exchange.counters.copy()

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    def _begin(self, slot: int) -> None:
        if not 0 <= slot < self.slots:
            raise ValueError(f"the reader has {self.slots} slots, no slot {slot}")
        self._exchange.begin()

    def _listen(self, slot: int, timeout_s: float) -> bool:
        """Return whether the reader notified of a change in `slot`."""
        transfer = self._transport.read_interrupt(_INTERRUPT_BYTES, timeout_s)
        if not transfer:
            return False
        try:
            message = ccid.decode_interrupt(transfer)
        except WireError as error:
            raise self._violation(str(error)) from None
        if isinstance(message, HardwareError):
            raise self._violation(f"the reader reports hardware error {message.code:02X} in slot {message.slot}")
        return message.changed(slot)

    def _power_off(self, slot: int) -> None:
        self._links.pop(slot, None)
        failure = self._order(ccid.IccPowerOff(slot, self._exchange.next_sequence()))
        if failure is not None:
            self._expect_not_aborted(failure)
            if failure.icc is IccStatus.ACTIVE:
                raise self._violation("the reader does not take the card's power")

    def _voltages(self) -> list[Voltage]:
        if self._descriptor.has(Feature.CHOOSES_VOLTAGE | Feature.ACTIVATES_ON_INSERTION):
            return [Voltage.AUTOMATIC]
        supported = [voltage for voltage, bit in _VOLTAGES if self._descriptor.voltages & bit]
        return supported or [Voltage.AUTOMATIC]

    def _order(self, command: Command) -> ExchangeFailed | None:
        answer = self._exchange.ask(command, SlotStatus)
        return answer if isinstance(answer, ExchangeFailed) else None

    def _parameters(self, command: Command) -> T0Parameters | T1Parameters | ExchangeFailed:
        answer = self._exchange.ask(command, Parameters)
        if isinstance(answer, ExchangeFailed):
            return answer
        try:
            return decode_parameters(answer.protocol, answer.data)
        except WireError as error:
            raise self._violation(str(error)) from None

    def _expect_not_aborted(self, failure: ExchangeFailed) -> None:
        """Raise DeviceUnavailable where the reader gave a command up that no card could delay."""
        if failure.error == SlotError.ABORTED.value:
            raise DeviceUnavailable(self._device, "silent")

    def _violation(self, detail: str) -> ProtocolViolation:
        return self._exchange.violation(detail)

    # -- how APDUs travel ------------------------------------------------------------------------------

    def _apdu_link(self, slot: int) -> Link:
        def send(data: bytes, level: Chain) -> DataBlock | ExchangeFailed:
            command = ccid.XfrBlock(slot, self._exchange.next_sequence(), data, level=level)
            return self._exchange.ask(command, DataBlock)

        if self._descriptor.exchange_level is ExchangeLevel.SHORT_APDU:
            return ShortLink(send)
        return ExtendedLink(send, self._max_message - ccid.HEADER_BYTES, self._violation)

    def _settle(self, slot: int, answer_to_reset: bytes) -> bytes | ExchangeFailed:
        """Make the card ready for APDUs and return its ATR."""
        if self._descriptor.exchange_level is not ExchangeLevel.TPDU:
            self._links[slot] = self._apdu_link(slot)
            return answer_to_reset
        try:
            card = atr.decode_atr(answer_to_reset)
        except WireError:
            return ExchangeFailed(IccStatus.ACTIVE, SlotError.BAD_ATR_TCK.value)
        link = self._settle_tpdu(slot, card)
        if isinstance(link, ExchangeFailed):
            return link
        self._links[slot] = link
        return answer_to_reset

    def _settle_tpdu(self, slot: int, card: Atr) -> Link | ExchangeFailed:
        specific = card.specific_mode
        offered = card.protocols if specific is None else (specific & 0x0F,)
        protocol = next((each for each in offered if each in {0, 1} and self._descriptor.protocols >> each & 1), None)
        if protocol is None or (specific is not None and specific & 0x10):
            # No protocol in common, or a speed that only the card knows (bit 5 of TA2).
            return ExchangeFailed(IccStatus.ACTIVE, SlotError.PROTOCOL_NOT_SUPPORTED.value)
        fi_di = card.fi_di if specific is not None or self._is_fast_enough(card.fi_di) else atr.DEFAULT_FI_DI
        if not self._descriptor.has(Feature.NEGOTIATES_PARAMETERS):
            refused = self._negotiate(slot, card, protocol, fi_di)
            if refused is not None:
                return refused
        if protocol == 0:
            return T0Link(self._block_sender(slot, 0.0))
        reader_does = self._descriptor.has(Feature.NEGOTIATES_IFSD)
        link = T1Link(
            self._block_sender(slot, self._block_waiting_s(card.waiting_integers, fi_di)),
            ifsc=card.ifsc,
            edc=Edc.CRC if card.crc else Edc.LRC,
            ifsd=None if reader_does else min(self._descriptor.max_ifsd, MAX_INFORMATION),
        )
        refused = link.agree_on_ifsd()
        return link if refused is None else refused

    def _negotiate(self, slot: int, card: Atr, protocol: int, fi_di: int) -> ExchangeFailed | None:
        """Settle protocol and speed with the card (PPS) where that is needed and left to the host; tell the reader."""
        needed = protocol != card.protocols[0] or fi_di != atr.DEFAULT_FI_DI
        if needed and card.specific_mode is None and not self._descriptor.has(Feature.MAKES_PPS):
            request = atr.encode_pps(protocol, None if fi_di == atr.DEFAULT_FI_DI else fi_di)
            confirmed = self._block_sender(slot, 0.0)(request, 0)
            if isinstance(confirmed, ExchangeFailed):
                return confirmed
            if confirmed != request:
                # A card that confirms less (the protocol without the speed) stays at the default speed.
                fi_di = atr.DEFAULT_FI_DI
                if confirmed != atr.encode_pps(protocol, None):
                    return ExchangeFailed(IccStatus.ACTIVE, SlotError.PROTOCOL_NOT_SUPPORTED.value)
        number, structure = encode_parameters(_parameters_of(card, protocol, fi_di))
        answer = self._parameters(ccid.SetParameters(slot, self._exchange.next_sequence(), number, structure))
        # A parameter that cannot be changed (bError names its byte) is one that the reader has set itself.
        if isinstance(answer, ExchangeFailed) and not 0x01 <= answer.error <= 0x7F:
            return answer
        return None

    def _block_sender(self, slot: int, block_waiting_s: float) -> SendBlock:
        def send(block: bytes, multiplier: int) -> bytes | ExchangeFailed:
            command = ccid.XfrBlock(slot, self._exchange.next_sequence(), block, multiplier)
            patience_s = ANSWER_S + block_waiting_s * max(multiplier, 1)
            answer = self._exchange.ask(command, DataBlock, patience_s)
            if isinstance(answer, ExchangeFailed):
                return answer
            return answer.data or _failure(answer)

        return send

    def _is_fast_enough(self, fi_di: int) -> bool:
        """Whether the reader keeps up with a card that is faster than the default."""
        try:
            fi, di = atr.factors(fi_di)
        except WireError:
            return False
        bits_per_s = 1000 * self._descriptor.default_clock * di // fi
        if bits_per_s > self._descriptor.max_data_rate + _BAUD_TOLERANCE:
            return False
        rates = self._listed_rates()
        return not rates or any(abs(rate - bits_per_s) <= _BAUD_TOLERANCE for rate in rates)

    def _listed_rates(self) -> tuple[int, ...]:
        """Return the data rates that the reader lists, none where it takes any."""
        if self._data_rates is None:
            self._data_rates = ()
            if count := self._descriptor.data_rate_choices:
                ask = ccid.get_data_rates(count)
                try:
                    answer = self._transport.control_in(ask.request_type, ask.request, ask.value, ask.index, ask.length)
                except DeviceUnavailable:
                    answer = b""  # it has no such request; if it is gone, the next exchange says so
                whole = len(answer) // 4
                self._data_rates = struct.unpack(f"<{whole}I", answer[: 4 * whole])
        return self._data_rates

    def _block_waiting_s(self, waiting_integers: int, fi_di: int) -> float:
        """Return BWT (ISO/IEC 7816-3 11.4.3) in seconds."""
        fi, di = atr.factors(fi_di)
        cycles = 11 * fi / di + (960 * 372 << (waiting_integers >> 4))
        return cycles / (1000 * max(self._descriptor.default_clock, 1))


def _parameters_of(card: Atr, protocol: int, fi_di: int) -> T0Parameters | T1Parameters:
    inverse = 0x02 if card.inverse else 0x00
    if protocol == 0:
        return T0Parameters(fi_di, inverse, card.guard_time, card.waiting_integer)
    tccks = 0x10 | inverse | card.crc
    return T1Parameters(fi_di, tccks, card.guard_time, card.waiting_integers, ifsc=card.ifsc)


def _failure(answer: DataBlock) -> ExchangeFailed:
    return ExchangeFailed(answer.state.icc, answer.state.error)
