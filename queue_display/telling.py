"""What is told of an entry: no note ever, of tellers only to staff, whose token did it only to managers."""

import json
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any

from queue_display.events import Entry, Event, Issued, TellerSignedIn
from queue_display.rows import write_event


class Audience(Enum):
    """Who is told."""

    PUBLIC = "public"  # customers, kiosks, boards, other programs
    STAFF = "staff"
    MANAGERS = "managers"


_OF_STAFF: Mapping[type, tuple[str, ...]] = {TellerSignedIn: ("teller", "skills")}
"""What only staff may see."""


def told(entry: Entry, audience: Audience) -> dict[str, Any]:
    """Return an entry as JSON fields. Notes on tickets are in none: a teller reads them when he calls."""
    kind, fields = write_event(entry.event)
    said: dict[str, Any] = {"number": entry.number, "at": entry.at, "kind": kind, **json.loads(fields)}
    if isinstance(entry.event, Issued):
        del said["notes"]
    if audience is Audience.MANAGERS:
        said["author"] = entry.author
    if audience is Audience.PUBLIC:
        for name in _OF_STAFF.get(type(entry.event), ()):
            del said[name]
    return said


def without_persons(event: Event) -> Event:
    """Return an event that can be read as one, with nothing in it of who asked and who serves."""
    match event:
        case Issued():
            return replace(event, notes="")
        case TellerSignedIn():
            return replace(event, teller="", skills=())
        case _:
            return event
