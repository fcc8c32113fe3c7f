"""The light behind calls that flash: one for all, so that many calls at once flash no faster than one."""

HALF_PERIOD_S = 0.4
"""1.25 flashes a second; more than three are dangerous to some (WCAG 2.2, 2.3.1)."""


class Lamp:
    """Changes at most once in HALF_PERIOD_S, whoever calls whenever."""

    def __init__(self) -> None:
        self.is_lit = False
        self._changed_at: float | None = None

    def tick(self, now: float, *, flashing: bool) -> None:
        """Go on to `now` (monotonic seconds); with nothing that flashes it goes out."""
        if not flashing and not self.is_lit:
            return
        if self._changed_at is None or now - self._changed_at >= HALF_PERIOD_S:
            self.is_lit = flashing and not self.is_lit
            self._changed_at = now
