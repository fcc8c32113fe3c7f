"""The one who changes a running branch: takes wishes in order, writes what follows, and only then says so.

What is wished while the disk is busy is decided and written together: one transaction for all of it. Nobody is
answered, and no screen hears, before it is on disk. Whoever looks at the branch looks between two transactions.

Where several processes write one log, each takes its turn and learns what the others wrote before it decides.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple

from queue_display.acts import Act
from queue_display.events import Entry
from queue_display.feed import Feed
from queue_display.keeping import KeptAnswer, LogStore, StoreUnavailable
from queue_display.live import LiveBranch
from queue_display.refusals import Refusal

_log = logging.getLogger(__name__)

_MOST_AT_ONCE = 64

_Asked = TypeVarTuple("_Asked")
_Told = TypeVar("_Told")

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
    author: str
    key: Key | None
    said: "asyncio.Future[str | Refusal]"


class Writer:
    """Runs in one event loop, between `start` and `stop`. `load` folds the branch from the log, at first and anew."""

    def __init__(self, store: LogStore, feed: Feed, load: Callable[[], LiveBranch]) -> None:
        self._store = store
        self._feed = feed
        self._load = load
        self._live: LiveBranch | None = load()
        self._wanted: list[_Wanted] = []
        self._something = asyncio.Event()
        self._turn = asyncio.Lock()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="queue-disk")
        self._stopping = False

    async def do(self, wish: Wish, say: Say, author: str, key: Key | None = None) -> str | Refusal:
        """Let a wish happen, and return what to say of it; with a key that was used before, what was said then.

        `author` goes into the log (see events.Entry).

        A refusal is not kept under its key: nothing has happened, and it may be tried again.

        Raises:
            KeyUsedOtherwise: nothing was done.
            StoreUnavailable: it may or may not have been done; who has a key may ask again.
        """
        wanted = _Wanted(wish, say, author, key, asyncio.get_running_loop().create_future())
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
            yield self._live or await self._caught_up()

    async def catch_up(self) -> None:
        """Learn what others wrote.

        Raises:
            StoreUnavailable: the branch is as it was, or not known now.
        """
        async with self._turn:
            await self._caught_up()

    async def let_time_pass(self) -> None:
        """Do what is due.

        Raises:
            StoreUnavailable: it is done the next time.
        """
        async with self._turn:
            if (await self._caught_up()).is_something_due:
                async with self._in_turn(()) as (live, _):
                    await self._end_turn(live.let_time_pass(), ())

    async def run(self) -> None:
        """Do what is wanted until `stop`."""
        hearing = asyncio.create_task(self._hear_of_others())
        while not self._stopping or self._wanted:
            await self._something.wait()
            self._something.clear()
            while self._wanted:
                async with self._turn:
                    batch, self._wanted = self._wanted[:_MOST_AT_ONCE], self._wanted[_MOST_AT_ONCE:]
                    await self._do_all(batch)
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing
        self._disk.shutdown()

    def stop(self) -> None:
        """Let `run` end once everything that is wanted has been done."""
        self._stopping = True
        self._something.set()

    async def _hear_of_others(self) -> None:
        async with aclosing(self._store.heard()) as heard:
            async for number in heard:
                if number > self._feed.last:
                    try:
                        await self.catch_up()
                    except StoreUnavailable as error:
                        _log.error("%s", error)

    # -- what is known of the log -----------------------------------------------------------------------------------

    async def _caught_up(self) -> LiveBranch:
        """Learn what others wrote, without a turn of one's own."""
        live = await self._folded()
        after = self._known_of(live)
        return self._follow(live, await self._at_disk(lambda: tuple(self._store.entries(after))))

    async def _folded(self) -> LiveBranch:
        if self._live is not None:
            return self._live
        return await self._at_disk(self._load)

    @asynccontextmanager
    async def _in_turn(self, keys: Sequence[str]) -> AsyncIterator[tuple[LiveBranch, Mapping[str, KeptAnswer]]]:
        """Take the turn, and give the branch and answers that are kept; where the block fails only the log knows."""
        live = await self._folded()
        turn = await self._at_disk(self._store.take_turn, self._known_of(live), keys)
        try:
            yield self._follow(live, turn.entries), turn.answers
        except BaseException:
            self._live = None
            await self._at_disk(self._store.let_go)
            raise

    def _known_of(self, live: LiveBranch) -> int:
        """Return up to where the branch and its followers know the log: one of them may be ahead after a failure."""
        return min(live.branch.last.number, self._feed.last)

    def _follow(self, live: LiveBranch, written: Sequence[Entry]) -> LiveBranch:
        self._live = None  # should it be damaged
        live.follow(entry for entry in written if entry.number > live.branch.last.number)
        self._live = live
        if news := [entry for entry in written if entry.number > self._feed.last]:
            self._feed.publish(news)
        return live

    async def _end_turn(self, entries: tuple[Entry, ...], answers: tuple[KeptAnswer, ...]) -> None:
        if not entries:
            await self._at_disk(self._store.let_go)
            return
        await self._at_disk(self._store.append, entries, answers)
        self._feed.publish(entries)

    async def _at_disk(self, ask: Callable[[*_Asked], _Told], *arguments: *_Asked) -> _Told:
        return await asyncio.get_running_loop().run_in_executor(self._disk, ask, *arguments)

    # -- what is wanted ---------------------------------------------------------------------------------------------

    async def _do_all(self, batch: list[_Wanted]) -> None:
        try:
            outcomes = await self._outcomes(batch)
        except Exception as error:  # noqa: BLE001  (whatever it is, the branch goes on from its log)
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

    async def _outcomes(self, batch: list[_Wanted]) -> list[str | Refusal | KeyUsedOtherwise]:
        """Decide each in order and write all in one turn."""
        keys = [wanted.key.key for wanted in batch if wanted.key is not None]
        async with self._in_turn(keys) as (live, kept):
            answers = dict(kept)
            entries: list[Entry] = []
            outcomes = [self._outcome(live, wanted, entries, answers) for wanted in batch]
            await self._end_turn(tuple(entries), tuple(answers[key] for key in answers.keys() - kept.keys()))
        return outcomes

    @staticmethod
    def _outcome(
        live: LiveBranch, wanted: _Wanted, entries: list[Entry], answers: dict[str, KeptAnswer]
    ) -> str | Refusal | KeyUsedOtherwise:
        key = wanted.key
        if key is not None and (kept := answers.get(key.key)) is not None:
            return kept.body if kept.request == key.request else KeyUsedOtherwise()
        act = wanted.wish(live)
        followed = act if isinstance(act, Refusal) else live.do(act, wanted.author)
        if isinstance(followed, Refusal):
            return followed
        said = wanted.say(live, followed)
        entries += followed
        if key is not None:
            answers[key.key] = KeptAnswer(key.key, key.request, said)
        return said


def _fail(said: "asyncio.Future[str | Refusal]", error: Exception) -> None:
    if not said.done():
        said.set_exception(error)
