"""A customer's phone while the queue dies and comes back."""

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from benchmarks.queue_clients import TICKET, Served, served
from device_sim.kept_port import KeptPort
from tests.patience import PATIENCE_S
from tests.queue_display.pages.conftest import OpenPage

pytestmark = pytest.mark.slow

BANNER_MS = 5000


def do(queue: Served, role: str, path: str, body: object) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {queue.tokens[role]}"}
    url = f"http://127.0.0.1:{queue.port}/v1/{path}"
    answer = httpx.post(url, json=body, headers=headers, trust_env=False, timeout=PATIENCE_S)
    assert answer.is_success, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_it_says_that_the_queue_is_gone_and_misses_no_call(tmp_path: Path, open_page: OpenPage) -> None:
    with KeptPort() as port:
        with served(tmp_path, "--port", str(port.number)) as queue:
            do(queue, "teller", "windows/3/sign-in", {"teller": "1001"})
            page = open_page("about:blank")
            page.clock.install()
            page.goto(str(do(queue, "customer", "tickets", json.loads(TICKET))["page_url"]))
            banner, headline = page.locator("#offline"), page.locator("#headline")
            expect(headline).to_have_text("You are next")
            expect(banner).to_be_hidden()
            queue.process.kill()
            queue.process.wait()
            page.clock.fast_forward(BANNER_MS)
            expect(banner).to_be_visible()
            expect(banner).to_have_text("No connection. Trying again…")
            expect(headline).to_have_text("You are next")
        with served(tmp_path, "--port", str(port.number)) as queue:
            do(queue, "teller", "windows/3/call-next", {})
            do(queue, "teller", "windows/3/recall", {})
            expect(banner).to_be_hidden()
            expect(headline).to_have_text("Please go to window")
            expect(page.locator("#called")).to_have_text("A001: please go to window 3.")
