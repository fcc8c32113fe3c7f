"""`openteller queue serve --database` as whoever installs it sees it, and when servers or the database are killed."""

import http.client
import http.server
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from benchmarks.postgres import Cluster
from benchmarks.queue_clients import ROOT
from openteller.queue_commands import app
from tests.openteller.queue_clients import TICKET, Client, Load, Queue, refusal, served, whole_log

NOWHERE = "postgresql://clerk@/queue?host=/nowhere"


def options(postgres: Cluster) -> tuple[str, ...]:
    return ("--database", postgres.url(postgres.new_database()), "--branch", "main street")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--database", NOWHERE], "--branch is for --database and --headquarters"),
        (["--branch", "main street"], "--branch is for --database and --headquarters"),
        (["--database", NOWHERE, "--branch", "main/street"], '"main/street": a branch is named by 1 to 50 letters'),
        (["--database", "postgresql://clerk:sesame@h/q", "--branch", "1"], "leave the password out"),
        (["--database", NOWHERE, "--branch", "1"], "cannot use the queue's database, queue at /nowhere: "),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path, words: list[str], said: str) -> None:
    ended = CliRunner().invoke(app, ["serve", "--data", str(tmp_path), *words])
    assert ended.exit_code == 1
    assert said in ended.output
    assert "sesame" not in ended.output
    assert ended.output.count("\n") == 1


