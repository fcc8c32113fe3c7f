"""A customer's new ID card, from under the camera to the bank: (step, event) -> (state, effects).

Both sides are captured, what is in doubt is asked back, and the customer confirms every field before anything leaves
the terminal. UPDATE_REQ is on disk before it does. The journal has no value of the card but the end of its number: what
became of an update without an answer is asked of the host by the order's number, and the card is never sent again.
"""

from kiosk_core.journeys.id_update.outcome import Outcome
from kiosk_core.journeys.id_update.state import IdUpdating, Next, Step
from kiosk_core.journeys.id_update.table import TABLE, advance, begin, resume

__all__ = ["TABLE", "IdUpdating", "Next", "Outcome", "Step", "advance", "begin", "resume"]
