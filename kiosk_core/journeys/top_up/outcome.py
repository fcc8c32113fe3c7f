"""How a top-up can end, as the customer must be told."""

from enum import Enum


class Outcome(Enum):
    """The value names the texts `top_up.<value>.title` and `.body`."""

    LOADED = "loaded"
    CANCELLED = "cancelled"  # nothing was taken
    NOT_PAID = "not_paid"  # no payment arrived in time; nothing was taken
    DECLINED = "declined"  # the host or the card said no; nothing was taken
    HOST_SILENT = "host_silent"  # the bank did not answer; nothing was taken
    CARD_EXPIRED = "card_expired"
    BALANCE_FULL = "balance_full"
    BARRED = "barred"  # a rule leaves nothing (kiosk_core.risk); nothing was taken
    OUT_OF_SERVICE = "out_of_service"  # the terminal itself cannot go on; nothing was taken
    REFUNDED = "refunded"  # paid, not loaded, given back
    REFUND_PENDING = "refund_pending"  # the reversal goes out until the host answers
    SUSPENSE = "suspense"  # only the card knows, and it is gone
    MANUAL = "manual"  # staff must look
