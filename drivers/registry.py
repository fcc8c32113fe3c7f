"""The models that a terminal can be built from: one line each; more come from other packages by entry points."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

import usb.backend

from drivers import barcode_scanner, crt310, crt591, pp791, receipt_printer, sdt_reader
from drivers.card_profiles import CARDS, CardProfile
from drivers.ccid_reader import CcidReader
from drivers.crt288k import Crt288kReader
from drivers.crt310_card_reader import Crt310CardReader
from drivers.pcsc_reader import PcscReader
from drivers.receipt_layout import PRINTERS, PrinterProfile
from drivers.serial_port import open_serial
from drivers.tcp_port import open_tcp
from drivers.top_up_module import TUnionTopUpModule
from drivers.trace.maskers import Masker
from drivers.transport import Transport, UsbTransport
from drivers.usb import HID_CLASS, open_usb
from kiosk_core.clock import Clock
from kiosk_core.device import Device
from kiosk_core.errors import ConfigError, DeviceUnavailable
from wire import ccid, usb_printer

ENTRY_POINT_GROUP = "openteller.drivers"

_PCSC = "pcsc://"


class Role(Enum):
    """What a device is for; the value is its section in `kiosk.toml`."""

    TOP_UP_MODULE = "top_up_module"
    RECEIPT_PRINTER = "receipt_printer"
    CARD_READER = "card_reader"
    ID_CARD_READER = "id_card_reader"
    PIN_PAD = "pin_pad"
    CAMERA = "camera"
    BARCODE_SCANNER = "barcode_scanner"


class Watch(Protocol):
    """Puts itself between a driver and its transport, to see what passes: a trace."""

    def line(self, transport: Transport) -> Transport:
        """Return a transport that passes everything on to `transport`."""
        ...

    def usb(self, transport: UsbTransport) -> UsbTransport:
        """Return a transport that passes everything on to `transport`."""
        ...


@dataclass(frozen=True)
class Place:
    """Where a device is: its name, its port as configured, and what it takes to open that.

    `baudrate` is None where the configuration names none: the model's own then. `usb_backend` gives the pyusb backend
    for a USB port; None there means libusb. `watch` sees what passes between driver and transport.
    """

    name: str
    port: str
    baudrate: int | None
    clock: Clock
    usb_backend: Callable[[str], usb.backend.IBackend | None]
    watch: Watch | None = None

    def open_usb(self, interface_class: int | None) -> UsbTransport:
        """Open the first interface of that class (None: of any) of the device at a USB port.

        Raises:
            DeviceUnavailable: absent, in use, without such an interface, or the port is none on USB.
        """
        if not is_usb(self.port):
            raise DeviceUnavailable(self.name, f"needs a USB port, not {self.port}")
        vendor_id, _, product_id = self.port.partition("://")[2].partition(":")
        backend = self.usb_backend(self.port)
        numbers = int(vendor_id, 16), int(product_id, 16)
        transport = open_usb(*numbers, self.name, self.clock, interface_class, backend=backend)
        return self.watch.usb(transport) if self.watch is not None else transport

    def open_line(self, baudrate: int) -> Transport:
        """Open a serial port, with `baudrate` where the configuration names none, or a TCP one.

        Raises:
            DeviceUnavailable: absent, in use, or the port is neither.
        """
        if is_usb(self.port):
            raise DeviceUnavailable(self.name, f"needs a serial port, not {self.port}")
        if self.port.startswith("socket://"):
            host, _, port = self.port.partition("://")[2].rpartition(":")
            transport = open_tcp(host, int(port), self.name, self.clock)
        else:
            transport = open_serial(self.port, self.baudrate or baudrate, self.name, self.clock)
        return self.watch.line(transport) if self.watch is not None else transport


@dataclass(frozen=True)
class Model:
    """A model: what it is for and how its driver is opened (raises DeviceUnavailable).

    `family` is its protocol as traces know it (drivers/trace/families.py), or any name for one that they do not know;
    `masker` then says what of it may be kept. Without either a trace keeps no byte of it.
    """

    role: Role
    open: Callable[[Place], Device]
    family: str = ""
    masker: Callable[[], Masker] | None = None


def is_usb(port: str) -> bool:
    """Return whether a port is "usb://VID:PID" or the simulator's "sim-usb://VID:PID"."""
    return port.startswith(("usb://", "sim-usb://"))


