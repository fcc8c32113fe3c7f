"""A simulated device on a pseudo-terminal: a path that any process can open as its serial port."""

import errno
import fcntl
import math
import os
import select
import threading
import tty
from pathlib import Path

from device_sim.serial.device import SerialDevice
from device_sim.serial.wire import Wire
from device_sim.serial.world import TTY_BUFFER

_POLL_MS = 20
_CLOSED_POLL_S = 0.01  # while nobody has the port open, poll() would return at once for ever
_READ = 4096


class PtyPort:
    """A pty with `device` at its master end; `path` is a symbolic link to the other end.

    The link stands while the device is plugged in and leads to a new pty after every unplug, so the path in a
    configuration stays the same. One thread owns the master from plug to unplug: closing it under a reader in
    another thread would not hang up (facts/simulation.md 1.1). Context manager; plugged in from the beginning.
    """

    def __init__(self, path: Path, device: SerialDevice) -> None:
        self.path = path
        self._device = device
        self._owner: threading.Thread | None = None
        self._stop_writer = -1
        self._seizing: int | None = None
        self.plug()

    def __enter__(self) -> "PtyPort":
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def plug(self) -> None:
        """Plug the device in, if it is not."""
        if self._owner is not None:
            return
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        stop_reader, self._stop_writer = os.pipe()
        aside = self.path.with_name(f".{self.path.name}.new")
        aside.unlink(missing_ok=True)
        aside.symlink_to(os.ttyname(slave))
        aside.replace(self.path)
        os.close(slave)
        self._owner = threading.Thread(
            target=self._serve, args=(master, stop_reader), name=f"pty-{self.path.name}", daemon=True
        )
        self._owner.start()

    def unplug(self) -> None:
        """Pull the plug, if it is in: whoever has the port open gets the errors of a device that is gone."""
        owner, self._owner = self._owner, None
        self.release()
        if owner is None:
            return
        self.path.unlink(missing_ok=True)
        os.close(self._stop_writer)
        if owner is not threading.current_thread():
            owner.join()

    def seize(self) -> None:
        """Have another program hold the port for itself: who wants it for himself cannot open it until `release`."""
        if self._seizing is None:
            self._seizing = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
            fcntl.flock(self._seizing, fcntl.LOCK_EX)

    def release(self) -> None:
        """End what `seize` began; an unplug ends it too."""
        if self._seizing is not None:
            os.close(self._seizing)
            self._seizing = None

    def _serve(self, master: int, stop_reader: int) -> None:
        try:
            self._carry(master, stop_reader)
        finally:
            os.close(master)
            os.close(stop_reader)

    def _carry(self, master: int, stop_reader: int) -> None:
        """Carry bytes between the pty and the device until the other end of `stop_reader` is closed."""
        poll = select.poll()
        poll.register(stop_reader, select.POLLIN)
        poll.register(master, select.POLLIN)
        outgoing = bytearray()
        while True:
            ready = dict(poll.poll(self._pause_ms()))
            if stop_reader in ready:
                return
            events = ready.get(master, 0)
            if events & select.POLLIN:
                received = _read(master)
                outgoing += self._device.receive(received) if received else b""
            outgoing += self._device.idle()
            # Whoever opened the port while the device was asked must hear what it said.
            closed = bool(events & select.POLLHUP) and _is_closed(master)
            if select.select([stop_reader], [], [], _CLOSED_POLL_S if closed else 0)[0]:
                return
            if closed:  # nobody has the port open: as on a wire, what is said is lost
                outgoing.clear()
            del outgoing[: _write(master, outgoing)]
            del outgoing[TTY_BUFFER:]

    def _pause_ms(self) -> int:
        """Return how long nothing can come from the device: on a wire that is busy, until the next bytes arrive."""
        busy_s = self._device.busy_s() if isinstance(self._device, Wire) else None
        return _POLL_MS if busy_s is None else min(_POLL_MS, math.ceil(busy_s * 1000))


def _is_closed(master: int) -> bool:
    poll = select.poll()
    poll.register(master, 0)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


def _read(master: int) -> bytes:
    try:
        return os.read(master, _READ)
    except BlockingIOError:
        return b""
    except OSError as error:
        if error.errno == errno.EIO:  # the host closed the port between poll and read
            return b""
        raise


def _write(master: int, data: bytearray) -> int:
    try:
        return os.write(master, data) if data else 0
    except BlockingIOError:
        return 0
    except OSError as error:
        if error.errno == errno.EIO:
            return 0
        raise
