"""A motor card reader and dispenser CRT-591, written from the manual that wire/crt591.py names, chapters 1.4, 2 and 3.

Where the manual is silent the simulator does least: a command that comes while another is carried out, later than the
20 ms of case 4, is not answered; an EOT while nothing is carried out is answered with EOT.
"""

import threading
from collections import deque
from dataclasses import dataclass, field

from device_sim.card import Card
from kiosk_core.clock import Clock
from wire import crt591
from wire.crt591 import (
    Bin,
    CardStatus,
    Command,
    Control,
    Done,
    ErrorCode,
    Failed,
    Frame,
    Garbled,
    Init,
    Kind,
    Place,
    Position,
    Reply,
    Socket,
    Stacker,
)
from wire.errors import WireError

REPLACE_S = 0.02
"""Within this time a new command takes the place of one that is neither INITIALIZE nor a dispense (1.4.2, case 4)."""

_FEW = 5  # the manual does not say how many "few" are
_CAPTURES = {Init.CAPTURE, Init.CAPTURE_COUNTING}
_HOLDS = {Init.HOLD, Init.HOLD_COUNTING}
_COUNTS = {Init.HOLD_COUNTING, Init.CAPTURE_COUNTING, Init.STAY_COUNTING}
_KEY = b"\xff" * 6  # of a new Mifare card
_SECTORS, _BLOCKS, _BLOCK = 16, 4, 16


@dataclass(eq=False)
class MotorCard:
    """A card as it goes through the slot: with a chip for contacts, one for radio, or neither."""

    chip: Card | None = None
    radio: Card | None = None
    protocol: crt591.Protocol = crt591.Protocol.T0
    mifare_uid: bytes | None = None
    blocks: dict[tuple[int, int], bytes] = field(default_factory=dict)
    too_long: bool = False
    too_short: bool = False


@dataclass
class LineFaults:
    """What goes wrong on the line; numbers count down with every time it happens."""

    silent: bool = False
    naks: int = 0
    lost_acks: int = 0
    garbled_replies: int = 0
    half_replies: int = 0
    lost_replies: int = 0
    duplicated_replies: int = 0
    head_as_printed: bool = False  # failures begin with 45 (1.2.3) and not with 4E


@dataclass
class Mechanics:
    """What goes wrong in the slot. `error` is the answer to the next move or initialisation that is asked for."""

    error: ErrorCode | None = None
    held: bool = False  # the customer holds the card at the gate
    jammed: bool = False


@dataclass
class _Running:
    """A command that is being carried out until `due`."""

    command: Command
    began: float
    due: float


