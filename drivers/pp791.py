"""The PIN pad PP791, serial. It is a kiosk_core.pin_pad.PinPad.

The messages: wire/pp791.py; what is sourced and what is doubtful: docs/devices/pp791.md. The protocol has no sequence
numbers: after any doubt about the line nothing is asked until what was still on its way has arrived and is dropped.
Nothing is sent twice unless the pad says that it could not read it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.pin_pad import (
    DIGITS,
    Canceled,
    DataEntered,
    DataEntry,
    EntryEnd,
    Key,
    KeyDetail,
    KeyName,
    PinBlock,
    PinEntry,
    PinFormat,
    PinPadRefusal,
)
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity
from wire import pp791
from wire.errors import WireError
from wire.pp791 import (
    Cancel,
    CheckKey,
    Control,
    EnterPin,
    Frame,
    Garbled,
    GetSerialNumber,
    KeyAbsent,
    KeyCode,
    KeyPresent,
    KeyPressed,
    KeySelected,
    LoadError,
    LoadKey,
    LoadRefused,
    Mac,
    MacStatus,
    PinError,
    PinRefused,
    PromptShown,
    ReadKey,
    Reply,
    Request,
    RequestMac,
    ResetState,
    SelectKey,
    SelfTest,
    SelfTestFailure,
    SelfTestResult,
    SerialNumber,
    ShowPrompt,
)

BAUDRATE = 9_600
"""Assumed: what the pad leaves the factory with was not found."""
WRITE_S = 1.0
ACK_S = 1.0
"""In which the pad says that it has heard (p50)."""
ANSWER_S = 5.0
END_S = 1.0
"""In which the pad ends a session that it ends."""
QUIET_S = 0.3
SETTLE_S = 2.0
POLL_S = 0.1
"""How often a waiting entry asks whether it is to end."""
GRACE_S = 5.0
"""Longer than the pad's own time-out, so that the pad is the one that ends an entry."""
AT_ONCE_S = 0.2
"""No customer presses CAN so soon: the pad itself has refused."""
CLOCKS_S = 1.0
"""By which the pad's idea of its time-out may be earlier than ours."""
TYPING_S = 0.5
"""Nobody types four digits and ENTER sooner: what comes before answers somebody else's question."""
RESENDS = 2
_READ = 512


@dataclass(frozen=True)
class Pp791Profile:
    """Where the keys are, and what the pages of the manual that were found do not say.

    `data_prompt` 5 is "PLEASE ENTER" (p215); `pin_prompts` must be in the pad's own table (appendix I).
    `mac_packets` are [PktType] of the last and of an earlier message Z66, data in hexadecimal; None: no MACs.
    """

    model: str = "PP791"
    pin_slot: str = "0"
    mac_slot: str = "B"
    data_prompt: int = 5
    pin_prompts: tuple[str, str, str] = ("ENTER PIN", "PRESS ENTER", "PLEASE WAIT")
    mac_packets: tuple[str, str] | None = None


_KEYS: Mapping[KeyCode, Key] = {
    **{KeyCode(str(value)): key for value, key in enumerate(DIGITS)},
    KeyCode.ENTER: Key.ENTER,
    KeyCode.CANCEL: Key.CANCEL,
    KeyCode.CLEAR: Key.CLEAR,
    KeyCode.F1: Key.FDK01,
    KeyCode.F2: Key.FDK02,
    KeyCode.F3: Key.FDK03,
}
_LOAD_REFUSALS: Mapping[LoadError, PinPadRefusal] = {
    LoadError.DUPLICATE: PinPadRefusal.DUPLICATE_KEY,
    LoadError.NO_MEMORY: PinPadRefusal.NO_KEY_RAM,
    LoadError.NOT_DECRYPTED: PinPadRefusal.CONTENT_INVALID,
    LoadError.FORMAT: PinPadRefusal.FORMAT_INVALID,
    LoadError.LONGER_THAN_ITS_KEY: PinPadRefusal.INVALID_KEY_LENGTH,
    LoadError.WRONG_MAC: PinPadRefusal.CONTENT_INVALID,
    LoadError.USAGE: PinPadRefusal.USE_VIOLATION,
    LoadError.TOO_MANY_LOADS: PinPadRefusal.TOO_MANY,
}
_PIN_REFUSALS: Mapping[PinError, PinPadRefusal] = {
    PinError.KEY_VALUE: PinPadRefusal.USE_VIOLATION,
    PinError.SLOT_NOT_FOR_PINS: PinPadRefusal.USE_VIOLATION,
    PinError.TOO_MANY_PINS: PinPadRefusal.TOO_MANY,
}
_MAC_REFUSALS: Mapping[MacStatus, PinPadRefusal] = {
    MacStatus.KEY_LENGTH: PinPadRefusal.USE_VIOLATION,
    MacStatus.SESSION_KEY_USAGE: PinPadRefusal.USE_VIOLATION,
}
# What a customer or the pad makes of Z62 and of 02.
_PIN_ANSWERS: tuple[type[pp791.PinBlock | PinRefused], ...] = (pp791.PinBlock, PinRefused)
_LOAD_ANSWERS: tuple[type[LoadKey | LoadRefused], ...] = (LoadKey, LoadRefused)
_ENDS = {Key.ENTER: EntryEnd.ENTER, Key.CANCEL: EntryEnd.CANCEL}

