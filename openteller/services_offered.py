"""The services of this terminal: which of them it offers, and the first step of a journey in each."""

from collections.abc import Callable, Iterable

from kiosk_core.journeys.journey import DEFAULT_KIND, INQUIRIES, RECORDED_JOURNEYS, Next
from kiosk_core.ledger import Journal, Transaction
from kiosk_core.services import AccountDeposit, IdUpdate, QueueTicketing, Service
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language


class ServicesOffered:
    """What is configured, and the part of it that can be offered.

    Args:
        services: what is configured.
        terminal: makes the Terminal of today (its date checks the expiry of cards).
        reads_bank_cards: without bank cards nobody can say whose account a deposit is for: none is offered then.
        captures_id_cards: without, nobody's new ID card is brought to the bank.
        knows_queue: without, no tickets are given out.
    """

    def __init__(
        self,
        services: Iterable[Service],
        terminal: Callable[[], Terminal],
        journal: Journal,
        *,
        reads_bank_cards: bool,
        captures_id_cards: bool = False,
        knows_queue: bool = False,
    ) -> None:
        self._configured = sorted(services, key=lambda each: each.order)
        cannot: tuple[type[Service], ...] = ()
        if not reads_bank_cards:
            cannot += (AccountDeposit,)
        if not captures_id_cards:
            cannot += (IdUpdate,)
        if not knows_queue:
            cannot += (QueueTicketing,)
        self.offered = [each for each in self._configured if not isinstance(each, cannot)]
        """What a customer may choose, in the order of the tiles."""
        self._terminal = terminal
        self._journal = journal

    def find(self, service_id: str) -> Service | None:
        """Return the service that is offered under this name."""
        return next((each for each in self.offered if each.id == service_id), None)

    def begin(self, service: Service, language: Language) -> Next:
        """Begin the journey of a customer; one that moves money has its NEW row in the journal then.

        Raises:
            JournalUnavailable: the row cannot be written.
        """
        if service.kind in INQUIRIES:
            return INQUIRIES[service.kind].begin(service, self._terminal(), language)
        transaction = self._journal.begin({"service": service.id, "kind": service.kind, "language": language})
        return RECORDED_JOURNEYS[service.kind].begin(service, self._terminal(), transaction, language)

    def resume(self, transaction: Transaction) -> Next | None:
        """Go on with a transaction of the journal; None: no service is configured that could settle it."""
        service = self._service_of(transaction)
        if service is None:
            return None
        return RECORDED_JOURNEYS[service.kind].resume(transaction, service, self._terminal())

    def _service_of(self, transaction: Transaction) -> Service | None:
        """Return the service of the transaction or, where it is no longer configured, another of its kind."""
        kind = transaction.facts.get("kind", DEFAULT_KIND)
        able = [each for each in self._configured if each.kind == kind]
        named = (each for each in able if each.id == transaction.facts.get("service"))
        return next(named, able[0] if able else None)
