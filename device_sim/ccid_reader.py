"""A contactless CCID reader with one slot, short APDU level exchange: written from CCID revision 1.1, chapters 5 and 6.

Sources of what it answers: wire/ccid.py. Strict: a wrong slot, length or level is a failed command with the
bError that names it.
"""

import threading
from collections import deque

from device_sim.card import Card
from device_sim.usb.device import Descriptor, Endpoint, Interface, Stall
from kiosk_core.clock import Clock
from wire import ccid
from wire.ccid import (
    ClassDescriptor,
    CommandStatus,
    DataBlock,
    GetSlotStatus,
    IccPowerOff,
    IccPowerOn,
    IccStatus,
    Message,
    NotifySlotChange,
    OtherMessage,
    SlotError,
    SlotState,
    SlotStatus,
    XfrBlock,
)
from wire.errors import WireError

BULK_OUT, BULK_IN, INTERRUPT_IN = 0x02, 0x82, 0x81

MAX_MESSAGE = 271
"""Header and the longest short APDU: 10 + 4 + 1 + 255 + 1."""

_Command = IccPowerOn | IccPowerOff | GetSlotStatus | XfrBlock | OtherMessage

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


class SimulatedCcidReader:
    """The reader. It is a device_sim.usb.device.UsbFunction; cards come and go from any thread."""

    def __init__(
        self, vendor_id: int, product_id: int, clock: Clock, *, apdu_s: float = 0.0, serial: str = "SIM0001"
    ) -> None:
        """Make a reader without a card; `apdu_s` is how long it takes for an APDU."""
        self._descriptor = Descriptor(
            vendor_id,
            product_id,
            "OpenTeller",
            "Simulated contactless reader",
            serial,
            (
                Interface(
                    ccid.INTERFACE_CLASS,
                    0,
                    0,
                    (
                        Endpoint(INTERRUPT_IN, 3, max_packet=8, interval=16),
                        Endpoint(BULK_OUT, 2),
                        Endpoint(BULK_IN, 2),
                    ),
                    extra=ccid.encode_descriptor(CLASS_DESCRIPTOR),
                ),
            ),
        )
        self.time_extensions = 0
        """How many time extensions (bStatus 80) come before the answer to each XfrBlock."""
        self._clock = clock
        self._apdu_s = apdu_s
        self._lock = threading.RLock()
        self._card: Card | None = None
        self._active = False
        # Each with the time from which on it can be fetched.
        self._answers: deque[tuple[float, bytes]] = deque()
        self._notification: NotifySlotChange | None = None

    @property
    def descriptor(self) -> Descriptor:
        """The descriptors."""
        return self._descriptor

    @property
    def card(self) -> Card | None:
        """The card in the field."""
        with self._lock:
            return self._card

    def insert(self, card: Card) -> None:
        """Lay a card on the reader.

        Raises:
            ValueError: there is one already.
        """
        with self._lock:
            if self._card is not None:
                raise ValueError("there is a card on the reader already")
            self._card = card
            self._notification = NotifySlotChange(b"\x03")

    def remove(self) -> Card | None:
        """Take the card away and return it, None if there was none."""
        with self._lock:
            card, self._card = self._card, None
            self._active = False
            if card is not None:
                card.power_off()
                self._notification = NotifySlotChange(b"\x02")
            return card

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        """Take one message and prepare its answer. Raises Stall for what is no message."""
        if endpoint != BULK_OUT:
            raise Stall
        with self._lock:
            for answer in self._carry_out(data):
                self._answers.append((self._ready_at(answer), ccid.encode(answer)))

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        """Give the next answer or notification, None when there is none."""
        with self._lock:
            if endpoint == INTERRUPT_IN:
                notification, self._notification = self._notification, None
                return None if notification is None else ccid.encode(notification)[:size]
            if not self._answers or self._answers[0][0] > self._clock.now():
                return None
            ready_at, answer = self._answers.popleft()
            if len(answer) > size:
                self._answers.appendleft((ready_at, answer[size:]))
            return answer[:size]

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:  # noqa: ARG002
        """Stall: it has no class requests, since clock and data rates cannot be chosen."""
        raise Stall

    def power_cycle(self) -> None:
        """Forget what was asked and answered; a card in the field loses its power and is announced again."""
        with self._lock:
            self._answers.clear()
            self._active = False
            self._notification = None
            if self._card is not None:
                self._card.power_off()
                self._notification = NotifySlotChange(b"\x03")

    def _ready_at(self, answer: Message) -> float:
        takes_time = isinstance(answer, DataBlock) and answer.state.command is CommandStatus.PROCESSED
        return self._clock.now() + (self._apdu_s if takes_time else 0.0)

    def _carry_out(self, data: bytes) -> list[Message]:
        try:
            message = ccid.decode(data)
        except WireError:
            # Without bSlot and bSeq there is nothing to answer to.
            if len(data) < ccid.HEADER_BYTES:
                raise Stall from None
            return [SlotStatus(data[5], data[6], self._state(SlotError.WRONG_LENGTH))]
        if isinstance(message, DataBlock | SlotStatus | NotifySlotChange):
            raise Stall
        return self._bad_slot(message) if message.slot != 0 else self._obey(message)

    def _obey(self, command: _Command) -> list[Message]:
        match command:
            case IccPowerOn(_, sequence):
                return [self._power_on(sequence)]
            case IccPowerOff(_, sequence):
                self._power_off()
                return [SlotStatus(0, sequence, self._state())]
            case GetSlotStatus(_, sequence):
                return [SlotStatus(0, sequence, self._state())]
            case XfrBlock(_, sequence):
                return [*self._time_extensions(sequence), self._transfer(command)]
            case OtherMessage(_, _, sequence):
                return [SlotStatus(0, sequence, self._state(SlotError.COMMAND_NOT_SUPPORTED))]

    @staticmethod
    def _bad_slot(command: _Command) -> list[Message]:
        state = SlotState(IccStatus.ABSENT, CommandStatus.FAILED, SlotError.BAD_SLOT.value)
        if isinstance(command, IccPowerOn | XfrBlock):
            return [DataBlock(command.slot, command.sequence, state, b"")]
        return [SlotStatus(command.slot, command.sequence, state)]

    def _state(self, error: SlotError | None = None) -> SlotState:
        present = IccStatus.ACTIVE if self._active else IccStatus.INACTIVE
        icc = IccStatus.ABSENT if self._card is None else present
        if error is None:
            return SlotState(icc)
        return SlotState(icc, CommandStatus.FAILED, error.value)

    def _power_on(self, sequence: int) -> DataBlock:
        if self._card is None:
            return DataBlock(0, sequence, self._state(SlotError.ICC_MUTE), b"")
        atr = self._card.power_on()
        self._active = True
        return DataBlock(0, sequence, self._state(), atr)

    def _power_off(self) -> None:
        self._active = False
        if self._card is not None:
            self._card.power_off()

    def _time_extensions(self, sequence: int) -> list[Message]:
        state = SlotState(self._state().icc, CommandStatus.TIME_EXTENSION, 1)
        return [DataBlock(0, sequence, state, b"")] * self.time_extensions

    def _transfer(self, message: XfrBlock) -> DataBlock:
        if message.level != 0:
            return DataBlock(0, message.sequence, self._state(SlotError.BAD_LEVEL), b"")
        if not message.data or ccid.HEADER_BYTES + len(message.data) > MAX_MESSAGE:
            return DataBlock(0, message.sequence, self._state(SlotError.WRONG_LENGTH), b"")
        if self._card is None or not self._active:
            return DataBlock(0, message.sequence, self._state(SlotError.ICC_MUTE), b"")
        answer = self._card.transmit(message.data)
        if answer is None:
            self.remove()
            return DataBlock(0, message.sequence, self._state(SlotError.ICC_MUTE), b"")
        return DataBlock(0, message.sequence, self._state(), answer)
