"""What all journeys have written to the journal in the same words, and read from it."""

from typing import Protocol

from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.ledger import Facts, LedgerState, ReceiptResult, Transaction
from kiosk_core.texts import Language


class Numbered(Protocol):
    """A journey that keeps a transaction in the journal."""

    @property
    def transaction(self) -> str:
        """The number of its transaction."""
        ...


def record(s: Numbered, state: LedgerState, facts: Facts | None = None) -> do.Record:
    """Have the transaction stand in `state` from now on."""
    return do.Record(s.transaction, state, facts or {})


def printed(s: Numbered) -> do.Note:
    """Note that the customer has a receipt."""
    return do.Note(s.transaction, {"receipt": ReceiptResult.PRINTED.value})


def not_printed(s: Numbered, event: ev.ReceiptFailed) -> do.Note:
    """Note that he has none, and what is wrong with the printer where it says so."""
    fault: Facts = {"receipt_fault": event.fault.value} if event.fault is not None else {}
    return do.Note(s.transaction, {"receipt": ReceiptResult.NOT_PRINTED.value, **fault})


def language_of(transaction: Transaction) -> Language:
    """Return what its customer read."""
    return "en" if transaction.facts.get("language") == "en" else "zh"
