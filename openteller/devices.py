"""Devices from configuration: the one place that knows that a port can be the simulator's."""

from collections.abc import Callable
from typing import Any

import usb.backend

from drivers.registry import Model, Place, Role, models
from kiosk_core.clock import Clock
from kiosk_core.errors import ConfigError
from openteller.config import ReceiptPrinterSection, TerminalConfig, TopUpModuleSection


def check_models(file: str, config: TerminalConfig) -> None:
    """Check that every device's model is known and fit for its place.

    Raises:
        ConfigError: it is not; `file` is named as the place of the mistake.
    """
    for role in Role:
        _model(file, config, role)


def opener(file: str, config: TerminalConfig, role: Role, clock: Clock) -> Callable[[], Any]:
    """Return a function that opens the device of `role` and raises DeviceUnavailable when it cannot.

    Raises:
        ConfigError: as `check_models`.
    """
    section = device_section(config, role)
    model = _model(file, config, role)
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


def _model(file: str, config: TerminalConfig, role: Role) -> Model:
    name = device_section(config, role).model
    known = {each: model for each, model in models().items() if model.role is role}
    if name not in known:
        problem = f'"{name}" is no model of a {role.value}; there are {", ".join(sorted(known))}'
        raise ConfigError(file, None, f"devices.{role.value}.model", problem)
    return known[name]


def _usb_backend(config: TerminalConfig, port: str) -> usb.backend.IBackend | None:
    if not port.startswith("sim-usb://") or config.simulator is None:
        return None
    from device_sim.attach import usb_backend  # noqa: PLC0415  (a real terminal never loads the simulator)

    return usb_backend(config.simulator.usb_socket)
