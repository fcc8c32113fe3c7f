"""A station: one device of the terminal on its port, the driver that serves it, and the task that owns the driver."""

import hashlib
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import usb.backend

from device_sim.misfortune import Towards
from device_sim.unit import Unit
from drivers.device_thread import REOPEN_SECONDS, Supervised
from drivers.registry import Model, Place
from drivers.trace.hearing import HeardLine, HeardUsb
from drivers.transport import Transport, UsbTransport
from kiosk_core.clock import Clock
from kiosk_core.device import Device
from kiosk_core.errors import OpenTellerError
from kiosk_core.status import DeviceStatus
from kiosk_core.trace import What

T = TypeVar("T")

ASK_S = 0.05  # how often a customer looks whether the device is done


@dataclass
class _Job:
    work: Callable[[Any], Any]
    result: Any = None
    error: OpenTellerError | None = None
    done: bool = False


@dataclass(frozen=True)
class Blind:
    """What a protocol has no means to see, so that no driver can be blamed for it: these faults do not befall it.

    `towards` are the directions in which the cable may harm its messages.
    """

    faults: frozenset[str] = frozenset()
    towards: tuple[Towards, ...] = tuple(Towards)


class Station:
    """A device that is polled every `poll_s`, and in between does what customers ask.

    `faults` befall it, and its messages `towards` host and device, but for what its protocol cannot see.
    """

    def __init__(
        self,
        unit: Unit,
        model: Model,
        url: str,
        clock: Clock,
        *,
        usb_backend: usb.backend.IBackend | None = None,
        poll_s: float = 1.0,
        blind: Blind | None = None,
    ) -> None:
        blind = blind or Blind()
        self.unit = unit
        self.faults = tuple(fault for fault in unit.faults if fault not in blind.faults)
        self.towards = blind.towards
        self.polls = 0
        self.losses = 0
        self._clock = clock
        self._poll_s = poll_s
        self._trace = TraceHash(clock)
        name = unit.name
        place = Place(name, url, None, clock, lambda _: usb_backend, self._trace)
        self._supervised: Supervised[Device] = Supervised(name, lambda: model.open(place), clock, self._changed)
        self._jobs: deque[_Job] = deque()

    @property
    def in_service(self) -> bool:
        """Whether the device can do its work."""
        return self._supervised.status.in_service

    @property
    def status(self) -> DeviceStatus:
        """The last status that was published."""
        return self._supervised.status

    @property
    def trace(self) -> str:
        """The hash of all bytes that passed between driver and device, with their times."""
        return self._trace.hexdigest

    @property
    def chunks(self) -> int:
        """How many chunks of bytes passed."""
        return self._trace.chunks

    def run(self, after_s: float = 0.0) -> None:
        """Own the device from `after_s` on, for ever: the station's task."""
        self._clock.sleep(after_s)
        supervised = self._supervised
        next_poll = self._clock.now()
        while True:
            if not supervised.is_open:
                supervised.open()
            while self._jobs:
                self._do(self._jobs.popleft())
            if supervised.is_open and self._clock.now() >= next_poll:
                self.polls += 1
                supervised.poll()
                next_poll = max(next_poll + self._poll_s, self._clock.now())
            self._clock.sleep(REOPEN_SECONDS if not supervised.is_open else max(next_poll - self._clock.now(), 0.001))

    def ask(self, work: Callable[[Any], T], meanwhile: Callable[[], object] = lambda: None) -> T:
        """Have the station's task do `work` with the driver, and wait for it; `meanwhile` is done every ASK_S.

        Raises:
            OpenTellerError: what the driver raised.
        """
        job = _Job(work)
        self._jobs.append(job)
        while not job.done:
            self._clock.sleep(ASK_S)
            meanwhile()
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def _do(self, job: _Job) -> None:
        try:
            job.result = self._supervised.do(job.work)
        except OpenTellerError as error:
            job.error = error
        job.done = True

    def _changed(self, status: DeviceStatus) -> None:
        self.losses += not status.in_service


_CHUNK = struct.Struct("<d9sI")  # when, what, and how many bytes follow
_NAMES = {what: what.value.encode() for what in What}


class TraceHash:
    """A drivers.registry.Watch that keeps a hash of what passed and happened, and when, and nothing of it."""

    def __init__(self, clock: Clock) -> None:
        self.chunks = 0
        self._clock = clock
        self._hash = hashlib.sha256()

    @property
    def hexdigest(self) -> str:
        """The hash so far."""
        return self._hash.hexdigest()

    def line(self, transport: Transport) -> Transport:
        """Listen to a serial line."""
        return HeardLine(transport, self)

    def usb(self, transport: UsbTransport) -> UsbTransport:
        """Listen to the pipes of a USB interface."""
        return HeardUsb(transport, self)

    def passed(self, what: What, data: bytes, note: str = "") -> None:
        """Take one chunk."""
        self.chunks += 1
        self._hash.update(_CHUNK.pack(self._clock.now(), _NAMES[what], len(data)) + data + note.encode())

    def happened(self, what: What, note: str = "") -> None:
        """Take an event."""
        self._hash.update(struct.pack("<d", self._clock.now()) + f"{what.value} {note}".encode())

    def timed_out(self) -> None:
        """Take that nothing came: the time of what comes next tells it."""
