"""The dip card reader CRT-288K on USB HID: a kiosk_core.card_reader.CardReader whose motor is the customer's hand.

The exchange is that of the sources that wire/crt288k.py names: command, ACK, answer, ACK. A reply repeats CM and PM of
its command and no number, so a late one could answer a later, equal question. Therefore an exchange that was given up
is followed by the question for the serial number before anything else, behind whose answer nothing older comes. A
command is sent again only where nothing but NAK came, which says that it was not taken; an answer that is garbled is
asked for again by NAK, which executes nothing again.
"""

import contextlib
import math
from dataclasses import dataclass, replace

from drivers.transport import UsbTransport
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
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.magnetic_tracks import MagneticTracks, TrackStatus, track_data
from kiosk_core.magnetic_tracks import Track as PortTrack
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Media
from wire import apdu, crt288k
from wire.apdu import CommandApdu, ResponseApdu
from wire.crt288k import (
    REPORT,
    CardType,
    Command,
    Control,
    Deframer,
    Done,
    ErrorCode,
    Failed,
    Frame,
    Garbled,
    Init,
    Kind,
    Latch,
    Position,
    Protocol,
    Reply,
    Status,
    Supply,
    Token,
    Track,
    TrackError,
)
from wire.errors import WireError

ANSWER_S = 1.0
"""How long the reader may take for ACK, and for an answer (e-kiosk: 1000 ms)."""
CHIP_S = 4.0
"""How long it may take for the answer of a chip (L waits 3 s, and 1 s more)."""
ATTEMPTS = 3
"""How often a command is sent while it is answered by NAK, and an answer asked for while it is garbled (e-kiosk)."""
NAK_PAUSE_S = 0.1
TRY_AGAIN_S = 30.0
"""How often a latch that did not move is tried again while it holds no card."""
WRITE_S = 1.0
_DISCARD_S = 1.0  # for what USB still holds: the transport gives up after 64 transfers

EXCHANGE_S = _DISCARD_S + ATTEMPTS * (WRITE_S + ANSWER_S + NAK_PAUSE_S) + ATTEMPTS * WRITE_S + CHIP_S
"""The longest exchange."""

_MAX_RESPONSES = 8  # GET RESPONSE in a row

_FAULTS = {
    ErrorCode.LATCH: Fault.CARD_SLOT_ERROR,
    ErrorCode.EEPROM: Fault.CARD_SLOT_ERROR,
    ErrorCode.POWER_DOWN: Fault.POWER,
    ErrorCode.IC_MODULE: Fault.CARD_SLOT_ERROR,
}
_REFUSALS = {
    ErrorCode.NOT_SUPPORTED_BY_HARDWARE: CardRefusal.UNSUPPORTED,
    ErrorCode.CHIP_POWER_SHORT: CardRefusal.INVALID_MEDIA,
    ErrorCode.ACTIVATION_FAILED: CardRefusal.ATR_NOT_OBTAINED,
    ErrorCode.NOT_SUPPORTED_BY_CHIP: CardRefusal.PROTOCOL_NOT_SUPPORTED,
    ErrorCode.CHIP_SILENT: CardRefusal.CARD_SILENT,
    ErrorCode.CHIP_COMMUNICATION: CardRefusal.CARD_SILENT,  # it may have acted, too
    ErrorCode.CHIP_NOT_ACTIVE: CardRefusal.CHIP_OFF,
    ErrorCode.CHIP_NOT_SUPPORTED: CardRefusal.INVALID_MEDIA,
    ErrorCode.NOT_EMV: CardRefusal.INVALID_MEDIA,
}
_TRACK_ERRORS = {
    TrackError.PARITY: TrackStatus.DATA_INVALID,
    TrackError.ONLY_SENTINELS: TrackStatus.DATA_MISSING,
    TrackError.BLANK: TrackStatus.DATA_MISSING,
    TrackError.NO_START: TrackStatus.DATA_INVALID,
    TrackError.NO_END: TrackStatus.DATA_INVALID,
    TrackError.CHECKSUM: TrackStatus.DATA_INVALID,
}
_PROTOCOLS = {Protocol.T0: ChipProtocol.T0, Protocol.T1: ChipProtocol.T1}


