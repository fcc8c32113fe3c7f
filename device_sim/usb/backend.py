"""pyusb's view of a simulated bus: an own usb.backend.IBackend, which drivers never see and never ask for."""

import errno
from array import array
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import usb.backend

from device_sim.usb.bus import Bus, Plugged, Session, SimulatedBus, usb_error
from device_sim.usb.device import Descriptor, Interface

__all__ = ["BusBackend", "InProcessBackend", "SimulatedBus"]

_FULL_SPEED = 2
_CONFIGURATION_BYTES, _INTERFACE_BYTES, _ENDPOINT_BYTES = 9, 9, 7


class BusBackend(usb.backend.IBackend):  # type: ignore[misc]  # pyusb has no types
    """The methods that pyusb calls, over whatever bus. Isochronous transfers stay unimplemented."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def enumerate_devices(self) -> Iterator[Plugged]:
        """Yield what is plugged in now."""
        return iter(self._bus.devices())

    def get_parent(self, dev: Plugged) -> None:  # noqa: ARG002  (pyusb's signature)
        """Return no parent: there is no hub."""
        return

    def get_device_descriptor(self, dev: Plugged) -> SimpleNamespace:
        """Return the device descriptor with bus and address beside it."""
        return _device_descriptor(dev)

    def get_configuration_descriptor(self, dev: Plugged, config: int) -> SimpleNamespace:
        """Return the only configuration descriptor; IndexError ends pyusb's search for more."""
        if config != 0:
            raise IndexError(config)
        return _configuration_descriptor(dev.descriptor)

    def get_interface_descriptor(self, dev: Plugged, intf: int, alt: int, config: int) -> SimpleNamespace:  # noqa: ARG002
        """Return an interface descriptor; IndexError ends pyusb's search for more."""
        if alt != 0:
            raise IndexError(alt)
        return _interface_descriptor(dev.descriptor.interfaces[intf])

    def get_endpoint_descriptor(self, dev: Plugged, ep: int, intf: int, alt: int, config: int) -> SimpleNamespace:  # noqa: ARG002
        """Return an endpoint descriptor."""
        endpoint = dev.descriptor.interfaces[intf].endpoints[ep]
        return SimpleNamespace(
            bLength=_ENDPOINT_BYTES,
            bDescriptorType=5,
            bEndpointAddress=endpoint.address,
            bmAttributes=endpoint.attributes,
            wMaxPacketSize=endpoint.max_packet,
            bInterval=endpoint.interval,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=[],
        )

    def open_device(self, dev: Plugged) -> Session:
        """Open the device."""
        return self._bus.open(dev.address)

    def close_device(self, dev_handle: Session) -> None:
        """Close the device."""
        dev_handle.close()

    def set_configuration(self, dev_handle: Session, config_value: int) -> None:
        """Choose a configuration."""
        dev_handle.set_configuration(config_value)

    def get_configuration(self, dev_handle: Session) -> int:
        """Return the configuration's value."""
        return dev_handle.configuration()

    def set_interface_altsetting(self, dev_handle: Session, intf: int, altsetting: int) -> None:
        """Accept the only alternate setting."""

    def claim_interface(self, dev_handle: Session, intf: int) -> None:
        """Claim an interface."""
        dev_handle.claim(intf)

    def release_interface(self, dev_handle: Session, intf: int) -> None:
        """Release an interface."""
        dev_handle.release(intf)

    def bulk_write(self, dev_handle: Session, ep: int, intf: int, data: Any, timeout: int) -> int:  # noqa: ARG002
        """Send one transfer."""
        return dev_handle.write(ep, bytes(data))

    def bulk_read(self, dev_handle: Session, ep: int, intf: int, buff: "array[int]", timeout: int) -> int:  # noqa: ARG002
        """Receive one transfer into `buff`."""
        return _fill(buff, dev_handle.read(ep, len(buff), timeout))

    def intr_write(self, dev_handle: Session, ep: int, intf: int, data: Any, timeout: int) -> int:
        """Send one interrupt transfer."""
        return self.bulk_write(dev_handle, ep, intf, data, timeout)

    def intr_read(self, dev_handle: Session, ep: int, intf: int, size: "array[int]", timeout: int) -> int:
        """Receive one interrupt transfer into `size`, which is pyusb's name for the buffer."""
        return self.bulk_read(dev_handle, ep, intf, size, timeout)

    def ctrl_transfer(  # noqa: PLR0917  (pyusb's signature)
        self,
        dev_handle: Session,
        bmRequestType: int,  # noqa: N803  (pyusb's names)
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803
        data: "array[int]",
        timeout: int,  # noqa: ARG002
    ) -> int:
        """Carry out a control request; no device here takes data with one, so such a request stalls."""
        to_host = bool(bmRequestType & 0x80)
        if not to_host and len(data):
            raise usb_error(errno.EPIPE)
        answer = dev_handle.control(bmRequestType, bRequest, wValue, wIndex, len(data) if to_host else 0)
        return _fill(data, answer) if to_host else 0

    def clear_halt(self, dev_handle: Session, ep: int) -> None:
        """Make a stalled endpoint work again."""
        dev_handle.clear_halt(ep)

    def reset_device(self, dev_handle: Session) -> None:
        """Reset the device."""
        dev_handle.reset()

    def is_kernel_driver_active(self, dev_handle: Session, intf: int) -> bool:
        """Return whether the kernel has the interface."""
        return dev_handle.kernel_driver_active(intf)

    def detach_kernel_driver(self, dev_handle: Session, intf: int) -> None:
        """Take the interface from the kernel."""
        dev_handle.detach_kernel_driver(intf)


