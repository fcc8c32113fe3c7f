"""A card as a customer holds it, whatever reader it goes into: its stripe, its chip, what is behind its coil."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from device_sim.card import Card
from device_sim.cards.lasting import Tearing
from device_sim.cards.mifare import Mifare, MifareClassic
from device_sim.crt591_cards import SimulatedI2cCard, SimulatedSle4428, SimulatedSle4442
from kiosk_core.card_reader import ChipProtocol
from wire.crt591_chips import Air

__all__ = ["Length", "MifareClassic", "PlasticCard", "TrackDamage"]


class Length(Enum):
    """How long a card is, against ISO 7810."""

    STANDARD = "standard"
    LONG = "long"
    SHORT = "short"


class TrackDamage(Enum):
    """What is wrong with a track that is not blank."""

    NO_START = auto()
    NO_END = auto()
    PARITY = auto()
    CHECKSUM = auto()


@dataclass(eq=False)
class PlasticCard:
    """A card; of a part that it lacks there is None.

    `tracks` are the characters of tracks 1 to 3, or what is wrong with one; absent: blank. `chip` is behind contacts,
    speaks `protocol` and keeps to EMV where `emv` is set; `memory` is there instead of a chip. `radio` answers by coil
    and `air`, as `mifare` does; a chip with both faces is in `chip` and `radio`. `tearing` is what its parts share.
    """

    tracks: Mapping[int, bytes | TrackDamage] = field(default_factory=dict, repr=False)
    chip: Card | None = None
    protocol: ChipProtocol = ChipProtocol.T0
    emv: bool = True
    memory: SimulatedSle4442 | SimulatedSle4428 | SimulatedI2cCard | None = field(default=None, repr=False)
    radio: Card | None = None
    air: Air = Air.A
    mifare: Mifare | None = field(default=None, repr=False)
    length: Length = Length.STANDARD
    tearing: Tearing = field(default_factory=Tearing)
