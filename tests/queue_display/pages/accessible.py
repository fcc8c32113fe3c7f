"""What every page must be: accessible as axe sees it, large enough to touch, no wider than its screen."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

LEAST_TARGET_PX = 44

_OPTIONS = {"resultTypes": ["violations"], "rules": {"color-contrast-enhanced": {"enabled": True}}}

_BEYOND = """() => {
  const width = document.documentElement.clientWidth;
  const all = Array.from(document.querySelectorAll("body *"));
  return all
    .filter((each) => each.offsetParent !== null && !each.closest(".visually-hidden, .table-wide"))
    .filter((each) => each.getBoundingClientRect().right > width + 0.5 || each.scrollWidth > each.clientWidth + 1)
    .filter((each) => getComputedStyle(each).display !== "inline")
    .map((each) => each.outerHTML);
}"""
_SMALL = """(least) => Array.from(document.querySelectorAll("button, a, input, select"))
  .map((each) => each.closest("label") || each)
  .filter((each) => each.offsetParent !== null)
  .filter((each) => each.offsetHeight < least || each.offsetWidth < least)
  .map((each) => each.outerHTML)"""


def violations(page: Page) -> list[str]:
    """Return what axe finds, what can hardly be touched, and whether the page must be scrolled sideways."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = [
        f"{each['id']}: {each['help']}: {node['html']}"
        for each in page.evaluate("(options) => axe.run(options)", _OPTIONS)["violations"]
        for node in each["nodes"]
    ]
    small = [f"smaller than {LEAST_TARGET_PX} px: {each}" for each in page.evaluate(_SMALL, LEAST_TARGET_PX)]
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found + small + ([f"the page is {wider} px wider than its screen"] if wider > 0 else [])


def too_wide(page: Page) -> list[str]:
    """Return what goes beyond the screen's right edge, or beyond its own box: for pages where nothing may."""
    return [f"too wide: {each}" for each in page.evaluate(_BEYOND)]
