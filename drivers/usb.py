"""A UsbTransport over pyusb: the pipes of one claimed interface of one device.

Which exceptions pyusb raises, and when: facts/simulation.md 2.4.
"""

import contextlib
import errno
import math
from types import TracebackType
from typing import Any

import usb.backend
import usb.core
import usb.util

from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.status import Identity

HID_CLASS = 0x03
"""The interface class of human interface devices, which some card readers are."""

_CONTROL_TIMEOUT_MS = 1000
_DISCARD_TIMEOUT_S = 0.01
_DISCARD_TRANSFERS = 64
_TRANSFER_TYPE = 0x03
_BULK, _INTERRUPT = 2, 3
_TO_HOST = 0x80

_REASONS = {
    errno.ENODEV: "unplugged",
    errno.EBUSY: "in use by another program",
    errno.EACCES: "no permission to open it",
    errno.ETIMEDOUT: "silent",
    errno.EPIPE: "stalled",
}


def open_usb(
    vendor_id: int,
    product_id: int,
    device: str,
    clock: Clock,
    interface_class: int | None,
    *,
    backend: usb.backend.IBackend | None = None,
) -> "UsbInterface":
    """Find the first device with these numbers and claim its first interface of `interface_class` (None: of any).

    `device` is the name for errors. Without `backend` pyusb takes libusb. A driver of the kernel is detached;
    it is not attached again, the terminal owns its devices.

    Raises:
        DeviceUnavailable: absent, in use, without such an interface, or libusb is not installed.
    """
    with _Translated(device):
        found = usb.core.find(idVendor=vendor_id, idProduct=product_id, backend=backend)
        if found is None:
            raise DeviceUnavailable(device, f"no USB device {vendor_id:04x}:{product_id:04x}")
        try:
            return UsbInterface(found, device, clock, interface_class)
        except BaseException:
            usb.util.dispose_resources(found)
            raise


