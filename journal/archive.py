"""Archives: files of old rows, moved out of the journal's database without breaking the chain.

An archive holds a run of rows without a gap: JSON Lines, the first a header, the last the closing hash. Archive 1
begins with row 1, and each goes on where the one before ends; the database goes on where the last one ends, and its
newest ARCHIVED row says where that is. Rows of transactions that are open, or that have later rows, are copied into
the archive as well, so that its chain has no hole, but stay in the database until they are whole in the archives.

Order of writing: the archive's file, synced; its name; its folder, synced; then in one transaction of the database
the ARCHIVED row and the deletions. Cut off anywhere, the rows are in the database, or in both; a file that no
ARCHIVED row knows is written anew.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import apsw

from durable.folders import replacing, sync_folder
from journal.database import OF_NOTES, select_entries
from journal.entries import Entry, Note
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import Facts

ARCHIVES_NAME = "archive"

SHORTEST_KEEP = timedelta(days=31)
"""Limits, reconciliation and staff need the last month at hand; the port promises it."""
SLACK = timedelta(days=7)
"""How much older than need be rows may grow, so that there is an archive a week and not one an hour."""
ROWS_AT_ONCE = 10_000
"""How many rows are moved in one go, in which no customer can begin."""

_FORMAT = 1
_LONGEST_CLOSING = 200  # bytes: a number of twelve digits and a hash of sixty-four


@dataclass(frozen=True)
class Retention:
    """How long rows stay in the database: `keep`, and only SHORTEST_KEEP once it has more than `size_bytes`."""

    keep: timedelta = timedelta(days=365)
    size_bytes: int = 512 * 2**20

    def keep_at(self, size_bytes: int) -> timedelta:
        """Return how long rows stay in a database of `size_bytes`."""
        return self.keep if size_bytes <= self.size_bytes else SHORTEST_KEEP


class ArchiveDamaged(JournalUnavailable):
    """An archive is missing or cannot be read; the text says which and where."""


@dataclass(frozen=True)
class Archived:
    """What an ARCHIVED row says: rows 1 to `last` lie in archives 1 to `archive`, none of them later than `until`.

    `head` is the hash of row `last`: the chain goes on from it.
    """

    archive: int
    last: int
    head: str
    until: datetime

    @classmethod
    def of(cls, entry: Entry) -> "Archived":
        """Read an ARCHIVED row.

        Raises:
            ArchiveDamaged: it cannot be read.
        """
        try:
            facts = json.loads(entry.facts)
            return cls(
                int(facts["archive"]), int(facts["last"]), str(facts["head"]), datetime.fromisoformat(facts["until"])
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ArchiveDamaged(f"row {entry.number} of the journal cannot be read: {error}") from None

    @property
    def facts(self) -> Facts:
        """The facts of the row."""
        until = self.until.isoformat(timespec="milliseconds")
        return {"archive": self.archive, "last": self.last, "head": self.head, "until": until}


@dataclass(frozen=True)
class Span:
    """What an archive's own header and closing line say: it ends with row `last` of hash `head`, at `until`."""

    number: int
    last: int
    head: str
    until: datetime
    size_bytes: int


def archive_path(folder: Path, number: int) -> Path:
    """Return where archive `number` of the journal in `folder` lies."""
    return folder / ARCHIVES_NAME / f"{number:06d}.jsonl"


def archive_paths(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield the archives that lie in the journal's `folder`, each with its number, in any order."""
    for path in (folder / ARCHIVES_NAME).glob("*.jsonl"):
        if path.stem.isascii() and path.stem.isdigit():
            yield int(path.stem), path


def write_archive(folder: Path, number: int, entries: Sequence[Entry]) -> Archived:
    """Write `entries`, a run without a gap, as archive `number`; it is on disk when this returns.

    Raises:
        OSError: the disk says no; nothing has changed.
    """
    path = archive_path(folder, number)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder)
    last = entries[-1]
    until = max(entry.moment for entry in entries)
    with replacing(path) as file:
        header = {"format": _FORMAT, "archive": number, "first": entries[0].number, "until": until.isoformat()}
        file.write(_line(header))
        file.writelines(_line(vars(entry)) for entry in entries)
        file.write(_line({"last": last.number, "head": last.hash}))
    return Archived(number, last.number, last.hash, until)


