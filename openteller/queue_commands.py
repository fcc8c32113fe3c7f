"""`openteller queue`: the branch queue."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from openteller.console import log_to_stderr, plain_errors, stop
from openteller.no_core_dump import leave_no_core_dump
from openteller.queue_folder import default_folder
from openteller.queue_headquarters_commands import app as headquarters_app
from openteller.queue_policy import DEFAULT_DAY, DEFAULT_POLICY, load_forecast, load_policy
from openteller.queue_token_commands import app as token_app
from openteller.queue_webhook_commands import app as webhook_app
from openteller.queue_what_if import WHAT_IF_EXAMPLES, DayFile, PolicyFile, what_if
from openteller.system_clock import SystemClock
from queue_display.staged.plan import plan_day, windows_for

app = typer.Typer(no_args_is_help=True, help="The branch queue.")
app.add_typer(token_app, name="token")
app.add_typer(webhook_app, name="webhook")
app.add_typer(headquarters_app, name="headquarters")

app.command(name="what-if", epilog=WHAT_IF_EXAMPLES)(what_if)


@app.callback()
def _queue() -> None:
    """The branch queue."""  # noqa: D401  (the help of the command)


@app.command(
    epilog="""
Examples:

openteller queue serve

openteller queue serve --host 0.0.0.0 --certificate branch.pem --key branch.key --public-url https://queue.example.bank
"""
)
def serve(  # noqa: PLR0917  (each is an option)
    policy: PolicyFile = DEFAULT_POLICY,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where log and tokens lie.",
            show_default="/var/lib/openteller/queue for root, else ~/.local/state/openteller/queue",
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Keep the log in PostgreSQL: postgresql://USER@HOST/DATABASE, the password from PGPASSWORD or a"
            " passfile. Several servers may serve one branch.",
        ),
    ] = None,
    branch: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which branch this is, to database and headquarters.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Whom to serve; 0.0.0.0: the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8640,
    certificate: Annotated[Path | None, typer.Option(metavar="PEM", help="For TLS, with --key.")] = None,
    key: Annotated[Path | None, typer.Option(metavar="PEM", help="The certificate's private key.")] = None,
    public_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where phones find the queue: for the links on tickets.",
            show_default="the address that it serves",
        ),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Requests a second that one client may send.")] = 20.0,
    headquarters: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The broker by which headquarters is told: mqtts://HOST:PORT."),
    ] = None,
    headquarters_ca: Annotated[
        Path | None, typer.Option(metavar="PEM", help="A CA to trust for it, besides the system's.")
    ] = None,
    headquarters_login: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Two lines: the broker's user and password.")
    ] = None,
    webhook_ca: Annotated[
        Path | None, typer.Option(metavar="PEM", help="A CA to trust for webhooks, besides the system's.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens, not only what is wrong.")] = False,
) -> None:
    """Run the branch: tickets and calls over HTTP, every event to every screen. No database or configuration is needed.

    Runs until SIGTERM or Ctrl-C. What was acknowledged outlives a power cut.
    """
    from openteller.queue_broker import BrokerAt  # noqa: PLC0415
    from openteller.queue_database import Database  # noqa: PLC0415
    from openteller.queue_outgoing import Outside  # noqa: PLC0415  (the server's libraries)
    from openteller.queue_server import Place  # noqa: PLC0415
    from openteller.queue_server import serve as serve_queue  # noqa: PLC0415
    from queue_display.server.access import Limits  # noqa: PLC0415

    if (database is None and headquarters is None) != (branch is None):
        stop("--branch is for --database and --headquarters: those have many branches, and must know this one's name")
    broker = BrokerAt(headquarters, headquarters_ca, headquarters_login) if headquarters else None
    leave_no_core_dump()
    log_to_stderr(verbose)
    console = Console(highlight=False, soft_wrap=True)
    with plain_errors():
        serve_queue(
            data or default_folder(),
            policy,
            Place(host, port, certificate, key, public_url),
            SystemClock(),
            database=Database(database, branch) if database and branch else None,
            say=lambda line: console.print(line, markup=False),
            limits=Limits(per_second=rate, burst=3 * rate),
            outside=Outside(webhook_ca, broker, branch or ""),
        )


@app.command(
    epilog="""
Examples:

openteller queue day                     (about nine minutes)

openteller queue day --speed 600         (and no time to look)
"""
)
def day(  # noqa: PLR0917  (each is an option)
    speed: Annotated[float, typer.Option(min=1, max=100_000, help="How many times as fast as the clock.")] = 60.0,
    tickets: Annotated[int, typer.Option(min=1, max=20_000, help="About how many customers come.")] = 2000,
    windows: Annotated[
        int | None, typer.Option(min=1, max=99, help="How many windows open.", show_default="enough, but no more")
    ] = None,
    policy: PolicyFile = DEFAULT_POLICY,
    forecast: DayFile = DEFAULT_DAY,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the log stays; the next day goes on there.", show_default="nowhere"),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Whom to serve; 0.0.0.0: the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8640,
    seed: Annotated[int, typer.Option(help="Another seed, another day.")] = 0,
) -> None:
    """Watch a busy day: the real queue and its pages, on a fast clock, with simulated customers and tellers.

    Open the board, the teller's, the manager's and a customer's page by the addresses that it prints. It ends by itself
    when the last teller has gone, and says how the day went.
    """
    from openteller.queue_day import run_day  # noqa: PLC0415  (the server's libraries)
    from openteller.queue_server import Place  # noqa: PLC0415

    log_to_stderr(verbose=False)
    with plain_errors(), ExitStack() as undo:
        rules = load_policy(policy)
        coming = load_forecast(forecast, rules).scaled(tickets)
        folder = data or Path(undo.enter_context(TemporaryDirectory(prefix="openteller-queue-")))
        plan = plan_day(coming, rules, windows or windows_for(coming, rules), seed=seed)
        run_day(folder, policy, Place(host, port), plan, SystemClock(), speed=speed)


@app.command(name="policy", epilog="Example:  openteller queue policy > policy.toml")
def print_policy() -> None:
    """Print the calling policy that a branch begins with, to make your own of it."""
    typer.echo(DEFAULT_POLICY.read_text(encoding="utf-8"), nl=False)
