"""`openteller sim coverage`: what of each device's manual is simulated, driven and tested, and which gaps are left."""

import json
import textwrap
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openteller.console import stop
from openteller.protocol_coverage import Column, Coverage, Line, coverage, devices, measured

_FIRM = "\u00a0"  # a code is not broken at its blanks


def show_coverage(
    device: Annotated[str, typer.Argument(metavar="[DEVICE]", help="One device; all, if it is not named.")] = "",
    gaps: Annotated[bool, typer.Option("--gaps", help="Only what is missing, each with its reason.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON.")] = False,
) -> None:
    """List which commands, statuses and error codes of each manual are simulated, driven and tested.

    Measured while the tests ran. Simulated: a simulator understands or says it. Driven: a driver sends or reads it.
    Tested: a vector has it. Exits with 1 if something is missing without a reason.
    """
    if device and device not in devices():
        stop(f"there is no device {device}; there are {', '.join(devices())}")
    found = measured()
    covered = [coverage(each, found) for each in ([device] if device else devices())]
    if as_json:
        print(json.dumps([_as_json(each) for each in covered], indent=1, ensure_ascii=False))
    else:
        console = Console(highlight=False)
        for each in covered:
            _print(console, each, gaps=gaps)
        if not device:
            _print_totals(console, covered)
    raise typer.Exit(1 if any(line.unexplained for each in covered for line in each.lines) else 0)


def _as_json(covered: Coverage) -> dict[str, object]:
    lines = [
        {
            "kind": line.entry.kind,
            "where": line.entry.where,
            "code": line.entry.code,
            "name": line.entry.name,
            **{column.value: column in line.found for column in Column},
            "gaps": {column.value: reason for column, reason in line.entry.gaps.items()},
        }
        for line in covered.lines
    ]
    totals = {column.value: covered.count(column) for column in Column}
    head = {"device": covered.device, "name": covered.name, "manual": covered.manual}
    return {**head, "entries": len(lines), **totals, "lines": lines}


def _print(console: Console, covered: Coverage, *, gaps: bool) -> None:
    console.print(f"[bold]{covered.device}[/]  {escape(covered.name)}")
    console.print(escape(covered.manual), style="dim")
    if gaps:
        _print_gaps(console, covered)
    else:
        _print_lines(console, covered)
    console.print()


def _print_lines(console: Console, covered: Coverage) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("code", max_width=17, overflow="fold")
    table.add_column("name", max_width=35, overflow="fold")
    for column in Column:
        table.add_column(column.value, justify="center")
    kind = None
    for line in covered.lines:
        if line.entry.kind != kind:
            kind = line.entry.kind
            table.add_row(f"[dim]{kind}[/]")
        table.add_row(escape(line.entry.code), escape(line.entry.name), *(_mark(line, column) for column in Column))
    totals = [f"{covered.count(column)} of {len(covered.lines)}" for column in Column]
    table.add_row("", "[bold]total[/]", *totals)
    console.print(table)


def _mark(line: Line, column: Column) -> str:
    if column in line.found:
        return "yes"
    return "gap" if column in line.entry.gaps else "[red]NO[/]"


def _print_gaps(console: Console, covered: Coverage) -> None:
    """Print gaps by their reason: most reasons are those of many codes."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for line in covered.lines:
        reasons: dict[str, list[str]] = {}
        for column in Column:
            if column not in line.found:
                reason = line.entry.gaps.get(column, "")
                reasons.setdefault(reason, []).append(column.value)
        for reason, columns in reasons.items():
            by_reason.setdefault((f"not {', '.join(columns)}", reason), []).append(line.entry.code)
    for (missing, reason), codes in by_reason.items():
        console.print(escape(_wrapped(f"{missing}: " + ", ".join(code.replace(" ", _FIRM) for code in codes), 2)))
        console.print(escape(_wrapped(reason, 4)) if reason else "    [red]no reason is given[/]")
    if not by_reason:
        console.print("  no gaps")


def _wrapped(text: str, indent: int) -> str:
    return textwrap.fill(text, 78, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2)).replace(
        _FIRM, " "
    )


def _print_totals(console: Console, covered: list[Coverage]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for title in ("device", "entries", *(column.value for column in Column), "without a reason"):
        table.add_column(title, justify="left" if title == "device" else "right")
    for each in covered:
        unexplained = sum(len(line.unexplained) for line in each.lines)
        counts = [str(each.count(column)) for column in Column]
        table.add_row(each.device, str(len(each.lines)), *counts, f"[red]{unexplained}[/]" if unexplained else "0")
    console.print(table)
