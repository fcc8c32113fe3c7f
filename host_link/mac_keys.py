"""Whoever holds the key of the messages' MAC: the PIN pad, or for tests and the simulated terminal software."""

from typing import Protocol


class NoMacKey(Exception):
    """There is no key, or its holder does not answer; the text says which and names no key."""


class KeyRefused(Exception):
    """A key block was not taken and the key that was there stays; the text says why and names no key."""


class MacKeys(Protocol):
    """Holds the MAC key; one thread uses it. The key itself is never seen outside."""

    @property
    def has_key(self) -> bool:
        """Whether there is a key."""
        ...

    @property
    def check_value(self) -> str:
        """The check value of the key as six hex digits, "" where there is no key or its holder tells none."""
        ...

    def mac(self, data: bytes) -> bytes:
        """Return the MAC of `data`, 8 bytes.

        Raises:
            NoMacKey: there is none.
        """
        ...

    def install(self, block: str, covered: bytes, mac: bytes) -> None:
        """Take the MAC key in a TR-31 block, if `mac` is the MAC of `covered` under that very key.

        So an answer that brings a key proves by its own MAC that it was made for this question.

        Raises:
            KeyRefused: the block is damaged, not for us or no MAC key, or the proof is wrong.
        """
        ...
