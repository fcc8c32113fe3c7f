"""At every single operation on the disk: it fails, or the power goes. No row whose call had returned is ever lost.

The life that is lived through has all that writes: an old journal is migrated, transactions begin, go on and end, a
note is written behind the end, old rows go to an archive, an archive is retired, the clock is confirmed, the hash
function changes, the journal is closed and opened again.
"""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest

from journal.archive import SHORTEST_KEEP, Retention
from journal.hashes import HashFunction
from journal.reading import EVERYTHING, read_latest
from journal.retirement import Retirement, RetirementRefused
from journal.store import SqliteJournal
from journal.verify import verify
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerRow
from kiosk_core.ledger import LedgerState as L
from tests.clocks import SetClock
from tests.faulty_disk import FaultyDisk, Image, Unsynced

SCHEMA_1 = Path(__file__).parent / "schemas" / "1.sql"
SUSPENSE = "KT000001-25112200002"
DAY = 86_400.0

Rows = set[tuple[int, str, L]]
"""Number, transaction and state of each."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    (folder / "journal.key").write_bytes(bytes(32))
    with closing(sqlite3.connect(folder / "journal.db")) as file:
        file.executescript(SCHEMA_1.read_text(encoding="utf-8"))
    return folder


class Life:
    """A terminal's life with its journal; `returned` holds each row whose call came back."""

    def __init__(self, folder: Path, clock: SetClock) -> None:
        self.folder = folder
        self._clock = clock
        self.returned: Rows = set()

    def live(self) -> None:
        """Go on with the next thing after whatever fails, as the core does."""
        for function in (HashFunction.SHA256, HashFunction.SM3):
            with suppress(JournalUnavailable), self._open(function) as journal:
                with suppress(JournalUnavailable):
                    self._serve(journal, L.DONE)
                with suppress(JournalUnavailable, ValueError):
                    self._record(journal, SUSPENSE, L.SETTLED)
                self._clock.sleep(50 * DAY)
                with suppress(JournalUnavailable):
                    self._serve(journal, L.REV_REQ)
                with suppress(JournalUnavailable):
                    journal.maintain()
                with suppress(JournalUnavailable, RetirementRefused):
                    self._retire(journal)
                with suppress(JournalUnavailable):
                    journal.confirm_clock("Li Na", "seen")
                with suppress(JournalUnavailable):
                    self._serve(journal, L.ABANDONED)

    def _open(self, function: HashFunction) -> SqliteJournal:
        retention = Retention(timedelta(days=31))
        return SqliteJournal(self.folder, "KT000001", self._clock, retention=retention, function=function)

    def _serve(self, journal: SqliteJournal, end: L) -> None:
        transaction = journal.begin({"service": "transit_top_up"})
        self._returned(transaction.rows[0])
        self._record(journal, transaction.id, L.CREDIT_SENT)
        self._record(journal, transaction.id, end)
        self._returned(journal.note(transaction.id, {"receipt": "printed"}))

    def _record(self, journal: SqliteJournal, transaction: str, state: L) -> None:
        self._returned(journal.record(transaction, state, {"amount_fen": 5000}))

    def _returned(self, row: LedgerRow) -> None:
        self.returned.add((row.number, row.transaction, row.state))

    def _retire(self, journal: SqliteJournal) -> None:
        journal.retire(Retirement(self._clock.wall() - SHORTEST_KEEP, 0, "Li Na", "long ago"), journal.head()[0])


@pytest.fixture
def begin(template: Path, tmp_path: Path) -> Callable[[str], Life]:
    def copy(name: str) -> Life:
        folder = tmp_path / name
        shutil.copytree(template, folder)
        return Life(folder, SetClock(datetime(2025, 11, 23, tzinfo=UTC)))

    return copy


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FaultyDisk]:
    with FaultyDisk(tmp_path / "nothing yet") as disk:
        yield disk


def check(folder: Path, returned: Rows, when: str) -> None:
    """Open the journal as the next start of the core does, and go on with it."""
    with SqliteJournal(folder, "KT000001", SetClock(datetime(2026, 6, 1, tzinfo=UTC))) as journal:
        journal.maintain()
        journal.record(journal.begin({}).id, L.ABANDONED, {})
    verdict = verify(folder)
    assert verdict.good, f"{when}: {verdict.problem}"
    last = verdict.retired.last if verdict.retired is not None else 0
    begun = {transaction: number for number, transaction, state in returned if state is L.NEW} | {SUSPENSE: 1}
    kept = {row for row in returned if begun[row[1]] > last}
    rows = (row for each in read_latest(folder, EVERYTHING) for row in each.rows)
    found = {(row.number, row.transaction, row.state) for row in rows}
    assert found >= kept, f"{when}: {kept - found} are lost"


@pytest.fixture(params=["some", pytest.param("all", marks=pytest.mark.slow)])
def operations(request: pytest.FixtureRequest, begin: Callable[[str], Life], disk: FaultyDisk) -> range:
    """The numbers of the operations of a life without a fault: all, or in the fast test each fifteenth."""
    life = begin("undisturbed")
    disk.start(life.folder)
    life.live()
    assert len(life.returned) == 2 * (4 + 4 + 4) + 1
    verdict = verify(life.folder)
    assert (verdict.archives, verdict.retired is not None) == (1, True)
    return range(1, disk.operations + 1, 1 if request.param == "all" else 15)


def fail_at(disk: FaultyDisk, number: int, error: type[apsw.Error], *, lasts: bool) -> None:
    """Let the `number`-th operation from now on fail, and all behind it if that `lasts`."""
    first = disk.operations + number

    def fault(kind: str) -> None:
        if disk.operations == first or (lasts and disk.operations > first):
            raise error(f"no {kind}")

    disk.before = fault


def cut_at(disk: FaultyDisk, number: int, unsynced: Unsynced) -> list[Image]:
    """Let the power go at the `number`-th operation from now on; what is left is in what this returns, then."""
    first = disk.operations + number
    left: list[Image] = []

    def fault(kind: str) -> None:
        if disk.operations == first:
            left.append(disk.after_power_cut(unsynced, random.Random(number)))
        if disk.operations >= first:
            raise apsw.IOError(f"the power is off: no {kind}")

    disk.before = fault
    return left


@pytest.mark.parametrize(
    ("error", "lasts"), [(apsw.IOError, False), (apsw.IOError, True), (apsw.FullError, False), (apsw.FullError, True)]
)
def test_no_row_is_lost_when_any_single_operation_fails(begin, disk, operations, error, lasts):
    for number in operations:
        life = begin(f"fault-{number}")
        disk.start(life.folder)
        fail_at(disk, number, error, lasts=lasts)
        life.live()
        disk.mend()
        check(life.folder, life.returned, f"operation {number} failed")


@pytest.mark.parametrize("unsynced", Unsynced)
def test_no_row_is_lost_when_the_power_goes_at_any_operation(begin, disk, operations, unsynced):
    for number in operations:
        life = begin(f"cut-{number}")
        disk.start(life.folder)
        left = cut_at(disk, number, unsynced)
        life.live()
        disk.mend()
        disk.restore(left[0])
        check(life.folder, life.returned, f"the power went at operation {number}")
