"""Pages in, intents out: numbers, double taps, countdowns, languages, and what is forgotten."""

import json
from dataclasses import replace

import pytest
from PyQt6.QtCore import QObject

from kiosk_core.funding import FundingKind
from kiosk_core.intents import (
    AnswerField,
    Cancel,
    ChangeLanguage,
    ChooseAmount,
    ChooseFunding,
    ChooseOption,
    ChooseService,
    Done,
    FieldAnswer,
    StayHere,
)
from kiosk_core.pages import MenuPage
from kiosk_core.screen_messages import Touched
from kiosk_ui.presentation import BLANK
from tests.kiosk_ui.rigs import Rig
from tests.kiosk_ui.sample_pages import CARD, PAGES, TOP_UP, hello, keypad

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def rig():
    return Rig()


def everything_shown(model: QObject) -> str:
    """Return every value that QML could read, the objects below included."""
    found: dict[str, object] = {}
    owners = [model]
    for owner in owners:
        meta = owner.metaObject()
        for index in range(meta.propertyCount()):
            value = owner.property(meta.property(index).name())
            if isinstance(value, QObject):
                owners.append(value)
            else:
                found[f"{owner!r}.{meta.property(index).name()}"] = value
    return json.dumps(found, ensure_ascii=False, default=repr)


def test_before_the_core_speaks_the_screen_asks_for_patience(rig):
    assert rig.model.kind == "message"
    assert rig.model.pages.message == {"title": "请稍候", "body": "机器正在准备，马上就好。", "patience": True}
    assert not rig.model.connected


def test_who_waits_for_the_terminal_is_not_alarmed(rig):
    rig.show(PAGES["one_moment"])
    assert rig.model.pages.message["patience"]
    rig.show(PAGES["out_of_service"])
    assert not rig.model.pages.message["patience"]


def test_a_debt_has_its_sign_before_the_currency(rig):
    rig.show(PAGES["card_info_overdrawn"])
    assert [fact["value"] for fact in rig.model.pages.listing["facts"]][1:3] == ["−¥1.50", "¥8.50"]


def test_all_that_there_is_to_take_is_pictured(rig):
    rig.show(PAGES["loaded_three_cards"])
    assert rig.model.pages.result["pictures"] == ["take_card", "take_receipt", "take_bank_card", "take_id_card"]


@pytest.mark.parametrize(
    ("page", "touch", "intent"),
    [
        ("home_1", lambda model: model.choose_service("transit_top_up"), ChooseService(service_id="transit_top_up")),
        ("place_card", lambda model: model.cancel(), Cancel()),
        ("ways_to_pay", lambda model: model.choose_funding("bank_card"), ChooseFunding(funding=FundingKind.BANK_CARD)),
        ("queue_ways", lambda model: model.choose_option("class_green"), ChooseOption(name="class_green")),
        ("queue_ticket", lambda model: model.finish(), Done()),
        ("loaded", lambda model: model.finish(), Done()),
        ("warning", lambda model: model.stay(), StayHere()),
        ("home_1", lambda model: model.change_language("en"), ChangeLanguage(language="en")),
    ],
)
def test_a_touch_is_sent_with_the_number_of_its_page(rig, page, touch, intent):
    rig.number = 40
    rig.show(PAGES[page])
    touch(rig.model)
    assert rig.sent == [Touched(number=41, intent=intent)]


def test_a_double_tap_is_sent_once(rig):
    rig.show(PAGES["home_1"])
    rig.model.choose_service("transit_top_up")
    rig.pass_time(0.2)
    rig.model.choose_service("transit_top_up")
    assert len(rig.sent) == 1


def test_a_double_tap_does_not_answer_the_next_page(rig):
    rig.show(keypad())
    rig.model.amount.preset(10000)
    rig.model.choose_amount()
    rig.show(PAGES["loaded"])
    rig.pass_time(0.2)
    rig.model.finish()
    assert [sent.intent for sent in rig.sent] == [ChooseAmount(amount_fen=10000)]
    rig.pass_time(0.2)
    rig.model.finish()
    assert rig.sent[-1] == Touched(number=2, intent=Done())


