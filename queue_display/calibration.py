"""Whether what tickets said of the wait came true: for the manager, for whoever judges the estimator, and for "up to".

The replay knows neither breaks that are to come nor a rush that no day had before, so "up to" is stretched until it is
kept in four cases of five, whatever else is wrong: each broken promise to a line makes the next longer, each kept one
a little shorter (adaptive conformal inference: Gibbs and Candes, NeurIPS 34 (2021), arXiv 2106.00170).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from queue_display.events import Called, DayOpened, Entry, Issued, Parked
from queue_display.replay import Wait
from queue_display.tickets import Line

_AT_ONCE_S = 60.0

_MEANT = 0.8
_STEP = 0.05
"""How far one promise moves the logarithm of the stretch: some ten broken in a row make it half as long again."""
_SHORTEST = math.log(0.67)
_LONGEST = math.log(3.0)


@dataclass(frozen=True)
class Promises:
    """How promises to one line went: how many fell due, how many were kept, and sums of the errors of "about".

    A wait of less than a minute is told as one of up to a minute. It says that a window was free, and is kept or not by
    how soon its teller calls; four in five cannot be meant. So these stand apart: `at_once`, of them `at_once_kept`.
    """

    due: int = 0
    kept: int = 0
    error_s: float = 0.0
    squared_error: float = 0.0
    at_once: int = 0
    at_once_kept: int = 0

    @property
    def share_kept(self) -> float:
        """The share of "up to" that was kept: 0.8 is meant."""
        return self.kept / self.due if self.due else 0.0

    @property
    def share_kept_at_once(self) -> float:
        """The share that was called within the minute that was said."""
        return self.at_once_kept / self.at_once if self.at_once else 0.0

    @property
    def bias_s(self) -> float:
        """By how much customers waited longer than "about", on average."""
        return self.error_s / self.due if self.due else 0.0

    @property
    def rms_error_s(self) -> float:
        """The root of the mean squared error of "about"."""
        return (self.squared_error / self.due) ** 0.5 if self.due else 0.0

    def __add__(self, other: "Promises") -> "Promises":
        """Return how the promises to both went."""
        return Promises(
            self.due + other.due,
            self.kept + other.kept,
            self.error_s + other.error_s,
            self.squared_error + other.squared_error,
            self.at_once + other.at_once,
            self.at_once_kept + other.at_once_kept,
        )


class Calibration:
    """The promises of all days, a fold of the log. Who parked his ticket was promised nothing any more."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[Line, float, float, float]] = {}
        self._promises: dict[Line, Promises] = {}
        self._stretch: dict[Line, float] = {}  # its logarithm

    def stretch(self, line: Line) -> float:
        """Return by what "up to" of this line is multiplied, so that it is kept as often as it is meant to be."""
        return math.exp(self._stretch.get(line._replace(window=""), 0.0))

    def as_kept(self, line: Line, wait: Wait) -> Wait:
        """Return a wait with "up to" as it is kept, and never less than "about"."""
        if wait.about_s is None or wait.up_to_s is None:
            return wait
        return replace(wait, up_to_s=max(wait.about_s, wait.up_to_s * self.stretch(line)))

    @property
    def promises(self) -> Mapping[Line, Promises]:
        """How promises went, by the line that the ticket was taken for."""
        return self._promises

    def observe(self, entry: Entry) -> None:
        """Take in the entry that follows in the log."""
        match entry.event:
            case DayOpened():
                self._said = {}
            case Issued(ticket=number, said_about_s=float(about), said_up_to_s=float(up_to)) as issued:
                line = Line(issued.services[0], issued.customer_class, issued.slot is not None)
                self._said[number] = (line, entry.at, about, up_to)
            case Parked(ticket=number):
                self._said.pop(number, None)
            case Called(ticket=number) if number in self._said:
                line, at, about, up_to = self._said.pop(number)
                self._fall_due(line, entry.at - at, about, up_to)
            case _:
                pass

    def _fall_due(self, line: Line, waited: float, about: float, up_to: float) -> None:
        known = self._promises.get(line, Promises())
        if up_to < _AT_ONCE_S:
            soon = known.at_once_kept + (waited <= _AT_ONCE_S)
            self._promises[line] = replace(known, at_once=known.at_once + 1, at_once_kept=soon)
            return
        is_kept = waited <= up_to
        moved = self._stretch.get(line, 0.0) + _STEP * (_MEANT - is_kept)
        self._stretch[line] = min(max(moved, _SHORTEST), _LONGEST)
        error = waited - about
        self._promises[line] = replace(
            known,
            due=known.due + 1,
            kept=known.kept + is_kept,
            error_s=known.error_s + error,
            squared_error=known.squared_error + error * error,
        )
