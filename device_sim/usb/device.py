"""What a simulated USB device is made of: its descriptors, and the functions behind its pipes."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Endpoint:
    """An endpoint descriptor: `address` with its direction bit, `attributes` 2 = bulk, 3 = interrupt."""

    address: int
    attributes: int
    max_packet: int = 64
    interval: int = 0


@dataclass(frozen=True)
class Interface:
    """An interface descriptor (alternate setting 0) with its class-specific `extra` bytes."""

    interface_class: int
    subclass: int
    protocol: int
    endpoints: tuple[Endpoint, ...]
    number: int = 0
    extra: bytes = b""


@dataclass(frozen=True)
class Descriptor:
    """A device with one configuration."""

    vendor_id: int
    product_id: int
    manufacturer: str
    product: str
    serial: str
    interfaces: tuple[Interface, ...]
    device_class: int = 0
    release: int = 0x0100


class Stall(Exception):
    """The device stalls the endpoint: pyusb's USBError(EPIPE, 32) at the other end."""


class UsbFunction(Protocol):
    """A simulated device behind its pipes: sans-I/O, called by one thread at a time, never blocks."""

    @property
    def descriptor(self) -> Descriptor:
        """Its descriptors, the same for its whole life."""
        ...

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        """Take one transfer, bulk or interrupt. Raises Stall."""
        ...

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        """Give the next transfer of at most `size` bytes, None when there is none yet (the host sees NAK)."""
        ...

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        """Answer a class or vendor request. Raises Stall for an unknown one."""
        ...

    def power_cycle(self) -> None:
        """Forget everything that a device forgets without power (after an unplug or a bus reset)."""
        ...
