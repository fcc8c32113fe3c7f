"""What the CRT-591 is told about cards that only store: SLE4442 and SLE4428, 24C01 to 24C256, Mifare; and its answers.

Source: Creator, "CRT-591-M001 communication protocol" version 1.0, 2013-07-02, chapters 3.4, 3.5 and 3.6.4
(facts/device-protocols.md 3a-1). The reader itself carries these commands out, "specified by a command data form like
C-APDU", and answers with a status word behind the data. No repr has data or keys.
"""

from dataclasses import dataclass, field
from enum import Enum

from wire.crt591_frames import decode_code
from wire.errors import WireError

SLE4442_ATR = bytes.fromhex("A2131091")
SLE4428_ATR = bytes.fromhex("92231091")

_ALL = 256  # bytes that a length of 00 means (3.4.4.4, 3.4.5.1)
_SLE4428_SIZE = 1024
_VALUE = 4


# -- SLE4442 and SLE4428 (3.4) ---------------------------------------------------------------------------------


class Sle4442Area(Enum):
    """The third byte of a command to an SLE4442: 256 bytes, 32 bits of protection, error counter and code."""

    MAIN = 0x00
    PROTECTION = 0x01
    SECURITY = 0x02


class Sle4428Write(Enum):
    """What goes with writing to an SLE4428: the upper half of the third byte.

    Both of the latter protect bytes for ever. 3.4.5.4 (1a) is titled verification and describes writing, 3.4.5.5 (2a)
    is titled writing and describes comparing: the names are of what is described.
    """

    ONLY = 0x00
    AND_PROTECT = 0x10
    PROTECT_IF_EQUAL = 0x20


@dataclass(frozen=True)
class SleReset:
    """53 30: power and reset. Answer: `decode_sle_atr` (3.4.1)."""


@dataclass(frozen=True)
class SleOff:
    """53 31: take the power away (3.4.2)."""


@dataclass(frozen=True)
class AskSle:
    """53 32: which of the two is active. Answer: `decode_sle_state` (3.4.3)."""


@dataclass(frozen=True)
class Sle4442Read:
    """53 33 00 B0: read `count` bytes, 256 of the main memory at most (3.4.4.1 to 3.4.4.3)."""

    area: Sle4442Area
    address: int
    count: int


@dataclass(frozen=True)
class Sle4442WriteTo:
    """53 33 00 D0: write; to PROTECTION: protect the bytes of the main memory that equal `data` (3.4.4.4, 3.4.4.5)."""

    area: Sle4442Area
    address: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Sle4442Verify:
    """53 33 00 20: present the code of 3 bytes; the card counts the wrong ones (3.4.4.6)."""

    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class Sle4428Read:
    """53 34 00 B0 0a: read 1 to 256 of the 1,024 bytes (3.4.5.1)."""

    address: int
    count: int


@dataclass(frozen=True)
class Sle4428ReadProtection:
    """53 34 00 B0 10: read 1 to 128 bytes of protection bits; byte 0 is of addresses 0 to 7 (3.4.5.2)."""

    address: int
    count: int


@dataclass(frozen=True)
class Sle4428WriteTo:
    """53 34 00 D0: write 1 to 256 bytes (3.4.5.3 to 3.4.5.5)."""

    how: Sle4428Write
    address: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Sle4428Verify:
    """53 34 00 20: present the code of 2 bytes; the card counts the wrong ones (3.4.5.6)."""

    secret: bytes = field(repr=False)


# -- 24C01 to 24C256 (3.5) -------------------------------------------------------------------------------------


class I2cType(Enum):
    """Wrd of an activation, where ANY tries all (3.5.1); sti of the state, where it means none (3.5.3)."""

    ANY = "0"
    C01 = "1"
    C02 = "2"
    C04 = "3"
    C08 = "4"
    C16 = "5"
    C32 = "6"
    C64 = "7"
    C128 = "8"
    C256 = "9"


class I2cSupply(Enum):
    """Vcc of an activation (3.5.1)."""

    V5 = "0"
    V3 = "1"


@dataclass(frozen=True)
class I2cActivate:
    """54 30: power the card (3.5.1)."""

    type: I2cType = I2cType.ANY
    supply: I2cSupply = I2cSupply.V5


@dataclass(frozen=True)
class I2cOff:
    """54 31: take the power away (3.5.2)."""


@dataclass(frozen=True)
class AskI2c:
    """54 32: which type is active. Answer: `decode_i2c_state` (3.5.3)."""


