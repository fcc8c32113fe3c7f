"""Entries as they lie on disk: a kind and its fields as JSON. Kinds and fields may be added, never renamed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from queue_display.branch import BrokenLog
from queue_display.events import Entry, Event, Issued

_KINDS: Mapping[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Event)}


@dataclass(frozen=True)
class Row:
    """An entry as it is written; `notes` on a ticket lie apart from it, for they are deleted with the day."""

    number: int
    at: float
    kind: str
    fields: str
    author: str
    notes: str


def write_entry(entry: Entry) -> Row:
    """Return the row of an entry."""
    event, notes = entry.event, ""
    if isinstance(event, Issued) and event.notes:
        event, notes = replace(event, notes=""), event.notes
    return Row(entry.number, entry.at, *write_event(event), entry.author, notes)


def read_entry(row: Row) -> Entry:
    """Return the entry that was written.

    Raises:
        BrokenLog: the row is damaged, or a later version wrote it.
    """
    event = read_event(row.kind, row.fields)
    if row.notes and isinstance(event, Issued):
        event = replace(event, notes=row.notes)
    return Entry(row.number, row.at, event, row.author)


def write_event(event: Event) -> tuple[str, str]:
    """Return the kind of an event and its fields as JSON."""
    kind = type(event).__name__
    return kind, _KINDS[kind].dump_json(event).decode()


def read_event(kind: str, fields: str) -> Event:
    """Return the event that was written.

    Raises:
        BrokenLog: the row is damaged, or a later version wrote it.
    """
    if kind not in _KINDS:
        raise BrokenLog(f"there is no event {kind}")
    try:
        event: Event = _KINDS[kind].validate_json(fields)
    except ValidationError as error:
        raise BrokenLog(f"{kind} cannot be read: {error.error_count()} mistakes") from None
    return event
