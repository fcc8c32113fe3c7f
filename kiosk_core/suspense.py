"""Which open loads the bank host is told of: those of which only the card, or staff, can still say how they ended."""

from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.ports import SuspenseReport

REPORTED = "reported"
"""The fact that notes what the host said when it was told: whether it keeps the case open."""

IN_DOUBT = frozenset({LedgerState.SUSPENSE, LedgerState.MANUAL})
"""The states in which a load may be of which the host is told."""

_CARD_HAS_SPOKEN = {LedgerState.CARD_OK, LedgerState.REFUSED}


def suspense_of(transaction: Transaction) -> SuspenseReport | None:
    """Return what the host is told of `transaction`; None: it is not in doubt whether the card was loaded."""
    facts = transaction.facts
    authorised_at, counter, amount_fen = (facts.get(key) for key in ("authorised_at", "counter", "amount_fen"))
    if transaction.state not in IN_DOUBT or any(row.state in _CARD_HAS_SPOKEN for row in transaction.rows):
        return None
    if not (isinstance(authorised_at, str) and isinstance(counter, int) and isinstance(amount_fen, int)):
        return None  # 80 52 never left
    return SuspenseReport(amount_fen, counter, authorised_at)
