"""The wire to a simulated serial device: bytes take their time on it, and misfortune befalls them."""

from collections import deque
from collections.abc import Iterator

from device_sim.misfortune import Fortune, Towards
from device_sim.serial.device import SerialDevice
from kiosk_core.clock import Clock

_BITS = 10  # of a byte on the line: start, eight, stop
_PIECE_S = 0.01  # bytes arrive in pieces of this duration, so that nobody sees a pause inside a long message


class _Way:
    """One direction: what is on it, with the time when it arrives, and when it is free for the next byte."""

    def __init__(self) -> None:
        self.pieces: deque[tuple[float, bytes]] = deque()
        self.free_at = 0.0

    def arrived(self, now: float) -> Iterator[bytes]:
        """Yield and forget what has arrived."""
        while self.pieces and self.pieces[0][0] <= now:
            yield self.pieces.popleft()[1]


class Wire:
    """A device_sim.serial.device.SerialDevice around another one.

    `baudrate` 0: bytes take no time. Messages keep their order: behind a late one the next ones are late too.
    """

    def __init__(self, device: SerialDevice, clock: Clock, *, baudrate: int = 0, seed: int = 0) -> None:
        self.fortune = Fortune(seed)
        self._device = device
        self._clock = clock
        self._baudrate = baudrate
        self._to_host, self._to_device = _Way(), _Way()

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent, and return what has arrived from the device."""
        self._send(self._to_device, Towards.DEVICE, data)
        return self.idle()

    def idle(self) -> bytes:
        """Return what has arrived from the device."""
        now = self._clock.now()
        if self._to_device.pieces:
            for data in self._to_device.arrived(now):
                self._send(self._to_host, Towards.HOST, self._device.receive(data))
        self._send(self._to_host, Towards.HOST, self._device.idle())
        return b"".join(self._to_host.arrived(now)) if self._to_host.pieces else b""

    def busy_s(self) -> float | None:
        """Return in how many seconds the next bytes arrive at either end, None where none are on their way."""
        to_host, to_device = self._to_host.pieces, self._to_device.pieces
        if not to_host and not to_device:
            return None
        arrives = min(each[0][0] for each in (to_host, to_device) if each)
        return max(0.0, arrives - self._clock.now())

    def clear(self) -> None:
        """Lose what is on its way, as an unplug does."""
        self._to_host, self._to_device = _Way(), _Way()

    def _send(self, way: _Way, towards: Towards, data: bytes) -> None:
        if not data:
            return
        for pause, part in self.fortune.befall(towards, data):
            way.free_at = max(way.free_at, self._clock.now()) + pause
            self._travel(way, part)

    def _travel(self, way: _Way, data: bytes) -> None:
        if not self._baudrate:
            way.pieces.append((way.free_at, data))
            return
        size = max(1, int(self._baudrate / _BITS * _PIECE_S))
        for start in range(0, len(data), size):
            part = data[start : start + size]
            way.free_at += len(part) * _BITS / self._baudrate
            way.pieces.append((way.free_at, part))
