"""A barcode and QR scanner on a serial line: a code held before it is sent between its prefix and suffix.

Written from the references of the Datalogic Magellan 800i (labels, prefix, suffix, host commands) and 7000 (trigger
commands) and of the Zebra DS9908 (AIM code identifiers). Its settings are those of a technician's setup sheet.
"""

import random
import threading
from collections import deque
from dataclasses import dataclass
from enum import Enum

from kiosk_core.clock import Clock

_NOISE = 64
_SLOW_S = 0.05


class ScannerMisdeed(Enum):
    """What can be wrong with one code on its way. The value is the name in scenarios.

    NO_SUFFIX and the next code at once: two codes glued together.
    """

    NO_SUFFIX = "no_suffix"
    HALF = "half"
    TWICE = "twice"
    GARBLED = "garbled"
    SLOW = "slow"


@dataclass(frozen=True)
class ScannerSettings:
    """How the scanner is set. Without `trigger_on` its light is always on; `one_shot`: off again after a code."""

    prefix: bytes = b""
    suffix: bytes = b"\r"
    identifiers: bool = False
    trigger_on: bytes = b""
    trigger_off: bytes = b""
    reset: bytes = b""
    one_shot: bool = False


class SimulatedBarcodeScanner:
    """The scanner. It is a device_sim.serial.device.SerialDevice; codes are held before it from any thread."""

    def __init__(self, clock: Clock, settings: ScannerSettings | None = None, seed: int = 1) -> None:
        self._clock = clock
        self._settings = settings or ScannerSettings()
        self._random = random.Random(seed)  # noqa: S311  (noise, no secret)
        self._lock = threading.RLock()
        self._light = not self._settings.trigger_on
        self._misdeeds: deque[ScannerMisdeed] = deque()
        # What is on its way, in order, each with the time from which on it arrives.
        self._coming: deque[tuple[float, bytes]] = deque()
        self._heard = bytearray()
        self.floods = False
        """Whether it sends noise without end."""
        self.resets = 0
        """How often it was restarted."""

    @property
    def light(self) -> bool:
        """Whether it looks for codes."""
        with self._lock:
            return self._light

    def misbehave(self, *misdeeds: ScannerMisdeed) -> None:
        """Do this to the next codes, one each."""
        with self._lock:
            self._misdeeds.extend(misdeeds)

    def show(self, data: bytes, identifier: str = "Q1") -> bool:
        """Hold a code of that symbology before it; return whether it was scanned, which it is not in the dark."""
        with self._lock:
            if not self._light:
                return False
            self._light = not self._settings.one_shot
            misdeed = self._misdeeds.popleft() if self._misdeeds else None
            whole = self._settings.prefix
            whole += f"]{identifier}".encode("ascii") if self._settings.identifiers else b""
            self._send(whole + data, misdeed)
            return True

    def receive(self, data: bytes) -> bytes:
        """Take commands; what is none is passed over."""
        with self._lock:
            self._heard += data
            while self._heard:
                if not self._obey():
                    break
        return b""

    def idle(self) -> bytes:
        """Return what has arrived by now."""
        with self._lock:
            if self.floods:
                return self._random.randbytes(_NOISE)
            arrived = b""
            while self._coming and self._coming[0][0] <= self._clock.now():
                arrived += self._coming.popleft()[1]
            return arrived

    def _send(self, code: bytes, misdeed: ScannerMisdeed | None) -> None:
        suffix, now = self._settings.suffix, self._clock.now()
        match misdeed:
            case ScannerMisdeed.NO_SUFFIX:
                self._coming.append((now, code))
            case ScannerMisdeed.HALF:
                self._coming.append((now, code[: len(code) // 2]))
            case ScannerMisdeed.TWICE:
                self._coming.append((now, (code + suffix) * 2))
            case ScannerMisdeed.GARBLED:
                place = self._random.randrange(len(code))
                self._coming.append((now, code[:place] + b"\x00" + code[place + 1 :] + suffix))
            case ScannerMisdeed.SLOW:
                whole = code + suffix
                self._coming += [(now + at * _SLOW_S, whole[at : at + 1]) for at in range(len(whole))]
            case None:
                self._coming.append((now, code + suffix))

    def _obey(self) -> bool:
        """Carry out the command in front, or drop a byte that begins none; False where its rest is still to come."""
        commands = [self._settings.trigger_on, self._settings.trigger_off, self._settings.reset]
        command = next((each for each in commands if each and self._heard.startswith(each)), None)
        if command is None:
            if any(each.startswith(bytes(self._heard)) for each in commands):
                return False
            del self._heard[0]
            return True
        del self._heard[: len(command)]
        if command == self._settings.reset:
            self.resets += 1
            self._coming.clear()
        self._light = command == self._settings.trigger_on or not self._settings.trigger_on
        return True
