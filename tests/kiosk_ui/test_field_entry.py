"""A field that the customer looks at: what was read is typed over, chosen, or left as it is."""

import pytest

from kiosk_core.ethnicities import ETHNICITIES
from kiosk_core.intents import AnswerField, Confirm, FieldAnswer, OpenField
from kiosk_core.pages import FieldEntry, FieldPage
from tests.kiosk_ui.rigs import Rig
from tests.kiosk_ui.sample_pages import ask_field, id_form

pytestmark = pytest.mark.usefixtures("qapp")

NUMBER = "110101199003070003"


def shown(rig: Rig) -> str:
    return "".join(cell["text"] or "_" for group in rig.model.typed.groups for cell in group)


def marked(rig: Rig) -> list[int]:
    return [cell["place"] for group in rig.model.typed.groups for cell in group if cell["marked"]]


def confirmed(rig: Rig) -> tuple[str, FieldAnswer, str]:
    rig.model.answer_field()
    intent = rig.sent[-1].intent
    assert isinstance(intent, AnswerField)
    return intent.name, intent.answer, intent.text


def opened(page: FieldPage) -> Rig:
    rig = Rig(double_tap_s=0)
    rig.show(page)
    return rig


def test_a_number_as_it_was_read_is_right() -> None:
    rig = opened(ask_field("id_number", FieldEntry.NUMBER))
    assert [len(group) for group in rig.model.typed.groups] == [6, 8, 4]
    assert (shown(rig), marked(rig)) == (NUMBER, [0])
    assert confirmed(rig) == ("id_number", FieldAnswer.RIGHT, "")


def test_one_wrong_digit_is_touched_and_typed_over() -> None:
    rig = opened(ask_field("id_number", FieldEntry.NUMBER))
    rig.model.typed.select(13)
    rig.model.typed.key("8")
    assert (shown(rig), marked(rig)) == ("110101199003080003", [14])
    assert confirmed(rig) == ("id_number", FieldAnswer.TYPED, "110101199003080003")


def test_what_is_missing_is_marked_and_nothing_is_sent_before_it_is_typed() -> None:
    rig = opened(ask_field("id_number", FieldEntry.NUMBER, NUMBER[:16]))
    assert (shown(rig), marked(rig)) == (NUMBER[:16] + "__", [16])
    assert not rig.model.typed.complete
    rig.model.answer_field()
    assert rig.sent == []
    rig.model.typed.key("X")  # an X ends a number only
    rig.model.typed.key("0")
    assert rig.model.typed.takes_x
    rig.model.typed.key("X")
    assert confirmed(rig) == ("id_number", FieldAnswer.TYPED, NUMBER[:16] + "0X")


def test_erase_takes_the_character_at_the_mark_then_the_one_before() -> None:
    rig = opened(ask_field("birth", FieldEntry.DATE))
    rig.model.typed.select(5)
    rig.model.typed.erase()
    assert (shown(rig), marked(rig)) == ("19900_07", [5])
    rig.model.typed.erase()
    assert (shown(rig), marked(rig)) == ("1990__07", [4])
    rig.model.typed.clear()
    rig.model.typed.erase()
    assert (shown(rig), marked(rig)) == ("________", [0])


def test_a_date_is_sent_as_the_core_knows_it() -> None:
    rig = opened(ask_field("valid_from", FieldEntry.DATE, ""))
    for digit in "20260102":
        rig.model.typed.key(digit)
    rig.model.typed.key("3")  # there is no room for a ninth
    assert confirmed(rig) == ("valid_from", FieldAnswer.TYPED, "2026-01-02")


def test_a_card_may_have_no_end_and_a_digit_takes_that_back() -> None:
    rig = opened(ask_field("valid_until", FieldEntry.LAST_DAY))
    rig.model.typed.no_end()
    assert (rig.model.typed.endless, marked(rig)) == (True, [])
    assert confirmed(rig) == ("valid_until", FieldAnswer.TYPED, "长期")
    rig.model.typed.select(0)
    assert not rig.model.typed.endless


def test_a_date_that_must_have_an_end_has_one() -> None:
    rig = opened(ask_field("birth", FieldEntry.DATE))
    rig.model.typed.no_end()
    assert not rig.model.typed.endless


def test_an_ethnicity_is_chosen_on_the_page_where_it_stands() -> None:
    rig = opened(ask_field("ethnicity", FieldEntry.CHOICE, "乌孜别克", choices=ETHNICITIES))
    typed = rig.model.typed
    typed.fit(20)
    assert [each["text"] for each in typed.choices if each["chosen"]] == ["乌孜别克"]
    assert (typed.has_newer, typed.has_older) == (True, False)
    typed.newer()
    typed.newer()
    assert typed.choices[0]["text"] == "汉"
    typed.choose("藏")
    typed.choose("火星")
    assert confirmed(rig) == ("ethnicity", FieldAnswer.TYPED, "藏")


@pytest.mark.parametrize(
    ("slot", "answer"), [("read_again", FieldAnswer.AGAIN), ("leave_to_counter", FieldAnswer.COUNTER)]
)
def test_a_name_is_right_or_read_again_or_left_to_the_counter(slot: str, answer: FieldAnswer) -> None:
    rig = opened(ask_field("name", FieldEntry.TEXT))
    assert confirmed(rig) == ("name", FieldAnswer.RIGHT, "")
    rig.show(ask_field("name", FieldEntry.TEXT))
    getattr(rig.model, slot)()
    assert rig.sent[-1].intent == AnswerField(name="name", answer=answer)


def test_a_name_that_was_not_read_cannot_be_right() -> None:
    rig = opened(ask_field("name", FieldEntry.TEXT, ""))
    assert not rig.model.typed.complete
    rig.model.answer_field()
    assert rig.sent == []


def test_what_was_typed_stays_while_the_same_field_is_asked_and_goes_with_it() -> None:
    rig = opened(ask_field("id_number", FieldEntry.NUMBER))
    rig.model.typed.key("2")
    rig.model.change_language("en")
    rig.show(ask_field("id_number", FieldEntry.NUMBER, problem="number"))
    assert shown(rig)[0] == "2"
    assert rig.model.typed.problem.startswith("This number is not right")
    rig.model.typed.key("1")
    assert rig.model.typed.problem == ""
    rig.show(id_form())
    assert rig.model.typed.groups == []
    assert NUMBER not in repr(vars(rig.model.typed))


def test_the_button_of_the_form_leads_to_what_is_asked_first_or_on() -> None:
    rig = Rig(double_tap_s=0)
    rig.show(id_form("name", "address"))
    rig.model.check_form()
    assert rig.sent[-1].intent == OpenField(name="name")
    rig.show(id_form())
    rig.model.open_field("sex")
    assert rig.sent[-1].intent == OpenField(name="sex")
    rig.show(id_form())
    rig.model.check_form()
    assert rig.sent[-1].intent == Confirm()


def test_a_piece_of_the_card_s_picture_goes_with_its_page() -> None:
    rig = Rig()
    rig.show(id_form("name"))
    assert not rig.model.crop("name").isNull()
    assert rig.model.crop("address").isNull()
    rig.model.lose_core()
    assert rig.model.crop("name").isNull()
    assert rig.model.pages.form["fields"] == []