class UsbInterface:
    """An open, claimed interface. It is a `drivers.transport.UsbTransport`; `write` and `read` are reports over HID."""

    def __init__(self, found: Any, device: str, clock: Clock, interface_class: int | None) -> None:
        self._usb = found
        self._device = device
        self._clock = clock
        self._pending = b""
        self._closed = False
        interface = self._find_interface(interface_class)
        number = interface.bInterfaceNumber
        # A backend without kernel drivers (not Linux) says so by NotImplementedError.
        with contextlib.suppress(NotImplementedError):
            if found.is_kernel_driver_active(number):
                found.detach_kernel_driver(number)
        usb.util.claim_interface(found, number)
        # A HID device has its reports in interrupt pipes, and no others (HID 1.11, 4.4).
        is_hid = interface.bInterfaceClass == HID_CLASS
        kind = _INTERRUPT if is_hid else _BULK
        self._out = self._endpoint(interface, kind, 0x00)
        self._in = self._endpoint(interface, kind, _TO_HOST)
        self._interrupt = None if is_hid else self._endpoint(interface, _INTERRUPT, _TO_HOST)
        if self._out is None or self._in is None:
            raise DeviceUnavailable(device, f"its interface lacks {'an interrupt' if is_hid else 'a bulk'} pipe")
        self._class_descriptor = bytes(interface.extra_descriptors)
        self._identity = self._identify()

    @property
    def class_descriptor(self) -> bytes:
        """The class-specific bytes behind the interface descriptor."""
        return self._class_descriptor

    @property
    def identity(self) -> Identity:
        """Manufacturer and product, release and serial number as the device descriptor has them."""
        return self._identity

    def write(self, data: bytes, timeout_s: float) -> None:
        """Send all of `data`.

        Raises:
            DeviceUnavailable: unplugged, stalled, or not all was accepted within `timeout_s`.
        """
        deadline = self._clock.now() + timeout_s
        rest = data
        with self._translated(self._out):
            while rest:
                sent = self._out.write(rest, _milliseconds(deadline - self._clock.now()))
                rest = rest[sent:]
                if rest and self._clock.now() >= deadline:
                    raise DeviceUnavailable(self._device, f"took {len(data) - len(rest)} of {len(data)} bytes in time")

    def read(self, size: int, timeout_s: float) -> bytes:
        """Return 1 to `size` bytes of one transfer as soon as there are any, b"" after `timeout_s`.

        Raises:
            DeviceUnavailable: unplugged or stalled.
        """
        if not self._pending:
            # A device may fill its last packet, so only whole packets may be asked for.
            packet = self._in.wMaxPacketSize
            with self._translated(self._in):
                self._pending = _read(self._in, -(-size // packet) * packet, timeout_s)
        taken, self._pending = self._pending[:size], self._pending[size:]
        return taken

    def read_interrupt(self, size: int, timeout_s: float) -> bytes:
        """Return one interrupt transfer, b"" after `timeout_s` or where the interface has no such pipe.

        Raises:
            DeviceUnavailable: unplugged or stalled.
        """
        if self._interrupt is None:
            self._clock.sleep(timeout_s)
            return b""
        with self._translated(self._interrupt):
            return _read(self._interrupt, size, timeout_s)

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        """Return the answer to a control request on endpoint 0.

        Raises:
            DeviceUnavailable: unplugged, silent, or the device stalled the request.
        """
        with self._translated(None):
            return bytes(self._usb.ctrl_transfer(request_type, request, value, index, length, _CONTROL_TIMEOUT_MS))

    def discard_input(self) -> None:
        """Throw away what has been received and not read.

        Raises:
            DeviceUnavailable: unplugged, or the device never stops talking.
        """
        self._pending = b""
        for _ in range(_DISCARD_TRANSFERS):
            if not self.read(self._in.wMaxPacketSize, _DISCARD_TIMEOUT_S):
                return
            self._pending = b""
        raise DeviceUnavailable(self._device, "talks without being asked")

    def close(self) -> None:
        """Release the interface and close the device; never raises, may be called twice."""
        if self._closed:
            return
        self._closed = True
        # What cannot be released is released by the kernel with the file descriptor.
        with contextlib.suppress(usb.core.USBError):
            usb.util.dispose_resources(self._usb)

    def _find_interface(self, interface_class: int | None) -> Any:
        try:
            configuration = self._usb.get_active_configuration()
        except usb.core.USBError as error:
            if error.errno is not None:
                raise
            # pyusb's only error without a number: no configuration is active.
            self._usb.set_configuration()
            configuration = self._usb.get_active_configuration()
        wanted = {} if interface_class is None else {"bInterfaceClass": interface_class}
        interface = usb.util.find_descriptor(configuration, **wanted)
        if interface is None:
            kind = "" if interface_class is None else f" of class {interface_class:02x}"
            raise DeviceUnavailable(self._device, f"it has no interface{kind}")
        return interface

    @staticmethod
    def _endpoint(interface: Any, transfer_type: int, direction: int) -> Any:
        return usb.util.find_descriptor(
            interface,
            custom_match=lambda each: (
                each.bmAttributes & _TRANSFER_TYPE == transfer_type and each.bEndpointAddress & _TO_HOST == direction
            ),
        )

    def _identify(self) -> Identity:
        texts = [
            self._string(index) for index in (self._usb.iManufacturer, self._usb.iProduct, self._usb.iSerialNumber)
        ]
        release = self._usb.bcdDevice
        return Identity(" ".join(texts[:2]).strip(), f"{release >> 8:x}.{release & 0xFF:02x}", texts[2])

    def _string(self, index: int) -> str:
        # Cheap devices stall the request or have no language; a name is not worth losing the device.
        try:
            return usb.util.get_string(self._usb, index) or ""
        except (ValueError, usb.core.USBError):
            return ""

    def _translated(self, endpoint: Any) -> "_Translated":
        if self._closed:
            raise DeviceUnavailable(self._device, "closed")
        return _Translated(self._device, endpoint)


class _Translated:
    """A context in which what pyusb raises becomes DeviceUnavailable, and a halted `endpoint` works again afterwards.

    Every transfer is in one, and contextlib's would cost each some microseconds.
    """

    def __init__(self, device: str, endpoint: Any = None) -> None:
        self._device = device
        self._endpoint = endpoint

    def __enter__(self) -> None: ...

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if isinstance(error, usb.core.NoBackendError):
            raise DeviceUnavailable(self._device, "libusb is not installed") from None
        if not isinstance(error, usb.core.USBError):
            return
        if error.errno == errno.EPIPE and self._endpoint is not None:
            # Whoever opens the device again must not find the pipe still halted; it may be gone meanwhile.
            with _Translated(self._device):
                self._endpoint.clear_halt()
        reason = _REASONS.get(error.errno or 0, f"{error.strerror} (errno {error.errno})")
        raise DeviceUnavailable(self._device, reason) from error


def _read(endpoint: Any, size: int, timeout_s: float) -> bytes:
    try:
        return bytes(endpoint.read(size, _milliseconds(timeout_s)))
    except usb.core.USBTimeoutError:
        return b""


def _milliseconds(seconds: float) -> int:
    """Return a time-out for libusb, where 0 would mean for ever."""
    return max(1, math.ceil(seconds * 1000))
