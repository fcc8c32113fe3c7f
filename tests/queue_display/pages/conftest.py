"""A browser, a branch and phones that look at it. All of these tests are slow, and need Debian's Chromium."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.clocks import SetClock
from tests.queue_display.pages.browsing import CHROMIUM, LOCALES, NINE, chromium, titled_policy
from tests.queue_display.serving import Branch, served

OpenPage = Callable[..., Page]
"""Open a page in a browser of its own: open_page("/t#…", "zh", size=(390, 844), script="…", **options of a context).

`script` is run before those of the page; nothing is random, nothing moves.
"""


PATIENCE_MS = 30_000
"""How long a page may take for anything: the machine may have other things to do."""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, for one module: no other test could use asyncio.run while it is there."""
    if CHROMIUM is None:
        pytest.skip("needs the Debian package chromium")
    with chromium(tmp_path_factory.mktemp("fonts")) as browser:
        yield browser


@pytest.fixture
def branch(tmp_path: Path) -> Iterator[Branch]:
    """A branch on a Monday at nine, with nobody in it."""
    with served(tmp_path / "queue", titled_policy(), SetClock(NINE)) as branch:
        yield branch


@pytest.fixture
def open_page(browser: Browser, branch: Branch) -> Iterator[OpenPage]:
    """See OpenPage. A test fails if a page of it raised an error, or did what its Content-Security-Policy forbids."""
    contexts = []
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            wrong.append(message.text)

    def open_page(
        path: str, language: str = "en", size: tuple[int, int] = (390, 844), script: str = "", **options: Any
    ) -> Page:
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(locale=LOCALES[language], viewport=viewport, reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script("Math.random = () => 0;" + script)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", heard)
        page.goto(path if ":" in path else branch.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
