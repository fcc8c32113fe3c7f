"""Proof that a journal is as it was written: every row there, in its place, unchanged.

The chain shows what was changed, dropped or moved; SQLite's own count of numbers given out shows rows cut off at
the end. Two things the file alone cannot show: a forger who writes the whole chain anew, and rows that were
still in the write-ahead log when that was lost. Compare `Verdict.head` with one noted earlier to see those.
"""

from dataclasses import dataclass
from pathlib import Path

import apsw

from journal.database import (
    closing_connection,
    expected_schema,
    open_for_reading,
    plain_reason,
    schema_texts,
    schema_version,
    select_entries,
)
from journal.entries import GENESIS, Entry
from kiosk_core.errors import JournalUnavailable


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: good rows from the first on, the first bad row if it is known, and what is wrong.

    `head` is the hash of the last good row. All is well when `problem` is "".
    """

    rows: int
    head: str
    first_bad: int | None = None
    problem: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem


def verify(folder: Path) -> Verdict:
    """Read the whole journal in `folder`, as it stands at one moment; the core may go on writing.

    Raises:
        JournalUnavailable: there is no journal, or it may not be read.
    """
    rows, head = 0, GENESIS
    try:
        with closing_connection(open_for_reading(folder)) as database:
            database.execute("BEGIN")
            for entry in select_entries(database, "NOT INDEXED"):  # as they lie, whatever an index says
                problem = _problem_of(entry, rows + 1, head)
                if problem:
                    return Verdict(rows, head, rows + 1, problem)
                rows, head = rows + 1, entry.hash
            cut_off = _cut_off(database, rows)
            if cut_off:
                return Verdict(rows, head, rows + 1, cut_off)
            return Verdict(rows, head, None, _problem_of_file(database))
    except (apsw.CantOpenError, apsw.PermissionsError, apsw.BusyError) as error:
        raise JournalUnavailable(f"cannot read the journal in {folder}: {plain_reason(error)}") from error
    except apsw.NotADBError as error:
        return Verdict(rows, head, None, plain_reason(error))
    except (apsw.Error, UnicodeDecodeError) as error:
        return Verdict(rows, head, rows + 1, f"row {rows + 1} cannot be read: {plain_reason(error)}")


def _problem_of(entry: Entry, expected: int, previous: str) -> str:
    if entry.number != expected:
        return f"row {expected} is missing; row {entry.number} follows row {expected - 1}"
    if not all(isinstance(text, str) for text in (entry.at, entry.transaction, entry.state, entry.facts, entry.hash)):
        return f"row {expected} has been changed: it holds no text"
    if entry.previous != previous:
        return f"row {expected} does not follow row {expected - 1}: one of them has been changed"
    if entry.hash != entry.true_hash:
        return f"row {expected} has been changed: its hash does not fit"
    return ""


def _cut_off(database: apsw.Connection, rows: int) -> str:
    given_out = database.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'entry'").get or 0
    if given_out == rows:
        return ""
    if given_out > rows:
        return f"rows {rows + 1} to {given_out} are cut off"
    return f"the count of rows says {given_out}"


def _problem_of_file(database: apsw.Connection) -> str:
    version = schema_version(database)
    if schema_texts(database) != expected_schema(version):
        return "the tables or the triggers that keep rows from being changed are not those of a journal"
    findings = [str(finding) for (finding,) in database.execute("PRAGMA integrity_check(3)")]
    return "" if findings == ["ok"] else f"the file is damaged: {'; '.join(findings)}"
