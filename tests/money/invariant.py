"""What must hold once everything has come to rest: no fen is lost and none doubled.

The bank's books say what was debited, reversed, proven by a TAC and put into an account; the card says what it holds;
the journal says what is open. For every card: debits - reversals = loads proven by TAC + open suspense. For every
account: debits of those who paid in - reversals = deposits credited + open suspense.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from device_sim.bank_books import BankEntry
from kiosk_core.funding import FundingKind
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.suspense import suspense_of
from tests.money.world import BANK_CARD, FIRST_ACCOUNT_FEN, FIRST_BALANCE_FEN, FIRST_COUNTER, START, World

_PROVES_NOTHING = frozenset({LedgerState.SUSPENSE, LedgerState.MANUAL})
"""The states in which a transaction may rest without an answer: a person or a card has to come."""


@dataclass(frozen=True)
class CardGain:
    """What a card (masked number) has gained by the terminal's loads, and how many they were."""

    card: str
    fen: int
    loads: int


@dataclass(frozen=True)
class AccountGain:
    """What the account of the bank card (masked number) has gained: deposits, less what the card has paid."""

    account: str
    fen: int


def violations(world: World) -> list[str]:
    """Return what is wrong, a sentence each; the terminal is at rest and nothing is under way to the bank."""
    terminal = world.terminal
    assert terminal is not None
    cards = [
        CardGain(
            watched.card.identity.number.masked,
            watched.card.memory.balance_fen - FIRST_BALANCE_FEN - elsewhere.fen,
            watched.card.memory.counter - FIRST_COUNTER - elsewhere.loads,
        )
        for watched, elsewhere in zip(world.cards, world.elsewhere, strict=True)
    ]
    account = AccountGain(BANK_CARD.number.masked, world.books.balance_fen(BANK_CARD.number) - FIRST_ACCOUNT_FEN)
    unannounced, world.unannounced = world.unannounced, []
    ours = terminal.journal.since(START)
    done = {each.id for each in ours if each.state is LedgerState.DONE}
    return [
        *unannounced,
        *world.books.flaws(),
        *judge(ours, world.books.entries(), cards, [account]),
        *(f"{order}: the customer was told that his money has arrived" for order in sorted(world.promised - done)),
        *(f"{each.id}: in doubt, and the bank has not been told" for each in ours if _is_untold(world, each)),
    ]


def _is_untold(world: World, transaction: Transaction) -> bool:
    order = world.books._orders.find(transaction.id)
    return order is not None and not order.suspended and suspense_of(transaction) is not None


def judge(
    ours: Iterable[Transaction],
    banks: Iterable[BankEntry],
    cards: Iterable[CardGain],
    accounts: Iterable[AccountGain],
) -> list[str]:
    """Return what does not fit between the journal, the bank's books, cards and accounts, a sentence each."""
    transactions = {each.id: each for each in ours}
    entries = {entry.order: entry for entry in banks}
    found = [f"{order}: the bank has it, the journal has not" for order in entries.keys() - transactions.keys()]
    for transaction in transactions.values():
        found += _of_transaction(transaction, entries.get(transaction.id))
    for card in cards:
        own = [each for each in transactions.values() if each.facts.get("card") == card.card]
        found += [f"{card.card}: {problem}" for problem in _of_card(own, entries, card.fen, card.loads)]
    for account in accounts:
        known = [(each, entries[each.id]) for each in transactions.values() if each.id in entries]
        found += [f"{account.account}: {problem}" for problem in _of_account(account, known)]
    return found


def is_deposit(transaction: Transaction) -> bool:
    """Whether it pays money into an account, and not onto a card."""
    return transaction.facts.get("kind") == "account_deposit"


def arrived(transaction: Transaction, entry: BankEntry) -> bool:
    """Whether the bank's books say that the money is where the customer wanted it."""
    return (entry.paid and not entry.refunded_fen) if is_deposit(transaction) else entry.loaded


def _of_transaction(transaction: Transaction, entry: BankEntry | None) -> Iterator[str]:
    id_, state = transaction.id, transaction.state
    if not (state.closed or state in _PROVES_NOTHING):
        yield f"{id_}: rests in {state.value}, and nobody will ever look at it"
    paid, refunded_fen = (entry.paid, entry.refunded_fen) if entry else (False, 0)
    there = entry is not None and arrived(transaction, entry)
    reversed_ = entry is not None and entry.reversed
    debited_fen = entry.amount_fen if entry and paid else 0
    if there and reversed_:
        yield f"{id_}: both reversed and arrived"
    if refunded_fen > debited_fen:
        yield f"{id_}: {refunded_fen} fen were given back, {debited_fen} had been taken"
    if (state is LedgerState.DONE) != there:
        yield f"{id_}: {state.value} in the journal, {'arrived' if there else 'not arrived'} in the bank's books"
    if state.closed and debited_fen and not there and refunded_fen != debited_fen:
        yield f"{id_}: {state.value}, yet {debited_fen - refunded_fen} fen of the customer are with the bank"
    if state is LedgerState.DONE and not debited_fen:
        yield f"{id_}: arrived and never paid"
    if is_deposit(transaction) and entry is not None and entry.loaded:
        yield f"{id_}: a deposit, and a card was loaded for it"


def _of_card(
    transactions: list[Transaction], entries: dict[str, BankEntry], gained_fen: int, loads: int
) -> Iterator[str]:
    known = [(each, entries[each.id]) for each in transactions if each.id in entries]
    balance = sum((entry.amount_fen if entry.paid else 0) - entry.refunded_fen for _, entry in known)
    proven = [entry.amount_fen for _, entry in known if entry.loaded]
    suspense = [
        entry.amount_fen
        for each, entry in known
        if each.state in _PROVES_NOTHING and entry.paid and not entry.refunded_fen and not entry.loaded
    ]
    if balance != sum(proven) + sum(suspense):
        yield (
            f"debits - reversals are {balance} fen, proven loads {sum(proven)} and open suspense {sum(suspense)} fen"
        )
    unproven = loads - len(proven)
    if not 0 <= unproven <= len(suspense):
        yield f"{loads} loads on the card, {len(proven)} proven and {len(suspense)} in suspense"
    if (unproven == 0 and gained_fen != sum(proven)) or not sum(proven) <= gained_fen <= sum(proven) + sum(suspense):
        yield f"the card gained {gained_fen} fen, proven are {sum(proven)} and open {sum(suspense)} fen"
    if len(suspense) > 1:
        yield f"{len(suspense)} loads of one card are open at once"


def _of_account(account: AccountGain, known: list[tuple[Transaction, BankEntry]]) -> Iterator[str]:
    def kept_fen(entries: Iterable[BankEntry]) -> int:
        return sum((each.amount_fen if each.paid else 0) - each.refunded_fen for each in entries)

    deposits = [(each, entry) for each, entry in known if each.facts.get("account") == account.account]
    debited = kept_fen(entry for _, entry in deposits)
    credited = sum(entry.amount_fen for each, entry in deposits if each.state is LedgerState.DONE)
    suspense = kept_fen(entry for each, entry in deposits if each.state in _PROVES_NOTHING)
    if debited != credited + suspense:
        yield f"debits - reversals are {debited} fen, deposits credited {credited} and open suspense {suspense} fen"
    paid = kept_fen(entry for each, entry in known if each.facts.get("funding") == FundingKind.BANK_CARD.value)
    if account.fen != debited - paid:
        yield f"the account gained {account.fen} fen, {debited} were paid in and {paid} out"
