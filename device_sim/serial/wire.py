"""The wire to a simulated serial device: bytes take their time on it, and misfortune befalls them."""

import math
from collections import deque

from device_sim.misfortune import Fortune, Towards
from device_sim.serial.device import SerialDevice
from device_sim.tap import Tap
from kiosk_core.clock import Clock
from kiosk_core.trace import What

_BITS = 10  # of a byte on the line: start, eight, stop
_MOST_PIECES = 64  # on their way to the host; a device that has more to say by itself waits for the line
_PIECE_S = 0.01  # bytes arrive in pieces of this duration, so that nobody sees a pause inside a long message


class _Way:
    """One direction: what is on it, with the time when it arrives, and when it is free for the next byte."""

    def __init__(self) -> None:
        self.pieces: deque[tuple[float, bytes]] = deque()
        self.free_at = 0.0


class Wire:
    """A device_sim.serial.device.SerialDevice around another one.

    `baudrate` 0: bytes take no time. Messages keep their order: behind a late one the next ones are late too.
    `tap` listens in.
    """

    def __init__(self, device: SerialDevice, clock: Clock, *, baudrate: int = 0, seed: int = 0) -> None:
        self.fortune = Fortune(seed)
        self.tap: Tap | None = None
        self._device = device
        self._clock = clock
        self._baudrate = baudrate
        self._piece = max(1, int(baudrate / _BITS * _PIECE_S))
        self._to_host, self._to_device = _Way(), _Way()
        self._asked_at = -math.inf

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent, and return what the device answers at once."""
        if data and (tap := self.tap) is not None:
            tap(What.OUT, data)
        self._send(self._to_device, Towards.DEVICE, data)
        return b"" if self._baudrate else self.idle()  # what takes its time has not arrived

    def idle(self) -> bytes:
        """Return what has arrived from the device."""
        now, to_host = self._clock.now(), self._to_host
        questions, answers = self._to_device.pieces, to_host.pieces
        while questions and questions[0][0] <= now:
            self._send(to_host, Towards.HOST, self._device.receive(questions.popleft()[1]))
            self._asked_at = now
        # Where bytes take their time, nothing is lost by asking the device once an instant.
        if (now != self._asked_at or not self._baudrate) and len(answers) < _MOST_PIECES:
            self._asked_at = now
            if said := self._device.idle():
                self._send(to_host, Towards.HOST, said)
        arrived = b""
        while answers and answers[0][0] <= now:
            arrived += answers.popleft()[1]
        if arrived and (tap := self.tap) is not None:
            tap(What.IN, arrived)
        return arrived

    def busy_s(self) -> float | None:
        """Return in how many seconds the next bytes arrive at either end, None where none are on their way."""
        to_host, to_device = self._to_host.pieces, self._to_device.pieces
        if not to_host:
            if not to_device:
                return None
            arrives = to_device[0][0]
        else:
            arrives = min(to_host[0][0], to_device[0][0]) if to_device else to_host[0][0]
        return max(0.0, arrives - self._clock.now())

    def clear(self) -> None:
        """Lose what is on its way, as an unplug does."""
        self._to_host, self._to_device = _Way(), _Way()

    def _send(self, way: _Way, towards: Towards, data: bytes) -> None:
        if not data:
            return
        now = self._clock.now()
        for pause, part in self.fortune.befall(towards, data):
            way.free_at = max(way.free_at, now) + pause
            self._travel(way, part)

    def _travel(self, way: _Way, data: bytes) -> None:
        if not self._baudrate:
            way.pieces.append((way.free_at, data))
            return
        if len(data) <= self._piece:
            way.free_at += len(data) * _BITS / self._baudrate
            way.pieces.append((way.free_at, data))
            return
        for start in range(0, len(data), self._piece):
            part = data[start : start + self._piece]
            way.free_at += len(part) * _BITS / self._baudrate
            way.pieces.append((way.free_at, part))
