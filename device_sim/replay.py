"""A recorded trace as a device: it answers a host as the device did that was recorded. docs/traces.md.

Strict: the host must send the recorded bytes, in their order; a host that does not is met with silence, and `mismatch`
says where it left the recording. Lenient: every request that was recorded gets the answer it got then, in turn where
it got several. Hidden bytes match any; an answer carries what stands in for them. Nothing waits: no time is replayed.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from device_sim.usb.device import Descriptor, Endpoint, Interface, Stall
from kiosk_core.trace import Header, Octets, Record, Trace, What

_ANSWERS = (What.IN, What.INTERRUPT)
_MOST_HELD = 64 * 1024
"""Bytes of a request that may wait for their end."""


@dataclass(frozen=True)
class Mismatch:
    """Where a host left the recording: the number of the record, the byte in it, what was there and what came."""

    record: int
    at: int
    recorded: int | None
    came: int | None

    def __str__(self) -> str:
        if self.recorded is None:
            return f"behind record {self.record}: {_hex(self.came)} came, and nothing more was recorded"
        return f"record {self.record}, byte {self.at}: {_hex(self.recorded)} was recorded, {_hex(self.came)} came"


def _hex(byte: int | None) -> str:
    return "nothing" if byte is None else f"{byte:02X}"


class StrictScript:
    """Goes through the records in their order. `mismatch` is where the host left them."""

    unknown = 0

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records
        self._next = 0
        self._heard = b""
        self.mismatch: Mismatch | None = None

    @property
    def finished(self) -> bool:
        """Whether everything has been heard and said."""
        return self._next == len(self._records)

    def speak(self) -> list[Record]:
        """Return what the device says now, up to the next thing that the host must send."""
        begin = self._next
        while self._next < len(self._records) and self._records[self._next].what in _ANSWERS:
            self._next += 1
        return list(self._records[begin : self._next])

    def hear(self, data: bytes) -> list[Record]:
        """Return what the device says to `data`, which may come in any pieces."""
        if self.mismatch is not None:
            return []
        self._heard += data
        said: list[Record] = []
        while self._heard:
            if self.finished:
                last = self._records[-1].sequence if self._records else 0
                self.mismatch = Mismatch(last, 0, None, self._heard[0])
                break
            record = self._records[self._next]
            wanted = record.octets
            at = wanted.difference(self._heard[: len(wanted.data)])
            if at is None:
                self._heard = self._heard[len(wanted.data) :]
                self._next += 1
                said += self.speak()
            elif at == len(self._heard):
                break
            else:
                self.mismatch = Mismatch(record.sequence, at, wanted.data[at], self._heard[at])
                break
        return said


class LenientScript:
    """Finds the request that was heard among the recorded ones; `unknown` counts those that are not there."""

    mismatch = None
    finished = False

    def __init__(self, records: Sequence[Record]) -> None:
        self._first: list[Record] = []
        self._answers: dict[Octets, list[list[Record]]] = {}
        self._turns: dict[Octets, int] = {}
        self._heard = b""
        self.unknown = 0
        answers = self._first
        for record in records:
            if record.what is What.OUT:
                answers = []
                self._answers.setdefault(record.octets, []).append(answers)
            else:
                answers.append(record)
        self._requests = sorted(self._answers, key=lambda octets: len(octets.data), reverse=True)

    def speak(self) -> list[Record]:
        """Return what the device said before it was asked anything, once."""
        said, self._first = self._first, []
        return said

    def hear(self, data: bytes) -> list[Record]:
        """Answer every request that is whole; what is the beginning of none is dropped."""
        self._heard = (self._heard + data)[-_MOST_HELD:]
        said: list[Record] = []
        while self._heard:
            whole = next((each for each in self._requests if self._begins(each)), None)
            if whole is not None:
                turn = self._turns.get(whole, 0)
                self._turns[whole] = (turn + 1) % len(self._answers[whole])
                said += self._answers[whole][turn]
                self._heard = self._heard[len(whole.data) :]
            elif any(each.difference(self._heard) == len(self._heard) for each in self._requests):
                break
            else:
                self.unknown += 1
                self._heard = b""
        return said

    def _begins(self, request: Octets) -> bool:
        return request.difference(self._heard[: len(request.data)]) is None


Script = StrictScript | LenientScript


class ReplayedDevice:
    """The device of a trace on a serial line: a `device_sim.serial.device.SerialDevice`."""

    def __init__(self, trace: Trace, *, strict: bool = True) -> None:
        records = _dialogue(trace.records)
        self._lock = threading.Lock()
        self.script: Script = StrictScript(records) if strict else LenientScript(records)

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent and return the recorded answer."""
        with self._lock:
            return b"".join(record.octets.data for record in self.script.hear(data))

    def idle(self) -> bytes:
        """Return what the device said before it was asked anything."""
        with self._lock:
            return b"".join(record.octets.data for record in self.script.speak())


