"""A serial port as a transport: device files, `sim://` and whatever else pyserial opens by its name."""

import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import serial

from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable

_SLICE_S = 0.02  # how long one read of pyserial blocks; the deadlines are the clock's

# What a tty raises when its device is pulled: pyserial wraps some calls and not others (facts/simulation.md 1.1).
_GONE = (serial.SerialException, OSError, termios.error)


def open_serial(
    port: str,
    baudrate: int,
    device: str,
    clock: Clock,
    *,
    parity: str = "N",
    rtscts: bool = False,
) -> Transport:
    """Open `port` for `device` (its name in errors) with 8 data bits and 1 stop bit, for this process alone.

    `parity` is N, E or O; `rtscts` is hardware flow control.

    Raises:
        DeviceUnavailable: absent, taken or not openable.
        ValueError: a setting or the scheme of `port` is unknown to pyserial.
    """
    with _translated(device):
        opened = serial.serial_for_url(
            port, baudrate=baudrate, parity=parity, rtscts=rtscts, timeout=_SLICE_S, exclusive=True
        )
    return _SerialTransport(opened, device, clock)


class _SerialTransport:
    """A Transport over an open pyserial port."""

    def __init__(self, port: serial.Serial, device: str, clock: Clock) -> None:
        self._port = port
        self._device = device
        self._clock = clock

    def write(self, data: bytes, timeout_s: float) -> None:
        with _translated(self._device):
            if self._port.write_timeout != timeout_s:
                self._port.write_timeout = timeout_s
            self._port.write(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        deadline = self._clock.now() + timeout_s
        with _translated(self._device):
            while True:
                # Only a read of one byte returns as soon as there is something; the rest is there already.
                first = self._port.read(1)
                if first:
                    return first + self._port.read(min(size - 1, self._port.in_waiting))
                if self._clock.now() >= deadline:
                    return b""

    def discard_input(self) -> None:
        with _translated(self._device):
            self._port.reset_input_buffer()

    def close(self) -> None:
        with suppress(*_GONE):
            self._port.close()


@contextmanager
def _translated(device: str) -> Iterator[None]:
    try:
        yield
    except _GONE as error:
        raise DeviceUnavailable(device, str(error)) from error
