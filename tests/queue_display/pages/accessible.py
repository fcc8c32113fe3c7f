"""What every page must be: accessible as axe sees it, and no wider than its screen."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe()
_WIDER_BY = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def violations(page: Page) -> list[str]:
    """Return what axe finds, and text that goes beyond the screen."""
    found = [
        f"{each['id']}: {each['help']}: {node['html']}"
        for each in _AXE.run(page).response["violations"]
        for node in each["nodes"]
    ]
    wider = page.evaluate(_WIDER_BY)
    return [*found, f"the page is {wider} px wider than its screen"] if wider > 0 else found