_BULK_OUT, _BULK_IN, _INTERRUPT_IN = 0x02, 0x82, 0x81
_CLASSES = {"ccid": 0x0B, "escpos": 0x07}
_VENDOR_CLASS = 0xFF
_CCID_SEQUENCE = 6


class ReplayedUsbDevice:
    """The device of a trace on the bus: a `device_sim.usb.device.UsbFunction`. A power cycle begins it again.

    A CCID reader's bSeq is the session's own: the host's is taken, and carried over into the answer.
    """

    def __init__(self, trace: Trace, *, strict: bool = True) -> None:
        """Raise ValueError where the trace's port is none on USB."""
        self._ccid = trace.header.family == "ccid"
        self._records = _dialogue(trace.records)
        if self._ccid:
            self._records = [_with_any_sequence(record) for record in self._records]
        self._requests: dict[str, list[bytes]] = {}
        for record in trace.records:
            if record.what is What.CONTROL:
                self._requests.setdefault(record.note, []).append(record.octets.data)
        self._is_strict = strict
        self._descriptor = _descriptor(trace.header)
        self.power_cycle()

    @property
    def descriptor(self) -> Descriptor:
        """Its descriptors, the same for its whole life."""
        return self._descriptor

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        """Take one transfer. Raises Stall for an endpoint that it does not have."""
        if endpoint != _BULK_OUT:
            raise Stall
        self._queue(self.script.hear(data), data[_CCID_SEQUENCE : _CCID_SEQUENCE + 1])

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        """Give the next recorded transfer, or the rest of it."""
        waiting = self._waiting[endpoint]
        if not waiting:
            return None
        transfer = waiting.pop(0)
        if len(transfer) > size:
            waiting.insert(0, transfer[size:])
        return transfer[:size]

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        """Answer as it was answered, in turn. Raises Stall for a request that was not recorded."""
        answers = self._requests.get(f"{request_type:02x} {request:02x} {value:04x} {index:04x} {length:04x}")
        if not answers:
            raise Stall
        answers.append(answers.pop(0))
        return answers[-1]

    def power_cycle(self) -> None:
        """Begin the recording again."""
        self.script: Script = StrictScript(self._records) if self._is_strict else LenientScript(self._records)
        self._waiting: dict[int, list[bytes]] = {_BULK_IN: [], _INTERRUPT_IN: []}
        self._queue(self.script.speak(), b"")

    def _queue(self, records: Iterable[Record], sequence: bytes) -> None:
        for record in records:
            data = record.octets.data
            if record.what is What.INTERRUPT:
                self._waiting[_INTERRUPT_IN].append(data)
            elif self._ccid and sequence:
                self._waiting[_BULK_IN].append(data[:_CCID_SEQUENCE] + sequence + data[_CCID_SEQUENCE + 1 :])
            else:
                self._waiting[_BULK_IN].append(data)


def _dialogue(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if record.what is What.OUT or record.what in _ANSWERS]


def _with_any_sequence(record: Record) -> Record:
    octets = record.octets
    if record.what is not What.OUT or len(octets.data) <= _CCID_SEQUENCE:
        return record
    spans = ((_CCID_SEQUENCE, _CCID_SEQUENCE + 1), *octets.hidden)
    data = octets.data[:_CCID_SEQUENCE] + b"\0" + octets.data[_CCID_SEQUENCE + 1 :]
    return Record(record.sequence, record.at_s, record.device, record.what, Octets(data, spans), record.note)


def _descriptor(header: Header) -> Descriptor:
    vendor_id, _, product_id = header.port.rpartition("://")[2].partition(":")
    endpoints = (Endpoint(_BULK_OUT, 2), Endpoint(_BULK_IN, 2), Endpoint(_INTERRUPT_IN, 3, max_packet=8, interval=16))
    return Descriptor(
        vendor_id=int(vendor_id, 16),
        product_id=int(product_id, 16),
        manufacturer="",
        product=header.identity,
        serial="",
        interfaces=(
            Interface(_CLASSES.get(header.family, _VENDOR_CLASS), 0, 0, endpoints, extra=header.class_descriptor),
        ),
    )
