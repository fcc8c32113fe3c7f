"""The wire to a simulated serial device: bytes take their time on it, and it can do them harm."""

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from device_sim.serial.device import SerialDevice
from kiosk_core.clock import Clock

_BITS = 10  # of a byte on the line: start, eight, stop
_PIECE_S = 0.01  # bytes arrive in pieces of this duration, so that nobody sees a pause inside a long message
_NOISE_BYTES = 3


class Harm(Enum):
    """What the wire can do to what the device, or the host, just said."""

    DROP = "drop"
    GARBLE = "garble"
    DUPLICATE = "duplicate"
    LATE = "late"
    STALE = "stale"
    HALF = "half"
    SLOW = "slow"
    NOISE = "noise"
    WRONG_BAUD = "wrong_baud"


class Towards(Enum):
    """Whose bytes are harmed: those on their way to the host, or to the device."""

    HOST = "host"
    DEVICE = "device"


@dataclass
class Misfortune:
    """A harm that befalls messages: `times` of them (None: until it is taken away), each with probability `chance`.

    `seconds` is how late LATE is, and the pause between two bytes of SLOW.
    """

    harm: Harm
    towards: Towards = Towards.HOST
    times: int | None = 1
    chance: float = 1.0
    seconds: float = 1.0


@dataclass(frozen=True)
class _Piece:
    arrives: float
    data: bytes


class _Way:
    """One direction: what is on it, and when it is free for the next byte."""

    def __init__(self) -> None:
        self.pieces: deque[_Piece] = deque()
        self.free_at = 0.0
        self.last = b""


class Wire:
    """A device_sim.serial.device.SerialDevice around another one.

    `baudrate` 0: bytes take no time. The same `seed` gives the same misfortunes. Messages keep their order: behind a
    late one the next ones are late too.
    """

    def __init__(self, device: SerialDevice, clock: Clock, *, baudrate: int = 0, seed: int = 0) -> None:
        self.misfortunes: list[Misfortune] = []
        self._device = device
        self._clock = clock
        self._baudrate = baudrate
        self._random = random.Random(seed)  # noqa: S311  (bad luck, no secret)
        self._to_host, self._to_device = _Way(), _Way()

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent, and return what has arrived from the device."""
        self._send(self._to_device, Towards.DEVICE, data)
        return self.idle()

    def idle(self) -> bytes:
        """Return what has arrived from the device."""
        now = self._clock.now()
        pieces = self._to_device.pieces
        while pieces and pieces[0].arrives <= now:
            self._send(self._to_host, Towards.HOST, self._device.receive(pieces.popleft().data))
        self._send(self._to_host, Towards.HOST, self._device.idle())
        return b"".join(self._arrived(now))

    def busy_s(self) -> float | None:
        """Return in how many seconds the next bytes arrive at either end, None where none are on their way."""
        arrivals = [way.pieces[0].arrives for way in (self._to_host, self._to_device) if way.pieces]
        return max(0.0, min(arrivals) - self._clock.now()) if arrivals else None

    def clear(self) -> None:
        """Lose what is on its way, as an unplug does."""
        self._to_host, self._to_device = _Way(), _Way()

    def _arrived(self, now: float) -> Iterator[bytes]:
        pieces = self._to_host.pieces
        while pieces and pieces[0].arrives <= now:
            yield pieces.popleft().data

    def _send(self, way: _Way, towards: Towards, data: bytes) -> None:
        if not data:
            return
        misfortune = self._next_misfortune(towards) if self.misfortunes else None
        harmed = [(0.0, data)] if misfortune is None else self._harmed(way, data, misfortune)
        way.last = data
        for pause, part in harmed:
            way.free_at = max(way.free_at, self._clock.now()) + pause
            self._travel(way, part)

    def _travel(self, way: _Way, data: bytes) -> None:
        if not self._baudrate:
            way.pieces.append(_Piece(way.free_at, data))
            return
        size = max(1, int(self._baudrate / _BITS * _PIECE_S))
        for start in range(0, len(data), size):
            part = data[start : start + size]
            way.free_at += len(part) * _BITS / self._baudrate
            way.pieces.append(_Piece(way.free_at, part))

    def _next_misfortune(self, towards: Towards) -> Misfortune | None:
        for each in self.misfortunes:
            if each.towards is towards and self._random.random() < each.chance:
                if each.times is not None:
                    each.times -= 1
                    if each.times <= 0:
                        self.misfortunes.remove(each)
                return each
        return None

    def _harmed(self, way: _Way, data: bytes, misfortune: Misfortune) -> list[tuple[float, bytes]]:
        """Return pauses and what follows each of them."""
        match misfortune.harm:
            case Harm.DROP:
                return []
            case Harm.GARBLE:
                place = self._random.randrange(len(data))
                other = data[place] ^ self._random.randrange(1, 256)
                return [(0.0, data[:place] + bytes((other,)) + data[place + 1 :])]
            case Harm.DUPLICATE:
                return [(0.0, data), (0.0, data)]
            case Harm.LATE:
                return [(misfortune.seconds, data)]
            case Harm.STALE:
                return [(0.0, way.last), (0.0, data)] if way.last else [(0.0, data)]
            case Harm.HALF:
                return [(0.0, data[: len(data) // 2])] if len(data) > 1 else []
            case Harm.SLOW:
                return [(misfortune.seconds, data[place : place + 1]) for place in range(len(data))]
            case Harm.NOISE:
                return [(0.0, self._random.randbytes(_NOISE_BYTES)), (0.0, data)]
            case Harm.WRONG_BAUD:
                return [(0.0, self._random.randbytes(len(data)))]
