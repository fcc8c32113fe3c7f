"""A ticket's page in every state: accessible, and whole on the smallest phone, also at twice the size."""

import pytest
from playwright.sync_api import ViewportSize

from tests.queue_display.pages.accessible import too_wide, violations
from tests.queue_display.pages.conftest import OpenPage
from tests.queue_display.pages.phone_visit import phone_visit
from tests.queue_display.serving import Branch

pytestmark = pytest.mark.slow

SMALL: ViewportSize = {"width": 320, "height": 568}
AT_200_PERCENT: ViewportSize = {"width": 160, "height": 284}


@pytest.mark.parametrize(("language", "colours"), [("zh", "light"), ("en", "dark")])
def test_every_state_is_accessible(branch: Branch, open_page: OpenPage, language: str, colours: str) -> None:
    page = open_page("/t", language, color_scheme=colours)
    page.set_viewport_size(SMALL)
    wrong = {}
    for state in phone_visit(branch, page):
        found = violations(page) + too_wide(page)
        page.set_viewport_size(AT_200_PERCENT)
        found += too_wide(page)
        page.set_viewport_size(SMALL)
        if found:
            wrong[state] = found
    assert wrong == {}
