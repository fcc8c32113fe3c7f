"""Clients of `openteller queue serve` that wait for each answer."""

import http.client
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import queue_clients
from benchmarks.queue_clients import COMMAND, ROOT, Served
from tests.patience import PATIENCE_S

TICKET = {"services": ["simple"], "customer_class": "ordinary"}


class Client:
    """One connection, kept open."""

    def __init__(self, queue: Served) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", queue.port, timeout=PATIENCE_S)
        self.tokens = dict(queue.tokens)

    def ask(self, role: str, method: str, path: str, body: object = None, key: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        if key:
            headers["Idempotency-Key"] = key
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def did(self, role: str, path: str, body: object = None, key: str = "") -> Any:
        status, answer = self.ask(role, "POST", path, body, key)
        assert status in {200, 201}, answer
        return answer

    def follow(self, after: int) -> Iterator[dict[str, Any]]:
        """Yield the events after `after` until the stream ends, but for `alive`."""
        headers = {"Authorization": f"Bearer {self.tokens['display']}", "Last-Event-ID": str(after)}
        self._connection.request("GET", "/v1/events", headers=headers)
        stream = self._connection.getresponse()
        is_entry = False
        while line := stream.readline():
            if line.startswith(b"id: "):
                is_entry = True
            elif line.startswith(b"data: ") and is_entry:
                yield json.loads(line[6:])
                is_entry = False

    def close(self) -> None:
        self._connection.close()


class Queue:
    """A queue that is served; the connections to it end with it."""

    def __init__(self, queue: Served) -> None:
        self._queue = queue
        self.clients: list[Client] = []

    def client(self) -> Client:
        self.clients.append(Client(self._queue))
        return self.clients[-1]

    def end(self, by: int) -> int:
        self._queue.process.send_signal(by)
        return self._queue.process.wait(PATIENCE_S)


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Queue]:
    with queue_clients.served(folder, *options) as process:
        queue = Queue(process)
        try:
            yield queue
        finally:
            for client in queue.clients:
                client.close()


class Load(threading.Thread):
    """A window that takes tickets and calls them until the queue dies; knows what was acknowledged."""

    def __init__(self, queue: Queue, window: str) -> None:
        super().__init__()
        self._client: Client = queue.client()
        self._window = f"/v1/windows/{window}"
        self.issued: list[str] = []
        self.called: list[str] = []

    def run(self) -> None:
        try:
            while True:
                self._client.ask("teller", "POST", f"{self._window}/finish")  # whoever was there before the kill, too
                self.issued.append(self._client.did("customer", "/v1/tickets", TICKET)["ticket"]["ticket"])
                status, answer = self._client.ask("teller", "POST", f"{self._window}/call-next")
                if status == 200:
                    self.called.append(answer["ticket"]["ticket"])
        except (OSError, http.client.HTTPException):
            pass


def whole_log(queue: Queue) -> list[dict[str, Any]]:
    last = queue.client().ask("manager", "GET", "/v1/status")[1]["entry"]
    return list(islice(queue.client().follow(0), last))


def refusal(*options: str) -> str:
    """Return what is said by a queue that cannot begin with these options."""
    ended = subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr
