"""A branch that runs in the test's own process: no socket, its folder in the test's."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.queue_clients import tokens_in
from kiosk_core.clock import Clock
from openteller.queue_outgoing import Channels
from queue_display.feed import Feed
from queue_display.keeping import LogStore
from queue_display.live import LiveBranch
from queue_display.policy import Policy
from queue_display.postgresql.store import PostgresStore
from queue_display.server.access import Limits, Tokens
from queue_display.server.app import Server
from queue_display.store import QueueStore
from queue_display.writer import Writer
from tests.clocks import SetClock
from tests.queue_display.policies import branch_policy

UNLIMITED = Limits(per_second=1e6, burst=1e6)

URL = "http://queue"

TICKET = {"services": ["simple"], "customer_class": "ordinary"}

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass
class Running:
    """A running branch and those who ask it, each by the token of a role."""

    server: Server
    store: LogStore
    client: httpx.AsyncClient
    tokens: Mapping[str, str]

    async def ask(
        self, role: str, method: str, path: str, body: object = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """Ask by the token of a role, or by a token of a ticket."""
        headers["Authorization"] = f"Bearer {self.tokens.get(role, role)}"
        if key is not None:
            headers["Idempotency-Key"] = key
        content = None if body is None else json.dumps(body)
        return await self.client.request(method, path, content=content, headers=headers)

    async def did(self, role: str, path: str, body: object = None, *, key: str | None = None) -> Any:
        """Do something that must succeed; return the answer."""
        answer = await self.ask(role, "POST", path, body, key=key)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def sees(self, role: str, path: str) -> Any:
        answer = await self.ask(role, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def alone(_: Path, __: Feed, ___: Clock) -> Iterator[Channels]:
    """Nobody is told outside the branch."""
    yield Channels((), ())


@asynccontextmanager
async def running(
    folder: Path,
    policy: Policy | None = None,
    clock: Clock | None = None,
    limits: Limits = UNLIMITED,
    beat_s: float = 3600,
    *,
    opened: Callable[[], QueueStore | PostgresStore] | None = None,
    outgoing: Callable[[Path, Feed, Clock], AbstractContextManager[Channels]] = alone,
) -> AsyncIterator[Running]:
    """Run a branch on a Monday at nine; what is due happens only when it is asked something, unless `beat_s` is short.

    Without a `clock` no time passes. Its log is in the folder, or where `opened` says.
    """
    policy, clock = policy or branch_policy(), clock or SetClock(NINE)
    with opened() if opened else QueueStore(folder) as store, ExitStack() as others:
        feed = Feed(store)
        writer = Writer(store, feed, lambda: LiveBranch(policy, clock, store))
        channels = others.enter_context(outgoing(folder, feed, clock))
        server = Server(writer, feed, Tokens(folder), clock, limits, beat_s, URL, channels.running, channels.deeds)
        transport = httpx.ASGITransport(server.app)
        async with (
            server.app.router.lifespan_context(server.app),  # type: ignore[attr-defined]
            httpx.AsyncClient(transport=transport, base_url=URL) as client,
        ):
            yield Running(server, store, client, tokens_in(folder))


@dataclass
class Follower:
    """One connection to the event stream; `texts` are the frames that it got."""

    app: Any
    token: str
    after: int | None = None
    status: int = 0
    data: bytes = b""
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    async def __aenter__(self) -> "Follower":
        headers = [(b"authorization", f"Bearer {self.token}".encode())]
        if self.after is not None:
            headers.append((b"last-event-id", str(self.after).encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "path": "/v1/events",
            "raw_path": b"/v1/events",
            "root_path": "",
            "scheme": "http",
            "query_string": b"",
            "headers": headers,
            "client": ("screen", 1),
            "server": ("queue", 80),
        }
        self._task = asyncio.create_task(self.app(scope, self._receive, self._send))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Pull the plug."""
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _receive(self) -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Mapping[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.data += message.get("body", b"")
        self._more.set()

    @property
    def events(self) -> list[dict[str, Any]]:
        """What came whole, but for `alive`."""
        frames = self.data.decode().split("\n\n")[:-1]
        return [json.loads(frame.partition("data: ")[2]) for frame in frames if frame.startswith("id: ")]

    async def until(self, number: int) -> list[dict[str, Any]]:
        """Wait for event `number`; return all so far."""
        while not (events := self.events) or events[-1]["number"] < number:
            self._more.clear()
            await self._more.wait()
        return events
