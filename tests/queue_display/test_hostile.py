"""Requests that no client of ours sends: each is answered in the words of the OpenAPI document, and harms nobody."""

import asyncio
import json
from pathlib import Path

import pytest

from queue_display.server.access import TOKENS_NAME
from tests.patience import PATIENCE_S
from tests.queue_display.running import TICKET, Running, running


async def posted(branch: Running, path: str, body: bytes, role: str = "manager") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {branch.tokens[role]}", "Content-Type": "application/json"}
    answer = await branch.client.post(path, content=body, headers=headers)
    return answer.status_code, answer.json().get("code", "")


def a_ticket(**fields: str) -> bytes:
    """Return a wish for a ticket, with fields as they stand in JSON."""
    told = {name: json.dumps(value) for name, value in TICKET.items()} | fields
    return ("{" + ",".join(f'"{name}":{text}' for name, text in told.items()) + "}").encode()


@pytest.mark.parametrize(
    "body",
    [
        a_ticket(slot="NaN"),
        a_ticket(slot="Infinity"),
        a_ticket(slot="1e999"),
        a_ticket(slot="-1"),
        a_ticket(slot="1e15"),
        a_ticket(slot="9" * 5000),
        a_ticket(slot='"1795395600"'),
        a_ticket(notes='"\\ud800"'),
        a_ticket(notes="7"),
        a_ticket(customer_class='"ordinary\\u0000"'),
        b"[" * 8000,
        b'{"a":' * 2000,
        b"\xff\xfe",
        b"null",
        b"[]",
        b'{"services":["simple"],"customer_class":"ordinary"}}',
    ],
)
def test_a_body_that_is_none_is_refused(tmp_path: Path, body: bytes) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            assert await posted(branch, "/v1/tickets", body) == (422, "malformed")
            assert branch.server.feed.last == 1

    asyncio.run(go())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/tickets/A001/park", b'{"minutes":"5"}'),
        ("/v1/tickets/A001/park", b'{"minutes":NaN}'),
        ("/v1/windows/1/finish", b'{"go_on":"yes"}'),
        ("/v1/windows/1/sign-in", b'{"teller":"10\\u000a01"}'),
        ("/v1/windows/1/transfer", b'{"service":"simple","window":"\\u0007"}'),
        (f"/v1/windows/{'9' * 33}/call-next", b""),
        ("/v1/windows/%00/sign-in", b'{"teller":"1001"}'),
        ("/v1/tickets/A%0A001/cancel", b""),
    ],
)
def test_what_is_not_as_the_document_says_is_refused(tmp_path: Path, path: str, body: bytes) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            assert await posted(branch, path, body) == (422, "malformed")

    asyncio.run(go())


def test_a_method_that_a_path_does_not_take_is_told_which_it_takes(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            for path, allowed in (
                ("/v1/tickets", "GET, HEAD, POST"),
                ("/v1/windows/3/recall", "POST"),
                ("/t", "GET, HEAD"),
            ):
                answer = await branch.ask("manager", "PATCH", path)
                assert (answer.status_code, answer.headers["allow"]) == (405, allowed)

    asyncio.run(go())


def test_nobody_is_sent_to_the_host_that_a_request_names(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            for path in ("/v1/tickets/", "/t/"):
                answer = await branch.ask("manager", "GET", path, Host="evil.example")
                assert (answer.status_code, answer.json()["code"]) == (404, "no_such_path")
            taken = await branch.ask("customer", "POST", "/v1/tickets", TICKET, key="tap", Host="evil.example\\@[")
            assert "evil" not in taken.text

    asyncio.run(go())


def test_a_page_of_another_site_is_let_see_nothing(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
            preflight = await branch.client.options("/v1/tickets", headers=asked)
            assert preflight.status_code == 405
            answer = await branch.ask("manager", "GET", "/v1/board", Origin="https://evil.example")
            for each in (preflight, answer):
                assert not any(name.startswith("access-control-") for name in each.headers)

    asyncio.run(go())


def test_the_head_of_an_endless_answer_has_an_end(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch, asyncio.timeout(PATIENCE_S):
            answer = await branch.ask("display", "HEAD", "/v1/events")
            assert answer.headers["content-type"].startswith("text/event-stream")

    asyncio.run(go())


def test_while_the_tokens_cannot_be_read_the_queue_says_so_and_goes_on_when_they_can(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            file = tmp_path / TOKENS_NAME
            file.rename(tmp_path / "away")
            answer = await branch.ask("display", "GET", "/v1/board")
            assert (answer.status_code, answer.json()["code"]) == (503, "no_tokens")
            file.write_text("{")
            for _ in range(2):
                assert (await branch.ask("display", "GET", "/v1/board")).status_code == 503
            (tmp_path / "away").rename(file)
            assert (await branch.ask("display", "GET", "/v1/board")).status_code == 200

    asyncio.run(go())
