"""A motor card reader and dispenser CRT-591, written from the manual that wire/crt591.py names, chapters 1.4, 2 and 3.

Where the manual is silent the simulator does least: a command that comes while another is carried out, later than the
20 ms of case 4, is not answered; an EOT while nothing is carried out is answered with EOT; a NAK after the reply was
acknowledged gets nothing; INITIALIZE takes no chip's power unless it moves the card; a command that pauses for PAUSE_S
is forgotten.
"""

import threading
from collections import deque
from dataclasses import dataclass

from device_sim.card import Card
from device_sim.crt591_card_unit import CardUnit, RefusedError
from device_sim.plastic_card import Length, PlasticCard
from kiosk_core.clock import Clock
from wire import crt591
from wire.crt591 import (
    Bin,
    CardStatus,
    Command,
    Done,
    ErrorCode,
    Failed,
    Init,
    Place,
    Position,
    Reply,
    Stacker,
)
from wire.crt591_chips import ChipCommand
from wire.crt591_frames import Control, Deframer, Frame, Garbled, Head, Token, encode_frame
from wire.crt591_storage import StorageCommand
from wire.errors import WireError

REPLACE_S = 0.02
"""Within this time a new command takes the place of one that is neither INITIALIZE nor a dispense (1.4.2, case 4)."""
PAUSE_S = 0.2