class InProcessBackend(BusBackend):
    """The backend over a bus of this process."""

    def __init__(self, bus: SimulatedBus) -> None:
        super().__init__(bus)


def _fill(buffer: "array[int]", data: bytes) -> int:
    buffer[: len(data)] = array("B", data)
    return len(data)


def _device_descriptor(plugged: Plugged) -> SimpleNamespace:
    descriptor = plugged.descriptor
    return SimpleNamespace(
        bLength=18,
        bDescriptorType=1,
        bcdUSB=0x0200,
        bDeviceClass=descriptor.device_class,
        bDeviceSubClass=0,
        bDeviceProtocol=0,
        bMaxPacketSize0=64,
        idVendor=descriptor.vendor_id,
        idProduct=descriptor.product_id,
        bcdDevice=descriptor.release,
        iManufacturer=1,
        iProduct=2,
        iSerialNumber=3,
        bNumConfigurations=1,
        address=plugged.address,
        bus=1,
        port_number=plugged.address,
        port_numbers=(plugged.address,),
        speed=_FULL_SPEED,
    )


def _configuration_descriptor(descriptor: Descriptor) -> SimpleNamespace:
    interfaces = sum(
        _INTERFACE_BYTES + len(each.extra) + _ENDPOINT_BYTES * len(each.endpoints) for each in descriptor.interfaces
    )
    return SimpleNamespace(
        bLength=_CONFIGURATION_BYTES,
        bDescriptorType=2,
        wTotalLength=_CONFIGURATION_BYTES + interfaces,
        bNumInterfaces=len(descriptor.interfaces),
        bConfigurationValue=1,
        iConfiguration=0,
        bmAttributes=0x80,
        bMaxPower=50,
        extra_descriptors=[],
    )


def _interface_descriptor(interface: Interface) -> SimpleNamespace:
    return SimpleNamespace(
        bLength=_INTERFACE_BYTES,
        bDescriptorType=4,
        bInterfaceNumber=interface.number,
        bAlternateSetting=0,
        bNumEndpoints=len(interface.endpoints),
        bInterfaceClass=interface.interface_class,
        bInterfaceSubClass=interface.subclass,
        bInterfaceProtocol=interface.protocol,
        iInterface=0,
        extra_descriptors=list(interface.extra),
    )
