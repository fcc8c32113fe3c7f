"""Do card, bank host and journal tell the same story? The demo's last question; its exit code is the answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.money import format_amount


@dataclass(frozen=True)
class HostEntry:
    """A transaction in the books of the bank host; `loaded` means that the host verified its TAC."""

    transaction: str
    amount_fen: int
    paid: bool
    loaded: bool
    refunded_fen: int


@dataclass(frozen=True)
class CardBalance:
    """A card (masked), with its balance when the demo began and now."""

    card: str
    before_fen: int
    now_fen: int


def disagreements(
    transactions: Iterable[Transaction], host: Iterable[HostEntry], cards: Iterable[CardBalance]
) -> list[str]:
    """Return what does not fit, a sentence each; an empty list means that all three agree."""
    books = {entry.transaction: entry for entry in host}
    ours = [each for each in transactions if each.is_about_money]
    found = [problem for each in ours for problem in _against_host(each, books.get(each.id))]
    known = {each.id for each in ours}
    found += [f"{id_}: the host has it, the journal has not" for id_ in books if id_ not in known]
    found += [problem for card in cards for problem in _against_card(card, ours)]
    return found


def _against_host(transaction: Transaction, entry: HostEntry | None) -> Sequence[str]:
    state = transaction.state
    who = transaction.id
    if state.before_payment and entry is None:
        return []  # a customer is, or was, still choosing
    if not state.closed:
        return [f"{who}: still open in the journal ({state.value})"]
    if state is LedgerState.DONE:
        is_deposit = "account_token" in transaction.facts
        done = "deposited" if is_deposit else "loaded"
        if entry is None or not (entry.paid if is_deposit else entry.loaded):
            return [f"{who}: {done} by the journal, not by the host"]
        if entry.amount_fen != _amount_fen(transaction.facts):
            return [f"{who}: the journal and the host name different amounts"]
        return [f"{who}: {done} and refunded"] if entry.refunded_fen else []
    if entry is not None and entry.loaded:
        return [f"{who}: {state.value} in the journal, loaded by the host"]
    if entry is not None and entry.paid and not entry.refunded_fen:
        return [f"{who}: paid, neither loaded nor refunded"]
    return []


def _against_card(card: CardBalance, transactions: Iterable[Transaction]) -> Sequence[str]:
    loaded = sum(
        _amount_fen(each.facts)
        for each in transactions
        if each.state is LedgerState.DONE and each.facts.get("card") == card.card
    )
    gained = card.now_fen - card.before_fen
    if gained == loaded:
        return []
    return [f"card {card.card}: it gained {format_amount(gained)}, the journal says {format_amount(loaded)}"]


def _amount_fen(facts: Mapping[str, str | int | bool | None]) -> int:
    return int(facts.get("amount_fen") or 0)
