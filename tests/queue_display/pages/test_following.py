"""What events.js asks for and tells while connections end in every way, against answers that the test makes up."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.queue_display.pages.conftest import OpenPage

pytestmark = pytest.mark.slow

FOLLOW = """async () => {
  const [{ Api }, { Follower }] = [await import("/pages/api.js"), await import("/pages/events.js")];
  const told = document.createElement("pre");
  document.body.appendChild(told);
  const tell = (...words) => { told.textContent += words.join(" ") + ";"; };
  new Follower(new Api("TOKEN"), 5, {
    event: (event) => tell(event.number || "", event.kind),
    live: (isLive) => tell(isLive ? "live" : "silent"),
    time: (at) => tell("at", at),
    refused: (problem) => tell("refused", problem.code),
  });
}"""


NEVER_SILENT = "const later = setTimeout; window.setTimeout = (does, ms) => (ms < 4000 ? later(does, ms) : 0);"


def following(
    open_page: OpenPage, answer: Callable[[Route, int], None], script: str = ""
) -> tuple[Page, list[str | None]]:
    """Make what follows the log after event 5; return the page and what each request, so far, said that it has."""
    asked: list[str | None] = []
    page = open_page("/", script=script)

    def answered(route: Route) -> None:
        assert route.request.headers["authorization"] == "Bearer TOKEN"
        assert "TOKEN" not in route.request.url
        asked.append(route.request.headers.get("last-event-id"))
        answer(route, len(asked))

    page.route("**/v1/events", answered)
    return page, asked


def alive(last: int) -> str:
    return f'retry: 1000\n\nevent: alive\ndata: {{"entry":{last},"at":1.5}}\n\n'


def event(number: int, kind: str) -> str:
    return f'id: {number}\ndata: {{"number":{number},"kind":"{kind}"}}\n\n'


def test_it_goes_on_after_the_last_whole_event_and_after_a_restored_log_from_now_on(open_page: OpenPage) -> None:
    problem: dict[str, Any] = {"content_type": "application/problem+json", "body": '{"code":"any","detail":"a"}'}
    answers: list[dict[str, Any]] = [
        {"body": alive(7) + event(6, "Called") + event(7, "Started") + "id: 8\nda"},
        {"body": "id: 8\nevent: other\ndata: {}\n\n"},
        {"status": 503, **problem},
        {"status": 422, **problem},
        {"body": alive(3)},
        {"body": event(4, "Called")},
        {"status": 404, **problem},
    ]
    page, asked = following(open_page, lambda route, count: route.fulfill(**answers[count - 1]), NEVER_SILENT)
    page.evaluate(FOLLOW)
    told = "live;at 1.5;6 Called;7 Started;8 other; gap;at 1.5;4 Called;refused any;"
    expect(page.locator("pre")).to_have_text(told)
    assert asked == ["5", "7", "8", "8", None, "3", "4"]


def test_who_hears_nothing_for_five_seconds_is_told_and_asks_again(open_page: OpenPage) -> None:
    def answer(route: Route, count: int) -> None:
        if count == 3:
            route.fulfill(body=event(6, "Called"))

    page, asked = following(open_page, answer)
    page.clock.install(time=0)
    page.clock.pause_at(1)
    page.evaluate(FOLLOW)
    page.clock.fast_forward(5000)
    expect(page.locator("pre")).to_have_text("silent;")
    page.clock.fast_forward(5000)
    expect(page.locator("pre")).to_have_text("silent;live;6 Called;")
    assert asked == ["5", "5", "5"]
