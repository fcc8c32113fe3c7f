"""How it can end without a ticket, as the customer must be told."""

from enum import Enum


class Outcome(Enum):
    """The value names the texts `queue_ticket.<value>.title` and `.body`."""

    SILENT = "silent"  # the queue does not answer
    REFUSED = "refused"  # the queue says no, and why
    OUT_OF_SERVICE = "out_of_service"  # the terminal itself cannot go on
