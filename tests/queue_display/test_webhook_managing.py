"""Webhooks as a manager sees them over HTTP, and what a technician sees of them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk_core.clock import Clock
from openteller.queue_outgoing import Channels, Outside, outgoing
from queue_display.feed import Feed
from queue_display.webhooks.registry import WEBHOOKS_NAME, Registry
from tests.patience import PATIENCE_S
from tests.queue_display.running import TICKET, Running, running

HOST = "http://127.0.0.1:9"  # nobody listens there


@contextmanager
def webhooks(folder: Path, feed: Feed, clock: Clock) -> Iterator[Channels]:
    with outgoing(folder, feed, clock, Outside()) as opened:
        registry = Registry(folder)
        registry.allow(HOST)
        registry.close()
        yield opened


async def problem(branch: Running, method: str, path: str, body: object, role: str = "manager") -> tuple[int, str, str]:
    answer = await branch.ask(role, method, path, body)
    told = answer.json()
    assert told["detail_zh"]
    return answer.status_code, told["code"], told["detail"]


def test_a_manager_adds_sees_enables_and_deletes_webhooks(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path, outgoing=webhooks) as branch:
            made = await branch.did("manager", "/v1/webhooks", {"url": f"{HOST}/hook", "events": ["called"]})
            assert made["secret"].startswith("whsec_")
            name = made["webhook"]["webhook"]
            await branch.did("customer", "/v1/tickets", TICKET)
            seen = await branch.sees("manager", "/v1/webhooks")
            assert [each["webhook"] for each in seen["webhooks"]] == [name]
            assert seen["webhooks"][0]["events"] == ["called"]
            assert made["secret"] not in str(seen)
            enabled = await branch.did("manager", f"/v1/webhooks/{name}/enable", {"skip": True})
            assert enabled["webhook"] == name
            gone = await branch.ask("manager", "DELETE", f"/v1/webhooks/{name}")
            assert gone.json()["webhook"] == name
            assert (await branch.sees("manager", "/v1/webhooks"))["webhooks"] == []

    asyncio.run(go())
    assert b"whsec_" not in (tmp_path / WEBHOOKS_NAME).read_bytes()  # what is deleted is overwritten


def test_what_cannot_be_is_told_in_both_languages(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path, outgoing=webhooks) as branch:

            async def adding(url: str, *events: str) -> tuple[int, str, str]:
                return await problem(branch, "POST", "/v1/webhooks", {"url": url, "events": events})

            status, code, detail = await adding("https://evil.example/")
            assert (status, code) == (422, "not_allowed")
            assert "https://evil.example:443: a technician allows it" in detail
            assert (await adding(f"{HOST}@evil.example/"))[:2] == (422, "wrong_url")
            assert (await adding("http://u:p@127.0.0.1:9/"))[:2] == (422, "wrong_url")
            assert (await adding("not a url"))[:2] == (422, "wrong_url")
            status, code, detail = await adding(f"{HOST}/", "danced")
            assert (status, code) == (422, "malformed")
            assert "there is no event danced; there are day_opened, issued, called" in detail
            for method, path in (("DELETE", "/v1/webhooks/0a0b"), ("POST", "/v1/webhooks/0a0b/enable")):
                assert (await problem(branch, method, path, {}))[:2] == (404, "no_webhook")
            for _ in range(20):
                await branch.did("manager", "/v1/webhooks", {"url": f"{HOST}/hook"})
            assert (await adding(f"{HOST}/hook"))[:2] == (409, "too_many")

    asyncio.run(go())


@pytest.mark.parametrize("role", ["teller", "customer", "display", "technician"])
def test_only_a_manager_may_change_them(tmp_path: Path, role: str) -> None:
    async def go() -> None:
        async with running(tmp_path, outgoing=webhooks) as branch:
            for method, path in (
                ("GET", "/v1/webhooks"),
                ("POST", "/v1/webhooks"),
                ("DELETE", "/v1/webhooks/x"),
                ("POST", "/v1/webhooks/x/enable"),
            ):
                assert (await problem(branch, method, path, None, role))[:2] == (403, "other_role")

    asyncio.run(go())


def test_the_status_says_how_far_each_is_and_why_one_fails(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path, outgoing=webhooks) as branch:
            assert (await branch.sees("technician", "/v1/status"))["outboxes"] == []
            await branch.did("manager", "/v1/webhooks", {"url": f"{HOST}/secret-path"})
            await branch.did("customer", "/v1/tickets", TICKET)
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    [outbox] = (await branch.sees("technician", "/v1/status"))["outboxes"] or [{"reason": ""}]
                    if outbox["reason"]:
                        break
                    await asyncio.sleep(0.001)
            assert outbox["name"].endswith(HOST)
            assert (outbox["state"], outbox["waiting"]) == ("failing", 1)
            assert outbox["reason"].startswith("cannot be told: ")
            assert outbox["since"] > 0

    asyncio.run(go())


def test_openapi_describes_them(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path, outgoing=webhooks) as branch:
            document = (await branch.client.get("/v1/openapi.json")).json()
            assert document["paths"]["/v1/webhooks"].keys() == {"get", "post"}
            assert document["paths"]["/v1/webhooks/{webhook}"].keys() == {"delete"}
            assert "requestBody" not in document["paths"]["/v1/webhooks/{webhook}"]["delete"]
            events = document["components"]["schemas"]["AddWebhook"]["properties"]["events"]
            assert "called" in events["items"]["enum"]
            assert "outboxes" in document["components"]["schemas"]["WholeStatus"]["properties"]

    asyncio.run(go())
