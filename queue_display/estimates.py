"""The waits of a branch, from what its log taught: the link between the log and the replay."""

from collections.abc import Iterable, Mapping

from queue_display.arrival_rates import ArrivalRates
from queue_display.branch import AT_A_WINDOW, Branch, ticket_after
from queue_display.dispatch import Because
from queue_display.events import (
    BreakBegan,
    BreakEnded,
    Called,
    DayOpened,
    Entry,
    Issued,
    TellerSignedIn,
    TellerSignedOut,
    TicketEvent,
)
from queue_display.policy import Policy
from queue_display.replay import Budget, OpenDesk, Replay, Standing, Wait
from queue_display.service_times import ServiceTimes
from queue_display.simulation import Desk
from queue_display.tickets import Line


class Estimator:
    """What the log taught of times and arrivals, and the waits that follow: a fold of the log beside the branch."""

    def __init__(self, policy: Policy, budget: Budget | None = None) -> None:
        self.times = ServiceTimes(policy)
        self.rates = ArrivalRates()
        self._replay = Replay(policy, self.times, budget)

    def observe(self, branch: Branch, entry: Entry) -> None:
        """Learn from the entry that follows in the log; `branch` is as it was before it."""
        match entry.event:
            case DayOpened():
                self.rates.open_day(entry.at)
            case Issued() as issued:
                line = Line(issued.services[0], issued.customer_class, issued.slot is not None)
                self.rates.learn(line, branch.hour(entry.at), entry.at)
            case TellerSignedIn() | TellerSignedOut() | BreakBegan() | BreakEnded():
                pass
            case Called() as called:
                self._learn_gap(branch, called, entry.at)
                self._learn_time(branch, called, entry.at)
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
        self.times.learn(before.services[0], branch.hour(before.called_at), teller, at - before.called_at)

    def _learn_gap(self, branch: Branch, called: Called, at: float) -> None:
        """Learn for how long a window and whom it called could have met before; who is called by hand tells nothing."""
        if called.reason.because not in {Because.BY_HAND, Because.WENT_ON}:
            waiting_since = branch.tickets[called.ticket].since
            self.times.learn_gap(at - max(branch.windows[called.window].free_since, waiting_since))

    def waits(self, branch: Branch, now: float, newcomers: Iterable[Line] = ()) -> Mapping[str, Wait]:
        """Return the waits from now on of all who wait and of newcomers to these lines (`replay.newcomer`)."""
        return self._replay.waits(self.standing(branch, now), newcomers, seed=branch.last.number)

    def standing(self, branch: Branch, now: float) -> Standing:
        """Return where a branch stands; a window that pauses is taken to stay away."""
        hour = branch.hour(now)
        desks = []
        for window in branch.windows.values():
            desk = Desk(window.name, window.teller, window.skills)
            if window.ticket:
                ticket = branch.tickets[window.ticket]
                desks.append(OpenDesk(desk, ticket.services[0], ticket.called_at))
            elif window.pause is None:
                desks.append(OpenDesk(desk))
        waiting = [head for heads in branch.lines.values() for head in heads]
        return Standing(now, hour, desks, waiting, self.rates.rates(hour, now))
