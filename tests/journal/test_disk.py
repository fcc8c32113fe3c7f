"""The journal on a disk that fills up, fails, or loses power, and in a process that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from journal.database import closing_connection, open_for_reading, select_entries
from journal.store import SqliteJournal
from journal.verify import verify
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerState

TERMINAL = "KT000001"
BASE = "unix"


class Disk(apsw.VFS):
    """SQLite's own file system, with a memory of what was synced; `fault`, if set, is asked before each write."""

    def __init__(self) -> None:
        self.synced: dict[Path, bytes] = {}
        self.fault: Callable[[str], None] = lambda operation: None
        super().__init__("test-disk", BASE, makedefault=True)

    def xOpen(self, name, flags):  # noqa: N802  (SQLite's name)
        return File(self, name, flags)

    def xDelete(self, name, sync_folder):  # noqa: N802
        super().xDelete(name, sync_folder)
        self.synced.pop(Path(name), None)


class File(apsw.VFSFile):
    def __init__(self, disk: Disk, name, flags) -> None:
        self._disk = disk
        self._path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        super().__init__(BASE, name, flags)

    def xWrite(self, data, offset):  # noqa: N802
        self._disk.fault("write")
        super().xWrite(data, offset)

    def xTruncate(self, size):  # noqa: N802
        self._disk.fault("truncate")
        super().xTruncate(size)

    def xSync(self, flags):  # noqa: N802
        self._disk.fault("sync")
        super().xSync(flags)
        self._disk.synced[self._path] = self._path.read_bytes()


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.unregister()


def test_a_row_survives_a_power_cut_that_loses_all_that_was_not_synced(disk, folder, clock, tmp_path):
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        transaction = journal.begin({}).id
        for number in range(2, 12):
            row = journal.record(transaction, LedgerState.CARD_READ, {"n": number})
            survivor = tmp_path / f"after-{number}"
            survivor.mkdir()
            (survivor / "journal.key").write_bytes((folder / "journal.key").read_bytes())
            for path, content in disk.synced.items():
                if path.parent == folder:
                    (survivor / path.name).write_bytes(content)
            verdict = verify(survivor)
            assert (verdict.problem, verdict.rows) == ("", number)
            with SqliteJournal(survivor, TERMINAL, clock) as recovered:
                assert recovered.unsettled()[0].rows[-1] == row


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

    disk.fault = refuse
    with pytest.raises(JournalUnavailable, match=f"cannot write to the journal: {reason}"):
        journal.record(transaction, LedgerState.CREDIT_SENT, {})
    assert journal.unsettled()[0].state is LedgerState.NEW
    disk.fault = lambda operation: None
    journal.record(transaction, LedgerState.CREDIT_SENT, {})
    assert [row.number for row in journal.unsettled()[0].rows] == [1, 2]


@pytest.fixture
def journal(disk, folder, clock) -> Iterator[SqliteJournal]:
    with SqliteJournal(folder, TERMINAL, clock) as opened:
        yield opened


def test_a_fault_at_any_single_disk_operation_loses_no_acknowledged_row(disk, tmp_path, clock):
    for fails_at in range(60):
        folder = tmp_path / f"fault-{fails_at}"
        left = fails_at

        def refuse(operation: str) -> None:
            nonlocal left
            left -= 1
            if left == -1:
                raise apsw.IOError("no")

        disk.fault = refuse
        acknowledged = []
        try:
            with SqliteJournal(folder, TERMINAL, clock) as journal:
                for _ in range(3):
                    try:
                        transaction = journal.begin({}).id
                        acknowledged.append((transaction, LedgerState.NEW))
                        journal.record(transaction, LedgerState.CREDIT_SENT, {})
                        acknowledged.append((transaction, LedgerState.CREDIT_SENT))
                    except JournalUnavailable:
                        pass
        except JournalUnavailable:
            pass
        disk.fault = lambda operation: None
        with SqliteJournal(folder, TERMINAL, clock) as journal:
            assert verify(folder).good, f"after a fault at operation {fails_at}"
            found = {(row.transaction, row.state) for each in journal.unsettled() for row in each.rows}
        assert found >= set(acknowledged), f"after a fault at operation {fails_at}"


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
