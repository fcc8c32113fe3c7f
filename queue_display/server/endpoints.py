"""What may be asked, as one table: routes, roles and the OpenAPI document all follow from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from queue_display import acts
from queue_display.events import Entry, Issued
from queue_display.live import LiveBranch
from queue_display.refusals import Refusal, Why
from queue_display.server import answers, asking, showing
from queue_display.server.access import Caller, Role, Tokens
from queue_display.server.console import console
from queue_display.server.csv_report import csv_report
from queue_display.server.outgoing import Outgoing
from queue_display.server.report import report

STAFF = frozenset({Role.TELLER, Role.MANAGER})
EVERYBODY = frozenset(Role)

Path = Mapping[str, str]


@dataclass(frozen=True)
class Looking:
    """Who looks, with these parts of the path and this checked query."""

    caller: Caller
    path: Path
    query: Any


See = Callable[[LiveBranch, Looking], object]
Tell = Callable[[LiveBranch, tuple[Entry, ...], Caller, Path], object]


@dataclass(frozen=True)
class View:
    """Something to look at. `query`: what may be asked of it; what else the query says is nothing to it."""

    path: str
    summary: str
    roles: frozenset[Role]
    see: See
    answer: type
    query: type | None = None


@dataclass(frozen=True)
class Doing:
    """Something to do: `asked` is the wish, `tell` what is answered once it is done."""

    path: str
    summary: str
    roles: frozenset[Role]
    body: type
    asked: asking.Asked
    tell: Tell
    answer: type
    makes: bool = False


def _window(live: LiveBranch, _: tuple[Entry, ...], __: Caller, path: Path) -> object:
    return showing.window_now(live, path["window"])


def _ticket(live: LiveBranch, _: tuple[Entry, ...], __: Caller, path: Path) -> object:
    return showing.staff_ticket(live, live.branch.tickets[path["ticket"]])


def _own_ticket(live: LiveBranch, _: tuple[Entry, ...], caller: Caller, __: Path) -> object:
    return showing.own_ticket(live, caller.name)


def _see_own_ticket(live: LiveBranch, looking: Looking) -> object:
    number = asking.own_ticket(live, looking.caller)
    return number if isinstance(number, Refusal) else showing.own_ticket(live, number)


def _see_ticket(live: LiveBranch, looking: Looking) -> object:
    number = looking.path["ticket"]
    if number not in live.branch.tickets:
        return Refusal(Why.NO_TICKET, {"ticket": number})
    return showing.staff_ticket(live, live.branch.tickets[number])


def _at_window(word: str, summary: str, body: type, make: Callable[[str, Any], acts.Act]) -> Doing:
    path = f"/v1/windows/{{window}}/{word}"
    return Doing(path, summary, STAFF, body, asking.at_window(make), _window, answers.WindowNow)


VIEWS: tuple[View, ...] = (
    View(
        "/v1/my-ticket",
        "The caller's own ticket: its place and wait",
        frozenset({Role.TICKET}),
        _see_own_ticket,
        answers.OwnTicket,
    ),
    View(
        "/v1/services",
        "What a ticket may be taken for, with the wait of a newcomer",
        EVERYBODY,
        lambda live, _: showing.services(live),
        answers.Services,
    ),
    View("/v1/board", "The last calls and who waits", EVERYBODY, lambda live, _: showing.board(live), answers.Board),
    View("/v1/windows", "The open windows", STAFF, lambda live, _: showing.windows(live), answers.Windows),
    View(
        "/v1/windows/{window}",
        "What a teller works with: the window, whom it would call next and why, who else is there",
        STAFF,
        lambda live, looking: console(live, looking.path["window"]),
        answers.Console,
    ),
    View("/v1/tickets/{ticket}", "A ticket of today", STAFF, _see_ticket, answers.StaffTicket),
    View(
        "/v1/tickets",
        "The tickets that are not done with",
        STAFF,
        lambda live, _: showing.tickets(live),
        answers.Tickets,
    ),
    View(
        "/v1/report",
        "The load now, the day's waits against their targets, and whether promises were kept",
        frozenset({Role.MANAGER}),
        lambda live, _: report(live),
        answers.Report,
    ),
    View(
        "/v1/report.csv",
        "The waits of the last days against their targets, as a table",
        frozenset({Role.MANAGER}),
        lambda live, looking: csv_report(live, looking.query.days, looking.query.language),
        answers.CsvFile,
        asking.ReportOf,
    ),
)


def status_view(outgoing: Sequence[Outgoing]) -> View:
    """Return the view of how the queue stands, and how far those are who are told outside."""

    def see(live: LiveBranch, _: Looking) -> object:
        return answers.WholeStatus(
            **vars(showing.status(live)), outboxes=tuple(o for each in outgoing for o in each.outboxes)
        )

    roles = frozenset({Role.TECHNICIAN, Role.MANAGER})
    return View("/v1/status", "How the queue stands, in numbers", roles, see, answers.WholeStatus)


def doings(tokens: Tokens, public_url: str) -> tuple[Doing, ...]:
    """Return all that may be done; new tickets get their tokens from `tokens`, and pages at `public_url`."""

    def new_ticket(live: LiveBranch, entries: tuple[Entry, ...], _: Caller, __: Path) -> object:
        issued = entries[-1]
        assert isinstance(issued.event, Issued)  # noqa: S101  (that is what follows from taking a ticket)
        number = issued.event.ticket
        token = tokens.of_ticket(number, issued.number)
        return answers.NewTicket(showing.own_ticket(live, number), token, f"{public_url}/t#{token}")

    return (
        Doing(
            "/v1/tickets",
            "Take a ticket",
            frozenset({Role.CUSTOMER, *STAFF}),
            asking.TakeTicket,
            asking.take_ticket,
            new_ticket,
            answers.NewTicket,
            makes=True,
        ),
        *_WINDOW_ACTS,
        *_TICKET_ACTS,
        *_OWN_ACTS,
    )


_WINDOW_ACTS = (
    _at_window(
        "call-next",
        "Call whom the policy chooses; a ticket that is being served there is finished first",
        asking.Nothing,
        lambda window, _: acts.CallNext(window),
    ),
    _at_window("call", "Call this ticket", asking.Call, lambda window, body: acts.CallTicket(window, body.ticket)),
    _at_window("recall", "Call the ticket once more", asking.Nothing, lambda window, _: acts.Recall(window)),
    _at_window("arrived", "The customer is at the window", asking.Nothing, lambda window, _: acts.Arrive(window)),
    _at_window("start", "Begin the service", asking.Nothing, lambda window, _: acts.Start(window)),
    _at_window(
        "transfer",
        "Send the ticket to another service or window, with its seniority",
        asking.TransferTo,
        lambda window, body: acts.Transfer(window, body.service, body.window),
    ),
    _at_window("no-show", "Nobody came", asking.Nothing, lambda window, _: acts.MarkNoShow(window)),
    _at_window(
        "finish", "End the service", asking.FinishThen, lambda window, body: acts.Finish(window, go_on=body.go_on)
    ),
    _at_window("sign-in", "Open the window", asking.SignInAs, lambda window, body: acts.SignIn(window, body.teller)),
    _at_window("sign-out", "Close the window", asking.Nothing, lambda window, _: acts.SignOut(window)),
    _at_window(
        "break", "Let the window pause", asking.BreakFor, lambda window, body: acts.BeginBreak(window, body.reason)
    ),
    _at_window("end-break", "Let the window go on", asking.Nothing, lambda window, _: acts.EndBreak(window)),
    Doing(
        "/v1/windows/{window}/park",
        "Park the ticket at the window",
        STAFF,
        asking.ParkFor,
        asking.park_at_window,
        _window,
        answers.WindowNow,
    ),
)

_TICKET_ACTS = (
    Doing(
        "/v1/tickets/{ticket}/transfer",
        "Send a ticket that is at no window to another service or window, with its seniority",
        STAFF,
        asking.TransferTo,
        asking.transfer_ticket,
        _ticket,
        answers.StaffTicket,
    ),
    Doing(
        "/v1/tickets/{ticket}/park",
        "Park a ticket",
        STAFF,
        asking.ParkFor,
        asking.park_ticket,
        _ticket,
        answers.StaffTicket,
    ),
    Doing(
        "/v1/tickets/{ticket}/re-enter",
        "Let a parked or missed ticket wait again",
        STAFF,
        asking.Nothing,
        asking.for_ticket(acts.ReEnter),
        _ticket,
        answers.StaffTicket,
    ),
    Doing(
        "/v1/tickets/{ticket}/cancel",
        "Cancel a ticket",
        STAFF,
        asking.Nothing,
        asking.for_ticket(acts.Cancel),
        _ticket,
        answers.StaffTicket,
    ),
)

_OWN_ACTS = (
    Doing(
        "/v1/my-ticket/park",
        "The caller needs more time",
        frozenset({Role.TICKET}),
        asking.MoreTime,
        asking.park_own_ticket,
        _own_ticket,
        answers.OwnTicket,
    ),
    Doing(
        "/v1/my-ticket/re-enter",
        "The caller is back",
        frozenset({Role.TICKET}),
        asking.Nothing,
        asking.for_own_ticket(acts.ReEnter),
        _own_ticket,
        answers.OwnTicket,
    ),
    Doing(
        "/v1/my-ticket/cancel",
        "The caller gives his ticket up",
        frozenset({Role.TICKET}),
        asking.Nothing,
        asking.for_own_ticket(acts.Cancel),
        _own_ticket,
        answers.OwnTicket,
    ),
)
