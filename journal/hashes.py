"""The hash functions that may chain a journal, and which of them holds for which row.

A journal begins with SHA-256. A row of the journal's own, HASH, names another function; it holds from the next row
on. So the journal says itself how to prove it.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from cryptography.hazmat.primitives import hashes


class HashFunction(Enum):
    """A hash of 32 bytes; the value is its name in journal and configuration."""

    SHA256 = "sha256"
    SM3 = "sm3"  # GB/T 32905-2016; not every OpenSSL behind hashlib has it

    def hex(self, data: bytes) -> str:
        """Return the hash of `data` as 64 lower-case hex digits."""
        match self:
            case HashFunction.SHA256:
                return hashlib.sha256(data).hexdigest()
            case HashFunction.SM3:
                sm3 = hashes.Hash(hashes.SM3())
                sm3.update(data)
                return sm3.finalize().hex()


@dataclass(frozen=True)
class HashHistory:
    """The HASH rows of a journal: their numbers, rising, and the function that each names."""

    changes: tuple[tuple[int, HashFunction], ...] = ()

    @classmethod
    def of(cls, rows: Iterable[tuple[int, str]]) -> "HashHistory":
        """Return the history of HASH rows, each its number and the name of the function.

        Raises:
            ValueError: a function is unknown.
        """
        return cls(tuple((number, HashFunction(name)) for number, name in rows))

    def at(self, number: int) -> HashFunction:
        """Return the function that hashes row `number`."""
        before = bisect_left(self.changes, number, key=lambda change: change[0])
        return self.changes[before - 1][1] if before else HashFunction.SHA256

    def then(self, number: int, function: HashFunction) -> "HashHistory":
        """Return the history with one more HASH row."""
        return HashHistory((*self.changes, (number, function)))
