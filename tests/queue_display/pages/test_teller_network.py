"""The teller's console where network or queue fail: what was asked is done once, what is not known is told."""

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from device_sim.kept_port import KeptPort
from tests.clocks import SetClock
from tests.queue_display.pages.accessible import violations
from tests.queue_display.pages.at_the_desk import at_work, press
from tests.queue_display.pages.browsing import NINE
from tests.queue_display.pages.conftest import OpenPage
from tests.queue_display.policies import branch_policy
from tests.queue_display.serving import Branch, served

pytestmark = pytest.mark.slow

LAST_TRY_WAITS = """
const later = setTimeout;
const waiting = [];
let waits = true;
window.setTimeout = (does, ms) => (waits && ms === 4000 ? waiting.push(does) : later(does, ms));
window.tryAgain = () => { waits = false; waiting.forEach((does) => does()); };
"""
"""Else the console would give up while a slow machine looks at it: its last try of an act is four seconds behind."""


def test_a_server_that_restarts_is_told_and_what_was_asked_meanwhile_is_done_once(
    tmp_path: Path, open_page: OpenPage
) -> None:
    folder, clock = tmp_path / "restarted", SetClock(NINE)
    with KeptPort() as port:
        with served(folder, branch_policy(), clock, port=port.number) as branch:
            for _ in range(3):
                branch.ticket()
            page = at_work(open_page, branch, script=LAST_TRY_WAITS)
            press(page, "n", "A001")
            press(page, "s", "Being served")
        page.keyboard.press("n")  # nobody is there to hear it
        expect(page.locator("#sending")).to_have_text("Sending…")
        expect(page.locator("#offline")).to_be_visible()
        page.keyboard.press("n")
        assert violations(page) == []
        with served(folder, branch_policy(), clock, port=port.number) as branch:
            page.evaluate("tryAgain()")
            expect(page.locator("#number")).to_have_text("A002")
            expect(page.locator("#offline")).to_be_hidden()
            expect(page.locator("#sending")).to_have_text("")
            calls = branch.ask("display", "GET", "/v1/board").json()["calls"]
            assert [each["ticket"] for each in calls] == ["A002", "A001"]
            press(page, "s", "Being served")


def test_an_act_whose_answer_is_lost_is_done_once(branch: Branch, open_page: OpenPage) -> None:
    for _ in range(3):
        branch.ticket()
    page = at_work(open_page, branch)
    keys: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/call-next", lose_the_first_answer)
    press(page, "n", "A001")
    expect(page.locator("#sending")).to_have_text("")
    assert len(keys) == 2
    assert keys[0] == keys[1]
    press(page, "s", "Being served")
    press(page, "n", "A002")
    assert keys[2] != keys[0]
    assert [each["ticket"] for each in branch.ask("display", "GET", "/v1/board").json()["calls"]] == ["A002", "A001"]


def test_nobody_knows_what_became_of_an_act_that_is_never_answered(branch: Branch, open_page: OpenPage) -> None:
    branch.ticket()
    page = at_work(open_page, branch, "zh")
    page.route("**/call-next", lambda route: route.abort())
    page.keyboard.press("n")
    expect(page.locator("#problem")).to_contain_text("操作可能已完成，也可能没有")
    page.unroute("**/call-next")
    press(page, "n", "A001")
    expect(page.locator("#problem")).to_be_hidden()
