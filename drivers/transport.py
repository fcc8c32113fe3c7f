"""Transports: what a driver has between itself and a device. They hide cable, socket and simulator.

Whatever the operating system or a library raises (`SerialException`, `OSError`, `termios.error`, `USBError`)
becomes DeviceUnavailable here and nowhere else; a time-out is an empty answer and no exception.
"""

from typing import Protocol, runtime_checkable

from kiosk_core.status import Identity


class Transport(Protocol):
    """A pipe of bytes to one device, already open. Deadlines are seconds on the given clock."""

    def write(self, data: bytes, timeout_s: float) -> None:
        """Send all of `data`.

        Raises:
            DeviceUnavailable: unplugged, or not all was accepted within `timeout_s`.
        """
        ...

    def read(self, size: int, timeout_s: float) -> bytes:
        """Return 1 to `size` bytes as soon as there are any (over USB: one transfer), b"" after `timeout_s`.

        Raises:
            DeviceUnavailable: unplugged.
        """
        ...

    def discard_input(self) -> None:
        """Throw away what has been received and not read.

        Raises:
            DeviceUnavailable: unplugged.
        """
        ...

    def close(self) -> None:
        """Let go of the device; never raises, may be called twice."""
        ...


@runtime_checkable
class UsbTransport(Transport, Protocol):
    """The bulk pipes of one claimed USB interface (HID: its interrupt pipes), its control and interrupt pipe beside."""

    @property
    def identity(self) -> Identity:
        """Manufacturer and product, release and serial number as the device descriptor has them."""
        ...

    @property
    def class_descriptor(self) -> bytes:
        """The class-specific bytes behind the interface descriptor, b"" where there are none."""
        ...

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        """Return the answer to a control request on endpoint 0.

        Raises:
            DeviceUnavailable: unplugged, or the device stalled the request.
        """
        ...

    def read_interrupt(self, size: int, timeout_s: float) -> bytes:
        """Return one interrupt transfer, b"" after `timeout_s` or where the interface has no such pipe.

        Raises:
            DeviceUnavailable: unplugged.
        """
        ...
