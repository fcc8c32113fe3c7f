"""What fields of a card have to do with each other; what was seen is written by hand, character by character."""

from collections.abc import Mapping

import numpy as np
import pytest

from kiosk_core.ethnicities import ETHNICITIES
from ocr import rules
from ocr.arrays import Chances
from ocr.doubt import Signs
from ocr.field_reader import Seen
from ocr.fields import Interpreter, checks
from ocr.id_card import IdCardBack, IdCardFront, Source
from ocr.layout import Field

CHARACTERS = ("", *"0123456789X年月日.-长期男女汉王伟強强龑安徽省宿州市埇埔桥区人民路号公局分 ")
INTERPRETER = Interpreter((*CHARACTERS, *sorted(set("".join(ETHNICITIES)) - set(CHARACTERS))))
# 341302: 埇桥区; born 5 March 1984; 007: a man. 7*3+9*4+10*1+5*3+8*0+4*2+2*1+1*9+6*8+3*4+7*0+9*3+10*0+5*5+8*0+4*0+2*7
# = 227, 227 mod 11 = 7, the character is 5.
NUMBER = "341302198403050075"
FRONT = {
    "name": "王伟",
    "sex": "男",
    "ethnicity": "汉",
    "birth": "1984年3月5日",
    "address": "安徽省宿州市埇桥区人民路1号",
    "id_number": NUMBER,
}
BACK = {"authority": "宿州市公安局埇桥分局", "validity": "2015.03.09-2035.03.09"}


def look(text: str, instead: Mapping[int, tuple[str, float]] | None = None) -> Chances:
    """Return chances that spell a text; `instead`: at a place, what else it may be, and how probable that is."""
    steps = np.zeros((2 * len(text) + 1, len(INTERPRETER.characters)), np.float32)
    steps[::2, 0] = 1
    for place, character in enumerate(text):
        other, chance = (instead or {}).get(place, (character, 0.0))
        steps[2 * place + 1, INTERPRETER.places[other]] = chance
        steps[2 * place + 1, INTERPRETER.places[character]] = 0.999 - chance if other != character else 0.999
    return steps


def seen(kind: str, text: str, instead: Mapping[int, tuple[str, float]] | None = None) -> Seen:
    if not text:
        return Seen(kind, (), Signs(0.0, 0.0), None)
    line = INTERPRETER.line(Field(kind, kind, (0, 0, 1, 1)), [look(text, instead)])
    return Seen(kind, (line,), Signs(line.reading.sure, line.reading.lead), (0, 0, 1, 1))


def front(**changed: Seen) -> IdCardFront:
    fields = {name: seen(name, text) for name, text in FRONT.items()} | changed
    return rules.front(fields, dict.fromkeys(fields), INTERPRETER)


def back(**changed: Seen) -> IdCardBack:
    fields = {name: seen(name, text) for name, text in BACK.items()} | changed
    return rules.back(fields, dict.fromkeys(fields), INTERPRETER)


def test_a_front_whose_number_agrees_is_verified() -> None:
    read = front()
    assert [each.text for each in vars(read).values()] == [
        "王伟", "男", "汉", "1984-03-05", "安徽省宿州市埇桥区人民路1号", NUMBER,
    ]  # fmt: skip
    assert [name for name, each in vars(read).items() if each.verified] == ["sex", "birth", "id_number"]
    assert all(each.sure for each in vars(read).values())


def test_a_misread_digit_is_mended_by_the_character_that_checks() -> None:
    read = front(id_number=seen("id_number", "341302198403050015", {16: ("7", 0.1)})).id_number
    assert (read.text, read.source) == (NUMBER, Source.REPAIRED)
    assert read.verified  # for birth and sex agree, and the region is known


def test_a_number_that_nothing_near_would_mend_stays_in_doubt() -> None:
    read = front(id_number=seen("id_number", "341302198403050015")).id_number
    assert (read.text, read.source, read.sure, read.verified) == ("341302198403050015", Source.PRINT, False, False)


@pytest.mark.parametrize("number", ["", "34130219840305", "3413021984030500755"])
def test_a_number_too_short_or_too_long_is_not_sure(number: str) -> None:
    read = front(id_number=seen("id_number", number)).id_number
    assert not read.sure
    assert read.text == number


def test_a_number_that_checks_and_names_no_region_is_not_sure() -> None:
    # 999999 19840305 007: 7*9+9*9+10*9+5*9+8*9+4*9 = 387, + 137 as above = 524, mod 11 = 7, the character is 5.
    number = "999999198403050075"
    assert checks(number)
    read = front(id_number=seen("id_number", number)).id_number
    assert not read.verified
    assert not read.sure


def test_a_birth_that_no_number_confirms_is_asked_back() -> None:
    assert front().birth.sure
    assert not front(id_number=seen("id_number", "50015419811124819")).birth.sure  # one character is hidden


