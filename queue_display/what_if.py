"""How many windows does a day need? A recorded or synthetic day, run on the floor with each number of windows."""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kiosk_core.services import SettingError
from queue_display.branch import Branch
from queue_display.estimates import Estimator
from queue_display.events import DayOpened, Entry, Issued, Transferred
from queue_display.policy import Policy
from queue_display.service_times import ServiceTimes
from queue_display.simulation import Arrival, Desk, Floor
from queue_display.tickets import Head, Line


@dataclass(frozen=True, slots=True)
class Coming:
    """Somebody comes `at` seconds after midnight for a line; his wait counts from `since`."""

    at: float
    line: Line
    since: float


@dataclass(frozen=True)
class LineOutcome:
    """What became of a line in all runs: tickets, the share called within its target, waits in seconds."""

    tickets: int
    within_target: float
    mean_s: float
    p95_s: float


@dataclass(frozen=True)
class Outcome:
    """What a number of windows did. `busy` is the share of the time in which a window was occupied."""

    windows: int
    lines: Mapping[Line, LineOutcome]
    busy: float

    def meets(self, share: float) -> bool:
        """Whether in every line at least this share was called within its target."""
        return all(each.within_target >= share for each in self.lines.values())


def recorded_day(log: Iterable[Entry], day: str) -> tuple[Coming, ...]:
    """Return who came on a day of the log (YYYY-MM-DD), each for the first service of his visit."""
    coming: list[Coming] = []
    midnight: float | None = None
    for entry in log:
        match entry.event:
            case DayOpened(day=opened, midnight=began):
                midnight = began if opened == day else None
            case Issued() as issued if midnight is not None:
                line = Line(issued.services[0], issued.customer_class, issued.slot is not None)
                coming.append(Coming(entry.at - midnight, line, issued.since - midnight))
            case _:
                pass
    return tuple(coming)


def learned_times(log: Sequence[Entry], policy: Policy) -> ServiceTimes:
    """Return the times at the windows as the entries of one day tell them.

    Raises:
        SettingError: there are tickets for what the policy does not know.
        BrokenLog: the entries are not those of a day, from its first on.
    """
    estimator, branch = Estimator(policy), Branch()
    if log:
        branch.last = replace(branch.last, number=log[0].number - 1)
    for entry in log:
        _check_known(entry, policy)
        estimator.observe(branch, entry)
        branch.apply(entry)
    return estimator.times


def _check_known(entry: Entry, policy: Policy) -> None:
    services: tuple[str, ...] = ()
    match entry.event:
        case Issued(services=services, customer_class=customers):
            if customers not in policy.customer_class:
                problem = f'is missing: tickets of that day are of the class "{customers}"'
                raise SettingError(("customer_class", customers), problem)
        case Transferred(service=service):
            services = (service,)
        case _:
            pass
    for service in services:
        if service not in policy.service:
            raise SettingError(("service", service), f'is missing: tickets of that day are for "{service}"')


@dataclass(frozen=True)
class WhatIf:
    """A day to be run with other windows: by `policy`, with `times` drawn anew in each of `runs`."""

    policy: Policy
    day: Sequence[Coming]
    times: ServiceTimes
    runs: int = 20
    seed: int = 0

    def outcome(self, windows: int) -> Outcome:
        """Return what so many windows make of the day; all are alike, do every service and never pause."""
        waits: dict[Line, list[float]] = {each.line: [] for each in self.day}
        occupied = lasted = 0.0
        for run in range(self.runs):
            # A string seeds the same chances everywhere, and for every number of windows.
            floor = _Day(self, random.Random(f"{self.seed}/{run}"), waits)  # noqa: S311
            lasted += floor.run(windows)
            occupied += floor.occupied
        lines = {line: self._of_line(line, sorted(found)) for line, found in waits.items()}
        return Outcome(windows, lines, occupied / (lasted * windows) if lasted else 0.0)

    def _of_line(self, line: Line, waits: Sequence[float]) -> LineOutcome:
        target = self.policy.terms[line].target_s
        within = sum(wait <= target for wait in waits) / len(waits)
        p95 = waits[math.ceil(0.95 * len(waits)) - 1]
        return LineOutcome(len(waits), within, math.fsum(waits) / len(waits), p95)


class _Day:
    """One run of a day; it adds to `waits`."""

    def __init__(self, what: WhatIf, rng: random.Random, waits: Mapping[Line, list[float]]) -> None:
        self._what = what
        self._rng = rng
        self._waits = waits
        self.occupied = 0.0

    def run(self, windows: int) -> float:
        """Run to the last customer, and return for how many seconds the branch was open."""
        day = self._what.day
        if not day:
            return 0.0
        floor = Floor(self._what.policy, day[0].at, self._occupation, self._called)
        for window in range(windows):
            floor.open(Desk(f"#{window + 1}"))
        floor.run(Arrival(each.at, Head(each.since, order, "", each.line)) for order, each in enumerate(day, 1))
        return floor.now - day[0].at

    def _occupation(self, head: Head, _: Desk, at: float) -> float:
        hour = min(23, int(at // 3600))
        seconds = self._what.times.law(head.line.service, hour, "").draw(self._rng)
        self.occupied += seconds
        return seconds

    def _called(self, head: Head, _: Desk, at: float) -> None:
        self._waits[head.line].append(max(0.0, at - head.since))
