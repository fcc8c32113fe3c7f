"""What a branch and headquarters say to each other, as JSON; persons are in none of it.

A branch publishes to `openteller/queue/BRANCH/entries`; headquarters answers, retained, at `.../BRANCH/have`.
"""

import hashlib
import re
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from queue_display.branch import BrokenLog
from queue_display.branch_names import is_branch_name
from queue_display.events import Entry
from queue_display.rows import read_event, write_event
from queue_display.telling import without_persons

MOST_BYTES = 1 << 20
_TOPIC = re.compile(r"openteller/queue/([^/]+)/entries")


class Garbled(Exception):
    """A message is none of ours."""


@dataclass(frozen=True)
class BareEntry:
    """An entry of the log without persons: its kind and fields as `queue_display.rows` writes them."""

    number: int
    at: float
    kind: str
    fields: str

    @property
    def digest(self) -> str:
        """What tells it from any other entry of this number."""
        said = f"{self.number}\n{self.at!r}\n{self.kind}\n{self.fields}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def entry(self) -> Entry:
        """The entry.

        Raises:
            BrokenLog: a later version wrote it.
        """
        return Entry(self.number, self.at, read_event(self.kind, self.fields))


@dataclass(frozen=True)
class Batch:
    """The next entries of a branch's log, consecutive, or none: then it asks what headquarters has.

    `sent` is the last entry that was sent, now or before; `last` the last of the log.
    """

    sent: int
    last: int
    entries: tuple[BareEntry, ...] = ()


@dataclass(frozen=True)
class Have:
    """Headquarters has all up to entry `number` (0: nothing), which has this digest.

    `again`: something that was sent behind it got lost.
    """

    number: int
    digest: str
    again: bool = False


_BATCH, _HAVE = TypeAdapter(Batch), TypeAdapter(Have)


def bare(entry: Entry) -> BareEntry:
    """Return an entry as it leaves the branch."""
    return BareEntry(entry.number, float(entry.at), *write_event(without_persons(entry.event)))


def entries_topic(branch: str) -> str:
    """Return where a branch publishes ("+": all branches)."""
    return f"openteller/queue/{branch}/entries"


def have_topic(branch: str) -> str:
    """Return where headquarters answers a branch."""
    return f"openteller/queue/{branch}/have"


def branch_of(topic: str) -> str:
    """Return whose entries these are.

    Raises:
        Garbled: nobody's.
    """
    found = _TOPIC.fullmatch(topic)
    if found is None or not is_branch_name(found[1]):
        raise Garbled("no branch is named so")
    return found[1]


def write_batch(batch: Batch) -> bytes:
    """Return a batch as it is sent."""
    return _BATCH.dump_json(batch)


def read_batch(payload: bytes) -> Batch:
    """Return what a branch sent.

    Raises:
        Garbled: it is no batch.
    """
    if len(payload) > MOST_BYTES:
        raise Garbled(f"{len(payload)} bytes are too many")
    try:
        batch = _BATCH.validate_json(payload)
    except ValidationError as error:
        raise Garbled(f"no batch: {error.error_count()} mistakes") from None
    numbers = [each.number for each in batch.entries]
    if numbers and (numbers[0] < 1 or numbers != list(range(numbers[0], numbers[-1] + 1)) or batch.sent < numbers[-1]):
        raise Garbled("entries that do not follow each other")
    if any(later.at < earlier.at for earlier, later in zip(batch.entries, batch.entries[1:], strict=False)):
        raise Garbled("entries that go back in time")
    try:
        for each in batch.entries:
            read_event(each.kind, each.fields)
    except BrokenLog as error:
        raise Garbled(str(error)) from None
    return batch


def write_have(have: Have) -> bytes:
    """Return an answer as it is sent."""
    return _HAVE.dump_json(have)


def read_have(payload: bytes) -> Have:
    """Return what headquarters has.

    Raises:
        Garbled: it does not say so.
    """
    try:
        return _HAVE.validate_json(payload)
    except ValidationError as error:
        raise Garbled(f"no answer of headquarters: {error.error_count()} mistakes") from None
