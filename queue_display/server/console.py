"""A window as its teller works with it: whom it would call next, in which order, who else is there."""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice

from queue_display.branch import Window, ticket_after
from queue_display.deciding import next_choice
from queue_display.dispatch import Place, place_of
from queue_display.events import Finished
from queue_display.live import LiveBranch
from queue_display.server.answers import Console, LineNow, NextCall, StaffTicket
from queue_display.server.showing import in_order, staff_ticket, why, window_now
from queue_display.tickets import Head, Line, TicketState

_FIRST = 8
_ASIDE = frozenset({TicketState.PARKED, TicketState.NO_SHOW})


def console(live: LiveBranch, name: str) -> Console:
    """Return what the teller of a window works with; a closed window shows the lines that it could call."""
    branch = live.branch
    window = branch.windows.get(name) or Window(name, "")
    return Console(
        at=live.now,
        window=window_now(live, name),
        next=_next_call(live, window) if window.teller and window.pause is None else None,
        first=tuple(_waiting(live, head) for head in islice(_order_of_calls(live, window), _FIRST)),
        aside=_aside(live),
        lines=lines_now(live, window),
        open_windows=in_order(branch.windows),
        entry=branch.last.number,
    )


def lines_now(live: LiveBranch, window: Window | None = None) -> tuple[LineNow, ...]:
    """Return the lines in which anybody waits, as `window` may call them."""
    lines = live.branch.lines
    return tuple(_line_now(live, line, lines[line], window) for line in by_policy(live, lines))


def by_policy(live: LiveBranch, lines: Iterable[Line]) -> list[Line]:
    """Return lines in the order in which the policy names services and classes; what it does not know is left out."""
    services, classes = list(live.policy.service), list(live.policy.customer_class)
    known = [line for line in lines if line.service in services and line.customer_class in classes]
    return sorted(known, key=lambda line: (services.index(line.service), classes.index(line.customer_class), line))


def _line_now(live: LiveBranch, line: Line, heads: tuple[Head, ...], window: Window | None) -> LineNow:
    now = live.now
    waits = [max(0.0, now - head.since) for head in heads]
    target_s = live.policy.terms[line].target_s
    return LineNow(
        service=line.service,
        customer_class=line.customer_class,
        appointment=line.appointment,
        window=line.window,
        waiting=len(heads),
        longest_s=max(waits),
        target_s=target_s,
        over_target=sum(wait > target_s for wait in waits),
        callable=window is not None and live.policy.may_call(window.name, window.skills, line),
    )


def _next_call(live: LiveBranch, window: Window) -> NextCall | None:
    choice = next_choice(live.branch, live.policy, window, live.now)
    if choice is None:
        return None
    ticket = live.branch.tickets[choice.head.number]
    if ticket.number == window.ticket:  # the next service of whoever is served here
        ticket = ticket_after(ticket, Finished(ticket.number), live.now)
    return NextCall(staff_ticket(live, ticket), why(live, choice.reason))


def _waiting(live: LiveBranch, head: Head) -> StaffTicket:
    return staff_ticket(live, live.branch.tickets[head.number])


def _order_of_calls(live: LiveBranch, window: Window) -> Iterator[Head]:
    """Yield who waits for a window, in the order in which it would call them if it called all of them now."""
    policy, now, first = live.policy, live.now, live.policy.window_rule(window.name).first

    def order(head: Head) -> tuple[Place, Head]:
        return place_of(head, policy, now, first), head

    lines = live.branch.lines.items()
    return merge(*(heads for line, heads in lines if policy.may_call(window.name, window.skills, line)), key=order)


def _aside(live: LiveBranch) -> tuple[StaffTicket, ...]:
    return tuple(staff_ticket(live, each) for each in live.branch.tickets.values() if each.state in _ASIDE)
