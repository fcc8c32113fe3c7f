"""The motor card reader CRT-310 (V3.0): all that its manual lets a host do, over drivers.crt310_line."""

from dataclasses import dataclass
from typing import TypeVar

from drivers.crt310_line import Crt310Line
from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, Fault, ProtocolViolation
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Media
from wire import crt310_answers as answers
from wire import crt310_commands as commands
from wire.crt310_answers import Answer, CardPosition, CardType, Done, FrontState, Negative, Outcome, RearState, Refusal
from wire.crt310_commands import (
    Command,
    CpuProtocol,
    CpuReset,
    EepromType,
    Eject,
    FrontEntry,
    MoveTo,
    RearEntry,
    RfKey,
    StopPosition,
    TrackMode,
    TrackSelection,
)

BAUDRATE = 9600
"""By default (p5)."""

# The manual names no times; these are ours.
ANSWER_S = 3.0
"""How long the reader may take for what moves nothing."""
SLOW_S = 20.0
"""How long for what moves a card or waits for its chip."""

_HELD = (CardPosition.FRONT_HELD, CardPosition.INSIDE, CardPosition.CONTACTS, CardPosition.REAR_HELD)
_ABNORMAL = (CardPosition.LONG_CARD, CardPosition.SHORT_CARD)
_MEDIA = {
    CardPosition.LONG_CARD: Media.JAMMED,
    CardPosition.SHORT_CARD: Media.JAMMED,
    CardPosition.FRONT: Media.ENTERING,
    CardPosition.FRONT_HELD: Media.ENTERING,
    CardPosition.INSIDE: Media.PRESENT,
    CardPosition.CONTACTS: Media.LATCHED,
    CardPosition.REAR_HELD: Media.PRESENT,
    CardPosition.REAR: Media.NOT_PRESENT,  # captured (p9): out of the customer's reach
    CardPosition.NO_CARD: Media.NOT_PRESENT,
}
_FRONT_STATES = {
    FrontEntry.PROHIBITED: FrontState.PROHIBITED,
    FrontEntry.MAGNETIC: FrontState.MAGNETIC,
    FrontEntry.ANY_CARD: FrontState.ANY_CARD,
    FrontEntry.MAGNETIC_SIGNAL: FrontState.MAGNETIC_SIGNAL,
}
_DETAILS = {
    Refusal.SUPPLY_VOLTAGE: "supply voltage outside 10.8 to 14.5 V",
    Refusal.ABNORMAL_CARD: "a long, short or damaged card is inside",
    Refusal.ON_BACKUP_POWER: "mains lost, runs on backup power",
}

_FAULTS = {
    Refusal.SUPPLY_VOLTAGE: Fault.POWER,
    Refusal.ABNORMAL_CARD: Fault.CARD_JAM,
    Refusal.ON_BACKUP_POWER: Fault.POWER,
}

T = TypeVar("T")


@dataclass(frozen=True)
class Profile:
    """What differs between firmware, as far as the manual leaves it open.

    `as_drawn`: answers repeat another command where four drawings show so (`wire.crt310.decode_answer`).
    """

    model: str = "CRT-310"
    as_drawn: bool = False


class LacksPart(ProtocolViolation):
    """E = 02: this unit has no part for the command, or its state forbids it (p5)."""


