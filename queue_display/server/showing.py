"""The branch as its callers may see it: the folds, put into the records of `queue_display.server.answers`."""

from bisect import bisect_left
from collections.abc import Mapping

from kiosk_core.texts import LocalText
from queue_display.branch import Window
from queue_display.dispatch import place_of
from queue_display.events import Called, Entry
from queue_display.live import LiveBranch
from queue_display.sentences import reason_sentence
from queue_display.server.answers import (
    Board,
    CallShown,
    ClassOfCustomers,
    LineReport,
    OwnTicket,
    Report,
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
        entry=live.branch.last.number,
    )


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


def staff_ticket(ticket: Ticket) -> StaffTicket:
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
    )


def window_now(live: LiveBranch, name: str, entries: tuple[Entry, ...] = ()) -> WindowNow:
    """Return a window, closed if nobody is signed in; `entries` are what has just happened there."""
    window = live.branch.windows.get(name) or Window(name, "")
    called = [entry.event for entry in entries if isinstance(entry.event, Called)]
    return WindowNow(
        window=name,
        teller=window.teller,
        pause=window.pause,
        ticket=staff_ticket(live.branch.tickets[window.ticket]) if window.ticket else None,
        why=_why(live, called[-1]) if called else None,
        entry=live.branch.last.number,
    )


def _why(live: LiveBranch, called: Called) -> LocalText:
    rule = live.policy.rule
    return LocalText(reason_sentence(called.reason, rule, "zh"), reason_sentence(called.reason, rule, "en"))


def windows(live: LiveBranch) -> Windows:
    """Return the open windows."""
    return Windows(tuple(window_now(live, name) for name in sorted(live.branch.windows)), live.branch.last.number)


def tickets(live: LiveBranch) -> Tickets:
    """Return the tickets that are not done with."""
    gone = {TicketState.FINISHED, TicketState.CANCELLED}
    left = tuple(staff_ticket(each) for each in live.branch.tickets.values() if each.state not in gone)
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
    return Board(calls, services_now(live), live.branch.last.number)


def status(live: LiveBranch) -> Status:
    """Return how the queue stands."""
    branch = live.branch
    waiting = sum(map(len, branch.lines.values()))
    return Status(branch.day, len(branch.tickets), waiting, len(branch.windows), branch.last.number)


def report(live: LiveBranch) -> Report:
    """Return the day so far."""
    waits, promises = live.against_targets.waits, live.calibration.promises
    known = [line for line in sorted(waits.keys() | promises.keys()) if line.service in live.policy.service]
    return Report(
        now=status(live),
        lines=tuple(_line_report(live, line) for line in known if line.customer_class in live.policy.customer_class),
    )


def _line_report(live: LiveBranch, line: Line) -> LineReport:
    today = live.against_targets.waits.get(line)
    promises = live.calibration.promises.get(line)
    return LineReport(
        service=line.service,
        customer_class=line.customer_class,
        appointment=line.appointment,
        target_s=live.policy.terms[line].target_s,
        called=today.called if today else 0,
        within_target=today.share_within_target if today else 0.0,
        mean_s=today.mean_s if today else 0.0,
        longest_s=today.longest_s if today else 0.0,
        promises=promises.due if promises else 0,
        promises_kept=promises.share_kept if promises else 0.0,
        promises_bias_s=promises.bias_s if promises else 0.0,
    )
