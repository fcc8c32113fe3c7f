"""A customer's phone that looks at his ticket, from the first look to the end, whatever happens on the way."""

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.queue_display.pages.conftest import OpenPage
from tests.queue_display.pages.phone_visit import expect_idle
from tests.queue_display.serving import Branch

pytestmark = pytest.mark.slow

Phone = Callable[..., Page]


@pytest.fixture
def phone(branch: Branch, open_page: OpenPage) -> Phone:
    """Open a ticket's page as its customer does: phone(ticket, language="zh"); window 3 is open then.

    It has looked a second time, as it does when it hears that the queue lives: its next look is for what happens.
    """
    branch.at_window("sign-in", {"teller": "1001"})

    def phone(ticket: Any, *arguments: Any, **options: Any) -> Page:
        page = open_page("about:blank", *arguments, **options)
        looks = count(1)
        with page.expect_response(lambda answer: answer.url.endswith("/v1/my-ticket") and next(looks) == 2):
            page.goto(ticket["page_url"])
        expect(page.locator("#number")).to_have_text(ticket["ticket"]["ticket"])
        return page

    return phone


def headline(page: Page, text: str) -> None:
    expect(page.locator("#headline")).to_have_text(text)
    expect_idle(page)


def test_a_service_is_not_shown_by_the_name_that_programs_use(branch: Branch, open_page: OpenPage) -> None:
    page = open_page("/t", "en")
    held: list[Route] = []
    are_held = True

    def hold(route: Route) -> None:
        if are_held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/v1/services", hold)
    page.goto(branch.ticket(services=["simple", "complex"])["page_url"])
    headline(page, "You are next")
    assert "simple" not in page.inner_text("#ticket")
    are_held = False
    for route in held:
        route.continue_()
    expect(page.locator("#service")).to_have_text("Simple services")
    expect(page.locator("#then")).to_have_text("Then: Complex services")


def test_it_shows_a_whole_visit_as_it_happens(branch: Branch, phone: Phone) -> None:
    branch.ticket()
    branch.ticket()
    page = phone(branch.ticket(services=["simple", "complex"]))
    page.evaluate("window.isSamePage = true")
    expect(page.locator("#service")).to_have_text("Simple services")
    expect(page.locator("#then")).to_have_text("Then: Complex services")
    headline(page, "2 people ahead")
    expect(page.locator("#detail")).to_have_text(re.compile(r"About\s\d+\smin, up to\s\d+\smin"))
    expect(page).to_have_title("A003 · 2 ahead")
    branch.at_window("call-next")
    headline(page, "1 person ahead")
    expect(page.locator("#told")).to_have_text("A003: 1 person ahead of you.")
    branch.at_window("start")
    branch.at_window("call-next")
    headline(page, "You are next")
    expect(page).to_have_title("You are next · A003")
    branch.at_window("start")
    branch.at_window("call-next")
    headline(page, "Please go to window")
    expect(page.locator("#window")).to_have_text("3")
    expect(page.locator("#called")).to_have_text("A003: please go to window 3.")
    expect(page).to_have_title("Window 3 · A003")
    branch.at_window("arrived")
    headline(page, "You are being served")
    branch.at_window("start")
    branch.at_window("finish")
    headline(page, "You are next")
    expect(page.locator("#service")).to_have_text("Complex services")
    expect(page.locator("#then")).to_be_hidden()
    for word in ("call-next", "start", "finish"):
        branch.at_window(word)
    headline(page, "All done")
    expect(page.locator("#actions")).to_be_hidden()
    assert page.evaluate("window.isSamePage")


def test_more_time_is_given_and_ends_by_itself_or_by_the_customer(branch: Branch, phone: Phone) -> None:
    page = phone(branch.ticket(), "zh")
    page.click("#more-time")
    expect(page.locator("#more-time-choice h2")).to_be_focused()
    page.click("text=10 分钟")
    headline(page, "已为您保留位置")
    expect(page.locator("#detail")).to_have_text("10 分钟后，自动继续排队。")
    expect(page.locator("#more-time-choice")).to_be_hidden()
    page.click("#back")
    headline(page, "下一位就是您")
    page.click("#more-time")
    page.click("text=15 分钟")
    headline(page, "已为您保留位置")
    branch.clock.sleep(15 * 60)
    headline(page, "下一位就是您")


