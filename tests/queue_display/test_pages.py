"""The web pages over HTTP, and what a customer's phone is told; what they do in a browser is in pages/."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from queue_display.server.pages import PAGES, WEB, page
from tests.queue_display.running import TICKET, URL, Follower, running


def test_a_page_is_sent_once_and_then_only_asked_for_again(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            page = await branch.client.get("/t")
            assert page.status_code == 200
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            tag = page.headers["etag"]
            for known in (tag, f'W/{tag}, "other"', "*"):
                again = await branch.client.get("/t", headers={"If-None-Match": known})
                assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert (await branch.client.get("/t", headers={"If-None-Match": '"other"'})).status_code == 200
            assert (await branch.client.head("/t")).content == b""

    asyncio.run(go())


def test_no_page_can_be_framed_or_run_what_is_not_ours(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            for path in (*PAGES, "/pages/api.js", "/pages/base.css"):
                headers = (await branch.client.get(path)).headers
                assert "default-src 'self'" in headers["content-security-policy"]
                assert "frame-ancestors 'none'" in headers["content-security-policy"]
                assert "require-trusted-types-for 'script'" in headers["content-security-policy"]
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["referrer-policy"] == "no-referrer"
                assert "set-cookie" not in headers

    asyncio.run(go())


@pytest.mark.parametrize(
    "path",
    ["/pages/", "/pages/../server/access.py", "/pages/%2e%2e/writer.py", "/pages/words", "/pages/parts/head.html"],
)
def test_nothing_but_the_pages_is_served(tmp_path: Path, path: str) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            assert (await branch.client.get(path)).status_code == 404

    asyncio.run(go())


def test_whatever_a_page_refers_to_is_served(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            for path in WEB.glob("*.html"):
                for named in re.findall(r'(?:src|href)="([^"]+)"', page(path.name)):
                    assert (await branch.client.get(f"/{named}")).status_code == 200, (path.name, named)

    asyncio.run(go())


def test_a_ticket_comes_with_the_address_of_its_page(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            taken = await branch.did("customer", "/v1/tickets", TICKET)
            assert taken["page_url"] == f"{URL}/t#{taken['token']}"

    asyncio.run(go())


def test_a_customer_follows_his_own_ticket_and_learns_nothing_of_others(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            await branch.did("customer", "/v1/tickets", {**TICKET, "customer_class": "green"})
            mine = await branch.did("customer", "/v1/tickets", TICKET)
            await branch.did("teller", "/v1/windows/3/sign-in", {"teller": "1001"})
            for word in ("call-next", "start", "call-next"):
                await branch.did("teller", f"/v1/windows/3/{word}")
            async with Follower(branch.server.app, mine["token"], after=0) as phone:
                while b"id: 8\n" not in phone.data:
                    await asyncio.sleep(0)
                told = [event for event in phone.events if event]
            assert [(event["number"], event["kind"]) for event in told] == [(3, "Issued"), (8, "Called")]
            assert b"A001" not in phone.data
            assert b"green" not in phone.data
            assert phone.data.count(b"event: other\n") == 4

    asyncio.run(go())


def test_whoever_holds_a_ticket_of_another_day_follows_nothing(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            stranger = branch.server.tokens.of_ticket("A001", 99)
            await branch.did("customer", "/v1/tickets", TICKET)
            answer = await branch.ask(stranger, "GET", "/v1/events")
            assert (answer.status_code, answer.json()["code"]) == (404, "no_ticket")

    asyncio.run(go())


def test_a_parked_ticket_says_when_it_waits_again_and_a_missed_one_how_long_it_may(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tmp_path) as branch:
            token = (await branch.did("customer", "/v1/tickets", TICKET))["token"]
            assert (await branch.sees(token, "/v1/my-ticket"))["until_s"] is None
            assert (await branch.did(token, "/v1/my-ticket/park", {"minutes": 10}))["until_s"] == 600
            await branch.did(token, "/v1/my-ticket/re-enter")
            await branch.did("teller", "/v1/windows/3/sign-in", {"teller": "1001"})
            await branch.did("teller", "/v1/windows/3/call-next")
            await branch.did("teller", "/v1/windows/3/no-show")
            assert (await branch.sees(token, "/v1/my-ticket"))["until_s"] == 1800
            assert "1001" not in json.dumps(await branch.sees(token, "/v1/my-ticket"))

    asyncio.run(go())
