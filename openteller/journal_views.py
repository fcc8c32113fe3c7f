"""The journal as staff read it in a terminal of 80 columns: lists, stories of transactions, notes, what was proved."""

import json

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from journal.entries import Entry
from journal.story import say_fact, standing, tell
from journal.verify import Verdict
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.money import format_amount


def render_list(console: Console, transactions: tuple[Transaction, ...]) -> None:
    """Print a line for each of `transactions`, and where each that is open stands."""
    table = Table("transaction", "began", "amount", "state", "card", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    for each in transactions:
        facts = each.facts
        amount = facts.get("amount_fen")
        table.add_row(
            each.id,
            f"{each.rows[0].at:%m-%d %H:%M}",
            format_amount(amount) if isinstance(amount, int) else "",
            f"[{_colour(each.state)}]{each.state.value}[/]",
            escape(str(facts.get("card") or "")),
        )
    console.print(table)
    for each in transactions:
        if not each.state.closed:
            console.print(f"{each.id}: {escape(standing(each))}")


def render_story(console: Console, transaction: Transaction) -> None:
    """Print what `transaction` is, its rows one by one, and where it stands. A date stands where the day changes."""
    facts, day = transaction.facts, transaction.rows[0].at.date()
    amount = facts.get("amount_fen")
    known = (facts.get("service"), format_amount(amount) if isinstance(amount, int) else None, facts.get("card"))
    console.print(f"[bold]{escape(transaction.id)}[/]", *(escape(str(each)) for each in known if each), sep="  ")
    console.print(f"began {transaction.rows[0].at:%Y-%m-%d %H:%M:%S %Z}".rstrip())
    table = Table("row", "time", "state", "what happened", box=None, pad_edge=False)
    for line in tell(transaction):
        details = "\n".join((*line.facts, *filter(None, [line.remark])))
        meaning = escape(line.meaning) + (f"\n[dim]{escape(details)}[/]" if details else "")
        state = f"[{_colour(line.state)}]{line.state.value}[/]"
        date = "" if line.at.date() == day else f"{line.at:%Y-%m-%d}\n"
        day = line.at.date()
        table.add_row(str(line.number), date + f"{line.at:%H:%M:%S.%f}"[:-3], state, meaning)
    console.print(table)
    console.print(escape(standing(transaction)))


def render_notes(console: Console, notes: tuple[Entry, ...]) -> None:
    """Print a line for each of `notes`, and its facts below."""
    table = Table("row", "time", "note", "what it says", box=None, pad_edge=False)
    for each in notes:
        facts = "\n".join(say_fact(key, value) for key, value in json.loads(each.facts).items())
        table.add_row(str(each.number), f"{each.moment:%Y-%m-%d %H:%M:%S}", each.state, escape(facts))
    console.print(table)


def render_verdict(console: Console, verdict: Verdict) -> None:
    """Print what `verify` found."""
    retired = verdict.retired
    rows = counted(verdict.rows - (retired.last if retired is not None else 0), "row")
    if not verdict.good:
        first = f" The first bad row is {verdict.first_bad}." if verdict.first_bad is not None else ""
        console.print(f"[red]The journal is bad:[/] {escape(verdict.problem)}.{first}")
        console.print(f"Before it {rows} {'is' if rows == '1 row' else 'are'} good.")
    else:
        where = f" in the database and {counted(verdict.archives, 'archive')}" if verdict.archives else ""
        console.print(f"[green]The journal is good:[/] {rows}{where}, the last with hash {verdict.head}.")
    if retired is not None:
        console.print(
            f"It begins behind row {retired.last}: what is older, to {retired.until:%Y-%m-%d}, was retired on"
            f" {retired.at:%Y-%m-%d} by {escape(retired.by)} ({escape(retired.reason)})."
        )


def counted(count: int, noun: str) -> str:
    """Return "1 row", "2 rows"."""
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def _colour(state: LedgerState) -> str:
    if state.needs_card or state is LedgerState.MANUAL:
        return "red"
    return "green" if state.closed else "yellow"
