"""Events as they lie on disk: a kind and its fields as JSON. Kinds and fields may be added, never renamed."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from queue_display.branch import BrokenLog
from queue_display.events import Event

_KINDS: Mapping[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Event)}


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
