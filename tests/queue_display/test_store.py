"""The log on disk."""

import stat
from pathlib import Path

import apsw
import pytest

from queue_display import acts
from queue_display.events import DayOpened, Entry, Issued
from queue_display.store import DATABASE_NAME, KeptAnswer, QueueStore, StoreHeld, StoreUnavailable
from queue_display.tickets import Channel
from tests.queue_display.logs import MIDNIGHT, Log
from tests.queue_display.policies import branch_policy
from tests.queue_display.test_views import a_day


def opened(number: int, day: str) -> Entry:
    return Entry(number, MIDNIGHT + number, DayOpened(day, MIDNIGHT))


def test_what_was_appended_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    entries = a_day().entries
    with QueueStore(tmp_path / "queue") as store:
        store.append(entries[:3])
        store.append(entries[3:])
    with QueueStore(tmp_path / "queue") as store:
        assert list(store.entries()) == entries
        assert list(store.entries(after=4, most=2)) == entries[4:6]
        assert store.last_number() == len(entries)


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


def test_a_gap_is_refused_and_nothing_of_its_transaction_stays(tmp_path: Path) -> None:
    entries = a_day().entries
    with QueueStore(tmp_path) as store:
        with pytest.raises(StoreUnavailable, match="numbered without gaps"):
            store.append([*entries[:2], entries[3]], [KeptAnswer("k", "r", "{}")])
        assert store.last_number() == 0
        assert store.answer("k") is None


@pytest.mark.parametrize("spoiling", ["DELETE FROM entry WHERE number = 2", "UPDATE entry SET at = 0"])
def test_entries_are_never_changed(tmp_path: Path, spoiling: str) -> None:
    with QueueStore(tmp_path) as store:
        store.append(a_day().entries)
    database = apsw.Connection(str(tmp_path / DATABASE_NAME))
    with pytest.raises(apsw.ConstraintError, match="never"):
        database.execute(spoiling)
    database.close()


def test_a_file_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    QueueStore(tmp_path).close()
    database = apsw.Connection(str(tmp_path / DATABASE_NAME))
    database.pragma("user_version", 99)
    database.close()
    with pytest.raises(StoreUnavailable, match="written by a newer program"):
        QueueStore(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreUnavailable, match=r"cannot open the queue in .*not a database"):
        QueueStore(tmp_path)


def test_a_row_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    QueueStore(tmp_path).close()
    database = apsw.Connection(str(tmp_path / DATABASE_NAME))
    database.execute("INSERT INTO entry VALUES (1, 0, 'Danced', '{}')")
    database.close()
    with QueueStore(tmp_path) as store, pytest.raises(StoreUnavailable, match="there is no event Danced"):
        list(store.entries())


def test_an_answer_is_kept_until_the_day_after_has_ended(tmp_path: Path) -> None:
    answer = KeptAnswer("key", "request", '{"a":1}')
    with QueueStore(tmp_path) as store:
        store.append([opened(1, "2026-11-23")], [answer])
        store.append([opened(2, "2026-11-24")])
        assert store.answer("key") == answer
        store.append([opened(3, "2026-11-25")])
        assert store.answer("key") is None


def test_it_says_where_the_last_days_begin(tmp_path: Path) -> None:
    log = Log(branch_policy())
    log.did(acts.SignIn("1", "1001"))
    log.did(acts.OpenDay("2026-11-24", MIDNIGHT + 86400))
    with QueueStore(tmp_path) as store:
        assert store.first_of_days(2) == 1
        store.append(log.entries)
        assert store.first_of_days(1) == 3
        assert store.first_of_days(5) == 1


def test_notes_outlive_a_restart_but_not_the_day(tmp_path: Path) -> None:
    log = Log(branch_policy())
    log.did(acts.IssueTicket(("simple",), "ordinary", "zh", Channel.KIOSK, notes="张三 13800138000"))
    with QueueStore(tmp_path) as store:
        store.append(log.entries)
    with QueueStore(tmp_path) as store:
        assert list(store.entries()) == log.entries
        store.append([opened(3, "2026-11-24")])
        assert store.last_number() == 3
        issued = list(store.entries())[1].event
        assert isinstance(issued, Issued)
        assert issued.notes == ""
    assert b"13800138000" not in (tmp_path / DATABASE_NAME).read_bytes()
