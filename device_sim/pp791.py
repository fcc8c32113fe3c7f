"""A PIN pad PP791 with somebody's finger on its keys: written from its manual (sources and pages: wire/pp791.py).

Strict: nothing but 72 is heard while somebody types, no key comes in clear without a fixed prompt, PINs are encrypted
in the secure module under a key for PINs, and what is typed as a PIN is in no answer, no repr and no attribute that
anybody else reads.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from device_sim.key_block import HeldKey, KeyBlockError, KeyBlockFlaw
from device_sim.recent import Recent
from device_sim.secure_module import Offence, SecureModule, SecureModuleError
from kiosk_core.clock import Clock
from kiosk_core.pin_pad import PinFormat
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
    PinBlock,
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

KEY_LOADING_PLACE = "F"
REPEAT_S = 5.0
"""After so long without ACK the pad says it again (p27)."""
REPEATS = 2
NAKS = 3

_DIGITS = {code: code.value for code in KeyCode if code.value.isdigit()}
_OFFENCES = {
    Offence.NO_KEY: LoadError.NO_KEY_LOADING_KEY,
    Offence.USAGE: LoadError.USAGE,
    Offence.DUPLICATE: LoadError.DUPLICATE,
    Offence.LONGER: LoadError.LONGER_THAN_ITS_KEY,
}
_FLAWS = {KeyBlockFlaw.FORMAT: LoadError.FORMAT, KeyBlockFlaw.MAC: LoadError.WRONG_MAC}
# Which usage a key may have in which places (appendix A, p321).
_USAGES = {
    **{place: frozenset({"K0", "P0"}) for place in pp791.PIN_SLOTS},
    **{place: frozenset({"K0", "M1", "M3"}) for place in pp791.MAC_SLOTS},
    "G": frozenset({"K0", "D0"}),
}


@dataclass(frozen=True)
class Pp791Settings:
    """What the pages that were found do not say, and how quick it is.

    `prompts` and `pin_prompts` are its tables (appendices H and I); of H only two numbers are known. `mac_last` and
    `mac_more` are [PktType] of Z66 for data in hexadecimal.
    """

    serial: str = "SIM000000001"
    prompts: frozenset[int] = frozenset({5, 16})
    pin_prompts: frozenset[str] = frozenset({"ENTER PIN", "PRESS ENTER", "PLEASE WAIT"})
    mac_last: str = "6"
    mac_more: str = "7"
    answer_s: float = 0.02


@dataclass
class _Said:
    """A frame that waits for its ACK."""

    data: bytes = field(repr=False)
    again_at: float
    then: Callable[[], None]
    repeats: int = 0


@dataclass
class _PinTyping:
    request: EnterPin
    ends_at: float
    digits: str = field(default="", repr=False)


@dataclass
class _KeyWaiting:
    ends_at: float


class SimulatedPp791:
    """The pad. It is a device_sim.serial.device.SerialDevice; the finger may belong to any thread."""

    def __init__(self, clock: Clock, module: SecureModule, settings: Pp791Settings | None = None) -> None:
        self._clock = clock
        self._module = module
        self._settings = settings or Pp791Settings()
        self._lock = threading.RLock()
        self._deframer = pp791.Deframer()
        self._coming: deque[tuple[float, bytes]] = deque()
        self._said: _Said | None = None
        self._naks = 0
        self._selected: str | None = None
        self._prompted = False
        self._typing: _PinTyping | _KeyWaiting | None = None
        self._mac_data = b""
        self._mac_next = 0
        self._refusals: deque[PinError] = deque()
        self._failures: frozenset[SelfTestFailure] = frozenset()
        self.asked: Recent[Request] = Recent()
        """The latest messages that arrived whole and were heard."""

    # -- what a person does ----------------------------------------------------------------------------------

    @property
    def waits_for_pin(self) -> bool:
        """Whether the pad asks for a PIN."""
        with self._lock:
            return isinstance(self._typing, _PinTyping)

    @property
    def waits_for_key(self) -> bool:
        """Whether the pad asks for a key in clear."""
        with self._lock:
            return isinstance(self._typing, _KeyWaiting)

    def press(self, *keys: KeyCode) -> None:
        """Press keys; where the pad asks for nothing it does nothing."""
        with self._lock:
            for key in keys:
                match self._typing:
                    case _PinTyping() as typing:
                        self._type(typing, key)
                    case _KeyWaiting():
                        self._typing = None
                        self._reply(KeyPressed(key))
                    case None:
                        pass

    def type_pin(self, digits: str) -> None:
        """Type `digits` and press ENTER."""
        self.press(*(KeyCode(digit) for digit in digits), KeyCode.ENTER)

    def tamper(self) -> None:
        """Open the case: all keys are gone (appendix A, p319) and the self-test says so for ever."""
        with self._lock:
            self._module.tamper()
            self._typing = None

    def fail(self, *failures: SelfTestFailure) -> None:
        """Let the self-test find these from now on."""
        with self._lock:
            self._failures = frozenset(failures)

    def refuse_pins(self, *errors: PinError) -> None:
        """Answer the next PIN entries with these errors, one each."""
        with self._lock:
            self._refusals.extend(errors)

    def power_cycle(self) -> None:
        """Switch off and on: the keys stay, all else is forgotten."""
        with self._lock:
            self._deframer.reset()
            self._coming.clear()
            self._said = None
            self._typing = None
            self._selected = None
            self._prompted = False
            self._naks = 0
            self._mac_next = 0

    # -- the line --------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent and return what is ready to be said."""
        with self._lock:
            for found in self._deframer.feed(data):
                self._take(found)
            return self.idle()

    def idle(self) -> bytes:
        """Return what is ready to be said."""
        with self._lock:
            self._watch_the_time()
            ready = bytearray()
            while self._coming and self._coming[0][0] <= self._clock.now():
                ready += self._coming.popleft()[1]
            return bytes(ready)

    def _take(self, found: Frame | Control | Garbled) -> None:
        match found:
            case Garbled():
                self._naks += 1
                self._say(Control.NAK if self._naks < NAKS else Control.EOT)
            case Control.ACK if self._said is not None:
                then, self._said = self._said.then, None
                then()
            case Control.NAK if self._said is not None:
                self._coming.append((self._clock.now(), self._said.data))
                self._said.again_at = self._clock.now() + REPEAT_S
            case Control.EOT:
                self._said = None
            case Frame():
                self._naks = 0
                self._hear(found)

    def _hear(self, frame: Frame) -> None:
        try:
            request = pp791.decode_request(frame)
        except WireError:
            return  # "it will ignore the packet" (p27)
        if self._typing is not None:
            if isinstance(request, Cancel):
                self._typing = None
                self.asked.append(request)
                self._say(Control.EOT)
            return
        self._said = None
        self.asked.append(request)
        self._say(Control.ACK)
        if not isinstance(request, ShowPrompt | ReadKey):
            self._prompted = False
        self._obey(request)

    def _obey(self, request: Request) -> None:  # noqa: C901  (one case a message)
        match request:
            case Cancel() | ResetState():
                self._mac_next = 0
            case GetSerialNumber():
                self._reply(SerialNumber(self._settings.serial), self._end)
            case SelfTest():
                broken = {SelfTestFailure.KEYS_CRC} if self._module.tampered else set()
                self._reply(SelfTestResult(self._failures | broken), self._end)
            case CheckKey(slot):
                attributes = self._module.attributes(slot)
                self._reply(KeyAbsent() if attributes is None else KeyPresent(*attributes), self._end)
            case SelectKey(slot):
                self._selected = slot
                self._reply(KeySelected(done=True), self._end)
            case LoadKey():
                self._load(request)
            case ShowPrompt(prompt):
                self._prompted = prompt in self._settings.prompts
                self._reply(PromptShown(self._prompted), self._end)
            case ReadKey(timeout_s):
                if self._prompted:
                    self._typing = _KeyWaiting(self._clock.now() + timeout_s)
                else:
                    self._say(Control.EOT)
            case EnterPin():
                self._ask_for_pin(request)
            case RequestMac():
                self._reply(self._mac(request))

    def _load(self, request: LoadKey) -> None:
        try:
            key = self._module.open_block(KEY_LOADING_PLACE, request.slot, request.block)
        except KeyBlockError as error:
            return self._reply(LoadRefused(_FLAWS[error.flaw]))
        except SecureModuleError as error:
            return self._reply(LoadRefused(_OFFENCES[error.offence]))
        if key.usage not in _USAGES[request.slot]:
            return self._reply(LoadRefused(LoadError.USAGE))
        return self._reply(request, lambda: self._keep(request.slot, key))

    def _keep(self, slot: str, key: HeldKey) -> None:
        self._module.put(slot, key)
        self._end()

    def _ask_for_pin(self, request: EnterPin) -> None:
        if self._refusals:
            return self._reply(PinRefused(self._refusals.popleft()))
        attributes = None if self._selected is None else self._module.attributes(self._selected)
        if attributes is None:
            return self._reply(PinRefused(PinError.NO_ACTIVE_KEY))
        if attributes[0] != "P0":
            return self._reply(PinRefused(PinError.KEY_VALUE))
        if not self._settings.pin_prompts.issuperset(request.prompts):
            return self._say(Control.EOT)
        self._typing = _PinTyping(request, self._clock.now() + request.timeout_units * pp791.TIMEOUT_UNIT_S)
        return None

    def _type(self, typing: _PinTyping, key: KeyCode) -> None:
        if key in _DIGITS:
            # One too many beeps and is not taken (p201).
            if len(typing.digits) < typing.request.maximum:
                typing.digits += _DIGITS[key]
        elif key is KeyCode.CLEAR:
            typing.digits = ""
        elif key is KeyCode.CANCEL:
            self._typing = None
            self._say(Control.EOT)
        elif key is KeyCode.ENTER and len(typing.digits) >= typing.request.minimum and self._selected is not None:
            self._typing = None
            try:
                block = self._module.pin_block(self._selected, PinFormat.ISO0, typing.digits, typing.request.account)
            except SecureModuleError:  # the key was lost meanwhile
                return self._reply(PinRefused(PinError.NO_ACTIVE_KEY))
            self._reply(PinBlock(len(typing.digits), block))
        return None

    def _mac(self, request: RequestMac) -> Mac:
        if request.packet not in {self._settings.mac_last, self._settings.mac_more}:
            return Mac(MacStatus.PACKET_TYPE)
        if request.sequence == 0:
            self._mac_data, self._mac_next = b"", 0
        if request.sequence != self._mac_next:
            return Mac(MacStatus.SEQUENCE)
        self._mac_data += request.data
        self._mac_next += 1
        try:
            mac = self._module.mac(request.slot, self._mac_data)
        except SecureModuleError:
            return Mac(MacStatus.KEY)
        if request.packet == self._settings.mac_more:
            return Mac(MacStatus.READY_FOR_NEXT)
        self._mac_data, self._mac_next = b"", 0
        return Mac(MacStatus.DONE, mac)

    def _end(self) -> None:
        self._say(Control.EOT)

    def _reply(self, reply: Reply, then: Callable[[], None] = lambda: None) -> None:
        data = pp791.encode_reply(reply)
        at = self._clock.now() + self._settings.answer_s
        self._coming.append((at, data))
        self._said = _Said(data, at + REPEAT_S, then)

    def _say(self, control: Control) -> None:
        self._coming.append((self._clock.now(), bytes((control.value,))))

    def _watch_the_time(self) -> None:
        now = self._clock.now()
        if self._typing is not None and now >= self._typing.ends_at:
            typing, self._typing = self._typing, None
            if isinstance(typing, _PinTyping):
                self._say(Control.EOT)
            else:
                self._reply(KeyPressed(KeyCode.TIMED_OUT))
        if self._said is not None and now >= self._said.again_at:
            if self._said.repeats == REPEATS:
                self._said = None
                self._say(Control.EOT)
            else:
                self._coming.append((now, self._said.data))
                self._said.repeats += 1
                self._said.again_at = now + REPEAT_S
