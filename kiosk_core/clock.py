"""The clock that everything with a notion of time is given; nobody calls `time` or `datetime.now` himself."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time as the suite sees it: real on a terminal, virtual in tests."""

    def now(self) -> float:
        """Return monotonic seconds from an arbitrary origin."""
        ...

    def wall(self) -> datetime:
        """Return the civil date and time, aware of its zone."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...
