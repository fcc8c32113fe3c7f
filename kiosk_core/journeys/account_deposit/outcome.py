"""How a deposit can end, as the customer must be told."""

from enum import Enum


class Outcome(Enum):
    """The value names the texts `account_deposit.<value>.title` and `.body`."""

    DEPOSITED = "deposited"
    CANCELLED = "cancelled"  # nothing was taken
    BARRED = "barred"  # a rule said no; nothing was taken
    NOT_PAID = "not_paid"  # no payment arrived in time; nothing was taken
    DECLINED = "declined"  # the host said no; nothing was taken
    HOST_SILENT = "host_silent"  # the bank did not answer; nothing was taken
    OUT_OF_SERVICE = "out_of_service"  # the terminal itself cannot go on; nothing was taken
    REFUNDED = "refunded"  # paid and given back
    REFUND_PENDING = "refund_pending"  # the reversal goes out until the host answers
    UNSETTLED = "unsettled"  # paid or not: recovery asks the host
    MANUAL = "manual"  # staff must look
