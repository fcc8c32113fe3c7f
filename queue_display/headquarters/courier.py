"""What takes a running branch's log to headquarters, as fast as the line allows; no ticket and no call waits for it."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from kiosk_core.clock import Clock
from queue_display.feed import Feed
from queue_display.headquarters.branch_end import BranchEnd, Sending
from queue_display.headquarters.line import Line
from queue_display.headquarters.messages import (
    Batch,
    Garbled,
    bare,
    entries_topic,
    read_have,
    write_batch,
)
from queue_display.keeping import StoreUnavailable
from queue_display.server.outgoing import OutboxNow, OutboxState
from queue_display.waiting import happens

_log = logging.getLogger(__name__)

_LOOK_S = 1.0
_NOT_YET = "not connected yet"
_SILENT_S = 150.0  # headquarters answers each question, and is asked each minute at the latest
_MOST_HEARD = 100  # answers that wait to be taken in: only the newest of them matter


class Opening(Protocol):
    """Opens the line; what it hears and how it stands is told from any thread."""

    def __call__(
        self, heard: Callable[[str, bytes], None], changed: Callable[[str], None]
    ) -> AbstractContextManager[Line]:
        """Open the line, until the block ends."""
        ...


class Courier:
    """A queue_display.server.outgoing.Outgoing for the log of `branch`."""

    def __init__(self, branch: str, feed: Feed, clock: Clock, opening: Opening, look_s: float = _LOOK_S) -> None:
        self._branch = branch
        self._feed = feed
        self._clock = clock
        self._opening = opening
        self._look_s = look_s
        self._end = BranchEnd()
        self._down = _NOT_YET
        self._since = clock.wall().timestamp()
        self._heard_at = clock.now()
        self._answers: deque[bytes] = deque(maxlen=_MOST_HEARD)
        self._woken = asyncio.Event()

    @property
    def outboxes(self) -> tuple[OutboxNow, ...]:
        """How far headquarters is; how much waits is known once it has answered."""
        reason = self._end.problem or self._down or self._silence
        state = OutboxState.STOPPED if self._end.problem else OutboxState.FAILING if reason else OutboxState.GOING
        waiting = self._feed.last - min(self._end.have or 0, self._feed.last)
        return (OutboxNow("headquarters", state, waiting, self._since if reason else None, reason),)

    @property
    def _silence(self) -> str:
        if self._end.have is None:
            return "headquarters has not answered yet"
        silent = self._clock.now() - self._heard_at > _SILENT_S
        return "headquarters does not answer; the broker does" if silent else ""

    async def run(self) -> None:
        """Go on until this is cancelled."""
        loop = asyncio.get_running_loop()
        self._end = BranchEnd()  # another server of the branch may have told meanwhile
        self._down = _NOT_YET

        def heard(_: str, payload: bytes) -> None:
            loop.call_soon_threadsafe(self._heard, payload)

        def changed(reason: str) -> None:
            loop.call_soon_threadsafe(self._changed, reason)

        with self._opening(heard, changed) as line:
            while True:
                self._woken.clear()
                try:
                    await self._step(line)
                except StoreUnavailable as error:
                    _log.error("%s", error)
                await happens(self._woken, within_s=self._look_s)

    def _heard(self, payload: bytes) -> None:
        self._answers.append(payload)
        self._woken.set()

    def _changed(self, reason: str) -> None:
        if reason and reason != self._down:
            _log.warning("headquarters: %s", reason)
        if bool(reason) != bool(self._down):
            self._since = self._clock.wall().timestamp()
        self._down = reason
        if not reason:
            self._end.connected(self._clock.now())
        self._woken.set()

    async def _step(self, line: Line) -> None:
        while self._answers:
            await self._take_in(self._answers.popleft())
        while not self._down and (sending := self._end.due(self._feed.last, self._clock.now())) is not None:
            await self._send(line, sending)

    async def _take_in(self, payload: bytes) -> None:
        try:
            have = read_have(payload)
        except Garbled as garbled:
            _log.warning("headquarters: %s", garbled)
            return
        before = self._end.problem
        self._heard_at = self._clock.now()
        if not before:
            self._since = self._clock.wall().timestamp()
        self._end.heard(have, await self._digest_of(have.number), self._clock.now())
        if self._end.problem and not before:
            _log.error("%s", self._end.problem)

    async def _digest_of(self, number: int) -> str:
        entries = await self._feed.after(number - 1) if number > 0 else ()
        return bare(entries[0]).digest if entries else ""

    async def _send(self, line: Line, sending: Sending) -> None:
        entries = (await self._feed.after(sending.after))[: sending.count] if sending.count else ()
        batch = Batch(self._end.sent, self._feed.last, tuple(map(bare, entries)))
        line.publish(entries_topic(self._branch), write_batch(batch), once=not entries)
