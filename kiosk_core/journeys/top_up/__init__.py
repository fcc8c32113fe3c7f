"""Topping up a transit card, as a table: (step, event) -> (state, effects).

The money rules are those of the recovery state machine (facts: money-safety 5.2, purse-load 1.4):

* A `Record` comes before the effect that it announces; CREDIT_SENT is on disk before 80 52 leaves.
* After CREDIT_SENT nothing is repeated and nothing is reversed unless the card itself said "not loaded".
* A request to the host that may have arrived is reversed, and the reversal repeated until the host answers.
* A row that cannot be written stops everything (CannotGoOn): recovery goes on from the last row on disk.

`TABLE` is the journey of a customer. `resume` enters the same table from the journal: after a power cut, to
send again what the host has not acknowledged, and when a card comes back whose earlier load is in doubt.
"""

from kiosk_core.journeys.top_up.outcome import Outcome
from kiosk_core.journeys.top_up.recovery import resume
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.journeys.top_up.table import TABLE, advance, begin

__all__ = ["TABLE", "Next", "Outcome", "Step", "TopUp", "advance", "begin", "resume"]