def test_who_was_missed_comes_back_in_time_or_loses_his_ticket(branch: Branch, phone: Phone) -> None:
    page = phone(branch.ticket())
    branch.at_window("call-next")
    branch.clock.sleep(120)
    branch.at_window("no-show")
    headline(page, "You missed your call")
    expect(page.locator("#detail")).to_have_text('Press "I am back" within 28 minutes, or your ticket ends.')
    page.click("#back")
    headline(page, "You are next")
    branch.at_window("call-next")
    branch.at_window("no-show")
    branch.clock.sleep(31 * 60)
    headline(page, "This ticket is cancelled")


def test_giving_up_is_asked_once_and_a_double_tap_is_one(branch: Branch, phone: Phone) -> None:
    page = phone(branch.ticket())
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.click("#give-up")
    expect(page.locator("#give-up-question")).to_have_text("Leave the queue with A001?")
    page.click("#give-up-not")
    expect(page.locator("#give-up-choice")).to_be_hidden()
    page.click("#give-up")
    page.dblclick("#give-up-sure")
    headline(page, "This ticket is cancelled")
    assert sent == [f"{branch.url}/v1/my-ticket/cancel"]
    expect(page.locator("#problem")).to_be_hidden()


def test_an_act_whose_answer_was_lost_is_done_once(branch: Branch, phone: Phone) -> None:
    page = phone(branch.ticket())
    keys: list[str | None] = []

    def lose_the_first(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/v1/my-ticket/park", lose_the_first)
    page.click("#more-time")
    page.click("#minutes >> text='5 min'")
    headline(page, "We keep your place")
    assert len(keys) == 2
    assert keys[0]
    assert len(set(keys)) == 1
    expect(page.locator("#problem")).to_be_hidden()


def test_an_answer_that_was_overtaken_changes_nothing(branch: Branch, phone: Phone) -> None:
    page = phone(branch.ticket())
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if not held:  # later ones are never answered: they would set right what is shown
            held.append((route, route.fetch()))

    page.route("**/v1/my-ticket", hold_the_first)
    with page.expect_request("**/v1/my-ticket"):
        branch.at_window("call-next")
    page.click("#more-time")
    page.click("#minutes >> text='5 min'")
    headline(page, "We keep your place")
    route, called = held[0]
    assert called.json()["state"] == "called"
    with page.expect_request("**/v1/my-ticket"):  # it has taken in the answer when it looks again, for what it did
        route.fulfill(response=called)
    assert page.locator("#headline").inner_text() == "We keep your place"


def test_a_look_that_failed_is_made_up_for_and_the_banner_goes(branch: Branch, phone: Phone) -> None:
    page = phone(branch.ticket())
    is_down = True
    page.route("**/v1/my-ticket", lambda route: route.abort() if is_down else route.continue_())
    branch.at_window("call-next")
    expect(page.locator("#offline")).to_be_visible()
    is_down = False
    headline(page, "Please go to window")  # without another event
    expect(page.locator("#offline")).to_be_hidden()


def test_what_cannot_be_done_is_said_in_the_language_of_the_page(branch: Branch, phone: Phone) -> None:
    ticket = branch.ticket()
    page = phone(ticket)
    page.route("**/v1/my-ticket", lambda route: route.abort())  # it does not learn that he is at the window already
    for word in ("call-next", "arrived", "start"):
        branch.at_window(word)
    page.click("#give-up")
    page.click("#give-up-sure")
    expect(page.locator("#problem")).to_have_text("A001 is being served; that cannot be done with it.")


def test_a_ticket_of_another_day_and_a_broken_link_say_so(branch: Branch, phone: Phone, open_page: OpenPage) -> None:
    ticket = branch.ticket()
    page = phone(ticket)
    branch.clock.sleep(86400)
    headline(page, "This ticket is from another day")
    expect(page.locator("#ticket")).to_be_hidden()
    headline(open_page(ticket["page_url"], "zh"), "此号不是今天的")
    headline(open_page(ticket["page_url"][:-1] + "~"), "Scan the code on your ticket")
    headline(open_page("/t#A001.2.AAAAAAAAAAAAAAAAAAAAAA", "zh"), "打不开这张号票")
    headline(open_page("/t", "zh"), "请扫描号票上的二维码")


def test_the_token_leaves_the_address_and_outlives_the_tab(branch: Branch, phone: Phone) -> None:
    page = phone(branch.ticket())
    expect(page).to_have_url(f"{branch.url}/t")
    page.reload()
    headline(page, "You are next")
    later = page.context.new_page()
    later.goto(f"{branch.url}/t")
    headline(later, "You are next")


def test_another_ticket_may_be_opened_in_the_same_tab(branch: Branch, phone: Phone) -> None:
    page = phone(branch.ticket())
    page.goto(branch.ticket()["page_url"])
    expect(page.locator("#number")).to_have_text("A002")


def test_titles_are_text_whatever_they_contain(branch: Branch, phone: Phone) -> None:
    ticket = branch.ticket(services=["hostile"])
    page = phone(ticket)
    expect(page.locator("#service")).to_have_text("<img src=x onerror=alert(1)>&amp;{n}")
    assert page.locator("#service *").count() == 0


def test_it_works_without_what_old_browsers_lack(branch: Branch, phone: Phone) -> None:
    lacking = Path(__file__).with_name("old_browser.js").read_text(encoding="utf-8")
    page = phone(branch.ticket(), script=lacking)
    page.click("#alert")
    expect(page.locator("#alert")).to_have_attribute("aria-pressed", "true")
    branch.at_window("call-next")
    expect(page.locator("#window")).to_have_text("3")
    page.click("#more-time")
    page.click("#minutes >> text='5 min'")
    headline(page, "We keep your place")
    page.reload()
    headline(page, "We keep your place")


ALERTS = """
navigator.vibrate = (pattern) => {
  document.body.dataset.alerts = (document.body.dataset.alerts || "") + (pattern.length > 1 ? "call " : "soon ");
};
"""
SHOWN = """async (body) => {
  const worker = await navigator.serviceWorker.ready;
  for (;;) {  // a notification comes when its icon has been loaded, and takes the place of the one before
    const bodies = (await worker.getNotifications()).map((each) => each.body);
    if (bodies.includes(body)) {
      return bodies;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
}"""


def test_a_touch_switches_alerts_on_and_every_call_is_one(branch: Branch, phone: Phone) -> None:
    branch.ticket()
    page = phone(branch.ticket(), script=ALERTS, permissions=["notifications"])
    expect(page.locator("#alert")).to_have_attribute("aria-pressed", "false")
    page.click("#alert")
    expect(page.locator("#alert")).to_have_text("Alert is on")
    page.evaluate("navigator.serviceWorker.ready")
    branch.at_window("call-next")
    headline(page, "You are next")
    branch.at_window("start")
    branch.at_window("call-next")
    alerts = page.locator("body")
    expect(alerts).to_have_attribute("data-alerts", "soon call ")
    branch.at_window("recall")
    expect(alerts).to_have_attribute("data-alerts", "soon call call ")
    called = "A002: please go to window 3."
    assert page.evaluate(SHOWN, called) == [called]
    branch.at_window("park")
    headline(page, "We keep your place")
    page.click("#back")
    page.click("#alert")
    expect(page.locator("#alert")).to_have_text("Alert me when it is my turn")
    branch.at_window("call-next")
    expect(page.locator("#window")).to_have_text("3")
    expect(alerts).to_have_attribute("data-alerts", "soon call call soon ")


LOOKS_ALL_THE_TIME = "const later = setTimeout; window.setTimeout = (does, ms) => later(does, ms < 20000 ? ms : 100);"
HELD = """
const held = [];
let isHeld = false;
window.hold = () => { isHeld = true; };
window.letGo = () => { isHeld = false; held.splice(0).forEach((hear) => hear()); };
["onprogress", "onreadystatechange"].forEach((name) => Object.defineProperty(XMLHttpRequest.prototype, name, {
  set(hear) { this.addEventListener(name.slice(2), () => (isHeld ? held.push(hear) : hear())); },
}));
"""


def test_a_call_that_is_seen_before_the_stream_tells_of_it_is_told_once(branch: Branch, phone: Phone) -> None:
    page = phone(branch.ticket(), script=ALERTS + HELD + LOOKS_ALL_THE_TIME)
    page.click("#alert")
    alerts = page.locator("body")
    page.evaluate("hold()")
    branch.at_window("call-next")
    expect(alerts).to_have_attribute("data-alerts", "call ")
    page.evaluate("letGo()")
    with page.expect_request("**/v1/my-ticket") as looking:
        pass
    looking.value.response()
    branch.at_window("recall")
    expect(alerts).to_have_attribute("data-alerts", re.compile("call call "))
    branch.at_window("arrived")
    headline(page, "You are being served")
    expect(alerts).to_have_attribute("data-alerts", "call call ")
