"""What the conductor needs of a journey, and the table of all journeys: one line a kind of service."""

from collections.abc import Mapping
from dataclasses import Field
from enum import Enum
from typing import Any, ClassVar, Protocol, TypeVar

from kiosk_core.journeys import account_deposit, card_info, id_update, queue_ticket, top_up
from kiosk_core.journeys.effects import Effect
from kiosk_core.journeys.events import Event
from kiosk_core.ledger import Transaction
from kiosk_core.services import Service
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


class JourneyState(Protocol):
    """All that a journey knows, a frozen dataclass; this is what the conductor reads of it.

    `transaction` names it in the log. `language` is the customer's, replaced when he switches. `step` is where he
    stands: pages of one kind in one step are one place. `attended`: a customer is there; otherwise it is recovery.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def service(self) -> Service:
        """The service that the customer chose."""
        ...

    @property
    def terminal(self) -> Terminal:
        """The terminal when the journey began."""
        ...

    @property
    def transaction(self) -> str:
        """The number of its transaction in the journal, "" where it keeps none."""
        ...

    @property
    def language(self) -> Language:
        """What the customer reads."""
        ...

    @property
    def step(self) -> Enum:
        """Where the customer stands."""
        ...

    @property
    def attended(self) -> bool:
        """Whether a customer is there."""
        ...


Next = tuple[JourneyState, tuple[Effect, ...]]
State_contra = TypeVar("State_contra", contravariant=True)
Service_contra = TypeVar("Service_contra", contravariant=True)


class Journey(Protocol[State_contra]):
    """What all journeys have; a package of `kiosk_core.journeys` is one."""

    def advance(self, s: State_contra, event: Event, /) -> Next:
        """Return what follows from `event`; touches, timers and cards that mean nothing here are ignored.

        `CannotGoOn` ends any journey, and is answered with what is certain by the last row on disk.
        """
        ...


class RecordedJourney(Journey[State_contra], Protocol[State_contra, Service_contra]):
    """A journey that keeps a transaction in the journal, and can be resumed from it."""

    def begin(
        self, service: Service_contra, terminal: Terminal, transaction: Transaction, language: Language, /
    ) -> Next:
        """Start the journey of a customer whose NEW row is written."""
        ...

    def resume(self, transaction: Transaction, service: Service_contra, terminal: Terminal, /) -> Next:
        """Go on with a transaction of the journal, with no customer there."""
        ...


class Inquiry(Journey[State_contra], Protocol[State_contra, Service_contra]):
    """A journey that changes nothing and keeps nothing: a stop ends it, and there is nothing to resume."""

    def begin(self, service: Service_contra, terminal: Terminal, language: Language, /) -> Next:
        """Start the journey of a customer."""
        ...


DEFAULT_KIND = "transit_top_up"
"""What a transaction is whose NEW row names no `kind`."""

RECORDED_JOURNEYS: Mapping[str, RecordedJourney[Any, Any]] = {
    "transit_top_up": top_up,
    "account_deposit": account_deposit,
    "id_update": id_update,
    "queue_ticket": queue_ticket,
}
INQUIRIES: Mapping[str, Inquiry[Any, Any]] = {"card_info": card_info}
"""The journeys by the `kind` of their services."""


def advance(state: JourneyState, event: Event) -> Next:
    """Return what follows from `event`, whichever journey it is."""
    kind = state.service.kind
    journey: Journey[Any] = RECORDED_JOURNEYS[kind] if kind in RECORDED_JOURNEYS else INQUIRIES[kind]
    return journey.advance(state, event)
