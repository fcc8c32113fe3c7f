"""Retired archives: old ones that the bank need not keep any longer, removed so that the rest still proves itself.

A row RETIRED is the anchor of what stays: it says which rows are gone, the hash of the last of them, from which the
chain goes on, who wanted it, and why. The row is on disk first, then the files go: cut off in between, they are
removed when the journal is next opened.

Archives go whole and from the oldest on. One stays, and all behind it, if it has a row of the time that shall be kept,
a row that the bank's host has not acknowledged, or a row of a transaction that is not whole in the archives.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import apsw

from durable.folders import sync_folder
from journal.archive import Archived, ArchiveDamaged, Span, archive_paths, newest_archived_row, read_archive, read_span
from journal.database import OF_NOTES, select_entries
from journal.entries import Entry, Note
from journal.hashes import HashFunction
from kiosk_core.errors import OpenTellerError
from kiosk_core.ledger import Facts


class RetirementRefused(OpenTellerError):
    """No archive may go; the text says why."""


@dataclass(frozen=True)
class Retirement:
    """What somebody wants gone: archives older than `before`, but only while all have more than `keep_bytes`."""

    before: datetime
    keep_bytes: int
    by: str
    reason: str


@dataclass(frozen=True)
class Retired:
    """What a RETIRED row says: rows 1 to `last`, in archives 1 to `archive`, are gone, none later than `until`.

    `head` is the hash of row `last`; `function` chains the rows behind it, up to the next HASH row. The bank's host had
    acknowledged the row `acknowledged`. `at` is when it was done.
    """

    archive: int
    last: int
    head: str
    function: HashFunction
    until: datetime
    acknowledged: int
    by: str
    reason: str
    at: datetime

    @classmethod
    def of(cls, entry: Entry) -> "Retired":
        """Read a RETIRED row.

        Raises:
            ArchiveDamaged: it cannot be read.
        """
        try:
            facts = json.loads(entry.facts)
            return cls(
                archive=int(facts["archive"]),
                last=int(facts["last"]),
                head=str(facts["head"]),
                function=HashFunction(facts["hash"]),
                until=datetime.fromisoformat(facts["until"]),
                acknowledged=int(facts["acknowledged"]),
                by=str(facts["by"]),
                reason=str(facts["reason"]),
                at=entry.moment,
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ArchiveDamaged(f"row {entry.number} of the journal cannot be read: {error}") from None

    @property
    def facts(self) -> Facts:
        """The facts of the row."""
        return {
            "archive": self.archive,
            "last": self.last,
            "head": self.head,
            "hash": self.function.value,
            "until": self.until.isoformat(timespec="milliseconds"),
            "acknowledged": self.acknowledged,
            "by": self.by,
            "reason": self.reason,
        }


def newest_retired_row(connection: apsw.Connection) -> Entry | None:
    """Return the newest RETIRED row of the database, None where nothing was retired."""
    return next(select_entries(connection, f"{OF_NOTES} ORDER BY number DESC LIMIT 1", (Note.RETIRED.value,)), None)


def first_archive(connection: apsw.Connection) -> int:
    """Return the number of the oldest archive that was not retired.

    Raises:
        ArchiveDamaged: the RETIRED row cannot be read.
    """
    row = newest_retired_row(connection)
    return 1 if row is None else Retired.of(row).archive + 1


def last_to_go(folder: Path, database: apsw.Connection, wanted: Retirement, acknowledged: int) -> Span:
    """Return the newest archive that may go; all before it go as well.

    Raises:
        RetirementRefused: none may, or an archive is damaged or missing.
        OSError, apsw.Error: the disk says no.
    """
    try:
        return _last_to_go(folder, database, wanted, acknowledged)
    except ArchiveDamaged as error:
        raise RetirementRefused(f"{error}; look into it first: openteller journal verify") from None


def _last_to_go(folder: Path, database: apsw.Connection, wanted: Retirement, acknowledged: int) -> Span:
    row = newest_archived_row(database)
    newest = Archived.of(row).archive if row is not None else 0
    spans = [read_span(folder, number) for number in range(first_archive(database), newest + 1)]
    if not spans:
        raise RetirementRefused("there is no archive that could go")
    oldest_kept = next(select_entries(database, "WHERE transaction_id <> '' ORDER BY number LIMIT 1"), None)
    total = sum(span.size_bytes for span in spans)
    gone: Span | None = None
    for span in spans:
        why = ""
        if span.until >= wanted.before:
            why = f"has rows of {span.until:%Y-%m-%d}, and what is of {wanted.before:%Y-%m-%d} or later shall stay"
        elif total <= wanted.keep_bytes:
            why = f"stays: from it on they have {total / 2**20:.1f} MiB, no more than shall be kept"
        elif span.last > acknowledged:
            why = f"ends with row {span.last}, and the bank has acknowledged the journal up to row {acknowledged} only"
        elif oldest_kept is not None and oldest_kept.number <= span.last:
            why = f"has row {oldest_kept.number} of {oldest_kept.transaction}, which is open or not whole in archives"
        if why:
            if gone is None:
                raise RetirementRefused(f"no archive may go: archive {span.number} {why}")
            break
        gone = span
        total -= span.size_bytes
    assert gone is not None  # noqa: S101  (there is a first span, and it went)
    _check_that_the_rest_follows(folder, database, gone, newest)
    return gone


def _check_that_the_rest_follows(folder: Path, database: apsw.Connection, gone: Span, newest: int) -> None:
    """Check that the row behind the archive `gone` takes up its hash: without that nothing would prove the rest."""
    if gone.number < newest:
        behind = next(read_archive(folder, gone.number + 1), None)
    else:
        behind = next(select_entries(database, "WHERE number = ?", (gone.last + 1,)), None)
    if behind is None or (behind.number, behind.previous) != (gone.last + 1, gone.head):
        raise ArchiveDamaged(f"row {gone.last + 1} does not follow archive {gone.number}")


def remove_retired(folder: Path, archive: int) -> None:
    """Remove the files of archives 1 to `archive` that still lie there.

    Raises:
        OSError: the disk says no.
    """
    found = [path for number, path in archive_paths(folder) if number <= archive]
    for path in found:
        path.unlink()
    if found:
        sync_folder(found[0].parent)
