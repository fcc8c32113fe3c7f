"""Devices from configuration: the one place that knows that a port can be the simulator's."""

from collections.abc import Callable
from typing import Any

import usb.backend

from drivers.receipt_layout import PRINTERS
from drivers.registry import Place, Role
from drivers.trace.families import family_of
from drivers.trace.watch import TraceWatch
from kiosk_core.clock import Clock
from openteller.config import DeviceSection, TerminalConfig, load_printers


def watch(config: TerminalConfig, role: Role, section: DeviceSection, clock: Clock) -> TraceWatch:
    """Return the recorder of the device of `role`."""
    own = load_printers(config.printers.profiles) if config.printers is not None else {}
    family = family_of(section.model, {*PRINTERS, *own})
    return TraceWatch(role.value, clock, family=family, model=section.model, port=section.port)


def opener(
    config: TerminalConfig, role: Role, section: DeviceSection, clock: Clock, recorder: TraceWatch
) -> Callable[[], Any]:
    """Return a function that opens the device of `role` and raises DeviceUnavailable when it cannot."""
    model = config.models[section.model]  # load_terminal has checked the name
    place = Place(role.value, section.port, section.baudrate, clock, lambda port: _usb_backend(config, port), recorder)
    return lambda: model.open(place)


def _usb_backend(config: TerminalConfig, port: str) -> usb.backend.IBackend | None:
    if not port.startswith("sim-usb://") or config.simulator is None:
        return None
    from device_sim.attach import usb_backend  # noqa: PLC0415  (a real terminal never loads the simulator)

    return usb_backend(config.simulator.usb_socket)
