"""A page read aloud: what is said of it, what never is, and what makes it silent."""

import re
from dataclasses import replace

import pytest
from PyQt6.QtCore import Q_ARG, QMetaObject, QUrl
from PyQt6.QtQml import QQmlComponent

from kiosk_core.intents import Cancel, StayHere
from kiosk_core.pages import TicketPage
from kiosk_core.texts import LANGUAGES, Words
from kiosk_ui.texts import Catalogue
from kiosk_ui.view_model import ViewModel
from tests.kiosk_ui.rigs import IGNORED_QT_MESSAGES, Rig, clock, open_screen
from tests.kiosk_ui.sample_pages import PAGES

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.qt_log_ignore(*IGNORED_QT_MESSAGES)]


@pytest.fixture
def rig():
    return Rig()


def said_of(rig: Rig, page: str, language: str = "zh") -> str:
    rig.show(PAGES[page], language)
    rig.model.aloud.read()
    (utterance,) = rig.speaker.said
    rig.speaker.said.clear()
    rig.speaker.hush()
    rig.pass_time(1)
    return utterance.text


def test_title_and_instruction_are_read_in_the_language_of_the_screen(rig):
    assert said_of(rig, "place_card") == "请把公交卡平放在读卡区\n放好后不要移动，机器会自动读卡。"
    assert said_of(rig, "place_card", "en").startswith("Lay your transit card flat on the reader\n")


def test_what_went_wrong_is_read_first(rig):
    assert said_of(rig, "place_card_problem").splitlines()[1] == "请把公交卡平放在读卡区"


def test_the_services_that_can_be_had_are_read(rig):
    assert said_of(rig, "home_1") == "您好，请选择业务\n公交卡充值"


def test_a_sentence_with_an_amount_is_left_out_and_the_others_are_read(rig):
    assert said_of(rig, "id_card").splitlines()[1:] == [
        "请把您的身份证放在身份证读卡区",
        "公交卡请留在原处。姓名和号码不会保存在机器里。",
    ]


def test_nothing_of_the_customer_is_said_of_any_page_in_any_language(rig):
    """No number but those of the texts themselves, and no value that a page was given."""
    catalogue = Catalogue(strict=True)
    for language in LANGUAGES:
        for name, page in PAGES.items():
            heard = said_of(rig, name, language)
            if isinstance(page, TicketPage):  # but for the number that will be called out in the hall
                assert heard.startswith(page.number)
                heard = heard.removeprefix(page.number)
            assert not re.search(r"[¥{}*]|\d", heard), (name, heard)
            texts = [value for value in vars(page).values() if isinstance(value, Words)]
            for value in (value for words in texts for value in words.values.values()):
                assert value not in heard, name
            if "title" in vars(page):
                assert catalogue.without_values(page.title, language) in heard or page.warning_s, name


def test_who_is_asked_whether_he_is_there_hears_that(rig):
    assert said_of(rig, "warning").startswith("您还在吗？")


def test_reading_is_a_sign_of_life(rig):
    rig.show(PAGES["loaded"])
    rig.model.aloud.read()
    assert [touched.intent for touched in rig.sent] == [StayHere()]


def test_another_page_ends_the_reading_and_the_same_page_again_does_not(rig):
    rig.show(PAGES["place_card"])
    rig.model.aloud.read()
    rig.show(replace(PAGES["place_card"], deadline_s=20))
    assert rig.speaker.speaking
    rig.show(PAGES["loaded"])
    assert not rig.speaker.speaking
    assert not rig.model.aloud.reading


def test_another_language_ends_the_reading(rig):
    rig.show(PAGES["place_card"])
    rig.model.aloud.read()
    rig.model.change_language("en")
    assert not rig.speaker.speaking


def test_a_core_that_is_lost_ends_the_reading(rig):
    rig.show(PAGES["place_card"])
    rig.model.aloud.read()
    rig.model.lose_core()
    assert not rig.speaker.speaking


def test_the_button_knows_when_it_was_read_to_the_end(rig):
    rig.show(PAGES["place_card"])
    rig.model.aloud.read()
    assert rig.model.aloud.reading
    rig.speaker.speaking = False
    rig.pass_time(0.2)
    assert not rig.model.aloud.reading


def test_a_terminal_without_a_voice_has_no_button():
    model = ViewModel(clock())
    assert not model.aloud.available
    model.aloud.interrupt()
    model.aloud.read()
    assert not model.aloud.reading


@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
def test_a_touch_reads_and_the_next_one_stops_and_another_reads_again(orientation):
    with open_screen(orientation) as (rig, screen):
        rig.show(PAGES["place_card"], "zh")
        screen.grab()
        for told in (True, False, True):
            screen.touch("read_aloud")
            assert rig.speaker.speaking is told
        assert len(rig.speaker.said) == 2
        assert rig.speaker.said[0] == rig.speaker.said[1]


def test_a_touch_anywhere_else_stops_the_reading_and_is_still_a_touch():
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES["place_card"], "zh")
        screen.grab()
        screen.touch("read_aloud")
        screen.touch("title")
        assert not rig.speaker.speaking
        screen.touch("read_aloud")
        before = len(rig.sent)
        screen.touch("cancel")
        assert not rig.speaker.speaking
        assert len(rig.sent) == before + 1


FINGER = b"""
import QtTest
TestCase {
    when: false  // it is no test of its own
    function touch(item) {
        touchEvent(item).press(0, item).commit();
        touchEvent(item).release(0, item).commit();
    }
}
"""


def test_a_finger_on_a_touch_panel_does_as_a_mouse_does():
    """Touches take another way through Qt: what sees every finger must leave it to what lies below."""
    with open_screen("portrait") as (rig, screen):
        rig.show(PAGES["place_card"], "zh")
        screen.grab()
        component = QQmlComponent(screen.window.engine())
        component.setData(FINGER, QUrl("file:finger.qml"))
        finger = component.create()
        finger.setProperty("parent", screen.window.contentItem())
        for name, told in (("read_aloud", True), ("read_aloud", False), ("read_aloud", True), ("cancel", False)):
            QMetaObject.invokeMethod(finger, "touch", Q_ARG("QVariant", screen.find(name)))
            assert rig.speaker.speaking is told
        finger.deleteLater()
    assert rig.sent[-1].intent == Cancel()


@pytest.mark.parametrize(
    ("key", "language", "kept"),
    [
        ("top_up.id_card.body", "zh", "公交卡请留在原处。姓名和号码不会保存在机器里。"),
        ("id_update.form.asked", "zh", "别的项如果不对，也可以点开修改。"),
        ("top_up.amount.problem.rule", "en", ""),
        ("no.such.text", "en", ""),
    ],
)
def test_sentences_with_a_value_are_cut_out(key, language, kept):
    assert Catalogue().without_values(Words(key), language) == kept
