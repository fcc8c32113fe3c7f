"""The waits of a branch, from what its log taught: the link between the log and the replay."""

from collections.abc import Iterable, Mapping

from queue_display.arrival_rates import ArrivalRates
from queue_display.branch import AT_A_WINDOW, Branch, ticket_after
from queue_display.dispatch import Because
from queue_display.events import (
    BreakBegan,
    BreakEnded,
    By,
    Called,
    Cancelled,
    DayOpened,
    Entry,
    Issued,
    TellerSignedIn,
    TellerSignedOut,
    TicketEvent,
    Transferred,
)
from queue_display.pauses import Pauses
from queue_display.policy import Policy
from queue_display.replay import Budget, OpenDesk, Replay, Standing, Wait
from queue_display.service_times import ServiceTimes
from queue_display.simulation import Desk
from queue_display.tickets import Line, TicketState
from queue_display.visits import GivingUp, Onward

_DOORS_S = 120.0
"""So long before the first ticket of a day the doors are taken to have opened."""


class Estimator:
    """What the log taught of times and arrivals, and the waits that follow: a fold of the log beside the branch."""

    def __init__(self, policy: Policy, budget: Budget | None = None) -> None:
        self._policy = policy
        self.times = ServiceTimes(policy)
        self.rates: ArrivalRates[Line] = ArrivalRates()
        self._pauses = Pauses()
        self._giving_up = GivingUp()
        self._onward = Onward()
        self._replay = Replay(policy, self.times, budget)

    def observe(self, branch: Branch, entry: Entry) -> None:
        """Learn from the entry that follows in the log; `branch` is as it was before it."""
        self._pauses.observe(branch, entry)
        match entry.event:
            case DayOpened():
                self.rates.open_day(entry.at)
            case Issued() as issued:
                line = Line(issued.services[0], issued.customer_class, issued.slot is not None)
                self.rates.begin(entry.at - _DOORS_S)
                self.rates.learn(line, branch.hour(entry.at), entry.at)
            case TellerSignedIn() | TellerSignedOut() | BreakBegan() | BreakEnded():
                pass
            case Called() as called:
                self._learn_gap(branch, called, entry.at)
                self._learn_patience(branch, called, entry.at)
                self._learn_time(branch, called, entry.at)
            case Cancelled(by=By.CUSTOMER) as cancelled:
                self._learn_patience(branch, cancelled, entry.at)
                self._learn_time(branch, cancelled, entry.at)
            case _:
                self._learn_time(branch, entry.event, entry.at)

    def _learn_time(self, branch: Branch, event: TicketEvent, at: float) -> None:
        """Learn how long the window was occupied, if the ticket leaves it by `event`."""
        before = branch.tickets[event.ticket]
        if before.state not in AT_A_WINDOW or before.called_at is None:
            return
        if ticket_after(before, event, at).state in AT_A_WINDOW:
            return
        teller = branch.windows[before.window].teller
        service = before.services[0]
        self.times.learn(service, branch.hour(before.called_at), teller, at - before.called_at)
        onward = event.service if isinstance(event, Transferred) else ""
        if onward in {"", *self._policy.service}:  # the log may be older than the policy
            self._onward.learn(service, onward)

    def _learn_patience(self, branch: Branch, event: Called | Cancelled, at: float) -> None:
        """Learn how long somebody waited, and whether he gave up."""
        before = branch.tickets[event.ticket]
        if before.state is TicketState.WAITING and not before.calls:
            self._giving_up.learn(at - before.since, gave_up=isinstance(event, Cancelled))

    def _learn_gap(self, branch: Branch, called: Called, at: float) -> None:
        """Learn for how long a window and whom it called could have met before; who is called by hand tells nothing."""
        if called.reason.because not in {Because.BY_HAND, Because.WENT_ON}:
            waiting_since = branch.tickets[called.ticket].since
            self.times.learn_gap(at - max(branch.windows[called.window].free_since, waiting_since))

    def waits(self, branch: Branch, now: float, newcomers: Iterable[Line] = ()) -> Mapping[str, Wait]:
        """Return the waits from now on of all who wait and of newcomers to these lines (`replay.newcomer`)."""
        return self._replay.waits(self.standing(branch, now), newcomers, seed=branch.last.number)

    def standing(self, branch: Branch, now: float) -> Standing:
        """Return where a branch stands, and what was learned of what comes."""
        hour = branch.hour(now)
        desks = []
        for window in branch.windows.values():
            desk = Desk(window.name, window.teller, window.skills)
            if window.ticket:
                ticket = branch.tickets[window.ticket]
                desks.append(OpenDesk(desk, ticket.services[0], ticket.called_at, ticket.head))
            else:
                desks.append(OpenDesk(desk, since=window.pause_since, pause=window.pause))
        waiting = [head for heads in branch.lines.values() for head in heads]
        numbers = [*(head.number for head in waiting), *(each.served.number for each in desks if each.served)]
        further = {number: branch.tickets[number].services[1:] for number in numbers}
        return Standing(
            now,
            hour,
            desks,
            waiting,
            self.rates.rates(hour, now),
            self._pauses.known(hour, now),
            self._giving_up.rate,
            self._onward,
            {number: services for number, services in further.items() if services},
        )
