"""What is secret in what ESC/POS printers print (wire/escpos.py)."""

import re

from kiosk_core.trace import Octets, Spans, What, masked

_LONG = 13
"""Digits from which a number is hidden: a card's has 13 to 19, an identity card's 18."""
_FIRST_SHOWN = 6
_DIGIT = rb"(?:[0-9]|\xa3[\xb0-\xb9])"
_A_DIGIT = re.compile(_DIGIT)
_NUMBER = re.compile(_DIGIT + rb"(?:[ \-]?" + _DIGIT + rb")*")
_GOES_ON = re.compile(rb"(?:[ \-]?" + _DIGIT + rb")+")
_PERHAPS_LONG = re.compile(rb"[0-9 \-\xa3\xb0-\xb9]{13,}")
_UNFINISHED = re.compile(rb"[ \-]?\xa3?\Z")
_TAIL = 64  # bytes: what reaches farther back than this from the end has more than enough digits
# GS k of form B with its count, and GS ( k that stores the data of a two-dimensional code, as many as (pL pH) - 3.
_CODE = re.compile(rb"\x1dk[\x41-\x4f](?P<count>.)|\x1d\(k(?P<size>..)[\x30-\x36]\x50\x30", re.DOTALL)
_CODE_HEAD = 8


class EscPosMasker:
    """Shows what is printed, but for numbers of more than 12 digits and what is in bar codes of form B and in QR codes.

    A QR code may bear what lets its holder act: the page of a queue's ticket.

    A digit may be full-width GB18030; single spaces and hyphens do not end a number. A number that reaches the end
    of a chunk may go on in the next one: no more than 6 digits of it are shown until it has ended.
    """

    def __init__(self) -> None:
        self._digits = 0  # of a number that reached the end of what was sent
        self._unfinished = b""  # what stood behind it: a separator, half of a full-width digit
        self._tail = b""
        self._code = 0  # bytes of a code's data that are still to come

    def mask(self, what: What, data: bytes) -> Octets:
        """Return the chunk with long numbers and codes hidden."""
        if what is not What.OUT:
            # What a printer says of itself is short, but for its serial number, which is not secret.
            return Octets(data)
        return masked(data, _merged(self._codes(data) + self._numbers(data)))

    def gap(self) -> None:
        """Do nothing: what is sent goes on, whatever is received."""

    def _codes(self, data: bytes) -> list[tuple[int, int]]:
        spans = []
        if self._code:
            spans.append((0, min(self._code, len(data))))
            self._code -= spans[0][1]
        joined = self._tail + data
        for found in _CODE.finditer(joined):
            count, size = found["count"], found["size"]
            length = count[0] if count else max(0, int.from_bytes(size, "little") - 3)
            behind = found.end() - len(self._tail)
            if 0 <= behind < len(data):
                spans.append((behind, min(behind + length, len(data))))
            # A head that ended in the chunk before has been counted.
            if behind > 0:
                self._code = max(self._code, behind + length - len(data))
        self._tail = joined[-(_CODE_HEAD - 1) :]
        return spans

    def _numbers(self, data: bytes) -> list[tuple[int, int]]:
        joined, shift = self._unfinished + data, len(self._unfinished)
        self._unfinished = _end_of(joined)
        before, self._digits = self._digits, 0
        behind = len(joined) - len(self._unfinished)
        spans = []
        at = 0
        if before and (first := _GOES_ON.match(joined)):
            at = first.end()
            spans += self._number(joined, 0, at, before, at >= behind)
        for run in _PERHAPS_LONG.finditer(joined, at):
            for number in _NUMBER.finditer(joined, run.start(), run.end()):
                spans += self._number(joined, *number.span(), 0, False)
        for number in _NUMBER.finditer(joined, max(at, len(joined) - _TAIL)):
            if number.end() >= behind:
                spans += self._number(joined, *number.span(), 0, True)
        return [(max(0, begin - shift), end - shift) for begin, end in spans if end > shift]

    def _number(self, data: bytes, begin: int, end: int, before: int, goes_on: bool) -> list[tuple[int, int]]:
        """Return what to hide of the number from `begin` to `end` with `before` digits in earlier chunks."""
        places = [found.start() for found in _A_DIGIT.finditer(data, begin, end)]
        count = before + len(places)
        if goes_on:
            self._digits = min(count, _LONG)
        if count >= _LONG:
            return [(begin, end)]
        if goes_on and count > _FIRST_SHOWN:
            return [(places[max(0, _FIRST_SHOWN - before)], end)]
        return []


def _end_of(data: bytes) -> bytes:
    found = _UNFINISHED.search(data, max(0, len(data) - 2))
    return found.group() if found else b""


def _merged(spans: list[tuple[int, int]]) -> Spans:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif begin < end:
            merged.append((begin, end))
    return tuple(merged)