class SimulatedCrt591:
    """The reader: a device_sim.serial.device.SerialDevice; customers and technicians come from any thread.

    `seconds` is how long every command takes; `stacker` and `bin_capacity` count cards.
    """

    def __init__(
        self, clock: Clock, *, seconds: float = 0.0, address: int = 0, stacker: int = 0, bin_capacity: int = 100
    ) -> None:
        self.line = LineFaults()
        self.mechanics = Mechanics()
        self.seconds = seconds
        self.sams: dict[int, Card] = {}
        self.handled: list[Command] = []
        """Every command that was carried out to its end."""
        self.captured: list[MotorCard] = []
        self.stacker = [MotorCard() for _ in range(stacker)]
        self.bin_capacity = bin_capacity
        self.serial_number = "SIM591-000001"
        self._clock = clock
        self._address = address
        self._lock = threading.RLock()
        self._deframer = crt591.Deframer()
        self._outgoing: deque[tuple[float, bytes]] = deque()
        self._card: MotorCard | None = None
        self._position = Position.NONE
        self._at_contacts = False
        self._power_up()

    def _power_up(self) -> None:
        self._initialised = False
        self._entry = False
        self._counting = False
        self._count = 0
        self._running: _Running | None = None
        self._last_reply = b""
        self._forget_chips()

    def _forget_chips(self) -> None:
        self._chip_on = False
        self._sam = 0
        self._sams_on: set[int] = set()
        self._radio: MotorCard | None = None
        self._sector: int | None = None

    # -- what people do ----------------------------------------------------------------------------------------

    @property
    def card(self) -> MotorCard | None:
        """The card in the reader or at its gate."""
        return self._card

    @property
    def position(self) -> Position:
        """Where that card is."""
        return self._position

    def insert(self, card: MotorCard) -> bool:
        """Push a card into the gate; False: entry is disabled or there is a card already."""
        with self._lock:
            if not (self._initialised and self._entry and self._card is None):
                return False
            if card.too_long or card.too_short:
                self.mechanics.error = ErrorCode.TOO_LONG if card.too_long else ErrorCode.TOO_SHORT
                return False
            self._card, self._position = card, Position.INSIDE
            return True

    def put_inside(self, card: MotorCard) -> None:
        """Have a card at the RF position, as one that was forgotten there."""
        with self._lock:
            self._card, self._position = card, Position.INSIDE

    def take(self) -> MotorCard | None:
        """Take the card from the gate."""
        with self._lock:
            if self._position is not Position.GATE:
                return None
            card, self._card = self._card, None
            self._position = Position.NONE
            return card

    def lose_power(self) -> None:
        """Cut the power for a moment; cards stay where they are."""
        with self._lock:
            self._power_up()
            self._deframer.reset()
            self._outgoing.clear()

    # -- the line (1.4) ----------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent and return what is to be said at once."""
        with self._lock:
            if self.line.silent:
                return b""
            return b"".join(self._token(token) for token in self._deframer.feed(data)) + self.idle()

    def idle(self) -> bytes:
        """Return the replies that are due."""
        with self._lock:
            now = self._clock.now()
            running = self._running
            if running is not None and now >= running.due:
                self._running = None
                self._say(self._carry_out(running.command))
            said = b""
            while self._outgoing and self._outgoing[0][0] <= now:
                said += self._outgoing.popleft()[1]
            return b"" if self.line.silent else said

    def say_later(self, data: bytes, seconds: float) -> None:
        """Say `data`, whatever it is, after that time: a late or a forged answer."""
        with self._lock:
            self._outgoing.append((self._clock.now() + seconds, data))

    @property
    def last_reply(self) -> bytes:
        """The frame of the last reply as it should have gone out."""
        return self._last_reply

    def _token(self, token: crt591.Token) -> bytes:
        match token:
            case Frame(address, text):
                return self._command(text) if address == self._address else b""
            case Garbled():
                return bytes((Control.NAK.value,))
            case Control.NAK:
                return self._mangled(self._last_reply)
            case Control.EOT:
                self._running = None
                return bytes((Control.EOT.value,))
            case Control.ACK:
                return b""

    def _command(self, text: bytes) -> bytes:
        if self.line.naks:
            self.line.naks -= 1
            return bytes((Control.NAK.value,))
        now = self._clock.now()
        if self._running is not None:
            if now - self._running.began > REPLACE_S or _lasts(self._running.command):
                return b""
            self._running = None
        ack = bytes((Control.ACK.value,))
        if self.line.lost_acks:
            self.line.lost_acks -= 1
            ack = b""
        try:
            command = crt591.decode_command(text)
        except WireError:
            if len(text) < 3 or text[0] != crt591.Head.COMMAND:
                return bytes((Control.NAK.value,))
            self._say(Failed((text[1], text[2]), _error_of(text)))
            return ack
        self._running = _Running(command, now, now + self.seconds)
        return ack

    def _say(self, reply: Reply) -> None:
        text = crt591.encode_reply(reply)
        if self.line.head_as_printed and isinstance(reply, Failed):
            text = bytes((crt591.Head.FAILED_AS_PRINTED,)) + text[1:]
        self._last_reply = crt591.encode_frame(Frame(self._address, text))
        if self.line.lost_replies:
            self.line.lost_replies -= 1
            return
        times = 1
        if self.line.duplicated_replies:
            self.line.duplicated_replies -= 1
            times = 2
        for _ in range(times):
            self._outgoing.append((self._clock.now(), self._mangled(self._last_reply)))

    def _mangled(self, frame: bytes) -> bytes:
        if self.line.garbled_replies and frame:
            self.line.garbled_replies -= 1
            return frame[:-1] + bytes((frame[-1] ^ 0x20,))
        if self.line.half_replies and frame:
            self.line.half_replies -= 1
            return frame[: len(frame) // 2]
        return frame

    # -- commands (chapter 3) ----------------------------------------------------------------------------------

    def _carry_out(self, command: Command) -> Reply:
        code = crt591.code_of(command)
        if not self._initialised and not isinstance(command, crt591.Initialize):
            return Failed(code, ErrorCode.NOT_RESET)
        try:
            data = self._do(command)
        except _RefusedError as refused:
            return Failed(code, refused.error, refused.data)
        self.handled.append(command)
        return Done(code, self._status(), data)

    def _status(self) -> CardStatus:
        cards = len(self.stacker)
        stacker = Stacker.EMPTY if not cards else Stacker.FEW if cards <= _FEW else Stacker.ENOUGH
        return CardStatus(self._position, stacker, Bin.FULL if self._bin_is_full else Bin.ROOM)

    @property
    def _bin_is_full(self) -> bool:
        return len(self.captured) >= self.bin_capacity

    def _do(self, command: Command) -> bytes:
        match command:
            case crt591.Initialize(init):
                return self._initialise(init)
            case crt591.Move(place):
                self._move(place)
                return b""
            case crt591.SetEntry(enabled):
                self._entry = enabled
                return b""
            case crt591.AskCardType(kind):
                return self._card_type(kind)
            case crt591.RfActivate() | crt591.RfOff() | crt591.AskRf() | crt591.RfApdu():
                return self._by_radio(command)
            case (
                crt591.ColdReset()
                | crt591.WarmReset()
                | crt591.PowerOff()
                | crt591.AskPower()
                | crt591.Apdu()
                | crt591.SelectSam()
            ):
                return self._by_contact(command)
            case (
                crt591.AskStatus()
                | crt591.AskSensors()
                | crt591.AskSerialNumber()
                | crt591.AskConfiguration()
                | crt591.AskVersion()
                | crt591.AskBinCount()
                | crt591.SetBinCount()
                | crt591.ResetPcsc()
            ):
                return self._about_itself(command)
            case _:
                return self._mifare(command)

    def _about_itself(self, command: Command) -> bytes:
        match command:
            case crt591.AskSensors():
                # Which sensor sees which place is in no public manual: S1 the gate, S2 inside, and no other.
                seen = (self._position is Position.GATE, self._position is Position.INSIDE)
                return bytes(0x30 + sees for sees in seen) + b"0" * 6
            case crt591.AskSerialNumber():
                return bytes((len(self.serial_number),)) + self.serial_number.encode("ascii")
            case crt591.AskConfiguration():
                return b"SIM"
            case crt591.AskVersion():
                return b"CRT-591-M001"
            case crt591.AskBinCount():
                return crt591.encode_count(self._count)
            case crt591.SetBinCount(count):
                self._count = count
                return b""
            case _:
                return b""

    def _initialise(self, init: Init) -> bytes:
        self._forget_chips()
        self._entry = False
        self._counting = init in _COUNTS
        self._at_contacts = False
        self._fail_mechanically()
        if self._card is not None and init in _CAPTURES:
            self._capture()
        elif self._card is not None and init in _HOLDS:
            self._position = Position.GATE
        self._initialised = True
        return b"CRT-591-M001"

    def _move(self, place: Place) -> None:
        self._at_contacts = False
        self._chip_on = False
        self._fail_mechanically()
        if place is Place.IC and self._card is None:
            if not self.stacker:
                raise _RefusedError(ErrorCode.STACKER_EMPTY)
            self._card = self.stacker.pop()
        if self._card is None:
            raise _RefusedError(ErrorCode.JAM)  # it "can not move to specified position" (3.1.3)
        if self.mechanics.held and self._position is Position.GATE:
            raise _RefusedError(ErrorCode.MOVED_BY_HAND)
        match place:
            case Place.HOLD | Place.OUT:
                self._position = Position.GATE
            case Place.ERROR_BIN:
                self._capture()
            case Place.IC | Place.RF:
                self._position = Position.INSIDE
                self._at_contacts = place is Place.IC

    def _capture(self) -> None:
        if self._bin_is_full:
            raise _RefusedError(ErrorCode.BIN_FULL)
        if self._counting and self._count == crt591.MAX_COUNT:
            raise _RefusedError(ErrorCode.COUNTER_OVERFLOW)
        if self._card is not None:
            self.captured.append(self._card)
            self._count += self._counting
        self._card, self._position = None, Position.NONE

    def _fail_mechanically(self) -> None:
        error, self.mechanics.error = self.mechanics.error, None
        if self.mechanics.jammed:
            error = ErrorCode.JAM
        if error is not None:
            raise _RefusedError(error)

    def _card_type(self, kind: Kind) -> bytes:
        if kind is Kind.RF:
            raise _RefusedError(ErrorCode.NOT_SUPPORTED_BY_HARDWARE)  # its answer is in no public manual
        if self._card is None or self._card.chip is None or not self._at_contacts:
            return crt591.CardType.UNKNOWN.value.encode("ascii")
        return b"10" if self._card.protocol is crt591.Protocol.T0 else b"11"

    # -- chips (3.2, 3.3) --------------------------------------------------------------------------------------

    def _by_contact(self, command: Command) -> bytes:
        match command:
            case crt591.SelectSam(slot):
                self._sam = slot
                return b""
            case crt591.ColdReset(socket) | crt591.WarmReset(socket):
                chip, protocol = self._chip_at(socket)
                if chip is None or (isinstance(command, crt591.WarmReset) and not self._is_on(socket)):
                    raise _RefusedError(ErrorCode.ACTIVATION_FAILED)
                self._switch(socket, True)
                return protocol.value.encode("ascii") + chip.power_on()
            case crt591.PowerOff(socket):
                chip, _ = self._chip_at(socket)
                if chip is not None:
                    chip.power_off()
                self._switch(socket, False)
                return b""
            case crt591.AskPower(socket):
                state = b"1" if self._is_on(socket) else b"0"
                return state + bytes((0x30 + self._sam,)) if socket is Socket.SAM else state
            case crt591.Apdu(socket, exchange, data):
                return self._apdu(socket, exchange, data)
            case _:
                raise _RefusedError(ErrorCode.UNDEFINED_COMMAND)

    def _apdu(self, socket: Socket, exchange: crt591.Exchange, data: bytes) -> bytes:
        chip, protocol = self._chip_at(socket)
        if chip is None or not self._is_on(socket):
            raise _RefusedError(ErrorCode.CARD_NOT_ACTIVE)
        spoken = crt591.Exchange.T0 if protocol is crt591.Protocol.T0 else crt591.Exchange.T1
        if exchange not in {spoken, crt591.Exchange.AUTO}:
            raise _RefusedError(ErrorCode.NOT_SUPPORTED_BY_CARD)
        answer = chip.transmit(data)
        if answer is None:
            self._switch(socket, False)
            raise _RefusedError(ErrorCode.CARD_SILENT)
        return answer

    def _chip_at(self, socket: Socket) -> tuple[Card | None, crt591.Protocol]:
        if socket is Socket.SAM:
            return self.sams.get(self._sam), crt591.Protocol.T0
        if self._card is None or not self._at_contacts:
            return None, crt591.Protocol.T0
        return self._card.chip, self._card.protocol

    def _is_on(self, socket: Socket) -> bool:
        return self._sam in self._sams_on if socket is Socket.SAM else self._chip_on

    def _switch(self, socket: Socket, on: bool) -> None:
        if socket is Socket.CARD:
            self._chip_on = on
        elif on:
            self._sams_on.add(self._sam)
        else:
            self._sams_on.discard(self._sam)

    # -- cards by radio (3.6) ----------------------------------------------------------------------------------

    def _by_radio(self, command: Command) -> bytes:
        match command:
            case crt591.RfActivate(protocols):
                return self._activate(protocols)
            case crt591.RfOff():
                self._radio = self._sector = None
                return b""
            case crt591.AskRf():
                if self._radio is None:
                    return crt591.RfState.OFF.value.encode("ascii")
                state = crt591.RfState.S50 if self._radio.mifare_uid else crt591.RfState.TYPE_A
                return state.value.encode("ascii")
            case crt591.RfApdu(crt591.Air.A, data) if self._radio is not None and self._radio.radio is not None:
                answer: bytes | None = self._radio.radio.transmit(data)
                if answer is None:
                    self._radio = None
                    raise _RefusedError(ErrorCode.CARD_SILENT)
                return answer
            case _:
                active = self._radio is not None
                raise _RefusedError(ErrorCode.NOT_SUPPORTED_BY_CURRENT_CARD if active else ErrorCode.CARD_NOT_ACTIVE)

    def _activate(self, protocols: crt591.Protocols) -> bytes:
        self._radio = self._sector = None
        card = self._card
        if card is None or self._position is not Position.INSIDE or protocols is crt591.Protocols.ONLY_B:
            raise _RefusedError(ErrorCode.ACTIVATION_FAILED)
        if card.mifare_uid is not None:
            self._radio = card
            return b"M\x00\x04" + bytes((len(card.mifare_uid),)) + card.mifare_uid + b"\x08"
        if card.radio is None:
            raise _RefusedError(ErrorCode.ACTIVATION_FAILED)
        card.radio.power_on()
        self._radio = card
        return b"A\x00\x08\x04\x01\x02\x03\x04\x20" + b"\x02\x00"

    def _mifare(self, command: crt591.Mifare) -> bytes:
        if self._radio is None or self._radio.mifare_uid is None:
            raise _RefusedError(
                ErrorCode.NOT_SUPPORTED_BY_CURRENT_CARD if self._radio is not None else ErrorCode.CARD_NOT_ACTIVE
            )
        blocks = self._radio.blocks
        match command:
            case crt591.MifareVerify(_, sector, secret):
                self._sector = sector if secret == _KEY and sector < _SECTORS else None
                return _status_word(self._sector is not None)
            case crt591.MifareRead(sector, block, count) if block + count > _BLOCKS or not count:
                return bytes.fromhex("6700" if sector == self._sector else "6f00")
            case crt591.MifareRead(sector, block, count) if sector == self._sector:
                read = (blocks.get((sector, block + each), bytes(_BLOCK)) for each in range(count))
                return b"".join(read) + _status_word(True)
            # "CRT-591M also will prohibid to write last block" (3.6.4.6)
            case crt591.MifareWrite(sector, block, count, data) if sector == self._sector and block + count < _BLOCKS:
                for each in range(count):
                    blocks[sector, block + each] = data[each * _BLOCK : (each + 1) * _BLOCK]
                return _status_word(True)
            case _:
                return _status_word(False)


class _RefusedError(Exception):
    """The command ends in a negative answer."""

    def __init__(self, error: ErrorCode, data: bytes = b"") -> None:
        super().__init__(error.name)
        self.error = error
        self.data = data


def _status_word(success: bool) -> bytes:
    return b"\x90\x00" if success else b"\x6f\x00"


def _lasts(command: Command) -> bool:
    return isinstance(command, crt591.Initialize) or command == crt591.Move(Place.IC)


def _error_of(text: bytes) -> ErrorCode:
    """Name what is wrong with a command that is none: unknown CM, unknown PM, or its data."""
    known = {0x30, 0x31, 0x32, 0x33, 0x50, 0x51, 0x52, 0x60, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6}
    return ErrorCode.PARAMETER if text[1] in known else ErrorCode.UNDEFINED_COMMAND
