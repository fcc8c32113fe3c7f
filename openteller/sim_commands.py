"""`openteller sim`: the simulated terminal by itself, and what can be done with it in virtual time."""

import contextlib
import json
import logging
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openteller import coverage_commands
from openteller.console import log_to_stderr, plain_errors, stop
from openteller.system_clock import SystemClock

if TYPE_CHECKING:
    from openteller.virtual_day.day import DayReport

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Run simulated hardware.")
app.command("coverage", epilog="Example:  openteller sim coverage crt-591 --gaps")(coverage_commands.show_coverage)


@app.callback()
def _sim() -> None:
    """Run simulated hardware."""


@app.command(epilog="Example:  openteller sim run out/sim.toml --panel")
def run(
    config_file: Annotated[Path, typer.Argument(metavar="SIM.TOML", help="The simulated terminal's configuration.")],
    panel: Annotated[bool, typer.Option("--panel", help="A small window: the customer's hands.")] = False,
    http: Annotated[
        int | None, typer.Option(min=0, max=65535, metavar="PORT", help="The control API on 127.0.0.1; 0: any port.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens, not only what is wrong.")] = False,
) -> None:
    """Run simulated devices, cards and bank host; a core whose kiosk.toml names their ports works with them.

    Runs until SIGTERM or Ctrl-C. docs/simulator.md lists what its control socket can do.
    """
    from openteller.simulator import run_simulator  # noqa: PLC0415  (Qt only where it is needed)

    log_to_stderr(verbose)
    with plain_errors():
        run_simulator(config_file, SystemClock(), panel=panel, http=http)


@app.command(
    epilog="Example:  openteller sim play docs/examples/scenarios/host-silent-and-back.toml --sim out/sim.toml"
)
def play(
    scenario_file: Annotated[Path, typer.Argument(metavar="SCENARIO.TOML", help="The steps: docs/simulator-api.md.")],
    sim: Annotated[Path, typer.Option(metavar="PATH", help="The running simulator: its sim.toml or its socket.")],
    check: Annotated[bool, typer.Option("--check", help="Only look for mistakes in the file.")] = False,
) -> None:
    """Play a scenario on a running simulator and log what happens; ends where something is not as expected.

    Exits with 0 if all was as expected, with 1 if not or if the file is wrong.
    """
    from device_sim import scenario as scenarios  # noqa: PLC0415  (pydantic takes 0.1 s)
    from openteller.scenarios import load_scenario, reach_simulator  # noqa: PLC0415

    with plain_errors(), contextlib.closing(reach_simulator(sim)) as stage:
        scenario = load_scenario(scenario_file, stage)
        if check:
            print(f"{scenario_file}: nothing is wrong with its {len(scenario.step)} steps")
            return
        print(scenario.about)
        right = scenarios.play(scenario, stage, SystemClock(), lambda entry: print(entry, flush=True))
    print("All was as expected." if right else "It did not go as expected; the steps after this were not played.")
    raise typer.Exit(0 if right else 1)


@app.command(epilog="Example:  openteller sim settlement bank-20261122.txt --date 2026-11-22 --sim out/sim.toml")
def settlement(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the settlement file goes.")],
    sim: Annotated[Path, typer.Option(metavar="PATH", help="The running simulator: its sim.toml or its socket.")],
    day: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], metavar="DAY", help="The day, as 2026-11-22; today without it."),
    ] = None,
) -> None:
    """Fetch the simulated bank's settlement file of a day, for `openteller reconcile`."""
    from device_sim.actions import ControlError  # noqa: PLC0415  (pydantic takes 0.1 s)
    from openteller.scenarios import reach_simulator  # noqa: PLC0415

    wanted = {"day": f"{day.year:04}{day:%m%d}"} if day is not None else {}
    with plain_errors(), contextlib.closing(reach_simulator(sim)) as stage:
        try:
            told = stage.do("settlement", file=str(file.absolute()), **wanted)
        except ControlError as refusal:
            stop(str(refusal))
    print(f"{file}: {told['bookings']} bookings")


@app.command(epilog="Example:  openteller sim day --hours 2 --customers 200 --seed 7")
def day(
    seed: Annotated[int, typer.Option(min=0, help="Of customers and misfortune: the same seed, the same day.")] = 1,
    hours: Annotated[float, typer.Option(min=0.2, max=240, help="How long the day is.")] = 24.0,
    customers: Annotated[int, typer.Option(min=0, max=100_000, help="How many come.")] = 2000,
    mishaps: Annotated[float, typer.Option(min=0.001, max=3600, help="How often something goes wrong an hour.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Run a day of a busy terminal on a virtual clock: real drivers, simulated devices, seeded misfortune.

    Exits with 1 if a fen, a card or a receipt was lost or doubled, or a device did not come back by itself.
    """
    from openteller.virtual_day.day import DayPlan, run_day  # noqa: PLC0415

    logging.disable(logging.CRITICAL)  # devices are lost a thousand times a day, and that is the point
    began = time.perf_counter()
    report = run_day(DayPlan(seed, hours, customers, mishaps))
    seconds = time.perf_counter() - began
    if as_json:
        facts = asdict(report) | {"trace": report.trace, "seconds": round(seconds, 1)}
        facts["books"]["loaded_fen"] = sum(report.books.loaded_fen.values())
        facts["books"]["open_fen"] = sum(report.books.open_fen.values())
        print(json.dumps(facts, indent=1))
    else:
        _print_day(report, hours, seconds)
    raise typer.Exit(1 if report.wrong else 0)


def _print_day(report: "DayReport", hours: float, seconds: float) -> None:
    books = report.books
    facts = (
        ("virtual time", f"{hours:g} h in {seconds:.1f} s"),
        ("customers", f"{books.served} served, {books.turned_away} turned away"),
        ("money loaded", f"{sum(books.loaded_fen.values()) / 100:.2f} yuan, {books.settled_by_proof} loads by proof"),
        ("not settled", f"{len(books.open_fen)} loads"),
        ("receipts", str(books.receipts)),
        ("polls", f"{report.polls:,}, {report.chunks:,} chunks of bytes"),
        ("went wrong", f"{sum(report.mishaps.values())} times; devices were out of service {report.losses} times"),
        ("trace", report.trace[:16]),
    )
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, fact in facts:
        table.add_row(name, fact)
    console = Console(highlight=False)
    console.print(table)
    console.print(", ".join(f"{name} {times}" for name, times in report.mishaps.items()), style="dim")
    for problem in report.wrong:
        console.print(f"[red]wrong: {escape(problem)}[/]")
