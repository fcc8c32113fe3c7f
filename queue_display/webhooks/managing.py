"""Webhooks as the manager sees and changes them over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import MaxLen
from pydantic import AfterValidator, WithJsonSchema

from queue_display.server.access import Role
from queue_display.server.asking import STRICT, Nothing
from queue_display.server.outgoing import Deed, OutboxNow
from queue_display.server.problems import Problem
from queue_display.webhooks.addresses import AddressRefused, checked_url, origin_of
from queue_display.webhooks.messages import EVENTS
from queue_display.webhooks.registry import Endpoint, Registry
from queue_display.webhooks.service import Webhooks

_MOST = 20
_MANAGER = frozenset({Role.MANAGER})


def _known(name: str) -> str:
    if name not in EVENTS:
        raise ValueError(f"there is no event {name}; there are {', '.join(EVENTS)}")
    return name


EventName = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(EVENTS)})]


@dataclass(frozen=True)
class AddWebhook:
    """Who is to be told of which events; none named: of all."""

    url: Annotated[str, MaxLen(1000)]
    events: Annotated[tuple[EventName, ...], MaxLen(len(EVENTS))] = ()

    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class EnableWebhook:
    """`skip`: what it has missed is dropped, and it is told what comes from now on."""

    skip: bool = False

    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class WebhookNow:
    """An endpoint. `events`: what it is told, none: all. `delivery`: how far it has got."""

    webhook: str
    url: str
    events: tuple[str, ...]
    made_at: float
    delivery: OutboxNow


@dataclass(frozen=True)
class NewWebhook:
    """An endpoint that was made, and its secret, which is shown this once."""

    webhook: WebhookNow
    secret: str


@dataclass(frozen=True)
class WebhooksNow:
    """All endpoints."""

    webhooks: tuple[WebhookNow, ...]


@dataclass(frozen=True)
class Removed:
    """It is gone; `waiting` entries were not told."""

    webhook: str
    waiting: int


@dataclass(frozen=True)
class Enabled:
    """It is told again; `dropped` entries are not."""

    webhook: str
    dropped: int


def deeds(webhooks: Webhooks) -> tuple[Deed, ...]:
    """Return what may be asked."""
    managing = _Managing(webhooks)
    path = "/v1/webhooks"
    one = f"{path}/{{webhook}}"
    return (
        Deed("GET", path, "Who is told what happens, and how far he is", _MANAGER, Nothing, managing.list, WebhooksNow),
        Deed("POST", path, "Tell somebody", _MANAGER, AddWebhook, managing.add, NewWebhook, makes=True),
        Deed("DELETE", one, "Tell somebody no more", _MANAGER, Nothing, managing.remove, Removed),
        Deed("POST", f"{one}/enable", "Tell somebody at once", _MANAGER, EnableWebhook, managing.enable, Enabled),
    )


class _Managing:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    async def list(self, _: Mapping[str, str], __: Nothing) -> WebhooksNow:
        return WebhooksNow(tuple(map(self._now, await self._webhooks.listed())))

    async def add(self, _: Mapping[str, str], body: AddWebhook) -> NewWebhook:
        try:
            url, origin = checked_url(body.url), origin_of(body.url)
        except AddressRefused as refused:
            raise Problem(422, "wrong_url", refused.sentence.en, refused.sentence.zh) from None
        means = self._webhooks.means
        now, last = means.clock.wall().timestamp(), means.feed.last

        def write(registry: Registry) -> Endpoint:
            if origin not in registry.allowed():
                raise _not_allowed(origin)
            if len(registry.endpoints()) >= _MOST:
                raise Problem(
                    409, "too_many", f"There are {_MOST} already: delete one first.", f"最多{_MOST}个，请先删除一个。"
                )
            return registry.add(url, body.events, now, last)

        made = await self._webhooks.change(write)
        return NewWebhook(self._now(made), made.secret)

    async def remove(self, path: Mapping[str, str], _: Nothing) -> Removed:
        endpoint = await self._one(path)
        waiting = self._webhooks.standing(endpoint).waiting
        await self._change(path, lambda registry: registry.remove(endpoint.id))
        return Removed(endpoint.id, waiting)

    async def enable(self, path: Mapping[str, str], body: EnableWebhook) -> Enabled:
        endpoint = await self._one(path)
        waiting = self._webhooks.standing(endpoint).waiting
        await self._change(path, lambda registry: registry.enable(endpoint.id, skip=body.skip))
        return Enabled(endpoint.id, waiting if body.skip else 0)

    async def _one(self, path: Mapping[str, str]) -> Endpoint:
        found = next((each for each in await self._webhooks.listed() if each.id == path["webhook"]), None)
        if found is None:
            raise _no_webhook(path["webhook"])
        return found

    async def _change(self, path: Mapping[str, str], write: Callable[[Registry], bool]) -> None:
        if not await self._webhooks.change(write):
            raise _no_webhook(path["webhook"])

    def _now(self, endpoint: Endpoint) -> WebhookNow:
        events = tuple(sorted(endpoint.events))
        return WebhookNow(endpoint.id, endpoint.url, events, endpoint.made_at, self._webhooks.standing(endpoint))


def _no_webhook(webhook: str) -> Problem:
    return Problem(404, "no_webhook", f"There is no webhook {webhook}.", f"没有{webhook}这个Webhook。")


def _not_allowed(origin: str) -> Problem:
    return Problem(
        422,
        "not_allowed",
        f"Nothing may be sent to {origin}: a technician allows it by openteller queue webhook allow.",
        f"尚未允许向{origin}发送；请技术人员用openteller queue webhook allow加入许可。",
    )
