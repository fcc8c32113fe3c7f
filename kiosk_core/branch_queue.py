"""The port of the branch's queue: what waits, taking a ticket. Durations are seconds.

What is asked of it names no person: a service, a class of customers, a language.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from kiosk_core.errors import OpenTellerError
from kiosk_core.texts import Language, LocalText

_MINUTE_S = 60.0


class QueueSilent(OpenTellerError):
    """The branch's queue could not be reached, or did not answer in time or in its own language.

    It may or may not have made a ticket.
    """


@dataclass(frozen=True)
class Wait:
    """A wait: `about_s`, and `up_to_s`, which is kept in four cases of five. None: not in sight."""

    about_s: float | None = None
    up_to_s: float | None = None

    @property
    def minutes(self) -> tuple[int, int] | None:
        """Both in whole minutes as they are said, at least 1; None: nothing can be said."""
        if self.about_s is None or self.up_to_s is None:
            return None
        up_to = max(1, math.ceil(self.up_to_s / _MINUTE_S))
        return min(up_to, max(1, round(self.about_s / _MINUTE_S))), up_to


@dataclass(frozen=True)
class QueueService:
    """What a ticket may be taken for, how many wait, and the wait of a newcomer by the name of his class."""

    name: str
    title: LocalText
    waiting: int
    newcomer: Mapping[str, Wait] = field(default_factory=dict)


@dataclass(frozen=True)
class QueueCall:
    """A ticket that was called to a window."""

    ticket: str
    window: str


@dataclass(frozen=True)
class QueueNow:
    """How the queue stands: its services, and the last calls, the newest first."""

    services: tuple[QueueService, ...]
    calls: tuple[QueueCall, ...] = ()

    def service(self, name: str) -> QueueService | None:
        """Return a service by its name."""
        return next((each for each in self.services if each.name == name), None)


class QueueWay(Enum):
    """What can tell the queue's class of a customer, or what his appointment is."""

    ID_CARD = "id_card"  # on the reader
    ID_CARD_PICTURE = "id_card_picture"  # under the camera
    BANK_CARD = "bank_card"
    APPOINTMENT = "appointment"


@dataclass(frozen=True)
class Appointment:
    """Who comes at `slot` (Unix seconds) for `service`; `customer_class` "" where it is not special."""

    service: str
    slot: int
    customer_class: str = ""


@dataclass(frozen=True)
class TicketWish:
    """What a ticket is asked for; `slot` is when an appointment is, in Unix seconds."""

    service: str
    customer_class: str
    language: Language
    slot: int | None = None


@dataclass(frozen=True)
class QueueTicket:
    """A ticket that was taken. `ahead`: how many go before, for the same service.

    `page_url` shows its holder his place on a phone, "" where there is no such page; who has it has the ticket.
    """

    number: str
    ahead: int
    wait: Wait
    issued_at: datetime
    page_url: str = field(default="", repr=False)


@dataclass(frozen=True)
class TicketRefused:
    """No ticket was made; the queue's own words say why."""

    reason: LocalText


class BranchQueue(Protocol):
    """The queue of the branch. Blocking; one thread owns it. Every method raises QueueSilent."""

    def take(self, wish: TicketWish, key: str) -> QueueTicket | TicketRefused:
        """Take a ticket. With the same wish and `key` it is the same ticket, however often it is asked."""
        ...

    def withdraw(self, wish: TicketWish, key: str) -> None:
        """Give up the ticket of this wish and `key`, which nobody has seen; nobody is called for it any more."""
        ...
