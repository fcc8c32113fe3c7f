"""Customers and tellers of a day plan, as generators: each yields until when it does nothing, or what it wants.

A wish is answered by the entries that followed, or by a refusal; whatever a person of flesh and blood does at the same
time on a page of the queue, everybody here goes on.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from queue_display import acts
from queue_display.events import By, Called, Entry, Issued
from queue_display.live import LiveBranch
from queue_display.refusals import Refusal, Why
from queue_display.staged.plan import Pause, Shift, Visit
from queue_display.tickets import TicketState
from queue_display.writer import Wish

_GLANCE_S = 60.0
_GREETING_S = 5.0
_LOOKS_FOR_S = 40.0
_MIDNIGHT = 86_400.0

_STRANGER = Visit(0.0, (), (180.0, 180.0), "")
"""Who took his ticket on a page of the queue: of him nothing is planned."""


@dataclass(frozen=True)
class Until:
    """Nothing until `at`, seconds after midnight; who is `idle` is woken when somebody comes whom he may call."""

    at: float
    idle: bool = False


Outcome = tuple[Entry, ...] | Refusal
Person = Generator[Until | Wish, Outcome, None]
Asks = Callable[[Visit], Wish]
"""How a visit becomes a wish for a ticket."""


@dataclass
class Hall:
    """What people see of each other: the time, who holds which ticket, and who is not there; numbers are of today."""

    now: float = 0.0
    holders: dict[str, Visit] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    served_once: set[str] = field(default_factory=set)

    def in_s(self, seconds: float) -> Until:
        """Return the moment after so many seconds."""
        return Until(self.now + seconds)


# -- customers -----------------------------------------------------------------------------------------------


def customer(visit: Visit, hall: Hall, asks: Asks) -> Person:
    """Take a ticket, perhaps ask for more time or go away, and in the end give up if nobody called."""
    yield Until(visit.at)
    issued = yield asks(visit)
    if isinstance(issued, Refusal):
        return
    number = next(entry.event.ticket for entry in issued if isinstance(entry.event, Issued))
    hall.holders[number] = visit
    if visit.away is not None:
        yield from _goes_away(number, visit.away, hall)
    elif visit.more_time is not None:
        asked_after_s, seconds = visit.more_time
        yield hall.in_s(asked_after_s)
        parked = yield _parks(number, seconds)
        yield hall.in_s(seconds)
        if not isinstance(parked, Refusal):
            yield _if_in(number, TicketState.PARKED, acts.ReEnter(number, By.CUSTOMER))
    yield Until(max(hall.now, visit.at + visit.patience_s))
    yield _if_in(number, TicketState.WAITING, acts.Cancel(number, By.CUSTOMER))


def _goes_away(number: str, away: tuple[float, float], hall: Hall) -> Person:
    goes_after_s, back_after_s = away
    yield hall.in_s(goes_after_s)
    hall.away.add(number)
    yield hall.in_s(back_after_s - goes_after_s)
    hall.away.discard(number)
    yield _if_in(number, TicketState.NO_SHOW, acts.ReEnter(number, By.CUSTOMER))


def _parks(number: str, seconds: float) -> Wish:
    def wish(live: LiveBranch) -> acts.Act | Refusal:
        return _if_in(number, TicketState.WAITING, acts.Park(number, By.CUSTOMER, live.now + seconds))(live)

    return wish


def _if_in(number: str, state: TicketState, act: acts.Act) -> Wish:
    """Wish for an act only if the ticket is in that state: nobody gives up while he is being called."""

    def wish(live: LiveBranch) -> acts.Act | Refusal:
        now = live.branch.tickets[number].state
        return act if now is state else Refusal(Why.WRONG_STATE, {"ticket": number, "state": now.value})

    return wish


# -- tellers -------------------------------------------------------------------------------------------------


def teller(shift: Shift, hall: Hall) -> Person:
    """Open the window, call and serve, pause when it is time, and close when the day is over and nobody waits."""
    yield Until(shift.begins)
    signed_in = yield _at_once(acts.SignIn(shift.window, shift.teller))
    if isinstance(signed_in, Refusal):
        return  # somebody else has opened this window
    pauses = list(shift.pauses)
    while hall.now < _MIDNIGHT:
        if pauses and pauses[0].at <= hall.now:
            yield from _pauses(shift, pauses.pop(0), hall)
        called = yield _at_once(acts.CallNext(shift.window))
        if isinstance(called, Refusal):
            if called.why is Why.NO_WINDOW or (called.why is Why.NOBODY_WAITS and hall.now >= shift.ends):
                break
            yield Until(hall.now + _GLANCE_S, idle=True)
        else:
            for entry in called:
                if isinstance(entry.event, Called):
                    yield from _attends(shift, entry.event.ticket, hall)
    yield _at_once(acts.SignOut(shift.window))


def _pauses(shift: Shift, pause: Pause, hall: Hall) -> Person:
    yield _at_once(acts.BeginBreak(shift.window, pause.reason))
    yield hall.in_s(pause.lasts_s)
    yield _at_once(acts.EndBreak(shift.window))


def _attends(shift: Shift, ticket: str, hall: Hall) -> Person:
    """Wait for the customer and serve him; one who does not come is called again, and then missed."""
    visit = hall.holders.get(ticket, _STRANGER)
    yield hall.in_s(visit.walk_s)
    if ticket in hall.away:
        yield hall.in_s(_LOOKS_FOR_S)
        yield _at_once(acts.Recall(shift.window))
        yield hall.in_s(_LOOKS_FOR_S)
        yield _at_once(acts.MarkNoShow(shift.window))
        return
    yield _at_once(acts.Arrive(shift.window))
    yield hall.in_s(_GREETING_S)
    yield _at_once(acts.Start(shift.window))
    yield from _serves(shift, ticket, visit, hall)
    yield hall.in_s(visit.tidying_s)


def _serves(shift: Shift, ticket: str, visit: Visit, hall: Hall) -> Person:
    """Do what the customer came for; he may be sent on, or his next service may follow here."""
    is_first = ticket not in hall.served_once
    yield hall.in_s(visit.at_window_s[0 if is_first else 1] * shift.pace)
    hall.served_once.add(ticket)
    if is_first and visit.sent_on:
        yield _at_once(acts.Transfer(shift.window, visit.sent_on))
        return
    if is_first and visit.goes_on and len(visit.services) > 1:
        went_on = yield _at_once(acts.Finish(shift.window, go_on=True))
        if not isinstance(went_on, Refusal):
            yield hall.in_s(visit.at_window_s[1] * shift.pace)
    yield _at_once(acts.Finish(shift.window))


def _at_once(act: acts.Act) -> Wish:
    return lambda _: act
