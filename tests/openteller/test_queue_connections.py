"""Who connects and does not ask, or asks without end, is let go; whoever has asked is not hurried."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from openteller import queue_connections
from openteller.queue_connections import TimelyHttp
from tests.patience import PATIENCE_S

ASKING_S = 0.2


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, wait for longer than anybody may ask, and answer with the size of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    await asyncio.sleep(2 * ASKING_S)
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connected(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    monkeypatch.setattr(queue_connections, "_ASKING_S", ASKING_S)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, http=TimelyHttp, ws="none", lifespan="off", log_config=None))
        serving = asyncio.create_task(server._serve(sockets=[listening]))
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        async with asyncio.timeout(PATIENCE_S):
            yield reader, writer
        writer.close()
        server.should_exit = True
        await serving


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTT",
        b"GET / HTTP/1.1\r\nHost: queue\r\nX: ",
        b"POST / HTTP/1.1\r\nHost: queue\r\nContent-Length: 10\r\n\r\n123",
        b"POST / HTTP/1.1\r\nHost: queue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n",
    ],
)
def test_whoever_does_not_finish_his_request_is_let_go(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    async def go() -> None:
        async with connected(monkeypatch) as (reader, writer):
            writer.write(sent)
            with suppress(ConnectionResetError):  # the kernel's way of saying so where something was not read
                assert await reader.read() == b""

    asyncio.run(go())


def test_whoever_sends_a_byte_now_and_then_is_let_go_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        async with connected(monkeypatch) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n")
            with suppress(ConnectionError):
                while not reader.at_eof():
                    writer.write(b"X: 1\r\n")
                    await writer.drain()
                    await asyncio.sleep(ASKING_S / 10)

    asyncio.run(go())


def test_whoever_was_answered_once_may_not_take_for_ever_to_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        async with connected(monkeypatch) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: queue\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200")
            writer.write(b"GET / HTT")
            with suppress(ConnectionResetError):
                assert await reader.read() == b""

    asyncio.run(go())


def test_whoever_has_asked_may_wait_and_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        async with connected(monkeypatch) as (reader, writer):
            for body in (b"12345", b"1234567"):
                writer.write(b"POST / HTTP/1.1\r\nHost: queue\r\nContent-Length: %d\r\n\r\n" % len(body))
                await asyncio.sleep(ASKING_S / 4)
                writer.write(body)
                answer = await reader.readuntil(b"\r\n\r\n")
                assert answer.startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(1) == b"%d" % len(body)
                await asyncio.sleep(2 * ASKING_S)

    asyncio.run(go())
