"""A day plan carried out in a running branch: its people act through the writer, moment after moment.

Nobody acts before all that was due earlier is done, and the branch's clock does not pass a moment before its acts are
on disk (see Pace). So who does what and when is the same at any speed; only what is said of waits may differ, for it is
estimated where time allows.
"""

import heapq
import math
import random
from dataclasses import dataclass
from typing import Protocol

from queue_display.acts import Act
from queue_display.events import HOLDER, Entry
from queue_display.live import LiveBranch
from queue_display.refusals import Refusal
from queue_display.server.access import Caller, Role
from queue_display.server.asking import TakeTicket, take_ticket
from queue_display.staged.people import Hall, Outcome, Person, Until, customer, teller
from queue_display.staged.plan import DayPlan, Shift, Visit
from queue_display.tickets import TicketState
from queue_display.writer import Wish, Writer

_NOTICES_S = (1.0, 6.0)


class Pace(Protocol):
    """How the branch's clock goes on."""

    async def until(self, at: float) -> None:
        """Return when the clock stands at `at` (Unix seconds); let it not pass that before the next call."""
        ...


@dataclass
class _Acting:
    """Somebody, a teller at a window or ("") a customer. What was planned for an earlier turn is void."""

    person: Person
    author: str = HOLDER
    window: str = ""
    turn: int = 0


class StagedDay:
    """Run once. Customers take their tickets by the wish that the server makes of a request."""

    def __init__(self, plan: DayPlan, writer: Writer, pace: Pace) -> None:
        self._writer = writer
        self._pace = pace
        self._hall = hall = Hall(plan.begins)
        self._acting = [_Acting(teller(shift, hall), _teller(shift).author, shift.window) for shift in plan.shifts]
        self._acting += [_Acting(customer(visit, hall, _takes_ticket)) for visit in plan.visits]
        self._at_work = len(plan.shifts)
        self._idle: dict[str, _Acting] = {}
        self._agenda: list[tuple[float, int, int, _Acting]] = []
        self._count = 0
        self._chances = random.Random(len(plan.visits))  # noqa: S311  (chances of a simulation)

    async def run(self) -> None:
        """Return when the last teller has gone.

        Raises:
            StoreUnavailable: the log cannot be written.
        """
        await self._writer.let_time_pass()
        async with self._writer.looking() as live:
            midnight = live.branch.midnight
        for acting in self._acting:
            if isinstance(begins := next(acting.person), Until):
                self._wait(acting, begins)
        while self._at_work:
            at, _, turn, acting = heapq.heappop(self._agenda)
            if turn == acting.turn:
                await self._pace.until(midnight + at)
                self._hall.now = at
                self._idle.pop(acting.window, None)
                await self._go_on(acting, ())

    async def _go_on(self, acting: _Acting, outcome: Outcome) -> None:
        """Let somebody act until he waits for a moment, or has gone."""
        step: Until | Wish
        try:
            while not isinstance(step := acting.person.send(outcome), Until):
                outcome = await self._do(step, acting.author)
        except StopIteration:
            self._at_work -= acting.window != ""
            return
        self._wait(acting, step)

    def _wait(self, acting: _Acting, until: Until) -> None:
        if until.idle:
            self._idle[acting.window] = acting
        if until.at < math.inf:
            self._count += 1
            heapq.heappush(self._agenda, (until.at, self._count, acting.turn, acting))

    async def _do(self, wish: Wish, author: str) -> Outcome:
        followed: list[Entry] = []

        def hear(live: LiveBranch, entries: tuple[Entry, ...]) -> str:
            followed.extend(entries)
            self._wake(live, entries)
            return ""

        said = await self._writer.do(wish, hear, author)
        return said if isinstance(said, Refusal) else tuple(followed)

    def _wake(self, live: LiveBranch, entries: tuple[Entry, ...]) -> None:
        """Let a teller who is idle, for longest of those who may call him, notice whoever waits from now on."""
        for entry in entries:
            ticket = live.branch.tickets.get(getattr(entry.event, "ticket", ""))
            if ticket is None or ticket.state is not TicketState.WAITING:
                continue
            for window in self._idle:
                there = live.branch.windows.get(window)
                if there is not None and live.policy.may_call(window, there.skills, ticket.line):
                    acting = self._idle.pop(window)
                    acting.turn += 1
                    self._wait(acting, Until(self._hall.now + self._chances.uniform(*_NOTICES_S)))
                    break


def _takes_ticket(visit: Visit) -> Wish:
    def wish(live: LiveBranch) -> Act | Refusal:
        slot = None if visit.slot is None else live.branch.midnight + visit.slot
        asked = TakeTicket(visit.services, visit.customer_class, visit.language, visit.channel, slot=slot)
        return take_ticket(_CUSTOMER, {}, asked)(live)

    return wish


def _teller(shift: Shift) -> Caller:
    return Caller(Role.TELLER, shift.teller)


_CUSTOMER = Caller(Role.CUSTOMER, "staged")
