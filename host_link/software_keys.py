"""A MAC key in software, for tests and the simulated terminal: a real terminal's keys live in its PIN pad.

Retail MAC: ISO/IEC 9797-1 MAC algorithm 3 with DES and padding method 1 (ANSI X9.19). CMAC: RFC 4493. Keys come in
TR-31 blocks of version D, under an AES key-exchange key (ANSI X9.143).
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from psec import tr31

from host_link.mac_keys import KeyRefused, NoMacKey
from wire.host_mac import MAC_BYTES

_DES_BLOCK = 8


class MacAlgorithm(Enum):
    """How the MAC of a message is made (docs/host-messages.md); the value is the word in the configuration."""

    RETAIL = "retail"
    CMAC = "cmac"


class _MacKey(Protocol):
    def mac(self, data: bytes) -> bytes: ...

    def check_value(self) -> str: ...


@dataclass(frozen=True)
class RetailMacKey:
    """Two DES keys, 16 bytes.

    Raises:
        ValueError: the key has another length.
    """

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != 16:
            raise ValueError("a retail MAC key has 16 bytes")

    def mac(self, data: bytes) -> bytes:
        """Return the MAC, 8 bytes: CBC with the first key, the last block under both."""
        padded = data + bytes(-len(data) % _DES_BLOCK)
        # Single DES is 3DES with one key three times over.
        cbc = Cipher(TripleDES(self.value[:8] * 3), modes.CBC(bytes(_DES_BLOCK))).encryptor()
        last = (cbc.update(padded) + cbc.finalize())[-_DES_BLOCK:]
        second = Cipher(TripleDES(self.value[8:] * 3), modes.ECB()).decryptor()  # noqa: S305  (one block)
        first = Cipher(TripleDES(self.value[:8] * 3), modes.ECB()).encryptor()  # noqa: S305  (one block)
        return first.update(second.update(last))

    def check_value(self) -> str:
        """Return the first three bytes of a block of zeros under the key as 3DES, in hex."""
        encryptor = Cipher(TripleDES(self.value + self.value[:8]), modes.ECB()).encryptor()  # noqa: S305  (one block)
        return encryptor.update(bytes(_DES_BLOCK))[:3].hex().upper()


@dataclass(frozen=True)
class CmacKey:
    """An AES key of 16, 24 or 32 bytes.

    Raises:
        ValueError: the key has another length.
    """

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) not in {16, 24, 32}:
            raise ValueError("an AES key has 16, 24 or 32 bytes")

    def mac(self, data: bytes) -> bytes:
        """Return the leftmost 8 bytes of the CMAC."""
        return self._cmac(data)[:MAC_BYTES]

    def check_value(self) -> str:
        """Return the first three bytes of the CMAC of a block of zeros (ANSI X9.24-1:2017), in hex."""
        return self._cmac(bytes(16))[:3].hex().upper()

    def _cmac(self, data: bytes) -> bytes:
        cmac = CMAC(algorithms.AES(self.value))
        cmac.update(data)
        return cmac.finalize()


_USAGES: Mapping[MacAlgorithm, tuple[str, str]] = {MacAlgorithm.RETAIL: ("M3", "T"), MacAlgorithm.CMAC: ("M6", "A")}
_MODES = {"G", "C"}  # make MACs; make and check them
_KINDS: Mapping[MacAlgorithm, type[RetailMacKey] | type[CmacKey]] = {
    MacAlgorithm.RETAIL: RetailMacKey,
    MacAlgorithm.CMAC: CmacKey,
}


class SoftwareMacKeys:
    """Implements host_link.mac_keys.MacKeys in this process's memory.

    Args:
        algorithm: the only one it takes keys for.
        exchange_key: AES, 16, 24 or 32 bytes; opens the blocks.
        value: a MAC key to begin with, None for none.
    """

    def __init__(self, algorithm: MacAlgorithm, exchange_key: bytes, value: bytes | None = None) -> None:
        self._algorithm = algorithm
        self._exchange_key = exchange_key
        self._key: _MacKey | None = None if value is None else _KINDS[algorithm](value)

    @property
    def has_key(self) -> bool:
        """Whether there is a key."""
        return self._key is not None

    @property
    def check_value(self) -> str:
        """The check value of the key; see the protocol."""
        return "" if self._key is None else self._key.check_value()

    def mac(self, data: bytes) -> bytes:
        """Return the MAC of `data`; see the protocol."""
        if self._key is None:
            raise NoMacKey("the terminal has no MAC key yet")
        return self._key.mac(data)

    def install(self, block: str, covered: bytes, mac: bytes) -> None:
        """Take the key of a block; see the protocol."""
        key = self._opened(block)
        if not hmac.compare_digest(key.mac(covered), mac):
            raise KeyRefused("the answer that brought the key is not sealed with it")
        self._key = key

    def _opened(self, block: str) -> _MacKey:
        if not block.startswith("D"):
            raise KeyRefused("the key block is not of version D")
        try:
            header, value = tr31.unwrap(self._exchange_key, block)
            if (header.key_usage, header.algorithm) != _USAGES[self._algorithm] or header.mode_of_use not in _MODES:
                raise KeyRefused(f"the key block holds no {self._algorithm.value} MAC key")
            return _KINDS[self._algorithm](value)
        except ValueError:  # tr31.HeaderError and tr31.KeyBlockError are such
            raise KeyRefused("the key block is damaged, or not made for this terminal") from None
