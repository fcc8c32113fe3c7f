"""The motor card reader CRT-310 (V3.0) on a serial line: command, ACK, ENQ, execution, answer (wire.crt310).

The protocol numbers nothing, so a late answer looks like a timely one. Therefore: whatever comes before ENQ is dropped;
an answer must repeat the bytes of its command; and after any exchange that did not end well the reader is cancelled
with EOT, and nothing else is asked before it has answered EOT, behind which no old answer can come (ch. 6.1 B).
A command is executed by ENQ only: it may be sent again until it is acknowledged, and ENQ is sent once.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Media
from wire import crt310
from wire import crt310_answers as answers
from wire import crt310_commands as commands
from wire.crt310_answers import (
    Answer,
    CardPosition,
    CardType,
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
from wire.crt310_frames import (
    BadFrame,
    Control,
    Deframer,
    Event,
    Package,
)
from wire.errors import WireError

BAUDRATE = 9600
"""By default (p5)."""

# The manual names no times; these are ours. The longest frame takes 0.3 s at 9600 Bd.
CONTROL_S = 0.5  # for ACK, NAK and EOT
ANSWER_S = 3.0  # for what moves nothing
SLOW_S = 20.0  # for what moves a card or waits for one's chip
WRITE_S = 2.0
SENDS = 3  # of one command, until it is acknowledged
_READ = 512

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

T = TypeVar("T")


@dataclass(frozen=True)
class Profile:
    """What differs between firmware, as far as the manual leaves it open.

    `as_drawn`: answers repeat another command where four drawings show so (`wire.crt310.decode_answer`).
    """

    model: str = "CRT-310"
    as_drawn: bool = False


class Crt310Reader:
    """A CRT-310. Blocking; one thread owns it.

    Methods return an Outcome where a card or a customer is the reason (no card, wrong position, wrong key). All raise
    DeviceUnavailable (unplugged or silent), DeviceFault (jam, abnormal card, power) and ProtocolViolation (an answer
    that is garbled or does not fit, or a refusal of the command itself: then the reader lacks the function). One
    exchange ends after at most 6 s, one that moves a card or waits for a chip after 23 s; asking again after a garbled
    answer, which only questions are, trebles the 6 s.
    """

    def __init__(self, name: str, transport: Transport, clock: Clock, profile: Profile | None = None) -> None:
        self._name = name
        self._transport = transport
        self._clock = clock
        self._profile = profile or Profile()
        self._deframer = Deframer()
        self._events: list[Event] = []
        self._in_step = False
        self._counters = Counters()
        self._version = ""
        self._chip: CpuProtocol | None = None
        self._sams: dict[int, CpuProtocol] = {}
        self._status: DeviceStatus | None = None

    def counters(self) -> Counters:
        """Return what was counted so far."""
        return self._counters

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    # -- the device ----------------------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return the model, the version that the last reset told, and the serial number (V3 only, else empty)."""
        answer = self._ask_again(commands.ReadSerial())
        serial = answer.serial.decode("ascii", "replace").strip() if isinstance(answer, answers.Serial) else ""
        return Identity(self._profile.model, self._version, serial)

    def status(self) -> DeviceStatus:
        """Ask the reader now; faults, media and what to do about them are in the answer, not raised."""
        answer = self._ask_again(commands.AskStatus())
        match answer:
            case answers.Status(card):
                return self._told(card)
            case Negative(_, reason) if reason in _DETAILS:
                return self._remember(DeviceState.HARDWARE_ERROR, Media.UNKNOWN, _DETAILS[reason])
            case _:
                raise self._unfit(answer)

    def self_test(self) -> DeviceStatus:
        """Compare the infrared sensors with the status: one that sees a card where none is, is dirty or dead."""
        status = self.status()
        if status.media is not Media.NOT_PRESENT:
            return status
        sensors = self._expect(commands.AskSensors(), answers.Sensors)
        seeing = [str(number) for number, sees in enumerate(sensors.infrared) if sees]
        if not seeing or self.position() is not CardPosition.NO_CARD:
            return status
        return self._remember(
            DeviceState.HARDWARE_ERROR, Media.NOT_PRESENT, f"no card, but sensor {', '.join(seeing)} sees one"
        )

    def reset(self, eject: Eject = Eject.KEEP) -> None:
        """Bring the reader to its state after power-up; a card inside is kept, or ejected to the front or the rear."""
        self._in_step = False
        self._lose_power()
        self._version = self._expect(commands.Reset(eject), answers.Version, SLOW_S).text.strip()

    def position(self) -> CardPosition:
        """Return where the card is; fit for polling."""
        return self._expect(commands.AskStatus(), answers.Status).card

    def media(self) -> Media:
        """Return where the card is, in the words of XFS4IoT; fit for polling."""
        return _MEDIA[self.position()]

    def card_type(self) -> CardType:
        """Let the reader test what kind of card is inside; "for reference" (p11)."""
        return self._expect(commands.AskCardType(), answers.CardTypeFound, SLOW_S).card_type

    def set_entry(
        self, front: FrontEntry, rear: RearEntry = RearEntry.PROHIBITED, stop: StopPosition = StopPosition.INSIDE
    ) -> None:
        """Say which cards may come in and where they stop; FrontEntry.PROHIBITED closes the front.

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
            raise DeviceFault(self._name, Fault.CARD_JAM)
        return outcome

    def capture(self) -> Outcome:
        """Take the card in at the rear: OK only if the status then shows no card that it still could give back."""
        outcome = self.move(MoveTo.REAR)
        if outcome is Outcome.OK and self.position() not in (CardPosition.NO_CARD, CardPosition.REAR):
            raise DeviceFault(self._name, Fault.CARD_JAM)
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
        return answer if isinstance(answer, Outcome) else answer.apdu

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
        answer = self._ask_again(command) if _is_question(command) else self._ask(command, timeout_s)
        match answer:
            case Negative(_, reason) if reason in _DETAILS:
                jam = reason is Refusal.ABNORMAL_CARD
                raise DeviceFault(self._name, Fault.CARD_JAM if jam else Fault.CARD_SLOT_ERROR)
            case Negative(code, reason):
                raise ProtocolViolation(self._name, f"refuses command {code:02X}: {reason.name}")
            case _:
                return answer

    def _unfit(self, answer: Answer) -> ProtocolViolation:
        return ProtocolViolation(self._name, f"{type(answer).__name__} is no answer to that")

    def _told(self, card: CardPosition) -> DeviceStatus:
        if card in _ABNORMAL:
            return self._remember(DeviceState.HARDWARE_ERROR, _MEDIA[card], _DETAILS[Refusal.ABNORMAL_CARD])
        return self._remember(DeviceState.ONLINE, _MEDIA[card], "")

    def _remember(self, state: DeviceState, media: Media, detail: str) -> DeviceStatus:
        fault = Fault.CARD_JAM if media is Media.JAMMED else Fault.CARD_SLOT_ERROR
        faults = frozenset() if state is DeviceState.ONLINE else frozenset({fault})
        status = DeviceStatus(self._name, state, self._clock.wall(), faults, media=media, detail=detail)
        if self._status is None or replace(status, since=self._status.since) != self._status:
            self._status = status
        return self._status

    # -- the exchange --------------------------------------------------------------------------------------

    def _ask_again(self, command: Command) -> Answer:
        """Ask what changes nothing, again where the answer was garbled."""
        for _ in range(SENDS - 1):
            try:
                return self._ask(command, ANSWER_S)
            except _Garbled:
                self._counters = self._counters.counting(resends=1)
        return self._ask(command, ANSWER_S)

    def _ask(self, command: Command, timeout_s: float) -> Answer:
        octets = crt310.encode(command)
        if not self._in_step:
            self._cancel()
        self._in_step = False
        self._counters = self._counters.counting(exchanges=1)
        self._submit(octets)
        self._forget_input()
        self._write(crt310.encode(Control.ENQ))
        answer = self._await_answer(command, timeout_s)
        self._in_step = True
        return answer

    def _cancel(self) -> None:
        """Bring the reader to where it waits for a command.

        EOT is shown behind a command only (ch. 6.1 B); a reader that is deaf to it otherwise is sent a status request
        first, which is not executed.
        """
        self._forget_input()
        self._write(crt310.encode(Control.EOT))
        if self._await_control(Control.EOT) is Control.EOT:
            return
        self._submit(crt310.encode(commands.AskStatus()))
        self._write(crt310.encode(Control.EOT))
        if self._await_control(Control.EOT) is not Control.EOT:
            raise DeviceUnavailable(self._name, "does not answer EOT")

    def _submit(self, octets: bytes) -> None:
        """Send a command until it is acknowledged; nothing is executed before ENQ."""
        heard = None
        for attempt in range(SENDS):
            self._forget_input()
            if attempt:
                self._counters = self._counters.counting(resends=1)
            self._write(octets)
            heard = self._await_control(Control.ACK, Control.NAK)
            if heard is Control.ACK:
                return
        refuses = heard is Control.NAK
        raise DeviceUnavailable(self._name, "answers NAK to every frame" if refuses else "does not acknowledge")

    def _await_control(self, *wanted: Control) -> Control | None:
        deadline = self._clock.now() + CONTROL_S
        while (event := self._next(deadline)) is not None:
            if isinstance(event, Control) and event in wanted:
                return event
            self._note_stray(event)
        return None

    def _await_answer(self, command: Command, timeout_s: float) -> Answer:
        deadline = self._clock.now() + timeout_s
        unfit = ""
        while (event := self._next(deadline)) is not None:
            match event:
                case Package():
                    try:
                        return crt310.decode_answer(command, event, as_drawn=self._profile.as_drawn)
                    except WireError as error:  # a late answer to another question, or nonsense: the deadline tells
                        unfit = str(error)
                        self._note_stray(event)
                case BadFrame():
                    self._counters = self._counters.counting(checksum_errors=1)
                    raise _Garbled(self._name, f"the answer to {type(command).__name__} is garbled")
                case _:
                    self._note_stray(event)
        if unfit:
            raise ProtocolViolation(self._name, unfit)
        raise DeviceUnavailable(self._name, f"no answer to {type(command).__name__} after {timeout_s:.0f} s")

    def _note_stray(self, event: Event) -> None:
        if isinstance(event, Package):
            self._counters = self._counters.counting(strays=1)

    def _next(self, deadline: float) -> Event | None:
        """Return the next event, None after `deadline`, also while the line never falls silent."""
        while True:
            left = deadline - self._clock.now()
            if left <= 0:
                return None
            if self._events:
                return self._events.pop(0)
            data = self._transport.read(_READ, left)
            self._counters = self._counters.counting(bytes_received=len(data))
            self._events.extend(self._deframer.feed(data))

    def _write(self, data: bytes) -> None:
        self._transport.write(data, WRITE_S)
        self._counters = self._counters.counting(bytes_sent=len(data))

    def _forget_input(self) -> None:
        self._transport.discard_input()
        self._events.clear()
        self._deframer.reset()

    def _lose_power(self) -> None:
        self._chip = None
        self._sams.clear()


class _Garbled(ProtocolViolation):
    """The BCC of an answer is wrong; what the command did is unknown."""


def _is_question(command: Command) -> bool:
    """Return whether `command` changes nothing, so that it may be asked again."""
    match command:
        case commands.AskStatus() | commands.AskSensors() | commands.ReadSerial() | commands.ReadTracks(again=False):
            return True
        case _:
            return False
