"""The first page."""

import pytest
from playwright.sync_api import expect

from tests.queue_display.pages.accessible import violations
from tests.queue_display.pages.conftest import OpenPage
from tests.queue_display.serving import Branch

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_says_what_there_is_for_whom(branch: Branch, open_page: OpenPage, language: str) -> None:
    page = open_page("/", language)
    expect(page.locator("h1")).to_have_text({"zh": "网点排队叫号", "en": "The queue of this branch"}[language])
    expect(page.locator("#address")).to_have_text(f"{branch.url}/")
    assert violations(page) == []


def test_the_language_can_be_switched_and_is_kept(open_page: OpenPage) -> None:
    page = open_page("/", "en")
    page.click("#language")
    expect(page.locator("h1")).to_have_text("网点排队叫号")
    page.reload()
    expect(page.locator("h1")).to_have_text("网点排队叫号")
    assert page.get_attribute("html", "lang") == "zh-CN"