def test_a_page_whose_answer_was_lost_can_be_answered_again(rig):
    rig.show(PAGES["loaded"])
    rig.model.finish()
    rig.pass_time(2.1)
    rig.model.finish()
    assert len(rig.sent) == 2


def test_without_a_core_a_touch_goes_nowhere(rig):
    rig.show(PAGES["loaded"])
    rig.model.lose_core()
    rig.model.finish()
    rig.model.stay()
    rig.model.change_language("en")
    assert rig.sent == []
    assert rig.model.language == "en"


def test_the_language_switches_at_once_and_once(rig):
    rig.show(PAGES["home_1"])
    rig.model.change_language("en")
    rig.model.change_language("en")
    rig.model.change_language("xx")
    assert rig.model.pages.menu["title"] == "Please choose a service"
    assert rig.model.pages.menu["items"][0]["title"] == "Top up transit card"
    assert len(rig.sent) == 1


def test_the_core_puts_the_language_back_at_the_end_of_a_session(rig):
    rig.show(PAGES["loaded"], "en")
    assert rig.model.words["done"] == "Done"
    rig.show(PAGES["home_1"], "zh")
    assert rig.model.words["done"] == "完成"


def test_a_terminal_without_chinese_starts_in_english(rig):
    greeting = hello("portrait")
    rig.model.greet(greeting.__class__(**(vars(greeting) | {"languages": ("en",)})))
    assert rig.model.language == "en"
    assert rig.model.header.languages == [{"code": "en", "name": "English"}]


def test_header_names_bank_terminal_date_and_time(rig):
    rig.model.greet(hello("portrait"))
    assert (rig.model.header.bank, rig.model.header.terminal) == ("清江农村商业银行股份有限公司", "终端号 00010203")
    assert (rig.model.header.date, rig.model.header.time) == ("2026年11月22日 星期日", "09:41")
    assert rig.model.header.simulated
    rig.model.change_language("en")
    assert (rig.model.header.date, rig.model.header.terminal) == ("Sun 2026-11-22", "Terminal 00010203")


def test_the_clock_runs(rig):
    ticks = []
    rig.model.header.clock_changed.connect(lambda: ticks.append(rig.model.header.time))
    rig.pass_time(20)
    rig.pass_time(45)
    assert ticks == ["09:42"]


def test_deadline_counts_down_to_nothing_and_stays_there(rig):
    rig.show(PAGES["payment"])
    assert (rig.model.deadline.left, rig.model.deadline.part) == (120, 1.0)
    rig.pass_time(30.5)
    assert rig.model.deadline.left == 90
    assert rig.model.deadline.part == pytest.approx(0.75)
    rig.pass_time(500)
    assert (rig.model.deadline.left, rig.model.deadline.part) == (0, 0.0)


def test_a_deadline_goes_on_where_the_same_page_is_shown_again(rig):
    rig.show(PAGES["payment"])
    rig.show(PAGES["payment_card_gone"])  # 47 of the 120 seconds are left
    assert rig.model.deadline.left == 47
    assert rig.model.deadline.part == pytest.approx(47 / 120)


def test_a_payment_page_without_a_deadline_lets_the_countdown_go_on(rig):
    rig.show(PAGES["payment"])
    rig.pass_time(30)
    rig.show(replace(PAGES["payment"], deadline_s=None, card_present=False))
    assert (rig.model.deadline.left, rig.model.deadline.part) == (90, 0.75)
    rig.pass_time(30)
    assert rig.model.deadline.left == 60


def test_a_page_without_a_deadline_has_none(rig):
    rig.show(PAGES["payment"])
    rig.show(PAGES["loaded"])
    rig.show(PAGES["prove_card"])
    assert (rig.model.deadline.left, rig.model.deadline.part) == (90, 1.0)
    rig.show(PAGES["place_card"])
    assert rig.model.deadline.left == 0


