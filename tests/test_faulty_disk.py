"""The disk that forgets: what was synced is there after a power cut, what was not may be, in any part."""

import random
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.faulty_disk import FaultyDisk, Unsynced


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FaultyDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with FaultyDisk(folder) as disk:
        yield disk


def table(disk: FaultyDisk, synchronous: str) -> apsw.Connection:
    connection = apsw.Connection(str(disk.folder / "a.db"))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", synchronous)
    connection.execute("CREATE TABLE row (number INTEGER)")
    connection.wal_checkpoint()
    return connection


def rows_after_power_cut(disk: FaultyDisk, connection: apsw.Connection) -> int:
    image = disk.after_power_cut()
    connection.close()
    disk.restore(image)
    with_power = apsw.Connection(str(disk.folder / "a.db"))
    count = with_power.execute("SELECT count(*) FROM row").get
    with_power.close()
    assert isinstance(count, int)
    return count


def test_a_row_that_was_synced_is_there(disk: FaultyDisk) -> None:
    connection = table(disk, "full")
    connection.execute("INSERT INTO row VALUES (1)")
    assert rows_after_power_cut(disk, connection) == 1


def test_a_row_that_was_not_synced_is_gone(disk: FaultyDisk) -> None:
    connection = table(disk, "normal")
    connection.execute("INSERT INTO row VALUES (1)")
    assert rows_after_power_cut(disk, connection) == 0


def test_each_unsynced_write_may_survive_without_the_others(disk: FaultyDisk) -> None:
    connection = table(disk, "normal")
    connection.execute("INSERT INTO row VALUES (1)")
    cuts = [disk.after_power_cut(Unsynced.SOME, random.Random(seed)) for seed in range(20)]
    none, all_ = disk.after_power_cut(), disk.after_power_cut(Unsynced.KEPT)
    connection.close()
    assert len({dict(image)["a.db-wal"] for image in (none, *cuts, all_)}) > 3


def test_other_folders_are_let_be(disk: FaultyDisk, tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "b.db"))
    connection.execute("CREATE TABLE row (number INTEGER)")
    connection.close()
    assert disk.after_power_cut() == frozenset()