def read_archive(folder: Path, number: int) -> Iterator[Entry]:
    """Yield the entries of archive `number` as they lie there; whether they are true is for `verify` to say.

    Raises:
        ArchiveDamaged: the file is missing, or no archive, or ends before its closing line.
        OSError: the disk says no.
    """
    path = archive_path(folder, number)
    if not path.is_file():
        raise ArchiveDamaged(f"archive {number} is missing ({path})")
    with path.open("rb") as file:
        entry = None
        for place, line in enumerate(file, 1):
            values = _read_line(number, place, line)
            if place == 1:
                _until(number, values)
            elif "last" in values:
                if entry is None or (values["last"], values.get("head")) != (entry.number, entry.hash) or file.read(1):
                    raise ArchiveDamaged(f"archive {number}, line {place} does not close the rows before it")
                return
            else:
                entry = _entry(number, place, values)
                yield entry
    raise ArchiveDamaged(f"archive {number} is cut off: its closing hash is missing")


def read_span(folder: Path, number: int) -> Span:
    """Return what archive `number` holds, without reading its rows.

    Raises:
        ArchiveDamaged: the file is missing, or its header or closing line cannot be read.
        OSError: the disk says no.
    """
    path = archive_path(folder, number)
    until = _read_until(folder, number)
    with path.open("rb") as file:
        size_bytes = file.seek(0, os.SEEK_END)
        file.seek(max(0, size_bytes - _LONGEST_CLOSING))
        *_, closing = file.read().splitlines()
    try:
        match json.loads(closing):
            case {"last": int(last), "head": str(head)}:
                return Span(number, last, head, until, size_bytes)
    except ValueError:
        pass
    raise ArchiveDamaged(f"archive {number} is cut off: its closing hash is missing")


def newest_archived_row(connection: apsw.Connection) -> Entry | None:
    """Return the newest ARCHIVED row of the database, None where nothing was archived."""
    return next(select_entries(connection, f"{OF_NOTES} ORDER BY number DESC LIMIT 1", (Note.ARCHIVED.value,)), None)


def first_archive_from(folder: Path, oldest: int, archived: Archived, moment: datetime | None) -> int:
    """Return the first archive, from number `oldest` on, that has a row of `moment` or later; None: `oldest`.

    Raises:
        ArchiveDamaged: an archive is missing, or its header cannot be read.
        OSError: the disk says no.
    """
    number = oldest
    while moment is not None and number <= archived.archive and _read_until(folder, number) < moment:
        number += 1
    return number


def _read_until(folder: Path, number: int) -> datetime:
    path = archive_path(folder, number)
    if not path.is_file():
        raise ArchiveDamaged(f"archive {number} is missing ({path})")
    with path.open("rb") as file:
        return _until(number, _read_line(number, 1, file.readline()))


def _until(number: int, header: dict[str, object]) -> datetime:
    """Return the latest time in an archive out of its header, checked."""
    match header:
        case {"format": int(form), "archive": int(own), "until": str(until)} if (form, own) == (_FORMAT, number):
            try:
                return datetime.fromisoformat(until)
            except ValueError:
                pass
    raise ArchiveDamaged(f"archive {number}, line 1 is no header of that archive")


def _line(values: object) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _read_line(number: int, place: int, line: bytes) -> dict[str, object]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise ArchiveDamaged(f"archive {number}, line {place} cannot be read")
    return values


def _entry(number: int, place: int, values: dict[str, object]) -> Entry:
    match values:
        case {
            "number": int(row),
            "at": str(at),
            "transaction": str(transaction),
            "state": str(state),
            "facts": str(facts),
            "previous": str(previous),
            "hash": str(own),
        } if len(values) == len(Entry.__dataclass_fields__) and _is_text(at, transaction, state, facts, previous, own):
            return Entry(row, at, transaction, state, facts, previous, own)
    raise ArchiveDamaged(f"archive {number}, line {place} is no row")


def _is_text(*values: str) -> bool:
    """Whether the values have UTF-8 bytes: JSON may hold half of a surrogate pair."""
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        return False
    return True
