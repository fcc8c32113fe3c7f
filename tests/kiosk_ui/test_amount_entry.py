"""The amount that is typed: digits, limits, presets, and what the customer reads about them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_core.intents import ChooseAmount, StayHere
from kiosk_core.pages import CardView
from kiosk_core.texts import Words
from tests.kiosk_ui.rigs import Rig
from tests.kiosk_ui.sample_pages import PAGES, keypad

pytestmark = pytest.mark.usefixtures("qapp")


def type_digits(rig: Rig, digits: str) -> None:
    for digit in digits:
        rig.model.amount.digit(int(digit))


def entry(digits: str, **page: object) -> Rig:
    rig = Rig()
    rig.show(keypad(**page), "en")
    type_digits(rig, digits)
    return rig


@pytest.mark.parametrize(
    ("digits", "text"),
    [("", ""), ("5", "¥5"), ("120", "¥120"), ("0", ""), ("007", "¥7"), ("12345", "¥12,345"), ("123456", "¥12,345")],
)
def test_digits_are_whole_yuan(digits, text):
    assert entry(digits).model.amount.text == text


def test_erase_takes_the_last_digit_and_clear_all():
    rig = entry("120")
    rig.model.amount.erase()
    assert rig.model.amount.text == "¥12"
    rig.model.amount.clear()
    assert rig.model.amount.text == ""
    rig.model.amount.erase()
    assert rig.model.amount.text == ""


def test_a_preset_replaces_what_was_typed_and_digits_go_on_from_it():
    rig = entry("7")
    rig.model.amount.preset(5000)
    assert (rig.model.amount.fen, rig.model.amount.text) == (5000, "¥50")
    type_digits(rig, "0")
    assert rig.model.amount.fen == 50000


def test_a_preset_that_the_card_cannot_take_does_nothing():
    rig = entry("", max_fen=30000)
    assert [preset["available"] for preset in rig.model.pages.keypad["presets"]] == [True] * 5 + [False]
    rig.model.amount.preset(50000)
    rig.model.amount.preset(1234)
    assert rig.model.amount.fen == 0


@pytest.mark.parametrize(("digits", "fen"), [("10", 1000), ("500", 50000), ("130", 13000)])
def test_an_amount_within_the_limits_is_sent(digits, fen):
    rig = entry(digits)
    rig.model.choose_amount()
    assert [sent.intent for sent in rig.sent] == [ChooseAmount(amount_fen=fen)]


@pytest.mark.parametrize("digits", ["", "5", "15", "501", "510", "99999"])
def test_an_amount_outside_them_is_not_sent_but_explained(digits):
    rig = entry(digits)
    rig.model.choose_amount()
    assert rig.sent == []
    assert rig.model.amount.problem == "Please choose ¥10 to ¥500, in steps of ¥10."


def test_too_much_is_said_at_once_and_too_little_only_when_it_is_confirmed():
    rig = entry("5")
    assert rig.model.amount.problem == ""
    type_digits(rig, "10")
    assert rig.model.amount.problem != ""
    rig.model.amount.erase()
    assert rig.model.amount.problem == ""


def test_a_limit_from_the_balance_is_named_in_whole_steps():
    rig = entry("", max_fen=47350)
    assert rig.model.amount.hint == "From ¥10 to ¥470, in steps of ¥10"
    type_digits(rig, "480")
    assert "¥470" in rig.model.amount.problem


def test_a_card_that_can_take_nothing_more_says_so():
    rig = entry("10", max_fen=900)
    rig.model.choose_amount()
    assert rig.sent == []
    assert rig.model.amount.problem == "This card cannot take any more money."


def test_the_problem_of_the_core_stands_until_the_customer_types():
    rig = entry("", problem=Words("top_up.amount.problem.balance", {"max": "¥450"}))
    assert rig.model.amount.problem == "A card cannot hold more. This time you can add up to ¥450."
    type_digits(rig, "4")
    assert rig.model.amount.problem == ""


def test_switching_the_language_keeps_what_was_typed():
    rig = entry("120")
    rig.model.change_language("zh")
    assert rig.model.amount.text == "¥120"
    assert rig.model.amount.hint == "最少 ¥10，最多 ¥500，须是 ¥10 的倍数"


def test_the_warning_and_its_end_keep_what_was_typed():
    rig = entry("120")
    rig.show(keypad(warning_s=20))
    rig.show(keypad())
    assert rig.model.amount.text == "¥120"


def test_another_card_finds_an_empty_amount():
    rig = entry("120")
    rig.show(replace(keypad(), card=CardView(masked_number="3104 **** **** 0001", balance_fen=0)))
    assert rig.model.amount.text == ""


def test_the_next_page_forgets_the_amount():
    rig = entry("120")
    rig.show(PAGES["payment"])
    rig.show(keypad())
    assert rig.model.amount.text == ""


@given(st.lists(st.sampled_from(["0", "1", "5", "9", "erase", "clear", "preset"]), max_size=12))
def test_whatever_is_typed_only_a_legal_amount_is_ever_sent(keys):
    rig = Rig()
    rig.show(keypad())
    for key in keys:
        if key.isdigit():
            rig.model.amount.digit(int(key))
        elif key == "preset":
            rig.model.amount.preset(20000)
        else:
            getattr(rig.model.amount, key)()
    rig.model.choose_amount()
    for sent in rig.sent:
        assert 1000 <= sent.intent.amount_fen <= 50000
        assert sent.intent.amount_fen % 1000 == 0
    assert bool(rig.sent) != bool(rig.model.amount.problem)


def test_whoever_types_is_not_asked_whether_he_is_still_there():
    rig = Rig()
    rig.show(keypad())
    for digit in (1, 2):
        rig.model.amount.digit(digit)
    assert [touched.intent for touched in rig.typing] == [StayHere()]
    rig.pass_time(3.0)
    rig.model.amount.erase()
    assert len(rig.typing) == 2
