"""Devices from configuration: the one place that knows that a port can be the simulator's."""

import logging
from collections.abc import Callable
from typing import Any

import usb.backend

from drivers.receipt_printer import EscPosPrinter
from drivers.registry import Place, Role
from drivers.trace.watch import TraceWatch
from kiosk_core.card_reader import CardReader, ResetAction
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, OpenTellerError
from kiosk_core.receipt import Bitmap
from kiosk_core.status import Media
from openteller.config import TerminalConfig
from openteller.sections import DeviceSection

_log = logging.getLogger(__name__)


def watch(config: TerminalConfig, role: Role, section: DeviceSection, clock: Clock) -> TraceWatch:
    """Return the recorder of the device of `role`."""
    model = config.models[section.model]  # load_terminal has checked the name
    return TraceWatch(
        role.value, clock, family=model.family, model=section.model, port=section.port, masker=model.masker
    )


def opener(
    config: TerminalConfig, role: Role, section: DeviceSection, clock: Clock, recorder: TraceWatch
) -> Callable[[], Any]:
    """Return a function that opens the device of `role` and raises DeviceUnavailable when it cannot."""
    model = config.models[section.model]  # load_terminal has checked the name
    place = Place(role.value, section.port, section.baudrate, clock, lambda port: _usb_backend(config, port), recorder)
    return lambda: model.open(place)


def with_logo(open_printer: Callable[[], Any], logo: Bitmap | None) -> Callable[[], Any]:
    """Return a function that opens a printer and has it keep `logo` in its own memory, where it can.

    It raises DeviceUnavailable; a logo that the printer cannot hold is logged, and goes out with each receipt.
    """

    def open_device() -> Any:
        printer = open_printer()
        if logo is not None and isinstance(printer, EscPosPrinter):
            try:
                printer.store(logo)
            except ValueError as error:
                _log.warning("the printer cannot keep the logo: %s", error)
            except OpenTellerError:
                printer.close()
                raise
        return printer

    return open_device


def giving_cards_back(open_reader: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that opens a card reader and brings a card that it finds in it to the gate.

    After a power cut, or a cable that came out, a customer's bank card lies there and nobody remembers it. The
    function raises DeviceUnavailable; a card that does not come out is in the reader's status.
    """

    def open_device() -> Any:
        reader: CardReader = open_reader()
        try:
            if reader.media() is not Media.NOT_PRESENT:
                reader.reset(ResetAction.EXIT)
        except DeviceFault as fault:
            _log.warning("a card does not come out: %s", fault)
        except OpenTellerError:
            reader.close()
            raise
        return reader

    return open_device


def _usb_backend(config: TerminalConfig, port: str) -> usb.backend.IBackend | None:
    if not port.startswith("sim-usb://") or config.simulator is None:
        return None
    from device_sim.attach import usb_backend  # noqa: PLC0415  (a real terminal never loads the simulator)

    return usb_backend(config.simulator.usb_socket)
