"""A card as a customer holds it, whatever reader it goes into: its stripe, its chip, what is behind its coil."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from device_sim.card import Card
from kiosk_core.card_reader import ChipProtocol


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


class MifareClassic:
    """An S50 (16 sectors) or S70 (40): blocks, keys "A" and "B" of each sector, values in NXP's form (CRT-310, p19)."""

    def __init__(self, serial: bytes, *, sectors: int = 16, key: bytes = b"\xff" * 6) -> None:
        self.serial = serial
        self.sectors = sectors
        self.keys = {(which, sector): key for which in "AB" for sector in range(sectors)}
        self.blocks = {(s, b): bytes(16) for s in range(sectors) for b in range(self.blocks_in(s))}

    @staticmethod
    def blocks_in(sector: int) -> int:
        """Return how many blocks `sector` has: 4, and 16 from sector 32."""
        return 4 if sector < 32 else 16

    def is_trailer(self, sector: int, block: int) -> bool:
        """Return whether that block holds the keys."""
        return block == self.blocks_in(sector) - 1

    def value(self, sector: int, block: int) -> int | None:
        """Return the value in a block, None where it has no value form."""
        data = self.blocks[sector, block]
        number, inverse, address = data[:4], data[4:8], data[12:]
        if data[8:12] != number or bytes(byte ^ 0xFF for byte in number) != inverse:
            return None
        if address[0] != address[2] or address[1] != address[3] or address[0] ^ 0xFF != address[1]:
            return None
        return int.from_bytes(number, "little", signed=True)

    def set_value(self, sector: int, block: int, value: int) -> None:
        """Write `value` in value form; the address bytes stay. Raises OverflowError."""
        number = value.to_bytes(4, "little", signed=True)
        address = self.blocks[sector, block][12:]
        self.blocks[sector, block] = number + bytes(byte ^ 0xFF for byte in number) + number + address


@dataclass
class PlasticCard:
    """A card.

    `tracks` are the characters of tracks 1 to 3, or what is wrong with one; absent: blank. `eeprom` is what a memory
    card of the series 24Cxx holds; its size names its type (128 bytes: 24C01).
    """

    tracks: Mapping[int, bytes | TrackDamage] = field(default_factory=dict, repr=False)
    chip: Card | None = None
    protocol: ChipProtocol = ChipProtocol.T0
    mifare: MifareClassic | None = None
    eeprom: bytearray | None = field(default=None, repr=False)
    length: Length = Length.STANDARD
