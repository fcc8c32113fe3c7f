"""Clocks for tests: the real one, and one whose time only passes when a test says so."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

NEAR_MIDNIGHT_S = 120


class RealClock:
    """The machine's own time."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> datetime:
        return datetime.now(UTC).astimezone()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def let_midnight_pass() -> None:
    """Wait until midnight is over, where it is near: what comes then is of one day, limits and files of a day too."""
    now = datetime.now(UTC).astimezone()
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    if (left_s := (midnight - now).total_seconds()) < NEAR_MIDNIGHT_S:
        time.sleep(left_s + 1)


class UnhurriedClock(RealClock):
    """A quarter of the machine's time, for a driver whose device is another thread: its naps pass no deadline."""

    def now(self) -> float:
        return time.monotonic() / 4


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


@contextmanager
def passing(clock: SetClock, *, from_when: Callable[[], object] = lambda: True) -> Iterator[None]:
    """Let time pass quickly once `from_when()` is true, for who waits in vain.

    Where nobody waits in vain the clock stands: no deadline can pass because the machine has much else to do.
    """
    over = threading.Event()

    def pass_on() -> None:
        while not over.wait(0.005):
            if from_when():
                clock.sleep(1.0)

    hand = threading.Thread(target=pass_on)
    hand.start()
    try:
        yield
    finally:
        over.set()
        hand.join()
