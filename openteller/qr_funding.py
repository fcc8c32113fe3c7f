"""A QR order as a way to pay: the host opens it, the customer's phone pays it, the host is asked what became of it."""

from kiosk_core.funding import FundingState, Paid, Pending, Unpaid
from kiosk_core.ports import BankHost, Declined, DeclineReason, LoadInit, OrderState, QrOrder, Trace


class QrFunding:
    """The FundingSource of QR orders; keeps nothing, so that any number of them may speak for one host."""

    def __init__(self, host: BankHost) -> None:
        self._host = host

    def begin(self, trace: Trace, init: LoadInit) -> QrOrder | Declined:
        """Open the order.

        Raises:
            HostSilent: there may be one.
        """
        return self._host.order_qr(trace, init)

    def poll(self, trace: Trace) -> FundingState:
        """Ask the host about the order.

        Raises:
            HostSilent: it does not tell.
        """
        match self._host.query_order(trace):
            case OrderState.PENDING:
                return Pending()
            case OrderState.PAID:
                return Paid()
            case OrderState.EXPIRED:
                return Unpaid(DeclineReason.NOT_PAID)

    def cancel(self, trace: Trace) -> None:
        """Do nothing: the customer's phone is out of reach, and the reversal closes the order."""
