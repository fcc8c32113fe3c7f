"""Cards for the simulated CRT-591: what goes through its slot, and cards that only store.

Source: the manual that wire/crt591.py names, chapters 3.4, 3.5 and 3.6.4. Where it is silent (how an error counter is
written down, how a Mifare value lies in its block) a card does as its kind is commonly known to do.
"""

from dataclasses import dataclass

from device_sim.card import Card
from wire.crt591_chips import Air, Protocol, RfState
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


def _outside(address: int, count: int, size: int) -> Answer | None:
    if address >= size:
        return Answer(Status.ADDRESS_OVERFLOW)
    return Answer(Status.LENGTH_OVERFLOW) if address + count > size else None


class _Secret:
    """The code of an SLE card, locked for ever after `tries` wrong ones in a row."""

    def __init__(self, code: bytes, tries: int) -> None:
        self.code = code
        self.errors = 0
        self.verified = False
        self._tries = tries

    def verify(self, code: bytes) -> Answer:
        self.verified = False
        if self.errors < self._tries and code == self.code:
            self.verified, self.errors = True, 0
            return _SUCCESS
        self.errors = min(self.errors + 1, self._tries)
        return Answer(Status.WRONG_KEY if self.errors < self._tries else Status.WRONG_KEY_AND_LOCKED)


class SimulatedSle4442:
    """256 bytes, of which 32 can be protected, and a code of 3 bytes with three tries (3.4.4)."""

    ATR = SLE4442_ATR

    def __init__(self, code: bytes = b"\xff\xff\xff") -> None:
        self.memory = bytearray(b"\xff" * 256)
        self.protected: set[int] = set()
        self.secret = _Secret(code, 3)

    def power_off(self) -> None:
        """Forget that the code was presented."""
        self.secret.verified = False

    def carry_out(self, command: Operation) -> Answer | None:
        """Return the answer to `command`, None where it is not for such a card."""
        match command:
            case Sle4442Read(area, address, count):
                content = self._content(area)
                return _outside(address, count, len(content)) or Answer(
                    Status.SUCCESS, content[address : address + count]
                )
            case Sle4442Verify(secret):
                return self.secret.verify(secret)
            case Sle4442WriteTo(area, address, data):
                return self._write(area, address, data)
            case _:
                return None

    def _content(self, area: Sle4442Area) -> bytes:
        match area:
            case Sle4442Area.MAIN:
                return bytes(self.memory)
            case Sle4442Area.PROTECTION:  # "1" is protected (3.4.4.4)
                return sum(1 << address for address in self.protected).to_bytes(4, "little")
            case Sle4442Area.SECURITY:
                return bytes((self.secret.errors,)) + (self.secret.code if self.secret.verified else bytes(3))

    def _write(self, area: Sle4442Area, address: int, data: bytes) -> Answer:
        addresses = set(range(address, address + len(data)))
        size = {Sle4442Area.MAIN: 256, Sle4442Area.PROTECTION: _PROTECTABLE, Sle4442Area.SECURITY: 4}[area]
        if (outside := _outside(address, len(data), size)) is not None:
            return outside
        if not self.secret.verified:
            return _FAIL
        match area:
            case Sle4442Area.MAIN:
                if addresses & self.protected:
                    return _FAIL
                self.memory[address : address + len(data)] = data
            case Sle4442Area.PROTECTION:
                if self.memory[address : address + len(data)] != data:
                    return _FAIL
                self.protected |= addresses
            case Sle4442Area.SECURITY:
                content = bytearray((self.secret.errors, *self.secret.code))
                content[address : address + len(data)] = data
                self.secret.errors, self.secret.code = content[0], bytes(content[1:])
        return _SUCCESS


