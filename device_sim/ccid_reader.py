"""A CCID reader, contactless or with contacts: written from CCID revision 1.1, chapters 3, 5 and 6.

Its class descriptor decides what it is: exchange level, slots, length of messages, what it does by itself. Sources of
what it answers: wire/ccid.py. Strict: a wrong slot, length, level, voltage or order of pieces is a failed command with
the bError that names it.
"""

import threading
from collections import deque
from dataclasses import dataclass, field, replace

from device_sim.card import Card
from device_sim.card_contacts import Contacts, Whims
from device_sim.usb.device import Descriptor, Endpoint, Interface, Stall
from kiosk_core.clock import Clock
from wire import ccid
from wire.ccid import (
    Abort,
    Answer,
    Chain,
    ClockCommand,
    Command,
    CommandStatus,
    DataBlock,
    DataRateAndClockFrequency,
    Escape,
    EscapeAnswer,
    GetParameters,
    GetSlotStatus,
    HardwareError,
    IccClock,
    IccPowerOff,
    IccPowerOn,
    IccStatus,
    NotifySlotChange,
    OtherMessage,
    Parameters,
    ResetParameters,
    SetDataRateAndClockFrequency,
    SetParameters,
    SlotError,
    SlotState,
    SlotStatus,
    Voltage,
    XfrBlock,
)
from wire.ccid_descriptor import ClassDescriptor, ExchangeLevel, Feature, encode_descriptor
from wire.ccid_parameters import T0Parameters, T1Parameters, decode_parameters, encode_parameters
from wire.errors import WireError

BULK_OUT, BULK_IN, INTERRUPT_IN = 0x02, 0x82, 0x81

MAX_MESSAGE = 271
"""Header and the longest short APDU: 10 + 4 + 1 + 255 + 1."""

# What the ACR122U announces (LudovicRousseau/CCID, readers/ACR122U_PICC.txt), with release 1.10.
CLASS_DESCRIPTOR = ClassDescriptor(
    release=0x0110,
    max_slot_index=0,
    voltages=0x07,
    protocols=0x02,
    default_clock=4000,
    maximum_clock=4000,
    clock_choices=0,
    data_rate=10752,
    max_data_rate=250000,
    data_rate_choices=0,
    max_ifsd=256,
    synchronous_protocols=0,
    mechanical=0,
    features=0x00020040,
    max_message_length=MAX_MESSAGE,
    class_get_response=0,
    class_envelope=0,
    lcd_layout=0,
    pin_support=0,
    max_busy_slots=1,
)
# The same at the level of extended APDUs, with the features of an Inepro Spider (LudovicRousseau/CCID issue 162).
EXTENDED_DESCRIPTOR = replace(CLASS_DESCRIPTOR, features=0x000404BA)
# A reader with contacts at TPDU level, as a GemPC Twin announces itself (readers/GemPCTwin.txt).
TPDU_DESCRIPTOR = replace(
    CLASS_DESCRIPTOR, release=0x0100, protocols=0x03, max_data_rate=344086, max_ifsd=254, features=0x00010230
)

_ABORT = (0x21, 0x01)
_VOLTAGE_BITS = {Voltage.V5: 0x01, Voltage.V3: 0x02, Voltage.V1_8: 0x04}

_Question = Command | OtherMessage


@dataclass
class _Slot:
    """A slot with the card in it, and what is under way there."""

    card: Card | None = None
    active: bool = False
    contacts: Contacts | None = None
    parameters: T0Parameters | T1Parameters = field(default_factory=T0Parameters)
    clock_stopped: bool = False
    coming: bytes = b""
    going: bytes = b""
    aborting: int | None = None
    """bSeq of an ABORT on the control pipe that waits for its other half."""
    abort_first: int | None = None
    """bSeq of the message Abort that came before its other half."""

    def power_off(self) -> None:
        self.active = False
        self.contacts = None
        self.coming = self.going = b""
        self.clock_stopped = False
        if self.card is not None:
            self.card.power_off()


