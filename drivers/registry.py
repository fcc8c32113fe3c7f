"""The models that a terminal can be built from: one line each; more come from other packages by entry points."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import entry_points
from typing import Any

import usb.backend

from drivers.ccid_reader import CcidReader
from drivers.receipt_layout import PRINTERS, PrinterProfile
from drivers.receipt_printer import EscPosPrinter
from drivers.serial_port import open_serial
from drivers.tcp_port import open_tcp
from drivers.top_up_module import TUnionTopUpModule
from drivers.transport import Transport, UsbTransport
from drivers.usb import open_usb
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable, OpenTellerError
from wire import ccid, usb_printer

ENTRY_POINT_GROUP = "openteller.drivers"


class Role(Enum):
    """What a device is for; the value is its section in `kiosk.toml`."""

    TOP_UP_MODULE = "top_up_module"
    RECEIPT_PRINTER = "receipt_printer"


@dataclass(frozen=True)
class Place:
    """Where a device is: its name, its port as configured, and what it takes to open that.

    `usb_backend` gives the pyusb backend for a USB port; None there means libusb.
    """

    name: str
    port: str
    baudrate: int
    clock: Clock
    usb_backend: Callable[[str], usb.backend.IBackend | None]


@dataclass(frozen=True)
class Model:
    """A model: what it is for and how its driver is opened (raises DeviceUnavailable)."""

    role: Role
    open: Callable[[Place], Any]


def is_usb(port: str) -> bool:
    """Return whether a port is "usb://VID:PID" or the simulator's "sim-usb://VID:PID"."""
    return port.startswith(("usb://", "sim-usb://"))


def _open_usb(place: Place, interface_class: int) -> UsbTransport:
    vendor_id, _, product_id = place.port.partition("://")[2].partition(":")
    backend = place.usb_backend(place.port)
    return open_usb(int(vendor_id, 16), int(product_id, 16), place.name, place.clock, interface_class, backend=backend)


def _ccid_t_union(place: Place) -> TUnionTopUpModule:
    if not is_usb(place.port):
        raise DeviceUnavailable(place.name, f"a CCID reader needs a USB port, not {place.port}")
    transport = _open_usb(place, ccid.INTERFACE_CLASS)
    try:
        return TUnionTopUpModule(place.name, CcidReader(place.name, transport, place.clock), place.clock)
    except OpenTellerError:
        transport.close()
        raise


def _escpos(profile: PrinterProfile) -> Callable[[Place], EscPosPrinter]:
    def open_printer(place: Place) -> EscPosPrinter:
        transport: Transport
        if is_usb(place.port):
            transport = _open_usb(place, usb_printer.INTERFACE_CLASS)
        elif place.port.startswith("socket://"):
            host, _, port = place.port.partition("://")[2].rpartition(":")
            transport = open_tcp(host, int(port), place.name, place.clock)
        else:
            transport = open_serial(place.port, place.baudrate, place.name, place.clock)
        return EscPosPrinter(place.name, transport, profile, place.clock)

    return open_printer


MODELS: Mapping[str, Model] = {
    "ccid-t-union": Model(Role.TOP_UP_MODULE, _ccid_t_union),
}


def models(printers: Mapping[str, PrinterProfile] = PRINTERS) -> dict[str, Model]:
    """Return all models: ours, an ESC/POS printer for each profile, and those of installed packages.

    A package adds models by the entry-point group ENTRY_POINT_GROUP; it cannot replace ours.
    """
    found = dict(MODELS)
    found.update({name: Model(Role.RECEIPT_PRINTER, _escpos(profile)) for name, profile in printers.items()})
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        found.setdefault(entry.name, entry.load())
    return found
