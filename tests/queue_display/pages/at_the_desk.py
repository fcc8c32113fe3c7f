"""A console at window 3, and keys pressed at it."""

from playwright.sync_api import Page, expect

from tests.queue_display.pages.conftest import OpenPage
from tests.queue_display.serving import Branch

DESK = (1024, 768)


def at_work(
    open_page: OpenPage, branch: Branch, language: str = "en", size: tuple[int, int] = DESK, script: str = ""
) -> Page:
    """A console at window 3, which is opened if it is not open."""
    if branch.ask("teller", "GET", "/v1/windows/3").json()["window"]["teller"] == "":
        branch.at_window("sign-in", {"teller": "1003"})
    page = open_page(f"{branch.url}/teller#{branch.tokens['teller']}", language, size, script)
    page.fill("#window", "3")
    page.keyboard.press("Enter")
    expect(page.locator("#desk")).to_be_visible()
    return page


def has_focus(page: Page) -> bool:
    return bool(page.evaluate("document.activeElement !== null && document.activeElement !== document.body"))


def expect_idle(page: Page) -> None:
    """Wait until the console takes another act: what one has done may be seen, by the stream, before it is answered."""
    expect(page.locator("#main")).not_to_have_attribute("aria-busy", "true")


def press(page: Page, key: str, then: str) -> None:
    """Press a key, and wait until the window shows this; the focus is somewhere all the time."""
    page.keyboard.press(key)
    expect(page.locator("#at-window")).to_contain_text(then)
    expect_idle(page)
    assert has_focus(page), key
