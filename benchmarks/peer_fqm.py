"""FQM (https://github.com/mrf345/FQM, MPL-2.0) as a peer of the queue's server, from a checkout on this machine.

Nothing of it is here. It runs as its README says, with gevent, on a database of its own: one office, one task, a token
of its API. The same clients ask it; its screens look every two seconds, as its display page does. FQM answers with 200
even when two windows are given one ticket; what it does wrong is in docs/queue/measurements.md.
"""

import argparse
import asyncio
import http.client
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.queue_clients import BEGIN_S, Connection, Rate, Served, rate

HOW = "a checkout of FQM with its environment in .venv (requirements/docker.txt and gevent), measured in the same run"
NOT_RUN = (
    "FQM was not run (--peer fqm=DIR). By itself, on a machine of this class, November 2026: 18-47 tickets/s, 23-77"
    " calls/s, a call on a screen after 850-1,100 ms (p50)."
)

_LOOKS_EVERY_S = 2.0
_LOST_AFTER_S = 2 * _LOOKS_EVERY_S
_CALLS = 12
_SET_UP = """
import os
from app.main import bundle_app
with bundle_app().app_context():
    from app.middleware import db
    from app.database import AuthTokens, Office, Serial, Task, Touch_store
    office, task, token = Office("1", "A"), Task("simple"), AuthTokens("bench")
    db.session.add_all([office, task, token])
    office.tasks.append(task)
    db.session.add(Serial(100, 1, 1, p=True))  # its pages make this one with an office
    Touch_store.get().n = True  # tickets by name, without a printer
    db.session.commit()
    print("TOKEN", token.token, flush=True)
os._exit(0)  # its background tasks would go on
"""


@dataclass(frozen=True)
class Measured:
    """Tickets, calls, how soon a call was seen on a screen; and the share of calls that a screen never showed."""

    rates: tuple[Rate, Rate, Rate]
    lost: float

    def beside(self, ours: tuple[Rate, Rate, Rate]) -> str:
        """Say how the two compare."""
        more = [our.per_second / their.per_second for our, their in zip(ours, self.rates, strict=True)]
        later = self.rates[2].p50_ms / ours[2].p50_ms
        return (
            f"Beside FQM in this run: {more[0]:.0f} times the tickets, {more[1]:.0f} times the calls; there a call is"
            f" seen {later:.0f} times as late, and {self.lost:.0%} of the calls were never seen on a screen."
        )


def checkout(named: str) -> Path:
    """Return the folder of fqm=DIR, for argparse."""
    name, _, folder = named.partition("=")
    if name != "fqm" or not (Path(folder) / "run.py").exists():
        raise argparse.ArgumentTypeError(f"{named!r} is not like fqm=DIR, a checkout of FQM")
    return Path(folder).resolve()


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Run it from its checkout, with a new database; kill it in the end."""
    python = folder / ".venv" / "bin" / "python"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "DATABASE_URI": f"sqlite:///{data}/fqm.db?check_same_thread=False"}
        made = subprocess.run(  # noqa: S603  (what the user named)
            [python, "-c", _SET_UP], cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        token = made.stdout.partition("TOKEN ")[2].split()[0]
        command = [python, "run.py", "--cli", "--quiet", "--ip", "127.0.0.1", "--port", f"{port}"]
        with subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                _wait_for(port)
                # Its feed fails without the cookie that only the first request of a process gets.
                yield Served(process, port, {"": f"{token}\r\nCookie: {_first_cookie(port)}"})
            finally:
                process.kill()


def _wait_for(port: int) -> None:
    until = time.monotonic() + BEGIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, "FQM does not begin"
            time.sleep(0.1)
        else:
            return


def _first_cookie(port: int) -> str:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=BEGIN_S)
    asked.request("GET", "/feed")
    cookie = asked.getresponse().headers.get("Set-Cookie", "")
    asked.close()
    return cookie.partition(";")[0]


async def measured(queue: Served, clients: int, seconds: float, screens: int) -> Measured:
    """Measure tickets, calls and screens."""
    asking = [await Connection.open(queue, "") for _ in range(clients)]
    took = await _for(seconds, asking, _take_ticket)
    tickets = rate(took, seconds)
    calls = rate(await _for(seconds, asking, _call), seconds)
    seen, lost = await _screens(queue, asking[0], screens)
    return Measured((tickets, calls, seen), lost)


async def _take_ticket(kiosk: Connection) -> bool:
    named = b'{"task_id":1,"office_id":1,"n":true,"name":"%d"}' % time.perf_counter_ns()
    status, answer = await kiosk.post("/api/v1/tickets/", named)
    assert status == 200, answer
    return True


async def _call(window: Connection) -> bool:
    status, answer = await window.get("/api/v1/tickets/pull?office_id=1")
    assert status in {200, 404}, answer
    return status == 200  # 404: nobody waits any more


async def _for(seconds: float, asking: Sequence[Connection], act: Any) -> list[float]:
    took: list[float] = []
    began = time.perf_counter()

    async def go_on(client: Connection) -> None:
        while (sent := time.perf_counter()) < began + seconds:
            if not await act(client):
                return
            took.append(time.perf_counter() - sent)

    await asyncio.gather(*map(go_on, asking))
    return took


async def _screens(queue: Served, window: Connection, screens: int) -> tuple[Rate, float]:
    """Call one after the other; return how soon screens saw it, and the share that they never saw."""
    shown: dict[str, list[float]] = {}

    async def watch(place: int) -> None:
        screen = await Connection.open(queue, "")
        await asyncio.sleep(_LOOKS_EVERY_S * place / screens)
        while True:
            looked = time.perf_counter()
            status, answer = await screen.get("/feed")
            if status == 200:
                shown.setdefault(json.loads(answer)["cot"], []).append(time.perf_counter())
            await asyncio.sleep(max(0.0, looked + _LOOKS_EVERY_S - time.perf_counter()))

    watching = [asyncio.create_task(watch(place)) for place in range(screens)]
    took: list[float] = []
    for _ in range(_CALLS):
        await _take_ticket(window)
        sent = time.perf_counter()
        _, answer = await window.get("/api/v1/tickets/pull?office_id=1")
        name = json.loads(answer)["name"]
        await asyncio.sleep(_LOST_AFTER_S)
        first = sorted(at for text, moments in shown.items() if text.endswith(name) for at in moments if at >= sent)
        took += [at - sent for at in first[:screens]]
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return rate(took, 1.0), 1 - len(took) / (_CALLS * screens)
