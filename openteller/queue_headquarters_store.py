"""Where headquarters keeps the branches' logs: in a file of SQLite, or in PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from durable.folders import FolderHeld, lock_folder
from kiosk_core.errors import OpenTellerError
from openteller.extras import of_extra
from openteller.queue_folder import default_folder
from queue_display.headquarters.keeping import HeadquartersStore
from queue_display.headquarters.store import SqliteHeadquarters


class CopyUnusable(OpenTellerError):
    """The branches' logs cannot be kept or found there; the text says why."""


@contextmanager
def headquarters_store(named: str | None) -> Iterator[HeadquartersStore]:
    """Open the branches' logs, to collect them, in the file or database that is named; None: in the usual file.

    Raises:
        StoreUnavailable, DatabaseNamed, CopyUnusable, ExtraMissing, OSError: the text says what is wrong.
    """
    if _is_database(named):
        with _in_database(str(named)) as store:
            yield store
        return
    path = _path(named)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        held = lock_folder(path.parent)
    except FolderHeld:
        raise CopyUnusable(f"another program has {path.parent}: one collects the branches' logs there") from None
    try:
        with closing(SqliteHeadquarters(path)) as store:
            yield store
    finally:
        os.close(held)


@contextmanager
def headquarters_copy(named: str | None) -> Iterator[HeadquartersStore]:
    """Open the branches' logs, to look at them while somebody else may collect.

    Raises:
        StoreUnavailable, DatabaseNamed, CopyUnusable, ExtraMissing: the text says what is wrong.
    """
    if _is_database(named):
        with _in_database(str(named)) as store:
            yield store
        return
    path = _path(named)
    if not path.exists():
        raise CopyUnusable(
            f"there is no {path}: start openteller queue headquarters serve, or name its file by --database"
        )
    with closing(SqliteHeadquarters(path)) as store:
        yield store


def _is_database(named: str | None) -> bool:
    return named is not None and "://" in named


def _path(named: str | None) -> Path:
    return Path(named) if named else default_folder().with_name("headquarters") / "queues.db"


@contextmanager
def _in_database(named: str) -> Iterator[HeadquartersStore]:
    with of_extra("headquarters"):
        from queue_display.postgresql.database import database_url  # noqa: PLC0415
        from queue_display.postgresql.headquarters import PostgresHeadquarters  # noqa: PLC0415
    with closing(PostgresHeadquarters(database_url(named))) as store:
        yield store
