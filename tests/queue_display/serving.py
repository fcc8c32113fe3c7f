"""A branch that is served at a port of this machine by a thread of the test, for browsers."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from benchmarks.queue_clients import tokens_in
from queue_display.feed import Feed
from queue_display.live import LiveBranch
from queue_display.policy import Policy
from queue_display.server.access import Tokens
from queue_display.server.app import Server
from queue_display.store import QueueStore
from queue_display.writer import Writer
from tests.clocks import SetClock
from tests.patience import PATIENCE_S
from tests.queue_display.running import TICKET, UNLIMITED


@dataclass(frozen=True)
class Branch:
    """A served branch; its time passes when the test lets `clock` sleep."""

    url: str
    tokens: Mapping[str, str]
    clock: SetClock

    def ask(self, role: str, method: str, path: str, body: object = None) -> httpx.Response:
        """Ask by the token of a role, or by a token of a ticket."""
        headers = {"Authorization": f"Bearer {self.tokens.get(role, role)}"}
        return httpx.request(method, self.url + path, json=body, headers=headers, trust_env=False, timeout=PATIENCE_S)

    def did(self, role: str, path: str, body: object = None) -> Any:
        """Do something that must succeed; return the answer."""
        answer = self.ask(role, "POST", path, body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def ticket(self, **fields: object) -> Any:
        """Take a ticket; return the answer with its token."""
        return self.did("customer", "/v1/tickets", {**TICKET, **fields})

    def at_window(self, word: str, body: object = None, window: str = "3") -> Any:
        """Do something at a window, by a teller."""
        return self.did("teller", f"/v1/windows/{window}/{word}", body)


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the test's own thread."""
        yield


@contextmanager
def served(folder: Path, policy: Policy, clock: SetClock, *, beat_s: float = 0.2, port: int = 0) -> Iterator[Branch]:
    """Serve a branch as long as the block lasts."""
    with socket.create_server(("127.0.0.1", port)) as listening, QueueStore(folder) as store:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        feed = Feed(store)
        writer = Writer(store, feed, lambda: LiveBranch(policy, clock, store))
        server = Server(writer, feed, Tokens(folder), clock, UNLIMITED, beat_s, url)
        running = _Uvicorn(
            uvicorn.Config(server.app, loop="asyncio", http="h11", ws="none", lifespan="on", log_config=None)
        )
        loop: asyncio.AbstractEventLoop | None = None

        async def run() -> None:
            nonlocal loop
            loop = asyncio.get_running_loop()
            await running.serve(sockets=[listening])

        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        try:
            # It waits in the backlog until the server accepts.
            httpx.get(url + "/v1/health", trust_env=False, timeout=PATIENCE_S)
            yield Branch(url, tokens_in(folder), clock)
        finally:
            assert loop is not None
            loop.call_soon_threadsafe(feed.close)
            running.should_exit = True
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
