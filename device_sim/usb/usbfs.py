"""The device file of a simulated USB device: the ioctls by which libusb works.

Their numbers and structures are those of Linux, include/uapi/linux/usbdevice_fs.h, their errors those of
drivers/usb/core/devio.c. It reads and writes the caller's structures in place, so it serves its own process only.
"""

import ctypes
import errno
from collections.abc import Callable

from usb.core import USBError

from device_sim.usb.bus import Session
from device_sim.usb.device import Descriptor

_ATTEMPT_MS = 1
"""How long one look at the pipes may take: a regular file is always ready, and libusb asks again without a pause."""

_CONTROL_URB = 2
_TO_HOST = 0x80
_SETUP_BYTES = 8
_DRIVER_NAME_BYTES = 256

# Zero packets, one URB for a transfer of any length, and URBs that can be reaped from a device that is gone.
_CAPABILITIES = 0x01 | 0x02 | 0x04 | 0x08 | 0x10


class _Urb(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_ubyte),
        ("endpoint", ctypes.c_ubyte),
        ("status", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("buffer", ctypes.c_void_p),
        ("buffer_length", ctypes.c_int),
        ("actual_length", ctypes.c_int),
        ("start_frame", ctypes.c_int),
        ("stream_id", ctypes.c_uint),
        ("error_count", ctypes.c_int),
        ("signr", ctypes.c_uint),
        ("usercontext", ctypes.c_void_p),
    )


class _Setup(ctypes.LittleEndianStructure):
    _pack_ = 1
    _fields_ = (
        ("request_type", ctypes.c_ubyte),
        ("request", ctypes.c_ubyte),
        ("value", ctypes.c_uint16),
        ("index", ctypes.c_uint16),
        ("length", ctypes.c_uint16),
    )


class _GetDriver(ctypes.Structure):
    _fields_ = (("interface", ctypes.c_uint), ("driver", ctypes.c_char * _DRIVER_NAME_BYTES))


class _ToInterface(ctypes.Structure):
    _fields_ = (("interface", ctypes.c_int), ("code", ctypes.c_int), ("data", ctypes.c_void_p))


def _request(direction: int, number: int, size: int) -> int:
    """Return the number of an ioctl as <asm-generic/ioctl.h> makes it: 0 no argument, 1 write, 2 read, 3 both."""
    return direction << 30 | size << 16 | ord("U") << 8 | number


_INT, _POINTER = ctypes.sizeof(ctypes.c_int), ctypes.sizeof(ctypes.c_void_p)
_SET_CONFIGURATION = _request(2, 5, _INT)
_GET_DRIVER = _request(1, 8, ctypes.sizeof(_GetDriver))
_SUBMIT_URB = _request(2, 10, ctypes.sizeof(_Urb))
_DISCARD_URB = _request(0, 11, 0)
_REAP_URB_NO_DELAY = _request(1, 13, _POINTER)
_CLAIM_INTERFACE = _request(2, 15, _INT)
_RELEASE_INTERFACE = _request(2, 16, _INT)
_TO_INTERFACE = _request(3, 18, ctypes.sizeof(_ToInterface))
_RESET = _request(0, 20, 0)
_CLEAR_HALT = _request(2, 21, _INT)
_DISCONNECT = _request(0, 22, 0)
_GET_CAPABILITIES = _request(2, 26, _INT)


