"""How often windows pause and for how long, learned from the log by reason; seconds.

How often is known as for arrivals: from the same hour of earlier days and from the last while. So a branch's first
pause comes as a surprise, but not those that follow it, nor that it ends.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from queue_display.arrival_rates import ArrivalRates, Rate
from queue_display.branch import Branch
from queue_display.events import BreakBegan, BreakEnded, BreakReason, DayOpened, Entry, TellerSignedIn
from queue_display.service_times import Law

_EXPECTED_MIN: Mapping[BreakReason, float] = {
    BreakReason.REST: 15,
    BreakReason.MEAL: 45,
    BreakReason.CASH: 15,
    BreakReason.BACK_OFFICE: 20,
    BreakReason.TRAINING: 60,
    BreakReason.FAULT: 30,
}
"""What is assumed until the branch has shown it, as if it had been seen once with each of these ratios."""
_PRIOR_RATIOS = (0.5, 0.75, 1.0, 1.25, 1.5)
_REMEMBERED = 50


@dataclass(frozen=True)
class Pausing:
    """What is known of pauses at a moment: how often one begins in the whole branch, and how long it lasts."""

    rates: Mapping[BreakReason, Rate]
    lasts: Mapping[BreakReason, Law]


NO_PAUSES = Pausing({}, {})
"""Nobody ever pauses."""


class Pauses:
    """Learned from the log, entry by entry."""

    def __init__(self) -> None:
        self._rates: ArrivalRates[BreakReason] = ArrivalRates()
        self._lasted = {
            reason: deque((60 * minutes * ratio for ratio in _PRIOR_RATIOS), _REMEMBERED)
            for reason, minutes in _EXPECTED_MIN.items()
        }

    def observe(self, branch: Branch, entry: Entry) -> None:
        """Learn from the entry that follows in the log; `branch` is as it was before it."""
        match entry.event:
            case DayOpened():
                self._rates.open_day(entry.at)
            case TellerSignedIn() if not branch.windows:
                self._rates.begin(entry.at)
            case BreakBegan(reason=reason):
                self._rates.learn(reason, branch.hour(entry.at), entry.at)
            case BreakEnded(window=name):
                window = branch.windows[name]
                if window.pause is not None and window.pause_since is not None:
                    self._lasted[window.pause].append(entry.at - window.pause_since)
            case _:
                pass

    def known(self, hour: int, now: float) -> Pausing:
        """Return what is known in this hour (0 to 23)."""
        return Pausing(self._rates.rates(hour, now), {reason: _law(lasted) for reason, lasted in self._lasted.items()})


def _law(lasted: deque[float]) -> Law:
    mean = math.fsum(lasted) / len(lasted)
    return Law(mean, tuple(sorted(seconds / mean for seconds in lasted)))
