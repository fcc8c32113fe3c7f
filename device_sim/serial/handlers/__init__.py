"""pyserial's extension point: it looks here for the class behind `sim://` (module `protocol_sim`)."""

import serial

from device_sim.serial.world import SerialLine, SerialWorld

_registered: list[SerialWorld] = []


def register(world: SerialWorld) -> None:
    """Make `serial.serial_for_url("sim://NAME")` find the lines of `world`, and of no world before it."""
    if __name__ not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append(__name__)
    _registered[:] = [world]


def registered_line(name: str) -> SerialLine:
    """Return the line `name` of the registered world. Raises KeyError."""
    if not _registered:
        raise KeyError(name)
    return _registered[0].line(name)
