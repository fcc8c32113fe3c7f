"""A branch as its log tells it: tickets, lines, windows of the day."""

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from queue_display.dispatch import Reason
from queue_display.events import (
    Arrived,
    BreakBegan,
    BreakEnded,
    BreakReason,
    Called,
    Cancelled,
    DayOpened,
    Entry,
    Finished,
    Issued,
    NoShow,
    Parked,
    Recalled,
    ReEntered,
    Started,
    TellerSignedIn,
    TellerSignedOut,
    TicketEvent,
    Transferred,
)
from queue_display.tickets import Head, Line, Ticket, TicketState

S = TicketState

MAY_HAPPEN: Mapping[type[TicketEvent], frozenset[TicketState]] = {
    Called: frozenset({S.WAITING, S.PARKED, S.NO_SHOW}),
    Recalled: frozenset({S.CALLED}),
    Arrived: frozenset({S.CALLED}),
    Started: frozenset({S.CALLED, S.ARRIVED}),
    Transferred: frozenset({S.WAITING, S.CALLED, S.ARRIVED, S.SERVING, S.PARKED}),
    Parked: frozenset({S.WAITING, S.CALLED, S.ARRIVED, S.SERVING}),
    NoShow: frozenset({S.CALLED}),
    ReEntered: frozenset({S.PARKED, S.NO_SHOW}),
    Finished: frozenset({S.SERVING}),
    Cancelled: frozenset({S.WAITING, S.CALLED, S.ARRIVED, S.PARKED, S.NO_SHOW}),
}
"""What may happen to a ticket in which state."""

AT_A_WINDOW = frozenset({S.CALLED, S.ARRIVED, S.SERVING})


class BrokenLog(ValueError):
    """An entry of the log cannot follow those before it."""


@dataclass(frozen=True)
class Window:
    """A window that a teller has opened; `ticket` is who is called to it or served, "" if nobody is.

    `reason` says why that ticket was called. `pause` says why the window pauses, `pause_since` since when it does.
    `free_since` is when the last customer left it, or it opened or ended its pause.
    """

    name: str
    teller: str
    skills: tuple[str, ...] = ()
    ticket: str = ""
    reason: Reason | None = None
    pause: BreakReason | None = None
    pause_since: float | None = None
    free_since: float = 0.0