def _top_up(cards: Mapping[str, CardProfile]) -> Model:
    profiles = tuple(cards.values())

    def open_module(place: Place) -> Device:
        if place.port.startswith(_PCSC):
            reader = PcscReader(place.name, place.port.removeprefix(_PCSC), place.clock)
            return TUnionTopUpModule(place.name, reader, place.clock, profiles)
        transport = place.open_usb(ccid.INTERFACE_CLASS)
        try:
            ccid_reader = CcidReader(place.name, transport, place.clock)
            return TUnionTopUpModule(place.name, ccid_reader, place.clock, profiles)
        except BaseException:
            transport.close()
            raise

    return Model(Role.TOP_UP_MODULE, open_module, "ccid")


def _crt591(profile: crt591.Profile) -> Callable[[Place], Device]:
    return lambda place: crt591.Crt591Reader(place.name, place.open_line(crt591.BAUDRATE), place.clock, profile)


def _crt310(place: Place) -> Device:
    transport = place.open_line(crt310.BAUDRATE)
    return Crt310CardReader(place.name, crt310.Crt310Reader(place.name, transport, place.clock))


def _crt288k(place: Place) -> Device:
    return Crt288kReader(place.name, place.open_usb(HID_CLASS), place.clock)


def _sdt(place: Place) -> Device:
    # Which class the USB interface has, no source says; the reader has one interface.
    transport = place.open_usb(None) if is_usb(place.port) else place.open_line(sdt_reader.BAUDRATE)
    return sdt_reader.SdtReader(place.name, transport, place.clock)


def _pp791(place: Place) -> Device:
    return pp791.Pp791(place.name, place.open_line(pp791.BAUDRATE), place.clock)


def _camera(place: Place) -> Device:
    from drivers.camera import open_camera  # noqa: PLC0415  (OpenCV takes 0.7 s and 36 MB)

    return open_camera(place.name, place.port, place.clock)


def _scanner(profile: barcode_scanner.ScannerProfile) -> Callable[[Place], Device]:
    def open_scanner(place: Place) -> Device:
        transport = place.open_line(barcode_scanner.BAUDRATE)
        return barcode_scanner.SerialBarcodeScanner(place.name, transport, place.clock, profile)

    return open_scanner


def _escpos(profile: PrinterProfile) -> Callable[[Place], Device]:
    def open_printer(place: Place) -> Device:
        usb_port = is_usb(place.port)
        transport = (
            place.open_usb(usb_printer.INTERFACE_CLASS) if usb_port else place.open_line(receipt_printer.BAUDRATE)
        )
        return receipt_printer.EscPosPrinter(place.name, transport, profile, place.clock)

    return open_printer


MODELS: Mapping[str, Model] = {
    "ccid-t-union": _top_up(CARDS),
    "crt-288k": Model(Role.CARD_READER, _crt288k),
    "crt-310": Model(Role.CARD_READER, _crt310, "crt310"),
    "crt-571": Model(Role.CARD_READER, _crt591(crt591.Profile(model="CRT-571")), "crt591"),
    "crt-591": Model(Role.CARD_READER, _crt591(crt591.Profile()), "crt591"),
    "opencv-camera": Model(Role.CAMERA, _camera),
    "pp791": Model(Role.PIN_PAD, _pp791),
    "sdt": Model(Role.ID_CARD_READER, _sdt, "sdt"),
    **{name: Model(Role.BARCODE_SCANNER, _scanner(each)) for name, each in barcode_scanner.PROFILES.items()},
}


def models(
    printers: Mapping[str, PrinterProfile] = PRINTERS, cards: Mapping[str, CardProfile] = CARDS
) -> dict[str, Model]:
    """Return all models: ours, an ESC/POS printer for each profile, and those of installed packages.

    The top-up module asks a card for the purses of `cards`, in their order.

    A package adds models by the entry-point group ENTRY_POINT_GROUP; it cannot replace ours.

    Raises:
        ConfigError: a package's model cannot be loaded, is none, or has the name of another one.
    """
    found = {**MODELS, "ccid-t-union": _top_up(cards)}
    found.update({name: Model(Role.RECEIPT_PRINTER, _escpos(profile), "escpos") for name, profile in printers.items()})
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name in found:
            raise _of_package(entry, "there is another model of that name; give it another in its pyproject.toml")
        found[entry.name] = _load(entry)
    return found


def _load(entry: EntryPoint) -> Model:
    try:
        model = entry.load()
    except Exception as error:
        raise _of_package(entry, f'"{entry.value}" cannot be loaded: {error}') from error
    if not isinstance(model, Model):
        raise _of_package(entry, f'"{entry.value}" is no drivers.registry.Model')
    return model


def _of_package(entry: EntryPoint, problem: str) -> ConfigError:
    package = entry.dist.name if entry.dist is not None else "a package"
    return ConfigError(package, None, f"{ENTRY_POINT_GROUP}.{entry.name}", problem)
