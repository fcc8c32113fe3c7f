"""The cards that are not to be loaded, as a list that never holds a full card number.

A line names one card: masked as on a receipt ("310487*********5678", which bars every card that looks like this),
by its token in this terminal's journal (32 hex digits), or by the SHA-256 of its digits (64 hex digits), which a
head office can make for all its terminals. What follows a "#" is a remark. A digest hides a number from a glance,
not from somebody who tries all numbers: the list is confidential all the same.
"""

import hashlib
import re
from dataclasses import dataclass

from kiosk_core.card_number import CardNumber

_MASKED = re.compile(r"[0-9]{6}\*{2,10}[0-9]{4}", re.ASCII)
_TOKEN_OR_DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}", re.ASCII)
_FULL_NUMBER = re.compile(r"[0-9]{12,20}", re.ASCII)


class BlacklistError(ValueError):
    """A list that cannot be relied on: the number of the `line` (from 1) and the `problem`, which quotes nothing."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


@dataclass(frozen=True)
class Blacklist:
    """The entries of a list: masked numbers, tokens and digests."""

    entries: frozenset[str] = frozenset()

    def bars(self, number: CardNumber, token: str) -> bool:
        """Return whether the card is on the list; `token` is its name in the journal."""
        digest = hashlib.sha256(number.reveal().encode()).hexdigest()
        return not self.entries.isdisjoint((number.masked, token, digest))


def parse_blacklist(text: str) -> Blacklist:
    """Read a list.

    A file that was cut off must not pass for a short list: the last line needs its line end, and a list without
    cards at least one remark.

    Raises:
        BlacklistError: a line names no card, or the list may be cut off.
    """
    lines = text.split("\n")
    if lines.pop():
        raise BlacklistError(len(lines) + 1, "has no line end: the list may be cut off")
    if not lines:
        raise BlacklistError(1, 'the list is empty; one without cards has a line "# no cards"')
    entries = (_entry(number, line) for number, line in enumerate(lines, start=1))
    return Blacklist(frozenset(entry for entry in entries if entry))


def _entry(number: int, line: str) -> str:
    entry = line.partition("#")[0].strip()
    if _FULL_NUMBER.fullmatch(entry):
        raise BlacklistError(number, "is a full card number; write it masked, or the SHA-256 of its digits")
    if entry and not (_MASKED.fullmatch(entry) or _TOKEN_OR_DIGEST.fullmatch(entry)):
        raise BlacklistError(
            number, "names no card: neither a masked number (310487*********5678) nor 32 or 64 hex digits (0-9a-f)"
        )
    return entry
