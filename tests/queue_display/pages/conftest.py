"""A browser, a branch and phones that look at it. All of these tests are slow, and need Debian's Chromium."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

import kiosk_core.fonts
from kiosk_core.texts import LocalText
from tests.clocks import SetClock
from tests.queue_display.policies import branch_policy
from tests.queue_display.serving import Branch, served

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
_ALONE = (  # it asks nobody but the branch, and needs neither sandbox nor graphics
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_TITLES = {
    "simple": LocalText("简单业务", "Simple services"),
    "complex": LocalText("复杂业务", "Complex services"),
    "corporate": LocalText("对公业务", "Business customers"),
}

OpenPage = Callable[..., Page]
"""Open a path in a new tab: open_page("/t#…", language="zh", size=(390, 844), **options of a browser context)."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium that knows the kiosk's fonts. Of one module: asyncio.run cannot be used while it is there."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs the Debian package chromium")
    folder = tmp_path_factory.mktemp("fonts")
    fonts = folder / "fonts.conf"
    fonts.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{Path(kiosk_core.fonts.__file__).parent}</dir><cachedir>{folder}</cachedir></fontconfig>"
    )
    environment: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(fonts)}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=_ALONE, env=environment)
        try:
            yield chromium
        finally:
            chromium.close()


@pytest.fixture
def branch(tmp_path: Path) -> Iterator[Branch]:
    """A branch on a Monday at nine, with nobody in it."""
    policy = branch_policy()
    titled = {name: replace(each, title=_TITLES[name]) for name, each in policy.service.items()}
    with served(tmp_path / "queue", replace(policy, service=titled), SetClock(NINE)) as branch:
        yield branch


@pytest.fixture
def open_page(browser: Browser, branch: Branch) -> Iterator[OpenPage]:
    """See OpenPage. A test fails if a page of it raised an error, or did what its Content-Security-Policy forbids."""
    contexts = []
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            wrong.append(message.text)

    def open_page(path: str, language: str = "en", size: tuple[int, int] = (390, 844), **options: Any) -> Page:
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(locale={"zh": "zh-CN", "en": "en-GB"}[language], viewport=viewport, **options)
        context.set_default_timeout(5000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", heard)
        page.goto(path if path.startswith("http") else branch.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
