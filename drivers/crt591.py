"""The motor card reader and dispenser CRT-591 (CRT-571 alike) on a serial line: a kiosk_core.card_reader.CardReader.

Source: the manual that wire/crt591.py names, chapter 3; one exchange: drivers/crt591_line.py. After an exchange that
was given up the reader is initialised before anything else, and what had power before counts as off: no APDU and no
code goes to a card of which nobody knows what it was doing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from drivers.crt591_line import Crt591Line
from drivers.transport import Transport
from kiosk_core.card_reader import (
    CardRefusal,
    ChipAnswer,
    ChipPower,
    ChipProtocol,
    Destination,
    RawData,
    ResetAction,
)
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, OpenTellerError, ProtocolViolation
from kiosk_core.magnetic_tracks import MagneticTracks
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Media, Supply
from wire import apdu, crt591, crt591_chips, crt591_storage
from wire.apdu import ResponseApdu
from wire.crt591 import Bin, CardType, Command, Done, ErrorCode, Init, Kind, Place, Position, Reply, Stacker
from wire.crt591_chips import Air, Chip, Exchange, Power, Protocols, RfCard, RfState, Socket
from wire.crt591_storage import Answer, I2cType, Operation, SleState
from wire.errors import WireError

BAUDRATE = 38_400
"""One of four; the reader takes the rate of the first INITIALIZE after power-up (3.1.1)."""

_MAX_RESPONSES = 8  # GET RESPONSE in a row

_FAULTS = {
    ErrorCode.CONTACT_NOT_RELEASED: Fault.CARD_SLOT_ERROR,
    ErrorCode.JAM: Fault.CARD_JAM,
    ErrorCode.SENSOR: Fault.CARD_SLOT_ERROR,
    ErrorCode.MAGNET: Fault.CARD_SLOT_ERROR,
    ErrorCode.IC_POSITION_UNREACHABLE: Fault.CARD_JAM,
    ErrorCode.COUNTER_OVERFLOW: Fault.CARD_BIN_FULL,
    ErrorCode.MOTOR: Fault.CARD_SLOT_ERROR,
    ErrorCode.STACKER_EMPTY: Fault.CARD_STACKER_EMPTY,
    ErrorCode.BIN_FULL: Fault.CARD_BIN_FULL,
}
_REFUSALS = {
    ErrorCode.NOT_SUPPORTED_BY_HARDWARE: CardRefusal.UNSUPPORTED,
    ErrorCode.TOO_LONG: CardRefusal.CARD_TOO_LONG,
    ErrorCode.TOO_SHORT: CardRefusal.CARD_TOO_SHORT,
    ErrorCode.MOVED: CardRefusal.MOVED_BY_HAND,
    ErrorCode.MOVED_BY_HAND: CardRefusal.MOVED_BY_HAND,
    ErrorCode.CARD_POWER_SHORT: CardRefusal.INVALID_MEDIA,
    ErrorCode.ACTIVATION_FAILED: CardRefusal.ATR_NOT_OBTAINED,
    ErrorCode.NOT_SUPPORTED_BY_CARD: CardRefusal.PROTOCOL_NOT_SUPPORTED,
    ErrorCode.CARD_SILENT: CardRefusal.CARD_SILENT,
    ErrorCode.CARD_PROTOCOL: CardRefusal.INVALID_MEDIA,
    ErrorCode.CARD_NOT_ACTIVE: CardRefusal.CHIP_OFF,
    ErrorCode.NOT_SUPPORTED_BY_CURRENT_CARD: CardRefusal.PROTOCOL_NOT_SUPPORTED,
    ErrorCode.CARD_TRANSMISSION: CardRefusal.INVALID_MEDIA,
    ErrorCode.CARD_TRANSMISSION_OVERTIME: CardRefusal.CARD_SILENT,
    ErrorCode.NOT_EMV: CardRefusal.INVALID_MEDIA,
}
# Until the reader has moved or initialised without an error, these stand.
_LASTING = {Fault.CARD_JAM, Fault.CARD_SLOT_ERROR}

_STACKER = {Stacker.EMPTY: Supply.OUT, Stacker.FEW: Supply.LOW, Stacker.ENOUGH: Supply.FULL}
_CONTACT = {ChipProtocol.T0: Exchange.T0, ChipProtocol.T1: Exchange.T1, ChipProtocol.NOT_REQUIRED: Exchange.AUTO}
_AIR = {ChipProtocol.TYPE_A: Air.A, ChipProtocol.TYPE_B: Air.B}
_INIT = {  # where the counter of the bin stands still, and where it works
    ResetAction.EXIT: (Init.HOLD, Init.HOLD_COUNTING),
    ResetAction.RETAIN: (Init.CAPTURE, Init.CAPTURE_COUNTING),
    ResetAction.CURRENT_POSITION: (Init.STAY, Init.STAY_COUNTING),
}
# Where a card must be after a move that went well; the manual does not say it of HOLD and OUT.
_ARRIVED = {
    Place.HOLD: {Position.GATE, Position.NONE},
    Place.OUT: {Position.GATE, Position.NONE},
    Place.IC: {Position.INSIDE},
    Place.RF: {Position.INSIDE},
    Place.ERROR_BIN: {Position.NONE},
}

T = TypeVar("T")


class _Powered(Enum):
    """What can have power, and so a state; security modules beside it, one by one."""

    CONTACTS = "contacts"
    RADIO = "radio"
    SLE = "sle"
    I2C = "i2c"


@dataclass(frozen=True)
class Profile:
    """What depends on the unit, and what the manual leaves open (docs/devices/crt-591.md).

    `address`: its switches, 0 to 15. `execution_s`: how long a command may take. `exit`: HOLD keeps the card at the
    gate, where it can be retained when it is forgotten; OUT lets go of it. `recycling_disabled`: what e1e0 "40" means,
    on which manual and public driver disagree. `supply`: how chips are powered. `counting`: whether initialisations
    have the counter of the error card bin work. `radio_enable`, `radio_disable`: the data of 60 39, which the manual
    lists and does not draw; None: unknown.
    """

    model: str = "CRT-591"
    address: int = 0
    execution_s: float = 20.0
    exit: Place = Place.HOLD
    recycling_disabled: Fault | CardRefusal = Fault.CARD_JAM
    supply: crt591_chips.Supply = crt591_chips.Supply.EMV_5V
    counting: bool = True
    radio_enable: bytes | None = None
    radio_disable: bytes | None = None


class Crt591Reader:
    """A CRT-591 or CRT-571. Blocking; one thread owns it.

    Every method raises DeviceUnavailable, DeviceFault and ProtocolViolation. One exchange ends in the time that
    drivers/crt591_line.py says; a method makes at most five, but `chip_io` and `sam_io`, which may fetch eight more.
    """

    def __init__(self, name: str, transport: Transport, clock: Clock, profile: Profile | None = None) -> None:
        self._name = name
        self._clock = clock
        self._profile = profile or Profile()
        self._line = Crt591Line(name, transport, clock, self._profile.address, self._profile.execution_s)
        self._cycles = 0
        self._jams = 0
        self._initialised = False
        self._latched = False
        self._on: set[_Powered | int] = set()  # an int is a SAM's slot
        self._sam = 0  # what the caller chose
        self._sam_selected = 0  # what the reader has: SAM 1 after INITIALIZE (3.3.8)
        self._fault: Fault | None = None
        self._status: DeviceStatus | None = None

    def counters(self) -> Counters:
        """Return what was counted so far; a cycle is a card moved or a chip powered."""
        return replace(self._line.counters, cycles=self._cycles, jams=self._jams)

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._line.close()

    # -- the device --------------------------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return the model, the version and the serial number; "" for what this unit does not tell."""
        version = self.version()
        serial = self.serial_number()
        return Identity(
            self._profile.model,
            "" if isinstance(version, CardRefusal) else version,
            "" if isinstance(serial, CardRefusal) else serial,
        )

    def status(self) -> DeviceStatus:
        """Ask the reader now; a fault is in the answer, not raised."""
        try:
            return self._told(self._ask_status())
        except DeviceFault as error:
            media = Media.JAMMED if error.fault is Fault.CARD_JAM else Media.UNKNOWN
            return self._remember({error.fault}, {}, media)

    def self_test(self) -> DeviceStatus:
        """Return the status with the seven sensors as `detail` (1: a card before it); no card is moved."""
        status = self.status()
        sensors = self._decoded(self._ask(crt591.AskSensors()), crt591.decode_sensors)
        if isinstance(sensors, CardRefusal):
            return status
        return replace(status, detail="sensors S1-S7: " + "".join(str(int(sees)) for sees in sensors))

    def media(self) -> Media:
        """Return where the card is: one exchange."""
        return self._media(self._ask_status())

    def reset(self, action: ResetAction = ResetAction.CURRENT_POSITION) -> None:
        """INITIALIZE: entry disabled, errors forgotten, a card inside brought to where `action` says.

        Raises:
            ProtocolViolation: also when the reader refuses to.
        """
        self._initialise(action)

    def set_entry(self, enabled: bool) -> None:
        """Let a card in at the gate, or not; the reader carries it to the RF position by itself."""
        self._must(crt591.SetEntry(enabled))

    # -- moving ------------------------------------------------------------------------------------------------

    def dispense(self) -> CardRefusal | None:
        """Move a card from the stacker to the contacts; sent once, for a second one would be a second card."""
        if self._ask_status().position is not Position.NONE:
            return CardRefusal.OCCUPIED
        return self._move(Place.IC)

    def move(self, to: Destination) -> CardRefusal | None:
        """Move the card inside: to the gate, to the RF position or into the error bin."""
        if self._ask_status().position is Position.NONE:
            return CardRefusal.NO_MEDIA
        match to:
            case Destination.EXIT:
                return self._move(self._profile.exit)
            case Destination.TRANSPORT:
                return self._move(Place.RF)
            case Destination.RETAIN:
                return self._move(Place.ERROR_BIN)

    # -- chips -------------------------------------------------------------------------------------------------

    def read_raw_data(self) -> RawData | CardRefusal:
        """Move the card to the contacts, power it and return its ATR."""
        position = self._ask_status().position
        if position is Position.NONE:
            return CardRefusal.NO_MEDIA
        # Pulled out of the gate just now, "IC" would bring a new card from the stacker; "RF" takes none.
        refusal = self._move(Place.RF) if position is Position.GATE else None
        return refusal or self._move(Place.IC) or self._cold_reset(Socket.CARD)

    def read_tracks(
        self,
        *,
        track1: bool = True,  # noqa: ARG002
        track2: bool = True,  # noqa: ARG002
        track3: bool = True,  # noqa: ARG002
    ) -> MagneticTracks | CardRefusal:
        """Refuse: no magnetic head is in the manual."""
        return CardRefusal.UNSUPPORTED

    def chip_power(self, power: ChipPower) -> RawData | CardRefusal | None:
        """Power the chip at the contacts (cold, warm: its ATR) or take its power (None)."""
        return self._power(Socket.CARD, power)

    def chip_io(self, protocol: ChipProtocol, command: bytes) -> ChipAnswer | CardRefusal:
        """Send one APDU once to the chip at the contacts, or by radio to the activated card; follow 61xx and 6Cxx.

        Raises:
            ValueError: `command` has not 4 to 261 bytes.
        """
        if protocol in _AIR:
            return self._apdu(lambda data: crt591_chips.RfApdu(_AIR[protocol], data), command, _Powered.RADIO)
        return self._apdu(
            lambda data: crt591_chips.Apdu(Socket.CARD, _CONTACT[protocol], data), command, _Powered.CONTACTS
        )

    def chip_state(self) -> Power | CardRefusal:
        """Return whether the chip at the contacts has power."""
        return self._decoded(self._ask(crt591_chips.AskPower(Socket.CARD)), crt591_chips.decode_power)

    def card_type(self) -> CardType | CardRefusal:
        """Have the reader find out what card is at the contacts."""
        return self._decoded(self._ask(crt591.AskCardType(Kind.IC)), crt591.decode_card_type)

    def radio_card_type(self) -> bytes | CardRefusal:
        """Have the reader find out what card is at the RF position; its answer is in no public manual."""
        reply = self._ask(crt591.AskCardType(Kind.RF))
        return reply if isinstance(reply, CardRefusal) else reply.data

    # -- security modules --------------------------------------------------------------------------------------

    def select_sam(self, slot: int) -> CardRefusal | None:
        """Work with the SAM in `slot`, 0 to 4, until another is selected. Raises ValueError for another."""
        refusal = self._refused(crt591_chips.SelectSam(slot))
        if refusal is None:
            self._sam = self._sam_selected = slot
        return refusal

    def sam_power(self, power: ChipPower) -> RawData | CardRefusal | None:
        """Power the selected SAM (cold, warm: its ATR) or take its power (None)."""
        return self._select_again() or self._power(Socket.SAM, power)

    def sam_io(self, protocol: ChipProtocol, command: bytes) -> ChipAnswer | CardRefusal:
        """Send one APDU to the selected SAM, as `chip_io` does; `protocol` is one by contact. Raises ValueError."""
        if protocol not in _CONTACT:
            raise ValueError(f"a SAM does not speak {protocol.value}")
        return self._apdu(lambda data: crt591_chips.Apdu(Socket.SAM, _CONTACT[protocol], data), command, self._sam)

    def sam_state(self) -> tuple[Power, int] | CardRefusal:
        """Return whether the selected SAM has power, and which slot that is."""
        refusal = self._select_again()
        if refusal is not None:
            return refusal
        return self._decoded(self._ask(crt591_chips.AskPower(Socket.SAM)), crt591_chips.decode_sam_power)

    # -- cards by radio ----------------------------------------------------------------------------------------

    def activate_radio(self, protocols: Protocols = Protocols.A_THEN_B) -> RfCard | CardRefusal:
        """Find a card at the RF position."""
        self._on.discard(_Powered.RADIO)
        card: RfCard | CardRefusal = self._decoded(
            self._ask(crt591_chips.RfActivate(protocols)), crt591_chips.decode_rf_card
        )
        return self._switched_on(card, _Powered.RADIO)

    def radio_off(self) -> CardRefusal | None:
        """Switch the antenna off."""
        self._on.discard(_Powered.RADIO)
        return self._refused(crt591_chips.RfOff())

    def radio_state(self) -> RfState | CardRefusal:
        """Return which card is active by radio."""
        return self._decoded(self._ask(crt591_chips.AskRf()), crt591_chips.decode_rf_state)

    def enable_radio(self, enabled: bool) -> CardRefusal | None:
        """Enable or disable cards by radio; UNSUPPORTED where the profile does not say by what data."""
        data = self._profile.radio_enable if enabled else self._profile.radio_disable
        if data is None:
            return CardRefusal.UNSUPPORTED
        self._on.discard(_Powered.RADIO)
        return self._refused(crt591_chips.RfSwitch(data))

    # -- cards that only store ---------------------------------------------------------------------------------

    def activate_sle(self) -> bytes | CardRefusal:
        """Power an SLE4442 or SLE4428 at the contacts and return its ATR of 4 bytes."""
        self._on.discard(_Powered.SLE)
        atr = self._decoded(self._ask(crt591_storage.SleReset()), crt591_storage.decode_sle_atr)
        return self._switched_on(atr, _Powered.SLE)

    def sle_off(self) -> CardRefusal | None:
        """Take the power from it."""
        self._on.discard(_Powered.SLE)
        return self._refused(crt591_storage.SleOff())

    def sle_state(self) -> SleState | CardRefusal:
        """Return which of the two is active."""
        return self._decoded(self._ask(crt591_storage.AskSle()), crt591_storage.decode_sle_state)

    def activate_i2c(self, kind: I2cType = I2cType.ANY) -> CardRefusal | None:
        """Power a 24C01 to 24C256 at the contacts; ANY has the reader find out which."""
        self._on.discard(_Powered.I2C)
        reply = self._ask(crt591_storage.I2cActivate(kind))
        refusal = self._switched_on(reply, _Powered.I2C)
        return refusal if isinstance(refusal, CardRefusal) else None

    def i2c_off(self) -> CardRefusal | None:
        """Take the power from it."""
        self._on.discard(_Powered.I2C)
        return self._refused(crt591_storage.I2cOff())

    def i2c_state(self) -> I2cType | CardRefusal | None:
        """Return which type is active, None where none is."""
        return self._decoded(self._ask(crt591_storage.AskI2c()), crt591_storage.decode_i2c_state)

    def storage_io(self, command: Operation) -> Answer | CardRefusal:
        """Carry out an operation on an activated SLE, 24Cxx or Mifare card, sent once.

        Raises:
            ValueError: it does not fit its bytes.
        """
        match crt591.code_of(command)[0]:
            case 0x53:
                powered = _Powered.SLE
            case 0x54:
                powered = _Powered.I2C
            case _:
                powered = _Powered.RADIO
        if not self._is_on(powered):
            return CardRefusal.CHIP_OFF
        return self._decoded(self._ask(command), crt591_storage.decode_answer)

    # -- numbers -----------------------------------------------------------------------------------------------

    def serial_number(self) -> str | CardRefusal:
        """Return the reader's serial number."""
        return self._decoded(self._ask(crt591.AskSerialNumber()), crt591.decode_serial_number)

    def version(self) -> str | CardRefusal:
        """Return the firmware's version."""
        return self._decoded(self._ask(crt591.AskVersion()), crt591.decode_text)

    def configuration(self) -> str | CardRefusal:
        """Return the configuration as the reader writes it; the manual does not describe it."""
        return self._decoded(self._ask(crt591.AskConfiguration()), crt591.decode_text)

    def retained(self) -> int | CardRefusal:
        """Return how many cards the bin counter says were captured, 0 to 999."""
        return self._decoded(self._ask(crt591.AskBinCount()), crt591.decode_count)

    def set_retained(self, count: int) -> CardRefusal | None:
        """Set the bin counter. Raises ValueError for other than 0 to 999."""
        return self._refused(crt591.SetBinCount(count))

    def reset_pcsc(self) -> CardRefusal | None:
        """Reset the PC/SC reader that some units have beside this line."""
        return self._refused(crt591.ResetPcsc())

    # -- what replies mean -------------------------------------------------------------------------------------

    def _told(self, status: crt591.CardStatus) -> DeviceStatus:
        return self._remember(
            {self._fault} if self._fault else set(),
            {
                "stacker": _STACKER[status.stacker],
                "retain_bin": Supply.OUT if status.bin is Bin.FULL else Supply.FULL,
            },
            self._media(status),
        )

    def _remember(self, faults: set[Fault], supplies: dict[str, Supply], media: Media) -> DeviceStatus:
        state = DeviceState.HARDWARE_ERROR if faults else DeviceState.ONLINE
        told = DeviceStatus(self._name, state, self._clock.wall(), frozenset(faults), supplies, media)
        if told != self._status:
            self._status = told
        return self._status

    def _media(self, status: crt591.CardStatus) -> Media:
        if self._fault is Fault.CARD_JAM:
            return Media.JAMMED
        match status.position:
            case Position.NONE:
                return Media.NOT_PRESENT
            case Position.GATE:
                return Media.ENTERING
            case Position.INSIDE:
                return Media.LATCHED if self._latched else Media.PRESENT

    def _ask_status(self) -> crt591.CardStatus:
        return self._must(crt591.AskStatus()).status

    def _move(self, place: Place) -> CardRefusal | None:
        self._latched = False
        self._on -= set(_Powered)
        reply = self._ask(crt591.Move(place))
        if isinstance(reply, CardRefusal):
            return reply
        if reply.status.position not in _ARRIVED[place]:
            raise self._violation(f"moved to {place.name}, yet the card is at {reply.status.position.name}")
        self._cycles += 1
        self._latched = place is Place.IC
        self._fault = None
        return None

    def _power(self, socket: Socket, power: ChipPower) -> RawData | CardRefusal | None:
        match power:
            case ChipPower.COLD:
                return self._cold_reset(socket)
            case ChipPower.WARM:
                return self._chip(crt591_chips.WarmReset(socket))
            case ChipPower.OFF:
                self._on.discard(self._powered(socket))
                return self._refused(crt591_chips.PowerOff(socket))

    def _cold_reset(self, socket: Socket) -> RawData | CardRefusal:
        return self._chip(crt591_chips.ColdReset(socket, self._profile.supply))

    def _chip(self, command: crt591_chips.ColdReset | crt591_chips.WarmReset) -> RawData | CardRefusal:
        powered = self._powered(command.socket)
        self._on.discard(powered)
        chip: Chip | CardRefusal = self._decoded(self._ask(command), crt591_chips.decode_chip)
        if isinstance(chip, CardRefusal):
            return chip
        protocol = ChipProtocol.T0 if chip.protocol is crt591_chips.Protocol.T0 else ChipProtocol.T1
        return self._switched_on(RawData(protocol, chip.atr), powered)

    def _powered(self, socket: Socket) -> _Powered | int:
        return _Powered.CONTACTS if socket is Socket.CARD else self._sam

    def _switched_on(self, found: T, powered: _Powered | int) -> T:
        if not isinstance(found, CardRefusal):
            self._cycles += 1
            self._on.add(powered)
        return found

    def _is_on(self, powered: _Powered | int) -> bool:
        self._ready()
        return powered in self._on

    def _select_again(self) -> CardRefusal | None:
        """Select the caller's SAM where an initialisation came between."""
        self._ready()
        return None if self._sam_selected == self._sam else self.select_sam(self._sam)

    def _apdu(
        self, wrap: Callable[[bytes], Command], command: bytes, powered: _Powered | int
    ) -> ChipAnswer | CardRefusal:
        first = wrap(command)
        crt591.encode_command(first)  # refused before anything is sent
        if not self._is_on(powered):
            return CardRefusal.CHIP_OFF
        answer = self._decoded(self._ask(first), apdu.decode_response)
        if isinstance(answer, ResponseApdu) and answer.exact_length is not None:
            try:
                again = replace(apdu.decode_command(command), expected=answer.exact_length)
            except WireError:  # no APDU of the short form: its length cannot be put in
                return ChipAnswer(apdu.encode_response(answer))
            answer = self._decoded(self._ask(wrap(apdu.encode_command(again))), apdu.decode_response)
        if isinstance(answer, CardRefusal):
            return answer
        data = b""
        for _ in range(_MAX_RESPONSES):
            if answer.waiting is None:
                break
            data += answer.data
            fetch = apdu.CommandApdu(0x00, 0xC0, 0x00, 0x00, expected=answer.waiting)
            more = self._decoded(self._ask(wrap(apdu.encode_command(fetch))), apdu.decode_response)
            if isinstance(more, CardRefusal):
                return more
            answer = more
        return ChipAnswer(data + answer.data + answer.status_word.to_bytes(2, "big"))

    def _decoded(self, reply: Done | CardRefusal, decode: Callable[[bytes], T]) -> T | CardRefusal:
        if isinstance(reply, CardRefusal):
            return reply
        try:
            return decode(reply.data)
        except WireError as error:
            raise self._violation(str(error)) from None

    def _refused(self, command: Command) -> CardRefusal | None:
        reply = self._ask(command)
        return reply if isinstance(reply, CardRefusal) else None

    def _must(self, command: Command) -> Done:
        reply = self._ask(command)
        if isinstance(reply, CardRefusal):
            raise self._violation(f"{type(command).__name__} is refused: {reply.value}")
        return reply

    def _ask(self, command: Command) -> Done | CardRefusal:
        self._ready()
        return self._result(self._exchange(command))

    def _ready(self) -> None:
        if not self._initialised:
            self._initialise(ResetAction.CURRENT_POSITION)

    def _initialise(self, action: ResetAction) -> None:
        self._initialised = False
        self._latched = False
        self._on.clear()
        reply = self._result(self._exchange(crt591.Initialize(_INIT[action][self._profile.counting])))
        if isinstance(reply, CardRefusal):
            raise self._violation(f"INITIALIZE is refused: {reply.value}")
        self._initialised = True
        self._sam_selected = 0
        self._fault = None

    def _exchange(self, command: Command) -> Reply:
        try:
            return self._line.exchange(command)
        except OpenTellerError:
            # Its reply may still come: nothing is asked before INITIALIZE has been answered.
            self._initialised = False
            self._latched = False
            raise

    def _result(self, reply: Reply) -> Done | CardRefusal:
        if isinstance(reply, Done):
            return reply
        error = reply.error
        meaning = self._meaning(error)
        match meaning:
            case CardRefusal():
                return meaning
            case Fault():
                if meaning in _LASTING:
                    self._fault = meaning
                self._jams += meaning is Fault.CARD_JAM
                raise DeviceFault(self._name, meaning)
            case None if error is ErrorCode.NOT_RESET:
                self._initialised = False
                raise DeviceUnavailable(self._name, "has lost its power since, and is not initialised")
            case None:
                raise self._violation(
                    f"refuses {reply.code[0]:02X} {reply.code[1]:02X} with {error.value} ({error.name})"
                )

    def _meaning(self, error: ErrorCode) -> Fault | CardRefusal | None:
        if error is ErrorCode.RECYCLING_DISABLED:
            return self._profile.recycling_disabled
        return _FAULTS.get(error) or _REFUSALS.get(error)

    def _violation(self, detail: str) -> ProtocolViolation:
        return ProtocolViolation(self._name, detail)