@dataclass(frozen=True)
class I2cRead:
    """54 33 00 B0: read 1 to 255 bytes; the address has 2 bytes (3.5.4.1)."""

    address: int
    count: int


@dataclass(frozen=True)
class I2cWrite:
    """54 34 00 D0: write 1 to 255 bytes (3.5.4.2)."""

    address: int
    data: bytes = field(repr=False)


# -- Mifare (3.6.4) --------------------------------------------------------------------------------------------


class Key(Enum):
    """ks of a Mifare key (3.6.4.1)."""

    A = 0x00
    B = 0x01


@dataclass(frozen=True)
class MifareVerify:
    """60 33 00 20: log in to a sector with a key of 6 bytes (3.6.4.1)."""

    key: Key
    sector: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class MifareVerifyStored:
    """60 33 00 21: log in with the key that the reader keeps for the sector (3.6.4.2)."""

    key: Key
    sector: int


@dataclass(frozen=True)
class MifareChangeKeyA:
    """60 33 00 D5: new key A; sets key B to FF.. and the access bits to FF 07 80 69 (3.6.4.3)."""

    sector: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class MifareStoreKey:
    """60 33 00 D0: have the reader keep a key (3.6.4.4)."""

    key: Key
    sector: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class MifareRead:
    """60 33 00 B0: read `blocks` blocks (3.6.4.5)."""

    sector: int
    block: int
    blocks: int


@dataclass(frozen=True)
class MifareWrite:
    """60 33 00 D1: write `blocks` blocks (3.6.4.6)."""

    sector: int
    block: int
    blocks: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class MifareInitValue:
    """60 33 00 D2: make a value block; `value` has 4 bytes, in an order that the manual does not say (3.6.4.7)."""

    sector: int
    block: int
    value: bytes = field(repr=False)


@dataclass(frozen=True)
class MifareReadValue:
    """60 33 00 B1: read a value block (3.6.4.8)."""

    sector: int
    block: int


@dataclass(frozen=True)
class MifareIncrement:
    """60 33 00 D3: add 4 bytes (3.6.4.9)."""

    sector: int
    block: int
    value: bytes = field(repr=False)


@dataclass(frozen=True)
class MifareDecrement:
    """60 33 00 D4: subtract 4 bytes (3.6.4.10)."""

    sector: int
    block: int
    value: bytes = field(repr=False)


Mifare = (
    MifareVerify
    | MifareVerifyStored
    | MifareChangeKeyA
    | MifareStoreKey
    | MifareRead
    | MifareWrite
    | MifareInitValue
    | MifareReadValue
    | MifareIncrement
    | MifareDecrement
)


# -- both ways -------------------------------------------------------------------------------------------------

Operation = (
    Sle4442Read
    | Sle4442WriteTo
    | Sle4442Verify
    | Sle4428Read
    | Sle4428ReadProtection
    | Sle4428WriteTo
    | Sle4428Verify
    | I2cRead
    | I2cWrite
    | Mifare
)
"""What is answered with a status word. Answer: `decode_answer`."""
StorageCommand = SleReset | SleOff | AskSle | I2cActivate | I2cOff | AskI2c | Operation


def parts(command: StorageCommand) -> tuple[int, int, bytes]:  # noqa: C901  (one case a chapter)
    """Return CM, PM and DATA of `command`.

    Raises:
        WireError: a field does not fit its bytes.
    """
    match command:
        case SleReset():
            return 0x53, 0x30, b""
        case SleOff():
            return 0x53, 0x31, b""
        case AskSle():
            return 0x53, 0x32, b""
        case Sle4442Read() | Sle4442WriteTo() | Sle4442Verify():
            return 0x53, 0x33, _sle4442(command)
        case Sle4428Read() | Sle4428ReadProtection() | Sle4428WriteTo() | Sle4428Verify():
            return 0x53, 0x34, _sle4428(command)
        case I2cActivate(kind, supply):
            return 0x54, 0x30, (kind.value + supply.value).encode("ascii")
        case I2cOff():
            return 0x54, 0x31, b""
        case AskI2c():
            return 0x54, 0x32, b""
        case I2cRead(address, count):
            return 0x54, 0x33, _bytes(0x00, 0xB0, *divmod(address, 0x100), _counted(count, 255))
        case I2cWrite(address, data):
            return 0x54, 0x34, _bytes(0x00, 0xD0, *divmod(address, 0x100), _counted(len(data), 255)) + data
        case _:
            return 0x60, 0x33, _mifare(command)


