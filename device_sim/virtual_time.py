"""Time that passes only where everybody waits: a day of the simulated terminal in a minute, the same every time."""

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

from greenlet import getcurrent, greenlet


class VirtualClock:
    """A kiosk_core.clock.Clock for one thread. Blocking code runs on it unchanged, many tasks side by side.

    A task is work begun by `spawn`; it runs until it sleeps, and whoever wakes first runs next, in the order of the
    sleeping where two wake at once. Outside `run` a sleep just lets the time pass, which is all that a single driver
    needs.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._now = 0.0
        self._hub: greenlet | None = None
        self._until = 0.0
        self._numbers = itertools.count()
        self._sleeping: list[tuple[float, int, greenlet]] = []

    def now(self) -> float:
        """Return the seconds since the clock was made."""
        return self._now

    def wall(self) -> datetime:
        """Return the civil time: the start and what has passed since."""
        return self._start + timedelta(seconds=self._now)

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass; other tasks run meanwhile. Less than 0 is 0."""
        wake = self._now + max(seconds, 0.0)
        if self._hub is None:
            self._now = wake
        elif wake <= self._until and not (self._sleeping and self._sleeping[0][0] <= wake):
            self._now = wake  # nobody wakes before: going round by the hub would lead here again
        else:
            heapq.heappush(self._sleeping, (wake, next(self._numbers), getcurrent()))
            self._hub.switch()

    def spawn(self, work: Callable[[], None]) -> None:
        """Begin a task; it first runs in `run`, at the present time."""
        heapq.heappush(self._sleeping, (self._now, next(self._numbers), greenlet(work)))

    def run(self, seconds: float) -> None:
        """Run the tasks for `seconds`; what a task raises is raised here. Tasks that still sleep go on in the next."""
        self._until = self._now + seconds
        self._hub = getcurrent()
        try:
            while self._sleeping and self._sleeping[0][0] <= self._until:
                self._now, _, task = heapq.heappop(self._sleeping)
                task.parent = self._hub
                task.switch()
        finally:
            self._hub = None
        self._now = self._until
