"""`./run bench queue-first-day`: a branch's first day, staged, and what its tickets said of the wait.

Nobody told the branch anything: times at the window are those that the policy expects; who comes when, and which window
pauses when, is not known. Days are those of `openteller queue day` (shape `usual`), or of another branch (`other`) with
fewer windows, slower tellers, a later rush, longer and other breaks, more customers who give up or are sent on. They
pass in virtual time. Nobody does anything else because of what he is told, so a day's log is made first, and told then.

`--without WHAT` leaves something out of the day; `--days-before N` lets the branch learn from so many such days.
"""

import argparse
import asyncio
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from device_sim.virtual_time import VirtualClock
from openteller.queue_policy import DEFAULT_DAY, DEFAULT_POLICY, load_forecast, load_policy
from queue_display.announced import AnnouncedWaits
from queue_display.branch import Branch
from queue_display.calibration import Calibration
from queue_display.estimates import Estimator
from queue_display.events import BreakReason, Called, DayOpened, Entry, Issued, Parked
from queue_display.feed import Feed
from queue_display.forecast import Forecast, Stream
from queue_display.live import LiveBranch
from queue_display.policy import Policy
from queue_display.replay import Wait, newcomer
from queue_display.staged.day import StagedDay
from queue_display.staged.plan import DayPlan, Habits, Pause, Shift, Visit, plan_day, windows_for
from queue_display.store import QueueStore
from queue_display.tickets import Line
from queue_display.writer import Writer

_FIRST = datetime(2026, 11, 23, tzinfo=timezone(timedelta(hours=8)))
_AT_ONCE_S = 60.0
_OTHER = Forecast(
    8,
    (
        Stream("simple", "ordinary", (8, 14, 14, 12, 14, 22, 26, 22, 12)),
        Stream("complex", "ordinary", (2, 5, 5, 5, 4, 6, 8, 6, 2)),
        Stream("simple", "green", (6, 6, 4, 2, 2, 2, 2, 2, 2)),
        Stream("complex", "vip", (0, 1, 2, 2, 1, 1, 2, 2, 0)),
        Stream("corporate", "ordinary", (4, 8, 8, 4, 2, 8, 8, 8, 4)),
    ),
)


# -- days --------------------------------------------------------------------------------------------------------


def usual_day(policy: Policy, seed: int, tickets: int) -> DayPlan:
    """Return the day of `openteller queue day --seed SEED`."""
    coming = load_forecast(DEFAULT_DAY, policy).scaled(tickets)
    return plan_day(coming, policy, windows_for(coming, policy), seed=seed)


def other_day(policy: Policy, seed: int, tickets: int) -> DayPlan:
    """Return a day of a third as many customers at another branch: nothing of the estimator was chosen by it."""
    coming = _OTHER.scaled(tickets / 3)
    habits = Habits(0.1, two_services=0.02, sent_on=0.1, more_time=0.02, away=0.1, never_back=0.8, patience_min=60)
    plan = plan_day(coming, policy, windows_for(coming, policy) + 2, habits, seed)
    return replace(plan, shifts=tuple(_other_shift(place, shift) for place, shift in enumerate(plan.shifts)))


def _other_shift(place: int, shift: Shift) -> Shift:
    pauses = (
        Pause((9.0 + place % 3 / 3) * 3600, 1200.0, BreakReason.CASH),
        Pause((11.0 + place % 4 * 0.75) * 3600, 3000.0, BreakReason.MEAL),
        Pause((15.0 + place % 5 / 5) * 3600, 900.0, BreakReason.REST),
    )
    return replace(shift, pace=1.2 * shift.pace, pauses=pauses)


SHAPES: Mapping[str, Callable[[Policy, int, int], DayPlan]] = {"usual": usual_day, "other": other_day}


def _visits(change: Callable[[Visit], Visit]) -> Callable[[DayPlan], DayPlan]:
    return lambda plan: replace(plan, visits=tuple(map(change, plan.visits)))


def _shifts(change: Callable[[Shift], Shift]) -> Callable[[DayPlan], DayPlan]:
    return lambda plan: replace(plan, shifts=tuple(map(change, plan.shifts)))


def _no_appointment(visit: Visit) -> Visit:
    return replace(visit, slot=None)


WITHOUT: Mapping[str, Callable[[DayPlan], DayPlan]] = {
    "breaks": _shifts(lambda shift: replace(shift, pauses=())),
    "second services": _visits(lambda visit: replace(visit, services=visit.services[:1], sent_on="")),
    "giving up": _visits(lambda visit: replace(visit, patience_s=math.inf)),
    "no-shows": _visits(lambda visit: replace(visit, away=None)),
    "more time": _visits(lambda visit: replace(visit, more_time=None)),
    "appointments": _visits(_no_appointment),
    "slower tellers": _shifts(lambda shift: replace(shift, pace=1.0)),
}
"""What may be left out of a day; who comes, and what it takes, stays the same."""


class _Unsaid(AnnouncedWaits):
    """Says nothing: the log is made first, and what is said of waits after."""

    def of_newcomer(self, branch: Branch, line: Line, now: float) -> Wait:  # noqa: ARG002
        return Wait(None, None)


class StagedClock(VirtualClock):
    """A clock that the staged day sets from moment to moment."""

    async def until(self, at: float) -> None:
        """Let the time pass until `at`, Unix seconds; it never goes back."""
        self.sleep(at - self.wall().timestamp())


def log_of(policy: Policy, plans: Iterable[DayPlan]) -> Sequence[Entry]:
    """Return the log of these days, one after the other."""
    with TemporaryDirectory() as folder, QueueStore(Path(folder)) as store:
        for number, plan in enumerate(plans):
            clock = StagedClock(_FIRST + timedelta(days=number, seconds=plan.begins))
            asyncio.run(_run(policy, plan, store, clock))
        return tuple(store.entries())


