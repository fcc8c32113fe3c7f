"""The motor card reader and dispenser CRT-591 (CRT-571 alike) on a serial line: a kiosk_core.card_reader.CardReader.

The exchange: chapter 1.4 of the manual that wire/crt591.py names. A reply repeats CM and PM of its command and no
number, so a late one could answer a later, equal question. Therefore an exchange that was given up (silence, garbled
replies) is followed by INITIALIZE before anything else: replies to what was before it do not fit it, and behind its
own answer nothing older comes. And what must not happen twice (an APDU, a card out of the stacker) is sent again only
after a NAK, which says that it was not taken; never after mere silence.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

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
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Media, Supply
from wire import apdu, crt591
from wire.apdu import ResponseApdu
from wire.crt591 import (
    Air,
    Bin,
    CardType,
    Chip,
    Command,
    Control,
    Done,
    ErrorCode,
    Exchange,
    Frame,
    Garbled,
    Init,
    Kind,
    Mifare,
    MifareAnswer,
    Place,
    Position,
    Power,
    Protocols,
    Reply,
    RfCard,
    RfState,
    Socket,
    Stacker,
    Token,
)
from wire.errors import WireError

BAUDRATE = 38_400
"""One of four; the reader takes the rate of the first INITIALIZE after power-up (3.1.1)."""
ACK_S = 0.3
"""How long the reader may take for ACK, and for EOT (1.4.2, cases 1 and 6)."""
GAP_S = 0.3
"""A frame that pauses this long is cut short. The manual gives no number."""
ATTEMPTS = 3
"""How often a command, NAK or EOT is sent before the reader counts as lost. The manual gives no number."""
WRITE_S = 1.0

_READ = 256
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
_INIT = {
    ResetAction.EXIT: Init.HOLD,
    ResetAction.RETAIN: Init.CAPTURE_COUNTING,
    ResetAction.CURRENT_POSITION: Init.STAY,
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


@dataclass(frozen=True)
class Profile:
    """What depends on the unit, and what the manual leaves open (docs/devices/crt-591.md).

    `address`: its switches, 0 to 15. `execution_s`: how long a command may take. `exit`: HOLD keeps the card at the
    gate, where it can be retained when it is forgotten; OUT lets go of it. `recycling_disabled`: what e1e0 "40" means,
    on which manual and public driver disagree. `supply`: how chips are powered.
    """

    model: str = "CRT-591"
    address: int = 0
    execution_s: float = 20.0
    exit: Place = Place.HOLD
    recycling_disabled: Fault | CardRefusal = Fault.CARD_JAM
    supply: crt591.Supply = crt591.Supply.EMV_5V


class Crt591Reader:
    """A CRT-591 or CRT-571. Blocking; one thread owns it.

    Every method raises DeviceUnavailable, DeviceFault and ProtocolViolation. One exchange ends after at most
    ATTEMPTS * (ACK_S + WRITE_S), `execution_s`, and as long again as the first to stop it; a method makes at most
    four, but `chip_io`, which fetches up to eight more answers.
    """

    def __init__(self, name: str, transport: Transport, clock: Clock, profile: Profile | None = None) -> None:
        self._name = name
        self._transport = transport
        self._clock = clock
        self._profile = profile or Profile()
        self._deframer = crt591.Deframer()
        self._inbox: deque[Token] = deque()
        self._counters = Counters()
        self._initialised = False
        self._latched = False
        self._fault: Fault | None = None
        self._status: DeviceStatus | None = None

    def counters(self) -> Counters:
        """Return what was counted so far."""
        return self._counters

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

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
        self._initialise(_INIT[action])

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
        if self._ask_status().position is Position.NONE:
            return CardRefusal.NO_MEDIA
        return self._move(Place.IC) or self._chip(crt591.ColdReset(Socket.CARD, self._profile.supply))

    def read_tracks(self, *, track1: bool = True, track2: bool = True, track3: bool = True) -> CardRefusal:  # noqa: ARG002
        """Return UNSUPPORTED: it has no magnetic head."""
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
            return self._apdu(lambda data: crt591.RfApdu(_AIR[protocol], data), command)
        return self._apdu(lambda data: crt591.Apdu(Socket.CARD, _CONTACT[protocol], data), command)

    def chip_state(self) -> Power | CardRefusal:
        """Return whether the chip at the contacts has power."""
        return self._decoded(self._ask(crt591.AskPower(Socket.CARD)), crt591.decode_power)

    def card_type(self) -> CardType | CardRefusal:
        """Have the reader find out what card is at the contacts."""
        return self._decoded(self._ask(crt591.AskCardType(Kind.IC)), crt591.decode_card_type)

    def radio_card_type(self) -> bytes | CardRefusal:
        """Have the reader find out what card is at the RF position; its answer is in no public manual."""
        reply = self._ask(crt591.AskCardType(Kind.RF))
        return reply if isinstance(reply, CardRefusal) else reply.data

    # -- security modules --------------------------------------------------------------------------------------

    def select_sam(self, slot: int) -> CardRefusal | None:
        """Work with the SAM in `slot`, 0 to 4. Raises ValueError for another."""
        return self._refused(crt591.SelectSam(slot))

    def sam_power(self, power: ChipPower) -> RawData | CardRefusal | None:
        """Power the selected SAM (cold, warm: its ATR) or take its power (None)."""
        return self._power(Socket.SAM, power)

    def sam_io(self, protocol: ChipProtocol, command: bytes) -> ChipAnswer | CardRefusal:
        """Send one APDU to the selected SAM, as `chip_io` does; `protocol` is one by contact. Raises ValueError."""
        if protocol not in _CONTACT:
            raise ValueError(f"a SAM does not speak {protocol.value}")
        return self._apdu(lambda data: crt591.Apdu(Socket.SAM, _CONTACT[protocol], data), command)

    def sam_state(self) -> tuple[Power, int] | CardRefusal:
        """Return whether the selected SAM has power, and which slot that is."""
        return self._decoded(self._ask(crt591.AskPower(Socket.SAM)), crt591.decode_sam_power)

    # -- cards by radio ----------------------------------------------------------------------------------------

    def activate_radio(self, protocols: Protocols = Protocols.A_THEN_B) -> RfCard | CardRefusal:
        """Find a card at the RF position."""
        return self._decoded(self._ask(crt591.RfActivate(protocols)), crt591.decode_rf_card)

    def radio_off(self) -> CardRefusal | None:
        """Switch the antenna off."""
        return self._refused(crt591.RfOff())

    def radio_state(self) -> RfState | CardRefusal:
        """Return which card is active by radio."""
        return self._decoded(self._ask(crt591.AskRf()), crt591.decode_rf_state)

    def mifare(self, command: Mifare) -> MifareAnswer | CardRefusal:
        """Carry out a Mifare command, sent once. Raises ValueError for one that does not fit its bytes."""
        return self._decoded(self._ask(command), crt591.decode_mifare)

    # -- numbers -----------------------------------------------------------------------------------------------

    def serial_number(self) -> str | CardRefusal:
        """Return the reader's serial number."""
        return self._decoded(self._ask(crt591.AskSerialNumber()), crt591.decode_serial_number)

    def version(self) -> str | CardRefusal:
        """Return the firmware's version."""
        return self._decoded(self._ask(crt591.AskVersion()), crt591.decode_text)

    def configuration(self) -> str | CardRefusal:
        """Return the configuration as the reader writes it; the manual does not describe it."""
        reply = self._ask(crt591.AskConfiguration())
        return reply if isinstance(reply, CardRefusal) else reply.data.decode("latin-1")

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
        if self._status is None or replace(told, since=self._status.since) != self._status:
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
        reply = self._ask(crt591.Move(place))
        if isinstance(reply, CardRefusal):
            return reply
        if reply.status.position not in _ARRIVED[place]:
            raise self._violation(f"moved to {place.name}, yet the card is at {reply.status.position.name}")
        self._latched = place is Place.IC
        self._fault = None
        return None

    def _power(self, socket: Socket, power: ChipPower) -> RawData | CardRefusal | None:
        match power:
            case ChipPower.COLD:
                return self._chip(crt591.ColdReset(socket, self._profile.supply))
            case ChipPower.WARM:
                return self._chip(crt591.WarmReset(socket))
            case ChipPower.OFF:
                return self._refused(crt591.PowerOff(socket))

    def _chip(self, command: crt591.ColdReset | crt591.WarmReset) -> RawData | CardRefusal:
        chip: Chip | CardRefusal = self._decoded(self._ask(command), crt591.decode_chip)
        if isinstance(chip, CardRefusal):
            return chip
        return RawData(ChipProtocol.T0 if chip.protocol is crt591.Protocol.T0 else ChipProtocol.T1, chip.atr)

    def _apdu(self, wrap: Callable[[bytes], Command], command: bytes) -> ChipAnswer | CardRefusal:
        answer = self._decoded(self._ask(wrap(command)), apdu.decode_response)
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
        if not self._initialised:
            self._initialise(Init.STAY)
        return self._result(self._exchange(command))

    def _initialise(self, init: Init) -> None:
        self._latched = False
        self._initialised = False
        reply = self._result(self._exchange(crt591.Initialize(init)))
        if isinstance(reply, CardRefusal):
            raise self._violation(f"INITIALIZE is refused: {reply.value}")
        self._initialised = True
        self._fault = None

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

    # -- the exchange (1.4) ------------------------------------------------------------------------------------

    def _exchange(self, command: Command) -> Reply:
        text = crt591.encode_command(command)
        frame = crt591.encode_frame(Frame(self._profile.address, text))
        try:
            self._transport.discard_input()
            self._deframer.reset()
            self._inbox.clear()
            self._deliver(frame, once=_must_not_repeat(command))
            reply = self._reply((text[1], text[2]))
        except OpenTellerError:
            # Its reply may still come: nothing is asked before INITIALIZE has been answered.
            self._initialised = False
            self._latched = False
            raise
        self._counters = self._counters.counting(exchanges=1)
        return reply

    def _deliver(self, frame: bytes, *, once: bool) -> None:
        """Send until the reader says ACK; a reply that comes before that is not one to this command."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._counters = self._counters.counting(resends=1)
            self._write(frame)
            deadline = self._clock.now() + ACK_S
            while (token := self._next(deadline)) not in {None, Control.NAK}:
                if token is Control.ACK:
                    return
            if token is None and once:
                raise DeviceUnavailable(self._name, "silent; what was sent may have been done")
        raise DeviceUnavailable(self._name, f"takes no command, {ATTEMPTS} times")

    def _reply(self, code: tuple[int, int]) -> Reply:
        deadline = self._clock.now() + self._profile.execution_s
        garbled = 0
        while (token := self._next(deadline)) is not None:
            match token:
                case Frame() if (reply := self._fitting(token, code)) is not None:
                    return reply
                case Garbled(reason):
                    garbled += 1
                    if garbled == ATTEMPTS:
                        raise self._violation(f"{reason}, {ATTEMPTS} times")
                    self._counters = self._counters.counting(resends=1)
                    self._control(Control.NAK)
                case Control.EOT:
                    raise DeviceUnavailable(self._name, "has stopped the command by itself")
        return self._stopped(code)

    def _stopped(self, code: tuple[int, int]) -> Reply:
        """Stop the command; a reply that crosses the EOT is taken (1.4.2, case 7)."""
        for _ in range(ATTEMPTS):
            self._control(Control.EOT)
            deadline = self._clock.now() + ACK_S
            while (token := self._next(deadline)) is not None:
                if token is Control.EOT:
                    raise DeviceUnavailable(self._name, f"not done after {self._profile.execution_s:.0f} s, stopped")
                if isinstance(token, Frame) and (reply := self._fitting(token, code)) is not None:
                    return reply
        raise DeviceUnavailable(self._name, "silent")

    def _fitting(self, frame: Frame, code: tuple[int, int]) -> Reply | None:
        """Return and acknowledge the reply in `frame`, None where it is another unit's or another command's."""
        if frame.address != self._profile.address or tuple(frame.text[1:3]) != code:
            return None
        self._control(Control.ACK)
        try:
            return crt591.decode_reply(frame.text)
        except WireError as error:
            raise self._violation(str(error)) from None

    def _next(self, deadline: float) -> Token | None:
        """Return the next token, None at `deadline`; a frame that pauses for GAP_S is garbled."""
        while (left := deadline - self._clock.now()) > 0:
            if self._inbox:
                return self._inbox.popleft()
            data = self._transport.read(_READ, min(left, GAP_S) if self._deframer.in_frame else left)
            self._counters = self._counters.counting(bytes_received=len(data))
            tokens = self._deframer.feed(data)
            if not data and self._deframer.in_frame:
                self._deframer.reset()
                tokens.append(Garbled("a frame is cut short"))
            bad = sum(isinstance(token, Garbled) for token in tokens)
            if bad:
                self._counters = self._counters.counting(checksum_errors=bad)
            self._inbox.extend(tokens)
        return None

    def _control(self, control: Control) -> None:
        self._write(bytes((control.value,)))

    def _write(self, data: bytes) -> None:
        self._transport.write(data, WRITE_S)
        self._counters = self._counters.counting(bytes_sent=len(data))

    def _violation(self, detail: str) -> ProtocolViolation:
        return ProtocolViolation(self._name, detail)


def _must_not_repeat(command: Command) -> bool:
    return isinstance(command, crt591.Apdu | crt591.RfApdu | Mifare) or command == crt591.Move(Place.IC)