def run(program: str, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    without = "import sys; sys.modules['psycopg'] = None; from openteller.cli import main; main()"
    ended = run(without, "queue", "serve", "--data", str(tmp_path), "--database", NOWHERE, "--branch", "1")
    assert ended.returncode == 1
    assert ended.stderr == (
        "the package psycopg is missing; install what this needs with: pip install openteller[headquarters]\n"
    )


def test_a_branch_on_its_own_loads_nothing_of_a_database() -> None:
    loading = "import openteller.queue_server, sys; print({'sqlalchemy', 'psycopg'} & set(sys.modules))"
    assert run(loading).stdout == "set()\n"


@pytest.mark.slow
def test_a_folder_that_another_program_holds_is_refused(tmp_path: Path, postgres: Cluster) -> None:
    with served(tmp_path):
        assert f"another program holds {tmp_path}" in refusal("--data", str(tmp_path), *options(postgres))


class Hook(http.server.BaseHTTPRequestHandler):
    """Notes the numbers of the events that it is told."""

    numbers: ClassVar[list[int]] = []

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.numbers.append(told["data"]["number"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def hook() -> Iterator[tuple[str, list[int]]]:
    """Give a host for webhooks, and the numbers that it is told."""
    told: list[int] = []
    kind = type("Told", (Hook,), {"numbers": told})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", told
        server.shutdown()


@pytest.mark.slow
def test_two_servers_send_each_webhook_once(tmp_path: Path, postgres: Cluster) -> None:
    database = options(postgres)
    with hook() as (host, told), served(tmp_path, *database) as one, served(tmp_path, *database) as other:
        for words in (["allow", host], ["add", f"{host}/hook", "--events", "issued"]):
            ended = CliRunner().invoke(app, ["webhook", *words, "--data", str(tmp_path)])
            assert ended.exit_code == 0, ended.output
        clients = [one.client(), other.client()]
        entries: list[int] = []
        enough = time.monotonic() + 4  # both servers look at the list every two seconds
        while time.monotonic() < enough or not told:
            entries += [each.did("customer", "/v1/tickets", TICKET)["ticket"]["entry"] for each in clients]
            time.sleep(0.1)
        while entries[-1] not in told:
            time.sleep(0.01)
        time.sleep(0.5)  # would the other server tell it too
        assert told == [number for number in entries if number >= told[0]]


def check(log: Sequence[dict[str, Any]], tickets: Sequence[str], calls: Sequence[str]) -> None:
    """Whatever was acknowledged is in the log, and nothing is there twice."""
    assert [event["number"] for event in log] == list(range(1, len(log) + 1))
    for acknowledged, kind in ((tickets, "Issued"), (calls, "Called")):
        logged = [event["ticket"] for event in log if event["kind"] == kind]
        assert len(set(acknowledged)) == len(acknowledged)
        assert len(set(logged)) == len(logged)
        assert set(acknowledged) <= set(logged)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_servers_of_a_branch_that_are_killed_lose_nothing_and_the_others_go_on(
    tmp_path: Path, postgres: Cluster
) -> None:
    database = options(postgres)
    loads: list[Load] = []
    for turn in range(10):
        with served(tmp_path, *database) as one, served(tmp_path, *database) as other:
            new = []
            for queue, window in ((one, "1"), (one, "2"), (other, "3"), (other, "4")):
                if turn == 0:
                    queue.client().did("teller", f"/v1/windows/{window}/sign-in", {"teller": f"100{window}"})
                new.append(Load(queue, window))
            loads += new
            for load in new:
                load.start()
            wait_for_calls(new, 5 + turn)
            one.end(signal.SIGKILL)
            left = new[2:]
            wait_for_calls(left, sum(len(load.called) for load in left) + 3)
            other.end(signal.SIGKILL)
            for load in new:
                load.join()
    with served(tmp_path, *database) as queue:
        log = whole_log(queue)
    check(log, [number for load in loads for number in load.issued], [n for load in loads for n in load.called])


def wait_for_calls(loads: Sequence[Load], calls: int) -> None:
    while sum(len(load.called) for load in loads) < calls:
        assert any(load.is_alive() for load in loads)
        time.sleep(0.01)


class Patient(threading.Thread):
    """A window whose every request has a key and is asked again until it is answered."""

    def __init__(self, queue: Queue, window: str) -> None:
        super().__init__()
        self._client: Client = queue.client()
        self._window = window
        self._asked = 0
        self.is_enough = threading.Event()
        self.unavailable = 0
        self.issued: list[str] = []
        self.called: list[str] = []

    def run(self) -> None:
        while not self.is_enough.is_set():
            self._insist("teller", f"/v1/windows/{self._window}/finish")
            self.issued.append(self._insist("customer", "/v1/tickets", TICKET)["ticket"]["ticket"])
            called = self._insist("teller", f"/v1/windows/{self._window}/call-next")
            if "ticket" in called:
                self.called.append(called["ticket"]["ticket"])
                self._insist("teller", f"/v1/windows/{self._window}/start")

    def _insist(self, role: str, path: str, body: object = None) -> Any:
        self._asked += 1
        while True:
            status, answer = self._client.ask(role, "POST", path, body, f"{self._window} {self._asked}")
            if status != http.client.SERVICE_UNAVAILABLE:
                return answer
            self.unavailable += 1
            time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_database_that_is_killed_under_load_loses_nothing_and_nothing_is_done_twice(
    tmp_path: Path, postgres: Cluster
) -> None:
    database = options(postgres)
    with served(tmp_path, *database) as one, served(tmp_path, *database) as other:
        windows = []
        for queue, window in ((one, "1"), (one, "2"), (other, "3"), (other, "4")):
            queue.client().did("teller", f"/v1/windows/{window}/sign-in", {"teller": f"100{window}"})
            windows.append(Patient(queue, window))
        for each in windows:
            each.start()
        for _ in range(3):
            enough = sum(len(each.issued) for each in windows) + 20
            while sum(len(each.issued) for each in windows) < enough:
                time.sleep(0.01)
            refused = sum(each.unavailable for each in windows)
            postgres.kill()
            while sum(each.unavailable for each in windows) < refused + 4:
                time.sleep(0.01)
            postgres.start()
        for each in windows:
            each.is_enough.set()
        for each in windows:
            each.join()
        # A look shows what a server has heard of; who writes there knows all that the others wrote.
        last = other.client().did("customer", "/v1/tickets", TICKET)["ticket"]["ticket"]
        log = whole_log(other)
    tickets = [last, *(number for each in windows for number in each.issued)]
    calls = [number for each in windows for number in each.called]
    check(log, tickets, calls)
    assert len([event for event in log if event["kind"] == "Issued"]) == len(tickets)
    assert len([event for event in log if event["kind"] == "Called"]) == len(calls)
