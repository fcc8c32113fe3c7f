"""`openteller queue headquarters`: the logs of all branches in one place, and how the branches are doing."""

import signal
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from openteller.console import log_to_stderr, plain_errors, stop
from openteller.queue_headquarters_store import headquarters_copy, headquarters_store
from openteller.queue_policy import DEFAULT_POLICY, load_policy
from openteller.system_clock import SystemClock
from queue_display.branch import BrokenLog
from queue_display.policy import Policy

if TYPE_CHECKING:
    from queue_display.headquarters.keeping import HeadquartersStore, Standing

app = typer.Typer(no_args_is_help=True, help="Headquarters: the logs of all branches, and how they are doing.")

_SESSION = "openteller-headquarters"

_Database = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|URL",
        help="Where the logs lie: a file, or postgresql://USER@HOST/DATABASE with the password from a passfile.",
        show_default="headquarters/queues.db beside the queue's folder",
    ),
]


@app.callback()
def _headquarters() -> None:
    """Headquarters: the logs of all branches, and how they are doing."""


@app.command(epilog="Example:  openteller queue headquarters serve --broker mqtts://broker.bank.example")
def serve(
    broker: Annotated[str, typer.Option(metavar="URL", help="mqtts://HOST:PORT, or without TLS mqtt://HOST:PORT.")],
    database: _Database = None,
    ca: Annotated[Path | None, typer.Option(metavar="PEM", help="A CA to trust, besides the system's.")] = None,
    login: Annotated[Path | None, typer.Option(metavar="FILE", help="Two lines: user and password.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens, not only what is wrong.")] = False,
) -> None:
    """Follow the branches that were started with --headquarters; runs until SIGTERM or Ctrl-C."""
    from openteller.queue_broker import BrokerAt, line_to  # noqa: PLC0415
    from queue_display.headquarters.collecting import Collector  # noqa: PLC0415
    from queue_display.headquarters.headquarters import Headquarters  # noqa: PLC0415
    from queue_display.headquarters.messages import entries_topic  # noqa: PLC0415

    log_to_stderr(verbose)
    with plain_errors(), headquarters_store(database) as store:
        here = Headquarters(Collector(store, SystemClock()))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: here.end())
        at = BrokerAt(broker, ca, login)
        with line_to(at, entries_topic("+"), here.heard, here.line_changed, _SESSION) as line:
            typer.echo("Headquarters follows the branches.")
            if at.is_plain:
                typer.echo("With mqtt:// anybody on the network can read and change what branches send.")
            here.run(line)


@app.command()
def status(
    branch: Annotated[str, typer.Argument(metavar="[BRANCH]", help="This one only, with its lines.")] = "",
    database: _Database = None,
    policy: Annotated[Path, typer.Option(metavar="FILE", help="Whose targets to judge by.")] = DEFAULT_POLICY,
) -> None:
    """Say of each branch how far its log is here, who waits now, and today's waits against their targets."""
    with plain_errors():
        rules = load_policy(policy)
        with headquarters_copy(database) as store:
            standings = store.standings()
            if branch and branch not in standings:
                stop(f"there is no branch {branch}; there are: {', '.join(standings) or 'none'}")
            shown = {name: each for name, each in standings.items() if branch in {"", name}}
            console = Console(highlight=False, soft_wrap=True)
            console.print(_branches(store, shown, rules), markup=False)
            if branch:
                console.print(_lines(store, branch, rules), markup=False)


def _branches(store: "HeadquartersStore", standings: "dict[str, Standing]", policy: Policy) -> Table:
    table = Table(box=None, header_style="bold")
    for heading in ("branch", "day"):
        table.add_column(heading, no_wrap=True)
    for heading in ("waiting", "called", "in time", "longest", "entry"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("behind", min_width=6)
    table.add_column("heard", no_wrap=True)
    for name, standing in standings.items():
        table.add_row(name, *_day(store, name, policy), str(standing.number), _behind(standing), _at(standing.heard_at))
    return table


def _day(store: "HeadquartersStore", branch: str, policy: Policy) -> tuple[str, ...]:
    from queue_display.headquarters.views import today  # noqa: PLC0415

    try:
        day = today(store, branch, policy)
    except BrokenLog as error:
        return (f"cannot be read: {error}", *("" for _ in range(4)))
    if not day.called:
        return day.day, str(day.waiting), "0", "", ""
    return (
        day.day,
        str(day.waiting),
        str(day.called),
        f"{day.share_within_target:.0%}",
        f"{day.longest_s / 60:.0f} min",
    )


def _lines(store: "HeadquartersStore", branch: str, policy: Policy) -> Table:
    from queue_display.headquarters.views import today  # noqa: PLC0415

    table = Table("service", "class", box=None, header_style="bold")
    for heading in ("target", "taken", "called", "in time", "mean", "p90", "longest"):
        table.add_column(heading, justify="right")
    for line, figures in sorted(today(store, branch, policy).figures.lines.items()):
        service = f"{line.service} (appointment)" if line.appointment else line.service
        waits = (figures.mean_s, figures.p90_s, figures.longest_s)
        table.add_row(
            service,
            line.customer_class,
            f"{figures.target_s / 60:g} min",
            str(figures.taken),
            str(figures.called),
            f"{figures.share_within_target:.0%}" if figures.called else "",
            *(f"{wait / 60:.1f} min" for wait in waits),
        )
    return table


def _behind(standing: "Standing") -> str:
    if standing.behind_since is None:
        return ""
    return f"{standing.last - standing.number} since {_at(standing.behind_since)}"


def _at(moment: float) -> str:
    """Return a moment as people say it: the time if it is of today, else with its day."""
    if not moment:
        return "never"
    at, now = datetime.fromtimestamp(moment).astimezone(), SystemClock().wall()
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"