_FEW = 5  # the manual does not say how many "few" are
_CAPTURES = {Init.CAPTURE, Init.CAPTURE_COUNTING}
_HOLDS = {Init.HOLD, Init.HOLD_COUNTING}
_COUNTS = {Init.HOLD_COUNTING, Init.CAPTURE_COUNTING, Init.STAY_COUNTING}
_KEPT = 256  # commands that are remembered as handled


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
        self.handled: deque[Command] = deque(maxlen=_KEPT)
        """The latest commands that were carried out to their end."""
        self.captured: list[PlasticCard] = []
        self.stacker = [PlasticCard() for _ in range(stacker)]
        self.bin_capacity = bin_capacity
        self.serial_number = "SIM591-000001"
        self._clock = clock
        self._address = address
        self._lock = threading.RLock()
        self._deframer = Deframer()
        self._heard = clock.now()
        self._outgoing: deque[tuple[float, bytes]] = deque()
        self._unit = CardUnit()
        self._card: PlasticCard | None = None
        self._position = Position.NONE
        self._count = 0
        self._power_up()

    def _power_up(self) -> None:
        self._initialised = False
        self._entry = False
        self._counting = False
        self._running: _Running | None = None
        self._last_reply = b""
        self._unit.lose_power()

    def _place(self, card: PlasticCard | None, position: Position, *, at_contacts: bool = False) -> None:
        self._card, self._position = card, position
        self._unit.hold(card if position is Position.INSIDE else None, at_contacts=at_contacts)

    # -- what people do ----------------------------------------------------------------------------------------

    @property
    def sams(self) -> dict[int, Card]:
        """The security modules by slot, 0 to 4."""
        return self._unit.sams

    @property
    def card(self) -> PlasticCard | None:
        """The card in the reader or at its gate."""
        return self._card

    @property
    def position(self) -> Position:
        """Where that card is."""
        return self._position

    @property
    def busy(self) -> bool:
        """Whether a command is being carried out."""
        return self._running is not None

    @property
    def lets_in(self) -> bool:
        """Whether a card that is pushed into the gate goes in now."""
        with self._lock:
            return self._initialised and self._entry and self._card is None

    def insert(self, card: PlasticCard) -> bool:
        """Push a card into the gate; False: entry is disabled or there is a card already."""
        with self._lock:
            if not self.lets_in:
                return False
            if card.length is not Length.STANDARD:
                self.mechanics.error = ErrorCode.TOO_LONG if card.length is Length.LONG else ErrorCode.TOO_SHORT
                return False
            self._place(card, Position.INSIDE)
            return True

    def put_inside(self, card: PlasticCard) -> None:
        """Have a card at the RF position, as one that was forgotten there, in place of what was in the slot."""
        with self._lock:
            self._place(card, Position.INSIDE)

    def take(self) -> PlasticCard | None:
        """Take the card from the gate."""
        with self._lock:
            if self._position is not Position.GATE:
                return None
            card = self._card
            self._place(None, Position.NONE)
            return card

    def tear_out(self) -> PlasticCard | None:
        """Pull the card out with force, wherever it is; the next move says that it was moved by hand."""
        with self._lock:
            card = self._card
            if card is not None:
                self.mechanics.error = ErrorCode.MOVED_BY_HAND
            self._place(None, Position.NONE)
            return card

    def empty_bin(self) -> list[PlasticCard]:
        """Take out the cards that were captured."""
        with self._lock:
            taken, self.captured = self.captured, []
            return taken

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
            now = self._clock.now()
            if now - self._heard >= PAUSE_S:
                self._deframer.reset()
            self._heard = now
            # What takes no time is done before the next is taken, also where both were heard at once.
            return b"".join(self._token(token) + self.idle() for token in self._deframer.feed(data)) + self.idle()

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
        """The frame of the last reply as it should have gone out, b"" once the host has acknowledged it."""
        return self._last_reply

    def _token(self, token: Token) -> bytes:
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
                self._last_reply = b""
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
        self._last_reply = b""
        try:
            command = crt591.decode_command(text)
        except WireError:
            if len(text) < 3 or text[0] != Head.COMMAND:
                return bytes((Control.NAK.value,))
            self._say(Failed((text[1], text[2]), _error_of(text)))
            return ack
        self._running = _Running(command, now, now + self.seconds)
        return ack

    def _say(self, reply: Reply) -> None:
        text = crt591.encode_reply(reply)
        if self.line.head_as_printed and isinstance(reply, Failed):
            text = bytes((Head.FAILED_AS_PRINTED,)) + text[1:]
        self._last_reply = encode_frame(Frame(self._address, text))
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
        except RefusedError as refused:
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
        if isinstance(command, ChipCommand | StorageCommand):
            return self._unit.carry_out(command)
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
                return self._unit.card_type(kind)
            case _:
                return self._about_itself(command)

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
        self._entry = False
        self._unit.initialise()
        self._counting = init in _COUNTS
        self._fail_mechanically()
        if self._card is not None and init in _CAPTURES | _HOLDS:
            if init in _CAPTURES:
                self._capture()
            else:
                self._place(self._card, Position.GATE)
        self._initialised = True
        return b"CRT-591-M001"

    def _move(self, place: Place) -> None:
        self._place(self._card, self._position)  # it moves: the contacts let go of it
        self._fail_mechanically()
        if place is Place.IC and self._card is None:
            if not self.stacker:
                raise RefusedError(ErrorCode.STACKER_EMPTY)
            self._card = self.stacker.pop()
        if self._card is None:
            raise RefusedError(ErrorCode.JAM)  # it "can not move to specified position" (3.1.3)
        if self.mechanics.held and self._position is Position.GATE:
            raise RefusedError(ErrorCode.MOVED_BY_HAND)
        match place:
            case Place.HOLD | Place.OUT:
                self._place(self._card, Position.GATE)
            case Place.ERROR_BIN:
                self._capture()
            case Place.IC | Place.RF:
                self._place(self._card, Position.INSIDE, at_contacts=place is Place.IC)

    def _capture(self) -> None:
        if self._bin_is_full:
            raise RefusedError(ErrorCode.BIN_FULL)
        if self._counting and self._count == crt591.MAX_COUNT:
            raise RefusedError(ErrorCode.COUNTER_OVERFLOW)
        if self._card is not None:
            self.captured.append(self._card)
            self._count += self._counting
        self._place(None, Position.NONE)

    def _fail_mechanically(self) -> None:
        error, self.mechanics.error = self.mechanics.error, None
        if self.mechanics.jammed:
            error = ErrorCode.JAM
        if error is not None:
            raise RefusedError(error)


def _lasts(command: Command) -> bool:
    return isinstance(command, crt591.Initialize) or command == crt591.Move(Place.IC)


def _error_of(text: bytes) -> ErrorCode:
    """Name what is wrong with a command that is none: unknown CM, unknown PM, or its data."""
    known = {0x30, 0x31, 0x32, 0x33, 0x50, 0x51, 0x52, 0x53, 0x54, 0x60, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6}
    return ErrorCode.PARAMETER if text[1] in known else ErrorCode.UNDEFINED_COMMAND
