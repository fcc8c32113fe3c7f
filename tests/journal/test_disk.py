"""The journal on a disk that fills up or fails, and in a process that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from durable.sqlite import closing_connection, plain_reason
from journal.database import open_for_reading, select_entries
from journal.store import SqliteJournal
from journal.verify import verify
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerState
from tests.faulty_disk import FaultyDisk

TERMINAL = "KT000001"


@pytest.fixture
def disk(folder: Path) -> Iterator[FaultyDisk]:
    with FaultyDisk(folder) as disk:
        yield disk


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (apsw.FullError, "the disk is full"),
        (apsw.IOError, "the disk reports an error"),
        (apsw.ReadOnlyError, "it may not be written here"),
    ],
)
@pytest.mark.parametrize("operation", ["write", "sync"])
def test_a_disk_that_says_no_makes_the_journal_unavailable(disk, journal, operation, error, reason):
    transaction = journal.begin({}).id

    def refuse(done: str) -> None:
        if done == operation:
            raise error("no")

    disk.before = refuse
    with pytest.raises(JournalUnavailable, match=f"cannot write to the journal: {reason}"):
        journal.record(transaction, LedgerState.CREDIT_SENT, {})
    assert journal.unsettled()[0].state is LedgerState.NEW
    disk.mend()
    journal.record(transaction, LedgerState.CREDIT_SENT, {})
    assert [row.number for row in journal.unsettled()[0].rows] == [1, 2]


def test_sqlite_s_own_name_of_an_error_is_told_where_it_has_one():
    error = apsw.IOError("disk I/O error")
    error.extendedresult = apsw.SQLITE_IOERR_SHMSIZE
    assert plain_reason(error) == "the disk reports an error (disk I/O error, SQLITE_IOERR_SHMSIZE)"
    assert plain_reason(apsw.FullError("database or disk is full")) == "the disk is full (database or disk is full)"


@pytest.fixture
def journal(disk, folder, clock) -> Iterator[SqliteJournal]:
    with SqliteJournal(folder, TERMINAL, clock) as opened:
        yield opened


CHILD = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from journal.store import SqliteJournal
from kiosk_core.ledger import LedgerState
from tests.clocks import SetClock

with SqliteJournal(Path(sys.argv[1]), "KT000001", SetClock(datetime(2025, 11, 22, tzinfo=timezone.utc))) as journal:
    while True:
        transaction = journal.begin({}).id
        print(journal.unsettled()[-1].rows[-1].number, flush=True)
        print(journal.record(transaction, LedgerState.DONE, {}).number, flush=True)
"""


def test_a_killed_process_loses_no_acknowledged_row_and_frees_the_journal(folder, clock):
    rows = 0
    for acknowledgements in (1, 2, 7, 40, 41):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        ) as child:
            assert child.stdout is not None
            last = 0
            for _ in range(acknowledgements):
                last = int(child.stdout.readline())
            os.kill(child.pid, signal.SIGKILL)
            last = int((child.stdout.read().split() or [last])[-1])
        verdict = verify(folder)
        assert verdict.good
        assert verdict.rows >= last > rows
        rows = verdict.rows
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        assert journal.begin({}).rows[0].number == rows + 1
    with closing_connection(open_for_reading(folder)) as database:
        begun = list(select_entries(database, "WHERE state = 'NEW'"))
    assert len({entry.transaction for entry in begun}) == len(begun)
