"""The branch as its callers may see it: the folds, put into the records of `queue_display.server.answers`."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from kiosk_core.texts import LocalText
from queue_display.branch import Window
from queue_display.deciding import back_by
from queue_display.dispatch import Reason, place_of
from queue_display.live import LiveBranch
from queue_display.sentences import reason_sentence
from queue_display.server.answers import (
    Board,
    CallShown,
    ClassOfCustomers,
    OwnTicket,
    ServiceNow,
    Services,
    StaffTicket,
    Status,
    Tickets,
    WaitSaid,
    WindowNow,
    Windows,
)
from queue_display.tickets import Head, Line, Ticket, TicketState


def own_ticket(live: LiveBranch, number: str) -> OwnTicket:
    """Return the ticket `number` of today as its holder sees it."""
    ticket = live.branch.tickets[number]
    waits = ticket.state is TicketState.WAITING
    wait = live.waits.of_ticket(live.branch, number, live.now)
    if waits and wait.up_to_s is None:  # it is new since the last estimate: a newcomer of that moment
        wait = live.waits.of_newcomer(live.branch, ticket.line._replace(appointment=False, window=""), live.now)
    return OwnTicket(
        ticket=number,
        state=ticket.state,
        services=ticket.services,
        customer_class=ticket.customer_class,
        window=ticket.window,
        issued_at=ticket.issued_at,
        ahead=_ahead(live, ticket) if waits else 0,
        wait=WaitSaid(wait.about_s, wait.up_to_s) if waits else WaitSaid(None, None),
        until_s=_until_s(live, ticket),
        entry=live.branch.last.number,
    )


def _until_s(live: LiveBranch, ticket: Ticket) -> float | None:
    match ticket.state:
        case TicketState.PARKED:
            until = ticket.back_at
        case TicketState.NO_SHOW:
            until = back_by(ticket, live.policy)
        case _:
            until = None
    return None if until is None else max(0.0, until - live.now)


def _ahead(live: LiveBranch, ticket: Ticket) -> int:
    """Return how many of the same service would be called before, if all were called now."""
    now, policy, own = live.now, live.policy, ticket.head

    def order(head: Head) -> tuple[tuple[int, float], Head]:
        return place_of(head, policy, now), head

    mine = order(own)
    return sum(
        bisect_left(heads, mine, key=order)
        for line, heads in live.branch.lines.items()
        if line.service == own.line.service
    )


def staff_ticket(live: LiveBranch, ticket: Ticket) -> StaffTicket:
    """Return a ticket as staff see it."""
    return StaffTicket(
        ticket=ticket.number,
        state=ticket.state,
        services=ticket.services,
        customer_class=ticket.customer_class,
        language=ticket.language,
        channel=ticket.channel,
        issued_at=ticket.issued_at,
        since=ticket.since,
        notes=ticket.notes,
        slot=ticket.slot,
        window=ticket.window,
        called_at=ticket.called_at,
        started_at=ticket.started_at,
        calls=ticket.calls,
        back_at=ticket.back_at,
        target_s=live.policy.terms[ticket.line].target_s,
    )


def window_now(live: LiveBranch, name: str) -> WindowNow:
    """Return a window, closed if nobody is signed in."""
    window = live.branch.windows.get(name) or Window(name, "")
    return WindowNow(
        window=name,
        teller=window.teller,
        pause=window.pause,
        pause_since=window.pause_since,
        ticket=staff_ticket(live, live.branch.tickets[window.ticket]) if window.ticket else None,
        why=why(live, window.reason) if window.reason else None,
        entry=live.branch.last.number,
    )


def why(live: LiveBranch, reason: Reason) -> LocalText:
    """Return the reason of a call as a sentence."""
    rule = live.policy.rule
    return LocalText(reason_sentence(reason, rule, "zh"), reason_sentence(reason, rule, "en"))


def windows(live: LiveBranch) -> Windows:
    """Return the open windows."""
    windows_now = tuple(window_now(live, name) for name in in_order(live.branch.windows))
    known = in_order(live.known_windows.names | live.policy.window.keys())
    return Windows(windows_now, known, live.branch.last.number)


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of windows as people sort them: 2 before 10."""
    return tuple(sorted(names, key=lambda name: (not name.isdecimal(), len(name) if name.isdecimal() else 0, name)))


def tickets(live: LiveBranch) -> Tickets:
    """Return the tickets that are not done with."""
    gone = {TicketState.FINISHED, TicketState.CANCELLED}
    left = tuple(staff_ticket(live, each) for each in live.branch.tickets.values() if each.state not in gone)
    return Tickets(left, live.branch.last.number)


def services_now(live: LiveBranch) -> tuple[ServiceNow, ...]:
    """Return the services of the policy, in its order."""
    waiting = dict.fromkeys(live.policy.service, 0)
    for line, heads in live.branch.lines.items():
        waiting[line.service] += len(heads)
    return tuple(
        ServiceNow(name, each.title, each.series, waiting[name], _newcomer(live, name))
        for name, each in live.policy.service.items()
    )


def _newcomer(live: LiveBranch, service: str) -> Mapping[str, WaitSaid]:
    said: dict[str, WaitSaid] = {}
    for customers in live.policy.customer_class:
        wait = live.waits.of_newcomer(live.branch, Line(service, customers), live.now)
        said[customers] = WaitSaid(wait.about_s, wait.up_to_s)
    return said


def services(live: LiveBranch) -> Services:
    """Return what a ticket may be taken for."""
    classes = tuple(ClassOfCustomers(name, each.title) for name, each in live.policy.customer_class.items())
    return Services(services_now(live), classes, live.branch.last.number)


def board(live: LiveBranch) -> Board:
    """Return what the lobby sees."""
    calls = tuple(CallShown(**vars(call)) for call in live.last_calls.calls)
    return Board(live.now, calls, services_now(live), live.branch.last.number)


def status(live: LiveBranch) -> Status:
    """Return how the queue stands."""
    branch = live.branch
    waiting = sum(map(len, branch.lines.values()))
    return Status(branch.day, len(branch.tickets), waiting, len(branch.windows), branch.last.number)