class DeviceFile:
    """A device file that somebody has opened. One thread at a time calls it, and no call waits.

    `configured` is told every configuration that is chosen. libusb uses no synchronous ioctl (CONTROL, BULK,
    REAPURB), and there are none here.
    """

    def __init__(self, session: Session, configured: Callable[[int], None]) -> None:
        self._session = session
        self._configured = configured
        self._flying: list[int] = []
        self._done: list[int] = []
        self._simple: dict[int, Callable[[int], None]] = {
            _CLAIM_INTERFACE: session.claim,
            _RELEASE_INTERFACE: session.release,
            _CLEAR_HALT: session.clear_halt,
        }

    def close(self) -> None:
        """Give up every claim."""
        self._session.close()

    def ioctl(self, request: int, argument: int) -> None:
        """Carry out an ioctl with its `argument`, mostly the address of a structure.

        Raises:
            OSError: with the errno that the kernel would give.
        """
        try:
            self._carry_out(request, argument)
        except USBError as error:
            raise OSError(error.errno, error.strerror) from None

    def _carry_out(self, request: int, argument: int) -> None:
        match request:
            case _ if request in self._simple:
                self._simple[request](ctypes.c_uint.from_address(argument).value)
            case _ if request == _SUBMIT_URB:
                self._submit(argument)
            case _ if request == _REAP_URB_NO_DELAY:
                self._reap(argument)
            case _ if request == _DISCARD_URB:
                self._discard(argument)
            case _ if request == _SET_CONFIGURATION:
                value = ctypes.c_uint.from_address(argument).value
                self._session.set_configuration(value)
                self._configured(value)
            case _ if request == _GET_DRIVER:
                self._name_driver(_GetDriver.from_address(argument))
            case _ if request == _TO_INTERFACE:
                self._disconnect(_ToInterface.from_address(argument))
            case _ if request == _RESET:
                self._session.reset()
            case _ if request == _GET_CAPABILITIES:
                ctypes.c_uint32.from_address(argument).value = _CAPABILITIES
            case _:
                raise OSError(errno.ENOTTY, "no such ioctl")

    def _submit(self, address: int) -> None:
        urb = _Urb.from_address(address)
        self._session.configuration()  # ENODEV after an unplug
        if urb.type == _CONTROL_URB:
            self._finish(address, lambda: self._control(urb))
        elif urb.endpoint & _TO_HOST:
            self._flying.append(address)
        else:
            data = ctypes.string_at(urb.buffer, urb.buffer_length)
            self._finish(address, lambda: self._session.write(urb.endpoint, data))

    def _control(self, urb: _Urb) -> int:
        setup = _Setup.from_address(urb.buffer)
        if not setup.request_type & _TO_HOST and setup.length:
            # No device here takes data with a control request.
            raise USBError("stalled", errno=errno.EPIPE)
        answer = self._session.control(setup.request_type, setup.request, setup.value, setup.index, setup.length)
        ctypes.memmove(urb.buffer + _SETUP_BYTES, answer, len(answer))
        return len(answer)

    def _reap(self, address: int) -> None:
        if not self._done:
            self._look_at_pipes()
        if not self._done:
            self._session.configuration()  # ENODEV after an unplug
            raise OSError(errno.EAGAIN, "nothing to reap")
        ctypes.c_void_p.from_address(address).value = self._done.pop(0)

    def _look_at_pipes(self) -> None:
        first: dict[int, int] = {}
        for address in self._flying:
            first.setdefault(_Urb.from_address(address).endpoint, address)
        for address in first.values():
            urb = _Urb.from_address(address)
            try:
                data = self._session.read(urb.endpoint, urb.buffer_length, _ATTEMPT_MS)
            except USBError as error:
                if error.errno != errno.ETIMEDOUT:
                    self._flying.remove(address)
                    self._end(urb, address, error.errno)
            else:
                self._flying.remove(address)
                ctypes.memmove(urb.buffer, data, len(data))
                self._end(urb, address, 0, len(data))

    def _discard(self, address: int) -> None:
        if address not in self._flying:
            raise OSError(errno.EINVAL, "not under way")
        self._flying.remove(address)
        self._end(_Urb.from_address(address), address, errno.ENOENT)

    def _finish(self, address: int, transfer: Callable[[], int]) -> None:
        urb = _Urb.from_address(address)
        try:
            length = transfer()
        except USBError as error:
            self._end(urb, address, error.errno)
        else:
            self._end(urb, address, 0, length)

    def _end(self, urb: _Urb, address: int, number: int | None, length: int = 0) -> None:
        # A kernel ends the URBs of an unplugged device so.
        urb.status = -(errno.ESHUTDOWN if number == errno.ENODEV else number or 0)
        urb.actual_length = length
        self._done.append(address)

    def _name_driver(self, asked: _GetDriver) -> None:
        if not self._session.kernel_driver_active(asked.interface):
            raise OSError(errno.ENODATA, "no driver")
        asked.driver = b"simulated"

    def _disconnect(self, command: _ToInterface) -> None:
        if command.code & 0xFFFFFFFF != _DISCONNECT:
            raise OSError(errno.ENOTTY, "no such ioctl")
        if not self._session.kernel_driver_active(command.interface):
            raise OSError(errno.ENODATA, "no driver")
        self._session.detach_kernel_driver(command.interface)


def descriptor_bytes(descriptor: Descriptor) -> bytes:
    """Return the device descriptor and its one configuration, as the kernel caches them (USB 2.0, 9.6)."""
    interfaces = b"".join(
        bytes((9, 4, each.number, 0, len(each.endpoints), each.interface_class, each.subclass, each.protocol, 0))
        + each.extra
        + b"".join(
            bytes((7, 5, pipe.address, pipe.attributes))
            + pipe.max_packet.to_bytes(2, "little")
            + bytes((pipe.interval,))
            for pipe in each.endpoints
        )
        for each in descriptor.interfaces
    )
    total = (9 + len(interfaces)).to_bytes(2, "little")
    numbers = b"".join(
        each.to_bytes(2, "little") for each in (descriptor.vendor_id, descriptor.product_id, descriptor.release)
    )
    device = bytes((18, 1, 0x00, 0x02, descriptor.device_class, 0, 0, 64)) + numbers + bytes((1, 2, 3, 1))
    return device + bytes((9, 2)) + total + bytes((len(descriptor.interfaces), 1, 0, 0x80, 50)) + interfaces
