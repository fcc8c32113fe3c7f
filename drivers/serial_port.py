"""A serial port as a transport: device files, `sim://` and whatever else pyserial opens by its name."""

import termios
from contextlib import suppress
from types import TracebackType

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
    with _Translated(device):
        opened = serial.serial_for_url(
            port, baudrate=baudrate, parity=parity, rtscts=rtscts, timeout=_SLICE_S, exclusive=True
        )
    return _SerialTransport(opened, device, clock)


class _SerialTransport:
    """A Transport over an open pyserial port."""

    def __init__(self, port: serial.Serial, device: str, clock: Clock) -> None:
        self._port = port
        self._translated = _Translated(device)
        self._clock = clock

    def write(self, data: bytes, timeout_s: float) -> None:
        with self._translated:
            if self._port.write_timeout != timeout_s:
                self._port.write_timeout = timeout_s
            self._port.write(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        deadline = self._clock.now() + timeout_s
        with self._translated:
            while True:
                # Only a read of one byte returns as soon as there is something; the rest is there already.
                first = self._port.read(1)
                if first:
                    there = min(size - 1, self._port.in_waiting)
                    return first + self._port.read(there) if there else first
                if self._clock.now() >= deadline:
                    # What came while this process had no turn is no silence.
                    there = min(size, self._port.in_waiting)
                    return self._port.read(there) if there else b""

    def discard_input(self) -> None:
        with self._translated:
            self._port.reset_input_buffer()

    def close(self) -> None:
        with suppress(*_GONE):
            self._port.close()


class _Translated:
    """A context in which what a port raises becomes DeviceUnavailable; entered twice an exchange, so made once."""

    def __init__(self, device: str) -> None:
        self._device = device

    def __enter__(self) -> None: ...

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if isinstance(error, _GONE):
            raise DeviceUnavailable(self._device, str(error)) from error
