"""Money into the bank account of a card, paid by phone: (step, event) -> (state, effects).

The bank books payment and deposit as one, so there is no moment between them: an order that is paid is done. What may
have been paid and nobody can tell is asked of the host, and reversed until it answers; FUND_REQ is on disk before the
order leaves. The account is the card's: the card goes into the card reader, is read and comes out at once.
"""

from kiosk_core.journeys.account_deposit.outcome import Outcome
from kiosk_core.journeys.account_deposit.state import Deposit, Next, Step
from kiosk_core.journeys.account_deposit.table import TABLE, advance, begin, resume

__all__ = ["TABLE", "Deposit", "Next", "Outcome", "Step", "advance", "begin", "resume"]
