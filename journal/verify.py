"""Proof that a journal, archives and database as one chain, has every row in its place as it was written.

The chain shows what was changed, dropped or moved; SQLite's own count of numbers given out shows rows cut off at
the end. Two things the files alone cannot show: a forger who writes the chain anew or shortens it together with that
count, and rows that were still in the write-ahead log when that was lost. Compare `Verdict.head` with one noted
earlier to see those.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw

from durable.sqlite import closing_connection, plain_reason
from journal.archive import Archived, ArchiveDamaged, newest_archived_row, read_archive
from journal.database import (
    expected_schema,
    open_for_reading,
    read_hash_history,
    schema_texts,
    schema_version,
    select_entries,
)
from journal.entries import GENESIS, Entry, Note
from journal.hashes import HashFunction, HashHistory
from journal.retirement import Retired, newest_retired_row
from kiosk_core.errors import JournalUnavailable


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: good rows from the first on, the first bad row if it is known, and what is wrong.

    `head` is the hash of the last good row; `archives` are the archives that the journal has. The proof begins behind
    what was `retired`. All is well when `problem` is "".
    """

    rows: int
    head: str
    first_bad: int | None = None
    problem: str = ""
    archives: int = 0
    retired: Retired | None = None

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem


class _Bad(Exception):
    """A row that is not as it was written, or not there."""


class _Chain:
    """Goes along the rows in order and remembers the last good one."""

    def __init__(self) -> None:
        self.rows = 0
        self.head = GENESIS
        self._function = HashFunction.SHA256

    def begin_behind(self, retired: Retired) -> None:
        """Take what was retired as given: its row is of the chain that follows, and is proven with it."""
        self.rows, self.head, self._function = retired.last, retired.head, retired.function

    def take(self, entry: Entry, where: str = "") -> None:
        """Go on to `entry`, or raise _Bad; `where` it lies is added to the problem."""
        problem = self._problem_of(entry)
        if problem:
            raise _Bad(problem + where)
        if entry.is_note and entry.state == Note.HASH.value:
            try:
                self._function = HashFunction(json.loads(entry.facts)["hash"])
            except (ValueError, KeyError, TypeError):
                raise _Bad(f"row {entry.number} names a hash function that this program does not know") from None
        self.rows, self.head = entry.number, entry.hash

    def _problem_of(self, entry: Entry) -> str:
        expected = self.rows + 1
        if entry.number != expected:
            return f"row {expected} is missing; row {entry.number} follows row {expected - 1}"
        if {type(column) for column in entry.columns[1:]} != {str}:
            return f"row {expected} has been changed: it holds no text"
        if entry.previous != self.head:
            return f"row {expected} does not follow row {expected - 1}: one of them has been changed"
        if entry.hash != entry.true_hash(self._function):
            return f"row {expected} has been changed: its hash does not fit"
        return ""


def verify(folder: Path) -> Verdict:
    """Read the whole journal in `folder`, as it stands at one moment; the core may go on writing.

    Raises:
        JournalUnavailable: there is no journal, it is from a newer program, or it may not be read.
    """
    chain, archives, retired = _Chain(), 0, None
    try:
        with closing_connection(open_for_reading(folder)) as database:
            database.execute("BEGIN")
            archived_row, retired_row = newest_archived_row(database), newest_retired_row(database)
            for row in (retired_row, archived_row):
                if row is not None and row.hash != row.true_hash(read_hash_history(database).at(row.number)):
                    return Verdict(0, GENESIS, row.number, f"row {row.number} has been changed: its hash does not fit")
            if retired_row is not None:
                retired = Retired.of(retired_row)
                chain.begin_behind(retired)
                _check_what_stayed(database, retired, read_hash_history(database))
            if archived_row is not None:
                archived = Archived.of(archived_row)
                archives = archived.archive - (retired.archive if retired is not None else 0)
                _take_archives(folder, database, chain, archived, archived.archive - archives + 1)
            for entry in select_entries(database, "NOT INDEXED WHERE number > ?", (chain.rows,)):
                chain.take(entry)
            _check_that_none_is_cut_off(database, chain.rows)
            return Verdict(chain.rows, chain.head, None, _problem_of_file(database), archives, retired)
    except (_Bad, ArchiveDamaged) as bad:
        return Verdict(chain.rows, chain.head, chain.rows + 1, str(bad), archives, retired)
    except (apsw.CantOpenError, apsw.PermissionsError, apsw.BusyError, PermissionError) as error:
        raise JournalUnavailable(f"cannot read the journal in {folder}: {plain_reason(error)}") from error
    except apsw.NotADBError as error:
        return Verdict(chain.rows, chain.head, None, plain_reason(error), archives)
    except (apsw.Error, OSError, UnicodeDecodeError) as error:
        problem = f"row {chain.rows + 1} cannot be read: {plain_reason(error)}"
        return Verdict(chain.rows, chain.head, chain.rows + 1, problem, archives)


def _check_what_stayed(database: apsw.Connection, retired: Retired, hashes: HashHistory) -> None:
    """Check the rows that stay when all about them is retired: those that say which function hashes, and its like."""
    for entry in select_entries(database, "NOT INDEXED WHERE number <= ?", (retired.last,)):
        if not entry.is_note or entry.state not in {each.value for each in (Note.DISK, Note.HASH, Note.RETIRED)}:
            raise _Bad(f"row {entry.number} was retired, and is there again")
        if entry.hash != entry.true_hash(hashes.at(entry.number)):
            raise _Bad(f"row {entry.number} has been changed: its hash does not fit")
    if hashes.at(retired.last + 1) is not retired.function:
        raise _Bad(f"the rows that name a hash function are not those of the time when row {retired.last} was retired")


def _take_archives(folder: Path, database: apsw.Connection, chain: _Chain, archived: Archived, first: int) -> None:
    """Go along the archives from number `first` on, and compare what also stayed in the database."""
    stayed = select_entries(database, "NOT INDEXED WHERE number BETWEEN ? AND ?", (chain.rows + 1, archived.last))
    also = next(stayed, None)
    for number, entry in _archived_entries(folder, archived, first):
        where = f" (archive {number})"
        chain.take(entry, where)
        if also is not None and also.number == entry.number:
            if also != entry:
                raise _Bad(f"row {entry.number} is not the same in the database and in archive {number}")
            also = next(stayed, None)
    if (chain.rows, chain.head) != (archived.last, archived.head):
        raise _Bad(
            f"archive {archived.archive} is not the one that was written: it ends with row {chain.rows} of hash"
            f" {chain.head[:16]}..., the journal recorded row {archived.last} of hash {archived.head[:16]}..."
        )


def _archived_entries(folder: Path, archived: Archived, first: int) -> Iterator[tuple[int, Entry]]:
    for number in range(first, archived.archive + 1):
        for entry in read_archive(folder, number):
            yield number, entry


def _check_that_none_is_cut_off(database: apsw.Connection, rows: int) -> None:
    given_out = database.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'entry'").get or 0
    if given_out > rows:
        raise _Bad(f"rows {rows + 1} to {given_out} are cut off")
    if given_out < rows:
        raise _Bad(f"the count of rows says {given_out}")


def _problem_of_file(database: apsw.Connection) -> str:
    version = schema_version(database)
    if schema_texts(database) != expected_schema(version):
        return "the tables or the triggers that keep rows from being changed are not those of a journal"
    findings = [str(finding) for (finding,) in database.execute("PRAGMA integrity_check(3)")]
    return "" if findings == ["ok"] else f"the file is damaged: {'; '.join(findings)}"
