"""docs/money/states.md, written from what was explored: the diagram, the states, and which row follows which."""

from collections.abc import Mapping
from pathlib import Path

from kiosk_core.journeys.top_up import Outcome
from kiosk_core.ledger import LedgerState
from tests.money_model.exploration import ANNOUNCED, Exploration

PAGE = Path(__file__).parents[2] / "docs" / "money" / "states.md"
COMMAND = "python -m tests.money_model --write"

L = LedgerState

MEANING: Mapping[LedgerState, str] = {
    L.NEW: "a customer chose the service",
    L.CARD_READ: "number (as a token) and balance of his card are known",
    L.INIT: "the card answered 80 50: balance, counter, MAC1",
    L.FUND_REQ: "the bank is about to be asked for an order",
    L.FUND_OK: "the bank says that the customer has paid",
    L.MAC2_REQ: "the bank is about to be asked for MAC2",
    L.MAC2_OK: "the bank allowed the load",
    L.CREDIT_SENT: "80 52 is about to leave; from here on only the card knows",
    L.CARD_UNKNOWN: "80 52 was not answered, or the terminal stopped; the card is asked",
    L.REFUSED: "the card itself said or proved that it was not credited",
    L.CARD_OK: "the card gave its TAC",
    L.CONFIRM_SAF: "the TAC goes to the bank until the bank says yes",
    L.REV_REQ: "the reversal goes to the bank until the bank answers",
    L.SUSPENSE: "the card has gone; open until it is seen again or staff settle it",
    L.MANUAL: "the evidence contradicts itself; open until staff settle it",
    L.DONE: "closed: loaded, and the bank has the TAC",
    L.REVERSED: "closed: not loaded, and nothing is taken any more",
    L.DECLINED: "closed: the bank opened no order, or it expired unpaid",
    L.ABANDONED: "closed: nobody was asked for money",
    L.SETTLED: "closed: staff wrote how",
}


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
        f"| {state.value} | {MEANING[state]} | {'; '.join(sorted(found.outside.get(state, ())))} |" for state in L
    )


def _moves(found: Exploration) -> str:
    return "\n".join(f"| {a.value} | {b.value} | {'; '.join(sorted(found.moves[a, b]))} |" for a, b in _in_order(found))


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
