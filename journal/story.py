"""One transaction told as a story: what each row means in plain words, where it stands, and what happens next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from kiosk_core.ledger import IssuerResult, LedgerRow, LedgerState, ReceiptResult, Resolution, Transaction
from kiosk_core.money import format_amount
from kiosk_core.suspense import REPORTED

_MEANINGS = {
    LedgerState.NEW: "the customer chose a service",
    LedgerState.CARD_READ: "the card was read",
    LedgerState.INIT: "the card is ready for the load (80 50 answered)",
    LedgerState.FUND_REQ: "the payment is asked for",
    LedgerState.FUND_OK: "the customer has paid",
    LedgerState.MAC2_REQ: "the host is asked to allow the load",
    LedgerState.MAC2_OK: "the host allows the load",
    LedgerState.CREDIT_SENT: "the load is about to go to the card (80 52)",
    LedgerState.CARD_UNKNOWN: "the card did not say whether it was loaded",
    LedgerState.REFUSED: "the card proved that it was not loaded",
    LedgerState.CARD_OK: "the card proved that it was loaded",
    LedgerState.CONFIRM_SAF: "the proof is on its way to the host",
    LedgerState.REV_REQ: "a reversal is on its way to the host",
    LedgerState.UPDATE_REQ: "the bank is told of the customer's new ID card",
    LedgerState.TICKET_REQ: "a ticket of the queue is asked for",
    LedgerState.SUSPENSE: "the card is gone; the case waits for it",
    LedgerState.MANUAL: "the evidence contradicts itself; the case waits for staff",
    LedgerState.DONE: "the card is loaded and the host knows it",
    LedgerState.REVERSED: "the payment was given back",
    LedgerState.DECLINED: "nothing was paid",
    LedgerState.ABANDONED: "ended before any money moved",
    LedgerState.SETTLED: "staff settled the case",
}

# A note repeats the state of the row before it: one of its facts says what happened.
_NOTES: dict[tuple[str, str | int | bool | None], str] = {
    ("receipt", ReceiptResult.PRINTED.value): "the receipt was printed",
    ("receipt", ReceiptResult.NOT_PRINTED.value): "the receipt was not printed",
    ("issuer", IssuerResult.SENT.value): "commands of the card's issuer are about to go to the card",
    ("issuer", IssuerResult.DONE.value): "the card carried out the commands of its issuer",
    ("issuer", IssuerResult.REFUSED.value): "the card refused a command of its issuer",
    (REPORTED, True): "the bank was told of the case and keeps it open",
    (REPORTED, False): "the bank was told of the case and knows no such load, or how it ended: ask the bank",
}

# What rows of a deposit to a bank account mean where that is something else.
_OF_DEPOSITS = {LedgerState.DONE: "the money is on the bank account"}
_OF_ID_UPDATES = {
    LedgerState.CARD_READ: "both sides of the ID card were read",
    LedgerState.DONE: "the bank has the new ID card",
    LedgerState.DECLINED: "the bank did not take the new ID card",
    LedgerState.ABANDONED: "ended, and nothing was changed",
}
_OF_TICKETS = {
    LedgerState.DONE: "the customer has a ticket",
    LedgerState.DECLINED: "the queue gave no ticket",
    LedgerState.ABANDONED: "ended without a ticket",
}
# The journeys that move no money, by their kind.
_WITHOUT_MONEY = {"id_update": _OF_ID_UPDATES, "queue_ticket": _OF_TICKETS}

_RESOLUTIONS = {
    Resolution.LOADED.value: "the card is loaded",
    Resolution.REFUNDED.value: "the payment was given back",
    Resolution.PAID_OUT.value: "the customer was paid out",
    Resolution.WRITTEN_OFF.value: "the amount was written off",
}

_NEXT_STEPS = {
    LedgerState.CREDIT_SENT: "Open: only the card can tell. It is asked when it is next on the reader.",
    LedgerState.CARD_UNKNOWN: "Open: only the card can tell. It is asked when it is next on the reader.",
    LedgerState.SUSPENSE: (
        "Open: only the card can tell. It is asked when it is next on the reader. If it never comes back, staff settle"
        " this with the host's record."
    ),
    LedgerState.MANUAL: "Open: staff must settle this with the host's record and the card.",
    LedgerState.CONFIRM_SAF: "Open: the card is loaded; the proof is sent again until the host answers.",
    LedgerState.CARD_OK: "Open: the card is loaded; the proof is sent again until the host answers.",
    LedgerState.UPDATE_REQ: "Open: the bank may have the new ID card; it is asked until it answers.",
    LedgerState.TICKET_REQ: "Open: the queue may have made a ticket that nobody saw; it is withdrawn when it answers.",
    LedgerState.REV_REQ: "Open: what was paid goes back; the reversal is sent again until the host answers.",
}


@dataclass(frozen=True)
class Line:
    """A row as people read it: `facts` as "name value" with money in yuan, `remark` what is odd about it, or ""."""

    number: int
    at: datetime
    state: LedgerState
    meaning: str
    facts: tuple[str, ...]
    remark: str


def tell(transaction: Transaction) -> tuple[Line, ...]:
    """Return the story of `transaction`, a line a row; a fact is told once, until it changes."""
    known: dict[str, str | int | bool | None] = {}
    lines = []
    for before, row in pairwise((None, *transaction.rows)):
        assert row is not None  # noqa: S101  (only the first `before` is None)
        news = tuple(say_fact(key, value) for key, value in row.facts.items() if known.get(key, ...) != value)
        known.update(row.facts)
        noted = next((_NOTES[fact] for fact in row.facts.items() if fact in _NOTES), None)
        meaning = noted or _meaning(transaction, row.state)
        lines.append(Line(row.number, row.at, row.state, meaning, news, _remark(before, row)))
    return tuple(lines)


def standing(transaction: Transaction) -> str:
    """Return where `transaction` stands now and what happens next, in a sentence."""
    if transaction.state is LedgerState.SETTLED:
        facts = transaction.facts
        how = _RESOLUTIONS.get(str(facts.get("resolution")), str(facts.get("resolution")))
        return f"Closed: {facts.get('by')} settled the case: {how}. Reason: {facts.get('reason')}"
    if transaction.state.closed:
        return f"Closed: {_meaning(transaction, transaction.state)}."
    return _NEXT_STEPS.get(transaction.state, "Open: under way, or settled when the core next starts.")


def _meaning(transaction: Transaction, state: LedgerState) -> str:
    if not transaction.is_about_money:
        return _WITHOUT_MONEY[str(transaction.facts["kind"])].get(state, _MEANINGS[state])
    is_deposit = "account_token" in transaction.facts
    return _OF_DEPOSITS.get(state, _MEANINGS[state]) if is_deposit else _MEANINGS[state]


def say_fact(key: str, value: str | int | bool | None) -> str:
    """Return a fact as "name value": `_fen` in yuan, truth as yes or no, nothing as "-"."""
    name = key.removesuffix("_fen").replace("_", " ")
    match value:
        case bool():
            return f"{name} {'yes' if value else 'no'}"
        case int() if key.endswith("_fen"):
            return f"{name} {format_amount(value)}"
        case str() if key in {"receipt", "issuer"}:
            return f"{name} {value.replace('_', ' ')}"
        case _:
            return f"{name} {'-' if value is None else value}"


def _remark(before: LedgerRow | None, row: LedgerRow) -> str:
    if before is None or row.at >= before.at:
        return ""
    return f"the clock had been set back by {timedelta(seconds=round((before.at - row.at).total_seconds()))}"
