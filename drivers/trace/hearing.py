"""Transports that tell a listener what passes between a driver and its device."""

from typing import Protocol

from drivers.transport import Transport, UsbTransport
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.status import Identity
from kiosk_core.trace import What


class Listener(Protocol):
    """Who is told; on the thread that owns the device."""

    def passed(self, what: What, data: bytes, note: str = "") -> None:
        """Take a chunk; `note` are the five parameters of a control request."""
        ...

    def happened(self, what: What, note: str = "") -> None:
        """Take an event: DISCARD, CLOSE, or ERROR with its reason."""
        ...

    def timed_out(self) -> None:
        """Take that nothing came in time."""
        ...


class HeardLine:
    """A Transport that passes everything on to `inner` and tells of it; errors are told and raised."""

    def __init__(self, inner: Transport, listener: Listener) -> None:
        self._inner = inner
        self._listener = listener
        self._closed = False

    def write(self, data: bytes, timeout_s: float) -> None:
        """Tell, then send: what is sent and fails was sent."""
        if data:
            self._listener.passed(What.OUT, data)
        try:
            self._inner.write(data, timeout_s)
        except DeviceUnavailable as error:
            self._listener.happened(What.ERROR, error.reason)
            raise

    def read(self, size: int, timeout_s: float) -> bytes:
        """Receive, and tell of bytes or of silence."""
        try:
            data = self._inner.read(size, timeout_s)
        except DeviceUnavailable as error:
            self._listener.happened(What.ERROR, error.reason)
            raise
        if data:
            self._listener.passed(What.IN, data)
        else:
            self._listener.timed_out()
        return data

    def discard_input(self) -> None:
        """Throw away what was received."""
        self._listener.happened(What.DISCARD)
        try:
            self._inner.discard_input()
        except DeviceUnavailable as error:
            self._listener.happened(What.ERROR, error.reason)
            raise

    def close(self) -> None:
        """Let go of the device; never raises."""
        if not self._closed:
            self._closed = True
            self._listener.happened(What.CLOSE)
        self._inner.close()


class HeardUsb(HeardLine):
    """A UsbTransport that does the same; silence on the interrupt pipe is not worth a word."""

    def __init__(self, inner: UsbTransport, listener: Listener) -> None:
        super().__init__(inner, listener)
        self._usb = inner

    @property
    def identity(self) -> Identity:
        """The identity of the device."""
        return self._usb.identity

    @property
    def class_descriptor(self) -> bytes:
        """The bytes behind the interface descriptor."""
        return self._usb.class_descriptor

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        """Ask on endpoint 0, and tell of the answer."""
        note = f"{request_type:02x} {request:02x} {value:04x} {index:04x} {length:04x}"
        try:
            data = self._usb.control_in(request_type, request, value, index, length)
        except DeviceUnavailable as error:
            self._listener.happened(What.ERROR, f"control {note}: {error.reason}")
            raise
        self._listener.passed(What.CONTROL, data, note)
        return data

    def read_interrupt(self, size: int, timeout_s: float) -> bytes:
        """Read the interrupt pipe, and tell of what came."""
        try:
            data = self._usb.read_interrupt(size, timeout_s)
        except DeviceUnavailable as error:
            self._listener.happened(What.ERROR, error.reason)
            raise
        if data:
            self._listener.passed(What.INTERRUPT, data)
        return data
