"""Webhooks end to end: a technician's commands, a queue that runs, and a receiver that checks what it is told."""

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openteller.queue_commands import app
from tests.openteller.queue_clients import served
from tests.patience import PATIENCE_S

TICKET = {"services": ["simple"], "customer_class": "ordinary", "notes": "张三 13800138000"}


@contextmanager
def receiver() -> Iterator[tuple[str, "queue.Queue[tuple[dict[str, str], bytes]]"]]:
    """Take whatever comes at a free port; yield where, and what came."""
    came: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            came.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Taking) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", came
        finally:
            server.shutdown()
            thread.join()


def webhook(folder: Path, *arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["webhook", *arguments, "--data", str(folder)])
    return ended.exit_code, ended.output.strip()


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check as a receiver does, by the text of Standard Webhooks."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return headers["webhook-signature"] == f"v1,{mac}"


def test_a_program_is_told_of_what_it_asked_for_signed_and_without_persons(tmp_path: Path) -> None:
    with receiver() as (host, came), served(tmp_path) as branch:
        client = branch.client()
        assert webhook(tmp_path, "allow", host) == (0, f"Webhooks may be at {host}.")
        code, secret = webhook(tmp_path, "add", f"{host}/queue", "--events", "issued, finished")
        assert code == 0
        identifier = client.ask("manager", "GET", "/v1/webhooks")[1]["webhooks"][0]["webhook"]
        while "told from now on" in (listed := webhook(tmp_path, "list")[1]):  # the queue has not seen it yet
            time.sleep(0.01)
        outboxes = client.ask("technician", "GET", "/v1/status")[1]["outboxes"]
        assert [(each["name"], each["state"]) for each in outboxes] == [(f"webhook {identifier} {host}", "going")]
        assert listed.startswith(
            f"Allowed hosts: {host}\n{identifier}  {host}/queue\n          finished, issued; told up to "
        )
        assert listed.endswith("; going")
        client.did("teller", "/v1/windows/1/sign-in", {"teller": "1001"})
        client.did("customer", "/v1/tickets", TICKET)
        headers, body = came.get(timeout=PATIENCE_S)
        said = json.loads(body)
        assert is_signed(secret, headers, body)
        assert not is_signed(secret, headers, body + b" ")
        assert headers["webhook-id"] == f"{identifier}-{said['data']['number']}"
        assert headers["content-type"] == "application/json"
        assert (said["type"], said["data"]["ticket"]) == ("queue.issued", "A001")
        assert "13800138000" not in body.decode()
        assert webhook(tmp_path, "remove", identifier) == (0, "")
        assert f"there is no webhook {identifier}; there are: none" in webhook(tmp_path, "remove", identifier)[1]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["add", "https://crm.bank.example/x"], "openteller queue webhook allow https://crm.bank.example:443"),
        (["add", "crm.bank.example/x"], "The URL must begin with https://"),
        (["add", "https://crm.bank.example/x", "--events", "danced"], "there is no event danced; there are day_opened"),
        (["allow", "crm.bank.example/x"], "Name a host only, without a path."),
        (["forbid", "crm.bank.example"], "https://crm.bank.example:443 was not allowed; allowed are: none"),
        (["enable", "0a0b"], "there is no webhook 0a0b; there are: none"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, words: list[str], complaint: str) -> None:
    (tmp_path / "tokens.json").write_text("{}", encoding="utf-8")
    code, said = webhook(tmp_path, *words)
    assert code == 1
    assert complaint in said.replace("\n", "")


@pytest.mark.parametrize("words", [["list"], ["allow", "crm.bank.example"], ["enable", "x"]])
def test_a_folder_without_a_queue_gets_no_webhooks(tmp_path: Path, words: list[str]) -> None:
    code, said = webhook(tmp_path, *words)
    assert code == 1
    assert f"there is no queue in {tmp_path}" in said.replace("\n", "")
    assert not list(tmp_path.iterdir())
