"""`openteller queue what-if`: how many windows a day needs."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kiosk_core.services import SettingError
from openteller.console import plain_errors, stop
from openteller.queue_policy import DEFAULT_DAY, DEFAULT_POLICY, load_forecast, load_policy
from openteller.staffing_plot import check_plot, write_plot
from queue_display.policy import Policy
from queue_display.service_times import ServiceTimes
from queue_display.store import DATABASE_NAME, read_day
from queue_display.tickets import Line
from queue_display.what_if import Coming, Outcome, WhatIf, learned_times, recorded_day

WHAT_IF_EXAMPLES = """
Examples:

openteller queue what-if --windows 4..8 --share 0.9

openteller queue what-if --windows 4..8 --plot windows.svg

openteller queue what-if --windows 4..8 --day-from /var/lib/openteller/queue --date 2026-11-23
"""

_BAR = 40

OURS = "the one that comes with the program"
PolicyFile = Annotated[Path, typer.Option("--policy", metavar="FILE", help="The calling policy.", show_default=OURS)]
DayFile = Annotated[Path, typer.Option("--day", metavar="FILE", help="How many come, by hour.", show_default=OURS)]


def what_if(  # noqa: PLR0917  (each is an option)
    windows: Annotated[str, typer.Option(metavar="N..M", help="How many windows are open.")] = "3..8",
    policy: PolicyFile = DEFAULT_POLICY,
    day: DayFile = DEFAULT_DAY,
    day_from: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Instead of --day: the data of a queue, which may run.")
    ] = None,
    date: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Which of its days.")] = "",
    share: Annotated[float, typer.Option(min=0, max=1, help="The share to be called within the target.")] = 0.9,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it, as .svg or .png.")] = None,
    runs: Annotated[int, typer.Option(min=1, max=1000, help="How often the day is run.")] = 20,
    seed: Annotated[int, typer.Option(help="Another seed, other chances.")] = 0,
) -> None:
    """Say how many windows call so many customers within their targets, by simulation of a day.

    With --day-from it is a day as it was: who came when, and how long the windows took; else one that may come.
    Exits with 0 if one of these numbers does for every service and class, with 1 if none does.
    """
    least, most = _counts(windows)
    if (day_from is None) != (not date):
        stop("--day-from FOLDER and --date YYYY-MM-DD belong together")
    if date and not re.fullmatch(r"\d{4}-\d\d-\d\d", date, re.ASCII):
        stop(f"--date {date}: must be a day like 2026-11-23")
    with plain_errors():
        if plot is not None:
            check_plot(plot)
        rules = load_policy(policy)
        times = ServiceTimes(rules)
        coming = load_forecast(day, rules).day(seed) if day_from is None else ()
        if day_from is not None:
            coming, times = _recorded(day_from, date, rules, policy)
        question = WhatIf(rules, coming, times, runs, seed)
        outcomes = [question.outcome(count) for count in range(least, most + 1)]
        _show(Console(highlight=False), rules, outcomes, share)
        if plot is not None:
            write_plot(plot, rules, outcomes, share)
    enough = next((outcome.windows for outcome in outcomes if outcome.meets(share)), None)
    if enough is None:
        stop(f"none of {windows} windows calls {share:.0%} of every service and class within its target")
    Console(highlight=False).print(f"{enough} windows call {share:.0%} of every service and class within its target.")


def _counts(windows: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d?)(?:\.\.([1-9]\d?))?", windows, re.ASCII)
    if found is None:
        stop(f"--windows {windows}: must be a number of windows, or two like 4..8")
    least, most = int(found[1]), int(found[2] or found[1])
    if least > most:
        stop(f"--windows {windows}: must be from few to many, like {most}..{least}")
    return least, most


def _recorded(folder: Path, day: str, rules: Policy, policy: Path) -> tuple[tuple[Coming, ...], ServiceTimes]:
    """Return who came on a day of the log, and how long windows took."""
    if not (folder / DATABASE_NAME).is_file():
        stop(f"there is no queue in {folder}: name the folder that openteller queue serve keeps its data in")
    log = read_day(folder, day)
    try:
        return recorded_day(log, day), learned_times(log, rules)
    except SettingError as error:
        stop(f"{policy}: {'.'.join(map(str, error.key))} {error.problem}")


def _show(console: Console, policy: Policy, outcomes: list[Outcome], share: float) -> None:
    """Print how each line fares with each number of windows, and a bar for each number: the line that fares worst."""
    console.print("By open windows: the share called in time, and the wait that one in twenty exceeds.")
    table = Table("", "target", box=None, header_style="bold")
    for outcome in outcomes:
        table.add_column(str(outcome.windows), justify="right")
    for line in sorted({line for outcome in outcomes for line in outcome.lines}):
        name = f"{line.service}, {line.customer_class}{', booked' if line.appointment else ''}"
        target = f"{policy.terms[line].target_s / 60:g} min"
        table.add_row(name, target, *(_cell(outcome, line, share) for outcome in outcomes))
    console.print(table)
    console.print()
    for outcome in outcomes:
        console.print(f"{outcome.windows:>3} windows ", _bar(outcome, share), f"  busy {outcome.busy:.0%}", sep="")


def _cell(outcome: Outcome, line: Line, share: float) -> Text:
    found = outcome.lines[line]
    colour = "green" if found.within_target >= share else "yellow"
    return Text.assemble((f"{found.within_target:.0%}", colour), f"\n{found.p95_s / 60:.0f} min")


def _bar(outcome: Outcome, share: float) -> Text:
    worst = min((each.within_target for each in outcome.lines.values()), default=1.0)
    filled, mark = round(worst * _BAR), round(share * _BAR)
    cells = ["█" if place < filled else "·" for place in range(_BAR)]
    if mark < _BAR:
        cells[mark] = "|"
    return Text(f"{''.join(cells)} {worst:>4.0%} at worst", style="green" if worst >= share else "yellow")
