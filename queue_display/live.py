"""A branch as it runs: every fold of its log, all at the same entry, and the acts by which it goes on."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from kiosk_core.clock import Clock
from kiosk_core.errors import OpenTellerError
from queue_display.acts import Act
from queue_display.announced import AnnouncedWaits
from queue_display.branch import Branch, BrokenLog
from queue_display.calibration import Calibration
from queue_display.deciding import decide, lapsed
from queue_display.estimates import Estimator
from queue_display.events import (
    QUEUE,
    BreakBegan,
    BreakEnded,
    DayOpened,
    Entry,
    Event,
    Issued,
    TellerSignedIn,
    TellerSignedOut,
)
from queue_display.figures import Figures
from queue_display.keeping import LogStore, StoreUnavailable
from queue_display.policy import Policy
from queue_display.refusals import Refusal
from queue_display.tickets import TicketState
from queue_display.views import KnownWindows, LastCalls

LEARNED_DAYS = 20
"""How many days of the log are read at the start: times, arrivals and calibration are learned from them."""

_GONE = frozenset({TicketState.FINISHED, TicketState.CANCELLED})


class PolicyMisfit(OpenTellerError):
    """Customers are there for a service or class that the policy does not know any more."""


class LiveBranch:
    """The folds of the log so far, and of what is done from now on. It does not write.

    Raises:
        PolicyMisfit: tickets of today are for something that is not in the policy.
        StoreUnavailable: the log is damaged, or the disk says no.
    """

    def __init__(self, policy: Policy, clock: Clock, store: LogStore) -> None:
        self.policy = policy
        self._clock = clock
        self.branch = Branch()
        self.last_calls = LastCalls()
        self.known_windows = KnownWindows()
        self.figures = Figures(policy, LEARNED_DAYS)
        self.calibration = Calibration()
        self._estimator = Estimator(policy)
        self.waits = AnnouncedWaits(policy, self._estimator, self.calibration, clock)
        first = store.first_of_days(LEARNED_DAYS)
        self.branch.last = replace(self.branch.last, number=first - 1)
        self.follow(store.entries(after=first - 1))
        self._check_that_policy_fits()

    @property
    def now(self) -> float:
        """The moment that the next entry bears: never before the last one."""
        return max(self._clock.wall().timestamp(), self.branch.last.at)

    def follow(self, entries: Iterable[Entry]) -> None:
        """Let happen what the log says.

        Raises:
            StoreUnavailable: the log is damaged.
        """
        try:
            for entry in entries:
                self._observe(entry)
        except BrokenLog as error:
            raise StoreUnavailable(f"the queue's log is damaged: {error}") from error

    def do(self, act: Act, author: str) -> tuple[Entry, ...] | Refusal:
        """Let an act happen; return the entries that the log must get before anybody hears of it.

        `author`: whose act it is (see Entry).
        """
        now = self.now
        decision = decide(self.branch, self.policy, act, now)
        return decision if isinstance(decision, Refusal) else self._go_on(decision, now, author)

    @property
    def is_something_due(self) -> bool:
        """Whether time alone brings something about now."""
        is_new_day = _today(self._clock.wall()).day > self.branch.day
        return is_new_day or bool(lapsed(self.branch, self.policy, self.now))

    def let_time_pass(self) -> tuple[Entry, ...]:
        """Let happen what time alone brings about: a new day, the end of a parking; return the entries as `do`."""
        opened: tuple[Entry, ...] = ()
        today = _today(self._clock.wall())
        if today.day > self.branch.day:
            # It began at midnight, whoever was there to see it: rates of arrivals count from then.
            opened = self._go_on((today,), max(today.midnight, self.branch.last.at), QUEUE)
        now = self.now
        return (*opened, *self._go_on(lapsed(self.branch, self.policy, now), now, QUEUE))

    def _go_on(self, events: Iterable[Event], at: float, author: str) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        for event in events:
            entry = Entry(self.branch.last.number + 1, at, event, author)
            self._observe(entry)
            entries.append(entry)
        return tuple(entries)

    def _observe(self, entry: Entry) -> None:
        if self._teaches(entry.event):
            self._estimator.observe(self.branch, entry)
            self.figures.observe(entry)
        self.branch.apply(entry)
        self.last_calls.observe(entry)
        self.known_windows.observe(entry)
        self.calibration.observe(entry)

    def _teaches(self, event: Event) -> bool:
        """Whether the policy knows what the event is about: the log may be older than the policy."""
        match event:
            case DayOpened() | TellerSignedIn() | TellerSignedOut() | BreakBegan() | BreakEnded():
                return True
            case Issued(services=(service, *_), customer_class=customers):
                pass
            case _:
                ticket = self.branch.tickets.get(event.ticket)
                if ticket is None:
                    return True
                service, customers = ticket.services[0], ticket.customer_class
        return self.policy.knows(service, customers)

    def _check_that_policy_fits(self) -> None:
        if self.branch.day < _today(self._clock.wall()).day:
            return  # nobody of them is there any more
        for ticket in self.branch.tickets.values():
            if ticket.state in _GONE:
                continue
            unknown = [service for service in ticket.services if service not in self.policy.service]
            if ticket.customer_class not in self.policy.customer_class:
                unknown.append(ticket.customer_class)
            if unknown:
                raise PolicyMisfit(
                    f"ticket {ticket.number} of today is for {unknown[0]}, which the policy does not know any more:"
                    " put it back until tomorrow"
                )


def _today(wall: datetime) -> DayOpened:
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    return DayOpened(midnight.date().isoformat(), midnight.timestamp())
