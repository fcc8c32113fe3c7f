"""How headquarters follows the branches: each entry is kept once and in order, whatever comes twice, late or never."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from kiosk_core.clock import Clock
from queue_display.headquarters.keeping import HeadquartersStore, News, Standing
from queue_display.headquarters.messages import BareEntry, Batch, Garbled, Have, branch_of, read_batch

_log = logging.getLogger(__name__)

Message = tuple[str, bytes]
"""Topic and payload."""


class Collector:
    """Takes in what branches send, and says what to answer."""

    def __init__(self, store: HeadquartersStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._standings = dict(store.standings())

    def take(self, messages: Sequence[Message]) -> dict[str, Have]:
        """Keep what is new in messages, in one transaction; return what each branch is to hear of it.

        Raises:
            StoreUnavailable: nothing is kept; the branches will send it again.
        """
        standings: dict[str, Standing] = {}
        entries: dict[str, list[BareEntry]] = {}
        answers: dict[str, Have] = {}
        for topic, payload in messages:
            try:
                branch, batch = branch_of(topic), read_batch(payload)
            except Garbled as garbled:
                _log.warning("%s: %s", topic[:100], garbled)
                continue
            before = standings.get(branch) or self._standings.get(branch, Standing())
            new = _new(branch, before, batch)
            standings[branch] = after = _after(before, batch, new, self._clock.wall().timestamp())
            entries.setdefault(branch, []).extend(new)
            answers[branch] = Have(after.number, after.digest, after.number < batch.sent)
        self._store.keep([News(branch, each, tuple(entries[branch])) for branch, each in standings.items()])
        self._standings |= standings
        return answers


def _new(branch: str, before: Standing, batch: Batch) -> tuple[BareEntry, ...]:
    """Return what may be kept of a batch: what follows at once, if the batch is of the log that is here."""
    for each in batch.entries:
        if each.number == before.number and each.digest != before.digest:
            _log.error("branch %s: entry %d is another than the one here: two logs have one name", branch, each.number)
            return ()
    new = tuple(each for each in batch.entries if each.number > before.number)
    return new if new and new[0].number == before.number + 1 and new[0].at >= before.at else ()


def _after(before: Standing, batch: Batch, new: Sequence[BareEntry], now: float) -> Standing:
    standing = replace(before, last=batch.last, heard_at=now)
    if new:
        standing = replace(standing, number=new[-1].number, digest=new[-1].digest, at=new[-1].at)
    is_behind = standing.number < standing.last
    since = now if before.behind_since is None else before.behind_since
    return replace(standing, behind_since=since if is_behind else None)