def test_the_warning_counts_down_beside_the_deadline(rig):
    rig.show(keypad(warning_s=20))
    assert rig.model.warned
    rig.pass_time(5)
    assert (rig.model.warning.left, rig.model.warning.part) == (15, 0.75)
    rig.show(keypad())
    assert not rig.model.warned
    assert rig.model.warning.left == 0


@pytest.mark.parametrize("end", ["home", "no core"])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_end_of_a_session_leaves_nothing_of_the_customer(rig, name, end):
    rig.show(PAGES[name])
    rig.model.amount.digit(7)
    if end == "home":
        rig.show(MenuPage(items=(TOP_UP,)))
    else:
        rig.model.lose_core()
    shown = everything_shown(rig.model)
    for secret in (
        CARD.masked_number,
        "46.50",
        "100.00",
        "¥7",
        "20261122010244",
        "qr.example.org",
        "A013",
        "AB1013",
        "Zk3v9",
    ):
        assert secret not in shown
    assert rig.model.qr_text == ""
    # The money's names are there as long as a page says them, and no longer.
    assert everything_shown(rig.model).count("image://qr") == 0


def test_a_ticket_has_its_code_and_a_page_without_one_has_none(rig):
    rig.show(PAGES["queue_ticket_unprinted"])
    assert rig.model.qr_text.startswith("https://queue.branch.example:8640/t#")
    assert rig.model.pages.ticket["qr"] == f"image://qr/{rig.number}"
    rig.show(PAGES["queue_ticket_no_code"])
    assert (rig.model.qr_text, rig.model.pages.ticket["qr"]) == ("", "")


def test_numbers_of_the_queue_change_and_the_tiles_below_a_finger_stay(rig):
    home = PAGES["home_4_queue"]
    rig.show(home)
    assert rig.model.queue.calls[0] == {"ticket": "A013", "window": "3号窗口"}
    assert rig.model.queue.services[1] == {"title": "复杂业务", "waiting": "12 人等候", "upTo": "最多约 85 分钟"}
    made_again, changed = [], []
    rig.model.pages.menu_changed.connect(lambda: made_again.append(1))
    rig.model.queue.changed.connect(lambda: changed.append(1))
    rig.show(replace(home, queue=replace(home.queue, calls=home.queue.calls[1:])))
    assert (made_again, changed) == ([], [1])
    assert rig.model.queue.calls[0]["ticket"] == "B004"
    rig.show(replace(home, queue=None))
    assert not rig.model.queue.online
    rig.show(replace(home, notice=None, items=home.items[:2]))
    assert made_again == [1]


def test_the_queue_is_told_in_the_language_of_the_screen(rig):
    rig.show(PAGES["home_4_queue"])
    rig.model.change_language("en")
    assert rig.model.queue.calls[0] == {"ticket": "A013", "window": "Window 3"}
    assert rig.model.queue.services[0] == {"title": "Simple services", "waiting": "3 waiting", "upTo": "up to 10 min"}


def test_the_code_of_an_appointment_is_typed_digit_by_digit(rig):
    rig.show(PAGES["queue_code"])
    for digit in "123456X7":
        rig.model.typed.key(digit)
    rig.model.answer_field()
    assert [sent.intent for sent in rig.sent if isinstance(sent.intent, AnswerField)] == [
        AnswerField(name="appointment", answer=FieldAnswer.TYPED, text="123456")
    ]


def test_what_the_secrets_are_looked_for_in_does_hold_them(rig):
    rig.show(keypad())
    assert CARD.masked_number in everything_shown(rig.model)


def test_a_page_of_every_kind_has_the_keys_of_its_blank(rig):
    blanks = {kind: getattr(rig.model.pages, kind) for kind in BLANK}
    for page in PAGES.values():
        rig.show(page)
        assert getattr(rig.model.pages, page.kind).keys() == blanks[page.kind].keys()
