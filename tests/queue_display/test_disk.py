"""The queue's files on a disk that fails or loses power at every single operation on it."""

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from queue_display.keeping import KeptAnswer, StoreUnavailable
from queue_display.server.access import HAND_OUT_NAME, Tokens
from queue_display.store import QueueStore
from tests.faulty_disk import FaultyDisk, Image, Unsynced
from tests.queue_display.logs import Log
from tests.queue_display.test_views import a_day


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FaultyDisk]:
    with FaultyDisk(tmp_path / "nothing yet") as disk:
        yield disk


class Life:
    """A queue's life; `acknowledged` is the last entry whose transaction came back, with an answer of that key."""

    def __init__(self, folder: Path, log: Log) -> None:
        self.folder = folder
        self._log = log
        self.acknowledged = 0

    def live(self) -> None:
        for _ in range(2):
            with suppress(StoreUnavailable), QueueStore(self.folder) as store:
                for _ in range(3):
                    last = store.last_number()
                    batch = self._log.entries[last : last + 3]
                    store.append(batch, [KeptAnswer(f"key {batch[-1].number}", "request", "{}")])
                    self.acknowledged = batch[-1].number

    def check(self, when: str) -> None:
        with QueueStore(self.folder) as store:
            found = list(store.entries())
            assert found == self._log.entries[: len(found)], when
            assert len(found) >= self.acknowledged, when
            assert len(found) % 3 == 0, f"half a transaction, {when}"
            keys = [f"key {number}" for number in range(3, len(found) + 1, 3)]
            assert list(store.take_turn(len(found), keys).answers) == keys, when


def operations_of(life: Life, disk: FaultyDisk) -> range:
    disk.start(life.folder)
    life.live()
    assert life.acknowledged == 18
    return range(1, disk.operations + 1)


@pytest.mark.parametrize("unsynced", Unsynced)
def test_nothing_acknowledged_is_lost_when_the_power_goes(tmp_path: Path, disk: FaultyDisk, unsynced: Unsynced) -> None:
    log = a_day()
    for number in operations_of(Life(tmp_path / "undisturbed", log), disk):
        life = Life(tmp_path / f"cut-{number}", log)
        disk.start(life.folder)
        left: list[Image] = []

        def cut(kind: str, number: int = number, left: list[Image] = left) -> None:
            if disk.operations == number:
                left.append(disk.after_power_cut(unsynced, random.Random(number)))
            if disk.operations >= number:
                raise apsw.IOError(f"the power is off: no {kind}")

        disk.before = cut
        life.live()
        disk.mend()
        disk.restore(left[0])
        life.check(f"the power went at operation {number}")


@pytest.mark.parametrize("error", [apsw.IOError, apsw.FullError])
def test_nothing_acknowledged_is_lost_when_one_operation_fails(
    tmp_path: Path, disk: FaultyDisk, error: type[apsw.Error]
) -> None:
    log = a_day()
    for number in operations_of(Life(tmp_path / "undisturbed", log), disk):
        life = Life(tmp_path / f"fault-{number}", log)
        disk.start(life.folder)

        def fail(kind: str, number: int = number) -> None:
            if disk.operations == number:
                raise error(f"no {kind}")

        disk.before = fail
        life.live()
        disk.mend()
        life.check(f"operation {number} failed")


def test_tokens_that_were_made_outlive_a_power_cut(tmp_path: Path, disk: FaultyDisk) -> None:
    folder = tmp_path / "queue"
    folder.mkdir()
    disk.start(folder)
    made = Tokens(folder).of_ticket("A001", 2)
    disk.restore(disk.after_power_cut(Unsynced.LOST))
    assert (folder / HAND_OUT_NAME).exists()
    assert Tokens(folder).of_ticket("A001", 2) == made
