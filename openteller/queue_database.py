"""Where the branch queue's log lies: in its folder, or in a bank's PostgreSQL beside those of other branches."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from durable.folders import FolderHeld, lock_folder
from openteller.extras import of_extra
from queue_display.branch_names import checked_name
from queue_display.keeping import LogStore, StoreHeld
from queue_display.server.access import Tokens
from queue_display.store import QueueStore


@dataclass(frozen=True)
class Database:
    """A database `postgresql://USER@HOST/DATABASE`, and the branch whose log is wanted there.

    Raises:
        BranchNamed: a branch cannot have this name.
    """

    url: str
    branch: str

    def __post_init__(self) -> None:
        checked_name(self.branch)


@contextmanager
def log_and_tokens(folder: Path, database: Database | None) -> Iterator[tuple[LogStore, Tokens]]:
    """Open the branch's log, and the tokens in `folder`, which is made (0700) where it is missing.

    Raises:
        StoreUnavailable, TokensUnusable, ExtraMissing, DatabaseNamed, OSError: the text says what is wrong.
    """
    if database is None:
        with QueueStore(folder) as store:
            yield store, Tokens(folder)
        return
    with closing(_in_database(database)) as other:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield other, _shared_tokens(folder)


def _in_database(database: Database) -> LogStore:
    with of_extra("headquarters"):
        from queue_display.postgresql.database import database_url  # noqa: PLC0415
        from queue_display.postgresql.store import PostgresStore  # noqa: PLC0415
    return PostgresStore(database_url(database.url), database.branch)


def _shared_tokens(folder: Path) -> Tokens:
    """Return the tokens of a folder that several servers share: one of them makes what is missing."""
    try:
        held = lock_folder(folder)
    except FolderHeld:
        raise StoreHeld(f"another program holds {folder} at this moment: start again, or name another folder") from None
    try:
        return Tokens(folder)
    finally:
        os.close(held)