class SimulatedCcidReader:
    """The reader. It is a device_sim.usb.device.UsbFunction; cards come and go from any thread."""

    def __init__(
        self,
        vendor_id: int,
        product_id: int,
        clock: Clock,
        *,
        apdu_s: float = 0.0,
        serial: str = "SIM0001",
        reader: ClassDescriptor = CLASS_DESCRIPTOR,
        notifies: bool = True,
        aborts: bool = True,
    ) -> None:
        """Make a reader without a card; `apdu_s` is how long it takes for an APDU or TPDU.

        Without `notifies` it has no interrupt pipe, without `aborts` it stalls the request ABORT.
        """
        pipes = [Endpoint(BULK_OUT, 2), Endpoint(BULK_IN, 2)]
        if notifies:
            pipes.insert(0, Endpoint(INTERRUPT_IN, 3, max_packet=8, interval=16))
        interface = Interface(ccid.INTERFACE_CLASS, 0, 0, tuple(pipes), extra=encode_descriptor(reader))
        self._descriptor = Descriptor(
            vendor_id, product_id, "OpenTeller", "Simulated contactless reader", serial, (interface,)
        )
        self.time_extensions = 0
        """How many time extensions (bStatus 80) come before the answer to each XfrBlock."""
        self.escapes: dict[bytes, bytes] = {}
        """What Escape commands are answered; others fail with bError 0A, as a GemPC Twin does (PCSC issue 71)."""
        self.whims = Whims()
        """What cards over T=1 do beside answering (TPDU level)."""
        self._reader = reader
        self._aborts = aborts
        self._clock = clock
        self._apdu_s = apdu_s
        self._lock = threading.RLock()
        self._slots = [_Slot() for _ in range(reader.max_slot_index + 1)]
        # Each with the time from which on it can be fetched.
        self._answers: deque[tuple[float, Answer]] = deque()
        self._rest = b""
        self._changed: set[int] = set()
        self._hardware_error: HardwareError | None = None

    @property
    def descriptor(self) -> Descriptor:
        """The descriptors."""
        return self._descriptor

    @property
    def card(self) -> Card | None:
        """The card in the first slot, or in the field."""
        with self._lock:
            return self._slots[0].card

    def insert(self, card: Card, slot: int = 0) -> None:
        """Lay a card on the reader, or put it into one of its slots.

        Raises:
            ValueError: there is one already.
        """
        with self._lock:
            if self._slots[slot].card is not None:
                raise ValueError("there is a card on the reader already")
            self._slots[slot].card = card
            self._changed.add(slot)

    def remove(self, slot: int = 0) -> Card | None:
        """Take the card away and return it, None if there was none."""
        with self._lock:
            place = self._slots[slot]
            card = place.card
            place.power_off()
            place.card = None
            if card is not None:
                self._changed.add(slot)
            return card

    def hardware_error(self, code: int = 0x01, slot: int = 0) -> None:
        """Report a fault of the hardware on the interrupt pipe; 01 is over-current."""
        with self._lock:
            self._hardware_error = HardwareError(slot, 0, code)

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        """Take one message and prepare its answer. Raises Stall for what is no message."""
        if endpoint != BULK_OUT:
            raise Stall
        with self._lock:
            for answer in self._carry_out(data):
                self._answers.append((self._ready_at(answer), answer))

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        """Give the next answer or notification, None when there is none."""
        with self._lock:
            if endpoint == INTERRUPT_IN:
                return self._notify(size)
            if not self._rest and self._answers and self._answers[0][0] <= self._clock.now():
                self._rest = ccid.encode(self._answers.popleft()[1])
            part, self._rest = self._rest[:size], self._rest[size:]
            return part or None

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:  # noqa: ARG002
        """Take ABORT. Stall the others: clock and data rates cannot be chosen."""
        sequence, slot = divmod(value, 0x100)
        if (request_type, request) != _ABORT or not self._aborts or slot >= len(self._slots):
            raise Stall
        with self._lock:
            place = self._slots[slot]
            if place.abort_first == sequence:
                answer = self._give_up(slot, sequence)
                self._answers.append((self._clock.now(), answer))
            else:
                self._forget_answers(slot)
                place.aborting = sequence
        return b""

    def power_cycle(self) -> None:
        """Forget what was asked and answered; cards lose their power and are announced again."""
        with self._lock:
            self._answers.clear()
            self._rest = b""
            self._hardware_error = None
            self._changed.clear()
            for number, place in enumerate(self._slots):
                place.power_off()
                place.aborting = place.abort_first = None
                if place.card is not None:
                    self._changed.add(number)

    def _notify(self, size: int) -> bytes | None:
        if self._hardware_error is not None:
            error, self._hardware_error = self._hardware_error, None
            return ccid.encode(error)[:size]
        if not self._changed:
            return None
        bits = 0
        for number, place in enumerate(self._slots):
            bits |= (number in self._changed) << 2 * number + 1 | (place.card is not None) << 2 * number
        self._changed.clear()
        length = (2 * len(self._slots) + 7) // 8
        return ccid.encode(NotifySlotChange(bits.to_bytes(length, "little")))[:size]

    def _ready_at(self, answer: Answer) -> float:
        takes_time = isinstance(answer, DataBlock) and answer.state.command is CommandStatus.PROCESSED
        return self._clock.now() + (self._apdu_s if takes_time else 0.0)

    def _carry_out(self, data: bytes) -> list[Answer]:
        try:
            message = ccid.decode(data)
        except WireError:
            # Without bSlot and bSeq there is nothing to answer to.
            if len(data) < ccid.HEADER_BYTES:
                raise Stall from None
            return [SlotStatus(data[5], data[6], self._state(data[5], SlotError.WRONG_LENGTH))]
        if not isinstance(message, _Question):
            raise Stall
        if message.slot >= len(self._slots):
            return [self._failed(message, SlotError.BAD_SLOT)]
        if isinstance(message, Abort):
            return self._abort(message)
        if self._slots[message.slot].aborting is not None:
            return [self._failed(message, SlotError.ABORTED)]
        if any(answer.slot == message.slot and ready > self._clock.now() for ready, answer in self._answers):
            return [self._failed(message, SlotError.SLOT_BUSY)]
        return [*self._time_extensions(message), self._obey(message)]

    def _obey(self, command: _Question) -> Answer:
        place = self._slots[command.slot]
        match command:
            case IccPowerOn():
                return self._power_on(command, place)
            case IccPowerOff(slot, sequence):
                place.power_off()
                return SlotStatus(slot, sequence, self._state(slot))
            case GetSlotStatus(slot, sequence):
                return SlotStatus(slot, sequence, self._state(slot), int(place.clock_stopped))
            case XfrBlock():
                return self._transfer(command, place)
            case GetParameters() | ResetParameters() | SetParameters():
                return self._set_parameters(command, place)
            case Escape():
                return self._escape(command)
            case IccClock() if self._reader.has(Feature.STOPS_CLOCK):
                return self._set_clock(command, place)
            case SetDataRateAndClockFrequency(slot, sequence, clock, rate) if clock and rate:
                chosen = min(rate, self._reader.max_data_rate)
                return DataRateAndClockFrequency(slot, sequence, self._state(slot), self._reader.default_clock, chosen)
            case _:
                return self._failed(command, SlotError.COMMAND_NOT_SUPPORTED)

    def _failed(self, command: _Question, error: SlotError) -> Answer:
        """Return the answer to a command that failed, in the message that answers its kind."""
        slot, sequence, state = command.slot, command.sequence, self._state(command.slot, error)
        match command:
            case IccPowerOn() | XfrBlock():
                return DataBlock(slot, sequence, state, b"")
            case GetParameters() | ResetParameters() | SetParameters():
                return Parameters(slot, sequence, state, 0, b"")
            case Escape():
                return EscapeAnswer(slot, sequence, state, b"")
            case _:
                return SlotStatus(slot, sequence, state)

    def _state(self, slot: int, error: SlotError | None = None) -> SlotState:
        place = self._slots[slot] if slot < len(self._slots) else _Slot()
        present = IccStatus.ACTIVE if place.active else IccStatus.INACTIVE
        icc = IccStatus.ABSENT if place.card is None else present
        return SlotState(icc) if error is None else SlotState(icc, CommandStatus.FAILED, error.value)

    def _power_on(self, command: IccPowerOn, place: _Slot) -> Answer:
        automatic = self._reader.has(Feature.CHOOSES_VOLTAGE | Feature.ACTIVATES_ON_INSERTION)
        bits = {voltage: bit for voltage, bit in _VOLTAGE_BITS.items() if self._reader.voltages & bit}
        if command.voltage not in bits and not (command.voltage == Voltage.AUTOMATIC and automatic):
            return self._failed(command, SlotError.BAD_PARAMETER)
        if place.card is None:
            return self._failed(command, SlotError.ICC_MUTE)
        place.power_off()
        answer_to_reset = place.card.power_on()
        if not answer_to_reset:
            return self._failed(command, SlotError.ICC_MUTE)
        place.parameters = T0Parameters()
        if self._reader.exchange_level is ExchangeLevel.TPDU:
            try:
                place.contacts = Contacts(place.card, answer_to_reset, self.whims)
            except WireError:
                place.power_off()
                return self._failed(command, SlotError.BAD_ATR_TCK)
        place.active = True
        return DataBlock(command.slot, command.sequence, self._state(command.slot), answer_to_reset)

    def _escape(self, command: Escape) -> Answer:
        state = self._state(command.slot)
        answer = self.escapes.get(command.data)
        if answer is None:
            return EscapeAnswer(command.slot, command.sequence, SlotState(state.icc, CommandStatus.FAILED, 0x0A), b"")
        return EscapeAnswer(command.slot, command.sequence, state, answer)

    def _set_clock(self, command: IccClock, place: _Slot) -> Answer:
        if command.command not in set(ClockCommand):
            return self._failed(command, SlotError.BAD_PARAMETER)
        place.clock_stopped = command.command == ClockCommand.STOP
        return SlotStatus(command.slot, command.sequence, self._state(command.slot), int(place.clock_stopped))

    def _set_parameters(self, command: GetParameters | ResetParameters | SetParameters, place: _Slot) -> Answer:
        if not place.active:
            return self._failed(command, SlotError.ICC_MUTE)
        match command:
            case ResetParameters():
                place.parameters = T0Parameters()
            case SetParameters(_, _, protocol, data):
                if protocol not in {0, 1} or not self._reader.protocols >> protocol & 1:
                    return self._failed(command, SlotError.BAD_PARAMETER)
                try:
                    place.parameters = decode_parameters(protocol, data)
                except WireError:
                    return self._failed(command, SlotError.WRONG_LENGTH)
        number, structure = encode_parameters(place.parameters)
        return Parameters(command.slot, command.sequence, self._state(command.slot), number, structure)

    def _time_extensions(self, command: _Question) -> list[Answer]:
        if not isinstance(command, XfrBlock):
            return []
        state = SlotState(self._state(command.slot).icc, CommandStatus.TIME_EXTENSION, 1)
        return [DataBlock(command.slot, command.sequence, state, b"")] * self.time_extensions

    # -- XfrBlock --------------------------------------------------------------------------------------

    def _transfer(self, command: XfrBlock, place: _Slot) -> Answer:
        extended = self._reader.exchange_level is ExchangeLevel.EXTENDED_APDU
        if command.level != Chain.WHOLE and not extended:
            return self._failed(command, SlotError.BAD_LEVEL)
        too_long = ccid.HEADER_BYTES + len(command.data) > self._reader.max_message_length
        if too_long or (not command.data and command.level != Chain.CONTINUE):
            return self._failed(command, SlotError.WRONG_LENGTH)
        if place.card is None or not place.active:
            return self._failed(command, SlotError.ICC_MUTE)
        if command.level == Chain.CONTINUE:
            if command.data or not place.going:
                return self._failed(command, SlotError.BAD_LEVEL)
            return self._give(command, place, first=False)
        return self._collect(command, place, place.card)

    def _collect(self, command: XfrBlock, place: _Slot, card: Card) -> Answer:
        begun = bool(place.coming)
        begins = command.level in {Chain.WHOLE, Chain.FIRST}
        if begun == begins or command.level not in {Chain.WHOLE, Chain.FIRST, Chain.MIDDLE, Chain.LAST}:
            place.coming = b""
            return self._failed(command, SlotError.BAD_LEVEL)
        place.coming += command.data
        if command.level in {Chain.FIRST, Chain.MIDDLE}:
            state = self._state(command.slot)
            return DataBlock(command.slot, command.sequence, state, b"", Chain.CONTINUE)
        whole, place.coming = place.coming, b""
        answer = self._to_card(whole, place, card)
        if not answer:
            return self._failed(command, SlotError.ICC_MUTE)
        place.going = answer
        return self._give(command, place, first=True)

    def _to_card(self, whole: bytes, place: _Slot, card: Card) -> bytes | None:
        if place.contacts is not None:
            agreed = self._reader.has(Feature.NEGOTIATES_PARAMETERS) or place.contacts.fi_di == place.parameters.fi_di
            is_pps = whole[0] == 0xFF
            # A reader that was not told the card's speed hears nothing.
            answer = place.contacts.exchange(whole) if agreed or is_pps else None
            gone = place.contacts.gone
        else:
            answer = card.transmit(whole)
            gone = answer is None
        if gone:
            self.remove(self._slots.index(place))
        return answer

    def _give(self, command: XfrBlock, place: _Slot, *, first: bool) -> DataBlock:
        room = self._reader.max_message_length - ccid.HEADER_BYTES
        if self._reader.exchange_level is not ExchangeLevel.EXTENDED_APDU:
            room = len(place.going)
        piece, place.going = place.going[:room], place.going[room:]
        followed, last = (Chain.FIRST, Chain.WHOLE) if first else (Chain.MIDDLE, Chain.LAST)
        chain = followed if place.going else last
        return DataBlock(command.slot, command.sequence, self._state(command.slot), piece, chain)

    # -- Abort -----------------------------------------------------------------------------------------

    def _abort(self, command: Abort) -> list[Answer]:
        place = self._slots[command.slot]
        if place.aborting == command.sequence:
            return [self._give_up(command.slot, command.sequence)]
        place.abort_first = command.sequence
        return []

    def _give_up(self, slot: int, sequence: int) -> SlotStatus:
        """Forget what the slot was asked and say so: both halves of the Abort are here."""
        place = self._slots[slot]
        place.aborting = place.abort_first = None
        place.coming = place.going = b""
        self._forget_answers(slot)
        return SlotStatus(slot, sequence, self._state(slot))

    def _forget_answers(self, slot: int) -> None:
        self._answers = deque(each for each in self._answers if each[1].slot != slot)
