"""The lanes of simulated USB: the same devices below pyusb in this process and another, and below a real libusb."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import usb.backend
import usb.backend.libusb1
import usb.core
import usb.util

from device_sim.usb import umockdev
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.remote import BusServer, RemoteBackend
from kiosk_core.clock import Clock

LANES = ["in_process", "remote"]
if umockdev.is_preloaded():  # tests/device_sim/test_umockdev.py starts such a process
    LANES.append(pytest.param("umockdev", marks=pytest.mark.umockdev))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Lane:
    """A bus and a way to it."""

    name: str
    bus: SimulatedBus
    backend: usb.backend.IBackend

    def find(self, product_id: int = 0x0001) -> usb.core.Device | None:
        return usb.core.find(idVendor=0x1209, idProduct=product_id, backend=self.backend)

    @contextlib.contextmanager
    def open(self, product_id: int = 0x0001) -> Iterator[usb.core.Device]:
        device = self.find(product_id)
        assert device is not None
        usb.util.claim_interface(device, 0)
        try:
            yield device
        finally:
            usb.util.dispose_resources(device)


@contextlib.contextmanager
def open_lane(name: str, clock: Clock, folder: Path) -> Iterator[Lane]:
    """Yield the lane of that name with an empty bus; `folder` is for its socket."""
    match name:
        case "in_process":
            bus = SimulatedBus(clock)
            yield Lane(name, bus, InProcessBackend(bus))
        case "remote":
            bus = SimulatedBus(clock)
            server = BusServer(bus, folder / "usb.sock")
            server.start()
            try:
                yield Lane(name, bus, RemoteBackend(folder / "usb.sock"))
            finally:
                server.close()
        case "umockdev":
            shown = umockdev.UmockdevBus(clock)
            try:
                yield Lane(name, shown, usb.backend.libusb1.get_backend())
            finally:
                shown.close()
