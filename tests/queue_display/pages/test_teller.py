"""The teller's console in a browser: a morning by keyboard, two consoles at one window, keys, tokens, every state."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from queue_display.server.access import Tokens
from tests.queue_display.pages.accessible import violations
from tests.queue_display.pages.at_the_desk import DESK, at_work, expect_idle, has_focus, press
from tests.queue_display.pages.conftest import OpenPage
from tests.queue_display.serving import Branch

pytestmark = pytest.mark.slow


def states(branch: Branch) -> dict[str, str]:
    numbers = [f"A{number:03}" for number in range(1, 7)]
    return {each: branch.ask("teller", "GET", f"/v1/tickets/{each}").json()["state"] for each in numbers}


def test_a_whole_morning_by_keyboard_alone(branch: Branch, open_page: OpenPage) -> None:
    branch.at_window("sign-in", {"teller": "1002"}, window="2")
    for services in (["simple"], ["simple", "complex"], *[["simple"]] * 4):
        branch.ticket(services=services)
    page = open_page("/teller", size=DESK)
    page.keyboard.type(branch.tokens["teller"])
    page.keyboard.press("Enter")
    expect(page.locator("#window")).to_be_focused()
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    page.keyboard.type("1003")
    page.keyboard.press("Enter")
    expect(page.locator("[data-act=next]")).to_be_focused()
    press(page, "n", "A001")
    press(page, "r", "2 times")
    press(page, "a", "Has arrived")
    press(page, "s", "Being served")
    press(page, "n", "A002")  # finishes A001
    press(page, "g", "Complex services")  # finishes the first service of A002, and begins the second
    press(page, "f", "Nobody")
    press(page, "n", "A003")
    press(page, "x", "Nobody")
    press(page, "n", "A004")
    page.keyboard.press("p")
    expect(page.locator("#dialog-heading")).to_have_text("Park A004 for how long?")
    press(page, "1", "Nobody")
    press(page, "n", "A005")
    press(page, "t", "A005")
    page.keyboard.press("Tab")
    page.keyboard.press("2")  # in the choice of the window: only window 2
    page.keyboard.press("Tab")
    press(page, "2", "Nobody")
    page.keyboard.press("b")
    press(page, "2", "On break")
    expect(page.locator("#hint")).to_contain_text("Meal")
    press(page, "b", "Nobody")
    page.keyboard.press("/")
    page.keyboard.type("a3")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-heading")).to_have_text("A003 · Missed")
    press(page, "1", "A003")
    press(page, "f", "Nobody")
    page.keyboard.press("q")
    page.keyboard.press("1")
    expect(page.locator("#sign-in")).to_be_visible()
    assert has_focus(page)
    assert states(branch) == {
        "A001": "finished",
        "A002": "finished",
        "A003": "finished",
        "A004": "parked",
        "A005": "waiting",
        "A006": "waiting",
    }
    sent = branch.ask("teller", "GET", "/v1/tickets/A005").json()
    assert (sent["services"], sent["window"]) == (["complex"], "2")
    assert page.evaluate("localStorage.getItem('teller-window')") == "3"


def test_two_consoles_at_one_window_see_each_others_acts(branch: Branch, open_page: OpenPage) -> None:
    branch.ticket()
    branch.ticket()
    first, second = at_work(open_page, branch), at_work(open_page, branch, "zh", (1366, 768))
    expect(second.locator("#next-number")).to_have_text("A001")
    first.click("[data-act=next]")
    expect(second.locator("#number")).to_have_text("A001")
    expect(second.locator("#told")).to_have_text("已叫A001号")
    second.keyboard.press("s")
    expect(first.locator("#state")).to_contain_text("Being served")
    expect_idle(first)
    first.keyboard.press("f")
    expect(second.locator("#number")).to_have_text("无客户")
    expect_idle(second)
    second.keyboard.press("q")
    second.keyboard.press("1")
    expect(first.locator("#sign-in")).to_be_visible()
    assert has_focus(first)


ALL_THAT_IS_SAID_STAYS = (
    "const later = setTimeout; window.setTimeout = (does, ms) => (ms === 4000 ? 0 : later(does, ms));"
)
"""Else it is gone after four seconds, in which nobody may have looked."""


def test_a_double_tap_calls_once_and_the_place_of_an_act_never_means_another(
    branch: Branch, open_page: OpenPage
) -> None:
    branch.ticket()
    branch.ticket()
    page = at_work(open_page, branch, script=ALL_THAT_IS_SAID_STAYS)
    page.dblclick("[data-act=next]")
    expect(page.locator("#number")).to_have_text("A001")
    page.click("[data-act=next]", force=True)  # it is there and may be tapped, and means nothing now
    expect(page.locator("#not-now")).to_have_text('"Call next" is not possible now.')
    expect(page.locator("#not-now")).to_be_visible()
    assert len(branch.ask("display", "GET", "/v1/board").json()["calls"]) == 1


def test_keys_do_nothing_while_somebody_types_and_can_be_switched_off(branch: Branch, open_page: OpenPage) -> None:
    branch.ticket()
    page = at_work(open_page, branch)
    page.keyboard.press("/")
    page.keyboard.type("nbq")
    assert page.input_value("#find-number") == "nbq"
    expect(page.locator("dialog")).to_be_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+n")
    page.keyboard.press("?")
    expect(page.locator("dialog kbd", has_text="N")).to_be_visible()
    page.keyboard.press("n")
    page.uncheck("dialog input")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.press("?")
    page.check("dialog input")
    page.keyboard.press("Escape")
    assert branch.ask("display", "GET", "/v1/board").json()["calls"] == []
    press(page, "n", "A001")


def test_a_refusal_is_told_in_the_language_of_the_page(branch: Branch, open_page: OpenPage) -> None:
    page = at_work(open_page, branch, "zh")
    page.keyboard.press("/")
    page.keyboard.type("b77")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_have_text("今天没有B077号。")
    page.click("#language")
    page.keyboard.press("/")
    page.keyboard.type("b77")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_have_text("There is no ticket B077 today.")
    assert has_focus(page)
    acts, told = (page.locator(name).bounding_box() for name in ("#acts", "#problem"))
    assert acts is not None
    assert told is not None
    assert told["x"] > acts["x"] + acts["width"]  # beside the acts: it hides none


def test_a_token_that_is_refused_is_told_below_its_field(branch: Branch, open_page: OpenPage) -> None:
    page = open_page("/teller", size=DESK)
    page.keyboard.type("wrong-wrong-wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_be_visible()
    form, told = (page.locator(name).bounding_box() for name in ("#token-form", "#problem"))
    assert form is not None
    assert told is not None
    assert 0 < told["y"] - form["y"] - form["height"] < 20


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("wrong-wrong-wrong", "This token is not valid here. Please check it, or ask for a new one."),
        ("display", "This token is for something else. Please enter one that is meant for this page."),
    ],
)
def test_who_has_no_token_of_a_teller_is_told_so(branch: Branch, open_page: OpenPage, token: str, told: str) -> None:
    page = open_page(f"{branch.url}/teller#{branch.tokens.get(token, token)}", "en", DESK)
    expect(page.locator("#problem")).to_have_text(told)
    expect(page.locator("#token")).to_be_focused()
    page.fill("#token", branch.tokens["teller"])
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in")).to_be_visible()
    expect(page.locator("#problem")).to_be_hidden()
    assert branch.tokens["teller"] not in page.url


def test_whose_token_is_withdrawn_is_asked_for_another(branch: Branch, open_page: OpenPage, tmp_path: Path) -> None:
    branch.ticket()
    page = at_work(open_page, branch, "zh")
    Tokens(tmp_path / "queue").remove("teller")
    page.keyboard.press("n")
    expect(page.locator("#token")).to_be_focused()
    expect(page.locator("#desk")).to_be_hidden()
    expect(page.locator("#problem")).to_have_text("令牌无效，请核对，或申请新的令牌。")
    assert branch.ask("display", "GET", "/v1/board").json()["calls"] == []


def test_notes_are_text_and_are_seen_by_whoever_serves(branch: Branch, open_page: OpenPage) -> None:
    notes = "<img src=x onerror=alert(1)>\n=SUM(A1)\n" + "很长的备注" * 60
    branch.ticket(notes=notes, language="en", customer_class="vip")
    page = at_work(open_page, branch)
    press(page, "n", "A001")
    assert page.locator("#notes").inner_text() == notes
    assert page.locator("#speaks").inner_text() == "English"
    assert violations(page) == []
    box = page.locator("[data-act=signOut]").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= DESK[1]  # however long the notes are, all acts are on the screen


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_is_accessible_in_every_state_and_size(branch: Branch, open_page: OpenPage, language: str) -> None:
    for customers in ("ordinary", "vip", "green", "ordinary"):
        branch.ticket(customer_class=customers, services=["complex", "simple"], notes="开户")
    branch.clock.sleep(1000)
    branch.at_window("sign-in", {"teller": "1003"})
    branch.did("teller", "/v1/tickets/B001/park", {"minutes": 5})
    page = open_page(f"{branch.url}/teller#{branch.tokens['teller']}", language, DESK)
    expect(page.locator("#sign-in")).to_be_visible()
    found = violations(page)
    page.locator("#windows button").click()
    page.click("#open-window")
    expect(page.locator("#next-number")).to_have_text("B003")
    page.keyboard.press("n")
    expect(page.locator("#number")).to_have_text("B003")
    for width, height in (DESK, (1366, 768), (820, 1180), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        found += violations(page)
    for key in ("t", "?"):
        page.keyboard.press(key)
        expect(page.locator("dialog")).to_be_visible()
        found += violations(page)
        page.keyboard.press("Escape")
    assert found == []
