"""`openteller queue serve` as a process, and clients of it."""

import http.client
import json
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.queue_display.running import tokens_in

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "openteller", "queue", "serve"]


@dataclass
class Served:
    """A queue that is served, and the tokens of its roles."""

    process: "subprocess.Popen[str]"
    port: int
    tokens: Mapping[str, str]
    clients: list["Client"] = field(default_factory=list)

    def client(self) -> "Client":
        """Connect; the connection ends with the queue."""
        client = Client(self.port, self.tokens)
        self.clients.append(client)
        return client

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(by)
        return self.process.wait(20)


class Client:
    """One connection, kept open."""

    def __init__(self, port: int, tokens: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._tokens = tokens

    def ask(self, role: str, method: str, path: str, body: object = None, key: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._tokens[role]}"}
        if key:
            headers["Idempotency-Key"] = key
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def did(self, role: str, path: str, body: object = None, key: str = "") -> Any:
        status, answer = self.ask(role, "POST", path, body, key)
        assert status in {200, 201}, answer
        return answer

    def follow(self, after: int, role: str = "display") -> http.client.HTTPResponse:
        """Ask for the event stream; each call needs a client of its own."""
        headers = {"Authorization": f"Bearer {self._tokens[role]}", "Last-Event-ID": str(after)}
        self._connection.request("GET", "/v1/events", headers=headers)
        return self._connection.getresponse()

    def close(self) -> None:
        self._connection.close()


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    """Serve the queue in `folder` at a free port."""
    command = [*COMMAND, "--data", str(folder), "--port", "0", "--rate", "1000000", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        queue = Served(process, 0, {})
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 30)[0], "the queue does not begin"
            place = re.search(r"127\.0\.0\.1:(\d+)/", process.stdout.readline())
            assert place is not None
            queue.port, queue.tokens = int(place[1]), tokens_in(folder)
            yield queue
        finally:
            process.kill()
            for client in queue.clients:
                client.close()


def events(stream: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """Yield the events of a stream until it ends, but for `alive`."""
    is_entry = False
    while line := stream.readline():
        if line.startswith(b"id: "):
            is_entry = True
        elif line.startswith(b"data: ") and is_entry:
            yield json.loads(line[6:])
            is_entry = False
