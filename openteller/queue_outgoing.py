"""The ways out of the branch queue's server: webhooks."""

import ssl
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kiosk_core.clock import Clock
from queue_display.feed import Feed
from queue_display.server.outgoing import Deed, Outgoing
from queue_display.webhooks.delivering import Means
from queue_display.webhooks.managing import deeds
from queue_display.webhooks.registry import Registry
from queue_display.webhooks.sending import sending
from queue_display.webhooks.service import Webhooks


@dataclass(frozen=True)
class Outside:
    """Who else is told. `webhook_ca`: a CA (PEM) to trust for webhooks besides those of the system."""

    webhook_ca: Path | None = None


@dataclass(frozen=True)
class Channels:
    """What tells others while the server runs, and what may be asked of it."""

    running: Sequence[Outgoing]
    deeds: Sequence[Deed]


@contextmanager
def outgoing(folder: Path, feed: Feed, clock: Clock, outside: Outside) -> Iterator[Channels]:
    """Open the ways out of the queue in `folder`.

    Raises:
        StoreUnavailable: the list of webhooks cannot be used.
        OSError: the CA's file cannot be read, or is none.
    """
    trust = ssl.create_default_context()
    if outside.webhook_ca is not None:
        trust.load_verify_locations(outside.webhook_ca)
    with closing(Registry(folder)) as registry, ThreadPoolExecutor(1, thread_name_prefix="webhooks-disk") as disk:
        webhooks = Webhooks(Means(feed, registry, disk, clock), lambda: sending(clock, trust))
        yield Channels((webhooks,), deeds(webhooks))
