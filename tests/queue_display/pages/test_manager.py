"""The manager's page in a browser: the figures of the report, live and without flicker, and the table for Excel."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.queue_display.pages.accessible import violations
from tests.queue_display.pages.conftest import OpenPage
from tests.queue_display.serving import Branch

pytestmark = pytest.mark.slow

DESK = (1366, 768)

NEVER_OF_ITSELF = "const later = setTimeout; window.setTimeout = (does, ms) => (ms < 10000 ? later(does, ms) : 0);"
"""The page looks every ten seconds though nothing happens; so it looks only when something does."""


def reported(open_page: OpenPage, branch: Branch, language: str = "en", script: str = "") -> Page:
    page = open_page(f"{branch.url}/manager#{branch.tokens['manager']}", language, DESK, script)
    expect(page.locator("#report")).to_be_visible()
    return page


def a_morning(branch: Branch) -> None:
    for window in ("3", "10"):
        branch.at_window("sign-in", {"teller": f"10{window}"}, window=window)
    branch.at_window("break", {"reason": "cash"}, window="10")
    for _ in range(3):
        branch.ticket()
        branch.clock.sleep(90)
    branch.ticket(services=["complex"], customer_class="green")
    branch.at_window("call", {"ticket": "A001"})
    branch.clock.sleep(3600)
    branch.at_window("start")
    branch.at_window("call-next")


def test_it_shows_what_the_report_says(branch: Branch, open_page: OpenPage) -> None:
    a_morning(branch)
    page = reported(open_page, branch)
    for name, figure in (("waiting", "2"), ("over-target", "2"), ("longest", "63 min"), ("open", "2"), ("issued", "4")):
        expect(page.locator(f"#{name}")).to_have_text(figure)
    simple = page.locator("#sla tr", has_text="Simple services")
    told = [
        "Simple services",
        "name",
        "2 min",
        "0%",
        "2",
        "2",
        "63 min · over",
        "3",
        "1",
        "4 min",
        "4 min",
        "4 min",
        "0",
    ]
    assert simple.locator("th, td").all_inner_texts() == told
    assert page.locator("#windows tr").all_inner_texts() == [
        "3\tB001 called\t<1 min",
        "10\tBreak: Cash: counting, fetching\t64 min",
    ]
    hours = [text.split("\t") for text in page.locator("#hours tr").all_inner_texts()]
    assert hours == [
        ["09:00", "4", "1", "0%", "4 min", "0", "0", "0"],
        ["10:00", "0", "1", "0%", "60 min", "1", "0", "0"],
    ]
    assert "10" + "03" not in page.inner_text("#report")
    assert "1010" not in page.inner_text("#report")  # nobody's figures


def test_it_is_live_and_touches_nothing_that_stays(branch: Branch, open_page: OpenPage) -> None:
    a_morning(branch)
    page = reported(open_page, branch, "zh", NEVER_OF_ITSELF)
    page.evaluate("document.querySelector('#sla tr').mark = 'the same'")
    page.focus("#sla-table")
    branch.ticket()
    expect(page.locator("#issued")).to_have_text("5")
    branch.at_window("start")
    expect(page.locator("#windows tr").first).to_contain_text("正在办理B001")
    assert page.evaluate("document.querySelector('#sla tr').mark") == "the same"
    expect(page.locator("#sla-table")).to_be_focused()


def test_the_table_is_downloaded_with_no_token_in_any_address(
    branch: Branch, open_page: OpenPage, tmp_path: Path
) -> None:
    a_morning(branch)
    page = reported(open_page, branch)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.select_option("#days", "20")
    with page.expect_download() as downloading:
        page.click("#download [type=submit]")
    assert downloading.value.suggested_filename == "queue-2026-11-23.csv"
    downloading.value.save_as(tmp_path / "table.csv")
    table = (tmp_path / "table.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbfday,service,customers")
    assert b"2026-11-23,Simple services,name,no,2,3,1,0.000" in table
    assert branch.tokens["manager"] not in "".join(asked)


def test_the_log_of_a_day_is_downloaded(branch: Branch, open_page: OpenPage, tmp_path: Path) -> None:
    a_morning(branch)
    page = reported(open_page, branch)
    expect(page.locator("#log-day")).to_have_value("2026-11-23")
    with page.expect_download() as downloading:
        page.click("#log [type=submit]")
    assert downloading.value.suggested_filename == "queue-log-2026-11-23.csv"
    downloading.value.save_as(tmp_path / "log.csv")
    assert b",called,A001,3,teller teller,Called by its number" in (tmp_path / "log.csv").read_bytes()
    page.fill("#log-day", "2026-11-22")
    page.click("#log [type=submit]")
    expect(page.locator("#problem")).to_contain_text("2026-11-22 is not in the log")


def test_a_teller_is_told_that_it_takes_a_manager(branch: Branch, open_page: OpenPage) -> None:
    page = open_page(f"{branch.url}/manager#{branch.tokens['teller']}", "zh", DESK)
    expect(page.locator("#problem")).to_have_text("此令牌不能用于本页，请输入本页适用的令牌。")
    expect(page.locator("#token")).to_be_focused()
    expect(page.locator("#download")).to_be_hidden()  # nothing can be had before


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_is_accessible_with_and_without_figures_in_every_size(
    branch: Branch, open_page: OpenPage, language: str
) -> None:
    page = reported(open_page, branch, language)
    found = violations(page)
    a_morning(branch)
    expect(page.locator("#issued")).to_have_text("4")
    for width, height in (DESK, (1920, 1080), (820, 1180), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        found += violations(page)
    assert found == []
