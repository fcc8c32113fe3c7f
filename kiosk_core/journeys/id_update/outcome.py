"""How an update can end, as the customer must be told."""

from enum import Enum


class Outcome(Enum):
    """The value names the texts `id_update.<value>.title` and `.body`; but for two of them nothing has changed."""

    UPDATED = "updated"
    CANCELLED = "cancelled"
    NOT_READ = "not_read"  # no side was captured in the time there is
    NOT_ORIGINAL = "not_original"  # a copy or a screen, or something on it looks edited
    EXPIRED = "expired"
    COUNTER = "counter"  # the name was not read rightly, and nobody can type one here
    REFUSED = "refused"  # the bank said no
    HOST_SILENT = "host_silent"  # the bank has it not, and will not take it any more
    PENDING = "pending"  # the bank may have it: recovery asks
    OUT_OF_SERVICE = "out_of_service"  # the camera, the reading or the terminal itself cannot go on
