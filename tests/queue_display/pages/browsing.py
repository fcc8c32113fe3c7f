"""Debian's Chromium, and a branch for it to look at."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

import kiosk_core.fonts
from kiosk_core.texts import LocalText
from queue_display.policy import Policy
from tests.queue_display.policies import branch_policy, service

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHROMIUM = shutil.which("chromium")
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
HOSTILE = "<img src=x onerror=alert(1)>&amp;{n}"

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
    "corporate": LocalText("对公业务", "Business banking"),
    "hostile": LocalText(HOSTILE, HOSTILE),
}


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Run Chromium with the kiosk's fonts and no others; asyncio.run cannot be used in the block."""
    fonts = folder / "fonts.conf"
    fonts.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{Path(kiosk_core.fonts.__file__).parent}</dir><cachedir>{folder}</cachedir></fontconfig>"
    )
    environment: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(fonts)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ALONE, env=environment)
        try:
            yield browser
        finally:
            browser.close()


def titled_policy() -> Policy:
    """Return the policy for tests with services that people can read, and one whose title is an attack."""
    policy = branch_policy()
    services = {**policy.service, "hostile": service("H")}
    return replace(policy, service={name: replace(each, title=_TITLES[name]) for name, each in services.items()})
