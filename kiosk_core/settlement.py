"""How staff close a case that the terminal could not close: which cases, and what they must say."""

from dataclasses import dataclass

from kiosk_core.errors import OpenTellerError
from kiosk_core.ledger import Journal, LedgerRow, LedgerState, Resolution, Transaction

STAFF_MAY_CLOSE = frozenset({LedgerState.SUSPENSE, LedgerState.MANUAL})
"""All other open states move on by themselves, with card or host; closing them would leave money behind."""

_LONGEST = {"by": 40, "reason": 200}


class SettlementRefused(OpenTellerError):
    """The case may not be closed so; the text says why."""


@dataclass(frozen=True)
class Settlement:
    """What staff decided: how `transaction` ended, who says so, and on what evidence.

    Raises:
        SettlementRefused: `by` or `reason` is empty, too long, or holds characters that cannot be printed.
    """

    transaction: str
    resolution: Resolution
    by: str
    reason: str

    def __post_init__(self) -> None:
        for name in _LONGEST:
            checked_text(name, getattr(self, name))


def checked_text(name: str, text: str) -> str:
    """Return what staff wrote as `name` ("by" or "reason"), without spaces around it.

    Raises:
        SettlementRefused: it is empty, too long, or holds characters that cannot be printed.
    """
    if not text.strip():
        raise SettlementRefused(f"{name} is empty: say {'who' if name == 'by' else 'why'}")
    if len(text) > _LONGEST[name]:
        raise SettlementRefused(f"{name} has {len(text)} characters; {_LONGEST[name]} is the most")
    if not text.isprintable():
        raise SettlementRefused(f"{name} holds a line break or another character that cannot be printed")
    return text.strip()


def why_not(transaction: Transaction) -> str:
    """Return why staff may not close `transaction`, "" if they may."""
    state = transaction.state
    if state in STAFF_MAY_CLOSE:
        return ""
    if state.closed:
        return f"{transaction.id} is closed already ({state.value})"
    return f"{transaction.id} is in state {state.value}: the terminal settles that itself, with the card or the host"


def settle(journal: Journal, settlement: Settlement) -> LedgerRow:
    """Close the case in the journal and return its last row.

    Raises:
        SettlementRefused: no such transaction is open, it is not for staff to close, or a text may hold a full
            card number.
        JournalUnavailable: the row is not safe on disk.
    """
    found = next((each for each in journal.unsettled() if each.id == settlement.transaction), None)
    if found is None:
        raise SettlementRefused(f"no transaction {settlement.transaction} is open")
    if problem := why_not(found):
        raise SettlementRefused(problem)
    facts = {
        "resolution": settlement.resolution.value,
        "by": checked_text("by", settlement.by),
        "reason": checked_text("reason", settlement.reason),
    }
    try:
        return journal.record(found.id, LedgerState.SETTLED, facts)
    except ValueError as error:
        raise SettlementRefused(str(error)) from None
