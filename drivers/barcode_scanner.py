"""A barcode and QR scanner on a serial line or USB-CDC. It is a kiosk_core.barcode_scanner.BarcodeScanner.

The codes between prefix and suffix: wire/scanner.py; how to set a scanner and what is doubtful:
docs/devices/barcode-scanner.md. The line goes one way: nothing that comes answers anything, so whether a code was
wanted is told by the time alone, and nothing half or repeated is ever given out.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from drivers.transport import Transport
from kiosk_core.barcode_scanner import Barcode, Symbology
from kiosk_core.clock import Clock
from kiosk_core.errors import ProtocolViolation
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity
from wire.errors import WireError
from wire.scanner import CR, ETX, LF, STX, TAB, Broken, Deframer, Framing, Identifier, is_text, split_identifier

BAUDRATE = 9600
WRITE_S = 1.0
SETTLE_S = 1.0
"""How long a scanner may go on talking before it is set to reading."""
MAX_WAITING = 4
"""Codes that wait for the next `read`; more are dropped."""
_READ = 4096


@dataclass(frozen=True)
class ScannerProfile:
    """How a scanner is set, and what its model takes.

    `identifiers`: it puts a symbology identifier in front of every code. `text_only`: a code with a control character
    in it is broken. `gap_s` is the longest pause within a code, `code_s` the longest time for a whole one. `repeat_s`:
    the same code is none again until it was not seen for so long. The commands are b"" where there are none; `one_shot`
    is a trigger that ends with the first code.
    """

    model: str = "barcode scanner"
    framing: Framing = field(default_factory=Framing)
    identifiers: bool = False
    text_only: bool = True
    gap_s: float = 0.1
    code_s: float = 2.0
    repeat_s: float = 1.5
    trigger_on: bytes = b""
    trigger_off: bytes = b""
    reset: bytes = b""
    one_shot: bool = False


_SETTINGS = {
    "cr": ScannerProfile(),
    "lf": ScannerProfile(framing=Framing(suffix=LF)),
    "crlf": ScannerProfile(framing=Framing(suffix=CR + LF)),
    "tab": ScannerProfile(framing=Framing(suffix=TAB)),
    "stx-etx": ScannerProfile(framing=Framing(prefix=STX, suffix=ETX)),
    "pause": ScannerProfile(framing=Framing(suffix=b"")),
    # Datalogic Magellan 800i reference, appendix F, "Host commands": E 45, D 44, R 52.
    "magellan": ScannerProfile("Magellan", trigger_on=b"E", trigger_off=b"D", reset=b"R"),
    # Datalogic 7000 reference, 10-5 "Trigger commands": SYN T CR, SYN U CR, in the serial trigger mode.
    "syn-trigger": ScannerProfile(trigger_on=b"\x16T\r", trigger_off=b"\x16U\r", one_shot=True),
}

PROFILES: Mapping[str, ScannerProfile] = {
    **{f"scanner-{name}": profile for name, profile in _SETTINGS.items()},
    **{f"scanner-{name}-aim": replace(profile, identifiers=True) for name, profile in _SETTINGS.items()},
}
"""Model names of the registry, by how the scanner is set; "-aim" where it sends symbology identifiers."""

# ISO/IEC 15424: code characters. E and C need the modifier too.
_SYMBOLOGIES: Mapping[str, Symbology] = {
    "A": Symbology.CODE_39,
    "B": Symbology.TELEPEN,
    "C": Symbology.CODE_128,
    "D": Symbology.CODE_ONE,
    "F": Symbology.CODABAR,
    "G": Symbology.CODE_93,
    "H": Symbology.CODE_11,
    "I": Symbology.ITF,
    "K": Symbology.CODE_16K,
    "L": Symbology.PDF417,
    "M": Symbology.MSI,
    "O": Symbology.CODABLOCK_F,
    "P": Symbology.PLESSEY,
    "Q": Symbology.QR_CODE,
    "R": Symbology.STANDARD_2_OF_5,
    "S": Symbology.STANDARD_2_OF_5,
    "T": Symbology.CODE_49,
    "U": Symbology.MAXI_CODE,
    "c": Symbology.CHANNEL_CODE,
    "d": Symbology.DATA_MATRIX,
    "e": Symbology.RSS,
    "z": Symbology.AZTEC,
}
_BY_MODIFIER: Mapping[tuple[str, str], Symbology] = {
    ("C", "1"): Symbology.EAN_128,
    ("E", "0"): Symbology.EAN_13,
    ("E", "4"): Symbology.EAN_8,
}


class SerialBarcodeScanner:
    """A kiosk_core.barcode_scanner.BarcodeScanner over an open transport.

    Deadlines: `read` its time-out and `code_s`; `set_reading` and `reset` WRITE_S and SETTLE_S; `status` `code_s`.
    Counters: `cycles` are codes given out, `checksum_errors` broken or half ones, `strays` codes seen again and what
    came while nobody was reading.
    """

    def __init__(self, name: str, transport: Transport, clock: Clock, profile: ScannerProfile | None = None) -> None:
        self._name = name
        self._transport = transport
        self._clock = clock
        self._profile = profile or ScannerProfile()
        self._deframer = Deframer(self._profile.framing)
        self._counters = Counters()
        self._status: DeviceStatus | None = None
        self._reading = False
        self._triggered = False
        self._codes: deque[Barcode] = deque()
        self._last_seen: tuple[bytes, float] | None = None
        self._begun = self._last_byte = clock.now()

    def identify(self) -> Identity:
        """Return the model as configured: a scanner on this line tells nothing of itself."""
        self.status()
        return Identity(self._profile.model)

    def self_test(self) -> DeviceStatus:
        """Return the status: without a code before it, a scanner cannot be tested further."""
        return self.status()

    def status(self) -> DeviceStatus:
        """Return that the port is there; one that is off behind its serial cable cannot be told from a quiet one."""
        self._take_what_is_there()
        if self._status is None:
            self._status = DeviceStatus(self._name, DeviceState.ONLINE, self._clock.wall())
        return self._status

    def reset(self) -> None:
        """End the reading, and restart the scanner where its model has a command for that."""
        self.set_reading(False)
        self._send(self._profile.reset)

    def counters(self) -> Counters:
        """Return what was scanned and what was dropped."""
        return self._counters.copy()

    def close(self) -> None:
        """Let go of the transport and forget the codes; never raises."""
        self._forget()
        self._reading = False
        self._transport.close()

    def set_reading(self, enabled: bool) -> None:
        """Begin or end to take codes.

        Raises:
            ProtocolViolation: it does not stop talking, so a code cannot be told from the rest of an earlier one.
        """
        self._reading = False
        self._forget()
        if not enabled:
            self._send(self._profile.trigger_off)
            return
        self._wait_for_quiet()
        self._trigger()
        self._reading = True

    def read(self, timeout_s: float) -> Barcode | None:
        """Return the next code, None where none came in `timeout_s`; one that has begun by then may be finished.

        Raises:
            ValueError: not set to reading.
        """
        if not self._reading:
            raise ValueError("the scanner is not set to reading")
        if not self._triggered and not self._codes:
            self._trigger()
        deadline = self._clock.now() + timeout_s
        while True:
            if self._codes:
                self._counters.cycles += 1
                return self._codes.popleft()
            left = deadline - self._clock.now()
            self._receive(max(0.0, left))
            if left <= 0 and not self._codes and self._is_between_codes(deadline):
                return None

    def _take_what_is_there(self) -> None:
        """Take what has come; a code that has begun is finished, so that none is ever half between two calls."""
        if not self._reading:
            if self._dropped(0.0):
                self._counters.strays += 1
            return
        deadline = self._clock.now()
        self._receive(0.0)
        while not self._is_between_codes(deadline):
            self._receive(0.0)

    def _is_between_codes(self, deadline: float) -> bool:
        """Return whether no code is under way; one that is not done `code_s` after `deadline` is dropped."""
        if self._deframer.half and self._clock.now() - deadline >= self._profile.code_s:
            for each in self._deframer.give_up():
                self._take(each, self._clock.now())
        return not self._deframer.half

    def _receive(self, timeout_s: float) -> None:
        """Wait for bytes and take what they complete. While a code is under way it waits for its rest alone."""
        if self._deframer.half:
            timeout_s = max(0.0, min(self._profile.gap_s, self._begun + self._profile.code_s - self._clock.now()))
        elif self._deframer.skipping:
            timeout_s = min(timeout_s, self._profile.gap_s)
        began_half = self._deframer.half
        data = self._transport.read(_READ, timeout_s)
        now = self._clock.now()
        if data:
            self._counters.bytes_received += len(data)
            self._last_byte = now
            found = self._deframer.feed(data)
            if found or not began_half:
                self._begun = now
        elif now - self._last_byte >= self._profile.gap_s:
            found = self._deframer.pause()
        else:
            found = []
        if now - self._begun >= self._profile.code_s:
            found += self._deframer.give_up()
        for each in found:
            self._take(each, now)

    def _take(self, found: bytes | Broken, now: float) -> None:
        barcode = found if isinstance(found, Broken) else self._barcode(found)
        if isinstance(barcode, Broken):
            self._counters.checksum_errors += 1
            return
        seen, self._last_seen = self._last_seen, (barcode.data, now)
        again = seen is not None and seen[0] == barcode.data and now - seen[1] < self._profile.repeat_s
        if again or len(self._codes) >= MAX_WAITING:
            self._counters.strays += 1
            return
        self._codes.append(barcode)
        self._triggered = self._triggered and not self._profile.one_shot

    def _barcode(self, code: bytes) -> Barcode | Broken:
        symbology = Symbology.UNKNOWN
        if self._profile.identifiers:
            try:
                identifier, code = split_identifier(code)
            except WireError:
                return Broken.NO_IDENTIFIER
            symbology = _symbology(identifier)
        if not code or (self._profile.text_only and not is_text(code)):
            return Broken.NO_TEXT
        return Barcode(symbology, code)

    def _wait_for_quiet(self) -> None:
        deadline = self._clock.now() + SETTLE_S
        stray = False
        while self._dropped(self._profile.gap_s):
            stray = True
            if self._clock.now() >= deadline:
                raise ProtocolViolation(self._name, "talks without a pause")
        if stray:
            self._counters.strays += 1

    def _dropped(self, timeout_s: float) -> bool:
        """Drop what comes next; return whether anything came."""
        data = self._transport.read(_READ, timeout_s)
        self._counters.bytes_received += len(data)
        return bool(data)

    def _forget(self) -> None:
        self._codes.clear()
        self._last_seen = None
        self._deframer.reset()

    def _trigger(self) -> None:
        self._send(self._profile.trigger_on)
        self._triggered = True

    def _send(self, command: bytes) -> None:
        if command:
            self._transport.write(command, WRITE_S)
            self._counters.bytes_sent += len(command)


def _symbology(identifier: Identifier) -> Symbology:
    found = _BY_MODIFIER.get((identifier.code, identifier.modifier))
    return found or _SYMBOLOGIES.get(identifier.code, Symbology.UNKNOWN)
