"""Holes in lines of print: steps of 8 dots, characters of 32 dots, so four steps from one to the next."""

import pytest

from ocr.decode import Reading
from ocr.spacing import hole


def gap(text: str, *columns: int, end: float) -> float:
    return hole(Reading(text, 1.0, (1.0,) * len(text), columns, 1.0), 4.0, 0.0, end)


def test_characters_that_stand_side_by_side_have_no_hole() -> None:
    assert gap("人民路", 1, 5, 9, end=12) < 0.2


def test_a_hidden_character_leaves_one_of_its_width() -> None:
    assert gap("人路", 1, 9, end=12) == pytest.approx(1.0, abs=0.15)  # between others
    assert gap("民路", 5, 9, end=12) == pytest.approx(1.0, abs=0.15)  # ink before the first that was read
    assert gap("人民", 1, 5, end=12) == pytest.approx(1.0, abs=0.15)  # and behind the last


def test_a_hidden_digit_leaves_a_narrow_one() -> None:
    # Middles are at 2, 5.1, 7.4 and 10.6. Without the 1, 路 and 2 are 5.4 apart, where 4 / 2 + 2.3 / 2 = 3.1 would do.
    assert gap("路12号", 1, 4, 7, 10, end=12.6) < 0.25
    assert gap("路2号", 1, 7, 10, end=12.6) == pytest.approx(0.6, abs=0.2)


def test_where_nothing_was_read_there_is_no_telling() -> None:
    assert gap("", end=12) == 0.0
