"""docs/money/states.md, written from what was explored: the diagram, the states, and which row follows which."""

from datetime import UTC, datetime
from pathlib import Path

from journal.story import tell
from kiosk_core.journeys.top_up import Outcome
from kiosk_core.ledger import LedgerRow, LedgerState, Transaction
from tests.money_model.exploration import ANNOUNCED, Exploration

PAGE = Path(__file__).parents[2] / "docs" / "money" / "states.md"
COMMAND = "python -m tests.money_model --write"

L = LedgerState


def page(found: Exploration) -> str:
    """Return the page as it must be."""
    return f"""# The states of a top-up

Written by `{COMMAND}` from the table in the code (`kiosk_core/journeys/top_up/table.py`), by
going through every situation that it can come into; do not edit it. A test fails when it is not what the code does.
What it means, and what follows from it, is in [README.md](README.md).

```mermaid
stateDiagram-v2
    [*] --> NEW
{_diagram(found)}
```

## What each state means, and what may be true outside

The right column is all that the exploration found true of the payer's account and the card while this was the last row
on disk: what an auditor may assume of a transaction whose terminal stopped there.

| last row | means | payer and card |
|---|---|---|
{_states(found)}

## Which row follows which, and why

| from | to | when |
|---|---|---|
{_moves(found)}

## What recovery begins with

When the terminal starts, and again and again while nobody is served, for each transaction that is not closed and does
not wait for a person. What follows depends on the answer: the table above.

| last row | recovery |
|---|---|
{_recovery(found)}

## Which row is on disk before what leaves the terminal

| leaves | last row |
|---|---|
{_announced()}

## What the customer is told, and what is true then

| last page | payer and card |
|---|---|
{_told(found)}
"""


def _diagram(found: Exploration) -> str:
    arrows = [f"    {a.value} --> {b.value}" for a, b in _in_order(found) if a is not b]
    return "\n".join([*arrows, *(f"    {state.value} --> [*]" for state in L if state.closed)])


def _states(found: Exploration) -> str:
    return "\n".join(
        f"| {state.value} | {_meaning(state)} | {'; '.join(sorted(found.outside[state]))} |"
        for state in L
        if state in found.outside
    )


def _meaning(state: LedgerState) -> str:
    row = LedgerRow(1, datetime(2026, 11, 22, tzinfo=UTC), "", state, {})
    return tell(Transaction("", (row,)))[0].meaning


def _moves(found: Exploration) -> str:
    return "\n".join(f"| {a.value} | {b.value} | {'; '.join(sorted(found.moves[a, b]))} |" for a, b in _in_order(found))


def _recovery(found: Exploration) -> str:
    return "\n".join(
        f"| {state.value} | {'; '.join(sorted(found.resumed[state]))} |" for state in L if state in found.resumed
    )


def _announced() -> str:
    return "\n".join(f"| {question.__name__} | {row.value} |" for question, row in ANNOUNCED.items())


def _told(found: Exploration) -> str:
    return "\n".join(
        f"| {outcome.value} | {'; '.join(sorted(found.told[outcome]))} |"
        for outcome in Outcome
        if outcome in found.told
    )


def _in_order(found: Exploration) -> list[tuple[LedgerState, LedgerState]]:
    order = list(L)
    return sorted(found.moves, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
