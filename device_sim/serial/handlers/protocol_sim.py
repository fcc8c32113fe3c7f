"""`sim://NAME`: a pyserial port whose other end is a simulated device in this process.

What it raises after an unplug was copied from a real cdc-acm tty (facts/simulation.md 1.1): SerialException,
bare OSError and bare termios.error, each where Linux and pyserial raise them.
"""

from __future__ import annotations

import errno
import math
import os
import termios
from typing import TYPE_CHECKING

import serial
from serial.serialutil import SerialBase

from device_sim.serial.handlers import registered_line
from device_sim.serial.world import SerialLine

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_IO_ERROR = os.strerror(errno.EIO)


class Serial(SerialBase):
    """A port as `serial.serial_for_url` returns it. Baud rate, parity and flow control are taken and have no effect."""

    _line: SerialLine | None = None
    _connection = 0

    def open(self) -> None:
        """Open the port. Raises SerialException, as a device file that is absent or taken does."""
        if self.is_open:
            raise serial.SerialException("Port is already open.")
        name = (self.port or "").partition("://")[2]
        try:
            line = registered_line(name)
            self._connection = line.open(bool(self.exclusive))
        except KeyError:
            raise serial.SerialException(
                errno.ENOENT, f"could not open port {self.port}: no such simulated line"
            ) from None
        except FileNotFoundError as error:
            raise serial.SerialException(error.errno, f"could not open port {self.port}: {error}") from error
        except BlockingIOError as error:
            raise serial.SerialException(
                error.errno, f"Could not exclusively lock port {self.port}: {error}"
            ) from error
        self._line = line
        self.is_open = True

    def close(self) -> None:
        """Close the port; a port whose device was unplugged closes without a word."""
        line, self._line = self._line, None
        if line is not None:
            line.close(self._connection, bool(self.exclusive))
        self.is_open = False

    @property
    def in_waiting(self) -> int:
        """Return how many bytes can be read. Raises OSError after an unplug."""
        return self._plugged(OSError(errno.EIO, _IO_ERROR)).waiting()

    def read(self, size: int = 1, /) -> bytes:
        """Return `size` bytes, or what came before the time-out. Raises SerialException after an unplug."""
        line, timeout = self._opened(), self.timeout
        deadline = math.inf if timeout is None else line.now() + timeout
        data = b""
        with line.lock:
            while line.alive(self._connection):
                data += line.take(size - len(data))
                if len(data) >= size or (left := deadline - line.now()) <= 0:
                    return data
                line.wait(left)
        raise serial.SerialException(
            "device reports readiness to read but returned no data (device disconnected or multiple access on port?)"
        )

    def write(self, b: ReadableBuffer, /) -> int:
        """Send all bytes. Raises SerialException after an unplug."""
        data = bytes(b)
        line = self._plugged(serial.SerialException(f"write failed: [Errno {errno.EIO}] {_IO_ERROR}"))
        line.send(data)
        return len(data)

    def flush(self) -> None:
        """Return at once: nothing is held back. Raises termios.error after an unplug."""
        self._plugged(termios.error(errno.EIO, _IO_ERROR))

    def reset_input_buffer(self) -> None:
        """Forget what was received and not read. Raises termios.error after an unplug."""
        self._plugged(termios.error(errno.EIO, _IO_ERROR)).discard()

    def reset_output_buffer(self) -> None:
        """Do nothing: nothing is held back. Raises termios.error after an unplug."""
        self._plugged(termios.error(errno.EIO, _IO_ERROR))

    @property
    def cts(self) -> bool:
        """The device is ready to receive. Raises OSError after an unplug."""
        return self._modem_line()

    @property
    def dsr(self) -> bool:
        """The device is there. Raises OSError after an unplug."""
        return self._modem_line()

    @property
    def cd(self) -> bool:
        """The device is there. Raises OSError after an unplug."""
        return self._modem_line()

    @property
    def ri(self) -> bool:
        """Nobody rings. Raises OSError after an unplug."""
        return not self._modem_line()

    def _modem_line(self) -> bool:
        self._plugged(OSError(errno.EIO, _IO_ERROR))
        return True

    def _reconfigure_port(self) -> None:
        self._plugged(serial.SerialException(f"Could not configure port: ({errno.EIO}, '{_IO_ERROR}')"))

    def _update_rts_state(self) -> None:
        self._modem_line()

    def _update_dtr_state(self) -> None:
        self._modem_line()

    def _update_break_state(self) -> None:
        self._modem_line()

    def _opened(self) -> SerialLine:
        if self._line is None:
            raise serial.PortNotOpenError
        return self._line

    def _plugged(self, after_unplug: Exception) -> SerialLine:
        line = self._opened()
        if not line.alive(self._connection):
            raise after_unplug
        return line
