"""A journal in a folder of its own, and a clock that stands where the test puts it."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from journal.store import SqliteJournal
from tests.clocks import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2025, 11, 22, 10, 15, 30, tzinfo=timezone(timedelta(hours=8))))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(folder: Path, clock: SetClock) -> Iterator[SqliteJournal]:
    with SqliteJournal(folder, "KT000001", clock) as opened:
        yield opened
