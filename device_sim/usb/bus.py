"""A bus that simulated USB devices are plugged into, and the session that an application has with one of them.

Errors are those that pyusb raises over libusb and a real kernel (facts/simulation.md 2.4): time-out
USBTimeoutError(110), unplugged USBError(19), claimed by somebody else USBError(16), stalled USBError(32).
"""

import errno
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from usb.core import USBError, USBTimeoutError

from device_sim.usb.device import Descriptor, Endpoint, Stall, UsbFunction
from kiosk_core.clock import Clock

POLL_S = 0.002
"""How often a waiting read asks the device again; an unplug is noticed within this time."""

_LIBUSB_CODES = {
    errno.ENODEV: -4,
    errno.ENOENT: -5,
    errno.EBUSY: -6,
    errno.ETIMEDOUT: -7,
    errno.EPIPE: -9,
}


def usb_error(number: int) -> USBError:
    """Return the error that pyusb raises for this errno."""
    kind = USBTimeoutError if number == errno.ETIMEDOUT else USBError
    return kind(os.strerror(number), _LIBUSB_CODES.get(number), number)


@dataclass(frozen=True)
class Plugged:
    """A device on the bus; every plugging in gives it a new address."""

    address: int
    descriptor: Descriptor


class Session(Protocol):
    """An open device, as libusb sees it. Times are milliseconds, 0 is for ever. Every method raises USBError."""

    def close(self) -> None:
        """Give up every claim; a read that waits ends with ENODEV. Never raises."""
        ...

    def configuration(self) -> int:
        """Return the active configuration's value, 0 for none."""
        ...

    def set_configuration(self, value: int) -> None:
        """Choose a configuration; EBUSY while somebody has an interface."""
        ...

    def claim(self, interface: int) -> None:
        """Claim an interface; EBUSY if somebody else or the kernel has it."""
        ...

    def release(self, interface: int) -> None:
        """Give up an interface; ENOENT if it is not ours."""
        ...

    def write(self, endpoint: int, data: bytes) -> int:
        """Send one transfer and return its length."""
        ...

    def read(self, endpoint: int, size: int, timeout_ms: int) -> bytes:
        """Return one transfer."""
        ...

    def control(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        """Return the answer to a control request that carries no data to the device."""
        ...

    def clear_halt(self, endpoint: int) -> None:
        """Make a stalled endpoint work again."""
        ...

    def reset(self) -> None:
        """Reset the device."""
        ...

    def kernel_driver_active(self, interface: int) -> bool:
        """Return whether a driver of the kernel has the interface."""
        ...

    def detach_kernel_driver(self, interface: int) -> None:
        """Take the interface from the kernel; ENOENT if it does not have it."""
        ...


class Bus(Protocol):
    """What pyusb's backend stands on: the bus of this process, or that of another one."""

    def devices(self) -> Sequence[Plugged]:
        """Return what is plugged in now."""
        ...

    def open(self, address: int) -> Session:
        """Open a device; USBError ENODEV if it is gone."""
        ...


@dataclass
class _Socket:
    """One plugging in of a device, until it is pulled out."""

    plugged: Plugged
    function: UsbFunction
    kernel_drivers: set[int]
    gone: bool = False
    configuration: int = 1
    claims: dict[int, "LocalSession"] = field(default_factory=dict)
    halted: set[int] = field(default_factory=set)
    seized_by: "LocalSession | None" = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    pipes: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self.pipes = frozenset(each.address for each in _endpoints(self.plugged.descriptor))


class SimulatedBus:
    """A bus of this process; devices come and go at any time, from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sockets: list[_Socket] = []
        self._next_address = 1

    def attach(self, function: UsbFunction, kernel_drivers: frozenset[int] = frozenset()) -> Plugged:
        """Plug a device in; the kernel's own drivers hold the interfaces `kernel_drivers`.

        Raises:
            ValueError: it is plugged in already.
        """
        with self._lock:
            if any(socket.function is function for socket in self._sockets):
                raise ValueError("the device is plugged in already")
            plugged = Plugged(self._next_address, function.descriptor)
            self._next_address += 1
            self._sockets.append(_Socket(plugged, function, set(kernel_drivers)))
        return plugged

    def detach(self, function: UsbFunction) -> None:
        """Pull a device out: whoever waits for it learns it now, and the device loses its power.

        Raises:
            ValueError: it is not plugged in.
        """
        with self._lock:
            socket = self._socket_of(function)
            self._sockets.remove(socket)
        with socket.lock:
            socket.gone = True
            function.power_cycle()

    def seize(self, function: UsbFunction) -> None:
        """Have another program claim what nobody has claimed of a device, until `release` or an unplug.

        Raises:
            ValueError: it is not plugged in.
        """
        socket = self._socket_of(function)
        with socket.lock:
            other = LocalSession(socket, self._clock)
            free = {each.number for each in socket.plugged.descriptor.interfaces} - set(socket.claims)
            socket.claims.update(dict.fromkeys(free, other))
            socket.seized_by = other

    def release(self, function: UsbFunction) -> None:
        """End what `seize` began.

        Raises:
            ValueError: the device is not plugged in.
        """
        seized_by = self._socket_of(function).seized_by
        if seized_by is not None:
            seized_by.close()

    def devices(self) -> Sequence[Plugged]:
        """Return what is plugged in now."""
        with self._lock:
            return [socket.plugged for socket in self._sockets]

    def open(self, address: int) -> "LocalSession":
        """Open a device; USBError ENODEV if it is gone."""
        with self._lock:
            for socket in self._sockets:
                if socket.plugged.address == address:
                    return LocalSession(socket, self._clock)
        raise usb_error(errno.ENODEV)

    def _socket_of(self, function: UsbFunction) -> _Socket:
        socket = next((socket for socket in self._sockets if socket.function is function), None)
        if socket is None:
            raise ValueError("the device is not plugged in")
        return socket


class LocalSession:
    """A Session with a device of a SimulatedBus."""

    def __init__(self, socket: _Socket, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock
        self._closed = False

    def close(self) -> None:
        """Give up every claim; a read that waits ends with ENODEV. Never raises."""
        with self._socket.lock:
            self._closed = True
            claims = self._socket.claims
            self._socket.claims = {interface: owner for interface, owner in claims.items() if owner is not self}

    def configuration(self) -> int:
        """Return the active configuration's value, 0 for none."""
        with self._socket.lock:
            self._expect_present()
            return self._socket.configuration

    def set_configuration(self, value: int) -> None:
        """Choose a configuration; EBUSY while somebody has an interface."""
        with self._socket.lock:
            self._expect_present()
            if self._socket.claims or self._socket.kernel_drivers:
                raise usb_error(errno.EBUSY)
            if value not in {0, 1}:
                raise usb_error(errno.ENOENT)
            self._socket.configuration = value
            self._socket.halted.clear()

    def claim(self, interface: int) -> None:
        """Claim an interface; EBUSY if somebody else or the kernel has it."""
        with self._socket.lock:
            self._expect_present()
            numbers = {each.number for each in self._socket.plugged.descriptor.interfaces}
            if self._socket.configuration == 0 or interface not in numbers:
                raise usb_error(errno.ENOENT)
            owner = self._socket.claims.get(interface, self)
            if owner is not self or interface in self._socket.kernel_drivers:
                raise usb_error(errno.EBUSY)
            self._socket.claims[interface] = self

    def release(self, interface: int) -> None:
        """Give up an interface; ENOENT if it is not ours."""
        with self._socket.lock:
            self._expect_present()
            if self._socket.claims.get(interface) is not self:
                raise usb_error(errno.ENOENT)
            del self._socket.claims[interface]

    def write(self, endpoint: int, data: bytes) -> int:
        """Send one transfer and return its length."""
        with self._socket.lock:
            self._expect_pipe(endpoint)
            try:
                self._socket.function.bulk_out(endpoint, data)
            except Stall:
                self._halt(endpoint)
        return len(data)

    def read(self, endpoint: int, size: int, timeout_ms: int) -> bytes:
        """Return one transfer."""
        deadline = self._clock.now() + timeout_ms / 1000
        while True:
            with self._socket.lock:
                self._expect_pipe(endpoint)
                try:
                    data = self._socket.function.bulk_in(endpoint, size)
                except Stall:
                    self._halt(endpoint)
            if data is not None:
                return data
            remaining = deadline - self._clock.now() if timeout_ms else POLL_S
            if remaining <= 0:
                raise usb_error(errno.ETIMEDOUT)
            self._clock.sleep(min(POLL_S, remaining))

    def control(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        """Return the answer to a control request that carries no data to the device."""
        with self._socket.lock:
            self._expect_present()
            try:
                if request_type & 0x60 == 0:
                    return _standard_request(self._socket.plugged.descriptor, request_type, request, value)[:length]
                return self._socket.function.control_in(request_type, request, value, index, length)[:length]
            except Stall:
                raise usb_error(errno.EPIPE) from None

    def clear_halt(self, endpoint: int) -> None:
        """Make a stalled endpoint work again."""
        with self._socket.lock:
            self._expect_present()
            self._socket.halted.discard(endpoint)

    def reset(self) -> None:
        """Reset the device."""
        with self._socket.lock:
            self._expect_present()
            self._socket.halted.clear()
            self._socket.function.power_cycle()

    def kernel_driver_active(self, interface: int) -> bool:
        """Return whether a driver of the kernel has the interface."""
        with self._socket.lock:
            self._expect_present()
            return interface in self._socket.kernel_drivers

    def detach_kernel_driver(self, interface: int) -> None:
        """Take the interface from the kernel; ENOENT if it does not have it."""
        with self._socket.lock:
            self._expect_present()
            if interface not in self._socket.kernel_drivers:
                raise usb_error(errno.ENOENT)
            self._socket.kernel_drivers.remove(interface)

    def _expect_present(self) -> None:
        if self._socket.gone or self._closed:
            raise usb_error(errno.ENODEV)

    def _expect_pipe(self, endpoint: int) -> None:
        self._expect_present()
        if endpoint not in self._socket.pipes:
            raise usb_error(errno.ENOENT)
        if endpoint in self._socket.halted:
            raise usb_error(errno.EPIPE)

    def _halt(self, endpoint: int) -> None:
        self._socket.halted.add(endpoint)
        raise usb_error(errno.EPIPE) from None


def _endpoints(descriptor: Descriptor) -> list[Endpoint]:
    return [endpoint for interface in descriptor.interfaces for endpoint in interface.endpoints]


_GET_DESCRIPTOR = 6
_STRING = 3
_ENGLISH = b"\x09\x04"


def strings(descriptor: Descriptor) -> tuple[str, str, str]:
    """Return the texts behind the string indexes 1, 2 and 3."""
    return descriptor.manufacturer, descriptor.product, descriptor.serial


def _standard_request(descriptor: Descriptor, request_type: int, request: int, value: int) -> bytes:
    """Answer GET_DESCRIPTOR for strings: libusb has the other descriptors from the kernel's cache. Raises Stall."""
    kind, index = divmod(value, 0x100)
    texts = strings(descriptor)
    if (request_type, request, kind) != (0x80, _GET_DESCRIPTOR, _STRING) or index > len(texts):
        raise Stall
    body = texts[index - 1].encode("utf-16-le") if index else _ENGLISH
    return bytes((len(body) + 2, _STRING)) + body
