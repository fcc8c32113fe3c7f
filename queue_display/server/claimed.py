"""What one server of a branch does for all of them: the others stand by, and take over when it is gone."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from queue_display.keeping import CLAIM_S, LogStore, StoreUnavailable
from queue_display.server.outgoing import OutboxNow, Outgoing

_log = logging.getLogger(__name__)


class Claimed:
    """An `Outgoing` that goes on only while this server has the claim on it, named `work`."""

    def __init__(self, work: str, outgoing: Outgoing, store: LogStore, again_s: float = CLAIM_S / 3) -> None:
        self._work = work
        self._outgoing = outgoing
        self._store = store
        self._again_s = again_s

    @property
    def outboxes(self) -> Sequence[OutboxNow]:
        """Whom it tells, and how far they are; what stands by knows less."""
        return self._outgoing.outboxes

    async def run(self) -> None:
        """Go on until it is cancelled, or ends by itself."""
        while True:
            if await self._is_ours():
                await self._run_while_ours()
            await asyncio.sleep(self._again_s)

    async def _run_while_ours(self) -> None:
        running = asyncio.ensure_future(self._outgoing.run())
        try:
            while not running.done() and await self._is_ours():
                await asyncio.wait({running}, timeout=self._again_s)
            if running.done():
                running.result()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def _is_ours(self) -> bool:
        try:
            return await asyncio.to_thread(self._store.claim, self._work)
        except StoreUnavailable as error:
            _log.error("%s", error)
            return False
