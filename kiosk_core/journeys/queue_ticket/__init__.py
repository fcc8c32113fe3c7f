"""A ticket of the branch's queue: (step, event) -> (state, effects).

What a customer is called before is the branch's rule, of which his class follows; how old he is or which card he has
is forgotten as soon as it is known. TICKET_REQ is on disk before the queue is asked, with the key by which one press is
one ticket. A ticket that nobody got to see is withdrawn.
"""

from kiosk_core.journeys.queue_ticket.outcome import Outcome
from kiosk_core.journeys.queue_ticket.state import Next, Step, Ticketing
from kiosk_core.journeys.queue_ticket.table import TABLE, advance, begin, resume

__all__ = ["TABLE", "Next", "Outcome", "Step", "Ticketing", "advance", "begin", "resume"]