class Branch:
    """The present day of a branch, folded from its log: `apply` is the only thing that changes it.

    Raises (in the constructor and `apply`):
        BrokenLog: the log is damaged or not a log; the branch is then as it was before.
    """

    def __init__(self, log: Iterable[Entry] = ()) -> None:
        self.last = Entry(0, 0.0, DayOpened("", 0.0))
        self._start("", 0.0)
        for entry in log:
            self.apply(entry)

    def _start(self, day: str, midnight: float) -> None:
        self.day = day
        self.midnight = midnight
        self._tickets: dict[str, Ticket] = {}
        self._windows: dict[str, Window] = {}
        self._lines: dict[Line, list[Head]] = {}
        self._issued: dict[str, int] = {}

    # -- what there is -----------------------------------------------------------------------------------------

    @property
    def tickets(self) -> Mapping[str, Ticket]:
        """All tickets of the day by number, in the order of issue."""
        return MappingProxyType(self._tickets)

    @property
    def windows(self) -> Mapping[str, Window]:
        """The open windows by name."""
        return MappingProxyType(self._windows)

    @property
    def lines(self) -> Mapping[Line, tuple[Head, ...]]:
        """Who waits, by seniority in each line; no line is empty."""
        return {line: tuple(heads) for line, heads in self._lines.items()}

    @property
    def heads(self) -> tuple[Head, ...]:
        """The first of every line."""
        return tuple(heads[0] for heads in self._lines.values())

    def next_number(self, series: str) -> str:
        """Return the number that the next ticket of a series gets: never one that was there today."""
        return f"{series}{self._issued.get(series, 0) + 1:03}"

    def hour(self, at: float) -> int:
        """Return the hour of the day (0 to 23; a clock that was changed may lengthen the last)."""
        return min(23, max(0, int((at - self.midnight) // 3600)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Branch):
            return NotImplemented
        return vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    # -- what changes it ---------------------------------------------------------------------------------------

    def apply(self, entry: Entry) -> None:
        """Let the next entry of the log happen."""
        if entry.number != self.last.number + 1 or entry.at < self.last.at:
            raise BrokenLog(f"entry {entry.number} cannot follow entry {self.last.number}")
        match entry.event:
            case DayOpened(day, midnight):
                if day <= self.day:
                    raise BrokenLog(f"entry {entry.number}: {day} cannot follow {self.day or 'nothing'}")
                self._start(day, midnight)
            case Issued():
                self._issue(entry.event, entry)
            case TellerSignedIn() | TellerSignedOut() | BreakBegan() | BreakEnded():
                self._staff(entry.event, entry)
            case _:
                self._happen(entry.event, entry)
        self.last = entry

    def _issue(self, event: Issued, entry: Entry) -> None:
        series = event.ticket.rstrip("0123456789")
        if not self.day or event.ticket != self.next_number(series) or not event.services:
            raise BrokenLog(f"entry {entry.number}: {event.ticket} cannot be issued")
        ticket = Ticket(
            number=event.ticket,
            order=entry.number,
            services=event.services,
            customer_class=event.customer_class,
            language=event.language,
            channel=event.channel,
            issued_at=entry.at,
            since=event.since,
            notes=event.notes,
            slot=event.slot,
        )
        self._issued[series] = self._issued.get(series, 0) + 1
        self._tickets[ticket.number] = ticket
        self._enter(ticket)

    def _staff(self, event: TellerSignedIn | TellerSignedOut | BreakBegan | BreakEnded, entry: Entry) -> None:
        window = self._windows.get(event.window)
        match event:
            case TellerSignedIn(name, teller, skills) if window is None and self.day:
                self._windows[name] = Window(name, teller, skills, free_since=entry.at)
            case TellerSignedOut(name) if window is not None and not window.ticket:
                del self._windows[name]
            case BreakBegan(name, reason) if window is not None and not window.ticket and window.pause is None:
                self._windows[name] = replace(window, pause=reason, pause_since=entry.at)
            case BreakEnded(name) if window is not None and window.pause is not None:
                self._windows[name] = replace(window, pause=None, pause_since=None, free_since=entry.at)
            case _:
                raise BrokenLog(f"entry {entry.number}: {event} cannot happen")

    def _happen(self, event: TicketEvent, entry: Entry) -> None:
        before = self._tickets.get(event.ticket)
        if before is None or before.state not in MAY_HAPPEN[type(event)]:
            state = "unknown" if before is None else before.state.value
            raise BrokenLog(f"entry {entry.number}: {type(event).__name__} of {event.ticket}, which is {state}")
        if isinstance(event, Called) and not self._is_free(event.window):
            raise BrokenLog(f"entry {entry.number}: window {event.window} is not free")
        after = ticket_after(before, event, entry.at)
        if before.state is S.WAITING:
            self._leave(before)
        if before.state in AT_A_WINDOW and after.state not in AT_A_WINDOW:
            window = self._windows[before.window]
            self._windows[window.name] = replace(window, ticket="", reason=None, free_since=entry.at)
        if isinstance(event, Called):
            window = self._windows[event.window]
            self._windows[window.name] = replace(window, ticket=after.number, reason=event.reason)
        self._tickets[after.number] = after
        if after.state is S.WAITING:
            self._enter(after)

    def _is_free(self, window: str) -> bool:
        found = self._windows.get(window)
        return found is not None and not found.ticket and found.pause is None

    def _enter(self, ticket: Ticket) -> None:
        insort(self._lines.setdefault(ticket.line, []), ticket.head)

    def _leave(self, ticket: Ticket) -> None:
        heads = self._lines[ticket.line]
        heads.remove(ticket.head)
        if not heads:
            del self._lines[ticket.line]


_STATE_AFTER: Mapping[type[TicketEvent], TicketState] = {
    Arrived: S.ARRIVED,
    NoShow: S.NO_SHOW,
    Finished: S.FINISHED,
    Cancelled: S.CANCELLED,
}


def ticket_after(ticket: Ticket, event: TicketEvent, at: float) -> Ticket:
    """Return what a ticket is after an event that may happen to it."""
    match event:
        case Called(window=window):
            return replace(ticket, state=S.CALLED, window=window, called_at=at, calls=ticket.calls + 1, back_at=None)
        case Recalled():
            return replace(ticket, calls=ticket.calls + 1)
        case Started():
            return replace(ticket, state=S.SERVING, started_at=at)
        case Transferred(service=service, window=window):
            rest = tuple(each for each in ticket.services[1:] if each != service)
            return _waiting(replace(ticket, services=(service, *rest)), ticket.since, window)
        case Parked(back_at=back_at):
            return replace(ticket, state=S.PARKED, back_at=back_at)
        case ReEntered(since=since):
            return _waiting(ticket, since)
        case Finished() if len(ticket.services) > 1:
            return _waiting(replace(ticket, services=ticket.services[1:]), ticket.since)
        case Arrived() | NoShow() | Finished() | Cancelled():
            return replace(ticket, state=_STATE_AFTER[type(event)])


def _waiting(ticket: Ticket, since: float, window: str = "") -> Ticket:
    return replace(ticket, state=S.WAITING, since=since, window=window, back_at=None)
