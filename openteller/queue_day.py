"""`openteller queue day`: the real server on a fast clock, with simulated customers and tellers, to be watched."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kiosk_core.clock import Clock
from kiosk_core.errors import OpenTellerError
from openteller.fast_clock import FastClock
from openteller.lent_tokens import lend, take_back, write_token
from openteller.own_folder import claim
from openteller.queue_server import Place, Running, serve
from queue_display.branch import AT_A_WINDOW
from queue_display.live import LiveBranch
from queue_display.server.access import Role
from queue_display.server.answers import Report
from queue_display.server.report import report
from queue_display.staged.day import StagedDay
from queue_display.staged.plan import DayPlan
from queue_display.store import QueueStore
from queue_display.tickets import TicketState

_MARK = ".openteller-queue-day"
_PURPOSE = "queue day"
_LOOKS_EVERY_S = 0.25
_LATE_S = 60.0  # of the branch, as is all that follows
_LINE_EVERY_S = 1800.0
_FOLLOW_EVERY_S = 3600.0
_WORTH_FOLLOWING_S = 240.0


class NotOurFolder(OpenTellerError):
    """The folder holds something else than such days."""


def run_day(folder: Path, policy_file: Path, place: Place, plan: DayPlan, clock: Clock, *, speed: float) -> None:
    """Run the day to its end, or to Ctrl-C, and say how it went.

    Raises:
        NotOurFolder: the log in it may be that of a branch.
        As openteller.queue_server.serve.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not claim(folder, _MARK):
        problem = f"{folder} is not empty and holds no days of this command: simulated customers have no place there"
        raise NotOurFolder(problem)
    begins = _free_day(folder, clock.wall()) + timedelta(seconds=plan.begins)
    fast = FastClock(clock, begins, speed)
    watched = _WatchedDay(Console(highlight=False, soft_wrap=True), plan, fast, folder / "board.token")
    serve(folder, policy_file, place, fast, say=lambda _: None, beside=watched.run)


def _free_day(folder: Path, today: datetime) -> datetime:
    """Return the midnight of today, or of the day after the last in the log."""
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    with QueueStore(folder) as store:
        last = next(store.entries(store.last_number() - 1), None)
    if last is None or last.at < midnight.timestamp():
        return midnight
    after = datetime.fromtimestamp(last.at, midnight.tzinfo) + timedelta(days=1)
    return after.replace(hour=0, minute=0, second=0, microsecond=0)


class _WatchedDay:
    """The day, and the lines that tell of it."""

    def __init__(self, console: Console, plan: DayPlan, clock: FastClock, board_token: Path) -> None:
        self._console = console
        self._board_token = board_token
        self._plan = plan
        self._clock = clock
        self._next_line_at = 0.0
        self._next_to_follow_at = 0.0

    async def run(self, running: Running) -> None:
        """Let the day happen, and say in the end how it went."""
        tokens = lend(running.tokens, _PURPOSE)
        write_token(self._board_token, tokens[Role.DISPLAY])
        self._say_where(running.url, tokens)
        watching = asyncio.create_task(self._watch(running))
        try:
            await StagedDay(self._plan, running.writer, self._clock).run()
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            async with running.writer.looking() as live:
                self._console.print(_summary(report(live), live))
            take_back(running.tokens, _PURPOSE)
            self._board_token.unlink(missing_ok=True)

    def _say_where(self, url: str, tokens: Mapping[Role, str]) -> None:
        customers, windows = len(self._plan.visits), len(self._plan.shifts)
        self._console.print(
            f"{self._clock.wall():%Y-%m-%d}: {customers:,} customers, {windows} windows. Ctrl-C ends it.\n"
            f"  teller    {url}/teller#{tokens[Role.TELLER]}\n"
            f"  manager   {url}/manager#{tokens[Role.MANAGER]}\n"
            f"  board     openteller board {url} --token-file {self._board_token}",
            markup=False,
        )

    async def _watch(self, running: Running) -> None:
        with Live(console=self._console, auto_refresh=False, transient=True) as shown:
            while True:
                await asyncio.sleep(_LOOKS_EVERY_S)
                async with running.writer.looking() as live:
                    line = _line(live, self._plan, self._clock)
                    self._follow_somebody(live, running)
                    passed = live.now - live.branch.midnight
                if self._console.is_terminal:
                    shown.update(line, refresh=True)
                elif passed >= self._next_line_at:
                    self._next_line_at = passed // _LINE_EVERY_S * _LINE_EVERY_S + _LINE_EVERY_S
                    self._console.print(line)

    def _follow_somebody(self, live: LiveBranch, running: Running) -> None:
        """Offer the phone page of somebody who has long to wait, about once an hour."""
        if live.now < self._next_to_follow_at:
            return
        for ticket in live.branch.tickets.values():
            about_s = live.waits.of_ticket(live.branch, ticket.number, live.now).about_s
            if ticket.state is TicketState.WAITING and about_s is not None and about_s >= _WORTH_FOLLOWING_S:
                token = running.tokens.of_ticket(ticket.number, ticket.order)
                self._console.print(f"  {ticket.number}      {running.url}/t#{token}", markup=False)
                self._next_to_follow_at = live.now + _FOLLOW_EVERY_S
                return


# -- what is said of it ----------------------------------------------------------------------------------------


def _line(live: LiveBranch, plan: DayPlan, clock: FastClock) -> Text:
    branch = live.branch
    at_window = sum(ticket.state in AT_A_WINDOW for ticket in branch.tickets.values())
    hours = live.figures.today.hours.values()
    called = sum(hour.called for hour in hours)
    within = sum(hour.within_target for hour in hours) / called if called else 1.0
    line = Text.assemble(
        (f"{clock.wall():%H:%M}", "bold"),
        f"  {sum(map(len, branch.lines.values())):>3} wait  {at_window:>2} at {len(branch.windows)} windows",
        f"  {len(branch.tickets):,} of {len(plan.visits):,} came  {within:.0%} in time  {clock.speed:.0f}x",
    )
    if clock.behind_s > _LATE_S:
        line.append(f"  {clock.behind_s / 60:.0f} min late: this machine is too slow for that speed", "yellow")
    return line


def _summary(report: Report, live: LiveBranch) -> Table:
    """Return the waits of each line against its target, and the share of "up to" that was kept."""
    states = [ticket.state for ticket in live.branch.tickets.values()]
    ended = ", ".join(
        f"{states.count(state):,} {words}"
        for state, words in (
            (TicketState.FINISHED, "served"),
            (TicketState.CANCELLED, "gave up or did not come back"),
            (TicketState.NO_SHOW, "missed"),
        )
    )
    table = Table("", "called", "target", "in time", "mean", "longest", '"up to" kept', box=None, title=ended)
    table.title_justify = "left"
    for column in table.columns[1:]:
        column.justify = "right"
    for line in report.lines:
        name = f"{line.service}, {line.customer_class}{', booked' if line.appointment else ''}"
        kept = f"{line.promises.kept:.0%} of {line.promises.due:,}" if line.promises.due else "-"
        table.add_row(
            name,
            f"{line.called:,}",
            f"{line.target_s / 60:g} min",
            f"{line.within_target:.0%}",
            f"{line.mean_s / 60:.1f} min",
            f"{line.longest_s / 60:.0f} min",
            kept,
        )
    return table
