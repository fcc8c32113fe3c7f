"""A simulated motor card reader CRT-310, written from its manual (named in `wire.crt310`); p is the manual's page.

Strict: it answers only what ENQ asks for, NAKs what fails its BCC, and refuses with the error byte of ch. 7.2.2.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from device_sim.card import Card
from device_sim.crt310_cards import (
    ChipCommand,
    Coil,
    Contacts,
    RfCommand,
    SamSlots,
    card_type,
    eeprom_answer,
    tracks_read,
)
from device_sim.plastic_card import Length, PlasticCard, TrackDamage
from device_sim.recent import Recent
from kiosk_core.clock import Clock
from wire import crt310
from wire import crt310_answers as answers
from wire import crt310_commands as commands
from wire.crt310 import MalformedCommand
from wire.crt310_answers import (
    Answer,
    CardPosition,
    Done,
    FrontState,
    Negative,
    Outcome,
    RearState,
    Refusal,
)
from wire.crt310_commands import (
    Command,
    CpuProtocol,
    Eject,
    FrontEntry,
    MoveTo,
    RearEntry,
    StopPosition,
)
from wire.crt310_frames import BadFrame, Control, Deframer, Noise, Package

VERSION = "CRT 310 V3.0"


@dataclass(frozen=True)
class Condition:
    """What happened to the reader. `jammed`: the motor moves nothing; `bin_full`: the rear lets nothing fall."""

    powered: bool = True
    supply_voltage_ok: bool = True
    on_backup_power: bool = False
    jammed: bool = False
    bin_full: bool = False


class LineFault(Enum):
    """What goes wrong on the line with the next frame or answers."""

    NO_ACK = "no ack"
    NAK = "nak"
    NO_ANSWER = "no answer"
    LATE_ANSWER = "late answer"
    GARBLED_ANSWER = "garbled answer"
    HALF_ANSWER = "half answer"
    DUPLICATE_ANSWER = "duplicate answer"
    FOREIGN_ANSWER = "foreign answer"
    NOISE_BEFORE_ANSWER = "noise before answer"


@dataclass(frozen=True)
class Habits:
    """What the manual prints in two ways, or leaves open, and a real reader does in one."""

    card_in_success: Outcome = Outcome.FAILED  # p8: 'N' is success
    answers_idle_eot: bool = True  # ch. 6.1 B shows EOT only behind a command
    lists_all_tracks: bool = True  # p40: "N = 4 + 3 tracks data length"


@dataclass(frozen=True)
class Fittings:
    """What this unit has; what needs another part is refused with E = 02 (p5, p8, p9, p12)."""

    contacts: bool = True
    antenna: bool = True
    magnetic_head: bool = True
    rear_magnetic_head: bool = True
    electric_shutter: bool = True


_MOVABLE = (CardPosition.FRONT_HELD, CardPosition.INSIDE, CardPosition.CONTACTS, CardPosition.REAR_HELD)
_STOPS = {
    StopPosition.FRONT: CardPosition.FRONT,
    StopPosition.FRONT_HELD: CardPosition.FRONT_HELD,
    StopPosition.INSIDE: CardPosition.INSIDE,
    StopPosition.CONTACTS: CardPosition.CONTACTS,
    StopPosition.REAR_HELD: CardPosition.REAR_HELD,
    StopPosition.REAR: CardPosition.REAR,
}
_MOVES = {
    MoveTo.FRONT: CardPosition.FRONT,
    MoveTo.FRONT_HELD: CardPosition.FRONT_HELD,
    MoveTo.INSIDE: CardPosition.INSIDE,
    MoveTo.CONTACTS: CardPosition.CONTACTS,
    MoveTo.REAR_HELD: CardPosition.REAR_HELD,
    MoveTo.REAR: CardPosition.REAR,
}
_FRONT_STATES = {
    FrontEntry.PROHIBITED: FrontState.PROHIBITED,
    FrontEntry.MAGNETIC: FrontState.MAGNETIC,
    FrontEntry.ANY_CARD: FrontState.ANY_CARD,
    FrontEntry.MAGNETIC_SIGNAL: FrontState.MAGNETIC_SIGNAL,
}
# Which of PSS0 to PSS5, from gate to rear, a card covers; the manual does not say, this is the simulator's choice.
_COVERED = {
    CardPosition.FRONT: (0, 1),
    CardPosition.FRONT_HELD: (0, 1, 2),
    CardPosition.INSIDE: (1, 2, 3),
    CardPosition.CONTACTS: (1, 2, 3),
    CardPosition.REAR_HELD: (3, 4, 5),
    CardPosition.REAR: (4, 5),
    CardPosition.LONG_CARD: (0, 1, 2, 3, 4, 5),
    CardPosition.SHORT_CARD: (2,),
    CardPosition.NO_CARD: (),
}


class SimulatedCrt310:
    """A `device_sim.serial.device.SerialDevice`; a customer's hands are insert, take and tear_out.

    What was on the stripe of a card stays in its memory when the card has left: the manual says nothing else.
    `seconds` is how long every command takes from ENQ on, by `clock`; the manual gives no times.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        seconds: float = 0.0,
        sams: Mapping[int, tuple[Card, CpuProtocol]] | None = None,
        habits: Habits | None = None,
        fittings: Fittings | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._seconds = seconds if clock is not None else 0.0
        self._running: tuple[float, Package] | None = None
        self._habits = habits or Habits()
        self._fittings = fittings or Fittings()
        self._sams = SamSlots(sams or {})
        self._contacts = Contacts()
        self._coil = Coil()
        self._deframer = Deframer()
        self._pending: Package | None = None
        self._late = b""
        self._faults: list[LineFault] = []
        self._shared = False
        self._card: PlasticCard | None = None
        self._stripe: Mapping[int, bytes | TrackDamage] = {}
        self._position = CardPosition.NO_CARD
        self._serial = VERSION.encode()
        self.condition = Condition()
        self.captured: list[PlasticCard] = []
        self.executed: Recent[Command] = Recent()
        self.light = False
        self._front, self._rear, self._stop = FrontEntry.ANY_CARD, RearEntry.ALLOWED, StopPosition.INSIDE

    # -- the line ------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent and return what the reader answers."""
        with self._lock:
            if not self.condition.powered:
                return b""
            sent, self._late = bytearray(self._late + self._done()), b""
            for event in self._deframer.feed(data):
                sent += self._hear(event)
            return bytes(sent)

    def idle(self) -> bytes:
        """Return the answer to a command that takes its time; else nothing: the reader is the driven part (ch. 2)."""
        with self._lock:
            return self._done() if self.condition.powered else b""

    def fail_next(self, *faults: LineFault) -> None:
        """Let each fault happen once, in order; NO_ACK and NAK meet frames, the others answers."""
        with self._lock:
            self._faults.extend(faults)

    def _hear(self, event: Control | Package | BadFrame | Noise) -> bytes:
        if self._shared and not (isinstance(event, Package) and event.data == b"\xfa\x31") and self._pending is None:
            return b""
        match event:
            case Package() if self._strikes(LineFault.NO_ACK):
                return b""
            case Package() if self._strikes(LineFault.NAK):
                return crt310.encode(Control.NAK)
            case Package():
                self._pending = event
                return crt310.encode(Control.ACK)
            case BadFrame():
                return crt310.encode(Control.NAK)
            case Control.ENQ if self._pending is not None:
                package, self._pending = self._pending, None
                if self._seconds and self._clock is not None:
                    self._running = self._clock.now() + self._seconds, package
                    return b""
                return self._spoil(crt310.encode(self._answer(package)))
            case Control.EOT if self._pending or self._running or self._habits.answers_idle_eot:
                self._pending = self._running = None
                return crt310.encode(Control.EOT)
            case _:
                return b""

    def _done(self) -> bytes:
        """Return the answer to the command whose time is over, b"" where there is none."""
        if self._running is None or self._clock is None or self._clock.now() < self._running[0]:
            return b""
        _, package = self._running
        self._running = None
        return self._spoil(crt310.encode(self._answer(package)))

    def _strikes(self, fault: LineFault) -> bool:
        if self._faults[:1] != [fault]:
            return False
        del self._faults[0]
        return True

    def _spoil(self, answer: bytes) -> bytes:
        if not self._faults:
            return answer
        match self._faults.pop(0):
            case LineFault.NO_ANSWER:
                return b""
            case LineFault.LATE_ANSWER:
                self._late = answer
                return b""
            case LineFault.GARBLED_ANSWER:
                return answer[:-1] + bytes((answer[-1] ^ 0x01,))
            case LineFault.HALF_ANSWER:
                return answer[: len(answer) // 2]
            case LineFault.DUPLICATE_ANSWER:
                return answer * 2
            case LineFault.FOREIGN_ANSWER:
                return crt310.encode(Done(0x99, 0x30, Outcome.OK)) + answer
            case LineFault.NOISE_BEFORE_ANSWER:
                return b"\xff\x00" + answer
            case _:
                return answer

    # -- hands ---------------------------------------------------------------------------------------------

    @property
    def position(self) -> CardPosition:
        """Where the card is now."""
        return self._position

    @property
    def card(self) -> PlasticCard | None:
        """The card in the reader or at its slots."""
        return self._card

    @property
    def lets_in(self) -> bool:
        """Whether some card that is pushed into the front goes in now."""
        with self._lock:
            return self._front is not FrontEntry.PROHIBITED and self._card is None

    def insert(self, card: PlasticCard) -> bool:
        """Push `card` into the front; False: the shutter stays closed, or a card is there already."""
        with self._lock:
            readable = any(isinstance(track, bytes) for track in card.tracks.values())
            willing = self._front is FrontEntry.ANY_CARD or (self._front is not FrontEntry.PROHIBITED and readable)
            return self._enter(card) if willing else False

    def insert_at_rear(self, card: PlasticCard) -> bool:
        """Push `card` into the rear; False as for insert."""
        with self._lock:
            return self._enter(card) if self._rear is RearEntry.ALLOWED else False

    def take(self) -> PlasticCard | None:
        """Take the card that sticks out at the front and is not held."""
        with self._lock:
            return self.tear_out() if self._position is CardPosition.FRONT else None

    def tear_out(self) -> PlasticCard | None:
        """Pull the card out with force, wherever it is."""
        with self._lock:
            card, self._card = self._card, None
            self._position = CardPosition.NO_CARD
            self._lift_contacts(card)
            return card

    def empty_bin(self) -> list[PlasticCard]:
        """Take out the cards that were captured."""
        with self._lock:
            taken, self.captured = self.captured, []
            return taken

    def _enter(self, card: PlasticCard) -> bool:
        condition = self.condition
        fit = condition.powered and condition.supply_voltage_ok and not condition.on_backup_power
        if self._card is not None or not fit or condition.jammed:
            return False
        self._card = card
        self._stripe = card.tracks
        match card.length:
            case Length.LONG:
                self._position = CardPosition.LONG_CARD
            case Length.SHORT:
                self._position = CardPosition.SHORT_CARD
            case Length.STANDARD:
                self._bring(_STOPS[self._stop])
        return True

    def _bring(self, position: CardPosition) -> None:
        """Move the card; what leaves at the rear falls into the bin unless that is full."""
        if position is not CardPosition.CONTACTS:
            self._lift_contacts(self._card)
        self._position = position
        if position is CardPosition.REAR and not self.condition.bin_full and self._card is not None:
            self.captured.append(self._card)
            self._card, self._position = None, CardPosition.NO_CARD

    def _lift_contacts(self, card: PlasticCard | None) -> None:
        self._contacts.lift(card)
        self._coil.close_sector()

    # -- commands ------------------------------------------------------------------------------------------

    def _answer(self, package: Package) -> Answer:
        code = package.data[0]
        try:
            command = crt310.decode_command(package)
        except MalformedCommand as malformed:
            return Negative(code, malformed.reason)
        self.executed.append(command)
        refusal = self._refusal(command)
        return Negative(code, refusal) if refusal is not None else self._execute(command)

    def _refusal(self, command: Command) -> Refusal | None:
        if not self.condition.supply_voltage_ok:
            return Refusal.SUPPLY_VOLTAGE
        if self.condition.on_backup_power:
            return Refusal.ON_BACKUP_POWER
        if self._lacks(command):
            return Refusal.CANNOT_EXECUTE
        clears = (commands.AskStatus, commands.AskSensors, commands.Reset)
        if self._position in (CardPosition.LONG_CARD, CardPosition.SHORT_CARD) and not (
            isinstance(command, clears) or command == commands.Move(MoveTo.ABNORMAL_OUT_AT_REAR)
        ):
            return Refusal.ABNORMAL_CARD
        return None

    def _lacks(self, command: Command) -> bool:
        match command:
            case commands.SetStopPosition(StopPosition.CONTACTS) | commands.Move(MoveTo.CONTACTS):
                return not self._fittings.contacts
            case commands.ContactPower() | commands.ResetCpu() | commands.CpuApdu():
                return not self._fittings.contacts
            case commands.EepromSelect() | commands.EepromRead() | commands.EepromWrite():
                return not self._fittings.contacts
            case commands.SamPowerOff() | commands.ResetSam() | commands.SamApdu():
                return not self._sams.fitted
            case commands.ReadTracks(_, _, again):
                return not (self._fittings.rear_magnetic_head if again else self._fittings.magnetic_head)
            case commands.SetCardIn(front):
                by_stripe = front in (FrontEntry.MAGNETIC, FrontEntry.MAGNETIC_SIGNAL)
                return by_stripe and not self._fittings.electric_shutter
            case _:
                return isinstance(command, RfCommand) and not self._fittings.antenna

    def _execute(self, command: Command) -> Answer:  # noqa: C901, PLR0912  (one line a command)
        match command:
            case commands.Reset(eject):
                return self._reset(eject)
            case commands.ReadSerial():
                return answers.Serial(self._serial)
            case commands.WriteSerial(serial):
                self._serial = serial
                return Done(0x30, 0x3B, Outcome.OK)
            case commands.SetStopPosition(stop):
                self._stop = stop
                return Done(0x2E, stop.value, Outcome.OK)
            case commands.SetCardIn(front, rear):
                self._front, self._rear = front, rear
                return Done(0x2F, front.value, self._habits.card_in_success, bytes((rear.value,)))
            case commands.AskStatus():
                rear_state = RearState.ALLOWED if self._rear is RearEntry.ALLOWED else RearState.PROHIBITED
                return answers.Status(self._position, _FRONT_STATES[self._front], rear_state)
            case commands.AskSensors(which):
                seen = tuple(number in _COVERED[self._position] for number in range(6 - which.infrared, 6))
                shutter = self._position in (CardPosition.FRONT, CardPosition.FRONT_HELD, CardPosition.LONG_CARD)
                return answers.Sensors(which, seen, shutter, shutter)
            case commands.AskCardType():
                return answers.CardTypeFound(card_type(self._card, self._position))
            case commands.Move(to):
                return Done(0x32, to.value, self._move(to))
            case commands.Light(on):
                self.light = on
                return Done(0x46, 0x30 if on else 0x31, Outcome.OK)
            case commands.Blink(on_quarters, off_quarters):
                self.light = on_quarters > 0
                return Done(0x49, on_quarters, Outcome.OK, bytes((off_quarters,)))
            case commands.SetBaudRate(rate):
                return Done(0x34, rate.value, Outcome.OK)
            case commands.SharePort(enabled):
                self._shared = enabled
                return Done(0xFA, 0x30 if enabled else 0x31, Outcome.OK)
            case commands.ReadTracks():
                return self._read_tracks(command)
            case commands.SamPowerOff() | commands.ResetSam() | commands.SamApdu():
                return self._sams.answer(command)
            case commands.ContactPower() | commands.ResetCpu() | commands.CpuApdu():
                return self._ask_chip(command)
            case commands.EepromSelect() | commands.EepromRead() | commands.EepromWrite():
                return eeprom_answer(command, self._card, self._obstacle(CardPosition.CONTACTS))
            case commands.MemoryCardCommand(family):
                return Negative(family.value, Refusal.CANNOT_EXECUTE)  # a reader without this function (p5)
            case _:
                within = self._obstacle(CardPosition.INSIDE, CardPosition.CONTACTS)
                return self._coil.answer(command, self._card, within)

    def _reset(self, eject: Eject) -> Answer:
        self._lift_contacts(self._card)
        # p8: any card, rear allowed, stop inside; p13: light off
        self._front, self._rear, self._stop = FrontEntry.ANY_CARD, RearEntry.ALLOWED, StopPosition.INSIDE
        self.light = False
        self._sams.forget()
        if self._position in _MOVABLE and not self.condition.jammed:
            match eject:
                case Eject.FRONT:
                    self._bring(CardPosition.FRONT)
                case Eject.REAR:
                    self._bring(CardPosition.REAR)
                case Eject.KEEP:
                    pass
        return answers.Version(eject, VERSION)

    def _move(self, to: MoveTo) -> Outcome:
        if self._card is None:
            return Outcome.NO_CARD
        abnormal = self._position in (CardPosition.LONG_CARD, CardPosition.SHORT_CARD)
        if self._position not in _MOVABLE and not abnormal:
            return Outcome.WRONG_POSITION
        if self.condition.jammed:
            return Outcome.FAILED
        self._bring(CardPosition.REAR if to is MoveTo.ABNORMAL_OUT_AT_REAR else _MOVES[to])
        return Outcome.OK

    def _obstacle(self, *positions: CardPosition) -> Outcome | None:
        if self._card is None:
            return Outcome.NO_CARD
        return None if self._position in positions else Outcome.WRONG_POSITION

    def _read_tracks(self, command: commands.ReadTracks) -> Answer:
        if command.again:
            obstacle = self._obstacle(*_MOVABLE)
            if obstacle is None and self.condition.jammed:
                obstacle = Outcome.FAILED
            if obstacle is not None or self._card is None:
                repeated = bytes((command.mode.value, command.selection.value))
                return Done(0x45, 0x31, obstacle or Outcome.NO_CARD, repeated)
            self._stripe = self._card.tracks
        return tracks_read(self._stripe, command, lists_all=self._habits.lists_all_tracks)

    def _ask_chip(self, command: ChipCommand) -> Answer:
        code, parameter = crt310.encode(command)[3:5]
        let_go = self._position in (CardPosition.FRONT, CardPosition.REAR)
        if isinstance(command, commands.ContactPower) and let_go:
            return Negative(code, Refusal.CANNOT_EXECUTE)  # the note on p12
        obstacle = self._obstacle(CardPosition.CONTACTS)
        if obstacle is not None or self._card is None:
            return Done(code, parameter, obstacle or Outcome.NO_CARD)
        return self._contacts.answer(command, self._card)
