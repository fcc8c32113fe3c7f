"""One entry of the journal as it lies on disk, and the hash that chains it to the one before.

The hash goes over six fields in this order: number, at, transaction, state, facts, previous hash. Each field
is its UTF-8 bytes (the number in decimal) behind their count as four bytes, big-endian, so no two entries share an
encoding. The entry before the first has the hash "0" * 64. Hashes are written as 64 lower-case hex digits.
"""

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from journal.hashes import HashFunction
from kiosk_core.ledger import Facts, LedgerRow, LedgerState

GENESIS = "0" * 64

OF_JOURNAL = ""
"""Stands for the transaction in a row about the journal itself; its state is a Note."""


class Note(Enum):
    """What a row about the journal itself says."""

    CLOCK = "CLOCK"  # the clock is right though it was set back: facts `by`, `reason`
    DISK = (
        "DISK"  # this journal is the terminal's own from here on: facts `by`, `reason`; numbers go on from `sequence`
    )
    HASH = "HASH"  # from the next row on the fact `hash` names the function that chains
    ARCHIVED = "ARCHIVED"  # rows to number `last`, with hash `head`, lie in archives 1 to `archive`, to moment `until`
    RETIRED = "RETIRED"  # archives 1 to `archive` were removed: journal.retirement.Retired


_LARGEST_NUMBER = 10**12 - 1

# Thirteen to twenty digits that stand alone, or in groups of four as on a card. Digits inside a longer word (hex
# of tokens and MACs) are no card number. Cards of twelve digits are extinct, while the host's reference numbers
# and the purse's terminal number have twelve.
_CARD_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?:(?P<run>[0-9]{13,20})|[0-9]{4}(?:[ -][0-9]{4}){2,3}[ -][0-9]{1,4})(?![0-9A-Za-z])", re.ASCII
)


@dataclass(frozen=True)
class Entry:
    """A row of the table `entry`: `at` in ISO 8601 with offset, `facts` as canonical JSON."""

    number: int
    at: str
    transaction: str
    state: str
    facts: str
    previous: str
    hash: str

    @property
    def columns(self) -> tuple[int | str, ...]:
        """The values in the order of the columns."""
        return (self.number, self.at, self.transaction, self.state, self.facts, self.previous, self.hash)

    def true_hash(self, function: HashFunction) -> str:
        """Return the hash that the entry has if nobody changed it."""
        fields = (str(self.number), self.at, self.transaction, self.state, self.facts, self.previous)
        encoded = [text.encode() for text in fields]
        return function.hex(b"".join([len(data).to_bytes(4, "big") + data for data in encoded]))

    @property
    def is_note(self) -> bool:
        """Whether the entry is about the journal itself."""
        return self.transaction == OF_JOURNAL

    @property
    def moment(self) -> datetime:
        """What the clock said; raises ValueError where `at` cannot be read."""
        return datetime.fromisoformat(self.at)

    def row(self) -> LedgerRow:
        """Return the entry in the terms of the core.

        Raises:
            ValueError: the entry is damaged or from a later version: time, state or facts cannot be read.
        """
        return LedgerRow(self.number, self.moment, self.transaction, LedgerState(self.state), json.loads(self.facts))


def next_entry(
    last: Entry | None, at: datetime, transaction: str, state: str, facts: Facts, *, function: HashFunction
) -> Entry:
    """Return the entry that follows `last` (None: the journal's first).

    Raises:
        ValueError, TypeError: as `canonical_facts`.
    """
    number, previous = (last.number + 1, last.hash) if last else (1, GENESIS)
    moment = at.isoformat(timespec="milliseconds")
    unsealed = Entry(number, moment, transaction, state, canonical_facts(facts), previous, "")
    return replace(unsealed, hash=unsealed.true_hash(function))


def canonical_facts(facts: Facts) -> str:
    """Return `facts` as JSON with sorted keys and no spaces.

    Raises:
        ValueError: a fact may be a full card number.
        TypeError: a fact is no text, whole number, truth or None.
    """
    for key, value in facts.items():
        if not isinstance(value, str | int | None):
            raise TypeError(f"fact {key} is a {type(value).__name__}")
        if (isinstance(value, str) and _holds_card_number(value)) or (
            isinstance(value, int) and abs(value) > _LARGEST_NUMBER
        ):
            raise ValueError(f"fact {key} may be a full card number; the journal takes masked numbers and tokens only")
    return json.dumps(dict(facts), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _holds_card_number(text: str) -> bool:
    return any(not _is_moment(match["run"]) for match in _CARD_NUMBER.finditer(text))


def _is_moment(digits: str | None) -> bool:
    """Whether fourteen digits are a date and time of this century (YYYYMMDDhhmmss); no card number begins with 20."""
    if digits is None or len(digits) != 14 or not digits.startswith("20"):
        return False
    try:
        datetime.strptime(f"{digits}+0000", "%Y%m%d%H%M%S%z")
    except ValueError:
        return False
    return True
