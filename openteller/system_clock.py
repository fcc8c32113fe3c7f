"""The clock of a real terminal."""

import time
from datetime import datetime


class SystemClock:
    """kiosk_core.clock.Clock on the operating system's clocks."""

    def now(self) -> float:
        """Return CLOCK_MONOTONIC in seconds."""
        return time.monotonic()

    def wall(self) -> datetime:
        """Return the local time with its zone."""
        return datetime.now().astimezone()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)
