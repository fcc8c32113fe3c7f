"""The recorder of one device: stands between driver and transport, masks what passes, and keeps the last of it."""

import threading
from collections import deque
from collections.abc import Callable

from drivers.trace.families import masker_of
from drivers.trace.hearing import HeardLine, HeardUsb
from drivers.trace.maskers import Masker
from drivers.transport import Transport, UsbTransport
from kiosk_core.clock import Clock
from kiosk_core.status import Identity
from kiosk_core.trace import Header, Octets, Record, What

MAX_RECORDS = 5_000
MAX_BYTES = 256 * 1024
"""What one device's recorder holds: the oldest goes first."""
MAX_CHUNK = 8 * 1024
"""A longer chunk becomes several records of the same time."""


class TraceWatch:
    """A `drivers.registry.Watch` that keeps the last MAX_RECORDS records of a device, through all its openings.

    One thread owns the device; any thread may read the records. `sink` gets every record on the device's thread and
    must neither block nor raise.
    """

    def __init__(
        self,
        device: str,
        clock: Clock,
        *,
        family: str = "",
        model: str = "",
        port: str = "",
        sink: Callable[[Record], None] | None = None,
        masker: Callable[[], Masker] | None = None,
    ) -> None:
        """`family` is one of MASKERS; of any other, "" too, all bytes are hidden that `masker` does not show."""
        self._device = device
        self._clock = clock
        self._family = family
        self._model = model
        self._port = port
        self._sink = sink
        self._start = clock.now()
        self._began = clock.wall().isoformat(timespec="milliseconds")
        self._lock = threading.Lock()
        self._ring: deque[Record] = deque()
        self._held = 0
        self._sequence = 0
        self._silent = False
        self._openings = 0
        self._sent = self._received = 0
        self._identity = Identity("")
        self._class_descriptor = b""
        self._new_masker = masker or (lambda: masker_of(family))
        self._masker = self._new_masker()

    def line(self, transport: Transport) -> Transport:
        """Return a transport that records what passes."""
        self._open()
        return HeardLine(transport, self)

    def usb(self, transport: UsbTransport) -> UsbTransport:
        """Return a transport that records what passes on all pipes."""
        self._identity = transport.identity
        self._class_descriptor = transport.class_descriptor
        self._open()
        return HeardUsb(transport, self)

    @property
    def header(self) -> Header:
        """Whose trace it is; identity and class descriptor are those of the USB device that was opened last."""
        return Header(
            device=self._device,
            family=self._family,
            model=self._model,
            port=self._port,
            began=self._began,
            identity=self._identity.model,
            firmware=self._identity.firmware,
            class_descriptor=self._class_descriptor,
        )

    @property
    def bytes_passed(self) -> tuple[int, int]:
        """How many bytes were sent and received (on all pipes) since the recorder was made."""
        return self._sent, self._received

    @property
    def openings(self) -> int:
        """How often the device was opened."""
        return self._openings

    def records(self, *, after: int = 0, last: int | None = None) -> tuple[Record, ...]:
        """Return what is kept with a sequence above `after`, of it the `last`."""
        with self._lock:
            kept = tuple(self._ring)
        if kept and after >= kept[0].sequence:
            kept = kept[after - kept[0].sequence + 1 :]
        return kept if last is None else kept[max(0, len(kept) - last) :]

    def passed(self, what: What, data: bytes, note: str = "") -> None:
        """Record a chunk."""
        if what is What.OUT:
            self._sent += len(data)
        else:
            self._received += len(data)
        self._silent = False
        if len(data) <= MAX_CHUNK:
            self._keep(what, self._masker.mask(what, data) if data else Octets(), note)
            return
        for at in range(0, len(data), MAX_CHUNK):
            self._keep(what, self._masker.mask(what, data[at : at + MAX_CHUNK]), note)

    def timed_out(self) -> None:
        """Record that nothing came, once until something passes again."""
        self._masker.gap()
        if not self._silent:
            self._silent = True
            self._keep(What.TIME_OUT, Octets(), "")

    def happened(self, what: What, note: str = "") -> None:
        """Record an event."""
        self._masker.gap()
        self._silent = False
        self._keep(what, Octets(), note)

    def _open(self) -> None:
        self._masker = self._new_masker()
        self._openings += 1
        self.happened(What.OPEN)

    def _keep(self, what: What, octets: Octets, note: str) -> None:
        with self._lock:
            self._sequence += 1
            record = Record(self._sequence, self._clock.now() - self._start, self._device, what, octets, note)
            self._ring.append(record)
            self._held += len(octets.data)
            while len(self._ring) > MAX_RECORDS or self._held > MAX_BYTES:
                self._held -= len(self._ring.popleft().octets.data)
        if self._sink is not None:
            self._sink(record)
