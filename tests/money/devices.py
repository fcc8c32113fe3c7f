"""The terminal's devices without wires, threads and motors: behind them are the simulated reader and the real cards."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from device_sim.cards.debit import DebitApplication
from device_sim.ccid_reader import BULK_IN, BULK_OUT, SimulatedCcidReader
from device_sim.key_block import HeldKey
from device_sim.secure_module import SecureModule
from device_sim.transit_card import TransitCard
from device_sim.usb.device import Stall
from kiosk_core.card_reader import CardRefusal, ChipAnswer, ChipPower, ChipProtocol, Destination, RawData
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.pin_pad import Canceled, EntryEnd, PinBlock, PinEntry, PinFormat
from kiosk_core.receipt import Receipt
from kiosk_core.status import Identity, Media

Notice = Callable[[str], None]

_PIN_PLACE = "pin"
_GENERATE_AC = bytes.fromhex("80AE")
_APPROVAL, _REFUSAL = 0x40, 0x00  # the chip is asked for a TC, or an AAC: EMV 4.3 Book 3, 6.5.5


class Pipes:
    """The pipes of the top-up module's reader, without USB between: a drivers.transport.UsbTransport."""

    def __init__(self, reader: SimulatedCcidReader, clock: Clock) -> None:
        self.identity = Identity("simulated reader")
        self.class_descriptor = reader.descriptor.interfaces[0].extra
        self._reader = reader
        self._clock = clock

    def write(self, data: bytes, timeout_s: float) -> None:
        self._reader.bulk_out(BULK_OUT, data)

    def read(self, size: int, timeout_s: float) -> bytes:
        got = self._reader.bulk_in(BULK_IN, size)
        if got is None:
            self._clock.sleep(timeout_s)
        return got or b""

    def read_interrupt(self, size: int, timeout_s: float) -> bytes:
        self._clock.sleep(timeout_s)
        return b""

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        try:
            return self._reader.control_in(request_type, request, value, index, length)
        except Stall:
            raise DeviceUnavailable("top_up_module", "stalled") from None

    def discard_input(self) -> None:
        while self._reader.bulk_in(BULK_IN, 512):
            pass

    def close(self) -> None: ...


class Inline:
    """A worker whose work is done before `call` returns."""

    def __init__(self, owned: Any) -> None:
        self._owned = owned

    def call(self, work: Callable[[Any], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        do(work, self._owned, future)
        return future


def do(work: Callable[[Any], Any], owned: Any, future: "Future[Any]") -> None:
    """Do `work` and have `future` hear how it ended."""
    try:
        result = work(owned)
    except Exception as error:
        future.set_exception(error)
    else:
        future.set_result(result)


class Paper:
    """A printer that never fails and whose paper nobody reads."""

    def print(self, receipt: Receipt) -> None: ...


class WatchedCard:
    """A card in the field, and a notice before and after each command: a device_sim.card.Card."""

    def __init__(self, card: TransitCard, notice: Notice) -> None:
        self.card = card
        self._notice = notice

    def power_on(self) -> bytes:
        return self.card.power_on()

    def power_off(self) -> None:
        self.card.power_off()

    def transmit(self, command: bytes) -> bytes | None:
        name = command[:2].hex(" ")
        self._notice(f"{name} leaves")
        answer = self.card.transmit(command)
        self._notice(f"{name} has been carried out")
        return answer


class WatchedChip:
    """A bank card's chip, and a notice before and after each cryptogram; with `refuses` it ends every payment by no."""

    def __init__(self, card: DebitApplication, notice: Notice) -> None:
        self.card = card
        self.refuses = False
        self._notice = notice

    def transmit(self, command: bytes) -> bytes | None:
        if not command.startswith(_GENERATE_AC):
            return self.card.transmit(command)
        if self.refuses and command[2] == _APPROVAL:
            command = command[:2] + bytes((_REFUSAL,)) + command[3:]
        self._notice("80 ae leaves")
        answer = self.card.transmit(command)
        self._notice("80 ae has been carried out")
        return answer


class CardSlot:
    """A reader for bank cards: of kiosk_core.card_reader.CardReader what a payment asks."""

    def __init__(self) -> None:
        self._lies = Media.NOT_PRESENT
        self._open = False
        self._chip: WatchedChip | None = None

    def insert(self, chip: WatchedChip) -> None:
        """Put a card in, if the slot takes one."""
        if self._open and self._chip is None:
            self._chip, self._lies = chip, Media.PRESENT

    def take(self) -> None:
        """Take the card, wherever it is."""
        self._chip, self._lies = None, Media.NOT_PRESENT

    def media(self) -> Media:
        return self._lies

    def set_entry(self, enabled: bool) -> None:
        self._open = enabled

    def move(self, to: Destination) -> CardRefusal | None:
        self._lies = Media.ENTERING
        return None

    def read_raw_data(self) -> RawData | CardRefusal:
        if self._chip is None:
            return CardRefusal.NO_MEDIA
        self._lies = Media.LATCHED
        return RawData(ChipProtocol.T0, self._chip.card.power_on())

    def chip_power(self, power: ChipPower) -> RawData | CardRefusal | None:
        if self._chip is not None:
            self._chip.card.power_off()
        return None

    def chip_io(self, protocol: ChipProtocol, command: bytes) -> ChipAnswer | CardRefusal:
        if self._chip is None:
            return CardRefusal.NO_MEDIA
        answer = self._chip.transmit(command)
        return ChipAnswer(answer) if answer is not None else CardRefusal.CARD_SILENT


class Keys:
    """A PIN pad on its own thread, as far as it can be without one: it answers when somebody has typed.

    `key` (3DES, 16 bytes) encrypts its PIN blocks.
    """

    formats = frozenset({PinFormat.ISO0})

    def __init__(self, key: bytes) -> None:
        self._module = SecureModule(bytes)  # format 0 has nothing random in it
        self._module.put(_PIN_PLACE, HeldKey("P0", "T", "E", key))
        self._waiting: tuple[Callable[[Any], Any], Future[Any]] | None = None
        self._typed = ""

    def call(self, work: Callable[[Any], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        self._waiting = work, future
        return future

    def type_pin(self, pin: str) -> None:
        """Have the customer type his PIN, if he is asked for it."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            work, future = waiting
            self._typed = pin
            do(work, self, future)

    def enter_pin(self, entry: PinEntry, is_canceled: Canceled) -> PinBlock | EntryEnd:
        if is_canceled():
            return EntryEnd.CANCELED
        block = self._module.pin_block(_PIN_PLACE, entry.format, self._typed, entry.number.reveal())
        return PinBlock(entry.format, len(self._typed), block)
