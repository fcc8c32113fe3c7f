"""Ports of the simulated terminal: a device on a line or a bus becomes a unit that can be unplugged and seized."""

from typing import Protocol

from device_sim.mishaps import Mishaps
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.wire import Wire
from device_sim.serial.world import SerialWorld
from device_sim.unit import BUSY, UNPLUG, Mishap, Unit
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.cable import Cable

STALL = "stall"


class NetworkPort(Protocol):
    """A port of the network that a device listens on."""

    def plug(self) -> None:
        """Listen."""
        ...

    def unplug(self) -> None:
        """Hang up and listen no more."""
        ...


def unit_on_bus(name: str, bus: SimulatedBus, cable: Cable, mishaps: Mishaps) -> Unit:
    """Plug a device into a USB bus."""
    plugged = False

    def plug() -> None:
        nonlocal plugged
        if not plugged:
            plugged = True
            bus.attach(cable)

    def unplug() -> None:
        nonlocal plugged
        if plugged:
            plugged = False
            bus.detach(cable)

    def release() -> None:
        if plugged:
            bus.release(cable)

    def stall(times: int) -> None:
        cable.stalls = times

    def seize() -> None:
        unplug()
        plug()
        bus.seize(cable)

    plug()
    own = {
        UNPLUG: Mishap(unplug, plug),
        BUSY: Mishap(seize, release),
        STALL: Mishap(lambda: stall(1), lambda: stall(0)),
    }
    return Unit(name, cable.fortune, {**own, **mishaps}, cable)


def unit_on_line(name: str, world: SerialWorld, wire: Wire, mishaps: Mishaps) -> Unit:
    """Lay a `sim://NAME` line to a device."""
    world.add(name, wire)
    return _unit_on_line(name, world.line(name), wire, mishaps)


def unit_on_pty(name: str, port: PtyPort, wire: Wire, mishaps: Mishaps) -> Unit:
    """Name the device at the end of a pty."""
    return _unit_on_line(name, port, wire, mishaps)


def unit_on_network(name: str, port: NetworkPort, wire: Wire | None, mishaps: Mishaps) -> Unit:
    """Name the device behind a TCP or HTTP port; without a `wire` nothing befalls what it says."""
    own = {UNPLUG: Mishap(port.unplug, port.plug)}
    return Unit(name, wire.fortune if wire is not None else None, {**own, **mishaps}, wire)


class _Line(Protocol):
    def plug(self) -> None: ...
    def unplug(self) -> None: ...
    def seize(self) -> None: ...
    def release(self) -> None: ...


def _unit_on_line(name: str, line: _Line, wire: Wire, mishaps: Mishaps) -> Unit:
    def seize() -> None:
        line.unplug()
        line.plug()
        line.seize()

    own = {UNPLUG: Mishap(line.unplug, line.plug), BUSY: Mishap(seize, line.release)}
    return Unit(name, wire.fortune, {**own, **mishaps}, wire)
