"""What an update knows, and where it stands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from kiosk_core.id_document import CapturedSide, Crop, DocumentSide
from kiosk_core.id_update import UpdateRefusal
from kiosk_core.journeys.effects import Effect
from kiosk_core.journeys.id_update.outcome import Outcome
from kiosk_core.ledger import LedgerState
from kiosk_core.pages import FieldState
from kiosk_core.ports import Trace
from kiosk_core.services import IdUpdate
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


class Step(Enum):
    """Where the customer stands."""

    CAPTURE = "capture"
    FORM = "form"
    FIELD = "field"
    SENDING = "sending"
    ASKING = "asking"  # the host is asked what became of it
    PRINTING = "printing"
    LAST_PAGE = "last_page"
    ENDED = "ended"


@dataclass(frozen=True)
class Entry:
    """A field as it stands: dates YYYY-MM-DD or 长期."""

    name: str
    text: str = field(repr=False)
    state: FieldState
    crop: Crop | None = None


@dataclass(frozen=True)
class Masked:
    """What page and receipt may show of a card at the end."""

    name: str
    number: str
    valid_until: str


@dataclass(frozen=True)
class IdUpdating:
    """All that an update knows. `attended`: a customer stands there; otherwise it is recovery.

    `sides` and `entries` are a person's; they are wiped and let go before anything is sent, and at every end. `side` is
    the one under the camera, `problem` why it is there once more, `doubted` the sides that were not believed once.
    `asked` is the field on the page, `left_open` are those that the counter fills in.
    """

    service: IdUpdate
    terminal: Terminal
    transaction: str
    trace: Trace
    language: Language
    step: Step = Step.CAPTURE
    ledger: LedgerState = LedgerState.NEW
    attended: bool = True
    side: DocumentSide = DocumentSide.FRONT
    problem: str = ""
    doubted: frozenset[DocumentSide] = frozenset()
    sides: tuple[CapturedSide, ...] = ()
    entries: tuple[Entry, ...] = ()
    asked: str = ""
    masked: Masked = Masked("", "", "")
    left_open: tuple[str, ...] = ()
    outcome: Outcome | None = None
    refusal: UpdateRefusal | None = None

    def entry(self, name: str) -> Entry | None:
        """Return a field by its name."""
        return next((each for each in self.entries if each.name == name), None)

    @property
    def next_asked(self) -> Entry | None:
        """The first field that somebody must look at."""
        return next((each for each in self.entries if each.state is FieldState.ASKED), None)


Next = tuple[IdUpdating, tuple[Effect, ...]]
Transition = Callable[[IdUpdating, Any], Next]
