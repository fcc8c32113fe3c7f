"""A bank's PostgreSQL as the queue wants it: nothing acknowledged that is not on disk, errors in plain words.

The password is libpq's business (PGPASSWORD, a passfile): whoever may list processes reads a command line.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from kiosk_core.errors import OpenTellerError
from queue_display.branch import BrokenLog
from queue_display.keeping import StoreUnavailable

_Told = TypeVar("_Told")

# Seconds. A turn that its process does not end is taken from it; who waits for one longer than that gives up.
_CONNECT_S = 5
_TURN_S = 10
_LOCK_S = 15

CONNECT: dict[str, object] = {
    "connect_timeout": _CONNECT_S,
    "application_name": "openteller queue",
    "client_encoding": "utf8",
    # A database whose machine is gone is silent: without these TCP would wait for it for hours.
    "tcp_user_timeout": 1000 * _TURN_S,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}

_SESSION = """
SELECT set_config('lock_timeout', %s, false), set_config('idle_in_transaction_session_timeout', %s, false),
       CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')
            THEN set_config('synchronous_commit', 'on', false) END
"""

_KEEPS = """
SELECT current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on',
       current_setting('server_encoding') = 'UTF8'
"""


class DatabaseNamed(OpenTellerError):
    """A database cannot be named so."""


def database_url(named: str) -> URL:
    """Return which database is meant by `postgresql://USER@HOST/DATABASE`.

    Raises:
        DatabaseNamed: it is none of PostgreSQL, or a password is in it.
    """
    try:
        url = make_url(named)
    except (ArgumentError, ValueError):
        raise DatabaseNamed("the database must be named like postgresql://USER@HOST/DATABASE") from None
    if url.password is not None or "password" in url.query:
        raise DatabaseNamed(
            "leave the password out of the database's name, where every user of this machine can read it: put it"
            " into a passfile (~/.pgpass) or into PGPASSWORD"
        )
    if url.drivername not in {"postgresql", "postgres"}:
        raise DatabaseNamed(f"{url.drivername} is no database of this queue: name one like postgresql://USER@HOST/DB")
    return url.set(drivername="postgresql+psycopg")


def _plain_name(url: URL) -> str:
    """Return how to speak of a database to people."""
    host = url.host or url.query.get("host") or "this machine"
    return f"{url.database or url.username or 'the default database'} at {host}"


def opened(url: URL, what: str, prepare: Callable[[Connection], None]) -> Engine:
    """Return what connects to `what`, a database that keeps its promises; `prepare` makes what is missing in it.

    Raises:
        StoreUnavailable: it is not there, or not as it must be; the text says why.
    """
    engine = _engine(url)
    with ExitStack() as undo, keeping_promises(f"use {what}, {_plain_name(url)}"):
        undo.callback(engine.dispose)
        with engine.begin() as connection:
            _check_that_it_keeps(connection)
            prepare(connection)
        undo.pop_all()
    return engine


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        hide_parameters=True,  # of a statement that failed: notes may be among them
        use_native_hstore=False,
        connect_args=CONNECT,
        pool_size=3,
        max_overflow=5,
        pool_timeout=_CONNECT_S,
    )
    event.listen(engine, "connect", _begin_session)
    return engine


def _begin_session(connection: psycopg.Connection[Any], _: object) -> None:
    connection.autocommit = True
    connection.execute(_SESSION, (f"{_LOCK_S}s", f"{_TURN_S}s"))
    connection.autocommit = False


def _check_that_it_keeps(connection: Connection) -> None:
    """Refuse a server that does not wait for its disk, or cannot hold every name.

    Raises:
        StoreUnavailable: so it is; the text says what to change.
    """
    syncs, whole_pages, holds_any_text = connection.execute(text(_KEEPS)).one()
    if not (syncs and whole_pages):
        raise StoreUnavailable(
            "the database does not wait for its disk, and may lose what was acknowledged: set fsync and"
            " full_page_writes to on"
        )
    if not holds_any_text:
        raise StoreUnavailable("the database cannot hold every character: make it anew with the encoding UTF8")


def once_more(engine: Engine, ask: Callable[[Connection], _Told]) -> _Told:
    """Ask by a connection of the pool; where it turns out to be lost, ask by a new one.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database says no, or is not there.
    """
    try:
        with engine.connect() as connection:
            return ask(connection)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    with engine.connect() as connection:
        return ask(connection)


@contextmanager
def keeping_promises(doing: str) -> Iterator[None]:
    """Turn what the database says into `StoreUnavailable`: "cannot DOING: why"."""
    try:
        yield
    except (SQLAlchemyError, BrokenLog) as error:
        raise StoreUnavailable(f"cannot {doing}: {plain_reason(error)}") from error


def plain_reason(error: Exception) -> str:
    """Return what went wrong, for people: without the statement, its values or the row that it is about."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
        return cause.diag.message_primary
    reason = " ".join(str(cause).split())
    if re.search(r"password|SCRAM", reason):
        reason += " (the password is taken from a passfile, ~/.pgpass, or from PGPASSWORD)"
    return reason
