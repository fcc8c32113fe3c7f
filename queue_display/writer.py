"""The one who changes a running branch: takes wishes in order, writes what follows, and only then says so.

What is wished while the disk is busy is decided and written together: one transaction for all of it. Nobody is
answered, and no screen hears, before it is on disk. Whoever looks at the branch looks between two transactions.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from queue_display.acts import Act
from queue_display.events import Entry
from queue_display.feed import Feed
from queue_display.live import LiveBranch
from queue_display.refusals import Refusal
from queue_display.store import KeptAnswer, QueueStore, StoreUnavailable

_log = logging.getLogger(__name__)

_MOST_AT_ONCE = 64

Wish = Callable[[LiveBranch], Act | Refusal]
"""What somebody wants, made of the branch as it is when his turn comes."""

Say = Callable[[LiveBranch, tuple[Entry, ...]], str]
"""What he is told once it is done: a JSON text, made of the branch as it is then and of the entries that followed."""


@dataclass(frozen=True)
class Key:
    """What tells a repeated request from a new one; `request` stands for its content."""

    key: str
    request: str


class KeyUsedOtherwise(Exception):
    """The key came before with another content."""


@dataclass(frozen=True)
class _Wanted:
    wish: Wish
    say: Say
    key: Key | None
    said: "asyncio.Future[str | Refusal]"


class Writer:
    """Runs in one event loop, between `start` and `stop`. `load` folds the branch from the log, at first and anew."""

    def __init__(self, store: QueueStore, feed: Feed, load: Callable[[], LiveBranch]) -> None:
        self._store = store
        self._feed = feed
        self._load = load
        self._live: LiveBranch | None = load()
        self._wanted: list[_Wanted] = []
        self._something = asyncio.Event()
        self._turn = asyncio.Lock()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="queue-disk")
        self._stopping = False

    async def do(self, wish: Wish, say: Say, key: Key | None = None) -> str | Refusal:
        """Let a wish happen, and return what to say of it; with a key that was used before, what was said then.

        A refusal is not kept under its key: nothing has happened, and it may be tried again.

        Raises:
            KeyUsedOtherwise: nothing was done.
            StoreUnavailable: it may or may not have been done; who has a key may ask again.
        """
        wanted = _Wanted(wish, say, key, asyncio.get_running_loop().create_future())
        self._wanted.append(wanted)
        self._something.set()
        return await wanted.said

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[LiveBranch]:
        """Look at the branch while nothing changes.

        Raises:
            StoreUnavailable: the branch is not known now.
        """
        async with self._turn:
            yield self._known()

    async def let_time_pass(self) -> None:
        """Do what is due.

        Raises:
            StoreUnavailable: it is done the next time.
        """
        async with self._turn:
            await self._write(self._known().let_time_pass(), ())

    async def run(self) -> None:
        """Do what is wanted until `stop`."""
        while not self._stopping or self._wanted:
            await self._something.wait()
            self._something.clear()
            while self._wanted:
                async with self._turn:
                    batch, self._wanted = self._wanted[:_MOST_AT_ONCE], self._wanted[_MOST_AT_ONCE:]
                    await self._do_all(batch)
        self._disk.shutdown()

    def stop(self) -> None:
        """Let `run` end once everything that is wanted has been done."""
        self._stopping = True
        self._something.set()

    def _known(self) -> LiveBranch:
        if self._live is None:
            live = self._load()
            written = tuple(self._store.entries(self._feed.last))
            self._live = live
            if written:  # by a transaction of which it was not known whether it had succeeded
                self._feed.publish(written)
        return self._live

    async def _do_all(self, batch: list[_Wanted]) -> None:
        """Decide each in order, write all, answer all; where that fails nobody knows better than the log."""
        entries: list[Entry] = []
        answers: dict[str, KeptAnswer] = {}
        try:
            live = self._known()
            outcomes = [self._outcome(live, wanted, entries, answers) for wanted in batch]
            await self._write(tuple(entries), tuple(answers.values()))
        except Exception as error:  # noqa: BLE001  (whatever it is, the branch goes on from its log)
            self._live = None
            if not isinstance(error, StoreUnavailable):
                _log.exception("a mistake of the program: the branch is read from its log anew")
                error = StoreUnavailable("a mistake of the program; the log has the details")
            for wanted in batch:
                _fail(wanted.said, error)
            return
        for wanted, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, KeyUsedOtherwise):
                _fail(wanted.said, outcome)
            elif not wanted.said.done():
                wanted.said.set_result(outcome)

    def _outcome(
        self, live: LiveBranch, wanted: _Wanted, entries: list[Entry], answers: dict[str, KeptAnswer]
    ) -> str | Refusal | KeyUsedOtherwise:
        key = wanted.key
        if key is not None:
            kept = answers.get(key.key) or self._store.answer(key.key)
            if kept is not None:
                return kept.body if kept.request == key.request else KeyUsedOtherwise()
        act = wanted.wish(live)
        followed = act if isinstance(act, Refusal) else live.do(act)
        if isinstance(followed, Refusal):
            return followed
        said = wanted.say(live, followed)
        entries += followed
        if key is not None:
            answers[key.key] = KeptAnswer(key.key, key.request, said)
        return said

    async def _write(self, entries: tuple[Entry, ...], answers: tuple[KeptAnswer, ...]) -> None:
        if not entries:
            return
        try:
            await asyncio.get_running_loop().run_in_executor(self._disk, self._store.append, entries, answers)
        except BaseException:
            self._live = None
            raise
        self._feed.publish(entries)


def _fail(said: "asyncio.Future[str | Refusal]", error: Exception) -> None:
    if not said.done():
        said.set_exception(error)
