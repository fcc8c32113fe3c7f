"""Draw the staff's pages for docs/screens: python -m tests.queue_display.pages.draw_staff [FOLDER]."""

import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page

from openteller.queue_policy import DEFAULT_POLICY, load_policy
from tests.clocks import SetClock
from tests.queue_display.pages.browsing import LOCALES, NINE, chromium
from tests.queue_display.pages.draw import SCREENS
from tests.queue_display.serving import Branch, served

NOTES = "开立个人账户，带身份证\n手机号已核对"
CLASSES = ("ordinary", "vip", "green")
SERVICES = ("simple", "simple", "complex", "corporate")


def spend_a_morning(branch: Branch, minutes: int) -> None:
    """Let customers come to windows 1, 2, 5 and 6 minute by minute; at half time most come."""
    rng = random.Random(5)
    for window in ("1", "2", "3", "5", "6"):
        branch.at_window("sign-in", {"teller": f"100{window}"}, window=window)
    for minute in range(minutes):
        branch.clock.sleep(60)
        busy = 1 - abs(minute - minutes / 2) / minutes
        for _ in range(rng.choice((0, 1, 1, 2)) if rng.random() < busy else 0):
            customers = rng.choices(CLASSES, (8, 2, 1))[0]
            branch.ticket(services=[rng.choice(SERVICES)], customer_class=customers, language=rng.choice(("zh", "en")))
        for window in ("1", "2", "5", "6"):
            _work(branch, window, rng)
    branch.ask("teller", "POST", "/v1/windows/6/finish")  # nobody may be there
    branch.at_window("break", {"reason": "meal"}, window="6")


def _work(branch: Branch, window: str, rng: random.Random) -> None:
    there = branch.ask("teller", "GET", f"/v1/windows/{window}").json()["window"]["ticket"]
    word = ""
    if there is None:
        word = "call-next"
    elif there["state"] == "called":
        word = "start" if rng.random() < 0.93 else "no-show"
    elif rng.random() < 0.21:
        word = "call-next"
    if word:
        branch.ask("teller", "POST", f"/v1/windows/{window}/{word}")  # nobody may be waiting


def draw(browser: Browser, folder: Path) -> None:
    """Draw all into `folder`."""
    with (
        tempfile.TemporaryDirectory() as data,
        served(Path(data), load_policy(DEFAULT_POLICY), SetClock(NINE)) as branch,
    ):
        spend_a_morning(branch, 200)
        for place in range(10):  # and nobody is called for ten minutes
            branch.ticket(services=[SERVICES[place % 4]], customer_class=CLASSES[place % 7 // 3])
            branch.clock.sleep(60)
        number = branch.ticket(services=["complex", "simple"], notes=NOTES, customer_class="vip", language="en")
        for name, page in _pictures(browser, branch, number["ticket"]["ticket"]):
            target = folder / f"{name}.png"
            page.screenshot(path=target, full_page=name.startswith("manager"))
            with Image.open(target) as picture:
                picture.convert("RGB").quantize(64).save(target, optimize=True)


def _pictures(browser: Browser, branch: Branch, number: str) -> Iterator[tuple[str, Page]]:
    yield "manager-zh", _page(browser, branch, "manager", "zh", (1366, 768))
    yield "manager-en-wide", _page(browser, branch, "manager", "en", (1920, 1080))
    desk = _page(browser, branch, "teller", "zh", (1024, 768))
    yield "teller-sign-in-zh", desk
    _go_to_window_3(desk)
    desk.keyboard.press("/")
    desk.keyboard.type(number)
    desk.keyboard.press("Enter")
    desk.wait_for_selector("dialog[open]")
    yield "teller-ticket-zh", desk
    desk.keyboard.press("1")
    desk.wait_for_selector(f"#number >> text={number}")
    branch.at_window("start")
    branch.clock.sleep(250)
    branch.ticket()
    desk.wait_for_selector("#state >> text=4分钟")
    yield "teller-serving-zh", desk
    desk.keyboard.press("t")
    desk.wait_for_selector("dialog[open]")
    yield "teller-transfer-zh", desk
    branch.at_window("finish")
    branch.at_window("call-next")
    wide = _page(browser, branch, "teller", "en", (1366, 768))
    _go_to_window_3(wide)
    yield "teller-called-en", wide
    wide.keyboard.press("?")
    wide.wait_for_selector("dialog[open]")
    yield "teller-keys-en", wide
    tablet = _page(browser, branch, "teller", "en", (820, 1180), colours="dark")
    _go_to_window_3(tablet)
    yield "teller-tablet-en-dark", tablet


def _page(
    browser: Browser,
    branch: Branch,
    role: str,
    language: str,
    size: tuple[int, int],
    *,
    colours: Literal["light", "dark"] = "light",
) -> Page:
    viewport = {"width": size[0], "height": size[1]}
    page = browser.new_page(locale=LOCALES[language], viewport=viewport, color_scheme=colours, reduced_motion="reduce")
    page.goto(f"{branch.url}/{role}#{branch.tokens[role]}")
    page.wait_for_selector("[data-part]:visible")
    return page


def _go_to_window_3(page: Page) -> None:
    page.fill("#window", "3")
    page.keyboard.press("Enter")
    page.wait_for_selector("#desk:visible")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SCREENS
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as fonts, chromium(Path(fonts)) as chosen:
        draw(chosen, target)
