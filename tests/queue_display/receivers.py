"""Those who are told by webhooks: one in the test's process that fails as a test says, and hostile ones at a socket."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import Enum

import httpx

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Fate(Enum):
    """What becomes of one message."""

    TAKEN = "taken"
    REFUSED = "refused"  # 500: not taken
    UNREACHED = "unreached"
    UNHEARD = "unheard"  # taken, but the answer gets lost
    KILLED = "killed"  # taken, and the queue dies before it hears so
    POWER_CUT = "power cut"  # the same, and what was not synced is lost


def answer(status: int, headers: dict[str, str] | None = None) -> httpx.Response:
    """Make an answer whose body is still to be read, as it is where a network is."""
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b""))


class Receiver:
    """Takes messages, each by the next of `fates`, then all; `numbers` are those taken, in their order."""

    def __init__(self, fates: "list[Fate]") -> None:
        self._fates = fates
        self.numbers: list[int] = []
        self.ids: list[str] = []
        self.killed = asyncio.Event()
        self.fate = Fate.TAKEN
        self._more = asyncio.Event()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Be the handler of an httpx.MockTransport."""
        self.fate = self._fates.pop(0) if self._fates else Fate.TAKEN
        if self.fate is Fate.UNREACHED:
            raise httpx.ConnectError("nobody listens")
        if self.fate is Fate.REFUSED:
            return answer(500)
        self.numbers.append(json.loads(request.content)["data"]["number"])
        self.ids.append(request.headers["webhook-id"])
        self._more.set()
        if self.fate is Fate.UNHEARD:
            raise httpx.ReadError("the connection was cut")
        if self.fate is not Fate.TAKEN:
            self.killed.set()
            await asyncio.Event().wait()
        return answer(204)

    async def has(self, number: int) -> None:
        """Wait until event `number` was taken, or the queue is to die."""
        while number not in self.numbers and not self.killed.is_set():
            self._more.clear()
            await self._more.wait()


@asynccontextmanager
async def listening(answering: Answering, trust: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Answer at a free port of this machine; yield the URL."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answering(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side has had enough
        finally:
            writer.close()

    server = await asyncio.start_server(answered, "127.0.0.1", 0, ssl=trust)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if trust else 'http'}://127.0.0.1:{port}/hook"
    finally:
        server.close()
