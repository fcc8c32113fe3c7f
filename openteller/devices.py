"""Devices from configuration: the one place that knows that a port can be the simulator's."""

from collections.abc import Callable
from typing import Any

import usb.backend

from drivers.registry import Place, Role
from kiosk_core.clock import Clock
from openteller.config import ReceiptPrinterSection, TerminalConfig, TopUpModuleSection


def opener(config: TerminalConfig, role: Role, clock: Clock) -> Callable[[], Any]:
    """Return a function that opens the device of `role` and raises DeviceUnavailable when it cannot."""
    section = device_section(config, role)
    model = config.models[section.model]  # load_terminal has checked the name
    baudrate = section.baudrate if isinstance(section, ReceiptPrinterSection) else 0
    place = Place(role.value, section.port, baudrate, clock, lambda port: _usb_backend(config, port))
    return lambda: model.open(place)


def device_section(config: TerminalConfig, role: Role) -> TopUpModuleSection | ReceiptPrinterSection:
    """Return what `kiosk.toml` says of the device of `role`."""
    match role:
        case Role.TOP_UP_MODULE:
            return config.devices.top_up_module
        case Role.RECEIPT_PRINTER:
            return config.devices.receipt_printer


def _usb_backend(config: TerminalConfig, port: str) -> usb.backend.IBackend | None:
    if not port.startswith("sim-usb://") or config.simulator is None:
        return None
    from device_sim.attach import usb_backend  # noqa: PLC0415  (a real terminal never loads the simulator)

    return usb_backend(config.simulator.usb_socket)
