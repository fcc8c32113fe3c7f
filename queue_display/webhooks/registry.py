"""Who is told what, how far each has got, and at which hosts they may be: `webhooks.db` (0600) in the queue's folder.

The queue's program and the technician's commands use it side by side. A number that says how far an endpoint has got is
written without waiting for the disk: what a power cut takes back is sent again.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable.sqlite import Schema, closing_connection, open_for_writing
from queue_display.store import keeping_promises
from queue_display.webhooks.addresses import origin_of
from queue_display.webhooks.signing import new_secret

WEBHOOKS_NAME = "webhooks.db"

_VERSION_1 = """
CREATE TABLE origin (origin TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE endpoint (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    made_at REAL NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    delivered INTEGER,
    enabled INTEGER NOT NULL DEFAULT 1,
    failing_since REAL,
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
"""

_SCHEMA = Schema("the list of webhooks", (_VERSION_1,))

_COLUMNS = "id, url, events, secret, made_at, revision, delivered, enabled, failing_since, reason"


@dataclass(frozen=True)
class Endpoint:
    """Who is told. `events` are names of `messages.EVENTS`, none: all. `secret` signs what he is told.

    `delivered` is the last entry that he has, or that he did not ask for; None: from now on. `revision` changes when it
    is enabled by hand. `failing_since` (Unix seconds) and `reason` say since when he cannot be told, and why.
    """

    id: str
    url: str
    events: frozenset[str]
    secret: str
    made_at: float
    revision: int = 1
    delivered: int | None = None
    enabled: bool = True
    failing_since: float | None = None
    reason: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return origin_of(self.url)

    def wants(self, event: str) -> bool:
        """Whether he asked for events of this name."""
        return not self.events or event in self.events


class Registry:
    """The list in `folder`; one thread at a time.

    Raises (in the constructor and all methods):
        StoreUnavailable: the file is damaged or from a newer program, or the disk says no.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / WEBHOOKS_NAME
        with ExitStack() as undo, keeping_promises(f"open {path}"):
            self._durable = undo.enter_context(closing_connection(open_for_writing(path, _SCHEMA, secure_delete=True)))
            self._relaxed = undo.enter_context(closing_connection(open_for_writing(path, _SCHEMA)))
            self._relaxed.pragma("synchronous", "normal")
            self._closing = undo.pop_all()

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._closing.close()

    # -- where anybody may be told -----------------------------------------------------------------------------

    def allow(self, origin: str) -> None:
        """Let endpoints be at this origin (see `addresses.origin_named`)."""
        with keeping_promises("write the list of webhooks"), self._durable:
            self._durable.execute("INSERT OR IGNORE INTO origin VALUES (?)", (origin,))

    def forbid(self, origin: str) -> bool:
        """Let nothing go to this origin any more; return whether it was allowed."""
        with keeping_promises("write the list of webhooks"), self._durable:
            self._durable.execute("DELETE FROM origin WHERE origin = ?", (origin,))
        return bool(self._durable.changes())

    def allowed(self) -> tuple[str, ...]:
        """Return the origins where endpoints may be."""
        with keeping_promises("read the list of webhooks"):
            return tuple(origin for (origin,) in self._durable.execute("SELECT origin FROM origin ORDER BY origin"))

    # -- who is told -------------------------------------------------------------------------------------------

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return all endpoints, the oldest first."""
        with keeping_promises("read the list of webhooks"):
            rows = self._durable.execute(f"SELECT {_COLUMNS} FROM endpoint ORDER BY made_at, id").fetchall()  # noqa: S608
        return tuple(map(_endpoint, rows))

    def add(self, url: str, events: Iterable[str], now: float, delivered: int | None = None) -> Endpoint:
        """Make an endpoint, which is told what follows entry `delivered`."""
        made = Endpoint(secrets.token_hex(4), url, frozenset(events), new_secret(), now, delivered=delivered)
        row = (made.id, url, json.dumps(sorted(made.events)), made.secret, now, delivered)
        with keeping_promises("write the list of webhooks"), self._durable:
            self._durable.execute(
                "INSERT INTO endpoint (id, url, events, secret, made_at, delivered) VALUES (?, ?, ?, ?, ?, ?)", row
            )
        return made

    def remove(self, endpoint: str) -> bool:
        """Forget an endpoint; return whether there was one of this id."""
        with keeping_promises("write the list of webhooks"), self._durable:
            self._durable.execute("DELETE FROM endpoint WHERE id = ?", (endpoint,))
        return bool(self._durable.changes())

    def enable(self, endpoint: str, *, skip: bool = False) -> bool:
        """Let an endpoint be told at once, from where it stood or (`skip`) from now on; return whether it is there."""
        with keeping_promises("write the list of webhooks"), self._durable:
            self._durable.execute(
                "UPDATE endpoint SET enabled = 1, revision = revision + 1, failing_since = NULL, reason = '',"
                " delivered = iif(?, NULL, delivered) WHERE id = ?",
                (skip, endpoint),
            )
        return bool(self._durable.changes())

    # -- how far he has got ------------------------------------------------------------------------------------

    def delivered(self, endpoint: Endpoint, number: int) -> None:
        """Note that an endpoint has all to entry `number`, and does not fail."""
        self._note(endpoint, "delivered = ?, failing_since = NULL, reason = ''", number)

    def fails(self, endpoint: Endpoint, since: float, reason: str) -> None:
        """Note since when and why an endpoint cannot be told."""
        self._note(endpoint, "failing_since = ?, reason = ?", since, reason)

    def disable(self, endpoint: Endpoint, since: float, reason: str) -> None:
        """Tell an endpoint nothing more until it is enabled."""
        self._note(endpoint, "enabled = 0, failing_since = ?, reason = ?", since, reason)

    def _note(self, endpoint: Endpoint, changes: str, *values: float | str) -> None:
        """Note something of an endpoint, unless it was enabled anew or removed meanwhile."""
        with keeping_promises("write the list of webhooks"), self._relaxed:
            self._relaxed.execute(
                f"UPDATE endpoint SET {changes} WHERE id = ? AND revision = ?",  # noqa: S608  (our own words)
                (*values, endpoint.id, endpoint.revision),
            )


def _endpoint(row: Sequence[Any]) -> Endpoint:
    id_, url, events, secret, made_at, revision, delivered, enabled, since, reason = row
    asked = frozenset(json.loads(events))
    return Endpoint(id_, url, asked, secret, made_at, revision, delivered, bool(enabled), since, reason)
