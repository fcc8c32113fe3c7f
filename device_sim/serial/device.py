"""What a simulated device on a serial line is: bytes in, bytes out."""

from typing import Protocol


class SerialDevice(Protocol):
    """A simulated device behind a serial line: sans-I/O, never blocks, may be called from several threads."""

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent and return what the device answers at once."""
        ...

    def idle(self) -> bytes:
        """Return what the device has to say by itself; asked some fifty times a second while the line is open."""
        ...
