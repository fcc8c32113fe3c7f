"""Clocks for tests: the real one, and one whose time only passes when a test says so."""

import time
from datetime import UTC, datetime, timedelta


class RealClock:
    """The machine's own time."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> datetime:
        return datetime.now(UTC).astimezone()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class SetClock:
    """Time that a test sets; `sleep` returns at once and lets the time pass."""

    def __init__(self, wall: datetime) -> None:
        self._start = wall
        self._passed = 0.0

    def now(self) -> float:
        return self._passed

    def wall(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def sleep(self, seconds: float) -> None:
        self._passed += seconds


class SteppedClock(SetClock):
    """A clock that a staged day sets from moment to moment."""

    async def until(self, at: float) -> None:
        self.sleep(max(0.0, at - self.wall().timestamp()))
