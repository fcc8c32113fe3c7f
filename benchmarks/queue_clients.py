"""A branch queue as a process of its own, and what asks it: kiosks, windows and screens on plain asyncio streams.

They parse as little as they can: whatever they compute is missing to the server, where processors are few.
"""

import asyncio
import json
import os
import re
import select
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from queue_display.server.access import HAND_OUT_NAME

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "openteller", "queue", "serve"]
BEGIN_S = 120

_PAUSE_S = 0.05

TICKET = b'{"services":["simple"],"customer_class":"ordinary"}'


@dataclass(frozen=True)
class Served:
    """A queue that is served at `port` of this machine; `tokens` by role."""

    process: "subprocess.Popen[str]"
    port: int
    tokens: Mapping[str, str]


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    """Serve the queue in `folder` at a free port, to clients that ask as often as they can; kill it in the end.

    It is about noon in the branch: no day begins meanwhile, whose numbers would begin anew.
    """
    command = [*COMMAND, "--data", str(folder), "--port", "0", "--rate", "1000000", *options]
    environment = {**os.environ, "TZ": f"NOON{datetime.now(UTC).hour - 12:+d}"}
    with subprocess.Popen(  # noqa: S603  (ourselves)
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], BEGIN_S)[0], "the queue does not begin"
            place = re.search(r"127\.0\.0\.1:(\d+)/", process.stdout.readline())
            assert place is not None
            yield Served(process, int(place[1]), tokens_in(folder))
        finally:
            process.kill()


def tokens_in(folder: Path) -> dict[str, str]:
    """Return the tokens to hand out, by role."""
    lines = (folder / HAND_OUT_NAME).read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))


@dataclass(frozen=True)
class Rate:
    """How many a second, and how long each took: milliseconds at p50 and p99."""

    per_second: float
    p50_ms: float
    p99_ms: float


def rate(took: list[float], seconds: float) -> Rate:
    """Return the rate of what `took` so many seconds each, in `seconds` altogether."""
    hundredths = statistics.quantiles(took, n=100)
    return Rate(len(took) / seconds, 1000 * statistics.median(took), 1000 * hundredths[98])


class Connection:
    """One connection of one role, kept open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, token: str) -> None:
        self._reader = reader
        self._writer = writer
        json_body = "Content-Type: application/json\r\n"
        self._head = f"Host: {host}\r\n{json_body}Authorization: Bearer {token}\r\n".encode()

    @classmethod
    async def open(cls, queue: Served, role: str) -> "Connection":
        """Connect."""
        place = f"127.0.0.1:{queue.port}"
        return cls(*await asyncio.open_connection("127.0.0.1", queue.port), place, queue.tokens[role])

    async def post(self, path: str, body: bytes = b"", key: str = "") -> tuple[int, bytes]:
        """Do something; return status and body."""
        keyed = f"Idempotency-Key: {key}\r\n" if key else ""
        return await self._ask(f"POST {path} HTTP/1.1\r\n{keyed}Content-Length: {len(body)}\r\n", body)

    async def get(self, path: str) -> tuple[int, bytes]:
        """Look at something; return status and body."""
        return await self._ask(f"GET {path} HTTP/1.1\r\n")

    async def _ask(self, head: str, body: bytes = b"") -> tuple[int, bytes]:
        self._writer.write(head.encode() + self._head + b"\r\n" + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        return int(answer[9:12]), await self._reader.readexactly(length)

    async def did(self, path: str, body: bytes = b"", key: str = "") -> Any:
        """Do something that must succeed; return the answer."""
        status, answer = await self.post(path, body, key)
        assert status in {200, 201}, answer
        return json.loads(answer)

    async def follow(self, after: int) -> AsyncIterator[bytes]:
        """Yield the events after `after`, as JSON; the connection is of no other use then."""
        self._writer.write(b"GET /v1/events HTTP/1.1\r\nLast-Event-ID: %d\r\n%s\r\n" % (after, self._head))
        answer = await self._reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        is_entry = False
        while True:
            line = await self._reader.readline()
            if not line:
                return
            if line.startswith(b"id: "):
                is_entry = True
            elif is_entry and line.startswith(b"data: "):
                is_entry = False
                yield line[6:]

    def close(self) -> None:
        """Pull the plug."""
        self._writer.close()


async def open_windows(queues: Sequence[Served], count: int) -> list[Connection]:
    """Sign in tellers at windows 1 to `count`, at all servers of the branch; return a connection each."""
    windows = [await Connection.open(queues[place % len(queues)], "teller") for place in range(count)]
    for number, window in enumerate(windows, 1):
        await window.did(f"/v1/windows/{number}/sign-in", b'{"teller":"%d"}' % number)
    return windows


class Screens:
    """Screens that follow the log from entry `after`, all in this process; `seen` is told each call as it comes."""

    def __init__(self, queue: Served, after: int, seen: Callable[[str], None] = lambda _: None) -> None:
        self._queue = queue
        self._after = after
        self._seen = seen
        self._there = asyncio.Semaphore(0)
        self._watching: list[asyncio.Task[None]] = []

    async def begin(self, count: int) -> None:
        """Connect so many."""
        self._watching = [asyncio.create_task(self._watch()) for _ in range(count)]
        for _ in self._watching:
            await self._there.acquire()
        await asyncio.sleep(1)  # their requests are on the way

    async def end(self) -> None:
        """Hang up."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)

    async def _watch(self) -> None:
        screen = await Connection.open(self._queue, "display")
        self._there.release()
        try:
            async for event in screen.follow(self._after):
                if b'"kind":"Called"' in event:
                    self._seen(json.loads(event)["ticket"])
        finally:
            screen.close()


async def call_one_by_one(kiosk: Connection, window: Connection, number: str, calls: int) -> dict[str, float]:
    """Call `number` to window 1, then new tickets, so many in all; return when each was about to be (perf_counter)."""
    sent: dict[str, float] = {}
    for _ in range(calls):
        sent[number] = time.perf_counter()
        await window.did("/v1/windows/1/call", json.dumps({"ticket": number}).encode())
        await asyncio.sleep(_PAUSE_S)
        await window.did("/v1/windows/1/finish")
        number = (await kiosk.did("/v1/tickets", TICKET))["ticket"]["ticket"]
        await asyncio.sleep(_PAUSE_S)
    return sent
