"""How one endpoint is told the log: in order, each entry until it is taken, at the endpoint's own pace."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from kiosk_core.clock import Clock
from queue_display.events import Entry
from queue_display.feed import Feed
from queue_display.keeping import StoreUnavailable
from queue_display.webhooks.messages import event_name
from queue_display.webhooks.registry import Endpoint, Registry
from queue_display.webhooks.sending import Sender

_log = logging.getLogger(__name__)

DISABLED_AFTER_S = 3 * 86_400.0
"""An endpoint that has failed so long is told nothing more; Waitwhile has it so (facts: three days)."""

_LEAST_TRIES = 5  # a queue that was off for days has not tried at all
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 1800.0
_UNSAVED = 1000  # entries that an endpoint did not ask for are noted now and then


def pause_s(tries: int, chance: random.Random) -> float:
    """Return how long to wait behind try number `tries` (from 1): 5 s, twice as long each time, to half an hour.

    Up to half of it is left off at random, so that those who failed together do not come back together.
    """
    longest = min(_FIRST_PAUSE_S * 2.0 ** min(tries - 1, 60), _LONGEST_PAUSE_S)
    return longest * chance.uniform(0.5, 1.0)


Pause = Callable[[float], Awaitable[None]]


@dataclass
class Means:
    """What a delivery works with: the log, the list and the thread that writes it, time and chance."""

    feed: Feed
    registry: Registry
    disk: Executor
    clock: Clock
    chance: random.Random = field(default_factory=random.Random)
    pause: Pause = asyncio.sleep

    async def note(self, write: Callable[..., None], *values: object) -> None:
        """Write to the list; where that fails it is only repeated later what need not be."""
        try:
            await asyncio.get_running_loop().run_in_executor(self.disk, write, *values)
        except StoreUnavailable as error:
            _log.error("%s", error)


class Delivery:
    """Tells one endpoint what follows in the log.

    `at` is the last entry that it has or did not ask for; `failing_since` and `reason` are as in `Endpoint`.
    """

    def __init__(self, endpoint: Endpoint, at: int, sender: Sender, means: Means) -> None:
        self.endpoint = endpoint
        self.at = at
        self.failing_since = endpoint.failing_since
        self.reason = endpoint.reason
        self._saved = at
        self._sender = sender
        self._means = means

    async def run(self) -> None:
        """Go on until the endpoint is disabled; what was under way when this is cancelled is told again."""
        tries = 0
        while True:
            try:
                entries = await self._means.feed.after(self.at)
            except StoreUnavailable as error:
                _log.error("%s", error)
                tries += 1
                await self._means.pause(pause_s(tries, self._means.chance))
                continue
            tries = 0
            if not entries:
                await self._means.feed.changed()
            for entry in entries:
                if not await self._tell(entry):
                    return
            await asyncio.sleep(0)  # whoever asked for little catches up with nobody waiting for him

    async def _tell(self, entry: Entry) -> bool:
        """Tell of an entry until it is taken; return whether to go on."""
        if self.endpoint.wants(event_name(entry)):
            if not await self._told(entry):
                return False
            self.failing_since, self.reason = None, ""
        self.at = entry.number
        if self.endpoint.wants(event_name(entry)) or self.at - self._saved >= _UNSAVED:
            self._saved = self.at
            await self._means.note(self._means.registry.delivered, self.endpoint, self.at)
        return True

    async def _told(self, entry: Entry) -> bool:
        tries = 0
        while True:
            sent = await self._sender.send(self.endpoint, entry)
            if not sent.reason:
                return True
            tries += 1
            now = self._means.clock.wall().timestamp()
            since = self.failing_since = now if self.failing_since is None else self.failing_since
            is_too_long = now - since >= DISABLED_AFTER_S and tries >= _LEAST_TRIES
            if sent.is_gone or is_too_long:
                self.reason = sent.reason
                _log.warning("webhook %s is disabled: %s %s", self.endpoint.id, self.endpoint.origin, sent.reason)
                await self._means.note(self._means.registry.disable, self.endpoint, since, sent.reason)
                return False
            if sent.reason != self.reason:
                self.reason = sent.reason
                _log.warning("webhook %s: %s %s", self.endpoint.id, self.endpoint.origin, sent.reason)
                await self._means.note(self._means.registry.fails, self.endpoint, since, sent.reason)
            asked = min(sent.again_after_s, _LONGEST_PAUSE_S)
            await self._means.pause(max(asked, pause_s(tries, self._means.chance)))
