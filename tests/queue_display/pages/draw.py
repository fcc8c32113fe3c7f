"""Draw the pages. For docs/screens: python -m tests.queue_display.pages.draw; all that they show: ... draw FOLDER."""

import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser

from tests.clocks import SetClock
from tests.queue_display.pages.browsing import LOCALES, NINE, chromium, titled_policy
from tests.queue_display.pages.phone_visit import phone_visit
from tests.queue_display.serving import served

SCREENS = Path("docs/screens")
SIZES = {"phone": (390, 844), "phone-small": (320, 568), "phone-tablet": (820, 1180)}
EVERY_STATE: Collection[str] = ()


def draw_visit(
    browser: Browser,
    folder: Path,
    name: str,
    language: str,
    states: Collection[str] = EVERY_STATE,
    *,
    colours: Literal["light", "dark"] = "light",
) -> None:
    """Draw a ticket's page in these states."""
    width, height = SIZES[name]
    context = browser.new_context(
        locale=LOCALES[language], viewport={"width": width, "height": height}, color_scheme=colours
    )
    page = context.new_page()
    with tempfile.TemporaryDirectory() as data, served(Path(data), titled_policy(), SetClock(NINE)) as branch:
        for state in phone_visit(branch, page):
            if states and state not in states:
                continue
            target = folder / f"{name}-{state}-{language}{'-dark' if colours == 'dark' else ''}.png"
            page.screenshot(path=target)
            with Image.open(target) as picture:
                picture.convert("RGB").quantize(64).save(target, optimize=True)
    context.close()


def main(folder: Path | None) -> None:
    """Draw everything into `folder`; None: what docs/screens shows."""
    with tempfile.TemporaryDirectory() as fonts, chromium(Path(fonts)) as browser:
        if folder is None:
            draw_visit(browser, SCREENS, "phone", "zh", ["waiting", "next", "called", "more-time"])
            draw_visit(browser, SCREENS, "phone", "en", ["waiting", "missed", "serving", "give-up"])
            draw_visit(browser, SCREENS, "phone-small", "en", ["called"], colours="dark")
            return
        folder.mkdir(parents=True, exist_ok=True)
        for name in SIZES:
            for language in LOCALES:
                draw_visit(browser, folder, name, language)
        draw_visit(browser, folder, "phone", "en", colours="dark")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