def _sle4442(command: Sle4442Read | Sle4442WriteTo | Sle4442Verify) -> bytes:
    match command:
        case Sle4442Read(area, address, count):
            return _bytes(0x00, 0xB0, area.value, address, _counted(count, _most(area)))
        case Sle4442WriteTo(area, address, data):
            return _bytes(0x00, 0xD0, area.value, address, _counted(len(data), _most(area))) + data
        case Sle4442Verify(secret):
            return b"\x00\x20\x03\x01\x03" + _exactly(secret, 3)


def _sle4428(command: Sle4428Read | Sle4428ReadProtection | Sle4428WriteTo | Sle4428Verify) -> bytes:
    match command:
        case Sle4428Read(address, count):
            high, low = _sle4428_address(address)
            return _bytes(0x00, 0xB0, high, low, _counted(count, _ALL))
        case Sle4428ReadProtection(address, count):
            return _bytes(0x00, 0xB0, 0x10, address, _counted(count, _SLE4428_SIZE // 8))
        case Sle4428WriteTo(how, address, data):
            high, low = _sle4428_address(address)
            return _bytes(0x00, 0xD0, how.value | high, low, _counted(len(data), _ALL)) + data
        case Sle4428Verify(secret):
            return b"\x00\x20\x00\x00\x02" + _exactly(secret, 2)


def _mifare(command: Mifare) -> bytes:  # noqa: C901  (one case a chapter)
    match command:
        case MifareVerify(key, sector, secret):
            return _bytes(0x00, 0x20, key.value, sector, 6) + _exactly(secret, 6)
        case MifareVerifyStored(key, sector):
            return _bytes(0x00, 0x21, key.value, sector)
        case MifareChangeKeyA(sector, secret):
            return _bytes(0x00, 0xD5, 0x00, sector, 6) + _exactly(secret, 6)
        case MifareStoreKey(key, sector, secret):
            return _bytes(0x00, 0xD0, key.value, sector, 6) + _exactly(secret, 6)
        case MifareRead(sector, block, blocks):
            return _bytes(0x00, 0xB0, sector, block, blocks)
        case MifareWrite(sector, block, blocks, data):
            if not blocks or len(data) not in {4 * blocks, 16 * blocks}:
                raise WireError(f"{blocks} Mifare blocks have 4 or 16 bytes each, not {len(data)} in all")
            return _bytes(0x00, 0xD1, sector, block, blocks) + data
        case MifareInitValue(sector, block, value):
            return _bytes(0x00, 0xD2, sector, block, _VALUE) + _exactly(value, _VALUE)
        case MifareReadValue(sector, block):
            return _bytes(0x00, 0xB1, sector, block)
        case MifareIncrement(sector, block, value):
            return _bytes(0x00, 0xD3, sector, block, _VALUE) + _exactly(value, _VALUE)
        case MifareDecrement(sector, block, value):
            return _bytes(0x00, 0xD4, sector, block, _VALUE) + _exactly(value, _VALUE)


def sle_command(pm: int, data: bytes) -> StorageCommand:
    """Return the command that CM 53 begins. Raises ValueError, IndexError."""
    match pm:
        case 0x30:
            return SleReset()
        case 0x31:
            return SleOff()
        case 0x32:
            return AskSle()
        case 0x33:
            return _sle4442_command(data)
        case 0x34:
            return _sle4428_command(data)
        case _:
            raise WireError("unknown parameter")


def _sle4442_command(data: bytes) -> StorageCommand:
    match data[1]:
        case 0xB0:
            return Sle4442Read(Sle4442Area(data[2]), data[3], data[4] or _ALL)
        case 0xD0:
            return Sle4442WriteTo(Sle4442Area(data[2]), data[3], data[5:])
        case 0x20:
            return Sle4442Verify(data[5:])
        case other:
            raise WireError(f"no SLE4442 command {other:02X}")


def _sle4428_command(data: bytes) -> StorageCommand:
    how, high = data[2] & 0xF0, data[2] & 0x0F
    match data[1]:
        case 0xB0 if data[2] == 0x10:
            return Sle4428ReadProtection(data[3], data[4])
        case 0xB0:
            return Sle4428Read(data[2] << 8 | data[3], data[4] or _ALL)
        case 0xD0:
            return Sle4428WriteTo(Sle4428Write(how), high << 8 | data[3], data[5:])
        case 0x20:
            return Sle4428Verify(data[5:])
        case other:
            raise WireError(f"no SLE4428 command {other:02X}")


def i2c_command(pm: int, data: bytes) -> StorageCommand:
    """Return the command that CM 54 begins. Raises ValueError, IndexError."""
    match pm:
        case 0x30:
            supply = decode_code(I2cSupply, data[1:2]) if len(data) > 1 else I2cSupply.V5
            return I2cActivate(decode_code(I2cType, data[:1]), supply)
        case 0x31:
            return I2cOff()
        case 0x32:
            return AskI2c()
        case 0x33:
            return I2cRead(data[2] << 8 | data[3], data[4])
        case 0x34:
            return I2cWrite(data[2] << 8 | data[3], data[5:])
        case _:
            raise WireError("unknown parameter")


def mifare_command(data: bytes) -> Mifare:  # noqa: C901  (one case a chapter)
    """Return the command that 60 33 begins. Raises ValueError, IndexError."""
    first, second, rest = data[2], data[3], data[5:]
    match data[1]:
        case 0x20:
            return MifareVerify(Key(first), second, rest)
        case 0x21:
            return MifareVerifyStored(Key(first), second)
        case 0xD5:
            return MifareChangeKeyA(second, rest)
        case 0xD0:
            return MifareStoreKey(Key(first), second, rest)
        case 0xB0:
            return MifareRead(first, second, data[4])
        case 0xD1:
            return MifareWrite(first, second, data[4], rest)
        case 0xD2:
            return MifareInitValue(first, second, rest)
        case 0xB1:
            return MifareReadValue(first, second)
        case 0xD3:
            return MifareIncrement(first, second, rest)
        case 0xD4:
            return MifareDecrement(first, second, rest)
        case other:
            raise WireError(f"no Mifare command {other:02X}")


def _sle4428_address(address: int) -> tuple[int, int]:
    if not 0 <= address < _SLE4428_SIZE:
        raise WireError(f"an SLE4428 has the addresses 0 to {_SLE4428_SIZE - 1}, not {address}")
    return divmod(address, 0x100)


def _most(area: Sle4442Area) -> int:
    return _ALL if area is Sle4442Area.MAIN else _ALL - 1


def _counted(count: int, most: int) -> int:
    if not 1 <= count <= most:
        raise WireError(f"1 to {most} bytes can be read or written at once here, not {count}")
    return count % _ALL


def _bytes(*values: int) -> bytes:
    try:
        return bytes(values)
    except ValueError:
        raise WireError("a number does not fit its byte") from None


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise WireError(f"{size} bytes are needed, not {len(data)}")
    return data


# -- answers ---------------------------------------------------------------------------------------------------


def decode_sle_atr(data: bytes) -> bytes:
    """Return the 4 bytes that the card answers a reset with: SLE4442_ATR, SLE4428_ATR. Raises WireError."""
    if len(data) != 4:
        raise WireError("no ATR of an SLE card")
    return data


class SleState(Enum):
    """sti of 53 32 (3.4.3)."""

    OFF = "0"
    SLE4442 = "1"
    SLE4428 = "2"


def decode_sle_state(data: bytes) -> SleState:
    """Return which SLE card is active. Raises WireError."""
    return decode_code(SleState, data)


def decode_i2c_state(data: bytes) -> I2cType | None:
    """Return which type is active, None where none is. Raises WireError."""
    active = decode_code(I2cType, data)
    return None if active is I2cType.ANY else active


class Status(Enum):
    """sw1 sw2 (3.4.4, 3.4.5, 3.5.4, 3.6.4); the two about keys are of SLE cards alone.

    3.4.4 alone, of the SLE4442, prints 67 00 and 6B 00 with the meanings exchanged.
    """

    SUCCESS = 0x9000
    FAIL = 0x6F00
    WRONG_KEY = 0x6F01
    WRONG_KEY_AND_LOCKED = 0x6F02
    ADDRESS_OVERFLOW = 0x6B00
    LENGTH_OVERFLOW = 0x6700


@dataclass(frozen=True)
class Answer:
    """What an operation gave; there are data behind SUCCESS alone."""

    status: Status
    data: bytes = field(default=b"", repr=False)


def decode_answer(data: bytes) -> Answer:
    """Return the answer to an operation. Raises WireError."""
    try:
        answer = Answer(Status(int.from_bytes(data[-2:], "big")), data[:-2])
    except ValueError:
        raise WireError("no status word of a card that stores") from None
    if answer.data and answer.status is not Status.SUCCESS:
        raise WireError("data with a status word that is no success")
    return answer
