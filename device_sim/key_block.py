"""TR-31 key blocks (ANSI X9.143), versions A, B and D: how a simulated bank wraps keys and a simulated pad opens them.

Sources: "PIN Pad 791 Programmer's Manual", PM0103-U Rev. 06, p31 and appendix A (A and B, with all steps printed); the
examples of TR-31:2018 A.7 as the tests of openemv/tr31 quote them (A, B, D).
"""

from dataclasses import dataclass, field
from enum import Enum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

_HEADER = 16
_MAC_BYTES = {"A": 4, "B": 8, "D": 16}
# Which key is derived, by version of the block: algorithm and bits by the length of the protecting key.
_TDES_LENGTHS = {16: bytes.fromhex("0000 0080"), 24: bytes.fromhex("0001 00C0")}
_AES_LENGTHS = {16: bytes.fromhex("0002 0080"), 24: bytes.fromhex("0003 00C0"), 32: bytes.fromhex("0004 0100")}
_ENCRYPTION, _AUTHENTICATION = b"\x00\x00", b"\x00\x01"


class KeyBlockFlaw(Enum):
    """What is wrong with a block."""

    FORMAT = "format"
    MAC = "mac"


class KeyBlockError(ValueError):
    """A key block that cannot be opened."""

    def __init__(self, flaw: KeyBlockFlaw) -> None:
        super().__init__(f"the key block's {flaw.value} is wrong")
        self.flaw = flaw


@dataclass(frozen=True)
class HeldKey:
    """A key with what its block says it may do: usage "P0", algorithm "T" or "A", mode "E"."""

    usage: str
    algorithm: str
    mode: str
    value: bytes = field(repr=False)


def unwrap(protection_key: bytes, block: str) -> HeldKey:
    """Return the key in `block`, which `protection_key` (16 or 24 bytes; version D: 16, 24 or 32) protects.

    Raises:
        KeyBlockError: the block is laid out wrong, or was made with another key or changed since.
    """
    header, text = _split(block)
    mac_size = _MAC_BYTES[block[0]]
    try:
        data, mac = text[:-mac_size], text[-mac_size:]
        if block[0] == "A":
            if _variant_mac(protection_key, header, data) != mac:
                raise KeyBlockError(KeyBlockFlaw.MAC)
            plain = _cbc(TripleDES(_long(_variant(protection_key, 0x45))), header[:8]).decryptor().update(data)
        else:
            encryption, authentication = derive(protection_key, block[0])
            plain = _cbc(_cipher(block[0], encryption), mac).decryptor().update(data)
            if _cmac(block[0], authentication, header + plain) != mac:
                raise KeyBlockError(KeyBlockFlaw.MAC)
    except ValueError as error:
        raise error if isinstance(error, KeyBlockError) else KeyBlockError(KeyBlockFlaw.FORMAT) from None
    size, odd = divmod(int.from_bytes(plain[:2], "big"), 8)
    if odd or not 0 < size <= len(plain) - 2:
        raise KeyBlockError(KeyBlockFlaw.FORMAT)
    return HeldKey(block[5:7], block[7], block[8], plain[2 : 2 + size])


def wrap(protection_key: bytes, key: HeldKey, padding: bytes, version: str = "B") -> str:
    """Return `key` as a block of version B or D without optional parts, not exportable.

    `padding` fills the last block of the cipher, 8 bytes or 16.

    Raises:
        ValueError: key and padding do not fill whole blocks.
    """
    plain = (len(key.value) * 8).to_bytes(2, "big") + key.value + padding
    length = _HEADER + 2 * (len(plain) + _MAC_BYTES[version])
    header = f"{version}{length:04}{key.usage}{key.algorithm}{key.mode}00N0000".encode("ascii")
    encryption, authentication = derive(protection_key, version)
    mac = _cmac(version, authentication, header + plain)
    encryptor = _cbc(_cipher(version, encryption), mac).encryptor()
    data = encryptor.update(plain) + encryptor.finalize()
    return header.decode("ascii") + (data + mac).hex().upper()


def derive(protection_key: bytes, version: str) -> tuple[bytes, bytes]:
    """Return the keys for encryption and for the MAC of a block of version B or D.

    Raises:
        ValueError: the version cannot be protected by a key of this length.
    """
    lengths, size = (_AES_LENGTHS, 16) if version == "D" else (_TDES_LENGTHS, 8)
    if len(protection_key) not in lengths:
        raise ValueError("a protecting key of this length does not fit the version")
    derived = [
        b"".join(
            _cmac(version, protection_key, bytes((counter,)) + usage + b"\x00" + lengths[len(protection_key)])
            for counter in range(1, -(-len(protection_key) // size) + 1)
        )[: len(protection_key)]
        for usage in (_ENCRYPTION, _AUTHENTICATION)
    ]
    return derived[0], derived[1]


def _split(block: str) -> tuple[bytes, bytes]:
    """Return header and binary rest of a block. Raises KeyBlockError."""
    try:
        if block[0] not in "ABD" or int(block[1:5]) != len(block) or not block.isascii():
            raise KeyBlockError(KeyBlockFlaw.FORMAT)
        end = _HEADER
        for _ in range(int(block[12:14])):
            length = int(block[end + 2 : end + 4], 16)
            end += max(length, 4)
        return block[:end].encode("ascii"), bytes.fromhex(block[end:])
    except (ValueError, IndexError):
        raise KeyBlockError(KeyBlockFlaw.FORMAT) from None


def _variant(key: bytes, pattern: int) -> bytes:
    return bytes(byte ^ pattern for byte in key)


def _variant_mac(protection_key: bytes, header: bytes, data: bytes) -> bytes:
    encryptor = _cbc(TripleDES(_long(_variant(protection_key, 0x4D))), bytes(8)).encryptor()
    return (encryptor.update(header + data) + encryptor.finalize())[-8:-4]


def _long(key: bytes) -> bytes:
    """Return a TDES key with three parts."""
    return key + key[:8] if len(key) == 16 else key


def _cipher(version: str, key: bytes) -> TripleDES | algorithms.AES:
    return algorithms.AES(key) if version == "D" else TripleDES(_long(key))


def _cbc(algorithm: TripleDES | algorithms.AES, iv: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithm, modes.CBC(iv))


def _cmac(version: str, key: bytes, data: bytes) -> bytes:
    mac = CMAC(_cipher(version, key))
    mac.update(data)
    return mac.finalize()
