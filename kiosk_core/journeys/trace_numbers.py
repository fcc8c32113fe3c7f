"""The numbers by which the bank's host tells the messages of one transaction from those of all others."""

from kiosk_core.ledger import Transaction
from kiosk_core.ports import Trace

_STANS = 4
_LAST_STAN = 999_999


def trace_of(transaction: Transaction) -> Trace:
    """Return the numbers for the host: four STANs that belong to this transaction alone."""
    sequence = int(transaction.facts["sequence"] or 0)
    first = sequence * _STANS
    stans = [(first + i) % _LAST_STAN + 1 for i in range(_STANS)]
    return Trace(transaction.id, transaction.rows[0].at, *stans)
