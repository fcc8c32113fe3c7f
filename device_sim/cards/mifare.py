"""Mifare cards as they are behind any reader: NXP's MF1S50, MF1S70 and MF0ICU1 (Ultralight).

What a reader does not let pass, and how it answers, is the reader's; so is the sector that is logged in to.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from device_sim.cards.lasting import Lasting, Tearing

BLOCK = 16
PAGE = 4
PAGES = 16
TRANSPORT_BITS = bytes.fromhex("FF078069")
"""Access bits of a new card: key A opens everything (CRT-591, 3.6.4.3)."""

_KEPT = {"extra": "forbid", "ser_json_bytes": "hex", "val_json_bytes": "hex"}


@dataclass(frozen=True, repr=False)
class MifareMemory:
    """All blocks, or pages, in a row; the last block of a sector has key A, access bits and key B."""

    blocks: tuple[bytes, ...]

    __pydantic_config__ = _KEPT


class MifareClassic:
    """An S50 (16 sectors) or S70 (40), new with the same `key` everywhere. `serial` has four bytes.

    Raises:
        OSError, ValueError: as device_sim.cards.lasting.Lasting.
    """

    def __init__(
        self,
        serial: bytes,
        *,
        sectors: int = 16,
        key: bytes = b"\xff" * 6,
        file: Path | None = None,
        tearing: Tearing | None = None,
    ) -> None:
        self.serial = serial
        self.sectors = sectors
        trailer = key + TRANSPORT_BITS + key
        blocks = tuple(
            trailer if self.is_trailer(sector, block) else bytes(BLOCK)
            for sector in range(sectors)
            for block in range(self.blocks_in(sector))
        )
        self._lasting = Lasting(MifareMemory(blocks), file, tearing)

    @staticmethod
    def blocks_in(sector: int) -> int:
        """Return how many blocks `sector` has: 4, and 16 from sector 32."""
        return 4 if sector < 32 else 16

    def is_trailer(self, sector: int, block: int) -> bool:
        """Return whether that block holds the keys."""
        return block == self.blocks_in(sector) - 1

    def opens(self, which: str, sector: int, key: bytes | None) -> bool:
        """Return whether `key` is key "A" or "B" (`which`) of `sector`."""
        trailer = self._trailer(sector)
        return key == (trailer[:6] if which == "A" else trailer[10:])

    def read(self, sector: int, block: int) -> bytes:
        """Return the 16 bytes of a block; key A reads as zeros."""
        content = self._lasting.value.blocks[_place(sector, block)]
        return bytes(6) + content[6:] if self.is_trailer(sector, block) else content

    def write(self, sector: int, block: int, data: bytes) -> None:
        """Write 16 bytes, or several times as many from there on, in one go. Raises TornError."""
        blocks = list(self._lasting.value.blocks)
        first = _place(sector, block)
        count = len(data) // BLOCK
        blocks[first : first + count] = [data[BLOCK * number : BLOCK * (number + 1)] for number in range(count)]
        self._lasting.commit(MifareMemory(tuple(blocks)))

    def change_key_a(self, sector: int, key: bytes) -> None:
        """Write a new key A, and the access bits and key B of a new card, as readers do. Raises TornError."""
        self.write(sector, self.blocks_in(sector) - 1, key + TRANSPORT_BITS + b"\xff" * 6)

    def change_key_b(self, sector: int, key: bytes) -> None:
        """Write a new key B. Raises TornError."""
        self.write(sector, self.blocks_in(sector) - 1, self._trailer(sector)[:10] + key)

    def value(self, sector: int, block: int) -> int | None:
        """Return the value in a block, None where it has no value form."""
        data = self.read(sector, block)
        number, inverse, address = data[:4], data[4:8], data[12:]
        if data[8:12] != number or bytes(byte ^ 0xFF for byte in number) != inverse:
            return None
        if address[0] != address[2] or address[1] != address[3] or address[0] ^ 0xFF != address[1]:
            return None
        return int.from_bytes(number, "little", signed=True)

    def set_value(self, sector: int, block: int, value: int) -> None:
        """Write `value` in value form; the address bytes stay. Raises OverflowError, TornError."""
        self.write(sector, block, _number(value) + self.read(sector, block)[12:])

    def begin_value(self, sector: int, block: int, value: int) -> None:
        """Write `value` in value form, with the block's number as its address. Raises OverflowError, TornError."""
        self.write(sector, block, _number(value) + bytes((block, block ^ 0xFF)) * 2)

    def _trailer(self, sector: int) -> bytes:
        return self._lasting.value.blocks[_place(sector, self.blocks_in(sector) - 1)]


class MifareUltralight:
    """An Ultralight: 16 pages of 4 bytes, no keys. `serial` has seven bytes.

    Raises:
        OSError, ValueError: as device_sim.cards.lasting.Lasting.
    """

    def __init__(self, serial: bytes, *, file: Path | None = None, tearing: Tearing | None = None) -> None:
        self.serial = serial
        self._lasting = Lasting(MifareMemory((bytes(PAGE),) * PAGES), file, tearing)

    def read(self, page: int) -> bytes:
        """Return the 4 bytes of a page."""
        return self._lasting.value.blocks[page]

    def write(self, page: int, data: bytes) -> None:
        """Write the 4 bytes of a page, or of several from there on. Raises TornError."""
        memory = self._lasting.value
        pages = list(memory.blocks)
        count = len(data) // PAGE
        pages[page : page + count] = [data[PAGE * number : PAGE * (number + 1)] for number in range(count)]
        self._lasting.commit(replace(memory, blocks=tuple(pages)))


Mifare = MifareClassic | MifareUltralight


def _place(sector: int, block: int) -> int:
    return sector * 4 + block if sector < 32 else 128 + (sector - 32) * 16 + block


def _number(value: int) -> bytes:
    number = value.to_bytes(4, "little", signed=True)
    return number + bytes(byte ^ 0xFF for byte in number) + number
