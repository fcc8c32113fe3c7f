"""A reconciled day of 10,000 transactions beside a bare read of the same rows by SQLite.

What is timed is all that `openteller reconcile` does: verify the journal's chain, read the transactions, read and
check the settlement file, compare, and make the table; by itself, and as the command with starting Python.
"""

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import apsw
from rich.console import Console

from benchmarks.measure import Figure, side_by_side
from journal.database import DATABASE_NAME, ENTRY_COLUMNS
from journal.entries import Entry, next_entry
from journal.hashes import HashFunction
from journal.store import SqliteJournal
from kiosk_core.ledger import Facts
from kiosk_core.ledger import LedgerState as L
from openteller.reconcile import compared
from openteller.reconcile_views import render
from openteller.system_clock import SystemClock
from wire.settlement import BookingKind, SettledState, Settlement, SettlementEntry, encode

TRANSACTIONS = 10_000
DAY = date(2025, 11, 22)
BEIJING = timezone(timedelta(hours=8))
_MORNING = datetime.combine(DAY, time(6), BEIJING)
_STEP = timedelta(hours=16) / TRANSACTIONS
_INSERT = f"INSERT INTO entry ({ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  (our own columns)
_CARD = "310487*********5678"
_FEN = 5_000

_INIT: Facts = {"amount_fen": _FEN, "counter": 17, "old_balance_fen": 2_350, "random": "11223344", "mac1": "2988AE5A"}
_ROWS: tuple[tuple[L, Facts], ...] = (
    (L.NEW, {"service": "transit_top_up", "language": "zh"}),
    (L.CARD_READ, {"card": _CARD, "token": "ab" * 16, "old_balance_fen": 2_350}),
    (L.INIT, _INIT),
    (L.FUND_REQ, {"stan": 42}),
    (L.FUND_OK, {"paid": True}),
    (L.MAC2_REQ, {**_INIT, "stan": 43}),
    (L.MAC2_OK, {}),
    (L.CREDIT_SENT, {"authorised_at": "20261122101530", "counter": 17, "amount_fen": _FEN}),
    (L.CARD_OK, {"tac": "96436186", "proven": False}),
    (L.CONFIRM_SAF, {"stan": 44, "new_balance_fen": 7_350, "balance_as_expected": True}),
    (L.DONE, {}),
)


def run() -> list[Figure]:
    """Return the bare read first, then the comparison."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        _write_journal(folder)
        (folder / "bank").write_bytes(encode(Settlement(DAY, tuple(_booked()))))
        now = _MORNING + timedelta(days=1)

        def read() -> None:
            database = apsw.Connection(str(folder / DATABASE_NAME), flags=apsw.SQLITE_OPEN_READONLY)
            rows = database.execute(f"SELECT {ENTRY_COLUMNS} FROM entry").fetchall()  # noqa: S608  (our own columns)
            assert len(rows) == TRANSACTIONS * len(_ROWS)
            database.close()

        def reconcile() -> None:
            found = compared(DAY, folder, [folder / "bank"], now)
            assert not found.is_open
            Console(file=io.StringIO(), width=80).print(render(found))

        def command() -> None:
            words = ["reconcile", "--date", f"{DAY}", "-s", str(folder / "bank"), "-j", str(folder)]
            subprocess.run([sys.executable, "-m", "openteller", *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603

        return side_by_side(
            {
                f"bare SQLite read of {TRANSACTIONS * len(_ROWS):,} rows": read,
                f"reconcile {TRANSACTIONS:,} transactions": reconcile,
                "the same as a command": command,
            },
            repeat=1,
        )


def _order(number: int) -> str:
    return f"KT000001-{DAY:%y%m%d}{number + 1:05}"


def _write_journal(folder: Path) -> None:
    """Write the day at once: how it came to disk, row by row, is not what is timed."""
    with SqliteJournal(folder, "KT000001", SystemClock()):
        pass  # an empty journal
    with closing(apsw.Connection(str(folder / DATABASE_NAME))) as database, database:
        last: Entry | None = None
        for number in range(TRANSACTIONS):
            for place, (state, facts) in enumerate(_ROWS):
                at = _MORNING + number * _STEP + timedelta(milliseconds=300 * place)
                last = next_entry(last, at, _order(number), state.value, facts, function=HashFunction.SHA256)
                database.execute(_INSERT, astuple(last))


def _booked() -> Iterator[SettlementEntry]:
    for number in range(TRANSACTIONS):
        at = _MORNING + number * _STEP + timedelta(seconds=1)
        for kind in (BookingKind.PAYMENT, BookingKind.LOAD):
            yield SettlementEntry(
                order=_order(number),
                terminal="KT000001",
                stan=number + 1,
                rrn=f"{number:012}",
                date=DAY,
                time=at.time().replace(microsecond=0),
                kind=kind,
                amount_fen=_FEN,
                state=SettledState.LOADED,
                tac_proven=kind is BookingKind.LOAD,
                card=_CARD,
            )