class Crt310Reader:
    """A CRT-310. Blocking; one thread owns it.

    Methods return an Outcome where a card or a customer is the reason (no card, wrong position, wrong key). All raise
    DeviceUnavailable (unplugged or silent), DeviceFault (jam, abnormal card, power) and ProtocolViolation (an answer
    that is garbled or does not fit, or a refusal of the command itself; LacksPart among them). One exchange ends after
    at most `crt310_line.READY_S` and ANSWER_S, one that moves a card or waits for a chip after READY_S and SLOW_S; a
    question whose answer was garbled may take three times as long. A method makes one exchange where it says no more.
    """

    def __init__(self, name: str, transport: Transport, clock: Clock, profile: Profile | None = None) -> None:
        self._name = name
        self._clock = clock
        self._profile = profile or Profile()
        self._line = Crt310Line(name, transport, clock, as_drawn=self._profile.as_drawn)
        self._counted = Counters()
        self._version = ""
        self._jammed = False
        self._chip: CpuProtocol | None = None
        self._sams: dict[int, CpuProtocol] = {}
        self._status: DeviceStatus | None = None

    def counters(self) -> Counters:
        """Return what was counted so far."""
        return self._line.counters.plus(self._counted)

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._line.close()

    # -- the device ----------------------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return the model, the version that the last reset told, and the serial number (V3 only, else empty)."""
        answer = self._line.ask(commands.ReadSerial(), ANSWER_S)
        serial = answer.serial.decode("ascii", "replace").strip() if isinstance(answer, answers.Serial) else ""
        return Identity(self._profile.model, self._version, serial)

    def status(self) -> DeviceStatus:
        """Ask the reader now; faults, media and what to do about them are in the answer, not raised."""
        answer = self._line.ask(commands.AskStatus(), ANSWER_S)
        match answer:
            case answers.Status(card):
                return self._told(card)
            case Negative(_, reason) if reason in _FAULTS:
                jammed = reason is Refusal.ABNORMAL_CARD
                return self._remember(_FAULTS[reason], Media.JAMMED if jammed else Media.UNKNOWN, _DETAILS[reason])
            case _:
                raise self._unfit(answer)

    def self_test(self) -> DeviceStatus:
        """Compare the infrared sensors with the status: one that sees a card where none is, is dirty or dead.

        Three exchanges.
        """
        status = self.status()
        if status.faults or status.media is not Media.NOT_PRESENT:
            return status
        try:
            sensors = self._expect(commands.AskSensors(), answers.Sensors)
            seeing = [str(number) for number, sees in enumerate(sensors.infrared) if sees]
            if not seeing or self.position() is not CardPosition.NO_CARD:
                return status
        except DeviceFault:
            return self.status()
        detail = f"no card, but sensor {', '.join(seeing)} sees one"
        return self._remember(Fault.CARD_SLOT_ERROR, Media.NOT_PRESENT, detail)

    def reset(self, eject: Eject = Eject.KEEP) -> None:
        """Bring the reader to its state after power-up; a card inside is kept, or ejected to the front or the rear.

        Two exchanges.

        Raises:
            DeviceFault: a card that should have left is still held.
        """
        self._chip = None
        self._sams.clear()
        self._version = self._expect(commands.Reset(eject), answers.Version, SLOW_S).text.strip()
        if eject is not Eject.KEEP and self.position() in _HELD + _ABNORMAL:
            raise self._stuck()
        self._jammed = False

    def position(self) -> CardPosition:
        """Return where the card is; fit for polling."""
        return self._expect(commands.AskStatus(), answers.Status).card

    def media(self) -> Media:
        """Return where the card is, in the words of XFS4IoT; fit for polling. JAMMED until a move or reset succeeds."""
        media = _MEDIA[self.position()]
        return Media.JAMMED if self._jammed else media

    def card_type(self) -> CardType:
        """Let the reader test what kind of card is inside; "for reference" (p11)."""
        return self._expect(commands.AskCardType(), answers.CardTypeFound, SLOW_S).card_type

    def set_entry(
        self, front: FrontEntry, rear: RearEntry = RearEntry.PROHIBITED, stop: StopPosition = StopPosition.INSIDE
    ) -> None:
        """Say which cards may come in and where they stop; FrontEntry.PROHIBITED closes the front. Three exchanges.

        Which operation byte means success is doubtful (docs/devices/crt-310.md): the status is asked and believed.
        """
        if (outcome := self._do(commands.SetStopPosition(stop))) is not Outcome.OK:
            raise ProtocolViolation(self._name, f"stop position refused ({outcome.name})")
        self._do(commands.SetCardIn(front, rear))
        told = self._expect(commands.AskStatus(), answers.Status)
        rear_state = RearState.ALLOWED if rear is RearEntry.ALLOWED else RearState.PROHIBITED
        if (told.front, told.rear) != (_FRONT_STATES[front], rear_state):
            raise ProtocolViolation(
                self._name, f"entry is {told.front.name}/{told.rear.name} after it was set otherwise"
            )

    def move(self, to: MoveTo) -> Outcome:
        """Move the card: OK, NO_CARD or WRONG_POSITION (a card that is let go cannot be moved).

        Raises:
            DeviceFault: the reader says that it failed: the card is stuck, or somebody holds it.
        """
        if to is not MoveTo.CONTACTS:
            self._chip = None
        outcome = self._do(commands.Move(to), SLOW_S)
        if outcome is Outcome.FAILED:
            raise self._stuck()
        if outcome is Outcome.OK:
            self._jammed = False
            self._counted.cycles += 1
        return outcome

    def capture(self) -> Outcome:
        """Let the card out at the rear: OK only if the status then shows none that it could still give back.

        Three exchanges. A long or short card is taken by the command that the manual has for it (p11).
        """
        to = MoveTo.ABNORMAL_OUT_AT_REAR if self.position() in _ABNORMAL else MoveTo.REAR
        outcome = self.move(to)
        if outcome is Outcome.OK and self.position() not in (CardPosition.NO_CARD, CardPosition.REAR):
            raise self._stuck()
        return outcome

    def light(self, on: bool) -> None:
        """Switch the lamp of the shutter."""
        self._done_or_violation(commands.Light(on))

    def blink(self, on_quarters: int, off_quarters: int) -> None:
        """Let the lamp blink; times in quarters of a second, 0 to 255."""
        self._done_or_violation(commands.Blink(on_quarters, off_quarters))

    # -- the stripe ----------------------------------------------------------------------------------------

    def read_tracks(
        self,
        selection: TrackSelection = TrackSelection.ALL,
        *,
        again: bool = False,
        mode: TrackMode = TrackMode.ASCII,
    ) -> answers.Tracks | Outcome:
        """Return the tracks read at entry, or, `again`, read while the card is moved past a head at the rear."""
        timeout = SLOW_S if again else ANSWER_S
        return self._result(commands.ReadTracks(mode, selection, again), answers.Tracks, timeout)

    # -- chip and SAM --------------------------------------------------------------------------------------

    def power_chip(self, kind: CpuReset = CpuReset.COLD) -> bytes | Outcome:
        """Reset the chip under the contacts and return its ATR."""
        self._chip = None
        answer = self._result(commands.ResetCpu(kind), answers.CpuAtr, SLOW_S)
        if isinstance(answer, Outcome):
            return answer
        self._chip = answer.protocol
        self._counted.cycles += 1
        return answer.atr

    @property
    def chip_protocol(self) -> CpuProtocol | None:
        """What the chip with power speaks, None where none has."""
        return self._chip

    def unpower_chip(self) -> Outcome:
        """Take the chip's power."""
        self._chip = None
        return self._do(commands.ContactPower(False))

    def transmit(self, apdu: bytes) -> bytes | Outcome:
        """Send a command APDU once, as the protocol of the ATR asks, and return the card's answer.

        FAILED without a word on the line: the chip has no power. Raises WireError: not 4 to 262 bytes.
        """
        if self._chip is None:
            return Outcome.FAILED
        answer = self._result(commands.CpuApdu(self._chip, apdu), answers.CpuResponse, SLOW_S)
        if isinstance(answer, Outcome):
            if answer is not Outcome.FAILED:  # the card is elsewhere
                self._chip = None
            return answer
        return answer.apdu

    def power_sam(self, slot: int) -> bytes | Outcome:
        """Reset the SAM in `slot` (0 to 7) and return its ATR."""
        self._sams.pop(slot, None)
        answer = self._result(commands.ResetSam(slot), answers.SamAtr, SLOW_S)
        if isinstance(answer, Outcome):
            return answer
        self._sams[slot] = answer.protocol
        return answer.atr

    def unpower_sams(self) -> Outcome:
        """Take the power of all SAMs."""
        self._sams.clear()
        return self._do(commands.SamPowerOff())

    def transmit_to_sam(self, slot: int, apdu: bytes) -> bytes | Outcome:
        """Send a command APDU once to a SAM that has power, and return its answer; else as transmit."""
        if slot not in self._sams:
            return Outcome.FAILED
        answer = self._result(commands.SamApdu(slot, self._sams[slot], apdu), answers.SamResponse, SLOW_S)
        return answer if isinstance(answer, Outcome) else answer.apdu

    # -- Mifare and memory cards ---------------------------------------------------------------------------

    def rf_seek(self) -> Outcome:
        """Look for a Mifare card inside."""
        return self._do(commands.RfSeek())

    def rf_serial(self) -> bytes | Outcome:
        """Return the card's 4-byte serial number."""
        answer = self._result(commands.RfReadSerial(), answers.RfSerial)
        if isinstance(answer, Outcome):
            return answer
        return answer.serial if answer.outcome is Outcome.OK else answer.outcome

    def rf_check_key(self, which: RfKey, sector: int, key: bytes) -> Outcome:
        """Open a sector with its key (6 bytes): OK, WRONG_KEY, NO_RF_CARD, NO_CARD or WRONG_POSITION."""
        return self._do(commands.RfCheckKey(which, sector, key))

    def rf_read(self, sector: int, block: int) -> bytes | Outcome:
        """Return the 16 bytes of a block of the open sector."""
        answer = self._result(commands.RfRead(sector, block), answers.RfBlock)
        return answer if isinstance(answer, Outcome) else answer.data

    def rf_write(self, sector: int, block: int, data: bytes) -> Outcome:
        """Write 16 bytes; OK when the reader repeats them. Block 3 (15 of the large sectors) holds the keys."""
        answer = self._result(commands.RfWrite(sector, block, data), answers.RfBlock)
        if isinstance(answer, Outcome):
            return answer
        if answer.data != data:
            raise ProtocolViolation(self._name, f"sector {sector}, block {block}: other data was written than sent")
        return Outcome.OK

    def rf_change_key_a(self, sector: int, key: bytes) -> Outcome:
        """Set key A; key B becomes FF..FF and the access bits those of a new card (9.1.6)."""
        return self._do(commands.RfChangeKeyA(sector, key))

    def rf_increment(self, sector: int, block: int, amount: int) -> Outcome:
        """Add to a value block."""
        return self._do(commands.RfIncrement(sector, block, amount))

    def rf_decrement(self, sector: int, block: int, amount: int) -> Outcome:
        """Subtract from a value block; DATA_ERROR for 0."""
        return self._do(commands.RfDecrement(sector, block, amount))

    def eeprom_select(self, card: EepromType) -> Outcome:
        """Say which card of the 24Cxx series is inside."""
        return self._do(commands.EepromSelect(card))

    def eeprom_read(self, card: EepromType, address: int, length: int) -> bytes | Outcome:
        """Return 1 to 128 bytes. Raises WireError: they are not on the card."""
        answer = self._result(commands.EepromRead(card, address, length), answers.EepromData)
        return answer if isinstance(answer, Outcome) else answer.data

    def eeprom_write(self, card: EepromType, address: int, data: bytes) -> Outcome:
        """Write 1 to 128 bytes and have them read back. Raises WireError: they do not fit on the card."""
        answer = self._result(commands.EepromWrite(card, address, data), answers.EepromData)
        if isinstance(answer, Outcome):
            return answer
        return Outcome.OK if answer.data == data else Outcome.FAILED

    def memory_card(self, command: commands.MemoryCardCommand) -> bytes:
        """Send a command of another family (9.4 to 9.8, 9.11) as it is, and return what stands behind CM and PM."""
        return self._expect(command, answers.MemoryCardAnswer, SLOW_S).data

    # -- answers -------------------------------------------------------------------------------------------

    def _do(self, command: Command, timeout_s: float = ANSWER_S) -> Outcome:
        return self._expect(command, Done, timeout_s).outcome

    def _done_or_violation(self, command: Command) -> None:
        if (outcome := self._do(command)) is not Outcome.OK:
            raise ProtocolViolation(self._name, f"{type(command).__name__} was refused ({outcome.name})")

    def _result(self, command: Command, kind: type[T], timeout_s: float = ANSWER_S) -> T | Outcome:
        answer = self._granted(command, timeout_s)
        if isinstance(answer, kind):
            return answer
        if isinstance(answer, Done):
            return answer.outcome
        raise self._unfit(answer)

    def _expect(self, command: Command, kind: type[T], timeout_s: float = ANSWER_S) -> T:
        answer = self._granted(command, timeout_s)
        if isinstance(answer, kind):
            return answer
        raise self._unfit(answer)

    def _granted(self, command: Command, timeout_s: float) -> Answer:
        """Return the answer, which is no refusal."""
        answer = self._line.ask(command, timeout_s)
        match answer:
            case Negative(_, reason) if reason in _FAULTS:
                raise DeviceFault(self._name, _FAULTS[reason])
            case Negative(code, Refusal.CANNOT_EXECUTE):
                raise LacksPart(self._name, f"cannot execute command {code:02X}")
            case Negative(code, reason):
                raise ProtocolViolation(self._name, f"refuses command {code:02X}: {reason.name}")
            case _:
                return answer

    def _unfit(self, answer: Answer) -> ProtocolViolation:
        return ProtocolViolation(self._name, f"{type(answer).__name__} is no answer to that")

    def _told(self, card: CardPosition) -> DeviceStatus:
        if card in _ABNORMAL:
            return self._remember(Fault.CARD_JAM, Media.JAMMED, _DETAILS[Refusal.ABNORMAL_CARD])
        if self._jammed:
            return self._remember(Fault.CARD_JAM, Media.JAMMED, f"a card did not move; the reader says {card.name}")
        return self._remember(None, _MEDIA[card], "")

    def _remember(self, fault: Fault | None, media: Media, detail: str) -> DeviceStatus:
        state = DeviceState.ONLINE if fault is None else DeviceState.HARDWARE_ERROR
        faults = frozenset() if fault is None else frozenset({fault})
        status = DeviceStatus(self._name, state, self._clock.wall(), faults, media=media, detail=detail)
        if status != self._status:
            self._status = status
        return self._status

    def _stuck(self) -> DeviceFault:
        self._jammed = True
        self._counted.jams += 1
        return DeviceFault(self._name, Fault.CARD_JAM)