R = TypeVar("R", bound=Reply)


class Pp791:
    """A kiosk_core.pin_pad.PinPad over an open transport. Blocking; one thread owns it.

    A question ends within ACK_S + ANSWER_S + END_S and RESENDS times ACK_S more, and begins after at most
    2 * SETTLE_S + ACK_S + that where the line was in doubt; an entry ends GRACE_S, and one ANSWER_S more where
    an answer has begun, after the pad's own time-out at the latest.
    """

    def __init__(self, name: str, transport: Transport, clock: Clock, profile: Pp791Profile | None = None) -> None:
        self._name = name
        self._transport = transport
        self._clock = clock
        self._profile = profile or Pp791Profile()
        self._deframer = pp791.Deframer()
        self._found: list[Frame | Control | Garbled] = []
        self._counters = Counters()
        self._status: DeviceStatus | None = None
        # What somebody asked before us may still be on its way.
        self._settled = False

    @property
    def formats(self) -> frozenset[PinFormat]:
        """Format 0 alone: the manual's appendix B says so."""
        return frozenset({PinFormat.ISO0})

    def identify(self) -> Identity:
        """Return model and serial number; a message for the firmware's version was not found."""
        return Identity(self._profile.model, serial=self._ask(GetSerialNumber(), SerialNumber).text)

    def status(self) -> DeviceStatus:
        """Ask whether the keys are there; where one is not, the self-test says whether the pad was opened."""
        has_keys = self._has_keys()
        return self._status_of(frozenset() if has_keys else self._failures(), has_keys)

    def self_test(self) -> DeviceStatus:
        """Let the pad test its memory and its keys."""
        failures = self._failures()
        return self._status_of(failures, self._has_keys())

    def reset(self) -> None:
        """End whatever the pad does and bring it to idle. Keys stay."""
        self._settled = False
        self._idle()

    def counters(self) -> Counters:
        """Return what went over the line; cycles are PINs."""
        return self._counters.copy()

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    # -- keys ------------------------------------------------------------------------------------------------

    def key_detail(self, name: KeyName) -> KeyDetail | None:
        """Return usage, mode and algorithm of a key, None where its slot is empty."""
        reply = self._ask(CheckKey(self._slot(name)), KeyAbsent, KeyPresent)
        return KeyDetail(reply.usage, reply.mode, reply.algorithm) if isinstance(reply, KeyPresent) else None

    def import_key(self, name: KeyName, block: str, check_value: bytes | None = None) -> KeyDetail | PinPadRefusal:
        """Load a key under the pad's key loading key. The pad gives no check values.

        It has taken the key when it has said the block back, ended the session and then says of the slot what the
        block says.
        """
        if check_value is not None:
            return PinPadRefusal.CRYPTO_METHOD_NOT_SUPPORTED
        request = LoadKey(self._slot(name), block)
        try:
            pp791.encode_request(request)
        except WireError:
            return PinPadRefusal.FORMAT_INVALID
        self._ready()
        self._hear_ack(request)
        reply = self._hear_answer(_LOAD_ANSWERS, self._clock.now() + ANSWER_S)
        match reply:
            case None:
                return PinPadRefusal.FORMAT_INVALID  # p30: "If format error, send EOT and end"
            case LoadRefused(error):
                self._say(Control.ACK)
                return self._load_refusal(error)
            case LoadKey() if reply != request:
                self._say(Control.EOT)
                raise ProtocolViolation(self._name, "said another key block back")
        self._say(Control.ACK)
        if not self._hear_end():
            raise ProtocolViolation(self._name, "did not say that it keeps the key")
        detail = self.key_detail(name)
        if detail != KeyDetail(block[5:7], block[8], block[7]):
            raise ProtocolViolation(self._name, "has another key in the slot than it was given")
        return detail

    def generate_mac(self, data: bytes) -> bytes | PinPadRefusal:
        """Return the 8 bytes of the MAC of 1 to 11,200 bytes; UNSUPPORTED where the profile has no packet types."""
        parts = [data[at : at + pp791.MAC_PART_BYTES] for at in range(0, len(data), pp791.MAC_PART_BYTES)]
        if self._profile.mac_packets is None or not 1 <= len(parts) <= pp791.MAX_MAC_PARTS:
            return PinPadRefusal.UNSUPPORTED
        last, more = self._profile.mac_packets
        for sequence, part in enumerate(parts):
            is_last = sequence == len(parts) - 1
            request = RequestMac(last if is_last else more, sequence, self._profile.mac_slot, part)
            reply = self._ask(request, Mac)
            match reply.status:
                case MacStatus.DONE if is_last:
                    return reply.data
                case MacStatus.READY_FOR_NEXT if not is_last:
                    continue
                case MacStatus.KEY:
                    self._no_key()
                case status if status in _MAC_REFUSALS:
                    return _MAC_REFUSALS[status]
                case status:
                    raise ProtocolViolation(self._name, f"answered Z66 with {status.name}")
        raise ProtocolViolation(self._name, "gave no MAC")

    # -- entries ---------------------------------------------------------------------------------------------

    def enter_data(self, entry: DataEntry, on_key: Callable[[Key], None], is_canceled: Canceled) -> DataEntered:
        """Take digits in clear under the pad's own prompt. Digits past `maximum` are passed over."""
        if not self._ask(ShowPrompt(self._profile.data_prompt), PromptShown).done:
            raise ProtocolViolation(self._name, f"has no prompt {self._profile.data_prompt}")
        digits: list[Key] = []
        while True:
            pressed = self._next_key(entry.timeout_s, is_canceled)
            if isinstance(pressed, EntryEnd):
                end = pressed
                break
            if pressed in DIGITS and len(digits) == entry.maximum:
                continue
            on_key(pressed)
            if pressed in DIGITS:
                digits.append(pressed)
            elif pressed is Key.CLEAR:
                digits.clear()
            if pressed in _ENDS or (entry.auto_end and len(digits) == entry.maximum):
                end = _ENDS.get(pressed, EntryEnd.AUTO)
                break
        self._idle()  # until then the pad would give more digits in clear
        return DataEntered(end, tuple(digits) if end in {EntryEnd.ENTER, EntryEnd.AUTO} else ())

    def enter_pin(self, entry: PinEntry, is_canceled: Canceled) -> PinBlock | EntryEnd | PinPadRefusal:
        """Let the customer type a PIN. The pad waits for ENTER and knows 19 digits of a card: else UNSUPPORTED."""
        account = entry.number.reveal()
        if entry.format is not PinFormat.ISO0:
            return PinPadRefusal.FORMAT_NOT_SUPPORTED
        if entry.auto_end or len(account) > 19:
            return PinPadRefusal.UNSUPPORTED
        units = min(-(-entry.timeout_s // pp791.TIMEOUT_UNIT_S), pp791.MAX_TIMEOUT_UNITS)
        # Its answer comes after all that was still on its way: no block of an earlier customer can follow it.
        if not self._ask(SelectKey(self._profile.pin_slot), KeySelected).done:
            raise ProtocolViolation(self._name, f"cannot select slot {self._profile.pin_slot}")
        request = EnterPin(account, entry.minimum, entry.maximum, self._profile.pin_prompts, units)
        self._ready()
        self._hear_ack(request)
        began = self._clock.now()
        ends = began + units * pp791.TIMEOUT_UNIT_S
        reply = self._wait_for_customer(_PIN_ANSWERS, ends + GRACE_S, is_canceled)
        took = self._clock.now() - began
        if isinstance(reply, EntryEnd):
            return reply
        if isinstance(reply, PinRefused):
            return self._pin_refusal(reply.error)
        if reply is None:
            if took < AT_ONCE_S:
                raise ProtocolViolation(self._name, "ended the PIN entry at once: are the prompts in its table?")
            return EntryEnd.CANCEL if self._clock.now() < ends - CLOCKS_S else EntryEnd.TIMED_OUT
        if took < TYPING_S or not entry.minimum <= reply.digits <= entry.maximum:
            self._settled = False
            raise ProtocolViolation(self._name, "gave a PIN block that nobody can have typed")
        self._counters.cycles += 1
        return PinBlock(PinFormat.ISO0, reply.digits, reply.data)

    def _next_key(self, timeout_s: int, is_canceled: Canceled) -> Key | EntryEnd:
        if is_canceled():
            return EntryEnd.CANCELED
        self._ready()
        self._hear_ack(ReadKey(timeout_s))
        reply = self._wait_for_customer((KeyPressed,), self._clock.now() + timeout_s + GRACE_S, is_canceled)
        match reply:
            case None:
                raise ProtocolViolation(self._name, "gives no keys")
            case EntryEnd():
                return reply
            case KeyPressed(KeyCode.TIMED_OUT):
                return EntryEnd.TIMED_OUT
            case KeyPressed(code):
                return _KEYS[code]

    def _wait_for_customer(
        self, kinds: tuple[type[R], ...], deadline: float, is_canceled: Canceled
    ) -> R | EntryEnd | None:
        """Return what the customer brought about, None where the pad ended the entry."""
        while self._clock.now() < deadline:
            if is_canceled():
                self._cancel()
                return EntryEnd.CANCELED
            if self._wait(min(self._clock.now() + POLL_S, deadline)):
                reply = self._hear_answer(kinds, self._clock.now() + ANSWER_S)
                if reply is not None:
                    self._say(Control.ACK)
                self._settled = not self._found
                return reply
        self._cancel()
        raise DeviceUnavailable(self._name, "silent")

    def _cancel(self) -> None:
        """End an entry. What the customer has typed by then, even a PIN block that is on its way, counts no more."""
        self._settled = False
        self._send(pp791.encode_request(Cancel()))
        deadline = self._clock.now() + ACK_S
        while self._wait(deadline):
            if isinstance(self._found.pop(0), Control):
                break

    def _idle(self) -> None:
        self._ready()
        self._hear_ack(ResetState())
        self._settled = not self._found

    # -- faults ----------------------------------------------------------------------------------------------

    def _has_keys(self) -> bool:
        names = [KeyName.PIN] if self._profile.mac_packets is None else list(KeyName)
        return all(self.key_detail(name) is not None for name in names)

    def _failures(self) -> frozenset[SelfTestFailure]:
        return self._ask(SelfTest(), SelfTestResult).failures

    def _status_of(self, failures: frozenset[SelfTestFailure], has_keys: bool) -> DeviceStatus:
        faults = set()
        if SelfTestFailure.KEYS_CRC in failures:
            faults.add(Fault.TAMPERED)
        elif not has_keys:
            faults.add(Fault.KEY_MISSING)
        if failures - {SelfTestFailure.KEYS_CRC}:
            faults.add(Fault.SECURITY_MODULE)
        status = DeviceStatus(
            self._name,
            DeviceState.HARDWARE_ERROR if failures else DeviceState.ONLINE,
            self._clock.wall(),
            frozenset(faults),
            detail=", ".join(sorted(each.name for each in failures)),
        )
        if status != self._status:
            self._status = status
        return self._status

    def _no_key(self) -> NoReturn:
        """Raise what a missing key means."""
        tampered = SelfTestFailure.KEYS_CRC in self._failures()
        raise DeviceFault(self._name, Fault.TAMPERED if tampered else Fault.KEY_MISSING)

    def _load_refusal(self, error: LoadError) -> PinPadRefusal:
        if error is LoadError.NO_KEY_LOADING_KEY:
            self._no_key()
        if error not in _LOAD_REFUSALS:
            raise DeviceFault(self._name, Fault.SECURITY_MODULE)
        return _LOAD_REFUSALS[error]

    def _pin_refusal(self, error: PinError) -> PinPadRefusal:
        if error is PinError.NO_ACTIVE_KEY:
            self._no_key()
        if error in {PinError.FLASH, PinError.NO_MEMORY}:
            raise DeviceFault(self._name, Fault.SECURITY_MODULE)
        if error not in _PIN_REFUSALS:
            raise ProtocolViolation(self._name, f"answered Z62 with {error.name}")
        return _PIN_REFUSALS[error]

    def _slot(self, name: KeyName) -> str:
        return self._profile.pin_slot if name is KeyName.PIN else self._profile.mac_slot

    # -- the line --------------------------------------------------------------------------------------------

    def _ask(self, request: Request, *kinds: type[R]) -> R:
        """Ask and return the answer, which is one of `kinds`."""
        self._ready()
        self._hear_ack(request)
        reply = self._hear_answer(kinds, self._clock.now() + ANSWER_S)
        if reply is None:
            raise ProtocolViolation(self._name, f"ended the session at {type(request).__name__}")
        self._say(Control.ACK)
        ends = not isinstance(request, RequestMac)
        self._settled = (not ends or self._hear_end()) and not self._found
        return reply

    def _ready(self) -> None:
        """See to it that no answer to an earlier question is on its way."""
        if not self._settled:
            self._drain()
            self._cancel()
            self._settled = True
            self._ask(CheckKey(self._profile.pin_slot), KeyAbsent, KeyPresent)
            self._drain()
            self._settled = True
        self._transport.discard_input()
        self._forget()

    def _drain(self) -> None:
        """Drop what comes until nothing has come for QUIET_S."""
        given_up_at = self._clock.now() + SETTLE_S
        quiet_at = self._clock.now() + QUIET_S
        while (now := self._clock.now()) < quiet_at:
            if now >= given_up_at:
                raise DeviceUnavailable(self._name, "talks without being asked")
            if self._read(min(quiet_at, given_up_at) - now):
                quiet_at = self._clock.now() + QUIET_S
        self._forget()

    def _hear_ack(self, request: Request) -> None:
        """Send and wait until the pad has heard; what else comes before that answers nothing that was asked."""
        frame = pp791.encode_request(request)
        self._settled = False
        received = self._counters.bytes_received
        for attempt in range(1 + RESENDS):
            if attempt:
                self._counters.resends += 1
            self._send(frame)
            deadline = self._clock.now() + ACK_S
            heard = self._control(deadline)
            while heard is None and self._found:
                self._counters.strays += 1
                self._found.pop(0)
                heard = self._control(deadline)
            if heard is Control.ACK:
                self._counters.exchanges += 1
                return
            if heard is Control.EOT:
                raise ProtocolViolation(self._name, f"ended the session at {type(request).__name__}")
            if heard is None:
                break
        if self._counters.bytes_received > received:
            raise ProtocolViolation(self._name, f"does not take {type(request).__name__}")
        raise DeviceUnavailable(self._name, "silent")

    def _control(self, deadline: float) -> Control | None:
        """Return the next control byte; None where something else came, which stays, or nothing until the deadline."""
        if self._wait(deadline) and isinstance(self._found[0], Control):
            control = self._found.pop(0)
            return control if isinstance(control, Control) else None
        return None

    def _hear_answer(self, kinds: tuple[type[R], ...], deadline: float) -> R | None:
        """Return the answer, not yet acknowledged; None where the pad ends the session instead.

        Raises:
            DeviceUnavailable: nothing comes until the deadline.
            ProtocolViolation: something else comes.
        """
        naks = 0
        while self._wait(deadline):
            match self._found.pop(0):
                case Control.EOT:
                    self._settled = not self._found
                    return None
                case Garbled():
                    naks += 1
                    if naks > RESENDS:
                        raise ProtocolViolation(self._name, "cannot be understood")
                    self._say(Control.NAK)
                case Frame() as frame:
                    return self._fitting(frame, kinds)
                case Control():
                    raise ProtocolViolation(self._name, "gives no answer")
        if naks:
            raise ProtocolViolation(self._name, "cannot be understood")
        raise DeviceUnavailable(self._name, "silent")

    def _fitting(self, frame: Frame, kinds: tuple[type[R], ...]) -> R:
        try:
            reply = pp791.decode_reply(frame)
        except WireError as error:
            raise ProtocolViolation(self._name, str(error)) from None
        if not isinstance(reply, kinds):
            self._counters.strays += 1
            raise ProtocolViolation(self._name, f"answered with {type(reply).__name__}")
        return reply

    def _hear_end(self) -> bool:
        """Return whether the pad ends the session."""
        return self._control(self._clock.now() + END_S) is Control.EOT

    def _wait(self, deadline: float) -> bool:
        """Wait for the next frame or control byte; return whether one came before the deadline."""
        while not self._found and (left := deadline - self._clock.now()) > 0:
            self._found += self._deframer.feed(self._read(left))
            self._counters.checksum_errors += sum(isinstance(each, Garbled) for each in self._found)
        return bool(self._found)

    def _read(self, timeout_s: float) -> bytes:
        data = self._transport.read(_READ, timeout_s)
        self._counters.bytes_received += len(data)
        return data

    def _forget(self) -> None:
        self._found.clear()
        self._deframer.reset()

    def _say(self, control: Control) -> None:
        self._send(bytes((control.value,)))

    def _send(self, data: bytes) -> None:
        self._transport.write(data, WRITE_S)
        self._counters.bytes_sent += len(data)
