"""The lists of a page that is read: turned a page at a time, in any size of screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_core.intents import StayHere
from kiosk_core.pages import ListPage
from tests.kiosk_ui.rigs import Rig
from tests.kiosk_ui.sample_pages import ENTRIES, PAGES, card_info

pytestmark = pytest.mark.usefixtures("qapp")


def reading(rows: int, page: ListPage | None = None) -> Rig:
    """A customer reads ten entries, so many lines at a time."""
    rig = Rig()
    rig.show(page or card_info(*ENTRIES), "en")
    rig.model.records.fit(rows)
    return rig


def days(rig: Rig) -> list[int]:
    return [int(row["detail"][8:10]) for row in rig.model.records.rows]


def test_the_newest_come_first_and_the_rest_by_a_touch():
    rig = reading(4)
    records = rig.model.records
    assert (days(rig), records.place) == ([20, 19, 18, 17], "1 of 3")
    assert (records.has_newer, records.has_older) == (False, True)
    records.older()
    records.older()
    assert (days(rig), records.place) == ([12, 11], "3 of 3")
    assert (records.has_newer, records.has_older) == (True, False)
    records.older()
    assert days(rig) == [12, 11]
    records.newer()
    assert days(rig) == [16, 15, 14, 13]


def test_a_list_that_fits_needs_no_turning():
    rig = reading(10)
    assert (rig.model.records.place, rig.model.records.has_older) == ("", False)


def test_a_line_is_shown_in_the_language_of_the_screen():
    rig = reading(3)
    assert rig.model.records.rows[2] == {"label": "Top-up", "detail": "2026-11-18 08:15", "value": "+¥1,000.00"}
    rig.model.records.older()
    rig.model.change_language("zh")
    assert rig.model.records.rows[0]["label"] == "消费"
    assert rig.model.records.place == "第 2 页，共 4 页"


def test_another_list_opens_by_a_touch_and_an_empty_one_says_so():
    rig = reading(4)
    records = rig.model.records
    assert (records.sections, records.empty) == (
        [{"title": "Money in and out", "open": True}, {"title": "Trips", "open": False}],
        "",
    )
    records.choose(1)
    assert (records.rows, records.place, records.empty) == ([], "", "The card remembers no trip.")
    records.choose(2)  # there is none
    assert records.sections[1]["open"]
    records.choose(0)
    assert days(rig) == [20, 19, 18, 17]


@given(st.integers(1, 12), st.integers(0, 12), st.integers(-3, 40))
def test_a_turned_screen_still_shows_the_first_line_that_was_shown(before, turns, after):
    rig = reading(before)
    for _ in range(turns):
        rig.model.records.older()
    first = days(rig)[0]
    rig.model.records.fit(after)
    assert first in days(rig)


def test_whoever_reads_on_is_not_asked_whether_he_is_still_there():
    rig = reading(4)
    rig.model.records.older()
    assert [touched.intent for touched in rig.typing] == [StayHere()]
    rig.model.records.newer()
    assert len(rig.typing) == 1  # not with every touch
    rig.pass_time(3)
    rig.model.records.choose(1)
    assert len(rig.typing) == 2
    rig.model.records.choose(1)
    assert len(rig.typing) == 2


def test_a_warning_leaves_the_place_and_the_next_page_forgets_everything():
    rig = reading(4)
    rig.model.records.older()
    rig.show(card_info(*ENTRIES), "en")
    assert days(rig) == [16, 15, 14, 13]
    rig.show(PAGES["home_1"], "en")
    assert (rig.model.records.sections, rig.model.records.rows, rig.model.records.empty) == ([], [], "")
