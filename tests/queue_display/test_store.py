"""The log on disk."""

import stat
from pathlib import Path

import pytest

from queue_display import acts
from queue_display.events import DayOpened, Entry
from queue_display.keeping import NoSuchDay, StoreHeld, StoreUnavailable
from queue_display.store import DATABASE_NAME, QueueStore, read_day
from queue_display.tickets import Channel
from tests.queue_display.logs import MIDNIGHT, Log
from tests.queue_display.policies import branch_policy


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    with QueueStore(tmp_path / "queue"):
        assert stat.S_IMODE((tmp_path / "queue").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "queue" / DATABASE_NAME).stat().st_mode) == 0o600


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with QueueStore(tmp_path) as store:
        assert store._writer.pragma("synchronous") == 2
        assert store._writer.pragma("journal_mode") == "wal"


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with QueueStore(tmp_path), pytest.raises(StoreHeld, match="another program runs the queue"):
        QueueStore(tmp_path)
    QueueStore(tmp_path).close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreUnavailable, match=r"cannot open the queue in .*not a database"):
        QueueStore(tmp_path)


def test_notes_are_overwritten_when_the_next_day_begins(tmp_path: Path) -> None:
    log = Log(branch_policy())
    log.did(acts.IssueTicket(("simple",), "ordinary", "zh", Channel.KIOSK, notes="张三 13800138000"))
    with QueueStore(tmp_path) as store:
        store.append(log.entries)
        store.append([Entry(3, MIDNIGHT + 86400, DayOpened("2026-11-24", MIDNIGHT + 86400))])
    assert b"13800138000" not in (tmp_path / DATABASE_NAME).read_bytes()


def test_a_day_is_read_beside_whoever_writes(tmp_path: Path) -> None:
    log = Log(branch_policy())
    log.did(acts.IssueTicket(("simple",), "ordinary", "zh", Channel.KIOSK))
    next_day = Entry(3, MIDNIGHT + 86400, DayOpened("2026-11-24", MIDNIGHT + 86400))
    with QueueStore(tmp_path) as store:
        store.append(log.entries)
        store.append([next_day])
        assert read_day(tmp_path, "2026-11-23") == tuple(log.entries)
        assert read_day(tmp_path, "2026-11-24") == (next_day,)
        with pytest.raises(NoSuchDay, match=r"-25 is not in the log: its days are 2026-11-23 to 2026-11-24"):
            read_day(tmp_path, "2026-11-25")


def test_a_day_of_no_log_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot read the queue in"):
        read_day(tmp_path / "nowhere", "2026-11-23")
    with QueueStore(tmp_path), pytest.raises(NoSuchDay, match="there is no day in it yet"):
        read_day(tmp_path, "2026-11-23")
