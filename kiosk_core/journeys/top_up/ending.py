"""How a top-up ends: with a receipt or without one, on the last page, or in the hands of staff."""

from dataclasses import replace

from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.rows import not_printed, printed, record
from kiosk_core.journeys.top_up import pages
from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.phrases import go, working
from kiosk_core.journeys.top_up.receipt import receipt
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.ledger import Facts, LedgerState

LEAVE_SECONDS = 4.0


def end(s: TopUp, *effects: do.Effect) -> Next:
    return go(s, Step.ENDED, *effects, do.End())


def last_page(s: TopUp, outcome: Outcome, *effects: do.Effect, has_receipt: bool = False) -> Next:
    """Show how it ended."""
    s = replace(s, outcome=outcome)
    if not s.attended:
        return end(s, *effects)
    effects += (do.Show(pages.last_page(s, outcome, has_receipt=has_receipt)),)
    if outcome is Outcome.CANCELLED and not s.card_present and not pages.bank_card_is_about(s):
        effects += (do.StartTimer(Timer.LEAVE, LEAVE_SECONDS),)
    return go(s, Step.LAST_PAGE, *effects)


def with_receipt(s: TopUp, outcome: Outcome, *effects: do.Effect) -> Next:
    """Print what the customer may need to prove, then show how it ended."""
    s = replace(s, outcome=outcome)
    if not s.attended:
        return end(s, *effects)
    return go(s, Step.PRINTING, *effects, *working(s, pages.RECEIPT), do.PrintReceipt(receipt(s, outcome)))


def leave_to_staff(s: TopUp, facts: Facts) -> Next:
    """Have a person look at it: `facts` say why no rule can tell how it ended."""
    s = replace(s, ledger=LedgerState.MANUAL)
    return with_receipt(s, Outcome.MANUAL, record(s, LedgerState.MANUAL, facts))


def receipt_printed(s: TopUp, _: ev.ReceiptPrinted) -> Next:
    return last_page(s, _outcome(s), printed(s), has_receipt=True)


def receipt_failed(s: TopUp, event: ev.ReceiptFailed) -> Next:
    return last_page(s, _outcome(s), not_printed(s, event))


def leave(s: TopUp, _: ev.Event) -> Next:
    return end(s)


def leave_soon(s: TopUp, _: ev.CardLeft) -> Next:
    return s, (do.StartTimer(Timer.LEAVE, LEAVE_SECONDS),)


def _outcome(s: TopUp) -> Outcome:
    if s.outcome is None:
        raise ev.UnexpectedEvent("a receipt without an outcome")
    return s.outcome