async def _run(policy: Policy, plan: DayPlan, store: QueueStore, clock: StagedClock) -> None:
    def load() -> LiveBranch:
        live = LiveBranch(policy, clock, store)
        live.waits = _Unsaid(policy, Estimator(policy), live.calibration, clock)
        return live

    writer = Writer(store, Feed(store), load)
    writing = asyncio.create_task(writer.run())
    await StagedDay(plan, writer, clock).run()
    writer.stop()
    await writing


# -- what is said ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What a ticket said in an `hour`, and what came; seconds. `bare_s` is "up to" before it is stretched."""

    hour: int
    line: Line
    about_s: float
    bare_s: float
    up_to_s: float
    waited_s: float


def answers(policy: Policy, entries: Iterable[Entry], *, skip_days: int, until: float, every: int) -> Iterator[Answer]:
    """Yield what each nth ticket (n is `every`) said that was taken after so many days and before the hour `until`."""
    branch, estimator, calibration = Branch(), Estimator(policy), Calibration()
    lines = [Line(service, customers) for service in policy.service for customers in policy.customer_class]
    said: dict[str, _Said] = {}
    days = count = 0
    for each in entries:
        entry = each
        match entry.event:
            case DayOpened():
                days += 1
            case Issued(slot=None) as issued if days > skip_days and branch.hour(entry.at) < until:
                count += 1
                if count % every == 0:
                    line = Line(issued.services[0], issued.customer_class)
                    bare = estimator.waits(branch, entry.at, lines)[newcomer(line, entry.at).number]
                    told = calibration.as_kept(line, bare)
                    said[issued.ticket] = _Said(line, entry.at, bare, told)
                    event = replace(issued, said_about_s=told.about_s, said_up_to_s=told.up_to_s)
                    entry = replace(entry, event=event)
            case Parked(ticket=number):
                said.pop(number, None)
            case Called(ticket=number) if number in said:
                yield from _due(said.pop(number), branch.midnight, entry.at)
            case _:
                pass
        estimator.observe(branch, entry)
        calibration.observe(entry)
        branch.apply(entry)


@dataclass(frozen=True)
class _Said:
    line: Line
    at: float
    bare: Wait
    told: Wait


def _due(said: _Said, midnight: float, at: float) -> Iterator[Answer]:
    about, bare, up_to = said.told.about_s, said.bare.up_to_s, said.told.up_to_s
    if about is not None and bare is not None and up_to is not None:
        yield Answer(int((said.at - midnight) // 3600), said.line, about, bare, up_to, at - said.at)


# -- the tables --------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Print how promises went: by hour and line, and of each seed."""
    options = _options(arguments)
    policy = load_policy(DEFAULT_POLICY)
    plan = SHAPES[options.shape]
    found: list[list[Answer]] = []
    for seed in options.seeds:
        plans = [plan(policy, seed + 1000 * day, options.tickets) for day in range(options.days_before, -1, -1)]
        for left_out in options.without:
            plans = [WITHOUT[left_out](each) for each in plans]
        entries = log_of(policy, plans)
        skip = options.days_before
        said = answers(policy, entries, skip_days=skip, until=options.until, every=options.every)
        found.append([answer for answer in said if answer.up_to_s >= _AT_ONCE_S])
    _print(found)
    return 0


def _print(found: Sequence[Sequence[Answer]]) -> None:
    """Print a table of all answers, and how often each seed's promises were kept."""
    console = Console(highlight=False, width=220)
    everything = [answer for each in found for answer in each]
    lines = sorted({answer.line for answer in everything})
    table = Table("hour", "all", *(f"{line.service}, {line.customer_class}" for line in lines), box=None)
    hours = sorted({answer.hour for answer in everything})
    for name, among in (*((f"{hour}", {hour}) for hour in hours), ("all", set(hours))):
        now = [answer for answer in everything if answer.hour in among]
        table.add_row(name, _told(now), *(_told([answer for answer in now if answer.line == line]) for line in lines))
    console.print(table)
    shares = ", ".join(_kept(each) for each in found)
    console.print(f"how many: kept (before the stretch), mean of up to, error of about, its mean. Each seed: {shares}")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks queue-first-day", description=__doc__)
    parser.add_argument("--shape", choices=list(SHAPES), default="usual")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--tickets", type=int, default=2000)
    parser.add_argument("--without", choices=list(WITHOUT), nargs="*", default=[])
    parser.add_argument("--days-before", type=int, default=0)
    parser.add_argument("--until", type=int, default=24, help="ask before this hour only")
    parser.add_argument("--every", type=int, default=1, help="ask for each nth ticket only")
    return parser.parse_args(arguments)


def _kept(said: Sequence[Answer]) -> str:
    bare = sum(answer.waited_s <= answer.bare_s for answer in said) / max(1, len(said))
    kept = sum(answer.waited_s <= answer.up_to_s for answer in said) / max(1, len(said))
    return f"{kept:.0%} ({bare:.0%})"


def _told(said: Sequence[Answer]) -> str:
    """Return how many, the share kept (before the stretch), mean "up to", error of "about" and its mean, in minutes."""
    if not said:
        return "-"
    errors = [answer.waited_s - answer.about_s for answer in said]
    up_to, off, bias = (
        math.fsum(each) / len(said) / 60 for each in ((answer.up_to_s for answer in said), map(abs, errors), errors)
    )
    return f"{len(said)}: {_kept(said)} {up_to:.1f} {off:.1f} {bias:+.1f}"
