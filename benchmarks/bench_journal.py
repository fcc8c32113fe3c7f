"""A durable row of the journal beside a bare insert into SQLite with the same pragmas on the same disk."""

import tempfile
from pathlib import Path

import apsw

from benchmarks.measure import Figure, side_by_side
from journal.store import SqliteJournal
from kiosk_core.ledger import LedgerState
from openteller.system_clock import SystemClock

FACTS = {"amount_fen": 5_000, "counter": 17, "old_balance_fen": 2_350, "random": "11223344", "mac1": "2988AE5A"}


def run() -> list[Figure]:
    """Return the bare insert first, then the journal's row (hash chain, checks, canonical facts)."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        bare = apsw.Connection(str(Path(folder) / "bare.db"))
        for statement in (
            "pragma journal_mode = wal",
            "pragma synchronous = full",
            "create table rows (a, b, c, d, e, f)",
        ):
            bare.execute(statement).fetchall()
        journal = SqliteJournal(Path(folder) / "journal", "OT000001", SystemClock())
        transaction = journal.begin({"service": "benchmark"}).id
        row = (transaction, "INIT", "2026-11-22T10:15:30.000000+08:00", str(FACTS), "0" * 64, "f" * 64)
        try:
            return side_by_side(
                {
                    "bare SQLite insert, WAL, synchronous = FULL": lambda: bare.execute(
                        "insert into rows values (?, ?, ?, ?, ?, ?)", row
                    ).fetchall(),
                    "journal row": lambda: journal.record(transaction, LedgerState.INIT, FACTS),
                },
                repeat=60,
            )
        finally:
            journal.close()
            bare.close()
