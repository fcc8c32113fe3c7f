"""The log as it grows, for whoever follows it: every entry once and in order, from any number on.

A follower is nothing but the number that it has. So a slow one costs no memory, and one that comes back misses
nothing: the newest entries are at hand, older ones are read from the log.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice

from queue_display.events import Entry
from queue_display.keeping import LogStore, span_of

_AT_HAND = 2000
_AT_ONCE = 200


class Feed:
    """What is on disk, to entry `last`; lives in one event loop."""

    def __init__(self, store: LogStore) -> None:
        self._store = store
        self._newest: deque[Entry] = deque(maxlen=_AT_HAND)
        self._changed = asyncio.Event()
        self.last = store.last_number()
        self.is_closed = False

    def publish(self, entries: Sequence[Entry]) -> None:
        """Tell of entries that are on disk now."""
        self._newest.extend(entries)
        self.last = entries[-1].number
        self.wake()

    def wake(self) -> None:
        """Let all followers look, though nothing may be new: they then show that they are alive."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """Let all followers go."""
        self.is_closed = True
        self.wake()

    async def changed(self) -> None:
        """Wait for the next `publish`, `wake` or `close`."""
        await self._changed.wait()

    async def after(self, number: int) -> Sequence[Entry]:
        """Return what follows entry `number`, not all of it at once; empty: nothing does.

        Raises:
            StoreUnavailable: the log cannot be read.
        """
        if number >= self.last:
            return ()
        if not self._newest or number + 1 < self._newest[0].number:
            most = min(_AT_ONCE, self.last - number)
            return await asyncio.to_thread(lambda: tuple(self._store.entries(number, most)))
        # Followers are nearly always at the end: from there it is a step or two.
        missing = min(self.last - number, len(self._newest))
        return tuple(reversed(tuple(islice(reversed(self._newest), missing))))[:_AT_ONCE]

    async def of_day(self, day: str) -> Sequence[Entry]:
        """Return the entries of a day (YYYY-MM-DD), of today those so far.

        Raises:
            NoSuchDay: the text says which days there are.
            StoreUnavailable: the log cannot be read.
        """
        return await asyncio.to_thread(lambda: tuple(self._store.entries(*span_of(day, self._store.days()))))
