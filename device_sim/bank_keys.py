"""The keys of the simulated bank, held as a security module holds them: keys go in, MACs and key blocks come out.

Cards: facts/purse-load.md 1.2. Terminals: docs/host-messages.md, "Message authentication" and "Key exchange".
"""

import hashlib
import hmac
import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Protocol

from device_sim import card_crypto, key_block
from device_sim.cards.validity import extension, update_key
from device_sim.key_block import HeldKey, KeyBlockError
from device_sim.secure_module import Random, SecureModule
from wire.host_messages import ChargeRequest, IssuerRequest, LoadRequest, OrderRequest

_WithPurse = OrderRequest | ChargeRequest | LoadRequest

_log = logging.getLogger(__name__)

_PURSE = 2  # the type of a purse load in every MAC and TAC
_MAC_KEY_BYTES = 16
_UNUSED_KEYS = 4  # so many are remembered beside the one in use
_EXCHANGE = "exchange"


class PurseKeys:
    """The issuer's two master keys, 16 bytes each, from which every card's keys derive."""

    def __init__(self, load_master_key: bytes, tac_master_key: bytes) -> None:
        self._load_master_key = load_master_key
        self._tac_master_key = tac_master_key
        self._card_key = lru_cache(maxsize=1000)(_card_key)  # the same cards come again

    def mac1_is_right(self, request: _WithPurse) -> bool:
        """Return whether the card itself made MAC1, for this amount."""
        purse = request.purse
        expected = card_crypto.mac1(
            self._session_key(request), purse.balance_fen, request.amount_fen, _PURSE, purse.terminal_no
        )
        return hmac.compare_digest(expected, purse.mac1)

    def mac2(self, request: LoadRequest, day: str, moment: str) -> bytes:
        """Return what makes the card believe a load on `day` (YYYYMMDD) at `moment` (hhmmss)."""
        terminal_no = request.purse.terminal_no
        return card_crypto.mac2(self._session_key(request), request.amount_fen, _PURSE, terminal_no, day, moment)

    def tac(self, request: LoadRequest, day: str, moment: str) -> bytes:
        """Return the proof that the card will give once it is loaded."""
        purse, amount = request.purse, request.amount_fen
        return card_crypto.tac(
            self._card_key(self._tac_master_key, request.card),
            # A balance below zero has 80000000 added (facts/purse-load.md 1.3), before the load and, if so, after it.
            (purse.balance_fen + amount) % 2**31,
            purse.counter,
            amount,
            _PURSE,
            purse.terminal_no,
            day,
            moment,
        )

    def extension(self, request: IssuerRequest, end: str) -> bytes:
        """Return the command that makes a purse valid until `end` (YYYYMMDD), sealed for its challenge."""
        factor = card_crypto.diversification_factor(request.card)
        return extension(update_key(self._load_master_key, factor), request.challenge, end)

    def token(self, text: str) -> bytes:
        """Return a keyed digest (32 bytes), by which what may not be stored is known again."""
        return hmac.digest(self._load_master_key, text.encode("utf-8"), hashlib.sha256)

    def _session_key(self, request: _WithPurse) -> bytes:
        load_key = self._card_key(self._load_master_key, request.card)
        return card_crypto.session_key(load_key, request.purse.random, request.purse.counter)


def _card_key(master_key: bytes, card: str) -> bytes:
    return card_crypto.diversify(master_key, card_crypto.diversification_factor(card))


class MacAlgorithm(Enum):
    """How the MAC of a message is made; the value is the word in settings."""

    RETAIL = "retail"
    CMAC = "cmac"


_USAGES = {MacAlgorithm.RETAIL: ("M3", "T"), MacAlgorithm.CMAC: ("M6", "A")}


@dataclass(frozen=True)
class MacAgreement:
    """What the bank has agreed with its terminals: an algorithm, and the AES key under which MAC keys travel.

    A real bank has an exchange key for each terminal, this one has one for all.
    """

    algorithm: MacAlgorithm
    exchange_key: bytes = field(repr=False)


class KeyShelf(Protocol):
    """Where the MAC keys of terminals lie, as TR-31 blocks under the exchange key."""

    def mac_key_blocks(self, terminal: str) -> tuple[str, ...]:
        """Return the blocks of a terminal's keys: the one in use, then those that it has not used yet, in turn."""
        ...

    def keep_mac_key_blocks(self, terminal: str, blocks: tuple[str, ...]) -> None:
        """Remember them for good."""
        ...


class LineKeys:
    """The MAC keys of all terminals; may be used by many threads.

    An old key counts until the terminal's first message under a newer one, for the answer that brought that may have
    been lost.
    """

    def __init__(self, agreement: MacAgreement, shelf: KeyShelf, random: Random = secrets.token_bytes) -> None:
        self._algorithm = agreement.algorithm
        self._exchange_key = agreement.exchange_key
        self._module = SecureModule(random)
        self._module.put(_EXCHANGE, HeldKey("K0", "A", "B", agreement.exchange_key))
        self._shelf = shelf
        self._random = random
        self._lock = threading.RLock()  # also while a key is in the module

    def renew(self, terminal: str) -> str:
        """Make a new key for the terminal and return its block."""
        usage, algorithm = _USAGES[self._algorithm]
        key = HeldKey(usage, algorithm, "C", self._random(_MAC_KEY_BYTES))
        block = key_block.wrap(self._exchange_key, key, self._random(14), "D")  # 2 bytes of length, 16 and 14: 2 blocks
        with self._lock:
            blocks = self._usable(terminal)
            kept = (*blocks[:1], *blocks[1:][1 - _UNUSED_KEYS :], block)
            self._shelf.keep_mac_key_blocks(terminal, kept)
        _log.info("a new MAC key for %s, check value %s", terminal, self.check_value(block))
        return block

    def check(self, terminal: str, covered: bytes, mac: bytes | None) -> str | None:
        """Return the block of the key with which `mac` was made over `covered`, None if it was made with none."""
        with self._lock:
            blocks = self._usable(terminal)
            for place, block in enumerate(blocks if mac is not None else ()):
                if hmac.compare_digest(self.mac(block, covered), mac or b""):
                    if place:
                        self._shelf.keep_mac_key_blocks(terminal, blocks[place:])
                    return block
        return None

    def any_block(self, terminal: str) -> str:
        """Return the block of a key that the terminal ought to have, "" if it has none."""
        return next(iter(self._usable(terminal)), "")

    def mac(self, block: str, data: bytes) -> bytes:
        """Return the MAC of `data` (8 bytes) under the key of a block of ours."""
        with self._opened(block) as usage:
            return self._module.mac(block, data) if usage == "M3" else self._module.cmac(block, data)

    def check_value(self, block: str) -> str:
        """Return the check value of the key in a block of ours, six hexadecimal digits."""
        with self._opened(block):
            return self._module.check_value(block)

    def _usable(self, terminal: str) -> tuple[str, ...]:
        """Return the blocks of a terminal, but for those from before the agreement was changed."""
        found = []
        for block in self._shelf.mac_key_blocks(terminal):
            with suppress(KeyBlockError), self._opened(block) as usage:
                if usage == _USAGES[self._algorithm][0]:
                    found.append(block)
        return tuple(found)

    @contextmanager
    def _opened(self, block: str) -> Iterator[str]:
        """Have the key of a block in the module, at the place of the block's name; gives its usage."""
        with self._lock:
            key = self._module.open_block(_EXCHANGE, block, block)
            self._module.put(block, key)
            try:
                yield key.usage
            finally:
                self._module.erase(block)
