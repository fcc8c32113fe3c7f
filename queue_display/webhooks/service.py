"""All webhooks of a running branch: each endpoint has a task of its own, and what changes in the list is soon seen."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TypeVar

from queue_display.keeping import StoreUnavailable
from queue_display.server.outgoing import OutboxNow, OutboxState
from queue_display.waiting import happens
from queue_display.webhooks.delivering import Delivery, Means
from queue_display.webhooks.registry import Endpoint, Registry
from queue_display.webhooks.sending import Sender

_log = logging.getLogger(__name__)

_LOOK_S = 2.0  # how often the list is looked at: the technician's commands change it from outside
_OUR_MISTAKE = "a mistake of the program; the log has the details"

_T = TypeVar("_T")

_Run = tuple[Delivery, "asyncio.Task[None]"]


class Webhooks:
    """A queue_display.server.outgoing.Outgoing; `opened` gives what messages are sent by while it runs."""

    def __init__(
        self, means: Means, opened: Callable[[], AbstractAsyncContextManager[Sender]], look_s: float = _LOOK_S
    ) -> None:
        self.means = means
        self._opened = opened
        self._look_s = look_s
        self._endpoints: tuple[Endpoint, ...] = ()
        self._allowed: frozenset[str] = frozenset()
        self._runs: dict[tuple[str, int], _Run] = {}
        self._changed = asyncio.Event()

    @property
    def outboxes(self) -> tuple[OutboxNow, ...]:
        """Whom it tells, and how far they are; only hosts are named, for the rest of a URL may be a secret."""
        return tuple(map(self.standing, self._endpoints))

    def standing(self, endpoint: Endpoint) -> OutboxNow:
        """Return how far an endpoint has got."""
        run = self._runs.get((endpoint.id, endpoint.revision))
        at, since, reason = endpoint.delivered, endpoint.failing_since, endpoint.reason
        if run is not None:
            at, since, reason = run[0].at, run[0].failing_since, run[0].reason
        state = OutboxState.GOING if since is None else OutboxState.FAILING
        if not endpoint.enabled or (run is not None and run[1].done()):
            state = OutboxState.STOPPED
        elif endpoint.origin not in self._allowed:
            state, reason = OutboxState.STOPPED, f"{endpoint.origin} is not allowed: a technician must allow it"
        waiting = 0 if at is None else max(0, self.means.feed.last - at)
        return OutboxNow(f"webhook {endpoint.id} {endpoint.origin}", state, waiting, since, reason)

    async def listed(self) -> tuple[Endpoint, ...]:
        """Return all endpoints, as the list says now.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        self._endpoints, self._allowed = await self._on_disk(_read)
        return self._endpoints

    async def change(self, write: Callable[[Registry], _T]) -> _T:
        """Change the list, and let what runs follow soon.

        Raises:
            StoreUnavailable: it cannot be written.
        """
        written = await self._on_disk(write)
        self._changed.set()
        return written

    async def run(self) -> None:
        """Tell everybody until this is cancelled."""
        async with self._opened() as sender:
            try:
                while True:
                    self._changed.clear()
                    try:
                        await self._follow_the_list(sender)
                    except StoreUnavailable as error:
                        _log.error("%s", error)
                    await happens(self._changed, within_s=self._look_s)
            finally:
                await self._end(set(self._runs))

    async def _follow_the_list(self, sender: Sender) -> None:
        await self.listed()
        wanted = {
            (each.id, each.revision): each for each in self._endpoints if each.enabled and each.origin in self._allowed
        }
        await self._end(self._runs.keys() - wanted.keys())
        for key, endpoint in wanted.items():
            if key not in self._runs:
                delivery = Delivery(endpoint, await self._begin(endpoint), sender, self.means)
                self._runs[key] = delivery, asyncio.create_task(_run(delivery))

    async def _begin(self, endpoint: Endpoint) -> int:
        """Return the entry behind which an endpoint is told; from now on, if it has none, also after a restart."""
        last = self.means.feed.last
        if endpoint.delivered is not None:
            return min(endpoint.delivered, last)
        await self._on_disk(lambda registry: registry.delivered(endpoint, last))
        return last

    async def _end(self, keys: "set[tuple[str, int]]") -> None:
        tasks = [self._runs.pop(key)[1] for key in keys]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _on_disk(self, work: Callable[[Registry], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self.means.disk, partial(work, self.means.registry))


def _read(registry: Registry) -> tuple[tuple[Endpoint, ...], frozenset[str]]:
    return registry.endpoints(), frozenset(registry.allowed())


async def _run(delivery: Delivery) -> None:
    try:
        await delivery.run()
    except Exception:  # noqa: BLE001  (whatever it is, the other endpoints go on)
        _log.exception("webhook %s: %s", delivery.endpoint.id, _OUR_MISTAKE)
        delivery.reason = _OUR_MISTAKE
