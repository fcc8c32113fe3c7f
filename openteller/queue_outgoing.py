"""The ways out of the branch queue's server: webhooks, and the way to headquarters."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kiosk_core.clock import Clock
from openteller.queue_broker import BrokerAt, check_broker, line_to
from openteller.trust import trust_besides
from queue_display.branch_names import checked_name
from queue_display.feed import Feed
from queue_display.headquarters.courier import Courier
from queue_display.headquarters.messages import have_topic
from queue_display.server.outgoing import Deed, Outgoing
from queue_display.webhooks.delivering import Means
from queue_display.webhooks.managing import deeds
from queue_display.webhooks.registry import Registry
from queue_display.webhooks.sending import sending
from queue_display.webhooks.service import Webhooks


@dataclass(frozen=True)
class Outside:
    """Who else is told. `webhook_ca`: a CA (PEM) to trust for webhooks besides those of the system.

    `headquarters`: the broker by which they are told, who know this branch as `branch`.
    """

    webhook_ca: Path | None = None
    headquarters: BrokerAt | None = None
    branch: str = ""


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
        OSError: a CA's or login's file cannot be read, or is none.
        BranchNamed, BrokerUnusable: headquarters cannot be told; the text says why.
    """
    trust = trust_besides(outside.webhook_ca)
    with closing(Registry(folder)) as registry, ThreadPoolExecutor(1, thread_name_prefix="webhooks-disk") as disk:
        webhooks = Webhooks(Means(feed, registry, disk, clock), lambda: sending(clock, trust))
        running: list[Outgoing] = [webhooks]
        if outside.headquarters is not None:
            running.append(_courier(outside.headquarters, outside.branch, feed, clock))
        yield Channels(running, deeds(webhooks))


def _courier(broker: BrokerAt, branch: str, feed: Feed, clock: Clock) -> Courier:
    check_broker(broker)
    topic = have_topic(checked_name(branch))
    return Courier(branch, feed, clock, lambda heard, changed: line_to(broker, topic, heard, changed))
