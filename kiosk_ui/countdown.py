"""A countdown that runs on the screen's own clock, from the seconds that the core named."""

from math import ceil

from PyQt6.QtCore import QObject, pyqtSignal

from screen_parts.qt_property import qt_property


class Countdown(QObject):
    """Seconds left and the part of the whole that they are."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._total_s = 0
        self._until: float | None = None
        self._left = 0

    def start(self, now: float, seconds: int | None, *, keep_total: bool = False) -> None:
        """Count `seconds` down from `now`; None stops. `keep_total`: it goes on where a longer one stood."""
        self._total_s = max(seconds or 0, self._total_s if keep_total and self._until is not None else 0)
        self._until = None if seconds is None else now + seconds
        self._left = seconds or 0
        self.changed.emit()

    def tick(self, now: float) -> None:
        """Bring the seconds up to date."""
        left = 0 if self._until is None else max(0, ceil(self._until - now))
        if left != self._left:
            self._left = left
            self.changed.emit()

    @qt_property(int, notify=changed)
    def left(self) -> int:
        """Return whole seconds left, the one under way counted."""
        return self._left

    @qt_property(float, notify=changed)
    def part(self) -> float:
        """Return what is left, as a part of the whole: 1 to 0."""
        return self._left / self._total_s if self._total_s else 0.0
