"""A reconciliation as a branch clerk reads it in 80 columns, and as programs read it: JSON and CSV."""

import csv
import io
import json
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kiosk_core.money import format_amount, format_yuan
from openteller.reconcile_sides import End
from openteller.reconciliation import Finding, Kind, Matched, Reconciliation

_MATCHED = {
    End.LOADED: "loaded, on both sides",
    End.DEPOSITED: "deposited, on both sides",
    End.REFUNDED: "given back, on both sides",
    End.BY_STAFF: "closed by staff",
    End.UNPAID: "ended without payment",
}
_COLOURS = {Kind.UNDER_WAY: "yellow", Kind.OTHER_FILE: "yellow", Kind.NO_RECEIPT: "yellow"}
_COLUMNS = ("kind", "transaction", "amount_fen", "here", "bank", "since", "what", "next_step")


def render(found: Reconciliation) -> RenderableType:
    """Return the whole comparison: counts and sums, the money equation, and what is to be done."""
    parts: list[RenderableType] = [
        f"[bold]Terminal {escape(found.terminal)} and the bank on {found.day:%Y-%m-%d}[/]\n",
        _counts(found),
        "",
        _evidence(found),
        "",
        _equation(found),
        "",
        _verdict(found),
    ]
    parts += [_to_do(number, each, found.now) for number, each in enumerate(found.findings, 1)]
    return Group(*parts)


def _counts(found: Reconciliation) -> Table:
    table = Table("", "count", "yuan", box=None, pad_edge=False)
    table.columns[0].min_width = 34
    for column in table.columns[1:]:
        column.justify = "right"
        column.min_width = 14
    for end, name in _MATCHED.items():
        matched = found.matched.get(end, Matched())
        table.add_row(name, f"{matched.count:,}", format_yuan(matched.sum_fen) if end is not End.UNPAID else "")
    for kind in Kind:
        its = found.of(kind)
        amount = format_yuan(sum(each.amount_fen for each in its))
        table.add_row(kind.value, f"{len(its):,}", amount, style=_colour(kind) if its else "dim")
    return table


def _evidence(found: Reconciliation) -> str:
    proofs = found.evidence
    lines = [
        f"Paid: {proofs.by_phone:,} by phone, {proofs.by_bank_card:,} by bank card.",
        f"Card proofs: {proofs.answered:,} with the load, {proofs.asked:,} by asking the card again.",
        f"Receipts: {proofs.printed:,} printed, {proofs.not_printed:,} not"
        + (f"; of {proofs.unrecorded:,} the journal does not say." if proofs.unrecorded else "."),
    ]
    if found.of_others:
        lines.append(f"Lines of the bank's files about other terminals, left out: {found.of_others:,}.")
    return "\n".join(lines)


def _equation(found: Reconciliation) -> Table:
    here, bank = found.here, found.bank
    table = Table("money in yuan", "here", "at the bank", "difference", box=None, pad_edge=False)
    table.columns[0].min_width = 20
    for column in table.columns[1:]:
        column.justify = "right"
        column.min_width = 13
    rows = [
        ("  payments", here.payments_fen, bank.payments_fen),
        ("- refunds", here.refunds_fen, bank.refunds_fen),
        ("- loads", here.loads_fen, bank.loads_fen),
        ("- deposits", here.deposits_fen, bank.deposits_fen),
        ("- still open", here.open_fen, bank.open_fen),
        ("- closed by staff", here.by_staff_fen, bank.by_staff_fen),
        ("= must be nothing", here.off_fen, bank.off_fen),
    ]
    for name, ours, theirs in rows:
        difference = ours - theirs
        table.add_row(
            name,
            format_yuan(ours),
            format_yuan(theirs),
            f"[{'yellow' if difference else 'dim'}]{format_yuan(difference)}[/]",
            style="bold" if name.startswith("=") else "",
        )
    return table


def _verdict(found: Reconciliation) -> str:
    off = [
        f"[red]{where} {format_amount(abs(fen))} {'were paid and are nowhere' if fen > 0 else 'came from nowhere'}.[/]"
        for where, fen in (("Here", found.here.off_fen), ("At the bank", found.bank.off_fen))
        if fen
    ]
    if not found.is_open:
        return "[green]Both sides agree, and nothing is open.[/]"
    return "\n".join([*off, "[bold]What is to be done[/]"])


def _to_do(number: int, finding: Finding, now: datetime) -> RenderableType:
    age = f", for {_age(now - finding.since)}" if finding.kind.is_open and finding.since is not None else ""
    head = Text(f"{number:>3}  {finding.transaction}  {format_amount(finding.amount_fen)}  ")
    head.append(f"{finding.kind.value}{age}", style=_colour(finding.kind))
    return Group(head, Padding(Text(f"{_sentence(finding.what)}\n{finding.next_step}"), (0, 0, 0, 5)))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _colour(kind: Kind) -> str:
    return _COLOURS.get(kind, "red")


def _age(age: timedelta) -> str:
    """Return an age as people say it; a clock that was set back makes none."""
    minutes = max(0, int(age.total_seconds())) // 60
    for unit, length in (("day", 24 * 60), ("hour", 60)):
        if minutes >= length:
            count = minutes // length
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def as_json(found: Reconciliation) -> str:
    """Return everything as one JSON object; money is in fen."""
    kinds = {kind.name.lower(): len(found.of(kind)) for kind in Kind}
    document = {
        "date": found.day.isoformat(),
        "terminal": found.terminal,
        "made_at": found.now.isoformat(timespec="seconds"),
        "open": found.is_open,
        "matched": {
            end.name.lower(): {"count": each.count, "sum_fen": each.sum_fen}
            for end in _MATCHED
            for each in (found.matched.get(end, Matched()),)
        },
        "counts": kinds,
        "money": {
            side: vars(money) | {"off_fen": money.off_fen}
            for side, money in (("here", found.here), ("bank", found.bank))
        },
        "evidence": vars(found.evidence),
        "lines_of_other_terminals": found.of_others,
        "findings": [_record(each) for each in found.findings],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_csv(found: Reconciliation) -> str:
    """Return the findings, a line each, under a line of names; lines end in CR LF (RFC 4180)."""
    text = io.StringIO(newline="")
    lines = csv.DictWriter(text, _COLUMNS)
    lines.writeheader()
    lines.writerows(_record(each) for each in found.findings)
    return text.getvalue()


def _record(finding: Finding) -> dict[str, str | int | None]:
    return {
        "kind": finding.kind.name.lower(),
        "transaction": finding.transaction,
        "amount_fen": finding.amount_fen,
        "here": finding.here.name.lower(),
        "bank": finding.bank.name.lower(),
        "since": finding.since.isoformat(timespec="seconds") if finding.since is not None else None,
        "what": finding.what,
        "next_step": finding.next_step,
    }
