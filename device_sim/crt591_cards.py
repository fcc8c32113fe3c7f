"""Cards that only store, as a CRT-591 speaks with them.

Source: the manual that wire/crt591.py names, chapters 3.4, 3.5 and 3.6.4. Where it is silent (how an error counter is
written down) a card does as its kind is commonly known to do.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from device_sim.cards.lasting import Lasting, Tearing
from device_sim.cards.mifare import BLOCK, PAGE, PAGES, Mifare, MifareClassic, MifareUltralight
from wire.crt591_chips import RfState
from wire.crt591_storage import (
    SLE4428_ATR,
    SLE4442_ATR,
    Answer,
    I2cRead,
    I2cType,
    I2cWrite,
    Key,
    MifareChangeKeyA,
    MifareDecrement,
    MifareIncrement,
    MifareInitValue,
    MifareRead,
    MifareReadValue,
    MifareWrite,
    Operation,
    Sle4428Read,
    Sle4428ReadProtection,
    Sle4428Verify,
    Sle4428Write,
    Sle4428WriteTo,
    Sle4442Area,
    Sle4442Read,
    Sle4442Verify,
    Sle4442WriteTo,
    Status,
)

_FAIL = Answer(Status.FAIL)
_SUCCESS = Answer(Status.SUCCESS)
_PROTECTABLE = 32  # addresses of an SLE4442 (3.4.4.2)
_KEPT = {"extra": "forbid", "ser_json_bytes": "hex", "val_json_bytes": "hex"}


def _outside(address: int, count: int, size: int) -> Answer | None:
    if address >= size:
        return Answer(Status.ADDRESS_OVERFLOW)
    return Answer(Status.LENGTH_OVERFLOW) if address + count > size else None


@dataclass(frozen=True, repr=False)
class SleMemory:
    """What an SLE card keeps: its bytes, which of them are protected, its code, and wrong ones in a row."""

    data: bytes
    code: bytes
    errors: int = 0
    protected: frozenset[int] = frozenset()

    __pydantic_config__ = _KEPT


class _SleCard:
    """A memory behind a code, locked for ever after `tries` wrong ones in a row."""

    def __init__(self, fresh: SleMemory, tries: int, file: Path | None, tearing: Tearing | None) -> None:
        self._lasting = Lasting(fresh, file, tearing)
        self._tries = tries
        self._verified = False

    def power_off(self) -> None:
        """Forget that the code was presented."""
        self._verified = False

    @property
    def _kept(self) -> SleMemory:
        return self._lasting.value

    def _verify(self, code: bytes) -> Answer:
        kept = self._kept
        right = kept.errors < self._tries and code == kept.code
        errors = 0 if right else min(kept.errors + 1, self._tries)
        self._verified = False
        if errors != kept.errors:
            self._lasting.commit(replace(kept, errors=errors))
        self._verified = right
        if right:
            return _SUCCESS
        return Answer(Status.WRONG_KEY if errors < self._tries else Status.WRONG_KEY_AND_LOCKED)

    def _store(self, address: int, data: bytes, *, protect: bool = False) -> Answer:
        kept = self._kept
        whole = kept.data[:address] + data + kept.data[address + len(data) :]
        protected = kept.protected | set(range(address, address + len(data))) if protect else kept.protected
        self._lasting.commit(replace(kept, data=whole, protected=protected))
        return _SUCCESS


class SimulatedSle4442(_SleCard):
    """256 bytes, of which 32 can be protected, and a code of 3 bytes with three tries (3.4.4)."""

    ATR = SLE4442_ATR

    def __init__(
        self, code: bytes = b"\xff\xff\xff", *, file: Path | None = None, tearing: Tearing | None = None
    ) -> None:
        super().__init__(SleMemory(b"\xff" * 256, code), 3, file, tearing)

    def carry_out(self, command: Operation) -> Answer | None:
        """Return the answer to `command`, None where it is not for such a card. Raises TornError."""
        match command:
            case Sle4442Read(area, address, count):
                content = self._content(area)
                return _outside(address, count, len(content)) or Answer(
                    Status.SUCCESS, content[address : address + count]
                )
            case Sle4442Verify(secret):
                return self._verify(secret)
            case Sle4442WriteTo(area, address, data):
                return self._write(area, address, data)
            case _:
                return None

    def _content(self, area: Sle4442Area) -> bytes:
        match area:
            case Sle4442Area.MAIN:
                return self._kept.data
            case Sle4442Area.PROTECTION:  # "1" is protected (3.4.4.4)
                return sum(1 << address for address in self._kept.protected).to_bytes(4, "little")
            case Sle4442Area.SECURITY:
                return bytes((self._kept.errors,)) + (self._kept.code if self._verified else bytes(3))

    def _write(self, area: Sle4442Area, address: int, data: bytes) -> Answer:
        addresses = set(range(address, address + len(data)))
        size = {Sle4442Area.MAIN: 256, Sle4442Area.PROTECTION: _PROTECTABLE, Sle4442Area.SECURITY: 4}[area]
        if (outside := _outside(address, len(data), size)) is not None:
            return outside
        kept = self._kept
        if not self._verified:
            return _FAIL
        match area:
            case Sle4442Area.MAIN:
                return _FAIL if addresses & kept.protected else self._store(address, data)
            case Sle4442Area.PROTECTION:
                equal = kept.data[address : address + len(data)] == data
                return self._store(address, data, protect=True) if equal else _FAIL
            case Sle4442Area.SECURITY:
                content = bytearray((kept.errors, *kept.code))
                content[address : address + len(data)] = data
                self._lasting.commit(replace(kept, errors=content[0], code=bytes(content[1:])))
                return _SUCCESS


class SimulatedSle4428(_SleCard):
    """1,024 bytes that can all be protected, and a code of 2 bytes with eight tries (3.4.5)."""

    ATR = SLE4428_ATR

    def __init__(self, code: bytes = b"\xff\xff", *, file: Path | None = None, tearing: Tearing | None = None) -> None:
        super().__init__(SleMemory(b"\xff" * 1024, code), 8, file, tearing)

    def carry_out(self, command: Operation) -> Answer | None:
        """Return the answer to `command`, None where it is not for such a card. Raises TornError."""
        match command:
            case Sle4428Read(address, count):
                return _outside(address, count, 1024) or Answer(
                    Status.SUCCESS, self._kept.data[address : address + count]
                )
            case Sle4428ReadProtection(address, count):
                bits = sum(1 << protected for protected in self._kept.protected).to_bytes(128, "little")
                return _outside(address, count, 128) or Answer(Status.SUCCESS, bits[address : address + count])
            case Sle4428Verify(secret):
                return self._verify(secret)
            case Sle4428WriteTo(how, address, data):
                return _outside(address, len(data), 1024) or self._write(how, address, data)
            case _:
                return None

    def _write(self, how: Sle4428Write, address: int, data: bytes) -> Answer:
        kept = self._kept
        if not self._verified:
            return _FAIL
        if how is Sle4428Write.PROTECT_IF_EQUAL:
            if kept.data[address : address + len(data)] != data:
                return _FAIL
        elif set(range(address, address + len(data))) & kept.protected:
            return _FAIL
        return self._store(address, data, protect=how is not Sle4428Write.ONLY)


@dataclass(frozen=True, repr=False)
class I2cMemory:
    """What a 24Cxx card keeps."""

    data: bytes

    __pydantic_config__ = _KEPT


class SimulatedI2cCard:
    """A 24C01 to 24C256: 128 bytes, and twice as many with every type (3.5.4). Raises ValueError for ANY."""

    def __init__(self, kind: I2cType, *, file: Path | None = None, tearing: Tearing | None = None) -> None:
        if kind is I2cType.ANY:
            raise ValueError("a card is of one type")
        self.type = kind
        self._lasting = Lasting(I2cMemory(b"\xff" * (64 << int(kind.value))), file, tearing)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self._lasting.value.data)

    def power_off(self) -> None:
        """Forget nothing: all is kept."""

    def read(self, address: int, count: int) -> bytes:
        """Return so many bytes, fewer where it ends."""
        return self._lasting.value.data[address : address + count]

    def write(self, address: int, data: bytes) -> None:
        """Write `data`, which must fit. Raises TornError."""
        whole = self._lasting.value.data
        self._lasting.commit(I2cMemory(whole[:address] + data + whole[address + len(data) :]))

    def carry_out(self, command: Operation) -> Answer | None:
        """Return the answer to `command`, None where it is not for such a card. Raises TornError."""
        match command:
            case I2cRead(address, count):
                return _outside(address, count, self.size) or Answer(Status.SUCCESS, self.read(address, count))
            case I2cWrite(address, data):
                if (outside := _outside(address, len(data), self.size)) is not None:
                    return outside
                self.write(address, data)
                return _SUCCESS
            case _:
                return None


class MifareLogin:
    """A Mifare card in the field of a CRT-591, and the sector that is logged in to (3.6.4)."""

    def __init__(self, card: Mifare) -> None:
        self._card = card
        self._sector: int | None = None

    @property
    def kind(self) -> RfState:
        """What the reader takes it for."""
        match self._card:
            case MifareUltralight():
                return RfState.ULTRALIGHT
            case _:
                return RfState.S70 if self._card.sectors > 16 else RfState.S50

    @property
    def found(self) -> bytes:
        """What an activation answers behind the "M": ATQA, length and bytes of the serial number, SAK (3.6.1)."""
        serial = self._card.serial
        atqa, sak = _FOUND[self.kind]
        return atqa.to_bytes(2, "big") + bytes((len(serial),)) + serial + bytes((sak,))

    def verify(self, key: Key, sector: int, secret: bytes | None) -> Answer:
        """Log in to `sector`; `secret` is None where the reader keeps none."""
        self._sector = None
        card = self._card
        if sector >= (PAGES if isinstance(card, MifareUltralight) else card.sectors):
            return Answer(Status.ADDRESS_OVERFLOW)
        if isinstance(card, MifareUltralight) or not card.opens(key.name, sector, secret):
            return _FAIL
        self._sector = sector
        return _SUCCESS

    def carry_out(self, command: Operation) -> Answer | None:
        """Return the answer to `command`, None where it is for another card or about logging in. Raises TornError."""
        if not isinstance(command, _OnSector):
            return None
        if isinstance(self._card, MifareUltralight):
            return _on_pages(self._card, command)
        if command.sector >= self._card.sectors:
            return Answer(Status.ADDRESS_OVERFLOW)
        return _FAIL if self._sector != command.sector else _on_blocks(self._card, command)


_OnSector = (
    MifareChangeKeyA | MifareRead | MifareWrite | MifareInitValue | MifareReadValue | MifareIncrement | MifareDecrement
)
_FOUND = {RfState.S50: (0x0004, 0x08), RfState.S70: (0x0002, 0x18), RfState.ULTRALIGHT: (0x0044, 0x00)}


def _on_pages(card: MifareUltralight, command: _OnSector) -> Answer:
    """Every page is a sector; they are read in a row (3.6.4.5)."""
    page = command.sector
    if page >= PAGES:
        return Answer(Status.ADDRESS_OVERFLOW)
    match command:
        case MifareRead(_, block, count) | MifareWrite(_, block, count):
            if block:
                return Answer(Status.ADDRESS_OVERFLOW)
            if (outside := _outside(0, max(count, 1), PAGES - page)) is not None:
                return outside
        case _:
            return _FAIL
    if isinstance(command, MifareRead):
        return Answer(Status.SUCCESS, b"".join(card.read(page + each) for each in range(command.blocks)))
    if len(command.data) != command.blocks * PAGE:
        return _FAIL
    card.write(page, command.data)
    return _SUCCESS


def _on_blocks(card: MifareClassic, command: _OnSector) -> Answer:
    sector = command.sector
    blocks = card.blocks_in(sector)
    match command:
        case MifareChangeKeyA(_, secret):
            card.change_key_a(sector, secret)
            return _SUCCESS
        case MifareRead(_, block, count):
            return _outside(block, max(count, 1), blocks) or Answer(
                Status.SUCCESS, b"".join(card.read(sector, block + each) for each in range(count))
            )
        case MifareWrite(_, block, count, data):
            outside = _outside(block, max(count, 1), blocks)
            # "CRT-591M also will prohibid to write last block" (3.6.4.6)
            if outside is not None or block + count == blocks or len(data) != count * BLOCK:
                return outside or _FAIL
            card.write(sector, block, data)
            return _SUCCESS
        case (
            MifareReadValue(_, block)
            | MifareInitValue(_, block)
            | MifareIncrement(_, block)
            | MifareDecrement(_, block)
        ):
            return _outside(block, 1, blocks) or _on_value(card, command, block)


def _on_value(
    card: MifareClassic, command: MifareReadValue | MifareInitValue | MifareIncrement | MifareDecrement, block: int
) -> Answer:
    sector = command.sector
    before = card.value(sector, block)
    match command:
        case MifareInitValue(value=data):
            after = int.from_bytes(data, "little", signed=True)
        case _ if before is None:
            return _FAIL
        case MifareReadValue():
            return Answer(Status.SUCCESS, before.to_bytes(4, "little", signed=True))
        case MifareIncrement(value=data):
            after = before + int.from_bytes(data, "little")
        case MifareDecrement(value=data):
            after = before - int.from_bytes(data, "little")
    if card.is_trailer(sector, block) or not -(2**31) <= after < 2**31:
        return _FAIL
    card.begin_value(sector, block, after)
    return _SUCCESS