class SimulatedSle4428:
    """1,024 bytes that can all be protected, and a code of 2 bytes with eight tries (3.4.5)."""

    ATR = SLE4428_ATR

    def __init__(self, code: bytes = b"\xff\xff") -> None:
        self.memory = bytearray(b"\xff" * 1024)
        self.protected: set[int] = set()
        self.secret = _Secret(code, 8)

    def power_off(self) -> None:
        """Forget that the code was presented."""
        self.secret.verified = False

    def carry_out(self, command: Operation) -> Answer | None:
        """Return the answer to `command`, None where it is not for such a card."""
        match command:
            case Sle4428Read(address, count):
                return _outside(address, count, 1024) or Answer(
                    Status.SUCCESS, bytes(self.memory[address : address + count])
                )
            case Sle4428ReadProtection(address, count):
                bits = sum(1 << protected for protected in self.protected).to_bytes(128, "little")
                return _outside(address, count, 128) or Answer(Status.SUCCESS, bits[address : address + count])
            case Sle4428Verify(secret):
                return self.secret.verify(secret)
            case Sle4428WriteTo(how, address, data):
                return _outside(address, len(data), 1024) or self._write(how, address, data)
            case _:
                return None

    def _write(self, how: Sle4428Write, address: int, data: bytes) -> Answer:
        addresses = set(range(address, address + len(data)))
        if not self.secret.verified:
            return _FAIL
        if how is Sle4428Write.PROTECT_IF_EQUAL:
            if self.memory[address : address + len(data)] != data:
                return _FAIL
        elif addresses & self.protected:
            return _FAIL
        self.memory[address : address + len(data)] = data
        if how is not Sle4428Write.ONLY:
            self.protected |= addresses
        return _SUCCESS


class SimulatedI2cCard:
    """A 24C01 to 24C256: 128 bytes, and twice as many with every type (3.5.4). Raises ValueError for ANY."""

    def __init__(self, kind: I2cType) -> None:
        if kind is I2cType.ANY:
            raise ValueError("a card is of one type")
        self.type = kind
        self.memory = bytearray(b"\xff" * (64 << int(kind.value)))

    def power_off(self) -> None:
        """Forget nothing: all is kept."""

    def carry_out(self, command: Operation) -> Answer | None:
        """Return the answer to `command`, None where it is not for such a card."""
        match command:
            case I2cRead(address, count):
                return _outside(address, count, len(self.memory)) or Answer(
                    Status.SUCCESS, bytes(self.memory[address : address + count])
                )
            case I2cWrite(address, data):
                outside = _outside(address, len(data), len(self.memory))
                if outside is None:
                    self.memory[address : address + len(data)] = data
                return outside or _SUCCESS
            case _:
                return None


