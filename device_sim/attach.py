"""The one door by which a terminal's process reaches the simulator; imported only when a configuration names it."""

from pathlib import Path

from device_sim.usb.remote import RemoteBackend


def usb_backend(socket: Path) -> RemoteBackend:
    """Return the pyusb backend whose devices live in the simulator's process behind `socket`."""
    return RemoteBackend(socket)
