"""Traces: what passed between a driver and its device, as JSON Lines with the secrets taken out. docs/traces.md.

Pure data, for the driver's side (which records) and the simulator's (which replays).
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

VERSION = 1
FILLER = 0x30
"""What stands in for a hidden byte: an ASCII zero, so that a frame with a hidden text still holds a text."""

_REQUEST = re.compile(r"[0-9a-f]{2} [0-9a-f]{2}( [0-9a-f]{4}){3}")

Spans = tuple[tuple[int, int], ...]
"""Ranges of bytes, first and behind the last, ascending."""


class BadTrace(ValueError):
    """A line that is not of a trace; the text says what is wrong with it."""


class What(Enum):
    """What a record is about: the first four carry bytes."""

    OUT = "out"
    IN = "in"
    INTERRUPT = "interrupt"
    CONTROL = "control"
    OPEN = "open"
    CLOSE = "close"
    DISCARD = "discard"
    TIME_OUT = "time-out"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Octets:
    """Bytes of which those in `hidden` are not the ones that passed."""

    data: bytes = b""
    hidden: Spans = ()

    def difference(self, other: bytes) -> int | None:
        """Return where `other` first differs from the bytes that are not hidden, None where it does not.

        Of two lengths the shorter one differs at its end.
        """
        size = min(len(self.data), len(other))
        if self.data[:size] != other[:size]:
            shown = bytearray(other[:size])
            for begin, end in self.hidden:
                shown[begin:end] = self.data[begin : min(end, size)]
            for at in range(size):
                if shown[at] != self.data[at]:
                    return at
        return None if len(self.data) == len(other) else size

    def __add__(self, other: "Octets") -> "Octets":
        shift = len(self.data)
        moved = tuple((begin + shift, end + shift) for begin, end in other.hidden)
        return Octets(self.data + other.data, self.hidden + moved)


def masked(data: bytes, hidden: Spans) -> Octets:
    """Return `data` with FILLER for the bytes in `hidden`."""
    if not hidden:
        return Octets(data)
    filled = bytearray(data)
    for begin, end in hidden:
        filled[begin:end] = bytes((FILLER,)) * (end - begin)
    return Octets(bytes(filled), hidden)


def masked_whole(data: bytes) -> Octets:
    """Return as many FILLERs."""
    return masked(data, ((0, len(data)),))


@dataclass(frozen=True, slots=True)
class Record:
    """One chunk that passed, or one event. `at_s` counts from the trace's beginning.

    `note` is the request of a control transfer (bmRequestType bRequest wValue wIndex wLength in hex) or an error's
    reason.
    """

    sequence: int
    at_s: float
    device: str
    what: What
    octets: Octets = Octets()
    note: str = ""


@dataclass(frozen=True)
class Header:
    """The first line of a trace: whose it is. `family` names the protocol, "" for one that nobody described.

    `class_descriptor` are the bytes behind the USB interface descriptor, b"" on a line. `began` is ISO 8601.
    """

    device: str
    family: str
    model: str
    port: str
    began: str
    identity: str = ""
    firmware: str = ""
    class_descriptor: bytes = b""


@dataclass(frozen=True)
class Trace:
    """A whole trace."""

    header: Header
    records: tuple[Record, ...]


def header_line(header: Header) -> str:
    """Return the line of `header`, without its newline."""
    values = {"openteller_trace": VERSION, **vars(header), "class_descriptor": header.class_descriptor.hex()}
    return json.dumps(values, ensure_ascii=False)


def record_line(record: Record) -> str:
    """Return the line of `record`, without its newline."""
    values: dict[str, Any] = {
        "n": record.sequence,
        "t": round(record.at_s, 6),
        "device": record.device,
        "what": record.what.value,
    }
    if record.octets.data:
        values["hex"] = record.octets.data.hex()
    if record.octets.hidden:
        values["hidden"] = record.octets.hidden
    if record.note:
        values["note"] = record.note
    return json.dumps(values, ensure_ascii=False)


def parse_header(line: str) -> Header:
    """Return the header in `line`.

    Raises:
        BadTrace: it is none, or one of another version.
    """
    values = _object(line)
    if values.pop("openteller_trace", None) != VERSION:
        raise BadTrace(f"is no trace of version {VERSION}")
    try:
        descriptor = bytes.fromhex(values.pop("class_descriptor", ""))
        header = Header(**values, class_descriptor=descriptor)
    except (TypeError, ValueError):
        raise BadTrace("is no header of a trace") from None
    if not all(isinstance(value, str) for value in values.values()):
        raise BadTrace("is no header of a trace")
    return header


def parse_record(line: str) -> Record:
    """Return the record in `line`.

    Raises:
        BadTrace: it is none.
    """
    values = _object(line)
    try:
        data = bytes.fromhex(values.pop("hex", ""))
        hidden = tuple((int(begin), int(end)) for begin, end in values.pop("hidden", ()))
        record = Record(
            sequence=int(values.pop("n")),
            at_s=float(values.pop("t")),
            device=str(values.pop("device")),
            what=What(values.pop("what")),
            octets=Octets(data, hidden),
            note=str(values.pop("note", "")),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadTrace("is no record of a trace") from None
    if record.what is What.CONTROL and not _REQUEST.fullmatch(record.note):
        raise BadTrace("is no record of a trace")
    ends = [0, *(edge for span in hidden for edge in span), len(data)]
    if values or ends != sorted(ends):
        raise BadTrace("is no record of a trace")
    return record


def parse_trace(lines: Iterable[str]) -> Trace:
    """Return the trace in `lines`; empty lines are skipped.

    Raises:
        BadTrace: the first line is no header, or another is no record; the text begins with the line's number.
    """
    header: Header | None = None
    records = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            if header is None:
                header = parse_header(line)
            else:
                records.append(parse_record(line))
        except BadTrace as error:
            raise BadTrace(f"line {number} {error}") from None
    if header is None:
        raise BadTrace("is empty")
    return Trace(header, tuple(records))


def _object(line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        raise BadTrace("is no JSON") from None
    if not isinstance(values, dict):
        raise BadTrace("is no JSON object")
    return values
