"""What several tests of the composed terminal begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from openteller import queue_commands
from tests.openteller.branch import Branch
from tests.openteller.stage import Stage


@pytest.fixture(autouse=True)
def limits_of_this_process_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """`queue serve`, called in the tests' own process, forbids core dumps of all tests behind it: a limit stays."""
    monkeypatch.setattr(queue_commands, "leave_no_core_dump", lambda: None)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Give a terminal that shows its home page."""
    stage = Stage(tmp_path / "journal").in_service()
    yield stage
    stage.journal.close()


@pytest.fixture
def branch() -> Iterator[Branch]:
    """Give a terminal and its simulator; the core is not running yet."""
    branch = Branch()
    yield branch
    branch.close()
