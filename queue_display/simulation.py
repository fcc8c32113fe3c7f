"""The branch floor in simulated time: customers, lines and windows, called by the same rule as in the branch."""

import heapq
import math
from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from queue_display.dispatch import choose_head
from queue_display.policy import Policy
from queue_display.tickets import Head, Line

Occupation = Callable[[Head, "Desk", float], float]
"""Says for how many seconds a ticket that is called to a desk now keeps it from calling the next one."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A window that is open in the simulation, with the skills of its teller (empty: all)."""

    name: str
    teller: str = ""
    skills: tuple[str, ...] = ()


class Arrival(NamedTuple):
    """Somebody takes a ticket at `at`, and leaves `patience` seconds later if nobody has called him."""

    at: float
    head: Head
    patience: float = math.inf


class Floor:
    """Lines and desks from `now` on. `called(head, desk, at)` hears every call, `left(head, at)` who gave up.

    An idle desk takes whoever comes and may be called there; of several the one that has been idle for longest. A
    desk that becomes free asks the policy's rule. A ticket that occupies a desk for no time is called all the same.
    """

    def __init__(
        self,
        policy: Policy,
        now: float,
        occupation: Occupation,
        called: Callable[[Head, Desk, float], None],
        left: Callable[[Head, float], None] = lambda _head, _at: None,
    ) -> None:
        self._policy = policy
        self.now = now
        self._occupation = occupation
        self._called = called
        self._left = left
        self._lines: dict[Line, list[Head]] = {}
        self._desks: list[Desk] = []
        self._idle: list[Desk] = []
        self._lines_for: dict[str, list[list[Head]]] = {}  # of each desk, in the order in which lines began
        self._agenda: list[tuple[float, int, Desk | Head | Arrival]] = []
        self._count = 0
        self._stopped = False

    def open(self, desk: Desk, busy_until: float = -math.inf) -> None:
        """Let a desk call from now on, or from `busy_until` if that is later."""
        self._lines_for[desk.name] = [heads for line, heads in self._lines.items() if self._may(desk, line)]
        self._desks.append(desk)
        if busy_until > self.now:
            self._plan(busy_until, desk)
        else:
            self._call_next(desk)

    def join(self, arrival: Arrival) -> None:
        """Let somebody who comes now wait, or be called at once."""
        head = arrival.head
        for place, desk in enumerate(self._idle):
            if self._may(desk, head.line):
                del self._idle[place]
                self._call(desk, head)
                return
        if head.line not in self._lines:
            self.put(head.line, [])
        insort(self._lines[head.line], head)
        if arrival.patience < math.inf:
            self._plan(arrival.at + arrival.patience, head)

    def put(self, line: Line, heads: Iterable[Head]) -> None:
        """Let these wait in a line that is new here, by seniority, though a desk may be idle."""
        waiting = self._lines[line] = list(heads)
        for desk in self._desks:
            if self._may(desk, line):
                self._lines_for[desk.name].append(waiting)

    def expect(self, arrival: Arrival) -> None:
        """Let somebody come later, besides those of `run`."""
        self._plan(arrival.at, arrival)

    def stop(self) -> None:
        """End `run` after what happens at this moment."""
        self._stopped = True

    def lines(self) -> Iterable[tuple[Line, list[Head]]]:
        """Who waits, by line; for reading only."""
        return self._lines.items()

    def run(self, arrivals: Iterator[Arrival], until: float = math.inf) -> None:
        """Let time pass to `until`, until `stop`, or until nothing more can happen."""
        coming = next(arrivals, None)
        agenda = self._agenda
        while not self._stopped:
            planned = agenda[0][0] if agenda else math.inf
            at = planned if coming is None else min(planned, coming.at)
            if at > until or at == math.inf:
                break
            self.now = at
            if at == planned or coming is None:
                self._happen(heapq.heappop(agenda)[2])
            else:
                self.join(coming)
                coming = next(arrivals, None)

    def _happen(self, what: Desk | Head | Arrival) -> None:
        if isinstance(what, Desk):
            self._call_next(what)
            return
        if isinstance(what, Arrival):
            self.join(what)
            return
        heads = self._lines.get(what.line, [])
        if what in heads:
            heads.remove(what)
            self._left(what, self.now)

    def _call_next(self, desk: Desk) -> None:
        heads = [heads[0] for heads in self._lines_for[desk.name] if heads]
        head = choose_head(heads, self._policy, self.now, self._policy.window_rule(desk.name).first)
        if head is None:
            self._idle.append(desk)
            return
        self._lines[head.line].pop(0)
        self._call(desk, head)

    def _call(self, desk: Desk, head: Head) -> None:
        self._called(head, desk, self.now)
        self._plan(self.now + self._occupation(head, desk, self.now), desk)

    def _may(self, desk: Desk, line: Line) -> bool:
        return self._policy.may_call(desk.name, desk.skills, line)

    def _plan(self, at: float, what: Desk | Head | Arrival) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at, self._count, what))
