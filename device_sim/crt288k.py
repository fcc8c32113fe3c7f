"""A simulated dip card reader CRT-288K, a USB HID device, as its public drivers expect it (named in `wire.crt288k`).

Strict: it executes a frame that is whole and right once, says NAK to any other, and repeats its last answer after NAK.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from device_sim.cards.mifare import MifareClassic, MifareUltralight
from device_sim.crt591_cards import SimulatedI2cCard, SimulatedSle4428, SimulatedSle4442
from device_sim.plastic_card import PlasticCard, TrackDamage
from device_sim.recent import Recent
from device_sim.usb.device import Descriptor, Endpoint, Interface, Stall
from kiosk_core.card_reader import ChipProtocol
from kiosk_core.clock import Clock
from wire import crt288k
from wire.crt288k import (
    PRODUCT_ID,
    REPORT,
    VENDOR_ID,
    CardType,
    Chip,
    Command,
    Control,
    Deframer,
    Done,
    ErrorCode,
    Failed,
    Frame,
    Garbled,
    Kind,
    Latch,
    MalformedCommand,
    Position,
    Protocol,
    Reply,
    Status,
    Supply,
    Track,
    TrackData,
    TrackError,
)
from wire.crt591_chips import Air

REPORT_OUT, REPORT_IN = 0x01, 0x81  # L
SERIAL_NUMBER = b"SIM288K0001"

# HID 1.11, 6.2.1: release 1.11, no country, one report descriptor. Its length is the simulator's choice.
_HID_DESCRIPTOR = bytes.fromhex("09 21 11 01 00 01 22 1B 00")


class Misdeed(Enum):
    """What can be wrong with one answer on its way."""

    NO_ACK = auto()
    NAK = auto()
    SILENT = auto()
    LATE = auto()
    GARBLED = auto()
    HALF = auto()
    TWICE = auto()
    FOREIGN = auto()


@dataclass(frozen=True)
class Condition:
    """What happened to the reader."""

    latch_broken: bool = False
    power_down: bool = False


@dataclass(frozen=True)
class Fittings:
    """What this unit has, and what its initialising does with the latch: the sources disagree (`wire.crt288k.Init`)."""

    latch: bool = True
    chip: bool = True
    magnetic_head: bool = True
    serial_number: bool = True
    init_opens_latch: bool = False


class SimulatedCrt288k:
    """The reader: a device_sim.usb.device.UsbFunction. A customer's hands are insert, push_in and pull_out.

    A card that is put in has its stripe read; what was read stays until it is cleared, also when the card has left.
    """

    def __init__(self, clock: Clock, *, fittings: Fittings | None = None, late_s: float = 3.0) -> None:
        """Make a reader without a card; a LATE answer takes `late_s`."""
        self._clock = clock
        self._fittings = fittings or Fittings()
        self._late_s = late_s
        self._lock = threading.RLock()
        self._deframer = Deframer()
        self._reports: deque[tuple[float, bytes]] = deque()
        self._last_answer: list[bytes] = []
        self._misdeeds: deque[Misdeed] = deque()
        self._card: PlasticCard | None = None
        self._position = Position.NONE
        self._locked = False
        self._chip_powered = False
        self._stripe: tuple[Track, Track, Track] | None = None
        self.condition = Condition()
        self.executed: Recent[Command] = Recent()

    # -- a UsbFunction -----------------------------------------------------------------------------------------

    @property
    def descriptor(self) -> Descriptor:
        """A device with one HID interface and an interrupt pipe each way."""
        pipes = (Endpoint(REPORT_IN, 3, REPORT, interval=1), Endpoint(REPORT_OUT, 3, REPORT, interval=1))
        interface = Interface(3, 0, 0, pipes, extra=_HID_DESCRIPTOR)
        return Descriptor(VENDOR_ID, PRODUCT_ID, "CREATOR(CHINA)TECH CO.,LTD", "CRT-285", "", (interface,))

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        """Take one report. Raises Stall for what is none."""
        if endpoint != REPORT_OUT or len(data) > REPORT:
            raise Stall
        with self._lock:
            match self._deframer.feed(data):
                case Frame() as frame:
                    self._hear(frame)
                case Garbled():
                    self._say([Control.NAK])
                case Control.NAK:
                    self._reports.extend((self._clock.now(), report) for report in self._last_answer)
                case _:
                    pass

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        """Give the next report, None when there is none yet."""
        with self._lock:
            if endpoint != REPORT_IN or not self._reports or self._reports[0][0] > self._clock.now():
                return None
            return self._reports.popleft()[1][:size]

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:  # noqa: ARG002
        """Stall: nobody here asks for reports by the control pipe."""
        raise Stall

    def power_cycle(self) -> None:
        """Forget everything but the card, whose chip loses its power; the latch opens."""
        with self._lock:
            self._deframer.reset()
            self._reports.clear()
            self._last_answer = []
            self._locked = False
            self._stripe = None
            self._power_chip_off()

    # -- hands -------------------------------------------------------------------------------------------------

    @property
    def card(self) -> PlasticCard | None:
        """The card in the slot."""
        with self._lock:
            return self._card

    @property
    def locked(self) -> bool:
        """Whether the latch holds."""
        with self._lock:
            return self._locked

    def insert(self, card: PlasticCard, *, in_place: bool = True) -> None:
        """Push a card in, all the way or not.

        Raises:
            ValueError: there is one already.
        """
        with self._lock:
            if self._card is not None:
                raise ValueError("there is a card in the slot already")
            self._card = card
            self._position = Position.NOT_IN_PLACE
            if in_place:
                self.push_in()

    def push_in(self) -> None:
        """Push the card all the way in; its stripe is read on the way."""
        with self._lock:
            if self._card is not None:
                self._position = Position.IN_PLACE
                first, second, third = (_track(self._card.tracks.get(number)) for number in (1, 2, 3))
                self._stripe = first, second, third

    def pull_out(self) -> PlasticCard | None:
        """Pull the card out; None: there is none, or the latch holds it."""
        with self._lock:
            if self._locked and self._position is Position.IN_PLACE:
                return None
            card, self._card = self._card, None
            self._position = Position.NONE
            if card is not None and card.chip is not None and self._chip_powered:
                card.chip.power_off()
            self._chip_powered = False
            return card

    def misbehave(self, *misdeeds: Misdeed) -> None:
        """Do this to the next commands, one each."""
        with self._lock:
            self._misdeeds.extend(misdeeds)

    # -- commands ----------------------------------------------------------------------------------------------

    def _hear(self, frame: Frame) -> None:
        misdeed = self._misdeeds.popleft() if self._misdeeds else None
        if misdeed is Misdeed.NAK:
            self._say([Control.NAK])
            return
        answer = crt288k.encode_reply(self._answer(frame))
        self._last_answer = crt288k.encode_reports(answer)
        acknowledged: list[Control | Frame] = [] if misdeed is Misdeed.NO_ACK else [Control.ACK]
        match misdeed:
            case Misdeed.SILENT:
                self._say(acknowledged)
            case Misdeed.LATE:
                self._say(acknowledged)
                self._say([answer], self._late_s)
            case Misdeed.GARBLED:
                self._say(acknowledged)
                self._say([answer], spoil=lambda reports: [reports[0][:4] + b"\xff" + reports[0][5:], *reports[1:]])
            case Misdeed.HALF:
                self._say(acknowledged)
                self._say([answer], spoil=lambda reports: [reports[0][:4]])
            case Misdeed.TWICE:
                self._say([*acknowledged, answer, answer])
            case Misdeed.FOREIGN:
                self._say([*acknowledged, crt288k.encode_reply(Done((0x99, 0x30), b"00")), answer])
            case _:
                self._say([*acknowledged, answer])

    def _say(
        self,
        tokens: list[Control | Frame],
        after_s: float = 0.0,
        spoil: Callable[[list[bytes]], list[bytes]] = lambda reports: reports,
    ) -> None:
        ready = self._clock.now() + after_s
        for token in tokens:
            self._reports.extend((ready, report) for report in spoil(crt288k.encode_reports(token)))

    def _answer(self, frame: Frame) -> Reply:
        code = (frame.text[1:2] or b"\0")[0], (frame.text[2:3] or b"\0")[0]
        try:
            command = crt288k.decode_command(frame)
        except MalformedCommand as malformed:
            return Failed(code, malformed.error)
        self.executed.append(command)
        if self.condition.power_down:
            return Failed(code, ErrorCode.POWER_DOWN)
        found = self._execute(command)
        if isinstance(found, ErrorCode):
            return Failed(code, found)
        return Done(code, crt288k.encode_status(Status(self._locked, self._position)), found)

    def _execute(self, command: Command) -> bytes | ErrorCode:  # noqa: C901  (one line a command)
        match command:
            case crt288k.Initialize():
                self._power_chip_off()
                if self._fittings.init_opens_latch:
                    self._locked = False
                return b""
            case crt288k.AskStatus():
                return b""
            case crt288k.SetReadMode() | crt288k.ReadTracks() | crt288k.ClearTracks():
                return self._magnetic(command)
            case crt288k.AskCardType(kind):
                return crt288k.encode_card_type(self._card_type(kind))
            case crt288k.ColdReset() | crt288k.WarmReset() | crt288k.PowerOff() | crt288k.Apdu():
                return self._chip(command) if self._fittings.chip else ErrorCode.NOT_SUPPORTED_BY_HARDWARE
            case crt288k.AskSerialNumber():
                return SERIAL_NUMBER if self._fittings.serial_number else ErrorCode.BAD_COMMAND
            case crt288k.SetLatch(latch):
                if not self._fittings.latch:
                    return ErrorCode.NOT_SUPPORTED_BY_HARDWARE
                if self.condition.latch_broken:
                    return ErrorCode.LATCH
                self._locked = latch is Latch.LOCK
                return b""

    def _magnetic(self, command: crt288k.SetReadMode | crt288k.ReadTracks | crt288k.ClearTracks) -> bytes | ErrorCode:
        if not self._fittings.magnetic_head:
            return ErrorCode.NOT_SUPPORTED_BY_HARDWARE
        match command:
            case crt288k.SetReadMode():
                return b""
            case crt288k.ClearTracks():
                self._stripe = None
                return b""
            case crt288k.ReadTracks():
                blank = (TrackError.BLANK, TrackError.BLANK, TrackError.BLANK)
                return crt288k.encode_tracks(self._stripe or blank)

    def _card_type(self, kind: Kind) -> CardType:
        card = self._card if self._position is Position.IN_PLACE else None
        if card is None:
            return CardType.UNKNOWN
        return _radio_type(card) if kind is Kind.RF else _contact_type(card)

    def _chip(
        self, command: crt288k.ColdReset | crt288k.WarmReset | crt288k.PowerOff | crt288k.Apdu
    ) -> bytes | ErrorCode:
        card = self._card if self._position is Position.IN_PLACE else None
        chip = card.chip if card is not None else None
        if card is None or chip is None:
            return ErrorCode.ACTIVATION_FAILED
        spoken = Protocol.T0 if card.protocol is ChipProtocol.T0 else Protocol.T1
        match command:
            case crt288k.PowerOff():
                self._power_chip_off()
                return b""
            case crt288k.WarmReset() if not self._chip_powered:
                return ErrorCode.CHIP_NOT_ACTIVE
            case crt288k.ColdReset(Supply.EMV_5V) if not card.emv:
                return ErrorCode.NOT_EMV
            case crt288k.ColdReset() | crt288k.WarmReset():
                self._power_chip_off()
                answer_to_reset = chip.power_on()
                if not answer_to_reset:
                    return ErrorCode.ACTIVATION_FAILED
                self._chip_powered = True
                return crt288k.encode_chip(Chip(spoken, answer_to_reset))
            case crt288k.Apdu() if not self._chip_powered:
                return ErrorCode.CHIP_NOT_ACTIVE
            case crt288k.Apdu(protocol) if protocol is not spoken:
                return ErrorCode.NOT_SUPPORTED_BY_CHIP
            case crt288k.Apdu(_, apdu):
                answer = chip.transmit(apdu)
                return ErrorCode.CHIP_SILENT if answer is None else answer

    def _power_chip_off(self) -> None:
        if self._chip_powered and self._card is not None and self._card.chip is not None:
            self._card.chip.power_off()
        self._chip_powered = False


_I2C_TYPES = {
    128 << n: card_type
    for n, card_type in enumerate(
        (
            CardType.C01,
            CardType.C02,
            CardType.C04,
            CardType.C08,
            CardType.C16,
            CardType.C32,
            CardType.C64,
            CardType.C128,
            CardType.C256,
        )
    )
}


def _contact_type(card: PlasticCard) -> CardType:
    match card.memory:
        case SimulatedSle4442():
            return CardType.SLE4442
        case SimulatedSle4428():
            return CardType.SLE4428
        case SimulatedI2cCard(size=size):
            return _I2C_TYPES.get(size, CardType.UNKNOWN)
        case None if card.chip is not None:
            return CardType.CPU_T0 if card.protocol is ChipProtocol.T0 else CardType.CPU_T1
        case None:
            return CardType.UNKNOWN


def _radio_type(card: PlasticCard) -> CardType:
    match card.mifare:
        case MifareClassic(sectors=sectors):
            return CardType.S50 if sectors == 16 else CardType.S70
        case MifareUltralight():
            return CardType.ULTRALIGHT
        case None if card.radio is not None:
            return CardType.CPU_A if card.air is Air.A else CardType.CPU_B
        case None:
            return CardType.UNKNOWN


_DAMAGES = {
    TrackDamage.NO_START: TrackError.NO_START,
    TrackDamage.NO_END: TrackError.NO_END,
    TrackDamage.PARITY: TrackError.PARITY,
    TrackDamage.CHECKSUM: TrackError.CHECKSUM,
}


def _track(content: bytes | TrackDamage | None) -> Track:
    match content:
        case None:
            return TrackError.BLANK
        case TrackDamage():
            return _DAMAGES[content]
        case _:
            return TrackData(content)