class SimulatedMifare:
    """A Mifare S50, S70 or Ultralight, new with keys of FF (3.6.4). Raises ValueError for other kinds."""

    def __init__(self, uid: bytes, kind: RfState = RfState.S50) -> None:
        if kind not in _ATQA:
            raise ValueError("no Mifare card")
        self.uid = uid
        self.kind = kind
        self.atqa = _ATQA[kind]
        self.sak = _SAK[kind]
        self.blocks: dict[tuple[int, int], bytes] = {}
        self.keys: dict[tuple[Key, int], bytes] = {}
        self._sector: int | None = None  # logged in to

    def power_off(self) -> None:
        """Forget who logged in where."""
        self._sector = None

    def verify(self, key: Key, sector: int, secret: bytes | None) -> Answer:
        """Log in to `sector`; `secret` is None where the reader keeps none."""
        self._sector = None
        if sector >= self._sectors:
            return Answer(Status.ADDRESS_OVERFLOW)
        if self.kind is RfState.ULTRALIGHT or secret != self._key(key, sector):
            return _FAIL
        self._sector = sector
        return _SUCCESS

    def carry_out(self, command: Operation) -> Answer | None:  # noqa: C901  (one case a chapter)
        """Return the answer to `command`, None where it is not for such a card or about logging in."""
        if not isinstance(command, _OnSector):
            return None
        sector = command.sector
        if sector >= self._sectors:
            return Answer(Status.ADDRESS_OVERFLOW)
        if self._sector != sector and self.kind is not RfState.ULTRALIGHT:
            return _FAIL
        match command:
            case MifareChangeKeyA(_, secret):
                self.keys[Key.A, sector] = secret
                self.keys.pop((Key.B, sector), None)
                return _SUCCESS
            case MifareRead(_, block, count):
                return self._outside(sector, block, count) or Answer(
                    Status.SUCCESS, b"".join(self._block(*place) for place in self._places(sector, block, count))
                )
            case MifareWrite(_, block, count, data):
                return self._write(sector, block, count, data)
            case MifareReadValue(_, block):
                value = self._value(sector, block)
                return _FAIL if value is None else Answer(Status.SUCCESS, value.to_bytes(4, "little", signed=True))
            case MifareInitValue(_, block, data):
                return self._store(sector, block, int.from_bytes(data, "little", signed=True))
            case MifareIncrement(_, block, data):
                return self._add(sector, block, int.from_bytes(data, "little"))
            case MifareDecrement(_, block, data):
                return self._add(sector, block, -int.from_bytes(data, "little"))

    @property
    def _sectors(self) -> int:
        return 40 if self.kind is RfState.S70 else 16

    def _blocks_of(self, sector: int) -> int:
        if self.kind is RfState.ULTRALIGHT:
            return self._sectors - sector  # every sector is a block; they are read in a row (3.6.4.5)
        return 16 if sector >= 32 else 4

    def _places(self, sector: int, block: int, count: int) -> list[tuple[int, int]]:
        if self.kind is RfState.ULTRALIGHT:
            return [(sector + each, 0) for each in range(count)]
        return [(sector, block + each) for each in range(count)]

    def _outside(self, sector: int, block: int, count: int) -> Answer | None:
        if self.kind is RfState.ULTRALIGHT and block:
            return Answer(Status.ADDRESS_OVERFLOW)
        return _outside(block, max(count, 1), self._blocks_of(sector))

    def _key(self, key: Key, sector: int) -> bytes:
        return self.keys.get((key, sector), b"\xff" * 6)

    def _block(self, sector: int, block: int) -> bytes:
        if self.kind is not RfState.ULTRALIGHT and block == self._blocks_of(sector) - 1:
            return bytes(6) + bytes.fromhex("FF078069") + self._key(Key.B, sector)
        return self.blocks.get((sector, block), bytes(4 if self.kind is RfState.ULTRALIGHT else 16))

    def _write(self, sector: int, block: int, count: int, data: bytes) -> Answer:
        size = len(data) // count
        if (outside := self._outside(sector, block, count)) is not None:
            return outside
        # "CRT-591M also will prohibid to write last block" (3.6.4.6)
        last = self.kind is not RfState.ULTRALIGHT and block + count == self._blocks_of(sector)
        if last or size != (4 if self.kind is RfState.ULTRALIGHT else 16):
            return _FAIL
        for number, place in enumerate(self._places(sector, block, count)):
            self.blocks[place] = data[number * size : (number + 1) * size]
        return _SUCCESS

    def _value(self, sector: int, block: int) -> int | None:
        content = self._block(sector, block)
        value, inverse = content[:4], bytes(byte ^ 0xFF for byte in content[4:8])
        return int.from_bytes(value, "little", signed=True) if value == inverse == content[8:12] else None

    def _add(self, sector: int, block: int, amount: int) -> Answer:
        value = self._value(sector, block)
        return _FAIL if value is None else self._store(sector, block, value + amount)

    def _store(self, sector: int, block: int, value: int) -> Answer:
        if not -(2**31) <= value < 2**31:
            return _FAIL
        data = value.to_bytes(4, "little", signed=True)
        address = bytes((block, block ^ 0xFF)) * 2
        return self._write(sector, block, 1, data + bytes(byte ^ 0xFF for byte in data) + data + address)


_OnSector = (
    MifareChangeKeyA | MifareRead | MifareWrite | MifareInitValue | MifareReadValue | MifareIncrement | MifareDecrement
)
_ATQA = {RfState.S50: 0x0004, RfState.S70: 0x0002, RfState.ULTRALIGHT: 0x0044}
_SAK = {RfState.S50: 0x08, RfState.S70: 0x18, RfState.ULTRALIGHT: 0x00}


@dataclass(eq=False)
class MotorCard:
    """A card as it goes through the slot: what its contacts are of, what answers by radio, and whether it fits.

    `chip` speaks `protocol` and keeps to EMV where `emv` is set, `radio` speaks by `air`; `memory` is at the contacts
    of a card without a chip.
    """

    chip: Card | None = None
    radio: Card | None = None
    protocol: Protocol = Protocol.T0
    emv: bool = True
    air: Air = Air.A
    memory: SimulatedSle4442 | SimulatedSle4428 | SimulatedI2cCard | None = None
    mifare: SimulatedMifare | None = None
    too_long: bool = False
    too_short: bool = False
