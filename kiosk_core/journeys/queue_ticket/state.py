"""What the journey knows, and where it stands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from kiosk_core.branch_queue import Appointment, QueueNow, QueueTicket, QueueWay, TicketWish
from kiosk_core.journeys.effects import Effect
from kiosk_core.services import QueueClass, QueueTicketing
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


class Step(Enum):
    """Where the customer stands."""

    LOOKING = "looking"  # the queue is asked how it stands
    SERVICE = "service"
    WAY = "way"  # how shall the class be told?
    ID_CARD = "id_card"
    PICTURE = "picture"
    BANK_CARD = "bank_card"
    CODE = "code"
    TAKING = "taking"
    PRINTING = "printing"
    LAST_PAGE = "last_page"
    WITHDRAWING = "withdrawing"
    ENDED = "ended"


@dataclass(frozen=True)
class Ticketing:
    """All that the journey knows; of a person it knows the class. `attended`: a customer stands there.

    `key` is that of this transaction alone: with it the queue makes one ticket, however often it is asked. `chosen` is
    the name of the service, `way` by which card the class was told.
    """

    service: QueueTicketing
    terminal: Terminal
    transaction: str
    key: str
    language: Language
    step: Step = Step.LOOKING
    attended: bool = True
    queue: QueueNow = field(default=QueueNow(()))
    ways: frozenset[QueueWay] = frozenset()
    chosen: str = ""
    way: QueueWay | None = None
    appointment: Appointment | None = None
    wish: TicketWish | None = None
    ticket: QueueTicket | None = None

    @property
    def customer_class(self) -> QueueClass | None:
        """The class of the wish; None: that of everybody."""
        name = self.wish.customer_class if self.wish is not None else ""
        return next((each for each in self.service.classes if each.name == name), None)


Next = tuple[Ticketing, tuple[Effect, ...]]
Transition = Callable[[Ticketing, Any], Next]
