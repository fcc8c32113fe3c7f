"""What holds for all tests: Hypothesis tries the same examples every time, and judges none by the clock.

A test that fails shows what SQLite logged meanwhile: the system's error behind a "disk I/O error" is told nowhere else.
"""

from collections import deque
from collections.abc import Generator

import apsw
import pytest
from hypothesis import settings

settings.register_profile("openteller", deadline=None, derandomize=True)
settings.load_profile("openteller")

_sqlite_log: deque[str] = deque(maxlen=20)
apsw.config(apsw.SQLITE_CONFIG_LOG, lambda code, text: _sqlite_log.append(f"{code}: {text}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "setup":
        _sqlite_log.clear()
    elif report.failed and _sqlite_log:
        report.sections.append(("SQLite's log", "\n".join(_sqlite_log)))
    return report
