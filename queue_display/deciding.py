"""What follows from an act: events for the log, or a refusal. It changes nothing itself."""

from collections.abc import Mapping

from queue_display.acts import (
    Act,
    Arrive,
    AtWindow,
    BeginBreak,
    CallNext,
    CallTicket,
    Cancel,
    EndBreak,
    Finish,
    ForTicket,
    IssueTicket,
    MarkNoShow,
    OpenDay,
    Park,
    Recall,
    ReEnter,
    SignIn,
    SignOut,
    Start,
    Transfer,
    TransferTicket,
)
from queue_display.branch import AT_A_WINDOW, MAY_HAPPEN, Branch, Window, ticket_after
from queue_display.dispatch import Because, Choice, Reason, choose, reason_for
from queue_display.events import (
    Arrived,
    By,
    Called,
    Cancelled,
    DayOpened,
    Event,
    Finished,
    Issued,
    NoShow,
    Parked,
    Recalled,
    ReEntered,
    Started,
    TicketEvent,
    Transferred,
)
from queue_display.policy import Policy
from queue_display.refusals import Refusal, Why
from queue_display.staffing import busy, decide_staffing
from queue_display.tickets import Head, Ticket, TicketState

Decision = tuple[Event, ...] | Refusal

_SIMPLE: Mapping[type[Act], type[Recalled | Arrived | Started | NoShow]] = {
    Recall: Recalled,
    Arrive: Arrived,
    Start: Started,
    MarkNoShow: NoShow,
}
"""Acts at a window that are one event of the ticket there."""


def decide(branch: Branch, policy: Policy, act: Act, now: float) -> Decision:
    """Return what follows from `act` at `now`, which is not before the last entry of the branch's log."""
    if isinstance(act, OpenDay):
        is_new = act.day > branch.day
        return (DayOpened(act.day, act.midnight),) if is_new else Refusal(Why.DAY_IS_OVER, {"day": act.day})
    if not branch.day:
        return Refusal(Why.NO_DAY)
    match act:
        case IssueTicket():
            return _issue(branch, policy, act, now)
        case TransferTicket() | Park() | ReEnter() | Cancel():
            return _for_ticket(branch, policy, act, now)
        case SignIn() | SignOut() | BeginBreak() | EndBreak():
            return decide_staffing(branch, policy, act)
        case _:
            return _at_window(branch, policy, act, now)


def _at_window(branch: Branch, policy: Policy, act: AtWindow, now: float) -> Decision:
    match act:
        case CallNext():
            return _call_next(branch, policy, act, now)
        case CallTicket():
            return _call_ticket(branch, policy, act, now)
        case Transfer():
            return _transfer(branch, policy, _ticket_at(branch, act.window), act)
        case Finish():
            return _finish(branch, policy, act, now)
        case Recall() | Arrive() | Start() | MarkNoShow():
            ticket = _ticket_at(branch, act.window)
            return ticket if isinstance(ticket, Refusal) else _event(ticket, _SIMPLE[type(act)](ticket.number))


def lapsed(branch: Branch, policy: Policy, now: float) -> tuple[Event, ...]:
    """Return what time alone brings about: who was parked until now waits again, no-shows that are too old end."""
    events: list[Event] = []
    for ticket in branch.tickets.values():
        if ticket.state is TicketState.PARKED and ticket.back_at is not None and ticket.back_at <= now:
            events.append(ReEntered(ticket.number, ticket.since, By.BRANCH))
        elif ticket.state is TicketState.NO_SHOW and _is_out_of_time(ticket, policy, now):
            events.append(Cancelled(ticket.number, By.BRANCH))
    return tuple(events)


def _issue(branch: Branch, policy: Policy, act: IssueTicket, now: float) -> Decision:
    unknown = [service for service in act.services if service not in policy.service]
    if unknown or not act.services:
        return Refusal(Why.NO_SERVICE, {"service": ", ".join(unknown)})
    if act.customer_class not in policy.customer_class:
        return Refusal(Why.NO_CLASS, {"customer_class": act.customer_class})
    slot = act.slot
    if slot is not None and now > slot + policy.appointment.grace_min * 60:
        slot = None  # too late: a walk-in
    issued = Issued(
        ticket=branch.next_number(policy.service[act.services[0]].series),
        services=act.services,
        customer_class=act.customer_class,
        language=act.language,
        channel=act.channel,
        since=now if slot is None else max(now, slot),
        notes=act.notes,
        slot=slot,
        said_about_s=act.said_about_s,
        said_up_to_s=act.said_up_to_s,
    )
    return (issued,)


# -- calls ---------------------------------------------------------------------------------------------------


def callable_heads(branch: Branch, policy: Policy, window: Window) -> tuple[Head, ...]:
    """Return the first tickets of the lines that a window may call."""
    return tuple(head for head in branch.heads if policy.may_call(window.name, window.skills, head.line))


def next_choice(branch: Branch, policy: Policy, window: Window, now: float) -> Choice | None:
    """Return whom the policy calls next to a window, who is served there being finished first; None: nobody."""
    heads = callable_heads(branch, policy, window)
    served = branch.tickets.get(window.ticket)
    if served is not None:
        after = ticket_after(served, Finished(served.number), now)
        if after.state is TicketState.WAITING and policy.may_call(window.name, window.skills, after.line):
            heads += (after.head,)
    choice = choose(heads, policy, now, policy.window_rule(window.name).first)
    if (
        choice is not None
        and choice.reason.because is Because.ALONE
        and len(branch.lines.get(choice.head.line, ())) > 1
    ):
        return Choice(choice.head, choice.reason._replace(because=Because.SENIOR))  # others wait behind him
    return choice


