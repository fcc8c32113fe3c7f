"""The serial lines that `sim://NAME` finds: which device is on each, and whether it is plugged in."""

import time
from collections.abc import Callable
from threading import Condition, RLock

from device_sim.serial.device import SerialDevice
from device_sim.serial.wire import Wire
from kiosk_core.clock import Clock

POLL_S = 0.02  # how often a waiting reader asks the device whether it has something to say by itself
TTY_BUFFER = 64 * 1024  # bytes that wait for a host which does not read; more are lost, as in a kernel's tty


class SerialLine:
    """A line to one device. Every time it is plugged in it is a new `connection`: who opened an old one has lost it."""

    def __init__(self, device: SerialDevice, virtual: Clock | None = None) -> None:
        self._device = device
        self._wire = device if isinstance(device, Wire) else None
        self._virtual = virtual
        self.now: Callable[[], float] = time.monotonic if virtual is None else virtual.now
        """The time by which readers wait: the virtual clock's, or the machine's."""
        self._input = bytearray()
        self._users = 0
        self._exclusive = False
        self._seized = False
        self.lock = RLock()
        self.changed = Condition(self.lock)
        self.plugged = True
        self.connection = 1

    def plug(self) -> None:
        """Plug the device in, with nothing in flight."""
        with self.lock:
            if not self.plugged:
                self.plugged = True
                self.connection += 1

    def unplug(self) -> None:
        """Pull the plug; what is in flight is lost and whoever waits is told."""
        with self.lock:
            self.plugged = False
            self._input.clear()
            if self._wire is not None:
                self._wire.clear()
            self._users = 0
            self._exclusive = False
            self.changed.notify_all()

    def seize(self) -> None:
        """Have another program hold the line for itself: nobody can open it until `release`."""
        self._seized = True

    def release(self) -> None:
        """End what `seize` began."""
        self._seized = False

    def open(self, exclusive: bool) -> int:
        """Return the number of the connection.

        Raises:
            FileNotFoundError: it is not plugged in.
            BlockingIOError: somebody has it for himself, or `exclusive` is asked of a line in such use.
        """
        with self.lock:
            if not self.plugged:
                raise FileNotFoundError(2, "No such file or directory")
            if exclusive and (self._exclusive or self._seized):
                raise BlockingIOError(11, "Resource temporarily unavailable")
            if self._users == 0:
                self._input.clear()
            self._users += 1
            self._exclusive = self._exclusive or exclusive
            return self.connection

    def close(self, connection: int, exclusive: bool) -> None:
        """Let go of the line; an old connection may be closed too."""
        with self.lock:
            if self.alive(connection):
                self._users -= 1
                self._exclusive = self._exclusive and not exclusive

    def alive(self, connection: int) -> bool:
        """Return whether that connection was never unplugged."""
        return self.plugged and connection == self.connection

    def wait(self, seconds: float) -> None:
        """Wait at most `seconds` for something to read; the caller holds `lock` and looks again afterwards."""
        pause = min(seconds, POLL_S)
        if self._wire is not None and (busy_s := self._wire.busy_s()) is not None:
            pause = min(pause, busy_s)
        if self._virtual is None:
            self.changed.wait(pause)
        else:
            self._virtual.sleep(pause)

    def send(self, data: bytes) -> None:
        """Give `data` to the device."""
        with self.lock:
            self._arrive(self._device.receive(data))

    def waiting(self) -> int:
        """Return how many bytes the host can read now."""
        with self.lock:
            self._arrive(self._device.idle())
            return len(self._input)

    def take(self, size: int) -> bytes:
        """Return at most `size` bytes that the host can read now; the device is asked for what is not there yet."""
        with self.lock:
            if len(self._input) < size and (arrived := self._device.idle()):
                self._arrive(arrived)
            if not self._input:
                return b""
            data = bytes(self._input[:size])
            del self._input[:size]
            return data

    def discard(self) -> None:
        """Forget what the host has not read."""
        with self.lock:
            self._input.clear()

    def _arrive(self, data: bytes) -> None:
        if data and self.plugged:
            self._input += data[: TTY_BUFFER - len(self._input)]
            self.changed.notify_all()


class SerialWorld:
    """All lines of a simulated terminal, by name. With a `virtual` clock, time passes only where somebody waits."""

    def __init__(self, virtual: Clock | None = None) -> None:
        self._virtual = virtual
        self._lines: dict[str, SerialLine] = {}

    def add(self, name: str, device: SerialDevice) -> None:
        """Lay a line to `device` and plug it in."""
        self._lines[name] = SerialLine(device, self._virtual)

    def line(self, name: str) -> SerialLine:
        """Return the line. Raises KeyError."""
        return self._lines[name]

    def plug(self, name: str) -> None:
        """Plug the device in again. Raises KeyError."""
        self.line(name).plug()

    def unplug(self, name: str) -> None:
        """Pull the device's plug. Raises KeyError."""
        self.line(name).unplug()
