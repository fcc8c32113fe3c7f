"""What a webhook says: one event of the log a message, with nothing in it of customers' notes and of tellers."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import get_args

from queue_display.events import Entry, Event
from queue_display.telling import Audience, told


def _name(kind: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()


EVENTS: Mapping[str, str] = {_name(kind.__name__): kind.__name__ for kind in get_args(Event)}
"""What may be asked for, like `called` and `no_show`, and the kind of event that it is."""


def event_name(entry: Entry) -> str:
    """Return what an entry is called in `EVENTS`."""
    return _name(type(entry.event).__name__)


def message(entry: Entry) -> bytes:
    """Return an entry as the body of a message: `type`, `timestamp` and `data`, as Standard Webhooks advises."""
    data = told(entry, Audience.PUBLIC)
    del data["kind"]
    at = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = {"type": f"queue.{event_name(entry)}", "timestamp": at, "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