def _call_next(branch: Branch, policy: Policy, act: CallNext, now: float) -> Decision:
    window = _open_window(branch, act.window)
    if isinstance(window, Refusal):
        return window
    finished: tuple[Event, ...] = ()
    if window.ticket:
        if branch.tickets[window.ticket].state is not TicketState.SERVING:
            return busy(window)
        finished = (Finished(window.ticket),)
    choice = next_choice(branch, policy, window, now)
    if choice is None:
        return finished or _nobody(branch, window)
    return (*finished, Called(choice.head.number, window.name, choice.reason))


def _call_ticket(branch: Branch, policy: Policy, act: CallTicket, now: float) -> Decision:
    window = _open_window(branch, act.window)
    if isinstance(window, Refusal):
        return window
    if window.ticket:
        return busy(window)
    ticket = branch.tickets.get(act.ticket)
    if ticket is None:
        return Refusal(Why.NO_TICKET, {"ticket": act.ticket})
    heads = callable_heads(branch, policy, window)
    reason = reason_for(ticket.head, heads, policy, now)._replace(because=Because.BY_HAND)
    return _event(ticket, Called(ticket.number, window.name, reason))


def _finish(branch: Branch, policy: Policy, act: Finish, now: float) -> Decision:
    ticket = _ticket_at(branch, act.window)
    if isinstance(ticket, Refusal):
        return ticket
    begun: tuple[Event, ...] = ()
    if ticket.state in MAY_HAPPEN[Started]:  # nobody pressed Start: the service is known to have been
        begun, ticket = (Started(ticket.number),), ticket_after(ticket, Started(ticket.number), now)
    decision = _event(ticket, Finished(ticket.number))
    if isinstance(decision, Refusal):
        return decision
    after = ticket_after(ticket, Finished(ticket.number), now)
    if not act.go_on or after.state is not TicketState.WAITING:
        return (*begun, *decision)
    window = branch.windows[act.window]
    if not policy.may_call(window.name, window.skills, after.line):
        return Refusal(Why.CANNOT_DO, {"window": window.name, "service": after.services[0]})
    reason = Reason(Because.WENT_ON, now - after.since, policy.terms[after.line].target_s)
    return (*begun, *decision, Called(ticket.number, window.name, reason), Started(ticket.number))


# -- tickets -------------------------------------------------------------------------------------------------


def _transfer(branch: Branch, policy: Policy, ticket: Ticket | Refusal, act: Transfer | TransferTicket) -> Decision:
    if isinstance(ticket, Refusal):
        return ticket
    if act.service not in policy.service:
        return Refusal(Why.NO_SERVICE, {"service": act.service})
    if act.to_window:
        window = branch.windows.get(act.to_window)
        if window is None:
            return Refusal(Why.NO_WINDOW, {"window": act.to_window})
        line = ticket.line._replace(service=act.service, window=act.to_window)
        if not policy.may_call(window.name, window.skills, line):
            return Refusal(Why.CANNOT_DO, {"window": window.name, "service": act.service})
    return _event(ticket, Transferred(ticket.number, act.service, act.to_window))


def _for_ticket(branch: Branch, policy: Policy, act: ForTicket, now: float) -> Decision:
    ticket = branch.tickets.get(act.ticket)
    if ticket is None:
        return Refusal(Why.NO_TICKET, {"ticket": act.ticket})
    match act:
        case TransferTicket(number):
            if ticket.state in AT_A_WINDOW:  # it is for those who have the customer before them to say
                return Refusal(Why.WRONG_STATE, {"ticket": number, "state": ticket.state.value})
            return _transfer(branch, policy, ticket, act)
        case Park(number, by, back_at):
            return _event(ticket, Parked(number, by, back_at))
        case Cancel(number, by):
            return _event(ticket, Cancelled(number, by))
        case ReEnter(number, by):
            since = ticket.since
            if ticket.state is TicketState.NO_SHOW:
                if _is_out_of_time(ticket, policy, now):
                    minutes = f"{policy.no_show.back_min:g}"
                    return Refusal(Why.OUT_OF_TIME, {"ticket": number, "minutes": minutes})
                since = min(now, since + policy.no_show.behind_min * 60)
            return _event(ticket, ReEntered(number, since, by))


def back_by(ticket: Ticket, policy: Policy) -> float | None:
    """Return until when a no-show may wait again; None if it was never called."""
    return None if ticket.called_at is None else ticket.called_at + policy.no_show.back_min * 60


def _is_out_of_time(ticket: Ticket, policy: Policy, now: float) -> bool:
    until = back_by(ticket, policy)
    return until is not None and now > until


def _event(ticket: Ticket, event: TicketEvent) -> Decision:
    if ticket.state not in MAY_HAPPEN[type(event)]:
        return Refusal(Why.WRONG_STATE, {"ticket": ticket.number, "state": ticket.state.value})
    return (event,)


# -- windows -------------------------------------------------------------------------------------------------


def _open_window(branch: Branch, name: str) -> Window | Refusal:
    window = branch.windows.get(name)
    if window is None:
        return Refusal(Why.NO_WINDOW, {"window": name})
    return Refusal(Why.PAUSED, {"window": name}) if window.pause else window


def _ticket_at(branch: Branch, name: str) -> Ticket | Refusal:
    window = branch.windows.get(name)
    if window is None:
        return Refusal(Why.NO_WINDOW, {"window": name})
    return branch.tickets[window.ticket] if window.ticket else Refusal(Why.NOBODY_AT_WINDOW, {"window": name})


def _nobody(branch: Branch, window: Window) -> Refusal:
    count = sum(map(len, branch.lines.values()))
    if not count:
        return Refusal(Why.NOBODY_WAITS)
    return Refusal(Why.NONE_FOR_WINDOW, {"window": window.name, "count": str(count)})