@dataclass(frozen=True)
class Profile:
    """What depends on the unit, and what the sources leave open (docs/devices/crt-288k.md).

    `init`: which of the two initialisings is sent. `supply`: how chips are powered.
    """

    model: str = "CRT-288K"
    init: Init = Init.SECOND
    supply: Supply = Supply.EMV_5V


class Crt288kReader:
    """A CRT-288K. Blocking; one thread owns it.

    Every method raises DeviceUnavailable, DeviceFault and ProtocolViolation. One exchange ends after at most EXCHANGE_S
    and a method makes at most six, `chip_io` up to ten. The first after opening or after an exchange that was given up
    makes three more. The reader itself needs some 6 s after it was plugged in (N).
    """

    def __init__(self, name: str, transport: UsbTransport, clock: Clock, profile: Profile | None = None) -> None:
        self._name = name
        self._transport = transport
        self._clock = clock
        self._profile = profile or Profile()
        self._deframer = Deframer()
        self._counters = Counters()
        self._in_step = False
        self._initialised = False
        self._serial = ""
        self._chip: Protocol | None = None
        self._stripe_cleared = False
        self._fault: Fault | None = None
        self._next_try = -math.inf
        self._status: DeviceStatus | None = None

    def counters(self) -> Counters:
        """Return what was counted so far."""
        return self._counters.copy()

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    # -- the device --------------------------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return the model, the release that USB tells, and the reader's serial number, "" where it tells none."""
        self._synchronise()
        return Identity(self._profile.model, self._transport.identity.firmware, self._serial)

    def status(self) -> DeviceStatus:
        """Ask the reader now; a fault is in the answer, not raised. A latch that did not move is tried again."""
        try:
            told = self._ask_status()
            holds_a_card = told.locked and told.position is not Position.NONE
            if self._fault is not None and not holds_a_card and self._clock.now() >= self._next_try:
                # Nobody may come for hours, and opening a latch that holds no card can do no harm.
                self._next_try = self._clock.now() + TRY_AGAIN_S
                with contextlib.suppress(DeviceFault):
                    self._release()
        except DeviceFault as error:
            return self._remember(error.fault, Media.UNKNOWN, "")
        return self._remember(self._fault, _media(told), "latch closed" if told.locked else "latch open")

    def self_test(self) -> DeviceStatus:
        """Ask for the serial number, then for the status; there is no more that moves nothing."""
        self._in_step = False
        return self.status()

    def media(self) -> Media:
        """Return where the card is: one exchange, and one more when it has left."""
        return _media(self._ask_status())

    def reset(self, action: ResetAction = ResetAction.CURRENT_POSITION) -> None:
        """Initialise the reader; EXIT opens the latch.

        Raises:
            ValueError: RETAIN, for it has nowhere to keep a card.
            DeviceFault: the latch does not open.
        """
        if action is ResetAction.RETAIN:
            raise ValueError(f"a {self._profile.model} cannot retain a card")
        self._in_step = False
        self._initialised = False
        self._chip = None
        self._ask_status()
        self._fault = None
        if action is ResetAction.EXIT:
            self._release()

    def set_entry(self, enabled: bool) -> None:
        """Change nothing: there is no shutter."""

    def dispense(self) -> CardRefusal | None:
        """Return UNSUPPORTED: there is no stacker."""
        return CardRefusal.UNSUPPORTED

    def move(self, to: Destination) -> CardRefusal | None:
        """EXIT takes the chip's power and opens the latch; TRANSPORT closes it. RETAIN is UNSUPPORTED."""
        if to is Destination.RETAIN:
            return CardRefusal.UNSUPPORTED
        position = self._ask_status().position
        if position is Position.NONE or (to is Destination.TRANSPORT and position is not Position.IN_PLACE):
            return CardRefusal.NO_MEDIA
        return self._lock() if to is Destination.TRANSPORT else self._release()

    # -- the stripe --------------------------------------------------------------------------------------------

    def read_tracks(
        self, *, track1: bool = True, track2: bool = True, track3: bool = True
    ) -> MagneticTracks | CardRefusal:
        """Return what was read while the card went in; NO_MEDIA unless it is all the way in."""
        if self._ask_status().position is not Position.IN_PLACE:
            return CardRefusal.NO_MEDIA
        reply = self._granted(crt288k.ReadTracks(), ANSWER_S)
        if isinstance(reply, Failed) and reply.error not in {ErrorCode.STRIPE, ErrorCode.STRIPE_PARITY}:
            return self._refusal(reply)
        if isinstance(reply, Failed) and not reply.data:
            read: list[PortTrack] = [TrackStatus.DATA_INVALID] * 3
        else:
            try:
                tracks = crt288k.decode_tracks(reply.data)
            except WireError as error:
                raise self._violation(str(error)) from None
            read = [_track(number, track) for number, track in enumerate(tracks, 1)]
        self._counters.cycles += 1
        wanted = zip(read, (track1, track2, track3), strict=True)
        return MagneticTracks(*(track if asked else None for track, asked in wanted))

    # -- chips -------------------------------------------------------------------------------------------------

    def read_raw_data(self) -> RawData | CardRefusal:
        """Close the latch, where there is one, power the chip and return its ATR."""
        if self._ask_status().position is not Position.IN_PLACE:
            return CardRefusal.NO_MEDIA
        refusal = self._lock()
        if refusal not in {None, CardRefusal.UNSUPPORTED}:
            return refusal
        return self._powered(crt288k.ColdReset(self._profile.supply))

    def chip_power(self, power: ChipPower) -> RawData | CardRefusal | None:
        """Power the chip (cold, warm: its ATR) or take its power (None)."""
        if self._ask_status().position is not Position.IN_PLACE:
            return CardRefusal.NO_MEDIA
        match power:
            case ChipPower.COLD:
                return self._powered(crt288k.ColdReset(self._profile.supply))
            case ChipPower.WARM:
                return self._powered(crt288k.WarmReset())
            case ChipPower.OFF:
                self._chip = None
                reply = self._granted(crt288k.PowerOff(), CHIP_S)
                return self._refusal(reply) if isinstance(reply, Failed) else None

    def chip_io(self, protocol: ChipProtocol, command: bytes) -> ChipAnswer | CardRefusal:
        """Send one APDU once and follow 61xx and 6Cxx.

        Raises:
            ValueError: `command` has not 4 to 261 bytes.
        """
        if not crt288k.MIN_APDU <= len(command) <= crt288k.MAX_APDU:
            raise ValueError(f"an APDU has {crt288k.MIN_APDU} to {crt288k.MAX_APDU} bytes, not {len(command)}")
        if protocol in {ChipProtocol.TYPE_A, ChipProtocol.TYPE_B}:
            return CardRefusal.UNSUPPORTED
        if self._chip is None:
            return CardRefusal.CHIP_OFF
        if protocol not in {ChipProtocol.NOT_REQUIRED, _PROTOCOLS[self._chip]}:
            return CardRefusal.PROTOCOL_NOT_SUPPORTED
        answer = self._transmit(self._chip, command)
        if isinstance(answer, ResponseApdu) and answer.exact_length is not None:
            try:
                again = replace(apdu.decode_command(command), expected=answer.exact_length)
            except WireError:  # no APDU of the short form: its length cannot be put in
                return ChipAnswer(apdu.encode_response(answer))
            answer = self._transmit(self._chip, apdu.encode_command(again))
        data = b""
        for _ in range(_MAX_RESPONSES):
            if isinstance(answer, CardRefusal) or answer.waiting is None:
                break
            data += answer.data
            fetch = CommandApdu(0x00, 0xC0, 0x00, 0x00, expected=answer.waiting)
            answer = self._transmit(self._chip, apdu.encode_command(fetch))
        if isinstance(answer, CardRefusal):
            return answer
        return ChipAnswer(data + apdu.encode_response(answer))

    def card_type(self, kind: Kind = Kind.IC) -> CardType | CardRefusal:
        """Have the reader find out what chip the card has, by contact or by radio."""
        reply = self._granted(crt288k.AskCardType(kind), CHIP_S)
        if isinstance(reply, Failed):
            return self._refusal(reply)
        try:
            return crt288k.decode_card_type(kind, reply.data)
        except WireError as error:
            raise self._violation(str(error)) from None

    # -- what replies mean -------------------------------------------------------------------------------------

    def _ask_status(self) -> Status:
        reply = self._granted(crt288k.AskStatus(), ANSWER_S)
        if isinstance(reply, Failed):
            raise self._violation(f"refuses the question for its status: {reply.error.name}")
        try:
            told = crt288k.decode_status(reply)
        except WireError as error:
            raise self._violation(str(error)) from None
        if told.position is not Position.IN_PLACE:
            self._chip = None
        if told.position is not Position.NONE:
            self._stripe_cleared = False
        elif not self._stripe_cleared:
            # The next customer's card must not be answered with this one's stripe.
            self._granted(crt288k.ClearTracks(), ANSWER_S)
            self._stripe_cleared = True
        return told

    def _lock(self) -> CardRefusal | None:
        reply = self._granted(crt288k.SetLatch(Latch.LOCK), ANSWER_S)
        if isinstance(reply, Failed):
            return self._refusal(reply)
        self._expect_latch(closed=True)
        return None

    def _release(self) -> CardRefusal | None:
        if self._chip is not None:
            self._chip = None
            self._granted(crt288k.PowerOff(), CHIP_S)
        reply = self._granted(crt288k.SetLatch(Latch.RELEASE), ANSWER_S)
        if isinstance(reply, Failed):
            refusal = self._refusal(reply)
            return None if refusal is CardRefusal.UNSUPPORTED else refusal  # without a latch nothing holds the card
        self._expect_latch(closed=False)
        return None

    def _expect_latch(self, *, closed: bool) -> None:
        """Believe the status, and not the answer to the command."""
        if self._ask_status().locked is not closed:
            raise self._broken(Fault.CARD_SLOT_ERROR)
        self._fault = None
        self._counters.cycles += 1

    def _powered(self, command: crt288k.ColdReset | crt288k.WarmReset) -> RawData | CardRefusal:
        self._chip = None
        reply = self._granted(command, CHIP_S)
        if isinstance(reply, Failed):
            return self._refusal(reply)
        try:
            chip = crt288k.decode_chip(reply.data)
        except WireError as error:
            raise self._violation(str(error)) from None
        self._chip = chip.protocol
        self._counters.cycles += 1
        return RawData(_PROTOCOLS[chip.protocol], chip.atr)

    def _transmit(self, protocol: Protocol, command: bytes) -> ResponseApdu | CardRefusal:
        reply = self._granted(crt288k.Apdu(protocol, command), CHIP_S)
        if isinstance(reply, Failed):
            return self._refusal(reply)
        try:
            return apdu.decode_response(crt288k.decode_response(reply.data))
        except WireError as error:
            raise self._violation(str(error)) from None

    def _refusal(self, reply: Failed) -> CardRefusal:
        refusal = _REFUSALS.get(reply.error)
        if refusal is None:
            raise self._violation(f"refuses {reply.code[0]:02X} {reply.code[1]:02X}: {reply.error.name}")
        return refusal

    def _remember(self, fault: Fault | None, media: Media, detail: str) -> DeviceStatus:
        state = DeviceState.ONLINE if fault is None else DeviceState.HARDWARE_ERROR
        faults = frozenset() if fault is None else frozenset({fault})
        told = DeviceStatus(self._name, state, self._clock.wall(), faults, media=media, detail=detail)
        if told != self._status:
            self._status = told
        return self._status

    def _broken(self, fault: Fault) -> DeviceFault:
        self._fault = fault
        return DeviceFault(self._name, fault)

    def _violation(self, detail: str) -> ProtocolViolation:
        return ProtocolViolation(self._name, detail)

    # -- the exchange ------------------------------------------------------------------------------------------

    def _granted(self, command: Command, timeout_s: float) -> Reply:
        """Return the reply to `command` of a reader that is in step and initialised; it is no fault."""
        if not self._in_step:
            self._synchronise()
        if not self._initialised:
            self._initialise()
        return self._without_fault(self._exchange(command, timeout_s))

    def _without_fault(self, reply: Reply) -> Reply:
        if isinstance(reply, Failed) and reply.error in _FAULTS:
            if reply.error is ErrorCode.POWER_DOWN:
                self._initialised = False
                raise DeviceFault(self._name, Fault.POWER)
            raise self._broken(_FAULTS[reply.error])
        return reply

    def _synchronise(self) -> None:
        """Ask for the serial number: what was asked before is answered before, or never."""
        reply = self._exchange(crt288k.AskSerialNumber(), ANSWER_S)
        if isinstance(reply, Done):
            self._serial = reply.data.decode("ascii", "replace").strip()

    def _initialise(self) -> None:
        self._chip = None
        reply = self._without_fault(self._exchange(crt288k.Initialize(self._profile.init), ANSWER_S))
        if isinstance(reply, Failed):
            raise self._violation(f"refuses to be initialised: {reply.error.name}")
        reply = self._without_fault(self._exchange(crt288k.SetReadMode(), ANSWER_S))
        if isinstance(reply, Failed) and reply.error is not ErrorCode.NOT_SUPPORTED_BY_HARDWARE:
            raise self._violation(f"refuses the read mode: {reply.error.name}")
        self._initialised = True

    def _exchange(self, command: Command, timeout_s: float) -> Reply:
        frame = crt288k.encode_command(command)
        self._in_step = False
        self._counters.exchanges += 1
        self._transport.discard_input()
        self._deframer.reset()
        self._deliver(frame)
        reply = self._reply((frame.text[1], frame.text[2]), timeout_s)
        self._in_step = True
        return reply

    def _deliver(self, frame: Frame) -> None:
        """Send a command until it is acknowledged; a frame that comes before that answers something else."""
        strays = self._counters.strays
        for attempt in range(ATTEMPTS):
            if attempt:
                self._counters.resends += 1
            self._write(frame)
            heard = self._control(self._clock.now() + ANSWER_S)
            # One lost report may make more than one NAK, and the NAK may have been for what was on the bus before the
            # command: it is sent again only when nothing but NAK has come, and comes for a while.
            pause_ends = self._clock.now() + NAK_PAUSE_S
            while heard is Control.NAK and (more := self._control(pause_ends)) is not None:
                heard = more
            if heard is Control.ACK:
                return
            if heard is None or self._counters.strays != strays:
                raise DeviceUnavailable(self._name, "does not acknowledge; what was sent may have been done")
        raise DeviceUnavailable(self._name, f"takes no command, {ATTEMPTS} times")

    def _control(self, deadline: float) -> Control | None:
        """Return the next ACK or NAK, None after `deadline`; what else comes is passed over."""
        while (token := self._next(deadline)) is not None:
            if isinstance(token, Control):
                return token
            self._counters.strays += 1
        return None

    def _reply(self, code: tuple[int, int], timeout_s: float) -> Reply:
        deadline = self._clock.now() + timeout_s
        garbled = 0
        while (token := self._next(deadline)) is not None:
            match token:
                case Frame(text) if tuple(text[1:3]) == code:
                    self._write(Control.ACK)
                    try:
                        return crt288k.decode_reply(token)
                    except WireError as error:
                        raise self._violation(str(error)) from None
                case Garbled(reason):
                    garbled += 1
                    if garbled == ATTEMPTS:
                        raise self._violation(f"{reason}, {ATTEMPTS} times")
                    self._counters.resends += 1
                    self._write(Control.NAK)
                case _:
                    self._counters.strays += 1
        raise DeviceUnavailable(self._name, f"no answer to {code[0]:02X} {code[1]:02X} after {timeout_s:.0f} s")

    def _next(self, deadline: float) -> Token | None:
        """Return the next token, None after `deadline`, also while reports never end."""
        while (left := deadline - self._clock.now()) > 0:
            report = self._transport.read(REPORT, left)
            self._counters.bytes_received += len(report)
            token = self._deframer.feed(report) if report else None
            if isinstance(token, Garbled):
                self._counters.checksum_errors += 1
            if token is not None:
                return token
        return None

    def _write(self, token: Control | Frame) -> None:
        deadline = self._clock.now() + WRITE_S
        for report in crt288k.encode_reports(token):
            self._transport.write(report, max(0.0, deadline - self._clock.now()))
            self._counters.bytes_sent += len(report)


def _media(status: Status) -> Media:
    match status.position:
        case Position.NONE:
            return Media.NOT_PRESENT
        case Position.NOT_IN_PLACE:
            return Media.ENTERING
        case Position.IN_PLACE:
            return Media.LATCHED if status.locked else Media.PRESENT


def _track(number: int, track: Track) -> PortTrack:
    return _TRACK_ERRORS[track] if isinstance(track, TrackError) else track_data(number, track.characters)
