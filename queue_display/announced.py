"""The waits that are announced: estimated anew where time allows, else those of a moment ago; "up to" as it is kept."""

from collections.abc import Mapping

from kiosk_core.clock import Clock
from queue_display.branch import Branch
from queue_display.calibration import Calibration
from queue_display.estimates import Estimator
from queue_display.policy import Policy
from queue_display.replay import Wait, newcomer
from queue_display.tickets import Line, TicketState

_SHARE_OF_TIME = 0.1
_GOOD_FOR_S = 10.0
_UNKNOWN = Wait(None, None)


class AnnouncedWaits:
    """The waits of all who wait and of newcomers to every line.

    An estimate costs up to some 25 ms in which nobody is called. So it is made when the branch has changed, or after
    10 s, but takes at most a tenth of the time: in a rush several tickets in a row are told the same.
    """

    def __init__(self, policy: Policy, estimator: Estimator, calibration: Calibration, clock: Clock) -> None:
        self._estimator = estimator
        self._calibration = calibration
        self._clock = clock
        self._lines = [Line(service, customers) for service in policy.service for customers in policy.customer_class]
        self._waits: Mapping[str, Wait] = {}
        self._of_entry = -1
        self._good_until = 0.0
        self._may_begin_at = 0.0

    def of_newcomer(self, branch: Branch, line: Line, now: float) -> Wait:
        """Return the wait of somebody who takes a ticket for this line now."""
        self._renew(branch, now)
        return self._calibration.as_kept(line, self._waits.get(newcomer(line, now).number, _UNKNOWN))

    def of_ticket(self, branch: Branch, number: str, now: float) -> Wait:
        """Return the wait of a ticket of today from now on; unknown where it does not wait."""
        self._renew(branch, now)
        ticket = branch.tickets[number]
        if ticket.state is not TicketState.WAITING:
            return _UNKNOWN
        return self._calibration.as_kept(ticket.line, self._waits.get(number, _UNKNOWN))

    def _renew(self, branch: Branch, now: float) -> None:
        began = self._clock.now()
        if began < self._may_begin_at or (self._of_entry == branch.last.number and began < self._good_until):
            return
        self._waits = self._estimator.waits(branch, now, self._lines)
        ended = self._clock.now()
        self._of_entry = branch.last.number
        self._good_until = ended + _GOOD_FOR_S
        self._may_begin_at = ended + (ended - began) * (1 / _SHARE_OF_TIME - 1)
