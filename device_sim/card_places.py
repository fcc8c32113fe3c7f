"""Where each card of the simulated terminal is: in a hand, on or in a device, in the bin."""

from collections.abc import Mapping
from typing import Any

from device_sim.cards.kinds import StoredCard
from device_sim.cards.lasting import Tear
from device_sim.control import ControlError
from device_sim.crt288k import SimulatedCrt288k
from device_sim.devices import READER, Devices
from device_sim.plastic_card import PlasticCard

TEARS = {"before_commit": Tear.BEFORE_COMMIT, "after_commit": Tear.AFTER_COMMIT, "never": None}
"""When a card loses contact during its next command that writes."""


class CardPlaces:
    """The cards of a terminal and its devices; `unseen` is a card on the top-up module that this cannot see."""

    def __init__(self, cards: Mapping[str, StoredCard], devices: Devices) -> None:
        self._cards = cards
        self._devices = devices
        self.unseen: str | None = None

    def card(self, name: str) -> StoredCard:
        """Return a card, wherever it is.

        Raises:
            ControlError: there is no such card.
        """
        if name not in self._cards:
            raise ControlError(f"no card {name!r}; there are {', '.join(self._cards)}")
        return self._cards[name]

    def in_hand(self, name: str) -> StoredCard:
        """Return a card that the customer holds.

        Raises:
            ControlError: there is no such card, or it is elsewhere.
        """
        card = self.card(name)
        place = self._place_of(name, card)
        if place != "hand":
            raise ControlError(f"the card is in the {place.replace('_', ' ')}")
        return card

    def name_of(self, card: PlasticCard | None) -> str | None:
        """Return a card's name, None for one that is not of this terminal."""
        return next((name for name, each in self._cards.items() if each.plastic is card), None)

    @property
    def on_reader(self) -> str | None:
        """The name of the card on the top-up module."""
        here = self._devices.top_up_module.card
        seen = next(
            (name for name, each in self._cards.items() if here is not None and each.plastic.radio is here), None
        )
        return seen or self.unseen

    @property
    def in_card_reader(self) -> str | None:
        """The name of the card in the card reader."""
        reader = self._devices.card_reader
        return self.name_of(reader.card) if reader is not None and reader.card is not None else None

    def _place_of(self, name: str, card: StoredCard) -> str:
        reader = self._devices.card_reader
        if name == self.on_reader:
            return READER
        if name == self.in_card_reader:
            return "card_reader"
        captured = reader.captured if reader is not None and not isinstance(reader, SimulatedCrt288k) else []
        return "bin" if card.plastic in captured else "hand"

    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what there is to know of each card; its number is masked."""
        return {name: self._state(name, card) for name, card in self._cards.items()}

    def _state(self, name: str, card: StoredCard) -> Mapping[str, Any]:
        memory = card.purse.memory if card.purse is not None else None
        return {
            "about": card.about,
            "place": self._place_of(name, card),
            "number": card.number.masked if card.number is not None else None,
            "balance_fen": memory.balance_fen if memory is not None else None,
            "counter": memory.counter if memory is not None else None,
            "tears": next(word for word, tear in TEARS.items() if tear is card.plastic.tearing.next),
        }