def test_birth_and_sex_that_were_not_seen_follow_from_the_number() -> None:
    read = front(birth=seen("birth", ""))
    assert (read.birth.text, read.birth.source) == ("1984-03-05", Source.DERIVED)
    assert not read.birth.sure
    assert read.id_number.sure
    assert front(sex=seen("sex", "")).sex.text == "男"
    assert front(birth=seen("birth", "2965年3月5日")).birth.text == "1984-03-05"


def test_a_doubtful_sex_gives_way_to_the_number_and_a_certain_one_does_not() -> None:
    doubtful = front(sex=seen("sex", "女", {0: ("男", 0.4)})).sex
    assert (doubtful.text, doubtful.source, doubtful.sure) == ("男", Source.REPAIRED, False)
    certain = front(sex=seen("sex", "女"))
    assert certain.sex.text == "女"
    assert not certain.sex.sure
    assert not certain.id_number.sure
    assert not certain.id_number.verified


def test_a_birth_of_which_a_digit_was_not_seen_is_told_by_the_number() -> None:
    # 24 March, of which glare hides the 4. Instead of 227 as above: 227 + 10*2 - 5*5 + 5*4 = 242, mod 11 = 0: 1.
    number = "341302198403240071"
    assert checks(number)
    read = front(id_number=seen("id_number", number), birth=seen("birth", "1984年3月2日"))
    assert (read.birth.text, read.birth.source, read.birth.sure) == ("1984-03-24", Source.REPAIRED, False)


def address(*texts: str) -> Seen:
    lines = [INTERPRETER.line(Field("address", "address", (0, 0, 1, 1)), [look(text)]) for text in texts]
    return Seen("address", tuple(lines), Signs(0.999, 0.999), (0, 0, 1, 1))


def test_an_address_of_which_a_line_ends_before_its_end_is_asked_back() -> None:
    assert front(address=address("安徽省宿州市埇桥区人民", "路1号")).address.sure
    assert not front(address=address("安徽省宿州市埇桥区人", "路1号")).address.sure  # 人民路 is what stands there


@pytest.mark.parametrize("text", ["安徽省宿州市埇桥区1 号", "安徽省宿州市埇桥区人民区"])
def test_an_address_with_a_space_or_without_a_number_is_asked_back(text: str) -> None:
    assert front(address=address("安徽省宿州市埇桥区人民路1号")).address.sure
    assert not front(address=address(text)).address.sure


def test_an_address_is_mended_and_says_so() -> None:
    read = front(address=seen("address", "安徽省宿州市埔桥区人民路1号", {6: ("埇", 0.02)})).address
    assert (read.text, read.source) == (FRONT["address"], Source.REPAIRED)


def test_a_traditional_form_in_a_name_is_simplified_and_never_sure() -> None:
    read = front(name=seen("name", "王強")).name
    assert (read.text, read.source, read.sure) == ("王强", Source.REPAIRED, False)


@pytest.mark.parametrize("name", ["王", "王伟1", "王伟强伟王"])
def test_a_name_that_is_none_is_not_sure(name: str) -> None:
    assert not front(name=seen("name", name)).name.sure


def test_a_back_is_read() -> None:
    read = back()
    assert [each.text for each in vars(read).values()] == ["宿州市公安局埇桥分局", "2015-03-09", "2035-03-09"]
    assert all(each.sure for each in vars(read).values())
    assert back(validity=seen("validity", "2015.03.09-长期")).valid_until.text == "长期"


def test_a_validity_of_a_term_that_cards_do_not_have_is_mended_where_it_is_near() -> None:
    read = back(validity=seen("validity", "2015.03.09-2036.03.09", {14: ("5", 0.1)}))
    assert (read.valid_until.text, read.valid_until.source) == ("2035-03-09", Source.REPAIRED)
    assert not read.valid_from.sure
    assert not read.valid_until.sure


@pytest.mark.parametrize("text", ["2015.03.09-2036.03.09", "2015.02.30-2035.02.30", "2015.03.09-", "期", ""])
def test_any_other_validity_is_not_sure(text: str) -> None:
    read = back(validity=seen("validity", text))
    assert not read.valid_from.sure
    assert not read.valid_until.sure


def test_what_something_lies_over_is_asked_back_unless_a_rule_proves_it() -> None:
    read = rules.asked_back(front(), {"name", "id_number"})
    assert [name for name, each in vars(read).items() if not each.sure] == ["name"]
    both = rules.asked_back(back(), {"validity"})
    assert [name for name, each in vars(both).items() if not each.sure] == ["valid_from", "valid_until"]


@pytest.mark.parametrize(("text", "sure"), [("王伟", True), ("区伟", True), ("桥王", False), ("路伟王", True)])
def test_a_name_that_begins_with_no_surname_is_asked_back(text: str, *, sure: bool) -> None:
    assert front(name=seen("name", text)).name.sure is sure
