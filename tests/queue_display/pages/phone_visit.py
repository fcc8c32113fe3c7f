"""A visit that leads a ticket's page through all that it can show."""

from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.queue_display.serving import Branch


def phone_visit(branch: Branch, page: Page) -> Iterator[str]:
    """Lead `page` from state to state; yield the name of each while the page shows it."""
    branch.at_window("sign-in", {"teller": "1001"})
    branch.at_window("sign-in", {"teller": "1002"}, window="12")
    for _ in range(4):
        branch.ticket()
    taken = branch.ticket(services=["simple", "complex"])
    _scan(page, taken["page_url"])
    _shown(page, "waiting")
    yield "waiting"
    page.click("#alert")
    page.click("#more-time")
    yield "more-time"
    page.click("#minutes button:nth-child(2)")
    _shown(page, "parked")
    yield "parked"
    page.click("#back")
    _shown(page, "waiting")
    page.click("#give-up")
    yield "give-up"
    page.click("#give-up-not")
    for window in ("3", "12", "3", "12"):
        branch.at_window("call-next", window=window)
        branch.at_window("start", window=window)
    _shown(page, "next")
    yield "next"
    branch.at_window("call-next", window="12")
    _shown(page, "called")
    yield "called"
    branch.at_window("no-show", window="12")
    _shown(page, "missed")
    yield "missed"
    page.click("#back")
    _shown(page, "next")
    branch.at_window("call-next")
    branch.at_window("start")
    _shown(page, "serving")
    yield "serving"
    branch.at_window("transfer", {"service": "complex", "window": "12"})
    _shown(page, "next")
    yield "sent-to-window"
    for word in ("call-next", "start", "finish"):
        branch.at_window(word, window="12")
    _shown(page, "over")
    yield "finished"
    _scan(page, branch.ticket(services=["corporate"])["page_url"])
    _shown(page, "next")
    page.click("#give-up")
    page.click("#give-up-sure")
    _shown(page, "over")
    yield "cancelled"
    _scan(page, f"{branch.url}/t#A001.2.AAAAAAAAAAAAAAAAAAAAAA")
    _shown(page, "over")
    yield "strange"


def _scan(page: Page, page_url: str) -> None:
    """Lead a ticket's page to another ticket: only the hash changes, so it is the page that loads itself again."""
    with page.expect_event("load"):
        page.goto(page_url)


def _shown(page: Page, state: str) -> None:
    expect(page.locator("#state")).to_have_attribute("data-state", state)
    expect_idle(page)


def expect_idle(page: Page) -> None:
    """Wait until the page takes another act: it may show what one has done, by the stream, before that is answered."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
