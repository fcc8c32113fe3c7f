"""ID numbers of which digits are hidden; what was seen is written by hand, digit by digit in its slot."""

import numpy as np
import pytest

from ocr import rules
from ocr.arrays import Chances
from ocr.completion import completed
from ocr.doubt import Signs
from ocr.field_reader import Seen
from ocr.fields import Interpreter
from ocr.id_card import Source
from ocr.layout import Field

INTERPRETER = Interpreter(("", *"0123456789X年月日男女汉王伟"))
NUMBER = "341302198403050075"  # 埇桥区, 5 March 1984, a man; its check character is worked out in test_rules.py
BIRTH = "1984-03-05"
BOX = (346, 512, 898, 560)  # 48 dots high: each step is 8 dots
FIRST, PITCH = (
    374,
    29.4,
)  # middle of the first digit and from one to the next, in dots of the card (samples of ocr/synth)


def look(text: str, aside: float = 0.0, pitch: float = PITCH, chance: float = 0.999) -> Chances:
    """Return what is seen of 18 slots: a digit, _ for nothing, ? for a 5 that is half hidden."""
    steps = np.zeros((69, len(INTERPRETER.characters)), np.float32)
    steps[:, 0] = 1
    for slot, digit in enumerate(text):
        if digit != "_":
            step = round((FIRST + aside + slot * pitch - BOX[0]) / 8 - 0.5)
            sure = 0.5 if digit == "?" else chance
            steps[step] = 0
            steps[step, INTERPRETER.places[digit.replace("?", "5")]] = sure
            steps[step, 0] = 1 - sure
    return steps


def hidden(*slots: int, by: str = "_") -> str:
    return "".join(by if slot in slots else digit for slot, digit in enumerate(NUMBER))


@pytest.mark.parametrize("slot", range(18))
@pytest.mark.parametrize("by", ["_", "?"])
@pytest.mark.parametrize("aside", [-10.0, 0.0, 10.0])
def test_one_digit_that_is_hidden_is_what_birth_and_check_character_say(slot: int, by: str, aside: float) -> None:
    assert completed(look(hidden(slot, by=by), aside), BOX, INTERPRETER, day=BIRTH, sex="男") == NUMBER


def test_two_digits_are_completed_where_the_birth_has_one_of_them() -> None:
    assert completed(look(hidden(8, 9)), BOX, INTERPRETER, day=BIRTH, sex="男") == NUMBER
    assert completed(look(hidden(0, 9)), BOX, INTERPRETER, day=BIRTH, sex="男") == NUMBER


def test_two_digits_of_the_region_are_completed_where_the_address_names_it() -> None:
    assert completed(look(hidden(0, 1)), BOX, INTERPRETER, day=BIRTH, sex="男") == ""
    assert completed(look(hidden(0, 1)), BOX, INTERPRETER, day=BIRTH, sex="男", homes={"341302"}) == NUMBER
    assert completed(look(hidden(0, 1)), BOX, INTERPRETER, day=BIRTH, sex="男", homes={"341303"}) == ""


@pytest.mark.parametrize("slots", [(14, 15), (15, 16), (16, 17), (6, 7, 8)])
def test_nothing_is_completed_where_several_numbers_would_do_or_too_much_is_hidden(slots: tuple[int, ...]) -> None:
    assert completed(look(hidden(*slots)), BOX, INTERPRETER, day=BIRTH, sex="男", homes={"341302"}) == ""


@pytest.mark.parametrize(("birth", "sex"), [("1984-03-06", "男"), ("", "男"), (BIRTH, "女"), (BIRTH, "")])
def test_nothing_is_completed_against_birth_or_sex(birth: str, sex: str) -> None:
    assert completed(look(hidden(17)), BOX, INTERPRETER, day=birth, sex=sex) == ""


def test_nothing_is_completed_into_a_region_that_there_is_not() -> None:
    unknown = "99" + hidden(17)[2:]
    assert completed(look(unknown), BOX, INTERPRETER, day=BIRTH, sex="男") == ""


def test_digits_that_stand_in_no_slots_are_not_counted_off() -> None:
    assert completed(look(hidden(17), pitch=PITCH * 1.1), BOX, INTERPRETER, day=BIRTH, sex="男") == ""
    assert completed(look("_" * 18), BOX, INTERPRETER, day=BIRTH, sex="男") == ""


def test_a_number_of_which_nothing_is_hidden_is_left_alone() -> None:
    assert completed(look(NUMBER[:-1] + "6"), BOX, INTERPRETER, day=BIRTH, sex="男") == ""


def test_a_completed_number_is_proposed_and_neither_sure_nor_verified() -> None:
    unseen = Seen("name", (), Signs(0.0, 0.0), None)
    birth = seen("birth", "1984年3月5日")
    texts = {"id_number": seen("id_number", hidden(0)), "birth": birth, "sex": seen("sex", "男")}
    fields = {"name": unseen, "ethnicity": unseen, "address": unseen} | texts
    read = rules.front(fields, dict.fromkeys(fields), INTERPRETER)
    assert (read.id_number.text, read.id_number.source) == (NUMBER, Source.REPAIRED)
    assert read.id_number.confidence <= 0.9  # from where several pictures could verify it
    assert not any(each.verified for each in vars(read).values())
    assert not read.id_number.sure
    assert not read.birth.sure


def seen(kind: str, text: str) -> Seen:
    chances = look(text)
    line = INTERPRETER.line(Field(kind, kind, (0, 0, 1, 1)), [chances])
    return Seen(kind, (line,), Signs(line.reading.sure, line.reading.lead), BOX)
