"""A trace as a technician reads it in 80 columns: time, direction, bytes, what they mean."""

import textwrap
from collections.abc import Iterator
from itertools import zip_longest

from drivers.trace.meanings import meaning_of
from kiosk_core.trace import Octets, Record, What

_BYTES_A_LINE = 12
_LINES = 4
_HEX_COLUMNS = 3 * _BYTES_A_LINE - 1
_LEAD = "{time:>10.3f} {sign} "
_MEANING_COLUMNS = 80 - 13 - _HEX_COLUMNS - 2
_SIGNS = {What.OUT: ">", What.IN: "<", What.INTERRUPT: "!", What.CONTROL: "="}
_EVENTS = {
    What.OPEN: "opened",
    What.CLOSE: "closed",
    What.DISCARD: "received bytes thrown away",
    What.TIME_OUT: "no answer in time",
    What.ERROR: "error",
}


class TraceView:
    """Turns the records of one trace into lines, in order; a frame in pieces is explained at its last one."""

    def __init__(self, family: str) -> None:
        self._meaning = meaning_of(family)

    def lines(self, record: Record) -> Iterator[str]:
        """Yield the lines of a record, the first with time and direction; `··` is a hidden byte."""
        lead = _LEAD.format(time=record.at_s, sign=_SIGNS.get(record.what, "-"))
        if record.what not in _SIGNS:
            said = f"{_EVENTS[record.what]}{': ' if record.note else ''}{record.note}"
            yield from textwrap.wrap(said, 80, initial_indent=lead, subsequent_indent=" " * len(lead))
            return
        meaning = self._meaning.say(record.what, record.octets.data)
        if record.what is What.CONTROL:
            meaning = f"request {record.note}"
        for hexes, words in zip_longest(_hex_lines(record.octets), textwrap.wrap(meaning, _MEANING_COLUMNS)):
            yield f"{lead}{hexes or '':{_HEX_COLUMNS}}  {words or ''}".rstrip()
            lead = " " * len(lead)


def _hex_lines(octets: Octets) -> Iterator[str]:
    shown = _LINES * _BYTES_A_LINE
    pairs = [f"{byte:02X}" for byte in octets.data[:shown]]
    for begin, end in octets.hidden:
        for at in range(begin, min(end, len(pairs))):
            pairs[at] = "··"
    for at in range(0, len(pairs), _BYTES_A_LINE):
        yield " ".join(pairs[at : at + _BYTES_A_LINE])
    if len(octets.data) > shown:
        yield f"... {len(octets.data):,} bytes"
