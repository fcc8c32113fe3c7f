"""SQLite as whatever must not be lost wants it: synced at each commit, one schema by steps, errors in plain words.

apsw brings its own SQLite: those before 3.51.3 may lose committed rows when a second connection resets the
write-ahead log (docs/decisions/0003-apsw-for-sqlite.md).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from durable.folders import PRIVATE, sync_folder
from kiosk_core.errors import OpenTellerError

_OLDEST = (3, 51, 3)
_BUSY_MS = 2000

_REASONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (apsw.FullError, "the disk is full"),
    ((apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError, PermissionError), "it may not be written here"),
    ((apsw.CorruptError, apsw.NotADBError, UnicodeDecodeError), "its file is damaged"),
    (apsw.IOError, "the disk reports an error"),
    ((apsw.BusyError, apsw.LockedError), "another program holds its file"),
    (apsw.CantOpenError, "its file cannot be opened"),
)


class NotForThisProgram(OpenTellerError):
    """The file is from a newer program, or this SQLite may lose rows; the text says what to install."""


@dataclass(frozen=True)
class Schema:
    """What a file of SQLite looks like. `content` is what people call it: "the journal".

    The n-th step makes version n of version n - 1; `PRAGMA user_version` says where a file stands.
    """

    content: str
    steps: tuple[str, ...]

    def version_of(self, connection: apsw.Connection) -> int:
        """Return the schema version of an open file, 0 for an empty one.

        Raises:
            NotForThisProgram: it is newer than this program.
            apsw.Error: the disk says no.
        """
        version = connection.pragma("user_version")
        if not isinstance(version, int) or version > len(self.steps):
            raise NotForThisProgram(
                f"{self.content} was written by a newer program (schema {version}; this one knows schemas up to"
                f" {len(self.steps)}): install that program or a later one"
            )
        return version

    def migrate(self, connection: apsw.Connection) -> None:
        """Bring a file to the newest version, in one transaction: it has the old one or the new one, never half of it.

        Raises:
            NotForThisProgram: it is newer than this program.
            apsw.Error: the disk says no.
        """
        version = self.version_of(connection)
        if version == len(self.steps):
            return
        with connection:
            for step in self.steps[version:]:
                connection.execute(step)
            connection.pragma("user_version", len(self.steps))


def open_for_writing(path: Path, schema: Schema, *, secure_delete: bool = False) -> apsw.Connection:
    """Open or create the file at `path` (mode 0600) and bring it to the newest version of `schema`.

    `secure_delete`: what is deleted is overwritten.

    Raises:
        NotForThisProgram: SQLite is too old, or the file is from a newer program.
        apsw.Error, OSError: the disk says no.
    """
    library = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if library < _OLDEST:
        raise NotForThisProgram(f"SQLite {apsw.sqlite_lib_version()} may lose rows; 3.51.3 or later is needed")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
    sync_folder(path.parent)
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    with closed_if_it_fails(connection):
        connection.set_busy_timeout(_BUSY_MS)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("secure_delete", secure_delete)
        schema.migrate(connection)
    return connection


def open_for_reading(path: Path) -> apsw.Connection:
    """Open the file at `path` beside whoever writes it, or without one.

    A copy that lies where nothing can be written, on an auditor's disc say, is read as it is: SQLite shares its
    write-ahead log by a file that it makes beside it. Where it cannot, and no log is left, nobody writes it either.

    Raises:
        apsw.Error: the disk says no.
    """
    log = path.with_name(f"{path.name}-wal")
    name, flags = str(path), apsw.SQLITE_OPEN_READONLY
    if not (os.access(path.parent, os.W_OK) or (log.exists() and log.stat().st_size > 0)):
        name, flags = f"{path.absolute().as_uri()}?immutable=1", flags | apsw.SQLITE_OPEN_URI
    connection = apsw.Connection(name, flags=flags)
    connection.set_busy_timeout(_BUSY_MS)
    return connection


@contextmanager
def closing_connection(connection: apsw.Connection) -> Iterator[apsw.Connection]:
    """Close `connection` at the end; what closing a damaged file raises is of no use to anybody."""
    try:
        yield connection
    finally:
        with suppress(apsw.Error):
            connection.close(force=True)


@contextmanager
def closed_if_it_fails(connection: apsw.Connection) -> Iterator[None]:
    """Close `connection` if the block raises; why it is closed says more than what closing raises."""
    try:
        yield
    except BaseException:
        with suppress(apsw.Error):
            connection.close(force=True)
        raise


def plain_reason(error: Exception) -> str:
    """Return what went wrong with a file of SQLite, for people."""
    if isinstance(error, OSError) and error.strerror and not isinstance(error, PermissionError):
        return error.strerror
    for kinds, reason in _REASONS:
        if isinstance(error, kinds):
            # SQLite's own name: what it calls a disk I/O error is anything from a full disk to a lock.
            code = apsw.mapping_extended_result_codes.get(getattr(error, "extendedresult", 0))
            return f"{reason} ({error}, {code})" if code else f"{reason} ({error})"
    return str(error)
