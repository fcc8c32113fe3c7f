"""A clock that runs many times as fast as the machine's, and waits where what is due is not done yet."""

import asyncio
from datetime import datetime, timedelta

from kiosk_core.clock import Clock


class FastClock:
    """Time from `begins` on, `speed` times that of `clock`. `queue_display.staged.day.Pace` says how far it may go.

    `now` goes on evenly, so that whoever measures what something costs sees what it costs. `wall` stands still where
    acts are late, and catches up with `now` as they are.
    """

    def __init__(self, clock: Clock, begins: datetime, speed: float) -> None:
        self._clock = clock
        self._origin = clock.now()
        self._begins = begins
        self._speed = speed
        self._held_s = 0.0

    def now(self) -> float:
        """Return seconds since `begins` as they should have passed."""
        return (self._clock.now() - self._origin) * self._speed

    def wall(self) -> datetime:
        """Return the branch's date and time."""
        return self._begins + timedelta(seconds=min(self.now(), self._held_s))

    def sleep(self, seconds: float) -> None:
        """Block this thread while `seconds` pass."""
        self._clock.sleep(seconds / self._speed)

    async def until(self, at: float) -> None:
        """Return at `at` (Unix seconds), or at once where it is later already; `wall` goes on to it and no further."""
        self._held_s = max(self._held_s, at - self._begins.timestamp())
        await asyncio.sleep(max(0.0, (self._held_s - self.now()) / self._speed))

    @property
    def behind_s(self) -> float:
        """By how much the branch is behind its speed, in its own seconds."""
        return max(0.0, self.now() - self._held_s)

    @property
    def speed(self) -> float:
        """How many times as fast as the machine's clock the branch's has been so far."""
        passed = self._clock.now() - self._origin
        return min(self.now(), self._held_s) / passed if passed else self._speed
